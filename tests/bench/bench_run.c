/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_run.c - how fast the simulator is, beside plain code that does the
 * least of the same work on the same machine.
 *
 *     bench_run [SCENARIO]
 *
 * Simulated device-days a second of the scenario at growing fleets on one
 * thread, beside a heap of as many devices that only wake each hour. Each line
 * ends with its ratio to the baseline above it, which holds from machine to
 * machine better than seconds. Memory: by how much the peak grew per device
 * more. Nothing is asserted: times are read by people.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <gsl/gsl_rng.h>

#include "sim/base/clock.h"
#include "sim/otasim.h"

enum { DEVICES_MIN = 1000, DEVICES_MAX = 100000 };

/* Processor time, so that other programs disturb little. */
static double now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Prints a rate and its ratio to a baseline's (0: it is one itself), and
 * returns it; the sum keeps the work from being optimised away. */
static double print_rate(const char *what, double count, double took_s,
                         double sum, double baseline)
{
    const double rate = count / took_s;

    printf("%-44s %10.3g /s  (%.2f s, sum %.6g)", what, rate, took_s, sum);
    if (baseline > 0)
        printf("  ratio %.3g", rate / baseline);
    putchar('\n');
    return rate;
}

/* The most memory that the process has ever held. */
static double peak_bytes(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return 1024.0 * (double)usage.ru_maxrss;
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

/* The baseline of a run: hourly wakes out of one heap, one draw each. Returns
 * device-days a second; 0 without memory. */
static double bench_heap(size_t devices, int64_t horizon_us)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    int64_t *heap = malloc(devices * sizeof(*heap));
    double wakes = 0;
    double rate = 0;

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
        rate = print_rate(
            what, (double)devices * (double)horizon_us / (double)OTA_US_PER_DAY,
            now_s() - begin_s, wakes, 0);
    }
    free(heap);
    gsl_rng_free(rng);
    return rate;
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
    const double all = (double)ota_fleet_config_devices(&scenario.fleet);
    const double baseline = bench_heap((size_t)all, horizon_us);
    const double begin_s = now_s();
    const enum ota_experiment_status status =
        ota_experiment_run(&scenario.fleet, &options, &summary, &error);
    const double took_s = now_s() - begin_s;

    if (status == OTA_EXPERIMENT_DONE) {
        char what[64];
        snprintf(what, sizeof(what), "device-days: %.0f simulated", all);
        print_rate(
            what, all * (double)horizon_us / (double)OTA_US_PER_DAY, took_s,
            summary.groups[0].outcomes[OTA_OUTCOME_UPDATED_CONFIRMED].mean,
            baseline);
        ota_summary_release(&summary);
    } else {
        fprintf(stderr, "%s: %s\n", file, error.message);
    }
    ota_scenario_release(&scenario);
    return status == OTA_EXPERIMENT_DONE;
}

/* Fleets ten times as large each, and what a device more takes. */
static bool bench_runs(const char *file)
{
    for (int64_t devices = DEVICES_MIN; devices <= DEVICES_MAX; devices *= 10) {
        const double before = peak_bytes();
        if (!bench_run(file, devices))
            return false;
        if (devices == DEVICES_MIN)
            continue; /* lost in what the program itself takes */
        const double more = (double)(devices - devices / 10);
        printf("memory: %.0f bytes a device, peak %.1f MB\n",
               (peak_bytes() - before) / more, peak_bytes() / 1e6);
    }
    return true;
}

int main(int argc, char **argv)
{
    const char *file =
        argc > 1 ? argv[1] : "scenarios/starter/electron-hourly.json";

    return bench_runs(file) ? EXIT_SUCCESS : EXIT_FAILURE;
}
