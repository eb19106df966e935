/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * results_sqlite.c - all numbers of a run as a database of SQLite, for
 * questions that a table of devices alone does not answer.
 */
#include <math.h>
#include <stdlib.h>

#include "output/cells.h"
#include "output/database.h"
#include "output/files.h"
#include "output/writers.h"
#include "sim/base/clock.h"

enum { BATCH = 512 }; /* devices read at once */

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

/* --- what made the numbers --- */

static void add_number(struct ota_database *base, const char *name,
                       double value)
{
    ota_database_text(base, name);
    ota_database_real(base, value);
    ota_database_add(base);
}

static void add_run(struct ota_database *base, const struct ota_report *report)
{
    char seed[24];

    /* As text: more than an integer of SQLite holds. */
    snprintf(seed, sizeof(seed), "%llu", (unsigned long long)report->seed);
    ota_database_open_rows(base, "run", 2);
    add_number(base, "confidence", report->summary->confidence);
    add_number(base, "horizon_s", ota_s_from_us(report->horizon_us));
    ota_database_word(base, "input", report->scenario_json);
    ota_database_word(base, "otasim", report->version);
    ota_database_word(base, "policy", report->policy_name);
    add_number(base, "release_s", ota_s_from_us(report->release_us));
    ota_database_text(base, "replications");
    ota_database_integer(base, report->summary->replications);
    ota_database_add(base);
    ota_database_word(base, "scenario", report->scenario_name);
    ota_database_word(base, "seed", seed);
    ota_database_word(base, "title", report->scenario_title);
    ota_database_close_rows(base);
}

/* --- the summary --- */

static void add_groups(struct ota_database *base,
                       const struct ota_summary *summary)
{
    ota_database_open_rows(base, "groups", 3);
    for (size_t g = 0; g <= summary->group_count; g++) {
        ota_database_integer(base, (int64_t)g);
        ota_database_text(base, summary->groups[g].name);
        ota_database_integer(base, summary->groups[g].devices);
        ota_database_add(base);
    }
    ota_database_close_rows(base);
}

static void add_outcomes(struct ota_database *base,
                         const struct ota_summary *summary)
{
    ota_database_open_rows(base, "outcomes", 5);
    for (size_t g = 0; g <= summary->group_count; g++)
        for (int o = 0; o < OTA_OUTCOMES; o++) {
            ota_database_integer(base, (int64_t)g);
            ota_database_text(base, ota_outcome_names[o]);
            ota_database_interval(base, &summary->groups[g].outcomes[o]);
            ota_database_add(base);
        }
    ota_database_close_rows(base);
}

/* As summary.json: a time that some replications never reached is NULL. */
static void add_kpis(struct ota_database *base,
                     const struct ota_summary *summary)
{
    ota_database_open_rows(base, "kpi", 7);
    for (size_t g = 0; g <= summary->group_count; g++)
        for (int k = 0; k < OTA_KPIS; k++) {
            const struct ota_estimate *estimate = &summary->groups[g].kpi[k];
            ota_database_integer(base, (int64_t)g);
            ota_database_text(base, ota_kpis[k].name);
            ota_database_text(base, ota_kpis[k].unit);
            ota_database_interval(base, estimate);
            ota_database_integer(base, estimate->values);
            ota_database_add(base);
        }
    ota_database_close_rows(base);
}

static void add_timeline(struct ota_database *base,
                         const struct ota_report *report)
{
    const struct ota_summary *summary = report->summary;
    const size_t instants = ota_report_instants(report);

    ota_database_open_rows(base, "timeline", 5);
    for (size_t i = 0; i < instants; i++)
        for (int s = 0; s < OTA_STATES; s++) {
            ota_database_real(base,
                              ota_s_from_us((int64_t)i * summary->step_us));
            ota_database_text(base, ota_state_names[s]);
            ota_database_interval(
                base, &summary->timeline[i * OTA_STATES + (size_t)s]);
            ota_database_add(base);
        }
    ota_database_close_rows(base);
}

/* --- devices --- */

static void make_devices(struct ota_database *base)
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
    ota_database_run(base, sql);
}

static void add_device(struct ota_database *base, size_t number, size_t group,
                       const struct ota_device_record *device)
{
    int64_t cells[OTA_CELLS];

    ota_cells_of(device, cells);
    ota_database_integer(base, (int64_t)number);
    ota_database_integer(base, (int64_t)group);
    ota_database_text(base, ota_outcome_names[device->outcome]);
    for (int c = 0; c < OTA_CELLS; c++) {
        if (ota_cells[c].places == 0)
            ota_database_integer(base, cells[c]);
        else
            ota_database_real(
                base, cells[c] == OTA_NEVER ? NAN : (double)cells[c] / 1e6);
    }
    ota_database_add(base);
}

static void add_devices(struct ota_database *base,
                        const struct ota_report *report,
                        const struct ota_output_options *options,
                        struct ota_device_record *records)
{
    const struct ota_summary *summary = report->summary;
    size_t first = 0;
    size_t end = 0;

    make_devices(base);
    ota_database_open_rows(base, "devices", 3 + OTA_CELLS);
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
    ota_database_close_rows(base);
}

static void write_tables(struct ota_database *base,
                         const struct ota_report *report,
                         const struct ota_output_options *options)
{
    struct ota_device_record *records = malloc(BATCH * sizeof(*records));
    if (!records) {
        base->ok = ota_fail(base->error, OTA_NO_MEMORY);
        return;
    }
    ota_database_run(base, tables);
    add_run(base, report);
    add_groups(base, report->summary);
    add_outcomes(base, report->summary);
    add_kpis(base, report->summary);
    add_timeline(base, report);
    add_devices(base, report, options, records);
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

    struct ota_database base;
    ota_database_open(&base, path, error);
    if (base.ok)
        write_tables(&base, report, options);
    const bool ok = ota_database_close(&base);
    free(path);
    return ok;
}

const struct ota_folder_file ota_writer_sqlite = {
    .name = "results.sqlite",
    .summary = "devices, timeline and summary as a database",
    .write = write_sqlite,
};
