/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study.h - many scenarios, each replicated, a few numbers kept of each
 * replication: what sweeps, comparisons and tuning are made of.
 *
 * A point is a scenario file with settings. All points have the same seed, so
 * their replications of one number have the same luck: common random numbers.
 * A unit of work is a block of a point's replications. What a unit gives
 * depends on nothing but its point, seed and numbers; who does it and when does
 * not show. What is in the store (store.h) is not done again.
 *
 * On several ranks all go through the same calls, and have the same values
 * afterwards.
 */
#ifndef OTA_STUDY_H
#define OTA_STUDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/error.h"
#include "sim/experiment/experiment.h"
#include "sim/experiment/store.h"
#include "sim/scenario/scenario.h"
#include "sim/stats/measure.h"

/* Borrowed from whoever opened the study, and outlives it. */
struct ota_point {
    const char *file;
    const struct ota_setting *settings; /* in order */
    size_t setting_count;
};

struct ota_study_options {
    int threads;
    struct ota_ranks *ranks; /* NULL: alone */
    struct ota_store *store; /* of the first rank; NULL: nothing is kept */
    struct ota_store *more;  /* there too: what is not in the store may be in
                              * this one; NULL: there is none */
    bool found_only; /* what is not in the store is an error, and not done */
    int64_t part, parts; /* does only units of that part, from 0; parts
                          * 0: all */
    /* As of struct ota_experiment_options; replications are counted over all
     * points that were wanted so far. */
    void (*progress)(void *context, int64_t done, int64_t of);
    bool (*keep_going)(void *context);
    void *context;
};

struct ota_study;

/*
 * Opens a study without points. Measures are names, as ota_measure_read() takes
 * them; beside them every KPI and outcome of the fleet is kept. Returns NULL
 * with *error set.
 */
struct ota_study *ota_study_open(const char *const *measures,
                                 size_t measure_count,
                                 const struct ota_study_options *options,
                                 struct ota_error *error);

/*
 * Reads and checks the point's scenario; *point is its number, from 0. One that
 * is the same as another, to the last default, is the same point. Returns false
 * with complaints, or *error set.
 */
bool ota_study_add(struct ota_study *study, const struct ota_point *point,
                   size_t *number, struct ota_complaints *complaints,
                   struct ota_error *error);

/* That so many replications of the point be there, from 0 on. */
struct ota_study_want {
    size_t point;
    int64_t replications;
};

/*
 * Sees to it that they are. Afterwards the point has at least so many. On
 * OTA_EXPERIMENT_STOPPED and _FAILED what was done is in the store. With parts,
 * points may have fewer afterwards.
 */
enum ota_experiment_status ota_study_do(struct ota_study *study,
                                        const struct ota_study_want *wants,
                                        size_t count, struct ota_error *error);

/* A scenario as a unit of the store goes by it: as JSON with every default, and
 * without title, seed, replications and confidence. The caller frees it; NULL:
 * no memory. It is as it was afterwards. */
char *ota_study_identity(struct ota_scenario *scenario);

/* What is known of a point. */
struct ota_study_point {
    const char *scenario_json; /* every default filled in, but for title, seed,
                                * replications and confidence */
    const char *name;          /* of its file */
    int64_t devices;           /* of the fleet, in a replication */
    bool staged;
    int64_t replications; /* that are there, from 0 on */
    double confidence;    /* of its scenario */
    uint64_t seed;
    int64_t wanted; /* replications that its scenario asks for */
};

size_t ota_study_points(const struct ota_study *study);
struct ota_study_point ota_study_point(const struct ota_study *study,
                                       size_t point);

/* All that are kept, those asked for first, each once; and the place of the
 * measure of that name, written in any way. Returns false if it is not kept. */
size_t ota_study_measures(const struct ota_study *study);
bool ota_study_place(const struct ota_study *study, const char *name,
                     size_t *place);
const char *ota_study_measure_name(const struct ota_study *study, size_t place);
const struct ota_measure *ota_study_measure(const struct ota_study *study,
                                            size_t point, size_t place);
const struct ota_measure_facts *ota_study_facts(const struct ota_study *study,
                                                size_t point, size_t place);

/* Of a replication that is there; NaN: the replication gave none. */
double ota_study_value(const struct ota_study *study, size_t point,
                       size_t measure, int64_t replication);

/* Of the first so many replications. */
struct ota_estimate ota_study_estimate(const struct ota_study *study,
                                       size_t point, size_t measure,
                                       int64_t replications, double confidence);

/* Of replications first .. first + count alone. */
struct ota_estimate ota_study_estimate_from(const struct ota_study *study,
                                            size_t point, size_t measure,
                                            int64_t first, int64_t count,
                                            double confidence);

/* The difference of point and base, replication by replication: the paired
 * interval (interval.h); `ratio` is the variance of the same difference of
 * independent runs over that of these. */
struct ota_paired ota_study_paired(const struct ota_study *study, size_t point,
                                   size_t base, size_t measure,
                                   int64_t replications, double confidence);

/* How many replications were simulated, and how many were in the store. */
void ota_study_work(const struct ota_study *study, int64_t *simulated,
                    int64_t *found);

void ota_study_close(struct ota_study *study);

#endif
