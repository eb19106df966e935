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
#include "sim/base/clock.h"

enum { OTA_COAP_ACK_BYTES = 4 }; /* an empty acknowledgement */

/* What a message is wrapped in. */
enum ota_transfer_wrap {
    OTA_WRAP_DTLS,     /* IP 20, UDP 8, DTLS 29 */
    OTA_WRAP_DTLS_CID, /* and a connection ID on what the device sends */
    OTA_WRAP_TCP,      /* IP and TCP 40, length 2, AES blocks of 16; and the
                        * segment is acknowledged with 40 */
};

struct ota_transfer_account {
    const struct ota_transfer_job *job;
    struct ota_transfer_result *result;
    gsl_rng *rng;
    enum ota_transfer_wrap wrap;
    int64_t now_us;
    int64_t stall_at_us;      /* the device loses patience */
    int64_t broken_us;        /* the app breaks the transfer; OTA_NEVER: it has
                               * not done so */
    int64_t breaks_in;        /* at so many more chunks that arrive; INT64_MAX:
                               * never */
    int64_t chunk_bytes_down; /* on the wire, of chunks */
};

/* Which part of an exchange carries a chunk. */
enum ota_transfer_carrier {
    OTA_CARRIER_NONE,
    OTA_CARRIER_REQUEST,
    OTA_CARRIER_ANSWER,
};

/* One confirmable message and its answer; bytes on the wire. */
struct ota_transfer_message {
    bool cloud_asks; /* else the device */
    enum ota_transfer_carrier carrier;
    int64_t request_bytes;
    int64_t answer_bytes;
    int64_t echo_bytes; /* the asking side's answer to the answer, once */
};

/* An account at the job's beginning. Draws at which chunk the app breaks the
 * transfer, if it may. */
struct ota_transfer_account
ota_transfer_open(const struct ota_transfer_job *job,
                  struct ota_transfer_result *result, gsl_rng *rng);

/* Returns the bytes on the wire of a CoAP message of so many, from the cloud
 * or from the device; over TCP its acknowledgement included. */
int64_t ota_transfer_wire_down(const struct ota_transfer_account *account,
                               int64_t coap_bytes);
int64_t ota_transfer_wire_up(const struct ota_transfer_account *account,
                             int64_t coap_bytes);

/* Returns the message whose parts have so many bytes of CoAP. */
struct ota_transfer_message
ota_transfer_message(const struct ota_transfer_account *account,
                     bool cloud_asks, int64_t request_coap_bytes,
                     int64_t answer_coap_bytes);

/* Returns how the sides repeat what is not answered: by CoAP's timers, or by
 * TCP's. */
const struct ota_retry *
ota_transfer_retry(const struct ota_transfer_account *account);

/* Bytes that the plan lets pass yet. */
static inline int64_t
ota_transfer_left(const struct ota_transfer_account *account)
{
    const struct ota_transfer_result *result = account->result;

    return account->job->data_left_bytes - result->down_bytes -
           result->up_bytes;
}

/* Ends the transfer; a cut that comes first wins. */
void ota_transfer_end(struct ota_transfer_account *account,
                      enum ota_transfer_end end, int64_t at_us);

/* Counts bytes, or ends the transfer as CAPPED and returns false if they would
 * pass what the plan has left. */
static inline bool ota_transfer_bill(struct ota_transfer_account *account,
                                     int64_t down_bytes, int64_t up_bytes)
{
    if (down_bytes + up_bytes > ota_transfer_left(account)) {
        ota_transfer_end(account, OTA_TRANSFER_CAPPED, account->now_us);
        return false;
    }
    account->result->down_bytes += down_bytes;
    account->result->up_bytes += up_bytes;
    return true;
}

/* The same for one chunk on its way down. */
static inline bool ota_transfer_bill_chunk(struct ota_transfer_account *account,
                                           int64_t wire_bytes)
{
    if (!ota_transfer_bill(account, wire_bytes, 0))
        return false;
    account->result->chunks_sent++;
    account->chunk_bytes_down += wire_bytes;
    return true;
}

/* Notes that chunks arrived, the first at first_us and then one every pace_us;
 * sets broken_us if the app breaks the transfer at one of them. */
static inline void ota_transfer_arrive(struct ota_transfer_account *account,
                                       int64_t chunks, int64_t first_us,
                                       int64_t pace_us)
{
    if (account->breaks_in == INT64_MAX)
        return;
    if (account->breaks_in > chunks)
        account->breaks_in -= chunks;
    else if (account->broken_us == OTA_NEVER)
        account->broken_us = first_us + (account->breaks_in - 1) * pace_us;
}

/* Returns when the transfer is over whatever is done: cut, stalled or broken.
 * What is sent then is not sent. */
static inline int64_t
ota_transfer_limit_us(const struct ota_transfer_account *account)
{
    return ota_us_min(ota_us_min(account->job->cut_us, account->stall_at_us),
                      account->broken_us);
}

/* Ends the transfer at that instant. */
void ota_transfer_end_at_limit(struct ota_transfer_account *account);

/* Enters an exchange that began now and moves now to its end. Returns false
 * if that ended the transfer. One that is cut short is billed whole: the
 * asking side goes on repeating. */
bool ota_transfer_enter(struct ota_transfer_account *account,
                        const struct ota_transfer_message *message,
                        const struct ota_exchange *exchange);

/* Runs one confirmable exchange from now on and enters it. */
bool ota_transfer_exchange(struct ota_transfer_account *account,
                           const struct ota_transfer_message *message,
                           const struct ota_retry *retry);

/* Returns the time between two chunks [us], at least 1: the slowest of the
 * radio, the device's work on a chunk and the app that must take it. */
int64_t ota_transfer_pace_us(const struct ota_transfer_job *job,
                             int64_t datagram_bytes, int64_t chunk_bytes);

/* --- rows of field tables --- */

extern const char *const ota_transfer_fidelities[]; /* ended by NULL */
extern const char *const ota_transfer_request_rules[];

#define OTA_TRANSFER_FIDELITY_FIELD(config)                                    \
    {                                                                          \
        .name = "fidelity", .kind = OTA_FIELD_CHOICE,                          \
        .offset = offsetof(config, fidelity), .fallback = "flow",              \
        .choices = ota_transfer_fidelities,                                    \
        .help = "flow: losses are drawn directly; packet: every datagram on "  \
                "its own, slower, with the same distributions",                \
    }

/* Counts the bytes of many exchanges of one kind: of requests, of answers, and
 * of the echoes of those that passed. */
void ota_transfer_count(struct ota_transfer_account *account,
                        const struct ota_transfer_message *message,
                        int64_t requests, int64_t passed, int64_t answers);

#endif
