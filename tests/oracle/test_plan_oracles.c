/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_plan_oracles.c - bills against published rules and closed forms.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "models/plan/plan.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"

/* Bills every byte beyond the included ones at a millionth of a dollar, so
 * that costs are bytes. */
static struct ota_plan_capped_config byte_plan(int64_t included_bytes,
                                               int64_t round_bytes)
{
    return (struct ota_plan_capped_config){
        .included_bytes = included_bytes,
        .at_cap = OTA_PLAN_OVERAGE,
        .overage_price_uusd = 1,
        .overage_step_bytes = 1,
        .period_us = 30 * OTA_US_PER_DAY,
        .round_bytes = round_bytes,
        .raise_after_us = OTA_NEVER,
    };
}

static int64_t billed(int sessions, int sends, int64_t send_bytes,
                      int64_t round_bytes)
{
    const struct ota_plan_capped_config config = byte_plan(0, round_bytes);
    struct ota_plan_state sim = {0};

    for (int s = 0; s < sessions; s++) {
        const int64_t now_us = s * OTA_US_PER_H;
        for (int i = 0; i < sends; i++)
            ota_plan_capped.meter(&config, &sim, now_us, send_bytes);
        ota_plan_capped.end_session(&config, &sim, now_us);
    }
    return ota_plan_capped.cost_uusd(&config, &sim);
}

/* The operator's own examples: help.1nce.com, data service, sessions rounded
 * up to whole KB. */
static void sessions_round_as_1nce_says(void **state)
{
    (void)state;
    assert_int_equal(billed(1, 1, 100, 1000), 1000);
    assert_int_equal(billed(100, 1, 1, 1000), 100000);
    assert_int_equal(billed(1, 100, 1, 1000), 1000);
}

static void hourly_sessions_of_440_bytes_bill_720_kb(void **state)
{
    (void)state;
    assert_int_equal(billed(720, 1, 440, 1000), 720000);
    assert_int_equal(billed(720, 1, 440, 1), 316800);
}

/*
 * Use X ~ N(mu, sd) against a cap: E[overage] = sd (phi(z) - z (1 - Phi(z))),
 * z = (cap - mu) / sd. Use below 0 is no use and never over.
 */
static void mean_overage_of_normal_use(void **state)
{
    (void)state;
    enum { SIMS = 200000 };
    const double mu = 8e6, sd = 4e6, cap = 10e6, z = (cap - mu) / sd;
    const double mean =
        sd * (gsl_ran_ugaussian_pdf(z) - z * gsl_cdf_ugaussian_Q(z));
    const struct ota_plan_capped_config config = byte_plan((int64_t)cap, 1);
    struct ota_stream stream;
    double sum = 0, sum2 = 0, over = 0;

    assert_true(fabs(mean - 791190) < 6);
    model_fixture_stream(&stream, 0);
    for (int i = 0; i < SIMS; i++) {
        const double use = mu + gsl_ran_gaussian_ziggurat(&stream.rng, sd);
        struct ota_plan_state sim = {0};
        ota_plan_capped.meter(&config, &sim, 0, (int64_t)fmax(use, 0));
        ota_plan_capped.end_session(&config, &sim, 0);
        const double cost = (double)ota_plan_capped.cost_uusd(&config, &sim);
        sum += cost;
        sum2 += cost * cost;
        over += (double)ota_plan_capped.periods_over(&config, &sim);
    }
    model_fixture_assert_mean(SIMS, sum, sum2, mean);
    model_fixture_assert_share(SIMS, over, gsl_cdf_ugaussian_Q(z));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_round_as_1nce_says),
        cmocka_unit_test(hourly_sessions_of_440_bytes_bill_720_kb),
        cmocka_unit_test(mean_overage_of_normal_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
