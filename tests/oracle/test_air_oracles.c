/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_air_oracles.c - Gilbert-Elliott air against the chain in slots.
 *
 * A chain that gets bad with probability p a slot and good again with r, seen
 * once a slot, is the air with lambda = 1 - p - r = exp(-sum of rates) and the
 * same share of bad time, pi_B = p / (p + r). What is known of the chain in
 * closed form (Gilbert, Bell Syst. Tech. J. 39 (1960), 1253) must then hold
 * for datagrams sent once a slot.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "models/link/air.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"
#include "tests/support/near.h"
#include "tests/support/plain_air.h"

enum { DRAWS = 200000 };

/* Air that loses everything while bad and nothing while good, in slots of
 * 1 s. */
static struct ota_air slotted(struct ota_dist *rtt, double p, double r)
{
    struct ota_air air = plain_air(rtt, 1, 0);
    const double rate = -log(1 - p - r);

    air.loss[true] = 1;
    air.leave_per_s[false] = rate * p / (p + r);
    air.leave_per_s[true] = rate * r / (p + r);
    return air;
}

/* The state has the right share at the start and for ever after, and is
 * remembered by lambda^d, whether or not somebody looked in between. */
static void check_memory(int64_t apart_us, int looks, uint64_t index)
{
    const double p = 0.05, r = 0.2, pi_b = p / (p + r);
    const double memory = pow(1 - p - r, ota_s_from_us(apart_us));
    struct ota_dist rtt;
    struct ota_air air = slotted(&rtt, p, r);
    struct ota_stream stream;
    double before = 0, after = 0, both = 0;

    assert_near(ota_air_bad_share(&air), pi_b, 1e-12);
    model_fixture_stream(&stream, index);
    for (int i = 0; i < DRAWS; i++) {
        ota_air_start(&air, 0, &stream.rng);
        const bool was_bad = ota_air_lost(&air, 0, &stream.rng);
        bool is_bad = was_bad;
        for (int k = 1; k <= looks; k++)
            is_bad = ota_air_lost(&air, apart_us * k / looks, &stream.rng);
        before += was_bad;
        after += is_bad;
        both += was_bad && is_bad;
    }
    model_fixture_assert_share(DRAWS, before, pi_b);
    model_fixture_assert_share(DRAWS, after, pi_b);
    model_fixture_assert_share(DRAWS, both,
                               pi_b * (pi_b + (1 - pi_b) * memory));
}

static void states_are_remembered_for_a_while(void **state)
{
    (void)state;
    check_memory(OTA_US_PER_S / 10, 1, 0);
    check_memory(OTA_US_PER_S, 1, 1);
    check_memory(5 * OTA_US_PER_S, 1, 2);
    check_memory(5 * OTA_US_PER_S, 7, 3);
    check_memory(OTA_US_PER_S, 100, 4);
    check_memory(OTA_US_PER_DAY, 1, 5); /* forgotten */
}

/* A stay in a state is exponential: its mean and its mean square. */
static void stays_are_exponential(void **state)
{
    (void)state;
    const double per_s[2] = {0.04, 0.3};
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 1, 0);
    struct ota_stream stream;
    double n[2] = {0}, sum[2] = {0}, sum2[2] = {0}, sum4[2] = {0};
    int64_t now_us = 0;

    air.leave_per_s[0] = per_s[0];
    air.leave_per_s[1] = per_s[1];
    model_fixture_stream(&stream, 10);
    ota_air_start(&air, 0, &stream.rng);
    for (int i = 0; i < DRAWS; i++) {
        int64_t until_us;
        ota_air_loss(&air, now_us, &until_us, &stream.rng);
        const double stay_s = ota_s_from_us(until_us - now_us);
        n[air.bad]++;
        sum[air.bad] += stay_s;
        sum2[air.bad] += stay_s * stay_s;
        sum4[air.bad] += pow(stay_s, 4);
        now_us = until_us;
    }
    for (int s = 0; s < 2; s++) {
        const double mean_s = 1 / per_s[s];
        model_fixture_assert_mean(n[s], sum[s], sum2[s], mean_s);
        model_fixture_assert_mean(n[s], sum2[s], sum4[s], 2 * mean_s * mean_s);
    }
}

/* P(no loss in n) = pi_G (1 - p)^(n - 1). */
static void check_clean_run(double p, double r, int n, uint64_t index)
{
    const double clean = r / (p + r) * pow(1 - p, n - 1);
    struct ota_dist rtt;
    struct ota_air air = slotted(&rtt, p, r);
    struct ota_stream stream;
    double hits = 0;

    model_fixture_stream(&stream, index);
    for (int i = 0; i < DRAWS; i++) {
        int k = 0;
        ota_air_start(&air, 0, &stream.rng);
        while (k < n && !ota_air_lost(&air, k * OTA_US_PER_S, &stream.rng))
            k++;
        hits += k == n;
    }
    model_fixture_assert_share(DRAWS, hits, clean);
}

static void clean_runs_are_as_likely_as_in_the_chain(void **state)
{
    (void)state;
    check_clean_run(0.02, 0.4, 1, 20);
    check_clean_run(0.02, 0.4, 10, 21);
    check_clean_run(0.0376, 0.286, 30, 22);
    check_clean_run(0.0133, 0.278, 100, 23);
}

/*
 * Var(losses in n) = n pi_G pi_B [1 + 2 lambda / (1 - lambda) *
 * (1 - (1 - lambda^n) / (n (1 - lambda)))]: 16.763 for p = 0.02, r = 0.4,
 * n = 100, where independent losses at the same rate have 4.535.
 */
static void losses_come_in_bursts(void **state)
{
    (void)state;
    const double p = 0.02, r = 0.4, n = 100, lambda = 1 - p - r;
    const double pi_b = p / (p + r);
    const double mean = n * pi_b;
    const double alone = mean * (1 - pi_b);
    const double variance =
        alone * (1 + 2 * lambda / (1 - lambda) *
                         (1 - (1 - pow(lambda, n)) / (n * (1 - lambda))));
    struct ota_dist rtt;
    struct ota_air air = slotted(&rtt, p, r);
    struct ota_stream stream;
    double sum = 0, sum2 = 0, sum4 = 0;

    assert_near(mean, 4.762, 5e-4);
    assert_near(variance, 16.763, 5e-4);
    assert_near(alone, 4.535, 5e-4);

    model_fixture_stream(&stream, 30);
    for (int i = 0; i < DRAWS; i++) {
        double off = -mean;
        ota_air_start(&air, 0, &stream.rng);
        for (int k = 0; k < (int)n; k++)
            off += ota_air_lost(&air, k * OTA_US_PER_S, &stream.rng);
        sum += off;
        sum2 += off * off;
        sum4 += pow(off, 4);
    }
    model_fixture_assert_mean(DRAWS, sum, sum2, 0);
    model_fixture_assert_mean(DRAWS, sum2, sum4, variance);
}

/* In the bad state only half are lost: means follow, bursts thin out. Of two
 * datagrams d slots apart both are lost with e^2 pi_B (pi_B + pi_G
 * lambda^d). */
static void a_bad_state_may_let_some_through(void **state)
{
    (void)state;
    const double p = 0.05, r = 0.2, e_g = 0.01, e_b = 0.5;
    const double pi_b = p / (p + r), pi_g = 1 - pi_b;
    const double bad_bad = pi_b * (pi_b + pi_g * (1 - p - r));
    const double bad_good = pi_b - bad_bad;
    struct ota_dist rtt;
    struct ota_air air = slotted(&rtt, p, r);
    struct ota_stream stream;
    double one = 0, two = 0;

    air.loss[false] = e_g;
    air.loss[true] = e_b;
    model_fixture_stream(&stream, 40);
    for (int i = 0; i < DRAWS; i++) {
        ota_air_start(&air, 0, &stream.rng);
        const bool first = ota_air_lost(&air, 0, &stream.rng);
        const bool second = ota_air_lost(&air, OTA_US_PER_S, &stream.rng);
        one += first;
        two += first && second;
    }
    model_fixture_assert_share(DRAWS, one, pi_b * e_b + pi_g * e_g);
    model_fixture_assert_share(DRAWS, two,
                               bad_bad * e_b * e_b + 2 * bad_good * e_b * e_g +
                                   (pi_g - bad_good) * e_g * e_g);
}

/* m datagrams d slots apart are all lost with pi_B (pi_B + pi_G
 * lambda^d)^(m - 1): waiting longer than a burst restores independence. */
static void check_all_lost(double apart, double expected, double within,
                           uint64_t index)
{
    enum { M = 3, TRIES = 1000000 };
    const double p = 0.0201, r = 0.531, pi_b = p / (p + r);
    const double again = pi_b + (1 - pi_b) * pow(1 - p - r, apart);
    const double all = pi_b * pow(again, M - 1);
    struct ota_dist rtt;
    struct ota_air air = slotted(&rtt, p, r);
    struct ota_stream stream;
    double hits = 0;

    assert_near(all, expected, within);
    model_fixture_stream(&stream, index);
    for (int i = 0; i < TRIES; i++) {
        int k = 0;
        ota_air_start(&air, 0, &stream.rng);
        while (k < M &&
               ota_air_lost(&air, llround(k * apart * 1e6), &stream.rng))
            k++;
        hits += k == M;
    }
    model_fixture_assert_share(TRIES, hits, all);
}

static void repeats_get_through_once_the_burst_is_over(void **state)
{
    (void)state;
    check_all_lost(1, 0.008023, 5e-7, 50);
    check_all_lost(2, 0.001940, 5e-7, 51);
    check_all_lost(5, 1.065e-4, 5e-8, 52);
    check_all_lost(10, 4.937e-5, 5e-9, 53);
    check_all_lost(100, 4.852e-5, 5e-9, 54); /* as independent ones */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_are_remembered_for_a_while),
        cmocka_unit_test(stays_are_exponential),
        cmocka_unit_test(clean_runs_are_as_likely_as_in_the_chain),
        cmocka_unit_test(losses_come_in_bursts),
        cmocka_unit_test(a_bad_state_may_let_some_through),
        cmocka_unit_test(repeats_get_through_once_the_burst_is_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
