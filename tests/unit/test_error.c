/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_error.c - complaints are counted, sorted and printed as promised; the
 * first failure stands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/error.h"

static void complain_at(struct ota_complaints *complaints, const char *file,
                        int line, int column, const char *path,
                        const char *message)
{
    struct ota_place place = {.file = file, .line = line, .column = column};

    snprintf(place.path, sizeof(place.path), "%s", path);
    ota_complain(complaints, &place, "%s", message);
}

/* The caller frees the text. */
static char *printed(const struct ota_complaints *complaints)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    ota_complaints_print(complaints, out);
    fclose(out);
    return text;
}

static void parts_that_a_place_lacks_are_left_out(void **state)
{
    struct ota_complaints complaints = {0};

    (void)state;
    complain_at(&complaints, "a.json", 3, 7, "fleet[0].count", "too small");
    complain_at(&complaints, "a.json", 3, 0, "", "odd");
    complain_at(&complaints, "a.json", 0, 0, "", "cannot open");
    complain_at(&complaints, NULL, 0, 0, "run.seed", "no seed");
    complain_at(&complaints, NULL, 0, 0, "", "nothing");
    char *text = printed(&complaints);
    assert_string_equal(text, "a.json:3:7: fleet[0].count: too small\n"
                              "a.json:3: odd\n"
                              "a.json: cannot open\n"
                              "run.seed: no seed\n"
                              "nothing\n");
    free(text);
}

static void sorting_goes_by_line_then_column_and_keeps_order(void **state)
{
    struct ota_complaints complaints = {0};

    (void)state;
    complain_at(&complaints, "f", 2, 5, "", "d");
    complain_at(&complaints, "f", 2, 1, "", "b");
    complain_at(&complaints, "f", 9, 1, "", "e");
    complain_at(&complaints, "f", 2, 1, "", "c");
    complain_at(&complaints, "f", 1, 8, "", "a");
    ota_complaints_sort(&complaints);
    for (size_t i = 0; i < 5; i++) {
        const char expected[2] = {(char)('a' + (int)i), '\0'};
        assert_string_equal(complaints.items[i].message, expected);
    }
}

static void what_does_not_fit_is_counted(void **state)
{
    struct ota_complaints complaints = {0};

    (void)state;
    for (int i = 0; i < OTA_COMPLAINTS_MAX + 3; i++)
        complain_at(&complaints, "f", i + 1, 1, "", "x");
    assert_int_equal(complaints.count, OTA_COMPLAINTS_MAX);
    assert_int_equal(complaints.total, OTA_COMPLAINTS_MAX + 3);
    char *text = printed(&complaints);
    assert_non_null(strstr(text, "f:20:1: x\nand 3 more\n"));
    free(text);
}

static void long_messages_are_cut(void **state)
{
    struct ota_complaints complaints = {0};
    char text[2 * OTA_MESSAGE_SIZE];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    complain_at(&complaints, "f", 1, 1, "", text);
    assert_int_equal(strlen(complaints.items[0].message), OTA_MESSAGE_SIZE - 1);
}

/* A message may quote a file of any bytes, a path any key of a scenario. */
static void what_a_terminal_would_obey_is_not_shown(void **state)
{
    struct ota_complaints complaints = {0};
    struct ota_error error = {0};

    (void)state;
    complain_at(&complaints, "f", 1, 1, "x.\033[2J.\xc2\x9b.\n",
                "\"\x7f ELF \xff \xc3( \xed\xa0\x80 \xc2\x85 \r\n\t\", "
                "not \xc2\xb5s");
    assert_string_equal(complaints.items[0].place.path, "x.?[2J.??.?");
    assert_string_equal(complaints.items[0].message,
                        "\"? ELF ? ?( ??? ?? ???\", not \xc2\xb5s");
    assert_false(ota_fail(&error, "cannot open %s", "a\nb\x80"));
    assert_string_equal(error.message, "cannot open a?b?");
}

/* Whether it is told alone, behind a place, or after the last that is kept. */
static void lack_of_memory_is_no_fault_of_the_input(void **state)
{
    struct ota_complaints complaints = {0};

    (void)state;
    complain_at(&complaints, "f", 1, 1, "", "there is not enough salt");
    complain_at(&complaints, "f", 1, 1, "", "");
    complain_at(&complaints, "f", 1, 1, "", OTA_NO_MEMORY " in \"x\"");
    assert_false(complaints.no_memory);
    complain_at(&complaints, "f", 1, 1, "", "a.txt, line 7: " OTA_NO_MEMORY);
    assert_true(complaints.no_memory);

    complaints = (struct ota_complaints){0};
    for (int i = 0; i < OTA_COMPLAINTS_MAX; i++)
        complain_at(&complaints, "f", i + 1, 1, "", "x");
    assert_false(complaints.no_memory);
    complain_at(&complaints, "f", 99, 1, "", OTA_NO_MEMORY);
    assert_true(complaints.no_memory);
    assert_string_equal(ota_reason(ENOMEM), OTA_NO_MEMORY);
    assert_string_equal(ota_reason(ENOENT), strerror(ENOENT));
}

static void the_first_failure_stands(void **state)
{
    struct ota_error error = {0};

    (void)state;
    assert_false(ota_fail(&error, "disk %d full", 7));
    assert_false(ota_fail(&error, OTA_NO_MEMORY));
    assert_true(error.failed);
    assert_string_equal(error.message, "disk 7 full");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_that_a_place_lacks_are_left_out),
        cmocka_unit_test(sorting_goes_by_line_then_column_and_keeps_order),
        cmocka_unit_test(what_does_not_fit_is_counted),
        cmocka_unit_test(long_messages_are_cut),
        cmocka_unit_test(what_a_terminal_would_obey_is_not_shown),
        cmocka_unit_test(lack_of_memory_is_no_fault_of_the_input),
        cmocka_unit_test(the_first_failure_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
