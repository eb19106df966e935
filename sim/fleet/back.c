/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * back.c - the way back is made from the way there: its app's image, sent to a
 * device that has all the rest.
 */
#include "sim/fleet/back.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "models/firmware/catalog.h"

struct ota_backs {
    struct ota_path *paths;
    struct ota_path_step *steps;
    size_t *first; /* of a group's, by group */
};

/* The image that holds the app, or the last one. */
static size_t app_step(const struct ota_path *path)
{
    const int app = ota_slot_from_text("u1");

    for (size_t i = 0; i < path->count; i++)
        if (path->steps[i].module.slot == app ||
            path->steps[i].with.size_bytes > 0)
            return i;
    return path->count - 1;
}

static struct ota_path way_back(const struct ota_path *path,
                                struct ota_path_step *step)
{
    struct ota_path back = *path;

    back.installed = ota_path_installed(path, ota_path_all(path));
    back.os.system = ota_path_system(path, ota_path_all(path));
    back.payload_bytes = 0;
    back.count = path->count > 0;
    back.steps = step;
    for (int i = 0; i < OTA_SLOT_INDEXES; i++)
        back.parts[i] = NULL; /* their needs are met */
    if (path->count == 0)
        return back;
    *step = path->steps[app_step(path)];
    if (step->with.size_bytes > 0) { /* the app of a combined image */
        step->module = step->with;
        step->with.size_bytes = 0;
        step->image_bytes = step->compressed
                                ? (int64_t)ceil(ota_path_deflated_app *
                                                (double)step->module.size_bytes)
                                : step->module.size_bytes;
    }
    step->module.need_count = 0;
    step->system_before = back.os.system;
    step->safe_mode_after = false;
    back.payload_bytes = step->image_bytes;
    return back;
}

struct ota_backs *ota_backs_new(const struct ota_fleet_config *config,
                                struct ota_error *error)
{
    size_t count = 0;
    for (size_t g = 0; g < config->group_count; g++)
        count += config->groups[g].variant_count;

    struct ota_backs *backs = calloc(1, sizeof(*backs));
    if (backs) {
        backs->paths = calloc(count, sizeof(*backs->paths));
        backs->steps = calloc(count, sizeof(*backs->steps));
        backs->first = calloc(config->group_count, sizeof(*backs->first));
    }
    if (!backs || !backs->paths || !backs->steps || !backs->first) {
        ota_backs_free(backs);
        ota_fail(error, OTA_NO_MEMORY " for the ways back");
        return NULL;
    }
    size_t at = 0;
    for (size_t g = 0; g < config->group_count; g++) {
        backs->first[g] = at;
        for (size_t v = 0; v < config->groups[g].variant_count; v++, at++)
            backs->paths[at] = way_back(&config->groups[g].variants[v].path,
                                        &backs->steps[at]);
    }
    return backs;
}

void ota_backs_free(struct ota_backs *backs)
{
    if (!backs)
        return;
    free(backs->paths);
    free(backs->steps);
    free(backs->first);
    free(backs);
}

const struct ota_path *ota_backs_of(const struct ota_backs *backs, size_t group)
{
    return &backs->paths[backs->first[group]];
}
