/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_confirm.c - releases on trial, against closed forms and by hand.
 *
 * Shares are accepted within 4 standard errors.
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

/* Devices that are always on and take the release at once. */
static const char plain[] =
    "{ \"run\": {\"horizon\": \"2d\", \"seed\": 5},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"512B\"},"
    "  \"delivery\": {\"model\": \"immediate\", \"begin_delay\": \"0s\"},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 500,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"sleep\": {\"model\": \"always_on\"},"
    "    \"link\": {\"attach\": \"1s\", \"rtt\": \"1ms\", \"loss\": 0},"
    "    \"session\": {\"model\": \"dtls\"},"
    "    \"app\": {\"model\": \"fixed\", \"publishes\": 0},"
    "    \"transfer\": {\"model\": \"fast\"},"
    "    \"battery\": {\"model\": \"mains\"},"
    "    \"plan\": {\"model\": \"unlimited\"} }] }";

static const char cuts[] =
    "fleet.0.presence={\"model\": \"on_off\", \"share\": 1,"
    " \"on\": \"exponential(1d)\", \"off\": \"1s\"}";

#define CONFIRM(what) "policy={\"device\": {\"confirm\": {" what "}}}"
#define NEXT_BOOT "\"revert\": \"next_boot\", "

static size_t count_state(const struct one_run *run, enum ota_outcome outcome)
{
    size_t count = 0;
    for (size_t i = 0; i < run->count; i++)
        count += run->records[i].outcome == outcome;
    return count;
}

/*
 * Power cuts come once a day, as a Poisson process; the image confirms itself
 * 10 min after its first boot. A good one is reverted if a cut comes before:
 * 1 - exp(-10 / 1440) = 0.69 %. That it takes a moment to get to the first
 * boot makes no difference.
 */
static void power_cuts_revert_good_images(void **state)
{
    (void)state;
    static const char *const ways[] = {
        CONFIRM(NEXT_BOOT "\"by\": \"time\", \"after\": \"10min\""),
        CONFIRM(NEXT_BOOT "\"by\": \"self\", \"after\": \"10min\", "
                          "\"report\": \"confirm\""),
    };
    const double expected = 1 - exp(-10.0 / 1440);

    for (size_t w = 0; w < 2; w++) {
        const char *settings[] = {"fleet.0.count=100000", cuts, ways[w], NULL};
        struct one_run run;
        one_run(&run, plain, settings, 2, NULL);
        size_t reverted = 0, installed = 0;
        for (size_t i = 0; i < run.count; i++) {
            const struct ota_device_record *r = &run.records[i];
            installed += r->installed_us != OTA_NEVER;
            reverted += r->left_us != OTA_NEVER;
            if (r->left_us != OTA_NEVER)
                assert_int_equal(r->outcome, OTA_OUTCOME_REVERTED);
            /* It is back soon, and says that it has the old version. */
            if (r->left_us < run.scenario.fleet.horizon_us - OTA_US_PER_H)
                assert_false(r->believed);
            if (r->left_us != OTA_NEVER) /* it is back a second later */
                assert_true(r->left_us - r->installed_us <=
                            10 * OTA_US_PER_MIN + OTA_US_PER_S);
        }
        const double error =
            sqrt(expected * (1 - expected) / (double)installed);
        assert_true((double)installed > 0.98 * (double)run.count);
        assert_near((double)reverted / (double)installed, expected, 4 * error);
        one_run_release(&run);
    }
}

/* Nothing is reverted without a power cut, without a trial, by a bootloader
 * that never does, or once the server has confirmed at the first connect. */
static void others_stay(void **state)
{
    (void)state;
    static const char *const ways[][2] = {
        {CONFIRM(NEXT_BOOT "\"by\": \"time\", \"after\": \"10min\""), ""},
        {CONFIRM("\"by\": \"none\""), cuts},
        {CONFIRM("\"by\": \"time\", \"after\": \"1d\", "
                 "\"revert\": \"never\""),
         cuts},
    };

    for (size_t w = 0; w < 3; w++) {
        const char *settings[] = {ways[w][0], ways[w][1][0] ? ways[w][1] : NULL,
                                  NULL};
        struct one_run run;
        one_run(&run, plain, settings, 2, NULL);
        assert_int_equal(count_state(&run, OTA_OUTCOME_REVERTED), 0);
        assert_true(count_state(&run, OTA_OUTCOME_UPDATED_CONFIRMED) > 490);
        one_run_release(&run);
    }
}

/* Success is reported at the boot, or not until the image is confirmed: 10 min
 * behind the first boot, to the microsecond. */
static void success_is_reported_when_confirmed(void **state)
{
    (void)state;
    const char *late[] = {CONFIRM("\"by\": \"time\", \"after\": \"10min\", "
                                  "\"report\": \"confirm\""),
                          NULL};
    const char *early[] = {
        CONFIRM(NEXT_BOOT "\"by\": \"time\", \"after\": \"10min\""), NULL};
    struct one_run run;

    one_run(&run, plain, late, 2, NULL);
    for (size_t i = 0; i < run.count; i++)
        assert_int_equal(run.records[i].confirmed_us -
                             run.records[i].installed_us,
                         10 * OTA_US_PER_MIN);
    one_run_release(&run);
    one_run(&run, plain, early, 2, NULL);
    for (size_t i = 0; i < run.count; i++)
        assert_true(run.records[i].confirmed_us - run.records[i].installed_us <
                    OTA_US_PER_MIN);
    one_run_release(&run);
}

/* A timer reverts an image that nobody confirms, to the microsecond: a server
 * in an outage is such a one. One that is there confirms at the first connect.
 */
static void a_timer_reverts(void **state)
{
    (void)state;
    const char *outage[] = {
        CONFIRM("\"by\": \"server\", \"revert\": \"timer\", "
                "\"deadline\": \"1h\""),
        "fleet.0.outages=[{\"at\": \"7s\", \"lasts\": \"3h\"}]", NULL};
    const char *none[] = {outage[0], NULL};
    struct one_run run;

    one_run(&run, plain, none, 2, NULL);
    assert_int_equal(count_state(&run, OTA_OUTCOME_UPDATED_CONFIRMED),
                     run.count);
    one_run_release(&run);

    one_run(&run, plain, outage, 2, NULL);
    assert_true(count_state(&run, OTA_OUTCOME_REVERTED) > 20);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        if (r->confirmed_us != OTA_NEVER)
            continue; /* before the outage, or it began behind it */
        assert_int_equal(r->outcome, OTA_OUTCOME_REVERTED);
        assert_int_equal(r->left_us - r->installed_us, OTA_US_PER_H);
    }
    one_run_release(&run);
}

/* An image that crashes is reverted by the next boot, or by the timer; one that
 * confirmed before it went wrong stays, and is dead. */
static void bad_images_are_reverted_before_they_confirm(void **state)
{
    (void)state;
    const char *crash[] = {
        "image={\"fate\": \"crashes\", \"bad\": 1}",
        CONFIRM(NEXT_BOOT "\"by\": \"time\", \"after\": \"10min\""), NULL};
    const char *timer[] = {
        crash[0],
        CONFIRM("\"by\": \"time\", \"after\": \"10min\", "
                "\"revert\": \"timer\", \"deadline\": \"30min\""),
        NULL};
    const char *late[] = {"image={\"fate\": \"late\", \"bad\": 1,"
                          " \"after\": \"exponential(10min)\"}",
                          crash[1], NULL};
    const char *never[] = {crash[0],
                           CONFIRM("\"by\": \"time\", \"after\": \"10min\", "
                                   "\"revert\": \"never\""),
                           NULL};
    struct one_run run;

    one_run(&run, plain, crash, 2, NULL);
    assert_int_equal(count_state(&run, OTA_OUTCOME_REVERTED), run.count);
    for (size_t i = 0; i < run.count; i++) {
        assert_true(run.records[i].bad);
        assert_int_equal(run.records[i].left_us, run.records[i].installed_us);
    }
    one_run_release(&run);
    one_run(&run, plain, timer, 2, NULL);
    assert_int_equal(count_state(&run, OTA_OUTCOME_REVERTED), run.count);
    for (size_t i = 0; i < run.count; i++)
        assert_int_equal(run.records[i].left_us - run.records[i].installed_us,
                         30 * OTA_US_PER_MIN);
    one_run_release(&run);
    one_run(&run, plain, never, 2, NULL);
    assert_int_equal(count_state(&run, OTA_OUTCOME_FAILED_CRASHING), run.count);
    one_run_release(&run);

    one_run(&run, plain, late, 2, NULL);
    const double expected = 1 - exp(-1.0); /* goes wrong within 10 min */
    const double count = (double)run.count;
    assert_near((double)count_state(&run, OTA_OUTCOME_REVERTED) / count,
                expected, 4 * sqrt(expected * (1 - expected) / count));
    assert_int_equal(count_state(&run, OTA_OUTCOME_REVERTED) +
                         count_state(&run, OTA_OUTCOME_BRICKED),
                     run.count);
    one_run_release(&run);
}

/* A device that hibernates boots at each wake: 30 s awake are too short to
 * confirm after a minute, long enough after 2 s. */
static void hibernation_boots(void **state)
{
    (void)state;
    static const char hourly[] =
        "fleet.0.sleep={\"model\": \"interval\", \"period\": \"1h\","
        " \"depth\": \"hibernate\"}";
    const char *slow[] = {
        hourly, "fleet.0.app.wait=30s",
        CONFIRM(NEXT_BOOT "\"by\": \"time\", \"after\": \"1min\""), NULL};
    const char *quick[] = {
        hourly, "fleet.0.app.wait=30s",
        CONFIRM(NEXT_BOOT "\"by\": \"time\", \"after\": \"2s\""), NULL};
    const char *standby[] = {
        "fleet.0.sleep={\"model\": \"interval\", \"period\": \"1h\","
        " \"depth\": \"standby\"}",
        slow[1], slow[2], NULL};
    struct one_run run;

    one_run(&run, plain, slow, 2, NULL);
    assert_int_equal(count_state(&run, OTA_OUTCOME_REVERTED), run.count);
    one_run_release(&run);
    one_run(&run, plain, quick, 2, NULL);
    assert_int_equal(count_state(&run, OTA_OUTCOME_UPDATED_CONFIRMED),
                     run.count);
    one_run_release(&run);
    one_run(&run, plain, standby, 2, NULL);
    assert_int_equal(count_state(&run, OTA_OUTCOME_UPDATED_CONFIRMED),
                     run.count);
    one_run_release(&run);
}

/* A watchdog that has not come yet when the run ends leaves nothing broken; one
 * that does not come at all does. */
static void a_watchdog_may_still_come(void **state)
{
    static const char *const soon[] = {"image.fate=reverts", "image.bad=1",
                                       "image.after=300d", NULL};
    static const char *const never[] = {"image.fate=crashes", "image.bad=1",
                                        NULL};
    struct one_run run;

    (void)state;
    one_run(&run, plain, soon, 2, NULL);
    assert_int_equal(count_state(&run, OTA_OUTCOME_IN_PROGRESS), run.count);
    one_run_release(&run);
    one_run(&run, plain, never, 2, NULL);
    assert_int_equal(count_state(&run, OTA_OUTCOME_FAILED_CRASHING), run.count);
    one_run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_watchdog_may_still_come),
        cmocka_unit_test(power_cuts_revert_good_images),
        cmocka_unit_test(others_stay),
        cmocka_unit_test(success_is_reported_when_confirmed),
        cmocka_unit_test(a_timer_reverts),
        cmocka_unit_test(bad_images_are_reverted_before_they_confirm),
        cmocka_unit_test(hibernation_boots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
