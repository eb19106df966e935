/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delivery_immediate.c - the update is offered as soon as a device is online,
 * now or whenever it connects next.
 */
#include "models/delivery/delivery.h"

#include "models/delivery/delivery_common.h"

static bool immediate_offers(const void *config,
                             const struct ota_delivery_view *view)
{
    (void)config;
    (void)view;
    return true;
}

static bool immediate_offers_online(const void *config)
{
    (void)config;
    return true;
}

const struct ota_delivery_model ota_delivery_immediate = {
    .model =
        {
            .name = "immediate",
            .summary = "offered to whoever is online or connects (intelligent "
                       "release)",
            .source = "docs.particle.io, Over-the-air firmware updates",
            .config_size = sizeof(struct ota_delivery_config),
            .fields = ota_delivery_fields,
        },
    .offers = immediate_offers,
    .offers_online = immediate_offers_online,
    .delay_us = ota_delivery_delay_us,
    .decision_us = ota_delivery_decision_us,
    .retry = ota_delivery_retry_of,
    .script = ota_delivery_no_script,
    .polling = ota_delivery_no_polling,
};
