/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gnuplot.h - runs gnuplot on scripts that lie in a folder.
 */
#ifndef OTA_GNUPLOT_H
#define OTA_GNUPLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "output/output.h"
#include "sim/base/error.h"

enum ota_gnuplot_status {
    OTA_GNUPLOT_DONE,
    OTA_GNUPLOT_MISSING,     /* not installed */
    OTA_GNUPLOT_FAILED,      /* it complained: *error says what */
    OTA_GNUPLOT_INTERRUPTED, /* someone ended it: *error says so */
};

enum { OTA_GNUPLOT_SCRIPTS_MAX = 16 };

/* Runs the scripts one after another within the folder, in one process, which
 * is ended when options->keep_going says so. No shell is involved. */
enum ota_gnuplot_status
ota_gnuplot_run(const char *folder, const char *const *scripts, size_t count,
                const struct ota_output_options *options,
                struct ota_error *error);

#endif
