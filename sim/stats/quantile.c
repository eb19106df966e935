/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quantile.c - sorting and interpolation behind quantile.h, by the C library
 * and GSL.
 */
#include "sim/stats/quantile.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_statistics_double.h>

static int compare_doubles(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

static int compare_int64(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left;
    const int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

void ota_sort_doubles(double *values, size_t count)
{
    if (count > 1)
        qsort(values, count, sizeof(*values), compare_doubles);
}

void ota_sort_int64(int64_t *values, size_t count)
{
    if (count > 1)
        qsort(values, count, sizeof(*values), compare_int64);
}

double ota_quantile_sorted(const double *sorted, size_t count, double p)
{
    assert(p >= 0.0 && p <= 1.0);
    if (count == 0)
        return NAN;
    return gsl_stats_quantile_from_sorted_data(sorted, 1, count, p);
}

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
