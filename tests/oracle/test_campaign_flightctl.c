/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_campaign_flightctl.c - campaigns as Flight Control runs them: batches
 * with cumulative limits, a gate in whole percent, a disruption budget.
 *
 * The numbers follow by hand from flightctl, internal/rollout/device_selection
 * (round(total * percent) less what is rolled out; floor(100 * good / total)
 * against the threshold) and disruption_budget (min(max - busy, available -
 * min(min_available, total - 1))).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sim/base/clock.h"
#include "tests/support/script.h"

static const int64_t minute = OTA_US_PER_MIN;

/* 40 devices in Madrid, 30 in Paris, 30 elsewhere, mixed by number as the
 * third batch wants it: 8 of the first 18 left are from Madrid. */
static const char *site_of(void *self, uint64_t device, const char *key,
                           char *buffer, size_t size)
{
    const struct script *script = self;

    (void)buffer;
    (void)size;
    if (strcmp(key, "site") != 0)
        return "";
    if (script->world.devices != 100)
        return device < 5 ? "big" : device < 7 ? "small" : "single";
    if (device < 32)
        return "madrid";
    if (device < 42)
        return "paris";
    if (device < 50)
        return "madrid";
    return device < 70 ? "paris" : "other";
}

/* Batches pass when all are through and enough are good; else a person is
 * asked. */
struct gates {
    struct ota_condition all[8][2];
    struct ota_rule rules[8][2];
    struct ota_rules of[8];
};

static void gate(struct gates *gates, struct script *script, size_t w,
                 int64_t pct)
{
    gates->all[w][0] = (struct ota_condition){.kind = OTA_IF_COMPLETE};
    gates->all[w][1] = (struct ota_condition){.kind = OTA_IF_SHARE,
                                              .counter = OTA_COUNT_SUCCEEDED,
                                              .of = OTA_COUNT_TOTAL,
                                              .op = OTA_AT_LEAST,
                                              .pct = pct * (OTA_PCT_ALL / 100)};
    gates->rules[w][0] = (struct ota_rule){
        .scope = OTA_SCOPE_WAVE,
        .when = {.kind = OTA_IF_ALL, .parts = gates->all[w], .part_count = 2},
        .action = {.kind = OTA_DO_NEXT_WAVE},
        .once = true};
    gates->rules[w][1] = (struct ota_rule){.scope = OTA_SCOPE_WAVE,
                                           .when = {.kind = OTA_IF_COMPLETE},
                                           .action = {.kind = OTA_DO_APPROVE},
                                           .once = true};
    gates->of[w] = (struct ota_rules){.every_us = 30 * OTA_US_PER_S,
                                      .math = OTA_MATH_FLOOR_PCT,
                                      .list = gates->rules[w],
                                      .count = 2};
    script->waves[w].rules = &gates->of[w];
}

static void limits_are_cumulative(void **state)
{
    static const struct ota_wave_size sizes[] = {
        {.kind = OTA_SIZE_COUNT, .count = 1},
        {.kind = OTA_SIZE_PCT, .pct = 80000000, .of = OTA_OF_MATCHED},
        {.kind = OTA_SIZE_PCT, .pct = 50000000, .of = OTA_OF_FLEET},
        {.kind = OTA_SIZE_REST},
        {.kind = OTA_SIZE_PCT, .pct = 80000000, .of = OTA_OF_FLEET},
        {.kind = OTA_SIZE_PCT, .pct = 100000000, .of = OTA_OF_FLEET},
        {.kind = OTA_SIZE_REST}};
    static const int64_t wanted[] = {1, 31, 18, 20, 10, 20, 0};
    struct ota_arena arena = {0};
    struct ota_filter madrid, paris;
    struct gates gates;
    struct script script;
    char problem[200];
    size_t column;

    (void)state;
    assert_true(ota_filter_parse("site=madrid", &arena, &madrid, &column,
                                 problem, sizeof problem));
    assert_true(ota_filter_parse("site=paris", &arena, &paris, &column, problem,
                                 sizeof problem));
    script_init(&script, 100);
    script.world.attribute_of = site_of;
    for (size_t w = 0; w < 7; w++) {
        struct ota_wave *wave = script_wave(&script, w, 0);
        wave->size = sizes[w];
        wave->cumulative = true;
        gate(&gates, &script, w, 95);
    }
    script.waves[0].where = script.waves[1].where = madrid;
    script.waves[3].where = paris;
    script_run(&script, OTA_US_PER_DAY);
    const struct ota_campaign_record record = script_record(&script);
    for (size_t w = 0; w < 7; w++)
        assert_int_equal(record.waves[w].size, wanted[w]);
    assert_false(record.halted);
    /* A batch takes a minute and is looked at each 30 s; the last is empty
     * and passes at once. */
    for (size_t w = 0; w < 7; w++)
        assert_int_equal(record.waves[w].opened_us, (int64_t)w * minute);
    assert_int_equal(record.finished_us, 6 * minute);
    script_free(&script);
    ota_arena_release(&arena);
}

static struct script_answer last_fail(struct script *script, uint32_t device,
                                      int64_t tries)
{
    const uint32_t *good = script->self;

    (void)tries;
    return (struct script_answer){.end_us = OTA_US_PER_MIN,
                                  .kind = device < *good ? OTA_REPORT_SUCCEEDED
                                                         : OTA_REPORT_FAILED,
                                  .cause = OTA_CAUSE_INSTALL};
}

/* Whether a batch of so many with so many good ones is followed. */
static bool follows(int64_t batch, uint32_t good, int64_t pct)
{
    struct gates gates;
    struct script script;

    script_init(&script, (size_t)batch + 10);
    script_wave(&script, 0, 0)->size =
        (struct ota_wave_size){.kind = OTA_SIZE_COUNT, .count = batch};
    script_wave(&script, 1, 0);
    gate(&gates, &script, 0, pct);
    script.answer = last_fail;
    script.self = &good;
    script_run(&script, 2 * minute);
    const struct ota_campaign_record record = script_record(&script);
    const bool opened = record.waves[1].opened_us != OTA_NEVER;
    assert_true(opened != record.halted);
    if (opened)
        assert_int_equal(record.waves[1].opened_us, minute);
    script_free(&script);
    return opened;
}

static void the_gate_is_in_whole_percent(void **state)
{
    (void)state;
    assert_true(follows(31, 30, 95));  /* 96 */
    assert_false(follows(31, 29, 95)); /* 93 */
    assert_true(follows(31, 30, 96));
    assert_false(follows(31, 30, 97));
    assert_true(follows(100, 96, 95));
    assert_false(follows(100, 96, 97)); /* the next batch's own threshold */
}

static void a_person_lets_the_next_batch_begin(void **state)
{
    struct gates gates;
    struct script script;
    uint32_t good = 29;

    (void)state;
    script_init(&script, 40);
    script_wave(&script, 0, 0)->size =
        (struct ota_wave_size){.kind = OTA_SIZE_COUNT, .count = 31};
    script_wave(&script, 1, 0);
    gate(&gates, &script, 0, 95);
    script.answer = last_fail;
    script.self = &good;
    script.policy.operator.approves = true;
    script.policy.operator.approve =
        ota_dist_fixed(OTA_TIME, (double)OTA_US_PER_H);
    script_run(&script, OTA_US_PER_DAY);
    const struct ota_campaign_record record = script_record(&script);
    assert_int_equal(record.stop_us, minute);
    assert_int_equal(record.waves[1].opened_us, OTA_US_PER_H + minute);
    assert_int_equal(record.approvals, 1);
    script_free(&script);
}

/* --- the disruption budget --- */

struct busy {
    int64_t now[3], most[3];
};

static uint32_t unit_of(uint32_t device)
{
    return device < 5 ? 0 : device < 7 ? 1 : 2;
}

static void counts_offers(struct script *script, const struct ota_order *order)
{
    struct busy *busy = script->self;
    const uint32_t unit = unit_of(order->device);

    if (order->kind == OTA_ORDER_OFFER && script->now_us == 0)
        busy->now[unit]++;
}

static void a_store_keeps_some_available(void **state)
{
    struct busy busy = {0};
    struct script script;

    (void)state;
    script_init(&script, 8);
    script.self = &busy;
    script.world.self = &script;
    script.world.attribute_of = site_of;
    script.sees = counts_offers;
    script.policy.pace.in_flight.max = 10;
    script.policy.pace.in_flight.min_available = 2;
    script.policy.pace.in_flight.unit = OTA_PER_LABEL;
    script.policy.pace.in_flight.label = "site";
    script.policy.pace.every_us = 30 * OTA_US_PER_S;
    script_run(&script, 0);
    /* Stores of 5, 2 and 1. */
    assert_int_equal(busy.now[0], 3);
    assert_int_equal(busy.now[1], 1);
    assert_int_equal(busy.now[2], 1);
    script_run(&script, 10 * minute);
    assert_int_equal(script_count(&script, OTA_COUNT_SUCCEEDED), 8);
    /* The second round is at the tick of the first ones' end. */
    assert_int_equal(script_record(&script).finished_us, 2 * minute);
    script_free(&script);
}

static void counts_grants(struct script *script, const struct ota_order *order)
{
    struct busy *busy = script->self;
    const uint32_t unit = unit_of(order->device);

    if (order->kind == OTA_ORDER_GRANT && ++busy->now[unit] > busy->most[unit])
        busy->most[unit] = busy->now[unit];
}

static void a_store_counts_those_that_have_started(void **state)
{
    struct busy busy = {0};
    struct script script;

    (void)state;
    script_init(&script, 8);
    script.self = &busy;
    script.world.self = &script;
    script.world.attribute_of = site_of;
    script.sees = counts_grants;
    script.policy.pace.in_flight.max = 2;
    script.policy.pace.in_flight.unit = OTA_PER_LABEL;
    script.policy.pace.in_flight.label = "site";
    script.policy.pace.in_flight.counts = OTA_SLOT_STARTED;
    script_run(&script, 0);
    /* All are offered the update, and two a store begin. */
    assert_int_equal(script.orders[OTA_ORDER_OFFER], 8);
    assert_int_equal(busy.now[0], 2);
    assert_int_equal(busy.now[1], 2);
    assert_int_equal(busy.now[2], 1);
    script_run(&script, minute);
    assert_int_equal(busy.now[0], 4);
    script_run(&script, OTA_US_PER_H);
    assert_int_equal(script_record(&script).finished_us, 3 * minute);
    script_free(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_cumulative),
        cmocka_unit_test(the_gate_is_in_whole_percent),
        cmocka_unit_test(a_person_lets_the_next_batch_begin),
        cmocka_unit_test(a_store_keeps_some_available),
        cmocka_unit_test(a_store_counts_those_that_have_started),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
