/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_fleet_oracles.c - closed forms against whole runs of the simulator: when
 * the next wake comes after a release, how likely an update begins within a
 * window, how many wakes a transfer takes. The formulas stand here and nowhere
 * in the simulator.
 *
 * All runs use a link without loss and next to no latency, so that what is
 * measured is the schedule. Means are accepted within 4 standard errors.
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

/* Devices that wake every hour for 10 ms; a release at 10 h, begun at the
 * first connect behind it. */
static const char hourly[] =
    "{ \"run\": {\"horizon\": \"30h\", \"seed\": 11},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"512B\","
    "                \"at\": \"10h\"},"
    "  \"delivery\": {\"model\": \"immediate\", \"begin_delay\": \"0s\"},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 20000,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"cycle_min\": \"0s\","
    "    \"sleep\": {\"model\": \"interval\", \"period\": \"1h\"},"
    "    \"link\": {\"attach\": \"1us\", \"rtt\": \"1us\", \"loss\": 0,"
    "               \"goodput\": \"1000Mbit/s\","
    "               \"device_time_per_kib\": \"0s\"},"
    "    \"session\": {\"model\": \"dtls\"},"
    "    \"app\": {\"model\": \"fixed\", \"wait\": \"10ms\","
    "              \"publishes\": 0},"
    "    \"battery\": {\"model\": \"mains\"},"
    "    \"plan\": {\"model\": \"unlimited\"},"
    "    \"transfer\": {\"model\": \"fast\"} }] }";

static double since_release_s(const struct one_run *run, size_t device)
{
    int64_t begun_us = run->records[device].begun_us;
    assert_true(begun_us != OTA_NEVER);
    return ota_s_from_us(begun_us - run->scenario.release.at_us);
}

static void assert_near(const char *what, double value, double expected,
                        double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        print_error("%s: %.9g, expected %.9g within %.3g\n", what, value,
                    expected, tolerance);
        fail();
    }
}

/* Mean of the time from the release to the first begin. */
static void assert_mean_residual(const char *jitter, double expected_s)
{
    const char *settings[] = {jitter, NULL};
    struct one_run run;
    double sum = 0, squares = 0;

    one_run(&run, hourly, settings, 1, NULL);
    double n = (double)run.count;
    for (size_t i = 0; i < run.count; i++) {
        double residual_s = since_release_s(&run, i);
        sum += residual_s;
        squares += residual_s * residual_s;
    }
    double mean = sum / n;
    double se = sqrt((squares / n - mean * mean) / n);
    assert_near(jitter, mean, expected_s, 4 * se);
    one_run_release(&run);
}

/* O8: renewal theory, mean residual E[X^2] / 2 E[X] = T/2 (1 + j^2/3) for
 * intervals uniform in T (1 -+ j). */
static void mean_time_to_the_next_wake(void **state)
{
    (void)state;
    assert_mean_residual("fleet.0.sleep.jitter=0", 1800.0);
    assert_mean_residual("fleet.0.sleep.jitter=0.2", 1824.0);
    assert_mean_residual("fleet.0.sleep.jitter=1", 1800.0 * (1 + 1 / 3.0));
}

static double share_within(const struct one_run *run, double window_s)
{
    size_t within = 0;
    for (size_t i = 0; i < run->count; i++)
        within += since_release_s(run, i) <= window_s;
    return (double)within / (double)run->count;
}

static void assert_share_within(const char *const *settings, double window_s,
                                double expected)
{
    struct one_run run;

    one_run(&run, hourly, settings, 1, NULL);
    double se = sqrt(expected * (1 - expected) / (double)run.count);
    assert_near(settings[0], share_within(&run, window_s), expected,
                4 * se + 1e-12);
    one_run_release(&run);
}

/* O9: P(an update begins within W of the release). */
static void chance_to_begin_within_a_window(void **state)
{
    (void)state;
    const char *fixed[] = {"fleet.0.sleep.jitter=0", NULL};
    const char *jittered[] = {"fleet.0.sleep.jitter=0.2", NULL};
    const char *listening[] = {"fleet.0.app.wait=600s", NULL};

    /* fixed period: W/T */
    assert_share_within(fixed, 1800, 0.5);
    assert_share_within(fixed, 3601, 1.0);
    /* intervals uniform in [a, b]: W/T up to a, then less */
    assert_share_within(jittered, 1800, 0.5);
    assert_share_within(jittered, 3600, 0.95);
    /* the device listens for w at each wake as well: (W + w)/T */
    assert_share_within(listening, 1800, (1800 + 600) / 3600.0);
}

/* The same at time 0 as at any other: a device that is awake for w of each T is
 * awake when the run begins with w/T. */
static void the_run_begins_in_full_stride(void **state)
{
    (void)state;
    const char *at_once[] = {"fleet.0.app.wait=600s", "release.at=0s",
                             "fleet.0.count=4000", NULL};
    const char *aligned[] = {"fleet.0.app.wait=600s", "release.at=5min",
                             "fleet.0.sleep.phase=aligned", "fleet.0.count=100",
                             NULL};
    struct one_run run;

    assert_share_within(at_once, 0, 600 / 3600.0);
    assert_share_within(at_once, 1800, (1800 + 600) / 3600.0);
    /* A herd wakes at 0 and is still awake 5 min later. */
    one_run(&run, hourly, aligned, 1, NULL);
    for (size_t i = 0; i < run.count; i++)
        assert_true(since_release_s(&run, i) < 0.001);
    one_run_release(&run);
}

/* O8: each wake connects with probability 1 - q: mean T/2 + T q/(1 - q). */
static void missed_wakes_cost_a_period_each(void **state)
{
    (void)state;
    const char *settings[] = {"fleet.0.link.attach_failure=0.1", NULL};
    const double q = 0.1, period_s = 3600;
    struct one_run run;
    double sum = 0;

    one_run(&run, hourly, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++)
        sum += since_release_s(&run, i);
    /* Variance: of U(0, T), and of T times a geometric count of misses. */
    double variance =
        period_s * period_s * (1 / 12.0 + q / ((1 - q) * (1 - q)));
    double mean = sum / (double)run.count;
    assert_near("missed wakes", mean, period_s / 2 + period_s * q / (1 - q),
                4 * sqrt(variance / (double)run.count));
    assert_near("within 2 T", share_within(&run, 7200), 0.99,
                4 * sqrt(.99 * .01 / (double)run.count));
    one_run_release(&run);
}

/* A chunk a second: 42 chunks in wakes of 10.5 s. */
static const char *const slow_device[] = {
    "fleet.0.count=200",
    "fleet.0.link.device_time_per_kib=2s",
    "fleet.0.app.wait=10500ms",
    "release.app_size=21504B", /* 42 chunks of 512 */
    "fleet.0.transfer={\"model\": \"v3\", \"duplicates\": 0}",
    "run.horizon=40h",
    NULL,
};

/* O10: with progress kept, ceil(D / (L - h)) wakes, and the last comes
 * (wakes - 1) T behind the first. */
static void a_transfer_is_finished_over_several_wakes(void **state)
{
    (void)state;
    struct one_run run;

    one_run(&run, hourly, slow_device, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        if (r->begun_us - run.scenario.release.at_us < OTA_US_PER_MIN)
            continue; /* awake at the release: its first wake was shorter */
        assert_int_equal(r->outcome, OTA_OUTCOME_UPDATED_CONFIRMED);
        assert_int_equal(r->attempts, 5);
        assert_int_equal(r->aborted, 4);
        assert_int_equal(r->useful_bytes, 21504);
        /* the fifth wake is 4 h behind the first and takes 2 s for the last
         * 2 chunks; 5-10 s more to apply */
        double took_s = ota_s_from_us(r->installed_us - r->begun_us);
        assert_true(took_s >= 4 * 3600 + 2 + 5);
        assert_true(took_s <= 4 * 3600 + 3 + 10);
    }
    one_run_release(&run);
}

/* O10: without, a wake that is too short never succeeds - and the run ends. */
static void a_wake_too_short_never_succeeds(void **state)
{
    (void)state;
    const char *settings[] = {
        "fleet.0.count=200",
        "fleet.0.link.device_time_per_kib=2s",
        "fleet.0.app.wait=10500ms",
        "release.app_size=21504B",
        NULL,
    };
    struct one_run run;

    one_run(&run, hourly, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        bool at_it = r->outcome == OTA_OUTCOME_IN_PROGRESS;
        assert_true(at_it || r->outcome == OTA_OUTCOME_WAITING_ALWAYS_ABORTED);
        assert_in_range(r->attempts, 19, 22); /* a wake an hour for 20 h */
        assert_int_equal(r->aborted + at_it, r->attempts);
        assert_int_equal(r->useful_bytes, 0);
        /* ten chunks of 585 B on the wire each time, all for nothing */
        assert_in_range(r->wasted_bytes, 9 * 585 * (r->attempts - 1),
                        11 * 585 * r->attempts);
    }
    one_run_release(&run);
}

/*
 * O10: the wait is W, the update begins after U(a, b) and takes D: a wake
 * succeeds with s = (W - D - a)/(b - a), and the number of offers until one
 * does is geometric with mean 1/s.
 */
static void tries_are_geometric(void **state)
{
    (void)state;
    const char *settings[] = {
        "fleet.0.count=5000",
        "fleet.0.link.device_time_per_kib=2s", /* 4 chunks: 4 s */
        "fleet.0.app.wait=10s",
        "fleet.0.session.keep_alive=23min",
        "release.app_size=2048B",
        "release.at=1us",
        "delivery.begin_delay=uniform(3s, 20s)",
        "run.horizon=10d",
        NULL,
    };
    const double success = (10.0 - 4.0 - 3.0) / (20.0 - 3.0);
    struct one_run run;
    double offers = 0, begun = 0;

    one_run(&run, hourly, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        assert_int_equal(run.records[i].outcome, OTA_OUTCOME_UPDATED_CONFIRMED);
        offers += run.records[i].offers;
        begun += run.records[i].offers_begun;
    }
    double n = (double)run.count;
    double sd = sqrt(1 - success) / success;
    assert_near("offers", offers / n, 1 / success, 4 * sd / sqrt(n));
    double in_time = 7.0 / 17.0;
    assert_near("begun within the wait", begun / offers, in_time,
                4 * sqrt(in_time * (1 - in_time) / offers));
    one_run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_time_to_the_next_wake),
        cmocka_unit_test(chance_to_begin_within_a_window),
        cmocka_unit_test(the_run_begins_in_full_stride),
        cmocka_unit_test(missed_wakes_cost_a_period_each),
        cmocka_unit_test(a_transfer_is_finished_over_several_wakes),
        cmocka_unit_test(a_wake_too_short_never_succeeds),
        cmocka_unit_test(tries_are_geometric),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
