/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_every_path.c - every way through the shipped catalogue, looked at by a
 * device that knows its own rules.
 *
 * For each ordered pair of releases of a platform, with and without an app, the
 * planner must find a sequence that the device below takes, or say why not.
 * The device is written from the platform's documents, not from the planner's
 * code:
 * - particle-iot/device-os, hal/src/stm32f2xx/ota_flash_hal_stm32f2xx.cpp and
 *   hal/src/nRF52840/ota_flash_hal.cpp: what is installed must be at least what
 *   is required, of the module's own two requirements; nothing is looked at if
 *   there is no first; a bootloader as the second is left for later; an app is
 *   taken as it is; a system part must leave every other one satisfied;
 * - the same project's CHANGELOG.md and the headers of the release binaries
 *   (particle-iot/particle-cli): the facts about single versions;
 * - particle-iot/device-os PR 2097 and docs.particle.io, firmware update
 *   events: what is compressed and combined.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "models/firmware/path.h"
#include "tests/support/shipped_catalog.h"

enum { APP_BYTES = 20123, APP_VERSION = 7 };

/* --- the device ------------------------------------------------------------*/

struct device {
    const char *platform;
    int32_t version[OTA_SLOTS];
    struct ota_module module[OTA_SLOTS]; /* .version 0: its needs are unknown */
};

static char letter(int slot)
{
    char text[3];
    ota_slot_to_text(slot, text);
    return text[0];
}

static bool one_of(const char *word, const char *words)
{
    const size_t length = strlen(word);

    for (const char *at = words; (at = strstr(at, word)); at += length)
        if ((at == words || at[-1] == ' ') &&
            (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

static bool is_gen_2(const struct device *device)
{
    return one_of(device->platform, "photon p1 electron");
}

/* The system part that apps need: part 2 has that index on all of Gen 2. */
static int32_t os_of(const struct device *device)
{
    return device->version[ota_slot_from_text(is_gen_2(device) ? "s2" : "s1")];
}

static bool has(const struct device *device, struct ota_need need)
{
    return device->version[need.slot] >= need.version;
}

static bool content(const struct device *device,
                    const struct ota_module *module)
{
    for (int n = 0; n < module->need_count; n++)
        if (!has(device, module->needs[n]))
            return false;
    return true;
}

static void install(struct device *device, const struct ota_module *module)
{
    device->version[module->slot] = module->version;
    device->module[module->slot] = *module;
}

/* A device that works, with what its release is known to hold. */
static struct device device_with(const struct ota_release *release)
{
    struct device device = {.platform = release->platform};

    for (int i = 0; i < release->module_count; i++)
        install(&device, &release->modules[i]);
    for (int i = 0; i < release->module_count; i++) {
        const struct ota_module *module = &release->modules[i];
        for (int n = 0; n < module->need_count; n++) {
            const struct ota_need need = module->needs[n];
            if (!device.module[need.slot].version && !has(&device, need))
                device.version[need.slot] = need.version;
        }
    }
    return device;
}

/* Every other system part must stay satisfied. */
static bool leaves_parts_content(const struct device *device,
                                 const struct ota_module *module)
{
    struct device with = *device;

    with.version[module->slot] = module->version;
    for (int slot = 0; slot < OTA_SLOTS; slot++) {
        const struct ota_module *part = &device->module[slot];
        if (letter(slot) != 's' || slot == module->slot)
            continue;
        for (int n = 0; n < part->need_count; n++)
            if (part->needs[n].slot == module->slot &&
                !has(&with, part->needs[n]))
                return false;
    }
    return true;
}

static bool takes(const struct device *device, const struct ota_module *module)
{
    const char kind = letter(module->slot);

    if (kind == 'u')
        return true;
    /* 0.5.3-rc.2 is the first that knows a third part. */
    if (one_of(device->platform, "electron") &&
        module->slot == ota_slot_from_text("s3") && os_of(device) < 21)
        return false;
    if (module->need_count > 0 && !has(device, module->needs[0]))
        return false;
    if (module->need_count > 1 && letter(module->needs[1].slot) != 'b' &&
        !has(device, module->needs[1]))
        return false;
    return kind != 's' || leaves_parts_content(device, module);
}

/* The app or a system part misses something. */
static bool in_safe_mode(const struct device *device)
{
    for (int slot = 0; slot < OTA_SLOTS; slot++)
        if ((letter(slot) == 's' || letter(slot) == 'u') &&
            !content(device, &device->module[slot]))
            return true;
    return false;
}

static bool inflates(const struct device *device)
{
    return !is_gen_2(device) && os_of(device) >= 2000 &&
           device->version[ota_slot_from_text("b0")] >= 1000;
}

/* --- facts about single versions -------------------------------------------*/

static const char gen_3[] = "argon boron bsom b5som esomx tracker";
static const char boot_first[] = "boron bsom b5som esomx tracker";

/* What must be there before versions [first, last] of a slot are sent. */
static const struct fact {
    const char *platforms, *slot;
    int32_t first, last;
    const char *need;
    int32_t version;
} before[] = {
    {"electron", "s3", 1, INT32_MAX, "s2", 21},
    {"electron", "s3", 207, INT32_MAX, "s2", 110},
    {"photon p1", "s1", 1000, INT32_MAX, "s2", 204},
    {"photon p1", "s1", 1403, INT32_MAX, "s2", 207},
    {gen_3, "a0", 202, 202, "b0", 401},
    {gen_3, "a0", 202, 202, "s1", 1321},
    {"argon boron bsom", "b0", 502, 1003, "s1", 1102},
    {boot_first, "s1", 2000, INT32_MAX, "b0", 1003},
    {boot_first, "s1", 2011, INT32_MAX, "b0", 1005},
    {boot_first, "s1", 3100, INT32_MAX, "b0", 1100},
    {boot_first, "s1", 4000, INT32_MAX, "b0", 1101},
    {boot_first, "s1", 4100, INT32_MAX, "b0", 1200},
    {boot_first, "s1", 5301, INT32_MAX, "b0", 2002},
    {boot_first, "s1", 5901, INT32_MAX, "b0", 2300},
    {boot_first, "s1", 6200, INT32_MAX, "b0", 3100},
    {"tracker", "s1", 4000, 4199, "c0", 7},
    {"tracker", "c0", 7, 7, "s1", 3000},
    {"p2 msom", "b0", 2700, INT32_MAX, "b2", 9},
    {"p2 msom", "b0", 3101, INT32_MAX, "b2", 10},
};

/* What must be there in the end, if such a version is installed. */
static const struct fact after[] = {
    {"photon p1 electron", "s2", 207, INT32_MAX, "b0", 101},
    {"photon p1 electron", "s2", 1000, INT32_MAX, "b0", 201},
    {"photon p1 electron", "s2", 1213, INT32_MAX, "b0", 311},
    {"photon p1 electron", "s2", 1321, INT32_MAX, "b0", 400},
    {"photon p1 electron", "s2", 2008, INT32_MAX, "b0", 1003},
    {gen_3, "s1", 1401, INT32_MAX, "a0", 202},
    {gen_3, "s1", 2000, INT32_MAX, "b0", 1003},
    {gen_3, "s1", 4000, INT32_MAX, "b0", 1101},
    {gen_3, "s1", 4100, INT32_MAX, "b0", 1200},
    {gen_3, "s1", 6200, INT32_MAX, "b0", 3100},
    {"p2 msom", "s1", 6201, INT32_MAX, "b0", 3101},
};

static bool fact_holds(const struct fact *fact, const struct device *device,
                       int slot, int32_t version)
{
    return slot != ota_slot_from_text(fact->slot) || version < fact->first ||
           version > fact->last || !one_of(device->platform, fact->platforms) ||
           device->version[ota_slot_from_text(fact->need)] >= fact->version;
}

/* Returns whether the slot of a device may get that version. */
static bool may_follow(const struct device *device,
                       const struct ota_module *module)
{
    for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++)
        if (!fact_holds(&before[i], device, module->slot, module->version))
            return false;
    return true;
}

static bool is_whole(const struct device *device)
{
    for (int slot = 0; slot < OTA_SLOTS; slot++) {
        if (!content(device, &device->module[slot]))
            return false;
        for (size_t i = 0; i < sizeof(after) / sizeof(*after); i++)
            if (!fact_holds(&after[i], device, slot, device->version[slot]))
                return false;
    }
    return true;
}

/* --- one path --------------------------------------------------------------*/

static struct ota_catalog catalog;

/* A pair of releases and how it is asked for. */
struct trip {
    const struct ota_release *from, *to;
    struct ota_path_options options;
    bool app;
};

#define fail_trip(trip, ...)                                                   \
    do {                                                                       \
        char what_[128];                                                       \
        snprintf(what_, sizeof(what_), __VA_ARGS__);                           \
        fail_msg("%s %s -> %s (app %d, last %d, compress %d, combine %d): %s", \
                 (trip)->to->platform, (trip)->from->os, (trip)->to->os,       \
                 (trip)->app, (trip)->options.app_last,                        \
                 (trip)->options.compress, (trip)->options.combine, what_);    \
    } while (0)

/* Bytes as sent: 71.1 % of a system part, 60 % of an app, rounded up. */
static int64_t image_of(const struct device *device, const struct trip *trip,
                        const struct ota_module *module)
{
    const char kind = letter(module->slot);

    if (!trip->options.compress || !inflates(device))
        return module->size_bytes;
    if (kind == 's')
        return (module->size_bytes * 711 + 999) / 1000;
    return kind == 'u' ? (module->size_bytes * 60 + 99) / 100
                       : module->size_bytes;
}

/* Whether the catalogue has the very module, or it is the trip's app. */
static bool is_real(const struct trip *trip, const struct ota_module *module)
{
    if (module->slot == ota_slot_from_text("u1"))
        return trip->app && module->size_bytes == APP_BYTES &&
               module->version == APP_VERSION;
    for (size_t i = 0; i < catalog.release_count; i++) {
        const struct ota_release *release = &catalog.releases[i];
        for (int m = 0; m < release->module_count; m++)
            if (!strcmp(release->platform, trip->to->platform) &&
                !memcmp(&release->modules[m], module, sizeof(*module)))
                return true;
    }
    return false;
}

static void check_combined(const struct trip *trip, const struct ota_path *path,
                           const struct device *device)
{
    const bool may = trip->options.combine && trip->app && inflates(device) &&
                     os_of(device) >= 3100;
    int parts = 0;
    int others = 0;

    for (size_t i = 0; i < path->count; i++) {
        const char kind = letter(path->steps[i].module.slot);
        parts += kind == 's';
        others += kind != 's' && kind != 'u';
    }
    const bool alone = parts == 1 && others == 0;
    const bool is = path->count > 0 && path->steps[0].with.size_bytes > 0;
    if (is != (may && alone))
        fail_trip(trip, "%scombined", is ? "" : "not ");
    if (is && path->count != 1)
        fail_trip(trip, "combined, and more");
}

static void check_step(const struct trip *trip, const struct device *device,
                       const struct ota_path_step *step)
{
    const struct ota_module *module = &step->module;
    int64_t image_bytes = image_of(device, trip, module);

    if (!is_real(trip, module))
        fail_trip(trip, "a module of nowhere");
    if (module->version <= device->version[module->slot])
        fail_trip(trip, "a downgrade");
    if (!takes(device, module) || !may_follow(device, module))
        fail_trip(trip, "slot %d version %d is refused", module->slot,
                  (int)module->version);
    if (step->with.size_bytes > 0) {
        if (!is_real(trip, &step->with))
            fail_trip(trip, "an app of nowhere");
        image_bytes += 120 + image_of(device, trip, &step->with);
    }
    if (step->image_bytes != image_bytes)
        fail_trip(trip, "an image of %lld, expected %lld",
                  (long long)step->image_bytes, (long long)image_bytes);
    if (step->compressed !=
        (image_of(device, trip, module) != module->size_bytes))
        fail_trip(trip, "wrongly compressed");
    if (step->system_before != os_of(device))
        fail_trip(trip, "system %d, expected %d", (int)step->system_before,
                  (int)os_of(device));
}

/* What is asked of the path at run time, against the device. */
static void check_questions(const struct trip *trip,
                            const struct ota_path *path, ota_path_taken taken,
                            const struct device *device)
{
    const struct ota_installed installed = ota_path_installed(path, taken);

    for (int slot = 0; slot < OTA_SLOTS; slot++)
        if (installed.version[slot] != device->version[slot])
            fail_trip(trip, "slot %d is not what it should be", slot);
    if (ota_path_system(path, taken) != os_of(device))
        fail_trip(trip, "another system version");
    if (ota_path_safe_mode(path, taken) != in_safe_mode(device))
        fail_trip(trip, "safe mode is wrong");
    for (size_t k = 0; k < path->count; k++) {
        const bool accepted =
            ota_path_acceptance(path, taken, k) == OTA_ACCEPTED;
        if (accepted != takes(device, &path->steps[k].module))
            fail_trip(trip, "step %zu is wrongly %s", k,
                      accepted ? "accepted" : "refused");
    }
}

static void walk(struct device *device, const struct ota_path_step *step)
{
    if (step->module.version >= device->version[step->module.slot])
        install(device, &step->module);
    if (step->with.size_bytes > 0)
        install(device, &step->with);
}

/* Follows the path; then the same with each one step left out. */
static void check_path(const struct trip *trip, const struct ota_path *path)
{
    struct device device = device_with(trip->from);
    ota_path_taken taken = 0;
    int64_t bytes = 0;

    check_combined(trip, path, &device);
    for (size_t i = 0; i < path->count; i++) {
        check_questions(trip, path, taken, &device);
        check_step(trip, &device, &path->steps[i]);
        walk(&device, &path->steps[i]);
        taken |= (ota_path_taken)1 << i;
        bytes += path->steps[i].image_bytes;
        if (path->steps[i].safe_mode_after != in_safe_mode(&device))
            fail_trip(trip, "safe mode behind step %zu is wrong", i);
    }
    check_questions(trip, path, taken, &device);
    if (path->payload_bytes != bytes)
        fail_trip(trip, "images do not add up");
    if (!is_whole(&device) || in_safe_mode(&device))
        fail_trip(trip, "something is missing in the end");
    if (trip->app && device.version[ota_slot_from_text("u1")] != APP_VERSION)
        fail_trip(trip, "the app is missing");

    for (size_t out = 0; out < path->count; out++) {
        struct device other = device_with(trip->from);
        for (size_t i = 0; i < path->count; i++)
            if (i != out)
                walk(&other, &path->steps[i]);
        check_questions(trip, path, taken & ~((ota_path_taken)1 << out),
                        &other);
    }
}

/* Every module of the target is there; with an app that needs no more, its
 * last system part is. */
static void check_target(const struct trip *trip, const struct ota_path *path)
{
    const struct ota_installed end =
        ota_path_installed(path, (ota_path_taken)-1);

    for (int i = 0; i < trip->to->module_count; i++) {
        const struct ota_module *module = &trip->to->modules[i];
        if (end.version[module->slot] < module->version)
            fail_trip(trip, "slot %d stays behind", module->slot);
    }
}

static void check_place_of_app(const struct trip *trip,
                               const struct ota_path *path)
{
    const int app = ota_slot_from_text("u1");
    const size_t at = trip->options.app_last ? path->count - 1 : 0;

    if (!path->steps[0].with.size_bytes && path->steps[at].module.slot != app)
        fail_trip(trip, "the app is not in its place");
}

/* --- all of them -----------------------------------------------------------*/

/* Ways that the catalogue cannot show, from any release of [from, to] to any of
 * [first, last]. */
static const struct gap {
    const char *platform, *from, *to, *first, *last;
} gaps[] = {
    /* Bootloader 201 came inside the system part, so there is no record. */
    {"argon", "0.8.0-rc.27", "0.8.0-rc.27", "1.1.0", "1.1.1"},
    {"boron", "0.8.0-rc.27", "0.8.0-rc.27", "1.1.0", "1.1.1"},
    /* The network processor's firmware passes 3.0.0, which has no record. */
    {"tracker", "2.0.0", "2.3.0", "4.0.0", "6.2.1"},
};

enum { GAPS = sizeof(gaps) / sizeof(*gaps) };

static bool within(const struct ota_release *release, const char *first,
                   const char *last)
{
    return release >= shipped_release(&catalog, release->platform, first) &&
           release <= shipped_release(&catalog, release->platform, last);
}

static bool is_gap(const struct trip *trip)
{
    for (size_t i = 0; i < GAPS; i++)
        if (!strcmp(gaps[i].platform, trip->to->platform) &&
            within(trip->from, gaps[i].from, gaps[i].to) &&
            within(trip->to, gaps[i].first, gaps[i].last))
            return true;
    return false;
}

struct tally {
    int pairs, ways, downgrades, gaps;
};

/* Looks at one pair. Releases stand in the order of their versions. */
static void check_trip(const struct trip *trip, struct tally *tally)
{
    const struct ota_installed installed = ota_release_installed(trip->from);
    const bool down = trip->from > trip->to;
    struct ota_arena arena = {0};
    struct ota_path path;
    char problem[384] = "";

    const bool found =
        ota_path_to_app(&catalog, trip->to->platform, &installed, trip->to,
                        APP_VERSION, trip->app ? APP_BYTES : 0, &trip->options,
                        &arena, &path, problem, sizeof(problem));
    tally->pairs++;
    if (is_gap(trip)) {
        if (found || strncmp(problem, "no way to ", 10) != 0)
            fail_trip(trip, "a way after all");
        tally->gaps++;
    } else if (down && !trip->app) {
        if (found || !strstr(problem, "not downgraded over the air"))
            fail_trip(trip, "a downgrade without a word");
        tally->downgrades++;
    } else {
        if (!found)
            fail_trip(trip, "%.100s", problem);
        check_path(trip, &path);
        if (trip->app)
            check_place_of_app(trip, &path);
        if (!down)
            check_target(trip, &path);
        else if (path.count != 1)
            fail_trip(trip, "more than the app");
        tally->ways++;
    }
    ota_arena_release(&arena);
}

static struct tally check_all(bool app, struct ota_path_options options)
{
    struct tally tally = {0};

    for (size_t i = 0; i < catalog.release_count; i++)
        for (size_t j = 0; j < catalog.release_count; j++) {
            const struct trip trip = {
                .from = &catalog.releases[i],
                .to = &catalog.releases[j],
                .options = options,
                .app = app,
            };
            if (!strcmp(trip.from->platform, trip.to->platform))
                check_trip(&trip, &tally);
        }
    return tally;
}

/* By platform there are 32 (photon), 31, 32, 23, 28, 21, 13, 10, 4, 2 and 1
 * releases; upwards counts a release to itself. */
enum { PAIRS = 5053, UPWARDS = 2625, NO_WAY = 2 + 2 + 5 * 5 };

static void assert_tally(struct tally tally, bool app)
{
    assert_int_equal(tally.pairs, PAIRS);
    assert_int_equal(tally.gaps, NO_WAY);
    assert_int_equal(tally.downgrades, app ? 0 : PAIRS - UPWARDS);
    assert_int_equal(tally.ways, (app ? PAIRS : UPWARDS) - NO_WAY);
}

static void without_an_app(void **state)
{
    (void)state;
    assert_tally(check_all(false, (struct ota_path_options){0}), false);
    assert_tally(check_all(false, (struct ota_path_options){.compress = true,
                                                            .combine = true}),
                 false);
}

static void app_first(void **state)
{
    (void)state;
    assert_tally(check_all(true, (struct ota_path_options){0}), true);
    assert_tally(check_all(true, (struct ota_path_options){.compress = true,
                                                           .combine = true}),
                 true);
}

static void app_last(void **state)
{
    (void)state;
    assert_tally(check_all(true, (struct ota_path_options){.app_last = true}),
                 true);
    assert_tally(check_all(true, (struct ota_path_options){.app_last = true,
                                                           .compress = true}),
                 true);
}

static struct ota_arena shipped;

static int set_up(void **state)
{
    (void)state;
    catalog = shipped_catalog(&shipped);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ota_arena_release(&shipped);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_an_app),
        cmocka_unit_test(app_first),
        cmocka_unit_test(app_last),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
