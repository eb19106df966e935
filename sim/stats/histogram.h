/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * histogram.h - counts of integers >= 0 in bins of equal ratio, so that no
 * range need be known beforehand; two histograms merge by adding.
 */
#ifndef OTA_HISTOGRAM_H
#define OTA_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum {
    OTA_HISTOGRAM_PER_DECADE = 50, /* a bin is 4.7 % wide */
    OTA_HISTOGRAM_DECADES = 12,    /* from 1 on; larger goes into the last */
    OTA_HISTOGRAM_BINS = OTA_HISTOGRAM_PER_DECADE * OTA_HISTOGRAM_DECADES,
};

/* All zero is the empty histogram. */
struct ota_histogram {
    int64_t count; /* of all values */
    int64_t zeros; /* not in a bin */
    int64_t bins[OTA_HISTOGRAM_BINS];
};

/* Adds each of the values, which are >= 0; a few ns each. */
void ota_histogram_add_all(struct ota_histogram *histogram,
                           const int64_t *values, size_t count);

void ota_histogram_merge(struct ota_histogram *histogram,
                         const struct ota_histogram *other);

/* Lower edge of a bin; bin OTA_HISTOGRAM_BINS gives the upper end. */
double ota_histogram_edge(size_t bin);

#endif
