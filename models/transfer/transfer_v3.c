/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transfer_v3.c - OTA protocol v3 of Device OS 3.0.0 and later on Gen 3 and
 * Gen 4 devices.
 *
 * The cloud sends chunks through a sliding window; the device acknowledges
 * with the number of chunks it has without a gap and a bitmap of those beyond.
 * Progress without a gap survives the end of a transfer.
 *
 * What the device does is public; how the production cloud repeats chunks is
 * not. Assumed here:
 *
 * - One chunk follows the other at the pace of the slowest of radio, device
 *   and app. One round trip is drawn a transfer and holds for all of it.
 * - Acknowledgements come through: they are cumulative, so the next makes up
 *   for a lost one. Bitmaps of up to 32 bytes are not counted.
 * - A lost chunk is noticed by the acknowledgement of the one behind it, and
 *   is due again when that reaches the cloud. With nothing behind it, it is
 *   due a round trip and an acknowledgement delay after it was sent.
 * - Chunks due again go before new ones, in the order in which they were lost.
 * - A share `duplicates` of the chunks that arrive is sent twice, together. All
 *   chunks follow one another so much slower; a duplicate changes nothing on
 *   the device, which acknowledges it at once besides its usual ones.
 * - When the plan's cap is reached, what is under way still arrives.
 *
 * Source: particle-iot/device-os, communication/src/firmware_update.{h,cpp}
 * and system/src/firmware_update.cpp, v6.2.0.
 */
#include <assert.h>
#include <math.h>
#include <stddef.h>

#include "models/transfer/expect.h"
#include "models/transfer/v3.h"
#include "sim/base/clock.h"

enum {
    /* Header 4, token 1, Uri-Path 2, file size 6, its SHA-256 34, chunk size
     * 3; answered by an empty ACK and a confirmable 2.01 with the offset. */
    START_COAP_BYTES = 50,
    START_REPLY_COAP_BYTES = 11,
    /* Header 4, Uri-Path 2, index 5, payload marker 1. */
    CHUNK_COAP_BYTES = 12,
    ACK_COAP_BYTES = 11,
    /* Header 4, token 1, Uri-Path 2; and a 2.04 with the token. */
    FINISH_COAP_BYTES = 7,
    FINISH_REPLY_COAP_BYTES = 5,
};

/* A confirmable message of the cloud's and the device's reply to it, which is
 * confirmable, too. */
static bool ask(struct ota_v3 *v3, int64_t coap_bytes, int64_t reply_coap_bytes)
{
    struct ota_transfer_account *account = v3->account;
    const struct ota_transfer_message message =
        ota_transfer_message(account, true, coap_bytes, OTA_COAP_ACK_BYTES);
    const struct ota_transfer_message reply = ota_transfer_message(
        account, false, reply_coap_bytes, OTA_COAP_ACK_BYTES);

    const struct ota_retry *retry = ota_transfer_retry(account);
    if (!ota_transfer_exchange(account, &message, retry))
        return false;
    if (account->job->refused) {
        ota_transfer_end(account, OTA_TRANSFER_REFUSED, account->now_us);
        return false;
    }
    return ota_transfer_exchange(account, &reply, retry);
}

void ota_v3_finish(struct ota_v3 *v3)
{
    struct ota_transfer_account *account = v3->account;

    account->stall_at_us = OTA_NEVER;
    if (ask(v3, FINISH_COAP_BYTES, FINISH_REPLY_COAP_BYTES))
        ota_transfer_end(account, OTA_TRANSFER_DONE, account->now_us);
}

bool ota_v3_saves(const struct ota_v3 *v3)
{
    return v3->account->result->end != OTA_TRANSFER_CUT ||
           v3->account->job->cut_is_graceful;
}

/* Draws the round trip and works out what follows from it. */
static void set_times(struct ota_v3 *v3)
{
    const struct ota_transfer_v3_config *config = v3->config;
    struct ota_transfer_account *account = v3->account;
    struct ota_air *air = account->job->air;

    /* One so long that no chunk comes before the device's patience ends is as
     * good as any longer one, which might be OTA_NEVER. */
    v3->rtt_us = ota_us_min(ota_air_rtt_us(air, account->now_us, account->rng),
                            4 * config->stall_us);
    v3->lag_us = v3->pace_us + v3->rtt_us / 2;
    v3->knowledge_us = v3->rtt_us - v3->rtt_us / 2 +
                       ota_us_min(config->ack_delay_us,
                                  (config->ack_every_chunks - 1) * v3->slot_us);
    v3->begin_us = account->now_us;
    account->stall_at_us = ota_us_add(account->now_us, config->stall_us);
}

/* Runs the transfer. Returns how many chunks the device keeps of it. */
static int64_t run_chunks(struct ota_v3 *v3)
{
    if (!ask(v3, START_COAP_BYTES, START_REPLY_COAP_BYTES))
        return 0;
    set_times(v3);
    if (v3->config->fidelity == OTA_TRANSFER_FLOW && ota_v3_flows(v3))
        return ota_v3_flow(v3);
    return ota_v3_packets(v3);
}

static struct ota_v3 v3_of(const struct ota_transfer_v3_config *config,
                           struct ota_transfer_account *account)
{
    const struct ota_transfer_job *job = account->job;
    const int64_t size_bytes = job->size_bytes - job->kept_bytes;
    const int64_t chunks = ota_transfer_chunks(size_bytes, config->chunk_bytes);
    struct ota_v3 v3 = {
        .config = config,
        .account = account,
        .chunks = chunks,
        .last_payload = size_bytes - (chunks - 1) * config->chunk_bytes,
        .window = config->window_bytes / config->chunk_bytes,
        .ack_bytes = ota_transfer_wire_up(account, ACK_COAP_BYTES),
    };

    assert(chunks <= OTA_TRANSFER_CHUNKS_MAX);
    assert(v3.window >= 1 && v3.window <= OTA_V3_WINDOW_MAX);
    v3.wire_bytes =
        ota_transfer_wire_down(account, CHUNK_COAP_BYTES + config->chunk_bytes);
    v3.pace_us = ota_transfer_pace_us(job, v3.wire_bytes, config->chunk_bytes);
    v3.slot_us = ota_us_round((double)v3.pace_us * (1 + config->duplicates));
    return v3;
}

static struct ota_transfer_result
v3_run(const void *opaque, const struct ota_transfer_job *job, gsl_rng *rng)
{
    const struct ota_transfer_v3_config *config = opaque;
    const int64_t size_bytes = job->size_bytes - job->kept_bytes;
    struct ota_transfer_result result = {0};
    struct ota_transfer_account account = ota_transfer_open(job, &result, rng);
    struct ota_v3 v3 = v3_of(config, &account);
    const int64_t chunks = v3.chunks;

    v3.walk = ota_flow_walk(job->air, v3.slot_us, rng);

    const int64_t kept = run_chunks(&v3);
    result.payload_bytes =
        kept == chunks ? size_bytes : kept * config->chunk_bytes;
    result.kept_bytes = job->kept_bytes + result.payload_bytes;
    result.spent_bytes = account.chunk_bytes_down - result.payload_bytes -
                         kept * (v3.wire_bytes - config->chunk_bytes);
    return result;
}

/* --- in the mean --- */

static void expect_asking(struct ota_transfer_expect *expect,
                          int64_t coap_bytes, int64_t reply_coap_bytes)
{
    const struct ota_transfer_message message = ota_transfer_message(
        &expect->account, true, coap_bytes, OTA_COAP_ACK_BYTES);
    const struct ota_transfer_message reply = ota_transfer_message(
        &expect->account, false, reply_coap_bytes, OTA_COAP_ACK_BYTES);

    ota_expect_message(expect, &message);
    ota_expect_message(expect, &reply);
}

/* The share of chunks that find a gap before them, which each holds open for
 * so many chunks in the mean. */
static double gapped(const struct ota_air *air, double slot_us, double chunks)
{
    double bad = ota_air_bad_share(air), none = 1;

    for (int64_t i = 0; i < (int64_t)(chunks + 0.5); i++) {
        const double loss = (1 - bad) * air->loss[0] + bad * air->loss[1];
        const double bad_passes =
            loss < 1 ? bad * (1 - air->loss[1]) / (1 - loss) : bad;
        none *= 1 - loss;
        bad = ota_air_bad_after(air, bad_passes, slot_us);
    }
    return 1 - none;
}

/* How long nothing is sent near the end, as what was lost there is not due
 * yet: of a chunk with j behind it that is so long. */
static double idle_at_end_us(const struct ota_v3 *v3, double loss,
                             double rtt_us)
{
    const double slot_us = (double)v3->slot_us;
    const double due_us = (double)v3->pace_us + rtt_us;
    const double alone_us = due_us + (double)v3->config->ack_delay_us - slot_us;
    double sum = loss * alone_us, chance = loss, lost = loss;

    for (int64_t j = 1; j < v3->chunks && (double)j * slot_us < due_us; j++) {
        chance *= 1 - loss;
        sum += chance * (due_us - (double)j * slot_us);
        lost += chance;
    }
    return sum + lost * loss / (1 - loss) * alone_us;
}

/* Acknowledgements of N chunks: every so many, or each while there is a gap or
 * if they come slowly; and each duplicate's. */
static double acks(const struct ota_v3 *v3, const struct ota_air *air,
                   double rtt_us, double twice)
{
    const struct ota_transfer_v3_config *config = v3->config;
    const double slot_us = (double)v3->slot_us;
    const double count = (double)v3->chunks;
    const double every = (double)config->ack_every_chunks;
    /* The first one is late if its way is that long. */
    const double late =
        1 - ota_dist_cdf(air->rtt,
                         2 * (double)(config->ack_delay_us - v3->pace_us));
    const double pairs = (1 - late) * ceil(count / every) +
                         late * (1 + ceil((count - 1) / every));
    const double gap =
        gapped(air, slot_us, ((double)v3->pace_us + rtt_us) / slot_us + 0.5);

    if (slot_us >= (double)config->ack_delay_us)
        return count * (1 + config->duplicates * twice);
    return gap * count + (1 - gap) * pairs + count * config->duplicates * twice;
}

/*
 * Every chunk is sent until it has come, one each slot: a loss costs a slot,
 * and, near the end, idle time. The window is taken to be wide enough. In bad
 * spells the mean loss over time counts.
 */
static bool v3_expect(const void *opaque, const struct ota_transfer_job *job,
                      double first, struct ota_transfer_mean *mean)
{
    const struct ota_transfer_v3_config *config = opaque;
    const struct ota_air *air = job->air;
    const double bad = ota_air_bad_share(air);
    const double loss = (1 - bad) * air->loss[0] + bad * air->loss[1];
    const double rtt_us = ota_dist_mean(air->rtt);
    struct ota_transfer_expect expect;

    if (loss >= 1)
        return false;
    ota_expect_open(&expect, job, first);
    if (!ota_expect_patient(&expect, config->stall_us))
        return false;
    const struct ota_v3 v3 = v3_of(config, &expect.account);
    const double slot_us = (double)v3.slot_us;
    const double sends = (double)v3.chunks / (1 - loss);
    const double duplicates = (double)v3.chunks * config->duplicates;
    const double lack = (double)(config->chunk_bytes - v3.last_payload);
    /* That a chunk passes, and the one sent with it, too. */
    const double twice = ((1 - bad) * (1 - air->loss[0]) * (1 - air->loss[0]) +
                          bad * (1 - air->loss[1]) * (1 - air->loss[1])) /
                         (1 - loss);

    expect_asking(&expect, START_COAP_BYTES, START_REPLY_COAP_BYTES);
    const double wire = (double)v3.wire_bytes;
    expect.chunk_bytes_down = (sends + duplicates) * wire -
                              lack * (1 / (1 - loss) + config->duplicates);
    expect.mean.chunks_sent += sends + duplicates;
    expect.mean.down_bytes += expect.chunk_bytes_down;
    expect.mean.up_bytes +=
        acks(&v3, air, rtt_us, twice) * (double)v3.ack_bytes;
    ota_talk_pause(&expect.talk,
                   (sends - 1) * slot_us + (double)v3.pace_us + rtt_us +
                       fmin((double)config->ack_delay_us,
                            (double)(config->ack_every_chunks - 1) * slot_us) +
                       idle_at_end_us(&v3, loss, rtt_us),
                   ota_dist_variance(air->rtt) +
                       slot_us * slot_us * sends * loss / (1 - loss));
    expect_asking(&expect, FINISH_COAP_BYTES, FINISH_REPLY_COAP_BYTES);
    return ota_expect_close(
        &expect, expect.chunk_bytes_down - ((double)v3.chunks * wire - lack),
        mean);
}

static const char *v3_problem(const void *opaque)
{
    const struct ota_transfer_v3_config *config = opaque;

    if (config->chunk_bytes % 4 != 0)
        return "chunk_size is not a multiple of 4; take 512B";
    if (config->window_bytes < config->chunk_bytes)
        return "window is smaller than a chunk; take 128KiB";
    if (config->window_bytes / config->chunk_bytes > OTA_V3_WINDOW_MAX)
        return "window holds more than 2048 chunks; take 128KiB";
    return NULL;
}

static const struct ota_field v3_fields[] = {
    OTA_TRANSFER_FIDELITY_FIELD(struct ota_transfer_v3_config),
    {
        .name = "chunk_size",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_SIZE,
        .offset = offsetof(struct ota_transfer_v3_config, chunk_bytes),
        .fallback = "512B",
        .min = 64,
        .max = 1136,
        .help = "payload of a chunk; a multiple of 4",
        .source = "particle-iot/device-os, OTA_CHUNK_SIZE; the cloud's choice "
                  "in a log "
                  "that Particle published in 2024",
    },
    {
        .name = "window",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_SIZE,
        .offset = offsetof(struct ota_transfer_v3_config, window_bytes),
        .fallback = "128KiB",
        .min = 64,
        .max = 2097152,
        .help = "the device takes chunks so far ahead of the first missing one",
        .source = "particle-iot/device-os, communication/src/firmware_update.h",
    },
    {
        .name = "ack_every",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset = offsetof(struct ota_transfer_v3_config, ack_every_chunks),
        .fallback = "2",
        .min = 1,
        .max = 1000,
        .help = "an acknowledgement comes after so many chunks in order",
        .source = "particle-iot/device-os, communication/src/firmware_update.h",
    },
    {
        .name = "ack_delay",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_transfer_v3_config, ack_delay_us),
        .fallback = "200ms",
        .min = 0,
        .max = (double)OTA_US_PER_MIN,
        .help = "or so long after the last chunk",
        .source = "particle-iot/device-os, communication/src/firmware_update.h",
    },
    {
        .name = "stall",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_transfer_v3_config, stall_us),
        .fallback = "300s",
        .min = (double)OTA_US_PER_S,
        .max = (double)OTA_US_PER_DAY,
        .help =
            "without a chunk for so long, the device cancels and reconnects",
        .source = "particle-iot/device-os, communication/src/firmware_update.h",
    },
    {
        .name = "flush",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_transfer_v3_config, flush_us),
        .fallback = "30s",
        .min = (double)OTA_US_PER_S,
        .max = (double)OTA_US_PER_DAY,
        .help =
            "progress is saved so often; what came since is lost with power",
        .source = "particle-iot/device-os, system/src/firmware_update.cpp",
    },
    {
        .name = "duplicates",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_transfer_v3_config, duplicates),
        .fallback = "0.51",
        .min = 0,
        .max = 1,
        .help = "share of chunks that the cloud sends once more than needed",
        .source =
            "375 duplicates of 730 chunks in a log that Particle published in "
            "2024",
    },
    {.name = NULL},
};

const struct ota_transfer_model ota_transfer_v3 = {
    .model =
        {
            .name = "v3",
            .summary = "sliding window; resumes where it was broken off (Gen 3 "
                       "from Device OS 3.0.0, Gen 4)",
            .source = "particle-iot/device-os, communication/src/"
                      "firmware_update.cpp",
            .config_size = sizeof(struct ota_transfer_v3_config),
            .fields = v3_fields,
            .problem = v3_problem,
        },
    .run = v3_run,
    .expect = v3_expect,
};
