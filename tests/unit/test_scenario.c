/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_scenario.c - whole scenarios: what they mean, settings from the command
 * line, and the way back to JSON. Scenarios that must be refused are in
 * tests/scenarios, run by tests/cli/bad_scenarios.sh.
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

static void test_meaning(void **state)
{
    (void)state;
    struct ota_scenario s;
    struct ota_complaints complaints;
    assert_true(small_read_set(&s, NULL, NULL, &complaints));
    assert_string_equal(s.name, "small");
    assert_string_equal(s.title, "");
    assert_int_equal(s.run.horizon_us, 30 * OTA_US_PER_DAY);
    assert_int_equal(s.run.replications, 20);
    assert_int_equal(s.release.app_bytes, 21000);
    assert_int_equal(s.fleet.horizon_us, s.run.horizon_us);
    assert_int_equal(s.fleet.release_us, 0);
    assert_true(s.fleet.healer.product);
    assert_false(s.fleet.healer.developer);
    assert_int_equal(s.fleet.group_count, 2);
    assert_int_equal(ota_fleet_config_devices(&s.fleet), 15);

    /* The app first, then what Device OS 0.7.0 needs. */
    const struct ota_group *a = &s.fleet.groups[0];
    assert_int_equal(a->variant_count, 2);
    assert_string_equal(a->variants[1].os, "0.6.4");
    assert_true(a->variants[1].share == 0.25);
    assert_int_equal(a->variants[0].path.steps[0].module.size_bytes, 21000);
    assert_true(a->variants[0].path.steps[0].safe_mode_after);
    assert_true(a->variants[0].path.count > a->variants[1].path.count);

    /* 0.7.0 runs already: the app alone. */
    assert_int_equal(s.fleet.groups[1].variants[0].path.count, 1);
    ota_scenario_release(&s);
    assert_null(s.arena.blocks);
}

static void test_defaults(void **state)
{
    (void)state;
    struct ota_scenario s;
    struct ota_complaints complaints;
    assert_true(small_read_set(&s, NULL, NULL, &complaints));
    assert_true(s.release.compress && s.release.combine && s.release.app_first);
    assert_false(s.fleet.forced);
    assert_false(s.fleet.idle_step);
    assert_int_equal(s.fleet.healer.tries_max, 0);
    assert_int_equal(s.fleet.image.fate, OTA_IMAGE_GOOD);
    assert_true(s.fleet.image.bad == 1);
    assert_int_equal(s.fleet.backend.believes, OTA_BACKEND_VERSION);
    assert_true(s.fleet.backend.report_loss == 0);
    assert_true(s.fleet.backend.query_us == OTA_NEVER);

    const struct ota_group *a = &s.fleet.groups[0];
    assert_ptr_equal(a->presence.model, &ota_presence_always);
    assert_int_equal(a->signal_count, 1);
    assert_true(a->signals[0].share == 1);
    assert_ptr_equal(a->signals[0].link.model, &ota_link_radio);
    assert_true(a->signal_holds_us == OTA_NEVER);
    assert_int_equal(a->outage_count, 0);
    assert_int_equal(a->cycle_min_us, 10 * OTA_US_PER_MIN);
    assert_ptr_equal(a->transfer.model, &ota_transfer_device_os);
    ota_scenario_release(&s);
}

static void test_sections(void **state)
{
    (void)state;
    static const struct ota_setting settings[] = {
        {"run.idle", "step"},
        {"release.forced", "true"},
        {"image", "{\"fate\": \"late\", \"bad\": 0.25, \"after\": \"2d\"}"},
        {"backend", "{\"believes\": \"sent\", \"report_loss\": \"2%\", "
                    "\"query_every\": \"6h\"}"},
        {"healer.tries_max", "5"},
        {"fleet.a.presence",
         "{\"model\": \"on_off\", \"share\": 0.5, \"on\": "
         "\"exponential(1d)\", \"off\": \"exponential(2d)\"}"},
    };
    struct ota_scenario s;
    struct ota_complaints complaints;
    const bool ok = small_read_sets(
        &s, settings, sizeof(settings) / sizeof(*settings), &complaints);
    ota_complaints_print(&complaints, stderr);
    assert_true(ok);
    assert_true(s.fleet.idle_step && s.fleet.forced);
    assert_int_equal(s.fleet.image.fate, OTA_IMAGE_LATE);
    assert_true(s.fleet.image.bad == 0.25);
    assert_true(ota_dist_mean(&s.fleet.image.after) ==
                2.0 * (double)OTA_US_PER_DAY);
    assert_int_equal(s.fleet.backend.believes, OTA_BACKEND_SENT);
    assert_true(s.fleet.backend.report_loss == 0.02);
    assert_int_equal(s.fleet.backend.query_us, 6 * OTA_US_PER_H);
    assert_int_equal(s.fleet.healer.tries_max, 5);
    assert_ptr_equal(s.fleet.groups[0].presence.model, &ota_presence_on_off);
    assert_ptr_equal(s.fleet.groups[1].presence.model, &ota_presence_always);
    ota_scenario_release(&s);
}

/* The dump tells of idle_step what the fleet is told, whoever set it. */
static void test_idle_is_dumped_as_it_is(void **state)
{
    (void)state;
    struct ota_scenario s;
    struct ota_complaints complaints;
    assert_true(small_read_set(&s, NULL, NULL, &complaints));
    s.fleet.idle_step = true;
    char *json = ota_scenario_to_json(&s, 0);
    assert_non_null(strstr(json, "\"idle\": \"step\""));
    free(json);
    ota_scenario_release(&s);
}

static void test_settings(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        {"run.seed", "0xff"},
        {"title", "two words"},
        {"title", "\"quoted\""},
        {"release.needs_os", "0.6.4"},
        {"fleet.0.count", "7"},
        {"fleet.a.count", "7"},
        {"fleet[0].count", "7"},
        {"fleet.*.count", "7"},
        {"fleet.a.app.wait", "20s"},
        {"fleet.a.app", "{\"model\": \"fixed\", \"wait\": \"20s\"}"},
        {"fleet.b.installed.0.os", "0.6.0"},
        {"fleet.a.signal", "[{\"link\": {\"loss\": \"5%\"}}]"},
        {"fleet.a.outages", "[]"},
        {"fleet.a.link.preset", "lte_m_good"},
        {"fleet.*.link.preset", "3g"},
    };
    struct ota_scenario s;
    struct ota_complaints complaints;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        print_message("%s=%s\n", good[i][0], good[i][1]);
        bool ok = small_read_set(&s, good[i][0], good[i][1], &complaints);
        if (!ok)
            ota_complaints_print(&complaints, stderr);
        assert_true(ok);
        ota_scenario_release(&s);
    }
    assert_true(small_read_set(&s, "fleet.*.count", "7", &complaints));
    assert_int_equal(ota_fleet_config_devices(&s.fleet), 14);
    ota_scenario_release(&s);
}

static void test_refused_settings(void **state)
{
    (void)state;
    static const struct {
        const char *path, *value, *place, *part;
    } bad[] = {
        {"", "1", "", "path is empty"},
        {"run.", "1", "run.", "word of the path is empty"},
        {"rum.seed", "1", "rum.seed", "did you mean \"run\""},
        {"run.sed", "1", "run.sed", "did you mean \"seed\""},
        {"run.seed.x", "1", "run.seed", "an object"},
        {"run", "5", "run", "text where an object"},
        {"run.horizon", "30", "run.horizon", "no unit"},
        {"fleet.2.count", "1", "fleet.2.count", "the list has 2"},
        {"fleet.c.count", "1", "fleet.c.count", "no entry is named \"c\""},
        {"fleet.a.count", "{\"x\"", "fleet.a.count", "does not read"},
        {"fleet.a.plan.model", "capped", "fleet[0].plan", "included"},
        {"catalog", "none.jsonl", "catalog", "dir/none.jsonl"},
        {"release.app_size", "900MB", "fleet[0]", "65535 chunks"},
        {"fleet.a.link.preset", "lte_m_god", "fleet[0].link.preset",
         "no link preset \"lte_m_god\"; did you mean \"lte_m_good\"?"},
        {"image.fate", "explodes", "image.fate", "crashes"},
        {"backend.query_every", "0s", "backend.query_every", "too small"},
        {"run.idle", "jump", "run.idle", "skip step"},
        {"fleet.a.count", "100000000", "fleet", "in all"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct ota_scenario s;
        struct ota_complaints complaints;
        assert_false(
            small_read_set(&s, bad[i].path, bad[i].value, &complaints));
        const struct ota_complaint *first = &complaints.items[0];
        print_message("%s=%s\n    %s: %s\n", bad[i].path, bad[i].value,
                      first->place.path, first->message);
        assert_string_equal(first->place.path, bad[i].place);
        assert_non_null(strstr(first->message, bad[i].part));
        assert_null(s.arena.blocks);
    }
}

/* What takes two settings to be wrong. */
static void test_refused_pairs(void **state)
{
    (void)state;
    static const struct {
        struct ota_setting settings[2];
        const char *place, *part;
    } bad[] = {
        {{{"release.app_size", "0B"}, {"release.needs_os", "\"\""}},
         "release.app_size",
         "name the Device OS that is to be sent"},
        {{{"fleet.a.link.preset", "wifi_good"},
          {"fleet.a.link.model", "radio"}},
         "fleet[0].link.model",
         "is of the link model \"wifi\""},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct ota_scenario s;
        struct ota_complaints complaints;
        assert_false(small_read_sets(&s, bad[i].settings, 2, &complaints));
        ota_complaints_print(&complaints, stdout);
        assert_int_equal(complaints.total, 1);
        assert_string_equal(complaints.items[0].place.path, bad[i].place);
        assert_non_null(strstr(complaints.items[0].message, bad[i].part));
    }
}

/* A setting that is at fault has no line; the file is not blamed for it. */
static void test_place_of_a_setting(void **state)
{
    (void)state;
    struct ota_scenario s;
    struct ota_complaints complaints;
    assert_false(small_read_set(&s, "run.seed", "x", &complaints));
    assert_int_equal(complaints.total, 1);
    assert_string_equal(complaints.items[0].place.file, "--set");
    assert_int_equal(complaints.items[0].place.line, 0);
}

static void test_dump_reads_back(void **state)
{
    (void)state;
    char *once = small_dump(small_scenario);
    char *twice = small_dump(once);
    assert_string_equal(once, twice);
    assert_non_null(strstr(once, "\"replications\": 20"));
    assert_non_null(strstr(once, "\"share\": 0.75"));
    assert_null(strstr(once, "catalog"));
    free(once);
    free(twice);
}

/* What is dumped is what was read, not the defaults. */
static void test_dump_keeps_settings(void **state)
{
    (void)state;
    struct ota_scenario s;
    struct ota_complaints complaints;
    assert_true(
        small_read_set(&s, "run.seed", "18446744073709551615", &complaints));
    char *json = ota_scenario_to_json(&s, 4);
    assert_non_null(strstr(json, "\n        \"seed\": 18446744073709551615"));
    assert_int_equal(strncmp(json, "{\n      \"run\"", 13), 0);
    free(json);
    ota_scenario_release(&s);
}

static void test_starters(void **state)
{
    (void)state;
    static const char *const files[] = {
        "scenarios/starter/electron-hourly.json",
        "scenarios/starter/electron-hourly-stay-awake.json",
    };
    char *dumps[2];
    for (size_t i = 0; i < 2; i++) {
        struct ota_scenario s;
        struct ota_complaints complaints = {0};
        bool ok = ota_scenario_read(&s, files[i], NULL, 0, &complaints);
        if (!ok)
            ota_complaints_print(&complaints, stderr);
        assert_true(ok);
        assert_int_equal(ota_fleet_config_devices(&s.fleet), 2000);
        dumps[i] = ota_scenario_to_json(&s, 0);
        char *again = small_dump(dumps[i]);
        assert_string_equal(dumps[i], again);
        free(again);
        ota_scenario_release(&s);
    }
    /* Alike up to the app, but for the title's line, and behind it. */
    const char *a = strstr(dumps[0], "\"run\"");
    const char *b = strstr(dumps[1], "\"run\"");
    size_t before = (size_t)(strstr(a, "\"app\": {") - a);
    assert_memory_equal(a, b, before);
    assert_string_equal(strstr(a + before, "\"transfer\": {"),
                        strstr(b + before, "\"transfer\": {"));
    free(dumps[0]);
    free(dumps[1]);
}

static void test_no_such_file(void **state)
{
    (void)state;
    struct ota_scenario s;
    struct ota_complaints complaints = {0};
    assert_false(ota_scenario_read(&s, "no/such.json", NULL, 0, &complaints));
    assert_int_equal(complaints.total, 1);
    assert_int_equal(complaints.items[0].place.line, 0);
    assert_false(ota_scenario_read(&s, "tests", NULL, 0, &complaints));
    assert_int_equal(complaints.total, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meaning),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_sections),
        cmocka_unit_test(test_idle_is_dumped_as_it_is),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_refused_settings),
        cmocka_unit_test(test_refused_pairs),
        cmocka_unit_test(test_place_of_a_setting),
        cmocka_unit_test(test_dump_reads_back),
        cmocka_unit_test(test_dump_keeps_settings),
        cmocka_unit_test(test_starters),
        cmocka_unit_test(test_no_such_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
