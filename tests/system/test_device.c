/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a device does with its time between updates, and whose doing each byte
 * is: whole runs in which the right answer can be counted by hand.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/one_run.h"

/* A device on a quick link that loses nothing; an app for the firmware that it
 * has, released to everybody and begun at once. */
static const char plain[] =
    "{ \"run\": {\"horizon\": \"30d\", \"seed\": 3},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"21KB\"},"
    "  \"delivery\": {\"model\": \"immediate\", \"begin_delay\": \"8s\"},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 200,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"sleep\": {\"model\": \"interval\", \"period\": \"1h\"},"
    "    \"link\": {\"attach\": \"1s\", \"rtt\": \"1ms\", \"loss\": 0},"
    "    \"session\": {\"model\": \"full\"},"
    "    \"app\": {\"model\": \"fixed\", \"wait\": \"10s\","
    "              \"publishes\": 0},"
    "    \"transfer\": {\"model\": \"fast\"},"
    "    \"battery\": {\"model\": \"mains\"},"
    "    \"plan\": {\"model\": \"unlimited\"} }] }";

#define ALWAYS_ON "fleet.0.sleep={\"model\": \"always_on\"}"

static void assert_mean(double n, double sum, double squares, double expected)
{
    const double mean = sum / n;
    const double se = sqrt((squares / n - mean * mean) / n);

    if (!(fabs(mean - expected) <= 4 * se + 1e-9)) {
        print_error("mean %.9g, expected %.9g, standard error %.3g\n", mean,
                    expected, se);
        fail();
    }
}

/* --- time --- */

/* A device that works online for half a minute can take an update meanwhile,
 * however short it then waits. */
static void an_update_begins_while_the_app_works(void **state)
{
    (void)state;
    const char *settings[] = {"fleet.0.app.work=30s", "run.horizon=1d", NULL};
    struct one_run run;

    one_run(&run, plain, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++)
        assert_int_equal(run.records[i].outcome, OTA_OUTCOME_UPDATED_CONFIRMED);
    one_run_release(&run);
}

/* Working is not publishing: it takes the current of a device that is online.
 */
static void work_is_time_online(void **state)
{
    (void)state;
    const char *settings[] = {"fleet.0.app.work=30s", "run.horizon=1d",
                              "release.at=86399s", NULL};
    struct one_run run;

    one_run(&run, plain, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        double online_s = ota_s_from_us(r->power_us[OTA_POWER_ONLINE]);
        assert_true(fabs(online_s - 30.0 * r->wakes) <= 30);
    }
    one_run_release(&run);
}

/* A session that is renewed while the app waits does not begin the wait anew:
 * with one that lives 5 s the device still sleeps after 10. */
static void a_new_session_does_not_prolong_the_wait(void **state)
{
    (void)state;
    const char *settings[] = {
        "fleet.0.session={\"model\": \"dtls\", \"max_age\": \"5s\"}",
        "run.horizon=1d", "release.at=86399s", NULL};
    struct one_run run;

    one_run(&run, plain, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        int64_t asleep_us = r->power_us[OTA_POWER_HIBERNATE];
        assert_true(asleep_us >= OTA_US_PER_DAY - 12 * 24 * OTA_US_PER_S);
        assert_in_range(r->wakes, 23, 24);
    }
    one_run_release(&run);
}

/* An event without an answer ends the session. A device that goes on being
 * online sets up another one; else it would never be online again. */
static void a_lost_event_is_followed_by_a_reconnect(void **state)
{
    (void)state;
    const char *settings[] = {
        ALWAYS_ON,
        "fleet.0.session={\"model\": \"dtls\", \"max_age\": \"1d\"}",
        "fleet.0.link.loss=0.2",
        "fleet.0.app.publishes=50",
        "delivery.model=at_handshake",
        "release.at=29d",
        NULL,
    };
    struct one_run run;

    one_run(&run, plain, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++)
        assert_true(run.records[i].handshakes >= 28);
    one_run_release(&run);
}

/* Seconds enough for more wakes, or more tries to connect within one, than
 * once had numbers of their own. */
static void long_runs_do_not_run_out_of_numbers(void **state)
{
    (void)state;
    const char *wakes[] = {"fleet.0.count=1",
                           "fleet.0.sleep.period=1s",
                           "fleet.0.cycle_min=0s",
                           "fleet.0.link.attach_failure=1",
                           "fleet.0.link.attach_give_up=1s",
                           "run.horizon=60d",
                           NULL};
    const char *tries[] = {"fleet.0.count=1",
                           ALWAYS_ON,
                           "fleet.0.session={\"model\": \"dtls\","
                           " \"max_age\": \"1d\"}",
                           "release.at=499d",
                           "fleet.0.app.publishes=1",
                           "fleet.0.link.loss=1",
                           "fleet.0.link.attach_failure=1",
                           "fleet.0.link.attach_give_up=1s",
                           "run.horizon=500d",
                           NULL};
    struct one_run run;

    one_run(&run, plain, wakes, 1, NULL);
    assert_int_equal(run.records[0].outcome,
                     OTA_OUTCOME_WAITING_NEVER_REACHABLE);
    one_run_release(&run);
    one_run(&run, plain, tries, 1, NULL);
    assert_int_equal(run.records[0].outcome, OTA_OUTCOME_WAITING_NEVER_OFFERED);
    one_run_release(&run);
}

/* A gateway at 1 A for a year takes more charge than a record holds. */
static void charge_does_not_overflow(void **state)
{
    (void)state;
    const char *settings[] = {
        "fleet.0.count=1", ALWAYS_ON, "run.horizon=365d",
        "fleet.0.battery={\"model\": \"mains\", \"online_current\": \"1A\"}",
        NULL};
    struct one_run run;

    one_run(&run, plain, settings, 1, NULL);
    assert_true(run.records[0].charge_pc == INT64_MAX);
    one_run_release(&run);
}

/* --- keep-alives --- */

/* Online for 30 days, a device sends one each interval, from a random phase. */
static void assert_keep_alives(const char *setting, double interval_h)
{
    const char *settings[] = {ALWAYS_ON, "delivery.model=at_handshake", setting,
                              NULL};
    struct one_run run;
    double sum = 0, squares = 0;

    one_run(&run, plain, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        assert_int_equal(run.records[i].routine_bytes % 122, 0);
        double count = (double)run.records[i].routine_bytes / 122;
        sum += count;
        squares += count * count;
    }
    assert_mean((double)run.count, sum, squares, 30 * 24 / interval_h);
    one_run_release(&run);
}

static void keep_alives_come_at_their_rate(void **state)
{
    (void)state;
    /* 122 B every 23 min: 318 B an hour (docs.particle.io, cellular data) */
    assert_keep_alives("fleet.0.session.keep_alive=23min", 23 / 60.0);
    assert_keep_alives("fleet.0.session.keep_alive=25h", 25);
}

/*
 * Keep-alives every T = 23 min hold an address mapping of m = 1 min: a device
 * that is online at the release is found at once with probability m/T, and
 * after (T - m)^2 / 2 T in the mean.
 */
static void an_expired_mapping_waits_for_a_keep_alive(void **state)
{
    (void)state;
    const char *settings[] = {
        ALWAYS_ON,
        "fleet.0.count=4000",
        "fleet.0.session.keep_alive=23min",
        "fleet.0.session.mapping=60s",
        "delivery.begin_delay=0s",
        "release.at=1d",
        "run.horizon=2d",
        NULL,
    };
    const double every_s = 23 * 60, mapping_s = 60;
    struct one_run run;
    double at_once = 0, sum = 0, squares = 0;

    one_run(&run, plain, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        double waited_s =
            ota_s_from_us(run.records[i].begun_us - run.scenario.release.at_us);
        at_once += waited_s == 0;
        sum += waited_s;
        squares += waited_s * waited_s;
    }
    assert_mean((double)run.count, at_once, at_once, mapping_s / every_s);
    assert_mean((double)run.count, sum, squares,
                (every_s - mapping_s) * (every_s - mapping_s) / (2 * every_s));
    one_run_release(&run);
}

/* --- whose doing --- */

/* After the update a device that is always online has the keep-alives it had
 * before: they are routine. */
static void life_after_an_update_is_routine(void **state)
{
    (void)state;
    const char *settings[] = {ALWAYS_ON, NULL};
    struct one_run run;

    one_run(&run, plain, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        assert_int_equal(r->outcome, OTA_OUTCOME_UPDATED_CONFIRMED);
        assert_int_equal(r->handshakes, 1);
        /* 30 d of keep-alives; a handshake and 42 headers and answers */
        assert_true(r->routine_bytes >= 1870 * 122);
        assert_true(r->overhead_bytes < 12000);
    }
    one_run_release(&run);
}

/* A device that never connects but for updates that fail has no routine. */
static void sessions_that_transfers_broke_are_overhead(void **state)
{
    (void)state;
    const char *settings[] = {
        ALWAYS_ON,
        "fleet.0.transfer={\"model\": \"v3\"}",
        "fleet.0.session.keep_alive=365d",
        "fleet.0.link.loss=0.6",
        "run.horizon=5d",
        NULL,
    };
    struct one_run run;
    int64_t handshakes = 0;

    one_run(&run, plain, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        assert_int_equal(run.records[i].routine_bytes, 0);
        handshakes += run.records[i].handshakes;
    }
    assert_true(handshakes > (int64_t)run.count);
    one_run_release(&run);
}

/* A device that cannot connect attaches anew each time, and each time it is
 * another data session, billed by itself. */
static void each_attach_is_billed_as_a_session(void **state)
{
    (void)state;
    const char *settings[] = {
        ALWAYS_ON,
        "fleet.0.count=20",
        "fleet.0.session={\"model\": \"dtls\", \"max_age\": \"1d\"}",
        "fleet.0.link.loss=0.9",
        "fleet.0.plan={\"model\": \"capped\", \"included\": \"0B\","
        " \"round_to\": \"1MB\", \"overage_step\": \"1MB\","
        " \"overage_price\": \"1USD\"}",
        "delivery.model=at_handshake",
        "release.at=2d",
        "run.horizon=3d",
        NULL,
    };
    struct one_run run;

    one_run(&run, plain, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++)
        assert_true(run.records[i].overage_uusd >= 100 * 1000000);
    one_run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_update_begins_while_the_app_works),
        cmocka_unit_test(work_is_time_online),
        cmocka_unit_test(a_new_session_does_not_prolong_the_wait),
        cmocka_unit_test(a_lost_event_is_followed_by_a_reconnect),
        cmocka_unit_test(long_runs_do_not_run_out_of_numbers),
        cmocka_unit_test(charge_does_not_overflow),
        cmocka_unit_test(keep_alives_come_at_their_rate),
        cmocka_unit_test(an_expired_mapping_waits_for_a_keep_alive),
        cmocka_unit_test(life_after_an_update_is_routine),
        cmocka_unit_test(sessions_that_transfers_broke_are_overhead),
        cmocka_unit_test(each_attach_is_billed_as_a_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
