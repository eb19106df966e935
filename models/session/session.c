/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session.c - the session models, and the round trips they are made of.
 */
#include "models/session/session.h"

#include <assert.h>

#include "models/session/session_common.h"

const struct ota_session_model *const ota_session_models[] = {
    &ota_session_dtls,
    &ota_session_full,
    NULL,
};

/* The i-th of `parts` whole numbers that differ by at most 1 and sum to
 * total. */
static int64_t share(int64_t total, int64_t parts, int64_t i)
{
    return total * (i + 1) / parts - total * i / parts;
}

struct ota_session_setup ota_session_round_trips(const struct ota_link *link,
                                                 const struct ota_retry *retry,
                                                 int64_t size_bytes,
                                                 int64_t round_trips,
                                                 gsl_rng *rng)
{
    struct ota_session_setup setup = {.ok = true};
    const int64_t down_bytes = size_bytes / 2;
    const int64_t up_bytes = size_bytes - down_bytes;

    assert(round_trips >= 1);
    for (int64_t i = 0; i < round_trips && setup.ok; i++) {
        const struct ota_exchange trip = ota_exchange_run(link, retry, rng);

        setup.ok = trip.ok;
        setup.took_us += trip.took_us;
        setup.up_bytes += trip.requests_sent * share(up_bytes, round_trips, i);
        setup.down_bytes +=
            trip.answers_sent * share(down_bytes, round_trips, i);
    }
    return setup;
}

struct ota_session_setup
ota_session_handshake(const struct ota_session_config *config,
                      struct ota_session_state *state,
                      const struct ota_link *link, int64_t now_us, gsl_rng *rng)
{
    struct ota_session_setup setup =
        ota_session_round_trips(link, &ota_retry_dtls, config->full_bytes,
                                config->full_round_trips, rng);

    setup.full = true;
    ota_session_drop(state);
    if (setup.ok)
        state->handshake_us = ota_us_add(now_us, setup.took_us);
    return setup;
}

int64_t ota_session_keep_alive_us(const void *opaque, int64_t *bytes)
{
    const struct ota_session_config *config = opaque;

    *bytes = config->keep_alive_bytes;
    return config->keep_alive_us;
}

int64_t ota_session_mapping_us(const void *opaque)
{
    const struct ota_session_config *config = opaque;

    return config->mapping_us;
}
