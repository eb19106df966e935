/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * per_wake.h - for tests: what each single wake of a run's devices took, from
 * waking to sleeping again with the radio down.
 */
#ifndef OTA_TEST_PER_WAKE_H
#define OTA_TEST_PER_WAKE_H

#include <stddef.h>
#include <stdint.h>

#include "sim/fleet/observation.h"

enum { PER_WAKE_DEVICES = 4096 };

struct one_wake {
    double awake_s; /* all of it, the tail too */
    double tail_s;
    double charge_mc; /* drawn in that time [mC]; the currents asleep count as
                       * well, from the wake before: set them to 0uA */
    int64_t bytes;    /* routine */
    uint64_t device;
};

/* Whole wakes only: a device's first is not known to be one. */
struct per_wake {
    struct one_wake *wakes;
    size_t count, most;
    struct {
        struct one_wake wake; /* under way */
        int64_t charge_pc, bytes;
        int whole; /* asleep before it */
    } devices[PER_WAKE_DEVICES];
};

/* An observer that fills *all, which is zeroed first. */
struct ota_observer per_wake(struct per_wake *all);

/* The quantile (0 to 1) of a member, given by its offset; of doubles. */
double per_wake_quantile(const struct per_wake *all, size_t offset,
                         double share);

void per_wake_release(struct per_wake *all);

#endif
