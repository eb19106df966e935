/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Devices that are offered the update again: sleepers whose penalty is over,
 * and what an image has cost that ran more than once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/campaign_run.h"

enum { DEVICES = 5, DAYS = 7 };

/* They wake once an hour; the image is taken back after ten minutes. */
static const char sleepers[] =
    "{ \"run\": {\"horizon\": \"8d\", \"seed\": 4, \"replications\": 1},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"20KB\","
    "                \"at\": \"1d\"},"
    "  \"image\": {\"fate\": \"reverts\", \"bad\": 1, \"after\": \"10min\"},"
    "  \"delivery\": {\"model\": \"immediate\"},"
    "  \"policy\": {"
    "    \"waves\": {\"order\": \"connected_longest\", \"reachable\": true},"
    "    \"attempt\": {%s},"
    "    \"pace\": {\"in_flight\": {\"max\": 3, \"counts\": \"offered\"}},"
    "    \"device\": {\"learn\": {\"by\": \"push\"}} },"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 5,"
    "    \"platform\": \"boron\", \"installed\": [{\"os\": \"4.0.2\"}],"
    "    \"sleep\": {\"preset\": \"hourly_ultra_low_power\","
    "                \"jitter\": 0.02},"
    "    \"link\": {\"preset\": \"lte_m_good\"},"
    "    \"session\": {\"preset\": \"particle_sim_3_1\"},"
    "    \"app\": {\"model\": \"until_told\", \"wait\": \"20s\","
    "              \"stay_once_begun\": true},"
    "    \"battery\": {\"model\": \"mains\"} }] }";

static void run_with(struct campaign_run *run, const char *attempt, int windows)
{
    char text[sizeof(sleepers) + 128];

    assert_true(snprintf(text, sizeof(text), sleepers, attempt) <
                (int)sizeof(text));
    campaign_run(run, text, windows, 1);
}

/* A failure a day: blocked for 24 hours, offered at the first wake behind, an
 * hour and 2 % later at most; so seven in seven days. Each ran ten minutes. */
static void a_sleeper_is_tried_again_when_its_penalty_is_over(void **state)
{
    (void)state;
    static const char penalty[] = "\"penalty\": {\"on_failed\": \"24h\"}";
    struct campaign_run run, one;

    run_with(&run, penalty, 64);
    run_with(&one, penalty, 1);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *record = &run.records[i];
        assert_int_equal(record->attempts, DAYS);
        assert_int_equal(record->modules, DAYS);
        assert_int_equal(record->ran_us, (DAYS - 1) * 10 * OTA_US_PER_MIN);
        assert_int_equal(record->left_us - record->installed_us,
                         10 * OTA_US_PER_MIN);
    }
    assert_int_equal(run.campaign.offers, DEVICES * DAYS);
    assert_int_equal(run.campaign.reoffers, DEVICES * (DAYS - 1));
    campaign_run_compare(&run, &one);
    campaign_run_release(&run);
    campaign_run_release(&one);
}

/* So is one that may try again, and sleeps when it may. */
static void a_sleeper_that_waits_for_its_next_try_gets_it(void **state)
{
    (void)state;
    struct campaign_run run;

    run_with(&run,
             "\"retry\": {\"on\": {\"failed\": 2}, \"total\": 2,"
             " \"wait\": \"90m\"}",
             64);
    for (size_t i = 0; i < run.count; i++)
        assert_int_equal(run.records[i].attempts, 3);
    assert_int_equal(run.campaign.counts.kept[OTA_COUNT_FAILED], DEVICES);
    assert_int_equal(run.campaign.reoffers, 2 * DEVICES);
    campaign_run_release(&run);
}

/* Whoever fails in a wave that was closed meanwhile has its further tries in
 * the wave behind it; nobody is left over. */
static void a_closed_wave_leaves_tries_to_the_next(void **state)
{
    (void)state;
    static const char text[] =
        "{ \"run\": {\"horizon\": \"3d\", \"seed\": 4,"
        "            \"replications\": 1},"
        "  \"release\": {\"app_version\": 2, \"app_size\": \"20KB\"},"
        "  \"delivery\": {\"model\": \"immediate\"},"
        "  \"policy\": {"
        "    \"waves\": {\"overlap\": \"close\", \"list\": ["
        "      {\"size\": {\"count\": 20}},"
        "      {\"size\": \"rest\", \"start\": {\"at\": \"30m\"}}]},"
        "    \"attempt\": {\"retry\": {\"on\": {\"failed\": 20},"
        "      \"total\": 20, \"wait\": \"10m\"}} },"
        "  \"fleet\": [{ \"name\": \"f\", \"count\": 40,"
        "    \"platform\": \"boron\", \"installed\": [{\"os\": \"4.0.2\"}],"
        "    \"sleep\": {\"preset\": \"hourly_ultra_low_power\","
        "                \"jitter\": 0.02},"
        "    \"link\": {\"preset\": \"lte_m_good\"},"
        "    \"session\": {\"preset\": \"particle_sim_3_1\"},"
        "    \"firmware\": {\"failure\": 0.5},"
        "    \"app\": {\"model\": \"until_told\", \"wait\": \"20s\","
        "              \"stay_once_begun\": true},"
        "    \"battery\": {\"model\": \"mains\"} }] }";
    struct campaign_run run;

    campaign_run(&run, text, 64, 1);
    const struct ota_counts *first = &run.waves[0].counts;
    const struct ota_counts *second = &run.waves[1].counts;
    assert_int_equal(run.campaign.counts.kept[OTA_COUNT_SUCCEEDED], 40);
    assert_true(first->kept[OTA_COUNT_TOTAL] < 20);
    assert_int_equal(first->kept[OTA_COUNT_TOTAL],
                     first->kept[OTA_COUNT_SUCCEEDED]);
    assert_int_equal(second->kept[OTA_COUNT_TOTAL],
                     40 - first->kept[OTA_COUNT_TOTAL]);
    assert_true(run.campaign.finished_us != OTA_NEVER);
    campaign_run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sleeper_is_tried_again_when_its_penalty_is_over),
        cmocka_unit_test(a_sleeper_that_waits_for_its_next_try_gets_it),
        cmocka_unit_test(a_closed_wave_leaves_tries_to_the_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
