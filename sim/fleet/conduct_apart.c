/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conduct_apart.c - devices that live one after another.
 *
 * A device that asks the campaign nothing is a function of its orders. So none
 * of it need be kept: when it is given its first order it lives to the horizon
 * at once, and leaves its reports and what observers were told. Another order
 * behind that (a stop, a further try) has it tell the first life undone, and
 * live a second time with both; which is rare enough.
 */
#include <assert.h>
#include <stdatomic.h>

#include "sim/engine/engine.h"
#include "sim/fleet/conduct_state.h"

enum { TASKS_AT_ONCE = 64 };

bool ota_conduct_note_apart(struct ota_conduct *conduct,
                            const struct ota_order *order)
{
    const int64_t now_us =
        ota_us_add(conduct->fleet.config->release_us, order->time_us);
    const uint32_t id = order->device;
    const bool ahead = !order->all && (conduct->tasked[id] ||
                                       conduct->leash[id] == OTA_LEASH_FREE);
    const struct ota_deed deed = {
        .time_us = ahead ? ota_us_add(now_us, 1) : now_us,
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
    if (!conduct->tasked[id])
        ota_conduct_add_task(conduct, id, ota_conduct_deeds(conduct, id));
    return ota_deeds_add(&conduct->deeds, id, &deed) ||
           ota_conduct_lacks_memory(conduct);
}

/* --- lives --- */

/* The life that follows from the first `deeds` deeds. Of its reports those of
 * after_us and before were heard. */
static void live(struct ota_conduct *conduct, size_t device, size_t deeds,
                 bool undoing, int64_t after_us)
{
    const struct ota_conduct_fleet *fleet = &conduct->fleet;
    struct ota_room room;
    struct ota_actor actor = fleet->actor_in(fleet->self, device, &room);

    actor.undoing = undoing;
    if (undoing)
        actor.log = NULL;
    room.device.serial = conduct->serials[device];
    if (actor.log)
        actor.log->after_us = after_us;
    ota_life_whole(&actor, &conduct->deeds, deeds);
}

static void carry_out(struct ota_conduct *conduct, const struct ota_task *task)
{
    const size_t deeds = ota_conduct_deeds(conduct, task->device);
    const bool lived = conduct->leash[task->device] == OTA_LEASH_FREE;

    if (lived) {
        live(conduct, task->device, task->done, true, OTA_NEVER);
        conduct->serials[task->device]++;
    }
    live(conduct, task->device, deeds, false,
         lived ? conduct->now_us : INT64_MIN);
    conduct->leash[task->device] = OTA_LEASH_FREE;
}

/* Those of a shard that have not lived live with what was done to all, or with
 * nothing. */
static void live_first(struct ota_conduct *conduct, size_t shard, size_t deeds)
{
    const size_t from = shard * OTA_SHARD_SIZE;

    for (size_t i = from;
         i < from + OTA_SHARD_SIZE && i < conduct->fleet.devices; i++) {
        if (conduct->leash[i] == OTA_LEASH_FREE || conduct->tasked[i])
            continue;
        live(conduct, i, deeds, false, INT64_MIN);
        conduct->leash[i] = OTA_LEASH_FREE;
    }
}

static bool all_live_first(struct ota_conduct *conduct, size_t deeds)
{
    const struct ota_conduct_fleet *fleet = &conduct->fleet;
    const ptrdiff_t shards = (ptrdiff_t)fleet->shards;
    atomic_bool stopped = false;

#pragma omp parallel for schedule(dynamic, 1)                                  \
    num_threads(conduct->threads) if (conduct->threads > 1)
    for (ptrdiff_t shard = 0; shard < shards; shard++) {
        if (atomic_load_explicit(&stopped, memory_order_relaxed))
            continue;
        if (!fleet->keep_going(fleet->self))
            atomic_store_explicit(&stopped, true, memory_order_relaxed);
        else
            live_first(conduct, (size_t)shard, deeds);
    }
    return !stopped;
}

bool ota_conduct_carry_out_apart(struct ota_conduct *conduct)
{
    const ptrdiff_t count = (ptrdiff_t)conduct->task_count;

    if (conduct->all_due && !all_live_first(conduct, 1))
        return false;
    conduct->all_due = false;
#pragma omp parallel for schedule(dynamic, TASKS_AT_ONCE) num_threads(         \
    conduct->threads) if (conduct->threads > 1 && count > TASKS_AT_ONCE)
    for (ptrdiff_t t = 0; t < count; t++)
        carry_out(conduct, &conduct->tasks[t]);
    for (ptrdiff_t t = 0; t < count; t++)
        conduct->tasked[conduct->tasks[t].device] = false;
    conduct->task_count = 0;
    conduct->bound_us = OTA_NEVER;
    return ota_conduct_listen(conduct);
}

bool ota_conduct_finish_apart(struct ota_conduct *conduct)
{
    return all_live_first(conduct, 0);
}
