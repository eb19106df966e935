/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rooms.h - places for devices that are there for a while. Private to
 * sim/fleet.
 *
 * A pool is one thread's. A room that is let go may be of another's pool, if
 * both are released together.
 */
#ifndef OTA_ROOMS_H
#define OTA_ROOMS_H

#include "sim/fleet/conduct.h"

/* All zero to begin with. */
struct ota_room_pool {
    struct ota_room **blocks;
    size_t block_count, block_places;
    struct ota_room **empty;
    size_t empty_count, empty_places;
    bool failed; /* there was no memory */
};

/* Returns a room, or NULL without memory. */
struct ota_room *ota_rooms_take(struct ota_room_pool *pool);
void ota_rooms_let_go(struct ota_room_pool *pool, struct ota_room *room);
void ota_rooms_release(struct ota_room_pool *pool);

#endif
