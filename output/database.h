/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * database.h - a database of SQLite that is written once, from the first row to
 * the last: the same rows give the same bytes, with the same version of SQLite,
 * which writes its number into the file.
 *
 * Once something failed, nothing more is written, and ota_database_close()
 * says so.
 */
#ifndef OTA_DATABASE_H
#define OTA_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/error.h"
#include "sim/stats/interval.h"

struct ota_database {
    bool ok;
    struct ota_error *error; /* what failed */
    struct sqlite3 *db;
    struct sqlite3_stmt *row; /* private, as all below */
    int column;               /* of the row, that was bound last */
    const char *path;
};

/* Opens a new file; path is borrowed until it is closed. */
void ota_database_open(struct ota_database *base, const char *path,
                       struct ota_error *error);

/* Returns whether all went well. */
bool ota_database_close(struct ota_database *base);

/* Runs statements that give no rows. */
void ota_database_run(struct ota_database *base, const char *sql);

/* From here to close_rows(), rows go into that table of so many columns, in the
 * order of its key. */
void ota_database_open_rows(struct ota_database *base, const char *table,
                            int columns);
void ota_database_close_rows(struct ota_database *base);

/* The next columns of the row. Text is borrowed until the row is added. NULL:
 * text that is NULL, a number that is not finite. */
void ota_database_text(struct ota_database *base, const char *text);
void ota_database_integer(struct ota_database *base, int64_t value);
void ota_database_real(struct ota_database *base, double value);
void ota_database_interval(struct ota_database *base,
                           const struct ota_estimate *estimate);
void ota_database_add(struct ota_database *base);

/* A row of two columns. */
void ota_database_word(struct ota_database *base, const char *name,
                       const char *value);

#endif
