/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_back.c - is the way back one image that a device with the release would
 * take, whatever the way there was?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/fleet/back.h"
#include "tests/support/shipped_catalog.h"

enum { APP_BYTES = 20001 };

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

static struct ota_path path_of(const char *platform, const char *from,
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

/* The ways back of groups with these paths each. */
static struct ota_backs *backs_of(struct ota_variant *variants,
                                  const size_t *counts, size_t groups)
{
    static struct ota_group made[4];
    static struct ota_fleet_config config;
    struct ota_error error = {0};

    for (size_t g = 0; g < groups; g++) {
        made[g] = (struct ota_group){
            .count = 1, .variants = variants, .variant_count = counts[g]};
        variants += counts[g];
    }
    config = (struct ota_fleet_config){.groups = made, .group_count = groups};
    struct ota_backs *backs = ota_backs_new(&config, &error);
    assert_non_null(backs);
    return backs;
}

/* The way back of one path is one app image of that size, into the slot that
 * the app has, for a device that has all of the path. */
static void assert_app_back(const struct ota_path *path, int64_t app_bytes)
{
    struct ota_variant variant = {.share = 1, .path = *path};
    const size_t one = 1;
    struct ota_backs *backs = backs_of(&variant, &one, 1);
    const struct ota_path *back = ota_backs_of(backs, 0);
    const ota_path_taken all = ota_path_all(path);

    assert_int_equal(back->count, 1);
    assert_int_equal(back->steps[0].module.slot, ota_slot_from_text("u1"));
    assert_int_equal(back->steps[0].module.size_bytes, app_bytes);
    assert_int_equal(back->steps[0].with.size_bytes, 0);
    assert_false(back->steps[0].safe_mode_after);
    assert_int_equal(back->payload_bytes, back->steps[0].image_bytes);
    assert_int_equal(back->os.system, ota_path_system(path, all));
    /* It is taken at once, and nothing goes wrong with it. */
    assert_int_equal(ota_path_acceptance(back, 0, 0), OTA_ACCEPTED);
    assert_false(ota_path_safe_mode(back, 0));
    assert_false(ota_path_safe_mode(back, ota_path_all(back)));
    assert_int_equal(ota_path_system(back, 0), ota_path_system(path, all));
    assert_int_equal(ota_path_system(back, ota_path_all(back)),
                     ota_path_system(path, all));
    ota_backs_free(backs);
}

static void an_app_goes_back_as_it_came(void **state)
{
    const struct ota_path_options plain = {0};
    const struct ota_path path =
        path_of("electron", "0.7.0", NULL, APP_BYTES, plain);
    struct ota_variant variant = {.share = 1, .path = path};
    const size_t one = 1;

    (void)state;
    assert_app_back(&path, APP_BYTES);
    struct ota_backs *backs = backs_of(&variant, &one, 1);
    assert_int_equal(ota_backs_of(backs, 0)->payload_bytes, APP_BYTES);
    ota_backs_free(backs);
    ota_backs_free(NULL);
}

/* What came with it stays: a way there of many modules, app first and last. */
static void device_os_stays(void **state)
{
    const struct ota_path_options plain = {0}, last = {.app_last = true};
    struct ota_path path =
        path_of("electron", "0.4.8-rc.6", "2.3.1", APP_BYTES, plain);

    (void)state;
    assert_int_equal(path.count, 10);
    assert_app_back(&path, APP_BYTES);
    path = path_of("photon", "0.6.1", "0.6.2", APP_BYTES, last);
    assert_int_equal(path.count, 3);
    assert_app_back(&path, APP_BYTES);
    path = path_of("boron", "1.1.1", "4.1.0", APP_BYTES, plain);
    assert_app_back(&path, APP_BYTES);
}

/* The app of a combined image goes back alone, compressed if that was. */
static void a_combined_image_is_taken_apart(void **state)
{
    const struct ota_path_options options = {.compress = true, .combine = true};
    const struct ota_path path =
        path_of("boron", "4.0.1", "4.0.2", APP_BYTES, options);
    struct ota_variant variant = {.share = 1, .path = path};
    const size_t one = 1;
    bool combined = false;

    (void)state;
    for (size_t i = 0; i < path.count; i++)
        combined = combined || path.steps[i].with.size_bytes > 0;
    assert_true(combined);
    assert_app_back(&path, APP_BYTES);
    struct ota_backs *backs = backs_of(&variant, &one, 1);
    const struct ota_path *back = ota_backs_of(backs, 0);
    assert_true(back->steps[0].compressed);
    /* 0.6 of it, rounded up as on the way there. */
    assert_int_equal(back->payload_bytes, 12001);
    ota_backs_free(backs);
}

/* A release without an app goes back by the last image of its path. */
static void a_release_alone_goes_back_by_its_last_image(void **state)
{
    const struct ota_path_options plain = {0};
    const struct ota_path path =
        path_of("electron", "0.6.4", "2.3.1", 0, plain);
    struct ota_variant variant = {.share = 1, .path = path};
    const size_t one = 1;
    struct ota_backs *backs = backs_of(&variant, &one, 1);
    const struct ota_path *back = ota_backs_of(backs, 0);

    (void)state;
    assert_int_equal(back->count, 1);
    assert_int_equal(back->payload_bytes,
                     path.steps[path.count - 1].image_bytes);
    assert_int_equal(ota_path_acceptance(back, 0, 0), OTA_ACCEPTED);
    assert_false(ota_path_safe_mode(back, ota_path_all(back)));
    ota_backs_free(backs);
}

static void nothing_goes_back_by_nothing(void **state)
{
    const struct ota_path_options plain = {0};
    struct ota_variant variant = {
        .share = 1, .path = path_of("electron", "2.3.1", "2.3.1", 0, plain)};
    const size_t one = 1;
    struct ota_backs *backs = backs_of(&variant, &one, 1);

    (void)state;
    assert_int_equal(variant.path.count, 0);
    assert_int_equal(ota_backs_of(backs, 0)->count, 0);
    assert_int_equal(ota_backs_of(backs, 0)->payload_bytes, 0);
    assert_false(ota_path_safe_mode(ota_backs_of(backs, 0), 0));
    ota_backs_free(backs);
}

static void each_group_and_variant_has_its_own(void **state)
{
    const struct ota_path_options plain = {0};
    static const int64_t apps[] = {20000, 30000, 40000};
    const size_t counts[] = {2, 1};
    struct ota_variant variants[3];

    (void)state;
    for (size_t v = 0; v < 3; v++)
        variants[v] = (struct ota_variant){
            .path = path_of("electron", v == 1 ? "0.6.1" : "0.7.0",
                            v == 1 ? "0.6.2" : NULL, apps[v], plain)};
    struct ota_backs *backs = backs_of(variants, counts, 2);
    assert_int_equal(ota_backs_of(backs, 0)[0].payload_bytes, apps[0]);
    assert_int_equal(ota_backs_of(backs, 0)[1].payload_bytes, apps[1]);
    assert_int_equal(ota_backs_of(backs, 1)[0].payload_bytes, apps[2]);
    ota_backs_free(backs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_app_goes_back_as_it_came),
        cmocka_unit_test(device_os_stays),
        cmocka_unit_test(a_combined_image_is_taken_apart),
        cmocka_unit_test(a_release_alone_goes_back_by_its_last_image),
        cmocka_unit_test(nothing_goes_back_by_nothing),
        cmocka_unit_test(each_group_and_variant_has_its_own),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
