/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catalog.c - looking up modules, and the device's own checks before it takes
 * one.
 *
 * The checks are Device OS's: installed version >= needed version, of the
 * module's own needs only. Since 0.6.0 a device also refuses a system part that
 * would leave another one's need of it unmet (validate_module_dependencies_full
 * of the files that catalog.h names). As needs are lower bounds that stops
 * downgrades, and upgrades that do not go far enough.
 */
#include "models/firmware/catalog.h"

#include <assert.h>
#include <string.h>

const char ota_slot_letters[] = "bsuacmr";

int ota_slot_from_text(const char *text)
{
    if (!text[0] || !text[1] || text[2])
        return -1;
    const char *letter = strchr(ota_slot_letters, text[0]);
    const int index = text[1] - '0';
    if (!letter || index < 0 || index >= OTA_SLOT_INDEXES)
        return -1;
    return (int)(letter - ota_slot_letters) * OTA_SLOT_INDEXES + index;
}

void ota_slot_to_text(int slot, char text[3])
{
    assert(slot >= 0 && slot < OTA_SLOTS);

    text[0] = ota_slot_letters[slot / OTA_SLOT_INDEXES];
    text[1] = (char)('0' + slot % OTA_SLOT_INDEXES);
    text[2] = '\0';
}

static char slot_letter(int slot)
{
    return ota_slot_letters[slot / OTA_SLOT_INDEXES];
}

const struct ota_release *ota_catalog_find(const struct ota_catalog *catalog,
                                           const char *platform, const char *os)
{
    for (size_t i = 0; i < catalog->release_count; i++) {
        const struct ota_release *release = &catalog->releases[i];
        if (!strcmp(release->platform, platform) && !strcmp(release->os, os))
            return release;
    }
    return NULL;
}

const struct ota_module *ota_release_module(const struct ota_release *release,
                                            int slot)
{
    for (int i = 0; i < release->module_count; i++) {
        if (release->modules[i].slot == slot)
            return &release->modules[i];
    }
    return NULL;
}

const struct ota_module *
ota_release_last_system(const struct ota_release *release)
{
    const struct ota_module *last = NULL;

    for (int i = 0; i < release->module_count; i++) {
        if (slot_letter(release->modules[i].slot) == 's')
            last = &release->modules[i];
    }
    return last;
}

const struct ota_module *ota_catalog_module(const struct ota_catalog *catalog,
                                            const char *platform, int slot,
                                            int32_t version)
{
    for (size_t i = 0; i < catalog->release_count; i++) {
        const struct ota_release *release = &catalog->releases[i];
        if (strcmp(release->platform, platform) != 0)
            continue;
        const struct ota_module *module = ota_release_module(release, slot);
        if (module && module->version == version)
            return module;
    }
    return NULL;
}

void ota_catalog_system_parts(const struct ota_catalog *catalog,
                              const char *platform,
                              const struct ota_installed *installed,
                              const struct ota_module *parts[])
{
    const int first = ota_slot_from_text("s0");

    for (int i = 0; i < OTA_SLOT_INDEXES; i++) {
        const int32_t version = installed->version[first + i];
        parts[i] =
            version ? ota_catalog_module(catalog, platform, first + i, version)
                    : NULL;
    }
}

struct ota_installed ota_release_installed(const struct ota_release *release)
{
    struct ota_installed installed = {{0}};

    for (int i = 0; i < release->module_count; i++) {
        const struct ota_module *module = &release->modules[i];
        for (int n = 0; n < module->need_count; n++) {
            const struct ota_need need = module->needs[n];
            if (installed.version[need.slot] < need.version)
                installed.version[need.slot] = need.version;
        }
    }
    /* What is listed is known, so it stands over what is inferred. */
    for (int i = 0; i < release->module_count; i++) {
        const struct ota_module *module = &release->modules[i];
        installed.version[module->slot] = module->version;
    }
    return installed;
}

static bool met(const struct ota_installed *installed, struct ota_need need)
{
    return installed->version[need.slot] >= need.version;
}

/* Returns whether one of the parts needs a later version of what the module
 * replaces. */
static bool breaks(const struct ota_module *const parts[OTA_SLOT_INDEXES],
                   const struct ota_module *module)
{
    for (int i = 0; i < OTA_SLOT_INDEXES; i++) {
        const struct ota_module *part = parts[i];
        if (!part || part->slot == module->slot)
            continue;
        for (int n = 0; n < part->need_count; n++) {
            if (part->needs[n].slot == module->slot &&
                part->needs[n].version > module->version)
                return true;
        }
    }
    return false;
}

enum ota_acceptance ota_module_acceptance_among(
    const struct ota_catalog *catalog, const char *platform,
    const struct ota_installed *installed,
    const struct ota_module *const parts[], const struct ota_module *module)
{
    for (size_t i = 0; i < catalog->rule_count; i++) {
        const struct ota_slot_rule *rule = &catalog->rules[i];
        if (rule->slot == module->slot && !strcmp(rule->platform, platform) &&
            !met(installed, rule->need))
            return OTA_REFUSED_UNKNOWN_SLOT;
    }
    if (slot_letter(module->slot) == 'u')
        return OTA_ACCEPTED;
    for (int n = 0; n < module->need_count; n++) {
        const bool later = n > 0 && slot_letter(module->needs[n].slot) == 'b';
        if (!later && !met(installed, module->needs[n]))
            return OTA_REFUSED_NEED;
    }
    if (slot_letter(module->slot) == 's' && breaks(parts, module))
        return OTA_REFUSED_BREAKS;
    return OTA_ACCEPTED;
}

enum ota_acceptance ota_module_acceptance(const struct ota_catalog *catalog,
                                          const char *platform,
                                          const struct ota_installed *installed,
                                          const struct ota_module *module)
{
    const struct ota_module *parts[OTA_SLOT_INDEXES] = {NULL};

    if (slot_letter(module->slot) == 's')
        ota_catalog_system_parts(catalog, platform, installed, parts);
    return ota_module_acceptance_among(catalog, platform, installed, parts,
                                       module);
}

bool ota_module_satisfied(const struct ota_installed *installed,
                          const struct ota_module *module)
{
    for (int n = 0; n < module->need_count; n++) {
        if (!met(installed, module->needs[n]))
            return false;
    }
    return true;
}
