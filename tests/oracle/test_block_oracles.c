/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_block_oracles.c - "block" with equal timers and blocks that are lost on
 * their way, against closed forms, in both fidelities.
 *
 * A try of a block fails with probability s = 1 - (1 - p)^2 (1 - q), p being
 * the link's loss each way and q block_loss. With m sends a block fails for
 * good with s^m; one that does not needs j tries with probability
 * s^(j - 1) (1 - s) / (1 - s^m), j <= m. How many tries the blocks of an image
 * need together has the n-fold convolution of that law.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"
#include "tests/support/near.h"
#include "tests/support/plain_air.h"
#include "tests/support/transfer_fixture.h"

enum {
    RUNS = 20000,
    PACKET_RUNS = 4000,
    BLOCKS = 600,
    BLOCK = 512,
    SENDS = 4,
    RTT_US = 1000,
    AIR_US = 1, /* a block's way, rounded up */
    WORK_US = 60000,
    TIMEOUT_US = 2000000,
    TRIES_MAX = BLOCKS * SENDS,
};

struct setting {
    double link_loss, block_loss, backoff;
};

/* 600 blocks of 60 ms; a timer of 2 s, the same again if backoff is 1. */
static struct ota_transfer_block_config config_of(const struct setting *with,
                                                  int fidelity)
{
    return (struct ota_transfer_block_config){
        .fidelity = fidelity,
        .chunk_bytes = BLOCK,
        .overhead_down_bytes = 71,
        .overhead_up_bytes = 87,
        .block_time = ota_dist_fixed(OTA_TIME, WORK_US),
        .erase = ota_dist_fixed(OTA_TIME, 0),
        .timeout_us = TIMEOUT_US,
        .backoff = with->backoff,
        .sends_max = SENDS,
        .block_loss = with->block_loss,
    };
}

static struct ota_transfer_result run_of(const struct setting *with,
                                         int64_t size_bytes, int fidelity,
                                         uint64_t index)
{
    const struct ota_transfer_block_config config = config_of(with, fidelity);
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, RTT_US, with->link_loss);

    air.goodput_bit_s = INT64_C(1000000000000);
    air.device_us_per_kib = 0;
    return transfer_fixture_run(&ota_transfer_block, &config, &air,
                                transfer_fixture_job(size_bytes),
                                (uint64_t)fidelity << 32 | index);
}

static struct ota_transfer_result run(const struct setting *with, int fidelity,
                                      uint64_t index)
{
    return run_of(with, BLOCKS * BLOCK, fidelity, index);
}

static double spoilt(const struct setting *with)
{
    return 1 - (1 - with->link_loss) * (1 - with->link_loss) *
                   (1 - with->block_loss);
}

/* The law of the tries that all blocks need together, none failing: chances[i]
 * is that of BLOCKS + i. */
static void law_of_tries(double s, double chances[TRIES_MAX + 1])
{
    double one[SENDS];

    memset(chances, 0, (TRIES_MAX + 1) * sizeof(*chances));
    for (int j = 0; j < SENDS; j++)
        one[j] = pow(s, j) * (1 - s) / (1 - pow(s, SENDS));
    chances[0] = 1;
    for (int block = 0; block < BLOCKS; block++)
        for (int i = (block + 1) * (SENDS - 1); i >= 0; i--) {
            double sum = 0;
            for (int j = 0; j < SENDS && j <= i; j++)
                sum += one[j] * chances[i - j];
            chances[i] = sum;
        }
}

/* Equal timers: the time tells the tries, and their law is known. */
static void check_equal_timers(const struct setting *with, int fidelity)
{
    static double chances[TRIES_MAX + 1];
    static int64_t seen[TRIES_MAX + 1];
    const double s = spoilt(with);
    const double fails = pow(s, SENDS);
    const int runs = fidelity == OTA_TRANSFER_PACKET ? PACKET_RUNS : RUNS;
    double done = 0, sum = 0, squares = 0, answers = 0, answers2 = 0;
    double fallen = 0, fallen2 = 0;

    law_of_tries(s, chances);
    memset(seen, 0, sizeof(seen));
    for (int i = 0; i < runs; i++) {
        const struct ota_transfer_result r = run(with, fidelity, (uint64_t)i);
        const double tries = (double)(r.up_bytes / 87);
        if (r.end != OTA_TRANSFER_DONE) {
            assert_int_equal(r.end, OTA_TRANSFER_GAVE_UP);
            fallen += tries;
            fallen2 += tries * tries;
            continue;
        }
        assert_int_equal(r.end_us - OTA_US_PER_MS,
                         (int64_t)BLOCKS * (RTT_US + AIR_US + WORK_US) +
                             ((int64_t)tries - BLOCKS) * TIMEOUT_US);
        done++;
        sum += tries;
        squares += tries * tries;
        answers += (double)r.chunks_sent;
        answers2 += (double)r.chunks_sent * (double)r.chunks_sent;
        seen[(int64_t)tries - BLOCKS]++;
        assert_int_equal(r.spent_bytes,
                         (r.chunks_sent - BLOCKS) * (BLOCK + 71));
    }
    model_fixture_assert_share(runs, done, pow(1 - fails, BLOCKS));
    const double each = 1 / (1 - s) - SENDS * fails / (1 - fails);
    model_fixture_assert_mean(done, sum, squares, BLOCKS * each);
    /* Of the tries that failed the request had come through. */
    const double heard = 1 - with->link_loss / s;
    model_fixture_assert_mean(done, answers, answers2,
                              BLOCKS * (1 + (each - 1) * heard));
    /* Dvoretzky, Kiefer, Wolfowitz; Massart (1990): beyond with 6e-5, which is
     * 4 standard errors' chance. */
    const double farthest = sqrt(log(2 / 6e-5) / (2 * done));
    double below = 0, expected = 0;
    for (int i = 0; i <= TRIES_MAX - BLOCKS; i++) {
        below += (double)seen[i];
        expected += chances[i];
        assert_near(below / done, expected, farthest);
    }
    /* Given failure at some block, the tries are those of the k blocks before
     * it and its own: k is geometric, cut off at BLOCKS. */
    if (runs - done > 100) {
        double mean = 0, weights = 0;
        for (int k = 0; k < BLOCKS; k++) {
            const double weight = pow(1 - fails, k) * fails;
            mean += weight * (k * each + SENDS);
            weights += weight;
        }
        model_fixture_assert_mean(runs - done, fallen, fallen2, mean / weights);
    }
}

static void equal_timers_have_their_law(void **state)
{
    (void)state;
    static const struct setting settings[] = {
        {0, 0.02, 1}, {0, 0.2, 1}, {0.01, 0.03, 1}, {0.05, 0, 1}};

    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
        for (int fidelity = 0; fidelity < 2; fidelity++)
            check_equal_timers(&settings[i], fidelity);
}

/* Growing timers: 2, 2 b, 2 b^2 s behind the first, second, third try. */
static void growing_timers_have_their_mean(void **state)
{
    (void)state;
    static const double backoffs[] = {1, 1.5, 2, 3};

    for (size_t b = 0; b < sizeof(backoffs) / sizeof(*backoffs); b++)
        for (int fidelity = 0; fidelity < 2; fidelity++) {
            const struct setting with = {0, 0.1, backoffs[b]};
            const int runs =
                fidelity == OTA_TRANSFER_PACKET ? PACKET_RUNS : RUNS;
            const double s = spoilt(&with), last = pow(s, SENDS);
            double done = 0, sum = 0, squares = 0, wait_s = 0;
            for (int j = 1; j < SENDS; j++)
                wait_s += 2 * pow(with.backoff, j - 1) * (pow(s, j) - last) /
                          (1 - last);
            for (int i = 0; i < runs; i++) {
                const struct ota_transfer_result r =
                    run(&with, fidelity, (uint64_t)i);
                const double took_s = ota_s_from_us(r.end_us - OTA_US_PER_MS);
                if (r.end != OTA_TRANSFER_DONE)
                    continue;
                done++;
                sum += took_s;
                squares += took_s * took_s;
            }
            model_fixture_assert_mean(
                done, sum, squares,
                BLOCKS * (wait_s + 1e-6 * (RTT_US + AIR_US + WORK_US)));
        }
}

/* Three blocks, the last of 12 B: it is sent as often as the others. */
static void a_short_last_block_costs_less(void **state)
{
    (void)state;
    const struct setting with = {0, 0.3, 1};
    const double s = spoilt(&with), fails = pow(s, SENDS);
    const double each = 1 / (1 - s) - SENDS * fails / (1 - fails);

    for (int fidelity = 0; fidelity < 2; fidelity++) {
        double done = 0, bytes = 0, bytes2 = 0, tries = 0, tries2 = 0;
        for (uint64_t i = 0; i < RUNS; i++) {
            const struct ota_transfer_result r =
                run_of(&with, 2 * BLOCK + 12, fidelity, i);
            if (r.end != OTA_TRANSFER_DONE)
                continue;
            done++;
            bytes += (double)r.down_bytes;
            bytes2 += (double)r.down_bytes * (double)r.down_bytes;
            tries += (double)r.chunks_sent;
            tries2 += (double)r.chunks_sent * (double)r.chunks_sent;
            assert_int_equal(r.payload_bytes, 2 * BLOCK + 12);
            assert_int_equal(r.down_bytes,
                             r.spent_bytes + r.payload_bytes + 3 * 71);
        }
        model_fixture_assert_share(RUNS, done, pow(1 - fails, 3));
        model_fixture_assert_mean(done, tries, tries2, 3 * each);
        model_fixture_assert_mean(done, bytes, bytes2,
                                  each * (2 * (BLOCK + 71) + 12 + 71));
    }
}

/* A block that never comes: all timers, then the end. */
static void lost_blocks_are_given_up(void **state)
{
    (void)state;
    for (int fidelity = 0; fidelity < 2; fidelity++) {
        const struct setting equal = {0, 1, 1}, growing = {0, 1, 3};
        struct ota_transfer_result r = run(&equal, fidelity, 0);
        assert_int_equal(r.end, OTA_TRANSFER_GAVE_UP);
        assert_int_equal(r.end_us - OTA_US_PER_MS, 4 * TIMEOUT_US);
        assert_int_equal(r.up_bytes, 4 * 87);
        assert_int_equal(r.chunks_sent, 4);
        assert_int_equal(r.spent_bytes, 4 * (BLOCK + 71));
        r = run(&growing, fidelity, 0);
        assert_int_equal(r.end_us - OTA_US_PER_MS,
                         (1 + 3 + 9 + 27) * (int64_t)TIMEOUT_US);
    }
}

/* What a hundred blocks of 20 s take and send, over a link whose radio sleeps
 * in between: each request is a first datagram, slower and lost more often. */
static void measure_sleepy(int fidelity, double backoff, double mean[2],
                           double error[2])
{
    const struct ota_transfer_block_config config = {
        .fidelity = fidelity,
        .chunk_bytes = BLOCK,
        .overhead_down_bytes = 71,
        .overhead_up_bytes = 87,
        .block_time = ota_dist_fixed(OTA_TIME, 20.0 * OTA_US_PER_S),
        .erase = ota_dist_fixed(OTA_TIME, 0),
        .timeout_us = TIMEOUT_US,
        .backoff = backoff,
        .sends_max = SENDS,
    };
    const struct ota_dist first = ota_dist_fixed(OTA_TIME, OTA_US_PER_S);
    double sum[2] = {0, 0};
    double squares[2] = {0, 0};

    for (uint64_t i = 0; i < PACKET_RUNS; i++) {
        struct ota_dist rtt;
        struct ota_air air = plain_air(&rtt, RTT_US, 0.01);
        struct ota_transfer_job job = transfer_fixture_job(100 * BLOCK);
        air.goodput_bit_s = INT64_C(1000000000000);
        air.device_us_per_kib = 0;
        air.tail_us = 10 * OTA_US_PER_S;
        air.loss_first = 0.3;
        air.rtt_first = &first;
        air.spoke_us = job.begin_us;
        const struct ota_transfer_result result =
            transfer_fixture_run(&ota_transfer_block, &config, &air, job,
                                 (uint64_t)fidelity << 32 | i);
        const double values[2] = {(double)(result.end_us - job.begin_us),
                                  (double)result.up_bytes};
        for (int v = 0; v < 2; v++) {
            sum[v] += values[v];
            squares[v] += values[v] * values[v];
        }
    }
    for (int v = 0; v < 2; v++) {
        mean[v] = sum[v] / PACKET_RUNS;
        error[v] =
            sqrt((squares[v] / PACKET_RUNS - mean[v] * mean[v]) / PACKET_RUNS);
    }
}

static void blocks_longer_than_the_tail_are_first_ones(void **state)
{
    (void)state;
    for (double backoff = 1; backoff <= 2; backoff++) {
        double flow[2], packet[2], errors[2][2];
        measure_sleepy(OTA_TRANSFER_FLOW, backoff, flow, errors[0]);
        measure_sleepy(OTA_TRANSFER_PACKET, backoff, packet, errors[1]);
        for (int v = 0; v < 2; v++)
            assert_true(fabs(flow[v] - packet[v]) <
                        4 * hypot(errors[0][v], errors[1][v]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_timers_have_their_law),
        cmocka_unit_test(growing_timers_have_their_mean),
        cmocka_unit_test(a_short_last_block_costs_less),
        cmocka_unit_test(lost_blocks_are_given_up),
        cmocka_unit_test(blocks_longer_than_the_tail_are_first_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
