/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * patch.h - a file of changes to a scenario.
 *
 *     {"app": {"wait": "20s"},                of all groups
 *      "fleet": {"meters": {"link": null}},   of one: its link is left out
 *      "delivery": {"model": "immediate"}}
 *
 * As JSON Merge Patch has it (RFC 7396): an object changes the keys that it
 * names, null takes a key away, anything else replaces. Two things are added:
 * the fleet, a list, is changed by an object whose keys are groups' names,
 * indexes, or "*" for all; and what a group has may stand at the top, for all
 * groups.
 */
#ifndef OTA_PATCH_H
#define OTA_PATCH_H

#include <stdbool.h>

#include "sim/base/arena.h"
#include "sim/base/error.h"
#include "sim/scenario/json.h"

/* Changes the tree; what comes from the patch stands in the patch's file.
 * Returns false with complaints. */
bool ota_patch_merge(struct ota_json *root, const struct ota_json *patch,
                     struct ota_arena *arena,
                     struct ota_complaints *complaints);

#endif
