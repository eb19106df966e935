/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a policy has devices do besides learning and confirming: letting the
 * update in, keeping to windows, taking deltas, going on with what was broken
 * off; and images that are found bad.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/near.h"
#include "tests/support/one_run.h"

enum { COUNT = 2000, APP = 21000 };

/* Devices that are always on, told at time 0, and begin there and then. */
static const char plain[] =
    "{ \"run\": {\"horizon\": \"3d\", \"seed\": 3, \"idle\": \"step\"},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"21KB\"},"
    "  \"delivery\": {\"model\": \"immediate\", \"begin_delay\": \"0s\"},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 2000,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"sleep\": {\"model\": \"always_on\"},"
    "    \"link\": {\"attach\": \"1s\", \"rtt\": \"1ms\", \"loss\": 0},"
    "    \"session\": {\"model\": \"dtls\", \"mapping\": \"never\"},"
    "    \"app\": {\"model\": \"fixed\", \"publishes\": 0},"
    "    \"transfer\": {\"model\": \"fast\"},"
    "    \"battery\": {\"model\": \"mains\"},"
    "    \"plan\": {\"model\": \"unlimited\"} }] }";

static const char hourly[] =
    "fleet.0.sleep={\"model\": \"interval\", \"period\": \"1h\"}";

#define ACCEPT(what) "policy={\"device\": {\"accept\": {" what "}}}"
#define WINDOWS(what) "policy={\"windows\": {" what "}}"
#define TRANSFER(what) "policy={\"transfer\": {" what "}}"

static void assert_share(double count, double of, double share)
{
    assert_near(count / of, share, 4 * sqrt(share * (1 - share) / of));
}

static void assert_updated(const struct one_run *run)
{
    for (size_t i = 0; i < run->count; i++)
        assert_int_equal(run->records[i].outcome,
                         OTA_OUTCOME_UPDATED_CONFIRMED);
}

/* --- people --- */

/* Asked before the download: 2 h, whatever the answer; every fifth says no. */
static void people_are_asked_before_the_download(void **state)
{
    (void)state;
    const char *settings[] = {
        ACCEPT("\"mode\": \"ask\", \"delay\": \"2h\", \"refuse\": 0.2"), NULL};
    struct one_run run;
    int64_t refused = 0;

    one_run(&run, plain, settings, 2, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        if (r->outcome == OTA_OUTCOME_FAILED_REFUSED) {
            refused++;
            assert_int_equal(r->attempts, 0);
            assert_int_equal(r->begun_us, OTA_NEVER);
        } else {
            assert_int_equal(r->outcome, OTA_OUTCOME_UPDATED_CONFIRMED);
            assert_int_equal(r->begun_us, 2 * OTA_US_PER_H);
        }
    }
    assert_share((double)refused, COUNT, 0.2);
    one_run_release(&run);
}

/* Asked before installing: the image waits, also through sleep; who says no has
 * it thrown away. */
static void people_are_asked_before_installing(void **state)
{
    (void)state;
    const char *awake[] = {
        ACCEPT("\"mode\": \"ask\", \"delay\": \"2h\", \"refuse\": 0.2,"
               " \"what\": \"install\""),
        NULL};
    const char *asleep[] = {awake[0], hourly, NULL};
    struct one_run run;

    for (size_t sleeps = 0; sleeps < 2; sleeps++) {
        int64_t refused = 0;
        one_run(&run, plain, sleeps ? asleep : awake, 2, NULL);
        for (size_t i = 0; i < run.count; i++) {
            const struct ota_device_record *r = &run.records[i];
            const bool updated = r->outcome == OTA_OUTCOME_UPDATED_CONFIRMED;
            assert_true(updated || r->outcome == OTA_OUTCOME_FAILED_REFUSED);
            refused += !updated;
            assert_int_equal(r->attempts - r->aborted, 1);
            assert_int_equal(r->useful_bytes > 0, updated);
            assert_int_equal(r->refused, !updated);
            if (updated)
                assert_true(r->installed_us - r->begun_us >= 2 * OTA_US_PER_H &&
                            r->installed_us - r->begun_us <
                                3 * OTA_US_PER_H + 5 * OTA_US_PER_MIN);
        }
        assert_share((double)refused, COUNT, 0.2);
        one_run_release(&run);
    }
}

/* --- locks --- */

/* A lock that is held 30 % of the time, an hour at a time: 70 % begin at once,
 * the others within the hour, evenly. One that is forced holds nobody up. */
static void locks_hold_up(void **state)
{
    (void)state;
    const char *hour[] = {ACCEPT("\"mode\": \"lock\", \"lock_duty\": 0.3,"
                                 " \"lock_lasts\": \"1h\","
                                 " \"what\": \"download\""),
                          NULL};
    const char *drawn[] = {ACCEPT("\"mode\": \"lock\", \"lock_duty\": 0.3,"
                                  " \"lock_lasts\": \"exponential(1h)\","
                                  " \"what\": \"download\""),
                           NULL};
    const char *forced[] = {ACCEPT("\"mode\": \"lock\", \"lock_duty\": 0.3,"
                                   " \"lock_lasts\": \"1h\","
                                   " \"what\": \"download\","
                                   " \"forced\": true"),
                            NULL};
    const double hour_us = (double)OTA_US_PER_H;
    struct one_run run;

    for (size_t e = 0; e < 2; e++) {
        double free = 0, sum_us = 0;
        one_run(&run, plain, e ? drawn : hour, 2, NULL);
        for (size_t i = 0; i < run.count; i++) {
            free += run.records[i].begun_us == 0;
            sum_us += (double)run.records[i].begun_us;
            assert_true(e || run.records[i].begun_us <= OTA_US_PER_H);
        }
        assert_updated(&run);
        assert_share(free, COUNT, 0.7);
        const double locked = COUNT - free;
        assert_near(sum_us / locked, e ? hour_us : hour_us / 2,
                    4 * (e ? hour_us : hour_us / sqrt(12)) / sqrt(locked));
        one_run_release(&run);
    }
    one_run(&run, plain, forced, 2, NULL);
    for (size_t i = 0; i < run.count; i++)
        assert_int_equal(run.records[i].begun_us, 0);
    one_run_release(&run);
}

/* One that is about installing: the download is not held up. */
static void locks_hold_the_image(void **state)
{
    (void)state;
    const char *settings[] = {ACCEPT("\"mode\": \"lock\", \"lock_duty\": 0.3,"
                                     " \"lock_lasts\": \"1h\","
                                     " \"what\": \"install\""),
                              NULL};
    struct one_run run;
    double free = 0;

    one_run(&run, plain, settings, 2, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        assert_int_equal(r->begun_us, 0);
        free += r->installed_us < 5 * OTA_US_PER_MIN;
        assert_true(r->installed_us <= OTA_US_PER_H + 5 * OTA_US_PER_MIN);
    }
    assert_updated(&run);
    /* Locked for less than the first minutes is nearly free. */
    assert_true(free / COUNT > 0.7 - 4 * sqrt(0.21 / COUNT) &&
                free / COUNT < 0.7 + 0.3 / 12 + 4 * sqrt(0.21 / COUNT));
    one_run_release(&run);
}

/* --- windows --- */

/* 02:00 to 05:00: by UTC, or by a clock that is an hour ahead. */
static void downloads_keep_to_windows(void **state)
{
    (void)state;
    const char *utc[] = {
        WINDOWS("\"download\": [{\"cron\": \"0 2 * * *\", \"for\": \"3h\"}]"),
        "fleet.0.utc_offset=1h", NULL};
    const char *local[] = {
        WINDOWS("\"download\": [{\"cron\": \"0 2 * * *\", \"for\": \"3h\","
                " \"tz\": \"local\"}]"),
        "fleet.0.utc_offset=1h", NULL};
    const char *asleep[] = {utc[0], hourly, NULL};
    struct one_run run;

    one_run(&run, plain, utc, 2, NULL);
    for (size_t i = 0; i < run.count; i++)
        assert_int_equal(run.records[i].begun_us, 2 * OTA_US_PER_H);
    one_run_release(&run);
    one_run(&run, plain, local, 2, NULL);
    for (size_t i = 0; i < run.count; i++)
        assert_int_equal(run.records[i].begun_us, OTA_US_PER_H);
    one_run_release(&run);
    one_run(&run, plain, asleep, 2, NULL);
    for (size_t i = 0; i < run.count; i++)
        assert_true(run.records[i].begun_us >= 2 * OTA_US_PER_H &&
                    run.records[i].begun_us < 5 * OTA_US_PER_H);
    assert_updated(&run);
    one_run_release(&run);
}

/* An image that is complete waits for the window; a device that sleeps takes it
 * at its next wake in it. */
static void images_wait_for_windows(void **state)
{
    (void)state;
    const char *awake[] = {
        WINDOWS("\"install\": [{\"cron\": \"0 2 * * *\", \"for\": \"3h\"}]"),
        NULL};
    const char *asleep[] = {awake[0], hourly, NULL};
    struct one_run run;

    for (size_t sleeps = 0; sleeps < 2; sleeps++) {
        one_run(&run, plain, sleeps ? asleep : awake, 2, NULL);
        assert_updated(&run);
        for (size_t i = 0; i < run.count; i++) {
            const struct ota_device_record *r = &run.records[i];
            assert_true(r->installed_us >= 2 * OTA_US_PER_H);
            assert_true(r->installed_us <
                        (sleeps ? 3 : 2) * OTA_US_PER_H + 5 * OTA_US_PER_MIN);
        }
        one_run_release(&run);
    }
}

/* --- what is sent --- */

static void deltas_are_smaller(void **state)
{
    (void)state;
    const char *always[] = {
        TRANSFER("\"image\": \"delta\", \"delta_share\": 0.25"), NULL};
    const char *some[] = {TRANSFER("\"image\": \"delta_else_full\","
                                   " \"delta_share\": 0.25,"
                                   " \"delta_ok\": 0.6"),
                          NULL};
    struct one_run run;
    int64_t full_bytes;
    double deltas = 0;

    one_run(&run, plain, NULL, 2, NULL);
    full_bytes = run.records[0].useful_bytes;
    assert_true(full_bytes >= APP);
    one_run_release(&run);

    one_run(&run, plain, always, 2, NULL);
    assert_updated(&run);
    const int64_t delta_bytes = (full_bytes + 3) / 4;
    for (size_t i = 0; i < run.count; i++)
        assert_int_equal(run.records[i].useful_bytes, delta_bytes);
    one_run_release(&run);

    one_run(&run, plain, some, 2, NULL);
    assert_updated(&run);
    for (size_t i = 0; i < run.count; i++) {
        const int64_t bytes = run.records[i].useful_bytes;
        assert_true(bytes == delta_bytes || bytes == full_bytes);
        deltas += bytes == delta_bytes;
    }
    assert_share(deltas, COUNT, 0.6);
    one_run_release(&run);
}

/* A delta that takes 10 min to make: nothing is sent until then, or the full
 * image is. */
static void deltas_are_made(void **state)
{
    (void)state;
    const char *waits[] = {TRANSFER("\"image\": \"delta\","
                                    " \"delta_share\": 0.25,"
                                    " \"delta_ready\": \"10min\","
                                    " \"while_not_ready\": \"wait\""),
                           NULL};
    const char *full[] = {TRANSFER("\"image\": \"delta\","
                                   " \"delta_share\": 0.25,"
                                   " \"delta_ready\": \"10min\","
                                   " \"while_not_ready\": \"full\""),
                          NULL};
    struct one_run run;

    one_run(&run, plain, waits, 2, NULL);
    assert_updated(&run);
    for (size_t i = 0; i < run.count; i++) {
        assert_int_equal(run.records[i].begun_us, 10 * OTA_US_PER_MIN);
        assert_true(run.records[i].useful_bytes < APP / 2);
    }
    one_run_release(&run);
    one_run(&run, plain, full, 2, NULL);
    assert_updated(&run);
    for (size_t i = 0; i < run.count; i++) {
        assert_int_equal(run.records[i].begun_us, 0);
        assert_true(run.records[i].useful_bytes >= APP);
    }
    one_run_release(&run);
}

/* Devices that are switched off again and again, a minute at a time. */
#define BROKEN                                                                 \
    "fleet.0.presence={\"model\": \"on_off\", \"share\": 1,"                   \
    " \"on\": \"exponential(1min)\", \"off\": \"1min\"}",                      \
        "fleet.0.transfer={\"model\": \"block\", \"resumes\": true}",          \
        "fleet.0.link.device_time_per_kib=3s"

static void sum_up(const char *const *settings, int64_t *attempts,
                   int64_t *wasted, int64_t *overhead)
{
    struct one_run run;

    *attempts = *wasted = *overhead = 0;
    one_run(&run, plain, settings, 2, NULL);
    for (size_t i = 0; i < run.count; i++) {
        *attempts += run.records[i].attempts;
        *wasted += run.records[i].wasted_bytes;
        *overhead += run.records[i].overhead_bytes;
    }
    one_run_release(&run);
}

/* What a broken transfer left is used, or sent anew: that takes more of them
 * and wastes bytes. */
static void transfers_go_on_or_begin_anew(void **state)
{
    (void)state;
    const char *yes[] = {BROKEN, TRANSFER("\"resume\": true"), NULL};
    const char *no[] = {BROKEN, TRANSFER("\"resume\": false"), NULL};
    const char *given[] = {BROKEN, NULL};
    const char *other[] = {BROKEN, "fleet.0.transfer.resumes=false",
                           TRANSFER("\"resume\": true"), NULL};
    int64_t attempts[4], wasted[4], overhead[4];

    sum_up(yes, &attempts[0], &wasted[0], &overhead[0]);
    sum_up(no, &attempts[1], &wasted[1], &overhead[1]);
    sum_up(given, &attempts[2], &wasted[2], &overhead[2]);
    sum_up(other, &attempts[3], &wasted[3], &overhead[3]);
    assert_true(attempts[1] > attempts[0] + COUNT / 4);
    assert_true(wasted[1] > 2 * wasted[0] + COUNT * INT64_C(1000));
    for (int i = 2; i < 4; i++) {
        assert_int_equal(attempts[i], attempts[0]);
        assert_int_equal(wasted[i], wasted[0]);
        assert_int_equal(overhead[i], overhead[0]);
    }
}

/* A document that is out of date by the time a transfer goes on is fetched
 * again, at its price; one that is good for long is not. */
static void documents_are_fetched_again(void **state)
{
    (void)state;
    const char *never[] = {BROKEN, NULL};
    const char *briefly[] = {
        BROKEN, TRANSFER("\"url_ttl\": \"1s\", \"url_bytes\": \"1000B\""),
        NULL};
    const char *week[] = {
        BROKEN, TRANSFER("\"url_ttl\": \"7d\", \"url_bytes\": \"1000B\""),
        NULL};
    int64_t attempts[3], wasted[3], overhead[3];

    sum_up(never, &attempts[0], &wasted[0], &overhead[0]);
    sum_up(briefly, &attempts[1], &wasted[1], &overhead[1]);
    sum_up(week, &attempts[2], &wasted[2], &overhead[2]);
    const int64_t documents = (overhead[1] - overhead[0]) / 1000;
    assert_int_equal(overhead[1] - overhead[0], documents * 1000);
    assert_true(documents > COUNT / 4 && documents <= attempts[1] - COUNT);
    assert_int_equal(overhead[2], overhead[0]);
    assert_int_equal(attempts[1], attempts[0]);
}

/* --- images found bad --- */

/* Found bad before it runs: the old version goes on, and the device says so,
 * once. */
static void bad_images_are_found(void **state)
{
    (void)state;
    const char *some[] = {"image={\"fate\": \"fails\", \"bad\": 0.3}", NULL};
    const char *where[] = {
        "image={\"fate\": \"fails\", \"bad\": 1, \"where\": \"id<100\"}", NULL};
    struct one_run run;
    double bad = 0;

    one_run(&run, plain, some, 2, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        bad += r->bad;
        assert_int_equal(r->outcome, r->bad ? OTA_OUTCOME_FAILED_GIVEN_UP
                                            : OTA_OUTCOME_UPDATED_CONFIRMED);
        assert_int_equal(r->attempts, 1);
        assert_int_equal(r->installed_us == OTA_NEVER, r->bad);
        assert_true(r->left_us == OTA_NEVER);
    }
    assert_share(bad, COUNT, 0.3);
    one_run_release(&run);

    one_run(&run, plain, where, 2, NULL);
    for (size_t i = 0; i < run.count; i++)
        assert_int_equal(run.records[i].bad, i < 100);
    one_run_release(&run);
}

/* The same devices are bad whether they were reached or not, and whatever
 * became of them. */
static void bad_devices_are_known_from_the_start(void **state)
{
    (void)state;
    const char *off[] = {"image={\"fate\": \"crashes\", \"bad\": 0.3}",
                         "fleet.0.absent=0.5", NULL};
    const char *on[] = {"image={\"fate\": \"reverts\", \"bad\": 0.3}", NULL};
    struct one_run a, b;

    one_run(&a, plain, off, 2, NULL);
    one_run(&b, plain, on, 2, NULL);
    for (size_t i = 0; i < a.count; i++) {
        const struct ota_device_record *r = &b.records[i];
        assert_int_equal(a.records[i].bad, r->bad);
        assert_int_equal(r->outcome, r->bad ? OTA_OUTCOME_REVERTED
                                            : OTA_OUTCOME_UPDATED_CONFIRMED);
        assert_int_equal(r->left_us != OTA_NEVER, r->bad);
        assert_true(!r->bad || r->left_us > r->installed_us);
        assert_true(a.records[i].outcome != OTA_OUTCOME_FAILED_CRASHING ||
                    a.records[i].left_us == a.records[i].installed_us);
    }
    one_run_release(&a);
    one_run_release(&b);
}

/* --- what the platform hears --- */

/* A hundred devices first; the others when these are done, unless one of them
 * says that the release is no good. */
#define CAREFUL(device)                                                        \
    "policy={\"waves\": {\"list\": ["                                          \
    " {\"size\": {\"count\": 100}, \"order\": \"id\"},"                        \
    " {\"size\": \"rest\", \"start\": {\"after_end\": \"0s\"}}]},"             \
    " \"rules\": {\"list\": [{\"scope\": \"rollout\","                         \
    " \"if\": {\"count\": \"bad\", \"op\": \">=\", \"n\": 1},"                 \
    " \"do\": \"stop\"}]}, \"device\": {" device "}}"

static void assert_stopped(const char *policy, const char *image,
                           enum ota_outcome outcome)
{
    const char *settings[] = {policy, image, NULL};
    struct one_run run;

    one_run(&run, plain, settings, 2, NULL);
    for (size_t i = 0; i < run.count; i++)
        assert_int_equal(run.records[i].outcome,
                         i < 100 ? outcome : OTA_OUTCOME_WAITING_NOT_REACHED);
    one_run_release(&run);
}

/* Each way to fail that a device is still there to report. */
static void failures_are_heard(void **state)
{
    (void)state;
    static const char reverts[] =
        "\"confirm\": {\"by\": \"time\", \"after\": \"10min\","
        " \"revert\": \"next_boot\"}";
    static const char refuses[] =
        CAREFUL("\"accept\": {\"mode\": \"ask\", \"refuse\": 1}");
    static const char throws_away[] =
        CAREFUL("\"accept\": {\"mode\": \"ask\", \"refuse\": 1,"
                " \"what\": \"install\"}");
    char confirms[1024];

    snprintf(confirms, sizeof(confirms), CAREFUL("%s"), reverts);
    assert_stopped(CAREFUL(""), "image={\"fate\": \"fails\", \"bad\": 1}",
                   OTA_OUTCOME_FAILED_GIVEN_UP);
    assert_stopped(CAREFUL(""), "image={\"fate\": \"reverts\", \"bad\": 1}",
                   OTA_OUTCOME_REVERTED);
    assert_stopped(confirms, "image={\"fate\": \"crashes\", \"bad\": 1}",
                   OTA_OUTCOME_REVERTED);
    assert_stopped(refuses, NULL, OTA_OUTCOME_FAILED_REFUSED);
    assert_stopped(throws_away, NULL, OTA_OUTCOME_FAILED_REFUSED);
}

/* Without a failure the others get it, too. */
static void successes_are_heard(void **state)
{
    (void)state;
    const char *settings[] = {
        CAREFUL("\"confirm\": {\"by\": \"time\", \"after\": \"10min\","
                " \"report\": \"confirm\"}"),
        NULL};
    struct one_run run;

    one_run(&run, plain, settings, 2, NULL);
    assert_updated(&run);
    for (size_t i = 100; i < run.count; i++)
        assert_true(run.records[i].begun_us >= 10 * OTA_US_PER_MIN);
    one_run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_are_asked_before_the_download),
        cmocka_unit_test(people_are_asked_before_installing),
        cmocka_unit_test(locks_hold_up),
        cmocka_unit_test(locks_hold_the_image),
        cmocka_unit_test(downloads_keep_to_windows),
        cmocka_unit_test(images_wait_for_windows),
        cmocka_unit_test(deltas_are_smaller),
        cmocka_unit_test(deltas_are_made),
        cmocka_unit_test(transfers_go_on_or_begin_anew),
        cmocka_unit_test(documents_are_fetched_again),
        cmocka_unit_test(bad_images_are_found),
        cmocka_unit_test(bad_devices_are_known_from_the_start),
        cmocka_unit_test(failures_are_heard),
        cmocka_unit_test(successes_are_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
