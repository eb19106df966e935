/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_transfer_flow.c - what flows draw: counts, moments of bounded times,
 * and sums of them.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_sf_gamma.h>

#include "models/link/trials.h"
#include "models/transfer/flow.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"
#include "tests/support/near.h"
#include "tests/support/plain_air.h"

enum { DRAWS = 200000 };

static struct ota_dist dist_of(const char *text, struct ota_arena *arena)
{
    struct ota_dist dist;
    char problem[128];
    size_t column;

    if (!ota_dist_parse(OTA_TIME, text, NULL, arena, &dist, &column, problem,
                        sizeof(problem)))
        fail_msg("%s: %s", text, problem);
    return dist;
}

static void binomials_have_their_moments(void **state)
{
    (void)state;
    static const struct {
        int64_t n;
        double p;
    } cases[] = {{1, 0.3},   {50, 0.02},  {500, 0.03}, {600, 0.51},
                 {40, 0.97}, {600, 0.02}, {65535, 0.4}};
    struct ota_stream stream;

    for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
        const double n = (double)cases[c].n, p = cases[c].p;
        double sum = 0, squares = 0, none = 0;
        model_fixture_stream(&stream, c);
        for (int i = 0; i < DRAWS; i++) {
            const double hits = (double)ota_flow_binomial_log(
                cases[c].n, p, log1p(-p), &stream.rng);
            assert_true(hits >= 0 && hits <= n);
            sum += hits;
            squares += (hits - n * p) * (hits - n * p);
            none += hits <= 0;
        }
        const double variance = n * p * (1 - p);
        const double kurtosis = 3 + (1 - 6 * p * (1 - p)) / variance;
        assert_near(sum / DRAWS, n * p, 4 * sqrt(variance / DRAWS));
        assert_near(squares / DRAWS, variance,
                    4 * variance * sqrt((kurtosis - 1) / DRAWS));
        assert_near(none / DRAWS, pow(1 - p, n),
                    4 * sqrt(pow(1 - p, n) / DRAWS) + 1e-12);
    }
    assert_int_equal(ota_flow_binomial(7, 0, &stream.rng), 0);
    assert_int_equal(ota_flow_binomial(7, 1, &stream.rng), 7);
    assert_int_equal(ota_flow_binomial(0, 0.5, &stream.rng), 0);
}

/* The distribution function, by Dvoretzky, Kiefer, Wolfowitz and Massart's
 * bound: farther off with 6e-5, which is 4 standard errors' chance. */
static void binomials_have_their_law(void **state)
{
    (void)state;
    static const struct {
        int n;
        double p;
    } cases[] = {{12, 0.02},  {64, 0.1},  {65, 0.1},   {24, 0.45},
                 {599, 0.02}, {600, 0.3}, {9000, 0.49}};
    static int64_t seen[9001];
    const double farthest = sqrt(log(2 / 6e-5) / (2 * DRAWS));

    for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
        const int n = cases[c].n;
        const double p = cases[c].p;
        struct ota_stream stream;
        double below = 0, expected = 0;
        memset(seen, 0, sizeof(seen));
        model_fixture_stream(&stream, 100 + c);
        for (int i = 0; i < DRAWS; i++)
            seen[ota_flow_binomial(n, p, &stream.rng)]++;
        for (int k = 0; k <= n; k++) {
            below += (double)seen[k];
            expected += exp(gsl_sf_lnchoose((unsigned)n, (unsigned)k) +
                            k * log(p) + (n - k) * log1p(-p));
            assert_near(below / DRAWS, expected, farthest);
        }
    }
}

/* Those of 3 chances each that pass at some of them: how many failed once, and
 * twice. */
static void failures_are_of_those_that_pass(void **state)
{
    (void)state;
    const double s = 0.2, all = 1 - s * s * s;
    struct ota_stream stream;
    double once = 0, once2 = 0, twice = 0, twice2 = 0;

    model_fixture_stream(&stream, 7);
    for (int i = 0; i < DRAWS; i++) {
        double rest = s * s * s;
        const int64_t a = ota_flow_failures(20, s, &rest, &stream.rng);
        const int64_t b = ota_flow_failures(a, s, &rest, &stream.rng);
        once += (double)a;
        once2 += (double)(a * a);
        twice += (double)b;
        twice2 += (double)(b * b);
    }
    model_fixture_assert_mean(DRAWS, once, once2, 20 * (s - s * s * s) / all);
    model_fixture_assert_mean(DRAWS, twice, twice2,
                              20 * (s * s - s * s * s) / all);
}

/* Of 8 trials the first failure is at k with p (1 - p)^k; one by one they fail
 * with p whatever went before. */
static void trials_fail_with_their_share(void **state)
{
    (void)state;
    static const double chances[] = {0.01, 0.1, 0.6};

    for (size_t c = 0; c < 3; c++) {
        const double p = chances[c];
        struct ota_trials trials = {.p = p};
        struct ota_stream stream;
        double at[9] = {0}, failed = 0, failed_behind = 0, behind = 0;
        bool last = false;
        model_fixture_stream(&stream, 20 + c);
        for (int i = 0; i < DRAWS; i++)
            at[ota_trials_pass(8, p, &stream.rng)]++;
        for (int k = 0; k < 8; k++)
            model_fixture_assert_share(DRAWS, at[k], p * pow(1 - p, k));
        model_fixture_assert_share(DRAWS, at[8], pow(1 - p, 8));
        for (int i = 0; i < DRAWS; i++) {
            const bool fails = ota_trials_fail(&trials, &stream.rng);
            failed += fails;
            behind += last;
            failed_behind += last && fails;
            last = fails;
        }
        model_fixture_assert_share(DRAWS, failed, p);
        model_fixture_assert_share(behind, failed_behind, p);
    }
    struct ota_stream stream;
    model_fixture_stream(&stream, 30);
    assert_int_equal(ota_trials_pass(5, 0, &stream.rng), 5);
    assert_int_equal(ota_trials_pass(5, 1, &stream.rng), 0);
}

static void passes_are_geometric(void **state)
{
    (void)state;
    const double p = 0.02;
    const double rate = ota_flow_rate(log1p(-p));
    struct ota_stream stream;
    double sum = 0, squares = 0, none = 0;

    model_fixture_stream(&stream, 1);
    for (int i = 0; i < DRAWS; i++) {
        const double passes = (double)ota_flow_passes(rate, &stream.rng);
        sum += passes;
        squares += passes * passes;
        none += passes <= 0;
    }
    model_fixture_assert_mean(DRAWS, sum, squares, (1 - p) / p);
    model_fixture_assert_share(DRAWS, none, p);
    assert_true(ota_flow_passes(ota_flow_rate(0), &stream.rng) == INT64_MAX);
    assert_true(ota_flow_passes(ota_flow_rate(-INFINITY), &stream.rng) == 0);
}

/* Closed forms against draws. */
static void moments_are_those_of_draws(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "uniform(100ms, 3s)",
        "exponential(800ms)",
        "lognormal(1s, 2.3s)",
        "gamma(2.5, 1.1s)",
        "empirical(0: 100ms, 0.5: 1s, 0.9: 1.5s, 1: 9s)",
        "mixture(0.9: lognormal(500ms, 1s), 0.1: uniform(1s, 9s))",
        "mixture(0.5: 400ms, 0.5: 2s)",
    };
    static const double limits[][2] = {{0, INFINITY}, {0, 4e6}, {7e5, 3e6}};

    for (size_t t = 0; t < sizeof(texts) / sizeof(*texts); t++) {
        struct ota_arena arena = {0};
        const struct ota_dist dist = dist_of(texts[t], &arena);
        for (size_t l = 0; l < 3; l++) {
            struct ota_moments moments;
            struct ota_stream stream;
            double share, raw[7] = {0}, kept = 0;
            assert_true(ota_moments_between(&dist, limits[l][0], limits[l][1],
                                            &moments, &share));
            model_fixture_stream(&stream, 10 * t + l);
            for (int i = 0; i < DRAWS; i++) {
                const double x = ota_dist_draw(&dist, &stream.rng);
                if (x >= limits[l][1])
                    continue;
                const double off = fmax(x, limits[l][0]) - moments.mean;
                kept++;
                for (int k = 1; k <= 6; k++)
                    raw[k] += pow(off, k);
            }
            for (int k = 1; k <= 6; k++)
                raw[k] /= kept;
            assert_near(kept / DRAWS, share,
                        4 * sqrt(share * (1 - share) / DRAWS) + 1e-7);
            assert_near(raw[1], 0, 4 * sqrt(raw[2] / kept));
            assert_near(raw[2], moments.variance,
                        4 * sqrt(fmax(raw[4] - raw[2] * raw[2], 0) / kept) +
                            1e-9 * raw[2]);
            /* The third's error is wide where the tail is unbounded. */
            assert_near(raw[3], moments.third,
                        4 * sqrt((raw[6] - raw[3] * raw[3]) / kept) + 1);
        }
        ota_arena_release(&arena);
    }
}

static void unknown_forms_are_refused(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    struct ota_moments moments;
    double share;
    struct ota_dist dist = dist_of("weibull(1.5, 2s)", &arena);

    assert_false(ota_moments_between(&dist, 0, 4e6, &moments, &share));
    dist = dist_of("5s", &arena); /* never so small */
    assert_false(ota_moments_between(&dist, 0, 4e6, &moments, &share));
    dist = dist_of("lognormal(5.5s, 10s)", &arena);
    assert_false(ota_moments_between(&dist, 0, 4e6, &moments, &share));
    ota_arena_release(&arena);
}

/* The sum of 40 times has their mean and variance, however it is drawn. */
static void sums_have_their_moments(void **state)
{
    (void)state;
    static const char *const texts[] = {"lognormal(150ms, 341ms)",
                                        "lognormal(150ms, 1.5s)",
                                        "uniform(100ms, 3s)", "200ms"};
    enum { TIMES = 40, SUMS = 20000 };

    for (size_t t = 0; t < sizeof(texts) / sizeof(*texts); t++) {
        struct ota_arena arena = {0};
        const struct ota_dist dist = dist_of(texts[t], &arena);
        struct ota_flow_part part = {
            .dist = &dist, .below_us = 1e7, .scale = 1};
        struct ota_stream stream;
        double share, sum = 0, squares = 0, fourths = 0;
        assert_true(
            ota_moments_between(&dist, 0, part.below_us, &part.each, &share));
        model_fixture_stream(&stream, t);
        for (int i = 0; i < SUMS; i++) {
            part.count = TIMES;
            const double all =
                (double)ota_flow_draw_sum(&part, 1, &stream.rng) / TIMES;
            const double off = all - part.each.mean;
            sum += off;
            squares += off * off;
            fourths += off * off * off * off;
            assert_int_equal(part.count, 0);
        }
        const double variance = part.each.variance / TIMES;
        assert_near(sum / SUMS, 0, 4 * sqrt(variance / SUMS) + 0.5);
        assert_near(squares / SUMS, variance,
                    4 * sqrt(fourths) / SUMS + 0.5); /* half a tick */
        ota_arena_release(&arena);
    }
}

/* A walk loses the share of what it sends, in each regime its own. */
static void walks_lose_their_share(void **state)
{
    (void)state;
    enum { SENT = 200000, GAP_US = 10000 };
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 1000, 0.03);
    struct ota_stream stream;
    int64_t now_us = 0, passed = 0, gone = 0, in_outage = 0;

    air.outage_begin_us = 500 * OTA_US_PER_S + 1;
    air.outage_end_us = 600 * OTA_US_PER_S + 1;
    model_fixture_stream(&stream, 0);
    struct ota_flow_walk walk = ota_flow_walk(&air, GAP_US, &stream.rng);
    while (passed + gone < SENT) {
        int64_t lost;
        const bool out =
            now_us >= air.outage_begin_us && now_us < air.outage_end_us;
        const int64_t passes =
            ota_flow_walk_on(&walk, now_us, SENT - passed - gone, &lost);
        assert_true(passes + lost > 0);
        passed += passes;
        gone += lost;
        in_outage += out ? lost : 0;
        assert_true(!out || !passes);
        now_us += (passes + lost) * GAP_US;
        assert_int_equal(air.spoke_us, now_us - GAP_US);
    }
    assert_int_equal(passed + gone, SENT);
    assert_int_equal(in_outage, 10000);
    model_fixture_assert_share(SENT - 10000, (double)(gone - in_outage), 0.03);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binomials_have_their_moments),
        cmocka_unit_test(binomials_have_their_law),
        cmocka_unit_test(failures_are_of_those_that_pass),
        cmocka_unit_test(trials_fail_with_their_share),
        cmocka_unit_test(passes_are_geometric),
        cmocka_unit_test(moments_are_those_of_draws),
        cmocka_unit_test(unknown_forms_are_refused),
        cmocka_unit_test(sums_have_their_moments),
        cmocka_unit_test(walks_lose_their_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
