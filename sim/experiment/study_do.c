/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_do.c - what is to be done of what was wanted, and its values.
 *
 * Units are blocks of a point's replications, the same whatever is there
 * already: a part takes every so many of them. All of a point are as large as
 * each other, to within one, as no part would have its share otherwise.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/grow.h"
#include "sim/experiment/study_state.h"

/* A unit should outlast being dealt, and be short enough to be lost. */
enum { UNIT_DEVICES = 10000, UNIT_MOST = 16 };

/* How many blocks so many replications of the point make. */
static int64_t blocks_of(const struct ota_study_scenario *point,
                         int64_t replications)
{
    const int64_t fit = UNIT_DEVICES / point->devices;
    const int64_t most = fit < 1 ? 1 : fit > UNIT_MOST ? UNIT_MOST : fit;

    return replications / most + (replications % most > 0);
}

/* --- places --- */

/* Makes room for so many replications of the point. */
static bool make_room(const struct ota_study *study,
                      struct ota_study_scenario *point, int64_t replications,
                      struct ota_error *error)
{
    if (replications <= point->room)
        return true;
    const size_t room = (size_t)replications;
    const size_t columns = study->measure_count;
    double *values = calloc(columns * room, sizeof(*values));
    bool *there = calloc(room, sizeof(*there));
    if (!values || !there) {
        free(values);
        free(there);
        return ota_fail(error, OTA_NO_MEMORY " for %zu replications", room);
    }
    const size_t old = (size_t)point->room;
    for (size_t m = 0; m < columns && old > 0; m++)
        memcpy(values + m * room, point->values + m * old,
               old * sizeof(*values));
    if (old > 0)
        memcpy(there, point->there, old * sizeof(*there));
    free(point->values);
    free(point->there);
    point->values = values;
    point->there = there;
    point->room = replications;
    return true;
}

/* Puts a replication's values into their places. */
static void place_values(struct ota_study *study, size_t point,
                         int64_t replication, const double *values)
{
    struct ota_study_scenario *own = &study->points[point];

    assert(replication < own->room && !own->there[replication]);
    for (size_t m = 0; m < study->measure_count; m++)
        own->values[(int64_t)m * own->room + replication] = values[m];
    own->there[replication] = true;
}

static void tell(const struct ota_study *study)
{
    const struct ota_study_options *options = &study->options;

    if (options->progress)
        options->progress(options->context, study->simulated + study->found,
                          study->wanted);
}

/* --- other ranks --- */

/* Notes that the other ranks are to have the values. */
static bool note_fresh(struct ota_study *study, size_t point,
                       int64_t replication, struct ota_error *error)
{
    if (ota_ranks_count(study->options.ranks) == 1)
        return true;
    void *fresh = ota_grow(study->fresh, study->fresh_count, &study->fresh_room,
                           64, sizeof(*study->fresh));
    if (!fresh)
        return ota_fail(error, OTA_NO_MEMORY);
    study->fresh = fresh;
    study->fresh[study->fresh_count++] =
        (struct ota_study_fresh){point, replication};
    return true;
}

/* Each is followed by its values. */
static char *pack_fresh(const struct ota_study *study, size_t *size)
{
    const size_t values_size = study->measure_count * sizeof(double);
    const size_t each = sizeof(struct ota_study_fresh) + values_size;
    char *bytes = malloc(study->fresh_count * each);

    *size = bytes ? study->fresh_count * each : 0;
    for (size_t f = 0; bytes && f < study->fresh_count; f++) {
        const struct ota_study_fresh *fresh = &study->fresh[f];
        const struct ota_study_scenario *point = &study->points[fresh->point];
        char *at = bytes + f * each;
        memcpy(at, fresh, sizeof(*fresh));
        at += sizeof(*fresh);
        for (size_t m = 0; m < study->measure_count; m++)
            memcpy(
                at + m * sizeof(double),
                &point->values[(int64_t)m * point->room + fresh->replication],
                sizeof(double));
    }
    return bytes;
}

/* Puts what the first rank has into place; false without memory. */
static bool unpack_fresh(struct ota_study *study, const char *bytes,
                         size_t size, int64_t *count)
{
    const size_t values_size = study->measure_count * sizeof(double);
    double *values = malloc(values_size);

    for (const char *at = bytes; values && at < bytes + size;) {
        struct ota_study_fresh fresh;
        memcpy(&fresh, at, sizeof(fresh));
        memcpy(values, at + sizeof(fresh), values_size);
        place_values(study, fresh.point, fresh.replication, values);
        at += sizeof(fresh) + values_size;
        ++*count;
    }
    free(values);
    return values != NULL;
}

/* The first rank's new values, if it is well, come to all others; *count: so
 * many there. */
static bool spread(struct ota_study *study, bool good, int64_t *count,
                   struct ota_error *error)
{
    struct ota_ranks *ranks = study->options.ranks;
    char *own = NULL;
    void *all;
    size_t size = 0, all_size;

    if (ota_ranks_count(ranks) == 1)
        return good;
    if (good && study->fresh_count > 0) {
        own = pack_fresh(study, &size);
        good = own || ota_fail(error, OTA_NO_MEMORY);
    }
    good = ota_ranks_share(ranks, good, own, size, &all, &all_size, error);
    if (good && ota_ranks_self(ranks) > 0)
        good = unpack_fresh(study, all, all_size, count) ||
               ota_fail(error, OTA_NO_MEMORY);
    study->fresh_count = 0;
    free(all);
    free(own);
    return ota_ranks_agree(ranks, good, error);
}

struct ota_store_unit ota_study_unit_of(const struct ota_study *study,
                                        size_t point, int64_t replication)
{
    return (struct ota_store_unit){
        .scenario = study->points[point].json,
        .seed = study->points[point].seed,
        .replication = replication,
    };
}

bool ota_study_take(struct ota_study *study, size_t point, int64_t replication,
                    const double *values, struct ota_error *error)
{
    const struct ota_store_unit unit =
        ota_study_unit_of(study, point, replication);

    if (study->options.store &&
        !ota_store_put(study->options.store, &unit, study->names,
                       study->measure_count, values, error))
        return false;
    place_values(study, point, replication, values);
    study->simulated++;
    tell(study);
    return note_fresh(study, point, replication, error);
}

/* --- what is to be done --- */

struct plan {
    struct ota_study_unit *units;
    size_t count, room;
    int64_t blocks; /* of all parts */
};

int64_t ota_study_missing(const struct ota_study *study,
                          const struct ota_study_unit *unit)
{
    const bool *there = study->points[unit->point].there;
    int64_t missing = 0;

    for (int64_t r = unit->first; r < unit->first + unit->count; r++)
        missing += !there[r];
    return missing;
}

/* Adds the block, if it is this part's and not all there. */
static bool add_block(const struct ota_study *study, struct plan *plan,
                      const struct ota_study_unit *block,
                      struct ota_error *error)
{
    const struct ota_study_options *options = &study->options;
    const int64_t number = plan->blocks++;

    if ((options->parts > 0 && number % options->parts != options->part) ||
        ota_study_missing(study, block) == 0)
        return true;
    void *units = ota_grow(plan->units, plan->count, &plan->room, 64,
                           sizeof(*plan->units));
    if (!units)
        return ota_fail(error, OTA_NO_MEMORY);
    plan->units = units;
    plan->units[plan->count++] = *block;
    return true;
}

static bool add_blocks(struct ota_study *study, size_t point,
                       int64_t replications, struct plan *plan,
                       struct ota_error *error)
{
    struct ota_study_scenario *own = &study->points[point];
    const int64_t blocks = blocks_of(own, replications);

    if (!make_room(study, own, replications, error))
        return false;
    if (replications > own->wanted) {
        study->wanted += replications - own->wanted;
        own->wanted = replications;
    }
    int64_t first = 0;
    for (int64_t b = 0; b < blocks; b++) {
        const int64_t left = replications - first;
        const struct ota_study_unit block = {point, first, left / (blocks - b)};
        if (!add_block(study, plan, &block, error))
            return false;
        first += block.count;
    }
    return true;
}

/* A point that is wanted several times is wanted as often as the most. */
static bool make_plan(struct ota_study *study,
                      const struct ota_study_want *wants, size_t count,
                      struct plan *plan, struct ota_error *error)
{
    for (size_t w = 0; w < count; w++)
        study->points[wants[w].point].now = 0;
    for (size_t w = 0; w < count; w++) {
        int64_t *now = &study->points[wants[w].point].now;
        *now = wants[w].replications > *now ? wants[w].replications : *now;
    }
    for (size_t w = 0; w < count; w++) {
        int64_t *now = &study->points[wants[w].point].now;
        if (!add_blocks(study, wants[w].point, *now, plan, error))
            return false;
        *now = 0;
    }
    return true;
}

static bool find_values(const struct ota_study *study,
                        const struct ota_store_unit *unit, double *values,
                        bool *found, struct ota_error *error)
{
    struct ota_store *const stores[] = {study->options.store,
                                        study->options.more};

    *found = false;
    for (size_t s = 0; s < 2 && !*found; s++)
        if (stores[s] &&
            !ota_store_find(stores[s], unit, study->names, study->measure_count,
                            values, found, error))
            return false;
    return true;
}

/* Puts what the stores have of a block into its place. values have room for a
 * replication. */
static bool find_block(struct ota_study *study,
                       const struct ota_study_unit *block, double *values,
                       struct ota_error *error)
{
    for (int64_t r = block->first; r < block->first + block->count; r++) {
        const struct ota_store_unit unit =
            ota_study_unit_of(study, block->point, r);
        bool found = study->points[block->point].there[r];
        if (found)
            continue;
        if (!find_values(study, &unit, values, &found, error))
            return false;
        if (!found)
            continue;
        place_values(study, block->point, r, values);
        study->found++;
        if (!note_fresh(study, block->point, r, error))
            return false;
    }
    return true;
}

/* What the stores have of the plan. */
static bool find_all(struct ota_study *study, const struct plan *plan,
                     struct ota_error *error)
{
    double *values;
    bool good = true;

    if (!study->options.store || plan->count == 0)
        return true;
    values = malloc(study->measure_count * sizeof(*values));
    if (!values)
        return ota_fail(error, OTA_NO_MEMORY);
    for (size_t u = 0; u < plan->count && good; u++)
        good = find_block(study, &plan->units[u], values, error);
    free(values);
    return good;
}

/* Says what is missing where nothing may be. */
static bool complain_missing(const struct ota_study *study,
                             const struct plan *plan, struct ota_error *error)
{
    const struct ota_study_scenario *point;
    bool knows = false;

    if (plan->count == 0)
        return true;
    point = &study->points[plan->units[0].point];
    if (study->options.store &&
        !ota_store_knows(study->options.store, point->json, &knows, error))
        return false;
    return knows ? ota_fail(error,
                            "%s: replications of it are missing: the seed or "
                            "their number is another than it was",
                            point->point.file)
                 : ota_fail(error,
                            "%s, or a file that it names, was changed since: "
                            "nothing of it as it is was done",
                            point->point.file);
}

/* Leaves units of which something is missing. */
static void drop_found(const struct ota_study *study, struct plan *plan)
{
    size_t kept = 0;

    for (size_t u = 0; u < plan->count; u++)
        if (ota_study_missing(study, &plan->units[u]) > 0)
            plan->units[kept++] = plan->units[u];
    plan->count = kept;
}

enum ota_experiment_status ota_study_do(struct ota_study *study,
                                        const struct ota_study_want *wants,
                                        size_t count, struct ota_error *error)
{
    struct plan plan = {.count = 0};

    assert(!error->failed);
    bool good = make_plan(study, wants, count, &plan, error) &&
                find_all(study, &plan, error);
    good = spread(study, good, &study->found, error);
    if (good) {
        drop_found(study, &plan);
        tell(study);
        good =
            !study->options.found_only || complain_missing(study, &plan, error);
    }
    if (good) {
        good = ota_study_deal(study, plan.units, plan.count, error);
        good = spread(study, good, &study->simulated, error);
    }
    free(plan.units);
    return good            ? OTA_EXPERIMENT_DONE
           : error->failed ? OTA_EXPERIMENT_FAILED
                           : OTA_EXPERIMENT_STOPPED;
}
