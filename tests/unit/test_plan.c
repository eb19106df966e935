/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_plan.c - caps, periods, rounding and pauses, to the byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "models/plan/plan.h"
#include "sim/base/clock.h"

enum { PERIOD_DAYS = 30 };

static const int64_t period_us = PERIOD_DAYS * OTA_US_PER_DAY;

/* 1 MB included, 0.99 USD for each further MB. */
static const struct ota_plan_capped_config overage = {
    .included_bytes = 1000000,
    .at_cap = OTA_PLAN_OVERAGE,
    .overage_price_uusd = 990000,
    .overage_step_bytes = 1000000,
    .period_us = PERIOD_DAYS * OTA_US_PER_DAY,
    .round_bytes = 1,
    .raise_after_us = OTA_NEVER,
};

static struct ota_plan_capped_config pause_plan(int64_t raise_after_us)
{
    struct ota_plan_capped_config config = overage;

    config.at_cap = OTA_PLAN_PAUSE;
    config.raise_after_us = raise_after_us;
    return config;
}

static void use(const struct ota_plan_capped_config *config,
                struct ota_plan_state *sim, int64_t now_us, int64_t bytes)
{
    ota_plan_capped.meter(config, sim, now_us, bytes);
}

static int64_t cost(const struct ota_plan_capped_config *config,
                    const struct ota_plan_state *sim)
{
    return ota_plan_capped.cost_uusd(config, sim);
}

static int64_t over(const struct ota_plan_capped_config *config,
                    const struct ota_plan_state *sim)
{
    return ota_plan_capped.periods_over(config, sim);
}

static int64_t left(const struct ota_plan_capped_config *config,
                    struct ota_plan_state *sim, int64_t now_us)
{
    return ota_plan_capped.left_bytes(config, sim, now_us);
}

static void exactly_the_cap_is_not_over(void **state)
{
    (void)state;
    struct ota_plan_state sim = {0};

    use(&overage, &sim, 0, 1000000);
    assert_int_equal(cost(&overage, &sim), 0);
    assert_int_equal(over(&overage, &sim), 0);
    use(&overage, &sim, 0, 1);
    assert_int_equal(cost(&overage, &sim), 990000);
    assert_int_equal(over(&overage, &sim), 1);
    assert_true(left(&overage, &sim, 0) == INT64_MAX);
}

static void started_steps_are_billed_whole(void **state)
{
    (void)state;
    struct ota_plan_state sim = {0};

    use(&overage, &sim, 1, 2000000); /* one step, full */
    assert_int_equal(cost(&overage, &sim), 990000);
    use(&overage, &sim, 2, 1);
    assert_int_equal(cost(&overage, &sim), 2 * 990000);
}

static void periods_are_billed_apart(void **state)
{
    (void)state;
    struct ota_plan_state sim = {0};

    use(&overage, &sim, 0, 900000);
    use(&overage, &sim, period_us - 1, 200000); /* over */
    use(&overage, &sim, period_us, 900000);     /* the next */
    assert_int_equal(over(&overage, &sim), 1);
    assert_int_equal(cost(&overage, &sim), 990000);
    use(&overage, &sim, 5 * period_us, 1500000); /* three silent ones */
    assert_int_equal(over(&overage, &sim), 2);
    assert_int_equal(cost(&overage, &sim), 2 * 990000);
    use(&overage, &sim, 6 * period_us, 0);
    assert_int_equal(over(&overage, &sim), 2);
    assert_int_equal(cost(&overage, &sim), 2 * 990000);
}

static void a_session_over_the_period_is_cut(void **state)
{
    (void)state;
    struct ota_plan_capped_config config = overage;
    struct ota_plan_state sim = {0};

    /* Costs are billed bytes. */
    config.included_bytes = 0;
    config.overage_price_uusd = 1;
    config.overage_step_bytes = 1;
    config.round_bytes = 1000;
    use(&config, &sim, period_us - 1, 300);
    assert_int_equal(cost(&config, &sim), 1000); /* as if it ended now */
    use(&config, &sim, period_us, 300);
    ota_plan_capped.end_session(&config, &sim, period_us);
    assert_int_equal(cost(&config, &sim), 2000);
    /* An end without bytes is not rounded up to anything. */
    ota_plan_capped.end_session(&config, &sim, period_us + 1);
    assert_int_equal(cost(&config, &sim), 2000);
}

static void a_pause_lasts_until_the_next_period(void **state)
{
    (void)state;
    const struct ota_plan_capped_config config = pause_plan(OTA_NEVER);
    struct ota_plan_state sim = {0};

    assert_int_equal(left(&config, &sim, 0), 1000000);
    use(&config, &sim, 0, 999999);
    assert_int_equal(left(&config, &sim, 0), 1);
    assert_int_equal(over(&config, &sim), 0);
    use(&config, &sim, 0, 1);
    assert_int_equal(left(&config, &sim, 0), 0);
    assert_int_equal(over(&config, &sim), 1);
    assert_int_equal(left(&config, &sim, period_us - 1), 0);
    assert_int_equal(left(&config, &sim, period_us), 1000000);
    assert_int_equal(over(&config, &sim), 1);
    assert_int_equal(cost(&config, &sim), 0);
}

/* The exchange under way at the cap may pass it. */
static void passing_a_cap_that_nobody_raises_is_not_billed(void **state)
{
    (void)state;
    const struct ota_plan_capped_config never = pause_plan(OTA_NEVER);
    struct ota_plan_state sim = {0};

    use(&never, &sim, 0, 1000300);
    assert_int_equal(left(&never, &sim, 0), 0);
    assert_int_equal(cost(&never, &sim), 0);
    use(&never, &sim, period_us, 0);
    assert_int_equal(cost(&never, &sim), 0);
    assert_int_equal(over(&never, &sim), 1);
}

static void a_raised_limit_lasts_until_the_next_period(void **state)
{
    (void)state;
    const struct ota_plan_capped_config config = pause_plan(OTA_US_PER_H);
    struct ota_plan_state sim = {0};

    use(&config, &sim, 7, 1000000);
    assert_int_equal(left(&config, &sim, OTA_US_PER_H + 6), 0);
    assert_true(left(&config, &sim, OTA_US_PER_H + 7) == INT64_MAX);
    use(&config, &sim, OTA_US_PER_DAY, 500);
    assert_int_equal(cost(&config, &sim), 990000);
    assert_int_equal(left(&config, &sim, period_us), 1000000);
}

static void room_ends_at_the_last_whole_rounding_step(void **state)
{
    (void)state;
    struct ota_plan_capped_config config = pause_plan(OTA_NEVER);
    struct ota_plan_state sim = {0};

    config.included_bytes = 2500;
    config.round_bytes = 1000;
    assert_int_equal(left(&config, &sim, 0), 2000);
    use(&config, &sim, 0, 400);
    assert_int_equal(left(&config, &sim, 0), 1600);
    ota_plan_capped.end_session(&config, &sim, 0); /* billed 1,000 */
    assert_int_equal(left(&config, &sim, 0), 1000);
    use(&config, &sim, 0, 1);
    ota_plan_capped.end_session(&config, &sim, 0);
    assert_int_equal(left(&config, &sim, 0), 0);
    assert_int_equal(over(&config, &sim), 1);

    assert_null(ota_plan_capped.model.problem(&config));
    config.included_bytes = 999;
    assert_non_null(ota_plan_capped.model.problem(&config));
}

static void unlimited_is_free(void **state)
{
    (void)state;
    struct ota_plan_state sim = {0};

    ota_plan_unlimited.meter(NULL, &sim, 0, INT64_C(1) << 50);
    ota_plan_unlimited.end_session(NULL, &sim, 0);
    assert_true(ota_plan_unlimited.left_bytes(NULL, &sim, 1) == INT64_MAX);
    assert_int_equal(ota_plan_unlimited.cost_uusd(NULL, &sim), 0);
    assert_int_equal(ota_plan_unlimited.periods_over(NULL, &sim), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_the_cap_is_not_over),
        cmocka_unit_test(started_steps_are_billed_whole),
        cmocka_unit_test(periods_are_billed_apart),
        cmocka_unit_test(a_session_over_the_period_is_cut),
        cmocka_unit_test(a_pause_lasts_until_the_next_period),
        cmocka_unit_test(passing_a_cap_that_nobody_raises_is_not_billed),
        cmocka_unit_test(a_raised_limit_lasts_until_the_next_period),
        cmocka_unit_test(room_ends_at_the_last_whole_rounding_step),
        cmocka_unit_test(unlimited_is_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
