/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_transfer.c - how much faster transfers are as flows than as packets.
 *
 * 300 KB at a loss of 2 %, independent, and in bursts as well; a round trip
 * lognormal about 150 ms, 95 % within 341 ms; 300 kbit/s. Prints the median
 * processor time a transfer of several runs and the ratio of the two, which
 * holds from machine to machine better than seconds. Nothing is asserted: times
 * are read by people.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "models/transfer/transfer.h"
#include "sim/base/clock.h"
#include "sim/base/random.h"

enum { RUNS = 7, FEW = 1000, MANY = 20000 };

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

/* The link, in bursts or not. */
static struct ota_air link_air(bool burst, struct ota_dist *rtt,
                               struct ota_dist *nothing)
{
    *nothing = ota_dist_fixed(OTA_TIME, 0);
    *rtt = (struct ota_dist){.kind = OTA_DIST_LOGNORMAL,
                             .dimension = OTA_TIME,
                             .a = log(150e3),
                             .b = 0.5};
    return (struct ota_air){
        .rtt = rtt,
        .rtt_first = nothing,
        .loss = {0.02, burst ? 0.5 : 0.02},
        .loss_first = 0.02,
        .leave_per_s = {burst ? 1.0 / 40 : 0, burst ? 1.0 / 3 : 0},
        .goodput_bit_s = 300000,
        .tail_us = OTA_US_PER_MIN,
        .outage_begin_us = OTA_NEVER,
        .outage_end_us = OTA_NEVER,
    };
}

/* Returns the processor time of a transfer [s]; the sum keeps the work from
 * being optimised away. */
static double time_s(const struct ota_transfer_model *model, const void *config,
                     bool burst, int count, double *sum)
{
    const struct ota_random_key key = {.seed = 1};
    struct ota_dist rtt, nothing;
    const struct ota_air start = link_air(burst, &rtt, &nothing);
    const double begin_s = now_s();

    for (int i = 0; i < count; i++) {
        struct ota_air air = start;
        struct ota_stream stream;
        ota_stream_init(&stream, &key, (uint64_t)i, OTA_PURPOSE_TRANSFER, 0);
        ota_air_start(&air, 0, &stream.rng);
        const struct ota_transfer_job job = {
            .size_bytes = 300000,
            .cut_us = OTA_NEVER,
            .data_left_bytes = INT64_MAX,
            .air = &air,
        };
        *sum += (double)model->run(config, &job, &stream.rng).end_us;
    }
    return (now_s() - begin_s) / count;
}

static bool bench(const struct ota_transfer_model *model, bool burst)
{
    const struct ota_model *about = &model->model;
    struct ota_arena arena = {0};
    const struct ota_field_context context = {.arena = &arena};
    void *config = ota_arena_alloc(&arena, 1, about->config_size);
    double seconds[2][RUNS];
    double sum = 0;

    if (!config || !ota_fields_set_defaults(about->fields, config, &context))
        return false;
    for (int run = 0; run < RUNS; run++) {
        for (int packet = 0; packet < 2; packet++) {
            char problem[64];
            if (!ota_field_set(ota_field_find(about->fields, "fidelity"),
                               config, packet ? "packet" : "flow", &context,
                               NULL, problem, sizeof(problem)))
                return false;
            seconds[packet][run] =
                time_s(model, config, burst, packet ? FEW : MANY, &sum);
        }
    }
    qsort(seconds[0], RUNS, sizeof(double), by_value);
    qsort(seconds[1], RUNS, sizeof(double), by_value);
    const double flow = seconds[0][RUNS / 2], packet = seconds[1][RUNS / 2];
    printf("%-10s%-14s packet %8.2f us  flow %7.3f us  ratio %5.1f"
           "  (sum %.6g)\n",
           about->name, burst ? "bursts" : "independent", 1e6 * packet,
           1e6 * flow, packet / flow, sum);
    ota_arena_release(&arena);
    return true;
}

int main(void)
{
    bool good = true;

    for (size_t i = 0; ota_transfer_models[i]; i++)
        for (int burst = 0; burst < 2; burst++)
            good = bench(ota_transfer_models[i], burst) && good;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
