/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * v3_ring.h - chunks that wait for a time, in the order of those times. Private
 * to v3_flow.c.
 */
#ifndef OTA_TRANSFER_V3_RING_H
#define OTA_TRANSFER_V3_RING_H

#include <assert.h>

#include "models/transfer/v3.h"
#include "sim/base/clock.h"

enum { OTA_V3_MASK = OTA_V3_WINDOW_MAX - 1 }; /* a power of two less one */

struct ota_v3_ring {
    int64_t at, count;
    bool sorted; /* chunks ascend, so that the first is the oldest */
    struct ota_v3_repeat list[OTA_V3_WINDOW_MAX];
};

static inline void ota_v3_push(struct ota_v3_ring *ring, int64_t chunk,
                               int64_t due_us)
{
    assert(ring->count < OTA_V3_WINDOW_MAX);
    if (!ring->count)
        ring->sorted = true;
    else if (ring->list[(ring->at + ring->count - 1) & OTA_V3_MASK].chunk >
             chunk)
        ring->sorted = false;
    ring->list[(ring->at + ring->count) & OTA_V3_MASK] =
        (struct ota_v3_repeat){.due_us = due_us, .chunk = chunk};
    ring->count++;
}

static inline void ota_v3_pop(struct ota_v3_ring *ring)
{
    ring->at = (ring->at + 1) & OTA_V3_MASK;
    ring->count--;
}

static inline int64_t ota_v3_first_due_us(const struct ota_v3_ring *ring)
{
    return ring->count ? ring->list[ring->at].due_us : OTA_NEVER;
}

/* The least chunk in it, or none. */
static inline int64_t ota_v3_oldest(const struct ota_v3_ring *ring,
                                    int64_t none)
{
    int64_t least = none;
    const int64_t look =
        ring->sorted ? ota_us_min(ring->count, 1) : ring->count;

    for (int64_t i = 0; i < look; i++)
        least =
            ota_us_min(least, ring->list[(ring->at + i) & OTA_V3_MASK].chunk);
    return least;
}

#endif
