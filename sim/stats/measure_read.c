/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * measure_read.c - names of measures.
 *
 * A name is looked up in the tables of KPIs and outcomes, and among the second
 * names here. Letter case does not matter, nor whether words are joined by _,
 * - or a space; that of groups does.
 */
#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/text.h"
#include "sim/base/units.h"
#include "sim/stats/measure_words.h"

const struct ota_measure_second ota_measure_seconds[] = {
    {"success_rate", "confirmed_share"},
    {"success_share", "confirmed_share"},
    {"success", "confirmed_share"},
    {"confirmed_rate", "confirmed_share"},
    {"confirmed", "confirmed_share"},
    {"bytes_per_device", "bytes"},
    {"data_per_device", "bytes"},
    {"data", "bytes"},
    {"data_per_device_p95", "bytes_p95"},
    {"data_p95", "bytes_p95"},
    {"useful_per_device", "useful"},
    {"overhead_per_device", "overhead"},
    {"wasted_per_device", "wasted"},
    {"wasted_bytes", "wasted"},
    {"wasted_data", "wasted"},
    {"waste", "wasted"},
    {"routine_per_device", "routine"},
    {"awake_per_device", "awake_time"},
    {"awake_time_per_device", "awake_time"},
    {"awake", "awake_time"},
    {"awake_p95", "awake_time_p95"},
    {"charge_per_device", "charge"},
    {"energy_per_device", "charge"},
    {"energy", "charge"},
    {"charge_per_device_p95", "charge_p95"},
    {"attempts_per_device", "attempts"},
    {"aborted_per_device", "aborted"},
    {"time_to_confirmed_50", "time_to_50"},
    {"time_to_confirmed_90", "time_to_90"},
    {"time_to_confirmed_99", "time_to_99"},
    {"time_to_updated_50", "time_to_installed_50"},
    {"time_to_updated_90", "time_to_installed_90"},
    {"time_to_updated_99", "time_to_installed_99"},
    {"overage", "overage_cost"},
    {"total_cost", "cost"},
    {"stop_rate", "stopped"},
    {"in_flight", "in_flight_peak"},
    {"egress", "egress_peak"},
    {"bad_hours", "bad_device_hours"},
    {"installed_within", "updated_within"},
    {"success_within", "confirmed_within"},
    {NULL, NULL},
};

enum { MAX_SECONDS = 64, WORD_SIZE = 64 };

/* What is being read, and where complaints go. */
struct reader {
    struct ota_measure *measure;
    const char *text;
    char *problem;
    size_t problem_size;
};

static bool refuse(const struct reader *reader, const char *format, ...)
    OTA_PRINTF(2, 3);

static bool refuse(const struct reader *reader, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(reader->problem, reader->problem_size, format, args);
    va_end(args);
    return false;
}

/* Copies text[0 .. length) in the letters that the tables have, without spaces
 * around; what is too long is cut, as no name is as long. */
static void copy_word(char word[WORD_SIZE], const char *text, size_t length)
{
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        length--;
    size_t count = 0;
    for (size_t i = 0; i < length && count + 1 < WORD_SIZE; i++) {
        const char c = text[i];
        if (count > 0 || !isspace((unsigned char)c))
            word[count++] =
                c == '-' || c == ' ' ? '_' : (char)tolower((unsigned char)c);
    }
    word[count] = '\0';
}

/* Takes the prefix "GROUP." off text, of the longest name that fits. */
static const char *read_group(struct ota_measure *measure, const char *text,
                              const char *const *groups, size_t group_count)
{
    const char *rest = text;
    size_t longest = 0;

    measure->group = 0;
    for (size_t g = 0; g < group_count; g++) {
        const size_t length = strlen(groups[g]);
        if (length >= longest && strncmp(text, groups[g], length) == 0 &&
            text[length] == '.') {
            longest = length;
            measure->group = 1 + g;
            rest = text + length + 1;
        }
    }
    if (measure->group == 0 && strncmp(text, "fleet.", 6) == 0)
        rest = text + 6;
    return rest;
}

/* Reads "(7d)" behind the name of a within(). */
static bool read_time(const struct reader *reader, const char *text)
{
    const char *name = ota_within_words[reader->measure->which].name;
    const size_t length = text ? strcspn(text, ")") : 0;
    const char *end = text ? text + length : NULL;
    char problem[160];
    double time_us;

    if (!text || *end != ')' || end[1 + strspn(end + 1, " ")] != '\0')
        return refuse(reader, "\"%s\" needs a time since the release: %s(7d)",
                      reader->text, name);
    if (!ota_amount_parse(OTA_TIME, text + 1, length - 1, &time_us, problem,
                          sizeof(problem)))
        return refuse(reader, "\"%s\": %s", reader->text, problem);
    if (time_us < 1.0 || time_us > 1e18)
        return refuse(reader,
                      "\"%s\": the time must be more than 0 and less "
                      "than 30,000 years",
                      reader->text);
    reader->measure->within_us = llround(time_us);
    return true;
}

/* Finds the word in a table; *which is its place. */
static bool find_word(struct ota_measure *measure, const char *word)
{
    for (int k = 0; k < OTA_KPIS; k++)
        if (strcmp(word, ota_kpis[k].name) == 0) {
            measure->kind = OTA_MEASURE_KPI;
            measure->which = k;
            return true;
        }
    for (int o = 0; o < OTA_OUTCOMES; o++)
        if (strcmp(word, ota_outcome_names[o]) == 0) {
            measure->kind = OTA_MEASURE_OUTCOME;
            measure->which = o;
            return true;
        }
    for (int w = 0; w < OTA_WITHINS; w++)
        if (strcmp(word, ota_within_words[w].name) == 0) {
            measure->kind = OTA_MEASURE_WITHIN;
            measure->which = w;
            return true;
        }
    for (size_t i = 0; ota_measure_seconds[i].name; i++)
        if (strcmp(word, ota_measure_seconds[i].name) == 0)
            return find_word(measure, ota_measure_seconds[i].means);
    return false;
}

/* Says that the word, in the text as written, is no measure. */
static bool refuse_word(const struct reader *reader, const char *word,
                        const char *const *groups, size_t group_count)
{
    const char *names[OTA_KPIS + OTA_OUTCOMES + OTA_WITHINS + MAX_SECONDS];
    const char *dot = strrchr(word, '.');
    size_t count = 0;

    refuse(reader, "there is no measure \"%s\"", reader->text);
    if (dot && find_word(reader->measure, dot + 1)) {
        refuse(reader, "\"%s\": no group is called \"%.*s\"", reader->text,
               (int)(dot - word), reader->text);
        for (size_t g = 0; g < group_count; g++)
            ota_text_append(reader->problem, reader->problem_size, "%s%s",
                            g == 0 ? "; groups: " : ", ", groups[g]);
        return false;
    }
    for (int k = 0; k < OTA_KPIS; k++)
        names[count++] = ota_kpis[k].name;
    for (int o = 0; o < OTA_OUTCOMES; o++)
        names[count++] = ota_outcome_names[o];
    for (int w = 0; w < OTA_WITHINS; w++)
        names[count++] = ota_within_words[w].name;
    for (size_t i = 0; ota_measure_seconds[i].name; i++)
        names[count++] = ota_measure_seconds[i].name;
    assert(count <= sizeof(names) / sizeof(names[0]));

    const char *nearest = ota_text_nearest(dot ? dot + 1 : word, names, count);
    if (nearest)
        ota_text_append(reader->problem, reader->problem_size,
                        "; did you mean %s?", nearest);
    else
        ota_text_append(reader->problem, reader->problem_size,
                        "; there are confirmed_share, time_to_90, bytes, "
                        "charge, cost, updated_within(7d) and more");
    ota_text_append(reader->problem, reader->problem_size,
                    " (`otasim models kpi` lists all)");
    return false;
}

static bool write_name(const struct reader *reader, const char *const *groups)
{
    struct ota_measure *measure = reader->measure;
    char time[48] = "";
    int length;

    if (measure->kind == OTA_MEASURE_WITHIN)
        ota_amount_format(OTA_TIME, (double)measure->within_us, time,
                          sizeof(time));
    length = snprintf(measure->name, sizeof(measure->name), "%s%s%s%s%s%s",
                      measure->group ? groups[measure->group - 1] : "",
                      measure->group ? "." : "", ota_measure_word(measure),
                      *time ? "(" : "", time, *time ? ")" : "");
    return length < (int)sizeof(measure->name) ||
           refuse(reader, "\"%s\" is too long a name", reader->text);
}

/* Of the fleet as a whole only, and NaN for groups. */
static bool fleets_only(const struct ota_measure *measure)
{
    if (measure->kind != OTA_MEASURE_KPI)
        return false;
    switch ((enum ota_kpi)measure->which) {
    case OTA_KPI_STOPPED:
    case OTA_KPI_STOP_TIME:
    case OTA_KPI_STOP_EFFECT:
    case OTA_KPI_REOFFERS:
    case OTA_KPI_IN_FLIGHT_PEAK:
    case OTA_KPI_EGRESS_PEAK:
    case OTA_KPI_APPROVALS:
    case OTA_KPI_PAUSED_TIME:
        return true;
    default:
        return false;
    }
}

bool ota_measure_read(struct ota_measure *measure, const char *text,
                      const char *const *groups, size_t group_count,
                      char *problem, size_t problem_size)
{
    char word[WORD_SIZE];

    *measure = (struct ota_measure){.name = ""};
    const struct reader reader = {measure, text, problem, problem_size};
    const char *name = read_group(measure, text, groups, group_count);
    const char *time = strchr(name, '(');
    copy_word(word, name, time ? (size_t)(time - name) : strlen(name));
    if (!find_word(measure, word))
        return refuse_word(&reader, word, groups, group_count);
    if (measure->kind == OTA_MEASURE_WITHIN) {
        if (!read_time(&reader, time))
            return false;
    } else if (time) {
        return refuse(&reader, "\"%s\": %s takes nothing in brackets", text,
                      ota_measure_word(measure));
    }
    if (measure->group > 0 && fleets_only(measure))
        return refuse(&reader,
                      "\"%s\": %s is of the whole fleet, not of a "
                      "group",
                      text, ota_measure_word(measure));
    return write_name(&reader, groups);
}
