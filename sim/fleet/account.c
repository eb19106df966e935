/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * account.c - the books of a device: time, charge, bytes, states.
 *
 * Each phase has one current, so the instant at which the battery runs out is
 * known when the phase begins; it then ends there, and no step has to ask.
 */
#include <assert.h>

#include "sim/fleet/device.h"

/* A wake is part of a stream's index together with the connects behind it, so
 * that a wake has the same luck whatever earlier wakes were used for. */
enum { RECONNECT_BITS = 32 };

static const enum ota_power phase_power[OTA_PHASES] = {
    [OTA_PHASE_ASLEEP] = OTA_POWER_SLEEP,
    [OTA_PHASE_BOOTING] = OTA_POWER_BOOT,
    [OTA_PHASE_ATTACHING] = OTA_POWER_ATTACH,
    [OTA_PHASE_CONNECTING] = OTA_POWER_CONNECT,
    [OTA_PHASE_PUBLISHING] = OTA_POWER_CONNECT,
    [OTA_PHASE_ONLINE] = OTA_POWER_ONLINE,
    [OTA_PHASE_BACKING_OFF] = OTA_POWER_BOOT,
    [OTA_PHASE_TRANSFERRING] = OTA_POWER_TRANSFER,
    [OTA_PHASE_APPLYING] = OTA_POWER_BOOT,
};

const struct ota_path *ota_actor_path(const struct ota_actor *actor)
{
    return &actor->group->variants[actor->device->variant].path;
}

void ota_actor_stream(const struct ota_actor *actor, enum ota_purpose purpose,
                      struct ota_stream *stream)
{
    const struct ota_device *device = actor->device;

    ota_stream_init(stream, actor->key, actor->id, purpose,
                    (uint64_t)device->wake << RECONNECT_BITS |
                        device->reconnect);
}

static bool draws_power(enum ota_phase phase)
{
    return phase != OTA_PHASE_ABSENT && phase != OTA_PHASE_DEAD;
}

void ota_actor_enter(struct ota_actor *actor, enum ota_phase phase,
                     int64_t now_us, int64_t due_us)
{
    struct ota_device *device = actor->device;
    assert(due_us >= now_us);

    device->phase = (uint8_t)phase;
    device->since_us = now_us;
    device->due_us = due_us;
    device->dies = false;
    if (!draws_power(phase) || device->left_pc == INT64_MAX)
        return;

    /* Nearly always the charge will do; when it is gone need not be known. */
    const struct ota_battery *battery = &actor->group->battery;
    const enum ota_power power = phase_power[phase];
    if (battery->model->charge_pc(battery->config, power, due_us - now_us) <=
        device->left_pc)
        return;
    int64_t lasts_us =
        battery->model->lasts_us(battery->config, power, device->left_pc);
    int64_t empty_us = ota_us_add(now_us, lasts_us);
    if (empty_us < due_us) {
        device->due_us = empty_us;
        device->dies = true;
    }
}

void ota_actor_settle(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    const struct ota_battery *battery = &actor->group->battery;
    assert(now_us >= device->since_us);

    if (!draws_power(device->phase))
        return;
    enum ota_power power = phase_power[device->phase];
    int64_t lasted_us = now_us - device->since_us;
    int64_t charge_pc =
        battery->model->charge_pc(battery->config, power, lasted_us);
    actor->record->power_us[power] += lasted_us;
    int64_t most_pc = INT64_MAX - actor->record->charge_pc;
    actor->record->charge_pc += charge_pc < most_pc ? charge_pc : most_pc;
    if (device->left_pc != INT64_MAX) {
        assert(charge_pc <= device->left_pc);
        device->left_pc -= charge_pc;
    }
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
    if (now_us >= 0)
        plan->model->meter(plan->config, actor->meter, now_us, bytes);
}

bool ota_actor_heard(const struct ota_actor *actor,
                     enum ota_observation_kind kind)
{
    return actor->observer && actor->observer->wants & 1u << kind;
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
    };
}

void ota_actor_tell(const struct ota_actor *actor,
                    const struct ota_observation *observation)
{
    if (ota_actor_heard(actor, observation->kind))
        actor->observer->observe(actor->observer->self, observation);
}

void ota_actor_tell_plain(const struct ota_actor *actor,
                          enum ota_observation_kind kind, int64_t now_us)
{
    if (!ota_actor_heard(actor, kind))
        return;
    struct ota_observation seen = ota_actor_observation(actor, kind, now_us);
    ota_actor_tell(actor, &seen);
}

int64_t ota_actor_data_left(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_plan *plan = &actor->group->plan;
    if (now_us < 0) /* billing has not begun */
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
    if (device->state == state)
        return;

    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_STATE, now_us);
    seen.detail.state.from = device->state;
    seen.detail.state.to = state;
    device->state = (uint8_t)state;
    ota_actor_tell(actor, &seen);
}
