/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign_new.c - what a campaign's policy needs, made and freed.
 *
 * Everything that grows with the fleet is allocated here, and only what the
 * policy makes use of.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/fleet/campaign_state.h"

/* --- labels --- */

/* Returns the numbers of a key's values; NULL: they were not added. */
const struct ota_labels *ota_campaign_labels(const struct ota_campaign *c,
                                             const char *key)
{
    for (size_t i = 0; i < c->label_count; i++)
        if (strcmp(c->labels[i].key, key) == 0)
            return &c->labels[i];
    return NULL;
}

/* Numbers the values of one label more, if need be. Returns them, or NULL if
 * there is no memory. */
static const struct ota_labels *labels_add(struct ota_campaign *c,
                                           const char *key)
{
    const struct ota_labels *known = ota_campaign_labels(c, key);

    if (known)
        return known;
    struct ota_labels *labels = &c->labels[c->label_count++];
    return ota_labels_init(labels, key, c->world.devices, c->world.attribute_of,
                           c->world.self)
               ? labels
               : NULL;
}

/* --- paces --- */

/* Makes place for so many units. Returns false if there is no memory. */
bool ota_campaign_pace_grow(struct ota_campaign *c, struct campaign_pace *pace,
                            size_t units)
{
    const bool by_wave = pace->policy->in_flight.unit == OTA_PER_WAVE &&
                         pace->wave == CAMPAIGN_NO_WAVE;

    (void)c;
    if (pace->units && (!by_wave || units <= pace->unit_count))
        return true;
    void *room = realloc(pace->units, units * sizeof *pace->units);
    pace->units = room ? room : pace->units;
    void *touched = realloc(pace->touched, units * sizeof *pace->touched);
    pace->touched = touched ? touched : pace->touched;
    bool ok = room && touched;
    for (int line = 0; line < CAMPAIGN_LINES; line++) {
        void *open = realloc(pace->open[line], units * sizeof **pace->open);
        pace->open[line] = open ? open : pace->open[line];
        ok = ok && open;
    }
    for (size_t u = pace->unit_count; ok && u < units; u++)
        pace->units[u] =
            (struct campaign_unit){.root = {CAMPAIGN_NOBODY, CAMPAIGN_NOBODY},
                                   .asks = {CAMPAIGN_NOBODY, CAMPAIGN_NOBODY}};
    if (ok)
        pace->unit_count = units;
    return ok;
}

static bool is_stale_at_all(const struct ota_policy_pace *policy)
{
    const struct ota_policy_in_flight *limit = &policy->in_flight;

    return limit->stale_us > 0 && limit->stale_us != OTA_NEVER;
}

/* Returns the pace, or NULL if there is no memory. */
static struct campaign_pace *pace_new(struct ota_campaign *c,
                                      const struct ota_policy_pace *policy,
                                      uint16_t wave)
{
    struct campaign_pace *pace = calloc(1, sizeof *pace);
    size_t units = 1;

    if (!pace)
        return NULL;
    *pace = (struct campaign_pace){
        .policy = policy,
        .rate = policy->rate,
        .max = policy->in_flight.max,
        .round_us = -1,
        .wave = wave,
        .silent = {.links = is_stale_at_all(policy) ? c->silent : NULL,
                   .head = CAMPAIGN_NOBODY,
                   .tail = CAMPAIGN_NOBODY},
    };
    c->paces[c->pace_count++] = pace;
    if (policy->in_flight.unit == OTA_PER_LABEL) {
        pace->labels = labels_add(c, policy->in_flight.label);
        if (!pace->labels)
            return NULL;
        units = pace->labels->count + 1;
    } else if (policy->in_flight.unit == OTA_PER_WAVE &&
               wave == CAMPAIGN_NO_WAVE) {
        units = c->wave_places + 1;
    }
    assert(policy->lane_count < UINT8_MAX);
    pace->lanes = calloc(policy->lane_count + 1, sizeof *pace->lanes);
    if (!pace->lanes)
        return NULL;
    for (size_t i = 0; i < policy->lane_count; i++)
        pace->lanes[i] =
            (struct campaign_lane){.root = {CAMPAIGN_NOBODY, CAMPAIGN_NOBODY},
                                   .asks = {CAMPAIGN_NOBODY, CAMPAIGN_NOBODY}};
    return ota_campaign_pace_grow(c, pace, units) ? pace : NULL;
}

/* --- waves --- */

static bool waves_new(struct ota_campaign *c)
{
    const struct ota_policy *policy = c->policy;

    c->not_through = c->wave_count = policy->waves.count;
    for (size_t w = 0; w < policy->waves.count; w++) {
        const struct ota_wave *spec = &policy->waves.list[w];
        const struct ota_rules *rules =
            spec->rules ? spec->rules : &policy->rules;
        struct campaign_wave *wave = &c->waves[w];
        *wave = (struct campaign_wave){.spec = *spec,
                                       .approve_us = OTA_NEVER,
                                       .skip_us = OTA_NEVER,
                                       .trigger_us = OTA_NEVER,
                                       .retry_us = OTA_NEVER};
        c->records[w] = (struct ota_wave_record){.name = spec->name,
                                                 .opened_us = OTA_NEVER,
                                                 .closed_us = OTA_NEVER,
                                                 .complete_us = OTA_NEVER};
        if (!ota_campaign_watch_init(c, &wave->watch, rules, OTA_SCOPE_WAVE))
            return false;
        if (spec->order == OTA_SEQUENCE_LABEL &&
            !labels_add(c, spec->order_key))
            return false;
    }
    return ota_campaign_watch_init(c, &c->watch, &policy->rules,
                                   OTA_SCOPE_ROLLOUT);
}

static bool paces_new(struct ota_campaign *c)
{
    const struct ota_policy *policy = c->policy;

    if (!pace_new(c, &policy->pace, CAMPAIGN_NO_WAVE))
        return false;
    for (size_t w = 0; w < policy->waves.count; w++) {
        const struct ota_policy_pace *own = policy->waves.list[w].pace;
        if (own && !(c->waves[w].pace = pace_new(c, own, (uint16_t)w)))
            return false;
    }
    return true;
}

/* --- what there is of each device --- */

struct needs {
    bool stale, lanes, asks, seen, tries, penalties;
};

static bool has_in_flight_action(const struct ota_rules *rules)
{
    for (size_t i = 0; rules && i < rules->count; i++)
        if (rules->list[i].action.kind == OTA_DO_IN_FLIGHT)
            return true;
    return false;
}

static bool asks(const struct ota_policy *policy,
                 const struct ota_policy_pace *pace)
{
    const struct ota_policy_in_flight *limit = &pace->in_flight;
    bool limited = limit->max > 0 || limit->min_available > 0 ||
                   has_in_flight_action(&policy->rules);

    for (size_t w = 0; w < policy->waves.count; w++)
        limited = limited || has_in_flight_action(policy->waves.list[w].rules);
    return limited && limit->counts != OTA_SLOT_OFFERED;
}

static void need_pace(struct needs *needs, const struct ota_policy *policy,
                      const struct ota_policy_pace *pace)
{
    needs->stale = needs->stale || is_stale_at_all(pace);
    needs->lanes = needs->lanes || pace->lane_count > 0;
    needs->asks = needs->asks || asks(policy, pace);
}

static struct needs needs_of(const struct ota_policy *policy)
{
    const struct ota_policy_penalty *penalty = &policy->attempt.penalty;
    const struct ota_policy_retry *retry = &policy->attempt.retry;
    struct needs needs = {
        .tries = retry->total > 0 && retry->failed + retry->timed_out > 0,
        .penalties = penalty->on_failed_us > 0 || penalty->on_refused_us > 0 ||
                     penalty->after_attempts > 0 || penalty->rate_n > 0,
    };

    need_pace(&needs, policy, &policy->pace);
    for (size_t w = 0; w < policy->waves.count; w++) {
        const struct ota_wave *wave = &policy->waves.list[w];
        if (wave->pace)
            need_pace(&needs, policy, wave->pace);
        needs.seen = needs.seen ||
                     wave->order == OTA_SEQUENCE_CONNECTED_LONGEST ||
                     wave->order == OTA_SEQUENCE_LAST_SEEN_NEWEST;
    }
    return needs;
}

/* Allocates if it is needed; notes in *ok if it could not. */
static void *some(const struct ota_campaign *c, size_t size, bool needed,
                  bool *ok)
{
    if (!needed)
        return NULL;
    void *room = calloc(c->world.devices + 1, size);
    *ok = *ok && room;
    return room;
}

static void chain_new(struct ota_campaign *c, struct campaign_chain *chain,
                      int64_t after_us, bool *ok)
{
    chain->head = chain->tail = CAMPAIGN_NOBODY;
    chain->links = some(c, sizeof *chain->links, after_us != OTA_NEVER, ok);
    for (size_t d = 0; chain->links && d < c->world.devices; d++)
        chain->links[d].at_us = OTA_NEVER;
}

static bool devices_new(struct ota_campaign *c)
{
    const struct ota_policy_attempt *attempt = &c->policy->attempt;
    const struct needs needs = needs_of(c->policy);
    const bool polls = c->policy->waves.assign == OTA_ASSIGN_POLL;
    bool ok = true;

    c->each = some(c, sizeof *c->each, true, &ok);
    c->links = some(c, sizeof *c->links, !c->all, &ok);
    c->turn = some(c, sizeof *c->turn, !c->all, &ok);
    c->pool = some(c, sizeof *c->pool, !polls && !c->all, &ok);
    c->lane_of = some(c, sizeof *c->lane_of, needs.lanes, &ok);
    c->lane_slot = some(c, sizeof *c->lane_slot, needs.lanes, &ok);
    c->ask_links = some(c, sizeof *c->ask_links, needs.asks, &ok);
    c->seen_us = some(c, sizeof *c->seen_us, needs.seen, &ok);
    c->silent = some(c, sizeof *c->silent, needs.stale, &ok);
    c->tries = some(c, sizeof *c->tries, needs.tries, &ok);
    c->penalties = some(c, sizeof *c->penalties, needs.penalties, &ok);
    c->wake_us =
        some(c, sizeof *c->wake_us, needs.tries || needs.penalties, &ok);
    chain_new(c, &c->hard, attempt->timeout.after_us, &ok);
    chain_new(c, &c->step, attempt->timeout.step_us, &ok);
    if (!ok)
        return false;
    for (size_t d = 0; d < c->world.devices; d++) {
        c->each[d].wave = CAMPAIGN_NO_WAVE;
        if (c->silent)
            c->silent[d].at_us = OTA_NEVER;
        if (c->seen_us)
            c->seen_us[d] = OTA_NEVER;
    }
    return true;
}

static bool init(struct ota_campaign *c)
{
    const size_t waves = c->policy->waves.count;

    c->wave_places = waves + 2;
    c->waves = calloc(c->wave_places, sizeof *c->waves);
    c->records = calloc(c->wave_places, sizeof *c->records);
    c->dirty = calloc(c->wave_places, sizeof *c->dirty);
    c->paces = calloc(waves + 1, sizeof *c->paces);
    /* A wave's order and its pace, and the rollout's. */
    c->labels = calloc(2 * waves + 1, sizeof *c->labels);
    return c->waves && c->records && c->dirty && c->paces && c->labels &&
           devices_new(c) && waves_new(c) && paces_new(c);
}

struct ota_campaign *ota_campaign_new(const struct ota_policy *policy,
                                      const struct ota_campaign_world *world,
                                      struct ota_error *error)
{
    struct ota_campaign *c = calloc(1, sizeof *c);

    assert(policy->waves.count > 0 &&
           policy->waves.count <= CAMPAIGN_WAVES_MAX &&
           world->devices < UINT32_MAX);
    if (c) {
        c->policy = policy;
        c->world = *world;
        c->all = ota_campaign_offers_all(policy, world);
        c->express = CAMPAIGN_NOBODY;
        c->pool_order = -1;
        c->ticked_us = -1;
        c->resume_us = c->approve_us = OTA_NEVER;
        c->waves_stale = c->waves_work = c->watches_stale = true;
        c->window_open = true;
        c->record = (struct ota_campaign_record){.stop_us = OTA_NEVER,
                                                 .effective_us = OTA_NEVER,
                                                 .rule = -1,
                                                 .finished_us = OTA_NEVER};
        c->clock_us = c->next_us = policy->windows.start_us;
        if (init(c))
            return c;
    }
    ota_campaign_free(c);
    ota_fail(error, "the rollout of %zu devices: " OTA_NO_MEMORY,
             world->devices);
    return NULL;
}

static void pace_free(struct campaign_pace *pace)
{
    free(pace->units);
    free(pace->touched);
    free(pace->lanes);
    for (int line = 0; line < CAMPAIGN_LINES; line++)
        free(pace->open[line]);
    free(pace);
}

void ota_campaign_free(struct ota_campaign *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->pace_count; i++)
        pace_free(c->paces[i]);
    for (size_t i = 0; i < c->label_count; i++)
        ota_labels_release(&c->labels[i]);
    free(c->labels);
    free(c->paces);
    free(c->waves);
    free(c->records);
    free(c->dirty);
    free(c->each);
    free(c->links);
    free(c->turn);
    free(c->pool);
    free(c->lane_of);
    free(c->lane_slot);
    free(c->ask_links);
    free(c->seen_us);
    free(c->silent);
    free(c->tries);
    free(c->penalties);
    free(c->wake_us);
    free(c->wakes);
    free(c->hard.links);
    free(c->step.links);
    free(c->orders);
    ota_arena_release(&c->arena);
    free(c);
}

/* --- what it will need to hear --- */

bool ota_campaign_grants(const struct ota_campaign *c)
{
    return c->ask_links != NULL;
}
