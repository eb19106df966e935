/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign_slot.c - lines for offers, and slots in flight.
 *
 * Slots are counted in units: the rollout, a wave, or those that share a value
 * of a label. Where they are counted by offers, a device waits for one in its
 * unit's line; where by attempts or downloads, it is offered the update and
 * then asks for one when it wants to begin, first come, first served. What may
 * be taken is ota_budget()'s; it takes every member of a unit for available
 * that holds no slot, as the platform hears only of a few whether they are
 * connected.
 *
 * A lane has slots of its own. Its devices take these first, and else a common
 * one in their turn. (A lane is one line: if its first device's unit is full,
 * those behind it wait for a lane's slot.)
 */
#include "sim/fleet/campaign_state.h"

enum { COMMON = UINT8_MAX };

struct campaign_pace *ota_campaign_pace_of(const struct ota_campaign *c,
                                           uint32_t d)
{
    const uint16_t w = c->each[d].wave;

    if (w != CAMPAIGN_NO_WAVE && c->waves[w].pace)
        return c->waves[w].pace;
    return c->paces[0];
}

static uint32_t unit_of(const struct ota_campaign *c,
                        const struct campaign_pace *pace, uint32_t d)
{
    if (pace->policy->in_flight.unit == OTA_PER_LABEL)
        return pace->labels->unit_of[d];
    if (pace->policy->in_flight.unit == OTA_PER_WAVE &&
        pace->wave == CAMPAIGN_NO_WAVE)
        return c->each[d].wave == CAMPAIGN_NO_WAVE ? 0 : c->each[d].wave + 1U;
    return 0;
}

static bool limits(const struct campaign_pace *pace)
{
    return pace->max != 0 || pace->policy->in_flight.min_available > 0;
}

static bool by_offer(const struct campaign_pace *pace)
{
    return pace->policy->in_flight.counts == OTA_SLOT_OFFERED;
}

static bool has_room(const struct campaign_pace *pace, uint32_t u)
{
    const struct campaign_unit *unit = &pace->units[u];

    if (!limits(pace))
        return true;
    if (pace->max < 0)
        return false;
    return ota_budget(pace->max, pace->policy->in_flight.min_available,
                      unit->total, unit->total - unit->busy, unit->busy) > 0;
}

static int lane_of(const struct ota_campaign *c,
                   const struct campaign_pace *pace, uint32_t d)
{
    if (pace->policy->lane_count == 0)
        return COMMON;
    const struct ota_lane *lanes = pace->policy->lanes;
    for (size_t i = 0; i < pace->policy->lane_count; i++) {
        if (ota_filter_matches(&lanes[i].where, d, c->world.attribute_of,
                               c->world.self))
            return (int)i;
    }
    return COMMON;
}

/* --- the heap of units that may have room --- */

static bool unit_before(const struct ota_campaign *c,
                        const struct campaign_pace *pace, int line, uint32_t a,
                        uint32_t b)
{
    return ota_campaign_before(c, pace->units[a].root[line],
                               pace->units[b].root[line]);
}

static void put(struct campaign_pace *pace, int line, size_t i, uint32_t u)
{
    pace->open[line][i] = u;
    pace->units[u].place[line] = (uint32_t)i + 1;
}

static void sift_up(struct ota_campaign *c, struct campaign_pace *pace,
                    int line, size_t i)
{
    const uint32_t u = pace->open[line][i];

    for (; i > 0; i = (i - 1) / 2) {
        const uint32_t parent = pace->open[line][(i - 1) / 2];
        if (!unit_before(c, pace, line, u, parent))
            break;
        put(pace, line, i, parent);
    }
    put(pace, line, i, u);
}

static void sift_down(struct ota_campaign *c, struct campaign_pace *pace,
                      int line, size_t i)
{
    const size_t count = pace->open_count[line];
    const uint32_t u = pace->open[line][i];

    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= count)
            break;
        if (child + 1 < count &&
            unit_before(c, pace, line, pace->open[line][child + 1],
                        pace->open[line][child]))
            child++;
        if (!unit_before(c, pace, line, pace->open[line][child], u))
            break;
        put(pace, line, i, pace->open[line][child]);
        i = child;
    }
    put(pace, line, i, u);
}

static void drop_unit(struct ota_campaign *c, struct campaign_pace *pace,
                      int line, uint32_t u)
{
    const size_t i = pace->units[u].place[line] - 1;
    const uint32_t last = pace->open[line][--pace->open_count[line]];

    pace->units[u].place[line] = 0;
    if (last == u)
        return;
    put(pace, line, i, last);
    sift_up(c, pace, line, i);
    sift_down(c, pace, line, pace->units[last].place[line] - 1);
}

/* Puts a unit where its first device belongs. */
static void place_unit(struct ota_campaign *c, struct campaign_pace *pace,
                       int line, uint32_t u)
{
    struct campaign_unit *unit = &pace->units[u];

    if (unit->full[line] || unit->root[line] == CAMPAIGN_NOBODY)
        return;
    if (unit->place[line] == 0)
        put(pace, line, pace->open_count[line]++, u);
    sift_up(c, pace, line, unit->place[line] - 1);
    sift_down(c, pace, line, unit->place[line] - 1);
}

/* --- lines --- */

static uint32_t *root_of(struct ota_campaign *c, struct campaign_pace *pace,
                         uint32_t d)
{
    const int line =
        c->each[d].flags & CAMPAIGN_AGAIN ? CAMPAIGN_FURTHER : CAMPAIGN_FIRST;

    if (c->lane_of && c->lane_of[d] != COMMON)
        return &pace->lanes[c->lane_of[d]].root[line];
    return &pace->units[unit_of(c, pace, d)].root[line];
}

/* As put in line, with turn[d] set. */
void ota_campaign_line_enter(struct ota_campaign *c, uint32_t d, bool again)
{
    if (c->each[d].flags & CAMPAIGN_UNPACED) {
        ota_campaign_heap_insert(c, &c->express, d);
        return;
    }
    struct campaign_pace *pace = ota_campaign_pace_of(c, d);
    c->each[d].flags &= (uint16_t)~CAMPAIGN_AGAIN;
    if (again)
        c->each[d].flags |= CAMPAIGN_AGAIN;
    if (c->lane_of)
        c->lane_of[d] = (uint8_t)lane_of(c, pace, d);
    ota_campaign_heap_insert(c, root_of(c, pace, d), d);
    if (!c->lane_of || c->lane_of[d] == COMMON)
        place_unit(c, pace, again ? CAMPAIGN_FURTHER : CAMPAIGN_FIRST,
                   unit_of(c, pace, d));
    pace->ready++;
    pace->wants = true;
}

void ota_campaign_line_leave(struct ota_campaign *c, uint32_t d)
{
    if (c->each[d].flags & CAMPAIGN_UNPACED) {
        ota_campaign_heap_remove(c, &c->express, d);
        return;
    }
    struct campaign_pace *pace = ota_campaign_pace_of(c, d);
    const int line =
        c->each[d].flags & CAMPAIGN_AGAIN ? CAMPAIGN_FURTHER : CAMPAIGN_FIRST;
    pace->ready--;
    if (c->lane_of && c->lane_of[d] != COMMON) {
        ota_campaign_heap_remove(c, root_of(c, pace, d), d);
        return;
    }
    /* The heap of units compares first devices: take the unit out of it while
     * its own changes. */
    const uint32_t u = unit_of(c, pace, d);
    if (pace->units[u].place[line] != 0)
        drop_unit(c, pace, line, u);
    ota_campaign_heap_remove(c, &pace->units[u].root[line], d);
    place_unit(c, pace, line, u);
}

/* The first device of a line that may have a slot, and of which lane: -1:
 * a common one. */
uint32_t ota_campaign_line_pick(struct ota_campaign *c,
                                struct campaign_pace *pace, int line, int *lane)
{
    const size_t lanes = by_offer(pace) ? pace->policy->lane_count : 0;
    uint32_t best = CAMPAIGN_NOBODY;

    *lane = -1;
    for (size_t i = 0; i < lanes; i++) {
        const uint32_t first = pace->lanes[i].root[line];
        if (first == CAMPAIGN_NOBODY)
            continue;
        if (pace->lanes[i].busy < pace->policy->lanes[i].max) {
            *lane = (int)i;
            return first;
        }
    }
    while (pace->open_count[line] > 0) {
        const uint32_t u = pace->open[line][0];
        if (!by_offer(pace) || has_room(pace, u)) {
            best = pace->units[u].root[line];
            break;
        }
        drop_unit(c, pace, line, u);
        pace->units[u].full[line] = true;
    }
    for (size_t i = 0; i < pace->policy->lane_count; i++) {
        const uint32_t first = pace->lanes[i].root[line];
        if (first != CAMPAIGN_NOBODY &&
            (!by_offer(pace) || has_room(pace, unit_of(c, pace, first))) &&
            (best == CAMPAIGN_NOBODY || ota_campaign_before(c, first, best)))
            best = first;
    }
    return best;
}

/* --- slots --- */

static void room_again(struct ota_campaign *c, struct campaign_pace *pace,
                       uint32_t u)
{
    struct campaign_unit *unit = &pace->units[u];

    pace->wants = true;
    for (int line = 0; line < CAMPAIGN_LINES; line++) {
        unit->full[line] = false;
        place_unit(c, pace, line, u);
    }
    if (!by_offer(pace) && !unit->touched) {
        unit->touched = true;
        pace->touched[pace->touched_count++] = u;
    }
}

/* Limits have changed: everybody is asked anew. */
void ota_campaign_slots_changed(struct ota_campaign *c,
                                struct campaign_pace *pace)
{
    for (size_t u = 0; u < pace->unit_count; u++)
        room_again(c, pace, (uint32_t)u);
}

void ota_campaign_slot_take(struct ota_campaign *c, uint32_t d, int lane)
{
    struct campaign_pace *pace = ota_campaign_pace_of(c, d);

    if ((!limits(pace) && pace->policy->lane_count == 0) ||
        c->each[d].flags & CAMPAIGN_UNPACED)
        return;
    assert(!(c->each[d].flags & CAMPAIGN_SLOT));
    assert(lane >= 0 ? pace->lanes[lane].busy < pace->policy->lanes[lane].max
                     : has_room(pace, unit_of(c, pace, d)));
    c->each[d].flags |= CAMPAIGN_SLOT;
    if (c->lane_slot)
        c->lane_slot[d] = lane < 0 ? COMMON : (uint8_t)lane;
    if (lane >= 0)
        pace->lanes[lane].busy++;
    else
        pace->units[unit_of(c, pace, d)].busy++;
    ota_campaign_chain_put(&pace->silent, d, c->now_us);
}

void ota_campaign_slot_free(struct ota_campaign *c, uint32_t d)
{
    if (!(c->each[d].flags & CAMPAIGN_SLOT))
        return;
    struct campaign_pace *pace = ota_campaign_pace_of(c, d);
    c->each[d].flags &= (uint16_t)~CAMPAIGN_SLOT;
    ota_campaign_chain_take(&pace->silent, d);
    const uint32_t u = unit_of(c, pace, d);
    if (c->lane_slot && c->lane_slot[d] != COMMON)
        pace->lanes[c->lane_slot[d]].busy--;
    else
        pace->units[u].busy--;
    room_again(c, pace, u);
}

/* One member of its unit more or less. */
void ota_campaign_slot_total(struct ota_campaign *c, uint32_t d, int by)
{
    struct campaign_pace *pace = ota_campaign_pace_of(c, d);
    const uint32_t u = unit_of(c, pace, d);

    pace->units[u].total += by;
    if (pace->policy->in_flight.min_available > 0)
        room_again(c, pace, u);
}

/* --- slots to download in --- */

static void grant(struct ota_campaign *c, uint32_t d, int lane)
{
    struct campaign_pace *pace = ota_campaign_pace_of(c, d);
    struct campaign_queue *queue = &pace->units[unit_of(c, pace, d)].asks;

    if (c->lane_slot && c->lane_of[d] != COMMON)
        queue = &pace->lanes[c->lane_of[d]].asks;
    ota_campaign_queue_take(c, queue, d);
    c->each[d].flags &= (uint16_t)~CAMPAIGN_ASKS;
    ota_campaign_slot_take(c, d, lane);
    ota_campaign_order(c, d, OTA_ORDER_GRANT);
}

static void grant_lanes(struct ota_campaign *c, struct campaign_pace *pace)
{
    for (size_t i = 0; i < pace->policy->lane_count; i++) {
        struct campaign_lane *lane = &pace->lanes[i];
        while (lane->asks.head != CAMPAIGN_NOBODY &&
               lane->busy < pace->policy->lanes[i].max)
            grant(c, lane->asks.head, (int)i);
        while (lane->asks.head != CAMPAIGN_NOBODY &&
               has_room(pace, unit_of(c, pace, lane->asks.head)))
            grant(c, lane->asks.head, -1);
    }
}

void ota_campaign_grant_some(struct ota_campaign *c, struct campaign_pace *pace)
{
    if (pace->touched_count == 0)
        return;
    grant_lanes(c, pace);
    while (pace->touched_count > 0) {
        const uint32_t u = pace->touched[--pace->touched_count];
        struct campaign_unit *unit = &pace->units[u];
        unit->touched = false;
        while (unit->asks.head != CAMPAIGN_NOBODY && has_room(pace, u))
            grant(c, unit->asks.head, -1);
    }
}

/* It wants to download. Whoever holds a slot, or needs none, has it. */
void ota_campaign_ask(struct ota_campaign *c, uint32_t d)
{
    struct campaign_pace *pace = ota_campaign_pace_of(c, d);

    if (by_offer(pace) || !limits(pace) || c->each[d].flags & CAMPAIGN_SLOT ||
        c->each[d].flags & CAMPAIGN_UNPACED) {
        if (!(c->each[d].flags & CAMPAIGN_ASKS))
            ota_campaign_order(c, d, OTA_ORDER_GRANT);
        return;
    }
    if (c->each[d].flags & CAMPAIGN_ASKS)
        return;
    const uint32_t u = unit_of(c, pace, d);
    c->each[d].flags |= CAMPAIGN_ASKS;
    struct campaign_queue *queue = &pace->units[u].asks;
    if (c->lane_of) {
        c->lane_of[d] = (uint8_t)lane_of(c, pace, d);
        if (c->lane_of[d] != COMMON)
            queue = &pace->lanes[c->lane_of[d]].asks;
    }
    ota_campaign_queue_put(c, queue, d);
    room_again(c, pace, u);
}

/* It wants to no longer. */
void ota_campaign_ask_end(struct ota_campaign *c, uint32_t d)
{
    if (!(c->each[d].flags & CAMPAIGN_ASKS))
        return;
    struct campaign_pace *pace = ota_campaign_pace_of(c, d);
    struct campaign_queue *queue = &pace->units[unit_of(c, pace, d)].asks;

    if (c->lane_of && c->lane_of[d] != COMMON)
        queue = &pace->lanes[c->lane_of[d]].asks;
    ota_campaign_queue_take(c, queue, d);
    c->each[d].flags &= (uint16_t)~CAMPAIGN_ASKS;
}
