/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_run.c - how fast the simulator and its random numbers are, beside
 * plain code that does the least of the same work on the same machine.
 *
 *     bench_run [SCENARIO]
 *
 * Draws: doubles from the simulator's generator beside GSL's mt19937, and
 * streams started and drawn from once. Runs: simulated device-days a second
 * of the scenario at growing fleets on one thread, beside a heap of as many
 * devices that only wake each hour. Nothing is asserted: times are read by
 * people.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <gsl/gsl_rng.h>

#include "sim/base/clock.h"
#include "sim/base/random.h"
#include "sim/otasim.h"

enum { DRAWS = 20000000, STREAMS = 5000000 };

static double now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Prints a rate; the sum keeps the work from being optimised away. */
static void print_rate(const char *what, double count, double took_s,
                       double sum)
{
    printf("%-44s %10.3g /s  (%.2f s, sum %.6g)\n", what, count / took_s,
           took_s, sum);
}

static void bench_draws(const char *what, gsl_rng *rng)
{
    double sum = 0;
    const double begin_s = now_s();

    for (int i = 0; i < DRAWS; i++)
        sum += gsl_rng_uniform(rng);
    print_rate(what, DRAWS, now_s() - begin_s, sum);
}

static void bench_streams(void)
{
    const struct ota_random_key key = {1, 0};
    double sum = 0;
    const double begin_s = now_s();

    for (uint64_t i = 0; i < STREAMS; i++) {
        struct ota_stream stream;
        ota_stream_init(&stream, &key, i, OTA_PURPOSE_WAKE, 0);
        sum += gsl_rng_uniform(&stream.rng);
    }
    print_rate("streams: start and draw once", STREAMS, now_s() - begin_s, sum);
}

/* Moves the root of a binary heap of instants down to its place. */
static void sift_down(int64_t *heap, size_t count)
{
    const int64_t value = heap[0];
    size_t at = 0;

    for (size_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && heap[child + 1] < heap[child])
            child++;
        if (value <= heap[child])
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = value;
}

/* The baseline of a run: hourly wakes out of one heap, one draw each. */
static void bench_heap(size_t devices, int64_t horizon_us)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    int64_t *heap = malloc(devices * sizeof(*heap));
    double wakes = 0;

    if (rng && heap) {
        /* Ascending instants are a heap. */
        for (size_t i = 0; i < devices; i++)
            heap[i] =
                (int64_t)((double)i / (double)devices * (double)OTA_US_PER_H);
        const double begin_s = now_s();
        while (heap[0] < horizon_us) {
            heap[0] += (int64_t)((0.98 + 0.04 * gsl_rng_uniform(rng)) *
                                 (double)OTA_US_PER_H);
            sift_down(heap, devices);
            wakes++;
        }
        char what[64];
        snprintf(what, sizeof(what), "device-days: %zu in a heap, wakes only",
                 devices);
        print_rate(
            what, (double)devices * (double)horizon_us / (double)OTA_US_PER_DAY,
            now_s() - begin_s, wakes);
    }
    free(heap);
    gsl_rng_free(rng);
}

/* Reads the scenario with that many devices in its first group. */
static bool read_scenario(struct ota_scenario *scenario, const char *file,
                          int64_t devices)
{
    struct ota_complaints complaints = {0};
    char count[32];
    const struct ota_setting setting = {"fleet.0.count", count};

    snprintf(count, sizeof(count), "%lld", (long long)devices);
    if (ota_scenario_read(scenario, file, &setting, 1, &complaints))
        return true;
    ota_complaints_print(&complaints, stderr);
    return false;
}

static bool bench_run(const char *file, int64_t devices)
{
    const struct ota_experiment_options options = {
        .seed = 1,
        .replications = 1,
        .threads = 1,
        .confidence = 0.95,
    };
    struct ota_scenario scenario;
    struct ota_summary summary;
    struct ota_error error = {0};

    if (!read_scenario(&scenario, file, devices))
        return false;
    const int64_t horizon_us = scenario.fleet.horizon_us;
    const double begin_s = now_s();
    const enum ota_experiment_status status =
        ota_experiment_run(&scenario.fleet, &options, &summary, &error);
    const double took_s = now_s() - begin_s;

    if (status == OTA_EXPERIMENT_DONE) {
        char what[64];
        const double all = (double)ota_fleet_config_devices(&scenario.fleet);
        snprintf(what, sizeof(what), "device-days: %.0f simulated", all);
        print_rate(
            what, all * (double)horizon_us / (double)OTA_US_PER_DAY, took_s,
            summary.groups[0].outcomes[OTA_OUTCOME_UPDATED_CONFIRMED].mean);
        ota_summary_release(&summary);
        bench_heap((size_t)all, horizon_us);
    } else {
        fprintf(stderr, "%s: %s\n", file, error.message);
    }
    ota_scenario_release(&scenario);
    return status == OTA_EXPERIMENT_DONE;
}

int main(int argc, char **argv)
{
    const char *file =
        argc > 1 ? argv[1] : "scenarios/starter/electron-hourly.json";
    gsl_rng *twister = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng *threefry = gsl_rng_alloc(ota_rng_threefry);

    if (!twister || !threefry)
        return EXIT_FAILURE;
    bench_draws("draws: mt19937 of GSL", twister);
    bench_draws("draws: the simulator's threefry", threefry);
    gsl_rng_free(twister);
    gsl_rng_free(threefry);
    bench_streams();

    bool good = true;
    for (int64_t devices = 1000; good && devices <= 100000; devices *= 10)
        good = bench_run(file, devices);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
