/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare_report.h - variants beside the base: the answer for people and
 * programs, and the files of a comparison.
 */
#ifndef OTA_COMPARE_REPORT_H
#define OTA_COMPARE_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "output/study_report.h"
#include "sim/experiment/compare.h"

/* What was asked of the intervals of a measure. */
struct ota_compare_precision {
    size_t measure;
    double width;   /* half, in the measure's unit */
    double reached; /* by the widest; infinite: one has no interval */
};

/* Everything is borrowed. */
struct ota_compare_report {
    struct ota_study_report study; /* rows[0] is the base, rows[1 + v] is
                                    * variant v; the first measures, that are
                                    * shown, are those compared */
    const struct ota_comparison *comparison;
    const struct ota_compare_precision *precisions;
    size_t precision_count;
};

/* Prints the answer for a person. */
void ota_compare_print(const struct ota_compare_report *report, FILE *out,
                       int width, bool colour);

/* Prints the one-line JSON object of --json. */
bool ota_compare_print_json(const struct ota_compare_report *report, FILE *out);

/* Files of the folder, ended by NULL. */
extern const struct ota_folder_file *const ota_compare_files[];

/* Writes where in the folder the variant's scenario is:
 * "variants/wait-20s.json". */
void ota_compare_variant_file(const struct ota_study_row *row, char *text,
                              size_t size);

/* --- what writers of comparisons share --- */

extern const struct ota_folder_file ota_compare_file_csv;
extern const struct ota_folder_file ota_compare_file_plots;
extern const struct ota_folder_file ota_compare_file_variants;

const struct ota_contrast *
ota_compare_contrast(const struct ota_compare_report *report, size_t variant,
                     size_t measure);

/* How a variant's difference is written: in one unit for all variants, that of
 * a share in percentage points. */
struct ota_reading ota_compare_reading(const struct ota_compare_report *report,
                                       size_t variant, size_t measure);

/* Writes the difference with its sign, and its interval without the unit; if
 * signs were counted how many, and no interval. */
void ota_compare_cells(const struct ota_compare_report *report, size_t variant,
                       size_t measure, char *difference, size_t size,
                       char *interval, size_t interval_size);

/* "better", "cannot tell", ... */
const char *ota_verdict_words(enum ota_verdict verdict);

/* ", less is better", or "" */
const char *ota_compare_sense(const struct ota_study_measure *measure);

#endif
