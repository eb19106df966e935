/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_common.c - the common model, by the simulator and by its peers.
 *
 *     bench_common                        the table
 *     bench_common PEER DEVICES [SEED]    one peer: a line of JSON
 *
 * Each program runs several times, in turn, and the medians are printed: whole
 * updates a second by the clock, processor time a device, and how many times
 * the simulator's on one thread that is. A second table has how many standard
 * errors each peer's answer is from the simulator's. A peer that is not there
 * is said to be missing. Nothing is asserted: times are read by people.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "sim/otasim.h"
#include "tests/support/child.h"
#include "tests/support/common_fleet.h"

enum { RUNS = 3, STATISTIC_DEVICES = 200000 };

static const char scenario_file[] = "scenarios/scale/common.json";

struct watch {
    struct timespec wall, cpu;
};

static struct watch watch_now(void)
{
    struct watch watch;
    clock_gettime(CLOCK_MONOTONIC, &watch.wall);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &watch.cpu);
    return watch;
}

static double apart_s(struct timespec a, struct timespec b)
{
    return (double)(b.tv_sec - a.tv_sec) +
           1e-9 * (double)(b.tv_nsec - a.tv_nsec);
}

/* --- one peer --- */

static bool print_devices(const char *who, struct common_device *devices,
                          size_t count, size_t timed, const struct watch *begin,
                          const struct watch *end)
{
    struct common_estimate statistics[COMMON_STATISTICS];

    if (!common_summarize(devices, count, statistics))
        return false;
    common_print(stdout, who, timed, apart_s(begin->wall, end->wall),
                 apart_s(begin->cpu, end->cpu), statistics);
    return true;
}

static bool run_model(enum common_how how, size_t count, uint64_t seed)
{
    struct common_device *devices = calloc(count, sizeof(*devices));

    if (!devices)
        return false;
    const struct watch begin = watch_now();
    bool good = common_model_run(&common_usual, how, seed, devices, count) > 0;
    const struct watch end = watch_now();
    good = good && print_devices(common_how_names[how], devices, count, count,
                                 &begin, &end);
    free(devices);
    return good;
}

/* The experiment as the program runs it: reading, running, summing up. */
static bool time_fleet(size_t count, uint64_t seed, int threads)
{
    const struct ota_experiment_options options = {
        .seed = seed,
        .replications = 1,
        .threads = threads,
        .confidence = 0.95,
    };
    struct ota_complaints complaints = {0};
    struct ota_error error = {0};
    struct ota_scenario scenario;
    struct ota_summary summary;
    char devices[24];
    const struct ota_setting setting = {"fleet.0.count", devices};

    snprintf(devices, sizeof(devices), "%zu", count);
    if (!ota_scenario_read(&scenario, scenario_file, &setting, 1,
                           &complaints)) {
        ota_complaints_print(&complaints, stderr);
        return false;
    }
    const enum ota_experiment_status status =
        ota_experiment_run(&scenario.fleet, &options, &summary, &error);
    if (status == OTA_EXPERIMENT_DONE)
        ota_summary_release(&summary);
    ota_scenario_release(&scenario);
    return status == OTA_EXPERIMENT_DONE;
}

/* What the devices did comes of another run, for nobody listens to a timed
 * one. */
static bool run_fleet(size_t count, uint64_t seed, int threads)
{
    const size_t some = count < STATISTIC_DEVICES ? count : STATISTIC_DEVICES;
    struct common_device *devices = calloc(some, sizeof(*devices));
    char seed_text[24], some_text[24];
    const struct ota_setting settings[] = {
        {"fleet.0.count", some_text},
        {"run.seed", seed_text},
    };

    if (!devices)
        return false;
    snprintf(some_text, sizeof(some_text), "%zu", some);
    snprintf(seed_text, sizeof(seed_text), "%llu", (unsigned long long)seed);
    const struct watch begin = watch_now();
    bool good = time_fleet(count, seed, threads);
    const struct watch end = watch_now();
    good =
        good &&
        common_fleet_run(scenario_file, settings, 2, threads, devices, some) &&
        print_devices(threads > 1 ? "otasim, two threads" : "otasim", devices,
                      some, count, &begin, &end);
    free(devices);
    return good;
}

/* --- the peers --- */

enum { PEER_OTASIM, PEER_OTASIM_2, PEER_TRY, PEER_PHASE, PEER_ALONE };

static const struct peer {
    const char *word;   /* as a program of its own, or this one's argument */
    const char *script; /* of Python; NULL: this program */
    const char *devices, *module, *old_module;
} peers[] = {
    {.word = "otasim", .devices = "1000000"},
    {.word = "otasim2", .devices = "1000000"},
    {.word = "try", .devices = "20000"},
    {.word = "phase", .devices = "300000"},
    {.word = "alone", .devices = "1000000"},
    {.word = "numpy",
     .devices = "1000000",
     .script = "tests/bench/peers/common_numpy.py",
     .module = "numpy"},
    {.word = "simpy",
     .devices = "1000",
     .script = "tests/bench/peers/common_simpy.py",
     .module = "simpy",
     .old_module = "SimPy"},
};

enum { PEERS = sizeof(peers) / sizeof(peers[0]) };

static int run_peer(const char *word, size_t count, uint64_t seed)
{
    bool good = false;

    if (strcmp(word, peers[PEER_OTASIM].word) == 0)
        good = run_fleet(count, seed, 1);
    else if (strcmp(word, peers[PEER_OTASIM_2].word) == 0)
        good = run_fleet(count, seed, 2);
    else if (strcmp(word, peers[PEER_TRY].word) == 0)
        good = run_model(COMMON_EACH_TRY, count, seed);
    else if (strcmp(word, peers[PEER_PHASE].word) == 0)
        good = run_model(COMMON_EACH_PHASE, count, seed);
    else if (strcmp(word, peers[PEER_ALONE].word) == 0)
        good = run_model(COMMON_ALONE, count, seed);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The Python that has the module, or NULL. */
static const char *find_python(const struct peer *peer)
{
    static const char *const pythons[] = {"python3", "/usr/bin/python3"};
    const char *const modules[] = {peer->module, peer->old_module};

    for (size_t p = 0; p < 2; p++) {
        for (size_t m = 0; m < 2 && modules[m]; m++) {
            char python[32], option[] = "-c", import[64], output[8];
            char look[] = "import importlib.util as u, sys; "
                          "sys.exit(u.find_spec(sys.argv[1]) is None)";
            struct child_run run;
            snprintf(python, sizeof(python), "%s", pythons[p]);
            snprintf(import, sizeof(import), "%s", modules[m]);
            char *argv[] = {python, option, look, import, NULL};
            if (child_run(argv, output, sizeof(output), &run))
                return pythons[p];
        }
    }
    return NULL;
}

/* --- the table --- */

struct found {
    bool good;
    char who[64];
    double devices;
    double seconds[RUNS], cpu_s[RUNS];
    struct common_estimate statistics[COMMON_STATISTICS];
};

static double number(const cJSON *json, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

/* Enters a line of JSON. Returns whether it is one. */
static bool enter(struct found *found, int run, const char *line)
{
    cJSON *json = cJSON_Parse(line);
    const cJSON *who = cJSON_GetObjectItemCaseSensitive(json, "who");
    const bool good = cJSON_IsString(who);

    if (good) {
        snprintf(found->who, sizeof(found->who), "%s", who->valuestring);
        found->devices = number(json, "devices");
        found->seconds[run] = number(json, "seconds");
        found->cpu_s[run] = number(json, "cpu_seconds");
    }
    for (size_t i = 0; good && i < COMMON_STATISTICS; i++) {
        const cJSON *pair =
            cJSON_GetObjectItemCaseSensitive(json, common_statistic_names[i]);
        const cJSON *value = cJSON_GetArrayItem(pair, 0);
        const cJSON *error = cJSON_GetArrayItem(pair, 1);
        found->statistics[i] = (struct common_estimate){
            value ? value->valuedouble : 0, error ? error->valuedouble : 0};
    }
    cJSON_Delete(json);
    return good;
}

static bool run_once(const struct peer *peer, const char *python, char *self,
                     int seed, struct found *found, int run)
{
    char program[256], script[64], word[32], devices[24], seed_text[16];
    char no_cache[] = "-B"; /* nothing is written into the tree */
    char output[4096];
    struct child_run times;
    char *mine[] = {self, word, devices, seed_text, NULL};
    char *theirs[] = {program, no_cache, script, devices, seed_text, NULL};

    snprintf(program, sizeof(program), "%s", python ? python : "");
    snprintf(script, sizeof(script), "%s", peer->script ? peer->script : "");
    snprintf(word, sizeof(word), "%s", peer->word);
    snprintf(devices, sizeof(devices), "%s", peer->devices);
    snprintf(seed_text, sizeof(seed_text), "%d", seed);
    return child_run(peer->script ? theirs : mine, output, sizeof(output),
                     &times) &&
           enter(found, run, output);
}

static void print_times(struct found *all)
{
    double base_us = 0; /* the simulator's on one thread, which comes first */

    printf("%-26s %9s %12s %12s %11s\n", "common model", "devices", "updates/s",
           "cpu us each", "otasim is");
    for (size_t p = 0; p < PEERS; p++) {
        struct found *found = &all[p];
        if (!found->good) {
            printf("%-26s not there\n", peers[p].word);
            continue;
        }
        const double rate = found->devices / child_median(found->seconds, RUNS);
        const double cpu_s = child_median(found->cpu_s, RUNS);
        const double each_us = 1e6 * cpu_s / found->devices;
        if (p == PEER_OTASIM)
            base_us = each_us;
        printf("%-26s %9.0f %12.4g %12.4g %10.3gx\n", found->who,
               found->devices, rate, each_us, each_us / base_us);
    }
    if (all[PEER_OTASIM].good && all[PEER_OTASIM_2].good)
        printf("two threads, times as fast by the clock: %.2f\n",
               all[PEER_OTASIM].seconds[RUNS / 2] /
                   all[PEER_OTASIM_2].seconds[RUNS / 2]);
}

static void print_answers(const struct found *all)
{
    printf("\n%-12s %10s  standard errors from it:", "answer", "otasim");
    for (size_t p = PEER_TRY; p < PEERS; p++)
        if (all[p].good)
            printf(" %7s", peers[p].word);
    putchar('\n');
    for (size_t i = 0; i < COMMON_STATISTICS; i++) {
        printf("%-12s %10.6g %25s", common_statistic_names[i],
               all[PEER_OTASIM].statistics[i].value, "");
        for (size_t p = PEER_TRY; p < PEERS; p++)
            if (all[p].good)
                printf(" %7.2f", common_z(all[p].statistics[i],
                                          all[PEER_OTASIM].statistics[i]));
        putchar('\n');
    }
}

static int compare(char *self)
{
    static struct found all[PEERS];
    const char *pythons[PEERS] = {NULL};

    for (size_t p = 0; p < PEERS; p++) {
        if (peers[p].script)
            pythons[p] = find_python(&peers[p]);
        all[p].good = !peers[p].script || pythons[p];
    }
    /* In turn, so that a slow minute of the machine hits all of them. */
    for (int run = 0; run < RUNS; run++)
        for (size_t p = 0; p < PEERS; p++)
            all[p].good = all[p].good && run_once(&peers[p], pythons[p], self,
                                                  1 + (int)p, &all[p], run);
    print_times(all);
    if (all[PEER_OTASIM].good)
        print_answers(all);
    return all[PEER_OTASIM].good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return compare(argv[0]);
    const uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    return run_peer(argv[1], strtoul(argv[2], NULL, 10), seed);
}
