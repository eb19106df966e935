/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * accept.c - whether the device lets an update in: somebody is asked, a lock
 * is held, a window is shut.
 *
 * Whoever is asked answers once an offer, after a delay; who says no has
 * refused it. A lock is held and free by turns: held as long as is drawn each
 * time, free for an exponential time whose mean follows from the share of time
 * that it is held (assumption). Its turns begin some cycles ahead of time 0,
 * at a random place of one, so that at any instant it is held with that share.
 *
 * What holds for downloads is looked at when a transfer is about to begin, what
 * holds for installing when an image is complete; one that must wait stays on
 * the device, which goes on with its life, and is looked at again when it may
 * go on, or at the next wake behind that. A device in safe mode and modules
 * sent by hand are let in always; a way back asks nobody (assumption).
 */
#include <assert.h>

#include "models/policy/cron.h"
#include "sim/fleet/device.h"

/* Cycles of the lock before time 0. */
enum { SETTLING = 8 };

/* Draws of OTA_PURPOSE_ACCEPT by index: people count from 0, turns of the lock
 * from here. */
static const uint64_t first_turn = UINT64_C(1) << 32;

static const struct ota_policy_accept *rules(const struct ota_actor *actor)
{
    return &actor->config->policy.device.accept;
}

static bool is_let(const struct ota_actor *actor)
{
    return actor->device->safe_mode || ota_operator_sends(actor);
}

/* --- the lock --- */

static void turn_stream(struct ota_actor *actor, struct ota_stream *stream)
{
    ota_stream_init(stream, actor->key, actor->id, OTA_PURPOSE_ACCEPT,
                    first_turn + actor->device->manner.locks++);
}

static double free_us(const struct ota_policy_accept *accept)
{
    return ota_dist_mean(&accept->lock_lasts) * (1 - accept->lock_duty) /
           accept->lock_duty;
}

static void start_lock(struct ota_actor *actor)
{
    struct ota_manner *manner = &actor->device->manner;
    const struct ota_policy_accept *accept = rules(actor);
    const double cycle_us =
        ota_dist_mean(&accept->lock_lasts) / accept->lock_duty;
    struct ota_stream stream;

    turn_stream(actor, &stream);
    manner->lock_known = true;
    manner->locked = false;
    manner->lock_us =
        -(int64_t)(cycle_us * (SETTLING + ota_uniform(&stream.rng)));
}

static void turn_lock(struct ota_actor *actor)
{
    struct ota_manner *manner = &actor->device->manner;
    const struct ota_policy_accept *accept = rules(actor);
    const struct ota_dist is_free =
        ota_dist_exponential(OTA_TIME, free_us(accept));
    struct ota_stream stream;

    turn_stream(actor, &stream);
    manner->locked = !manner->locked;
    const int64_t lasts_us = ota_dist_draw_us(
        manner->locked ? &accept->lock_lasts : &is_free, &stream.rng);
    manner->lock_us = ota_us_add(manner->lock_us, ota_us_max(lasts_us, 1));
}

/* When the lock is free, from now_us on. */
static int64_t unlocked_us(struct ota_actor *actor, enum ota_accept_what what,
                           int64_t now_us)
{
    struct ota_manner *manner = &actor->device->manner;
    const struct ota_policy_accept *accept = rules(actor);

    if (accept->mode != OTA_ACCEPT_LOCK || accept->forced ||
        accept->what != (int)what || accept->lock_duty <= 0 ||
        ota_dist_mean(&accept->lock_lasts) <= 0)
        return now_us;
    if (accept->lock_duty >= 1)
        return OTA_NEVER;
    if (!manner->lock_known)
        start_lock(actor);
    while (manner->lock_us <= now_us)
        turn_lock(actor);
    return manner->locked ? manner->lock_us : now_us;
}

/* --- people --- */

static bool asks(const struct ota_actor *actor, enum ota_accept_what what)
{
    const struct ota_policy_accept *accept = rules(actor);

    return accept->mode == OTA_ACCEPT_ASK && !accept->forced &&
           accept->what == (int)what && !actor->device->backs;
}

/* When whoever is asked at now_us, if nobody was yet, has answered. */
static int64_t answered_us(struct ota_actor *actor, int64_t now_us)
{
    struct ota_manner *manner = &actor->device->manner;
    const struct ota_policy_accept *accept = rules(actor);
    struct ota_stream stream;

    if (manner->asked)
        return ota_us_max(manner->accept_us, now_us);
    ota_stream_init(&stream, actor->key, actor->id, OTA_PURPOSE_ACCEPT,
                    manner->asks++);
    manner->asked = true;
    manner->declines = ota_uniform(&stream.rng) < accept->refuse;
    manner->accept_us =
        ota_us_add(now_us, ota_dist_draw_us(&accept->delay, &stream.rng));
    return manner->accept_us;
}

static void refuse(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    device->begin_us = OTA_NEVER;
    device->asks_again = false;
    device->manner.refused = true;
    ota_actor_report(actor, now_us, OTA_REPORT_REFUSED, OTA_CAUSE_REFUSED);
    ota_actor_state(actor, now_us, OTA_STATE_GIVEN_UP);
}

/* --- windows --- */

static int64_t opens_us(const struct ota_actor *actor,
                        const struct ota_window_list *windows, int64_t at_us)
{
    int64_t until_us;

    if (at_us == OTA_NEVER ||
        ota_windows_open(windows->list, windows->count,
                         actor->group->utc_offset_us, at_us, &until_us))
        return at_us;
    return until_us;
}

/* --- the download --- */

int64_t ota_accept_begin_us(struct ota_actor *actor, int64_t now_us,
                            int64_t begin_us)
{
    if (begin_us == OTA_NEVER || is_let(actor))
        return begin_us;
    if (asks(actor, OTA_ACCEPT_DOWNLOAD))
        begin_us = ota_us_max(begin_us, answered_us(actor, now_us));
    if (actor->device->manner.declines) /* that needs no window */
        return begin_us;
    return opens_us(actor, &actor->config->policy.windows.download, begin_us);
}

bool ota_accept_waits(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    int64_t begin_us = now_us;

    if (is_let(actor))
        return false;
    if (asks(actor, OTA_ACCEPT_DOWNLOAD))
        begin_us = answered_us(actor, now_us);
    if (begin_us == now_us && asks(actor, OTA_ACCEPT_DOWNLOAD) &&
        device->manner.declines) {
        refuse(actor, now_us);
        ota_online_go_on(actor, now_us);
        return true;
    }
    begin_us =
        ota_us_max(begin_us, unlocked_us(actor, OTA_ACCEPT_DOWNLOAD, now_us));
    begin_us =
        opens_us(actor, &actor->config->policy.windows.download, begin_us);
    if (begin_us == now_us)
        return false;
    device->begin_us = begin_us;
    ota_online_go_on(actor, now_us);
    return true;
}

/* --- the image --- */

void ota_accept_drop(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    if (!device->manner.holds)
        return;
    device->manner.holds = false;
    device->canceled = false;
    actor->record->wasted_bytes += device->module_bytes;
    device->module_bytes = 0;
    if (device->state == OTA_STATE_APPLYING)
        ota_actor_state(actor, now_us, OTA_STATE_WAITING);
}

/* When the image may be taken; whoever says no has then said so. */
static int64_t installs_us(struct ota_actor *actor, int64_t now_us)
{
    int64_t at_us = now_us;

    if (is_let(actor))
        return now_us;
    if (asks(actor, OTA_ACCEPT_INSTALL)) {
        at_us = answered_us(actor, now_us);
        if (actor->device->manner.declines)
            return at_us;
    }
    at_us = ota_us_max(at_us, unlocked_us(actor, OTA_ACCEPT_INSTALL, now_us));
    return opens_us(actor, &actor->config->policy.windows.install, at_us);
}

static bool declines(const struct ota_actor *actor)
{
    return asks(actor, OTA_ACCEPT_INSTALL) && !is_let(actor) &&
           actor->device->manner.declines;
}

/* Looks at the image. Returns whether the device takes it now. */
static bool takes(struct ota_actor *actor, int64_t now_us)
{
    struct ota_manner *manner = &actor->device->manner;

    manner->install_us = installs_us(actor, now_us);
    if (manner->install_us > now_us)
        return false;
    if (!declines(actor)) {
        manner->holds = false;
        ota_apply_begin(actor, now_us);
        return true;
    }
    ota_accept_drop(actor, now_us);
    actor->record->refused++;
    refuse(actor, now_us);
    return false;
}

void ota_accept_install(struct ota_actor *actor, int64_t now_us)
{
    actor->device->manner.holds = true;
    if (takes(actor, now_us))
        return;
    if (actor->device->manner.holds && !actor->device->backs)
        ota_actor_state(actor, now_us, OTA_STATE_APPLYING);
    ota_online_go_on(actor, now_us);
}

bool ota_accept_wakes(struct ota_actor *actor, int64_t now_us)
{
    struct ota_manner *manner = &actor->device->manner;

    if (!manner->holds || now_us < manner->install_us || declines(actor))
        return false; /* who says no says it online */
    return takes(actor, now_us);
}

int64_t ota_accept_due_us(const struct ota_actor *actor)
{
    const struct ota_manner *manner = &actor->device->manner;

    return manner->holds ? manner->install_us : OTA_NEVER;
}
