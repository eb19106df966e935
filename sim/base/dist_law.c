/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dist_law.c - variance, distribution function and quantiles of distributions.
 *
 * Quantiles are found by bisection of the distribution function between two
 * values that hold them: one law of the kinds that have no inverse is then as
 * good as any other, and estimates ask for few of them.
 *
 * Source: Johnson, Kotz, Balakrishnan: Continuous Univariate Distributions,
 * vol. 1, 2nd ed. (1994) and vol. 2 (1995), ch. 14, 17, 19, 21 and 26.
 */
#include "sim/base/dist.h"

#include <assert.h>
#include <math.h>

#include <gsl/gsl_cdf.h>

/* The second raw moment of a line of quantiles and of a mixture; the parts'
 * means and variances add up. */
static double square_of_parts(const struct ota_dist *dist)
{
    double sum = 0, before = 0;

    for (size_t i = 1; dist->kind == OTA_DIST_EMPIRICAL && i < dist->count;
         i++) {
        const double a = dist->parts[i - 1].value;
        const double b = dist->parts[i].value;
        sum += (dist->parts[i].weight - dist->parts[i - 1].weight) *
               (a * a + a * b + b * b) / 3;
    }
    for (size_t i = 0; dist->kind == OTA_DIST_MIXTURE && i < dist->count; i++) {
        const struct ota_dist_part *part = &dist->parts[i];
        const double mean = ota_dist_mean(&part->of);
        sum += (part->weight - before) *
               (ota_dist_variance(&part->of) + mean * mean);
        before = part->weight;
    }
    return sum;
}

double ota_dist_variance(const struct ota_dist *dist)
{
    const double a = dist->a, b = dist->b, c = dist->c;
    const double mean = ota_dist_mean(dist);

    switch (dist->kind) {
    case OTA_DIST_FIXED:
        return 0;
    case OTA_DIST_UNIFORM:
        return (b - a) * (b - a) / 12;
    case OTA_DIST_TRIANGULAR:
        return ((b - a) * (b - a) + (c - b) * (c - b) + (b - a) * (c - b)) / 18;
    case OTA_DIST_EXPONENTIAL:
        return a * a;
    case OTA_DIST_LOGNORMAL:
        return mean * mean * expm1(b * b);
    case OTA_DIST_GAMMA:
        return a * b * b;
    case OTA_DIST_WEIBULL:
        return b * b * tgamma(1 + 2 / a) - mean * mean;
    case OTA_DIST_EMPIRICAL:
    case OTA_DIST_MIXTURE:
        return fmax(square_of_parts(dist) - mean * mean, 0);
    }
    assert(false && "no such distribution");
    return 0;
}

static double triangular_cdf(const struct ota_dist *dist, double value)
{
    const double a = dist->a, b = dist->b, c = dist->c;

    if (value <= a)
        return value == a && a == c;
    if (value >= c)
        return 1;
    return value < b ? (value - a) * (value - a) / ((c - a) * (b - a))
                     : 1 - (c - value) * (c - value) / ((c - a) * (c - b));
}

static double empirical_cdf(const struct ota_dist *dist, double value)
{
    double p = 0;

    if (value < dist->parts[0].value)
        return 0;
    for (size_t i = 1; i < dist->count; i++) {
        const struct ota_dist_part *low = &dist->parts[i - 1];
        const struct ota_dist_part *high = &dist->parts[i];
        if (value >= high->value) {
            p = high->weight;
            continue;
        }
        return low->weight + (value - low->value) / (high->value - low->value) *
                                 (high->weight - low->weight);
    }
    return p;
}

static double mixture_cdf(const struct ota_dist *dist, double value)
{
    double sum = 0, before = 0;

    for (size_t i = 0; i < dist->count; i++) {
        sum += (dist->parts[i].weight - before) *
               ota_dist_cdf(&dist->parts[i].of, value);
        before = dist->parts[i].weight;
    }
    return sum;
}

double ota_dist_cdf(const struct ota_dist *dist, double value)
{
    const double a = dist->a, b = dist->b;

    switch (dist->kind) {
    case OTA_DIST_FIXED:
        return value >= a;
    case OTA_DIST_UNIFORM:
        return value >= b ? 1 : value <= a ? 0 : (value - a) / (b - a);
    case OTA_DIST_TRIANGULAR:
        return triangular_cdf(dist, value);
    case OTA_DIST_EXPONENTIAL:
        return value > 0 ? -expm1(-value / a) : 0;
    case OTA_DIST_LOGNORMAL:
        if (!(b > 0))
            return value >= exp(a);
        return value > 0 ? gsl_cdf_ugaussian_P((log(value) - a) / b) : 0;
    case OTA_DIST_GAMMA:
        return value > 0 ? gsl_cdf_gamma_P(value, a, b) : 0;
    case OTA_DIST_WEIBULL:
        return value > 0 ? -expm1(-pow(value / b, a)) : 0;
    case OTA_DIST_EMPIRICAL:
        return empirical_cdf(dist, value);
    case OTA_DIST_MIXTURE:
        return mixture_cdf(dist, value);
    }
    assert(false && "no such distribution");
    return 0;
}

double ota_dist_quantile(const struct ota_dist *dist, double p)
{
    double low = ota_dist_least(dist);
    double high = ota_dist_most(dist);

    assert(p > 0 && p < 1);
    if (ota_dist_cdf(dist, low) >= p)
        return low;
    if (isinf(high))
        for (high = fmax(ota_dist_mean(dist), 1); ota_dist_cdf(dist, high) < p;)
            high *= 2;
    for (int step = 0; step < 200 && high - low > 1e-13 * high; step++) {
        const double middle = low + (high - low) / 2;
        if (ota_dist_cdf(dist, middle) < p)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* Of X and a limit the lesser has the mean least + integral of 1 - F; points
 * are denser towards the least, where most distributions have their mass. */
double ota_dist_mean_upto(const struct ota_dist *dist, double limit)
{
    enum { POINTS = 4000 };
    const double least = ota_dist_least(dist);
    const double within = ota_dist_cdf(dist, limit);
    double sum = 0;

    if (!(within > 0))
        return NAN;
    if (ota_dist_most(dist) <= limit)
        return ota_dist_mean(dist);
    for (int k = 0; k < POINTS; k++) {
        const double u = (k + 0.5) / POINTS;
        sum +=
            2 * u * (1 - ota_dist_cdf(dist, least + (limit - least) * u * u));
    }
    const double lesser = least + (limit - least) * sum / POINTS;
    return (lesser - limit * (1 - within)) / within;
}
