/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_campaign_hawkbit.c - campaigns as Eclipse hawkBit runs its rollouts:
 * groups filled by shares, judged every two seconds, strict error thresholds,
 * pauses that a person ends.
 *
 * The instants follow by hand from JpaRolloutExecutor (eclipse-hawkbit/
 * hawkbit): errors first, strictly more than the threshold of the group's
 * total; then complete or successes at the threshold open the next group; the
 * earlier group goes on being judged until it is complete.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/script.h"

static const int64_t s = OTA_US_PER_S;

/* A rollout's rules: pause at errors > error %, else the next group when
 * complete or at successes >= success %. */
struct hawkbit {
    struct ota_condition any[2];
    struct ota_rule rules[2];
};

static void hawkbit_init(struct hawkbit *hawkbit, struct script *script,
                         int64_t success, int64_t error)
{
    const int64_t one_pct = OTA_PCT_ALL / 100;

    *hawkbit = (struct hawkbit){.any = {{.kind = OTA_IF_COMPLETE},
                                        {.kind = OTA_IF_SHARE,
                                         .counter = OTA_COUNT_SUCCEEDED,
                                         .of = OTA_COUNT_TOTAL,
                                         .op = OTA_AT_LEAST,
                                         .pct = success * one_pct}},
                                .rules = {{.scope = OTA_SCOPE_WAVE,
                                           .when = {.kind = OTA_IF_SHARE,
                                                    .counter = OTA_COUNT_FAILED,
                                                    .of = OTA_COUNT_TOTAL,
                                                    .op = OTA_MORE,
                                                    .pct = error * one_pct},
                                           .action = {.kind = OTA_DO_PAUSE},
                                           .once = true},
                                          {.scope = OTA_SCOPE_WAVE,
                                           .when = {.kind = OTA_IF_ANY,
                                                    .parts = hawkbit->any,
                                                    .part_count = 2},
                                           .action = {.kind = OTA_DO_NEXT_WAVE},
                                           .once = true}}};
    script->policy.rules = (struct ota_rules){.every_us = 2 * OTA_US_PER_S,
                                              .math = OTA_MATH_FLOAT32,
                                              .list = hawkbit->rules,
                                              .count = 2};
    script->policy.waves.assign = OTA_ASSIGN_CREATE;
    script->policy.waves.fill_by_shares = true;
    script->policy.target.if_current = OTA_CURRENT_SUCCEED;
}

/* --- filling --- */

static void sizes(size_t devices, size_t groups, const int64_t pct[],
                  const int64_t wanted[])
{
    struct script script;
    struct hawkbit hawkbit;

    script_init(&script, devices);
    hawkbit_init(&hawkbit, &script, 50, 10);
    for (size_t w = 0; w < groups; w++)
        script_wave(&script, w, 0)->size =
            (struct ota_wave_size){.kind = OTA_SIZE_PCT, .pct = pct[w]};
    script_run(&script, 0);
    const struct ota_campaign_record record = script_record(&script);
    for (size_t w = 0; w < groups; w++) {
        assert_int_equal(record.waves[w].size, wanted[w]);
        assert_int_equal(record.waves[w].counts.kept[OTA_COUNT_TOTAL],
                         wanted[w]);
    }
    script_free(&script);
}

static void groups_are_filled_by_shares(void **state)
{
    const int64_t one = OTA_PCT_ALL / 100;
    const int64_t third = OTA_PCT_ALL / 3;

    (void)state;
    sizes(1000, 5,
          (int64_t[]){20 * one, 20 * one, 20 * one, 20 * one, 20 * one},
          (int64_t[]){200, 200, 200, 200, 200});
    sizes(1005, 3, (int64_t[]){10 * one, 30 * one, 60 * one},
          (int64_t[]){101, 301, 603});
    sizes(1000, 3, (int64_t[]){10 * one, 50 * one, 40 * one},
          (int64_t[]){100, 500, 400});
    sizes(10, 3, (int64_t[]){third, third, OTA_PCT_ALL - 2 * third},
          (int64_t[]){3, 3, 4});
}

/* --- thresholds --- */

struct counts {
    uint32_t good, bad; /* of the first group's devices, in order */
};

static struct script_answer as_counted(struct script *script, uint32_t device,
                                       int64_t tries)
{
    const struct counts *counts = script->self;

    (void)tries;
    if (device >= counts->good + counts->bad)
        return (struct script_answer){.start_us = OTA_NEVER};
    return (struct script_answer){.end_us = 3 * OTA_US_PER_S,
                                  .kind = device < counts->good
                                              ? OTA_REPORT_SUCCEEDED
                                              : OTA_REPORT_FAILED,
                                  .cause = OTA_CAUSE_INSTALL};
}

enum verdict { NOTHING, NEXT, PAUSED };

static enum verdict judge(size_t total, int64_t success, int64_t error,
                          struct counts counts)
{
    struct script script;
    struct hawkbit hawkbit;

    script_init(&script, total + 1);
    hawkbit_init(&hawkbit, &script, success, error);
    script_wave(&script, 0, 0)->size =
        (struct ota_wave_size){.kind = OTA_SIZE_COUNT, .count = (int64_t)total};
    script_wave(&script, 1, 0);
    script.answer = as_counted;
    script.self = &counts;
    script_run(&script, 4 * s - 1);
    assert_int_equal(script_record(&script).waves[1].opened_us, OTA_NEVER);
    script_run(&script, OTA_US_PER_DAY);
    const struct ota_campaign_record record = script_record(&script);
    const bool next = record.waves[1].opened_us != OTA_NEVER;
    assert_int_equal(record.counts.kept[OTA_COUNT_FAILED], counts.bad);
    assert_false(next && record.halted);
    if (next)
        assert_int_equal(record.waves[1].opened_us, 4 * s);
    if (record.halted)
        assert_int_equal(record.stop_us, 4 * s);
    script_free(&script);
    return next ? NEXT : record.halted ? PAUSED : NOTHING;
}

static void a_group_at_its_thresholds(void **state)
{
    (void)state;
    assert_int_equal(judge(200, 50, 10, (struct counts){0, 19}), NOTHING);
    assert_int_equal(judge(200, 50, 10, (struct counts){0, 20}), NOTHING);
    assert_int_equal(judge(200, 50, 10, (struct counts){0, 21}), PAUSED);
    assert_int_equal(judge(200, 50, 10, (struct counts){99, 0}), NOTHING);
    assert_int_equal(judge(200, 50, 10, (struct counts){100, 0}), NEXT);
    assert_int_equal(judge(200, 50, 10, (struct counts){101, 0}), NEXT);
    /* Both in one tick: the error counts. */
    assert_int_equal(judge(200, 50, 10, (struct counts){100, 21}), PAUSED);
    assert_int_equal(judge(200, 50, 10, (struct counts){100, 20}), NEXT);
}

static void complete_beats_the_threshold(void **state)
{
    (void)state;
    assert_int_equal(judge(10, 90, 50, (struct counts){6, 4}), NEXT);
    assert_int_equal(judge(10, 90, 50, (struct counts){6, 3}), NOTHING);
    assert_int_equal(judge(10, 90, 39, (struct counts){6, 4}), PAUSED);
}

/* --- five groups --- */

struct groups {
    uint32_t bad_group; /* in which every fourth fails; from 0 */
};

/* Device j (from 1) of a group reports 600 + 3 j seconds after its offer; each
 * 20th fails. */
static struct script_answer of_group(struct script *script, uint32_t device,
                                     int64_t tries)
{
    const struct groups *groups = script->self;
    const uint32_t j = device % 200 + 1;
    const uint32_t each = device / 200 == groups->bad_group ? 4 : 20;

    (void)tries;
    return (struct script_answer){.end_us = (600 + 3 * j) * OTA_US_PER_S,
                                  .kind = j % each == 0 ? OTA_REPORT_FAILED
                                                        : OTA_REPORT_SUCCEEDED,
                                  .cause = OTA_CAUSE_INSTALL};
}

static void five_groups(struct script *script, struct hawkbit *hawkbit,
                        struct groups *groups)
{
    script_init(script, 1000);
    hawkbit_init(hawkbit, script, 50, 10);
    for (size_t w = 0; w < 5; w++)
        script_wave(script, w, 20);
    script->answer = of_group;
    script->self = groups;
}

static void five_good_groups(void **state)
{
    static const int64_t opened_s[] = {0, 916, 1832, 2748, 3664};
    struct groups groups = {.bad_group = 9};
    struct script script;
    struct hawkbit hawkbit;

    (void)state;
    five_groups(&script, &hawkbit, &groups);
    script_run(&script, 365 * OTA_US_PER_DAY);
    const struct ota_campaign_record record = script_record(&script);
    for (size_t w = 0; w < 5; w++) {
        assert_int_equal(record.waves[w].opened_us, opened_s[w] * s);
        assert_int_equal(record.waves[w].complete_us, (opened_s[w] + 1200) * s);
        assert_int_equal(record.waves[w].closed_us, (opened_s[w] + 1200) * s);
        assert_int_equal(record.waves[w].counts.kept[OTA_COUNT_FAILED], 10);
    }
    assert_int_equal(record.finished_us, 4864 * s);
    assert_false(record.halted || record.stopped);
    assert_int_equal(record.counts.kept[OTA_COUNT_SUCCEEDED], 950);
    /* Quiet time costs nothing: no tick without a report. */
    assert_true(script.instants < 4 * 1000);
    script_free(&script);
}

static void the_second_group_is_bad(void **state)
{
    struct groups groups = {.bad_group = 1};
    struct script script;
    struct hawkbit hawkbit;

    (void)state;
    five_groups(&script, &hawkbit, &groups);
    script_run(&script, 1768 * s);
    struct ota_campaign_record record = script_record(&script);
    assert_true(record.halted);
    assert_false(record.stopped);
    assert_int_equal(record.stop_us, 1768 * s);
    assert_int_equal(record.rule, 0);
    assert_int_equal(record.waves[1].counts.kept[OTA_COUNT_FAILED], 21);
    assert_int_equal(record.waves[1].counts.kept[OTA_COUNT_SUCCEEDED], 63);
    script_run(&script, 365 * OTA_US_PER_DAY);
    record = script_record(&script);
    assert_int_equal(record.offers, 400);
    assert_int_equal(record.waves[1].complete_us, 2116 * s);
    assert_int_equal(record.waves[1].counts.kept[OTA_COUNT_FAILED], 50);
    assert_int_equal(record.waves[1].counts.kept[OTA_COUNT_SUCCEEDED], 150);
    assert_int_equal(record.waves[2].opened_us, OTA_NEVER);
    script_free(&script);
}

static void a_person_resumes(void **state)
{
    struct groups groups = {.bad_group = 1};
    struct script script;
    struct hawkbit hawkbit;

    (void)state;
    five_groups(&script, &hawkbit, &groups);
    script.policy.operator.resumes = true;
    script.policy.operator.resume =
        ota_dist_fixed(OTA_TIME, (double)((5000 - 1768) * s));
    script.policy.operator.resumes_max = 1;
    script_run(&script, 365 * OTA_US_PER_DAY);
    const struct ota_campaign_record record = script_record(&script);
    assert_int_equal(record.waves[2].opened_us, 5000 * s);
    assert_int_equal(record.waves[3].opened_us, 5916 * s);
    assert_int_equal(record.paused_us, (5000 - 1768) * s);
    assert_int_equal(record.approvals, 1);
    assert_int_equal(record.offers, 1000);
    assert_int_equal(record.finished_us, (6832 + 1200) * s);
    script_free(&script);
}

/* --- a group that cannot end --- */

static void one_device_that_never_polls_holds_the_group(void **state)
{
    struct counts counts = {199, 0};
    struct script script;
    struct hawkbit hawkbit;

    (void)state;
    for (int triggered = 0; triggered < 2; triggered++) {
        script_init(&script, 400);
        hawkbit_init(&hawkbit, &script, 100, 50);
        script_wave(&script, 0, 50);
        script_wave(&script, 1, 50);
        script.answer = as_counted;
        script.self = &counts;
        if (triggered)
            script.policy.operator.trigger_next_us = 7 * OTA_US_PER_DAY;
        script_run(&script, 365 * OTA_US_PER_DAY);
        const struct ota_campaign_record record = script_record(&script);
        assert_int_equal(record.waves[0].counts.kept[OTA_COUNT_SUCCEEDED], 199);
        assert_int_equal(record.waves[0].complete_us, OTA_NEVER);
        assert_int_equal(record.finished_us, OTA_NEVER);
        assert_int_equal(record.waves[1].opened_us,
                         triggered ? 7 * OTA_US_PER_DAY : OTA_NEVER);
        assert_int_equal(record.approvals, triggered);
        script_free(&script);
    }
}

/* --- groups without end --- */

/* Groups of 10 behind a static one that takes all: an empty one is not
 * complete, as it is judged as if it were full. */
static void dynamic_groups_are_judged_at_their_nominal_size(void **state)
{
    struct counts counts = {1000, 0};
    struct script script;
    struct hawkbit hawkbit;

    (void)state;
    script_init(&script, 60);
    hawkbit_init(&hawkbit, &script, 50, 10);
    script.policy.waves.assign = OTA_ASSIGN_START;
    script_wave(&script, 0, 0);
    script.answer = as_counted;
    script.self = &counts;
    script.policy.target.late = OTA_LATE_APPEND_WAVE;
    script.policy.waves.repeat = (struct ota_wave_repeat){
        .size = {.kind = OTA_SIZE_COUNT, .count = 10}, .judge_nominal = true};
    script_run(&script, OTA_US_PER_H);
    const struct ota_campaign_record record = script_record(&script);
    /* The static group takes all; the next is open and empty for ever. */
    assert_int_equal(record.waves[0].size, 60);
    assert_int_equal(record.wave_count, 2);
    assert_int_equal(record.waves[1].counts.kept[OTA_COUNT_TOTAL], 0);
    assert_int_equal(record.finished_us, OTA_NEVER);
    script_free(&script);
}

static bool first_twenty(void *self, uint32_t device)
{
    (void)self;
    return device < 20;
}

static void dynamic_groups_fill_as_devices_join(void **state)
{
    struct counts counts = {1000, 0};
    struct script script;
    struct hawkbit hawkbit;

    (void)state;
    script_init(&script, 60);
    hawkbit_init(&hawkbit, &script, 50, 10);
    script.policy.waves.assign = OTA_ASSIGN_START;
    script.answer = as_counted;
    script.self = &counts;
    script.policy.target.late = OTA_LATE_APPEND_WAVE;
    script.policy.waves.repeat = (struct ota_wave_repeat){
        .size = {.kind = OTA_SIZE_COUNT, .count = 10}, .judge_nominal = true};
    script.world.is_there = first_twenty;
    /* One joins each minute. */
    for (uint32_t d = 20; d < 45; d++)
        script_report(&script, (d - 19) * OTA_US_PER_MIN, d, OTA_REPORT_JOINED,
                      0);
    script_run(&script, OTA_US_PER_DAY);
    const struct ota_campaign_record record = script_record(&script);
    /* Groups of 10, 10 and 5 so far. A group is said to be followed at 5 of
     * its 10, and is when it is full: at minutes 10 and 20. */
    assert_int_equal(record.wave_count, 4);
    assert_int_equal(record.waves[1].opened_us, 4 * s);
    assert_int_equal(record.waves[2].opened_us, 10 * OTA_US_PER_MIN);
    assert_int_equal(record.waves[3].opened_us, 20 * OTA_US_PER_MIN);
    assert_int_equal(record.waves[3].counts.kept[OTA_COUNT_TOTAL], 5);
    assert_int_equal(record.counts.kept[OTA_COUNT_SUCCEEDED], 45);
    script_free(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_filled_by_shares),
        cmocka_unit_test(a_group_at_its_thresholds),
        cmocka_unit_test(complete_beats_the_threshold),
        cmocka_unit_test(five_good_groups),
        cmocka_unit_test(the_second_group_is_bad),
        cmocka_unit_test(a_person_resumes),
        cmocka_unit_test(one_device_that_never_polls_holds_the_group),
        cmocka_unit_test(dynamic_groups_are_judged_at_their_nominal_size),
        cmocka_unit_test(dynamic_groups_fill_as_devices_join),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
