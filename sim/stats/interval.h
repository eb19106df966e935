/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * interval.h - how sure a number is.
 */
#ifndef OTA_INTERVAL_H
#define OTA_INTERVAL_H

#include <stdint.h>

#include "sim/stats/tally.h"

/*
 * An estimate and the ends of its confidence interval. lo and hi are NaN
 * where the data give no interval (a single replication); all three are NaN
 * where they give no value.
 */
struct ota_estimate {
    double mean, lo, hi;
    int64_t values; /* replications that gave one */
    int64_t of;     /* replications */
};

/*
 * Student's t interval for the mean of the tallied values. Values that are
 * all the same make it a point: they only say that they agree.
 */
struct ota_estimate ota_interval_t(const struct ota_tally *values,
                                   double confidence);

/*
 * Exact (Clopper-Pearson) interval for a proportion of which `hits` in
 * `trials` independent trials were seen; as shares. values and of are the
 * trials. Source: C. J. Clopper, E. S. Pearson, Biometrika 26 (1934).
 */
struct ota_estimate ota_interval_exact(int64_t hits, int64_t trials,
                                       double confidence);

/* Wilson's score interval for the same. Source: E. B. Wilson, JASA 22
 * (1927). */
struct ota_estimate ota_interval_wilson(int64_t hits, int64_t trials,
                                        double confidence);

#endif
