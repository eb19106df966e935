/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_report.h - what writers know of a study (sim/experiment/study.h), and
 * the files that sweeps, comparisons and tuning have in common.
 */
#ifndef OTA_STUDY_REPORT_H
#define OTA_STUDY_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "output/folder.h"
#include "output/number.h"
#include "sim/experiment/replicate.h"
#include "sim/experiment/study.h"

/* A point, in the order of the answer. */
struct ota_study_row {
    size_t point;     /* of the study; may stand in several rows */
    const char *name; /* of a variant; NULL: it goes by its settings */
    const struct ota_setting *settings;
    const double *numbers; /* [setting] in the unit of its axis; NaN: a word;
                            * NULL: words all */
    size_t setting_count;
    int64_t replications; /* of which its estimates are made */
};

struct ota_study_measure {
    const char *name;  /* "updated_within(7d)" */
    const char *label; /* for a person: "charge per device" */
    const char *unit;  /* as in files */
    enum ota_scale scale;
    int better; /* as ota_measure_better() */
};

/* Everything is borrowed. The report of a command begins with it. */
struct ota_study_report {
    const char *command;        /* "sweep" */
    const char *scenario_name;  /* "electron-hourly" */
    const char *scenario_title; /* may be "" */
    const char *scenario_json;  /* of the base, with every default filled in */
    const char *version;        /* of otasim */
    const char *const *words;   /* of the command line, with which the command
                                 * does the same to scenario_json */
    size_t word_count;
    uint64_t seed;
    double confidence;
    const struct ota_study *study; /* NULL: none is behind it, for tests */
    const struct ota_study_row *rows;
    size_t row_count;
    size_t shown_count; /* of the measures that a person is shown; the first */
    const struct ota_replicate *replicate; /* of the rows, in order; NULL, or
                                            * without precisions: all have the
                                            * replications asked for */

    /* Worked out by ota_study_report_fill(). */
    const struct ota_study_measure *measures; /* as of the study */
    size_t measure_count;
    const struct ota_estimate *estimates; /* [row][measure]; of a time that
                                           * some replications never reached
                                           * there is none */
    const int64_t *devices;               /* [row], in a replication */
};

/* Works out what is; in the arena. Returns false without memory. */
bool ota_study_report_fill(struct ota_study_report *report,
                           struct ota_arena *arena);

const struct ota_estimate *
ota_study_report_estimate(const struct ota_study_report *report, size_t row,
                          size_t measure);

/* Whether a row is known as well as that precision asks for. */
bool ota_study_report_met(const struct ota_study_report *report, size_t row,
                          size_t precision);

/* How numbers of a measure are written. */
enum ota_scale ota_study_scale(const struct ota_measure *measure);

/* Writes "app.wait=5s sleep.period=1h", or the name; cut if it has to be. */
void ota_study_row_text(const struct ota_study_row *row, char *text,
                        size_t size);

/* The end of a line of CSV: devices, replications and every measure of a row
 * with its interval; and of the line that names them. */
void ota_study_csv_head(const struct ota_study_report *report, FILE *out);
void ota_study_csv_cells(const struct ota_study_report *report, size_t row,
                         FILE *out);

/* results.sqlite: the numbers of the study as tables, and the values of each
 * replication, so that a later study can have them (store.h). */
extern const struct ota_folder_file ota_study_file_sqlite;

/* scenario.json: the base, ready to run again. */
extern const struct ota_folder_file ota_study_file_scenario;

/* manifest.json: what made it. */
extern const struct ota_folder_file ota_study_file_manifest;

#endif
