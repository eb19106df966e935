/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path.h - the modules that take a device from what it has to what is wanted,
 * in the order in which they are sent.
 *
 * The release's app goes first. If the Device OS is too old for it, the device
 * boots into safe mode and the healer sends one module after another: of the
 * stepping stones that are needed, then of the release that the app wants,
 * then a bootloader that the last system part still misses. Stones are whole
 * releases. Of several ways the one with fewest stones is taken, then the one
 * with fewest bytes.
 */
#ifndef OTA_PATH_H
#define OTA_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/arena.h"
#include "models/firmware/catalog.h"

struct ota_path_step {
    struct ota_module module;
    bool safe_mode_after; /* the device boots into safe mode behind it */
};

struct ota_path {
    const struct ota_path_step *steps;
    size_t count;
    int64_t payload_bytes; /* of all steps */
};

/*
 * Finds the modules that take `installed` to `target`, without an app. The
 * result's memory is the arena's. Returns false with a message in problem if
 * there is no way (or no memory). An empty path is a success.
 */
bool ota_path_to_release(const struct ota_catalog *catalog,
                         const struct ota_installed *installed,
                         const struct ota_release *target,
                         struct ota_arena *arena, struct ota_path *path,
                         char *problem, size_t problem_size);

/*
 * Finds the path of a product release: the app of size app_bytes (slot u1,
 * version app_version), then what heals the device that took it. target may
 * be NULL: the app runs on whatever is installed.
 */
bool ota_path_to_app(const struct ota_catalog *catalog,
                     const struct ota_installed *installed,
                     const struct ota_release *target, int32_t app_version,
                     int64_t app_bytes, struct ota_arena *arena,
                     struct ota_path *path, char *problem, size_t problem_size);

#endif
