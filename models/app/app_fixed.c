/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * app_fixed.c - an app that waits for an update equally long in each wake.
 */
#include "models/app/app.h"

#include "models/app/app_common.h"

static void fixed_start(const void *config, int64_t *last_long, gsl_rng *rng)
{
    (void)config;
    (void)rng;
    *last_long = 0;
}

static int64_t fixed_wait_us(const void *opaque, int64_t now_us,
                             int64_t wake_count, int64_t *last_long)
{
    const struct ota_app_fixed_config *config = opaque;

    (void)now_us;
    (void)wake_count;
    (void)last_long;
    return config->wait_us;
}

static const struct ota_field fixed_fields[] = {
    OTA_APP_COMMON_FIELDS(struct ota_app_fixed_config),
    OTA_APP_WAIT_FIELD(struct ota_app_fixed_config),
    {.name = NULL},
};

const struct ota_app_model ota_app_fixed = {
    .model =
        {
            .name = "fixed",
            .summary = "stays awake equally long after each connect",
            .source = "docs.particle.io, wake-publish-sleep for cellular",
            .config_size = sizeof(struct ota_app_fixed_config),
            .fields = fixed_fields,
        },
    .start = fixed_start,
    .wait_us = fixed_wait_us,
};
