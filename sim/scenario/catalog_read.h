/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catalog_read.h - catalogues of firmware from JSON lines.
 *
 * scenarios/catalog/README.md describes the format. What the program ships
 * with is built in; a file of the user's adds to it.
 */
#ifndef OTA_CATALOG_READ_H
#define OTA_CATALOG_READ_H

#include <stdbool.h>

#include "models/firmware/catalog.h"
#include "sim/base/arena.h"
#include "sim/base/error.h"

/*
 * Reads the shipped catalogue and, unless `file` is NULL, the lines of that
 * file behind it. Memory is the arena's; `file` is borrowed by complaints.
 * Returns false if there is any complaint; *catalog is then not to be used.
 */
bool ota_catalog_read(struct ota_catalog *catalog, const char *file,
                      struct ota_arena *arena,
                      struct ota_complaints *complaints);

/* The same with the lines that ota_lines_read() gave of the file; NULL: the
 * shipped catalogue alone. Lines of presets are passed over. */
bool ota_catalog_read_lines(struct ota_catalog *catalog, const char *file,
                            const char *const *lines, struct ota_arena *arena,
                            struct ota_complaints *complaints);

#endif
