/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_estimate.c - estimates against simulations of the same devices: bytes,
 * time online and charge of an update, and chances of a start and an end
 * within a wait.
 *
 * Each mean must lie within 5 % of the simulation's, and no further from it
 * than 4 standard errors and 2 %: the approximations of estimate.c and of the
 * models' means together. The standard errors are checked to be small.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "sim/base/clock.h"
#include "sim/experiment/estimate.h"
#include "sim/fleet/account.h"
#include "sim/stats/tally.h"
#include "tests/support/one_run.h"

/* --- one device's update in a simulation --- */

struct watched {
    double connected_us, charge_pc;
};

struct watch {
    struct watched *devices;
    const struct ota_battery_config *battery;
};

/* Phases between the first offer and the confirming connect. */
static void observe(void *self, const struct ota_observation *seen)
{
    struct watch *watch = self;
    struct watched *device = &watch->devices[seen->device];
    const struct ota_device_record *record = seen->record;
    const enum ota_phase phase = (enum ota_phase)seen->detail.phase.phase;
    const int64_t from_us =
        ota_us_max(seen->detail.phase.since_us, record->offered_us);
    const int64_t to_us = ota_us_min(seen->time_us, record->confirmed_us);

    if (seen->undone || record->offered_us == OTA_NEVER || to_us <= from_us ||
        phase == OTA_PHASE_ASLEEP || phase == OTA_PHASE_TAIL)
        return;
    const double lasted_us = (double)(to_us - from_us);
    const enum ota_power power = ota_phase_power(phase);
    device->charge_pc +=
        lasted_us * (double)watch->battery->current_na[power] / 1000;
    if (phase == OTA_PHASE_CONNECTING || phase == OTA_PHASE_PUBLISHING ||
        phase == OTA_PHASE_ONLINE || phase == OTA_PHASE_TRANSFERRING)
        device->connected_us += lasted_us;
}

static void check(const char *name, const char *what,
                  const struct ota_tally *seen, double expected)
{
    const double se = sqrt(ota_tally_variance(seen) / (double)seen->count);
    const double off = fabs(expected - seen->mean);

    if (getenv("OTA_TEST_TELL"))
        printf("%-28s %-10s %12.6g %12.6g +- %8.3g  %+.2f %%\n", name, what,
               expected, seen->mean, se,
               100 * (expected - seen->mean) / seen->mean);
    if (off > 0.05 * seen->mean || off > 4 * se + 0.02 * seen->mean ||
        se > 0.01 * seen->mean) {
        fprintf(stderr, "%s, %s: estimated %g, simulated %g +- %g (%.2f %%)\n",
                name, what, expected, seen->mean, se,
                100 * (expected - seen->mean) / seen->mean);
        fail();
    }
}

/* The first variant of the first group. */
static void estimate(const struct one_run *run, struct ota_forecast *forecast)
{
    const struct ota_group *group = &run->scenario.fleet.groups[0];

    ota_forecast(&run->scenario.fleet, group, &group->variants[0], forecast);
    assert_true(forecast->expected_known && forecast->best_known);
}

static void compare(const char *name, const char *text,
                    const char *const *settings)
{
    static struct ota_forecast forecast;
    struct ota_tally bytes = {0}, connected = {0}, charge = {0};
    struct watch watch = {.devices = NULL};
    const struct ota_observer observer = {
        .wants = 1u << OTA_SEEN_PHASE, .observe = observe, .self = &watch};
    struct one_run run;
    struct ota_complaints complaints = {0};
    struct ota_scenario first;

    /* The currents are the observer's business before the run. */
    assert_true(ota_scenario_read_text(&first, name, text, strlen(text), NULL,
                                       0, &complaints));
    watch.battery = first.fleet.groups[0].battery.config;
    watch.devices = calloc((size_t)ota_fleet_config_devices(&first.fleet),
                           sizeof(*watch.devices));
    assert_non_null(watch.devices);
    one_run(&run, text, settings, 1, &observer);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *record = &run.records[i];
        if (record->confirmed_us == OTA_NEVER)
            continue;
        ota_tally_add(&bytes,
                      (double)(record->useful_bytes + record->overhead_bytes +
                               record->wasted_bytes));
        ota_tally_add(&connected, watch.devices[i].connected_us);
        ota_tally_add(&charge, watch.devices[i].charge_pc);
    }
    assert_true((double)bytes.count > 0.99 * (double)run.count);
    estimate(&run, &forecast);
    check(name, "bytes", &bytes, ota_forecast_bytes(&forecast.expected));
    check(name, "connected", &connected,
          ota_forecast_connected_us(&forecast.expected));
    check(name, "charge", &charge, forecast.expected.charge_pc);
    /* Duplicates are as many as in the mean, in the best case, too. */
    assert_true(ota_forecast_bytes(&forecast.best) <= 1.0001 * bytes.mean);
    assert_true(ota_forecast_connected_us(&forecast.best) <= connected.least);
    free(watch.devices);
    ota_scenario_release(&first);
    one_run_release(&run);
}

/* --- devices --- */

#define SCENARIO(release, delivery, group)                                     \
    SCENARIO_OF("1500", release, delivery, group)
#define SCENARIO_OF(count, release, delivery, group)                           \
    "{ \"run\": {\"horizon\": \"20d\", \"seed\": 5},"                          \
    "  \"release\": {\"app_version\": 2, " release "},"                        \
    "  \"delivery\": {\"model\": \"" delivery "\"},"                           \
    "  \"fleet\": [{\"name\": \"f\", \"count\": " count ", " group "}] }"

static const char electron[] = SCENARIO(
    "\"app_size\": \"21KB\", \"needs_os\": \"0.7.0\", \"at\": \"1d\"",
    "immediate",
    "\"platform\": \"electron\", \"installed\": [{\"os\": \"0.6.0\"}],"
    "\"sleep\": {\"model\": \"always_on\"}, \"link\": {\"preset\": \"3g\"},"
    "\"session\": {\"preset\": \"third_party_sim\"},"
    "\"transfer\": {\"model\": \"fast\", \"flight\": 50},"
    "\"app\": {\"model\": \"fixed\", \"threaded\": false},"
    "\"plan\": {\"model\": \"unlimited\"},"
    "\"battery\": {\"preset\": \"electron\", \"capacity\": \"1000Ah\"}");

static const char electron_sleeper[] = SCENARIO(
    "\"app_size\": \"21KB\", \"needs_os\": \"0.7.0\"", "at_handshake",
    "\"platform\": \"electron\", \"installed\": [{\"os\": \"0.6.0\"}],"
    "\"sleep\": {\"model\": \"interval\", \"period\": \"1h\", \"jitter\": "
    "0.02},"
    "\"link\": {\"preset\": \"3g\", \"attach_failure\": 0.02},"
    "\"session\": {\"preset\": \"third_party_sim\"},"
    "\"transfer\": {\"model\": \"fast\", \"flight\": 50},"
    "\"app\": {\"model\": \"fixed\", \"wait\": \"60s\","
    "          \"stay_once_begun\": true},"
    "\"plan\": {\"model\": \"unlimited\"},"
    "\"battery\": {\"preset\": \"electron\", \"capacity\": \"1000Ah\"}");

static const char boron[] = SCENARIO(
    "\"app_size\": \"40KB\", \"needs_os\": \"4.0.2\", \"combine\": false,"
    "\"at\": \"1d\"",
    "immediate",
    "\"platform\": \"boron\", \"installed\": [{\"os\": \"3.3.1\"}],"
    "\"sleep\": {\"model\": \"always_on\"},"
    "\"link\": {\"preset\": \"lte_m_good\"},"
    "\"session\": {\"preset\": \"particle_sim_3_1\"},"
    "\"plan\": {\"model\": \"unlimited\"},"
    "\"battery\": {\"preset\": \"boron_lte\", \"capacity\": \"1000Ah\"}");

static const char photon[] =
    SCENARIO("\"app_size\": \"30KB\", \"needs_os\": \"1.4.4\", \"at\": \"1d\"",
             "immediate",
             "\"platform\": \"photon\", \"installed\": [{\"os\": \"0.7.0\"}],"
             "\"sleep\": {\"model\": \"always_on\"},"
             "\"link\": {\"preset\": \"wifi_good\"},"
             "\"session\": {\"preset\": \"photon_tcp\"},"
             "\"plan\": {\"model\": \"unlimited\"},"
             "\"battery\": {\"preset\": \"photon\", \"capacity\": \"1000Ah\"}");

/* A device that pulls blocks, on a board that the catalogue has. */
static const char block[] = SCENARIO(
    "\"app_size\": \"300KB\", \"compress\": false, \"at\": \"1d\"", "immediate",
    "\"platform\": \"argon\", \"installed\": [{\"os\": \"4.0.2\"}],"
    "\"sleep\": {\"model\": \"always_on\"},"
    "\"link\": {\"preset\": \"wifi_good\"},"
    "\"session\": {\"model\": \"full\"},"
    "\"transfer\": {\"preset\": \"golioth_wifi\"},"
    "\"plan\": {\"model\": \"unlimited\"},"
    "\"battery\": {\"preset\": \"esp32_wifi\", \"capacity\": \"1000Ah\"}");

static const char argon[] = SCENARIO_OF(
    "3000", "\"app_size\": \"25KB\", \"at\": \"1d\"", "immediate",
    "\"platform\": \"argon\", \"installed\": [{\"os\": \"2.3.0\"}],"
    "\"sleep\": {\"model\": \"always_on\"},"
    "\"link\": {\"preset\": \"wifi_good\"},"
    "\"session\": {\"preset\": \"argon_ethernet\"},"
    "\"plan\": {\"model\": \"unlimited\"},"
    "\"battery\": {\"preset\": \"argon\", \"capacity\": \"1000Ah\"}");

static const struct {
    const char *name, *text;
} devices[] = {
    {"electron", electron}, {"electron that sleeps", electron_sleeper},
    {"boron", boron},       {"photon", photon},
    {"block", block},       {"argon", argon},
};

static void for_losses(const char *loss)
{
    const char *settings[] = {loss, NULL};
    char name[64];

    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
        snprintf(name, sizeof(name), "%s, %s", devices[i].name,
                 strchr(loss, '=') + 1);
        compare(name, devices[i].text, settings);
    }
}

static void without_loss(void **state)
{
    (void)state;
    for_losses("fleet.0.link.loss=0");
}

static void with_half_a_percent(void **state)
{
    (void)state;
    for_losses("fleet.0.link.loss=0.5%");
}

static void with_two_percent(void **state)
{
    (void)state;
    for_losses("fleet.0.link.loss=2%");
}

/* As 3g_moving has them. */
static void with_bad_spells(void **state)
{
    (void)state;
    const char *settings[] = {
        "fleet.0.link.loss=0.5%", "fleet.0.link.loss_bad=50%",
        "fleet.0.link.good_lasts=26.6s", "fleet.0.link.bad_lasts=3.5s", NULL};

    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
        compare(devices[i].name, devices[i].text, settings);
}

static void with_slow_protocol(void **state)
{
    (void)state;
    const char *settings[] = {"fleet.0.transfer={\"model\": \"slow\"}", NULL};

    compare("electron, slow", electron, settings);
    compare("photon, slow", photon, settings);
}

/* Poor coverage: slow answers, late ones, bad spells, failed attaches. */
static void over_other_links(void **state)
{
    (void)state;
    const char *poor[] = {"fleet.0.link={\"preset\": \"lte_m_poor\"}", NULL};
    const char *slow[] = {"fleet.0.link={\"preset\": \"nb_iot_ecl1\"}", NULL};
    const char *old[] = {"fleet.0.link={\"preset\": \"2g_gprs\"}", NULL};

    compare("boron, lte_m_poor", boron, poor);
    compare("boron, nb_iot_ecl1", boron, slow);
    compare("electron, 2g_gprs", electron, old);
}

/* Modules that silently do not take effect are sent again. */
static void with_silent_failures(void **state)
{
    (void)state;
    const char *settings[] = {"fleet.0.firmware.silent_failure=10%", NULL};

    compare("electron, silent", electron, settings);
}

/* --- waits --- */

static const char sleeper[] = SCENARIO(
    "\"app_size\": \"21KB\", \"at\": \"1d\"", "immediate",
    "\"platform\": \"electron\", \"installed\": [{\"os\": \"0.6.0\"}],"
    "\"sleep\": {\"model\": \"interval\", \"period\": \"2h\", \"jitter\": 0.1},"
    "\"link\": {\"preset\": \"3g\"},"
    "\"session\": {\"preset\": \"third_party_sim\"},"
    "\"transfer\": {\"model\": \"fast\", \"flight\": 50},"
    "\"app\": {\"model\": \"fixed\", \"threaded\": false},"
    "\"plan\": {\"model\": \"unlimited\"},"
    "\"battery\": {\"model\": \"mains\"}");

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

/* --- what is not known is not told --- */

static void unknown_things_are_said_to_be(void **state)
{
    (void)state;
    static struct ota_forecast forecast;
    const char *settings[] = {"fleet.0.transfer={\"model\": \"qblock\"}",
                              "fleet.0.count=1", "fleet.0.link.loss=1%", NULL};
    struct one_run run;

    one_run(&run, block, settings, 1, NULL);
    ota_forecast(&run.scenario.fleet, &run.scenario.fleet.groups[0],
                 &run.scenario.fleet.groups[0].variants[0], &forecast);
    assert_true(forecast.best_known);
    assert_false(forecast.expected_known);
    assert_non_null(strstr(forecast.notes[forecast.note_count - 1], "qblock"));
    one_run_release(&run);
}

/* A link that nothing passes. */
static void no_service_is_out_of_reach(void **state)
{
    (void)state;
    static struct ota_forecast forecast;
    const char *settings[] = {"fleet.0.link={\"preset\": \"no_service\"}",
                              "fleet.0.count=1", NULL};
    struct one_run run;

    one_run(&run, electron, settings, 1, NULL);
    ota_forecast(&run.scenario.fleet, &run.scenario.fleet.groups[0],
                 &run.scenario.fleet.groups[0].variants[0], &forecast);
    assert_false(forecast.expected_known);
    assert_true(forecast.out_of_reach == 1);
    one_run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_loss),
        cmocka_unit_test(with_half_a_percent),
        cmocka_unit_test(with_two_percent),
        cmocka_unit_test(with_bad_spells),
        cmocka_unit_test(with_slow_protocol),
        cmocka_unit_test(over_other_links),
        cmocka_unit_test(with_silent_failures),
        cmocka_unit_test(waits_give_their_chance_of_a_start),
        cmocka_unit_test(waits_give_their_chance_of_an_end),
        cmocka_unit_test(waits_give_their_chance_in_a_week),
        cmocka_unit_test(routine_traffic_is_as_simulated),
        cmocka_unit_test(the_bill_adds_up),
        cmocka_unit_test(unknown_things_are_said_to_be),
        cmocka_unit_test(no_service_is_out_of_reach),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
