/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_results.c - records of a fleet made by hand, and what they condense to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "sim/base/clock.h"
#include "sim/stats/results.h"
#include "tests/support/device_list.h"
#include "tests/support/near.h"

enum { GROUPS = 2, THREADS = 3, DEVICES = 300 };

static const int64_t group_devices[GROUPS] = {100, 200};
static const int64_t release_us = OTA_US_PER_H;

static struct ota_results_shape shape(const struct ota_device_sink *sink)
{
    return (struct ota_results_shape){
        .group_devices = group_devices,
        .group_count = GROUPS,
        .threads = THREADS,
        .horizon_us = 100 * OTA_US_PER_H,
        .release_us = release_us,
        .sink = sink,
    };
}

/*
 * Device i of group 0 is confirmed i + 1 s after the release and sends 10 (i +
 * 1) bytes; group 1 never hears of the release, sends nothing and draws more
 * charge than the sum of 64 bits would hold.
 */
static struct ota_device_record record_of(int64_t device)
{
    struct ota_device_record record = {
        .outcome = OTA_OUTCOME_WAITING_NEVER_OFFERED,
        .offered_us = OTA_NEVER,
        .begun_us = OTA_NEVER,
        .installed_us = OTA_NEVER,
        .confirmed_us = OTA_NEVER,
        .reached_us = OTA_NEVER,
        .revoked_us = OTA_NEVER,
        .left_us = OTA_NEVER,
        .back_us = OTA_NEVER,
        .defect_us = OTA_NEVER,
        .charge_pc = INT64_C(3600000000000) * 100000, /* 100,000 mAh */
        .dead = device % 2 == 1,
    };
    if (device >= group_devices[0])
        return record;

    const int64_t n = device + 1;
    record.outcome = OTA_OUTCOME_UPDATED_CONFIRMED;
    record.confirmed_us = release_us + n * OTA_US_PER_S;
    record.routine_bytes = n;
    record.useful_bytes = 2 * n;
    record.overhead_bytes = 3 * n;
    record.wasted_bytes = 4 * n;
    record.power_us[OTA_POWER_HIBERNATE] = 1000 * OTA_US_PER_S;
    record.power_us[OTA_POWER_TAIL] = 500 * OTA_US_PER_S;
    record.believed = device < 60;
    record.defect_us = device < 5 ? device : OTA_NEVER;
    record.power_us[OTA_POWER_ATTACH] = n * OTA_US_PER_S;
    record.power_us[OTA_POWER_ONLINE] = 2 * n * OTA_US_PER_S;
    record.overage_uusd = 250000;
    record.periods_over = device < 7 ? 2 : 0;
    record.offers = 4;
    record.offers_begun = 1;
    record.attempts = 3;
    record.aborted = 2;
    return record;
}

static void tell_final(const struct ota_observer *observer, int64_t device,
                       const struct ota_device_record *record, bool undone)
{
    const struct ota_observation seen = {
        .kind = OTA_SEEN_FINAL,
        .time_us = 100 * OTA_US_PER_H,
        .device = (uint64_t)device,
        .group = device >= group_devices[0],
        .undone = undone,
        .record = record,
    };
    observer->observe(observer->self, &seen);
}

/* Lets device by device be seen, by threads in turn. */
static void tell(const struct ota_collector *collector)
{
    const struct ota_observer *observers = ota_collector_observers(collector);

    for (int64_t d = 0; d < DEVICES; d++) {
        const struct ota_observer *observer = &observers[d % THREADS];
        const struct ota_device_record record = record_of(d);
        struct ota_observation seen = {
            .kind = OTA_SEEN_STATE,
            .device = (uint64_t)d,
            .group = d >= group_devices[0],
            .detail.state = {OTA_STATES, OTA_STATE_WAITING},
        };
        assert_true(observer->wants & 1U << OTA_SEEN_STATE);
        assert_true(observer->wants & 1U << OTA_SEEN_FINAL);
        observer->observe(observer->self, &seen);

        if (record.confirmed_us != OTA_NEVER) {
            seen.time_us = record.confirmed_us;
            seen.detail.state.from = OTA_STATE_WAITING;
            seen.detail.state.to = OTA_STATE_CONFIRMED;
            observer->observe(observer->self, &seen);
        }
        tell_final(observer, d, &record, false);
    }
}

static struct ota_results collect(const struct ota_device_sink *sink)
{
    const struct ota_results_shape of = shape(sink);
    struct ota_error error = {.failed = false};
    struct ota_results results;
    struct ota_collector *collector = ota_collector_new(&of, &error);
    assert_non_null(collector);

    tell(collector);
    assert_true(ota_collector_finish(collector, NULL, &results, &error));
    assert_false(error.failed);
    ota_collector_free(collector);
    return results;
}

static void outcomes_add_up(void **state)
{
    (void)state;
    struct ota_results results = collect(NULL);
    assert_int_equal(results.group_count, GROUPS);
    const int64_t devices[] = {DEVICES, 100, 200};

    for (size_t g = 0; g <= GROUPS; g++) {
        int64_t sum = 0;
        for (int o = 0; o < OTA_OUTCOMES; o++)
            sum += results.groups[g].outcomes[o];
        assert_int_equal(results.groups[g].devices, devices[g]);
        assert_int_equal(sum, devices[g]);
    }
    assert_int_equal(results.groups[0].outcomes[OTA_OUTCOME_UPDATED_CONFIRMED],
                     100);
    assert_int_equal(
        results.groups[2].outcomes[OTA_OUTCOME_WAITING_NEVER_OFFERED], 200);
    ota_results_release(&results);
}

/* Of 1 to 100 the mean is 50.5 and the 95th percentile 95.05. */
static void kpis_of_a_group_by_hand(void **state)
{
    (void)state;
    struct ota_results results = collect(NULL);
    const double *kpi = results.groups[1].kpi;
    static const struct {
        enum ota_kpi kpi;
        double wanted;
    } wanted[] = {
        {OTA_KPI_CONFIRMED_SHARE, 1.0},  {OTA_KPI_TIME_TO_50, 50.0},
        {OTA_KPI_TIME_TO_90, 90.0},      {OTA_KPI_TIME_TO_99, 99.0},
        {OTA_KPI_BEGUN_PER_OFFER, 0.25}, {OTA_KPI_ATTEMPTS, 3.0},
        {OTA_KPI_ABORTED, 2.0},          {OTA_KPI_BYTES, 505.0},
        {OTA_KPI_BYTES_P95, 950.5},      {OTA_KPI_USEFUL, 101.0},
        {OTA_KPI_USEFUL_P95, 190.1},     {OTA_KPI_OVERHEAD, 151.5},
        {OTA_KPI_OVERHEAD_P95, 285.15},  {OTA_KPI_WASTED, 202.0},
        {OTA_KPI_WASTED_P95, 380.2},     {OTA_KPI_ROUTINE, 50.5},
        {OTA_KPI_ROUTINE_P95, 95.05},    {OTA_KPI_SIMS_OVER_CAP, 7.0},
        {OTA_KPI_OVERAGE, 25.0},         {OTA_KPI_AWAKE, 151.5},
        {OTA_KPI_AWAKE_P95, 285.15},     {OTA_KPI_CHARGE, 1e5},
        {OTA_KPI_CHARGE_P95, 1e5},       {OTA_KPI_BATTERIES_EMPTY, 50.0},
        {OTA_KPI_BELIEVED, 60.0},        {OTA_KPI_BELIEVED_WRONGLY, 0.0},
        {OTA_KPI_UNBELIEVED, 40.0},      {OTA_KPI_DEFECTIVE, 5.0},
    };
    enum { WANTED = sizeof(wanted) / sizeof(wanted[0]) };
    assert_int_equal(WANTED, OTA_KPI_DEFECTIVE + 1);
    for (size_t i = 0; i < WANTED; i++)
        assert_near(kpi[wanted[i].kpi], wanted[i].wanted, 1e-9);
    ota_results_release(&results);
}

/* All 300 are targets: half of them never comes, nor does an offer to group
 * 1. 100 of 300 are not 34 %. */
static void what_never_came_is_nan(void **state)
{
    (void)state;
    struct ota_results results = collect(NULL);
    assert_near(results.groups[0].kpi[OTA_KPI_CONFIRMED_SHARE], 1.0 / 3.0,
                1e-12);
    assert_true(isnan(results.groups[0].kpi[OTA_KPI_TIME_TO_50]));
    assert_true(isnan(results.groups[2].kpi[OTA_KPI_TIME_TO_50]));
    assert_true(isnan(results.groups[2].kpi[OTA_KPI_BEGUN_PER_OFFER]));
    assert_true(results.groups[2].kpi[OTA_KPI_BYTES] == 0.0);
    ota_results_release(&results);
}

static void timeline_and_bytes_of_all_threads(void **state)
{
    (void)state;
    struct ota_results results = collect(NULL);
    const struct ota_timeline *timeline = &results.timeline;

    for (size_t i = 0; i < timeline->instants; i++) {
        const int64_t at_us = (int64_t)i * timeline->step_us;
        const int64_t since_s = (at_us - release_us) / OTA_US_PER_S;
        const int64_t confirmed = since_s < 0     ? 0
                                  : since_s > 100 ? 100
                                                  : since_s;
        assert_int_equal(ota_timeline_at(timeline, i, OTA_STATE_CONFIRMED),
                         confirmed);
        assert_int_equal(ota_timeline_at(timeline, i, OTA_STATE_WAITING),
                         DEVICES - confirmed);
    }
    assert_int_equal(results.bytes.count, DEVICES);
    assert_int_equal(results.bytes.zeros, 200);
    ota_results_release(&results);
}

/* Tells a state of device 0 of group 1, on the first thread. */
static void tell_state(const struct ota_collector *collector, int64_t time_us,
                       enum ota_state from, enum ota_state to, bool undone)
{
    const struct ota_observer *observer = ota_collector_observers(collector);
    const struct ota_observation seen = {
        .kind = OTA_SEEN_STATE,
        .time_us = time_us,
        .device = 100,
        .group = 1,
        .undone = undone,
        .detail.state = {from, to},
    };
    observer->observe(observer->self, &seen);
}

/* A download that did not happen after all is neither in the timeline nor
 * among those that were under way at the stop; the one that did is. */
static void what_is_undone_was_not(void **state)
{
    (void)state;
    struct ota_results_shape of = shape(NULL);
    struct ota_error error = {.failed = false};
    struct ota_results results;
    of.staged = of.may_stop = true;
    struct ota_collector *collector = ota_collector_new(&of, &error);
    assert_non_null(collector);

    tell(collector);
    const int64_t h_us = OTA_US_PER_H;
    tell_state(collector, 2 * h_us, OTA_STATE_WAITING, OTA_STATE_DOWNLOADING,
               false);
    tell_state(collector, 8 * h_us, OTA_STATE_DOWNLOADING, OTA_STATE_WAITING,
               false);
    tell_state(collector, 2 * h_us, OTA_STATE_WAITING, OTA_STATE_DOWNLOADING,
               true);
    tell_state(collector, 8 * h_us, OTA_STATE_DOWNLOADING, OTA_STATE_WAITING,
               true);
    tell_state(collector, 5 * h_us, OTA_STATE_WAITING, OTA_STATE_DOWNLOADING,
               false);
    tell_state(collector, 6 * h_us, OTA_STATE_DOWNLOADING, OTA_STATE_WAITING,
               false);

    const struct ota_wave_record waves[] = {{.name = "canary"}, {.name = NULL}};
    struct ota_campaign_record campaign = {
        .stop_us = 4 * h_us, /* 5 h since time 0 */
        .effective_us = OTA_NEVER,
        .rule = 0,
        .wave_count = 2,
        .waves = waves,
    };
    assert_true(ota_collector_finish(collector, &campaign, &results, &error));
    ota_collector_free(collector);

    const struct ota_timeline *timeline = &results.timeline;
    for (size_t i = 0; i < timeline->instants; i++) {
        const int64_t at_us = (int64_t)i * timeline->step_us;
        assert_int_equal(ota_timeline_at(timeline, i, OTA_STATE_DOWNLOADING),
                         at_us >= 5 * h_us && at_us < 6 * h_us);
    }
    assert_true(results.groups[0].kpi[OTA_KPI_STOP_DOWNLOADS] == 1.0);
    assert_true(results.groups[1].kpi[OTA_KPI_STOP_DOWNLOADS] == 0.0);
    assert_true(results.groups[2].kpi[OTA_KPI_STOP_DOWNLOADS] == 1.0);
    assert_true(results.staged);
    assert_ptr_not_equal(results.campaign.waves, waves);
    assert_string_equal(results.campaign.waves[0].name, "canary");
    assert_string_equal(results.campaign.waves[1].name, "");
    ota_results_release(&results);
}

static void the_sink_is_given_all(void **state)
{
    (void)state;
    struct device_list list;
    device_list_init(&list, DEVICES);
    struct ota_results results = collect(&list.sink);

    for (int64_t d = 0; d < DEVICES; d++) {
        assert_int_equal(list.puts[d], 1);
        assert_int_equal(list.records[d].confirmed_us,
                         record_of(d).confirmed_us);
    }
    ota_results_release(&results);
    device_list_release(&list);
}

/* Devices that ended otherwise at first, and were told so and then taken back
 * by other threads, leave no trace. */
static void an_end_that_is_undone_was_not(void **state)
{
    (void)state;
    struct device_list list;
    device_list_init(&list, DEVICES);
    struct ota_results_shape of = shape(&list.sink);
    of.may_stop = true;
    struct ota_error error = {.failed = false};
    struct ota_results results;
    struct ota_collector *collector = ota_collector_new(&of, &error);
    assert_non_null(collector);
    const struct ota_observer *observers = ota_collector_observers(collector);
    struct ota_device_record other = record_of(50);
    other.outcome = OTA_OUTCOME_BRICKED;
    other.installed_us = OTA_US_PER_DAY;
    other.bad = true;
    other.routine_bytes = INT64_C(1) << 40;
    other.overage_uusd = 123456789012;
    other.defect_us = 5;

    for (int64_t d = 0; d < DEVICES; d += 7)
        tell_final(&observers[d % THREADS], d, &other, false);
    for (int64_t d = 0; d < DEVICES; d += 7)
        tell_final(&observers[(d + 1) % THREADS], d, &other, true);
    tell(collector);
    assert_true(ota_collector_finish(collector, NULL, &results, &error));
    ota_collector_free(collector);

    struct ota_results wanted = collect(NULL);
    assert_memory_equal(results.groups, wanted.groups,
                        (1 + GROUPS) * sizeof(*wanted.groups));
    assert_memory_equal(&results.bytes, &wanted.bytes, sizeof(wanted.bytes));
    for (int64_t d = 0; d < DEVICES; d++)
        assert_int_equal(list.records[d].outcome, record_of(d).outcome);
    ota_results_release(&results);
    ota_results_release(&wanted);
    device_list_release(&list);
}

/* One group is the whole fleet, and is not computed twice. */
static void a_lone_group_is_the_fleet(void **state)
{
    (void)state;
    static const int64_t all[] = {DEVICES};
    struct ota_results_shape of = shape(NULL);
    of.group_devices = all;
    of.group_count = 1;
    struct ota_error error = {.failed = false};
    struct ota_results one;
    struct ota_collector *collector = ota_collector_new(&of, &error);
    assert_non_null(collector);
    const struct ota_observer *observers = ota_collector_observers(collector);
    for (int64_t d = 0; d < DEVICES; d++) {
        const struct ota_device_record record = record_of(d);
        const struct ota_observation seen = {
            .kind = OTA_SEEN_FINAL, .device = (uint64_t)d, .record = &record};
        observers->observe(observers->self, &seen);
    }
    assert_true(ota_collector_finish(collector, NULL, &one, &error));
    ota_collector_free(collector);

    struct ota_results two = collect(NULL);
    assert_memory_equal(&one.groups[0], &two.groups[0], sizeof(*one.groups));
    assert_memory_equal(one.groups[1].kpi, two.groups[0].kpi,
                        OTA_KPI_STOPPED * sizeof(double));
    assert_memory_equal(one.groups[1].outcomes, two.groups[0].outcomes,
                        sizeof(one.groups[1].outcomes));
    assert_int_equal(one.groups[1].devices, DEVICES);
    assert_true(isnan(one.groups[1].kpi[OTA_KPI_STOPPED]));
    ota_results_release(&one);
    ota_results_release(&two);
}

static void every_kpi_has_its_words(void **state)
{
    (void)state;
    for (int k = 0; k < OTA_KPIS; k++) {
        assert_non_null(ota_kpis[k].name);
        assert_non_null(ota_kpis[k].label);
        assert_non_null(ota_kpis[k].help);
        assert_non_null(strstr(" 1 s h B mAh USD devices ", ota_kpis[k].unit));
        for (int other = 0; other < k; other++)
            assert_string_not_equal(ota_kpis[k].name, ota_kpis[other].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes_add_up),
        cmocka_unit_test(kpis_of_a_group_by_hand),
        cmocka_unit_test(what_never_came_is_nan),
        cmocka_unit_test(timeline_and_bytes_of_all_threads),
        cmocka_unit_test(what_is_undone_was_not),
        cmocka_unit_test(the_sink_is_given_all),
        cmocka_unit_test(an_end_that_is_undone_was_not),
        cmocka_unit_test(a_lone_group_is_the_fleet),
        cmocka_unit_test(every_kpi_has_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
