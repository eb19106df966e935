/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * device.c - a device's phases: sleeping, connecting, being online.
 *
 * A step ends one phase and enters the next. Nothing in it depends on other
 * devices; what the rollout does to a device comes in between two steps
 * (ota_device_reach).
 */
#include <assert.h>

#include "models/link/exchange.h"
#include "sim/fleet/device.h"

/* Purposes share the draws of time 0 by index. */
enum { START_PRESENCE, START_VARIANT, START_SLEEP, START_SESSION, START_APP };

/* An awake device that cannot connect tries again after 1 s, doubling with
 * every fifth failure up to 128 s.
 * Source: particle-iot/device-os, system/src/system_utilities.cpp. */
static const int64_t back_off_us = OTA_US_PER_S;
enum { BACK_OFF_TRIES = 5, BACK_OFF_DOUBLINGS = 7 };

/* A device that stays online is looked at this often, so that what its
 * keep-alives cost goes to the right billing period and a cap is noticed. */
static const int64_t online_stretch_us = OTA_US_PER_DAY;

static void attach(struct ota_actor *actor, int64_t now_us);

/* --- time 0 ---------------------------------------------------------------- */

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

void ota_device_start(struct ota_actor *actor)
{
    const struct ota_group *group = actor->group;
    struct ota_device *device = actor->device;
    struct ota_device_record *record = actor->record;
    struct ota_stream stream;

    record->offered_us = record->begun_us = OTA_NEVER;
    record->installed_us = record->confirmed_us = OTA_NEVER;
    device->begin_us = device->sleep_us = OTA_NEVER;
    device->left_pc = group->battery.model->capacity_pc(group->battery.config);
    device->state = OTA_STATES; /* nowhere yet */
    device->variant = draw_variant(actor);

    start_stream(actor, START_SESSION, &stream);
    group->session.model->start(group->session.config, &device->session,
                                &stream.rng);
    start_stream(actor, START_APP, &stream);
    group->app.model->start(group->app.config, &device->last_long,
                            &stream.rng);

    start_stream(actor, START_PRESENCE, &stream);
    if (gsl_rng_uniform(&stream.rng) < group->absent) {
        ota_actor_state(actor, 0, OTA_STATE_ABSENT);
        ota_actor_enter(actor, OTA_PHASE_ABSENT, 0, OTA_NEVER);
        return;
    }
    ota_actor_state(actor, 0, OTA_STATE_WAITING);

    const struct ota_sleep *sleep = &group->sleep;
    start_stream(actor, START_SLEEP, &stream);
    int64_t first_us = sleep->model->first_us(sleep->config, &stream.rng);
    int64_t next_us =
        sleep->model->next_us(sleep->config, first_us, &stream.rng);
    if (next_us == OTA_NEVER) { /* never sleeps: it is online by now */
        device->next_wake_us = OTA_NEVER;
        device->was_online = true;
        ota_device_online(actor, 0);
    } else {
        device->next_wake_us = first_us;
        ota_actor_enter(actor, OTA_PHASE_ASLEEP, 0, first_us);
    }
}

/* --- sleep and wake -------------------------------------------------------- */

static bool sleeps(const struct ota_actor *actor)
{
    return actor->device->next_wake_us != OTA_NEVER &&
           !actor->device->safe_mode;
}

static enum ota_sleep_depth depth(const struct ota_actor *actor,
                                  int64_t *boot_us)
{
    const struct ota_sleep *sleep = &actor->group->sleep;
    return sleep->model->depth(sleep->config, boot_us);
}

/* Draws the wake behind the one that is due at next_wake_us. */
static int64_t wake_after(struct ota_actor *actor)
{
    const struct ota_sleep *sleep = &actor->group->sleep;
    struct ota_stream stream;

    actor->device->reconnect = 0;
    ota_actor_stream(actor, OTA_PURPOSE_WAKE, &stream);
    return sleep->model->next_us(sleep->config, actor->device->next_wake_us,
                                 &stream.rng);
}

/* Tells an observation without details to whom wants it. */
static void tell(const struct ota_actor *actor, enum ota_observation_kind kind,
                 int64_t now_us)
{
    if (!ota_actor_heard(actor, kind))
        return;
    struct ota_observation seen = ota_actor_observation(actor, kind, now_us);
    ota_actor_tell(actor, &seen);
}

static void end_data_session(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_plan *plan = &actor->group->plan;
    plan->model->end_session(plan->config, actor->meter, now_us);
}

static void go_to_sleep(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    int64_t boot_us;

    if (depth(actor, &boot_us) != OTA_SLEEP_STANDBY)
        end_data_session(actor, now_us);
    device->begin_us = device->sleep_us = OTA_NEVER;
    device->for_update = false;
    while (device->next_wake_us <= now_us) { /* slept through, being awake */
        device->wake++;
        device->next_wake_us = wake_after(actor);
    }
    tell(actor, OTA_SEEN_SLEEP, now_us);
    ota_actor_enter(actor, OTA_PHASE_ASLEEP, now_us, device->next_wake_us);
}

static void wake(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    int64_t boot_us;

    device->wake++;
    actor->record->wakes++;
    device->next_wake_us = wake_after(actor);
    tell(actor, OTA_SEEN_WAKE, now_us);
    depth(actor, &boot_us);
    ota_actor_enter(actor, OTA_PHASE_BOOTING, now_us,
                    ota_us_add(now_us, boot_us));
}

int64_t ota_device_boot_us(const struct ota_actor *actor)
{
    int64_t boot_us;
    depth(actor, &boot_us);
    return boot_us;
}

void ota_device_restart(struct ota_actor *actor, int64_t now_us,
                        int64_t boot_us)
{
    struct ota_device *device = actor->device;

    end_data_session(actor, now_us);
    device->reconnect++;
    device->for_update = true;
    device->begin_us = device->sleep_us = OTA_NEVER;
    ota_actor_enter(actor, OTA_PHASE_BOOTING, now_us,
                    ota_us_add(now_us, boot_us));
}

/* --- connecting ------------------------------------------------------------ */

static bool sim_is_paused(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_plan *plan = &actor->group->plan;
    return plan->model->left_bytes(plan->config, actor->meter, now_us) == 0;
}

static void attach(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_link *link = &actor->group->link;
    struct ota_stream stream;
    bool ok;

    ota_actor_stream(actor, OTA_PURPOSE_ATTACH, &stream);
    int64_t took_us = link->model->attach_us(link->config, &stream.rng, &ok);
    actor->device->connect_ok = ok;
    ota_actor_enter(actor, OTA_PHASE_ATTACHING, now_us,
                    ota_us_add(now_us, took_us));
}

/* How long a handshake goes on when nothing ever answers. */
static int64_t unanswered_us(const struct ota_retry *retry)
{
    int64_t took_us = 0;
    int64_t timeout_us = retry->timeout_us;
    for (int sends = 0; sends < retry->sends_max; sends++) {
        took_us += timeout_us;
        timeout_us = ota_us_min(2 * timeout_us, retry->timeout_max_us);
    }
    return took_us;
}

static void connect(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_session *session = &actor->group->session;
    struct ota_device *device = actor->device;
    struct ota_stream stream;

    if (sim_is_paused(actor, now_us)) { /* the network passes nothing on */
        device->connect_ok = false;
        ota_actor_enter(actor, OTA_PHASE_CONNECTING, now_us,
                        now_us + unanswered_us(&ota_retry_dtls));
        return;
    }
    ota_actor_stream(actor, OTA_PURPOSE_SESSION, &stream);
    struct ota_session_setup setup = session->model->connect(
        session->config, &device->session, &actor->group->link, now_us,
        &stream.rng);
    device->connect_ok = setup.ok;
    device->session_full = setup.full;
    ota_actor_bytes(actor,
                    device->for_update ? OTA_BYTES_OVERHEAD
                                       : OTA_BYTES_ROUTINE,
                    now_us, setup.up_bytes + setup.down_bytes);
    ota_actor_enter(actor, OTA_PHASE_CONNECTING, now_us,
                    ota_us_add(now_us, setup.took_us));
}

void ota_device_reconnect(struct ota_actor *actor, int64_t now_us)
{
    actor->device->reconnect++;
    connect(actor, now_us);
}

static void tell_connect(const struct ota_actor *actor, int64_t now_us, bool ok)
{
    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_CONNECT, now_us);
    seen.detail.connect.ok = ok;
    seen.detail.connect.full = ok && actor->device->session_full;
    ota_actor_tell(actor, &seen);
}

void ota_device_connect_failed(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    tell_connect(actor, now_us, false);
    if (device->failures < UINT16_MAX)
        device->failures++;
    if (ota_update_pending(actor) && sim_is_paused(actor, now_us))
        ota_actor_state(actor, now_us, OTA_STATE_OUT_OF_DATA);
    if (sleeps(actor)) {
        go_to_sleep(actor, now_us);
        return;
    }
    int doublings = (device->failures - 1) / BACK_OFF_TRIES;
    if (doublings > BACK_OFF_DOUBLINGS)
        doublings = BACK_OFF_DOUBLINGS;
    device->reconnect++;
    ota_actor_enter(actor, OTA_PHASE_BACKING_OFF, now_us,
                    now_us + (back_off_us << doublings));
}

/* --- online ---------------------------------------------------------------- */

/* Sends the app's events of this wake from now_us on and counts their bytes.
 * Returns how long that and its work take; a lost event ends the session. */
static int64_t publish_us(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_app_common *app = ota_app_common(&actor->group->app);
    struct ota_device *device = actor->device;
    struct ota_stream stream;

    ota_actor_stream(actor, OTA_PURPOSE_APP, &stream);
    int64_t took_us = ota_dist_draw_us(&app->work, &stream.rng);
    int64_t bytes = 0;
    for (int64_t i = 0; i < app->publishes; i++) {
        int64_t size = (int64_t)ota_dist_draw(&app->publish, &stream.rng);
        struct ota_exchange sent = ota_exchange_run(
            &actor->group->link, &ota_retry_coap, &stream.rng);
        took_us += sent.took_us;
        bytes += size * sent.requests_sent +
                 app->publish_ack_bytes * sent.answers_sent;
        if (!sent.ok) {
            ota_session_drop(&device->session);
            device->begin_us = OTA_NEVER;
            break;
        }
    }
    ota_actor_bytes(actor,
                    device->for_update ? OTA_BYTES_OVERHEAD
                                       : OTA_BYTES_ROUTINE,
                    now_us, bytes);
    return took_us;
}

static void connected(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    const struct ota_app *app = &actor->group->app;

    actor->record->connects++;
    if (device->session_full)
        actor->record->handshakes++;
    device->failures = 0;
    device->was_online = true;
    tell_connect(actor, now_us, true);
    ota_update_offer(actor, now_us);
    if (device->safe_mode) {
        device->sleep_us = OTA_NEVER;
        ota_device_online(actor, now_us);
        return;
    }
    int64_t ready_us = now_us + publish_us(actor, now_us);
    if (sleeps(actor)) {
        int64_t wait_us = app->model->wait_us(
            app->config, now_us, device->wake, &device->last_long);
        device->sleep_us = ota_us_max(ready_us, ota_us_add(now_us, wait_us));
    }
    ota_actor_enter(actor, OTA_PHASE_PUBLISHING, now_us, ready_us);
}

void ota_device_online(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    const struct ota_session *session = &actor->group->session;

    if (device->sleep_us <= now_us) {
        go_to_sleep(actor, now_us);
        return;
    }
    int64_t due_us = ota_us_add(now_us, online_stretch_us);
    due_us = ota_us_min(due_us, device->sleep_us);
    due_us = ota_us_min(due_us, ota_us_max(device->begin_us, now_us));
    due_us = ota_us_min(
        due_us,
        ota_us_max(session->model->renew_us(session->config, &device->session),
                   now_us));
    ota_actor_enter(actor, OTA_PHASE_ONLINE, now_us, due_us);
}

/* Counts the keep-alives since the phase began. */
static void keep_alives(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_device *device = actor->device;
    const struct ota_session *session = &actor->group->session;
    int64_t bytes;
    int64_t every_us = session->model->keep_alive_us(session->config, &bytes);

    if (every_us == OTA_NEVER)
        return;
    int64_t count = (now_us - device->since_us) / every_us;
    ota_actor_bytes(actor,
                    device->for_update ? OTA_BYTES_OVERHEAD
                                       : OTA_BYTES_ROUTINE,
                    now_us, count * bytes);
}

/* Something is to be done online: by order of what cannot be put off. */
static void act_online(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_session *session = &actor->group->session;
    struct ota_device *device = actor->device;

    if (now_us >= device->sleep_us)
        go_to_sleep(actor, now_us);
    else if (sim_is_paused(actor, now_us))
        ota_device_connect_failed(actor, now_us);
    else if (now_us >= device->begin_us)
        ota_update_begin(actor, now_us);
    else if (now_us >= session->model->renew_us(session->config,
                                                &device->session))
        ota_device_reconnect(actor, now_us);
    else
        ota_device_online(actor, now_us);
}

/* --- steps ----------------------------------------------------------------- */

static void die(struct ota_actor *actor, int64_t now_us)
{
    actor->record->dead = true;
    if (ota_update_pending(actor))
        ota_actor_state(actor, now_us, OTA_STATE_DEAD);
    ota_actor_enter(actor, OTA_PHASE_DEAD, now_us, OTA_NEVER);
}

static void booted(struct ota_actor *actor, int64_t now_us)
{
    int64_t boot_us;
    bool attached = depth(actor, &boot_us) == OTA_SLEEP_STANDBY &&
                    actor->device->reconnect == 0;
    if (attached)
        connect(actor, now_us);
    else
        attach(actor, now_us);
}

void ota_device_step(struct ota_actor *actor)
{
    struct ota_device *device = actor->device;
    const int64_t now_us = device->due_us;
    const enum ota_phase phase = device->phase;

    if (phase == OTA_PHASE_ONLINE)
        keep_alives(actor, now_us);
    ota_actor_settle(actor, now_us);
    if (device->dies) {
        die(actor, now_us);
        return;
    }
    switch (phase) {
    case OTA_PHASE_ASLEEP:
        wake(actor, now_us);
        break;
    case OTA_PHASE_BOOTING:
        booted(actor, now_us);
        break;
    case OTA_PHASE_BACKING_OFF:
        attach(actor, now_us);
        break;
    case OTA_PHASE_ATTACHING:
        if (device->connect_ok)
            connect(actor, now_us);
        else
            ota_device_connect_failed(actor, now_us);
        break;
    case OTA_PHASE_CONNECTING:
        if (device->connect_ok)
            connected(actor, now_us);
        else
            ota_device_connect_failed(actor, now_us);
        break;
    case OTA_PHASE_PUBLISHING:
        ota_device_online(actor, now_us);
        break;
    case OTA_PHASE_ONLINE:
        act_online(actor, now_us);
        break;
    case OTA_PHASE_TRANSFERRING:
        ota_update_end(actor, now_us);
        break;
    case OTA_PHASE_APPLYING:
        ota_update_applied(actor, now_us);
        break;
    case OTA_PHASE_ABSENT:
    case OTA_PHASE_DEAD:
    case OTA_PHASES:
        assert(false && "a phase without an end came to its end");
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
    ota_update_offer(actor, now_us);
    if (device->phase == OTA_PHASE_ONLINE) {
        keep_alives(actor, now_us);
        ota_actor_settle(actor, now_us);
        ota_device_online(actor, now_us);
    }
}

/* --- the end ---------------------------------------------------------------- */

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
    return record->attempts == 0 ? OTA_OUTCOME_WAITING_NEVER_BEGUN
                                 : OTA_OUTCOME_WAITING_ALWAYS_ABORTED;
}

void ota_device_finish(struct ota_actor *actor, int64_t horizon_us)
{
    struct ota_device *device = actor->device;
    struct ota_device_record *record = actor->record;
    const struct ota_plan *plan = &actor->group->plan;

    if (device->phase == OTA_PHASE_ONLINE)
        keep_alives(actor, horizon_us);
    ota_actor_settle(actor, horizon_us);
    end_data_session(actor, horizon_us);
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
