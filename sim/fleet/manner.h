/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * manner.h - how devices learn of an update, let it in, confirm it, and what
 * they are sent: what a policy sets on their side. Private to sim/fleet.
 */
#ifndef OTA_MANNER_H
#define OTA_MANNER_H

#include <stdbool.h>
#include <stdint.h>

#include "models/transfer/transfer.h"
#include "sim/fleet/config.h"

struct ota_actor;

/* Part of a device's hot state. Instants are since time 0. */
struct ota_manner {
    int64_t poll_us;     /* the next poll by the clock, */
    int64_t polled_us;   /* the last that got an answer */
    int64_t accept_us;   /* somebody says yes or no */
    int64_t lock_us;     /* the lock changes */
    int64_t install_us;  /* the image that waits is looked at again */
    int64_t confirm_us;  /* the release confirms itself, */
    int64_t revert_us;   /* or gives up by itself */
    int64_t document_us; /* the transfer's document was fetched */
    int64_t image_bytes; /* of what is being sent */
    int64_t old_us;      /* the cloud heard that the old version runs again */
    uint32_t polls;      /* intervals drawn so far, */
    uint32_t locks;      /* changes of the lock, */
    uint32_t asks;       /* and people asked */
    uint16_t poll_failures; /* in a row */
    uint8_t owes;           /* 1 + enum ota_cause of a failure that the next
                             * connect reports; 0: none */
    bool clocked;           /* poll_us is set */
    bool restarted;         /* and it has not connected since */
    bool asked;             /* somebody, about this offer, */
    bool declines;          /* who says no, */
    bool refused;           /* and has said it */
    bool lock_known;
    bool locked;
    bool holds;   /* the complete image waits to be let in */
    bool trial;   /* the release runs and is not confirmed */
    bool delta;   /* what is being sent is one */
    bool resumes; /* it goes on with what is on the device */
    bool fails;   /* the image being applied is found bad */
};

/* Before time 0. */
void ota_manner_start(struct ota_manner *manner);

/* A new offer: what was asked about the last one holds no longer. */
void ota_manner_offered(struct ota_manner *manner);

/* --- learn.c: how the device learns that there is an update --- */

/* The scenario's delivery, as far as the policy leaves it alone. */
struct ota_delivery ota_fleet_delivery(const struct ota_fleet_config *config);

/* Returns whether devices poll, and how in *polling. */
bool ota_fleet_polling(const struct ota_fleet_config *config,
                       struct ota_delivery_polling *polling);

/* Whether they hear of nothing but by their own polls. */
bool ota_fleet_only_polls(const struct ota_fleet_config *config);

/* The device has connected. Returns whether it asks for updates now; a device
 * that does not poll does. */
bool ota_learn_connect(struct ota_actor *actor, int64_t now_us);

/* Polls up to now_us were of no matter. */
void ota_learn_skip(struct ota_actor *actor, int64_t now_us);

/* Whether the device, being connected, asks at now_us. */
bool ota_learn_asks(const struct ota_actor *actor, int64_t now_us);

/* The next poll of a device that is online, as far as it matters; or
 * OTA_NEVER. */
int64_t ota_learn_due_us(struct ota_actor *actor, int64_t now_us);

/* It is due. */
void ota_learn_poll(struct ota_actor *actor, int64_t now_us);

/* Goes on where ota_learn_poll() stood still. */
void ota_learn_answered(struct ota_actor *actor, int64_t now_us);

/* When the transfer of an offer made at now_us begins, if nothing but
 * reachability holds it up: not before at_us. */
int64_t ota_learn_begin_us(const struct ota_actor *actor, int64_t now_us,
                           int64_t at_us);

/* --- accept.c: whether the device lets the update in --- */

/* When the transfer of an offer made at now_us may begin: not before
 * begin_us. */
int64_t ota_accept_begin_us(struct ota_actor *actor, int64_t now_us,
                            int64_t begin_us);

/* The transfer is about to begin. Returns whether the device waits, or says
 * no. */
bool ota_accept_waits(struct ota_actor *actor, int64_t now_us);

/* The image is complete: the device takes it as soon as it may. */
void ota_accept_install(struct ota_actor *actor, int64_t now_us);

/* A device that is awake, but not online: takes an image that waits if it may.
 * Returns whether it does. */
bool ota_accept_wakes(struct ota_actor *actor, int64_t now_us);

/* When an image that waits is to be looked at again, or OTA_NEVER. */
int64_t ota_accept_due_us(const struct ota_actor *actor);

/* An image that waits is not wanted any more. */
void ota_accept_drop(struct ota_actor *actor, int64_t now_us);

/* --- confirm.c: whether the release stays --- */

/* It runs for the first time; one that does not work confirms nothing. */
void ota_confirm_begin(struct ota_actor *actor, int64_t now_us, bool works);

/* It is on trial no more. */
void ota_confirm_end(struct ota_actor *actor);

/* Whether it is on trial at now_us. */
bool ota_confirm_pending(struct ota_actor *actor, int64_t now_us);

/* It ceases to run, with power or in an endless loop. */
void ota_confirm_stop(struct ota_actor *actor, int64_t now_us);

/* The device boots. Returns whether the old image came back. */
bool ota_confirm_boot(struct ota_actor *actor, int64_t now_us);

/* The release fails at now_us. Returns whether the old one came, or will come,
 * back. */
bool ota_confirm_saves(struct ota_actor *actor, int64_t now_us);

/* The device has connected. Returns whether it says that the release runs. */
bool ota_confirm_reports(struct ota_actor *actor, int64_t now_us);

/* When a device that is online has that to say, or OTA_NEVER. */
int64_t ota_confirm_due_us(const struct ota_actor *actor);

/* --- content.c: what the device is sent --- */

/* When there is something to send; long ago: at any time. */
int64_t ota_content_ready_us(const struct ota_actor *actor);

/* A transfer of a module of image_bytes begins at now_us. Returns how much is
 * sent; what is kept of an earlier one and of no use is dropped. */
int64_t ota_content_prepare(struct ota_actor *actor, int64_t now_us,
                            int64_t image_bytes);

/* The transfer begins: its document must be good. */
void ota_content_fetch(struct ota_actor *actor, int64_t now_us);

/* Runs the group's transfer model, as the policy has it. */
struct ota_transfer_result ota_content_run(const struct ota_actor *actor,
                                           const struct ota_transfer_job *job,
                                           gsl_rng *rng);

#endif
