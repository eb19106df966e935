/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shown.c - see shown.h.
 */
#include "sim/cli/shown.h"

#include <string.h>

#include "sim/stats/measure.h"

bool ota_shown_add(struct ota_shown *shown, const char *name, size_t *place,
                   struct ota_arena *arena)
{
    for (*place = 0; *place < shown->count; (*place)++)
        if (strcmp(shown->names[*place], name) == 0)
            return true;
    const char **names =
        ota_arena_alloc(arena, shown->count + 1, sizeof(*names));
    const char *own = ota_arena_text(arena, name, strlen(name));
    if (!names || !own)
        return false;
    for (size_t m = 0; m < shown->count; m++)
        names[m] = shown->names[m];
    names[shown->count++] = own;
    shown->names = names;
    return true;
}

enum ota_exit ota_shown_read(struct ota_shown *shown,
                             const struct ota_options *options,
                             const struct ota_scenario *scenario,
                             const char *const *usual, size_t usual_count,
                             struct ota_arena *arena)
{
    const bool own = options->kpis.count > 0;
    const size_t count = own ? options->kpis.count : usual_count;
    const char *const *names = own ? options->kpis.list : usual;
    const struct ota_fleet_config *fleet = &scenario->fleet;
    const char **groups =
        ota_arena_alloc(arena, fleet->group_count, sizeof(*groups));

    *shown = (struct ota_shown){0};
    if (!groups)
        return ota_failed(OTA_NO_MEMORY);
    for (size_t g = 0; g < fleet->group_count; g++)
        groups[g] = fleet->groups[g].name;
    for (size_t m = 0; m < count; m++) {
        struct ota_measure measure;
        char problem[OTA_MESSAGE_SIZE];
        if (!ota_measure_read(&measure, names[m], groups, fleet->group_count,
                              problem, sizeof(problem)))
            return ota_misuse(options->command, "--kpi", problem);
        size_t place;
        if (!ota_shown_add(shown, measure.name, &place, arena))
            return ota_failed(OTA_NO_MEMORY);
    }
    return OTA_EXIT_OK;
}
