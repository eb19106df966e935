/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pairing.h - heaps whose nodes stand in an array and are known by number.
 * Private to models/cloud.
 *
 * The least node is the root. Any node can be taken out. Keys are compared by
 * their difference, so counters may wrap as long as keys of one heap are less
 * than 2^127 apart; equal keys are ordered by tie.
 */
#ifndef OTA_CLOUD_PAIRING_H
#define OTA_CLOUD_PAIRING_H

#include <stdint.h>

__extension__ typedef unsigned __int128 ota_u128;
__extension__ typedef __int128 ota_i128;

#define OTA_PAIRING_NONE UINT32_MAX /* no node; the root of an empty heap */

struct ota_pairing_node {
    ota_u128 key;
    uint64_t tie;
    uint32_t child, next, prev; /* private; prev of a first child: its parent */
};

/* Adds a node, whose key and tie are set; returns the root. */
uint32_t ota_pairing_add(struct ota_pairing_node *nodes, uint32_t root,
                         uint32_t node);

/* Takes a node out of the heap that it is in; returns the root. */
uint32_t ota_pairing_remove(struct ota_pairing_node *nodes, uint32_t root,
                            uint32_t node);

#endif
