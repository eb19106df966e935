/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign_stop.c - the end, and what is taken back.
 *
 * A stop is final: nobody is offered anything any more. What it cancels it
 * cancels in order of device, all at once or so many a minute, the k-th
 * k minutes over so many behind the stop; who starts meanwhile escapes, if
 * only queued ones are cancelled. Waiting further tries are cancelled with the
 * queued ones and need no order.
 *
 * A rollback sends the old image to who reported success, and to whoever
 * reports it later.
 */
#include "sim/fleet/campaign_state.h"

static void cancel(struct ota_campaign *c, uint32_t d,
                   enum ota_order_kind order)
{
    if (ota_campaign_in_flight(c, d))
        ota_campaign_order(c, d, order);
    ota_campaign_finish(c, d, OTA_COUNT_CANCELED);
}

static bool sends_back(const struct ota_campaign *c, uint32_t d)
{
    return c->sends_back && c->each[d].flags & CAMPAIGN_ON_TARGET &&
           c->each[d].flags & CAMPAIGN_OFFERED &&
           !(c->each[d].flags & CAMPAIGN_SENT_BACK) &&
           (c->sweep_wave == CAMPAIGN_NO_WAVE ||
            c->sweep_wave == c->each[d].wave);
}

/* Does to a device what the stop does to it. Returns whether it did. */
static bool sweep_one(struct ota_campaign *c, uint32_t d)
{
    const struct ota_action *action = &c->end_action;
    const uint8_t stage = c->each[d].stage;
    const bool all =
        action->cancel == OTA_CANCEL_ALL ||
        (action->kind == OTA_DO_ROLLBACK && action->who == OTA_BACK_ALL);

    if (sends_back(c, d)) {
        c->each[d].flags |= CAMPAIGN_SENT_BACK;
        ota_campaign_order(c, d, OTA_ORDER_ROLL_BACK);
        return true;
    }
    if (all && ota_campaign_in_flight(c, d)) {
        cancel(c, d, OTA_ORDER_CANCEL);
        return true;
    }
    if ((all || action->cancel == OTA_CANCEL_QUEUED) &&
        (stage == CAMPAIGN_QUEUED || stage == CAMPAIGN_WAIT ||
         stage == CAMPAIGN_BLOCKED ||
         ((stage == CAMPAIGN_READY || stage == CAMPAIGN_MEMBER) &&
          c->each[d].flags & CAMPAIGN_OFFERED))) {
        cancel(c, d, OTA_ORDER_REVOKE);
        return stage == CAMPAIGN_QUEUED;
    }
    return false;
}

static int64_t due_us(const struct ota_campaign *c)
{
    const int64_t per_minute = c->end_action.per_minute;

    if (per_minute <= 0)
        return c->sweep_from_us;
    return c->sweep_from_us + (c->sweep_done + 1) * OTA_US_PER_MIN / per_minute;
}

void ota_campaign_sweep(struct ota_campaign *c)
{
    while (c->sweeping && due_us(c) <= c->now_us) {
        bool did = false;
        while (c->sweep_at < c->world.devices && !did)
            did = sweep_one(c, c->sweep_at++);
        if (did && c->record.stop_us != OTA_NEVER)
            c->record.effective_us = c->now_us;
        c->sweep_done += did;
        c->sweeping = c->sweep_at < c->world.devices;
    }
}

int64_t ota_campaign_sweep_us(const struct ota_campaign *c)
{
    return c->sweeping ? due_us(c) : OTA_NEVER;
}

/* For good; wave: whose rule it was, or CAMPAIGN_NO_WAVE. */
void ota_campaign_stop(struct ota_campaign *c, const struct ota_action *action,
                       size_t wave)
{
    c->ended = true;
    c->end_action = *action;
    c->sweep_from_us = c->now_us;
    c->sweep_at = 0;
    c->sweep_done = 0;
    c->sweep_wave = CAMPAIGN_NO_WAVE;
    c->sends_back = action->kind == OTA_DO_ROLLBACK;
    if (c->sends_back && action->who == OTA_BACK_WAVE) {
        c->sweep_wave = wave;
        if (wave == CAMPAIGN_NO_WAVE && c->last_opened > 0)
            c->sweep_wave = c->last_opened - 1;
    }
    c->sweeping = c->sends_back || action->cancel != OTA_CANCEL_NONE;
    c->paused = c->held = false;
    ota_campaign_waits(c, 0);
    ota_campaign_sweep(c);
}
