/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * units.c - reads and writes amounts with units.
 *
 * Both ways are decimal and exact wherever a double can be: "4.35KB" is 4350
 * bytes, not the 4350.000000000001 that multiplying 4.35 by 1000 may give.
 */
#include "sim/base/units.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/text.h"

enum {
    NUMBER_MAX = 64,  /* characters of a number */
    FRACTION_MAX = 9, /* digits written behind the point */
    QUOTE_MAX = 40,   /* bytes of what was written, in a message */
    LIST_SIZE = 64,   /* bytes of a list of units */
};

/* Doubles hold every whole number up to here. */
#define WHOLE_MAX (UINT64_C(1) << 53)

struct dimension {
    const char *name;
    const char *article;
    const char *example;
    const char *example_unit; /* for a number that lacks one */
    struct ota_unit units[8];
};

static const struct dimension dimensions[OTA_DIMENSIONS] = {
    [OTA_COUNT] = {"number", "a", "5", "", {{0}}},
    [OTA_RATIO] = {"share", "a", "0.02", "", {{"%", 0.01}, {0}}},
    [OTA_TIME] = {"duration",
                  "a",
                  "30s",
                  "s",
                  {{"us", 1.0},
                   {"ms", 1e3},
                   {"s", 1e6},
                   {"min", 60e6},
                   {"h", 3600e6},
                   {"d", 86400e6},
                   {0}}},
    [OTA_SIZE] = {"size",
                  "a",
                  "285KB",
                  "KB",
                  {{"B", 1.0},
                   {"KB", 1e3},
                   {"KiB", 1024.0},
                   {"MB", 1e6},
                   {"MiB", 1048576.0},
                   {"GB", 1e9},
                   {"GiB", 1073741824.0},
                   {0}}},
    [OTA_CURRENT] = {"current",
                     "a",
                     "17.9mA",
                     "mA",
                     {{"nA", 1.0}, {"uA", 1e3}, {"mA", 1e6}, {"A", 1e9}, {0}}},
    [OTA_CHARGE] = {"charge",
                    "a",
                    "2400mAh",
                    "mAh",
                    {{"uAh", 1.0}, {"mAh", 1e3}, {"Ah", 1e6}, {0}}},
    [OTA_MONEY] =
        {"amount of money", "an", "12.50USD", "USD", {{"USD", 1e6}, {0}}},
    [OTA_RATE] = {"rate",
                  "a",
                  "100kbit/s",
                  "kbit/s",
                  {{"bit/s", 1.0},
                   {"kbit/s", 1e3},
                   {"Mbit/s", 1e6},
                   {"Gbit/s", 1e9},
                   {0}}},
};

/* What people also write, and what they mean by it; only for suggestions. */
static const struct {
    enum ota_dimension dimension;
    const char *written, *meant;
} habits[] = {
    {OTA_TIME, "sec", "s"},       {OTA_TIME, "secs", "s"},
    {OTA_TIME, "second", "s"},    {OTA_TIME, "seconds", "s"},
    {OTA_TIME, "mins", "min"},    {OTA_TIME, "minute", "min"},
    {OTA_TIME, "minutes", "min"}, {OTA_TIME, "hr", "h"},
    {OTA_TIME, "hrs", "h"},       {OTA_TIME, "hour", "h"},
    {OTA_TIME, "hours", "h"},     {OTA_TIME, "day", "d"},
    {OTA_TIME, "days", "d"},      {OTA_TIME, "msec", "ms"},
    {OTA_TIME, "usec", "us"},     {OTA_SIZE, "byte", "B"},
    {OTA_SIZE, "bytes", "B"},     {OTA_SIZE, "k", "KB"},
    {OTA_SIZE, "m", "MB"},        {OTA_SIZE, "g", "GB"},
    {OTA_MONEY, "$", "USD"},      {OTA_RATE, "bps", "bit/s"},
    {OTA_RATE, "kbps", "kbit/s"}, {OTA_RATE, "mbps", "Mbit/s"},
    {OTA_RATE, "gbps", "Gbit/s"},
};

/* A decimal number: digits * 10^exponent, and the text it came from. */
struct decimal {
    bool negative;
    bool exact; /* digits hold all of it, and fit a double */
    uint64_t digits;
    int exponent;
    char text[NUMBER_MAX + 1];
};

static const struct dimension *of(enum ota_dimension dimension)
{
    assert((unsigned)dimension < OTA_DIMENSIONS);

    return &dimensions[dimension];
}

const struct ota_unit *ota_units(enum ota_dimension dimension)
{
    return of(dimension)->units;
}

const char *ota_dimension_name(enum ota_dimension dimension)
{
    return of(dimension)->name;
}

const char *ota_dimension_example(enum ota_dimension dimension)
{
    return of(dimension)->example;
}

void ota_units_list(enum ota_dimension dimension, char *text, size_t size)
{
    const struct ota_unit *units = ota_units(dimension);

    assert(size > 0);

    text[0] = '\0';
    for (size_t i = 0; units[i].name; i++)
        ota_text_append(text, size, "%s%s", i > 0 ? " " : "", units[i].name);
}

/* --- reading ------------------------------------------------------------- */

/* Returns how long the number at text is, as JSON has it; 0: none. */
static size_t number_length(const char *text, size_t length)
{
    size_t at = 0;

    if (at < length && text[at] == '-')
        at++;
    if (at == length || !isdigit((unsigned char)text[at]))
        return 0;
    if (text[at] == '0' && at + 1 < length &&
        isdigit((unsigned char)text[at + 1]))
        return 0;
    while (at < length && isdigit((unsigned char)text[at]))
        at++;
    if (at + 1 < length && text[at] == '.' &&
        isdigit((unsigned char)text[at + 1])) {
        at++;
        while (at < length && isdigit((unsigned char)text[at]))
            at++;
    }
    if (at < length && (text[at] == 'e' || text[at] == 'E')) {
        size_t end = at + 1;
        if (end < length && (text[end] == '-' || text[end] == '+'))
            end++;
        if (end < length && isdigit((unsigned char)text[end])) {
            while (end < length && isdigit((unsigned char)text[end]))
                end++;
            at = end;
        }
    }
    return at;
}

/* Takes a number that number_length() has measured. */
static struct decimal decimal_of(const char *text, size_t length)
{
    struct decimal number = {.exact = true};
    bool fraction = false;

    assert(length <= NUMBER_MAX);

    memcpy(number.text, text, length);
    for (const char *c = number.text; *c != '\0'; c++) {
        if (*c == '-') {
            number.negative = true;
        } else if (*c == '.') {
            fraction = true;
        } else if (*c == 'e' || *c == 'E') {
            const long exponent = strtol(c + 1, NULL, 10);
            if (exponent < -400 || exponent > 400)
                number.exact = false;
            else
                number.exponent += (int)exponent;
            break;
        } else {
            number.digits = number.digits * 10 + (uint64_t)(*c - '0');
            number.exponent -= fraction;
            if (number.digits > WHOLE_MAX) {
                number.exact = false;
                break;
            }
        }
    }
    if (number.digits == 0)
        number.exponent = 0;
    return number;
}

/*
 * Returns number * base. Common factors of ten cancel first; what is left is
 * one division of two whole numbers that a double holds, and so rounds
 * correctly. Source: W. D. Clinger, PLDI 1990 (the fast path).
 */
static double scaled(const struct decimal *number, double base)
{
    const double sign = number->negative ? -1.0 : 1.0;
    const int places = base < 1.0 ? (int)lround(-log10(base)) : 0;
    int exponent = number->exponent - places;
    uint64_t digits = number->digits;
    uint64_t factor = places > 0 ? 1 : (uint64_t)base;

    if (number->exact) {
        while (exponent < 0 && factor % 10 == 0) {
            factor /= 10;
            exponent++;
        }
        while (exponent < 0 && digits % 10 == 0 && digits > 0) {
            digits /= 10;
            exponent++;
        }
        while (exponent > 0 && digits <= WHOLE_MAX / 10) {
            digits *= 10;
            exponent--;
        }
        if (digits <= WHOLE_MAX / factor && exponent <= 0 && exponent >= -22) {
            double power = 1.0;
            for (int i = exponent; i < 0; i++)
                power *= 10.0;
            return sign * (double)(digits * factor) / power;
        }
    }
    return strtod(number->text, NULL) * base;
}

/* Copies the unit with the micro sign, in either of its two code points,
 * replaced by "u". */
static void unit_copy(const char *text, size_t length, char *unit, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < length && used + 1 < size; i++) {
        if (i + 1 < length && (memcmp(text + i, "\xc2\xb5", 2) == 0 ||
                               memcmp(text + i, "\xce\xbc", 2) == 0)) {
            unit[used++] = 'u';
            i++;
        } else {
            unit[used++] = text[i];
        }
    }
    unit[used] = '\0';
}

/* "15m" is 15 minutes, as most who write it mean. */
static const struct ota_unit *unit_find(enum ota_dimension dimension,
                                        const char *name)
{
    if (dimension == OTA_TIME && strcmp(name, "m") == 0)
        name = "min";
    for (const struct ota_unit *unit = ota_units(dimension); unit->name; unit++)
        if (strcmp(unit->name, name) == 0)
            return unit;
    return NULL;
}

/* Returns the unit that was probably meant, or NULL. */
static const char *unit_meant(enum ota_dimension dimension, const char *name)
{
    const struct ota_unit *units = ota_units(dimension);
    const char *names[8] = {0};

    for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++)
        if (habits[i].dimension == dimension &&
            ota_text_distance(habits[i].written, name) == 0)
            return habits[i].meant;
    for (size_t i = 0; units[i].name; i++)
        names[i] = units[i].name;
    return ota_text_nearest(name, names, sizeof(names) / sizeof(names[0]));
}

/* Puts together `"TEXT" WHAT; write A DURATION such as "EXAMPLE" (units)`, or
 * `"TEXT" WHAT (units)` if there is no example. */
static void problem_say(enum ota_dimension dimension, const char *text,
                        size_t length, const char *what, const char *example,
                        char *problem, size_t size)
{
    const struct dimension *d = of(dimension);
    const bool cut = length > QUOTE_MAX;
    char list[LIST_SIZE];

    snprintf(problem, size, "\"%.*s%s\" %s", (int)(cut ? QUOTE_MAX : length),
             text, cut ? "..." : "", what);
    if (example)
        ota_text_append(problem, size, "; write %s %s such as \"%s\"",
                        d->article, d->name, example);
    if (example && dimension == OTA_RATIO)
        ota_text_append(problem, size, " or \"2%%\"");
    ota_units_list(dimension, list, sizeof(list));
    if (list[0] != '\0' && dimension != OTA_RATIO)
        ota_text_append(problem, size, " (%s)", list);
}

static void problem_not_one(enum ota_dimension dimension, const char *text,
                            size_t length, char *problem, size_t size)
{
    const struct dimension *d = of(dimension);
    char what[48];

    snprintf(what, sizeof(what), "is not %s %s", d->article, d->name);
    problem_say(dimension, text, length, what, d->example, problem, size);
}

/* The number reads; the unit is missing or none of the dimension's. */
static void problem_unit(enum ota_dimension dimension, const char *text,
                         size_t length, const char *number, const char *unit,
                         char *problem, size_t size)
{
    const char *meant = unit_meant(dimension, unit);
    char what[96];
    char example[NUMBER_MAX + 16];

    snprintf(example, sizeof(example), "%s%s", number,
             of(dimension)->example_unit);
    if (unit[0] == '\0') {
        problem_say(dimension, text, length, "has no unit", example, problem,
                    size);
    } else if (unit[0] == ',') {
        problem_say(dimension, text, length,
                    "has a comma where a point should be",
                    of(dimension)->example, problem, size);
    } else if (dimension == OTA_COUNT) {
        problem_say(dimension, text, length, "has a unit, but takes none",
                    example, problem, size);
    } else if (meant) {
        snprintf(what, sizeof(what),
                 "has an unknown unit \"%.20s\"; did you mean \"%s\"?", unit,
                 meant);
        problem_say(dimension, text, length, what, NULL, problem, size);
    } else {
        snprintf(what, sizeof(what), "has an unknown unit \"%.20s\"", unit);
        problem_say(dimension, text, length, what, example, problem, size);
    }
}

/* Takes spaces off both ends. */
static const char *trimmed(const char *text, size_t *length)
{
    while (*length > 0 && isspace((unsigned char)*text)) {
        text++;
        --*length;
    }
    while (*length > 0 && isspace((unsigned char)text[*length - 1]))
        --*length;
    return text;
}

bool ota_amount_parse(enum ota_dimension dimension, const char *text,
                      size_t length, double *value, char *problem,
                      size_t problem_size)
{
    const bool bare = dimension == OTA_COUNT || dimension == OTA_RATIO;

    text = trimmed(text, &length);
    const size_t digits = number_length(text, length);
    if (digits == 0 || digits > NUMBER_MAX) {
        problem_not_one(dimension, text, length, problem, problem_size);
        return false;
    }

    const struct decimal number = decimal_of(text, digits);
    size_t unit_length = length - digits;
    const char *unit_text = trimmed(text + digits, &unit_length);
    char unit_name[32];
    unit_copy(unit_text, unit_length, unit_name, sizeof(unit_name));

    double base = 1.0;
    if (unit_length > 0 || !bare) {
        const struct ota_unit *unit = unit_find(dimension, unit_name);
        if (!unit) {
            problem_unit(dimension, text, length, number.text, unit_name,
                         problem, problem_size);
            return false;
        }
        base = unit->base;
    }

    const double amount = scaled(&number, base);
    if (!isfinite(amount)) {
        problem_say(dimension, text, length, "is too large",
                    of(dimension)->example, problem, problem_size);
        return false;
    }
    *value = amount;
    return true;
}

/* --- writing ------------------------------------------------------------- */

/* Writes whole / factor if few digits behind the point do; and says how many
 * those are, or returns false. */
static bool quotient_write(uint64_t whole, uint64_t factor, bool negative,
                           char *text, size_t size, size_t *places)
{
    uint64_t rest = whole % factor;

    snprintf(text, size, "%s%" PRIu64, negative ? "-" : "", whole / factor);
    for (*places = 0; rest > 0; ++*places) {
        if (*places == FRACTION_MAX)
            return false;
        const uint64_t ten_times = rest * 10; /* factors are below 2^37 */
        ota_text_append(text, size, "%s%" PRIu64, *places == 0 ? "." : "",
                        ten_times / factor);
        rest = ten_times % factor;
    }
    return true;
}

static bool reads_back(enum ota_dimension dimension, const char *text,
                       double value)
{
    double again;
    char problem[1];

    return ota_amount_parse(dimension, text, strlen(text), &again, problem,
                            sizeof(problem)) &&
           again == value;
}

/* Tries every unit. The fewest characters win, then no fraction, then the
 * smaller unit. */
static bool whole_format(enum ota_dimension dimension, double value, char *text,
                         size_t size)
{
    const struct ota_unit *units = ota_units(dimension);
    size_t best_length = SIZE_MAX;
    bool best_whole = false;

    for (size_t i = 0; units[i].name; i++) {
        char number[NUMBER_MAX];
        char candidate[NUMBER_MAX + 16];
        size_t places;
        if (!quotient_write((uint64_t)fabs(value), (uint64_t)units[i].base,
                            value < 0.0, number, sizeof(number), &places))
            continue;
        snprintf(candidate, sizeof(candidate), "%s%s", number, units[i].name);
        const size_t length = strlen(number);
        if (length > best_length ||
            (length == best_length && (best_whole || places > 0)) ||
            !reads_back(dimension, candidate, value))
            continue;
        best_length = length;
        best_whole = places == 0;
        snprintf(text, size, "%s", candidate);
    }
    return best_length < SIZE_MAX;
}

/* As few digits as read back; where none do (a fraction of a base unit, in a
 * larger unit), all that a double has. */
static void real_format(enum ota_dimension dimension, double value,
                        const struct ota_unit *unit, char *text, size_t size)
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, size, "%.*g%s", digits, value / unit->base, unit->name);
        if (reads_back(dimension, text, value))
            return;
    }
}

void ota_amount_format(enum ota_dimension dimension, double value, char *text,
                       size_t size)
{
    static const struct ota_unit none = {"", 1.0};
    const bool bare = dimension == OTA_COUNT || dimension == OTA_RATIO;
    const bool whole = value == floor(value) && fabs(value) < 0x1p63;

    assert(isfinite(value) && size > 0);

    if (value == 0.0)
        snprintf(text, size, "0%s", of(dimension)->example_unit);
    else if (bare && whole)
        snprintf(text, size, "%.0f", value);
    else if (bare)
        real_format(dimension, value, &none, text, size);
    else if (!whole || !whole_format(dimension, value, text, size))
        real_format(dimension, value, ota_units(dimension), text, size);
}
