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

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

#include "sim/base/dist.h"
#include "sim/base/model.h"

/* What a device is doing, as far as its current goes. */
enum ota_power {
    OTA_POWER_HIBERNATE, /* asleep, by depth */
    OTA_POWER_STOP,
    OTA_POWER_ULTRA_LOW_POWER,
    OTA_POWER_STANDBY,
    OTA_POWER_BOOT,     /* processor only: booting, applying a module */
    OTA_POWER_ATTACH,   /* searching for and joining the network */
    OTA_POWER_CONNECT,  /* session set-up, publishing */
    OTA_POWER_ONLINE,   /* connected and idle */
    OTA_POWER_TRANSFER, /* receiving an update */
    OTA_POWER_TAIL,     /* asleep, the radio still up */
    OTA_POWERS
};

static inline bool ota_power_is_sleep(enum ota_power power)
{
    return power <= OTA_POWER_STANDBY || power == OTA_POWER_TAIL;
}

extern const char *const ota_power_names[OTA_POWERS];

#define OTA_PC_PER_UAH INT64_C(3600000000)

struct ota_battery_model {
    struct ota_model model;

    /* Returns how long left_pc last in that state [us]; OTA_NEVER if for
     * ever. */
    int64_t (*lasts_us)(const void *config, enum ota_power power,
                        int64_t left_pc);

    /* Returns the charge at time 0 [pC]; INT64_MAX: endless. Draws if it
     * varies. */
    int64_t (*start_pc)(const void *config, gsl_rng *rng);

    /* Returns the charge of a full battery [pC]; INT64_MAX: endless. */
    int64_t (*capacity_pc)(const void *config);

    /* Returns by how much less is in the battery after duration_us in that
     * state [pC]; negative if more came in than was drawn. The caller keeps
     * it between empty and full. */
    int64_t (*drained_pc)(const void *config, enum ota_power power,
                          int64_t duration_us);

    /* Returns drained_pc of a while in each state, in all, and in *charge_pc
     * what ota_battery_charge_pc() says; no further from 0 than INT64_MAX. */
    int64_t (*spend_pc)(const void *config, const int64_t power_us[OTA_POWERS],
                        int64_t *charge_pc);
};

struct ota_battery {
    const struct ota_battery_model *model;
    const void *config;
};

/* Both models'. "mains" counts the same currents but never runs out. */
struct ota_battery_config {
    int64_t current_na[OTA_POWERS];
    int64_t capacity_uah;      /* "by_state" only */
    struct ota_dist full;      /* "by_state": share of it at time 0 */
    int64_t self_discharge_na; /* "by_state": drawn in every state besides, not
                                * counted as the device's charge */
    int64_t harvest_na;        /* "by_state": a mean current that comes in */
};

/* The charge of a current over a time, neither of them negative, rounded down
 * [pC]; INT64_MAX if it does not fit. */
static inline int64_t ota_battery_product_pc(int64_t na, int64_t duration_us)
{
    int64_t fc; /* nA * us */
    int64_t charge_pc;

    assert(duration_us >= 0 && na >= 0);
    if (!__builtin_mul_overflow(duration_us, na, &fc))
        return (int64_t)((uint64_t)fc / 1000);

    /* Whole milliseconds apart: no product larger than the result. */
    const int64_t rest_pc = duration_us % 1000 * na / 1000;
    if (__builtin_mul_overflow(duration_us / 1000, na, &charge_pc) ||
        __builtin_add_overflow(charge_pc, rest_pc, &charge_pc))
        return INT64_MAX;
    return charge_pc;
}

/* Returns the charge that duration_us in that state take [pC]; config is of
 * any model. */
static inline int64_t ota_battery_charge_pc(const void *config,
                                            enum ota_power power,
                                            int64_t duration_us)
{
    const struct ota_battery_config *battery = config;

    return ota_battery_product_pc(battery->current_na[power], duration_us);
}

extern const struct ota_battery_model ota_battery_mains;
extern const struct ota_battery_model ota_battery_by_state;

/* Every battery model, ended by NULL. */
extern const struct ota_battery_model *const ota_battery_models[];

#endif
