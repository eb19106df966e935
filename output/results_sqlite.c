/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * results_sqlite.c - all numbers of a run as a database of SQLite, for
 * questions that a table of devices alone does not answer.
 *
 * One transaction without a journal: the file is in a folder that is not the
 * results yet, and goes with it if something fails. Rows come in the order of
 * their keys, so that pages are filled one after another, and unused bytes of a
 * page are zero: the same numbers give the same bytes, with the same version of
 * SQLite, which writes its number into the file.
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "output/cells.h"
#include "output/files.h"
#include "output/writers.h"
#include "sim/base/clock.h"

enum { BATCH = 512 }; /* devices read at once */

static const char setup[] = "PRAGMA page_size = 16384;"
                            "PRAGMA cache_size = 64;"
                            "PRAGMA journal_mode = OFF;"
                            "PRAGMA synchronous = OFF;"
                            "PRAGMA locking_mode = EXCLUSIVE;"
                            "PRAGMA secure_delete = ON;"
                            "BEGIN;";

/* The fleet is the group of id 0. */
static const char tables[] =
    "CREATE TABLE run (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE groups (id INTEGER PRIMARY KEY, name TEXT, devices INTEGER);"
    "CREATE TABLE outcomes (group_id INTEGER, outcome TEXT, mean REAL, lo REAL,"
    " hi REAL, PRIMARY KEY (group_id, outcome)) WITHOUT ROWID;"
    "CREATE TABLE kpi (group_id INTEGER, name TEXT, unit TEXT, mean REAL,"
    " lo REAL, hi REAL, reached INTEGER, PRIMARY KEY (group_id, name))"
    " WITHOUT ROWID;"
    "CREATE TABLE timeline (time_s REAL, state TEXT, share REAL, lo REAL,"
    " hi REAL, PRIMARY KEY (time_s, state)) WITHOUT ROWID;";

/* What is being written; once something failed, nothing more is. */
struct database {
    sqlite3 *db;
    sqlite3_stmt *row;
    int column; /* of the row, that was bound last */
    bool ok;
    const char *path;
    struct ota_error *error;
};

static void check(struct database *base, int status)
{
    if (!base->ok || status == SQLITE_OK || status == SQLITE_DONE ||
        status == SQLITE_ROW)
        return;
    base->ok = ota_fail(base->error, "cannot write %s: %s", base->path,
                        status == SQLITE_NOMEM ? OTA_NO_MEMORY
                                               : sqlite3_errmsg(base->db));
}

static void run(struct database *base, const char *sql)
{
    if (base->ok)
        check(base, sqlite3_exec(base->db, sql, NULL, NULL, NULL));
}

/* From here to close_rows(), rows go into that table of so many columns. */
static void open_rows(struct database *base, const char *table, int columns)
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

static void close_rows(struct database *base)
{
    sqlite3_finalize(base->row);
    base->row = NULL;
}

static void bind_text(struct database *base, const char *text)
{
    if (base->ok)
        check(base, sqlite3_bind_text(base->row, ++base->column, text, -1,
                                      SQLITE_STATIC));
}

static void bind_integer(struct database *base, int64_t value)
{
    if (base->ok)
        check(base, sqlite3_bind_int64(base->row, ++base->column, value));
}

/* NaN is NULL. */
static void bind_real(struct database *base, double value)
{
    if (base->ok)
        check(base, sqlite3_bind_double(base->row, ++base->column, value));
}

static void bind_interval(struct database *base,
                          const struct ota_estimate *estimate)
{
    bind_real(base, estimate->mean);
    bind_real(base, estimate->lo);
    bind_real(base, estimate->hi);
}

static void add_row(struct database *base)
{
    base->column = 0;
    if (!base->ok)
        return;
    check(base, sqlite3_step(base->row));
    check(base, sqlite3_reset(base->row));
}

/* --- what made the numbers --- */

static void add_word(struct database *base, const char *name, const char *value)
{
    bind_text(base, name);
    bind_text(base, value ? value : "");
    add_row(base);
}

static void add_number(struct database *base, const char *name, double value)
{
    bind_text(base, name);
    bind_real(base, value);
    add_row(base);
}

static void add_run(struct database *base, const struct ota_report *report)
{
    char seed[24];

    /* As text: more than an integer of SQLite holds. */
    snprintf(seed, sizeof(seed), "%llu", (unsigned long long)report->seed);
    open_rows(base, "run", 2);
    add_number(base, "confidence", report->summary->confidence);
    add_number(base, "horizon_s", ota_s_from_us(report->horizon_us));
    add_word(base, "input", report->scenario_json);
    add_word(base, "otasim", report->version);
    add_word(base, "policy", report->policy_name);
    add_number(base, "release_s", ota_s_from_us(report->release_us));
    bind_text(base, "replications");
    bind_integer(base, report->summary->replications);
    add_row(base);
    add_word(base, "scenario", report->scenario_name);
    add_word(base, "seed", seed);
    add_word(base, "title", report->scenario_title);
    close_rows(base);
}

/* --- the summary --- */

static void add_groups(struct database *base, const struct ota_summary *summary)
{
    open_rows(base, "groups", 3);
    for (size_t g = 0; g <= summary->group_count; g++) {
        bind_integer(base, (int64_t)g);
        bind_text(base, summary->groups[g].name);
        bind_integer(base, summary->groups[g].devices);
        add_row(base);
    }
    close_rows(base);
}

static void add_outcomes(struct database *base,
                         const struct ota_summary *summary)
{
    open_rows(base, "outcomes", 5);
    for (size_t g = 0; g <= summary->group_count; g++)
        for (int o = 0; o < OTA_OUTCOMES; o++) {
            bind_integer(base, (int64_t)g);
            bind_text(base, ota_outcome_names[o]);
            bind_interval(base, &summary->groups[g].outcomes[o]);
            add_row(base);
        }
    close_rows(base);
}

/* As summary.json: a time that some replications never reached is NULL. */
static void add_kpis(struct database *base, const struct ota_summary *summary)
{
    open_rows(base, "kpi", 7);
    for (size_t g = 0; g <= summary->group_count; g++)
        for (int k = 0; k < OTA_KPIS; k++) {
            const struct ota_estimate *estimate = &summary->groups[g].kpi[k];
            bind_integer(base, (int64_t)g);
            bind_text(base, ota_kpis[k].name);
            bind_text(base, ota_kpis[k].unit);
            if (ota_kpis[k].of == OTA_KPI_OF_REACHED &&
                estimate->values < estimate->of)
                base->column += 3; /* what is not bound is NULL */
            else
                bind_interval(base, estimate);
            bind_integer(base, estimate->values);
            add_row(base);
            if (base->ok)
                check(base, sqlite3_clear_bindings(base->row));
        }
    close_rows(base);
}

static void add_timeline(struct database *base, const struct ota_report *report)
{
    const struct ota_summary *summary = report->summary;
    const size_t instants = ota_report_instants(report);

    open_rows(base, "timeline", 5);
    for (size_t i = 0; i < instants; i++)
        for (int s = 0; s < OTA_STATES; s++) {
            bind_real(base, ota_s_from_us((int64_t)i * summary->step_us));
            bind_text(base, ota_state_names[s]);
            bind_interval(base, &summary->timeline[i * OTA_STATES + (size_t)s]);
            add_row(base);
        }
    close_rows(base);
}

/* --- devices --- */

static void make_devices(struct database *base)
{
    char sql[64 * OTA_CELLS];
    int length = snprintf(sql, sizeof(sql),
                          "CREATE TABLE devices (device INTEGER PRIMARY KEY,"
                          " group_id INTEGER, outcome TEXT");

    for (int c = 0; c < OTA_CELLS; c++)
        length += snprintf(sql + length, sizeof(sql) - (size_t)length,
                           ", %s %s", ota_cells[c].name,
                           ota_cells[c].places ? "REAL" : "INTEGER");
    snprintf(sql + length, sizeof(sql) - (size_t)length, ");");
    run(base, sql);
}

static void add_device(struct database *base, size_t number, size_t group,
                       const struct ota_device_record *device)
{
    int64_t cells[OTA_CELLS];

    ota_cells_of(device, cells);
    bind_integer(base, (int64_t)number);
    bind_integer(base, (int64_t)group);
    bind_text(base, ota_outcome_names[device->outcome]);
    for (int c = 0; c < OTA_CELLS; c++) {
        if (ota_cells[c].places == 0)
            bind_integer(base, cells[c]);
        else
            bind_real(base,
                      cells[c] == OTA_NEVER ? NAN : (double)cells[c] / 1e6);
    }
    add_row(base);
}

static void add_devices(struct database *base, const struct ota_report *report,
                        const struct ota_output_options *options,
                        struct ota_device_record *records)
{
    const struct ota_summary *summary = report->summary;
    size_t first = 0;
    size_t end = 0;

    make_devices(base);
    open_rows(base, "devices", 3 + OTA_CELLS);
    for (size_t g = 1; g <= summary->group_count; g++) {
        end += (size_t)summary->groups[g].devices;
        while (base->ok && first < end) {
            const size_t count = end - first < BATCH ? end - first : BATCH;
            base->ok = ota_folder_goes_on(options, base->error) &&
                       ota_spill_read(report->devices, first, count, records,
                                      base->error);
            for (size_t i = 0; base->ok && i < count; i++)
                add_device(base, first + i, g, &records[i]);
            first += count;
        }
    }
    close_rows(base);
}

static void write_tables(struct database *base, const struct ota_report *report,
                         const struct ota_output_options *options)
{
    struct ota_device_record *records = malloc(BATCH * sizeof(*records));
    if (!records) {
        base->ok = ota_fail(base->error, OTA_NO_MEMORY);
        return;
    }
    run(base, setup);
    run(base, tables);
    add_run(base, report);
    add_groups(base, report->summary);
    add_outcomes(base, report->summary);
    add_kpis(base, report->summary);
    add_timeline(base, report);
    add_devices(base, report, options, records);
    run(base, "COMMIT;");
    free(records);
}

static bool write_sqlite(const void *of, const char *folder,
                         const struct ota_output_options *options,
                         struct ota_error *error)
{
    const struct ota_report *report = of;
    char *path = ota_files_join(folder, "/", ota_writer_sqlite.name, error);
    if (!path)
        return false;

    struct database base = {.ok = true, .path = path, .error = error};
    check(&base, sqlite3_open_v2(path, &base.db,
                                 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                                     SQLITE_OPEN_NOMUTEX,
                                 NULL));
    if (base.ok)
        write_tables(&base, report, options);
    check(&base, sqlite3_close(base.db));
    free(path);
    return base.ok;
}

const struct ota_folder_file ota_writer_sqlite = {
    .name = "results.sqlite",
    .summary = "devices, timeline and summary as a database",
    .write = write_sqlite,
};
