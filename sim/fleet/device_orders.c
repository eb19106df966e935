/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * device_orders.c - what the rollout does to a device: orders, and answers to
 * what it asked.
 *
 * They come between two steps, so a phase that is under way goes on unless
 * something is to be planned anew.
 */
#include <assert.h>

#include "sim/fleet/device.h"

/* A device that has the release already needs no rollout. */
static bool has_it(struct ota_actor *actor, int64_t now_us)
{
    if (ota_actor_path(actor)->count > 0)
        return false;
    ota_actor_report(actor, now_us, OTA_REPORT_CURRENT, OTA_CAUSES);
    if (actor->device->state != OTA_STATE_WAITING)
        return true;
    actor->record->installed_us = actor->record->confirmed_us = now_us;
    actor->record->believed = true;
    actor->record->believed_us = now_us;
    ota_actor_state(actor, now_us, OTA_STATE_CONFIRMED);
    return true;
}

/* One that was offered the update before: what became of it is forgotten. */
static void start_over(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    device->aborted = 0;
    if (device->state == OTA_STATE_GIVEN_UP ||
        device->state == OTA_STATE_REVERTED)
        ota_actor_state(actor, now_us,
                        device->safe_mode ? OTA_STATE_SAFE_MODE
                                          : OTA_STATE_WAITING);
    else if (device->state == OTA_STATE_CONFIRMED) /* it was not heard */
        ota_actor_report(actor, now_us, OTA_REPORT_SUCCEEDED, OTA_CAUSES);
}

/* Something is to be planned anew for a device that is online. */
static void replan(struct ota_actor *actor, int64_t now_us)
{
    if (actor->device->phase != OTA_PHASE_ONLINE)
        return;
    ota_device_settle(actor, now_us);
    ota_online_go_on(actor, now_us);
}

/* There is an image for the device: the cloud sends it there and then, if it
 * does so. */
static void offer(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    const struct ota_delivery delivery = actor->group->facts.delivery;

    if (ota_operator_sends(actor)) {
        ota_operator_start(actor, now_us);
        replan(actor, now_us);
        return;
    }
    if (!delivery.model->offers_online(delivery.config)) {
        if (device->phase == OTA_PHASE_ONLINE && ota_learn_asks(actor, now_us))
            ota_update_offer(actor, now_us, true);
        if (device->begin_us != OTA_NEVER ||
            ota_learn_due_us(actor, now_us) != OTA_NEVER)
            replan(actor, now_us);
        return;
    }
    if (device->phase == OTA_PHASE_ONLINE ||
        device->phase == OTA_PHASE_PUBLISHING) {
        ota_update_offer(actor, now_us, true);
        replan(actor, now_us);
        return;
    }
    if (device->phase == OTA_PHASE_ASLEEP || device->phase == OTA_PHASE_TAIL)
        ota_device_settle(actor, now_us);
    ota_online_wake_up(actor, now_us);
}

/* The cloud has the update for it from now on. */
static void is_offered(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    struct ota_device_record *record = actor->record;

    device->reached = true;
    device->closed = device->canceled = device->started = false;
    ota_manner_offered(&device->manner);
    record->revoked_us = OTA_NEVER;
    if (record->reached_us != OTA_NEVER)
        start_over(actor, now_us);
    record->reached_us = ota_us_min(record->reached_us, now_us);
}

void ota_device_reach(struct ota_actor *actor, int64_t now_us)
{
    is_offered(actor, now_us);
    ota_learn_skip(actor, now_us);
    if (!has_it(actor, now_us))
        offer(actor, now_us);
}

void ota_device_revoke(struct ota_actor *actor, int64_t now_us, bool canceled)
{
    struct ota_device *device = actor->device;

    device->reached = device->asks_again = device->queues = false;
    device->closed = true;
    device->canceled = canceled;
    actor->record->revoked_us = now_us;
    device->begin_us = device->script_us = OTA_NEVER;
    if (canceled)
        ota_accept_drop(actor, now_us);
    replan(actor, now_us);
}

void ota_device_roll_back(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    if (device->backs || (device->state != OTA_STATE_INSTALLED &&
                          device->state != OTA_STATE_CONFIRMED)) {
        ota_device_revoke(actor, now_us, true); /* there is nothing to do */
        return;
    }
    if (ota_actor_path(actor)->count == 0) /* it is what it had before */
        return;
    device->backs = device->reached = true;
    ota_actor_find_path(actor);
    device->canceled = device->started = false;
    device->taken = 0;
    device->aborted = 0;
    ota_confirm_end(actor); /* assumption: nothing else sends it back now */
    ota_learn_skip(actor, now_us);
    offer(actor, now_us);
}

void ota_device_grant(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    device->queues = false;
    if (device->phase != OTA_PHASE_ONLINE &&
        device->phase != OTA_PHASE_PUBLISHING) { /* it is gone */
        ota_actor_report(actor, now_us, OTA_REPORT_END, OTA_CAUSES);
        return;
    }
    device->granted = true;
    device->begin_us = now_us;
    replan(actor, now_us);
}

void ota_device_answer(struct ota_actor *actor, int64_t now_us, bool yes)
{
    struct ota_device *device = actor->device;
    const enum ota_asking asked = device->asking;

    assert(asked != OTA_ASKS_NOTHING && device->due_us == now_us);
    device->asking = OTA_ASKS_NOTHING;
    if (asked == OTA_ASKS_SHARE) {
        ota_update_shared(actor, now_us);
        return;
    }
    if (asked == OTA_ASKS_BEGIN) {
        ota_update_answered(actor, now_us, yes);
        return;
    }
    if (yes) {
        is_offered(actor, now_us);
        has_it(actor, now_us);
    }
    if (asked == OTA_ASKS_POLL)
        ota_learn_answered(actor, now_us);
    else
        ota_online_answered(actor, now_us);
}
