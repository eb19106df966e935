/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * v3.h - a "v3" transfer under way, as packets or as a flow. Private to
 * models/transfer.
 */
#ifndef OTA_TRANSFER_V3_H
#define OTA_TRANSFER_V3_H

#include "models/transfer/account.h"
#include "models/transfer/flow.h"

enum { OTA_V3_WINDOW_MAX = 2048 }; /* chunks */

/* Chunks are counted from where the transfer resumed. */
struct ota_v3 {
    const struct ota_transfer_v3_config *config;
    struct ota_transfer_account *account;
    int64_t chunks; /* to send in all */
    int64_t last_payload;
    int64_t wire_bytes;   /* of a whole chunk */
    int64_t window;       /* chunks */
    int64_t pace_us;      /* a chunk's way over the air and into the device */
    int64_t slot_us;      /* from one chunk to the next; longer if some are
                           * sent twice */
    int64_t rtt_us;       /* of this transfer */
    int64_t lag_us;       /* from a chunk's sending to its arrival */
    int64_t knowledge_us; /* from there until the cloud knows */
    int64_t ack_bytes;    /* on the wire */
    int64_t begin_us;     /* of the first chunk */
    struct ota_flow_walk walk; /* of a flow */
};

/* A chunk that is to be sent again. */
struct ota_v3_repeat {
    int64_t due_us;
    int64_t chunk;
};

/* A chunk's bytes on the wire. */
static inline int64_t ota_v3_wire_bytes(const struct ota_v3 *v3, int64_t chunk)
{
    const bool is_last = chunk == v3->chunks - 1;

    return v3->wire_bytes -
           (is_last ? v3->config->chunk_bytes - v3->last_payload : 0);
}

/* Returns when a chunk that was lost, sent at sent_us, is due again; followed:
 * another goes behind it. */
static inline int64_t ota_v3_due_us(const struct ota_v3 *v3, int64_t sent_us,
                                    bool followed)
{
    return sent_us + v3->pace_us + v3->rtt_us +
           (followed ? v3->slot_us : v3->config->ack_delay_us);
}

/* UpdateFinish, once all chunks are there; ends the transfer. */
void ota_v3_finish(struct ota_v3 *v3);

/* Whether what had arrived at the end is saved, as against what had when the
 * state was last saved before it. */
bool ota_v3_saves(const struct ota_v3 *v3);

/* Each sends the chunks and finishes. Returns how many of them the device
 * keeps, whatever the end. */
int64_t ota_v3_packets(struct ota_v3 *v3);
int64_t ota_v3_flow(struct ota_v3 *v3);

/* Whether a flow can follow this one: acknowledgements are much faster than
 * the window is long. */
bool ota_v3_flows(const struct ota_v3 *v3);

#endif
