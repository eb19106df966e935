/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path_search.c - the search for stepping stones.
 *
 * A release is reached from what is installed by sending its newer modules,
 * always the first one that the device accepts. As all needs are lower bounds,
 * sending a module never makes the device refuse another newer one, so that
 * this finds an order if there is any.
 *
 * The search goes by the number of stones: first the target itself, then all
 * releases that can be reached at once, then all that can be reached from
 * those, and so on; each release is entered when it is first reached, by the
 * way of fewest bytes. That is exact as long as what is installed depends on
 * the last release alone, which holds where later releases list every slot
 * that earlier ones do.
 */
#include "models/firmware/path_search.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* --- images ----------------------------------------------------------------*/

const double ota_path_deflated_system = 0.711;
const double ota_path_deflated_app = 0.60;

char ota_path_letter(int slot)
{
    assert(slot >= 0 && slot < OTA_SLOTS);

    return ota_slot_letters[slot / OTA_SLOT_INDEXES];
}

struct ota_device_os ota_path_os(const struct ota_path_world *world,
                                 const struct ota_installed *installed)
{
    const int slot = world->system_slot;

    return ota_device_os(world->platform,
                         slot < 0 ? 0 : installed->version[slot]);
}

bool ota_path_compresses(const struct ota_path_world *world,
                         const struct ota_installed *installed,
                         const struct ota_module *module)
{
    const char letter = ota_path_letter(module->slot);

    if (!world->compress || (letter != 's' && letter != 'u'))
        return false;
    const struct ota_device_os os = ota_path_os(world, installed);
    return ota_os_takes_compressed(
        &os, installed->version[ota_slot_from_text("b0")]);
}

int64_t ota_path_deflated_bytes(const struct ota_module *module)
{
    const double share = ota_path_letter(module->slot) == 'u'
                             ? ota_path_deflated_app
                             : ota_path_deflated_system;

    return (int64_t)ceil((double)module->size_bytes * share);
}

/* --- one release -----------------------------------------------------------*/

/* Modules sent so far. modules may be NULL: only count. */
struct route {
    struct ota_installed installed;
    const struct ota_module **modules;
    size_t count;
    int64_t image_bytes;
};

static void send(const struct ota_path_world *world, struct route *route,
                 const struct ota_module *module)
{
    route->image_bytes += ota_path_compresses(world, &route->installed, module)
                              ? ota_path_deflated_bytes(module)
                              : module->size_bytes;
    route->installed.version[module->slot] = module->version;
    if (route->modules)
        route->modules[route->count] = module;
    route->count++;
}

static bool accepted(const struct ota_path_world *world,
                     const struct route *route, const struct ota_module *module)
{
    return ota_module_acceptance(world->catalog, world->platform,
                                 &route->installed, module) == OTA_ACCEPTED;
}

/* Returns the first module of the release that is newer than what is installed
 * and accepted; NULL if none. *newer says whether any is newer. */
static const struct ota_module *next_module(const struct ota_path_world *world,
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
static bool send_release(const struct ota_path_world *world,
                         struct route *route, const struct ota_release *release)
{
    bool newer;
    const struct ota_module *module;

    while ((module = next_module(world, route, release, &newer)))
        send(world, route, module);
    return !newer;
}

/* --- what a release does not list ------------------------------------------*/

/* Returns the lowest version of a slot in the catalogue that meets the need
 * and is accepted, or NULL. */
static const struct ota_module *remedy(const struct ota_path_world *world,
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
static bool unmet_need(const struct ota_path_world *world,
                       const struct ota_installed *installed,
                       struct ota_need *need)
{
    for (int slot = 0; slot < OTA_SLOTS; slot++) {
        if (!installed->version[slot])
            continue;
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
static bool send_remedies(const struct ota_path_world *world,
                          struct route *route)
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

static bool finish(const struct ota_path_world *world, struct route *route,
                   const struct ota_release *target)
{
    return send_release(world, route, target) && send_remedies(world, route);
}

/* --- stones ----------------------------------------------------------------*/

/* A release that the search has reached. */
struct stage {
    const struct ota_release *release; /* NULL: what was installed first */
    const struct stage *from;
    struct ota_installed installed;
    int64_t image_bytes; /* up to here */
    size_t count;        /* of modules up to here */
    int stones;
};

static struct route route_from(const struct stage *stage)
{
    return (struct route){
        .installed = stage->installed,
        .count = stage->count,
        .image_bytes = stage->image_bytes,
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
static void expand(const struct ota_path_world *world, const struct stage *from,
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
            (at < *count && stages[at].image_bytes <= route.image_bytes))
            continue;
        if (at == *count)
            ++*count;
        stages[at] = (struct stage){
            .release = release,
            .from = from,
            .installed = route.installed,
            .image_bytes = route.image_bytes,
            .count = route.count,
            .stones = stones,
        };
    }
}

/*
 * Returns the stage from which target is best reached, or NULL. stages[0] is
 * where the device stands; there is room for every release behind it.
 */
static const struct stage *search(const struct ota_path_world *world,
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
                route.image_bytes < least_bytes) {
                best = &stages[i];
                least_bytes = route.image_bytes;
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

static void replay(const struct ota_path_world *world, struct route *route,
                   const struct stage *stage)
{
    if (stage->from) {
        replay(world, route, stage->from);
        send_release(world, route, stage->release);
    }
}

enum ota_path_found ota_path_search(const struct ota_path_world *world,
                                    const struct ota_installed *installed,
                                    const struct ota_release *target,
                                    struct ota_arena *arena,
                                    const struct ota_module ***modules,
                                    size_t *count)
{
    struct stage *stages = ota_arena_alloc(
        arena, world->catalog->release_count + 1, sizeof(*stages));
    if (!stages)
        return OTA_PATH_NO_MEMORY;

    stages[0].installed = *installed;
    *count = 0;
    const struct stage *stage = search(world, target, stages, count);
    if (!stage)
        return OTA_PATH_NO_WAY;
    *modules = ota_arena_alloc(arena, *count + 1, sizeof(const void *));
    if (!*modules)
        return OTA_PATH_NO_MEMORY;
    struct route route = {.installed = *installed, .modules = *modules};
    replay(world, &route, stage);
    finish(world, &route, target);
    assert(route.count == *count);
    return OTA_PATH_FOUND;
}
