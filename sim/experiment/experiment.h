/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiment.h - replications of one fleet, on as many threads as asked.
 */
#ifndef OTA_EXPERIMENT_H
#define OTA_EXPERIMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/error.h"
#include "sim/fleet/config.h"
#include "sim/fleet/observation.h"
#include "sim/ranks/ranks.h"
#include "sim/scenario/scenario.h"
#include "sim/stats/precision.h"
#include "sim/stats/summary.h"

/* Has results of replications that were run before, and keeps new ones; both on
 * the first rank, one at a time. */
struct ota_results_keeper {
    void *self;
    /* Before all else: puts the replication's results into *results, if there
     * are any: it is not run again, but for one that the sink waits for.
     * Returns false with *error set if that failed. May be NULL. */
    bool (*known)(void *self, int64_t replication, struct ota_results *results,
                  bool *found, struct ota_error *error);
    /* By any thread, as soon as they are there. Returns false with *error set
     * if that failed. May be NULL. */
    bool (*keep)(void *self, int64_t replication,
                 const struct ota_results *results, struct ota_error *error);
};

struct ota_experiment_options {
    uint64_t seed;
    int64_t replications;     /* at least 1; and with precisions, the first
                               * step's */
    int threads;              /* at least 1; results do not depend on it */
    struct ota_ranks *ranks;  /* that do the same, each with so many threads;
                               * nor on these. NULL: this process is alone */
    double confidence;        /* of the intervals, 0 to 1, ends excluded */
    struct ota_rates rates;   /* what trouble costs beside the data */
    const int64_t *within_us; /* as of struct ota_results_shape */
    size_t within_count;
    const struct ota_device_sink *sink; /* takes the devices of replication 0,
                                         * on lanes from 0 to threads - 1;
                                         * NULL: nobody does */

    /* Replications go on, in steps, until all these are met, or there are
     * `most`; none: there are as many as asked for. The first rank's looks tell
     * what was found of each at last. With parts there are none. */
    const struct ota_precision *precisions;
    size_t precision_count;
    int64_t most;
    struct ota_precision_look *looks; /* as many */

    /* Only replications part, part + parts, ... are run, and there is no
     * summary. parts 0: all are, and there is. */
    int64_t part, parts;
    const struct ota_results_keeper *keeper; /* NULL: there is none */

    /* Told once, on the first rank of several, if it has to run all devices by
     * itself; may be NULL. */
    void (*alone)(void *context);
    /* Told how many replications are done, by any thread but one at a time;
     * may be NULL. */
    void (*progress)(void *context, int64_t done, int64_t of);
    /* Told now and then how many devices have lived, of those that do so here
     * in all replications, by several threads at a time; may be NULL. */
    void (*lived)(void *context, int64_t lived, int64_t of);
    /* Asked now and then, by any thread; false stops. May be NULL. */
    bool (*keep_going)(void *context);
    void *context;
};

/* What a scenario's trouble costs. */
struct ota_rates ota_experiment_rates(const struct ota_scenario *scenario);

enum ota_experiment_status {
    OTA_EXPERIMENT_DONE,    /* on all ranks; the first has the summary */
    OTA_EXPERIMENT_STOPPED, /* keep_going said so; there is no summary */
    OTA_EXPERIMENT_FAILED,  /* *error says why; there is no summary */
};

/*
 * Runs all replications and summarises them into *summary, which the caller
 * releases after OTA_EXPERIMENT_DONE. *error has not failed yet.
 *
 * Replications run beside each other when there are at least as many as
 * threads, else one after another, each on all threads. On several ranks they
 * are dealt out if there are at least as many as ranks, else each runs on all
 * ranks, one after another.
 *
 * Switches GSL's error handler off, for the whole process, before any thread
 * starts: GSL's default ends the program.
 */
enum ota_experiment_status
ota_experiment_run(const struct ota_fleet_config *config,
                   const struct ota_experiment_options *options,
                   struct ota_summary *summary, struct ota_error *error);

/*
 * Runs one replication, from 0, as ota_experiment_run() does, and leaves
 * *results, which the caller releases after OTA_EXPERIMENT_DONE; on several
 * ranks the first rank's alone. Of the options, replications and confidence are
 * not looked at, and neither progress nor lived is told. *error has not failed
 * yet. GSL's error handler: as above.
 */
enum ota_experiment_status
ota_experiment_replicate(const struct ota_fleet_config *config,
                         const struct ota_experiment_options *options,
                         int64_t replication, struct ota_results *results,
                         struct ota_error *error);

/*
 * Runs one replication, from 0, with an observer of the caller's: what it does
 * is to the bit what it does among others in ota_experiment_run(). Every
 * thread has the same observer, so with more than one it hears of several
 * devices at a time (though never of one twice at a time). Of the options,
 * replications, ranks, confidence and sink are not looked at, and neither
 * progress nor lived is told.
 * *error has not failed yet. GSL's error handler: as above.
 */
enum ota_experiment_status
ota_experiment_listen(const struct ota_fleet_config *config,
                      const struct ota_experiment_options *options,
                      int64_t replication, const struct ota_observer *observer,
                      struct ota_error *error);

#endif
