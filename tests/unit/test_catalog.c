/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_catalog.c - reading catalogues, and what devices accept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/scenario/catalog_read.h"
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

static int slot(const char *text)
{
    return ota_slot_from_text(text);
}

static enum ota_acceptance answer(const char *platform, const char *installed,
                                  const char *os, const char *module_slot)
{
    const struct ota_installed has =
        ota_release_installed(shipped_release(&catalog, platform, installed));
    const struct ota_module *module = ota_release_module(
        shipped_release(&catalog, platform, os), slot(module_slot));

    assert_non_null(module);
    return ota_module_acceptance(&catalog, platform, &has, module);
}

static void slots_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < OTA_SLOTS; i++) {
        char text[3];
        ota_slot_to_text(i, text);
        assert_int_equal(slot(text), i);
    }
    static const char *const wrong[] = {"", "s", "s4", "x1", "s10", "1s", "s-"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_int_equal(slot(wrong[i]), -1);
}

static void shipped_catalogue_is_whole(void **state)
{
    (void)state;
    assert_int_equal(catalog.release_count, 197);
    assert_int_equal(catalog.rule_count, 1);
    for (size_t i = 1; i < catalog.release_count; i++) {
        const struct ota_release *a = &catalog.releases[i - 1];
        const struct ota_release *b = &catalog.releases[i];
        if (!strcmp(a->platform, b->platform))
            assert_true(ota_release_last_system(a)->version <
                        ota_release_last_system(b)->version);
    }

    const struct ota_release *release =
        shipped_release(&catalog, "electron", "0.6.2");
    assert_int_equal(release->module_count, 3);
    const struct ota_module *last = ota_release_last_system(release);
    assert_int_equal(last->slot, slot("s2"));
    assert_int_equal(last->version, 108);
    assert_int_equal(last->size_bytes, 114068);
    assert_int_equal(last->need_count, 1);
    assert_int_equal(last->needs[0].slot, slot("s1"));
    assert_int_equal(last->needs[0].version, 108);
    assert_false(release->debug_build);
    assert_true(shipped_release(&catalog, "electron", "1.4.0")->debug_build);
    assert_null(ota_catalog_find(&catalog, "electron", "0.6.9"));
}

/* A working device has what its modules need. */
static void installed_modules_are_inferred(void **state)
{
    (void)state;
    const struct ota_installed boron =
        ota_release_installed(shipped_release(&catalog, "boron", "1.1.1"));
    assert_int_equal(boron.version[slot("s1")], 1104);
    assert_int_equal(boron.version[slot("b0")], 201);
    assert_int_equal(boron.version[slot("a0")], 0);

    const struct ota_installed tracker =
        ota_release_installed(shipped_release(&catalog, "tracker", "4.0.0"));
    assert_int_equal(tracker.version[slot("c0")], 7);
    assert_int_equal(tracker.version[slot("b0")], 1101);
}

static void devices_check_first_needs(void **state)
{
    (void)state;
    /* Electron: system part 3 is not known before 0.5.3. */
    assert_int_equal(answer("electron", "0.5.2", "0.6.2", "s3"),
                     OTA_REFUSED_UNKNOWN_SLOT);
    assert_int_equal(answer("electron", "0.5.3", "0.6.2", "s3"), OTA_ACCEPTED);
    /* Parts go in order. */
    assert_int_equal(answer("electron", "0.6.1", "0.6.2", "s1"),
                     OTA_REFUSED_NEED);
    assert_int_equal(answer("electron", "0.6.1", "0.6.2", "s3"), OTA_ACCEPTED);
    /* From 0.7.0 on, 0.6.4 must be there. */
    assert_int_equal(answer("electron", "0.6.3", "0.7.0", "s3"),
                     OTA_REFUSED_NEED);
    assert_int_equal(answer("electron", "0.6.4", "0.7.0", "s3"), OTA_ACCEPTED);
    /* Boron: the bootloader is the first need, so it comes before. */
    assert_int_equal(answer("boron", "2.0.1", "4.1.0", "s1"), OTA_REFUSED_NEED);
    assert_int_equal(answer("boron", "2.0.1", "4.1.0", "b0"), OTA_ACCEPTED);
    /* A second need that is no bootloader counts as well. */
    assert_int_equal(answer("boron", "1.3.1", "1.4.0", "s1"), OTA_REFUSED_NEED);
}

/* A bootloader as second need is looked after later, in safe mode. */
static void second_bootloader_need_can_wait(void **state)
{
    (void)state;
    const struct ota_module *part = ota_release_module(
        shipped_release(&catalog, "photon", "2.3.1"), slot("s2"));
    struct ota_installed has =
        ota_release_installed(shipped_release(&catalog, "photon", "2.3.1"));

    has.version[slot("b0")] = 1;
    assert_false(ota_module_satisfied(&has, part));
    assert_int_equal(ota_module_acceptance(&catalog, "photon", &has, part),
                     OTA_ACCEPTED);
}

static void an_app_is_always_taken(void **state)
{
    (void)state;
    const struct ota_installed has =
        ota_release_installed(shipped_release(&catalog, "photon", "0.4.9"));
    const struct ota_module app = {
        .slot = slot("u1"),
        .version = 5,
        .size_bytes = 1000,
        .need_count = 1,
        .needs = {{.slot = slot("s2"), .version = 9999}},
    };

    assert_false(ota_module_satisfied(&has, &app));
    assert_int_equal(ota_module_acceptance(&catalog, "photon", &has, &app),
                     OTA_ACCEPTED);
}

/* Part 2 of 0.6.2 needs part 1 of 0.6.2. */
static void a_part_under_another_cannot_go_back(void **state)
{
    (void)state;
    assert_int_equal(answer("photon", "0.6.2", "0.6.1", "s1"),
                     OTA_REFUSED_BREAKS);
    /* Forward, but not as far as part 2 needs: no device should be like that.
     */
    struct ota_installed has =
        ota_release_installed(shipped_release(&catalog, "photon", "0.6.2"));
    has.version[slot("s1")] = 102;
    const struct ota_module *part = ota_release_module(
        shipped_release(&catalog, "photon", "0.6.1"), slot("s1"));
    assert_int_equal(ota_module_acceptance(&catalog, "photon", &has, part),
                     OTA_REFUSED_BREAKS);
    /* It is known of system parts only: of a bootloader, or by who says that
     * there are none. */
    assert_int_equal(answer("boron", "4.1.0", "4.0.2", "b0"), OTA_ACCEPTED);
    const struct ota_module *none[OTA_SLOT_INDEXES] = {NULL};
    assert_int_equal(
        ota_module_acceptance_among(&catalog, "photon", &has, none, part),
        OTA_ACCEPTED);
}

/* --- a user's file --- */

/* Reads `text` as a user's catalogue; complaints go to *complaints. */
static bool read_user(const char *text, struct ota_catalog *result,
                      struct ota_complaints *complaints)
{
    static char name[64];
    strcpy(name, "/tmp/otasim-catalog-XXXXXX");
    const int file = mkstemp(name);
    const size_t length = strlen(text);

    assert_true(file >= 0);
    assert_int_equal(write(file, text, length), length);
    close(file);
    const bool ok = ota_catalog_read(result, name, &arena, complaints);
    unlink(name);
    return ok;
}

static void a_user_adds_releases_and_rules(void **state)
{
    (void)state;
    struct ota_catalog both = {0};
    struct ota_complaints complaints = {0};

    assert_true(read_user(
        "{\"p\":\"tracker\",\"os\":\"3.0.0\",\"m\":[[\"s1\",3005,512000,"
        "[\"b0>=1005\",\"a0>=202\"]],[\"b0\",1005,46884,[]]]}\r\n\n"
        "{\"p\":\"mine\",\"slot\":\"s3\",\"needs\":\"s2>=7\"}",
        &both, &complaints));
    assert_int_equal(complaints.total, 0);
    assert_int_equal(both.release_count, 198);
    assert_int_equal(both.rule_count, 2);
    const struct ota_release *release =
        shipped_release(&both, "tracker", "3.0.0");
    assert_string_equal(release[-1].os, "2.3.0"); /* in order of versions */
    assert_string_equal(release[1].os, "4.0.0");
}

/* What a shell makes of <(...): it cannot be read twice. */
static void a_catalogue_may_be_a_pipe(void **state)
{
    (void)state;
    static const char text[] =
        "{\"p\":\"mine\",\"slot\":\"s3\",\"needs\":\"s2>=7\"}\n";
    struct ota_catalog both = {0};
    struct ota_complaints complaints = {0};
    char name[32];
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
    close(ends[1]);
    snprintf(name, sizeof(name), "/dev/fd/%d", ends[0]);
    assert_true(ota_catalog_read(&both, name, &arena, &complaints));
    close(ends[0]);
    assert_int_equal(both.rule_count, 2);
}

/* Nor is one that does not end waited for. */
static void an_endless_catalogue_is_refused(void **state)
{
    (void)state;
    struct ota_catalog both = {0};
    struct ota_complaints complaints = {0};

    assert_false(ota_catalog_read(&both, "/dev/zero", &arena, &complaints));
    assert_int_equal(complaints.total, 1);
    assert_string_equal(complaints.items[0].message,
                        "cannot be read: File too large");
}

static void wrong_lines_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"{\"p\":", "not JSON; each line must hold one object"},
        {"[1]", "not a JSON object; each line is one, such as "
                "{\"p\":\"electron\",\"os\":\"0.6.2\",\"m\":[...]}"},
        {"{\"p\":\"x\",\"os\":\"1\",\"M\":[]}",
         "unknown key \"M\"; a line like this has p, os, m and maybe build (a "
         "release), or p, slot, needs and maybe why (a rule)"},
        {"{\"p\":\"x\",\"p\":\"y\"}", "key \"p\" is given twice; give it once"},
        {"{\"os\":\"1\",\"m\":[]}",
         "\"p\" is not a name; it must be a string of 1 to 15 characters"},
        {"{\"p\":\"x\",\"os\":\"1\",\"m\":[]}",
         "\"m\" is not a list of modules; it must have 1 to 8"},
        {"{\"p\":\"x\",\"os\":\"1\",\"m\":[[\"b0\",1,1,[]]]}",
         "the release has no system part; list a module of slot s1, s2 or s3"},
        {"{\"p\":\"x\",\"os\":\"1\",\"m\":[[\"s1\",1.5,1,[]]]}",
         "a module is not [slot, version, bytes, [needs]], with a version of "
         "1 to 65535, 1 to 16777216 bytes and at most 2 needs"},
        {"{\"p\":\"x\",\"os\":\"1\",\"m\":[[\"s9\",1,1,[]]]}",
         "\"s9\" is not a slot; write a letter of \"bsuacmr\" and an index "
         "from 0 to 3, such as \"s1\""},
        {"{\"p\":\"x\",\"os\":\"1\",\"m\":[[\"s1\",1,1,[\"s2>1\"]]]}",
         "\"s2>1\" is not a need; write slot>=version, such as \"s2>=21\""},
        {"{\"p\":\"x\",\"os\":\"1\",\"m\":[[\"s1\",1,1,[]],[\"s1\",2,1,[]]]}",
         "two modules have slot \"s1\"; a release has one"},
        {"{\"p\":\"electron\",\"os\":\"0.6.2\",\"m\":[[\"s1\",1,1,[]]]}",
         "electron 0.6.2 is in the catalogue already; give a changed one "
         "another name"},
        {"{\"p\":\"x\",\"os\":\"1\",\"m\":[[\"s1\",1,1,[]]],\"build\":1}",
         "\"build\" is not \"debug\"; leave it out of a release build"},
    };
    enum { CASES = sizeof(cases) / sizeof(*cases) };
    char text[4096] = "\n"; /* the first line is empty, and fine */

    for (size_t i = 0; i < CASES; i++) {
        strcat(text, cases[i].line);
        strcat(text, "\n");
    }
    struct ota_catalog both = {0};
    struct ota_complaints complaints = {0};
    assert_false(read_user(text, &both, &complaints));
    assert_int_equal(complaints.total, CASES);
    for (size_t i = 0; i < CASES; i++) {
        assert_string_equal(complaints.items[i].message, cases[i].message);
        assert_int_equal(complaints.items[i].place.line, i + 2);
    }
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    struct ota_catalog both = {0};
    struct ota_complaints complaints = {0};

    assert_false(
        ota_catalog_read(&both, "/nowhere/c.jsonl", &arena, &complaints));
    assert_int_equal(complaints.total, 1);
    assert_string_equal(complaints.items[0].message,
                        "cannot be read: No such file or directory");
    assert_string_equal(complaints.items[0].place.file, "/nowhere/c.jsonl");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_have_names),
        cmocka_unit_test(shipped_catalogue_is_whole),
        cmocka_unit_test(installed_modules_are_inferred),
        cmocka_unit_test(devices_check_first_needs),
        cmocka_unit_test(second_bootloader_need_can_wait),
        cmocka_unit_test(an_app_is_always_taken),
        cmocka_unit_test(a_part_under_another_cannot_go_back),
        cmocka_unit_test(a_user_adds_releases_and_rules),
        cmocka_unit_test(a_catalogue_may_be_a_pipe),
        cmocka_unit_test(an_endless_catalogue_is_refused),
        cmocka_unit_test(wrong_lines_are_named),
        cmocka_unit_test(a_missing_file_is_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
