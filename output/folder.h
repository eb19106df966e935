/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * folder.h - a results folder: complete or absent.
 *
 * Files are written into a folder beside it, which is renamed at the end. A
 * folder of the same name is replaced if it is empty, or if otasim wrote it and
 * nothing else is in it.
 */
#ifndef OTA_FOLDER_H
#define OTA_FOLDER_H

#include "output/output.h"

/* One file, or a family in a folder of that name. */
struct ota_folder_file {
    const char *name;    /* "sweep.csv" */
    const char *summary; /* what it holds, one line */

    /* Writes it into the folder. Returns false with *error set. */
    bool (*write)(const void *report, const char *folder,
                  const struct ota_output_options *options,
                  struct ota_error *error);
};

/* Files, ended by a NULL name; the last is manifest.json, which is written when
 * all others are. */
bool ota_folder_write(const void *report, const struct ota_folder_file *files,
                      const char *folder,
                      const struct ota_output_options *options,
                      struct ota_error *error);

/* Returns false with *error set if ota_folder_write() would refuse the folder
 * for what is there now. */
bool ota_folder_check(const char *folder, const struct ota_folder_file *files,
                      struct ota_error *error);

#endif
