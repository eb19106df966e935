/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exchange.c - requests repeated on a doubling timer until an answer comes.
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
    .spread = 0.5,
    .sends_max = 4,
};

const struct ota_retry ota_retry_dtls = {
    .timeout_us = 3 * OTA_US_PER_S,
    .timeout_max_us = 24 * OTA_US_PER_S,
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

/* Returns when the first of the answers that leave by by_us comes, or
 * heard_us if that is earlier. Those that leave behind it no longer matter. */
static int64_t settle(struct answers *answers, struct ota_air *air,
                      int64_t by_us, int64_t heard_us, gsl_rng *rng)
{
    while (answers->count > 0) {
        int next = 0;
        for (int i = 1; i < answers->count; i++)
            if (answers->list[i].leaves_us < answers->list[next].leaves_us)
                next = i;

        const int64_t leaves_us = answers->list[next].leaves_us;
        const int64_t comes_us = answers->list[next].comes_us;
        if (leaves_us > by_us || leaves_us >= heard_us)
            break;
        answers->list[next] = answers->list[--answers->count];
        air->spoke_us = leaves_us; /* the request keeps the radio up */
        if (!ota_air_lost(air, leaves_us, rng))
            heard_us = ota_us_min(heard_us, comes_us);
    }
    return heard_us;
}

struct ota_exchange ota_exchange_run(struct ota_air *air,
                                     const struct ota_retry *retry,
                                     int64_t now_us, gsl_rng *rng)
{
    struct ota_exchange exchange = {.ok = false};
    struct answers answers;
    int64_t timeout_us = retry->timeout_us;
    int64_t heard_us = OTA_NEVER; /* when the first answer comes */
    int64_t at_us = now_us;

    assert(retry->sends_max >= 1 && retry->timeout_us > 0);
    assert(retry->sends_max <= OTA_RETRY_SENDS_MAX);
    answers.count = 0;
    while (exchange.requests_sent < retry->sends_max) {
        const int64_t rtt_us = ota_air_rtt_us(air, at_us, rng);
        exchange.requests_sent++;
        if (!ota_air_lost(air, at_us, rng)) {
            exchange.requests_received++;
            exchange.answers_sent++;
            answers.list[answers.count].leaves_us =
                ota_us_add(at_us, rtt_us / 2);
            answers.list[answers.count++].comes_us = ota_us_add(at_us, rtt_us);
        }

        const double stretch = 1 + retry->spread * ota_uniform(rng);
        at_us += (int64_t)((double)timeout_us * stretch);
        heard_us = settle(&answers, air, at_us, heard_us, rng);
        if (heard_us <= at_us) {
            exchange.ok = true;
            exchange.took_us = heard_us - now_us;
            air->spoke_us = heard_us;
            return exchange;
        }
        timeout_us = ota_us_min(2 * timeout_us, retry->timeout_max_us);
    }
    exchange.took_us = at_us - now_us;
    return exchange;
}
