/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * old.c - how a transfer by Device OS's old protocol begins and ends.
 *
 * Source: particle-iot/device-os, communication/src/chunked_transfer.cpp and
 * communication/inc/protocol_defs.h, v0.4.9 to v2.0.0.
 */
#include "models/transfer/old.h"

#include "sim/base/clock.h"

struct ota_transfer_message
ota_old_begin_message(const struct ota_transfer_account *account)
{
    return ota_transfer_message(account, true, OTA_OLD_BEGIN_COAP_BYTES,
                                OTA_COAP_ACK_BYTES);
}

struct ota_transfer_message
ota_old_ready_message(const struct ota_transfer_account *account)
{
    return ota_transfer_message(account, false, OTA_OLD_READY_COAP_BYTES,
                                OTA_COAP_ACK_BYTES);
}

struct ota_transfer_message
ota_old_done_message(const struct ota_transfer_account *account)
{
    return ota_transfer_message(account, true, OTA_OLD_DONE_COAP_BYTES,
                                OTA_OLD_DONE_ANSWER_COAP_BYTES);
}

bool ota_old_exchange(struct ota_transfer_account *account,
                      const struct ota_transfer_message *message)
{
    return ota_transfer_exchange(account, message, ota_transfer_retry(account));
}

bool ota_old_open(struct ota_transfer_account *account, int64_t stall_us)
{
    const struct ota_transfer_message begin = ota_old_begin_message(account);
    const struct ota_transfer_message ready = ota_old_ready_message(account);

    if (!ota_old_exchange(account, &begin))
        return false;
    if (account->job->refused) {
        ota_transfer_end(account, OTA_TRANSFER_REFUSED, account->now_us);
        return false;
    }
    account->stall_at_us = ota_us_add(account->now_us, stall_us);
    return ota_old_exchange(account, &ready);
}

bool ota_old_done(struct ota_transfer_account *account)
{
    const struct ota_transfer_message done = ota_old_done_message(account);

    return ota_old_exchange(account, &done);
}

void ota_old_close(struct ota_transfer_account *account, int64_t chunks,
                   int64_t datagram_bytes)
{
    const struct ota_transfer_job *job = account->job;
    struct ota_transfer_result *result = account->result;
    const bool done = result->end == OTA_TRANSFER_DONE;

    result->resets = result->end == OTA_TRANSFER_STALLED;
    result->payload_bytes = done ? job->size_bytes - job->kept_bytes : 0;
    result->kept_bytes = done ? job->size_bytes : 0;
    result->spent_bytes =
        account->chunk_bytes_down - (done ? chunks * datagram_bytes : 0);
}
