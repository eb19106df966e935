/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conduct_apart.c - devices that live one after another.
 *
 * A device that asks the campaign nothing is a function of its orders. So none
 * of it need be kept: when it is given its first order it lives to the horizon
 * at once, and leaves its reports and what observers were told. Another order
 * behind that (a stop, a further try) has it tell the first life undone, and
 * live a second time with both; which is rare enough. Only a device that stands
 * at a question, as to how long its download takes beside others, has a room of
 * its own until it is answered.
 */
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "sim/base/lane.h"
#include "sim/fleet/attributes.h"
#include "sim/fleet/conduct_state.h"
#include "sim/fleet/rooms.h"

/* Devices that a thread takes at a time: enough that it is seldom, and does not
 * write beside another. */
enum { BLOCK = 128 };

static struct ota_room_pool *pool_of(struct ota_conduct *conduct)
{
    return &conduct->pools[ota_lane(conduct->threads)];
}

bool ota_conduct_prepare_apart(struct ota_conduct *conduct)
{
    const size_t devices = conduct->fleet.devices;

    conduct->until_us = conduct->fleet.config->horizon_us;
    conduct->serials = calloc(devices, sizeof(*conduct->serials));
    conduct->rooms = calloc(devices, sizeof(struct ota_room *));
    conduct->pools = calloc((size_t)conduct->lanes, sizeof(*conduct->pools));
    return conduct->serials && conduct->rooms && conduct->pools;
}

void ota_conduct_release_apart(struct ota_conduct *conduct)
{
    for (int l = 0; conduct->pools && l < conduct->lanes; l++)
        ota_rooms_release(&conduct->pools[l]);
    free(conduct->pools);
    free(conduct->rooms);
    free(conduct->serials);
}

static bool has_rooms(struct ota_conduct *conduct)
{
    for (int l = 0; l < conduct->lanes; l++)
        if (conduct->pools[l].failed)
            return ota_conduct_lacks_memory(conduct);
    return true;
}

/* --- orders --- */

bool ota_conduct_note_apart(struct ota_conduct *conduct,
                            const struct ota_order *order)
{
    const int64_t now_us =
        ota_us_add(conduct->fleet.config->release_us, order->time_us);
    const uint32_t id = order->device;
    const bool ahead =
        !order->all && (conduct->tasked[id] || conduct->all_due ||
                        conduct->leash[id] == OTA_LEASH_FREE);
    const bool stands = !order->all && conduct->rooms[id] &&
                        conduct->rooms[id]->device.due_us == now_us;
    const struct ota_deed deed = {
        .time_us = ahead || stands ? ota_us_add(now_us, 1) : now_us,
        .kind = order->kind,
        .end_us = OTA_NEVER,
        .cut_us = OTA_NEVER,
    };

    ota_conduct_bind(conduct, (enum ota_order_kind)order->kind, ahead, now_us,
                     deed.time_us);
    if (order->all) {
        assert(conduct->deeds.count == 0 && conduct->task_count == 0);
        conduct->deeds.all = deed;
        conduct->all_due = true;
        return true;
    }
    conduct->relived = conduct->relived || ahead;
    if (!conduct->tasked[id] && conduct->leash[id] != OTA_LEASH_SHARES)
        ota_conduct_add_task(conduct, id, ota_conduct_deeds(conduct, id));
    return ota_deeds_add(&conduct->deeds, id, &deed) ||
           ota_conduct_lacks_memory(conduct);
}

/* --- lives --- */

/* A room with a device that is not born yet. */
static struct ota_room unborn(const struct ota_conduct *conduct, size_t device)
{
    const size_t group = ota_fleet_group_of(conduct->fleet.config, device);

    return (struct ota_room){.device = {.group = (uint32_t)group,
                                        .serial = conduct->serials[device]}};
}

/* What the device in the room needs, if it asks for its share. */
static void work_out_demand(const struct ota_actor *actor,
                            struct ota_room *room)
{
    if (actor->device->asking == OTA_ASKS_SHARE)
        room->demand = ota_update_demand(actor, actor->device->due_us);
}

/* The life that follows from the first `deeds` deeds; see ota_life_repeat() for
 * stop_us. Of its reports those of after_us and before were heard. What another
 * rank has is lived there. */
static void live(struct ota_conduct *conduct, size_t device, size_t deeds,
                 int64_t stop_us, int64_t after_us)
{
    const struct ota_conduct_fleet *fleet = &conduct->fleet;

    conduct->leash[device] = OTA_LEASH_FREE;
    if (!ota_conduct_owns(conduct, device))
        return;
    struct ota_room room = unborn(conduct, device);
    struct ota_actor actor = fleet->actor_in(fleet->self, device, &room);
    if (actor.log)
        actor.log->after_us = after_us;
    if (!ota_life_whole(&actor, &conduct->deeds, deeds, stop_us)) {
        work_out_demand(&actor, &room);
        conduct->rooms[device] = ota_rooms_take(pool_of(conduct));
        if (conduct->rooms[device])
            *conduct->rooms[device] = room;
    }
    if (actor.log)
        actor.log->after_us = INT64_MIN;
}

static void leave_room(struct ota_conduct *conduct, size_t device)
{
    ota_rooms_let_go(pool_of(conduct), conduct->rooms[device]);
    conduct->rooms[device] = NULL;
}

/* Tells the life undone that followed from the first `deeds` deeds. */
static void undo(struct ota_conduct *conduct, size_t device, size_t deeds)
{
    const struct ota_conduct_fleet *fleet = &conduct->fleet;
    const struct ota_room *stood = conduct->rooms[device];
    struct ota_room room = unborn(conduct, device);
    struct ota_actor actor = fleet->actor_in(fleet->self, device, &room);

    actor.undoing = true;
    actor.log = NULL;
    ota_life_whole(&actor, &conduct->deeds, deeds,
                   stood ? stood->device.due_us : OTA_NEVER);
    if (stood)
        leave_room(conduct, device);
}

/* Goes on with a device that stands at a question, from that deed. */
static void go_on(struct ota_conduct *conduct, size_t device,
                  const struct ota_deed *deed)
{
    struct ota_actor actor = ota_conduct_actor(conduct, device);

    conduct->leash[device] = OTA_LEASH_FREE;
    for (; deed; deed = ota_deeds_next(&conduct->deeds, device, deed))
        ota_conduct_do(conduct, &actor, deed);
    if (ota_life_rest(&actor, INT64_MIN))
        leave_room(conduct, device);
    else
        work_out_demand(&actor, conduct->rooms[device]);
}

static void carry_out(struct ota_conduct *conduct, const struct ota_task *task)
{
    const size_t device = task->device;
    const size_t deeds = ota_conduct_deeds(conduct, device);
    const struct ota_room *room = conduct->rooms[device];
    const struct ota_deed *deed = ota_deeds_first(&conduct->deeds, device);

    for (uint32_t i = 0; i < task->done; i++)
        deed = ota_deeds_next(&conduct->deeds, device, deed);
    if (room && (conduct->leash[device] == OTA_LEASH_SHARES || deed->answers ||
                 room->device.due_us < deed->time_us)) {
        go_on(conduct, device, deed);
    } else if (conduct->leash[device] == OTA_LEASH_STILL) {
        live(conduct, device, deeds, INT64_MIN, INT64_MIN);
        conduct->fleet.lived(conduct->fleet.self,
                             ota_conduct_owns(conduct, device));
    } else {
        if (ota_conduct_owns(conduct, device))
            undo(conduct, device, task->done);
        conduct->serials[device]++;
        live(conduct, device, deeds, ota_us_add(conduct->now_us, 1),
             conduct->now_us);
    }
}

/* Those of a block that have not lived live with what was done to all, or with
 * nothing. */
static void live_first(struct ota_conduct *conduct, size_t block, size_t deeds)
{
    const size_t from = block * BLOCK;
    const int64_t stop_us = deeds > 0 ? INT64_MIN : OTA_NEVER;
    size_t lived = 0;

    for (size_t i = from; i < from + BLOCK && i < conduct->fleet.devices; i++)
        if (conduct->leash[i] == OTA_LEASH_STILL && !conduct->tasked[i]) {
            live(conduct, i, deeds, stop_us, INT64_MIN);
            lived += ota_conduct_owns(conduct, i);
        }
    conduct->fleet.lived(conduct->fleet.self, lived);
}

static bool all_live_first(struct ota_conduct *conduct, size_t deeds)
{
    const struct ota_conduct_fleet *fleet = &conduct->fleet;
    const ptrdiff_t blocks = (ptrdiff_t)((fleet->devices - 1) / BLOCK + 1);
    atomic_bool stopped = false;

#pragma omp parallel for schedule(dynamic, 1)                                  \
    num_threads(conduct->threads) if (conduct->threads > 1)
    for (ptrdiff_t block = 0; block < blocks; block++) {
        if (atomic_load_explicit(&stopped, memory_order_relaxed))
            continue;
        if (!fleet->keep_going(fleet->self))
            atomic_store_explicit(&stopped, true, memory_order_relaxed);
        else
            live_first(conduct, (size_t)block, deeds);
    }
    return !stopped;
}

bool ota_conduct_carry_out_apart(struct ota_conduct *conduct)
{
    const size_t count = conduct->task_count;

    if (conduct->all_due && !all_live_first(conduct, 1))
        return false;
    conduct->all_due = false;
    if (!ota_conduct_each_task(conduct, carry_out))
        return false;
    for (size_t t = 0; t < count; t++)
        conduct->tasked[conduct->tasks[t].device] = false;
    conduct->task_count = 0;
    conduct->bound_us = OTA_NEVER;
    return has_rooms(conduct) && ota_conduct_listen(conduct);
}

/* Whatever a device still asks gets a "no". */
static void live_out(struct ota_conduct *conduct, size_t device)
{
    if (!conduct->rooms[device])
        return;
    struct ota_actor actor = ota_conduct_actor(conduct, device);
    actor.quiet_us = conduct->fleet.config->horizon_us;
    ota_life_rest(&actor, OTA_NEVER);
}

bool ota_conduct_finish_apart(struct ota_conduct *conduct)
{
    const ptrdiff_t devices = (ptrdiff_t)conduct->fleet.devices;

    if (!all_live_first(conduct, 0))
        return false;
    if (!conduct->sharing)
        return true;
#pragma omp parallel for num_threads(conduct->threads) if (conduct->threads > 1)
    for (ptrdiff_t i = 0; i < devices; i++)
        live_out(conduct, (size_t)i);
    return true;
}
