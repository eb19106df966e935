/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_life.c - what one device's life costs: its birth, a wake, an update.
 *
 *     bench_life [SCENARIO [DEVICES]]
 *
 * The first group of the scenario, one device after another on one thread,
 * with nobody listening and no idle time passed over, in processor time.
 *
 * Birth: to time 0 and its books opened, without the wakes before time 0.
 * Wake: a device that nobody offers anything, a week long. Update: from an
 * offer at time 0 to the first sleep with the release confirmed, with a
 * transfer that takes no computing; what the wakes before it cost is taken off.
 * Life: all of it, with the scenario's own transfer, without idle time behind
 * it. Each is the median of several passes. Nothing is asserted.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/base/random.h"
#include "sim/fleet/device.h"
#include "sim/fleet/life.h"
#include "sim/scenario/scenario.h"

enum { PASSES = 5, DEVICES = 20000 };

static const char common_text[] =
    "{ \"run\": {\"horizon\": \"30d\", \"seed\": 1},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"307200B\"},"
    "  \"delivery\": {\"model\": \"immediate\","
    "                 \"begin_delay\": \"uniform(3s, 20s)\","
    "                 \"decision\": \"0s\"},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 1000,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.6.0\"}],"
    "    \"sleep\": {\"model\": \"interval\", \"period\": \"1h\","
    "                \"jitter\": 0.1},"
    "    \"link\": {\"model\": \"radio\","
    "               \"attach\": \"lognormal(8s, 21.463s)\","
    "               \"attach_give_up\": \"1h\", \"rtt\": \"0s\","
    "               \"loss\": 0.01, \"goodput\": \"1000Gbit/s\","
    "               \"device_time_per_kib\": \"0s\"},"
    "    \"session\": {\"model\": \"full\", \"full_round_trips\": 1},"
    "    \"cycle_min\": \"0s\","
    "    \"app\": {\"model\": \"fixed\", \"publishes\": 0,"
    "              \"wait\": \"10s\", \"connect_max\": \"never\","
    "              \"stay_once_begun\": true, \"stay_max\": \"1d\"},"
    "    \"transfer\": {\"model\": \"block\", \"chunk_size\": \"512B\","
    "                   \"block_time\": \"60ms\", \"timeout\": \"2s\","
    "                   \"timeout_spread\": 0, \"sends\": 4} }] }";

/* A transfer that ends well after 36 s whatever the link is like. */
static struct ota_transfer_result
take_it(const void *config, const struct ota_transfer_job *job, gsl_rng *rng)
{
    const int64_t bytes = job->size_bytes - job->kept_bytes;
    const int64_t end_us = job->begin_us + 36 * OTA_US_PER_S;

    (void)config;
    (void)rng;
    if (end_us >= job->cut_us)
        return (struct ota_transfer_result){.end = OTA_TRANSFER_CUT,
                                            .end_us = job->cut_us,
                                            .kept_bytes = job->kept_bytes};
    return (struct ota_transfer_result){
        .end = OTA_TRANSFER_DONE,
        .end_us = end_us,
        .down_bytes = bytes,
        .payload_bytes = bytes,
        .kept_bytes = job->size_bytes,
    };
}

struct bench {
    struct ota_fleet_config config;
    struct ota_group group;
    struct ota_random_key key;
    struct ota_device device;
    struct ota_device_record record;
    struct ota_plan_state meter;
    int64_t wakes, steps, lives;
};

/* Processor time, so that other programs disturb little. */
static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return 1e9 * (double)time.tv_sec + (double)time.tv_nsec;
}

static struct ota_actor be_born(struct bench *bench, uint64_t id)
{
    bench->device = (struct ota_device){.group = 0};
    bench->record = (struct ota_device_record){.offered_us = 0};
    bench->meter = (struct ota_plan_state){.period = 0};
    struct ota_actor actor = {
        .config = &bench->config,
        .key = &bench->key,
        .group = &bench->group,
        .device = &bench->device,
        .record = &bench->record,
        .meter = &bench->meter,
        .id = id,
        .order_us = OTA_NEVER,
        .contacts_us = OTA_NEVER,
    };
    ota_life_start(&actor);
    return actor;
}

/* --- what is measured; each returns how often --- */

static double birth(struct bench *bench, uint64_t id)
{
    struct ota_actor actor = be_born(bench, id);

    bench->device.due_us = ota_us_max(bench->device.due_us, 0);
    ota_device_open(&actor);
    return 1;
}

static double wakes(struct bench *bench, uint64_t id)
{
    struct ota_actor actor = be_born(bench, id);

    ota_life_to_release(&actor);
    ota_life_run(&actor, 7 * OTA_US_PER_DAY);
    return (double)bench->device.wake;
}

static double life(struct bench *bench, uint64_t id)
{
    struct ota_actor actor = be_born(bench, id);
    const int64_t horizon_us = bench->config.horizon_us;

    ota_life_to_release(&actor);
    actor.until_us = horizon_us;
    ota_device_reach(&actor, bench->config.release_us);
    while (bench->device.due_us < horizon_us &&
           !(bench->device.state == OTA_STATE_CONFIRMED &&
             bench->device.phase == OTA_PHASE_ASLEEP)) {
        ota_device_step(&actor);
        bench->steps++;
    }
    bench->wakes += bench->device.wake;
    bench->lives++;
    return 1;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median time a piece. */
static double median_ns(struct bench *bench, uint64_t devices,
                        double (*what)(struct bench *bench, uint64_t id))
{
    double took_ns[PASSES];

    bench->wakes = bench->steps = bench->lives = 0;
    for (int pass = 0; pass < PASSES; pass++) {
        double count = 0;
        const double begin_ns = now_ns();
        for (uint64_t id = 0; id < devices; id++)
            count += what(bench, id);
        took_ns[pass] = (now_ns() - begin_ns) / count;
    }
    qsort(took_ns, PASSES, sizeof(took_ns[0]), by_value);
    return took_ns[PASSES / 2];
}

static void measure(struct bench *bench, uint64_t devices)
{
    static const struct ota_transfer_model taken = {.run = take_it};
    const struct ota_transfer own = bench->group.transfer;

    printf("bytes: device %zu, record %zu, meter %zu\n",
           sizeof(struct ota_device), sizeof(struct ota_device_record),
           sizeof(struct ota_plan_state));
    const double birth_ns = median_ns(bench, devices, birth);
    const double wake_ns = median_ns(bench, devices / 100 + 1, wakes);
    printf("birth                    %8.1f ns\n", birth_ns);
    printf("wake without an update   %8.1f ns\n", wake_ns);
    bench->group.transfer.model = &taken;
    const double free_ns = median_ns(bench, devices, life);
    const double wakes_a_life = (double)bench->wakes / (double)bench->lives;
    printf("life, transfer for free  %8.1f ns  (%.2f wakes, %.1f steps)\n",
           free_ns, wakes_a_life, (double)bench->steps / (double)bench->lives);
    printf("  of it the update       %8.1f ns\n",
           free_ns - birth_ns - wakes_a_life * wake_ns);
    bench->group.transfer = own;
    const double life_ns = median_ns(bench, devices / 10 + 1, life);
    printf("life                     %8.1f ns  (%.2f wakes, %.1f steps)\n",
           life_ns, (double)bench->wakes / (double)bench->lives,
           (double)bench->steps / (double)bench->lives);
}

int main(int argc, char **argv)
{
    struct ota_complaints complaints = {0};
    struct ota_scenario scenario;
    const uint64_t devices =
        argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)DEVICES;
    const bool read =
        argc > 1
            ? ota_scenario_read(&scenario, argv[1], NULL, 0, &complaints)
            : ota_scenario_read_text(&scenario, "common", common_text,
                                     strlen(common_text), NULL, 0, &complaints);
    if (!read) {
        ota_complaints_print(&complaints, stderr);
        return EXIT_FAILURE;
    }
    struct bench bench = {
        .config = scenario.fleet,
        .group = scenario.fleet.groups[0],
        .key = {scenario.run.seed, 0},
    };
    measure(&bench, devices);
    ota_scenario_release(&scenario);
    return EXIT_SUCCESS;
}
