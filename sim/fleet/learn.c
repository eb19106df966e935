/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * learn.c - how a device learns that there is an update for it.
 *
 * A device that polls has a clock: from each poll to the next an interval and
 * a jitter are drawn. Polls matter to a device only while there is something
 * to learn, so the clock is wound on when it is looked at; with fixed
 * intervals in one step. It began long enough before time 0 that any phase is
 * as likely as any other: at a random place of an interval, some intervals
 * back. For exponential intervals that changes nothing, for fixed ones it is
 * exact.
 *
 * A poll takes no time and no bytes beyond those of being online (assumption).
 * One in an outage fails; the clock then goes by the rules for that, whether
 * the device notices the outage otherwise or not.
 */
#include <assert.h>
#include <math.h>

#include "models/policy/pace.h"
#include "sim/fleet/device.h"

/* Intervals from the clock's begin to time 0. */
enum { SETTLING = 8 };

/* No client asks more often (ours). */
static const int64_t interval_least_us = OTA_US_PER_S;

/* The draw of a clock's place by index; intervals count from 1. */
enum { DRAW_PLACE = 0 };

_Static_assert((int)OTA_DELIVERY_PHASE_RANDOM == (int)OTA_POLL_PHASE_RANDOM &&
                   (int)OTA_DELIVERY_PHASE_BOOT == (int)OTA_POLL_PHASE_BOOT &&
                   (int)OTA_DELIVERY_PHASE_EVEN == (int)OTA_POLL_PHASE_EVEN,
               "a policy and a delivery have the same phases");

void ota_manner_start(struct ota_manner *manner)
{
    *manner = (struct ota_manner){
        .poll_us = OTA_NEVER,
        .polled_us = OTA_NEVER,
        .accept_us = OTA_NEVER,
        .lock_us = OTA_NEVER,
        .install_us = OTA_NEVER,
        .confirm_us = OTA_NEVER,
        .revert_us = OTA_NEVER,
        .old_us = OTA_NEVER,
    };
}

void ota_manner_offered(struct ota_manner *manner)
{
    manner->asked = manner->declines = manner->refused = false;
    manner->owes = 0;
}

/* --- who says how --- */

struct ota_delivery ota_fleet_delivery(const struct ota_fleet_config *config)
{
    const struct ota_policy_learn *learn = &config->policy.device.learn;
    struct ota_delivery delivery = config->delivery;

    /* Delays and the rules for trying again stay the scenario's. */
    switch ((enum ota_learn)learn->by) {
    case OTA_LEARN_AS_DELIVERY:
        break;
    case OTA_LEARN_POLL:
        delivery.model = &ota_delivery_poll;
        break;
    case OTA_LEARN_PUSH:
        delivery.model = &ota_delivery_immediate;
        break;
    case OTA_LEARN_HANDSHAKE:
        delivery.model = learn->drawn_every ? &ota_delivery_poll
                                            : &ota_delivery_at_handshake;
        break;
    }
    return delivery;
}

bool ota_fleet_polling(const struct ota_fleet_config *config,
                       struct ota_delivery_polling *polling)
{
    const struct ota_policy_learn *learn = &config->policy.device.learn;
    const struct ota_delivery *delivery = &config->delivery;
    const struct ota_delivery_polling *own;

    switch ((enum ota_learn)learn->by) {
    case OTA_LEARN_AS_DELIVERY:
        own = delivery->model->polling(delivery->config);
        if (own)
            *polling = *own;
        return own != NULL;
    case OTA_LEARN_POLL:
        *polling = (struct ota_delivery_polling){
            .every = learn->every,
            .jitter = learn->jitter,
            .phase = learn->phase,
        };
        return true;
    case OTA_LEARN_PUSH:
        *polling = (struct ota_delivery_polling){
            .every = ota_dist_fixed(OTA_TIME, (double)learn->also_poll_us),
            .jitter = learn->jitter,
        };
        return learn->also_poll_us > 0;
    case OTA_LEARN_HANDSHAKE:
        *polling = (struct ota_delivery_polling){
            .every = learn->every,
            .jitter = ota_dist_fixed(OTA_TIME, 0),
            .by_clock = true,
        };
        return learn->drawn_every;
    }
    return false;
}

bool ota_fleet_only_polls(const struct ota_fleet_config *config)
{
    return ota_fleet_delivery(config).model == &ota_delivery_poll;
}

/* Whether the device does, and how. */
static bool polls(const struct ota_actor *actor,
                  struct ota_delivery_polling *polling)
{
    return actor->group->facts.polls &&
           ota_fleet_polling(actor->config, polling);
}

/* --- the clock --- */

static int64_t interval_us(struct ota_actor *actor,
                           const struct ota_delivery_polling *polling)
{
    struct ota_stream stream;

    ota_stream_init(&stream, actor->key, actor->id, OTA_PURPOSE_POLL,
                    ++actor->device->manner.polls);
    const int64_t every_us = ota_dist_draw_us(&polling->every, &stream.rng);
    return ota_us_max(
        ota_us_add(every_us, ota_dist_draw_us(&polling->jitter, &stream.rng)),
        interval_least_us);
}

static int64_t mean_us(const struct ota_delivery_polling *polling)
{
    return ota_us_max(llround(ota_dist_mean(&polling->every) +
                              ota_dist_mean(&polling->jitter)),
                      interval_least_us);
}

/* Device i of n at i/n of the interval behind the release. */
static int64_t even_us(const struct ota_actor *actor, int64_t every_us)
{
    const int64_t count = ota_fleet_config_devices(actor->config);
    const int64_t i = (int64_t)actor->id;

    return actor->config->release_us + every_us / count * i +
           every_us % count * i / count;
}

static void start_clock(struct ota_actor *actor,
                        const struct ota_delivery_polling *polling)
{
    struct ota_manner *manner = &actor->device->manner;
    const int64_t every_us = mean_us(polling);
    struct ota_stream stream;

    manner->clocked = true;
    if (polling->phase == OTA_DELIVERY_PHASE_EVEN) {
        manner->poll_us = even_us(actor, every_us);
        return;
    }
    ota_stream_init(&stream, actor->key, actor->id, OTA_PURPOSE_POLL,
                    DRAW_PLACE);
    manner->poll_us = -SETTLING * every_us -
                      (int64_t)((double)every_us * ota_uniform(&stream.rng));
}

static bool is_regular(const struct ota_delivery_polling *polling)
{
    return polling->every.kind == OTA_DIST_FIXED &&
           polling->jitter.kind == OTA_DIST_FIXED;
}

/* Winds the clock on to the first poll at or behind now_us. */
static void wind(struct ota_actor *actor,
                 const struct ota_delivery_polling *polling, int64_t now_us)
{
    struct ota_manner *manner = &actor->device->manner;

    if (!manner->clocked)
        start_clock(actor, polling);
    if (manner->poll_us < now_us && is_regular(polling)) {
        const int64_t every_us = mean_us(polling);
        const int64_t times =
            (now_us - manner->poll_us + every_us - 1) / every_us;
        manner->poll_us += times * every_us;
    }
    while (manner->poll_us < now_us)
        manner->poll_us =
            ota_us_add(manner->poll_us, interval_us(actor, polling));
}

void ota_learn_skip(struct ota_actor *actor, int64_t now_us)
{
    struct ota_delivery_polling polling;

    if (actor->device->manner.clocked && polls(actor, &polling))
        wind(actor, &polling, now_us);
}

/* The poll at at_us failed: the next one. */
static void fail(struct ota_actor *actor,
                 const struct ota_delivery_polling *polling, int64_t at_us)
{
    struct ota_manner *manner = &actor->device->manner;

    int64_t wait_us = ota_poll_retry_us(
        &actor->config->policy.device.poll_retry, manner->poll_failures);
    if (manner->poll_failures < UINT16_MAX)
        manner->poll_failures++;
    if (wait_us == OTA_NEVER) { /* as if nothing had happened */
        manner->poll_failures = 0;
        wait_us = interval_us(actor, polling);
    }
    manner->poll_us = ota_us_add(at_us, wait_us);
}

/* --- connecting --- */

/* Whether the connect at now_us is a poll by the clock; those since the last
 * connect found nobody. */
static bool is_clocked_poll(struct ota_actor *actor,
                            const struct ota_delivery_polling *polling,
                            int64_t now_us)
{
    struct ota_device *device = actor->device;
    struct ota_manner *manner = &device->manner;
    const bool restarted = manner->restarted;

    manner->restarted = false;
    if (restarted && polling->phase == OTA_DELIVERY_PHASE_BOOT)
        return true;
    if (polling->by_clock && ota_sleep_may(actor)) { /* as soon as it can */
        if (!manner->clocked)
            wind(actor, polling, 0);
        return manner->poll_us <= now_us;
    }
    if (!restarted && manner->clocked && device->reached)
        while (manner->poll_us < now_us)
            fail(actor, polling, manner->poll_us);
    wind(actor, polling, now_us);
    return manner->poll_us == now_us;
}

bool ota_learn_connect(struct ota_actor *actor, int64_t now_us)
{
    struct ota_manner *manner = &actor->device->manner;
    struct ota_delivery_polling polling;

    if (now_us < 0 || !polls(actor, &polling))
        return true;
    const bool asks = (ota_sleep_may(actor) && !polling.by_clock) ||
                      is_clocked_poll(actor, &polling, now_us);
    if (asks) {
        manner->clocked = true;
        manner->restarted = false;
        manner->poll_failures = 0;
        manner->polled_us = now_us;
        manner->poll_us = ota_us_add(now_us, interval_us(actor, &polling));
    }
    return asks || !ota_fleet_only_polls(actor->config);
}

bool ota_learn_asks(const struct ota_actor *actor, int64_t now_us)
{
    return actor->device->manner.polled_us == now_us;
}

/* --- being online --- */

/* Whether an answer to a poll would make a difference. */
static bool wants(const struct ota_actor *actor)
{
    const struct ota_device *device = actor->device;

    if (device->safe_mode || device->manner.holds || device->queues ||
        device->begin_us != OTA_NEVER || ota_operator_sends(actor))
        return false;
    return device->reached ? ota_update_pending(actor)
                           : actor->contacts && ota_update_lacks(actor);
}

int64_t ota_learn_due_us(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_device *device = actor->device;
    struct ota_delivery_polling polling;

    if (now_us < 0 || !wants(actor) || !polls(actor, &polling))
        return OTA_NEVER;
    if (!device->reached) /* nothing is to be had before */
        wind(actor, &polling, ota_us_max(now_us, actor->quiet_us));
    else if (!device->manner.clocked)
        wind(actor, &polling, now_us);
    return device->manner.poll_us;
}

static void learn(struct ota_actor *actor, int64_t now_us)
{
    if (actor->device->reached) {
        actor->device->reconnect++; /* other luck */
        ota_update_offer(actor, now_us, true);
    }
    ota_online_go_on(actor, now_us);
}

void ota_learn_poll(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;
    struct ota_manner *manner = &device->manner;
    struct ota_delivery_polling polling;

    if (!polls(actor, &polling))
        return;
    if (ota_radio_is_out(actor, now_us)) {
        if (device->reached)
            fail(actor, &polling, now_us);
        else
            wind(actor, &polling, ota_us_add(now_us, 1));
        ota_online_go_on(actor, now_us);
        return;
    }
    manner->poll_failures = 0;
    manner->polled_us = now_us;
    wind(actor, &polling, ota_us_add(now_us, 1));
    if (ota_online_asks(actor, now_us)) {
        device->asking = OTA_ASKS_POLL;
        return;
    }
    learn(actor, now_us);
}

void ota_learn_answered(struct ota_actor *actor, int64_t now_us)
{
    learn(actor, now_us);
}

int64_t ota_learn_begin_us(const struct ota_actor *actor, int64_t now_us,
                           int64_t at_us)
{
    /* A device that asks begins by itself. */
    return ota_learn_asks(actor, now_us)
               ? at_us
               : ota_online_reachable_us(actor, at_us);
}
