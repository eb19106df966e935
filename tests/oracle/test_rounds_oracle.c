/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_rounds_oracle.c - rounds of a transfer that asks for what it missed.
 *
 * With N chunks, each lost with probability p independently, and every round
 * sending all that is missing, the rounds are the maximum M of N geometric
 * variables:
 *
 *     P(M <= r) = (1 - p^r)^N,   E M = sum over r >= 0 of 1 - (1 - p^r)^N,
 *
 * and the chunks sent are N / (1 - p) in the mean, with variance
 * N p / (1 - p)^2.
 *
 * Source: Szpankowski and Rego, Yet another application of a binomial
 * recurrence: order statistics, Computing 43 (1990) 401-410.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/near.h"
#include "tests/support/plain_air.h"
#include "tests/support/transfer_fixture.h"

enum { RUNS = 20000, ROUNDS_MAX = 200 };

static double at_most(double p, int64_t chunks, int rounds)
{
    return pow(1 - pow(p, rounds), (double)chunks);
}

/* What RUNS transfers did. */
struct seen {
    int done;
    double rounds, sent; /* sums over those done */
    int within[4];       /* done in at most so many rounds */
};

static struct seen simulate(double p, int64_t chunks, int fidelity)
{
    const struct ota_transfer_fast_config config = {
        .fidelity = fidelity,
        .chunk_bytes = 512,
        .flight_chunks = chunks,
        .request_chunks = chunks,
        .stall_us = OTA_US_PER_DAY,
    };
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 1000, p);
    const struct ota_transfer_job job = transfer_fixture_job(chunks * 512);
    struct seen seen = {0};

    air.goodput_bit_s = 1000000;
    for (uint64_t i = 0; i < RUNS; i++) {
        const struct ota_transfer_result result =
            transfer_fixture_run(&ota_transfer_fast, &config, &air, job, i);
        /* One in some hundreds fails in the exchanges between the flights,
         * which lose datagrams too. It is left out: that shifts the mean by
         * far less than the tolerance, as it does not depend on the chunks'
         * luck but through the number of rounds. */
        if (result.end != OTA_TRANSFER_DONE)
            continue;
        seen.done++;
        seen.rounds += (double)result.rounds;
        seen.sent += (double)result.chunks_sent;
        for (int r = 1; r < 4; r++)
            seen.within[r] += result.rounds <= r;
    }
    return seen;
}

/* Rounds and chunks against their mean and variance, and P(M <= r). */
static void check_runs(double p, int64_t chunks, double mean, double variance,
                       int fidelity)
{
    const struct seen seen = simulate(p, chunks, fidelity);

    assert_true(seen.done > RUNS * 0.98);
    const double n = seen.done;
    const double each = (double)chunks;
    assert_near(seen.rounds / n, mean, 4 * sqrt(variance / n));
    assert_near(seen.sent / n, each / (1 - p),
                4 * sqrt(each * p / n) / (1 - p));
    for (int r = 1; r < 4; r++) {
        const double share = at_most(p, chunks, r);
        assert_near(seen.within[r] / n, share,
                    4 * sqrt(share * (1 - share) / n) + 1 / n);
    }
}

static void check(double p, int64_t chunks, double published_mean)
{
    double mean = 0, square = 0;
    for (int r = 0; r < ROUNDS_MAX; r++) {
        const double more = 1 - at_most(p, chunks, r);
        mean += more;
        square += (2 * r + 1) * more; /* E M^2 */
    }
    assert_near(mean, published_mean, 5e-5);

    for (int fidelity = OTA_TRANSFER_FLOW; fidelity <= OTA_TRANSFER_PACKET;
         fidelity++)
        check_runs(p, chunks, mean, square - mean * mean, fidelity);
}

static void five_percent_of_342(void **state)
{
    (void)state;
    assert_true(fabs(at_most(0.05, 342, 2) - 0.42482) < 1e-5);
    assert_true(fabs(at_most(0.05, 342, 3) - 0.95815) < 1e-5);
    check(0.05, 342, 2.6193);
}

static void ten_percent_of_1000(void **state)
{
    (void)state;
    check(0.1, 1000, 3.7385);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_percent_of_342),
        cmocka_unit_test(ten_percent_of_1000),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
