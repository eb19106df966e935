/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sweep.h - writers of a sweep: a table for a person, an object for a program,
 * a folder of files.
 */
#ifndef OTA_SWEEP_H
#define OTA_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "output/study_report.h"
#include "sim/experiment/design.h"

/* Rows are the points of the design, their settings and numbers those of the
 * axes. Everything is borrowed. */
struct ota_sweep_report {
    struct ota_study_report study;
    const struct ota_axis *axes;
    size_t axis_count;
    bool grid;
    int64_t horizon_us; /* of the base */
};

/* Prints the table; at most so many columns wide, if numbers let it. where the
 * whole of it is, if there is too much; NULL: nowhere. Returns false without
 * memory. */
bool ota_sweep_print(const struct ota_sweep_report *report, FILE *out,
                     int width, bool colour, const char *where);

/* Prints the one-line JSON object of --json. simulated and found: replications
 * (ota_study_work()). */
bool ota_sweep_print_json(const struct ota_sweep_report *report, FILE *out,
                          int64_t simulated, int64_t found);

/* The files of the results folder, whose report is a struct
 * ota_sweep_report. */
extern const struct ota_folder_file *const ota_sweep_files[];

/* Those that are a sweep's own. */
extern const struct ota_folder_file ota_sweep_file_csv;
extern const struct ota_folder_file ota_sweep_file_plots;

/* The unit in which a column of numbers is written: a number that the unit
 * suits, for ota_reading_in(). NaN: there are none. */
double ota_sweep_unit_for(const struct ota_sweep_report *report,
                          size_t measure);

/* The row whose mean is the best of a measure and whose interval is apart from
 * those of all others; the number of rows: none is. */
size_t ota_sweep_best(const struct ota_sweep_report *report, size_t measure);

#endif
