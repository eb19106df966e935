/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * presence_always.c - a device that nobody switches off.
 */
#include "models/presence/presence.h"

#include "sim/base/clock.h"

struct always_config {
    char unused; /* nothing to set */
};

static int64_t always_first_us(const void *config, gsl_rng *rng, bool *on)
{
    (void)config;
    (void)rng;
    *on = true;
    return OTA_NEVER;
}

static int64_t always_next_us(const void *config, bool on, gsl_rng *rng)
{
    (void)config;
    (void)on;
    (void)rng;
    return OTA_NEVER;
}

static const struct ota_field always_fields[] = {
    {.name = NULL},
};

const struct ota_presence_model ota_presence_always = {
    .model =
        {
            .name = "always",
            .summary = "never switched off",
            .source = "by definition",
            .config_size = sizeof(struct always_config),
            .fields = always_fields,
        },
    .first_us = always_first_us,
    .next_us = always_next_us,
};
