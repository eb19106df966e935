/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * timeline.c - the grid of changes behind timeline.h.
 */
#include "sim/stats/timeline.h"

#include <assert.h>
#include <stdlib.h>

static int64_t divide_up(int64_t amount, int64_t by)
{
    return amount / by + (amount % by != 0);
}

bool ota_timeline_init(struct ota_timeline *timeline, int64_t horizon_us)
{
    assert(horizon_us > 0);

    timeline->step_us = divide_up(horizon_us, OTA_TIMELINE_STEPS);
    timeline->instants = (size_t)divide_up(horizon_us, timeline->step_us) + 1;
    timeline->changes =
        calloc(timeline->instants * OTA_STATES, sizeof(*timeline->changes));
    return timeline->changes != NULL;
}

void ota_timeline_release(struct ota_timeline *timeline)
{
    free(timeline->changes);
    *timeline = (struct ota_timeline){.changes = NULL};
}

static void change(struct ota_timeline *timeline, int64_t time_us,
                   enum ota_state from, enum ota_state to, int64_t by)
{
    assert(time_us >= 0 && from <= OTA_STATES && to < OTA_STATES);

    const size_t instant = (size_t)divide_up(time_us, timeline->step_us);
    if (instant >= timeline->instants)
        return;

    int64_t *changes = timeline->changes + instant * OTA_STATES;
    if (from != OTA_STATES)
        changes[from] -= by;
    changes[to] += by;
}

void ota_timeline_change(struct ota_timeline *timeline, int64_t time_us,
                         enum ota_state from, enum ota_state to)
{
    change(timeline, time_us, from, to, 1);
}

void ota_timeline_undo(struct ota_timeline *timeline, int64_t time_us,
                       enum ota_state from, enum ota_state to)
{
    change(timeline, time_us, from, to, -1);
}

void ota_timeline_merge(struct ota_timeline *timeline,
                        const struct ota_timeline *other)
{
    assert(timeline->step_us == other->step_us &&
           timeline->instants == other->instants);

    for (size_t i = 0; i < timeline->instants * OTA_STATES; i++)
        timeline->changes[i] += other->changes[i];
}

void ota_timeline_sum(struct ota_timeline *timeline)
{
    for (size_t i = OTA_STATES; i < timeline->instants * OTA_STATES; i++)
        timeline->changes[i] += timeline->changes[i - OTA_STATES];
}

int64_t ota_timeline_at(const struct ota_timeline *timeline, size_t instant,
                        enum ota_state state)
{
    assert(instant < timeline->instants && state < OTA_STATES);
    return timeline->changes[instant * OTA_STATES + state];
}
