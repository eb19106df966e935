/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expect.c - what transfers are made of, in the mean.
 *
 * Exchanges are those of models/link/exchange_expect.h; the air's state goes
 * from one to the next. Chances that a transfer is broken off add up; what is
 * counted is one that is not. How a device's patience ends a transfer is not
 * looked at: where it might, the mean is not known.
 */
#include "models/transfer/expect.h"

#include <math.h>

#include "models/transfer/old.h"

void ota_expect_open(struct ota_transfer_expect *expect,
                     const struct ota_transfer_job *job, double first)
{
    *expect = (struct ota_transfer_expect){
        .job = *job,
        .talk = ota_talk_open(job->air),
        .first = first,
    };
    expect->job.cut_us = OTA_NEVER;
    expect->job.break_per_chunk = 0; /* so that opening draws nothing */
    expect->account = ota_transfer_open(&expect->job, &expect->none, NULL);
}

void ota_expect_count(struct ota_transfer_expect *expect,
                      const struct ota_transfer_message *message,
                      double requests, double answers, double passed)
{
    struct ota_transfer_mean *mean = &expect->mean;
    const double asked = requests * (double)message->request_bytes +
                         passed * (double)message->echo_bytes;
    const double answered = answers * (double)message->answer_bytes;

    mean->down_bytes += message->cloud_asks ? asked : answered;
    mean->up_bytes += message->cloud_asks ? answered : asked;
    if (message->carrier == OTA_CARRIER_REQUEST) {
        mean->chunks_sent += requests;
        expect->chunk_bytes_down += requests * (double)message->request_bytes;
    } else if (message->carrier == OTA_CARRIER_ANSWER) {
        mean->chunks_sent += answers;
        expect->chunk_bytes_down += answered;
    }
}

bool ota_expect_patient(const struct ota_transfer_expect *expect,
                        int64_t stall_us)
{
    return ota_dist_cdf(expect->job.air->rtt, (double)stall_us / 3) > 0.998;
}

void ota_expect_message(struct ota_transfer_expect *expect,
                        const struct ota_transfer_message *message)
{
    const struct ota_exchange_law law = ota_exchange_law_of(
        expect->job.air, ota_transfer_retry(&expect->account), expect->first);
    const struct ota_exchange_mean mean =
        ota_talk_exchange(&expect->talk, &law);

    expect->first = 0;
    ota_expect_count(expect, message, mean.requests, mean.answers, 1);
}

void ota_expect_old_open(struct ota_transfer_expect *expect)
{
    const struct ota_transfer_message begin =
        ota_old_begin_message(&expect->account);
    const struct ota_transfer_message ready =
        ota_old_ready_message(&expect->account);

    ota_expect_message(expect, &begin);
    ota_expect_message(expect, &ready);
}

void ota_expect_old_done(struct ota_transfer_expect *expect)
{
    const struct ota_transfer_message done =
        ota_old_done_message(&expect->account);

    ota_expect_message(expect, &done);
}

/* By how much the app's pumping outlasts an exchange and work_us: the integral
 * of the round trip's distribution function up to what is left. */
static double pumping_us(const struct ota_transfer_expect *expect,
                         int64_t work_us)
{
    enum { POINTS = 200 };
    const double left_us = (double)(expect->job.pump_us - work_us);
    double sum = 0;

    for (int k = 0; left_us > 0 && k < POINTS; k++)
        sum += ota_dist_cdf(expect->job.air->rtt, left_us * (k + 0.5) / POINTS);
    return sum / POINTS * left_us;
}

void ota_expect_stop_wait(struct ota_transfer_expect *expect,
                          const struct ota_stop_wait *with)
{
    const bool silent = with->work_us > expect->job.air->tail_us;
    const struct ota_exchange_law first =
        ota_exchange_law_of(expect->job.air, with->retry, expect->first);
    const struct ota_exchange_law rest =
        ota_exchange_law_of(expect->job.air, with->retry, silent);
    const double pump_us = pumping_us(expect, with->work_us);
    const double last_pump_us = pumping_us(expect, with->last_work_us);
    const double block_us =
        with->block_time ? ota_dist_mean(with->block_time) : 0;
    const double block_us2 =
        with->block_time ? ota_dist_variance(with->block_time) : 0;

    for (int64_t k = 0; k < with->chunks; k++) {
        const bool last = k == with->chunks - 1;
        const struct ota_exchange_mean mean =
            ota_talk_exchange(&expect->talk, k == 0 ? &first : &rest);
        ota_expect_count(expect, last ? &with->last : &with->message,
                         mean.requests, mean.answers, 1);
        ota_talk_pause(&expect->talk,
                       last ? (double)with->last_work_us + last_pump_us
                            : (double)with->work_us + pump_us,
                       0);
        ota_talk_pause(&expect->talk, block_us, block_us2);
        if (k == 0 && with->erases)
            ota_talk_pause(&expect->talk, ota_dist_mean(with->erase),
                           ota_dist_variance(with->erase));
    }
    expect->first = 0;
}

bool ota_expect_close(struct ota_transfer_expect *expect, double spent_bytes,
                      struct ota_transfer_mean *mean)
{
    *mean = expect->mean;
    mean->fails = 1 - expect->talk.passes;
    mean->took_us = expect->talk.took_us;
    mean->variance_us2 = expect->talk.variance_us2;
    mean->spent_bytes = fmax(spent_bytes, 0);
    return expect->talk.passes > 0 && isfinite(mean->took_us);
}
