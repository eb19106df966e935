/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schema_field.c - see schema_field.h.
 */
#include "sim/scenario/schema_field.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/text.h"
#include "sim/scenario/bind.h"

enum { PATTERN_SIZE = 512, HELP_SIZE = 1024 };

static const char number_pattern[] =
    "-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?";

/* Puts the pattern of a field's text into pattern; "" if any text will do. */
static void field_pattern(const struct ota_field *field, char *pattern,
                          size_t size)
{
    pattern[0] = '\0';
    if (field->kind != OTA_FIELD_INTEGER && field->kind != OTA_FIELD_REAL &&
        field->kind != OTA_FIELD_DIST)
        return;
    ota_text_append(pattern, size, "^\\s*(%s", number_pattern);
    const char *open = "\\s*(";
    for (const struct ota_unit *u = ota_units(field->dimension); u->name; u++) {
        ota_text_append(pattern, size, "%s%s", open, u->name);
        open = "|";
    }
    if (open[0] == '|')
        ota_text_append(pattern, size, "%s)",
                        field->dimension == OTA_TIME ? "|m" : "");
    if (field->dimension == OTA_TIME && field->kind == OTA_FIELD_INTEGER)
        ota_text_append(pattern, size, "|never");
    if (field->kind == OTA_FIELD_DIST)
        ota_text_append(pattern, size, "|[a-z]+\\s*\\(.*\\)");
    ota_text_append(pattern, size, ")\\s*$");
}

static void write_number(struct ota_json_writer *writer, const char *key,
                         double value)
{
    char text[40];
    snprintf(text, sizeof(text), "%.17g", value);
    ota_json_write_raw(writer, key, text);
}

/* A field written as JSON's own number or flag. */
static void write_bare_type(struct ota_json_writer *writer,
                            const struct ota_field *field)
{
    if (field->kind == OTA_FIELD_FLAG) {
        ota_json_write_text(writer, "type", "boolean");
        return;
    }
    const bool whole =
        field->kind == OTA_FIELD_INTEGER || field->kind == OTA_FIELD_SEED;
    ota_json_write_text(writer, "type", whole ? "integer" : "number");
    write_number(writer, "minimum", field->min);
    if (field->max < 1e18)
        write_number(writer, "maximum", field->max);
}

static void write_text_type(struct ota_json_writer *writer,
                            const struct ota_field *field)
{
    if (field->kind == OTA_FIELD_CHOICE) {
        ota_json_open(writer, "enum", '[');
        for (const char *const *word = field->choices; *word; word++)
            ota_json_write_text(writer, NULL, *word);
        ota_json_close(writer, ']');
        return;
    }
    char pattern[PATTERN_SIZE];
    field_pattern(field, pattern, sizeof(pattern));
    ota_json_write_text(writer, "type", "string");
    if (pattern[0])
        ota_json_write_text(writer, "pattern", pattern);
    if (field->kind == OTA_FIELD_NAME) {
        char length[16];
        snprintf(length, sizeof(length), "%d", OTA_NAME_SIZE - 1);
        ota_json_write_raw(writer, "maxLength", length);
    }
}

static void write_default(struct ota_json_writer *writer,
                          const struct ota_field *field, bool bare)
{
    if (!field->fallback)
        return;
    if (bare && !strchr(field->fallback, '%'))
        ota_json_write_raw(writer, "default", field->fallback);
    else
        ota_json_write_text(writer, "default", field->fallback);
}

void ota_schema_field(struct ota_json_writer *writer,
                      const struct ota_field *field)
{
    const bool bare = ota_bind_takes_bare(field);
    const bool quoted = ota_bind_takes_quoted(field);
    char help[HELP_SIZE] = "";
    char what[HELP_SIZE / 2];
    ota_field_describe(field, what, sizeof(what));
    ota_text_append(help, sizeof(help), "%s (%s)", field->help, what);

    ota_json_open(writer, field->name, '{');
    ota_json_write_text(writer, "description", help);
    write_default(writer, field, bare);
    if (bare && quoted) {
        ota_json_open(writer, "anyOf", '[');
        ota_json_open(writer, NULL, '{');
        write_bare_type(writer, field);
        ota_json_close(writer, '}');
        ota_json_open(writer, NULL, '{');
        write_text_type(writer, field);
        ota_json_close(writer, '}');
        ota_json_close(writer, ']');
    } else if (bare) {
        write_bare_type(writer, field);
    } else {
        write_text_type(writer, field);
    }
    ota_json_close(writer, '}');
}

void ota_schema_close(struct ota_json_writer *writer)
{
    ota_json_open(writer, "patternProperties", '{');
    ota_json_write_raw(writer, "^x-", "true");
    ota_json_close(writer, '}');
    ota_json_write_raw(writer, "additionalProperties", "false");
}
