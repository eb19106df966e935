/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_units.c - amounts are read exactly, written so that they read back, and
 * refused with messages that help.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/random.h"
#include "sim/base/units.h"

static double parsed(enum ota_dimension dimension, const char *text)
{
    char problem[256] = "";
    double value = NAN;

    if (!ota_amount_parse(dimension, text, strlen(text), &value, problem,
                          sizeof(problem)))
        fail_msg("%s", problem);
    return value;
}

static void assert_refused(enum ota_dimension dimension, const char *text,
                           const char *message)
{
    char problem[256] = "";
    double value;

    assert_false(ota_amount_parse(dimension, text, strlen(text), &value,
                                  problem, sizeof(problem)));
    assert_string_equal(problem, message);
}

static void units_are_worth_what_they_say(void **state)
{
    static const struct {
        enum ota_dimension dimension;
        const char *text;
        double value;
    } cases[] = {
        {OTA_COUNT, "5", 5},
        {OTA_COUNT, "-2.5e1", -25},
        {OTA_RATIO, "0.02", 0.02},
        {OTA_RATIO, "2%", 0.02},
        {OTA_RATIO, "7 %", 0.07},
        {OTA_RATIO, "99.9%", 0.999},
        {OTA_TIME, "1us", 1},
        {OTA_TIME, "2ms", 2e3},
        {OTA_TIME, "30s", 30e6},
        {OTA_TIME, "3min", 180e6},
        {OTA_TIME, "15m", 900e6},
        {OTA_TIME, "1.5h", 5400e6},
        {OTA_TIME, " 7 d ", 604800e6},
        {OTA_TIME, "0.1e1s", 1e6},
        {OTA_SIZE, "1B", 1},
        {OTA_SIZE, "285KB", 285000},
        {OTA_SIZE, "285KiB", 291840},
        {OTA_SIZE, "1MB", 1e6},
        {OTA_SIZE, "1MiB", 1048576},
        {OTA_SIZE, "2GB", 2e9},
        {OTA_SIZE, "2GiB", 2147483648.0},
        {OTA_CURRENT, "130uA", 130e3},
        {OTA_CURRENT,
         "130\xc2\xb5"
         "A",
         130e3},
        {OTA_CURRENT,
         "130 \xce\xbc"
         "A",
         130e3},
        {OTA_CURRENT, "17.9mA", 17.9e6},
        {OTA_CURRENT, "2A", 2e9},
        {OTA_CURRENT, "5nA", 5},
        {OTA_CHARGE, "2400mAh", 2400e3},
        {OTA_CHARGE, "1Ah", 1e6},
        {OTA_CHARGE, "3uAh", 3},
        {OTA_MONEY, "12.50USD", 12.5e6},
        {OTA_RATE, "9600bit/s", 9600},
        {OTA_RATE, "375kbit/s", 375e3},
        {OTA_RATE, "1Mbit/s", 1e6},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_true(parsed(cases[i].dimension, cases[i].text) ==
                    cases[i].value);
}

/* Amounts that are whole in the base unit come out whole, which a product of
 * two doubles does not grant. */
static void decimal_fractions_are_exact(void **state)
{
    char text[64];

    (void)state;
    for (int i = 0; i < 100000; i++) {
        snprintf(text, sizeof(text), "%d.%03dKB", i / 1000, i % 1000);
        assert_true(parsed(OTA_SIZE, text) == i);
        snprintf(text, sizeof(text), "%d.%02dUSD", i / 100, i % 100);
        assert_true(parsed(OTA_MONEY, text) == i * 10000.0);
        snprintf(text, sizeof(text), "%d.%02dh", i / 100, i % 100);
        assert_true(parsed(OTA_TIME, text) == i * 36e6);
        snprintf(text, sizeof(text), "%d%%", i);
        assert_true(parsed(OTA_RATIO, text) == i / 100.0);
    }
    assert_true(parsed(OTA_SIZE, "1.50000000000000000000000KB") == 1500);
    assert_true(parsed(OTA_TIME, "9007199254740993us") == 9007199254740992.0);
}

static void wrong_amounts_are_refused_with_help(void **state)
{
    (void)state;
    assert_refused(OTA_TIME, "60",
                   "\"60\" has no unit; write a duration such as \"60s\" "
                   "(us ms s min h d)");
    assert_refused(OTA_TIME, "30sec",
                   "\"30sec\" has an unknown unit \"sec\"; did you mean "
                   "\"s\"? (us ms s min h d)");
    assert_refused(OTA_SIZE, "1.5kb",
                   "\"1.5kb\" has an unknown unit \"kb\"; did you mean "
                   "\"KB\"? (B KB KiB MB MiB GB GiB)");
    assert_refused(OTA_MONEY, "5EUR",
                   "\"5EUR\" has an unknown unit \"EUR\"; write an amount of "
                   "money such as \"5USD\" (USD)");
    assert_refused(OTA_TIME, "soon",
                   "\"soon\" is not a duration; write a duration such as "
                   "\"30s\" (us ms s min h d)");
    assert_refused(OTA_TIME, "1,5h",
                   "\"1,5h\" has a comma where a point should be; write a "
                   "duration such as \"30s\" (us ms s min h d)");
    assert_refused(OTA_COUNT, "5s",
                   "\"5s\" has a unit, but takes none; write a number such "
                   "as \"5\"");
    assert_refused(OTA_RATIO, "5x",
                   "\"5x\" has an unknown unit \"x\"; write a share such as "
                   "\"5\" or \"2%\"");
    assert_refused(OTA_COUNT, "1e999",
                   "\"1e999\" is too large; write a number such as \"5\"");
}

static void only_json_numbers_are_numbers(void **state)
{
    static const char *const wrong[] = {
        "",     " ",    "s", "+1s", ".5s",    "0x10s", "infs", "nan",   "inf",
        "NaNs", "--1s", "-", "01s", "1_000s", "5.s",   "1e",   "1 000s"};
    char problem[256];
    double value;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(ota_amount_parse(OTA_TIME, wrong[i], strlen(wrong[i]),
                                      &value, problem, sizeof(problem)));
}

/* The text need not end where the amount does, nor be short. */
static void length_is_obeyed(void **state)
{
    char problem[256];
    char digits[400];
    double value;

    (void)state;
    assert_true(ota_amount_parse(OTA_TIME, "30sec", 4, &value, problem,
                                 sizeof(problem)) == false);
    assert_true(ota_amount_parse(OTA_TIME, "30s, 40s", 3, &value, problem,
                                 sizeof(problem)));
    assert_true(value == 30e6);
    memset(digits, '9', sizeof(digits));
    assert_false(ota_amount_parse(OTA_COUNT, digits, sizeof(digits), &value,
                                  problem, sizeof(problem)));
    assert_true(strlen(problem) < 150);
}

static void assert_formatted(enum ota_dimension dimension, double value,
                             const char *expected)
{
    char text[64];

    ota_amount_format(dimension, value, text, sizeof(text));
    assert_string_equal(text, expected);
}

static void amounts_are_written_short(void **state)
{
    (void)state;
    assert_formatted(OTA_TIME, 0, "0s");
    assert_formatted(OTA_TIME, 30e6, "30s");
    assert_formatted(OTA_TIME, 90e6, "90s");
    assert_formatted(OTA_TIME, 60e6, "1min");
    assert_formatted(OTA_TIME, 600e6, "10min");
    assert_formatted(OTA_TIME, 36 * 3600e6, "36h");
    assert_formatted(OTA_TIME, 7 * 86400e6, "7d");
    assert_formatted(OTA_TIME, 500e3, "500ms");
    assert_formatted(OTA_TIME, 1500e3, "1.5s");
    assert_formatted(OTA_TIME, 1, "1us");
    assert_formatted(OTA_TIME, -30e6, "-30s");
    assert_formatted(OTA_SIZE, 1024, "1KiB");
    assert_formatted(OTA_SIZE, 128000, "128KB");
    assert_formatted(OTA_SIZE, 131072, "128KiB");
    assert_formatted(OTA_SIZE, 1234, "1234B");
    assert_formatted(OTA_CURRENT, 17.9e6, "17.9mA");
    assert_formatted(OTA_CHARGE, 2400e3, "2.4Ah");
    assert_formatted(OTA_MONEY, 12.5e6, "12.5USD");
    assert_formatted(OTA_MONEY, 1, "0.000001USD");
    assert_formatted(OTA_RATE, 375e3, "375kbit/s");
    assert_formatted(OTA_RATIO, 0.02, "0.02");
    assert_formatted(OTA_RATIO, 1, "1");
    assert_formatted(OTA_COUNT, 1000000, "1000000");
}

static void whole_amounts_read_back(void **state)
{
    const struct ota_random_key key = {.seed = 7};
    struct ota_stream stream;
    char text[64];

    (void)state;
    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_FREE, 0);
    for (int d = OTA_COUNT; d < OTA_DIMENSIONS; d++) {
        for (int i = 0; i < 20000; i++) {
            /* Of every magnitude up to 2^53, with and without zeros. */
            const unsigned bits = 11 + (unsigned)(i % 53);
            double value = (double)(gsl_rng_get(&stream.rng) >> bits);
            if (i % 3 == 0 && value < 0x1p53 / 1000)
                value *= 1000;
            if (i % 7 == 0)
                value = -value;
            ota_amount_format((enum ota_dimension)d, value, text, sizeof(text));
            assert_true(parsed((enum ota_dimension)d, text) == value);
        }
    }
}

static void bare_numbers_read_back(void **state)
{
    const struct ota_random_key key = {.seed = 8};
    struct ota_stream stream;
    char text[64];

    (void)state;
    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_FREE, 0);
    for (int i = 0; i < 20000; i++) {
        const double value = ldexp(gsl_rng_uniform(&stream.rng), 100 - i % 200);
        ota_amount_format(OTA_RATIO, value, text, sizeof(text));
        assert_true(parsed(OTA_RATIO, text) == value);
    }
}

static void lists_and_names_are_complete(void **state)
{
    char text[64];

    (void)state;
    ota_units_list(OTA_TIME, text, sizeof(text));
    assert_string_equal(text, "us ms s min h d");
    ota_units_list(OTA_COUNT, text, sizeof(text));
    assert_string_equal(text, "");
    for (int d = OTA_COUNT; d < OTA_DIMENSIONS; d++) {
        const enum ota_dimension dimension = (enum ota_dimension)d;
        const struct ota_unit *units = ota_units(dimension);
        assert_true(strlen(ota_dimension_name(dimension)) > 0);
        assert_true(parsed(dimension, ota_dimension_example(dimension)) > 0);
        for (size_t i = 1; units[0].name && units[i].name; i++)
            assert_true(units[i].base > units[i - 1].base);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_are_worth_what_they_say),
        cmocka_unit_test(decimal_fractions_are_exact),
        cmocka_unit_test(wrong_amounts_are_refused_with_help),
        cmocka_unit_test(only_json_numbers_are_numbers),
        cmocka_unit_test(length_is_obeyed),
        cmocka_unit_test(amounts_are_written_short),
        cmocka_unit_test(whole_amounts_read_back),
        cmocka_unit_test(bare_numbers_read_back),
        cmocka_unit_test(lists_and_names_are_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
