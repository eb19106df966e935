/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace.c - the log: keeping what is told of a device; and words that all
 * writers use.
 *
 * Everything is kept and written afterwards, because a fleet tells the end of
 * a transfer together with its begin and a phase when it is over: no writer
 * could put the events in order as they come. A year of hourly wakes, each
 * stepped through, is some 20 MB a device.
 */
#include "output/trace.h"

#include <assert.h>
#include <stdlib.h>

#include "output/number.h"
#include "output/trace_lines.h"
#include "sim/base/grow.h"
#include "sim/base/text.h"

const char *const ota_trace_format_names[OTA_TRACE_FORMATS] = {
    [OTA_TRACE_TEXT] = "text",
    [OTA_TRACE_NDJSON] = "ndjson",
    [OTA_TRACE_CHROME] = "chrome",
};

/* Makes room for one more event. */
static bool grow(struct ota_trace_log *log)
{
    struct ota_trace_event *events =
        ota_grow(log->events, log->count, &log->capacity, 256, sizeof(*events));

    if (events)
        log->events = events;
    return events != NULL;
}

/* Gives an end of a transfer a copy of its result, for it is told by
 * pointer. */
static bool keep_result(struct ota_observation *seen)
{
    if (seen->kind != OTA_SEEN_END)
        return true;
    struct ota_transfer_result *copy = malloc(sizeof(*copy));
    if (!copy)
        return false;
    *copy = *seen->detail.transfer.result;
    seen->detail.transfer.result = copy;
    return true;
}

static void forget(struct ota_trace_log *log)
{
    for (size_t i = 0; i < log->count; i++)
        if (log->events[i].seen.kind == OTA_SEEN_END)
            free((void *)log->events[i].seen.detail.transfer.result);
    log->count = 0;
}

void ota_trace_hear(struct ota_trace_log *log,
                    const struct ota_observation *seen)
{
    assert(seen->device == log->device);
    /* All that was told from time 0 on is taken back, one by one. */
    if (seen->undone) {
        forget(log);
        return;
    }
    /* What went on before time 0 is in no books. */
    if (seen->kind == OTA_SEEN_PHASE && seen->time_us <= 0)
        return;

    struct ota_trace_event event = {.seen = *seen};
    const struct ota_device_record *record = seen->record;
    if (record) {
        event.routine_bytes = record->routine_bytes;
        event.useful_bytes = record->useful_bytes;
        event.overhead_bytes = record->overhead_bytes;
        event.wasted_bytes = record->wasted_bytes;
        event.charge_pc = record->charge_pc;
    }
    event.seen.record = NULL;
    if (seen->kind == OTA_SEEN_FINAL) {
        assert(record);
        log->final = true;
        log->final_us = seen->time_us;
        log->record = *record;
    }
    if (log->no_memory || !grow(log) || !keep_result(&event.seen)) {
        log->no_memory = true;
        return;
    }
    log->events[log->count++] = event;
}

static int compare_devices(const void *a, const void *b)
{
    const uint64_t key = *(const uint64_t *)a;
    const uint64_t device = ((const struct ota_trace_log *)b)->device;

    return (key > device) - (key < device);
}

static void observe(void *self, const struct ota_observation *seen)
{
    const struct ota_trace_logs *logs = self;
    struct ota_trace_log *log = bsearch(&seen->device, logs->logs, logs->count,
                                        sizeof(*logs->logs), compare_devices);

    if (log)
        ota_trace_hear(log, seen);
}

struct ota_observer ota_trace_observer(struct ota_trace_logs *logs)
{
    for (size_t i = 1; i < logs->count; i++)
        assert(logs->logs[i - 1].device < logs->logs[i].device);
    return (struct ota_observer){
        .wants = (UINT32_C(1) << OTA_SEEN_KINDS) - 1,
        .observe = observe,
        .self = logs,
    };
}

/* Nearly sorted: an event moves a few places at most. */
void ota_trace_sort(struct ota_trace_log *log)
{
    for (size_t i = 1; i < log->count; i++) {
        const struct ota_trace_event event = log->events[i];
        size_t at = i;
        for (; at > 0 && log->events[at - 1].seen.time_us > event.seen.time_us;
             at--)
            log->events[at] = log->events[at - 1];
        log->events[at] = event;
    }
}

void ota_trace_release(struct ota_trace_log *log)
{
    forget(log);
    free(log->events);
    *log = (struct ota_trace_log){.device = log->device};
}

double ota_trace_mah(int64_t charge_pc)
{
    return (double)charge_pc / (1000.0 * (double)OTA_PC_PER_UAH);
}

void ota_trace_module_text(const struct ota_trace_device *device, uint32_t step,
                           char *text, size_t size)
{
    char bytes[OTA_NUMBER_SIZE];

    if (step >= device->module_count) {
        snprintf(text, size, "step %u", (unsigned)step);
        return;
    }
    const struct ota_trace_module *module = &device->modules[step];
    ota_number_grouped((double)module->size_bytes, 0, bytes, sizeof(bytes));
    snprintf(text, size, "%s (%s B%s)", module->name, bytes,
             module->compressed ? " compressed" : "");
}

void ota_trace_release_text(const struct ota_trace *trace, char *text,
                            size_t size)
{
    const bool app = trace->app_version > 0;

    text[0] = '\0';
    if (app)
        ota_text_append(text, size, "app version %lld",
                        (long long)trace->app_version);
    if (trace->needs_os[0])
        ota_text_append(text, size, "%sDevice OS %s", app ? " on " : "",
                        trace->needs_os);
}

void ota_trace_write(const struct ota_trace *trace,
                     enum ota_trace_format format, FILE *out)
{
    static void (*const writers[OTA_TRACE_FORMATS])(
        const struct ota_trace *trace, FILE *out) = {
        [OTA_TRACE_TEXT] = ota_trace_write_text,
        [OTA_TRACE_NDJSON] = ota_trace_write_ndjson,
        [OTA_TRACE_CHROME] = ota_trace_write_chrome,
    };

    writers[format](trace, out);
}
