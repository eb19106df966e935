/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_campaign_aws.c - campaigns as AWS IoT Jobs runs them: rate ladders,
 * aborts, timers, devices that stay offline.
 *
 * The numbers follow by hand from the developer guide's rules: rate(N) =
 * min(max, base * factor ^ floor(N / n)); an abort looks at executions that
 * ended, takes back what is QUEUED and leaves what is IN_PROGRESS.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "sim/base/clock.h"
#include "tests/support/script.h"

static const int64_t minute = OTA_US_PER_MIN;

static struct ota_policy_rate ladder(int64_t every, int of, bool grain)
{
    return (struct ota_policy_rate){.limited = true,
                                    .base = 50,
                                    .per_us = OTA_US_PER_MIN,
                                    .max = 1000,
                                    .factor = 2,
                                    .every = every,
                                    .of = of,
                                    .grain = grain};
}

static struct ota_policy_rate constant(double per_minute)
{
    return (struct ota_policy_rate){.limited = true,
                                    .base = per_minute,
                                    .per_us = OTA_US_PER_MIN,
                                    .max = per_minute,
                                    .factor = 1};
}

/* --- the rate ladder --- */

static void the_ladder_by_notified_things(void **state)
{
    /* notified, and when */
    static const struct {
        int64_t n, at_us;
    } wanted[] = {{1000, 20 * OTA_US_PER_MIN}, {2000, 30 * OTA_US_PER_MIN},
                  {3000, 35 * OTA_US_PER_MIN}, {3800, 37 * OTA_US_PER_MIN},
                  {4000, 2250 * OTA_US_PER_S}, {5000, 2325 * OTA_US_PER_S},
                  {10000, 2625 * OTA_US_PER_S}};
    struct script script;

    (void)state;
    script_init(&script, 10000);
    script.policy.pace.rate = ladder(1000, OTA_GROW_OFFERED, false);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        script_run(&script, wanted[i].at_us - 1);
        assert_int_equal(script_record(&script).offers, wanted[i].n - 1);
        script_run(&script, wanted[i].at_us);
        assert_int_equal(script_record(&script).offers, wanted[i].n);
    }
    script_free(&script);
}

static void the_ladder_in_bursts(void **state)
{
    struct script script;

    (void)state;
    script_init(&script, 10000);
    script.policy.pace.rate = ladder(1000, OTA_GROW_OFFERED, true);
    script_run(&script, 19 * minute);
    assert_int_equal(script_record(&script).offers, 1000);
    script_run(&script, 37 * minute);
    assert_int_equal(script_record(&script).offers, 4200);
    script_run(&script, 38 * minute);
    assert_int_equal(script_record(&script).offers, 5000);
    script_run(&script, 43 * minute - 1);
    assert_int_equal(script_record(&script).offers, 9000);
    script_run(&script, 43 * minute);
    assert_int_equal(script_record(&script).offers, 10000);
    script_free(&script);
}

static struct script_answer good_in_ten(struct script *script, uint32_t device,
                                        int64_t tries)
{
    (void)script;
    (void)device;
    (void)tries;
    return (struct script_answer){.end_us = 10 * OTA_US_PER_MIN,
                                  .kind = OTA_REPORT_SUCCEEDED};
}

static void the_ladder_by_successes(void **state)
{
    static const struct {
        int64_t n, at_us;
    } wanted[] = {{1500, 30 * OTA_US_PER_MIN},
                  {3000, 45 * OTA_US_PER_MIN},
                  {5000, 55 * OTA_US_PER_MIN},
                  {7000, 60 * OTA_US_PER_MIN},
                  {10000, 3825 * OTA_US_PER_S}};
    struct script script;

    (void)state;
    script_init(&script, 10000);
    script.answer = good_in_ten;
    script.policy.pace.rate = ladder(1000, OTA_GROW_SUCCEEDED, false);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        script_run(&script, wanted[i].at_us - 1);
        assert_int_equal(script_record(&script).offers, wanted[i].n - 1);
        script_run(&script, wanted[i].at_us);
        assert_int_equal(script_record(&script).offers, wanted[i].n);
    }
    script_free(&script);
}

/* --- the abort --- */

static const struct ota_minimum hundred = {OTA_COUNT_EXECUTED, 100};

static struct ota_rule abort_rule(enum ota_counter counter, enum ota_compare op,
                                  int64_t pct)
{
    return (struct ota_rule){.scope = OTA_SCOPE_ROLLOUT,
                             .when = {.kind = OTA_IF_SHARE,
                                      .counter = counter,
                                      .of = OTA_COUNT_EXECUTED,
                                      .op = op,
                                      .pct = pct * OTA_PCT_ALL / 100},
                             .minimums = &hundred,
                             .minimum_count = 1,
                             .action = {.kind = OTA_DO_STOP,
                                        .cancel = OTA_CANCEL_QUEUED,
                                        .per_minute = 1000},
                             .once = true};
}

static struct script_answer bad_in_twenty(struct script *script,
                                          uint32_t device, int64_t tries)
{
    (void)script;
    (void)device;
    (void)tries;
    return (struct script_answer){.end_us = 20 * OTA_US_PER_MIN,
                                  .kind = OTA_REPORT_FAILED,
                                  .cause = OTA_CAUSE_INSTALL};
}

static void exposure(struct ota_policy_rate rate, int64_t stop_us, int64_t n)
{
    const struct ota_rule rule = abort_rule(OTA_COUNT_FAILED, OTA_AT_LEAST, 20);
    struct script script;

    script_init(&script, 50000);
    script.answer = bad_in_twenty;
    script.policy.pace.rate = rate;
    script.policy.rules.list = &rule;
    script.policy.rules.count = 1;
    script_run(&script, OTA_US_PER_DAY);
    const struct ota_campaign_record record = script_record(&script);
    assert_true(record.stopped);
    assert_int_equal(record.rule, 0);
    assert_int_equal(record.stop_us, stop_us);
    /* All are in progress: there is nothing to take back. */
    assert_int_equal(record.effective_us, stop_us);
    assert_int_equal(record.offers, n);
    assert_int_equal(script.orders[OTA_ORDER_OFFER], n);
    assert_int_equal(script.orders[OTA_ORDER_REVOKE], 0);
    assert_int_equal(record.counts.kept[OTA_COUNT_FAILED], n);
    assert_int_equal(record.counts.kept[OTA_COUNT_CANCELED], 0);
    script_free(&script);
}

static void how_many_are_exposed_when_all_fail(void **state)
{
    (void)state;
    exposure(constant(1000), 1206 * OTA_US_PER_S, 20100);
    exposure(ladder(1000, OTA_GROW_SUCCEEDED, false), 22 * minute, 1100);
    exposure(ladder(1000, OTA_GROW_OFFERED, false), 22 * minute, 1200);
}

/* Device d reports at d seconds; the d-th outcome is in `self`. */
static struct script_answer by_list(struct script *script, uint32_t device,
                                    int64_t tries)
{
    const uint8_t *kinds = script->self;

    (void)tries;
    if (kinds[device] == OTA_REPORT_KINDS)
        return (struct script_answer){.end_us = OTA_NEVER};
    return (struct script_answer){.end_us = (device + 1) * OTA_US_PER_S,
                                  .kind = kinds[device],
                                  .cause = OTA_CAUSE_INSTALL};
}

/* Runs `ended` reports of which the first `failed` are failures, and one more
 * device that never ends. Returns whether the job was aborted. */
static bool aborts(enum ota_compare op, uint32_t ended, uint32_t failed)
{
    const struct ota_rule rule = abort_rule(OTA_COUNT_FAILED, op, 20);
    uint8_t kinds[300];
    struct script script;

    /* Failures last: the share is largest at the end. */
    for (uint32_t d = 0; d < 300; d++)
        kinds[d] = d >= ended            ? OTA_REPORT_KINDS
                   : d >= ended - failed ? OTA_REPORT_FAILED
                                         : OTA_REPORT_SUCCEEDED;
    script_init(&script, 300);
    script.self = kinds;
    script.answer = by_list;
    script.policy.rules.list = &rule;
    script.policy.rules.count = 1;
    script_run(&script, OTA_US_PER_H);
    const struct ota_campaign_record record = script_record(&script);
    if (record.stopped)
        assert_int_equal(record.stop_us, ended * OTA_US_PER_S);
    assert_int_equal(record.counts.kept[OTA_COUNT_FAILED], failed);
    const bool stopped = record.stopped;
    script_free(&script);
    return stopped;
}

static void the_abort_at_its_threshold(void **state)
{
    (void)state;
    assert_false(aborts(OTA_AT_LEAST, 99, 50)); /* below the minimum */
    assert_true(aborts(OTA_AT_LEAST, 100, 50));
    assert_false(aborts(OTA_AT_LEAST, 100, 19));
    assert_true(aborts(OTA_AT_LEAST, 100, 20)); /* a tie */
    assert_false(aborts(OTA_MORE, 100, 20));
    assert_true(aborts(OTA_MORE, 100, 21));
    assert_false(aborts(OTA_AT_LEAST, 101, 20)); /* 19.80 % */
    assert_true(aborts(OTA_AT_LEAST, 102, 21));  /* 20.59 % */
}

static void the_second_criterion_has_its_own_minimum(void **state)
{
    static const struct ota_minimum two_hundred = {OTA_COUNT_EXECUTED, 200};
    struct ota_rule rules[] = {
        abort_rule(OTA_COUNT_FAILED, OTA_AT_LEAST, 20),
        abort_rule(OTA_COUNT_TIMED_OUT, OTA_AT_LEAST, 50)};
    uint8_t kinds[300];
    struct script script;

    (void)state;
    rules[1].minimums = &two_hundred;
    /* 20 succeed, 10 fail, then 120 time out; then 60 more do. */
    for (uint32_t d = 0; d < 300; d++)
        kinds[d] = d < 20   ? OTA_REPORT_SUCCEEDED
                   : d < 30 ? OTA_REPORT_FAILED
                            : OTA_REPORT_KINDS;
    script_init(&script, 300);
    script.self = kinds;
    script.answer = by_list;
    script.policy.attempt.timeout.from_started = true;
    script.policy.attempt.timeout.after_us = OTA_US_PER_H;
    script.policy.rules.list = rules;
    script.policy.rules.count = 2;
    /* 120 start at once, the others are told as the rate allows. */
    script.policy.pace.rate = (struct ota_policy_rate){.limited = true,
                                                       .base = 150,
                                                       .per_us = OTA_US_PER_H,
                                                       .max = 150,
                                                       .factor = 1,
                                                       .grain = true};
    script_run(&script, OTA_US_PER_H + OTA_US_PER_MIN);
    struct ota_campaign_record record = script_record(&script);
    assert_int_equal(ota_count(&record.counts, OTA_COUNT_EXECUTED), 150);
    assert_int_equal(record.counts.kept[OTA_COUNT_TIMED_OUT], 120);
    assert_false(record.stopped);
    script_run(&script, 3 * OTA_US_PER_H);
    record = script_record(&script);
    /* The 200th is the 50th of the second 150 to time out. */
    assert_true(record.stopped);
    assert_int_equal(record.rule, 1);
    assert_int_equal(record.stop_us, 2 * OTA_US_PER_H);
    script_free(&script);
}

/* --- a stop takes back what is queued, at a rate --- */

static struct script_answer hundred_fail(struct script *script, uint32_t device,
                                         int64_t tries)
{
    (void)script;
    (void)tries;
    if (device < 100)
        return (struct script_answer){.end_us = OTA_US_PER_MIN,
                                      .kind = OTA_REPORT_FAILED,
                                      .cause = OTA_CAUSE_DOWNLOAD};
    /* One starts while the cancelling goes on, one later than that. */
    if (device == 2099)
        return (struct script_answer){.start_us = 2 * OTA_US_PER_MIN,
                                      .end_us = OTA_US_PER_H,
                                      .kind = OTA_REPORT_SUCCEEDED};
    return (struct script_answer){.start_us = OTA_NEVER};
}

static void cancelling_takes_its_time(void **state)
{
    const struct ota_rule rule = abort_rule(OTA_COUNT_FAILED, OTA_AT_LEAST, 20);
    struct script script;

    (void)state;
    script_init(&script, 2100);
    script.answer = hundred_fail;
    script.policy.rules.list = &rule;
    script.policy.rules.count = 1;
    script_run(&script, 2 * minute - 1);
    assert_int_equal(script.orders[OTA_ORDER_REVOKE], 999);
    script_run(&script, 2 * minute);
    assert_int_equal(script.orders[OTA_ORDER_REVOKE], 1000);
    script_run(&script, OTA_US_PER_DAY);
    const struct ota_campaign_record record = script_record(&script);
    assert_int_equal(record.stop_us, minute);
    /* 1999 of them at 60 ms each. */
    assert_int_equal(script.orders[OTA_ORDER_REVOKE], 1999);
    assert_int_equal(record.effective_us, minute + 1999 * 60000);
    assert_int_equal(record.counts.kept[OTA_COUNT_CANCELED], 1999);
    assert_int_equal(record.counts.kept[OTA_COUNT_SUCCEEDED], 1);
    script_free(&script);
}

/* --- timers --- */

static struct script_answer starts_only(struct script *script, uint32_t device,
                                        int64_t tries)
{
    (void)script;
    (void)device;
    (void)tries;
    return (struct script_answer){.end_us = OTA_NEVER};
}

static void a_step_timer_never_outlives_the_attempt(void **state)
{
    struct script script;

    (void)state;
    script_init(&script, 2);
    script.answer = starts_only;
    script.policy.attempt.timeout.from_started = true;
    script.policy.attempt.timeout.after_us = 20 * minute;
    script.policy.attempt.timeout.step_us = 9 * minute;
    /* Device 0 speaks at 5, 10, 13: its step would end at 22. Device 1 speaks
     * at 5 and no more: 14. */
    script_report(&script, 5 * minute, 0, OTA_REPORT_PROGRESS, 0);
    script_report(&script, 10 * minute, 0, OTA_REPORT_PROGRESS, 0);
    script_report(&script, 13 * minute, 0, OTA_REPORT_PROGRESS, 0);
    script_report(&script, 5 * minute, 1, OTA_REPORT_PROGRESS, 0);
    script_run(&script, 14 * minute - 1);
    assert_int_equal(script_count(&script, OTA_COUNT_TIMED_OUT), 0);
    script_run(&script, 14 * minute);
    assert_int_equal(script_count(&script, OTA_COUNT_TIMED_OUT), 1);
    script_run(&script, 20 * minute - 1);
    assert_int_equal(script_count(&script, OTA_COUNT_TIMED_OUT), 1);
    script_run(&script, 20 * minute);
    assert_int_equal(script_count(&script, OTA_COUNT_TIMED_OUT), 2);
    script_free(&script);
}

static struct script_answer last_is_offline(struct script *script,
                                            uint32_t device, int64_t tries)
{
    (void)tries;
    return (struct script_answer){
        .start_us = device + 1 < script->world.devices ? 0 : OTA_NEVER,
        .end_us = OTA_US_PER_MIN,
        .kind = OTA_REPORT_SUCCEEDED};
}

static void a_job_waits_for_the_offline_for_ever(void **state)
{
    struct script script;

    (void)state;
    script_init(&script, 10);
    script.answer = last_is_offline;
    script.policy.attempt.timeout.from_started = true;
    script.policy.attempt.timeout.after_us = OTA_US_PER_H;
    script_run(&script, 365 * OTA_US_PER_DAY);
    const struct ota_campaign_record record = script_record(&script);
    assert_int_equal(record.counts.kept[OTA_COUNT_SUCCEEDED], 9);
    assert_int_equal(ota_count(&record.counts, OTA_COUNT_EXECUTED), 9);
    assert_int_equal(ota_count(&record.counts, OTA_COUNT_IN_FLIGHT), 1);
    assert_true(record.finished_us == OTA_NEVER);
    script_free(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ladder_by_notified_things),
        cmocka_unit_test(the_ladder_in_bursts),
        cmocka_unit_test(the_ladder_by_successes),
        cmocka_unit_test(how_many_are_exposed_when_all_fail),
        cmocka_unit_test(the_abort_at_its_threshold),
        cmocka_unit_test(the_second_criterion_has_its_own_minimum),
        cmocka_unit_test(cancelling_takes_its_time),
        cmocka_unit_test(a_step_timer_never_outlives_the_attempt),
        cmocka_unit_test(a_job_waits_for_the_offline_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
