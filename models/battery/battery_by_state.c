/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * battery_by_state.c - a battery drained by one constant current a state.
 *
 * No self-discharge, no harvest, and the whole capacity can be drawn at any
 * current and temperature.
 */
#include "models/battery/battery.h"

#include <assert.h>
#include <math.h>

#include "models/battery/battery_common.h"
#include "sim/base/clock.h"

/*
 * The largest d with floor(d na / 1000) <= left, which is
 * floor((1000 left + 999) / na), in two parts lest 1000 left overflow.
 */
static int64_t by_state_lasts_us(const void *opaque, enum ota_power power,
                                 int64_t left_pc)
{
    const struct ota_battery_config *config = opaque;
    const int64_t na = config->current_na[power];

    assert(left_pc >= 0);
    if (na == 0)
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

    return llround((double)config->capacity_uah * config->full) *
           OTA_PC_PER_UAH;
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
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_battery_config, full),
        .fallback = "1",
        .min = 0,
        .max = 1,
        .help = "share of the capacity that is left at time 0",
    },
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
    .charge_pc = ota_battery_charge_pc,
    .lasts_us = by_state_lasts_us,
    .capacity_pc = by_state_capacity_pc,
};
