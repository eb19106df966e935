/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_exchange_oracles.c - exchanges against closed forms.
 *
 * With a round trip shorter than the first timer, attempts are independent:
 * each fails with p = 1 - (1 - p_u)(1 - p_d), and at most m are made. With
 * lognormal round trips and no loss, the chance that a timer runs out for
 * nothing is an integral over the timer.
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

enum { DRAWS = 200000 };

/* CoAP's own defaults (RFC 7252, 4.8), with m sends. */
static struct ota_retry coap_defaults(int sends_max)
{
    return (struct ota_retry){
        .timeout_us = 2 * OTA_US_PER_S,
        .timeout_max_us = OTA_US_PER_DAY,
        .spread = 0.5,
        .sends_max = sends_max,
    };
}

/*
 * P(ok) = 1 - p^m; requests E[A] = (1 - p^m) / (1 - p); answers
 * E[A] (1 - p_u), since each request that comes through is answered.
 */
static void check_attempts(double p, int m)
{
    const double one_way = 1 - sqrt(1 - p);
    const double p_ok = 1 - pow(p, m);
    const double attempts = p_ok / (1 - p);
    const struct ota_retry retry = coap_defaults(m);
    struct ota_link_lognormal_config config;
    const struct ota_link link = model_fixture_link(&config, 1e3, one_way);
    struct ota_stream stream;
    double ok = 0, sent = 0, sent2 = 0, answers = 0, answers2 = 0;

    model_fixture_stream(&stream, (uint64_t)m);
    for (int i = 0; i < DRAWS; i++) {
        const struct ota_exchange x =
            ota_exchange_run(&link, &retry, &stream.rng);
        ok += x.ok;
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
}

static void attempts_are_capped_geometric(void **state)
{
    (void)state;
    check_attempts(0.05, 5);
    check_attempts(0.2, 5);
    check_attempts(0.3, 3);
    check_attempts(0.5, 1);
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
    struct ota_link_lognormal_config config;
    const struct ota_link link =
        model_fixture_link(&config, rtt_us, 1 - sqrt(1 - p));
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
            ota_exchange_run(&link, &retry, &stream.rng);
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
    struct ota_link_lognormal_config config;
    const struct ota_link link = model_fixture_link(&config, 0, 0);
    struct ota_stream stream;
    double repeated = 0;

    assert_true(fabs(p - expected) <= within);

    retry.timeout_us = llround(a_s * 1e6);
    config.rtt = (struct ota_dist){
        .kind = OTA_DIST_LOGNORMAL,
        .dimension = OTA_TIME,
        .a = mu + log(1e6), /* s to us */
        .b = sigma,
    };
    model_fixture_stream(&stream, 200);
    for (int i = 0; i < DRAWS; i++)
        repeated +=
            ota_exchange_run(&link, &retry, &stream.rng).requests_sent > 1;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attempts_are_capped_geometric),
        cmocka_unit_test(timers_cost_what_rfc_7252_makes_them),
        cmocka_unit_test(slow_answers_cost_needless_repeats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
