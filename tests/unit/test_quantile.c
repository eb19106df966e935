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
    const int64_t mixed[] = {4, 1, 8, 2};
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        assert_near(ota_quantile(mixed, 4, wanted[i][0]), wanted[i][1], 1e-12);
}

static void none_and_one(void **state)
{
    (void)state;
    const int64_t one = 3;
    assert_true(isnan(ota_quantile(&one, 0, 0.5)));
    assert_true(ota_quantile(&one, 1, 0.95) == 3.0);
}

/* A time that was never reached must not spoil the others. */
static void what_never_came_stands_at_the_end(void **state)
{
    (void)state;
    const int64_t values[] = {INT64_MAX, 25, -10, INT64_MAX, 0};
    const size_t ranks[] = {0, 2, 3, 4};
    int64_t found[4];

    ota_smallest(values, 5, ranks, 4, found);
    assert_int_equal(found[0], -10);
    assert_int_equal(found[1], 25);
    assert_true(found[2] == INT64_MAX && found[3] == INT64_MAX);
    const int64_t never[] = {INT64_MAX, INT64_MAX};
    ota_smallest(never, 2, ranks, 1, found);
    assert_true(found[0] == INT64_MAX);
}

static int compare(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left;
    const int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

enum { COUNT = 30011 };

static uint64_t any(struct ota_stream *stream)
{
    const uint64_t high = gsl_rng_uniform_int(&stream->rng, 1UL << 31);
    return high << 33 | gsl_rng_uniform_int(&stream->rng, 1UL << 31) << 2;
}

/* One of several kinds of numbers, as bytes and times have them. */
static int64_t draw(struct ota_stream *stream, int kind)
{
    const uint64_t bits = any(stream);

    switch (kind) {
    case 0: /* many ties */
        return (int64_t)(bits % 100);
    case 1: /* all over */
        return (int64_t)bits;
    case 2: /* a crowd, and few very far away */
        return bits % 1000 ? (int64_t)(bits >> 40) : INT64_MAX - 1;
    case 3: /* two values, far apart */
        return bits % 3 ? INT64_MIN : INT64_MAX;
    case 4: /* over many magnitudes */
        return (int64_t)(bits >> bits % 64 >> 1);
    default: /* next to each other */
        return (INT64_C(1) << 53) + (int64_t)(bits % 5000);
    }
}

enum { KINDS = 6 };

static void selecting_equals_sorting(void **state)
{
    (void)state;
    const struct ota_random_key key = {.seed = 5};
    struct ota_stream stream;
    int64_t *values = calloc(2 * COUNT, sizeof(*values));
    int64_t *sorted = values + COUNT;
    assert_non_null(values);

    for (int kind = 0; kind < KINDS; kind++) {
        ota_stream_init(&stream, &key, 0, OTA_PURPOSE_FREE, (uint32_t)kind);
        for (int i = 0; i < COUNT; i++)
            values[i] = draw(&stream, kind);
        memcpy(sorted, values, COUNT * sizeof(*values));
        qsort(sorted, COUNT, sizeof(*sorted), compare);
        for (size_t k = 0; k < COUNT; k += 997) {
            const size_t ranks[] = {0, k, k, COUNT - 1};
            int64_t found[4];
            ota_smallest(values, COUNT, ranks, 4, found);
            assert_true(found[0] == sorted[0] && found[1] == sorted[k]);
            assert_true(found[2] == sorted[k] && found[3] == sorted[COUNT - 1]);
        }
    }
    free(values);
}

/* GSL's quantiles, of doubles. */
static void quantiles_are_those_of_gsl(void **state)
{
    (void)state;
    enum { FEW = 997 };
    const struct ota_random_key key = {.seed = 6};
    struct ota_stream stream;
    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_FREE, 0);
    int64_t values[FEW];
    double sorted[FEW];

    for (int i = 0; i < FEW; i++)
        values[i] = (int64_t)(any(&stream) >> 30);
    qsort(values, FEW, sizeof(*values), compare);
    for (int i = 0; i < FEW; i++)
        sorted[i] = (double)values[i];
    for (int percent = 0; percent <= 100; percent++) {
        const double p = percent / 100.0;
        const double of_gsl =
            gsl_stats_quantile_from_sorted_data(sorted, 1, FEW, p);
        assert_near(ota_quantile(values, FEW, p) / of_gsl, 1.0, 1e-12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(type_7_by_hand),
        cmocka_unit_test(none_and_one),
        cmocka_unit_test(what_never_came_stands_at_the_end),
        cmocka_unit_test(selecting_equals_sorting),
        cmocka_unit_test(quantiles_are_those_of_gsl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
