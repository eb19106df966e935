/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_text.c - a trace for people: a line an event, what it cost before
 * what it was, so that the numbers stand in columns.
 *
 * Phases are left out: what begins and ends them has lines of its own.
 */
#include <ctype.h>
#include <inttypes.h>

#include "output/number.h"
#include "output/trace_lines.h"
#include "sim/base/clock.h"

enum { TIME_SIZE = 32 };

struct page {
    FILE *out;
    int64_t bytes; /* as of the last line printed */
};

/* "3 d 04:05:06.789"; what is below a millisecond is cut off. */
static void format_time(int64_t time_us, int width, char text[TIME_SIZE])
{
    const int64_t ms = time_us / OTA_US_PER_MS;

    snprintf(text, TIME_SIZE,
             "%*" PRId64 " d %02" PRId64 ":%02" PRId64 ":%02" PRId64
             ".%03" PRId64,
             width, ms / 86400000, ms / 3600000 % 24, ms / 60000 % 60,
             ms / 1000 % 60, ms % 1000);
}

/* Names come from the scenario, which may hold what a terminal would obey. */
static void put_text(const char *text, FILE *out)
{
    for (; *text; text++)
        fputc(iscntrl((unsigned char)*text) ? ' ' : *text, out);
}

static void write_line(void *context, const struct ota_trace_line *line)
{
    struct page *page = context;
    FILE *out = page->out;
    char time[TIME_SIZE], more[OTA_NUMBER_SIZE], bytes[OTA_NUMBER_SIZE];

    if (line->event->seen.kind == OTA_SEEN_PHASE && line->own)
        return;
    format_time(line->time_us, 3, time);
    ota_number_grouped((double)(line->bytes - page->bytes), 0, more,
                       sizeof(more));
    ota_number_grouped((double)line->bytes, 0, bytes, sizeof(bytes));
    page->bytes = line->bytes;
    fprintf(out, "%s %10s %12s %11.3f  ", time, more, bytes,
            ota_trace_mah(line->charge_pc));
    fputs(line->platform ? line->platform : line->what, out);
    if (line->data)
        fprintf(out, " %s", line->data);
    if (line->detail[0]) {
        fputs("  ", out);
        put_text(line->detail, out);
    }
    fputc('\n', out);
}

static void write_head(const struct ota_trace *trace,
                       const struct ota_trace_device *device, FILE *out)
{
    char release[128], module[96], time[TIME_SIZE];

    fputs("# scenario ", out);
    put_text(trace->scenario, out);
    fprintf(out, ", seed %" PRIu64 ", replication %" PRIu64 ", otasim %s\n",
            trace->seed, trace->replication, trace->version);
    fprintf(out, "# device %" PRIu64 " of group ", device->log->device);
    put_text(device->group, out);
    fprintf(out, ": %s, Device OS %s, a %s device\n", device->platform,
            device->os, device->product ? "product" : "developer's");
    ota_trace_release_text(trace, release, sizeof(release));
    format_time(trace->release_us, 1, time);
    fprintf(out, "# wanted from %s on: %s:", time, release);
    for (size_t step = 0; step < device->module_count; step++) {
        ota_trace_module_text(device, (uint32_t)step, module, sizeof(module));
        fprintf(out, "%s %s", step > 0 ? "," : "", module);
    }
    fputs(device->module_count > 0 ? "\n" : " nothing to send\n", out);
    fprintf(out, "#%15s %10s %12s %11s  event\n", "time", "+bytes", "bytes",
            "mAh");
}

static void write_books(const struct ota_trace_log *log, FILE *out)
{
    const struct ota_device_record *record = &log->record;
    char useful[OTA_NUMBER_SIZE], overhead[OTA_NUMBER_SIZE];
    char wasted[OTA_NUMBER_SIZE], routine[OTA_NUMBER_SIZE];
    char awake[OTA_NUMBER_SIZE];

    ota_number_grouped((double)record->useful_bytes, 0, useful, sizeof(useful));
    ota_number_grouped((double)record->overhead_bytes, 0, overhead,
                       sizeof(overhead));
    ota_number_grouped((double)record->wasted_bytes, 0, wasted, sizeof(wasted));
    ota_number_grouped((double)record->routine_bytes, 0, routine,
                       sizeof(routine));
    ota_number_human(OTA_SCALE_TIME, ota_s_from_us(ota_record_awake_us(record)),
                     awake, sizeof(awake));
    fprintf(out,
            "# %s: bytes useful %s, overhead %s, wasted %s, routine %s; "
            "%.3f mAh; awake %s; wakes %d, connects %d, full handshakes %d; "
            "offers %d, transfers %d, of them aborted %d, refused %d; modules "
            "%d\n",
            ota_outcome_names[record->outcome], useful, overhead, wasted,
            routine, ota_trace_mah(record->charge_pc), awake,
            (int)record->wakes, (int)record->connects, (int)record->handshakes,
            (int)record->offers, (int)record->attempts, (int)record->aborted,
            (int)record->refused, (int)record->modules);
}

void ota_trace_write_text(const struct ota_trace *trace, FILE *out)
{
    for (size_t i = 0; i < trace->device_count; i++) {
        const struct ota_trace_device *device = &trace->devices[i];
        if (i > 0)
            fputc('\n', out);
        write_head(trace, device, out);
        struct page page = {.out = out};
        ota_trace_tell(trace, device, write_line, &page);
        if (device->log->final)
            write_books(device->log, out);
    }
}
