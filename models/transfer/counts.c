/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * counts.c - how many of several trials fail, drawn at once.
 *
 * Source: Devroye: Non-Uniform Random Variate Generation (1986), ch. X.2
 * (geometric), X.4.3 (binomial by inversion); Hormann: The generation of
 * binomial random variates, J. Stat. Comput. Simul. 46 (1993), 101 (its
 * algorithm BTRS).
 */
#include <math.h>

#include "models/transfer/flow.h"
#include "sim/base/sample.h"

double ota_flow_rate(double log_pass)
{
    return log_pass < 0 ? 1 / log_pass : -INFINITY;
}

int64_t ota_flow_passes(double rate, gsl_rng *rng)
{
    if (isinf(rate))
        return INT64_MAX;
    const double passes = ota_exponential(rng) * -rate;
    return passes < 0x1p62 ? (int64_t)passes : INT64_MAX;
}

enum { INVERSES = 33 };

/* Of 1, 2, ...: multiplying is faster than dividing. */
static const double inverses[INVERSES] = {
    0,        1.0 / 1,  1.0 / 2,  1.0 / 3,  1.0 / 4,  1.0 / 5,  1.0 / 6,
    1.0 / 7,  1.0 / 8,  1.0 / 9,  1.0 / 10, 1.0 / 11, 1.0 / 12, 1.0 / 13,
    1.0 / 14, 1.0 / 15, 1.0 / 16, 1.0 / 17, 1.0 / 18, 1.0 / 19, 1.0 / 20,
    1.0 / 21, 1.0 / 22, 1.0 / 23, 1.0 / 24, 1.0 / 25, 1.0 / 26, 1.0 / 27,
    1.0 / 28, 1.0 / 29, 1.0 / 30, 1.0 / 31, 1.0 / 32,
};

/* By inversion: walks up the distribution function; for a small mean. log_miss
 * may be 1: not known. */
static int64_t binomial_inversion(int64_t n, double p, double log_miss,
                                  gsl_rng *rng)
{
    double u = ota_uniform(rng);
    int hits = 0;

    if (u < 1 - (double)n * p) /* which is less than the chance of none */
        return 0;
    if (n > 64 && log_miss > 0)
        log_miss = log1p(-p);
    double mass = n > 64 ? exp((double)n * log_miss) : ota_flow_power(1 - p, n);
    const double odds = p / (1 - p);
    double left = (double)n;

    while (u >= mass && left > 0) {
        u -= mass;
        hits++;
        mass *= odds * left-- *
                (hits < INVERSES ? inverses[hits] : 1 / (double)hits);
    }
    return hits;
}

/* ln k! less Stirling's ln sqrt(2 pi) + (k + 1/2) ln(k + 1) - (k + 1). */
static double stirling_rest(double k)
{
    static const double small[] = {
        0.08106146679532726,  0.04134069595540929, 0.02767792568499834,
        0.02079067210376509,  0.01664469118982119, 0.01387612882307075,
        0.01189670994589177,  0.01041126526197209, 0.009255462182712733,
        0.008330563433362871,
    };
    const double inverse = 1 / (k + 1), square = inverse * inverse;

    if (k < 10)
        return small[(int)k];
    return (1.0 / 12 - (1.0 / 360 - square / 1260) * square) * inverse;
}

/* The logarithm of the chance of k over that of m, given n and p. */
static double log_ratio(double n, double odds, double m, double k)
{
    return (m + 0.5) * log((m + 1) / (odds * (n - m + 1))) +
           (n + 1) * log((n - m + 1) / (n - k + 1)) +
           (k + 0.5) * log(odds * (n - k + 1) / (k + 1)) + stirling_rest(m) +
           stirling_rest(n - m) - stirling_rest(k) - stirling_rest(n - k);
}

/* Whether x <= chance of k / chance of m; near to each other that is a product
 * of a few factors. */
static bool is_below(double x, double n, double odds, double m, double k)
{
    double above = 1, below = 1;

    if (fabs(k - m) > 12)
        return log(x) <= log_ratio(n, odds, m, k);
    for (double i = m + 1; i <= k; i++) {
        above *= (n - i + 1) * odds;
        below *= i;
    }
    for (double i = k + 1; i <= m; i++) {
        above *= i;
        below *= (n - i + 1) * odds;
    }
    return x * below <= above;
}

/* By transformed rejection, p <= 1/2 and n p >= 10. */
static int64_t binomial_rejection(int64_t count, double p, gsl_rng *rng)
{
    const double n = (double)count;
    const double deviation = sqrt(n * p * (1 - p));
    const double b = 1.15 + 2.53 * deviation;
    const double a = -0.0873 + 0.0248 * b + 0.01 * p;
    const double inverse = 1 / b;
    const double v_least = 0.92 - 4.2 * inverse;

    for (;;) {
        const double u = ota_uniform(rng) - 0.5;
        const double v = 1 - ota_uniform(rng);
        const double us = 0.5 - fabs(u);
        const double k = floor((2 * a / us + b) * u + n * p + 0.5);
        if (us >= 0.07 && v <= v_least)
            return (int64_t)k;
        if (!(k >= 0 && k <= n))
            continue;
        const double alpha = (2.83 + 5.1 * inverse) * deviation;
        if (is_below(v * alpha / (a / (us * us) + b), n, p / (1 - p),
                     floor((n + 1) * p), k))
            return (int64_t)k;
    }
}

int64_t ota_flow_binomial_log(int64_t n, double p, double log_miss,
                              gsl_rng *rng)
{
    if (n <= 0 || p <= 0)
        return 0;
    if (p >= 1)
        return n;
    if (p > 0.5)
        return n - ota_flow_binomial(n, 1 - p, rng);
    if ((double)n * p < 10)
        return binomial_inversion(n, p, log_miss, rng);
    return binomial_rejection(n, p, rng);
}

int64_t ota_flow_binomial(int64_t n, double p, gsl_rng *rng)
{
    return ota_flow_binomial_log(n, p, 1, rng);
}

/* The share is s (1 - s^(l - 1)) / (1 - s^l). */
int64_t ota_flow_failures(int64_t n, double s, double *rest, gsl_rng *rng)
{
    const double share = (s - *rest) / (1 - *rest);

    *rest /= s;
    return ota_flow_binomial(n, share, rng);
}
