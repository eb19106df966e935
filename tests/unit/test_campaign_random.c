/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_campaign_random.c - whatever the policy and whatever devices say, what
 * a campaign says of itself adds up.
 *
 * Random policies meet devices with random answers. After each instant: counts
 * of waves are those of the rollout, none is negative, no more are terminal
 * than there are; limits hold; orders come at the instant and none is an offer
 * behind a stop.
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

enum { CASES = 800, DEVICES = 120, SITES = 7 };

struct checked {
    gsl_rng *rng;
    struct ota_policy_pace own;
    struct ota_rule rules[4];
    struct ota_condition parts[2];
    struct ota_minimum minimum;
    struct ota_lane lane;
    struct ota_arena arena;
    bool limit_fixed; /* no rule changes it */
    int64_t most;     /* in flight; 0: no limit that this test can tell */
    double silent, bad;
};

static uint64_t below(struct checked *checked, uint64_t n)
{
    return gsl_rng_uniform_int(checked->rng, n);
}

static bool chance(struct checked *checked, double share)
{
    return gsl_rng_uniform(checked->rng) < share;
}

static const char *site(void *self, uint64_t device, const char *key,
                        char *buffer, size_t size)
{
    (void)self;
    if (strcmp(key, "site") != 0)
        return "";
    snprintf(buffer, size, "s%u", (unsigned)(device % SITES));
    return buffer;
}

/* Devices of the last tenth join later. */
static bool is_there(void *self, uint32_t device)
{
    (void)self;
    return device < DEVICES - DEVICES / 10;
}

static struct script_answer any_answer(struct script *script, uint32_t device,
                                       int64_t tries)
{
    struct checked *checked = script->self;
    static const enum ota_report_kind kinds[] = {
        OTA_REPORT_SUCCEEDED, OTA_REPORT_FAILED, OTA_REPORT_REFUSED,
        OTA_REPORT_CURRENT};
    /* The script asks twice: an answer is a function of who and when. */
    struct ota_stream stream;

    ota_stream_init(&stream, &script->key, device, OTA_PURPOSE_FREE,
                    (uint64_t)tries);
    if (gsl_rng_uniform(&stream.rng) < checked->silent)
        return (struct script_answer){.start_us = OTA_NEVER,
                                      .end_us = OTA_NEVER};
    const bool bad = gsl_rng_uniform(&stream.rng) < checked->bad;
    const uint64_t start = gsl_rng_uniform_int(&stream.rng, 4);
    const uint64_t end = gsl_rng_uniform_int(&stream.rng, 40);
    return (struct script_answer){
        .start_us = (int64_t)start * OTA_US_PER_MIN,
        .end_us = end == 0 ? OTA_NEVER : (int64_t)end * OTA_US_PER_MIN / 2,
        .kind =
            (uint8_t)kinds[bad ? 1 + gsl_rng_uniform_int(&stream.rng, 3) : 0],
        .cause = (uint8_t)gsl_rng_uniform_int(&stream.rng, OTA_CAUSES)};
}

static void check_counts(const struct ota_counts *counts)
{
    for (size_t i = 0; i < OTA_COUNTERS_KEPT; i++)
        assert_true(counts->kept[i] >= 0);
    const int64_t total = counts->kept[OTA_COUNT_TOTAL];
    assert_true(counts->kept[OTA_COUNT_OFFERED] <= total);
    assert_true(counts->kept[OTA_COUNT_STARTED] <=
                counts->kept[OTA_COUNT_OFFERED]);
    assert_true(counts->kept[OTA_COUNT_ON_TARGET] <= total);
    assert_true(counts->kept[OTA_COUNT_BLOCKED] <= total);
    assert_true(ota_count(counts, OTA_COUNT_TERMINAL) - counts->repeats <=
                total);
    assert_true(ota_count(counts, OTA_COUNT_IN_FLIGHT) >= 0);
}

static void checks(struct script *script, int64_t now_us)
{
    const struct ota_campaign_record record = script_record(script);
    int64_t sum[OTA_COUNTERS_KEPT] = {0};

    assert_true(ota_campaign_next_us(script->campaign) > now_us);
    check_counts(&record.counts);
    for (size_t w = 0; w < record.wave_count; w++) {
        check_counts(&record.waves[w].counts);
        for (size_t i = 0; i < OTA_COUNTERS_KEPT; i++)
            sum[i] += record.waves[w].counts.kept[i];
    }
    for (size_t i = 0; i < OTA_COUNTERS_KEPT; i++)
        assert_true(sum[i] <= record.counts.kept[i]);
    const struct checked *checked = script->self;
    if (checked->most > 0)
        assert_true(record.in_flight_peak <= checked->most);
    assert_int_equal(record.offers, script->orders[OTA_ORDER_OFFER]);
    assert_int_equal(record.offers - record.reoffers,
                     record.counts.kept[OTA_COUNT_OFFERED]);
}

static void sees(struct script *script, const struct ota_order *order)
{
    const struct ota_campaign_record record = script_record(script);

    if (order->kind == OTA_ORDER_OFFER)
        assert_true(!record.stopped || record.stop_us >= order->time_us);
}

static void set_waves(struct script *script, struct checked *checked)
{
    static const enum ota_sequence sequences[] = {
        OTA_SEQUENCE_RANDOM, OTA_SEQUENCE_ID, OTA_SEQUENCE_FIRST_SEEN_NEWEST,
        OTA_SEQUENCE_LABEL, OTA_SEQUENCE_LAST_SEEN_NEWEST};
    const size_t waves = 1 + below(checked, 4);
    const bool own_paces = chance(checked, 0.3);

    for (size_t w = 0; w < waves; w++) {
        struct ota_wave *wave = script_wave(script, w, w + 1 < waves ? 25 : 0);
        wave->order = (int)sequences[below(checked, 5)];
        wave->order_key = "site";
        wave->cumulative = chance(checked, 0.3);
        if (chance(checked, 0.2))
            wave->size.kind = OTA_SIZE_BERNOULLI;
        wave->size.of = (int)below(checked, 4);
        wave->start.kind = (enum ota_start_kind)below(checked, 5);
        wave->start.time_us = (int64_t)below(checked, 90) * OTA_US_PER_MIN;
        wave->reachable = chance(checked, 0.2);
        wave->approval = w > 0 && chance(checked, 0.1);
        if (own_paces && chance(checked, 0.5))
            wave->pace = &checked->own;
    }
    struct ota_policy_waves *policy = &script->policy.waves;
    policy->assign = (int)below(checked, 3);
    policy->close = chance(checked, 0.3);
    policy->quota_carry = chance(checked, 0.5);
    policy->fill_by_shares = chance(checked, 0.3);
    if (chance(checked, 0.3))
        policy->repeat = (struct ota_wave_repeat){
            .size = {.kind = OTA_SIZE_COUNT, .count = 10},
            .judge_nominal = chance(checked, 0.5)};
}

static struct ota_policy_pace any_pace(struct checked *checked)
{
    struct ota_policy policy;

    ota_policy_init(&policy);
    struct ota_policy_pace pace = policy.pace;
    if (chance(checked, 0.4))
        pace.rate =
            (struct ota_policy_rate){.limited = true,
                                     .base = (double)(1 + below(checked, 20)),
                                     .per_us = OTA_US_PER_MIN,
                                     .max = 100,
                                     .factor = 2,
                                     .every = (int64_t)below(checked, 3) * 20,
                                     .of = (int)below(checked, 3),
                                     .grain = chance(checked, 0.5)};
    if (chance(checked, 0.6)) {
        pace.in_flight.max = 1 + (int64_t)below(checked, 15);
        pace.in_flight.unit =
            chance(checked, 0.5) ? OTA_PER_ROLLOUT : (int)below(checked, 3);
        pace.in_flight.label = "site";
        pace.in_flight.counts =
            chance(checked, 0.4) ? OTA_SLOT_OFFERED : (int)below(checked, 3);
        pace.in_flight.min_available = (int64_t)below(checked, 3);
        if (chance(checked, 0.3)) {
            pace.in_flight.stale_us = 10 * OTA_US_PER_MIN;
            pace.in_flight.sweep_us = 5 * OTA_US_PER_MIN;
        }
        if (chance(checked, 0.2)) {
            pace.lanes = &checked->lane;
            pace.lane_count = 1;
        }
    }
    if (chance(checked, 0.3))
        pace.min_gap_us = 3 * OTA_US_PER_S;
    if (chance(checked, 0.3))
        pace.also_every_us = 2 * OTA_US_PER_MIN;
    if (chance(checked, 0.2))
        pace.every_us = 30 * OTA_US_PER_S;
    pace.late_paced = chance(checked, 0.5);
    return pace;
}

static void set_rules(struct script *script, struct checked *checked)
{
    struct ota_rules *rules = &script->policy.rules;

    checked->minimum = (struct ota_minimum){OTA_COUNT_EXECUTED, 5};
    checked->limit_fixed = true;
    rules->count = below(checked, 5);
    rules->list = checked->rules;
    rules->every_us = chance(checked, 0.5) ? 30 * OTA_US_PER_S : 0;
    rules->math = (enum ota_math)below(checked, 4);
    for (size_t i = 0; i < rules->count; i++) {
        struct ota_rule *rule = &checked->rules[i];
        *rule = (struct ota_rule){
            .scope = (enum ota_scope)below(checked, 2),
            .when = {.kind = (enum ota_condition_kind)below(checked, 4),
                     .counter = (enum ota_counter)below(checked, OTA_COUNTERS),
                     .of = (enum ota_counter)below(checked, OTA_COUNTERS),
                     .op = (enum ota_compare)below(checked, 5),
                     .pct = (int64_t)below(checked, 101) * (OTA_PCT_ALL / 100),
                     .n = (int64_t)below(checked, 60),
                     .age_of = (enum ota_scope)below(checked, 2),
                     .age_us = (int64_t)below(checked, 200) * OTA_US_PER_MIN},
            .minimums = &checked->minimum,
            .minimum_count = chance(checked, 0.5),
            .hold_us = chance(checked, 0.2) ? 7 * OTA_US_PER_MIN : 0,
            .window_last = chance(checked, 0.2) ? 20 : 0,
            .action = {.kind = chance(checked, 0.5)
                                   ? OTA_DO_NEXT_WAVE
                                   : (enum ota_action_kind)below(checked, 8),
                       .evaluate = chance(checked, 0.5),
                       .cancel = (enum ota_cancel)below(checked, 3),
                       .per_minute = (int64_t)below(checked, 2) * 30,
                       .who = (enum ota_back_who)below(checked, 3),
                       .n = 1 + (int64_t)below(checked, 5)},
            .once = chance(checked, 0.8)};
        if (rule->action.kind == OTA_DO_IN_FLIGHT)
            checked->limit_fixed = false;
    }
}

static void set_attempt(struct script *script, struct checked *checked)
{
    struct ota_policy_attempt *attempt = &script->policy.attempt;

    if (chance(checked, 0.4)) {
        attempt->timeout.from_started = chance(checked, 0.5);
        attempt->timeout.after_us = 15 * OTA_US_PER_MIN;
    }
    if (chance(checked, 0.3))
        attempt->timeout.step_us = 6 * OTA_US_PER_MIN;
    if (chance(checked, 0.4)) {
        attempt->retry.failed = (int64_t)below(checked, 3);
        attempt->retry.timed_out = (int64_t)below(checked, 3);
        attempt->retry.next_poll = chance(checked, 0.3);
        attempt->retry.wait_us = (int64_t)below(checked, 20) * OTA_US_PER_MIN;
        attempt->retry.factor = 1.5;
        attempt->retry.count_each = chance(checked, 0.3);
    }
    if (chance(checked, 0.3))
        attempt->penalty =
            (struct ota_policy_penalty){.on_failed_us = 20 * OTA_US_PER_MIN,
                                        .after_attempts = 3,
                                        .block_us = 50 * OTA_US_PER_MIN};
}

static void set_people(struct script *script, struct checked *checked)
{
    struct ota_policy_operator *person = &script->policy.operator;

    person->approves = chance(checked, 0.5);
    person->approve =
        ota_dist_exponential(OTA_TIME, (double)OTA_US_PER_MIN * 20);
    person->resumes = chance(checked, 0.5);
    person->resume =
        ota_dist_exponential(OTA_TIME, (double)OTA_US_PER_MIN * 20);
    if (chance(checked, 0.3))
        person->skip_wave_us = 100 * OTA_US_PER_MIN;
    if (chance(checked, 0.3))
        person->retry_failed_us = 30 * OTA_US_PER_MIN;
    if (chance(checked, 0.3))
        person->trigger_next_us = 60 * OTA_US_PER_MIN;
}

/* How many may be in flight by the rollout's own limit, where nothing goes
 * round it. (Units and lanes are asserted by the campaign itself.) */
static int64_t most_of(const struct script *script,
                       const struct checked *checked)
{
    const struct ota_policy_pace *pace = &script->policy.pace;

    for (size_t w = 0; w < script->policy.waves.count; w++)
        if (script->waves[w].pace)
            return 0;
    if (pace->in_flight.counts != OTA_SLOT_OFFERED || pace->lane_count > 0 ||
        pace->in_flight.unit != OTA_PER_ROLLOUT || !checked->limit_fixed ||
        pace->in_flight.stale_us != OTA_NEVER ||
        (script->policy.target.late == OTA_LATE_IMMEDIATELY &&
         !pace->late_paced))
        return 0;
    return pace->in_flight.max;
}

/* What devices say besides their answers: anything at any time. */
static void add_noise(struct script *script, struct checked *checked)
{
    static const enum ota_report_kind kinds[] = {
        OTA_REPORT_CONTACT,  OTA_REPORT_GONE,      OTA_REPORT_CONTACT,
        OTA_REPORT_PROGRESS, OTA_REPORT_SUCCEEDED, OTA_REPORT_FAILED,
        OTA_REPORT_CURRENT,  OTA_REPORT_LEFT,      OTA_REPORT_STARTED,
        OTA_REPORT_BEGIN,    OTA_REPORT_END};

    for (uint32_t d = DEVICES - DEVICES / 10; d < DEVICES; d++)
        script_report(script, (int64_t)below(checked, 300) * OTA_US_PER_MIN, d,
                      OTA_REPORT_JOINED, 0);
    const uint64_t count = chance(checked, 0.5) ? below(checked, 400) : 0;
    for (uint64_t i = 0; i < count; i++)
        script_report(script, (int64_t)below(checked, 500) * OTA_US_PER_MIN,
                      (uint32_t)below(checked, DEVICES),
                      kinds[below(checked, 11)],
                      (enum ota_cause)below(checked, OTA_CAUSES));
}

static void one_case(uint64_t seed, struct ota_campaign_record *record,
                     bool *limited)
{
    struct ota_stream stream;
    struct checked checked = {0};
    struct script script;
    char problem[100];
    size_t column;

    script_init(&script, DEVICES);
    script.key.seed = seed;
    ota_stream_init(&stream, &script.key, 0, OTA_PURPOSE_FREE, 1U << 20);
    checked.rng = &stream.rng;
    checked.silent = chance(&checked, 0.5) ? 0.1 : 0;
    checked.bad = chance(&checked, 0.5) ? 0.3 : 0.02;
    assert_true(ota_filter_parse("site=s1|site=s2", &checked.arena,
                                 &checked.lane.where, &column, problem,
                                 sizeof problem));
    checked.lane.max = 2;
    script.self = &checked;
    script.world.attribute_of = site;
    script.world.is_there = is_there;
    script.world.end_us = OTA_US_PER_DAY;
    script.answer = any_answer;
    script.checks = checks;
    script.sees = sees;
    checked.own = any_pace(&checked);
    script.policy.pace = any_pace(&checked);
    script.policy.target.late = (int)below(&checked, 4);
    script.policy.target.if_current = (int)below(&checked, 3);
    script.policy.target.leave_removes = chance(&checked, 0.5);
    set_waves(&script, &checked);
    set_rules(&script, &checked);
    set_attempt(&script, &checked);
    set_people(&script, &checked);
    if (chance(&checked, 0.2))
        script.policy.windows.end_us = 200 * OTA_US_PER_MIN;
    checked.most = most_of(&script, &checked);
    add_noise(&script, &checked);
    script_run(&script, OTA_US_PER_DAY);
    *record = script_record(&script);
    record->waves = NULL;
    *limited = checked.most > 0;
    script_free(&script);
    ota_arena_release(&checked.arena);
}

static void everything_adds_up(void **state)
{
    int offered = 0, stopped = 0, halted = 0, finished = 0, limits = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        struct ota_campaign_record once, twice;
        bool limited;
        one_case(seed, &once, &limited);
        offered += once.offers > 0;
        stopped += once.stopped;
        halted += once.halted;
        finished += once.finished_us != OTA_NEVER;
        limits += limited;
        if (seed % 8 != 0)
            continue;
        one_case(seed, &twice, &limited);
        assert_int_equal(once.offers, twice.offers);
        assert_int_equal(once.finished_us, twice.finished_us);
        assert_memory_equal(&once.counts, &twice.counts, sizeof once.counts);
    }
    /* The cases are about something. */
    assert_true(offered > CASES / 2);
    assert_true(stopped > CASES / 20 && halted > CASES / 20);
    assert_true(finished > CASES / 20 && limits > CASES / 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_adds_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
