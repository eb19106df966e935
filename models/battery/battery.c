/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * battery.c - the battery models, and the charge that a current makes.
 */
#include "models/battery/battery.h"

#include <assert.h>

#include "models/battery/battery_common.h"

const struct ota_battery_model *const ota_battery_models[] = {
    &ota_battery_mains,
    &ota_battery_by_state,
    NULL,
};

const char *const ota_power_names[OTA_POWERS] = {
    [OTA_POWER_SLEEP] = "sleep",   [OTA_POWER_BOOT] = "boot",
    [OTA_POWER_ATTACH] = "attach", [OTA_POWER_CONNECT] = "connect",
    [OTA_POWER_ONLINE] = "online", [OTA_POWER_TRANSFER] = "transfer",
};

int64_t ota_battery_charge_pc(const void *opaque, enum ota_power power,
                              int64_t duration_us)
{
    const struct ota_battery_config *config = opaque;
    const int64_t na = config->current_na[power];
    const int64_t whole_ms = duration_us / 1000;
    const int64_t rest_us = duration_us % 1000;

    assert(duration_us >= 0 && na >= 0);
    /* nA * ms = pC. Whole milliseconds apart: no product larger than the
     * result is formed. */
    const int64_t rest_pc = rest_us * na / 1000;
    if (na > 0 && whole_ms > (INT64_MAX - rest_pc) / na)
        return INT64_MAX;
    return whole_ms * na + rest_pc;
}
