/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exchange.h - one request and its answer over a lossy link, with timers.
 *
 * The sender repeats the request when its timer runs out and waits longer
 * each time; it gives up when the timer of the last repetition runs out. An
 * answer counts whenever it comes before that, so a slow one costs needless
 * repetitions. The far side answers half a round trip behind each request that
 * reaches it. CoAP (RFC 7252, 4.2) and DTLS flights (RFC 6347, 4.2.4) are both
 * of this shape.
 */
#ifndef OTA_EXCHANGE_H
#define OTA_EXCHANGE_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

#include "models/link/air.h"

enum { OTA_RETRY_SENDS_MAX = 64 }; /* no exchange sends more often */

struct ota_retry {
    int64_t timeout_us;     /* of the first send */
    int64_t timeout_max_us; /* it grows no further */
    double backoff;         /* times as long each time, >= 1 */
    double spread;          /* each timer is timeout * (1 + U(0, spread)) */
    int sends_max;          /* first send included; 1 to OTA_RETRY_SENDS_MAX */
    double answer_loss;     /* share of answers lost besides the air's losses */
};

/* Returns the timeout behind one of timeout_us. */
static inline int64_t ota_retry_next_us(const struct ota_retry *retry,
                                        int64_t timeout_us)
{
    const double next_us = (double)timeout_us * retry->backoff;

    return next_us < (double)retry->timeout_max_us ? (int64_t)next_us
                                                   : retry->timeout_max_us;
}

/* Returns the share of answers lost, given the air's loss. */
static inline double ota_retry_answer_loss(const struct ota_retry *retry,
                                           double loss)
{
    return retry->answer_loss > 0 ? loss + (1 - loss) * retry->answer_loss
                                  : loss;
}

/* Particle's CoAP timers: 4 s doubling, +0-50 %, 4 sends.
 * Source: particle-iot/device-os, communication/src/coap_channel.h. */
extern const struct ota_retry ota_retry_coap;

/* Particle's DTLS handshake timers: 3 s doubling to 24 s; gives up when the
 * connect attempt does. Source: particle-iot/device-os, communication/src/
 * dtls_message_channel.cpp; sends_max 6 (about 90 s) is ours. */
extern const struct ota_retry ota_retry_dtls;

struct ota_exchange {
    bool ok;
    int64_t took_us;       /* until the answer, or until it gave up */
    int requests_sent;     /* by the asking side, all billed */
    int requests_received; /* by the other side */
    int answers_sent;      /* one a request received, all billed */
};

/* What is known of the first send. */
enum ota_exchange_first {
    OTA_EXCHANGE_OPEN,     /* nothing */
    OTA_EXCHANGE_LOST,     /* the request is lost, */
    OTA_EXCHANGE_RECEIVED, /* or the answer */
};

/* Runs the exchange where the first send, which takes rtt_us, may not be
 * answered. */
struct ota_exchange ota_exchange_go_on(struct ota_air *air,
                                       const struct ota_retry *retry,
                                       int64_t now_us, int64_t rtt_us,
                                       enum ota_exchange_first first,
                                       gsl_rng *rng);

/*
 * Runs one exchange that begins at now_us over the air, drawing from rng.
 *
 * Nearly always the first send's answer can but come before its timer runs out
 * and leaves in the same regime of loss as the request. Then one random number
 * says whether both pass, and if not, which of them is lost.
 */
static inline struct ota_exchange
ota_exchange_run(struct ota_air *air, const struct ota_retry *retry,
                 int64_t now_us, gsl_rng *rng)
{
    const int64_t rtt_us = ota_air_rtt_us(air, now_us, rng);
    enum ota_exchange_first first = OTA_EXCHANGE_OPEN;
    int64_t until_us;
    const double loss = ota_air_loss(air, now_us, &until_us, rng);

    assert(retry->sends_max >= 1 && retry->timeout_us > 0);
    assert(retry->sends_max <= OTA_RETRY_SENDS_MAX && retry->backoff >= 1);
    if (rtt_us <= retry->timeout_us && now_us + rtt_us / 2 < until_us) {
        const double request_loss = ota_air_request_loss(air, loss, now_us);
        const double pass =
            (1 - request_loss) * (1 - ota_retry_answer_loss(retry, loss));
        const double u = pass < 1 ? ota_uniform(rng) : 0;
        if (u < pass) {
            air->spoke_us = now_us + rtt_us;
            return (struct ota_exchange){true, rtt_us, 1, 1, 1};
        }
        first =
            1 - u > request_loss ? OTA_EXCHANGE_RECEIVED : OTA_EXCHANGE_LOST;
    }
    return ota_exchange_go_on(air, retry, now_us, rtt_us, first, rng);
}

#endif
