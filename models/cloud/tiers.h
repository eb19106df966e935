/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tiers.h - who gets how much of a share, in real time. Private to
 * models/cloud.
 *
 * Downloads have places here, which their owner numbers. Nothing may be asked,
 * or happen, at a tick after that of the next end before that end has.
 */
#ifndef OTA_CLOUD_TIERS_H
#define OTA_CLOUD_TIERS_H

#include <stdbool.h>
#include <stdint.h>

#include "models/cloud/pairing.h"
#include "models/cloud/places.h"
#include "sim/base/clock.h"

enum { OTA_TICK_BITS = 36 };

/* Time counts in ticks, and what flows in units: what 1 byte/s yields in a
 * tick. */
#define OTA_TICKS_PER_US ((ota_i128)1 << OTA_TICK_BITS)
#define OTA_UNITS_PER_BYTE (OTA_US_PER_S * OTA_TICKS_PER_US)

/* Downloads of one greatest rate, at least one. */
struct ota_tier {
    ota_u128 origin; /* each got this, and the level's units or rate * ticks */
    int64_t rate;    /* bytes/s */
    uint32_t count;
    uint32_t first; /* root of the heap of downloads */
    bool at_level;
};

struct ota_tiers {
    int64_t capacity;     /* bytes/s */
    ota_i128 tick;        /* of the last event */
    ota_u128 level;       /* units that each at the level got until then */
    ota_i128 capped_rate; /* sum over the downloads that are not there */
    uint32_t level_count; /* downloads that are */
    /* Roots of the heaps of the tiers that are capped [0], at the level [1]. */
    struct ota_tier_side {
        uint32_t by_end;  /* by the tick, or the level's units, of an end */
        uint32_t by_rate; /* the next to cross: the fastest; the slowest */
    } sides[2];
    struct ota_places rates; /* places of tiers, by rate */
    struct ota_tier *tiers;
    struct ota_pairing_node *end_nodes, *rate_nodes; /* of tiers */
    uint32_t *tier_of;                               /* by download */
    /* Of downloads; key: what the tier has got when it ends; tie: the id. Those
     * that were removed are the owner's to use. */
    struct ota_pairing_node *nodes;
};

/* Sets up tiers without any room, at tick 0. */
void ota_tiers_init(struct ota_tiers *tiers, int64_t capacity);

/* Makes room for so many downloads; returns false, and what there is can be
 * used on, if there is no memory. */
bool ota_tiers_grow(struct ota_tiers *tiers, uint32_t places);

void ota_tiers_release(struct ota_tiers *tiers);

/* Lives until a tick. The other functions that change something do so then. */
void ota_tiers_live(struct ota_tiers *tiers, ota_i128 tick);

void ota_tiers_add(struct ota_tiers *tiers, uint32_t download, uint64_t id,
                   int64_t rate, int64_t bytes);
void ota_tiers_remove(struct ota_tiers *tiers, uint32_t download);
void ota_tiers_set_capacity(struct ota_tiers *tiers, int64_t capacity);

/* What a download still has to get at a tick. */
ota_i128 ota_tiers_left_units(const struct ota_tiers *tiers, uint32_t download,
                              ota_i128 tick);

/* What all get together. */
int64_t ota_tiers_load(const struct ota_tiers *tiers);

struct ota_tiers_end {
    uint32_t download; /* OTA_PAIRING_NONE: none ends */
    ota_i128 tick;
};

struct ota_tiers_end ota_tiers_next_end(const struct ota_tiers *tiers);

#endif
