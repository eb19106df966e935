/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quantile.c - selection by GSL, interpolation between two order statistics.
 */
#include "sim/stats/quantile.h"

#include <assert.h>
#include <math.h>

#include <gsl/gsl_statistics_double.h>

double ota_quantile_select(double *values, size_t count, double p)
{
    assert(p >= 0.0 && p <= 1.0);
    if (count == 0)
        return NAN;

    const double place = p * (double)(count - 1);
    const size_t below = (size_t)place;
    const double part = place - (double)below;
    const double low = gsl_stats_select(values, 1, count, below);
    if (!(part > 0.0))
        return low;
    return (1.0 - part) * low +
           part * gsl_stats_select(values, 1, count, below + 1);
}

double ota_smallest_select(double *values, size_t count, size_t k)
{
    assert(k >= 1 && k <= count);
    return gsl_stats_select(values, 1, count, k - 1);
}
