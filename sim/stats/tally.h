/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally.h - count, mean, variance, least and largest of values that come one
 * by one, in constant space.
 *
 * Source: B. P. Welford, Technometrics 4 (1962).
 */
#ifndef OTA_TALLY_H
#define OTA_TALLY_H

#include <stdint.h>

/* All zero is the empty tally. */
struct ota_tally {
    int64_t count;
    double mean;
    double squares;     /* sum of squared deviations from the mean */
    double least, most; /* of no meaning while count is 0 */
};

void ota_tally_add(struct ota_tally *tally, double value);

/* Variance of the sample, n - 1 in the denominator; 0 for fewer than two. */
double ota_tally_variance(const struct ota_tally *tally);

#endif
