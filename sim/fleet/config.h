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
#include "models/cloud/cloud.h"
#include "models/delivery/delivery.h"
#include "models/firmware/firmware.h"
#include "models/firmware/path.h"
#include "models/link/link.h"
#include "models/plan/plan.h"
#include "models/policy/policy.h"
#include "models/presence/presence.h"
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

/* A link that some devices of a group have, for a while. */
struct ota_signal {
    double share; /* of the time, or of the devices if it never changes; all
                   * shares sum to 1 */
    struct ota_link link;
};

/* A stretch of time in which nothing passes for a whole group. */
struct ota_outage {
    int64_t begin_us; /* since time 0 */
    int64_t lasts_us; /* > 0 */
};

/*
 * Something that policies tell devices apart by: a stage, a site, a hardware
 * revision. With `each`, so many devices in a row share a number, from `from`
 * on; else each device has one of the values by their shares (a lone one has
 * share 1). Devices of any group with the same text are alike.
 */
struct ota_label {
    const char *key;
    int64_t each; /* 0: not */
    int64_t from;
    const struct ota_label_value {
        const char *text;
        double share;
    } * values;
    size_t value_count;
};

/* What follows from a group and its fleet: see ota_group_prepare(). */
struct ota_group_facts {
    struct ota_delivery delivery;             /* as the policy has it */
    const struct ota_delivery_retry *retry;   /* its rules, */
    const struct ota_delivery_script *script; /* and its script; NULL: none */
    const struct ota_app_common *app;
    bool polls;                  /* devices ask for updates by a clock */
    enum ota_sleep_depth depth;  /* STANDBY for one that never sleeps */
    enum ota_power asleep_power; /* what it draws in that depth */
    double low_charge;           /* see struct ota_sleep_common */
    int64_t boot_us;
    int64_t lead_us; /* see struct ota_sleep_model */
    int64_t keep_alive_us;
    int64_t keep_alive_bytes;
    int64_t mapping_us; /* see struct ota_session_model */
    int64_t full_pc;    /* of the battery */
};

/* Devices that are alike but for their luck. */
struct ota_group {
    char name[OTA_NAME_SIZE];
    char platform[OTA_NAME_SIZE];
    int64_t count;
    const struct ota_label *labels;
    size_t label_count;
    struct ota_dist joins; /* when a device comes into the fleet, since time 0;
                            * before, it is as if switched off */
    int64_t utc_offset_us; /* its local time is so far ahead of UTC */
    bool product;          /* as against a developer's device */
    double absent;         /* share that is switched off for good */
    struct ota_presence presence;
    struct ota_sleep sleep;
    const struct ota_signal *signals;
    size_t signal_count;     /* at least 1; not more than 255 */
    int64_t signal_holds_us; /* mean time until it is drawn anew; OTA_NEVER: a
                              * device keeps its own */
    const struct ota_outage *outages; /* in order of time, apart */
    size_t outage_count;
    int64_t cycle_min_us; /* least time between two attaches with the modem
                           * off in between, unless an update rebooted it */
    struct ota_session session;
    struct ota_app app;
    struct ota_transfer transfer;
    struct ota_firmware firmware;
    struct ota_plan plan;
    struct ota_battery battery;
    const struct ota_variant *variants;
    size_t variant_count;
    struct ota_group_facts facts; /* nothing of signals, outages and presence:
                                   * a copy may have others */
};

/* Who repairs devices in safe mode, and how soon. */
struct ota_healer_config {
    bool product;          /* heals product devices */
    bool developer;        /* heals developers' devices */
    struct ota_dist delay; /* from connecting in safe mode to the transfer */
    int64_t tries_max;     /* transfers to one device; 0: no end */
};

/* What a device that runs a bad image does. */
enum ota_image_fate {
    OTA_IMAGE_GOOD,
    OTA_IMAGE_CRASHES, /* boots again and again, and never connects */
    OTA_IMAGE_REVERTS, /* crashes until a watchdog brings the old one back */
    OTA_IMAGE_BRICKS,  /* is dead */
    OTA_IMAGE_LATE,    /* runs well, reports itself, and stops working later */
    OTA_IMAGE_FAILS,   /* is found bad before it runs, and reported */
};

/* How good the release is. */
struct ota_image_config {
    int fate;                /* enum ota_image_fate, of the bad ones */
    double bad;              /* share of devices on which it is bad, */
    struct ota_filter where; /* of those that this matches */
    struct ota_dist after;   /* reverts, late: from the first boot to that */
};

/* What the operator's own backend makes of the cloud's reports. */
enum ota_backend_believes {
    OTA_BACKEND_VERSION, /* updated: the device reported the new version */
    OTA_BACKEND_SENT,    /* updated: the last transfer was a success */
};

struct ota_backend_config {
    int believes;       /* enum ota_backend_believes */
    double report_loss; /* share of reports lost between cloud and backend */
    struct ota_dist report_delay; /* what the others take */
    int64_t query_us; /* it asks the cloud for the version that each device
                       * reported so often, from the release on; OTA_NEVER:
                       * never */
};

struct ota_fleet_config {
    const struct ota_group *groups;
    size_t group_count;
    int64_t horizon_us; /* the run ends here; > 0 */
    int64_t release_us; /* the rollout begins here; < horizon_us */
    struct ota_delivery delivery;
    struct ota_cloud_config cloud;
    struct ota_policy policy; /* rules see reports as the backend does */
    struct ota_healer_config healer;
    struct ota_image_config image;
    struct ota_backend_config backend;
    bool forced;    /* the operator overrides apps that disabled updates */
    bool idle_step; /* step through idle wakes instead of skipping them */
};

/* Works out the group's facts. Its models, and the config's delivery and
 * policy, are complete. */
void ota_group_prepare(struct ota_group *group,
                       const struct ota_fleet_config *config);

/* Whether devices take over what the same few pilots spent in idle time
 * (idle.c): then what they spend is not independent. */
bool ota_fleet_config_borrows(const struct ota_fleet_config *config);

/* Whether devices have to do with each other: a rollout that is staged, or
 * capacity that is shared. */
static inline bool ota_fleet_config_couples(const struct ota_fleet_config *c)
{
    return !ota_policy_is_at_once(&c->policy) || c->cloud.egress_bit_s > 0 ||
           c->cloud.uplink_bit_s > 0;
}

/* How many devices all groups have. */
static inline int64_t ota_fleet_config_devices(const struct ota_fleet_config *c)
{
    int64_t devices = 0;
    for (size_t g = 0; g < c->group_count; g++)
        devices += c->groups[g].count;
    return devices;
}

#endif
