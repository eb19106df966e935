/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quantile.h - quantiles of stored integers, exact, in a time in proportion to
 * their number. The values are only read and no memory is taken.
 */
#ifndef OTA_QUANTILE_H
#define OTA_QUANTILE_H

#include <stddef.h>
#include <stdint.h>

#include "sim/stats/interval.h"

enum { OTA_RANKS_MOST = 9 };

/* The value at each of the ranks, OTA_RANKS_MOST at most: rank 0 is the least.
 * INT64_MAX where there are no more than so many. */
void ota_smallest(const int64_t *values, size_t count, const size_t *ranks,
                  size_t rank_count, int64_t *smallest);

/* The p-quantile of values, straight lines between neighbours (GSL's and R's
 * type 7); NaN if there are none. */
double ota_quantile(const int64_t *values, size_t count, double p);

/* The same, and with so much confidence the ends between which that of the law
 * lies that gave the values, which are 0 at least (interval.h). */
double ota_quantile_ends(const int64_t *values, size_t count, double p,
                         double confidence, struct ota_ends *ends);

/* Puts the ranks, from 0, of the ends of the p-quantile of `count` values into
 * ranks; and makes the ends, in their units, of what was found there. An end
 * that no value bounds is 0, or not known. */
void ota_quantile_ranks(int64_t count, double p, double confidence,
                        size_t ranks[2]);
struct ota_ends ota_quantile_bound(const size_t ranks[2],
                                   const int64_t found[2]);

#endif
