/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delivery_common.h - what the delivery models share: all but the trigger.
 * Private to this folder.
 */
#ifndef OTA_DELIVERY_COMMON_H
#define OTA_DELIVERY_COMMON_H

#include <stddef.h>

#include "models/delivery/delivery.h"
#include "sim/base/clock.h"

/* Of a model whose config is struct ota_delivery_config. */
extern const struct ota_field ota_delivery_fields[];

int64_t ota_delivery_delay_us(const void *config, gsl_rng *rng);
int64_t ota_delivery_decision_us(const void *config, gsl_rng *rng);
const struct ota_delivery_retry *ota_delivery_retry_of(const void *config);

/* The cloud sends by itself. */
const struct ota_delivery_script *ota_delivery_no_script(const void *config);

/* Devices do not ask. */
const struct ota_delivery_polling *ota_delivery_no_polling(const void *config);

/* Nothing is begun on a device merely because it is online. */
bool ota_delivery_not_online(const void *config);

/* The rows of every table; the config begins with struct ota_delivery_config.
 * What begin_delay is differs. */
#define OTA_DELIVERY_FIELDS(delay_help, delay_source)                          \
    {                                                                          \
        .name = "begin_delay",                                                 \
        .kind = OTA_FIELD_DIST,                                                \
        .dimension = OTA_TIME,                                                 \
        .offset = offsetof(struct ota_delivery_config, begin_delay),           \
        .fallback = "uniform(3s, 20s)",                                        \
        .min = 0,                                                              \
        .max = 366.0 * (double)OTA_US_PER_DAY,                                 \
        .help = delay_help,                                                    \
        .source = delay_source,                                                \
    },                                                                         \
        {                                                                      \
            .name = "decision",                                                \
            .kind = OTA_FIELD_DIST,                                            \
            .dimension = OTA_TIME,                                             \
            .offset = offsetof(struct ota_delivery_config, decision),          \
            .fallback = "uniform(1.64s, 1.86s)",                               \
            .min = 0,                                                          \
            .max = (double)OTA_US_PER_H,                                       \
            .help = "time from a connect until the device is told whether "    \
                    "an update is pending",                                    \
            .source = "docs.particle.io, firmware update events: logs of "     \
                      "2024, 1.64 to 1.86 s after online",                     \
        },                                                                     \
        {                                                                      \
            .name = "attempts_max",                                            \
            .kind = OTA_FIELD_INTEGER,                                         \
            .dimension = OTA_COUNT,                                            \
            .offset =                                                          \
                offsetof(struct ota_delivery_config, retry.attempts_max),      \
            .fallback = "0",                                                   \
            .min = 0,                                                          \
            .max = 65535,                                                      \
            .help = "failed attempts after which the cloud gives a device "    \
                    "up; 0: never",                                            \
            .source = "ours: Particle's limit is not public",                  \
        },                                                                     \
        {                                                                      \
            .name = "session_max",                                             \
            .kind = OTA_FIELD_INTEGER,                                         \
            .dimension = OTA_COUNT,                                            \
            .offset = offsetof(struct ota_delivery_config, retry.session_max), \
            .fallback = "0",                                                   \
            .min = 0,                                                          \
            .max = 255,                                                        \
            .help = "attempts within one session; 0: no limit",                \
            .source = "ours: Particle's limit is not public",                  \
        },                                                                     \
    {                                                                          \
        .name = "retry_after", .kind = OTA_FIELD_INTEGER,                      \
        .dimension = OTA_TIME,                                                 \
        .offset = offsetof(struct ota_delivery_config, retry.after_us),        \
        .fallback = "0s", .min = 0, .max = 366.0 * (double)OTA_US_PER_DAY,     \
        .help = "from a failed attempt to the next offer, at least",           \
        .source = "ours: Particle's is not public",                            \
    }

#endif
