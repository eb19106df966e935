/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session_full.c - a session that ends with each connection, so that every
 * connect is a full handshake.
 */
#include "models/session/session.h"

#include "models/session/session_common.h"

static void full_start(const void *config, struct ota_session_state *state,
                       gsl_rng *rng)
{
    (void)config;
    (void)rng;
    ota_session_drop(state);
}

static bool full_resumes(const void *config,
                         const struct ota_session_state *state, int64_t now_us)
{
    (void)config;
    (void)state;
    (void)now_us;
    return false;
}

static struct ota_session_setup full_connect(const void *config,
                                             struct ota_session_state *state,
                                             const struct ota_link *link,
                                             int64_t now_us, gsl_rng *rng)
{
    return ota_session_handshake(config, state, link, now_us, rng);
}

static int64_t full_renew_us(const void *config,
                             const struct ota_session_state *state)
{
    (void)config;
    (void)state;
    return OTA_NEVER;
}

static const struct ota_field full_fields[] = {
    OTA_SESSION_HANDSHAKE_FIELDS,
    OTA_SESSION_ONLINE_FIELDS,
    {.name = NULL},
};

const struct ota_session_model ota_session_full = {
    .model =
        {
            .name = "full",
            .summary = "a full handshake on every connect",
            .source = "particle-iot/device-os, communication/src/"
                      "lightssl_message_channel.cpp (its bytes differ)",
            .config_size = sizeof(struct ota_session_config),
            .fields = full_fields,
        },
    .start = full_start,
    .resumes = full_resumes,
    .connect = full_connect,
    .renew_us = full_renew_us,
    .keep_alive_us = ota_session_keep_alive_us,
    .mapping_us = ota_session_mapping_us,
};
