/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * update_transfer.c - a transfer, from what it waits for to its end.
 *
 * How it ends is worked out when it begins, for nothing else of the device
 * passes in between: it is done, refused, or cut off when the device will be
 * gone or its app breaks it. Where capacity is shared, what it would do alone
 * is all that others need to know of it.
 */
#include <assert.h>

#include "sim/fleet/device.h"

static const struct ota_path_step *step_wanted(const struct ota_actor *actor)
{
    const struct ota_path *path = ota_actor_path(actor);
    assert(actor->device->step < path->count);
    return &path->steps[actor->device->step];
}

/* When the app breaks a transfer that begins now. */
static int64_t break_us(const struct ota_actor *actor, int64_t now_us)
{
    const struct ota_app_common *app = actor->group->facts.app;
    const struct ota_dist until =
        ota_dist_exponential(OTA_TIME, (double)app->interferes_us);
    struct ota_stream stream;

    if (app->interferes_us == OTA_NEVER || actor->device->safe_mode)
        return OTA_NEVER;
    ota_actor_stream(actor, OTA_PURPOSE_INTERFERE, &stream);
    return ota_us_add(now_us, ota_dist_draw_us(&until, &stream.rng));
}

/* When the device will be gone whatever happens, if a transfer begins now; in
 * *graceful whether it then has time to save its progress. */
static int64_t gone_us(const struct ota_actor *actor, int64_t now_us,
                       bool *graceful)
{
    const struct ota_device *device = actor->device;
    const struct ota_app_common *app = actor->group->facts.app;
    const struct ota_battery *battery = &actor->group->battery;

    int64_t sleep_us = device->sleep_us;
    if (app->stay_once_begun && sleep_us != OTA_NEVER)
        sleep_us = ota_us_max(sleep_us, ota_us_add(now_us, app->stay_max_us));
    int64_t end_us = ota_us_min(actor->config->horizon_us, device->presence_us);
    if (device->left_pc != INT64_MAX) {
        int64_t lasts_us = battery->model->lasts_us(
            battery->config, OTA_POWER_TRANSFER, device->left_pc);
        end_us = ota_us_min(end_us, ota_us_add(now_us, lasts_us));
    }
    *graceful = sleep_us <= end_us;
    return ota_us_min(sleep_us, end_us);
}

/* What a broken transfer left behind is of use for the same image only. */
static void forget_other_image(struct ota_actor *actor)
{
    struct ota_device *device = actor->device;

    if (device->kept_step != device->step) {
        actor->record->wasted_bytes += device->module_bytes;
        device->module_bytes = 0;
    }
    device->kept_step = device->step;
}

/* Returns when the device is gone, or its app breaks the transfer. */
static int64_t transfer(struct ota_actor *actor, int64_t now_us,
                        struct ota_transfer_result *result)
{
    const struct ota_app_common *app = actor->group->facts.app;
    struct ota_device *device = actor->device;
    const bool app_runs = !device->safe_mode;
    struct ota_stream stream;
    struct ota_air air;

    forget_other_image(actor);
    const int64_t size_bytes =
        ota_content_prepare(actor, now_us, step_wanted(actor)->image_bytes);
    ota_radio_sense(actor, now_us, &air);
    struct ota_transfer_job job = {
        .size_bytes = size_bytes,
        .kept_bytes = device->module_bytes,
        .begin_us = now_us,
        .pump_us = app_runs && !app->threaded ? app->pump_us : 0,
        .data_left_bytes = ota_actor_data_left(actor, now_us),
        .break_per_chunk = app_runs ? app->interferes_per_chunk : 0,
        .refused = !ota_update_enabled(actor, now_us),
        .os = ota_actor_os(actor),
        .air = &air,
    };
    const int64_t gone = gone_us(actor, now_us, &job.cut_is_graceful);
    const int64_t broken = break_us(actor, now_us);
    const int64_t cut_us = ota_us_max(ota_us_min(gone, broken), now_us + 1);
    job.cut_us = ota_us_min(cut_us, device->share_cut_us);
    job.cut_is_graceful = job.cut_is_graceful || broken < gone;
    ota_actor_stream(actor, OTA_PURPOSE_TRANSFER, &stream);
    *result = ota_content_run(actor, &job, &stream.rng);
    assert(result->end_us > now_us && result->end_us <= job.cut_us);
    device->loses_power =
        result->end == OTA_TRANSFER_CUT && !job.cut_is_graceful;
    assert(result->end != OTA_TRANSFER_DONE ||
           job.kept_bytes + result->payload_bytes == job.size_bytes);
    assert(result->kept_bytes == job.kept_bytes + result->payload_bytes);
    if (result->end == OTA_TRANSFER_CUT && broken < gone)
        result->end = OTA_TRANSFER_BROKEN;
    if (result->end == OTA_TRANSFER_BROKEN)
        result->resets = job.os.generation == 2;
    ota_radio_keep(actor, &air);
    return cut_us;
}

/* The device is left as it is: it will do the same when it has its share. */
struct ota_demand ota_update_demand(const struct ota_actor *actor,
                                    int64_t now_us)
{
    struct ota_device device = *actor->device;
    struct ota_device_record record = *actor->record;
    struct ota_actor alone = *actor;
    struct ota_transfer_result result;

    alone.device = &device;
    alone.record = &record;
    device.share_cut_us = OTA_NEVER;
    const int64_t cut_us = transfer(&alone, now_us, &result);
    return (struct ota_demand){
        .bytes = result.down_bytes,
        .took_us = result.end_us - now_us,
        .cut_us = cut_us,
    };
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
    if (actor->device->backs)
        actor->record->back_bytes += all_bytes;
    ota_actor_bytes(actor, OTA_BYTES_OVERHEAD, result->end_us, overhead_bytes);
    ota_actor_bytes(actor, OTA_BYTES_WASTED, result->end_us,
                    result->spent_bytes);
    ota_actor_bytes(actor, OTA_BYTES_PAYLOAD, result->end_us,
                    result->payload_bytes);
}

static void tell_begin(const struct ota_actor *actor, int64_t now_us)
{
    if (!ota_actor_heard(actor, OTA_SEEN_BEGIN))
        return;
    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_BEGIN, now_us);
    seen.detail.begin.step = actor->device->step;
    ota_actor_tell(actor, &seen);
}

static void tell_end(const struct ota_actor *actor, int64_t begun_us,
                     const struct ota_transfer_result *result)
{
    if (!ota_actor_heard(actor, OTA_SEEN_END))
        return;
    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_END, result->end_us);
    seen.detail.transfer.step = actor->device->step;
    seen.detail.transfer.begun_us = begun_us;
    seen.detail.transfer.result = result;
    ota_actor_tell(actor, &seen);
}

/* The cloud waits for an app that said it is busy; it does not know of one
 * that cannot say so. */
static bool waits_for_app(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_device_os os = ota_actor_os(actor);
    struct ota_device *device = actor->device;

    if (ota_update_enabled(actor, now_us) || !ota_os_tells_flags(&os) ||
        device->busy_us <= now_us)
        return false;
    device->begin_us = device->busy_us;
    ota_online_go_on(actor, now_us);
    return true;
}

/* The device begins a transfer: the platform hears of an attempt's first. */
static void report_begin(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    ota_actor_report(actor, now_us,
                     device->started ? OTA_REPORT_PROGRESS : OTA_REPORT_STARTED,
                     OTA_CAUSES);
    device->started = true;
}

void ota_update_answered(struct ota_actor *actor, int64_t now_us, bool granted)
{
    struct ota_device *device = actor->device;

    if (granted) {
        device->granted = true;
        device->begin_us = now_us;
    } else {
        device->queues = true;
    }
    ota_online_go_on(actor, now_us);
}

/* Where downloads are counted, the device has its place in the queue or asks
 * for it. Returns whether it may not begin yet. */
static bool waits_for_turn(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    if (!actor->grants || device->granted)
        return false;
    device->begin_us = OTA_NEVER;
    device->due_us = now_us; /* where it is until it is answered */
    device->asking = OTA_ASKS_BEGIN;
    ota_actor_report(actor, now_us, OTA_REPORT_BEGIN, OTA_CAUSES);
    return true;
}

/* Where capacity is shared, the device must know when its download ends.
 * Returns whether it asks. */
static bool waits_for_share(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    if (!actor->shares || device->share_end_us != OTA_NEVER)
        return false;
    device->due_us = now_us;
    device->asking = OTA_ASKS_SHARE;
    ota_actor_report(actor, now_us, OTA_REPORT_SHARE, OTA_CAUSES);
    return true;
}

void ota_update_begin(struct ota_actor *actor, int64_t now_us)
{
    if (waits_for_app(actor, now_us) || ota_accept_waits(actor, now_us) ||
        waits_for_turn(actor, now_us))
        return;
    report_begin(actor, now_us);
    if (!waits_for_share(actor, now_us))
        ota_update_shared(actor, now_us);
}

void ota_update_shared(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    struct ota_device_record *record = actor->record;

    /* An operator's move is not planned ahead, as the healer's is. */
    const bool healed = device->safe_mode && device->begin_us != OTA_NEVER;
    device->begin_us = OTA_NEVER;
    record->attempts++;
    if (device->attempts < UINT8_MAX)
        device->attempts++;
    if (!healed)
        record->offers_begun++;
    else if (device->heals < UINT16_MAX)
        device->heals++;
    record->begun_us = ota_us_min(record->begun_us, now_us);
    if (device->backs)
        record->back_attempts++;
    struct ota_transfer_result result;
    transfer(actor, now_us, &result);
    ota_content_fetch(actor, now_us);
    if (actor->shares)
        result.end_us = device->share_end_us;
    device->share_end_us = device->share_cut_us = OTA_NEVER;
    device->transfer_end = (uint8_t)result.end;
    device->resets = result.resets;
    tell_begin(actor, now_us);
    if (!device->safe_mode && !device->backs)
        ota_actor_state(actor, now_us, OTA_STATE_DOWNLOADING);
    account(actor, &result);
    tell_end(actor, now_us, &result);
    ota_actor_enter(actor, OTA_PHASE_TRANSFERRING, now_us, result.end_us);
}
