/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sleep.c - going to sleep, waking, restarting, being switched off and on.
 */
#include <assert.h>

#include "sim/fleet/device.h"

/* Draws the wake behind the one that is due at next_wake_us. */
static int64_t wake_after(struct ota_actor *actor)
{
    const struct ota_sleep *sleep = &actor->group->sleep;
    struct ota_stream stream;

    /* The schedule counts from where the device started. */
    const int64_t lead_us = actor->group->facts.lead_us;
    actor->device->reconnect = 0;
    ota_actor_stream(actor, OTA_PURPOSE_WAKE, &stream);
    return ota_us_add(
        sleep->model->next_us(
            sleep->config, actor->device->next_wake_us + lead_us, &stream.rng),
        -lead_us);
}

/* The rule is the operators' of cellular networks. */
int64_t ota_sleep_cycle_us(const struct ota_actor *actor)
{
    return ota_os_is_wifi(&ota_actor_path(actor)->os)
               ? -OTA_NEVER
               : ota_us_add(actor->device->attached_us,
                            actor->group->cycle_min_us);
}

/* Draws wakes until one is behind now_us. */
static void skip_wakes(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    while (device->next_wake_us <= now_us) { /* slept through, being awake */
        device->wake++;
        device->next_wake_us = wake_after(actor);
    }
}

static void fall_asleep(struct ota_actor *actor, int64_t now_us)
{
    if (!ota_idle_skip(actor, now_us))
        ota_actor_enter(actor, OTA_PHASE_ASLEEP, now_us,
                        actor->device->next_wake_us);
}

void ota_sleep_begin(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    const bool standby = actor->group->facts.depth == OTA_SLEEP_STANDBY;

    device->begin_us = device->sleep_us = OTA_NEVER;
    device->for_update = false;
    device->failures = 0;
    if (actor->group->facts.depth == OTA_SLEEP_HIBERNATE) {
        device->opened = false; /* its memory is lost */
        if (device->manner.trial)
            ota_confirm_stop(actor, now_us);
    }
    skip_wakes(actor, now_us);
    ota_actor_tell_plain(actor, OTA_SEEN_SLEEP, now_us);
    if (!standby) {
        ota_actor_end_data_session(actor, now_us);
        device->attached = false;
        fall_asleep(actor, now_us);
        return;
    }
    const struct ota_link *link = ota_radio_link(actor);
    const int64_t tail_us =
        ota_us_add(device->radio_us, link->model->tail_us(link->config));
    if (tail_us > now_us)
        ota_actor_enter(actor, OTA_PHASE_TAIL, now_us,
                        ota_us_min(tail_us, device->next_wake_us));
    else
        fall_asleep(actor, now_us);
}

void ota_sleep_deepen(struct ota_actor *actor, int64_t now_us)
{
    fall_asleep(actor, now_us);
}

/* Whether a wake had better pass without a connect: the battery is low, or the
 * modem was switched on too lately. */
static bool skips(const struct ota_actor *actor, int64_t now_us)
{
    const struct ota_device *device = actor->device;
    const double low = actor->group->facts.low_charge;

    if (low > 0 && device->left_pc != INT64_MAX &&
        (double)device->left_pc < low * (double)actor->group->facts.full_pc)
        return true;
    return actor->group->facts.depth != OTA_SLEEP_STANDBY &&
           now_us < ota_sleep_cycle_us(actor);
}

void ota_sleep_wake(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    device->wake++;
    actor->record->wakes++;
    device->next_wake_us = wake_after(actor);
    ota_actor_tell_plain(actor, OTA_SEEN_WAKE, now_us);
    if (device->manner.trial &&
        actor->group->facts.depth == OTA_SLEEP_HIBERNATE &&
        ota_confirm_boot(actor, now_us))
        return;
    if (skips(actor, now_us)) {
        actor->record->skipped++;
        ota_sleep_begin(actor, now_us);
        return;
    }
    device->awake_us = now_us;
    if (device->manner.holds && ota_accept_wakes(actor, now_us))
        return;
    device->booted =
        device->booted || actor->group->facts.depth == OTA_SLEEP_HIBERNATE;
    ota_connect_boot(actor, now_us, actor->group->facts.boot_us);
}

/* Memory and network are gone. */
static void reboot(struct ota_actor *actor, int64_t now_us, int64_t boot_us)
{
    struct ota_device *device = actor->device;

    ota_actor_end_data_session(actor, now_us);
    device->reconnect++;
    device->attached = false;
    device->booted = device->manner.restarted = true;
    device->opened = false;
    if (device->commanded) {
        device->commanded = false;
        device->safe_mode =
            ota_path_safe_mode(ota_actor_path(actor), device->taken);
        if (device->state == OTA_STATE_SAFE_MODE && !device->safe_mode)
            ota_actor_state(actor, now_us, OTA_STATE_WAITING);
    }
    device->awake_us = now_us;
    device->begin_us = device->sleep_us = OTA_NEVER;
    ota_actor_enter(actor, OTA_PHASE_BOOTING, now_us,
                    ota_us_add(now_us, boot_us));
}

void ota_sleep_restart(struct ota_actor *actor, int64_t now_us, int64_t boot_us)
{
    actor->device->for_update = true;
    actor->device->attached_us = -OTA_NEVER; /* the app cannot help it */
    reboot(actor, now_us, boot_us);
}

/* --- presence --- */

static void draw_presence(struct ota_actor *actor, int64_t now_us, bool on)
{
    const struct ota_presence *presence = &actor->group->presence;
    struct ota_stream stream;

    ota_stream_init(&stream, actor->key, actor->id, OTA_PURPOSE_PRESENCE,
                    ++actor->device->comings);
    actor->device->presence_us = ota_us_add(
        now_us, presence->model->next_us(presence->config, on, &stream.rng));
}

static void tell_presence(const struct ota_actor *actor, int64_t now_us,
                          bool on)
{
    if (!ota_actor_heard(actor, OTA_SEEN_PRESENCE))
        return;
    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_PRESENCE, now_us);
    seen.detail.presence.on = on;
    ota_actor_tell(actor, &seen);
}

void ota_sleep_leave(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    const bool applying = device->phase == OTA_PHASE_APPLYING;

    draw_presence(actor, now_us, false);
    tell_presence(actor, now_us, false);
    if (applying && ota_apply_power_lost(actor, now_us))
        return;
    ota_confirm_stop(actor, now_us);
    ota_actor_end_data_session(actor, now_us);
    device->begin_us = device->sleep_us = OTA_NEVER;
    ota_actor_enter(actor, OTA_PHASE_ABSENT, now_us, device->presence_us);
}

void ota_sleep_return(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    draw_presence(actor, now_us, true);
    tell_presence(actor, now_us, true);
    device->attached_us = -OTA_NEVER; /* switched on, not cycled */
    if (ota_confirm_boot(actor, now_us))
        return;
    if (device->state == OTA_STATE_CRASHING) {
        ota_apply_crash(actor, now_us);
        return;
    }
    if (device->applies_again) {
        device->applies_again = false;
        device->reconnect++;
        ota_apply_begin(actor, now_us); /* the bootloader starts over */
        return;
    }
    if (ota_accept_wakes(actor, now_us))
        return;
    if (device->next_wake_us != OTA_NEVER)
        skip_wakes(actor, now_us);
    device->failures = 0;
    device->for_update = false;
    reboot(actor, now_us, actor->group->facts.boot_us);
}
