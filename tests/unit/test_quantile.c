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
#include <string.h>

#include "sim/base/random.h"
#include "sim/stats/quantile.h"
#include "tests/support/near.h"

/* R: quantile(c(1, 2, 4, 8), c(0, .25, .5, .95, 1), type = 7). */
static const double four[] = {1.0, 2.0, 4.0, 8.0};
static const double wanted[][2] = {
    {0.0, 1.0}, {0.25, 1.75}, {0.5, 3.0}, {0.95, 7.4}, {1.0, 8.0},
};

static void type_7_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        const double p = wanted[i][0];
        double mixed[] = {4.0, 1.0, 8.0, 2.0};
        assert_near(ota_quantile_sorted(four, 4, p), wanted[i][1], 1e-12);
        assert_near(ota_quantile_select(mixed, 4, p), wanted[i][1], 1e-12);
    }
}

static void none_and_one(void **state)
{
    (void)state;
    double one = 3.0;
    assert_true(isnan(ota_quantile_sorted(&one, 0, 0.5)));
    assert_true(isnan(ota_quantile_select(&one, 0, 0.5)));
    assert_true(ota_quantile_sorted(&one, 1, 0.95) == 3.0);
    assert_true(ota_quantile_select(&one, 1, 0.95) == 3.0);
}

static void sorting(void **state)
{
    (void)state;
    double doubles[] = {2.5, -1.0, INFINITY, 0.0, 2.5};
    const double doubles_sorted[] = {-1.0, 0.0, 2.5, 2.5, INFINITY};
    ota_sort_doubles(doubles, 5);
    assert_memory_equal(doubles, doubles_sorted, sizeof(doubles));

    int64_t integers[] = {INT64_MAX, 3, INT64_MIN, -7, 3};
    const int64_t integers_sorted[] = {INT64_MIN, -7, 3, 3, INT64_MAX};
    ota_sort_int64(integers, 5);
    assert_memory_equal(integers, integers_sorted, sizeof(integers));

    ota_sort_doubles(NULL, 0);
    ota_sort_int64(NULL, 0);
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
    ota_sort_doubles(sorted, COUNT);

    for (int percent = 0; percent <= 100; percent++) {
        memcpy(scratch, values, sizeof(values));
        assert_near(ota_quantile_select(scratch, COUNT, percent / 100.0),
                    ota_quantile_sorted(sorted, COUNT, percent / 100.0), 1e-12);
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
        cmocka_unit_test(sorting),
        cmocka_unit_test(selecting_equals_sorting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
