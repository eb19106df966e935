/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.h - values of replications on disk, so that nothing is done twice: a
 * study that was interrupted goes on, a larger one computes what is new, parts
 * of one that were done elsewhere come together.
 *
 * An SQLite database. A unit goes by its scenario (as text, with every default
 * filled in, without seed and replications), seed and number of replication. It
 * survives the end of the process at any moment.
 *
 *     CREATE TABLE otasim (name TEXT PRIMARY KEY, value)    what wrote it
 *     CREATE TABLE scenario (id INTEGER PRIMARY KEY, json TEXT)
 *     CREATE TABLE measure (id INTEGER PRIMARY KEY, name TEXT)
 *     CREATE TABLE unit (scenario, seed, replication, measure, value)
 *     CREATE TABLE blob (scenario, seed, replication, results)
 *     CREATE TABLE dealt (scenario, seed, replication, rank)  not back yet
 */
#ifndef OTA_STORE_H
#define OTA_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/error.h"

struct ota_store;

struct ota_store_unit {
    const char *scenario; /* JSON */
    uint64_t seed;
    int64_t replication;
};

/* Opens the store at path, made if it is not there; NULL: one that is nowhere
 * and goes with its closing. version is otasim's; that it was made of the same
 * sources is seen to as well. Returns NULL with *error set;
 * a store that another process has open, or another version wrote, or a file
 * that is something else, is an error that says so, and is left alone. */
struct ota_store *ota_store_open(const char *path, const char *version,
                                 struct ota_error *error);

/* How many replications are in it, and whether values of a scenario are. */
bool ota_store_count(struct ota_store *store, int64_t *units,
                     struct ota_error *error);
bool ota_store_knows(struct ota_store *store, const char *scenario, bool *knows,
                     struct ota_error *error);

/* Takes in what the store, part or results.sqlite at path has. */
bool ota_store_absorb(struct ota_store *store, const char *path,
                      struct ota_error *error);

/* Puts the values of measures into values; *found: all of them were there. */
bool ota_store_find(struct ota_store *store, const struct ota_store_unit *unit,
                    const char *const *measures, size_t count, double *values,
                    bool *found, struct ota_error *error);

bool ota_store_put(struct ota_store *store, const struct ota_store_unit *unit,
                   const char *const *measures, size_t count,
                   const double *values, struct ota_error *error);

/* The same of a replication's packed results; *bytes is the caller's, NULL:
 * not there. */
bool ota_store_find_blob(struct ota_store *store,
                         const struct ota_store_unit *unit, void **bytes,
                         size_t *size, struct ota_error *error);
bool ota_store_put_blob(struct ota_store *store,
                        const struct ota_store_unit *unit, const void *bytes,
                        size_t size, struct ota_error *error);

/* Takes the values of all replications before the unit's out of the store. */
bool ota_store_drop(struct ota_store *store, const struct ota_store_unit *unit,
                    struct ota_error *error);

/* Notes that a rank has begun a unit; put takes the note back. */
bool ota_store_deal(struct ota_store *store, const struct ota_store_unit *unit,
                    int rank, struct ota_error *error);

/* Units that were dealt to a rank and never came back, of an earlier run; the
 * notes are removed. lost is called by rank, in order. */
bool ota_store_lost(struct ota_store *store,
                    void (*lost)(void *context, int rank, int64_t units),
                    void *context, struct ota_error *error);

/* A word about the study: how it was called, which part it is. The caller
 * frees what it gets; NULL: there is none. */
bool ota_store_note(struct ota_store *store, const char *name,
                    const char *value, struct ota_error *error);
bool ota_store_noted(struct ota_store *store, const char *name, char **value,
                     struct ota_error *error);

/* Leaves a single file. What was put is on disk. */
void ota_store_close(struct ota_store *store);

/* Removes the store at path if there is one, whichever version wrote it, and
 * if it is damaged. Returns false with *error set if it is in use, or is
 * something else. */
bool ota_store_discard(const char *path, struct ota_error *error);

/* A note of the store at path, which is only read; as ota_store_noted(). */
bool ota_store_read_note(const char *path, const char *version,
                         const char *name, char **value,
                         struct ota_error *error);

/* Removes the store at path, which nobody has open, and what SQLite keeps
 * beside it. */
void ota_store_remove(const char *path);

struct ota_study;
struct sqlite3;

/*
 * Writes the values of a study into a database that is being made, in the
 * caller's transaction, as tables that ota_store_absorb() takes: otasim,
 * scenario, measure, unit. What is written, and its order, depends on nothing
 * but the study's points and values.
 */
bool ota_store_write(struct sqlite3 *db, const struct ota_study *study,
                     const char *version, struct ota_error *error);

#endif
