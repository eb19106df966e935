/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * account.c - the books of a device: time, charge, bytes, states.
 *
 * Each phase has one current, so the instant at which the battery runs out is
 * known when the phase begins; as are those at which the device is switched
 * off and at which a bad image fails. The phase ends at the first of them, and
 * no step has to ask.
 */
#include <assert.h>

#include "sim/fleet/account.h"

static bool draws_power(enum ota_phase phase)
{
    return phase != OTA_PHASE_ABSENT && phase != OTA_PHASE_DEAD;
}

static enum ota_power power_of(const struct ota_actor *actor,
                               enum ota_phase phase)
{
    return phase == OTA_PHASE_ASLEEP ? actor->group->facts.asleep_power
                                     : ota_phase_power(phase);
}

/* Ends the phase at at_us if that is before its end. */
static void interrupt_at(struct ota_device *device, int64_t at_us,
                         enum ota_interrupt interrupt)
{
    if (at_us >= device->due_us)
        return;
    device->due_us = at_us;
    device->interrupt = (uint8_t)interrupt;
}

static void limit_by_battery(const struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    const struct ota_battery *battery = &actor->group->battery;
    const enum ota_power power = power_of(actor, device->phase);

    /* Nearly always the charge will do; when it is gone need not be known. */
    if (device->due_us != OTA_NEVER &&
        battery->model->drained_pc(battery->config, power,
                                   device->due_us - now_us) <= device->left_pc)
        return;
    interrupt_at(
        device,
        ota_us_add(now_us, battery->model->lasts_us(battery->config, power,
                                                    device->left_pc)),
        OTA_INTERRUPT_BATTERY);
}

void ota_actor_enter(struct ota_actor *actor, enum ota_phase phase,
                     int64_t now_us, int64_t due_us)
{
    struct ota_device *device = actor->device;
    assert(due_us >= now_us);

    device->phase = (uint8_t)phase;
    device->since_us = now_us;
    device->due_us = due_us;
    device->interrupt = OTA_INTERRUPT_NONE;
    if (!draws_power(phase))
        return;
    const int64_t fate_us =
        ota_us_min(device->fate_us, device->manner.revert_us);
    if (fate_us < due_us)
        interrupt_at(device, ota_us_max(fate_us, now_us), OTA_INTERRUPT_IMAGE);
    /* Of two that coincide it is this one; but a transfer ends there itself. */
    if (device->presence_us != OTA_NEVER &&
        device->presence_us <= device->due_us &&
        phase != OTA_PHASE_TRANSFERRING) {
        device->due_us = ota_us_max(device->presence_us, now_us);
        device->interrupt = OTA_INTERRUPT_PRESENCE;
    }
    if (device->left_pc != INT64_MAX)
        limit_by_battery(actor, now_us);
}

static void tell_phase(const struct ota_actor *actor, int64_t now_us)
{
    if (!ota_actor_heard(actor, OTA_SEEN_PHASE))
        return;
    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_PHASE, now_us);
    seen.detail.phase.phase = actor->device->phase;
    seen.detail.phase.since_us = actor->device->since_us;
    ota_actor_tell(actor, &seen);
}

void ota_actor_settle(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    assert(now_us >= device->since_us);

    if (draws_power(device->phase)) {
        const bool lasts = ota_actor_spend(
            actor, power_of(actor, device->phase), now_us - device->since_us);
        assert(lasts);
        (void)lasts;
    }
    if (now_us > device->since_us)
        tell_phase(actor, now_us);
    device->since_us = now_us;
}

void ota_actor_bytes(struct ota_actor *actor, enum ota_bytes purpose,
                     int64_t now_us, int64_t bytes)
{
    struct ota_device_record *record = actor->record;
    const struct ota_plan *plan = &actor->group->plan;
    assert(bytes >= 0);

    switch (purpose) {
    case OTA_BYTES_ROUTINE:
        record->routine_bytes += bytes;
        break;
    case OTA_BYTES_OVERHEAD:
        record->overhead_bytes += bytes;
        break;
    case OTA_BYTES_WASTED:
        record->wasted_bytes += bytes;
        break;
    case OTA_BYTES_PAYLOAD:
        actor->device->module_bytes += bytes;
        break;
    }
    if (now_us >= 0 && bytes > 0)
        plan->model->meter(plan->config, actor->meter, now_us, bytes);
}

void ota_actor_connection_bytes(struct ota_actor *actor, int64_t now_us,
                                int64_t bytes)
{
    ota_actor_bytes(actor,
                    actor->device->for_update ? OTA_BYTES_OVERHEAD
                                              : OTA_BYTES_ROUTINE,
                    now_us, bytes);
}

struct ota_observation ota_actor_observation(const struct ota_actor *actor,
                                             enum ota_observation_kind kind,
                                             int64_t time_us)
{
    return (struct ota_observation){
        .kind = kind,
        .time_us = time_us,
        .device = actor->id,
        .group = actor->device->group,
        .variant = actor->device->variant,
        .safe_mode = actor->device->safe_mode,
        .undone = actor->undoing,
        .record = actor->record,
    };
}

void ota_actor_tell(const struct ota_actor *actor,
                    const struct ota_observation *observation)
{
    if (ota_actor_heard(actor, observation->kind))
        actor->observer->observe(actor->observer->self, observation);
}

int64_t ota_actor_data_left(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_plan *plan = &actor->group->plan;
    if (now_us < 0 || actor->is_pilot) /* billing has not begun, or is none */
        return INT64_MAX;
    return plan->model->left_bytes(plan->config, actor->meter, now_us);
}

void ota_actor_end_data_session(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_plan *plan = &actor->group->plan;
    if (now_us >= 0)
        plan->model->end_session(plan->config, actor->meter, now_us);
}

void ota_actor_state(struct ota_actor *actor, int64_t now_us,
                     enum ota_state state)
{
    struct ota_device *device = actor->device;
    const enum ota_state from = (enum ota_state)device->state;

    if (from == state)
        return;
    device->state = (uint8_t)state;
    if (!ota_actor_heard(actor, OTA_SEEN_STATE))
        return;
    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_STATE, now_us);
    seen.detail.state.from = from;
    seen.detail.state.to = state;
    ota_actor_tell(actor, &seen);
}
