/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_battery.c - charge and time, to the picocoulomb and the microsecond.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

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
        .full = ota_dist_fixed(OTA_RATIO, 1),
    };
}

static int64_t charge_pc(int64_t na, int64_t duration_us)
{
    const struct ota_battery_config config = of_current(na);

    return ota_battery_charge_pc(&config, OTA_POWER_ONLINE, duration_us);
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

    assert_int_equal(lasts_us(37000000, full_pc) / OTA_US_PER_S,
                     1800 * 3600 / 37);
    assert_true(lasts_us(0, full_pc) == OTA_NEVER);
    assert_int_equal(lasts_us(1000000, 0), 0);
    assert_int_equal(lasts_us(1, 0), 999); /* less than 1 pC */
    assert_int_equal(lasts_us(37, 36), 999);
}

/* From 1 nA to about 1 A. */
static int64_t some_na(struct ota_stream *stream, int i)
{
    return (int64_t)(gsl_rng_get(&stream->rng) >> (34 + i % 30));
}

/* One microsecond more would drain more than is left, whatever the currents;
 * where nothing is drained, no time would. */
static void what_is_left_lasts_to_the_microsecond(void **state)
{
    (void)state;
    const struct ota_battery_model *model = &ota_battery_by_state;
    struct ota_stream stream;
    int ended = 0, endless = 0;

    model_fixture_stream(&stream, 0);
    for (int i = 0; i < 100000; i++) {
        struct ota_battery_config config = of_current(some_na(&stream, i) + 1);
        if (i % 7 > 1) {
            config.self_discharge_na = some_na(&stream, i / 7);
            config.harvest_na = some_na(&stream, i / 90);
        }
        /* From nothing to about 5 Ah. */
        const int64_t left_pc =
            (int64_t)(gsl_rng_get(&stream.rng) >> (10 + i % 50));
        const int64_t us = model->lasts_us(&config, OTA_POWER_ONLINE, left_pc);
        if (us == OTA_NEVER) {
            endless++;
            assert_true(model->drained_pc(&config, OTA_POWER_ONLINE,
                                          INT64_C(1) << 62) <= left_pc);
            continue;
        }
        ended++;
        assert_true(model->drained_pc(&config, OTA_POWER_ONLINE, us) <=
                    left_pc);
        assert_true(model->drained_pc(&config, OTA_POWER_ONLINE, us + 1) >
                    left_pc);
    }
    assert_true(ended > 50000 && endless > 1000);
}

static void self_discharge_drains_but_is_no_charge(void **state)
{
    (void)state;
    struct ota_battery_config config = of_current(3000);

    config.self_discharge_na = 500;
    for (int power = 0; power < OTA_POWERS; power++) {
        const int64_t drawn_na = power == OTA_POWER_ONLINE ? 3000 : 0;
        assert_int_equal(
            ota_battery_charge_pc(&config, (enum ota_power)power, OTA_US_PER_S),
            drawn_na * 1000);
        assert_int_equal(ota_battery_by_state.drained_pc(
                             &config, (enum ota_power)power, OTA_US_PER_S),
                         (drawn_na + 500) * 1000);
    }
}

static void harvest_fills(void **state)
{
    (void)state;
    struct ota_battery_config config = of_current(3000);

    config.harvest_na = 1000;
    assert_int_equal(ota_battery_by_state.drained_pc(&config, OTA_POWER_ONLINE,
                                                     OTA_US_PER_S),
                     2000 * 1000);
    assert_int_equal(
        ota_battery_by_state.drained_pc(&config, OTA_POWER_STOP, OTA_US_PER_S),
        -1000 * 1000);
    /* Rounded towards 0. */
    assert_int_equal(
        ota_battery_by_state.drained_pc(&config, OTA_POWER_STOP, 1), -1);
    config.harvest_na = 999;
    assert_int_equal(
        ota_battery_by_state.drained_pc(&config, OTA_POWER_STOP, 1), 0);
    assert_true(ota_battery_by_state.lasts_us(&config, OTA_POWER_STOP, 0) ==
                OTA_NEVER);
    /* The device's own charge is the same in the sun. */
    assert_int_equal(
        ota_battery_charge_pc(&config, OTA_POWER_ONLINE, OTA_US_PER_S),
        3000 * 1000);
    config.harvest_na = 3000;
    assert_true(ota_battery_by_state.lasts_us(&config, OTA_POWER_ONLINE, 0) ==
                OTA_NEVER);
}

static void the_start_is_a_share_of_the_capacity(void **state)
{
    (void)state;
    struct ota_battery_config config = of_current(1);
    struct ota_stream stream;

    model_fixture_stream(&stream, 0);
    assert_int_equal(ota_battery_by_state.start_pc(&config, &stream.rng),
                     1800000 * OTA_PC_PER_UAH);
    config.full = ota_dist_fixed(OTA_RATIO, 0.25);
    assert_int_equal(ota_battery_by_state.start_pc(&config, &stream.rng),
                     450000 * OTA_PC_PER_UAH);
    assert_int_equal(ota_battery_by_state.capacity_pc(&config),
                     1800000 * OTA_PC_PER_UAH);
    /* The largest that a scenario may set. */
    config.capacity_uah = 1000000000;
    config.full = ota_dist_fixed(OTA_RATIO, 1);
    assert_true(ota_battery_by_state.start_pc(&config, &stream.rng) ==
                1000000000 * OTA_PC_PER_UAH);
}

static void the_start_varies_between_empty_and_full(void **state)
{
    (void)state;
    enum { DEVICES = 20000 };
    struct ota_arena arena = {0};
    const struct ota_model *model = &ota_battery_by_state.model;
    void *config = model_fixture_config(model, &arena);
    struct ota_stream stream;
    double sum = 0, sum2 = 0;

    model_fixture_stream(&stream, 0);
    model_fixture_set(model, config, &arena, "full", "uniform(20%, 60%)");
    for (int d = 0; d < DEVICES; d++) {
        const double share =
            (double)ota_battery_by_state.start_pc(config, &stream.rng) /
            (double)ota_battery_by_state.capacity_pc(config);
        assert_true(share >= 0.2 && share <= 0.6);
        sum += share;
        sum2 += share * share;
    }
    model_fixture_assert_mean(DEVICES, sum, sum2, 0.4);

    /* Beyond 1, it is full. */
    model_fixture_set(model, config, &arena, "full", "exponential(1)");
    sum = 0;
    for (int d = 0; d < DEVICES; d++) {
        const int64_t start_pc =
            ota_battery_by_state.start_pc(config, &stream.rng);
        assert_in_range(start_pc, 0, ota_battery_by_state.capacity_pc(config));
        sum += start_pc == ota_battery_by_state.capacity_pc(config);
    }
    model_fixture_assert_share(DEVICES, sum, exp(-1));
    ota_arena_release(&arena);
}

static void mains_never_run_out(void **state)
{
    (void)state;
    const struct ota_battery_config config = of_current(37000000);
    struct ota_stream stream;

    model_fixture_stream(&stream, 0);
    assert_true(ota_battery_mains.capacity_pc(&config) == INT64_MAX);
    assert_true(ota_battery_mains.start_pc(&config, &stream.rng) == INT64_MAX);
    assert_true(ota_battery_mains.lasts_us(&config, OTA_POWER_ONLINE, 1) ==
                OTA_NEVER);
    assert_int_equal(
        ota_battery_mains.drained_pc(&config, OTA_POWER_ONLINE, OTA_US_PER_H),
        0);
    assert_int_equal(
        ota_battery_charge_pc(&config, OTA_POWER_ONLINE, OTA_US_PER_H),
        37000 * OTA_PC_PER_UAH);
}

static void each_state_has_its_own_current(void **state)
{
    (void)state;
    struct ota_arena arena = {0};

    for (size_t m = 0; ota_battery_models[m]; m++) {
        const struct ota_model *model = &ota_battery_models[m]->model;
        struct ota_battery_config *config = model_fixture_config(model, &arena);

        for (int power = 0; power < OTA_POWERS; power++) {
            char name[OTA_NAME_SIZE];
            snprintf(name, sizeof(name), "%s_current", ota_power_names[power]);
            model_fixture_set(model, config, &arena, name, "7nA");
            assert_int_equal(config->current_na[power], 7);
            config->current_na[power] = 0;
            for (int other = 0; other < power; other++)
                assert_int_equal(config->current_na[other], 0);
        }
        assert_int_equal(config->self_discharge_na, 0);
        assert_int_equal(config->harvest_na, 0);
    }
    ota_arena_release(&arena);
}

static void sleeps_are_told_from_the_rest(void **state)
{
    (void)state;
    assert_true(ota_power_is_sleep(OTA_POWER_HIBERNATE));
    assert_true(ota_power_is_sleep(OTA_POWER_STANDBY));
    assert_true(ota_power_is_sleep(OTA_POWER_TAIL));
    assert_false(ota_power_is_sleep(OTA_POWER_BOOT));
    assert_false(ota_power_is_sleep(OTA_POWER_TRANSFER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(charge_is_current_times_time),
        cmocka_unit_test(long_times_do_not_overflow),
        cmocka_unit_test(a_battery_lasts_until_its_charge_is_gone),
        cmocka_unit_test(what_is_left_lasts_to_the_microsecond),
        cmocka_unit_test(self_discharge_drains_but_is_no_charge),
        cmocka_unit_test(harvest_fills),
        cmocka_unit_test(the_start_is_a_share_of_the_capacity),
        cmocka_unit_test(the_start_varies_between_empty_and_full),
        cmocka_unit_test(mains_never_run_out),
        cmocka_unit_test(each_state_has_its_own_current),
        cmocka_unit_test(sleeps_are_told_from_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
