/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * results.c - listening to a replication.
 *
 * What can be added up is, as it comes, by each thread for itself: its lane.
 * What cannot goes to the device's place in the digest. All sums are of
 * integers: no result depends on who added first.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/stats/results_state.h"

/* A state that is taken back was told with the same words. */
static void observe_state(struct ota_results_lane *lane,
                          const struct ota_observation *seen)
{
    const enum ota_state from = seen->detail.state.from;
    const enum ota_state to = seen->detail.state.to;
    const bool begins = to == OTA_STATE_DOWNLOADING;
    const bool ends = from == OTA_STATE_DOWNLOADING;

    if (seen->undone)
        ota_timeline_undo(&lane->timeline, seen->time_us, from, to);
    else
        ota_timeline_change(&lane->timeline, seen->time_us, from, to);
    if (!lane->collector->shape.may_stop || begins == ends)
        return;
    if (seen->undone)
        ota_spells_take_back(&lane->downloads[seen->group], seen->time_us,
                             begins);
    else
        ota_spells_add(&lane->downloads[seen->group], seen->time_us, begins);
}

static void observe_final(struct ota_results_lane *lane,
                          const struct ota_observation *seen)
{
    struct ota_collector *collector = lane->collector;
    const struct ota_device_sink *sink = collector->shape.sink;
    const int by = seen->undone ? -1 : 1;

    ota_totals_add(&lane->totals[seen->group], seen->record,
                   collector->shape.horizon_us, by);
    lane->final_count += by;
    if (seen->undone)
        return;
    ota_digest_put(&collector->digest, (size_t)seen->device, seen->record);
    if (sink)
        sink->put(sink->self, lane->number, seen->device, seen->record);
}

static void observe(void *self, const struct ota_observation *seen)
{
    struct ota_results_lane *lane = self;

    if (seen->kind == OTA_SEEN_STATE)
        observe_state(lane, seen);
    else if (seen->kind == OTA_SEEN_FINAL)
        observe_final(lane, seen);
}

static bool open_lane(struct ota_collector *collector, size_t number)
{
    struct ota_results_lane *lane = &collector->lanes[number];
    const size_t groups = collector->shape.group_count;
    const size_t size = groups * sizeof(*lane->totals);

    lane->collector = collector;
    lane->number = number;
    collector->observers[number] = (struct ota_observer){
        .wants = 1U << OTA_SEEN_STATE | 1U << OTA_SEEN_FINAL,
        .observe = observe,
        .self = lane,
    };
    lane->totals =
        aligned_alloc(OTA_CACHE_LINE, (size + OTA_CACHE_LINE - 1) /
                                          OTA_CACHE_LINE * OTA_CACHE_LINE);
    lane->downloads =
        calloc(collector->shape.group_count, sizeof(*lane->downloads));
    if (!lane->totals || !lane->downloads)
        return false;
    memset(lane->totals, 0, size);
    return ota_timeline_init(&lane->timeline, collector->shape.horizon_us);
}

/* Takes the memory of an otherwise complete collector. */
static bool allocate(struct ota_collector *collector)
{
    const size_t lanes = collector->lane_count;

    const size_t times = collector->shape.within_count;

    collector->group_devices =
        calloc(collector->shape.group_count, sizeof(*collector->group_devices));
    collector->within_us = calloc(times + 1, sizeof(*collector->within_us));
    collector->observers = calloc(lanes, sizeof(*collector->observers));
    collector->lanes =
        aligned_alloc(OTA_CACHE_LINE, lanes * sizeof(*collector->lanes));
    if (collector->lanes)
        memset(collector->lanes, 0, lanes * sizeof(*collector->lanes));
    if (!collector->group_devices || !collector->within_us ||
        !collector->observers || !collector->lanes ||
        !ota_digest_init(&collector->digest, collector->device_count,
                         collector->shape.may_stop))
        return false;
    for (size_t l = 0; l < lanes; l++)
        if (!open_lane(collector, l))
            return false;
    return true;
}

struct ota_collector *ota_collector_new(const struct ota_results_shape *shape,
                                        struct ota_error *error)
{
    assert(shape->group_count > 0 && shape->threads > 0);

    int64_t devices = 0;
    for (size_t g = 0; g < shape->group_count; g++)
        devices += shape->group_devices[g];
    assert(devices > 0);

    struct ota_collector *collector = calloc(1, sizeof(*collector));
    if (collector) {
        collector->shape = *shape;
        collector->device_count = (size_t)devices;
        collector->lane_count = (size_t)shape->threads;
    }
    if (!collector || !allocate(collector)) {
        ota_collector_free(collector);
        ota_fail(error, OTA_NO_MEMORY " for the numbers of %lld devices",
                 (long long)devices);
        return NULL;
    }
    memcpy(collector->group_devices, shape->group_devices,
           shape->group_count * sizeof(*shape->group_devices));
    collector->shape.group_devices = collector->group_devices;
    for (size_t t = 0; t < shape->within_count; t++) {
        assert(t == 0 || shape->within_us[t - 1] < shape->within_us[t]);
        collector->within_us[t] = shape->within_us[t];
    }
    collector->shape.within_us = collector->within_us;
    return collector;
}

const struct ota_observer *
ota_collector_observers(const struct ota_collector *collector)
{
    return collector->observers;
}

void ota_collector_free(struct ota_collector *collector)
{
    if (!collector)
        return;
    for (size_t l = 0; collector->lanes && l < collector->lane_count; l++) {
        struct ota_results_lane *lane = &collector->lanes[l];
        ota_timeline_release(&lane->timeline);
        for (size_t g = 0; lane->downloads && g < collector->shape.group_count;
             g++)
            ota_spells_release(&lane->downloads[g]);
        free(lane->downloads);
        free(lane->totals);
    }
    free(collector->lanes);
    free(collector->elsewhere);
    free(collector->observers);
    ota_digest_release(&collector->digest);
    free(collector->group_devices);
    free(collector->within_us);
    free(collector);
}
