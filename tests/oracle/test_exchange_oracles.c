/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_exchange_oracles.c - exchanges against closed forms.
 *
 * With a round trip shorter than the first timer, attempts are independent:
 * each fails with p = 1 - (1 - p_u)(1 - p_d), and at most m are made. With
 * lognormal round trips and no loss, the chance that a timer runs out for
 * nothing is an integral over the timer. In bad spells that outlast the timers
 * attempts fail together.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <gsl/gsl_cdf.h>

#include "models/link/exchange.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"
#include "tests/support/near.h"
#include "tests/support/plain_air.h"

enum { DRAWS = 200000 };

/* CoAP's own defaults (RFC 7252, 4.8), with m sends. */
static struct ota_retry coap_defaults(int sends_max)
{
    return (struct ota_retry){
        .timeout_us = 2 * OTA_US_PER_S,
        .timeout_max_us = OTA_US_PER_DAY,
        .backoff = 2,
        .spread = 0.5,
        .sends_max = sends_max,
    };
}

/*
 * P(ok) = 1 - p^m; requests E[A] = (1 - p^m) / (1 - p), given success
 * 1/(1 - p) - m p^m / (1 - p^m); answers E[A] (1 - p_u), since each request
 * that comes through is answered. wanted_ok and wanted_sent are the first two
 * worked out.
 */
static void check_attempts(double p, int m, double wanted_ok,
                           double wanted_sent)
{
    const double one_way = 1 - sqrt(1 - p);
    const double p_ok = 1 - pow(p, m);
    const double attempts = p_ok / (1 - p);
    const struct ota_retry retry = coap_defaults(m);
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 1e3, one_way);
    struct ota_stream stream;
    double ok = 0, sent = 0, sent2 = 0, answers = 0, answers2 = 0;
    double ok_sent = 0, ok_sent2 = 0;

    assert_near(p_ok, wanted_ok, 6e-11);
    assert_near(attempts, wanted_sent, 6e-6);

    model_fixture_stream(&stream, (uint64_t)m);
    for (int i = 0; i < DRAWS; i++) {
        const struct ota_exchange x =
            ota_exchange_run(&air, &retry, i * OTA_US_PER_H, &stream.rng);
        ok += x.ok;
        ok_sent += x.ok ? x.requests_sent : 0;
        ok_sent2 += x.ok ? x.requests_sent * x.requests_sent : 0;
        sent += x.requests_sent;
        sent2 += x.requests_sent * x.requests_sent;
        answers += x.answers_sent;
        answers2 += x.answers_sent * x.answers_sent;
        assert_int_equal(x.answers_sent, x.requests_received);
    }
    model_fixture_assert_share(DRAWS, ok, p_ok);
    model_fixture_assert_mean(DRAWS, sent, sent2, attempts);
    model_fixture_assert_mean(DRAWS, answers, answers2,
                              attempts * (1 - one_way));
    if (m > 1)
        model_fixture_assert_mean(ok, ok_sent, ok_sent2,
                                  1 / (1 - p) - m * pow(p, m) / p_ok);
}

static void attempts_are_capped_geometric(void **state)
{
    (void)state;
    check_attempts(0.05, 5, 0.9999996875, 1.05263);
    check_attempts(0.2, 5, 0.99968, 1.2496);
    check_attempts(0.3, 3, 0.973, 1.39);
    check_attempts(0.5, 1, 0.5, 1);
}

/*
 * Mean time lost in timers, E[T0] = 2.5 s: given success,
 * E[T0] sum_{k<m} p^k (1 - p) (2^k - 1) / (1 - p^m); over all exchanges,
 * E[T0] sum_{j=1..m} p^j 2^(j-1). given_s and all_s are these sums worked out
 * to five digits.
 */
static void check_timer_wait(double p, double given_s, double all_s)
{
    const double first_s = 2.5, rtt_us = 1;
    const struct ota_retry retry = coap_defaults(5);
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, rtt_us, 1 - sqrt(1 - p));
    struct ota_stream stream;
    double given = 0, all = 0, n = 0, sum = 0, sum2 = 0, every = 0, every2 = 0;

    for (int k = 0; k < 5; k++) {
        given += pow(p, k) * (1 - p) * (pow(2, k) - 1) / (1 - pow(p, 5));
        all += pow(p, k + 1) * pow(2, k);
    }
    assert_true(fabs(given * first_s - given_s) < 6e-6);
    assert_true(fabs(all * first_s - all_s) < 6e-6);

    model_fixture_stream(&stream, 100);
    for (int i = 0; i < DRAWS; i++) {
        const struct ota_exchange x =
            ota_exchange_run(&air, &retry, i * OTA_US_PER_H, &stream.rng);
        const double took_s = ota_s_from_us(x.took_us);
        every += took_s;
        every2 += took_s * took_s;
        if (!x.ok)
            continue;
        n++;
        sum += took_s;
        sum2 += took_s * took_s;
    }
    /* The round trip of 1 us is far below the standard error. */
    model_fixture_assert_mean(n, sum, sum2, given * first_s);
    model_fixture_assert_mean(DRAWS, every, every2, all * first_s);
}

static void timers_cost_what_rfc_7252_makes_them(void **state)
{
    (void)state;
    check_timer_wait(0.01, 0.02551, 0.02551);
    check_timer_wait(0.05, 0.13886, 0.13889);
    check_timer_wait(0.1, 0.31163, 0.31240);
    check_timer_wait(0.2, 0.80026, 0.82480);
}

/* P(first timer < RTT), ln RTT normal, timer uniform in [a, 1.5 a] s: the
 * mean of Q((ln t - mu) / sigma), by the midpoint rule. */
static double needless_timer(double mu, double sigma, double a_s)
{
    enum { STEPS = 20000 };
    double sum = 0;

    for (int i = 0; i < STEPS; i++) {
        const double t_s = a_s * (1 + 0.5 * (i + 0.5) / STEPS);
        sum += gsl_cdf_ugaussian_Q((log(t_s) - mu) / sigma);
    }
    return sum / STEPS;
}

/*
 * Round trips fitted to the raw data of github.com/theomarzaki/
 * NB-IoT-Performance (Norway, 2019), by coverage level. expected is the
 * integral to the digits given; half of the last one is `within`.
 */
static void check_needless(double mu, double sigma, double a_s, double expected,
                           double within)
{
    const double p = needless_timer(mu, sigma, a_s);
    struct ota_retry retry = coap_defaults(2);
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 0, 0);
    struct ota_stream stream;
    double repeated = 0;

    assert_true(fabs(p - expected) <= within);

    retry.timeout_us = llround(a_s * 1e6);
    rtt = (struct ota_dist){
        .kind = OTA_DIST_LOGNORMAL,
        .dimension = OTA_TIME,
        .a = mu + log(1e6), /* s to us */
        .b = sigma,
    };
    model_fixture_stream(&stream, 200);
    for (int i = 0; i < DRAWS; i++)
        repeated +=
            ota_exchange_run(&air, &retry, i * OTA_US_PER_H, &stream.rng)
                .requests_sent > 1;
    model_fixture_assert_share(DRAWS, repeated, p);
}

static void slow_answers_cost_needless_repeats(void **state)
{
    (void)state;
    /* Normal coverage. */
    check_needless(0.762, 0.438, 2, 0.37, 0.005);
    check_needless(0.762, 0.438, 10, 5e-5, 0.5e-5);
    /* Robust coverage. */
    check_needless(1.001, 0.491, 2, 0.57, 0.005);
    check_needless(1.001, 0.491, 10, 1.3e-3, 0.05e-3);
    check_needless(1.001, 0.491, 15, 7e-5, 0.5e-5);
    /* Extreme coverage. */
    check_needless(1.904, 0.305, 2, 0.999, 0.0005);
    check_needless(1.904, 0.305, 10, 0.030, 0.0005);
    check_needless(1.904, 0.305, 15, 9e-4, 0.5e-4);
}

/*
 * Losses in bad spells only, all of them, as a chain of slots with p and r has
 * them (test_air_oracles.c): m sends d slots apart all fail with
 * pi_B (pi_B + pi_G lambda^d)^(m - 1), lambda = 1 - p - r. The answer leaves
 * 1 us behind its request, in the same spell but for one case in a million.
 */
static void check_burst(int apart_s, int m, uint64_t index)
{
    const double p = 0.05, r = 0.2, pi_b = p / (p + r), lambda = 1 - p - r;
    const double fails =
        pi_b * pow(pi_b + (1 - pi_b) * pow(lambda, apart_s), m - 1);
    const struct ota_retry retry = {
        .timeout_us = apart_s * OTA_US_PER_S,
        .timeout_max_us = apart_s * OTA_US_PER_S,
        .backoff = 2,
        .sends_max = m,
    };
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 2, 0);
    struct ota_stream stream;
    double failed = 0;

    air.loss[true] = 1;
    air.leave_per_s[false] = -log(lambda) * pi_b;
    air.leave_per_s[true] = -log(lambda) * (1 - pi_b);
    model_fixture_stream(&stream, index);
    for (int i = 0; i < DRAWS; i++) {
        ota_air_start(&air, 0, &stream.rng);
        failed += !ota_exchange_run(&air, &retry, 0, &stream.rng).ok;
    }
    model_fixture_assert_share(DRAWS, failed, fails);
}

static void repeats_within_a_bad_spell_fail_together(void **state)
{
    (void)state;
    check_burst(1, 4, 300);
    check_burst(4, 3, 301);
    check_burst(30, 2, 302);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attempts_are_capped_geometric),
        cmocka_unit_test(timers_cost_what_rfc_7252_makes_them),
        cmocka_unit_test(slow_answers_cost_needless_repeats),
        cmocka_unit_test(repeats_within_a_bad_spell_fail_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
