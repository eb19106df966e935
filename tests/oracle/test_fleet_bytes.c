/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_fleet_bytes.c - what idle devices, wakes and handshakes cost on the air
 * in whole runs, against the figures that docs.particle.io publishes (cellular
 * data; particle-keepalive; device vitals; API, clear session).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/near.h"
#include "tests/support/one_run.h"

/* Connected all the time, with nothing to do. */
static const char idle_electron[] =
    "{ \"run\": {\"horizon\": \"23h\", \"seed\": 3},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"1KB\","
    "                \"at\": \"22h\"},"
    "  \"delivery\": {\"model\": \"at_handshake\"},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 50,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"sleep\": {\"model\": \"always_on\"},"
    "    \"link\": {\"preset\": \"3g\", \"loss\": 0},"
    "    \"session\": {\"preset\": \"particle_sim\", \"max_age\": \"366d\"},"
    "    \"plan\": {\"model\": \"unlimited\"},"
    "    \"battery\": {\"model\": \"mains\"} }] }";

static const char idle_photon[] =
    "{ \"run\": {\"horizon\": \"1h\", \"seed\": 3},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"1KB\","
    "                \"at\": \"59min\"},"
    "  \"delivery\": {\"model\": \"at_handshake\"},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 50,"
    "    \"platform\": \"photon\", \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"sleep\": {\"model\": \"always_on\"},"
    "    \"link\": {\"preset\": \"wifi_good\"},"
    "    \"session\": {\"preset\": \"photon_tcp\"},"
    "    \"plan\": {\"model\": \"unlimited\"},"
    "    \"battery\": {\"model\": \"mains\"} }] }";

/* 122 B each 23 min are 318 B an hour: 60 pings in 23 h. */
static void an_idle_electron_costs_318_bytes_an_hour(void **state)
{
    (void)state;
    struct one_run run;

    one_run(&run, idle_electron, NULL, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        assert_int_equal(run.records[i].routine_bytes, 60 * 122);
        assert_near((double)run.records[i].routine_bytes / 23, 318.3, 0.05);
    }
    one_run_release(&run);
}

/* A ping and its answer: 61 B each way. */
static void a_ping_costs_122_bytes(void **state)
{
    (void)state;
    const char *settings[] = {"run.horizon=23min", "release.at=1min", NULL};
    struct one_run run;

    one_run(&run, idle_electron, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++)
        assert_int_equal(run.records[i].routine_bytes, 61 + 61);
    one_run_release(&run);
}

/* Renewed every 3 days at up to 6 kB: no more than 2 kB a day, and with the
 * pings what a month's idle device costs. */
static void handshakes_cost_up_to_2_kb_a_day(void **state)
{
    (void)state;
    const char *settings[] = {"run.horizon=30d",
                              "release.at=29d",
                              "fleet.0.session.max_age=3d",
                              "delivery.begin_delay=1d",
                              "fleet.0.app.publishes=0",
                              NULL};
    struct one_run run;
    double bytes = 0, handshakes = 0;

    one_run(&run, idle_electron, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        const double pings =
            (double)(30 * OTA_US_PER_DAY) / (double)(23 * OTA_US_PER_MIN);
        assert_in_range(r->handshakes, 10, 10);
        /* A handshake starts the time to the next ping anew. */
        const double share = (double)r->routine_bytes - pings * 122;
        assert_true(share / 30 <= 2000);
        assert_near(share, 10 * 5500, 11 * 122);
        bytes += share;
        handshakes += r->handshakes;
    }
    assert_true(bytes / handshakes >= 5000 && bytes / handshakes <= 6000);
    one_run_release(&run);
}

/* 196 B each 15 s: "almost 46 kilobytes". */
static void an_idle_photon_costs_46_kib_an_hour(void **state)
{
    (void)state;
    struct one_run run;

    one_run(&run, idle_photon, NULL, 1, NULL);
    for (size_t i = 0; i < run.count; i++)
        assert_int_equal(run.records[i].routine_bytes, 47040);
    one_run_release(&run);
}

/* --- wakes --- */

/* One wake an hour, nothing lost, sessions that outlast the run. */
static const char waking[] =
    "{ \"run\": {\"horizon\": \"3h\", \"seed\": 3},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"1KB\","
    "                \"at\": \"179min\"},"
    "  \"delivery\": {\"model\": \"at_handshake\", \"begin_delay\": \"1d\"},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 200,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"sleep\": {\"model\": \"interval\", \"period\": \"1h\"},"
    "    \"link\": {\"attach\": \"1us\", \"rtt\": \"1us\", \"loss\": 0},"
    "    \"session\": {\"model\": \"dtls\", \"max_age\": \"366d\"},"
    "    \"app\": {\"model\": \"fixed\", \"wait\": \"0s\","
    "              \"publishes\": 0},"
    "    \"plan\": {\"model\": \"unlimited\"},"
    "    \"battery\": {\"model\": \"mains\"} }] }";

/* Bytes of a wake; all wakes of all devices cost the same. */
static int64_t bytes_a_wake(const char *const *settings)
{
    struct one_run run;

    one_run(&run, waking, settings, 1, NULL);
    const int64_t bytes =
        run.records[0].routine_bytes / run.records[0].connects;
    for (size_t i = 0; i < run.count; i++) {
        assert_true(run.records[i].connects > 0);
        assert_int_equal(run.records[i].routine_bytes,
                         bytes * run.records[i].connects);
    }
    one_run_release(&run);
    return bytes;
}

/* What settings[0] adds to a wake under the others. */
static int64_t bytes_more(const char *const *settings)
{
    return bytes_a_wake(settings) - bytes_a_wake(settings + 1);
}

/* 67 B without an acknowledgement; nearly 128 B with it. */
static void a_small_event_costs_67_bytes(void **state)
{
    (void)state;
    const char *alone[] = {"fleet.0.app={\"model\": \"fixed\", \"wait\": "
                           "\"0s\", \"publish_ack\": \"0B\"}",
                           NULL};
    const char *answered[] = {
        "fleet.0.app={\"model\": \"fixed\", \"wait\": \"0s\"}", NULL};

    assert_int_equal(bytes_more(alone), 67);
    assert_int_equal(bytes_more(answered), 128);
}

/* 98 B on a Photon, TCP's acknowledgement included. */
static void a_small_event_costs_98_bytes_on_a_photon(void **state)
{
    (void)state;
    const char *settings[] = {
        "fleet.0.app={\"model\": \"fixed\", \"wait\": \"0s\", "
        "\"publish_size\": \"58B\", \"publish_ack\": \"40B\"}",
        "fleet.0.platform=photon",
        "fleet.0.session={\"preset\": \"photon_tcp\"}",
        NULL,
    };

    assert_int_equal(bytes_more(settings), 98);
}

/* 135 to 200 B; from Device OS 1.2.0 on two update flags besides, each 101 and
 * 61 B. */
static void a_resume_costs_135_to_200_bytes(void **state)
{
    (void)state;
    const char *none[] = {NULL};
    const char *preset[] = {
        "fleet.0.session={\"preset\": \"particle_sim\", \"max_age\": "
        "\"366d\"}",
        NULL};
    const char *flags[] = {"fleet.0.installed=[{\"os\": \"1.4.0\"}]", NULL};

    assert_in_range(bytes_a_wake(none), 135, 200);
    assert_int_equal(bytes_a_wake(preset), 135);
    assert_int_equal(bytes_more(flags), 2 * (101 + 61));
}

/* 5 to 6 kB, all that is said on a cold start included: the flags, and once a
 * boot 95 B of why it booted, with 61 B of acknowledgement. */
static void a_handshake_costs_5_to_6_kb(void **state)
{
    (void)state;
    const char *stopped[] = {"fleet.0.session={\"model\": \"full\"}",
                             "fleet.0.sleep.depth=stop", NULL};
    const char *booted[] = {"fleet.0.sleep.depth=hibernate",
                            "fleet.0.session={\"model\": \"full\"}", NULL};
    const char *latest[] = {"fleet.0.session={\"model\": \"full\"}",
                            "fleet.0.sleep.depth=hibernate",
                            "fleet.0.installed=[{\"os\": \"1.4.0\"}]", NULL};

    assert_int_equal(bytes_a_wake(stopped), 5500);
    assert_int_equal(bytes_a_wake(booted), 5500 + 95 + 61);
    assert_in_range(bytes_a_wake(latest), 5000, 6000);
}

/* Bytes are billed by data session, rounded up: 100 B are a KB, a hundred
 * sessions of 1 B are 100 KB, and a hundred events of 1 B in one session are
 * one (help.1nce.com). Overage at a USD a byte tells what was billed. */
static void data_sessions_are_rounded_up(void **state)
{
    (void)state;
    static const struct {
        const char *resume, *publishes, *size;
        double kb_a_wake;
    } cases[] = {
        {"fleet.0.session.resume=100B", "fleet.0.app.publishes=0",
         "fleet.0.app.publish_size=1B", 1},
        {"fleet.0.session.resume=1B", "fleet.0.app.publishes=0",
         "fleet.0.app.publish_size=1B", 1},
        {"fleet.0.session.resume=0B", "fleet.0.app.publishes=100",
         "fleet.0.app.publish_size=1B", 1},
        {"fleet.0.session.resume=0B", "fleet.0.app.publishes=1001",
         "fleet.0.app.publish_size=1B", 2},
    };
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        const char *settings[] = {
            cases[c].resume,
            cases[c].publishes,
            cases[c].size,
            "fleet.0.app.publish_ack=0B",
            "fleet.0.plan={\"model\": \"capped\", \"included\": \"0B\", "
            "\"overage_price\": \"0.01USD\", \"overage_step\": \"1KB\", "
            "\"round_to\": \"1KB\"}",
            NULL};
        struct one_run run;

        one_run(&run, waking, settings, 1, NULL);
        for (size_t i = 0; i < run.count; i++)
            assert_near((double)run.records[i].overage_uusd * 1e-4,
                        cases[c].kb_a_wake * run.records[i].connects, 1e-9);
        one_run_release(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_electron_costs_318_bytes_an_hour),
        cmocka_unit_test(a_ping_costs_122_bytes),
        cmocka_unit_test(handshakes_cost_up_to_2_kb_a_day),
        cmocka_unit_test(an_idle_photon_costs_46_kib_an_hour),
        cmocka_unit_test(a_small_event_costs_67_bytes),
        cmocka_unit_test(a_small_event_costs_98_bytes_on_a_photon),
        cmocka_unit_test(a_resume_costs_135_to_200_bytes),
        cmocka_unit_test(a_handshake_costs_5_to_6_kb),
        cmocka_unit_test(data_sessions_are_rounded_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
