/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rooms.c - rooms in blocks, and a list of the empty ones.
 */
#include "sim/fleet/rooms.h"

#include <stdlib.h>

#include "sim/base/grow.h"

enum { ROOMS_AT_ONCE = 256 };

/* Makes a place for one more. */
static bool grow(struct ota_room ***list, size_t count, size_t *places)
{
    void *grown = ota_grow(*list, count, places, ROOMS_AT_ONCE,
                           sizeof(struct ota_room *));

    if (grown)
        *list = grown;
    return grown != NULL;
}

void ota_rooms_let_go(struct ota_room_pool *pool, struct ota_room *room)
{
    if (grow(&pool->empty, pool->empty_count, &pool->empty_places))
        pool->empty[pool->empty_count++] = room;
    else
        pool->failed = true;
}

static void add_block(struct ota_room_pool *pool)
{
    struct ota_room *block = NULL;

    if (grow(&pool->blocks, pool->block_count, &pool->block_places))
        block = malloc(ROOMS_AT_ONCE * sizeof(*block));
    if (!block)
        return;
    pool->blocks[pool->block_count++] = block;
    for (int i = ROOMS_AT_ONCE; i-- > 0;)
        ota_rooms_let_go(pool, &block[i]);
}

struct ota_room *ota_rooms_take(struct ota_room_pool *pool)
{
    if (pool->empty_count == 0)
        add_block(pool);
    if (pool->empty_count > 0)
        return pool->empty[--pool->empty_count];
    pool->failed = true;
    return NULL;
}

void ota_rooms_release(struct ota_room_pool *pool)
{
    for (size_t b = 0; b < pool->block_count; b++)
        free(pool->blocks[b]);
    free(pool->blocks);
    free(pool->empty);
    *pool = (struct ota_room_pool){.blocks = NULL};
}
