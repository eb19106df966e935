/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sleep_common.h - what the sleep models share: the common fields, and wakes
 * that repeat. Private to this folder.
 */
#ifndef OTA_SLEEP_COMMON_H
#define OTA_SLEEP_COMMON_H

#include <stddef.h>
#include <stdint.h>

#include "models/sleep/sleep.h"
#include "sim/base/clock.h"

extern const char *const ota_sleep_phases[]; /* words, ended by NULL */

/* Returns the config itself, which begins with its common part. */
const struct ota_sleep_common *ota_sleep_common_part(const void *config);

/* Instants that come again and again. */
struct ota_sleep_cycle {
    const int64_t *at_us; /* count of them, ascending, in [0, length_us) */
    size_t count;         /* at least 1 */
    int64_t length_us;
};

/* Returns the first instant of the cycle later than now_us [us], which must
 * not be less than -length_us; OTA_NEVER past the end of time. */
int64_t ota_sleep_cycle_after(const struct ota_sleep_cycle *cycle,
                              int64_t now_us);

/* Returns the last instant of the cycle at or before now_us [us]; likewise. */
int64_t ota_sleep_cycle_before(const struct ota_sleep_cycle *cycle,
                               int64_t now_us);

/* The config begins with struct ota_sleep_common. */
#define OTA_SLEEP_COMMON_FIELDS                                                \
    {                                                                          \
        .name = "depth",                                                       \
        .kind = OTA_FIELD_CHOICE,                                              \
        .offset = offsetof(struct ota_sleep_common, depth),                    \
        .fallback = "hibernate",                                               \
        .choices = ota_sleep_depths,                                           \
        .help = "what waking costs: boot and attach (hibernate), attach "      \
                "(stop, ultra_low_power), or neither (standby)",               \
    },                                                                         \
        {                                                                      \
            .name = "boot",                                                    \
            .kind = OTA_FIELD_INTEGER,                                         \
            .dimension = OTA_TIME,                                             \
            .offset = offsetof(struct ota_sleep_common, boot_us),              \
            .fallback = "0s",                                                  \
            .min = 0,                                                          \
            .max = (double)OTA_US_PER_H,                                       \
            .help =                                                            \
                "time from waking to the start of the app or of the attach",   \
        },                                                                     \
    {                                                                          \
        .name = "low_charge", .kind = OTA_FIELD_REAL, .dimension = OTA_RATIO,  \
        .offset = offsetof(struct ota_sleep_common, low_charge),               \
        .fallback = "0", .min = 0, .max = 1,                                   \
        .help = "a wake is skipped below this share of a full battery (15% "   \
                "in the examples of docs.particle.io)",                        \
    }

#endif
