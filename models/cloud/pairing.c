/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pairing.c - pairing heaps: adding takes O(1), removing O(log n) amortised.
 *
 * Source: M. L. Fredman, R. Sedgewick, D. D. Sleator, R. E. Tarjan: The
 * pairing heap: a new form of self-adjusting heap. Algorithmica 1 (1986)
 * 111-129; the two-pass variant.
 */
#include "models/cloud/pairing.h"

#include <assert.h>
#include <stdbool.h>

static bool before(const struct ota_pairing_node *a,
                   const struct ota_pairing_node *b)
{
    if (a->key != b->key)
        return (ota_i128)(a->key - b->key) < 0;
    return a->tie < b->tie;
}

/* Makes the later of two roots the first child of the other. */
static uint32_t linked(struct ota_pairing_node *nodes, uint32_t a, uint32_t b)
{
    if (before(&nodes[b], &nodes[a])) {
        const uint32_t other = a;
        a = b;
        b = other;
    }
    nodes[b].next = nodes[a].child;
    nodes[b].prev = a;
    if (nodes[a].child != OTA_PAIRING_NONE)
        nodes[nodes[a].child].prev = b;
    nodes[a].child = b;
    nodes[a].next = OTA_PAIRING_NONE;
    nodes[a].prev = OTA_PAIRING_NONE;
    return a;
}

/* Makes one heap of siblings: pairs from the left, then all from the right. */
static uint32_t gathered(struct ota_pairing_node *nodes, uint32_t first)
{
    uint32_t pairs = OTA_PAIRING_NONE;

    while (first != OTA_PAIRING_NONE) {
        uint32_t pair = first;
        const uint32_t second = nodes[first].next;
        first = second;
        if (second != OTA_PAIRING_NONE) {
            first = nodes[second].next;
            pair = linked(nodes, pair, second);
        }
        nodes[pair].next = pairs;
        pairs = pair;
    }
    if (pairs == OTA_PAIRING_NONE)
        return OTA_PAIRING_NONE;

    uint32_t root = pairs;
    pairs = nodes[root].next;
    while (pairs != OTA_PAIRING_NONE) {
        const uint32_t pair = pairs;
        pairs = nodes[pair].next;
        root = linked(nodes, root, pair);
    }
    nodes[root].next = OTA_PAIRING_NONE;
    nodes[root].prev = OTA_PAIRING_NONE;
    return root;
}

uint32_t ota_pairing_add(struct ota_pairing_node *nodes, uint32_t root,
                         uint32_t node)
{
    nodes[node].child = OTA_PAIRING_NONE;
    nodes[node].next = OTA_PAIRING_NONE;
    nodes[node].prev = OTA_PAIRING_NONE;
    return root == OTA_PAIRING_NONE ? node : linked(nodes, root, node);
}

uint32_t ota_pairing_remove(struct ota_pairing_node *nodes, uint32_t root,
                            uint32_t node)
{
    const uint32_t below = gathered(nodes, nodes[node].child);

    nodes[node].child = OTA_PAIRING_NONE;
    if (node == root)
        return below;

    const uint32_t prev = nodes[node].prev;
    const uint32_t next = nodes[node].next;
    assert(prev != OTA_PAIRING_NONE);
    if (nodes[prev].child == node)
        nodes[prev].child = next;
    else
        nodes[prev].next = next;
    if (next != OTA_PAIRING_NONE)
        nodes[next].prev = prev;
    return below == OTA_PAIRING_NONE ? root : linked(nodes, root, below);
}
