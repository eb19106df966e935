/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spells.h - how many devices were at something at an instant that is known
 * only when the run is over.
 *
 * Each begin and end is kept, and may be taken back. What has been taken back
 * is dropped before more memory is taken, so the space is that of the spells
 * that stand: 8 B a begin or end.
 */
#ifndef OTA_SPELLS_H
#define OTA_SPELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero is empty. */
struct ota_spells {
    int64_t *ends; /* twice the time, and 1 if it is a begin */
    size_t count, room;
    bool taken_back; /* something was, since the list was gone through */
    bool no_memory;  /* some are missing */
};

/* One device more, or less, is at it from time_us on, which is not negative. */
void ota_spells_add(struct ota_spells *spells, int64_t time_us, bool begins);

/* That was told, and did not happen. */
void ota_spells_take_back(struct ota_spells *spells, int64_t time_us,
                          bool begins);

/* Devices that are at it at time_us; those that begin or end then have begun or
 * ended. */
int64_t ota_spells_at(const struct ota_spells *spells, int64_t time_us);

void ota_spells_release(struct ota_spells *spells);

#endif
