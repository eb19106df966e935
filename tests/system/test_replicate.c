/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_replicate.c - replicating until intervals are narrow: one run and a
 * study stop at the same replication, on any number of threads, whatever was
 * there before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "sim/experiment/replicate.h"

static const char file[] = "scenarios/starter/electron-hourly.json";
static const struct ota_setting settings[] = {
    {"fleet.0.count", "100"}, {"run.horizon", "5d"}, {"run.replications", "5"}};

static struct ota_precision precision_read(const char *text)
{
    struct ota_precision precision;
    char problem[OTA_MESSAGE_SIZE] = "";

    if (!ota_precision_read(&precision, text, NULL, 0, problem,
                            sizeof(problem)))
        fail_msg("%s: %s", text, problem);
    return precision;
}

/* Runs the scenario; returns how many replications it took. */
static int64_t run(const struct ota_precision *precision, int64_t most,
                   int threads, struct ota_precision_look *look,
                   struct ota_estimate *charge)
{
    struct ota_scenario scenario;
    struct ota_complaints complaints = {.count = 0};
    struct ota_error error = {.failed = false};
    struct ota_summary summary;

    assert_true(ota_scenario_read(&scenario, file, settings, 3, &complaints));
    const struct ota_experiment_options options = {
        .seed = scenario.run.seed,
        .replications = scenario.run.replications,
        .threads = threads,
        .confidence = scenario.run.confidence,
        .rates = ota_experiment_rates(&scenario),
        .precisions = precision,
        .precision_count = 1,
        .most = most,
        .looks = look,
    };
    assert_int_equal(
        ota_experiment_run(&scenario.fleet, &options, &summary, &error),
        OTA_EXPERIMENT_DONE);
    const int64_t replications = summary.replications;
    *charge = summary.groups[0].kpi[OTA_KPI_CHARGE];
    ota_summary_release(&summary);
    ota_scenario_release(&scenario);
    return replications;
}

static void test_run(void **state)
{
    const struct ota_precision precision = precision_read("charge=0.4%");
    struct ota_precision_look look, again;
    struct ota_estimate charge, same;

    (void)state;
    const int64_t used = run(&precision, 1000, 1, &look, &charge);
    print_message("%d replications, %g of %g\n", (int)used, look.reached,
                  look.width);
    assert_in_range(used, 11, 999);
    assert_true(look.met && look.replications == used);
    assert_true(look.reached <= look.width);
    assert_true(fabs(look.width - 0.004 * charge.mean) < 1e-12);
    assert_true(fabs(charge.mean - charge.lo - look.reached) < 1e-9);
    assert_true(fabs(charge.hi - charge.mean - look.reached) < 1e-9);
    for (int threads = 2; threads <= 3; threads++) {
        assert_int_equal(run(&precision, 1000, threads, &again, &same), used);
        assert_memory_equal(&same, &charge, sizeof(same));
    }

    /* Too few are allowed: what was done is told, and what it would take. */
    assert_int_equal(run(&precision, 12, 2, &again, &same), 12);
    assert_false(again.met);
    assert_true(again.needed > 12);
    assert_true(same.lo == again.estimate.lo && same.hi == again.estimate.hi);
}

static void test_study(void **state)
{
    const struct ota_precision precision = precision_read("charge=0.4%");
    const char *const names[] = {"charge"};
    const size_t points[] = {0, 1};
    struct ota_setting twice[2][4];
    struct ota_study_options options = {.threads = 2};
    struct ota_error error = {.failed = false};
    struct ota_complaints complaints = {.count = 0};
    struct ota_precision_look looks[2] = {{.met = false}}, alone;
    struct ota_estimate charge;
    int64_t replications[2];
    size_t place;

    (void)state;
    struct ota_study *study = ota_study_open(names, 1, &options, &error);
    assert_non_null(study);
    for (size_t p = 0; p < 2; p++) {
        size_t number;
        memcpy(twice[p], settings, sizeof(settings));
        twice[p][3] =
            (struct ota_setting){"fleet.0.count", p == 0 ? "100" : "400"};
        const struct ota_point point = {file, twice[p], 4};
        assert_true(ota_study_add(study, &point, &number, &complaints, &error));
    }

    /* More than are needed are there. */
    const struct ota_study_want all = {1, 150};
    assert_int_equal(ota_study_do(study, &all, 1, &error), OTA_EXPERIMENT_DONE);

    struct ota_replicate replicate = {
        .points = points,
        .point_count = 2,
        .least = 5,
        .most = 1000,
        .precisions = &precision,
        .precision_count = 1,
        .replications = replications,
        .looks = looks,
    };
    assert_int_equal(ota_study_replicate(study, &replicate, &error),
                     OTA_EXPERIMENT_DONE);
    const int64_t used = run(&precision, 1000, 2, &alone, &charge);
    assert_int_equal(replications[0], used);
    assert_true(replications[1] < used); /* more devices, less noise */
    assert_true(looks[0].met && looks[1].met);
    assert_true(ota_study_place(study, "charge", &place));
    const struct ota_estimate said =
        ota_replicate_estimate(study, &replicate, 0, place, 0.95);
    assert_true(said.lo == charge.lo && said.hi == charge.hi);

    replicate.together = true;
    assert_int_equal(ota_study_replicate(study, &replicate, &error),
                     OTA_EXPERIMENT_DONE);
    assert_int_equal(replications[0], used);
    assert_int_equal(replications[1], used);

    replicate.precision_count = 0;
    assert_int_equal(ota_study_replicate(study, &replicate, &error),
                     OTA_EXPERIMENT_DONE);
    assert_int_equal(replications[0], 5);
    ota_study_close(study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run),
        cmocka_unit_test(test_study),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
