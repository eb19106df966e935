/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_policy_read.c - policies from JSON and back. Those that must be refused
 * are in tests/scenarios, run by tests/cli/bad_scenarios.sh; whole ones, as
 * platforms have them, in tests/policies.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/policy/cron.h"
#include "sim/base/clock.h"
#include "sim/scenario/policy_read.h"
#include "sim/scenario/scenario.h"
#include "tests/support/small_scenario.h"

static const struct ota_setting labels = {
    "fleet.*.labels", "{\"stage\": \"canary\", \"store\": {\"each\": 5}, "
                      "\"region\": {\"emea\": 0.25, \"us\": 0.75}}"};

/* Reads the small scenario with labels and a policy in a file. */
static void read_file(struct ota_scenario *scenario, const char *name)
{
    char file[64];
    snprintf(file, sizeof(file), "tests/policies/%s.json", name);
    const struct ota_setting settings[] = {labels, {"@policy", file}};
    struct ota_complaints complaints;
    const bool ok = small_read_sets(scenario, settings, 2, &complaints);
    ota_complaints_print(&complaints, stderr);
    assert_true(ok);
}

/* The same with the policy as JSON. */
static bool read_policy(struct ota_scenario *scenario, const char *json,
                        struct ota_complaints *complaints)
{
    const struct ota_setting settings[] = {labels, {"policy", json}};
    return small_read_sets(scenario, settings, 2, complaints);
}

static void read_good(struct ota_scenario *scenario, const char *json)
{
    struct ota_complaints complaints;
    const bool ok = read_policy(scenario, json, &complaints);
    ota_complaints_print(&complaints, stderr);
    assert_true(ok);
}

/* Whether a policy is refused in words that have `about` among them. */
static void refuse(const char *json, const char *path, const char *about)
{
    struct ota_scenario s;
    struct ota_complaints complaints;
    const bool ok = read_policy(&s, json, &complaints);
    if (ok || !strstr(complaints.items[0].message, about) ||
        strcmp(complaints.items[0].place.path, path) != 0)
        ota_complaints_print(&complaints, stderr);
    assert_false(ok);
    assert_string_equal(complaints.items[0].place.path, path);
    assert_non_null(strstr(complaints.items[0].message, about));
}

/* --- there and back ------------------------------------------------------- */

static char *dump(const struct ota_scenario *scenario)
{
    char *json = ota_scenario_to_json(scenario, 0);
    assert_non_null(json);
    return json;
}

static const char *const names[] = {
    "adu",      "aws",    "balena",    "everything",         "flightctl",
    "hawkbit",  "mender", "nerveshub", "nerveshub-workflow", "particle",
    "memfault",
};

static void test_dumps_read_back(void **state)
{
    (void)state;
    char *last = NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct ota_scenario s;
        read_file(&s, names[i]);
        char *once = dump(&s);
        char *twice = small_dump(once);
        assert_string_equal(once, twice);
        if (last)
            assert_string_not_equal(once, last);
        free(last);
        free(twice);
        last = once;
        ota_scenario_release(&s);
    }
    free(last);
}

/* What is left out is what the empty policy is. */
static void test_nothing_is_at_once(void **state)
{
    (void)state;
    struct ota_scenario absent, empty;
    struct ota_complaints complaints;
    assert_true(small_read_sets(&absent, &labels, 1, &complaints));
    read_good(&empty, "{\"x-remark\": 1, \"pace\": {}, \"waves\": {}}");
    assert_true(ota_policy_is_at_once(&absent.fleet.policy));
    assert_true(ota_policy_is_at_once(&empty.fleet.policy));
    char *a = dump(&absent), *b = dump(&empty);
    assert_string_equal(a, b);
    free(a);
    free(b);
    ota_scenario_release(&absent);
    ota_scenario_release(&empty);
}

/* What a file says arrives. */
static void test_everything_is_read(void **state)
{
    (void)state;
    struct ota_scenario s;
    read_file(&s, "everything");
    const struct ota_policy *p = &s.fleet.policy;
    assert_string_equal(p->name, "everything");
    assert_int_equal(p->target.late, OTA_LATE_APPEND_WAVE);
    assert_false(p->target.leave_removes);
    assert_int_equal(p->target.if_current, OTA_CURRENT_FORCE);
    assert_non_null(p->target.where.root);
    assert_true(p->waves.close && p->waves.quota_carry &&
                p->waves.fill_by_shares);
    assert_int_equal(p->waves.assign, OTA_ASSIGN_POLL);
    assert_int_equal(p->waves.round, OTA_ROUND_CEIL);
    assert_int_equal(p->waves.repeat.size.count, 20);
    assert_int_equal(p->waves.repeat.max, 9);
    assert_true(p->pace.rate.limited && p->pace.rate.grain);
    assert_true(p->pace.rate.base == 0.5 && p->pace.rate.max == 10);
    assert_int_equal(p->pace.rate.of, OTA_GROW_EITHER);
    assert_int_equal(p->pace.every_us, 30 * OTA_US_PER_S);
    assert_int_equal(p->pace.lanes[0].max, 2);
    assert_false(p->pace.late_paced);
    assert_int_equal(p->attempt.retry.causes,
                     1 << OTA_CAUSE_INSTALL | 1 << OTA_CAUSE_REFUSED);
    assert_int_equal(p->attempt.penalty.block_us, OTA_US_PER_H);
    assert_int_equal(p->windows.at_end, OTA_END_CANCEL_ALL);
    assert_int_equal(p->windows.offer.list[0].offset_us, -330 * OTA_US_PER_MIN);
    assert_int_equal(p->windows.download.list[0].zone, OTA_ZONE_LOCAL);
    assert_int_equal(p->device.poll_retry.give_up, 12);
    assert_true(p->device.accept.lock_duty == 0.25);
    assert_true(p->device.confirm.report_confirm);
    assert_true(p->transfer.resume_given && !p->transfer.resume);
    assert_int_equal(p->transfer.url_bytes, 2000);
    assert_int_equal(p->operator.resumes_max, 2);
    assert_int_equal(p->operator.retry_failed_max, 3);
    ota_scenario_release(&s);
}

/* --- waves ---------------------------------------------------------------- */

static void test_waves(void **state)
{
    (void)state;
    struct ota_scenario s;
    read_file(&s, "everything");
    const struct ota_wave *w = s.fleet.policy.waves.list;
    assert_int_equal(s.fleet.policy.waves.count, 5);
    assert_string_equal(w[0].name, "one");
    assert_string_equal(w[1].name, "wave 2");
    assert_int_equal(w[0].size.pct, 1);
    assert_int_equal(w[2].size.pct, 12345678);
    assert_int_equal(w[2].size.of, OTA_OF_MATCHED);
    assert_int_equal(w[0].start.time_us, 90 * OTA_US_PER_S);
    assert_int_equal(w[1].start.kind, OTA_START_NEXT);
    assert_int_equal(w[2].start.kind, OTA_START_AFTER_START);
    assert_int_equal(w[3].start.kind, OTA_START_AFTER_END);
    assert_int_equal(w[4].start.kind, OTA_START_APPROVAL);
    assert_true(w[1].approval && !w[0].approval);

    /* What stands beside the list is what waves do not say themselves. */
    assert_int_equal(w[0].order, OTA_SEQUENCE_LAST_SEEN_NEWEST);
    assert_int_equal(w[2].order, OTA_SEQUENCE_LABEL);
    assert_string_equal(w[2].order_key, "store");
    assert_true(!w[0].reachable && w[2].reachable);
    assert_true(!w[0].cumulative && w[2].cumulative);

    /* A wave's pace and rules stand in the place of the rollout's. */
    assert_int_equal(w[0].pace->in_flight.max, 3);
    assert_false(w[0].pace->rate.limited);
    assert_true(w[0].pace->late_paced);
    assert_int_equal(w[0].rules->every_us, OTA_US_PER_H);
    assert_int_equal(w[0].rules->list[0].scope, OTA_SCOPE_WAVE);
    assert_null(w[2].pace);
    assert_null(w[2].rules);
    ota_scenario_release(&s);
}

/* n waves of m devices, each the i-th of what is left: none differs by more
 * than one, whatever the rounding, and thirds of 3k are k. */
static void test_equal_waves(void **state)
{
    (void)state;
    static const char *const rounds[] = {"half_up", "floor", "ceil"};
    for (int round = 0; round < 3; round++)
        for (int n = 1; n <= 12; n++) {
            char json[128];
            snprintf(json, sizeof(json),
                     "{\"waves\": {\"equal\": %d, \"round\": \"%s\"}, "
                     "\"operator\": {\"trigger_next\": {\"age\": \"1d\"}}}",
                     n, rounds[round]);
            struct ota_scenario s;
            read_good(&s, json);
            const struct ota_policy_waves *waves = &s.fleet.policy.waves;
            assert_int_equal(waves->count, n);
            const long devices = n * 1000003L;
            long double left = (long double)devices;
            for (int i = 0; i + 1 < n; i++) {
                const struct ota_wave_size *size = &waves->list[i].size;
                assert_int_equal(size->kind, OTA_SIZE_PCT);
                assert_int_equal(size->of, OTA_OF_REMAINING);
                const long double share =
                    left * (long double)size->pct / (long double)OTA_PCT_ALL;
                const long double takes = round == 0   ? floorl(share + 0.5L)
                                          : round == 1 ? floorl(share)
                                                       : ceill(share);
                assert_int_equal((long)takes, 1000003L);
                left -= takes;
            }
            assert_int_equal(waves->list[n - 1].size.kind, OTA_SIZE_REST);
            ota_scenario_release(&s);
        }
}

/* --- values --------------------------------------------------------------- */

/* Times as platforms write them, in the place of attempt.timeout.after. */
static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t time_us;
    } cases[] = {
        {"\"90s\"", 90 * OTA_US_PER_S},
        {"\"30m\"", 30 * OTA_US_PER_MIN},
        {"\"30min\"", 30 * OTA_US_PER_MIN},
        {"\"1440 m\"", OTA_US_PER_DAY},
        {"\"2h\"", 2 * OTA_US_PER_H},
        {"\"7d\"", 7 * OTA_US_PER_DAY},
        {"3600", OTA_US_PER_H},
        {"0.5", OTA_US_PER_S / 2},
        {"\"5ms\"", 5 * OTA_US_PER_MS},
        {"\"never\"", OTA_NEVER},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char json[128];
        snprintf(json, sizeof(json),
                 "{\"attempt\": {\"timeout\": {\"after\": %s}}}",
                 cases[i].text);
        struct ota_scenario s;
        read_good(&s, json);
        assert_int_equal(s.fleet.policy.attempt.timeout.after_us,
                         cases[i].time_us);
        ota_scenario_release(&s);
    }
    refuse("{\"attempt\": {\"timeout\": {\"after\": \"30x\"}}}",
           "policy.attempt.timeout.after", "");
    refuse("{\"attempt\": {\"timeout\": {\"after\": -1}}}",
           "policy.attempt.timeout.after", "");
}

static void test_distributions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double mean_s;
    } cases[] = {
        {"\"uniform(3s, 20s)\"", 11.5},
        {"{\"exp\": \"2d\"}", 172800},
        {"{\"exp\": 60}", 60},
        {"{\"uniform\": \"60s\"}", 30},
        {"\"uniform(1m, 3m)\"", 120},
        {"90", 90},
        {"\"1m\"", 60},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char json[128];
        snprintf(json, sizeof(json),
                 "{\"device\": {\"learn\": {\"by\": \"poll\", \"every\": "
                 "%s}}}",
                 cases[i].text);
        struct ota_scenario s;
        read_good(&s, json);
        const struct ota_dist *every = &s.fleet.policy.device.learn.every;
        assert_true(fabs(ota_dist_mean(every) / 1e6 - cases[i].mean_s) < 1e-6);
        ota_scenario_release(&s);
    }
}

/* A percentage goes both ways: 5 min and 10 % are 4.5 to 5.5 min. */
static void test_jitter_in_percent(void **state)
{
    (void)state;
    struct ota_scenario s;
    read_file(&s, "hawkbit");
    const struct ota_policy_learn *learn = &s.fleet.policy.device.learn;
    assert_true(ota_dist_least(&learn->every) == 270e6);
    assert_true(ota_dist_most(&learn->every) == 330e6);
    assert_true(ota_dist_most(&learn->jitter) == 0);
    ota_scenario_release(&s);
}

static void test_percentages(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t pct;
    } cases[] = {{"0", 0},
                 {"100", OTA_PCT_ALL},
                 {"0.1", 100000},
                 {"33.333333", 33333333},
                 {"\"2.5%\"", 2500000},
                 {"1e1", 10000000}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char json[192];
        snprintf(json, sizeof(json),
                 "{\"rules\": {\"list\": [{\"if\": {\"share\": \"failed\", "
                 "\"of\": \"total\", \"op\": \">=\", \"pct\": %s}, \"do\": "
                 "\"finish\"}]}}",
                 cases[i].text);
        struct ota_scenario s;
        read_good(&s, json);
        assert_int_equal(s.fleet.policy.rules.list[0].when.pct, cases[i].pct);
        ota_scenario_release(&s);
    }
}

/* --- rules ---------------------------------------------------------------- */

static void test_rules(void **state)
{
    (void)state;
    struct ota_scenario s;
    read_file(&s, "everything");
    const struct ota_rules *rules = &s.fleet.policy.rules;
    assert_int_equal(rules->count, 5);
    assert_int_equal(rules->math, OTA_MATH_CEIL_COUNT);
    assert_int_equal(rules->every_us, 0);

    const struct ota_rule *r = rules->list;
    assert_int_equal(r[0].scope, OTA_SCOPE_WAVE);
    assert_int_equal(r[0].hold_us, OTA_US_PER_H);
    assert_int_equal(r[0].window_last, 100);
    assert_false(r[0].once);
    assert_int_equal(r[0].minimum_count, 2);
    assert_int_equal(r[0].minimums[1].counter, OTA_COUNT_OFFERED);
    assert_int_equal(r[0].minimums[1].n, 20);
    assert_int_equal(r[0].when.kind, OTA_IF_NOT);
    const struct ota_condition *share = r[0].when.parts;
    assert_int_equal(share->kind, OTA_IF_SHARE);
    assert_int_equal(share->counter, OTA_COUNT_BAD);
    assert_int_equal(share->of, OTA_COUNT_EXECUTED);
    assert_int_equal(share->pct, 2500000);
    assert_int_equal(r[0].action.kind, OTA_DO_NEXT_WAVE);

    assert_int_equal(r[1].scope, OTA_SCOPE_ROLLOUT);
    assert_true(r[1].once);
    assert_int_equal(r[1].window_us, 2 * OTA_US_PER_H);
    assert_int_equal(r[1].when.kind, OTA_IF_SPRT);
    assert_int_equal(r[1].when.counter, OTA_COUNT_FAILED);
    assert_true(r[1].when.p1 == 0.05 && r[1].when.verdict_bad);
    assert_int_equal(r[1].action.who, OTA_BACK_UPDATED);
    assert_int_equal(r[1].action.cancel, OTA_CANCEL_QUEUED);
    assert_int_equal(r[1].action.per_minute, 50);

    assert_true(r[2].action.evaluate);
    assert_int_equal(r[2].when.op, OTA_EQUAL);
    assert_int_equal(r[3].action.kind, OTA_DO_RATE);
    assert_int_equal(r[3].action.n, 100);
    assert_int_equal(r[3].when.op, OTA_LESS);
    assert_int_equal(r[4].when.kind, OTA_IF_COMPLETE);
    assert_int_equal(r[4].action.kind, OTA_DO_IN_FLIGHT);
    ota_scenario_release(&s);
}

/* A rollback takes back what is under way, unless it says otherwise. */
static void test_rollback_cancels(void **state)
{
    (void)state;
    struct ota_scenario s;
    read_file(&s, "adu");
    const struct ota_rule *rule = s.fleet.policy.rules.list;
    assert_int_equal(rule->action.kind, OTA_DO_ROLLBACK);
    assert_int_equal(rule->action.cancel, OTA_CANCEL_ALL);
    assert_int_equal(rule->when.part_count, 2);
    ota_scenario_release(&s);
}

/* --- files and settings --------------------------------------------------- */

/* Settings go over a file that stands before them. */
static void test_settings_over_a_file(void **state)
{
    (void)state;
    const struct ota_setting settings[] = {
        {"@policy", "tests/policies/aws.json"},
        {"policy.pace.rate.base", "80"},
        {"policy.attempt.timeout.after", "3600"},
        {"policy.rules.list.0.if.pct", "30"}};
    struct ota_scenario s;
    struct ota_complaints complaints;
    const bool ok = small_read_sets(&s, settings, 4, &complaints);
    ota_complaints_print(&complaints, stderr);
    assert_true(ok);
    const struct ota_policy *p = &s.fleet.policy;
    assert_true(p->pace.rate.base == 80 && p->pace.rate.max == 1000);
    assert_int_equal(p->attempt.timeout.after_us, OTA_US_PER_H);
    assert_int_equal(p->rules.list[0].when.pct, 30000000);
    ota_scenario_release(&s);
}

/* Complaints point into the file; so do those of one that does not read. */
static void test_complaints_name_the_file(void **state)
{
    (void)state;
    const struct ota_setting settings[] = {
        {"@policy", "tests/policies/flightctl.json"}};
    struct ota_scenario s;
    struct ota_complaints complaints;
    assert_false(small_read_sets(&s, settings, 1, &complaints));
    assert_string_equal(complaints.items[0].place.file,
                        "tests/policies/flightctl.json");
    assert_int_equal(complaints.items[0].place.line, 4);
    assert_string_equal(complaints.items[0].place.path,
                        "policy.waves.list[0].where");
    assert_non_null(strstr(complaints.items[0].message, "\"stage\""));

    const struct ota_setting none[] = {{"@policy", "tests/policies/no.json"}};
    assert_false(small_read_sets(&s, none, 1, &complaints));
    assert_string_equal(complaints.items[0].place.file,
                        "tests/policies/no.json");
    assert_non_null(strstr(complaints.items[0].message, "cannot be read"));
}

/* --- labels, costs -------------------------------------------------------- */

static void test_groups(void **state)
{
    (void)state;
    const struct ota_setting settings[] = {
        labels,
        {"fleet.a.joins", "uniform(0s, 3d)"},
        {"fleet.b.utc_offset", "-5h"},
        {"image", "{\"fate\": \"fails\", \"where\": \"region=us\"}"},
        {"backend.report_delay", "exponential(30s)"},
        {"costs.operator_hour", "60USD"}};
    struct ota_scenario s;
    struct ota_complaints complaints;
    assert_true(small_read_sets(&s, settings, 6, &complaints));
    const struct ota_group *g = s.fleet.groups;
    assert_int_equal(g[0].label_count, 3);
    assert_string_equal(g[0].labels[0].values[0].text, "canary");
    assert_true(g[0].labels[0].values[0].share == 1);
    assert_int_equal(g[0].labels[1].each, 5);
    assert_string_equal(g[0].labels[2].values[1].text, "us");
    assert_true(g[0].labels[2].values[1].share == 0.75);
    assert_true(ota_dist_most(&g[0].joins) == 3.0 * (double)OTA_US_PER_DAY);
    assert_true(ota_dist_most(&g[1].joins) == 0);
    assert_int_equal(g[1].utc_offset_us, -5 * OTA_US_PER_H);
    assert_int_equal(s.fleet.image.fate, OTA_IMAGE_FAILS);
    assert_string_equal(s.fleet.image.where.text, "region=us");
    assert_true(ota_dist_mean(&s.fleet.backend.report_delay) == 30e6);
    assert_true(ota_dist_mean(&s.costs.site_visit) == 500e6);
    assert_int_equal(s.costs.operator_hour_uusd, 60000000);
    char *once = dump(&s);
    char *twice = small_dump(once);
    assert_string_equal(once, twice);
    free(once);
    free(twice);
    ota_scenario_release(&s);
}

/* --- what is refused by settings ------------------------------------------ */

static void test_refusals(void **state)
{
    (void)state;
    refuse("{\"target\": {\"wher\": \"id<5\"}}", "policy.target.wher",
           "did you mean \"where\"?");
    refuse("{\"rate\": {}}", "policy.rate", "it belongs into policy.pace");
    refuse("{\"waves\": {\"list\": []}}", "policy.waves.list", "is empty");
    refuse("{\"policy\": 2}", "policy.policy", "version");
    refuse("{\"pace\": {\"in_flight\": {\"unit\": \"label:stor\", \"max\": "
           "3}}}",
           "policy.pace.in_flight.unit", "did you mean \"store\"?");
}

/* The reference names every key, the schema too. */
static void visit_keys(void *self, const struct ota_vocab_block *block)
{
    const char *text = self;
    for (const struct ota_vocab_item *i = block->items; i->field.name; i++) {
        char line[96];
        snprintf(line, sizeof(line), "\n  %s: ", i->field.name);
        if (!strstr(text, line))
            fail_msg("%s.%s is not in the reference", block->path,
                     i->field.name);
    }
}

static void test_reference(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    ota_policy_print(out);
    assert_int_equal(fclose(out), 0);
    ota_vocab_walk(visit_keys, text);
    assert_non_null(strstr(text, "\npolicy.rules.list[].if: asks a"));
    assert_non_null(strstr(text, "\npolicy.windows.offer[]"));
    assert_null(strstr(text, "(null)"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dumps_read_back),
        cmocka_unit_test(test_nothing_is_at_once),
        cmocka_unit_test(test_everything_is_read),
        cmocka_unit_test(test_waves),
        cmocka_unit_test(test_equal_waves),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_distributions),
        cmocka_unit_test(test_jitter_in_percent),
        cmocka_unit_test(test_percentages),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_rollback_cancels),
        cmocka_unit_test(test_settings_over_a_file),
        cmocka_unit_test(test_complaints_name_the_file),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
