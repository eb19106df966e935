/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json.c - the scanner that walks beside cJSON and makes the tree.
 *
 * The scanner takes the text strictly by RFC 8259. It runs even if cJSON
 * refused the text: it then has no values to copy, but says what is wrong and
 * where better than cJSON's error pointer can.
 */
#include "sim/scenario/json.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "sim/scenario/json_text.h"

enum {
    DEPTH_MAX = 64,  /* a scenario needs 6; bounds the recursion */
    NUMBER_MAX = 63, /* characters of a number that cJSON 1.7 takes */
};

struct scanner {
    const char *file;
    const char *at, *end;
    const char *line_start;
    int line;
    struct ota_arena *arena;
    struct ota_complaints *complaints;
};

static struct ota_json_at place_of(const struct scanner *s, const char *at)
{
    return (struct ota_json_at){.line = s->line,
                                .column = (int)(at - s->line_start) + 1};
}

/* Complains about what stands at `at`, in the value `in`. Returns false. */
static bool fail(struct scanner *s, const struct ota_json *in, const char *at,
                 const char *format, ...) OTA_PRINTF(4, 5);

static bool fail(struct scanner *s, const struct ota_json *in, const char *at,
                 const char *format, ...)
{
    char message[OTA_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);

    struct ota_place place;
    ota_json_place(in, &place);
    const struct ota_json_at where = place_of(s, at);
    place.line = where.line;
    place.column = where.column;
    ota_complain(s->complaints, &place, "%s", message);
    return false;
}

static bool fail_at_end(struct scanner *s, const struct ota_json *in)
{
    struct ota_place place;
    ota_json_place(in, &place);
    const char *close = in->type == OTA_JSON_OBJECT ? "; a \"}\" is missing"
                        : in->type == OTA_JSON_LIST ? "; a \"]\" is missing"
                                                    : "";
    if (!in->parent && !close[0])
        return fail(s, in, s->at,
                    "there is nothing to read; an object {...} belongs here");
    return fail(s, in, s->at, "the text ends inside %s%s",
                place.path[0] ? place.path : "the outermost brackets", close);
}

static void skip_space(struct scanner *s)
{
    for (; s->at < s->end && strchr(" \t\r\n", *s->at) && *s->at; s->at++) {
        if (*s->at == '\n') {
            s->line++;
            s->line_start = s->at + 1;
        }
    }
}

static bool at_char(const struct scanner *s, char c)
{
    return s->at < s->end && *s->at == c;
}

static bool scan_escape(struct scanner *s, const struct ota_json *in)
{
    const char *escape = s->at++;
    if (s->at == s->end || !*s->at || !strchr("\"\\/bfnrtu", *s->at))
        return fail(s, in, escape,
                    "an unknown escape; a backslash in text is written \\\\");
    if (*s->at++ != 'u')
        return true;
    if (s->end - s->at >= 4 && memcmp(s->at, "0000", 4) == 0)
        return fail(s, in, escape, "\\u0000 has no place in text");
    for (int i = 0; i < 4; i++, s->at++)
        if (s->at == s->end || !isxdigit((unsigned char)*s->at))
            return fail(s, in, escape, "\\u takes four hexadecimal digits");
    return true;
}

/* Complains that something else stands where `what` belongs. */
static bool unexpected(struct scanner *s, const struct ota_json *in,
                       const char *what)
{
    if ((unsigned char)*s->at < 0x20 || (unsigned char)*s->at > 0x7E)
        return fail(s, in, s->at, "byte 0x%02X where %s belongs",
                    (unsigned char)*s->at, what);
    return fail(s, in, s->at, "\"%c\" where %s belongs", *s->at, what);
}

/* Walks over text in double quotes. */
static bool scan_string(struct scanner *s, const struct ota_json *in,
                        bool *escaped)
{
    const char *open = s->at++;
    *escaped = false;
    while (s->at < s->end && *s->at != '"') {
        unsigned char c = (unsigned char)*s->at;
        if (c == '\n' || c == '\r')
            break;
        if (c < 0x20)
            return fail(s, in, s->at,
                        "a control character (byte 0x%02X) in text; write it "
                        "as \\u%04X or leave it out",
                        c, c);
        if (c == '\\') {
            *escaped = true;
            if (!scan_escape(s, in))
                return false;
        } else {
            s->at++;
        }
    }
    if (!at_char(s, '"'))
        return fail(s, in, open,
                    "text is not closed on its line; a double "
                    "quote is missing");
    s->at++;
    return true;
}

static size_t skip_digits(struct scanner *s)
{
    const char *start = s->at;
    while (s->at < s->end && isdigit((unsigned char)*s->at))
        s->at++;
    return (size_t)(s->at - start);
}

static bool scan_number(struct scanner *s, struct ota_json *node,
                        const cJSON *item)
{
    const char *start = s->at;
    if (at_char(s, '-'))
        s->at++;
    bool zero = at_char(s, '0');
    size_t digits = skip_digits(s);
    bool ok = digits == 1 || (digits > 1 && !zero);
    if (at_char(s, '.')) {
        s->at++;
        ok = skip_digits(s) > 0 && ok;
    }
    if (at_char(s, 'e') || at_char(s, 'E')) {
        s->at++;
        if (at_char(s, '+') || at_char(s, '-'))
            s->at++;
        ok = skip_digits(s) > 0 && ok;
    }
    if (s->at < s->end && (isalnum((unsigned char)*s->at) || *s->at == '%'))
        return fail(s, node, start,
                    "a value with a unit stands in double quotes, "
                    "such as \"30s\"");
    if (!ok)
        return fail(s, node, start,
                    "not a number as JSON writes it, such as 0.5, -3 or 1e6");
    if (s->at - start > NUMBER_MAX)
        return fail(s, node, start, "a number of more than %d characters",
                    NUMBER_MAX);

    node->type = OTA_JSON_NUMBER;
    node->text = ota_arena_text(s->arena, start, (size_t)(s->at - start));
    if (!node->text)
        return fail(s, node, start, OTA_NO_MEMORY);
    if (item && !isfinite(item->valuedouble))
        return fail(s, node, start, "%s is too large for a number", node->text);
    return true;
}

/* A word without quotes: true, false, null, or a mistake. */
static bool scan_word(struct scanner *s, struct ota_json *node)
{
    const char *start = s->at;
    while (s->at < s->end && (isalnum((unsigned char)*s->at) ||
                              (*s->at && strchr("_-.", *s->at))))
        s->at++;
    size_t length = (size_t)(s->at - start);
    char word[32];
    int shown = (int)(length < sizeof(word) ? length : sizeof(word) - 1);
    memcpy(word, start, (size_t)shown);
    word[shown] = '\0';

    node->type = OTA_JSON_FLAG;
    if (strcmp(word, "true") == 0) {
        node->text = "true";
    } else if (strcmp(word, "false") == 0) {
        node->text = "false";
    } else if (strcmp(word, "null") == 0) {
        node->type = OTA_JSON_NULL;
    } else if (length > 0) {
        return fail(s, node, start,
                    "%s without quotes; text stands in double quotes, "
                    "true and false in small letters",
                    word);
    } else if (*start == '\'') {
        return fail(s, node, start,
                    "a single quote; text stands in double quotes");
    } else if (strchr(",]}:", *start) && *start) {
        return fail(s, node, start, "a value is missing before \"%c\"", *start);
    } else {
        return unexpected(s, node, "a value");
    }
    return true;
}

static bool scan_value(struct scanner *s, struct ota_json *node,
                       const cJSON *item, int depth);

/* The key of node and the colon behind it. */
static bool scan_key(struct scanner *s, struct ota_json *node,
                     const struct ota_json *object, const cJSON *item)
{
    node->key_at = place_of(s, s->at);
    if (*s->at != '"')
        return unexpected(s, object, "a key in double quotes");
    const char *open = s->at;
    bool escaped;
    if (!scan_string(s, object, &escaped))
        return false;
    node->key =
        item ? ota_arena_text(s->arena, item->string, strlen(item->string))
             : ota_arena_text(s->arena, open + 1, (size_t)(s->at - open) - 2);
    if (!node->key)
        return fail(s, object, open, OTA_NO_MEMORY);
    skip_space(s);
    if (!at_char(s, ':'))
        return s->at == s->end
                   ? fail_at_end(s, object)
                   : fail(s, object, s->at,
                          "a colon is missing behind the key \"%s\"",
                          node->key);
    s->at++;
    return true;
}

static int compare_keys(const void *a, const void *b)
{
    const struct ota_json *x = *(const struct ota_json *const *)a;
    const struct ota_json *y = *(const struct ota_json *const *)b;
    int order = strcmp(x->key, y->key);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static bool check_repeated_keys(struct scanner *s, const struct ota_json *node,
                                size_t count)
{
    if (count < 2)
        return true;
    const struct ota_json **keys = malloc(count * sizeof(*keys));
    if (!keys)
        return fail(s, node, s->at, OTA_NO_MEMORY);
    size_t n = 0;
    for (const struct ota_json *value = node->child; value; value = value->next)
        keys[n++] = value;
    qsort(keys, n, sizeof(*keys), compare_keys);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(keys[i - 1]->key, keys[i]->key) != 0)
            continue;
        const int first = keys[i - 1]->key_at.line;
        struct ota_place place;
        ota_json_key_place(keys[i], &place);
        if (place.line == first) /* of a file of lines, perhaps */
            ota_complain(s->complaints, &place,
                         "\"%s\" stands a second time in this line",
                         keys[i]->key);
        else
            ota_complain(s->complaints, &place,
                         "\"%s\" stands a second time; the first is in line "
                         "%d",
                         keys[i]->key, first);
    }
    free(keys);
    return true;
}

/* What follows a value: a comma (then *more), or the closing bracket. */
static bool scan_separator(struct scanner *s, const struct ota_json *node,
                           char close, bool *more)
{
    skip_space(s);
    if (s->at == s->end)
        return fail_at_end(s, node);
    *more = *s->at == ',';
    if (*more) {
        struct scanner comma = *s;
        s->at++;
        skip_space(s);
        if (at_char(s, close))
            return fail(&comma, node, comma.at,
                        "a comma before \"%c\"; the last value takes none",
                        close);
        return true;
    }
    if (*s->at == close)
        return true;
    if (*s->at == '"')
        return fail(s, node, s->at, "a comma or \"%c\" is missing before this",
                    close);
    return unexpected(s, node,
                      close == '}' ? "a comma or \"}\"" : "a comma or \"]\"");
}

/* The values between brackets. */
static bool scan_members(struct scanner *s, struct ota_json *node,
                         const cJSON *item, int depth)
{
    const bool is_object = *s->at++ == '{';
    const char close = is_object ? '}' : ']';
    node->type = is_object ? OTA_JSON_OBJECT : OTA_JSON_LIST;
    if (depth >= DEPTH_MAX)
        return fail(s, &(struct ota_json){.file = s->file}, s->at - 1,
                    "brackets are nested more than %d deep", DEPTH_MAX);

    struct ota_json **tail = &node->child;
    const cJSON *from = item ? item->child : NULL;
    size_t count = 0;
    skip_space(s);
    bool more = !at_char(s, close);
    while (more) {
        if (s->at == s->end)
            return fail_at_end(s, node);
        struct ota_json *value = ota_arena_alloc(s->arena, 1, sizeof(*value));
        if (!value)
            return fail(s, node, s->at, OTA_NO_MEMORY);
        value->file = s->file;
        value->parent = node;
        value->index = count++;
        if (is_object && !scan_key(s, value, node, from))
            return false;
        *tail = value;
        tail = &value->next;
        if (!scan_value(s, value, from, depth + 1) ||
            !scan_separator(s, node, close, &more))
            return false;
        from = from ? from->next : NULL;
    }
    s->at++;
    return !is_object || check_repeated_keys(s, node, count);
}

static bool scan_value(struct scanner *s, struct ota_json *node,
                       const cJSON *item, int depth)
{
    skip_space(s);
    node->at = place_of(s, s->at);
    if (s->at == s->end)
        return fail_at_end(s, node->parent ? node->parent : node);
    if (*s->at == '{' || *s->at == '[')
        return scan_members(s, node, item, depth);
    if (isdigit((unsigned char)*s->at) || (*s->at && strchr("-+.", *s->at)))
        return scan_number(s, node, item);
    if (*s->at != '"')
        return scan_word(s, node);

    const char *open = s->at;
    if (!scan_string(s, node, &node->escaped))
        return false;
    node->type = OTA_JSON_TEXT;
    const char *text = item ? item->valuestring : "";
    node->text = ota_arena_text(s->arena, text, strlen(text));
    return node->text || fail(s, node, open, OTA_NO_MEMORY);
}

/* One value and nothing behind it. */
static struct ota_json *scan_text(struct scanner *s, const cJSON *item)
{
    struct ota_json *root = ota_arena_alloc(s->arena, 1, sizeof(*root));
    struct ota_json top = {.file = s->file};
    if (!root) {
        fail(s, &top, s->at, OTA_NO_MEMORY);
        return NULL;
    }
    root->file = s->file;
    if (!scan_value(s, root, item, 0))
        return NULL;
    skip_space(s);
    if (s->at < s->end) {
        fail(s, &top, s->at, "something stands behind the end");
        return NULL;
    }
    return root;
}

struct ota_json *ota_json_parse(const char *file, const char *text,
                                size_t length, struct ota_arena *arena,
                                struct ota_complaints *complaints)
{
    char *plain = ota_json_plain_text(file, text, &length, complaints);
    if (!plain)
        return NULL;

    struct scanner s = {.file = file,
                        .at = plain,
                        .end = plain + length,
                        .line_start = plain,
                        .line = 1,
                        .arena = arena,
                        .complaints = complaints};
    const char *stopped = plain;
    errno = 0;
    cJSON *values = cJSON_ParseWithLengthOpts(plain, length, &stopped, false);
    const bool no_memory = !values && errno == ENOMEM;
    const size_t heard = complaints->total;
    struct ota_json *root = scan_text(&s, values);
    if (!values && complaints->total == heard) {
        struct ota_place place = {.file = file};
        if (!no_memory)
            ota_json_text_place(plain, (size_t)(stopped - plain), &place);
        ota_complain(complaints, &place, "%s",
                     no_memory ? OTA_NO_MEMORY : "this cannot be read as JSON");
    }
    if (!values)
        root = NULL;
    cJSON_Delete(values);
    free(plain);
    return root;
}
