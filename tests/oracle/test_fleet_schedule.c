/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_fleet_schedule.c - closed forms of when things happen, against whole
 * runs, beyond those of test_fleet_oracles.c: wakes at random, missed wakes,
 * two windows, the last of a fleet, sessions too short, how a standard release
 * spreads. The formulas stand here and nowhere in the simulator.
 *
 * The link has no loss and next to no latency, so that what is measured is the
 * schedule. Means and shares are accepted within 4 standard errors.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/near.h"
#include "tests/support/one_run.h"

/* Devices that wake every hour for 10 ms; a release at 100 h, begun at the
 * first connect behind it. */
static const char hourly[] =
    "{ \"run\": {\"horizon\": \"140h\", \"seed\": 11},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"512B\","
    "                \"at\": \"100h\"},"
    "  \"delivery\": {\"model\": \"immediate\", \"begin_delay\": \"0s\"},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 20000,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"sleep\": {\"model\": \"interval\", \"period\": \"1h\"},"
    "    \"link\": {\"attach\": \"1us\", \"rtt\": \"1us\", \"loss\": 0,"
    "               \"attach_give_up\": \"1s\","
    "               \"goodput\": \"1000Mbit/s\","
    "               \"device_time_per_kib\": \"0s\"},"
    "    \"session\": {\"model\": \"dtls\"},"
    "    \"app\": {\"model\": \"fixed\", \"wait\": \"10ms\","
    "              \"publishes\": 0, \"connect_max\": \"1s\"},"
    "    \"battery\": {\"model\": \"mains\"},"
    "    \"plan\": {\"model\": \"unlimited\"},"
    "    \"transfer\": {\"model\": \"fast\"} }] }";

static const char poisson[] =
    "fleet.0.sleep={\"model\": \"poisson\", \"mean\": \"1h\"}";

static const double period_s = 3600;

/* From the release to the first begin; to the horizon if there was none. */
static double begun_s(const struct one_run *run, size_t device)
{
    int64_t begun_us = run->records[device].begun_us;
    if (begun_us == OTA_NEVER)
        begun_us = run->scenario.fleet.horizon_us;
    return ota_s_from_us(begun_us - run->scenario.fleet.release_us);
}

static double mean_begun_s(const struct one_run *run)
{
    double sum = 0;
    for (size_t i = 0; i < run->count; i++)
        sum += begun_s(run, i);
    return sum / (double)run->count;
}

static double share_within(const struct one_run *run, double window_s)
{
    size_t within = 0;
    for (size_t i = 0; i < run->count; i++)
        within += begun_s(run, i) <= window_s;
    return (double)within / (double)run->count;
}

static void assert_share(const struct one_run *run, double window_s,
                         double expected)
{
    const double error = sqrt(expected * (1 - expected) / (double)run->count);
    assert_near(share_within(run, window_s), expected, 4 * error + 1e-12);
}

/* O8, O9: a Poisson process has no memory: the next wake comes after Exp(T),
 * whatever the instant of the release; within W with 1 - exp(-W/T). */
static void woken_at_random(void **state)
{
    (void)state;
    const char *settings[] = {poisson, NULL};
    struct one_run run;

    one_run(&run, hourly, settings, 2, NULL);
    assert_near(mean_begun_s(&run), period_s,
                4 * period_s / sqrt((double)run.count));
    assert_share(&run, 1800, 1 - exp(-0.5));
    assert_share(&run, 3600, 1 - exp(-1));
    assert_share(&run, -period_s * log(0.01), 0.99);
    one_run_release(&run);
}

/* O8: each wake connects with 1 - q. Fixed period: by (k + f) T with
 * 1 - q^k (1 - f (1 - q)). Poisson: thinned to the rate (1 - q)/T. */
static void wakes_that_do_not_connect(void **state)
{
    (void)state;
    const double q = 0.1;
    const char *fixed[] = {"fleet.0.link.attach_failure=0.1", NULL};
    const char *random[] = {"fleet.0.link.attach_failure=0.1", poisson, NULL};
    struct one_run run;

    one_run(&run, hourly, fixed, 2, NULL);
    /* A second until it gives up does not count. */
    assert_share(&run, 0.5 * period_s, 0.45);
    assert_share(&run, 1.0 * period_s, 0.90);
    assert_share(&run, 1.5 * period_s, 0.945);
    assert_share(&run, 2.0 * period_s, 0.99);
    assert_share(&run, 3.0 * period_s, 0.999);
    one_run_release(&run);

    one_run(&run, hourly, random, 2, NULL);
    const double mean_s = period_s / (1 - q);
    assert_near(mean_begun_s(&run), mean_s,
                4 * mean_s / sqrt((double)run.count));
    assert_share(&run, period_s, 1 - exp(-(1 - q)));
    one_run_release(&run);
}

/* O9: the cloud waits for W, the device listens for w of each T: (W + w)/T;
 * and w/T if the cloud does not wait. Jittered intervals: W/T while W is
 * shorter than any, less beyond. */
static void two_windows(void **state)
{
    (void)state;
    const double w = 600;
    const char *listens[] = {"fleet.0.app.wait=600s", NULL};
    const char *jittered[] = {"fleet.0.sleep.jitter=0.2", NULL};
    struct one_run run;

    one_run(&run, hourly, listens, 2, NULL);
    assert_share(&run, 0, w / period_s);
    assert_share(&run, 900, (900 + w) / period_s);
    assert_share(&run, 1800, (1800 + w) / period_s);
    assert_share(&run, period_s - w, 1);
    /* mean wait of one who listens for w of each T: (T - w)^2 / 2T */
    const double mean_s = (period_s - w) * (period_s - w) / (2 * period_s);
    const double squares = pow(period_s - w, 3) / (3 * period_s);
    assert_near(mean_begun_s(&run), mean_s,
                4 * sqrt((squares - mean_s * mean_s) / (double)run.count));
    one_run_release(&run);

    one_run(&run, hourly, jittered, 2, NULL);
    const double a = 0.8 * period_s, b = 1.2 * period_s, W = period_s;
    assert_share(&run, 1800, 1800 / period_s);
    assert_share(&run, W,
                 (a + (b - a) / 2 - (b - W) * (b - W) / (2 * (b - a))) /
                     period_s);
    assert_share(&run, b + 1, 1);
    one_run_release(&run);
}

/* O11: the last of n: of U(0, T), T n/(n + 1); of Exp(T), T times the n-th
 * harmonic number. Fleets of 1,000, many of them. */
static void the_last_of_a_fleet(void **state)
{
    (void)state;
    enum { FLEETS = 40, DEVICES = 1000 };
    double fixed = 0, random = 0, squares = 0, harmonic = 0;

    for (int k = 1; k <= DEVICES; k++) {
        harmonic += 1.0 / k;
        squares += 1.0 / k / k;
    }
    for (int r = 0; r < FLEETS; r++) {
        char seed[32];
        const char *settings[] = {"fleet.0.count=1000", seed, NULL, NULL};
        struct one_run run;

        snprintf(seed, sizeof(seed), "run.seed=%d", 100 + r);
        for (int p = 0; p < 2; p++) {
            double last_s = 0;
            settings[2] = p ? poisson : NULL;
            one_run(&run, hourly, settings, 2, NULL);
            for (size_t i = 0; i < run.count; i++)
                last_s = fmax(last_s, begun_s(&run, i));
            *(p ? &random : &fixed) += last_s / FLEETS;
            one_run_release(&run);
        }
    }
    const double n = DEVICES;
    const double fixed_sd = period_s * sqrt(n / ((n + 1) * (n + 1) * (n + 2)));
    assert_near(fixed, period_s * n / (n + 1), 4 * fixed_sd / sqrt(FLEETS));
    assert_near(random, period_s * harmonic,
                4 * period_s * sqrt(squares) / sqrt(FLEETS));
}

/* O11: a share that cannot be reached moves the top of the curve, not the time
 * at which the rest gets there. */
static void devices_that_are_never_there(void **state)
{
    (void)state;
    const char *settings[] = {"fleet.0.absent=0.1", NULL};
    struct one_run run;

    one_run(&run, hourly, settings, 2, NULL);
    assert_share(&run, 0.5 * period_s, 0.9 * 0.5);
    assert_share(&run, 39 * period_s, 0.9);
    one_run_release(&run);
}

/* --- how a standard release spreads --- */

/* Connected all the time, a handshake every 3 days. */
static const char connected[] =
    "{ \"run\": {\"horizon\": \"40d\", \"seed\": 5},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"512B\","
    "                \"at\": \"20d\"},"
    "  \"delivery\": {\"model\": \"at_handshake\", \"begin_delay\": \"0s\"},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 4000,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"sleep\": {\"model\": \"always_on\"},"
    "    \"link\": {\"attach\": \"1us\", \"rtt\": \"1us\", \"loss\": 0,"
    "               \"goodput\": \"1000Mbit/s\","
    "               \"device_time_per_kib\": \"0s\"},"
    "    \"session\": {\"model\": \"dtls\"},"
    "    \"app\": {\"model\": \"fixed\", \"publishes\": 0},"
    "    \"battery\": {\"model\": \"mains\"},"
    "    \"plan\": {\"model\": \"unlimited\"},"
    "    \"transfer\": {\"model\": \"fast\"} }] }";

/* Offered at a handshake only: U(0, 3 d), so 1.5 d on average and everybody by
 * 3 d. */
static void the_next_handshake_comes_within_three_days(void **state)
{
    (void)state;
    const double day_s = 86400;
    struct one_run run;

    one_run(&run, connected, NULL, 2, NULL);
    assert_near(mean_begun_s(&run), 1.5 * day_s,
                4 * 3 * day_s / sqrt(12 * (double)run.count));
    assert_share(&run, 1 * day_s, 1 / 3.0);
    assert_share(&run, 3 * day_s + 1, 1);
    one_run_release(&run);
}

/* docs.particle.io: a standard release takes about a week on average. So some
 * devices must be away: with a tenth that come by after gaps of 5 days (mean,
 * exponential), 97 % have it by 7 days. A device that comes by within 3 days of
 * its last handshake resumes and is not offered it. */
static void a_standard_release_takes_a_week(void **state)
{
    (void)state;
    const double day_s = 86400;
    const char *settings[] = {
        "fleet.0.count=20000",
        "fleet.0.presence={\"model\": \"on_off\", \"share\": 0.1, "
        "\"on\": \"exponential(10min)\", \"off\": \"exponential(5d)\"}",
        NULL};
    struct one_run run;

    one_run(&run, connected, settings, 2, NULL);
    const double share = share_within(&run, 7 * day_s);
    const double none_s = share_within(&run, 3 * day_s + 1);
    one_run_release(&run);
    assert_near(share, 0.97, 0.01);
    assert_true(none_s >= 0.9 && none_s <= 0.95);
}

/* --- sessions and transfers --- */

/* O10: a wake that is over before an update can begin (L <= h) never gets
 * anywhere: said so at the end, and the run ends. */
static void a_session_shorter_than_its_overhead(void **state)
{
    (void)state;
    const char *settings[] = {"fleet.0.count=200", "fleet.0.app.wait=5s",
                              "delivery.begin_delay=5s", NULL};
    struct one_run run;

    one_run(&run, hourly, settings, 2, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        assert_int_equal(r->outcome, OTA_OUTCOME_WAITING_NEVER_BEGUN);
        assert_in_range(r->offers, 39, 41);
        assert_int_equal(r->attempts, 0);
    }
    one_run_release(&run);
}

/* MCUboot on an nRF5340 swaps 165 KiB in 18 s, 9.2 KiB/s (mcu-tools/mcuboot PR
 * 2162). From the image's last chunk to the new version running. */
static void applying_takes_its_time_by_size(void **state)
{
    (void)state;
    const char *settings[] = {
        "fleet.0.count=100",
        "fleet.0.platform=boron",
        "fleet.0.installed=[{\"os\": \"4.0.1\"}]",
        "fleet.0.app.wait=10min",
        "fleet.0.transfer={\"model\": \"v3\"}",
        "release.app_size=168960B",
        "fleet.0.firmware={\"model\": \"modular\", \"apply\": \"0s\", "
        "\"apply_per_kib\": \"109.1ms\"}",
        NULL};
    struct one_run run;
    double least_s = 1e9, most_s = 0;

    one_run(&run, hourly, settings, 2, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        assert_int_equal(r->outcome, OTA_OUTCOME_UPDATED_CONFIRMED);
        if (r->attempts > 1)
            continue; /* awake at the release, it had less time at first */
        const double took_s = ota_s_from_us(r->installed_us - r->begun_us -
                                            r->power_us[OTA_POWER_TRANSFER]);
        least_s = fmin(least_s, took_s);
        most_s = fmax(most_s, took_s);
    }
    assert_near(least_s, 18, 0.1);
    assert_near(most_s, 18, 0.1);
    one_run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(woken_at_random),
        cmocka_unit_test(wakes_that_do_not_connect),
        cmocka_unit_test(two_windows),
        cmocka_unit_test(the_last_of_a_fleet),
        cmocka_unit_test(devices_that_are_never_there),
        cmocka_unit_test(the_next_handshake_comes_within_three_days),
        cmocka_unit_test(a_standard_release_takes_a_week),
        cmocka_unit_test(a_session_shorter_than_its_overhead),
        cmocka_unit_test(applying_takes_its_time_by_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
