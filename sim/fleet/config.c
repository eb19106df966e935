/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * config.c - what follows from a config, asked of its models once and not at
 * every step of every device.
 */
#include "sim/fleet/config.h"

#include "sim/fleet/manner.h"

static const enum ota_power depth_power[OTA_SLEEP_DEPTHS] = {
    [OTA_SLEEP_HIBERNATE] = OTA_POWER_HIBERNATE,
    [OTA_SLEEP_STOP] = OTA_POWER_STOP,
    [OTA_SLEEP_ULTRA_LOW_POWER] = OTA_POWER_ULTRA_LOW_POWER,
    [OTA_SLEEP_STANDBY] = OTA_POWER_STANDBY,
};

void ota_group_prepare(struct ota_group *group,
                       const struct ota_fleet_config *config)
{
    const struct ota_sleep *sleep = &group->sleep;
    const struct ota_session *session = &group->session;
    const struct ota_battery *battery = &group->battery;
    const struct ota_delivery delivery = ota_fleet_delivery(config);
    struct ota_delivery_polling polling;
    struct ota_group_facts *facts = &group->facts;

    *facts = (struct ota_group_facts){
        .delivery = delivery,
        .retry = delivery.model->retry(delivery.config),
        .script = delivery.model->script(delivery.config),
        .polls = ota_fleet_polling(config, &polling),
        .app = ota_app_common(&group->app),
        .lead_us = sleep->model->lead_us(sleep->config),
        .mapping_us = session->model->mapping_us(session->config),
        .full_pc = battery->model->capacity_pc(battery->config),
        .depth = OTA_SLEEP_STANDBY,
        .asleep_power = depth_power[OTA_SLEEP_STANDBY],
    };
    facts->keep_alive_us = session->model->keep_alive_us(
        session->config, &facts->keep_alive_bytes);
    const struct ota_sleep_common *common = sleep->model->common(sleep->config);
    if (!common)
        return;
    facts->depth = (enum ota_sleep_depth)common->depth;
    facts->asleep_power = depth_power[facts->depth];
    facts->boot_us = common->boot_us;
    facts->low_charge = common->low_charge;
}
