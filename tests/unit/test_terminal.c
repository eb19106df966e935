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

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "output/gate_errors.h"
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

static void assert_fits(const char *text)
{
    for (const char *line = text; *line;) {
        const size_t length = strcspn(line, "\n");
        assert_true(length <= 80);
        assert_true(length == 0 || line[length - 1] != ' ');
        line += length + 1;
    }
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
    assert_fits(text);
    assert_null(strchr(text, '\033'));
    free(text);
}

/* A lone replication may know how late it is at least. */
static void ends_are_said_on_one_side(void **state)
{
    struct sample *sample = *state;
    struct ota_estimate *kpi = sample->groups[0].kpi;
    kpi[OTA_KPI_TIME_TO_90] =
        (struct ota_estimate){20 * 86400.0, 18 * 86400.0, NAN, 1, 1};
    kpi[OTA_KPI_TIME_TO_99] =
        (struct ota_estimate){NAN, 27.5 * 86400.0, NAN, 0, 1};
    char *text = page(sample);

    assert_non_null(strstr(text, "20.0 d  at least 18.0\n"));
    assert_non_null(strstr(text, "not reached within 30 d  at least 27.5 d\n"));
    assert_fits(text);
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

/* Only a rollout that is staged is spoken of; what never happened is not. */
static void a_rollout_tells_its_stops_and_waves(void **state)
{
    struct sample *sample = *state;
    char *text = page(sample);
    assert_null(strstr(text, "The rollout"));
    free(text);

    sample_stage(sample);
    text = page(sample);
    assert_fits(text);
    assert_non_null(strstr(text, "\nThe rollout\n  stopped or halted"));
    assert_non_null(strstr(text, "60 %  [36, 81]"));
    assert_non_null(strstr(text, "in 12 of 20\n"));
    assert_non_null(strstr(text, "policy.rules.list.1 did in 11\n"));
    assert_non_null(strstr(text, "a wave's own rule did in 1\n"));
    assert_non_null(strstr(text, "  when it stops, after         2.00 h  "
                                 "[1.94, 2.06]\n"));
    assert_non_null(strstr(text, "    offered by then             1,100  "
                                 "[1,000, 1,200]\n"));
    assert_null(strstr(text, "99 % back"));
    assert_null(strstr(text, "offers made again"));
    assert_non_null(strstr(text, "\n  canary "));
    assert_null(strchr(text, '\033'));
    /* One replication got through: its time would be that of the lucky. */
    assert_non_null(strstr(text, "     3     24.0 h          -"));
    assert_non_null(strstr(text, "in 8 of 20\n"));
    free(text);
}

/* The page of both releases, which the caller frees. */
static char *gates_page(struct sample *sample, bool json)
{
    struct ota_group_summary good_groups[1] = {sample->groups[0]};
    struct ota_summary good = sample->summary;
    good.groups = good_groups;
    good.group_count = 0;
    good.rollout.stops = 0;
    good.rollout.rule_count = 0;
    good_groups[0].kpi[OTA_KPI_STOPPED] =
        (struct ota_estimate){0.0, 0.0, 0.1684, 20, 20};
    good_groups[0].kpi[OTA_KPI_STOP_TIME] =
        (struct ota_estimate){NAN, NAN, NAN, 0, 20};
    const struct ota_estimate missed = {0.4, 0.19, 0.64, 20, 20};
    struct ota_gates_report report = {
        .good = sample->report,
        .bad = sample->report,
        .policy_name = "two waves",
        .missed = &missed,
    };
    report.good.summary = &good;

    char *path = sample_below(sample, "text");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    if (json)
        assert_true(ota_gates_print_json(&report, file));
    else
        ota_gates_print(&report, file, 80, false);
    fclose(file);
    free(path);
    return sample_contents(sample->folder, "text");
}

static void gates_tell_both_errors(void **state)
{
    struct sample *sample = *state;
    sample->report.scenario_title = "Sample";
    sample_stage(sample);
    char *text = gates_page(sample, false);

    assert_fits(text);
    assert_non_null(strstr(text, "  stop or halt a good release"
                                 "         0 %  at most 17"));
    assert_non_null(strstr(text, "0 of 20\n"));
    assert_non_null(strstr(text, "  miss the bad one"));
    assert_non_null(strstr(text, "40 %  [19, 64]"));
    assert_non_null(strstr(text, "8 of 20\n"));
    assert_non_null(strstr(text, "  when it stops, after      -           "
                                 "              2.00 h [1.94, 2.06]\n"));
    assert_non_null(strstr(text, "  by policy.rules.list.1    0           "
                                 "              11\n"));
    free(text);
}

static void gates_in_json(void **state)
{
    struct sample *sample = *state;
    sample_stage(sample);
    char *text = gates_page(sample, true);
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);

    const cJSON *stops = cJSON_GetObjectItem(json, "stops_good");
    const cJSON *misses = cJSON_GetObjectItem(json, "misses_bad");
    assert_int_equal(cJSON_GetObjectItem(stops, "count")->valueint, 0);
    assert_int_equal(cJSON_GetObjectItem(misses, "count")->valueint, 8);
    assert_true(cJSON_GetObjectItem(misses, "hi")->valuedouble == 0.64);
    assert_string_equal(cJSON_GetObjectItem(json, "policy")->valuestring,
                        "two waves");
    const cJSON *bad = cJSON_GetObjectItem(json, "bad");
    const cJSON *kpi = cJSON_GetObjectItem(bad, "kpi");
    assert_int_equal(cJSON_GetArraySize(kpi), OTA_KPIS);
    const cJSON *time = cJSON_GetObjectItem(kpi, "stop_time");
    assert_true(cJSON_GetObjectItem(time, "mean")->valuedouble == 7200.0);
    assert_int_equal(cJSON_GetObjectItem(time, "reached")->valueint, 12);
    cJSON_Delete(json);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SAMPLE_TEST(text_answers_first),
        SAMPLE_TEST(ends_are_said_on_one_side),
        SAMPLE_TEST(long_names_are_not_cut),
        SAMPLE_TEST(a_unit_stays_with_its_number),
        SAMPLE_TEST(a_title_cannot_command_the_terminal),
        SAMPLE_TEST(a_missing_number_says_why),
        SAMPLE_TEST(a_rollout_tells_its_stops_and_waves),
        SAMPLE_TEST(gates_tell_both_errors),
        SAMPLE_TEST(gates_in_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
