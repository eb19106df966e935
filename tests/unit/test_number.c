/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_number.c - numbers as they are read back, and as people read
 * them.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "output/number.h"
#include "tests/support/sample_report.h"

static void exact_numbers_read_back(void **state)
{
    (void)state;
    const double values[] = {0.0,  1.0 / 3.0, 0.1,       1e300,
                             -2.5, 1e-310,    123456789, 0.30000000000000004};
    char text[OTA_NUMBER_SIZE];

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        ota_number_exact(values[i], text, sizeof(text));
        assert_true(strtod(text, NULL) == values[i]);
    }
    ota_number_exact(0.1, text, sizeof(text));
    assert_string_equal(text, "0.1");
}

static void numbers_for_people(void **state)
{
    (void)state;
    static const struct {
        enum ota_scale scale;
        double mean, half;
        const char *number, *interval;
    } cases[] = {
        {OTA_SCALE_SIZE, 1.0712e6, 1.2e4, "1.071 MB", "[1.059, 1.083]"},
        {OTA_SCALE_SIZE, 1.0712e6, 5e4, "1.07 MB", "[1.02, 1.12]"},
        {OTA_SCALE_COUNT, 1234.4, 10, "1,234", "[1,224, 1,244]"},
        {OTA_SCALE_COUNT, 2000, 0, "2,000", "same in all"},
        {OTA_SCALE_SHARE, 0.617, 0.005, "61.7 %", "[61.2, 62.2]"},
        {OTA_SCALE_TIME, 4.123 * 86400, 17280, "4.12 d", "[3.92, 4.32]"},
        {OTA_SCALE_TIME, 90, 4, "90 s", "[86, 94]"},
        {OTA_SCALE_CHARGE, 12.34, 0.4, "12.3 mAh", "[11.9, 12.7]"},
        {OTA_SCALE_MONEY, 1234.5, 30, "1,234.50 USD", "[1,204.50, 1,264.50]"},
        {OTA_SCALE_COUNT, 999999.7, 2.0, "1,000,000", "[999,998, 1,000,002]"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct ota_estimate estimate =
            sample_about(cases[i].mean, cases[i].half);
        const struct ota_reading reading =
            ota_reading_of(cases[i].scale, &estimate);
        char text[2 * OTA_NUMBER_SIZE];
        ota_reading_format(&reading, estimate.mean, text, sizeof(text));
        assert_string_equal(text, cases[i].number);
        ota_reading_interval(&reading, &estimate, text, sizeof(text));
        assert_string_equal(text, cases[i].interval);
    }

    char text[OTA_NUMBER_SIZE];
    ota_number_human(OTA_SCALE_TIME, 30 * 86400, text, sizeof(text));
    assert_string_equal(text, "30 d");
    ota_number_human(OTA_SCALE_SIZE, 1.5e6, text, sizeof(text));
    assert_string_equal(text, "1.5 MB");
    ota_number_human(OTA_SCALE_SHARE, 0.9999, text, sizeof(text));
    assert_string_equal(text, "99.99 %");
    ota_number_human(OTA_SCALE_SHARE, 1.0, text, sizeof(text));
    assert_string_equal(text, "100 %");
}

/* Nothing seen, or everything: an interval on one side says so. */
static void one_sided_intervals(void **state)
{
    (void)state;
    static const struct {
        enum ota_scale scale;
        double mean, lo, hi;
        const char *number, *interval;
    } cases[] = {
        {OTA_SCALE_COUNT, 0.0, 0.0, 0.18, "0", "at most 0.18"},
        {OTA_SCALE_COUNT, 200.0, 199.3, 200.0, "200.0", "at least 199.3"},
        {OTA_SCALE_COUNT, 2e3, 1999.82, 2e3, "2,000.0", "at least 1,999.8"},
        {OTA_SCALE_SHARE, 1.0, 0.99991, 1.0, "100 %", "at least 99.99"},
        {OTA_SCALE_SHARE, 0.99996, 0.9997, 1.0, "99.996 %",
         "[99.970, 100.000]"},
        {OTA_SCALE_SHARE, 1.0, 1.0, 1.0, "100 %", "same in all"},
        {OTA_SCALE_SHARE, 0.0, 0.0, 0.0037, "0 %", "at most 0.37"},
        {OTA_SCALE_COUNT, 0.05, 0.0, 0.15, "0.05", "[0.00, 0.15]"},
        {OTA_SCALE_MONEY, 0.0, 0.0, 0.0, "0.00 USD", "same in all"},
        {OTA_SCALE_COUNT, 3.0, NAN, NAN, "3", ""},
        {OTA_SCALE_TIME, 345600.0, 259200.0, NAN, "4.0 d", "at least 3.0"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct ota_estimate estimate = {
            .mean = cases[i].mean, .lo = cases[i].lo, .hi = cases[i].hi};
        const struct ota_reading reading =
            ota_reading_of(cases[i].scale, &estimate);
        char text[2 * OTA_NUMBER_SIZE];
        ota_reading_format(&reading, estimate.mean, text, sizeof(text));
        assert_string_equal(text, cases[i].number);
        ota_reading_interval(&reading, &estimate, text, sizeof(text));
        assert_string_equal(text, cases[i].interval);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_numbers_read_back),
        cmocka_unit_test(numbers_for_people),
        cmocka_unit_test(one_sided_intervals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
