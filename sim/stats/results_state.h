/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * results_state.h - what a collector holds. Private to results*.c.
 */
#ifndef OTA_RESULTS_STATE_H
#define OTA_RESULTS_STATE_H

#include "sim/base/lane.h"
#include "sim/stats/digest.h"
#include "sim/stats/results.h"
#include "sim/stats/spells.h"
#include "sim/stats/totals.h"

/* What one thread's observer writes into; no other thread's line of cache. */
struct ota_results_lane {
    _Alignas(OTA_CACHE_LINE) struct ota_collector *collector;
    size_t number;
    int64_t final_count;       /* devices that are done */
    struct ota_totals *totals; /* by group */
    struct ota_timeline timeline;
    struct ota_spells *downloads; /* by group */
};

struct ota_collector {
    struct ota_results_shape shape;
    int64_t *group_devices; /* of the shape, */
    int64_t *within_us;     /* as these are */
    size_t device_count;
    struct ota_digest digest;
    size_t lane_count;
    struct ota_results_lane *lanes;
    struct ota_observer *observers; /* one a lane */
    int64_t *elsewhere; /* by group, devices of other ranks that downloaded when
                         * the rollout was stopped; NULL: all are here */
};

/* Devices of the group, from 0, that were heard of here and downloaded then. */
int64_t ota_collector_downloading(const struct ota_collector *collector,
                                  size_t group, int64_t time_us);

#endif
