/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * summary.c - replications into estimates.
 *
 * An interval is clipped to what the number can be at all: Student's t knows
 * nothing of the ends of a scale.
 */
#include "sim/stats/summary.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* One replication's value of something; which one is up to the caller. */
struct question {
    const struct ota_results *results;
    size_t replications;
    double confidence;
    size_t group;
    size_t which; /* outcome, KPI, or place in the timeline */
    double (*ask)(const struct ota_results *results, size_t group,
                  size_t which);
};

static struct ota_estimate clip(struct ota_estimate estimate, double least,
                                double most)
{
    /* fmax() and fmin() would turn a NaN into a number. */
    if (estimate.lo < least)
        estimate.lo = least;
    if (estimate.hi > most)
        estimate.hi = most;
    return estimate;
}

static struct ota_estimate scale(struct ota_estimate estimate, double by)
{
    estimate.mean *= by;
    estimate.lo *= by;
    estimate.hi *= by;
    return estimate;
}

static struct ota_tally tally(const struct question *question)
{
    struct ota_tally values = {0};
    for (size_t r = 0; r < question->replications; r++) {
        const double value = question->ask(&question->results[r],
                                           question->group, question->which);
        if (!isnan(value))
            ota_tally_add(&values, value);
    }
    return values;
}

/*
 * An amount, from 0 to most. When some replications gave none (a time that was
 * never reached), the mean of the others would be that of the lucky ones: there
 * is no estimate then, but how many gave one.
 */
static struct ota_estimate estimate_amount(const struct question *question,
                                           double most)
{
    const struct ota_tally values = tally(question);
    struct ota_estimate estimate = {.mean = NAN, .lo = NAN, .hi = NAN};

    if (values.count == (int64_t)question->replications)
        estimate =
            clip(ota_interval_t(&values, question->confidence), 0.0, most);
    estimate.values = values.count;
    estimate.of = (int64_t)question->replications;
    return estimate;
}

/* A number of devices out of so many in a replication. */
static struct ota_estimate estimate_count(const struct question *question,
                                          int64_t devices)
{
    const struct ota_tally values = tally(question);
    const int64_t replications = (int64_t)question->replications;
    const double most = (double)devices;
    assert(values.count == replications);

    if (values.least < values.most)
        return clip(ota_interval_t(&values, question->confidence), 0.0, most);

    struct ota_estimate estimate =
        scale(ota_interval_exact(replications * (int64_t)values.least,
                                 replications * devices, question->confidence),
              most);
    estimate.mean = values.least;
    estimate.values = replications;
    estimate.of = replications;
    return estimate;
}

static double ask_outcome(const struct ota_results *results, size_t group,
                          size_t outcome)
{
    return (double)results->groups[group].outcomes[outcome];
}

static double ask_kpi(const struct ota_results *results, size_t group,
                      size_t kpi)
{
    return results->groups[group].kpi[kpi];
}

static double ask_timeline(const struct ota_results *results, size_t group,
                           size_t place)
{
    (void)group;
    return (double)ota_timeline_at(&results->timeline, place / OTA_STATES,
                                   (enum ota_state)(place % OTA_STATES));
}

static struct ota_estimate estimate_kpi(const struct question *question,
                                        const struct ota_group_summary *group)
{
    switch ((enum ota_kpi)question->which) {
    case OTA_KPI_CONFIRMED_SHARE:
        return scale(group->outcomes[OTA_OUTCOME_UPDATED_CONFIRMED],
                     1.0 / (double)group->devices);
    case OTA_KPI_SIMS_OVER_CAP:
    case OTA_KPI_BATTERIES_EMPTY:
        return estimate_count(question, group->devices);
    case OTA_KPI_BEGUN_PER_OFFER:
        return estimate_amount(question, 1.0);
    default:
        return estimate_amount(question, INFINITY);
    }
}

static void summarise_group(struct ota_group_summary *group,
                            struct question question)
{
    group->devices = question.results[0].groups[question.group].devices;
    assert(group->devices > 0);

    question.ask = ask_outcome;
    for (size_t o = 0; o < OTA_OUTCOMES; o++) {
        question.which = o;
        group->outcomes[o] = estimate_count(&question, group->devices);
    }
    question.ask = ask_kpi;
    for (size_t k = 0; k < OTA_KPIS; k++) {
        question.which = k;
        group->kpi[k] = estimate_kpi(&question, group);
    }
}

static void summarise_timeline(struct ota_summary *summary,
                               struct question question)
{
    const int64_t devices = summary->groups[0].devices;

    question.ask = ask_timeline;
    for (size_t i = 0; i < summary->instants * OTA_STATES; i++) {
        question.which = i;
        summary->timeline[i] =
            scale(estimate_count(&question, devices), 1.0 / (double)devices);
    }
}

bool ota_summary_make(struct ota_summary *summary, struct ota_results *results,
                      size_t count, const char *const *names, double confidence,
                      struct ota_error *error)
{
    assert(count > 0);

    *summary = (struct ota_summary){
        .replications = (int64_t)count,
        .confidence = confidence,
        .group_count = results[0].group_count,
        .step_us = results[0].timeline.step_us,
        .instants = results[0].timeline.instants,
    };
    summary->groups =
        calloc(1 + summary->group_count, sizeof(*summary->groups));
    summary->timeline =
        calloc(summary->instants * OTA_STATES, sizeof(*summary->timeline));
    if (!summary->groups || !summary->timeline) {
        ota_summary_release(summary);
        return ota_fail(error, OTA_NO_MEMORY " for the summary");
    }

    struct question question = {
        .results = results,
        .replications = count,
        .confidence = confidence,
    };
    for (size_t g = 0; g <= summary->group_count; g++) {
        question.group = g;
        summary->groups[g].name = g == 0 ? "fleet" : names[g - 1];
        summarise_group(&summary->groups[g], question);
    }
    summarise_timeline(summary, question);
    for (size_t r = 0; r < count; r++)
        ota_histogram_merge(&summary->bytes, &results[r].bytes);

    summary->devices = results[0].devices;
    summary->device_count = results[0].device_count;
    results[0].devices = NULL;
    results[0].device_count = 0;
    return true;
}

void ota_summary_release(struct ota_summary *summary)
{
    free(summary->groups);
    free(summary->timeline);
    free(summary->devices);
    *summary = (struct ota_summary){.groups = NULL};
}
