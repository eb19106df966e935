/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_output.c - the writers, given a summary made by hand: what stands in
 * each file, and that a results folder is complete or absent.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "output/files.h"
#include "output/number.h"
#include "output/output.h"
#include "sim/base/clock.h"

enum { DEVICES = 4, INSTANTS = 31, GROUPS = 2 };

/* A report and all that it points to. */
struct sample {
    struct ota_group_summary groups[1 + GROUPS];
    struct ota_estimate timeline[INSTANTS * OTA_STATES];
    struct ota_device_record devices[DEVICES];
    struct ota_summary summary;
    struct ota_report report;
    char folder[64]; /* a folder of the test's own */
};

static const char *const group_names[GROUPS] = {"plain", "odd, \"name\""};
static const int64_t group_devices[GROUPS] = {3, 1};

static struct ota_estimate sure(double value)
{
    return (struct ota_estimate){value, value, value, 20, 20};
}

static struct ota_estimate about(double mean, double half)
{
    return (struct ota_estimate){mean, mean - half, mean + half, 20, 20};
}

static void fill_group(struct ota_group_summary *group, const char *name,
                       int64_t devices)
{
    group->name = name;
    group->devices = devices;
    for (int i = 0; i < OTA_OUTCOMES; i++)
        group->outcomes[i] = sure(0.0);
    for (int i = 0; i < OTA_KPIS; i++)
        group->kpi[i] = about(1.5, 0.1);
    const double rest = 0.3 * (double)devices;
    group->outcomes[OTA_OUTCOME_UPDATED_CONFIRMED] =
        about((double)devices - rest, 0.1);
    group->outcomes[OTA_OUTCOME_WAITING_NEVER_BEGUN] = about(rest, 0.1);
    group->kpi[OTA_KPI_CONFIRMED_SHARE] = about(0.7, 0.025);
    group->kpi[OTA_KPI_TIME_TO_50] = about(4.123 * 86400, 0.2 * 86400);
    group->kpi[OTA_KPI_TIME_TO_90] =
        (struct ota_estimate){9.0 * 86400, NAN, NAN, 3, 20};
    group->kpi[OTA_KPI_TIME_TO_99] =
        (struct ota_estimate){NAN, NAN, NAN, 0, 20};
    group->kpi[OTA_KPI_BYTES] = about(1.0712e6, 1.2e4);
    group->kpi[OTA_KPI_BYTES_P95] = about(1.42e6, 2e4);
}

static void fill_timeline(struct sample *sample)
{
    for (size_t i = 0; i < INSTANTS; i++) {
        struct ota_estimate *at = &sample->timeline[i * OTA_STATES];
        const double confirmed = 0.7 * (double)i / (INSTANTS - 1);

        for (int s = 0; s < OTA_STATES; s++)
            at[s] = sure(0.0);
        at[OTA_STATE_CONFIRMED] = about(confirmed, 0.02);
        at[OTA_STATE_WAITING] = about(1.0 - confirmed, 0.02);
    }
}

static void fill_devices(struct sample *sample)
{
    for (size_t d = 0; d < DEVICES; d++)
        sample->devices[d] = (struct ota_device_record){
            .outcome = OTA_OUTCOME_WAITING_NEVER_OFFERED,
            .offered_us = OTA_NEVER,
            .begun_us = OTA_NEVER,
            .installed_us = OTA_NEVER,
            .confirmed_us = OTA_NEVER,
        };
    sample->devices[1] = (struct ota_device_record){
        .outcome = OTA_OUTCOME_UPDATED_CONFIRMED,
        .offered_us = 1500000,
        .begun_us = 2000000,
        .installed_us = 3000001,
        .confirmed_us = 100 * OTA_US_PER_DAY,
        .routine_bytes = 1,
        .useful_bytes = 20,
        .overhead_bytes = 300,
        .wasted_bytes = 4000,
        .power_us = {[OTA_POWER_SLEEP] = 9, [OTA_POWER_ONLINE] = 250000},
        .charge_pc = INT64_C(3600000000000) * 12 + 3600000,
        .overage_uusd = 990000,
        .periods_over = 2,
        .wakes = 30,
        .connects = 29,
        .handshakes = 5,
        .offers = 4,
        .attempts = 3,
        .aborted = 1,
        .modules = 2,
        .dead = true,
    };
}

static int setup(void **state)
{
    struct sample *sample = calloc(1, sizeof(*sample));
    if (!sample)
        return -1;

    fill_group(&sample->groups[0], "fleet", DEVICES);
    for (size_t g = 0; g < GROUPS; g++)
        fill_group(&sample->groups[1 + g], group_names[g], group_devices[g]);
    fill_timeline(sample);
    fill_devices(sample);
    sample->summary = (struct ota_summary){
        .replications = 20,
        .confidence = 0.95,
        .group_count = GROUPS,
        .groups = sample->groups,
        .step_us = OTA_US_PER_DAY,
        .instants = INSTANTS,
        .timeline = sample->timeline,
        .devices = sample->devices,
        .device_count = DEVICES,
    };
    for (int i = 1; i < 40; i++)
        ota_histogram_add(&sample->summary.bytes, 5e5 * (1.0 + 0.02 * i));
    sample->report = (struct ota_report){
        .summary = &sample->summary,
        .scenario_name = "by-hand",
        .scenario_title = "A \"title\"\nof two lines",
        .scenario_json = "{\n  \"run\": {\n    \"seed\": 7\n  }\n}\n",
        .version = "1.2.3",
        .device_groups = group_names,
        .group_devices = group_devices,
        .seed = 7,
        .horizon_us = 30 * OTA_US_PER_DAY,
        .release_us = 0,
        .plan_cap_bytes = 1000000,
    };
    strcpy(sample->folder, "/tmp/otasim-test-XXXXXX");
    if (!mkdtemp(sample->folder)) {
        free(sample);
        return -1;
    }
    *state = sample;
    return 0;
}

static int teardown(void **state)
{
    struct sample *sample = *state;
    struct ota_error error = {0};
    const bool ok = ota_files_remove(sample->folder, &error);

    free(sample);
    return ok ? 0 : -1;
}

/* Paths below the test's folder; the caller frees them. */
static char *below(const struct sample *sample, const char *name)
{
    struct ota_error error = {0};
    char *path = ota_files_join(sample->folder, "/", name, &error);

    assert_non_null(path);
    return path;
}

static char *contents(const char *folder, const char *name)
{
    struct ota_error error = {0};
    char *path = ota_files_join(folder, "/", name, &error);
    assert_non_null(path);
    FILE *file = fopen(path, "r");
    free(path);
    if (!file)
        return NULL;

    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    const size_t length = fread(text, 1, (1 << 20) - 1, file);
    assert_true(length < (1 << 20) - 1);
    fclose(file);
    return text;
}

/* Pictures are slow and not needed by most tests. */
static const struct ota_output_options no_pictures = {.draw = false};

static char *write_results(const struct sample *sample)
{
    struct ota_error error = {0};
    char *folder = below(sample, "some/where/results");

    if (!ota_output_write(&sample->report, folder, &no_pictures, &error))
        fail_msg("%s", error.message);
    return folder;
}

static bool count_name(void *context, const char *name)
{
    (void)name;
    ++*(size_t *)context;
    return true;
}

static size_t entries(const char *folder)
{
    struct ota_error error = {0};
    size_t count = 0;

    assert_true(ota_files_list(folder, count_name, &count, &error));
    return count;
}

static void exact_numbers_read_back(void **state)
{
    (void)state;
    const double values[] = {0.0,  1.0 / 3.0, 0.1,       1e300,
                             -2.5, 1e-310,    123456789, 0.30000000000000004};
    char text[OTA_NUMBER_SIZE];

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        ota_number_exact(values[i], text, sizeof(text));
        assert_true(strtod(text, NULL) == values[i]);
    }
    ota_number_exact(0.1, text, sizeof(text));
    assert_string_equal(text, "0.1");
}

static void numbers_for_people(void **state)
{
    (void)state;
    static const struct {
        enum ota_scale scale;
        double mean, half;
        const char *number, *interval;
    } cases[] = {
        {OTA_SCALE_SIZE, 1.0712e6, 1.2e4, "1.071 MB", "[1.059, 1.083]"},
        {OTA_SCALE_SIZE, 1.0712e6, 5e4, "1.07 MB", "[1.02, 1.12]"},
        {OTA_SCALE_COUNT, 1234.4, 10, "1,234", "[1,224, 1,244]"},
        {OTA_SCALE_COUNT, 2000, 0, "2,000", "same in all"},
        {OTA_SCALE_SHARE, 0.617, 0.005, "61.7 %", "[61.2, 62.2]"},
        {OTA_SCALE_TIME, 4.123 * 86400, 17280, "4.12 d", "[3.92, 4.32]"},
        {OTA_SCALE_TIME, 90, 4, "90 s", "[86, 94]"},
        {OTA_SCALE_CHARGE, 12.34, 0.4, "12.3 mAh", "[11.9, 12.7]"},
        {OTA_SCALE_MONEY, 1234.5, 30, "1,234.50 USD", "[1,204.50, 1,264.50]"},
        {OTA_SCALE_COUNT, 999999.7, 2.0, "1,000,000", "[999,998, 1,000,002]"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct ota_estimate estimate =
            about(cases[i].mean, cases[i].half);
        const struct ota_reading reading =
            ota_reading_of(cases[i].scale, &estimate);
        char text[2 * OTA_NUMBER_SIZE];
        ota_reading_format(&reading, estimate.mean, text, sizeof(text));
        assert_string_equal(text, cases[i].number);
        ota_reading_interval(&reading, &estimate, text, sizeof(text));
        assert_string_equal(text, cases[i].interval);
    }

    char text[OTA_NUMBER_SIZE];
    ota_number_human(OTA_SCALE_TIME, 30 * 86400, text, sizeof(text));
    assert_string_equal(text, "30 d");
    ota_number_human(OTA_SCALE_SIZE, 1.5e6, text, sizeof(text));
    assert_string_equal(text, "1.5 MB");
}

/* Nothing seen, or everything: an interval on one side says so. */
static void one_sided_intervals(void **state)
{
    (void)state;
    static const struct {
        enum ota_scale scale;
        double mean, lo, hi;
        const char *number, *interval;
    } cases[] = {
        {OTA_SCALE_COUNT, 0.0, 0.0, 0.18, "0", "at most 0.18"},
        {OTA_SCALE_COUNT, 200.0, 199.3, 200.0, "200.0", "at least 199.3"},
        {OTA_SCALE_SHARE, 0.0, 0.0, 0.0037, "0 %", "at most 0.37"},
        {OTA_SCALE_COUNT, 0.05, 0.0, 0.15, "0.05", "[0.00, 0.15]"},
        {OTA_SCALE_MONEY, 0.0, 0.0, 0.0, "0.00 USD", "same in all"},
        {OTA_SCALE_COUNT, 3.0, NAN, NAN, "3", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct ota_estimate estimate = {
            .mean = cases[i].mean, .lo = cases[i].lo, .hi = cases[i].hi};
        const struct ota_reading reading =
            ota_reading_of(cases[i].scale, &estimate);
        char text[2 * OTA_NUMBER_SIZE];
        ota_reading_format(&reading, estimate.mean, text, sizeof(text));
        assert_string_equal(text, cases[i].number);
        ota_reading_interval(&reading, &estimate, text, sizeof(text));
        assert_string_equal(text, cases[i].interval);
    }
}

static const cJSON *get(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

    assert_non_null(item);
    return item;
}

static void summary_json_is_complete(void **state)
{
    const struct sample *sample = *state;
    char *folder = write_results(sample);
    char *text = contents(folder, "summary.json");
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
    assert_true(fabs(sum - DEVICES) < 1e-9);

    const cJSON *kpi = get(json, "kpi");
    assert_int_equal(cJSON_GetArraySize(kpi), OTA_KPIS);
    const cJSON *bytes = get(kpi, ota_kpis[OTA_KPI_BYTES].name);
    assert_true(get(bytes, "mean")->valuedouble == 1.0712e6);
    assert_string_equal(get(bytes, "unit")->valuestring, "B");

    /* Reached in 3 of 20 replications: a mean of those would mislead. */
    const cJSON *time = get(kpi, ota_kpis[OTA_KPI_TIME_TO_90].name);
    assert_true(cJSON_IsNull(get(time, "mean")));
    assert_int_equal(get(time, "reached")->valueint, 3);

    assert_int_equal(cJSON_GetArraySize(get(json, "groups")), GROUPS);
    const cJSON *group = cJSON_GetArrayItem(get(json, "groups"), 1);
    assert_string_equal(get(group, "name")->valuestring, group_names[1]);
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
    char *folder = write_results(sample);
    char *path = below(sample, "line");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(ota_output_print_json(&sample->report, file));
    fclose(file);

    char *line = contents(sample->folder, "line");
    char *pretty = contents(folder, "summary.json");
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
    char *folder = write_results(sample);
    char *text = contents(folder, "devices.csv");

    assert_non_null(strstr(
        text, "\n1,plain,updated_confirmed,1.5,2,3.000001,8640000,1,20,300,"
              "4000,4321,0.25,12.000001,0.99,2,30,29,5,4,3,1,2,1\n"));
    assert_non_null(strstr(
        text, "\n3,\"odd, \"\"name\"\"\",waiting_never_offered,,,,,0,0,0,0,"
              "0,0,0,0,0,0,0,0,0,0,0,0,0\n"));
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 1 + DEVICES);
    free(text);
    free(folder);
}

static void timeline_csv_rows(void **state)
{
    struct sample *sample = *state;
    sample->timeline[OTA_STATE_WAITING].lo = NAN;
    char *folder = write_results(sample);
    char *text = contents(folder, "timeline.csv");

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
    char *folder = write_results(sample);
    char *text = contents(folder, "manifest.json");
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);

    assert_string_equal(get(json, "otasim")->valuestring, "1.2.3");
    assert_int_equal(get(get(get(json, "input"), "run"), "seed")->valueint, 7);
    const cJSON *file;
    bool plots = false;
    for (file = get(json, "files")->child; file; file = file->next) {
        char *held = contents(folder, file->valuestring);
        assert_non_null(held);
        free(held);
        plots = plots || strcmp(file->valuestring, "plots/states.gp") == 0;
    }
    assert_true(plots);
    char *scenario = contents(folder, "scenario.json");
    assert_string_equal(scenario, sample->report.scenario_json);
    free(scenario);
    cJSON_Delete(json);
    free(text);
    free(folder);
}

static void own_results_are_replaced(void **state)
{
    struct sample *sample = *state;
    char *folder = write_results(sample);

    sample->report.seed = 8;
    free(write_results(sample));
    char *text = contents(folder, "summary.json");
    assert_non_null(strstr(text, "\"seed\": 8,"));
    char *parent = below(sample, "some/where");
    assert_int_equal(entries(parent), 1); /* nothing left beside it */
    free(parent);
    free(text);
    free(folder);
}

/* Writing to `folder` fails with a message that says `why`, and leaves the
 * test's folder with so many entries. */
static void expect_refusal(const struct sample *sample, const char *folder,
                           const char *why, size_t left)
{
    struct ota_error error = {0};

    assert_false(
        ota_output_write(&sample->report, folder, &no_pictures, &error));
    assert_true(error.failed);
    if (!strstr(error.message, why))
        fail_msg("\"%s\" does not say \"%s\"", error.message, why);
    assert_int_equal(entries(sample->folder), left);
}

static void put_file(const char *folder, const char *name, const char *text)
{
    struct ota_error error = {0};
    struct ota_out_file file;

    assert_true(ota_out_file_open(&file, folder, name, &error));
    fputs(text, file.stream);
    assert_true(ota_out_file_close(&file, &error));
}

static bool twice(void *context)
{
    return ++*(int *)context <= 2;
}

/* Between two writers; nothing is left, neither the folder nor a part. */
static void an_interrupt_leaves_nothing(void **state)
{
    const struct sample *sample = *state;
    struct ota_error error = {0};
    int asked = 0;
    struct ota_output_options options = no_pictures;
    options.keep_going = twice;
    options.context = &asked;
    char *folder = below(sample, "some/results");
    char *parent = below(sample, "some");

    assert_false(ota_output_write(&sample->report, folder, &options, &error));
    assert_non_null(strstr(error.message, "interrupted"));
    assert_int_equal(asked, 3);
    assert_int_equal(entries(parent), 0);
    free(parent);
    free(folder);
}

static void foreign_folders_are_left_alone(void **state)
{
    const struct sample *sample = *state;
    struct ota_error error = {0};
    char *folder = below(sample, "mine");

    assert_true(ota_files_make_folder(folder, &error));
    put_file(folder, "manifest.json", "{\"name\": \"a web app\"}\n");
    expect_refusal(sample, folder, "no manifest.json of otasim", 1);
    put_file(folder, "diary.txt", "dear diary\n");
    expect_refusal(sample, folder, "it holds diary.txt", 1);
    free(folder);
}

static void a_note_among_results_is_kept(void **state)
{
    const struct sample *sample = *state;
    char *folder = write_results(sample);

    put_file(folder, "notes.txt", "keep me\n");
    expect_refusal(sample, folder, "it holds notes.txt", 1);
    char *text = contents(folder, "notes.txt");
    assert_string_equal(text, "keep me\n");
    free(text);
    free(folder);
}

static void things_in_the_way_are_errors(void **state)
{
    const struct sample *sample = *state;
    char *file = below(sample, "file");
    char *inside = below(sample, "file/results");
    char *link = below(sample, "link");

    put_file(sample->folder, "file", "");
    expect_refusal(sample, file, "not a folder", 1);
    expect_refusal(sample, inside, "Not a directory", 1);
    assert_int_equal(symlink("/tmp", link), 0);
    expect_refusal(sample, link, "not a folder", 2);
    expect_refusal(sample, "..", "cannot be replaced", 2);
    free(file);
    free(inside);
    free(link);
}

static void pictures_are_the_same_twice(void **state)
{
    const struct sample *sample = *state;
    struct ota_error error = {0};
    char warning[512] = "";
    FILE *warn = fmemopen(warning, sizeof(warning), "w");
    assert_non_null(warn);
    const struct ota_output_options options = {.draw = true, .warn = warn};
    char *a = below(sample, "it's a ~ folder");
    char *b = below(sample, "b");

    assert_true(ota_output_write(&sample->report, a, &options, &error));
    assert_true(ota_output_write(&sample->report, b, &options, &error));
    fclose(warn);
    assert_string_equal(warning, "");
    static const char *const names[] = {
        "plots/states.svg", "plots/time_to_update.svg",
        "plots/bytes_per_device.svg", "plots/states.png"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *first = contents(a, names[i]);
        char *second = contents(b, names[i]);
        assert_non_null(first);
        assert_non_null(second);
        assert_memory_equal(first, second, 1 << 20);
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
    char *folder = below(sample, "results");
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
    assert_null(contents(folder, "plots/states.svg"));
    char *script = contents(folder, "plots/states.gp");
    assert_non_null(script);
    free(script);
    free(saved);
    free(folder);
}

static void text_answers_first(void **state)
{
    struct sample *sample = *state;
    char *path = below(sample, "text");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    sample->report.scenario_title = "Sample";
    ota_output_print(&sample->report, file, 80, false);
    fclose(file);
    char *text = contents(sample->folder, "text");

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
    free(path);
}

/* Returns the page for a terminal, which the caller frees. */
static char *page(struct sample *sample)
{
    char *path = below(sample, "text");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    ota_output_print(&sample->report, file, 80, false);
    fclose(file);
    free(path);
    return contents(sample->folder, "text");
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
    char *folder = below(sample, "results");
    const bool ok = ota_output_write(&sample->report, folder, &options, &error);
    fclose(warn);
    assert_true(ok);
    char *script = contents(folder, "plots/bytes_per_device.gp");
    assert_non_null(strstr(script, "no device used any data"));
    assert_non_null(strstr(script, "456\u00e9\u00e9...'"));
    if (!strstr(warning, "gnuplot is not installed"))
        assert_string_equal(warning, "");
    free(script);
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

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_numbers_read_back),
        cmocka_unit_test(numbers_for_people),
        cmocka_unit_test(one_sided_intervals),
        TEST(summary_json_is_complete),
        TEST(one_line_json_says_the_same),
        TEST(devices_csv_rows),
        TEST(timeline_csv_rows),
        TEST(manifest_lists_what_is_there),
        TEST(own_results_are_replaced),
        TEST(an_interrupt_leaves_nothing),
        TEST(foreign_folders_are_left_alone),
        TEST(a_note_among_results_is_kept),
        TEST(things_in_the_way_are_errors),
        TEST(pictures_are_the_same_twice),
        TEST(without_gnuplot_results_are_kept),
        TEST(text_answers_first),
        TEST(long_names_are_not_cut),
        TEST(a_title_cannot_command_the_terminal),
        TEST(a_missing_number_says_why),
        TEST(pictures_of_nothing),
        TEST(a_full_disk_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
