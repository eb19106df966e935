/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_json.c - the tree, its places, and texts that must be refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/scenario/json.h"
#include "sim/scenario/json_write.h"

static struct ota_json *parse(const char *text, struct ota_arena *arena,
                              struct ota_complaints *complaints)
{
    *arena = (struct ota_arena){0};
    *complaints = (struct ota_complaints){0};
    return ota_json_parse("t.json", text, strlen(text), arena, complaints);
}

static void assert_place(const struct ota_json *value, int line, int column,
                         const char *path)
{
    struct ota_place place;
    ota_json_place(value, &place);
    assert_int_equal(place.line, line);
    assert_int_equal(place.column, column);
    assert_string_equal(place.path, path);
}

static void test_values_and_places(void **state)
{
    (void)state;
    struct ota_arena arena;
    struct ota_complaints complaints;
    struct ota_json *root = parse("\xEF\xBB\xBF{ // \"no\": 1\r\n"
                                  "  \"a\": [1.50, \"x\\\"// y\"],\r\n"
                                  "  /* two\n lines */ \"b\": {\"c\": true}, "
                                  "\"d\": null}\n",
                                  &arena, &complaints);
    assert_non_null(root);
    assert_int_equal(complaints.total, 0);

    const struct ota_json *a = ota_json_find(root, "a");
    assert_int_equal(a->type, OTA_JSON_LIST);
    assert_place(a, 2, 8, "a");
    assert_int_equal(a->key_at.column, 3);
    assert_string_equal(a->child->text, "1.50");
    assert_place(a->child, 2, 9, "a[0]");
    assert_string_equal(a->child->next->text, "x\"// y");
    assert_true(a->child->next->escaped);
    assert_place(a->child->next, 2, 15, "a[1]");

    const struct ota_json *c = ota_json_find(ota_json_find(root, "b"), "c");
    assert_int_equal(c->type, OTA_JSON_FLAG);
    assert_string_equal(c->text, "true");
    assert_place(c, 4, 22, "b.c");
    assert_int_equal(ota_json_find(root, "d")->type, OTA_JSON_NULL);
    assert_null(ota_json_find(root, "A"));
    assert_null(ota_json_find(c, "a"));
    ota_arena_release(&arena);
}

/* Text, where the complaint stands, and a part of it. */
struct refusal {
    const char *text;
    int line, column;
    const char *part;
};

static void test_refusals(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"", 1, 1, "nothing to read"},
        {" \n\n", 3, 1, "nothing to read"},
        {"{\"a\": 1", 1, 8, "\"}\" is missing"},
        {"[1, 2", 1, 6, "\"]\" is missing"},
        {"{\"a\": {\"b\": [", 1, 14, "ends inside a.b"},
        {"{\"a\":", 1, 6, "ends inside"},
        {"{\"a\"", 1, 5, "ends inside"},
        {"{\"a", 1, 2, "not closed"},
        {"{\"a\n\": 1}", 1, 2, "not closed"},
        {"{\"a\": 1,}", 1, 8, "a comma before \"}\""},
        {"[1,\n]", 1, 3, "a comma before \"]\""},
        {"{\"a\": 1 \"b\": 2}", 1, 9, "a comma"},
        {"{\"a\" 1}", 1, 6, "colon"},
        {"{\"a\": }", 1, 7, "a value is missing"},
        {"{'a': 1}", 1, 2, "double quotes"},
        {"{\"a\": 'b'}", 1, 7, "single quote"},
        {"[True]", 1, 2, "True without quotes"},
        {"[NaN]", 1, 2, "NaN without quotes"},
        {"[-Infinity]", 1, 2, "unit"},
        {"[01]", 1, 2, "not a number"},
        {"[+1]", 1, 2, "not a number"},
        {"[.5]", 1, 2, "not a number"},
        {"[1.]", 1, 2, "not a number"},
        {"[1e]", 1, 2, "not a number"},
        {"[-]", 1, 2, "not a number"},
        {"[0x10]", 1, 2, "unit"},
        {"[30s]", 1, 2, "unit"},
        {"[2%]", 1, 2, "unit"},
        {"[1e999]", 1, 2, "too large"},
        {"[-1e999]", 1, 2, "too large"},
        {"[1}", 1, 3, "\"}\" where"},
        {"[1] 2", 1, 5, "behind the end"},
        {"[\"\\x\"]", 1, 3, "unknown escape"},
        {"[\"\\u12\"]", 1, 3, "four hexadecimal"},
        {"[\"\\u0000\"]", 1, 3, "\\u0000"},
        {"[\"\\ud800\"]", 1, 0, "cannot be read as JSON"},
        {"[\"\x01\"]", 1, 3, "control character"},
        {"[1,\x02 2]", 1, 4, "byte 0x02"},
        {"[\"\xC0\x80\"]", 1, 3, "UTF-8"},
        {"[\"\xED\xA0\x80\"]", 1, 3, "UTF-8"},
        {"[\"\xF4\x90\x80\x80\"]", 1, 3, "UTF-8"},
        {"[1] \n /* ", 2, 2, "comment does not end"},
        {"[1 / 2]", 1, 4, "\"/\" where"},
    };
    for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
        const struct refusal *r = &refusals[i];
        struct ota_arena arena;
        struct ota_complaints complaints;
        print_message("refusal %zu: %s\n", i, r->part);
        assert_null(parse(r->text, &arena, &complaints));
        assert_int_equal(complaints.total, 1);
        assert_non_null(strstr(complaints.items[0].message, r->part));
        assert_int_equal(complaints.items[0].place.line, r->line);
        if (r->column > 0)
            assert_int_equal(complaints.items[0].place.column, r->column);
        ota_arena_release(&arena);
    }
}

static void test_long_number(void **state)
{
    (void)state;
    struct ota_arena arena;
    struct ota_complaints complaints;
    char text[80];
    for (size_t digits = 62; digits < 66; digits++) {
        memset(text, '1', digits);
        text[digits] = '\0';
        const struct ota_json *root = parse(text, &arena, &complaints);
        assert_int_equal(complaints.total, root ? 0 : 1);
        assert_true((root != NULL) == (digits <= 63));
        ota_arena_release(&arena);
    }
}

static void test_nul_byte(void **state)
{
    (void)state;
    static const char text[] = "{\"a\": 1}\0{\"b\"";
    struct ota_arena arena = {0};
    struct ota_complaints complaints = {0};
    assert_null(
        ota_json_parse("t", text, sizeof(text) - 1, &arena, &complaints));
    assert_int_equal(complaints.total, 1);
    assert_int_equal(complaints.items[0].place.column, 9);
    ota_arena_release(&arena);
}

static void test_repeated_keys(void **state)
{
    (void)state;
    struct ota_arena arena;
    struct ota_complaints complaints;
    struct ota_json *root =
        parse("{\"a\": 1,\n \"A\": 2,\n \"a\": 3}", &arena, &complaints);
    assert_non_null(root);
    assert_int_equal(complaints.total, 1);
    assert_int_equal(complaints.items[0].place.line, 3);
    assert_int_equal(complaints.items[0].place.column, 2);
    assert_non_null(strstr(complaints.items[0].message, "in line 1"));
    ota_arena_release(&arena);
}

/* Ten million brackets: a message, not a full stack. */
static void test_deep_nesting(void **state)
{
    (void)state;
    const size_t length = 10000000;
    char *text = malloc(length);
    assert_non_null(text);
    memset(text, '[', length);
    struct ota_arena arena = {0};
    struct ota_complaints complaints = {0};
    assert_null(ota_json_parse("t", text, length, &arena, &complaints));
    assert_int_equal(complaints.total, 1);
    assert_non_null(strstr(complaints.items[0].message, "nested"));
    free(text);
    ota_arena_release(&arena);
}

/* What is written reads back, whatever the text. */
static void test_written_text_reads_back(void **state)
{
    (void)state;
    static const char text[] = "a\"b\\c\n\t\x01\x7F \xC3\xA9 /* no */";
    char *json = NULL;
    size_t size;
    FILE *out = open_memstream(&json, &size);
    assert_non_null(out);
    struct ota_json_writer writer = {.out = out};
    ota_json_open(&writer, NULL, '{');
    ota_json_write_text(&writer, text, text);
    ota_json_open(&writer, "empty", '[');
    ota_json_close(&writer, ']');
    ota_json_write_raw(&writer, "n", "-1.5e3");
    ota_json_close(&writer, '}');
    assert_int_equal(fclose(out), 0);

    struct ota_arena arena;
    struct ota_complaints complaints;
    struct ota_json *root = parse(json, &arena, &complaints);
    assert_non_null(root);
    assert_string_equal(root->child->key, text);
    assert_string_equal(root->child->text, text);
    assert_null(ota_json_find(root, "empty")->child);
    assert_string_equal(ota_json_find(root, "n")->text, "-1.5e3");
    free(json);
    ota_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_and_places),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_long_number),
        cmocka_unit_test(test_nul_byte),
        cmocka_unit_test(test_repeated_keys),
        cmocka_unit_test(test_deep_nesting),
        cmocka_unit_test(test_written_text_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
