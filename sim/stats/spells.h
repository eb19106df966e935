/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spells.h - how many devices of a group were at something at an instant that
 * is known only when the run is over.
 *
 * Each begin and end is kept, and may be taken back. What has been taken back
 * is dropped before more memory is taken, so the space is that of the spells
 * that stand.
 */
#ifndef OTA_SPELLS_H
#define OTA_SPELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ota_spell_end {
    int64_t time_us;
    uint32_t group;
    int32_t by; /* so many more devices from then on */
};

/* All zero is empty. */
struct ota_spells {
    struct ota_spell_end *ends;
    size_t count, room;
    bool no_memory; /* some are missing */
};

/* So many (+1, -1) more devices of the group are at it from time_us on. */
void ota_spells_add(struct ota_spells *spells, int64_t time_us, uint32_t group,
                    int by);

/* Devices of the group that are at it at time_us; those that begin or end then
 * have begun or ended. */
int64_t ota_spells_at(const struct ota_spells *spells, uint32_t group,
                      int64_t time_us);

void ota_spells_release(struct ota_spells *spells);

#endif
