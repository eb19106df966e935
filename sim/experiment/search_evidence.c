/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * search_evidence.c - what replications that no choice was made by show.
 *
 * With few values of a skewed law Student's t falls short on the side of the
 * long tail, and of values that are all the same it makes a point. So the half
 * of the interval that has to show a goal is wider by the factor
 *
 *     1 + 10 g^2 / n,
 *
 * g being the skewness of the n values if their tail is on that side, or else 0
 * (10 as in precision.c); and values that are all the same show nothing until
 * one in twenty that is different would have been seen with the confidence,
 * and never that they are on the right side of what they are, except where
 * their interval is exact. Where devices have to do with each
 * other, one replication of five may be quite another story: candidates are
 * looked at from 32 replications on then.
 *
 * What it is worth: a candidate just on the edge of a goal, which none may
 * claim, is claimed, in 20,000 repetitions of looks at 8, 16, ... 256,
 *
 *     law, its tail on the bad side       t alone   so
 *     normal                                0.024   0.018
 *     exponential                           0.116   0.050
 *     lognormal, sigma 0.5                  0.086   0.048
 *     lognormal, sigma 1                    0.212   0.092
 *     3 % of values are 1, the others 0     0.785   0.001
 *     a fifth is far off, staged            0.189   0.001
 *     one in twenty is far off, staged      0.662   0.192
 *
 * What is rarer than one in ten may well be missed: the answer says so of what
 * is staged. tests/oracle/test_search.c repeats some of the last column.
 */
#include <math.h>

#include "sim/experiment/search_parts.h"
#include "sim/stats/precision.h"

enum { LOOK_STAGED = 32 };

static const double skewed = 10.0; /* what skewness costs */

int64_t search_first_look(const struct search *search, size_t spot)
{
    const struct ota_search_oracle *oracle = &search->setup->oracle;
    const size_t point = search->result->spots[spot].point;

    return oracle->staged && oracle->staged(oracle->context, point)
               ? LOOK_STAGED
               : SEARCH_LOOK;
}

/* How skewed the values of a goal are to its bad side; 0: not at all. */
static double skewed_badly(const struct search *search, size_t spot,
                           size_t goal, int64_t count)
{
    const struct ota_search_oracle *oracle = &search->setup->oracle;
    struct ota_search *result = search->result;
    double *values =
        ota_arena_alloc(&result->arena, (size_t)count, sizeof(*values));

    if (!values)
        return INFINITY;
    for (int64_t r = 0; r < count; r++)
        values[r] = oracle->value(oracle->context, result->spots[spot].point,
                                  1 + goal, result->fresh + r);
    const double g = ota_precision_skewness(values, (size_t)count);
    return fmax(search->setup->goals[goal].at_least ? -g : g, 0.0);
}

struct ota_estimate search_evidence(const struct search *search, size_t spot,
                                    size_t goal, int64_t count,
                                    double confidence)
{
    const struct ota_search_oracle *oracle = &search->setup->oracle;
    const double g = skewed_badly(search, spot, goal, count);
    const double wider = 1.0 + skewed * g * g / (double)count;
    struct ota_estimate e =
        oracle->estimate(oracle->context, search->result->spots[spot].point,
                         1 + goal, search->result->fresh, count, confidence);

    const double spare = fabs(e.mean - search->setup->goals[goal].value);
    const double enough = ota_precision_same((1.0 + confidence) / 2.0);

    if (e.hi <= e.lo && ((double)count < enough || !(spare > 0.0))) {
        e.lo = NAN;
        e.hi = NAN;
    } else if (search->setup->goals[goal].at_least) {
        e.lo = e.mean - wider * (e.mean - e.lo);
    } else {
        e.hi = e.mean + wider * (e.hi - e.mean);
    }
    return e;
}
