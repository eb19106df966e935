/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * app_long_every.c - an app that usually leaves soon and now and then stays
 * for an update that may come.
 *
 * By time, the first connect at least `every` after the last long wait waits
 * long, and the last long wait before time 0 is uniform in (-every, 0]. By
 * wakes, the first connect at least every_wakes wakes after the last long wait
 * does, and which of the first every_wakes wakes that is, is equally likely
 * for each. Either way a wake that does not connect delays the long wait, and
 * does not skip it.
 */
#include "models/app/app.h"

#include <gsl/gsl_rng.h>

#include "models/app/app_common.h"

/* Time or wakes between long waits. */
static int64_t spacing(const struct ota_app_long_every_config *config)
{
    return config->every_wakes > 0 ? config->every_wakes : config->every_us;
}

static void long_every_start(const void *config, int64_t *last_long,
                             gsl_rng *rng)
{
    *last_long = -(int64_t)((double)spacing(config) * gsl_rng_uniform(rng));
}

static int64_t long_every_wait_us(const void *opaque, int64_t now_us,
                                  int64_t wake_count, int64_t *last_long)
{
    const struct ota_app_long_every_config *config = opaque;
    const int64_t now = config->every_wakes > 0 ? wake_count : now_us;

    if (now - *last_long < spacing(config))
        return config->wait_us;
    *last_long = now;
    return config->long_wait_us;
}

static const char *long_every_problem(const void *opaque)
{
    const struct ota_app_long_every_config *config = opaque;

    if (config->long_wait_us < config->wait_us)
        return "long_wait is shorter than wait; it must be at least as long";
    return NULL;
}

static const struct ota_field long_every_fields[] = {
    OTA_APP_COMMON_FIELDS(struct ota_app_long_every_config),
    OTA_APP_WAIT_FIELD(struct ota_app_long_every_config),
    {
        .name = "long_wait",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_app_long_every_config, long_wait_us),
        .min = 0,
        .max = (double)OTA_US_PER_DAY,
        .help = "how long it stays now and then",
    },
    {
        .name = "every",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_app_long_every_config, every_us),
        .fallback = "1d",
        .min = (double)OTA_US_PER_S,
        .max = 366.0 * (double)OTA_US_PER_DAY,
        .help = "time between long waits, unless every_wakes is set",
        .source = "a daily window, as users on community.particle.io plan it",
    },
    {
        .name = "every_wakes",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset = offsetof(struct ota_app_long_every_config, every_wakes),
        .fallback = "0",
        .min = 0,
        .max = 1e9,
        .help = "wakes between long waits; 0: by time",
    },
    {.name = NULL},
};

const struct ota_app_model ota_app_long_every = {
    .model =
        {
            .name = "long_every",
            .summary = "leaves soon, but stays long once in a while",
            .source = "community.particle.io/t/41651",
            .config_size = sizeof(struct ota_app_long_every_config),
            .fields = long_every_fields,
            .problem = long_every_problem,
        },
    .start = long_every_start,
    .wait_us = long_every_wait_us,
};
