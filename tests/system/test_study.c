/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_study.c - studies of a real scenario: the values of ota_experiment_run()
 * whoever does the work, and nothing done twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "sim/experiment/study.h"

static const char file[] = "scenarios/starter/electron-hourly.json";

enum { POINTS = 3, REPLICATIONS = 20 };

static const char *const waits[POINTS] = {"5s", "10s", "30s"};
static const char *const measures[] = {
    "updated_within(7d)",
    "success_rate",
    "electrons.charge_per_device",
    "charge",
};
enum { MEASURES = sizeof(measures) / sizeof(measures[0]) };

/* A study's points and their settings. */
struct sweep {
    struct ota_setting settings[POINTS][3];
    struct ota_point points[POINTS];
    struct ota_study_want wants[POINTS];
};

static void make_sweep(struct sweep *sweep)
{
    for (size_t p = 0; p < POINTS; p++) {
        sweep->settings[p][0] = (struct ota_setting){"fleet.0.count", "100"};
        sweep->settings[p][1] = (struct ota_setting){"run.horizon", "10d"};
        sweep->settings[p][2] =
            (struct ota_setting){"fleet.0.app.wait", waits[p]};
        sweep->points[p] = (struct ota_point){file, sweep->settings[p], 3};
        sweep->wants[p] = (struct ota_study_want){p, REPLICATIONS};
    }
}

static struct ota_study *open_study(const struct ota_study_options *options,
                                    const struct sweep *sweep)
{
    struct ota_error error = {.failed = false};
    struct ota_complaints complaints = {.count = 0};
    struct ota_study *study =
        ota_study_open(measures, MEASURES, options, &error);

    assert_non_null(study);
    for (size_t p = 0; p < POINTS; p++) {
        size_t number;
        assert_true(ota_study_add(study, &sweep->points[p], &number,
                                  &complaints, &error));
        assert_int_equal(number, p);
    }
    return study;
}

static void do_all(struct ota_study *study, const struct sweep *sweep)
{
    struct ota_error error = {.failed = false};

    assert_int_equal(ota_study_do(study, sweep->wants, POINTS, &error),
                     OTA_EXPERIMENT_DONE);
    assert_false(error.failed);
}

/* To the bit; two that are both NaN are the same too. */
static void same_double(double a, double b)
{
    assert_true(a == b || (isnan(a) && isnan(b)));
}

static void same_study(const struct ota_study *a, const struct ota_study *b)
{
    assert_int_equal(ota_study_points(a), ota_study_points(b));
    assert_int_equal(ota_study_measures(a), ota_study_measures(b));
    for (size_t p = 0; p < ota_study_points(a); p++)
        for (size_t m = 0; m < ota_study_measures(a); m++)
            for (int64_t r = 0; r < REPLICATIONS; r++)
                same_double(ota_study_value(a, p, m, r),
                            ota_study_value(b, p, m, r));
}

/* --- tests --- */

static void any_number_of_threads_finds_the_same(void **state)
{
    struct ota_study *studies[3];
    struct sweep sweep;

    (void)state;
    make_sweep(&sweep);
    for (int t = 0; t < 3; t++) {
        const struct ota_study_options options = {.threads =
                                                      t == 2 ? 8 : t + 1};
        studies[t] = open_study(&options, &sweep);
        do_all(studies[t], &sweep);
        same_study(studies[0], studies[t]);
    }
    for (int t = 0; t < 3; t++)
        ota_study_close(studies[t]);
}

static void it_finds_what_an_experiment_does(void **state)
{
    const struct ota_study_options options = {.threads = 2};
    struct ota_complaints complaints = {.count = 0};
    struct ota_error error = {.failed = false};
    struct ota_scenario scenario;
    struct ota_summary summary;
    struct sweep sweep;

    (void)state;
    make_sweep(&sweep);
    struct ota_study *study = open_study(&options, &sweep);
    do_all(study, &sweep);
    assert_true(
        ota_scenario_read(&scenario, file, sweep.settings[1], 3, &complaints));
    const struct ota_experiment_options experiment = {
        .seed = scenario.run.seed,
        .replications = REPLICATIONS,
        .threads = 2,
        .confidence = 0.9,
        .rates = ota_experiment_rates(&scenario),
    };
    assert_int_equal(
        ota_experiment_run(&scenario.fleet, &experiment, &summary, &error),
        OTA_EXPERIMENT_DONE);
    for (int k = 0; k < OTA_KPIS; k++) {
        size_t place;
        assert_true(ota_study_place(study, ota_kpis[k].name, &place));
        const struct ota_estimate estimate =
            ota_study_estimate(study, 1, place, REPLICATIONS, 0.9);
        same_double(estimate.mean, summary.groups[0].kpi[k].mean);
        same_double(estimate.lo, summary.groups[0].kpi[k].lo);
        same_double(estimate.hi, summary.groups[0].kpi[k].hi);
    }
    ota_summary_release(&summary);
    ota_scenario_release(&scenario);
    ota_study_close(study);
}

static void a_measure_has_one_place(void **state)
{
    const struct ota_study_options options = {.threads = 1};
    struct sweep sweep;
    size_t a, b;

    (void)state;
    make_sweep(&sweep);
    struct ota_study *study = open_study(&options, &sweep);
    assert_true(ota_study_place(study, "success_rate", &a));
    assert_true(ota_study_place(study, "confirmed_share", &b));
    assert_int_equal(a, 1);
    assert_int_equal(b, 1);
    assert_true(ota_study_place(study, "electrons.charge", &a));
    assert_int_equal(a, 2);
    assert_true(ota_study_place(study, "charge", &a));
    assert_int_equal(a, 3);
    assert_false(ota_study_place(study, "updated_within(8d)", &a));
    assert_int_equal(ota_study_measures(study),
                     2 + OTA_KPIS + OTA_OUTCOMES); /* two are no KPIs */
    ota_study_close(study);
}

static void the_same_scenario_is_the_same_point(void **state)
{
    const struct ota_study_options options = {.threads = 1};
    const struct ota_setting same[] = {
        {"fleet.0.app.wait", "7s"}, {"fleet.0.count", "100"},
        {"run.horizon", "240h"},    {"run.replications", "3"},
        {"title", "another"},       {"fleet.0.app.wait", "5000ms"},
    };
    const struct ota_point point = {file, same, 6};
    struct ota_complaints complaints = {.count = 0};
    struct ota_error error = {.failed = false};
    struct sweep sweep;
    size_t number;

    (void)state;
    make_sweep(&sweep);
    struct ota_study *study = open_study(&options, &sweep);
    assert_true(ota_study_add(study, &point, &number, &complaints, &error));
    assert_int_equal(number, 0);
    assert_int_equal(ota_study_points(study), POINTS);
    ota_study_close(study);
}

static void more_replications_come_behind(void **state)
{
    const struct ota_study_options options = {.threads = 2};
    int64_t simulated, found;
    struct sweep sweep;

    (void)state;
    make_sweep(&sweep);
    struct ota_study *whole = open_study(&options, &sweep);
    do_all(whole, &sweep);
    struct ota_study *study = open_study(&options, &sweep);
    const struct ota_study_want some[] = {{2, 3}, {0, 15}, {2, 5}};
    struct ota_error error = {.failed = false};
    assert_int_equal(ota_study_do(study, some, 3, &error), OTA_EXPERIMENT_DONE);
    assert_int_equal(ota_study_point(study, 0).replications, 15);
    assert_int_equal(ota_study_point(study, 1).replications, 0);
    assert_int_equal(ota_study_point(study, 2).replications, 5);
    do_all(study, &sweep);
    same_study(whole, study);
    ota_study_work(study, &simulated, &found);
    assert_int_equal(simulated, POINTS * REPLICATIONS);
    assert_int_equal(found, 0);
    ota_study_close(whole);
    ota_study_close(study);
}

static void bad_points_are_complained_of(void **state)
{
    const struct ota_study_options options = {.threads = 1};
    const char *const names[] = {"meters.charge"};
    const struct ota_setting setting = {"fleet.0.app.wait", "soon"};
    const struct ota_point bad = {file, &setting, 1};
    const struct ota_point other = {file, NULL, 0};
    struct ota_complaints complaints = {.count = 0};
    struct ota_error error = {.failed = false};
    size_t number;

    (void)state;
    struct ota_study *study = ota_study_open(names, 1, &options, &error);
    assert_non_null(study);
    assert_false(ota_study_add(study, &bad, &number, &complaints, &error));
    assert_int_equal(complaints.count, 1);
    assert_false(ota_study_add(study, &other, &number, &complaints, &error));
    assert_int_equal(complaints.count, 2);
    assert_non_null(strstr(complaints.items[1].message, "meters"));
    assert_int_equal(ota_study_points(study), 0);
    assert_false(error.failed);
    ota_study_close(study);
}

/* --- stopping --- */

struct stop {
    int64_t done, of;
    int64_t after; /* replications */
};

static void progress(void *context, int64_t done, int64_t of)
{
    struct stop *stop = context;

    assert_true(done >= stop->done && done <= of);
    stop->done = done;
    stop->of = of;
}

static bool keep_going(void *context)
{
    const struct stop *stop = context;

    return stop->done < stop->after;
}

static void it_stops_and_goes_on(void **state)
{
    struct stop stop = {.after = 20};
    const struct ota_study_options options = {
        .threads = 1,
        .progress = progress,
        .keep_going = keep_going,
        .context = &stop,
    };
    struct ota_error error = {.failed = false};
    struct sweep sweep;
    int64_t simulated, found;

    (void)state;
    make_sweep(&sweep);
    struct ota_study *study = open_study(&options, &sweep);
    assert_int_equal(ota_study_do(study, sweep.wants, POINTS, &error),
                     OTA_EXPERIMENT_STOPPED);
    assert_false(error.failed);
    ota_study_work(study, &simulated, &found);
    assert_true(simulated >= 20 && simulated < POINTS * REPLICATIONS);
    assert_int_equal(stop.of, POINTS * REPLICATIONS);
    stop.after = INT64_MAX;
    do_all(study, &sweep);
    assert_int_equal(stop.done, POINTS * REPLICATIONS);
    ota_study_close(study);
}

/* --- the store --- */

static const char version[] = "1.0";

static struct ota_store *open_store(const char *path)
{
    struct ota_error error = {.failed = false};
    struct ota_store *store = ota_store_open(path, version, &error);

    assert_string_equal(error.message, "");
    return store;
}

static void work_of(const struct ota_study *study, int64_t simulated,
                    int64_t found)
{
    int64_t own_simulated, own_found;

    ota_study_work(study, &own_simulated, &own_found);
    assert_int_equal(own_simulated, simulated);
    assert_int_equal(own_found, found);
}

static void what_is_in_the_store_is_not_done_again(void **state)
{
    struct stop stop = {.after = 25};
    struct ota_study_options options = {
        .threads = 2,
        .store = open_store(NULL),
        .progress = progress,
        .keep_going = keep_going,
        .context = &stop,
    };
    const struct ota_study_options alone = {.threads = 2};
    struct ota_error error = {.failed = false};
    struct sweep sweep;
    int64_t done, none;

    (void)state;
    make_sweep(&sweep);
    struct ota_study *whole = open_study(&alone, &sweep);
    do_all(whole, &sweep);
    struct ota_study *study = open_study(&options, &sweep);
    assert_int_equal(ota_study_do(study, sweep.wants, POINTS, &error),
                     OTA_EXPERIMENT_STOPPED);
    ota_study_work(study, &done, &none);
    assert_true(done >= 25 && done < POINTS * REPLICATIONS);
    ota_study_close(study);

    stop = (struct stop){.after = INT64_MAX};
    study = open_study(&options, &sweep);
    do_all(study, &sweep);
    work_of(study, POINTS * REPLICATIONS - done, done);
    same_study(whole, study);
    ota_study_close(study);

    stop = (struct stop){.after = INT64_MAX};
    options.found_only = true;
    study = open_study(&options, &sweep);
    do_all(study, &sweep);
    work_of(study, 0, POINTS * REPLICATIONS);
    same_study(whole, study);
    ota_study_close(study);
    ota_study_close(whole);
    ota_store_close(options.store);
}

static void parts_make_the_whole(void **state)
{
    enum { PARTS = 4 };
    const struct ota_study_options alone = {.threads = 2};
    struct ota_store *store = open_store(NULL);
    struct sweep sweep;
    int64_t sum = 0;

    (void)state;
    make_sweep(&sweep);
    struct ota_study *whole = open_study(&alone, &sweep);
    do_all(whole, &sweep);
    for (int part = PARTS - 1; part >= 0; part--) {
        const struct ota_study_options options = {
            .threads = 2, .store = store, .part = part, .parts = PARTS};
        struct ota_study *study = open_study(&options, &sweep);
        int64_t simulated, found;
        do_all(study, &sweep);
        ota_study_work(study, &simulated, &found);
        assert_true(simulated > 0 && found == 0);
        sum += simulated;
        ota_study_close(study);
    }
    assert_int_equal(sum, POINTS * REPLICATIONS);
    const struct ota_study_options options = {
        .threads = 1, .store = store, .found_only = true};
    struct ota_study *study = open_study(&options, &sweep);
    do_all(study, &sweep);
    work_of(study, 0, POINTS * REPLICATIONS);
    same_study(whole, study);
    ota_study_close(study);

    /* Nothing is done that is not there, and it is said why. */
    struct ota_error error = {.failed = false};
    sweep.wants[1].replications++;
    study = open_study(&options, &sweep);
    assert_int_equal(ota_study_do(study, sweep.wants, POINTS, &error),
                     OTA_EXPERIMENT_FAILED);
    assert_non_null(strstr(error.message, "are missing"));
    ota_study_close(study);
    sweep.settings[1][0].value = "101";
    study = open_study(&options, &sweep);
    error.failed = false;
    assert_int_equal(ota_study_do(study, sweep.wants, POINTS, &error),
                     OTA_EXPERIMENT_FAILED);
    assert_non_null(strstr(error.message, "was changed since"));
    ota_study_close(study);
    ota_study_close(whole);
    ota_store_close(store);
}

/* A point's replications are more than a block has. */
static void parts_have_like_shares(void **state)
{
    struct sweep sweep;

    (void)state;
    make_sweep(&sweep);
    for (int part = 0; part < 2; part++) {
        const struct ota_study_options options = {
            .threads = 2, .part = part, .parts = 2};
        struct ota_study *study = open_study(&options, &sweep);
        do_all(study, &sweep);
        work_of(study, POINTS * REPLICATIONS / 2, 0);
        ota_study_close(study);
    }
}

/* Writes the study's values as results do, into a new file. */
static void write_results(const char *path, const struct ota_study *study)
{
    struct ota_error error = {.failed = false};
    sqlite3 *db;

    (void)remove(path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    assert_true(ota_store_write(db, study, version, &error));
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void same_file(const char *a, const char *b)
{
    FILE *files[2] = {fopen(a, "rb"), fopen(b, "rb")};
    int bytes[2];

    assert_true(files[0] && files[1]);
    do {
        bytes[0] = getc(files[0]);
        bytes[1] = getc(files[1]);
        assert_int_equal(bytes[0], bytes[1]);
    } while (bytes[0] != EOF);
    fclose(files[0]);
    fclose(files[1]);
}

static void results_are_a_store_too(void **state)
{
    const struct ota_study_options alone = {.threads = 2};
    struct ota_study_options kept = {.threads = 1, .store = open_store(NULL)};
    struct ota_error error = {.failed = false};
    struct sweep sweep;
    char folder[] = "/tmp/test_study.XXXXXX";
    char first[64], second[64];

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(first, sizeof(first), "%s/1", folder);
    snprintf(second, sizeof(second), "%s/2", folder);
    make_sweep(&sweep);
    struct ota_study *study = open_study(&alone, &sweep);
    do_all(study, &sweep);
    write_results(first, study);
    ota_study_close(study);

    assert_true(ota_store_absorb(kept.store, first, &error));
    study = open_study(&kept, &sweep);
    do_all(study, &sweep);
    work_of(study, 0, POINTS * REPLICATIONS);
    write_results(second, study);
    same_file(first, second);
    ota_study_close(study);
    ota_store_close(kept.store);
    remove(first);
    remove(second);
    assert_int_equal(rmdir(folder), 0);
}

/* --- files --- */

static void write_text(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

/* A scenario is another if a file is that it names. */
static void files_that_a_scenario_names_are_part_of_it(void **state)
{
    char samples[] = "/tmp/test_study.XXXXXX";
    char rtt[64];
    const struct ota_study_options options = {.threads = 1};
    struct ota_complaints complaints = {.count = 0};
    struct ota_error error = {.failed = false};
    size_t number;

    (void)state;
    const int file_number = mkstemp(samples);
    assert_true(file_number >= 0);
    close(file_number);
    snprintf(rtt, sizeof(rtt), "empirical(%s)", samples);
    const struct ota_setting settings[] = {{"fleet.0.link.rtt", rtt},
                                           {"fleet.0.count", "10"}};
    const struct ota_point point = {file, settings, 2};
    const struct ota_study_want want = {0, 1};

    struct ota_study *study = ota_study_open(NULL, 0, &options, &error);
    for (int i = 0; i < 4; i++) {
        write_text(samples, i < 2 ? "100ms\n300ms\n" : "100ms\n301ms\n");
        assert_true(ota_study_add(study, &point, &number, &complaints, &error));
        assert_int_equal(number, i / 2);
    }
    assert_int_equal(ota_study_do(study, &want, 1, &error),
                     OTA_EXPERIMENT_FAILED);
    assert_non_null(strstr(error.message, "was changed meanwhile"));
    ota_study_close(study);
    remove(samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_threads_finds_the_same),
        cmocka_unit_test(it_finds_what_an_experiment_does),
        cmocka_unit_test(a_measure_has_one_place),
        cmocka_unit_test(the_same_scenario_is_the_same_point),
        cmocka_unit_test(more_replications_come_behind),
        cmocka_unit_test(bad_points_are_complained_of),
        cmocka_unit_test(it_stops_and_goes_on),
        cmocka_unit_test(what_is_in_the_store_is_not_done_again),
        cmocka_unit_test(parts_make_the_whole),
        cmocka_unit_test(parts_have_like_shares),
        cmocka_unit_test(results_are_a_store_too),
        cmocka_unit_test(files_that_a_scenario_names_are_part_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
