/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_idle_parts.c - what the parts of idle life cost, in nanoseconds.
 *
 * Learning, a class of devices; passing over thirty days, a device, of a fleet
 * that is like any other and of one with sessions that age, signals, a plan
 * with billing periods and a battery; closing the books; counting bytes. Each
 * is timed several times and the least taken, in processor time. Aims: 30 ms,
 * 150 ns, 300 ns, 40 ns and a few ns. Nothing is asserted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/base/random.h"
#include "sim/fleet/device.h"
#include "sim/fleet/idle.h"
#include "sim/fleet/idle_pilots.h"
#include "sim/scenario/scenario.h"

/* So few that they stay at hand, as one does that has just been stepped. */
enum { DEVICES = 500, RUNS = 40 };

static const char common_text[] =
    "{ \"run\": {\"horizon\": \"31d\", \"seed\": 1},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"300KB\"},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 20000,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.6.0\"}],"
    "    \"sleep\": {\"model\": \"interval\", \"period\": \"1h\","
    "                \"jitter\": 0.1},"
    "    \"link\": {\"model\": \"radio\","
    "      \"attach\": \"lognormal(8s, 21.463s)\", \"loss\": 0.01},"
    "    \"session\": {\"model\": \"full\"},"
    "    \"app\": {\"model\": \"fixed\", \"wait\": \"10s\"} }] }";

static const char rich_text[] =
    "{ \"run\": {\"horizon\": \"31d\", \"seed\": 1},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"60KB\"},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 20000,"
    "    \"platform\": \"boron\", \"installed\": [{\"os\": \"4.1.0\"}],"
    "    \"sleep\": {\"preset\": \"hourly_ultra_low_power\","
    "                \"jitter\": 0.02},"
    "    \"signal\": [{\"share\": 0.7, \"link\": {\"preset\": "
    "\"lte_m_good\"}},"
    "      {\"share\": 0.3, \"link\": {\"preset\": \"lte_m_poor\"}}],"
    "    \"session\": {\"preset\": \"particle_sim_3_1\"},"
    "    \"app\": {\"model\": \"until_told\", \"wait\": \"20s\"},"
    "    \"plan\": {\"model\": \"capped\", \"included\": \"1MB\","
    "      \"overage_price\": \"0.99USD\", \"period\": \"10d\"},"
    "    \"battery\": {\"preset\": \"boron_lte\","
    "                  \"capacity\": \"9000mAh\"} }] }";

/* Devices of a scenario, as they fall asleep behind their first wake. */
struct bench {
    struct ota_scenario scenario;
    struct ota_random_key key;
    struct ota_idle *idle;
    struct ota_actor actors[DEVICES];
    struct ota_device devices[DEVICES], kept[DEVICES];
    struct ota_device_record records[DEVICES];
    struct ota_plan_state meters[DEVICES];
};

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return 1e9 * (double)time.tv_sec + (double)time.tv_nsec;
}

static void fall_asleep(struct bench *bench, size_t i)
{
    const struct ota_fleet_config *config = &bench->scenario.fleet;
    struct ota_actor *actor = &bench->actors[i];
    struct ota_device *device = &bench->devices[i];

    *actor = (struct ota_actor){
        .config = config,
        .key = &bench->key,
        .group = &config->groups[0],
        .device = device,
        .record = &bench->records[i],
        .meter = &bench->meters[i],
        .quiet_us = config->horizon_us,
        .order_us = OTA_NEVER,
        .contacts_us = OTA_NEVER,
        .id = i,
    };
    ota_device_start(actor);
    while (device->due_us < 0)
        ota_device_step(actor);
    ota_device_open(actor);
    do
        ota_device_step(actor);
    while (device->phase != OTA_PHASE_ASLEEP);
    actor->idle = bench->idle;
    bench->kept[i] = *device;
}

static bool prepare(struct bench *bench, const char *text)
{
    struct ota_complaints complaints = {0};
    struct ota_error error = {0};

    if (!ota_scenario_read_text(&bench->scenario, "bench", text, strlen(text),
                                NULL, 0, &complaints)) {
        ota_complaints_print(&complaints, stderr);
        return false;
    }
    bench->key = (struct ota_random_key){bench->scenario.run.seed, 0};
    if (!ota_idle_new(&bench->scenario.fleet, &bench->idle, &error))
        return false;
    double least_ns = 1e18;
    for (int run = 0; run < RUNS; run++) {
        ota_idle_start(bench->idle, &bench->key);
        const double begin_ns = now_ns();
        for (size_t c = 0; c < bench->idle->count; c++)
            ota_idle_learn(bench->idle, &bench->idle->classes[c]);
        const double took_ns = now_ns() - begin_ns;
        least_ns = took_ns < least_ns ? took_ns : least_ns;
    }
    printf("  learning    %8.2f ms a class of %zu\n",
           least_ns / 1e6 / (double)bench->idle->count, bench->idle->count);
    for (size_t i = 0; i < DEVICES; i++)
        fall_asleep(bench, i);
    return true;
}

static void time_skips(struct bench *bench)
{
    double least_ns = 1e18, finish_ns = 1e18;
    size_t passed = 0;

    for (int run = 0; run < RUNS; run++) {
        passed = 0;
        bench->key.replication = (uint64_t)run; /* other luck */
        memset(bench->meters, 0, sizeof(bench->meters));
        memset(bench->records, 0, sizeof(bench->records));
        memcpy(bench->devices, bench->kept, sizeof(bench->kept));
        const double begin_ns = now_ns();
        for (size_t i = 0; i < DEVICES; i++)
            passed +=
                ota_idle_skip(&bench->actors[i], bench->devices[i].since_us);
        const double skipped_ns = now_ns();
        for (size_t i = 0; i < DEVICES; i++)
            ota_device_finish(&bench->actors[i],
                              bench->scenario.fleet.horizon_us);
        const double end_ns = now_ns();
        if (skipped_ns - begin_ns < least_ns)
            least_ns = skipped_ns - begin_ns;
        if (end_ns - skipped_ns < finish_ns)
            finish_ns = end_ns - skipped_ns;
    }
    printf("  thirty days %8.1f ns a device, %zu of %d passed over\n",
           least_ns / DEVICES, passed, DEVICES);
    printf("  the end     %8.1f ns a device\n", finish_ns / DEVICES);
}

static void time_meter(struct bench *bench)
{
    enum { TIMES = 1000000 };
    const struct ota_plan *plan = &bench->scenario.fleet.groups[0].plan;
    struct ota_plan_state state = {.used_bytes = 0};
    double least_ns = 1e18;

    for (int run = 0; run < RUNS; run++) {
        memset(&state, 0, sizeof(state));
        const double begin_ns = now_ns();
        for (int64_t i = 0; i < TIMES; i++)
            plan->model->meter(plan->config, &state, i * 1000000, 1);
        const double took_ns = now_ns() - begin_ns;
        least_ns = took_ns < least_ns ? took_ns : least_ns;
    }
    printf("  the meter   %8.1f ns a count\n", least_ns / TIMES);
}

static bool show(const char *name, const char *text)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    bool done = false;

    printf("%s:\n", name);
    if (bench && prepare(bench, text)) {
        time_skips(bench);
        time_meter(bench);
        done = true;
    }
    if (bench) {
        ota_idle_free(bench->idle);
        ota_scenario_release(&bench->scenario);
    }
    free(bench);
    return done;
}

int main(void)
{
    return show("a common fleet", common_text) &&
                   show("sessions, signals, a plan, a battery", rich_text)
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
