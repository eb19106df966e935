/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * life.c - running a device, and leading it through its life again.
 *
 * A repetition must take each step as the first time: up to a deed, steps that
 * are due before it; what a device asked was answered at the instant itself,
 * before any other step of it.
 */
#include "sim/fleet/life.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/base/grow.h"

enum { ROOM_LEAST = 1024 }; /* deeds */

/* --- deeds --- */

bool ota_deeds_init(struct ota_deeds *deeds, size_t devices)
{
    *deeds = (struct ota_deeds){.all = {.time_us = OTA_NEVER}};
    deeds->first = calloc(devices, sizeof(*deeds->first));
    deeds->last = calloc(devices, sizeof(*deeds->last));
    return deeds->first && deeds->last;
}

void ota_deeds_release(struct ota_deeds *deeds)
{
    free(deeds->items);
    free(deeds->first);
    free(deeds->last);
    *deeds = (struct ota_deeds){.items = NULL};
}

bool ota_deeds_add(struct ota_deeds *deeds, size_t device,
                   const struct ota_deed *deed)
{
    const uint32_t last = deeds->last[device];

    assert(last == 0 || deeds->items[last - 1].time_us <= deed->time_us);
    assert(deeds->count < UINT32_MAX);
    void *items = ota_grow(deeds->items, deeds->count, &deeds->room, ROOM_LEAST,
                           sizeof(*deeds->items));
    if (!items)
        return false;
    deeds->items = items;
    deeds->items[deeds->count] = *deed;
    deeds->items[deeds->count++].next = 0;
    if (last == 0)
        deeds->first[device] = (uint32_t)deeds->count;
    else
        deeds->items[last - 1].next = (uint32_t)deeds->count;
    deeds->last[device] = (uint32_t)deeds->count;
    return true;
}

static const struct ota_deed *deed_at(const struct ota_deeds *deeds,
                                      uint32_t place)
{
    return place > 0 ? &deeds->items[place - 1] : NULL;
}

const struct ota_deed *ota_deeds_first(const struct ota_deeds *deeds,
                                       size_t device)
{
    return deeds->all.time_us != OTA_NEVER
               ? &deeds->all
               : deed_at(deeds, deeds->first[device]);
}

const struct ota_deed *ota_deeds_next(const struct ota_deeds *deeds,
                                      size_t device,
                                      const struct ota_deed *deed)
{
    return deed_at(deeds,
                   deed == &deeds->all ? deeds->first[device] : deed->next);
}

/* --- living --- */

void ota_life_run(struct ota_actor *actor, int64_t until_us)
{
    struct ota_device *device = actor->device;

    actor->until_us = until_us;
    while (device->due_us < until_us && device->asking == OTA_ASKS_NOTHING)
        ota_device_step(actor);
}

/* Runs to until_us; whatever is asked before stop_us gets a "no". */
static void run_on(struct ota_actor *actor, int64_t until_us, int64_t stop_us)
{
    struct ota_device *device = actor->device;

    ota_life_run(actor, until_us);
    while (device->asking != OTA_ASKS_NOTHING && device->due_us < stop_us) {
        ota_device_answer(actor, device->due_us, false);
        ota_life_run(actor, until_us);
    }
}

static void obey(struct ota_actor *actor, const struct ota_deed *deed)
{
    if (deed->kind == OTA_DEED_LOSE_PLACE) {
        actor->device->queues = false;
        return;
    }
    switch ((enum ota_order_kind)deed->kind) {
    case OTA_ORDER_OFFER:
        ota_device_reach(actor, deed->time_us);
        break;
    case OTA_ORDER_REVOKE:
    case OTA_ORDER_CANCEL:
        ota_device_revoke(actor, deed->time_us, deed->kind == OTA_ORDER_CANCEL);
        break;
    case OTA_ORDER_GRANT:
        ota_device_grant(actor, deed->time_us);
        break;
    case OTA_ORDER_ROLL_BACK:
        ota_device_roll_back(actor, deed->time_us);
        break;
    case OTA_ORDER_KINDS:
        assert(false && "an answer only");
    }
}

void ota_life_pass(struct ota_actor *actor, int64_t until_us)
{
    struct ota_report_log *log = actor->log;

    if (log)
        log->after_us = until_us - 1;
    run_on(actor, until_us, until_us);
    if (log)
        log->after_us = INT64_MIN;
}

void ota_life_answer(struct ota_actor *actor, const struct ota_deed *deed)
{
    actor->device->share_end_us = deed->end_us;
    actor->device->share_cut_us = deed->cut_us;
    ota_device_answer(actor, deed->time_us, true);
}

void ota_life_do(struct ota_actor *actor, const struct ota_deed *deed)
{
    assert(actor->device->asking == OTA_ASKS_NOTHING);

    actor->order_us = deed->time_us;
    ota_life_pass(actor, deed->time_us);
    obey(actor, deed);
    actor->order_us = OTA_NEVER;
}

void ota_life_start(struct ota_actor *actor)
{
    ota_device_start(actor);
}

void ota_life_to_release(struct ota_actor *actor)
{
    const struct ota_observer *observer = actor->observer;
    struct ota_report_log *log = actor->log;

    actor->observer = NULL; /* what comes before time 0 is told to nobody */
    actor->log = NULL;      /* nor is there a campaign before the release */
    ota_life_run(actor, 0);
    actor->observer = observer;
    ota_device_open(actor);
    ota_life_run(actor, actor->config->release_us);
    actor->log = log;
}

/* Up to the instant at which the device asks what the deed answers. */
static void run_to_question(struct ota_actor *actor, int64_t at_us)
{
    run_on(actor, ota_us_add(at_us, 1), at_us);
    assert(actor->device->asking != OTA_ASKS_NOTHING &&
           actor->device->due_us == at_us);
}

/* Leads a device at the release through its deeds. */
static void live_through(struct ota_actor *actor, const struct ota_deeds *deeds,
                         size_t count)
{
    struct ota_report_log *log = actor->log;
    const int64_t after_us = log ? log->after_us : INT64_MIN;
    const struct ota_deed *deed = ota_deeds_first(deeds, actor->id);

    for (size_t i = 0; i < count; i++) {
        if (actor->skips_to_offer)
            actor->quiet_us = deed->time_us;
        actor->order_us = deed->time_us;
        if (deed->answers) {
            run_to_question(actor, deed->time_us);
            ota_life_answer(actor, deed);
        } else {
            if (log) /* as ota_life_pass() */
                log->after_us = ota_us_max(after_us, deed->time_us - 1);
            run_on(actor, deed->time_us, deed->time_us);
            if (log)
                log->after_us = after_us;
            obey(actor, deed);
        }
        deed = ota_deeds_next(deeds, actor->id, deed);
    }
    actor->quiet_us = actor->config->release_us;
    actor->order_us = OTA_NEVER;
}

void ota_life_repeat(struct ota_actor *actor, const struct ota_deeds *deeds,
                     size_t count, int64_t until_us, int64_t stop_us)
{
    ota_life_start(actor);
    ota_life_to_release(actor);
    live_through(actor, deeds, count);
    run_on(actor, until_us, stop_us);
}

bool ota_life_rest(struct ota_actor *actor, int64_t stop_us)
{
    const int64_t horizon_us = actor->config->horizon_us;

    run_on(actor, horizon_us, stop_us);
    if (actor->device->asking != OTA_ASKS_NOTHING)
        return false;
    ota_device_finish(actor, horizon_us);
    return true;
}

bool ota_life_whole(struct ota_actor *actor, const struct ota_deeds *deeds,
                    size_t count, int64_t stop_us)
{
    ota_life_start(actor);
    ota_life_to_release(actor);
    live_through(actor, deeds, count);
    if (count == 0)
        actor->quiet_us = actor->config->horizon_us;
    return ota_life_rest(actor, stop_us);
}
