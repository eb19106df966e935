/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign_all.c - rollouts that offer to the whole fleet at their begin.
 *
 * Such a one needs no lines, no turns and no pool, and its offers are one
 * order: what it costs of time and memory is what it hears of later. That
 * holds if no rule can act in the midst of the offers, one of them after the
 * other: that is, if none is true as long as no attempt has ended.
 */
#include "sim/fleet/campaign_state.h"

/* --- whether it is one --- */

/* Whether it counts what became of attempts. */
static bool is_outcome(enum ota_counter counter)
{
    switch (counter) {
    case OTA_COUNT_TOTAL:
    case OTA_COUNT_OFFERED:
    case OTA_COUNT_STARTED:
    case OTA_COUNT_IN_FLIGHT:
    case OTA_COUNT_ON_TARGET:
    case OTA_COUNT_BLOCKED:
        return false;
    default:
        return true;
    }
}

/* Whether 0 does not compare. */
static bool excludes_zero(enum ota_compare op, int64_t with)
{
    return (op == OTA_AT_LEAST && with > 0) || (op == OTA_MORE && with >= 0);
}

/* Whether it is false at the begin, with no attempt at an end. */
static bool is_false(const struct ota_condition *condition)
{
    size_t wrong = 0;

    for (size_t i = 0; i < condition->part_count; i++)
        wrong += is_false(&condition->parts[i]);
    switch (condition->kind) {
    case OTA_IF_SHARE:
        return is_outcome(condition->counter) &&
               excludes_zero(condition->op, condition->pct);
    case OTA_IF_COUNT:
        return is_outcome(condition->counter) &&
               excludes_zero(condition->op, condition->n);
    case OTA_IF_AGE:
        return excludes_zero(condition->op, condition->age_us);
    case OTA_IF_COMPLETE:
    case OTA_IF_SPRT:
        return true;
    case OTA_IF_ALL:
        return wrong > 0;
    case OTA_IF_ANY:
        return wrong == condition->part_count;
    case OTA_IF_NOT:
        break;
    }
    return false;
}

static bool only_stops(const struct ota_rule *rule)
{
    return rule->action.kind != OTA_DO_RATE &&
           rule->action.kind != OTA_DO_IN_FLIGHT;
}

bool ota_campaign_offers_all(const struct ota_policy *policy,
                             const struct ota_campaign_world *world)
{
    if (world->is_there || !ota_policy_begins_at_once(policy))
        return false;
    for (size_t i = 0; i < policy->rules.count; i++)
        if (!only_stops(&policy->rules.list[i]) ||
            !is_false(&policy->rules.list[i].when))
            return false;
    return true;
}

/* --- what it does --- */

static void count_all(struct ota_campaign *c, struct ota_counts *counts,
                      struct campaign_watch *watch, size_t w,
                      enum ota_counter counter)
{
    counts->kept[counter] += (int64_t)c->world.devices;
    ota_campaign_mark(c, watch, w, counter);
}

void ota_campaign_all_begin(struct ota_campaign *c)
{
    const int64_t devices = (int64_t)c->world.devices;

    for (size_t d = 0; d < c->world.devices; d++)
        c->each[d].stage = CAMPAIGN_POOL;
    c->initial = c->open_devices = c->in_pool = devices;
    count_all(c, &c->record.counts, &c->watch, CAMPAIGN_NO_WAVE,
              OTA_COUNT_TOTAL);
}

void ota_campaign_all_choose(struct ota_campaign *c)
{
    struct campaign_wave *wave = &c->waves[0];
    const int64_t devices = (int64_t)c->world.devices;

    for (size_t d = 0; d < c->world.devices; d++) {
        c->each[d].stage = CAMPAIGN_MEMBER;
        c->each[d].wave = 0;
    }
    c->in_pool = 0;
    c->records[0].size = wave->nominal = wave->open_members = devices;
    count_all(c, &c->records[0].counts, &wave->watch, 0, OTA_COUNT_TOTAL);
    ota_campaign_wave_touched(c, 0);
}

void ota_campaign_all_offer(struct ota_campaign *c)
{
    struct campaign_wave *wave = &c->waves[0];
    const int64_t devices = (int64_t)c->world.devices;

    for (size_t d = 0; d < c->world.devices; d++) {
        c->each[d].stage = CAMPAIGN_QUEUED;
        c->each[d].flags |= CAMPAIGN_OFFERED;
    }
    c->in_flight = c->record.in_flight_peak = devices;
    c->record.offers = devices;
    count_all(c, &c->record.counts, &c->watch, CAMPAIGN_NO_WAVE,
              OTA_COUNT_OFFERED);
    count_all(c, &c->records[0].counts, &wave->watch, 0, OTA_COUNT_OFFERED);
    ota_campaign_order(c, 0, OTA_ORDER_OFFER);
    if (!c->failed)
        c->orders[c->order_count - 1].all = true;
    c->again = true;
}
