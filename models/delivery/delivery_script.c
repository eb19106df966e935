/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delivery_script.c - an operator, or a script of hers, sends one module after
 * another to a device that is online. The cloud offers nothing by itself.
 */
#include "models/delivery/delivery.h"

#include "models/delivery/delivery_common.h"

static bool script_offers(const void *config,
                          const struct ota_delivery_view *view)
{
    (void)config;
    (void)view;
    return false;
}

static const struct ota_delivery_script *script_of(const void *opaque)
{
    const struct ota_delivery_script_config *config = opaque;

    return &config->script;
}

/* In the order of the enums. */
static const char *const safe_mode_words[] = {"never", "once", "each", NULL};
static const char *const order_words[] = {"needs", "reversed", NULL};

static const struct ota_field script_fields[] = {
    OTA_DELIVERY_FIELDS(
        "time the operator takes to see that a device is there, and to act",
        "assumption"),
    {
        .name = "verifies",
        .kind = OTA_FIELD_FLAG,
        .offset = offsetof(struct ota_delivery_script_config, script.verifies),
        .fallback = "false",
        .help = "goes on when the device reports the module, and sends it "
                "again otherwise; else goes by the clock alone",
    },
    {
        .name = "every",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_delivery_script_config, script.every_us),
        .fallback = "5min",
        .min = (double)OTA_US_PER_S,
        .max = 366.0 * (double)OTA_US_PER_DAY,
        .help = "by the clock: time between two modules; verifying: until it "
                "looks again at a device without the module",
        .source = "ours: room for a transfer, a reboot and a connect",
    },
    {
        .name = "tries_max",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset = offsetof(struct ota_delivery_script_config, script.tries_max),
        .fallback = "0",
        .min = 0,
        .max = 65535,
        .help = "verifying: sends of one module before the device is given "
                "up; 0: no end",
    },
    {
        .name = "safe_mode",
        .kind = OTA_FIELD_CHOICE,
        .offset = offsetof(struct ota_delivery_script_config, script.safe_mode),
        .fallback = "never",
        .choices = safe_mode_words,
        .help = "puts the device into safe mode before the first module, or "
                "before each (a reboot leaves it)",
    },
    {
        .name = "order",
        .kind = OTA_FIELD_CHOICE,
        .offset = offsetof(struct ota_delivery_script_config, script.order),
        .fallback = "needs",
        .choices = order_words,
        .help = "each module's needs met when it is sent, or the other way "
                "round, as by mistake",
    },
    {.name = NULL},
};

const struct ota_delivery_model ota_delivery_script = {
    .model =
        {
            .name = "script",
            .summary = "an operator sends the modules by hand, one after "
                       "another",
            .source = "community.particle.io: OTA update of system firmware; "
                      "Electron OTA updating system firmware",
            .config_size = sizeof(struct ota_delivery_script_config),
            .fields = script_fields,
        },
    .offers = script_offers,
    .offers_online = ota_delivery_not_online,
    .delay_us = ota_delivery_delay_us,
    .decision_us = ota_delivery_decision_us,
    .retry = ota_delivery_retry_of,
    .script = script_of,
    .polling = ota_delivery_no_polling,
};
