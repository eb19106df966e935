/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * battery.c - the battery models.
 */
#include "models/battery/battery.h"

const struct ota_battery_model *const ota_battery_models[] = {
    &ota_battery_mains,
    &ota_battery_by_state,
    NULL,
};

const char *const ota_power_names[OTA_POWERS] = {
    [OTA_POWER_HIBERNATE] = "hibernate",
    [OTA_POWER_STOP] = "stop",
    [OTA_POWER_ULTRA_LOW_POWER] = "ultra_low_power",
    [OTA_POWER_STANDBY] = "standby",
    [OTA_POWER_BOOT] = "boot",
    [OTA_POWER_ATTACH] = "attach",
    [OTA_POWER_CONNECT] = "connect",
    [OTA_POWER_ONLINE] = "online",
    [OTA_POWER_TRANSFER] = "transfer",
    [OTA_POWER_TAIL] = "tail",
};
