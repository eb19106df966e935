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
static int bin_of(int64_t value)
{
    struct ota_histogram histogram = {0};
    ota_histogram_add_all(&histogram, &value, 1);
    assert_int_equal(histogram.count, 1);
    if (histogram.zeros == 1)
        return -1;
    for (int i = 0; i < OTA_HISTOGRAM_BINS; i++) {
        if (histogram.bins[i] == 1)
            return i;
    }
    fail_msg("%lld is in no bin", (long long)value);
    return -1;
}

static void decades(void **state)
{
    (void)state;
    for (size_t d = 0; d <= OTA_HISTOGRAM_DECADES; d++) {
        const double edge = ota_histogram_edge(d * OTA_HISTOGRAM_PER_DECADE);
        assert_near(edge / pow(10.0, (double)d), 1.0, 1e-12);
    }
    assert_int_equal(bin_of(1000), 3 * OTA_HISTOGRAM_PER_DECADE);
    assert_int_equal(bin_of(999), 3 * OTA_HISTOGRAM_PER_DECADE - 1);
}

static void outside(void **state)
{
    (void)state;
    assert_int_equal(bin_of(0), -1);
    assert_int_equal(bin_of(1), 0);
    assert_int_equal(bin_of(INT64_C(1000000000000)), OTA_HISTOGRAM_BINS - 1);
    assert_int_equal(bin_of(INT64_MAX), OTA_HISTOGRAM_BINS - 1);
}

/* The last bin whose lower edge is not above the value; an edge belongs to the
 * bin above it. */
static int bin_between_edges(int64_t value)
{
    int bin = -1;

    while (bin + 1 < OTA_HISTOGRAM_BINS &&
           ota_histogram_edge((size_t)bin + 1) <= (double)value)
        bin++;
    return bin;
}

/* Around every edge and in between. */
static void each_value_is_between_the_edges_of_its_bin(void **state)
{
    (void)state;
    for (size_t b = 0; b < OTA_HISTOGRAM_BINS; b++) {
        const int64_t edge = (int64_t)ota_histogram_edge(b);
        for (int64_t by = -1; by <= 1; by++)
            assert_int_equal(bin_of(edge + by), bin_between_edges(edge + by));
        const int64_t above = edge + edge / 37;
        assert_int_equal(bin_of(above), bin_between_edges(above));
    }
}

static void all_values_are_added(void **state)
{
    (void)state;
    const int64_t values[] = {0, 7, 1000, 7, 0, 7};
    struct ota_histogram histogram = {0};

    ota_histogram_add_all(&histogram, values, 6);
    assert_int_equal(histogram.count, 6);
    assert_int_equal(histogram.zeros, 2);
    assert_int_equal(histogram.bins[bin_of(7)], 3);
    assert_int_equal(histogram.bins[bin_of(1000)], 1);
}

static void merging_adds(void **state)
{
    (void)state;
    struct ota_histogram a = {0}, b = {0}, all = {0};
    for (int64_t i = 0; i < 100; i++) {
        const int64_t square = i * i;
        ota_histogram_add_all(i % 3 ? &a : &b, &square, 1);
        ota_histogram_add_all(&all, &square, 1);
    }
    ota_histogram_merge(&a, &b);
    assert_memory_equal(&a, &all, sizeof(all));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decades),
        cmocka_unit_test(outside),
        cmocka_unit_test(each_value_is_between_the_edges_of_its_bin),
        cmocka_unit_test(all_values_are_added),
        cmocka_unit_test(merging_adds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
