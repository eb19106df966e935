/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * settings.h - changes from the command line, made to the tree before it is
 * read, so that they meet the same checks as the file.
 */
#ifndef OTA_SETTINGS_H
#define OTA_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/arena.h"
#include "sim/base/error.h"
#include "sim/scenario/json.h"
#include "sim/scenario/scenario.h"

/*
 * Puts the settings into the tree, in order. Objects on the way that are
 * missing are made; list entries are not. A value is plain text unless it
 * begins with a bracket or a quote. "fleet[0].app.wait" is understood as
 * "fleet.0.app.wait"; "*" means every entry of a list; a path that begins with
 * what a group has ("app.wait") is of all groups (setting_path.h). The path "@"
 * merges the file that the value names into the tree (patch.h). Returns
 * whether all went well.
 */
bool ota_settings_apply(struct ota_json *root,
                        const struct ota_setting *settings, size_t count,
                        struct ota_arena *arena,
                        struct ota_complaints *complaints);

#endif
