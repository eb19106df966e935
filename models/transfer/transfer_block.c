/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transfer_block.c - pulling an image block by block: CoAP block-wise
 * transfers (RFC 7959) or HTTP ranges.
 *
 *     device                          server
 *     request of block k       -->
 *                              <--    the block
 *     writes it; behind the first the flash may be erased for seconds
 *
 * The last block is as long as what is left. A block's work: it comes down at
 * the link's rate, the device needs the link's time for its bytes, and
 * block_time. Requests are repeated by CoAP's timers, or by equal ones; a slow
 * block is not asked for again while it comes down (assumption). What a server
 * or proxy drops is lost on its way down: the device has asked for it and its
 * bytes count (assumption).
 *
 * Source: RFC 7959, RFC 7252 section 4.2.
 */
#include <assert.h>
#include <stddef.h>

#include "models/transfer/expect.h"
#include "models/transfer/stop_wait.h"
#include "sim/base/clock.h"

static struct ota_transfer_message
block_message(const struct ota_transfer_block_config *config, int64_t payload)
{
    return (struct ota_transfer_message){
        .carrier = OTA_CARRIER_ANSWER,
        .request_bytes = config->overhead_up_bytes,
        .answer_bytes = config->overhead_down_bytes + payload,
    };
}

/* The server offers the image with a small message that the device answers:
 * only what refuses it needs to be followed. */
static void refuse(const struct ota_transfer_block_config *config,
                   struct ota_transfer_account *account,
                   const struct ota_retry *retry)
{
    const struct ota_transfer_message offer = {
        .cloud_asks = true,
        .request_bytes = config->overhead_down_bytes,
        .answer_bytes = config->overhead_up_bytes,
    };

    struct ota_retry plain = *retry;
    plain.answer_loss = 0;
    if (ota_transfer_exchange(account, &offer, &plain))
        ota_transfer_end(account, OTA_TRANSFER_REFUSED, account->now_us);
}

static int64_t work_us(const struct ota_transfer_account *account,
                       const struct ota_transfer_message *message,
                       int64_t payload)
{
    const struct ota_air *air = account->job->air;

    return ota_air_serial_us(air, message->answer_bytes) +
           ota_air_device_us(air, payload);
}

static struct ota_retry
retry_of(const struct ota_transfer_block_config *config)
{
    return (struct ota_retry){
        .timeout_us = config->timeout_us,
        .timeout_max_us = OTA_US_PER_DAY,
        .backoff = config->backoff,
        .spread = config->timeout_spread,
        .sends_max = (int)config->sends_max,
        .answer_loss = config->block_loss,
    };
}

static struct ota_stop_wait
blocks_of(const struct ota_transfer_block_config *config,
          const struct ota_transfer_account *account,
          const struct ota_retry *retry, int64_t blocks, int64_t last_payload)
{
    const struct ota_dist *time = &config->block_time;
    struct ota_stop_wait with = {
        .fidelity = config->fidelity,
        .retry = retry,
        .chunks = blocks,
        .message = block_message(config, config->chunk_bytes),
        .last = block_message(config, last_payload),
        .block_time = time->kind != OTA_DIST_FIXED || time->a > 0 ? time : NULL,
        .erase = &config->erase,
        .erases =
            (config->erase.kind != OTA_DIST_FIXED || config->erase.a > 0) &&
            (account->job->kept_bytes == 0 || !config->resumes),
        .stall_us = OTA_NEVER,
    };

    with.work_us = work_us(account, &with.message, config->chunk_bytes);
    with.last_work_us = last_payload == config->chunk_bytes
                            ? with.work_us
                            : work_us(account, &with.last, last_payload);
    return with;
}

/* Runs the transfer. Returns how many of the blocks the device has. */
static int64_t run_blocks(const struct ota_transfer_block_config *config,
                          struct ota_transfer_account *account, int64_t blocks,
                          int64_t last_payload)
{
    const struct ota_retry retry = retry_of(config);
    const struct ota_stop_wait with =
        blocks_of(config, account, &retry, blocks, last_payload);
    int64_t received = 0;

    if (account->job->refused)
        refuse(config, account, &retry);
    else if (ota_stop_wait_run(account, &with, &received))
        ota_transfer_end(account, OTA_TRANSFER_DONE, account->now_us);
    return received;
}

static struct ota_transfer_result
block_run(const void *opaque, const struct ota_transfer_job *job, gsl_rng *rng)
{
    const struct ota_transfer_block_config *config = opaque;
    const int64_t size_bytes = job->size_bytes - job->kept_bytes;
    const int64_t blocks = ota_transfer_chunks(size_bytes, config->chunk_bytes);
    const int64_t last = size_bytes - (blocks - 1) * config->chunk_bytes;
    struct ota_transfer_result result = {0};
    struct ota_transfer_account account = ota_transfer_open(job, &result, rng);

    assert(blocks <= OTA_TRANSFER_CHUNKS_MAX);
    int64_t received = run_blocks(config, &account, blocks, last);
    const bool done = result.end == OTA_TRANSFER_DONE;
    if (!done && !config->resumes)
        received = 0;
    const int64_t payload =
        received == blocks ? size_bytes : received * config->chunk_bytes;
    result.payload_bytes = payload;
    result.kept_bytes = done || config->resumes ? job->kept_bytes + payload : 0;
    result.spent_bytes = account.chunk_bytes_down - payload -
                         received * config->overhead_down_bytes;
    return result;
}

static bool block_expect(const void *opaque, const struct ota_transfer_job *job,
                         double first, struct ota_transfer_mean *mean)
{
    const struct ota_transfer_block_config *config = opaque;
    const int64_t size_bytes = job->size_bytes - job->kept_bytes;
    const int64_t blocks = ota_transfer_chunks(size_bytes, config->chunk_bytes);
    const struct ota_retry retry = retry_of(config);
    struct ota_transfer_expect expect;

    ota_expect_open(&expect, job, first);
    const struct ota_stop_wait with =
        blocks_of(config, &expect.account, &retry, blocks,
                  size_bytes - (blocks - 1) * config->chunk_bytes);
    ota_expect_stop_wait(&expect, &with);
    return ota_expect_close(
        &expect,
        expect.chunk_bytes_down - (double)size_bytes -
            (double)(blocks * config->overhead_down_bytes),
        mean);
}

static const struct ota_field block_fields[] = {
    OTA_TRANSFER_FIDELITY_FIELD(struct ota_transfer_block_config),
    {
        .name = "chunk_size",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_SIZE,
        .offset = offsetof(struct ota_transfer_block_config, chunk_bytes),
        .fallback = "1024B",
        .min = 16,
        .max = 65536,
        .help = "payload of a block",
        .source = "RFC 7959: CoAP's largest block; also in the logs of "
                  "golioth/golioth-firmware-sdk",
    },
    {
        .name = "overhead_down",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_SIZE,
        .offset =
            offsetof(struct ota_transfer_block_config, overhead_down_bytes),
        .fallback = "71B",
        .min = 0,
        .max = 10000,
        .help = "headers of a block on the wire",
        .source = "IP 20, UDP 8, DTLS 29; 14 of CoAP are assumed",
    },
    {
        .name = "overhead_up",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_SIZE,
        .offset = offsetof(struct ota_transfer_block_config, overhead_up_bytes),
        .fallback = "87B",
        .min = 0,
        .max = 10000,
        .help = "a request on the wire",
        .source = "IP 20, UDP 8, DTLS 29; 30 of CoAP are assumed",
    },
    {
        .name = "block_time",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_transfer_block_config, block_time),
        .fallback = "0s",
        .min = 0,
        .max = (double)OTA_US_PER_H,
        .help = "the device's time for each block, besides the link's",
    },
    {
        .name = "erase",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_transfer_block_config, erase),
        .fallback = "0s",
        .min = 0,
        .max = (double)OTA_US_PER_H,
        .help = "pause behind the first block, while flash is erased",
    },
    {
        .name = "timeout",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_transfer_block_config, timeout_us),
        .fallback = "2s",
        .min = (double)OTA_US_PER_MS,
        .max = (double)OTA_US_PER_H,
        .help = "a request is repeated after so long, then after `backoff` "
                "times that, and so on",
        .source = "RFC 7252, ACK_TIMEOUT",
    },
    {
        .name = "backoff",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_transfer_block_config, backoff),
        .fallback = "2",
        .min = 1,
        .max = 4,
        .help = "each timeout is so many times the one before; 1: all are "
                "equal",
        .source = "RFC 7252, section 4.2: doubled",
    },
    {
        .name = "timeout_spread",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_transfer_block_config, timeout_spread),
        .fallback = "0.5",
        .min = 0,
        .max = 1,
        .help = "each timer is up to this share longer",
        .source = "RFC 7252, ACK_RANDOM_FACTOR",
    },
    {
        .name = "sends",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset = offsetof(struct ota_transfer_block_config, sends_max),
        .fallback = "5",
        .min = 1,
        .max = 20,
        .help = "a request is sent at most so often, then the device gives up",
        .source = "RFC 7252, MAX_RETRANSMIT 4",
    },
    {
        .name = "block_loss",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_transfer_block_config, block_loss),
        .fallback = "0",
        .min = 0,
        .max = 1,
        .help = "share of blocks lost besides the link's losses: a server or "
                "proxy drops them",
    },
    {
        .name = "resumes",
        .kind = OTA_FIELD_FLAG,
        .offset = offsetof(struct ota_transfer_block_config, resumes),
        .fallback = "false",
        .help = "a transfer broken off goes on at the block where it was",
    },
    {.name = NULL},
};

const struct ota_transfer_model ota_transfer_block = {
    .model =
        {
            .name = "block",
            .summary = "the device asks for one block after another: CoAP "
                       "block-wise or HTTP ranges",
            .source = "RFC 7959",
            .config_size = sizeof(struct ota_transfer_block_config),
            .fields = block_fields,
        },
    .run = block_run,
    .expect = block_expect,
};
