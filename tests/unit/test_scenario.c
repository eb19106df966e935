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

static const char small[] =
    "{\"release\": {\"app_version\": 2, \"app_size\": \"21KB\", "
    "\"needs_os\": \"0.7.0\"},\n"
    " \"fleet\": [{\"name\": \"a\", \"count\": 10, \"platform\": "
    "\"electron\",\n"
    "  \"installed\": [{\"os\": \"0.6.0\", \"share\": 0.75},\n"
    "                {\"os\": \"0.6.4\", \"share\": 0.25}],\n"
    "  \"sleep\": {\"model\": \"always_on\"},\n"
    "  \"plan\": {\"model\": \"unlimited\"}},\n"
    " {\"name\": \"b\", \"count\": 5, \"platform\": \"electron\",\n"
    "  \"installed\": [{\"os\": \"0.7.0\"}],\n"
    "  \"sleep\": {\"model\": \"always_on\"},\n"
    "  \"plan\": {\"model\": \"unlimited\"}}]}\n";

static bool read_set(struct ota_scenario *scenario, const char *path,
                     const char *value, struct ota_complaints *complaints)
{
    const struct ota_setting setting = {path, value};
    *complaints = (struct ota_complaints){0};
    return ota_scenario_read_text(scenario, "dir/small.json", small,
                                  strlen(small), &setting, path ? 1 : 0,
                                  complaints);
}

static void test_meaning(void **state)
{
    (void)state;
    struct ota_scenario s;
    struct ota_complaints complaints;
    assert_true(read_set(&s, NULL, NULL, &complaints));
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
    };
    struct ota_scenario s;
    struct ota_complaints complaints;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        print_message("%s=%s\n", good[i][0], good[i][1]);
        bool ok = read_set(&s, good[i][0], good[i][1], &complaints);
        if (!ok)
            ota_complaints_print(&complaints, stderr);
        assert_true(ok);
        ota_scenario_release(&s);
    }
    assert_true(read_set(&s, "fleet.*.count", "7", &complaints));
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
        {"rum.seed", "1", "rum", "did you mean \"run\""},
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
        {"fleet.a.count", "100000000", "fleet", "in all"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct ota_scenario s;
        struct ota_complaints complaints;
        assert_false(read_set(&s, bad[i].path, bad[i].value, &complaints));
        const struct ota_complaint *first = &complaints.items[0];
        print_message("%s=%s\n    %s: %s\n", bad[i].path, bad[i].value,
                      first->place.path, first->message);
        assert_string_equal(first->place.path, bad[i].place);
        assert_non_null(strstr(first->message, bad[i].part));
        assert_null(s.arena.blocks);
    }
}

/* A setting that is at fault has no line; the file is not blamed for it. */
static void test_place_of_a_setting(void **state)
{
    (void)state;
    struct ota_scenario s;
    struct ota_complaints complaints;
    assert_false(read_set(&s, "run.seed", "x", &complaints));
    assert_int_equal(complaints.total, 1);
    assert_string_equal(complaints.items[0].place.file, "--set");
    assert_int_equal(complaints.items[0].place.line, 0);
}

/* Reads text, gives its dump. */
static char *dump(const char *text)
{
    struct ota_scenario s;
    struct ota_complaints complaints = {0};
    if (!ota_scenario_read_text(&s, "t.json", text, strlen(text), NULL, 0,
                                &complaints)) {
        ota_complaints_print(&complaints, stderr);
        fail();
    }
    char *json = ota_scenario_to_json(&s, 0);
    assert_non_null(json);
    ota_scenario_release(&s);
    return json;
}

static void test_dump_reads_back(void **state)
{
    (void)state;
    char *once = dump(small);
    char *twice = dump(once);
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
    assert_true(read_set(&s, "run.seed", "18446744073709551615", &complaints));
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
        char *again = dump(dumps[i]);
        assert_string_equal(dumps[i], again);
        free(again);
        ota_scenario_release(&s);
    }
    /* Alike up to the app, but for the title's line, and behind it. */
    const char *a = strstr(dumps[0], "\"run\"");
    const char *b = strstr(dumps[1], "\"run\"");
    size_t before = (size_t)(strstr(a, "\"app\": {") - a);
    assert_memory_equal(a, b, before);
    assert_string_equal(strstr(a, "\"transfer\": {"),
                        strstr(b, "\"transfer\": {"));
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
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_refused_settings),
        cmocka_unit_test(test_place_of_a_setting),
        cmocka_unit_test(test_dump_reads_back),
        cmocka_unit_test(test_dump_keeps_settings),
        cmocka_unit_test(test_starters),
        cmocka_unit_test(test_no_such_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
