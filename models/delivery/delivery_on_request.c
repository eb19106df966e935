/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delivery_on_request.c - the update is offered to a device whose app asked for
 * it, and to no other: a server of the user's own that is asked over a webhook
 * has it sent.
 */
#include "models/delivery/delivery.h"

#include "models/delivery/delivery_common.h"

static bool on_request_offers(const void *config,
                              const struct ota_delivery_view *view)
{
    (void)config;
    return view->asked;
}

const struct ota_delivery_model ota_delivery_on_request = {
    .model =
        {
            .name = "on_request",
            .summary = "offered only to a device whose app has asked a server",
            .source = "community.particle.io/t/41651, the last post",
            .config_size = sizeof(struct ota_delivery_config),
            .fields = ota_delivery_fields,
        },
    .offers = on_request_offers,
    .offers_online = ota_delivery_not_online,
    .delay_us = ota_delivery_delay_us,
    .decision_us = ota_delivery_decision_us,
    .retry = ota_delivery_retry_of,
    .script = ota_delivery_no_script,
    .polling = ota_delivery_no_polling,
};
