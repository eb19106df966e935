/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * parts.h - one command done as several, each by itself, anywhere; and put
 * together.
 *
 * `--part K/N` does every so many units of a command's work and leaves a store
 * (sim/experiment/store.h), DIR.part-K-of-N, with notes of the command line,
 * the part, and whether it is complete. `merge` reads the command line from the
 * parts and goes through that command again with what is in them.
 */
#ifndef OTA_PARTS_H
#define OTA_PARTS_H

#include "sim/cli/options.h"
#include "sim/experiment/store.h"

/* Why what was asked for cannot be done in parts; NULL: it can, or is not to
 * be. */
const char *ota_part_problem(const struct ota_options *options);

/* Where the part of the command goes, which the caller frees; NULL with
 * *error set. folder: of the results that all parts make. */
char *ota_part_path(const struct ota_options *options, const char *folder,
                    struct ota_error *error);

/*
 * Opens the store of the part, with what is there already of the same part of
 * the same command; made if need be. NULL with *error set.
 */
struct ota_store *ota_part_open(const struct ota_options *options,
                                const char *path, struct ota_error *error);

/* Notes that the part is complete, and says what comes next. */
enum ota_exit ota_part_end(const struct ota_options *options, const char *path,
                           const char *folder, struct ota_store *store);

/* Opens a store that is nowhere, of all that is in the files. */
struct ota_store *ota_parts_together(const struct ota_words *files,
                                     struct ota_error *error);

#endif
