/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * search_parts.h - what the stages of a search share. Private to search*.c.
 */
#ifndef OTA_SEARCH_PARTS_H
#define OTA_SEARCH_PARTS_H

#include "sim/experiment/search.h"

enum {
    SEARCH_FIRST = 4,  /* replications of a point that is tried */
    SEARCH_ROUNDS = 3, /* of the screening: 4, 8, 16 replications */
    SEARCH_LOOK = 8,   /* fresh replications of a candidate */
};

#define SEARCH_NONE SIZE_MAX

/* Half a percent of the objective is not worth more work. */
#define SEARCH_CLOSE 0.005

enum search_axis_kind {
    SEARCH_RANGE,  /* any number from least to most */
    SEARCH_LADDER, /* a list of numbers */
    SEARCH_WORDS,
};

struct search_axis {
    const struct ota_axis *axis;
    enum search_axis_kind kind;
    size_t *ladder; /* of LADDER: indexes of the values, ascending */
};

/* A search that goes on. */
struct search {
    const struct ota_search_setup *setup;
    struct ota_search *result;
    struct search_axis *axes;
    size_t ordered[OTA_SEARCH_AXES_MAX]; /* axes that are not words */
    size_t ordered_count;
    size_t room;       /* for spots */
    int64_t allowance; /* replications that the stage may be at */
    enum ota_experiment_status status;
    struct ota_error *error;

    int64_t steps; /* replications of a point in the refinement */

    double close;  /* what a bracket need not be narrowed for, of the
                    * objective */
    size_t tested; /* spot whose goals were put to the test last */
};

/* All of these return whether the search goes on: not if the oracle failed or
 * was stopped, memory ran out, or the allowance is spent. */

/* The spot at u (of WORDS: indexes), rounded as its axes round; made if it was
 * not tried. It may have no replications yet. */
bool search_spot(struct search *search, const double *u, const size_t *words,
                 size_t *spot);

/* u of a number that the axis has. */
double search_place(const struct search_axis *axis, double number);

/* Sees to it that spots have so many replications. */
bool search_replicate(struct search *search, const size_t *spots, size_t count,
                      int64_t replications);

/* Whether it is within the allowance. */
bool search_affords(const struct search *search, const size_t *spots,
                    size_t count, int64_t replications);

void search_stage(const struct search *search, const char *format, ...)
    OTA_PRINTF(2, 3);

/* Means over the first so many replications. The objective is negated if it is
 * to be most; infinite if a replication gave none. */
double search_objective(const struct search *search, size_t spot,
                        int64_t replications);
double search_shortfall(const struct search *search, size_t spot,
                        int64_t replications);

/* How far the mean is on the good side of a goal, in the goal's unit. */
double search_margin(const struct search *search, size_t spot, size_t goal,
                     int64_t replications);

/* What counts as one in comparing objectives: their size. */
double search_scale(const struct search *search, size_t spot,
                    int64_t replications);

/* Whether a is better than b: nearer to the goals, or else by the objective;
 * ties go to the one that was tried first. */
bool search_better(const struct search *search, size_t a, size_t b,
                   int64_t replications);

/* Sorts spots, the best first. */
void search_sort(const struct search *search, size_t *spots, size_t count,
                 int64_t replications);

/* 1: the goal is met with that confidence by replications first .. first +
 * count; -1: it is not met; 0: either may be. */
int search_verdict(const struct search *search, size_t spot, size_t goal,
                   int64_t first, int64_t count, double confidence);

/* The same of an estimate. */
int search_judge(const struct ota_search_goal *goal,
                 const struct ota_estimate *estimate);

/* How many fresh replications a candidate is looked at first, and what so many
 * say of a goal: with the interval that counts. */
int64_t search_first_look(const struct search *search, size_t spot);
struct ota_estimate search_evidence(const struct search *search, size_t spot,
                                    size_t goal, int64_t count,
                                    double confidence);

/* Whether two spots have the same words. */
bool search_same_words(const struct search *search, size_t a, size_t b);

/* The stages. Screening leaves the best spots that are in play, at most
 * *count, the best first. */
bool search_screen(struct search *search, size_t *leaders, size_t *count);
bool search_refine(struct search *search, const size_t *leaders, size_t count);
bool search_verify(struct search *search);
bool search_look_around(struct search *search);

#endif
