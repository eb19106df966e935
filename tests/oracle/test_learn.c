/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_learn.c - when devices learn of an update, against closed forms: polls
 * by a clock to the microsecond, handshakes at random.
 *
 * The link loses nothing and a device that learns begins at once, so the begin
 * of a transfer is the poll. Shares and means are accepted within 4 standard
 * errors. Sources of the figures stand beside them.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "sim/fleet/manner.h"
#include "tests/support/near.h"
#include "tests/support/one_run.h"

/* Devices that are always on; the release is at an odd instant. */
static const char always_on[] =
    "{ \"run\": {\"horizon\": \"40d\", \"seed\": 7},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"512B\","
    "                \"at\": \"1d\"},"
    "  \"delivery\": {\"model\": \"immediate\", \"begin_delay\": \"0s\"},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 1000,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"sleep\": {\"model\": \"always_on\"},"
    "    \"link\": {\"attach\": \"1ms\", \"rtt\": \"1ms\", \"loss\": 0},"
    "    \"session\": {\"model\": \"dtls\"},"
    "    \"app\": {\"model\": \"fixed\", \"publishes\": 0},"
    "    \"transfer\": {\"model\": \"fast\"},"
    "    \"battery\": {\"model\": \"mains\"},"
    "    \"plan\": {\"model\": \"unlimited\"} }] }";

/* From the release to the first begin. */
static int64_t begun_us(const struct one_run *run, size_t device)
{
    const int64_t at_us = run->records[device].begun_us;

    assert_true(at_us != OTA_NEVER);
    return at_us - run->scenario.fleet.release_us;
}

static double share_within(const struct one_run *run, double within_us)
{
    size_t count = 0;
    for (size_t i = 0; i < run->count; i++)
        count += (double)begun_us(run, i) <= within_us;
    return (double)count / (double)run->count;
}

static void assert_share(const struct one_run *run, double within_us,
                         double expected)
{
    const double error = sqrt(expected * (1 - expected) / (double)run->count);
    assert_near(share_within(run, within_us), expected, 4 * error);
}

static double mean_us(const struct one_run *run)
{
    double sum = 0;
    for (size_t i = 0; i < run->count; i++)
        sum += (double)begun_us(run, i);
    return sum / (double)run->count;
}

/* 1000 devices, polls every 30 min: device i polls 1.8 i s behind the
 * release. */
static void even_polls_are_exact(void **state)
{
    (void)state;
    const char *by_policy[] = {
        "policy={\"device\": {\"learn\": {\"by\": \"poll\","
        " \"every\": \"30min\", \"phase\": \"even\"}}}",
        NULL};
    const char *by_scenario[] = {
        "delivery={\"model\": \"poll\", \"every\": \"30min\","
        " \"phase\": \"even\", \"begin_delay\": \"0s\"}",
        NULL};
    const char *delayed[] = {
        "delivery={\"model\": \"poll\", \"every\": \"30min\","
        " \"phase\": \"even\", \"begin_delay\": \"7s\"}",
        NULL};
    const char *const *ways[] = {by_policy, by_scenario, delayed};

    for (size_t w = 0; w < 3; w++) {
        struct one_run run;
        one_run(&run, always_on, ways[w], 2, NULL);
        for (size_t i = 0; i < run.count; i++) {
            const int64_t poll_us = INT64_C(1800000) * (int64_t)i;
            assert_int_equal(begun_us(&run, i),
                             poll_us + (w == 2 ? 7 * OTA_US_PER_S : 0));
            assert_int_equal(run.records[i].offers, 1);
            assert_int_equal(run.records[i].offered_us -
                                 run.scenario.fleet.release_us,
                             poll_us);
        }
        one_run_release(&run);
    }
}

/*
 * Quotas of 10 % at once, 20 % at 2 h and the rest a day later, which go to
 * whoever polls first (Mender, deployments in phases). Device i polls at 1.8 i
 * + 1800 k s: the first phase is filled by devices 0 to 99 by 178.2 s, the
 * second by 100 to 299 from 7380 to 7738.2 s, the third by the others from
 * 94 140 to 95 398.2 s.
 */
static void phases_go_by_the_order_of_polls(void **state)
{
    (void)state;
    const char *settings[] = {
        "policy={\"waves\": {\"assign\": \"poll\", \"list\": ["
        " {\"size\": {\"pct\": 10}, \"start\": {\"at\": \"0s\"}},"
        " {\"size\": {\"pct\": 20}, \"start\": {\"at\": \"2h\"}},"
        " {\"size\": \"rest\", \"start\": {\"at\": \"26h\"}}]},"
        " \"device\": {\"learn\": {\"by\": \"poll\", \"every\": \"30min\","
        " \"phase\": \"even\"}}}",
        NULL};
    static const int64_t round_s[] = {0, 7200, 93600};
    struct one_run run;

    one_run(&run, always_on, settings, 2, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const size_t phase = i < 100 ? 0 : i < 300 ? 1 : 2;
        assert_int_equal(begun_us(&run, i), round_s[phase] * OTA_US_PER_S +
                                                INT64_C(1800000) * (int64_t)i);
    }
    one_run_release(&run);
}

/* An interval and a phase at random: uniform over the interval. */
static void random_polls_are_uniform(void **state)
{
    (void)state;
    const char *settings[] = {
        "fleet.0.count=20000",
        "policy={\"device\": {\"learn\": {\"by\": \"poll\","
        " \"every\": \"30min\"}}}",
        NULL};
    const double every = 30.0 * (double)OTA_US_PER_MIN;
    struct one_run run;

    one_run(&run, always_on, settings, 2, NULL);
    assert_near(mean_us(&run), every / 2,
                4 * every / sqrt(12 * (double)run.count));
    for (int k = 1; k < 10; k++)
        assert_share(&run, every * k / 10, k / 10.0);
    assert_true(share_within(&run, every) == 1);
    one_run_release(&run);
}

/*
 * balena-os/balena-supervisor, src/api-binder/poll.ts: 900 s and up to 60 s on
 * top. The wait for the next of such intervals, looked at at any time, is
 * longer than t with the mean of (X - t)+ over the mean of X; nobody waits
 * longer than 960 s. Mean E[X^2] / 2 E[X].
 */
static void jittered_polls_are_a_renewal_process(void **state)
{
    (void)state;
    const char *settings[] = {
        "fleet.0.count=20000",
        "policy={\"device\": {\"learn\": {\"by\": \"poll\","
        " \"every\": \"900s\", \"jitter\": \"uniform(0s, 60s)\","
        " \"phase\": \"boot\"}}}",
        NULL};
    const double s = (double)OTA_US_PER_S;
    struct one_run run;

    one_run(&run, always_on, settings, 2, NULL);
    const double squares = 930.0 * 930 + 60.0 * 60 / 12;
    const double cubes = (pow(960, 4) - pow(900, 4)) / (4 * 60);
    const double mean_s = squares / (2 * 930);
    const double variance = cubes / (3 * 930) - mean_s * mean_s;
    assert_near(mean_us(&run) / s, mean_s,
                4 * sqrt(variance / (double)run.count));
    assert_share(&run, 300 * s, 300.0 / 930);
    assert_share(&run, 900 * s, 900.0 / 930);
    /* E (X - 930)+ = 30^2 / 120 = 7.5 s. */
    assert_share(&run, 930 * s, 1 - 7.5 / 930);
    assert_true(share_within(&run, 960 * s) == 1);
    one_run_release(&run);
}

/* Handshakes at exponential intervals of 2 days: 50 % by 1.39 d, 90 % by
 * 4.61 d, 95 % by 5.99 d, 99 % by 9.21 d, whenever the release is. */
static void handshakes_are_exponential(void **state)
{
    (void)state;
    const char *settings[] = {
        "fleet.0.count=20000",
        "policy={\"device\": {\"learn\": {\"by\": \"handshake\","
        " \"every\": \"exponential(2d)\"}}}",
        NULL};
    const double day = (double)OTA_US_PER_DAY;
    struct one_run run;

    one_run(&run, always_on, settings, 2, NULL);
    assert_near(mean_us(&run), 2 * day, 4 * 2 * day / sqrt((double)run.count));
    assert_share(&run, 1.3863 * day, 0.50);
    assert_share(&run, 4.6052 * day, 0.90);
    assert_share(&run, 5.9915 * day, 0.95);
    assert_share(&run, 9.2103 * day, 0.99);
    one_run_release(&run);
}

/* One that sleeps asks when it connects: here at each wake, of which the first
 * comes within the hour; and where handshakes are drawn, not at each. */
static void sleepers_ask_when_they_connect(void **state)
{
    (void)state;
    static const char hourly[] =
        "fleet.0.sleep={\"model\": \"interval\", \"period\": \"1h\"}";
    const char *polls[] = {hourly, "fleet.0.count=5000", "run.idle=step",
                           "policy={\"device\": {\"learn\": {\"by\": \"poll\","
                           " \"every\": \"7d\"}}}",
                           NULL};
    const char *shakes[] = {
        hourly, "fleet.0.count=5000", "run.idle=step",
        "policy={\"device\": {\"learn\": {\"by\": \"handshake\","
        " \"every\": \"exponential(2d)\"}}}",
        NULL};
    const char *skips[] = {shakes[0], shakes[1], shakes[3], NULL};
    struct one_run run;

    one_run(&run, always_on, polls, 2, NULL);
    assert_share(&run, 0.5 * (double)OTA_US_PER_H, 0.5);
    assert_true(share_within(&run, 1.01 * (double)OTA_US_PER_H) == 1);
    one_run_release(&run);

    /* A wake finds a handshake that fell due since the one before. The wake k,
     * from 0, comes k hours and a part of one behind the release, and one of
     * the first n had a handshake with 1 - exp(-n / 48). */
    for (size_t skipped = 0; skipped < 2; skipped++) {
        one_run(&run, always_on, skipped ? skips : shakes, 2, NULL);
        for (int hours = 12; hours <= 192; hours *= 2)
            assert_share(&run, hours * (double)OTA_US_PER_H,
                         1 - exp(-hours / 48.0));
        one_run_release(&run);
    }
}

/* An outage of 20 min from the release on that the device does not notice by
 * other means: it polls at its phase and, where that fails, 15, 45, 105, 225,
 * 465 and 945 s later and so on; without such a rule an hour later. */
static void polls_in_an_outage_fail(void **state)
{
    (void)state;
    static const int64_t tries_s[] = {0, 15, 45, 105, 225, 465, 945, 1845};
    const char *retry[] = {
        "fleet.0.outages=[{\"at\": \"1d\", \"lasts\": \"20min\"}]",
        "fleet.0.session.keep_alive=never", "fleet.0.session.max_age=366d",
        "policy={\"device\": {\"learn\": {\"by\": \"poll\","
        " \"every\": \"1h\", \"phase\": \"even\"},"
        " \"poll_retry\": {\"first\": \"15s\", \"factor\": 2,"
        " \"max\": \"900s\"}}}",
        NULL};
    const char *plain[] = {retry[0], retry[1], retry[2],
                           "policy={\"device\": {\"learn\": {\"by\": \"poll\","
                           " \"every\": \"1h\", \"phase\": \"even\"}}}",
                           NULL};
    const int64_t outage_us = 20 * OTA_US_PER_MIN;
    struct one_run run;

    one_run(&run, always_on, retry, 2, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const int64_t first_us = INT64_C(3600000) * (int64_t)i;
        int64_t wanted_us = first_us;
        for (int k = 0; wanted_us < outage_us; k++)
            wanted_us = first_us + tries_s[k] * OTA_US_PER_S;
        assert_int_equal(begun_us(&run, i), wanted_us);
    }
    one_run_release(&run);

    one_run(&run, always_on, plain, 2, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const int64_t first_us = INT64_C(3600000) * (int64_t)i;
        assert_int_equal(begun_us(&run, i), first_us < outage_us
                                                ? first_us + OTA_US_PER_H
                                                : first_us);
    }
    one_run_release(&run);
}

/* A device that is pushed to need not poll: it begins at the release. */
static void pushed_devices_begin_at_once(void **state)
{
    (void)state;
    const char *settings[] = {
        "delivery={\"model\": \"poll\", \"begin_delay\": \"0s\"}",
        "fleet.0.session.mapping=never",
        "policy={\"device\": {\"learn\": {\"by\": \"push\","
        " \"also_poll\": \"1h\"}}}",
        NULL};
    struct one_run run;

    one_run(&run, always_on, settings, 2, NULL);
    for (size_t i = 0; i < run.count; i++)
        assert_int_equal(begun_us(&run, i), 0);
    one_run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(even_polls_are_exact),
        cmocka_unit_test(phases_go_by_the_order_of_polls),
        cmocka_unit_test(random_polls_are_uniform),
        cmocka_unit_test(jittered_polls_are_a_renewal_process),
        cmocka_unit_test(handshakes_are_exponential),
        cmocka_unit_test(sleepers_ask_when_they_connect),
        cmocka_unit_test(polls_in_an_outage_fail),
        cmocka_unit_test(pushed_devices_begin_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
