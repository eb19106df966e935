/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * axis.c - reads what --vary takes, and places values on a range.
 *
 * Which dimension the path has is not known here; the units tell. A range is
 * told from words by its first character: a number's. Values keep to what a
 * person would write: four digits in the axis's unit.
 */
#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/error.h"
#include "sim/base/text.h"
#include "sim/base/units.h"
#include "sim/experiment/design.h"

enum {
    DIGITS = 4,       /* of a number between the ends */
    QUOTE_MAX = 40,   /* bytes of what was written, in a message */
    NUMBER_SIZE = 64, /* bytes of a number and its unit */
};

struct reader {
    struct ota_arena *arena;
    char *problem;
    size_t problem_size;
};

/* Text that somebody else owns. */
struct piece {
    const char *text;
    size_t length;
};

/* A number with its unit. */
struct amount {
    enum ota_dimension dimension;
    const char *unit; /* "" of a bare number */
    double base;      /* what the unit is worth */
    double number;
    bool whole; /* written without a point or an exponent */
};

static bool fail(const struct reader *r, const char *format, ...)
    OTA_PRINTF(2, 3);

static bool fail(const struct reader *r, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(r->problem, r->problem_size, format, args);
    va_end(args);
    return false;
}

static int shown(struct piece piece)
{
    return (int)(piece.length > QUOTE_MAX ? QUOTE_MAX : piece.length);
}

static struct piece trimmed(const char *text, size_t length)
{
    while (length > 0 && isspace((unsigned char)*text)) {
        text++;
        length--;
    }
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        length--;
    return (struct piece){text, length};
}

/* --- amounts ---------------------------------------------------------------*/

/* Returns the dimension in whose units text reads, OTA_DIMENSIONS if none. */
static enum ota_dimension dimension_of(struct piece piece, double *base_units)
{
    char ignored[1];
    int d = 0;

    while (d < OTA_DIMENSIONS &&
           !ota_amount_parse((enum ota_dimension)d, piece.text, piece.length,
                             base_units, ignored, sizeof(ignored)))
        d++;
    return (enum ota_dimension)d;
}

/* Finds the unit behind the number, however it is spelt. */
static void find_unit(struct amount *amount, struct piece unit)
{
    char one[NUMBER_SIZE], ignored[1];
    double base;

    amount->unit = "";
    amount->base = 1;
    if (unit.length == 0)
        return;
    snprintf(one, sizeof(one), "1%.*s", (int)unit.length, unit.text);
    if (!ota_amount_parse(amount->dimension, one, strlen(one), &base, ignored,
                          sizeof(ignored)))
        return;
    amount->base = base;
    for (const struct ota_unit *u = ota_units(amount->dimension); u->name; u++)
        if (u->base == base)
            amount->unit = u->name;
}

/* Takes text for an amount; false if it is none. */
static bool take_amount(struct piece piece, struct amount *amount)
{
    char text[NUMBER_SIZE];
    char *end;
    double base_units;

    amount->dimension = dimension_of(piece, &base_units);
    if (amount->dimension == OTA_DIMENSIONS || piece.length >= sizeof(text))
        return false;
    memcpy(text, piece.text, piece.length);
    text[piece.length] = '\0';
    amount->number = strtod(text, &end);
    amount->whole = strcspn(text, ".eE") >= (size_t)(end - text);
    find_unit(amount, trimmed(end, strlen(end)));
    return true;
}

/* Whether text begins as a number does. */
static bool is_numeric(struct piece piece)
{
    const bool sign = piece.length > 1 && piece.text[0] == '-';

    return piece.length > sign && isdigit((unsigned char)piece.text[sign]);
}

/* Says why text that begins as a number is no amount, by a unit that was
 * probably meant if there is one. */
static bool fail_amount(const struct reader *r, struct piece piece)
{
    char problem[OTA_MESSAGE_SIZE];
    double ignored;

    for (int d = 0; d < OTA_DIMENSIONS; d++) {
        ota_amount_parse((enum ota_dimension)d, piece.text, piece.length,
                         &ignored, problem, sizeof(problem));
        if (strstr(problem, "did you mean"))
            return fail(r, "%s", problem);
    }
    return fail(r,
                "\"%.*s\" is no amount; write a number with its unit, such as "
                "30s, 250KB, 2%% or 100",
                shown(piece), piece.text);
}

/* --- numbers of an axis ----------------------------------------------------*/

/* What a unit of the axis is worth; *dimension is whose it is. */
static double base_of(const char *unit, enum ota_dimension *dimension)
{
    for (int d = 0; d < OTA_DIMENSIONS; d++) {
        *dimension = (enum ota_dimension)d;
        for (const struct ota_unit *u = ota_units(*dimension); u->name; u++)
            if (strcmp(u->name, unit) == 0)
                return u->base;
    }
    *dimension = OTA_COUNT;
    return 1;
}

/* Rounds to so many significant digits. */
static double rounded(double number, int digits)
{
    char text[NUMBER_SIZE];

    snprintf(text, sizeof(text), "%.*e", digits - 1, number);
    return strtod(text, NULL);
}

/* A size near the number that is whole bytes, in few digits. */
static double whole_bytes(double number, double base)
{
    if (number * base == floor(number * base))
        return number;
    if (fmod(base, 10) == 0 || base == 1)
        return round(number * base) / base;
    double steps = 1; /* of KiB and the like: a binary fraction */
    while (steps < base && number * steps < 1000)
        steps *= 2;
    return round(number * steps) / steps;
}

double ota_axis_number(const struct ota_axis *axis, double u)
{
    assert(axis->range && u >= 0 && u <= 1);

    if (u == 0)
        return axis->least;
    if (u == 1)
        return axis->most;
    const double at = axis->log ? axis->least * pow(axis->most / axis->least, u)
                                : axis->least + u * (axis->most - axis->least);
    enum ota_dimension dimension;
    const double base = base_of(axis->unit, &dimension);
    double number = axis->whole ? round(at) : rounded(at, DIGITS);
    if (dimension == OTA_SIZE)
        number = whole_bytes(number, base);
    return fmin(fmax(number, axis->least), axis->most);
}

void ota_axis_write(const struct ota_axis *axis, double number, char *text,
                    size_t size)
{
    char digits[NUMBER_SIZE];
    int count = 1;

    assert(axis->unit && isfinite(number));

    do
        snprintf(digits, sizeof(digits), "%.*e", count - 1, number);
    while (strtod(digits, NULL) != number && count++ < 17);
    const int exponent = (int)strtol(strchr(digits, 'e') + 1, NULL, 10);
    const int places = count - 1 - exponent;
    if (exponent > -7 && exponent < 16)
        snprintf(digits, sizeof(digits), "%.*f", places > 0 ? places : 0,
                 number);
    snprintf(text, size, "%s%s", digits, axis->unit);
}

/* --- ranges ----------------------------------------------------------------*/

bool ota_axis_fill(struct ota_axis *axis, size_t count, struct ota_arena *arena)
{
    double *numbers = ota_arena_alloc(arena, count, sizeof(*numbers));
    const char **values = ota_arena_alloc(arena, count, sizeof(*values));
    char text[NUMBER_SIZE];

    assert(axis->range && count >= 2);
    for (size_t i = 0; numbers && values && i < count; i++) {
        numbers[i] = ota_axis_number(axis, (double)i / (double)(count - 1));
        ota_axis_write(axis, numbers[i], text, sizeof(text));
        values[i] = ota_arena_text(arena, text, strlen(text));
        if (!values[i])
            return false;
    }
    axis->numbers = numbers;
    axis->values = values;
    axis->count = count;
    return numbers && values;
}

/* Takes ":12log" off the end of a range. */
static bool take_spacing(const struct reader *r, struct ota_axis *axis,
                         struct piece *range)
{
    const char *colon = memchr(range->text, ':', range->length);
    if (!colon)
        return true;

    const char *end = range->text + range->length;
    struct piece rest = trimmed(colon + 1, (size_t)(end - colon - 1));
    const struct piece said = rest;
    *range = trimmed(range->text, (size_t)(colon - range->text));
    while (rest.length > 0 && isdigit((unsigned char)rest.text[0])) {
        axis->count = axis->count * 10 + (size_t)(rest.text[0] - '0');
        if (axis->count > OTA_DESIGN_POINTS_MAX)
            return fail(r, "\"%.*s\" is too many values; %d are the most",
                        shown(said), said.text, OTA_DESIGN_POINTS_MAX);
        rest = (struct piece){rest.text + 1, rest.length - 1};
    }
    const bool counted = rest.length < said.length;
    rest = trimmed(rest.text, rest.length);
    axis->log = rest.length == 3 && memcmp(rest.text, "log", 3) == 0;
    if ((rest.length > 0 && !axis->log) || said.length == 0)
        return fail(r,
                    "\"%.*s\" is not how many values the range has; write such "
                    "as :12, :12log or :log",
                    shown(said), said.text);
    if (counted && axis->count < 2)
        return fail(r, "a range has 2 values or more; write a single value "
                       "without \"..\"");
    return true;
}

/* Gives a bare first end the unit of the last, and both the smaller unit. */
static bool match_units(const struct reader *r, struct piece range,
                        struct amount *from, struct amount *to)
{
    if (!from->unit[0] && to->dimension != OTA_RATIO) {
        from->dimension = to->dimension; /* 5..120s */
        from->unit = to->unit;
        from->base = to->base;
    }
    if (from->dimension != to->dimension)
        return fail(r,
                    "the ends of \"%.*s\" are not of one kind; write both with "
                    "their units, such as 5s..2min",
                    shown(range), range.text);
    if (from->base > to->base) {
        from->number *= from->base / to->base;
        from->unit = to->unit;
    } else if (from->base < to->base) {
        to->number *= to->base / from->base;
    }
    return true;
}

/* Checks what the ends mean together. */
static bool check_range(const struct reader *r, struct ota_axis *axis,
                        struct piece range)
{
    if (axis->least >= axis->most)
        return fail(r,
                    "\"%.*s\" does not rise; write the smaller end first, and "
                    "a unit behind each",
                    shown(range), range.text);
    if (axis->log && axis->least <= 0)
        return fail(r,
                    "a range that is spaced in the logarithm begins above 0, "
                    "and \"%.*s\" does not",
                    shown(range), range.text);
    return true;
}

static bool read_range(const struct reader *r, struct ota_axis *axis,
                       struct piece range)
{
    if (!take_spacing(r, axis, &range))
        return false;
    const char *dots = strstr(range.text, "..");
    const char *end = range.text + range.length;
    const struct piece first = trimmed(range.text, (size_t)(dots - range.text));
    const struct piece last = trimmed(dots + 2, (size_t)(end - dots - 2));
    struct amount from, to;

    if (!take_amount(first, &from))
        return fail_amount(r, first);
    if (!take_amount(last, &to))
        return fail_amount(r, last);
    if (!match_units(r, range, &from, &to))
        return false;
    axis->range = true;
    axis->unit = from.unit;
    axis->least = from.number;
    axis->most = to.number;
    const double room = axis->count > 2 ? (double)(axis->count - 1) : 2;
    axis->whole = !axis->unit[0] && from.whole && to.whole &&
                  axis->most - axis->least >= room;
    if (!check_range(r, axis, range))
        return false;
    if (axis->count > 0 && !ota_axis_fill(axis, axis->count, r->arena))
        return fail(r, OTA_NO_MEMORY);
    for (size_t i = 1; i < axis->count; i++)
        if (axis->numbers[i] <= axis->numbers[i - 1])
            return fail(r,
                        "%zu values do not fit into \"%.*s\": rounded, some "
                        "are the same",
                        axis->count, shown(range), range.text);
    return true;
}

/* --- lists -----------------------------------------------------------------*/

/* Returns how far it is to the next comma outside of brackets and quotes, or
 * to the end; SIZE_MAX: a bracket or quote has no partner. */
static size_t item_length(const char *text)
{
    char open[32]; /* what closes the brackets that are open */
    size_t depth = 0, at = 0;
    bool quoted = false;

    for (; text[at] && (quoted || depth > 0 || text[at] != ','); at++) {
        const char *bracket = strchr("([{", text[at]);
        if (text[at] == '"') {
            quoted = !quoted;
        } else if (quoted) {
            at += text[at] == '\\' && text[at + 1];
        } else if (bracket) {
            if (depth == sizeof(open))
                return SIZE_MAX;
            open[depth++] = ")]}"[bracket - "([{"];
        } else if (strchr(")]}", text[at])) {
            if (depth == 0 || open[--depth] != text[at])
                return SIZE_MAX;
        }
    }
    return quoted || depth > 0 ? SIZE_MAX : at;
}

/* Puts the values of the list into values, or only counts them if that is
 * NULL. */
static bool split_list(const struct reader *r, const char *text,
                       const char **values, size_t *count)
{
    for (*count = 0;; ++*count) {
        const size_t length = item_length(text);
        if (length == SIZE_MAX)
            return fail(r, "a bracket or quote of \"%.*s\" has no partner",
                        QUOTE_MAX, text);
        const struct piece item = trimmed(text, length);
        if (item.length == 0)
            return fail(r, "a value is empty; write values with commas "
                           "between them, such as 15min,1h,6h");
        if (values) {
            values[*count] = ota_arena_text(r->arena, item.text, item.length);
            if (!values[*count])
                return fail(r, OTA_NO_MEMORY);
        }
        if (!text[length])
            break;
        text += length + 1;
    }
    ++*count;
    return true;
}

/* Takes the values for numbers of one unit, the smallest of theirs; false:
 * they are words. */
static bool take_numbers(struct ota_axis *axis, double *numbers)
{
    struct amount first = {0}, amount;

    for (size_t i = 0; i < axis->count; i++) {
        const char *text = axis->values[i];
        if (!take_amount(trimmed(text, strlen(text)), &amount))
            return false;
        if (i > 0 && (amount.dimension != first.dimension ||
                      !amount.unit[0] != !first.unit[0]))
            return false;
        if (i == 0 || amount.base < first.base)
            first = amount;
    }
    for (size_t i = 0; i < axis->count; i++) {
        const char *text = axis->values[i];
        take_amount(trimmed(text, strlen(text)), &amount);
        numbers[i] = amount.base == first.base
                         ? amount.number
                         : amount.number * (amount.base / first.base);
    }
    axis->unit = first.unit;
    return true;
}

static bool read_list(const struct reader *r, struct ota_axis *axis,
                      const char *text)
{
    size_t count;
    if (!split_list(r, text, NULL, &count))
        return false;
    if (count > OTA_DESIGN_POINTS_MAX)
        return fail(r, "%zu values are too many; %d are the most", count,
                    OTA_DESIGN_POINTS_MAX);
    const char **values = ota_arena_alloc(r->arena, count, sizeof(*values));
    double *numbers = ota_arena_alloc(r->arena, count, sizeof(*numbers));
    if (!values || !numbers)
        return fail(r, OTA_NO_MEMORY);
    if (!split_list(r, text, values, &count))
        return false;
    axis->values = values;
    axis->count = count;
    if (take_numbers(axis, numbers))
        axis->numbers = numbers;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (axis->numbers ? numbers[i] == numbers[j]
                              : strcmp(values[i], values[j]) == 0)
                return fail(r, "%.*s and %.*s are the same value", QUOTE_MAX,
                            values[j], QUOTE_MAX, values[i]);
    return true;
}

bool ota_axis_read(struct ota_axis *axis, const char *text,
                   struct ota_arena *arena, char *problem, size_t problem_size)
{
    const struct reader r = {arena, problem, problem_size};
    const char *equals = strchr(text, '=');

    *axis = (struct ota_axis){0};
    const struct piece path =
        trimmed(text, equals ? (size_t)(equals - text) : 0);
    if (path.length == 0)
        return fail(&r, "it takes PATH=VALUES, such as app.wait=5s..120s:12 or "
                        "sleep.period=15min,1h,6h");
    axis->path = ota_arena_text(arena, path.text, path.length);
    const struct piece values = trimmed(equals + 1, strlen(equals + 1));
    const char *owned = ota_arena_text(arena, values.text, values.length);
    if (!axis->path || !owned)
        return fail(&r, OTA_NO_MEMORY);
    const bool range = is_numeric(values) && strstr(owned, "..") &&
                       !strchr(owned, '(') && !strchr(owned, ',');
    return range ? read_range(&r, axis, (struct piece){owned, values.length})
                 : read_list(&r, axis, owned);
}
