/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * app_common.h - what the app models share: the field rows that every table
 * begins with, and things that are done now and then. Private to this folder.
 */
#ifndef OTA_APP_COMMON_H
#define OTA_APP_COMMON_H

#include <stddef.h>

#include "models/app/app.h"
#include "sim/base/clock.h"

extern const char *const ota_app_updates_words[]; /* ended by NULL */

/* For a model that remembers nothing. */
void ota_app_start_blank(const void *config, int64_t *memory, gsl_rng *rng);

/* How often something happens "now and then": each so many wakes, or by time
 * if every_wakes is 0. */
struct ota_app_rhythm {
    int64_t every_us;
    int64_t every_wakes;
};

/* Puts *memory, when it happened last, uniformly into the time or the wakes
 * before time 0. */
void ota_app_rhythm_start(struct ota_app_rhythm rhythm, int64_t *memory,
                          gsl_rng *rng);

/* Returns whether it is due, at now_us in that wake. */
bool ota_app_rhythm_due(struct ota_app_rhythm rhythm, int64_t now_us,
                        int64_t wake_count, int64_t memory);

/* Notes that it happens. */
void ota_app_rhythm_note(struct ota_app_rhythm rhythm, int64_t now_us,
                         int64_t wake_count, int64_t *memory);

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
            .name = "connect_max",                                             \
            .kind = OTA_FIELD_INTEGER,                                         \
            .dimension = OTA_TIME,                                             \
            .offset = offsetof(config_type, common.connect_max_us),            \
            .fallback = "120s",                                                \
            .min = (double)OTA_US_PER_S,                                       \
            .max = (double)OTA_NEVER,                                          \
            .help = "a device that sleeps gives up connecting so long after "  \
                    "it woke",                                                 \
            .source = "docs.particle.io, wake-publish-sleep for cellular: "    \
                      "allow at least 120 s",                                  \
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
        {                                                                      \
            .name = "stay_max",                                                \
            .kind = OTA_FIELD_INTEGER,                                         \
            .dimension = OTA_TIME,                                             \
            .offset = offsetof(config_type, common.stay_max_us),               \
            .fallback = "10min",                                               \
            .min = 0,                                                          \
            .max = (double)OTA_US_PER_DAY,                                     \
            .help = "but no longer than this after it began",                  \
            .source = "ours",                                                  \
        },                                                                     \
        {                                                                      \
            .name = "updates",                                                 \
            .kind = OTA_FIELD_CHOICE,                                          \
            .offset = offsetof(config_type, common.updates),                   \
            .fallback = "enabled",                                             \
            .choices = ota_app_updates_words,                                  \
            .help = "whether the app lets updates in; when_idle: not while "   \
                    "it works and publishes",                                  \
            .source = "particle-iot/device-os, system/src/"                    \
                      "system_update.cpp: enabled unless the app disables it", \
        },                                                                     \
        {                                                                      \
            .name = "on_pending",                                              \
            .kind = OTA_FIELD_FLAG,                                            \
            .offset = offsetof(config_type, common.on_pending),                \
            .fallback = "false",                                               \
            .help = "told that an update is pending, the app enables updates " \
                    "and stays for it, stay_max at most",                      \
        },                                                                     \
        {                                                                      \
            .name = "interferes",                                              \
            .kind = OTA_FIELD_INTEGER,                                         \
            .dimension = OTA_TIME,                                             \
            .offset = offsetof(config_type, common.interferes_us),             \
            .fallback = "never",                                               \
            .min = (double)OTA_US_PER_S,                                       \
            .max = (double)OTA_NEVER,                                          \
            .help = "mean time under an update until the app breaks it; not "  \
                    "in safe mode",                                            \
        },                                                                     \
    {                                                                          \
        .name = "interferes_per_chunk", .kind = OTA_FIELD_REAL,                \
        .dimension = OTA_RATIO,                                                \
        .offset = offsetof(config_type, common.interferes_per_chunk),          \
        .fallback = "0", .min = 0, .max = 1,                                   \
        .help = "chance that the app breaks an update at a chunk; not in "     \
                "safe mode",                                                   \
    }

/* A time, at most a day. */
#define OTA_APP_TIME_FIELD(config_type, key, member, text, says, from)         \
    {                                                                          \
        .name = key, .kind = OTA_FIELD_INTEGER, .dimension = OTA_TIME,         \
        .offset = offsetof(config_type, member), .fallback = text, .min = 0,   \
        .max = (double)OTA_US_PER_DAY, .help = says, .source = from,           \
    }

/* The wait of an app that does not know better. */
#define OTA_APP_WAIT_FIELD(config_type)                                        \
    OTA_APP_TIME_FIELD(config_type, "wait", wait_us, "10s",                    \
                       "how long the device stays awake after it connected",   \
                       "docs.particle.io: 10 s is usually sufficient")

/* Now and then. */
#define OTA_APP_RHYTHM_FIELDS(config_type, what)                               \
    {                                                                          \
        .name = "every",                                                       \
        .kind = OTA_FIELD_INTEGER,                                             \
        .dimension = OTA_TIME,                                                 \
        .offset = offsetof(config_type, every_us),                             \
        .fallback = "1d",                                                      \
        .min = (double)OTA_US_PER_S,                                           \
        .max = 366.0 * (double)OTA_US_PER_DAY,                                 \
        .help = "time between " what ", unless every_wakes is set",            \
        .source = "a daily window, as users on community.particle.io plan it", \
    },                                                                         \
    {                                                                          \
        .name = "every_wakes", .kind = OTA_FIELD_INTEGER,                      \
        .dimension = OTA_COUNT, .offset = offsetof(config_type, every_wakes),  \
        .fallback = "0", .min = 0, .max = 1e9,                                 \
        .help = "wakes between " what "; 0: by time",                          \
    }

#endif
