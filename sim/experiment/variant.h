/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * variant.h - a file that says how a scenario is to be otherwise, as a point
 * of a study.
 */
#ifndef OTA_VARIANT_H
#define OTA_VARIANT_H

#include <stdbool.h>

#include "sim/base/arena.h"
#include "sim/experiment/study.h"

/*
 * Makes the point that `file` and the base say together: changes to the base's
 * scenario or another policy for it, behind the base's settings; or another
 * scenario, with the base's settings. Whether the file is any good is found
 * when the point is read. *name is the file's, without folder and ending.
 * Both live in the arena and borrow file and base. Returns false without
 * memory.
 */
bool ota_variant_point(struct ota_point *point, const char **name,
                       const char *file, const struct ota_point *base,
                       struct ota_arena *arena);

#endif
