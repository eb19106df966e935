/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_campaign.c - the fields of a policy, one by one, by what a campaign
 * makes of them: who, in which order, how fast.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sim/base/clock.h"
#include "tests/support/script.h"

static const int64_t minute = OTA_US_PER_MIN;
static const int64_t hour = OTA_US_PER_H;
static const int64_t day = OTA_US_PER_DAY;

static struct script_answer silent(struct script *script, uint32_t device,
                                   int64_t tries)
{
    (void)script;
    (void)device;
    (void)tries;
    return (struct script_answer){.start_us = OTA_NEVER, .end_us = OTA_NEVER};
}

static void set_rules(struct script *script, const struct ota_rule *rules,
                      size_t count)
{
    script->policy.rules.list = rules;
    script->policy.rules.count = count;
}

/* --- who --- */

static void an_empty_policy_reaches_everybody_at_once(void **state)
{
    struct script script;

    (void)state;
    script_init(&script, 1000);
    script_run(&script, 0);
    assert_int_equal(script.orders[OTA_ORDER_OFFER], 1000);
    assert_int_equal(ota_campaign_next_us(script.campaign), OTA_NEVER);
    assert_false(ota_campaign_wants_contacts(script.campaign));
    assert_false(ota_campaign_grants(script.campaign));
    assert_false(ota_campaign_listens(script.campaign));
    script_run(&script, day);
    const struct ota_campaign_record record = script_record(&script);
    assert_int_equal(record.counts.kept[OTA_COUNT_SUCCEEDED], 1000);
    assert_int_equal(record.counts.kept[OTA_COUNT_ON_TARGET], 1000);
    assert_int_equal(record.finished_us, minute);
    assert_int_equal(record.waves[0].complete_us, minute);
    assert_int_equal(record.reoffers, 0);
    script_free(&script);
}

/* Every seventh fails; they are through in order of their number. */
static struct script_answer one_by_one(struct script *script, uint32_t device,
                                       int64_t tries)
{
    (void)script;
    (void)tries;
    return (struct script_answer){
        .end_us = minute * (1 + device / 3),
        .kind = device % 7 == 6 ? OTA_REPORT_FAILED : OTA_REPORT_SUCCEEDED,
        .cause = OTA_CAUSE_INSTALL,
    };
}

/* One order for all, or one for each, as rounds of offers have a least gap that
 * does not matter where there is but one round. */
static void all_at_once_is_as_each_by_itself(void **state)
{
    const struct ota_minimum minimum = {OTA_COUNT_EXECUTED, 20};
    struct ota_rule rules[] = {
        {.scope = OTA_SCOPE_ROLLOUT,
         .when = {.kind = OTA_IF_SHARE,
                  .counter = OTA_COUNT_BAD,
                  .of = OTA_COUNT_OFFERED,
                  .op = OTA_AT_LEAST,
                  .pct = OTA_PCT_ALL / 20},
         .minimums = &minimum,
         .minimum_count = 1,
         .once = true},
    };
    const struct ota_action actions[] = {
        {.kind = OTA_DO_STOP, .cancel = OTA_CANCEL_QUEUED},
        {.kind = OTA_DO_STOP, .cancel = OTA_CANCEL_ALL, .per_minute = 10},
        {.kind = OTA_DO_PAUSE},
        {.kind = OTA_DO_ROLLBACK, .who = OTA_BACK_ALL},
        {.kind = OTA_DO_FINISH},
    };

    (void)state;
    for (size_t a = 0; a < sizeof actions / sizeof actions[0]; a++) {
        struct script script[2];
        struct ota_campaign_record record[2];
        rules[0].action = actions[a];
        for (size_t each = 0; each < 2; each++) {
            script_init(&script[each], 200);
            script[each].policy.pace.min_gap_us = each ? 1 : 0;
            script[each].answer = one_by_one;
            set_rules(&script[each], rules, 1);
            script_run(&script[each], day);
            record[each] = script_record(&script[each]);
        }
        assert_memory_equal(script[0].orders, script[1].orders,
                            sizeof script[0].orders);
        assert_memory_equal(script[0].offered_us, script[1].offered_us,
                            200 * sizeof *script[0].offered_us);
        assert_int_equal(record[0].wave_count, record[1].wave_count);
        assert_memory_equal(&record[0].waves[0].counts,
                            &record[1].waves[0].counts,
                            sizeof record[0].waves[0].counts);
        assert_int_equal(record[0].waves[0].complete_us,
                         record[1].waves[0].complete_us);
        record[0].waves = record[1].waves = NULL;
        assert_memory_equal(&record[0], &record[1], sizeof record[0]);
        assert_int_not_equal(record[0].counts.kept[OTA_COUNT_FAILED], 0);
        for (size_t each = 0; each < 2; each++)
            script_free(&script[each]);
    }
}

static void nobody_at_all(void **state)
{
    struct script script;

    (void)state;
    script_init(&script, 0);
    script_run(&script, day);
    assert_int_equal(script_record(&script).finished_us, 0);
    script_free(&script);
}

static const char *odd(void *self, uint64_t device, const char *key,
                       char *buffer, size_t size)
{
    (void)self;
    (void)buffer;
    (void)size;
    return strcmp(key, "odd") != 0 ? "" : device % 2 ? "yes" : "no";
}

static void a_filter_says_who(void **state)
{
    struct ota_arena arena = {0};
    struct script script;
    char problem[100];
    size_t column;

    (void)state;
    script_init(&script, 11);
    script.world.attribute_of = odd;
    assert_true(ota_filter_parse("odd=yes", &arena, &script.policy.target.where,
                                 &column, problem, sizeof problem));
    script_run(&script, day);
    assert_int_equal(script_count(&script, OTA_COUNT_TOTAL), 5);
    assert_int_equal(script_count(&script, OTA_COUNT_SUCCEEDED), 5);
    assert_int_equal(script.offered_us[0], OTA_NEVER);
    assert_int_equal(script.offered_us[1], 0);
    script_free(&script);
    ota_arena_release(&arena);
}

static bool first_ten(void *self, uint32_t device)
{
    (void)self;
    return device < 10;
}

/* 10 targets in waves of 5 and the rest; devices 10 and 11 join, one before
 * the second wave opens (at an hour), one after. */
static void late_ones(enum ota_late late, bool paced, const int64_t wanted[2],
                      int64_t total)
{
    struct script script;

    script_init(&script, 12);
    script.world.is_there = first_ten;
    script_wave(&script, 0, 50);
    script_wave(&script, 1, 0)->start =
        (struct ota_wave_start){OTA_START_AT, OTA_US_PER_H};
    script.policy.target.late = (int)late;
    script.policy.pace.late_paced = paced;
    if (late == OTA_LATE_IMMEDIATELY)
        script.policy.pace.in_flight.max = 1;
    script_report(&script, minute / 2, 10, OTA_REPORT_JOINED, 0);
    script_report(&script, 2 * hour, 11, OTA_REPORT_JOINED, 0);
    script_run(&script, day);
    assert_int_equal(script.offered_us[10], wanted[0]);
    assert_int_equal(script.offered_us[11], wanted[1]);
    assert_int_equal(script_count(&script, OTA_COUNT_TOTAL), total);
    assert_int_equal(script_count(&script, OTA_COUNT_SUCCEEDED), total);
    script_free(&script);
}

static void late_joiners(void **state)
{
    (void)state;
    late_ones(OTA_LATE_IGNORE, true, (int64_t[]){OTA_NEVER, OTA_NEVER}, 10);
    late_ones(OTA_LATE_LAST_WAVE, true, (int64_t[]){hour, 2 * hour}, 12);
    /* Paced: behind the five of the first wave, a minute each. */
    late_ones(OTA_LATE_IMMEDIATELY, true, (int64_t[]){5 * minute, 2 * hour},
              12);
    late_ones(OTA_LATE_IMMEDIATELY, false, (int64_t[]){minute / 2, 2 * hour},
              12);
    /* The first is there when the second wave chooses; for the other one a
     * wave opens. */
    late_ones(OTA_LATE_APPEND_WAVE, true, (int64_t[]){hour, 2 * hour}, 12);
}

static void leavers(void **state)
{
    (void)state;
    for (int removes = 0; removes < 2; removes++) {
        struct script script;
        script_init(&script, 3);
        script.policy.target.leave_removes = removes;
        script.policy.pace.in_flight.max = 1;
        script.answer = silent;
        /* One under way, one in line. */
        script_report(&script, minute, 0, OTA_REPORT_LEFT, 0);
        script_report(&script, minute, 1, OTA_REPORT_LEFT, 0);
        script_run(&script, day);
        assert_int_equal(script_count(&script, OTA_COUNT_REMOVED),
                         removes ? 2 : 0);
        assert_int_equal(script_count(&script, OTA_COUNT_IN_FLIGHT), 1);
        assert_int_equal(script.offered_us[2], removes ? minute : OTA_NEVER);
        script_free(&script);
    }
}

static void who_has_the_release_already(void **state)
{
    static const enum ota_counter ends[] = {
        OTA_COUNT_SKIPPED, OTA_COUNT_SUCCEEDED, OTA_COUNT_SUCCEEDED};

    (void)state;
    for (int policy = OTA_CURRENT_SKIP; policy <= OTA_CURRENT_FORCE; policy++) {
        struct script script;
        script_init(&script, 2);
        script.policy.target.if_current = policy;
        script_wave(&script, 0, 0)->start =
            (struct ota_wave_start){OTA_START_AT, OTA_US_PER_H};
        script_report(&script, minute, 0, OTA_REPORT_CURRENT, 0);
        script_run(&script, hour);
        assert_int_equal(script.offered_us[1], hour);
        assert_int_equal(script.offered_us[0],
                         policy == OTA_CURRENT_FORCE ? hour : OTA_NEVER);
        script_run(&script, day);
        assert_true(script_count(&script, ends[policy]) >= 1);
        assert_int_equal(script_count(&script, OTA_COUNT_TERMINAL), 2);
        assert_int_equal(script_count(&script, OTA_COUNT_IN_FLIGHT), 0);
        assert_int_equal(script_count(&script, OTA_COUNT_ON_TARGET), 2);
        script_free(&script);
    }
}

/* --- waves --- */

static void waves_open_by_time_and_end(void **state)
{
    struct script script;

    (void)state;
    script_init(&script, 100);
    script_wave(&script, 0, 10);
    script_wave(&script, 1, 10)->start =
        (struct ota_wave_start){OTA_START_AFTER_END, 5 * OTA_US_PER_MIN};
    script_wave(&script, 2, 0)->start =
        (struct ota_wave_start){OTA_START_AFTER_START, 3 * OTA_US_PER_MIN};
    script_run(&script, day);
    const struct ota_campaign_record record = script_record(&script);
    assert_int_equal(record.waves[1].opened_us, 6 * minute);
    assert_int_equal(record.waves[2].opened_us, 9 * minute);
    assert_int_equal(record.finished_us, 10 * minute);
    script_free(&script);
}

static void an_approval_opens_a_wave(void **state)
{
    (void)state;
    for (int type = 0; type < 2; type++) {
        struct script script;
        script_init(&script, 100);
        script_wave(&script, 0, 10);
        if (type) { /* a wave that is an approval */
            script_wave(&script, 1, 0)->approval = true;
            script.waves[1].start.kind = OTA_START_AFTER_END;
            script_wave(&script, 2, 0);
        } else {
            script_wave(&script, 1, 0)->start.kind = OTA_START_APPROVAL;
        }
        script.policy.operator.approves = true;
        script.policy.operator.approve =
            ota_dist_fixed(OTA_TIME, (double)OTA_US_PER_H);
        script_run(&script, day);
        const struct ota_campaign_record record = script_record(&script);
        assert_int_equal(record.waves[1 + type].opened_us, hour + minute);
        assert_int_equal(record.approvals, 1);
        assert_int_equal(record.paused_us, hour);
        assert_false(record.halted);
        assert_int_equal(record.finished_us, hour + 2 * minute);
        script_free(&script);
    }
}

/* Device numbers in the order that they were offered in. */
struct seen {
    uint32_t list[100];
    size_t count;
};

static void sees_offers(struct script *script, const struct ota_order *order)
{
    struct seen *seen = script->self;

    if (order->kind == OTA_ORDER_OFFER && seen->count < 100)
        seen->list[seen->count++] = order->device;
}

static void orders(void **state)
{
    struct seen seen[2] = {0};
    struct script script;

    (void)state;
    for (size_t run = 0; run < 2; run++) { /* at random, twice the same */
        script_init(&script, 100);
        script.policy.pace.min_gap_us = 1; /* one after another */
        script.waves[0].order = OTA_SEQUENCE_RANDOM;
        script.self = &seen[run];
        script.sees = sees_offers;
        script_run(&script, 0);
        script_free(&script);
    }
    assert_memory_equal(&seen[0], &seen[1], sizeof seen[0]);
    int64_t sum = 0, ordered = 0;
    for (size_t i = 0; i < 100; i++) {
        sum += seen[0].list[i];
        ordered += i > 0 && seen[0].list[i] > seen[0].list[i - 1];
    }
    assert_int_equal(sum, 99 * 50); /* each once */
    assert_in_range(ordered, 30, 70);

    seen[0].count = 0;
    script_init(&script, 100);
    script.policy.pace.min_gap_us = 1;
    script.waves[0].order = OTA_SEQUENCE_FIRST_SEEN_NEWEST;
    script.self = &seen[0];
    script.sees = sees_offers;
    script_run(&script, 0);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(seen[0].list[i], 99 - i);
    script_free(&script);

    seen[0].count = 0;
    script_init(&script, 100);
    script.policy.pace.min_gap_us = 1;
    script.waves[0].order = OTA_SEQUENCE_LABEL;
    script.waves[0].order_key = "odd";
    script.world.attribute_of = odd;
    script.self = &seen[0];
    script.world.self = &script;
    script.sees = sees_offers;
    script_run(&script, 0);
    for (size_t i = 0; i < 100; i++) /* "no" is before "yes" */
        assert_int_equal(seen[0].list[i], i < 50 ? 2 * i : 2 * (i - 50) + 1);
    script_free(&script);
}

/* A wave of the rest offers to each when it is connected. */
static void only_the_connected(void **state)
{
    struct seen seen = {0};
    struct script script;

    (void)state;
    script_init(&script, 4);
    script.self = &seen;
    script.sees = sees_offers;
    script.answer = silent;
    script.waves[0].reachable = true;
    script.waves[0].order = OTA_SEQUENCE_CONNECTED_LONGEST;
    script.policy.pace.rate = (struct ota_policy_rate){.limited = true,
                                                       .base = 1,
                                                       .per_us = OTA_US_PER_H,
                                                       .max = 1,
                                                       .factor = 1};
    script_report(&script, 1 * minute, 3, OTA_REPORT_CONTACT, 0);
    script_report(&script, 2 * minute, 2, OTA_REPORT_CONTACT, 0);
    script_report(&script, 3 * minute, 1, OTA_REPORT_CONTACT, 0);
    script_report(&script, 4 * minute, 2, OTA_REPORT_GONE, 0);
    script_report(&script, 5 * minute, 2, OTA_REPORT_CONTACT, 0);
    script_run(&script, 0);
    assert_true(ota_campaign_wants_contacts(script.campaign));
    script_run(&script, day);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.list[0], 3);
    assert_int_equal(seen.list[1], 1);
    assert_int_equal(seen.list[2], 2);
    script_free(&script);
}

/* Opening a wave gives back what the one before had not offered. */
static void a_closed_wave_gives_back(void **state)
{
    (void)state;
    for (int assign = OTA_ASSIGN_START; assign <= OTA_ASSIGN_CREATE; assign++) {
        struct script script;
        script_init(&script, 100);
        script.answer = silent;
        script_wave(&script, 0, 40);
        script_wave(&script, 1, 0)->start =
            (struct ota_wave_start){OTA_START_AT, OTA_US_PER_MIN};
        script.policy.waves.assign = assign;
        script.policy.waves.close = true;
        script.policy.pace.in_flight.max = 10;
        script.policy.pace.in_flight.unit = OTA_PER_WAVE;
        script_run(&script, day);
        const struct ota_campaign_record record = script_record(&script);
        assert_int_equal(record.waves[0].closed_us, minute);
        assert_int_equal(record.waves[0].counts.kept[OTA_COUNT_TOTAL], 10);
        assert_int_equal(record.waves[1].counts.kept[OTA_COUNT_TOTAL], 90);
        assert_int_equal(record.waves[1].size, 90);
        assert_int_equal(record.in_flight_peak, 20);
        script_free(&script);
    }
}

static void waves_without_end(void **state)
{
    const struct ota_condition complete = {.kind = OTA_IF_COMPLETE};
    const struct ota_rule rule = {.scope = OTA_SCOPE_WAVE,
                                  .when = complete,
                                  .action = {.kind = OTA_DO_NEXT_WAVE},
                                  .once = true};
    struct script script;

    (void)state;
    script_init(&script, 100);
    script_wave(&script, 0, 10);
    set_rules(&script, &rule, 1);
    script.policy.waves.repeat.size =
        (struct ota_wave_size){.kind = OTA_SIZE_COUNT, .count = 20};
    script_run(&script, day);
    struct ota_campaign_record record = script_record(&script);
    assert_int_equal(record.wave_count, 6);
    assert_int_equal(record.waves[5].size, 10);
    assert_int_equal(record.waves[5].opened_us, 5 * minute);
    assert_int_equal(record.finished_us, 6 * minute);
    script_free(&script);

    script_init(&script, 100);
    script_wave(&script, 0, 10);
    set_rules(&script, &rule, 1);
    script.policy.waves.repeat.size =
        (struct ota_wave_size){.kind = OTA_SIZE_COUNT, .count = 20};
    script.policy.waves.repeat.max = 2;
    script_run(&script, day);
    record = script_record(&script);
    assert_int_equal(record.wave_count, 3);
    assert_int_equal(record.counts.kept[OTA_COUNT_SUCCEEDED], 50);
    script_free(&script);
}

/* --- pace --- */

static void a_wave_has_a_pace_of_its_own(void **state)
{
    struct ota_policy policy;
    struct script script;

    (void)state;
    ota_policy_init(&policy);
    policy.pace.in_flight.max = 2;
    script_init(&script, 20);
    script_wave(&script, 0, 50)->pace = &policy.pace;
    script_wave(&script, 1, 0)->start =
        (struct ota_wave_start){OTA_START_AT, OTA_US_PER_DAY};
    script_run(&script, 0);
    assert_int_equal(script_record(&script).offers, 2);
    script_run(&script, day);
    assert_int_equal(script_record(&script).waves[0].complete_us, 5 * minute);
    assert_int_equal(script_record(&script).offers, 20);
    script_free(&script);
}

static void lanes_have_slots_of_their_own(void **state)
{
    struct ota_arena arena = {0};
    struct ota_lane lane = {.max = 3};
    struct seen seen = {0};
    struct script script;
    char problem[100];
    size_t column;

    (void)state;
    assert_true(ota_filter_parse("odd=yes", &arena, &lane.where, &column,
                                 problem, sizeof problem));
    script_init(&script, 100);
    script.world.self = &script;
    script.world.attribute_of = odd;
    script.self = &seen;
    script.sees = sees_offers;
    script.policy.pace.in_flight.max = 2;
    script.policy.pace.lanes = &lane;
    script.policy.pace.lane_count = 1;
    script_run(&script, 0);
    assert_int_equal(seen.count, 5);
    const uint32_t wanted[] = {1, 3, 5, 0, 2};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(seen.list[i], wanted[i]);
    script_run(&script, day);
    assert_int_equal(script_record(&script).in_flight_peak, 5);
    assert_int_equal(script_count(&script, OTA_COUNT_SUCCEEDED), 100);
    script_free(&script);
    ota_arena_release(&arena);
}

/* Downloads take a minute; the device reports half an hour later. */
static void slots_for_downloads(void **state)
{
    struct script script;

    (void)state;
    script_init(&script, 3);
    script.answer = silent;
    script.policy.pace.in_flight.max = 1;
    script.policy.pace.in_flight.counts = OTA_SLOT_DOWNLOADING;
    for (uint32_t d = 0; d < 3; d++)
        script_report(&script, 10 - d, d, OTA_REPORT_BEGIN, 0);
    script_report(&script, minute, 2, OTA_REPORT_END, 0);
    script_report(&script, 2 * minute, 1, OTA_REPORT_END, 0);
    script_run(&script, 0);
    assert_true(ota_campaign_grants(script.campaign));
    assert_int_equal(script.orders[OTA_ORDER_OFFER], 3);
    script_run(&script, 9);
    assert_int_equal(script.orders[OTA_ORDER_GRANT], 1);
    script_run(&script, minute - 1);
    assert_int_equal(script.orders[OTA_ORDER_GRANT], 1);
    script_run(&script, minute);
    assert_int_equal(script.orders[OTA_ORDER_GRANT], 2);
    /* One that waits gives its place back. */
    script_report(&script, minute + 1, 0, OTA_REPORT_END, 0);
    script_run(&script, 3 * minute);
    assert_int_equal(script.orders[OTA_ORDER_GRANT], 2);
    script_report(&script, 4 * minute, 0, OTA_REPORT_BEGIN, 0);
    script_run(&script, 4 * minute);
    assert_int_equal(script.orders[OTA_ORDER_GRANT], 3);
    script_free(&script);
}

static void rounds_only_so_often(void **state)
{
    struct script script;

    (void)state;
    script_init(&script, 10);
    script.policy.pace.in_flight.max = 5;
    script.policy.pace.every_us = 45 * OTA_US_PER_S;
    script_run(&script, 90 * OTA_US_PER_S - 1);
    assert_int_equal(script_record(&script).offers, 5);
    script_run(&script, 90 * OTA_US_PER_S);
    assert_int_equal(script_record(&script).offers, 10);
    script_free(&script);

    /* A rate keeps its pace from round to round. */
    script_init(&script, 100);
    script.policy.pace.rate = (struct ota_policy_rate){.limited = true,
                                                       .base = 20,
                                                       .per_us = OTA_US_PER_MIN,
                                                       .max = 20,
                                                       .factor = 1};
    script.policy.pace.every_us = 30 * OTA_US_PER_S;
    script_run(&script, 150 * OTA_US_PER_S);
    assert_in_range(script_record(&script).offers, 49, 50);
    script_free(&script);
}

static void a_rate_does_not_make_up_for_a_pause(void **state)
{
    struct script script;

    (void)state;
    script_init(&script, 1000);
    script_wave(&script, 0, 1);
    script_wave(&script, 1, 0)->start =
        (struct ota_wave_start){OTA_START_AT, OTA_US_PER_DAY};
    script.policy.pace.rate = (struct ota_policy_rate){.limited = true,
                                                       .base = 10,
                                                       .per_us = OTA_US_PER_MIN,
                                                       .max = 10,
                                                       .factor = 1};
    script_run(&script, day);
    assert_in_range(script_record(&script).offers, 10, 11);
    script_run(&script, day + 10 * minute);
    assert_in_range(script_record(&script).offers, 110, 111);
    script_free(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_policy_reaches_everybody_at_once),
        cmocka_unit_test(all_at_once_is_as_each_by_itself),
        cmocka_unit_test(nobody_at_all),
        cmocka_unit_test(a_filter_says_who),
        cmocka_unit_test(late_joiners),
        cmocka_unit_test(leavers),
        cmocka_unit_test(who_has_the_release_already),
        cmocka_unit_test(waves_open_by_time_and_end),
        cmocka_unit_test(an_approval_opens_a_wave),
        cmocka_unit_test(orders),
        cmocka_unit_test(only_the_connected),
        cmocka_unit_test(a_closed_wave_gives_back),
        cmocka_unit_test(waves_without_end),
        cmocka_unit_test(a_wave_has_a_pace_of_its_own),
        cmocka_unit_test(lanes_have_slots_of_their_own),
        cmocka_unit_test(slots_for_downloads),
        cmocka_unit_test(rounds_only_so_often),
        cmocka_unit_test(a_rate_does_not_make_up_for_a_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
