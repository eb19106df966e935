/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trials.h - datagrams, exchanges or the like, one after another, each failing
 * with the same probability whatever the others do.
 *
 * How many pass before the first failure is geometric: floor(ln U / ln(1 - p)).
 * None of n fails with probability (1 - p)^n, which is n p less than 1 at most:
 * so nearly always one comparison says that none does, without a logarithm.
 * Source: Devroye: Non-Uniform Random Variate Generation (1986), ch. X.2.
 */
#ifndef OTA_TRIALS_H
#define OTA_TRIALS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/base/random.h"

/* Returns how many of `most` trials that fail with probability p pass before
 * the first failure. */
static inline int64_t ota_trials_pass(int64_t most, double p, gsl_rng *rng)
{
    if (p <= 0)
        return most;
    const double u = ota_uniform(rng);
    if (u >= (double)most * p)
        return most;
    const double passes = log1p(-u) / log1p(-fmin(p, 1));
    return passes < (double)most ? (int64_t)passes : most;
}

/* Trials asked for one by one; begin with all 0 but p. */
struct ota_trials {
    double p;
    int ahead;      /* trials that have been drawn together */
    int64_t passes; /* of those, until one that fails */
};

/* Returns whether the next one fails. */
static inline bool ota_trials_fail(struct ota_trials *trials, gsl_rng *rng)
{
    enum { TOGETHER = 8 };

    if (!trials->ahead) {
        trials->ahead = TOGETHER;
        trials->passes = ota_trials_pass(TOGETHER, trials->p, rng);
    }
    trials->ahead--;
    if (trials->passes-- > 0)
        return false;
    trials->ahead = 0;
    return true;
}

#endif
