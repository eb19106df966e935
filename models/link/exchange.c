/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exchange.c - requests repeated on a timer until an answer comes.
 *
 * Each send is followed on its own: it may be lost; or it is answered half a
 * round trip later, and the answer may be lost; or that comes after the other
 * half, perhaps behind answers to younger sends. The first answer to come ends
 * the exchange. Whether datagrams are lost is asked in the order in which they
 * leave, since the air's time does not go back: an answer is settled before a
 * send that leaves later.
 */
#include "models/link/exchange.h"

#include <assert.h>

#include "sim/base/clock.h"
#include "sim/base/random.h"

const struct ota_retry ota_retry_coap = {
    .timeout_us = 4 * OTA_US_PER_S,
    .timeout_max_us = 32 * OTA_US_PER_S, /* not reached by 4 sends */
    .backoff = 2,
    .spread = 0.5,
    .sends_max = 4,
};

const struct ota_retry ota_retry_dtls = {
    .timeout_us = 3 * OTA_US_PER_S,
    .timeout_max_us = 24 * OTA_US_PER_S,
    .backoff = 2,
    .spread = 0,
    .sends_max = 6,
};

/* Answers that have not left yet, in no order. */
struct answers {
    int count;
    struct {
        int64_t leaves_us;
        int64_t comes_us;
    } list[OTA_RETRY_SENDS_MAX];
};

/* An exchange under way. */
struct talk {
    struct ota_air *air;
    const struct ota_retry *retry;
    gsl_rng *rng;
    struct ota_exchange seen;
    int64_t begin_us;
    int64_t at_us;      /* of the next send */
    int64_t timeout_us; /* of its timer */
    int64_t heard_us;   /* when the first answer comes */
};

static bool answer_lost(const struct talk *talk)
{
    const double loss = talk->retry->answer_loss;

    return loss > 0 && ota_uniform(talk->rng) < loss;
}

/* Brings talk->heard_us up to the first of the answers that leave by by_us.
 * Those that leave behind it no longer matter. */
static void settle(struct talk *talk, struct answers *answers, int64_t by_us)
{
    while (answers->count > 0) {
        int next = 0;
        for (int i = 1; i < answers->count; i++)
            if (answers->list[i].leaves_us < answers->list[next].leaves_us)
                next = i;

        const int64_t leaves_us = answers->list[next].leaves_us;
        const int64_t comes_us = answers->list[next].comes_us;
        if (leaves_us > by_us || leaves_us >= talk->heard_us)
            break;
        answers->list[next] = answers->list[--answers->count];
        talk->air->spoke_us = leaves_us; /* the request keeps the radio up */
        if (!ota_air_lost(talk->air, leaves_us, talk->rng) &&
            !answer_lost(talk))
            talk->heard_us = ota_us_min(talk->heard_us, comes_us);
    }
}

/* Lets the timer of the send at talk->at_us run. */
static void run_timer(struct talk *talk)
{
    const struct ota_retry *retry = talk->retry;
    int64_t timer_us = talk->timeout_us;

    if (retry->spread > 0)
        timer_us = (int64_t)((double)timer_us *
                             (1 + retry->spread * ota_uniform(talk->rng)));
    talk->at_us += timer_us;
    talk->timeout_us = ota_retry_next_us(retry, talk->timeout_us);
}

/* Sends until an answer comes; the first to be sent takes rtt_us. */
static void go_on(struct talk *talk, int64_t rtt_us)
{
    struct ota_air *air = talk->air;
    struct answers answers;

    answers.count = 0;
    while (true) {
        const int64_t at_us = talk->at_us;
        talk->seen.requests_sent++;
        if (!ota_air_lost(air, at_us, talk->rng)) {
            talk->seen.requests_received++;
            talk->seen.answers_sent++;
            answers.list[answers.count].leaves_us =
                ota_us_add(at_us, rtt_us / 2);
            answers.list[answers.count++].comes_us = ota_us_add(at_us, rtt_us);
        }
        run_timer(talk);
        settle(talk, &answers, talk->at_us);
        talk->seen.ok = talk->heard_us <= talk->at_us;
        if (talk->seen.ok || talk->seen.requests_sent >= talk->retry->sends_max)
            break;
        rtt_us = ota_air_rtt_us(air, talk->at_us, talk->rng);
    }
    if (talk->seen.ok)
        air->spoke_us = talk->heard_us;
    talk->seen.took_us =
        (talk->seen.ok ? talk->heard_us : talk->at_us) - talk->begin_us;
}

/* Goes on behind a first send whose request or answer was lost. */
static void go_on_behind(struct talk *talk, int64_t rtt_us, bool received)
{
    talk->air->spoke_us =
        received ? talk->begin_us + rtt_us / 2 : talk->begin_us;
    talk->seen.requests_sent = 1;
    talk->seen.requests_received = talk->seen.answers_sent = received;
    run_timer(talk);
    if (talk->retry->sends_max > 1)
        go_on(talk, ota_air_rtt_us(talk->air, talk->at_us, talk->rng));
    else
        talk->seen.took_us = talk->at_us - talk->begin_us;
}

struct ota_exchange ota_exchange_go_on(struct ota_air *air,
                                       const struct ota_retry *retry,
                                       int64_t now_us, int64_t rtt_us,
                                       enum ota_exchange_first first,
                                       gsl_rng *rng)
{
    struct talk talk = {
        .air = air,
        .retry = retry,
        .rng = rng,
        .begin_us = now_us,
        .at_us = now_us,
        .timeout_us = retry->timeout_us,
        .heard_us = OTA_NEVER,
    };

    if (first == OTA_EXCHANGE_OPEN)
        go_on(&talk, rtt_us);
    else
        go_on_behind(&talk, rtt_us, first == OTA_EXCHANGE_RECEIVED);
    return talk.seen;
}
