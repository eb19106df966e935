/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delivery.c - the delivery models, and what they share.
 */
#include "models/delivery/delivery.h"

#include "models/delivery/delivery_common.h"
#include "sim/base/clock.h"

const struct ota_delivery_model *const ota_delivery_models[] = {
    &ota_delivery_at_handshake,
    &ota_delivery_immediate,
    NULL,
};

const struct ota_field ota_delivery_fields[] = {
    {
        .name = "begin_delay",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_delivery_config, begin_delay),
        .fallback = "uniform(3s, 20s)",
        .min = 0,
        .max = 366.0 * (double)OTA_US_PER_DAY,
        .help = "time from the offer to the begin of the transfer",
        .source = "reports on community.particle.io: 3 to 20 s",
    },
    {
        .name = "attempts_max",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset = offsetof(struct ota_delivery_config, attempts_max),
        .fallback = "0",
        .min = 0,
        .max = 1e6,
        .help = "failed attempts after which the cloud gives a device up; "
                "0: never",
        .source = "ours: Particle's limit is not public",
    },
    {.name = NULL},
};

int64_t ota_delivery_delay_us(const void *opaque, gsl_rng *rng)
{
    const struct ota_delivery_config *config = opaque;

    return ota_dist_draw_us(&config->begin_delay, rng);
}

int64_t ota_delivery_attempts_max(const void *opaque)
{
    const struct ota_delivery_config *config = opaque;

    return config->attempts_max;
}
