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
#include <stdio.h>
#include <stdlib.h>

#include "sim/base/clock.h"

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

static struct ota_estimate no_estimate(void)
{
    return (struct ota_estimate){.mean = NAN, .lo = NAN, .hi = NAN};
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
    struct ota_estimate estimate = no_estimate();

    if (values.count == (int64_t)question->replications)
        estimate =
            clip(ota_interval_t(&values, question->confidence), 0.0, most);
    estimate.values = values.count;
    estimate.of = (int64_t)question->replications;
    return estimate;
}

/* Of the replications that gave one, if any did. */
static struct ota_estimate estimate_those(const struct question *question)
{
    const struct ota_tally values = tally(question);
    struct ota_estimate estimate = no_estimate();

    if (values.count > 0)
        estimate =
            clip(ota_interval_t(&values, question->confidence), 0.0, INFINITY);
    estimate.values = values.count;
    estimate.of = (int64_t)question->replications;
    return estimate;
}

/* The share of replications that answer 1, the others 0. */
static struct ota_estimate estimate_share(const struct question *question)
{
    const struct ota_tally values = tally(question);

    if (values.count < (int64_t)question->replications) {
        struct ota_estimate estimate = no_estimate();
        estimate.values = values.count;
        estimate.of = (int64_t)question->replications;
        return estimate;
    }
    return ota_interval_exact(llround(values.mean * (double)values.count),
                              values.count, question->confidence);
}

/* A number of devices out of so many in a replication. */
static struct ota_estimate estimate_count(const struct question *question,
                                          int64_t devices)
{
    const struct ota_tally values = tally(question);
    const int64_t replications = (int64_t)question->replications;
    const double most = (double)devices;
    assert(values.count == replications);

    if (values.least < values.most || question->results[0].staged)
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
    case OTA_KPI_STOPPED:
        return estimate_share(question);
    default:
        return ota_kpis[question->which].of == OTA_KPI_OF_THOSE
                   ? estimate_those(question)
                   : estimate_amount(question, INFINITY);
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

/* --- the rollout --- */

enum wave_number { SIZE, OFFERED, SUCCEEDED, BAD, OPENED, COMPLETE };

static double seconds(int64_t time_us)
{
    return time_us == OTA_NEVER ? NAN : ota_s_from_us(time_us);
}

/* A number of the wave whose place stands for the group. */
static double ask_wave(const struct ota_results *results, size_t place,
                       size_t number)
{
    if (place >= results->campaign.wave_count)
        return NAN;
    const struct ota_wave_record *wave = &results->campaign.waves[place];
    switch ((enum wave_number)number) {
    case SIZE:
        return (double)wave->size;
    case OFFERED:
        return (double)ota_count(&wave->counts, OTA_COUNT_OFFERED);
    case SUCCEEDED:
        return (double)ota_count(&wave->counts, OTA_COUNT_SUCCEEDED);
    case BAD:
        return (double)ota_count(&wave->counts, OTA_COUNT_BAD);
    case OPENED:
        return seconds(wave->opened_us);
    case COMPLETE:
        return seconds(wave->complete_us);
    }
    return NAN;
}

static void summarise_wave(struct ota_wave_summary *wave,
                           struct question question, size_t place)
{
    struct ota_estimate *const numbers[] = {
        [SIZE] = &wave->size,           [OFFERED] = &wave->offered,
        [SUCCEEDED] = &wave->succeeded, [BAD] = &wave->bad,
        [OPENED] = &wave->opened,       [COMPLETE] = &wave->complete,
    };

    for (size_t r = 0; r < question.replications && !wave->name[0]; r++)
        if (place < question.results[r].campaign.wave_count)
            snprintf(wave->name, sizeof(wave->name), "%s",
                     question.results[r].campaign.waves[place].name);
    question.ask = ask_wave;
    question.group = place;
    for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++) {
        question.which = n;
        *numbers[n] = estimate_those(&question);
    }
}

static void count_stops(struct ota_rollout_summary *rollout,
                        const struct question *question)
{
    for (size_t r = 0; r < question->replications; r++) {
        const struct ota_campaign_record *campaign =
            &question->results[r].campaign;
        if (campaign->stop_us == OTA_NEVER)
            continue;
        rollout->stops++;
        if (campaign->rule >= 0)
            rollout->by_rule[campaign->rule]++;
    }
}

/* Returns false without memory. */
static bool summarise_rollout(struct ota_rollout_summary *rollout,
                              const struct question *question)
{
    rollout->staged = question->results[0].staged;
    for (size_t r = 0; r < question->replications; r++) {
        const struct ota_campaign_record *campaign =
            &question->results[r].campaign;
        if (campaign->wave_count > rollout->wave_count)
            rollout->wave_count = campaign->wave_count;
        if (campaign->rule >= (int64_t)rollout->rule_count)
            rollout->rule_count = (size_t)campaign->rule + 1;
    }
    /* One more, as there may be none. */
    rollout->waves = calloc(rollout->wave_count + 1, sizeof(*rollout->waves));
    rollout->by_rule =
        calloc(rollout->rule_count + 1, sizeof(*rollout->by_rule));
    if (!rollout->waves || !rollout->by_rule)
        return false;

    for (size_t w = 0; w < rollout->wave_count; w++)
        summarise_wave(&rollout->waves[w], *question, w);
    count_stops(rollout, question);
    return true;
}

bool ota_summary_make(struct ota_summary *summary,
                      const struct ota_results *results, size_t count,
                      const char *const *names, double confidence,
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
    struct question question = {
        .results = results,
        .replications = count,
        .confidence = confidence,
    };
    if (!summary->groups || !summary->timeline ||
        !summarise_rollout(&summary->rollout, &question)) {
        ota_summary_release(summary);
        return ota_fail(error, OTA_NO_MEMORY " for the summary");
    }

    for (size_t g = 0; g <= summary->group_count; g++) {
        question.group = g;
        summary->groups[g].name = g == 0 ? "fleet" : names[g - 1];
        summarise_group(&summary->groups[g], question);
    }
    summarise_timeline(summary, question);
    for (size_t r = 0; r < count; r++)
        ota_histogram_merge(&summary->bytes, &results[r].bytes);
    return true;
}

void ota_summary_release(struct ota_summary *summary)
{
    free(summary->groups);
    free(summary->timeline);
    free(summary->rollout.waves);
    free(summary->rollout.by_rule);
    *summary = (struct ota_summary){.groups = NULL};
}
