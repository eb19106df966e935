/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * results.h - what one replication yields, and the listener that gathers it.
 *
 * A collector has one observer a shard, each with memory of its own; when the
 * run is over they are merged in shard order into the results.
 */
#ifndef OTA_RESULTS_H
#define OTA_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/error.h"
#include "sim/fleet/observation.h"
#include "sim/stats/histogram.h"
#include "sim/stats/kpi.h"
#include "sim/stats/rollout.h"
#include "sim/stats/timeline.h"

/* What a collector must know of the fleet beforehand. */
struct ota_results_shape {
    const int64_t *group_devices; /* by group; devices are numbered group
                                   * after group */
    size_t group_count;
    size_t shards;
    int64_t horizon_us;
    int64_t release_us; /* times to x % count from here */
    bool keep_devices;  /* leave the records in the results */
    bool staged;        /* devices may have to do with each other, through
                         * the rollout */
    bool may_stop;      /* a rule may stop it: who was downloading then? */
    struct ota_rates rates;
};

/* Of the whole fleet or of one group. */
struct ota_group_results {
    int64_t devices;
    int64_t outcomes[OTA_OUTCOMES]; /* devices; they add up */
    double kpi[OTA_KPIS];           /* in the units of ota_kpis; NaN: none */
};

struct ota_results {
    size_t group_count;                /* without the fleet itself */
    struct ota_group_results *groups;  /* [0] the fleet, [1 + g] group g */
    struct ota_timeline timeline;      /* of the fleet, summed */
    struct ota_histogram bytes;        /* all bytes of a device's run */
    struct ota_device_record *devices; /* all of them, if kept; or NULL */
    size_t device_count;               /* of devices; 0 if not kept */
    bool staged;
    struct ota_campaign_record campaign; /* its waves are the results' own */
};

struct ota_collector;

/* Returns a collector, or NULL with *error set. shape is copied. */
struct ota_collector *ota_collector_new(const struct ota_results_shape *shape,
                                        struct ota_error *error);

/* The observers, one a shard; the collector's. */
const struct ota_observer *
ota_collector_observers(const struct ota_collector *collector);

/* Merges what was heard into *results, which the caller releases. campaign is
 * copied; NULL: there was none. */
bool ota_collector_finish(struct ota_collector *collector,
                          const struct ota_campaign_record *campaign,
                          struct ota_results *results, struct ota_error *error);

void ota_collector_free(struct ota_collector *collector);

void ota_results_release(struct ota_results *results);

#endif
