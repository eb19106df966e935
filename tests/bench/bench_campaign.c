/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_campaign.c - what it costs that a campaign listens.
 *
 * The same fleet, two threads, without a policy and with one: rules that look
 * at each outcome and never act, an egress that all downloads share, a stop
 * half way that takes all open offers back. Each policy runs right behind the
 * plain fleet, several times; printed is the median of processor time and of
 * its ratio to the plain run beside it. Nothing is asserted: times are read by
 * people.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/base/random.h"
#include "sim/fleet/fleet.h"
#include "sim/scenario/scenario.h"

enum { RUNS = 3, THREADS = 2 };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char fleet_text[] =
    "{ \"run\": {\"horizon\": \"10d\", \"seed\": 1},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"21KB\"},"
    "  \"delivery\": {\"model\": \"immediate\"}, %s"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 200000,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"sleep\": {\"model\": \"interval\", \"period\": \"1h\","
    "                \"jitter\": 0.02, \"boot\": \"1s\"},"
    "    \"link\": {\"preset\": \"3g\"},"
    "    \"session\": {\"model\": \"dtls\"},"
    "    \"app\": {\"model\": \"fixed\", \"wait\": \"60s\"},"
    "    \"battery\": {\"model\": \"mains\"} }] }";

static const struct {
    const char *what, *section;
} kinds[] = {
    {"at once", ""},
    {"rules on each outcome that never act",
     "\"policy\": {\"policy\": 1, \"rules\": {\"list\": ["
     " {\"if\": {\"share\": \"failed\", \"of\": \"executed\","
     " \"op\": \">\", \"pct\": 99}, \"min\": {\"executed\": 100},"
     " \"do\": {\"stop\": {}}},"
     " {\"if\": {\"count\": \"rejected\", \"op\": \">\", \"n\": 1000000},"
     " \"do\": {\"pause\": {}}}]}},"},
    {"egress shared", "\"cloud\": {\"egress\": \"10Mbit/s\"},"},
    {"stopped half way, offers taken back",
     "\"policy\": {\"policy\": 1, \"rules\": {\"list\": ["
     " {\"if\": {\"count\": \"succeeded\", \"op\": \">=\", \"n\": 100000},"
     " \"do\": {\"stop\": {\"cancel\": \"all\"}}}]}},"},
};

static double now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, RUNS, sizeof(*values), by_value);
    return values[RUNS / 2];
}

/* Processor time of one replication; negative if it cannot be run. */
static double run_s(const char *section)
{
    struct ota_complaints complaints = {0};
    struct ota_scenario scenario;
    struct ota_error error = {0};
    char text[4096];
    double took_s = -1;

    snprintf(text, sizeof(text), fleet_text, section);
    if (!ota_scenario_read_text(&scenario, "bench", text, strlen(text), NULL, 0,
                                &complaints)) {
        ota_complaints_print(&complaints, stderr);
        return -1;
    }
    const struct ota_random_key key = {.seed = scenario.run.seed};
    struct ota_fleet *fleet = ota_fleet_new(&scenario.fleet, &key, &error);
    if (fleet) {
        const struct ota_fleet_run_options options = {.threads = THREADS};
        const double begin_s = now_s();
        if (ota_fleet_run(fleet, &options))
            took_s = now_s() - begin_s;
    }
    ota_fleet_free(fleet);
    ota_scenario_release(&scenario);
    return took_s;
}

int main(void)
{
    printf("200,000 devices, 10 days, %d threads, processor time\n", THREADS);
    for (size_t k = 0; k < COUNT(kinds); k++) {
        double took_s[RUNS], ratio[RUNS];
        for (int i = 0; i < RUNS; i++) {
            const double plain_s = run_s(kinds[0].section);
            took_s[i] = run_s(kinds[k].section);
            ratio[i] = took_s[i] / plain_s;
            if (plain_s < 0 || took_s[i] < 0)
                return EXIT_FAILURE;
        }
        const double usual_s = median(took_s);
        printf("%-40s %6.2f s  ratio %.3g\n", kinds[k].what, usual_s,
               median(ratio));
    }
    return EXIT_SUCCESS;
}
