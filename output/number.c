/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * number.c - see number.h.
 */
#include "output/number.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Decimals at most that tell two numbers apart: one of a hundred million
 * devices in twenty replications is 5e-8 %. */
enum { APART = 8 };

struct step {
    double from; /* least number that is written in this unit */
    double worth;
    const char *unit;
};

static const struct step count_steps[] = {{0.0, 1.0, ""}};
static const struct step share_steps[] = {{0.0, 0.01, " %"}};
static const struct step money_steps[] = {{0.0, 1.0, " USD"}};
static const struct step time_steps[] = {
    {2.0 * 86400.0, 86400.0, " d"},
    {2.0 * 3600.0, 3600.0, " h"},
    {2.0 * 60.0, 60.0, " min"},
    {0.0, 1.0, " s"},
};
static const struct step size_steps[] = {
    {1e9, 1e9, " GB"},
    {1e6, 1e6, " MB"},
    {1e3, 1e3, " KB"},
    {0.0, 1.0, " B"},
};
static const struct step charge_steps[] = {
    {1e3, 1e3, " Ah"},
    {0.1, 1.0, " mAh"},
    {0.0, 1e-3, " uAh"},
};

/* By enum ota_scale; the last step of each takes what is left. */
static const struct step *const steps_of[] = {
    count_steps, share_steps, time_steps, size_steps, charge_steps, money_steps,
};

static const struct step *step_for(enum ota_scale scale, double value)
{
    const struct step *step = steps_of[scale];

    while (step->from > 0.0 && !(value >= step->from))
        step++;
    return step;
}

/* Digits before the decimal point, less one: 3 for 1234; -2 for 0.0123. */
static int magnitude(double value)
{
    return value > 0.0 ? (int)floor(log10(value)) : 0;
}

static int at_most(int a, int b)
{
    return a < b ? a : b;
}

static int at_least(int a, int b)
{
    return a > b ? a : b;
}

void ota_number_exact(double value, char *text, size_t size)
{
    assert(isfinite(value));

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, size, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            return;
    }
}

void ota_number_grouped(double value, int decimals, char *text, size_t size)
{
    char plain[OTA_NUMBER_SIZE];
    snprintf(plain, sizeof(plain), "%.*f", decimals, value);

    const char *from = plain;
    size_t used = 0;
    if (*from == '-' && used + 1 < size)
        text[used++] = *from++;

    size_t whole = strcspn(from, ".");
    for (size_t i = 0; from[i]; i++) {
        const bool comma = i > 0 && i < whole && (whole - i) % 3 == 0;
        if (used + (comma ? 2 : 1) >= size)
            break;
        if (comma)
            text[used++] = ',';
        text[used++] = from[i];
    }
    text[used] = '\0';
}

/* Decimals for a number whose interval is 2 * half wide. */
static int decimals_for(double value, double half)
{
    if (!(half > 0.0))
        return value == floor(value) ? 0 : 2 - magnitude(value);

    const int place = magnitude(half);
    const double leading = half / pow(10.0, place);
    return leading < 3.55 ? 1 - place : -place;
}

/* Whether two numbers are the same to who reads them. */
static bool looks_like(const struct ota_reading *reading, double a, double b)
{
    char one[OTA_NUMBER_SIZE], other[OTA_NUMBER_SIZE];

    ota_number_grouped(a / reading->worth, reading->decimals, one, sizeof(one));
    ota_number_grouped(b / reading->worth, reading->decimals, other,
                       sizeof(other));
    return strcmp(one, other) == 0;
}

void ota_reading_apart(struct ota_reading *reading, double value, double from)
{
    if (!isfinite(value) || !isfinite(from) || value == from || reading->cents)
        return;
    while (reading->decimals < APART && looks_like(reading, value, from))
        reading->decimals++;
}

struct ota_reading ota_reading_in(enum ota_scale scale, double unit_for,
                                  const struct ota_estimate *estimate)
{
    const struct step *step = step_for(scale, fabs(unit_for));
    const double value = fabs(estimate->mean) / step->worth;
    const double half = isfinite(estimate->hi)
                            ? (estimate->hi - estimate->lo) / step->worth / 2.0
                            : (estimate->mean - estimate->lo) / step->worth;

    int decimals = decimals_for(value, half);
    decimals = at_most(decimals, 3 - magnitude(value));
    decimals = at_least(at_most(decimals, 3), 0);
    if (scale == OTA_SCALE_MONEY)
        decimals = 2;

    struct ota_reading reading = {
        .unit = step->unit,
        .worth = step->worth,
        .decimals = decimals,
        .share = scale == OTA_SCALE_SHARE,
        .cents = scale == OTA_SCALE_MONEY,
    };
    if (reading.share)
        ota_reading_apart(&reading, estimate->mean, 1.0);
    if (estimate->mean == estimate->hi) /* all of them, in each replication */
        ota_reading_apart(&reading, estimate->lo, estimate->hi);
    return reading;
}

struct ota_reading ota_reading_of(enum ota_scale scale,
                                  const struct ota_estimate *estimate)
{
    return ota_reading_in(scale, estimate->mean, estimate);
}

void ota_reading_format(const struct ota_reading *reading, double value,
                        char *text, size_t size)
{
    if (!isfinite(value)) {
        snprintf(text, size, "-");
        return;
    }
    /* Nothing at all has no digits to doubt, nor has all. */
    const bool whole =
        (value == 0.0 && !reading->cents) || (value == 1.0 && reading->share);
    const int decimals = whole ? 0 : reading->decimals;
    char number[OTA_NUMBER_SIZE];
    ota_number_grouped(value / reading->worth, decimals, number,
                       sizeof(number));
    snprintf(text, size, "%s%s", number, reading->unit);
}

void ota_reading_interval(const struct ota_reading *reading,
                          const struct ota_estimate *estimate, char *text,
                          size_t size)
{
    char lo[OTA_NUMBER_SIZE], hi[OTA_NUMBER_SIZE];

    text[0] = '\0';
    if (!isfinite(estimate->lo))
        return;
    ota_number_grouped(estimate->lo / reading->worth, reading->decimals, lo,
                       sizeof(lo));
    ota_number_grouped(estimate->hi / reading->worth, reading->decimals, hi,
                       sizeof(hi));
    if (!isfinite(estimate->hi))
        snprintf(text, size, "at least %s", lo);
    else if (estimate->lo == estimate->hi && estimate->of == 1)
        snprintf(text, size, "[%s, %s]", lo, hi);
    else if (estimate->lo == estimate->hi)
        snprintf(text, size, "same in all");
    else if (estimate->mean == 0.0 && estimate->lo == 0.0)
        snprintf(text, size, "at most %s", hi);
    else if (estimate->mean == estimate->hi)
        snprintf(text, size, "at least %s", lo);
    else
        snprintf(text, size, "[%s, %s]", lo, hi);
}

void ota_number_human(enum ota_scale scale, double value, char *text,
                      size_t size)
{
    const struct step *step = step_for(scale, fabs(value));
    const double scaled = value / step->worth;
    struct ota_reading reading = {
        .unit = step->unit,
        .worth = step->worth,
        .decimals = at_least(at_most(2 - magnitude(fabs(scaled)), 3), 0)};

    if (scale == OTA_SCALE_SHARE)
        ota_reading_apart(&reading, value, 1.0);
    char number[OTA_NUMBER_SIZE];
    ota_number_grouped(scaled, reading.decimals, number, sizeof(number));
    if (strchr(number, '.')) {
        size_t length = strlen(number);
        while (number[length - 1] == '0')
            length--;
        if (number[length - 1] == '.')
            length--;
        number[length] = '\0';
    }
    snprintf(text, size, "%s%s", number, step->unit);
}
