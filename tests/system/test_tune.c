/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_tune.c - does tuning find what a sweep finds? A small fleet, whose noise
 * takes more replications than a large one's, and three seeds; bench_tune.c
 * does the same at length, and counts replications. And what is it told of
 * settings that a scenario refuses?
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/experiment/tune.h"
#include "tests/support/tune_proof.h"

static const char file[] = "scenarios/starter/electron-hourly.json";

static void test_finds_the_edge(void **state)
{
    (void)state;
    const struct ota_setting settings[] = {{"fleet.0.count", "100"},
                                           {"run.horizon", "4d"}};
    const struct tune_proof proof = {
        .file = file,
        .settings = settings,
        .setting_count = 2,
        .vary = "app.wait=18s..75s",
        .goal = "updated_within(3d) >= 75%",
        .objective = "charge",
        .step = 3.0,
        .replications = 12,
        .reference_seed = 1000,
        .seeds = 3,
        .threads = 2,
    };
    const struct tune_score score = tune_prove(&proof);

    assert_int_equal(score.good, 3);
}

static void test_refused(void **state)
{
    (void)state;
    const struct ota_axis axis = {.path = "app.wait",
                                  .unit = "s",
                                  .range = true,
                                  .least = -5.0,
                                  .most = 20.0};
    const struct ota_tune_setup setup = {.file = file,
                                         .axes = &axis,
                                         .axis_count = 1,
                                         .objective = "charge",
                                         .confidence = 0.95,
                                         .seed = 1};
    const struct ota_study_options options = {.threads = 1};
    const char *names[1 + OTA_TUNE_RESPECTS];
    const size_t count = ota_tune_measures(&setup, names);
    struct ota_error error = {0};
    struct ota_complaints complaints = {0};
    struct ota_setting refused = {0};
    struct ota_tune tune;

    struct ota_study *study = ota_study_open(names, count, &options, &error);
    assert_non_null(study);
    assert_int_equal(
        ota_tune_run(study, &setup, &tune, &refused, &complaints, &error),
        OTA_EXPERIMENT_FAILED);
    assert_true(complaints.total > 0);
    assert_string_equal(refused.path, "app.wait");
    assert_string_equal(refused.value, "-5s");
    ota_tune_release(&tune);
    ota_study_close(study);
}

static void assert_goal(const char *text, const char *measure, bool at_least,
                        double value)
{
    struct ota_goal goal;
    char problem[OTA_MESSAGE_SIZE] = "";

    assert_true(ota_goal_read(&goal, text, NULL, 0, problem, sizeof(problem)));
    assert_string_equal(goal.measure, measure);
    assert_int_equal(goal.at_least, at_least);
    assert_true(fabs(goal.value - value) <= 1e-12 * value);
}

static void refuse_goal(const char *text, const char *says)
{
    struct ota_goal goal;
    char problem[OTA_MESSAGE_SIZE] = "";

    assert_false(ota_goal_read(&goal, text, NULL, 0, problem, sizeof(problem)));
    assert_non_null(strstr(problem, says));
}

static void test_goals(void **state)
{
    (void)state;
    const char *bad[] = {"charge",
                         "charge 5mAh",
                         "chrge <= 5mAh",
                         "charge <= 5 days",
                         ">= 99 %",
                         "charge <=",
                         "updated_within(x) >= 99%",
                         "charge == 5mAh",
                         "success >= 101%",
                         "bytes <= -1B"};

    assert_goal("updated_within(7d) >= 99%", "updated_within(7d)", true, 0.99);
    assert_goal("updated_within(7d)>=0.99", "updated_within(7d)", true, 0.99);
    assert_goal("charge_per_device <= 700 mAh", "charge", false, 700.0);
    assert_goal("time_to_99 < 7d", "time_to_99", false, 604800.0);
    assert_goal("bytes<=1.5MB", "bytes", false, 1.5e6);
    assert_goal("cost <= 20USD", "cost", false, 20.0);
    assert_goal("success \u2265 99%", "confirmed_share", true, 0.99);
    assert_goal("bytes\u22641MB", "bytes", false, 1e6);
    assert_goal("success => 1", "confirmed_share", true, 1.0);
    assert_goal("sims_over_cap =< 99", "sims_over_cap", false, 99.0);
    assert_goal("waiting_never_begun >= 99", "waiting_never_begun", true, 99.0);
    refuse_goal("success >= 99", "did you mean \"99%\"?");
    refuse_goal("success =>", "nothing stands behind the sign");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct ota_goal goal;
        char problem[OTA_MESSAGE_SIZE] = "";
        assert_false(
            ota_goal_read(&goal, bad[i], NULL, 0, problem, sizeof(problem)));
        assert_true(problem[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goals),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_finds_the_edge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
