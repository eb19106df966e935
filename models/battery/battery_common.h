/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * battery_common.h - what the battery models share: the currents. Private to
 * this folder.
 */
#ifndef OTA_BATTERY_COMMON_H
#define OTA_BATTERY_COMMON_H

#include <stddef.h>

#include "models/battery/battery.h"

/* The charge that duration_us in that state take, rounded down [pC];
 * INT64_MAX if it does not fit. */
int64_t ota_battery_charge_pc(const void *config, enum ota_power power,
                              int64_t duration_us);

/* A row of a field table: the current in one state. The largest that a
 * scenario may set is 10 A. */
#define OTA_BATTERY_CURRENT_FIELD(key, power, text, says, from)                \
    {                                                                          \
        .name = key, .kind = OTA_FIELD_INTEGER, .dimension = OTA_CURRENT,      \
        .offset = offsetof(struct ota_battery_config, current_na) +            \
                  sizeof(int64_t) * (power),                                   \
        .fallback = text, .min = 0, .max = 1e10, .help = says, .source = from, \
    }

#define OTA_BATTERY_ELECTRON "Particle Electron datasheet, typical"

#define OTA_BATTERY_CURRENT_FIELDS                                             \
    OTA_BATTERY_CURRENT_FIELD("sleep_current", OTA_POWER_SLEEP, "114uA",       \
                              "current asleep",                                \
                              "docs.particle.io: Electron, hibernate"),        \
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
            OTA_BATTERY_ELECTRON ", transmitting to the cloud")

#endif
