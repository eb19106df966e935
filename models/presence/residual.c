/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * residual.c - the equilibrium law of a renewal process, drawn exactly.
 *
 * The stretch that an arbitrary instant hits has density x f(x) / E[X], and
 * the instant is uniform in it (Cox: Renewal Theory, 1962, ch. 5). Weighting
 * by x keeps most laws in their family:
 *
 *     fixed        itself
 *     uniform      distribution function (x^2 - a^2) / (b^2 - a^2)
 *     exponential  gamma of shape 2
 *     lognormal    mu + sigma^2 for mu
 *     gamma        shape + 1
 *     weibull      (X / scale)^shape is gamma of shape 1 + 1 / shape
 *     mixture      shares weighted by the means of the parts
 *
 * The other two end somewhere, at m: draw from the law itself and keep a draw
 * x with chance x / m, which takes m / E[X] tries (triangular: at most 3).
 */
#include "models/presence/residual.h"

#include <assert.h>
#include <float.h>
#include <math.h>

#include <gsl/gsl_randist.h>

#include "sim/base/sample.h"

static double uniform_hit(const struct ota_dist *dist, gsl_rng *rng)
{
    const double least = dist->a;
    const double most = dist->b;
    const double u = ota_uniform(rng);

    return sqrt(least * least + u * (most * most - least * least));
}

static double kept_hit(const struct ota_dist *dist, gsl_rng *rng)
{
    const double most = ota_dist_most(dist);

    for (;;) {
        const double x = ota_dist_draw(dist, rng);
        if (ota_uniform(rng) * most < x)
            return x;
    }
}

static double mixture_hit(const struct ota_dist *dist, gsl_rng *rng)
{
    double left = ota_uniform(rng) * ota_dist_mean(dist);
    double before = 0;
    const struct ota_dist *hit = NULL;

    for (size_t i = 0; i < dist->count && left >= 0; i++) {
        const struct ota_dist_part *part = &dist->parts[i];
        const double mean = ota_dist_mean(&part->of);
        if (mean > 0)
            hit = &part->of;
        left -= (part->weight - before) * mean;
        before = part->weight;
    }
    assert(hit && "the mean is more than 0");
    return ota_residual_hit(hit, rng);
}

double ota_residual_hit(const struct ota_dist *dist, gsl_rng *rng)
{
    assert(ota_dist_mean(dist) > 0);
    switch (dist->kind) {
    case OTA_DIST_FIXED:
        return dist->a;
    case OTA_DIST_UNIFORM:
        return uniform_hit(dist, rng);
    case OTA_DIST_EXPONENTIAL:
        return dist->a * (ota_exponential(rng) + ota_exponential(rng));
    case OTA_DIST_LOGNORMAL:
        return fmin(ota_exp(dist->a + dist->b * (dist->b + ota_normal(rng))),
                    DBL_MAX);
    case OTA_DIST_GAMMA:
        return gsl_ran_gamma(rng, dist->a + 1, dist->b);
    case OTA_DIST_WEIBULL:
        return fmin(
            dist->b * pow(gsl_ran_gamma(rng, 1 + 1 / dist->a, 1), 1 / dist->a),
            DBL_MAX);
    case OTA_DIST_MIXTURE:
        return mixture_hit(dist, rng);
    case OTA_DIST_TRIANGULAR:
    case OTA_DIST_EMPIRICAL:
        return kept_hit(dist, rng);
    }
    assert(false && "no such distribution");
    return 0;
}

double ota_residual_draw(const struct ota_dist *dist, gsl_rng *rng)
{
    const double hit = ota_residual_hit(dist, rng);

    return hit * ota_uniform(rng);
}
