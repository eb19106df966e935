/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * two_samples.c - see two_samples.h.
 */
#include "tests/support/two_samples.h"

#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double two_samples_distance(double *a, double *b, size_t n)
{
    size_t i = 0, j = 0;
    double most = 0;

    qsort(a, n, sizeof(*a), by_value);
    qsort(b, n, sizeof(*b), by_value);
    while (i < n && j < n) {
        const double at = fmin(a[i], b[j]);
        while (i < n && a[i] <= at)
            i++;
        while (j < n && b[j] <= at)
            j++;
        most = fmax(most, fabs((double)i - (double)j) / (double)n);
    }
    return most;
}

double two_samples_critical(size_t n, int comparisons, double level)
{
    return sqrt(log(2 * comparisons / level) / 2) * sqrt(2.0 / (double)n);
}
