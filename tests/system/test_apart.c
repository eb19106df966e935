/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fleets in which something falls on the same instant, or comes at the very
 * end: do devices that live one after another do what devices do that are all
 * there at a time?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/campaign_run.h"

static void all_ways_are_the_same(const char *text)
{
    static const struct {
        int windows, threads;
    } ways[] = {{0, 1}, {0, 3}, {64, 2}};
    struct campaign_run first;

    campaign_run(&first, text, 1, 1);
    for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
        struct campaign_run other;
        campaign_run(&other, text, ways[w].windows, ways[w].threads);
        campaign_run_compare(&first, &other);
        campaign_run_release(&other);
    }
    campaign_run_release(&first);
}

/* A device is offered the release at a tick at which a rule has all taken
 * back, and asks for its share at once. */
static void an_offer_and_its_end_at_one_instant(void **state)
{
    (void)state;
    all_ways_are_the_same(
        "{\"release\": {\"app_version\": 2, \"app_size\": \"21KB\"},"
        " \"delivery\": {\"model\": \"immediate\", \"begin_delay\": \"0s\"},"
        " \"cloud\": {\"egress\": \"20kbit/s\"},"
        " \"policy\": {\"pace\": {\"rate\": {\"base\": 1}},"
        "   \"rules\": {\"eval\": {\"every\": \"10m\"}, \"list\": ["
        "     {\"if\": {\"count\": \"succeeded\", \"op\": \">=\", \"n\": 10},"
        "      \"do\": {\"rollback\": {}}}]}},"
        " \"fleet\": [{\"name\": \"b\", \"count\": 39,"
        "   \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
        "   \"sleep\": {\"model\": \"always_on\"}}]}");
}

/* The rollout ends before anybody can have reported. */
static void an_end_soon_behind_the_offer_to_all(void **state)
{
    (void)state;
    all_ways_are_the_same(
        "{\"run\": {\"horizon\": \"2d\", \"seed\": 3, \"idle\": \"step\"},"
        " \"release\": {\"app_version\": 2, \"app_size\": \"21KB\","
        "   \"at\": \"1h\"},"
        " \"delivery\": {\"model\": \"immediate\","
        "   \"begin_delay\": \"5min\"},"
        " \"policy\": {\"windows\": {\"rollout\": {\"end\": \"5s\","
        "   \"at_end\": \"cancel_all\"}}},"
        " \"fleet\": [{\"name\": \"a\", \"count\": 50,"
        "   \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
        "   \"cycle_min\": \"0s\","
        "   \"sleep\": {\"model\": \"interval\", \"period\": \"1h\"}}]}");
}

/* Devices that stand in a queue at the horizon ask again when they are let
 * go; one that stood still would outlive its battery. */
static void whoever_asks_again_at_the_end_goes_on(void **state)
{
    (void)state;
    all_ways_are_the_same(
        "{\"run\": {\"seed\": 42},"
        " \"release\": {\"app_version\": 2, \"app_size\": \"21KB\"},"
        " \"delivery\": {\"model\": \"immediate\","
        "   \"begin_delay\": \"exponential(10min)\"},"
        " \"policy\": {\"pace\": {\"in_flight\": {\"max\": 1,"
        "   \"counts\": \"started\"}}},"
        " \"fleet\": [{\"name\": \"a\", \"count\": 66,"
        "   \"platform\": \"electron\", \"installed\": [{\"os\": \"0.6.2\"}],"
        "   \"sleep\": {\"model\": \"always_on\"},"
        "   \"firmware\": {\"silent_failure\": 0.2}},"
        "  {\"name\": \"b\", \"count\": 67, \"platform\": \"electron\","
        "   \"installed\": [{\"os\": \"0.7.0\"}],"
        "   \"sleep\": {\"model\": \"always_on\"},"
        "   \"battery\": {\"model\": \"by_state\","
        "     \"capacity\": \"90mAh\"}}]}");
}

/* No rule listens, but the wave is shown. */
static void a_rollout_that_begins_later_is_counted(void **state)
{
    struct campaign_run run;
    int64_t confirmed = 0;

    (void)state;
    campaign_run(
        &run,
        "{\"run\": {\"horizon\": \"5d\", \"seed\": 3},"
        " \"release\": {\"app_version\": 2, \"app_size\": \"21KB\"},"
        " \"policy\": {\"windows\": {\"rollout\": {\"start\": \"1h\"}}},"
        " \"fleet\": [{\"name\": \"a\", \"count\": 50,"
        "   \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
        "   \"sleep\": {\"model\": \"interval\", \"period\": \"1h\"}}]}",
        0, 1);
    for (size_t i = 0; i < run.count; i++)
        confirmed += run.records[i].outcome == OTA_OUTCOME_UPDATED_CONFIRMED;
    assert_true(confirmed > 0);
    assert_int_equal(run.waves[0].counts.kept[OTA_COUNT_SUCCEEDED], confirmed);
    campaign_run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_and_its_end_at_one_instant),
        cmocka_unit_test(an_end_soon_behind_the_offer_to_all),
        cmocka_unit_test(whoever_asks_again_at_the_end_goes_on),
        cmocka_unit_test(a_rollout_that_begins_later_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
