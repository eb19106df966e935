/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * battery.h - kind of model: what a device draws in each state, and how long
 * that lasts.
 *
 * Charge is counted in picocoulombs: 1 nA for 1 ms, so integer currents and
 * times make integer charges. 1 mAh is 3.6e12 pC.
 */
#ifndef OTA_BATTERY_H
#define OTA_BATTERY_H

#include <stdint.h>

#include "sim/base/model.h"

/* What a device is doing, as far as its current goes. */
enum ota_power {
    OTA_POWER_SLEEP,
    OTA_POWER_BOOT,     /* processor only: booting, applying a module */
    OTA_POWER_ATTACH,   /* searching for and joining the network */
    OTA_POWER_CONNECT,  /* session set-up, publishing */
    OTA_POWER_ONLINE,   /* connected and idle */
    OTA_POWER_TRANSFER, /* receiving an update */
    OTA_POWERS
};

extern const char *const ota_power_names[OTA_POWERS];

#define OTA_PC_PER_UAH INT64_C(3600000000)

struct ota_battery_model {
    struct ota_model model;

    /* Returns the charge that duration_us in that state take [pC]; 0 where it
     * is not counted. */
    int64_t (*charge_pc)(const void *config, enum ota_power power,
                         int64_t duration_us);

    /* Returns how long left_pc last in that state [us]; OTA_NEVER if for
     * ever. */
    int64_t (*lasts_us)(const void *config, enum ota_power power,
                        int64_t left_pc);

    /* Returns the charge at time 0 [pC]; INT64_MAX: endless. */
    int64_t (*capacity_pc)(const void *config);
};

struct ota_battery {
    const struct ota_battery_model *model;
    const void *config;
};

/* Both models'. "mains" counts the same currents but never runs out. */
struct ota_battery_config {
    int64_t current_na[OTA_POWERS];
    int64_t capacity_uah; /* "by_state" only */
    double full;          /* "by_state": share of it at time 0 */
};

extern const struct ota_battery_model ota_battery_mains;
extern const struct ota_battery_model ota_battery_by_state;

/* Every battery model, ended by NULL. */
extern const struct ota_battery_model *const ota_battery_models[];

#endif
