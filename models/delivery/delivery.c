/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delivery.c - the delivery models, and what they share.
 */
#include "models/delivery/delivery.h"

#include "models/delivery/delivery_common.h"

const struct ota_delivery_model *const ota_delivery_models[] = {
    &ota_delivery_at_handshake, &ota_delivery_immediate,
    &ota_delivery_on_request,   &ota_delivery_poll,
    &ota_delivery_script,       NULL,
};

const struct ota_field ota_delivery_fields[] = {
    OTA_DELIVERY_FIELDS("time from the offer to the begin of the transfer",
                        "reports on community.particle.io: 3 to 20 s"),
    {.name = NULL},
};

int64_t ota_delivery_delay_us(const void *opaque, gsl_rng *rng)
{
    const struct ota_delivery_config *config = opaque;

    return ota_dist_draw_us(&config->begin_delay, rng);
}

int64_t ota_delivery_decision_us(const void *opaque, gsl_rng *rng)
{
    const struct ota_delivery_config *config = opaque;

    return ota_dist_draw_us(&config->decision, rng);
}

const struct ota_delivery_retry *ota_delivery_retry_of(const void *opaque)
{
    const struct ota_delivery_config *config = opaque;

    return &config->retry;
}

const struct ota_delivery_script *ota_delivery_no_script(const void *config)
{
    (void)config;
    return NULL;
}

const struct ota_delivery_polling *ota_delivery_no_polling(const void *config)
{
    (void)config;
    return NULL;
}

bool ota_delivery_not_online(const void *config)
{
    (void)config;
    return false;
}
