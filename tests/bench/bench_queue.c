/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_queue.c - what it costs to know who is due next: the engine's windows
 * beside a binary heap.
 *
 * N devices wake each 1 h U(0.9, 1.1) for a day of simulated time, one draw a
 * wake by the same small generator. The heap takes one wake after the other in
 * order of time; the engine's windows let each device run alone to the window's
 * end, in any number of them. Printed is the processor time a wake, the median
 * of runs in turn, on one thread. Nothing is asserted: times are read by
 * people.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sim/base/clock.h"
#include "sim/engine/engine.h"
#include "tests/support/child.h"

enum { RUNS = 3, FEW = 100000, MANY = 1000000 };

static const int64_t horizon_us = OTA_US_PER_DAY;

struct fleet {
    int64_t *due_us; /* by device: when it wakes next */
    size_t count;
    int64_t window_us; /* OTA_NEVER: one to the end */
    uint64_t state;    /* of the generator */
    uint64_t wakes;
};

static double now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* xorshift64* (Vigna, ACM TOMS 42, 2016), to 0.9 h .. 1.1 h. */
static int64_t interval_us(struct fleet *fleet)
{
    uint64_t x = fleet->state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    fleet->state = x;
    const uint64_t word = x * UINT64_C(0x2545f4914f6cdd1d);
    return INT64_C(3240000000) +
           (int64_t)((double)(word >> 11) * 0x1p-53 * 720e6);
}

/* In order of device, so a heap too: they first wake one behind the other. */
static void start(struct fleet *fleet)
{
    fleet->state = 1;
    fleet->wakes = 0;
    for (size_t i = 0; i < fleet->count; i++)
        fleet->due_us[i] =
            (int64_t)((double)i / (double)fleet->count * (double)OTA_US_PER_H);
}

/* --- the heap --- */

struct entry {
    int64_t due_us;
    uint32_t device;
};

static void sift_down(struct entry *heap, size_t count)
{
    const struct entry entry = heap[0];
    size_t at = 0;

    for (size_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && heap[child + 1].due_us < heap[child].due_us)
            child++;
        if (entry.due_us <= heap[child].due_us)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = entry;
}

static bool run_heap(struct fleet *fleet)
{
    struct entry *heap = malloc(fleet->count * sizeof(*heap));

    if (!heap)
        return false;
    for (size_t i = 0; i < fleet->count; i++)
        heap[i] = (struct entry){fleet->due_us[i], (uint32_t)i};
    while (heap[0].due_us < horizon_us) {
        heap[0].due_us += interval_us(fleet);
        fleet->due_us[heap[0].device] = heap[0].due_us;
        fleet->wakes++;
        sift_down(heap, fleet->count);
    }
    free(heap);
    return true;
}

/* --- the engine --- */

static int64_t advance(void *self, size_t thing, int64_t until_us)
{
    struct fleet *fleet = self;
    int64_t due_us = fleet->due_us[thing];

    while (due_us < until_us) {
        due_us += interval_us(fleet);
        fleet->wakes++;
    }
    fleet->due_us[thing] = due_us;
    return due_us;
}

static int64_t barrier(void *self, int64_t now_us)
{
    const struct fleet *fleet = self;
    return ota_us_add(now_us, fleet->window_us);
}

static bool run_engine(struct fleet *fleet)
{
    const struct ota_engine_client client = {
        .self = fleet,
        .advance = advance,
        .barrier = barrier,
    };
    struct ota_error error = {0};
    struct ota_engine *engine =
        ota_engine_new(fleet->count, 0, horizon_us, &client, &error);

    if (!engine)
        return false;
    for (size_t i = 0; i < fleet->count; i++)
        ota_engine_set_due(engine, i, fleet->due_us[i]);
    const bool good = ota_engine_run(engine, 1);
    ota_engine_free(engine);
    return good;
}

/* --- the table --- */

static const struct {
    const char *what;
    int64_t window_us; /* 0: the heap */
} kinds[] = {
    {"binary heap", 0},
    {"engine, windows of 1 min", OTA_US_PER_MIN},
    {"engine, windows of 1 h", OTA_US_PER_H},
    {"engine, one window", OTA_NEVER},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* Processor time a wake; negative if it cannot be run. */
static double wake_s(struct fleet *fleet, size_t kind)
{
    start(fleet);
    fleet->window_us = kinds[kind].window_us;
    const double begin_s = now_s();
    const bool good = kind == 0 ? run_heap(fleet) : run_engine(fleet);
    return good ? (now_s() - begin_s) / (double)fleet->wakes : -1;
}

static bool bench(size_t count)
{
    struct fleet fleet = {.count = count};
    double took_s[KINDS][RUNS];
    bool good = true;

    fleet.due_us = malloc(count * sizeof(*fleet.due_us));
    for (int run = 0; run < RUNS && fleet.due_us; run++)
        for (size_t k = 0; k < KINDS; k++)
            took_s[k][run] = wake_s(&fleet, k);
    good = fleet.due_us != NULL;
    for (size_t k = 0; k < KINDS && good; k++) {
        const double usual_s = child_median(took_s[k], RUNS);
        good = usual_s > 0;
        printf("queue, %7zu devices: %-26s %7.1f ns a wake  heap is %5.2fx\n",
               count, kinds[k].what, 1e9 * usual_s,
               took_s[0][RUNS / 2] / usual_s);
    }
    free(fleet.due_us);
    return good;
}

int main(void)
{
    return bench(FEW) && bench(MANY) ? EXIT_SUCCESS : EXIT_FAILURE;
}
