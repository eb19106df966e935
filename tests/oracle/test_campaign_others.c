/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_campaign_others.c - rollbacks as Azure Device Update has them, samples
 * as Memfault and Google take them, a limit as Kubernetes counts it, and a
 * sequential test as a rule.
 *
 * Sources: Azure Device Update, device-update-deployments.md (the whole group
 * rolls back; we read count and percentage as both); Memfault, deploy-release
 * (a random sample); Kubernetes, deployment (maxUnavailable rounds down);
 * Wald's test: A. Wald: Sequential Tests of Statistical Hypotheses. Ann. Math.
 * Stat. 16 (1945).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "sim/base/clock.h"
#include "tests/support/near.h"
#include "tests/support/script.h"

/* --- Azure Device Update --- */

struct rollback {
    struct ota_condition all[2];
    struct ota_rule rule;
};

static void rollback_init(struct rollback *rollback, struct script *script,
                          enum ota_back_who who)
{
    *rollback = (struct rollback){
        .all = {{.kind = OTA_IF_COUNT,
                 .counter = OTA_COUNT_FAILED,
                 .op = OTA_AT_LEAST,
                 .n = 10},
                {.kind = OTA_IF_SHARE,
                 .counter = OTA_COUNT_FAILED,
                 .of = OTA_COUNT_TOTAL,
                 .op = OTA_AT_LEAST,
                 .pct = 5 * (OTA_PCT_ALL / 100)}},
        .rule = {.scope = OTA_SCOPE_ROLLOUT,
                 .when = {.kind = OTA_IF_ALL,
                          .parts = rollback->all,
                          .part_count = 2},
                 .action = {.kind = OTA_DO_ROLLBACK, .who = who},
                 .once = true}};
    script->policy.rules.list = &rollback->rule;
    script->policy.rules.count = 1;
}

/* Device d ends at d + 1 s: first `self` good ones, then bad ones. */
static struct script_answer good_then_bad(struct script *script,
                                          uint32_t device, int64_t tries)
{
    const uint32_t *good = script->self;

    (void)tries;
    return (struct script_answer){.end_us = (device + 1) * OTA_US_PER_S,
                                  .kind = device < *good ? OTA_REPORT_SUCCEEDED
                                                         : OTA_REPORT_FAILED,
                                  .cause = OTA_CAUSE_INSTALL};
}

static void rolls_back(size_t devices, uint32_t good, int64_t bad)
{
    struct rollback rollback;
    struct script script;

    script_init(&script, devices);
    rollback_init(&rollback, &script, OTA_BACK_ALL);
    script.answer = good_then_bad;
    script.self = &good;
    script_run(&script, (good + bad) * OTA_US_PER_S - 1);
    assert_false(script_record(&script).stopped);
    assert_int_equal(script.orders[OTA_ORDER_ROLL_BACK], 0);
    script_run(&script, OTA_US_PER_DAY);
    const struct ota_campaign_record record = script_record(&script);
    assert_true(record.stopped);
    assert_int_equal(record.stop_us, (good + bad) * OTA_US_PER_S);
    assert_int_equal(record.effective_us, record.stop_us);
    /* Everybody: the good go back, the failed are there, the others are
     * stopped. */
    assert_int_equal(script.orders[OTA_ORDER_ROLL_BACK], good);
    assert_int_equal(script.orders[OTA_ORDER_CANCEL],
                     (int64_t)devices - good - bad);
    assert_int_equal(record.counts.kept[OTA_COUNT_ON_TARGET], 0);
    assert_int_equal(ota_count(&record.counts, OTA_COUNT_TERMINAL), devices);
    script_free(&script);
}

static void the_whole_group_goes_back(void **state)
{
    (void)state;
    rolls_back(100, 60, 10);  /* 10 %; 9 would be 9 % and too few */
    rolls_back(1000, 60, 50); /* 10 of them would be 1 % */
}

static void only_who_was_updated_goes_back(void **state)
{
    struct rollback rollback;
    struct script script;
    uint32_t good = 60;

    (void)state;
    script_init(&script, 100);
    rollback_init(&rollback, &script, OTA_BACK_UPDATED);
    script.answer = good_then_bad;
    script.self = &good;
    /* One under way succeeds behind the stop and is sent back then. */
    script_report(&script, 200 * OTA_US_PER_S, 99, OTA_REPORT_STARTED, 0);
    script_run(&script, 80 * OTA_US_PER_S);
    assert_int_equal(script.orders[OTA_ORDER_ROLL_BACK], 60);
    assert_int_equal(script.orders[OTA_ORDER_CANCEL], 0);
    script_report(&script, 81500000, 99, OTA_REPORT_SUCCEEDED, 0);
    script_run(&script, 82 * OTA_US_PER_S);
    assert_int_equal(script.orders[OTA_ORDER_ROLL_BACK], 61);
    assert_int_equal(script_count(&script, OTA_COUNT_SUCCEEDED), 61);
    script_free(&script);
}

/* --- samples --- */

static int64_t sampled(struct ota_wave_size size, uint64_t seed)
{
    struct script script;

    script_init(&script, 10000);
    script.key.seed = seed;
    script.waves[0].size = size;
    script.waves[0].order = OTA_SEQUENCE_RANDOM;
    script_run(&script, OTA_US_PER_H);
    const int64_t n = script_count(&script, OTA_COUNT_SUCCEEDED);
    script_free(&script);
    return n;
}

static void five_percent_of_a_cohort(void **state)
{
    enum { RUNS = 100 };
    const struct ota_wave_size exact = {.kind = OTA_SIZE_PCT, .pct = 5000000};
    const struct ota_wave_size each = {.kind = OTA_SIZE_BERNOULLI,
                                       .pct = 5000000};
    const double variance = 10000 * 0.05 * 0.95; /* 21.8 squared */
    double sum = 0, squares = 0;

    (void)state;
    assert_int_equal(sampled(exact, 1), 500);
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        const double n = (double)sampled(each, seed);
        sum += n;
        squares += (n - 500) * (n - 500);
    }
    near_check(sum / RUNS, 500, 4 * sqrt(variance / RUNS), __FILE__, __LINE__);
    /* The variance of a sample variance of normal ones is 2 v^2 / n. */
    near_check(squares / RUNS, variance, 4 * variance * sqrt(2.0 / RUNS),
               __FILE__, __LINE__);
}

/* A raise of the share keeps who was in it. */
static void a_raise_keeps_the_sample(void **state)
{
    struct script script;

    (void)state;
    script_init(&script, 10000);
    for (size_t w = 0; w < 2; w++) {
        struct ota_wave *wave = script_wave(&script, w, 0);
        wave->size = (struct ota_wave_size){.kind = OTA_SIZE_BERNOULLI,
                                            .pct = w == 0 ? 5000000 : 25000000};
        wave->cumulative = true;
        wave->start =
            (struct ota_wave_start){OTA_START_AT, (int64_t)w * OTA_US_PER_DAY};
    }
    script_run(&script, 2 * OTA_US_PER_DAY);
    const double n = (double)script_count(&script, OTA_COUNT_SUCCEEDED);
    /* Independent draws would give 28.75 %. */
    near_check(n, 2500, 4 * sqrt(10000 * 0.25 * 0.75), __FILE__, __LINE__);
    script_free(&script);
}

/* --- a limit in percent --- */

static void a_quarter_of_ten_is_two(void **state)
{
    struct script script;

    (void)state;
    script_init(&script, 10);
    script.policy.pace.in_flight.max = (int64_t)floor(0.25 * 10);
    script_run(&script, OTA_US_PER_DAY);
    const struct ota_campaign_record record = script_record(&script);
    assert_int_equal(record.in_flight_peak, 2);
    assert_int_equal(record.finished_us, 5 * OTA_US_PER_MIN);
    script_free(&script);
}

/* --- a sequential test --- */

struct failing {
    const uint32_t *at; /* reports that are failures, from 1 */
    size_t count;
};

static struct script_answer failing_at(struct script *script, uint32_t device,
                                       int64_t tries)
{
    const struct failing *failing = script->self;
    bool bad = false;

    (void)tries;
    for (size_t i = 0; i < failing->count; i++)
        bad = bad || failing->at[i] == device + 1;
    return (struct script_answer){.end_us = (device + 1) * OTA_US_PER_S,
                                  .kind = bad ? OTA_REPORT_FAILED
                                              : OTA_REPORT_SUCCEEDED,
                                  .cause = OTA_CAUSE_INSTALL};
}

/* After how many reports the test stops the rollout; 0: it does not. */
static int64_t decides(bool bad, const uint32_t *at, size_t count)
{
    const struct ota_rule rule = {.scope = OTA_SCOPE_ROLLOUT,
                                  .when = {.kind = OTA_IF_SPRT,
                                           .counter = OTA_COUNT_FAILED,
                                           .of = OTA_COUNT_EXECUTED,
                                           .p0 = 0.02,
                                           .p1 = 0.05,
                                           .alpha = 0.05,
                                           .beta = 0.10,
                                           .verdict_bad = bad},
                                  .action = {.kind = OTA_DO_STOP},
                                  .once = true};
    struct failing failing = {at, count};
    struct script script;

    script_init(&script, 90);
    script.answer = failing_at;
    script.self = &failing;
    script.policy.rules.list = &rule;
    script.policy.rules.count = 1;
    script_run(&script, OTA_US_PER_H);
    const struct ota_campaign_record record = script_record(&script);
    script_free(&script);
    return record.stopped ? record.stop_us / OTA_US_PER_S : 0;
}

static void a_sequential_test_stops_in_time(void **state)
{
    static const uint32_t first[] = {1, 2, 3, 4};
    static const uint32_t in_time[] = {1, 10, 20, 28};
    static const uint32_t too_late[] = {1, 10, 20, 29};

    (void)state;
    assert_int_equal(decides(true, first, 3), 0);
    assert_int_equal(decides(true, first, 4), 4);
    assert_int_equal(decides(true, in_time, 4), 28);
    assert_int_equal(decides(true, too_late, 4), 0);
    assert_int_equal(decides(false, NULL, 0), 73);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_group_goes_back),
        cmocka_unit_test(only_who_was_updated_goes_back),
        cmocka_unit_test(five_percent_of_a_cohort),
        cmocka_unit_test(a_raise_keeps_the_sample),
        cmocka_unit_test(a_quarter_of_ten_is_two),
        cmocka_unit_test(a_sequential_test_stops_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
