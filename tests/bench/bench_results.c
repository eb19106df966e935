/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_results.c - what the results of a million devices cost: hearing of
 * them, condensing, keeping their records, and writing the two files that list
 * them. Processor time a device, and its ratio to filling in a record and
 * copying it to memory, in the same run. Nothing is asserted: times are read by
 * people.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "output/files.h"
#include "output/writers.h"
#include "sim/base/clock.h"
#include "sim/stats/results.h"
#include "sim/stats/summary.h"

enum { DEVICES = 1000000 };

static const int64_t group_devices[] = {DEVICES};
static const char *const group_names[] = {"meters"};

static double now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static double base_s; /* of the baseline */

static void tell(const char *what, double begin_s)
{
    const double took_s = now_s() - begin_s;

    if (base_s <= 0.0)
        base_s = took_s;
    printf("%-34s %8.1f ns a device, ratio %6.2f\n", what,
           took_s * 1e9 / DEVICES, took_s / base_s);
}

/* Numbers without a pattern: Steele, Lea, Flood, OOPSLA 2014. */
static int64_t any(uint64_t device, uint64_t which, int64_t less_than)
{
    uint64_t x = (device * 64 + which) * UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    x ^= x >> 31;
    return (int64_t)(x % (uint64_t)less_than);
}

static struct ota_device_record record_of(uint64_t device)
{
    const int64_t at_us = any(device, 0, OTA_US_PER_DAY);
    struct ota_device_record record = {
        .outcome = OTA_OUTCOME_UPDATED_CONFIRMED,
        .offered_us = at_us,
        .begun_us = at_us + any(device, 1, 30 * OTA_US_PER_S),
        .routine_bytes = 400000 + any(device, 2, 200000),
        .useful_bytes = 442624,
        .overhead_bytes = 150000 + any(device, 3, 80000),
        .wasted_bytes = any(device, 4, 4) ? 0 : any(device, 5, 60000),
        .charge_pc = INT64_C(3600000000000) * 190 +
                     any(device, 6, INT64_C(3600000000000) * 30),
        .overage_uusd = 990000,
        .periods_over = 1,
        .wakes = 720,
        .connects = 720,
        .handshakes = 12,
        .offers = 1,
        .offers_begun = 1,
        .attempts = 3,
        .modules = 3,
        .believed = true,
        .defect_us = OTA_NEVER,
        .reached_us = any(device, 7, 7200 * OTA_US_PER_S),
        .revoked_us = OTA_NEVER,
        .left_us = OTA_NEVER,
        .back_us = OTA_NEVER,
    };
    record.installed_us = record.begun_us + any(device, 8, OTA_US_PER_H);
    record.confirmed_us = record.installed_us + any(device, 9, OTA_US_PER_MIN);
    record.power_us[OTA_POWER_ONLINE] = any(device, 10, OTA_US_PER_DAY);
    return record;
}

static void bench_base(void)
{
    struct ota_device_record *records = calloc(DEVICES, sizeof(*records));
    if (!records)
        exit(EXIT_FAILURE);
    const double begin_s = now_s();
    for (uint64_t d = 0; d < DEVICES; d++)
        records[d] = record_of(d);
    tell("a record, filled in and copied", begin_s);
    free(records);
}

static void collect(const struct ota_device_sink *sink, const char *what,
                    struct ota_results *results)
{
    const struct ota_results_shape shape = {
        .group_devices = group_devices,
        .group_count = 1,
        .threads = 1,
        .horizon_us = 30 * OTA_US_PER_DAY,
        .sink = sink,
        .may_stop = true,
    };
    struct ota_error error = {.failed = false};
    struct ota_collector *collector = ota_collector_new(&shape, &error);
    if (!collector)
        exit(EXIT_FAILURE);
    const struct ota_observer *observer = ota_collector_observers(collector);

    double begin_s = now_s();
    for (uint64_t d = 0; d < DEVICES; d++) {
        const struct ota_device_record record = record_of(d);
        const struct ota_observation seen = {
            .kind = OTA_SEEN_FINAL, .device = d, .record = &record};
        observer->observe(observer->self, &seen);
    }
    tell(what, begin_s);
    begin_s = now_s();
    if (!ota_collector_finish(collector, NULL, results, &error))
        exit(EXIT_FAILURE);
    tell("  and condensed", begin_s);
    ota_collector_free(collector);
}

static void bench_writer(const struct ota_folder_file *writer,
                         const struct ota_report *report, const char *folder)
{
    const struct ota_output_options options = {.threads = 1};
    struct ota_error error = {.failed = false};
    const double begin_s = now_s();

    if (!writer->write(report, folder, &options, &error)) {
        fprintf(stderr, "%s\n", error.message);
        exit(EXIT_FAILURE);
    }
    tell(writer->name, begin_s);
}

static void bench_files(const char *folder)
{
    struct ota_error error = {.failed = false};
    struct ota_results results;
    struct ota_summary summary;
    struct ota_spill *spill = ota_spill_new(folder, DEVICES, 1, &error);
    if (!spill)
        exit(EXIT_FAILURE);
    collect(ota_spill_sink(spill), "heard, records kept", &results);
    if (!ota_spill_finish(spill, &error) ||
        !ota_summary_make(&summary, &results, 1, group_names, 0.95, &error))
        exit(EXIT_FAILURE);
    const struct ota_report report = {
        .summary = &summary,
        .devices = spill,
        .scenario_name = "bench",
        .scenario_title = "",
        .scenario_json = "{}",
        .version = "0",
        .horizon_us = 30 * OTA_US_PER_DAY,
    };
    bench_writer(&ota_writer_devices, &report, folder);
    bench_writer(&ota_writer_sqlite, &report, folder);
    ota_summary_release(&summary);
    ota_results_release(&results);
    ota_spill_free(spill);
}

int main(void)
{
    char folder[] = "/tmp/otasim-bench-XXXXXX";
    struct ota_error error = {.failed = false};
    struct ota_results results;
    if (!mkdtemp(folder))
        return EXIT_FAILURE;

    bench_base();
    collect(NULL, "heard", &results);
    ota_results_release(&results);
    bench_files(folder);
    return ota_files_remove(folder, &error) ? EXIT_SUCCESS : EXIT_FAILURE;
}
