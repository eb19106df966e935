/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * interval.c - the formulas behind interval.h.
 *
 * Student: mean +- t s / sqrt(n), t being the upper (1 - confidence)/2 point
 * of the t distribution with n - 1 degrees of freedom.
 *
 * Of strata the variances of the sums add up, and so many degrees of freedom
 * would have as much doubt about their sum as there is.
 *
 * Clopper-Pearson: the ends are the shares at which so many hits or more, and
 * so many or fewer, come with probability (1 - confidence)/2 each. A binomial
 * tail is an incomplete beta function, P(X >= h) = I_p(h, n - h + 1), so the
 * ends are beta quantiles. GSL's gsl_cdf_beta_Pinv() returns NaN for many of
 * the counts that fleets have, hence the search here.
 *
 * Order statistics: the r-th of n values is above the quantile p only if fewer
 * than r values are at or below it, and below it only if at least r are less.
 * Both counts are binomial, of a share that is at least and at most p: the
 * tails of the binomial law of n and p say which r are safe.
 */
#include "sim/stats/interval.h"

#include <assert.h>
#include <float.h>
#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>

static double tail_of(double confidence)
{
    assert(confidence > 0.0 && confidence < 1.0);
    return (1.0 - confidence) / 2.0;
}

static struct ota_estimate nothing(void)
{
    return (struct ota_estimate){.mean = NAN, .lo = NAN, .hi = NAN};
}

struct ota_estimate ota_interval_t(const struct ota_tally *values,
                                   double confidence)
{
    const double tail = tail_of(confidence);
    if (values->count == 0)
        return nothing();

    struct ota_estimate estimate = {
        .mean = values->mean,
        .lo = NAN,
        .hi = NAN,
        .values = values->count,
        .of = values->count,
    };
    if (values->count > 1) {
        const double n = (double)values->count;
        const double half = gsl_cdf_tdist_Qinv(tail, n - 1.0) *
                            sqrt(ota_tally_variance(values) / n);
        estimate.lo = estimate.mean - half;
        estimate.hi = estimate.mean + half;
    }
    return estimate;
}

void ota_strata_add(struct ota_strata *strata, const struct ota_tally *stratum)
{
    const double n = (double)stratum->count;
    const double variance = n * ota_tally_variance(stratum);

    strata->values += stratum->count;
    strata->sum += n * stratum->mean;
    strata->variance += variance;
    if (stratum->count == 1)
        strata->lone = true;
    else
        strata->doubt += variance * variance / (n - 1.0);
}

struct ota_estimate ota_interval_strata(const struct ota_strata *strata,
                                        double confidence)
{
    const double tail = tail_of(confidence);
    if (strata->values == 0)
        return nothing();

    const double n = (double)strata->values;
    const double variance = strata->variance;
    struct ota_estimate estimate = {
        .mean = strata->sum / n,
        .lo = NAN,
        .hi = NAN,
        .values = strata->values,
        .of = strata->values,
    };
    if (!strata->lone) {
        const double half = variance > 0.0
                                ? gsl_cdf_tdist_Qinv(tail, variance * variance /
                                                               strata->doubt) *
                                      sqrt(variance) / n
                                : 0.0;
        estimate.lo = estimate.mean - half;
        estimate.hi = estimate.mean + half;
    }
    return estimate;
}

/* The estimate of a share without its interval. */
static struct ota_estimate share(int64_t hits, int64_t trials)
{
    assert(hits >= 0 && hits <= trials);
    return (struct ota_estimate){
        .mean = (double)hits / (double)trials,
        .lo = 0.0,
        .hi = 1.0,
        .values = trials,
        .of = trials,
    };
}

struct ota_estimate ota_interval_wilson(int64_t hits, int64_t trials,
                                        double confidence)
{
    const double z = gsl_cdf_ugaussian_Qinv(tail_of(confidence));
    if (trials == 0)
        return nothing();

    struct ota_estimate estimate = share(hits, trials);
    const double n = (double)trials;
    const double p = estimate.mean;
    const double scale = 1.0 / (1.0 + z * z / n);
    const double centre = scale * (p + z * z / (2.0 * n));
    const double half =
        scale * z * sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n));

    /* At the ends the formula gives 0 and 1, but for its rounding. */
    if (hits > 0)
        estimate.lo = centre - half;
    if (hits < trials)
        estimate.hi = centre + half;
    return estimate;
}

/*
 * The continued fraction F in I_x(a, b) = x^a (1 - x)^b / (a B(a, b)) F, by
 * Lentz's method; about sqrt(a + b) terms near the mean of the distribution.
 * Source: NIST Digital Library of Mathematical Functions, 8.17.22; W. J.
 * Lentz, Applied Optics 15 (1976).
 */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300; /* stands for a 0 in a denominator */
    double c = 1.0;
    double d = 0.0;
    double value = 1.0;
    double factor = 0.0;

    for (double m = 0.0; fabs(factor - 1.0) > 1e-15; m++) {
        const double terms[] = {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        };
        for (int i = m > 0.0 ? 0 : 1; i < 2; i++) {
            d = 1.0 + terms[i] * d;
            c = 1.0 + terms[i] / c;
            d = 1.0 / (d == 0.0 ? tiny : d);
            c = c == 0.0 ? tiny : c;
            factor = c * d;
            value *= factor;
        }
    }
    return 1.0 / value;
}

/*
 * Returns ln p with I_p(a, b) = tail, for b >= 1 and tail < 1/2, by Newton's
 * method on ln I against ln p. The beta density in ln p is log-concave, so its
 * integral is too, and from wherever it starts the search comes to the left
 * of the answer at once and rises to it from there.
 */
static double log_beta_quantile(double a, double b, double tail, double start)
{
    const double constant = gsl_sf_lnbeta(a, b) + log(a) + log(tail);
    double t = log(start);

    for (int i = 0; i < 100; i++) {
        const double fraction = beta_fraction(a, b, exp(t));
        const double rest = -expm1(t); /* 1 - p, with all its digits */
        const double excess = a * t + b * log(rest) + log(fraction) - constant;
        const double step = excess * rest * fraction / a;

        t -= step;
        if (fabs(step) <= 1e-12 * fabs(t))
            break;
    }
    return t;
}

struct ota_estimate ota_interval_exact(int64_t hits, int64_t trials,
                                       double confidence)
{
    const double tail = tail_of(confidence);
    if (trials == 0)
        return nothing();

    /* Wilson's ends are near; misses are hits seen from the other side. */
    const struct ota_estimate near =
        ota_interval_wilson(hits, trials, confidence);
    struct ota_estimate estimate = share(hits, trials);
    const double h = (double)hits;
    const double n = (double)trials;

    if (hits == trials)
        estimate.lo = exp(log(tail) / n);
    else if (hits > 0)
        estimate.lo = exp(log_beta_quantile(h, n - h + 1.0, tail, near.lo));
    if (hits == 0)
        estimate.hi = -expm1(log(tail) / n);
    else if (hits < trials)
        estimate.hi =
            -expm1(log_beta_quantile(n - h, h + 1.0, tail, 1.0 - near.hi));
    return estimate;
}

/* P(X >= h) of X binomial, for h from 1 to n. */
static double binomial_tail(double n, double p, double h)
{
    const double rest = n - h + 1.0;

    return exp(h * log(p) + rest * log1p(-p) - log(h) -
               gsl_sf_lnbeta(h, rest)) *
           beta_fraction(h, rest, p);
}

/* The least rank whose value is below the quantile p with no more than that
 * probability; count + 1 if none is. */
static int64_t rank_above(int64_t count, double p, double tail)
{
    const double n = (double)count;
    int64_t low = (int64_t)(n * p); /* a median is there or above: too low */
    int64_t high = count + 1;

    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (binomial_tail(n, p, (double)middle) <= tail)
            high = middle;
        else
            low = middle;
    }
    return high;
}

void ota_interval_ranks(int64_t count, double p, double confidence, int64_t *lo,
                        int64_t *hi)
{
    const double tail = tail_of(confidence);
    assert(count > 0 && p > 0.0 && p < 1.0);

    *hi = rank_above(count, p, tail);
    *lo = count + 1 - rank_above(count, 1.0 - p, tail);
}

struct ota_paired ota_interval_paired(const double *a, const double *b,
                                      int64_t count, double confidence)
{
    struct ota_tally differences = {0};
    struct ota_tally of_a = {0};
    struct ota_tally of_b = {0};
    double largest = 0.0;

    for (int64_t i = 0; i < count; i++) {
        if (isnan(a[i]) || isnan(b[i]))
            continue;
        ota_tally_add(&differences, a[i] - b[i]);
        ota_tally_add(&of_a, a[i]);
        ota_tally_add(&of_b, b[i]);
        largest = fmax(largest, fmax(fabs(a[i]), fabs(b[i])));
    }
    struct ota_paired paired = {nothing(), NAN, NAN};
    if (count > 0 && differences.count == count) {
        /* Less than the last digit of the values is their rounding. */
        if (differences.most - differences.least <= 4.0 * DBL_EPSILON * largest)
            differences.squares = 0.0;
        const double variance = ota_tally_variance(&differences);
        paired.difference = ota_interval_t(&differences, confidence);
        if (count > 1) {
            paired.deviation = sqrt(variance);
            paired.ratio =
                (ota_tally_variance(&of_a) + ota_tally_variance(&of_b)) /
                variance;
        }
    }
    paired.difference.values = differences.count;
    paired.difference.of = count;
    return paired;
}

double ota_interval_each(double confidence, int64_t intervals)
{
    assert(intervals > 0);
    return 1.0 - (1.0 - confidence) / (double)intervals;
}
