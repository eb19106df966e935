/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report_log.c - what devices report, put in order a stretch at a time.
 *
 * A stretch is as long as fits a cache. It is sorted by counting digits of the
 * time, the lowest first (D. Knuth: The Art of Computer Programming, vol. 3,
 * section 5.2.5), which keeps what is equal in the order of noting; the few
 * of one instant are then put in order of device.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/grow.h"
#include "sim/fleet/hearing.h"

enum {
    ROOM_LEAST = 64,
    RUNS_LEAST = 4,
    STRETCH = 1 << 15, /* reports of 16 bytes */
    DIGIT_BITS = 11,
    DIGITS = 1 << DIGIT_BITS,
    FEW = 32, /* are put in order one by one */
};

static uint64_t time_of(const struct ota_campaign_report *report)
{
    return (uint64_t)report->time_us;
}

static uint64_t device_of(const struct ota_campaign_report *report)
{
    return report->device;
}

/* Sorts by key, stably. */
static void sort_by(struct ota_campaign_report *items,
                    struct ota_campaign_report *scratch, size_t count,
                    uint64_t (*key)(const struct ota_campaign_report *))
{
    struct ota_campaign_report *from = items;
    struct ota_campaign_report *to = scratch;
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;

    for (size_t i = 0; i < count; i++) {
        const uint64_t k = key(&items[i]);
        least = k < least ? k : least;
        most = k > most ? k : most;
    }
    for (int shift = 0; shift < 64 && (most - least) >> shift > 0;
         shift += DIGIT_BITS) {
        uint32_t at[DIGITS] = {0};
        uint32_t sum = 0;
        for (size_t i = 0; i < count; i++)
            at[(key(&from[i]) - least) >> shift & (DIGITS - 1)]++;
        for (int d = 0; d < DIGITS; d++) {
            const uint32_t here = at[d];
            at[d] = sum;
            sum += here;
        }
        for (size_t i = 0; i < count; i++)
            to[at[(key(&from[i]) - least) >> shift & (DIGITS - 1)]++] = from[i];
        struct ota_campaign_report *kept = from;
        from = to;
        to = kept;
    }
    if (from != items)
        memcpy(items, from, count * sizeof(*items));
}

static bool is_before(const struct ota_campaign_report *a,
                      const struct ota_campaign_report *b)
{
    return a->time_us != b->time_us ? a->time_us < b->time_us
                                    : a->device < b->device;
}

/* By insertion; stable. */
static void sort_few(struct ota_campaign_report *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const struct ota_campaign_report item = items[i];
        size_t at = i;
        for (; at > 0 && is_before(&item, &items[at - 1]); at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

static void sort(struct ota_campaign_report *items,
                 struct ota_campaign_report *scratch, size_t count)
{
    if (count <= FEW) {
        sort_few(items, count);
        return;
    }
    sort_by(items, scratch, count, time_of);
    for (size_t from = 0, to; from < count; from = to) {
        for (to = from + 1;
             to < count && items[to].time_us == items[from].time_us; to++)
            ;
        if (to - from <= FEW)
            sort_few(items + from, to - from);
        else
            sort_by(items + from, scratch, to - from, device_of);
    }
}

/* Puts what was noted in order, as a run of its own. */
bool ota_report_log_close(struct ota_report_log *log)
{
    if (log->count == 0)
        return true;
    void *runs = ota_grow(log->runs, log->run_count, &log->run_room, RUNS_LEAST,
                          sizeof(*log->runs));
    if (!runs)
        return false;
    log->runs = runs;
    if (!log->scratch && log->count > FEW)
        log->scratch = malloc(STRETCH * sizeof(*log->scratch));
    if (!log->scratch && log->count > FEW)
        return false;
    sort(log->items, log->scratch, log->count);
    log->runs[log->run_count++] =
        (struct ota_report_run){.items = log->items, .count = log->count};
    log->items = NULL;
    log->count = log->room = 0;
    return true;
}

static bool make_room(struct ota_report_log *log)
{
    if (log->count == STRETCH && !ota_report_log_close(log))
        return false;
    void *items = ota_grow(log->items, log->count, &log->room, ROOM_LEAST,
                           sizeof(*log->items));
    if (items)
        log->items = items;
    return items != NULL;
}

void ota_report_log_add(struct ota_report_log *log,
                        const struct ota_campaign_report *report)
{
    if (log->failed || report->time_us <= log->after_us ||
        log->ignores >> report->kind & 1)
        return;
    if (log->count == log->room && !make_room(log)) {
        log->failed = true;
        return;
    }
    log->items[log->count++] = *report;
}

void ota_report_log_release(struct ota_report_log *log)
{
    for (size_t r = 0; r < log->run_count; r++)
        free(log->runs[r].items);
    free(log->runs);
    free(log->items);
    free(log->scratch);
    *log = (struct ota_report_log){.items = NULL};
}
