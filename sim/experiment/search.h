/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * search.h - the best point that meets goals, where every number is a mean of
 * noisy replications.
 *
 * It knows axes, and an oracle that gives the values of replications at a
 * point; what these are made of is not its concern. Values of one number at
 * different points are compared as pairs: an oracle with common random numbers
 * is worth many replications. See search.c for the stages.
 */
#ifndef OTA_SEARCH_H
#define OTA_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/arena.h"
#include "sim/experiment/design.h"
#include "sim/experiment/experiment.h"
#include "sim/experiment/study.h"
#include "sim/stats/interval.h"

enum {
    OTA_SEARCH_AXES_MAX = 16,
    OTA_SEARCH_POINTS_MAX = 2000, /* that are tried */
};

/* The mean of a measure is to be at least this, or at most. */
struct ota_search_goal {
    bool at_least;
    double value;
};

/*
 * What is known of points. Measure 0 is the objective, 1 + g that of goal g.
 * Points are numbered by the oracle; it may give one number to two points that
 * are the same to it.
 */
struct ota_search_oracle {
    void *context;
    /* A point: the number of each axis (NaN: a word), and of lists the index of
     * the value. */
    enum ota_experiment_status (*add)(void *context, const double *numbers,
                                      const size_t *indexes, size_t *point);
    /* Sees to it that points have so many replications. */
    enum ota_experiment_status (*run)(void *context,
                                      const struct ota_study_want *wants,
                                      size_t count);
    /* NaN: the replication gave none. */
    double (*value)(void *context, size_t point, size_t measure,
                    int64_t replication);
    /* The mean of replications first .. first + count, with its interval. */
    struct ota_estimate (*estimate)(void *context, size_t point, size_t measure,
                                    int64_t first, int64_t count,
                                    double confidence);
    /* Whether devices of a point have to do with each other: a replication may
     * then be quite unlike the others. NULL: of no point. */
    bool (*staged)(void *context, size_t point);
};

struct ota_search_setup {
    const struct ota_axis *axes;
    size_t axis_count; /* 1 to OTA_SEARCH_AXES_MAX */
    const struct ota_search_goal *goals;
    size_t goal_count;
    bool maximise;
    int64_t budget;    /* replications at most */
    double confidence; /* that the chosen point meets the goals */
    uint64_t seed;     /* of the spread of the first points */
    struct ota_search_oracle oracle;
    /* Told what is being done, in words; may be NULL. */
    void (*stage)(void *context, const char *words);
    void *context;
};

/* A point that was tried. */
struct ota_spot {
    size_t point;          /* the oracle's */
    const double *numbers; /* [axis]; NaN: a word */
    const size_t *indexes; /* [axis]; of lists */
    const double *u;       /* [axis]; where it lies, 0 to 1 */
    int64_t replications;
    bool refused; /* a goal was shown not to hold, or could not be shown to */
};

struct ota_search {
    struct ota_spot *spots; /* in the order in which they were tried */
    size_t spot_count;
    size_t chosen;  /* of spots; the nearest, if none was shown to hold */
    bool met;       /* the chosen one was shown to meet all goals */
    bool exhausted; /* a larger budget might have found a better one */

    /* What shows it: estimates of the goals at the chosen point over
     * replications fresh .. fresh + fresh_count, which no choice of a point
     * rests on; each end of an interval is a bound with the confidence `each`.
     * fresh_count 0: none. */
    struct ota_estimate *evidence; /* [goal] */
    int64_t fresh, fresh_count;
    double each;
    size_t candidates; /* points whose goals were put to that test */

    size_t neighbours[2 * OTA_SEARCH_AXES_MAX]; /* of spots; see tune.h */
    size_t neighbour_count;
    int64_t replications;
    struct ota_arena arena; /* private */
};

/* How many replications it takes at most if nobody says. */
int64_t ota_search_budget(const struct ota_axis *axes, size_t axis_count);

/* Returns NULL, or why axes cannot be searched: for a person. */
const char *ota_search_problem(const struct ota_axis *axes, size_t axis_count,
                               int64_t budget);

/* *error is of the search itself; the oracle keeps its own. */
enum ota_experiment_status ota_search_run(const struct ota_search_setup *setup,
                                          struct ota_search *search,
                                          struct ota_error *error);

void ota_search_release(struct ota_search *search);

#endif
