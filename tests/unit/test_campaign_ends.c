/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_campaign_ends.c - the fields of a policy, one by one, by what a campaign
 * makes of them: rules, attempts, windows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/policy/cron.h"
#include "sim/base/clock.h"
#include "tests/support/script.h"

static const int64_t minute = OTA_US_PER_MIN;
static const int64_t hour = OTA_US_PER_H;
static const int64_t day = OTA_US_PER_DAY;

static struct script_answer silent(struct script *script, uint32_t device,
                                   int64_t tries)
{
    (void)script;
    (void)device;
    (void)tries;
    return (struct script_answer){.start_us = OTA_NEVER, .end_us = OTA_NEVER};
}

static struct script_answer fails(struct script *script, uint32_t device,
                                  int64_t tries)
{
    (void)script;
    (void)device;
    (void)tries;
    return (struct script_answer){.end_us = OTA_US_PER_MIN,
                                  .kind = OTA_REPORT_FAILED,
                                  .cause = OTA_CAUSE_DOWNLOAD};
}

/* As many tries fail as the device's number says. */
static struct script_answer fails_as_numbered(struct script *script,
                                              uint32_t device, int64_t tries)
{
    (void)script;
    return (struct script_answer){.end_us = OTA_US_PER_MIN,
                                  .kind = tries < device ? OTA_REPORT_FAILED
                                                         : OTA_REPORT_SUCCEEDED,
                                  .cause = OTA_CAUSE_DOWNLOAD};
}

static struct ota_rule rule_of(enum ota_scope scope, enum ota_counter counter,
                               int64_t n, enum ota_action_kind kind)
{
    return (struct ota_rule){.scope = scope,
                             .when = {.kind = OTA_IF_COUNT,
                                      .counter = counter,
                                      .op = OTA_AT_LEAST,
                                      .n = n},
                             .action = {.kind = kind},
                             .once = true};
}

static void set_rules(struct script *script, const struct ota_rule *rules,
                      size_t count)
{
    script->policy.rules.list = rules;
    script->policy.rules.count = count;
}

/* --- rules --- */

static void a_pause_ends_by_a_person_or_never(void **state)
{
    const struct ota_rule rule =
        rule_of(OTA_SCOPE_ROLLOUT, OTA_COUNT_OFFERED, 10, OTA_DO_PAUSE);

    (void)state;
    for (int resumes = 0; resumes < 2; resumes++) {
        struct script script;
        script_init(&script, 100);
        set_rules(&script, &rule, 1);
        script.policy.operator.resumes = resumes;
        script.policy.operator.resume =
            ota_dist_fixed(OTA_TIME, (double)OTA_US_PER_H);
        script.world.end_us = OTA_US_PER_DAY;
        script_run(&script, 0);
        assert_int_equal(script_record(&script).offers, 10);
        script_run(&script, day);
        const struct ota_campaign_record record = script_record(&script);
        assert_int_equal(record.offers, resumes ? 100 : 10);
        assert_int_equal(record.paused_us, resumes ? hour : day);
        assert_true(record.halted);
        assert_int_equal(record.stop_us, 0);
        script_free(&script);
    }
}

static void rules_during_a_pause(void **state)
{
    (void)state;
    for (int evaluate = 0; evaluate < 2; evaluate++) {
        struct ota_rule rules[] = {
            rule_of(OTA_SCOPE_ROLLOUT, OTA_COUNT_OFFERED, 10, OTA_DO_PAUSE),
            rule_of(OTA_SCOPE_ROLLOUT, OTA_COUNT_FAILED, 5, OTA_DO_STOP)};
        struct script script;
        rules[0].action.evaluate = evaluate;
        script_init(&script, 100);
        script.answer = fails;
        set_rules(&script, rules, 2);
        script_run(&script, day);
        assert_int_equal(script_record(&script).stopped, evaluate);
        assert_int_equal(script_record(&script).stop_us, 0);
        assert_int_equal(script_record(&script).rule, 0);
        script_free(&script);
    }
}

static struct script_answer half_start(struct script *script, uint32_t device,
                                       int64_t tries)
{
    (void)script;
    (void)tries;
    if (device == 0)
        return (struct script_answer){.end_us = OTA_US_PER_MIN,
                                      .kind = OTA_REPORT_FAILED,
                                      .cause = OTA_CAUSE_REVERT};
    return (struct script_answer){.start_us =
                                      device % 2 ? 0 : 2 * OTA_US_PER_MIN,
                                  .end_us = OTA_US_PER_H,
                                  .kind = OTA_REPORT_SUCCEEDED};
}

static void what_a_stop_cancels(void **state)
{
    /* of 11 devices: one failed, five started, five queued */
    static const int64_t revoked[] = {0, 5, 0}, canceled[] = {0, 0, 10};

    (void)state;
    for (int cancel = OTA_CANCEL_NONE; cancel <= OTA_CANCEL_ALL; cancel++) {
        struct ota_rule rule =
            rule_of(OTA_SCOPE_ROLLOUT, OTA_COUNT_FAILED, 1, OTA_DO_STOP);
        struct script script;
        rule.action.cancel = (enum ota_cancel)cancel;
        script_init(&script, 20);
        script_wave(&script, 0, 0)->size =
            (struct ota_wave_size){.kind = OTA_SIZE_COUNT, .count = 11};
        script_wave(&script, 1, 0)->start =
            (struct ota_wave_start){OTA_START_AT, OTA_US_PER_H};
        script.answer = half_start;
        set_rules(&script, &rule, 1);
        script_run(&script, day);
        assert_int_equal(script.orders[OTA_ORDER_OFFER], 11);
        assert_int_equal(script.orders[OTA_ORDER_REVOKE], revoked[cancel]);
        assert_int_equal(script.orders[OTA_ORDER_CANCEL], canceled[cancel]);
        assert_int_equal(script_count(&script, OTA_COUNT_CANCELED),
                         revoked[cancel] + canceled[cancel]);
        assert_int_equal(script_count(&script, OTA_COUNT_SUCCEEDED),
                         10 - revoked[cancel] - canceled[cancel]);
        assert_int_equal(script_record(&script).finished_us, OTA_NEVER);
        script_free(&script);
    }
}

static void a_late_success_only_counts_on_target(void **state)
{
    struct ota_rule rule =
        rule_of(OTA_SCOPE_ROLLOUT, OTA_COUNT_FAILED, 1, OTA_DO_STOP);
    struct script script;

    (void)state;
    rule.action.cancel = OTA_CANCEL_ALL;
    script_init(&script, 2);
    script.answer = half_start;
    set_rules(&script, &rule, 1);
    script_report(&script, hour, 1, OTA_REPORT_SUCCEEDED, 0);
    script_run(&script, day);
    assert_int_equal(script_count(&script, OTA_COUNT_CANCELED), 1);
    assert_int_equal(script_count(&script, OTA_COUNT_SUCCEEDED), 0);
    assert_int_equal(script_count(&script, OTA_COUNT_ON_TARGET), 1);
    script_free(&script);
}

static void finish_rate_and_in_flight(void **state)
{
    struct ota_rule rules[] = {
        rule_of(OTA_SCOPE_ROLLOUT, OTA_COUNT_TERMINAL, 20, OTA_DO_FINISH),
        rule_of(OTA_SCOPE_ROLLOUT, OTA_COUNT_OFFERED, 10, OTA_DO_IN_FLIGHT)};
    struct script script;

    (void)state;
    rules[1].action.n = 2;
    script_init(&script, 100);
    script.policy.pace.in_flight.max = 12;
    set_rules(&script, rules, 2);
    script_run(&script, 0);
    assert_int_equal(script_record(&script).offers, 10);
    script_run(&script, day);
    /* 10 in the first minute, then 2 each. */
    const struct ota_campaign_record record = script_record(&script);
    assert_int_equal(record.offers, 20);
    assert_int_equal(record.finished_us, 6 * minute);
    assert_false(record.halted || record.stopped);
    script_free(&script);

    rules[0] = rule_of(OTA_SCOPE_ROLLOUT, OTA_COUNT_SUCCEEDED, 10, OTA_DO_RATE);
    rules[0].action.n = 60;
    script_init(&script, 100);
    script.policy.pace.rate = (struct ota_policy_rate){.limited = true,
                                                       .base = 10,
                                                       .per_us = OTA_US_PER_MIN,
                                                       .max = 10,
                                                       .factor = 1};
    set_rules(&script, rules, 1);
    script_run(&script, 2 * minute);
    assert_int_equal(script_record(&script).offers, 20);
    script_run(&script, 3 * minute);
    assert_int_equal(script_record(&script).offers, 80);
    script_free(&script);
}

static void a_soak_holds_the_next_wave(void **state)
{
    struct ota_rule rule =
        rule_of(OTA_SCOPE_WAVE, OTA_COUNT_SUCCEEDED, 10, OTA_DO_NEXT_WAVE);

    (void)state;
    for (int64_t every_s = 0; every_s <= 7; every_s += 7) {
        struct script script;
        rule.hold_us = OTA_US_PER_H;
        script_init(&script, 100);
        script_wave(&script, 0, 10);
        script_wave(&script, 1, 0);
        set_rules(&script, &rule, 1);
        script.policy.rules.every_us = every_s * OTA_US_PER_S;
        script_run(&script, day);
        /* At 1:01:00; or looked at from 63 s on, each 7 s: 3663 s is 523
         * times and 2 s more, so at 3668 s. */
        assert_int_equal(script_record(&script).waves[1].opened_us,
                         every_s ? 3668 * OTA_US_PER_S : hour + minute);
        assert_true(script.instants < 20);
        script_free(&script);
    }
}

/* --- attempts --- */

static void failures_are_tried_again(void **state)
{
    (void)state;
    for (int each = 0; each < 2; each++) {
        struct script script;
        script_init(&script, 5);
        script.answer = fails_as_numbered;
        script.policy.attempt.retry.failed = 3;
        script.policy.attempt.retry.wait_us = OTA_US_PER_H;
        script.policy.attempt.retry.factor = 2;
        script.policy.attempt.retry.count_each = each;
        script_run(&script, hour + minute - 1);
        assert_int_equal(script_record(&script).reoffers, 0);
        script_run(&script, hour + minute);
        assert_int_equal(script_record(&script).reoffers, 4);
        /* waits of 1, 2 and 4 hours, and a minute a try */
        script_run(&script, 3 * hour + 2 * minute);
        assert_int_equal(script_record(&script).reoffers, 4 + 3);
        script_run(&script, 7 * day);
        const struct ota_campaign_record record = script_record(&script);
        assert_int_equal(record.reoffers, 4 + 3 + 2);
        assert_int_equal(record.counts.kept[OTA_COUNT_SUCCEEDED], 4);
        assert_int_equal(record.counts.kept[OTA_COUNT_FAILED],
                         each ? 1 + 2 + 3 + 4 : 1);
        assert_int_equal(record.finished_us, 7 * hour + 4 * minute);
        script_free(&script);
    }
}

/* Every failure counts, but a device is through with its last one. */
static void a_wave_is_complete_when_its_devices_are(void **state)
{
    const struct ota_rule rule = {.scope = OTA_SCOPE_WAVE,
                                  .when = {.kind = OTA_IF_COMPLETE},
                                  .action = {.kind = OTA_DO_NEXT_WAVE},
                                  .once = true};

    (void)state;
    for (int each = 0; each < 2; each++) {
        struct script script;
        script_init(&script, 10);
        script_wave(&script, 0, 50);
        script_wave(&script, 1, 0);
        script.waves[0].order = script.waves[1].order = OTA_SEQUENCE_ID;
        set_rules(&script, &rule, 1);
        script.answer = fails_as_numbered;
        script.policy.attempt.retry.failed = 9;
        script.policy.attempt.retry.total = 9;
        script.policy.attempt.retry.wait_us = OTA_US_PER_H;
        script.policy.attempt.retry.factor = 1;
        script.policy.attempt.retry.count_each = each;
        script_run(&script, 30 * day);
        const struct ota_campaign_record record = script_record(&script);
        /* Device 4 is the last of its wave: four waits, five tries. */
        assert_int_equal(record.waves[1].opened_us, 4 * hour + 5 * minute);
        assert_int_equal(record.waves[0].complete_us, 4 * hour + 5 * minute);
        assert_int_equal(record.waves[0].counts.kept[OTA_COUNT_FAILED],
                         each ? 1 + 2 + 3 + 4 : 0);
        assert_int_equal(
            ota_count(&record.waves[0].counts, OTA_COUNT_IN_FLIGHT), 0);
        script_free(&script);
    }
}

static void only_some_causes_are_tried_again(void **state)
{
    struct script script;

    (void)state;
    script_init(&script, 5);
    script.answer = fails_as_numbered;
    script.policy.attempt.retry.failed = 9;
    script.policy.attempt.retry.causes = 1U << OTA_CAUSE_INSTALL;
    script_run(&script, day);
    assert_int_equal(script_record(&script).reoffers, 0);
    assert_int_equal(script_count(&script, OTA_COUNT_FAILED), 4);
    script_free(&script);

    script_init(&script, 5);
    script.answer = fails_as_numbered;
    script.policy.attempt.retry.failed = 9;
    script.policy.attempt.retry.total = 2;
    script_run(&script, day);
    assert_int_equal(script_count(&script, OTA_COUNT_FAILED), 2);
    assert_int_equal(script_count(&script, OTA_COUNT_SUCCEEDED), 3);
    script_free(&script);
}

static void attempts_time_out(void **state)
{
    struct script script;

    (void)state;
    /* From the offer: whoever has not answered. The offer stands. */
    script_init(&script, 2);
    script.answer = silent;
    script.policy.attempt.timeout.after_us = OTA_US_PER_DAY;
    script_run(&script, day - 1);
    assert_int_equal(script_count(&script, OTA_COUNT_TIMED_OUT), 0);
    script_run(&script, day);
    assert_int_equal(script_count(&script, OTA_COUNT_TIMED_OUT), 2);
    assert_int_equal(script.orders[OTA_ORDER_REVOKE], 0);
    script_report(&script, 2 * day, 0, OTA_REPORT_SUCCEEDED, 0);
    script_run(&script, 2 * day);
    assert_int_equal(script_count(&script, OTA_COUNT_TIMED_OUT), 2);
    assert_int_equal(script_count(&script, OTA_COUNT_ON_TARGET), 1);
    script_free(&script);

    /* A report at the very instant is in time. */
    script_init(&script, 1);
    script.policy.attempt.timeout.after_us = OTA_US_PER_MIN;
    script_run(&script, day);
    assert_int_equal(script_count(&script, OTA_COUNT_SUCCEEDED), 1);
    script_free(&script);

    /* With tries left the next attempt's time begins. */
    script_init(&script, 1);
    script.answer = silent;
    script.policy.attempt.timeout.from_started = true;
    script.policy.attempt.timeout.after_us = OTA_US_PER_H;
    script.policy.attempt.retry.timed_out = 2;
    script_report(&script, minute, 0, OTA_REPORT_STARTED, 0);
    script_run(&script, minute + 3 * hour - 1);
    assert_int_equal(script_count(&script, OTA_COUNT_TIMED_OUT), 0);
    script_run(&script, minute + 3 * hour);
    assert_int_equal(script_count(&script, OTA_COUNT_TIMED_OUT), 1);
    assert_int_equal(script.orders[OTA_ORDER_OFFER], 1);
    assert_int_equal(script.orders[OTA_ORDER_REVOKE], 1);
    script_free(&script);
}

static void a_person_retries_what_failed(void **state)
{
    struct script script;

    (void)state;
    script_init(&script, 4);
    script.answer = fails_as_numbered;
    script.policy.operator.retry_failed_us = OTA_US_PER_H;
    script.policy.operator.retry_failed_max = 2;
    script_run(&script, day);
    const struct ota_campaign_record record = script_record(&script);
    assert_int_equal(record.counts.kept[OTA_COUNT_SUCCEEDED], 3);
    assert_int_equal(record.counts.kept[OTA_COUNT_FAILED], 1);
    assert_int_equal(record.approvals, 2);
    assert_int_equal(record.reoffers, 3 + 2);
    assert_int_equal(record.finished_us, 2 * hour + 3 * minute);
    script_free(&script);
}

/* --- windows --- */

static void a_rollout_begins_and_ends(void **state)
{
    static const int64_t canceled[] = {0, 5, 10};

    (void)state;
    for (int at_end = OTA_END_STOP; at_end <= OTA_END_CANCEL_ALL; at_end++) {
        struct script script;
        script_init(&script, 21);
        script_wave(&script, 0, 0)->size =
            (struct ota_wave_size){.kind = OTA_SIZE_COUNT, .count = 11};
        script_wave(&script, 1, 0)->start =
            (struct ota_wave_start){OTA_START_AT, OTA_US_PER_DAY};
        script.answer = half_start;
        script.policy.windows.start_us = OTA_US_PER_H;
        script.policy.windows.end_us = OTA_US_PER_H + 90 * OTA_US_PER_S;
        script.policy.windows.at_end = at_end;
        script_run(&script, hour - 1);
        assert_int_equal(script.orders[OTA_ORDER_OFFER], 0);
        script_run(&script, 7 * day);
        const struct ota_campaign_record record = script_record(&script);
        assert_int_equal(script.offered_us[0], hour);
        assert_int_equal(record.offers, 11);
        assert_int_equal(record.counts.kept[OTA_COUNT_CANCELED],
                         canceled[at_end]);
        assert_false(record.stopped);
        script_free(&script);
    }
}

static void offers_only_in_a_window(void **state)
{
    struct ota_policy_window window = {.text = "0 2 * * *",
                                       .for_us = 3 * OTA_US_PER_H};
    struct script script;
    char problem[100];

    (void)state;
    assert_true(
        ota_cron_parse(window.text, &window.cron, problem, sizeof problem));
    script_init(&script, 1000);
    script.world.begin_us = 10 * OTA_US_PER_DAY + 4 * OTA_US_PER_H;
    script.policy.windows.offer.list = &window;
    script.policy.windows.offer.count = 1;
    script.policy.pace.rate = (struct ota_policy_rate){.limited = true,
                                                       .base = 100,
                                                       .per_us = OTA_US_PER_H,
                                                       .max = 100,
                                                       .factor = 1};
    /* It is 4 o'clock: an hour is left, then 21 to the next window. */
    script_run(&script, hour - 1);
    assert_int_equal(script_record(&script).offers, 99);
    script_run(&script, 22 * hour - 1);
    assert_int_equal(script_record(&script).offers, 99);
    script_run(&script, 25 * hour);
    assert_in_range(script_record(&script).offers, 398, 401);
    script_run(&script, 46 * hour - 1);
    assert_in_range(script_record(&script).offers, 398, 401);
    script_free(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pause_ends_by_a_person_or_never),
        cmocka_unit_test(rules_during_a_pause),
        cmocka_unit_test(what_a_stop_cancels),
        cmocka_unit_test(a_late_success_only_counts_on_target),
        cmocka_unit_test(finish_rate_and_in_flight),
        cmocka_unit_test(a_soak_holds_the_next_wave),
        cmocka_unit_test(failures_are_tried_again),
        cmocka_unit_test(a_wave_is_complete_when_its_devices_are),
        cmocka_unit_test(only_some_causes_are_tried_again),
        cmocka_unit_test(attempts_time_out),
        cmocka_unit_test(a_person_retries_what_failed),
        cmocka_unit_test(a_rollout_begins_and_ends),
        cmocka_unit_test(offers_only_in_a_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
