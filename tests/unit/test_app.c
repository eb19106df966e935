/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_app.c - how long an app waits that goes by the clock alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "models/app/app.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"

enum { SHORT_US = 10, LONG_US = 600 };

static const struct ota_app_long_every_config daily = {
    .wait_us = SHORT_US,
    .long_wait_us = LONG_US,
    .every_us = OTA_US_PER_DAY,
};

static const struct ota_app_long_every_config each_fifth = {
    .wait_us = SHORT_US,
    .long_wait_us = LONG_US,
    .every_us = OTA_US_PER_DAY,
    .every_wakes = 5,
};

static bool waits_long(const struct ota_app_long_every_config *config,
                       int64_t wake, int64_t *memory)
{
    const struct ota_app_view view = {
        .now_us = wake * OTA_US_PER_H,
        .wake_count = wake,
        .told_us = OTA_NEVER,
    };
    const struct ota_app_wait wait =
        ota_app_long_every.wait(config, &view, memory, NULL);

    assert_true(wait.wait_us == SHORT_US || wait.wait_us == LONG_US);
    assert_true(!wait.asked && wait.bytes == 0);
    return wait.wait_us == LONG_US;
}

/* Returns the first long wake of a device that wakes hourly, and checks that
 * they follow each other every `spacing` wakes. */
static int64_t first_long(const struct ota_app_long_every_config *config,
                          uint64_t device, int64_t spacing)
{
    struct ota_stream stream;
    int64_t memory, first = 0;

    model_fixture_stream(&stream, device);
    ota_app_long_every.start(config, &memory, &stream.rng);
    for (int64_t wake = 1; wake <= 10 * spacing; wake++) {
        const bool is_long = waits_long(config, wake, &memory);
        if (is_long && first == 0)
            first = wake;
        assert_int_equal(is_long, first && (wake - first) % spacing == 0);
    }
    assert_in_range(first, 1, spacing);
    return first;
}

static void check_phases(const struct ota_app_long_every_config *config,
                         int64_t spacing)
{
    enum { DEVICES = 20000, SPACING_MAX = 24 };
    double of[SPACING_MAX + 1] = {0};

    for (uint64_t d = 0; d < DEVICES; d++)
        of[first_long(config, d, spacing)]++;
    for (int64_t phase = 1; phase <= spacing; phase++)
        model_fixture_assert_share(DEVICES, of[phase], 1 / (double)spacing);
}

static void long_waits_are_evenly_spread(void **state)
{
    (void)state;
    check_phases(&daily, 24);
    check_phases(&each_fifth, 5);
}

static void a_missed_wake_delays_the_long_wait(void **state)
{
    (void)state;
    int64_t memory = 0;

    assert_false(waits_long(&each_fifth, 4, &memory));
    /* Wake 5 did not connect. */
    assert_true(waits_long(&each_fifth, 6, &memory));
    assert_false(waits_long(&each_fifth, 10, &memory));
    assert_true(waits_long(&each_fifth, 11, &memory));

    memory = 0;
    assert_false(waits_long(&daily, 23, &memory));
    assert_true(waits_long(&daily, 26, &memory));
    assert_false(waits_long(&daily, 49, &memory));
}

static void a_long_wait_is_not_the_shorter_one(void **state)
{
    (void)state;
    struct ota_app_long_every_config config = daily;

    assert_null(ota_app_long_every.model.problem(&config));
    config.long_wait_us = SHORT_US;
    assert_null(ota_app_long_every.model.problem(&config));
    config.long_wait_us = SHORT_US - 1;
    assert_non_null(ota_app_long_every.model.problem(&config));
}

static void fixed_always_waits_the_same(void **state)
{
    (void)state;
    const struct ota_app_fixed_config config = {.wait_us = 1234};
    int64_t memory = 0;

    for (int64_t wake = 1; wake < 100; wake++) {
        const struct ota_app_view view = {
            .now_us = wake * OTA_US_PER_DAY,
            .wake_count = wake,
            .full = wake % 2,
            .flagged = wake % 3,
            .told_us = wake,
        };
        const struct ota_app_wait wait =
            ota_app_fixed.wait(&config, &view, &memory, NULL);
        assert_int_equal(wait.wait_us, 1234);
        assert_true(!wait.asked && wait.bytes == 0);
    }
    assert_null(ota_app_fixed.clears);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_waits_are_evenly_spread),
        cmocka_unit_test(a_missed_wake_delays_the_long_wait),
        cmocka_unit_test(a_long_wait_is_not_the_shorter_one),
        cmocka_unit_test(fixed_always_waits_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
