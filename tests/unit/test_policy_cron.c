/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_policy_cron.c - when windows open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "models/policy/cron.h"
#include "sim/base/clock.h"

static const int64_t h = OTA_US_PER_H, d = OTA_US_PER_DAY, min = OTA_US_PER_MIN;

static struct ota_policy_window window(const char *text, int64_t for_us)
{
    struct ota_policy_window made = {.text = text, .for_us = for_us};
    char problem[200] = "";

    if (!ota_cron_parse(text, &made.cron, problem, sizeof problem))
        fail_msg("%s: %s", text, problem);
    return made;
}

/* Checks whether it is open at at_us and until when. */
#define assert_window(windows, count, at, is_open, until)                      \
    do {                                                                       \
        int64_t until_us_;                                                     \
        assert_int_equal(ota_windows_open(windows, count, 0, at, &until_us_),  \
                         is_open);                                             \
        assert_true(until_us_ == (until));                                     \
    } while (0)

static void daily(void **state)
{
    (void)state;
    const struct ota_policy_window one = window("0 2 * * *", 3 * h);

    assert_window(&one, 1, 0, false, 2 * h);
    assert_window(&one, 1, 2 * h - 1, false, 2 * h);
    assert_window(&one, 1, 2 * h, true, 5 * h);
    assert_window(&one, 1, 5 * h - 1, true, 5 * h);
    assert_window(&one, 1, 5 * h, false, d + 2 * h);
    assert_window(&one, 1, 1000 * d + 3 * h, true, 1000 * d + 5 * h);
}

static void none_is_always_open(void **state)
{
    (void)state;
    assert_window(NULL, 0, 7 * h, true, OTA_NEVER);
}

/* Sunday 22:00 was before time 0, a Monday. */
static void over_midnight(void **state)
{
    (void)state;
    const struct ota_policy_window one = window("0 22 * * SUN", 4 * h);

    assert_window(&one, 1, 0, true, 2 * h);
    assert_window(&one, 1, 2 * h, false, 6 * d + 22 * h);
    assert_window(&one, 1, 7 * d + h, true, 7 * d + 2 * h);
}

/* From 31 January 23:00 to 1 February 05:00; from 31 December over New Year. */
static void over_months_and_years(void **state)
{
    (void)state;
    const struct ota_policy_window january = window("0 23 31 JAN *", 6 * h);
    const struct ota_policy_window december = window("0 23 31 12 *", 6 * h);

    assert_window(&january, 1, 0, false, 30 * d + 23 * h);
    assert_window(&january, 1, 31 * d + 4 * h, true, 31 * d + 5 * h);
    assert_window(&january, 1, 31 * d + 5 * h, false,
                  365 * d + 30 * d + 23 * h);
    assert_window(&december, 1, 0, true, 5 * h);
    assert_window(&december, 1, 365 * d, true, 365 * d + 5 * h);
    assert_window(&december, 1, 5 * h, false, 364 * d + 23 * h);
}

/* The year begins on a Monday; the next, 365 days on, on a Tuesday. */
static void weekdays_run_on(void **state)
{
    (void)state;
    const struct ota_policy_window monday = window("0 0 * * 1", h);
    const struct ota_policy_window both = window("0 0 */31 * MON", h);

    assert_window(&monday, 1, 0, true, h);
    assert_window(&monday, 1, 365 * d, false, 371 * d);
    /* The first that is a Monday, "*" in the day: both must hold. 1 January
     * is, then of the months of that year that begin on a Monday 1 October
     * (day 273). */
    assert_window(&both, 1, h, false, 273 * d);
}

/* Either will do if both are named: the 13th or a Friday. */
static void day_or_weekday(void **state)
{
    (void)state;
    const struct ota_policy_window one = window("0 0 13 * FRI", h);

    assert_window(&one, 1, 0, false, 4 * d);
    assert_window(&one, 1, 4 * d + h, false, 11 * d);
    assert_window(&one, 1, 11 * d + h, false, 12 * d);
    assert_window(&one, 1, 12 * d + h, false, 18 * d);
}

static void lists_ranges_steps(void **state)
{
    (void)state;
    const struct ota_policy_window work = window("30 8-10,14 * * MON-FRI", min);
    const struct ota_policy_window steps = window("*/20 * * * *", min);
    const struct ota_policy_window from = window("5-50/15 0 * * *", min);

    assert_window(&work, 1, 0, false, 8 * h + 30 * min);
    assert_window(&work, 1, 9 * h, false, 9 * h + 30 * min);
    assert_window(&work, 1, 10 * h + 31 * min, false, 14 * h + 30 * min);
    assert_window(&work, 1, 4 * d + 15 * h, false, 7 * d + 8 * h + 30 * min);
    assert_window(&steps, 1, 41 * min, false, h);
    assert_window(&steps, 1, 21 * min, false, 40 * min);
    assert_window(&from, 1, 0, false, 5 * min);
    assert_window(&from, 1, 36 * min, false, 50 * min);
    assert_window(&from, 1, 51 * min, false, d + 5 * min);
}

static void sunday_is_0_and_7(void **state)
{
    (void)state;
    static const char *const texts[] = {"0 0 * * 0", "0 0 * * 7", "0 0 * * sun",
                                        "0 0 ? * 7"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct ota_policy_window one = window(texts[i], h);
        assert_window(&one, 1, 0, false, 6 * d);
    }
    const struct ota_policy_window end = window("0 0 * * FRI-SUN", d);
    assert_window(&end, 1, 4 * d, true, 7 * d);
}

/* Weekdays of this form count from 1, a Sunday. */
static void aws_form(void **state)
{
    (void)state;
    const struct ota_policy_window daily_ = window("cron(0 2 * * ? *)", 3 * h);
    const struct ota_policy_window sunday = window("cron(0 0 ? * 1 *)", h);
    const struct ota_policy_window week =
        window(" cron(15 10 ? * MON-FRI *) ", h);

    assert_window(&daily_, 1, 4 * h, true, 5 * h);
    assert_window(&sunday, 1, 0, false, 6 * d);
    assert_window(&week, 1, 4 * d + 12 * h, false, 7 * d + 10 * h + 15 * min);
}

static void zones(void **state)
{
    (void)state;
    struct ota_policy_window one = window("0 2 * * *", h);
    int64_t until_us;

    /* 02:00 two hours ahead of UTC is 00:00 UTC. */
    one.offset_us = 2 * h;
    assert_window(&one, 1, 0, true, h);
    one.zone = OTA_ZONE_LOCAL;
    assert_false(ota_windows_open(&one, 1, -5 * h, 0, &until_us));
    assert_true(until_us == 7 * h);
    assert_true(ota_windows_open(&one, 1, 2 * h, 0, &until_us));
    assert_true(until_us == h);
    /* 5 hours behind, a Monday 00:00 UTC is a Sunday 19:00. */
    one = window("0 18 * * SUN", 2 * h);
    one.zone = OTA_ZONE_LOCAL;
    assert_true(ota_windows_open(&one, 1, -5 * h, 0, &until_us));
    assert_true(until_us == h);
}

static void windows_join(void **state)
{
    (void)state;
    const struct ota_policy_window two[] = {window("0 2 * * *", 2 * h),
                                            window("0 4 * * *", h)};
    const struct ota_policy_window overlap[] = {window("0 2 * * *", 2 * h),
                                                window("0 3 * * *", 3 * h)};
    const struct ota_policy_window apart[] = {window("0 2 * * *", h),
                                              window("0 4 * * *", h)};
    const struct ota_policy_window always = window("0 0 * * *", d);
    int64_t until_us;

    assert_window(two, 2, 2 * h, true, 5 * h);
    assert_window(overlap, 2, 2 * h, true, 6 * h);
    assert_window(apart, 2, 2 * h, true, 3 * h);
    assert_window(apart, 2, 3 * h, false, 4 * h);
    assert_true(ota_windows_open(&always, 1, 0, 5, &until_us));
    assert_true(until_us >= 30 * d);
}

/* Longer than its period. */
static void windows_overlap_themselves(void **state)
{
    (void)state;
    const struct ota_policy_window one = window("0 0 * * MON,TUE", 30 * h);

    assert_window(&one, 1, 0, true, 54 * h);
    assert_window(&one, 1, 40 * h, true, 54 * h);
    assert_window(&one, 1, 54 * h, false, 7 * d);
}

/* A year of minutes, asked one by one, against going from end to end. */
static void ends_are_where_it_changes(void **state)
{
    (void)state;
    const struct ota_policy_window some[] = {window("17 3,21 1-7 * SAT", 4 * h),
                                             window("*/50 5 * 2,3 *", 7 * min),
                                             window("0 22 31 * ?", 26 * h)};
    int64_t until_us = 0;
    bool open = false;

    for (int64_t at_us = 0; at_us < 365 * d; at_us += min) {
        int64_t next_us;
        const bool now = ota_windows_open(some, 3, 0, at_us, &next_us);
        if (at_us == 0 || at_us == until_us) {
            assert_true(at_us == 0 || now != open);
            open = now;
            until_us = next_us;
        }
        assert_true(now == open && next_us == until_us);
        assert_true(next_us > at_us);
    }
}

static void mistakes_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } bad[] = {
        {"", "5 fields"},
        {"0 2 * *", "not 4"},
        {"0 2 * * ? *", "6 are for cron(...)"},
        {"60 2 * * *", "minute is 0 to 59"},
        {"0 24 * * *", "hour is 0 to 23"},
        {"0 2 0 * *", "day of the month is 1 to 31"},
        {"0 2 * 13 *", "month is 1 to 12 or JAN to DEC"},
        {"0 2 * * 8", "day of the week is 0 to 7 or SUN to SAT"},
        {"0 2 * * MOON", "\"MOON\""},
        {"0 5-2 * * *", "backwards"},
        {"*/0 * * * *", "step"},
        {"*/x * * * *", "step"},
        {"1, * * * *", "comma"},
        {"1,,2 * * * *", "minute is 0 to 59"},
        {"0 0 30 2 *", "no such date"},
        {"0 0 29 FEB *", "no such date"},
        {"0 0 31 4,6,9,11 *", "no such date"},
        {"cron(0 2 * * *)", "6 fields"},
        {"cron(0 2 * * * *)", "must be ?"},
        {"cron(0 2 ? * ? *)", "must be ?"},
        {"cron(0 2 * * ? 2026)", "year must be *"},
        {"cron(0 2 ? * 0 *)", "1 to 7"},
        {"cron(0 2 L * ? *)", "\"L\""},
        {"cron(0 2 * * ? *", "must end"},
        {"cron(0 2 * * ? *) x", "must end"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ota_cron cron;
        char problem[200] = "";

        if (ota_cron_parse(bad[i].text, &cron, problem, sizeof problem) ||
            !strstr(problem, bad[i].said))
            fail_msg("\"%s\": %s", bad[i].text, problem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(daily),
        cmocka_unit_test(none_is_always_open),
        cmocka_unit_test(over_midnight),
        cmocka_unit_test(over_months_and_years),
        cmocka_unit_test(weekdays_run_on),
        cmocka_unit_test(day_or_weekday),
        cmocka_unit_test(lists_ranges_steps),
        cmocka_unit_test(sunday_is_0_and_7),
        cmocka_unit_test(aws_form),
        cmocka_unit_test(zones),
        cmocka_unit_test(windows_join),
        cmocka_unit_test(windows_overlap_themselves),
        cmocka_unit_test(ends_are_where_it_changes),
        cmocka_unit_test(mistakes_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
