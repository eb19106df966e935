/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_path_taken.c - devices on which some steps of a path took effect, in
 * whatever order: what they accept next, and whether they are in safe mode.
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

static struct ota_path path_to_app(const char *platform, const char *from,
                                   const char *to)
{
    static const struct ota_path_options options = {0};
    char problem[384] = "";
    struct ota_path path;
    const struct ota_installed has =
        ota_release_installed(shipped_release(&catalog, platform, from));

    if (!ota_path_to_app(&catalog, platform, &has,
                         shipped_release(&catalog, platform, to), 9, 20000,
                         &options, &arena, &path, problem, sizeof(problem)))
        fail_msg("%s", problem);
    return path;
}

/* The number of the step that sends "s1:108". */
static size_t step_of(const struct ota_path *path, const char *name)
{
    for (size_t i = 0; i < path->count; i++) {
        char slot[3];
        char text[32];
        ota_slot_to_text(path->steps[i].module.slot, slot);
        snprintf(text, sizeof(text), "%s:%d", slot,
                 (int)path->steps[i].module.version);
        if (!strcmp(text, name))
            return i;
    }
    fail_msg("the path has no %s", name);
    return 0;
}

/* The steps of a list, "u1:9 s1:108". */
static ota_path_taken steps_of(const struct ota_path *path, const char *names)
{
    char list[128];
    ota_path_taken taken = 0;

    snprintf(list, sizeof(list), "%s", names);
    for (char *name = strtok(list, " "); name; name = strtok(NULL, " "))
        taken |= (ota_path_taken)1 << step_of(path, name);
    return taken;
}

static void assert_acceptance(const struct ota_path *path, const char *taken,
                              const char *next, enum ota_acceptance expected)
{
    const enum ota_acceptance got =
        ota_path_acceptance(path, steps_of(path, taken), step_of(path, next));

    if (got != expected)
        fail_msg("%s behind \"%s\": %d, expected %d", next, taken, got,
                 expected);
}

static void assert_device(const struct ota_path *path, const char *taken,
                          bool safe_mode, int32_t system)
{
    const ota_path_taken steps = steps_of(path, taken);

    if (ota_path_safe_mode(path, steps) != safe_mode)
        fail_msg("\"%s\": safe mode should be %d", taken, safe_mode);
    if (ota_path_system(path, steps) != system)
        fail_msg("\"%s\": system %d, expected %d", taken,
                 (int)ota_path_system(path, steps), (int)system);
}

/* Photon: part 1 before part 2; the app whenever it comes. */
static void photon_part_1_comes_before_part_2(void **state)
{
    (void)state;
    const struct ota_path path = path_to_app("photon", "0.6.1", "0.6.2");

    assert_int_equal(path.count, 3);
    assert_acceptance(&path, "", "s1:108", OTA_ACCEPTED);
    assert_acceptance(&path, "", "s2:108", OTA_REFUSED_NEED);
    assert_acceptance(&path, "u1:9", "s2:108", OTA_REFUSED_NEED);
    assert_acceptance(&path, "s1:108", "s2:108", OTA_ACCEPTED);
    assert_acceptance(&path, "", "u1:9", OTA_ACCEPTED);
    assert_acceptance(&path, "s1:108", "u1:9", OTA_ACCEPTED);

    assert_device(&path, "", false, 105);
    assert_device(&path, "u1:9", true, 105);
    assert_device(&path, "u1:9 s1:108", true, 105);
    assert_device(&path, "s1:108", false, 105);
    assert_device(&path, "s1:108 s2:108", false, 108);
    assert_device(&path, "u1:9 s1:108 s2:108", false, 108);
    /* The device would not take it, but if it had: a part's need is unmet. */
    assert_device(&path, "s2:108", true, 108);
}

/* Part 3 is unknown before 0.5.3, and asks for the others before 0.7.0. */
static void electron_learns_of_part_3(void **state)
{
    (void)state;
    const struct ota_path path = path_to_app("electron", "0.4.8-rc.6", "2.3.1");
    const char *const to_0_6_4 = "s1:21 s2:21 s3:110 s1:110 s2:110";

    assert_acceptance(&path, "", "s3:110", OTA_REFUSED_UNKNOWN_SLOT);
    assert_acceptance(&path, "s1:21", "s3:110", OTA_REFUSED_UNKNOWN_SLOT);
    assert_acceptance(&path, "s1:21 s2:21", "s3:110", OTA_ACCEPTED);
    assert_acceptance(&path, "s1:21 s2:21", "s1:110", OTA_REFUSED_NEED);
    assert_acceptance(&path, "s1:21 s2:21 s3:110", "s2:110", OTA_REFUSED_NEED);
    assert_acceptance(&path, "s1:21 s2:21", "s3:2302", OTA_REFUSED_NEED);
    assert_acceptance(&path, to_0_6_4, "s3:2302", OTA_ACCEPTED);
    /* Back under a part that needs more. */
    assert_acceptance(&path, to_0_6_4, "s1:21", OTA_REFUSED_BREAKS);

    assert_device(&path, "s1:21 s2:21", false, 21);
    assert_device(&path, to_0_6_4, false, 110);
    /* Of each slot the latest counts, in whatever order they came. */
    assert_device(&path, "s1:21 s2:21 s3:110 s1:110", false, 21);
    const struct ota_installed has =
        ota_path_installed(&path, steps_of(&path, "s1:21 s1:110 s3:2302"));
    assert_int_equal(has.version[ota_slot_from_text("s1")], 110);
    assert_int_equal(has.version[ota_slot_from_text("s2")], 10);
    assert_int_equal(has.version[ota_slot_from_text("s3")], 2302);
    assert_int_equal(has.version[ota_slot_from_text("u1")], 0);
}

/* The last part's bootloader may come behind it, by way of safe mode, or
 * before. */
static void electron_bootloader_can_wait(void **state)
{
    (void)state;
    const struct ota_path path = path_to_app("electron", "0.6.4", "2.3.1");

    assert_acceptance(&path, "", "b0:1006", OTA_ACCEPTED);
    assert_acceptance(&path, "s3:2302 s1:2302", "s2:2302", OTA_ACCEPTED);
    assert_device(&path, "s3:2302 s1:2302 s2:2302", true, 2302);
    assert_device(&path, "s3:2302 s1:2302 s2:2302 b0:1006", false, 2302);
    assert_device(&path, "u1:9 s3:2302 s1:2302 b0:1006", true, 110);
    assert_device(&path, "b0:1006", false, 110);
}

/* On Boron the bootloader is the first need, on Argon from 4.0.0 the second. */
static void gen_3_bootloader_comes_first_or_not(void **state)
{
    (void)state;
    struct ota_path path = path_to_app("boron", "4.0.2", "4.1.0");
    assert_acceptance(&path, "", "s1:4100", OTA_REFUSED_NEED);
    assert_acceptance(&path, "b0:1200", "s1:4100", OTA_ACCEPTED);
    assert_device(&path, "b0:1200", false, 4006);
    assert_device(&path, "b0:1200 s1:4100", false, 4100);

    path = path_to_app("argon", "4.0.2", "4.1.0");
    assert_acceptance(&path, "", "s1:4100", OTA_ACCEPTED);
    assert_device(&path, "s1:4100", true, 4100);
    assert_device(&path, "s1:4100 b0:1200", false, 4100);
    assert_device(&path, "b0:1200", false, 4006);
}

/* The radio stack needs both a bootloader and a system part. */
static void the_radio_stack_needs_two(void **state)
{
    (void)state;
    const struct ota_path path = path_to_app("boron", "1.1.1", "4.1.0");

    assert_acceptance(&path, "b0:401", "a0:202", OTA_REFUSED_NEED);
    assert_acceptance(&path, "b0:401 s1:1321", "a0:202", OTA_REFUSED_NEED);
    assert_acceptance(&path, "b0:1200", "a0:202", OTA_REFUSED_NEED);
    assert_acceptance(&path, "s1:1321 b0:1200", "a0:202", OTA_ACCEPTED);
    assert_acceptance(&path, "b0:401 s1:1321 b0:1200", "s1:4100",
                      OTA_REFUSED_NEED);
}

/* What the path says of itself is what the questions answer. */
static void steps_agree_with_the_questions(void **state)
{
    (void)state;
    const struct ota_path path = path_to_app("electron", "0.4.8-rc.6", "2.3.1");
    ota_path_taken taken = 0;

    assert_int_equal(path.count, 10);
    for (size_t i = 0; i < path.count; i++) {
        assert_int_equal(path.steps[i].system_before,
                         ota_path_system(&path, taken));
        assert_int_equal(ota_path_acceptance(&path, taken, i), OTA_ACCEPTED);
        taken |= (ota_path_taken)1 << i;
        assert_int_equal(path.steps[i].safe_mode_after,
                         ota_path_safe_mode(&path, taken));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(photon_part_1_comes_before_part_2),
        cmocka_unit_test(electron_learns_of_part_3),
        cmocka_unit_test(electron_bootloader_can_wait),
        cmocka_unit_test(gen_3_bootloader_comes_first_or_not),
        cmocka_unit_test(the_radio_stack_needs_two),
        cmocka_unit_test(steps_agree_with_the_questions),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
