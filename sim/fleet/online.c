/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * online.c - what a device does while it is online: its app publishes, works
 * and waits; the cloud offers, tells or wakes; the session is kept alive.
 */
#include <assert.h>

#include "models/link/exchange.h"
#include "sim/fleet/account.h"

/* A device that stays online is looked at this often, so that what its
 * keep-alives cost goes to the right billing period and a cap is noticed. */
static const int64_t online_stretch_us = OTA_US_PER_DAY;

/* --- reachability --- */

/* Between keep-alives the address mapping may have expired; a message then
 * waits for the next keep-alive. */
int64_t ota_online_reachable_us(const struct ota_actor *actor, int64_t at_us)
{
    const struct ota_device *device = actor->device;
    const int64_t every_us = actor->group->facts.keep_alive_us;
    int64_t mapping_us = actor->group->facts.mapping_us;

    if (at_us == OTA_NEVER)
        return OTA_NEVER;
    int64_t quiet_us = ota_us_add(at_us, -device->spoke_us);
    if (device->phase == OTA_PHASE_ASLEEP || device->phase == OTA_PHASE_TAIL ||
        device->phase == OTA_PHASE_BOOTING) {
        /* Nobody sends keep-alives: a mapping lasts as long as they need it
         * to, unless it is known to last otherwise. */
        if (mapping_us == OTA_NEVER)
            mapping_us = every_us;
        return quiet_us <= mapping_us ? at_us : OTA_NEVER;
    }
    if (quiet_us >= every_us && every_us != OTA_NEVER)
        quiet_us %= every_us;
    if (quiet_us <= mapping_us)
        return at_us;
    return ota_us_add(at_us - quiet_us, every_us);
}

/* They come each so long after the device last spoke, whatever stretches the
 * phase is cut into. */
void ota_online_keep_alives(struct ota_actor *actor, int64_t since_us,
                            int64_t now_us)
{
    struct ota_device *device = actor->device;
    const int64_t every_us = actor->group->facts.keep_alive_us;

    if (now_us - device->spoke_us < every_us)
        return;
    const int64_t beats = (now_us - device->spoke_us) / every_us;
    const int64_t count = beats - (since_us - device->spoke_us) / every_us;
    if (count > 0)
        device->radio_us = device->spoke_us + beats * every_us;
    ota_actor_connection_bytes(actor, now_us,
                               count * actor->group->facts.keep_alive_bytes);
}

/* --- the app --- */

/* Sends the app's events of this wake from now_us on and counts their bytes.
 * Returns how long that takes, and in *work_us how long the app then works; a
 * lost event ends the session. */
static int64_t publish_us(struct ota_actor *actor, int64_t now_us,
                          int64_t *work_us)
{
    const struct ota_app_common *app = actor->group->facts.app;
    struct ota_device *device = actor->device;
    struct ota_stream stream;
    struct ota_air air;

    if (app->publishes == 0 && app->work.kind == OTA_DIST_FIXED) {
        *work_us = ota_dist_draw_us(&app->work, NULL);
        return 0;
    }
    ota_actor_stream(actor, OTA_PURPOSE_APP, &stream);
    *work_us = ota_dist_draw_us(&app->work, &stream.rng);
    int64_t took_us = 0;
    int64_t bytes = 0;
    if (app->publishes > 0)
        ota_radio_sense(actor, now_us, &air);
    for (int64_t i = 0; i < app->publishes; i++) {
        int64_t size = (int64_t)ota_dist_draw(&app->publish, &stream.rng);
        struct ota_exchange sent = ota_exchange_run(
            &air, &ota_retry_coap, ota_us_add(now_us, took_us), &stream.rng);
        took_us += sent.took_us;
        bytes += size * sent.requests_sent +
                 app->publish_ack_bytes * sent.answers_sent;
        if (!sent.ok) {
            ota_session_drop(&device->session);
            device->begin_us = OTA_NEVER;
            break;
        }
    }
    if (app->publishes > 0)
        ota_radio_keep(actor, &air);
    ota_actor_connection_bytes(actor, now_us, bytes);
    return took_us;
}

/* The app runs: it publishes, works and then waits for an update. */
static void run_app(struct ota_actor *actor, int64_t now_us,
                    const struct ota_app_wait *wait)
{
    struct ota_device *device = actor->device;
    int64_t work_us;
    const int64_t ready_us =
        ota_us_add(now_us, publish_us(actor, now_us, &work_us));

    device->busy_us = ota_us_add(ready_us, work_us);
    if (ota_sleep_may(actor)) {
        int64_t sleep_us =
            ota_us_max(device->busy_us, ota_us_add(now_us, wait->wait_us));
        if (device->sleep_us != OTA_NEVER) /* it stays for a pending update */
            sleep_us = ota_us_max(sleep_us, device->sleep_us);
        device->sleep_us = sleep_us;
    }
    if (ota_actor_pass(actor, OTA_PHASE_PUBLISHING, now_us, ready_us))
        ota_online_published(actor, ready_us);
}

/* --- the cloud --- */

static void tell_flags(const struct ota_actor *actor, int64_t now_us)
{
    if (!ota_actor_heard(actor, OTA_SEEN_FLAGS))
        return;
    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_FLAGS, now_us);
    seen.detail.flags.enabled = ota_update_enabled(actor, now_us);
    seen.detail.flags.forced = actor->config->forced;
    ota_actor_tell(actor, &seen);
}

static void tell_pending(const struct ota_actor *actor, int64_t at_us,
                         bool pending)
{
    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_PENDING, at_us);
    seen.detail.pending.pending = pending;
    ota_actor_tell(actor, &seen);
}

/* Asks the app how long it stays, which may ask a server on the way, and lets
 * the cloud decide whether it offers the update. */
static struct ota_app_wait decide(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_app *app = &actor->group->app;
    const struct ota_delivery delivery = actor->group->facts.delivery;
    struct ota_device *device = actor->device;
    const struct ota_device_os os = ota_actor_os(actor);
    struct ota_delivery_view view = {
        .full = device->session_full,
        .polls = ota_learn_asks(actor, now_us),
    };
    struct ota_app_wait wait = {.wait_us = 0};
    struct ota_stream stream;
    bool offered = ota_update_offer(
        actor, now_us, delivery.model->offers(delivery.config, &view));

    if (device->safe_mode)
        return wait;
    ota_actor_stream(actor, OTA_PURPOSE_CLOUD, &stream);
    int64_t told_us = OTA_NEVER;
    if (ota_os_tells_flags(&os)) {
        told_us = delivery.model->decision_us(delivery.config, &stream.rng);
        if (ota_actor_heard(actor, OTA_SEEN_PENDING))
            tell_pending(actor, ota_us_add(now_us, told_us), offered);
    }
    const struct ota_app_view seen = {
        .now_us = now_us - device->epoch_us,
        .wake_count = device->wake - device->epoch_wake,
        .full = device->session_full,
        .flagged = device->reached && ota_update_pending(actor),
        .told_us = ota_os_tells_status(&os) && !offered ? told_us : OTA_NEVER,
    };
    wait = app->model->wait(app->config, &seen, &device->memory, &stream.rng);
    ota_actor_connection_bytes(actor, now_us, wait.bytes);
    if (wait.asked && !offered) {
        view.asked = true;
        ota_update_offer(actor, now_us,
                         delivery.model->offers(delivery.config, &view));
    }
    return wait;
}

bool ota_online_asks(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    if (now_us < actor->contacts_us || device->reached ||
        !ota_update_lacks(actor))
        return false;
    device->due_us = now_us; /* where it is until it is answered */
    device->asking = OTA_ASKS_CONTACT;
    ota_actor_report(actor, now_us, OTA_REPORT_CONTACT, OTA_CAUSES);
    return true;
}

void ota_online_begin(struct ota_actor *actor, int64_t now_us, bool kept)
{
    actor->device->kept = kept;
    const bool asks =
        !actor->group->facts.polls || ota_learn_connect(actor, now_us);
    if (!asks || !ota_online_asks(actor, now_us))
        ota_online_answered(actor, now_us);
}

void ota_online_answered(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    const struct ota_device_os os = ota_actor_os(actor);
    const bool kept = device->kept;

    device->failures = 0;
    device->was_online = true;
    if (kept)
        device->session_full = false;
    else
        device->spoke_us = now_us;
    if (!kept && ota_os_tells_flags(&os))
        tell_flags(actor, now_us);
    ota_report_connected(actor, now_us);
    if (ota_operator_sends(actor))
        ota_operator_catch_up(actor, now_us);
    /* A session set up anew under an app that waits does not start it over. */
    const bool waits = device->sleep_us != OTA_NEVER && !device->safe_mode;
    if (device->safe_mode || waits) {
        const struct ota_delivery delivery = actor->group->facts.delivery;
        const struct ota_delivery_view view = {
            .full = device->session_full,
            .polls = ota_learn_asks(actor, now_us),
        };
        ota_update_offer(actor, now_us,
                         delivery.model->offers(delivery.config, &view));
        ota_online_go_on(actor, now_us);
        return;
    }
    const struct ota_app_wait wait = decide(actor, now_us);
    run_app(actor, now_us, &wait);
}

bool ota_online_wake_up(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    const bool asleep =
        device->phase == OTA_PHASE_ASLEEP || device->phase == OTA_PHASE_TAIL;

    if (!asleep || actor->group->facts.depth != OTA_SLEEP_STANDBY ||
        !device->attached || ota_connect_is_paused(actor, now_us) ||
        ota_radio_is_out(actor, now_us) ||
        device->session.handshake_us == OTA_NEVER ||
        ota_online_reachable_us(actor, now_us) != now_us)
        return false;
    device->awake_us = now_us;
    device->reconnect++;
    device->for_update = true;
    ota_actor_enter(actor, OTA_PHASE_ONLINE, now_us, now_us);
    ota_online_begin(actor, now_us, true);
    return true;
}

/* --- going on --- */

/* Without an answer to a keep-alive for so long, the device gives its
 * connection up. Sources: particle-iot/device-os, hal/inc/
 * cellular_hal_utilities.h; over TCP communication/src/lightssl_protocol.h. */
static const int64_t ping_timeout_us = 30 * OTA_US_PER_S;
static const int64_t ping_timeout_tcp_us = 10 * OTA_US_PER_S;

/* When a device that stays online will find out that nothing passes: behind the
 * first keep-alive in an outage. */
static int64_t lost_us(const struct ota_actor *actor, int64_t now_us)
{
    const struct ota_device *device = actor->device;
    const struct ota_outage *outage = ota_radio_outage(actor, now_us);
    const int64_t every_us = actor->group->facts.keep_alive_us;

    if (!outage || every_us == OTA_NEVER)
        return OTA_NEVER;
    const int64_t from_us = ota_us_max(outage->begin_us, now_us);
    const int64_t beats = (from_us - device->spoke_us) / every_us + 1;
    const int64_t ping_us = ota_us_add(device->spoke_us, beats * every_us);
    if (ping_us >= ota_us_add(outage->begin_us, outage->lasts_us))
        return OTA_NEVER;
    return ota_us_add(ping_us, ota_actor_os(actor).tcp ? ping_timeout_tcp_us
                                                       : ping_timeout_us);
}

static void lose_connection(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    ota_session_drop(&device->session);
    ota_actor_end_data_session(actor, now_us);
    device->attached = false;
    device->begin_us = OTA_NEVER;
    device->awake_us = now_us; /* it tries anew */
    ota_connect_offline(actor, now_us);
}

/* When the session is too old to go on. A device that is about to sleep lets it
 * be until it connects again. */
static int64_t renew_us(const struct ota_actor *actor)
{
    const struct ota_session *session = &actor->group->session;
    const struct ota_device *device = actor->device;

    return device->sleep_us == OTA_NEVER
               ? session->model->renew_us(session->config, &device->session)
               : OTA_NEVER;
}

void ota_online_go_on(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    if (device->sleep_us <= now_us) {
        ota_sleep_begin(actor, now_us);
        return;
    }
    device->lost_us =
        actor->group->outage_count > 0 ? lost_us(actor, now_us) : OTA_NEVER;
    int64_t due_us = ota_us_add(now_us, online_stretch_us);
    due_us = ota_us_min(due_us, device->sleep_us);
    due_us = ota_us_min(due_us, device->lost_us);
    if (device->asks_again)
        due_us = ota_us_min(due_us, ota_us_max(device->retry_us, now_us));
    due_us = ota_us_min(due_us, ota_us_max(device->begin_us, now_us));
    due_us = ota_us_min(due_us, ota_us_max(device->script_us, now_us));
    if (device->manner.holds)
        due_us =
            ota_us_min(due_us, ota_us_max(ota_accept_due_us(actor), now_us));
    if (device->manner.trial)
        due_us =
            ota_us_min(due_us, ota_us_max(ota_confirm_due_us(actor), now_us));
    if (actor->group->facts.polls)
        due_us = ota_us_min(
            due_us, ota_us_max(ota_learn_due_us(actor, now_us), now_us));
    due_us = ota_us_min(due_us, ota_us_max(renew_us(actor), now_us));
    /* Anything but the sleep may come again and again: one at a step. */
    if (due_us != device->sleep_us)
        ota_actor_enter(actor, OTA_PHASE_ONLINE, now_us, due_us);
    else if (ota_actor_pass(actor, OTA_PHASE_ONLINE, now_us, due_us)) {
        ota_online_keep_alives(actor, now_us, due_us);
        ota_sleep_begin(actor, due_us);
    }
}

static void confirm(struct ota_actor *actor, int64_t now_us)
{
    ota_report_connected(actor, now_us);
    ota_online_go_on(actor, now_us);
}

static void ask_again(struct ota_actor *actor, int64_t now_us)
{
    actor->device->reconnect++; /* other luck */
    ota_update_offer(actor, now_us, true);
    ota_online_go_on(actor, now_us);
}

void ota_online_act(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    /* By order of what cannot be put off. */
    if (now_us >= device->sleep_us)
        ota_sleep_begin(actor, now_us);
    else if (ota_connect_is_paused(actor, now_us))
        ota_connect_offline(actor, now_us);
    else if (now_us >= device->lost_us)
        lose_connection(actor, now_us);
    else if (now_us >= device->begin_us)
        ota_update_begin(actor, now_us);
    else if (device->asks_again && now_us >= device->retry_us)
        ask_again(actor, now_us);
    else if (now_us >= device->script_us)
        ota_operator_act(actor, now_us);
    else if (now_us >= ota_accept_due_us(actor))
        ota_accept_install(actor, now_us);
    else if (now_us >= ota_confirm_due_us(actor))
        confirm(actor, now_us);
    else if (now_us >= ota_learn_due_us(actor, now_us))
        ota_learn_poll(actor, now_us);
    else if (now_us >= renew_us(actor))
        ota_connect_again(actor, now_us);
    else
        ota_online_go_on(actor, now_us);
}

void ota_online_published(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    device->spoke_us = now_us;
    if (!ota_sleep_may(actor)) /* back to what it does without an update */
        device->for_update = false;
    if (device->session.handshake_us == OTA_NEVER && device->sleep_us > now_us)
        ota_connect_again(actor, now_us); /* an event got no answer */
    else
        ota_online_go_on(actor, now_us);
}
