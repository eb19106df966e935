/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sleep_calendar.c - wakes at times of day, on days of the week, by the
 * device's own clock.
 *
 * A week has the same wakes as every other: prepare() lays them out once,
 * counted from the instant that time 0 is. A wake comes late by a draw of its
 * own, but before the next one is due, so that the instant of a wake tells
 * which one it was. The first wake may be a late one that was due before time
 * 0. The clock knows no summer time.
 */
#include "models/sleep/sleep.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/sleep/sleep_common.h"
#include "sim/base/clock.h"
#include "sim/base/error.h"

enum {
    DAYS = 7,
    TIMES_MAX = 24 * 60, /* of a day */
    QUOTE_MAX = 40,      /* bytes of what was written, in a message */
};

static const int64_t week_us = DAYS * OTA_US_PER_DAY;

static const char *const day_names[DAYS] = {"mon", "tue", "wed", "thu",
                                            "fri", "sat", "sun"};

static const char blanks[] = " \t";

struct calendar_config {
    struct ota_sleep_common common;
    const char *times;
    const char *days;
    struct ota_dist late;
    const char *starts;
    struct ota_sleep_cycle week; /* from the texts; from time 0 on */
};

/* --- the texts ----------------------------------------------------------- */

/* A word of a text. */
struct word {
    const char *at;
    size_t length;
};

/* Takes the next word off the front of *rest; false: there is none. */
static bool word_next(const char **rest, struct word *word)
{
    word->at = *rest + strspn(*rest, blanks);
    word->length = strcspn(word->at, blanks);
    *rest = word->at + word->length;
    return word->length > 0;
}

/* Length of a word in a message. */
static int shown(struct word word)
{
    return word.length < QUOTE_MAX ? (int)word.length : QUOTE_MAX;
}

static int two_digits(const char *at)
{
    return 10 * (at[0] - '0') + at[1] - '0';
}

/* Reads HH:MM or HH:MM:SS into *at_us, since midnight. */
static bool time_read(struct word word, int64_t *at_us)
{
    static const char shape[] = "dd:dd:dd";

    if (word.length != 5 && word.length != 8)
        return false;
    for (size_t i = 0; i < word.length; i++) {
        const bool digit = word.at[i] >= '0' && word.at[i] <= '9';
        if (shape[i] == 'd' ? !digit : word.at[i] != shape[i])
            return false;
    }

    const int hour = two_digits(word.at);
    const int minute = two_digits(word.at + 3);
    const int second = word.length == 8 ? two_digits(word.at + 6) : 0;
    *at_us =
        hour * OTA_US_PER_H + minute * OTA_US_PER_MIN + second * OTA_US_PER_S;
    return hour < 24 && minute < 60 && second < 60;
}

/* Returns the day's number from Monday, or -1. */
static int day_read(struct word word)
{
    for (int day = 0; day < DAYS; day++)
        if (strlen(day_names[day]) == word.length &&
            memcmp(day_names[day], word.at, word.length) == 0)
            return day;
    return -1;
}

/* Returns how many times of day there are in text, and puts them into at_us,
 * which has room for most of them; 0 with a problem. */
static size_t times_read(const char *text, int64_t *at_us, size_t most,
                         char *problem, size_t problem_size)
{
    const char *rest = text;
    struct word word;
    size_t count = 0;

    while (word_next(&rest, &word)) {
        if (count == most) {
            snprintf(problem, problem_size,
                     "times: there are more than %zu of them", most);
            return 0;
        }
        if (!time_read(word, &at_us[count])) {
            snprintf(problem, problem_size,
                     "times: \"%.*s\" is no time of day; write HH:MM or "
                     "HH:MM:SS, such as \"06:00 18:30\"",
                     shown(word), word.at);
            return 0;
        }
        count++;
    }
    if (count == 0)
        snprintf(problem, problem_size,
                 "times: there are none; write at least one, such as "
                 "\"06:00 18:30\"");
    return count;
}

/* Reads the days of the week into on[]. */
static bool days_read(const char *text, bool on[DAYS], char *problem,
                      size_t problem_size)
{
    const char *rest = text;
    struct word word;
    bool any = false;

    while (word_next(&rest, &word)) {
        const bool daily =
            word.length == 5 && memcmp(word.at, "daily", word.length) == 0;
        const int day = day_read(word);
        if (!daily && day < 0) {
            snprintf(problem, problem_size,
                     "days: \"%.*s\" is no day; write \"daily\", or some of "
                     "\"mon tue wed thu fri sat sun\"",
                     shown(word), word.at);
            return false;
        }
        for (int d = 0; d < DAYS; d++)
            on[d] = on[d] || daily || d == day;
        any = true;
    }
    if (!any)
        snprintf(problem, problem_size,
                 "days: there are none; write \"daily\", or some of \"mon tue "
                 "wed thu fri sat sun\"");
    return any;
}

/* Reads a day and a time into *at_us, since Monday 00:00. */
static bool starts_read(const char *text, int64_t *at_us, char *problem,
                        size_t problem_size)
{
    const char *rest = text;
    struct word day_word, time_word, more;
    int64_t time_us = 0;

    if (word_next(&rest, &day_word) && word_next(&rest, &time_word) &&
        !word_next(&rest, &more) && time_read(time_word, &time_us)) {
        const int day = day_read(day_word);
        *at_us = day * OTA_US_PER_DAY + time_us;
        if (day >= 0)
            return true;
    }
    snprintf(problem, problem_size,
             "starts: \"%.*s\" is no instant of a week; write a day and a time "
             "of day, such as \"mon 00:00\"",
             QUOTE_MAX, text);
    return false;
}

/* --- the week ------------------------------------------------------------ */

static int compare_times(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static bool calendar_prepare(void *opaque,
                             const struct ota_field_context *context,
                             char *problem, size_t problem_size)
{
    struct calendar_config *config = opaque;
    int64_t times_us[TIMES_MAX];
    bool on[DAYS] = {false};
    int64_t starts_us;

    const size_t times =
        times_read(config->times, times_us, TIMES_MAX, problem, problem_size);
    if (times == 0 || !days_read(config->days, on, problem, problem_size) ||
        !starts_read(config->starts, &starts_us, problem, problem_size))
        return false;

    int64_t *at_us =
        ota_arena_alloc(context->arena, DAYS * times, sizeof(*at_us));
    if (!at_us) {
        snprintf(problem, problem_size, "%s", OTA_NO_MEMORY);
        return false;
    }

    size_t count = 0;
    for (int day = 0; day < DAYS; day++)
        for (size_t t = 0; on[day] && t < times; t++)
            at_us[count++] =
                (day * OTA_US_PER_DAY + times_us[t] - starts_us + week_us) %
                week_us;
    qsort(at_us, count, sizeof(*at_us), compare_times);
    for (size_t i = 1; i < count; i++) {
        if (at_us[i] == at_us[i - 1]) {
            snprintf(problem, problem_size,
                     "times: a time stands there twice; write it once");
            return false;
        }
    }
    config->week = (struct ota_sleep_cycle){
        .at_us = at_us, .count = count, .length_us = week_us};
    return true;
}

/* --- the wakes ----------------------------------------------------------- */

/* When the wake that is due at due_us comes. */
static int64_t come_us(const struct calendar_config *config, int64_t due_us,
                       gsl_rng *rng)
{
    const int64_t next_us = ota_sleep_cycle_after(&config->week, due_us);
    const int64_t late_us = ota_dist_draw_us(&config->late, rng);

    return ota_us_min(ota_us_add(due_us, late_us), next_us - 1);
}

static int64_t calendar_first_us(const void *opaque, gsl_rng *rng)
{
    const struct calendar_config *config = opaque;
    const int64_t missed_us = ota_sleep_cycle_before(&config->week, -1);
    const int64_t came_us = come_us(config, missed_us, rng);

    if (came_us >= 0)
        return came_us;
    return come_us(config, ota_sleep_cycle_after(&config->week, -1), rng);
}

static int64_t calendar_next_us(const void *opaque, int64_t wake_us,
                                gsl_rng *rng)
{
    const struct calendar_config *config = opaque;

    assert(wake_us >= 0);
    const int64_t due_us = ota_sleep_cycle_after(&config->week, wake_us);
    return due_us == OTA_NEVER ? OTA_NEVER : come_us(config, due_us, rng);
}

/* The first wake comes before the second one is due, which is within a week
 * unless there is but one. */
static int64_t calendar_lead_us(const void *opaque)
{
    const struct calendar_config *config = opaque;
    const bool prompt = ota_dist_most(&config->late) <= 0;

    return prompt || config->week.count > 1 ? week_us : 2 * week_us;
}

static const struct ota_field calendar_fields[] = {
    {
        .name = "times",
        .kind = OTA_FIELD_TEXT,
        .offset = offsetof(struct calendar_config, times),
        .help = "times of day, such as \"06:00 18:30\"",
    },
    {
        .name = "days",
        .kind = OTA_FIELD_TEXT,
        .offset = offsetof(struct calendar_config, days),
        .fallback = "daily",
        .help = "days of the week, such as \"mon tue fri\", or \"daily\"",
    },
    {
        .name = "late",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_TIME,
        .offset = offsetof(struct calendar_config, late),
        .fallback = "0s",
        .min = 0,
        .max = (double)OTA_US_PER_DAY,
        .help = "how much later a wake comes, drawn each time, but before the "
                "next one is due",
    },
    {
        .name = "starts",
        .kind = OTA_FIELD_TEXT,
        .offset = offsetof(struct calendar_config, starts),
        .fallback = "mon 00:00",
        .help = "what the device's clock shows at time 0",
    },
    OTA_SLEEP_COMMON_FIELDS,
    {.name = NULL},
};

const struct ota_sleep_model ota_sleep_calendar = {
    .model =
        {
            .name = "calendar",
            .summary = "wakes at times of day, on days of the week",
            .source = "by definition",
            .config_size = sizeof(struct calendar_config),
            .fields = calendar_fields,
            .prepare = calendar_prepare,
        },
    .first_us = calendar_first_us,
    .next_us = calendar_next_us,
    .lead_us = calendar_lead_us,
    .common = ota_sleep_common_part,
};
