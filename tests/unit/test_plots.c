/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_plots.c - the pictures, with and without gnuplot.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "output/output.h"
#include "tests/support/sample_report.h"

static void pictures_are_the_same_twice(void **state)
{
    const struct sample *sample = *state;
    struct ota_error error = {0};
    char warning[512] = "";
    FILE *warn = fmemopen(warning, sizeof(warning), "w");
    assert_non_null(warn);
    const struct ota_output_options options = {.draw = true, .warn = warn};
    char *a = sample_below(sample, "it's a ~ folder");
    char *b = sample_below(sample, "b");

    assert_true(ota_output_write(&sample->report, a, &options, &error));
    assert_true(ota_output_write(&sample->report, b, &options, &error));
    fclose(warn);
    assert_string_equal(warning, "");
    static const char *const names[] = {
        "plots/states.svg", "plots/time_to_update.svg",
        "plots/bytes_per_device.svg", "plots/states.png"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *first = sample_contents(a, names[i]);
        char *second = sample_contents(b, names[i]);
        assert_non_null(first);
        assert_non_null(second);
        assert_memory_equal(first, second, SAMPLE_TEXT_SIZE);
        free(first);
        free(second);
    }
    free(a);
    free(b);
}

static void without_gnuplot_results_are_kept(void **state)
{
    const struct sample *sample = *state;
    struct ota_error error = {0};
    char warning[512] = "";
    FILE *warn = fmemopen(warning, sizeof(warning), "w");
    assert_non_null(warn);
    const struct ota_output_options options = {.draw = true, .warn = warn};
    char *folder = sample_below(sample, "results");
    const char *path = getenv("PATH");
    char *saved = malloc(strlen(path ? path : "") + 1);
    assert_non_null(saved);
    strcpy(saved, path ? path : "");

    setenv("PATH", sample->folder, 1);
    const bool ok = ota_output_write(&sample->report, folder, &options, &error);
    setenv("PATH", saved, 1);
    fclose(warn);
    assert_true(ok);
    assert_non_null(strstr(warning, "gnuplot-nox"));
    assert_null(sample_contents(folder, "plots/states.svg"));
    char *script = sample_contents(folder, "plots/states.gp");
    assert_non_null(script);
    free(script);
    free(saved);
    free(folder);
}

/* A fleet that used no data gets its pictures too, and a scenario's name that
 * is too long for a title is cut between letters. */
static void pictures_of_nothing(void **state)
{
    struct sample *sample = *state;
    sample->summary.bytes = (struct ota_histogram){.count = 4, .zeros = 4};
    sample->report.scenario_name =
        "1234567890123456789012345678901234567890123456\u00e9\u00e9\u00e9";
    char warning[512] = "";
    FILE *warn = fmemopen(warning, sizeof(warning), "w");
    assert_non_null(warn);
    const struct ota_output_options options = {.draw = true, .warn = warn};
    struct ota_error error = {0};
    char *folder = sample_below(sample, "results");
    const bool ok = ota_output_write(&sample->report, folder, &options, &error);
    fclose(warn);
    assert_true(ok);
    char *script = sample_contents(folder, "plots/bytes_per_device.gp");
    assert_non_null(strstr(script, "no device used any data"));
    assert_non_null(strstr(script, "456\u00e9\u00e9...'"));
    if (!strstr(warning, "gnuplot is not installed"))
        assert_string_equal(warning, "");
    free(script);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SAMPLE_TEST(pictures_are_the_same_twice),
        SAMPLE_TEST(without_gnuplot_results_are_kept),
        SAMPLE_TEST(pictures_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
