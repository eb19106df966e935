/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qblock.c - CoAP's Q-Block2: blocks come in sets, each block in a
 * datagram that nobody answers.
 *
 *     device                          server
 *     request                  -->
 *                              <--    blocks 1 ... 10
 *     has them all: continue   -->
 *                              <--    blocks 11 ... 20
 *     misses some of them             pauses for its timeout
 *                              <--    blocks 21 ... 30
 *     asks for the missing     -->
 *                              <--    these
 *
 * The server goes on with the next set when it is told to continue, or else
 * after a pause of timeout * (1 + U(0, spread)), drawn once a transfer. A
 * device that misses blocks does not tell it to continue; it asks for the
 * missing ones, a set at most, with the first block that it gets of a later
 * set, and the server sends them behind that set. Once all sets have been
 * sent, the device waits for receive_timeout behind the last block it got,
 * then asks. Every request that brings nothing doubles that wait; when so many
 * in a row have brought nothing, the device gives up. It does so, too, if
 * nothing at all has come for as long as all these waits.
 *
 * Without loss, with t for a block's time, that takes
 *
 *     ceil(N / 10) round trips + N t                         with feedback,
 *     a round trip + (ceil(N / 10) - 1) pauses + N t         without.
 *
 * Assumptions. Blocks leave at the pace of the slowest of link, device and
 * app. A request's answer is under way for half of its round trip. Whether a
 * request for missing blocks passes is asked for when the set's last block
 * leaves. While sets keep coming the device asks by the blocks it gets, not by
 * its timer, which is longer than the server's pause.
 *
 * Packets draw for each block whether it is lost; a flow jumps from loss to
 * loss, so that it costs what its sets and losses cost. All else is shared.
 *
 * Source: RFC 9177, sections 4.4 and 7.2.
 */
#include "models/transfer/qblock.h"

#include <assert.h>
#include <stddef.h>

#include "models/transfer/flow.h"
#include "sim/base/clock.h"
#include "sim/base/random.h"

struct pull {
    const struct ota_transfer_qblock_config *config;
    struct ota_transfer_account *account;
    struct ota_flow_walk walk;
    int64_t pace_us;
    int64_t pause_us;    /* the server's, between two sets */
    int64_t patience_us; /* the device's, when nothing comes */
    int64_t wire_bytes;  /* of a block */
    int64_t lack_bytes;  /* what the last block is shorter by */
    int64_t blocks;      /* to be moved */
    int64_t offered;     /* sent once at least */
    int64_t missing;     /* of these, not on the device */
    bool last_missing;   /* the last block is among them */
    int64_t heard_us;    /* the last block that came, or the first request */
};

/* Blocks sent one behind the other. */
struct train {
    int64_t begin_us; /* the first leaves */
    int64_t leg_us;   /* each is under way for so long, and pace_us more */
    int64_t blocks;
    bool has_last; /* its last is the image's last */

    int64_t received;
    int64_t first_us; /* the first that is received comes */
    bool whole;       /* its last is received */
};

/* --- requests --- */

/* Sends a request at that time. Returns false if that ended the transfer. */
static bool request(struct pull *pull, int64_t at_us)
{
    struct ota_transfer_account *account = pull->account;

    account->now_us = at_us;
    if (at_us >= account->job->cut_us) {
        ota_transfer_end(account, OTA_TRANSFER_CUT, at_us);
        return false;
    }
    return ota_transfer_bill(account, 0, pull->config->overhead_up_bytes);
}

/* The device gives up at that time. */
static bool give_up(struct pull *pull, int64_t at_us)
{
    ota_transfer_end(pull->account, OTA_TRANSFER_GAVE_UP, at_us);
    return false;
}

/* --- trains --- */

/* Returns how many of the train leave before that time. */
static int64_t left_by(const struct pull *pull, const struct train *train,
                       int64_t at_us)
{
    if (at_us <= train->begin_us)
        return 0;
    const int64_t blocks = (at_us - train->begin_us - 1) / pull->pace_us + 1;
    return ota_us_min(blocks, train->blocks);
}

static int64_t bytes_of(const struct pull *pull, const struct train *train,
                        int64_t blocks)
{
    const bool whole = blocks == train->blocks;

    return blocks * pull->wire_bytes -
           (whole && train->has_last ? pull->lack_bytes : 0);
}

/* Returns how many of the train the plan lets pass. */
static int64_t affordable(const struct pull *pull, const struct train *train)
{
    const int64_t left = ota_transfer_left(pull->account);

    return bytes_of(pull, train, train->blocks) <= left
               ? train->blocks
               : ota_us_min(left / pull->wire_bytes, train->blocks - 1);
}

/* Enters `count` blocks that pass, the k-th of the train and those behind. */
static void receive(struct pull *pull, struct train *train, int64_t k,
                    int64_t count)
{
    struct ota_transfer_account *account = pull->account;
    const int64_t comes_us =
        train->begin_us + train->leg_us + (k + 1) * pull->pace_us;
    const int64_t cut_us = account->job->cut_us;

    if (comes_us > cut_us)
        return;
    if (cut_us != OTA_NEVER)
        count = ota_us_min(count, (cut_us - comes_us) / pull->pace_us + 1);
    ota_transfer_arrive(account, count, comes_us, pull->pace_us);
    if (account->broken_us != OTA_NEVER) /* the block that broke it is lost */
        count = (account->broken_us - comes_us) / pull->pace_us;
    if (count == 0)
        return;
    if (train->received == 0)
        train->first_us = comes_us;
    train->received += count;
    train->whole = k + count == train->blocks;
    pull->heard_us =
        ota_us_max(pull->heard_us, comes_us + (count - 1) * pull->pace_us);
}

/* Finds out which of the first `sent` blocks pass. */
static void follow(struct pull *pull, struct train *train, int64_t sent)
{
    struct ota_transfer_account *account = pull->account;
    const bool walks = pull->config->fidelity == OTA_TRANSFER_FLOW;
    /* The radio is down by the next block; that need not hold for the first,
     * which a request precedes. */
    const bool sparse = pull->pace_us > account->job->air->tail_us;
    int64_t k = 0;

    while (k < sent && account->broken_us == OTA_NEVER) {
        const int64_t at_us = train->begin_us + k * pull->pace_us;
        int64_t passes, lost;
        if (walks && (k > 0 || !sparse)) {
            passes = ota_flow_walk_on(&pull->walk, at_us, sent - k, &lost);
        } else {
            lost = ota_air_lost(account->job->air, at_us, account->rng);
            passes = !lost;
        }
        if (passes > 0)
            receive(pull, train, k, passes);
        k += passes + lost;
    }
}

/* Sends the train. Returns false if that ended the transfer. */
static bool send_train(struct pull *pull, struct train *train)
{
    struct ota_transfer_account *account = pull->account;
    struct ota_transfer_result *result = account->result;
    const int64_t cut_us = account->job->cut_us;
    const int64_t paid = affordable(pull, train);
    int64_t sent = ota_us_min(paid, left_by(pull, train, cut_us));

    result->rounds += sent > 0;
    follow(pull, train, sent);
    sent = ota_us_min(sent, left_by(pull, train, account->broken_us));
    const int64_t bytes = bytes_of(pull, train, sent);
    result->down_bytes += bytes;
    result->chunks_sent += sent;
    account->chunk_bytes_down += bytes;
    pull->missing -= train->received;
    if (train->has_last)
        pull->last_missing = !train->whole;
    if (account->broken_us != OTA_NEVER) {
        ota_transfer_end_at_limit(account);
        return false;
    }
    const int64_t over_us = train->begin_us + train->blocks * pull->pace_us;
    account->now_us = train->begin_us + paid * pull->pace_us;
    if (paid < train->blocks) {
        ota_transfer_end(account, OTA_TRANSFER_CAPPED, account->now_us);
        return false;
    }
    if (cut_us != OTA_NEVER && over_us + train->leg_us > cut_us) {
        ota_transfer_end(account, OTA_TRANSFER_CUT, cut_us);
        return false;
    }
    return true;
}

/* --- sets --- */

/* Returns the train of missing blocks, a set at most, that a request brings
 * which reaches the server at at_us. */
static struct train missing_train(const struct pull *pull, int64_t at_us,
                                  int64_t missing, bool has_last,
                                  int64_t leg_us)
{
    const int64_t blocks = ota_us_min(missing, pull->config->set_chunks);

    return (struct train){
        .begin_us = at_us,
        .leg_us = leg_us,
        .blocks = blocks,
        .has_last = has_last && blocks == missing,
    };
}

/* With a block of a set, asks for `older` blocks that are missing from the sets
 * before. They come behind that set; moves *over_us to the end of them. Returns
 * false if that ended the transfer. */
static bool ask_with_set(struct pull *pull, const struct train *set,
                         int64_t older, int64_t *over_us)
{
    struct ota_transfer_account *account = pull->account;
    struct ota_air *air = account->job->air;
    const int64_t last_us = ota_us_max(
        set->first_us, set->begin_us + (set->blocks - 1) * pull->pace_us);
    const int64_t rtt_us = ota_air_rtt_us(air, last_us, account->rng);

    if (!request(pull, set->first_us))
        return false;
    if (ota_air_lost(air, last_us, account->rng))
        return true;
    struct train train = missing_train(
        pull, ota_us_max(ota_us_add(set->first_us, rtt_us / 2), *over_us),
        older, false, rtt_us - rtt_us / 2);
    if (!send_train(pull, &train))
        return false;
    *over_us = train.begin_us + train.blocks * pull->pace_us;
    return true;
}

/* Sends the next set from *begin_us on, and whatever older ones are missing
 * behind it; moves *begin_us to when the set behind them would leave if the
 * server is not told to continue. Returns false if that ended the transfer. */
static bool next_set(struct pull *pull, int64_t *begin_us, int64_t leg_us)
{
    const int64_t older = pull->missing;
    const int64_t left = pull->blocks - pull->offered;
    struct train set = {
        .begin_us = *begin_us,
        .leg_us = leg_us,
        .blocks = ota_us_min(left, pull->config->set_chunks),
        .has_last = left <= pull->config->set_chunks,
    };
    int64_t over_us = *begin_us + set.blocks * pull->pace_us;

    pull->offered += set.blocks;
    pull->missing += set.blocks;
    if (!send_train(pull, &set))
        return false;
    if (older > 0 && set.received > 0 &&
        !ask_with_set(pull, &set, older, &over_us))
        return false;
    *begin_us = ota_us_add(over_us, pull->pause_us);
    return true;
}

/* Tells the server to continue, which would by itself at *begin_us, and moves
 * that to when it does; its blocks are then under way for *leg_us. Returns
 * false if that ended the transfer. */
static bool proceed(struct pull *pull, int64_t *begin_us, int64_t *leg_us)
{
    struct ota_transfer_account *account = pull->account;
    struct ota_air *air = account->job->air;
    const bool tells = pull->config->feedback && pull->missing == 0;
    const int64_t at_us = tells ? pull->heard_us : *begin_us;
    int64_t rtt_us;

    if (*begin_us - pull->heard_us >= pull->patience_us)
        return give_up(pull, pull->heard_us + pull->patience_us);
    if (tells && !request(pull, at_us))
        return false;
    rtt_us = ota_air_rtt_us(air, ota_us_min(at_us, *begin_us), account->rng);
    *leg_us = rtt_us - rtt_us / 2;
    if (tells && at_us < *begin_us && !ota_air_lost(air, at_us, account->rng))
        *begin_us = ota_us_min(*begin_us, ota_us_add(at_us, rtt_us / 2));
    return true;
}

/* --- asking by the timer --- */

/* How the device asks until it gets an answer. */
struct waiting {
    int64_t at_us;    /* it asks then */
    int64_t wait_us;  /* until it asks again */
    int64_t repeated; /* so often so far */
};

static struct waiting ask_at(const struct pull *pull, int64_t at_us)
{
    return (struct waiting){.at_us = at_us,
                            .wait_us = pull->config->receive_timeout_us};
}

/* Waits until the device asks again, at over_us at the earliest. Returns false
 * if it gives up instead. */
static bool ask_again(struct pull *pull, struct waiting *waiting,
                      int64_t over_us)
{
    waiting->at_us =
        ota_us_max(ota_us_add(waiting->at_us, waiting->wait_us), over_us);
    waiting->wait_us *= 2;
    if (waiting->repeated++ == pull->config->requests_max)
        return give_up(pull, waiting->at_us);
    return true;
}

/* Asks for the image until the server hears it, which then sends the first set
 * at *begin_us. Returns false if that ended the transfer. */
static bool ask_first(struct pull *pull, int64_t *begin_us, int64_t *leg_us)
{
    struct ota_transfer_account *account = pull->account;
    struct ota_air *air = account->job->air;
    struct waiting waiting = ask_at(pull, account->now_us);

    while (request(pull, waiting.at_us)) {
        const int64_t rtt_us = ota_air_rtt_us(air, waiting.at_us, account->rng);
        if (!ota_air_lost(air, waiting.at_us, account->rng)) {
            *begin_us = ota_us_add(waiting.at_us, rtt_us / 2);
            *leg_us = rtt_us - rtt_us / 2;
            pull->heard_us = *begin_us;
            return true;
        }
        if (!ask_again(pull, &waiting, 0))
            return false;
    }
    return false;
}

/* Asks for what is missing once all sets have been sent, the last of them over
 * at over_us. Returns false if that ended the transfer. */
static bool ask_rest(struct pull *pull, int64_t over_us)
{
    struct ota_transfer_account *account = pull->account;
    struct ota_air *air = account->job->air;
    struct waiting waiting = ask_at(pull, pull->heard_us);
    bool at_once = false;

    while (pull->missing > 0) {
        if (!at_once && !ask_again(pull, &waiting, over_us))
            return false;
        at_once = false;
        if (!request(pull, waiting.at_us))
            return false;
        const int64_t rtt_us = ota_air_rtt_us(air, waiting.at_us, account->rng);
        if (ota_air_lost(air, waiting.at_us, account->rng))
            continue;
        struct train train = missing_train(
            pull, ota_us_add(waiting.at_us, rtt_us / 2), pull->missing,
            pull->last_missing, rtt_us - rtt_us / 2);
        if (!send_train(pull, &train))
            return false;
        over_us = train.begin_us + train.blocks * pull->pace_us;
        if (train.received > 0)
            waiting = ask_at(pull, pull->heard_us);
        at_once = train.received == train.blocks;
    }
    return true;
}

/* --- the whole --- */

/* The server offers the image with a small message that the device answers:
 * only what refuses it needs to be followed. */
static void refuse(struct pull *pull)
{
    static const struct ota_retry retry = {
        .timeout_us = 2 * OTA_US_PER_S,
        .timeout_max_us = OTA_US_PER_DAY,
        .backoff = 2,
        .spread = 0.5,
        .sends_max = 5,
    };
    struct ota_transfer_account *account = pull->account;
    const struct ota_transfer_message offer = {
        .cloud_asks = true,
        .request_bytes = pull->config->overhead_down_bytes,
        .answer_bytes = pull->config->overhead_up_bytes,
    };

    if (ota_transfer_exchange(account, &offer, &retry))
        ota_transfer_end(account, OTA_TRANSFER_REFUSED, account->now_us);
}

static void run_sets(struct pull *pull)
{
    int64_t begin_us, leg_us;

    if (!ask_first(pull, &begin_us, &leg_us))
        return;
    while (next_set(pull, &begin_us, leg_us)) {
        if (pull->offered < pull->blocks) {
            if (!proceed(pull, &begin_us, &leg_us))
                return;
        } else {
            if (ask_rest(pull, begin_us - pull->pause_us))
                ota_transfer_end(pull->account, OTA_TRANSFER_DONE,
                                 pull->heard_us);
            return;
        }
    }
}

static struct pull open_pull(const struct ota_transfer_qblock_config *config,
                             struct ota_transfer_account *account)
{
    const struct ota_transfer_job *job = account->job;
    const int64_t size_bytes = job->size_bytes - job->kept_bytes;
    struct pull pull = {
        .config = config,
        .account = account,
        .wire_bytes = config->overhead_down_bytes + config->chunk_bytes,
        .blocks = ota_transfer_chunks(size_bytes, config->chunk_bytes),
        .last_missing = true,
    };

    assert(pull.blocks <= OTA_TRANSFER_CHUNKS_MAX);
    pull.lack_bytes = pull.blocks * config->chunk_bytes - size_bytes;
    pull.pace_us =
        ota_transfer_pace_us(job, pull.wire_bytes, config->chunk_bytes);
    pull.walk = ota_flow_walk(job->air, pull.pace_us, account->rng);
    pull.pause_us =
        (int64_t)((double)config->timeout_us *
                  (1 + config->timeout_spread * ota_uniform(account->rng)));
    pull.patience_us =
        config->receive_timeout_us * ((INT64_C(2) << config->requests_max) - 1);
    return pull;
}

struct ota_transfer_result ota_qblock_run(const void *opaque,
                                          const struct ota_transfer_job *job,
                                          gsl_rng *rng)
{
    const struct ota_transfer_qblock_config *config = opaque;
    struct ota_transfer_result result = {0};
    struct ota_transfer_account account = ota_transfer_open(job, &result, rng);
    struct pull pull = open_pull(config, &account);

    if (job->refused)
        refuse(&pull);
    else
        run_sets(&pull);
    const bool done = result.end == OTA_TRANSFER_DONE;
    const int64_t received =
        done || config->resumes ? pull.offered - pull.missing : 0;
    const int64_t payload =
        received * config->chunk_bytes -
        (received > 0 && !pull.last_missing ? pull.lack_bytes : 0);
    result.payload_bytes = payload;
    result.kept_bytes = done || config->resumes ? job->kept_bytes + payload : 0;
    result.spent_bytes = account.chunk_bytes_down - payload -
                         received * config->overhead_down_bytes;
    return result;
}
