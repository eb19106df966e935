/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * app_long_every.c - an app that usually leaves soon and now and then stays
 * for an update that may come: see app.c for when.
 */
#include "models/app/app.h"

#include "models/app/app_common.h"

static struct ota_app_rhythm
rhythm_of(const struct ota_app_long_every_config *config)
{
    return (struct ota_app_rhythm){config->every_us, config->every_wakes};
}

static void long_every_start(const void *config, int64_t *memory, gsl_rng *rng)
{
    ota_app_rhythm_start(rhythm_of(config), memory, rng);
}

static struct ota_app_wait long_every_wait(const void *opaque,
                                           const struct ota_app_view *view,
                                           int64_t *memory, gsl_rng *rng)
{
    const struct ota_app_long_every_config *config = opaque;
    const struct ota_app_rhythm rhythm = rhythm_of(config);

    (void)rng;
    if (!ota_app_rhythm_due(rhythm, view->now_us, view->wake_count, *memory))
        return (struct ota_app_wait){.wait_us = config->wait_us};
    ota_app_rhythm_note(rhythm, view->now_us, view->wake_count, memory);
    return (struct ota_app_wait){.wait_us = config->long_wait_us};
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
    OTA_APP_TIME_FIELD(struct ota_app_long_every_config, "long_wait",
                       long_wait_us, NULL, "how long it stays now and then",
                       NULL),
    OTA_APP_RHYTHM_FIELDS(struct ota_app_long_every_config, "long waits"),
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
    .wait = long_every_wait,
};
