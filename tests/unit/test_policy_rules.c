/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_policy_rules.c - when a rule acts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "models/policy/rules.h"
#include "models/policy/window.h"
#include "sim/base/clock.h"
#include "tests/support/near.h"

static const int64_t pct = OTA_PCT_ALL / 100, min = OTA_US_PER_MIN,
                     h = OTA_US_PER_H;

/* A judge with the counts that it is shown. */
struct court {
    struct ota_arena arena;
    struct ota_rules rules;
    struct ota_counts counts;
    struct ota_judge_view view;
    struct ota_judge *judge;
};

static void open_court(struct court *court, const struct ota_rule *list,
                       size_t count)
{
    *court = (struct court){.rules = {.list = list, .count = count}};
    court->view.counts = &court->counts;
    court->judge = ota_judge_new(&court->rules, OTA_SCOPE_WAVE, &court->arena);
    assert_non_null(court->judge);
}

static void close_court(struct court *court)
{
    ota_arena_release(&court->arena);
}

/* So many outcomes at an instant; no look. */
static void hear(struct court *court, int64_t now_us, enum ota_counter outcome,
                 int64_t count)
{
    court->view.now_us = now_us;
    for (int64_t i = 0; i < count; i++) {
        court->counts.kept[outcome]++;
        ota_judge_outcome(court->judge, now_us, outcome);
    }
}

static const struct ota_rule *look(struct court *court, int64_t now_us)
{
    court->view.now_us = now_us;
    return ota_judge_look(court->judge, &court->view);
}

static struct ota_condition counted(enum ota_counter counter,
                                    enum ota_compare op, int64_t n)
{
    return (struct ota_condition){
        .kind = OTA_IF_COUNT, .counter = counter, .op = op, .n = n};
}

static struct ota_condition aged(enum ota_compare op, int64_t age_us)
{
    return (struct ota_condition){.kind = OTA_IF_AGE,
                                  .op = op,
                                  .age_of = OTA_SCOPE_WAVE,
                                  .age_us = age_us};
}

static struct ota_condition failing(int64_t share)
{
    return (struct ota_condition){.kind = OTA_IF_SHARE,
                                  .counter = OTA_COUNT_FAILED,
                                  .of = OTA_COUNT_EXECUTED,
                                  .op = OTA_AT_LEAST,
                                  .pct = share};
}

static struct ota_rule wave_rule(struct ota_condition when)
{
    return (struct ota_rule){
        .scope = OTA_SCOPE_WAVE, .when = when, .once = true};
}

/* --- shares -------------------------------------------------------------- */

static void every_comparison(void **state)
{
    (void)state;
    static const bool wanted[OTA_EQUAL + 1][3] = {
        [OTA_AT_LEAST] = {false, true, true}, [OTA_MORE] = {false, false, true},
        [OTA_AT_MOST] = {true, true, false},  [OTA_LESS] = {true, false, false},
        [OTA_EQUAL] = {false, true, false},
    };

    for (int math = OTA_MATH_EXACT; math <= OTA_MATH_FLOAT32; math++)
        for (int op = OTA_AT_LEAST; op <= OTA_EQUAL; op++)
            for (int i = 0; i < 3; i++)
                assert_int_equal(
                    ota_share_compares(19 + i, 200, (enum ota_compare)op,
                                       10 * pct, (enum ota_math)math),
                    /* 19, 20, 21 of 200: 9.5 %, 10 %, 10.5 %, of which the
                     * last has the whole percentage 10 and the first 9 */
                    math == OTA_MATH_FLOOR_PCT && i == 2 ? wanted[op][1]
                    : math == OTA_MATH_CEIL_COUNT ? wanted[op][i > 1 ? 2 : i]
                                                  : wanted[op][i]);
}

static void a_share_of_nothing_is_false(void **state)
{
    (void)state;
    for (int math = OTA_MATH_EXACT; math <= OTA_MATH_FLOAT32; math++)
        for (int op = OTA_AT_LEAST; op <= OTA_EQUAL; op++)
            assert_false(ota_share_compares(0, 0, (enum ota_compare)op, 0,
                                            (enum ota_math)math));
}

/* --- conditions ---------------------------------------------------------- */

static void complete_is_true_of_nothing(void **state)
{
    (void)state;
    const struct ota_rule rule =
        wave_rule((struct ota_condition){.kind = OTA_IF_COMPLETE});
    struct court court;

    open_court(&court, &rule, 1);
    court.counts.kept[OTA_COUNT_TOTAL] = 3;
    hear(&court, 1, OTA_COUNT_SUCCEEDED, 1);
    hear(&court, 2, OTA_COUNT_REMOVED, 1);
    assert_null(look(&court, 2));
    hear(&court, 3, OTA_COUNT_SKIPPED, 1);
    assert_ptr_equal(look(&court, 3), &rule);
    close_court(&court);

    open_court(&court, &rule, 1);
    assert_ptr_equal(look(&court, 0), &rule);
    close_court(&court);
}

/* One of two devices fails, and again: that is not both. */
static void complete_passes_repeats_over(void **state)
{
    (void)state;
    const struct ota_rule rule =
        wave_rule((struct ota_condition){.kind = OTA_IF_COMPLETE});
    struct court court;

    open_court(&court, &rule, 1);
    court.counts.kept[OTA_COUNT_TOTAL] = 2;
    court.counts.repeats = 1;
    hear(&court, 1, OTA_COUNT_FAILED, 2);
    assert_null(look(&court, 1));
    hear(&court, 2, OTA_COUNT_SUCCEEDED, 1);
    assert_ptr_equal(look(&court, 2), &rule);
    close_court(&court);
}

static void all_any_not(void **state)
{
    (void)state;
    const struct ota_condition parts[2] = {
        counted(OTA_COUNT_FAILED, OTA_AT_LEAST, 2),
        counted(OTA_COUNT_SUCCEEDED, OTA_MORE, 2)};
    const enum ota_condition_kind kinds[] = {OTA_IF_ALL, OTA_IF_ANY,
                                             OTA_IF_NOT};
    /* Of none, the first, the second, both. */
    const bool wanted[3][4] = {{false, false, false, true},
                               {false, true, true, true},
                               {true, false, true, false}};

    for (int kind = 0; kind < 3; kind++)
        for (int i = 0; i < 4; i++) {
            const struct ota_rule rule = wave_rule(
                (struct ota_condition){.kind = kinds[kind],
                                       .parts = parts,
                                       .part_count = kind == 2 ? 1 : 2});
            struct court court;
            open_court(&court, &rule, 1);
            hear(&court, 1, OTA_COUNT_FAILED, i & 1 ? 2 : 1);
            hear(&court, 1, OTA_COUNT_SUCCEEDED, i & 2 ? 3 : 2);
            assert_int_equal(look(&court, 1) != NULL, wanted[kind][i]);
            close_court(&court);
        }
}

static void minimums_come_first(void **state)
{
    (void)state;
    const struct ota_minimum minimum = {OTA_COUNT_EXECUTED, 3};
    struct ota_rule rule = wave_rule(failing(50 * pct));
    struct court court;

    rule.minimums = &minimum;
    rule.minimum_count = 1;
    open_court(&court, &rule, 1);
    hear(&court, 1, OTA_COUNT_FAILED, 2);
    assert_null(look(&court, 1));
    hear(&court, 2, OTA_COUNT_SUCCEEDED, 1);
    assert_non_null(look(&court, 2));
    close_court(&court);
}

static void ages(void **state)
{
    (void)state;
    static const struct {
        enum ota_compare op;
        bool before, at, after;
        int64_t next_us; /* asked at the begin */
    } cases[] = {
        {OTA_AT_LEAST, false, true, true, 0}, {OTA_MORE, false, false, true, 1},
        {OTA_AT_MOST, true, true, false, 1},  {OTA_LESS, true, false, false, 0},
        {OTA_EQUAL, false, true, false, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ota_rule rule = wave_rule(aged(cases[i].op, h));
        struct court court;
        rule.once = false;
        open_court(&court, &rule, 1);
        court.view.wave_us = court.view.now_us = 5 * h;
        assert_true(ota_judge_next_us(court.judge, &court.view) ==
                    6 * h + cases[i].next_us);
        assert_int_equal(look(&court, 6 * h - 1) != NULL, cases[i].before);
        assert_int_equal(look(&court, 6 * h) != NULL, cases[i].at);
        assert_int_equal(look(&court, 6 * h + 1) != NULL, cases[i].after);
        assert_true(ota_judge_next_us(court.judge, &court.view) == OTA_NEVER);
        court.view.wave_us = OTA_NEVER;
        assert_null(look(&court, 8 * h));
        close_court(&court);
    }
}

/* --- order, once, hold --------------------------------------------------- */

static void the_first_that_is_true_acts(void **state)
{
    (void)state;
    struct ota_rule rules[3] = {
        wave_rule(counted(OTA_COUNT_FAILED, OTA_AT_LEAST, 2)),
        wave_rule(counted(OTA_COUNT_FAILED, OTA_AT_LEAST, 1)),
        wave_rule(counted(OTA_COUNT_FAILED, OTA_AT_LEAST, 1))};
    struct court court;

    rules[1].scope = OTA_SCOPE_ROLLOUT; /* another judge's */
    open_court(&court, rules, 3);
    assert_null(look(&court, 0));
    hear(&court, 1, OTA_COUNT_FAILED, 2);
    assert_ptr_equal(look(&court, 1), &rules[0]);
    assert_ptr_equal(look(&court, 1), &rules[2]);
    assert_null(look(&court, 1));
    ota_judge_reset(court.judge);
    assert_ptr_equal(look(&court, 2), &rules[0]);
    close_court(&court);
}

static void some_act_again(void **state)
{
    (void)state;
    struct ota_rule rule =
        wave_rule(counted(OTA_COUNT_FAILED, OTA_AT_LEAST, 1));
    struct court court;

    rule.once = false;
    open_court(&court, &rule, 1);
    hear(&court, 1, OTA_COUNT_FAILED, 1);
    assert_non_null(look(&court, 1));
    assert_non_null(look(&court, 1));
    close_court(&court);
}

static void what_must_hold(void **state)
{
    (void)state;
    struct ota_rule rule = wave_rule(failing(50 * pct));
    struct court court;

    rule.hold_us = h;
    rule.once = false;
    open_court(&court, &rule, 1);
    hear(&court, min, OTA_COUNT_FAILED, 1);
    assert_null(look(&court, min));
    assert_true(ota_judge_next_us(court.judge, &court.view) == h + min);
    /* False for a moment: it begins anew. */
    hear(&court, 10 * min, OTA_COUNT_SUCCEEDED, 2);
    assert_null(look(&court, 10 * min));
    assert_true(ota_judge_next_us(court.judge, &court.view) == OTA_NEVER);
    hear(&court, 20 * min, OTA_COUNT_FAILED, 2);
    assert_null(look(&court, 20 * min));
    assert_null(look(&court, h + 20 * min - 1));
    assert_ptr_equal(look(&court, h + 20 * min), &rule);
    /* And again behind the same time. */
    assert_null(look(&court, h + 21 * min));
    assert_true(ota_judge_next_us(court.judge, &court.view) ==
                2 * h + 20 * min);
    assert_non_null(look(&court, 2 * h + 20 * min));
    close_court(&court);
}

/* The clock of a hold runs behind a rule that acts. */
static void holding_behind_another(void **state)
{
    (void)state;
    struct ota_rule rules[2] = {
        wave_rule(counted(OTA_COUNT_FAILED, OTA_AT_LEAST, 1)),
        wave_rule(counted(OTA_COUNT_FAILED, OTA_AT_LEAST, 1))};
    struct court court;

    rules[1].hold_us = h;
    open_court(&court, rules, 2);
    hear(&court, min, OTA_COUNT_FAILED, 1);
    assert_ptr_equal(look(&court, min), &rules[0]);
    assert_true(ota_judge_next_us(court.judge, &court.view) == h + min);
    assert_ptr_equal(look(&court, h + min), &rules[1]);
    assert_true(ota_judge_next_us(court.judge, &court.view) == OTA_NEVER);
    close_court(&court);
}

/* --- windows ------------------------------------------------------------- */

static void the_last_outcomes(void **state)
{
    (void)state;
    struct ota_rule rule = wave_rule(counted(OTA_COUNT_BAD, OTA_AT_LEAST, 3));
    struct court court;

    rule.window_last = 5;
    open_court(&court, &rule, 1);
    hear(&court, 1, OTA_COUNT_FAILED, 2);
    hear(&court, 2, OTA_COUNT_SUCCEEDED, 4);
    hear(&court, 3, OTA_COUNT_TIMED_OUT, 2);
    assert_null(look(&court, 3)); /* S S S T T */
    hear(&court, 4, OTA_COUNT_REJECTED, 1);
    assert_non_null(look(&court, 4));
    close_court(&court);
}

static void the_outcomes_of_late(void **state)
{
    (void)state;
    struct ota_rule rule = wave_rule(failing(50 * pct));
    struct court court;

    rule.window_us = h;
    open_court(&court, &rule, 1);
    hear(&court, 0, OTA_COUNT_SUCCEEDED, 9);
    hear(&court, 30 * min, OTA_COUNT_FAILED, 1);
    assert_null(look(&court, 30 * min));
    assert_true(ota_judge_next_us(court.judge, &court.view) == h);
    assert_null(look(&court, h - 1));
    /* The nine leave when they are an hour old, and one of one failed. */
    assert_ptr_equal(look(&court, h), &rule);
    close_court(&court);

    /* With none left the share is of nothing. */
    open_court(&court, &rule, 1);
    hear(&court, 0, OTA_COUNT_FAILED, 1);
    assert_null(look(&court, h));
    assert_true(ota_judge_next_us(court.judge, &court.view) == OTA_NEVER);
    close_court(&court);
}

/* A rule whose minimum is not met, or that stands behind one that acts, does
 * not have a window that asks to be looked at over and over. */
static void windows_move_on_unlooked_at(void **state)
{
    (void)state;
    const struct ota_minimum minimum = {OTA_COUNT_EXECUTED, 100};
    struct ota_rule rules[3] = {
        wave_rule(counted(OTA_COUNT_FAILED, OTA_AT_LEAST, 1)),
        wave_rule(failing(50 * pct)), wave_rule(failing(50 * pct))};
    struct court court;

    rules[0].once = false;
    rules[1].window_us = rules[2].window_us = h;
    rules[2].minimums = &minimum;
    rules[2].minimum_count = 1;
    open_court(&court, rules, 3);
    hear(&court, 0, OTA_COUNT_FAILED, 1);
    assert_ptr_equal(look(&court, 0), &rules[0]);
    assert_true(ota_judge_next_us(court.judge, &court.view) == h);
    assert_ptr_equal(look(&court, h), &rules[0]);
    assert_true(ota_judge_next_us(court.judge, &court.view) == OTA_NEVER);
    close_court(&court);
}

/* Against counting everything: exact if outcomes are far apart, and never too
 * few, nor by more than those of 1/256 of the window too many. */
static void a_full_window(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    static int64_t at_us[COUNT];
    struct ota_arena arena = {0};
    struct ota_window window;
    int64_t now_us = 0;
    uint32_t dice = 1;

    for (int64_t gap_us = 1; gap_us <= 4096; gap_us *= 16) {
        const int64_t us = 5000, part = 20; /* ceil(5000 / 256) */
        int gone = 0, late = 0;
        assert_true(ota_window_init(&window, 0, us, &arena));
        for (int i = 0; i < COUNT; i++) {
            dice = dice * 1664525U + 1013904223U;
            now_us += gap_us + (dice >> 16) % gap_us;
            at_us[i] = now_us;
            ota_window_add(&window, now_us, OTA_COUNT_FAILED);
            while (now_us - at_us[gone] >= us)
                gone++;
            while (now_us - at_us[late] >= us + part)
                late++;
            const int64_t got = ota_window_count(&window, OTA_COUNT_FAILED);
            assert_true(got >= i + 1 - gone && got <= i + 1 - late);
            if (gap_us > part)
                assert_int_equal(got, i + 1 - gone);
        }
    }
    ota_arena_release(&arena);
}

/* --- sequential tests ---------------------------------------------------- */

static struct ota_condition sprt(bool bad)
{
    return (struct ota_condition){.kind = OTA_IF_SPRT,
                                  .counter = OTA_COUNT_FAILED,
                                  .of = OTA_COUNT_EXECUTED,
                                  .p0 = 0.02,
                                  .p1 = 0.05,
                                  .alpha = 0.05,
                                  .beta = 0.10,
                                  .verdict_bad = bad};
}

static void a_test_that_has_decided_stays_so(void **state)
{
    (void)state;
    const struct ota_rule rules[2] = {wave_rule(sprt(true)),
                                      wave_rule(sprt(false))};
    struct court court;

    open_court(&court, rules, 2);
    hear(&court, 1, OTA_COUNT_FAILED, 4);
    hear(&court, 2, OTA_COUNT_SUCCEEDED, 2000);
    assert_ptr_equal(look(&court, 2), &rules[0]);
    assert_null(look(&court, 2));
    ota_judge_reset(court.judge);
    hear(&court, 3, OTA_COUNT_SUCCEEDED, 73);
    assert_ptr_equal(look(&court, 3), &rules[1]);
    close_court(&court);
}

/* What was canceled or removed says nothing about the release. */
static void a_test_hears_what_it_is_of(void **state)
{
    (void)state;
    const struct ota_rule rules[2] = {wave_rule(sprt(true)),
                                      wave_rule(sprt(false))};
    struct court court;

    open_court(&court, rules, 2);
    hear(&court, 1, OTA_COUNT_CANCELED, 500);
    hear(&court, 1, OTA_COUNT_REMOVED, 500);
    hear(&court, 1, OTA_COUNT_SUCCEEDED, 72);
    assert_null(look(&court, 1));
    hear(&court, 1, OTA_COUNT_TIMED_OUT, 1); /* executed, and has not failed */
    assert_ptr_equal(look(&court, 1), &rules[1]);
    close_court(&court);
}

/* Over the last 40, the first hundred good ones do not outweigh four bad. */
static void a_test_over_a_window(void **state)
{
    (void)state;
    struct ota_condition parts[2] = {sprt(true), sprt(false)};
    struct ota_rule rule = wave_rule((struct ota_condition){
        .kind = OTA_IF_ANY, .parts = parts, .part_count = 2});
    struct court court;

    rule.window_last = 40;
    open_court(&court, &rule, 1);
    hear(&court, 1, OTA_COUNT_SUCCEEDED, 100);
    assert_null(look(&court, 1)); /* 40 good ones do not decide */
    hear(&court, 2, OTA_COUNT_FAILED, 4);
    assert_null(look(&court, 2)); /* 4 in 40 neither, 5 in 40 do */
    hear(&court, 3, OTA_COUNT_FAILED, 1);
    assert_non_null(look(&court, 3));
    close_court(&court);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_comparison),
        cmocka_unit_test(a_share_of_nothing_is_false),
        cmocka_unit_test(complete_is_true_of_nothing),
        cmocka_unit_test(complete_passes_repeats_over),
        cmocka_unit_test(all_any_not),
        cmocka_unit_test(minimums_come_first),
        cmocka_unit_test(ages),
        cmocka_unit_test(the_first_that_is_true_acts),
        cmocka_unit_test(some_act_again),
        cmocka_unit_test(what_must_hold),
        cmocka_unit_test(holding_behind_another),
        cmocka_unit_test(the_last_outcomes),
        cmocka_unit_test(the_outcomes_of_late),
        cmocka_unit_test(windows_move_on_unlooked_at),
        cmocka_unit_test(a_full_window),
        cmocka_unit_test(a_test_that_has_decided_stays_so),
        cmocka_unit_test(a_test_hears_what_it_is_of),
        cmocka_unit_test(a_test_over_a_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
