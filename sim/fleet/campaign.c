/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign.c - one instant after another.
 *
 * An instant is: offers that the rate lets out; reports, with the rules that
 * look at every change; then, until nothing changes any more, what the clock
 * brings and the offers that became possible. See campaign.h for the order and
 * campaign_state.h for what is kept.
 */
#include "sim/fleet/campaign_state.h"

static void begin(struct ota_campaign *c)
{
    if (c->begun || c->now_us < c->policy->windows.start_us)
        return;
    c->begin_us = c->now_us;
    ota_campaign_begin_targets(c);
    c->begun = true;
    if (c->policy->waves.assign == OTA_ASSIGN_CREATE)
        for (size_t w = 0; w < c->wave_count; w++)
            ota_campaign_choose(c, w);
    for (size_t i = 0; i < c->pace_count; i++)
        ota_campaign_slots_changed(c, c->paces[i]);
    c->waves_stale = c->waves_work = c->watches_stale = true;
}

/* Whether offers are open by the calendar, and until when that holds. */
static void look_at_window(struct ota_campaign *c)
{
    const struct ota_window_list *offer = &c->policy->windows.offer;
    int64_t until_us;

    if (offer->count == 0 || c->now_us < c->window_us)
        return;
    c->window_open =
        ota_windows_open(offer->list, offer->count, 0,
                         ota_us_add(c->now_us, c->world.begin_us), &until_us);
    c->window_us =
        until_us == OTA_NEVER ? OTA_NEVER : until_us - c->world.begin_us;
    if (c->window_open)
        for (size_t i = 0; i < c->pace_count; i++)
            c->paces[i]->wants = true;
}

/* The rollout's own end. */
static void end(struct ota_campaign *c)
{
    static const enum ota_cancel cancels[] = {
        [OTA_END_STOP] = OTA_CANCEL_NONE,
        [OTA_END_CANCEL_QUEUED] = OTA_CANCEL_QUEUED,
        [OTA_END_CANCEL_ALL] = OTA_CANCEL_ALL};
    const struct ota_policy_windows *windows = &c->policy->windows;

    if (c->ended || c->now_us < windows->end_us)
        return;
    const struct ota_action stop = {.kind = OTA_DO_STOP,
                                    .cancel = cancels[windows->at_end]};
    ota_campaign_stop(c, &stop, CAMPAIGN_NO_WAVE);
}

static void clock(struct ota_campaign *c)
{
    begin(c);
    if (!c->begun)
        return;
    ota_campaign_attempt_clock(c);
    ota_campaign_look_clock(c);
    ota_campaign_people_clock(c);
    end(c);
    ota_campaign_waves_clock(c);
    ota_campaign_sweep(c);
}

/* What the clock will bring, but for rules. */
static int64_t clock_us(struct ota_campaign *c)
{
    const struct ota_policy_windows *windows = &c->policy->windows;
    int64_t at_us = OTA_NEVER;

    if (c->failed)
        return OTA_NEVER;
    if (!c->begun)
        return windows->start_us;
    if (!c->ended) {
        at_us = windows->end_us;
        if (windows->offer.count > 0 && c->open_devices > 0)
            at_us = ota_us_min(at_us, c->window_us);
    }
    at_us = ota_us_min(at_us, ota_campaign_attempt_us(c));
    at_us = ota_us_min(at_us, ota_campaign_people_us(c));
    at_us = ota_us_min(at_us, ota_campaign_waves_us(c));
    at_us = ota_us_min(at_us, ota_campaign_sweep_us(c));
    return ota_us_min(at_us, ota_campaign_offers_us(c));
}

/* When there is something to do next. */
static void look_ahead(struct ota_campaign *c)
{
    c->next_us = c->clock_us;
    if (c->begun && !c->failed)
        c->next_us = ota_us_min(c->next_us, ota_campaign_look_us(c));
    assert(c->next_us > c->now_us);
}

/* Whether reports, if they changed anything, changed counts alone: which is so
 * nearly always where all have been offered the release long since. */
static bool only_counted(struct ota_campaign *c)
{
    return c->all && c->begun && c->now_us < c->clock_us && !c->again &&
           !c->waves_work && !c->failed && c->order_count == 0 &&
           ota_campaign_look_us(c) > c->now_us;
}

void ota_campaign_instant(struct ota_campaign *c, int64_t now_us,
                          const struct ota_campaign_report *reports,
                          size_t count)
{
    assert(now_us >= c->now_us);
    if (c->failed)
        return;
    c->now_us = now_us;
    c->again = false;
    if (count > 0)
        c->ticked_us = -1; /* reports of a tick are seen by it */
    look_at_window(c);
    ota_campaign_offers(c, true);
    for (size_t i = 0; i < count && !c->failed; i++) {
        assert(reports[i].time_us == now_us);
        ota_campaign_report(c, &reports[i]);
        ota_campaign_look(c);
    }
    if (only_counted(c)) {
        look_ahead(c);
        return;
    }
    do {
        c->again = false;
        clock(c);
        for (size_t i = 0; i < count; i++)
            if (reports[i].kind == OTA_REPORT_CONTACT)
                ota_campaign_contact(c, reports[i].device);
        ota_campaign_offers(c, false);
        ota_campaign_look(c);
        ota_campaign_check_finished(c);
        if (ota_campaign_look_us(c) <= c->now_us ||
            ota_campaign_waves_us(c) <= c->now_us)
            c->again = true;
    } while (c->again && !c->failed);
    c->clock_us = clock_us(c);
    look_ahead(c);
}

void ota_campaign_expect(const struct ota_campaign *c, uint32_t device)
{
    __builtin_prefetch(&c->each[device], 1);
}

int64_t ota_campaign_next_us(const struct ota_campaign *c)
{
    return c->next_us;
}

bool ota_campaign_failed(const struct ota_campaign *c)
{
    return c->failed;
}

const struct ota_order *ota_campaign_orders(struct ota_campaign *c,
                                            size_t *count)
{
    *count = c->order_count;
    return c->orders;
}

void ota_campaign_orders_done(struct ota_campaign *c)
{
    c->order_count = 0;
}

/* --- what it needs to hear --- */

static bool wants_order(const struct ota_wave *spec)
{
    return spec->order == OTA_SEQUENCE_CONNECTED_LONGEST ||
           spec->order == OTA_SEQUENCE_LAST_SEEN_NEWEST;
}

bool ota_campaign_wants_contacts(const struct ota_campaign *c)
{
    if (c->ended || c->failed)
        return false;
    if (!c->begun && c->policy->waves.assign == OTA_ASSIGN_POLL)
        return true; /* the first may ask at the very begin */
    for (size_t w = 0; w < c->wave_count; w++) {
        const struct campaign_wave *wave = &c->waves[w];
        if (wave->state == OTA_WAVE_PLANNED && wants_order(&wave->spec))
            return true;
        if (wave->state == OTA_WAVE_OPEN && wave->spec.reachable &&
            wave->spec.size.kind == OTA_SIZE_REST && wave->open_members > 0)
            return true;
        if (ota_campaign_takes_polls(c, w) && ota_campaign_may_offer(c) &&
            !wave->held)
            return true;
    }
    return false;
}

static bool pace_listens(const struct ota_policy_pace *pace)
{
    return pace->in_flight.max > 0 || pace->in_flight.min_available > 0 ||
           pace->lane_count > 0 ||
           (pace->rate.limited && pace->rate.every > 0 &&
            pace->rate.of == OTA_GROW_SUCCEEDED);
}

static bool wave_listens(const struct ota_campaign *c, size_t w)
{
    const struct ota_wave *spec = &c->waves[w].spec;

    return spec->reachable || wants_order(spec) ||
           spec->start.kind == OTA_START_AFTER_END ||
           spec->start.kind == OTA_START_APPROVAL ||
           (spec->pace && pace_listens(spec->pace)) || c->waves[w].watch.judge;
}

bool ota_campaign_listens(const struct ota_campaign *c)
{
    const struct ota_policy *policy = c->policy;

    if (c->failed)
        return false;
    if (c->ended)
        return c->sweeping || c->sends_back || c->ask_links;
    const bool all_offered = c->all || (c->begun && c->in_pool == 0 &&
                                        c->open_devices == c->in_flight);
    if (!all_offered && (policy->target.leave_removes ||
                         policy->target.if_current != OTA_CURRENT_FORCE ||
                         policy->waves.assign == OTA_ASSIGN_POLL))
        return true;
    if (policy->target.late != OTA_LATE_IGNORE || pace_listens(&policy->pace) ||
        c->watch.judge || c->tries || c->penalties || c->hard.links ||
        c->step.links ||
        policy->operator.retry_failed_us != OTA_NEVER || policy->
        operator.skip_wave_us != OTA_NEVER ||
        policy->windows.end_us != OTA_NEVER)
        return true;
    for (size_t w = 0; w < c->wave_count; w++)
        if (wave_listens(c, w))
            return true;
    return false;
}

/* Whether it matters which attempts have started. */
static bool minds_start(const struct ota_campaign *c)
{
    const struct ota_rules *rules = &c->policy->rules;
    const uint32_t started = 1U << OTA_COUNT_STARTED;

    if (!c->all || c->policy->windows.at_end == OTA_END_CANCEL_QUEUED ||
        (c->watch.mask | c->waves[0].watch.mask) & started)
        return true;
    for (size_t i = 0; i < rules->count; i++)
        if (rules->list[i].action.cancel == OTA_CANCEL_QUEUED)
            return true;
    return false;
}

bool ota_campaign_hears(const struct ota_campaign *c, enum ota_report_kind kind)
{
    switch (kind) {
    case OTA_REPORT_STARTED:
        return minds_start(c);
    case OTA_REPORT_PROGRESS:
        return c->silent || c->step.links;
    default:
        return true;
    }
}

/* --- what it did --- */

void ota_campaign_result(const struct ota_campaign *c,
                         struct ota_campaign_record *record)
{
    *record = c->record;
    const int64_t end_us =
        c->world.end_us == OTA_NEVER ? c->now_us : c->world.end_us;
    if (c->waits > 0)
        record->paused_us += ota_us_max(c->now_us, end_us) - c->waits_from_us;
    record->wave_count = c->wave_count;
    record->waves = c->records;
}
