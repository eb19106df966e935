/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sleep.c - the sleep models, and the words for how deep a sleep is.
 */
#include "models/sleep/sleep.h"

const char *const ota_sleep_depths[] = {
    [OTA_SLEEP_HIBERNATE] = "hibernate",
    [OTA_SLEEP_MODEM_OFF] = "modem_off",
    [OTA_SLEEP_STANDBY] = "standby",
    NULL,
};

const struct ota_sleep_model *const ota_sleep_models[] = {
    &ota_sleep_interval,
    &ota_sleep_always_on,
    NULL,
};
