/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rules.c - looks at rules.
 *
 * Counts come in with each look; a judge remembers only what they do not tell:
 * since when a rule is true, whether it has acted, the outcomes in windows
 * (window.h), and how many good and bad ones a sequential test has heard. The
 * log likelihood ratio is taken from these two counts and so has no sum of
 * rounding errors: bad ln(p1/p0) + good ln((1-p1)/(1-p0)), decided at
 * ln((1-beta)/alpha) and ln(beta/(1-alpha)). Source: A. Wald: Sequential Tests
 * of Statistical Hypotheses. Ann. Math. Stat. 16 (1945), 117-186.
 */
#include "models/policy/rules.h"

#include <assert.h>
#include <math.h>

#include "models/policy/window.h"
#include "sim/base/clock.h"

/* --- arithmetic ---------------------------------------------------------- */

static bool holds(enum ota_compare op, int order)
{
    switch (op) {
    case OTA_AT_LEAST:
        return order >= 0;
    case OTA_MORE:
        return order > 0;
    case OTA_AT_MOST:
        return order <= 0;
    case OTA_LESS:
        return order < 0;
    default:
        return order == 0;
    }
}

static int order_of(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* As hawkBit does: float over float, against a percentage over 100. */
static int float32_order(int64_t n, int64_t of, int64_t pct)
{
    const float share = (float)n / (float)of;
    const float one_pct = (float)(OTA_PCT_ALL / 100);
    const float threshold = (float)pct / one_pct / 100.0F;

    return (share > threshold) - (share < threshold);
}

bool ota_share_compares(int64_t n, int64_t of, enum ota_compare op, int64_t pct,
                        enum ota_math math)
{
    const int64_t one_pct = OTA_PCT_ALL / 100;
    int64_t limit;

    if (of == 0)
        return false;
    assert(n >= 0 && of > 0 && n < INT64_MAX / OTA_PCT_ALL &&
           of < INT64_MAX / OTA_PCT_ALL && pct >= 0 && pct <= OTA_PCT_ALL);
    switch (math) {
    case OTA_MATH_FLOOR_PCT:
        return holds(op, order_of(100 * n / of * one_pct, pct));
    case OTA_MATH_CEIL_COUNT:
        limit = (pct * of + OTA_PCT_ALL - 1) / OTA_PCT_ALL;
        return holds(op, order_of(n, limit > 1 ? limit : 1));
    case OTA_MATH_FLOAT32:
        return holds(op, float32_order(n, of, pct));
    default:
        return holds(op, order_of(n * OTA_PCT_ALL, pct * of));
    }
}

struct ota_sprt ota_sprt_of(double p0, double p1, double alpha, double beta)
{
    assert(0 < p0 && p0 < p1 && p1 < 1 && alpha > 0 && beta > 0 &&
           alpha + beta < 1);
    return (struct ota_sprt){
        .per_bad = log(p1 / p0),
        .per_good = log1p(-p1) - log1p(-p0),
        .bad_at = log((1 - beta) / alpha),
        .good_at = log(beta / (1 - alpha)),
    };
}

/* --- a judge ------------------------------------------------------------- */

enum verdict { VERDICT_NONE, VERDICT_BAD, VERDICT_GOOD };

/* A sequential test of a rule. */
struct test {
    const struct ota_condition *condition;
    size_t rule; /* from 0 */
    struct ota_sprt sprt;
    int64_t bad, good; /* heard; unused over a window */
    enum verdict verdict;
};

struct rule_state {
    bool acted;
    int64_t since_us;         /* true since then; OTA_NEVER: is not */
    struct ota_window window; /* empty if the rule has none */
};

struct ota_judge {
    const struct ota_rules *rules;
    enum ota_scope scope;
    struct rule_state *states; /* a rule each */
    struct test *tests;
    size_t test_count;
};

static size_t count_tests(const struct ota_condition *condition)
{
    size_t count = condition->kind == OTA_IF_SPRT;

    for (size_t i = 0; i < condition->part_count; i++)
        count += count_tests(&condition->parts[i]);
    return count;
}

/* Adds the tests of a condition to the judge's. */
static void add_tests(struct ota_judge *judge, size_t rule,
                      const struct ota_condition *condition)
{
    if (condition->kind == OTA_IF_SPRT)
        judge->tests[judge->test_count++] = (struct test){
            .condition = condition,
            .rule = rule,
            .sprt = ota_sprt_of(condition->p0, condition->p1, condition->alpha,
                                condition->beta),
        };
    for (size_t i = 0; i < condition->part_count; i++)
        add_tests(judge, rule, &condition->parts[i]);
}

/* Whether the rule is one for the judge's scope. */
static bool is_mine(const struct ota_judge *judge, size_t rule)
{
    return judge->rules->list[rule].scope == judge->scope;
}

struct ota_judge *ota_judge_new(const struct ota_rules *rules,
                                enum ota_scope scope, struct ota_arena *arena)
{
    struct ota_judge *judge = ota_arena_alloc(arena, 1, sizeof *judge);
    size_t tests = 0;

    if (!judge)
        return NULL;
    judge->rules = rules;
    judge->scope = scope;
    for (size_t i = 0; i < rules->count; i++)
        if (is_mine(judge, i))
            tests += count_tests(&rules->list[i].when);
    /* At least one of each, so that NULL always means no memory. */
    judge->states =
        ota_arena_alloc(arena, rules->count + 1, sizeof *judge->states);
    judge->tests = ota_arena_alloc(arena, tests + 1, sizeof *judge->tests);
    if (!judge->states || !judge->tests)
        return NULL;

    for (size_t i = 0; i < rules->count; i++) {
        const struct ota_rule *rule = &rules->list[i];
        if (!is_mine(judge, i))
            continue;
        add_tests(judge, i, &rule->when);
        if (!ota_window_init(&judge->states[i].window, rule->window_last,
                             rule->window_us, arena))
            return NULL;
    }
    ota_judge_reset(judge);
    return judge;
}

void ota_judge_reset(struct ota_judge *judge)
{
    for (size_t i = 0; i < judge->rules->count; i++) {
        judge->states[i].acted = false;
        judge->states[i].since_us = OTA_NEVER;
        ota_window_clear(&judge->states[i].window);
    }
    for (size_t i = 0; i < judge->test_count; i++) {
        judge->tests[i].bad = judge->tests[i].good = 0;
        judge->tests[i].verdict = VERDICT_NONE;
    }
}

/* --- outcomes ------------------------------------------------------------ */

/* Whether an outcome is one of those that a counter counts. */
static bool counts_in(enum ota_counter counter, enum ota_counter outcome)
{
    const bool is_bad = outcome == OTA_COUNT_FAILED ||
                        outcome == OTA_COUNT_REJECTED ||
                        outcome == OTA_COUNT_TIMED_OUT;

    if (counter >= OTA_COUNT_SUCCEEDED && counter <= OTA_COUNT_SKIPPED)
        return counter == outcome;
    if (counter == OTA_COUNT_BAD)
        return is_bad;
    if (counter == OTA_COUNT_EXECUTED)
        return is_bad || outcome == OTA_COUNT_SUCCEEDED;
    return true;
}

static void test_decide(struct test *test, int64_t bad, int64_t good)
{
    const double ratio =
        (double)bad * test->sprt.per_bad + (double)good * test->sprt.per_good;

    if (test->verdict != VERDICT_NONE)
        return;
    if (ratio >= test->sprt.bad_at)
        test->verdict = VERDICT_BAD;
    else if (ratio <= test->sprt.good_at)
        test->verdict = VERDICT_GOOD;
}

static void test_outcome(struct test *test, const struct ota_window *window,
                         enum ota_counter outcome)
{
    const struct ota_condition *condition = test->condition;

    if (ota_window_is_on(window)) {
        int64_t bad = 0, good = 0;
        for (enum ota_counter i = OTA_COUNT_SUCCEEDED; i <= OTA_COUNT_SKIPPED;
             i++) {
            if (!counts_in(condition->of, i))
                continue;
            if (counts_in(condition->counter, i))
                bad += ota_window_count(window, i);
            else
                good += ota_window_count(window, i);
        }
        test_decide(test, bad, good);
        return;
    }
    if (!counts_in(condition->of, outcome))
        return;
    if (counts_in(condition->counter, outcome))
        test->bad++;
    else
        test->good++;
    test_decide(test, test->bad, test->good);
}

void ota_judge_outcome(struct ota_judge *judge, int64_t now_us,
                       enum ota_counter outcome)
{
    assert(outcome >= OTA_COUNT_SUCCEEDED && outcome <= OTA_COUNT_SKIPPED);
    for (size_t i = 0; i < judge->rules->count; i++)
        ota_window_add(&judge->states[i].window, now_us, outcome);
    for (size_t i = 0; i < judge->test_count; i++) {
        struct test *test = &judge->tests[i];
        test_outcome(test, &judge->states[test->rule].window, outcome);
    }
}

/* --- conditions ---------------------------------------------------------- */

/* What a condition is looked at with. */
struct look {
    const struct ota_judge *judge;
    const struct ota_judge_view *view;
    size_t rule;
    struct ota_counts counts; /* over the rule's window */
};

/* A counter over the rule's window. */
static int64_t look_count(const struct look *look, enum ota_counter counter)
{
    /* A window has no offers, so what is in flight is the scope's. */
    return ota_count(counter == OTA_COUNT_IN_FLIGHT ? look->view->counts
                                                    : &look->counts,
                     counter);
}

static int64_t began_us(const struct ota_judge_view *view, enum ota_scope scope)
{
    return scope == OTA_SCOPE_WAVE ? view->wave_us : view->rollout_us;
}

static bool is_old(const struct ota_condition *condition,
                   const struct ota_judge_view *view)
{
    const int64_t from_us = began_us(view, condition->age_of);

    return from_us != OTA_NEVER &&
           holds(condition->op,
                 order_of(view->now_us - from_us, condition->age_us));
}

static bool is_complete(const struct ota_counts *counts)
{
    return ota_count(counts, OTA_COUNT_TERMINAL) - counts->repeats >=
           ota_count(counts, OTA_COUNT_TOTAL);
}

static bool is_decided(const struct look *look,
                       const struct ota_condition *condition)
{
    const enum verdict wanted =
        condition->verdict_bad ? VERDICT_BAD : VERDICT_GOOD;

    for (size_t i = 0; i < look->judge->test_count; i++) {
        const struct test *test = &look->judge->tests[i];
        if (test->condition == condition && test->rule == look->rule)
            return test->verdict == wanted;
    }
    assert(false);
    return false;
}

static bool is_true(const struct look *look,
                    const struct ota_condition *condition)
{
    switch (condition->kind) {
    case OTA_IF_SHARE:
        return ota_share_compares(look_count(look, condition->counter),
                                  look_count(look, condition->of),
                                  condition->op, condition->pct,
                                  look->judge->rules->math);
    case OTA_IF_COUNT:
        return holds(
            condition->op,
            order_of(look_count(look, condition->counter), condition->n));
    case OTA_IF_COMPLETE:
        return is_complete(look->view->counts);
    case OTA_IF_AGE:
        return is_old(condition, look->view);
    case OTA_IF_SPRT:
        return is_decided(look, condition);
    case OTA_IF_NOT:
        return !is_true(look, &condition->parts[0]);
    case OTA_IF_ALL:
    case OTA_IF_ANY:
        break;
    }

    const bool is_any = condition->kind == OTA_IF_ANY;
    for (size_t i = 0; i < condition->part_count; i++)
        if (is_true(look, &condition->parts[i]) == is_any)
            return is_any;
    return !is_any;
}

/* --- looking ------------------------------------------------------------- */

static bool has_minimums(const struct ota_rule *rule,
                         const struct ota_counts *counts)
{
    for (size_t i = 0; i < rule->minimum_count; i++)
        if (ota_count(counts, rule->minimums[i].counter) < rule->minimums[i].n)
            return false;
    return true;
}

static bool rule_is_true(const struct ota_judge *judge, size_t rule,
                         const struct ota_judge_view *view)
{
    const struct ota_window *window = &judge->states[rule].window;
    struct look look = {judge, view, rule, *view->counts};

    if (!has_minimums(&judge->rules->list[rule], view->counts))
        return false;
    if (ota_window_is_on(window))
        for (enum ota_counter i = OTA_COUNT_SUCCEEDED; i <= OTA_COUNT_SKIPPED;
             i++)
            look.counts.kept[i] = ota_window_count(window, i);
    return is_true(&look, &judge->rules->list[rule].when);
}

/* Whether the rule is true for long enough; keeps since when it is. */
static bool rule_holds(struct ota_judge *judge, size_t rule,
                       const struct ota_judge_view *view)
{
    struct rule_state *state = &judge->states[rule];

    if (!rule_is_true(judge, rule, view)) {
        state->since_us = OTA_NEVER;
        return false;
    }
    if (state->since_us == OTA_NEVER)
        state->since_us = view->now_us;
    return view->now_us - state->since_us >= judge->rules->list[rule].hold_us;
}

const struct ota_rule *ota_judge_look(struct ota_judge *judge,
                                      const struct ota_judge_view *view)
{
    const struct ota_rule *acts = NULL;

    for (size_t i = 0; i < judge->rules->count; i++)
        ota_window_move(&judge->states[i].window, view->now_us);
    for (size_t i = 0; i < judge->rules->count; i++) {
        const struct ota_rule *rule = &judge->rules->list[i];
        if (!is_mine(judge, i) || judge->states[i].acted ||
            (acts && rule->hold_us == 0) || !rule_holds(judge, i, view) || acts)
            continue;
        acts = rule;
        judge->states[i].acted = rule->once;
        judge->states[i].since_us = view->now_us;
    }
    return acts;
}

/* --- what time alone changes --------------------------------------------- */

/* The first instant after now_us at which an age in the condition flips. */
static int64_t age_flips_us(const struct ota_condition *condition,
                            const struct ota_judge_view *view)
{
    int64_t next_us = OTA_NEVER;

    for (size_t i = 0; i < condition->part_count; i++)
        next_us = ota_us_min(next_us, age_flips_us(&condition->parts[i], view));
    if (condition->kind != OTA_IF_AGE)
        return next_us;

    /* ">=" and "<" flip at the age, ">" and "<=" a tick later, "==" at both. */
    const int64_t at_us =
        ota_us_add(began_us(view, condition->age_of), condition->age_us);
    const bool later =
        condition->op == OTA_MORE || condition->op == OTA_AT_MOST;
    if (at_us > view->now_us && !later)
        return ota_us_min(next_us, at_us);
    if (at_us >= view->now_us && (later || condition->op == OTA_EQUAL))
        return ota_us_min(next_us, ota_us_add(at_us, 1));
    return next_us;
}

int64_t ota_judge_next_us(const struct ota_judge *judge,
                          const struct ota_judge_view *view)
{
    int64_t next_us = OTA_NEVER;

    for (size_t i = 0; i < judge->rules->count; i++) {
        const struct ota_rule *rule = &judge->rules->list[i];
        const struct rule_state *state = &judge->states[i];
        if (!is_mine(judge, i) || state->acted)
            continue;
        next_us = ota_us_min(next_us, age_flips_us(&rule->when, view));
        next_us = ota_us_min(next_us,
                             ota_window_moves_us(&state->window, view->now_us));
        if (state->since_us == OTA_NEVER)
            continue;
        const int64_t held_us = ota_us_add(state->since_us, rule->hold_us);
        if (held_us > view->now_us)
            next_us = ota_us_min(next_us, held_us);
    }
    return next_us;
}
