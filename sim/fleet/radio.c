/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * radio.c - the link as one device has it: which of its group's signals, how
 * that is just now, and whether an outage is under way.
 *
 * A device keeps a signal for an exponential time and then draws another one
 * by the shares, perhaps the same. So its signal is as the shares say at any
 * instant, and after a time d still the drawn one with exp(-d / holds). That
 * it is the same process whether it is looked at often or seldom makes it
 * cheap: it is looked at when the device connects.
 */
#include <assert.h>

#include "sim/fleet/attributes.h"
#include "sim/fleet/device.h"

static int64_t draw_hold_us(const struct ota_group *group, gsl_rng *rng)
{
    const struct ota_dist hold =
        ota_dist_exponential(OTA_TIME, (double)group->signal_holds_us);
    return ota_dist_draw_us(&hold, rng);
}

/* Draws a signal, how long it holds, and the state of its link. */
static void draw(struct ota_actor *actor, int64_t now_us, gsl_rng *rng)
{
    const struct ota_group *group = actor->group;
    struct ota_device *device = actor->device;

    device->signal_us = OTA_NEVER;
    if (group->signal_count > 1) {
        device->signal = ota_fleet_draw_signal(group, rng);
        if (group->signal_holds_us != OTA_NEVER)
            device->signal_us = ota_us_add(now_us, draw_hold_us(group, rng));
    }
    const struct ota_link *link = ota_radio_link(actor);
    link->model->start(link->config, &device->link, now_us, rng);
}

void ota_radio_start(struct ota_actor *actor, int64_t now_us)
{
    struct ota_stream stream;

    ota_stream_init(&stream, actor->key, actor->id, OTA_PURPOSE_SIGNAL,
                    OTA_FIRST_SIGNAL);
    draw(actor, now_us, &stream.rng);
    actor->device->radio_us = now_us;
}

void ota_radio_look(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_device *device = actor->device;
    struct ota_air air;

    /* The state of such a link does not change but by being used. */
    if (now_us < device->signal_us &&
        ota_radio_link(actor)->model == &ota_link_radio)
        return;
    ota_radio_sense(actor, now_us, &air);
    ota_radio_keep(actor, &air);
}

void ota_radio_sense(struct ota_actor *actor, int64_t now_us,
                     struct ota_air *air)
{
    struct ota_device *device = actor->device;
    struct ota_stream stream;

    ota_actor_stream(actor, OTA_PURPOSE_SIGNAL, &stream);
    if (now_us >= device->signal_us)
        draw(actor, now_us, &stream.rng);
    const struct ota_link *link = ota_radio_link(actor);
    link->model->sense(link->config, &device->link, now_us, &stream.rng, air);

    const struct ota_outage *outage = ota_radio_outage(actor, now_us);
    air->outage_begin_us = outage ? outage->begin_us : OTA_NEVER;
    air->outage_end_us =
        outage ? ota_us_add(outage->begin_us, outage->lasts_us) : OTA_NEVER;
    air->spoke_us = device->radio_us;
}

void ota_radio_keep(struct ota_actor *actor, const struct ota_air *air)
{
    ota_link_keep(&actor->device->link, air);
    actor->device->radio_us = air->spoke_us;
}
