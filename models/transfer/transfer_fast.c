/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transfer_fast.c - "fast OTA" of Device OS on Gen 2 devices and, before
 * 3.0.0, on Gen 3.
 *
 *     cloud                           device
 *     UpdateBegin (CON)        -->
 *                              <--    ACK
 *                              <--    UpdateReady (CON)
 *     ACK                      -->
 *     a flight of chunks       -->             no answer to any of them
 *     UpdateDone (CON)         -->
 *                              <--    2.04, or 4.00 if chunks are missing
 *                              <--    missed-chunk request (CON)
 *     ACK                      -->
 *     a flight of those        -->             and so on
 *
 * The cloud's first flight is part of the image only; what it left out is
 * requested as if it had been lost. Each chunk is as long as the others (the
 * last is padded), so the number of missing chunks is all the state there is.
 *
 * Time goes strictly one message after another: a flight starts when the
 * exchange before it is over and its first chunk is half a round trip under
 * way. The device keeps nothing of a transfer that ends early.
 *
 * A device that is complete but whose answer to every UpdateDone got lost
 * counts as not updated; with four tries that is rare.
 *
 * Source: particle-iot/device-os, communication/src/chunked_transfer.cpp and
 * communication/inc/protocol_defs.h, v0.4.9 to v2.0.0; sizes from the
 * encoders in communication/src.
 */
#include <assert.h>
#include <stddef.h>

#include "models/transfer/expect.h"
#include "models/transfer/fast.h"
#include "models/transfer/old.h"
#include "sim/base/clock.h"

enum {
    /* And 2 bytes for each chunk asked for. */
    REQUEST_COAP_BYTES = 7,
    BYTES_PER_INDEX = 2,
};

int64_t ota_fast_request(const struct ota_fast *fast, int64_t received)
{
    const struct ota_transfer_fast_config *config = fast->config;
    int64_t limit = config->request_chunks;

    if (config->request_rule == OTA_TRANSFER_REQUEST_GROWING) {
        const int64_t growth = received / 5 > 2 ? received / 5 : 2;
        limit = ota_us_min(limit, received + growth);
    }
    return ota_us_min(limit, fast->missing);
}

struct ota_transfer_message
ota_fast_request_message(const struct ota_fast *fast, int64_t chunks)
{
    return ota_transfer_message(fast->account, false,
                                REQUEST_COAP_BYTES + BYTES_PER_INDEX * chunks,
                                OTA_COAP_ACK_BYTES);
}

bool ota_fast_fly_packets(struct ota_fast *fast, int64_t chunks,
                          int64_t *received)
{
    struct ota_transfer_account *account = fast->account;
    struct ota_air *air = account->job->air;
    const int64_t pace_us = fast->pace_us;
    const int64_t way_us =
        ota_air_rtt_us(air, account->now_us, account->rng) / 2;

    *received = 0;
    for (int64_t i = 0; i < chunks; i++) {
        /* When this one is sent, and when the device has dealt with it. */
        const int64_t sent_us = account->now_us;
        const int64_t done_us = ota_us_add(sent_us + pace_us, way_us);
        if (sent_us >= ota_transfer_limit_us(account))
            break;
        if (!ota_transfer_bill_chunk(account, fast->datagram_bytes))
            return false;
        if (!ota_air_lost(air, sent_us, account->rng) &&
            done_us <= account->stall_at_us) {
            ++*received;
            ota_transfer_arrive(account, 1, done_us, 1);
            account->stall_at_us = ota_us_add(done_us, fast->config->stall_us);
        }
        account->now_us = sent_us + pace_us;
    }
    account->now_us = ota_us_add(account->now_us, way_us);
    if (account->now_us >= ota_transfer_limit_us(account)) {
        ota_transfer_end_at_limit(account);
        return false;
    }
    air->spoke_us = account->now_us; /* the flight keeps the radio up */
    return true;
}

static bool fly(struct ota_fast *fast, int64_t chunks, int64_t *received)
{
    if (fast->account->wrap == OTA_WRAP_TCP)
        return ota_fast_fly_tcp(fast, chunks, received);
    if (fast->config->fidelity == OTA_TRANSFER_PACKET ||
        fast->pace_us >= fast->config->stall_us)
        return ota_fast_fly_packets(fast, chunks, received);
    return ota_fast_fly_flow(fast, chunks, received);
}

/* Runs the transfer; the result says how it ended. */
static void run_flights(struct ota_fast *fast)
{
    struct ota_transfer_account *account = fast->account;
    int64_t flight = ota_us_min(fast->missing, fast->config->flight_chunks);

    fast->walk = ota_flow_walk(account->job->air, fast->pace_us, account->rng);
    if (!ota_old_open(account, fast->config->stall_us))
        return;
    for (;;) {
        int64_t received;
        account->result->rounds++;
        if (!fly(fast, flight, &received))
            return;
        fast->missing -= received;
        if (!ota_old_done(account))
            return;
        if (!fast->missing) {
            ota_transfer_end(account, OTA_TRANSFER_DONE, account->now_us);
            return;
        }
        flight = ota_fast_request(fast, received);
        const struct ota_transfer_message request =
            ota_fast_request_message(fast, flight);
        if (!ota_old_exchange(account, &request))
            return;
    }
}

static struct ota_transfer_result
fast_run(const void *opaque, const struct ota_transfer_job *job, gsl_rng *rng)
{
    const struct ota_transfer_fast_config *config = opaque;
    const int64_t chunks =
        ota_transfer_chunks(job->size_bytes, config->chunk_bytes);
    struct ota_transfer_result result = {0};
    struct ota_transfer_account account = ota_transfer_open(job, &result, rng);
    struct ota_fast fast = {
        .config = config, .account = &account, .missing = chunks};

    assert(chunks <= OTA_TRANSFER_CHUNKS_MAX);
    fast.datagram_bytes = ota_transfer_wire_down(
        &account, OTA_FAST_CHUNK_COAP_BYTES + config->chunk_bytes);
    fast.pace_us =
        ota_transfer_pace_us(job, fast.datagram_bytes, config->chunk_bytes);
    if (config->fidelity == OTA_TRANSFER_PACKET || !ota_fast_flow_whole(&fast))
        run_flights(&fast);
    ota_old_close(&account, chunks, fast.datagram_bytes);
    return result;
}

static const struct ota_field fast_fields[] = {
    OTA_TRANSFER_FIDELITY_FIELD(struct ota_transfer_fast_config),
    OTA_OLD_CHUNK_FIELD(struct ota_transfer_fast_config),
    {
        .name = "flight",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset = offsetof(struct ota_transfer_fast_config, flight_chunks),
        .fallback = "50",
        .min = 1,
        .max = (double)OTA_TRANSFER_CHUNKS_MAX,
        .help = "chunks in the cloud's first flight; 40 from Device OS 1.0.0",
        .source = "particle-iot/device-os, pull request 1558",
    },
    {
        .name = "request",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset = offsetof(struct ota_transfer_fast_config, request_chunks),
        .fallback = "50",
        .min = 1,
        .max = (double)OTA_TRANSFER_CHUNKS_MAX,
        .help = "most missed chunks that the device asks for at once; 40 from "
                "Device OS 1.0.0",
        .source = "particle-iot/device-os, communication/inc/protocol_defs.h",
    },
    {
        .name = "request_rule",
        .kind = OTA_FIELD_CHOICE,
        .offset = offsetof(struct ota_transfer_fast_config, request_rule),
        .fallback = "all",
        .choices = ota_transfer_request_rules,
        .help = "growing (from Device OS 1.0.0): at most what the last flight "
                "brought and 20 % (at least 2) more",
        .source = "particle-iot/device-os, communication/src/"
                  "chunked_transfer.cpp, v0.4.9 and v1.0.0",
    },
    OTA_OLD_STALL_FIELD(struct ota_transfer_fast_config),
    {.name = NULL},
};

const struct ota_transfer_model ota_transfer_fast = {
    .model =
        {
            .name = "fast",
            .summary = "flights of chunks, then requests for the missed ones; "
                       "starts over when broken off (Gen 2)",
            .source = "particle-iot/device-os, communication/src/"
                      "chunked_transfer.cpp",
            .config_size = sizeof(struct ota_transfer_fast_config),
            .fields = fast_fields,
        },
    .run = fast_run,
    .expect = ota_fast_expect,
};
