/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally.c - the recurrence behind tally.h. It updates the sum of squared
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

double ota_tally_variance(const struct ota_tally *tally)
{
    if (tally->count < 2)
        return 0.0;
    return tally->squares / (double)(tally->count - 1);
}
