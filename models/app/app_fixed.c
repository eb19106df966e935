/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * app_fixed.c - an app that waits for an update equally long in each wake.
 */
#include "models/app/app.h"

#include "models/app/app_common.h"

static struct ota_app_wait fixed_wait(const void *opaque,
                                      const struct ota_app_view *view,
                                      int64_t *memory, gsl_rng *rng)
{
    const struct ota_app_fixed_config *config = opaque;

    (void)view;
    (void)memory;
    (void)rng;
    return (struct ota_app_wait){.wait_us = config->wait_us};
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
    .start = ota_app_start_blank,
    .wait = fixed_wait,
};
