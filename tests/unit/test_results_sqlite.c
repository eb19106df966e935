/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_results_sqlite.c - the database says what the other files say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "output/files.h"
#include "sim/base/clock.h"
#include "tests/support/sample_report.h"

/* Opens the database of the results in that folder. */
static sqlite3 *open_results(const char *folder)
{
    struct ota_error error = {0};
    char *path = ota_files_join(folder, "/", "results.sqlite", &error);
    sqlite3 *db = NULL;

    assert_non_null(path);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL),
                     SQLITE_OK);
    free(path);
    return db;
}

static sqlite3_stmt *ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *answer = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &answer, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    return answer;
}

/* The only cell of the only row of the answer. */
static void expect(sqlite3 *db, const char *sql, const char *wanted)
{
    sqlite3_stmt *answer = ask(db, sql);

    assert_int_equal(sqlite3_step(answer), SQLITE_ROW);
    const char *text = (const char *)sqlite3_column_text(answer, 0);
    assert_string_equal(text ? text : "NULL", wanted);
    assert_int_equal(sqlite3_step(answer), SQLITE_DONE);
    sqlite3_finalize(answer);
}

/* Cuts a cell off the row of CSV at *at, and takes its quotes away. */
static char *next_cell(char **at)
{
    char *to = *at;
    char *cell = to;
    const char *from = to;
    const bool quoted = *from == '"';

    from += quoted;
    while (*from && *from != '\n' && (quoted || *from != ',')) {
        if (quoted && *from == '"' && *++from != '"')
            break;
        *to++ = *from++;
    }
    *at = (char *)from + (*from != '\0');
    *to = '\0';
    return cell;
}

/* Empty: NULL. A number: of the same value to the bit. */
static void same_cell(sqlite3_stmt *row, int column, const char *cell)
{
    if (!*cell)
        assert_int_equal(sqlite3_column_type(row, column), SQLITE_NULL);
    else if (sqlite3_column_type(row, column) == SQLITE_TEXT)
        assert_string_equal(sqlite3_column_text(row, column), cell);
    else
        assert_true(sqlite3_column_double(row, column) == strtod(cell, NULL));
}

static void devices_are_those_of_the_csv(void **state)
{
    const struct sample *sample = *state;
    char *folder = sample_write(sample);
    char *csv = sample_contents(folder, "devices.csv");
    sqlite3 *db = open_results(folder);
    sqlite3_stmt *row =
        ask(db, "SELECT name AS \"group\", devices.* FROM devices JOIN groups "
                "ON groups.id = group_id ORDER BY device");
    /* The answer has the group first and its id third; in the CSV the group is
     * the second column. */
    char *at = csv;
    for (int c = 0; c < 35; c++) {
        const int column = c == 0 ? 1 : c == 1 ? 0 : c + 1;
        assert_string_equal(sqlite3_column_name(row, column), next_cell(&at));
    }
    for (int d = 0; d < SAMPLE_DEVICES; d++) {
        assert_int_equal(sqlite3_step(row), SQLITE_ROW);
        for (int c = 0; c < 35; c++)
            same_cell(row, c == 0 ? 1 : c == 1 ? 0 : c + 1, next_cell(&at));
    }
    assert_int_equal(sqlite3_step(row), SQLITE_DONE);
    assert_int_equal(*at, '\0');
    sqlite3_finalize(row);
    sqlite3_close(db);
    free(csv);
    free(folder);
}

static void the_timeline_is_that_of_the_csv(void **state)
{
    struct sample *sample = *state;
    sample->timeline[OTA_STATE_WAITING].lo = NAN;
    char *folder = sample_write(sample);
    char *csv = sample_contents(folder, "timeline.csv");
    sqlite3 *db = open_results(folder);
    sqlite3_stmt *row =
        ask(db, "SELECT share, lo, hi FROM timeline WHERE time_s = ?1 AND "
                "state = ?2");
    char *at = strchr(csv, '\n') + 1;

    while (*at) {
        sqlite3_bind_double(row, 1, strtod(next_cell(&at), NULL));
        for (int s = 0; s < OTA_STATES; s++) {
            sqlite3_bind_text(row, 2, ota_state_names[s], -1, SQLITE_STATIC);
            assert_int_equal(sqlite3_step(row), SQLITE_ROW);
            for (int c = 0; c < 3; c++)
                same_cell(row, c, next_cell(&at));
            sqlite3_reset(row);
        }
    }
    sqlite3_finalize(row);
    expect(db, "SELECT count(*) = count(DISTINCT time_s) * 14 FROM timeline",
           "1");
    sqlite3_close(db);
    free(csv);
    free(folder);
}

static void the_summary_by_group(void **state)
{
    const struct sample *sample = *state;
    const struct ota_summary *summary = &sample->summary;
    char *folder = sample_write(sample);
    sqlite3 *db = open_results(folder);

    expect(db, "PRAGMA integrity_check", "ok");
    expect(db, "SELECT name FROM groups WHERE id = 0", "fleet");
    expect(db, "SELECT name FROM groups WHERE id = 2", "odd, \"name\"");
    expect(db, "SELECT devices FROM groups WHERE id = 1", "3");
    expect(db, "SELECT value FROM run WHERE name = 'otasim'", "1.2.3");
    expect(db, "SELECT value FROM run WHERE name = 'seed'", "7");
    expect(db, "SELECT value FROM run WHERE name = 'horizon_s'", "2592000.0");
    /* Some replications never reached it. */
    expect(db,
           "SELECT mean FROM kpi WHERE group_id = 0 AND name = "
           "'time_to_90'",
           "NULL");
    expect(db,
           "SELECT reached FROM kpi WHERE group_id = 0 AND name = "
           "'time_to_90'",
           "3");
    sqlite3_stmt *row = ask(db, "SELECT outcome, mean, lo, hi FROM outcomes "
                                "ORDER BY group_id");
    int rows = 0;
    while (sqlite3_step(row) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(row, 0);
        const struct ota_estimate *wanted =
            summary->groups[rows / OTA_OUTCOMES].outcomes;
        for (int o = 0; strcmp(ota_outcome_names[o], name) != 0; o++)
            wanted++;
        assert_true(sqlite3_column_double(row, 1) == wanted->mean);
        assert_true(sqlite3_column_double(row, 3) == wanted->hi);
        rows++;
    }
    sqlite3_finalize(row);
    assert_int_equal(rows, (1 + SAMPLE_GROUPS) * OTA_OUTCOMES);
    row = ask(db, "SELECT mean, lo, hi, unit FROM kpi WHERE group_id = ?1 AND "
                  "name = ?2");
    for (int g = 0; g <= SAMPLE_GROUPS; g++)
        for (int k = 0; k < OTA_KPIS; k++) {
            const struct ota_estimate *wanted = &summary->groups[g].kpi[k];
            sqlite3_bind_int(row, 1, g);
            sqlite3_bind_text(row, 2, ota_kpis[k].name, -1, SQLITE_STATIC);
            assert_int_equal(sqlite3_step(row), SQLITE_ROW);
            assert_string_equal(sqlite3_column_text(row, 3), ota_kpis[k].unit);
            if (wanted->values == wanted->of) {
                assert_true(sqlite3_column_double(row, 0) == wanted->mean);
                assert_true(sqlite3_column_double(row, 1) == wanted->lo);
            }
            sqlite3_reset(row);
        }
    sqlite3_finalize(row);
    sqlite3_close(db);
    free(folder);
}

static int64_t size_and_bytes(const char *folder, unsigned char **bytes)
{
    struct ota_error error = {0};
    char *path = ota_files_join(folder, "/", "results.sqlite", &error);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    rewind(file);
    *bytes = malloc((size_t)size);
    assert_non_null(*bytes);
    assert_int_equal(fread(*bytes, 1, (size_t)size, file), size);
    fclose(file);
    free(path);
    return size;
}

/* Also of a program that has used its memory in between. */
static void the_same_bytes_again(void **state)
{
    const struct sample *sample = *state;
    unsigned char *one, *two;
    char *folder = sample_write(sample);
    const int64_t size = size_and_bytes(folder, &one);
    void *used[64];

    for (size_t i = 0; i < 64; i++) {
        used[i] = malloc(20000);
        assert_non_null(used[i]);
        memset(used[i], 0xA5, 20000);
    }
    for (size_t i = 0; i < 64; i++)
        free(used[i]);
    free(folder);
    folder = sample_write(sample);
    assert_int_equal(size_and_bytes(folder, &two), size);
    assert_memory_equal(one, two, (size_t)size);
    free(one);
    free(two);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SAMPLE_TEST(devices_are_those_of_the_csv),
        SAMPLE_TEST(the_timeline_is_that_of_the_csv),
        SAMPLE_TEST(the_summary_by_group),
        SAMPLE_TEST(the_same_bytes_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
