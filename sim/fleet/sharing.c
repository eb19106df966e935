/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sharing.c - one share for all, or one for each value of a label.
 *
 * When a download ends can change with every other that begins or ends, so
 * instants wait in a heap that may hold stale ones: an instant counts if the
 * share (or the device that will be gone by then) still says so. A share has
 * one instant that counts, which may be too early, never too late: looked at
 * then, it says when to look again.
 */
#include "sim/fleet/sharing.h"

#include <assert.h>
#include <stdlib.h>

#include "models/cloud/share.h"
#include "sim/base/clock.h"
#include "sim/base/grow.h"
#include "sim/fleet/attributes.h"
#include "sim/fleet/labels.h"

enum { PLACES = 64, NOBODY = -1 };

/* Something that may happen. */
struct instant {
    int64_t at_us;
    uint32_t share;
    int64_t device; /* will be gone; NOBODY: a download of the share ends */
};

/* A download under way; begun_us OTA_NEVER: none. */
struct download {
    int64_t begun_us, took_us, cut_us, bytes;
};

struct ota_sharing {
    struct ota_share **shares;
    int64_t *load;    /* by share, when looked at last */
    int64_t *look_us; /* by share, its instant that counts */
    size_t count;
    struct ota_labels labels;   /* a share a unit; empty: one for all */
    struct download *downloads; /* by device */
    struct instant *heap;
    size_t waiting, room;
    int64_t now_load, peak_load;
    bool failed; /* there was no memory */
};

/* --- the heap --- */

static bool is_before(const struct instant *a, const struct instant *b)
{
    if (a->at_us != b->at_us)
        return a->at_us < b->at_us;
    if (a->share != b->share)
        return a->share < b->share;
    return a->device < b->device;
}

static bool expect(struct ota_sharing *sharing, const struct instant *instant)
{
    if (instant->at_us == OTA_NEVER)
        return true;
    void *heap = ota_grow(sharing->heap, sharing->waiting, &sharing->room,
                          PLACES, sizeof(*sharing->heap));
    if (!heap)
        return false;
    sharing->heap = heap;
    size_t at = sharing->waiting++;
    while (at > 0 && is_before(instant, &sharing->heap[(at - 1) / 2])) {
        sharing->heap[at] = sharing->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    sharing->heap[at] = *instant;
    return true;
}

static void drop_first(struct ota_sharing *sharing)
{
    const struct instant moved = sharing->heap[--sharing->waiting];
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= sharing->waiting)
            break;
        if (child + 1 < sharing->waiting &&
            is_before(&sharing->heap[child + 1], &sharing->heap[child]))
            child++;
        if (!is_before(&sharing->heap[child], &moved))
            break;
        sharing->heap[at] = sharing->heap[child];
        at = child;
    }
    if (sharing->waiting > 0)
        sharing->heap[at] = moved;
}

/* --- shares --- */

static uint32_t share_of(const struct ota_sharing *sharing, size_t device)
{
    return sharing->labels.unit_of ? sharing->labels.unit_of[device] : 0;
}

/* Something has changed: what is on the way, and when the next one ends. */
static bool follow(struct ota_sharing *sharing, uint32_t share)
{
    const int64_t load = ota_share_load_bytes_per_s(sharing->shares[share]);
    const struct instant next = {
        .at_us = ota_share_next_us(sharing->shares[share]),
        .share = share,
        .device = NOBODY,
    };

    sharing->now_load += load - sharing->load[share];
    sharing->load[share] = load;
    if (sharing->now_load > sharing->peak_load)
        sharing->peak_load = sharing->now_load;
    if (next.at_us >= sharing->look_us[share])
        return true;
    sharing->look_us[share] = next.at_us;
    return expect(sharing, &next);
}

bool ota_sharing_new(const struct ota_fleet_config *config,
                     const struct ota_random_key *key, size_t devices,
                     struct ota_sharing **made, struct ota_error *error)
{
    const struct ota_cloud_config *cloud = &config->cloud;
    const bool uplinks = cloud->uplink_bit_s > 0;
    struct ota_attribute_source source = {config, key};
    struct ota_sharing *sharing;

    *made = NULL;
    if (cloud->egress_bit_s == 0 && !uplinks)
        return true;
    sharing = calloc(1, sizeof(*sharing));
    if (!sharing)
        return ota_fail(error, OTA_NO_MEMORY " for shared capacity");
    bool good =
        !uplinks || ota_labels_init(&sharing->labels, cloud->uplink_of, devices,
                                    ota_fleet_attribute_of, &source);
    sharing->count = uplinks ? sharing->labels.count : 1;
    sharing->shares = calloc(sharing->count, sizeof(struct ota_share *));
    sharing->load = calloc(sharing->count, sizeof(*sharing->load));
    sharing->look_us = calloc(sharing->count, sizeof(*sharing->look_us));
    sharing->downloads = calloc(devices, sizeof(*sharing->downloads));
    good = good && sharing->shares && sharing->load && sharing->look_us &&
           sharing->downloads;
    for (size_t s = 0; s < sharing->count && good; s++) {
        sharing->look_us[s] = OTA_NEVER;
        sharing->shares[s] = ota_share_new(
            ota_cloud_capacity_bytes_per_s(uplinks ? cloud->uplink_bit_s
                                                   : cloud->egress_bit_s),
            PLACES);
        good = sharing->shares[s] != NULL;
    }
    if (!good) {
        ota_sharing_free(sharing);
        return ota_fail(error, OTA_NO_MEMORY " for shared capacity");
    }
    for (size_t i = 0; i < devices; i++)
        sharing->downloads[i].begun_us = OTA_NEVER;
    *made = sharing;
    return true;
}

void ota_sharing_free(struct ota_sharing *sharing)
{
    if (!sharing)
        return;
    if (sharing->shares) {
        for (size_t s = 0; s < sharing->count; s++)
            ota_share_free(sharing->shares[s]);
    }
    ota_labels_release(&sharing->labels);
    free(sharing->shares);
    free(sharing->load);
    free(sharing->look_us);
    free(sharing->downloads);
    free(sharing->heap);
    free(sharing);
}

bool ota_sharing_begin(struct ota_sharing *sharing, size_t device,
                       int64_t now_us, const struct ota_demand *demand)
{
    const uint32_t share = share_of(sharing, device);
    /* Rounded up: alone it is not later than it would be. */
    const double rate =
        (double)demand->bytes * (double)OTA_US_PER_S / (double)demand->took_us;
    const struct instant gone = {
        .at_us = demand->cut_us,
        .share = share,
        .device = (int64_t)device,
    };

    assert(sharing->downloads[device].begun_us == OTA_NEVER);
    sharing->downloads[device] = (struct download){
        .begun_us = now_us,
        .took_us = demand->took_us,
        .cut_us = demand->cut_us,
        .bytes = demand->bytes,
    };
    return ota_share_begin(sharing->shares[share], now_us, device,
                           (int64_t)rate + 1, demand->bytes) &&
           follow(sharing, share) && expect(sharing, &gone);
}

int64_t ota_sharing_next_us(const struct ota_sharing *sharing)
{
    return sharing->waiting > 0 ? sharing->heap[0].at_us : OTA_NEVER;
}

/* The download is through. */
static struct ota_shared ended(struct ota_sharing *sharing, size_t device,
                               int64_t end_us, int64_t cut_us)
{
    struct download *download = &sharing->downloads[device];
    const struct ota_shared shared = {
        .device = (uint32_t)device,
        .begun_us = download->begun_us,
        .end_us = end_us,
        .cut_us = cut_us,
    };

    download->begun_us = OTA_NEVER;
    return shared;
}

/* The device is gone with its download under way; false: it had ended. */
static bool cut_off(struct ota_sharing *sharing, const struct instant *gone,
                    struct ota_shared *shared)
{
    const size_t device = (size_t)gone->device;
    const struct download *download = &sharing->downloads[device];
    int64_t done_bytes;

    if (download->begun_us == OTA_NEVER || download->cut_us != gone->at_us ||
        !ota_share_abort(sharing->shares[gone->share], gone->at_us, device,
                         &done_bytes))
        return false;
    const double alone_us = (double)download->took_us * (double)done_bytes /
                            (double)download->bytes;
    const int64_t cut_us =
        download->begun_us + ota_us_max((int64_t)alone_us, 1);
    *shared = ended(sharing, device, gone->at_us, cut_us);
    if (!follow(sharing, gone->share))
        sharing->failed = true;
    return true;
}

/* A download of the share has ended; false: none, or none that was not taken
 * before. */
static bool finish(struct ota_sharing *sharing, uint32_t share, int64_t now_us,
                   struct ota_shared *shared)
{
    uint64_t device;
    int64_t at_us;

    ota_share_advance(sharing->shares[share], now_us);
    if (!ota_share_finished(sharing->shares[share], &device, &at_us))
        return false;
    const struct download *download = &sharing->downloads[device];
    *shared = ended(sharing, device,
                    /* Rates are whole; alone it ends when it would. */
                    ota_us_max(at_us, download->begun_us + download->took_us),
                    OTA_NEVER);
    return true;
}

bool ota_sharing_take(struct ota_sharing *sharing, int64_t now_us,
                      struct ota_shared *shared)
{
    while (ota_sharing_next_us(sharing) <= now_us) {
        const struct instant first = sharing->heap[0];

        if (first.device == NOBODY) {
            if (finish(sharing, first.share, now_us, shared))
                return true; /* there may be more */
            drop_first(sharing);
            if (first.at_us != sharing->look_us[first.share])
                continue;
            sharing->look_us[first.share] = OTA_NEVER;
            if (!follow(sharing, first.share))
                sharing->failed = true;
        } else {
            drop_first(sharing);
            if (cut_off(sharing, &first, shared))
                return true;
        }
    }
    return false;
}

bool ota_sharing_has_failed(const struct ota_sharing *sharing)
{
    return sharing->failed;
}

int64_t ota_sharing_peak_bytes_per_s(const struct ota_sharing *sharing)
{
    return sharing->peak_load;
}
