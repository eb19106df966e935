/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_policy_pace.c - rates, budgets, timers, back-off, the penalty box.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>

#include "models/policy/pace.h"
#include "sim/base/clock.h"
#include "tests/support/near.h"

static const int64_t s = OTA_US_PER_S, min = OTA_US_PER_MIN, h = OTA_US_PER_H;

static struct ota_policy_rate per_minute(double base)
{
    return (struct ota_policy_rate){.limited = true,
                                    .base = base,
                                    .per_us = OTA_US_PER_MIN,
                                    .max = INFINITY,
                                    .factor = 1};
}

/* --- rates --------------------------------------------------------------- */

static void a_ladder_grows_and_ends(void **state)
{
    (void)state;
    struct ota_policy_rate rate = per_minute(50);

    rate.factor = 2;
    rate.every = 1000;
    rate.max = 1000;
    assert_near(ota_rate_of(&rate, 0), 50, 0);
    assert_near(ota_rate_of(&rate, 999), 50, 0);
    assert_near(ota_rate_of(&rate, 1000), 100, 0);
    assert_near(ota_rate_of(&rate, 4999), 800, 0);
    assert_near(ota_rate_of(&rate, 5000), 1000, 0);
    assert_near(ota_rate_of(&rate, INT64_C(1) << 40), 1000, 0);
    rate.every = 0;
    assert_near(ota_rate_of(&rate, 1 << 20), 50, 0);
}

static void no_limit_goes_at_once(void **state)
{
    (void)state;
    const struct ota_policy_rate rate = {.limited = false};
    struct ota_rate_state of = {0};
    int64_t burst;

    assert_true(ota_rate_next_us(&of, &rate, 0, 17, &burst) == 17);
    assert_true(burst == INT64_MAX);
    ota_rate_take(&of, &rate, 0, 17, 9);
    assert_true(ota_rate_next_us(&of, &rate, 9, 17, &burst) == 17);
}

/* The k-th of 7 a minute is at round(k 60 s / 7): nothing adds up. */
static void instants_do_not_drift(void **state)
{
    (void)state;
    const struct ota_policy_rate rate = per_minute(7);
    struct ota_rate_state of = {0};
    int64_t now_us = 0, burst;

    for (int64_t k = 1; k <= 7000; k++) {
        now_us = ota_rate_next_us(&of, &rate, k - 1, now_us, &burst);
        assert_int_equal(now_us, (2 * k * min + 7) / 14);
        assert_int_equal(burst, 1);
        ota_rate_take(&of, &rate, k - 1, now_us, 1);
    }
    assert_true(now_us == 1000 * min);
}

static void it_counts_from_the_first_call(void **state)
{
    (void)state;
    const struct ota_policy_rate rate = per_minute(6);
    struct ota_rate_state of = {0};
    int64_t burst;

    assert_true(ota_rate_next_us(&of, &rate, 0, 5 * s, &burst) == 15 * s);
    assert_true(ota_rate_next_us(&of, &rate, 0, 9 * s, &burst) == 15 * s);
}

/* Nobody was there for a while: no burst afterwards. */
static void missed_offers_are_not_made_up_for(void **state)
{
    (void)state;
    const struct ota_policy_rate rate = per_minute(6);
    struct ota_rate_state of = {0};
    int64_t burst;

    assert_true(ota_rate_next_us(&of, &rate, 0, 0, &burst) == 10 * s);
    assert_true(ota_rate_next_us(&of, &rate, 0, 95 * s, &burst) == 95 * s);
    ota_rate_take(&of, &rate, 0, 95 * s, 1);
    assert_true(ota_rate_next_us(&of, &rate, 1, 95 * s, &burst) == 105 * s);
}

/* Half of the wait at 6 a minute is over when it becomes 12. */
static void a_change_keeps_what_was_waited(void **state)
{
    (void)state;
    struct ota_policy_rate rate = per_minute(6);
    struct ota_rate_state of = {0};
    int64_t burst;

    rate.factor = 2;
    rate.every = 100;
    assert_true(ota_rate_next_us(&of, &rate, 0, 0, &burst) == 10 * s);
    assert_true(ota_rate_next_us(&of, &rate, 100, 5 * s, &burst) ==
                7500 * OTA_US_PER_MS);
    ota_rate_take(&of, &rate, 100, 7500 * OTA_US_PER_MS, 1);
    assert_true(ota_rate_next_us(&of, &rate, 100, 8 * s, &burst) ==
                12500 * OTA_US_PER_MS);
    /* And back again, after 2 of its 5 s: 0.6 of 10 s are left. */
    assert_true(ota_rate_next_us(&of, &rate, 0, 9500 * OTA_US_PER_MS, &burst) ==
                15500 * OTA_US_PER_MS);
}

static void a_rate_of_0_is_never(void **state)
{
    (void)state;
    struct ota_policy_rate rate = per_minute(0);
    struct ota_rate_state of = {0};
    int64_t burst;

    assert_true(ota_rate_next_us(&of, &rate, 0, 0, &burst) == OTA_NEVER);
    rate.grain = true;
    assert_true(ota_rate_next_us(&of, &rate, 0, 0, &burst) == OTA_NEVER);
}

static void bursts_at_whole_periods(void **state)
{
    (void)state;
    struct ota_policy_rate rate = per_minute(2.5);
    struct ota_rate_state of = {0};
    static const int64_t sizes[] = {2, 3, 2, 3, 2, 3};
    int64_t counted = 0, burst;

    rate.grain = true;
    for (int i = 0; i < 6; i++) {
        assert_true(ota_rate_next_us(&of, &rate, counted, i * min, &burst) ==
                    i * min);
        assert_int_equal(burst, sizes[i]);
        ota_rate_take(&of, &rate, counted++, i * min, 1);
        /* What the burst has left may follow within the period. */
        assert_true(ota_rate_next_us(&of, &rate, counted, i * min + s,
                                     &burst) == i * min + s);
        assert_int_equal(burst, sizes[i] - 1);
        ota_rate_take(&of, &rate, counted, i * min + s, sizes[i] - 1);
        counted += sizes[i] - 1;
        assert_true(ota_rate_next_us(&of, &rate, counted, i * min + s,
                                     &burst) == (i + 1) * min);
    }
}

/* A burst is no larger after periods in which nobody was there. */
static void bursts_do_not_pile_up(void **state)
{
    (void)state;
    struct ota_policy_rate rate = per_minute(10);
    struct ota_rate_state of = {0};
    int64_t burst;

    rate.grain = true;
    ota_rate_next_us(&of, &rate, 0, 0, &burst);
    assert_true(ota_rate_next_us(&of, &rate, 0, 5 * min + s, &burst) ==
                5 * min + s);
    assert_int_equal(burst, 10);
    ota_rate_take(&of, &rate, 0, 5 * min + s, 10);
    assert_true(ota_rate_next_us(&of, &rate, 10, 5 * min + s, &burst) ==
                6 * min);
}

/* --- the rest ------------------------------------------------------------ */

static void budgets(void **state)
{
    (void)state;
    assert_int_equal(ota_budget(10, 0, 100, 100, 4), 6);
    assert_int_equal(ota_budget(10, 0, 100, 100, 10), 0);
    assert_int_equal(ota_budget(10, 0, 100, 100, 12), 0);
    assert_int_equal(ota_budget(0, 95, 100, 98, 2), 3);
    assert_int_equal(ota_budget(2, 95, 100, 98, 0), 2);
    assert_int_equal(ota_budget(0, 95, 100, 90, 0), 0);
    assert_true(ota_budget(0, 0, 100, 100, 7) == INT64_MAX);
    assert_int_equal(ota_budget(3, 2, 0, 0, 0), 0);
}

static void stale_slots(void **state)
{
    (void)state;
    assert_true(ota_stale_us(0, 30 * min, 5 * min) == 30 * min);
    assert_true(ota_stale_us(1, 30 * min, 5 * min) == 35 * min);
    assert_true(ota_stale_us(5 * min, 30 * min, 5 * min) == 35 * min);
    assert_true(ota_stale_us(7, OTA_NEVER, 5 * min) == OTA_NEVER);
    assert_true(ota_stale_us(7, 30 * min, OTA_NEVER) == OTA_NEVER);
}

static void polls_that_are_not_repeated(void **state)
{
    (void)state;
    const struct ota_policy_poll_retry none = {0};
    const struct ota_policy_poll_retry twice = {.first_us = s,
                                                .repeat = 1,
                                                .factor = 3,
                                                .max_us = OTA_NEVER,
                                                .give_up = 2};
    const struct ota_policy_poll_retry flat = {
        .first_us = s, .repeat = 2, .factor = 1, .max_us = OTA_NEVER};
    const struct ota_policy_poll_retry endless = {.first_us = s,
                                                  .repeat = 1,
                                                  .factor = 2,
                                                  .max_us = OTA_NEVER,
                                                  .give_up = INT64_MAX};

    assert_true(ota_poll_retry_us(&none, 0) == OTA_NEVER);
    assert_true(ota_poll_retry_us(&twice, 0) == s);
    assert_true(ota_poll_retry_us(&twice, 1) == 3 * s);
    assert_true(ota_poll_retry_us(&twice, 2) == OTA_NEVER);
    assert_true(ota_poll_retry_us(&flat, 1) == s);
    assert_true(ota_poll_retry_us(&flat, 2) == OTA_NEVER);
    assert_true(ota_poll_retry_us(&endless, 10) == 1024 * s);
    assert_true(ota_poll_retry_us(&endless, 1000) == OTA_NEVER);
}

static void waits_of_tries(void **state)
{
    (void)state;
    struct ota_policy_retry retry = {
        .wait_us = min, .factor = 2, .wait_max_us = 5 * min};

    assert_true(ota_retry_wait_us(&retry, 0) == min);
    assert_true(ota_retry_wait_us(&retry, 2) == 4 * min);
    assert_true(ota_retry_wait_us(&retry, 3) == 5 * min);
    assert_true(ota_retry_wait_us(&retry, 5000) == 5 * min);
    retry.wait_us = 0;
    assert_true(ota_retry_wait_us(&retry, 3) == 0);
}

static void attempts_within_a_time(void **state)
{
    (void)state;
    const struct ota_policy_penalty penalty = {
        .rate_n = 5, .rate_us = 180 * s, .block_us = h};
    struct ota_penalty_state box = {0};

    /* Every 45 s the fifth is 180 s behind the first: not within. */
    for (int i = 0; i < 20; i++)
        assert_false(ota_penalty_attempt(&box, &penalty, i * 45 * s));
    box = (struct ota_penalty_state){0};
    for (int i = 0; i < 4; i++)
        assert_false(ota_penalty_attempt(&box, &penalty, i * 44 * s));
    assert_true(ota_penalty_attempt(&box, &penalty, 176 * s));
    assert_true(box.blocked_us == 176 * s + h);
    /* They are counted anew. */
    assert_false(ota_penalty_attempt(&box, &penalty, 177 * s));
}

static void a_refusal_has_its_own_block(void **state)
{
    (void)state;
    const struct ota_policy_penalty penalty = {.on_failed_us = h,
                                               .on_refused_us = min};
    const struct ota_policy_penalty none = {0};
    struct ota_penalty_state box = {0};

    assert_false(ota_penalty_failed(&box, &none, 7, false));
    assert_false(ota_penalty_failed(&box, &none, 7, true));
    assert_false(ota_penalty_attempt(&box, &none, 7));
    assert_true(box.blocked_us == 0);
    assert_true(ota_penalty_failed(&box, &penalty, s, true));
    assert_true(box.blocked_us == s + min);
    assert_true(ota_penalty_failed(&box, &penalty, s, false));
    assert_true(box.blocked_us == s + h);
    ota_penalty_success(&box);
    assert_true(box.blocked_us == 0 && box.attempts == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ladder_grows_and_ends),
        cmocka_unit_test(no_limit_goes_at_once),
        cmocka_unit_test(instants_do_not_drift),
        cmocka_unit_test(it_counts_from_the_first_call),
        cmocka_unit_test(missed_offers_are_not_made_up_for),
        cmocka_unit_test(a_change_keeps_what_was_waited),
        cmocka_unit_test(a_rate_of_0_is_never),
        cmocka_unit_test(bursts_at_whole_periods),
        cmocka_unit_test(bursts_do_not_pile_up),
        cmocka_unit_test(budgets),
        cmocka_unit_test(stale_slots),
        cmocka_unit_test(polls_that_are_not_repeated),
        cmocka_unit_test(waits_of_tries),
        cmocka_unit_test(attempts_within_a_time),
        cmocka_unit_test(a_refusal_has_its_own_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
