/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * summary.c - replications into estimates. Which interval suits a measure is
 * measure.c's to know.
 */
#include "sim/stats/summary.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/base/clock.h"
#include "sim/stats/measure.h"
#include "sim/stats/method.h"

/* What is asked of all replications, and room for what they answer. */
struct question {
    const struct ota_results *results;
    size_t replications;
    double confidence;
    double *values; /* by replication */
};

static struct ota_values answered(const struct question *question)
{
    return (struct ota_values){
        .values = question->values,
        .count = question->replications,
        .confidence = question->confidence,
    };
}

static struct ota_estimate estimate(const struct question *question,
                                    enum ota_measure_kind kind, int which,
                                    size_t group)
{
    const struct ota_measure measure = {
        .kind = kind, .which = which, .group = group};
    const struct ota_measure_facts facts = {
        .devices = question->results[0].groups[group].devices,
        .staged = question->results[0].staged,
        .ends = question->results[0].ends
                    ? &question->results[0].ends[group * OTA_KPIS]
                    : NULL,
    };

    for (size_t r = 0; r < question->replications; r++)
        question->values[r] =
            ota_measure_value(&measure, &question->results[r]);
    return ota_measure_estimate(&measure, &facts, question->values,
                                question->replications, question->confidence);
}

static void summarise_group(struct ota_group_summary *summary, size_t group,
                            const struct question *question)
{
    summary->devices = question->results[0].groups[group].devices;
    assert(summary->devices > 0);

    for (int o = 0; o < OTA_OUTCOMES; o++)
        summary->outcomes[o] =
            estimate(question, OTA_MEASURE_OUTCOME, o, group);
    for (int k = 0; k < OTA_KPIS; k++)
        summary->kpi[k] = estimate(question, OTA_MEASURE_KPI, k, group);
}

/* Puts the shares of replications in a state at an instant into the values.
 * Returns whether they are those of the instant before. */
static bool ask_timeline(const struct question *question, size_t instant,
                         enum ota_state state)
{
    bool same = instant > 0;

    for (size_t r = 0; r < question->replications; r++) {
        const struct ota_results *results = &question->results[r];
        const struct ota_timeline *timeline = &results->timeline;
        const int64_t count = ota_timeline_at(timeline, instant, state);
        same = same && count == ota_timeline_at(timeline, instant - 1, state);
        question->values[r] =
            (double)count / (double)results->groups[0].devices;
    }
    return same;
}

static void summarise_timeline(struct ota_summary *summary,
                               const struct question *question)
{
    const int64_t devices = summary->groups[0].devices;
    const struct ota_values values = answered(question);

    for (size_t i = 0; i < summary->instants; i++)
        for (size_t s = 0; s < OTA_STATES; s++) {
            struct ota_estimate *share = &summary->timeline[i * OTA_STATES + s];
            if (ask_timeline(question, i, (enum ota_state)s))
                *share = *(share - OTA_STATES);
            else
                *share = ota_method_portion(&values, devices,
                                            question->results[0].staged);
        }
}

/* --- the rollout --- */

enum wave_number { SIZE, OFFERED, SUCCEEDED, BAD, OPENED, COMPLETE };

static double seconds(int64_t time_us)
{
    return time_us == OTA_NEVER ? NAN : ota_s_from_us(time_us);
}

/* A number of the wave; NaN: it was not planned, or has none. */
static double ask_wave(const struct ota_results *results, size_t place,
                       enum wave_number number)
{
    if (place >= results->campaign.wave_count)
        return NAN;
    const struct ota_wave_record *wave = &results->campaign.waves[place];
    switch (number) {
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
                           const struct question *question, size_t place)
{
    struct ota_estimate *const numbers[] = {
        [SIZE] = &wave->size,           [OFFERED] = &wave->offered,
        [SUCCEEDED] = &wave->succeeded, [BAD] = &wave->bad,
        [OPENED] = &wave->opened,       [COMPLETE] = &wave->complete,
    };

    const struct ota_values values = answered(question);

    for (size_t r = 0; r < question->replications && !wave->name[0]; r++)
        if (place < question->results[r].campaign.wave_count)
            snprintf(wave->name, sizeof(wave->name), "%s",
                     question->results[r].campaign.waves[place].name);
    for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++) {
        for (size_t r = 0; r < question->replications; r++)
            question->values[r] =
                ask_wave(&question->results[r], place, (enum wave_number)n);
        *numbers[n] = ota_method_those(&values, INFINITY);
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
        summarise_wave(&rollout->waves[w], question, w);
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
    const struct question question = {
        .results = results,
        .replications = count,
        .confidence = confidence,
        .values = calloc(count, sizeof(*question.values)),
    };
    if (!summary->groups || !summary->timeline || !question.values ||
        !summarise_rollout(&summary->rollout, &question)) {
        free(question.values);
        ota_summary_release(summary);
        return ota_fail(error, OTA_NO_MEMORY " for the summary");
    }

    for (size_t g = 0; g <= summary->group_count; g++) {
        summary->groups[g].name = g == 0 ? "fleet" : names[g - 1];
        summarise_group(&summary->groups[g], g, &question);
    }
    summarise_timeline(summary, &question);
    free(question.values);
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
