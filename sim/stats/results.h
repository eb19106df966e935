/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * results.h - what one replication yields, and the listener that gathers it.
 *
 * A collector has one observer a thread of the run, each with sums of its own,
 * which are added up when the run is over; what percentiles need of a device
 * has its place in a digest (digest.h). All are integers: no result depends on
 * which thread ran what.
 */
#ifndef OTA_RESULTS_H
#define OTA_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/error.h"
#include "sim/fleet/observation.h"
#include "sim/ranks/ranks.h"
#include "sim/stats/histogram.h"
#include "sim/stats/interval.h"
#include "sim/stats/kpi.h"
#include "sim/stats/rollout.h"
#include "sim/stats/timeline.h"

/* Takes the records of devices one by one, for those who want them all. */
struct ota_device_sink {
    void *self;
    /* Called by any thread of the run: two at a time with different lanes, from
     * 0, and devices. A device that comes again replaces itself. */
    void (*put)(void *self, size_t lane, uint64_t device,
                const struct ota_device_record *record);
    /* Reads devices [first, first + count), each of which was put, when all is.
     * Only of a run on several ranks: how the first gets all of them. */
    bool (*get)(void *self, size_t first, size_t count,
                struct ota_device_record *records, struct ota_error *error);
};

/* What a collector must know of the fleet beforehand. */
struct ota_results_shape {
    const int64_t *group_devices; /* by group; devices are numbered group
                                   * after group */
    size_t group_count;
    int threads; /* of the run, and for making results of it */
    int64_t horizon_us;
    int64_t release_us;                 /* times to x % count from here */
    const struct ota_device_sink *sink; /* or NULL; outlives the collector */
    bool staged;   /* devices may have to do with each other, through
                    * the rollout or capacity that they share */
    bool borrows;  /* what devices spend in idle time is that of a few
                    * pilots: it tells of no interval */
    bool may_stop; /* a rule may stop it: who was downloading then? */
    const int64_t *within_us; /* times since the release at which devices are
                               * counted, ascending; copied */
    size_t within_count;
    struct ota_rates rates;
    double confidence; /* of intervals over devices: of a replication that is
                        * alone; 0: none are wanted */
};

/* What devices may have come to by an instant. */
enum ota_within {
    OTA_WITHIN_OFFERED, /* by the rollout, */
    OTA_WITHIN_UPDATED, /* ran the release, */
    OTA_WITHIN_CONFIRMED,
    OTA_WITHINS
};

/* Of the whole fleet or of one group. */
struct ota_group_results {
    int64_t devices;
    int64_t outcomes[OTA_OUTCOMES]; /* devices; they add up */
    double kpi[OTA_KPIS];           /* in the units of ota_kpis; NaN: none */
};

struct ota_results {
    size_t group_count;               /* without the fleet itself */
    struct ota_group_results *groups; /* [0] the fleet, [1 + g] group g */
    struct ota_ends *ends;            /* [1 + group_count][OTA_KPIS], of what
                                       * devices tell of means and quantiles;
                                       * NULL: was not asked for */
    struct ota_timeline timeline;     /* of the fleet, summed */
    struct ota_histogram bytes;       /* all bytes of a device's run */
    bool staged;
    size_t within_count;
    int64_t *within_us; /* as asked for */
    int64_t *within;    /* devices that had, [1 + group_count][within_count]
                         * [OTA_WITHINS]; -1: the run ended before */
    struct ota_campaign_record campaign; /* its waves are the results' own */
};

struct ota_collector;

/* Returns a collector, or NULL with *error set. shape is copied. */
struct ota_collector *ota_collector_new(const struct ota_results_shape *shape,
                                        struct ota_error *error);

/* The observers, one a thread; the collector's. */
const struct ota_observer *
ota_collector_observers(const struct ota_collector *collector);

/*
 * Where several ranks have run the replication: puts what all have heard
 * together in the first one's collector, the only one that is to be finished,
 * and its sink. Each has heard of devices [first, first + count) to the end.
 * Returns false with *error set, on all ranks, if any has failed.
 */
bool ota_collector_gather(struct ota_collector *collector,
                          const struct ota_campaign_record *campaign,
                          struct ota_ranks *ranks, size_t first, size_t count,
                          struct ota_error *error);

/* Merges what was heard into *results, which the caller releases. campaign is
 * copied; NULL: there was none. */
bool ota_collector_finish(struct ota_collector *collector,
                          const struct ota_campaign_record *campaign,
                          struct ota_results *results, struct ota_error *error);

void ota_collector_free(struct ota_collector *collector);

void ota_results_release(struct ota_results *results);

#endif
