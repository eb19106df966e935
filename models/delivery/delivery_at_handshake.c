/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delivery_at_handshake.c - the update is offered when a device sets up a new
 * session, and only then. A device that resumes its session is passed over.
 */
#include "models/delivery/delivery.h"

#include "models/delivery/delivery_common.h"

static bool at_handshake_offers(const void *config,
                                const struct ota_delivery_view *view)
{
    (void)config;
    return view->full;
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
    .offers_online = ota_delivery_not_online,
    .delay_us = ota_delivery_delay_us,
    .decision_us = ota_delivery_decision_us,
    .retry = ota_delivery_retry_of,
    .script = ota_delivery_no_script,
    .polling = ota_delivery_no_polling,
};
