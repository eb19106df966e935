/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * connect.c - a device's phases between two sleeps: waking, attaching,
 * setting up a session, publishing and being online.
 */
#include <assert.h>

#include "models/link/exchange.h"
#include "sim/fleet/device.h"

/* An awake device that cannot connect tries again after 1 s, doubling with
 * every fifth failure up to 128 s.
 * Source: particle-iot/device-os, system/src/system_utilities.cpp. */
static const int64_t back_off_us = OTA_US_PER_S;
enum { BACK_OFF_TRIES = 5, BACK_OFF_DOUBLINGS = 7 };

/* A device that stays online is looked at this often, so that what its
 * keep-alives cost goes to the right billing period and a cap is noticed. */
static const int64_t online_stretch_us = OTA_US_PER_DAY;

/* --- sleep and wake --- */

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

    /* The schedule counts from where the device started. */
    const int64_t lead_us = sleep->model->lead_us(sleep->config);
    actor->device->reconnect = 0;
    ota_actor_stream(actor, OTA_PURPOSE_WAKE, &stream);
    return ota_us_add(
        sleep->model->next_us(
            sleep->config, actor->device->next_wake_us + lead_us, &stream.rng),
        -lead_us);
}

static void go_to_sleep(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    int64_t boot_us;

    if (depth(actor, &boot_us) != OTA_SLEEP_STANDBY)
        ota_actor_end_data_session(actor, now_us);
    device->begin_us = device->sleep_us = OTA_NEVER;
    device->for_update = false;
    while (device->next_wake_us <= now_us) { /* slept through, being awake */
        device->wake++;
        device->next_wake_us = wake_after(actor);
    }
    ota_actor_tell_plain(actor, OTA_SEEN_SLEEP, now_us);
    ota_actor_enter(actor, OTA_PHASE_ASLEEP, now_us, device->next_wake_us);
}

static void wake(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    int64_t boot_us;

    device->wake++;
    actor->record->wakes++;
    device->next_wake_us = wake_after(actor);
    ota_actor_tell_plain(actor, OTA_SEEN_WAKE, now_us);
    depth(actor, &boot_us);
    ota_actor_enter(actor, OTA_PHASE_BOOTING, now_us,
                    ota_us_add(now_us, boot_us));
}

int64_t ota_connect_boot_us(const struct ota_actor *actor)
{
    int64_t boot_us;
    depth(actor, &boot_us);
    return boot_us;
}

void ota_connect_restart(struct ota_actor *actor, int64_t now_us,
                         int64_t boot_us)
{
    struct ota_device *device = actor->device;

    ota_actor_end_data_session(actor, now_us);
    device->reconnect++;
    device->for_update = true;
    device->begin_us = device->sleep_us = OTA_NEVER;
    ota_actor_enter(actor, OTA_PHASE_BOOTING, now_us,
                    ota_us_add(now_us, boot_us));
}

/* --- connecting --- */

/* Counts bytes of being connected, by whose doing the connection is. */
static void count_bytes(struct ota_actor *actor, int64_t now_us, int64_t bytes)
{
    ota_actor_bytes(actor,
                    actor->device->for_update ? OTA_BYTES_OVERHEAD
                                              : OTA_BYTES_ROUTINE,
                    now_us, bytes);
}

static bool sim_is_paused(struct ota_actor *actor, int64_t now_us)
{
    return ota_actor_data_left(actor, now_us) == 0;
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
    struct ota_session_setup setup =
        session->model->connect(session->config, &device->session,
                                &actor->group->link, now_us, &stream.rng);
    device->connect_ok = setup.ok;
    device->session_full = setup.full;
    count_bytes(actor, now_us, setup.up_bytes + setup.down_bytes);
    ota_actor_enter(actor, OTA_PHASE_CONNECTING, now_us,
                    ota_us_add(now_us, setup.took_us));
}

void ota_connect_again(struct ota_actor *actor, int64_t now_us)
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

void ota_connect_offline(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

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
    ota_actor_end_data_session(actor, now_us); /* it attaches anew */
    device->reconnect++;
    ota_actor_enter(actor, OTA_PHASE_BACKING_OFF, now_us,
                    now_us + (back_off_us << doublings));
}

static void connect_failed(struct ota_actor *actor, int64_t now_us)
{
    tell_connect(actor, now_us, false);
    ota_connect_offline(actor, now_us);
}

/* --- online --- */

/* Sends the app's events of this wake from now_us on and counts their bytes.
 * Returns how long that takes, and in *work_us how long the app then works; a
 * lost event ends the session. */
static int64_t publish_us(struct ota_actor *actor, int64_t now_us,
                          int64_t *work_us)
{
    const struct ota_app_common *app = ota_app_common(&actor->group->app);
    struct ota_device *device = actor->device;
    struct ota_stream stream;

    ota_actor_stream(actor, OTA_PURPOSE_APP, &stream);
    *work_us = ota_dist_draw_us(&app->work, &stream.rng);
    int64_t took_us = 0;
    int64_t bytes = 0;
    for (int64_t i = 0; i < app->publishes; i++) {
        int64_t size = (int64_t)ota_dist_draw(&app->publish, &stream.rng);
        struct ota_exchange sent =
            ota_exchange_run(&actor->group->link, &ota_retry_coap, &stream.rng);
        took_us += sent.took_us;
        bytes += size * sent.requests_sent +
                 app->publish_ack_bytes * sent.answers_sent;
        if (!sent.ok) {
            ota_session_drop(&device->session);
            device->begin_us = OTA_NEVER;
            break;
        }
    }
    count_bytes(actor, now_us, bytes);
    return took_us;
}

/* The app runs: it publishes, works and then waits for an update. */
static void run_app(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    const struct ota_app *app = &actor->group->app;
    int64_t work_us;
    int64_t ready_us = ota_us_add(now_us, publish_us(actor, now_us, &work_us));

    if (sleeps(actor)) {
        int64_t wait_us = app->model->wait_us(app->config, now_us, device->wake,
                                              &device->last_long);
        device->sleep_us = ota_us_max(ota_us_add(ready_us, work_us),
                                      ota_us_add(now_us, wait_us));
    }
    ota_actor_enter(actor, OTA_PHASE_PUBLISHING, now_us, ready_us);
}

static void connected(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_delivery *delivery = &actor->config->delivery;
    struct ota_device *device = actor->device;

    actor->record->connects++;
    if (device->session_full)
        actor->record->handshakes++;
    device->failures = 0;
    device->was_online = true;
    tell_connect(actor, now_us, true);
    device->spoke_us = now_us;
    ota_update_offer(
        actor, now_us,
        delivery->model->offers(delivery->config, device->session_full));
    /* A session set up anew under an app that waits does not start it over. */
    if (device->safe_mode || device->sleep_us != OTA_NEVER)
        ota_connect_online(actor, now_us);
    else
        run_app(actor, now_us);
}

void ota_connect_online(struct ota_actor *actor, int64_t now_us)
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

/* They come each so long after the device last spoke, whatever stretches the
 * phase is cut into. */
void ota_connect_keep_alives(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_device *device = actor->device;
    const struct ota_session *session = &actor->group->session;
    int64_t bytes;
    int64_t every_us = session->model->keep_alive_us(session->config, &bytes);

    if (every_us == OTA_NEVER)
        return;
    int64_t count = (now_us - device->spoke_us) / every_us -
                    (device->since_us - device->spoke_us) / every_us;
    count_bytes(actor, now_us, count * bytes);
}

/* Something is to be done online: by order of what cannot be put off. */
static void act_online(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_session *session = &actor->group->session;
    struct ota_device *device = actor->device;

    if (now_us >= device->sleep_us)
        go_to_sleep(actor, now_us);
    else if (sim_is_paused(actor, now_us))
        ota_connect_offline(actor, now_us);
    else if (now_us >= device->begin_us)
        ota_update_begin(actor, now_us);
    else if (now_us >=
             session->model->renew_us(session->config, &device->session))
        ota_connect_again(actor, now_us);
    else
        ota_connect_online(actor, now_us);
}

/* --- steps --- */

static void published(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    device->spoke_us = now_us;
    if (!sleeps(actor)) /* back to what it does without an update */
        device->for_update = false;
    if (device->session.handshake_us == OTA_NEVER && device->sleep_us > now_us)
        ota_connect_again(actor, now_us); /* an event got no answer */
    else
        ota_connect_online(actor, now_us);
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

void ota_connect_step(struct ota_actor *actor, int64_t now_us)
{
    switch ((enum ota_phase)actor->device->phase) {
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
        if (actor->device->connect_ok)
            connect(actor, now_us);
        else
            connect_failed(actor, now_us);
        break;
    case OTA_PHASE_CONNECTING:
        if (actor->device->connect_ok)
            connected(actor, now_us);
        else
            connect_failed(actor, now_us);
        break;
    case OTA_PHASE_PUBLISHING:
        published(actor, now_us);
        break;
    case OTA_PHASE_ONLINE:
        act_online(actor, now_us);
        break;
    default:
        assert(false && "not a phase of connecting");
    }
}
