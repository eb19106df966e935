/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign_offer.c - rounds of offers: who gets one now.
 *
 * A round goes on until nobody is left whom rate, slots, windows and people
 * let through. Further tries obey slots but not the rate, which counts devices
 * and not attempts (assumption: ours; AWS IoT retries at once and tells of no
 * rate for it). Rounds are held when something changed, no closer than min_gap;
 * or only at whole multiples of `every`, and then the rate lets out at once
 * what it let out since the last. What changed by the clock alone (sweeps,
 * penalties that end) begins no round where there are some at whole multiples
 * of `also_every`, as NervesHub's orchestrator hears of no such thing
 * (nerves-hub/nerves_hub_web, orchestrator.ex).
 */

#include "sim/base/grow.h"
#include "sim/fleet/campaign_state.h"

bool ota_campaign_may_offer(const struct ota_campaign *c)
{
    return c->begun && !c->ended && !c->paused && !c->held && !c->failed &&
           c->window_open;
}

void ota_campaign_order(struct ota_campaign *c, uint32_t d,
                        enum ota_order_kind kind)
{
    struct ota_order *orders = ota_grow(
        c->orders, c->order_count, &c->order_places, 256, sizeof *c->orders);
    if (!orders) {
        c->failed = true;
        return;
    }
    c->orders = orders;
    c->orders[c->order_count++] = (struct ota_order){
        .time_us = c->now_us, .device = d, .kind = (uint8_t)kind};
}

static void offer(struct ota_campaign *c, uint32_t d)
{
    c->record.offers++;
    if (c->each[d].flags & CAMPAIGN_OFFERED) {
        c->record.reoffers++;
    } else {
        c->each[d].flags |= CAMPAIGN_OFFERED;
        ota_campaign_bump(c, d, OTA_COUNT_OFFERED, 1);
    }
    ota_campaign_stage(c, d, CAMPAIGN_QUEUED);
    if (!c->policy->attempt.timeout.from_started)
        ota_campaign_chain_put(&c->hard, d, c->now_us);
    ota_campaign_order(c, d, OTA_ORDER_OFFER);
    if (c->each[d].wave != CAMPAIGN_NO_WAVE &&
        c->waves[c->each[d].wave].wants_next)
        c->waves_stale = c->waves_work = true;
    ota_campaign_look(c);
}

/* Offers to the first of a line. Returns whether there was one. */
static bool offer_first(struct ota_campaign *c, struct campaign_pace *pace,
                        int line)
{
    int lane;
    const uint32_t d = ota_campaign_line_pick(c, pace, line, &lane);

    if (d == CAMPAIGN_NOBODY)
        return false;
    ota_campaign_line_leave(c, d);
    c->each[d].stage = CAMPAIGN_MEMBER;
    if (pace->policy->in_flight.counts == OTA_SLOT_OFFERED)
        ota_campaign_slot_take(c, d, lane);
    offer(c, d);
    return true;
}

/* What the rate grows with. (Whichever of offers and successes is further:
 * that is always the offers.) */
static int64_t counted(const struct ota_campaign *c,
                       const struct campaign_pace *pace)
{
    const struct ota_counts *counts = pace->wave == CAMPAIGN_NO_WAVE
                                          ? &c->record.counts
                                          : &c->records[pace->wave].counts;

    return counts
        ->kept[pace->rate.of == OTA_GROW_SUCCEEDED ? OTA_COUNT_SUCCEEDED
                                                   : OTA_COUNT_OFFERED];
}

/* Devices on their first try, as the rate lets them out. */
static void offer_at_rate(struct ota_campaign *c, struct campaign_pace *pace)
{
    const int64_t every_us = pace->policy->every_us;
    int64_t at_us = c->now_us;
    int64_t burst;

    if (every_us > 0) /* what it let out since the last round */
        at_us = ota_us_max(c->begin_us, c->now_us - every_us + 1);
    for (;;) {
        at_us = ota_rate_next_us(&pace->state, &pace->rate, counted(c, pace),
                                 at_us, &burst);
        pace->free_us = at_us;
        if (at_us > c->now_us)
            return;
        const int64_t before = counted(c, pace);
        int64_t n = 0;
        while (n < burst && ota_campaign_may_offer(c) &&
               offer_first(c, pace, CAMPAIGN_FIRST))
            n++;
        if (n == 0)
            return;
        if (pace->rate.limited)
            ota_rate_take(&pace->state, &pace->rate, before, at_us, n);
        if (!ota_campaign_may_offer(c))
            return;
    }
}

static void serve(struct ota_campaign *c, struct campaign_pace *pace,
                  bool due_only)
{
    if (!due_only) {
        pace->wants = pace->swept = false;
        while (ota_campaign_may_offer(c) &&
               offer_first(c, pace, CAMPAIGN_FURTHER))
            ;
    }
    if (ota_campaign_may_offer(c))
        offer_at_rate(c, pace);
    if (!ota_campaign_may_offer(c))
        pace->wants = true; /* the round goes on when it may */
}

static int64_t next_multiple(int64_t after_us, int64_t of_us)
{
    return ota_us_add((after_us / of_us + 1) * of_us, 0);
}

/* Whether a round may be held now. */
static bool is_round(const struct ota_campaign *c,
                     const struct campaign_pace *pace)
{
    const struct ota_policy_pace *policy = pace->policy;

    if (policy->every_us > 0)
        return c->now_us % policy->every_us == 0;
    if (pace->rate.limited)
        return true;
    if (policy->also_every_us > 0 && c->now_us % policy->also_every_us == 0)
        return pace->wants || pace->swept;
    if (!pace->wants)
        return false;
    return pace->round_us < 0 || policy->min_gap_us == 0 ||
           c->now_us - pace->round_us >= policy->min_gap_us;
}

static void offer_express(struct ota_campaign *c)
{
    while (c->express != CAMPAIGN_NOBODY && ota_campaign_may_offer(c)) {
        const uint32_t d = c->express;
        ota_campaign_line_leave(c, d);
        c->each[d].stage = CAMPAIGN_MEMBER;
        offer(c, d);
    }
}

/* due_only: those alone that the rate lets out at this instant. */
void ota_campaign_offers(struct ota_campaign *c, bool due_only)
{
    if (!due_only)
        offer_express(c);
    for (size_t i = 0; i < c->pace_count; i++) {
        struct campaign_pace *pace = c->paces[i];
        if (!due_only && (pace->policy->every_us == 0 ||
                          c->now_us % pace->policy->every_us == 0))
            ota_campaign_grant_some(c, pace);
        if (!ota_campaign_may_offer(c) || pace->ready == 0)
            continue;
        if (due_only) {
            if (pace->rate.limited && pace->policy->every_us == 0 &&
                pace->free_us == c->now_us && c->now_us > 0)
                serve(c, pace, true);
            continue;
        }
        if (!is_round(c, pace))
            continue;
        pace->round_us = c->now_us;
        serve(c, pace, false);
    }
}

/* Whether somebody is in line who could have a slot. */
static bool can_serve(struct ota_campaign *c, struct campaign_pace *pace,
                      int line)
{
    int lane;

    return ota_campaign_line_pick(c, pace, line, &lane) != CAMPAIGN_NOBODY;
}

static int64_t pace_us(struct ota_campaign *c, struct campaign_pace *pace)
{
    const struct ota_policy_pace *policy = pace->policy;
    int64_t next_us = OTA_NEVER;

    if (policy->every_us > 0 && pace->touched_count > 0)
        next_us = next_multiple(c->now_us, policy->every_us);
    if (!ota_campaign_may_offer(c) || pace->ready == 0)
        return next_us;
    const bool first = can_serve(c, pace, CAMPAIGN_FIRST);
    if (!first && !can_serve(c, pace, CAMPAIGN_FURTHER))
        return next_us;
    if (policy->every_us > 0)
        return next_multiple(c->now_us, policy->every_us);
    if (pace->rate.limited)
        return first && pace->free_us > c->now_us ? pace->free_us : next_us;
    if (policy->also_every_us > 0 && (pace->wants || pace->swept))
        next_us = next_multiple(c->now_us, policy->also_every_us);
    if (pace->wants && pace->round_us >= 0)
        next_us =
            ota_us_min(next_us, ota_us_add(pace->round_us, policy->min_gap_us));
    return next_us;
}

int64_t ota_campaign_offers_us(struct ota_campaign *c)
{
    int64_t next_us = OTA_NEVER;

    for (size_t i = 0; i < c->pace_count; i++)
        next_us = ota_us_min(next_us, pace_us(c, c->paces[i]));
    return next_us;
}
