/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * life.h - a device's life as a function of the orders it was given. Private
 * to sim/fleet.
 *
 * Whatever a device does depends on its own luck and on the orders of the
 * campaign. So a device may run ahead of the campaign; if an order then turns
 * out to come before what it has done, its life is told undone, begun again
 * and led through all its orders to the same place. Orders are few and such
 * turns are rare.
 */
#ifndef OTA_LIFE_H
#define OTA_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/fleet/device.h"

/* What the campaign did to one device. */
struct ota_deed {
    int64_t time_us; /* since time 0 */
    uint32_t next;   /* 1 + the place of the device's next one, or 0 */
    uint8_t kind;    /* enum ota_order_kind, or one of OTA_DEED_* */
    bool answers;    /* it was the answer to what the device asked, yes; else it
                      * came between two steps */
    int64_t end_us;  /* SHARE: of the download */
    int64_t cut_us;  /* SHARE: see struct ota_device */
};

enum {
    OTA_DEED_SHARE = OTA_ORDER_KINDS,
    OTA_DEED_LOSE_PLACE, /* it was gone, and waits for its turn no more */
};

/* All deeds of a fleet; those of a device are a chain. Memory is touched for
 * devices that have deeds of their own only. */
struct ota_deeds {
    struct ota_deed all; /* done to each device, before any other; at OTA_NEVER:
                          * nothing was */
    struct ota_deed *items;
    size_t count, room;
    uint32_t *first, *last; /* by device: 1 + its place in items, or 0 */
};

/* Returns false without memory. */
bool ota_deeds_init(struct ota_deeds *deeds, size_t devices);
void ota_deeds_release(struct ota_deeds *deeds);

/* The device's first deed, and the one behind a deed of it; NULL: none. */
const struct ota_deed *ota_deeds_first(const struct ota_deeds *deeds,
                                       size_t device);
const struct ota_deed *ota_deeds_next(const struct ota_deeds *deeds,
                                      size_t device,
                                      const struct ota_deed *deed);
/* Times of a device never decrease. */
bool ota_deeds_add(struct ota_deeds *deeds, size_t device,
                   const struct ota_deed *deed);

/* Runs the device until nothing is due before until_us, or it asks. */
void ota_life_run(struct ota_actor *actor, int64_t until_us);

/* Runs a device whose time before until_us is over for the campaign: whatever
 * it asks gets a "no", and of its reports only those count that arrive
 * later. */
void ota_life_pass(struct ota_actor *actor, int64_t until_us);

/* Answers what the device asks with the deed. */
void ota_life_answer(struct ota_actor *actor, const struct ota_deed *deed);

/* Has a device that does not ask pass the time to the deed, and do it. */
void ota_life_do(struct ota_actor *actor, const struct ota_deed *deed);

/* Puts a device, its books empty, at time 0 or a little before. */
void ota_life_start(struct ota_actor *actor);

/* Runs a device that was started up to the release. */
void ota_life_to_release(struct ota_actor *actor);

/*
 * Leads a device, its books empty, from its birth through the first `count` of
 * its deeds up to until_us. Whatever else it asks before stop_us gets a "no";
 * a question of then or later stays unanswered, and the device stays there.
 */
void ota_life_repeat(struct ota_actor *actor, const struct ota_deeds *deeds,
                     size_t count, int64_t until_us, int64_t stop_us);

/* The same to the horizon, where its books are closed; one without a deed runs
 * as one that the rollout leaves alone. Returns false if it stays at a
 * question. */
bool ota_life_whole(struct ota_actor *actor, const struct ota_deeds *deeds,
                    size_t count, int64_t stop_us);

/* Leads a device on to the horizon. As above. */
bool ota_life_rest(struct ota_actor *actor, int64_t stop_us);

#endif
