/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * idle_pilots.h - the pilots that idle time is learnt from, and the long lives
 * that are made of theirs. Private to sim/fleet/idle*.c.
 */
#ifndef OTA_IDLE_PILOTS_H
#define OTA_IDLE_PILOTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

#include "sim/fleet/device.h"
#include "sim/fleet/idle.h"

enum {
    OTA_IDLE_PILOTS = 64,  /* a class of devices */
    OTA_IDLE_POINTS = 512, /* a pilot, at most */
    OTA_IDLE_LIVES = 128,  /* a class; each pilot begins as many */
    OTA_IDLE_LEGS = 96,    /* a life, at most */
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
    int64_t *at_us;    /* of each point; apart, as they are searched */
    struct ota_idle_point *points;
    int64_t asked_pc; /* by a battery, from the first of them on */
};

/* A point from which a device may go on. */
struct ota_idle_origin {
    int64_t key_us; /* ota_idle_key() its age */
    uint16_t pilot, point;
};

struct ota_idle_origins {
    size_t count;
    struct ota_idle_origin *list; /* by age */
};

/* A pilot's life from one of its points on, as part of a longer one. */
struct ota_idle_leg {
    int64_t shift_us; /* what the life's time is ahead of the pilot's */
    uint32_t pilot;
    uint32_t from;                /* its first point */
    struct ota_idle_spent before; /* by the life so far, less what the pilot
                                   * had spent by then */
};

/* The first leg is a pilot's whole life; each ends with its pilot's last
 * point, and the wake behind that is the next one's first. */
struct ota_idle_life {
    size_t count;
    int64_t *begin_us; /* that wake; of the first: 0 */
    struct ota_idle_leg *legs;
};

/* Where a device is that follows a life. */
struct ota_idle_place {
    size_t life, leg;
    const struct ota_idle_pilot *pilot; /* the leg's */
    size_t point;                       /* its last */
    int64_t shift_us; /* what the device's time is ahead of the pilot's */
};

/* Devices that idle alike. */
struct ota_idle_class {
    atomic_uint begun, lived; /* pilots, while it is being learnt */
    atomic_bool known;
    uint32_t group;
    uint16_t variant;
    uint8_t signal;
    int32_t system;
    bool clocked; /* all wake by one clock, once a lead */
    int64_t lead_us;
    int64_t renew_us;   /* age at which a session ends; OTA_NEVER: none */
    int64_t period_us;  /* of the plan; OTA_NEVER: none */
    double lived_us;    /* by all pilots, from their first points on, */
    double lived_bytes; /* and what was billed, */
    double lived_pc;    /* and what was asked of a battery */
    int64_t most_bytes; /* no less than any period's of a life */
    struct ota_idle_pilot *pilots;
    struct ota_idle_life *lives;
    struct ota_idle_origins origins[2]; /* of sessions that began in a pilot's
                                         * life, and of drawn ones */
};

struct ota_idle {
    const struct ota_fleet_config *config;
    const struct ota_random_key *key;
    size_t count;
    struct ota_idle_class *classes; /* in the order of their groups */
    size_t *first;                  /* of each group, and of one more */
    struct ota_idle_pilot *pilots;
    struct ota_idle_life *lives;
    int64_t *at_us; /* the pilots' points, room for all that they may have, */
    struct ota_idle_point *points;
    struct ota_idle_origin *origins;
    int64_t *begin_us; /* and the lives' legs; class by class */
    struct ota_idle_leg *legs;
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

/* Adds to *sum what was spent, or takes it away: sign is 1 or -1. */
static inline void ota_idle_count(struct ota_idle_spent *sum,
                                  const struct ota_idle_spent *spent, int sign)
{
    for (size_t p = 0; p < OTA_IDLE_AWAKE; p++)
        sum->power_us[p] += sign * spent->power_us[p];
    sum->bytes += sign * spent->bytes;
    sum->billed_bytes += sign * spent->billed_bytes;
    sum->wakes += sign * spent->wakes;
    sum->connects += sign * spent->connects;
    sum->handshakes += sign * spent->handshakes;
    sum->skipped += sign * spent->skipped;
}

/* The time in each state of a device that is asleep else, in span_us. */
static inline void ota_idle_power_us(const struct ota_actor *actor,
                                     int64_t span_us,
                                     const struct ota_idle_spent *spent,
                                     int64_t power_us[OTA_POWERS])
{
    for (size_t p = 0; p < OTA_POWERS; p++)
        power_us[p] = 0;
    for (size_t p = 0; p < OTA_IDLE_AWAKE; p++) {
        power_us[ota_idle_powers[p]] = spent->power_us[p];
        span_us -= spent->power_us[p];
    }
    power_us[actor->group->facts.asleep_power] += span_us;
}

/* Learns a class that is not known yet; threads that do so at once share the
 * work. */
void ota_idle_learn(const struct ota_idle *idle, struct ota_idle_class *class);

/* The class that the device is of, known by then; or NULL. */
const struct ota_idle_class *ota_idle_class_of(const struct ota_actor *actor);

/* --- idle_lives.c --- */

/* Makes the lives of a class whose pilots have lived, up to the
 * horizon. */
void ota_idle_put_together(const struct ota_idle *idle,
                           struct ota_idle_class *class);

/* Picks a life for a device that wakes at wakes_us with a session of that age,
 * and a point of its first leg. Returns false if no pilot has been there. */
bool ota_idle_join(const struct ota_idle_class *class, gsl_rng *rng,
                   int64_t wakes_us, int64_t age_us, struct ota_idle_place *at);

/* Goes on to the last point that the life has at or before until_us. */
void ota_idle_follow(const struct ota_idle_class *class,
                     struct ota_idle_place *at, int64_t until_us);

#endif
