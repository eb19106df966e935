/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * account.h - passing through phases that nothing can interrupt. Private to
 * sim/fleet.
 */
#ifndef OTA_ACCOUNT_H
#define OTA_ACCOUNT_H

#include <assert.h>

#include "sim/fleet/device.h"

/* What a device draws in a phase other than ASLEEP. */
static inline enum ota_power ota_phase_power(enum ota_phase phase)
{
    switch (phase) {
    case OTA_PHASE_TAIL:
        return OTA_POWER_TAIL;
    case OTA_PHASE_ATTACHING:
        return OTA_POWER_ATTACH;
    case OTA_PHASE_CONNECTING:
    case OTA_PHASE_PUBLISHING:
        return OTA_POWER_CONNECT;
    case OTA_PHASE_ONLINE:
        return OTA_POWER_ONLINE;
    case OTA_PHASE_TRANSFERRING:
        return OTA_POWER_TRANSFER;
    default:
        return OTA_POWER_BOOT;
    }
}

/* What comes in when the battery is full is lost. */
static inline void ota_actor_drain(struct ota_actor *actor, int64_t drained_pc)
{
    struct ota_device *device = actor->device;
    const int64_t full_pc = actor->group->facts.full_pc;

    if (drained_pc < 0 && device->left_pc > full_pc + drained_pc)
        device->left_pc = full_pc;
    else
        device->left_pc -= drained_pc;
}

/* Accounts for lasted_us in the state. Returns false, having done nothing, if
 * the battery does not last so long. */
static inline bool ota_actor_spend(struct ota_actor *actor,
                                   enum ota_power power, int64_t lasted_us)
{
    const struct ota_battery *battery = &actor->group->battery;
    struct ota_device_record *record = actor->record;

    if (actor->device->left_pc != INT64_MAX) {
        const int64_t drained_pc =
            battery->model->drained_pc(battery->config, power, lasted_us);
        if (drained_pc > actor->device->left_pc)
            return false;
        ota_actor_drain(actor, drained_pc);
    }
    const int64_t charge_pc =
        ota_battery_charge_pc(battery->config, power, lasted_us);
    record->power_us[power] += lasted_us;
    /* More than an int64_t holds is as much as it holds. */
    if (__builtin_add_overflow(record->charge_pc, charge_pc,
                               &record->charge_pc))
        record->charge_pc = INT64_MAX;
    return true;
}

/*
 * Begins a phase as ota_actor_enter() does and, if it is over before
 * actor->ahead_us, ends it: its time and charge are accounted for. Returns
 * whether it did; the caller then does what follows at due_us, so that a device
 * goes through a whole wake in one step.
 */
static inline bool ota_actor_pass(struct ota_actor *actor, enum ota_phase phase,
                                  int64_t now_us, int64_t due_us)
{
    struct ota_device *device = actor->device;

    assert(due_us >= now_us);
    if (due_us >= actor->ahead_us ||
        (due_us > now_us &&
         !ota_actor_spend(actor, ota_phase_power(phase), due_us - now_us))) {
        ota_actor_enter(actor, phase, now_us, due_us);
        return false;
    }
    device->phase = (uint8_t)phase;
    device->interrupt = OTA_INTERRUPT_NONE;
    device->since_us = due_us;
    actor->since_us = now_us;
    return true;
}

#endif
