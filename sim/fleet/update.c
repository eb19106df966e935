/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * update.c - a device taking an update: the offer, and how a transfer ended.
 *
 * "Started" is not "succeeded": the offer, the begin of the transfer, its
 * end, the module running and the cloud hearing of it are five events, and
 * each can fail to come.
 */
#include <assert.h>

#include "sim/fleet/device.h"

bool ota_update_lacks(const struct ota_actor *actor)
{
    return actor->device->state == OTA_STATE_GIVEN_UP ||
           actor->device->state == OTA_STATE_REVERTED ||
           ota_update_pending(actor);
}

/* --- what the app lets in --- */

bool ota_update_enabled(const struct ota_actor *actor, int64_t now_us)
{
    const struct ota_app_common *app = actor->group->facts.app;
    const struct ota_device *device = actor->device;
    const struct ota_device_os os = ota_actor_os(actor);

    if (device->safe_mode || !ota_os_refuses_disabled(&os))
        return true;
    if (actor->config->forced && ota_os_obeys_forced(&os))
        return true;
    switch ((enum ota_app_updates)app->updates) {
    case OTA_APP_UPDATES_DISABLED:
        return device->opened;
    case OTA_APP_UPDATES_WHEN_IDLE:
        return now_us >= device->busy_us;
    case OTA_APP_UPDATES_ENABLED:
        break;
    }
    return true;
}

/* --- the offer --- */

static bool heals(const struct ota_actor *actor)
{
    const struct ota_healer_config *healer = &actor->config->healer;
    const struct ota_device *device = actor->device;

    if (device->commanded ||
        (healer->tries_max > 0 && device->heals >= healer->tries_max))
        return false;
    return actor->group->product ? healer->product : healer->developer;
}

/* Whether the cloud's rules let it try again in this session. */
static bool may_try(const struct ota_actor *actor)
{
    const struct ota_delivery_retry *retry = actor->group->facts.retry;

    return retry->session_max == 0 ||
           actor->device->attempts < retry->session_max;
}

/* Whether somebody would send the device a module now, if it may. */
static bool is_wanted(const struct ota_actor *actor, bool offered)
{
    const struct ota_device *device = actor->device;

    if (!device->safe_mode &&
        !(device->reached && offered && !ota_operator_sends(actor)))
        return false;
    if (!ota_update_pending(actor) || device->manner.holds)
        return false;
    return !device->safe_mode || heals(actor); /* whatever became of the
                                                * rollout */
}

/* The first step that did not take effect yet. */
static uint8_t next_step(const struct ota_device *device)
{
    uint8_t step = 0;
    while (device->taken >> step & 1)
        step++;
    return step;
}

/*
 * A cloud that knows that updates are disabled does not begin one; it says that
 * one is pending. An app that listens then lets it in, and stays.
 */
static void knock(struct ota_actor *actor, int64_t now_us, int64_t delay_us)
{
    const struct ota_app_common *app = actor->group->facts.app;
    const struct ota_delivery delivery = actor->group->facts.delivery;
    struct ota_device *device = actor->device;
    struct ota_stream stream;

    device->begin_us = OTA_NEVER;
    if (!app->on_pending)
        return;
    ota_actor_stream(actor, OTA_PURPOSE_CLOUD, &stream);
    const int64_t told_us = ota_us_add(
        now_us, delivery.model->decision_us(delivery.config, &stream.rng));
    device->opened = true;
    device->begin_us =
        ota_online_reachable_us(actor, ota_us_add(told_us, delay_us));
    if (ota_sleep_may(actor))
        device->sleep_us = ota_us_add(told_us, app->stay_max_us);
}

void ota_update_tell_offer(const struct ota_actor *actor, int64_t now_us,
                           enum ota_sender sender)
{
    if (!ota_actor_heard(actor, OTA_SEEN_OFFER))
        return;
    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_OFFER, now_us);
    seen.detail.offer.sender = sender;
    ota_actor_tell(actor, &seen);
}

static bool offer(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_delivery delivery = actor->group->facts.delivery;
    const struct ota_app_common *app = actor->group->facts.app;
    struct ota_device *device = actor->device;
    const struct ota_device_os os = ota_actor_os(actor);
    struct ota_stream stream;
    int64_t delay_us;

    device->retry_us =
        ota_us_max(device->retry_us, ota_content_ready_us(actor));
    if (now_us < device->retry_us) { /* later, if it is still there */
        device->asks_again = delivery.model != &ota_delivery_poll;
        return false;
    }

    ota_actor_stream(actor, OTA_PURPOSE_DELIVERY, &stream);
    if (device->safe_mode) {
        delay_us = ota_dist_draw_us(&actor->config->healer.delay, &stream.rng);
    } else {
        delay_us = delivery.model->delay_us(delivery.config, &stream.rng);
        actor->record->offers++;
    }
    actor->record->offered_us = ota_us_min(actor->record->offered_us, now_us);
    device->step = next_step(device);
    device->begin_us =
        ota_learn_begin_us(actor, now_us, ota_us_add(now_us, delay_us));
    ota_update_tell_offer(actor, now_us,
                          device->safe_mode ? OTA_SENDER_HEALER
                                            : OTA_SENDER_CLOUD);
    if (app->updates == OTA_APP_UPDATES_DISABLED && ota_os_tells_flags(&os) &&
        !ota_update_enabled(actor, now_us))
        knock(actor, now_us, delay_us);
    device->begin_us = ota_accept_begin_us(actor, now_us, device->begin_us);
    return true;
}

bool ota_update_offer(struct ota_actor *actor, int64_t now_us, bool offered)
{
    struct ota_device *device = actor->device;

    if (device->state == OTA_STATE_OUT_OF_DATA) /* it is back */
        ota_actor_state(actor, now_us,
                        device->safe_mode ? OTA_STATE_SAFE_MODE
                                          : OTA_STATE_WAITING);
    device->begin_us = OTA_NEVER;
    device->asks_again = false;
    return is_wanted(actor, offered) && may_try(actor) && offer(actor, now_us);
}

/* --- the end of a transfer --- */

static void give_up(struct ota_actor *actor, int64_t now_us)
{
    if (actor->device->transfer_end == OTA_TRANSFER_REFUSED)
        ota_actor_report(actor, now_us, OTA_REPORT_REFUSED, OTA_CAUSE_REFUSED);
    else
        ota_actor_report(actor, now_us, OTA_REPORT_FAILED, OTA_CAUSE_DOWNLOAD);
    ota_actor_state(actor, now_us, OTA_STATE_GIVEN_UP);
}

/* The cloud counts failures, and may have had enough. */
static void count_abort(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_delivery_retry *retry = actor->group->facts.retry;
    struct ota_device *device = actor->device;

    actor->record->aborted++;
    if (device->transfer_end == OTA_TRANSFER_REFUSED)
        actor->record->refused++;
    if (device->aborted < UINT16_MAX)
        device->aborted++;
    device->retry_us = ota_us_add(now_us, retry->after_us);
    if ((device->safe_mode && !device->commanded) || device->backs)
        return;
    ota_actor_state(actor, now_us,
                    device->safe_mode ? OTA_STATE_SAFE_MODE
                                      : OTA_STATE_WAITING);
    if (retry->attempts_max > 0 && device->aborted >= retry->attempts_max)
        give_up(actor, now_us);
}

/* The session broke with the transfer: what a new one costs is the update's
 * doing, unlike what the device that goes on being online then does. */
static void reconnect_after(struct ota_actor *actor, int64_t now_us)
{
    actor->device->for_update = true;
    ota_connect_again(actor, now_us);
}

/* The device said no and is still there. The cloud asks again when its app is
 * no longer busy or when its own rules say so, but not there and then. */
static void refused(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_delivery delivery = actor->group->facts.delivery;
    struct ota_device *device = actor->device;

    device->reconnect++; /* other luck */
    device->retry_us = ota_us_max(device->retry_us, device->busy_us);
    device->asks_again = device->retry_us > now_us &&
                         delivery.model->offers_online(delivery.config);
    if (ota_operator_sends(actor))
        ota_operator_catch_up(actor, now_us);
    ota_online_go_on(actor, now_us);
}

/* The session is of no more use: a Gen 2 device that stalled, or whose app
 * broke the transfer, restarts; others connect anew. */
static void recover(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    ota_session_drop(&device->session);
    if (device->resets)
        ota_sleep_restart(actor, now_us, actor->group->facts.boot_us);
    else if (device->sleep_us <= now_us)
        ota_online_go_on(actor, now_us);
    else
        reconnect_after(actor, now_us);
}

/* The device hears at the end of the transfer that the update is off. */
static void throw_away(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    device->canceled = false;
    actor->record->aborted++;
    actor->record->wasted_bytes += device->module_bytes;
    device->module_bytes = 0;
    if (!device->safe_mode)
        ota_actor_state(actor, now_us, OTA_STATE_WAITING);
    if (device->loses_power)
        ota_actor_enter(actor, OTA_PHASE_ONLINE, now_us, OTA_NEVER);
    else if (device->transfer_end == OTA_TRANSFER_CAPPED)
        ota_connect_offline(actor, now_us);
    else if (device->transfer_end == OTA_TRANSFER_DONE ||
             device->transfer_end == OTA_TRANSFER_REFUSED ||
             device->transfer_end == OTA_TRANSFER_CUT)
        ota_online_go_on(actor, now_us);
    else
        recover(actor, now_us);
}

void ota_update_end(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    device->spoke_us = now_us;
    if (device->granted) {
        device->granted = false;
        ota_actor_report(actor, now_us, OTA_REPORT_END, OTA_CAUSES);
    }
    if (device->canceled) {
        throw_away(actor, now_us);
        return;
    }
    if (device->transfer_end == OTA_TRANSFER_DONE) {
        ota_actor_report(actor, now_us, OTA_REPORT_PROGRESS, OTA_CAUSES);
        ota_report_sent(actor, now_us);
        ota_accept_install(actor, now_us);
        return;
    }
    ota_learn_skip(actor, now_us);
    count_abort(actor, now_us);
    switch ((enum ota_transfer_end)device->transfer_end) {
    case OTA_TRANSFER_STALLED:
    case OTA_TRANSFER_GAVE_UP:
    case OTA_TRANSFER_BROKEN:
        recover(actor, now_us);
        break;
    case OTA_TRANSFER_CAPPED:
        ota_connect_offline(actor, now_us);
        break;
    case OTA_TRANSFER_REFUSED:
        refused(actor, now_us);
        break;
    case OTA_TRANSFER_CUT:       /* to sleep, or to die */
        if (device->loses_power) /* and nobody offers it anything any more */
            ota_actor_enter(actor, OTA_PHASE_ONLINE, now_us, OTA_NEVER);
        else
            ota_online_go_on(actor, now_us);
        break;
    case OTA_TRANSFER_DONE:
    case OTA_TRANSFER_ENDS:
        assert(false && "handled above");
    }
}
