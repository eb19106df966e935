/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tune.h - writers of a tuning: the setting that was chosen and what shows
 * that it is good, for a person, a program, as files.
 */
#ifndef OTA_TUNE_OUT_H
#define OTA_TUNE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "output/study_report.h"
#include "sim/experiment/tune.h"

/* Rows of the study are the settings that were tried, in their order.
 * Everything is borrowed. */
struct ota_tune_report {
    struct ota_study_report study;
    const struct ota_tune_setup *setup;
    const struct ota_tune *tune;
    int64_t horizon_us; /* of the base */
};

/* Prints the answer, at most so many columns wide. */
void ota_tune_print(const struct ota_tune_report *report, FILE *out, int width,
                    bool colour);

/* Prints the one-line JSON object of --json. simulated and found: replications
 * (ota_study_work()). */
bool ota_tune_print_json(const struct ota_tune_report *report, FILE *out,
                         int64_t simulated, int64_t found);

/* The files of the results folder, ended by NULL. */
extern const struct ota_folder_file *const ota_tune_files[];

extern const struct ota_folder_file ota_tune_file_plots;

/* The measure of that name among those of the study. */
size_t ota_tune_measure(const struct ota_tune_report *report, const char *name);

#endif
