/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_campaign_mender.c - campaigns as Mender runs phased deployments: quotas
 * for whoever asks first, phases that begin at given times.
 *
 * Phases count a device in when it asks (mender-server, deployments API); a
 * client without jitter asks at its phase and every interval from there, so who
 * is in a phase follows by arithmetic. The delays between phases are from start
 * to start (mender-server, PhaseSettings.tsx).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/script.h"

enum { DEVICES = 1000 };

/* Device i asks at 1.8 i + 1800 k seconds. */
static int64_t polls(struct script *script, uint32_t device, int64_t at_us)
{
    const int64_t every_us = 1800 * OTA_US_PER_S;
    const int64_t first_us = (int64_t)device * 1800000;

    (void)script;
    if (at_us <= first_us)
        return first_us;
    return first_us + (at_us - first_us + every_us - 1) / every_us * every_us;
}

static void phases(struct script *script, const int64_t start_us[3])
{
    const int64_t pct[] = {10, 20, 0};

    script_init(script, DEVICES);
    script->polls = polls;
    script->policy.waves.assign = OTA_ASSIGN_POLL;
    for (size_t w = 0; w < 3; w++)
        script_wave(script, w, pct[w])->start =
            (struct ota_wave_start){OTA_START_AT, start_us[w]};
}

static void who_is_in_a_phase_is_who_asks_in_it(void **state)
{
    /* device, and when it was served, in ms */
    static const struct {
        uint32_t device;
        int64_t at_ms;
    } wanted[] = {{0, 0},          {99, 178200},    {100, 7380000},
                  {299, 7738200},  {300, 94140000}, {499, 94498200},
                  {899, 95218200}, {999, 95398200}};
    const int64_t start_us[] = {0, 7200 * OTA_US_PER_S, 93600 * OTA_US_PER_S};
    struct script script;

    (void)state;
    phases(&script, start_us);
    script_run(&script, 7 * OTA_US_PER_DAY);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        assert_int_equal(script.offered_us[wanted[i].device],
                         wanted[i].at_ms * OTA_US_PER_MS);
    const struct ota_campaign_record record = script_record(&script);
    assert_int_equal(record.waves[0].size, 100);
    assert_int_equal(record.waves[1].size, 200);
    assert_int_equal(record.waves[1].counts.kept[OTA_COUNT_TOTAL], 200);
    assert_int_equal(record.waves[2].counts.kept[OTA_COUNT_TOTAL], 700);
    assert_int_equal(record.finished_us,
                     95398200 * OTA_US_PER_MS + OTA_US_PER_MIN);
    assert_false(ota_campaign_wants_contacts(script.campaign));
    script_free(&script);
}

static void delays_are_from_start_to_start(void **state)
{
    struct script script;

    (void)state;
    phases(&script, (int64_t[]){0, 0, 0});
    script.waves[1].start =
        (struct ota_wave_start){OTA_START_AFTER_START, 2 * OTA_US_PER_H};
    script.waves[2].start =
        (struct ota_wave_start){OTA_START_AFTER_START, OTA_US_PER_DAY};
    script_run(&script, 7 * OTA_US_PER_DAY);
    const struct ota_campaign_record record = script_record(&script);
    assert_int_equal(record.waves[0].opened_us, 0);
    assert_int_equal(record.waves[1].opened_us, 2 * OTA_US_PER_H);
    assert_int_equal(record.waves[2].opened_us, 26 * OTA_US_PER_H);
    script_free(&script);
}

/* The second phase begins while the first has served 50 of its 100. */
static void what_a_phase_left_over(void **state)
{
    const int64_t start_us[] = {0, 89 * OTA_US_PER_S, OTA_US_PER_H};

    (void)state;
    for (int carry = 0; carry < 2; carry++) {
        struct script script;
        phases(&script, start_us);
        script.policy.waves.quota_carry = carry;
        script_run(&script, OTA_US_PER_H - 1);
        struct ota_campaign_record record = script_record(&script);
        assert_int_equal(record.waves[0].counts.kept[OTA_COUNT_TOTAL], 50);
        assert_int_equal(record.waves[1].counts.kept[OTA_COUNT_TOTAL],
                         carry ? 250 : 200);
        assert_int_equal(record.waves[1].size, carry ? 250 : 200);
        script_run(&script, OTA_US_PER_DAY);
        record = script_record(&script);
        assert_int_equal(record.counts.kept[OTA_COUNT_SUCCEEDED], DEVICES);
        script_free(&script);
    }
}

static struct script_answer fails(struct script *script, uint32_t device,
                                  int64_t tries)
{
    (void)script;
    (void)device;
    (void)tries;
    return (struct script_answer){.end_us = OTA_US_PER_MIN,
                                  .kind = OTA_REPORT_FAILED,
                                  .cause = OTA_CAUSE_INSTALL};
}

/* A retry is offered at the device's next poll. */
static void retries_come_at_polls(void **state)
{
    struct script script;

    (void)state;
    script_init(&script, 1);
    script.polls = polls;
    script.answer = fails;
    script.policy.attempt.retry.failed = 2;
    script.policy.attempt.retry.next_poll = true;
    script_run(&script, 3600 * OTA_US_PER_S + OTA_US_PER_MIN - 1);
    assert_int_equal(script_count(&script, OTA_COUNT_FAILED), 0);
    assert_int_equal(script_count(&script, OTA_COUNT_IN_FLIGHT), 1);
    script_run(&script, OTA_US_PER_DAY);
    const struct ota_campaign_record record = script_record(&script);
    assert_int_equal(record.offers, 3);
    assert_int_equal(record.reoffers, 2);
    assert_int_equal(record.counts.kept[OTA_COUNT_FAILED], 1);
    assert_int_equal(record.counts.kept[OTA_COUNT_OFFERED], 1);
    assert_int_equal(record.finished_us, 3600 * OTA_US_PER_S + OTA_US_PER_MIN);
    script_free(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_in_a_phase_is_who_asks_in_it),
        cmocka_unit_test(delays_are_from_start_to_start),
        cmocka_unit_test(what_a_phase_left_over),
        cmocka_unit_test(retries_come_at_polls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
