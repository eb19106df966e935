/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * variant.c - what a file is good for decides where it goes.
 */
#include "sim/experiment/variant.h"

#include <string.h>

/* The file's name without folder and ending. */
static const char *name_of(const char *file, struct ota_arena *arena)
{
    const char *slash = strrchr(file, '/');
    const char *start = slash ? slash + 1 : file;
    const char *dot = strrchr(start, '.');

    return ota_arena_text(arena, start,
                          dot && dot > start ? (size_t)(dot - start)
                                             : strlen(start));
}

bool ota_variant_point(struct ota_point *point, const char **name,
                       const char *file, const struct ota_point *base,
                       struct ota_arena *arena)
{
    const enum ota_file_kind kind = ota_scenario_file_kind(file);
    const size_t count = base->setting_count;
    struct ota_setting *settings =
        ota_arena_alloc(arena, count + 1, sizeof(*settings));

    *name = name_of(file, arena);
    if (!settings || !*name)
        return false;
    if (count > 0)
        memcpy(settings, base->settings, count * sizeof(*settings));
    *point = *base;
    point->settings = settings;
    if (kind == OTA_FILE_SCENARIO) {
        point->file = file;
        return true;
    }
    settings[point->setting_count++] = (struct ota_setting){
        .path = kind == OTA_FILE_POLICY ? "@policy" : "@", .value = file};
    return true;
}
