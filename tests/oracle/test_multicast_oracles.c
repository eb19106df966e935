/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_multicast_oracles.c - "multicast" against what is known of it.
 *
 * Times. n fragments at 10 % duty cycle last n ToA + (n - 1) 9 ToA, ToA being
 * worked out here in floating point after Semtech AN1200.13. A receiver that
 * never hears enough listens for all of it; at 16 mA and 3 V, as
 * github.com/kqorany/FUOTASim has it, that bounds the energy.
 *
 * Completion. With n = N + R fragments, each lost with probability p, N + 3 of
 * which decode, the share of devices that complete is P(Bin(n, 1-p) >= N + 3);
 * with enough redundancy the fragments it takes are negative binomial.
 *
 * Decoding. N + k random sums over GF(2) give N pieces with probability
 * product_{i=k+1}^{N+k} (1 - 2^-i); the mean number beyond N is the sum of
 * what that lacks to 1.
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

#include "models/transfer/multicast.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"
#include "tests/support/near.h"
#include "tests/support/plain_air.h"
#include "tests/support/transfer_fixture.h"
#include "tests/support/two_samples.h"

static const int fidelities[] = {OTA_TRANSFER_FLOW, OTA_TRANSFER_PACKET};

static struct ota_transfer_multicast_config class_c(int64_t sf, int64_t chunk,
                                                    int64_t redundancy)
{
    return (struct ota_transfer_multicast_config){
        .chunk_bytes = chunk,
        .mac_bytes = 8,
        .spreading_factor = sf,
        .duty_cycle = 0.1,
        .redundancy = redundancy,
        .extra = 3,
    };
}

static struct ota_transfer_result
run(const struct ota_transfer_multicast_config *config, int64_t size_bytes,
    double loss, uint64_t index)
{
    struct ota_dist rtt;
    const struct ota_air air = plain_air(&rtt, 1000, loss);

    return transfer_fixture_run(&ota_transfer_multicast, config, &air,
                                transfer_fixture_job(size_bytes), index);
}

static double took_s(const struct ota_transfer_result *result)
{
    return ota_s_from_us(result->end_us - OTA_US_PER_MS);
}

/* --- times --- */

static double time_on_air_s(double sf, double bytes)
{
    const double symbol = exp2(sf) / 125000;
    const double de = sf >= 11 ? 1 : 0;
    const double rows =
        ceil((8 * bytes - 4 * sf + 28 + 16) / (4 * (sf - 2 * de)));

    return (12.25 + 8 + fmax(rows * 5, 0)) * symbol;
}

struct row {
    int64_t size_bytes, sf, chunk, pieces;
    double air_s, plain_s; /* as published: R = 0 */
    int64_t redundancy;
    double total_s, energy_j, energy_within;
};

/* Computed from fuotasim.py's formulas, as rounded. */
static const struct row rows[] = {
    {5000, 12, 51, 103, 2.6296, 2685, 10, 2948, 141.5, 0.05},
    {5000, 9, 115, 45, 0.6564, 289, 4, 316, 15.2, 0.05},
    {50000, 12, 51, 1021, 2.6296, 26825, 102, 29507, 1416, 0.5},
    {50000, 10, 51, 1021, 0.6574, 6706, 102, 7377, 354, 0.5},
    {50000, 7, 222, 228, 0.3638, 826, 23, 910, 43.7, 0.05},
    {100000, 9, 115, 885, 0.6564, 5803, 88, 6381, 306, 0.5},
    {100000, 7, 222, 455, 0.3638, 1652, 46, 1819, 87.3, 0.05},
};

static void check_total(const struct row *row, int64_t redundancy, int fidelity,
                        double published_s)
{
    struct ota_transfer_multicast_config config =
        class_c(row->sf, row->chunk, redundancy);
    const double air_s = time_on_air_s((double)row->sf, (double)row->chunk + 8);
    const double n = (double)(row->pieces + redundancy);
    const double total_s = n * air_s + (n - 1) * 9 * air_s;

    config.fidelity = fidelity;
    const struct ota_transfer_result r = run(&config, row->size_bytes, 1, 0);
    assert_int_equal(r.end, OTA_TRANSFER_GAVE_UP);
    assert_int_equal(r.chunks_sent, row->pieces + redundancy);
    assert_near(took_s(&r), total_s, 1e-6 * total_s);
    assert_near(took_s(&r), published_s, 0.5);
    if (redundancy > 0) {
        const double energy_j = took_s(&r) * 16e-3 * 3.0;
        assert_near(energy_j, total_s * 0.048, 1e-6 * total_s * 0.048);
        assert_near(energy_j, row->energy_j, row->energy_within);
    }
}

static void totals_are_those_of_fuotasim(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct row *row = &rows[i];
        const struct ota_transfer_multicast_config config =
            class_c(row->sf, row->chunk, 0);

        assert_int_equal(ota_multicast_fragments(&config, row->size_bytes),
                         row->pieces);
        assert_near(ota_s_from_us(ota_multicast_air_us(&config)), row->air_s,
                    5e-5);
        for (int f = 0; f < 2; f++) {
            check_total(row, 0, fidelities[f], row->plain_s);
            check_total(row, row->redundancy, fidelities[f], row->total_s);
        }
    }
}

/* Without loss a device is done with fragment N + 3. */
static void a_device_is_done_before_the_broadcast(void **state)
{
    (void)state;
    for (int f = 0; f < 2; f++) {
        struct ota_transfer_multicast_config config = class_c(9, 115, 88);
        const double air_s = time_on_air_s(9, 123);

        config.fidelity = fidelities[f];
        const struct ota_transfer_result r = run(&config, 100000, 0, 0);
        assert_int_equal(r.end, OTA_TRANSFER_DONE);
        assert_int_equal(r.chunks_sent, 885 + 3);
        const double wanted_s = 888 * air_s + 887 * 9 * air_s;
        assert_near(took_s(&r), wanted_s, 1e-6 * wanted_s);
    }
}

/* --- completion --- */

/* P(Bin(n, p) >= least) */
static double at_least(int n, double p, int least)
{
    double sum = 0;

    for (int k = least; k <= n; k++)
        sum += exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) +
                   k * log(p) + (n - k) * log1p(-p));
    return sum;
}

static void completion_is_binomial(void **state)
{
    (void)state;
    enum { PIECES = 200, RUNS = 40000 };
    static const struct {
        int redundancy;
        double published, within;
    } cases[] = {{10, 0.00023, 5e-6},
                 {20, 0.155, 5e-4},
                 {30, 0.839, 5e-4},
                 {40, 0.99687, 5e-6}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const double share =
            at_least(PIECES + cases[i].redundancy, 0.9, PIECES + 3);
        assert_near(share, cases[i].published, cases[i].within);
        for (int f = 0; f < 2; f++) {
            struct ota_transfer_multicast_config config =
                class_c(7, 222, cases[i].redundancy);
            int done = 0;

            config.fidelity = fidelities[f];
            for (uint64_t k = 0; k < RUNS; k++)
                done +=
                    run(&config, PIECES * 220, 0.1, k).end == OTA_TRANSFER_DONE;
            model_fixture_assert_share(RUNS, done, share);
        }
    }
}

/* The fragments it takes to receive N + 3. */
static void fragments_sent_are_negative_binomial(void **state)
{
    (void)state;
    enum { PIECES = 200, NEEDED = PIECES + 3, RUNS = 20000 };
    static const double losses[] = {0.01, 0.1, 0.5, 0.9};

    for (size_t i = 0; i < 4; i++)
        for (int f = 0; f < 2; f++) {
            struct ota_transfer_multicast_config config =
                class_c(7, 222, 10000);
            const double p = losses[i], q = 1 - p;
            double sum = 0;

            config.fidelity = fidelities[f];
            for (uint64_t k = 0; k < RUNS; k++) {
                const struct ota_transfer_result r =
                    run(&config, PIECES * 220, p, k);
                assert_int_equal(r.end, OTA_TRANSFER_DONE);
                sum += (double)r.chunks_sent;
            }
            assert_near(sum / RUNS, NEEDED / q,
                        4 * sqrt(NEEDED * p / RUNS) / q);
        }
}

/* --- decoding --- */

static const struct {
    int extra;
    double decodable;
} published[] = {{0, 0.28879}, {1, 0.57758}, {2, 0.77010},
                 {3, 0.88012}, {5, 0.96907}, {10, 0.99902}};

enum { PUBLISHED = sizeof(published) / sizeof(*published) };

static void check_decoding(int fidelity)
{
    enum { PIECES = 100, RUNS = 40000 };
    struct ota_transfer_multicast_config config = class_c(7, 222, 80);
    double mean = 0, square = 0, sum = 0;
    int within[PUBLISHED] = {0};

    config.fidelity = fidelity;
    config.coding = OTA_TRANSFER_RANDOM_LINEAR;
    for (int k = 0; k < 80; k++) {
        const double more = 1 - ota_multicast_decodable(PIECES, k);
        mean += more;
        square += (2 * k + 1) * more;
    }
    assert_near(mean, 1.6067, 5e-5);
    for (uint64_t i = 0; i < RUNS; i++) {
        const struct ota_transfer_result r = run(&config, PIECES * 220, 0, i);
        assert_int_equal(r.end, OTA_TRANSFER_DONE);
        const int64_t extra = r.chunks_sent - PIECES;
        sum += (double)extra;
        for (int k = 0; k < PUBLISHED; k++)
            within[k] += extra <= published[k].extra;
    }
    assert_near(sum / RUNS, mean, 4 * sqrt((square - mean * mean) / RUNS));
    for (int k = 0; k < PUBLISHED; k++)
        model_fixture_assert_share(
            RUNS, within[k],
            ota_multicast_decodable(PIECES, published[k].extra));
}

static void random_sums_decode(void **state)
{
    (void)state;
    for (int k = 0; k < PUBLISHED; k++)
        assert_near(ota_multicast_decodable(100, published[k].extra),
                    published[k].decodable, 5e-6);
    /* A single piece: a random bit must be 1. */
    assert_near(ota_multicast_decodable(1, 0), 0.5, 0);
    assert_near(ota_multicast_decodable(1, 2), 0.875, 0);
    check_decoding(OTA_TRANSFER_FLOW);
    check_decoding(OTA_TRANSFER_PACKET);
}

/* --- flow against packets --- */

enum { RUNS = 2000, MEASURES = 3 };

struct setting {
    double loss;
    bool burst;
    int64_t size_bytes;
    int64_t cut_us, cap_bytes, outage_us, tail_us;
    double breaks;
};

static const struct setting settings[] = {
    {.loss = 0.001, .size_bytes = 300000},
    {.loss = 0.02, .size_bytes = 21000},
    {.loss = 0.1, .size_bytes = 21000},
    {.loss = 0.1, .burst = true, .size_bytes = 21000},
    {.loss = 0.02, .burst = true, .size_bytes = 300000},
    {.loss = 0.6, .size_bytes = 5000},
    {.loss = 0.1, .size_bytes = 21000, .cut_us = 850 * OTA_US_PER_S},
    {.loss = 0.1,
     .burst = true,
     .size_bytes = 21000,
     .cut_us = 900 * OTA_US_PER_S},
    {.loss = 0.1, .size_bytes = 21000, .cap_bytes = 25000},
    {.loss = 0.1, .size_bytes = 21000, .breaks = 0.005},
    {.loss = 0.1, .size_bytes = 21000, .outage_us = 100 * OTA_US_PER_S},
    {.loss = 0.1, .burst = true, .size_bytes = 5000, .tail_us = OTA_US_PER_S},
    {.loss = 0.01, .size_bytes = 5000, .tail_us = OTA_US_PER_MIN},
};

enum { SETTINGS = sizeof(settings) / sizeof(*settings) };

static void sample(const struct setting *with, int coding, int fidelity,
                   double samples[MEASURES][RUNS])
{
    struct ota_transfer_multicast_config config = class_c(9, 115, 40);
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 1000, with->loss);
    struct ota_transfer_job job = transfer_fixture_job(with->size_bytes);

    config.fidelity = fidelity;
    config.coding = coding;
    if (with->burst) {
        air.loss[1] = 0.5;
        air.leave_per_s[0] = 1.0 / 200;
        air.leave_per_s[1] = 1.0 / 30;
    }
    if (with->tail_us) {
        air.tail_us = with->tail_us;
        air.loss_first = 0.4;
        air.spoke_us = INT64_MIN;
    }
    if (with->outage_us) {
        air.outage_begin_us = with->outage_us;
        air.outage_end_us = with->outage_us + 100 * OTA_US_PER_S;
    }
    if (with->cut_us)
        job.cut_us = with->cut_us;
    if (with->cap_bytes)
        job.data_left_bytes = with->cap_bytes;
    job.break_per_chunk = with->breaks;
    for (uint64_t i = 0; i < RUNS; i++) {
        const struct ota_transfer_result r =
            transfer_fixture_run(&ota_transfer_multicast, &config, &air, job,
                                 (uint64_t)(fidelity + 1) << 32 | i);
        samples[0][i] = r.end;
        samples[1][i] = (double)r.end_us;
        samples[2][i] = (double)r.down_bytes;
    }
}

static void flow_agrees_with_packets(void **state)
{
    (void)state;
    static double flow[MEASURES][RUNS], packet[MEASURES][RUNS];
    const double critical =
        two_samples_critical(RUNS, SETTINGS * 2 * MEASURES, 1e-3);

    for (int i = 0; i < SETTINGS; i++)
        for (int coding = 0; coding < 2; coding++) {
            sample(&settings[i], coding, OTA_TRANSFER_FLOW, flow);
            sample(&settings[i], coding, OTA_TRANSFER_PACKET, packet);
            for (int m = 0; m < MEASURES; m++) {
                const double d = two_samples_distance(flow[m], packet[m], RUNS);
                if (d > critical)
                    fail_msg("setting %d, coding %d, measure %d: %.4f > %.4f",
                             i, coding, m, d, critical);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(totals_are_those_of_fuotasim),
        cmocka_unit_test(a_device_is_done_before_the_broadcast),
        cmocka_unit_test(completion_is_binomial),
        cmocka_unit_test(fragments_sent_are_negative_binomial),
        cmocka_unit_test(random_sums_decode),
        cmocka_unit_test(flow_agrees_with_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
