/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_variant.c - what a file of `compare --with` is taken for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "sim/experiment/variant.h"

static void test_kinds(void **state)
{
    static const struct {
        const char *text;
        enum ota_file_kind kind;
    } cases[] = {
        {"{\"fleet\": [], \"policy\": {}}", OTA_FILE_SCENARIO},
        {"{\"fleet\": {\"a\": {\"count\": 3}}}", OTA_FILE_CHANGES},
        {"{\"policy\": 1}", OTA_FILE_POLICY},
        {"{\"policy\": {\"waves\": {}}}", OTA_FILE_CHANGES},
        {"{\"waves\": {}, \"name\": \"x\", \"x-why\": 1}", OTA_FILE_POLICY},
        {"{\"transfer\": {}, \"name\": \"x\"}", OTA_FILE_CHANGES},
        {"{\"transfer\": {}, \"pace\": {}}", OTA_FILE_POLICY},
        {"{\"waves\": {}, \"app\": {}}", OTA_FILE_CHANGES},
        {"{}", OTA_FILE_CHANGES},
        {"[]", OTA_FILE_CHANGES},
        {"{", OTA_FILE_CHANGES},
    };
    const char *file = "test_variant.tmp.json";

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        FILE *out = fopen(file, "w");
        assert_non_null(out);
        assert_true(fputs(cases[i].text, out) >= 0);
        assert_int_equal(fclose(out), 0);
        print_message("%s\n", cases[i].text);
        assert_int_equal(ota_scenario_file_kind(file), cases[i].kind);
    }
    unlink(file);
    assert_int_equal(ota_scenario_file_kind("no/such.json"), OTA_FILE_CHANGES);
}

static void test_points(void **state)
{
    const struct ota_setting settings[] = {{"run.seed", "2"}};
    const struct ota_point base = {"scenarios/starter/electron-hourly.json",
                                   settings, 1};
    struct ota_arena arena = {0};
    struct ota_point point;
    const char *name;

    (void)state;
    assert_true(ota_variant_point(&point, &name,
                                  "scenarios/rollouts/policies/canary.json",
                                  &base, &arena));
    assert_string_equal(name, "canary");
    assert_string_equal(point.file, base.file);
    assert_int_equal(point.setting_count, 2);
    assert_string_equal(point.settings[0].path, "run.seed");
    assert_string_equal(point.settings[1].path, "@policy");
    assert_string_equal(point.settings[1].value,
                        "scenarios/rollouts/policies/canary.json");

    assert_true(
        ota_variant_point(&point, &name, "no/such.json", &base, &arena));
    assert_string_equal(name, "such");
    assert_string_equal(point.settings[1].path, "@");

    const char *other = "scenarios/starter/electron-hourly-stay-awake.json";
    assert_true(ota_variant_point(&point, &name, other, &base, &arena));
    assert_string_equal(name, "electron-hourly-stay-awake");
    assert_string_equal(point.file, other);
    assert_int_equal(point.setting_count, 1);
    ota_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_points),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
