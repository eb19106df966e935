/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.c - what is put and found; its file is in store_open.c, ids in
 * store_ids.c.
 *
 * Each call is a transaction of its own, in SQLite's write-ahead log: whatever
 * the process dies of, what was put is there when the store is opened again. A
 * loss of power may take the last ones. A value that is NaN is NULL in the
 * database; one that was never put is no row.
 */
#include "sim/experiment/store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/experiment/store_state.h"

/* Binds what a unit goes by to the first three values. */
static bool bind_unit(struct ota_store *store, sqlite3_stmt *statement,
                      int64_t scenario, const struct ota_store_unit *unit,
                      struct ota_error *error)
{
    /* More than an integer of SQLite holds wraps around; as good a name. */
    const int64_t seed = (int64_t)unit->seed;
    int status = sqlite3_bind_int64(statement, 1, scenario);

    if (status == SQLITE_OK)
        status = sqlite3_bind_int64(statement, 2, seed);
    if (status == SQLITE_OK)
        status = sqlite3_bind_int64(statement, 3, unit->replication);
    return ota_store_check(store->path, store->db, status, error);
}

/* A statement about a unit whose scenario has an id. */
static sqlite3_stmt *about(struct ota_store *store,
                           enum ota_store_statement which, int64_t scenario,
                           const struct ota_store_unit *unit,
                           struct ota_error *error)
{
    sqlite3_stmt *statement = ota_store_statement(store, which, error);

    return statement && bind_unit(store, statement, scenario, unit, error)
               ? statement
               : NULL;
}

/* --- values --- */

/* Reads all values of a unit into their places by id. */
static bool read_values(struct ota_store *store, sqlite3_stmt *statement,
                        struct ota_error *error)
{
    int status;

    for (size_t m = 0; m < store->measure_count; m++)
        store->measures[m].there = false;
    while ((status = sqlite3_step(statement)) == SQLITE_ROW) {
        const int64_t id = sqlite3_column_int64(statement, 0);
        if (id < 1 || id > (int64_t)store->measure_count)
            continue;
        store->measures[id - 1].there = true;
        store->measures[id - 1].value =
            sqlite3_column_type(statement, 1) == SQLITE_NULL
                ? NAN
                : sqlite3_column_double(statement, 1);
    }
    const bool good = ota_store_check(store->path, store->db, status, error);
    sqlite3_reset(statement);
    return good;
}

bool ota_store_find(struct ota_store *store, const struct ota_store_unit *unit,
                    const char *const *measures, size_t count, double *values,
                    bool *found, struct ota_error *error)
{
    int64_t scenario, id;

    *found = false;
    if (!ota_store_scenario_id(store, unit->scenario, false, &scenario, error))
        return false;
    if (scenario == 0)
        return true;
    sqlite3_stmt *statement =
        about(store, OTA_STORE_FIND, scenario, unit, error);
    if (!statement || !read_values(store, statement, error))
        return false;
    for (size_t m = 0; m < count; m++) {
        if (!ota_store_measure_id(store, measures[m], false, &id, error))
            return false;
        if (id == 0 || !store->measures[id - 1].there)
            return true;
        values[m] = store->measures[id - 1].value;
    }
    *found = true;
    return true;
}

/* Takes back the note that the unit was dealt. */
static bool take_back(struct ota_store *store, int64_t scenario,
                      const struct ota_store_unit *unit,
                      struct ota_error *error)
{
    sqlite3_stmt *statement =
        about(store, OTA_STORE_RETURN, scenario, unit, error);

    return statement && ota_store_step(store, statement, error);
}

static bool put_value(struct ota_store *store, int64_t scenario,
                      const struct ota_store_unit *unit, const char *measure,
                      double value, struct ota_error *error)
{
    int64_t id;
    if (!ota_store_measure_id(store, measure, true, &id, error))
        return false;
    sqlite3_stmt *statement =
        about(store, OTA_STORE_PUT, scenario, unit, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 4, id);
    sqlite3_bind_double(statement, 5, value); /* NaN is NULL */
    return ota_store_step(store, statement, error);
}

bool ota_store_put(struct ota_store *store, const struct ota_store_unit *unit,
                   const char *const *measures, size_t count,
                   const double *values, struct ota_error *error)
{
    int64_t scenario;

    if (!ota_store_run(store, "BEGIN", error))
        return false;
    bool good =
        ota_store_scenario_id(store, unit->scenario, true, &scenario, error) &&
        take_back(store, scenario, unit, error);
    for (size_t m = 0; m < count && good; m++)
        good = put_value(store, scenario, unit, measures[m], values[m], error);
    return ota_store_end(store, good, error);
}

bool ota_store_drop(struct ota_store *store, const struct ota_store_unit *unit,
                    struct ota_error *error)
{
    int64_t scenario;

    if (!ota_store_scenario_id(store, unit->scenario, false, &scenario, error))
        return false;
    if (scenario == 0)
        return true;
    sqlite3_stmt *statement =
        about(store, OTA_STORE_DROP, scenario, unit, error);
    return statement && ota_store_step(store, statement, error);
}

/* --- packed results --- */

static bool copy_blob(struct ota_store *store, sqlite3_stmt *statement,
                      void **bytes, size_t *size, struct ota_error *error)
{
    const int status = sqlite3_step(statement);
    bool good = ota_store_check(store->path, store->db, status, error);

    if (status == SQLITE_ROW) {
        const void *blob = sqlite3_column_blob(statement, 0);
        *size = (size_t)sqlite3_column_bytes(statement, 0);
        *bytes = malloc(*size > 0 ? *size : 1);
        if (!*bytes)
            good = ota_fail(error, OTA_NO_MEMORY);
        else if (*size > 0)
            memcpy(*bytes, blob, *size);
    }
    sqlite3_reset(statement);
    return good;
}

bool ota_store_find_blob(struct ota_store *store,
                         const struct ota_store_unit *unit, void **bytes,
                         size_t *size, struct ota_error *error)
{
    int64_t scenario;

    *bytes = NULL;
    *size = 0;
    if (!ota_store_scenario_id(store, unit->scenario, false, &scenario, error))
        return false;
    if (scenario == 0)
        return true;
    sqlite3_stmt *statement =
        about(store, OTA_STORE_FIND_BLOB, scenario, unit, error);
    return statement && copy_blob(store, statement, bytes, size, error);
}

bool ota_store_put_blob(struct ota_store *store,
                        const struct ota_store_unit *unit, const void *bytes,
                        size_t size, struct ota_error *error)
{
    int64_t scenario;

    if (!ota_store_run(store, "BEGIN", error))
        return false;
    bool good =
        ota_store_scenario_id(store, unit->scenario, true, &scenario, error) &&
        take_back(store, scenario, unit, error);
    sqlite3_stmt *statement =
        good ? about(store, OTA_STORE_PUT_BLOB, scenario, unit, error) : NULL;
    if (statement) {
        const int status = sqlite3_bind_blob64(statement, 4, bytes, size, NULL);
        good = ota_store_check(store->path, store->db, status, error) &&
               ota_store_step(store, statement, error);
    } else {
        good = false;
    }
    return ota_store_end(store, good, error);
}

/* --- notes --- */

bool ota_store_deal(struct ota_store *store, const struct ota_store_unit *unit,
                    int rank, struct ota_error *error)
{
    int64_t scenario;

    if (!ota_store_run(store, "BEGIN", error))
        return false;
    bool good =
        ota_store_scenario_id(store, unit->scenario, true, &scenario, error);
    sqlite3_stmt *statement =
        good ? about(store, OTA_STORE_DEAL, scenario, unit, error) : NULL;
    if (statement) {
        sqlite3_bind_int(statement, 4, rank);
        good = ota_store_step(store, statement, error);
    } else {
        good = false;
    }
    return ota_store_end(store, good, error);
}

bool ota_store_lost(struct ota_store *store,
                    void (*lost)(void *context, int rank, int64_t units),
                    void *context, struct ota_error *error)
{
    sqlite3_stmt *statement;
    int status = sqlite3_prepare_v2(
        store->db, "SELECT rank, count(*) FROM dealt GROUP BY rank ORDER BY 1",
        -1, &statement, NULL);

    while (status == SQLITE_OK || status == SQLITE_ROW) {
        status = sqlite3_step(statement);
        if (status == SQLITE_ROW)
            lost(context, sqlite3_column_int(statement, 0),
                 sqlite3_column_int64(statement, 1));
    }
    const bool good = ota_store_check(store->path, store->db, status, error);
    sqlite3_finalize(statement);
    return good && ota_store_run(store, "DELETE FROM dealt", error);
}

bool ota_store_note(struct ota_store *store, const char *name,
                    const char *value, struct ota_error *error)
{
    sqlite3_stmt *statement = ota_store_statement(store, OTA_STORE_NOTE, error);

    if (!statement)
        return false;
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, value, -1, SQLITE_STATIC);
    return ota_store_step(store, statement, error);
}

bool ota_store_noted(struct ota_store *store, const char *name, char **value,
                     struct ota_error *error)
{
    sqlite3_stmt *statement =
        ota_store_statement(store, OTA_STORE_NOTED, error);

    *value = NULL;
    if (!statement)
        return false;
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    const int status = sqlite3_step(statement);
    bool good = ota_store_check(store->path, store->db, status, error);
    if (status == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        const size_t size = text ? strlen(text) + 1 : 0;
        *value = size > 0 ? malloc(size) : NULL;
        if (*value)
            memcpy(*value, text, size);
        else
            good = ota_fail(error, OTA_NO_MEMORY);
    }
    sqlite3_reset(statement);
    return good;
}

/* --- what there is --- */

/* The first column of the first row. */
static bool ask_number(struct ota_store *store, const char *sql, int64_t value,
                       int64_t *number, struct ota_error *error)
{
    sqlite3_stmt *statement;
    int status = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

    if (status == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, value);
        status = sqlite3_step(statement);
    }
    const bool good = ota_store_check(store->path, store->db, status, error);
    *number = status == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return good;
}

bool ota_store_count(struct ota_store *store, int64_t *units,
                     struct ota_error *error)
{
    return ask_number(store,
                      "SELECT count(*) FROM (SELECT scenario, seed, "
                      "replication FROM unit WHERE ?1 = 0 UNION SELECT "
                      "scenario, seed, replication FROM blob)",
                      0, units, error);
}

bool ota_store_knows(struct ota_store *store, const char *scenario, bool *knows,
                     struct ota_error *error)
{
    int64_t id, any = 0;

    if (!ota_store_scenario_id(store, scenario, false, &id, error))
        return false;
    const bool good =
        id == 0 || ask_number(store,
                              "SELECT EXISTS (SELECT 1 FROM unit WHERE "
                              "scenario = ?1) OR EXISTS (SELECT 1 FROM blob "
                              "WHERE scenario = ?1)",
                              id, &any, error);
    *knows = any != 0;
    return good;
}
