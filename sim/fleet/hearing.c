/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hearing.c - reports by time and device.
 *
 * Most reports come in bulk, in runs that are in order (report_log.c); those
 * that devices add while the campaign goes on come few at a time, each for
 * itself. Two binary heaps tell what is next of either, and the earlier of the
 * two is heard.
 */
#include "sim/fleet/hearing.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/clock.h"
#include "sim/base/grow.h"

enum {
    AHEAD = 4, /* in one run; reports of others come in between */
    ROOM_LEAST = 64,
    BULK_LEAST = 256, /* fewer come each for itself */
};

/* A run that is being heard. */
struct open_run {
    struct ota_report_run run;
    size_t next;
};

/* A report for itself, or the first that is left of a run. */
struct entry {
    struct ota_campaign_report report;
    uint64_t number; /* in which it was noted, or the run was taken */
    struct open_run *run;
};

struct heap {
    struct entry *items;
    size_t count, room;
};

struct ota_hearing {
    struct heap single, runs;
    uint64_t noted;
};

struct ota_hearing *ota_hearing_new(struct ota_error *error)
{
    struct ota_hearing *hearing = calloc(1, sizeof(*hearing));

    if (!hearing)
        ota_fail(error, OTA_NO_MEMORY " for the reports of a campaign");
    return hearing;
}

static void close_run(struct open_run *open)
{
    free(open->run.items);
    free(open);
}

void ota_hearing_free(struct ota_hearing *hearing)
{
    if (!hearing)
        return;
    for (size_t i = 0; i < hearing->runs.count; i++)
        close_run(hearing->runs.items[i].run);
    free(hearing->runs.items);
    free(hearing->single.items);
    free(hearing);
}

/* --- heaps --- */

static bool make_room(struct heap *heap)
{
    void *items = ota_grow(heap->items, heap->count, &heap->room, ROOM_LEAST,
                           sizeof(*heap->items));
    if (items)
        heap->items = items;
    return items != NULL;
}

static bool is_before(const struct entry *a, const struct entry *b)
{
    if (a->report.time_us != b->report.time_us)
        return a->report.time_us < b->report.time_us;
    if (a->report.device != b->report.device)
        return a->report.device < b->report.device;
    return a->number < b->number;
}

static bool push(struct heap *heap, const struct entry *entry)
{
    if (!make_room(heap))
        return false;
    size_t at = heap->count++;
    for (; at > 0 && is_before(entry, &heap->items[(at - 1) / 2]);
         at = (at - 1) / 2)
        heap->items[at] = heap->items[(at - 1) / 2];
    heap->items[at] = *entry;
    return true;
}

/* Puts the entry in the place of the first. */
static void replace_first(struct heap *heap, const struct entry *entry)
{
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count &&
            is_before(&heap->items[child + 1], &heap->items[child]))
            child++;
        if (!is_before(&heap->items[child], entry))
            break;
        heap->items[at] = heap->items[child];
        at = child;
    }
    heap->items[at] = *entry;
}

static void drop_first(struct heap *heap)
{
    const struct entry last = heap->items[--heap->count];

    if (heap->count > 0)
        replace_first(heap, &last);
}

/* --- taking --- */

bool ota_hearing_add(struct ota_hearing *hearing,
                     const struct ota_campaign_report *report)
{
    const struct entry entry = {.report = *report, .number = hearing->noted++};
    return push(&hearing->single, &entry);
}

/* Takes a run over, or its reports out of it. */
static bool take_run(struct ota_hearing *hearing, struct ota_report_run *run)
{
    bool good = true;

    if (run->count >= BULK_LEAST) {
        struct open_run *open = malloc(sizeof(*open));
        if (!open)
            return false;
        *open = (struct open_run){.run = *run};
        const struct entry entry = {
            .report = run->items[0],
            .number = hearing->noted++,
            .run = open,
        };
        if (push(&hearing->runs, &entry)) {
            run->items = NULL; /* the hearing's from now on */
            return true;
        }
        free(open);
        return false;
    }
    for (size_t i = 0; i < run->count && good; i++)
        good = ota_hearing_add(hearing, &run->items[i]);
    return good;
}

static bool take(struct ota_hearing *hearing, struct ota_report_log *log)
{
    bool good = !log->failed && ota_report_log_close(log);

    for (size_t r = 0; r < log->run_count; r++) {
        good = good && take_run(hearing, &log->runs[r]);
        free(log->runs[r].items);
    }
    log->run_count = 0;
    return good;
}

bool ota_hearing_take(struct ota_hearing *hearing, struct ota_report_log *logs,
                      size_t count)
{
    bool good = true;

    for (size_t l = 0; l < count; l++)
        good = take(hearing, &logs[l]) && good;
    return good;
}

bool ota_hearing_take_run(struct ota_hearing *hearing,
                          const struct ota_campaign_report *items, size_t count)
{
    const size_t size = count * sizeof(*items);

    if (count == 0)
        return true;
    struct ota_report_run run = {.items = malloc(size), .count = count};
    if (!run.items)
        return false;
    memcpy(run.items, items, size);
    const bool good = take_run(hearing, &run);
    free(run.items);
    return good;
}

/* --- hearing --- */

int64_t ota_hearing_next_us(const struct ota_hearing *hearing)
{
    int64_t next_us = OTA_NEVER;

    if (hearing->runs.count > 0)
        next_us = hearing->runs.items[0].report.time_us;
    if (hearing->single.count > 0)
        next_us = ota_us_min(next_us, hearing->single.items[0].report.time_us);
    return next_us;
}

static struct ota_campaign_report pop_of_run(struct ota_hearing *hearing)
{
    struct entry first = hearing->runs.items[0];
    const struct ota_campaign_report report = first.report;

    if (++first.run->next == first.run->run.count) {
        close_run(first.run);
        drop_first(&hearing->runs);
    } else {
        first.report = first.run->run.items[first.run->next];
        replace_first(&hearing->runs, &first);
    }
    return report;
}

struct ota_campaign_report ota_hearing_pop(struct ota_hearing *hearing)
{
    const struct heap *single = &hearing->single;

    assert(single->count > 0 || hearing->runs.count > 0);
    if (single->count == 0 ||
        (hearing->runs.count > 0 &&
         is_before(&hearing->runs.items[0], &single->items[0])))
        return pop_of_run(hearing);
    const struct ota_campaign_report report = single->items[0].report;
    drop_first(&hearing->single);
    return report;
}

bool ota_hearing_ahead(const struct ota_hearing *hearing, uint32_t *device)
{
    if (hearing->runs.count == 0)
        return false;
    const struct open_run *open = hearing->runs.items[0].run;
    if (open->run.count - open->next <= AHEAD)
        return false;
    *device = open->run.items[open->next + AHEAD].device;
    return true;
}
