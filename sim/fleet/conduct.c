/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conduct.c - a window, instant by instant: what the campaign hears, and what
 * becomes of those that ask or stand in a queue.
 */
#include <assert.h>

#include "sim/base/grow.h"
#include "sim/engine/engine.h"
#include "sim/fleet/conduct_state.h"

enum {
    WINDOWS_USUAL = 64, /* enough that reports of one take little memory */
    INSTANT_LEAST = 64, /* reports of one, that there is room for */
};

/* How long a device that is online stays so, as far as can be seen. */
static int64_t leaves_us(const struct ota_actor *actor, int64_t now_us)
{
    const struct ota_device *device = actor->device;
    const struct ota_outage *outage = ota_radio_outage(actor, now_us);
    int64_t until_us = ota_us_min(device->sleep_us, device->presence_us);

    if (outage)
        until_us = ota_us_min(until_us, outage->begin_us);
    if (until_us > now_us)
        return until_us;
    /* In an outage that it has not noticed yet: not before its next step. */
    return ota_us_max(device->due_us, ota_us_add(now_us, 1));
}

/* --- one instant --- */

/* That a device will be gone, or gives up its place in the queue. */
static bool expect_gone(struct ota_conduct *conduct, size_t device,
                        int64_t now_us)
{
    struct ota_actor actor = ota_conduct_actor(conduct, device);
    const bool queues = conduct->leash[device] == OTA_LEASH_QUEUED;
    /* One that polled asked, and that was all. */
    const bool stays = queues || !ota_fleet_only_polls(actor.config);
    const struct ota_campaign_report report = {
        .time_us = stays ? leaves_us(&actor, now_us) : ota_us_add(now_us, 1),
        .device = (uint32_t)device,
        .kind = queues ? OTA_REPORT_END : OTA_REPORT_GONE,
        .cause = OTA_CAUSES, /* it did not say so itself */
        .serial = actor.device->serial,
    };

    if (report.time_us >= conduct->fleet.config->horizon_us)
        return true;
    return ota_hearing_add(conduct->hearing, &report) ||
           ota_conduct_lacks_memory(conduct);
}

/* Nor does a device that is gone wait for its turn. */
static void lose_place(struct ota_conduct *conduct, struct ota_actor *actor,
                       int64_t now_us)
{
    const struct ota_deed deed = {
        .time_us = ota_us_add(now_us, 1),
        .kind = OTA_DEED_LOSE_PLACE,
    };

    if (ota_deeds_add(&conduct->deeds, actor->id, &deed))
        ota_life_do(actor, &deed);
    else
        ota_conduct_lacks_memory(conduct);
}

/*
 * It was expected that a device is gone by now. Returns whether it is; if so
 * it goes on, without the others' doing. If it stays, that is expected again.
 */
static bool is_gone(struct ota_conduct *conduct,
                    const struct ota_campaign_report *report)
{
    struct ota_actor actor = ota_conduct_actor(conduct, report->device);
    uint8_t *leash = &conduct->leash[report->device];
    const int64_t now_us = report->time_us;

    if (*leash != (report->kind == OTA_REPORT_END ? OTA_LEASH_QUEUED
                                                  : OTA_LEASH_CONNECTED))
        return false; /* that was another time */
    if (conduct->tasked[report->device])
        return false; /* it has just been given an order */
    actor.contacts_us = OTA_NEVER;
    ota_life_pass(&actor, ota_us_add(now_us, 1));
    actor.device->answered_us = now_us;
    if (ota_conduct_is_online(actor.device) &&
        (*leash == OTA_LEASH_QUEUED ||
         !ota_fleet_only_polls(conduct->fleet.config))) {
        expect_gone(conduct, report->device, now_us);
        return false;
    }
    if (*leash == OTA_LEASH_QUEUED)
        lose_place(conduct, &actor, now_us);
    *leash = *leash == OTA_LEASH_QUEUED ? OTA_LEASH_FREE : OTA_LEASH_LISTEN;
    actor.contacts_us = conduct->contacts_us;
    ota_conduct_run_on(conduct, &actor);
    ota_conduct_follow(conduct, report->device);
    ota_conduct_listen(conduct);
    return true;
}

static struct ota_demand demand_of(const struct ota_conduct *conduct,
                                   const struct ota_campaign_report *report)
{
    if (conduct->apart) /* worked out when it came to the question */
        return conduct->rooms[report->device]->demand;
    const struct ota_actor actor = ota_conduct_actor(conduct, report->device);
    return ota_update_demand(&actor, report->time_us);
}

/* A device begins a download beside others. That it was answered is noted at
 * once, for orders may come before the answer is known. */
static bool begin_share(struct ota_conduct *conduct,
                        const struct ota_campaign_report *report)
{
    const struct ota_demand demand = demand_of(conduct, report);
    const struct ota_deed deed = {
        .time_us = report->time_us,
        .kind = OTA_DEED_SHARE,
        .answers = true,
    };

    conduct->leash[report->device] = OTA_LEASH_SHARES;
    return ota_deeds_add(&conduct->deeds, report->device, &deed) &&
           ota_sharing_begin(conduct->sharing, report->device, report->time_us,
                             &demand);
}

/* The device's answer that is not filled in yet, and in *before how many deeds
 * are ahead of it. */
static struct ota_deed *open_answer(struct ota_conduct *conduct, size_t device,
                                    uint32_t *before)
{
    const struct ota_deeds *deeds = &conduct->deeds;
    const struct ota_deed *deed = ota_deeds_first(deeds, device);

    for (*before = 0; deed->kind != OTA_DEED_SHARE || deed->end_us != 0;
         ++*before)
        deed = ota_deeds_next(deeds, device, deed);
    return &deeds->items[deed - deeds->items];
}

/* Downloads that end now: their devices can go on. */
static bool end_shares(struct ota_conduct *conduct, int64_t now_us)
{
    struct ota_shared shared;
    uint32_t before;

    while (ota_sharing_take(conduct->sharing, now_us, &shared)) {
        struct ota_deed *answer = open_answer(conduct, shared.device, &before);
        answer->end_us = shared.end_us;
        answer->cut_us = shared.cut_us;
        ota_conduct_add_task(conduct, shared.device, before);
        conduct->bound_us = ota_us_min(conduct->bound_us, now_us);
    }
    return !ota_sharing_has_failed(conduct->sharing) ||
           ota_conduct_lacks_memory(conduct);
}

/* Whether a report is of a life that was undone. */
static bool is_of_before(const struct ota_conduct *conduct,
                         const struct ota_campaign_report *report)
{
    if (report->kind == OTA_REPORT_JOINED)
        return false;
    if (conduct->apart)
        return conduct->relived &&
               report->serial != conduct->serials[report->device];
    return report->serial !=
           ota_conduct_actor(conduct, report->device).device->serial;
}

/* Gathers the reports of the instant. */
static bool gather(struct ota_conduct *conduct, int64_t now_us)
{
    uint32_t soon;

    conduct->instant_count = 0;
    while (ota_hearing_next_us(conduct->hearing) == now_us) {
        if (ota_hearing_ahead(conduct->hearing, &soon))
            ota_campaign_expect(conduct->campaign, soon);
        const struct ota_campaign_report report =
            ota_hearing_pop(conduct->hearing);
        const bool expected =
            (report.kind == OTA_REPORT_END || report.kind == OTA_REPORT_GONE) &&
            report.cause == OTA_CAUSES;
        if (is_of_before(conduct, &report))
            continue;
        if (expected && !is_gone(conduct, &report))
            continue;
        if (report.kind == OTA_REPORT_SHARE) {
            if (!begin_share(conduct, &report))
                return ota_conduct_lacks_memory(conduct);
            continue;
        }
        void *instant = ota_grow(conduct->instant, conduct->instant_count,
                                 &conduct->instant_room, INSTANT_LEAST,
                                 sizeof(*conduct->instant));
        if (!instant)
            return ota_conduct_lacks_memory(conduct);
        conduct->instant = instant;
        struct ota_campaign_report *heard =
            &conduct->instant[conduct->instant_count++];
        *heard = report;
        heard->time_us -= conduct->fleet.config->release_us;
    }
    return true;
}

/* Whether the device goes on without being told to, or will when its orders are
 * carried out. */
static bool is_ahead(const struct ota_conduct *conduct, uint32_t device)
{
    return conduct->tasked[device] ||
           conduct->leash[device] == OTA_LEASH_FREE ||
           conduct->leash[device] == OTA_LEASH_LISTEN;
}

/* When an order reaches a device between two steps: behind what it did, or was
 * told, at that instant. */
static int64_t order_us(const struct ota_conduct *conduct, uint32_t id,
                        int64_t now_us, bool asks)
{
    const struct ota_device *device = ota_conduct_actor(conduct, id).device;
    const int64_t least_us = ota_us_add(device->answered_us, 1);

    return ota_us_max(asks || is_ahead(conduct, id) ? ota_us_add(now_us, 1)
                                                    : now_us,
                      least_us);
}

/* Notes an order, to be carried out before reports of it can come. */
static bool note(struct ota_conduct *conduct, const struct ota_order *order)
{
    const struct ota_device *device =
        ota_conduct_actor(conduct, order->device).device;
    const int64_t now_us =
        ota_us_add(conduct->fleet.config->release_us, order->time_us);
    const bool asks = device->asking != OTA_ASKS_NOTHING &&
                      device->due_us == now_us &&
                      !conduct->tasked[order->device];
    const bool answers =
        asks &&
        (((device->asking == OTA_ASKS_CONTACT ||
           device->asking == OTA_ASKS_POLL) &&
          order->kind == OTA_ORDER_OFFER) ||
         (device->asking == OTA_ASKS_BEGIN && order->kind == OTA_ORDER_GRANT));
    const bool ahead = !answers && is_ahead(conduct, order->device);
    const struct ota_deed deed = {
        .time_us =
            answers ? now_us : order_us(conduct, order->device, now_us, asks),
        .kind = order->kind,
        .end_us = OTA_NEVER,
        .cut_us = OTA_NEVER,
        .answers = answers,
    };

    if (!conduct->tasked[order->device] &&
        conduct->leash[order->device] != OTA_LEASH_SHARES)
        ota_conduct_add_task(conduct, order->device,
                             ota_conduct_deeds(conduct, order->device));
    ota_conduct_bind(conduct, (enum ota_order_kind)order->kind, ahead, now_us,
                     deed.time_us);
    return ota_deeds_add(&conduct->deeds, order->device, &deed) ||
           ota_conduct_lacks_memory(conduct);
}

/* One order may be for all. */
static bool note_any(struct ota_conduct *conduct, const struct ota_order *order)
{
    struct ota_order each = *order;
    bool good = true;

    if (conduct->apart)
        return ota_conduct_note_apart(conduct, order);
    if (!order->all)
        return note(conduct, order);
    each.all = false;
    for (each.device = 0; each.device < conduct->fleet.devices && good;
         each.device++)
        good = note(conduct, &each);
    return good;
}

/* Who asked something and was given no order hears no. */
static bool deny_others(struct ota_conduct *conduct)
{
    bool good = true;

    for (size_t i = 0; i < conduct->instant_count && good; i++) {
        const uint32_t id = conduct->instant[i].device;
        const uint8_t kind = conduct->instant[i].kind;
        struct ota_actor actor = ota_conduct_actor(conduct, id);
        if ((kind != OTA_REPORT_CONTACT && kind != OTA_REPORT_BEGIN) ||
            conduct->tasked[id] || actor.device->asking == OTA_ASKS_NOTHING)
            continue;
        actor.contacts_us = OTA_NEVER;
        ota_conduct_deny(&actor);
        conduct->leash[id] =
            kind == OTA_REPORT_BEGIN ? OTA_LEASH_QUEUED : OTA_LEASH_CONNECTED;
        good = expect_gone(conduct, id, actor.device->answered_us) &&
               ota_conduct_listen(conduct);
    }
    return good;
}

/* From now on the campaign hears of each contact of the others. */
static void listen_to(struct ota_conduct *conduct, size_t device,
                      int64_t now_us)
{
    struct ota_actor actor = ota_conduct_actor(conduct, device);

    if (conduct->leash[device] != OTA_LEASH_STILL || conduct->tasked[device])
        return;
    actor.contacts_us = OTA_NEVER;
    ota_life_pass(&actor, ota_us_add(now_us, 1));
    actor.device->answered_us = now_us;
    if (ota_conduct_is_online(actor.device) &&
        !ota_fleet_only_polls(conduct->fleet.config)) {
        conduct->leash[device] = OTA_LEASH_CONNECTED;
        ota_actor_report(&actor, ota_us_add(now_us, 1), OTA_REPORT_CONTACT,
                         OTA_CAUSES);
        return;
    }
    conduct->leash[device] = OTA_LEASH_LISTEN;
    actor.contacts_us = conduct->contacts_us;
    ota_conduct_run_on(conduct, &actor);
}

/* Whether a device without an offer is ahead already: its offer was taken
 * back. It lives again, and is heard. */
static bool has_run_by(const struct ota_conduct *conduct, size_t device)
{
    return conduct->leash[device] == OTA_LEASH_FREE &&
           !conduct->tasked[device] &&
           !ota_conduct_actor(conduct, device).device->reached;
}

static bool listen_to_all(struct ota_conduct *conduct, int64_t now_us)
{
    const ptrdiff_t shards = (ptrdiff_t)conduct->fleet.shards;
    const size_t devices = conduct->fleet.devices;
    bool good = true;

    conduct->contacts_us = ota_us_add(now_us, 1);
#pragma omp parallel for schedule(dynamic, 1)                                  \
    num_threads(conduct->threads) if (conduct->threads > 1)
    for (ptrdiff_t shard = 0; shard < shards; shard++) {
        const size_t from = (size_t)shard * OTA_SHARD_SIZE;
        for (size_t i = from; i < from + OTA_SHARD_SIZE && i < devices; i++)
            listen_to(conduct, i, now_us);
    }
    for (size_t i = 0; i < devices && good; i++) {
        ota_conduct_follow(conduct, i);
        if (has_run_by(conduct, i)) {
            ota_conduct_add_task(conduct, (uint32_t)i,
                                 ota_conduct_deeds(conduct, i));
            conduct->bound_us = ota_us_min(conduct->bound_us, now_us);
        }
        if (conduct->leash[i] == OTA_LEASH_CONNECTED)
            good = expect_gone(conduct, i, now_us);
    }
    return good && ota_conduct_listen(conduct);
}

static bool live_instant(struct ota_conduct *conduct, int64_t now_us)
{
    const int64_t since_us = now_us - conduct->fleet.config->release_us;
    size_t count;

    assert(now_us >= conduct->now_us);
    conduct->now_us = now_us;
    if (!gather(conduct, now_us) || conduct->error.failed ||
        (conduct->sharing && !end_shares(conduct, now_us)))
        return false;
    ota_campaign_instant(conduct->campaign, since_us, conduct->instant,
                         conduct->instant_count);
    if (ota_campaign_failed(conduct->campaign))
        return ota_conduct_lacks_memory(conduct);
    const struct ota_order *orders =
        ota_campaign_orders(conduct->campaign, &count);
    for (size_t i = 0; i < count; i++)
        if (!note_any(conduct, &orders[i]))
            return false;
    ota_campaign_orders_done(conduct->campaign);
    if (conduct->apart)
        return true;
    if (!deny_others(conduct))
        return false;
    if (conduct->contacts_us == OTA_NEVER &&
        ota_campaign_wants_contacts(conduct->campaign))
        return listen_to_all(conduct, now_us);
    return true;
}

/* --- windows --- */

/* When something happens next, since time 0. */
static int64_t next_us(const struct ota_conduct *conduct)
{
    const int64_t own_us = ota_us_add(conduct->fleet.config->release_us,
                                      ota_campaign_next_us(conduct->campaign));

    const int64_t heard_us =
        ota_us_min(own_us, ota_hearing_next_us(conduct->hearing));

    return conduct->sharing
               ? ota_us_min(heard_us, ota_sharing_next_us(conduct->sharing))
               : heard_us;
}

bool ota_conduct_window(struct ota_conduct *conduct, int64_t until_us)
{
    const struct ota_conduct_fleet *fleet = &conduct->fleet;

    conduct->until_us = until_us;
    if (!ota_conduct_listen(conduct))
        return false;
    if (!conduct->begun) {
        const int64_t release_us = fleet->config->release_us;
        conduct->begun = true; /* who asks at the release itself is heard */
        if (ota_campaign_wants_contacts(conduct->campaign) &&
            !listen_to_all(conduct, release_us - 1))
            return false;
    }
    for (;;) {
        const int64_t now_us = next_us(conduct);
        const bool ends = now_us >= until_us;
        const bool due = conduct->task_count > 0 || conduct->all_due;
        if (due && (ends || now_us >= conduct->bound_us)) {
            if (!ota_conduct_carry_out(conduct) ||
                !fleet->keep_going(fleet->self))
                return false;
            continue;
        }
        if (ends)
            return true;
        if (!live_instant(conduct, now_us))
            return false;
    }
}

int64_t ota_conduct_next_us(const struct ota_conduct *conduct, int64_t now_us,
                            int windows)
{
    const struct ota_fleet_config *config = conduct->fleet.config;
    const int64_t span_us = config->horizon_us - config->release_us;

    if (!conduct->listens)
        return OTA_NEVER;
    return now_us + (span_us - 1) / (windows > 0 ? windows : WINDOWS_USUAL) + 1;
}

/* The rest of a device's life, that no order can come into any more. */
static void live_out(struct ota_conduct *conduct, size_t device)
{
    struct ota_actor actor = ota_conduct_actor(conduct, device);
    const int64_t horizon_us = conduct->fleet.config->horizon_us;

    actor.quiet_us = horizon_us;
    actor.contacts_us = OTA_NEVER;
    ota_life_run(&actor, horizon_us);
    while (actor.device->asking != OTA_ASKS_NOTHING) { /* it may ask again */
        ota_device_answer(&actor, actor.device->due_us, false);
        ota_life_run(&actor, horizon_us);
    }
}

bool ota_conduct_finish(struct ota_conduct *conduct)
{
    const int threads = conduct->threads;
    const ptrdiff_t shards = (ptrdiff_t)conduct->fleet.shards;
    const size_t devices = conduct->fleet.devices;

    conduct->over = true;
    if (!ota_conduct_window(conduct, conduct->fleet.config->horizon_us))
        return false;
    if (conduct->sharing &&
        (!end_shares(conduct, conduct->fleet.config->horizon_us) ||
         !ota_conduct_carry_out(conduct)))
        return false;
    if (conduct->apart)
        return ota_conduct_finish_apart(conduct);
#pragma omp parallel for schedule(dynamic, 1)                                  \
    num_threads(threads) if (threads > 1)
    for (ptrdiff_t shard = 0; shard < shards; shard++) {
        const size_t from = (size_t)shard * OTA_SHARD_SIZE;
        for (size_t i = from; i < from + OTA_SHARD_SIZE && i < devices; i++)
            live_out(conduct, i);
    }
    return true;
}
