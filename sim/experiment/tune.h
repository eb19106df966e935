/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tune.h - the cheapest setting that meets the goals: a search with noise.
 *
 * Stages: screening (successive halving over a spread of points), refinement
 * (golden section in one dimension, GSL's simplex in several) with common
 * random numbers, and a verification that the goals hold with the confidence
 * that was asked for. See tune.c.
 */
#ifndef OTA_TUNE_H
#define OTA_TUNE_H

#include "sim/experiment/design.h"
#include "sim/experiment/study.h"

/* MEASURE >= VALUE, or <=. */
struct ota_goal {
    char measure[OTA_MEASURE_NAME_SIZE]; /* as written */
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
    int64_t budget;    /* replications at most */
    double confidence; /* that the chosen setting meets the goals */
    uint64_t seed;
    /* Told what is being done, in words; may be NULL. */
    void (*stage)(void *context, const char *words);
    void *context;
};

/* A setting that was tried. */
struct ota_tried {
    size_t point;                       /* of the study */
    const double *numbers;              /* [axis]; NaN: a word */
    const struct ota_setting *settings; /* [axis] */
    int64_t replications;
    struct ota_estimate objective;
    struct ota_estimate *goals; /* [goal] */
    double shortfall; /* how far the means are from the goals, of each goal's
                       * value, summed; 0: they meet all */
    bool holds;       /* all goals hold with the confidence */
    bool front;       /* no other is better in every respect */
};

struct ota_tune {
    struct ota_tried *tried; /* in the order of the axes' numbers */
    size_t tried_count;
    size_t chosen;         /* of tried; the nearest, if none meets the goals */
    bool met;              /* the chosen one holds */
    size_t neighbours[32]; /* of tried: on each axis the next below and above */
    size_t neighbour_count;
    int64_t replications;   /* simulated or found, in all */
    bool exhausted;         /* the budget was what ended it */
    struct ota_arena arena; /* private */
};

/* The study is open, has no points, and keeps the measures of goals and
 * objective. */
enum ota_experiment_status ota_tune_run(struct ota_study *study,
                                        const struct ota_tune_setup *setup,
                                        struct ota_tune *tune,
                                        struct ota_complaints *complaints,
                                        struct ota_error *error);

void ota_tune_release(struct ota_tune *tune);

#endif
