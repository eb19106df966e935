/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign_device.c - what becomes of a device: counts, attempts, reports.
 *
 * Every change of a counter goes through ota_campaign_bump(), for the rollout
 * and for the device's wave. A device that is terminal stays so whatever it
 * says later; that it runs the release, or no more, is heard all the same.
 *
 * A failure is looked at for penalties first, then for further tries, and is
 * an outcome only if neither holds. A time-out with tries left changes nothing
 * for a device that is at it: the next attempt's time begins. A time-out for
 * good takes the offer back if time is counted from the begin of the attempt,
 * as AWS IoT ends the execution; counted from the offer, it stands, as Flight
 * Control's batch goes on while the device may still update.
 */
#include "sim/fleet/campaign_state.h"

/* --- counts --- */

void ota_campaign_bump(struct ota_campaign *c, uint32_t d,
                       enum ota_counter counter, int by)
{
    const uint16_t w = c->wave_of[d];

    c->record.counts.kept[counter] += by;
    ota_campaign_mark(c, &c->watch, CAMPAIGN_NO_WAVE, counter);
    if (w == CAMPAIGN_NO_WAVE)
        return;
    c->records[w].counts.kept[counter] += by;
    ota_campaign_mark(c, &c->waves[w].watch, w, counter);
}

static void outcome(struct ota_campaign *c, uint32_t d,
                    enum ota_counter counter)
{
    const uint16_t w = c->wave_of[d];

    if (c->watch.judge) {
        ota_judge_outcome(c->watch.judge, c->now_us, counter);
        ota_campaign_mark(c, &c->watch, CAMPAIGN_NO_WAVE, counter);
    }
    if (w != CAMPAIGN_NO_WAVE && c->waves[w].watch.judge)
        ota_judge_outcome(c->waves[w].watch.judge, c->now_us, counter);
}

static enum ota_counter counter_of(unsigned stage)
{
    return (enum ota_counter)(OTA_COUNT_SUCCEEDED + stage - CAMPAIGN_DONE);
}

/* What the device counts for in its wave's counts. */
static void count_in_wave(struct ota_campaign *c, uint32_t d, int by)
{
    const uint16_t w = c->wave_of[d];

    if (w == CAMPAIGN_NO_WAVE)
        return;
    struct ota_counts *counts = &c->records[w].counts;
    const uint16_t flags = c->flags[d];
    counts->kept[OTA_COUNT_TOTAL] += by;
    counts->kept[OTA_COUNT_OFFERED] += flags & CAMPAIGN_OFFERED ? by : 0;
    counts->kept[OTA_COUNT_STARTED] += flags & CAMPAIGN_BEGAN ? by : 0;
    counts->kept[OTA_COUNT_ON_TARGET] += flags & CAMPAIGN_ON_TARGET ? by : 0;
    if (c->stage[d] == CAMPAIGN_BLOCKED)
        counts->kept[OTA_COUNT_BLOCKED] += by;
    c->waves[w].open_members += by;
    ota_campaign_mark(c, &c->waves[w].watch, w, OTA_COUNT_TOTAL);
    ota_campaign_wave_touched(c, w);
}

/* Into another wave, or none. It is neither in flight nor in line, nor
 * terminal. */
void ota_campaign_move(struct ota_campaign *c, uint32_t d, uint16_t wave)
{
    assert(!ota_campaign_in_flight(c, d) && c->stage[d] != CAMPAIGN_READY &&
           !ota_campaign_is_terminal(c, d));
    ota_campaign_ask_end(c, d);
    ota_campaign_slot_free(c, d);
    ota_campaign_slot_total(c, d, -1);
    count_in_wave(c, d, -1);
    c->wave_of[d] = wave;
    count_in_wave(c, d, 1);
    ota_campaign_slot_total(c, d, 1);
}

/* --- stages --- */

static bool is_flight(unsigned stage)
{
    return stage == CAMPAIGN_QUEUED || stage == CAMPAIGN_STARTED;
}

static void opens(struct ota_campaign *c, uint32_t d, int by)
{
    const uint16_t w = c->wave_of[d];
    const int unoffered = c->flags[d] & CAMPAIGN_OFFERED ? 0 : by;

    c->open_devices += by;
    c->record.counts.unoffered -= unoffered;
    if (w == CAMPAIGN_NO_WAVE)
        return;
    c->records[w].counts.unoffered -= unoffered;
    c->waves[w].open_members += by;
    ota_campaign_wave_touched(c, w);
}

void ota_campaign_stage(struct ota_campaign *c, uint32_t d, unsigned stage)
{
    const unsigned old = c->stage[d];

    if (old == CAMPAIGN_READY)
        ota_campaign_line_leave(c, d);
    c->stage[d] = (uint8_t)stage;
    if (old == CAMPAIGN_BLOCKED)
        ota_campaign_bump(c, d, OTA_COUNT_BLOCKED, -1);
    if (stage == CAMPAIGN_BLOCKED)
        ota_campaign_bump(c, d, OTA_COUNT_BLOCKED, 1);
    if (old >= CAMPAIGN_DONE) {
        ota_campaign_bump(c, d, counter_of(old), -1);
        opens(c, d, 1);
    }
    if (stage >= CAMPAIGN_DONE) {
        ota_campaign_bump(c, d, counter_of(stage), 1);
        opens(c, d, -1);
    }
    c->in_pool += (stage == CAMPAIGN_POOL) - (old == CAMPAIGN_POOL);
    c->in_flight += is_flight(stage) - is_flight(old);
    if (c->in_flight > c->record.in_flight_peak)
        c->record.in_flight_peak = c->in_flight;
}

/* Its timers stop and its slot is free. */
void ota_campaign_attempt_end(struct ota_campaign *c, uint32_t d)
{
    ota_campaign_chain_take(&c->hard, d);
    ota_campaign_chain_take(&c->step, d);
    ota_campaign_slot_free(c, d);
    ota_campaign_ask_end(c, d);
}

void ota_campaign_finish(struct ota_campaign *c, uint32_t d,
                         enum ota_counter counter)
{
    ota_campaign_attempt_end(c, d);
    ota_campaign_stage(c, d, CAMPAIGN_DONE + counter - OTA_COUNT_SUCCEEDED);
    if (counter == OTA_COUNT_REMOVED)
        ota_campaign_slot_total(c, d, -1);
    outcome(c, d, counter);
}

static void on_target(struct ota_campaign *c, uint32_t d, bool is)
{
    const bool was = c->flags[d] & CAMPAIGN_ON_TARGET;

    if (is == was)
        return;
    c->flags[d] ^= CAMPAIGN_ON_TARGET;
    if (c->stage[d] != CAMPAIGN_OUT)
        ota_campaign_bump(c, d, OTA_COUNT_ON_TARGET, is ? 1 : -1);
}

/* Settles a device that has the release already. Returns whether it is. */
static bool settle_current(struct ota_campaign *c, uint32_t d)
{
    const int policy = c->policy->target.if_current;

    if (!(c->flags[d] & CAMPAIGN_ON_TARGET) || policy == OTA_CURRENT_FORCE)
        return false;
    ota_campaign_finish(c, d,
                        policy == OTA_CURRENT_SKIP ? OTA_COUNT_SKIPPED
                                                   : OTA_COUNT_SUCCEEDED);
    return true;
}

/* Into the line of its wave, if that offers to it now. */
void ota_campaign_make_ready(struct ota_campaign *c, uint32_t d, bool again)
{
    const uint16_t w = c->wave_of[d];

    ota_campaign_stage(c, d, CAMPAIGN_MEMBER);
    if (settle_current(c, d))
        return;
    if (again) {
        c->flags[d] |= CAMPAIGN_AGAIN;
        c->turn[d] = ++c->turn_last;
    }
    if (w != CAMPAIGN_NO_WAVE) {
        const struct campaign_wave *wave = &c->waves[w];
        if (wave->held || wave->state != OTA_WAVE_OPEN)
            return;
        if (wave->spec.reachable && wave->spec.size.kind == OTA_SIZE_REST &&
            !ota_campaign_connected(c, d))
            return;
    }
    ota_campaign_line_enter(c, d, again);
    c->stage[d] = CAMPAIGN_READY;
}

/* A target that came late and belongs to no wave. */
void ota_campaign_target_late(struct ota_campaign *c, uint32_t d)
{
    c->turn[d] = ++c->turn_last;
    if (!c->policy->pace.late_paced)
        c->flags[d] |= CAMPAIGN_UNPACED;
    ota_campaign_make_ready(c, d, false);
}

/* --- attempts --- */

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

/* A failure that is not the last. */
static void count_each(struct ota_campaign *c, uint32_t d,
                       enum ota_counter counter)
{
    if (!c->policy->attempt.retry.count_each)
        return;
    ota_campaign_bump(c, d, counter, 1);
    outcome(c, d, counter);
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
        return;
    }
    ota_campaign_stage(c, d, CAMPAIGN_WAIT);
    ota_campaign_wake_at(c, d, ota_us_add(c->now_us, wait_us));
}

static void failed(struct ota_campaign *c, uint32_t d, uint8_t cause)
{
    const bool refused = cause == OTA_CAUSE_REFUSED;
    const enum ota_counter counter =
        refused ? OTA_COUNT_REJECTED : OTA_COUNT_FAILED;

    if (cause == OTA_CAUSE_REVERT)
        on_target(c, d, false);
    if (!ota_campaign_in_flight(c, d))
        return;
    if (c->penalties && !c->ended &&
        ota_penalty_failed(&c->penalties[d], &c->policy->attempt.penalty,
                           c->now_us, refused)) {
        count_each(c, d, counter);
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

static void timed_out(struct ota_campaign *c, uint32_t d)
{
    const bool queued = c->stage[d] == CAMPAIGN_QUEUED;

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
        if (c->stage[d] == CAMPAIGN_WAIT) {
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

/* --- reports --- */

static void began(struct ota_campaign *c, uint32_t d)
{
    if (!ota_campaign_in_flight(c, d))
        return;
    if (!(c->flags[d] & CAMPAIGN_BEGAN)) {
        c->flags[d] |= CAMPAIGN_BEGAN;
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

static void current(struct ota_campaign *c, uint32_t d)
{
    const uint16_t w = c->wave_of[d];

    on_target(c, d, true);
    if (ota_campaign_in_flight(c, d) || c->stage[d] == CAMPAIGN_READY ||
        (c->stage[d] == CAMPAIGN_MEMBER && w != CAMPAIGN_NO_WAVE &&
         c->waves[w].state == OTA_WAVE_OPEN))
        settle_current(c, d);
}

static void succeeded(struct ota_campaign *c, uint32_t d)
{
    on_target(c, d, true);
    if (c->penalties)
        ota_penalty_success(&c->penalties[d]);
    if (!ota_campaign_is_terminal(c, d) && c->stage[d] != CAMPAIGN_OUT) {
        if (c->flags[d] & CAMPAIGN_OFFERED)
            ota_campaign_finish(c, d, OTA_COUNT_SUCCEEDED);
        else
            current(c, d);
    }
    if (c->sends_back && c->flags[d] & CAMPAIGN_OFFERED &&
        !(c->flags[d] & CAMPAIGN_SENT_BACK) &&
        (c->sweep_wave == CAMPAIGN_NO_WAVE || c->sweep_wave == c->wave_of[d])) {
        c->flags[d] |= CAMPAIGN_SENT_BACK;
        ota_campaign_order(c, d, OTA_ORDER_ROLL_BACK);
    }
}

static void left(struct ota_campaign *c, uint32_t d)
{
    c->flags[d] |= CAMPAIGN_GONE;
    if (c->begun && c->policy->target.leave_removes &&
        !ota_campaign_is_terminal(c, d) && c->stage[d] != CAMPAIGN_OUT)
        ota_campaign_finish(c, d, OTA_COUNT_REMOVED);
}

/* A sign of life of an attempt. */
static void speaks(struct ota_campaign *c, uint32_t d)
{
    if (c->flags[d] & CAMPAIGN_SLOT)
        ota_campaign_chain_put(&ota_campaign_pace_of(c, d)->silent, d,
                               c->now_us);
    if (c->stage[d] == CAMPAIGN_STARTED)
        ota_campaign_chain_put(&c->step, d, c->now_us);
}

/* It downloads no more. A slot that counts attempts is kept to the end. */
static void download_end(struct ota_campaign *c, uint32_t d)
{
    const struct campaign_pace *pace = ota_campaign_pace_of(c, d);

    ota_campaign_ask_end(c, d);
    if (pace->policy->in_flight.counts == OTA_SLOT_DOWNLOADING ||
        (pace->policy->in_flight.counts == OTA_SLOT_STARTED &&
         !ota_campaign_in_flight(c, d)))
        ota_campaign_slot_free(c, d);
}

static void disconnected(struct ota_campaign *c, uint32_t d)
{
    const uint16_t w = c->wave_of[d];

    c->flags[d] &= (uint16_t)~CAMPAIGN_CONNECTED;
    if (c->stage[d] == CAMPAIGN_READY && w != CAMPAIGN_NO_WAVE &&
        c->waves[w].spec.reachable &&
        c->waves[w].spec.size.kind == OTA_SIZE_REST)
        ota_campaign_stage(c, d, CAMPAIGN_MEMBER);
}

void ota_campaign_report(struct ota_campaign *c,
                         const struct ota_campaign_report *report)
{
    const uint32_t d = report->device;

    assert(d < c->world.devices);
    switch ((enum ota_report_kind)report->kind) {
    case OTA_REPORT_CONTACT:
        if (c->seen_us && !(c->flags[d] & CAMPAIGN_CONNECTED))
            c->seen_us[d] = c->now_us;
        c->flags[d] |= CAMPAIGN_CONNECTED;
        break;
    case OTA_REPORT_GONE:
        disconnected(c, d);
        break;
    case OTA_REPORT_STARTED:
        speaks(c, d);
        began(c, d);
        break;
    case OTA_REPORT_PROGRESS:
        speaks(c, d);
        break;
    case OTA_REPORT_SUCCEEDED:
        succeeded(c, d);
        break;
    case OTA_REPORT_FAILED:
        failed(c, d, report->cause);
        break;
    case OTA_REPORT_REFUSED:
        failed(c, d, OTA_CAUSE_REFUSED);
        break;
    case OTA_REPORT_CURRENT:
        current(c, d);
        break;
    case OTA_REPORT_LEFT:
        left(c, d);
        break;
    case OTA_REPORT_JOINED:
        ota_campaign_joins(c, d);
        break;
    case OTA_REPORT_BEGIN:
        speaks(c, d);
        ota_campaign_ask(c, d);
        break;
    case OTA_REPORT_END:
        speaks(c, d);
        download_end(c, d);
        break;
    case OTA_REPORT_BACK:
        on_target(c, d, false);
        break;
    case OTA_REPORT_SHARE:
        break;
    case OTA_REPORT_KINDS:
        assert(false);
    }
}
