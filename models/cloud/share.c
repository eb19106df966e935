/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * share.c - ids, microseconds and memory around tiers.c, which has the
 * mathematics.
 *
 * A download that has ended keeps its place, and its node is in the heap of
 * those that were not told yet.
 */
#include "models/cloud/share.h"

#include <assert.h>
#include <stdlib.h>

#include "models/cloud/tiers.h"

enum { PLACES_MIN = 16 };

static_assert(((ota_u128)-1 >> 1) / (ota_u128)OTA_UNITS_PER_BYTE /
                      OTA_SHARE_BYTES_MAX >
                  OTA_SHARE_PLACES_MAX,
              "what the largest downloads have left, added up, must fit");

struct ota_share {
    struct ota_tiers tiers;
    int64_t now_us;
    uint32_t active;
    uint32_t finished;     /* root of the heap by (us, id) */
    struct ota_places ids; /* of downloads */
    int64_t *bytes;        /* by place */
};

static bool grow(struct ota_share *share, uint32_t places)
{
    if (places > OTA_SHARE_PLACES_MAX || !ota_tiers_grow(&share->tiers, places))
        return false;
    int64_t *bytes = realloc(share->bytes, places * sizeof(*bytes));
    if (bytes)
        share->bytes = bytes;
    return bytes && ota_places_grow(&share->ids, places);
}

struct ota_share *ota_share_new(int64_t capacity_bytes_per_s, size_t places)
{
    assert(capacity_bytes_per_s >= 0 && places <= OTA_SHARE_PLACES_MAX);

    struct ota_share *share = calloc(1, sizeof(*share));
    if (!share)
        return NULL;
    ota_tiers_init(&share->tiers, capacity_bytes_per_s);
    share->finished = OTA_PAIRING_NONE;
    if (!grow(share, places > PLACES_MIN ? (uint32_t)places : PLACES_MIN)) {
        ota_share_free(share);
        return NULL;
    }
    return share;
}

void ota_share_free(struct ota_share *share)
{
    if (!share)
        return;
    ota_tiers_release(&share->tiers);
    ota_places_release(&share->ids);
    free(share->bytes);
    free(share);
}

/* --- time ----------------------------------------------------------------- */

static ota_i128 us_up(ota_i128 tick)
{
    return (tick + OTA_TICKS_PER_US - 1) >> OTA_TICK_BITS;
}

int64_t ota_share_next_us(const struct ota_share *share)
{
    const struct ota_tiers_end end = ota_tiers_next_end(&share->tiers);

    if (end.download == OTA_PAIRING_NONE || us_up(end.tick) >= OTA_NEVER)
        return OTA_NEVER;
    return (int64_t)us_up(end.tick);
}

/* A download is under way no longer. */
static void take_out(struct ota_share *share, uint32_t download, ota_i128 tick)
{
    ota_tiers_live(&share->tiers, tick);
    ota_tiers_remove(&share->tiers, download);
    ota_places_hide(&share->ids, download);
    share->active--;
}

void ota_share_advance(struct ota_share *share, int64_t now_us)
{
    struct ota_pairing_node *nodes = share->tiers.nodes;

    assert(now_us >= share->now_us && now_us < OTA_NEVER);

    while (ota_share_next_us(share) <= now_us) {
        const struct ota_tiers_end end = ota_tiers_next_end(&share->tiers);
        take_out(share, end.download, end.tick);
        nodes[end.download].key = (ota_u128)us_up(end.tick);
        share->finished = ota_pairing_add(nodes, share->finished, end.download);
    }
    share->now_us = now_us;
}

/* --- what callers do ------------------------------------------------------ */

static ota_i128 tick_now(const struct ota_share *share)
{
    return share->now_us * OTA_TICKS_PER_US;
}

static int64_t done_bytes(const struct ota_share *share, uint32_t download)
{
    const ota_i128 left =
        ota_tiers_left_units(&share->tiers, download, tick_now(share));

    return share->bytes[download] -
           (int64_t)((left + OTA_UNITS_PER_BYTE - 1) / OTA_UNITS_PER_BYTE);
}

bool ota_share_begin(struct ota_share *share, int64_t now_us, uint64_t id,
                     int64_t rate_bytes_per_s, int64_t bytes)
{
    assert(rate_bytes_per_s > 0 && bytes >= 0 && bytes <= OTA_SHARE_BYTES_MAX);

    ota_share_advance(share, now_us);
    if (share->ids.free == OTA_PLACE_NONE && !grow(share, 2 * share->ids.size))
        return false;

    const uint32_t download = ota_places_take(&share->ids, id);
    share->bytes[download] = bytes;
    share->active++;
    ota_tiers_live(&share->tiers, tick_now(share));
    ota_tiers_add(&share->tiers, download, id, rate_bytes_per_s, bytes);
    return true;
}

bool ota_share_abort(struct ota_share *share, int64_t now_us, uint64_t id,
                     int64_t *done)
{
    ota_share_advance(share, now_us);
    const uint32_t download = ota_places_find(&share->ids, id);
    if (download == OTA_PLACE_NONE)
        return false;
    *done = done_bytes(share, download);
    take_out(share, download, tick_now(share));
    ota_places_give(&share->ids, download);
    return true;
}

void ota_share_set_capacity(struct ota_share *share, int64_t now_us,
                            int64_t capacity_bytes_per_s)
{
    assert(capacity_bytes_per_s >= 0);

    ota_share_advance(share, now_us);
    if (capacity_bytes_per_s == share->tiers.capacity)
        return;
    ota_tiers_live(&share->tiers, tick_now(share));
    ota_tiers_set_capacity(&share->tiers, capacity_bytes_per_s);
}

bool ota_share_finished(struct ota_share *share, uint64_t *id, int64_t *at_us)
{
    struct ota_pairing_node *nodes = share->tiers.nodes;
    const uint32_t download = share->finished;

    if (download == OTA_PAIRING_NONE)
        return false;
    *id = nodes[download].tie;
    *at_us = (int64_t)nodes[download].key;
    share->finished = ota_pairing_remove(nodes, share->finished, download);
    ota_places_give(&share->ids, download);
    return true;
}

int64_t ota_share_done_bytes(const struct ota_share *share, uint64_t id)
{
    const uint32_t download = ota_places_find(&share->ids, id);

    return download == OTA_PLACE_NONE ? -1 : done_bytes(share, download);
}

size_t ota_share_active(const struct ota_share *share)
{
    return share->active;
}

int64_t ota_share_load_bytes_per_s(const struct ota_share *share)
{
    return ota_tiers_load(&share->tiers);
}
