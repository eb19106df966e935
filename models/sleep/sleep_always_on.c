/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sleep_always_on.c - a device that never sleeps: one wake, at time 0.
 */
#include "models/sleep/sleep.h"

#include "sim/base/clock.h"

struct always_on_config {
    char unused; /* nothing to set */
};

static int64_t always_on_first_us(const void *config, gsl_rng *rng)
{
    (void)config;
    (void)rng;
    return 0;
}

static int64_t always_on_next_us(const void *config, int64_t wake_us,
                                 gsl_rng *rng)
{
    (void)config;
    (void)wake_us;
    (void)rng;
    return OTA_NEVER;
}

static int64_t always_on_lead_us(const void *config)
{
    (void)config;
    return 0;
}

static const struct ota_sleep_common *always_on_common(const void *config)
{
    (void)config;
    return NULL;
}

static const struct ota_field always_on_fields[] = {
    {.name = NULL},
};

const struct ota_sleep_model ota_sleep_always_on = {
    .model =
        {
            .name = "always_on",
            .summary = "never sleeps",
            .source = "by definition",
            .config_size = sizeof(struct always_on_config),
            .fields = always_on_fields,
        },
    .first_us = always_on_first_us,
    .next_us = always_on_next_us,
    .lead_us = always_on_lead_us,
    .common = always_on_common,
};
