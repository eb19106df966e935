/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_idle.c - what a year of idle life before a release costs.
 *
 * The same fleet of hourly wakes and the same campaign of ten days, released
 * after one day and after a year, in processor time; each is run several times
 * and the median taken. With idle time passed over the ratio should be near 1
 * (aim: at most 1.10); beside it, what stepping through a day less would make
 * of it. Nothing is asserted: times are read by people.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/base/random.h"
#include "sim/fleet/fleet.h"
#include "sim/scenario/scenario.h"

enum { RUNS = 3 };

static const char scenario_text[] =
    "{ \"run\": {\"horizon\": \"11d\", \"seed\": 1},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"21KB\","
    "                \"at\": \"1d\"},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 100000,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"sleep\": {\"model\": \"interval\", \"period\": \"1h\","
    "                \"jitter\": 0.02, \"boot\": \"1s\"},"
    "    \"link\": {\"preset\": \"3g\"},"
    "    \"session\": {\"model\": \"dtls\"},"
    "    \"app\": {\"model\": \"fixed\", \"wait\": \"60s\"},"
    "    \"plan\": {\"model\": \"capped\", \"included\": \"1MB\"},"
    "    \"battery\": {\"model\": \"mains\"} }] }";

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

/* Processor time of one replication; negative if it cannot be run. */
static double run_s(const struct ota_setting *settings, size_t count)
{
    struct ota_complaints complaints = {0};
    struct ota_scenario scenario;
    struct ota_error error = {0};
    double took_s = -1;

    if (!ota_scenario_read_text(&scenario, "bench", scenario_text,
                                strlen(scenario_text), settings, count,
                                &complaints)) {
        ota_complaints_print(&complaints, stderr);
        return -1;
    }
    const struct ota_random_key key = {scenario.run.seed, 0};
    const struct ota_fleet_run_options options = {.threads = 1};
    const double begin_s = now_s();
    struct ota_fleet *fleet = ota_fleet_new(&scenario.fleet, &key, &error);
    if (fleet && ota_fleet_run(fleet, &options))
        took_s = now_s() - begin_s;
    ota_fleet_free(fleet);
    ota_scenario_release(&scenario);
    return took_s;
}

/* The median of several runs. */
static double median_s(const char *release_at, const char *horizon,
                       const char *idle)
{
    const struct ota_setting settings[] = {
        {"release.at", release_at},
        {"run.horizon", horizon},
        {"run.idle", idle},
    };
    double took_s[RUNS];

    for (int i = 0; i < RUNS; i++)
        took_s[i] = run_s(settings, sizeof(settings) / sizeof(settings[0]));
    qsort(took_s, RUNS, sizeof(took_s[0]), by_value);
    printf("release after %-5s %s  %8.3f s\n", release_at, idle,
           took_s[RUNS / 2]);
    return took_s[RUNS / 2];
}

int main(void)
{
    const double day_s = median_s("1d", "11d", "skip");
    const double year_s = median_s("365d", "375d", "skip");

    if (day_s <= 0 || year_s <= 0)
        return EXIT_FAILURE;
    printf("a year before the release, over a day:  ratio %.3f\n",
           year_s / day_s);
    const double step_s = median_s("1d", "11d", "step");
    printf("a day and ten, stepped, over skipped:   ratio %.2f\n",
           step_s / day_s);
    return EXIT_SUCCESS;
}
