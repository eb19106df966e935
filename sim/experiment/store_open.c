/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_open.c - the file of a store.
 *
 * The store is locked from its opening to its closing, so that no two processes
 * work at one study. With that lock the log of SQLite needs no memory in common
 * with others, which file systems of clusters do not have.
 *
 * Before anything is changed, it is looked whether the file is a store: what is
 * somebody else's is left as it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/experiment/store_state.h"
#include "sim/scenario/scenario.h"

enum { WAIT_MS = 1000 }; /* for another process that is about to end */

const char ota_store_tables[] =
    "CREATE TABLE scenario (id INTEGER PRIMARY KEY, json TEXT);"
    "CREATE TABLE measure (id INTEGER PRIMARY KEY, name TEXT);"
    "CREATE TABLE unit (scenario INTEGER, seed INTEGER, replication INTEGER,"
    " measure INTEGER, value REAL,"
    " PRIMARY KEY (scenario, seed, replication, measure)) WITHOUT ROWID;";

const char ota_store_otasim[] =
    "CREATE TABLE otasim (name TEXT PRIMARY KEY, value) WITHOUT ROWID;";

static const char own_tables[] =
    "CREATE TABLE blob (scenario INTEGER, seed INTEGER, replication INTEGER,"
    " results BLOB, PRIMARY KEY (scenario, seed, replication));"
    "CREATE TABLE dealt (scenario INTEGER, seed INTEGER, replication INTEGER,"
    " rank INTEGER, PRIMARY KEY (scenario, seed, replication)) WITHOUT ROWID;";

static const char *const statements[OTA_STORE_STATEMENTS] = {
    [OTA_STORE_FIND] = "SELECT measure, value FROM unit WHERE scenario = ?1 "
                       "AND seed = ?2 AND replication = ?3",
    [OTA_STORE_PUT] = "INSERT OR REPLACE INTO unit VALUES (?1,?2,?3,?4,?5)",
    [OTA_STORE_DROP] = "DELETE FROM unit WHERE scenario = ?1 "
                       "AND seed = ?2 AND replication < ?3",
    [OTA_STORE_FIND_BLOB] = "SELECT results FROM blob WHERE scenario = ?1 "
                            "AND seed = ?2 AND replication = ?3",
    [OTA_STORE_PUT_BLOB] = "INSERT OR REPLACE INTO blob VALUES (?1,?2,?3,?4)",
    [OTA_STORE_DEAL] = "INSERT OR REPLACE INTO dealt VALUES (?1,?2,?3,?4)",
    [OTA_STORE_RETURN] = "DELETE FROM dealt WHERE scenario = ?1 "
                         "AND seed = ?2 AND replication = ?3",
    [OTA_STORE_JSON] = "SELECT json FROM scenario WHERE id = ?1",
    [OTA_STORE_ADD_SCENARIO] = "INSERT INTO scenario VALUES (?1,?2)",
    [OTA_STORE_ADD_MEASURE] = "INSERT INTO measure VALUES (?1,?2)",
    [OTA_STORE_NOTE] = "INSERT OR REPLACE INTO otasim VALUES (?1,?2)",
    [OTA_STORE_NOTED] = "SELECT value FROM otasim WHERE name = ?1",
};

bool ota_store_check(const char *path, sqlite3 *db, int status,
                     struct ota_error *error)
{
    switch (status & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return true;
    case SQLITE_NOMEM:
        return ota_fail(error, OTA_NO_MEMORY);
    case SQLITE_BUSY:
        return ota_fail(error,
                        "%s is in use by another otasim; wait for its end, or "
                        "write elsewhere",
                        path);
    case SQLITE_NOTADB:
        return ota_fail(error, "%s is no store of otasim", path);
    case SQLITE_CORRUPT:
        return ota_fail(error, "%s is damaged; --fresh begins anew", path);
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        if (sqlite3_system_errno(db) != 0)
            return ota_fail(error, "%s: %s", path,
                            strerror(sqlite3_system_errno(db)));
        return ota_fail(error, "%s: %s", path, sqlite3_errmsg(db));
    default:
        return ota_fail(error, "%s: %s", path, sqlite3_errmsg(db));
    }
}

bool ota_store_run(struct ota_store *store, const char *sql,
                   struct ota_error *error)
{
    return ota_store_check(store->path, store->db,
                           sqlite3_exec(store->db, sql, NULL, NULL, NULL),
                           error);
}

sqlite3_stmt *ota_store_statement(struct ota_store *store,
                                  enum ota_store_statement which,
                                  struct ota_error *error)
{
    sqlite3_stmt **statement = &store->statements[which];

    if (*statement)
        sqlite3_reset(*statement);
    else if (!ota_store_check(store->path, store->db,
                              sqlite3_prepare_v2(store->db, statements[which],
                                                 -1, statement, NULL),
                              error))
        return NULL;
    return *statement;
}

bool ota_store_end(struct ota_store *store, bool good, struct ota_error *error)
{
    struct ota_error more = {.failed = false};

    if (good && ota_store_run(store, "COMMIT", error))
        return true;
    (void)ota_store_run(store, "ROLLBACK", &more);
    (void)ota_store_load(store, &more); /* ids may be gone */
    return false;
}

bool ota_store_step(struct ota_store *store, sqlite3_stmt *statement,
                    struct ota_error *error)
{
    const int status = sqlite3_step(statement);
    const bool good = ota_store_check(store->path, store->db, status, error);

    sqlite3_reset(statement);
    return good;
}

/* --- files --- */

void ota_store_version(const char *version, char *text, size_t size)
{
    snprintf(text, size, "%s (sources %s)", version, ota_scenario_sources());
}

bool ota_store_check_version(const char *path, sqlite3 *db, const char *version,
                             struct ota_error *error)
{
    static const char sql[] = "SELECT value FROM otasim WHERE name = 'version'";
    char own[OTA_STORE_VERSION_SIZE];
    sqlite3_stmt *statement;
    int status = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

    ota_store_version(version, own, sizeof(own));
    if (status == SQLITE_ERROR) /* there is no such table */
        return ota_store_check(path, db, SQLITE_NOTADB, error);
    if (status == SQLITE_OK)
        status = sqlite3_step(statement);
    bool good = ota_store_check(path, db, status, error);
    const char *found = status == SQLITE_ROW
                            ? (const char *)sqlite3_column_text(statement, 0)
                            : NULL;
    if (good && !found)
        good = ota_store_check(path, db, SQLITE_NOTADB, error);
    else if (good && strcmp(found, own) != 0)
        good =
            ota_fail(error,
                     "%s was written by otasim %s, and this is %s, which may "
                     "find other values; --fresh begins anew",
                     path, found, own);
    sqlite3_finalize(statement);
    return good;
}

static bool is_empty(struct ota_store *store, bool *empty,
                     struct ota_error *error)
{
    sqlite3_stmt *statement;
    int status = sqlite3_prepare_v2(
        store->db, "SELECT count(*) FROM sqlite_master", -1, &statement, NULL);

    if (status == SQLITE_OK)
        status = sqlite3_step(statement);
    *empty = status == SQLITE_ROW && sqlite3_column_int64(statement, 0) == 0;
    const bool good = ota_store_check(store->path, store->db, status, error);
    sqlite3_finalize(statement);
    return good;
}

/* What a process left that died is whole; what a disk did to it may show. */
static bool check_whole(struct ota_store *store, struct ota_error *error)
{
    sqlite3_stmt *statement;
    int status = sqlite3_prepare_v2(store->db, "PRAGMA quick_check(1)", -1,
                                    &statement, NULL);

    if (status == SQLITE_OK)
        status = sqlite3_step(statement);
    if (status == SQLITE_ROW &&
        strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0)
        status = SQLITE_CORRUPT;
    const bool good = ota_store_check(store->path, store->db, status, error);
    sqlite3_finalize(statement);
    return good;
}

static bool make_tables(struct ota_store *store, struct ota_error *error)
{
    char version[OTA_STORE_VERSION_SIZE];

    ota_store_version(store->version, version, sizeof(version));
    if (!ota_store_run(store, "BEGIN EXCLUSIVE", error) ||
        !ota_store_run(store, ota_store_otasim, error) ||
        !ota_store_run(store, own_tables, error) ||
        !ota_store_run(store, ota_store_tables, error))
        return false;
    return ota_store_note(store, "version", version, error) &&
           ota_store_run(store, "COMMIT", error);
}

/* Makes the store of what was opened, or finds it. */
static bool set_up(struct ota_store *store, struct ota_error *error)
{
    bool empty;

    if (!ota_store_run(store, "PRAGMA locking_mode = EXCLUSIVE", error) ||
        !is_empty(store, &empty, error))
        return false;
    if (!empty && (!ota_store_check_version(store->path, store->db,
                                            store->version, error) ||
                   !check_whole(store, error)))
        return false;
    return ota_store_run(store,
                         "PRAGMA journal_mode = WAL;"
                         "PRAGMA synchronous = NORMAL;",
                         error) &&
           (empty ? make_tables(store, error)
                  : ota_store_run(store, "BEGIN EXCLUSIVE; COMMIT", error)) &&
           ota_store_load(store, error);
}

static void release(struct ota_store *store)
{
    for (int s = 0; s < OTA_STORE_STATEMENTS; s++)
        sqlite3_finalize(store->statements[s]);
    sqlite3_close(store->db);
    ota_store_forget(store);
    free(store->scenarios);
    free(store->measures);
    free(store->version);
    free((void *)store->path);
    free(store);
}

struct ota_store *ota_store_open(const char *path, const char *version,
                                 struct ota_error *error)
{
    struct ota_store *store = calloc(1, sizeof(*store));
    if (!store) {
        ota_fail(error, OTA_NO_MEMORY);
        return NULL;
    }
    store->path = strdup(path ? path : "a temporary file");
    store->version = strdup(version);
    if (!store->path || !store->version) {
        ota_fail(error, OTA_NO_MEMORY);
    } else {
        const int status =
            sqlite3_open_v2(path ? path : "", &store->db,
                            SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
        if (ota_store_check(store->path, store->db, status, error)) {
            sqlite3_busy_timeout(store->db, WAIT_MS);
            if (set_up(store, error))
                return store;
        }
    }
    release(store);
    return NULL;
}

void ota_store_close(struct ota_store *store)
{
    struct ota_error error = {.failed = false};

    if (!store)
        return;
    for (int s = 0; s < OTA_STORE_STATEMENTS; s++)
        sqlite3_reset(store->statements[s]);
    (void)ota_store_run(store, "PRAGMA journal_mode = DELETE", &error);
    release(store);
}

/* Whether it is a store, maybe damaged, that nobody has open. */
static bool may_discard(const char *path, sqlite3 *db, struct ota_error *error)
{
    int status = sqlite3_exec(db,
                              "PRAGMA locking_mode = EXCLUSIVE;"
                              "BEGIN EXCLUSIVE; COMMIT",
                              NULL, NULL, NULL);

    if (status == SQLITE_OK)
        status = sqlite3_exec(db, "SELECT value FROM otasim", NULL, NULL, NULL);
    if (status == SQLITE_ERROR) /* there is no such table */
        status = SQLITE_NOTADB;
    return (status & 0xff) == SQLITE_CORRUPT ||
           ota_store_check(path, db, status, error);
}

bool ota_store_discard(const char *path, struct ota_error *error)
{
    sqlite3 *db = NULL;

    if (access(path, F_OK) == 0) {
        const int status =
            sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
        const bool may = ota_store_check(path, db, status, error) &&
                         may_discard(path, db, error);
        sqlite3_close(db);
        if (!may)
            return false;
    }
    ota_store_remove(path);
    return true;
}

bool ota_store_read_note(const char *path, const char *version,
                         const char *name, char **value,
                         struct ota_error *error)
{
    struct ota_store reader = {.path = path};
    const int status =
        sqlite3_open_v2(path, &reader.db, SQLITE_OPEN_READONLY, NULL);

    *value = NULL;
    const bool good =
        ota_store_check(path, reader.db, status, error) &&
        ota_store_check_version(path, reader.db, version, error) &&
        ota_store_noted(&reader, name, value, error);
    sqlite3_finalize(reader.statements[OTA_STORE_NOTED]);
    sqlite3_close(reader.db);
    return good;
}

void ota_store_remove(const char *path)
{
    static const char *const endings[] = {"-wal", "-shm", "-journal", ""};
    const size_t size = strlen(path) + sizeof("-journal");
    char *name = malloc(size);

    for (size_t e = 0; name && e < sizeof(endings) / sizeof(endings[0]); e++) {
        snprintf(name, size, "%s%s", path, endings[e]);
        (void)remove(name);
    }
    free(name);
}
