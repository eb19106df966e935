/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * device.c - a device from time 0 to its outcome.
 *
 * A step ends one phase and enters the next. Nothing in it depends on other
 * devices; what the rollout does to a device comes in between two steps
 * (ota_device_reach).
 */
#include <assert.h>

#include "sim/fleet/device.h"

/* The draws of the begin, by index. */
enum {
    START_PRESENCE,
    START_VARIANT,
    START_SLEEP,
    START_SESSION,
    START_APP,
    START_KEEP_ALIVE,
};

/* --- the begin --- */

static void start_stream(const struct ota_actor *actor, uint64_t index,
                         struct ota_stream *stream)
{
    ota_stream_init(stream, actor->key, actor->id, OTA_PURPOSE_START, index);
}

static uint16_t draw_variant(const struct ota_actor *actor)
{
    const struct ota_group *group = actor->group;
    struct ota_stream stream;

    start_stream(actor, START_VARIANT, &stream);
    double left = gsl_rng_uniform(&stream.rng);
    for (size_t v = 0; v + 1 < group->variant_count; v++) {
        left -= group->variants[v].share;
        if (left < 0)
            return (uint16_t)v;
    }
    return (uint16_t)(group->variant_count - 1);
}

/* Accounts for the phase under way up to now_us. */
static void settle(struct ota_actor *actor, int64_t now_us)
{
    if (actor->device->phase == OTA_PHASE_ONLINE)
        ota_connect_keep_alives(actor, now_us);
    ota_actor_settle(actor, now_us);
}

/* When a device that is online at time 0 last spoke: at any time within the
 * interval of its keep-alives. */
static int64_t last_keep_alive_us(const struct ota_actor *actor)
{
    const struct ota_session *session = &actor->group->session;
    struct ota_stream stream;
    int64_t bytes;
    int64_t every_us = session->model->keep_alive_us(session->config, &bytes);

    if (every_us == OTA_NEVER)
        return 0;
    start_stream(actor, START_KEEP_ALIVE, &stream);
    return -(int64_t)((double)every_us * gsl_rng_uniform(&stream.rng));
}

void ota_device_start(struct ota_actor *actor)
{
    const struct ota_group *group = actor->group;
    const struct ota_sleep *sleep = &group->sleep;
    struct ota_device *device = actor->device;
    struct ota_stream stream;

    device->begin_us = device->sleep_us = OTA_NEVER;
    device->left_pc = INT64_MAX; /* until it is counted */
    device->state = OTA_STATE_WAITING;
    device->variant = draw_variant(actor);

    start_stream(actor, START_SESSION, &stream);
    group->session.model->start(group->session.config, &device->session,
                                &stream.rng);
    start_stream(actor, START_APP, &stream);
    group->app.model->start(group->app.config, &device->last_long, &stream.rng);

    start_stream(actor, START_PRESENCE, &stream);
    if (gsl_rng_uniform(&stream.rng) < group->absent) {
        device->state = OTA_STATE_ABSENT;
        ota_actor_enter(actor, OTA_PHASE_ABSENT, 0, OTA_NEVER);
        return;
    }
    int64_t lead_us = sleep->model->lead_us(sleep->config);
    if (lead_us == 0) { /* never sleeps: it is online by now */
        device->next_wake_us = OTA_NEVER;
        device->spoke_us = last_keep_alive_us(actor);
        ota_connect_online(actor, 0);
        return;
    }
    start_stream(actor, START_SLEEP, &stream);
    int64_t first_us = sleep->model->first_us(sleep->config, &stream.rng);
    device->next_wake_us = first_us - lead_us;
    ota_actor_enter(actor, OTA_PHASE_ASLEEP, -lead_us, device->next_wake_us);
}

void ota_device_open(struct ota_actor *actor)
{
    const struct ota_battery *battery = &actor->group->battery;
    struct ota_device *device = actor->device;
    const enum ota_state state = device->state;
    const enum ota_phase phase = device->phase;

    settle(actor, 0);
    *actor->record = (struct ota_device_record){
        .offered_us = OTA_NEVER,
        .begun_us = OTA_NEVER,
        .installed_us = OTA_NEVER,
        .confirmed_us = OTA_NEVER,
    };
    device->left_pc = battery->model->capacity_pc(battery->config);
    device->was_online =
        phase == OTA_PHASE_ONLINE || phase == OTA_PHASE_PUBLISHING;
    device->state = OTA_STATES; /* nowhere yet */
    ota_actor_state(actor, 0, state);
    ota_actor_enter(actor, phase, 0, device->due_us);
}

/* --- steps --- */

static void die(struct ota_actor *actor, int64_t now_us)
{
    actor->record->dead = true;
    if (ota_update_pending(actor))
        ota_actor_state(actor, now_us, OTA_STATE_DEAD);
    ota_actor_enter(actor, OTA_PHASE_DEAD, now_us, OTA_NEVER);
}

void ota_device_step(struct ota_actor *actor)
{
    struct ota_device *device = actor->device;
    const int64_t now_us = device->due_us;
    const enum ota_phase phase = device->phase;

    settle(actor, now_us);
    if (device->dies) {
        die(actor, now_us);
        return;
    }
    switch (phase) {
    case OTA_PHASE_TRANSFERRING:
        ota_update_end(actor, now_us);
        break;
    case OTA_PHASE_APPLYING:
        ota_update_applied(actor, now_us);
        break;
    default:
        ota_connect_step(actor, now_us);
    }
}

void ota_device_reach(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    bool online = device->phase == OTA_PHASE_ONLINE ||
                  device->phase == OTA_PHASE_PUBLISHING;
    const struct ota_delivery *delivery = &actor->config->delivery;

    device->reached = true;
    if (!online || !delivery->model->offers_online(delivery->config))
        return;
    ota_update_offer(actor, now_us, true);
    if (device->phase == OTA_PHASE_ONLINE) {
        settle(actor, now_us);
        ota_connect_online(actor, now_us);
    }
}

/* --- the end --- */

static enum ota_outcome outcome(const struct ota_actor *actor)
{
    const struct ota_device *device = actor->device;
    const struct ota_device_record *record = actor->record;

    switch ((enum ota_state)device->state) {
    case OTA_STATE_CONFIRMED:
        return OTA_OUTCOME_UPDATED_CONFIRMED;
    case OTA_STATE_INSTALLED:
        return OTA_OUTCOME_UPDATED_UNREPORTED;
    case OTA_STATE_GIVEN_UP:
        return OTA_OUTCOME_FAILED_GIVEN_UP;
    case OTA_STATE_OUT_OF_DATA:
        return OTA_OUTCOME_OUT_OF_DATA;
    case OTA_STATE_DEAD:
        return OTA_OUTCOME_OUT_OF_BATTERY;
    case OTA_STATE_SAFE_MODE:
        return OTA_OUTCOME_SAFE_MODE;
    case OTA_STATE_DOWNLOADING:
    case OTA_STATE_APPLYING:
        return OTA_OUTCOME_IN_PROGRESS;
    case OTA_STATE_ABSENT:
    case OTA_STATE_WAITING:
    case OTA_STATES:
        break;
    }
    if (!device->was_online)
        return OTA_OUTCOME_WAITING_NEVER_REACHABLE;
    if (record->offers == 0)
        return OTA_OUTCOME_WAITING_NEVER_OFFERED;
    if (record->attempts == 0)
        return OTA_OUTCOME_WAITING_NEVER_BEGUN;
    return record->attempts == record->aborted
               ? OTA_OUTCOME_WAITING_ALWAYS_ABORTED
               : OTA_OUTCOME_FAILED_NOT_APPLIED;
}

void ota_device_finish(struct ota_actor *actor, int64_t horizon_us)
{
    struct ota_device *device = actor->device;
    struct ota_device_record *record = actor->record;
    const struct ota_plan *plan = &actor->group->plan;

    settle(actor, horizon_us);
    ota_actor_end_data_session(actor, horizon_us);
    record->wasted_bytes += device->module_bytes; /* brought nothing so far */
    device->module_bytes = 0;
    record->overage_uusd = plan->model->cost_uusd(plan->config, actor->meter);
    record->periods_over =
        (int32_t)plan->model->periods_over(plan->config, actor->meter);
    record->outcome = outcome(actor);

    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_FINAL, horizon_us);
    seen.detail.record = record;
    ota_actor_tell(actor, &seen);
}
