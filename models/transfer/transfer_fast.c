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
 * requested as if it had been lost. Chunks are lost independently and each is
 * as long as the others (the last is padded), so the number of missing chunks
 * is all the state there is.
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

#include "models/transfer/account.h"
#include "sim/base/clock.h"

/* Bytes of each message on the wire. */
enum {
    BEGIN_BYTES = OTA_DATAGRAM_OVERHEAD_BYTES + 20,
    READY_BYTES = OTA_DATAGRAM_OVERHEAD_BYTES + 7,
    /* Header 4, token 1, Uri-Path "c" 2, CRC 5, index 3, payload marker 1. */
    CHUNK_OVERHEAD_BYTES = OTA_DATAGRAM_OVERHEAD_BYTES + 16,
    /* Header 4, token 1, Uri-Path "u" 2. */
    DONE_BYTES = OTA_DATAGRAM_OVERHEAD_BYTES + 7,
    DONE_ANSWER_BYTES = OTA_DATAGRAM_OVERHEAD_BYTES + 5,
    /* And 2 bytes for each chunk asked for. */
    REQUEST_BYTES = OTA_DATAGRAM_OVERHEAD_BYTES + 7,
    BYTES_PER_INDEX = 2,
};

static const char *const request_rules[] = {
    [OTA_TRANSFER_REQUEST_ALL] = "all",
    [OTA_TRANSFER_REQUEST_GROWING] = "growing",
    NULL,
};

static const struct ota_transfer_message begin_message = {
    .cloud_asks = true,
    .request_bytes = BEGIN_BYTES,
    .answer_bytes = OTA_DATAGRAM_ACK_BYTES,
};

static const struct ota_transfer_message ready_message = {
    .cloud_asks = false,
    .request_bytes = READY_BYTES,
    .answer_bytes = OTA_DATAGRAM_ACK_BYTES,
};

static const struct ota_transfer_message done_message = {
    .cloud_asks = true,
    .request_bytes = DONE_BYTES,
    .answer_bytes = DONE_ANSWER_BYTES,
};

/* How a flight went. */
struct flight {
    int64_t chunks;
    int64_t pace_us;
    int64_t datagram_bytes;
    int64_t stall_us;
    int64_t received;
};

static int64_t at_most(int64_t value, int64_t limit)
{
    return value < limit ? value : limit;
}

/* Returns how many chunks the device asks for after a flight of which it
 * received so many. */
static int64_t request_limit(const struct ota_transfer_fast_config *config,
                             int64_t received)
{
    if (config->request_rule == OTA_TRANSFER_REQUEST_ALL)
        return config->request_chunks;
    const int64_t growth = received / 5 > 2 ? received / 5 : 2;
    return at_most(received + growth, config->request_chunks);
}

/* Ends the transfer at the device's patience or the cut. */
static void end_waiting(struct ota_transfer_account *account)
{
    ota_transfer_end(account, OTA_TRANSFER_STALLED, account->stall_at_us);
}

/* Sends one flight. Returns false if the transfer ended in it. */
static bool fly(struct ota_transfer_account *account, struct flight *flight,
                gsl_rng *rng)
{
    const struct ota_link *link = account->job->link;
    const int64_t cut_us = account->job->cut_us;
    const int64_t way_us = link->model->rtt_us(link->config, rng) / 2;

    account->result->rounds++;
    for (int64_t i = 0; i < flight->chunks; i++) {
        /* When this one is sent, and when the device has dealt with it. */
        const int64_t sent_us = account->now_us;
        const int64_t done_us =
            ota_us_add(ota_us_add(sent_us, flight->pace_us), way_us);
        if (sent_us >= ota_us_min(cut_us, account->stall_at_us)) {
            end_waiting(account);
            return false;
        }
        if (!ota_transfer_bill(account, flight->datagram_bytes, 0))
            return false;
        account->result->chunks_sent++;
        if (!link->model->lost(link->config, rng) &&
            done_us <= account->stall_at_us) {
            flight->received++;
            account->stall_at_us = ota_us_add(done_us, flight->stall_us);
        }
        account->now_us = ota_us_add(sent_us, flight->pace_us);
    }
    account->now_us = ota_us_add(account->now_us, way_us);
    if (account->now_us >= ota_us_min(cut_us, account->stall_at_us)) {
        end_waiting(account);
        return false;
    }
    return true;
}

/* Runs the transfer to its end, which is left in *account->result. */
static void run_flights(const struct ota_transfer_fast_config *config,
                        struct ota_transfer_account *account, int64_t chunks,
                        gsl_rng *rng)
{
    const int64_t datagram_bytes = config->chunk_bytes + CHUNK_OVERHEAD_BYTES;
    struct flight flight = {
        .chunks = at_most(chunks, config->flight_chunks),
        .pace_us = ota_transfer_pace_us(account->job, datagram_bytes,
                                        config->chunk_bytes),
        .datagram_bytes = datagram_bytes,
        .stall_us = config->stall_us,
    };
    int64_t missing = chunks;

    if (!ota_transfer_exchange(account, &begin_message, rng))
        return;
    account->stall_at_us = ota_us_add(account->now_us, config->stall_us);
    if (!ota_transfer_exchange(account, &ready_message, rng))
        return;
    for (;;) {
        flight.received = 0;
        if (!fly(account, &flight, rng))
            return;
        missing -= flight.received;
        if (!ota_transfer_exchange(account, &done_message, rng))
            return;
        if (!missing) {
            ota_transfer_end(account, OTA_TRANSFER_DONE, account->now_us);
            return;
        }
        flight.chunks =
            at_most(missing, request_limit(config, flight.received));
        const struct ota_transfer_message request = {
            .cloud_asks = false,
            .request_bytes = REQUEST_BYTES + BYTES_PER_INDEX * flight.chunks,
            .answer_bytes = OTA_DATAGRAM_ACK_BYTES,
        };
        if (!ota_transfer_exchange(account, &request, rng))
            return;
    }
}

static struct ota_transfer_result
fast_run(const void *opaque, const struct ota_transfer_job *job, gsl_rng *rng)
{
    const struct ota_transfer_fast_config *config = opaque;
    const int64_t chunks =
        ota_transfer_chunks(job->size_bytes, config->chunk_bytes);
    const int64_t datagram_bytes = config->chunk_bytes + CHUNK_OVERHEAD_BYTES;
    struct ota_transfer_result result = {0};
    struct ota_transfer_account account = {
        .job = job,
        .result = &result,
        .now_us = job->begin_us,
        .stall_at_us = OTA_NEVER,
    };

    assert(job->size_bytes > 0 && job->cut_us > job->begin_us);
    assert(chunks <= OTA_TRANSFER_CHUNKS_MAX);

    run_flights(config, &account, chunks, rng);

    const bool done = result.end == OTA_TRANSFER_DONE;
    const int64_t useful = done ? chunks : 0;
    result.resets = result.end == OTA_TRANSFER_STALLED;
    result.payload_bytes = done ? job->size_bytes : 0;
    result.kept_bytes = result.payload_bytes;
    result.spent_bytes = (result.chunks_sent - useful) * datagram_bytes;
    return result;
}

static const struct ota_field fast_fields[] = {
    {
        .name = "chunk_size",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_SIZE,
        .offset = offsetof(struct ota_transfer_fast_config, chunk_bytes),
        .fallback = "512B",
        .min = 64,
        .max = 1024,
        .help = "payload of a chunk",
        .source = "particle-iot/device-os, OTA_CHUNK_SIZE",
    },
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
        .choices = request_rules,
        .help = "growing (from Device OS 1.0.0): at most what the last flight "
                "brought and 20 % (at least 2) more",
        .source = "particle-iot/device-os, communication/src/"
                  "chunked_transfer.cpp, v0.4.9 and v1.0.0",
    },
    {
        .name = "stall",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_transfer_fast_config, stall_us),
        .fallback = "90s",
        .min = (double)OTA_US_PER_S,
        .max = (double)OTA_US_PER_DAY,
        .help = "without a new chunk for so long, the device resets; Wi-Fi "
                "30s, cellular from Device OS 1.0.0 300s",
        .source = "particle-iot/device-os, system/inc/system_cloud.h, v0.6.2",
    },
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
};
