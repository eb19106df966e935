/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * v3_flow.c - "v3" transfers from loss to loss.
 *
 * Chunks leave one every slot, so the slots that lose theirs are reached by
 * jumps, and what lies between two losses, repeats or other turns is handled
 * as one. The window is not kept chunk by chunk: what is missing on the device
 * is a queue of holes, each a lost chunk with the time at which it is due
 * again, and those that were mended so lately that the cloud does not know.
 * That holds as long as the window never closes but for a hole in it, which
 * ota_v3_flows() makes sure of.
 *
 * Duplicates change nothing but bytes, so of all chunks that arrived while the
 * air was in one state the number sent twice is drawn at once, a binomial one.
 *
 * What had arrived at a given instant is what had been sent one lag before:
 * the queue is asked then.
 */
#include <math.h>

#include "models/transfer/flow.h"
#include "models/transfer/v3.h"
#include "models/transfer/v3_ring.h"
#include "sim/base/clock.h"
#include "sim/base/random.h"

/* No transfer needs so many bytes. */
static const int64_t plenty = INT64_MAX / 4;

/* Takes what the device had at a moment of sending. */
struct snapshot {
    int64_t sent_us; /* of what was sent by then; OTA_NEVER: not wanted */
    bool taken;
    int64_t chunks;
};

struct river {
    struct ota_v3 *v3;
    struct ota_transfer_account *account;
    int64_t next;
    int64_t known;   /* none before it is missing as the cloud knows it; may
                      * lag behind, since that never goes back */
    int64_t highest; /* one past the highest chunk received */
    int64_t unacked;
    int64_t heard_us;
    int64_t last_sent_us; /* the last chunk that passed */
    int64_t singles[2];   /* chunks that passed in each state of the air, each
                           * of which may have been sent twice */
    int64_t calm_us;      /* whatever is sent in a turn that begins before it,
                           * nothing but losses can happen to that */
    int64_t spare_bytes;  /* that a turn does not use up */
    bool calm;            /* this turn is one of those */
    struct snapshot cut, flush;
    struct ota_v3_ring holes;  /* due_us: when to send it again */
    struct ota_v3_ring mended; /* due_us: when the cloud knows */
};

/* --- the device --- */

/* The first chunk missing once all that was sent has arrived. */
static int64_t gapless(const struct river *river)
{
    return ota_v3_oldest(&river->holes, river->next);
}

/* Bills acknowledgements. */
static bool acknowledge(struct river *river, int64_t acks)
{
    return !acks ||
           ota_transfer_bill(river->account, 0, acks * river->v3->ack_bytes);
}

/* The device hears one chunk. Returns how often it acknowledges. */
static inline int64_t hear(struct river *river, int64_t chunk,
                           int64_t arrival_us)
{
    const struct ota_transfer_v3_config *config = river->v3->config;
    const bool late = arrival_us - river->heard_us >= config->ack_delay_us;
    int64_t acks = 0;

    if (river->highest <= chunk)
        river->highest = chunk + 1;
    if (late && river->unacked) {
        acks++;
        river->unacked = 0;
    }
    river->unacked++;
    if (late || gapless(river) < river->highest ||
        river->unacked >= config->ack_every_chunks) {
        acks++;
        river->unacked = 0;
    }
    river->heard_us = arrival_us;
    return acks;
}

/* It hears more new chunks, one every slot. */
static int64_t hear_more(struct river *river, int64_t chunks)
{
    const struct ota_transfer_v3_config *config = river->v3->config;

    river->highest += chunks;
    river->heard_us += chunks * river->v3->slot_us;
    if (river->holes.count || river->v3->slot_us >= config->ack_delay_us)
        return chunks;
    river->unacked += chunks;
    const int64_t acks = river->unacked / config->ack_every_chunks;
    river->unacked %= config->ack_every_chunks;
    return acks;
}

/* --- duplicates --- */

/* Draws how many of the chunks that passed in one state were sent twice. */
static bool settle_state(struct river *river, bool bad)
{
    const struct ota_v3 *v3 = river->v3;
    struct ota_transfer_account *account = river->account;
    const int64_t twice = ota_flow_binomial(
        river->singles[bad], v3->config->duplicates, account->rng);
    const int64_t bytes = twice * v3->wire_bytes;

    river->singles[bad] = 0;
    if (!twice)
        return true;
    if (!ota_transfer_bill(account, bytes, 0))
        return false;
    account->result->chunks_sent += twice;
    account->chunk_bytes_down += bytes;
    const int64_t gone =
        ota_flow_binomial(twice, account->job->air->loss[bad], account->rng);
    return acknowledge(river, twice - gone);
}

static bool settle_duplicates(struct river *river)
{
    return (!river->singles[0] || settle_state(river, false)) &&
           (!river->singles[1] || settle_state(river, true));
}

/* The same for one chunk at once. */
static bool settle_duplicate(struct river *river, int64_t chunk, bool heard)
{
    const struct ota_v3 *v3 = river->v3;
    struct ota_transfer_account *account = river->account;
    const struct ota_air *air = account->job->air;

    if (!(v3->config->duplicates > 0) ||
        ota_uniform(account->rng) >= v3->config->duplicates)
        return true;
    if (!ota_transfer_bill_chunk(account, ota_v3_wire_bytes(v3, chunk)))
        return false;
    return ota_uniform(account->rng) < air->loss[air->bad] || !heard ||
           acknowledge(river, 1);
}

/* --- the cloud --- */

/* Returns how many new chunks the window is certain to let go now; 0 only if
 * it is closed. */
static inline int64_t window_room(struct river *river)
{
    const struct ota_v3 *v3 = river->v3;

    if (river->known + v3->window < v3->chunks &&
        river->known + v3->window / 2 <= river->next)
        river->known = ota_v3_oldest(&river->mended,
                                     ota_v3_oldest(&river->holes, river->next));
    return ota_us_min(v3->chunks, river->known + v3->window) - river->next;
}

/* Notes that a slot's chunk was lost. */
static inline void lose(struct river *river, int64_t chunk, int64_t sent_us)
{
    const bool followed = river->holes.count || window_room(river) > 0;

    ota_v3_push(&river->holes, chunk,
                ota_v3_due_us(river->v3, sent_us, followed));
}

/* One chunk, new or the first hole's, on its own. */
static inline bool send_one(struct river *river, int64_t chunk, bool is_new,
                            bool settled)
{
    const struct ota_v3 *v3 = river->v3;
    struct ota_transfer_account *account = river->account;
    const int64_t sent_us = account->now_us;
    const int64_t arrival_us = sent_us + v3->lag_us;
    const bool heard = arrival_us <= ota_transfer_limit_us(account);
    int64_t lost;

    if (!ota_transfer_bill_chunk(account, ota_v3_wire_bytes(v3, chunk)))
        return false;
    if (is_new)
        river->next++;
    else
        ota_v3_pop(&river->holes);
    ota_flow_walk_on(&river->v3->walk, sent_us, 1, &lost);
    if (lost) {
        lose(river, chunk, sent_us);
        account->now_us = sent_us + v3->slot_us;
        return true;
    }
    river->last_sent_us = sent_us;
    if (!is_new)
        ota_v3_push(&river->mended, chunk, arrival_us + v3->knowledge_us);
    if (heard) {
        account->stall_at_us = ota_us_add(arrival_us, v3->config->stall_us);
        ota_transfer_arrive(account, 1, arrival_us, 1);
        if (!acknowledge(river, hear(river, chunk, arrival_us)))
            return false;
    }
    if (!settled && heard && chunk != v3->chunks - 1)
        river->singles[account->job->air->bad]++;
    else if (!settle_duplicate(river, chunk, heard))
        return false;
    account->now_us = sent_us + v3->slot_us;
    return true;
}

/* Of `most` slots from now on, those that are sent by an instant, it
 * included. */
static int64_t slots_by(const struct river *river, int64_t most, int64_t by_us)
{
    const int64_t left_us = by_us - river->account->now_us;
    const int64_t slot_us = river->v3->slot_us;

    if (left_us < 0)
        return 0;
    return (most - 1) * slot_us <= left_us ? most : left_us / slot_us + 1;
}

/* Returns how many chunks the plan is certain to let pass, each perhaps sent
 * twice and acknowledged thrice, and those not settled. */
static inline int64_t afford(const struct river *river)
{
    const struct ota_v3 *v3 = river->v3;
    const int64_t left = ota_transfer_left(river->account);

    if (left > plenty)
        return INT64_MAX;
    const int64_t singles = river->singles[0] + river->singles[1];
    return (left / 2 - singles * (v3->wire_bytes + v3->ack_bytes)) /
           (2 * v3->wire_bytes + 3 * v3->ack_bytes);
}

/* Whether nothing but losses can happen in this turn. */
static inline bool is_calm(const struct river *river)
{
    const struct ota_v3 *v3 = river->v3;
    const int64_t singles = river->singles[0] + river->singles[1];

    return river->account->now_us < river->calm_us &&
           ota_transfer_left(river->account) -
                   singles * (v3->wire_bytes + v3->ack_bytes) >=
               river->spare_bytes;
}

/* Returns how many of `most` new chunks may go as one for all that may happen
 * to them: in time to be heard, and before a snapshot. */
static int64_t undisturbed(const struct river *river, int64_t most)
{
    const struct ota_transfer_account *account = river->account;
    const int64_t gone_us =
        ota_us_min(account->job->cut_us, account->broken_us);

    most = ota_us_min(most, ota_us_min(account->breaks_in, afford(river)));
    if (gone_us != OTA_NEVER)
        most = slots_by(river, most, gone_us - river->v3->lag_us);
    if (!river->cut.taken)
        most = slots_by(river, most, river->cut.sent_us);
    if (!river->flush.taken)
        most = slots_by(river, most, river->flush.sent_us);
    return most;
}

/* Returns how many new chunks may go as one, the last never among them; 0:
 * none. */
static int64_t stretch(const struct river *river, int64_t room)
{
    const struct ota_v3 *v3 = river->v3;
    const struct ota_transfer_account *account = river->account;
    int64_t most = ota_us_min(room, v3->chunks - 1 - river->next);

    if (account->now_us + v3->lag_us > account->stall_at_us)
        return 0;
    if (river->holes.count)
        most = slots_by(river, most, ota_v3_first_due_us(&river->holes) - 1);
    return river->calm ? most : undisturbed(river, most);
}

/* Sends new chunks until one is lost, `most` at most. */
static void send_many(struct river *river, int64_t most)
{
    const struct ota_v3 *v3 = river->v3;
    struct ota_transfer_account *account = river->account;
    const int64_t sent_us = account->now_us;
    int64_t lost;
    const int64_t passes =
        ota_flow_walk_on(&river->v3->walk, sent_us, most, &lost);
    const int64_t slots = passes + (lost > 0);
    const int64_t bytes = slots * v3->wire_bytes;

    account->result->chunks_sent += slots;
    account->result->down_bytes += bytes;
    account->chunk_bytes_down += bytes;
    if (passes) {
        const int64_t first_us = sent_us + v3->lag_us;
        river->next += passes;
        const int64_t acks = hear(river, river->next - passes, first_us);
        account->result->up_bytes +=
            (acks + hear_more(river, passes - 1)) * v3->ack_bytes;
        river->singles[account->job->air->bad] += passes;
        river->last_sent_us = sent_us + (passes - 1) * v3->slot_us;
        account->stall_at_us =
            ota_us_add(river->heard_us, v3->config->stall_us);
        ota_transfer_arrive(account, passes, first_us, v3->slot_us);
    }
    account->now_us = sent_us + slots * v3->slot_us;
    if (lost) {
        river->next++;
        lose(river, river->next - 1, sent_us + passes * v3->slot_us);
    }
}

/* --- all together --- */

static void take(struct snapshot *snapshot, const struct river *river)
{
    if (snapshot->taken || river->account->now_us <= snapshot->sent_us)
        return;
    snapshot->taken = true;
    snapshot->chunks = gapless(river);
}

/* Nothing to send now: waits for a repeat to be due or for news. */
static void wait(struct river *river)
{
    struct ota_transfer_account *account = river->account;
    int64_t at_us = ota_us_min(ota_v3_first_due_us(&river->holes),
                               ota_v3_first_due_us(&river->mended));

    if (at_us == OTA_NEVER) /* all has passed */
        at_us =
            river->last_sent_us + river->v3->lag_us + river->v3->knowledge_us;
    account->now_us = ota_us_max(at_us, account->now_us + 1);
}

/* One turn. Returns false if the transfer ended. */
static bool turn(struct river *river)
{
    struct ota_transfer_account *account = river->account;
    const struct ota_v3_ring *holes = &river->holes;
    const int64_t now_us = account->now_us;

    river->calm = is_calm(river);
    if (now_us >= ota_transfer_limit_us(account)) {
        ota_transfer_end_at_limit(account);
        return false;
    }
    while (ota_v3_first_due_us(&river->mended) <= now_us)
        ota_v3_pop(&river->mended);
    if (ota_v3_first_due_us(holes) <= now_us) {
        const bool close = !river->calm && afford(river) < 2;
        if ((close && !settle_duplicates(river)) ||
            !send_one(river, holes->list[holes->at].chunk, false, close))
            return false;
        if (!river->calm ||
            account->now_us + river->v3->lag_us > account->stall_at_us ||
            ota_v3_first_due_us(holes) <= account->now_us ||
            account->now_us >= river->v3->walk.until_us)
            return true;
    }
    const int64_t room = window_room(river);
    if (room <= 0) {
        wait(river);
        if (account->now_us < ota_transfer_limit_us(account))
            return true;
        ota_transfer_end_at_limit(account);
        return false;
    }
    const int64_t most = stretch(river, room);
    if (most > 0) {
        send_many(river, most);
        return true;
    }
    return settle_duplicates(river) && send_one(river, river->next, true, true);
}

static bool arrived(const struct river *river)
{
    return river->next == river->v3->chunks && !river->holes.count &&
           (!river->v3->chunks ||
            river->account->now_us >= river->last_sent_us + river->v3->lag_us +
                                          river->v3->knowledge_us);
}

/* Takes what is wanted of what the device has now. */
static void look(struct river *river, bool was_broken)
{
    if (!was_broken && river->account->broken_us != OTA_NEVER &&
        !river->cut.taken)
        river->cut = (struct snapshot){.taken = true, .chunks = gapless(river)};
    take(&river->flush, river);
    take(&river->cut, river);
}

static bool flow(struct river *river)
{
    const struct ota_transfer_account *account = river->account;

    look(river, true);
    while (!arrived(river)) {
        const bool was_broken = account->broken_us != OTA_NEVER;
        if (!turn(river))
            return settle_duplicates(river) && false;
        if (!river->calm)
            look(river, was_broken);
    }
    return settle_duplicates(river) && acknowledge(river, river->unacked > 0);
}

bool ota_v3_flows(const struct ota_v3 *v3)
{
    return (v3->lag_us + v3->knowledge_us) / v3->slot_us + 2 <= v3->window &&
           v3->lag_us < v3->config->stall_us;
}

/* What was sent early enough to have arrived at an instant. */
static struct snapshot by(const struct ota_v3 *v3, int64_t at_us)
{
    return (struct snapshot){
        .sent_us = at_us == OTA_NEVER ? OTA_NEVER : at_us - v3->lag_us};
}

/* Works out what is_calm() asks for, the first that may happen besides losses
 * being at event_us. A turn sends a repeat and as many new chunks as the window
 * holds. */
static void set_calm(struct river *river, const struct ota_v3 *v3,
                     int64_t event_us)
{
    const int64_t slots = ota_us_min(v3->window, v3->chunks) + 2;

    if (v3->account->breaks_in != INT64_MAX)
        event_us = INT64_MIN / 2;
    river->calm_us = event_us - slots * v3->slot_us - v3->lag_us;
    river->spare_bytes = slots * (2 * v3->wire_bytes + 3 * v3->ack_bytes);
}

int64_t ota_v3_flow(struct ota_v3 *v3)
{
    struct ota_transfer_account *account = v3->account;
    const struct ota_transfer_result *result = account->result;
    const int64_t cut_us = account->job->cut_us;
    const int64_t flushes =
        cut_us == OTA_NEVER ? 0
                            : (cut_us - v3->begin_us) / v3->config->flush_us;
    struct river river;

    river.v3 = v3;
    river.account = account;
    river.next = river.known = river.highest = river.unacked = 0;
    river.singles[0] = river.singles[1] = 0;
    river.heard_us = river.last_sent_us = v3->begin_us;
    river.cut = by(v3, cut_us);
    river.flush =
        by(v3, flushes > 0 ? v3->begin_us + flushes * v3->config->flush_us
                           : OTA_NEVER);
    river.holes.at = river.holes.count = 0;
    river.mended.at = river.mended.count = 0;
    river.holes.sorted = river.mended.sorted = true;
    set_calm(
        &river, v3,
        ota_us_min(cut_us, ota_us_min(river.cut.sent_us, river.flush.sent_us)));
    if (flow(&river))
        ota_v3_finish(v3);
    if (result->end == OTA_TRANSFER_DONE)
        return v3->chunks;
    if (result->end != OTA_TRANSFER_CUT && result->end != OTA_TRANSFER_BROKEN)
        return gapless(&river);
    if (ota_v3_saves(v3))
        return river.cut.taken ? river.cut.chunks : gapless(&river);
    if (!flushes)
        return 0;
    return river.flush.taken ? river.flush.chunks : gapless(&river);
}
