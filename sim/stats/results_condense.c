/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * results_condense.c - condensing what was heard of a replication.
 *
 * Each measure is condensed for itself, on as many threads as there are. Sums
 * of integers are divided once, at the end; those of squares are made by one
 * thread, device after device.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/clock.h"
#include "sim/stats/interval.h"
#include "sim/stats/quantile.h"
#include "sim/stats/results_state.h"
#include "sim/stats/sum.h"

/* The fleet, [0], or one of its groups, and what is made of it. */
struct span {
    struct ota_digest digest;
    struct ota_totals totals;
    struct ota_group_results *results;
    struct ota_rollout_view view;
    double confidence;
    struct ota_ends *ends; /* by KPI; NULL: none are wanted */
};

/* What has a mean and a 95th percentile over devices. */
static const struct measure {
    enum ota_column column;
    double unit; /* of the KPI, in what the column counts */
    enum ota_kpi mean, p95;
} measures[] = {
    {OTA_COLUMN_ROUTINE, 1.0, OTA_KPI_ROUTINE, OTA_KPI_ROUTINE_P95},
    {OTA_COLUMN_USEFUL, 1.0, OTA_KPI_USEFUL, OTA_KPI_USEFUL_P95},
    {OTA_COLUMN_OVERHEAD, 1.0, OTA_KPI_OVERHEAD, OTA_KPI_OVERHEAD_P95},
    {OTA_COLUMN_WASTED, 1.0, OTA_KPI_WASTED, OTA_KPI_WASTED_P95},
    {OTA_COLUMN_AWAKE, OTA_US_PER_S, OTA_KPI_AWAKE, OTA_KPI_AWAKE_P95},
    {OTA_COLUMN_CHARGE, 1000.0 * OTA_PC_PER_UAH, OTA_KPI_CHARGE,
     OTA_KPI_CHARGE_P95},
};

/* All bytes, once they stand where those of routine stood. */
static const struct measure all_bytes = {OTA_COLUMN_ROUTINE, 1.0, OTA_KPI_BYTES,
                                         OTA_KPI_BYTES_P95};

enum { MEASURES = sizeof(measures) / sizeof(measures[0]) };

/* Bounds a mean over devices of spans[s], in so many of its units; the fleet is
 * the last to come, when its groups are in the strata. */
static void bound_mean(const struct span *spans, size_t span_count, size_t s,
                       enum ota_kpi kpi, double unit,
                       const struct ota_tally *devices,
                       struct ota_strata *strata)
{
    const double confidence = spans[s].confidence;
    struct ota_estimate mean;

    if (s > 0 || span_count == 1) {
        mean = ota_interval_t(devices, confidence);
        ota_strata_add(strata, devices);
    } else {
        mean = ota_interval_strata(strata, confidence);
    }
    /* That all are alike says nothing of what others may be. */
    if (mean.lo < mean.hi)
        spans[s].ends[kpi] = (struct ota_ends){mean.lo / unit, mean.hi / unit};
}

static void measure(const struct span *spans, size_t span_count, size_t s,
                    const struct measure *what, struct ota_strata *strata)
{
    const struct span *span = &spans[s];
    const int64_t *values = span->digest.columns[what->column];
    const size_t count = span->digest.count;
    double *kpi = span->results->kpi;
    struct ota_sum sum = {0, 0};
    struct ota_ends ends;

    for (size_t i = 0; i < count; i++)
        ota_sum_add(&sum, values[i], 1);
    const double mean = ota_sum_value(&sum) / (double)count;
    kpi[what->mean] = mean / what->unit;
    if (!span->ends) {
        kpi[what->p95] = ota_quantile(values, count, 0.95) / what->unit;
        return;
    }
    kpi[what->p95] =
        ota_quantile_ends(values, count, 0.95, span->confidence, &ends) /
        what->unit;
    span->ends[what->p95] =
        (struct ota_ends){ends.lo / what->unit, ends.hi / what->unit};

    struct ota_tally devices = {.count = (int64_t)count, .mean = mean};
    for (size_t i = 0; i < count && (s > 0 || span_count == 1); i++) {
        const double off = (double)values[i] - mean;
        devices.squares += off * off;
    }
    bound_mean(spans, span_count, s, what->mean, what->unit, &devices, strata);
}

/* The same of what is only added up. */
static void bound_total(const struct span *spans, size_t span_count, size_t s,
                        enum ota_kpi kpi, const struct ota_sum *squared,
                        struct ota_strata *strata)
{
    const double mean = spans[s].results->kpi[kpi];
    const double count = (double)spans[s].digest.count;
    const struct ota_tally devices = {
        .count = (int64_t)spans[s].digest.count,
        .mean = mean,
        .squares = fmax(ota_sum_value(squared) - mean * mean * count, 0.0),
    };

    if (spans[s].ends)
        bound_mean(spans, span_count, s, kpi, 1.0, &devices, strata);
}

/* Turns the bytes of routine into all bytes; the columns of the others are only
 * read, and may be by other threads. */
static void add_bytes(const struct ota_digest *digest,
                      struct ota_histogram *histogram)
{
    int64_t *all = digest->columns[OTA_COLUMN_ROUTINE];
    const int64_t *useful = digest->columns[OTA_COLUMN_USEFUL];
    const int64_t *overhead = digest->columns[OTA_COLUMN_OVERHEAD];
    const int64_t *wasted = digest->columns[OTA_COLUMN_WASTED];

    for (size_t i = 0; i < digest->count; i++)
        all[i] += useful[i] + overhead[i] + wasted[i];
    ota_histogram_add_all(histogram, all, digest->count);
}

/* Outcomes, and the KPIs that are counts or made of counts. */
static void count(const struct span *span)
{
    const struct ota_totals *totals = &span->totals;
    const double devices = (double)span->digest.count;
    double *kpi = span->results->kpi;

    memcpy(span->results->outcomes, totals->outcomes, sizeof(totals->outcomes));
    kpi[OTA_KPI_CONFIRMED_SHARE] =
        (double)totals->outcomes[OTA_OUTCOME_UPDATED_CONFIRMED] / devices;
    kpi[OTA_KPI_BEGUN_PER_OFFER] =
        totals->offers > 0
            ? (double)totals->offers_begun / (double)totals->offers
            : NAN;
    kpi[OTA_KPI_ATTEMPTS] = (double)totals->attempts / devices;
    kpi[OTA_KPI_ABORTED] = (double)totals->aborted / devices;
    kpi[OTA_KPI_SIMS_OVER_CAP] = (double)totals->over_cap;
    kpi[OTA_KPI_OVERAGE] = ota_sum_value(&totals->overage_uusd) / 1e6;
    kpi[OTA_KPI_BATTERIES_EMPTY] = (double)totals->dead;
    kpi[OTA_KPI_BELIEVED] = (double)totals->believed;
    kpi[OTA_KPI_BELIEVED_WRONGLY] = (double)totals->believed_wrongly;
    kpi[OTA_KPI_UNBELIEVED] = (double)totals->unbelieved;
    kpi[OTA_KPI_DEFECTIVE] = (double)totals->defective;
}

int64_t ota_collector_downloading(const struct ota_collector *collector,
                                  size_t group, int64_t time_us)
{
    int64_t sum = 0;

    for (size_t l = 0; l < collector->lane_count; l++)
        sum += ota_spells_at(&collector->lanes[l].downloads[group], time_us);
    return sum;
}

/* Devices of the group, numbered from 1, or (0) of the fleet. */
static int64_t downloading(const struct ota_collector *collector, size_t group,
                           int64_t time_us)
{
    int64_t sum = 0;

    for (size_t g = 0; g < collector->shape.group_count; g++) {
        if (group != 0 && group != 1 + g)
            continue;
        sum += ota_collector_downloading(collector, g, time_us);
        if (collector->elsewhere)
            sum += collector->elsewhere[g];
    }
    return sum;
}

static void open_spans(const struct ota_collector *collector,
                       struct ota_results *results, struct span *spans)
{
    const struct ota_results_shape *shape = &collector->shape;
    const int64_t stop_us =
        ota_rollout_stop_us(&results->campaign, shape->release_us);
    size_t first = 0;

    spans[0].digest = collector->digest;
    for (size_t g = 0; g <= shape->group_count; g++) {
        struct span *span = &spans[g];
        span->results = &results->groups[g];
        if (g > 0) {
            const size_t devices = (size_t)shape->group_devices[g - 1];
            span->digest = ota_digest_part(&collector->digest, first, devices);
            first += devices;
            for (size_t l = 0; l < collector->lane_count; l++)
                ota_totals_merge(&span->totals,
                                 &collector->lanes[l].totals[g - 1]);
            ota_totals_merge(&spans[0].totals, &span->totals);
        }
        span->results->devices = (int64_t)span->digest.count;
        span->confidence = shape->confidence;
        if (results->ends)
            span->ends = &results->ends[g * OTA_KPIS];
        span->view = (struct ota_rollout_view){
            .digest = &span->digest,
            .totals = &span->totals,
            .fleet = g == 0,
            .release_us = shape->release_us,
            .campaign = &results->campaign,
            .downloading =
                stop_us == OTA_NEVER ? 0 : downloading(collector, g, stop_us),
            .rates = shape->rates,
            .confidence = shape->confidence,
            .ends = span->ends,
        };
    }
}

/* How many devices had come to something by each of the instants. */
static void count_within(const struct span *span, enum ota_within what,
                         const struct ota_results_shape *shape, int64_t *counts)
{
    static const enum ota_column columns[OTA_WITHINS] = {
        [OTA_WITHIN_OFFERED] = OTA_COLUMN_REACHED,
        [OTA_WITHIN_UPDATED] = OTA_COLUMN_INSTALLED,
        [OTA_WITHIN_CONFIRMED] = OTA_COLUMN_CONFIRMED,
    };

    for (size_t t = 0; t < shape->within_count; t++) {
        const int64_t by_us =
            ota_us_add(shape->release_us, shape->within_us[t]);
        counts[t * OTA_WITHINS + what] =
            by_us > shape->horizon_us
                ? -1
                : ota_rollout_count_by(&span->digest, columns[what], by_us);
    }
}

/* One of the things that can be done beside each other. The fleet, as it is
 * made of groups, is the last. */
static void condense(const struct ota_results_shape *shape,
                     const struct span *spans, size_t span_count, size_t work,
                     struct ota_results *results)
{
    enum { SPREADS = MEASURES, WITHINS = SPREADS + OTA_SPREADS };
    struct ota_strata strata = {0}, more = {0};

    for (size_t s = span_count; s-- > 0;) {
        const struct span *span = &spans[s];
        const struct ota_totals *totals = &span->totals;
        if (work < SPREADS)
            measure(spans, span_count, s, &measures[work], &strata);
        else if (work < WITHINS)
            ota_rollout_spread(&span->view, work - SPREADS, span->results->kpi);
        else if (work < WITHINS + OTA_WITHINS)
            count_within(span, (enum ota_within)(work - WITHINS), shape,
                         results->within +
                             s * shape->within_count * OTA_WITHINS);
        else {
            count(span);
            ota_rollout_kpis(&span->view, span->results->kpi);
            bound_total(spans, span_count, s, OTA_KPI_ATTEMPTS,
                        &totals->attempts_squared, &strata);
            bound_total(spans, span_count, s, OTA_KPI_ABORTED,
                        &totals->aborted_squared, &more);
        }
    }
    if (work < MEASURES && measures[work].column == OTA_COLUMN_ROUTINE) {
        add_bytes(&spans[0].digest, &results->bytes);
        for (size_t s = span_count; s-- > 0;)
            measure(spans, span_count, s, &all_bytes, &more);
    }
}

/* A lone group is the fleet; of the rollout some numbers are the fleet's. */
static void copy_fleet(const struct span *spans, struct ota_results *results)
{
    const size_t counts = results->within_count * OTA_WITHINS;

    *spans[1].results = *spans[0].results;
    for (size_t k = 0; k < OTA_KPIS && results->ends; k++)
        results->ends[OTA_KPIS + k] = results->ends[k];
    for (size_t i = 0; i < counts; i++)
        results->within[counts + i] = results->within[i];
    ota_rollout_kpis(&spans[1].view, spans[1].results->kpi);
}

/* Thousands of devices that spend what 64 pilots do say no more of the mean
 * than 64. */
static void forget_borrowed(struct ota_results *results)
{
    static const enum ota_kpi borrowed[] = {
        OTA_KPI_BYTES,  OTA_KPI_BYTES_P95,  OTA_KPI_ROUTINE,
        OTA_KPI_AWAKE,  OTA_KPI_AWAKE_P95,  OTA_KPI_ROUTINE_P95,
        OTA_KPI_CHARGE, OTA_KPI_CHARGE_P95,
    };

    for (size_t g = 0; g <= results->group_count; g++)
        for (size_t k = 0; k < sizeof(borrowed) / sizeof(borrowed[0]); k++)
            results->ends[g * OTA_KPIS + borrowed[k]] =
                (struct ota_ends){NAN, NAN};
}

static void condense_all(struct ota_collector *collector, struct span *spans,
                         struct ota_results *results)
{
    const size_t groups = collector->shape.group_count;
    const size_t span_count = groups == 1 ? 1 : 1 + groups;
    const int works = MEASURES + OTA_SPREADS + OTA_WITHINS + 1;

    if (results->campaign.stop_us != OTA_NEVER)
        ota_digest_unfold(&collector->digest); /* else nobody looks */
    open_spans(collector, results, spans);
#pragma omp parallel for schedule(dynamic, 1)                                  \
    num_threads((int)collector->lane_count)
    for (int work = 0; work < works; work++)
        condense(&collector->shape, spans, span_count, (size_t)work, results);
    if (groups == 1)
        copy_fleet(spans, results);
    if (results->ends && collector->shape.borrows)
        forget_borrowed(results);
}

static const char *name_of(const struct ota_wave_record *wave)
{
    return wave->name ? wave->name : "";
}

/* Copies the campaign's record with its waves and their names, in one piece of
 * memory that the waves begin. */
static bool keep_campaign(const struct ota_campaign_record *campaign,
                          struct ota_results *results)
{
    if (!campaign) {
        results->campaign = (struct ota_campaign_record){
            .stop_us = OTA_NEVER,
            .effective_us = OTA_NEVER,
            .finished_us = OTA_NEVER,
            .rule = -1,
        };
        return true;
    }
    results->campaign = *campaign;
    results->campaign.waves = NULL;
    if (campaign->wave_count == 0)
        return true;

    const size_t count = campaign->wave_count;
    size_t names = 0;
    for (size_t w = 0; w < count; w++)
        names += strlen(name_of(&campaign->waves[w])) + 1;
    struct ota_wave_record *waves = malloc(count * sizeof(*waves) + names);
    if (!waves)
        return false;
    char *name = (char *)(waves + count);
    for (size_t w = 0; w < count; w++) {
        waves[w] = campaign->waves[w];
        waves[w].name = strcpy(name, name_of(&campaign->waves[w]));
        name += strlen(name) + 1;
    }
    results->campaign.waves = waves;
    return true;
}

/* Returns false if a lane had no memory to watch with. */
static bool merge_lanes(const struct ota_collector *collector,
                        struct ota_timeline *timeline)
{
    int64_t final_count = 0;
    bool complete = true;
    for (size_t l = 0; l < collector->lane_count; l++) {
        ota_timeline_merge(timeline, &collector->lanes[l].timeline);
        final_count += collector->lanes[l].final_count;
        for (size_t g = 0; g < collector->shape.group_count; g++)
            complete = complete && !collector->lanes[l].downloads[g].no_memory;
    }
    assert(final_count == (int64_t)collector->device_count);
    (void)final_count;
    ota_timeline_sum(timeline);
    return complete;
}

/* Makes room for the counts of devices by instants, and copies these. */
static bool keep_times(const struct ota_results_shape *shape,
                       struct ota_results *results)
{
    const size_t times = shape->within_count;

    results->within_count = times;
    results->within_us = calloc(times + 1, sizeof(*results->within_us));
    results->within = calloc((1 + shape->group_count) * times * OTA_WITHINS + 1,
                             sizeof(*results->within));
    if (!results->within_us || !results->within)
        return false;
    for (size_t t = 0; t < times; t++)
        results->within_us[t] = shape->within_us[t];
    return true;
}

/* Makes room for the ends of intervals, none of which is known yet. Where
 * devices have to do with each other, they tell of none. */
static bool keep_ends(const struct ota_results_shape *shape,
                      struct ota_results *results)
{
    const size_t count = (1 + shape->group_count) * OTA_KPIS;

    if (!(shape->confidence > 0.0) || shape->staged)
        return true;
    results->ends = malloc(count * sizeof(*results->ends));
    for (size_t i = 0; results->ends && i < count; i++)
        results->ends[i] = (struct ota_ends){NAN, NAN};
    return results->ends != NULL;
}

bool ota_collector_finish(struct ota_collector *collector,
                          const struct ota_campaign_record *campaign,
                          struct ota_results *results, struct ota_error *error)
{
    const size_t groups = collector->shape.group_count;

    *results = (struct ota_results){
        .group_count = groups,
        .staged = collector->shape.staged,
    };
    struct span *spans = calloc(1 + groups, sizeof(*spans));
    results->groups = calloc(1 + groups, sizeof(*results->groups));
    const bool ok =
        spans && results->groups && keep_campaign(campaign, results) &&
        keep_times(&collector->shape, results) &&
        keep_ends(&collector->shape, results) &&
        ota_timeline_init(&results->timeline, collector->shape.horizon_us) &&
        merge_lanes(collector, &results->timeline);
    if (ok)
        condense_all(collector, spans, results);
    else
        ota_results_release(results);
    free(spans);
    return ok ||
           ota_fail(error, OTA_NO_MEMORY " for the results of %zu devices",
                    collector->device_count);
}

void ota_results_release(struct ota_results *results)
{
    free(results->groups);
    free(results->ends);
    free(results->within_us);
    free(results->within);
    ota_timeline_release(&results->timeline);
    free((void *)results->campaign.waves);
    *results = (struct ota_results){.groups = NULL};
}
