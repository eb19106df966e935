/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_battery.c - charge and time, to the picocoulomb and the microsecond.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <gsl/gsl_rng.h>

#include "models/battery/battery.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"

static struct ota_battery_config of_current(int64_t na)
{
    return (struct ota_battery_config){
        .current_na = {[OTA_POWER_ONLINE] = na},
        .capacity_uah = 1800000,
        .full = 1,
    };
}

static int64_t charge_pc(int64_t na, int64_t duration_us)
{
    const struct ota_battery_config config = of_current(na);

    return ota_battery_by_state.charge_pc(&config, OTA_POWER_ONLINE,
                                          duration_us);
}

static int64_t lasts_us(int64_t na, int64_t left_pc)
{
    const struct ota_battery_config config = of_current(na);

    return ota_battery_by_state.lasts_us(&config, OTA_POWER_ONLINE, left_pc);
}

static void charge_is_current_times_time(void **state)
{
    (void)state;
    /* 37 mA for an hour are 37 mAh. */
    assert_int_equal(charge_pc(37000000, OTA_US_PER_H), 37000 * OTA_PC_PER_UAH);
    assert_int_equal(charge_pc(1, 999), 0);
    assert_int_equal(charge_pc(1, 1000), 1);
    assert_int_equal(charge_pc(1999, 1), 1);
    assert_int_equal(charge_pc(0, OTA_NEVER), 0);
}

static void long_times_do_not_overflow(void **state)
{
    (void)state;
    /* 2^62 us at 1 nA: 2^62 / 1000 pC, rounded down. */
    assert_int_equal(charge_pc(1, INT64_C(1) << 62), (INT64_C(1) << 62) / 1000);
    assert_int_equal(charge_pc(1000, INT64_C(1) << 62), INT64_C(1) << 62);
    /* What does not fit is as large as can be. */
    assert_true(charge_pc(114000000, INT64_C(1) << 62) == INT64_MAX);
}

static void a_battery_lasts_until_its_charge_is_gone(void **state)
{
    (void)state;
    /* 1,800 mAh at 37 mA. */
    const int64_t full_pc = 1800000 * OTA_PC_PER_UAH;
    struct ota_stream stream;

    assert_int_equal(lasts_us(37000000, full_pc) / OTA_US_PER_S,
                     1800 * 3600 / 37);
    assert_true(lasts_us(0, full_pc) == OTA_NEVER);
    assert_int_equal(lasts_us(1000000, 0), 0);

    model_fixture_stream(&stream, 0);
    for (int i = 0; i < 100000; i++) {
        /* From 1 nA to about 1 A, from nothing to about 5 Ah. */
        const int64_t na =
            (int64_t)(gsl_rng_get(&stream.rng) >> (34 + i % 30)) + 1;
        const int64_t left_pc =
            (int64_t)(gsl_rng_get(&stream.rng) >> (10 + i % 50));
        const int64_t us = lasts_us(na, left_pc);
        if (us == OTA_NEVER)
            continue;
        assert_true(charge_pc(na, us) <= left_pc);
        assert_true(charge_pc(na, us + 1) > left_pc);
    }
}

static void a_partly_full_battery_holds_its_share(void **state)
{
    (void)state;
    struct ota_battery_config config = of_current(1);

    assert_int_equal(ota_battery_by_state.capacity_pc(&config),
                     1800000 * OTA_PC_PER_UAH);
    config.full = 0.25;
    assert_int_equal(ota_battery_by_state.capacity_pc(&config),
                     450000 * OTA_PC_PER_UAH);
    /* The largest that a scenario may set. */
    config.capacity_uah = 1000000000;
    config.full = 1;
    assert_true(ota_battery_by_state.capacity_pc(&config) ==
                1000000000 * OTA_PC_PER_UAH);
}

static void mains_never_run_out(void **state)
{
    (void)state;
    const struct ota_battery_config config = of_current(37000000);

    assert_true(ota_battery_mains.capacity_pc(&config) == INT64_MAX);
    assert_true(ota_battery_mains.lasts_us(&config, OTA_POWER_ONLINE, 1) ==
                OTA_NEVER);
    assert_int_equal(
        ota_battery_mains.charge_pc(&config, OTA_POWER_ONLINE, OTA_US_PER_H),
        37000 * OTA_PC_PER_UAH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(charge_is_current_times_time),
        cmocka_unit_test(long_times_do_not_overflow),
        cmocka_unit_test(a_battery_lasts_until_its_charge_is_gone),
        cmocka_unit_test(a_partly_full_battery_holds_its_share),
        cmocka_unit_test(mains_never_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
