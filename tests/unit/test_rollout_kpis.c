/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_rollout_kpis.c - a rollout made by hand, and the KPIs of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "sim/base/clock.h"
#include "sim/stats/rollout.h"
#include "tests/support/near.h"

enum { DEVICES = 200, MIN = 60 };

static const int64_t release_us = OTA_US_PER_H;
static const int64_t horizon_us = 11 * OTA_US_PER_H;

static int64_t minute(int64_t m)
{
    return release_us + m * OTA_US_PER_MIN;
}

/*
 * Device i of 0 .. 99 is offered the release i min after it, runs it 20 min
 * later and has confirmed it a minute on; the release is bad on every fourth.
 * Devices 0 .. 49 go back at 200 min + 1 min each, for 1,000 bytes. Of the
 * other hundred, half were online but never offered anything, and half were
 * never online.
 */
static void fill(struct ota_device_record *records)
{
    for (int64_t i = 0; i < DEVICES; i++) {
        struct ota_device_record *record = &records[i];
        *record = (struct ota_device_record){
            .outcome = OTA_OUTCOME_WAITING_NOT_REACHED,
            .offered_us = OTA_NEVER,
            .begun_us = OTA_NEVER,
            .installed_us = OTA_NEVER,
            .confirmed_us = OTA_NEVER,
            .believed_us = OTA_NEVER,
            .defect_us = OTA_NEVER,
            .reached_us = OTA_NEVER,
            .revoked_us = OTA_NEVER,
            .left_us = OTA_NEVER,
            .back_us = OTA_NEVER,
            .bad = i % 4 == 0,
        };
        if (i < 150)
            record->power_us[OTA_POWER_ONLINE] = 1;
        if (i >= 100)
            continue;
        record->outcome = OTA_OUTCOME_UPDATED_CONFIRMED;
        record->reached_us = minute(i);
        record->installed_us = minute(i + 20);
        record->confirmed_us = minute(i + 21);
        if (i >= 50)
            continue;
        record->outcome = OTA_OUTCOME_ROLLED_BACK;
        record->left_us = record->back_us = minute(200 + i);
        record->back_bytes = 1000;
    }
}

static const struct ota_campaign_record stopped = {
    .stopped = true,
    .stop_us = 60 * OTA_US_PER_MIN,
    .effective_us = 90 * OTA_US_PER_MIN,
    .finished_us = OTA_NEVER,
    .paused_us = 5 * OTA_US_PER_S,
    .approvals = 8,
    .in_flight_peak = 20,
    .reoffers = 3,
};

static void compute(const struct ota_device_record *records,
                    const struct ota_campaign_record *campaign, bool fleet,
                    double kpi[OTA_KPIS])
{
    struct ota_digest digest;
    struct ota_totals totals = {.offers = 0};
    assert_true(ota_digest_init(&digest, DEVICES, true));
    for (size_t d = 0; d < DEVICES; d++) {
        ota_digest_put(&digest, d, &records[d]);
        ota_totals_add(&totals, &records[d], horizon_us, 1);
    }
    ota_digest_unfold(&digest);
    const struct ota_rollout_view view = {
        .digest = &digest,
        .totals = &totals,
        .fleet = fleet,
        .release_us = release_us,
        .campaign = campaign,
        .downloading = 17,
        .rates = {.site_visit_usd = 300.0, .operator_hour_usd = 40.0},
    };

    kpi[OTA_KPI_OVERAGE] = 2.5;
    for (size_t s = 0; s < OTA_SPREADS; s++)
        ota_rollout_spread(&view, s, kpi);
    ota_rollout_kpis(&view, kpi);
    ota_digest_release(&digest);
}

/* Half of 200 were offered it, the last one at 99 min; 75 of the 150 that were
 * online have confirmed at 74 + 21 min. */
static void how_fast_it_spread(void **state)
{
    (void)state;
    struct ota_device_record records[DEVICES];
    double kpi[OTA_KPIS];

    fill(records);
    compute(records, &stopped, true, kpi);
    assert_near(kpi[OTA_KPI_OFFERED_50], 99.0 * MIN, 1e-9);
    assert_near(kpi[OTA_KPI_INSTALLED_50], 119.0 * MIN, 1e-9);
    assert_near(kpi[OTA_KPI_TIME_TO_50], 120.0 * MIN, 1e-9);
    assert_near(kpi[OTA_KPI_REACHABLE_50], 95.0 * MIN, 1e-9);
    assert_true(isnan(kpi[OTA_KPI_OFFERED_90]));
    assert_true(isnan(kpi[OTA_KPI_INSTALLED_99]));
    assert_true(isnan(kpi[OTA_KPI_REACHABLE_90]));
}

/* The stop at 60 min: 61 were offered it, the one of that instant too, and 41
 * run it; at 90 min 71 do. Nobody has gone back yet. */
static void what_was_out_at_the_stop(void **state)
{
    (void)state;
    struct ota_device_record records[DEVICES];
    double kpi[OTA_KPIS];

    fill(records);
    compute(records, &stopped, true, kpi);
    assert_true(kpi[OTA_KPI_STOPPED] == 1.0);
    assert_near(kpi[OTA_KPI_STOP_TIME], 60.0 * MIN, 1e-9);
    assert_near(kpi[OTA_KPI_STOP_EFFECT], 90.0 * MIN, 1e-9);
    assert_true(kpi[OTA_KPI_STOP_OFFERED] == 61.0);
    assert_true(kpi[OTA_KPI_STOP_DOWNLOADS] == 17.0);
    assert_true(kpi[OTA_KPI_STOP_RUNNING] == 41.0);
    assert_true(kpi[OTA_KPI_EFFECT_RUNNING] == 71.0);
    assert_true(kpi[OTA_KPI_EXPOSED] == 100.0);
    assert_true(kpi[OTA_KPI_EXPOSED_BAD] == 25.0);
    assert_true(kpi[OTA_KPI_REOFFERS] == 3.0);
    assert_true(kpi[OTA_KPI_IN_FLIGHT_PEAK] == 20.0);
    assert_true(kpi[OTA_KPI_APPROVALS] == 8.0);
    assert_true(kpi[OTA_KPI_PAUSED_TIME] == 5.0);
}

/* Device 4 k with 4 k < 50 runs it from 4 k + 20 to 4 k + 200, 180 min; later
 * ones to the end, 600 - (4 k + 20) min. 50 went back, the last of the first
 * 99 % (50 of them) at 249 min, 189 after the stop. */
static void going_back(void **state)
{
    (void)state;
    struct ota_device_record records[DEVICES];
    double kpi[OTA_KPIS];

    fill(records);
    compute(records, &stopped, true, kpi);
    double minutes = 0.0;
    for (int i = 0; i < 100; i += 4)
        minutes += i < 50 ? 180.0 : 600.0 - (i + 20.0);
    assert_near(kpi[OTA_KPI_BAD_TIME], minutes / 60.0, 1e-9);
    assert_true(kpi[OTA_KPI_BACK_BYTES] == 50000.0);
    assert_near(kpi[OTA_KPI_BACK_TIME], 189.0 * MIN, 1e-9);
}

/* A device that took the release a second time runs it again. */
static void a_second_time(void **state)
{
    (void)state;
    struct ota_device_record records[DEVICES];
    double kpi[OTA_KPIS];

    fill(records);
    for (int i = 0; i < DEVICES; i++)
        records[i].installed_us = OTA_NEVER;
    records[0].installed_us = minute(30);
    records[0].left_us = minute(10);
    compute(records, &stopped, true, kpi);
    assert_true(kpi[OTA_KPI_STOP_RUNNING] == 1.0);
    assert_near(kpi[OTA_KPI_BAD_TIME], 9.5, 1e-9);
}

/* One bricked, one crashes on, one ran out of battery crashing; one that did so
 * after it had reverted, and one whose battery was just old, need no visit for
 * the release's sake. */
static void what_it_costs(void **state)
{
    (void)state;
    struct ota_device_record records[DEVICES];
    double kpi[OTA_KPIS];

    fill(records);
    records[50].outcome = OTA_OUTCOME_BRICKED;
    records[51].outcome = OTA_OUTCOME_FAILED_CRASHING;
    for (int i = 52; i < 55; i++) {
        records[i].outcome = OTA_OUTCOME_OUT_OF_BATTERY;
        records[i].dead = true;
    }
    records[52].defect_us = records[53].defect_us = minute(80);
    records[53].left_us = minute(90);
    compute(records, &stopped, true, kpi);
    assert_true(kpi[OTA_KPI_SITE_VISITS] == 3.0);
    /* 8 steps of a quarter of an hour. */
    assert_near(kpi[OTA_KPI_COST], 2.5 + 3 * 300.0 + 2 * 40.0, 1e-9);

    compute(records, &stopped, false, kpi);
    assert_near(kpi[OTA_KPI_COST], 2.5 + 3 * 300.0, 1e-9);
    assert_true(isnan(kpi[OTA_KPI_STOPPED]));
    assert_true(isnan(kpi[OTA_KPI_APPROVALS]));
    assert_true(kpi[OTA_KPI_STOP_OFFERED] == 61.0);
}

static void without_a_stop(void **state)
{
    (void)state;
    struct ota_device_record records[DEVICES];
    double kpi[OTA_KPIS];

    fill(records);
    compute(records, NULL, true, kpi);
    assert_true(kpi[OTA_KPI_STOPPED] == 0.0);
    assert_true(isnan(kpi[OTA_KPI_STOP_TIME]));
    assert_true(isnan(kpi[OTA_KPI_STOP_OFFERED]));
    assert_true(isnan(kpi[OTA_KPI_STOP_DOWNLOADS]));
    assert_true(isnan(kpi[OTA_KPI_EFFECT_RUNNING]));
    assert_true(isnan(kpi[OTA_KPI_BACK_TIME]));
    assert_true(kpi[OTA_KPI_EXPOSED] == 100.0);

    /* Decided, and not in effect by the end. */
    struct ota_campaign_record late = stopped;
    late.effective_us = OTA_NEVER;
    compute(records, &late, true, kpi);
    assert_true(kpi[OTA_KPI_STOP_RUNNING] == 41.0);
    assert_true(isnan(kpi[OTA_KPI_STOP_EFFECT]));
    assert_true(isnan(kpi[OTA_KPI_EFFECT_RUNNING]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_fast_it_spread),
        cmocka_unit_test(what_was_out_at_the_stop),
        cmocka_unit_test(going_back),
        cmocka_unit_test(a_second_time),
        cmocka_unit_test(what_it_costs),
        cmocka_unit_test(without_a_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
