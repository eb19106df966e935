/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_bind.c - sections of JSON into structs, by a table of the test's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/scenario/bind.h"

struct config {
    int64_t wait_us;
    double share;
    bool flag;
    int choice;
    char name[OTA_NAME_SIZE];
    const char *text;
    uint64_t seed;
    struct ota_dist delay;
};

static const char *const choices[] = {"red", "green", NULL};

static const struct ota_field fields[] = {
    {.name = "wait",
     .kind = OTA_FIELD_INTEGER,
     .dimension = OTA_TIME,
     .offset = offsetof(struct config, wait_us),
     .min = 0,
     .max = 60e6,
     .help = "a wait"},
    {.name = "share",
     .kind = OTA_FIELD_REAL,
     .dimension = OTA_RATIO,
     .offset = offsetof(struct config, share),
     .fallback = "0.25",
     .min = 0,
     .max = 1,
     .help = "a share"},
    {.name = "flag",
     .kind = OTA_FIELD_FLAG,
     .offset = offsetof(struct config, flag),
     .fallback = "true",
     .help = "a flag"},
    {.name = "choice",
     .kind = OTA_FIELD_CHOICE,
     .offset = offsetof(struct config, choice),
     .fallback = "red",
     .choices = choices,
     .help = "a choice"},
    {.name = "name",
     .kind = OTA_FIELD_NAME,
     .offset = offsetof(struct config, name),
     .fallback = "",
     .help = "a name"},
    {.name = "text",
     .kind = OTA_FIELD_TEXT,
     .offset = offsetof(struct config, text),
     .fallback = "",
     .help = "a text"},
    {.name = "seed",
     .kind = OTA_FIELD_SEED,
     .offset = offsetof(struct config, seed),
     .fallback = "1",
     .help = "a seed"},
    {.name = "delay",
     .kind = OTA_FIELD_DIST,
     .dimension = OTA_TIME,
     .offset = offsetof(struct config, delay),
     .fallback = "1s",
     .min = 0,
     .max = 60e6,
     .help = "a delay"},
    {.name = NULL},
};

/* Binds the section "s" of text; the messages come back. */
static bool bind(const char *text, struct config *config,
                 struct ota_arena *arena, struct ota_complaints *complaints)
{
    static const char *const others[] = {"model", NULL};
    *arena = (struct ota_arena){0};
    *complaints = (struct ota_complaints){0};
    *config = (struct config){0};
    struct ota_binder binder = {.complaints = complaints,
                                .context = {.arena = arena}};
    struct ota_bind_section section;
    const struct ota_json *root =
        ota_json_parse("t.json", text, strlen(text), arena, complaints);
    assert_non_null(root);
    return ota_bind_find(&binder, root, "s", &section) &&
           ota_bind_fields(&binder, &section, fields, others, config);
}

static void test_values(void **state)
{
    (void)state;
    struct ota_arena arena;
    struct ota_complaints complaints;
    struct config config;
    assert_true(bind("{\"s\": {\"wait\": \"1.5s\", \"share\": 0.5, \"flag\": "
                     "false, \"choice\": \"green\", \"name\": \"n\", \"text\": "
                     "\"t\", \"seed\": 18446744073709551615, \"x-note\": [], "
                     "\"model\": 1, \"delay\": \"uniform(1s, 2s)\"}}",
                     &config, &arena, &complaints));
    assert_int_equal(complaints.total, 0);
    assert_int_equal(config.wait_us, 1500000);
    assert_true(config.share == 0.5);
    assert_false(config.flag);
    assert_int_equal(config.choice, 1);
    assert_string_equal(config.name, "n");
    assert_string_equal(config.text, "t");
    assert_true(config.seed == UINT64_MAX);
    assert_true(ota_dist_mean(&config.delay) == 1.5e6);
    ota_arena_release(&arena);
}

static void test_defaults(void **state)
{
    (void)state;
    struct ota_arena arena;
    struct ota_complaints complaints;
    struct config config;
    assert_true(
        bind("{\"s\": {\"wait\": \"0s\"}}", &config, &arena, &complaints));
    assert_true(config.share == 0.25);
    assert_true(config.flag);
    assert_int_equal(config.choice, 0);
    assert_string_equal(config.text, "");
    assert_true(config.seed == 1);
    ota_arena_release(&arena);
}

/* A section, the column of the first complaint, and a part of it. */
struct refusal {
    const char *text;
    int column;
    const char *path, *part;
};

static void test_refusals(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"{}", 1, "", "\"s\" is missing, which must set \"wait\""},
        {"{\"s\": []}", 7, "s", "a list [...] where an object"},
        {"{\"s\": {}}", 7, "s", "\"wait\" is missing"},
        {"{\"s\": {\"wait\": 5}}", 16, "s.wait", "no unit"},
        {"{\"s\": {\"wait\": null}}", 16, "s.wait", "null where a duration"},
        {"{\"s\": {\"wait\": true}}", 16, "s.wait", "such as \"30s\""},
        {"{\"s\": {\"wait\": \"61s\"}}", 0, "s.wait", "too large"},
        {"{\"s\": {\"wiat\": \"1s\"}}", 8, "s.wiat", "did you mean \"wait\""},
        {"{\"s\": {\"wait\": \"1s\", \"q\": 1}}", 22, "s.q",
         "known: wait, share"},
        {"{\"s\": {\"wait\": \"1s\", \"flag\": 1}}", 30, "s.flag",
         "a number where true or false"},
        {"{\"s\": {\"wait\": \"1s\", \"choice\": 1}}", 32, "s.choice",
         "red green"},
        {"{\"s\": {\"wait\": \"1s\", \"name\": 1}}", 30, "s.name",
         "text in double quotes"},
        {"{\"s\": {\"wait\": \"1s\", \"seed\": -1}}", 30, "s.seed", ""},
        {"{\"s\": {\"wait\": \"1s\", \"delay\": {}}}", 31, "s.delay",
         "or a distribution of it"},
    };
    for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
        const struct refusal *r = &refusals[i];
        struct ota_arena arena;
        struct ota_complaints complaints;
        struct config config;
        assert_false(bind(r->text, &config, &arena, &complaints));
        print_message("%s\n    %s\n", r->text, complaints.items[0].message);
        assert_int_equal(complaints.total, 1);
        assert_string_equal(complaints.items[0].place.path, r->path);
        if (r->column > 0)
            assert_int_equal(complaints.items[0].place.column, r->column);
        assert_non_null(strstr(complaints.items[0].message, r->part));
        ota_arena_release(&arena);
    }
}

/* One reading hears of everything. */
static void test_all_at_once(void **state)
{
    (void)state;
    struct ota_arena arena;
    struct ota_complaints complaints;
    struct config config;
    assert_false(bind("{\"s\": {\"share\": 2, \"flag\": 3, \"q\": 4}}", &config,
                      &arena, &complaints));
    assert_int_equal(complaints.total, 4);
    ota_arena_release(&arena);
}

static void test_advice(void **state)
{
    (void)state;
    static const char *const words[] = {"electron", "photon"};
    char advice[64];
    ota_bind_advise("electrn", words, 2, advice, sizeof(advice));
    assert_string_equal(advice, "; did you mean \"electron\"?");
    ota_bind_advise("z", words, 2, advice, sizeof(advice));
    assert_string_equal(advice, "; known: electron, photon");
}

/* --- models: a kind of the test's own --------------------------------------*/

struct twice_config {
    int64_t wait_us;
    int64_t twice_us; /* no field: worked out */
};

static const struct ota_field twice_fields[] = {
    {.name = "wait",
     .kind = OTA_FIELD_INTEGER,
     .dimension = OTA_TIME,
     .offset = offsetof(struct twice_config, wait_us),
     .fallback = "1s",
     .min = 0,
     .max = 60e6,
     .help = "a wait"},
    {.name = NULL},
};

static bool twice_prepare(void *config, const struct ota_field_context *context,
                          char *problem, size_t problem_size)
{
    struct twice_config *twice = config;
    assert_non_null(context->arena);
    if (twice->wait_us == 7000000) {
        snprintf(problem, problem_size, "seven cannot be; write eight");
        return false;
    }
    twice->twice_us = 2 * twice->wait_us;
    return true;
}

static const char *twice_problem(const void *config)
{
    const struct twice_config *twice = config;
    /* Behind prepare(): the number is there. */
    return twice->twice_us == 6000000 ? "six is too much" : NULL;
}

static const struct ota_model twice_model = {
    .name = "twice",
    .summary = "a model",
    .source = "the test",
    .config_size = sizeof(struct twice_config),
    .fields = twice_fields,
    .prepare = twice_prepare,
    .problem = twice_problem,
};

static const struct ota_model *twice_at(size_t i)
{
    return i == 0 ? &twice_model : NULL;
}

static const struct ota_kind twice_kind = {"twin", "a kind", "twice", twice_at};

static int bind_twice(const char *text, const void **config,
                      struct ota_arena *arena,
                      struct ota_complaints *complaints)
{
    *arena = (struct ota_arena){0};
    *complaints = (struct ota_complaints){0};
    struct ota_binder binder = {.complaints = complaints,
                                .context = {.arena = arena}};
    const struct ota_json *root =
        ota_json_parse("t.json", text, strlen(text), arena, complaints);
    assert_non_null(root);
    return ota_bind_model(&binder, &twice_kind, root, config);
}

static void test_prepare(void **state)
{
    (void)state;
    struct ota_arena arena;
    struct ota_complaints complaints;
    const struct twice_config *twice;
    const void *config;

    assert_int_equal(bind_twice("{}", &config, &arena, &complaints), 0);
    twice = config;
    assert_int_equal(twice->twice_us, 2000000);
    ota_arena_release(&arena);
    assert_int_equal(bind_twice("{\"twin\": {\"wait\": \"2s\"}}", &config,
                                &arena, &complaints),
                     0);
    twice = config;
    assert_int_equal(twice->twice_us, 4000000);
    ota_arena_release(&arena);
}

static void test_prepare_refuses(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"{\"twin\": {\"wait\": \"7s\"}}", 10, "twin", "write eight"},
        {"{\"twin\": {\"wait\": \"3s\"}}", 10, "twin", "six is too much"},
        /* Not asked where a field is wrong. */
        {"{\"twin\": {\"wait\": \"7d\"}}", 19, "twin.wait", "too large"},
    };
    for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
        const struct refusal *r = &refusals[i];
        struct ota_arena arena;
        struct ota_complaints complaints;
        const void *config;
        assert_int_equal(bind_twice(r->text, &config, &arena, &complaints), -1);
        assert_null(config);
        assert_int_equal(complaints.total, 1);
        assert_string_equal(complaints.items[0].place.path, r->path);
        assert_int_equal(complaints.items[0].place.column, r->column);
        assert_non_null(strstr(complaints.items[0].message, r->part));
        ota_arena_release(&arena);
    }
}

/* A preset whose file could not be read was complained about there. */
static void test_no_presets(void **state)
{
    (void)state;
    struct ota_arena arena;
    struct ota_complaints complaints;
    const void *config;
    assert_int_equal(bind_twice("{\"twin\": {\"preset\": \"x\"}}", &config,
                                &arena, &complaints),
                     -1);
    assert_int_equal(complaints.total, 0);
    ota_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_all_at_once),
        cmocka_unit_test(test_advice),
        cmocka_unit_test(test_prepare),
        cmocka_unit_test(test_prepare_refuses),
        cmocka_unit_test(test_no_presets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
