/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_summary.c - the intervals that replications get, and when they get
 * others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/clock.h"
#include "sim/stats/summary.h"
#include "tests/support/near.h"

enum { DEVICES = 100, REPLICATIONS_MAX = 4 };

static const char *const names[] = {"trackers"};

/* A replication of one group: so many devices confirmed, all others waiting;
 * 10 bytes each confirmed device; half were reached after that many
 * seconds. */
static void make(struct ota_results *results, int64_t confirmed,
                 double time_to_50_s)
{
    *results = (struct ota_results){
        .group_count = 1,
        .campaign = {.stop_us = OTA_NEVER, .rule = -1},
    };
    results->groups = calloc(2, sizeof(*results->groups));
    assert_non_null(results->groups);
    for (size_t g = 0; g < 2; g++) {
        struct ota_group_results *group = &results->groups[g];
        group->devices = DEVICES;
        group->outcomes[OTA_OUTCOME_UPDATED_CONFIRMED] = confirmed;
        group->outcomes[OTA_OUTCOME_WAITING_NEVER_OFFERED] =
            DEVICES - confirmed;
        group->kpi[OTA_KPI_CONFIRMED_SHARE] = (double)confirmed / DEVICES;
        group->kpi[OTA_KPI_BEGUN_PER_OFFER] = (double)confirmed / DEVICES;
        group->kpi[OTA_KPI_BYTES] = (double)confirmed * 10.0 / DEVICES;
        group->kpi[OTA_KPI_TIME_TO_50] = time_to_50_s;
    }
    assert_true(ota_timeline_init(&results->timeline, 720));
    for (int64_t d = 0; d < DEVICES; d++) {
        ota_timeline_change(&results->timeline, 0, OTA_STATES,
                            OTA_STATE_WAITING);
        if (d < confirmed)
            ota_timeline_change(&results->timeline, 360, OTA_STATE_WAITING,
                                OTA_STATE_CONFIRMED);
        const int64_t bytes = d < confirmed ? 10 : 0;
        ota_histogram_add_all(&results->bytes, &bytes, 1);
    }
    ota_timeline_sum(&results->timeline);
}

static struct ota_summary summarise(const int64_t *confirmed,
                                    const double *times_s, size_t count)
{
    struct ota_results results[REPLICATIONS_MAX] = {{0}};
    struct ota_summary summary;
    struct ota_error error = {.failed = false};

    for (size_t r = 0; r < count; r++)
        make(&results[r], confirmed[r], times_s[r]);
    assert_true(
        ota_summary_make(&summary, results, count, names, 0.95, &error));
    for (size_t r = 0; r < count; r++)
        ota_results_release(&results[r]);
    return summary;
}

static void is(struct ota_estimate estimate, double mean, double lo, double hi)
{
    assert_near(estimate.mean, mean, 1e-9);
    assert_near(estimate.lo, lo, 1e-4 * hi);
    assert_near(estimate.hi, hi, 1e-4 * hi);
}

/* 40, 50 and 60: mean 50, deviation 10; t of two degrees of freedom is
 * 4.302653. */
static void counts_that_differ_have_student_intervals(void **state)
{
    (void)state;
    const int64_t confirmed[] = {40, 50, 60};
    const double times_s[] = {9.0, 10.0, 11.0};
    struct ota_summary summary = summarise(confirmed, times_s, 3);
    const double half = 4.302653 * 10.0 / sqrt(3.0);

    assert_int_equal(summary.replications, 3);
    assert_string_equal(summary.groups[0].name, "fleet");
    assert_string_equal(summary.groups[1].name, "trackers");
    for (size_t g = 0; g < 2; g++) {
        const struct ota_group_summary *group = &summary.groups[g];
        is(group->outcomes[OTA_OUTCOME_UPDATED_CONFIRMED], 50.0, 50.0 - half,
           50.0 + half);
        is(group->kpi[OTA_KPI_CONFIRMED_SHARE], 0.5, 0.5 - half / 100.0,
           0.5 + half / 100.0);
        is(group->kpi[OTA_KPI_TIME_TO_50], 10.0, 10.0 - half / 10.0,
           10.0 + half / 10.0);
        assert_int_equal(group->kpi[OTA_KPI_TIME_TO_50].values, 3);
    }
    assert_int_equal(summary.bytes.count, 3 * DEVICES);
    assert_int_equal(summary.bytes.zeros, 150);
    ota_summary_release(&summary);
}

/* 1, 2 and 30 would give an interval from -30 on; 99, 98, 70 one to 130. */
static void intervals_stay_on_their_scale(void **state)
{
    (void)state;
    const int64_t confirmed[] = {1, 2, 30};
    const double times_s[] = {1.0, 2.0, 30.0};
    struct ota_summary summary = summarise(confirmed, times_s, 3);
    const struct ota_group_summary *fleet = &summary.groups[0];

    assert_true(fleet->outcomes[OTA_OUTCOME_UPDATED_CONFIRMED].lo == 0.0);
    assert_true(fleet->outcomes[OTA_OUTCOME_WAITING_NEVER_OFFERED].hi ==
                (double)DEVICES);
    assert_true(fleet->kpi[OTA_KPI_CONFIRMED_SHARE].lo == 0.0);
    assert_true(fleet->kpi[OTA_KPI_TIME_TO_50].lo == 0.0);
    assert_true(fleet->kpi[OTA_KPI_BYTES].lo == 0.0);
    ota_summary_release(&summary);

    const int64_t most[] = {99, 98, 70};
    summary = summarise(most, times_s, 3);
    fleet = &summary.groups[0];
    assert_true(fleet->kpi[OTA_KPI_CONFIRMED_SHARE].hi == 1.0);
    assert_true(fleet->kpi[OTA_KPI_BEGUN_PER_OFFER].hi == 1.0);
    ota_summary_release(&summary);
}

/* Two times 10 of 100 are 20 of 200 (exact limits 6.22 % and 15.02 %), no
 * failures in 200 leave up to 1 - 0.025^(1/200). */
static void equal_counts_are_pooled(void **state)
{
    (void)state;
    const int64_t confirmed[] = {10, 10};
    const double times_s[] = {NAN, NAN};
    struct ota_summary summary = summarise(confirmed, times_s, 2);
    const struct ota_group_summary *fleet = &summary.groups[0];
    const struct ota_estimate pooled = ota_interval_exact(20, 200, 0.95);

    assert_near(pooled.lo, 0.0622, 5e-5);
    assert_near(pooled.hi, 0.1502, 5e-5);
    is(fleet->outcomes[OTA_OUTCOME_UPDATED_CONFIRMED], 10.0, 100 * pooled.lo,
       100 * pooled.hi);
    is(fleet->kpi[OTA_KPI_CONFIRMED_SHARE], 0.1, pooled.lo, pooled.hi);
    is(fleet->outcomes[OTA_OUTCOME_FAILED_GIVEN_UP], 0.0, 0.0,
       100.0 * (1.0 - pow(0.025, 1.0 / 200.0)));
    assert_int_equal(fleet->kpi[OTA_KPI_CONFIRMED_SHARE].values, 2);
    assert_int_equal(fleet->kpi[OTA_KPI_CONFIRMED_SHARE].of, 2);
    ota_summary_release(&summary);
}

/* Exact limits of 10 in 100, as published. A mean of one replication has no
 * interval. */
static void one_replication(void **state)
{
    (void)state;
    const int64_t confirmed[] = {10};
    const double times_s[] = {12.0};
    struct ota_summary summary = summarise(confirmed, times_s, 1);
    const struct ota_group_summary *fleet = &summary.groups[0];
    const struct ota_estimate time = fleet->kpi[OTA_KPI_TIME_TO_50];

    assert_near(fleet->kpi[OTA_KPI_CONFIRMED_SHARE].lo, 0.0490, 5e-5);
    assert_near(fleet->kpi[OTA_KPI_CONFIRMED_SHARE].hi, 0.1762, 5e-5);
    assert_true(time.mean == 12.0);
    assert_true(isnan(time.lo) && isnan(time.hi));
    ota_summary_release(&summary);
}

static void a_time_not_always_reached_has_no_mean(void **state)
{
    (void)state;
    const int64_t confirmed[] = {60, 40, 55};
    const double times_s[] = {5.0, NAN, 6.0};
    struct ota_summary summary = summarise(confirmed, times_s, 3);
    const struct ota_estimate time = summary.groups[0].kpi[OTA_KPI_TIME_TO_50];

    assert_true(isnan(time.mean) && isnan(time.lo) && isnan(time.hi));
    assert_int_equal(time.values, 2);
    assert_int_equal(time.of, 3);
    ota_summary_release(&summary);
}

static void timeline_is_of_shares_that_add_up(void **state)
{
    (void)state;
    const int64_t confirmed[] = {40, 50, 60};
    const double times_s[] = {1.0, 1.0, 1.0};
    struct ota_summary summary = summarise(confirmed, times_s, 3);

    assert_int_equal(summary.instants, 721);
    for (size_t i = 0; i < summary.instants; i++) {
        const struct ota_estimate *at = &summary.timeline[i * OTA_STATES];
        double sum = 0.0;
        for (int s = 0; s < OTA_STATES; s++) {
            assert_true(0.0 <= at[s].lo && at[s].lo <= at[s].mean);
            assert_true(at[s].mean <= at[s].hi && at[s].hi <= 1.0);
            sum += at[s].mean;
        }
        assert_near(sum, 1.0, 1e-12);
        assert_near(at[OTA_STATE_CONFIRMED].mean, i < 360 ? 0.0 : 0.5, 1e-12);
    }
    ota_summary_release(&summary);
}

/* Four replications of 100 devices: two are stopped, by rule 2 after 100 s and
 * by a wave's rule after 300 s; the second wave opens in those that are not. */
static struct ota_summary summarise_rollouts(void)
{
    static const int64_t stop_us[] = {OTA_NEVER, 100000000, 300000000,
                                      OTA_NEVER};
    static const int64_t rule[] = {-1, 2, -1, -1};
    struct ota_results results[4];
    struct ota_summary summary;
    struct ota_error error = {.failed = false};

    for (size_t r = 0; r < 4; r++) {
        make(&results[r], 10, 1.0);
        struct ota_wave_record *waves = calloc(2, sizeof(*waves));
        assert_non_null(waves);
        waves[0] = (struct ota_wave_record){
            .name = "a name that is longer than there is room for in a wave",
            .size = 5,
            .complete_us = OTA_NEVER,
        };
        waves[0].counts.kept[OTA_COUNT_FAILED] = (int64_t)r;
        waves[1] = (struct ota_wave_record){
            .name = "rest",
            .size = 95,
            .opened_us = stop_us[r] == OTA_NEVER ? (int64_t)(r + 1) * 1000000
                                                 : OTA_NEVER,
            .complete_us = OTA_NEVER,
        };
        results[r].staged = true;
        results[r].campaign = (struct ota_campaign_record){
            .stop_us = stop_us[r],
            .rule = rule[r],
            .wave_count = 2,
            .waves = waves,
        };
        const bool stopped = stop_us[r] != OTA_NEVER;
        for (size_t g = 0; g < 2; g++) {
            double *kpi = results[r].groups[g].kpi;
            kpi[OTA_KPI_STOPPED] = g == 1 ? NAN : stopped;
            kpi[OTA_KPI_STOP_TIME] = stopped ? (double)stop_us[r] / 1e6 : NAN;
            kpi[OTA_KPI_BACK_TIME] = NAN;
        }
    }
    assert_true(ota_summary_make(&summary, results, 4, names, 0.95, &error));
    for (size_t r = 0; r < 4; r++)
        ota_results_release(&results[r]);
    return summary;
}

/* Two of four: exact limits 6.76 % and 93.24 %. 100 and 300: mean 200,
 * deviation 141.42; t of one degree of freedom is 12.7062, and a time is not
 * below 0. */
static void a_stop_is_of_those_that_stopped(void **state)
{
    (void)state;
    struct ota_summary summary = summarise_rollouts();
    const struct ota_estimate *kpi = summary.groups[0].kpi;

    assert_near(kpi[OTA_KPI_STOPPED].mean, 0.5, 1e-12);
    assert_near(kpi[OTA_KPI_STOPPED].lo, 0.0676, 5e-5);
    assert_near(kpi[OTA_KPI_STOPPED].hi, 0.9324, 5e-5);
    is(kpi[OTA_KPI_STOP_TIME], 200.0, 0.0, 200.0 + 12.7062 * 100.0);
    assert_int_equal(kpi[OTA_KPI_STOP_TIME].values, 2);
    assert_int_equal(kpi[OTA_KPI_STOP_TIME].of, 4);
    assert_true(isnan(kpi[OTA_KPI_BACK_TIME].mean));
    assert_int_equal(kpi[OTA_KPI_BACK_TIME].values, 0);
    assert_true(isnan(summary.groups[1].kpi[OTA_KPI_STOPPED].mean));
    ota_summary_release(&summary);
}

static void waves_and_rules(void **state)
{
    (void)state;
    struct ota_summary summary = summarise_rollouts();
    const struct ota_rollout_summary *rollout = &summary.rollout;

    assert_int_equal(rollout->stops, 2);
    assert_int_equal(rollout->rule_count, 3);
    assert_int_equal(rollout->by_rule[2], 1);
    assert_int_equal(rollout->by_rule[0] + rollout->by_rule[1], 0);
    assert_int_equal(rollout->wave_count, 2);
    assert_int_equal(strlen(rollout->waves[0].name), OTA_WAVE_NAME_SIZE - 1);
    assert_near(rollout->waves[0].size.mean, 5.0, 1e-12);
    assert_near(rollout->waves[0].bad.mean, 1.5, 1e-12);
    assert_int_equal(rollout->waves[0].complete.values, 0);
    assert_string_equal(rollout->waves[1].name, "rest");
    assert_near(rollout->waves[1].opened.mean, 2.5, 1e-12);
    assert_int_equal(rollout->waves[1].opened.values, 2);
    ota_summary_release(&summary);
}

/* 10 of 100 in each of four replications: devices that hang together are not
 * 400 independent ones. */
static void a_staged_rollout_pools_no_devices(void **state)
{
    (void)state;
    struct ota_summary summary = summarise_rollouts();
    const struct ota_estimate confirmed =
        summary.groups[0].outcomes[OTA_OUTCOME_UPDATED_CONFIRMED];

    assert_true(summary.rollout.staged);
    assert_true(confirmed.mean == 10.0);
    assert_true(confirmed.lo == 10.0 && confirmed.hi == 10.0);
    ota_summary_release(&summary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_that_differ_have_student_intervals),
        cmocka_unit_test(intervals_stay_on_their_scale),
        cmocka_unit_test(equal_counts_are_pooled),
        cmocka_unit_test(one_replication),
        cmocka_unit_test(a_time_not_always_reached_has_no_mean),
        cmocka_unit_test(a_stop_is_of_those_that_stopped),
        cmocka_unit_test(waves_and_rules),
        cmocka_unit_test(a_staged_rollout_pools_no_devices),
        cmocka_unit_test(timeline_is_of_shares_that_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
