/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_path.c - upgrade paths: the order of some known ones, where the app
 * goes, what is compressed or combined. Payloads of known paths are in
 * tests/oracle/test_payload_totals.c; every path of the catalogue is looked at
 * in tests/oracle/test_every_path.c.
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

static struct ota_arena arena;
static struct ota_catalog catalog;

static int set_up(void **state)
{
    (void)state;
    catalog = shipped_catalog(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ota_arena_release(&arena);
    return 0;
}

/* Compares a path with "s3:108 s1:108"; "!" behind a module is safe mode. */
static void assert_steps(const struct ota_path *path, const char *expected)
{
    char text[512] = "";

    for (size_t i = 0; i < path->count; i++) {
        char slot[3];
        ota_slot_to_text(path->steps[i].module.slot, slot);
        const size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "%s%s:%d%s", i ? " " : "",
                 slot, (int)path->steps[i].module.version,
                 path->steps[i].safe_mode_after ? "!" : "");
    }
    assert_string_equal(text, expected);
}

static const struct ota_path_options plain = {0};

/* The path of an app of app_bytes (0: none) in version 9 that needs `to` (NULL:
 * nothing). */
static struct ota_path path_with(const char *platform, const char *from,
                                 const char *to, int64_t app_bytes,
                                 struct ota_path_options options)
{
    char problem[384] = "";
    struct ota_path path;
    const struct ota_installed has =
        ota_release_installed(shipped_release(&catalog, platform, from));
    const struct ota_release *target =
        to ? shipped_release(&catalog, platform, to) : NULL;

    if (!ota_path_to_app(&catalog, platform, &has, target, 9, app_bytes,
                         &options, &arena, &path, problem, sizeof(problem)))
        fail_msg("%s", problem);
    return path;
}

static struct ota_path path_to_app(const char *platform, const char *from,
                                   const char *to)
{
    return path_with(platform, from, to, 20000, plain);
}

static void app_comes_first(void **state)
{
    (void)state;
    struct ota_path path = path_to_app("electron", "0.6.1", "0.6.2");
    assert_steps(&path, "u1:9! s3:108! s1:108! s2:108");
    assert_int_equal(path.payload_bytes, 20000 + 294144);

    /* Already there, or newer, or no matter: the app alone. */
    path = path_to_app("electron", "0.6.2", "0.6.2");
    assert_steps(&path, "u1:9");
    path = path_to_app("electron", "0.6.4", "0.6.2");
    assert_steps(&path, "u1:9");
    path = path_to_app("electron", "0.6.1", NULL);
    assert_steps(&path, "u1:9");
    assert_int_equal(path.payload_bytes, 20000);
}

/* Electron 0.7.0 lists no bootloader; the lowest that will do is of 2.0.0. */
static void a_missing_bootloader_is_found(void **state)
{
    (void)state;
    const struct ota_path path = path_to_app("electron", "0.6.4", "0.7.0");
    assert_steps(&path, "u1:9! s3:207! s1:207! s2:207! b0:1003");
    assert_int_equal(path.steps[4].module.size_bytes, 15664);
}

static void stones_are_found(void **state)
{
    (void)state;
    struct ota_path path = path_to_app("electron", "0.4.8-rc.6", "2.3.1");
    assert_steps(&path, "u1:9! s1:21! s2:21! s3:110! s1:110! s2:110! "
                        "s3:2302! s1:2302! s2:2302! b0:1006");
    /* Bootloader first, on Gen 3. */
    path = path_to_app("boron", "1.1.1", "4.1.0");
    assert_steps(&path, "u1:9! b0:401! s1:1321! b0:1200! a0:202! s1:4100");
    path = path_to_app("p2", "5.9.0", "6.2.1");
    assert_steps(&path, "u1:9! b2:10! b0:3101! s1:6201");
}

static void an_app_may_go_last(void **state)
{
    (void)state;
    const struct ota_path_options last = {.app_last = true};
    struct ota_path path = path_with("photon", "0.6.1", "0.6.2", 20000, last);
    assert_steps(&path, "s1:108 s2:108 u1:9");
    /* A part's own need still leads into safe mode. */
    path = path_with("electron", "0.6.4", "2.3.1", 20000, last);
    assert_steps(&path, "s3:2302 s1:2302 s2:2302! b0:1006 u1:9");
    path = path_with("electron", "0.6.4", "0.6.2", 20000, last);
    assert_steps(&path, "u1:9");
}

static void a_release_may_be_wanted_alone(void **state)
{
    (void)state;
    struct ota_path path = path_with("electron", "0.6.4", "2.3.1", 0, plain);
    assert_steps(&path, "s3:2302 s1:2302 s2:2302! b0:1006");
    assert_int_equal(path.payload_bytes, 340204);
    path = path_with("electron", "2.3.1", "2.3.1", 0, plain);
    assert_int_equal(path.count, 0);
    assert_int_equal(path.payload_bytes, 0);
    assert_int_equal(ota_path_system(&path, 0), 2302);
    assert_false(ota_path_safe_mode(&path, 0));
}

static void the_system_is_known_at_each_step(void **state)
{
    (void)state;
    static const int32_t before[] = {1104, 1104, 1104, 1321, 1321, 1321};
    const struct ota_path path = path_to_app("boron", "1.1.1", "4.1.0");

    assert_steps(&path, "u1:9! b0:401! s1:1321! b0:1200! a0:202! s1:4100");
    assert_int_equal(path.count, sizeof(before) / sizeof(*before));
    for (size_t i = 0; i < path.count; i++)
        assert_int_equal(path.steps[i].system_before, before[i]);
    assert_int_equal(path.os.system, 1104);
    assert_int_equal(path.os.generation, 3);
    assert_true(path.os.cellular);
    assert_string_equal(path.platform, "boron");
    assert_ptr_equal(path.catalog, &catalog);
}

/* --- images ----------------------------------------------------------------*/

static void assert_image(const struct ota_path *path, size_t step,
                         bool compressed, int64_t image_bytes)
{
    assert_true(step < path->count);
    assert_int_equal(path->steps[step].compressed, compressed);
    assert_int_equal(path->steps[step].image_bytes, image_bytes);
}

static void what_the_device_inflates_is_compressed(void **state)
{
    (void)state;
    const struct ota_path_options compress = {.compress = true};
    /* 0.711 of 507,426, and 0.6 of 20,001, rounded up; no bootloader. */
    struct ota_path path =
        path_with("boron", "2.0.1", "4.1.0", 20001, compress);
    assert_steps(&path, "u1:9! b0:1200! s1:4100");
    assert_image(&path, 0, true, 12001);
    assert_image(&path, 1, false, 45844);
    assert_image(&path, 2, true, 360780);
    assert_int_equal(path.payload_bytes, 12001 + 45844 + 360780);

    path = path_with("boron", "2.0.1", "4.1.0", 20001, plain);
    assert_image(&path, 0, false, 20001);
    assert_image(&path, 2, false, 507426);

    /* Gen 4; prebootloader and bootloader as they are. */
    path = path_with("p2", "5.9.0", "6.2.1", 0, compress);
    assert_steps(&path, "b2:10 b0:3101 s1:6201");
    assert_image(&path, 0, false, 79868);
    assert_image(&path, 1, false, 59044);
    assert_image(&path, 2, true, 868200);
}

static void old_devices_take_it_plain(void **state)
{
    (void)state;
    struct ota_path_options options = {.compress = true, .combine = true};
    /* Gen 2 never, though bootloader and system are late enough. */
    struct ota_path path =
        path_with("electron", "2.3.1", "3.3.1", 20000, options);
    for (size_t i = 0; i < path.count; i++)
        assert_image(&path, i, false, path.steps[i].module.size_bytes);
    /* Gen 3 before 2.0.0, with a late bootloader in the middle. */
    path = path_with("boron", "1.5.2", "2.0.0", 20000, options);
    assert_steps(&path, "u1:9! b0:1003! s1:2008");
    for (size_t i = 0; i < path.count; i++)
        assert_image(&path, i, false, path.steps[i].module.size_bytes);
    /* On the way it learns to inflate: an app that goes last gains by it. */
    options.app_last = true;
    path = path_with("boron", "1.1.1", "4.1.0", 20000, options);
    assert_steps(&path, "b0:401 s1:1321 b0:1200 a0:202 s1:4100 u1:9");
    assert_image(&path, 4, false, 507426);
    assert_image(&path, 5, true, 12000);
}

static void app_and_system_part_may_combine(void **state)
{
    (void)state;
    const struct ota_path_options options = {.compress = true, .combine = true};
    struct ota_path path = path_with("boron", "4.0.1", "4.0.2", 20000, options);
    assert_steps(&path, "s1:4006");
    assert_int_equal(path.steps[0].with.size_bytes, 20000);
    assert_int_equal(path.steps[0].with.version, 9);
    /* 0.711 of 510,938, 0.6 of 20,000, and headers. */
    assert_image(&path, 0, true, 363277 + 12000 + 120);
    assert_int_equal(path.payload_bytes, 363277 + 12000 + 120);
    const struct ota_installed has = ota_path_installed(&path, 1);
    assert_int_equal(has.version[ota_slot_from_text("s1")], 4006);
    assert_int_equal(has.version[ota_slot_from_text("u1")], 9);

    /* Uncompressed if that is asked for; app_last makes no difference. */
    path =
        path_with("boron", "4.0.1", "4.0.2", 20000,
                  (struct ota_path_options){.combine = true, .app_last = true});
    assert_steps(&path, "s1:4006");
    assert_image(&path, 0, false, 510938 + 20000 + 120);
}

static void what_cannot_be_combined_goes_apart(void **state)
{
    (void)state;
    const struct ota_path_options options = {.compress = true, .combine = true};
    /* Not asked for. */
    struct ota_path path =
        path_with("boron", "4.0.1", "4.0.2", 20000,
                  (struct ota_path_options){.compress = true});
    assert_steps(&path, "u1:9! s1:4006");
    assert_image(&path, 1, true, 363277);
    /* A bootloader comes along. */
    path = path_with("boron", "4.0.2", "4.1.0", 20000, options);
    assert_steps(&path, "u1:9! b0:1200! s1:4100");
    /* A lone system part, but the device does not run 3.1.0. */
    path = path_with("boron", "2.0.1", "2.1.0", 20000, options);
    assert_steps(&path, "u1:9! s1:2101");
    assert_image(&path, 1, true, 354883);
    /* No app, or nothing but the app. */
    path = path_with("boron", "4.0.1", "4.0.2", 0, options);
    assert_steps(&path, "s1:4006");
    assert_image(&path, 0, true, 363277);
    path = path_with("boron", "4.0.2", "4.0.2", 20000, options);
    assert_steps(&path, "u1:9");
    assert_image(&path, 0, true, 12000);
}

/* --- the search ------------------------------------------------------------*/

/* A release of one system part that needs itself in some version. */
static struct ota_release self_needing(const char *os, int32_t version,
                                       int64_t size_bytes, int32_t needs)
{
    const int part = ota_slot_from_text("s1");
    struct ota_release release = {
        .platform = "toy",
        .module_count = 1,
        .modules = {{.slot = part,
                     .version = version,
                     .size_bytes = size_bytes,
                     .need_count = 1,
                     .needs = {{.slot = part, .version = needs}}}},
    };

    snprintf(release.os, sizeof(release.os), "%s", os);
    return release;
}

/* Two stones are needed, and there are three choices for the first. */
static void fewest_stones_then_fewest_bytes(void **state)
{
    (void)state;
    const struct ota_release releases[] = {
        self_needing("first", 1, 100, 1),  self_needing("large", 2, 300, 1),
        self_needing("small", 3, 100, 1),  self_needing("middle", 4, 200, 1),
        self_needing("second", 5, 500, 2), self_needing("detour", 6, 1, 5),
        self_needing("target", 7, 100, 5),
    };
    const struct ota_catalog toys = {
        .releases = releases,
        .release_count = sizeof(releases) / sizeof(*releases),
    };
    const struct ota_installed has = ota_release_installed(&releases[0]);
    char problem[384];
    struct ota_path path;

    assert_true(ota_path_to_release(&toys, &has, &releases[6], &plain, &arena,
                                    &path, problem, sizeof(problem)));
    assert_steps(&path, "s1:3 s1:5 s1:7");
    assert_int_equal(path.payload_bytes, 100 + 500 + 100);

    /* One stone, and three to choose from. */
    assert_true(ota_path_to_release(&toys, &has, &releases[4], &plain, &arena,
                                    &path, problem, sizeof(problem)));
    assert_steps(&path, "s1:3 s1:5");
    assert_int_equal(path.payload_bytes, 100 + 500);
}

static void problems_are_told(void **state)
{
    (void)state;
    char problem[384];
    struct ota_path path;
    struct ota_installed has =
        ota_release_installed(shipped_release(&catalog, "photon", "0.6.2"));

    assert_false(ota_path_to_release(
        &catalog, &has, shipped_release(&catalog, "photon", "0.6.1"), &plain,
        &arena, &path, problem, sizeof(problem)));
    assert_string_equal(
        problem, "photon 0.6.1 has system version 105, older than the "
                 "installed 108; Device OS is not downgraded over the air, so "
                 "take a release of version 108 or later");

    has = ota_release_installed(shipped_release(&catalog, "tracker", "2.3.0"));
    assert_false(ota_path_to_release(
        &catalog, &has, shipped_release(&catalog, "tracker", "4.0.0"), &plain,
        &arena, &path, problem, sizeof(problem)));
    assert_string_equal(
        problem, "no way to tracker 4.0.0 from system version 2301: the "
                 "device would refuse some module, whatever releases are "
                 "taken between; add the missing release to the catalogue or "
                 "take another one");
}

/* Each release needs the one before: as many steps as there are releases. */
static void long_ways_have_an_end(void **state)
{
    (void)state;
    enum { RELEASES = OTA_PATH_STEPS_MAX + 2 };
    struct ota_release releases[RELEASES];
    const struct ota_catalog toys = {
        .releases = releases,
        .release_count = RELEASES,
    };
    char problem[384] = "";
    struct ota_path path;

    for (int32_t i = 0; i < RELEASES; i++) {
        char os[OTA_WORD_SIZE];
        snprintf(os, sizeof(os), "r%d", (int)i + 1);
        releases[i] = self_needing(os, i + 1, 100, i);
    }
    const struct ota_installed has = ota_release_installed(&releases[0]);
    assert_true(ota_path_to_release(&toys, &has, &releases[OTA_PATH_STEPS_MAX],
                                    &plain, &arena, &path, problem,
                                    sizeof(problem)));
    assert_int_equal(path.count, OTA_PATH_STEPS_MAX);
    assert_int_equal(ota_path_system(&path, UINT32_MAX), RELEASES - 1);
    assert_int_equal(ota_path_system(&path, UINT32_MAX >> 1), RELEASES - 2);

    assert_false(ota_path_to_release(&toys, &has, &releases[RELEASES - 1],
                                     &plain, &arena, &path, problem,
                                     sizeof(problem)));
    assert_string_equal(problem,
                        "the way takes 33 modules, and 32 is the most; take "
                        "it in two, by a release between");
    assert_false(ota_path_to_app(&toys, "toy", &has,
                                 &releases[OTA_PATH_STEPS_MAX], 1, 100, &plain,
                                 &arena, &path, problem, sizeof(problem)));
}

/* An app that needs nothing runs on a platform that nobody has heard of. */
static void an_unknown_platform_takes_an_app(void **state)
{
    (void)state;
    const struct ota_path_options options = {.compress = true, .combine = true};
    const struct ota_installed nothing = {{0}};
    char problem[384] = "";
    struct ota_path path;

    assert_true(ota_path_to_app(&catalog, "abacus", &nothing, NULL, 2, 1000,
                                &options, &arena, &path, problem,
                                sizeof(problem)));
    assert_steps(&path, "u1:2");
    assert_image(&path, 0, false, 1000);
    assert_string_equal(path.platform, "abacus");
    assert_int_equal(path.os.generation, 0);
    assert_int_equal(ota_path_system(&path, 1), 0);
    assert_int_equal(ota_path_acceptance(&path, 0, 0), OTA_ACCEPTED);
    assert_false(ota_path_safe_mode(&path, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(app_comes_first),
        cmocka_unit_test(a_missing_bootloader_is_found),
        cmocka_unit_test(stones_are_found),
        cmocka_unit_test(an_app_may_go_last),
        cmocka_unit_test(a_release_may_be_wanted_alone),
        cmocka_unit_test(the_system_is_known_at_each_step),
        cmocka_unit_test(what_the_device_inflates_is_compressed),
        cmocka_unit_test(old_devices_take_it_plain),
        cmocka_unit_test(app_and_system_part_may_combine),
        cmocka_unit_test(what_cannot_be_combined_goes_apart),
        cmocka_unit_test(fewest_stones_then_fewest_bytes),
        cmocka_unit_test(problems_are_told),
        cmocka_unit_test(long_ways_have_an_end),
        cmocka_unit_test(an_unknown_platform_takes_an_app),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
