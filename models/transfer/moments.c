/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * moments.c - sums of many times, drawn at once.
 *
 * Moments. Of max(X, a) given X < b the k-th raw moment is
 * (a^k P(X < a) + E[X^k; a <= X < b]) / P(X < b). The partial moments
 * E[X^k; ...] are known in closed form: for a lognormal one,
 * exp(k mu + k^2 sigma^2 / 2) times the probability of the same interval
 * under mu + k sigma^2; for a gamma one, a gamma probability with a shape
 * larger by k; for the rest by integrating the density. Source: Johnson, Kotz,
 * Balakrishnan: Continuous Univariate Distributions, vol. 1, 2nd ed. (1994),
 * ch. 14 and 17.
 *
 * Sums. n independent times have n times the mean, variance and third central
 * moment of one. The sum is drawn from the Pearson type III distribution (a
 * shifted gamma one) of the same three: with skewness g its shape is 4/g^2.
 * For fixed, exponential and gamma times that is exact. Where g > 1, or
 * there are but few of a kind, the shape of the single times still shows, and
 * they are drawn one by one. Source: Johnson, Kotz, Balakrishnan, ch. 12 and
 * 17; Marsaglia, Tsang: A simple method for generating gamma variables, ACM
 * Trans. Math. Softw. 26 (2000), 363.
 */
#include "models/transfer/flow.h"

#include <assert.h>
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "sim/base/clock.h"
#include "sim/base/sample.h"

enum { MOMENTS = 4 }; /* of order 0 to 3 */

static const double skewness_max = 1;
static const int64_t few = 8;
static const double share_min = 0.5;

static bool partial(const struct ota_dist *dist, double from, double below,
                    double weight, double raw[MOMENTS]);

/* Adds those of a time spread evenly over [low, high]. */
static void add_uniform(double low, double high, double from, double below,
                        double weight, double raw[MOMENTS])
{
    const double a = fmax(low, from);
    const double b = fmin(high, below);
    double power_a = a, power_b = b;

    if (low == high) { /* a point, that may be the lower end */
        if (low < from || low >= below)
            return;
        for (int k = 0; k < MOMENTS; k++)
            raw[k] += weight * pow(low, k);
        return;
    }
    if (!(b > a))
        return;
    for (int k = 0; k < MOMENTS; k++) {
        raw[k] += weight * (power_b - power_a) / ((k + 1) * (high - low));
        power_a *= a;
        power_b *= b;
    }
}

/* Beyond 6 deviations there is less than 1e-9, which makes no difference to
 * a sum that is right to three moments. */
static const double deviations_most = 6;

static double normal_below(double z)
{
    if (z >= deviations_most)
        return 1;
    return z <= -deviations_most ? 0 : 0.5 * erfc(-z * sqrt(0.5));
}

static void add_lognormal(const struct ota_dist *dist, double from,
                          double below, double weight, double raw[MOMENTS])
{
    const double mu = dist->a, sigma = dist->b;
    const double a = from > 0 ? (log(from) - mu) / sigma : -INFINITY;
    const double b = isinf(below) ? INFINITY : (log(below) - mu) / sigma;

    /* exp(k mu + k^2 sigma^2 / 2), from one k to the next. */
    const double spread = exp(sigma * sigma);
    double step = exp(mu + 0.5 * sigma * sigma);
    double moment = weight;

    for (int k = 0; k < MOMENTS; k++) {
        raw[k] += moment *
                  (normal_below(b - k * sigma) - normal_below(a - k * sigma));
        moment *= step;
        step *= spread;
    }
}

static void add_gamma(double shape, double scale, double from, double below,
                      double weight, double raw[MOMENTS])
{
    double factor = weight;

    for (int k = 0; k < MOMENTS; k++) {
        const double b =
            isinf(below) ? 1 : gsl_cdf_gamma_P(below, shape + k, scale);
        const double a = from > 0 ? gsl_cdf_gamma_P(from, shape + k, scale) : 0;
        raw[k] += factor * (b - a);
        factor *= (shape + k) * scale;
    }
}

static bool add_mixture(const struct ota_dist *dist, double from, double below,
                        double weight, double raw[MOMENTS])
{
    double before = 0;

    for (size_t i = 0; i < dist->count; i++) {
        const struct ota_dist_part *part = &dist->parts[i];
        if (!partial(&part->of, from, below, weight * (part->weight - before),
                     raw))
            return false;
        before = part->weight;
    }
    return true;
}

static void add_empirical(const struct ota_dist *dist, double from,
                          double below, double weight, double raw[MOMENTS])
{
    for (size_t i = 1; i < dist->count; i++) {
        const struct ota_dist_part *low = &dist->parts[i - 1];
        const struct ota_dist_part *high = &dist->parts[i];
        add_uniform(low->value, high->value, from, below,
                    weight * (high->weight - low->weight), raw);
    }
}

/* Adds weight * E[X^k; from <= X < below]. */
static bool partial(const struct ota_dist *dist, double from, double below,
                    double weight, double raw[MOMENTS])
{
    switch (dist->kind) {
    case OTA_DIST_FIXED:
        add_uniform(dist->a, dist->a, from, below, weight, raw);
        return true;
    case OTA_DIST_UNIFORM:
        add_uniform(dist->a, dist->b, from, below, weight, raw);
        return true;
    case OTA_DIST_EXPONENTIAL:
        add_gamma(1, dist->a, from, below, weight, raw);
        return true;
    case OTA_DIST_LOGNORMAL:
        if (!(dist->b > 0))
            return false;
        add_lognormal(dist, from, below, weight, raw);
        return true;
    case OTA_DIST_GAMMA:
        add_gamma(dist->a, dist->b, from, below, weight, raw);
        return true;
    case OTA_DIST_EMPIRICAL:
        add_empirical(dist, from, below, weight, raw);
        return true;
    case OTA_DIST_MIXTURE:
        return add_mixture(dist, from, below, weight, raw);
    case OTA_DIST_TRIANGULAR:
    case OTA_DIST_WEIBULL:
        return false;
    }
    return false;
}

/* A lognormal time that practically never comes near the limits: less than
 * once in 10^7 times, and they hold less than 2e-5 of its third moment. */
static bool whole_lognormal(const struct ota_dist *dist, double from,
                            double below, struct ota_moments *moments)
{
    if (dist->kind != OTA_DIST_LOGNORMAL || from > 0 ||
        dist->a + dist->b * fmax(3 * dist->b + 4.2, 5.2) > log(below))
        return false;
    const double w = exp(dist->b * dist->b);
    const double mean = exp(dist->a) * sqrt(w);
    const double variance = mean * mean * (w - 1);
    *moments = (struct ota_moments){mean, variance,
                                    mean * variance * (w - 1) * (w + 2)};
    return true;
}

bool ota_moments_between(const struct ota_dist *dist, double from_us,
                         double below_us, struct ota_moments *moments,
                         double *share)
{
    double raw[MOMENTS] = {0}, least[MOMENTS] = {0};

    *share = 1;
    if (dist->kind == OTA_DIST_FIXED && dist->a < below_us) {
        *moments = (struct ota_moments){.mean = fmax(dist->a, from_us)};
        return true;
    }
    if (whole_lognormal(dist, from_us, below_us, moments))
        return true;
    if (!partial(dist, from_us, below_us, 1, raw))
        return false;
    if (from_us > 0) {
        if (!partial(dist, -INFINITY, from_us, 1, least))
            return false;
        for (int k = 0; k < MOMENTS; k++)
            raw[k] += least[0] * pow(from_us, k);
    }
    *share = fmin(raw[0], 1);
    if (!(*share >= share_min))
        return false;
    const double mean = raw[1] / raw[0];
    const double square = raw[2] / raw[0];
    const double cube = raw[3] / raw[0];
    moments->mean = mean;
    moments->variance = square - mean * mean;
    moments->third = cube - 3 * mean * square + 2 * mean * mean * mean;
    if (!(moments->variance > 1e-10 * mean * mean)) {
        moments->variance = 0; /* what is left is rounding */
        moments->third = 0;
    }
    return true;
}

static int64_t ticks(double time_us)
{
    return time_us < 0x1p62 ? ota_us_round(fmax(time_us, 0)) : OTA_NEVER / 2;
}

/* A gamma number of that shape, > 1/3, by Marsaglia and Tsang's rejection. */
static double draw_gamma(double shape, gsl_rng *rng)
{
    const double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);

    for (;;) {
        const double x = ota_normal(rng);
        const double root = 1 + c * x;
        if (root <= 0)
            continue;
        const double cube = root * root * root;
        const double u = 1 - ota_uniform(rng);
        const double square = x * x;
        if (u < 1 - 0.0331 * square * square ||
            log(u) < 0.5 * square + d * (1 - cube + log(cube)))
            return d * cube;
    }
}

/* Draws from the Pearson type III distribution of these moments. */
static double draw_pearson(const struct ota_moments *sum, double skewness,
                           gsl_rng *rng)
{
    const double deviation = sqrt(sum->variance);
    const double g = fabs(skewness);

    if (g < 1e-3)
        return sum->mean + deviation * ota_normal(rng);
    const double shape = 4 / (g * g);
    const double off = deviation * g / 2 * (draw_gamma(shape, rng) - shape);
    return sum->mean + (skewness < 0 ? -off : off);
}

static double draw_singly(const struct ota_flow_part *part, gsl_rng *rng)
{
    double sum = 0;

    for (int64_t i = 0; i < part->count; i++) {
        double time_us;
        do
            time_us = ota_dist_draw(part->dist, rng);
        while (time_us >= part->below_us);
        sum += part->scale * fmax(time_us, part->from_us);
    }
    return sum;
}

int64_t ota_flow_draw_sum(struct ota_flow_part *parts, int count, gsl_rng *rng)
{
    struct ota_moments sum = {0, 0, 0};
    double drawn = 0;

    for (int i = 0; i < count; i++) {
        const double n = (double)parts[i].count;
        if (parts[i].count <= few && parts[i].each.variance > 0) {
            drawn += draw_singly(&parts[i], rng);
            parts[i].count = 0;
            continue;
        }
        sum.mean += n * parts[i].each.mean;
        sum.variance += n * parts[i].each.variance;
        sum.third += n * parts[i].each.third;
    }
    const double skewness =
        sum.variance > 0 ? sum.third / (sum.variance * sqrt(sum.variance)) : 0;
    if (!(sum.variance > 0))
        drawn += sum.mean;
    else if (fabs(skewness) <= skewness_max)
        drawn += draw_pearson(&sum, skewness, rng);
    else
        for (int i = 0; i < count; i++)
            drawn += draw_singly(&parts[i], rng);
    for (int i = 0; i < count; i++)
        parts[i].count = 0;
    return ticks(drawn);
}
