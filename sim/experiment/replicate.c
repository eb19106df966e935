/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replicate.c - asks the study for one step of all points after another.
 */
#include "sim/experiment/replicate.h"

#include <assert.h>
#include <stdlib.h>

struct work {
    struct ota_study *study;
    struct ota_replicate *replicate;
    struct ota_study_want *wants;
    double *values; /* of a point and measure, `most` of them */
    bool *met;      /* [point] */
};

static bool start(struct work *work, struct ota_error *error)
{
    const struct ota_replicate *r = work->replicate;
    const int64_t room = r->most > r->least ? r->most : r->least;

    work->wants = calloc(r->point_count, sizeof(*work->wants));
    work->met = calloc(r->point_count, sizeof(*work->met));
    work->values = calloc((size_t)room, sizeof(*work->values));
    return (work->wants && work->met && work->values) ||
           ota_fail(error, OTA_NO_MEMORY " for %zu points", r->point_count);
}

/* Looks at the point for each precision; returns whether all are met, or cannot
 * be. */
static bool look(const struct work *work, size_t at)
{
    const struct ota_replicate *r = work->replicate;
    const size_t point = r->points[at];
    const struct ota_study_point known = ota_study_point(work->study, point);
    const int64_t count = r->replications[at];
    bool met = true;

    for (size_t p = 0; p < r->precision_count; p++) {
        struct ota_precision precision = r->precisions[p];
        struct ota_precision_look *found =
            &r->looks[at * r->precision_count + p];
        size_t place = 0;
        const bool kept =
            ota_study_place(work->study, precision.measure.name, &place);
        assert(kept);
        (void)kept;
        for (int64_t n = 0; n < count; n++)
            work->values[n] = ota_study_value(work->study, point, place, n);
        precision.measure = *ota_study_measure(work->study, point, place);
        ota_precision_look(
            &precision, ota_study_facts(work->study, point, place),
            work->values, (size_t)count, known.confidence, found);
        met = met && (found->met || found->never);
    }
    return met;
}

/* Looks at all points; returns how many are to go on. */
static size_t look_at_all(const struct work *work)
{
    const struct ota_replicate *r = work->replicate;
    size_t open = 0;

    for (size_t i = 0; i < r->point_count; i++) {
        if (!work->met[i] || r->together)
            work->met[i] = look(work, i);
        open += !work->met[i];
    }
    return open;
}

static enum ota_experiment_status step(const struct work *work, int64_t end,
                                       struct ota_error *error)
{
    const struct ota_replicate *r = work->replicate;
    size_t count = 0;

    for (size_t i = 0; i < r->point_count; i++) {
        if (work->met[i] && !r->together)
            continue;
        r->replications[i] = end;
        work->wants[count++] = (struct ota_study_want){r->points[i], end};
    }
    return ota_study_do(work->study, work->wants, count, error);
}

static enum ota_experiment_status go_on(const struct work *work,
                                        struct ota_error *error)
{
    const struct ota_replicate *r = work->replicate;
    const bool adaptive = r->precision_count > 0;
    int64_t end = r->least;

    if (adaptive && end < ota_precision_first())
        end = ota_precision_first();
    for (;; end = ota_precision_next(end)) {
        if (adaptive && end > r->most)
            end = r->most;
        const enum ota_experiment_status status = step(work, end, error);
        if (status != OTA_EXPERIMENT_DONE || !adaptive ||
            look_at_all(work) == 0 || end == r->most)
            return status;
    }
}

enum ota_experiment_status ota_study_replicate(struct ota_study *study,
                                               struct ota_replicate *replicate,
                                               struct ota_error *error)
{
    struct work work = {.study = study, .replicate = replicate};

    assert(replicate->least >= 1);
    assert(replicate->precision_count == 0 || replicate->most >= 1);
    const enum ota_experiment_status status =
        start(&work, error) ? go_on(&work, error) : OTA_EXPERIMENT_FAILED;
    free(work.values);
    free(work.met);
    free(work.wants);
    return status;
}

struct ota_estimate
ota_replicate_estimate(const struct ota_study *study,
                       const struct ota_replicate *replicate, size_t at,
                       size_t place, double confidence)
{
    for (size_t p = 0; p < replicate->precision_count; p++) {
        const struct ota_precision_look *look =
            &replicate->looks[at * replicate->precision_count + p];
        size_t its;
        if (ota_study_place(study, replicate->precisions[p].measure.name,
                            &its) &&
            its == place)
            return look->estimate;
    }
    return ota_study_estimate(study, replicate->points[at], place,
                              replicate->replications[at], confidence);
}
