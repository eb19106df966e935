/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_tally.c - the one-pass recurrence against two passes over the values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "sim/base/random.h"
#include "sim/stats/tally.h"
#include "tests/support/near.h"

enum { VALUES = 1000 };

/* Far from 0, where a sum of squares would have lost the variance: the values
 * are 1e9 and a fraction. */
static void draw(double values[VALUES])
{
    const struct ota_random_key key = {.seed = 11};
    struct ota_stream stream;
    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_FREE, 0);
    for (int i = 0; i < VALUES; i++)
        values[i] = 1e9 + gsl_rng_uniform(&stream.rng);
}

static struct ota_tally tally_of(const double *values, int count)
{
    struct ota_tally tally = {0};
    for (int i = 0; i < count; i++)
        ota_tally_add(&tally, values[i]);
    return tally;
}

static void empty_and_single(void **state)
{
    (void)state;
    struct ota_tally tally = {0};
    assert_true(ota_tally_variance(&tally) == 0.0);

    ota_tally_add(&tally, -3.5);
    assert_int_equal(tally.count, 1);
    assert_true(tally.mean == -3.5);
    assert_true(tally.least == -3.5 && tally.most == -3.5);
    assert_true(ota_tally_variance(&tally) == 0.0);
}

/* 2, 4, 4, 4, 5, 5, 7, 9: mean 5, squared deviations 32. */
static void small_integers_by_hand(void **state)
{
    (void)state;
    const double values[] = {2, 4, 4, 4, 5, 5, 7, 9};
    const struct ota_tally tally = tally_of(values, 8);

    assert_near(tally.mean, 5.0, 1e-12);
    assert_near(ota_tally_variance(&tally), 32.0 / 7.0, 1e-12);
    assert_true(tally.least == 2.0 && tally.most == 9.0);
}

static void one_pass_equals_two(void **state)
{
    (void)state;
    double values[VALUES];
    draw(values);
    const struct ota_tally tally = tally_of(values, VALUES);

    double sum = 0.0;
    for (int i = 0; i < VALUES; i++)
        sum += values[i] - 1e9;
    const double mean = sum / VALUES;
    double squares = 0.0;
    for (int i = 0; i < VALUES; i++)
        squares += pow(values[i] - 1e9 - mean, 2.0);

    /* A double near 1e9 has steps of 1.2e-7. */
    assert_near(tally.mean - 1e9, mean, 1e-6);
    assert_near(tally.squares, squares, 1e-5 * squares);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_and_single),
        cmocka_unit_test(small_integers_by_hand),
        cmocka_unit_test(one_pass_equals_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
