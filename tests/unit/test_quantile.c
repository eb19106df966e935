/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_quantile.c - quantiles by hand, and selecting against sorting.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_statistics_double.h>

#include "sim/base/random.h"
#include "sim/stats/quantile.h"
#include "tests/support/near.h"

/* R: quantile(c(1, 2, 4, 8), c(0, .25, .5, .95, 1), type = 7). */
static const double wanted[][2] = {
    {0.0, 1.0}, {0.25, 1.75}, {0.5, 3.0}, {0.95, 7.4}, {1.0, 8.0},
};

static void type_7_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        const double p = wanted[i][0];
        double mixed[] = {4.0, 1.0, 8.0, 2.0};
        assert_near(ota_quantile_select(mixed, 4, p), wanted[i][1], 1e-12);
    }
}

static void none_and_one(void **state)
{
    (void)state;
    double one = 3.0;
    assert_true(isnan(ota_quantile_select(&one, 0, 0.5)));
    assert_true(ota_quantile_select(&one, 1, 0.95) == 3.0);
}

/* A time that was never reached is infinite; it must not spoil the others. */
static void infinities_stand_at_the_end(void **state)
{
    (void)state;
    const double values[] = {INFINITY, 2.5, -1.0, INFINITY, 0.0};
    double scratch[5];
    memcpy(scratch, values, sizeof(values));
    assert_true(ota_quantile_select(scratch, 5, 0.5) == 2.5);
    memcpy(scratch, values, sizeof(values));
    assert_true(ota_quantile_select(scratch, 5, 0.9) == INFINITY);
}

static int compare(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* With many ties, as bytes and times of idle devices have. */
static void selecting_equals_sorting(void **state)
{
    (void)state;
    enum { COUNT = 997 };
    const struct ota_random_key key = {.seed = 5};
    struct ota_stream stream;
    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_FREE, 0);
    double values[COUNT], sorted[COUNT], scratch[COUNT];
    for (int i = 0; i < COUNT; i++)
        values[i] = (double)gsl_rng_uniform_int(&stream.rng, 100);
    memcpy(sorted, values, sizeof(values));
    qsort(sorted, COUNT, sizeof(*sorted), compare);

    for (int percent = 0; percent <= 100; percent++) {
        memcpy(scratch, values, sizeof(values));
        const double p = percent / 100.0;
        assert_near(ota_quantile_select(scratch, COUNT, p),
                    gsl_stats_quantile_from_sorted_data(sorted, 1, COUNT, p),
                    1e-12);
    }
    for (size_t k = 1; k <= COUNT; k += 83) {
        memcpy(scratch, values, sizeof(values));
        assert_true(ota_smallest_select(scratch, COUNT, k) == sorted[k - 1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(type_7_by_hand),
        cmocka_unit_test(none_and_one),
        cmocka_unit_test(infinities_stand_at_the_end),
        cmocka_unit_test(selecting_equals_sorting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
