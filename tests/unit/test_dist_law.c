/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_dist_law.c - variances, distribution functions and quantiles: against
 * known values, against each other, and against draws.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "sim/base/dist.h"
#include "sim/base/random.h"
#include "sim/stats/tally.h"

enum { DRAWS = 40000 };

static const char *const texts[] = {
    "30s",
    "uniform(3s, 20s)",
    "triangular(1s, 2s, 9s)",
    "exponential(7s)",
    "lognormal(15s, 40s)",
    "gamma(2, 10s)",
    "weibull(1.5, 10s)",
    "empirical(0: 1s, 0.5: 2s, 1: 9s)",
    "mixture(0.9: lognormal(1s, 2s), 0.1: uniform(10s, 90s))",
};

enum { KINDS = sizeof(texts) / sizeof(texts[0]) };

static void read_dist(const char *text, struct ota_arena *arena,
                      struct ota_dist *dist)
{
    char problem[160];
    size_t column;

    assert_true(ota_dist_parse(OTA_TIME, text, NULL, arena, dist, &column,
                               problem, sizeof(problem)));
}

/* A quantile holds its share, and hardly less does. */
static void quantiles_invert(void **state)
{
    (void)state;
    struct ota_arena arena = {0};

    for (size_t i = 1; i < KINDS; i++) {
        struct ota_dist dist;
        read_dist(texts[i], &arena, &dist);
        for (double p = 0.01; p < 1; p += 0.07) {
            const double q = ota_dist_quantile(&dist, p);
            assert_true(fabs(ota_dist_cdf(&dist, q) - p) < 1e-9);
            assert_true(ota_dist_cdf(&dist, q * (1 - 1e-9)) <= p);
        }
        assert_true(ota_dist_cdf(&dist, ota_dist_least(&dist) - 1) == 0);
        assert_true(ota_dist_cdf(&dist, 1e18) == 1);
    }
    ota_arena_release(&arena);
}

static void known_values_come_out(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    struct ota_dist dist;

    read_dist("uniform(3s, 20s)", &arena, &dist);
    assert_true(fabs(ota_dist_quantile(&dist, 0.5) - 11.5e6) < 1e-3);
    assert_true(fabs(ota_dist_variance(&dist) - 17e6 * 17e6 / 12) < 1);
    read_dist("lognormal(15s, 40s)", &arena, &dist);
    assert_true(fabs(ota_dist_quantile(&dist, 0.5) - 15e6) < 1);
    assert_true(fabs(ota_dist_quantile(&dist, 0.95) - 40e6) < 50);
    read_dist("exponential(7s)", &arena, &dist);
    assert_true(fabs(ota_dist_cdf(&dist, 7e6) - (1 - exp(-1))) < 1e-12);
    read_dist("30s", &arena, &dist);
    assert_true(ota_dist_variance(&dist) == 0);
    assert_true(ota_dist_cdf(&dist, 30e6) == 1);
    assert_true(ota_dist_cdf(&dist, 29.999e6) == 0);
    assert_true(ota_dist_quantile(&dist, 0.3) == 30e6);
    ota_arena_release(&arena);
}

/* Draws have that variance, that share below a limit and that mean of it. */
static void draws_agree(void **state)
{
    (void)state;
    const struct ota_random_key key = {.seed = 11};
    struct ota_arena arena = {0};

    for (size_t i = 1; i < KINDS; i++) {
        struct ota_dist dist;
        read_dist(texts[i], &arena, &dist);
        const double limit = ota_dist_quantile(&dist, 0.8);
        const double mean = ota_dist_mean(&dist);
        struct ota_tally below = {0}, share = {0}, squares = {0};
        struct ota_stream stream;
        ota_stream_init(&stream, &key, i, OTA_PURPOSE_TRANSFER, 0);
        for (int n = 0; n < DRAWS; n++) {
            const double x = ota_dist_draw(&dist, &stream.rng);
            if (x <= limit)
                ota_tally_add(&below, x);
            ota_tally_add(&share, x <= limit);
            ota_tally_add(&squares, (x - mean) * (x - mean));
        }
        assert_true(fabs(share.mean - 0.8) < 4 * sqrt(0.16 / DRAWS));
        assert_true(fabs(below.mean - ota_dist_mean_upto(&dist, limit)) <
                    4 * sqrt(ota_tally_variance(&below) / (double)below.count));
        assert_true(fabs(squares.mean - ota_dist_variance(&dist)) <
                    4 * sqrt(ota_tally_variance(&squares) / DRAWS));
    }
    ota_arena_release(&arena);
}

static void a_limit_may_hold_all_or_nothing(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    struct ota_dist dist;

    read_dist("uniform(3s, 20s)", &arena, &dist);
    assert_true(ota_dist_mean_upto(&dist, 20e6) == 11.5e6);
    assert_true(isnan(ota_dist_mean_upto(&dist, 2e6)));
    ota_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_invert),
        cmocka_unit_test(known_values_come_out),
        cmocka_unit_test(draws_agree),
        cmocka_unit_test(a_limit_may_hold_all_or_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
