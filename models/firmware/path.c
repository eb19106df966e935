/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path.c - paths made of the modules that the search found: where the app
 * goes, what is compressed or combined, and what the device is like in between.
 *
 * A combined image is what Particle's cloud sends since Device OS 3.1.0 when an
 * app comes with one system part and nothing else: both deflated, one behind
 * the other, in one transfer without safe mode.
 * Source: docs.particle.io, firmware update events; particle-iot/device-os PR
 * 2097. The headers' bytes are what is left of the one such image whose size
 * was published (community.particle.io/t/66646: 373,462 bytes for Boron 4.0.2
 * and an app) when both deflated parts are taken away.
 */
#include "models/firmware/path.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "models/firmware/path_search.h"
#include "sim/base/error.h"

enum { COMBINED_HEADER_BYTES = 120 };

/* --- the device it starts from ---------------------------------------------*/

/* Returns the latest release of the platform, or NULL. */
static const struct ota_release *newest(const struct ota_catalog *catalog,
                                        const char *platform)
{
    for (size_t i = catalog->release_count; i > 0; i--) {
        if (!strcmp(catalog->releases[i - 1].platform, platform))
            return &catalog->releases[i - 1];
    }
    return NULL;
}

static struct ota_path path_from(const struct ota_catalog *catalog,
                                 const char *platform,
                                 const struct ota_installed *installed,
                                 const struct ota_release *target)
{
    const struct ota_release *known =
        target ? target : newest(catalog, platform);
    const struct ota_module *last =
        known ? ota_release_last_system(known) : NULL;
    struct ota_path path = {
        .installed = *installed,
        .catalog = catalog,
        .platform = known ? known->platform : platform,
        .system_slot = last ? last->slot : -1,
    };

    path.os =
        ota_device_os(path.platform, last ? installed->version[last->slot] : 0);
    ota_catalog_system_parts(catalog, platform, installed, path.parts);
    return path;
}

static struct ota_path_world world_of(const struct ota_path *path,
                                      const struct ota_path_options *options)
{
    return (struct ota_path_world){
        .catalog = path->catalog,
        .platform = path->platform,
        .system_slot = path->system_slot,
        .compress = options->compress,
    };
}

/* --- steps -----------------------------------------------------------------*/

/* Returns whether the app goes with what it needs as one image. If that is one
 * module, it is the last system part. */
static bool combines(const struct ota_path *path,
                     const struct ota_path_options *options,
                     const struct ota_module *app, size_t count)
{
    return options->combine && app && count == 1 &&
           ota_os_takes_combined(
               &path->os, path->installed.version[ota_slot_from_text("b0")]);
}

static void weigh(const struct ota_path_world *world,
                  const struct ota_installed *installed,
                  struct ota_path_step *step)
{
    step->compressed = ota_path_compresses(world, installed, &step->module);
    step->image_bytes = step->compressed
                            ? ota_path_deflated_bytes(&step->module)
                            : step->module.size_bytes;
    if (step->with.size_bytes > 0)
        step->image_bytes +=
            COMBINED_HEADER_BYTES + (step->compressed
                                         ? ota_path_deflated_bytes(&step->with)
                                         : step->with.size_bytes);
}

/* Fills in what follows from the order of the path's steps. */
static void follow(struct ota_path *path, struct ota_path_step *steps,
                   const struct ota_path_world *world)
{
    ota_path_taken taken = 0;

    path->steps = steps;
    path->payload_bytes = 0;
    for (size_t i = 0; i < path->count; i++) {
        const struct ota_installed installed = ota_path_installed(path, taken);
        steps[i].system_before = ota_path_system(path, taken);
        weigh(world, &installed, &steps[i]);
        path->payload_bytes += steps[i].image_bytes;
        taken |= (ota_path_taken)1 << i;
        steps[i].safe_mode_after = ota_path_safe_mode(path, taken);
    }
}

/* Makes the path of the modules and app, which may be NULL. */
static bool lay_out(struct ota_path *path,
                    const struct ota_path_options *options,
                    const struct ota_module *app,
                    const struct ota_module **modules, size_t count,
                    struct ota_arena *arena, char *problem, size_t problem_size)
{
    const bool combined = combines(path, options, app, count);
    const bool apart = app && !combined;
    const struct ota_path_world world = world_of(path, options);

    path->count = count + (apart ? 1 : 0);
    if (path->count > OTA_PATH_STEPS_MAX) {
        snprintf(problem, problem_size,
                 "the way takes %zu modules, and %d is the most; take it in "
                 "two, by a release between",
                 path->count, OTA_PATH_STEPS_MAX);
        return false;
    }
    struct ota_path_step *steps =
        ota_arena_alloc(arena, path->count + 1, sizeof(*steps));
    if (!steps) {
        snprintf(problem, problem_size, "%s", OTA_NO_MEMORY);
        return false;
    }
    const size_t app_at = options->app_last ? count : 0;
    const size_t first = apart && !options->app_last ? 1 : 0;
    for (size_t i = 0; i < count; i++)
        steps[first + i].module = *modules[i];
    if (apart)
        steps[app_at].module = *app;
    else if (combined)
        steps[0].with = *app;
    follow(path, steps, &world);
    return true;
}

/* --- from here to there ----------------------------------------------------*/

static bool no_way(const struct ota_path *path,
                   const struct ota_release *target, enum ota_path_found found,
                   char *problem, size_t problem_size)
{
    if (found == OTA_PATH_NO_MEMORY)
        snprintf(problem, problem_size, "%s", OTA_NO_MEMORY);
    else
        snprintf(problem, problem_size,
                 "no way to %s %s from system version %d: the device would "
                 "refuse some module, whatever releases are taken between; add "
                 "the missing release to the catalogue or take another one",
                 target->platform, target->os, (int)path->os.system);
    return false;
}

static bool no_downgrade(const struct ota_path *path,
                         const struct ota_release *target, char *problem,
                         size_t problem_size)
{
    const struct ota_module *last = ota_release_last_system(target);
    const int has = (int)path->os.system;

    if (!last || has <= last->version)
        return true;
    snprintf(problem, problem_size,
             "%s %s has system version %d, older than the installed %d; "
             "Device OS is not downgraded over the air, so take a release of "
             "version %d or later",
             target->platform, target->os, (int)last->version, has, has);
    return false;
}

/* Finds the way to target, with an app if there is one. */
static bool find(struct ota_path *path, const struct ota_release *target,
                 const struct ota_path_options *options,
                 const struct ota_module *app, struct ota_arena *arena,
                 char *problem, size_t problem_size)
{
    const struct ota_path_world world = world_of(path, options);
    const struct ota_module **modules = NULL;
    struct ota_arena scratch = {0};
    size_t count = 0;

    if (!no_downgrade(path, target, problem, problem_size))
        return false;
    const enum ota_path_found found = ota_path_search(
        &world, &path->installed, target, &scratch, &modules, &count);
    const bool ok = found == OTA_PATH_FOUND
                        ? lay_out(path, options, app, modules, count, arena,
                                  problem, problem_size)
                        : no_way(path, target, found, problem, problem_size);
    ota_arena_release(&scratch);
    return ok;
}

bool ota_path_to_release(const struct ota_catalog *catalog,
                         const struct ota_installed *installed,
                         const struct ota_release *target,
                         const struct ota_path_options *options,
                         struct ota_arena *arena, struct ota_path *path,
                         char *problem, size_t problem_size)
{
    *path = path_from(catalog, target->platform, installed, target);
    return find(path, target, options, NULL, arena, problem, problem_size);
}

static struct ota_module app_module(const struct ota_release *target,
                                    int32_t version, int64_t size_bytes)
{
    struct ota_module app = {
        .slot = ota_slot_from_text("u1"),
        .version = version,
        .size_bytes = size_bytes,
    };
    const struct ota_module *last =
        target ? ota_release_last_system(target) : NULL;

    if (last) {
        app.needs[app.need_count++] = (struct ota_need){
            .slot = last->slot,
            .version = last->version,
        };
    }
    return app;
}

bool ota_path_to_app(const struct ota_catalog *catalog, const char *platform,
                     const struct ota_installed *installed,
                     const struct ota_release *target, int32_t app_version,
                     int64_t app_bytes, const struct ota_path_options *options,
                     struct ota_arena *arena, struct ota_path *path,
                     char *problem, size_t problem_size)
{
    assert(app_bytes > 0 || target);
    assert(!target || !strcmp(target->platform, platform));

    *path = path_from(catalog, platform, installed, target);
    if (app_bytes == 0)
        return find(path, target, options, NULL, arena, problem, problem_size);
    const struct ota_module app = app_module(target, app_version, app_bytes);
    if (ota_module_satisfied(installed, &app))
        return lay_out(path, options, &app, NULL, 0, arena, problem,
                       problem_size);
    return find(path, target, options, &app, arena, problem, problem_size);
}
