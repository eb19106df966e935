/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_sleep.c - bounds and grids of the wake timer.
 */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_stay_within_the_jitter),
        cmocka_unit_test(no_jitter_is_a_clock),
        cmocka_unit_test(full_jitter_still_goes_forward),
        cmocka_unit_test(aligned_wakes_keep_to_their_multiple),
        cmocka_unit_test(always_on_wakes_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
