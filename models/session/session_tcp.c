/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session_tcp.c - a session over TCP with AES, as of Photon and P1: a full
 * handshake on every connect, and a ping every 15 s.
 *
 * A message of n bytes takes 2 + 16 (floor(n/16) + 1) + 40 B on the wire,
 * length, padding and TCP/IP headers, and 40 B come back as TCP's own
 * acknowledgement: 98 B for a small one, 196 B for a ping and its reply, 130 B
 * for an update flag. The handshake's default adds up as TCP's opening 120 B;
 * a nonce of 40 B in, 256 B out and 384 B in with headers and acknowledgements
 * 920 B; hello both ways 196 B; describe, asked and answered with some 800 B,
 * about 1,000 B; five small messages of a new session about 490 B.
 *
 * Source: particle-iot/device-os, communication/src/
 * lightssl_message_channel.cpp and lightssl_protocol.h; docs.particle.io,
 * cellular data; that describe is of 800 B and that the small messages are
 * five is an assumption.
 */
#include "models/session/session.h"

#include "models/session/session_common.h"

static void tcp_connect(const void *config, struct ota_session_state *state,
                        const struct ota_session_call *call, gsl_rng *rng,
                        struct ota_session_setup *setup)
{
    ota_session_handshake(config, &ota_session_wire_tcp, state, call, rng,
                          setup);
}

static const struct ota_field tcp_fields[] = {
    OTA_SESSION_SIZE_FIELD(
        "full_handshake", full_bytes, "2726B",
        "bytes of TCP's opening, keys, hello and describe, both ways",
        "particle-iot/device-os, communication/src/"
        "lightssl_message_channel.cpp: keys of 40, 256 and 384 B; the rest "
        "is an assumption"),
    OTA_SESSION_COUNT_FIELD("full_round_trips", full_round_trips, "4",
                            "round trips of a connect",
                            "ours: TCP, keys, hello, describe"),
    OTA_SESSION_SIZE_FIELD(
        "flags", flags_bytes, "260B",
        "bytes of the two update flags told on each connect, both ways; "
        "Device OS 1.2.0 and later",
        "particle-iot/device-os, system/src/system_cloud_internal.cpp: two "
        "events of 44 B, padded, with headers and TCP's acknowledgement"),
    OTA_SESSION_SIZE_FIELD(
        "safe_mode", safe_mode_bytes, "1000B",
        "bytes of the safe-mode event and the list of modules, both ways",
        "docs.particle.io, firmware update events: a list of 700 to 900 B; "
        "headers and the event added"),
    OTA_SESSION_SIZE_FIELD(
        "boot", boot_bytes, "130B",
        "bytes of the event told once a boot, both ways",
        "particle-iot/device-os, system/src/system_cloud_internal.cpp: "
        "spark/device/last_reset, 38 B, padded, with headers"),
    OTA_SESSION_KEEP_ALIVE_FIELD("15s",
                                 "particle-iot/device-os, "
                                 "communication/src/lightssl_protocol.h"),
    OTA_SESSION_KEEP_ALIVE_SIZE_FIELD(
        "196B", "docs.particle.io, cellular data: Photon, ping and reply"),
    OTA_SESSION_MAPPING_FIELD,
    {.name = NULL},
};

const struct ota_session_model ota_session_tcp = {
    .model =
        {
            .name = "tcp",
            .summary = "a full handshake over TCP on every connect (Photon, "
                       "P1)",
            .source = "particle-iot/device-os, communication/src/"
                      "lightssl_message_channel.cpp",
            .config_size = sizeof(struct ota_session_config),
            .fields = tcp_fields,
        },
    .start = ota_session_none_start,
    .resumes = ota_session_none_resumes,
    .connect = tcp_connect,
    .renew_us = ota_session_none_renew_us,
    .keep_alive_us = ota_session_keep_alive_us,
    .mapping_us = ota_session_mapping_us,
};
