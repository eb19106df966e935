/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_histogram.c - each value in its bin, edges included.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "sim/stats/histogram.h"
#include "tests/support/near.h"

/* The bin of a value, by adding it to an empty histogram; -1 below the bins. */
static int bin_of(double value)
{
    struct ota_histogram histogram = {0};
    ota_histogram_add(&histogram, value);
    assert_int_equal(histogram.count, 1);
    if (histogram.zeros == 1)
        return -1;
    for (int i = 0; i < OTA_HISTOGRAM_BINS; i++) {
        if (histogram.bins[i] == 1)
            return i;
    }
    fail_msg("%g is in no bin", value);
    return -1;
}

static void decades(void **state)
{
    (void)state;
    for (size_t d = 0; d <= OTA_HISTOGRAM_DECADES; d++) {
        const double edge = ota_histogram_edge(d * OTA_HISTOGRAM_PER_DECADE);
        assert_near(edge / pow(10.0, (double)d), 1.0, 1e-12);
    }
    assert_int_equal(bin_of(1000.0), 3 * OTA_HISTOGRAM_PER_DECADE);
    assert_int_equal(bin_of(999.0), 3 * OTA_HISTOGRAM_PER_DECADE - 1);
}

/* An edge belongs to the bin above it; the double before it does not. */
static void edges(void **state)
{
    (void)state;
    for (int i = 1; i < OTA_HISTOGRAM_BINS; i++) {
        const double edge = ota_histogram_edge((size_t)i);
        assert_int_equal(bin_of(edge), i);
        assert_int_equal(bin_of(nextafter(edge, 0.0)), i - 1);
    }
}

static void outside(void **state)
{
    (void)state;
    assert_int_equal(bin_of(0.0), -1);
    assert_int_equal(bin_of(nextafter(1.0, 0.0)), -1);
    assert_int_equal(bin_of(1.0), 0);
    assert_int_equal(bin_of(1e12), OTA_HISTOGRAM_BINS - 1);
    assert_int_equal(bin_of(9.2e18), OTA_HISTOGRAM_BINS - 1);
}

/* Around every edge and in between. */
static void adding_all_is_adding_each(void **state)
{
    (void)state;
    enum { COUNT = 5 * OTA_HISTOGRAM_BINS };
    static int64_t values[COUNT];
    static struct ota_histogram each, all;
    size_t count = 0;

    for (size_t b = 0; b < OTA_HISTOGRAM_BINS; b++) {
        const int64_t edge = (int64_t)ota_histogram_edge(b);
        for (int64_t by = -1; by <= 1; by++)
            values[count++] = edge + by;
        values[count++] = edge + edge / 37;
    }
    values[count++] = INT64_MAX;
    for (size_t i = 0; i < count; i++)
        ota_histogram_add(&each, (double)values[i]);
    ota_histogram_add_all(&all, values, count);
    assert_memory_equal(&each, &all, sizeof(all));
}

static void merging_adds(void **state)
{
    (void)state;
    struct ota_histogram a = {0}, b = {0}, all = {0};
    for (int i = 0; i < 100; i++) {
        ota_histogram_add(i % 3 ? &a : &b, i * i);
        ota_histogram_add(&all, i * i);
    }
    ota_histogram_merge(&a, &b);
    assert_memory_equal(&a, &all, sizeof(all));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decades),
        cmocka_unit_test(edges),
        cmocka_unit_test(outside),
        cmocka_unit_test(adding_all_is_adding_each),
        cmocka_unit_test(merging_adds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
