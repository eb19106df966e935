/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hearing.c - reports by time and device.
 *
 * Most reports come in bulk, a window's at a time, and are sorted once; those
 * that devices add while the campaign works through a window come few at a
 * time and wait in a heap beside. What is next is the earlier of the two.
 */
#include "sim/fleet/hearing.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/clock.h"

enum {
    ROOM_LEAST = 64,
    BULK_LEAST = 256, /* fewer go through the heap */
};

/* A growing list of entries. */
struct list {
    struct entry {
        struct ota_campaign_report report;
        uint64_t number; /* in which it was noted */
    } * items;
    size_t count, room;
};

struct ota_hearing {
    struct list bulk; /* sorted; those before `next` are out */
    size_t next;
    struct list heap;
    uint64_t noted;
};

void ota_report_log_add(struct ota_report_log *log,
                        const struct ota_campaign_report *report)
{
    if (log->failed || report->time_us <= log->after_us)
        return;
    if (log->count == log->room) {
        const size_t room = log->room > 0 ? 2 * log->room : ROOM_LEAST;
        void *items = realloc(log->items, room * sizeof(*log->items));
        if (!items) {
            log->failed = true;
            return;
        }
        log->items = items;
        log->room = room;
    }
    log->items[log->count++] = *report;
}

struct ota_hearing *ota_hearing_new(struct ota_error *error)
{
    struct ota_hearing *hearing = calloc(1, sizeof(*hearing));

    if (!hearing)
        ota_fail(error, OTA_NO_MEMORY " for the reports of a campaign");
    return hearing;
}

void ota_hearing_free(struct ota_hearing *hearing)
{
    if (!hearing)
        return;
    free(hearing->bulk.items);
    free(hearing->heap.items);
    free(hearing);
}

static bool make_room(struct list *list, size_t more)
{
    size_t room = list->room > 0 ? list->room : ROOM_LEAST;

    if (list->count + more <= list->room)
        return true;
    while (room < list->count + more)
        room *= 2;
    void *items = realloc(list->items, room * sizeof(*list->items));
    if (!items)
        return false;
    list->items = items;
    list->room = room;
    return true;
}

static bool is_before(const struct entry *a, const struct entry *b)
{
    if (a->report.time_us != b->report.time_us)
        return a->report.time_us < b->report.time_us;
    if (a->report.device != b->report.device)
        return a->report.device < b->report.device;
    return a->number < b->number;
}

static int compare(const void *a, const void *b)
{
    if (is_before(a, b))
        return -1;
    return is_before(b, a);
}

/* --- the heap --- */

static void swap(struct entry *a, struct entry *b)
{
    const struct entry kept = *a;
    *a = *b;
    *b = kept;
}

static void push(struct list *heap, const struct entry *entry)
{
    size_t at = heap->count++;

    assert(heap->count <= heap->room);
    heap->items[at] = *entry;
    while (at > 0 && is_before(&heap->items[at], &heap->items[(at - 1) / 2])) {
        swap(&heap->items[at], &heap->items[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static struct entry pop(struct list *heap)
{
    const struct entry top = heap->items[0];
    size_t at = 0;

    heap->items[0] = heap->items[--heap->count];
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < heap->count &&
                is_before(&heap->items[child], &heap->items[least]))
                least = child;
        if (least == at)
            return top;
        swap(&heap->items[at], &heap->items[least]);
        at = least;
    }
}

/* --- both --- */

static bool is_through(const struct ota_hearing *hearing)
{
    return hearing->next == hearing->bulk.count;
}

bool ota_hearing_add(struct ota_hearing *hearing,
                     const struct ota_campaign_report *report)
{
    if (!make_room(&hearing->heap, 1))
        return false;
    const struct entry entry = {.report = *report, .number = hearing->noted++};
    push(&hearing->heap, &entry);
    return true;
}

/* Into the sorted list, which is through. */
static bool take_bulk(struct ota_hearing *hearing, struct ota_report_log *logs,
                      size_t count, size_t reports)
{
    hearing->bulk.count = hearing->next = 0;
    if (!make_room(&hearing->bulk, reports))
        return false;
    for (size_t l = 0; l < count; l++) {
        for (size_t i = 0; i < logs[l].count; i++)
            hearing->bulk.items[hearing->bulk.count++] = (struct entry){
                .report = logs[l].items[i], .number = hearing->noted++};
        logs[l].count = 0;
    }
    qsort(hearing->bulk.items, hearing->bulk.count,
          sizeof(*hearing->bulk.items), compare);
    return true;
}

bool ota_hearing_take(struct ota_hearing *hearing, struct ota_report_log *logs,
                      size_t count)
{
    size_t reports = 0;
    bool good = true;

    for (size_t l = 0; l < count; l++) {
        reports += logs[l].count;
        good = good && !logs[l].failed;
    }
    if (!good)
        return false;
    if (reports >= BULK_LEAST && is_through(hearing))
        return take_bulk(hearing, logs, count, reports);
    for (size_t l = 0; l < count && good; l++) {
        for (size_t i = 0; i < logs[l].count && good; i++)
            good = ota_hearing_add(hearing, &logs[l].items[i]);
        logs[l].count = 0;
    }
    return good;
}

int64_t ota_hearing_next_us(const struct ota_hearing *hearing)
{
    int64_t next_us = OTA_NEVER;

    if (!is_through(hearing))
        next_us = hearing->bulk.items[hearing->next].report.time_us;
    if (hearing->heap.count > 0)
        next_us = ota_us_min(next_us, hearing->heap.items[0].report.time_us);
    return next_us;
}

struct ota_campaign_report ota_hearing_pop(struct ota_hearing *hearing)
{
    assert(!is_through(hearing) || hearing->heap.count > 0);

    if (hearing->heap.count == 0 ||
        (!is_through(hearing) && is_before(&hearing->bulk.items[hearing->next],
                                           &hearing->heap.items[0])))
        return hearing->bulk.items[hearing->next++].report;
    return pop(&hearing->heap).report;
}
