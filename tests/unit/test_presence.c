/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_presence.c - bounds and extremes of being switched off and on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "models/presence/presence.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"

enum { DEVICES = 5000 };

static const struct ota_presence_model *const on_off = &ota_presence_on_off;

static struct ota_presence_on_off_config *
config_of(struct ota_arena *arena, const char *on, const char *off)
{
    void *config = model_fixture_config(&on_off->model, arena);

    model_fixture_set(&on_off->model, config, arena, "on", on);
    model_fixture_set(&on_off->model, config, arena, "off", off);
    return config;
}

static void always_is_always(void **state)
{
    (void)state;
    struct ota_stream stream;
    bool on = false;

    model_fixture_stream(&stream, 0);
    assert_true(ota_presence_always.first_us(NULL, &stream.rng, &on) ==
                OTA_NEVER);
    assert_true(on);
    assert_true(ota_presence_always.next_us(NULL, true, &stream.rng) ==
                OTA_NEVER);
}

static void nobody_comes_and_goes_at_a_share_of_0(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    struct ota_presence_on_off_config *config = config_of(&arena, "1h", "99h");

    config->share = 0;
    for (uint64_t d = 0; d < DEVICES; d++) {
        struct ota_stream stream;
        bool on = false;

        model_fixture_stream(&stream, d);
        assert_true(on_off->first_us(config, &stream.rng, &on) == OTA_NEVER);
        assert_true(on);
    }
    ota_arena_release(&arena);
}

static void everybody_does_by_default(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    const void *config = config_of(&arena, "2h", "3h");
    int seen[2] = {0};

    for (uint64_t d = 0; d < DEVICES; d++) {
        struct ota_stream stream;
        bool on = false;

        model_fixture_stream(&stream, d);
        const int64_t left_us = on_off->first_us(config, &stream.rng, &on);
        assert_in_range(left_us, 1, (on ? 2 : 3) * OTA_US_PER_H);
        seen[on]++;
    }
    assert_true(seen[0] > 0 && seen[1] > 0);
    ota_arena_release(&arena);
}

static void a_stretch_is_of_its_own_law(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    const void *config = config_of(&arena, "uniform(2h, 3h)", "7h");
    struct ota_stream stream;

    model_fixture_stream(&stream, 0);
    for (int i = 0; i < DEVICES; i++) {
        assert_in_range(on_off->next_us(config, true, &stream.rng),
                        2 * OTA_US_PER_H, 3 * OTA_US_PER_H);
        assert_int_equal(on_off->next_us(config, false, &stream.rng),
                         7 * OTA_US_PER_H);
    }
    ota_arena_release(&arena);
}

/* Laws that give 0, next to 0, or years. */
static void time_always_passes(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    const void *config =
        config_of(&arena, "mixture(0.9: 0s, 0.1: 1h)", "weibull(0.1, 1ms)");

    for (uint64_t d = 0; d < DEVICES; d++) {
        struct ota_stream stream;
        bool on = false;

        model_fixture_stream(&stream, d);
        assert_true(on_off->first_us(config, &stream.rng, &on) > 0);
        assert_true(on_off->next_us(config, true, &stream.rng) > 0);
        assert_true(on_off->next_us(config, false, &stream.rng) > 0);
    }
    ota_arena_release(&arena);
}

static void short_means_are_refused(void **state)
{
    (void)state;
    struct ota_arena arena = {0};

    assert_null(on_off->model.problem(config_of(&arena, "1s", "1s")));
    assert_string_equal(on_off->model.problem(config_of(&arena, "999ms", "1h")),
                        "on is too short; its mean must be 1s or more");
    assert_string_equal(
        on_off->model.problem(config_of(&arena, "1h", "exponential(999ms)")),
        "off is too short; its mean must be 1s or more");
    ota_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(always_is_always),
        cmocka_unit_test(nobody_comes_and_goes_at_a_share_of_0),
        cmocka_unit_test(everybody_does_by_default),
        cmocka_unit_test(a_stretch_is_of_its_own_law),
        cmocka_unit_test(time_always_passes),
        cmocka_unit_test(short_means_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
