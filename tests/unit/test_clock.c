/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_clock.c - sums, conversions and rates at the ends of their ranges.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "sim/base/clock.h"

static void adding_saturates_at_never(void **state)
{
    (void)state;
    assert_int_equal(ota_us_add(5, 7), 12);
    assert_int_equal(ota_us_add(5, -7), -2);
    assert_true(ota_us_add(OTA_NEVER, 1) == OTA_NEVER);
    assert_true(ota_us_add(-1, OTA_NEVER) == OTA_NEVER);
    assert_true(ota_us_add(OTA_NEVER - 1, 2) == OTA_NEVER);
    assert_true(ota_us_add(OTA_NEVER - 2, 1) == OTA_NEVER - 1);
    assert_true(ota_us_add(INT64_MIN, -1) == OTA_NEVER);
    assert_true(ota_us_add(INT64_MIN + 1, -1) == INT64_MIN);
}

static void a_day_has_86400_seconds(void **state)
{
    (void)state;
    assert_true(ota_s_from_us(OTA_US_PER_DAY) == 86400.0);
    assert_true(ota_s_from_us(1) == 1e-6);
}

/* Against libm, where rounding by adding a half would go wrong too. */
static void times_round_as_llround_does(void **state)
{
    static const double cases[] = {
        0,
        0.25,
        0.5,
        0x1.fffffffffffffp-2, /* just below a half */
        0.75,
        1.5,
        2.5,
        1e6 + 0.5,
        0x1.0p52 - 0.5,
        0x1.0p52 + 1, /* odd, no fraction left */
        0x1.fffffffffffffp62,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(ota_us_round(cases[i]) == llround(cases[i]));
        assert_true(ota_us_round(-cases[i]) == llround(-cases[i]));
    }
    for (int halves = -1000; halves <= 1000; halves++) {
        const double time_us = 0.5 * halves;
        assert_true(ota_us_round(time_us) == llround(time_us));
        assert_true(ota_us_round(nextafter(time_us, -1e9)) ==
                    llround(nextafter(time_us, -1e9)));
        assert_true(ota_us_round(nextafter(time_us, 1e9)) ==
                    llround(nextafter(time_us, 1e9)));
    }
}

static void rates_round_up(void **state)
{
    (void)state;
    assert_int_equal(ota_us_at_rate(125, 1000), OTA_US_PER_S);
    assert_int_equal(ota_us_at_rate(1, 3), 2666667);
    assert_int_equal(ota_us_at_rate(0, 3), 0);
    assert_true(ota_us_at_rate(1, 0) == OTA_NEVER);
}

/* Sizes whose product with 8e6 has more than 64 bits, against quotients done
 * by hand. */
static void rates_of_giant_sizes_are_exact(void **state)
{
    (void)state;
    /* 10^13 B at 10^6 bit/s: 8 * 10^7 s. */
    assert_true(ota_us_at_rate(INT64_C(10000000000000), 1000000) ==
                INT64_C(80000000000000));
    /* One byte more is 8 us more. */
    assert_true(ota_us_at_rate(INT64_C(10000000000001), 1000000) ==
                INT64_C(80000000000008));
    /* A remainder of one third of a microsecond is rounded up:
     * 2 * 10^12 * 8 * 10^6 / 3 = 5333333333333333333.3 us. */
    assert_true(ota_us_at_rate(INT64_C(2000000000000), 3) ==
                INT64_C(5333333333333333334));
    assert_true(ota_us_at_rate(INT64_MAX, 1) == OTA_NEVER);
    assert_true(ota_us_at_rate(INT64_MAX, INT64_MAX / 10) > 80 * OTA_US_PER_S);
    assert_true(ota_us_at_rate(INT64_MAX, INT64_MAX / 10) <=
                80 * OTA_US_PER_S + 1);
}

static void the_two_ways_agree_where_they_meet(void **state)
{
    const int64_t meet = INT64_MAX / (8 * OTA_US_PER_S);

    (void)state;
    for (int64_t rate = 1; rate < 1000000000; rate = rate * 7 + 1) {
        const int64_t below = ota_us_at_rate(meet, rate);
        const int64_t above = ota_us_at_rate(meet + 1, rate);
        if (above == OTA_NEVER)
            continue;
        assert_true(above >= below);
        assert_true(above - below <= 8 * OTA_US_PER_S / rate + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adding_saturates_at_never),
        cmocka_unit_test(a_day_has_86400_seconds),
        cmocka_unit_test(times_round_as_llround_does),
        cmocka_unit_test(rates_round_up),
        cmocka_unit_test(rates_of_giant_sizes_are_exact),
        cmocka_unit_test(the_two_ways_agree_where_they_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
