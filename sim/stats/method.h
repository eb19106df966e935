/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * method.h - the interval that suits a kind of number, of values[0 .. count),
 * one a replication; NaN: the replication gave none. summary.h says why. Ends
 * are clipped to what the number can be at all: Student's t knows nothing of
 * the ends of a scale.
 */
#ifndef OTA_METHOD_H
#define OTA_METHOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/stats/interval.h"

struct ota_values {
    const double *values;
    size_t count;
    double confidence;
};

/* An amount, at least 0. If some replications gave none (a time that was never
 * reached), the mean of the others would be that of the lucky ones: there is
 * no estimate then, but how many gave one. */
struct ota_estimate ota_method_amount(const struct ota_values *values,
                                      double most);

/* The same of the replications that gave one, if any did. */
struct ota_estimate ota_method_those(const struct ota_values *values,
                                     double most);

/* The share of replications whose value is 1, the others' 0. */
struct ota_estimate ota_method_share(const struct ota_values *values);

/* A number of devices out of so many in a replication, or their share; staged:
 * they depend on each other. */
struct ota_estimate ota_method_count(const struct ota_values *values,
                                     int64_t devices, bool staged);
struct ota_estimate ota_method_portion(const struct ota_values *values,
                                       int64_t devices, bool staged);

#endif
