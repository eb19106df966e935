/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quantile.h - quantiles of stored values.
 */
#ifndef OTA_QUANTILE_H
#define OTA_QUANTILE_H

#include <stddef.h>
#include <stdint.h>

/* Sorts values in ascending order. */
void ota_sort_doubles(double *values, size_t count);
void ota_sort_int64(int64_t *values, size_t count);

/* The p-quantile of values sorted in ascending order, straight lines between
 * neighbours (GSL's and R's type 7); NaN if there are none. */
double ota_quantile_sorted(const double *sorted, size_t count, double p);

/* The same of values in any order, which are left in another. Takes a time
 * in proportion to their number, as against a sort. */
double ota_quantile_select(double *values, size_t count, double p);

/* The k-th smallest value, k from 1 to count; leaves them in another order. */
double ota_smallest_select(double *values, size_t count, size_t k);

#endif
