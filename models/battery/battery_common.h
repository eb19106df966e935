/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * battery_common.h - what the battery models share: the currents. Private to
 * this folder.
 */
#ifndef OTA_BATTERY_COMMON_H
#define OTA_BATTERY_COMMON_H

#include <stddef.h>

#include "models/battery/battery.h"

/* More than an int64_t holds is as much as it holds. */
static inline int64_t ota_battery_add_pc(int64_t a, int64_t b)
{
    int64_t sum;

    if (!__builtin_add_overflow(a, b, &sum))
        return sum;
    return b > 0 ? INT64_MAX : -INT64_MAX;
}

/* A row of a field table: a current at that offset. The largest that a
 * scenario may set is 10 A. */
#define OTA_BATTERY_NA_FIELD(key, at, text, says, from)                        \
    {                                                                          \
        .name = key, .kind = OTA_FIELD_INTEGER, .dimension = OTA_CURRENT,      \
        .offset = (at), .fallback = text, .min = 0, .max = 1e10, .help = says, \
        .source = from,                                                        \
    }

/* The current in one state. */
#define OTA_BATTERY_CURRENT_FIELD(key, power, text, says, from)                \
    OTA_BATTERY_NA_FIELD(key,                                                  \
                         offsetof(struct ota_battery_config, current_na) +     \
                             sizeof(int64_t) * (power),                        \
                         text, says, from)

#define OTA_BATTERY_ELECTRON "Particle Electron datasheet, typical"

#define OTA_BATTERY_SLEEP_ELECTRON                                             \
    "docs.particle.io, Device OS API, sleep modes: Electron, typical"

#define OTA_BATTERY_CURRENT_FIELDS                                             \
    OTA_BATTERY_CURRENT_FIELD("hibernate_current", OTA_POWER_HIBERNATE,        \
                              "114uA", "current asleep, nothing kept",         \
                              OTA_BATTERY_SLEEP_ELECTRON),                     \
        OTA_BATTERY_CURRENT_FIELD("stop_current", OTA_POWER_STOP, "2.53mA",    \
                                  "current asleep, memory kept",               \
                                  OTA_BATTERY_SLEEP_ELECTRON),                 \
        OTA_BATTERY_CURRENT_FIELD(                                             \
            "ultra_low_power_current", OTA_POWER_ULTRA_LOW_POWER, "2.55mA",    \
            "the same in its leanest way", OTA_BATTERY_SLEEP_ELECTRON),        \
        OTA_BATTERY_CURRENT_FIELD("standby_current", OTA_POWER_STANDBY,        \
                                  "28.1mA",                                    \
                                  "current asleep, memory and network kept",   \
                                  OTA_BATTERY_SLEEP_ELECTRON),                 \
        OTA_BATTERY_CURRENT_FIELD("boot_current", OTA_POWER_BOOT, "33.3mA",    \
                                  "current with the processor only",           \
                                  OTA_BATTERY_ELECTRON),                       \
        OTA_BATTERY_CURRENT_FIELD("attach_current", OTA_POWER_ATTACH, "103mA", \
                                  "current while attaching to the network",    \
                                  OTA_BATTERY_ELECTRON),                       \
        OTA_BATTERY_CURRENT_FIELD(                                             \
            "connect_current", OTA_POWER_CONNECT, "106mA",                     \
            "current while setting up a session and publishing",               \
            OTA_BATTERY_ELECTRON),                                             \
        OTA_BATTERY_CURRENT_FIELD("online_current", OTA_POWER_ONLINE, "37mA",  \
                                  "current while connected and idle",          \
                                  OTA_BATTERY_ELECTRON),                       \
        OTA_BATTERY_CURRENT_FIELD(                                             \
            "transfer_current", OTA_POWER_TRANSFER, "114mA",                   \
            "current while receiving an update",                               \
            OTA_BATTERY_ELECTRON ", transmitting to the cloud"),               \
        OTA_BATTERY_CURRENT_FIELD(                                             \
            "tail_current", OTA_POWER_TAIL, "28.1mA",                          \
            "current asleep while the network still holds the radio up",       \
            "assumption: as in standby")

#endif
