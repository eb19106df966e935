/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tune.c - the results folder of a tuning: tune.csv, and the object of --json.
 */
#include "output/tune.h"

#include <assert.h>
#include <string.h>

#include "output/csv.h"
#include "output/files.h"
#include "output/json_out.h"

size_t ota_tune_measure(const struct ota_tune_report *report, const char *name)
{
    size_t m = 0;

    while (m < report->study.measure_count &&
           strcmp(report->study.measures[m].name, name) != 0)
        m++;
    assert(m < report->study.measure_count);
    return m;
}

/* --- tune.csv --- */

static void csv_head(const struct ota_tune_report *report, FILE *out)
{
    for (size_t a = 0; a < report->setup->axis_count; a++) {
        ota_csv_text(out, report->setup->axes[a].path);
        fputc(',', out);
    }
    fputs("chosen,front,shortfall", out);
    ota_study_csv_head(&report->study, out);
}

static void csv_row(const struct ota_tune_report *report, size_t t, FILE *out)
{
    const struct ota_tried *tried = &report->tune->tried[t];

    for (size_t a = 0; a < report->setup->axis_count; a++) {
        ota_csv_text(out, tried->settings[a].value);
        fputc(',', out);
    }
    fprintf(out, "%d,%d", t == report->tune->chosen, tried->front);
    ota_csv_number(out, tried->shortfall);
    ota_study_csv_cells(&report->study, t, out);
}

static bool write_csv(const void *of, const char *folder,
                      const struct ota_output_options *options,
                      struct ota_error *error);

static const struct ota_folder_file file_csv = {
    .name = "tune.csv",
    .summary = "a line a setting that was tried, with every measure",
    .write = write_csv,
};

static bool write_csv(const void *of, const char *folder,
                      const struct ota_output_options *options,
                      struct ota_error *error)
{
    const struct ota_tune_report *report = of;
    struct ota_out_file file;

    (void)options;
    if (!ota_out_file_open(&file, folder, file_csv.name, error))
        return false;
    csv_head(report, file.stream);
    for (size_t t = 0; t < report->tune->tried_count; t++)
        csv_row(report, t, file.stream);
    return ota_out_file_close(&file, error);
}

const struct ota_folder_file *const ota_tune_files[] = {
    &ota_study_file_sqlite,   &ota_tune_file_plots,     &file_csv,
    &ota_study_file_scenario, &ota_study_file_manifest, NULL,
};

/* --- --json --- */

static void estimate_json(struct ota_json_out *json, const char *key,
                          const struct ota_estimate *estimate)
{
    if (key)
        ota_json_out_key(json, key);
    ota_json_out_open(json, '{');
    ota_json_out_estimate(json, estimate);
    ota_json_out_close(json, '}');
}

static void boolean_json(struct ota_json_out *json, const char *key, bool value)
{
    ota_json_out_key(json, key);
    ota_json_out_raw(json, value ? "true" : "false");
}

static void integer_json(struct ota_json_out *json, const char *key,
                         int64_t value)
{
    ota_json_out_key(json, key);
    ota_json_out_integer(json, value);
}

static void string_json(struct ota_json_out *json, const char *key,
                        const char *value)
{
    ota_json_out_key(json, key);
    ota_json_out_string(json, value);
}

static void setting_json(struct ota_json_out *json,
                         const struct ota_tune_report *report, size_t t)
{
    const struct ota_tried *tried = &report->tune->tried[t];

    ota_json_out_open(json, '{');
    ota_json_out_key(json, "settings");
    ota_json_out_open(json, '{');
    for (size_t a = 0; a < report->setup->axis_count; a++)
        string_json(json, report->setup->axes[a].path,
                    tried->settings[a].value);
    ota_json_out_close(json, '}');
    integer_json(json, "replications", tried->replications);
    ota_json_out_key(json, "shortfall");
    ota_json_out_number(json, tried->shortfall);
    boolean_json(json, "front", tried->front);
    ota_json_out_key(json, "measures");
    ota_json_out_open(json, '{');
    for (size_t m = 0; m < report->study.measure_count; m++)
        estimate_json(json, report->study.measures[m].name,
                      ota_study_report_estimate(&report->study, t, m));
    ota_json_out_close(json, '}');
    ota_json_out_close(json, '}');
}

static void goals_json(struct ota_json_out *json,
                       const struct ota_tune_report *report)
{
    ota_json_out_key(json, "goals");
    ota_json_out_open(json, '[');
    for (size_t g = 0; g < report->setup->goal_count; g++) {
        const struct ota_goal *goal = &report->setup->goals[g];
        const struct ota_tune_evidence *evidence = &report->tune->evidence[g];
        ota_json_out_open(json, '{');
        string_json(json, "measure", goal->measure);
        string_json(json, "sign", goal->at_least ? ">=" : "<=");
        ota_json_out_key(json, "value");
        ota_json_out_number(json, goal->value);
        if (report->tune->met) {
            estimate_json(json, "evidence", &evidence->estimate);
            ota_json_out_key(json, "bound_confidence");
            ota_json_out_number(json, evidence->confidence);
            integer_json(json, "replications",
                         report->tune->evidence_replications);
        }
        ota_json_out_close(json, '}');
    }
    ota_json_out_close(json, ']');
}

bool ota_tune_print_json(const struct ota_tune_report *report, FILE *out,
                         int64_t simulated, int64_t found)
{
    const struct ota_tune *tune = report->tune;
    struct ota_json_out json = ota_json_out_to(out, false);

    ota_json_out_open(&json, '{');
    string_json(&json, "scenario", report->study.scenario_name);
    ota_json_out_key(&json, "seed");
    ota_json_out_unsigned(&json, report->study.seed);
    ota_json_out_key(&json, "confidence");
    ota_json_out_number(&json, report->setup->confidence);
    string_json(&json, report->setup->maximise ? "maximise" : "minimise",
                report->setup->objective);
    goals_json(&json, report);
    boolean_json(&json, "met", tune->met);
    boolean_json(&json, "exhausted", tune->exhausted);
    ota_json_out_key(&json, "chosen");
    setting_json(&json, report, tune->chosen);
    ota_json_out_key(&json, "neighbours");
    ota_json_out_open(&json, '[');
    for (size_t n = 0; n < tune->neighbour_count; n++)
        setting_json(&json, report, tune->neighbours[n]);
    ota_json_out_close(&json, ']');
    ota_json_out_key(&json, "tried");
    ota_json_out_open(&json, '[');
    for (size_t t = 0; t < tune->tried_count; t++)
        setting_json(&json, report, t);
    ota_json_out_close(&json, ']');
    integer_json(&json, "replications", tune->replications);
    integer_json(&json, "budget", tune->budget);
    integer_json(&json, "simulated", simulated);
    integer_json(&json, "found", found);
    ota_json_out_close(&json, '}');
    ota_json_out_end(&json);
    return fflush(out) == 0 && !ferror(out);
}
