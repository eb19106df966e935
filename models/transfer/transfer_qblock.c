/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transfer_qblock.c - the settings of Q-Block2 transfers (qblock.c), and what
 * they cost in the mean.
 */
#include <stddef.h>

#include "models/transfer/account.h"
#include "models/transfer/qblock.h"
#include "sim/base/clock.h"

static const struct ota_field qblock_fields[] = {
    OTA_TRANSFER_FIDELITY_FIELD(struct ota_transfer_qblock_config),
    {
        .name = "chunk_size",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_SIZE,
        .offset = offsetof(struct ota_transfer_qblock_config, chunk_bytes),
        .fallback = "1024B",
        .min = 16,
        .max = 65536,
        .help = "payload of a block",
        .source = "RFC 9177: CoAP's largest block",
    },
    {
        .name = "overhead_down",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_SIZE,
        .offset =
            offsetof(struct ota_transfer_qblock_config, overhead_down_bytes),
        .fallback = "83B",
        .min = 0,
        .max = 10000,
        .help = "headers of a block on the wire",
        .source = "IP 20, UDP 8, DTLS 29; 26 of CoAP with token, ETag and "
                  "size are assumed",
    },
    {
        .name = "overhead_up",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_SIZE,
        .offset =
            offsetof(struct ota_transfer_qblock_config, overhead_up_bytes),
        .fallback = "87B",
        .min = 0,
        .max = 10000,
        .help = "a request on the wire",
        .source = "IP 20, UDP 8, DTLS 29; 30 of CoAP are assumed",
    },
    {
        .name = "set",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset = offsetof(struct ota_transfer_qblock_config, set_chunks),
        .fallback = "10",
        .min = 1,
        .max = 1000,
        .help = "blocks that are sent without waiting",
        .source = "RFC 9177, MAX_PAYLOADS",
    },
    {
        .name = "feedback",
        .kind = OTA_FIELD_FLAG,
        .offset = offsetof(struct ota_transfer_qblock_config, feedback),
        .fallback = "true",
        .help = "the device asks for the next set as soon as it has one; else "
                "the server pauses between them",
        .source = "RFC 9177, section 7.2",
    },
    {
        .name = "timeout",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_transfer_qblock_config, timeout_us),
        .fallback = "2s",
        .min = (double)OTA_US_PER_MS,
        .max = (double)OTA_US_PER_H,
        .help = "the server's pause behind a set that it is not told to go on "
                "from",
        .source = "RFC 9177, NON_TIMEOUT",
    },
    {
        .name = "timeout_spread",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_transfer_qblock_config, timeout_spread),
        .fallback = "0.5",
        .min = 0,
        .max = 1,
        .help = "that pause is up to this share longer, the same in all of a "
                "transfer",
        .source = "RFC 9177, NON_TIMEOUT_RANDOM; RFC 7252, ACK_RANDOM_FACTOR",
    },
    {
        .name = "receive_timeout",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset =
            offsetof(struct ota_transfer_qblock_config, receive_timeout_us),
        .fallback = "4s",
        .min = (double)OTA_US_PER_MS,
        .max = (double)OTA_US_PER_H,
        .help = "missing blocks are asked for after so long, then twice that, "
                "and so on",
        .source = "RFC 9177, NON_RECEIVE_TIMEOUT",
    },
    {
        .name = "requests",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset = offsetof(struct ota_transfer_qblock_config, requests_max),
        .fallback = "4",
        .min = 0,
        .max = 20,
        .help = "the device gives up when so many for missing blocks in a row "
                "brought nothing",
        .source = "RFC 9177, NON_MAX_RETRANSMIT",
    },
    {
        .name = "resumes",
        .kind = OTA_FIELD_FLAG,
        .offset = offsetof(struct ota_transfer_qblock_config, resumes),
        .fallback = "false",
        .help = "a transfer broken off goes on with the blocks it lacked",
    },
    {.name = NULL},
};

/* The formulas of qblock.c; what losses cost is not known in closed form. A
 * request that passes may come after a silence. */
static bool qblock_expect(const void *opaque,
                          const struct ota_transfer_job *job, double first,
                          struct ota_transfer_mean *mean)
{
    const struct ota_transfer_qblock_config *config = opaque;
    const struct ota_air *air = job->air;
    const int64_t size_bytes = job->size_bytes - job->kept_bytes;
    const int64_t blocks = ota_transfer_chunks(size_bytes, config->chunk_bytes);
    const double sets = (double)ota_transfer_chunks(blocks, config->set_chunks);
    const double trips = config->feedback ? sets : 1;
    const int64_t pace_us = ota_transfer_pace_us(
        job, config->overhead_down_bytes + config->chunk_bytes,
        config->chunk_bytes);

    if (air->loss[0] > 0 || air->leave_per_s[0] > 0 ||
        (first > 0 && air->loss_first > 0))
        return false;
    *mean = (struct ota_transfer_mean){
        .took_us = (double)(blocks * pace_us) +
                   trips * ota_dist_mean(air->rtt) +
                   first * ota_dist_mean(air->rtt_first) +
                   (sets - trips) * (double)config->timeout_us *
                       (1 + config->timeout_spread / 2),
        .variance_us2 = trips * ota_dist_variance(air->rtt),
        .down_bytes =
            (double)(size_bytes + blocks * config->overhead_down_bytes),
        .up_bytes = trips * (double)config->overhead_up_bytes,
        .chunks_sent = (double)blocks,
    };
    return true;
}

static const char *qblock_problem(const void *opaque)
{
    const struct ota_transfer_qblock_config *config = opaque;

    if ((double)config->receive_timeout_us <=
        (double)config->timeout_us * (1 + config->timeout_spread))
        return "receive_timeout must be longer than timeout with its spread";
    return NULL;
}

const struct ota_transfer_model ota_transfer_qblock = {
    .model =
        {
            .name = "qblock",
            .summary = "blocks come in sets of ten, missing ones are asked "
                       "for again: CoAP Q-Block2",
            .source = "RFC 9177",
            .config_size = sizeof(struct ota_transfer_qblock_config),
            .fields = qblock_fields,
            .problem = qblock_problem,
        },
    .run = ota_qblock_run,
    .expect = qblock_expect,
};
