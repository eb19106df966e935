/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replicate.h - points of a study, each replicated until it is known as well
 * as was asked for.
 */
#ifndef OTA_REPLICATE_H
#define OTA_REPLICATE_H

#include "sim/experiment/study.h"
#include "sim/stats/precision.h"

struct ota_replicate {
    const size_t *points; /* of the study */
    size_t point_count;
    int64_t least, most; /* replications of a point; most is for precisions */
    bool together; /* all points have as many, until all are met; else each
                    * has its own number */
    const struct ota_precision *precisions; /* their measures are the study's */
    size_t precision_count;                 /* 0: each point has `least` */

    /* What came of it, the caller's: */
    int64_t *replications;            /* [point]: that count, from 0 on */
    struct ota_precision_look *looks; /* [point][precision], the last ones */
};

/*
 * Replicates. A point is looked at in steps, and stops at the first at which
 * all its precisions are met; that the study has more replications of it does
 * not show. Measures of groups are read anew for each point. Returns what the
 * study said; after OTA_EXPERIMENT_DONE the rest is filled in.
 */
enum ota_experiment_status ota_study_replicate(struct ota_study *study,
                                               struct ota_replicate *replicate,
                                               struct ota_error *error);

/* What the point's replications that count say of a measure: with the interval
 * of the look where its precision was asked for, as ota_study_estimate()
 * otherwise. `at` is of replicate->points. */
struct ota_estimate
ota_replicate_estimate(const struct ota_study *study,
                       const struct ota_replicate *replicate, size_t at,
                       size_t place, double confidence);

#endif
