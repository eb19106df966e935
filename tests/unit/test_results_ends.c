/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_results_ends.c - what a replication tells of itself beside its KPIs:
 * devices by instants, and the ends of intervals over its devices.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include <gsl/gsl_cdf.h>

#include "sim/base/clock.h"
#include "sim/stats/measure.h"
#include "tests/support/near.h"

enum { GROUPS = 2, DEVICES = 300 };

static const int64_t group_devices[GROUPS] = {100, 200};
static const int64_t release_us = OTA_US_PER_H;
static const int64_t within_us[] = {OTA_US_PER_S, 50 * OTA_US_PER_S,
                                    98 * OTA_US_PER_H, 99 * OTA_US_PER_H,
                                    99 * OTA_US_PER_H + 1};
enum { TIMES = sizeof(within_us) / sizeof(within_us[0]) };

/*
 * Of group 0, device i is offered the release i s after it, runs it one s later
 * and has confirmed it at 2 (i + 1) s; it sends i + 1 bytes. Those of group 1
 * are offered it at once, and nothing else; they send 1,000 bytes, begin a
 * transfer and abort every other.
 */
static struct ota_device_record record_of(int64_t device)
{
    struct ota_device_record record = {
        .outcome = OTA_OUTCOME_WAITING_NEVER_BEGUN,
        .offered_us = OTA_NEVER,
        .begun_us = OTA_NEVER,
        .installed_us = OTA_NEVER,
        .confirmed_us = OTA_NEVER,
        .reached_us = release_us,
        .revoked_us = OTA_NEVER,
        .left_us = OTA_NEVER,
        .back_us = OTA_NEVER,
        .defect_us = OTA_NEVER,
        .connects = 1,
        .useful_bytes = 1000,
        .attempts = 1,
        .aborted = (int32_t)(device % 2),
    };
    if (device >= group_devices[0])
        return record;
    record.outcome = OTA_OUTCOME_UPDATED_CONFIRMED;
    record.reached_us = release_us + device * OTA_US_PER_S;
    record.installed_us = record.reached_us + OTA_US_PER_S;
    record.confirmed_us = release_us + 2 * (device + 1) * OTA_US_PER_S;
    record.useful_bytes = device + 1;
    return record;
}

/* The results of the first so many groups. */
static struct ota_results collect(size_t groups, double confidence, bool staged)
{
    const struct ota_results_shape shape = {
        .group_devices = group_devices,
        .group_count = groups,
        .threads = 2,
        .horizon_us = 100 * OTA_US_PER_H,
        .release_us = release_us,
        .staged = staged,
        .within_us = within_us,
        .within_count = TIMES,
        .confidence = confidence,
    };
    struct ota_error error = {.failed = false};
    struct ota_results results;
    struct ota_collector *collector = ota_collector_new(&shape, &error);
    assert_non_null(collector);
    const struct ota_observer *observers = ota_collector_observers(collector);

    for (int64_t d = 0; d < (groups == 1 ? group_devices[0] : DEVICES); d++) {
        const struct ota_device_record record = record_of(d);
        const struct ota_observation seen = {
            .kind = OTA_SEEN_FINAL,
            .device = (uint64_t)d,
            .group = d >= group_devices[0],
            .record = &record,
        };
        observers[d % 2].observe(observers[d % 2].self, &seen);
    }
    assert_true(ota_collector_finish(collector, NULL, &results, &error));
    ota_collector_free(collector);
    return results;
}

static double value(const struct ota_results *results, const char *name)
{
    static const char *const groups[] = {"a", "b"};
    struct ota_measure measure;
    char problem[200];

    assert_true(ota_measure_read(&measure, name, groups, GROUPS, problem,
                                 sizeof(problem)));
    return ota_measure_value(&measure, results);
}

static void devices_are_counted_by_instants(void **state)
{
    (void)state;
    struct ota_results results = collect(GROUPS, 0.0, true);

    assert_int_equal(results.within_count, TIMES);
    assert_ptr_not_equal(results.within_us, within_us);
    assert_near(value(&results, "a.offered_within(1s)"), 0.02, 1e-15);
    assert_near(value(&results, "a.updated_within(1s)"), 0.01, 1e-15);
    assert_true(value(&results, "a.confirmed_within(1s)") == 0.0);
    assert_near(value(&results, "a.offered_within(50s)"), 0.51, 1e-15);
    assert_near(value(&results, "a.updated_within(50s)"), 0.5, 1e-15);
    assert_near(value(&results, "a.confirmed_within(50s)"), 0.25, 1e-15);
    assert_near(value(&results, "offered_within(50s)"), 251.0 / 300, 1e-15);
    assert_near(value(&results, "confirmed_within(50s)"), 25.0 / 300, 1e-15);
    assert_near(value(&results, "b.offered_within(1s)"), 1.0, 1e-15);
    assert_true(value(&results, "b.updated_within(98h)") == 0.0);
    ota_results_release(&results);
}

/* The last instant of the run is in it; what is behind it nobody knows. */
static void no_instant_after_the_end(void **state)
{
    (void)state;
    struct ota_results results = collect(GROUPS, 0.0, true);

    assert_near(value(&results, "updated_within(99h)"), 1.0 / 3, 1e-15);
    assert_int_equal(results.within[4 * OTA_WITHINS + OTA_WITHIN_UPDATED], -1);
    struct ota_measure late = {.kind = OTA_MEASURE_WITHIN,
                               .within_us = within_us[4]};
    assert_true(isnan(ota_measure_value(&late, &results)));
    ota_results_release(&results);
}

static void a_lone_group_has_what_the_fleet_has(void **state)
{
    (void)state;
    struct ota_results results = collect(1, 0.95, false);

    assert_near(value(&results, "a.updated_within(50s)"), 0.5, 1e-15);
    assert_near(value(&results, "updated_within(50s)"), 0.5, 1e-15);
    for (int k = 0; k < OTA_KPIS; k++) {
        const struct ota_ends *fleet = &results.ends[k];
        const struct ota_ends *group = &results.ends[OTA_KPIS + k];
        assert_true(fleet->lo == group->lo ||
                    (isnan(fleet->lo) && isnan(group->lo)));
    }
    assert_true(isfinite(results.ends[OTA_KPI_USEFUL].lo));
    ota_results_release(&results);
}

static void ends_are(const struct ota_results *results, size_t group,
                     enum ota_kpi kpi, double lo, double hi)
{
    const struct ota_ends *ends = &results->ends[group * OTA_KPIS + kpi];

    assert_near(ends->lo, lo, 1e-9);
    assert_near(ends->hi, hi, 1e-9);
}

/* Of 1 to 100 the variance is 100 * 101 / 12; their median is between the 40th
 * and the 61st with 95 %, by tables of the sign test. */
static void ends_by_hand(void **state)
{
    (void)state;
    struct ota_results results = collect(GROUPS, 0.95, false);
    const double half =
        gsl_cdf_tdist_Pinv(0.975, 99) * sqrt(100.0 * 101.0 / 12.0 / 100.0);
    ends_are(&results, 1, OTA_KPI_USEFUL, 50.5 - half, 50.5 + half);
    ends_are(&results, 1, OTA_KPI_TIME_TO_50, 80.0, 122.0);

    int64_t lo, hi;
    ota_interval_ranks(100, 0.95, 0.95, &lo, &hi);
    ends_are(&results, 1, OTA_KPI_USEFUL_P95, (double)lo, (double)hi);
    ota_interval_ranks(100, 0.9, 0.95, &lo, &hi);
    ends_are(&results, 1, OTA_KPI_TIME_TO_90, 2.0 * (double)lo,
             2.0 * (double)hi);
    ends_are(&results, 1, OTA_KPI_REACHABLE_90, 2.0 * (double)lo,
             2.0 * (double)hi);

    /* All the same: a quantile is what it is; a mean has no interval. */
    ends_are(&results, 2, OTA_KPI_USEFUL_P95, 1000.0, 1000.0);
    assert_true(isnan(results.ends[2 * OTA_KPIS + OTA_KPI_USEFUL].lo));
    assert_true(isnan(results.ends[2 * OTA_KPIS + OTA_KPI_ATTEMPTS].hi));
    ota_results_release(&results);
}

/* The fleet's mean varies as far as its groups do: a third of group 0's; and
 * the halves that abort in both groups. */
static void groups_are_strata_of_the_fleet(void **state)
{
    (void)state;
    struct ota_results results = collect(GROUPS, 0.95, false);
    const double mean = (100 * 50.5 + 200 * 1000.0) / 300;
    const double half = gsl_cdf_tdist_Pinv(0.975, 99) *
                        sqrt(100.0 * 101.0 / 12.0 / 100.0) / 3.0;
    ends_are(&results, 0, OTA_KPI_USEFUL, mean - half, mean + half);

    const double of_groups[] = {100 * 25.0 / 99, 200 * 50.0 / 199};
    const double sum = of_groups[0] + of_groups[1];
    const double freedom =
        sum * sum /
        (of_groups[0] * of_groups[0] / 99 + of_groups[1] * of_groups[1] / 199);
    const double apart = gsl_cdf_tdist_Pinv(0.975, freedom) * sqrt(sum) / 300;
    ends_are(&results, 0, OTA_KPI_ABORTED, 0.5 - apart, 0.5 + apart);
    ota_results_release(&results);
}

/* A third of the fleet is confirmed: when half of it is, or 90 %, nobody can
 * say, not even that it is late. */
static void what_never_came_has_no_end(void **state)
{
    (void)state;
    struct ota_results results = collect(GROUPS, 0.95, false);
    const struct ota_ends *fleet = results.ends;

    assert_true(isnan(fleet[OTA_KPI_TIME_TO_50].lo));
    assert_true(isnan(fleet[OTA_KPI_TIME_TO_50].hi));
    assert_true(isnan(fleet[OTA_KPI_TIME_TO_90].hi));
    assert_true(isnan(fleet[2 * OTA_KPIS + OTA_KPI_TIME_TO_50].lo));

    /* No value of 100 bounds their 99th percentile from above. */
    const struct ota_ends *last = &fleet[OTA_KPIS + OTA_KPI_TIME_TO_99];
    assert_true(isfinite(last->lo) && isnan(last->hi));
    ota_results_release(&results);
}

static void only_what_was_asked_for(void **state)
{
    (void)state;
    struct ota_results none = collect(GROUPS, 0.0, false);
    struct ota_results staged = collect(GROUPS, 0.95, true);

    assert_null(none.ends);
    assert_null(staged.ends);
    ota_results_release(&none);
    ota_results_release(&staged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_are_counted_by_instants),
        cmocka_unit_test(no_instant_after_the_end),
        cmocka_unit_test(a_lone_group_has_what_the_fleet_has),
        cmocka_unit_test(ends_by_hand),
        cmocka_unit_test(groups_are_strata_of_the_fleet),
        cmocka_unit_test(what_never_came_has_no_end),
        cmocka_unit_test(only_what_was_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
