/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path_search.h - private to path*.c: which modules lead to a release, and
 * what their images weigh.
 */
#ifndef OTA_PATH_SEARCH_H
#define OTA_PATH_SEARCH_H

#include "models/firmware/path.h"

/* What the search needs to know of the world. */
struct ota_path_world {
    const struct ota_catalog *catalog;
    const char *platform;
    int system_slot; /* of the last system part; -1: none */
    bool compress;
};

enum ota_path_found {
    OTA_PATH_FOUND,
    OTA_PATH_NO_WAY,
    OTA_PATH_NO_MEMORY,
};

/* Finds the modules that take installed to target, in order; their memory is
 * the arena's. */
enum ota_path_found ota_path_search(const struct ota_path_world *world,
                                    const struct ota_installed *installed,
                                    const struct ota_release *target,
                                    struct ota_arena *arena,
                                    const struct ota_module ***modules,
                                    size_t *count);

/* Returns what the device that has `installed` can do. */
struct ota_device_os ota_path_os(const struct ota_path_world *world,
                                 const struct ota_installed *installed);

/* Returns whether a device that has `installed` is sent the module compressed:
 * it takes that, and it is a system part or an app. */
bool ota_path_compresses(const struct ota_path_world *world,
                         const struct ota_installed *installed,
                         const struct ota_module *module);

/* Bytes of a system part or app that is sent compressed, rounded up. */
int64_t ota_path_deflated_bytes(const struct ota_module *module);

/* Letter of a slot: 's' of s1. */
char ota_path_letter(int slot);

#endif
