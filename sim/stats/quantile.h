/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quantile.h - quantiles of stored integers, exact, in a time in proportion to
 * their number. The values are only read and no memory is taken.
 */
#ifndef OTA_QUANTILE_H
#define OTA_QUANTILE_H

#include <stddef.h>
#include <stdint.h>

/* The value at each of the ranks: rank 0 is the least. Ranks ascend and are
 * less than count. */
void ota_smallest(const int64_t *values, size_t count, const size_t *ranks,
                  size_t rank_count, int64_t *smallest);

/* The p-quantile of values, straight lines between neighbours (GSL's and R's
 * type 7); NaN if there are none. */
double ota_quantile(const int64_t *values, size_t count, double p);

#endif
