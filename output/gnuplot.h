/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gnuplot.h - runs gnuplot on scripts that lie in a folder.
 */
#ifndef OTA_GNUPLOT_H
#define OTA_GNUPLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/error.h"

enum ota_gnuplot_status {
    OTA_GNUPLOT_DONE,
    OTA_GNUPLOT_MISSING,     /* not installed */
    OTA_GNUPLOT_FAILED,      /* it complained: *error says what */
    OTA_GNUPLOT_INTERRUPTED, /* someone ended it: *error says so */
};

enum { OTA_GNUPLOT_SCRIPTS_MAX = 16 };

/* Runs the scripts one after another within the folder, in one process. No
 * shell is involved. */
enum ota_gnuplot_status ota_gnuplot_run(const char *folder,
                                        const char *const *scripts,
                                        size_t count, struct ota_error *error);

#endif
