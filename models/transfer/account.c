/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * account.c - bytes on the wire, and what ends a transfer.
 *
 * Sizes. Over UDP a message costs 20 IP + 8 UDP + 29 DTLS (AES-128-CCM-8:
 * record 13, nonce 8, tag 8). With a connection ID, what the device sends has
 * 8 bytes of it, and message and type byte are padded to a multiple of 16.
 * Over TCP it costs 40 TCP/IP + 2 length, the message padded to a multiple of
 * 16 with at least one byte, and 40 back for TCP's acknowledgement. Source:
 * docs.particle.io, cellular data; particle-iot/device-os, communication/src/
 * {mbedtls_config.h,dtls_message_channel.cpp,lightssl_message_channel.cpp};
 * the padding is mbedTLS's default (RFC 9146), an assumption.
 *
 * The app breaks a transfer at the first chunk of a geometric number: that is
 * drawn at the beginning, so that packets and flows do it alike.
 */
#include "models/transfer/account.h"

#include <assert.h>
#include <math.h>

#include "sim/base/clock.h"
#include "sim/base/random.h"

enum {
    DTLS_BYTES = 57,
    CONNECTION_ID_BYTES = 8,
    BLOCK_BYTES = 16,
    TCP_BYTES = 40,
    TCP_LENGTH_BYTES = 2,
};

const char *const ota_transfer_fidelities[] = {
    [OTA_TRANSFER_FLOW] = "flow",
    [OTA_TRANSFER_PACKET] = "packet",
    NULL,
};

const char *const ota_transfer_request_rules[] = {
    [OTA_TRANSFER_REQUEST_ALL] = "all",
    [OTA_TRANSFER_REQUEST_GROWING] = "growing",
    NULL,
};

/* TCP repeats a segment after 1 s, doubling to 60 s. Source: RFC 6298; the
 * number of tries is as good as endless beside the device's patience. */
static const struct ota_retry retry_tcp = {
    .timeout_us = OTA_US_PER_S,
    .timeout_max_us = 60 * OTA_US_PER_S,
    .backoff = 2,
    .spread = 0,
    .sends_max = 12,
};

/* Trials until the first success, it included. */
static int64_t geometric(double p, gsl_rng *rng)
{
    if (p <= 0)
        return INT64_MAX;
    if (p >= 1)
        return 1;
    const double failures = log(1 - ota_uniform(rng)) / log1p(-p);
    return failures < 0x1p62 ? 1 + (int64_t)failures : INT64_MAX;
}

struct ota_transfer_account
ota_transfer_open(const struct ota_transfer_job *job,
                  struct ota_transfer_result *result, gsl_rng *rng)
{
    assert(job->size_bytes > 0 && job->cut_us > job->begin_us);
    assert(job->kept_bytes >= 0 && job->kept_bytes <= job->size_bytes);

    return (struct ota_transfer_account){
        .job = job,
        .result = result,
        .rng = rng,
        .wrap = job->os.tcp                          ? OTA_WRAP_TCP
                : ota_os_has_connection_id(&job->os) ? OTA_WRAP_DTLS_CID
                                                     : OTA_WRAP_DTLS,
        .now_us = job->begin_us,
        .stall_at_us = OTA_NEVER,
        .broken_us = OTA_NEVER,
        .breaks_in = geometric(job->break_per_chunk, rng),
    };
}

static int64_t wire_tcp(int64_t coap_bytes)
{
    return TCP_BYTES + TCP_LENGTH_BYTES +
           (coap_bytes / BLOCK_BYTES + 1) * BLOCK_BYTES;
}

int64_t ota_transfer_wire_down(const struct ota_transfer_account *account,
                               int64_t coap_bytes)
{
    return account->wrap == OTA_WRAP_TCP ? wire_tcp(coap_bytes)
                                         : DTLS_BYTES + coap_bytes;
}

int64_t ota_transfer_wire_up(const struct ota_transfer_account *account,
                             int64_t coap_bytes)
{
    if (account->wrap == OTA_WRAP_TCP)
        return wire_tcp(coap_bytes);
    if (account->wrap == OTA_WRAP_DTLS)
        return DTLS_BYTES + coap_bytes;
    return DTLS_BYTES + CONNECTION_ID_BYTES +
           (coap_bytes / BLOCK_BYTES + 1) * BLOCK_BYTES;
}

struct ota_transfer_message
ota_transfer_message(const struct ota_transfer_account *account,
                     bool cloud_asks, int64_t request_coap_bytes,
                     int64_t answer_coap_bytes)
{
    struct ota_transfer_message message = {.cloud_asks = cloud_asks};

    if (cloud_asks) {
        message.request_bytes =
            ota_transfer_wire_down(account, request_coap_bytes);
        message.answer_bytes = ota_transfer_wire_up(account, answer_coap_bytes);
    } else {
        message.request_bytes =
            ota_transfer_wire_up(account, request_coap_bytes);
        message.answer_bytes =
            ota_transfer_wire_down(account, answer_coap_bytes);
    }
    if (account->wrap == OTA_WRAP_TCP)
        message.echo_bytes =
            TCP_BYTES; /* the answer acknowledges the request */
    return message;
}

const struct ota_retry *
ota_transfer_retry(const struct ota_transfer_account *account)
{
    return account->wrap == OTA_WRAP_TCP ? &retry_tcp : &ota_retry_coap;
}

void ota_transfer_end_at_limit(struct ota_transfer_account *account)
{
    if (account->broken_us <= account->stall_at_us)
        ota_transfer_end(account, OTA_TRANSFER_BROKEN, account->broken_us);
    else
        ota_transfer_end(account, OTA_TRANSFER_STALLED, account->stall_at_us);
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

/* Bills the n-th sending of one part of an exchange. */
static bool bill_part(struct ota_transfer_account *account, bool down,
                      int64_t bytes, bool is_chunk)
{
    if (!is_chunk)
        return ota_transfer_bill(account, down ? bytes : 0, down ? 0 : bytes);
    assert(down);
    return ota_transfer_bill_chunk(account, bytes);
}

bool ota_transfer_enter(struct ota_transfer_account *account,
                        const struct ota_transfer_message *message,
                        const struct ota_exchange *exchange)
{
    const int64_t end_us = ota_us_add(account->now_us, exchange->took_us);
    const int64_t limit_us = ota_transfer_limit_us(account);
    const bool down = message->cloud_asks;

    for (int i = 0; i < exchange->requests_sent; i++)
        if (!bill_part(account, down, message->request_bytes,
                       message->carrier == OTA_CARRIER_REQUEST))
            return false;
    for (int i = 0; i < exchange->answers_sent; i++)
        if (!bill_part(account, !down, message->answer_bytes,
                       message->carrier == OTA_CARRIER_ANSWER))
            return false;
    if (exchange->ok && message->echo_bytes &&
        !bill_part(account, down, message->echo_bytes, false))
        return false;
    if (limit_us < end_us) {
        ota_transfer_end_at_limit(account);
        return false;
    }
    if (!exchange->ok) {
        ota_transfer_end(account, OTA_TRANSFER_GAVE_UP, end_us);
        return false;
    }
    account->now_us = end_us;
    return true;
}

bool ota_transfer_exchange(struct ota_transfer_account *account,
                           const struct ota_transfer_message *message,
                           const struct ota_retry *retry)
{
    const struct ota_exchange exchange = ota_exchange_run(
        account->job->air, retry, account->now_us, account->rng);

    return ota_transfer_enter(account, message, &exchange);
}

int64_t ota_transfer_pace_us(const struct ota_transfer_job *job,
                             int64_t datagram_bytes, int64_t chunk_bytes)
{
    const int64_t wire_us = ota_air_serial_us(job->air, datagram_bytes);
    const int64_t device_us = ota_air_device_us(job->air, chunk_bytes);

    return ota_us_max(ota_us_max(ota_us_max(wire_us, device_us), job->pump_us),
                      1);
}

void ota_transfer_count(struct ota_transfer_account *account,
                        const struct ota_transfer_message *message,
                        int64_t requests, int64_t passed, int64_t answers)
{
    struct ota_transfer_result *result = account->result;
    const int64_t asked =
        requests * message->request_bytes + passed * message->echo_bytes;
    const int64_t answered = answers * message->answer_bytes;

    result->down_bytes += message->cloud_asks ? asked : answered;
    result->up_bytes += message->cloud_asks ? answered : asked;
    if (message->carrier == OTA_CARRIER_REQUEST) {
        result->chunks_sent += requests;
        account->chunk_bytes_down += requests * message->request_bytes;
    } else if (message->carrier == OTA_CARRIER_ANSWER) {
        result->chunks_sent += answers;
        account->chunk_bytes_down += answered;
    }
}
