/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * account.h - what transfer models share: time, bytes and the reasons to end,
 * kept in one place while a transfer runs. Private to models/transfer.
 */
#ifndef OTA_TRANSFER_ACCOUNT_H
#define OTA_TRANSFER_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

#include "models/link/exchange.h"
#include "models/transfer/transfer.h"

/* Bytes on the wire of datagrams that both protocols use: 20 IP + 8 UDP + 29
 * DTLS + CoAP. Source: docs.particle.io, cellular data (29 bytes of DTLS a
 * datagram; an empty ACK has 4 bytes of CoAP). */
enum {
    OTA_DATAGRAM_OVERHEAD_BYTES = 57,
    OTA_DATAGRAM_ACK_BYTES = OTA_DATAGRAM_OVERHEAD_BYTES + 4,
};

struct ota_transfer_account {
    const struct ota_transfer_job *job;
    struct ota_transfer_result *result;
    int64_t now_us;
    int64_t stall_at_us; /* the device loses patience */
};

/* One confirmable message and its answer. */
struct ota_transfer_message {
    bool cloud_asks; /* else the device */
    int64_t request_bytes;
    int64_t answer_bytes;
};

/* Counts bytes, or ends the transfer as CAPPED and returns false if they would
 * pass what the plan has left. */
bool ota_transfer_bill(struct ota_transfer_account *account, int64_t down_bytes,
                       int64_t up_bytes);

/* Ends the transfer; a cut that comes first wins. */
void ota_transfer_end(struct ota_transfer_account *account,
                      enum ota_transfer_end end, int64_t at_us);

/*
 * Runs one confirmable exchange from now on and moves now to its end. Returns
 * false if that ended the transfer. An exchange that is cut short is billed
 * whole: the asking side goes on repeating.
 */
bool ota_transfer_exchange(struct ota_transfer_account *account,
                           const struct ota_transfer_message *message,
                           gsl_rng *rng);

/* Returns the time between two chunks [us]: the slowest of the radio, the
 * device's work on a chunk and the app that must take it. */
int64_t ota_transfer_pace_us(const struct ota_transfer_job *job,
                             int64_t datagram_bytes, int64_t chunk_bytes);

#endif
