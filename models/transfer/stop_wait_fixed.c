/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stop_wait_fixed.c - stop and wait where nothing but losses is random: round
 * trips, the device's work and all timers are of fixed length.
 *
 * Then only numbers matter. A try fails with probability s, each on its own; a
 * chunk fails for good with s^m, m being the sends it may have. So the chunks
 * before the first that fails are a geometric number; of these, how many
 * failed once, twice, ... is drawn by one binomial behind the other
 * (ota_flow_failures()), and bytes and times follow. That is for
 * transfers that nothing ends early even if every chunk takes as long and as
 * many bytes as one can; the rest is stop_wait_flow.c's.
 */
#include <math.h>

#include "models/link/trials.h"
#include "models/transfer/flow.h"
#include "models/transfer/stop_wait.h"
#include "sim/base/clock.h"

struct fixed {
    const struct ota_stop_wait *with;
    struct ota_transfer_account *account;
    double request_loss, spoilt;
    double fails; /* share of chunks that fail for good */
    int64_t rtt_us;
    int64_t idle_us; /* the timers of a chunk that fails for good */
};

static bool is_fixed(const struct ota_dist *dist)
{
    return !dist || dist->kind == OTA_DIST_FIXED;
}

/* Works out losses and what timers add up to. Returns false where a radio's
 * silence makes a difference. */
static bool set_up(struct fixed *fixed, double loss)
{
    const struct ota_stop_wait *with = fixed->with;
    const struct ota_retry *retry = with->retry;
    const struct ota_air *air = fixed->account->job->air;
    int64_t timeout_us = retry->timeout_us;
    int64_t longest_us = with->work_us;

    if (with->block_time) /* of fixed length */
        longest_us = ota_us_add(longest_us, (int64_t)with->block_time->a);
    fixed->request_loss = loss;
    fixed->spoilt = 1 - (1 - loss) * (1 - ota_retry_answer_loss(retry, loss));
    fixed->fails = fixed->spoilt;
    fixed->idle_us = timeout_us;
    for (int i = 1; i < retry->sends_max; i++) {
        longest_us = ota_us_max(longest_us, timeout_us);
        timeout_us = ota_retry_next_us(retry, timeout_us);
        fixed->idle_us = ota_us_add(fixed->idle_us, timeout_us);
        fixed->fails *= fixed->spoilt;
    }
    return !ota_air_firsts_matter(air) ||
           (longest_us <= air->tail_us &&
            !ota_air_is_first(air, fixed->account->now_us));
}

/* Whether nothing but losses is random, and nothing else can happen. */
static bool applies(struct fixed *fixed)
{
    const struct ota_stop_wait *with = fixed->with;
    struct ota_transfer_account *account = fixed->account;
    const struct ota_transfer_job *job = account->job;
    const struct ota_air *air = job->air;
    int64_t until_us;

    if (with->retry->spread > 0 || with->stall_us != OTA_NEVER ||
        job->pump_us > 0 || with->erases || !is_fixed(air->rtt) ||
        !is_fixed(with->block_time) || account->breaks_in <= with->chunks ||
        air->rtt->a > (double)with->retry->timeout_us)
        return false;
    const double loss =
        ota_air_loss(job->air, account->now_us, &until_us, account->rng);
    if (!set_up(fixed, loss))
        return false;
    until_us = ota_us_min(until_us, job->cut_us);
    fixed->rtt_us = ota_us_max(ota_dist_draw_us(air->rtt, account->rng), 1);
    const double n = (double)with->chunks;
    const double most_us = (double)with->work_us + (double)fixed->rtt_us +
                           (double)fixed->idle_us +
                           (with->block_time ? with->block_time->a : 0);
    const double most_bytes =
        (double)(with->message.request_bytes + with->message.answer_bytes +
                 with->message.echo_bytes) *
        with->retry->sends_max;
    return n * most_us < (double)(until_us - account->now_us) &&
           n * most_bytes < (double)ota_transfer_left(account);
}

/* Enters tries of chunks of one kind, some of which failed. */
static void enter(struct fixed *fixed,
                  const struct ota_transfer_message *message, int64_t passed,
                  int64_t failed)
{
    struct ota_transfer_account *account = fixed->account;
    const int64_t requests = passed + failed;
    const int64_t answers =
        passed + ota_flow_binomial(failed,
                                   1 - fixed->request_loss / fixed->spoilt,
                                   account->rng);
    ota_transfer_count(account, message, requests, passed, answers);
}

/* Chunks of one kind that come, and then perhaps one that fails for good. */
static void move(struct fixed *fixed,
                 const struct ota_transfer_message *message, int64_t chunks,
                 int64_t work_us, bool fails)
{
    const struct ota_retry *retry = fixed->with->retry;
    struct ota_transfer_account *account = fixed->account;
    int64_t n = chunks, failed = 0, took_us = 0;
    int64_t timeout_us = retry->timeout_us;
    double rest = fixed->fails;

    for (int k = 1; k < retry->sends_max && n > 0 && fixed->spoilt > 0; k++) {
        n = ota_flow_failures(n, fixed->spoilt, &rest, account->rng);
        failed += n;
        took_us += n * timeout_us;
        timeout_us = ota_retry_next_us(retry, timeout_us);
    }
    if (fails) {
        failed += retry->sends_max;
        took_us += fixed->idle_us;
    }
    enter(fixed, message, chunks, failed);
    account->now_us += took_us + chunks * (fixed->rtt_us + work_us);
}

bool ota_stop_wait_fixed(struct ota_transfer_account *account,
                         const struct ota_stop_wait *with, int64_t *received,
                         bool *done)
{
    struct fixed fixed = {.with = with, .account = account};

    if (!applies(&fixed))
        return false;
    const int64_t time_us =
        with->block_time ? ota_dist_draw_us(with->block_time, account->rng) : 0;
    /* The last one, too, if it is as large. */
    const bool even = with->last.request_bytes == with->message.request_bytes &&
                      with->last.answer_bytes == with->message.answer_bytes &&
                      with->last_work_us == with->work_us;
    const int64_t whole = with->chunks - !even;
    *received = ota_trials_pass(with->chunks, fixed.fails, account->rng);
    *done = *received == with->chunks;
    move(&fixed, &with->message, ota_us_min(*received, whole),
         with->work_us + time_us, *received < whole);
    if (!even && *received >= whole)
        move(&fixed, &with->last, *done, with->last_work_us + time_us, !*done);
    ota_transfer_arrive(account, *received, 0, 0);
    account->job->air->spoke_us = account->now_us;
    if (!*done)
        ota_transfer_end(account, OTA_TRANSFER_GAVE_UP, account->now_us);
    return true;
}
