/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path.c - the search for stepping stones.
 *
 * A release is reached from what is installed by sending its newer modules,
 * always the first one that the device accepts. The search goes by the number
 * of stones: first the target itself, then all releases that can be reached
 * at once, then all that can be reached from those, and so on; each release
 * is entered when it is first reached, by the way of fewest bytes. That is
 * exact as long as what is installed depends on the last release alone, which
 * holds where later releases list every slot that earlier ones do.
 */
#include "models/firmware/path.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/error.h"

/* What the search needs to know of the world. */
struct world {
    const struct ota_catalog *catalog;
    const char *platform;
    const struct ota_module *app; /* NULL: none */
};

/* Modules sent so far. steps may be NULL: only count. */
struct route {
    struct ota_installed installed;
    struct ota_path_step *steps;
    size_t count;
    int64_t payload_bytes;
};

/* A release that the search has reached. */
struct stage {
    const struct ota_release *release; /* NULL: what was installed first */
    const struct stage *from;
    struct ota_installed installed;
    int64_t payload_bytes; /* up to here */
    size_t count;          /* of modules up to here */
    int stones;
};

/* Returns whether the device boots into safe mode: a need of its app or of a
 * system part is not met. Since Device OS 0.7.0 that includes bootloaders. */
static bool safe_mode(const struct world *world,
                      const struct ota_installed *installed)
{
    const int first = ota_slot_from_text("s0");

    if (world->app && !ota_module_satisfied(installed, world->app))
        return true;
    for (int slot = first; slot < first + OTA_SLOT_INDEXES; slot++) {
        const struct ota_module *part = ota_catalog_module(
            world->catalog, world->platform, slot, installed->version[slot]);
        if (part && !ota_module_satisfied(installed, part))
            return true;
    }
    return false;
}

static void send(const struct world *world, struct route *route,
                 const struct ota_module *module)
{
    route->installed.version[module->slot] = module->version;
    if (route->steps) {
        route->steps[route->count] = (struct ota_path_step){
            .module = *module,
            .safe_mode_after = safe_mode(world, &route->installed),
        };
    }
    route->count++;
    route->payload_bytes += module->size_bytes;
}

static bool accepted(const struct world *world, const struct route *route,
                     const struct ota_module *module)
{
    return ota_module_acceptance(world->catalog, world->platform,
                                 &route->installed, module) == OTA_ACCEPTED;
}

/* Returns the first module of the release that is newer than what is installed
 * and accepted; NULL if none. *newer says whether any is newer. */
static const struct ota_module *next_module(const struct world *world,
                                            const struct route *route,
                                            const struct ota_release *release,
                                            bool *newer)
{
    *newer = false;
    for (int i = 0; i < release->module_count; i++) {
        const struct ota_module *module = &release->modules[i];
        if (module->version <= route->installed.version[module->slot])
            continue;
        *newer = true;
        if (accepted(world, route, module))
            return module;
    }
    return NULL;
}

/* Sends all of the release that is newer. Returns whether that went. */
static bool send_release(const struct world *world, struct route *route,
                         const struct ota_release *release)
{
    bool newer;
    const struct ota_module *module;

    while ((module = next_module(world, route, release, &newer)))
        send(world, route, module);
    return !newer;
}

/* Returns the lowest version of a slot in the catalogue that meets the need
 * and is accepted, or NULL. */
static const struct ota_module *remedy(const struct world *world,
                                       const struct route *route,
                                       struct ota_need need)
{
    const struct ota_module *best = NULL;

    for (size_t i = 0; i < world->catalog->release_count; i++) {
        const struct ota_release *release = &world->catalog->releases[i];
        if (strcmp(release->platform, world->platform) != 0)
            continue;
        const struct ota_module *module =
            ota_release_module(release, need.slot);
        if (module && module->version >= need.version &&
            (!best || module->version < best->version) &&
            accepted(world, route, module))
            best = module;
    }
    return best;
}

/* Returns a need of an installed module that is not met, in *need. */
static bool unmet_need(const struct world *world,
                       const struct ota_installed *installed,
                       struct ota_need *need)
{
    for (int slot = 0; slot < OTA_SLOTS; slot++) {
        const struct ota_module *module = ota_catalog_module(
            world->catalog, world->platform, slot, installed->version[slot]);
        for (int n = 0; module && n < module->need_count; n++) {
            *need = module->needs[n];
            if (installed->version[need->slot] < need->version)
                return true;
        }
    }
    return false;
}

/* Sends what the installed modules still need, such as a bootloader that the
 * release does not list. Returns whether the catalogue has it all. */
static bool send_remedies(const struct world *world, struct route *route)
{
    struct ota_need need;

    while (unmet_need(world, &route->installed, &need)) {
        const struct ota_module *module = remedy(world, route, need);
        if (!module)
            return false;
        send(world, route, module);
    }
    return true;
}

static bool finish(const struct world *world, struct route *route,
                   const struct ota_release *target)
{
    return send_release(world, route, target) && send_remedies(world, route);
}

static struct route route_from(const struct stage *stage)
{
    return (struct route){
        .installed = stage->installed,
        .count = stage->count,
        .payload_bytes = stage->payload_bytes,
    };
}

/* Returns whether release is newer than what is installed and older than
 * target. */
static bool is_between(const struct ota_release *release,
                       const struct ota_installed *installed,
                       const struct ota_release *target)
{
    const struct ota_module *part = ota_release_last_system(release);
    const struct ota_module *last = ota_release_last_system(target);

    return !strcmp(release->platform, target->platform) && part && last &&
           part->version > installed->version[part->slot] &&
           part->version < last->version;
}

/* Enters into stages[*count ..) every release that is one stone from `from`
 * and was not reached with fewer stones. */
static void expand(const struct world *world, const struct stage *from,
                   const struct ota_release *target, struct stage *stages,
                   size_t *count)
{
    for (size_t i = 0; i < world->catalog->release_count; i++) {
        const struct ota_release *release = &world->catalog->releases[i];
        if (!is_between(release, &from->installed, target))
            continue;
        size_t at = 0;
        while (at < *count && stages[at].release != release)
            at++;
        const int stones = from->stones + 1;
        if (at < *count && stages[at].stones < stones)
            continue;
        struct route route = route_from(from);
        if (!send_release(world, &route, release) ||
            (at < *count && stages[at].payload_bytes <= route.payload_bytes))
            continue;
        if (at == *count)
            ++*count;
        stages[at] = (struct stage){
            .release = release,
            .from = from,
            .installed = route.installed,
            .payload_bytes = route.payload_bytes,
            .count = route.count,
            .stones = stones,
        };
    }
}

/*
 * Returns the stage from which target is best reached, or NULL. stages[0] is
 * where the device stands; there is room for every release behind it.
 */
static const struct stage *search(const struct world *world,
                                  const struct ota_release *target,
                                  struct stage *stages, size_t *steps)
{
    size_t begin = 0;
    size_t end = 1; /* stages[begin .. end) have equally many stones */

    while (begin < end) {
        const struct stage *best = NULL;
        int64_t least_bytes = INT64_MAX;
        for (size_t i = begin; i < end; i++) {
            struct route route = route_from(&stages[i]);
            if (finish(world, &route, target) &&
                route.payload_bytes < least_bytes) {
                best = &stages[i];
                least_bytes = route.payload_bytes;
                *steps = route.count;
            }
        }
        if (best)
            return best;
        size_t count = end;
        for (size_t i = begin; i < end; i++)
            expand(world, &stages[i], target, stages, &count);
        begin = end;
        end = count;
    }
    return NULL;
}

static void replay(const struct world *world, struct route *route,
                   const struct stage *stage)
{
    if (stage->from) {
        replay(world, route, stage->from);
        send_release(world, route, stage->release);
    }
}

static bool no_memory(char *problem, size_t problem_size)
{
    snprintf(problem, problem_size, "%s", OTA_NO_MEMORY);
    return false;
}

/* Finds the way to target behind first, an app step, if there is one. */
static bool find(const struct world *world,
                 const struct ota_installed *installed,
                 const struct ota_release *target,
                 const struct ota_path_step *first, struct ota_arena *arena,
                 struct ota_path *path, char *problem, size_t problem_size)
{
    struct stage *stages = ota_arena_alloc(
        arena, world->catalog->release_count + 1, sizeof(*stages));
    if (!stages)
        return no_memory(problem, problem_size);

    const struct ota_module *last = ota_release_last_system(target);
    const int32_t has = last ? installed->version[last->slot] : 0;
    if (last && has > last->version) {
        snprintf(problem, problem_size,
                 "%s %s has system version %d, older than the installed %d; "
                 "Device OS is not downgraded over the air, so take a release "
                 "of version %d or later",
                 target->platform, target->os, (int)last->version, (int)has,
                 (int)has);
        return false;
    }
    size_t count = 0;
    stages[0].installed = *installed;
    const struct stage *stage = search(world, target, stages, &count);
    if (!stage) {
        snprintf(problem, problem_size,
                 "no way to %s %s from system version %d: the device would "
                 "refuse some module, whatever releases are taken between; add "
                 "the missing release to the catalogue or take another one",
                 target->platform, target->os, (int)has);
        return false;
    }
    const size_t before = first ? 1 : 0;
    struct ota_path_step *steps =
        ota_arena_alloc(arena, before + count + 1, sizeof(*steps));
    if (!steps)
        return no_memory(problem, problem_size);
    struct route route = {.installed = *installed, .steps = steps + before};
    replay(world, &route, stage);
    finish(world, &route, target);
    assert(route.count == count);

    if (first)
        steps[0] = *first;
    *path = (struct ota_path){
        .steps = steps,
        .count = before + count,
        .payload_bytes =
            route.payload_bytes + (first ? first->module.size_bytes : 0),
    };
    return true;
}

bool ota_path_to_release(const struct ota_catalog *catalog,
                         const struct ota_installed *installed,
                         const struct ota_release *target,
                         struct ota_arena *arena, struct ota_path *path,
                         char *problem, size_t problem_size)
{
    const struct world world = {
        .catalog = catalog,
        .platform = target->platform,
    };

    return find(&world, installed, target, NULL, arena, path, problem,
                problem_size);
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

bool ota_path_to_app(const struct ota_catalog *catalog,
                     const struct ota_installed *installed,
                     const struct ota_release *target, int32_t app_version,
                     int64_t app_bytes, struct ota_arena *arena,
                     struct ota_path *path, char *problem, size_t problem_size)
{
    assert(app_bytes > 0);

    struct ota_path_step first = {
        .module = app_module(target, app_version, app_bytes),
    };
    if (target && !ota_module_satisfied(installed, &first.module)) {
        const struct world world = {
            .catalog = catalog,
            .platform = target->platform,
            .app = &first.module,
        };
        first.safe_mode_after = true;
        return find(&world, installed, target, &first, arena, path, problem,
                    problem_size);
    }

    struct ota_path_step *step = ota_arena_alloc(arena, 1, sizeof(*step));
    if (!step)
        return no_memory(problem, problem_size);
    *step = first;
    *path = (struct ota_path){
        .steps = step,
        .count = 1,
        .payload_bytes = app_bytes,
    };
    return true;
}
