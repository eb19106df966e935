/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fast.h - a "fast" transfer under way, as packets, as a flow or over TCP.
 * Private to models/transfer.
 */
#ifndef OTA_TRANSFER_FAST_H
#define OTA_TRANSFER_FAST_H

#include "models/transfer/account.h"
#include "models/transfer/flow.h"

/* Header 4, token 1, Uri-Path "c" 2, CRC 5, index 3, payload marker 1. */
enum { OTA_FAST_CHUNK_COAP_BYTES = 16 };

struct ota_fast {
    const struct ota_transfer_fast_config *config;
    struct ota_transfer_account *account;
    int64_t missing; /* chunks that the device has not got yet */
    int64_t pace_us;
    int64_t datagram_bytes; /* of a chunk on the wire */
    struct ota_flow_walk walk;
};

/* Returns how many chunks the device asks for after a flight of which it
 * received so many, with some missing. */
int64_t ota_fast_request(const struct ota_fast *fast, int64_t received);

struct ota_transfer_message
ota_fast_request_message(const struct ota_fast *fast, int64_t chunks);

/* Each sends one flight of so many chunks. Returns false if the transfer ended
 * in it. In *received how many arrived. */
bool ota_fast_fly_packets(struct ota_fast *fast, int64_t chunks,
                          int64_t *received);
bool ota_fast_fly_flow(struct ota_fast *fast, int64_t chunks,
                       int64_t *received);
bool ota_fast_fly_tcp(struct ota_fast *fast, int64_t chunks, int64_t *received);

/*
 * Runs the whole transfer, times drawn together, if nothing but losses can
 * happen to it; then returns true, and the result says how it ended. Else
 * nothing has happened yet.
 */
bool ota_fast_flow_whole(struct ota_fast *fast);

#endif
