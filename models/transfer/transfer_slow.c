/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transfer_slow.c - OTA of Device OS without "fast OTA": stop and wait.
 *
 *     cloud                           device
 *     UpdateBegin (CON)        -->
 *                              <--    ACK
 *                              <--    UpdateReady (CON)
 *     ACK                      -->
 *     chunk (CON)              -->
 *                              <--    ACK, ChunkReceived (CON)
 *     ACK                      -->             and so on
 *     UpdateDone (CON)         -->
 *                              <--    2.04
 *
 * A chunk is one exchange: the device's two answers leave together and are
 * lost together, and the cloud's acknowledgement is not waited for
 * (assumptions). The last chunk is padded. The device keeps nothing of a
 * transfer that ends early.
 *
 * Source: particle-iot/device-os, communication/src/chunked_transfer.cpp,
 * v0.4.9 to v2.0.0; sizes from the encoders in communication/src.
 */
#include <assert.h>
#include <stddef.h>

#include "models/transfer/expect.h"
#include "models/transfer/old.h"
#include "models/transfer/stop_wait.h"
#include "sim/base/clock.h"

enum {
    /* Header 4, token 1, Uri-Path "c" 2, CRC 5, payload marker 1. */
    CHUNK_COAP_BYTES = 13,
    /* Header 4, token 1: 2.04. */
    RECEIVED_COAP_BYTES = 5,
};

static struct ota_transfer_message
chunk_message(const struct ota_transfer_account *account, int64_t chunk_bytes)
{
    struct ota_transfer_message message = ota_transfer_message(
        account, true, CHUNK_COAP_BYTES + chunk_bytes, RECEIVED_COAP_BYTES);
    const bool tcp = account->wrap == OTA_WRAP_TCP;

    message.carrier = OTA_CARRIER_REQUEST;
    if (!tcp) { /* TCP needs no acknowledgement of CoAP's */
        message.answer_bytes +=
            ota_transfer_wire_up(account, OTA_COAP_ACK_BYTES);
        message.echo_bytes =
            ota_transfer_wire_down(account, OTA_COAP_ACK_BYTES);
    }
    return message;
}

static struct ota_stop_wait
chunks_of(const struct ota_transfer_slow_config *config,
          const struct ota_transfer_account *account, int64_t chunks)
{
    const struct ota_transfer_message message =
        chunk_message(account, config->chunk_bytes);
    const struct ota_air *air = account->job->air;
    const int64_t work_us = ota_air_serial_us(air, message.request_bytes) +
                            ota_air_device_us(air, config->chunk_bytes);

    return (struct ota_stop_wait){
        .fidelity = config->fidelity,
        .retry = ota_transfer_retry(account),
        .chunks = chunks,
        .message = message,
        .last = message,
        .work_us = work_us,
        .last_work_us = work_us,
        .stall_us = config->stall_us,
    };
}

/* Runs the transfer; the result says how it ended. */
static void run_chunks(const struct ota_transfer_slow_config *config,
                       struct ota_transfer_account *account, int64_t chunks)
{
    const struct ota_stop_wait with = chunks_of(config, account, chunks);
    int64_t received;

    if (!ota_old_open(account, config->stall_us))
        return;
    if (ota_stop_wait_run(account, &with, &received) && ota_old_done(account))
        ota_transfer_end(account, OTA_TRANSFER_DONE, account->now_us);
}

static struct ota_transfer_result
slow_run(const void *opaque, const struct ota_transfer_job *job, gsl_rng *rng)
{
    const struct ota_transfer_slow_config *config = opaque;
    const int64_t chunks =
        ota_transfer_chunks(job->size_bytes, config->chunk_bytes);
    struct ota_transfer_result result = {0};
    struct ota_transfer_account account = ota_transfer_open(job, &result, rng);

    assert(chunks <= OTA_TRANSFER_CHUNKS_MAX);
    run_chunks(config, &account, chunks);
    ota_old_close(&account, chunks,
                  chunk_message(&account, config->chunk_bytes).request_bytes);
    return result;
}

static bool slow_expect(const void *opaque, const struct ota_transfer_job *job,
                        double first, struct ota_transfer_mean *mean)
{
    const struct ota_transfer_slow_config *config = opaque;
    const int64_t chunks =
        ota_transfer_chunks(job->size_bytes, config->chunk_bytes);
    struct ota_transfer_expect expect;

    ota_expect_open(&expect, job, first);
    if (!ota_expect_patient(&expect, config->stall_us))
        return false;
    const struct ota_stop_wait with =
        chunks_of(config, &expect.account, chunks);
    ota_expect_old_open(&expect);
    ota_expect_stop_wait(&expect, &with);
    ota_expect_old_done(&expect);
    return ota_expect_close(&expect,
                            expect.chunk_bytes_down -
                                (double)(chunks * with.message.request_bytes),
                            mean);
}

static const struct ota_field slow_fields[] = {
    OTA_TRANSFER_FIDELITY_FIELD(struct ota_transfer_slow_config),
    OTA_OLD_CHUNK_FIELD(struct ota_transfer_slow_config),
    OTA_OLD_STALL_FIELD(struct ota_transfer_slow_config),
    {.name = NULL},
};

const struct ota_transfer_model ota_transfer_slow = {
    .model =
        {
            .name = "slow",
            .summary = "stop and wait, each chunk answered; starts over when "
                       "broken off (old Device OS)",
            .source = "particle-iot/device-os, communication/src/"
                      "chunked_transfer.cpp",
            .config_size = sizeof(struct ota_transfer_slow_config),
            .fields = slow_fields,
        },
    .run = slow_run,
    .expect = slow_expect,
};
