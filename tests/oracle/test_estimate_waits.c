/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_estimate_waits.c - estimated waits, routine traffic and bills against
 * simulations. Chances must lie within 4 standard errors of a binomial one and
 * a slack for what the estimate leaves out, as said at each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <math.h>

#include "sim/base/clock.h"
#include "sim/experiment/estimate.h"
#include "sim/stats/tally.h"
#include "tests/support/one_run.h"

static void estimate(const struct one_run *run, struct ota_forecast *forecast)
{
    const struct ota_group *group = &run->scenario.fleet.groups[0];

    ota_forecast(&run->scenario.fleet, group, &group->variants[0], forecast);
    assert_true(forecast->expected_known && forecast->best_known);
}

/* --- waits --- */

static const char sleeper[] =
    "{ \"run\": {\"horizon\": \"20d\", \"seed\": 5},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"21KB\","
    "                \"at\": \"1d\"},"
    "  \"delivery\": {\"model\": \"immediate\"},"
    "  \"fleet\": [{\"name\": \"f\", \"count\": 1500,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.6.0\"}],"
    "    \"sleep\": {\"model\": \"interval\", \"period\": \"2h\","
    "                \"jitter\": 0.1},"
    "    \"link\": {\"preset\": \"3g\"},"
    "    \"session\": {\"preset\": \"third_party_sim\"},"
    "    \"transfer\": {\"model\": \"fast\", \"flight\": 50},"
    "    \"app\": {\"model\": \"fixed\", \"threaded\": false},"
    "    \"plan\": {\"model\": \"unlimited\"},"
    "    \"battery\": {\"model\": \"mains\"} }] }";

static void estimate_sleeper(const char *const *settings,
                             struct ota_forecast *forecast)
{
    struct one_run run;

    one_run(&run, sleeper, settings, 1, NULL);
    estimate(&run, forecast);
    one_run_release(&run);
}

static void check_share(const char *what, double hits, double of,
                        double expected, double slack)
{
    const double se = sqrt(expected * (1 - expected) / of);
    const double seen = hits / of;

    if (getenv("OTA_TEST_TELL"))
        printf("%-39s %12.4f %12.4f +- %8.3g\n", what, expected, seen, se);
    assert_true(se < 0.02);
    if (fabs(seen - expected) > 4 * se + slack) {
        fprintf(stderr, "%s: estimated %g, simulated %g +- %g\n", what,
                expected, seen, se);
        fail();
    }
}

static void set_wait(char text[64], double wait_us)
{
    snprintf(text, 64, "fleet.0.app.wait=%.0fus", wait_us);
}

/* In each wake with an offer the update starts with that chance. That an event
 * of the app's fails, or takes longer than the wait, is left out: 0.5 %. */
static void waits_give_their_chance_of_a_start(void **state)
{
    (void)state;
    static struct ota_forecast forecast;

    estimate_sleeper(NULL, &forecast);
    for (int c = 0; c < OTA_FORECAST_CHANCES; c++) {
        char wait[64];
        const char *settings[] = {wait, NULL};
        struct one_run run;
        double offers = 0, begun = 0;
        set_wait(wait, forecast.waits.start_us[c]);
        one_run(&run, sleeper, settings, 1, NULL);
        for (size_t i = 0; i < run.count; i++) {
            offers += run.records[i].offers;
            begun += run.records[i].offers_begun;
        }
        check_share("start in a wake", begun, offers, ota_forecast_chances[c],
                    0.005);
        one_run_release(&run);
    }
}

/* And the transfer ends. That its time is lognormal is an approximation: 2 %.
 */
static void waits_give_their_chance_of_an_end(void **state)
{
    (void)state;
    static struct ota_forecast forecast;

    estimate_sleeper(NULL, &forecast);
    for (int c = 0; c < OTA_FORECAST_CHANCES; c++) {
        char wait[64];
        const char *settings[] = {wait, NULL};
        struct one_run run;
        double offers = 0, done = 0;
        set_wait(wait, forecast.waits.finish_us[c]);
        one_run(&run, sleeper, settings, 1, NULL);
        for (size_t i = 0; i < run.count; i++) {
            offers += run.records[i].offers;
            done += run.records[i].modules;
        }
        check_share("end in a wake", done, offers, ota_forecast_chances[c],
                    0.02);
        one_run_release(&run);
    }
}

/* Offers at handshakes only: some 2.3 a week. An event that fails leads to one
 * more handshake: 1 %. */
static void waits_give_their_chance_in_a_week(void **state)
{
    (void)state;
    static struct ota_forecast forecast;
    const char *rare[] = {"delivery.model=at_handshake", NULL};

    estimate_sleeper(rare, &forecast);
    assert_true(isinf(forecast.waits.day_us[0]));
    for (int c = 0; c < OTA_FORECAST_CHANCES; c++) {
        char wait[64];
        const char *settings[] = {rare[0], wait, NULL};
        struct one_run run;
        double begun = 0;
        set_wait(wait, forecast.waits.week_us[c]);
        one_run(&run, sleeper, settings, 1, NULL);
        for (size_t i = 0; i < run.count; i++)
            begun += run.records[i].begun_us < 8 * OTA_US_PER_DAY;
        check_share("start in a week", begun, (double)run.count,
                    ota_forecast_chances[c], 0.01);
        one_run_release(&run);
    }
}

/* Random wakes, two a day, each with an offer. */
static void waits_give_their_chance_in_a_day_of_random_wakes(void **state)
{
    (void)state;
    static struct ota_forecast forecast;
    char wait[64];
    const char *settings[] = {
        "fleet.0.sleep={\"model\": \"poisson\", \"mean\": \"12h\"}", NULL,
        NULL};
    struct one_run run;
    double begun = 0;

    estimate_sleeper(settings, &forecast);
    assert_true(isinf(forecast.waits.day_us[1]));
    set_wait(wait, forecast.waits.day_us[0]);
    settings[1] = wait;
    one_run(&run, sleeper, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++)
        begun += run.records[i].begun_us < 2 * OTA_US_PER_DAY;
    check_share("start in a day", begun, (double)run.count,
                ota_forecast_chances[0], 0.01);
    one_run_release(&run);
}

/* --- routine traffic and money --- */

/* A month without an update; that connects and events fail is left out: 3 %. */
static void routine_traffic_is_as_simulated(void **state)
{
    (void)state;
    static struct ota_forecast forecast;
    const char *settings[] = {"run.horizon=30d", "release.at=29.9d",
                              "fleet.0.plan={\"model\": \"capped\", "
                              "\"included\": \"1MB\"}",
                              "fleet.0.count=300", NULL};
    struct ota_tally routine = {0};
    struct one_run run;

    one_run(&run, sleeper, settings, 1, NULL);
    estimate(&run, &forecast);
    for (size_t i = 0; i < run.count; i++)
        ota_tally_add(&routine, (double)run.records[i].routine_bytes);
    assert_true(fabs(forecast.money.routine_bytes - routine.mean) <
                0.03 * routine.mean);
    one_run_release(&run);
}

static void the_bill_adds_up(void **state)
{
    (void)state;
    static struct ota_forecast forecast;
    const char *settings[] = {"fleet.0.plan={\"model\": \"capped\", "
                              "\"included\": \"100KB\", "
                              "\"overage_price\": \"0.5USD\", "
                              "\"overage_step\": \"50KB\"}",
                              NULL};
    struct one_run run;

    one_run(&run, sleeper, settings, 1, NULL);
    estimate(&run, &forecast);
    const struct ota_forecast_money *money = &forecast.money;
    const double over =
        ota_forecast_bytes(&forecast.expected) + money->routine_bytes - 100e3;
    assert_true(fabs(money->overage_uusd - ceil(over / 50e3) * 0.5e6) < 1);
    assert_true(fabs(money->fleet_uusd - 1500 * money->overage_uusd) < 1);
    assert_true(fabs(money->share -
                     ota_forecast_bytes(&forecast.expected) / 100e3) < 1e-9);
    one_run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_give_their_chance_of_a_start),
        cmocka_unit_test(waits_give_their_chance_of_an_end),
        cmocka_unit_test(waits_give_their_chance_in_a_week),
        cmocka_unit_test(waits_give_their_chance_in_a_day_of_random_wakes),
        cmocka_unit_test(routine_traffic_is_as_simulated),
        cmocka_unit_test(the_bill_adds_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
