/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * field.c - values of config structs, from text and back.
 */
#include "sim/base/field.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/clock.h"
#include "sim/base/error.h"
#include "sim/base/text.h"

enum {
    AMOUNT_SIZE = 64, /* bytes of an amount as text */
    QUOTE_MAX = 40,   /* bytes of what was written, in a message */
};

/* A maximum from here on is no limit. It lies a little below INT64_MAX, which
 * no double equals. */
static const double unlimited = 9.2e18;

/* The word for OTA_NEVER. */
static const char never[] = "never";

/* What a setter works with besides the value's place. */
struct setting {
    const struct ota_field *field;
    const struct ota_field_context *context;
    const char *text;
    size_t *column;
    char *problem;
    size_t problem_size;
};

/* Says what is wrong and returns false. */
static bool fail(const struct setting *s, const char *format, ...)
    OTA_PRINTF(2, 3);

static bool fail(const struct setting *s, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(s->problem, s->problem_size, format, args);
    va_end(args);
    return false;
}

static bool may_be_never(const struct ota_field *field)
{
    return field->kind == OTA_FIELD_INTEGER && field->dimension == OTA_TIME &&
           field->max >= unlimited;
}

/* "1s to 30d", "at least 1s", "at most 30d", or nothing. */
static void range_append(const struct ota_field *field, char *text, size_t size)
{
    const bool has_min = field->min > -unlimited;
    const bool has_max = field->max < unlimited;
    char min[AMOUNT_SIZE] = "";
    char max[AMOUNT_SIZE] = "";

    if (has_min)
        ota_amount_format(field->dimension, field->min, min, sizeof(min));
    if (has_max)
        ota_amount_format(field->dimension, field->max, max, sizeof(max));
    if (has_min && has_max)
        ota_text_append(text, size, "%s to %s", min, max);
    else if (has_min)
        ota_text_append(text, size, "at least %s", min);
    else if (has_max)
        ota_text_append(text, size, "at most %s", max);
}

static bool range_fail(const struct setting *s, const char *what)
{
    char range[2 * AMOUNT_SIZE] = "";

    range_append(s->field, range, sizeof(range));
    return fail(s, "\"%.*s\" %s; it must be %s", QUOTE_MAX, s->text, what,
                range);
}

static bool range_check(const struct setting *s, double value)
{
    if (value < s->field->min)
        return range_fail(s, "is too small");
    if (value > s->field->max)
        return range_fail(s, "is too large");
    return true;
}

/* --- setters, one a kind ------------------------------------------------- */

/* Whether value is not an int64_t, although the field has no limit there. */
static bool is_uncountable(const struct ota_field *field, double value)
{
    return value > 0.0 ? value >= 0x1p63 && field->max >= unlimited
                       : value < -0x1p63 && field->min <= -unlimited;
}

static bool set_integer(const struct setting *s, int64_t *place)
{
    const enum ota_dimension dimension = s->field->dimension;
    double amount;

    if (may_be_never(s->field) && strcmp(s->text, never) == 0) {
        *place = OTA_NEVER;
        return true;
    }
    if (!ota_amount_parse(dimension, s->text, strlen(s->text), &amount,
                          s->problem, s->problem_size)) {
        if (may_be_never(s->field))
            ota_text_append(s->problem, s->problem_size, ", or \"%s\"", never);
        return false;
    }

    const double whole = round(amount);
    if (whole != amount && dimension == OTA_COUNT)
        return fail(s, "\"%.*s\" is not a whole number", QUOTE_MAX, s->text);
    if (whole != amount && dimension == OTA_SIZE)
        return fail(s, "\"%.*s\" is not a whole number of bytes", QUOTE_MAX,
                    s->text);
    if (is_uncountable(s->field, whole))
        return fail(s, "\"%.*s\" is too large to count%s", QUOTE_MAX, s->text,
                    may_be_never(s->field) ? "; write \"never\"" : "");
    if (!range_check(s, whole))
        return false;
    *place = (int64_t)whole;
    return true;
}

static bool set_real(const struct setting *s, double *place)
{
    double amount;

    if (!ota_amount_parse(s->field->dimension, s->text, strlen(s->text),
                          &amount, s->problem, s->problem_size) ||
        !range_check(s, amount))
        return false;
    *place = amount;
    return true;
}

static bool set_flag(const struct setting *s, bool *place)
{
    if (strcmp(s->text, "true") != 0 && strcmp(s->text, "false") != 0)
        return fail(s, "\"%.*s\" is neither true nor false", QUOTE_MAX,
                    s->text);
    *place = s->text[0] == 't';
    return true;
}

static void choices_append(const struct ota_field *field, char *text,
                           size_t size)
{
    for (size_t i = 0; field->choices[i]; i++)
        ota_text_append(text, size, "%s%s", i > 0 ? " " : "",
                        field->choices[i]);
}

static bool set_choice(const struct setting *s, int *place)
{
    const char *const *choices = s->field->choices;
    size_t count = 0;

    for (; choices[count]; count++) {
        if (strcmp(choices[count], s->text) == 0) {
            *place = (int)count;
            return true;
        }
    }

    const char *meant = ota_text_nearest(s->text, choices, count);
    fail(s, "\"%.*s\" is not a choice here; ", QUOTE_MAX, s->text);
    if (meant)
        ota_text_append(s->problem, s->problem_size, "did you mean \"%s\"? (",
                        meant);
    else
        ota_text_append(s->problem, s->problem_size, "write one of (");
    choices_append(s->field, s->problem, s->problem_size);
    ota_text_append(s->problem, s->problem_size, ")");
    return false;
}

static bool set_name(const struct setting *s, char *place)
{
    const size_t length = strlen(s->text);

    if (length == 0 && !s->field->fallback)
        return fail(s, "a name must not be empty");
    if (length >= OTA_NAME_SIZE)
        return fail(s, "a name of %zu bytes is too long; %d are the most",
                    length, OTA_NAME_SIZE - 1);
    for (size_t i = 0; i < length; i++) {
        if (iscntrl((unsigned char)s->text[i])) {
            *s->column = i;
            return fail(s, "a name must not have control characters");
        }
    }
    memcpy(place, s->text, length + 1);
    return true;
}

static bool set_text(const struct setting *s, const char **place)
{
    const char *copy =
        ota_arena_text(s->context->arena, s->text, strlen(s->text));

    if (!copy)
        return fail(s, "%s", OTA_NO_MEMORY);
    *place = copy;
    return true;
}

static bool set_seed(const struct setting *s, uint64_t *place)
{
    const bool hex = strncmp(s->text, "0x", 2) == 0;
    const char *digits = hex ? s->text + 2 : s->text;
    const char *allowed = hex ? "0123456789abcdefABCDEF" : "0123456789";

    if (digits[0] == '\0' || digits[strspn(digits, allowed)] != '\0')
        return fail(s,
                    "\"%.*s\" is not a seed; write a whole number such as "
                    "\"1\" or \"0x1f\"",
                    QUOTE_MAX, s->text);
    errno = 0;
    _Static_assert(ULLONG_MAX == UINT64_MAX, "a seed is what strtoull() reads");
    const unsigned long long seed = strtoull(digits, NULL, hex ? 16 : 10);
    if (errno == ERANGE)
        return fail(s, "\"%.*s\" is too large; a seed has 64 bits", QUOTE_MAX,
                    s->text);
    *place = seed;
    return true;
}

static bool set_dist(const struct setting *s, struct ota_dist *place)
{
    const struct ota_field *field = s->field;
    struct ota_dist dist;

    if (!ota_dist_parse(field->dimension, s->text, s->context->folder,
                        s->context->arena, &dist, s->column, s->problem,
                        s->problem_size))
        return false;

    *s->column = 0;
    const double most = ota_dist_most(&dist);
    if (ota_dist_least(&dist) < field->min)
        return range_fail(s, dist.kind == OTA_DIST_FIXED ? "is too small"
                                                         : "can be too small");
    if (isfinite(most) && most > field->max)
        return range_fail(s, dist.kind == OTA_DIST_FIXED ? "is too large"
                                                         : "can be too large");
    if (!isfinite(most) && ota_dist_mean(&dist) > field->max)
        return range_fail(s, "is too large in the mean");
    *place = dist;
    return true;
}

bool ota_field_set(const struct ota_field *field, void *config,
                   const char *text, const struct ota_field_context *context,
                   size_t *column, char *problem, size_t problem_size)
{
    size_t ignored = 0;
    const struct setting s = {
        .field = field,
        .context = context,
        .text = text,
        .column = column ? column : &ignored,
        .problem = problem,
        .problem_size = problem_size,
    };
    void *place = (char *)config + field->offset;

    *s.column = 0;
    switch (field->kind) {
    case OTA_FIELD_INTEGER:
        return set_integer(&s, place);
    case OTA_FIELD_REAL:
        return set_real(&s, place);
    case OTA_FIELD_FLAG:
        return set_flag(&s, place);
    case OTA_FIELD_CHOICE:
        return set_choice(&s, place);
    case OTA_FIELD_NAME:
        return set_name(&s, place);
    case OTA_FIELD_TEXT:
        return set_text(&s, place);
    case OTA_FIELD_SEED:
        return set_seed(&s, place);
    case OTA_FIELD_DIST:
        return set_dist(&s, place);
    }
    assert(false && "no such kind of field");
    return false;
}

bool ota_fields_set_defaults(const struct ota_field *fields, void *config,
                             const struct ota_field_context *context)
{
    char problem[OTA_MESSAGE_SIZE];

    for (; fields->name; fields++) {
        if (!fields->fallback ||
            ota_field_set(fields, config, fields->fallback, context, NULL,
                          problem, sizeof(problem)))
            continue;
        assert(strcmp(problem, OTA_NO_MEMORY) == 0);
        return false;
    }
    return true;
}

/* --- the other way ------------------------------------------------------- */

static void integer_format(const struct ota_field *field, int64_t value,
                           char *text, size_t size)
{
    if (may_be_never(field) && value == OTA_NEVER)
        snprintf(text, size, "%s", never);
    else
        ota_amount_format(field->dimension, (double)value, text, size);
}

static void dist_format(const struct ota_dist *dist, char *text, size_t size)
{
    if (dist->text) {
        snprintf(text, size, "%s", dist->text);
    } else {
        assert(dist->kind == OTA_DIST_FIXED);
        ota_amount_format(dist->dimension, dist->a, text, size);
    }
}

void ota_field_format(const struct ota_field *field, const void *config,
                      char *text, size_t size)
{
    const void *place = (const char *)config + field->offset;

    switch (field->kind) {
    case OTA_FIELD_INTEGER:
        integer_format(field, *(const int64_t *)place, text, size);
        return;
    case OTA_FIELD_REAL:
        ota_amount_format(field->dimension, *(const double *)place, text, size);
        return;
    case OTA_FIELD_FLAG:
        snprintf(text, size, "%s", *(const bool *)place ? "true" : "false");
        return;
    case OTA_FIELD_CHOICE:
        snprintf(text, size, "%s", field->choices[*(const int *)place]);
        return;
    case OTA_FIELD_NAME:
        snprintf(text, size, "%s", (const char *)place);
        return;
    case OTA_FIELD_TEXT:
        snprintf(text, size, "%s", *(const char *const *)place);
        return;
    case OTA_FIELD_SEED:
        snprintf(text, size, "%" PRIu64, *(const uint64_t *)place);
        return;
    case OTA_FIELD_DIST:
        dist_format(place, text, size);
        return;
    }
    assert(false && "no such kind of field");
}

const struct ota_field *ota_field_find(const struct ota_field *fields,
                                       const char *name)
{
    for (; fields->name; fields++)
        if (strcmp(fields->name, name) == 0)
            return fields;
    return NULL;
}

static void amount_describe(const struct ota_field *field, char *text,
                            size_t size)
{
    char range[2 * AMOUNT_SIZE] = "";

    range_append(field, range, sizeof(range));
    if (field->kind == OTA_FIELD_INTEGER && field->dimension == OTA_COUNT)
        snprintf(text, size, "whole number");
    else
        snprintf(text, size, "%s%s", ota_dimension_name(field->dimension),
                 field->kind == OTA_FIELD_DIST ? " or distribution" : "");
    if (range[0] != '\0')
        ota_text_append(text, size, ", %s", range);
    if (may_be_never(field))
        ota_text_append(text, size, ", or %s", never);
}

void ota_field_describe(const struct ota_field *field, char *text, size_t size)
{
    switch (field->kind) {
    case OTA_FIELD_INTEGER:
    case OTA_FIELD_REAL:
    case OTA_FIELD_DIST:
        amount_describe(field, text, size);
        return;
    case OTA_FIELD_FLAG:
        snprintf(text, size, "true or false");
        return;
    case OTA_FIELD_CHOICE:
        snprintf(text, size, "one of ");
        choices_append(field, text, size);
        return;
    case OTA_FIELD_NAME:
        snprintf(text, size, "name of at most %d bytes", OTA_NAME_SIZE - 1);
        return;
    case OTA_FIELD_TEXT:
        snprintf(text, size, "text");
        return;
    case OTA_FIELD_SEED:
        snprintf(text, size, "whole number of 64 bits, also as 0x...");
        return;
    }
    assert(false && "no such kind of field");
}
