/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign_line.c - the orders that devices stand in.
 *
 * Pairing heaps for lines: a device joins in O(1) and leaves, first or from
 * the middle, in O(log n) amortised. Chains for constant delays: O(1). A binary
 * heap for delays that differ; whoever changes its mind leaves an entry behind
 * that no longer tells the device's instant, and is passed over.
 */

#include "sim/base/grow.h"
#include "sim/fleet/campaign_state.h"

/* --- pairing heaps --- */

bool ota_campaign_before(const struct ota_campaign *c, uint32_t a, uint32_t b)
{
    if (c->each[a].wave != c->each[b].wave)
        return c->each[a].wave < c->each[b].wave;
    return c->turn[a] < c->turn[b];
}

/* Makes the later of two roots the first child of the other. */
static uint32_t meld(struct ota_campaign *c, uint32_t a, uint32_t b)
{
    struct campaign_link *links = c->links;

    if (ota_campaign_before(c, b, a)) {
        const uint32_t other = a;
        a = b;
        b = other;
    }
    links[b].prev = a;
    links[b].next = links[a].child;
    if (links[b].next != CAMPAIGN_NOBODY)
        links[links[b].next].prev = b;
    links[a].child = b;
    links[a].prev = links[a].next = CAMPAIGN_NOBODY;
    return a;
}

/* Makes one heap of a device's children, in two passes. */
static uint32_t meld_children(struct ota_campaign *c, uint32_t d)
{
    struct campaign_link *links = c->links;
    uint32_t pairs = CAMPAIGN_NOBODY, root = CAMPAIGN_NOBODY;
    uint32_t a = links[d].child;

    links[d].child = CAMPAIGN_NOBODY;
    while (a != CAMPAIGN_NOBODY) {
        const uint32_t b = links[a].next;
        uint32_t rest = CAMPAIGN_NOBODY;
        if (b != CAMPAIGN_NOBODY) {
            rest = links[b].next;
            a = meld(c, a, b);
        }
        links[a].next = pairs;
        pairs = a;
        a = rest;
    }
    while (pairs != CAMPAIGN_NOBODY) {
        const uint32_t one = pairs;
        pairs = links[one].next;
        links[one].next = links[one].prev = CAMPAIGN_NOBODY;
        root = root == CAMPAIGN_NOBODY ? one : meld(c, root, one);
    }
    return root;
}

void ota_campaign_heap_insert(struct ota_campaign *c, uint32_t *root,
                              uint32_t d)
{
    c->links[d] = (struct campaign_link){CAMPAIGN_NOBODY, CAMPAIGN_NOBODY,
                                         CAMPAIGN_NOBODY};
    *root = *root == CAMPAIGN_NOBODY ? d : meld(c, *root, d);
}

void ota_campaign_heap_remove(struct ota_campaign *c, uint32_t *root,
                              uint32_t d)
{
    struct campaign_link *links = c->links;

    if (*root == d) {
        *root = meld_children(c, d);
        return;
    }
    const uint32_t prev = links[d].prev;
    const uint32_t next = links[d].next;
    assert(prev != CAMPAIGN_NOBODY);
    if (links[prev].child == d)
        links[prev].child = next;
    else
        links[prev].next = next;
    if (next != CAMPAIGN_NOBODY)
        links[next].prev = prev;
    const uint32_t sub = meld_children(c, d);
    if (sub != CAMPAIGN_NOBODY)
        *root = meld(c, *root, sub);
}

/* --- chains --- */

void ota_campaign_chain_take(struct campaign_chain *chain, uint32_t d)
{
    if (!chain->links || chain->links[d].at_us == OTA_NEVER)
        return;
    struct campaign_span *span = &chain->links[d];
    if (span->prev == CAMPAIGN_NOBODY)
        chain->head = span->next;
    else
        chain->links[span->prev].next = span->next;
    if (span->next == CAMPAIGN_NOBODY)
        chain->tail = span->prev;
    else
        chain->links[span->next].prev = span->prev;
    span->at_us = OTA_NEVER;
}

void ota_campaign_chain_put(struct campaign_chain *chain, uint32_t d,
                            int64_t us)
{
    if (!chain->links)
        return;
    ota_campaign_chain_take(chain, d);
    assert(chain->tail == CAMPAIGN_NOBODY ||
           chain->links[chain->tail].at_us <= us);
    chain->links[d] = (struct campaign_span){
        .at_us = us, .next = CAMPAIGN_NOBODY, .prev = chain->tail};
    if (chain->tail == CAMPAIGN_NOBODY)
        chain->head = d;
    else
        chain->links[chain->tail].next = d;
    chain->tail = d;
}

int64_t ota_campaign_chain_us(const struct campaign_chain *chain)
{
    if (!chain->links || chain->head == CAMPAIGN_NOBODY)
        return OTA_NEVER;
    return chain->links[chain->head].at_us;
}

/* --- delays that differ --- */

static bool earlier(const struct campaign_wake *a,
                    const struct campaign_wake *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->device < b->device;
}

void ota_campaign_wake_at(struct ota_campaign *c, uint32_t d, int64_t at_us)
{
    const struct campaign_wake wake = {at_us, d};

    c->wake_us[d] = at_us;
    if (at_us == OTA_NEVER)
        return;
    struct campaign_wake *wakes = ota_grow(
        c->wakes, c->wake_count, &c->wake_places, 64, sizeof *c->wakes);
    if (!wakes) {
        c->failed = true;
        return;
    }
    c->wakes = wakes;
    size_t i = c->wake_count++;
    for (; i > 0 && earlier(&wake, &c->wakes[(i - 1) / 2]); i = (i - 1) / 2)
        c->wakes[i] = c->wakes[(i - 1) / 2];
    c->wakes[i] = wake;
}

static void drop_first(struct ota_campaign *c)
{
    const struct campaign_wake last = c->wakes[--c->wake_count];
    size_t i = 0;

    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= c->wake_count)
            break;
        if (child + 1 < c->wake_count &&
            earlier(&c->wakes[child + 1], &c->wakes[child]))
            child++;
        if (!earlier(&c->wakes[child], &last))
            break;
        c->wakes[i] = c->wakes[child];
        i = child;
    }
    c->wakes[i] = last;
}

/* Whether the device still waits for this. */
static bool stands(const struct ota_campaign *c,
                   const struct campaign_wake *wake)
{
    const uint8_t stage = c->each[wake->device].stage;

    return (stage == CAMPAIGN_WAIT || stage == CAMPAIGN_BLOCKED) &&
           c->wake_us[wake->device] == wake->at_us;
}

int64_t ota_campaign_wake_us(struct ota_campaign *c)
{
    while (c->wake_count > 0 && !stands(c, &c->wakes[0]))
        drop_first(c);
    return c->wake_count > 0 ? c->wakes[0].at_us : OTA_NEVER;
}

bool ota_campaign_wake_pop(struct ota_campaign *c, int64_t now_us, uint32_t *d)
{
    if (ota_campaign_wake_us(c) > now_us)
        return false;
    *d = c->wakes[0].device;
    drop_first(c);
    return true;
}

/* --- who waits for a slot to download in --- */

void ota_campaign_queue_put(struct ota_campaign *c,
                            struct campaign_queue *queue, uint32_t d)
{
    struct campaign_link *links = c->ask_links;

    links[d].next = CAMPAIGN_NOBODY;
    links[d].prev = queue->tail;
    if (queue->tail == CAMPAIGN_NOBODY)
        queue->head = d;
    else
        links[queue->tail].next = d;
    queue->tail = d;
}

void ota_campaign_queue_take(struct ota_campaign *c,
                             struct campaign_queue *queue, uint32_t d)
{
    struct campaign_link *links = c->ask_links;

    if (links[d].prev == CAMPAIGN_NOBODY)
        queue->head = links[d].next;
    else
        links[links[d].prev].next = links[d].next;
    if (links[d].next == CAMPAIGN_NOBODY)
        queue->tail = links[d].prev;
    else
        links[links[d].next].prev = links[d].prev;
}
