/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_ndjson.c - a trace for programs: a JSON object an event, a line each.
 *
 * Every object has the same keys; `detail` holds what only such an event has.
 * The first of a device is `device`, with what it is; the last is `final`,
 * with its books.
 */
#include "output/json_out.h"
#include "output/trace_lines.h"
#include "sim/base/clock.h"

static const char *const senders[] = {
    [OTA_SENDER_CLOUD] = "cloud",
    [OTA_SENDER_HEALER] = "healer",
    [OTA_SENDER_OPERATOR] = "operator",
};

struct sink {
    const struct ota_trace_device *device;
    FILE *out;
};

static void text(struct ota_json_out *json, const char *key, const char *value)
{
    ota_json_out_key(json, key);
    if (value)
        ota_json_out_string(json, value);
    else
        ota_json_out_raw(json, "null");
}

static void integer(struct ota_json_out *json, const char *key, int64_t value)
{
    ota_json_out_key(json, key);
    ota_json_out_integer(json, value);
}

static void number(struct ota_json_out *json, const char *key, double value)
{
    ota_json_out_key(json, key);
    ota_json_out_number(json, value);
}

/* null for an instant that did not come */
static void seconds(struct ota_json_out *json, const char *key, int64_t time_us)
{
    ota_json_out_key(json, key);
    if (time_us == OTA_NEVER)
        ota_json_out_raw(json, "null");
    else
        ota_json_out_number(json, ota_s_from_us(time_us));
}

static void flag(struct ota_json_out *json, const char *key, bool value)
{
    ota_json_out_key(json, key);
    ota_json_out_raw(json, value ? "true" : "false");
}

static void module(struct ota_json_out *json,
                   const struct ota_trace_device *device, uint32_t step)
{
    integer(json, "step", step);
    if (step >= device->module_count)
        return;
    text(json, "module", device->modules[step].name);
    integer(json, "module_bytes", device->modules[step].size_bytes);
    flag(json, "compressed", device->modules[step].compressed);
}

static void transfer(struct ota_json_out *json,
                     const struct ota_trace_device *device,
                     const struct ota_observation *seen)
{
    const struct ota_transfer_result *result = seen->detail.transfer.result;

    module(json, device, seen->detail.transfer.step);
    text(json, "end", ota_transfer_end_names[result->end]);
    seconds(json, "begun_s", seen->detail.transfer.begun_us);
    flag(json, "resets", result->resets);
    integer(json, "down_bytes", result->down_bytes);
    integer(json, "up_bytes", result->up_bytes);
    integer(json, "payload_bytes", result->payload_bytes);
    integer(json, "kept_bytes", result->kept_bytes);
    integer(json, "spent_bytes", result->spent_bytes);
    integer(json, "chunks_sent", result->chunks_sent);
    integer(json, "rounds", result->rounds);
}

static void books(struct ota_json_out *json,
                  const struct ota_device_record *record)
{
    text(json, "outcome", ota_outcome_names[record->outcome]);
    flag(json, "battery_empty", record->dead);
    seconds(json, "offered_s", record->offered_us);
    seconds(json, "begun_s", record->begun_us);
    seconds(json, "installed_s", record->installed_us);
    seconds(json, "confirmed_s", record->confirmed_us);
    integer(json, "routine_bytes", record->routine_bytes);
    integer(json, "useful_bytes", record->useful_bytes);
    integer(json, "overhead_bytes", record->overhead_bytes);
    integer(json, "wasted_bytes", record->wasted_bytes);
    integer(json, "wakes", record->wakes);
    integer(json, "connects", record->connects);
    integer(json, "handshakes", record->handshakes);
    integer(json, "offers", record->offers);
    integer(json, "attempts", record->attempts);
    integer(json, "aborted", record->aborted);
    integer(json, "refused", record->refused);
    integer(json, "modules", record->modules);
    flag(json, "believed", record->believed);
}

/* What only this kind of observation has. */
static void detail(struct ota_json_out *json,
                   const struct ota_trace_device *device,
                   const struct ota_observation *seen)
{
    switch (seen->kind) {
    case OTA_SEEN_ATTACH:
        flag(json, "ok", seen->detail.attach.ok);
        seconds(json, "took_s", seen->detail.attach.took_us);
        break;
    case OTA_SEEN_CONNECT:
        flag(json, "ok", seen->detail.connect.ok);
        flag(json, "full", seen->detail.connect.full);
        seconds(json, "took_s", seen->detail.connect.took_us);
        integer(json, "bytes", seen->detail.connect.bytes);
        break;
    case OTA_SEEN_FLAGS:
        flag(json, "enabled", seen->detail.flags.enabled);
        flag(json, "forced", seen->detail.flags.forced);
        break;
    case OTA_SEEN_PENDING:
        flag(json, "pending", seen->detail.pending.pending);
        break;
    case OTA_SEEN_BEGIN:
        module(json, device, seen->detail.begin.step);
        break;
    case OTA_SEEN_END:
        transfer(json, device, seen);
        break;
    case OTA_SEEN_BOOT:
        module(json, device, seen->detail.boot.step);
        flag(json, "applied", seen->detail.boot.applied);
        flag(json, "refused", seen->detail.boot.refused);
        flag(json, "safe_mode", seen->detail.boot.safe_mode);
        break;
    case OTA_SEEN_REPORT:
        flag(json, "lost", seen->detail.report.lost);
        break;
    case OTA_SEEN_BELIEF:
        flag(json, "updated", seen->detail.belief.updated);
        flag(json, "asked", seen->detail.belief.asked);
        break;
    case OTA_SEEN_PRESENCE:
        flag(json, "on", seen->detail.presence.on);
        break;
    case OTA_SEEN_IDLE:
        seconds(json, "since_s", seen->detail.idle.since_us);
        integer(json, "wakes", seen->detail.idle.wakes);
        integer(json, "connects", seen->detail.idle.connects);
        integer(json, "handshakes", seen->detail.idle.handshakes);
        integer(json, "bytes", seen->detail.idle.bytes);
        number(json, "charge_mah", ota_trace_mah(seen->detail.idle.charge_pc));
        break;
    case OTA_SEEN_PHASE:
        text(json, "phase", ota_phase_names[seen->detail.phase.phase]);
        seconds(json, "since_s", seen->detail.phase.since_us);
        break;
    case OTA_SEEN_STATE:
        text(json, "from",
             seen->detail.state.from < OTA_STATES
                 ? ota_state_names[seen->detail.state.from]
                 : NULL);
        text(json, "to", ota_state_names[seen->detail.state.to]);
        break;
    case OTA_SEEN_FINAL:
        books(json, &device->log->record);
        break;
    case OTA_SEEN_OFFER:
        text(json, "sender", senders[seen->detail.offer.sender]);
        break;
    case OTA_SEEN_WAKE:
    case OTA_SEEN_SLEEP:
    case OTA_SEEN_COMMAND:
    case OTA_SEEN_KINDS:
        break;
    }
}

/* The keys that every object has, up to the open detail. */
static struct ota_json_out open_object(const struct sink *sink, int64_t time_us,
                                       const char *event, const char *platform,
                                       const char *data, bool safe_mode)
{
    struct ota_json_out json = ota_json_out_to(sink->out, false);

    ota_json_out_open(&json, '{');
    seconds(&json, "time_s", time_us);
    ota_json_out_key(&json, "device");
    ota_json_out_unsigned(&json, sink->device->log->device);
    text(&json, "event", event);
    text(&json, "platform_event", platform);
    text(&json, "platform_data", data);
    flag(&json, "safe_mode", safe_mode);
    ota_json_out_key(&json, "detail");
    ota_json_out_open(&json, '{');
    return json;
}

static void close_object(struct ota_json_out *json, int64_t bytes,
                         int64_t charge_pc)
{
    ota_json_out_close(json, '}');
    integer(json, "bytes_total", bytes);
    number(json, "charge_mah", ota_trace_mah(charge_pc));
    ota_json_out_close(json, '}');
    ota_json_out_end(json);
}

static void write_line(void *context, const struct ota_trace_line *line)
{
    const struct sink *sink = context;
    struct ota_json_out json =
        open_object(sink, line->time_us, line->what, line->platform, line->data,
                    line->event->seen.safe_mode);

    if (line->own)
        detail(&json, sink->device, &line->event->seen);
    close_object(&json, line->bytes, line->charge_pc);
}

static void write_head(const struct ota_trace *trace, const struct sink *sink)
{
    const struct ota_trace_device *device = sink->device;
    struct ota_json_out json =
        open_object(sink, 0, "device", NULL, NULL, false);

    text(&json, "scenario", trace->scenario);
    text(&json, "version", trace->version);
    ota_json_out_key(&json, "seed");
    ota_json_out_unsigned(&json, trace->seed);
    ota_json_out_key(&json, "replication");
    ota_json_out_unsigned(&json, trace->replication);
    text(&json, "group", device->group);
    text(&json, "platform", device->platform);
    text(&json, "os", device->os);
    flag(&json, "product", device->product);
    seconds(&json, "release_s", trace->release_us);
    integer(&json, "app_version", trace->app_version);
    text(&json, "needs_os", trace->needs_os);
    ota_json_out_key(&json, "modules");
    ota_json_out_open(&json, '[');
    for (size_t step = 0; step < device->module_count; step++)
        ota_json_out_string(&json, device->modules[step].name);
    ota_json_out_close(&json, ']');
    close_object(&json, 0, 0);
}

void ota_trace_write_ndjson(const struct ota_trace *trace, FILE *out)
{
    for (size_t i = 0; i < trace->device_count; i++) {
        struct sink sink = {&trace->devices[i], out};
        write_head(trace, &sink);
        ota_trace_tell(trace, sink.device, write_line, &sink);
    }
}
