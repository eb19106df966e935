/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_qblock_oracles.c - "qblock" against what is known of it.
 *
 * Without loss N blocks of time t in sets of 10 take
 *
 *     ceil(N / 10) RTT + N t                     with feedback,
 *     RTT + (ceil(N / 10) - 1) U(2 s, 3 s) + N t without,
 *
 * U being drawn once (RFC 9177, section 7.2). If the device never gives up,
 * each block is sent a geometric number of times: N / (1 - p) in all, with
 * variance N p / (1 - p)^2. One block whose request and answer are each lost
 * with probability p fails if five requests are lost, or if the block is and
 * four more requests bring nothing, each with probability 1 - (1 - p)^2.
 *
 * Flow against packets: two-sample Kolmogorov-Smirnov tests, at 1e-3 for all
 * of them together.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"
#include "tests/support/near.h"
#include "tests/support/plain_air.h"
#include "tests/support/transfer_fixture.h"
#include "tests/support/two_samples.h"

static const int fidelities[] = {OTA_TRANSFER_FLOW, OTA_TRANSFER_PACKET};

enum { RTT_US = 150000, BLOCK_US = 12000, WIRE = 1024 + 76 };

static const struct ota_transfer_qblock_config usual = {
    .chunk_bytes = 1024,
    .overhead_down_bytes = WIRE - 1024,
    .overhead_up_bytes = 87,
    .set_chunks = 10,
    .feedback = true,
    .timeout_us = 2 * OTA_US_PER_S,
    .timeout_spread = 0.5,
    .receive_timeout_us = 4 * OTA_US_PER_S,
    .requests_max = 4,
};

static struct ota_transfer_result
run(const struct ota_transfer_qblock_config *config, int64_t blocks,
    double loss, uint64_t index)
{
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, RTT_US, loss);

    air.goodput_bit_s = WIRE * 8 * OTA_US_PER_S / BLOCK_US;
    return transfer_fixture_run(&ota_transfer_qblock, config, &air,
                                transfer_fixture_job(blocks * 1024), index);
}

static int64_t pace_us(void)
{
    return ota_us_at_rate(WIRE, WIRE * 8 * OTA_US_PER_S / BLOCK_US);
}

/* --- without loss --- */

static void with_feedback_the_time_is_exact(void **state)
{
    (void)state;
    static const int64_t blocks[] = {1, 9, 10, 11, 20, 95, 293, 1000};

    for (size_t i = 0; i < sizeof(blocks) / sizeof(*blocks); i++)
        for (int f = 0; f < 2; f++) {
            struct ota_transfer_qblock_config config = usual;
            const int64_t n = blocks[i], sets = (n + 9) / 10;

            config.fidelity = fidelities[f];
            const struct ota_transfer_result r = run(&config, n, 0, i);
            assert_int_equal(r.end, OTA_TRANSFER_DONE);
            assert_int_equal(r.end_us - OTA_US_PER_MS,
                             sets * RTT_US + n * pace_us());
            assert_int_equal(r.chunks_sent, n);
            assert_int_equal(r.rounds, sets);
            assert_int_equal(r.down_bytes, n * WIRE);
            assert_int_equal(r.up_bytes, sets * 87);
        }
}

static void without_feedback_the_server_pauses(void **state)
{
    (void)state;
    enum { RUNS = 20000, BLOCKS = 293, PAUSES = 29 };
    const double sent_s = (RTT_US + (double)BLOCKS * (double)pace_us()) / 1e6;

    for (int f = 0; f < 2; f++) {
        struct ota_transfer_qblock_config config = usual;
        double sum = 0;

        config.fidelity = fidelities[f];
        config.feedback = false;
        for (uint64_t i = 0; i < RUNS; i++) {
            const struct ota_transfer_result r = run(&config, BLOCKS, 0, i);
            const double s = ota_s_from_us(r.end_us - OTA_US_PER_MS) - sent_s;
            assert_int_equal(r.end, OTA_TRANSFER_DONE);
            assert_int_equal(r.up_bytes, 87);
            assert_true(s > PAUSES * 2 - 1e-4 && s < PAUSES * 3 + 1e-4);
            sum += s;
        }
        /* Uniform over PAUSES seconds; a tick is rounded off each pause. */
        assert_near(sum / RUNS, PAUSES * 2.5,
                    4 * PAUSES / sqrt(12.0 * RUNS) + PAUSES * 1e-6);
    }
}

/* --- with loss --- */

static void blocks_sent_are_geometric(void **state)
{
    (void)state;
    enum { RUNS = 4000, BLOCKS = 293 };
    static const double losses[] = {0.02, 0.1, 0.3};

    for (size_t i = 0; i < 3; i++)
        for (int f = 0; f < 4; f++) {
            struct ota_transfer_qblock_config config = usual;
            const double p = losses[i];
            double sum = 0;

            config.fidelity = fidelities[f % 2];
            config.feedback = f < 2;
            config.requests_max = 20;
            for (uint64_t k = 0; k < RUNS; k++) {
                const struct ota_transfer_result r = run(&config, BLOCKS, p, k);
                assert_int_equal(r.end, OTA_TRANSFER_DONE);
                sum += (double)r.chunks_sent;
            }
            assert_near(sum / RUNS, BLOCKS / (1 - p),
                        4 * sqrt(BLOCKS * p / RUNS) / (1 - p));
        }
}

static void one_block_fails_as_often_as_it_must(void **state)
{
    (void)state;
    enum { RUNS = 40000 };
    static const double losses[] = {0.2, 0.5, 0.7};

    for (size_t i = 0; i < 3; i++)
        for (int f = 0; f < 2; f++) {
            struct ota_transfer_qblock_config config = usual;
            const double p = losses[i];
            const double fruitless = 1 - (1 - p) * (1 - p);
            const double unheard = pow(p, 5);
            int failed = 0;

            config.fidelity = fidelities[f];
            for (uint64_t k = 0; k < RUNS; k++)
                failed += run(&config, 1, p, k).end == OTA_TRANSFER_GAVE_UP;
            model_fixture_assert_share(
                RUNS, failed, unheard + (1 - unheard) * p * pow(fruitless, 4));
        }
}

/* --- flow against packets --- */

enum { RUNS = 2000, MEASURES = 4 };

struct setting {
    double loss;
    bool far, burst;
    int64_t size_bytes;
    int64_t cut_us, cap_bytes, outage_us, tail_us;
    double breaks;
    bool mute; /* no feedback */
};

static const struct setting settings[] = {
    {.loss = 0.001, .size_bytes = 300000},
    {.loss = 0.02, .size_bytes = 300000},
    {.loss = 0.1, .size_bytes = 300000},
    {.loss = 0.02, .far = true, .size_bytes = 300000},
    {.loss = 0.02, .size_bytes = 21000},
    {.loss = 0.1, .far = true, .size_bytes = 21000},
    {.loss = 0.02, .burst = true, .size_bytes = 300000},
    {.loss = 0.02, .far = true, .burst = true, .size_bytes = 300000},
    {.loss = 0.1, .burst = true, .size_bytes = 21000},
    {.loss = 0.4, .size_bytes = 100000},
    {.loss = 0.05, .size_bytes = 300000, .mute = true},
    {.loss = 0.05, .burst = true, .size_bytes = 100000, .mute = true},
    {.loss = 0.02, .far = true, .size_bytes = 100000, .cut_us = 20000000},
    {.loss = 0.05, .burst = true, .size_bytes = 100000, .cut_us = 12000000},
    {.loss = 0.05, .size_bytes = 100000, .cap_bytes = 70000},
    {.loss = 0.1, .size_bytes = 100000, .cap_bytes = 125000},
    {.loss = 0.05, .size_bytes = 100000, .breaks = 0.005},
    {.loss = 0.05, .size_bytes = 100000, .outage_us = 9000000},
    {.loss = 0.05, .far = true, .size_bytes = 100000, .tail_us = 500000},
    {.loss = 0.01, .size_bytes = 100000, .tail_us = 35000},
};

enum { SETTINGS = sizeof(settings) / sizeof(*settings) };

static void sample(const struct setting *with, int fidelity,
                   double samples[MEASURES][RUNS])
{
    struct ota_transfer_qblock_config config = usual;
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 60000, with->loss);
    struct ota_transfer_job job = transfer_fixture_job(with->size_bytes);

    config.fidelity = fidelity;
    config.feedback = !with->mute;
    config.resumes = true;
    air.goodput_bit_s = 300000;
    air.device_us_per_kib = 40 * OTA_US_PER_MS;
    if (with->far)
        rtt = (struct ota_dist){.kind = OTA_DIST_LOGNORMAL,
                                .dimension = OTA_TIME,
                                .a = log(1e6),
                                .b = log(2.3) / 1.6448536269514722};
    if (with->burst) {
        air.loss[1] = 0.5;
        air.leave_per_s[0] = 1.0 / 20;
        air.leave_per_s[1] = 1.0 / 2;
    }
    if (with->tail_us) {
        air.tail_us = with->tail_us;
        air.loss_first = 0.3;
    }
    if (with->outage_us) {
        air.outage_begin_us = with->outage_us;
        air.outage_end_us = with->outage_us + 20 * OTA_US_PER_S;
    }
    if (with->cut_us)
        job.cut_us = with->cut_us;
    if (with->cap_bytes)
        job.data_left_bytes = with->cap_bytes;
    job.break_per_chunk = with->breaks;
    for (uint64_t i = 0; i < RUNS; i++) {
        const struct ota_transfer_result r =
            transfer_fixture_run(&ota_transfer_qblock, &config, &air, job,
                                 (uint64_t)(fidelity + 1) << 32 | i);
        samples[0][i] = r.end;
        samples[1][i] = (double)r.end_us;
        samples[2][i] = (double)(r.down_bytes + r.up_bytes);
        samples[3][i] = (double)r.kept_bytes;
        assert_true(r.spent_bytes >= 0 && r.payload_bytes >= 0);
        assert_true(r.spent_bytes + r.payload_bytes <= r.down_bytes);
    }
}

static void flow_agrees_with_packets(void **state)
{
    (void)state;
    static double flow[MEASURES][RUNS], packet[MEASURES][RUNS];
    const double critical =
        two_samples_critical(RUNS, SETTINGS * MEASURES, 1e-3);

    for (int i = 0; i < SETTINGS; i++) {
        sample(&settings[i], OTA_TRANSFER_FLOW, flow);
        sample(&settings[i], OTA_TRANSFER_PACKET, packet);
        for (int m = 0; m < MEASURES; m++) {
            const double d = two_samples_distance(flow[m], packet[m], RUNS);
            if (d > critical)
                fail_msg("setting %d, measure %d: %.4f > %.4f", i, m, d,
                         critical);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_feedback_the_time_is_exact),
        cmocka_unit_test(without_feedback_the_server_pauses),
        cmocka_unit_test(blocks_sent_are_geometric),
        cmocka_unit_test(one_block_fails_as_often_as_it_must),
        cmocka_unit_test(flow_agrees_with_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
