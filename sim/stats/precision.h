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

/* How many replications there have to be when intervals are looked at first,
 * and next after they were with `done`. */
int64_t ota_precision_first(void);
int64_t ota_precision_next(int64_t done);

/* Whether an estimate of `done` replications is narrow enough to stop. One
 * without an interval is not. */
bool ota_precision_met(const struct ota_precision *precision,
                       const struct ota_estimate *estimate, int64_t done);

#endif
