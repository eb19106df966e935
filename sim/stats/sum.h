/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sum.h - a sum of integers >= 0 that does not overflow: 2^30s, and the rest.
 * The charge of a fleet in pC is more than an int64_t holds.
 */
#ifndef OTA_SUM_H
#define OTA_SUM_H

#include <assert.h>
#include <math.h>
#include <stdint.h>

/* All zero is nothing. */
struct ota_sum {
    int64_t high, low;
};

/* by: 1, or -1 to take an earlier value out of it again. */
static inline void ota_sum_add(struct ota_sum *sum, int64_t value, int by)
{
    assert(value >= 0);
    sum->high += by * (value >> 30);
    sum->low += by * (value & ((INT64_C(1) << 30) - 1));
}

static inline void ota_sum_merge(struct ota_sum *sum,
                                 const struct ota_sum *other)
{
    sum->high += other->high;
    sum->low += other->low;
}

/* Rounded once: the same whatever the sum was put together from. */
static inline double ota_sum_value(const struct ota_sum *sum)
{
    return ldexp((double)sum->high, 30) + (double)sum->low;
}

#endif
