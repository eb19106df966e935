/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_policy_waves.c - how many devices a wave takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "models/policy/waves.h"

static const int64_t pct = OTA_PCT_ALL / 100;

static const struct ota_wave_view view = {.initial = 1000,
                                          .fleet = 1200,
                                          .matched = 605,
                                          .remaining = 400,
                                          .taken = 205};

static int64_t takes(struct ota_wave_size size, bool cumulative, int round)
{
    const struct ota_wave wave = {.size = size, .cumulative = cumulative};
    const struct ota_policy_waves waves = {.round = round};

    return ota_wave_takes(&wave, &waves, &view);
}

static void percentages_round(void **state)
{
    (void)state;
    assert_int_equal(ota_pct_of(1005, 10 * pct, OTA_ROUND_HALF_UP), 101);
    assert_int_equal(ota_pct_of(1005, 10 * pct, OTA_ROUND_FLOOR), 100);
    assert_int_equal(ota_pct_of(1005, 10 * pct, OTA_ROUND_CEIL), 101);
    assert_int_equal(ota_pct_of(1004, 10 * pct, OTA_ROUND_HALF_UP), 100);
    assert_int_equal(ota_pct_of(1001, 10 * pct, OTA_ROUND_CEIL), 101);
    assert_int_equal(ota_pct_of(1000, 10 * pct, OTA_ROUND_CEIL), 100);
    assert_int_equal(ota_pct_of(0, 10 * pct, OTA_ROUND_CEIL), 0);
    assert_int_equal(ota_pct_of(7, OTA_PCT_ALL, OTA_ROUND_FLOOR), 7);
    /* A third in millionths of a percent. */
    assert_int_equal(ota_pct_of(3, 33333333, OTA_ROUND_FLOOR), 0);
    assert_int_equal(ota_pct_of(3, 33333334, OTA_ROUND_FLOOR), 1);
    /* The product is beyond 64 bits. */
    assert_true(ota_pct_of(INT64_C(3000000000000), 50 * pct,
                           OTA_ROUND_HALF_UP) == INT64_C(1500000000000));
}

static void the_rest_and_counts(void **state)
{
    (void)state;
    const struct ota_wave approval = {.approval = true};
    const struct ota_policy_waves waves = {0};

    assert_int_equal(
        takes((struct ota_wave_size){OTA_SIZE_REST, 0, 0, 0}, false, 0), 400);
    assert_int_equal(
        takes((struct ota_wave_size){OTA_SIZE_COUNT, 30, 0, 0}, false, 0), 30);
    assert_int_equal(
        takes((struct ota_wave_size){OTA_SIZE_COUNT, 401, 0, 0}, false, 0),
        400);
    assert_int_equal(
        takes((struct ota_wave_size){OTA_SIZE_COUNT, 300, 0, 0}, true, 0), 95);
    assert_int_equal(
        takes((struct ota_wave_size){OTA_SIZE_COUNT, 100, 0, 0}, true, 0), 0);
    assert_int_equal(
        takes((struct ota_wave_size){OTA_SIZE_BERNOULLI, 0, pct, 0}, false, 0),
        400);
    assert_int_equal(ota_wave_takes(&approval, &waves, &view), 0);
}

static void percentages_are_of_what_they_say(void **state)
{
    (void)state;
    static const struct {
        int of;
        int64_t half_up, floor, ceil;
    } cases[] = {
        {OTA_OF_INITIAL, 100, 100, 100},
        {OTA_OF_FLEET, 120, 120, 120},
        {OTA_OF_MATCHED, 61, 60, 61},
        {OTA_OF_REMAINING, 40, 40, 40},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct ota_wave_size size = {OTA_SIZE_PCT, 0, 10 * pct,
                                           cases[i].of};
        assert_int_equal(takes(size, false, OTA_ROUND_HALF_UP),
                         cases[i].half_up);
        assert_int_equal(takes(size, false, OTA_ROUND_FLOOR), cases[i].floor);
        assert_int_equal(takes(size, false, OTA_ROUND_CEIL), cases[i].ceil);
    }
    /* Half of 605 is 302.5; 205 are taken already. */
    const struct ota_wave_size half = {OTA_SIZE_PCT, 0, 50 * pct,
                                       OTA_OF_MATCHED};
    assert_int_equal(takes(half, true, OTA_ROUND_HALF_UP), 98);
    assert_int_equal(takes(half, true, OTA_ROUND_FLOOR), 97);
    /* More than there are. */
    const struct ota_wave_size all = {OTA_SIZE_PCT, 0, OTA_PCT_ALL,
                                      OTA_OF_FLEET};
    assert_int_equal(takes(all, false, OTA_ROUND_FLOOR), 400);
}

/* Percentages that sum to more than 99 leave all of the rest to the next. */
static void shares_of_the_rest_end_in_all(void **state)
{
    (void)state;
    const struct ota_wave wave = {
        .size = {OTA_SIZE_PCT, 0, pct / 2, OTA_OF_INITIAL}};
    const struct ota_policy_waves waves = {.fill_by_shares = true};
    struct ota_wave_view rest = {.initial = 1000, .remaining = 10};

    rest.earlier_pct = 99 * pct;
    assert_int_equal(ota_wave_takes(&wave, &waves, &rest), 10);
    rest.earlier_pct = 98 * pct; /* a quarter of the rest: 2.5 */
    assert_int_equal(ota_wave_takes(&wave, &waves, &rest), 3);
    rest.remaining = 0;
    assert_int_equal(ota_wave_takes(&wave, &waves, &rest), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentages_round),
        cmocka_unit_test(the_rest_and_counts),
        cmocka_unit_test(percentages_are_of_what_they_say),
        cmocka_unit_test(shares_of_the_rest_end_in_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
