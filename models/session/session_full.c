/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session_full.c - a DTLS session that ends with each connection, so that
 * every connect is a full handshake.
 */
#include "models/session/session.h"

#include "models/session/session_common.h"

static void full_connect(const void *config, struct ota_session_state *state,
                         const struct ota_session_call *call, gsl_rng *rng,
                         struct ota_session_setup *setup)
{
    ota_session_handshake(config, &ota_session_wire_dtls, state, call, rng,
                          setup);
}

static const struct ota_field full_fields[] = {
    OTA_SESSION_HANDSHAKE_FIELDS,
    OTA_SESSION_SAYS_FIELDS,
    OTA_SESSION_ONLINE_FIELDS,
    {.name = NULL},
};

const struct ota_session_model ota_session_full = {
    .model =
        {
            .name = "full",
            .summary = "a full handshake on every connect",
            .source = "RFC 6347: a DTLS handshake without resumption",
            .config_size = sizeof(struct ota_session_config),
            .fields = full_fields,
        },
    .start = ota_session_none_start,
    .resumes = ota_session_none_resumes,
    .connect = full_connect,
    .renew_us = ota_session_none_renew_us,
    .keep_alive_us = ota_session_keep_alive_us,
    .mapping_us = ota_session_mapping_us,
};
