/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spells.c - the list behind spells.h. When it is full it is sorted and ends
 * at the same instant are added up; only if more than half of it stays is it
 * doubled. An end is so moved a constant number of times on the average.
 */
#include "sim/stats/spells.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    const struct ota_spell_end *x = a;
    const struct ota_spell_end *y = b;

    if (x->time_us != y->time_us)
        return x->time_us < y->time_us ? -1 : 1;
    return (x->group > y->group) - (x->group < y->group);
}

static void compact(struct ota_spells *spells)
{
    struct ota_spell_end *ends = spells->ends;
    size_t kept = 0;

    qsort(ends, spells->count, sizeof(*ends), compare);
    for (size_t i = 0; i < spells->count;) {
        struct ota_spell_end end = ends[i++];
        while (i < spells->count && compare(&ends[i], &end) == 0)
            end.by += ends[i++].by;
        if (end.by != 0)
            ends[kept++] = end;
    }
    spells->count = kept;
}

static bool make_room(struct ota_spells *spells)
{
    if (spells->count < spells->room)
        return true;
    if (spells->count > 0)
        compact(spells);
    if (spells->room > 0 && spells->count <= spells->room / 2)
        return true;
    const size_t room = spells->room ? 2 * spells->room : 64;
    if (room > SIZE_MAX / sizeof(*spells->ends))
        return false;
    struct ota_spell_end *ends = realloc(spells->ends, room * sizeof(*ends));
    if (!ends)
        return false;
    spells->ends = ends;
    spells->room = room;
    return true;
}

void ota_spells_add(struct ota_spells *spells, int64_t time_us, uint32_t group,
                    int by)
{
    if (spells->no_memory || !make_room(spells)) {
        spells->no_memory = true;
        return;
    }
    spells->ends[spells->count++] =
        (struct ota_spell_end){.time_us = time_us, .group = group, .by = by};
}

int64_t ota_spells_at(const struct ota_spells *spells, uint32_t group,
                      int64_t time_us)
{
    int64_t sum = 0;

    for (size_t i = 0; i < spells->count; i++) {
        if (spells->ends[i].group == group &&
            spells->ends[i].time_us <= time_us)
            sum += spells->ends[i].by;
    }
    return sum;
}

void ota_spells_release(struct ota_spells *spells)
{
    free(spells->ends);
    *spells = (struct ota_spells){.ends = NULL};
}
