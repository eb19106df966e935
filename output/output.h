/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * output.h - writers of results: they choose words and files and compute no
 * statistic.
 */
#ifndef OTA_OUTPUT_H
#define OTA_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "output/spill.h"
#include "sim/base/error.h"
#include "sim/stats/precision.h"
#include "sim/stats/summary.h"

/* All that writers may know. Everything is borrowed. */
struct ota_report {
    const struct ota_summary *summary;
    const struct ota_spill *devices; /* of replication 0, group by group; NULL:
                                      * no folder is written */
    const char *scenario_name;       /* "electron-hourly" */
    const char *scenario_title;      /* may be "" */
    const char *policy_name;         /* may be "" or NULL */
    const char *scenario_json;       /* with every default filled in */
    const char *version;             /* of otasim */
    uint64_t seed;
    int64_t horizon_us;
    int64_t release_us;
    int64_t plan_cap_bytes; /* least included of all groups; INT64_MAX: none */
    const struct ota_precision *precisions; /* that were asked for */
    const struct ota_precision_look *looks; /* what was found of each */
    size_t precision_count;
};

struct ota_output_options {
    int threads; /* to write files on, beside each other; 0: one */
    bool draw;   /* pictures; their scripts and data are written anyway */
    FILE *warn;  /* hears of pictures that could not be drawn; may be NULL */

    /* Asked now and then, by any thread; false stops, which is an error. May be
     * NULL. */
    bool (*keep_going)(void *context);
    void *context;
};

/* Writes the results folder of a run (folder.h). Parent folders are made.
 * Pictures that gnuplot does not draw are a warning; all else is an error. */
bool ota_output_write(const struct ota_report *report, const char *folder,
                      const struct ota_output_options *options,
                      struct ota_error *error);

/* Returns false with *error set if ota_output_write() would refuse the folder
 * for what is there now: better known before a long run than after it. */
bool ota_output_check(const char *folder, struct ota_error *error);

/* Prints the answer for a person. width: columns of the terminal; colour: use
 * of ANSI colours. */
void ota_output_print(const struct ota_report *report, FILE *out, int width,
                      bool colour);

/* Prints the one-line JSON object of --json. */
bool ota_output_print_json(const struct ota_report *report, FILE *out);

#endif
