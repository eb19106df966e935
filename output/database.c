/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * database.c - see database.h.
 *
 * One transaction without a journal: the file is in a folder that is not the
 * results yet, and goes with it if something fails. Rows come in the order of
 * their keys, so that pages are filled one after another, and unused bytes of a
 * page are zero.
 */
#include "output/database.h"

#include <math.h>
#include <stdio.h>

#include <sqlite3.h>

static const char setup[] = "PRAGMA page_size = 16384;"
                            "PRAGMA cache_size = 64;"
                            "PRAGMA journal_mode = OFF;"
                            "PRAGMA synchronous = OFF;"
                            "PRAGMA locking_mode = EXCLUSIVE;"
                            "PRAGMA secure_delete = ON;"
                            "BEGIN;";

static void check(struct ota_database *base, int status)
{
    if (!base->ok || status == SQLITE_OK || status == SQLITE_DONE ||
        status == SQLITE_ROW)
        return;
    base->ok = ota_fail(base->error, "cannot write %s: %s", base->path,
                        status == SQLITE_NOMEM ? OTA_NO_MEMORY
                                               : sqlite3_errmsg(base->db));
}

void ota_database_run(struct ota_database *base, const char *sql)
{
    if (base->ok)
        check(base, sqlite3_exec(base->db, sql, NULL, NULL, NULL));
}

void ota_database_open_rows(struct ota_database *base, const char *table,
                            int columns)
{
    char sql[64 + 2 * 64];

    int length = snprintf(sql, sizeof(sql), "INSERT INTO %s VALUES (?", table);
    for (int c = 1; c < columns; c++)
        length += snprintf(sql + length, sizeof(sql) - (size_t)length, ",?");
    snprintf(sql + length, sizeof(sql) - (size_t)length, ")");
    base->column = 0;
    if (base->ok)
        check(base, sqlite3_prepare_v2(base->db, sql, -1, &base->row, NULL));
}

void ota_database_close_rows(struct ota_database *base)
{
    sqlite3_finalize(base->row);
    base->row = NULL;
}

void ota_database_text(struct ota_database *base, const char *text)
{
    if (base->ok)
        check(base, sqlite3_bind_text(base->row, ++base->column, text, -1,
                                      SQLITE_STATIC));
}

void ota_database_integer(struct ota_database *base, int64_t value)
{
    if (base->ok)
        check(base, sqlite3_bind_int64(base->row, ++base->column, value));
}

void ota_database_real(struct ota_database *base, double value)
{
    if (base->ok)
        check(base, sqlite3_bind_double(base->row, ++base->column,
                                        isfinite(value) ? value : NAN));
}

void ota_database_interval(struct ota_database *base,
                           const struct ota_estimate *estimate)
{
    ota_database_real(base, estimate->mean);
    ota_database_real(base, estimate->lo);
    ota_database_real(base, estimate->hi);
}

void ota_database_add(struct ota_database *base)
{
    base->column = 0;
    if (!base->ok)
        return;
    check(base, sqlite3_step(base->row));
    check(base, sqlite3_reset(base->row));
}

void ota_database_word(struct ota_database *base, const char *name,
                       const char *value)
{
    ota_database_text(base, name);
    ota_database_text(base, value ? value : "");
    ota_database_add(base);
}

void ota_database_open(struct ota_database *base, const char *path,
                       struct ota_error *error)
{
    *base = (struct ota_database){.ok = true, .path = path, .error = error};
    check(base, sqlite3_open_v2(path, &base->db,
                                SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                                    SQLITE_OPEN_NOMUTEX,
                                NULL));
    ota_database_run(base, setup);
}

bool ota_database_close(struct ota_database *base)
{
    ota_database_run(base, "COMMIT;");
    check(base, sqlite3_close(base->db));
    return base->ok;
}
