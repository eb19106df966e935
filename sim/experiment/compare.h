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
    OTA_VERDICT_NONE, /* base or variant gives no value */
    OTA_VERDICTS
};

/* What a verdict rests on; see compare.c. */
enum ota_evidence {
    OTA_EVIDENCE_T,     /* Student's t of the differences */
    OTA_EVIDENCE_EXACT, /* of values that are 0 or 1: binomial laws */
    OTA_EVIDENCE_SIGNS, /* of times that need not come: who is sooner */
    OTA_EVIDENCES
};

extern const char *const ota_verdict_names[OTA_VERDICTS];
extern const char *const ota_evidence_names[OTA_EVIDENCES];

/* A variant's measure against the base's. */
struct ota_contrast {
    struct ota_estimate base, variant; /* each for itself */
    struct ota_paired paired; /* variant - base; its interval has no ends where
                               * the verdict does not come of one */
    enum ota_evidence evidence;
    enum ota_verdict verdict;
    int64_t differ; /* replications in which they are not the same, */
    int64_t above;  /* and in which the variant's value is more, or a time
                     * later, or never */
    double reached; /* half the width of its interval; NaN: there is none */
    int64_t more;   /* OPEN: replications still needed to tell, 4 times in 5, if
                     * the difference is what it looks like; -1: beyond reach */
};

struct ota_comparison {
    size_t base;              /* point of the study */
    const size_t *variants;   /* points */
    const char *const *names; /* of the variants */
    size_t variant_count;
    const size_t *measures; /* places in the study */
    size_t measure_count;
    int64_t replications; /* of every point */
    double confidence;    /* of all differences together */
    const bool *precise;  /* [measure] was replicated until its intervals were
                           * narrow enough: they are wider for that
                           * (precision.h); NULL: none was */
    struct ota_contrast *contrasts; /* [variant][measure]; the compare's */
};

enum { OTA_COMPARE_REACH = 10000 }; /* replications that `more` counts up to */

/* The confidence of each difference, for all to hold together. */
double ota_compare_each(const struct ota_comparison *comparison);

/* Works out the contrasts; all else is filled in and borrowed, and all points
 * have the replications. Returns false without memory. */
bool ota_compare_make(struct ota_comparison *comparison,
                      const struct ota_study *study);

void ota_compare_release(struct ota_comparison *comparison);

/* Half the widest of the variants' intervals of a measure; infinite if one has
 * none. */
double ota_compare_reached(const struct ota_comparison *comparison,
                           size_t measure);

/*
 * One contrast of values of `count` replications, of which NaN: it gave none;
 * with a confidence of its own; precise: as of struct ota_comparison. Its base
 * and variant are not filled in. room is for count numbers.
 */
struct ota_contrast ota_contrast_of(const struct ota_measure *measure,
                                    const double *base, const double *variant,
                                    int64_t count, double each, bool precise,
                                    double *room);

#endif
