/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spells.c - the list behind spells.h. When it is full and something was taken
 * back it is sorted, and a begin and an end at the same instant are dropped;
 * only if more than half of it stays is it doubled. An entry is so moved a
 * constant number of times on the average.
 */
#include "sim/stats/spells.h"

#include <assert.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void compact(struct ota_spells *spells)
{
    int64_t *ends = spells->ends;
    size_t kept = 0;

    qsort(ends, spells->count, sizeof(*ends), compare);
    for (size_t i = 0; i < spells->count;) {
        const int64_t time_us = ends[i] >> 1;
        int64_t by = 0;
        for (; i < spells->count && ends[i] >> 1 == time_us; i++)
            by += ends[i] & 1 ? 1 : -1;
        for (; by != 0; by += by > 0 ? -1 : 1)
            ends[kept++] = 2 * time_us + (by > 0);
    }
    spells->count = kept;
    spells->taken_back = false;
}

static bool make_room(struct ota_spells *spells)
{
    if (spells->count < spells->room)
        return true;
    if (spells->taken_back && spells->count > 0)
        compact(spells);
    if (spells->room > 0 && spells->count <= spells->room / 2)
        return true;
    const size_t room = spells->room ? 2 * spells->room : 64;
    int64_t *ends = room > SIZE_MAX / sizeof(*ends)
                        ? NULL
                        : realloc(spells->ends, room * sizeof(*ends));
    if (!ends)
        return false;
    spells->ends = ends;
    spells->room = room;
    return true;
}

void ota_spells_add(struct ota_spells *spells, int64_t time_us, bool begins)
{
    assert(time_us >= 0);

    if (spells->no_memory || !make_room(spells)) {
        spells->no_memory = true;
        return;
    }
    spells->ends[spells->count++] = 2 * time_us + begins;
}

void ota_spells_take_back(struct ota_spells *spells, int64_t time_us,
                          bool begins)
{
    spells->taken_back = true;
    ota_spells_add(spells, time_us, !begins);
}

int64_t ota_spells_at(const struct ota_spells *spells, int64_t time_us)
{
    int64_t sum = 0;

    for (size_t i = 0; i < spells->count; i++)
        if (spells->ends[i] >> 1 <= time_us)
            sum += spells->ends[i] & 1 ? 1 : -1;
    return sum;
}

void ota_spells_release(struct ota_spells *spells)
{
    free(spells->ends);
    *spells = (struct ota_spells){.ends = NULL};
}
