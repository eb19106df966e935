/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_estimate.c - estimates against simulations of the same devices: bytes,
 * time online and charge of an update; and the modules in their order.
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

enum { DEVICES_MOST = 4000 };

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
    watch.devices = calloc(DEVICES_MOST, sizeof(*watch.devices));
    assert_non_null(watch.devices);
    one_run(&run, text, settings, 1, &observer);
    assert_true(run.count <= DEVICES_MOST);
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
    const char *alone[] = {"release.needs_os=", "fleet.0.count=3000", NULL};
    const char *old[] = {"fleet.0.link={\"preset\": \"2g_gprs\"}", NULL};

    compare("boron, lte_m_poor", boron, poor);
    compare("boron, nb_iot_ecl1", boron, slow);
    compare("electron, 2g_gprs", electron, old);
    compare("electron, the app alone", electron, alone);
}

/* Modules that silently do not take effect are sent again. */
static void with_silent_failures(void **state)
{
    (void)state;
    const char *settings[] = {"fleet.0.firmware.silent_failure=10%", NULL};

    compare("electron, silent", electron, settings);
}

/* --- sequences --- */

/* Compares the modules with "u1:2! s3:108"; "!": the device boots into safe
 * mode, from where the healer sends what follows. */
static void assert_sequence(const char *platform, const char *from,
                            const char *to, const char *app,
                            const char *expected, int64_t payload_bytes)
{
    static struct ota_forecast forecast;
    char scenario[1024], text[512] = "";
    struct one_run run;
    int64_t useful = 0;

    snprintf(scenario, sizeof(scenario),
             SCENARIO_OF("1", "\"app_size\": \"%s\", \"needs_os\": \"%s\"",
                         "immediate",
                         "\"platform\": \"%s\", \"installed\": [{\"os\": "
                         "\"%s\"}], \"sleep\": {\"model\": \"always_on\"},"
                         "\"plan\": {\"model\": \"unlimited\"}"),
             app, to, platform, from);
    one_run(&run, scenario, NULL, 1, NULL);
    estimate(&run, &forecast);
    bool safe_mode = false;
    for (size_t k = 0; k < forecast.count; k++) {
        const struct ota_forecast_module *module = &forecast.modules[k];
        const size_t used = strlen(text);
        char slot[3];
        ota_slot_to_text(module->step->module.slot, slot);
        assert_int_equal(module->by == OTA_FORECAST_BY_HEALER, safe_mode);
        safe_mode = ota_path_safe_mode(&forecast.variant->path,
                                       ((ota_path_taken)2 << k) - 1);
        snprintf(text + used, sizeof(text) - used, "%s%s:%d%s", k ? " " : "",
                 slot, (int)module->step->module.version, safe_mode ? "!" : "");
        useful += (int64_t)module->expected.useful_bytes;
    }
    assert_string_equal(text, expected);
    assert_int_equal(useful, payload_bytes);
    one_run_release(&run);
}

/* Of the Electron from the factory, the nine modules and their 879,120 B are
 * those of community.particle.io/t/electron-system-firmware-ota/34170; the
 * others are test_path.c's. */
static void modules_stand_in_their_order(void **state)
{
    (void)state;
    assert_sequence("electron", "0.4.8-rc.6", "2.3.1", "0B",
                    "s1:21 s2:21 s3:110 s1:110 s2:110 s3:2302 s1:2302 "
                    "s2:2302! b0:1006",
                    879120);
    assert_sequence("electron", "0.6.1", "0.6.2", "20000B",
                    "u1:2! s3:108! s1:108! s2:108", 20000 + 294144);
    assert_sequence("electron", "0.6.2", "0.6.2", "20000B", "u1:2", 20000);
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
        cmocka_unit_test(modules_stand_in_their_order),
        cmocka_unit_test(unknown_things_are_said_to_be),
        cmocka_unit_test(no_service_is_out_of_reach),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
