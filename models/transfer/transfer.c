/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transfer.c - the transfer models, and what they share.
 */
#include "models/transfer/transfer.h"

#include <assert.h>
#include <stddef.h>

#include "models/transfer/account.h"
#include "sim/base/clock.h"

const struct ota_transfer_model *const ota_transfer_models[] = {
    &ota_transfer_fast,
    &ota_transfer_v3,
    NULL,
};

bool ota_transfer_bill(struct ota_transfer_account *account, int64_t down_bytes,
                       int64_t up_bytes)
{
    struct ota_transfer_result *result = account->result;
    const int64_t used = result->down_bytes + result->up_bytes;

    if (down_bytes + up_bytes > account->job->data_left_bytes - used) {
        ota_transfer_end(account, OTA_TRANSFER_CAPPED, account->now_us);
        return false;
    }
    result->down_bytes += down_bytes;
    result->up_bytes += up_bytes;
    return true;
}

void ota_transfer_end(struct ota_transfer_account *account,
                      enum ota_transfer_end end, int64_t at_us)
{
    const struct ota_transfer_job *job = account->job;

    if (at_us > job->cut_us ||
        (at_us == job->cut_us && end != OTA_TRANSFER_DONE)) {
        end = OTA_TRANSFER_CUT;
        at_us = job->cut_us;
    }
    /* An end is never at the beginning itself, even if the first datagram
     * did not pass. */
    account->result->end = end;
    account->result->end_us = ota_us_max(at_us, job->begin_us + 1);
}

bool ota_transfer_exchange(struct ota_transfer_account *account,
                           const struct ota_transfer_message *message,
                           gsl_rng *rng)
{
    const struct ota_exchange exchange =
        ota_exchange_run(account->job->link, &ota_retry_coap, rng);
    const int64_t end_us = ota_us_add(account->now_us, exchange.took_us);
    const int64_t request = message->request_bytes;
    const int64_t answer = message->answer_bytes;
    const bool down = message->cloud_asks;

    for (int i = 0; i < exchange.requests_sent; i++) {
        if (!ota_transfer_bill(account, down ? request : 0, down ? 0 : request))
            return false;
    }
    for (int i = 0; i < exchange.answers_sent; i++) {
        if (!ota_transfer_bill(account, down ? 0 : answer, down ? answer : 0))
            return false;
    }
    if (account->stall_at_us < end_us &&
        account->stall_at_us < account->job->cut_us) {
        ota_transfer_end(account, OTA_TRANSFER_STALLED, account->stall_at_us);
        return false;
    }
    if (!exchange.ok || end_us > account->job->cut_us) {
        ota_transfer_end(account, OTA_TRANSFER_GAVE_UP, end_us);
        return false;
    }
    account->now_us = end_us;
    return true;
}

int64_t ota_transfer_pace_us(const struct ota_transfer_job *job,
                             int64_t datagram_bytes, int64_t chunk_bytes)
{
    const struct ota_link *link = job->link;
    const int64_t wire_us = ota_us_at_rate(
        datagram_bytes, link->model->goodput_bit_s(link->config));
    const int64_t device_us = link->model->device_us(link->config, chunk_bytes);

    return ota_us_max(ota_us_max(wire_us, device_us), job->pump_us);
}
