/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_schema.c - the JSON Schema names every model and setting, its
 * references lead somewhere, and its patterns take what the fields take.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <regex.h>

#include <cmocka.h>

#include "models/registry.h"
#include "sim/scenario/json.h"
#include "sim/scenario/preset_read.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/sections.h"

struct fixture {
    struct ota_arena arena;
    const struct ota_json *schema;
};

static int read_schema(void **state)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct ota_complaints complaints = {0};
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    if (!fixture || !out || !ota_scenario_write_schema(out) || fclose(out) != 0)
        return -1;
    fixture->schema =
        ota_json_parse("schema", text, size, &fixture->arena, &complaints);
    ota_complaints_print(&complaints, stderr);
    free(text);
    *state = fixture;
    return fixture->schema && complaints.total == 0 ? 0 : -1;
}

static int release_schema(void **state)
{
    struct fixture *fixture = *state;
    ota_arena_release(&fixture->arena);
    free(fixture);
    return 0;
}

static const struct ota_json *schema_of(void **state)
{
    return ((const struct fixture *)*state)->schema;
}

static const struct ota_json *find(const struct ota_json *at, const char *key)
{
    const struct ota_json *value = ota_json_find(at, key);
    if (!value)
        fail_msg("no \"%s\"", key);
    return value;
}

/* Every field stands in properties, and in the list `required` if it has no
 * default. */
static void check_fields(const struct ota_json *object,
                         const struct ota_json *required_list,
                         const struct ota_field *fields)
{
    const struct ota_json *properties = find(object, "properties");
    assert_string_equal(find(object, "additionalProperties")->text, "false");
    for (; fields->name; fields++) {
        const struct ota_json *property = find(properties, fields->name);
        assert_non_null(
            strstr(find(property, "description")->text, fields->help));
        bool required = false;
        for (const struct ota_json *r = required_list->child; r; r = r->next)
            required = required || strcmp(r->text, fields->name) == 0;
        assert_int_equal(required, fields->fallback == NULL);
    }
}

static void check_section(const struct ota_json *object,
                          const struct ota_field *fields)
{
    check_fields(object, find(object, "required"), fields);
}

static void test_sections(void **state)
{
    const struct ota_json *schema = schema_of(state);
    const struct ota_json *defs = find(schema, "$defs");
    for (int i = 0; i < OTA_SECTION_SCENARIO; i++)
        check_section(find(defs, ota_sections[i].name), ota_sections[i].fields);
    check_section(schema, ota_sections[OTA_SECTION_SCENARIO].fields);
}

static void test_models(void **state)
{
    const struct ota_json *schema = schema_of(state);
    const struct ota_json *defs = find(schema, "$defs");
    for (const struct ota_kind *kind = ota_kinds; kind->name; kind++) {
        const struct ota_json *of_kind = find(defs, kind->name);
        const struct ota_json *word =
            find(find(find(of_kind, "properties"), "model"), "enum")->child;
        const struct ota_json *rule = find(of_kind, "allOf")->child;
        for (size_t i = 0; kind->at(i); i++) {
            assert_non_null(word);
            assert_non_null(rule);
            assert_string_equal(word->text, kind->at(i)->name);
            /* What a model requires, a preset may give instead. */
            const struct ota_json *then = find(rule, "then");
            const struct ota_json *either = find(then, "anyOf")->child;
            check_fields(then, find(either, "required"), kind->at(i)->fields);
            assert_string_equal(find(either->next, "required")->child->text,
                                "preset");
            word = word->next;
            rule = rule->next;
        }
        assert_null(word);
    }
}

/* Editors offer the shipped presets, and take others. */
static void test_presets(void **state)
{
    const struct ota_json *defs = find(schema_of(state), "$defs");
    const struct ota_presets_source none = {0};
    struct ota_arena arena = {0};
    struct ota_complaints complaints = {0};
    struct ota_presets presets;
    assert_true(ota_presets_read(&presets, &none, &arena, &complaints));
    for (size_t i = 0; i < presets.count; i++) {
        const struct ota_preset *p = &presets.items[i];
        const struct ota_json *of_kind = find(defs, p->kind->name);
        const struct ota_json *either =
            find(find(find(of_kind, "properties"), "preset"), "anyOf");
        bool offered = false;
        for (const struct ota_json *name = find(either->child, "enum")->child;
             name; name = name->next)
            offered = offered || strcmp(name->text, p->name) == 0;
        assert_true(offered);
        assert_string_equal(find(either->child->next, "type")->text, "string");
    }
    ota_arena_release(&arena);
}

/* Follows each "$ref" in the tree. */
static void check_references(const struct ota_json *schema,
                             const struct ota_json *at)
{
    static const char prefix[] = "#/$defs/";
    const struct ota_json *reference = ota_json_find(at, "$ref");
    if (reference) {
        assert_int_equal(strncmp(reference->text, prefix, strlen(prefix)), 0);
        find(find(schema, "$defs"), reference->text + strlen(prefix));
    }
    for (const struct ota_json *v = at->child; v; v = v->next)
        check_references(schema, v);
}

static void test_references(void **state)
{
    check_references(schema_of(state), schema_of(state));
}

/* A pattern in POSIX's dialect: the schema's only escapes are \s \. \( \). */
static bool matches(const char *pattern, const char *text)
{
    char posix[1024] = "";
    size_t n = 0;
    for (const char *p = pattern; *p; p++) {
        if (p[0] == '\\' && p[1] == 's') {
            memcpy(posix + n, "[[:space:]]", 11);
            n += 11;
            p++;
        } else {
            posix[n++] = *p;
        }
        assert_true(n < sizeof(posix) - 16);
    }
    posix[n] = '\0';
    regex_t regex;
    assert_int_equal(regcomp(&regex, posix, REG_EXTENDED | REG_NOSUB), 0);
    bool hit = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return hit;
}

/* Every default matches its own pattern; an unknown unit matches none. */
static void check_patterns(const struct ota_json *at, size_t *count)
{
    const struct ota_json *pattern = ota_json_find(at, "pattern");
    const struct ota_json *given = ota_json_find(at, "default");
    if (pattern && given) {
        print_message("%s %s\n", pattern->text, given->text);
        assert_true(matches(pattern->text, given->text));
        assert_false(matches(pattern->text, "5 parsecs"));
        assert_false(matches(pattern->text, "s"));
        ++*count;
    }
    for (const struct ota_json *v = at->child; v; v = v->next)
        check_patterns(v, count);
}

static void test_patterns(void **state)
{
    size_t count = 0;
    check_patterns(schema_of(state), &count);
    assert_true(count > 20);
}

/* The file that editors use is the one that the tables give. */
static void test_shipped_schema(void **state)
{
    (void)state;
    FILE *shipped = fopen("scenarios/schema/scenario.schema.json", "rb");
    FILE *fresh = tmpfile();
    assert_non_null(shipped);
    assert_non_null(fresh);
    assert_true(ota_scenario_write_schema(fresh));
    rewind(fresh);
    int a, b;
    do {
        a = getc(shipped);
        b = getc(fresh);
        assert_int_equal(a, b); /* else: make schema */
    } while (a != EOF);
    fclose(shipped);
    fclose(fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sections), cmocka_unit_test(test_models),
        cmocka_unit_test(test_presets),  cmocka_unit_test(test_references),
        cmocka_unit_test(test_patterns), cmocka_unit_test(test_shipped_schema),
    };
    return cmocka_run_group_tests(tests, read_schema, release_schema);
}
