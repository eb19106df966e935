/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_absorb.c - from one database into another: what a store takes in, and
 * what a study leaves in its results.
 *
 * Ids differ from file to file, texts do not. All that is taken in comes in one
 * transaction, or not at all. The tables of results are filled in the order of
 * the study's points, with the measures in its own order, so that they are the
 * same wherever the values come from.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/experiment/store_state.h"
#include "sim/experiment/study.h"

/* A file that is being read. */
struct source {
    struct ota_store *store; /* that takes it in */
    const char *path;
    sqlite3 *db;
    struct ota_error *error;
    int64_t *scenarios; /* ids in the store, by id in the file */
    int64_t *measures;
    size_t scenario_count, measure_count;
};

static bool prepare(struct source *source, const char *sql,
                    sqlite3_stmt **statement)
{
    return ota_store_check(
        source->path, source->db,
        sqlite3_prepare_v2(source->db, sql, -1, statement, NULL),
        source->error);
}

/* Steps to the next row; false at the end, or with *good false. */
static bool next_row(struct source *source, sqlite3_stmt *statement, bool *good)
{
    if (!*good)
        return false;
    const int status = sqlite3_step(statement);
    *good = ota_store_check(source->path, source->db, status, source->error);
    return *good && status == SQLITE_ROW;
}

static bool is_damaged(struct source *source)
{
    return ota_store_check(source->path, source->db, SQLITE_CORRUPT,
                           source->error);
}

/* Reads ids 1, 2, ... with their texts, and gives each its id in the store. */
static bool map_ids(struct source *source, const char *sql, bool measures,
                    int64_t **ids, size_t *count)
{
    sqlite3_stmt *rows;
    bool good = prepare(source, sql, &rows);

    while (next_row(source, rows, &good)) {
        const char *text = (const char *)sqlite3_column_text(rows, 1);
        if (!text || sqlite3_column_int64(rows, 0) != (int64_t)*count + 1) {
            good = is_damaged(source);
            break;
        }
        int64_t *more = realloc(*ids, (*count + 1) * sizeof(*more));
        if (!more) {
            good = ota_fail(source->error, OTA_NO_MEMORY);
            break;
        }
        *ids = more;
        good = measures ? ota_store_measure_id(source->store, text, true,
                                               &more[*count], source->error)
                        : ota_store_scenario_id(source->store, text, true,
                                                &more[*count], source->error);
        ++*count;
    }
    sqlite3_finalize(rows);
    return good;
}

/* Binds an id of the file as that of the store. */
static bool bind_id(struct source *source, sqlite3_stmt *to, int column,
                    int64_t id, const int64_t *ids, size_t count)
{
    if (id < 1 || id > (int64_t)count)
        return is_damaged(source);
    sqlite3_bind_int64(to, column, ids[id - 1]);
    return true;
}

/* Copies rows of a unit's table: what it goes by, and the rest. */
static bool copy_rows(struct source *source, const char *sql,
                      enum ota_store_statement put)
{
    struct ota_store *store = source->store;
    sqlite3_stmt *rows;
    bool good = prepare(source, sql, &rows);
    const int columns = good ? sqlite3_column_count(rows) : 0;

    while (next_row(source, rows, &good)) {
        sqlite3_stmt *to = ota_store_statement(store, put, source->error);
        good = to && bind_id(source, to, 1, sqlite3_column_int64(rows, 0),
                             source->scenarios, source->scenario_count);
        for (int c = 1; c < columns && good; c++)
            if (put == OTA_STORE_PUT && c == 3)
                good = bind_id(source, to, 4, sqlite3_column_int64(rows, 3),
                               source->measures, source->measure_count);
            else
                sqlite3_bind_value(to, c + 1, sqlite3_column_value(rows, c));
        good = good && ota_store_step(store, to, source->error);
    }
    sqlite3_finalize(rows);
    return good;
}

/* Results have no blobs. */
static bool has_blobs(struct source *source, bool *has)
{
    sqlite3_stmt *row;
    bool good = prepare(
        source, "SELECT 1 FROM sqlite_master WHERE name = 'blob'", &row);

    *has = next_row(source, row, &good);
    sqlite3_finalize(row);
    return good;
}

static bool copy_all(struct source *source)
{
    bool blobs;

    return map_ids(source, "SELECT id, json FROM scenario ORDER BY id", false,
                   &source->scenarios, &source->scenario_count) &&
           map_ids(source, "SELECT id, name FROM measure ORDER BY id", true,
                   &source->measures, &source->measure_count) &&
           copy_rows(source,
                     "SELECT scenario, seed, replication, measure, value "
                     "FROM unit ORDER BY 1, 2, 3, 4",
                     OTA_STORE_PUT) &&
           has_blobs(source, &blobs) &&
           (!blobs || copy_rows(source,
                                "SELECT scenario, seed, replication, results "
                                "FROM blob",
                                OTA_STORE_PUT_BLOB));
}

bool ota_store_absorb(struct ota_store *store, const char *path,
                      struct ota_error *error)
{
    struct source source = {.store = store, .path = path, .error = error};
    const int status =
        sqlite3_open_v2(path, &source.db, SQLITE_OPEN_READONLY, NULL);
    bool good = ota_store_check(path, source.db, status, error) &&
                ota_store_check_version(path, source.db, store->version, error);

    if (good) {
        good = ota_store_run(store, "BEGIN", error) && copy_all(&source);
        good = ota_store_end(store, good, error);
    }
    free(source.scenarios);
    free(source.measures);
    sqlite3_close(source.db);
    return good;
}

/* --- into results --- */

struct target {
    sqlite3 *db;
    sqlite3_stmt *row;
    struct ota_error *error;
};

static bool check(struct target *target, int status)
{
    return ota_store_check("results.sqlite", target->db, status, target->error);
}

static bool add_text(struct target *target, int64_t id, const char *text)
{
    sqlite3_bind_int64(target->row, 1, id);
    sqlite3_bind_text(target->row, 2, text, -1, SQLITE_STATIC);
    const int status = sqlite3_step(target->row);
    sqlite3_reset(target->row);
    return check(target, status);
}

static bool open_rows(struct target *target, const char *sql)
{
    sqlite3_finalize(target->row);
    target->row = NULL;
    return check(target,
                 sqlite3_prepare_v2(target->db, sql, -1, &target->row, NULL));
}

static bool write_values(struct target *target, const struct ota_study *study,
                         size_t point)
{
    const struct ota_study_point known = ota_study_point(study, point);
    bool good = true;

    sqlite3_bind_int64(target->row, 1, (int64_t)point + 1);
    sqlite3_bind_int64(target->row, 2, (int64_t)known.seed);
    for (int64_t r = 0; r < known.replications && good; r++)
        for (size_t m = 0; m < ota_study_measures(study) && good; m++) {
            sqlite3_bind_int64(target->row, 3, r);
            sqlite3_bind_int64(target->row, 4, (int64_t)m + 1);
            sqlite3_bind_double(target->row, 5,
                                ota_study_value(study, point, m, r));
            const int status = sqlite3_step(target->row);
            sqlite3_reset(target->row);
            good = check(target, status);
        }
    return good;
}

/* Points that differ in their seed alone have one text, which is then there
 * several times. */
static bool write_texts(struct target *target, const struct ota_study *study)
{
    bool good = open_rows(target, "INSERT INTO scenario VALUES (?1,?2)");

    for (size_t p = 0; p < ota_study_points(study) && good; p++)
        good = add_text(target, (int64_t)p + 1,
                        ota_study_point(study, p).scenario_json);
    good = good && open_rows(target, "INSERT INTO measure VALUES (?1,?2)");
    for (size_t m = 0; m < ota_study_measures(study) && good; m++)
        good =
            add_text(target, (int64_t)m + 1, ota_study_measure_name(study, m));
    return good;
}

bool ota_store_write(sqlite3 *db, const struct ota_study *study,
                     const char *version, struct ota_error *error)
{
    struct target target = {.db = db, .error = error};
    char own[OTA_STORE_VERSION_SIZE];

    ota_store_version(version, own, sizeof(own));
    bool good =
        check(&target, sqlite3_exec(db, ota_store_otasim, NULL, NULL, NULL)) &&
        check(&target, sqlite3_exec(db, ota_store_tables, NULL, NULL, NULL)) &&
        open_rows(&target, "INSERT INTO otasim VALUES ('version', ?2)") &&
        add_text(&target, 0, own) && write_texts(&target, study) &&
        open_rows(&target, "INSERT INTO unit VALUES (?1,?2,?3,?4,?5)");

    for (size_t p = 0; p < ota_study_points(study) && good; p++)
        good = write_values(&target, study, p);
    sqlite3_finalize(target.row);
    return good;
}
