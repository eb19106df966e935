/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stop_wait_flow.c - stop and wait, from one rough exchange to the next.
 *
 * Chunks that go smoothly are counted together and their times drawn as one
 * sum; the rough one behind them is followed. That is right as long as nothing
 * else can happen among them: the regime of loss ends, the device goes, the
 * plan's cap is reached, the app breaks it off, a radio's first datagram. How
 * many chunks may be counted so is found beforehand, from a time that they
 * outlast practically never (deciding by the drawn time would distort it);
 * near such an event chunks go one at a time, as packets. Where the end of the
 * whole transfer is that far from any event all times are drawn together.
 */
#include "models/transfer/stop_wait.h"

#include <math.h>

#include "models/transfer/flow.h"
#include "sim/base/clock.h"

/* Standard deviations that a sum practically never strays. */
static const double far = 7;

struct stream {
    const struct ota_stop_wait *with;
    struct ota_transfer_account *account;
    struct ota_flow flow;
    struct ota_moments each; /* of a smooth chunk's whole time */
    double longest_us;       /* that one chunk alone may take */
    double patience_us;      /* that the device has beyond it */
    int64_t bytes;           /* of a smooth chunk */
};

/* What the app's pace leaves to be waited for in a round trip; -1: it depends
 * on chance. */
static double floor_us(const struct ota_transfer_account *account,
                       const struct ota_stop_wait *with)
{
    const double rest_us =
        (double)account->job->pump_us - (double)with->work_us;

    if (rest_us <= 0)
        return 0;
    if (!with->block_time)
        return rest_us;
    if (with->block_time->kind == OTA_DIST_FIXED)
        return fmax(0, rest_us - with->block_time->a);
    return ota_dist_least(with->block_time) >= rest_us ? 0 : -1;
}

/* Whether chunks may be counted together at all. */
static bool opens(struct stream *stream, struct ota_transfer_account *account,
                  const struct ota_stop_wait *with)
{
    const struct ota_air *air = account->job->air;
    const double least_us = floor_us(account, with);
    double idle_least_us = (double)with->work_us;
    double idle_most_us = idle_least_us;
    struct ota_flow_part *block;
    double share;

    *stream = (struct stream){.with = with, .account = account};
    block = &stream->flow.parts[OTA_FLOW_OWN];
    if (least_us < 0)
        return false;
    ota_flow_open(&stream->flow, account, with->retry, least_us);
    if (!stream->flow.works)
        return false;
    block->scale = 1;
    block->below_us = INFINITY;
    if (with->block_time) {
        block->dist = with->block_time;
        if (!ota_moments_between(block->dist, 0, INFINITY, &block->each,
                                 &share))
            return false;
        idle_least_us += ota_dist_least(block->dist);
        idle_most_us += ota_dist_most(block->dist);
    }
    /* The radio's first datagram after a silence fares differently. */
    if (least_us > 0)
        idle_most_us = INFINITY;
    if (ota_air_firsts_matter(air) && idle_most_us > (double)air->tail_us) {
        stream->flow.firsts = idle_least_us > (double)air->tail_us;
        if (!stream->flow.firsts || air->rtt_first->kind != OTA_DIST_FIXED ||
            air->rtt_first->a > 0)
            return false;
    }
    const struct ota_moments *rtt =
        &stream->flow.parts[OTA_FLOW_ROUND_TRIPS].each;
    stream->each.mean = rtt->mean + block->each.mean + (double)with->work_us;
    stream->each.variance = rtt->variance + block->each.variance;
    stream->longest_us = (double)with->retry->timeout_us + least_us +
                         (double)with->work_us + block->each.mean +
                         2 * far * sqrt(block->each.variance);
    stream->bytes = with->message.request_bytes + with->message.answer_bytes +
                    with->message.echo_bytes;
    /* Not even a second try tries the device's patience. */
    stream->patience_us = (double)with->stall_us - stream->longest_us;
    return 1.5 * (double)with->retry->timeout_us < stream->patience_us;
}

/* Returns how many chunks practically certainly take less than room_us. */
static int64_t fit(const struct stream *stream, double room_us)
{
    const double mean = stream->each.mean;
    const double swing = far * sqrt(stream->each.variance);

    room_us -= stream->longest_us;
    if (!(room_us > 0))
        return 0;
    /* mean n + swing sqrt(n) = room */
    const double root =
        (sqrt(swing * swing + 4 * mean * room_us) - swing) / (2 * mean);
    return root < 1e6 ? (int64_t)(root * root) : INT64_C(1000000000000);
}

/* Returns how many of the chunks left may be counted together from now on. */
static int64_t stretch(struct stream *stream, int64_t left)
{
    const struct ota_transfer_account *account = stream->account;
    struct ota_flow *flow = &stream->flow;
    const int64_t bytes_left = ota_transfer_left(account);
    int64_t most = left;

    ota_flow_sense(flow);
    const int64_t until_us = ota_us_min(
        flow->until_us, ota_us_min(account->job->cut_us, account->broken_us));
    if (!flow->deferred && until_us != OTA_NEVER) {
        const double room_us = (double)(until_us - account->now_us);
        const double n = (double)left;
        const double bound_us =
            ota_flow_bound_us(flow, n) +
            n * (stream->each.mean -
                 flow->parts[OTA_FLOW_ROUND_TRIPS].each.mean) +
            far * sqrt(n * flow->parts[OTA_FLOW_OWN].each.variance) +
            stream->longest_us;
        if (bound_us < room_us)
            ota_flow_defer(flow, stream->patience_us);
        else
            most = ota_us_min(most, fit(stream, room_us));
    } else {
        ota_flow_defer(flow, stream->patience_us);
    }
    /* A second try costs as much again, a rough chunk several times that. */
    if (bytes_left < INT64_MAX / 4) {
        const int64_t spare = 64 * stream->bytes;
        most = ota_us_min(most, (bytes_left - spare) / (2 * stream->bytes));
    }
    return ota_us_min(most, account->breaks_in - 1);
}

/* Counts chunks that go smoothly. */
static void count(struct stream *stream, int64_t chunks)
{
    struct ota_transfer_account *account = stream->account;
    const struct ota_transfer_message *message = &stream->with->message;
    int64_t answers;
    const int64_t requests =
        chunks + ota_flow_count(&stream->flow, chunks, &answers);
    answers += chunks;
    ota_transfer_count(account, message, requests, chunks, answers);
    ota_transfer_arrive(account, chunks, 0, 0);
    if (stream->with->block_time)
        stream->flow.parts[OTA_FLOW_OWN].count += chunks;
    account->now_us += chunks * stream->with->work_us;
}

/* Brings the times up to the last chunk counted, whose work is just over. */
static void settle(struct stream *stream)
{
    struct ota_transfer_account *account = stream->account;
    int64_t heard_us;

    ota_flow_settle(&stream->flow);
    heard_us = account->now_us - stream->with->work_us;
    account->stall_at_us = ota_us_add(heard_us, stream->with->stall_us);
    account->job->air->spoke_us = heard_us;
}

/* One chunk whose exchange is rough. Returns false if it ended the transfer. */
static bool rough(struct stream *stream)
{
    const struct ota_stop_wait *with = stream->with;
    struct ota_transfer_account *account = stream->account;
    struct ota_flow *flow = &stream->flow;
    const int64_t begin_us = account->now_us;
    bool open;
    const struct ota_exchange exchange = ota_flow_rough(flow, &open);
    const double risk_us = (double)exchange.took_us + stream->longest_us;

    /* The device lost patience since the chunk before, which it had when its
     * own work began. */
    if (flow->deferred && (!exchange.ok || risk_us > (double)with->stall_us)) {
        settle(stream);
    }
    if (!ota_transfer_enter(account, &with->message, &exchange))
        return false;
    ota_transfer_arrive(account, 1, account->now_us, 1);
    account->stall_at_us = flow->deferred
                               ? OTA_NEVER
                               : ota_us_add(account->now_us, with->stall_us);
    int64_t work_us = with->work_us;
    if (with->block_time && flow->deferred)
        flow->parts[OTA_FLOW_OWN].count++;
    else if (with->block_time)
        work_us += ota_dist_draw_us(with->block_time, account->rng);
    account->now_us = ota_us_max(account->now_us + work_us,
                                 ota_us_add(begin_us, account->job->pump_us));
    return true;
}

static void undefer(struct stream *stream)
{
    if (!stream->flow.deferred)
        return;
    settle(stream);
    ota_flow_undefer(&stream->flow);
}

/* Counts smooth chunks and the rough one behind them, `most` at most. Returns
 * false if the transfer ended. */
static bool advance(struct stream *stream, int64_t most, int64_t *received)
{
    struct ota_flow *flow = &stream->flow;
    struct ota_transfer_account *account = stream->account;
    const int64_t smooth = ota_flow_smooth(flow, most);

    if (flow->deferred)
        account->stall_at_us = OTA_NEVER; /* rough() looks after it */
    count(stream, smooth);
    *received += smooth;
    if (!flow->deferred)
        settle(stream);
    if (smooth == most)
        return true;
    if (!rough(stream))
        return false;
    ++*received;
    return true;
}

bool ota_stop_wait_flow(struct ota_transfer_account *account,
                        const struct ota_stop_wait *with, int64_t *received)
{
    struct stream stream;
    bool done;

    if (ota_stop_wait_fixed(account, with, received, &done))
        return done;
    const bool together = opens(&stream, account, with);
    *received = 0;
    while (*received < with->chunks) {
        /* The first chunk's request is not the radio's first. */
        const bool odd =
            (*received == 0 && (with->erases || stream.flow.firsts)) ||
            *received == with->chunks - 1;
        const int64_t most =
            together && !odd ? stretch(&stream, with->chunks - 1 - *received)
                             : 0;
        if (most > 0) {
            if (!advance(&stream, most, received))
                return false;
            continue;
        }
        if (together)
            undefer(&stream);
        if (!ota_stop_wait_step(account, with, *received))
            return false;
        ++*received;
    }
    return true;
}
