/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * design.h - which settings are tried: axes, and the points they span.
 */
#ifndef OTA_DESIGN_H
#define OTA_DESIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/arena.h"
#include "sim/scenario/scenario.h"

/* A field of the scenario, and the values that it is to take. */
struct ota_axis {
    const char *path;
    const char *unit; /* of numbers: "s", "%", ""; NULL: values are words */
    const double *numbers;     /* ascending if from a range; NULL: words */
    const char *const *values; /* as --set takes them: "5s" */
    size_t count;       /* of values; 0: a range without a number of them */
    bool range;         /* from least to most; false: a list */
    bool log;           /* spaced evenly in the logarithm */
    bool whole;         /* only whole numbers lie between the ends */
    double least, most; /* of a range, in unit */
};

/*
 * Reads
 *     PATH=5s..120s:12       12 values from 5 s to 120 s, evenly spaced
 *     PATH=5s..120s:12log    the same, each the same factor from the last
 *     PATH=5s..120s          a range; :log may follow
 *     PATH=15min,1h,6h       these, in that order
 * Ends may be in different units of one dimension; the unit of the axis is the
 * smaller one. Ends that are bare and whole and leave room (1..10) have whole
 * numbers between them; written with a point (1.0..10), any. Commas in brackets
 * and quotes divide nothing. All text lives in the arena. Returns false with a
 * message in problem.
 */
bool ota_axis_read(struct ota_axis *axis, const char *text,
                   struct ota_arena *arena, char *problem, size_t problem_size);

/* The value at u of a range, 0 to 1 from least to most: the ends are exact, a
 * number between them is rounded to what can be written in four digits, and to
 * whole bytes. */
double ota_axis_number(const struct ota_axis *axis, double u);

/* Gives a range so many values, 2 or more, evenly spaced; false without
 * memory. */
bool ota_axis_fill(struct ota_axis *axis, size_t count,
                   struct ota_arena *arena);

/* Writes a number of the axis as --set takes it. */
void ota_axis_write(const struct ota_axis *axis, double number, char *text,
                    size_t size);

enum { OTA_DESIGN_POINTS_MAX = 100000 };

/* Points: for each axis a value, as a setting of the scenario. */
struct ota_design {
    const struct ota_axis *axes;
    size_t axis_count;
    size_t point_count;
    const struct ota_setting *settings; /* [point][axis] */
    const double *numbers;              /* [point][axis]; NaN: a word */
    bool grid; /* every value with every other; the last axis changes first */
};

/*
 * Every value of each axis with every other. A range without a number of
 * values has 5, or as many whole numbers as there are. Everything lives in the
 * arena, and the axes outlive it. Returns false with a message in problem (too
 * many points, a path twice, no memory).
 */
bool ota_design_grid(struct ota_design *design, const struct ota_axis *axes,
                     size_t axis_count, struct ota_arena *arena, char *problem,
                     size_t problem_size);

/*
 * A Latin hypercube of `points` points: a range is cut into as many strata and
 * each stratum has one point; of values that are listed or counted (:12), each
 * comes as often as another to within one. The seed names its draws. Source:
 * M. D. McKay, R. J. Beckman, W. J. Conover, Technometrics 21 (1979).
 */
bool ota_design_lhs(struct ota_design *design, const struct ota_axis *axes,
                    size_t axis_count, size_t points, uint64_t seed,
                    struct ota_arena *arena, char *problem,
                    size_t problem_size);

#endif
