/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * confirm.c - a release on trial: from its first boot until it is confirmed a
 * reboot, or a timer, brings the old image back.
 *
 * As in MCUboot (docs.mcuboot.com, design, "Image swapping"): an image that was
 * swapped in for test runs once; if it has not been marked good by the next
 * boot, whatever the reason for that, the old one is swapped back. Who marks
 * it is the application's business: its self test, a clock, the server. So an
 * image that is good is reverted by a power cut that comes too early, and one
 * that is bad stays if it confirms first. A device that hibernates boots at
 * each wake.
 *
 * That a self test or a clock has confirmed is worked out when it matters; only
 * where success is reported no earlier does it need an event.
 */
#include "sim/fleet/device.h"

static const struct ota_policy_confirm *rules(const struct ota_actor *actor)
{
    return &actor->config->policy.device.confirm;
}

/* Whoever confirms by the device's own doing begins at now_us. */
static int64_t confirms_us(const struct ota_actor *actor, int64_t now_us)
{
    const struct ota_policy_confirm *confirm = rules(actor);

    switch ((enum ota_confirm)confirm->by) {
    case OTA_CONFIRM_SELF:
    case OTA_CONFIRM_TIME:
        return ota_us_add(now_us, confirm->after_us);
    case OTA_CONFIRM_NONE:
    case OTA_CONFIRM_SERVER:
        break;
    }
    return OTA_NEVER;
}

void ota_confirm_end(struct ota_actor *actor)
{
    struct ota_manner *manner = &actor->device->manner;

    manner->trial = false;
    manner->confirm_us = manner->revert_us = OTA_NEVER;
}

void ota_confirm_begin(struct ota_actor *actor, int64_t now_us, bool works)
{
    struct ota_manner *manner = &actor->device->manner;
    const struct ota_policy_confirm *confirm = rules(actor);

    manner->trial = confirm->by != OTA_CONFIRM_NONE;
    manner->confirm_us = works ? confirms_us(actor, now_us) : OTA_NEVER;
    manner->revert_us = manner->trial && confirm->revert == OTA_REVERT_TIMER
                            ? ota_us_add(now_us, confirm->deadline_us)
                            : OTA_NEVER;
}

bool ota_confirm_pending(struct ota_actor *actor, int64_t now_us)
{
    struct ota_manner *manner = &actor->device->manner;

    if (manner->trial && manner->confirm_us <= now_us)
        ota_confirm_end(actor);
    return manner->trial;
}

void ota_confirm_stop(struct ota_actor *actor, int64_t now_us)
{
    if (ota_confirm_pending(actor, now_us))
        actor->device->manner.confirm_us = OTA_NEVER;
}

static void revert(struct ota_actor *actor, int64_t now_us)
{
    ota_apply_reverted(actor, now_us);
}

bool ota_confirm_boot(struct ota_actor *actor, int64_t now_us)
{
    struct ota_manner *manner = &actor->device->manner;

    if (!ota_confirm_pending(actor, now_us))
        return false;
    if (rules(actor)->revert == OTA_REVERT_NEXT_BOOT ||
        manner->revert_us <= now_us) {
        revert(actor, now_us);
        return true;
    }
    manner->confirm_us = confirms_us(actor, now_us); /* it begins anew */
    return false;
}

bool ota_confirm_saves(struct ota_actor *actor, int64_t now_us)
{
    struct ota_manner *manner = &actor->device->manner;

    if (!ota_confirm_pending(actor, now_us))
        return false;
    manner->confirm_us = OTA_NEVER; /* that it will not do any more */
    actor->device->fate_us = OTA_NEVER;
    if (rules(actor)->revert == OTA_REVERT_NEXT_BOOT ||
        manner->revert_us <= now_us) {
        revert(actor, now_us);
        return true;
    }
    if (manner->revert_us == OTA_NEVER)
        return false;
    ota_actor_state(actor, now_us, OTA_STATE_CRASHING);
    ota_actor_enter(actor, OTA_PHASE_CRASHING, now_us, OTA_NEVER);
    return true;
}

bool ota_confirm_reports(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_policy_confirm *confirm = rules(actor);

    if (!ota_confirm_pending(actor, now_us))
        return true;
    if (confirm->by == OTA_CONFIRM_SERVER) {
        ota_confirm_end(actor);
        return true;
    }
    return !confirm->report_confirm;
}

int64_t ota_confirm_due_us(const struct ota_actor *actor)
{
    const struct ota_device *device = actor->device;

    return device->manner.trial && device->state == OTA_STATE_INSTALLED
               ? device->manner.confirm_us
               : OTA_NEVER;
}
