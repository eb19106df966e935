/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quantile.h - quantiles of stored values.
 */
#ifndef OTA_QUANTILE_H
#define OTA_QUANTILE_H

#include <stddef.h>

/* The p-quantile of values, straight lines between neighbours (GSL's and R's
 * type 7); NaN if there are none. Leaves them in another order. Takes a time
 * in proportion to their number, as against a sort. */
double ota_quantile_select(double *values, size_t count, double p);

/* The k-th smallest value, k from 1 to count; leaves them in another order. */
double ota_smallest_select(double *values, size_t count, size_t k);

#endif
