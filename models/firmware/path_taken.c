/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path_taken.c - what a device is like when some steps of its path took
 * effect.
 *
 * A device that runs asks these, so they read the path only: the modules of
 * the steps taken and the system parts that were there at first. Nothing is
 * looked up in the catalogue but its few slot rules. A slot's versions rise
 * along a path, so of the steps taken a later one stands over an earlier one,
 * whichever took effect first.
 *
 * Safe mode is for a need that is not met of the app, or of a system part
 * (since Device OS 0.7.0 that includes bootloaders).
 * Source: particle-iot/device-os, system/src/main.cpp and CHANGELOG.md.
 */
#include "models/firmware/path.h"

#include <assert.h>

#include "models/firmware/path_search.h"

static bool is_taken(ota_path_taken taken, size_t step)
{
    return taken >> step & 1;
}

struct ota_installed ota_path_installed(const struct ota_path *path,
                                        ota_path_taken taken)
{
    struct ota_installed installed = path->installed;

    for (size_t i = 0; i < path->count; i++) {
        const struct ota_path_step *step = &path->steps[i];
        if (!is_taken(taken, i))
            continue;
        installed.version[step->module.slot] = step->module.version;
        if (step->with.size_bytes > 0)
            installed.version[step->with.slot] = step->with.version;
    }
    return installed;
}

/* Finds the installed system parts, as ota_catalog_system_parts() would. */
static void find_parts(const struct ota_path *path, ota_path_taken taken,
                       const struct ota_module *parts[])
{
    const int first = ota_slot_from_text("s0");

    for (int i = 0; i < OTA_SLOT_INDEXES; i++)
        parts[i] = path->parts[i];
    for (size_t i = 0; i < path->count; i++) {
        const struct ota_module *module = &path->steps[i].module;
        if (is_taken(taken, i) && ota_path_letter(module->slot) == 's')
            parts[module->slot - first] = module;
    }
}

enum ota_acceptance ota_path_acceptance(const struct ota_path *path,
                                        ota_path_taken taken, size_t step)
{
    assert(step < path->count);

    const struct ota_installed installed = ota_path_installed(path, taken);
    const struct ota_module *parts[OTA_SLOT_INDEXES];

    find_parts(path, taken, parts);
    return ota_module_acceptance_among(path->catalog, path->platform,
                                       &installed, parts,
                                       &path->steps[step].module);
}

bool ota_path_safe_mode(const struct ota_path *path, ota_path_taken taken)
{
    const struct ota_installed installed = ota_path_installed(path, taken);
    const struct ota_module *parts[OTA_SLOT_INDEXES];

    find_parts(path, taken, parts);
    for (int i = 0; i < OTA_SLOT_INDEXES; i++) {
        if (parts[i] && !ota_module_satisfied(&installed, parts[i]))
            return true;
    }
    /* An app in a combined image has what it needs. */
    for (size_t i = 0; i < path->count; i++) {
        const struct ota_module *module = &path->steps[i].module;
        if (is_taken(taken, i) && ota_path_letter(module->slot) == 'u' &&
            !ota_module_satisfied(&installed, module))
            return true;
    }
    return false;
}

int32_t ota_path_system(const struct ota_path *path, ota_path_taken taken)
{
    if (path->system_slot < 0)
        return 0;
    int32_t version = path->installed.version[path->system_slot];
    for (size_t i = 0; i < path->count; i++) {
        const struct ota_module *module = &path->steps[i].module;
        if (is_taken(taken, i) && module->slot == path->system_slot)
            version = module->version;
    }
    return version;
}
