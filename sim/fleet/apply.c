/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apply.c - what becomes of an image once it is on the device: taken, refused,
 * silently not applied, interrupted; and what a bad one then does.
 */
#include <assert.h>

#include "sim/fleet/account.h"
#include "sim/fleet/attributes.h"

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

/* Whether the image under way is the release, and turns out to be bad before
 * it runs. */
static bool is_found_bad(const struct ota_actor *actor)
{
    const struct ota_device *device = actor->device;
    const ota_path_taken with = device->taken | (ota_path_taken)1
                                                    << device->step;

    return actor->record->bad && !device->backs && !device->refuses &&
           actor->config->image.fate == OTA_IMAGE_FAILS &&
           with == ota_path_all(ota_actor_path(actor));
}

void ota_apply_begin(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_firmware *firmware = &actor->group->firmware;
    const struct ota_path *path = ota_actor_path(actor);
    struct ota_device *device = actor->device;
    struct ota_stream stream;
    bool applied = false;
    bool fails = false;
    int64_t took_us = 0;

    device->refuses = !accepts(actor);
    if (!device->refuses) {
        ota_actor_stream(actor, OTA_PURPOSE_APPLY, &stream);
        const struct ota_path_step *step = &path->steps[device->step];
        took_us = firmware->model->apply_us(
            firmware->config, step->module.size_bytes + step->with.size_bytes,
            &stream.rng, &applied);
        fails = firmware->model->fails(firmware->config, &stream.rng);
    }
    device->manner.fails = fails || is_found_bad(actor);
    device->applies = applied && !device->manner.fails;
    if (!device->safe_mode && !device->refuses && !device->backs)
        ota_actor_state(actor, now_us, OTA_STATE_APPLYING);
    const int64_t end_us = ota_us_add(now_us, took_us);
    if (ota_actor_pass(actor, OTA_PHASE_APPLYING, now_us, end_us))
        ota_apply_end(actor, end_us);
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

bool ota_apply_draw_bad(const struct ota_actor *actor)
{
    const struct ota_image_config *image = &actor->config->image;
    struct ota_attribute_source source = {actor->config, actor->key};
    struct ota_stream stream;

    if (image->fate == OTA_IMAGE_GOOD || actor->is_pilot)
        return false;
    ota_stream_init(&stream, actor->key, actor->id, OTA_PURPOSE_IMAGE, 0);
    return ota_uniform(&stream.rng) < image->bad &&
           (!image->where.text ||
            ota_filter_matches(&image->where, actor->id, ota_fleet_attribute_of,
                               &source));
}

/* What else is drawn of a bad image, behind whether it is. */
static void image_stream(const struct ota_actor *actor,
                         struct ota_stream *stream)
{
    ota_stream_init(stream, actor->key, actor->id, OTA_PURPOSE_IMAGE, 0);
    ota_uniform(&stream->rng);
}

void ota_apply_crash(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    struct ota_stream stream;

    device->manner.confirm_us = OTA_NEVER;
    ota_actor_state(actor, now_us, OTA_STATE_CRASHING);
    if (actor->config->image.fate != OTA_IMAGE_REVERTS) {
        ota_actor_enter(actor, OTA_PHASE_CRASHING, now_us, OTA_NEVER);
        return;
    }
    image_stream(actor, &stream);
    if (device->fate_us == OTA_NEVER)
        device->fate_us = ota_us_add(now_us, draw_after_us(actor, &stream.rng));
    device->fate_us = ota_us_max(device->fate_us, now_us);
    ota_actor_enter(actor, OTA_PHASE_CRASHING, now_us, device->fate_us);
}

void ota_apply_reverted(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    ota_confirm_end(actor);
    actor->record->left_us = now_us;
    device->manner.owes = OTA_CAUSE_REVERT + 1;
    device->taken = 0;
    device->fate_us = OTA_NEVER;
    device->system = ota_path_system(ota_actor_path(actor), 0);
    device->changed = true;
    ota_session_drop(&device->session);
    ota_actor_state(actor, now_us, OTA_STATE_REVERTED);
    ota_sleep_restart(actor, now_us, actor->group->facts.boot_us);
}

void ota_apply_defect(struct ota_actor *actor, int64_t now_us)
{
    if (actor->device->fate_us <= now_us || !actor->device->manner.trial)
        actor->record->defect_us = now_us;
    if (ota_confirm_saves(actor, now_us))
        return;
    actor->record->left_us = now_us;
    ota_actor_state(actor, now_us, OTA_STATE_BRICKED);
    ota_device_die(actor, now_us);
}

/* The old image runs again, and whatever was bad is gone with the new one. */
static void rolled_back(struct ota_actor *actor, int64_t now_us)
{
    actor->record->back_us = actor->record->left_us = now_us;
    actor->device->fate_us = OTA_NEVER;
    ota_actor_state(actor, now_us, OTA_STATE_ROLLED_BACK);
}

/* The release runs for the first time. Returns whether the device goes on. */
static bool first_boot(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device_record *record = actor->record;
    struct ota_stream stream;

    const enum ota_image_fate fate =
        (enum ota_image_fate)actor->config->image.fate;
    const bool works = !record->bad || fate == OTA_IMAGE_LATE;
    if (record->installed_us != OTA_NEVER)
        record->ran_us +=
            ota_us_min(record->left_us, now_us) - record->installed_us;
    record->installed_us = now_us;
    record->left_us = OTA_NEVER;
    ota_actor_state(actor, now_us, OTA_STATE_INSTALLED);
    ota_confirm_begin(actor, now_us, works);
    if (!record->bad)
        return true;
    switch (fate) {
    case OTA_IMAGE_GOOD:
    case OTA_IMAGE_FAILS: /* it would not have come so far */
        break;
    case OTA_IMAGE_LATE:
        image_stream(actor, &stream);
        actor->device->fate_us =
            ota_us_add(now_us, draw_after_us(actor, &stream.rng));
        break;
    case OTA_IMAGE_CRASHES:
        record->defect_us = now_us;
        if (ota_confirm_saves(actor, now_us))
            return false;
        record->left_us = now_us;
        ota_apply_crash(actor, now_us);
        return false;
    case OTA_IMAGE_REVERTS:
        record->defect_us = now_us;
        ota_apply_crash(actor, now_us);
        return false;
    case OTA_IMAGE_BRICKS:
        ota_confirm_end(actor); /* there is nothing left to go back to */
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

/* Whether the device boots into safe mode; of steps in their order the path
 * knows. */
static bool boots_safe(const struct ota_path *path, ota_path_taken taken)
{
    if (taken == 0 || taken & (taken + 1))
        return ota_path_safe_mode(path, taken);
    size_t last = 0;
    while (taken >> (last + 1) != 0)
        last++;
    return path->steps[last].safe_mode_after;
}

static void tell_boot(const struct ota_actor *actor, int64_t now_us)
{
    if (!ota_actor_heard(actor, OTA_SEEN_BOOT))
        return;
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

    assert(device->module_bytes == device->manner.image_bytes);
    if (device->applies)
        take_effect(actor);
    else
        actor->record->wasted_bytes += device->module_bytes;
    if (device->refuses)
        actor->record->refused++;
    if (device->manner.fails)
        device->manner.owes = OTA_CAUSE_INSTALL + 1;
    device->module_bytes = 0;
    device->commanded = false;
    device->safe_mode = boots_safe(path, device->taken);
    tell_boot(actor, now_us);

    if (device->backs) {
        if (is_last(actor))
            rolled_back(actor, now_us);
    } else if (is_last(actor)) {
        if (!first_boot(actor, now_us))
            return;
    } else {
        ota_actor_state(actor, now_us,
                        device->safe_mode ? OTA_STATE_SAFE_MODE
                                          : OTA_STATE_WAITING);
    }
    ota_sleep_restart(actor, now_us,
                      device->refuses ? actor->group->facts.boot_us : 0);
}
