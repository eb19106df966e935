/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lines.h - a file of the user's as lines, in the form in which the program
 * carries its own: readers of modules and of presets walk the same ones.
 */
#ifndef OTA_LINES_H
#define OTA_LINES_H

#include "sim/base/arena.h"
#include "sim/base/error.h"

/*
 * Reads a file and returns its lines without their ends, ended by NULL; the
 * memory is the arena's. NULL with a complaint if it cannot be read; `file` is
 * borrowed by that.
 */
const char *const *ota_lines_read(const char *file, struct ota_arena *arena,
                                  struct ota_complaints *complaints);

#endif
