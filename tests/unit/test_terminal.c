/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_terminal.c - the answer on a terminal.
 */
#include <math.h>
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

/* Returns the page for a terminal, which the caller frees. */
static char *page(struct sample *sample)
{
    char *path = sample_below(sample, "text");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    ota_output_print(&sample->report, file, 80, false);
    fclose(file);
    free(path);
    return sample_contents(sample->folder, "text");
}

static void text_answers_first(void **state)
{
    struct sample *sample = *state;
    sample->report.scenario_title = "Sample";
    char *text = page(sample);

    assert_non_null(strstr(text, "4 devices, 20 replications of 30 d, seed 7"));
    assert_non_null(strstr(
        text, "2.80 of 4 devices updated and confirmed (70.0 %, 95 % interval "
              "67.5 to 72.5 %)\n30 d after the release.\n"));
    assert_non_null(strstr(text, "4.12 d"));
    assert_non_null(
        strstr(text, "reached within 30 d in 3 of 20 replications"));
    assert_non_null(strstr(text, "not reached within 30 d"));
    assert_null(strstr(text, "in safe mode")); /* no replication had any */
    for (const char *line = text; *line;) {
        const size_t length = strcspn(line, "\n");
        assert_true(length <= 80);
        assert_true(length == 0 || line[length - 1] != ' ');
        line += length + 1;
    }
    assert_null(strchr(text, '\033'));
    free(text);
}

static void long_names_are_not_cut(void **state)
{
    struct sample *sample = *state;
    sample->groups[1].name = "twenty-four letters more or less";
    sample->groups[2].name = "gr\u00fcn";
    char *text = page(sample);

    assert_non_null(strstr(text, "\n  twenty-four letters more or less\n  "
                                 "                           "));
    /* Columns, not bytes, are padded. */
    assert_non_null(strstr(text, "\n  gr\u00fcn                    "
                                 "          1  "));
    free(text);
}

static void a_unit_stays_with_its_number(void **state)
{
    struct sample *sample = *state;
    sample->report.scenario_title =
        "A title that is as long as a line of the page takes, then a number "
        "that is 120 s: a wait";
    char *text = page(sample);

    assert_non_null(strstr(text, "then a number that is\n120 s: a wait"));
    free(text);
}

static void a_title_cannot_command_the_terminal(void **state)
{
    struct sample *sample = *state;
    sample->report.scenario_title = "red \033[31m\a";
    char *text = page(sample);

    assert_non_null(strstr(text, "red  [31m"));
    assert_null(strpbrk(text, "\033\a"));
    free(text);
}

static void a_missing_number_says_why(void **state)
{
    struct sample *sample = *state;
    sample->groups[0].kpi[OTA_KPI_BEGUN_PER_OFFER] =
        (struct ota_estimate){NAN, NAN, NAN, 3, 20};
    sample->groups[0].kpi[OTA_KPI_ATTEMPTS] =
        (struct ota_estimate){NAN, NAN, NAN, 0, 20};
    char *text = page(sample);

    assert_non_null(strstr(text, "-  in 3 of 20 replications only\n"));
    assert_non_null(strstr(text, "-  in no replication\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SAMPLE_TEST(text_answers_first),
        SAMPLE_TEST(long_names_are_not_cut),
        SAMPLE_TEST(a_unit_stays_with_its_number),
        SAMPLE_TEST(a_title_cannot_command_the_terminal),
        SAMPLE_TEST(a_missing_number_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
