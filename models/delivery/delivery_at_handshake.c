/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delivery_at_handshake.c - the update is offered when a device sets up a new
 * session, and only then. A device that resumes its session is passed over.
 */
#include "models/delivery/delivery.h"

#include "models/delivery/delivery_common.h"

static bool at_handshake_offers(const void *config, bool full_handshake)
{
    (void)config;
    return full_handshake;
}

static bool at_handshake_offers_online(const void *config)
{
    (void)config;
    return false;
}

const struct ota_delivery_model ota_delivery_at_handshake = {
    .model =
        {
            .name = "at_handshake",
            .summary = "offered at a full handshake only (standard release)",
            .source = "docs.particle.io, Over-the-air firmware updates",
            .config_size = sizeof(struct ota_delivery_config),
            .fields = ota_delivery_fields,
        },
    .offers = at_handshake_offers,
    .offers_online = at_handshake_offers_online,
    .delay_us = ota_delivery_delay_us,
    .attempts_max = ota_delivery_attempts_max,
};
