/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally.c - the recurrences behind tally.h. Both update the sum of squared
 * deviations, never the sum of squares, from which the variance of values far
 * from 0 could not be had without losing its digits.
 */
#include "sim/stats/tally.h"

#include <math.h>

void ota_tally_add(struct ota_tally *tally, double value)
{
    if (tally->count == 0) {
        tally->least = value;
        tally->most = value;
    }
    tally->least = fmin(tally->least, value);
    tally->most = fmax(tally->most, value);

    tally->count++;
    const double before = value - tally->mean;
    tally->mean += before / (double)tally->count;
    tally->squares += before * (value - tally->mean);
}

void ota_tally_merge(struct ota_tally *tally, const struct ota_tally *other)
{
    if (other->count == 0)
        return;
    if (tally->count == 0) {
        *tally = *other;
        return;
    }

    const double here = (double)tally->count;
    const double there = (double)other->count;
    const double apart = other->mean - tally->mean;

    tally->mean += apart * (there / (here + there));
    tally->squares +=
        other->squares + apart * apart * (here * there / (here + there));
    tally->least = fmin(tally->least, other->least);
    tally->most = fmax(tally->most, other->most);
    tally->count += other->count;
}

double ota_tally_variance(const struct ota_tally *tally)
{
    if (tally->count < 2)
        return 0.0;
    return tally->squares / (double)(tally->count - 1);
}
