/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * device.c - a device from time 0 to its outcome.
 *
 * A step ends one phase and enters the next. Nothing in it depends on other
 * devices; what the rollout does to a device comes in between two steps
 * (device_orders.c).
 */
#include <assert.h>

#include "sim/fleet/attributes.h"
#include "sim/fleet/device.h"

/* The draws of the begin, by index. */
enum {
    START_PRESENCE,
    START_VARIANT = OTA_START_VARIANT,
    START_SLEEP,
    START_SESSION,
    START_APP,
    START_KEEP_ALIVE,
    START_BATTERY,
    START_JOINS,
};

/* --- the begin --- */

enum { START_BITS = 8 };

static void start_stream(const struct ota_actor *actor, uint64_t index,
                         struct ota_stream *stream)
{
    ota_stream_init(stream, actor->key, actor->id, OTA_PURPOSE_START,
                    (uint64_t)actor->device->wake << START_BITS | index);
}

/* Accounts for the phase under way up to now_us. */
void ota_device_settle(struct ota_actor *actor, int64_t now_us)
{
    if (actor->device->phase == OTA_PHASE_ONLINE)
        ota_online_keep_alives(actor, actor->device->since_us, now_us);
    ota_actor_settle(actor, now_us);
}

/* When a device that is online at time 0 last spoke: at any time within the
 * interval of its keep-alives. */
static int64_t last_keep_alive_us(const struct ota_actor *actor)
{
    const int64_t every_us = actor->group->facts.keep_alive_us;
    struct ota_stream stream;

    if (every_us == OTA_NEVER)
        return 0;
    start_stream(actor, START_KEEP_ALIVE, &stream);
    return -(int64_t)((double)every_us * ota_uniform(&stream.rng));
}

/* Draws what a device that has been about for a while is like at now_us: the
 * age of its session, what its app remembers. */
static void draw_nature(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_group *group = actor->group;
    struct ota_device *device = actor->device;
    struct ota_stream stream;

    start_stream(actor, START_SESSION, &stream);
    group->session.model->start(group->session.config, &device->session,
                                &stream.rng);
    if (device->session.handshake_us != OTA_NEVER)
        device->session.handshake_us += now_us;
    start_stream(actor, START_APP, &stream);
    group->app.model->start(group->app.config, &device->memory, &stream.rng);
    device->epoch_us = now_us;
    device->epoch_wake = device->wake;
}

void ota_device_set_down(struct ota_actor *actor, int64_t now_us,
                         int64_t age_us, int64_t next_wake_us)
{
    struct ota_device *device = actor->device;

    draw_nature(actor, now_us);
    if (age_us == OTA_NEVER)
        ota_session_drop(&device->session);
    else
        device->session.handshake_us = now_us - age_us;
    device->spoke_us = device->radio_us = now_us;
    device->attached_us = -OTA_NEVER;
    device->next_wake_us = next_wake_us;
    ota_learn_skip(actor, now_us);
    ota_actor_enter(actor, OTA_PHASE_ASLEEP, now_us, next_wake_us);
}

int64_t ota_device_joins_us(const struct ota_group *group,
                            const struct ota_random_key *key, uint64_t id)
{
    struct ota_stream stream;

    if (ota_dist_most(&group->joins) <= 0)
        return 0;
    ota_stream_init(&stream, key, id, OTA_PURPOSE_START, START_JOINS);
    return ota_dist_draw_us(&group->joins, &stream.rng);
}

/* Draws until when the device is switched on, or off. Returns which. */
static bool draw_presence(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_presence *presence = &actor->group->presence;
    struct ota_stream stream;
    bool on;

    ota_stream_init(&stream, actor->key, actor->id, OTA_PURPOSE_PRESENCE, 0);
    actor->device->presence_us = ota_us_add(
        now_us, presence->model->first_us(presence->config, &stream.rng, &on));
    const int64_t joins_us =
        ota_device_joins_us(actor->group, actor->key, actor->id);
    if (joins_us <= 0)
        return on;
    actor->device->presence_us = joins_us; /* not there before */
    return false;
}

/* Whether the device is switched off for good. */
static bool is_absent(const struct ota_actor *actor)
{
    struct ota_stream stream;

    if (actor->group->absent <= 0)
        return false;
    start_stream(actor, START_PRESENCE, &stream);
    return ota_uniform(&stream.rng) < actor->group->absent;
}

void ota_device_start(struct ota_actor *actor)
{
    const struct ota_group *group = actor->group;
    const struct ota_sleep *sleep = &group->sleep;
    struct ota_device *device = actor->device;
    struct ota_stream stream;

    device->begin_us = device->sleep_us = OTA_NEVER;
    device->script_us = device->fate_us = device->lost_us = OTA_NEVER;
    device->presence_us = OTA_NEVER;
    device->attached_us = device->retry_us = -OTA_NEVER;
    device->answered_us = -OTA_NEVER;
    device->share_end_us = device->share_cut_us = OTA_NEVER;
    device->left_pc = INT64_MAX; /* until it is counted */
    device->state = OTA_STATE_WAITING;
    ota_manner_start(&device->manner);
    device->variant = ota_fleet_variant(group, actor->key, actor->id);
    ota_actor_find_path(actor);
    device->system = ota_path_system(ota_actor_path(actor), 0);
    draw_nature(actor, 0);

    if (is_absent(actor)) {
        device->state = OTA_STATE_ABSENT;
        ota_actor_enter(actor, OTA_PHASE_ABSENT, 0, OTA_NEVER);
        return;
    }
    const int64_t lead_us = group->facts.lead_us;
    const bool on = draw_presence(actor, -lead_us);
    ota_radio_start(actor, -lead_us);
    if (lead_us == 0) { /* never sleeps: it is online by now */
        device->next_wake_us = OTA_NEVER;
        device->attached = true;
        device->spoke_us = last_keep_alive_us(actor);
    } else {
        start_stream(actor, START_SLEEP, &stream);
        device->next_wake_us = ota_us_add(
            -lead_us, sleep->model->first_us(sleep->config, &stream.rng));
    }
    if (!on)
        ota_actor_enter(actor, OTA_PHASE_ABSENT, -lead_us, device->presence_us);
    else if (lead_us == 0)
        ota_online_go_on(actor, 0);
    else
        ota_actor_enter(actor, OTA_PHASE_ASLEEP, -lead_us,
                        device->next_wake_us);
}

void ota_device_open(struct ota_actor *actor)
{
    const struct ota_battery *battery = &actor->group->battery;
    struct ota_device *device = actor->device;
    const enum ota_state state = device->state;
    const enum ota_phase phase = device->phase;
    const enum ota_interrupt interrupt = device->interrupt;
    const struct ota_observer *observer = actor->observer;
    struct ota_stream stream;

    actor->observer = NULL; /* what came before is told to nobody */
    ota_device_settle(actor, 0);
    actor->observer = observer;
    *actor->meter = (struct ota_plan_state){.period = 0}; /* nor billed */
    *actor->record = (struct ota_device_record){
        .offered_us = OTA_NEVER,
        .begun_us = OTA_NEVER,
        .installed_us = OTA_NEVER,
        .confirmed_us = OTA_NEVER,
        .believed_us = OTA_NEVER,
        .defect_us = OTA_NEVER,
        .reached_us = OTA_NEVER,
        .revoked_us = OTA_NEVER,
        .left_us = OTA_NEVER,
        .back_us = OTA_NEVER,
        .bad = ota_apply_draw_bad(actor),
    };
    start_stream(actor, START_BATTERY, &stream);
    device->left_pc = battery->model->start_pc(battery->config, &stream.rng);
    device->was_online =
        phase == OTA_PHASE_ONLINE || phase == OTA_PHASE_PUBLISHING;
    device->state = OTA_STATES; /* nowhere yet */
    ota_actor_state(actor, 0, state);
    ota_actor_enter(actor, phase, 0, device->due_us);
    if (device->interrupt == OTA_INTERRUPT_NONE)
        device->interrupt = (uint8_t)interrupt;
}

/* --- steps --- */

void ota_device_die(struct ota_actor *actor, int64_t now_us)
{
    ota_actor_end_data_session(actor, now_us);
    actor->device->begin_us = actor->device->script_us = OTA_NEVER;
    ota_actor_enter(actor, OTA_PHASE_DEAD, now_us, OTA_NEVER);
}

static void run_down(struct ota_actor *actor, int64_t now_us)
{
    actor->record->dead = true;
    if (ota_update_pending(actor))
        ota_actor_state(actor, now_us, OTA_STATE_DEAD);
    ota_device_die(actor, now_us);
}

/* Something ended the phase before its time. */
static void interrupt(struct ota_actor *actor, int64_t now_us)
{
    switch ((enum ota_interrupt)actor->device->interrupt) {
    case OTA_INTERRUPT_BATTERY:
        run_down(actor, now_us);
        break;
    case OTA_INTERRUPT_PRESENCE:
        ota_sleep_leave(actor, now_us);
        break;
    case OTA_INTERRUPT_IMAGE:
        ota_apply_defect(actor, now_us);
        break;
    case OTA_INTERRUPT_NONE:
        assert(false && "nothing interrupts");
    }
}

/* Up to when nothing stops a phase before its time, but an empty battery. What
 * a step does later may bring that forward only where it enters a phase. */
static int64_t ahead_us(const struct ota_actor *actor)
{
    const struct ota_device *device = actor->device;
    const int64_t fate_us =
        ota_us_min(device->fate_us, device->manner.revert_us);

    if (ota_actor_heard(actor, OTA_SEEN_PHASE))
        return INT64_MIN; /* phase by phase */
    return ota_us_min(ota_us_min(actor->until_us, device->presence_us),
                      fate_us);
}

void ota_device_step(struct ota_actor *actor)
{
    struct ota_device *device = actor->device;
    const int64_t now_us = device->due_us;

    actor->since_us = device->since_us;
    actor->ahead_us = ahead_us(actor);
    ota_device_settle(actor, now_us);
    if (device->interrupt != OTA_INTERRUPT_NONE) {
        interrupt(actor, now_us);
        return;
    }
    switch ((enum ota_phase)device->phase) {
    case OTA_PHASE_ASLEEP:
        ota_sleep_wake(actor, now_us);
        break;
    case OTA_PHASE_TAIL:
        ota_sleep_deepen(actor, now_us);
        break;
    case OTA_PHASE_ABSENT:
        ota_sleep_return(actor, now_us);
        break;
    case OTA_PHASE_PUBLISHING:
        ota_online_published(actor, now_us);
        break;
    case OTA_PHASE_ONLINE:
        ota_online_act(actor, now_us);
        break;
    case OTA_PHASE_TRANSFERRING:
        ota_update_end(actor, now_us);
        break;
    case OTA_PHASE_APPLYING:
        ota_apply_end(actor, now_us);
        break;
    case OTA_PHASE_CRASHING:
        ota_apply_reverted(actor, now_us);
        break;
    case OTA_PHASE_BOOTING:
    case OTA_PHASE_ATTACHING:
    case OTA_PHASE_CONNECTING:
    case OTA_PHASE_BACKING_OFF:
        ota_connect_step(actor, now_us);
        break;
    case OTA_PHASE_DEAD:
    case OTA_PHASES:
        assert(false && "not a phase that ends");
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
        return device->manner.refused ? OTA_OUTCOME_FAILED_REFUSED
                                      : OTA_OUTCOME_FAILED_GIVEN_UP;
    case OTA_STATE_OUT_OF_DATA:
        return OTA_OUTCOME_OUT_OF_DATA;
    case OTA_STATE_DEAD:
        return OTA_OUTCOME_OUT_OF_BATTERY;
    case OTA_STATE_SAFE_MODE:
        return OTA_OUTCOME_SAFE_MODE;
    case OTA_STATE_CRASHING: /* unless a watchdog is about to end it */
        return device->fate_us == OTA_NEVER || record->dead
                   ? OTA_OUTCOME_FAILED_CRASHING
                   : OTA_OUTCOME_IN_PROGRESS;
    case OTA_STATE_REVERTED:
        return OTA_OUTCOME_REVERTED;
    case OTA_STATE_BRICKED:
        return OTA_OUTCOME_BRICKED;
    case OTA_STATE_ROLLED_BACK:
        return OTA_OUTCOME_ROLLED_BACK;
    case OTA_STATE_DOWNLOADING:
    case OTA_STATE_APPLYING:
        return OTA_OUTCOME_IN_PROGRESS;
    case OTA_STATE_ABSENT:
    case OTA_STATE_WAITING:
    case OTA_STATES:
        break;
    }
    if (record->reached_us == OTA_NEVER)
        return OTA_OUTCOME_WAITING_NOT_REACHED;
    if (record->revoked_us != OTA_NEVER)
        return OTA_OUTCOME_WAITING_CANCELED;
    if (!device->was_online)
        return OTA_OUTCOME_WAITING_NEVER_REACHABLE;
    if (record->offers == 0)
        return OTA_OUTCOME_WAITING_NEVER_OFFERED;
    if (record->attempts == 0)
        return OTA_OUTCOME_WAITING_NEVER_BEGUN;
    if (record->attempts == record->refused)
        return OTA_OUTCOME_FAILED_REFUSED;
    return record->attempts == record->aborted
               ? OTA_OUTCOME_WAITING_ALWAYS_ABORTED
               : OTA_OUTCOME_FAILED_NOT_APPLIED;
}

void ota_device_finish(struct ota_actor *actor, int64_t horizon_us)
{
    struct ota_device *device = actor->device;
    struct ota_device_record *record = actor->record;
    const struct ota_plan *plan = &actor->group->plan;

    ota_device_settle(actor, horizon_us);
    ota_report_queries(actor, horizon_us);
    ota_actor_end_data_session(actor, horizon_us);
    record->wasted_bytes += device->module_bytes; /* brought nothing so far */
    device->module_bytes = 0;
    record->overage_uusd = plan->model->cost_uusd(plan->config, actor->meter);
    record->periods_over =
        (int32_t)plan->model->periods_over(plan->config, actor->meter);
    record->outcome = outcome(actor);

    ota_actor_tell_plain(actor, OTA_SEEN_FINAL, horizon_us);
}
