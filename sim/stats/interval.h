/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * interval.h - how sure a number is.
 */
#ifndef OTA_INTERVAL_H
#define OTA_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/stats/tally.h"

/* Of an interval. NaN: that end is not known. */
struct ota_ends {
    double lo, hi;
};

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

/* Values of several kinds, each of its own mean and deviation, as the devices
 * of several groups. All zero is of none. */
struct ota_strata {
    int64_t values;
    double sum;
    double variance; /* of the sum */
    double doubt;    /* sum over strata of variance^2 / degrees of freedom */
    bool lone;       /* a stratum has one value: its variance is not known */
};

void ota_strata_add(struct ota_strata *strata, const struct ota_tally *stratum);

/*
 * Student's t interval for the mean of all of them, where how many there are
 * of each kind is fixed. Source: F. E. Satterthwaite, Biometrics Bulletin 2
 * (1946); W. G. Cochran, Sampling Techniques, 3rd ed., 5.4.
 */
struct ota_estimate ota_interval_strata(const struct ota_strata *strata,
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

/*
 * Ranks, from 1 on, of the order statistics between which the quantile p of
 * `count` independent values lies with at least that confidence, whatever
 * their distribution: by the binomial law. *lo is 0 or *hi is count + 1 where
 * no value bounds it. Source: W. J. Conover, Practical Nonparametric
 * Statistics, 3rd ed., 3.2.
 */
void ota_interval_ranks(int64_t count, double p, double confidence, int64_t *lo,
                        int64_t *hi);

/* The mean of differences of pairs, and what pairing is worth. */
struct ota_paired {
    struct ota_estimate difference; /* Student's t */
    double deviation; /* of the differences; 0: all are the same */
    double ratio;     /* variance of the difference of as many independent
                       * values, over that of the pairs: how many times as
                       * many replications those would need; infinite if the
                       * differences are all the same, NaN if nothing varies */
};

/* Of a[i] - b[i]. If any pair has a NaN there is no estimate; values counts the
 * others. deviation and ratio need two pairs, else they are NaN. */
struct ota_paired ota_interval_paired(const double *a, const double *b,
                                      int64_t count, double confidence);

/* The confidence that each of so many intervals needs for all of them to hold
 * together, at least: Bonferroni's. */
double ota_interval_each(double confidence, int64_t intervals);

#endif
