/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign_device.c - what becomes of a device: counts, stages, reports.
 *
 * Every change of a counter goes through ota_campaign_bump(), for the rollout
 * and for the device's wave. A device that is terminal stays so whatever it
 * says later; that it runs the release, or no more, is heard all the same.
 */
#include "sim/fleet/campaign_state.h"

/* --- counts --- */

void ota_campaign_bump(struct ota_campaign *c, uint32_t d,
                       enum ota_counter counter, int by)
{
    const uint16_t w = c->each[d].wave;

    c->record.counts.kept[counter] += by;
    ota_campaign_mark(c, &c->watch, CAMPAIGN_NO_WAVE, counter);
    if (w == CAMPAIGN_NO_WAVE)
        return;
    c->records[w].counts.kept[counter] += by;
    ota_campaign_mark(c, &c->waves[w].watch, w, counter);
}

void ota_campaign_outcome(struct ota_campaign *c, uint32_t d,
                          enum ota_counter counter)
{
    const uint16_t w = c->each[d].wave;

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
    const uint16_t w = c->each[d].wave;

    if (w == CAMPAIGN_NO_WAVE)
        return;
    struct ota_counts *counts = &c->records[w].counts;
    const uint16_t flags = c->each[d].flags;
    counts->kept[OTA_COUNT_TOTAL] += by;
    counts->kept[OTA_COUNT_OFFERED] += flags & CAMPAIGN_OFFERED ? by : 0;
    counts->kept[OTA_COUNT_STARTED] += flags & CAMPAIGN_BEGAN ? by : 0;
    counts->kept[OTA_COUNT_ON_TARGET] += flags & CAMPAIGN_ON_TARGET ? by : 0;
    if (c->each[d].stage == CAMPAIGN_BLOCKED)
        counts->kept[OTA_COUNT_BLOCKED] += by;
    c->waves[w].open_members += by;
    ota_campaign_mark(c, &c->waves[w].watch, w, OTA_COUNT_TOTAL);
    ota_campaign_wave_touched(c, w);
}

/* Into another wave, or none. It is neither in flight nor in line, nor
 * terminal. */
void ota_campaign_move(struct ota_campaign *c, uint32_t d, uint16_t wave)
{
    assert(!ota_campaign_in_flight(c, d) &&
           c->each[d].stage != CAMPAIGN_READY &&
           !ota_campaign_is_terminal(c, d));
    ota_campaign_ask_end(c, d);
    ota_campaign_slot_free(c, d);
    ota_campaign_slot_total(c, d, -1);
    count_in_wave(c, d, -1);
    c->each[d].wave = wave;
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
    const uint16_t w = c->each[d].wave;
    const int unoffered = c->each[d].flags & CAMPAIGN_OFFERED ? 0 : by;

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
    const unsigned old = c->each[d].stage;

    if (old == CAMPAIGN_READY)
        ota_campaign_line_leave(c, d);
    c->each[d].stage = (uint8_t)stage;
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
    ota_campaign_outcome(c, d, counter);
}

void ota_campaign_on_target(struct ota_campaign *c, uint32_t d, bool is)
{
    const bool was = c->each[d].flags & CAMPAIGN_ON_TARGET;

    if (is == was)
        return;
    c->each[d].flags ^= CAMPAIGN_ON_TARGET;
    if (c->each[d].stage != CAMPAIGN_OUT)
        ota_campaign_bump(c, d, OTA_COUNT_ON_TARGET, is ? 1 : -1);
}

/* Settles a device that has the release already. Returns whether it is. */
static bool settle_current(struct ota_campaign *c, uint32_t d)
{
    const int policy = c->policy->target.if_current;

    if (!(c->each[d].flags & CAMPAIGN_ON_TARGET) || policy == OTA_CURRENT_FORCE)
        return false;
    ota_campaign_finish(c, d,
                        policy == OTA_CURRENT_SKIP ? OTA_COUNT_SKIPPED
                                                   : OTA_COUNT_SUCCEEDED);
    return true;
}

/* Into the line of its wave, if that offers to it now. */
void ota_campaign_make_ready(struct ota_campaign *c, uint32_t d, bool again)
{
    const uint16_t w = c->each[d].wave;

    ota_campaign_stage(c, d, CAMPAIGN_MEMBER);
    if (settle_current(c, d))
        return;
    if (again) {
        c->each[d].flags |= CAMPAIGN_AGAIN;
        c->turn[d] = ++c->turn_last;
    }
    if (w != CAMPAIGN_NO_WAVE) {
        const struct campaign_wave *wave = &c->waves[w];
        if (wave->state == OTA_WAVE_CLOSED && !c->ended) {
            ota_campaign_give_back(c, w, d); /* it was in flight till now */
            return;
        }
        if (wave->held || wave->state != OTA_WAVE_OPEN)
            return;
        if (wave->spec.reachable && wave->spec.size.kind == OTA_SIZE_REST &&
            !ota_campaign_connected(c, d))
            return;
    }
    ota_campaign_line_enter(c, d, again);
    c->each[d].stage = CAMPAIGN_READY;
}

/* A target that came late and belongs to no wave. */
void ota_campaign_target_late(struct ota_campaign *c, uint32_t d)
{
    c->turn[d] = ++c->turn_last;
    if (!c->policy->pace.late_paced)
        c->each[d].flags |= CAMPAIGN_UNPACED;
    ota_campaign_make_ready(c, d, false);
}

/* --- reports --- */

static void current(struct ota_campaign *c, uint32_t d)
{
    const uint16_t w = c->each[d].wave;

    ota_campaign_on_target(c, d, true);
    if (ota_campaign_in_flight(c, d) || c->each[d].stage == CAMPAIGN_READY ||
        (c->each[d].stage == CAMPAIGN_MEMBER && w != CAMPAIGN_NO_WAVE &&
         c->waves[w].state == OTA_WAVE_OPEN))
        settle_current(c, d);
}

static void succeeded(struct ota_campaign *c, uint32_t d)
{
    ota_campaign_on_target(c, d, true);
    if (c->penalties)
        ota_penalty_success(&c->penalties[d]);
    if (!ota_campaign_is_terminal(c, d) && c->each[d].stage != CAMPAIGN_OUT) {
        if (c->each[d].flags & CAMPAIGN_OFFERED)
            ota_campaign_finish(c, d, OTA_COUNT_SUCCEEDED);
        else
            current(c, d);
    }
    if (c->sends_back && c->each[d].flags & CAMPAIGN_OFFERED &&
        !(c->each[d].flags & CAMPAIGN_SENT_BACK) &&
        (c->sweep_wave == CAMPAIGN_NO_WAVE ||
         c->sweep_wave == c->each[d].wave)) {
        c->each[d].flags |= CAMPAIGN_SENT_BACK;
        ota_campaign_order(c, d, OTA_ORDER_ROLL_BACK);
    }
}

static void left(struct ota_campaign *c, uint32_t d)
{
    c->each[d].flags |= CAMPAIGN_GONE;
    if (c->begun && c->policy->target.leave_removes &&
        !ota_campaign_is_terminal(c, d) && c->each[d].stage != CAMPAIGN_OUT)
        ota_campaign_finish(c, d, OTA_COUNT_REMOVED);
}

/* A sign of life of an attempt. */
static void speaks(struct ota_campaign *c, uint32_t d)
{
    if (c->each[d].flags & CAMPAIGN_SLOT)
        ota_campaign_chain_put(&ota_campaign_pace_of(c, d)->silent, d,
                               c->now_us);
    if (c->each[d].stage == CAMPAIGN_STARTED)
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
    const uint16_t w = c->each[d].wave;

    c->each[d].flags &= (uint16_t)~CAMPAIGN_CONNECTED;
    if (c->each[d].stage == CAMPAIGN_READY && w != CAMPAIGN_NO_WAVE &&
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
        if (c->seen_us && !(c->each[d].flags & CAMPAIGN_CONNECTED))
            c->seen_us[d] = c->now_us;
        c->each[d].flags |= CAMPAIGN_CONNECTED;
        break;
    case OTA_REPORT_GONE:
        disconnected(c, d);
        break;
    case OTA_REPORT_STARTED:
        speaks(c, d);
        ota_campaign_attempt_began(c, d);
        break;
    case OTA_REPORT_PROGRESS:
        speaks(c, d);
        break;
    case OTA_REPORT_SUCCEEDED:
        succeeded(c, d);
        break;
    case OTA_REPORT_FAILED:
        ota_campaign_attempt_failed(c, d, report->cause);
        break;
    case OTA_REPORT_REFUSED:
        ota_campaign_attempt_failed(c, d, OTA_CAUSE_REFUSED);
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
        ota_campaign_on_target(c, d, false);
        break;
    case OTA_REPORT_SHARE:
        break;
    case OTA_REPORT_KINDS:
        assert(false);
    }
}
