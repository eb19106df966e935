/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * battery_mains.c - a supply that never runs out; what it gave is counted.
 */
#include "models/battery/battery.h"

#include "models/battery/battery_common.h"
#include "sim/base/clock.h"

static int64_t mains_lasts_us(const void *config, enum ota_power power,
                              int64_t left_pc)
{
    (void)config;
    (void)power;
    (void)left_pc;
    return OTA_NEVER;
}

static int64_t mains_capacity_pc(const void *config)
{
    (void)config;
    return INT64_MAX;
}

static int64_t mains_start_pc(const void *config, gsl_rng *rng)
{
    (void)config;
    (void)rng;
    return INT64_MAX;
}

static int64_t mains_drained_pc(const void *config, enum ota_power power,
                                int64_t duration_us)
{
    (void)config;
    (void)power;
    (void)duration_us;
    return 0;
}

static int64_t mains_spend_pc(const void *opaque,
                              const int64_t power_us[OTA_POWERS],
                              int64_t *charge_pc)
{
    const struct ota_battery_config *config = opaque;
    int64_t all_pc = 0;

    for (int p = 0; p < OTA_POWERS; p++)
        if (power_us[p] != 0)
            all_pc = ota_battery_add_pc(
                all_pc,
                ota_battery_product_pc(config->current_na[p], power_us[p]));
    *charge_pc = all_pc;
    return 0;
}

static const struct ota_field mains_fields[] = {
    OTA_BATTERY_CURRENT_FIELDS,
    {.name = NULL},
};

const struct ota_battery_model ota_battery_mains = {
    .model =
        {
            .name = "mains",
            .summary = "never runs out; charge is counted all the same",
            .source = "charge = current * time",
            .config_size = sizeof(struct ota_battery_config),
            .fields = mains_fields,
        },
    .lasts_us = mains_lasts_us,
    .start_pc = mains_start_pc,
    .capacity_pc = mains_capacity_pc,
    .drained_pc = mains_drained_pc,
    .spend_pc = mains_spend_pc,
};
