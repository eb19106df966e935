/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_output_data.c - what stands in the files for programs: JSON and CSV.
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

#include "output/output.h"
#include "tests/support/sample_report.h"

static const cJSON *get(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

    assert_non_null(item);
    return item;
}

static void summary_json_is_complete(void **state)
{
    const struct sample *sample = *state;
    char *folder = sample_write(sample);
    char *text = sample_contents(folder, "summary.json");
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);

    assert_string_equal(get(json, "title")->valuestring,
                        sample->report.scenario_title);
    assert_int_equal(get(json, "seed")->valueint, 7);
    double sum = 0.0;
    const cJSON *outcome;
    for (outcome = get(json, "outcomes")->child; outcome;
         outcome = outcome->next)
        sum += get(outcome, "mean")->valuedouble;
    assert_true(fabs(sum - SAMPLE_DEVICES) < 1e-9);

    const cJSON *kpi = get(json, "kpi");
    assert_int_equal(cJSON_GetArraySize(kpi), OTA_KPIS);
    const cJSON *bytes = get(kpi, ota_kpis[OTA_KPI_BYTES].name);
    assert_true(get(bytes, "mean")->valuedouble == 1.0712e6);
    assert_string_equal(get(bytes, "unit")->valuestring, "B");

    /* Reached in 3 of 20 replications: a mean of those would mislead. */
    const cJSON *time = get(kpi, ota_kpis[OTA_KPI_TIME_TO_90].name);
    assert_true(cJSON_IsNull(get(time, "mean")));
    assert_int_equal(get(time, "reached")->valueint, 3);

    assert_int_equal(cJSON_GetArraySize(get(json, "groups")), SAMPLE_GROUPS);
    const cJSON *group = cJSON_GetArrayItem(get(json, "groups"), 1);
    assert_string_equal(get(group, "name")->valuestring, sample_group_names[1]);
    assert_null(cJSON_GetObjectItem(json, "rollout"));
    cJSON_Delete(json);
    free(text);
    free(folder);
}

static void a_rollout_has_waves_and_stops(void **state)
{
    struct sample *sample = *state;
    sample_stage(sample);
    char *folder = sample_write(sample);
    char *text = sample_contents(folder, "summary.json");
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);

    /* The mean of the 12 of 20 that stopped, and it says so. */
    const cJSON *time = get(get(json, "kpi"), ota_kpis[OTA_KPI_STOP_TIME].name);
    assert_true(get(time, "mean")->valuedouble == 7200.0);
    assert_int_equal(get(time, "reached")->valueint, 12);

    const cJSON *rollout = get(json, "rollout");
    const cJSON *by = get(rollout, "stopped_by");
    assert_int_equal(cJSON_GetArraySize(by), 2);
    const cJSON *rule = cJSON_GetArrayItem(by, 0);
    assert_int_equal(get(rule, "rule")->valueint, 1);
    assert_int_equal(get(rule, "replications")->valueint, 11);
    const cJSON *own = cJSON_GetArrayItem(by, 1);
    assert_true(cJSON_IsNull(get(own, "rule")));
    assert_int_equal(get(own, "replications")->valueint, 1);
    const cJSON *wave = cJSON_GetArrayItem(get(rollout, "waves"), 1);
    assert_string_equal(get(wave, "name")->valuestring, "rest");
    assert_true(get(get(wave, "opened_s"), "mean")->valuedouble == 86400.0);
    assert_int_equal(get(get(wave, "opened_s"), "reached")->valueint, 8);
    char *script = sample_contents(folder, "plots/time_to_update.gp");
    assert_non_null(strstr(script, "stopped in 12 of 20: 2 h"));
    free(script);
    cJSON_Delete(json);
    free(text);
    free(folder);
}

/* Every key of a is in b, with the same value, or an object that says as much.
 * Lists have equally many entries. */
static void assert_within(const cJSON *a, const cJSON *b)
{
    if (cJSON_IsArray(a))
        assert_int_equal(cJSON_GetArraySize(a), cJSON_GetArraySize(b));
    else if (!cJSON_IsObject(a))
        assert_true(cJSON_Compare(a, b, true));
    int index = 0;
    for (const cJSON *item = a->child; item; item = item->next, index++)
        assert_within(item, item->string ? get(b, item->string)
                                         : cJSON_GetArrayItem(b, index));
}

/* Whether the object's keys are exactly these, in that order. */
static void assert_keys(const cJSON *object, const char *keys)
{
    char found[256] = "";

    for (const cJSON *item = object->child; item; item = item->next) {
        strcat(found, item->string);
        strcat(found, " ");
    }
    assert_string_equal(found, keys);
}

static void assert_stable_keys(const cJSON *json)
{
    assert_keys(json, "scenario seed replications devices outcomes kpi "
                      "groups ");
    const cJSON *first = get(json, "kpi")->child;
    for (const cJSON *kpi = first; kpi; kpi = kpi->next)
        assert_keys(kpi, "unit mean lo hi ");
    assert_keys(cJSON_GetArrayItem(get(json, "groups"), 0),
                "name devices outcomes kpi ");
}

static void one_line_json_says_the_same(void **state)
{
    struct sample *sample = *state;
    sample->report.seed = UINT64_MAX; /* no double holds it */
    char *folder = sample_write(sample);
    char *path = sample_below(sample, "line");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(ota_output_print_json(&sample->report, file));
    fclose(file);

    char *line = sample_contents(sample->folder, "line");
    char *pretty = sample_contents(folder, "summary.json");
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    cJSON *a = cJSON_Parse(line);
    cJSON *b = cJSON_Parse(pretty);
    assert_within(a, b);
    assert_stable_keys(a);
    assert_string_equal(get(a, "seed")->valuestring, "18446744073709551615");
    cJSON_Delete(a);
    cJSON_Delete(b);
    free(line);
    free(pretty);
    free(path);
    free(folder);
}

static void devices_csv_rows(void **state)
{
    const struct sample *sample = *state;
    char *folder = sample_write(sample);
    char *text = sample_contents(folder, "devices.csv");

    assert_non_null(strstr(
        text, "\n1,plain,updated_confirmed,1.5,2,3.000001,8640000,1,20,300,"
              "4000,4321,0.25,12.000001,0.99,2,30,29,5,4,3,1,0,2,7,1,1,9.5,"
              "1,1,,4,5,77,6\n"));
    assert_non_null(strstr(
        text, "\n3,\"odd, \"\"name\"\"\",waiting_never_offered,,,,,0,0,0,0,"
              "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,,0,,,,,0,0\n"));
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 1 + SAMPLE_DEVICES);
    free(text);
    free(folder);
}

/* Rewritten by hand, digit by digit. */
static void numbers_of_any_length(void **state)
{
    struct sample *sample = *state;
    const struct ota_device_sink *sink = ota_spill_sink(sample->spill);
    struct ota_device_record *device = &sample->devices[2];
    struct ota_error error = {0};

    device->offered_us = 1;
    device->begun_us = 10;
    device->installed_us = 999999;
    device->confirmed_us = 1000000;
    device->routine_bytes = 9;
    device->useful_bytes = 10;
    device->overhead_bytes = 99;
    device->wasted_bytes = INT64_C(1234567890123456789);
    device->power_us[OTA_POWER_ONLINE] = 1020304;
    device->charge_pc = INT64_MAX;
    device->overage_uusd = INT64_MAX - 1;
    device->wakes = INT32_MAX;
    device->defect_us = 0;
    device->reached_us = 100500000;
    device->left_us = 12345678900;
    sink->put(sink->self, 0, 2, device);
    assert_true(ota_spill_finish(sample->spill, &error));
    char *folder = sample_write(sample);
    char *text = sample_contents(folder, "devices.csv");
    assert_non_null(strstr(
        text, "\n2,plain,waiting_never_offered,0.000001,0.00001,0.999999,1,9,"
              "10,99,1234567890123456789,1234567890123456907,1.020304,"
              "2562047.788015,9223372036854.775806,0,2147483647,0,0,0,0,0,0,0,"
              "0,0,0,0,0,100.5,,12345.6789,,0,0\n"));
    free(text);
    free(folder);
}

static void timeline_csv_rows(void **state)
{
    struct sample *sample = *state;
    sample->timeline[OTA_STATE_WAITING].lo = NAN;
    char *folder = sample_write(sample);
    char *text = sample_contents(folder, "timeline.csv");

    static const char head[] =
        "time_s,waiting_share,waiting_share_lo,waiting_share_hi,";
    assert_memory_equal(text, head, sizeof(head) - 1);
    assert_non_null(strstr(text, "\n0,1,,1.02,0,0,0,"));
    assert_non_null(strstr(text, "\n2592000,"));
    free(text);
    free(folder);
}

static void manifest_lists_what_is_there(void **state)
{
    const struct sample *sample = *state;
    char *folder = sample_write(sample);
    char *text = sample_contents(folder, "manifest.json");
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);

    assert_string_equal(get(json, "otasim")->valuestring, "1.2.3");
    assert_int_equal(get(get(get(json, "input"), "run"), "seed")->valueint, 7);
    const cJSON *file;
    bool plots = false;
    for (file = get(json, "files")->child; file; file = file->next) {
        char *held = sample_contents(folder, file->valuestring);
        assert_non_null(held);
        free(held);
        plots = plots || strcmp(file->valuestring, "plots/states.gp") == 0;
    }
    assert_true(plots);
    char *scenario = sample_contents(folder, "scenario.json");
    assert_string_equal(scenario, sample->report.scenario_json);
    free(scenario);
    cJSON_Delete(json);
    free(text);
    free(folder);
}

static void a_full_disk_is_noticed(void **state)
{
    const struct sample *sample = *state;
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip(); /* only Linux has one */

    assert_false(ota_output_print_json(&sample->report, full));
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SAMPLE_TEST(summary_json_is_complete),
        SAMPLE_TEST(a_rollout_has_waves_and_stops),
        SAMPLE_TEST(one_line_json_says_the_same),
        SAMPLE_TEST(devices_csv_rows),
        SAMPLE_TEST(numbers_of_any_length),
        SAMPLE_TEST(timeline_csv_rows),
        SAMPLE_TEST(manifest_lists_what_is_there),
        SAMPLE_TEST(a_full_disk_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
