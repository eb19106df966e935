/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fast_flow.c - "fast" transfers from loss to loss.
 *
 * Flights. In one flight the chunks between two losses are handled together,
 * regime by regime.
 *
 * Whole transfers. Where the regime of loss and the device outlast the
 * transfer whatever happens, only numbers matter: of a flight the number lost
 * is binomial, and so it is of several full flights together, whose size does
 * not depend on what they lose. The smooth exchanges' round trips and the
 * flights' half ones are drawn as one sum at the end.
 */
#include "models/transfer/fast.h"

#include <math.h>

#include "models/link/trials.h"
#include "models/transfer/old.h"
#include "sim/base/clock.h"

/* --- one flight --- */

/* How many chunks that leave every pace from sent_us on leave before the
 * limit; at least 1. */
static int64_t before(const struct ota_fast *fast, int64_t sent_us,
                      int64_t limit_us)
{
    return limit_us == OTA_NEVER ? INT64_MAX
                                 : (limit_us - sent_us - 1) / fast->pace_us + 1;
}

static void bill(struct ota_fast *fast, int64_t chunks)
{
    struct ota_transfer_account *account = fast->account;

    account->result->chunks_sent += chunks;
    account->result->down_bytes += chunks * fast->datagram_bytes;
    account->chunk_bytes_down += chunks * fast->datagram_bytes;
}

/* Chunks that the air let pass from sent_us on. Returns how many of them were
 * sent, and adds those that arrived. */
static int64_t pass(struct ota_fast *fast, int64_t chunks, int64_t sent_us,
                    int64_t way_us, int64_t *received)
{
    struct ota_transfer_account *account = fast->account;
    const int64_t pace_us = fast->pace_us;
    const int64_t first_us = ota_us_add(sent_us + pace_us, way_us);

    if (first_us > account->stall_at_us) /* comes too late */
        return ota_us_min(chunks, before(fast, sent_us, account->stall_at_us));
    ota_transfer_arrive(account, chunks, first_us, pace_us);
    if (account->broken_us != OTA_NEVER)
        chunks = ota_us_min(chunks, before(fast, sent_us, account->broken_us));
    account->stall_at_us =
        ota_us_add(first_us + (chunks - 1) * pace_us, fast->config->stall_us);
    *received += chunks;
    return chunks;
}

bool ota_fast_fly_flow(struct ota_fast *fast, int64_t chunks, int64_t *received)
{
    struct ota_transfer_account *account = fast->account;
    struct ota_air *air = account->job->air;
    const int64_t way_us =
        ota_air_rtt_us(air, account->now_us, account->rng) / 2;
    int64_t left = chunks;

    *received = 0;
    while (left > 0) {
        const int64_t sent_us = account->now_us;
        const int64_t limit_us = ota_transfer_limit_us(account);
        if (sent_us >= limit_us)
            break;
        const int64_t gone_us =
            ota_us_min(account->job->cut_us, account->broken_us);
        const int64_t afford =
            ota_transfer_left(account) / fast->datagram_bytes;
        int64_t most = ota_us_min(left, before(fast, sent_us, gone_us));
        if (!afford)
            return ota_transfer_bill_chunk(account, fast->datagram_bytes);
        most = ota_us_min(most, afford);
        int64_t lost;
        const int64_t passes =
            ota_flow_walk_on(&fast->walk, sent_us, most, &lost);
        int64_t sent =
            passes ? pass(fast, passes, sent_us, way_us, received) : 0;
        const int64_t lost_us = sent_us + sent * fast->pace_us;
        const int64_t end_us = ota_transfer_limit_us(account);
        if (sent == passes && lost > 0 && lost_us < end_us)
            sent += ota_us_min(lost, before(fast, lost_us, end_us));
        bill(fast, sent);
        account->now_us = sent_us + sent * fast->pace_us;
        left -= sent;
    }
    account->now_us = ota_us_add(account->now_us, way_us);
    if (account->now_us >= ota_transfer_limit_us(account)) {
        ota_transfer_end_at_limit(account);
        return false;
    }
    air->spoke_us = account->now_us;
    return true;
}

/* --- whole transfers --- */

struct whole {
    struct ota_fast *fast;
    struct ota_flow flow;
    double silence_us; /* since the last chunk came, roughly: only long ones
                        * matter */
    double log_pass;   /* log(1 - loss) */
    struct ota_trials exchanges; /* which of them are rough */
};

/* One exchange that is rough. The chunks of `flights` full flights before it
 * are not in the account's time yet. Returns false if it ended the transfer. */
static bool rough(struct whole *whole,
                  const struct ota_transfer_message *message, int64_t flights,
                  int64_t flight)
{
    struct ota_fast *fast = whole->fast;
    struct ota_transfer_account *account = fast->account;
    struct ota_flow *flow = &whole->flow;
    const double stall_us = (double)fast->config->stall_us;
    bool open;
    const struct ota_exchange exchange = ota_flow_rough(flow, &open);
    const double took_us =
        (double)exchange.took_us +
        (open ? flow->parts[OTA_FLOW_ROUND_TRIPS].each.mean : 0);

    if (!exchange.ok || whole->silence_us + took_us > stall_us) {
        account->now_us += flights * flight * fast->pace_us;
        flow->parts[OTA_FLOW_OWN].count += flights;
        ota_flow_settle(flow);
        if (whole->silence_us >= 0) /* its patience has begun */
            account->stall_at_us =
                account->now_us + (int64_t)(stall_us - whole->silence_us);
    }
    whole->silence_us += took_us;
    if (ota_transfer_enter(account, message, &exchange)) {
        account->stall_at_us = OTA_NEVER;
        return true;
    }
    bill(fast, flights * flight);
    account->result->rounds += flights;
    return false;
}

/* Bills exchanges that went smoothly. */
static void bill_smooth(struct whole *whole,
                        const struct ota_transfer_message *message, int64_t n)
{
    struct ota_transfer_result *result = whole->fast->account->result;
    const bool down = message->cloud_asks;

    result->down_bytes +=
        n * (down ? message->request_bytes : message->answer_bytes);
    result->up_bytes +=
        n * (down ? message->answer_bytes : message->request_bytes);
}

/* One exchange. Returns false if it ended the transfer. */
static bool exchange(struct whole *whole,
                     const struct ota_transfer_message *message)
{
    struct ota_flow *flow = &whole->flow;

    if (ota_trials_fail(&whole->exchanges, whole->fast->account->rng))
        return rough(whole, message, 0, 0);
    flow->parts[OTA_FLOW_ROUND_TRIPS].count++;
    whole->silence_us += flow->parts[OTA_FLOW_ROUND_TRIPS].each.mean;
    bill_smooth(whole, message, 1);
    return true;
}

/* Returns a time that the whole transfer outlasts practically never. */
static double bound_us(const struct whole *whole)
{
    const struct ota_fast *fast = whole->fast;
    const double keep = 1 - whole->flow.loss;
    const double n = (double)fast->missing;
    const double sends = n / keep + 8 * sqrt(n * whole->flow.loss) / keep + 50;
    const int64_t flight =
        ota_us_min(fast->config->flight_chunks, fast->config->request_chunks);
    const double rounds =
        sends / ((double)flight * keep) + 8 * sqrt(sends) / (double)flight + 20;

    return sends * (double)fast->pace_us +
           ota_flow_bound_us(&whole->flow, 2.5 * rounds + 2);
}

/* Whether nothing but losses can happen to the transfer; sets up the whole but
 * for its silence. */
static bool undisturbed(struct whole *whole, struct ota_fast *fast)
{
    struct ota_transfer_account *account = fast->account;
    const struct ota_transfer_job *job = account->job;
    const struct ota_transfer_fast_config *config = fast->config;
    struct ota_flow *flow = &whole->flow;
    struct ota_flow_part *ways = &flow->parts[OTA_FLOW_OWN];
    const bool firsts = ota_air_firsts_matter(job->air);
    double share;

    whole->fast = fast;
    if (job->refused || account->wrap == OTA_WRAP_TCP ||
        (firsts && (ota_air_is_first(job->air, job->begin_us) ||
                    fast->pace_us > job->air->tail_us)) ||
        account->breaks_in <= fast->missing)
        return false;
    ota_flow_open(flow, account, ota_transfer_retry(account), 0);
    if (!flow->works)
        return false;
    ota_flow_sense(flow);
    whole->log_pass = log1p(-flow->loss);
    whole->exchanges = (struct ota_trials){.p = flow->rough};
    ways->dist = job->air->rtt;
    ways->below_us = INFINITY;
    ways->scale = 0.5;
    ways->each = flow->parts[OTA_FLOW_ROUND_TRIPS].each;
    if (flow->slow > 0 &&
        !ota_moments_between(ways->dist, 0, INFINITY, &ways->each, &share))
        return false;
    ways->each.mean /= 2;
    ways->each.variance /= 4;
    ways->each.third /= 8;
    const int64_t flight =
        ota_us_max(config->flight_chunks, config->request_chunks);
    const double flight_us =
        (double)ota_us_min(flight, fast->missing) * (double)fast->pace_us;
    const int64_t until_us = ota_us_min(flow->until_us, job->cut_us);
    const double bytes =
        4 * (double)fast->missing * (double)fast->datagram_bytes;
    return flow->loss < 0.3 && flight_us < 0.5 * (double)config->stall_us &&
           bytes + 200e3 < (double)job->data_left_bytes &&
           (until_us == OTA_NEVER ||
            bound_us(whole) < (double)(until_us - job->begin_us));
}

/* Follows the UpdateDone and request of full flights, one after another.
 * Returns false if one of them ended the transfer. */
static bool follow(struct whole *whole, int64_t flights, int64_t flight,
                   const struct ota_transfer_message *done)
{
    struct ota_flow *flow = &whole->flow;
    const struct ota_transfer_message request =
        ota_fast_request_message(whole->fast, flight);
    const int64_t exchanges = 2 * flights;
    int64_t roughs[2] = {0, 0}; /* of UpdateDone, of requests */
    int64_t i = 0;

    for (;;) {
        const int64_t smooth = ota_flow_smooth(flow, exchanges - i);
        flow->parts[OTA_FLOW_ROUND_TRIPS].count += smooth;
        i += smooth;
        if (i == exchanges)
            break;
        const bool asks = i % 2 != 0;
        if (!asks || smooth)
            whole->silence_us =
                asks ? flow->parts[OTA_FLOW_ROUND_TRIPS].each.mean : 0;
        if (!rough(whole, asks ? &request : done, i / 2 + 1, flight)) {
            bill_smooth(whole, done, i / 2 + asks - roughs[0]);
            bill_smooth(whole, &request, i / 2 - roughs[1]);
            return false;
        }
        roughs[asks]++;
        i++;
    }
    bill_smooth(whole, done, flights - roughs[0]);
    bill_smooth(whole, &request, flights - roughs[1]);
    return true;
}

/* Sends as many full flights as are certain to be followed by another full
 * one, each with its UpdateDone and request. Returns false if the transfer
 * ended in them. */
static bool fly_full(struct whole *whole, int64_t flight,
                     const struct ota_transfer_message *done)
{
    struct ota_fast *fast = whole->fast;
    struct ota_flow *flow = &whole->flow;
    const int64_t flights = fast->missing / flight - 1;

    if (fast->config->request_rule != OTA_TRANSFER_REQUEST_ALL ||
        fast->config->request_chunks != flight || flights < 1)
        return true;
    if (!follow(whole, flights, flight, done))
        return false;
    const int64_t chunks = flights * flight;
    bill(fast, chunks);
    fast->missing -=
        chunks - ota_flow_binomial_log(chunks, flow->loss, whole->log_pass,
                                       fast->account->rng);
    fast->account->now_us += chunks * fast->pace_us;
    fast->account->result->rounds += flights;
    flow->parts[OTA_FLOW_OWN].count += flights;
    return true;
}

/* Sends one flight. Returns how many arrived. */
static int64_t fly_one(struct whole *whole, int64_t flight)
{
    struct ota_fast *fast = whole->fast;
    const int64_t lost = ota_flow_binomial_log(
        flight, whole->flow.loss, whole->log_pass, fast->account->rng);

    bill(fast, flight);
    fast->account->result->rounds++;
    fast->account->now_us += flight * fast->pace_us;
    whole->flow.parts[OTA_FLOW_OWN].count++;
    fast->missing -= flight - lost;
    if (lost < flight)
        whole->silence_us = 0;
    else
        whole->silence_us += (double)(flight * fast->pace_us) +
                             whole->flow.parts[OTA_FLOW_OWN].each.mean;
    return flight - lost;
}

bool ota_fast_flow_whole(struct ota_fast *fast)
{
    struct whole whole;
    struct ota_transfer_account *account = fast->account;

    if (!undisturbed(&whole, fast))
        return false;
    const struct ota_transfer_message begin = ota_old_begin_message(account);
    const struct ota_transfer_message ready = ota_old_ready_message(account);
    const struct ota_transfer_message done = ota_old_done_message(account);
    int64_t flight = ota_us_min(fast->missing, fast->config->flight_chunks);

    whole.flow.deferred = true;
    whole.silence_us = -INFINITY;
    if (!exchange(&whole, &begin))
        return true;
    whole.silence_us = 0;
    if (!exchange(&whole, &ready))
        return true;
    for (;;) {
        if (!fly_full(&whole, flight, &done))
            return true;
        const int64_t received = fly_one(&whole, flight);
        if (!exchange(&whole, &done))
            return true;
        if (!fast->missing)
            break;
        flight = ota_fast_request(fast, received);
        const struct ota_transfer_message request =
            ota_fast_request_message(fast, flight);
        if (!exchange(&whole, &request))
            return true;
    }
    ota_flow_settle(&whole.flow);
    account->job->air->spoke_us = account->now_us;
    ota_transfer_end(account, OTA_TRANSFER_DONE, account->now_us);
    return true;
}
