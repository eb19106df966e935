/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_settings.c - settings of all groups, by second names, in order; files of
 * changes. What is refused as a file is in tests/patches, run by
 * tests/cli/patch.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/scenario/json.h"
#include "sim/scenario/patch.h"
#include "sim/scenario/scenario.h"
#include "tests/support/small_scenario.h"

static const char file[] = "test_settings.tmp.json";

static void file_write(const char *text)
{
    FILE *out = fopen(file, "w");

    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

/* The small scenario's dump with the settings, which the caller frees. */
static char *dump_of(const struct ota_setting *settings, size_t count)
{
    struct ota_scenario s;
    struct ota_complaints complaints;

    if (!small_read_sets(&s, settings, count, &complaints)) {
        ota_complaints_print(&complaints, stderr);
        fail();
    }
    char *json = ota_scenario_to_json(&s, 0);
    assert_non_null(json);
    ota_scenario_release(&s);
    return json;
}

static void assert_same(const struct ota_setting *a, size_t a_count,
                        const struct ota_setting *b, size_t b_count)
{
    char *one = dump_of(a, a_count);
    char *other = dump_of(b, b_count);

    assert_string_equal(one, other);
    free(one);
    free(other);
}

static void test_short_paths(void **state)
{
    static const struct ota_setting pairs[][2] = {
        {{"app.wait", "20s"}, {"fleet.*.app.wait", "20s"}},
        {{"awake.wait", "20s"}, {"fleet.*.app.wait", "20s"}},
        {{"count", "7"}, {"fleet.*.count", "7"}},
        {{"link.loss", "7%"}, {"fleet.*.link.loss", "7%"}},
        {{"installed", "[{\"os\": \"0.6.4\"}]"},
         {"fleet.*.installed", "[{\"os\": \"0.6.4\"}]"}},
        {{"labels", "{\"stage\": \"x\"}"},
         {"fleet.*.labels", "{\"stage\": \"x\"}"}},
        {{"installed.0.os", "0.6.4"}, {"fleet.*.installed.0.os", "0.6.4"}},
        {{"fleet.a.awake.wait", "20s"}, {"fleet.0.app.wait", "20s"}},
        {{"sleep", "{\"model\": \"interval\", \"period\": \"1h\"}"},
         {"fleet.*.sleep", "{\"model\": \"interval\", \"period\": \"60m\"}"}},
        {{"run.reps", "7"}, {"run.replications", "7"}},
        {{"delivery.model", "immediate"}, {"delivery.model", "immediate"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
        assert_same(&pairs[i][0], 1, &pairs[i][1], 1);
}

/* What comes later goes over what came before, file or not. */
static void test_order(void **state)
{
    const struct ota_setting file_last[] = {
        {"app.wait", "20s"}, {"fleet.b.app.wait", "21s"}, {"@", file}};
    const struct ota_setting file_first[] = {
        {"@", file}, {"app.wait", "20s"}, {"fleet.b.app.wait", "21s"}};
    const struct ota_setting thirty[] = {{"app.wait", "30s"}};
    const struct ota_setting own[] = {{"fleet.a.app.wait", "20s"},
                                      {"fleet.b.app.wait", "21s"}};

    (void)state;
    file_write("{\"app\": {\"wait\": \"30s\"}}");
    assert_same(file_last, 3, thirty, 1);
    assert_same(file_first, 3, own, 2);
    unlink(file);
}

static void test_patches(void **state)
{
    static const struct {
        const char *patch;
        struct ota_setting settings[2];
        size_t count;
    } cases[] = {
        {"{}", {{NULL, NULL}}, 0},
        {"{\"app\": {\"wait\": \"20s\"}}", {{"app.wait", "20s"}}, 1},
        {"{\"awake\": {\"wait\": \"20s\"}, \"link\": null}",
         {{"app.wait", "20s"}},
         1},
        {"{\"fleet\": {\"*\": {\"count\": 3}, \"b\": {\"count\": 4}}}",
         {{"count", "3"}, {"fleet.b.count", "4"}},
         2},
        {"{\"fleet\": {\"1\": {\"count\": 4}, \"a\": {\"labels\": {\"x\": "
         "\"y\"}}}}",
         {{"fleet.b.count", "4"}, {"fleet.0.labels.x", "y"}},
         2},
        {"{\"fleet\": {\"a\": {\"sleep\": {\"model\": \"interval\", "
         "\"every\": \"2h\"}}}}",
         {{"fleet.a.sleep", "{\"model\": \"interval\", \"period\": \"2h\"}"}},
         1},
        {"{\"run\": {\"replications\": null, \"seed\": 5}, \"x-why\": [1]}",
         {{"run.seed", "5"}},
         1},
        {"{\"installed\": [{\"os\": \"0.6.4\"}]}",
         {{"installed", "[{\"os\": \"0.6.4\"}]"}},
         1},
    };
    const struct ota_setting patch = {"@", file};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        file_write(cases[i].patch);
        assert_same(&patch, 1, cases[i].settings, cases[i].count);
    }
    unlink(file);
}

static void test_groups_leave(void **state)
{
    const struct ota_setting patch = {"@", file};

    (void)state;
    file_write("{\"fleet\": {\"0\": null, \"1\": {\"count\": 77}}}");
    char *json = dump_of(&patch, 1);
    assert_null(strstr(json, "\"name\": \"a\""));
    assert_non_null(strstr(json, "\"name\": \"b\""));
    assert_non_null(strstr(json, "\"count\": 77"));
    free(json);
    unlink(file);
}

static void test_refused(void **state)
{
    static const struct {
        struct ota_setting settings[2];
        const char *place, *message;
    } bad[] = {
        {{{"app.wait", "5x"}},
         "app.wait",
         "\"5x\" has an unknown unit \"x\"; write a duration such as \"5s\" "
         "(us ms s min h d)"},
        {{{"fleet.*.app.wiat", "5s"}},
         "fleet.*.app.wiat",
         "unknown setting; did you mean \"wait\"?"},
        {{{"slep.period", "1h"}},
         "slep.period",
         "no setting begins with \"slep\"; did you mean \"sleep\"?"},
        {{{"seed", "1"}},
         "seed",
         "no setting begins with \"seed\"; did you mean \"run.seed\"?"},
        {{{"q", "1"}},
         "q",
         "no setting begins with \"q\"; sections such as run, app and sleep "
         "do (`otasim models` lists them)"},
        {{{"fleet", "5"}, {"app.wait", "5s"}},
         "app.wait",
         "is of the groups of a fleet, and there are none"},
        {{{"fleet.b.sleep", "{\"model\": \"interval\", \"period\": \"1h\"}"},
          {"sleep.period", "2h"}},
         "sleep.period",
         "unknown setting: it belongs to the sleep model \"interval\", and "
         "group \"a\" has another; set it in groups that have that: "
         "fleet.NAME.sleep.period"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct ota_scenario s;
        struct ota_complaints complaints;
        assert_false(small_read_sets(
            &s, bad[i].settings, bad[i].settings[1].path ? 2 : 1, &complaints));
        const struct ota_complaint *first = &complaints.items[0];
        assert_string_equal(first->place.file, "--set");
        assert_string_equal(first->place.path, bad[i].place);
        assert_string_equal(first->message, bad[i].message);
        assert_int_equal(complaints.total, i == 5 ? 2 : 1);
    }
}

/* Writes a tree as JSON without spaces. */
static void write_tree(const struct ota_json *value, char *text, size_t size)
{
    const bool list = value->type == OTA_JSON_LIST;
    const bool quoted = value->type == OTA_JSON_TEXT;
    char *end = text + strlen(text);
    const size_t room = size - strlen(text);

    if (!list && value->type != OTA_JSON_OBJECT) {
        snprintf(end, room, "%s%s%s", quoted ? "\"" : "",
                 value->text ? value->text : "null", quoted ? "\"" : "");
        return;
    }
    snprintf(end, room, "%c", list ? '[' : '{');
    for (const struct ota_json *v = value->child; v; v = v->next) {
        if (v->key)
            snprintf(text + strlen(text), size - strlen(text),
                     "\"%s\":", v->key);
        write_tree(v, text, size);
        if (v->next)
            snprintf(text + strlen(text), size - strlen(text), ",");
    }
    snprintf(text + strlen(text), size - strlen(text), "%c", list ? ']' : '}');
}

static struct ota_json *tree_read(const char *text, struct ota_arena *arena)
{
    struct ota_complaints complaints = {0};
    struct ota_json *tree =
        ota_json_parse("t.json", text, strlen(text), arena, &complaints);

    assert_int_equal(complaints.total, 0);
    return tree;
}

/* The examples of RFC 7396, appendix A, each as a member of its own. */
static void test_rfc(void **state)
{
    static const char *const cases[][3] = {
        {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
        {"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
        {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
        {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}",
         "{\"a\":{\"b\":\"d\"}}"},
        {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
        {"[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]"},
        {"{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]"},
        {"{\"a\":\"foo\"}", "null", NULL},
        {"{\"a\":\"foo\"}", "\"bar\"", "\"bar\""},
        {"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
        {"[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}"},
        {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct ota_arena arena = {0};
        struct ota_complaints complaints = {0};
        char target[128], patch[128], wanted[128] = "{}", got[256] = "";
        snprintf(target, sizeof(target), "{\"x-t\":%s}", cases[i][0]);
        snprintf(patch, sizeof(patch), "{\"x-t\":%s}", cases[i][1]);
        if (cases[i][2])
            snprintf(wanted, sizeof(wanted), "{\"x-t\":%s}", cases[i][2]);
        struct ota_json *tree = tree_read(target, &arena);
        assert_true(ota_patch_merge(tree, tree_read(patch, &arena), &arena,
                                    &complaints));
        write_tree(tree, got, sizeof(got));
        assert_string_equal(got, wanted);
        ota_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_paths), cmocka_unit_test(test_order),
        cmocka_unit_test(test_patches),     cmocka_unit_test(test_groups_leave),
        cmocka_unit_test(test_refused),     cmocka_unit_test(test_rfc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
