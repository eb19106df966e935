/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session_common.h - what the session models share. Private to this folder.
 */
#ifndef OTA_SESSION_COMMON_H
#define OTA_SESSION_COMMON_H

#include "models/link/exchange.h"
#include "models/session/session.h"
#include "sim/base/clock.h"

/*
 * Runs round_trips exchanges one after another, until one fails. size_bytes is
 * what they cost together when nothing is lost, half of it up (and the odd
 * byte), in equal shares; each request or answer sent again costs its share
 * again. Leaves .full false.
 */
struct ota_session_setup ota_session_round_trips(const struct ota_link *link,
                                                 const struct ota_retry *retry,
                                                 int64_t size_bytes,
                                                 int64_t round_trips,
                                                 gsl_rng *rng);

/* A full handshake at now_us, on which *state is as new; a failed one leaves
 * no session. */
struct ota_session_setup ota_session_handshake(
    const struct ota_session_config *config, struct ota_session_state *state,
    const struct ota_link *link, int64_t now_us, gsl_rng *rng);

int64_t ota_session_keep_alive_us(const void *config, int64_t *bytes);
int64_t ota_session_mapping_us(const void *config);

/* Rows of a field table. */
#define OTA_SESSION_SIZE_FIELD(key, member, text, says, from)                  \
    {                                                                          \
        .name = key, .kind = OTA_FIELD_INTEGER, .dimension = OTA_SIZE,         \
        .offset = offsetof(struct ota_session_config, member),                 \
        .fallback = text, .min = 0, .max = 1e6, .help = says, .source = from,  \
    }

#define OTA_SESSION_COUNT_FIELD(key, member, text, says, from)                 \
    {                                                                          \
        .name = key, .kind = OTA_FIELD_INTEGER, .dimension = OTA_COUNT,        \
        .offset = offsetof(struct ota_session_config, member),                 \
        .fallback = text, .min = 1, .max = 100, .help = says, .source = from,  \
    }

#define OTA_SESSION_TIME_FIELD(key, member, text, most, says, from)            \
    {                                                                          \
        .name = key, .kind = OTA_FIELD_INTEGER, .dimension = OTA_TIME,         \
        .offset = offsetof(struct ota_session_config, member),                 \
        .fallback = text, .min = (double)OTA_US_PER_S, .max = (double)(most),  \
        .help = says, .source = from,                                          \
    }

#define OTA_SESSION_HANDSHAKE_FIELDS                                           \
    OTA_SESSION_SIZE_FIELD("full_handshake", full_bytes, "5500B",              \
                           "bytes of a full handshake and hello, both ways",   \
                           "docs.particle.io: 5 to 6 kB"),                     \
        OTA_SESSION_COUNT_FIELD("full_round_trips", full_round_trips, "5",     \
                                "round trips of a full handshake and hello",   \
                                "ours: cookie, two flights, hello, describe")

#define OTA_SESSION_ONLINE_FIELDS                                              \
    OTA_SESSION_TIME_FIELD("keep_alive", keep_alive_us, "23min", OTA_NEVER,    \
                           "time between keep-alives while connected",         \
                           "docs.particle.io: cellular, Particle SIM"),        \
        OTA_SESSION_SIZE_FIELD("keep_alive_size", keep_alive_bytes, "122B",    \
                               "bytes of a keep-alive, both ways",             \
                               "docs.particle.io: 61 B up, 61 B down"),        \
        OTA_SESSION_TIME_FIELD(                                                \
            "mapping", mapping_us, "never", OTA_NEVER,                         \
            "how long after a datagram from the device the cloud can reach "   \
            "it; never: the address mapping does not run out",                 \
            "assumption: the keep-alive is chosen to hold it")

#endif
