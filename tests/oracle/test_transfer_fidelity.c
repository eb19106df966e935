/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_transfer_fidelity.c - a flow has the distributions of packets.
 *
 * Every protocol is run RUNS times in either fidelity, on streams of their own,
 * over a grid of losses, round trips, sizes and kinds of loss, and with cuts,
 * breaks, caps, outages and slow apps. Ends, durations, bytes and progress are
 * compared by the two-sample Kolmogorov-Smirnov test, which needs no
 * assumption about what is compared (tests/support/two_samples.h). The chance
 * that any one of all comparisons fails by bad luck is kept below 1e-3.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"
#include "tests/support/plain_air.h"
#include "tests/support/transfer_fixture.h"
#include "tests/support/two_samples.h"

enum { RUNS = 2000, MEASURES = 4, COMPARISONS = 672 };

static const double family_level = 1e-3;

/* What is compared of a transfer. */
enum measure { END, DURATION, BYTES, KEPT };

static const char *const measure_names[MEASURES] = {"end", "duration", "bytes",
                                                    "kept"};

struct setting {
    const char *what;
    double loss;
    bool far;   /* round trips lognormal about 1 s, else 60 ms */
    bool burst; /* bad spells of 2 s each 20 s, half lost */
    int64_t size_bytes;
    int64_t cut_us, pump_us, cap_bytes, outage_us;
    bool graceful;
    double breaks;
    int64_t tail_us;   /* 0: no silence is long */
    double first_loss; /* of a first datagram, behind that */
    bool tcp;
    bool grows; /* fast: flights as from Device OS 1.0.0 */
};

struct protocol {
    const struct ota_transfer_model *model;
    bool is_fast;
};

static const struct protocol protocols[] = {
    {&ota_transfer_slow, false},
    {&ota_transfer_fast, true},
    {&ota_transfer_v3, false},
    {&ota_transfer_block, false},
};

enum { PROTOCOLS = sizeof(protocols) / sizeof(*protocols) };

static int compared;

static struct ota_air air_of(const struct setting *with, struct ota_dist *rtt)
{
    struct ota_air air = plain_air(rtt, 60000, with->loss);

    if (with->far) /* log-normal, half of it within 1 s, 95 % within 2.3 s */
        *rtt = (struct ota_dist){.kind = OTA_DIST_LOGNORMAL,
                                 .dimension = OTA_TIME,
                                 .a = log(1e6),
                                 .b = log(2.3) / 1.6448536269514722};
    air.goodput_bit_s = 300000;
    air.device_us_per_kib = 100 * OTA_US_PER_MS;
    if (with->burst) {
        air.loss[1] = 0.5;
        air.leave_per_s[0] = 1.0 / 20;
        air.leave_per_s[1] = 1.0 / 2;
    }
    if (with->tail_us) {
        air.tail_us = with->tail_us;
        air.loss_first = with->first_loss;
    }
    if (with->outage_us) {
        air.outage_begin_us = with->outage_us;
        air.outage_end_us = with->outage_us + 20 * OTA_US_PER_S;
    }
    return air;
}

static struct ota_transfer_job job_of(const struct setting *with)
{
    struct ota_transfer_job job = transfer_fixture_job(with->size_bytes);

    if (with->cut_us)
        job.cut_us = job.begin_us + with->cut_us;
    if (with->cap_bytes)
        job.data_left_bytes = with->cap_bytes;
    job.cut_is_graceful = with->graceful;
    job.pump_us = with->pump_us;
    job.break_per_chunk = with->breaks;
    if (with->tcp)
        job.os = ota_device_os("photon", 207);
    return job;
}

/* Runs a protocol in one fidelity; streams are told apart by side. */
static void sample(const struct ota_transfer_model *model, const void *config,
                   const struct setting *with, uint64_t side,
                   double samples[MEASURES][RUNS])
{
    struct ota_dist rtt;
    const struct ota_air air = air_of(with, &rtt);
    const struct ota_transfer_job job = job_of(with);

    for (uint64_t i = 0; i < RUNS; i++) {
        const struct ota_transfer_result r =
            transfer_fixture_run(model, config, &air, job, side << 32 | i);
        samples[END][i] = r.end;
        samples[DURATION][i] = (double)(r.end_us - job.begin_us);
        samples[BYTES][i] = (double)(r.down_bytes + r.up_bytes);
        samples[KEPT][i] = (double)r.kept_bytes;
        assert_true(r.end_us > job.begin_us && r.end_us <= job.cut_us);
        assert_true(r.down_bytes + r.up_bytes <= job.data_left_bytes);
        assert_true(r.spent_bytes >= 0 && r.payload_bytes >= 0);
        assert_true(r.spent_bytes + r.payload_bytes <= r.down_bytes);
    }
}

static void compare(const struct protocol *protocol, const struct setting *with)
{
    static double packet[MEASURES][RUNS], flow[MEASURES][RUNS];
    const struct ota_model *model = &protocol->model->model;
    const double critical =
        two_samples_critical(RUNS, COMPARISONS, family_level);
    struct ota_arena arena = {0};
    void *config = model_fixture_config(model, &arena);

    if (with->grows && protocol->is_fast) {
        model_fixture_set(model, config, &arena, "flight", "40");
        model_fixture_set(model, config, &arena, "request", "40");
        model_fixture_set(model, config, &arena, "request_rule", "growing");
    }
    if (protocol->model == &ota_transfer_block) {
        model_fixture_set(model, config, &arena, "block_time",
                          "uniform(10ms, 90ms)");
        model_fixture_set(model, config, &arena, "erase", "3s");
        model_fixture_set(model, config, &arena, "resumes", "true");
    }
    model_fixture_set(model, config, &arena, "fidelity", "packet");
    sample(protocol->model, config, with, 1, packet);
    model_fixture_set(model, config, &arena, "fidelity", "flow");
    sample(protocol->model, config, with, 2, flow);
    for (int m = 0; m < MEASURES; m++) {
        const double d = two_samples_distance(packet[m], flow[m], RUNS);
        compared++;
        if (d > critical)
            print_error("%s, %s: %s, loss %g%s%s, %lld B: distance %.4f, "
                        "critical %.4f\n",
                        model->name, measure_names[m], with->what, with->loss,
                        with->far ? ", far" : "", with->burst ? ", bursts" : "",
                        (long long)with->size_bytes, d, critical);
        assert_true(d <= critical);
    }
    ota_arena_release(&arena);
}

static void grids_agree(const struct protocol *protocol)
{
    static const double losses[] = {0.001, 0.02, 0.1};
    static const int64_t sizes[] = {21000, 300000};

    for (int i = 0; i < 24; i++) {
        const struct setting with = {
            .what = "whole",
            .loss = losses[i / 8],
            .far = i & 1,
            .burst = i & 2,
            .size_bytes = sizes[i >> 2 & 1],
        };
        compare(protocol, &with);
    }
}

static void slow_agrees(void **state)
{
    (void)state;
    grids_agree(&protocols[0]);
}

static void fast_agrees(void **state)
{
    (void)state;
    grids_agree(&protocols[1]);
}

static void v3_agrees(void **state)
{
    (void)state;
    grids_agree(&protocols[2]);
}

static void block_agrees(void **state)
{
    (void)state;
    grids_agree(&protocols[3]);
}

/* What may come in between, on an image of 100 KB. */
static const struct setting troubles[] = {
    {.what = "cut early", .loss = 0.02, .far = true, .cut_us = 5000000},
    {.what = "cut", .loss = 0.02, .cut_us = 17 * OTA_US_PER_S},
    {.what = "cut gracefully",
     .loss = 0.05,
     .far = true,
     .cut_us = 40 * OTA_US_PER_S,
     .graceful = true},
    {.what = "cut in bursts",
     .loss = 0.01,
     .burst = true,
     .far = true,
     .cut_us = 60 * OTA_US_PER_S},
    {.what = "capped", .loss = 0.02, .cap_bytes = 60000},
    {.what = "capped late", .loss = 0.1, .far = true, .cap_bytes = 135000},
    {.what = "broken", .loss = 0.02, .far = true, .breaks = 0.005},
    {.what = "slow app", .loss = 0.02, .pump_us = 300 * OTA_US_PER_MS},
    {.what = "slow app, far",
     .loss = 0.02,
     .far = true,
     .pump_us = OTA_US_PER_S},
    {.what = "outage", .loss = 0.02, .outage_us = 9 * OTA_US_PER_S},
    {.what = "outage, far",
     .loss = 0.02,
     .far = true,
     .outage_us = 21 * OTA_US_PER_S},
    {.what = "short tail",
     .loss = 0.01,
     .tail_us = 20 * OTA_US_PER_MS,
     .first_loss = 0.05},
    {.what = "tail of seconds",
     .loss = 0.03,
     .far = true,
     .tail_us = 6 * OTA_US_PER_S,
     .first_loss = 0.3},
    {.what = "heavy loss", .loss = 0.35, .cut_us = 300 * OTA_US_PER_S},
    {.what = "growing", .loss = 0.08, .grows = true},
    {.what = "TCP", .loss = 0.02, .tcp = true},
    {.what = "TCP in bursts",
     .loss = 0.02,
     .far = true,
     .burst = true,
     .tcp = true,
     .cut_us = 60 * OTA_US_PER_S},
    {.what = "TCP, outage",
     .loss = 0.02,
     .tcp = true,
     .outage_us = 5 * OTA_US_PER_S},
};

static void troubles_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(troubles) / sizeof(*troubles); i++) {
        struct setting with = troubles[i];
        with.size_bytes = 100000;
        for (int p = 0; p < PROTOCOLS; p++)
            compare(&protocols[p], &with);
    }
}

/* The level is for as many comparisons as were made. */
static void the_level_was_kept(void **state)
{
    (void)state;
    assert_true(compared == COMPARISONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_agrees),    cmocka_unit_test(fast_agrees),
        cmocka_unit_test(v3_agrees),      cmocka_unit_test(block_agrees),
        cmocka_unit_test(troubles_agree), cmocka_unit_test(the_level_was_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
