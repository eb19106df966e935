/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * v3_packet.c - "v3" transfers chunk by chunk, with the arrival of each chunk
 * of the window on record.
 */
#include <assert.h>

#include "models/transfer/v3.h"
#include "sim/base/clock.h"
#include "sim/base/random.h"

/*
 * A transfer under way. The window's edges, known <= arrived <= gapless <=
 * known + window, are the first chunk that is missing as the cloud knows it
 * now, on the device now, and on the device once all that was sent has
 * arrived.
 */
struct pipe {
    const struct ota_v3 *v3;
    struct ota_transfer_account *account;
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
    /* By chunk modulo window; OTA_NEVER: not received. */
    int64_t arrival_us[OTA_V3_WINDOW_MAX];
    struct ota_v3_repeat repeats[OTA_V3_WINDOW_MAX]; /* ring */
};

/* Moves an edge of the window past chunks whose arrival is at most at_us. */
static void advance(const struct pipe *pipe, int64_t *edge, int64_t at_us)
{
    const int64_t limit = pipe->known + pipe->v3->window;

    while (*edge < pipe->next && *edge < limit &&
           pipe->arrival_us[*edge % pipe->v3->window] <= at_us)
        ++*edge;
}

/* Brings the window's edges up to at_us. The cloud's comes last: it frees
 * places of arrival_us. */
static void catch_up(struct pipe *pipe, int64_t at_us)
{
    if (at_us >= pipe->flush_us) {
        const int64_t every_us = pipe->v3->config->flush_us;
        const int64_t last_us =
            pipe->flush_us + (at_us - pipe->flush_us) / every_us * every_us;
        advance(pipe, &pipe->arrived, last_us);
        pipe->flushed = pipe->arrived;
        pipe->flush_us = last_us + every_us;
    }
    advance(pipe, &pipe->arrived, at_us);
    advance(pipe, &pipe->known, at_us - pipe->v3->knowledge_us);
}

static void push_repeat(struct pipe *pipe, int64_t chunk, int64_t due_us)
{
    const int64_t window = pipe->v3->window;

    assert(pipe->repeat_count < window);
    pipe->repeats[(pipe->repeat_at + pipe->repeat_count) % window] =
        (struct ota_v3_repeat){.due_us = due_us, .chunk = chunk};
    pipe->repeat_count++;
}

/* Returns whether a chunk that was never sent may go now. */
static bool may_send_new(const struct pipe *pipe)
{
    return pipe->next < pipe->v3->chunks &&
           pipe->next < pipe->known + pipe->v3->window;
}

/* Takes the chunk to send now, or returns -1. */
static int64_t take_chunk(struct pipe *pipe, int64_t now_us)
{
    const struct ota_v3_repeat *first = &pipe->repeats[pipe->repeat_at];

    if (pipe->repeat_count && first->due_us <= now_us) {
        pipe->repeat_at = (pipe->repeat_at + 1) % pipe->v3->window;
        pipe->repeat_count--;
        return first->chunk;
    }
    if (!may_send_new(pipe))
        return -1;
    pipe->arrival_us[pipe->next % pipe->v3->window] = OTA_NEVER;
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
        const int64_t first_us =
            pipe->arrival_us[pipe->known % pipe->v3->window];
        at_us = ota_us_min(at_us, ota_us_add(first_us, pipe->v3->knowledge_us));
    }
    return at_us;
}

/* The device hears a chunk that it lacked. Returns false if acknowledging it
 * ended the transfer. */
static bool hear(struct pipe *pipe, int64_t chunk, int64_t arrival_us)
{
    const struct ota_transfer_v3_config *config = pipe->v3->config;
    const bool late = arrival_us - pipe->heard_us >= config->ack_delay_us;
    int64_t acks = 0;

    pipe->arrival_us[chunk % pipe->v3->window] = arrival_us;
    if (pipe->highest <= chunk)
        pipe->highest = chunk + 1;
    advance(pipe, &pipe->gapless, OTA_NEVER - 1);
    if (late && pipe->unacked) {
        acks++;
        pipe->unacked = 0;
    }
    pipe->unacked++;
    if (late || pipe->gapless < pipe->highest ||
        pipe->unacked >= config->ack_every_chunks) {
        acks++;
        pipe->unacked = 0;
    }
    pipe->heard_us = arrival_us;
    pipe->account->stall_at_us = ota_us_add(arrival_us, config->stall_us);
    ota_transfer_arrive(pipe->account, 1, arrival_us, 1);
    return !acks ||
           ota_transfer_bill(pipe->account, 0, acks * pipe->v3->ack_bytes);
}

/* The second of two that are sent together. */
static bool send_duplicate(struct pipe *pipe, int64_t chunk, int64_t sent_us,
                           bool heard)
{
    struct ota_transfer_account *account = pipe->account;

    if (!ota_transfer_bill_chunk(account, ota_v3_wire_bytes(pipe->v3, chunk)))
        return false;
    if (ota_air_lost(account->job->air, sent_us, account->rng) || !heard)
        return true;
    return ota_transfer_bill(account, 0, pipe->v3->ack_bytes);
}

/* Puts one chunk on the air now. Returns false if that ended the transfer. */
static bool send_chunk(struct pipe *pipe, int64_t chunk)
{
    const struct ota_v3 *v3 = pipe->v3;
    struct ota_transfer_account *account = pipe->account;
    const int64_t sent_us = account->now_us;
    const int64_t arrival_us = sent_us + v3->lag_us;
    const int64_t limit_us = ota_transfer_limit_us(account);

    if (sent_us >= limit_us) {
        ota_transfer_end_at_limit(account);
        return false;
    }
    if (!ota_transfer_bill_chunk(account, ota_v3_wire_bytes(v3, chunk)))
        return false;
    if (ota_air_lost(account->job->air, sent_us, account->rng)) {
        const bool followed = pipe->repeat_count || may_send_new(pipe);
        push_repeat(pipe, chunk, ota_v3_due_us(v3, sent_us, followed));
    } else {
        const bool heard = arrival_us <= limit_us;
        if (heard && !hear(pipe, chunk, arrival_us))
            return false;
        if (v3->config->duplicates > 0 &&
            ota_uniform(account->rng) < v3->config->duplicates &&
            !send_duplicate(pipe, chunk, sent_us, heard))
            return false;
    }
    account->now_us = sent_us + v3->slot_us;
    return true;
}

/* Sends until the device has all chunks and the cloud knows. Returns false if
 * the transfer ended before. */
static bool pump(struct pipe *pipe)
{
    struct ota_transfer_account *account = pipe->account;

    while (catch_up(pipe, account->now_us), pipe->known < pipe->v3->chunks) {
        const int64_t chunk = take_chunk(pipe, account->now_us);
        if (chunk >= 0) {
            if (!send_chunk(pipe, chunk))
                return false;
            continue;
        }
        account->now_us = ota_us_max(next_step_us(pipe), account->now_us + 1);
        if (account->now_us >= ota_transfer_limit_us(account)) {
            ota_transfer_end_at_limit(account);
            return false;
        }
    }
    return !pipe->unacked || ota_transfer_bill(account, 0, pipe->v3->ack_bytes);
}

int64_t ota_v3_packets(struct ota_v3 *v3)
{
    const struct ota_transfer_result *result = v3->account->result;
    struct pipe pipe;

    pipe.v3 = v3;
    pipe.account = v3->account;
    pipe.next = pipe.known = pipe.arrived = pipe.gapless = pipe.highest = 0;
    pipe.flushed = pipe.unacked = pipe.repeat_at = pipe.repeat_count = 0;
    pipe.heard_us = v3->begin_us;
    pipe.flush_us = ota_us_add(v3->begin_us, v3->config->flush_us);
    if (pump(&pipe))
        ota_v3_finish(v3);
    if (result->end == OTA_TRANSFER_DONE)
        return v3->chunks;
    if (result->end == OTA_TRANSFER_CAPPED)
        return pipe.gapless;
    catch_up(&pipe, result->end_us);
    return ota_v3_saves(v3) ? pipe.arrived : pipe.flushed;
}
