/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cron.c - calendars as cron has them, on a year that never ends.
 *
 * Times are minutes on a line without months: the year has 365 days and comes
 * again and again, and weekdays run on. A field is a bit set, and the begin
 * next to an instant is found day by day, then in the bits of a day.
 *
 * Where both days of the month and days of the week are named, either will
 * do; a field that begins with "*" (or is "?") names none, and then both must
 * hold (crontab(5) of Vixie cron, and its entry.c). In "cron(...)", days of
 * the week are 1 to 7 from Sunday, a step counts from its start, and one of the
 * two fields must be "?" (Amazon EventBridge user guide, cron expressions).
 */
#include "models/policy/cron.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/clock.h"

enum {
    YEAR_DAYS = 365,
    SEARCH_DAYS = 8 * YEAR_DAYS, /* every date has had every weekday by then */
    JOINS_MAX = 64, /* windows that follow each other without a gap */
    FIELDS = 5,
    SHOWN_MAX = 40, /* bytes of a text in a message */
};

const char *const ota_zone_words[] = {"UTC", "local", NULL};

static const int month_days[] = {31, 28, 31, 30, 31, 30,
                                 31, 31, 30, 31, 30, 31};

static const char *const month_names[] = {"JAN", "FEB", "MAR", "APR",
                                          "MAY", "JUN", "JUL", "AUG",
                                          "SEP", "OCT", "NOV", "DEC"};
static const char *const day_names[] = {"SUN", "MON", "TUE", "WED",
                                        "THU", "FRI", "SAT"};

/* --- reading ------------------------------------------------------------- */

struct field {
    const char *name;
    int least, most;
    const char *const *names; /* of least, least + 1, ...; or NULL */
    int name_count;
};

static const struct field minute_field = {"minute", 0, 59, NULL, 0};
static const struct field hour_field = {"hour", 0, 23, NULL, 0};
static const struct field day_field = {"day of the month", 1, 31, NULL, 0};
static const struct field month_field = {"month", 1, 12, month_names, 12};
static const struct field weekday_field = {"day of the week", 0, 7, day_names,
                                           7};
static const struct field aws_weekday_field = {"day of the week", 1, 7,
                                               day_names, 7};

struct reader {
    char *problem;
    size_t problem_size;
};

struct word {
    const char *at;
    size_t length;
};

static bool fail(const struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(const struct reader *reader, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(reader->problem, reader->problem_size, format, args);
    va_end(args);
    return false;
}

static int shown(struct word word)
{
    return word.length < SHOWN_MAX ? (int)word.length : SHOWN_MAX;
}

/* Takes the part of *rest up to the mark off its front, and the mark. */
static struct word cut(struct word *rest, char mark)
{
    const char *end = memchr(rest->at, mark, rest->length);
    const struct word part = {rest->at,
                              end ? (size_t)(end - rest->at) : rest->length};
    const size_t gone = part.length + (end != NULL);

    *rest = (struct word){rest->at + gone, rest->length - gone};
    return part;
}

/* Returns the value of a number of at most 4 digits, or -1. */
static int number_of(struct word word)
{
    int number = 0;

    if (word.length == 0 || word.length > 4)
        return -1;
    for (size_t i = 0; i < word.length; i++) {
        if (!isdigit((unsigned char)word.at[i]))
            return -1;
        number = 10 * number + word.at[i] - '0';
    }
    return number;
}

static bool is_name(struct word word, const char *name)
{
    if (word.length != strlen(name))
        return false;
    for (size_t i = 0; i < word.length; i++)
        if (toupper((unsigned char)word.at[i]) != name[i])
            return false;
    return true;
}

/* Reads a number or a name; false with a problem. */
static bool read_value(const struct reader *reader, const struct field *field,
                       struct word word, int *value)
{
    for (int i = 0; i < field->name_count; i++)
        if (is_name(word, field->names[i])) {
            *value = field->least + i;
            return true;
        }
    *value = number_of(word);
    if (*value >= field->least && *value <= field->most)
        return true;
    return fail(reader, "the %s is %d to %d%s, not \"%.*s\"", field->name,
                field->least, field->most,
                field->names == month_names ? " or JAN to DEC"
                : field->names              ? " or SUN to SAT"
                                            : "",
                shown(word), word.at);
}

/* Reads one of "*", "3", "MON-FRI", each with a step or not, into *bits. */
static bool read_range(const struct reader *reader, const struct field *field,
                       struct word range, uint64_t *bits)
{
    struct word rest = range;
    const struct word span = cut(&rest, '/');
    const bool stepped = span.length < range.length;
    const int step = stepped ? number_of(rest) : 1;
    int from = field->least, to = field->most;

    if (step < 1)
        return fail(reader, "the %s has no step \"%.*s\"; one is like */15",
                    field->name, shown(range), range.at);
    if (span.length != 1 || (span.at[0] != '*' && span.at[0] != '?')) {
        struct word ends = span;
        const struct word first = cut(&ends, '-');
        if (!read_value(reader, field, first, &from))
            return false;
        if (first.length < span.length) {
            if (!read_value(reader, field, ends, &to))
                return false;
            if (to == 0 && from > 0 && field == &weekday_field)
                to = 7; /* FRI-SUN */
        } else if (!stepped) {
            to = from;
        }
    }
    if (to < from)
        return fail(reader,
                    "the %s \"%.*s\" goes backwards; write two ranges with a "
                    "comma",
                    field->name, shown(range), range.at);
    for (int value = from; value <= to; value += step)
        *bits |= UINT64_C(1) << value;
    return true;
}

static bool read_field(const struct reader *reader, const struct field *field,
                       struct word word, uint64_t *bits)
{
    struct word rest = word;

    *bits = 0;
    if (word.at[word.length - 1] == ',')
        return fail(reader, "the %s \"%.*s\" ends with a comma", field->name,
                    shown(word), word.at);
    while (rest.length > 0)
        if (!read_range(reader, field, cut(&rest, ','), bits))
            return false;
    return true;
}

static bool names_none(struct word word)
{
    return word.at[0] == '*' || word.at[0] == '?';
}

/* Whether the dates that are named exist. */
static bool comes(const struct ota_cron *cron)
{
    if (!cron->any_day && !cron->any_weekday)
        return true;
    for (int month = 1; month <= 12; month++)
        for (int day = 1; day <= month_days[month - 1]; day++)
            if ((cron->months >> month & 1) && (cron->days >> day & 1))
                return true;
    return false;
}

static bool read_fields(const struct reader *reader, const struct word *words,
                        bool aws, struct ota_cron *cron)
{
    uint64_t hours, days, months, weekdays;

    if (!read_field(reader, &minute_field, words[0], &cron->minutes) ||
        !read_field(reader, &hour_field, words[1], &hours) ||
        !read_field(reader, &day_field, words[2], &days) ||
        !read_field(reader, &month_field, words[3], &months) ||
        !read_field(reader, aws ? &aws_weekday_field : &weekday_field, words[4],
                    &weekdays))
        return false;
    cron->hours = (uint32_t)hours;
    cron->days = (uint32_t)days;
    cron->months = (uint32_t)months;
    if (aws)
        weekdays >>= 1;
    cron->weekdays = (uint8_t)((weekdays | weekdays >> 7) & 0x7f);
    cron->any_day = names_none(words[2]);
    cron->any_weekday = names_none(words[4]);
    return comes(cron) ||
           fail(reader, "no such date ever comes; the year has 365 days");
}

/* Splits at blanks; returns how many words there are, of which the first
 * `most` are put into words. */
static size_t split(struct word text, struct word *words, size_t most)
{
    size_t count = 0;

    while (text.length > 0) {
        size_t length = 0;
        while (length < text.length && !isspace((unsigned char)text.at[length]))
            length++;
        if (length > 0 && count++ < most)
            words[count - 1] = (struct word){text.at, length};
        length += length < text.length;
        text = (struct word){text.at + length, text.length - length};
    }
    return count;
}

/* Reads the fields between the brackets of "cron(...)". */
static bool parse_aws(const struct reader *reader, struct word text,
                      struct ota_cron *cron)
{
    struct word words[FIELDS + 1];
    const size_t count = split(text, words, FIELDS + 1);

    if (count != FIELDS + 1)
        return fail(reader,
                    "cron(...) has 6 fields, minute hour day month weekday "
                    "year, not %zu",
                    count);
    if (words[5].length != 1 || words[5].at[0] != '*')
        return fail(reader,
                    "the year must be *, not \"%.*s\": a run begins in no year "
                    "of the calendar",
                    shown(words[5]), words[5].at);
    if ((words[2].at[0] == '?') == (words[4].at[0] == '?'))
        return fail(reader, "in cron(...) one of day and weekday must be ?, as "
                            "in cron(0 2 * * ? *)");
    return read_fields(reader, words, true, cron);
}

bool ota_cron_parse(const char *text, struct ota_cron *cron, char *problem,
                    size_t problem_size)
{
    static const char prefix[] = "cron(";
    const struct reader reader = {problem, problem_size};
    struct word words[FIELDS];

    while (isspace((unsigned char)*text))
        text++;
    if (strncmp(text, prefix, strlen(prefix)) == 0) {
        const char *at = text + strlen(prefix);
        const char *end = strchr(at, ')');
        if (!end || end[1 + strspn(end + 1, " \t")] != '\0')
            return fail(&reader, "cron( must end with one )");
        return parse_aws(&reader, (struct word){at, (size_t)(end - at)}, cron);
    }

    const size_t count =
        split((struct word){text, strlen(text)}, words, FIELDS);
    if (count != FIELDS)
        return fail(&reader,
                    "a calendar has 5 fields, minute hour day month weekday, "
                    "as in \"0 2 * * *\", not %zu%s",
                    count, count == 6 ? "; 6 are for cron(...)" : "");
    return read_fields(&reader, words, false, cron);
}

/* --- begins of windows --------------------------------------------------- */

/* Like / and %, but towards the past. */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t floor_mod(int64_t a, int64_t b)
{
    return a - b * floor_div(a, b);
}

/* Whether windows begin on that day, since 1 January of year 0. */
static bool day_matches(const struct ota_cron *cron, int64_t day)
{
    const int weekday = (int)floor_mod(day + 1, 7);
    int date = (int)floor_mod(day, YEAR_DAYS);
    int month = 0;

    while (date >= month_days[month])
        date -= month_days[month++];
    if (!(cron->months >> (month + 1) & 1))
        return false;

    const bool by_date = cron->days >> (date + 1) & 1;
    const bool by_weekday = cron->weekdays >> weekday & 1;
    return cron->any_day || cron->any_weekday ? by_date && by_weekday
                                              : by_date || by_weekday;
}

/* The first begin of a day at or after a minute of it, or -1. */
static int minute_after(const struct ota_cron *cron, int minute)
{
    for (int hour = minute / 60; hour < 24; hour++, minute = 60 * hour) {
        const uint64_t left = cron->minutes >> (minute - 60 * hour);
        if ((cron->hours >> hour & 1) && left)
            return minute + __builtin_ctzll(left);
    }
    return -1;
}

/* The last one at or before it, or -1. */
static int minute_before(const struct ota_cron *cron, int minute)
{
    for (int hour = minute / 60; hour >= 0; hour--, minute = 60 * hour + 59) {
        const uint64_t left = cron->minutes << (63 - (minute - 60 * hour));
        if ((cron->hours >> hour & 1) && left)
            return minute - __builtin_clzll(left);
    }
    return -1;
}

/* The first begin later than at_us, in the calendar's own time. */
static int64_t begin_after_us(const struct ota_cron *cron, int64_t at_us)
{
    int64_t day = floor_div(at_us, OTA_US_PER_DAY);
    int minute = (int)((at_us - day * OTA_US_PER_DAY) / OTA_US_PER_MIN) + 1;

    for (int i = 0; i < SEARCH_DAYS; i++, day++, minute = 0) {
        const int found =
            day_matches(cron, day) ? minute_after(cron, minute) : -1;
        if (found >= 0)
            return day * OTA_US_PER_DAY + found * OTA_US_PER_MIN;
    }
    return OTA_NEVER;
}

/* The last begin at or before at_us and later than since_us; OTA_NEVER if
 * there is none. */
static int64_t begin_before_us(const struct ota_cron *cron, int64_t at_us,
                               int64_t since_us)
{
    int64_t day = floor_div(at_us, OTA_US_PER_DAY);
    int minute = (int)((at_us - day * OTA_US_PER_DAY) / OTA_US_PER_MIN);

    for (; (day + 1) * OTA_US_PER_DAY > since_us; day--, minute = 1439) {
        const int found =
            day_matches(cron, day) ? minute_before(cron, minute) : -1;
        const int64_t begin_us = day * OTA_US_PER_DAY + found * OTA_US_PER_MIN;
        if (found >= 0)
            return begin_us > since_us ? begin_us : OTA_NEVER;
    }
    return OTA_NEVER;
}

/* --- windows ------------------------------------------------------------- */

static int64_t offset_of(const struct ota_policy_window *window,
                         int64_t local_offset_us)
{
    return window->zone == OTA_ZONE_LOCAL ? local_offset_us : window->offset_us;
}

/* When the window that is open at at_us ends; OTA_NEVER: none is open. All of
 * a calendar's windows are as long, so the last one to begin ends last. */
static int64_t end_us(const struct ota_policy_window *window,
                      int64_t local_offset_us, int64_t at_us)
{
    const int64_t offset_us = offset_of(window, local_offset_us);
    const int64_t local_us = at_us + offset_us;
    const int64_t for_us =
        ota_us_min(window->for_us, SEARCH_DAYS * OTA_US_PER_DAY);
    const int64_t begin_us =
        begin_before_us(&window->cron, local_us, local_us - for_us);

    assert(for_us > 0);
    return begin_us == OTA_NEVER ? OTA_NEVER : begin_us + for_us - offset_us;
}

/* The latest end among the windows open at at_us, or at_us if none is. */
static int64_t last_end_us(const struct ota_policy_window *windows,
                           size_t count, int64_t local_offset_us, int64_t at_us)
{
    int64_t last_us = at_us;

    for (size_t i = 0; i < count; i++) {
        const int64_t ends_us = end_us(&windows[i], local_offset_us, at_us);
        if (ends_us != OTA_NEVER)
            last_us = ota_us_max(last_us, ends_us);
    }
    return last_us;
}

bool ota_windows_open(const struct ota_policy_window *windows, size_t count,
                      int64_t local_offset_us, int64_t now_us,
                      int64_t *until_us)
{
    *until_us = OTA_NEVER;
    if (count == 0)
        return true;
    assert(now_us >= 0 && now_us < OTA_NEVER / 2);

    int64_t at_us = now_us;
    for (int joins = 0; joins <= JOINS_MAX; joins++) {
        const int64_t last_us =
            last_end_us(windows, count, local_offset_us, at_us);
        if (last_us == at_us)
            break;
        at_us = last_us;
    }
    if (at_us > now_us) {
        *until_us = at_us;
        return true;
    }

    for (size_t i = 0; i < count; i++) {
        const int64_t offset_us = offset_of(&windows[i], local_offset_us);
        const int64_t begin_us =
            begin_after_us(&windows[i].cron, now_us + offset_us);
        if (begin_us != OTA_NEVER)
            *until_us = ota_us_min(*until_us, begin_us - offset_us);
    }
    return false;
}
