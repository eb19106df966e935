/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exchange.c - requests repeated on a doubling timer until an answer comes.
 *
 * Each send is followed on its own: it may be lost, its answer may be lost, or
 * its answer comes one round trip later, perhaps after younger sends. The
 * first answer to come ends the exchange.
 */
#include "models/link/exchange.h"

#include <assert.h>

#include "sim/base/clock.h"

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

struct ota_exchange ota_exchange_run(const struct ota_link *link,
                                     const struct ota_retry *retry,
                                     gsl_rng *rng)
{
    struct ota_exchange exchange = {.ok = false};
    int64_t timeout_us = retry->timeout_us;
    int64_t answer_us = OTA_NEVER; /* when the first answer comes */
    int64_t now_us = 0;

    assert(retry->sends_max >= 1 && retry->timeout_us > 0);
    while (exchange.requests_sent < retry->sends_max) {
        exchange.requests_sent++;
        if (!link->model->lost(link->config, rng)) {
            exchange.requests_received++;
            exchange.answers_sent++;
            if (!link->model->lost(link->config, rng))
                answer_us = ota_us_min(
                    answer_us,
                    ota_us_add(now_us, link->model->rtt_us(link->config, rng)));
        }

        const double stretch = 1 + retry->spread * gsl_rng_uniform(rng);
        now_us += (int64_t)((double)timeout_us * stretch);
        if (answer_us <= now_us) {
            exchange.ok = true;
            exchange.took_us = answer_us;
            return exchange;
        }
        timeout_us = ota_us_min(2 * timeout_us, retry->timeout_max_us);
    }
    exchange.took_us = now_us;
    return exchange;
}
