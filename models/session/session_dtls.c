/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session_dtls.c - a DTLS session that outlives a sleep and is resumed.
 *
 * A connect resumes the session unless there is none or it is max_age old;
 * then it is a full handshake. Both drop the session when they fail for good:
 * a handshake at once, resumes when fruitless_max of them in a row failed.
 *
 * Particle has two rules for the latter. The session goes when CoAP gives up
 * on a message, that is after all of its sends (communication/src/
 * coap_channel.h). Since Device OS 1.2.0 it also goes after 3 resumes that
 * heard nothing (CHANGELOG, #1776), for apps that sleep before CoAP gives up.
 * Here a connect lasts until CoAP gives up, so that the first rule decides and
 * fruitless_max is 1; set it to 3 for a device that keeps its session over a
 * failed connect. Before 1.2.0 such a device keeps it until it is too old.
 *
 * A resume is one ping. Until the cloud answers, its record carries the
 * device's ID, 13 B, which is part of resume_bytes; from 3.1.0 a connection ID
 * takes its place, 20 B on a ping, so that a resume costs 7 B more. If
 * checksums of describe differ from those at the last connect, hello and
 * describe follow before the device is connected (communication/src/
 * protocol.cpp).
 *
 * The session at time 0 has an age uniform in [0, max_age): what a handshake
 * every max_age leads to.
 */
#include "models/session/session.h"

#include <gsl/gsl_rng.h>

#include "models/session/session_common.h"

#include "sim/base/random.h"

enum {
    PING = 61,                /* with its headers */
    DEVICE_ID = 13,           /* the first record of a resume, before 3.1.0 */
    DESCRIBE_ROUND_TRIPS = 2, /* hello, describe */
};

static void dtls_start(const void *opaque, struct ota_session_state *state,
                       gsl_rng *rng)
{
    const struct ota_session_config *config = opaque;
    const double age_us = (double)config->max_age_us * ota_uniform(rng);

    state->handshake_us = -(int64_t)age_us;
    state->fruitless = 0;
}

static int64_t dtls_renew_us(const void *opaque,
                             const struct ota_session_state *state)
{
    const struct ota_session_config *config = opaque;

    return ota_us_add(state->handshake_us, config->max_age_us);
}

static bool dtls_resumes(const void *opaque,
                         const struct ota_session_state *state, int64_t now_us)
{
    return state->handshake_us != OTA_NEVER &&
           now_us < dtls_renew_us(opaque, state);
}

/* Whether so many failed resumes in a row drop the session. */
static bool drops(const struct ota_session_config *config,
                  const struct ota_session_call *call, int32_t fruitless)
{
    if (fruitless < config->fruitless_max)
        return false;
    return config->fruitless_max == 1 || ota_os_drops_fruitless(&call->os);
}

static int64_t resume_bytes(const struct ota_session_config *config,
                            const struct ota_session_call *call)
{
    if (config->resume_bytes == 0 || !ota_os_has_connection_id(&call->os))
        return config->resume_bytes;
    return config->resume_bytes + ota_session_id_bytes(PING) - DEVICE_ID;
}

static int64_t describe_bytes(const struct ota_session_config *config,
                              const struct ota_session_call *call)
{
    const int64_t up_bytes = config->describe_bytes / 2 / DESCRIBE_ROUND_TRIPS;

    if (!ota_os_has_connection_id(&call->os))
        return config->describe_bytes;
    return config->describe_bytes +
           DESCRIBE_ROUND_TRIPS * ota_session_id_bytes(up_bytes);
}

static void dtls_connect(const void *opaque, struct ota_session_state *state,
                         const struct ota_session_call *call, gsl_rng *rng,
                         struct ota_session_setup *setup)
{
    const struct ota_session_config *config = opaque;

    if (!dtls_resumes(config, state, call->now_us)) {
        ota_session_handshake(config, &ota_session_wire_dtls, state, call, rng,
                              setup);
        return;
    }
    *setup = (struct ota_session_setup){.ok = true};
    ota_session_round_trips(setup, call->air, call->now_us, &ota_retry_coap,
                            resume_bytes(config, call),
                            config->resume_round_trips, rng);
    if (setup->ok && call->changed)
        ota_session_round_trips(setup, call->air, call->now_us, &ota_retry_coap,
                                describe_bytes(config, call),
                                DESCRIBE_ROUND_TRIPS, rng);
    state->fruitless = setup->ok ? 0 : state->fruitless + 1;
    if (setup->ok)
        ota_session_announce(setup, config, &ota_session_wire_dtls, call, rng);
    else if (drops(config, call, state->fruitless))
        ota_session_drop(state);
}

static const struct ota_field dtls_fields[] = {
    OTA_SESSION_HANDSHAKE_FIELDS,
    OTA_SESSION_SIZE_FIELD("resume", resume_bytes, "200B",
                           "bytes of a resume, both ways",
                           "docs.particle.io: 135 to 200 B"),
    OTA_SESSION_COUNT_FIELD("resume_round_trips", resume_round_trips, "1",
                            "round trips of a resume",
                            "particle-iot/device-os, communication/src/"
                            "protocol.cpp: one confirmable ping"),
    OTA_SESSION_TIME_FIELD("max_age", max_age_us, "3d", 366 * OTA_US_PER_DAY,
                           "age at which a session needs a full handshake",
                           "docs.particle.io: renegotiated every 3 days"),
    OTA_SESSION_COUNT_FIELD("fruitless_max", fruitless_max, "1",
                            "failed resumes in a row that drop the session; "
                            "more than 1 holds from Device OS 1.2.0 on",
                            "particle-iot/device-os, communication/src/"
                            "coap_channel.h: dropped when CoAP gives up"),
    OTA_SESSION_SAYS_FIELDS,
    OTA_SESSION_SIZE_FIELD(
        "describe", describe_bytes, "1100B",
        "bytes of hello and describe on a resume after other firmware, both "
        "ways",
        "ours: hello of 86 B (particle-iot/device-os, communication/src/"
        "protocol.cpp), a description of about 800 B, headers and "
        "acknowledgements"),
    OTA_SESSION_ONLINE_FIELDS,
    {.name = NULL},
};

const struct ota_session_model ota_session_dtls = {
    .model =
        {
            .name = "dtls",
            .summary = "a session that later connects resume, up to an age",
            .source = "particle-iot/device-os, communication/src/"
                      "dtls_message_channel.cpp",
            .config_size = sizeof(struct ota_session_config),
            .fields = dtls_fields,
        },
    .start = dtls_start,
    .resumes = dtls_resumes,
    .connect = dtls_connect,
    .renew_us = dtls_renew_us,
    .keep_alive_us = ota_session_keep_alive_us,
    .mapping_us = ota_session_mapping_us,
};
