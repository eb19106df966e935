/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * config.h - everything a fleet is made of: complete, checked, const.
 *
 * The scenario reader makes one; nothing behind it knows of files. All
 * pointers are borrowed from whoever made it and outlive every fleet.
 */
#ifndef OTA_FLEET_CONFIG_H
#define OTA_FLEET_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/app/app.h"
#include "models/battery/battery.h"
#include "models/delivery/delivery.h"
#include "models/firmware/firmware.h"
#include "models/firmware/path.h"
#include "models/link/link.h"
#include "models/plan/plan.h"
#include "models/policy/policy.h"
#include "models/session/session.h"
#include "models/sleep/sleep.h"
#include "models/transfer/transfer.h"
#include "sim/base/dist.h"
#include "sim/base/field.h"

/* Firmware that some devices of a group have now, and the way from there. */
struct ota_variant {
    const char *os;
    double share; /* of the group's devices; all shares sum to 1 */
    struct ota_path path;
};

/* Devices that are alike but for their luck. */
struct ota_group {
    char name[OTA_NAME_SIZE];
    char platform[OTA_NAME_SIZE];
    int64_t count;
    bool product;  /* as against a developer's device */
    double absent; /* share that is switched off for good */
    struct ota_sleep sleep;
    struct ota_link link;
    struct ota_session session;
    struct ota_app app;
    struct ota_transfer transfer;
    struct ota_firmware firmware;
    struct ota_plan plan;
    struct ota_battery battery;
    const struct ota_variant *variants;
    size_t variant_count;
};

/* Who repairs devices in safe mode, and how soon. */
struct ota_healer_config {
    bool product;          /* heals product devices */
    bool developer;        /* heals developers' devices */
    struct ota_dist delay; /* from connecting in safe mode to the transfer */
};

struct ota_fleet_config {
    const struct ota_group *groups;
    size_t group_count;
    int64_t horizon_us; /* the run ends here; > 0 */
    int64_t release_us; /* the rollout begins here; < horizon_us */
    struct ota_delivery delivery;
    struct ota_policy policy;
    struct ota_healer_config healer;
};

/* How many devices all groups have. */
static inline int64_t ota_fleet_config_devices(const struct ota_fleet_config *c)
{
    int64_t devices = 0;
    for (size_t g = 0; g < c->group_count; g++)
        devices += c->groups[g].count;
    return devices;
}

#endif
