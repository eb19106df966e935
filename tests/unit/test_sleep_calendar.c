/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_sleep_calendar.c - times of day and days of the week.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "models/sleep/sleep.h"
#include "sim/base/clock.h"
#include "sim/base/text.h"
#include "tests/support/model_fixture.h"

enum { DEVICES = 2000, WAKES = 500 };

static const int64_t week_us = 7 * OTA_US_PER_DAY;

static const struct ota_sleep_model *const calendar = &ota_sleep_calendar;

static bool prepare(void *config, struct ota_arena *arena, char *problem,
                    size_t problem_size)
{
    const struct ota_field_context context = {.arena = arena};

    return calendar->model.prepare(config, &context, problem, problem_size);
}

static void *prepared(struct ota_arena *arena, const char *times,
                      const char *days, const char *late, const char *starts)
{
    void *config = model_fixture_config(&calendar->model, arena);
    char problem[256] = "";

    model_fixture_set(&calendar->model, config, arena, "times", times);
    model_fixture_set(&calendar->model, config, arena, "days", days);
    model_fixture_set(&calendar->model, config, arena, "late", late);
    model_fixture_set(&calendar->model, config, arena, "starts", starts);
    if (!prepare(config, arena, problem, sizeof(problem)))
        fail_msg("%s", problem);
    return config;
}

/* Asserts the first wakes, in seconds; ended by -1. */
static void check_wakes(const void *config, const int64_t *wakes_s)
{
    struct ota_stream stream;

    model_fixture_stream(&stream, 0);
    int64_t wake_us = calendar->first_us(config, &stream.rng);
    for (size_t i = 0; wakes_s[i] >= 0; i++) {
        assert_int_equal(wake_us, wakes_s[i] * OTA_US_PER_S);
        wake_us = calendar->next_us(config, wake_us, &stream.rng);
    }
}

static void wakes_come_at_times_of_day(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    const int64_t h = 3600, d = 24 * h;

    /* In any order, with seconds or without. */
    check_wakes(prepared(&arena, "18:30 06:00:30", "daily", "0s", "mon 00:00"),
                (int64_t[]){6 * h + 30, 18 * h + 1800, d + 6 * h + 30,
                            d + 18 * h + 1800, -1});
    check_wakes(prepared(&arena, " 00:00\t", "daily", "0s", "sun 00:00"),
                (int64_t[]){0, d, 2 * d, -1});
    ota_arena_release(&arena);
}

static void wakes_come_on_days_of_the_week(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    const int64_t h = 3600, d = 24 * h;

    check_wakes(
        prepared(&arena, "06:00", "fri mon tue mon", "0s", "mon 00:00"),
        (int64_t[]){6 * h, d + 6 * h, 4 * d + 6 * h, 7 * d + 6 * h, -1});
    ota_arena_release(&arena);
}

static void time_0_may_be_any_instant_of_the_week(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    const int64_t h = 3600, d = 24 * h;

    /* From Wednesday noon to Monday 06:00. */
    check_wakes(prepared(&arena, "06:00", "mon", "0s", "wed 12:00"),
                (int64_t[]){4 * d + 18 * h, 11 * d + 18 * h, -1});
    check_wakes(prepared(&arena, "23:59:59", "sun", "0s", "sun 23:59:59"),
                (int64_t[]){0, 7 * d, -1});
    ota_arena_release(&arena);
}

static void a_wake_follows_any_instant(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    struct ota_stream stream;
    const void *config =
        prepared(&arena, "06:00 18:30", "daily", "0s", "mon 00:00");

    model_fixture_stream(&stream, 0);
    assert_int_equal(calendar->next_us(config, 7 * OTA_US_PER_H, &stream.rng),
                     18 * OTA_US_PER_H + 30 * OTA_US_PER_MIN);
    assert_int_equal(calendar->next_us(config, 100 * week_us, &stream.rng),
                     100 * week_us + 6 * OTA_US_PER_H);
    assert_true(calendar->next_us(config, OTA_NEVER - 1, &stream.rng) ==
                OTA_NEVER);
    ota_arena_release(&arena);
}

/* One wake in each hour, however late the draws are. */
static void late_wakes_come_before_the_next_is_due(void **state)
{
    (void)state;
    const char *const lates[] = {"uniform(0s, 1h)", "exponential(1h)", "24h"};
    char times[24 * 6 + 1] = "";
    struct ota_arena arena = {0};

    for (int hour = 0; hour < 24; hour++)
        ota_text_append(times, sizeof(times), "%02d:00 ", hour);
    for (size_t i = 0; i < 3; i++) {
        const void *config =
            prepared(&arena, times, "daily", lates[i], "tue 00:00");
        struct ota_stream stream;

        model_fixture_stream(&stream, i);
        int64_t wake_us = calendar->first_us(config, &stream.rng);
        const int64_t from = wake_us / OTA_US_PER_H;
        assert_in_range(from, 0, 1);
        for (int64_t k = from; k < WAKES; k++) {
            assert_int_equal(wake_us / OTA_US_PER_H, k);
            wake_us = calendar->next_us(config, wake_us, &stream.rng);
        }
    }
    ota_arena_release(&arena);
}

static void the_first_wake_may_have_been_due_before(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    const int64_t d = 24 * 3600;

    check_wakes(prepared(&arena, "23:50", "daily", "20min", "mon 00:00"),
                (int64_t[]){600, d + 600, 2 * d + 600, -1});
    ota_arena_release(&arena);
}

/* A whole number of weeks, within which each device wakes. */
static void check_lead(const char *times, const char *days, const char *late,
                       int64_t weeks)
{
    struct ota_arena arena = {0};
    const void *config = prepared(&arena, times, days, late, "mon 00:00");

    assert_int_equal(calendar->lead_us(config), weeks * week_us);
    for (uint64_t i = 0; i < DEVICES; i++) {
        struct ota_stream stream;

        model_fixture_stream(&stream, i);
        const int64_t first_us = calendar->first_us(config, &stream.rng);
        assert_in_range(first_us, 0, weeks * week_us);
    }
    ota_arena_release(&arena);
}

static void every_device_wakes_within_the_lead(void **state)
{
    (void)state;
    check_lead("06:00", "daily", "0s", 1);
    check_lead("23:59", "sun", "0s", 1);
    check_lead("23:59", "sat sun", "uniform(0s, 24h)", 1);
    check_lead("23:59", "sun", "uniform(0s, 24h)", 2);
}

static void check_problem(const char *field, const char *text,
                          const char *wanted)
{
    struct ota_arena arena = {0};
    void *config = prepared(&arena, "06:00", "daily", "0s", "mon 00:00");
    char problem[256] = "";

    model_fixture_set(&calendar->model, config, &arena, field, text);
    assert_false(prepare(config, &arena, problem, sizeof(problem)));
    if (strncmp(problem, wanted, strlen(wanted)) != 0)
        fail_msg("%s: \"%s\" instead of \"%s\"", text, problem, wanted);
    ota_arena_release(&arena);
}

static void wrong_texts_are_explained(void **state)
{
    (void)state;
    static const char *const no_times[] = {
        "24:00",  "06:60", "6:00",  "06.00",       "06:00:60",
        "06:00:", "noon",  "-1:00", "06:00,18:30", "06:00:000"};

    for (size_t i = 0; i < sizeof(no_times) / sizeof(*no_times); i++) {
        char wanted[128];
        snprintf(wanted, sizeof(wanted),
                 "times: \"%s\" is no time of day; write HH:MM or HH:MM:SS, "
                 "such as \"06:00 18:30\"",
                 no_times[i]);
        check_problem("times", no_times[i], wanted);
    }
    check_problem("times", "  ", "times: there are none; write at least one");
    check_problem("times", "06:00 07:00 06:00:00",
                  "times: a time stands there twice; write it once");
    check_problem("days", "mon funday", "days: \"funday\" is no day; write ");
    check_problem("days", "Mon", "days: \"Mon\" is no day; write ");
    check_problem("days", "", "days: there are none; write ");
    check_problem("starts", "mon", "starts: \"mon\" is no instant of a week");
    check_problem("starts", "daily 00:00", "starts: \"daily 00:00\" is no ");
    check_problem("starts", "mon 25:00", "starts: \"mon 25:00\" is no ");
    check_problem("starts", "mon 00:00 x", "starts: \"mon 00:00 x\" is no ");
}

static void a_day_has_no_more_times_than_minutes(void **state)
{
    (void)state;
    static char times[1441 * 6 + 1];
    struct ota_arena arena = {0};
    char problem[256] = "";

    for (size_t i = 0; i < 1440; i++)
        snprintf(times + 6 * i, 7, "%02zu:%02zu ", i / 60, i % 60);
    void *config = prepared(&arena, times, "daily", "0s", "mon 00:00");
    check_wakes(config, (int64_t[]){0, 60, 120, 180, -1});

    ota_text_append(times, sizeof(times), "00:00");
    model_fixture_set(&calendar->model, config, &arena, "times", times);
    assert_false(prepare(config, &arena, problem, sizeof(problem)));
    assert_string_equal(problem, "times: there are more than 1440 of them");
    ota_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wakes_come_at_times_of_day),
        cmocka_unit_test(wakes_come_on_days_of_the_week),
        cmocka_unit_test(time_0_may_be_any_instant_of_the_week),
        cmocka_unit_test(a_wake_follows_any_instant),
        cmocka_unit_test(late_wakes_come_before_the_next_is_due),
        cmocka_unit_test(the_first_wake_may_have_been_due_before),
        cmocka_unit_test(every_device_wakes_within_the_lead),
        cmocka_unit_test(wrong_texts_are_explained),
        cmocka_unit_test(a_day_has_no_more_times_than_minutes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
