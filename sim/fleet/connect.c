/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * connect.c - a device between waking and being online: attaching to the
 * network, setting up a session, trying again.
 *
 * A device that sleeps goes on trying until connect_max and then sleeps; one
 * that does not goes on for ever. What it tries is the session, as long as it
 * is attached; attaching again means switching the modem off and on, which it
 * does no more often than the group's cycle_min.
 */
#include <assert.h>

#include "models/link/exchange.h"
#include "sim/fleet/account.h"

/* An awake device that cannot connect tries again after 1 s, doubling with
 * every fifth failure up to 128 s.
 * Source: particle-iot/device-os, system/src/system_utilities.cpp. */
static const int64_t back_off_us = OTA_US_PER_S;
enum { BACK_OFF_TRIES = 5, BACK_OFF_DOUBLINGS = 7 };

/* After so long without a session the network interface is reset.
 * Source: particle-iot/device-os, system/src/system_task.cpp. */
static const int64_t interface_reset_us = 5 * OTA_US_PER_MIN;

bool ota_connect_is_paused(struct ota_actor *actor, int64_t now_us)
{
    return ota_actor_data_left(actor, now_us) == 0;
}

/* --- attaching --- */

static void attach_ended(struct ota_actor *actor, int64_t now_us);

static void attach(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_link *link = ota_radio_link(actor);
    struct ota_device *device = actor->device;
    const bool warm = actor->group->facts.depth == OTA_SLEEP_STANDBY &&
                      device->reconnect == 0 && !device->booted;
    struct ota_stream stream;
    bool ok;

    ota_radio_look(actor, now_us);
    if (!warm)
        device->attached_us = now_us;
    ota_actor_stream(actor, OTA_PURPOSE_ATTACH, &stream);
    const int64_t took_us = link->model->attach_us(link->config, &device->link,
                                                   warm, &stream.rng, &ok);
    const int64_t end_us = ota_us_add(now_us, took_us);
    device->connect_ok = ok && !ota_radio_is_out(actor, end_us);
    if (ota_actor_pass(actor, OTA_PHASE_ATTACHING, now_us, end_us))
        attach_ended(actor, end_us);
}

static void tell_attach(const struct ota_actor *actor, int64_t now_us)
{
    if (!ota_actor_heard(actor, OTA_SEEN_ATTACH))
        return;
    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_ATTACH, now_us);
    seen.detail.attach.ok = actor->device->connect_ok;
    seen.detail.attach.took_us = now_us - actor->since_us;
    ota_actor_tell(actor, &seen);
}

/* --- setting up a session --- */

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

/* The app may want a handshake, so as to be offered an update. */
static void clear_session(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_app *app = &actor->group->app;
    struct ota_device *device = actor->device;

    if (app->model->clears && !device->safe_mode && device->reconnect == 0 &&
        device->failures == 0 &&
        app->model->clears(app->config, now_us - device->epoch_us,
                           device->wake - device->epoch_wake, &device->memory))
        ota_session_drop(&device->session);
}

/* Returns when that is over, well or not. */
static int64_t connected_us(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_session *session = &actor->group->session;
    struct ota_device *device = actor->device;
    struct ota_stream stream;
    struct ota_air air;

    if (ota_connect_is_paused(actor, now_us)) { /* nothing passes */
        ota_session_drop(&device->session);
        device->connect_ok = false;
        device->connect_bytes = 0;
        return now_us + unanswered_us(&ota_retry_dtls);
    }
    clear_session(actor, now_us);
    ota_radio_sense(actor, now_us, &air);
    const struct ota_session_call call = {
        .air = &air,
        .os = ota_actor_os(actor),
        .now_us = now_us,
        .changed = device->changed,
        .safe_mode = device->safe_mode,
        .boot = device->booted,
    };
    ota_actor_stream(actor, OTA_PURPOSE_SESSION, &stream);
    struct ota_session_setup setup;
    session->model->connect(session->config, &device->session, &call,
                            &stream.rng, &setup);
    ota_radio_keep(actor, &air);
    device->connect_ok = setup.ok;
    device->session_full = setup.full;
    device->connect_bytes = setup.up_bytes + setup.down_bytes;
    if (setup.full)
        device->attempts = 0;
    ota_actor_connection_bytes(actor, now_us, device->connect_bytes);
    return ota_us_add(now_us, setup.took_us);
}

static void connect_ended(struct ota_actor *actor, int64_t now_us);

static void connect_through(struct ota_actor *actor, int64_t now_us)
{
    const int64_t end_us = connected_us(actor, now_us);

    if (ota_actor_pass(actor, OTA_PHASE_CONNECTING, now_us, end_us))
        connect_ended(actor, end_us);
}

/* It may come of having connected, again and again: one at a step. */
void ota_connect_again(struct ota_actor *actor, int64_t now_us)
{
    actor->device->reconnect++;
    const int64_t end_us = connected_us(actor, now_us);
    ota_actor_enter(actor, OTA_PHASE_CONNECTING, now_us, end_us);
}

static void tell_connect(const struct ota_actor *actor, int64_t now_us)
{
    const struct ota_device *device = actor->device;
    if (!ota_actor_heard(actor, OTA_SEEN_CONNECT))
        return;
    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_CONNECT, now_us);
    seen.detail.connect.ok = device->connect_ok;
    seen.detail.connect.full = device->connect_ok && device->session_full;
    seen.detail.connect.took_us = now_us - actor->since_us;
    seen.detail.connect.bytes = device->connect_bytes;
    ota_actor_tell(actor, &seen);
}

/* --- trying again --- */

/* When an awake device tries to connect again. */
static int64_t next_try_us(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    int doublings = (device->failures - 1) / BACK_OFF_TRIES;

    if (doublings > BACK_OFF_DOUBLINGS)
        doublings = BACK_OFF_DOUBLINGS;
    const int64_t try_us = now_us + (back_off_us << doublings);
    const int64_t attach_us = ota_us_max(try_us, ota_sleep_cycle_us(actor));
    if (!device->attached)
        return attach_us;
    if (try_us - device->awake_us < interface_reset_us)
        return try_us;
    ota_actor_end_data_session(actor, now_us);
    device->attached = false;
    device->awake_us = attach_us; /* the next 5 min begin there */
    return attach_us;
}

void ota_connect_offline(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    const struct ota_app_common *app = actor->group->facts.app;

    if (device->failures < UINT16_MAX)
        device->failures++;
    if (ota_update_pending(actor) && ota_connect_is_paused(actor, now_us))
        ota_actor_state(actor, now_us, OTA_STATE_OUT_OF_DATA);
    const bool sleeps = ota_sleep_may(actor);
    const int64_t give_up_us =
        ota_us_add(device->awake_us, app->connect_max_us);
    if (sleeps && now_us >= give_up_us) {
        ota_sleep_begin(actor, now_us);
        return;
    }
    const int64_t try_us = next_try_us(actor, now_us);
    if (sleeps && try_us >= give_up_us) {
        ota_sleep_begin(actor, now_us);
        return;
    }
    device->reconnect++;
    ota_actor_enter(actor, OTA_PHASE_BACKING_OFF, now_us, try_us);
}

static void attach_ended(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    tell_attach(actor, now_us);
    device->attached = device->connect_ok;
    device->radio_us = now_us;
    if (device->attached)
        connect_through(actor, now_us);
    else
        ota_connect_offline(actor, now_us);
}

static void connect_ended(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    tell_connect(actor, now_us);
    if (!device->connect_ok) {
        ota_connect_offline(actor, now_us);
        return;
    }
    actor->record->connects++;
    if (device->session_full)
        actor->record->handshakes++;
    device->changed = device->booted = false;
    ota_online_begin(actor, now_us, false);
}

/* --- steps --- */

/* A device that slept in standby is still connected, if the cloud could have
 * reached it all the time. */
static bool is_kept(const struct ota_actor *actor, int64_t now_us)
{
    const struct ota_device *device = actor->device;
    const struct ota_session *session = &actor->group->session;

    return device->attached && !device->booted && !device->changed &&
           device->session.handshake_us != OTA_NEVER &&
           now_us <
               session->model->renew_us(session->config, &device->session) &&
           ota_online_reachable_us(actor, now_us) == now_us;
}

static void booted(struct ota_actor *actor, int64_t now_us)
{
    if (actor->group->facts.depth == OTA_SLEEP_STANDBY &&
        is_kept(actor, now_us))
        ota_online_begin(actor, now_us, true);
    else
        attach(actor, now_us);
}

void ota_connect_boot(struct ota_actor *actor, int64_t now_us, int64_t boot_us)
{
    const int64_t end_us = ota_us_add(now_us, boot_us);

    if (ota_actor_pass(actor, OTA_PHASE_BOOTING, now_us, end_us))
        booted(actor, end_us);
}

void ota_connect_step(struct ota_actor *actor, int64_t now_us)
{
    switch ((enum ota_phase)actor->device->phase) {
    case OTA_PHASE_BOOTING:
        booted(actor, now_us);
        break;
    case OTA_PHASE_BACKING_OFF:
        if (actor->device->attached)
            connect_through(actor, now_us);
        else
            attach(actor, now_us);
        break;
    case OTA_PHASE_ATTACHING:
        attach_ended(actor, now_us);
        break;
    case OTA_PHASE_CONNECTING:
        connect_ended(actor, now_us);
        break;
    default:
        assert(false && "not a phase of connecting");
    }
}
