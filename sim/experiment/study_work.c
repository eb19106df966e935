/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_work.c - the units of a study, done by whoever is free.
 *
 * A scenario is read once and stays while its units are worked on: there is a
 * slot for each thread and one more, and the point that a slot held longest
 * without use makes room. Units come point after point, so that hardly any is
 * read twice. It is made sure that it is what it was when the point was added:
 * somebody may be editing the file.
 */
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <pthread.h>

#include "sim/experiment/study_state.h"

/* A scenario that is being worked on. */
struct slot {
    pthread_mutex_t reading;
    size_t point;
    int users;
    int64_t used; /* when last: a count */
    bool taken;   /* by a point */
    bool read;    /* the scenario is there */
    struct ota_scenario scenario;
};

/* What the threads of this rank share. */
struct work {
    struct ota_study *study;
    const struct ota_study_unit *units;
    int fleet_threads;
    struct slot *slots;
    int slot_count;
    int64_t uses;
    pthread_mutex_t choosing; /* a slot */
    atomic_bool halted;       /* asked to stop, or a unit has failed */
};

static bool keep_going(void *context)
{
    struct work *work = context;
    const struct ota_study_options *options = &work->study->options;

    if (atomic_load(&work->halted))
        return false;
    if (options->keep_going && !options->keep_going(options->context)) {
        atomic_store(&work->halted, true);
        return false;
    }
    return true;
}

/* --- scenarios --- */

/* The slot of the point, or the one that it may have. */
static struct slot *choose_slot(struct work *work, size_t point)
{
    struct slot *best = NULL;

    for (int s = 0; s < work->slot_count; s++) {
        struct slot *slot = &work->slots[s];
        if (slot->taken && slot->point == point)
            return slot;
        if (slot->users == 0 && (!best || slot->used < best->used))
            best = slot;
    }
    assert(best); /* there is one more than threads */
    return best;
}

static struct slot *take_slot(struct work *work, size_t point)
{
    pthread_mutex_lock(&work->choosing);
    struct slot *slot = choose_slot(work, point);
    if (!slot->taken || slot->point != point) {
        if (slot->read)
            ota_scenario_release(&slot->scenario);
        slot->read = false;
        slot->taken = true;
        slot->point = point;
    }
    slot->users++;
    slot->used = ++work->uses;
    pthread_mutex_unlock(&work->choosing);
    return slot;
}

static void leave_slot(struct work *work, struct slot *slot)
{
    pthread_mutex_lock(&work->choosing);
    slot->users--;
    pthread_mutex_unlock(&work->choosing);
}

static bool read_again(const struct ota_study_scenario *point,
                       struct ota_scenario *scenario, struct ota_error *error)
{
    struct ota_complaints complaints = {.count = 0};
    char *json;

    if (!ota_study_read(&point->point, scenario, &json, &complaints))
        return complaints.no_memory
                   ? ota_fail(error, OTA_NO_MEMORY)
                   : ota_fail(error, "%s was changed meanwhile: %s",
                              point->point.file, complaints.items[0].message);
    const bool same =
        strcmp(json, point->json) == 0 && scenario->run.seed == point->seed;
    free(json);
    if (same)
        return true;
    ota_scenario_release(scenario);
    return ota_fail(error, "%s, or a file that it names, was changed meanwhile",
                    point->point.file);
}

/* Reads the slot's scenario unless another has. */
static bool fill_slot(struct work *work, struct slot *slot,
                      struct ota_error *error)
{
    pthread_mutex_lock(&slot->reading);
    if (!slot->read)
        slot->read = read_again(&work->study->points[slot->point],
                                &slot->scenario, error);
    const bool good = slot->read;
    pthread_mutex_unlock(&slot->reading);
    return good;
}

/* --- units --- */

/* The value of each measure in a replication. */
static bool replicate(struct work *work, const struct ota_scenario *scenario,
                      const struct ota_study_scenario *point,
                      int64_t replication, double *values,
                      struct ota_error *error)
{
    const struct ota_experiment_options options = {
        .seed = point->seed,
        .threads = work->fleet_threads,
        .rates = ota_experiment_rates(scenario),
        .within_us = point->within_us,
        .within_count = point->within_count,
        .keep_going = keep_going,
        .context = work,
    };
    struct ota_results results = {0};

    if (ota_experiment_replicate(&scenario->fleet, &options, replication,
                                 &results, error) != OTA_EXPERIMENT_DONE)
        return false;
    for (size_t m = 0; m < work->study->measure_count; m++)
        values[m] = ota_measure_value(&point->measures[m], &results);
    ota_results_release(&results);
    return true;
}

static bool do_unit(struct work *work, const struct ota_study_unit *unit,
                    const struct ota_scenario *scenario, double *values,
                    struct ota_error *error)
{
    const struct ota_study_scenario *point = &work->study->points[unit->point];

    for (int64_t r = unit->first; r < unit->first + unit->count; r++) {
        if (point->there[r])
            continue;
        if (!keep_going(work) ||
            !replicate(work, scenario, point, r, values, error))
            return false;
        values += work->study->measure_count;
    }
    return true;
}

static bool work_on(void *context, size_t number, int lane,
                    struct ota_ranks_parcel *result, struct ota_error *error)
{
    struct work *work = context;
    const struct ota_study_unit *unit = &work->units[number];
    const size_t count = (size_t)ota_study_missing(work->study, unit) *
                         work->study->measure_count;
    double *values = malloc(count * sizeof(*values));

    (void)lane;
    struct slot *slot = take_slot(work, unit->point);
    const bool good = (values || ota_fail(error, OTA_NO_MEMORY)) &&
                      fill_slot(work, slot, error) &&
                      do_unit(work, unit, &slot->scenario, values, error);
    leave_slot(work, slot);
    if (good) {
        result->bytes = values;
        result->size = count * sizeof(*values);
    } else {
        free(values);
        atomic_store(&work->halted, true);
    }
    return good;
}

/* Notes who does the unit. */
static bool dealt(void *context, size_t number, int rank,
                  struct ota_error *error)
{
    struct work *work = context;
    const struct ota_study_unit *unit = &work->units[number];
    const bool *there = work->study->points[unit->point].there;

    for (int64_t r = unit->first; r < unit->first + unit->count; r++) {
        const struct ota_store_unit one =
            ota_study_unit_of(work->study, unit->point, r);
        if (!there[r] &&
            !ota_store_deal(work->study->options.store, &one, rank, error))
            return false;
    }
    return true;
}

/* Puts a unit's values into their places. */
static bool taken(void *context, size_t number,
                  const struct ota_ranks_parcel *result,
                  struct ota_error *error)
{
    struct work *work = context;
    const struct ota_study_unit *unit = &work->units[number];
    const double *values = result->bytes;

    for (int64_t r = unit->first; r < unit->first + unit->count; r++) {
        if (work->study->points[unit->point].there[r])
            continue;
        if (!ota_study_take(work->study, unit->point, r, values, error))
            return false;
        values += work->study->measure_count;
    }
    return true;
}

static void forget(void *context, int rank, int64_t units)
{
    (void)context;
    (void)rank;
    (void)units;
}

/* What was in hand when all were told to stop was given up, and nobody needs to
 * hear that it was lost. The notes only serve to say so: if they stay, that is
 * no failure. */
static void take_notes_back(const struct ota_study *study)
{
    struct ota_error ignored = {.failed = false};

    if (study->options.store)
        ota_store_lost(study->options.store, forget, NULL, &ignored);
}

/* With fewer units than threads, the threads go into the fleets. */
bool ota_study_deal(struct ota_study *study, const struct ota_study_unit *units,
                    size_t count, struct ota_error *error)
{
    const struct ota_study_options *options = &study->options;
    const bool beside = count >= (size_t)options->threads *
                                     (size_t)ota_ranks_count(options->ranks);
    struct work work = {
        .study = study,
        .units = units,
        .fleet_threads = beside ? 1 : options->threads,
        .slot_count = (beside ? options->threads : 1) + 1,
        .choosing = PTHREAD_MUTEX_INITIALIZER,
    };
    const struct ota_ranks_work dealing = {
        .context = &work,
        .units = count,
        .threads = beside ? options->threads : 1,
        .work = work_on,
        .dealt = options->store ? dealt : NULL,
        .taken = taken,
        .keep_going = keep_going,
        .halted = &work.halted,
    };
    work.slots = calloc((size_t)work.slot_count, sizeof(*work.slots));
    if (!ota_ranks_agree(options->ranks,
                         work.slots || ota_fail(error, OTA_NO_MEMORY), error)) {
        free(work.slots);
        return false;
    }
    for (int s = 0; s < work.slot_count; s++)
        pthread_mutex_init(&work.slots[s].reading, NULL);
    const bool good = ota_ranks_deal(options->ranks, &dealing, error);
    if (!good)
        take_notes_back(study);
    for (int s = 0; s < work.slot_count; s++) {
        if (work.slots[s].read)
            ota_scenario_release(&work.slots[s].scenario);
        pthread_mutex_destroy(&work.slots[s].reading);
    }
    free(work.slots);
    return good;
}
