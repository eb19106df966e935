/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign_rules.c - when rules are looked at, and what they do.
 *
 * A look can only find something new if a counter that the rules read has
 * changed, or an age, a hold or a window has moved on: only then is there one.
 * "On each outcome" is then at the instant of the change; "so often" is at the
 * next whole multiple, as if each had been looked at. A wave that opens at a
 * tick is looked at from the next one on, as hawkBit's executor only judges
 * the groups that were running when it began (eclipse-hawkbit/hawkbit,
 * JpaRolloutExecutor.handleRunningRollout). The rollout comes first, then the
 * open waves in order.
 *
 * What a rule does is decided at once; waves open and offers follow at the end
 * of the instant.
 */
#include "sim/fleet/campaign_state.h"

/* --- what they read --- */

static const uint32_t outcomes =
    1U << OTA_COUNT_SUCCEEDED | 1U << OTA_COUNT_FAILED |
    1U << OTA_COUNT_REJECTED | 1U << OTA_COUNT_TIMED_OUT |
    1U << OTA_COUNT_CANCELED | 1U << OTA_COUNT_REMOVED |
    1U << OTA_COUNT_SKIPPED;

static uint32_t reads(enum ota_counter counter)
{
    if ((int)counter < (int)OTA_COUNTERS_KEPT)
        return 1U << counter;
    return outcomes |
           (counter == OTA_COUNT_IN_FLIGHT ? 1U << OTA_COUNT_OFFERED : 0);
}

static uint32_t condition_reads(const struct ota_condition *condition)
{
    uint32_t mask = 0;

    switch (condition->kind) {
    case OTA_IF_SHARE:
        mask = reads(condition->counter) | reads(condition->of);
        break;
    case OTA_IF_COUNT:
        mask = reads(condition->counter);
        break;
    case OTA_IF_COMPLETE:
        mask = outcomes | 1U << OTA_COUNT_TOTAL;
        break;
    case OTA_IF_SPRT:
        mask = outcomes;
        break;
    case OTA_IF_AGE:
    case OTA_IF_ALL:
    case OTA_IF_ANY:
    case OTA_IF_NOT:
        break;
    }
    for (size_t i = 0; i < condition->part_count; i++)
        mask |= condition_reads(&condition->parts[i]);
    return mask;
}

/* Returns false if there is no memory. */
bool ota_campaign_watch_init(struct ota_campaign *c,
                             struct campaign_watch *watch,
                             const struct ota_rules *rules,
                             enum ota_scope scope)
{
    *watch = (struct campaign_watch){.rules = rules, .look_us = OTA_NEVER};
    for (size_t i = 0; i < rules->count; i++) {
        const struct ota_rule *rule = &rules->list[i];
        if (rule->scope != scope)
            continue;
        watch->mask |= condition_reads(&rule->when);
        for (size_t j = 0; j < rule->minimum_count; j++)
            watch->mask |= reads(rule->minimums[j].counter);
        if (rule->window_last > 0 || rule->window_us > 0)
            watch->mask |= outcomes;
        watch->dirty = true;
    }
    if (!watch->dirty)
        return true;
    watch->judge = ota_judge_new(rules, scope, &c->arena);
    return watch->judge != NULL;
}

/* --- what they do --- */

static struct campaign_pace *pace_of(const struct ota_campaign *c, size_t w)
{
    return w != CAMPAIGN_NO_WAVE && c->waves[w].pace ? c->waves[w].pace
                                                     : c->paces[0];
}

static void change_rate(struct campaign_pace *pace, int64_t n)
{
    pace->rate.per_us =
        pace->rate.per_us > 0 ? pace->rate.per_us : OTA_US_PER_MIN;
    pace->rate.limited = true;
    pace->rate.base = pace->rate.max = (double)n;
    pace->rate.every = 0;
    pace->wants = true;
}

/* Notes the first stop or halt. */
static void note(struct ota_campaign *c, const struct ota_rule *rule)
{
    const struct ota_rules *rules = &c->policy->rules;

    if (c->record.stop_us != OTA_NEVER)
        return;
    c->record.stop_us = c->record.effective_us = c->now_us;
    c->record.rule = -1;
    for (size_t i = 0; i < rules->count; i++)
        if (rule == &rules->list[i])
            c->record.rule = (int64_t)i;
}

static void next_wave(struct ota_campaign *c, size_t w)
{
    if (w == CAMPAIGN_NO_WAVE && c->last_opened > 0)
        w = c->last_opened - 1;
    if (w != CAMPAIGN_NO_WAVE)
        ota_campaign_wave_next(c, w);
}

static void act(struct ota_campaign *c, const struct ota_rule *rule, size_t w)
{
    const struct ota_action *action = &rule->action;
    struct campaign_pace *pace = pace_of(c, w);

    switch (action->kind) {
    case OTA_DO_NEXT_WAVE:
        next_wave(c, w);
        break;
    case OTA_DO_PAUSE:
        note(c, rule);
        c->record.halted = true;
        ota_campaign_pause(c, action->evaluate, w);
        break;
    case OTA_DO_STOP:
    case OTA_DO_ROLLBACK:
        note(c, rule);
        c->record.stopped = true;
        ota_campaign_stop(c, action, w);
        break;
    case OTA_DO_FINISH:
        c->ended = true;
        c->record.finished_us = c->now_us;
        ota_campaign_waits(c, 0);
        break;
    case OTA_DO_APPROVE:
        if (w != CAMPAIGN_NO_WAVE && c->waves[w].through &&
            !ota_campaign_next_exists(c, w))
            break; /* there is nothing left to approve */
        note(c, rule);
        c->record.halted = true;
        if (w == CAMPAIGN_NO_WAVE)
            ota_campaign_hold(c);
        else
            ota_campaign_hold_wave(c, w);
        break;
    case OTA_DO_RATE:
        change_rate(pace, action->n);
        break;
    case OTA_DO_IN_FLIGHT:
        pace->max = action->n > 0 ? action->n : -1;
        ota_campaign_slots_changed(c, pace);
        break;
    }
    c->again = true;
}

/* --- when they are looked at --- */

static bool may_look(const struct ota_campaign *c)
{
    return c->begun && !c->ended && !c->failed &&
           (!c->paused || c->paused_judged);
}

/* When a watch is to be looked at. */
static int64_t due_us(const struct ota_campaign *c,
                      const struct campaign_watch *watch)
{
    const int64_t every_us = watch->rules->every_us;
    int64_t at_us = watch->look_us;

    if (watch->dirty)
        at_us = c->now_us;
    if (every_us == 0 || at_us == OTA_NEVER)
        return at_us;
    if (at_us <= c->now_us && c->ticked_us == c->now_us)
        at_us = c->now_us + 1; /* this tick is over */
    return (at_us + every_us - 1) / every_us * every_us;
}

static void look(struct ota_campaign *c, struct campaign_watch *watch, size_t w)
{
    struct ota_counts counts = c->record.counts;
    struct ota_judge_view view = {.now_us = c->now_us,
                                  .rollout_us = c->begin_us,
                                  .wave_us = OTA_NEVER,
                                  .counts = &counts};

    if (c->last_opened > 0)
        view.wave_us = c->records[c->last_opened - 1].opened_us;
    if (w != CAMPAIGN_NO_WAVE) {
        const struct campaign_wave *wave = &c->waves[w];
        const bool nominal =
            (wave->repeated && c->policy->waves.repeat.judge_nominal) ||
            c->policy->waves.assign == OTA_ASSIGN_POLL;
        counts = c->records[w].counts;
        view.wave_us = c->records[w].opened_us;
        if (nominal && wave->nominal > counts.kept[OTA_COUNT_TOTAL])
            counts.kept[OTA_COUNT_TOTAL] = wave->nominal;
    }
    watch->dirty = false;
    const struct ota_rule *rule = ota_judge_look(watch->judge, &view);
    watch->look_us = ota_judge_next_us(watch->judge, &view);
    c->watches_stale = true;
    if (rule) {
        /* One that may act again is asked again, as long as that matters. */
        if (!rule->once && watch->rules->every_us > 0 &&
            rule->action.kind == OTA_DO_NEXT_WAVE && w != CAMPAIGN_NO_WAVE &&
            ota_campaign_next_exists(c, w))
            watch->dirty = true;
        act(c, rule, w);
    }
}

static bool is_judged(const struct ota_campaign *c, size_t w)
{
    return c->waves[w].state == OTA_WAVE_OPEN && !c->waves[w].passed &&
           c->waves[w].watch.judge;
}

/* The lowest of the waves whose counters changed; takes it off the list. */
static size_t take_dirty(struct ota_campaign *c)
{
    size_t best = 0;

    for (size_t i = 1; i < c->dirty_count; i++)
        if (c->dirty[i] < c->dirty[best])
            best = i;
    const size_t w = c->dirty[best];
    c->dirty[best] = c->dirty[--c->dirty_count];
    c->waves[w].in_dirty = false;
    return w;
}

/* Notes that a counter changed. */
void ota_campaign_mark(struct ota_campaign *c, struct campaign_watch *watch,
                       size_t w, enum ota_counter counter)
{
    if (!(watch->mask >> counter & 1) || watch->dirty)
        return;
    watch->dirty = true;
    if (watch->rules->every_us > 0)
        c->watches_us = ota_us_min(c->watches_us, due_us(c, watch));
    else if (w != CAMPAIGN_NO_WAVE && !c->waves[w].in_dirty) {
        c->waves[w].in_dirty = true;
        c->dirty[c->dirty_count++] = (uint16_t)w;
    }
}

/* What is looked at on each outcome, after each. */
void ota_campaign_look(struct ota_campaign *c)
{
    if (!may_look(c))
        return;
    if (c->watch.judge && c->watch.dirty && c->watch.rules->every_us == 0)
        look(c, &c->watch, CAMPAIGN_NO_WAVE);
    while (c->dirty_count > 0 && may_look(c)) {
        const size_t w = take_dirty(c);
        if (is_judged(c, w) && c->waves[w].watch.dirty)
            look(c, &c->waves[w].watch, w);
    }
}

/* What the clock brings: ticks, and answers that change by themselves. */
void ota_campaign_look_clock(struct ota_campaign *c)
{
    const size_t waves = c->wave_count;

    if (ota_campaign_look_us(c) > c->now_us)
        return;
    if (c->watch.judge && due_us(c, &c->watch) <= c->now_us)
        look(c, &c->watch, CAMPAIGN_NO_WAVE);
    for (size_t w = 0; w < waves && may_look(c); w++) {
        struct campaign_watch *watch = &c->waves[w].watch;
        if (is_judged(c, w) && due_us(c, watch) <= c->now_us &&
            !(watch->rules->every_us > 0 &&
              c->records[w].opened_us == c->now_us))
            look(c, watch, w);
    }
    c->ticked_us = c->now_us;
    c->watches_stale = true;
}

int64_t ota_campaign_look_us(struct ota_campaign *c)
{
    if (!may_look(c))
        return OTA_NEVER;
    if (!c->watches_stale)
        return c->watches_us;
    c->watches_us = OTA_NEVER;
    if (c->watch.judge)
        c->watches_us = due_us(c, &c->watch);
    for (size_t w = 0; w < c->wave_count; w++)
        if (is_judged(c, w))
            c->watches_us =
                ota_us_min(c->watches_us, due_us(c, &c->waves[w].watch));
    c->watches_stale = false;
    return c->watches_us;
}

/* Nobody looked for a while. */
void ota_campaign_all_dirty(struct ota_campaign *c)
{
    c->watch.dirty = c->watch.judge;
    for (size_t w = 0; w < c->wave_count; w++)
        c->waves[w].watch.dirty = c->waves[w].watch.judge;
    c->watches_stale = c->again = true;
}
