/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign_attempt.c - attempts: further tries, penalties, timers, sweeps.
 *
 * A failure is looked at for penalties first, then for further tries, and is
 * an outcome only if neither holds. A time-out with tries left changes nothing
 * for a device that is at it: the next attempt's time begins. A time-out for
 * good takes the offer back if time is counted from the begin of the attempt,
 * as AWS IoT ends the execution; counted from the offer, it stands, as Flight
 * Control's batch goes on while the device may still update.
 */
#include "sim/fleet/campaign_state.h"

/* --- attempts --- */

/* Where devices are offered the update when they are connected, one whose
 * attempt is over has an offer no longer: it shows up as any other does. */
static void withdraw(struct ota_campaign *c, uint32_t d)
{
    const uint16_t w = c->each[d].wave;

    if (w != CAMPAIGN_NO_WAVE && c->waves[w].spec.reachable &&
        c->waves[w].spec.size.kind == OTA_SIZE_REST)
        ota_campaign_order(c, d, OTA_ORDER_REVOKE);
}

static void block(struct ota_campaign *c, uint32_t d)
{
    ota_campaign_attempt_end(c, d);
    ota_campaign_stage(c, d, CAMPAIGN_BLOCKED);
    ota_campaign_wake_at(c, d, c->penalties[d].blocked_us);
}

/* The penalty is over: it is offered the update again, through the pace. */
void ota_campaign_unblock(struct ota_campaign *c, uint32_t d)
{
    c->turn[d] = ++c->turn_last;
    ota_campaign_make_ready(c, d, false);
}

/* Whether it may try again; takes one try. */
static bool take_try(struct ota_campaign *c, uint32_t d, bool timed_out,
                     uint8_t cause)
{
    const struct ota_policy_retry *retry = &c->policy->attempt.retry;
    struct campaign_tries *tries = c->tries ? &c->tries[d] : NULL;

    if (!tries || tries->failed + tries->timed_out >= retry->total || c->ended)
        return false;
    if (timed_out) {
        if (tries->timed_out >= retry->timed_out)
            return false;
        tries->timed_out++;
        return true;
    }
    if (tries->failed >= retry->failed || !(retry->causes >> cause & 1))
        return false;
    tries->failed++;
    return true;
}

/* A failure that is not the last: it counts, and the device is none of those
 * that are terminal. */
static void count_each(struct ota_campaign *c, uint32_t d,
                       enum ota_counter counter)
{
    const uint16_t w = c->each[d].wave;

    if (!c->policy->attempt.retry.count_each)
        return;
    ota_campaign_bump(c, d, counter, 1);
    c->record.counts.repeats++;
    if (w != CAMPAIGN_NO_WAVE)
        c->records[w].counts.repeats++;
    ota_campaign_outcome(c, d, counter);
}

static void try_again(struct ota_campaign *c, uint32_t d)
{
    const struct ota_policy_retry *retry = &c->policy->attempt.retry;
    const int64_t tries = c->tries[d].failed + c->tries[d].timed_out - 1;
    const int64_t wait_us =
        retry->next_poll ? 0 : ota_retry_wait_us(retry, tries);

    ota_campaign_attempt_end(c, d);
    if (wait_us == 0) {
        ota_campaign_make_ready(c, d, true);
        if (c->each[d].stage == CAMPAIGN_MEMBER)
            withdraw(c, d);
        return;
    }
    withdraw(c, d);
    ota_campaign_stage(c, d, CAMPAIGN_WAIT);
    ota_campaign_wake_at(c, d, ota_us_add(c->now_us, wait_us));
}

void ota_campaign_attempt_failed(struct ota_campaign *c, uint32_t d,
                                 uint8_t cause)
{
    const bool refused = cause == OTA_CAUSE_REFUSED;
    const enum ota_counter counter =
        refused ? OTA_COUNT_REJECTED : OTA_COUNT_FAILED;

    if (cause == OTA_CAUSE_REVERT)
        ota_campaign_on_target(c, d, false);
    if (!ota_campaign_in_flight(c, d))
        return;
    if (c->penalties && !c->ended &&
        ota_penalty_failed(&c->penalties[d], &c->policy->attempt.penalty,
                           c->now_us, refused)) {
        count_each(c, d, counter);
        withdraw(c, d);
        block(c, d);
        return;
    }
    if (take_try(c, d, false, cause)) {
        count_each(c, d, counter);
        try_again(c, d);
        return;
    }
    ota_campaign_finish(c, d, counter);
}

static void start_timers(struct ota_campaign *c, uint32_t d)
{
    if (c->policy->attempt.timeout.from_started)
        ota_campaign_chain_put(&c->hard, d, c->now_us);
    ota_campaign_chain_put(&c->step, d, c->now_us);
}

void ota_campaign_attempt_began(struct ota_campaign *c, uint32_t d)
{
    if (!ota_campaign_in_flight(c, d))
        return;
    if (!(c->each[d].flags & CAMPAIGN_BEGAN)) {
        c->each[d].flags |= CAMPAIGN_BEGAN;
        ota_campaign_bump(c, d, OTA_COUNT_STARTED, 1);
    }
    ota_campaign_stage(c, d, CAMPAIGN_STARTED);
    start_timers(c, d);
    if (c->penalties && !c->ended &&
        ota_penalty_attempt(&c->penalties[d], &c->policy->attempt.penalty,
                            c->now_us)) {
        ota_campaign_order(c, d, OTA_ORDER_REVOKE);
        block(c, d);
    }
}

static void timed_out(struct ota_campaign *c, uint32_t d)
{
    const bool queued = c->each[d].stage == CAMPAIGN_QUEUED;

    if (!take_try(c, d, true, 0)) {
        if (c->policy->attempt.timeout.from_started)
            ota_campaign_order(c, d, OTA_ORDER_REVOKE);
        ota_campaign_finish(c, d, OTA_COUNT_TIMED_OUT);
        return;
    }
    count_each(c, d, OTA_COUNT_TIMED_OUT);
    if (queued) {
        ota_campaign_attempt_end(c, d);
        ota_campaign_make_ready(c, d, true);
        if (c->each[d].stage == CAMPAIGN_MEMBER)
            withdraw(c, d);
        return;
    }
    ota_campaign_chain_put(&c->hard, d, c->now_us);
    ota_campaign_chain_put(&c->step, d, c->now_us);
}

/* When the next slot of a pace is found stale; sweeps are on the clock. */
static int64_t pace_stale_us(const struct ota_campaign *c,
                             const struct campaign_pace *pace)
{
    const struct ota_policy_in_flight *limit = &pace->policy->in_flight;
    const int64_t spoke_us = ota_campaign_chain_us(&pace->silent);

    if (spoke_us == OTA_NEVER)
        return OTA_NEVER;
    const int64_t swept_us =
        ota_stale_us(ota_us_add(spoke_us, c->world.begin_us), limit->stale_us,
                     limit->sweep_us);
    return swept_us == OTA_NEVER ? OTA_NEVER : swept_us - c->world.begin_us;
}

static int64_t stale_us(const struct ota_campaign *c)
{
    int64_t next_us = OTA_NEVER;

    for (size_t i = 0; c->silent && i < c->pace_count; i++)
        next_us = ota_us_min(next_us, pace_stale_us(c, c->paces[i]));
    return next_us;
}

/* Something changed for a pace by the clock and by no report. */
static void by_clock(struct campaign_pace *pace, bool wanted)
{
    if (pace->policy->also_every_us == 0)
        return;
    pace->wants = wanted;
    pace->swept = true;
}

/* Frees the slots of devices that were silent for too long. */
static void sweep_stale(struct ota_campaign *c)
{
    for (size_t i = 0; c->silent && i < c->pace_count; i++) {
        struct campaign_pace *pace = c->paces[i];
        const bool wanted = pace->wants;
        while (pace_stale_us(c, pace) <= c->now_us) {
            ota_campaign_slot_free(c, pace->silent.head);
            by_clock(pace, wanted);
        }
    }
}

static void end_waits(struct ota_campaign *c)
{
    uint32_t d;

    while (!c->ended && ota_campaign_wake_pop(c, c->now_us, &d)) {
        struct campaign_pace *pace = ota_campaign_pace_of(c, d);
        const bool wanted = pace->wants;
        if (c->each[d].stage == CAMPAIGN_WAIT) {
            ota_campaign_make_ready(c, d, true);
        } else {
            ota_campaign_unblock(c, d);
            by_clock(pace, wanted);
        }
        ota_campaign_look(c);
    }
}

/* Sweeps, time-outs, waits that end. */
void ota_campaign_attempt_clock(struct ota_campaign *c)
{
    const struct ota_policy_timeout *timeout = &c->policy->attempt.timeout;

    sweep_stale(c);
    while (ota_us_add(ota_campaign_chain_us(&c->hard), timeout->after_us) <=
           c->now_us) {
        timed_out(c, c->hard.head);
        ota_campaign_look(c);
    }
    while (ota_us_add(ota_campaign_chain_us(&c->step), timeout->step_us) <=
           c->now_us) {
        timed_out(c, c->step.head);
        ota_campaign_look(c);
    }
    end_waits(c);
}

int64_t ota_campaign_attempt_us(struct ota_campaign *c)
{
    const struct ota_policy_timeout *timeout = &c->policy->attempt.timeout;
    int64_t next_us = stale_us(c);

    next_us = ota_us_min(next_us, ota_us_add(ota_campaign_chain_us(&c->hard),
                                             timeout->after_us));
    next_us = ota_us_min(
        next_us, ota_us_add(ota_campaign_chain_us(&c->step), timeout->step_us));
    if (!c->ended)
        next_us = ota_us_min(next_us, ota_campaign_wake_us(c));
    return next_us;
}
