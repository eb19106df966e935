/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_amounts.c - files of amounts: comments, line numbers of what is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/amounts.h"

/* Reads a file with this text; what is said of it loses the file's name. */
static bool read_text(const char *text, double **values, size_t *count,
                      char *problem, size_t size)
{
    char path[] = "/tmp/otasim-amounts-XXXXXX";
    char said[512] = "";
    const int descriptor = mkstemp(path);
    const size_t length = strlen(text);

    assert_true(descriptor >= 0);
    assert_true(write(descriptor, text, length) == (ssize_t)length);
    close(descriptor);
    const bool ok =
        ota_amounts_read(OTA_TIME, path, values, count, said, sizeof(said));
    unlink(path);
    const char *name = strstr(said, path);
    snprintf(problem, size, "%s", name ? name + strlen(path) : said);
    return ok;
}

static void assert_file_refused(const char *text, const char *message)
{
    char problem[512];
    double *values;
    size_t count;

    assert_false(read_text(text, &values, &count, problem, sizeof(problem)));
    assert_null(values);
    assert_string_equal(problem, message);
}

static void lines_are_read_and_comments_skipped(void **state)
{
    char problem[512];
    double *values;
    size_t count;

    (void)state;
    assert_true(read_text("# measured\n\n 2s # slow\r\n1s\n \t\n500ms", &values,
                          &count, problem, sizeof(problem)));
    assert_int_equal(count, 3);
    assert_true(values[0] == 2e6 && values[1] == 1e6 && values[2] == 5e5);
    free(values);
}

static void many_lines_are_read(void **state)
{
    enum { LINES = 3000 };
    char *text = calloc(LINES, 8);
    char problem[512];
    double *values;
    size_t count;

    (void)state;
    assert_non_null(text);
    for (int i = 0; i < LINES; i++)
        sprintf(text + strlen(text), "%dus\n", i);
    assert_true(read_text(text, &values, &count, problem, sizeof(problem)));
    assert_int_equal(count, LINES);
    for (int i = 0; i < LINES; i++)
        assert_true(values[i] == i);
    free(values);
    free(text);
}

static void what_is_wrong_has_its_line(void **state)
{
    char line[400];

    (void)state;
    assert_file_refused("1s\n\n5\n",
                        ", line 3: \"5\" has no unit; write a duration such "
                        "as \"5s\" (us ms s min h d)");
    assert_file_refused("1s\n-5s\n", ", line 2: the amount is negative; it "
                                     "must be 0 or more");
    assert_file_refused("# nothing\n",
                        " has no amounts; write one a line, such as 30s");
    memset(line, ' ', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    assert_file_refused(line, ", line 1: the line is too long");
}

/* 254 bytes and the break. */
static void the_longest_line_is_read(void **state)
{
    char text[256 + 3] = "1s #";
    char problem[512] = "";
    double *values;
    size_t count;

    (void)state;
    memset(text + 4, '-', 254 - 4);
    strcpy(text + 254, "\n2s\n");
    assert_true(read_text(text, &values, &count, problem, sizeof(problem)));
    assert_int_equal(count, 2);
    free(values);
}

static void a_missing_file_is_named(void **state)
{
    char problem[512];
    double *values;
    size_t count;

    (void)state;
    assert_false(ota_amounts_read(OTA_TIME, "/nowhere/x", &values, &count,
                                  problem, sizeof(problem)));
    assert_string_equal(problem,
                        "cannot open /nowhere/x: No such file or directory");
    assert_false(ota_amounts_read(OTA_TIME, "/", &values, &count, problem,
                                  sizeof(problem)));
    assert_non_null(strstr(problem, "cannot read /: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_read_and_comments_skipped),
        cmocka_unit_test(many_lines_are_read),
        cmocka_unit_test(what_is_wrong_has_its_line),
        cmocka_unit_test(the_longest_line_is_read),
        cmocka_unit_test(a_missing_file_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
