/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dist.h - distributions of durations and amounts, as a scenario writes them.
 *
 *     30s                              always this
 *     fixed(30s)                       the same
 *     uniform(3s, 20s)                 least, most
 *     triangular(150USD, 350USD, 1000USD)   least, likeliest, most
 *     exponential(1h)                  mean
 *     lognormal(15s, 40s)              median, 95th percentile
 *     gamma(2, 10s)                    shape (0.05 or more), mean
 *     weibull(1.5, 10s)                shape (0.05 or more), scale
 *     empirical(0: 1s, 0.5: 2s, 1: 9s) quantiles, straight lines between
 *     empirical(delays.txt)            one amount a line, each as likely; "#"
 *                                      begins a comment
 *     mixture(0.99: lognormal(1s, 2s), 0.01: uniform(10s, 90s))
 *
 * Values are doubles in the base unit of the dimension (units.h); a caller
 * rounds a draw to ticks at once. Sources: GSL reference manual, "Random
 * Number Distributions"; for the lognormal, ln X is normal with mean ln median
 * and deviation ln(p95/median)/1.6448536.
 */
#ifndef OTA_DIST_H
#define OTA_DIST_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

#include "sim/base/arena.h"
#include "sim/base/clock.h"
#include "sim/base/units.h"

enum ota_dist_kind {
    OTA_DIST_FIXED,
    OTA_DIST_UNIFORM,
    OTA_DIST_TRIANGULAR,
    OTA_DIST_EXPONENTIAL,
    OTA_DIST_LOGNORMAL,
    OTA_DIST_GAMMA,
    OTA_DIST_WEIBULL,
    OTA_DIST_EMPIRICAL,
    OTA_DIST_MIXTURE,
};

/*
 * A distribution. What a, b, c mean depends on kind, in the order of the text
 * form; for LOGNORMAL they are mu and sigma of ln X, for GAMMA shape and
 * scale. Plain data: copy it freely; parts belongs to an arena.
 */
struct ota_dist {
    enum ota_dist_kind kind;
    enum ota_dimension dimension;
    double a, b, c;
    const char *text; /* as written, trimmed; in the arena. NULL if it was not
                       * read: FIXED, whose text is the amount a */
    size_t count;     /* of parts */
    const struct ota_dist_part *parts; /* EMPIRICAL, MIXTURE */
};

struct ota_dist_part {
    double weight;      /* EMPIRICAL: the quantile's p; MIXTURE: cumulated
                         * share, the last one 1 */
    double value;       /* EMPIRICAL: the quantile */
    struct ota_dist of; /* MIXTURE */
};

struct ota_dist ota_dist_fixed(enum ota_dimension dimension, double value);

/* One of that mean, > 0. */
struct ota_dist ota_dist_exponential(enum ota_dimension dimension, double mean);

/*
 * Reads the text form. Memory comes from arena; a file named in it is sought
 * in folder (NULL: the current one). Returns false with a message for a
 * person in problem, and in *column how far into text (from 0) it stands.
 */
bool ota_dist_parse(enum ota_dimension dimension, const char *text,
                    const char *folder, struct ota_arena *arena,
                    struct ota_dist *dist, size_t *column, char *problem,
                    size_t problem_size);

/* What ota_dist_draw() does where a value is not fixed. */
double ota_dist_sample(const struct ota_dist *dist, gsl_rng *rng);

/* Draws one value, in base units; finite. rng must be of type
 * ota_rng_threefry (random.h); a value that is fixed takes none of it. */
static inline double ota_dist_draw(const struct ota_dist *dist, gsl_rng *rng)
{
    return dist->kind == OTA_DIST_FIXED ? dist->a : ota_dist_sample(dist, rng);
}

/* Draws a duration, rounded to whole ticks; dist must be of OTA_TIME. */
static inline int64_t ota_dist_draw_us(const struct ota_dist *dist,
                                       gsl_rng *rng)
{
    assert(dist->dimension == OTA_TIME);

    const double ticks = ota_dist_draw(dist, rng);
    return ticks < 0x1p63 ? ota_us_round(ticks) : OTA_NEVER;
}

/* The expected value, in closed form. */
double ota_dist_mean(const struct ota_dist *dist);

/* The ends of the support: nothing less and nothing larger comes; infinity
 * where unbounded. */
double ota_dist_least(const struct ota_dist *dist);
double ota_dist_most(const struct ota_dist *dist);

/* The variance, in closed form. */
double ota_dist_variance(const struct ota_dist *dist);

/* The probability of value or less, in closed form. */
double ota_dist_cdf(const struct ota_dist *dist, double value);

/* The expected value of what is limit or less; NaN if nothing is. */
double ota_dist_mean_upto(const struct ota_dist *dist, double limit);

/* The least value with ota_dist_cdf() >= p, 0 < p < 1, to 12 digits. */
double ota_dist_quantile(const struct ota_dist *dist, double p);

#endif
