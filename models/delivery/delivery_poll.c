/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delivery_poll.c - nobody tells a device of an update: it asks, every so
 * often, and hears of it then.
 */
#include "models/delivery/delivery.h"

#include "models/delivery/delivery_common.h"

static bool poll_offers(const void *config,
                        const struct ota_delivery_view *view)
{
    (void)config;
    return view->polls;
}

static const struct ota_delivery_polling *polling_of(const void *opaque)
{
    const struct ota_delivery_poll_config *config = opaque;

    return &config->polling;
}

/* In the order of enum ota_delivery_phase. */
static const char *const phase_words[] = {"random", "boot", "even", NULL};

static const struct ota_field poll_fields[] = {
    OTA_DELIVERY_FIELDS("time from the poll to the begin of the transfer",
                        "reports on community.particle.io: 3 to 20 s"),
    {
        .name = "every",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_delivery_poll_config, polling.every),
        .fallback = "30min",
        .min = (double)OTA_US_PER_S,
        .max = 366.0 * (double)OTA_US_PER_DAY,
        .help = "from poll to poll of a device that stays online; one that "
                "sleeps polls when it connects",
        .source = "docs.mender.io, Polling intervals: UpdatePollInterval"
                  "Seconds 1800",
    },
    {
        .name = "jitter",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_delivery_poll_config, polling.jitter),
        .fallback = "0s",
        .min = 0,
        .max = 366.0 * (double)OTA_US_PER_DAY,
        .help = "added to each interval",
        .source = "balena-os/balena-supervisor, src/api-binder/poll.ts: up to "
                  "60 s; Mender's client has none",
    },
    {
        .name = "phase",
        .kind = OTA_FIELD_CHOICE,
        .offset = offsetof(struct ota_delivery_poll_config, polling.phase),
        .fallback = "random",
        .choices = phase_words,
        .help = "first poll: at any time, at the connect after a boot, or "
                "device i of n at i/n of the interval behind the release",
    },
    {.name = NULL},
};

const struct ota_delivery_model ota_delivery_poll = {
    .model =
        {
            .name = "poll",
            .summary = "offered to a device that asks, every so often",
            .source = "docs.mender.io, Polling intervals",
            .config_size = sizeof(struct ota_delivery_poll_config),
            .fields = poll_fields,
        },
    .offers = poll_offers,
    .offers_online = ota_delivery_not_online,
    .delay_us = ota_delivery_delay_us,
    .decision_us = ota_delivery_decision_us,
    .retry = ota_delivery_retry_of,
    .script = ota_delivery_no_script,
    .polling = polling_of,
};
