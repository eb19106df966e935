/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * grow.h - arrays that grow by doubling, so that an item is moved a constant
 * number of times on the average.
 */
#ifndef OTA_GROW_H
#define OTA_GROW_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * Returns items of `size` bytes each, with room for one more than `count`: as
 * they are if *room is larger, else moved to twice the room, which is `least`
 * to begin with. NULL without memory; items and *room are then as they were.
 */
static inline void *ota_grow(void *items, size_t count, size_t *room,
                             size_t least, size_t size)
{
    if (count < *room)
        return items;
    const size_t more = *room > 0 ? 2 * *room : least;
    void *moved = more <= SIZE_MAX / size ? realloc(items, more * size) : NULL;
    if (moved)
        *room = more;
    return moved;
}

#endif
