/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_group.c - what a group of devices is made of besides its models:
 * signals, outages, and the way to the release.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "sim/scenario/scenario.h"
#include "tests/support/small_scenario.h"

#define SIGNALS                                                                \
    "[{\"share\": 0.75, \"link\": {\"loss\": 0.125}}, "                        \
    "{\"share\": 0.25, \"link\": {\"model\": \"wifi\"}}]"
#define OUTAGES                                                                \
    "[{\"at\": \"3d\", \"lasts\": \"6h\"}, {\"at\": \"4d\", \"lasts\": "       \
    "\"30min\"}]"

static void test_signals_and_outages(void **state)
{
    (void)state;
    static const struct ota_setting settings[] = {
        {"fleet.a.signal", SIGNALS},
        {"fleet.a.signal.0.link.loss", "0.5"},
        {"fleet.a.signal_holds", "1d"},
        {"fleet.a.outages", OUTAGES},
        {"fleet.a.outages[1].lasts", "1h"},
    };
    struct ota_scenario s;
    struct ota_complaints complaints;
    const bool ok = small_read_sets(
        &s, settings, sizeof(settings) / sizeof(*settings), &complaints);
    ota_complaints_print(&complaints, stderr);
    assert_true(ok);

    const struct ota_group *a = &s.fleet.groups[0];
    const struct ota_link_radio_config *link = a->signals[0].link.config;
    assert_int_equal(a->signal_count, 2);
    assert_true(a->signals[0].share == 0.75 && a->signals[1].share == 0.25);
    assert_true(link->loss == 0.5);
    assert_ptr_equal(a->signals[1].link.model, &ota_link_wifi);
    assert_int_equal(a->signal_holds_us, OTA_US_PER_DAY);
    assert_int_equal(a->outage_count, 2);
    assert_int_equal(a->outages[0].begin_us, 3 * OTA_US_PER_DAY);
    assert_int_equal(a->outages[0].lasts_us, 6 * OTA_US_PER_H);
    assert_int_equal(a->outages[1].lasts_us, OTA_US_PER_H);
    assert_int_equal(s.fleet.groups[1].signal_count, 1);

    char *once = ota_scenario_to_json(&s, 0);
    ota_scenario_release(&s);
    char *twice = small_dump(once);
    assert_string_equal(once, twice);
    assert_non_null(strstr(once, "\"signal\": ["));
    assert_non_null(strstr(once, "\"outages\": ["));
    free(once);
    free(twice);
}

/* Who sends by hand sends what the app needs first, unless told. */
static void test_app_first(void **state)
{
    (void)state;
    static const struct ota_setting settings[] = {
        {"delivery.model", "script"}, {"release.app_first", "true"}};
    struct ota_scenario s;
    struct ota_complaints complaints;
    assert_true(small_read_sets(&s, settings, 1, &complaints));
    assert_false(s.release.app_first);
    char *json = ota_scenario_to_json(&s, 0);
    assert_non_null(strstr(json, "\"app_first\": false"));
    free(json);
    ota_scenario_release(&s);
    assert_true(small_read_sets(&s, settings, 2, &complaints));
    assert_true(s.release.app_first);
    ota_scenario_release(&s);
}

/* The Device OS alone. */
static void test_no_app(void **state)
{
    (void)state;
    struct ota_scenario s;
    struct ota_complaints complaints;
    assert_true(small_read_set(&s, "release.app_size", "0B", &complaints));
    const struct ota_path *path = &s.fleet.groups[0].variants[0].path;
    assert_true(path->count > 0);
    char app[3];
    for (size_t i = 0; i < path->count; i++) {
        ota_slot_to_text(path->steps[i].module.slot, app);
        assert_int_not_equal(app[0], 'u');
    }
    ota_scenario_release(&s);
}

/* A device that sleeps with the network kept may wake as it likes. */
static void test_cycle(void **state)
{
    (void)state;
    static const struct ota_setting settings[] = {
        {"fleet.*.sleep", "{\"model\": \"interval\", \"period\": \"5min\"}"},
        {"fleet.*.sleep.depth", "standby"},
        {"fleet.*.sleep.depth", "stop"},
        {"fleet.*.cycle_min", "5min"},
        {"fleet.*.sleep.jitter", "0.1"},
    };
    static const bool good[] = {false, true, false, true, false};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        struct ota_scenario s;
        struct ota_complaints complaints;
        assert_int_equal(small_read_sets(&s, settings, i + 1, &complaints),
                         good[i]);
        if (good[i]) {
            ota_scenario_release(&s);
            continue;
        }
        print_message("%s\n", complaints.items[0].message);
        assert_int_equal(complaints.total, 1); /* of both, set together */
        assert_string_equal(complaints.items[0].place.path, "fleet.*.sleep");
        assert_non_null(
            strstr(complaints.items[0].message, "more often than cycle_min"));
        assert_int_equal(
            strstr(complaints.items[0].message, "270s at the least") != NULL,
            i == 4);
    }
}

/* A list, and a part of what is wrong with it. */
static void test_refused_lists(void **state)
{
    (void)state;
    static const struct {
        const char *path, *value, *place, *part;
    } bad[] = {
        {"fleet.a.signal", "[]", "fleet[0].signal", "the list is empty"},
        {"fleet.a.signal", "{}", "fleet[0].signal", "an object {...} where"},
        {"fleet.a.signal", "[1]", "fleet[0].signal[0]", "a number where"},
        {"fleet.a.signal", "[{\"share\": 0.5}]", "fleet[0].signal",
         "the shares sum to 0.5"},
        {"fleet.a.signal", "[{\"share\": 0.5}, {}]", "fleet[0].signal[1]",
         "\"share\" is missing"},
        {"fleet.a.signal", "[{\"loss\": 0.5}]", "fleet[0].signal[0].loss",
         "unknown setting"},
        {"fleet.a.signal", "[{\"link\": {\"los\": 0.5}}]",
         "fleet[0].signal[0].link.los", "did you mean \"loss\""},
        {"fleet.a.outages", "5", "fleet[0].outages", "text where a list"},
        {"fleet.a.outages", "[{\"at\": \"1d\"}]", "fleet[0].outages[0]",
         "\"lasts\" is missing"},
        {"fleet.a.outages",
         "[{\"at\": \"2d\", \"lasts\": \"1h\"}, {\"at\": \"1d\", "
         "\"lasts\": \"1h\"}]",
         "fleet[0].outages[1]", "in order of time and apart"},
        {"fleet.a.outages",
         "[{\"at\": \"1d\", \"lasts\": \"1d\"}, {\"at\": \"2d\", "
         "\"lasts\": \"1h\"}]",
         "fleet[0].outages[1]", "before it ends at 2d"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct ota_scenario s;
        struct ota_complaints complaints;
        assert_false(
            small_read_set(&s, bad[i].path, bad[i].value, &complaints));
        const struct ota_complaint *first = &complaints.items[0];
        print_message("%s=%s\n    %s: %s\n", bad[i].path, bad[i].value,
                      first->place.path, first->message);
        assert_int_equal(complaints.total, 1);
        assert_string_equal(first->place.path, bad[i].place);
        assert_non_null(strstr(first->message, bad[i].part));
    }
}

static void test_link_and_signal(void **state)
{
    (void)state;
    static const struct ota_setting settings[] = {{"fleet.a.signal", SIGNALS},
                                                  {"fleet.a.link.loss", "0.5"}};
    struct ota_scenario s;
    struct ota_complaints complaints;
    assert_false(small_read_sets(&s, settings, 2, &complaints));
    assert_int_equal(complaints.total, 1);
    assert_string_equal(complaints.items[0].place.path, "fleet[0].signal");
    assert_non_null(
        strstr(complaints.items[0].message, "there is a \"link\" too"));
}

static void test_too_many_signals(void **state)
{
    (void)state;
    char list[8192] = "[";
    for (int i = 0; i < 256; i++)
        strcat(list, i ? ",{\"share\":0.00390625}" : "{\"share\":0.00390625}");
    strcat(list, "]");
    struct ota_scenario s;
    struct ota_complaints complaints;
    assert_false(small_read_set(&s, "fleet.a.signal", list, &complaints));
    assert_int_equal(complaints.total, 1);
    assert_string_equal(complaints.items[0].message,
                        "256 entries; 255 are the most");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals_and_outages),
        cmocka_unit_test(test_app_first),
        cmocka_unit_test(test_no_app),
        cmocka_unit_test(test_cycle),
        cmocka_unit_test(test_refused_lists),
        cmocka_unit_test(test_link_and_signal),
        cmocka_unit_test(test_too_many_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
