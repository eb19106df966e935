/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_chrome.c - a trace for timeline viewers: Perfetto, chrome://tracing.
 *
 * Format: Google, "Trace Event Format", JSON object format. A device is a
 * process; its states, phases and transfers are a thread each, of complete
 * events ("X"); everything else is an instant ("i") in a fourth; bytes and
 * charge are counters ("C"). Times are in us, as the format wants them.
 */
#include <string.h>

#include "output/json_out.h"
#include "output/trace_lines.h"

enum layer { STATES = 1, PHASES, TRANSFERS, EVENTS, LAYERS };

static const char *const layer_names[LAYERS] = {
    [STATES] = "state",
    [PHASES] = "phase",
    [TRANSFERS] = "transfer",
    [EVENTS] = "event",
};

/* One device being written. */
struct process {
    struct ota_json_out *json;
    const struct ota_trace_device *device;
    int64_t id;
    int64_t bytes; /* last value of the counter; -1: none */
    int64_t charge_pc;
};

/* Opens an event, up to where what belongs to its kind stands. */
static void open_event(const struct process *process, const char *kind,
                       const char *name)
{
    struct ota_json_out *json = process->json;

    ota_json_out_open_flat(json, '{');
    ota_json_out_key(json, "ph");
    ota_json_out_string(json, kind);
    ota_json_out_key(json, "pid");
    ota_json_out_integer(json, process->id);
    ota_json_out_key(json, "name");
    ota_json_out_string(json, name);
}

static void close_event(const struct process *process)
{
    ota_json_out_close(process->json, '}');
}

static void integer(const struct process *process, const char *key,
                    int64_t value)
{
    ota_json_out_key(process->json, key);
    ota_json_out_integer(process->json, value);
}

static void write_name(const struct process *process, const char *what,
                       int layer, const char *name)
{
    open_event(process, "M", what);
    if (layer)
        integer(process, "tid", layer);
    ota_json_out_key(process->json, "args");
    ota_json_out_open(process->json, '{');
    ota_json_out_key(process->json, "name");
    ota_json_out_string(process->json, name);
    ota_json_out_close(process->json, '}');
    close_event(process);
}

/* A stretch of time; `args` is left to the caller, who closes the event. */
static void open_stretch(const struct process *process, enum layer layer,
                         const char *name, int64_t since_us, int64_t until_us)
{
    const int64_t begin_us = since_us > 0 ? since_us : 0;

    open_event(process, "X", name);
    integer(process, "tid", layer);
    integer(process, "ts", begin_us);
    integer(process, "dur", until_us > begin_us ? until_us - begin_us : 0);
}

static void stretch(const struct process *process, enum layer layer,
                    const char *name, int64_t since_us, int64_t until_us)
{
    open_stretch(process, layer, name, since_us, until_us);
    close_event(process);
}

static void write_states(const struct process *process)
{
    const struct ota_trace_log *log = process->device->log;
    const char *name = NULL;
    int64_t since_us = 0;

    for (size_t i = 0; i < log->count; i++) {
        const struct ota_observation *seen = &log->events[i].seen;
        if (seen->kind != OTA_SEEN_STATE)
            continue;
        if (name && seen->time_us > since_us)
            stretch(process, STATES, name, since_us, seen->time_us);
        name = ota_state_names[seen->detail.state.to];
        since_us = seen->time_us;
    }
    if (name && log->final)
        stretch(process, STATES, name, since_us, log->final_us);
}

/* A phase may be told in pieces, which are put together. */
static void write_phases(const struct process *process)
{
    const struct ota_trace_log *log = process->device->log;
    enum ota_phase phase = OTA_PHASES;
    int64_t since_us = 0;
    int64_t until_us = 0;

    for (size_t i = 0; i < log->count; i++) {
        const struct ota_observation *seen = &log->events[i].seen;
        if (seen->kind != OTA_SEEN_PHASE)
            continue;
        if (seen->detail.phase.phase != phase ||
            seen->detail.phase.since_us != until_us) {
            if (phase != OTA_PHASES)
                stretch(process, PHASES, ota_phase_names[phase], since_us,
                        until_us);
            phase = seen->detail.phase.phase;
            since_us = seen->detail.phase.since_us;
        }
        until_us = seen->time_us;
    }
    if (phase != OTA_PHASES)
        stretch(process, PHASES, ota_phase_names[phase], since_us, until_us);
}

static void write_transfers(const struct process *process)
{
    const struct ota_trace_log *log = process->device->log;
    struct ota_json_out *json = process->json;

    for (size_t i = 0; i < log->count; i++) {
        const struct ota_observation *seen = &log->events[i].seen;
        if (seen->kind != OTA_SEEN_END)
            continue;
        const struct ota_transfer_result *result = seen->detail.transfer.result;
        char module[96];
        ota_trace_module_text(process->device, seen->detail.transfer.step,
                              module, sizeof(module));
        open_stretch(process, TRANSFERS, module, seen->detail.transfer.begun_us,
                     seen->time_us);
        ota_json_out_key(json, "args");
        ota_json_out_open(json, '{');
        ota_json_out_key(json, "end");
        ota_json_out_string(json, ota_transfer_end_names[result->end]);
        integer(process, "chunks_sent", result->chunks_sent);
        integer(process, "rounds", result->rounds);
        integer(process, "down_bytes", result->down_bytes);
        integer(process, "up_bytes", result->up_bytes);
        ota_json_out_close(json, '}');
        close_event(process);
    }
}

static void write_counters(struct process *process,
                           const struct ota_trace_line *line)
{
    if (line->bytes != process->bytes) {
        open_event(process, "C", "bytes");
        integer(process, "ts", line->time_us);
        ota_json_out_key(process->json, "args");
        ota_json_out_open(process->json, '{');
        integer(process, "bytes", line->bytes);
        ota_json_out_close(process->json, '}');
        close_event(process);
    }
    if (line->charge_pc != process->charge_pc) {
        open_event(process, "C", "charge");
        integer(process, "ts", line->time_us);
        ota_json_out_key(process->json, "args");
        ota_json_out_open(process->json, '{');
        ota_json_out_key(process->json, "mAh");
        ota_json_out_number(process->json, ota_trace_mah(line->charge_pc));
        ota_json_out_close(process->json, '}');
        close_event(process);
    }
    process->bytes = line->bytes;
    process->charge_pc = line->charge_pc;
}

static void write_instant(void *context, const struct ota_trace_line *line)
{
    struct process *process = context;
    const enum ota_observation_kind kind = line->event->seen.kind;
    const bool layered = kind == OTA_SEEN_PHASE || kind == OTA_SEEN_STATE;

    if (!layered || !line->own) {
        char name[128];
        snprintf(name, sizeof(name), "%s%s%s",
                 line->platform ? line->platform : line->what,
                 line->data ? " " : "", line->data ? line->data : "");
        open_event(process, "i", name);
        integer(process, "tid", EVENTS);
        integer(process, "ts", line->time_us);
        ota_json_out_key(process->json, "s");
        ota_json_out_string(process->json, "t");
        ota_json_out_key(process->json, "args");
        ota_json_out_open(process->json, '{');
        ota_json_out_key(process->json, "detail");
        ota_json_out_string(process->json, line->detail);
        ota_json_out_close(process->json, '}');
        close_event(process);
    }
    write_counters(process, line);
}

static void write_process(const struct ota_trace *trace,
                          struct process *process)
{
    char name[128];

    snprintf(name, sizeof(name), "device %llu, %s",
             (unsigned long long)process->device->log->device,
             process->device->group);
    write_name(process, "process_name", 0, name);
    for (int layer = STATES; layer < LAYERS; layer++)
        write_name(process, "thread_name", layer, layer_names[layer]);
    write_states(process);
    write_phases(process);
    write_transfers(process);
    ota_trace_tell(trace, process->device, write_instant, process);
}

static void write_origin(struct ota_json_out *json,
                         const struct ota_trace *trace)
{
    ota_json_out_key(json, "otherData");
    ota_json_out_open_flat(json, '{');
    ota_json_out_key(json, "scenario");
    ota_json_out_string(json, trace->scenario);
    ota_json_out_key(json, "seed");
    ota_json_out_unsigned(json, trace->seed);
    ota_json_out_key(json, "replication");
    ota_json_out_unsigned(json, trace->replication);
    ota_json_out_key(json, "version");
    ota_json_out_string(json, trace->version);
    ota_json_out_close(json, '}');
}

void ota_trace_write_chrome(const struct ota_trace *trace, FILE *out)
{
    struct ota_json_out json = ota_json_out_to(out, true);

    ota_json_out_open(&json, '{');
    ota_json_out_key(&json, "displayTimeUnit");
    ota_json_out_string(&json, "ms");
    write_origin(&json, trace);
    ota_json_out_key(&json, "traceEvents");
    ota_json_out_open(&json, '[');
    for (size_t i = 0; i < trace->device_count; i++) {
        struct process process = {
            .json = &json,
            .device = &trace->devices[i],
            .id = (int64_t)i + 1, /* viewers keep 0 for themselves */
            .bytes = -1,
            .charge_pc = -1,
        };
        write_process(trace, &process);
    }
    ota_json_out_close(&json, ']');
    ota_json_out_close(&json, '}');
    ota_json_out_end(&json);
}
