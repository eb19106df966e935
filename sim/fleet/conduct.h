/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conduct.h - a campaign and its devices in step. Private to sim/fleet.
 *
 * The campaign lives through time instant by instant; devices run ahead of it,
 * to the end of the engine's window. Once a window is over the campaign goes
 * through it: it hears the reports in order of time and gives its orders;
 * devices that were waiting for one are then run to the window's end, too, and
 * what they report joins the rest. A device without an offer does not run
 * ahead at all, unless the campaign wants to hear of its contacts: then it
 * stands still at each until it is answered.
 *
 * Between an order and the first report it leads to lies at least the delay
 * of the delivery; within it orders are collected, and then carried out on all
 * threads.
 *
 * Where devices ask the campaign for nothing but their share of the capacity
 * they may run apart: each from birth to the horizon in one go, in one place of
 * memory that the next one uses, too, once it is given its first order. What
 * the campaign needs of them is their reports. A further order gives the device
 * another life.
 */
#ifndef OTA_CONDUCT_H
#define OTA_CONDUCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/fleet/device.h"
#include "sim/fleet/life.h"
#include "sim/ranks/ranks.h"

/* How far a device is let. */
enum ota_leash {
    OTA_LEASH_STILL,     /* no offer yet: runs no further than it must */
    OTA_LEASH_LISTEN,    /* runs to its next contact, */
    OTA_LEASH_CONNECTED, /* is in it: runs no further until it is gone */
    OTA_LEASH_QUEUED,    /* online, in the queue for a download */
    OTA_LEASH_SHARES,    /* downloads beside others: stands at its begin until
                          * the end is known */
    OTA_LEASH_FREE,      /* runs to the window's end, or to a question */
};

struct ota_conduct;

/* All that there is of one device. */
struct ota_room {
    struct ota_device device;
    struct ota_device_record record;
    struct ota_plan_state meter;
    struct ota_demand demand; /* of a device that asks for its share */
};

/* The fleet, as far as its campaign's conductor deals with it. */
struct ota_conduct_fleet {
    void *self;
    const struct ota_fleet_config *config;
    const struct ota_random_key *key;
    size_t devices, shards;
    /* Makes the actor of a device; not where devices run apart. */
    struct ota_actor (*actor_of)(void *self, size_t device);
    /* Makes one of the device that is in that room, with its group set. */
    struct ota_actor (*actor_in)(void *self, size_t device,
                                 struct ota_room *room);
    /* Puts a device's books and state back to nothing, under a new serial. */
    void (*forget)(void *self, size_t device);
    /* The device is due then, in the engine's next windows; OTA_NEVER: not. */
    void (*set_due)(void *self, size_t device, int64_t due_us);
    bool (*keep_going)(void *self);
    /* So many more devices have lived apart; told by any thread. */
    void (*lived)(void *self, size_t devices);
};

/* Returns what conducts the fleet's campaign, or NULL with *error set. */
struct ota_conduct *ota_conduct_new(const struct ota_conduct_fleet *fleet,
                                    struct ota_error *error);
void ota_conduct_free(struct ota_conduct *conduct);

/* Gets ready for so many threads. Where devices may run apart (and if not
 * `together`) they will: the fleet then keeps none of them, and only calls
 * ota_conduct_finish(). Of several ranks each then has devices of its own;
 * where devices do not run apart, or share capacity, the first has all. Returns
 * false without memory. */
bool ota_conduct_prepare(struct ota_conduct *conduct, int threads,
                         bool together, struct ota_ranks *ranks);
bool ota_conduct_is_apart(const struct ota_conduct *conduct);

/* Whether each of several ranks would have devices of its own. */
bool ota_conduct_splits(const struct ota_conduct *conduct);

/* Whether others have the rest of the devices. */
bool ota_conduct_is_split(const struct ota_conduct *conduct);

/* The devices that run here. */
void ota_conduct_own(const struct ota_conduct *conduct, size_t *first,
                     size_t *count);

/* The calling thread's log for reports; NULL: the campaign listens to none. */
struct ota_report_log *ota_conduct_log(struct ota_conduct *conduct);

/* What actors must know: whether contacts may come to be wanted, and from when
 * on they are, whether a device asks before it downloads, and how long that
 * takes, and whether one without an offer may skip idle time up to its
 * offer. */
bool ota_conduct_contacts(const struct ota_conduct *conduct);
int64_t ota_conduct_contacts_us(const struct ota_conduct *conduct);
bool ota_conduct_grants(const struct ota_conduct *conduct);
bool ota_conduct_shares(const struct ota_conduct *conduct);
bool ota_conduct_skips(const struct ota_conduct *conduct);

/*
 * The campaign goes on to until_us, since time 0, excluded; it begins at the
 * release. Devices that are not waiting for something have run to until_us
 * before, and those that it gives orders to have afterwards. Returns false if
 * it was stopped or has failed.
 */
bool ota_conduct_window(struct ota_conduct *conduct, int64_t until_us);

/* The end of the next window, from now_us on, if there are so many (0: as many
 * as usual); OTA_NEVER: the rest in one. */
int64_t ota_conduct_next_us(const struct ota_conduct *conduct, int64_t now_us,
                            int windows);

/* The engine has run to the horizon: the campaign's last window, and then
 * whoever is still waiting. Returns false if it was stopped or has failed. */
bool ota_conduct_finish(struct ota_conduct *conduct);

const struct ota_campaign *
ota_conduct_campaign(const struct ota_conduct *conduct);

/* The most that was on the way at a time where capacity is shared; else -1. */
int64_t ota_conduct_egress_peak_bytes_per_s(const struct ota_conduct *conduct);

/* What went wrong, if anything. */
const struct ota_error *ota_conduct_error(const struct ota_conduct *conduct);

#endif
