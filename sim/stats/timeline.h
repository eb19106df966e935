/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * timeline.h - how many devices are in each state, on a grid of instants.
 *
 * Only changes are stored: a device that changes state adds -1 and +1 to the
 * first instant at or after the change, and sums along the grid give the
 * counts. Integers, so the order of additions does not matter.
 */
#ifndef OTA_TIMELINE_H
#define OTA_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/fleet/observation.h"

struct ota_timeline {
    int64_t step_us; /* instants are 0, step, 2 step, ... */
    size_t instants;
    int64_t *changes; /* [instants][OTA_STATES]; counts once summed */
};

/* Steps of which the horizon has about OTA_TIMELINE_STEPS, the last instant
 * at the horizon or up to a step behind it. */
enum { OTA_TIMELINE_STEPS = 720 };

bool ota_timeline_init(struct ota_timeline *timeline, int64_t horizon_us);
void ota_timeline_release(struct ota_timeline *timeline);

/* A device is in `to` from time_us on, and no longer in `from`; from may be
 * OTA_STATES: it was nowhere before. Changes behind the grid are dropped. */
void ota_timeline_change(struct ota_timeline *timeline, int64_t time_us,
                         enum ota_state from, enum ota_state to);

/* Takes such a change back, which was told and did not happen. */
void ota_timeline_undo(struct ota_timeline *timeline, int64_t time_us,
                       enum ota_state from, enum ota_state to);

/* Adds other's changes; both have the same grid. */
void ota_timeline_merge(struct ota_timeline *timeline,
                        const struct ota_timeline *other);

/* Turns changes into counts; once, at the end. */
void ota_timeline_sum(struct ota_timeline *timeline);

/* The count at an instant, after ota_timeline_sum(). */
int64_t ota_timeline_at(const struct ota_timeline *timeline, size_t instant,
                        enum ota_state state);

#endif
