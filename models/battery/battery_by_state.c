/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * battery_by_state.c - a battery drained by one constant current a state.
 *
 * What leaves it is the state's current and its own self-discharge, less a
 * mean current that comes in. Charge of either sign is rounded towards 0, and
 * how long a charge lasts is the largest whole time that does not drain more.
 * The whole capacity can be drawn at any current and temperature, and what is
 * harvested beyond a full battery is the caller's to leave out.
 */
#include "models/battery/battery.h"

#include <assert.h>
#include <math.h>

#include "models/battery/battery_common.h"
#include "sim/base/clock.h"

/* What leaves the battery in that state [nA]; negative if more comes in. */
static int64_t net_na(const struct ota_battery_config *config,
                      enum ota_power power)
{
    return config->current_na[power] + config->self_discharge_na -
           config->harvest_na;
}

static inline int64_t net_pc(const struct ota_battery_config *config,
                             enum ota_power power, int64_t duration_us)
{
    const int64_t na = net_na(config, power);

    return na < 0 ? -ota_battery_product_pc(-na, duration_us)
                  : ota_battery_product_pc(na, duration_us);
}

static int64_t by_state_drained_pc(const void *config, enum ota_power power,
                                   int64_t duration_us)
{
    return net_pc(config, power, duration_us);
}

static int64_t by_state_spend_pc(const void *opaque,
                                 const int64_t power_us[OTA_POWERS],
                                 int64_t *charge_pc)
{
    const struct ota_battery_config *config = opaque;
    int64_t drained_pc = 0, all_pc = 0;

    for (int p = 0; p < OTA_POWERS; p++) {
        if (power_us[p] == 0)
            continue;
        all_pc = ota_battery_add_pc(
            all_pc, ota_battery_product_pc(config->current_na[p], power_us[p]));
        drained_pc = ota_battery_add_pc(
            drained_pc, net_pc(config, (enum ota_power)p, power_us[p]));
    }
    *charge_pc = all_pc;
    return drained_pc;
}

/*
 * The largest d with floor(d na / 1000) <= left, which is
 * floor((1000 left + 999) / na), in two parts lest 1000 left overflow.
 */
static int64_t by_state_lasts_us(const void *opaque, enum ota_power power,
                                 int64_t left_pc)
{
    const int64_t na = net_na(opaque, power);

    assert(left_pc >= 0);
    if (na <= 0)
        return OTA_NEVER;

    const int64_t whole_ms = left_pc / na;
    const int64_t rest_us = (left_pc % na * 1000 + 999) / na;
    if (whole_ms > (INT64_MAX - rest_us) / 1000)
        return OTA_NEVER;
    return whole_ms * 1000 + rest_us;
}

static int64_t by_state_capacity_pc(const void *opaque)
{
    const struct ota_battery_config *config = opaque;

    return config->capacity_uah * OTA_PC_PER_UAH;
}

/* A draw beyond an empty or a full battery is one of those. */
static int64_t by_state_start_pc(const void *opaque, gsl_rng *rng)
{
    const struct ota_battery_config *config = opaque;
    const double full = fmin(fmax(ota_dist_draw(&config->full, rng), 0), 1);

    return llround((double)config->capacity_uah * full) * OTA_PC_PER_UAH;
}

static const struct ota_field by_state_fields[] = {
    OTA_BATTERY_CURRENT_FIELDS,
    {
        .name = "capacity",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_CHARGE,
        .offset = offsetof(struct ota_battery_config, capacity_uah),
        .fallback = "1800mAh",
        .min = 1,
        .max = 1e9,
        .help = "charge of the full battery",
        .source = "Particle Electron datasheet",
    },
    {
        .name = "full",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_battery_config, full),
        .fallback = "1",
        .min = 0,
        .max = 1,
        .help = "share of the capacity that is left at time 0",
    },
    OTA_BATTERY_NA_FIELD(
        "self_discharge",
        offsetof(struct ota_battery_config, self_discharge_na), "0uA",
        "current that the battery loses by itself, in every state; not "
        "counted as the device's charge",
        "ours: none"),
    OTA_BATTERY_NA_FIELD(
        "harvest", offsetof(struct ota_battery_config, harvest_na), "0uA",
        "mean current that comes in, as from the sun", "ours: none"),
    {.name = NULL},
};

const struct ota_battery_model ota_battery_by_state = {
    .model =
        {
            .name = "by_state",
            .summary = "a capacity, and a constant current for each state",
            .source = "charge = current * time",
            .config_size = sizeof(struct ota_battery_config),
            .fields = by_state_fields,
        },
    .lasts_us = by_state_lasts_us,
    .start_pc = by_state_start_pc,
    .capacity_pc = by_state_capacity_pc,
    .drained_pc = by_state_drained_pc,
    .spend_pc = by_state_spend_pc,
};
