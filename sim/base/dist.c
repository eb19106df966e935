/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dist.c - draws from distributions, and what is known of them in closed form.
 */
#include "sim/base/dist.h"

#include <assert.h>
#include <float.h>
#include <math.h>

#include <gsl/gsl_randist.h>

#include "sim/base/clock.h"
#include "sim/base/sample.h"

struct ota_dist ota_dist_fixed(enum ota_dimension dimension, double value)
{
    return (struct ota_dist){
        .kind = OTA_DIST_FIXED, .dimension = dimension, .a = value};
}

struct ota_dist ota_dist_exponential(enum ota_dimension dimension, double mean)
{
    return (struct ota_dist){
        .kind = OTA_DIST_EXPONENTIAL, .dimension = dimension, .a = mean};
}

/* Inverse of the distribution function, which is quadratic on either side of
 * the mode b. */
static double triangular_draw(const struct ota_dist *dist, gsl_rng *rng)
{
    const double u = ota_uniform(rng);
    const double width = dist->c - dist->a;
    const double left = dist->b - dist->a;

    if (u * width < left)
        return dist->a + sqrt(u * width * left);
    return dist->c - sqrt((1.0 - u) * width * (dist->c - dist->b));
}

/* The quantile function at u: a straight line between the two quantiles that
 * u lies between. Of equal p (a step) the last counts. */
static double empirical_draw(const struct ota_dist *dist, gsl_rng *rng)
{
    const double u = ota_uniform(rng);
    size_t low = 0;
    size_t high = dist->count - 1;

    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (dist->parts[middle].weight <= u)
            low = middle;
        else
            high = middle;
    }

    const struct ota_dist_part *from = &dist->parts[low];
    const struct ota_dist_part *to = &dist->parts[high];
    return from->value + (u - from->weight) / (to->weight - from->weight) *
                             (to->value - from->value);
}

static double mixture_draw(const struct ota_dist *dist, gsl_rng *rng)
{
    const double u = ota_uniform(rng);
    size_t i = 0;

    while (dist->parts[i].weight <= u) /* the last is 1 */
        i++;
    return ota_dist_draw(&dist->parts[i].of, rng);
}

static double finite(double value)
{
    return value < DBL_MAX ? value : DBL_MAX;
}

double ota_dist_sample(const struct ota_dist *dist, gsl_rng *rng)
{
    switch (dist->kind) {
    case OTA_DIST_FIXED:
        return dist->a;
    case OTA_DIST_UNIFORM:
        return dist->a + (dist->b - dist->a) * ota_uniform(rng);
    case OTA_DIST_EXPONENTIAL:
        return finite(dist->a * ota_exponential(rng));
    case OTA_DIST_LOGNORMAL:
        return finite(ota_exp(dist->a + dist->b * ota_normal(rng)));
    case OTA_DIST_TRIANGULAR:
        return triangular_draw(dist, rng);
    case OTA_DIST_GAMMA:
        return finite(gsl_ran_gamma(rng, dist->a, dist->b));
    case OTA_DIST_WEIBULL:
        return finite(dist->b * pow(ota_exponential(rng), 1 / dist->a));
    case OTA_DIST_EMPIRICAL:
        return empirical_draw(dist, rng);
    case OTA_DIST_MIXTURE:
        return mixture_draw(dist, rng);
    }
    assert(false && "no such distribution");
    return 0.0;
}

/* The integral of the quantile function. */
static double empirical_mean(const struct ota_dist *dist)
{
    double sum = 0.0;

    for (size_t i = 1; i < dist->count; i++) {
        const struct ota_dist_part *from = &dist->parts[i - 1];
        const struct ota_dist_part *to = &dist->parts[i];
        sum += (to->weight - from->weight) *
               (from->value + 0.5 * (to->value - from->value));
    }
    return sum;
}

static double mixture_mean(const struct ota_dist *dist)
{
    double sum = 0.0;
    double before = 0.0;

    for (size_t i = 0; i < dist->count; i++) {
        sum += (dist->parts[i].weight - before) *
               ota_dist_mean(&dist->parts[i].of);
        before = dist->parts[i].weight;
    }
    return sum;
}

double ota_dist_mean(const struct ota_dist *dist)
{
    switch (dist->kind) {
    case OTA_DIST_FIXED:
    case OTA_DIST_EXPONENTIAL:
        return dist->a;
    case OTA_DIST_UNIFORM:
        return 0.5 * dist->a + 0.5 * dist->b;
    case OTA_DIST_TRIANGULAR:
        return dist->a / 3.0 + dist->b / 3.0 + dist->c / 3.0;
    case OTA_DIST_LOGNORMAL:
        return exp(dist->a + 0.5 * dist->b * dist->b);
    case OTA_DIST_GAMMA:
        return dist->a * dist->b;
    case OTA_DIST_WEIBULL:
        return dist->b * tgamma(1.0 + 1.0 / dist->a);
    case OTA_DIST_EMPIRICAL:
        return empirical_mean(dist);
    case OTA_DIST_MIXTURE:
        return mixture_mean(dist);
    }
    assert(false && "no such distribution");
    return 0.0;
}

double ota_dist_least(const struct ota_dist *dist)
{
    double least = INFINITY;

    switch (dist->kind) {
    case OTA_DIST_FIXED:
    case OTA_DIST_UNIFORM:
    case OTA_DIST_TRIANGULAR:
        return dist->a;
    case OTA_DIST_EXPONENTIAL:
    case OTA_DIST_LOGNORMAL:
    case OTA_DIST_GAMMA:
    case OTA_DIST_WEIBULL:
        return 0.0;
    case OTA_DIST_EMPIRICAL:
        return dist->parts[0].value;
    case OTA_DIST_MIXTURE:
        for (size_t i = 0; i < dist->count; i++)
            least = fmin(least, ota_dist_least(&dist->parts[i].of));
        return least;
    }
    assert(false && "no such distribution");
    return 0.0;
}

double ota_dist_most(const struct ota_dist *dist)
{
    double most = 0.0;

    switch (dist->kind) {
    case OTA_DIST_FIXED:
        return dist->a;
    case OTA_DIST_UNIFORM:
        return dist->b;
    case OTA_DIST_TRIANGULAR:
        return dist->c;
    case OTA_DIST_EXPONENTIAL:
    case OTA_DIST_LOGNORMAL:
    case OTA_DIST_GAMMA:
    case OTA_DIST_WEIBULL:
        return INFINITY;
    case OTA_DIST_EMPIRICAL:
        return dist->parts[dist->count - 1].value;
    case OTA_DIST_MIXTURE:
        for (size_t i = 0; i < dist->count; i++)
            most = fmax(most, ota_dist_most(&dist->parts[i].of));
        return most;
    }
    assert(false && "no such distribution");
    return 0.0;
}
