/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * files.h - the file system, as far as results folders need it. Every failure
 * names the path and the system's reason.
 */
#ifndef OTA_FILES_H
#define OTA_FILES_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/base/error.h"

/* Returns folder + "/" + name, or the two joined by `between`; the caller
 * frees it. NULL with *error set: no memory. */
char *ota_files_join(const char *folder, const char *between, const char *name,
                     struct ota_error *error);

/* A file being written. */
struct ota_out_file {
    FILE *stream;
    char *path; /* private */
};

/* Opens a new file of that name in the folder. */
bool ota_out_file_open(struct ota_out_file *file, const char *folder,
                       const char *name, struct ota_error *error);

/* Closes it. Fails if anything could not be written since it was opened. */
bool ota_out_file_close(struct ota_out_file *file, struct ota_error *error);

/* Makes one new folder. */
bool ota_files_make_folder(const char *path, struct ota_error *error);

/* Returns the nearest folder that path lies in and that is there, which the
 * caller frees, or NULL with *error set. */
char *ota_files_nearest(const char *path, struct ota_error *error);

/* Whether permissions let a folder be made at path, with the folders that it
 * lies in. */
bool ota_files_may_make(const char *path, struct ota_error *error);

/* Makes the folders that path lies in, as far as they are missing. */
bool ota_files_make_parents(const char *path, struct ota_error *error);

/* Removes a file, or a folder with all in it. Links are not followed. */
bool ota_files_remove(const char *path, struct ota_error *error);

bool ota_files_rename(const char *from, const char *to,
                      struct ota_error *error);

/* Calls each(context, name) for what is in the folder, in order of name. The
 * walk ends when each returns false. Fails only if the folder cannot be
 * read. */
bool ota_files_list(const char *folder,
                    bool (*each)(void *context, const char *name),
                    void *context, struct ota_error *error);

#endif
