/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_ids.c - numbers for the texts of a store: scenarios and measures.
 *
 * They are kept in memory while the store is open, scenarios as hashes. Mostly
 * the one that is asked for is the one that was asked for last.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/base/grow.h"
#include "sim/base/text.h"
#include "sim/experiment/store_state.h"

static bool know_scenario(struct ota_store *store, const char *json, int64_t id,
                          struct ota_error *error)
{
    void *scenarios =
        ota_grow(store->scenarios, store->scenario_count, &store->scenario_room,
                 16, sizeof(*store->scenarios));
    if (!scenarios)
        return ota_fail(error, OTA_NO_MEMORY);
    store->scenarios = scenarios;
    store->scenarios[store->scenario_count++] =
        (struct ota_store_scenario){ota_text_hash(json), id};
    return true;
}

static bool know_measure(struct ota_store *store, const char *name,
                         struct ota_error *error)
{
    void *measures =
        ota_grow(store->measures, store->measure_count, &store->measure_room,
                 64, sizeof(*store->measures));
    if (!measures)
        return ota_fail(error, OTA_NO_MEMORY);
    store->measures = measures;
    char *copy = strdup(name);
    if (!copy)
        return ota_fail(error, OTA_NO_MEMORY);
    store->measures[store->measure_count++] =
        (struct ota_store_measure){.name = copy};
    return true;
}

static bool add_row(struct ota_store *store, enum ota_store_statement which,
                    int64_t id, const char *text, struct ota_error *error)
{
    sqlite3_stmt *statement = ota_store_statement(store, which, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, id);
    const int status = sqlite3_bind_text(statement, 2, text, -1, SQLITE_STATIC);
    const bool good = ota_store_check(store->path, store->db, status, error) &&
                      ota_store_step(store, statement, error);
    sqlite3_clear_bindings(statement);
    return good;
}

/* Whether the scenario of that id has that text. */
static bool is_text(struct ota_store *store, int64_t id, const char *json,
                    bool *same, struct ota_error *error)
{
    sqlite3_stmt *statement = ota_store_statement(store, OTA_STORE_JSON, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, id);
    const int status = sqlite3_step(statement);
    const bool good = ota_store_check(store->path, store->db, status, error);
    const char *text = status == SQLITE_ROW
                           ? (const char *)sqlite3_column_text(statement, 0)
                           : NULL;
    *same = text && strcmp(text, json) == 0;
    sqlite3_reset(statement);
    return good;
}

/* The id of a text that is not the last one. */
static bool seek_scenario(struct ota_store *store, const char *json,
                          int64_t *id, struct ota_error *error)
{
    const uint64_t hash = ota_text_hash(json);
    bool same = false;

    *id = 0;
    for (size_t s = 0; s < store->scenario_count && !same; s++) {
        if (store->scenarios[s].hash != hash)
            continue;
        *id = store->scenarios[s].id;
        if (!is_text(store, *id, json, &same, error))
            return false;
    }
    if (!same)
        *id = 0;
    return true;
}

bool ota_store_scenario_id(struct ota_store *store, const char *json, bool add,
                           int64_t *id, struct ota_error *error)
{
    if (store->last && strcmp(store->last, json) == 0) {
        *id = store->last_id;
        return true;
    }
    if (!seek_scenario(store, json, id, error))
        return false;
    if (*id == 0 && !add)
        return true;
    if (*id == 0) {
        *id = (int64_t)store->scenario_count + 1;
        if (!add_row(store, OTA_STORE_ADD_SCENARIO, *id, json, error) ||
            !know_scenario(store, json, *id, error))
            return false;
    }
    free(store->last);
    store->last = strdup(json); /* without memory it is sought again */
    store->last_id = *id;
    return true;
}

/* Measures come in the same order mostly: the one behind the last is tried
 * first. */
bool ota_store_measure_id(struct ota_store *store, const char *name, bool add,
                          int64_t *id, struct ota_error *error)
{
    for (size_t tried = 0; tried < store->measure_count; tried++) {
        store->measure_next %= store->measure_count;
        const size_t m = store->measure_next++;
        if (strcmp(store->measures[m].name, name) == 0) {
            *id = (int64_t)m + 1;
            return true;
        }
    }
    *id = 0;
    if (!add)
        return true;
    *id = (int64_t)store->measure_count + 1;
    return add_row(store, OTA_STORE_ADD_MEASURE, *id, name, error) &&
           know_measure(store, name, error);
}

void ota_store_forget(struct ota_store *store)
{
    for (size_t m = 0; m < store->measure_count; m++)
        free(store->measures[m].name);
    store->measure_count = 0;
    store->scenario_count = 0;
    free(store->last);
    store->last = NULL;
}

/* Reads id and text of each row; ids are 1, 2, ... */
static bool load_table(struct ota_store *store, const char *sql, bool measures,
                       struct ota_error *error)
{
    sqlite3_stmt *statement;
    int status = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    bool good = ota_store_check(store->path, store->db, status, error);
    int64_t next = 1;

    while (good && (status = sqlite3_step(statement)) == SQLITE_ROW) {
        const int64_t id = sqlite3_column_int64(statement, 0);
        const char *text = (const char *)sqlite3_column_text(statement, 1);
        if (!text || id != next++)
            good =
                ota_store_check(store->path, store->db, SQLITE_CORRUPT, error);
        else
            good = measures ? know_measure(store, text, error)
                            : know_scenario(store, text, id, error);
    }
    good = good && ota_store_check(store->path, store->db, status, error);
    sqlite3_finalize(statement);
    return good;
}

bool ota_store_load(struct ota_store *store, struct ota_error *error)
{
    ota_store_forget(store);
    return load_table(store, "SELECT id, json FROM scenario ORDER BY id", false,
                      error) &&
           load_table(store, "SELECT id, name FROM measure ORDER BY id", true,
                      error);
}
