/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * app_until_told.c - an app that asks the Device OS whether an update is
 * coming, and sleeps as soon as that says no.
 *
 * System.updateStatus() tells from Device OS 4.0.0 on. An older one leaves the
 * app waiting for nothing in each wake; so does an update that is coming but
 * does not begin within the wait.
 */
#include "models/app/app.h"

#include "models/app/app_common.h"

static struct ota_app_wait until_told_wait(const void *opaque,
                                           const struct ota_app_view *view,
                                           int64_t *memory, gsl_rng *rng)
{
    const struct ota_app_until_told_config *config = opaque;

    (void)memory;
    (void)rng;
    /* OTA_NEVER is later than any wait. */
    return (struct ota_app_wait){
        .wait_us = ota_us_min(view->told_us, config->wait_us)};
}

static const struct ota_field until_told_fields[] = {
    OTA_APP_COMMON_FIELDS(struct ota_app_until_told_config),
    OTA_APP_TIME_FIELD(struct ota_app_until_told_config, "wait", wait_us, "30s",
                       "how long it stays at most, after it connected",
                       "community.particle.io/t/41651: updates begin within 3 "
                       "to 20 s, plan for 10 to 30 s"),
    {.name = NULL},
};

const struct ota_app_model ota_app_until_told = {
    .model =
        {
            .name = "until_told",
            .summary = "leaves as soon as it is told that there is no update "
                       "(Device OS 4.0.0)",
            .source = "particle-iot/device-os, #2344: System.updateStatus()",
            .config_size = sizeof(struct ota_app_until_told_config),
            .fields = until_told_fields,
        },
    .start = ota_app_start_blank,
    .wait = until_told_wait,
};
