/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_policy_numbers.c - rates, gates, sizes, timers against numbers worked
 * out by hand from what platforms publish.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "models/policy/pace.h"
#include "models/policy/rules.h"
#include "models/policy/waves.h"
#include "sim/base/clock.h"

static const int64_t pct = OTA_PCT_ALL / 100, s = OTA_US_PER_S,
                     min = OTA_US_PER_MIN, h = OTA_US_PER_H;

/* --- rates: AWS IoT developer guide, job rollout rates -------------------- */

/* The guide's example: 50 a minute, doubled with each 1,000, 1,000 at most. */
static const struct ota_policy_rate ladder = {.limited = true,
                                              .base = 50,
                                              .per_us = OTA_US_PER_MIN,
                                              .max = 1000,
                                              .factor = 2,
                                              .every = 1000};

/* n(t) = floor(rate t) within each stretch: 1,000 at 20 min, then 30, 35,
 * 37.5, 38.75, and 5,000 more at 1,000 a minute. */
static void a_rate_that_grows_with_offers(void **state)
{
    (void)state;
    static const struct {
        int64_t offers, seconds;
    } wanted[] = {{1, 1 /* .2 */}, {1000, 1200}, {2000, 1800}, {3000, 2100},
                  {3800, 2220},    {4000, 2250}, {5000, 2325}, {10000, 2625}};
    struct ota_rate_state of = {0};
    int64_t now_us = 0, burst;
    size_t row = 0;

    for (int64_t k = 1; k <= 10000; k++) {
        now_us = ota_rate_next_us(&of, &ladder, k - 1, now_us, &burst);
        ota_rate_take(&of, &ladder, k - 1, now_us, 1);
        if (k != wanted[row].offers)
            continue;
        assert_true(k == 1 ? now_us == 1200 * OTA_US_PER_MS
                           : now_us == wanted[row].seconds * s);
        row++;
    }
    assert_int_equal(row, sizeof wanted / sizeof wanted[0]);
}

/* A burst at each whole minute, of the rate read before it. */
static void the_same_in_bursts(void **state)
{
    (void)state;
    struct ota_policy_rate rate = ladder;
    struct ota_rate_state of = {0};
    int64_t now_us = 0, n = 0, burst;

    rate.grain = true;
    for (int64_t minute = 0; minute <= 43; minute++) {
        now_us = ota_rate_next_us(&of, &rate, n, now_us, &burst);
        assert_true(now_us == minute * min);
        assert_int_equal(burst, minute < 20   ? 50
                                : minute < 30 ? 100
                                : minute < 35 ? 200
                                : minute < 38 ? 400
                                : minute < 39 ? 800
                                              : 1000);
        ota_rate_take(&of, &rate, n, now_us, burst);
        n += burst;
        if (minute == 37)
            assert_int_equal(n, 4200);
    }
    assert_int_equal(n, 10000);
}

/* Everything offered succeeds 10 minutes later, and that is counted:
 * N(30) = 1,500, N(45) = 3,000, N(55) = 5,000, N(60) = 7,000, all at 63.75. */
static void a_rate_that_grows_with_successes(void **state)
{
    (void)state;
    enum { ALL = 10000 };
    static int64_t at_us[ALL];
    struct ota_rate_state of = {0};
    int64_t offers = 0, successes = 0, now_us = 0, burst;

    while (offers < ALL) {
        const int64_t offer_us =
            ota_rate_next_us(&of, &ladder, successes, now_us, &burst);
        const int64_t report_us =
            successes < offers ? at_us[successes] + 10 * min : OTA_NEVER;
        if (offer_us <= report_us) {
            now_us = at_us[offers++] = offer_us;
            ota_rate_take(&of, &ladder, successes, now_us, 1);
        } else {
            now_us = report_us;
            successes++;
        }
    }
    assert_true(at_us[1500 - 1] == 30 * min);
    assert_true(at_us[3000 - 1] == 45 * min);
    assert_true(at_us[5000 - 1] == 55 * min);
    assert_true(at_us[7000 - 1] == 60 * min);
    assert_true(at_us[ALL - 1] == 63 * min + 45 * s);
}

/* --- gates ---------------------------------------------------------------- */

/* Of `of` executions, `failed` failed and `timed_out` timed out: which of two
 * criteria cancels, from 0; -1: none. */
static int aborts(int64_t of, int64_t failed, int64_t timed_out,
                  enum ota_compare op)
{
    const struct ota_minimum minimums[2] = {{OTA_COUNT_EXECUTED, 100},
                                            {OTA_COUNT_EXECUTED, 200}};
    const struct ota_rule list[2] = {
        {.when = {.counter = OTA_COUNT_FAILED,
                  .of = OTA_COUNT_EXECUTED,
                  .op = op,
                  .pct = 20 * pct},
         .minimums = &minimums[0],
         .minimum_count = 1},
        {.when = {.counter = OTA_COUNT_TIMED_OUT,
                  .of = OTA_COUNT_EXECUTED,
                  .op = op,
                  .pct = 50 * pct},
         .minimums = &minimums[1],
         .minimum_count = 1},
    };
    const struct ota_rules rules = {.list = list, .count = 2};
    const struct ota_counts counts = {
        .kept = {[OTA_COUNT_TOTAL] = 1000,
                 [OTA_COUNT_FAILED] = failed,
                 [OTA_COUNT_TIMED_OUT] = timed_out,
                 [OTA_COUNT_SUCCEEDED] = of - failed - timed_out}};
    const struct ota_judge_view view = {.counts = &counts};
    struct ota_arena arena = {0};
    struct ota_judge *judge = ota_judge_new(&rules, OTA_SCOPE_ROLLOUT, &arena);

    assert_non_null(judge);
    const struct ota_rule *rule = ota_judge_look(judge, &view);
    const int which = rule ? (int)(rule - list) : -1;
    ota_arena_release(&arena);
    return which;
}

/* 20 % of what is executed, once 100 are. AWS IoT developer guide, job abort
 * configuration; "at least" there, "exceeds" in the Greengrass reference. */
static void failures_among_what_is_executed(void **state)
{
    (void)state;
    assert_int_equal(aborts(99, 50, 0, OTA_AT_LEAST), -1);
    assert_int_equal(aborts(100, 50, 0, OTA_AT_LEAST), 0);
    assert_int_equal(aborts(100, 19, 0, OTA_AT_LEAST), -1);
    assert_int_equal(aborts(101, 20, 0, OTA_AT_LEAST), -1);
    assert_int_equal(aborts(102, 21, 0, OTA_AT_LEAST), 0);
    assert_int_equal(aborts(100, 20, 0, OTA_AT_LEAST), 0);
    assert_int_equal(aborts(100, 20, 0, OTA_MORE), -1);
    assert_int_equal(aborts(150, 10, 120, OTA_AT_LEAST), -1);
    assert_int_equal(aborts(199, 10, 120, OTA_AT_LEAST), -1);
    assert_int_equal(aborts(200, 10, 120, OTA_AT_LEAST), 1);
    assert_int_equal(aborts(200, 40, 120, OTA_AT_LEAST), 0);
}

/* float over float, "more than" for errors and "at least" for successes.
 * Source: hawkBit, ThresholdRolloutGroupErrorCondition and
 * ThresholdRolloutGroupSuccessCondition. */
static void shares_in_single_precision(void **state)
{
    (void)state;
    const enum ota_math math = OTA_MATH_FLOAT32;

    assert_false(ota_share_compares(20, 200, OTA_MORE, 10 * pct, math));
    assert_true(ota_share_compares(21, 200, OTA_MORE, 10 * pct, math));
    assert_false(ota_share_compares(99, 200, OTA_AT_LEAST, 50 * pct, math));
    assert_true(ota_share_compares(100, 200, OTA_AT_LEAST, 50 * pct, math));
    assert_false(ota_share_compares(4, 10, OTA_MORE, 50 * pct, math));
    assert_false(ota_share_compares(199, 200, OTA_AT_LEAST, OTA_PCT_ALL, math));
    assert_true(ota_share_compares(200, 200, OTA_AT_LEAST, OTA_PCT_ALL, math));

    /* Whole percentages of up to 20,000 devices, the most that a group may
     * have, come out as in integers: n / of and p / 100 are rounded alike, and
     * differ by more than their rounding if at all. */
    for (int64_t of = 1; of <= 20000; of += of < 300 ? 1 : 97)
        for (int64_t p = 1; p <= 100; p++)
            for (int64_t n = p * of / 100; n <= p * of / 100 + 1; n++)
                for (int op = OTA_AT_LEAST; op <= OTA_EQUAL; op++)
                    assert_int_equal(
                        ota_share_compares(n, of, (enum ota_compare)op, p * pct,
                                           math),
                        ota_share_compares(n, of, (enum ota_compare)op, p * pct,
                                           OTA_MATH_EXACT));

    /* Of a billion they do not: 100,000,001 is 100,000,000 in it. */
    assert_true(ota_share_compares(100000001, 1000000000, OTA_MORE, 10 * pct,
                                   OTA_MATH_EXACT));
    assert_false(
        ota_share_compares(100000001, 1000000000, OTA_MORE, 10 * pct, math));
}

/* The limit of failed devices is max(1, ceil(percent * claimed / 100)).
 * Source: nerves_hub_web, workflow_coordinator.ex. */
static void tolerances_of_a_step(void **state)
{
    (void)state;
    static const struct {
        int64_t claimed, percent, limit;
    } cases[] = {{30, 5, 2},  {10, 5, 1}, {200, 2, 4}, {20, 5, 1}, {21, 5, 2},
                 {1, 100, 1}, {7, 0, 1},  {100, 1, 1}, {101, 1, 2}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_false(ota_share_compares(cases[i].limit - 1, cases[i].claimed,
                                        OTA_AT_LEAST, cases[i].percent * pct,
                                        OTA_MATH_CEIL_COUNT));
        assert_true(ota_share_compares(cases[i].limit, cases[i].claimed,
                                       OTA_AT_LEAST, cases[i].percent * pct,
                                       OTA_MATH_CEIL_COUNT));
    }
}

/* floor(100 successful / total) against the threshold. Source: flightctl,
 * internal/rollout/device_selection. */
static void whole_percentages_of_a_batch(void **state)
{
    (void)state;
    const enum ota_math math = OTA_MATH_FLOOR_PCT;

    assert_true(ota_share_compares(30, 31, OTA_AT_LEAST, 95 * pct, math));
    assert_false(ota_share_compares(29, 31, OTA_AT_LEAST, 95 * pct, math));
    /* 96.77 % is 96 %, */
    assert_true(ota_share_compares(30, 31, OTA_AT_LEAST, 96 * pct, math));
    assert_false(ota_share_compares(30, 31, OTA_AT_LEAST, 97 * pct, math));
    assert_true(ota_share_compares(30, 31, OTA_EQUAL, 96 * pct, math));
    /* and less than the 96.5 % that it exactly exceeds. */
    assert_false(
        ota_share_compares(30, 31, OTA_AT_LEAST, 96 * pct + pct / 2, math));
    assert_true(ota_share_compares(30, 31, OTA_AT_LEAST, 96 * pct + pct / 2,
                                   OTA_MATH_EXACT));
}

/* Exactly at a percentage, one device less and one more, for all fleets in
 * which that many percent is a whole number of devices. */
static void either_side_of_each_threshold(void **state)
{
    (void)state;
    for (int64_t of = 1; of <= 2000; of++)
        for (int64_t p = 1; p < 100; p++) {
            const int64_t at = p * of / 100;
            if (100 * at != p * of)
                continue;
            for (int math = OTA_MATH_EXACT; math <= OTA_MATH_FLOAT32; math++) {
                const enum ota_math by = (enum ota_math)math;
                assert_true(
                    ota_share_compares(at, of, OTA_AT_LEAST, p * pct, by));
                assert_false(
                    ota_share_compares(at - 1, of, OTA_AT_LEAST, p * pct, by));
                assert_false(ota_share_compares(at, of, OTA_MORE, p * pct, by));
                /* One more of over 100 may be the same whole percentage. */
                assert_int_equal(
                    ota_share_compares(at + 1, of, OTA_MORE, p * pct, by),
                    by != OTA_MATH_FLOOR_PCT || of <= 100);
            }
        }
}

/* --- sizes -----------------------------------------------------------------
 */

/* Fills waves one after another by shares of the rest. */
static void assert_fills(int64_t targets, const int64_t *pcts, size_t count,
                         const int64_t *wanted)
{
    const struct ota_policy_waves waves = {.fill_by_shares = true};
    struct ota_wave_view view = {.initial = targets, .remaining = targets};

    for (size_t i = 0; i < count; i++) {
        const struct ota_wave wave = {
            .size = {OTA_SIZE_PCT, 0, pcts[i], OTA_OF_INITIAL}};
        const int64_t takes = ota_wave_takes(&wave, &waves, &view);
        assert_int_equal(takes, wanted[i]);
        view.remaining -= takes;
        view.taken += takes;
        view.earlier_pct += pcts[i];
    }
}

/* Source: hawkBit, RolloutHelper.toPercentFromTheRest and JpaRolloutExecutor.
 * fillRolloutGroupWithTargets. */
static void groups_by_shares_of_the_rest(void **state)
{
    (void)state;
    const int64_t fifth = 20 * pct, third = OTA_PCT_ALL / 3;
    const int64_t fifths[] = {fifth, fifth, fifth, fifth, fifth};
    const int64_t some[] = {10 * pct, 30 * pct, 60 * pct};
    const int64_t others[] = {10 * pct, 50 * pct, 40 * pct};
    const int64_t thirds[] = {third, third, third};

    assert_fills(1000, fifths, 5, (int64_t[]){200, 200, 200, 200, 200});
    assert_fills(1005, some, 3, (int64_t[]){101, 301, 603});
    assert_fills(1000, others, 3, (int64_t[]){100, 500, 400});
    assert_fills(10, thirds, 3, (int64_t[]){3, 3, 4});
}

/* 25 % of 10 replicas, down for what may be missing and up for what may be
 * too many. Source: Kubernetes, Deployments, maxUnavailable and maxSurge. */
static void quarters_of_ten(void **state)
{
    (void)state;
    assert_int_equal(ota_pct_of(10, 25 * pct, OTA_ROUND_FLOOR), 2);
    assert_int_equal(ota_pct_of(10, 25 * pct, OTA_ROUND_CEIL), 3);
}

/* Stores of 5, 2 and 1 devices, all there. Source: flightctl,
 * internal/rollout/disruption_budget. */
static void budgets_of_stores(void **state)
{
    (void)state;
    assert_int_equal(ota_budget(10, 2, 5, 5, 0), 3);
    assert_int_equal(ota_budget(10, 2, 2, 2, 0), 1);
    assert_int_equal(ota_budget(10, 2, 1, 1, 0), 1);
}

/* --- slots and back-off ---------------------------------------------------
 */

/* Time of day. */
static int64_t clock_us(int hours, int minutes, int seconds)
{
    return hours * h + minutes * min + seconds * s;
}

/* Rows not updated for 30 minutes, swept each 5. Source: nerves_hub_web. */
static void a_slot_of_a_dark_device(void **state)
{
    (void)state;
    assert_true(ota_stale_us(clock_us(12, 3, 10), 30 * min, 5 * min) ==
                clock_us(12, 35, 0));
    assert_true(ota_stale_us(clock_us(12, 5, 0), 30 * min, 5 * min) ==
                clock_us(12, 35, 0));
    assert_true(ota_stale_us(clock_us(12, 5, 1), 30 * min, 5 * min) ==
                clock_us(12, 40, 0));
}

/* Source: nerves_hub_web, defaults of a deployment group. */
static void the_penalty_box(void **state)
{
    (void)state;
    const int64_t day = 24 * h;
    const struct ota_policy_penalty penalty = {.on_failed_us = day,
                                               .on_refused_us = day,
                                               .after_attempts = 3,
                                               .rate_n = 5,
                                               .rate_us = 180 * s,
                                               .block_us = day};
    struct ota_penalty_state box = {0};

    /* One that reports a failure, */
    assert_false(ota_penalty_attempt(&box, &penalty, clock_us(9, 50, 0)));
    assert_true(ota_penalty_failed(&box, &penalty, clock_us(10, 0, 0), false));
    assert_true(box.blocked_us == day + clock_us(10, 0, 0));

    /* and one that boots over and over and reports nothing. */
    box = (struct ota_penalty_state){0};
    for (int i = 0; i < 2; i++)
        assert_false(ota_penalty_attempt(&box, &penalty, i * h));
    ota_penalty_success(&box);
    for (int i = 0; i < 2; i++)
        assert_false(ota_penalty_attempt(&box, &penalty, (2 + i) * h));
    assert_true(ota_penalty_attempt(&box, &penalty, 4 * h));
    assert_true(box.blocked_us == day + 4 * h);
    assert_int_equal(box.attempts, 0);
}

/* All waits of a client whose polls fail: how many, and their sum [s]. */
static void assert_waits(int64_t most_s, int64_t give_up, int64_t count,
                         int64_t sum_s)
{
    const struct ota_policy_poll_retry retry = {.first_us = 60 * s,
                                                .repeat = 3,
                                                .factor = 2,
                                                .max_us = most_s * s,
                                                .give_up = give_up};
    int64_t sum_us = 0, tries = 0, wait_us;

    while ((wait_us = ota_poll_retry_us(&retry, tries)) != OTA_NEVER) {
        sum_us += wait_us;
        tries++;
    }
    assert_int_equal(tries, count);
    assert_true(sum_us == sum_s * s);
}

/* 60 s three times, twice that three times, ... Source: mender,
 * src/common/http/http.cpp, ExponentialBackoff. */
static void waits_that_double_every_third(void **state)
{
    (void)state;
    assert_waits(300, 0, 12, 2160);
    assert_waits(300, 15, 15, 3060);
    assert_waits(1800, 0, 18, 10980);
    assert_waits(60, 0, 3, 180);
}

/* min(15 s 2^k, 900 s). Source: balena-supervisor, api-binder/poll.ts. */
static void waits_that_double(void **state)
{
    (void)state;
    static const int64_t wanted_s[] = {15,  30,  60,  120, 240,
                                       480, 900, 900, 900};
    const struct ota_policy_poll_retry retry = {.first_us = 15 * s,
                                                .repeat = 1,
                                                .factor = 2,
                                                .max_us = 900 * s,
                                                .give_up = INT64_MAX};

    for (int i = 0; i < 9; i++)
        assert_true(ota_poll_retry_us(&retry, i) == wanted_s[i] * s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_that_grows_with_offers),
        cmocka_unit_test(the_same_in_bursts),
        cmocka_unit_test(a_rate_that_grows_with_successes),
        cmocka_unit_test(failures_among_what_is_executed),
        cmocka_unit_test(shares_in_single_precision),
        cmocka_unit_test(tolerances_of_a_step),
        cmocka_unit_test(whole_percentages_of_a_batch),
        cmocka_unit_test(either_side_of_each_threshold),
        cmocka_unit_test(groups_by_shares_of_the_rest),
        cmocka_unit_test(quarters_of_ten),
        cmocka_unit_test(budgets_of_stores),
        cmocka_unit_test(a_slot_of_a_dark_device),
        cmocka_unit_test(the_penalty_box),
        cmocka_unit_test(waits_that_double_every_third),
        cmocka_unit_test(waits_that_double),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
