/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tune.c - a search (search.h) whose points are settings of a scenario.
 *
 * The oracle is a study: its points have one seed, so that replications of one
 * number are pairs, and what its store has is not done again. A search decides
 * by values alone, so one that is begun again goes the same way, out of the
 * store as far as that reaches; and all ranks go it together.
 */
#include "sim/experiment/tune.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/experiment/search.h"
#include "sim/stats/kpi.h"

enum { NUMBER_SIZE = 64 };

struct tune {
    struct ota_study *study;
    const struct ota_tune_setup *setup;
    struct ota_tune *result;
    size_t *places; /* [1 + goal]: measures of the study */
    size_t respects[OTA_TUNE_RESPECTS];
    const struct ota_setting **settings; /* [spot], each of the axes */
    size_t spots;
    struct ota_setting *refused;
    struct ota_complaints *complaints;
    struct ota_error *error;
};

static enum ota_experiment_status fail(struct tune *tune)
{
    ota_fail(tune->error, OTA_NO_MEMORY);
    return OTA_EXPERIMENT_FAILED;
}

/* The settings of a point's axes, behind those of the scenario. */
static struct ota_setting *settings_of(struct tune *tune, const double *numbers,
                                       const size_t *indexes)
{
    const struct ota_tune_setup *setup = tune->setup;
    struct ota_arena *arena = &tune->result->arena;
    struct ota_setting *all = ota_arena_alloc(
        arena, setup->setting_count + setup->axis_count, sizeof(*all));

    for (size_t s = 0; all && s < setup->setting_count; s++)
        all[s] = setup->settings[s];
    for (size_t a = 0; all && a < setup->axis_count; a++) {
        const struct ota_axis *axis = &setup->axes[a];
        char text[NUMBER_SIZE];
        const char *value;
        if (axis->count > 0) {
            value = axis->values[indexes[a]];
        } else {
            ota_axis_write(axis, numbers[a], text, sizeof(text));
            value = ota_arena_text(arena, text, strlen(text));
        }
        if (!value)
            return NULL;
        all[setup->setting_count + a] =
            (struct ota_setting){.path = axis->path, .value = value};
    }
    return all;
}

static enum ota_experiment_status add(void *context, const double *numbers,
                                      const size_t *indexes, size_t *point)
{
    struct tune *tune = context;
    const struct ota_tune_setup *setup = tune->setup;
    const struct ota_setting *settings = settings_of(tune, numbers, indexes);

    if (!settings)
        return fail(tune);
    const struct ota_point added = {
        .file = setup->file,
        .settings = settings,
        .setting_count = setup->setting_count + setup->axis_count,
    };
    assert(tune->spots < OTA_SEARCH_POINTS_MAX);
    tune->settings[tune->spots] = settings + setup->setting_count;
    if (!ota_study_add(tune->study, &added, point, tune->complaints,
                       tune->error)) {
        memcpy(tune->refused, tune->settings[tune->spots],
               setup->axis_count * sizeof(*tune->refused));
        return OTA_EXPERIMENT_FAILED;
    }
    tune->spots++;
    return OTA_EXPERIMENT_DONE;
}

static enum ota_experiment_status
run(void *context, const struct ota_study_want *wants, size_t count)
{
    struct tune *tune = context;

    return ota_study_do(tune->study, wants, count, tune->error);
}

static double value(void *context, size_t point, size_t measure,
                    int64_t replication)
{
    const struct tune *tune = context;

    return ota_study_value(tune->study, point, tune->places[measure],
                           replication);
}

static struct ota_estimate estimate(void *context, size_t point, size_t measure,
                                    int64_t first, int64_t count,
                                    double confidence)
{
    const struct tune *tune = context;

    return ota_study_estimate_from(tune->study, point, tune->places[measure],
                                   first, count, confidence);
}

static bool staged(void *context, size_t point)
{
    const struct tune *tune = context;

    return ota_study_point(tune->study, point).staged;
}

/* --- what came of it -------------------------------------------------------*/

static double shortfall_of(const struct ota_goal *goal,
                           const struct ota_estimate *estimate)
{
    const double scale = goal->value != 0.0 ? fabs(goal->value) : 1.0;
    const double margin = goal->at_least ? estimate->mean - goal->value
                                         : goal->value - estimate->mean;

    if (estimate->values < estimate->of || isnan(margin))
        return INFINITY;
    return margin < 0.0 ? -margin / scale : 0.0;
}

static bool fill_tried(const struct tune *tune, struct ota_tried *tried)
{
    const struct ota_tune_setup *setup = tune->setup;
    struct ota_study *study = tune->study;
    const double confidence = ota_study_point(study, tried->point).confidence;

    tried->objective = ota_study_estimate(study, tried->point, tune->places[0],
                                          tried->replications, confidence);
    tried->goals = ota_arena_alloc(&tune->result->arena, setup->goal_count + 1,
                                   sizeof(*tried->goals));
    if (!tried->goals)
        return false;
    for (size_t g = 0; g < setup->goal_count; g++) {
        tried->goals[g] =
            ota_study_estimate(study, tried->point, tune->places[1 + g],
                               tried->replications, confidence);
        tried->shortfall += shortfall_of(&setup->goals[g], &tried->goals[g]);
    }
    for (int r = 0; r < OTA_TUNE_RESPECTS; r++)
        tried->respects[r] =
            ota_study_estimate(study, tried->point, tune->respects[r],
                               tried->replications, confidence);
    return true;
}

/* By the axes' values, the first axis first. */
static bool is_before(const struct ota_search *search, size_t axes, size_t a,
                      size_t b)
{
    const struct ota_spot *one = &search->spots[a], *other = &search->spots[b];

    for (size_t i = 0; i < axes; i++) {
        if (one->numbers[i] < other->numbers[i] ||
            one->numbers[i] > other->numbers[i])
            return one->numbers[i] < other->numbers[i];
        if (one->indexes[i] != other->indexes[i])
            return one->indexes[i] < other->indexes[i];
    }
    return false;
}

/* Signs make all respects such that more is better. */
static double worth_in(const struct tune *tune, const struct ota_tried *tried,
                       int respect)
{
    const struct ota_tune_setup *setup = tune->setup;
    const double mean = tried->respects[respect].mean;
    const bool more =
        respect == 0 && (setup->goal_count == 0 || setup->goals[0].at_least);

    return isnan(mean) ? -INFINITY : more ? mean : -mean;
}

static bool is_dominated(const struct tune *tune, size_t one, size_t by)
{
    const struct ota_tried *tried = tune->result->tried;
    bool better = false;

    for (int r = 0; r < OTA_TUNE_RESPECTS; r++) {
        const double mine = worth_in(tune, &tried[one], r);
        const double other = worth_in(tune, &tried[by], r);
        if (other < mine)
            return false;
        better = better || other > mine;
    }
    return better;
}

static void find_front(const struct tune *tune)
{
    struct ota_tune *result = tune->result;

    for (size_t t = 0; t < result->tried_count; t++) {
        bool beaten = false;
        for (size_t by = 0; by < result->tried_count && !beaten; by++)
            beaten = is_dominated(tune, t, by);
        result->tried[t].front = !beaten;
    }
}

/* Copies the search's spots that have replications, sorted. */
static bool keep_tried(struct tune *tune, const struct ota_search *search)
{
    struct ota_tune *result = tune->result;
    const size_t axes = tune->setup->axis_count;
    struct ota_arena *arena = &result->arena;
    const size_t count = search->spot_count;
    size_t *order = ota_arena_alloc(arena, count + 1, sizeof(*order));
    size_t *where = ota_arena_alloc(arena, count + 1, sizeof(*where));
    result->tried = ota_arena_alloc(arena, count + 1, sizeof(*result->tried));
    if (!order || !where || !result->tried)
        return false;

    for (size_t s = 0; s < count; s++) {
        size_t i = result->tried_count;
        if (search->spots[s].replications == 0)
            continue;
        for (; i > 0 && is_before(search, axes, s, order[i - 1]); i--)
            order[i] = order[i - 1];
        order[i] = s;
        result->tried_count++;
    }
    for (size_t t = 0; t < result->tried_count; t++) {
        const struct ota_spot *spot = &search->spots[order[t]];
        double *numbers = ota_arena_alloc(arena, axes, sizeof(*numbers));
        if (!numbers)
            return false;
        memcpy(numbers, spot->numbers, axes * sizeof(*numbers));
        where[order[t]] = t;
        result->tried[t] = (struct ota_tried){
            .point = spot->point,
            .numbers = numbers,
            .settings = tune->settings[order[t]],
            .replications = spot->replications,
        };
        if (!fill_tried(tune, &result->tried[t]))
            return false;
    }
    result->chosen = where[search->chosen];
    for (size_t n = 0; n < search->neighbour_count; n++)
        result->neighbours[n] = where[search->neighbours[n]];
    result->neighbour_count = search->neighbour_count;
    find_front(tune);
    return true;
}

static bool keep(struct tune *tune, const struct ota_search *search)
{
    struct ota_tune *result = tune->result;
    const size_t goals = tune->setup->goal_count;

    result->evidence =
        ota_arena_alloc(&result->arena, goals + 1, sizeof(*result->evidence));
    if (!result->evidence || !keep_tried(tune, search))
        return false;
    result->met = search->met;
    result->replications = search->replications;
    result->exhausted = search->exhausted;
    result->candidates = search->candidates;
    result->evidence_replications = search->fresh_count;
    for (size_t g = 0; g < goals; g++)
        result->evidence[g] =
            (struct ota_tune_evidence){search->evidence[g], search->each};
    return true;
}

/* --- the search ------------------------------------------------------------*/

int64_t ota_tune_budget(const struct ota_tune_setup *setup)
{
    return setup->budget > 0
               ? setup->budget
               : ota_search_budget(setup->axes, setup->axis_count);
}

const char *ota_tune_problem(const struct ota_tune_setup *setup)
{
    return ota_search_problem(setup->axes, setup->axis_count,
                              ota_tune_budget(setup));
}

static const char *success_of(const struct ota_tune_setup *setup)
{
    return setup->goal_count > 0 ? setup->goals[0].measure
                                 : ota_kpis[OTA_KPI_CONFIRMED_SHARE].name;
}

size_t ota_tune_measures(const struct ota_tune_setup *setup, const char **names)
{
    const char *all[] = {
        setup->objective,
        success_of(setup),
        ota_kpis[OTA_KPI_CHARGE].name,
        ota_kpis[OTA_KPI_BYTES].name,
    };
    size_t count = 0;

    for (size_t g = 0; g < setup->goal_count; g++)
        names[count++] = setup->goals[g].measure;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        bool there = false;
        for (size_t n = 0; n < count; n++)
            there = there || strcmp(names[n], all[i]) == 0;
        if (!there)
            names[count++] = all[i];
    }
    return count;
}

static size_t place_of(const struct tune *tune, const char *measure)
{
    size_t place = 0;
    const bool kept = ota_study_place(tune->study, measure, &place);

    assert(kept);
    (void)kept;
    return place;
}

static bool prepare(struct tune *tune)
{
    const struct ota_tune_setup *setup = tune->setup;
    struct ota_tune *result = tune->result;
    struct ota_arena *arena = &result->arena;
    const char *respects[OTA_TUNE_RESPECTS] = {success_of(setup),
                                               ota_kpis[OTA_KPI_CHARGE].name,
                                               ota_kpis[OTA_KPI_BYTES].name};

    tune->places =
        ota_arena_alloc(arena, 1 + setup->goal_count, sizeof(*tune->places));
    tune->settings = ota_arena_alloc(arena, OTA_SEARCH_POINTS_MAX,
                                     sizeof(struct ota_setting *));
    if (!tune->places || !tune->settings)
        return false;
    tune->places[0] = place_of(tune, setup->objective);
    for (size_t g = 0; g < setup->goal_count; g++)
        tune->places[1 + g] = place_of(tune, setup->goals[g].measure);
    for (int r = 0; r < OTA_TUNE_RESPECTS; r++) {
        tune->respects[r] = place_of(tune, respects[r]);
        snprintf(result->respects[r], sizeof(result->respects[r]), "%s",
                 respects[r]);
    }
    return true;
}

enum ota_experiment_status
ota_tune_run(struct ota_study *study, const struct ota_tune_setup *setup,
             struct ota_tune *result, struct ota_setting *refused,
             struct ota_complaints *complaints, struct ota_error *error)
{
    struct tune tune = {
        .study = study,
        .setup = setup,
        .result = result,
        .refused = refused,
        .complaints = complaints,
        .error = error,
    };
    *result = (struct ota_tune){.budget = ota_tune_budget(setup)};
    if (!prepare(&tune)) {
        ota_tune_release(result);
        return fail(&tune);
    }
    struct ota_search_goal *goals =
        ota_arena_alloc(&result->arena, setup->goal_count + 1, sizeof(*goals));
    if (!goals) {
        ota_tune_release(result);
        return fail(&tune);
    }
    for (size_t g = 0; g < setup->goal_count; g++)
        goals[g] = (struct ota_search_goal){setup->goals[g].at_least,
                                            setup->goals[g].value};
    const struct ota_search_setup how = {
        .axes = setup->axes,
        .axis_count = setup->axis_count,
        .goals = goals,
        .goal_count = setup->goal_count,
        .maximise = setup->maximise,
        .budget = result->budget,
        .confidence = setup->confidence,
        .seed = setup->seed,
        .oracle = {&tune, add, run, value, estimate, staged},
        .stage = setup->stage,
        .context = setup->context,
    };
    struct ota_search search;
    enum ota_experiment_status status = ota_search_run(&how, &search, error);
    if (status == OTA_EXPERIMENT_DONE) {
        if (!keep(&tune, &search))
            status = fail(&tune);
        ota_search_release(&search);
    }
    if (status != OTA_EXPERIMENT_DONE && complaints->total == 0)
        ota_tune_release(result);
    return status;
}

void ota_tune_release(struct ota_tune *tune)
{
    ota_arena_release(&tune->arena);
    *tune = (struct ota_tune){0};
}
