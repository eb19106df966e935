/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * measure.c - what is known of measures, and the method of their intervals.
 * Their names are read in measure_read.c.
 */
#include "sim/stats/measure.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/text.h"
#include "sim/stats/measure_words.h"
#include "sim/stats/method.h"

const struct ota_within_words ota_within_words[OTA_WITHINS] = {
    [OTA_WITHIN_OFFERED] = {"offered_within", "offered within"},
    [OTA_WITHIN_UPDATED] = {"updated_within", "updated within"},
    [OTA_WITHIN_CONFIRMED] = {"confirmed_within", "confirmed within"},
};

const char *ota_measure_word(const struct ota_measure *measure)
{
    switch (measure->kind) {
    case OTA_MEASURE_KPI:
        return ota_kpis[measure->which].name;
    case OTA_MEASURE_OUTCOME:
        return ota_outcome_names[measure->which];
    case OTA_MEASURE_WITHIN:
        return ota_within_words[measure->which].name;
    }
    return "";
}

const char *ota_measure_unit(const struct ota_measure *measure)
{
    switch (measure->kind) {
    case OTA_MEASURE_KPI:
        return ota_kpis[measure->which].unit;
    case OTA_MEASURE_OUTCOME:
        return "devices";
    case OTA_MEASURE_WITHIN:
        break;
    }
    return "1";
}

/* Where its name begins without the group. */
static const char *own_name(const struct ota_measure *measure)
{
    const char *own = measure->name;

    for (const char *at = own; (at = strstr(at, ota_measure_word(measure)));
         at++)
        own = at;
    return own;
}

void ota_measure_label(const struct ota_measure *measure, char *text,
                       size_t size)
{
    const char *own = own_name(measure);

    switch (measure->kind) {
    case OTA_MEASURE_KPI:
        snprintf(text, size, "%s", ota_kpis[measure->which].label);
        break;
    case OTA_MEASURE_OUTCOME:
        snprintf(text, size, "%s", ota_outcome_names[measure->which]);
        for (char *c = text; size > 0 && *c; c++)
            if (*c == '_')
                *c = ' ';
        break;
    case OTA_MEASURE_WITHIN:
        own += strlen(ota_within_words[measure->which].name) + 1;
        snprintf(text, size, "%s %.*s", ota_within_words[measure->which].label,
                 (int)strcspn(own, ")"), own);
        break;
    }
    if (measure->group > 0)
        ota_text_append(text, size, ", %.*s",
                        (int)(own_name(measure) - measure->name - 1),
                        measure->name);
}

int ota_measure_better(const struct ota_measure *measure)
{
    static const int outcomes[OTA_OUTCOMES] = {
        [OTA_OUTCOME_UPDATED_CONFIRMED] = 1,
        [OTA_OUTCOME_WAITING_NOT_REACHED] = -1,
        [OTA_OUTCOME_WAITING_NEVER_REACHABLE] = -1,
        [OTA_OUTCOME_WAITING_NEVER_OFFERED] = -1,
        [OTA_OUTCOME_WAITING_NEVER_BEGUN] = -1,
        [OTA_OUTCOME_WAITING_ALWAYS_ABORTED] = -1,
        [OTA_OUTCOME_FAILED_NOT_APPLIED] = -1,
        [OTA_OUTCOME_FAILED_GIVEN_UP] = -1,
        [OTA_OUTCOME_FAILED_CRASHING] = -1,
        [OTA_OUTCOME_FAILED_REFUSED] = -1,
        [OTA_OUTCOME_SAFE_MODE] = -1,
        [OTA_OUTCOME_REVERTED] = -1,
        [OTA_OUTCOME_BRICKED] = -1,
        [OTA_OUTCOME_OUT_OF_BATTERY] = -1,
        [OTA_OUTCOME_OUT_OF_DATA] = -1,
    };

    switch (measure->kind) {
    case OTA_MEASURE_KPI:
        return ota_kpis[measure->which].better;
    case OTA_MEASURE_OUTCOME:
        return outcomes[measure->which];
    case OTA_MEASURE_WITHIN:
        break;
    }
    return 1;
}

/* Whether it is a share, 0 to 1. */
static bool is_share(const struct ota_measure *measure)
{
    return measure->kind == OTA_MEASURE_WITHIN ||
           (measure->kind == OTA_MEASURE_KPI &&
            (measure->which == OTA_KPI_CONFIRMED_SHARE ||
             measure->which == OTA_KPI_BEGUN_PER_OFFER ||
             measure->which == OTA_KPI_STOPPED));
}

void ota_measure_range(const struct ota_measure *measure, int64_t devices,
                       double *least, double *most)
{
    *least = 0.0;
    if (is_share(measure))
        *most = 1.0;
    else if (strcmp(ota_measure_unit(measure), "devices") == 0)
        *most = (double)devices;
    else
        *most = INFINITY;
}

/* --- values --- */

static int compare_times(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left;
    const int64_t b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

size_t ota_measure_times(const struct ota_measure *measures, size_t count,
                         int64_t *times)
{
    size_t all = 0;
    size_t unique = 0;

    for (size_t m = 0; m < count; m++)
        if (measures[m].kind == OTA_MEASURE_WITHIN)
            times[all++] = measures[m].within_us;
    if (all > 0)
        qsort(times, all, sizeof(*times), compare_times);
    for (size_t t = 0; t < all; t++)
        if (unique == 0 || times[t] != times[unique - 1])
            times[unique++] = times[t];
    return unique;
}

static double value_within(const struct ota_measure *measure,
                           const struct ota_results *results)
{
    size_t t = 0;

    while (t < results->within_count &&
           results->within_us[t] != measure->within_us)
        t++;
    assert(t < results->within_count);
    const int64_t count =
        results->within[(measure->group * results->within_count + t) *
                            OTA_WITHINS +
                        (size_t)measure->which];
    return count < 0 ? NAN
                     : (double)count /
                           (double)results->groups[measure->group].devices;
}

double ota_measure_value(const struct ota_measure *measure,
                         const struct ota_results *results)
{
    assert(measure->group <= results->group_count);
    const struct ota_group_results *group = &results->groups[measure->group];

    switch (measure->kind) {
    case OTA_MEASURE_KPI:
        return group->kpi[measure->which];
    case OTA_MEASURE_OUTCOME:
        return (double)group->outcomes[measure->which];
    case OTA_MEASURE_WITHIN:
        return value_within(measure, results);
    }
    return NAN;
}

/* What the values of replications say by themselves. */
static struct ota_estimate
by_replications(const struct ota_measure *measure,
                const struct ota_measure_facts *facts,
                const struct ota_values *all)
{
    const bool staged = facts->staged;
    double least, most;

    ota_measure_range(measure, facts->devices, &least, &most);
    if (measure->kind == OTA_MEASURE_OUTCOME)
        return ota_method_count(all, facts->devices, staged);
    if (measure->kind == OTA_MEASURE_WITHIN)
        return ota_method_portion(all, facts->devices, staged);
    switch ((enum ota_kpi)measure->which) {
    case OTA_KPI_CONFIRMED_SHARE:
        return ota_method_portion(all, facts->devices, staged);
    case OTA_KPI_SIMS_OVER_CAP:
    case OTA_KPI_BATTERIES_EMPTY:
    case OTA_KPI_BELIEVED:
    case OTA_KPI_BELIEVED_WRONGLY:
    case OTA_KPI_UNBELIEVED:
    case OTA_KPI_DEFECTIVE:
    case OTA_KPI_EXPOSED:
    case OTA_KPI_EXPOSED_BAD:
    case OTA_KPI_SITE_VISITS:
        return ota_method_count(all, facts->devices, staged);
    case OTA_KPI_STOPPED:
        return ota_method_share(all);
    default:
        return ota_kpis[measure->which].of == OTA_KPI_OF_THOSE
                   ? ota_method_those(all, most)
                   : ota_method_amount(all, most);
    }
}

struct ota_estimate ota_measure_estimate(const struct ota_measure *measure,
                                         const struct ota_measure_facts *facts,
                                         const double *values, size_t count,
                                         double confidence)
{
    const struct ota_values all = {values, count, confidence};
    struct ota_estimate estimate = by_replications(measure, facts, &all);

    if (count == 1 && measure->kind == OTA_MEASURE_KPI && facts->ends &&
        isnan(estimate.lo) && isnan(estimate.hi)) {
        const struct ota_ends *ends = &facts->ends[measure->which];
        estimate.lo = ends->lo < 0.0 ? 0.0 : ends->lo;
        estimate.hi = ends->hi;
    }
    return estimate;
}
