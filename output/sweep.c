/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sweep.c - the files of a sweep: sweep.csv, the object of --json, and
 * what its writers have in common.
 */
#include "output/sweep.h"

#include <math.h>
#include <string.h>

#include "output/csv.h"
#include "output/files.h"

const struct ota_folder_file *const ota_sweep_files[] = {
    &ota_study_file_sqlite,   &ota_sweep_file_plots,    &ota_sweep_file_csv,
    &ota_study_file_scenario, &ota_study_file_manifest, NULL,
};

static const double longest = 2000.0; /* of a unit, in a table */

/* Of the smallest, so that it keeps its digits, but where that makes the
 * largest too long: of what is between them. */
double ota_sweep_unit_for(const struct ota_sweep_report *report, size_t measure)
{
    double least = INFINITY, most = 0.0;

    for (size_t r = 0; r < report->study.row_count; r++) {
        const double mean =
            fabs(ota_study_report_estimate(&report->study, r, measure)->mean);
        if (!isfinite(mean))
            continue;
        most = fmax(most, mean);
        if (mean > 0.0)
            least = fmin(least, mean);
    }
    if (!isfinite(least))
        return most; /* 0, or nothing at all */
    const struct ota_estimate any = {NAN, NAN, NAN, 0, 0};
    const double worth =
        ota_reading_in(report->study.measures[measure].scale, least, &any)
            .worth;
    return most < longest * worth ? least : sqrt(least) * sqrt(most);
}

static bool is_interval(const struct ota_estimate *estimate)
{
    return isfinite(estimate->mean) && isfinite(estimate->lo) &&
           isfinite(estimate->hi) && estimate->lo < estimate->hi;
}

/* Values that were all the same make an interval without width: how sure they
 * are is not known, and nothing is said. */
size_t ota_sweep_best(const struct ota_sweep_report *report, size_t measure)
{
    const size_t count = report->study.row_count;
    const int better = report->study.measures[measure].better;
    size_t best = 0;

    if (better == 0 || count < 2)
        return count;
    for (size_t r = 0; r < count; r++) {
        const struct ota_estimate *row =
            ota_study_report_estimate(&report->study, r, measure);
        if (!is_interval(row))
            return count;
        const struct ota_estimate *so_far =
            ota_study_report_estimate(&report->study, best, measure);
        if (better * row->mean > better * so_far->mean)
            best = r;
    }
    const struct ota_estimate *found =
        ota_study_report_estimate(&report->study, best, measure);
    for (size_t r = 0; r < count; r++) {
        const struct ota_estimate *row =
            ota_study_report_estimate(&report->study, r, measure);
        const bool apart =
            better > 0 ? found->lo > row->hi : found->hi < row->lo;
        if (r != best && !apart)
            return count;
    }
    return best;
}

/* --- sweep.csv --- */

/* "app.wait_s": what the numbers of an axis are in. */
static void number_head(FILE *out, const struct ota_axis *axis)
{
    char name[512];

    snprintf(name, sizeof(name), "%s_%s", axis->path,
             strcmp(axis->unit, "%") == 0 ? "percent"
             : axis->unit[0]              ? axis->unit
                                          : "number");
    fputc(',', out);
    ota_csv_text(out, name);
}

static void csv_head(const struct ota_sweep_report *report, FILE *out)
{
    for (size_t a = 0; a < report->axis_count; a++) {
        if (a > 0)
            fputc(',', out);
        ota_csv_text(out, report->axes[a].path);
    }
    for (size_t a = 0; a < report->axis_count; a++)
        if (report->axes[a].unit)
            number_head(out, &report->axes[a]);
    ota_study_csv_head(&report->study, out);
}

static void csv_row(const struct ota_sweep_report *report, size_t r, FILE *out)
{
    const struct ota_study_row *row = &report->study.rows[r];

    for (size_t a = 0; a < report->axis_count; a++) {
        if (a > 0)
            fputc(',', out);
        ota_csv_text(out, row->settings[a].value);
    }
    for (size_t a = 0; a < report->axis_count; a++)
        if (report->axes[a].unit)
            ota_csv_number(out, row->numbers[a]);
    ota_study_csv_cells(&report->study, r, out);
}

static bool write_csv(const void *of, const char *folder,
                      const struct ota_output_options *options,
                      struct ota_error *error)
{
    const struct ota_sweep_report *report = of;
    (void)options;
    struct ota_out_file file;
    if (!ota_out_file_open(&file, folder, ota_sweep_file_csv.name, error))
        return false;

    csv_head(report, file.stream);
    for (size_t r = 0; r < report->study.row_count; r++)
        csv_row(report, r, file.stream);
    return ota_out_file_close(&file, error);
}

const struct ota_folder_file ota_sweep_file_csv = {
    .name = "sweep.csv",
    .summary = "a line a point: settings, then every measure",
    .write = write_csv,
};

/* --- --json --- */

static void axes_json(struct ota_json_out *json,
                      const struct ota_sweep_report *report)
{
    ota_json_out_key(json, "axes");
    ota_json_out_open(json, '[');
    for (size_t a = 0; a < report->axis_count; a++) {
        const struct ota_axis *axis = &report->axes[a];
        ota_json_out_open(json, '{');
        ota_json_out_key(json, "path");
        ota_json_out_string(json, axis->path);
        ota_json_out_key(json, "unit");
        if (axis->unit)
            ota_json_out_string(json, axis->unit);
        else
            ota_json_out_raw(json, "null");
        ota_json_out_close(json, '}');
    }
    ota_json_out_close(json, ']');
}

static void settings_json(struct ota_json_out *json,
                          const struct ota_sweep_report *report, size_t r)
{
    const struct ota_study_row *row = &report->study.rows[r];

    ota_json_out_key(json, "settings");
    ota_json_out_open(json, '{');
    for (size_t a = 0; a < report->axis_count; a++) {
        ota_json_out_key(json, report->axes[a].path);
        ota_json_out_string(json, row->settings[a].value);
    }
    ota_json_out_close(json, '}');
    ota_json_out_key(json, "numbers"); /* of words: null */
    ota_json_out_open(json, '{');
    for (size_t a = 0; a < report->axis_count; a++) {
        ota_json_out_key(json, report->axes[a].path);
        ota_json_out_number(json, row->numbers[a]);
    }
    ota_json_out_close(json, '}');
}

/* Only with --precision. */
static void met_json(struct ota_json_out *json,
                     const struct ota_study_report *report, size_t r)
{
    const size_t count =
        report->replicate ? report->replicate->precision_count : 0;
    bool met = true;

    if (count == 0)
        return;
    for (size_t p = 0; p < count; p++)
        met = met && ota_study_report_met(report, r, p);
    ota_json_out_key(json, "precision_met");
    ota_json_out_raw(json, met ? "true" : "false");
}

static void measures_json(struct ota_json_out *json,
                          const struct ota_study_report *report, size_t r)
{
    ota_json_out_key(json, "measures");
    ota_json_out_open(json, '{');
    for (size_t m = 0; m < report->measure_count; m++) {
        const struct ota_estimate *estimate =
            ota_study_report_estimate(report, r, m);
        ota_json_out_key(json, report->measures[m].name);
        ota_json_out_open(json, '{');
        ota_json_out_key(json, "unit");
        ota_json_out_string(json, report->measures[m].unit);
        ota_json_out_estimate(json, estimate);
        ota_json_out_close(json, '}');
    }
    ota_json_out_close(json, '}');
}

static void points_json(struct ota_json_out *json,
                        const struct ota_sweep_report *report)
{
    ota_json_out_key(json, "points");
    ota_json_out_open(json, '[');
    for (size_t r = 0; r < report->study.row_count; r++) {
        ota_json_out_open(json, '{');
        settings_json(json, report, r);
        ota_json_out_key(json, "devices");
        ota_json_out_integer(json, report->study.devices[r]);
        ota_json_out_key(json, "replications");
        ota_json_out_integer(json, report->study.rows[r].replications);
        met_json(json, &report->study, r);
        measures_json(json, &report->study, r);
        ota_json_out_close(json, '}');
    }
    ota_json_out_close(json, ']');
}

bool ota_sweep_print_json(const struct ota_sweep_report *report, FILE *out,
                          int64_t simulated, int64_t found)
{
    struct ota_json_out json = ota_json_out_to(out, false);

    ota_json_out_open(&json, '{');
    ota_json_out_key(&json, "scenario");
    ota_json_out_string(&json, report->study.scenario_name);
    ota_json_out_key(&json, "seed");
    ota_json_out_unsigned(&json, report->study.seed);
    ota_json_out_key(&json, "confidence");
    ota_json_out_number(&json, report->study.confidence);
    ota_json_out_key(&json, "simulated");
    ota_json_out_integer(&json, simulated);
    ota_json_out_key(&json, "found");
    ota_json_out_integer(&json, found);
    axes_json(&json, report);
    ota_json_out_key(&json, "shown");
    ota_json_out_open(&json, '[');
    for (size_t m = 0; m < report->study.shown_count; m++)
        ota_json_out_string(&json, report->study.measures[m].name);
    ota_json_out_close(&json, ']');
    points_json(&json, report);
    ota_json_out_close(&json, '}');
    ota_json_out_end(&json);
    return fflush(out) == 0 && !ferror(out);
}
