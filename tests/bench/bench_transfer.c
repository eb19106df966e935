/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_transfer.c - what one transfer, one connect and one event cost.
 *
 * Transfers as flows and as packets, over the links below; connects and events
 * over the same ones. Prints the median processor time of several rounds. The
 * ratio of packet to flow holds from machine to machine better than times do.
 * Nothing is asserted: times are read by people.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "models/link/exchange.h"
#include "models/session/session.h"
#include "models/transfer/transfer.h"
#include "sim/base/clock.h"
#include "sim/base/random.h"

enum { ROUNDS = 7, FEW = 300, MANY = 20000, CALLS = 200000 };

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

static double median(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof(double), by_value);
    return values[ROUNDS / 2];
}

/* --- links --- */

struct link {
    const char *name;
    double rtt_us, rtt_sigma; /* lognormal: median, deviation; 0: fixed */
    double loss, loss_bad, loss_first;
    double good_s, bad_s; /* mean lengths of the states; 0: one state */
    int64_t goodput_bit_s, device_us_per_kib, tail_us;
};

#define PLAIN 150e3, 0.5
#define PLAIN_RATES 300000, 0, 60000000

static const struct link links[] = {
    {"lossless", PLAIN, 0, 0, 0, 0, 0, PLAIN_RATES},
    {"0.1 %", PLAIN, 0.001, 0.001, 0.001, 0, 0, PLAIN_RATES},
    {"1 %", PLAIN, 0.01, 0.01, 0.01, 0, 0, PLAIN_RATES},
    {"2 %", PLAIN, 0.02, 0.02, 0.02, 0, 0, PLAIN_RATES},
    {"5 %", PLAIN, 0.05, 0.05, 0.05, 0, 0, PLAIN_RATES},
    {"2 % and bursts", PLAIN, 0.02, 0.5, 0.02, 40, 3, PLAIN_RATES},
    {"LTE-M good", PLAIN, 0.002, 0.5, 0.04, 0, 0, 300000, 490000, 10000000},
    {"LTE-M poor", 1.2e6, 0.7, 0.002, 0.6, 0.002, 77, 5.1, 20000, 450000,
     12000000},
    {"no delay", 0, 0, 0, 0, 0, 0, 0, INT64_C(1000000000000), 0, 60000000},
};

enum { LINKS = sizeof(links) / sizeof(*links) };

static const struct ota_dist nothing = {.kind = OTA_DIST_FIXED,
                                        .dimension = OTA_TIME};

static struct ota_air air_of(const struct link *link, struct ota_dist *rtt)
{
    *rtt = nothing;
    if (link->rtt_us > 0)
        *rtt = (struct ota_dist){.kind = OTA_DIST_LOGNORMAL,
                                 .dimension = OTA_TIME,
                                 .a = log(link->rtt_us),
                                 .b = link->rtt_sigma};
    return (struct ota_air){
        .rtt = rtt,
        .rtt_first = &nothing,
        .loss = {link->loss, link->loss_bad},
        .loss_first = link->loss_first,
        .leave_per_s = {link->good_s > 0 ? 1 / link->good_s : 0,
                        link->bad_s > 0 ? 1 / link->bad_s : 0},
        .goodput_bit_s = link->goodput_bit_s,
        .device_us_per_kib = link->device_us_per_kib,
        .tail_us = link->tail_us,
        .outage_begin_us = OTA_NEVER,
        .outage_end_us = OTA_NEVER,
    };
}

static const struct link *link_named(const char *name)
{
    for (int i = 0; i < LINKS; i++)
        if (strcmp(links[i].name, name) == 0)
            return &links[i];
    return NULL;
}

/* --- transfers --- */

struct transfer {
    const char *what;
    const struct ota_transfer_model *model;
    const char *link;
    int64_t size_bytes;
    const char *platform; /* NULL: not one of Particle's */
    int32_t system;
    const char *settings[12]; /* name, text, ... */
};

static const struct transfer transfers[] = {
    {"block, fixed timers",
     &ota_transfer_block,
     "no delay",
     307200,
     NULL,
     0,
     {"chunk_size", "512B", "block_time", "60ms", "timeout_spread", "0",
      "backoff", "1", "block_loss", "0.02", "sends", "4"}},
    {"block", &ota_transfer_block, "2 %", 307200, NULL, 0, {0}},
    {"block", &ota_transfer_block, "2 % and bursts", 307200, NULL, 0, {0}},
    {"slow, 300 KB", &ota_transfer_slow, "2 %", 300000, NULL, 0, {0}},
    {"fast, 21 KB", &ota_transfer_fast, "2 %", 21000, "electron", 102, {0}},
    {"fast, 128 KB", &ota_transfer_fast, "2 %", 128000, "electron", 102, {0}},
    {"fast, 128 KB",
     &ota_transfer_fast,
     "2 % and bursts",
     128000,
     "electron",
     102,
     {0}},
    {"v3, 373 KB",
     &ota_transfer_device_os,
     "0.1 %",
     373000,
     "boron",
     4002,
     {0}},
    {"v3, 373 KB", &ota_transfer_device_os, "1 %", 373000, "boron", 4002, {0}},
    {"v3, 373 KB", &ota_transfer_device_os, "5 %", 373000, "boron", 4002, {0}},
    {"v3, 373 KB",
     &ota_transfer_device_os,
     "2 % and bursts",
     373000,
     "boron",
     4002,
     {0}},
    {"v3, 373 KB",
     &ota_transfer_device_os,
     "LTE-M good",
     373000,
     "boron",
     4002,
     {0}},
    {"v3, 373 KB",
     &ota_transfer_device_os,
     "LTE-M poor",
     373000,
     "boron",
     4002,
     {0}},
    {"qblock", &ota_transfer_qblock, "2 %", 300000, NULL, 0, {0}},
    {"multicast", &ota_transfer_multicast, "2 %", 100000, NULL, 0, {0}},
};

enum { TRANSFERS = sizeof(transfers) / sizeof(*transfers) };

/* Returns the processor time of a transfer [s]; the sum keeps the work from
 * being optimised away. */
static double transfer_s(const struct transfer *with, const void *config,
                         int count, double *sum)
{
    const struct ota_random_key key = {.seed = 1};
    struct ota_dist rtt;
    const struct ota_air start = air_of(link_named(with->link), &rtt);
    const struct ota_device_os os =
        ota_device_os(with->platform ? with->platform : "none", with->system);
    const double begin_s = now_s();

    for (int i = 0; i < count; i++) {
        struct ota_air air = start;
        struct ota_stream stream;
        ota_stream_init(&stream, &key, (uint64_t)i, OTA_PURPOSE_TRANSFER, 0);
        ota_air_start(&air, 0, &stream.rng);
        const struct ota_transfer_job job = {
            .size_bytes = with->size_bytes,
            .cut_us = 30 * OTA_US_PER_DAY,
            .data_left_bytes = INT64_MAX,
            .os = os,
            .air = &air,
        };
        *sum += (double)with->model->run(config, &job, &stream.rng).end_us;
    }
    return (now_s() - begin_s) / count;
}

static bool bench_transfer(const struct transfer *with)
{
    const struct ota_model *about = &with->model->model;
    struct ota_arena arena = {0};
    const struct ota_field_context context = {.arena = &arena};
    void *configs[2];
    double seconds[2][ROUNDS];
    double sum = 0;
    char problem[64];

    for (int packet = 0; packet < 2; packet++) {
        void *config = ota_arena_alloc(&arena, 1, about->config_size);
        if (!config ||
            !ota_fields_set_defaults(about->fields, config, &context) ||
            !ota_field_set(ota_field_find(about->fields, "fidelity"), config,
                           packet ? "packet" : "flow", &context, NULL, problem,
                           sizeof(problem)))
            return false;
        for (int i = 0; i < 12 && with->settings[i]; i += 2)
            if (!ota_field_set(ota_field_find(about->fields, with->settings[i]),
                               config, with->settings[i + 1], &context, NULL,
                               problem, sizeof(problem)))
                return false;
        configs[packet] = config;
    }
    for (int round = 0; round < ROUNDS; round++)
        for (int packet = 0; packet < 2; packet++)
            seconds[packet][round] =
                transfer_s(with, configs[packet], packet ? FEW : MANY, &sum);
    const double flow = median(seconds[0]), packet = median(seconds[1]);
    printf("%-20s %-15s packet %9.0f ns  flow %6.0f ns  ratio %6.1f"
           "  (sum %.6g)\n",
           with->what, with->link, 1e9 * packet, 1e9 * flow, packet / flow,
           sum);
    ota_arena_release(&arena);
    return true;
}

/* --- connects and events --- */

/* Returns the processor time of a connect [s], as a resume or in full. */
static double connect_s(const void *config, const struct ota_air *start,
                        bool full, double *sum)
{
    const struct ota_random_key key = {.seed = 1};
    const struct ota_session_model *model = &ota_session_dtls;
    const struct ota_device_os os = ota_device_os("boron", 4002);
    const double begin_s = now_s();

    for (int i = 0; i < CALLS; i++) {
        struct ota_air air = *start;
        struct ota_session_state state = {.handshake_us = full ? OTA_NEVER : 0};
        struct ota_stream stream;
        ota_stream_init(&stream, &key, (uint64_t)i, OTA_PURPOSE_SESSION, 0);
        ota_air_start(&air, 0, &stream.rng);
        const struct ota_session_call call = {.air = &air, .os = os};
        struct ota_session_setup setup;
        model->connect(config, &state, &call, &stream.rng, &setup);
        *sum += (double)(setup.took_us + setup.up_bytes);
    }
    return (now_s() - begin_s) / CALLS;
}

static double exchange_s(const struct ota_air *start, double *sum)
{
    const struct ota_random_key key = {.seed = 1};
    const double begin_s = now_s();

    for (int i = 0; i < CALLS; i++) {
        struct ota_air air = *start;
        struct ota_stream stream;
        ota_stream_init(&stream, &key, (uint64_t)i, OTA_PURPOSE_APP, 0);
        ota_air_start(&air, 0, &stream.rng);
        *sum += (double)ota_exchange_run(&air, &ota_retry_coap, 0, &stream.rng)
                    .took_us;
    }
    return (now_s() - begin_s) / CALLS;
}

/* What there is around each call above. */
static double nothing_s(const struct ota_air *start, double *sum)
{
    const struct ota_random_key key = {.seed = 1};
    const double begin_s = now_s();

    for (int i = 0; i < CALLS; i++) {
        struct ota_air air = *start;
        struct ota_stream stream;
        ota_stream_init(&stream, &key, (uint64_t)i, OTA_PURPOSE_APP, 0);
        ota_air_start(&air, 0, &stream.rng);
        *sum += (double)air.tail_us + gsl_rng_uniform(&stream.rng);
    }
    return (now_s() - begin_s) / CALLS;
}

static bool bench_calls(const struct link *link)
{
    const struct ota_model *about = &ota_session_dtls.model;
    struct ota_arena arena = {0};
    const struct ota_field_context context = {.arena = &arena};
    void *config = ota_arena_alloc(&arena, 1, about->config_size);
    struct ota_dist rtt;
    const struct ota_air air = air_of(link, &rtt);
    double seconds[4][ROUNDS];
    double sum = 0;

    if (!config || !ota_fields_set_defaults(about->fields, config, &context))
        return false;
    for (int round = 0; round < ROUNDS; round++) {
        seconds[0][round] = nothing_s(&air, &sum);
        seconds[1][round] = connect_s(config, &air, false, &sum);
        seconds[2][round] = connect_s(config, &air, true, &sum);
        seconds[3][round] = exchange_s(&air, &sum);
    }
    printf("%-15s stream and a draw %5.1f ns  resume %6.1f ns  "
           "handshake %6.1f ns  event %6.1f ns  (sum %.6g)\n",
           link->name, 1e9 * median(seconds[0]), 1e9 * median(seconds[1]),
           1e9 * median(seconds[2]), 1e9 * median(seconds[3]), sum);
    ota_arena_release(&arena);
    return true;
}

/* `bench_transfer WORD`: only transfers with the word in their or their link's
 * name. */
int main(int argc, char **argv)
{
    bool good = true;

    for (int i = 0; i < TRANSFERS; i++)
        if (argc < 2 || strstr(transfers[i].what, argv[1]) ||
            strstr(transfers[i].link, argv[1]))
            good = bench_transfer(&transfers[i]) && good;
    if (argc > 1)
        return good ? EXIT_SUCCESS : EXIT_FAILURE;
    for (int i = 0; i < LINKS; i++)
        good = bench_calls(&links[i]) && good;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
