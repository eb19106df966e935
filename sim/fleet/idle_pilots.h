/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * idle_pilots.h - the pilots that idle time is learnt from. Private to
 * sim/fleet/idle*.c.
 */
#ifndef OTA_IDLE_PILOTS_H
#define OTA_IDLE_PILOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/fleet/device.h"
#include "sim/fleet/idle.h"

enum {
    OTA_IDLE_PILOTS = 64,  /* a class of devices */
    OTA_IDLE_POINTS = 512, /* a pilot, at most */
};

enum { OTA_IDLE_AWAKE = 5 };

/* What a device draws while it is awake, and behind it. */
extern const enum ota_power ota_idle_powers[OTA_IDLE_AWAKE];

/* What was spent since a pilot began. */
struct ota_idle_spent {
    int64_t power_us[OTA_IDLE_AWAKE];
    int64_t bytes;
    int64_t billed_bytes; /* as the plan rounds them */
    int32_t wakes, connects, handshakes, skipped;
};

/* A pilot falls asleep. */
struct ota_idle_point {
    int64_t at_us;
    int64_t wakes_us; /* next */
    int64_t age_us;   /* of its session then; OTA_NEVER: it has none */
    struct ota_idle_spent spent;
};

struct ota_idle_pilot {
    size_t count;
    size_t renewed[2]; /* first points behind the first and the second
                        * handshake; count if there are none */
    int64_t at_us[OTA_IDLE_POINTS];  /* of each point; apart, as they are */
    int64_t key_us[OTA_IDLE_POINTS]; /* searched: ota_idle_key() its age */
    struct ota_idle_point points[OTA_IDLE_POINTS];
};

/* Devices that idle alike. */
struct ota_idle_class {
    uint32_t group;
    uint16_t variant;
    uint8_t signal;
    int32_t system;
    bool clocked; /* all wake by one clock, once a lead */
    int64_t lead_us;
    int64_t renew_us; /* age at which a session ends; OTA_NEVER: none */
    int64_t lived_us; /* by all pilots, from their first points on, */
    struct ota_idle_spent lived; /* and what they spent */
    struct ota_idle_pilot *pilots;
};

struct ota_idle {
    const struct ota_fleet_config *config;
    size_t count;
    struct ota_idle_class *classes;
    struct ota_idle_pilot *pilots;
};

/* How old its session is when the device, asleep, wakes next. */
static inline int64_t ota_idle_age_us(const struct ota_device *device)
{
    return device->session.handshake_us == OTA_NEVER
               ? OTA_NEVER
               : device->next_wake_us - device->session.handshake_us;
}

/* Which lead an instant is in; pilots live from time 0 on. */
static inline int64_t ota_idle_lead(const struct ota_idle_class *class,
                                    int64_t at_us)
{
    return at_us / class->lead_us;
}

/* An age as far as it matters: a session that the next connect renews is not
 * older than another such, and one that lasts for ever has no age. */
int64_t ota_idle_key(const struct ota_idle_class *class, int64_t age_us);

/* Adds what was spent from one point to another. */
void ota_idle_add(struct ota_idle_spent *sum, const struct ota_idle_spent *from,
                  const struct ota_idle_spent *to);

/* The class that the device is of, or NULL. */
const struct ota_idle_class *ota_idle_class_of(const struct ota_actor *actor);

#endif
