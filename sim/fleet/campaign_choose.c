/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign_choose.c - who is a target, and who goes into which wave.
 *
 * Targets in no wave are listed in the pool, which is put into the order that
 * the wave asks for; what a wave takes is then the first so many of those that
 * it matches. An order at random gives each device a number that it keeps for
 * the whole rollout, so that waves at random partition one shuffle. A wave by
 * independent choice keeps a device's number too, if it is cumulative: whoever
 * is in at 5 % is in at 25 %.
 *
 * Sorting is heap sort (J. Williams: Algorithm 232. CACM 7 (1964)): in place,
 * and in O(n log n) whatever the order.
 */
#include <string.h>

#include "sim/fleet/campaign_state.h"

/* Draws of a device's streams for OTA_PURPOSE_CAMPAIGN: its place in orders at
 * random; its number for cumulative choices; one for each other wave. */
enum { DRAW_ORDER, DRAW_SHARE, DRAW_WAVE };

static double draw(const struct ota_campaign *c, uint32_t d, uint64_t index)
{
    struct ota_stream stream;

    ota_stream_init(&stream, c->world.key, d, OTA_PURPOSE_CAMPAIGN, index);
    return ota_uniform(&stream.rng);
}

bool ota_campaign_connected(struct ota_campaign *c, uint32_t d)
{
    if (!c->world.is_connected)
        return c->each[d].flags & CAMPAIGN_CONNECTED;
    const bool is = c->world.is_connected(c->world.self, d, c->now_us);
    c->each[d].flags &= (uint16_t)~CAMPAIGN_CONNECTED;
    c->each[d].flags |= is ? CAMPAIGN_CONNECTED : 0;
    return is;
}

bool ota_campaign_wave_matches(struct ota_campaign *c, size_t w, uint32_t d)
{
    const struct ota_filter *where = &c->waves[w].spec.where;

    return !where->root ||
           ota_filter_matches(where, d, c->world.attribute_of, c->world.self);
}

/* Whether a wave of independent choices takes it. */
bool ota_campaign_wave_draws(struct ota_campaign *c, size_t w, uint32_t d)
{
    const struct ota_wave *spec = &c->waves[w].spec;

    if (spec->size.kind != OTA_SIZE_BERNOULLI)
        return true;
    const double u =
        draw(c, d, spec->cumulative ? DRAW_SHARE : (uint64_t)DRAW_WAVE + w);
    return u * (double)OTA_PCT_ALL < (double)spec->size.pct;
}

/* --- the pool --- */

void ota_campaign_pool_put(struct ota_campaign *c, uint32_t d)
{
    if (c->policy->waves.assign == OTA_ASSIGN_POLL)
        return;
    if (c->pool_end == c->world.devices) {
        assert(c->policy->waves.assign == OTA_ASSIGN_START);
        memmove(c->pool, c->pool + c->pool_head,
                (c->pool_end - c->pool_head) * sizeof *c->pool);
        c->pool_end -= c->pool_head;
        c->pool_head = 0;
    }
    assert(c->pool_end < c->world.devices);
    c->pool[c->pool_end++] = d;
    c->pool_order = -1;
}

static void add_target(struct ota_campaign *c, uint32_t d)
{
    c->open_devices++;
    ota_campaign_stage(c, d, CAMPAIGN_POOL);
    ota_campaign_bump(c, d, OTA_COUNT_TOTAL, 1);
    if (c->each[d].flags & CAMPAIGN_ON_TARGET)
        ota_campaign_bump(c, d, OTA_COUNT_ON_TARGET, 1);
    ota_campaign_slot_total(c, d, 1);
}

static bool is_target(struct ota_campaign *c, uint32_t d)
{
    const struct ota_filter *where = &c->policy->target.where;

    return !where->root ||
           ota_filter_matches(where, d, c->world.attribute_of, c->world.self);
}

void ota_campaign_begin_targets(struct ota_campaign *c)
{
    if (c->all) {
        ota_campaign_all_begin(c);
        return;
    }
    for (uint32_t d = 0; d < c->world.devices; d++) {
        const bool here = c->each[d].flags & CAMPAIGN_HERE ||
                          !c->world.is_there ||
                          c->world.is_there(c->world.self, d);
        const bool gone =
            c->each[d].flags & CAMPAIGN_GONE && c->policy->target.leave_removes;
        if (!here || gone || !is_target(c, d))
            continue;
        add_target(c, d);
        ota_campaign_pool_put(c, d);
    }
    c->initial = c->record.counts.kept[OTA_COUNT_TOTAL];
}

/* A device that came in after the begin. Whoever may be a target goes where
 * the policy says. */
void ota_campaign_joins(struct ota_campaign *c, uint32_t d)
{
    const size_t listed = c->policy->waves.count;
    const int late = c->policy->target.late;

    c->each[d].flags |= CAMPAIGN_HERE;
    if (!c->begun || c->each[d].stage != CAMPAIGN_OUT || c->ended ||
        c->each[d].flags & CAMPAIGN_GONE || late == OTA_LATE_IGNORE ||
        !is_target(c, d))
        return;
    const size_t last = listed - 1;
    if (late == OTA_LATE_LAST_WAVE &&
        (c->waves[last].state == OTA_WAVE_CLOSED ||
         !ota_campaign_wave_matches(c, last, d)))
        return;
    add_target(c, d);
    c->waves_stale = c->waves_work = true;
    if (late == OTA_LATE_IMMEDIATELY) {
        ota_campaign_target_late(c, d);
        return;
    }
    if (late == OTA_LATE_LAST_WAVE &&
        c->policy->waves.assign != OTA_ASSIGN_POLL &&
        (c->waves[last].state == OTA_WAVE_OPEN ||
         c->policy->waves.assign == OTA_ASSIGN_CREATE)) {
        c->turn[d] = ++c->turn_last;
        ota_campaign_move(c, d, (uint16_t)last);
        c->records[last].size++;
        c->waves[last].passed = false;
        ota_campaign_make_ready(c, d, false);
        return;
    }
    for (size_t w = listed; w < c->wave_count; w++) {
        /* A wave behind the list that has not got its size yet. */
        if (c->waves[w].state != OTA_WAVE_OPEN ||
            c->records[w].counts.kept[OTA_COUNT_TOTAL] >= c->waves[w].nominal)
            continue;
        c->turn[d] = ++c->turn_last;
        ota_campaign_move(c, d, (uint16_t)w);
        ota_campaign_make_ready(c, d, false);
        return;
    }
    ota_campaign_pool_put(c, d);
}

/* --- orders --- */

static int64_t key_of(struct ota_campaign *c, const struct ota_wave *spec,
                      const struct ota_labels *labels, uint32_t d)
{
    const int64_t seen_us = c->seen_us ? c->seen_us[d] : OTA_NEVER;

    switch ((enum ota_sequence)spec->order) {
    case OTA_SEQUENCE_RANDOM:
        return (int64_t)(draw(c, d, DRAW_ORDER) * 9007199254740992.0);
    case OTA_SEQUENCE_ID:
    case OTA_SEQUENCE_CREATED:
        return 0;
    case OTA_SEQUENCE_CONNECTED_LONGEST:
        return c->each[d].flags & CAMPAIGN_CONNECTED ? seen_us : OTA_NEVER;
    case OTA_SEQUENCE_FIRST_SEEN_NEWEST:
        return -(int64_t)d;
    case OTA_SEQUENCE_LAST_SEEN_NEWEST:
        return seen_us == OTA_NEVER ? OTA_NEVER : -seen_us;
    case OTA_SEQUENCE_LABEL:
        return labels->rank[labels->unit_of[d]];
    }
    assert(false);
    return 0;
}

static bool later(const struct ota_campaign *c, uint32_t a, uint32_t b)
{
    return c->turn[a] != c->turn[b] ? c->turn[a] > c->turn[b] : a > b;
}

static void sink(const struct ota_campaign *c, uint32_t *list, size_t i,
                 size_t count)
{
    const uint32_t d = list[i];

    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= count)
            break;
        if (child + 1 < count && later(c, list[child + 1], list[child]))
            child++;
        if (!later(c, list[child], d))
            break;
        list[i] = list[child];
        i = child;
    }
    list[i] = d;
}

/* By turn, then by number. */
static void sort(const struct ota_campaign *c, uint32_t *list, size_t count)
{
    bool sorted = true;

    for (size_t i = 1; i < count && sorted; i++)
        sorted = !later(c, list[i - 1], list[i]);
    if (sorted)
        return;
    for (size_t i = count / 2; i-- > 0;)
        sink(c, list, i, count);
    for (size_t end = count; end > 1; end--) {
        const uint32_t last = list[end - 1];
        list[end - 1] = list[0];
        list[0] = last;
        sink(c, list, 0, end - 1);
    }
}

static void sort_pool(struct ota_campaign *c, const struct ota_wave *spec)
{
    const struct ota_labels *labels = NULL;

    if (spec->order == OTA_SEQUENCE_LABEL)
        labels = ota_campaign_labels(c, spec->order_key);
    else if (c->pool_order == spec->order &&
             spec->order != OTA_SEQUENCE_CONNECTED_LONGEST &&
             spec->order != OTA_SEQUENCE_LAST_SEEN_NEWEST)
        return;
    if (spec->order == OTA_SEQUENCE_CONNECTED_LONGEST && c->world.is_connected)
        for (size_t i = c->pool_head; i < c->pool_end; i++)
            (void)ota_campaign_connected(c, c->pool[i]);
    for (size_t i = c->pool_head; i < c->pool_end; i++)
        c->turn[c->pool[i]] = key_of(c, spec, labels, c->pool[i]);
    sort(c, c->pool + c->pool_head, c->pool_end - c->pool_head);
    c->pool_order = spec->order;
}

/* --- sizes --- */

static bool same_filter(const struct ota_filter *a, const struct ota_filter *b)
{
    if (!a->root || !b->root)
        return a->root == b->root;
    return strcmp(a->text, b->text) == 0;
}

static struct ota_wave_view view_of(struct ota_campaign *c, size_t w)
{
    const struct ota_wave *spec = &c->waves[w].spec;
    const int64_t *kept = c->record.counts.kept;
    struct ota_wave_view view = {.initial = c->initial,
                                 .fleet = kept[OTA_COUNT_TOTAL] -
                                          kept[OTA_COUNT_REMOVED]};

    for (uint32_t d = 0; spec->where.root && d < c->world.devices; d++) {
        if (c->each[d].stage == CAMPAIGN_OUT ||
            c->each[d].stage ==
                CAMPAIGN_DONE + OTA_COUNT_REMOVED - OTA_COUNT_SUCCEEDED ||
            !ota_campaign_wave_matches(c, w, d))
            continue;
        view.matched++;
        view.remaining += c->each[d].stage == CAMPAIGN_POOL;
    }
    if (!spec->where.root) {
        view.matched = view.fleet;
        view.remaining = c->in_pool;
    }
    view.taken = view.matched - view.remaining;
    for (size_t i = 0; i < w; i++) {
        const struct ota_wave *other = &c->waves[i].spec;
        if (other->size.kind == OTA_SIZE_PCT &&
            same_filter(&other->where, &spec->where))
            view.earlier_pct += other->size.pct;
    }
    return view;
}

static bool takes(struct ota_campaign *c, size_t w, uint32_t d)
{
    const struct ota_wave *spec = &c->waves[w].spec;

    return ota_campaign_wave_matches(c, w, d) &&
           ota_campaign_wave_draws(c, w, d) &&
           (!spec->reachable || spec->size.kind == OTA_SIZE_REST ||
            ota_campaign_connected(c, d));
}

/* Drops devices from the pool that are no longer in it. */
static void drop_done(struct ota_campaign *c)
{
    size_t end = c->pool_head;

    for (size_t i = c->pool_head; i < c->pool_end; i++)
        if (c->each[c->pool[i]].stage == CAMPAIGN_POOL)
            c->pool[end++] = c->pool[i];
    c->pool_end = end;
}

/* Puts the first `size` that the wave takes in front. */
static size_t pick_members(struct ota_campaign *c, size_t w, int64_t size)
{
    uint32_t *pool = c->pool + c->pool_head;
    const size_t count = c->pool_end - c->pool_head;
    size_t kept = 0;

    for (size_t i = 0; i < count && (int64_t)kept < size; i++) {
        const uint32_t d = pool[i];
        if (!takes(c, w, d))
            continue;
        if (i != kept)
            c->pool_order = -1; /* the others are mixed up */
        pool[i] = pool[kept];
        pool[kept++] = d;
    }
    return kept;
}

/* Chooses the wave's members from the pool: they are then first in it. For
 * waves whose members come by themselves, how many these may be. */
void ota_campaign_choose(struct ota_campaign *c, size_t w)
{
    struct campaign_wave *wave = &c->waves[w];

    if (c->all) {
        ota_campaign_all_choose(c);
        return;
    }
    const struct ota_wave_view view = view_of(c, w);
    const int64_t size =
        wave->spec.approval
            ? 0
            : ota_wave_takes(&wave->spec, &c->policy->waves, &view);

    wave->nominal =
        w >= c->policy->waves.count && wave->spec.size.kind == OTA_SIZE_COUNT
            ? wave->spec.size.count
            : size;
    c->records[w].size = size;
    if (c->policy->waves.assign == OTA_ASSIGN_POLL) {
        wave->quota = wave->spec.size.kind == OTA_SIZE_REST ? INT64_MAX : size;
        return;
    }
    drop_done(c);
    sort_pool(c, &wave->spec);
    const size_t kept = pick_members(c, w, size);
    wave->first = c->pool_head;
    wave->members = kept;
    c->pool_head += kept;
    c->records[w].size = (int64_t)kept;
    for (size_t i = 0; i < kept; i++) {
        const uint32_t d = c->pool[wave->first + i];
        ota_campaign_stage(c, d, CAMPAIGN_MEMBER);
        ota_campaign_move(c, d, (uint16_t)w);
    }
}
