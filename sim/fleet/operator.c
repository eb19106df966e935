/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * operator.c - somebody who sends the modules by hand, or a script.
 *
 * By the clock: a module every so often, whether the device is there or not
 * and whatever became of the last one. Verifying: the next one when the device
 * has reported the last, which is sent again otherwise. Either may put the
 * device into safe mode before; a reboot ends that.
 *
 * A script needs no event while the device is away: which moves were in vain
 * is worked out when it is back.
 */
#include <assert.h>

#include "sim/fleet/device.h"

static const struct ota_delivery_script *script(const struct ota_actor *actor)
{
    return actor->group->facts.script;
}

/* The step of the path that is the sent-th of the script. */
static uint8_t step_of(const struct ota_actor *actor, uint8_t sent)
{
    const size_t count = ota_actor_path(actor)->count;

    assert(sent < count);
    return script(actor)->order == OTA_SCRIPT_ORDER_REVERSED
               ? (uint8_t)(count - 1 - sent)
               : sent;
}

static bool is_over(const struct ota_actor *actor)
{
    return actor->device->sent >= ota_actor_path(actor)->count ||
           !ota_update_pending(actor);
}

/* When a person who has seen that the device is there does something. */
static int64_t reaction_us(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_delivery delivery = actor->group->facts.delivery;
    struct ota_stream stream;

    ota_actor_stream(actor, OTA_PURPOSE_OPERATOR, &stream);
    return ota_us_add(now_us,
                      delivery.model->delay_us(delivery.config, &stream.rng));
}

void ota_operator_start(struct ota_actor *actor, int64_t now_us)
{
    actor->device->script_us = reaction_us(actor, now_us);
}

static void catch_up_by_clock(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    while (device->script_us < now_us) {
        device->sent++;
        device->script_us =
            is_over(actor)
                ? OTA_NEVER
                : ota_us_add(device->script_us, script(actor)->every_us);
    }
}

static void catch_up_verifying(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_delivery_script *rules = script(actor);
    struct ota_device *device = actor->device;

    if (device->taken >> step_of(actor, device->sent) & 1) {
        device->sent++;
        device->tries = 0;
        device->script_us =
            is_over(actor) ? OTA_NEVER : reaction_us(actor, now_us);
    } else if (rules->tries_max > 0 && device->tries >= rules->tries_max) {
        device->script_us = OTA_NEVER;
        ota_actor_report(actor, now_us, OTA_REPORT_FAILED, OTA_CAUSE_INSTALL);
        ota_actor_state(actor, now_us, OTA_STATE_GIVEN_UP);
    } else if (device->script_us < now_us) {
        device->script_us = reaction_us(actor, now_us);
    }
}

void ota_operator_catch_up(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    if (!device->reached || is_over(actor)) {
        device->script_us = OTA_NEVER;
        return;
    }
    if (device->script_us == OTA_NEVER) /* it is back from a command */
        device->script_us = reaction_us(actor, now_us);
    else if (script(actor)->verifies)
        catch_up_verifying(actor, now_us);
    else
        catch_up_by_clock(actor, now_us);
}

static bool wants_safe_mode(const struct ota_actor *actor)
{
    const struct ota_device *device = actor->device;

    switch ((enum ota_script_safe_mode)script(actor)->safe_mode) {
    case OTA_SCRIPT_SAFE_MODE_NEVER:
        return false;
    case OTA_SCRIPT_SAFE_MODE_ONCE:
        return device->sent == 0 && !device->safe_mode;
    case OTA_SCRIPT_SAFE_MODE_EACH:
        return !device->safe_mode;
    }
    return false;
}

static void command_safe_mode(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    ota_actor_tell_plain(actor, OTA_SEEN_COMMAND, now_us);
    device->script_us = OTA_NEVER; /* until it is back */
    ota_sleep_restart(actor, now_us, actor->group->facts.boot_us);
    device->safe_mode = device->commanded = true; /* of this restart */
    ota_actor_state(actor, now_us, OTA_STATE_SAFE_MODE);
}

void ota_operator_act(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_delivery_script *rules = script(actor);
    struct ota_device *device = actor->device;

    while (!is_over(actor) && device->taken >> step_of(actor, device->sent) & 1)
        device->sent++; /* the healer was faster */
    if (is_over(actor)) {
        device->script_us = OTA_NEVER;
        ota_online_go_on(actor, now_us);
        return;
    }
    if (wants_safe_mode(actor)) {
        command_safe_mode(actor, now_us);
        return;
    }
    device->step = step_of(actor, device->sent);
    device->script_us = ota_us_add(now_us, rules->every_us);
    if (rules->verifies) {
        if (device->tries < UINT16_MAX)
            device->tries++;
    } else {
        device->sent++;
        if (device->sent >= ota_actor_path(actor)->count)
            device->script_us = OTA_NEVER;
    }
    actor->record->offers++;
    actor->record->offered_us = ota_us_min(actor->record->offered_us, now_us);
    ota_update_tell_offer(actor, now_us, OTA_SENDER_OPERATOR);
    device->begin_us = OTA_NEVER; /* the healer comes too late */
    ota_update_begin(actor, now_us);
}
