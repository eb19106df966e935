/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * update.c - a device taking an update: offer, transfer, restart, report.
 *
 * "Started" is not "succeeded": the offer, the begin of the transfer, its
 * end, the module running and the cloud hearing of it are five events here,
 * and each can fail to come.
 */
#include <assert.h>

#include "sim/fleet/device.h"

bool ota_update_pending(const struct ota_actor *actor)
{
    return actor->device->step < ota_actor_path(actor)->count &&
           actor->device->state != OTA_STATE_GIVEN_UP;
}

static const struct ota_module *module_wanted(const struct ota_actor *actor)
{
    const struct ota_path *path = ota_actor_path(actor);
    assert(actor->device->step < path->count);
    return &path->steps[actor->device->step].module;
}

/* --- the offer --- */

/*
 * When a message that the cloud sends at at_us gets to the device: between
 * keep-alives the address mapping may have expired, and the message then waits
 * for the next keep-alive.
 */
static int64_t reachable_us(const struct ota_actor *actor, int64_t at_us)
{
    const struct ota_session *session = &actor->group->session;
    int64_t bytes;
    int64_t every_us = session->model->keep_alive_us(session->config, &bytes);
    int64_t mapping_us = session->model->mapping_us(session->config);
    int64_t quiet_us = ota_us_add(at_us, -actor->device->spoke_us);

    if (at_us == OTA_NEVER)
        return OTA_NEVER;
    if (every_us != OTA_NEVER)
        quiet_us %= every_us;
    if (quiet_us <= mapping_us)
        return at_us;
    return ota_us_add(at_us - quiet_us, every_us);
}

static bool heals(const struct ota_actor *actor)
{
    const struct ota_healer_config *healer = &actor->config->healer;
    return actor->group->product ? healer->product : healer->developer;
}

/* The new version runs and has connected: the cloud knows now. */
static void report(struct ota_actor *actor, int64_t now_us)
{
    if (actor->device->state != OTA_STATE_INSTALLED)
        return;
    actor->record->confirmed_us = now_us;
    actor->reports->confirmed++;
    ota_actor_state(actor, now_us, OTA_STATE_CONFIRMED);
}

void ota_update_offer(struct ota_actor *actor, int64_t now_us, bool offered)
{
    const struct ota_delivery *delivery = &actor->config->delivery;
    struct ota_device *device = actor->device;
    struct ota_device_record *record = actor->record;
    struct ota_stream stream;
    int64_t delay_us;

    report(actor, now_us);
    if (device->state == OTA_STATE_OUT_OF_DATA) /* it is back */
        ota_actor_state(actor, now_us,
                        device->safe_mode ? OTA_STATE_SAFE_MODE
                                          : OTA_STATE_WAITING);
    device->begin_us = OTA_NEVER;
    if (!ota_update_pending(actor) || !device->reached)
        return;

    ota_actor_stream(actor, OTA_PURPOSE_DELIVERY, &stream);
    if (device->safe_mode) {
        if (!heals(actor))
            return;
        delay_us = ota_dist_draw_us(&actor->config->healer.delay, &stream.rng);
    } else {
        if (!offered)
            return;
        delay_us = delivery->model->delay_us(delivery->config, &stream.rng);
        record->offers++;
    }
    record->offered_us = ota_us_min(record->offered_us, now_us);
    device->begin_us = reachable_us(actor, ota_us_add(now_us, delay_us));
    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_OFFER, now_us);
    ota_actor_tell(actor, &seen);
}

/* --- the transfer --- */

/* When the device will be gone whatever happens, if a transfer begins now. */
static int64_t cut_us(const struct ota_actor *actor, int64_t now_us,
                      bool *graceful)
{
    const struct ota_device *device = actor->device;
    const struct ota_app_common *app = ota_app_common(&actor->group->app);
    const struct ota_battery *battery = &actor->group->battery;

    int64_t sleep_us = device->sleep_us;
    if (app->stay_once_begun && sleep_us != OTA_NEVER)
        sleep_us = ota_us_max(sleep_us, ota_us_add(now_us, app->stay_max_us));
    int64_t end_us = actor->config->horizon_us;
    if (device->left_pc != INT64_MAX) {
        int64_t lasts_us = battery->model->lasts_us(
            battery->config, OTA_POWER_TRANSFER, device->left_pc);
        end_us = ota_us_min(end_us, ota_us_add(now_us, lasts_us));
    }
    *graceful = sleep_us <= end_us;
    return ota_us_max(ota_us_min(sleep_us, end_us), now_us + 1);
}

static void transfer(struct ota_actor *actor, int64_t now_us,
                     struct ota_transfer_result *result)
{
    const struct ota_group *group = actor->group;
    const struct ota_app_common *app = ota_app_common(&group->app);
    struct ota_device *device = actor->device;
    struct ota_stream stream;
    bool app_pumps = !device->safe_mode && !app->threaded;

    struct ota_transfer_job job = {
        .size_bytes = module_wanted(actor)->size_bytes,
        .kept_bytes = device->module_bytes,
        .begin_us = now_us,
        .pump_us = app_pumps ? app->pump_us : 0,
        .data_left_bytes = ota_actor_data_left(actor, now_us),
        .link = &group->link,
    };
    job.cut_us = cut_us(actor, now_us, &job.cut_is_graceful);
    ota_actor_stream(actor, OTA_PURPOSE_TRANSFER, &stream);
    *result =
        group->transfer.model->run(group->transfer.config, &job, &stream.rng);
    assert(result->end_us > now_us && result->end_us <= job.cut_us);
    assert(result->end != OTA_TRANSFER_DONE ||
           job.kept_bytes + result->payload_bytes == job.size_bytes);
}

/* Enters a transfer's bytes into the books. All of it at once, at its end:
 * nothing else of this device passes in between. */
static void account(struct ota_actor *actor,
                    const struct ota_transfer_result *result)
{
    int64_t all_bytes = result->down_bytes + result->up_bytes;
    int64_t overhead_bytes =
        all_bytes - result->spent_bytes - result->payload_bytes;

    assert(overhead_bytes >= 0);
    ota_actor_bytes(actor, OTA_BYTES_OVERHEAD, result->end_us, overhead_bytes);
    ota_actor_bytes(actor, OTA_BYTES_WASTED, result->end_us,
                    result->spent_bytes);
    ota_actor_bytes(actor, OTA_BYTES_PAYLOAD, result->end_us,
                    result->payload_bytes);
}

static void tell_transfer(const struct ota_actor *actor, int64_t now_us,
                          const struct ota_transfer_result *result)
{
    struct ota_observation begun =
        ota_actor_observation(actor, OTA_SEEN_BEGIN, now_us);
    begun.detail.begin.step = actor->device->step;
    ota_actor_tell(actor, &begun);

    struct ota_observation ended =
        ota_actor_observation(actor, OTA_SEEN_END, result->end_us);
    ended.detail.transfer.step = actor->device->step;
    ended.detail.transfer.result = result;
    ota_actor_tell(actor, &ended);
}

void ota_update_begin(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    struct ota_device_record *record = actor->record;

    device->begin_us = OTA_NEVER;
    record->attempts++;
    if (!device->safe_mode)
        record->offers_begun++;
    if (record->begun_us == OTA_NEVER) {
        record->begun_us = now_us;
        actor->reports->begun++;
    }
    struct ota_transfer_result result;
    transfer(actor, now_us, &result);
    device->transfer_end = (uint8_t)result.end;
    device->resets = result.resets;
    account(actor, &result);
    if (!device->safe_mode)
        ota_actor_state(actor, now_us, OTA_STATE_DOWNLOADING);
    tell_transfer(actor, now_us, &result);
    ota_actor_enter(actor, OTA_PHASE_TRANSFERRING, now_us, result.end_us);
}

/* --- its end --- */

static void apply(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_firmware *firmware = &actor->group->firmware;
    struct ota_device *device = actor->device;
    struct ota_stream stream;
    bool applied;

    ota_actor_stream(actor, OTA_PURPOSE_APPLY, &stream);
    int64_t took_us = firmware->model->apply_us(
        firmware->config, module_wanted(actor)->size_bytes, &stream.rng,
        &applied);
    device->applies = applied;
    if (!device->safe_mode)
        ota_actor_state(actor, now_us, OTA_STATE_APPLYING);
    ota_actor_enter(actor, OTA_PHASE_APPLYING, now_us,
                    ota_us_add(now_us, took_us));
}

/* The cloud counts failures, and may have had enough. */
static void count_abort(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_delivery *delivery = &actor->config->delivery;
    struct ota_device *device = actor->device;
    int64_t most = delivery->model->attempts_max(delivery->config);

    actor->record->aborted++;
    if (device->aborted < UINT16_MAX)
        device->aborted++;
    if (device->safe_mode)
        return;
    ota_actor_state(actor, now_us, OTA_STATE_WAITING);
    if (most > 0 && device->aborted >= most) {
        actor->reports->failed++;
        ota_actor_state(actor, now_us, OTA_STATE_GIVEN_UP);
    }
}

/* The session broke with the transfer: what a new one costs is the update's
 * doing, unlike what the device that goes on being online then does. */
static void reconnect_after(struct ota_actor *actor, int64_t now_us)
{
    actor->device->for_update = true;
    ota_connect_again(actor, now_us);
}

void ota_update_end(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    if (device->transfer_end == OTA_TRANSFER_DONE) {
        apply(actor, now_us);
        return;
    }
    count_abort(actor, now_us);
    switch ((enum ota_transfer_end)device->transfer_end) {
    case OTA_TRANSFER_STALLED:
    case OTA_TRANSFER_GAVE_UP:
        ota_session_drop(&device->session);
        if (device->resets)
            ota_connect_restart(actor, now_us, ota_connect_boot_us(actor));
        else if (device->sleep_us <= now_us)
            ota_connect_online(actor, now_us);
        else
            reconnect_after(actor, now_us);
        break;
    case OTA_TRANSFER_CAPPED:
        ota_connect_offline(actor, now_us);
        break;
    case OTA_TRANSFER_CUT:
        ota_connect_online(actor, now_us); /* which is to sleep, or to die */
        break;
    case OTA_TRANSFER_DONE:
    case OTA_TRANSFER_ENDS:
        assert(false && "handled above");
    }
}

void ota_update_applied(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_path *path = ota_actor_path(actor);
    struct ota_device *device = actor->device;
    struct ota_device_record *record = actor->record;
    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_BOOT, now_us);

    assert(device->module_bytes == module_wanted(actor)->size_bytes);
    seen.detail.boot.step = device->step;
    seen.detail.boot.applied = device->applies;
    if (device->applies) {
        record->useful_bytes += device->module_bytes;
        record->modules++;
        device->safe_mode = path->steps[device->step].safe_mode_after;
        device->step++;
        ota_session_drop(&device->session); /* other firmware, other hello */
    } else {
        record->wasted_bytes += device->module_bytes;
    }
    device->module_bytes = 0;
    seen.detail.boot.safe_mode = device->safe_mode;
    ota_actor_tell(actor, &seen);

    if (device->step == path->count) {
        record->installed_us = now_us;
        ota_actor_state(actor, now_us, OTA_STATE_INSTALLED);
    } else {
        ota_actor_state(actor, now_us,
                        device->safe_mode ? OTA_STATE_SAFE_MODE
                                          : OTA_STATE_WAITING);
    }
    ota_connect_restart(actor, now_us, 0); /* the boot is part of applying */
}
