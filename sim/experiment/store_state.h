/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_state.h - what a store consists of, for the files that it is made of.
 */
#ifndef OTA_STORE_STATE_H
#define OTA_STORE_STATE_H

#include <sqlite3.h>

#include "sim/experiment/store.h"

/* A scenario goes by a hash of its text. */
struct ota_store_scenario {
    uint64_t hash;
    int64_t id;
};

struct ota_store_measure {
    char *name;
    double value; /* of the replication that is being read, */
    bool there;   /* if it has one */
};

enum ota_store_statement {
    OTA_STORE_FIND,
    OTA_STORE_PUT,
    OTA_STORE_DROP,
    OTA_STORE_FIND_BLOB,
    OTA_STORE_PUT_BLOB,
    OTA_STORE_DEAL,
    OTA_STORE_RETURN, /* takes the note of dealing back */
    OTA_STORE_JSON,
    OTA_STORE_ADD_SCENARIO,
    OTA_STORE_ADD_MEASURE,
    OTA_STORE_NOTE,
    OTA_STORE_NOTED,
    OTA_STORE_STATEMENTS,
};

struct ota_store {
    sqlite3 *db;
    const char *path; /* for messages */
    char *version;
    sqlite3_stmt *statements[OTA_STORE_STATEMENTS]; /* made when needed */

    struct ota_store_scenario *scenarios;
    size_t scenario_count, scenario_room;
    char *last; /* the text of the scenario that was asked for last, */
    int64_t last_id;

    struct ota_store_measure *measures; /* [id - 1] */
    size_t measure_count, measure_room;
    size_t measure_next; /* is tried first */
};

/* The tables of values and of who wrote them, of stores and results alike. */
extern const char ota_store_tables[], ota_store_otasim[];

/* Notes what went wrong and returns false, unless all is well. */
bool ota_store_check(const char *path, sqlite3 *db, int status,
                     struct ota_error *error);

/* Runs statements that give no rows. */
bool ota_store_run(struct ota_store *store, const char *sql,
                   struct ota_error *error);

/* What is to be asked, reset and without values; NULL with *error set. */
sqlite3_stmt *ota_store_statement(struct ota_store *store,
                                  enum ota_store_statement which,
                                  struct ota_error *error);

/* Commits the transaction that was begun, or takes it back. */
bool ota_store_end(struct ota_store *store, bool good, struct ota_error *error);

/* Runs one that gives no rows. */
bool ota_store_step(struct ota_store *store, sqlite3_stmt *statement,
                    struct ota_error *error);

/* The id of a scenario or measure; 0: it has none, and is not to get one. */
bool ota_store_scenario_id(struct ota_store *store, const char *json, bool add,
                           int64_t *id, struct ota_error *error);
bool ota_store_measure_id(struct ota_store *store, const char *name, bool add,
                          int64_t *id, struct ota_error *error);

/* Reads the ids from the database, forgetting what was known. */
bool ota_store_load(struct ota_store *store, struct ota_error *error);

/* What a store notes of who wrote it: "0.1.0 (sources 123)". */
enum { OTA_STORE_VERSION_SIZE = 96 };
void ota_store_version(const char *version, char *text, size_t size);

/* Forgets what is known of ids. */
void ota_store_forget(struct ota_store *store);

/* Whether the database at path was written by this version, of the same
 * sources. */
bool ota_store_check_version(const char *path, sqlite3 *db, const char *version,
                             struct ota_error *error);

#endif
