/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Moments of a device's life at which two things happen at once, or at which
 * the books begin or end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/one_run.h"

/* Devices that are always on, on a quick link that loses nothing. */
static const char plain[] =
    "{ \"run\": {\"horizon\": \"2d\", \"seed\": 3, \"idle\": \"step\"},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"21KB\"},"
    "  \"delivery\": {\"model\": \"immediate\", \"begin_delay\": \"0s\"},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 200,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"sleep\": {\"model\": \"always_on\"},"
    "    \"link\": {\"attach\": \"1s\", \"rtt\": \"1ms\", \"loss\": 0},"
    "    \"session\": {\"model\": \"dtls\"},"
    "    \"app\": {\"model\": \"fixed\", \"publishes\": 0},"
    "    \"transfer\": {\"model\": \"fast\"},"
    "    \"battery\": {\"model\": \"mains\"},"
    "    \"plan\": {\"model\": \"unlimited\"} }] }";

/* How often a device was offered the update at an instant at which it was
 * switched off. */
struct ends {
    int64_t offered_us[200];
    int64_t offered_and_left;
};

static void observe(void *self, const struct ota_observation *o)
{
    struct ends *ends = self;

    if (o->kind == OTA_SEEN_OFFER)
        ends->offered_us[o->device] = o->time_us;
    if (o->kind == OTA_SEEN_PRESENCE && !o->detail.presence.on &&
        ends->offered_us[o->device] == o->time_us)
        ends->offered_and_left++;
}

static void count(void *self, const struct ota_observation *o)
{
    (void)o;
    ++*(int64_t *)self;
}

/* A transfer that ends because somebody switched the device off is an attempt
 * that failed, once, and nothing is offered to a device that is gone. */
static void nobody_offers_to_a_device_that_is_gone(void **state)
{
    (void)state;
    const char *settings[] = {
        "release.app_size=100KB", "fleet.0.link.device_time_per_kib=1s",
        "fleet.0.presence={\"model\": \"on_off\", \"share\": 1,"
        " \"on\": \"exponential(1min)\", \"off\": \"1min\"}",
        NULL};
    struct ends ends = {.offered_and_left = 0};
    const struct ota_observer observer = {
        .wants = 1u << OTA_SEEN_OFFER | 1u << OTA_SEEN_PRESENCE,
        .observe = observe,
        .self = &ends,
    };
    struct one_run run;
    int64_t aborted = 0;

    for (size_t i = 0; i < 200; i++)
        ends.offered_us[i] = OTA_NEVER;
    one_run(&run, plain, settings, 1, &observer);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        const bool done = r->outcome == OTA_OUTCOME_UPDATED_CONFIRMED ||
                          r->outcome == OTA_OUTCOME_UPDATED_UNREPORTED ||
                          r->outcome == OTA_OUTCOME_IN_PROGRESS;
        assert_int_equal(r->attempts - r->aborted, done);
        aborted += r->aborted;
    }
    assert_int_equal(ends.offered_and_left, 0);
    assert_true(aborted > 100); /* it was tested */
    one_run_release(&run);
}

/* An update that would begin just when the device is switched off does not: it
 * is back for a minute at a time, and connects for 1.005 s of it. */
static void switching_off_comes_before_all_else(void **state)
{
    (void)state;
    const char *settings[] = {
        "delivery.begin_delay=58.995s", "fleet.0.session={\"model\": \"full\"}",
        "fleet.0.presence={\"model\": \"on_off\", \"share\": 1,"
        " \"on\": \"1min\", \"off\": \"1min\"}",
        NULL};
    struct one_run run;

    one_run(&run, plain, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        assert_true(run.records[i].offers > 1000);
        assert_int_equal(run.records[i].attempts, 0);
    }
    one_run_release(&run);
}

/* A module is sent tries_max times, in safe mode too. The device is never on
 * for as long as a transfer takes, and each time it comes back its app runs. */
static void tries_are_limited_in_safe_mode(void **state)
{
    (void)state;
    const char *settings[] = {
        "delivery={\"model\": \"script\", \"verifies\": true,"
        " \"safe_mode\": \"each\", \"tries_max\": 3,"
        " \"begin_delay\": \"1s\"}",
        "release.app_size=100KB", "fleet.0.link.device_time_per_kib=1s",
        "fleet.0.presence={\"model\": \"on_off\", \"share\": 1,"
        " \"on\": \"12s\", \"off\": \"20min\"}",
        NULL};
    struct one_run run;
    int64_t commands = 0;
    const struct ota_observer observer = {
        .wants = 1u << OTA_SEEN_COMMAND,
        .observe = count,
        .self = &commands,
    };

    one_run(&run, plain, settings, 1, &observer);
    for (size_t i = 0; i < run.count; i++) {
        assert_int_equal(run.records[i].attempts, 3);
        assert_int_equal(run.records[i].outcome, OTA_OUTCOME_FAILED_GIVEN_UP);
    }
    assert_true(commands >= 3 * (int64_t)run.count);
    one_run_release(&run);
}

/* The keep-alive that falls on time 0 or before is neither counted nor
 * billed. */
static void bills_begin_with_the_books(void **state)
{
    (void)state;
    const char *settings[] = {
        "run.horizon=1d",
        "release.at=86399s",
        "fleet.0.session={\"model\": \"dtls\", \"max_age\": \"366d\","
        " \"keep_alive\": \"3s\"}",
        "fleet.0.sleep={\"model\": \"interval\", \"period\": \"1h\"}",
        "fleet.0.app.wait=50min",
        "fleet.0.plan={\"model\": \"capped\", \"included\": \"0B\","
        " \"overage_price\": \"0.000001USD\", \"overage_step\": \"1B\"}",
        NULL};
    struct one_run run;

    one_run(&run, plain, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        assert_true(r->routine_bytes > 0);
        assert_int_equal(r->overage_uusd, r->routine_bytes + r->useful_bytes +
                                              r->overhead_bytes +
                                              r->wasted_bytes);
    }
    one_run_release(&run);
}

/* A device that stays online is offered a failed update again when the cloud's
 * rule allows it, though it never shakes hands any more; in safe mode the
 * healer keeps to the same rule. */
static void the_cloud_tries_again_by_itself(void **state)
{
    (void)state;
    const char *app[] = {"delivery.retry_after=1h",
                         "fleet.0.session={\"model\": \"full\"}",
                         "fleet.0.app.interferes=5s",
                         "fleet.0.link.device_time_per_kib=250ms", NULL};
    struct one_run run;
    int64_t attempts = 0;

    one_run(&run, plain, app, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        assert_int_equal(r->outcome, OTA_OUTCOME_UPDATED_CONFIRMED);
        /* an hour apart, from the release on */
        assert_true(r->confirmed_us >= r->aborted * OTA_US_PER_H);
        attempts += r->attempts;
    }
    assert_true(attempts > 300); /* it was tested */
    one_run_release(&run);
}

/* An app that is busy refuses; the cloud comes back when it no longer is. */
static void the_cloud_comes_back_to_a_busy_app(void **state)
{
    (void)state;
    const char *settings[] = {"fleet.0.app.updates=when_idle",
                              "fleet.0.app.work=10min",
                              "fleet.0.session={\"model\": \"full\"}",
                              "fleet.0.presence={\"model\": \"on_off\","
                              " \"share\": 1, \"on\": \"20min\","
                              " \"off\": \"1min\"}",
                              NULL};
    struct one_run run;
    int64_t refused = 0;

    one_run(&run, plain, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        assert_int_equal(r->outcome, OTA_OUTCOME_UPDATED_CONFIRMED);
        refused += r->refused;
    }
    assert_true(refused > 0); /* 0.7.0 cannot say that it is busy */
    one_run_release(&run);
}

/* Ten hours in which nothing passes: a device that is always on finds out at
 * its next keep-alive, drops the session, and shakes hands when it is over. */
static void an_outage_ends_connections(void **state)
{
    (void)state;
    const char *out[] = {"release.at=47h",
                         "fleet.0.outages=[{\"at\": \"10h\","
                         " \"lasts\": \"10h\"}]",
                         "fleet.0.session={\"model\": \"dtls\","
                         " \"keep_alive\": \"23min\","
                         " \"max_age\": \"300d\"}",
                         NULL};
    const char *brief[] = {"release.at=47h",
                           "fleet.0.outages=[{\"at\": \"10h\","
                           " \"lasts\": \"1s\"}]",
                           "fleet.0.session={\"model\": \"dtls\","
                           " \"keep_alive\": \"23min\","
                           " \"max_age\": \"300d\"}",
                           NULL};
    struct one_run run;

    one_run(&run, plain, out, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        /* behind the outage, and behind the update; a session that turns
         * 300 d old besides is rare */
        assert_in_range(run.records[i].handshakes, 2, 3);
        assert_true(run.records[i].power_us[OTA_POWER_ATTACH] > 0);
    }
    one_run_release(&run);
    one_run(&run, plain, brief, 1, NULL);
    int64_t attached = 0;
    for (size_t i = 0; i < run.count; i++)
        attached += run.records[i].handshakes > 1;
    assert_true(attached < 20); /* between two keep-alives nobody notices */
    one_run_release(&run);
}

/* While the operator has it in safe mode a device is in that state. */
static void a_command_shows_in_the_state(void **state)
{
    (void)state;
    const char *settings[] = {
        "release.app_size=100KB", "fleet.0.link.device_time_per_kib=1s",
        "delivery={\"model\": \"script\", \"verifies\": true,"
        " \"safe_mode\": \"each\", \"begin_delay\": \"1min\"}",
        "run.horizon=90s", NULL};
    struct one_run run;

    one_run(&run, plain, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++)
        assert_int_equal(run.records[i].outcome, OTA_OUTCOME_SAFE_MODE);
    one_run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cloud_tries_again_by_itself),
        cmocka_unit_test(the_cloud_comes_back_to_a_busy_app),
        cmocka_unit_test(an_outage_ends_connections),
        cmocka_unit_test(a_command_shows_in_the_state),
        cmocka_unit_test(nobody_offers_to_a_device_that_is_gone),
        cmocka_unit_test(switching_off_comes_before_all_else),
        cmocka_unit_test(tries_are_limited_in_safe_mode),
        cmocka_unit_test(bills_begin_with_the_books),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
