/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_campaign_nerveshub.c - campaigns as NervesHub runs them: so many at a
 * time, slots that go stale, a penalty box; and its staged workflow.
 *
 * Sources of the numbers: nerves-hub/nerves_hub_web, orchestrator.ex (rounds
 * on events, 3 s apart), in-flight rows of 30 minutes swept each 5, penalties
 * of 1440 minutes at 3 attempts; workflow steps fail at max(1, ceil(percent *
 * claimed / 100)) blocked devices.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/script.h"

static const int64_t minute = OTA_US_PER_MIN;

static struct script_answer five_minutes(struct script *script, uint32_t device,
                                         int64_t tries)
{
    (void)script;
    (void)device;
    (void)tries;
    return (struct script_answer){.end_us = 300 * OTA_US_PER_S,
                                  .kind = OTA_REPORT_SUCCEEDED};
}

static void ten_at_a_time(void **state)
{
    (void)state;
    for (int64_t gap_s = 0; gap_s <= 3; gap_s += 3) {
        struct script script;
        script_init(&script, 100);
        script.answer = five_minutes;
        script.policy.pace.in_flight.max = 10;
        script.policy.pace.min_gap_us = gap_s * OTA_US_PER_S;
        script.policy.pace.also_every_us = 2 * minute;
        script_run(&script, OTA_US_PER_DAY);
        const struct ota_campaign_record record = script_record(&script);
        assert_int_equal(record.in_flight_peak, 10);
        assert_in_range(record.finished_us, 3000 * OTA_US_PER_S,
                        3030 * OTA_US_PER_S);
        script_free(&script);
    }
}

/* Device 0 goes dark at 12:03:10 of the first day; the second device waits for
 * its slot. The rollout begins at noon. */
static struct script_answer one_goes_dark(struct script *script,
                                          uint32_t device, int64_t tries)
{
    (void)script;
    (void)tries;
    return (struct script_answer){.end_us =
                                      device == 0 ? OTA_NEVER : OTA_US_PER_MIN,
                                  .kind = OTA_REPORT_SUCCEEDED};
}

static void a_dark_device_holds_its_slot_until_the_sweep(void **state)
{
    struct script script;

    (void)state;
    script_init(&script, 2);
    script.answer = one_goes_dark;
    script.world.begin_us = 12 * OTA_US_PER_H + 90 * OTA_US_PER_S;
    script.policy.pace.in_flight.max = 1;
    script.policy.pace.in_flight.stale_us = 30 * minute;
    script.policy.pace.in_flight.sweep_us = 5 * minute;
    /* 12:03:10 is 100 s behind the begin. */
    script_report(&script, 100 * OTA_US_PER_S, 0, OTA_REPORT_PROGRESS, 0);
    script_run(&script, OTA_US_PER_H);
    assert_int_equal(script.offered_us[0], 0);
    assert_int_equal(script.offered_us[1] + script.world.begin_us,
                     12 * OTA_US_PER_H + 35 * minute);
    script_free(&script);
}

/* --- the penalty box --- */

static void box(struct script *script)
{
    script->policy.attempt.penalty =
        (struct ota_policy_penalty){.on_failed_us = 1440 * OTA_US_PER_MIN,
                                    .on_refused_us = 1440 * OTA_US_PER_MIN,
                                    .after_attempts = 3,
                                    .rate_n = 5,
                                    .rate_us = 180 * OTA_US_PER_S,
                                    .block_us = 1440 * OTA_US_PER_MIN};
}

static struct script_answer fails_once(struct script *script, uint32_t device,
                                       int64_t tries)
{
    (void)script;
    (void)device;
    return (struct script_answer){.end_us = OTA_US_PER_MIN,
                                  .kind = tries == 0 ? OTA_REPORT_FAILED
                                                     : OTA_REPORT_SUCCEEDED,
                                  .cause = OTA_CAUSE_INSTALL};
}

static void one_failure_blocks_for_a_day(void **state)
{
    const int64_t day = OTA_US_PER_DAY;
    struct script script;

    (void)state;
    script_init(&script, 1);
    script.answer = fails_once;
    box(&script);
    script_run(&script, minute);
    struct ota_campaign_record record = script_record(&script);
    assert_int_equal(record.counts.kept[OTA_COUNT_BLOCKED], 1);
    assert_int_equal(record.counts.kept[OTA_COUNT_FAILED], 0);
    script_run(&script, day + minute - 1);
    assert_int_equal(script_record(&script).offers, 1);
    script_run(&script, day + minute);
    record = script_record(&script);
    assert_int_equal(record.offers, 2);
    assert_int_equal(record.counts.kept[OTA_COUNT_BLOCKED], 0);
    script_run(&script, 2 * day);
    assert_int_equal(script_count(&script, OTA_COUNT_SUCCEEDED), 1);
    script_free(&script);
}

static struct script_answer says_nothing(struct script *script, uint32_t device,
                                         int64_t tries)
{
    (void)script;
    (void)device;
    (void)tries;
    return (struct script_answer){.start_us = OTA_NEVER};
}

/* It boots the new image in a loop and never says how it went. */
static void the_third_silent_attempt_blocks(void **state)
{
    struct script script;

    (void)state;
    script_init(&script, 1);
    script.answer = says_nothing;
    box(&script);
    for (int i = 1; i <= 3; i++)
        script_report(&script, i * OTA_US_PER_H, 0, OTA_REPORT_STARTED, 0);
    script_run(&script, 3 * OTA_US_PER_H - 1);
    assert_int_equal(script_count(&script, OTA_COUNT_BLOCKED), 0);
    script_run(&script, 3 * OTA_US_PER_H);
    assert_int_equal(script_count(&script, OTA_COUNT_BLOCKED), 1);
    assert_int_equal(script.orders[OTA_ORDER_REVOKE], 1);
    script_run(&script, 27 * OTA_US_PER_H - 1);
    assert_int_equal(script_record(&script).reoffers, 0);
    script_run(&script, 27 * OTA_US_PER_H);
    assert_int_equal(script_record(&script).reoffers, 1);
    assert_int_equal(script_count(&script, OTA_COUNT_BLOCKED), 0);
    script_free(&script);
}

/* --- the staged workflow --- */

struct workflow {
    struct ota_rule rules[2];
};

/* A step that fails at so many blocked of those claimed, and is through when
 * all run the release. pct 0: at the first. */
static void step(struct workflow *workflow, struct script *script,
                 int64_t claimed, int64_t pct)
{
    const int64_t one_pct = OTA_PCT_ALL / 100;

    workflow->rules[0] =
        (struct ota_rule){.scope = OTA_SCOPE_WAVE,
                          .when = {.kind = OTA_IF_SHARE,
                                   .counter = OTA_COUNT_BLOCKED,
                                   .of = OTA_COUNT_TOTAL,
                                   .op = OTA_AT_LEAST,
                                   .pct = pct * one_pct},
                          .action = {.kind = OTA_DO_APPROVE},
                          .once = true};
    workflow->rules[1] =
        (struct ota_rule){.scope = OTA_SCOPE_WAVE,
                          .when = {.kind = OTA_IF_SHARE,
                                   .counter = OTA_COUNT_ON_TARGET,
                                   .of = OTA_COUNT_TOTAL,
                                   .op = OTA_AT_LEAST,
                                   .pct = OTA_PCT_ALL},
                          .action = {.kind = OTA_DO_NEXT_WAVE},
                          .once = true};
    script->policy.rules = (struct ota_rules){
        .math = OTA_MATH_CEIL_COUNT, .list = workflow->rules, .count = 2};
    script_wave(script, 0, 0)->size =
        (struct ota_wave_size){.kind = OTA_SIZE_COUNT, .count = claimed};
    script_wave(script, 1, 0);
    script->policy.waves.close = true;
    box(script);
}

static struct script_answer some_fail(struct script *script, uint32_t device,
                                      int64_t tries)
{
    const uint32_t *failing = script->self;

    return (struct script_answer){.end_us = OTA_US_PER_MIN,
                                  .kind = tries == 0 && device < *failing
                                              ? OTA_REPORT_FAILED
                                              : OTA_REPORT_SUCCEEDED,
                                  .cause = OTA_CAUSE_INSTALL};
}

/* Whether a step of so many claimed fails at `failing` of them. */
static bool step_fails(int64_t claimed, int64_t pct, uint32_t failing)
{
    struct workflow workflow;
    struct script script;

    script_init(&script, (size_t)claimed + 5);
    step(&workflow, &script, claimed, pct);
    script.answer = some_fail;
    script.self = &failing;
    script_run(&script, OTA_US_PER_H);
    const struct ota_campaign_record record = script_record(&script);
    assert_int_equal(record.waves[0].counts.kept[OTA_COUNT_BLOCKED], failing);
    const bool halted = record.halted;
    script_free(&script);
    return halted;
}

static void a_step_at_its_tolerance(void **state)
{
    (void)state;
    assert_false(step_fails(30, 5, 1));
    assert_true(step_fails(30, 5, 2));
    assert_true(step_fails(10, 5, 1));
    assert_false(step_fails(200, 2, 3));
    assert_true(step_fails(200, 2, 4));
    assert_true(step_fails(20, 0, 1));
    assert_false(step_fails(20, 0, 0));
}

static void a_person_retries_a_failed_step(void **state)
{
    struct workflow workflow;
    struct script script;
    uint32_t failing = 2;

    (void)state;
    script_init(&script, 35);
    step(&workflow, &script, 30, 5);
    script.answer = some_fail;
    script.self = &failing;
    script.policy.operator.approves = true;
    script.policy.operator.approve =
        ota_dist_fixed(OTA_TIME, (double)(4 * OTA_US_PER_H));
    script_run(&script, OTA_US_PER_DAY);
    const struct ota_campaign_record record = script_record(&script);
    assert_int_equal(record.stop_us, minute);
    assert_int_equal(record.approvals, 1);
    assert_int_equal(record.paused_us, 4 * OTA_US_PER_H);
    /* The two are offered again then, and the step is through. */
    assert_int_equal(record.reoffers, 2);
    assert_int_equal(record.waves[1].opened_us, 4 * OTA_US_PER_H + 2 * minute);
    assert_int_equal(record.finished_us, 4 * OTA_US_PER_H + 3 * minute);
    script_free(&script);
}

static struct script_answer first_is_offline(struct script *script,
                                             uint32_t device, int64_t tries)
{
    (void)script;
    (void)tries;
    return (struct script_answer){.start_us = device == 0 ? OTA_NEVER : 0,
                                  .end_us = OTA_US_PER_MIN,
                                  .kind = OTA_REPORT_SUCCEEDED};
}

static void a_stuck_canary_is_skipped(void **state)
{
    (void)state;
    for (int skipped = 0; skipped < 2; skipped++) {
        struct workflow workflow;
        struct script script;
        script_init(&script, 50);
        step(&workflow, &script, 20, 5);
        script.answer = first_is_offline;
        if (skipped)
            script.policy.operator.skip_wave_us = 7 * OTA_US_PER_DAY;
        script_run(&script, 30 * OTA_US_PER_DAY);
        const struct ota_campaign_record record = script_record(&script);
        assert_int_equal(record.waves[0].complete_us, OTA_NEVER);
        assert_int_equal(record.waves[1].opened_us,
                         skipped ? 7 * OTA_US_PER_DAY : OTA_NEVER);
        assert_int_equal(record.waves[0].closed_us,
                         skipped ? 7 * OTA_US_PER_DAY : OTA_NEVER);
        assert_int_equal(record.counts.kept[OTA_COUNT_SUCCEEDED],
                         skipped ? 49 : 19);
        script_free(&script);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_at_a_time),
        cmocka_unit_test(a_dark_device_holds_its_slot_until_the_sweep),
        cmocka_unit_test(one_failure_blocks_for_a_day),
        cmocka_unit_test(the_third_silent_attempt_blocks),
        cmocka_unit_test(a_step_at_its_tolerance),
        cmocka_unit_test(a_person_retries_a_failed_step),
        cmocka_unit_test(a_stuck_canary_is_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
