/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * places.h - numbered places, found by a key. Private to models/cloud.
 */
#ifndef OTA_CLOUD_PLACES_H
#define OTA_CLOUD_PLACES_H

#include <stdbool.h>
#include <stdint.h>

#define OTA_PLACE_NONE UINT32_MAX

/* All zero: none, and no memory. */
struct ota_places {
    uint32_t size;     /* places, taken or free */
    uint32_t free;     /* the first free one; OTA_PLACE_NONE */
    uint32_t *next;    /* by place: of the free ones, or in a bucket */
    uint64_t *keys;    /* by place */
    uint32_t *buckets; /* as many as the least power of two that is not below
                        * size */
};

/* Makes room for size places, more than there are; returns false, and changes
 * nothing that is seen, if there is no memory. */
bool ota_places_grow(struct ota_places *places, uint32_t size);

void ota_places_release(struct ota_places *places);

/* Returns the place with that key, or OTA_PLACE_NONE. */
uint32_t ota_places_find(const struct ota_places *places, uint64_t key);

/* Takes a free place, of which there must be one, for a key that no other
 * has. */
uint32_t ota_places_take(struct ota_places *places, uint64_t key);

/* Lets a place be found no longer; it stays taken. */
void ota_places_hide(struct ota_places *places, uint32_t place);

/* Frees a place that is hidden. */
void ota_places_give(struct ota_places *places, uint32_t place);

#endif
