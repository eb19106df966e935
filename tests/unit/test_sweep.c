/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_sweep.c - what is written and printed of a sweep, of one made by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "output/files.h"
#include "tests/support/sample_report.h"
#include "tests/support/sample_sweep.h"

enum { TEXT_SIZE = 1 << 16 };

static const char *const where = "results/meters-sweep";

/* The answer in a terminal of that width; the caller frees it. */
static char *printed(const struct sample_sweep *sweep, int width)
{
    char *text = calloc(1, TEXT_SIZE);
    assert_non_null(text);
    FILE *out = fmemopen(text, TEXT_SIZE - 1, "w");
    assert_non_null(out);
    assert_true(ota_sweep_print(&sweep->report, out, width, false, where));
    fclose(out);
    return text;
}

static void expect_in(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no \"%s\" in:\n%s", part, text);
}

static size_t longest_line(const char *text)
{
    size_t longest = 0;

    while (*text) {
        const size_t length = strcspn(text, "\n");
        longest = length > longest ? length : longest;
        text += length + (text[length] != '\0');
    }
    return longest;
}

static void a_table_for_people(void **state)
{
    (void)state;
    struct sample_sweep sweep;
    sample_sweep_make(&sweep);
    char *text = printed(&sweep, 80);

    assert_string_equal(
        text,
        "Meters that sleep\n"
        "6 points of 20 replications of 30 d, 2,000 devices, seed 7; in "
        "brackets 95 %\nintervals\n\n"
        "                                           charge per device,\n"
        "app.wait  sleep.model  confirmed, %        mAh\n"
        "5s        fixed        50.0  [49.0, 51.0]    700 [640, 760]\n"
        "5s        odd, \"how\"   55.0  [54.0, 56.0]    800 [740, 860]\n"
        "30s       fixed        60.0  [59.0, 61.0]    900 [840, 960]\n"
        "30s       odd, \"how\"   65.0  [64.0, 66.0]  1,000 [940, 1,060]\n"
        "2min      fixed        70.0  [69.0, 71.0]  1,100 [1,040, 1,160]\n"
        "2min      odd, \"how\"   75.0* [74.0, 76.0]  1,200 [1,140, 1,260]\n"
        "\n"
        "app.wait  sleep.model  time to 90 %, d\n"
        "5s        fixed        -    never\n"
        "5s        odd, \"how\"   -    in 3 of 20\n"
        "30s       fixed        2.00 [1.96, 2.04]\n"
        "30s       odd, \"how\"   3.00 [2.96, 3.04]\n"
        "2min      fixed        4.00 [3.96, 4.04]\n"
        "2min      odd, \"how\"   5.00 [4.96, 5.04]\n"
        "\n"
        "* the best; its interval is apart from those of all others.\n"
        "- no mean, as it did not happen in all replications; \"in\" says in "
        "how many.\n");
    free(text);
}

/* Settings that leave the numbers no room have a block of their own. */
static void a_table_that_is_narrow(void **state)
{
    (void)state;
    struct sample_sweep sweep;
    sample_sweep_make(&sweep);
    for (size_t r = 0; r < SWEEP_ROWS; r++)
        sweep.settings[r][1].value =
            r % 2 ? "lognormal(18s, 48s) and more than fits\033[2J"
                  : "\033[2Jlognormal(1s, 2s)";
    char *text = printed(&sweep, 60);

    assert_true(longest_line(text) <= 60);
    assert_null(strchr(text, '\033'));
    expect_in(text, "\npoint  app.wait  sleep.model\n"
                    "1      5s         [2Jlognormal(1s, 2s)\n"
                    "2      5s        lognormal(18s, 48s) and more t..\n");
    expect_in(text, "\n4      65.0  [64.0, 66.0]  1,000 [940, 1,060]\n");
    free(text);
}

static void replications_that_differ_are_told(void **state)
{
    (void)state;
    struct sample_sweep sweep;
    sample_sweep_make(&sweep);
    sweep.rows[2].replications = 1200;
    char *text = printed(&sweep, 80);

    expect_in(text, "6 points of 20 to 1,200 replications of");
    expect_in(text, "sleep.model  reps ");
    expect_in(text, "30s       fixed        1,200 ");
    free(text);
}

/* Of many points the first and last are shown. */
static void many_points_are_cut(void **state)
{
    (void)state;
    enum { MANY = 41 };
    struct sample_sweep sweep;
    struct ota_study_row rows[MANY];
    struct ota_estimate estimates[MANY][SWEEP_MEASURES];
    int64_t devices[MANY];
    sample_sweep_make(&sweep);
    for (size_t r = 0; r < MANY; r++) {
        rows[r] = sweep.rows[r % SWEEP_ROWS];
        devices[r] = 1;
        for (size_t m = 0; m < SWEEP_MEASURES; m++)
            estimates[r][m] = sample_about(100.0 + (double)r, 0.4);
    }
    sweep.report.study.rows = rows;
    sweep.report.study.row_count = MANY;
    sweep.report.study.estimates = &estimates[0][0];
    sweep.report.study.devices = devices;
    char *text = printed(&sweep, 80);

    expect_in(text, "41 points of 20 replications of 30 d, 1 device,");
    expect_in(text, "109.0  [108.6, 109.4]\n...\n");
    assert_null(strstr(text, "110.0"));
    assert_null(strstr(text, "130.0"));
    expect_in(text, "131.0  [130.6, 131.4]");
    expect_in(text, "\n21 points are left out here; all are in "
                    "results/meters-sweep.\n");
    free(text);
}

static void the_best_is_apart_from_all_others(void **state)
{
    (void)state;
    struct sample_sweep sweep;
    sample_sweep_make(&sweep);

    assert_int_equal(ota_sweep_best(&sweep.report, 0), 5);
    assert_int_equal(ota_sweep_best(&sweep.report, 1), SWEEP_ROWS);
    sweep.estimates[0][1] = sample_about(600.0, 60.0); /* touches the next */
    sweep.estimates[1][1] = sample_about(720.0, 60.0);
    assert_int_equal(ota_sweep_best(&sweep.report, 1), SWEEP_ROWS);
    sweep.estimates[0][1].hi = 659.0;
    assert_int_equal(ota_sweep_best(&sweep.report, 1), 0);
    /* Some points give no value, or values that say not how sure they are. */
    assert_int_equal(ota_sweep_best(&sweep.report, 2), SWEEP_ROWS);
    sweep.estimates[0][1].lo = sweep.estimates[0][1].hi = 600.0;
    assert_int_equal(ota_sweep_best(&sweep.report, 1), SWEEP_ROWS);
}

static void units_keep_the_digits_of_the_least(void **state)
{
    (void)state;
    struct sample_sweep sweep;
    sample_sweep_make(&sweep);

    assert_true(ota_sweep_unit_for(&sweep.report, 1) == 700.0);
    sweep.estimates[5][2] = sample_about(2000.0, 1.0); /* 33 min to 4 d */
    assert_true(ota_sweep_unit_for(&sweep.report, 2) ==
                sqrt(2000.0) * sqrt(4.0 * 86400.0));
}

static char *write_sample(const struct sample *sample,
                          const struct sample_sweep *sweep, const char *name,
                          bool draw)
{
    char warning[512] = "";
    FILE *warn = fmemopen(warning, sizeof(warning), "w");
    const struct ota_output_options options = {.draw = draw, .warn = warn};
    struct ota_error error = {0};
    char *folder = sample_below(sample, name);

    assert_non_null(warn);
    if (!ota_folder_write(&sweep->report, ota_sweep_files, folder, &options,
                          &error))
        fail_msg("%s", error.message);
    fclose(warn);
    if (!strstr(warning, "gnuplot is not installed"))
        assert_string_equal(warning, "");
    return folder;
}

static void a_line_of_csv_a_point(void **state)
{
    struct sample_sweep sweep;
    sample_sweep_make(&sweep);
    char *folder = write_sample(*state, &sweep, "results", false);
    char *text = sample_contents(folder, "sweep.csv");

    expect_in(text, "app.wait,sleep.model,app.wait_s,devices,replications,"
                    "confirmed_share,confirmed_share_lo,confirmed_share_hi,"
                    "charge,charge_lo,charge_hi,"
                    "time_to_90,time_to_90_lo,time_to_90_hi,"
                    "bytes,bytes_lo,bytes_hi\n"
                    "5s,fixed,5,2000,20,0.5,0.49,0.51,700,640,760,,,,"
                    "1000000,1000000,1000000\n"
                    "5s,\"odd, \"\"how\"\"\",5,2000,20,0.55,");
    free(text);
    free(folder);
}

static void one_object_of_json(void **state)
{
    (void)state;
    struct sample_sweep sweep;
    sample_sweep_make(&sweep);
    char text[TEXT_SIZE] = "";
    FILE *out = fmemopen(text, sizeof(text) - 1, "w");

    assert_non_null(out);
    assert_true(ota_sweep_print_json(&sweep.report, out, 100, 20));
    fclose(out);
    expect_in(text, "{\"scenario\": \"meters\", \"seed\": 7, "
                    "\"confidence\": 0.95, \"simulated\": 100, \"found\": 20, "
                    "\"axes\": [{\"path\": \"app.wait\", \"unit\": \"s\"}, "
                    "{\"path\": \"sleep.model\", \"unit\": null}], "
                    "\"shown\": [\"confirmed_share\", \"charge\", "
                    "\"time_to_90\"], \"points\": [{\"settings\": "
                    "{\"app.wait\": \"5s\", \"sleep.model\": \"fixed\"}, "
                    "\"numbers\": {\"app.wait\": 5, \"sleep.model\": null}, "
                    "\"devices\": 2000, \"replications\": 20, "
                    "\"measures\": {\"confirmed_share\": {\"unit\": \"1\", "
                    "\"mean\": 0.5, \"lo\": 0.49, \"hi\": 0.51}, ");
    expect_in(text, "\"time_to_90\": {\"unit\": \"s\", \"mean\": null, ");
    assert_int_equal(strcspn(text, "\n"), strlen(text) - 1);
}

/* The only cell of the only row of the answer. */
static void expect_cell(sqlite3 *db, const char *sql, const char *wanted)
{
    sqlite3_stmt *answer = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &answer, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(answer), SQLITE_ROW);
    const char *text = (const char *)sqlite3_column_text(answer, 0);
    assert_string_equal(text ? text : "NULL", wanted);
    assert_int_equal(sqlite3_step(answer), SQLITE_DONE);
    sqlite3_finalize(answer);
}

static void tables_of_the_database(void **state)
{
    struct sample_sweep sweep;
    sample_sweep_make(&sweep);
    char *folder = write_sample(*state, &sweep, "results", false);
    struct ota_error error = {0};
    char *path = ota_files_join(folder, "/", "results.sqlite", &error);
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL),
                     SQLITE_OK);
    expect_cell(db, "SELECT value FROM run WHERE name = 'command'", "sweep");
    expect_cell(db, "SELECT value FROM run WHERE name = 'seed'", "7");
    expect_cell(db, "SELECT count(*) FROM point WHERE replications = 20", "6");
    expect_cell(db,
                "SELECT mean FROM estimate JOIN setting AS a USING (point) "
                "JOIN setting AS b USING (point) WHERE measure = 'charge' "
                "AND a.path = 'app.wait' AND a.number = 30 "
                "AND b.value = 'fixed'",
                "900.0");
    expect_cell(db,
                "SELECT replications FROM estimate WHERE point = 2 "
                "AND measure = 'time_to_90' AND mean IS NULL",
                "3");
    expect_cell(db,
                "SELECT count(*) FROM setting WHERE path = 'sleep.model' "
                "AND number IS NULL",
                "6");
    sqlite3_close(db);
    free(path);
    free(folder);
}

static void a_manifest_that_says_how(void **state)
{
    struct sample_sweep sweep;
    sample_sweep_make(&sweep);
    char *folder = write_sample(*state, &sweep, "results", false);
    char *text = sample_contents(folder, "manifest.json");

    assert_int_equal(strncmp(text, "{\n  \"otasim\": \"9.9.9\",\n", 22), 0);
    expect_in(text, "\"command\": [\n    \"sweep\",\n    \"scenario.json\",\n"
                    "    \"--vary\",\n    \"app.wait=5s,30s,2min\"\n  ]");
    expect_in(text, "\"points\": 6,\n  \"replications\": 120,");
    expect_in(text, "    \"plots/charge.gp\",\n");
    expect_in(text, "    \"sweep.csv\"\n  ],");
    expect_in(text, "\"input\": {");
    free(text);
    free(folder);
}

static const char *const pictures[] = {"plots/charge.png", "plots/charge.svg",
                                       "plots/charge.gp",  "plots/charge.dat",
                                       "results.sqlite",   "manifest.json"};

/* Writes and draws it twice: without a warning, and the same. */
static void draws(const struct sample *sample, const struct sample_sweep *sweep)
{
    char *one = write_sample(sample, sweep, "one", true);
    char *other = write_sample(sample, sweep, "other", true);

    for (size_t p = 0; p < sizeof(pictures) / sizeof(pictures[0]); p++) {
        char *a = sample_contents(one, pictures[p]);
        char *b = sample_contents(other, pictures[p]);
        assert_true(!a == !b);
        if (a && b)
            assert_memory_equal(a, b, SAMPLE_TEXT_SIZE);
        free(a);
        free(b);
    }
    free(one);
    free(other);
}

static void curves_are_drawn(void **state)
{
    struct sample_sweep sweep;
    sample_sweep_make(&sweep);
    draws(*state, &sweep);
    char *one = sample_below(*state, "one");
    char *script = sample_contents(one, "plots/charge.gp");
    char *data = sample_contents(one, "plots/time_to_90.dat");

    expect_in(script, "set logscale x"); /* 5 s to 2 min */
    expect_in(script, "set xtics add ('30s' 30)");
    expect_in(script, "title 'odd, \"how\"'");
    expect_in(data, "\n5,NaN,NaN,NaN\n30,2,");
    free(script);
    free(data);
    free(one);
    /* Words alone, with what gnuplot would take for a format, and nothing to
     * draw. */
    static const char *const words[SWEEP_WAITS] = {"1%", "it's 5%", "a\"b%d"};
    sweep.axes[0].values = words;
    sweep.axes[0].unit = NULL;
    sweep.axes[0].numbers = NULL;
    for (size_t r = 0; r < SWEEP_ROWS; r++)
        sweep.estimates[r][1].mean = NAN;
    draws(*state, &sweep);
}

static void a_map_is_drawn(void **state)
{
    static const double numbers[SWEEP_WAITS] = {1.0, 10.0, 2.0};
    struct sample_sweep sweep;
    sample_sweep_make(&sweep);
    /* Three by three: the rows that there are not are the others again. */
    struct ota_study_row rows[9];
    struct ota_estimate estimates[9][SWEEP_MEASURES];
    int64_t devices[9];
    for (size_t r = 0; r < 9; r++) {
        rows[r] = sweep.rows[r % SWEEP_ROWS];
        devices[r] = 2000;
        memcpy(estimates[r], sweep.estimates[r % SWEEP_ROWS],
               sizeof(estimates[r]));
    }
    sweep.axes[1] = (struct ota_axis){.path = "sleep.period",
                                      .unit = "min",
                                      .numbers = numbers,
                                      .values = sweep.axes[0].values,
                                      .count = SWEEP_WAITS};
    sweep.report.study.rows = rows;
    sweep.report.study.row_count = 9;
    sweep.report.study.estimates = &estimates[0][0];
    sweep.report.study.devices = devices;
    draws(*state, &sweep);
    char *one = sample_below(*state, "one");
    char *data = sample_contents(one, "plots/charge.dat");
    char *script = sample_contents(one, "plots/charge.gp");
    expect_in(script, "with image");
    expect_in(data, "\n1,1,700,0,\"700\\n[640, 760]\"\n2,1,1000,0,");
    free(data);
    free(script);
    free(one);
}

static void a_cloud_is_drawn(void **state)
{
    struct sample_sweep sweep;
    sample_sweep_make(&sweep);
    sweep.report.grid = false;
    sweep.axes[0].count = 0;
    sweep.axes[0].range = true;
    sweep.axes[0].least = 5.0;
    sweep.axes[0].most = 120.0;
    draws(*state, &sweep);
    char *one = sample_below(*state, "one");
    char *data = sample_contents(one, "plots/charge.dat");
    expect_in(data, "\n5,1,700,640,760\n5,2,800,740,860\n30,1,");
    free(data);
    free(one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_for_people),
        cmocka_unit_test(a_table_that_is_narrow),
        cmocka_unit_test(replications_that_differ_are_told),
        cmocka_unit_test(many_points_are_cut),
        cmocka_unit_test(the_best_is_apart_from_all_others),
        cmocka_unit_test(units_keep_the_digits_of_the_least),
        cmocka_unit_test(one_object_of_json),
        SAMPLE_TEST(a_line_of_csv_a_point),
        SAMPLE_TEST(tables_of_the_database),
        SAMPLE_TEST(a_manifest_that_says_how),
        SAMPLE_TEST(curves_are_drawn),
        SAMPLE_TEST(a_map_is_drawn),
        SAMPLE_TEST(a_cloud_is_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
