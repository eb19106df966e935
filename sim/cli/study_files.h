/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_files.h - what sweep, compare and tune have in common: where the
 * results go, what is kept of work that was done before, parts, progress, and
 * what is said about all that.
 *
 *     struct ota_study_files files;
 *     enum ota_exit status =
 *         ota_study_files_open(&files, options, scenario.name, list);
 *     if (status == OTA_EXIT_OK) {
 *         const struct ota_study_options how = ota_study_files_options(&files);
 *         study = ota_study_open(names, count, &how, &error);
 *         ota_study_files_start(&files, device_days, replications);
 *         ... ota_study_add() each point ...
 *         done = ota_study_do(study, wants, count, &error);
 *         status = ota_study_files_done(&files, study, done, &error);
 *         if (status == OTA_EXIT_OK && files.answers) {
 *             ... make the report ...
 *             status = ota_study_files_write(&files, &report, list);
 *             ... print the answer, with ota_study_files_work() ...
 *         }
 *     }
 *     ota_study_files_close(&files);
 *
 * Every rank makes the same calls. The functions that return an exit status
 * have said on stderr what is wrong if it is not OTA_EXIT_OK.
 *
 * Values are kept in a store beside the results, DIR.units, while the command
 * runs; the same command goes on from it. It goes when the results are there:
 * their results.sqlite has the values too, and a larger study begins with them.
 * It stays if it has values of another study, which was interrupted.
 * With --fresh nothing that was there is used. A part writes a store that
 * stays, DIR.part-K-of-N, and no results. Merging goes through the command with
 * the parts' values.
 */
#ifndef OTA_STUDY_FILES_H
#define OTA_STUDY_FILES_H

#include "output/folder.h"
#include "sim/cli/options.h"
#include "sim/cli/progress.h"
#include "sim/experiment/study.h"

struct ota_study_files {
    const struct ota_options *options;
    char *folder; /* where the results go; NULL: nowhere */
    bool answers; /* an answer is to be given, and results written; on the
                   * first rank, and not of a part */
    char *units;  /* private, as all below: the store's place */
    struct ota_store *store;   /* NULL: nothing is kept, or not here */
    struct ota_store *results; /* what is to be replaced has; NULL: nothing */
    const struct ota_study *study; /* once it is done */
    struct ota_progress progress;
    bool started; /* interrupts are held back */
    bool written; /* the results are there */
    bool before;  /* the store was there already, */
    bool worked;  /* or something was simulated */
    bool left;    /* in the store there is what the results do not have */
};

/*
 * Holds interrupts back, and finds out where everything is: checks that the
 * results can be written, opens the store, takes in what was done before.
 * list: the files of the folder. scenario_name: "electron-hourly". Afterwards,
 * whatever it returned, ota_study_files_close().
 */
enum ota_exit ota_study_files_open(struct ota_study_files *files,
                                   const struct ota_options *options,
                                   const char *scenario_name,
                                   const struct ota_folder_file *const *list);

/* Of a study that is kept there; files outlives it. */
struct ota_study_options ota_study_files_options(struct ota_study_files *files);

/* Progress is shown from here on. replications: of all points, for now;
 * device_days: simulated in one of them. */
void ota_study_files_start(struct ota_study_files *files, double device_days,
                           int64_t replications);

/* After the last ota_study_do(): says what went wrong, and what was kept; of a
 * part, what comes next. */
enum ota_exit ota_study_files_done(struct ota_study_files *files,
                                   const struct ota_study *study,
                                   enum ota_experiment_status status,
                                   const struct ota_error *error);

/* Writes the folder, if there is to be one; the store is then of no more
 * use. */
enum ota_exit ota_study_files_write(struct ota_study_files *files,
                                    const void *report,
                                    const struct ota_folder_file *const *list);

/* Writes "240 replications simulated, 960 were there already". */
void ota_study_files_work(const struct ota_study *study, char *text,
                          size_t size);

void ota_study_files_close(struct ota_study_files *files);

#endif
