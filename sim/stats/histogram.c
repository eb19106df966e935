/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * histogram.c - finding the bins of values.
 *
 * A rough logarithm lands near the right bin, and the edges themselves decide:
 * a value is never below the lower edge of its bin, nor at the upper one.
 */
#include "sim/stats/histogram.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const double log10_of_2 = 0.30102999566398120;

double ota_histogram_edge(size_t bin)
{
    assert(bin <= OTA_HISTOGRAM_BINS);
    return pow(10.0, (double)bin / OTA_HISTOGRAM_PER_DECADE);
}

/*
 * Of a double >= 1, the exponent and the bits behind it, read as one
 * fixed-point number, are its logarithm to base 2, at most 0.0861 too small:
 * less than two bins. From there it is a step or two to the bin.
 */
static size_t near_bin(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    const double log_2 = (double)(int64_t)(bits - (UINT64_C(1023) << 52)) /
                         (double)(INT64_C(1) << 52);
    const double place = log_2 * OTA_HISTOGRAM_PER_DECADE * log10_of_2;

    return place < OTA_HISTOGRAM_BINS - 1 ? (size_t)place
                                          : OTA_HISTOGRAM_BINS - 1;
}

void ota_histogram_add_all(struct ota_histogram *histogram,
                           const int64_t *values, size_t count)
{
    double edges[OTA_HISTOGRAM_BINS];

    for (size_t b = 0; b < OTA_HISTOGRAM_BINS; b++)
        edges[b] = ota_histogram_edge(b);
    histogram->count += (int64_t)count;
    for (size_t i = 0; i < count; i++) {
        assert(values[i] >= 0);
        if (values[i] == 0) {
            histogram->zeros++;
            continue;
        }
        const double value = (double)values[i];
        size_t bin = near_bin(value);
        while (bin > 0 && value < edges[bin])
            bin--;
        while (bin + 1 < OTA_HISTOGRAM_BINS && value >= edges[bin + 1])
            bin++;
        histogram->bins[bin]++;
    }
}

void ota_histogram_merge(struct ota_histogram *histogram,
                         const struct ota_histogram *other)
{
    histogram->count += other->count;
    histogram->zeros += other->zeros;
    for (size_t i = 0; i < OTA_HISTOGRAM_BINS; i++)
        histogram->bins[i] += other->bins[i];
}
