/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * search.c - a search in stages, and the table of points that it tries.
 *
 *   screening     a spread of points, a few replications each; whoever is shown
 *                 to be worse than the best drops out, the others get twice as
 *                 many (search_screen.c)
 *   refinement    around the best, on the means of a fixed set of replications:
 *                 with common random numbers that is a function without noise,
 *                 if not quite the right one (search_refine.c)
 *   verification  of the cheapest candidates on replications that no choice
 *                 was made by (search_verify.c)
 *   neighbours    what is lost by a step to either side (search_around.c)
 *
 * Points are ranked by their shortfall from the goals first (each as a part of
 * the goal's value, summed), then by the objective. A point is rounded as its
 * axes round numbers, so that none is tried twice for a digit that nobody
 * sees. All that is decided depends on the oracle's values only.
 */
#include "sim/experiment/search.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/experiment/search_parts.h"

/* Shortfall of a replication that gives no value for a goal: a time that never
 * came is further off than any that came. */
static const double no_value = 1e6;

/* Parts of the budget that screening, and screening and refinement, may use. */
static const double screening_part = 0.4, refinement_part = 0.5;

static double scale_of(const struct ota_search_goal *goal)
{
    return goal->value != 0.0 ? fabs(goal->value) : 1.0;
}

static double value_at(const struct search *search, size_t spot, size_t measure,
                       int64_t replication)
{
    const struct ota_search_oracle *oracle = &search->setup->oracle;

    return oracle->value(oracle->context, search->result->spots[spot].point,
                         measure, replication);
}

double search_objective(const struct search *search, size_t spot,
                        int64_t replications)
{
    double sum = 0.0;

    for (int64_t r = 0; r < replications; r++)
        sum += value_at(search, spot, 0, r);
    if (isnan(sum))
        return INFINITY;
    return (search->setup->maximise ? -sum : sum) / (double)replications;
}

double search_margin(const struct search *search, size_t spot, size_t goal,
                     int64_t replications)
{
    const struct ota_search_goal *aim = &search->setup->goals[goal];
    double sum = 0.0;

    for (int64_t r = 0; r < replications; r++) {
        const double value = value_at(search, spot, 1 + goal, r);
        const double margin =
            aim->at_least ? value - aim->value : aim->value - value;
        sum += isnan(value) ? -no_value * scale_of(aim) : margin;
    }
    return sum / (double)replications;
}

double search_shortfall(const struct search *search, size_t spot,
                        int64_t replications)
{
    double sum = 0.0;

    for (size_t g = 0; g < search->setup->goal_count; g++) {
        const double margin = search_margin(search, spot, g, replications);
        if (margin < 0.0)
            sum -= margin / scale_of(&search->setup->goals[g]);
    }
    return sum;
}

double search_scale(const struct search *search, size_t spot,
                    int64_t replications)
{
    const double size = fabs(search_objective(search, spot, replications));

    return isfinite(size) && size > 0.0 ? size : 1.0;
}

bool search_better(const struct search *search, size_t a, size_t b,
                   int64_t replications)
{
    const double far_a = search_shortfall(search, a, replications);
    const double far_b = search_shortfall(search, b, replications);
    if (far_a < far_b || far_b < far_a)
        return far_a < far_b;
    const double cost_a = search_objective(search, a, replications);
    const double cost_b = search_objective(search, b, replications);
    if (cost_a < cost_b || cost_b < cost_a)
        return cost_a < cost_b;
    return a < b;
}

void search_sort(const struct search *search, size_t *spots, size_t count,
                 int64_t replications)
{
    for (size_t i = 1; i < count; i++) {
        const size_t spot = spots[i];
        size_t j = i;
        for (; j > 0 && search_better(search, spot, spots[j - 1], replications);
             j--)
            spots[j] = spots[j - 1];
        spots[j] = spot;
    }
}

int search_judge(const struct ota_search_goal *goal,
                 const struct ota_estimate *estimate)
{
    /* Without a value in every replication the goal is missed in some. */
    if (estimate->values < estimate->of)
        return -1;
    if (goal->at_least ? estimate->lo >= goal->value
                       : estimate->hi <= goal->value)
        return 1;
    if (goal->at_least ? estimate->hi < goal->value
                       : estimate->lo > goal->value)
        return -1;
    return 0;
}

int search_verdict(const struct search *search, size_t spot, size_t goal,
                   int64_t first, int64_t count, double confidence)
{
    const struct ota_search_oracle *oracle = &search->setup->oracle;
    const struct ota_estimate estimate =
        oracle->estimate(oracle->context, search->result->spots[spot].point,
                         1 + goal, first, count, confidence);

    return search_judge(&search->setup->goals[goal], &estimate);
}

void search_stage(const struct search *search, const char *format, ...)
{
    char words[160];
    va_list args;

    if (!search->setup->stage)
        return;
    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    search->setup->stage(search->setup->context, words);
}

double search_place(const struct search_axis *axis, double number)
{
    const struct ota_axis *of = axis->axis;

    if (axis->kind == SEARCH_LADDER) {
        size_t step = 0;
        while (step + 1 < of->count && of->numbers[axis->ladder[step]] < number)
            step++;
        return of->count > 1 ? (double)step / (double)(of->count - 1) : 0.0;
    }
    if (of->most <= of->least)
        return 0.0;
    return of->log ? log(number / of->least) / log(of->most / of->least)
                   : (number - of->least) / (of->most - of->least);
}

/* Rounds u of an axis and says which value that is. */
static double round_to(const struct search_axis *axis, double u, double *number,
                       size_t *index)
{
    const struct ota_axis *of = axis->axis;

    u = u < 0.0 ? 0.0 : u > 1.0 ? 1.0 : u;
    if (axis->kind == SEARCH_LADDER) {
        const double last = (double)(of->count - 1);
        const size_t step = (size_t)lround(u * last);
        *index = axis->ladder[step];
        *number = of->numbers[*index];
        return last > 0.0 ? (double)step / last : 0.0;
    }
    *index = 0;
    *number = ota_axis_number(of, u);
    return search_place(axis, *number);
}

static bool is_at(const struct search *search, const struct ota_spot *spot,
                  const double *numbers, const size_t *indexes)
{
    for (size_t a = 0; a < search->setup->axis_count; a++) {
        if (spot->indexes[a] != indexes[a])
            return false;
        if (search->axes[a].kind == SEARCH_RANGE &&
            (spot->numbers[a] < numbers[a] || spot->numbers[a] > numbers[a]))
            return false;
    }
    return true;
}

static bool fail(struct search *search)
{
    search->status = OTA_EXPERIMENT_FAILED;
    return ota_fail(search->error, OTA_NO_MEMORY);
}

static bool add_spot(struct search *search, const double *numbers,
                     const size_t *indexes, const double *u)
{
    struct ota_search *result = search->result;
    const size_t axes = search->setup->axis_count;
    const struct ota_search_oracle *oracle = &search->setup->oracle;
    if (result->spot_count == OTA_SEARCH_POINTS_MAX) {
        result->exhausted = true;
        return false;
    }
    double *numbers_kept = ota_arena_alloc(&result->arena, axes, sizeof(*u));
    double *u_kept = ota_arena_alloc(&result->arena, axes, sizeof(*u));
    size_t *indexes_kept =
        ota_arena_alloc(&result->arena, axes, sizeof(*indexes));
    if (!numbers_kept || !u_kept || !indexes_kept)
        return fail(search);
    memcpy(numbers_kept, numbers, axes * sizeof(*numbers));
    memcpy(u_kept, u, axes * sizeof(*u));
    memcpy(indexes_kept, indexes, axes * sizeof(*indexes));

    struct ota_spot *spot = &result->spots[result->spot_count];
    *spot = (struct ota_spot){
        .numbers = numbers_kept, .indexes = indexes_kept, .u = u_kept};
    search->status =
        oracle->add(oracle->context, numbers_kept, indexes_kept, &spot->point);
    if (search->status != OTA_EXPERIMENT_DONE)
        return false;
    result->spot_count++;
    return true;
}

bool search_spot(struct search *search, const double *u, const size_t *words,
                 size_t *spot)
{
    double numbers[OTA_SEARCH_AXES_MAX], at[OTA_SEARCH_AXES_MAX];
    size_t indexes[OTA_SEARCH_AXES_MAX];

    for (size_t a = 0; a < search->setup->axis_count; a++) {
        if (search->axes[a].kind == SEARCH_WORDS) {
            numbers[a] = NAN;
            indexes[a] = words[a];
            at[a] = 0.0;
        } else {
            at[a] = round_to(&search->axes[a], u[a], &numbers[a], &indexes[a]);
        }
    }
    for (size_t s = 0; s < search->result->spot_count; s++) {
        if (is_at(search, &search->result->spots[s], numbers, indexes)) {
            *spot = s;
            return true;
        }
    }
    *spot = search->result->spot_count;
    return add_spot(search, numbers, indexes, at);
}

static int64_t price(const struct search *search, const size_t *spots,
                     size_t count, int64_t replications)
{
    int64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        const int64_t there = search->result->spots[spots[i]].replications;
        sum += replications > there ? replications - there : 0;
    }
    return sum;
}

bool search_affords(const struct search *search, const size_t *spots,
                    size_t count, int64_t replications)
{
    return search->result->replications +
               price(search, spots, count, replications) <=
           search->allowance;
}

bool search_replicate(struct search *search, const size_t *spots, size_t count,
                      int64_t replications)
{
    struct ota_study_want wants[64];
    const struct ota_search_oracle *oracle = &search->setup->oracle;
    struct ota_spot *all = search->result->spots;

    if (!search_affords(search, spots, count, replications)) {
        search->result->exhausted = true;
        return false;
    }
    for (size_t done = 0; done < count;) {
        size_t n = 0;
        for (; done < count && n < 64; done++)
            if (all[spots[done]].replications < replications)
                wants[n++] =
                    (struct ota_study_want){.point = all[spots[done]].point,
                                            .replications = replications};
        search->status = n == 0 ? OTA_EXPERIMENT_DONE
                                : oracle->run(oracle->context, wants, n);
        if (search->status != OTA_EXPERIMENT_DONE)
            return false;
    }
    search->result->replications += price(search, spots, count, replications);
    for (size_t i = 0; i < count; i++)
        if (all[spots[i]].replications < replications)
            all[spots[i]].replications = replications;
    return true;
}

bool search_same_words(const struct search *search, size_t a, size_t b)
{
    const struct ota_spot *spots = search->result->spots;

    for (size_t i = 0; i < search->setup->axis_count; i++)
        if (search->axes[i].kind == SEARCH_WORDS &&
            spots[a].indexes[i] != spots[b].indexes[i])
            return false;
    return true;
}

static bool is_ladder(const struct ota_axis *axis)
{
    for (size_t i = 0; i < axis->count; i++)
        if (!axis->numbers || isnan(axis->numbers[i]))
            return false;
    return true;
}

static bool learn_axes(struct search *search)
{
    const struct ota_search_setup *setup = search->setup;
    struct ota_arena *arena = &search->result->arena;

    search->axes =
        ota_arena_alloc(arena, setup->axis_count, sizeof(*search->axes));
    if (!search->axes)
        return fail(search);
    for (size_t a = 0; a < setup->axis_count; a++) {
        const struct ota_axis *axis = &setup->axes[a];
        search->axes[a].axis = axis;
        search->axes[a].kind = axis->count == 0  ? SEARCH_RANGE
                               : is_ladder(axis) ? SEARCH_LADDER
                                                 : SEARCH_WORDS;
        if (search->axes[a].kind != SEARCH_WORDS)
            search->ordered[search->ordered_count++] = a;
        if (search->axes[a].kind != SEARCH_LADDER)
            continue;
        size_t *ladder = ota_arena_alloc(arena, axis->count, sizeof(*ladder));
        if (!ladder)
            return fail(search);
        for (size_t i = 0; i < axis->count; i++) {
            size_t j = i;
            for (; j > 0 && axis->numbers[ladder[j - 1]] > axis->numbers[i];
                 j--)
                ladder[j] = ladder[j - 1];
            ladder[j] = i;
        }
        search->axes[a].ladder = ladder;
    }
    return true;
}

int64_t ota_search_budget(const struct ota_axis *axes, size_t axis_count)
{
    int64_t budget = 0;

    for (size_t a = 0; a < axis_count; a++)
        budget += axes[a].count == 0 || is_ladder(&axes[a])
                      ? 400
                      : 100 * (int64_t)axes[a].count;
    return budget;
}

const char *ota_search_problem(const struct ota_axis *axes, size_t axis_count,
                               int64_t budget)
{
    size_t mixes = 1;

    if (axis_count == 0)
        return "there is nothing to vary";
    if (axis_count > OTA_SEARCH_AXES_MAX)
        return "it searches 16 axes at most";
    for (size_t a = 0; a < axis_count; a++) {
        if (axes[a].count > 0 && !is_ladder(&axes[a]))
            mixes *= axes[a].count;
        if (mixes > 100)
            return "it tries every word with every other, and 100 mixes of "
                   "words at most";
    }
    return budget < SEARCH_FIRST * 4
               ? "it takes 16 replications or more to search at all"
               : NULL;
}

/* The best of all that were tried, each by what is known of it; those that
 * were refused come last. */
static size_t best_tried(const struct search *search)
{
    const struct ota_search *result = search->result;
    size_t best = result->spot_count;
    double best_far = INFINITY, best_cost = INFINITY;

    for (size_t s = 0; s < result->spot_count; s++) {
        const int64_t there = result->spots[s].replications;
        if (there == 0)
            continue;
        const double far = search_shortfall(search, s, there);
        const double cost = search_objective(search, s, there);
        if (best == result->spot_count || far < best_far ||
            (far <= best_far && cost < best_cost)) {
            best = s;
            best_far = far;
            best_cost = cost;
        }
    }
    return best;
}

static void go_through_stages(struct search *search)
{
    size_t leaders[4], count = 4;
    const double budget = (double)search->setup->budget;
    struct ota_search *result = search->result;

    search->allowance = (int64_t)(budget * screening_part);
    bool on = search_screen(search, leaders, &count);
    search->allowance = (int64_t)(budget * refinement_part);
    on = on && search_refine(search, leaders, count);
    /* A stage that spent its part leaves the others theirs. */
    if (search->status != OTA_EXPERIMENT_DONE)
        return;
    const bool hurried = result->exhausted;
    search->allowance = search->setup->budget;
    result->exhausted = false;
    on = search_verify(search);
    if (search->status != OTA_EXPERIMENT_DONE)
        return;
    if (!result->met)
        result->chosen = best_tried(search);
    const bool exhausted = hurried || (result->exhausted && !result->met);
    if (on && result->chosen < result->spot_count)
        search_look_around(search);
    result->exhausted = exhausted;
}

enum ota_experiment_status ota_search_run(const struct ota_search_setup *setup,
                                          struct ota_search *result,
                                          struct ota_error *error)
{
    assert(!ota_search_problem(setup->axes, setup->axis_count, setup->budget));
    *result = (struct ota_search){0};
    struct search search = {
        .setup = setup,
        .result = result,
        .room = OTA_SEARCH_POINTS_MAX,
        .status = OTA_EXPERIMENT_DONE,
        .error = error,
        .steps = SEARCH_FIRST,
        .close = 2 * SEARCH_CLOSE,
        .tested = SEARCH_NONE,
    };
    const size_t goals = setup->goal_count ? setup->goal_count : 1;

    result->spots =
        ota_arena_alloc(&result->arena, search.room, sizeof(*result->spots));
    result->evidence =
        ota_arena_alloc(&result->arena, goals, sizeof(*result->evidence));
    if (!result->spots || !result->evidence)
        fail(&search);
    else if (learn_axes(&search))
        go_through_stages(&search);
    if (search.status != OTA_EXPERIMENT_DONE)
        ota_search_release(result);
    return search.status;
}

void ota_search_release(struct ota_search *search)
{
    ota_arena_release(&search->arena);
    *search = (struct ota_search){0};
}
