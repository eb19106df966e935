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
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
