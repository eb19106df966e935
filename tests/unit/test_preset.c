/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_preset.c - presets: every shipped one reads, wrong lines are named, and
 * what a section sets itself goes before what its preset sets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include <cmocka.h>

#include "models/link/link.h"
#include "models/plan/plan.h"
#include "sim/base/clock.h"
#include "sim/scenario/bind.h"
#include "sim/scenario/catalog_data.h"
#include "sim/scenario/preset_read.h"
#include "sim/scenario/scenario.h"

/* A good line of the user's, and one of a module beside it. */
static const char slow_link[] =
    "{\"kind\":\"link\",\"preset\":\"t_slow\",\"model\":\"radio\","
    "\"basis\":\"the test's\",\"set\":{\"goodput\":\"1kbit/s\","
    "\"loss\":\"0.25\",\"attach_failure\":0.5}}";
static const char small_plan[] =
    "{\"kind\":\"plan\",\"preset\":\"t_small\",\"model\":\"capped\","
    "\"basis\":\"the test's\",\"set\":{\"included\":\"3MB\"}}";
static const char module[] =
    "{\"p\":\"electron\",\"os\":\"9.9.9\",\"m\":[[\"s1\",9909,1000,[]]]}";

static bool read_presets(const char *const *lines, struct ota_presets *presets,
                         struct ota_arena *arena,
                         struct ota_complaints *complaints)
{
    const struct ota_presets_source source = {.file = "mine.jsonl",
                                              .lines = lines};
    *arena = (struct ota_arena){0};
    *complaints = (struct ota_complaints){0};
    return ota_presets_read(presets, &source, arena, complaints);
}

static void shipped_presets_read(void **state)
{
    (void)state;
    struct ota_presets presets;
    struct ota_arena arena;
    struct ota_complaints complaints;
    const bool ok = read_presets(NULL, &presets, &arena, &complaints);
    ota_complaints_print(&complaints, stderr);
    assert_true(ok);
    assert_true(presets.count > 0);

    size_t lines = 0;
    for (; ota_preset_data[lines]; lines++)
        assert_true(ota_line_is_preset(ota_preset_data[lines]));
    assert_int_equal(presets.count, lines);
    for (size_t i = 0; i < presets.count; i++) {
        const struct ota_preset *p = &presets.items[i];
        assert_ptr_equal(ota_preset_find(&presets, p->kind, p->name), p);
        assert_true(strlen(p->basis) > 0);
        assert_null(strchr(p->basis, '\n'));
        assert_non_null(p->set->child);
        assert_int_equal(strspn(p->name, "abcdefghijklmnopqrstuvwxyz"
                                         "0123456789_"),
                         strlen(p->name));
    }
    ota_arena_release(&arena);
}

static void users_follow_the_shipped(void **state)
{
    (void)state;
    const char *const lines[] = {module, slow_link, "", small_plan, NULL};
    struct ota_presets presets;
    struct ota_arena arena;
    struct ota_complaints complaints;
    assert_true(read_presets(lines, &presets, &arena, &complaints));
    const struct ota_preset *p =
        ota_preset_find(&presets, ota_kind_find("link"), "t_slow");
    assert_non_null(p);
    assert_ptr_equal(p->model, &ota_link_radio.model);
    assert_string_equal(p->basis, "the test's");
    assert_string_equal(ota_json_find(p->set, "loss")->text, "0.25");
    assert_string_equal(ota_json_find(p->set, "attach_failure")->text, "0.5");
    assert_null(ota_preset_find(&presets, ota_kind_find("plan"), "t_slow"));
    assert_non_null(
        ota_preset_find(&presets, ota_kind_find("plan"), "t_small"));
    ota_arena_release(&arena);
}

static void wrong_lines_are_named(void **state)
{
    (void)state;
#define LINK "{\"kind\":\"link\",\"preset\":\"t\",\"model\":\"radio\","
    static const struct {
        const char *line, *path, *part;
    } cases[] = {
        {"{\"preset\":", "", ""},
        {"[\"preset\"]", "", "a list [...] where an object belongs"},
        {"{\"kind\":\"link\",\"preset\":\"t\",\"basis\":\"b\",\"set\":{}}", "",
         "\"model\" is missing"},
        {LINK "\"set\":{}}", "", "\"basis\" is missing"},
        {LINK "\"basis\":\"b\"}", "", "\"set\" is missing"},
        {LINK "\"basis\":\"b\",\"set\":[]}", "set", "a list [...] where"},
        {LINK "\"basis\":\"b\",\"sett\":{}}", "sett", "did you mean \"set\""},
        {"{\"kind\":\"lnik\",\"preset\":\"t\",\"model\":\"radio\",\"basis\":"
         "\"b\",\"set\":{}}",
         "kind", "no kind of model \"lnik\"; did you mean \"link\""},
        {"{\"kind\":\"link\",\"preset\":\"t\",\"model\":\"raido\",\"basis\":"
         "\"b\",\"set\":{}}",
         "model", "no link model \"raido\"; did you mean \"radio\""},
        {LINK "\"basis\":\"b\",\"set\":{\"los\":\"1%\"}}", "set.los",
         "did you mean \"loss\""},
        {LINK "\"basis\":\"b\",\"set\":{\"loss\":\"2\"}}", "set.loss",
         "too large"},
        {LINK "\"basis\":\"b\",\"set\":{\"goodput\":\"5s\"}}", "set.goodput",
         ""},
        {LINK "\"basis\":\"b\",\"set\":{\"loss\":0,\"loss\":1}}", "set.loss",
         "stands a second time in this line"},
        {slow_link, "preset", "already; give this one another name"},
    };
#undef LINK
    enum { CASES = sizeof(cases) / sizeof(*cases) };
    const char *lines[CASES + 2] = {slow_link};
    for (size_t i = 0; i < CASES; i++)
        lines[i + 1] = cases[i].line;
    struct ota_presets presets;
    struct ota_arena arena;
    struct ota_complaints complaints;
    assert_false(read_presets(lines, &presets, &arena, &complaints));
    ota_complaints_print(&complaints, stdout);
    assert_int_equal(complaints.total, CASES);
    for (size_t i = 0; i < CASES; i++) {
        const struct ota_complaint *c = &complaints.items[i];
        assert_string_equal(c->place.file, "mine.jsonl");
        assert_int_equal(c->place.line, i + 2);
        assert_string_equal(c->place.path, cases[i].path);
        assert_non_null(strstr(c->message, cases[i].part));
    }
    ota_arena_release(&arena);
}

/* Binds a section of that kind, with two presets of the user's known. */
static int bind(const char *kind, const char *text, const void **config,
                struct ota_arena *arena, struct ota_complaints *complaints)
{
    static const char *const lines[] = {slow_link, small_plan, NULL};
    struct ota_presets presets;
    assert_true(read_presets(lines, &presets, arena, complaints));
    struct ota_binder binder = {.complaints = complaints,
                                .context = {.arena = arena},
                                .presets = &presets};
    const struct ota_json *root =
        ota_json_parse("t.json", text, strlen(text), arena, complaints);
    assert_non_null(root);
    return ota_bind_model(&binder, ota_kind_find(kind), root, config);
}

static void own_values_go_first(void **state)
{
    (void)state;
    struct ota_arena arena;
    struct ota_complaints complaints;
    const struct ota_link_radio_config *link;
    const void *config;
    assert_true(bind("link",
                     "{\"link\": {\"preset\": \"t_slow\", \"loss\": 0.125}}",
                     &config, &arena, &complaints) >= 0);
    link = config;
    assert_int_equal(link->goodput_bit_s, 1000); /* the preset's */
    assert_true(link->attach_failure == 0.5);
    assert_true(link->loss == 0.125); /* the section's */

    /* What neither sets. */
    struct ota_link_radio_config usual;
    const struct ota_field_context context = {.arena = &arena};
    assert_true(
        ota_fields_set_defaults(ota_link_radio.model.fields, &usual, &context));
    assert_int_equal(link->attach_give_up_us, usual.attach_give_up_us);
    assert_true(link->loss_bad == usual.loss_bad);
    ota_arena_release(&arena);
}

/* A preset gives what must be given, and names the model. */
static void presets_stand_for_a_model(void **state)
{
    (void)state;
    static const char *const sections[] = {
        "{\"plan\": {\"preset\": \"t_small\"}}",
        "{\"plan\": {\"model\": \"capped\", \"preset\": \"t_small\"}}",
    };
    for (size_t i = 0; i < 2; i++) {
        struct ota_arena arena;
        struct ota_complaints complaints;
        const void *config;
        const int index =
            bind("plan", sections[i], &config, &arena, &complaints);
        assert_true(index >= 0);
        assert_ptr_equal(ota_plan_models[index], &ota_plan_capped);
        const struct ota_plan_capped_config *plan = config;
        assert_int_equal(plan->included_bytes, 3000000);
        ota_arena_release(&arena);
    }
}

static void wrong_presets_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *section, *path, *part;
        int column;
    } cases[] = {
        {"link", "{\"link\": {\"preset\": \"t_slwo\"}}", "link.preset",
         "there is no link preset \"t_slwo\"; did you mean \"t_slow\"?", 21},
        {"delivery", "{\"delivery\": {\"preset\": \"t_slow\"}}",
         "delivery.preset",
         "there is no delivery preset \"t_slow\": it is of the kind \"link\"",
         25},
        {"delivery", "{\"delivery\": {\"preset\": \"t_fast\"}}",
         "delivery.preset",
         "there is no delivery preset \"t_fast\", nor any other", 25},
        {"link", "{\"link\": {\"preset\": 1}}", "link.preset",
         "a number where a preset's name belongs", 21},
        {"plan",
         "{\"plan\": {\"preset\": \"t_small\", \"model\": \"unlimited\"}}",
         "plan.model", "is of the plan model \"capped\"", 41},
        {"plan", "{\"plan\": {\"preset\": \"t_small\", \"includde\": \"1MB\"}}",
         "plan.includde", "did you mean \"included\"", 32},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct ota_arena arena;
        struct ota_complaints complaints;
        const void *config;
        assert_int_equal(
            bind(cases[i].kind, cases[i].section, &config, &arena, &complaints),
            -1);
        ota_complaints_print(&complaints, stdout);
        assert_int_equal(complaints.total, 1);
        assert_string_equal(complaints.items[0].place.path, cases[i].path);
        assert_int_equal(complaints.items[0].place.column, cases[i].column);
        assert_non_null(strstr(complaints.items[0].message, cases[i].part));
        ota_arena_release(&arena);
    }
}

/* --- in a scenario ---------------------------------------------------------*/

static const char scenario_text[] =
    "{\"catalog\": \"t.jsonl\",\n"
    " \"release\": {\"app_version\": 2, \"app_size\": \"21KB\"},\n"
    " \"fleet\": [{\"name\": \"a\", \"count\": 1, \"platform\": \"electron\",\n"
    "  \"installed\": [{\"os\": \"9.9.9\"}],\n"
    "  \"sleep\": {\"model\": \"always_on\"},\n"
    "  \"link\": {\"preset\": \"t_slow\"},\n"
    "  \"plan\": {\"preset\": \"t_small\"}}]}\n";

/* Reads the scenario with these lines as its catalogue. */
static bool read_with(const char *const *lines, struct ota_scenario *scenario,
                      struct ota_complaints *complaints)
{
    char folder[] = "/tmp/otasim-preset-XXXXXX";
    char file[64], name[64];
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof(file), "%s/t.jsonl", folder);
    snprintf(name, sizeof(name), "%s/t.json", folder);
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    for (; *lines; lines++)
        fprintf(out, "%s\n", *lines);
    fclose(out);

    *complaints = (struct ota_complaints){0};
    const bool ok =
        ota_scenario_read_text(scenario, name, scenario_text,
                               strlen(scenario_text), NULL, 0, complaints);
    /* The name goes with this function. */
    for (size_t i = 0; i < complaints->count; i++)
        complaints->items[i].place.file = NULL;
    assert_int_equal(unlink(file), 0);
    assert_int_equal(rmdir(folder), 0);
    return ok;
}

static void a_catalog_holds_both(void **state)
{
    (void)state;
    const char *const lines[] = {slow_link, module, small_plan, NULL};
    struct ota_scenario s;
    struct ota_complaints complaints;
    const bool ok = read_with(lines, &s, &complaints);
    ota_complaints_print(&complaints, stderr);
    assert_true(ok);
    const struct ota_link_radio_config *link =
        s.fleet.groups[0].signals[0].link.config;
    assert_int_equal(link->goodput_bit_s, 1000);

    /* The dump has the values, not the names. */
    char *json = ota_scenario_to_json(&s, 0);
    assert_null(strstr(json, "\"preset\""));
    assert_non_null(strstr(json, "\"goodput\": \"1kbit/s\""));
    free(json);
    ota_scenario_release(&s);
}

/* A bad line is said at "catalog", with its own place; that the preset is
 * missing then is no news. */
static void a_wrong_catalog_is_said_once(void **state)
{
    (void)state;
    const char *const lines[] = {
        module,
        "{\"kind\":\"link\",\"preset\":\"t_slow\",\"model\":\"radio\","
        "\"basis\":\"b\",\"set\":{\"loss\":\"2\"}}",
        small_plan, NULL};
    struct ota_scenario s;
    struct ota_complaints complaints;
    assert_false(read_with(lines, &s, &complaints));
    ota_complaints_print(&complaints, stdout);
    assert_int_equal(complaints.total, 1);
    assert_string_equal(complaints.items[0].place.path, "catalog");
    assert_non_null(strstr(complaints.items[0].message,
                           "/t.jsonl:2: set.loss: \"2\" is too large"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_presets_read),
        cmocka_unit_test(users_follow_the_shipped),
        cmocka_unit_test(wrong_lines_are_named),
        cmocka_unit_test(own_values_go_first),
        cmocka_unit_test(presets_stand_for_a_model),
        cmocka_unit_test(wrong_presets_are_refused),
        cmocka_unit_test(a_catalog_holds_both),
        cmocka_unit_test(a_wrong_catalog_is_said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
