/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign_wave.c - waves: they open, take members, are through, close.
 *
 * A rule or a person says of a wave that the next may open; it opens the one
 * behind it, unless that is open already. Behind the list it opens one of the
 * waves without end, if the last is full and there is somebody to put in it.
 * A wave through which all its members have gone, and whose next was said to
 * open, is judged no more, as hawkBit finishes a group
 * (eclipse-hawkbit/hawkbit, JpaRolloutExecutor).
 *
 * A wave that is closed gives back who was not offered anything, or waits for
 * a further try, to whatever wave comes behind; who was offered the update
 * goes on, and counts for the wave.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/fleet/campaign_state.h"

/* --- being through --- */

/* Whether devices that ask now are taken. */
bool ota_campaign_takes_polls(const struct ota_campaign *c, size_t w)
{
    return c->policy->waves.assign == OTA_ASSIGN_POLL &&
           c->waves[w].state == OTA_WAVE_OPEN && c->waves[w].quota > 0 &&
           c->in_pool > 0;
}

/* Whether a wave behind the list has room for devices that join later. */
static bool takes_late(const struct ota_campaign *c, size_t w)
{
    return c->waves[w].repeated && c->waves[w].state == OTA_WAVE_OPEN &&
           c->policy->target.late == OTA_LATE_APPEND_WAVE &&
           c->records[w].counts.kept[OTA_COUNT_TOTAL] < c->waves[w].nominal;
}

static bool is_through(const struct ota_campaign *c, size_t w)
{
    const struct campaign_wave *wave = &c->waves[w];

    return wave->state != OTA_WAVE_PLANNED && wave->open_members == 0 &&
           !ota_campaign_takes_polls(c, w) && !takes_late(c, w) &&
           !(wave->spec.approval && wave->held);
}

void ota_campaign_wave_touched(struct ota_campaign *c, size_t w)
{
    struct campaign_wave *wave = &c->waves[w];
    const bool through = is_through(c, w);

    if (through == wave->through)
        return;
    wave->through = through;
    c->waves_stale = c->waves_work = true;
    c->not_through += through ? (size_t)-1 : 1;
    if (!through) {
        c->record.finished_us = OTA_NEVER;
        return;
    }
    c->records[w].complete_us = c->now_us;
    if (wave->retries < c->policy->operator.retry_failed_max)
        wave->retry_us =
            ota_us_add(c->now_us, c->policy->operator.retry_failed_us);
}

static bool repeats(const struct ota_campaign *c)
{
    const struct ota_wave_repeat *repeat = &c->policy->waves.repeat;
    const size_t extra = c->wave_count - c->policy->waves.count;
    const bool appends = c->policy->target.late == OTA_LATE_APPEND_WAVE;

    if (c->wave_count >= CAMPAIGN_WAVES_MAX)
        return false;
    if (repeat->size.kind == OTA_SIZE_REST)
        return appends && c->in_pool > 0;
    return (repeat->max == 0 || (int64_t)extra < repeat->max) &&
           (c->in_pool > 0 || appends);
}

/* Whether there is a wave to open behind this one. */
bool ota_campaign_next_exists(const struct ota_campaign *c, size_t w)
{
    return w + 1 < c->wave_count ? c->waves[w + 1].state == OTA_WAVE_PLANNED
                                 : repeats(c);
}

void ota_campaign_check_finished(struct ota_campaign *c)
{
    if (!c->begun || c->ended || c->record.finished_us != OTA_NEVER)
        return;
    if (c->policy->waves.assign == OTA_ASSIGN_POLL)
        for (size_t w = 0; w < c->wave_count; w++)
            ota_campaign_wave_touched(c, w);
    if (c->not_through == 0 && c->open_devices == c->in_pool && !repeats(c))
        c->record.finished_us = c->now_us;
}

/* --- members --- */

static bool offers_to_connected(const struct campaign_wave *wave)
{
    return wave->spec.reachable && wave->spec.size.kind == OTA_SIZE_REST;
}

/* Puts who is in the wave in line. */
static void enter_members(struct ota_campaign *c, size_t w)
{
    const struct campaign_wave wave = c->waves[w];

    if (c->policy->waves.assign == OTA_ASSIGN_POLL)
        return;
    if (c->all) {
        ota_campaign_all_offer(c);
        return;
    }
    for (size_t i = 0; i < wave.members; i++) {
        const uint32_t d = c->pool[wave.first + i];
        if (c->each[d].stage != CAMPAIGN_MEMBER || c->each[d].wave != w)
            continue;
        c->turn[d] = ++c->turn_last;
        ota_campaign_make_ready(c, d, false);
    }
    if (c->policy->waves.assign != OTA_ASSIGN_CREATE)
        return;
    for (uint32_t d = 0; d < c->world.devices; d++) {
        if (c->each[d].stage != CAMPAIGN_MEMBER || c->each[d].wave != w)
            continue; /* given back by an earlier wave, or late */
        ota_campaign_make_ready(c, d, false);
    }
}

/* The wave behind this one that takes a device which that gives back, if it is
 * not chosen when one opens: the wave count. */
static size_t taker(struct ota_campaign *c, size_t w, uint32_t d)
{
    const int assign = c->policy->waves.assign;
    size_t next = w + 1;

    for (; next < c->wave_count; next++) {
        const struct campaign_wave *wave = &c->waves[next];
        if (assign == OTA_ASSIGN_CREATE
                ? wave->state != OTA_WAVE_CLOSED
                : assign == OTA_ASSIGN_START && wave->state == OTA_WAVE_OPEN &&
                      wave->spec.size.kind == OTA_SIZE_REST &&
                      ota_campaign_wave_matches(c, next, d))
            break;
    }
    return next;
}

/* Gives back a device of a wave that is closed. */
void ota_campaign_give_back(struct ota_campaign *c, size_t w, uint32_t d)
{
    const size_t next = taker(c, w, d);

    ota_campaign_stage(c, d, CAMPAIGN_MEMBER);
    if (next < c->wave_count) {
        ota_campaign_move(c, d, (uint16_t)next);
        c->records[next].size++;
        c->turn[d] = ++c->turn_last;
        if (c->waves[next].state == OTA_WAVE_OPEN)
            ota_campaign_make_ready(c, d, false);
    } else if (c->policy->waves.assign != OTA_ASSIGN_CREATE) {
        ota_campaign_move(c, d, CAMPAIGN_NO_WAVE);
        ota_campaign_stage(c, d, CAMPAIGN_POOL);
        ota_campaign_pool_put(c, d);
    }
}

void ota_campaign_wave_close(struct ota_campaign *c, size_t w)
{
    struct campaign_wave *wave = &c->waves[w];

    if (wave->state != OTA_WAVE_OPEN)
        return;
    if (wave->held)
        ota_campaign_waits(c, -1);
    wave->state = OTA_WAVE_CLOSED;
    wave->held = false;
    wave->passed = true;
    wave->quota = 0;
    wave->approve_us = wave->skip_us = wave->trigger_us = OTA_NEVER;
    if (c->records[w].closed_us == OTA_NEVER)
        c->records[w].closed_us = c->now_us;
    for (uint32_t d = 0; wave->open_members > 0 && d < c->world.devices; d++)
        if (c->each[d].wave == w && !ota_campaign_is_terminal(c, d) &&
            !ota_campaign_in_flight(c, d))
            ota_campaign_give_back(c, w, d);
    ota_campaign_wave_touched(c, w);
}

/* It offers nothing until a person says so. */
void ota_campaign_wave_hold(struct ota_campaign *c, size_t w)
{
    c->waves[w].held = true;
    for (uint32_t d = 0; d < c->world.devices; d++)
        if (c->each[d].wave == w && c->each[d].stage == CAMPAIGN_READY)
            ota_campaign_stage(c, d, CAMPAIGN_MEMBER);
}

/* A person says so: penalties of its devices are forgiven. */
void ota_campaign_wave_free(struct ota_campaign *c, size_t w)
{
    c->waves[w].held = false;
    ota_campaign_wave_touched(c, w);
    for (uint32_t d = 0; d < c->world.devices; d++) {
        if (c->each[d].wave != w)
            continue;
        if (c->each[d].stage == CAMPAIGN_BLOCKED)
            ota_campaign_unblock(c, d);
        else if (c->each[d].stage == CAMPAIGN_MEMBER)
            ota_campaign_make_ready(c, d, c->each[d].flags & CAMPAIGN_AGAIN);
    }
}

/* A person has those tried again that failed or timed out. */
void ota_campaign_wave_retry(struct ota_campaign *c, size_t w)
{
    const unsigned failed =
        CAMPAIGN_DONE + OTA_COUNT_FAILED - OTA_COUNT_SUCCEEDED;
    const unsigned timed_out =
        CAMPAIGN_DONE + OTA_COUNT_TIMED_OUT - OTA_COUNT_SUCCEEDED;
    bool any = false;

    for (uint32_t d = 0; d < c->world.devices; d++) {
        if (c->each[d].wave != w ||
            (c->each[d].stage != failed && c->each[d].stage != timed_out))
            continue;
        any = true;
        c->waves[w].state = OTA_WAVE_OPEN;
        if (c->tries)
            c->tries[d] = (struct campaign_tries){0};
        ota_campaign_make_ready(c, d, true);
    }
    if (any) {
        c->waves[w].retries++;
        c->record.approvals++;
    }
}

/* --- opening --- */

/* The array with room for so many, or as it was with *good false. */
static void *grown(void *array, size_t places, size_t size, bool *good)
{
    void *more = realloc(array, places * size);

    if (more)
        return more;
    *good = false;
    return array;
}

/* A wave behind the list: returns whether there is memory for it. */
bool ota_campaign_wave_add(struct ota_campaign *c)
{
    if (c->wave_count == c->wave_places) {
        const size_t places = 2 * c->wave_places;
        bool good = true;
        c->waves = grown(c->waves, places, sizeof *c->waves, &good);
        c->records = grown(c->records, places, sizeof *c->records, &good);
        c->dirty = grown(c->dirty, places, sizeof *c->dirty, &good);
        if (!good || !ota_campaign_pace_grow(c, c->paces[0], places + 1))
            return !(c->failed = true);
        c->wave_places = places;
    }
    const size_t w = c->wave_count;
    char *name = ota_arena_alloc(&c->arena, 1, 32);
    const bool sized = c->policy->waves.repeat.size.kind != OTA_SIZE_REST;
    if (!name)
        return !(c->failed = true);
    snprintf(name, 32, "%s %zu", sized ? "repeat" : "late",
             w + 1 - c->policy->waves.count);
    const struct ota_wave *like =
        &c->policy->waves.list[c->policy->waves.count - 1];
    c->waves[w] = (struct campaign_wave){
        .spec = {.name = name,
                 .size = c->policy->waves.repeat.size,
                 .order = like->order,
                 .order_key = like->order_key,
                 .rules = like->rules},
        .repeated = true,
        .approve_us = OTA_NEVER,
        .skip_us = OTA_NEVER,
        .trigger_us = OTA_NEVER,
        .retry_us = OTA_NEVER,
        .watch = {.look_us = OTA_NEVER},
    };
    c->records[w] = (struct ota_wave_record){.name = name,
                                             .opened_us = OTA_NEVER,
                                             .closed_us = OTA_NEVER,
                                             .complete_us = OTA_NEVER};
    const struct ota_rules *rules =
        like->rules ? like->rules : &c->policy->rules;
    if (!ota_campaign_watch_init(c, &c->waves[w].watch, rules, OTA_SCOPE_WAVE))
        return !(c->failed = true);
    c->wave_count++;
    c->not_through++;
    return true;
}

/* Ends what earlier waves for the same devices still take, and returns what
 * was left over. */
static int64_t end_quotas(struct ota_campaign *c, size_t w)
{
    const struct ota_filter *where = &c->waves[w].spec.where;
    int64_t over = 0;

    for (size_t i = 0; i < w; i++) {
        struct campaign_wave *wave = &c->waves[i];
        const struct ota_filter *other = &wave->spec.where;
        const bool same = where->root && other->root
                              ? strcmp(where->text, other->text) == 0
                              : where->root == other->root;
        if (wave->state != OTA_WAVE_OPEN || !same ||
            c->records[i].opened_us == c->now_us)
            continue;
        if (wave->quota < INT64_MAX)
            over += wave->quota;
        wave->quota = 0;
        ota_campaign_wave_touched(c, i);
    }
    return over;
}

void ota_campaign_wave_open(struct ota_campaign *c, size_t w)
{
    const struct ota_policy_waves *policy = &c->policy->waves;

    for (size_t i = 0; policy->close && i < w; i++)
        ota_campaign_wave_close(c, i);
    struct campaign_wave *wave = &c->waves[w];
    wave->state = OTA_WAVE_OPEN;
    c->records[w].opened_us = c->now_us;
    c->last_opened = w + 1;
    if (policy->assign != OTA_ASSIGN_CREATE || wave->repeated)
        ota_campaign_choose(c, w);
    if (policy->assign == OTA_ASSIGN_POLL) {
        const int64_t over = end_quotas(c, w);
        if (policy->quota_carry && wave->quota < INT64_MAX) {
            wave->quota += over;
            wave->nominal += over;
            c->records[w].size += over;
        }
    }
    const struct ota_policy_operator *person = &c->policy->operator;
    if (wave->spec.approval) {
        ota_campaign_hold_wave(c, w);
    } else {
        wave->skip_us = ota_us_add(c->now_us, person->skip_wave_us);
        wave->trigger_us = ota_us_add(c->now_us, person->trigger_next_us);
        enter_members(c, w);
    }
    ota_campaign_wave_touched(c, w);
    wave->watch.dirty = wave->watch.judge;
    c->waves_stale = c->waves_work = c->watches_stale = c->again = true;
}

/* Opens a wave whose turn has come, or asks a person. */
static void open_or_ask(struct ota_campaign *c, size_t w)
{
    struct campaign_wave *wave = &c->waves[w];

    if (wave->spec.start.kind != OTA_START_APPROVAL) {
        ota_campaign_wave_open(c, w);
        return;
    }
    if (wave->asked)
        return;
    wave->asked = true;
    ota_campaign_waits(c, 1);
    if (c->policy->operator.approves)
        wave->approve_us = ota_us_add(
            c->now_us, ota_campaign_person_us(c, &c->policy->operator.approve));
    c->waves_stale = c->waves_work = true;
}

/* The wave behind this one may open; at the end of the instant's reports. */
void ota_campaign_wave_next(struct ota_campaign *c, size_t w)
{
    c->waves[w].nexted = c->waves[w].wants_next = true;
    c->waves_stale = c->waves_work = true;
}

static void next_wave(struct ota_campaign *c, size_t w)
{
    struct campaign_wave *wave = &c->waves[w];

    if (w + 1 < c->wave_count) {
        wave->wants_next = false;
        if (c->waves[w + 1].state == OTA_WAVE_PLANNED)
            open_or_ask(c, w + 1);
        return;
    }
    /* A wave behind the list has its members and made some progress, so that
     * a rule that is always true does not open them all at once. */
    const int64_t *kept = c->records[w].counts.kept;
    const bool full =
        !wave->repeated ||
        (kept[OTA_COUNT_TOTAL] >= wave->nominal && kept[OTA_COUNT_TOTAL] > 0 &&
         (kept[OTA_COUNT_OFFERED] > 0 || wave->open_members == 0));
    if (!repeats(c)) {
        wave->wants_next = c->policy->target.late == OTA_LATE_APPEND_WAVE;
        return;
    }
    if (!full)
        return;
    wave->wants_next = false;
    if (ota_campaign_wave_add(c))
        ota_campaign_wave_open(c, c->wave_count - 1);
}

/* When a planned wave opens by itself. */
static int64_t start_us(const struct ota_campaign *c, size_t w)
{
    const struct campaign_wave *wave = &c->waves[w];
    const struct ota_wave_start *start = &wave->spec.start;

    switch (start->kind) {
    case OTA_START_AT:
        return ota_us_add(c->begin_us, start->time_us);
    case OTA_START_AFTER_START:
        if (w == 0)
            return ota_us_add(c->begin_us, start->time_us);
        return ota_us_add(c->records[w - 1].opened_us, start->time_us);
    case OTA_START_AFTER_END:
        if (w == 0)
            return ota_us_add(c->begin_us, start->time_us);
        if (!c->waves[w - 1].through)
            return OTA_NEVER;
        return ota_us_add(c->records[w - 1].complete_us, start->time_us);
    case OTA_START_APPROVAL:
        if (wave->asked)
            return OTA_NEVER; /* the approval is waited for */
        return w == 0 || c->waves[w - 1].through ? c->begin_us : OTA_NEVER;
    case OTA_START_NEXT:
        break;
    }
    return w == 0 && !wave->repeated ? c->begin_us : OTA_NEVER;
}

static bool may_open(const struct ota_campaign *c)
{
    return c->begun && !c->ended && !c->paused && !c->held && !c->failed;
}

void ota_campaign_waves_clock(struct ota_campaign *c)
{
    if (ota_campaign_waves_us(c) > c->now_us)
        return;
    c->waves_work = false;
    c->waves_stale = true;
    for (size_t w = 0; w < c->wave_count; w++) {
        struct campaign_wave *wave = &c->waves[w];
        if (wave->state == OTA_WAVE_PLANNED && start_us(c, w) <= c->now_us)
            open_or_ask(c, w);
        wave = &c->waves[w];
        if (wave->wants_next && !wave->held)
            next_wave(c, w);
        wave = &c->waves[w];
        if (wave->nexted && wave->through && !wave->passed) {
            wave->passed = true;
            c->records[w].closed_us = c->now_us;
        }
    }
    /* Who joined late and has no wave: one opens when the last is through. */
    const size_t last = c->wave_count - 1;
    if (c->policy->target.late == OTA_LATE_APPEND_WAVE &&
        c->policy->waves.repeat.size.kind == OTA_SIZE_REST && c->in_pool > 0 &&
        c->waves[last].through && ota_campaign_wave_add(c))
        ota_campaign_wave_open(c, c->wave_count - 1);
}

/* The next thing that a wave, or a person for it, does. */
int64_t ota_campaign_waves_us(struct ota_campaign *c)
{
    if (!may_open(c))
        return OTA_NEVER;
    if (c->waves_work)
        return c->now_us;
    if (!c->waves_stale)
        return c->waves_us;
    c->waves_us = OTA_NEVER;
    for (size_t w = 0; w < c->wave_count; w++) {
        const struct campaign_wave *wave = &c->waves[w];
        int64_t at_us = ota_us_min(wave->approve_us, wave->retry_us);
        at_us = ota_us_min(at_us, ota_us_min(wave->skip_us, wave->trigger_us));
        if (wave->state == OTA_WAVE_PLANNED)
            at_us = ota_us_min(at_us, start_us(c, w));
        c->waves_us = ota_us_min(c->waves_us, at_us);
    }
    c->waves_stale = false;
    return c->waves_us;
}

/* --- contacts --- */

static bool take_poll(struct ota_campaign *c, uint32_t d)
{
    for (size_t w = 0; w < c->wave_count; w++) {
        struct campaign_wave *wave = &c->waves[w];
        if (!ota_campaign_takes_polls(c, w) || wave->held ||
            !ota_campaign_wave_matches(c, w, d) ||
            !ota_campaign_wave_draws(c, w, d))
            continue;
        ota_campaign_stage(c, d, CAMPAIGN_MEMBER);
        ota_campaign_move(c, d, (uint16_t)w);
        wave->quota -= wave->quota < INT64_MAX;
        c->turn[d] = ++c->turn_last;
        ota_campaign_make_ready(c, d, false);
        return true;
    }
    return false;
}

/* A device that has no offer is connected, or asks. */
void ota_campaign_contact(struct ota_campaign *c, uint32_t d)
{
    const uint16_t w = c->each[d].wave;

    if (!c->begun || c->ended)
        return;
    if (c->each[d].stage == CAMPAIGN_POOL) {
        if (c->policy->waves.assign == OTA_ASSIGN_POLL &&
            ota_campaign_may_offer(c))
            (void)take_poll(c, d);
        return;
    }
    if (c->each[d].stage != CAMPAIGN_MEMBER || w == CAMPAIGN_NO_WAVE)
        return;
    const struct campaign_wave *wave = &c->waves[w];
    if (!offers_to_connected(wave) || wave->state != OTA_WAVE_OPEN ||
        wave->held)
        return;
    if (wave->spec.order == OTA_SEQUENCE_CONNECTED_LONGEST)
        c->turn[d] = ++c->turn_last;
    else if (wave->spec.order == OTA_SEQUENCE_LAST_SEEN_NEWEST)
        c->turn[d] = --c->turn_first;
    ota_campaign_line_enter(c, d, c->each[d].flags & CAMPAIGN_AGAIN);
    c->each[d].stage = CAMPAIGN_READY;
}
