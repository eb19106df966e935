/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import_fixture.c - see import_fixture.h.
 */
#include "tests/support/import_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/base/text.h"
#include "sim/scenario/json.h"

enum { LISTED_SIZE = 1024 };

size_t import_platform(const char *name)
{
    size_t p = 0;

    while (strcmp(ota_import_platforms[p], name) != 0)
        p++;
    return p;
}

/* --- comparing trees --- */

static void list(char *listed, char mark, const struct ota_json *value)
{
    struct ota_place place;

    ota_json_place(value, &place);
    ota_text_append(listed, LISTED_SIZE, "%s%c%s", listed[0] ? " " : "", mark,
                    place.path);
}

static void compare(const struct ota_json *is, const struct ota_json *expected,
                    char *listed);

static void compare_members(const struct ota_json *is,
                            const struct ota_json *expected, char *listed)
{
    const struct ota_json *other;

    for (const struct ota_json *v = is->child; v; v = v->next) {
        other = ota_json_find(expected, v->key);
        if (other)
            compare(v, other, listed);
        else if (strncmp(v->key, "x-", 2) != 0)
            list(listed, '+', v);
    }
    for (const struct ota_json *v = expected->child; v; v = v->next)
        if (!ota_json_find(is, v->key))
            list(listed, '-', v);
}

static void compare(const struct ota_json *is, const struct ota_json *expected,
                    char *listed)
{
    const struct ota_json *v = is->child, *w = expected->child;

    if (is->type != expected->type) {
        list(listed, '!', is);
    } else if (is->type == OTA_JSON_OBJECT) {
        compare_members(is, expected, listed);
    } else if (is->type == OTA_JSON_LIST) {
        for (; v && w; v = v->next, w = w->next)
            compare(v, w, listed);
        if (v || w)
            list(listed, '!', is);
    } else if (strcmp(is->text, expected->text) != 0) {
        list(listed, '!', is);
    }
}

/* What is different between two texts of JSON. */
static void differences(const char *is, const char *expected, char *listed)
{
    struct ota_arena arena = {0};
    struct ota_complaints complaints = {0};
    const struct ota_json *a =
        ota_json_parse("is", is, strlen(is), &arena, &complaints);
    const struct ota_json *b = ota_json_parse(
        "expected", expected, strlen(expected), &arena, &complaints);
    ota_complaints_print(&complaints, stderr);
    assert_non_null(a);
    assert_non_null(b);
    listed[0] = '\0';
    compare(a, b, listed);
    ota_arena_release(&arena);
}

/* --- reading --- */

struct ota_import import_file(const char *platform, const char *file,
                              const struct ota_import_options *options)
{
    struct ota_import import;
    struct ota_complaints complaints = {0};
    char path[128];

    snprintf(path, sizeof(path), "tests/import/%s", file);
    const bool ok = ota_import_read(&import, import_platform(platform), path,
                                    options, &complaints);
    ota_complaints_print(&complaints, stderr);
    assert_true(ok);
    return import;
}

struct ota_import import_text(const char *platform, const char *text,
                              const struct ota_import_options *options)
{
    struct ota_import import;
    struct ota_complaints complaints = {0};
    const bool ok =
        ota_import_read_text(&import, import_platform(platform), "t.json", text,
                             strlen(text), options, &complaints);

    ota_complaints_print(&complaints, stderr);
    assert_true(ok);
    return import;
}

const struct ota_import_options import_plainly;

/* The file differs from the expected policy in just these paths. */
void import_policy_is(const char *platform, const char *file,
                      const char *expected, const char *differing)
{
    struct ota_import import = import_file(platform, file, &import_plainly);
    char listed[LISTED_SIZE];

    differences(import.policy, expected, listed);
    assert_string_equal(listed, differing);
    ota_import_release(&import);
}

/* A text gives a policy that has, at a path of keys and indexes, this. */
void import_part_is(const char *platform, const char *text,
                    const struct ota_import_options *options, const char *path,
                    const char *expected)
{
    struct ota_import import = import_text(platform, text, options);
    struct ota_arena arena = {0};
    struct ota_complaints complaints = {0};
    const struct ota_json *at = ota_json_parse(
        "is", import.policy, strlen(import.policy), &arena, &complaints);
    char copy[128], listed[LISTED_SIZE] = "";

    snprintf(copy, sizeof(copy), "%s", path);
    for (char *key = strtok(copy, "."); key && at; key = strtok(NULL, ".")) {
        if (at->type != OTA_JSON_LIST) {
            at = ota_json_find(at, key);
            continue;
        }
        long index = strtol(key, NULL, 10);
        for (at = at->child; at && index > 0; index--)
            at = at->next;
    }
    if (!expected) {
        assert_null(at);
    } else {
        const struct ota_json *wanted = ota_json_parse(
            "expected", expected, strlen(expected), &arena, &complaints);
        assert_non_null(wanted);
        if (!at)
            fail_msg("no %s in %s", path, import.policy);
        compare(at, wanted, listed);
        if (listed[0])
            fail_msg("%s in %s", listed, import.policy);
    }
    ota_arena_release(&arena);
    ota_import_release(&import);
}

bool import_has_note(const struct ota_import *import, const char *name)
{
    for (size_t i = 0; i < import->note_count; i++)
        if (strcmp(import->notes[i].name, name) == 0)
            return true;
    return false;
}
