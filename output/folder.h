/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * folder.h - a results folder: complete or absent.
 *
 * Files are written into a folder beside it, which is renamed at the end. A
 * folder of the same name is replaced if it is empty, or if otasim wrote it and
 * nothing but such files is in it.
 */
#ifndef OTA_FOLDER_H
#define OTA_FOLDER_H

#include "output/json_out.h"
#include "output/output.h"

/* One file, or a family in a folder of that name. */
struct ota_folder_file {
    const char *name;    /* "summary.json" */
    const char *summary; /* what it holds, one line */

    /* Writes it into the folder. report is what the files of one folder have in
     * common. Returns false with *error set. */
    bool (*write)(const void *report, const char *folder,
                  const struct ota_output_options *options,
                  struct ota_error *error);
};

/* Files, ended by NULL: beside each other, those that take long first, but for
 * the last, which is manifest.json and is written when all others are. */
bool ota_folder_write(const void *report,
                      const struct ota_folder_file *const *files,
                      const char *folder,
                      const struct ota_output_options *options,
                      struct ota_error *error);

/* Returns false with *error set if ota_folder_write() would refuse the folder
 * for what is there now. */
bool ota_folder_check(const char *folder,
                      const struct ota_folder_file *const *files,
                      struct ota_error *error);

/* Begins a manifest: its first key marks a folder as otasim's. */
void ota_folder_begin_manifest(struct ota_json_out *json, const char *version);

/* Ends it: with all files that are in the folder beside it, and the scenario
 * that all came from. Returns false with *error set. */
bool ota_folder_end_manifest(struct ota_json_out *json, const char *folder,
                             const char *scenario_json,
                             struct ota_error *error);

/* For files that take long: returns false with *error set if the user wants it
 * to stop. */
bool ota_folder_goes_on(const struct ota_output_options *options,
                        struct ota_error *error);

#endif
