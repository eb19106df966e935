/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells.h - the numbers of a device as files have them: one table of columns
 * for all files that list devices.
 */
#ifndef OTA_CELLS_H
#define OTA_CELLS_H

#include <stdint.h>

#include "sim/fleet/observation.h"

enum { OTA_CELLS = 32 };

struct ota_cell_info {
    const char *name;
    int places; /* the cell is the number * 10^places: 0 or 6 */
};

extern const struct ota_cell_info ota_cells[OTA_CELLS];

/* Fills in the cells of a device; OTA_NEVER: there is no number. */
void ota_cells_of(const struct ota_device_record *device,
                  int64_t cells[OTA_CELLS]);

#endif
