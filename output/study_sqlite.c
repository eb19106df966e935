/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_sqlite.c - the numbers of a study as a database: for a person the
 * tables point, setting and estimate; and the values that they are made of.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "output/database.h"
#include "output/files.h"
#include "output/study_report.h"
#include "sim/experiment/store.h"

/* Points are numbered in the order of the answer, from 1. */
static const char tables[] =
    "CREATE TABLE run (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE point (point INTEGER PRIMARY KEY, name TEXT,"
    " devices INTEGER, replications INTEGER);"
    "CREATE TABLE setting (point INTEGER, place INTEGER, path TEXT, value TEXT,"
    " number REAL, PRIMARY KEY (point, place)) WITHOUT ROWID;"
    "CREATE TABLE estimate (point INTEGER, measure TEXT, unit TEXT, mean REAL,"
    " lo REAL, hi REAL, replications INTEGER, PRIMARY KEY (point, measure))"
    " WITHOUT ROWID;";

static void add_run(struct ota_database *base,
                    const struct ota_study_report *report)
{
    char seed[24];

    /* As text: more than an integer of SQLite holds. */
    snprintf(seed, sizeof(seed), "%llu", (unsigned long long)report->seed);
    ota_database_open_rows(base, "run", 2);
    ota_database_word(base, "command", report->command);
    ota_database_text(base, "confidence");
    ota_database_real(base, report->confidence);
    ota_database_add(base);
    ota_database_word(base, "input", report->scenario_json);
    ota_database_word(base, "otasim", report->version);
    ota_database_word(base, "scenario", report->scenario_name);
    ota_database_word(base, "seed", seed);
    ota_database_word(base, "title", report->scenario_title);
    ota_database_close_rows(base);
}

static void add_points(struct ota_database *base,
                       const struct ota_study_report *report)
{
    ota_database_open_rows(base, "point", 4);
    for (size_t r = 0; r < report->row_count; r++) {
        ota_database_integer(base, (int64_t)r + 1);
        ota_database_text(base, report->rows[r].name);
        ota_database_integer(base, report->devices[r]);
        ota_database_integer(base, report->rows[r].replications);
        ota_database_add(base);
    }
    ota_database_close_rows(base);
}

static void add_settings(struct ota_database *base,
                         const struct ota_study_report *report)
{
    /* By place, as a path may be set twice. */
    ota_database_open_rows(base, "setting", 5);
    for (size_t r = 0; r < report->row_count; r++) {
        const struct ota_study_row *row = &report->rows[r];
        for (size_t s = 0; s < row->setting_count; s++) {
            ota_database_integer(base, (int64_t)r + 1);
            ota_database_integer(base, (int64_t)s + 1);
            ota_database_text(base, row->settings[s].path);
            ota_database_text(base, row->settings[s].value);
            ota_database_real(base, row->numbers ? row->numbers[s] : NAN);
            ota_database_add(base);
        }
    }
    ota_database_close_rows(base);
}

static void add_estimates(struct ota_database *base,
                          const struct ota_study_report *report)
{
    ota_database_open_rows(base, "estimate", 7);
    for (size_t r = 0; r < report->row_count; r++)
        for (size_t m = 0; m < report->measure_count; m++) {
            const struct ota_estimate *estimate =
                ota_study_report_estimate(report, r, m);
            ota_database_integer(base, (int64_t)r + 1);
            ota_database_text(base, report->measures[m].name);
            ota_database_text(base, report->measures[m].unit);
            ota_database_interval(base, estimate);
            ota_database_integer(base, estimate->values);
            ota_database_add(base);
        }
    ota_database_close_rows(base);
}

static bool write_sqlite(const void *of, const char *folder,
                         const struct ota_output_options *options,
                         struct ota_error *error)
{
    const struct ota_study_report *report = of;
    (void)options;
    char *path = ota_files_join(folder, "/", ota_study_file_sqlite.name, error);
    if (!path)
        return false;

    struct ota_database base;
    ota_database_open(&base, path, error);
    ota_database_run(&base, tables);
    add_run(&base, report);
    add_points(&base, report);
    add_settings(&base, report);
    add_estimates(&base, report);
    if (base.ok && report->study)
        base.ok =
            ota_store_write(base.db, report->study, report->version, error);
    const bool ok = ota_database_close(&base);
    free(path);
    return ok;
}

const struct ota_folder_file ota_study_file_sqlite = {
    .name = "results.sqlite",
    .summary = "points, settings, estimates and all values as a database",
    .write = write_sqlite,
};
