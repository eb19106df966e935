/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * app_ask.c - an app that asks a server of the user's own, in each wake,
 * whether this device is flagged for an update, and stays only if so.
 *
 * The app does not leave before it has the answer; the long wait begins with
 * the answer. The server then has the update sent, so a delivery on request
 * goes with it.
 */
#include "models/app/app.h"

#include "models/app/app_common.h"

static struct ota_app_wait ask_wait(const void *opaque,
                                    const struct ota_app_view *view,
                                    int64_t *memory, gsl_rng *rng)
{
    const struct ota_app_ask_config *config = opaque;
    const int64_t answer_us = ota_dist_draw_us(&config->answer, rng);

    (void)memory;
    return (struct ota_app_wait){
        .wait_us = view->flagged ? ota_us_add(answer_us, config->long_wait_us)
                                 : ota_us_max(answer_us, config->wait_us),
        .bytes = config->ask_bytes,
        .asked = true,
    };
}

static const struct ota_field ask_fields[] = {
    OTA_APP_COMMON_FIELDS(struct ota_app_ask_config),
    OTA_APP_TIME_FIELD(struct ota_app_ask_config, "wait", wait_us, "0s",
                       "how long it stays at least, after it connected", NULL),
    OTA_APP_TIME_FIELD(struct ota_app_ask_config, "long_wait", long_wait_us,
                       "5min",
                       "how long it stays for an update, after the "
                       "answer",
                       "ours: as long as the firmware-update state of examples "
                       "on docs.particle.io"),
    {
        .name = "answer",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_app_ask_config, answer),
        .fallback = "uniform(1s, 3s)",
        .min = 0,
        .max = (double)OTA_US_PER_H,
        .help = "time from the connect to the server's answer",
        .source = "assumption: a webhook and its response",
    },
    {
        .name = "ask_size",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_SIZE,
        .offset = offsetof(struct ota_app_ask_config, ask_bytes),
        .fallback = "328B",
        .min = 0,
        .max = 1e6,
        .help = "bytes of the question and its answer, both ways",
        .source = "docs.particle.io: about 200 B to publish by webhook, and 67 "
                  "and 61 B for an event back and its acknowledgement",
    },
    {.name = NULL},
};

const struct ota_app_model ota_app_ask = {
    .model =
        {
            .name = "ask",
            .summary = "asks a server in each wake, stays only if it is "
                       "flagged for an update",
            .source = "community.particle.io/t/41651, the last post",
            .config_size = sizeof(struct ota_app_ask_config),
            .fields = ask_fields,
        },
    .start = ota_app_start_blank,
    .wait = ask_wait,
};
