/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * estimate.h - prints what an update is estimated to cost.
 */
#ifndef OTA_OUTPUT_ESTIMATE_H
#define OTA_OUTPUT_ESTIMATE_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/experiment/estimate.h"

/* The estimates of all groups and their firmware, and where they come from.
 * Everything is borrowed. */
struct ota_estimate_report {
    const char *title;
    const char *const *sources; /* lines: what was chosen for the caller */
    size_t source_count;
    int64_t app_version; /* 0: none */
    int64_t app_bytes;
    const char *needs_os; /* "" if the app runs on what is there */
    const struct ota_forecast *forecasts;
    size_t count;
};

/* For a person; width and colour as for ota_output_print(). */
void ota_estimate_print(const struct ota_estimate_report *report, FILE *out,
                        int width, bool colour);

/* One JSON object on one line. */
void ota_estimate_print_json(const struct ota_estimate_report *report,
                             FILE *out);

/* The name of the Device OS that a step's system part is of, or "". */
const char *ota_estimate_os(const struct ota_forecast *forecast,
                            const struct ota_path_step *step);

#endif
