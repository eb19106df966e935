/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import_build.c - the policy as a tree, and the tree as text.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/import_parts.h"
#include "sim/scenario/json_write.h"

enum { WIDTH = 80, STEP = 2 };

static struct ota_json *add(struct ota_importer *im, struct ota_json *parent,
                            const char *key, enum ota_json_type type)
{
    if (!parent)
        return NULL;
    struct ota_json *value = ota_json_add(parent, key, NULL, im->arena);
    if (!value)
        im->no_memory = true;
    else
        value->type = type;
    return value;
}

struct ota_json *ota_build_object(struct ota_importer *im,
                                  struct ota_json *parent, const char *key)
{
    return add(im, parent, key, OTA_JSON_OBJECT);
}

struct ota_json *ota_build_list(struct ota_importer *im,
                                struct ota_json *parent, const char *key)
{
    return add(im, parent, key, OTA_JSON_LIST);
}

/* Sets the text of a value that add() made. */
static void set(struct ota_importer *im, struct ota_json *value,
                const char *text)
{
    if (!value)
        return;
    value->text = ota_arena_text(im->arena, text, strlen(text));
    if (!value->text) {
        value->text = "";
        im->no_memory = true;
    }
}

void ota_build_text(struct ota_importer *im, struct ota_json *parent,
                    const char *key, const char *format, ...)
{
    char text[OTA_FILTER_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    set(im, add(im, parent, key, OTA_JSON_TEXT), text);
}

void ota_build_whole(struct ota_importer *im, struct ota_json *parent,
                     const char *key, int64_t value)
{
    char text[32];

    snprintf(text, sizeof(text), "%lld", (long long)value);
    set(im, add(im, parent, key, OTA_JSON_NUMBER), text);
}

void ota_build_number(struct ota_importer *im, struct ota_json *parent,
                      const char *key, double value)
{
    char text[32];

    snprintf(text, sizeof(text), "%.8g", value);
    set(im, add(im, parent, key, OTA_JSON_NUMBER), text);
}

void ota_build_flag(struct ota_importer *im, struct ota_json *parent,
                    const char *key, bool value)
{
    set(im, add(im, parent, key, OTA_JSON_FLAG), value ? "true" : "false");
}

void ota_build_minutes(struct ota_importer *im, struct ota_json *parent,
                       const char *key, int64_t minutes)
{
    ota_build_text(im, parent, key, "%lldm", (long long)minutes);
}

void ota_build_seconds(struct ota_importer *im, struct ota_json *parent,
                       const char *key, int64_t seconds)
{
    if (seconds == 0)
        ota_build_whole(im, parent, key, 0);
    else if (seconds % 60 == 0)
        ota_build_minutes(im, parent, key, seconds / 60);
    else
        ota_build_text(im, parent, key, "%llds", (long long)seconds);
}

void ota_build_span(struct ota_importer *im, struct ota_json *parent,
                    const char *key, int64_t seconds)
{
    enum { HOUR = 3600, DAY = 24 * HOUR };

    if (seconds > 2 * DAY && seconds % DAY == 0)
        ota_build_text(im, parent, key, "%lldd", (long long)(seconds / DAY));
    else if (seconds > 0 && seconds % HOUR == 0)
        ota_build_text(im, parent, key, "%lldh", (long long)(seconds / HOUR));
    else
        ota_build_seconds(im, parent, key, seconds);
}

void ota_build_share(struct ota_importer *im, struct ota_json *parent,
                     const char *key, const char *counter, const char *of,
                     const char *op, double pct)
{
    struct ota_json *share = ota_build_object(im, parent, key);

    ota_build_text(im, share, "share", "%s", counter);
    ota_build_text(im, share, "of", "%s", of);
    ota_build_text(im, share, "op", "%s", op);
    ota_build_number(im, share, "pct", pct);
}

void ota_build_count(struct ota_importer *im, struct ota_json *parent,
                     const char *key, const char *counter, const char *op,
                     int64_t n)
{
    struct ota_json *count = ota_build_object(im, parent, key);

    ota_build_text(im, count, "count", "%s", counter);
    ota_build_text(im, count, "op", "%s", op);
    ota_build_whole(im, count, "n", n);
}

/* --- printing --- */

static void print_scalar(FILE *out, const char *key,
                         const struct ota_json *value)
{
    struct ota_json_writer writer = {.out = out};

    if (value->type == OTA_JSON_TEXT)
        ota_json_write_text(&writer, key, value->text);
    else
        ota_json_write_raw(&writer, key, value->text);
}

static void print_key(FILE *out, const struct ota_json *value)
{
    struct ota_json_writer writer = {.out = out};

    if (value->key)
        ota_json_write_raw(&writer, value->key, "");
}

/* On one line. */
static void print_flat(FILE *out, const struct ota_json *value)
{
    if (value->type != OTA_JSON_OBJECT && value->type != OTA_JSON_LIST) {
        print_scalar(out, value->key, value);
        return;
    }
    const bool object = value->type == OTA_JSON_OBJECT;
    print_key(out, value);
    fputs(object ? "{" : "[", out);
    for (const struct ota_json *v = value->child; v; v = v->next) {
        if (v != value->child)
            fputs(",", out);
        if (object || v != value->child)
            fputs(" ", out);
        print_flat(out, v);
    }
    fputs(object && value->child ? " }" : object ? "}" : "]", out);
}

/* In quotes, as print_flat() writes it. */
static size_t quoted_width(const char *text)
{
    size_t width = 2;

    for (; *text; text++)
        width += *text == '"' || *text == '\\' ? 2
                 : (unsigned char)*text < 0x20 ? 6
                                               : 1;
    return width;
}

/* How wide a value is on one line. */
static size_t flat_width(const struct ota_json *value)
{
    size_t width = value->key ? quoted_width(value->key) + 2 : 0;

    if (value->type == OTA_JSON_TEXT)
        return width + quoted_width(value->text);
    if (value->type != OTA_JSON_OBJECT && value->type != OTA_JSON_LIST)
        return width + strlen(value->text);
    width += value->type == OTA_JSON_OBJECT && value->child ? 4 : 2;
    for (const struct ota_json *v = value->child; v; v = v->next)
        width += flat_width(v) + (v->next ? 2 : 0);
    return width;
}

static void print_broken(FILE *out, const struct ota_json *value, int indent)
{
    const bool scalar =
        value->type != OTA_JSON_OBJECT && value->type != OTA_JSON_LIST;

    if (scalar ||
        (value->parent && (size_t)indent + flat_width(value) < (size_t)WIDTH)) {
        print_flat(out, value);
        return;
    }
    const bool object = value->type == OTA_JSON_OBJECT;
    print_key(out, value);
    fputs(object ? "{" : "[", out);
    for (const struct ota_json *v = value->child; v; v = v->next) {
        fprintf(out, "%s\n%*s", v == value->child ? "" : ",", indent + STEP,
                "");
        print_broken(out, v, indent + STEP);
    }
    fprintf(out, "\n%*s%s", indent, "", object ? "}" : "]");
}

const char *ota_build_print(struct ota_importer *im,
                            const struct ota_json *tree)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    const char *kept = NULL;

    if (out) {
        print_broken(out, tree, 0);
        const bool bad = ferror(out) != 0;
        if (fclose(out) == 0 && !bad && text)
            kept = ota_arena_text(im->arena, text, length);
        free(text);
    }
    im->no_memory = im->no_memory || !kept;
    return kept;
}
