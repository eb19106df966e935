/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare.h - is a variant better than the base: paired differences of
 * replications that have the same luck, with intervals that hold together.
 */
#ifndef OTA_COMPARE_H
#define OTA_COMPARE_H

#include "sim/experiment/study.h"

enum ota_verdict {
    OTA_VERDICT_BETTER,
    OTA_VERDICT_WORSE,
    OTA_VERDICT_MORE, /* of a measure of which neither is better */
    OTA_VERDICT_LESS,
    OTA_VERDICT_SAME, /* in every replication */
    OTA_VERDICT_OPEN, /* cannot tell yet */
    OTA_VERDICT_NONE, /* a variant gives no value */
};

/* A variant's measure against the base's. */
struct ota_contrast {
    struct ota_estimate base, variant; /* each for itself */
    struct ota_paired paired;          /* variant - base; simultaneous */
    enum ota_verdict verdict;
    int64_t more; /* OPEN: replications still needed to tell, if the
                   * difference is what it looks like; -1: beyond reach */
};

struct ota_comparison {
    size_t base;              /* point of the study */
    const size_t *variants;   /* points */
    const char *const *names; /* of the variants */
    size_t variant_count;
    const size_t *measures; /* places in the study */
    size_t measure_count;
    int64_t replications;           /* of every point */
    double confidence;              /* of all differences together */
    struct ota_contrast *contrasts; /* [variant][measure]; the compare's */
};

/* Works out the contrasts; all else is filled in and borrowed, and all points
 * have the replications. Returns false without memory. */
bool ota_compare_make(struct ota_comparison *comparison,
                      const struct ota_study *study);

void ota_compare_release(struct ota_comparison *comparison);

#endif
