/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conduct_task.c - carrying out orders.
 *
 * Orders to devices that stand still cost nothing but running them: to the
 * order, and on to the window's end. An order to one that has run ahead (a
 * stop takes back what was offered) makes it live its life again, see life.h.
 */
#include <assert.h>
#include <stdatomic.h>

#include "sim/engine/engine.h"
#include "sim/fleet/conduct_state.h"

enum { TOGETHER_LEAST = 64 }; /* fewer devices are not worth a second thread */

/* --- one device --- */

/* Runs the device to the window's end, as far as its leash lets it. */
void ota_conduct_run_on(struct ota_conduct *conduct, struct ota_actor *actor)
{
    if (conduct->leash[actor->id] == OTA_LEASH_FREE ||
        conduct->leash[actor->id] == OTA_LEASH_LISTEN)
        ota_life_run(actor, conduct->until_us);
}

/* A question at the campaign's instant that got no yes. */
void ota_conduct_deny(struct ota_actor *actor)
{
    struct ota_device *device = actor->device;
    const int64_t now_us = device->due_us;

    ota_device_answer(actor, now_us, false);
    device->answered_us = now_us;
    ota_life_pass(actor, ota_us_add(now_us, 1));
}

uint32_t ota_conduct_deeds(const struct ota_conduct *conduct, size_t device)
{
    uint32_t count = 0;
    for (const struct ota_deed *deed = ota_deeds_first(&conduct->deeds, device);
         deed; deed = ota_deeds_next(&conduct->deeds, device, deed))
        count++;
    return count;
}

/* Tells undone what the device did, and has it live anew with all deeds. */
static void live_again(struct ota_conduct *conduct, const struct ota_task *task)
{
    const struct ota_conduct_fleet *fleet = &conduct->fleet;
    struct ota_actor actor = fleet->actor_of(fleet->self, task->device);
    struct ota_report_log *log = actor.log;
    struct ota_report_log none = {.after_us = OTA_NEVER};
    const int64_t stop_us = actor.device->asking != OTA_ASKS_NOTHING
                                ? actor.device->due_us
                                : OTA_NEVER;

    fleet->forget(fleet->self, task->device);
    actor.log = NULL;
    actor.undoing = true;
    ota_life_repeat(&actor, &conduct->deeds, task->done, conduct->until_us,
                    stop_us);
    fleet->forget(fleet->self, task->device);
    actor = fleet->actor_of(fleet->self, task->device);
    if (!log)
        log = &none;
    log->after_us = conduct->now_us;
    ota_life_repeat(&actor, &conduct->deeds,
                    ota_conduct_deeds(conduct, task->device), conduct->until_us,
                    ota_us_add(conduct->now_us, 1));
    log->after_us = INT64_MIN;
}

void ota_conduct_do(struct ota_conduct *conduct, struct ota_actor *actor,
                    const struct ota_deed *deed)
{
    struct ota_device *device = actor->device;

    if (deed->answers) {
        ota_life_answer(actor, deed);
        return;
    }
    if (device->asking != OTA_ASKS_NOTHING)
        ota_conduct_deny(actor);
    if (conduct->skips)
        actor->quiet_us = deed->time_us;
    ota_life_do(actor, deed);
    actor->quiet_us = conduct->fleet.config->release_us;
}

static void carry_out(struct ota_conduct *conduct, const struct ota_task *task)
{
    const struct ota_conduct_fleet *fleet = &conduct->fleet;
    struct ota_actor actor = fleet->actor_of(fleet->self, task->device);
    struct ota_device *device = actor.device;
    const struct ota_deeds *deeds = &conduct->deeds;
    const struct ota_deed *first = ota_deeds_first(deeds, task->device);

    for (uint32_t i = 0; i < task->done; i++)
        first = ota_deeds_next(deeds, task->device, first);
    const bool stands = device->asking != OTA_ASKS_NOTHING && first &&
                        (first->answers || device->due_us < first->time_us);
    const bool ran = conduct->leash[task->device] == OTA_LEASH_FREE ||
                     conduct->leash[task->device] == OTA_LEASH_LISTEN;
    conduct->leash[task->device] = OTA_LEASH_FREE;
    if (ran && !stands) {
        live_again(conduct, task);
        return;
    }
    for (const struct ota_deed *deed = first; deed;
         deed = ota_deeds_next(deeds, task->device, deed))
        ota_conduct_do(conduct, &actor, deed);
    ota_conduct_run_on(conduct, &actor);
}

/* --- many devices --- */

void ota_conduct_add_task(struct ota_conduct *conduct, uint32_t device,
                          uint32_t done)
{
    assert(!conduct->tasked[device]);
    conduct->tasked[device] = true;
    conduct->tasks[conduct->task_count++] =
        (struct ota_task){.device = device, .done = done};
}

void ota_conduct_bind(struct ota_conduct *conduct, enum ota_order_kind kind,
                      bool ahead, int64_t now_us, int64_t deed_us)
{
    const bool later = kind == OTA_ORDER_OFFER && !ahead;

    conduct->bound_us =
        ota_us_min(conduct->bound_us,
                   later ? ota_us_add(deed_us, conduct->lookahead_us) : now_us);
}

/* What the engine is to do with the device. */
void ota_conduct_follow(struct ota_conduct *conduct, size_t device)
{
    const struct ota_conduct_fleet *fleet = &conduct->fleet;
    const struct ota_actor actor = fleet->actor_of(fleet->self, device);
    const bool runs = (conduct->leash[device] == OTA_LEASH_FREE ||
                       conduct->leash[device] == OTA_LEASH_LISTEN) &&
                      actor.device->asking == OTA_ASKS_NOTHING;

    if (!conduct->over)
        fleet->set_due(fleet->self, device,
                       runs ? actor.device->due_us : OTA_NEVER);
}

/* Takes what devices have reported since. */
bool ota_conduct_listen(struct ota_conduct *conduct)
{
    if (conduct->ranks)
        return ota_conduct_exchange(conduct);
    return ota_hearing_take(conduct->hearing, conduct->logs,
                            (size_t)conduct->lanes) ||
           ota_conduct_lacks_memory(conduct);
}

/* Whether the task is to be carried out; asks that now and then. */
static bool goes_on(const struct ota_conduct *conduct, size_t task)
{
    const struct ota_conduct_fleet *fleet = &conduct->fleet;

    return (task + 1) % TOGETHER_LEAST != 0 || fleet->keep_going(fleet->self);
}

static bool together(struct ota_conduct *conduct,
                     void (*each)(struct ota_conduct *,
                                  const struct ota_task *))
{
    const ptrdiff_t count = (ptrdiff_t)conduct->task_count;
    atomic_bool stopped = false;

#pragma omp parallel for schedule(dynamic, TOGETHER_LEAST)                     \
    num_threads(conduct->threads)
    for (ptrdiff_t t = 0; t < count; t++) {
        if (atomic_load_explicit(&stopped, memory_order_relaxed))
            continue;
        if (!goes_on(conduct, (size_t)t))
            atomic_store_explicit(&stopped, true, memory_order_relaxed);
        else
            each(conduct, &conduct->tasks[t]);
    }
    return !stopped;
}

/* Mostly there are few, and threads would take longer to begin. */
bool ota_conduct_each_task(struct ota_conduct *conduct,
                           void (*each)(struct ota_conduct *,
                                        const struct ota_task *))
{
    if (conduct->threads > 1 && conduct->task_count > TOGETHER_LEAST)
        return together(conduct, each);
    for (size_t t = 0; t < conduct->task_count; t++) {
        if (!goes_on(conduct, t))
            return false;
        each(conduct, &conduct->tasks[t]);
    }
    return true;
}

bool ota_conduct_carry_out(struct ota_conduct *conduct)
{
    const size_t count = conduct->task_count;

    if (conduct->apart)
        return ota_conduct_carry_out_apart(conduct);
    if (!ota_conduct_each_task(conduct, carry_out))
        return false;
    for (size_t t = 0; t < count; t++) {
        conduct->tasked[conduct->tasks[t].device] = false;
        ota_conduct_follow(conduct, conduct->tasks[t].device);
    }
    conduct->task_count = 0;
    conduct->bound_us = OTA_NEVER;
    return ota_conduct_listen(conduct);
}
