/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import_time.c - dates and durations as platforms write them. Days are
 * counted by the civil calendar (H. Hinnant: chrono-compatible low-level date
 * algorithms, days_from_civil).
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/import_parts.h"

/* Days from 1970-01-01. */
static int64_t days_of(int64_t year, int month, int day)
{
    const int64_t y = month <= 2 ? year - 1 : year;
    const int64_t era = y / 400; /* years are positive */
    const int64_t of_era = y - era * 400;
    const int64_t of_year =
        (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
           719468;
}

/* Reads exactly `digits` digits; -1 if there are not so many. */
static int digits(const char **at, int count)
{
    int value = 0;

    for (int i = 0; i < count; i++, ++*at) {
        if (!isdigit((unsigned char)**at))
            return -1;
        value = 10 * value + (**at - '0');
    }
    return value;
}

static bool skip(const char **at, char c)
{
    const bool there = **at == c;

    *at += there;
    return there;
}

static bool day_exists(int year, int month, int day)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month >= 1 && month <= 12 && day >= 1 &&
           day <= days[month - 1] + (month == 2 && leap);
}

/* The offset from UTC in seconds at the end of a date. */
static bool zone_of(const char **at, int *seconds)
{
    *seconds = 0;
    if (!**at || skip(at, 'Z') || skip(at, 'z'))
        return !**at;
    const int sign = **at == '-' ? -1 : 1;
    if (!skip(at, '+') && !skip(at, '-'))
        return false;
    const int hours = digits(at, 2);
    skip(at, ':');
    const int minutes = digits(at, 2);
    *seconds = sign * (hours * 3600 + minutes * 60);
    return hours >= 0 && hours <= 23 && minutes >= 0 && minutes <= 59 && !**at;
}

bool ota_import_date(const char *text, int64_t *seconds)
{
    const char *at = text;
    const int year = digits(&at, 4);
    if (year < 1970 || !skip(&at, '-'))
        return false;
    const int month = digits(&at, 2);
    if (!skip(&at, '-'))
        return false;
    const int day = digits(&at, 2);
    if (!day_exists(year, month, day))
        return false;
    int hour = 0, minute = 0, second = 0, zone = 0;
    if (skip(&at, 'T') || skip(&at, ' ')) {
        hour = digits(&at, 2);
        if (!skip(&at, ':'))
            return false;
        minute = digits(&at, 2);
        if (skip(&at, ':'))
            second = digits(&at, 2);
        if (skip(&at, '.')) /* parts of a second make no difference */
            at += strspn(at, "0123456789");
    }
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 60 || !zone_of(&at, &zone))
        return false;
    *seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 +
               second - zone;
    return true;
}

bool ota_import_take_date(struct ota_importer *im,
                          const struct ota_json *object, const char *key,
                          int64_t *seconds)
{
    const struct ota_json *json =
        ota_import_take_type(im, object, key, OTA_JSON_TEXT);

    if (!json)
        return false;
    if (ota_import_date(json->text, seconds))
        return true;
    ota_import_refuse(
        im, json, "\"%s\" is no date; one is 2026-11-01T02:00:00Z", json->text);
    return false;
}

void ota_import_zero(struct ota_importer *im, int64_t seconds)
{
    if (im->zero_known)
        return;
    im->zero_known = true;
    im->zero_s = seconds;
    const int64_t minute = seconds % 86400 / 60;
    ota_import_approximate_so(
        im, OTA_START_IS_RELEASE,
        "the file's earliest date is taken for the release (else say "
        "--start); where hours of the day matter, the scenario's release.at "
        "should be at %02d:%02d of a day",
        (int)(minute / 60), (int)(minute % 60));
}

int64_t ota_import_since_zero(const struct ota_importer *im, int64_t seconds)
{
    return seconds > im->zero_s ? seconds - im->zero_s : 0;
}

/* Adds one number with its unit to *seconds. */
static bool add_part(const char **at, double *seconds)
{
    char *end;
    if (!isdigit((unsigned char)**at))
        return false;
    const double number = strtod(*at, &end);
    const double unit = strncmp(end, "ms", 2) == 0 ? 1e-3
                        : *end == 'h'              ? 3600.0
                        : *end == 'm'              ? 60.0
                        : *end == 's'              ? 1.0
                                                   : 0.0;
    *at = end + (unit == 1e-3 ? 2 : 1);
    *seconds += number * unit;
    return unit > 0.0;
}

bool ota_import_take_span(struct ota_importer *im,
                          const struct ota_json *object, const char *key,
                          int64_t *seconds)
{
    const struct ota_json *json =
        ota_import_take_type(im, object, key, OTA_JSON_TEXT);
    if (!json)
        return false;
    const char *at = json->text;
    double sum = 0.0;
    bool good = *at != '\0';
    while (good && *at)
        good = add_part(&at, &sum);
    if (good && sum >= 1.0 && sum < 1e9) {
        *seconds = (int64_t)(sum + 0.5);
        return true;
    }
    ota_import_refuse(im, json,
                      "\"%s\" is no duration of a second or more; one is "
                      "\"24h\" or \"1h30m\"",
                      json->text);
    return false;
}
