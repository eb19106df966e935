/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_sleep.c - bounds and grids of wakes by timer and at random.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "models/sleep/sleep.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"

enum { WAKES = 5000 };

static void intervals_stay_within_the_jitter(void **state)
{
    (void)state;
    const struct ota_sleep_interval_config config = {.period_us = OTA_US_PER_H,
                                                     .jitter = 0.1};
    struct ota_stream stream;

    model_fixture_stream(&stream, 0);
    int64_t wake_us = ota_sleep_interval.first_us(&config, &stream.rng);
    assert_in_range(wake_us, 0, OTA_US_PER_H * 11 / 10);
    for (int i = 0; i < WAKES; i++) {
        const int64_t next_us =
            ota_sleep_interval.next_us(&config, wake_us, &stream.rng);
        assert_in_range(next_us - wake_us, OTA_US_PER_H * 9 / 10,
                        OTA_US_PER_H * 11 / 10);
        wake_us = next_us;
    }
}

static void no_jitter_is_a_clock(void **state)
{
    (void)state;
    const struct ota_sleep_interval_config config = {.period_us = OTA_US_PER_H};
    struct ota_stream stream;

    model_fixture_stream(&stream, 0);
    const int64_t first_us = ota_sleep_interval.first_us(&config, &stream.rng);
    assert_int_equal(ota_sleep_interval.next_us(&config, first_us, &stream.rng),
                     first_us + OTA_US_PER_H);
}

static void full_jitter_still_goes_forward(void **state)
{
    (void)state;
    const struct ota_sleep_interval_config config = {
        .period_us = 2, .jitter = 1}; /* shorter than a scenario may set */
    struct ota_stream stream;
    int64_t wake_us = 0;

    model_fixture_stream(&stream, 0);
    for (int i = 0; i < WAKES; i++) {
        const int64_t next_us =
            ota_sleep_interval.next_us(&config, wake_us, &stream.rng);
        assert_true(next_us > wake_us);
        wake_us = next_us;
    }
}

static void check_aligned(double jitter)
{
    const struct ota_sleep_interval_config config = {
        .period_us = OTA_US_PER_H,
        .jitter = jitter,
        .phase = OTA_SLEEP_PHASE_ALIGNED};
    struct ota_stream stream;

    model_fixture_stream(&stream, 0);
    int64_t wake_us = ota_sleep_interval.first_us(&config, &stream.rng);
    for (int64_t k = 0; k < WAKES; k++) {
        assert_int_equal(wake_us / OTA_US_PER_H, k);
        assert_true((double)(wake_us % OTA_US_PER_H) <=
                    jitter * (double)OTA_US_PER_H);
        wake_us = ota_sleep_interval.next_us(&config, wake_us, &stream.rng);
    }
}

static void aligned_wakes_keep_to_their_multiple(void **state)
{
    (void)state;
    check_aligned(0);
    check_aligned(0.25);
    check_aligned(1);
}

static void always_on_wakes_once(void **state)
{
    (void)state;
    struct ota_stream stream;

    model_fixture_stream(&stream, 0);
    assert_int_equal(ota_sleep_always_on.first_us(NULL, &stream.rng), 0);
    assert_true(ota_sleep_always_on.next_us(NULL, 0, &stream.rng) == OTA_NEVER);
}

static void random_wakes_go_forward(void **state)
{
    (void)state;
    const struct ota_sleep_poisson_config config = {
        .mean_us = 2}; /* shorter than a scenario may set */
    struct ota_stream stream;

    model_fixture_stream(&stream, 0);
    int64_t wake_us = ota_sleep_poisson.first_us(&config, &stream.rng);
    assert_true(wake_us >= 0);
    for (int i = 0; i < WAKES; i++) {
        const int64_t next_us =
            ota_sleep_poisson.next_us(&config, wake_us, &stream.rng);
        assert_true(next_us > wake_us);
        wake_us = next_us;
    }
}

/* The last wakes before the end of time are followed by none. */
static void wakes_end_with_time(void **state)
{
    (void)state;
    const struct ota_sleep_interval_config interval = {.period_us = 100};
    const struct ota_sleep_poisson_config poisson = {.mean_us = OTA_US_PER_H};
    struct ota_stream stream;

    model_fixture_stream(&stream, 0);
    assert_true(ota_sleep_interval.next_us(&interval, OTA_NEVER - 1,
                                           &stream.rng) == OTA_NEVER);
    assert_true(ota_sleep_poisson.next_us(&poisson, OTA_NEVER - 1,
                                          &stream.rng) == OTA_NEVER);
}

static void leads_are_long_enough(void **state)
{
    (void)state;
    struct ota_sleep_interval_config interval = {.period_us = OTA_US_PER_H,
                                                 .jitter = 0.1};
    const struct ota_sleep_poisson_config poisson = {.mean_us = OTA_US_PER_H};

    assert_int_equal(ota_sleep_interval.lead_us(&interval),
                     OTA_US_PER_H * 11 / 10);
    interval.phase = OTA_SLEEP_PHASE_ALIGNED;
    assert_int_equal(ota_sleep_interval.lead_us(&interval), OTA_US_PER_H);
    /* P(no wake yet) of a Poisson process. */
    const double means =
        (double)ota_sleep_poisson.lead_us(&poisson) / (double)poisson.mean_us;
    assert_true(exp(-means) <= 1e-6);
    assert_int_equal(ota_sleep_always_on.lead_us(NULL), 0);
}

static void models_that_sleep_say_how_deep(void **state)
{
    (void)state;
    struct ota_arena arena = {0};

    for (size_t i = 0; ota_sleep_models[i]; i++) {
        const struct ota_sleep_model *model = ota_sleep_models[i];
        void *config = model_fixture_config(&model->model, &arena);
        const struct ota_sleep_common *common = model->common(config);

        if (model == &ota_sleep_always_on) {
            assert_null(common);
            continue;
        }
        assert_int_equal(common->depth, OTA_SLEEP_HIBERNATE);
        assert_int_equal(common->boot_us, 0);
        assert_true(common->low_charge <= 0);
        model_fixture_set(&model->model, config, &arena, "depth",
                          "ultra_low_power");
        model_fixture_set(&model->model, config, &arena, "boot", "3s");
        model_fixture_set(&model->model, config, &arena, "low_charge", "15%");
        assert_int_equal(common->depth, OTA_SLEEP_ULTRA_LOW_POWER);
        assert_int_equal(common->boot_us, 3 * OTA_US_PER_S);
        assert_true(fabs(common->low_charge - 0.15) < 1e-12);
    }
    ota_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_stay_within_the_jitter),
        cmocka_unit_test(no_jitter_is_a_clock),
        cmocka_unit_test(full_jitter_still_goes_forward),
        cmocka_unit_test(aligned_wakes_keep_to_their_multiple),
        cmocka_unit_test(always_on_wakes_once),
        cmocka_unit_test(random_wakes_go_forward),
        cmocka_unit_test(wakes_end_with_time),
        cmocka_unit_test(leads_are_long_enough),
        cmocka_unit_test(models_that_sleep_say_how_deep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
