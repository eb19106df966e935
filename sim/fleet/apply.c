/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apply.c - what becomes of an image once it is on the device: taken, refused,
 * silently not applied, interrupted; and what a bad one then does.
 */
#include <assert.h>

#include "sim/fleet/device.h"

static bool is_last(const struct ota_actor *actor)
{
    return actor->device->taken == ota_path_all(ota_actor_path(actor));
}

/* --- taking it --- */

/* In the path's own order everything is accepted; by hand, anything may be
 * sent. The device looks at the needs when it has the whole image. */
static bool accepts(const struct ota_actor *actor)
{
    const struct ota_device *device = actor->device;

    return !ota_operator_sends(actor) ||
           ota_path_acceptance(ota_actor_path(actor), device->taken,
                               device->step) == OTA_ACCEPTED;
}

void ota_apply_begin(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_firmware *firmware = &actor->group->firmware;
    const struct ota_path *path = ota_actor_path(actor);
    struct ota_device *device = actor->device;
    struct ota_stream stream;
    bool applied = false;
    int64_t took_us = 0;

    device->refuses = !accepts(actor);
    if (!device->refuses) {
        ota_actor_stream(actor, OTA_PURPOSE_APPLY, &stream);
        const struct ota_path_step *step = &path->steps[device->step];
        took_us = firmware->model->apply_us(
            firmware->config, step->module.size_bytes + step->with.size_bytes,
            &stream.rng, &applied);
    }
    device->applies = applied;
    if (!device->safe_mode && !device->refuses)
        ota_actor_state(actor, now_us, OTA_STATE_APPLYING);
    ota_actor_enter(actor, OTA_PHASE_APPLYING, now_us,
                    ota_us_add(now_us, took_us));
}

bool ota_apply_power_lost(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_firmware *firmware = &actor->group->firmware;
    struct ota_stream stream;

    ota_stream_init(&stream, actor->key, actor->id, OTA_PURPOSE_IMAGE,
                    UINT64_C(1) + actor->device->comings);
    if (!firmware->model->power_loss_bricks(firmware->config, &stream.rng)) {
        actor->device->applies_again = true;
        return false;
    }
    ota_actor_state(actor, now_us, OTA_STATE_BRICKED);
    actor->record->defect_us = now_us;
    ota_device_die(actor, now_us);
    return true;
}

/* --- a bad image --- */

static int64_t draw_after_us(const struct ota_actor *actor, gsl_rng *rng)
{
    return ota_dist_draw_us(&actor->config->image.after, rng);
}

/* Draws whether the release is bad on this device. */
static bool is_bad(const struct ota_actor *actor, struct ota_stream *stream)
{
    const struct ota_image_config *image = &actor->config->image;

    ota_stream_init(stream, actor->key, actor->id, OTA_PURPOSE_IMAGE, 0);
    return image->fate != OTA_IMAGE_GOOD &&
           gsl_rng_uniform(&stream->rng) < image->bad;
}

void ota_apply_crash(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    struct ota_stream stream;

    ota_actor_state(actor, now_us, OTA_STATE_CRASHING);
    if (actor->config->image.fate != OTA_IMAGE_REVERTS) {
        ota_actor_enter(actor, OTA_PHASE_CRASHING, now_us, OTA_NEVER);
        return;
    }
    is_bad(actor, &stream); /* moves the stream behind that draw */
    if (device->fate_us == OTA_NEVER)
        device->fate_us = ota_us_add(now_us, draw_after_us(actor, &stream.rng));
    device->fate_us = ota_us_max(device->fate_us, now_us);
    ota_actor_enter(actor, OTA_PHASE_CRASHING, now_us, device->fate_us);
}

void ota_apply_reverted(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    device->taken = 0;
    device->fate_us = OTA_NEVER;
    device->system = ota_path_system(ota_actor_path(actor), 0);
    device->changed = true;
    ota_session_drop(&device->session);
    ota_actor_state(actor, now_us, OTA_STATE_REVERTED);
    ota_sleep_restart(actor, now_us, ota_sleep_boot_us(actor));
}

void ota_apply_defect(struct ota_actor *actor, int64_t now_us)
{
    actor->record->defect_us = now_us;
    ota_actor_state(actor, now_us, OTA_STATE_BRICKED);
    ota_device_die(actor, now_us);
}

/* The release runs for the first time. Returns whether the device goes on. */
static bool first_boot(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device_record *record = actor->record;
    struct ota_stream stream;

    record->installed_us = now_us;
    ota_actor_state(actor, now_us, OTA_STATE_INSTALLED);
    if (!is_bad(actor, &stream))
        return true;
    switch ((enum ota_image_fate)actor->config->image.fate) {
    case OTA_IMAGE_GOOD:
        break;
    case OTA_IMAGE_LATE:
        actor->device->fate_us =
            ota_us_add(now_us, draw_after_us(actor, &stream.rng));
        break;
    case OTA_IMAGE_CRASHES:
    case OTA_IMAGE_REVERTS:
        record->defect_us = now_us;
        ota_apply_crash(actor, now_us);
        return false;
    case OTA_IMAGE_BRICKS:
        ota_apply_defect(actor, now_us);
        return false;
    }
    return true;
}

/* --- the restart --- */

static void take_effect(struct ota_actor *actor)
{
    const struct ota_path *path = ota_actor_path(actor);
    struct ota_device *device = actor->device;

    device->taken |= (ota_path_taken)1 << device->step;
    device->system = ota_path_system(path, device->taken);
    device->changed = true;
    device->tries = 0;
    actor->record->useful_bytes += device->module_bytes;
    actor->record->modules++;
    ota_session_drop(&device->session); /* other firmware, other hello */
}

static void tell_boot(const struct ota_actor *actor, int64_t now_us)
{
    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_BOOT, now_us);
    seen.detail.boot.step = actor->device->step;
    seen.detail.boot.applied = actor->device->applies;
    seen.detail.boot.refused = actor->device->refuses;
    seen.detail.boot.safe_mode = actor->device->safe_mode;
    ota_actor_tell(actor, &seen);
}

void ota_apply_end(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_path *path = ota_actor_path(actor);
    struct ota_device *device = actor->device;

    assert(device->module_bytes == path->steps[device->step].image_bytes);
    if (device->applies)
        take_effect(actor);
    else
        actor->record->wasted_bytes += device->module_bytes;
    if (device->refuses)
        actor->record->refused++;
    device->module_bytes = 0;
    device->commanded = false;
    device->safe_mode = ota_path_safe_mode(path, device->taken);
    tell_boot(actor, now_us);

    if (is_last(actor)) {
        if (!first_boot(actor, now_us))
            return;
    } else {
        ota_actor_state(actor, now_us,
                        device->safe_mode ? OTA_STATE_SAFE_MODE
                                          : OTA_STATE_WAITING);
    }
    ota_sleep_restart(actor, now_us,
                      device->refuses ? ota_sleep_boot_us(actor) : 0);
}
