/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * app_common.h - the field rows that every app model's table begins with.
 * Private to this folder.
 */
#ifndef OTA_APP_COMMON_H
#define OTA_APP_COMMON_H

#include <stddef.h>

#include "models/app/app.h"
#include "sim/base/clock.h"

/* config_type begins with struct ota_app_common common. */
#define OTA_APP_COMMON_FIELDS(config_type)                                     \
    {                                                                          \
        .name = "work",                                                        \
        .kind = OTA_FIELD_DIST,                                                \
        .dimension = OTA_TIME,                                                 \
        .offset = offsetof(config_type, common.work),                          \
        .fallback = "0s",                                                      \
        .min = 0,                                                              \
        .max = (double)OTA_US_PER_DAY,                                         \
        .help = "time the app needs online in each wake",                      \
    },                                                                         \
        {                                                                      \
            .name = "publishes",                                               \
            .kind = OTA_FIELD_INTEGER,                                         \
            .dimension = OTA_COUNT,                                            \
            .offset = offsetof(config_type, common.publishes),                 \
            .fallback = "1",                                                   \
            .min = 0,                                                          \
            .max = 1e6,                                                        \
            .help = "events published in each wake",                           \
        },                                                                     \
        {                                                                      \
            .name = "publish_size",                                            \
            .kind = OTA_FIELD_DIST,                                            \
            .dimension = OTA_SIZE,                                             \
            .offset = offsetof(config_type, common.publish),                   \
            .fallback = "67B",                                                 \
            .min = 0,                                                          \
            .max = 65535,                                                      \
            .help = "one event on the wire, headers included",                 \
            .source = "docs.particle.io: smallest event on cellular",          \
        },                                                                     \
        {                                                                      \
            .name = "publish_ack",                                             \
            .kind = OTA_FIELD_INTEGER,                                         \
            .dimension = OTA_SIZE,                                             \
            .offset = offsetof(config_type, common.publish_ack_bytes),         \
            .fallback = "61B",                                                 \
            .min = 0,                                                          \
            .max = 65535,                                                      \
            .help = "its acknowledgement, headers included; 0B: none",         \
            .source = "docs.particle.io: acknowledgement on cellular",         \
        },                                                                     \
        {                                                                      \
            .name = "threaded",                                                \
            .kind = OTA_FIELD_FLAG,                                            \
            .offset = offsetof(config_type, common.threaded),                  \
            .fallback = "true",                                                \
            .help = "messages are taken as they come, whatever the app does",  \
            .source = "the default of Device OS 6.2 (CHANGELOG)",              \
        },                                                                     \
        {                                                                      \
            .name = "pump_interval",                                           \
            .kind = OTA_FIELD_INTEGER,                                         \
            .dimension = OTA_TIME,                                             \
            .offset = offsetof(config_type, common.pump_us),                   \
            .fallback = "100ms",                                               \
            .min = 0,                                                          \
            .max = (double)OTA_US_PER_H,                                       \
            .help = "not threaded: the app takes one message this often",      \
            .source = "assumption: one pass of a short loop",                  \
        },                                                                     \
        {                                                                      \
            .name = "stay_once_begun",                                         \
            .kind = OTA_FIELD_FLAG,                                            \
            .offset = offsetof(config_type, common.stay_once_begun),           \
            .fallback = "false",                                               \
            .help = "an update that has begun keeps the device awake",         \
        },                                                                     \
    {                                                                          \
        .name = "stay_max", .kind = OTA_FIELD_INTEGER, .dimension = OTA_TIME,  \
        .offset = offsetof(config_type, common.stay_max_us),                   \
        .fallback = "10min", .min = 0, .max = (double)OTA_US_PER_DAY,          \
        .help = "but no longer than this after it began", .source = "ours",    \
    }

/* The wait that both models have. */
#define OTA_APP_WAIT_FIELD(config_type)                                        \
    {                                                                          \
        .name = "wait", .kind = OTA_FIELD_INTEGER, .dimension = OTA_TIME,      \
        .offset = offsetof(config_type, wait_us), .fallback = "10s", .min = 0, \
        .max = (double)OTA_US_PER_DAY,                                         \
        .help = "how long the device stays awake after it connected",          \
        .source = "docs.particle.io: 10 s is usually sufficient",              \
    }

#endif
