/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * per_wake.c - see per_wake.h.
 */
#include "tests/support/per_wake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/base/clock.h"

static void keep(struct per_wake *all, const struct one_wake *wake)
{
    if (all->count == all->most) {
        all->most = all->most ? 2 * all->most : 1024;
        all->wakes = realloc(all->wakes, all->most * sizeof(*all->wakes));
        assert_non_null(all->wakes);
    }
    all->wakes[all->count++] = *wake;
}

static void observe(void *self, const struct ota_observation *seen)
{
    struct per_wake *all = self;
    assert_true(seen->device < PER_WAKE_DEVICES);
    struct one_wake *wake = &all->devices[seen->device].wake;
    const double lasted_s =
        ota_s_from_us(seen->time_us - seen->detail.phase.since_us);

    if (seen->detail.phase.phase != OTA_PHASE_ASLEEP) {
        wake->awake_s += lasted_s;
        if (seen->detail.phase.phase == OTA_PHASE_TAIL)
            wake->tail_s += lasted_s;
        return;
    }
    /* Asleep until now: the books hold all that came before. */
    const int64_t charge_pc = seen->record->charge_pc;
    const int64_t bytes = seen->record->routine_bytes;
    wake->charge_mc =
        (double)(charge_pc - all->devices[seen->device].charge_pc) * 1e-9;
    wake->bytes = bytes - all->devices[seen->device].bytes;
    wake->device = seen->device;
    if (all->devices[seen->device].whole && wake->awake_s > 0)
        keep(all, wake);
    all->devices[seen->device].whole = 1;
    all->devices[seen->device].charge_pc = charge_pc;
    all->devices[seen->device].bytes = bytes;
    *wake = (struct one_wake){0};
}

struct ota_observer per_wake(struct per_wake *all)
{
    memset(all, 0, sizeof(*all));
    return (struct ota_observer){
        .wants = 1u << OTA_SEEN_PHASE,
        .observe = observe,
        .self = all,
    };
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double per_wake_quantile(const struct per_wake *all, size_t offset,
                         double share)
{
    double *values = calloc(all->count + 1, sizeof(*values));

    assert_non_null(values);
    assert_true(all->count > 0);
    for (size_t i = 0; i < all->count; i++)
        memcpy(&values[i], (const char *)&all->wakes[i] + offset,
               sizeof(values[i]));
    qsort(values, all->count, sizeof(*values), by_value);
    const double value =
        values[(size_t)(share * (double)(all->count - 1) + 0.5)];
    free(values);
    return value;
}

void per_wake_release(struct per_wake *all)
{
    free(all->wakes);
}
