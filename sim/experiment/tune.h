/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tune.h - the cheapest setting that meets the goals: a search with noise.
 *
 * The search is search.h's: screening, refinement, and a verification that the
 * goals hold with the confidence that was asked for. Here its points are
 * settings of a scenario, and its numbers come from a study.
 */
#ifndef OTA_TUNE_H
#define OTA_TUNE_H

#include "sim/experiment/design.h"
#include "sim/experiment/study.h"

/* MEASURE >= VALUE, or <=. */
struct ota_goal {
    char measure[OTA_MEASURE_NAME_SIZE]; /* one name for all ways to write it */
    bool at_least;
    double value; /* in the measure's unit */
};

/* Reads 'updated_within(7d) >= 99%': values in a unit of the measure. */
bool ota_goal_read(struct ota_goal *goal, const char *text,
                   const char *const *groups, size_t group_count, char *problem,
                   size_t problem_size);

struct ota_tune_setup {
    const char *file;
    const struct ota_setting *settings; /* of the scenario, before the axes' */
    size_t setting_count;
    const struct ota_axis *axes;
    size_t axis_count;
    const struct ota_goal *goals;
    size_t goal_count;
    const char *objective; /* measure */
    bool maximise;
    int64_t budget;    /* replications at most; 0: ota_tune_budget() */
    double confidence; /* that the chosen setting meets the goals */
    uint64_t seed;
    /* Told what is being done, in words; may be NULL. */
    void (*stage)(void *context, const char *words);
    void *context;
};

/* In what settings are compared for the front: success (the first goal's
 * measure, or else the share that was confirmed), charge, data. */
enum { OTA_TUNE_RESPECTS = 3 };

/* A setting that was tried. Estimates are of all its replications, with the
 * confidence of the scenario. */
struct ota_tried {
    size_t point;                       /* of the study */
    const double *numbers;              /* [axis]; NaN: a word */
    const struct ota_setting *settings; /* [axis] */
    int64_t replications;
    struct ota_estimate objective;
    struct ota_estimate *goals; /* [goal] */
    struct ota_estimate respects[OTA_TUNE_RESPECTS];
    double shortfall; /* how far the means are from the goals, of each goal's
                       * value, summed; 0: they meet all */
    bool front;       /* no other is as good in every respect and better in
                       * one, by the means */
};

/* What shows that the chosen setting meets a goal: replications that no choice
 * rests on. */
struct ota_tune_evidence {
    struct ota_estimate estimate; /* each end is a bound by itself, */
    double confidence;            /* with this confidence: more than was asked
                                   * for, as several looks may be taken */
};

struct ota_tune {
    struct ota_tried *tried; /* in the order of the axes' values */
    size_t tried_count;
    size_t chosen; /* of tried; the nearest, if none was shown to hold */
    bool met;      /* the chosen one was shown to meet all goals */
    struct ota_tune_evidence
        *evidence; /* [goal]; of the chosen one, if it is met */
    int64_t evidence_replications;
    size_t candidates;     /* settings whose goals were put to that test */
    size_t neighbours[32]; /* of tried: on each axis about a tenth below and
                            * above, the other words */
    size_t neighbour_count;
    char respects[OTA_TUNE_RESPECTS][OTA_MEASURE_NAME_SIZE];
    int64_t replications;   /* simulated or found, in all */
    int64_t budget;         /* of so many */
    bool exhausted;         /* a larger budget might have found a
                             * better one */
    struct ota_arena arena; /* private */
};

/* How many replications are allowed: that of the setup, or if it has none what
 * suits its axes. */
int64_t ota_tune_budget(const struct ota_tune_setup *setup);

/* Returns NULL, or for a person why it cannot be done: nothing to vary, too
 * many words, too small a budget. */
const char *ota_tune_problem(const struct ota_tune_setup *setup);

/* The measures that the study has to keep; names has room for goal_count + 1 +
 * OTA_TUNE_RESPECTS. Returns how many. */
size_t ota_tune_measures(const struct ota_tune_setup *setup,
                         const char **names);

/* The study is open, and keeps ota_tune_measures(); of a setting that the
 * scenario refuses there are complaints, and *refused, which has room for the
 * axes, says which, until *tune is released: by the caller after
 * OTA_EXPERIMENT_DONE and after complaints. There is no problem. */
enum ota_experiment_status
ota_tune_run(struct ota_study *study, const struct ota_tune_setup *setup,
             struct ota_tune *tune, struct ota_setting *refused,
             struct ota_complaints *complaints, struct ota_error *error);

void ota_tune_release(struct ota_tune *tune);

#endif
