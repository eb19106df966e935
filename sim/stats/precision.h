/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * precision.h - how many replications are enough: until intervals are as
 * narrow as was asked for.
 *
 * A rule that looks at the data again and again stops too early too often, and
 * its intervals cover less than they promise. What is done about that, and what
 * they cover then, stands in precision.c.
 */
#ifndef OTA_PRECISION_H
#define OTA_PRECISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/stats/measure.h"

/* Half the width of a measure's interval is to be at most this. */
struct ota_precision {
    struct ota_measure measure;
    double half_width; /* in the measure's unit; relative: of its mean */
    bool relative;
};

/*
 * Reads "MEASURE=WIDTH". WIDTH is in a unit of the measure (2h, 5mAh, 1KB; for
 * a share 0.5% or 0.005: percentage points), and so absolute; or relative: a
 * percentage with "rel" behind it (0.5%rel), or of a measure that is no share a
 * plain percentage. Returns false with a message in problem.
 */
bool ota_precision_read(struct ota_precision *precision, const char *text,
                        const char *const *groups, size_t group_count,
                        char *problem, size_t problem_size);

/* Writes the width for a person: "0.5 percentage points", "2 % of the mean". */
void ota_precision_write(const struct ota_precision *precision, char *text,
                         size_t size);

/* How many replications there have to be when intervals are looked at first,
 * and next after they were with `done`. */
int64_t ota_precision_first(void);
int64_t ota_precision_next(int64_t done);

/* How many times as wide as Student's t the interval for the mean of values
 * must be to hold where one stops. */
double ota_precision_wider(const double *values, size_t count);

/* The skewness of the values that are not NaN; 0: they are all the same. */
double ota_precision_skewness(const double *values, size_t count);

/* So many values that are all the same say, with that confidence, that fewer
 * than one in twenty is not. */
double ota_precision_same(double confidence);

/* What a look finds. */
struct ota_precision_look {
    struct ota_estimate estimate; /* of the measure, with the interval that
                                   * holds where one stops */
    double width;   /* half, that was asked for, in the measure's unit */
    double reached; /* half the interval: met if it is no more; NaN: there is
                     * none */
    bool met;
    bool never; /* it can no longer be met: some replication did not come so
                 * far, and there is no mean of the others */
    int64_t replications; /* looked at */
    int64_t needed;       /* in all, about, to meet it; 0: met, or cannot be
                           * said */
};

/* Looks at values[0 .. count), one a replication and in that order. */
void ota_precision_look(const struct ota_precision *precision,
                        const struct ota_measure_facts *facts,
                        const double *values, size_t count, double confidence,
                        struct ota_precision_look *look);

#endif
