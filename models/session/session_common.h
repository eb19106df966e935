/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session_common.h - what the session models share. Private to this folder.
 */
#ifndef OTA_SESSION_COMMON_H
#define OTA_SESSION_COMMON_H

#include "models/link/exchange.h"
#include "models/session/session.h"
#include "sim/base/clock.h"

/* What carries the session. */
struct ota_session_wire {
    const struct ota_retry *handshake;
    int64_t ack_bytes;   /* of one message's acknowledgement */
    bool connection_ids; /* DTLS records can carry them */
};

extern const struct ota_session_wire ota_session_wire_dtls;
extern const struct ota_session_wire ota_session_wire_tcp;

/*
 * Runs round_trips exchanges one after another from *setup on (it began at
 * now_us), until one fails. size_bytes is what they cost together when nothing
 * is lost, half of it up (and the odd byte), in equal shares; each request or
 * answer sent again costs its share again. Adds to *setup.
 */
void ota_session_round_trips(struct ota_session_setup *setup,
                             struct ota_air *air, int64_t now_us,
                             const struct ota_retry *retry, int64_t size_bytes,
                             int64_t round_trips, gsl_rng *rng);

/* A full handshake on which *state is as new, with what the device then says;
 * a failed one leaves no session. */
void ota_session_handshake(const struct ota_session_config *config,
                           const struct ota_session_wire *wire,
                           struct ota_session_state *state,
                           const struct ota_session_call *call, gsl_rng *rng,
                           struct ota_session_setup *setup);

/* Adds to *setup, which worked, the bytes of what the device says once it is
 * connected: flags, that it is in safe mode, that it booted. */
void ota_session_announce(struct ota_session_setup *setup,
                          const struct ota_session_config *config,
                          const struct ota_session_wire *wire,
                          const struct ota_session_call *call, gsl_rng *rng);

/* Returns by how much a connection ID lengthens a datagram of size_bytes that
 * the device sends. */
int64_t ota_session_id_bytes(int64_t size_bytes);

int64_t ota_session_keep_alive_us(const void *config, int64_t *bytes);
int64_t ota_session_mapping_us(const void *config);

/* Of a model that never resumes. */
void ota_session_none_start(const void *config, struct ota_session_state *state,
                            gsl_rng *rng);
bool ota_session_none_resumes(const void *config,
                              const struct ota_session_state *state,
                              int64_t now_us);
int64_t ota_session_none_renew_us(const void *config,
                                  const struct ota_session_state *state);

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

/* Of sessions over DTLS. */
#define OTA_SESSION_HANDSHAKE_FIELDS                                           \
    OTA_SESSION_SIZE_FIELD("full_handshake", full_bytes, "5500B",              \
                           "bytes of a full handshake and hello, both ways",   \
                           "docs.particle.io: 5 to 6 kB"),                     \
        OTA_SESSION_COUNT_FIELD("full_round_trips", full_round_trips, "5",     \
                                "round trips of a full handshake and hello",   \
                                "ours: cookie, two flights, hello, describe")

#define OTA_SESSION_SAYS_FIELDS                                                \
    OTA_SESSION_SIZE_FIELD(                                                    \
        "flags", flags_bytes, "324B",                                          \
        "bytes of the two update flags told on each connect, both ways; "      \
        "Device OS 1.2.0 and later",                                           \
        "particle-iot/device-os, system/src/system_cloud_internal.cpp: two "   \
        "events of 101 B, each acknowledged by 61 B"),                         \
        OTA_SESSION_SIZE_FIELD(                                                \
            "safe_mode", safe_mode_bytes, "1000B",                             \
            "bytes of the safe-mode event and the list of modules, both ways", \
            "docs.particle.io, firmware update events: a list of 700 to "      \
            "900 B; headers and the event added"),                             \
        OTA_SESSION_SIZE_FIELD(                                                \
            "boot", boot_bytes, "156B",                                        \
            "bytes of the event told once a boot, on a full handshake, both "  \
            "ways",                                                            \
            "particle-iot/device-os, system/src/system_cloud_internal.cpp: "   \
            "spark/device/last_reset, 95 B, acknowledged by 61 B")

#define OTA_SESSION_KEEP_ALIVE_FIELD(text, from)                               \
    OTA_SESSION_TIME_FIELD("keep_alive", keep_alive_us, text, OTA_NEVER,       \
                           "time between keep-alives while connected", from)

#define OTA_SESSION_KEEP_ALIVE_SIZE_FIELD(text, from)                          \
    OTA_SESSION_SIZE_FIELD("keep_alive_size", keep_alive_bytes, text,          \
                           "bytes of a keep-alive, both ways", from)

#define OTA_SESSION_MAPPING_FIELD                                              \
    OTA_SESSION_TIME_FIELD(                                                    \
        "mapping", mapping_us, "never", OTA_NEVER,                             \
        "how long after a datagram from the device the cloud can reach it; "   \
        "never: the address mapping does not run out",                         \
        "assumption: the keep-alive is chosen to hold it")

#define OTA_SESSION_ONLINE_FIELDS                                              \
    OTA_SESSION_KEEP_ALIVE_FIELD("23min",                                      \
                                 "docs.particle.io: cellular, Particle SIM"),  \
        OTA_SESSION_KEEP_ALIVE_SIZE_FIELD(                                     \
            "122B", "docs.particle.io: 61 B up, 61 B down"),                   \
        OTA_SESSION_MAPPING_FIELD

#endif
