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
 *   for a lost one.
 * - A lost chunk is noticed by the acknowledgement of the one behind it, and
 *   is due again when that reaches the cloud. With nothing behind it, it is
 *   due a round trip and an acknowledgement delay after it was sent.
 * - Chunks due again go before new ones, in the order in which they were lost.
 * - A share `duplicates` of the chunks is sent once more at once although it
 *   had arrived.
 *
 * Source: particle-iot/device-os, communication/src/firmware_update.{h,cpp}
 * and system/src/firmware_update.cpp, v6.2.0.
 */
#include <assert.h>
#include <stddef.h>

#include <gsl/gsl_rng.h>

#include "models/transfer/account.h"
#include "sim/base/clock.h"

enum {
    WINDOW_CHUNKS_MAX = 2048,
    /* Header 4, token 1, Uri-Path 2, file size 6, its SHA-256 34, chunk size
     * 3; answered by an empty ACK and a confirmable 2.01 with the offset. */
    START_BYTES = OTA_DATAGRAM_OVERHEAD_BYTES + 50,
    START_REPLY_BYTES = OTA_DATAGRAM_OVERHEAD_BYTES + 11,
    /* Header 4, Uri-Path 2, index 5, payload marker 1. */
    CHUNK_OVERHEAD_BYTES = OTA_DATAGRAM_OVERHEAD_BYTES + 12,
    /* Without a bitmap, whose up to 32 bytes are not counted. */
    ACK_BYTES = OTA_DATAGRAM_OVERHEAD_BYTES + 11,
    /* Header 4, token 1, Uri-Path 2; and a 2.04 with the token. */
    FINISH_BYTES = OTA_DATAGRAM_OVERHEAD_BYTES + 7,
    FINISH_REPLY_BYTES = OTA_DATAGRAM_OVERHEAD_BYTES + 5,
};

static const struct ota_transfer_message start_message = {
    .cloud_asks = true,
    .request_bytes = START_BYTES,
    .answer_bytes = OTA_DATAGRAM_ACK_BYTES,
};

static const struct ota_transfer_message start_reply = {
    .cloud_asks = false,
    .request_bytes = START_REPLY_BYTES,
    .answer_bytes = OTA_DATAGRAM_ACK_BYTES,
};

static const struct ota_transfer_message finish_message = {
    .cloud_asks = true,
    .request_bytes = FINISH_BYTES,
    .answer_bytes = OTA_DATAGRAM_ACK_BYTES,
};

static const struct ota_transfer_message finish_reply = {
    .cloud_asks = false,
    .request_bytes = FINISH_REPLY_BYTES,
    .answer_bytes = OTA_DATAGRAM_ACK_BYTES,
};

/* A chunk that is to be sent again. */
struct repeat {
    int64_t due_us;
    int64_t chunk;
};

/*
 * A transfer under way. Chunks are counted from where it resumed. The window's
 * edges, known <= arrived <= gapless <= known + window, are the first chunk
 * that is missing as the cloud knows it now, on the device now, and on the
 * device once all that was sent has arrived.
 */
struct pipe {
    const struct ota_transfer_v3_config *config;
    struct ota_transfer_account account;
    int64_t chunks;     /* to send in all */
    int64_t last_bytes; /* payload of the last one */
    int64_t window;     /* chunks */
    int64_t pace_us;
    int64_t rtt_us;
    int64_t next; /* first chunk never sent */
    int64_t known;
    int64_t arrived;
    int64_t gapless;
    int64_t highest;   /* one past the highest chunk received */
    int64_t flushed;   /* arrived, when the state was last saved */
    int64_t flush_us;  /* when it is saved next */
    int64_t unacked;   /* chunks received since the last acknowledgement */
    int64_t heard_us;  /* the last chunk's arrival */
    int64_t repeat_at; /* position of the first repeat, and how many */
    int64_t repeat_count;
    int64_t sent_bytes;  /* of chunks, with headers */
    int64_t *arrival_us; /* by chunk modulo window; OTA_NEVER: not received */
    struct repeat *repeats; /* ring of window places */
};

static int64_t chunk_payload(const struct pipe *pipe, int64_t chunk)
{
    return chunk == pipe->chunks - 1 ? pipe->last_bytes
                                     : pipe->config->chunk_bytes;
}

/* Returns the payload of chunks [0 .. chunks). */
static int64_t payload_of(const struct pipe *pipe, int64_t chunks)
{
    if (!chunks)
        return 0;
    return (chunks - 1) * pipe->config->chunk_bytes +
           chunk_payload(pipe, chunks - 1);
}

/* Moves an edge of the window past chunks whose arrival is at most at_us. */
static void advance(const struct pipe *pipe, int64_t *edge, int64_t at_us)
{
    const int64_t limit = pipe->known + pipe->window;

    while (*edge < pipe->next && *edge < limit &&
           pipe->arrival_us[*edge % pipe->window] <= at_us)
        ++*edge;
}

/* Returns how long a chunk's arrival takes to be known to the cloud. */
static int64_t knowledge_us(const struct pipe *pipe)
{
    const struct ota_transfer_v3_config *config = pipe->config;

    return pipe->rtt_us - pipe->rtt_us / 2 +
           ota_us_min(config->ack_delay_us,
                      (config->ack_every_chunks - 1) * pipe->pace_us);
}

/* Brings the window's edges up to at_us. The cloud's comes last: it frees
 * places of arrival_us. */
static void catch_up(struct pipe *pipe, int64_t at_us)
{
    if (at_us >= pipe->flush_us) {
        const int64_t every_us = pipe->config->flush_us;
        const int64_t last_us =
            pipe->flush_us + (at_us - pipe->flush_us) / every_us * every_us;
        advance(pipe, &pipe->arrived, last_us);
        pipe->flushed = pipe->arrived;
        pipe->flush_us = last_us + every_us;
    }
    advance(pipe, &pipe->arrived, at_us);
    advance(pipe, &pipe->known, at_us - knowledge_us(pipe));
}

static void push_repeat(struct pipe *pipe, int64_t chunk, int64_t due_us)
{
    assert(pipe->repeat_count < pipe->window);

    const int64_t at = (pipe->repeat_at + pipe->repeat_count) % pipe->window;
    pipe->repeats[at] = (struct repeat){.due_us = due_us, .chunk = chunk};
    pipe->repeat_count++;
}

/* Returns whether a chunk that was never sent may go now. */
static bool may_send_new(const struct pipe *pipe)
{
    return pipe->next < pipe->chunks && pipe->next < pipe->known + pipe->window;
}

/* Takes the chunk to send now, or returns -1. */
static int64_t take_chunk(struct pipe *pipe, int64_t now_us)
{
    const struct repeat *first = &pipe->repeats[pipe->repeat_at];

    if (pipe->repeat_count && first->due_us <= now_us) {
        pipe->repeat_at = (pipe->repeat_at + 1) % pipe->window;
        pipe->repeat_count--;
        return first->chunk;
    }
    if (!may_send_new(pipe))
        return -1;
    pipe->arrival_us[pipe->next % pipe->window] = OTA_NEVER;
    return pipe->next++;
}

/* Returns when something happens, with nothing to send now: a repeat is due,
 * or the cloud hears of the window's first chunk. */
static int64_t next_step_us(const struct pipe *pipe)
{
    int64_t at_us = OTA_NEVER;

    if (pipe->repeat_count)
        at_us = pipe->repeats[pipe->repeat_at].due_us;
    if (pipe->known < pipe->next) {
        const int64_t first_us = pipe->arrival_us[pipe->known % pipe->window];
        at_us = ota_us_min(at_us, ota_us_add(first_us, knowledge_us(pipe)));
    }
    return at_us;
}

/* The device hears a chunk, wanted or not. Returns false if acknowledging it
 * ended the transfer. */
static bool hear(struct pipe *pipe, int64_t chunk, int64_t arrival_us)
{
    const int64_t silence_us = arrival_us - pipe->heard_us;
    const bool late = silence_us >= pipe->config->ack_delay_us;
    const bool again = chunk < pipe->gapless ||
                       pipe->arrival_us[chunk % pipe->window] != OTA_NEVER;
    int64_t acks = 0;

    if (!again)
        pipe->arrival_us[chunk % pipe->window] = arrival_us;
    if (pipe->highest <= chunk)
        pipe->highest = chunk + 1;
    advance(pipe, &pipe->gapless, OTA_NEVER - 1);
    if (late && pipe->unacked) {
        acks++;
        pipe->unacked = 0;
    }
    pipe->unacked++;
    if (late || again || pipe->gapless < pipe->highest ||
        pipe->unacked >= pipe->config->ack_every_chunks) {
        acks++;
        pipe->unacked = 0;
    }
    pipe->heard_us = arrival_us;
    pipe->account.stall_at_us = ota_us_add(arrival_us, pipe->config->stall_us);
    return !acks || ota_transfer_bill(&pipe->account, 0, acks * ACK_BYTES);
}

/* Puts one chunk on the air now. Returns false if that ended the transfer. */
static bool send_chunk(struct pipe *pipe, int64_t chunk, bool *lost,
                       gsl_rng *rng)
{
    struct ota_transfer_account *account = &pipe->account;
    const struct ota_link *link = account->job->link;
    const int64_t arrival_us =
        account->now_us + pipe->pace_us + pipe->rtt_us / 2;

    if (account->now_us >=
        ota_us_min(account->stall_at_us, account->job->cut_us)) {
        ota_transfer_end(account, OTA_TRANSFER_STALLED, account->stall_at_us);
        return false;
    }
    const int64_t bytes = chunk_payload(pipe, chunk) + CHUNK_OVERHEAD_BYTES;
    if (!ota_transfer_bill(account, bytes, 0))
        return false;
    account->result->chunks_sent++;
    pipe->sent_bytes += bytes;
    *lost = link->model->lost(link->config, rng);
    account->now_us += pipe->pace_us;
    if (arrival_us > ota_us_min(account->stall_at_us, account->job->cut_us))
        return true; /* nobody is there to hear it; the end is near */
    return *lost || hear(pipe, chunk, arrival_us);
}

/* Sends until the device has all chunks and the cloud knows. Returns false if
 * the transfer ended before. */
static bool pump(struct pipe *pipe, gsl_rng *rng)
{
    struct ota_transfer_account *account = &pipe->account;

    while (catch_up(pipe, account->now_us), pipe->known < pipe->chunks) {
        const int64_t sent_us = account->now_us;
        const int64_t chunk = take_chunk(pipe, sent_us);
        bool lost;
        if (chunk < 0) {
            account->now_us = ota_us_max(next_step_us(pipe), sent_us + 1);
            if (account->now_us <
                ota_us_min(account->stall_at_us, account->job->cut_us))
                continue;
            ota_transfer_end(account, OTA_TRANSFER_STALLED,
                             account->stall_at_us);
            return false;
        }
        if (!send_chunk(pipe, chunk, &lost, rng))
            return false;
        if (lost) {
            const bool followed = pipe->repeat_count || may_send_new(pipe);
            push_repeat(
                pipe, chunk,
                sent_us + pipe->pace_us + pipe->rtt_us +
                    (followed ? pipe->pace_us : pipe->config->ack_delay_us));
        } else if (gsl_rng_uniform(rng) < pipe->config->duplicates &&
                   !send_chunk(pipe, chunk, &lost, rng)) {
            return false;
        }
    }
    return !pipe->unacked || ota_transfer_bill(account, 0, ACK_BYTES);
}

/* Runs the transfer to its end. */
static void run_pipe(struct pipe *pipe, gsl_rng *rng)
{
    struct ota_transfer_account *account = &pipe->account;
    const struct ota_link *link = account->job->link;

    if (!ota_transfer_exchange(account, &start_message, rng) ||
        !ota_transfer_exchange(account, &start_reply, rng))
        return;
    /* One so long that no chunk comes before the device's patience ends is as
     * good as any longer one, which might be OTA_NEVER. */
    pipe->rtt_us = ota_us_min(link->model->rtt_us(link->config, rng),
                              4 * pipe->config->stall_us);
    pipe->heard_us = account->now_us;
    pipe->flush_us = ota_us_add(account->now_us, pipe->config->flush_us);
    account->stall_at_us = ota_us_add(account->now_us, pipe->config->stall_us);
    if (!pump(pipe, rng))
        return;
    account->stall_at_us = OTA_NEVER;
    if (ota_transfer_exchange(account, &finish_message, rng) &&
        ota_transfer_exchange(account, &finish_reply, rng))
        ota_transfer_end(account, OTA_TRANSFER_DONE, account->now_us);
}

/* Returns how many of the chunks the device keeps after this end. */
static int64_t kept_chunks(struct pipe *pipe)
{
    const struct ota_transfer_result *result = pipe->account.result;

    if (result->end == OTA_TRANSFER_DONE)
        return pipe->chunks;
    catch_up(pipe, result->end_us);
    const bool saved =
        result->end != OTA_TRANSFER_CUT || pipe->account.job->cut_is_graceful;
    return saved ? pipe->arrived : pipe->flushed;
}

static struct ota_transfer_result
v3_run(const void *opaque, const struct ota_transfer_job *job, gsl_rng *rng)
{
    const struct ota_transfer_v3_config *config = opaque;
    const int64_t size_bytes = job->size_bytes - job->kept_bytes;
    const int64_t chunks = ota_transfer_chunks(size_bytes, config->chunk_bytes);
    int64_t arrival_us[WINDOW_CHUNKS_MAX];
    struct repeat repeats[WINDOW_CHUNKS_MAX];
    struct ota_transfer_result result = {0};
    struct pipe pipe = {
        .config = config,
        .account = {.job = job,
                    .result = &result,
                    .now_us = job->begin_us,
                    .stall_at_us = OTA_NEVER},
        .chunks = chunks,
        .last_bytes = size_bytes - (chunks - 1) * config->chunk_bytes,
        .window = config->window_bytes / config->chunk_bytes,
        .pace_us = ota_transfer_pace_us(
            job, config->chunk_bytes + CHUNK_OVERHEAD_BYTES,
            config->chunk_bytes),
        .flush_us = OTA_NEVER,
        .arrival_us = arrival_us,
        .repeats = repeats,
    };

    assert(job->size_bytes > 0 && job->cut_us > job->begin_us);
    assert(job->kept_bytes >= 0 && size_bytes >= 0);
    assert(chunks <= OTA_TRANSFER_CHUNKS_MAX);
    assert(pipe.window >= 1 && pipe.window <= WINDOW_CHUNKS_MAX);

    run_pipe(&pipe, rng);

    const int64_t kept = kept_chunks(&pipe);
    result.payload_bytes = payload_of(&pipe, kept);
    result.kept_bytes = job->kept_bytes + result.payload_bytes;
    result.spent_bytes =
        pipe.sent_bytes - result.payload_bytes - kept * CHUNK_OVERHEAD_BYTES;
    return result;
}

static const char *v3_problem(const void *opaque)
{
    const struct ota_transfer_v3_config *config = opaque;

    if (config->chunk_bytes % 4 != 0)
        return "chunk_size is not a multiple of 4; take 512B";
    if (config->window_bytes < config->chunk_bytes)
        return "window is smaller than a chunk; take 128KiB";
    if (config->window_bytes / config->chunk_bytes > WINDOW_CHUNKS_MAX)
        return "window holds more than 2048 chunks; take 128KiB";
    return NULL;
}

static const struct ota_field v3_fields[] = {
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
};
