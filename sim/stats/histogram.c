/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * histogram.c - finding the bin of a value.
 *
 * The logarithm lands beside the right bin when a value is within rounding of
 * an edge, so the edges themselves decide: a value is never below the lower
 * edge of its bin, nor at the upper one.
 */
#include "sim/stats/histogram.h"

#include <assert.h>
#include <math.h>

double ota_histogram_edge(size_t bin)
{
    assert(bin <= OTA_HISTOGRAM_BINS);
    return pow(10.0, (double)bin / OTA_HISTOGRAM_PER_DECADE);
}

static size_t bin_of(double value)
{
    const double place = log10(value) * OTA_HISTOGRAM_PER_DECADE;
    const size_t last = OTA_HISTOGRAM_BINS - 1;

    if (place >= (double)last)
        return value < ota_histogram_edge(last) ? last - 1 : last;

    const size_t bin = (size_t)place;
    if (value < ota_histogram_edge(bin))
        return bin - 1;
    if (value >= ota_histogram_edge(bin + 1))
        return bin + 1;
    return bin;
}

void ota_histogram_add(struct ota_histogram *histogram, double value)
{
    assert(value >= 0.0);

    histogram->count++;
    if (value < 1.0)
        histogram->zeros++;
    else
        histogram->bins[bin_of(value)]++;
}

void ota_histogram_merge(struct ota_histogram *histogram,
                         const struct ota_histogram *other)
{
    histogram->count += other->count;
    histogram->zeros += other->zeros;
    for (size_t i = 0; i < OTA_HISTOGRAM_BINS; i++)
        histogram->bins[i] += other->bins[i];
}
