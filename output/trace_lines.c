/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_lines.c - a log told in words.
 *
 * The words of the platform's event stream, and what stands for what in it:
 * docs.particle.io, firmware-update-events and system-events. "success" there
 * says that the device has the whole image, not that it runs it.
 *
 * A device is online from a connect until it enters a phase in which it
 * cannot be; no observation says so by itself. The stream hears of a reset,
 * and of safe mode, when the device has connected again.
 *
 * Bytes: the books count a module's payload when it takes effect or is thrown
 * away. What is on the device until then is added here, so that a transfer's
 * bytes stand where they passed.
 */
#include "output/trace_lines.h"

#include <stdarg.h>
#include <string.h>

#include "output/number.h"
#include "sim/base/clock.h"
#include "sim/base/text.h"

/* What is known of a device while its log is told. */
struct teller {
    const struct ota_trace *trace;
    const struct ota_trace_device *device;
    void (*tell)(void *context, const struct ota_trace_line *line);
    void *context;
    const struct ota_trace_event *event; /* being told */
    bool online;
    const char *reset;  /* why it restarted, not yet told to the cloud; NULL:
                         * it did not */
    size_t phase_at;    /* events from here on have not been asked for the
                         * phases that begin in them */
    int64_t held_bytes; /* of a module on the device, not in the books */
    int64_t bytes;      /* as of the last line */
    int64_t charge_pc;
};

static const char *const end_help[OTA_TRANSFER_ENDS] = {
    [OTA_TRANSFER_DONE] = "the image is complete",
    [OTA_TRANSFER_CUT] = "the device was gone",
    [OTA_TRANSFER_STALLED] = "the device lost patience",
    [OTA_TRANSFER_GAVE_UP] = "the cloud lost patience",
    [OTA_TRANSFER_CAPPED] = "the plan's data were used up",
    [OTA_TRANSFER_BROKEN] = "the app interfered",
    [OTA_TRANSFER_REFUSED] = "the device said no",
};

static void grouped(int64_t value, char text[OTA_NUMBER_SIZE])
{
    ota_number_grouped((double)value, 0, text, OTA_NUMBER_SIZE);
}

static void took(int64_t time_us, char text[OTA_NUMBER_SIZE])
{
    ota_number_human(OTA_SCALE_TIME, ota_s_from_us(time_us), text,
                     OTA_NUMBER_SIZE);
}

/* --- a line --- */

static struct ota_trace_line line_of(const struct teller *teller,
                                     const char *what)
{
    return (struct ota_trace_line){
        .event = teller->event,
        .time_us = teller->event->seen.time_us,
        .what = what,
        .charge_pc = teller->charge_pc,
    };
}

static void describe(struct ota_trace_line *line, const char *format, ...)
    OTA_PRINTF(2, 3);

static void describe(struct ota_trace_line *line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line->detail, sizeof(line->detail), format, arguments);
    va_end(arguments);
}

/* Tells a line, with the bytes up to its event. */
static void put(struct teller *teller, struct ota_trace_line *line)
{
    const struct ota_trace_event *event = teller->event;
    const int64_t books_bytes = event->routine_bytes + event->useful_bytes +
                                event->overhead_bytes + event->wasted_bytes;
    const int64_t bytes = books_bytes + teller->held_bytes;

    if (line->own && bytes > teller->bytes)
        teller->bytes = bytes;
    line->bytes = teller->bytes;
    teller->tell(teller->context, line);
}

static void put_own(struct teller *teller, struct ota_trace_line *line)
{
    line->own = true;
    put(teller, line);
}

/* A further event of the platform's stream for the same observation. */
static void put_more(struct teller *teller, const char *what,
                     const char *platform, const char *data, const char *detail)
{
    struct ota_trace_line line = line_of(teller, what);

    line.platform = platform;
    line.data = data;
    describe(&line, "%s", detail);
    put(teller, &line);
}

/* --- going offline --- */

static bool may_be_online(enum ota_phase phase)
{
    return phase == OTA_PHASE_PUBLISHING || phase == OTA_PHASE_ONLINE ||
           phase == OTA_PHASE_TRANSFERRING;
}

static const char *offline_help(enum ota_phase phase)
{
    switch (phase) {
    case OTA_PHASE_ABSENT:
        return "switched off; the cloud notices later";
    case OTA_PHASE_DEAD:
        return "battery empty, or bricked; the cloud notices later";
    case OTA_PHASE_CRASHING:
        return "crashing; the cloud notices later";
    case OTA_PHASE_APPLYING:
    case OTA_PHASE_BOOTING:
        return "restarts";
    case OTA_PHASE_ASLEEP:
    case OTA_PHASE_TAIL:
        return "asleep";
    default:
        return "the session is over";
    }
}

/* Looks at the phases that began before time_us, of which the log tells when
 * they are over. */
static void begin_phases(struct teller *teller, int64_t time_us)
{
    const struct ota_trace_log *log = teller->device->log;

    for (; teller->phase_at < log->count; teller->phase_at++) {
        const struct ota_trace_event *event = &log->events[teller->phase_at];
        if (event->seen.kind != OTA_SEEN_PHASE)
            continue;
        const enum ota_phase phase = event->seen.detail.phase.phase;
        const int64_t since_us = event->seen.detail.phase.since_us;
        if (since_us >= time_us)
            return;
        if (teller->online && !may_be_online(phase)) {
            struct ota_trace_line line = line_of(teller, "offline");
            line.time_us = since_us;
            line.platform = "spark/status";
            line.data = "offline";
            describe(&line, "%s", offline_help(phase));
            put(teller, &line);
        }
        teller->online = may_be_online(phase);
    }
}

/* --- one function a kind of observation --- */

static void wake(struct teller *teller)
{
    struct ota_trace_line line = line_of(teller, "wake");
    put_own(teller, &line);
}

static void attach(struct teller *teller)
{
    const struct ota_observation *seen = &teller->event->seen;
    struct ota_trace_line line = line_of(teller, "attach");
    char time[OTA_NUMBER_SIZE];

    took(seen->detail.attach.took_us, time);
    describe(&line, "%s after %s", seen->detail.attach.ok ? "done" : "failed",
             time);
    put_own(teller, &line);
}

static void connected(struct teller *teller)
{
    const struct ota_observation *seen = &teller->event->seen;
    struct ota_trace_line line = line_of(teller, "connect");
    char time[OTA_NUMBER_SIZE], bytes[OTA_NUMBER_SIZE];

    took(seen->detail.connect.took_us, time);
    grouped(seen->detail.connect.bytes, bytes);
    if (!seen->detail.connect.ok) {
        describe(&line, "failed after %s, %s B", time, bytes);
        put_own(teller, &line);
        return;
    }
    line.platform = "spark/status";
    line.data = "online";
    describe(&line, "%s in %s, %s B",
             seen->detail.connect.full ? "full handshake" : "session resumed",
             time, bytes);
    put_own(teller, &line);
    teller->online = true;
    if (teller->reset)
        put_more(teller, "last_reset", "spark/device/last_reset", teller->reset,
                 "");
    teller->reset = NULL;
    if (seen->safe_mode)
        put_more(teller, "safe_mode", "spark/status/safe-mode", NULL,
                 "the app does not run");
}

static void flags(struct teller *teller)
{
    const struct ota_observation *seen = &teller->event->seen;
    struct ota_trace_line line = line_of(teller, "flags");

    line.platform = "particle/device/updates/enabled";
    line.data = seen->detail.flags.enabled ? "true" : "false";
    put_own(teller, &line);
    put_more(teller, "forced", "particle/device/updates/forced",
             seen->detail.flags.forced ? "true" : "false", "");
}

static void pending(struct teller *teller)
{
    struct ota_trace_line line = line_of(teller, "pending");

    line.platform = "particle/device/updates/pending";
    line.data = teller->event->seen.detail.pending.pending ? "true" : "false";
    put_own(teller, &line);
}

static void sleeps(struct teller *teller)
{
    struct ota_trace_line line = line_of(teller, "sleep");

    if (teller->online) {
        line.platform = "spark/status";
        line.data = "offline";
        describe(&line, "goes to sleep");
    }
    teller->online = false;
    put_own(teller, &line);
}

static void offer(struct teller *teller)
{
    struct ota_trace_line line = line_of(teller, "offer");

    switch (teller->event->seen.detail.offer.sender) {
    case OTA_SENDER_HEALER:
        describe(&line, "the healer will send a module");
        break;
    case OTA_SENDER_OPERATOR:
        describe(&line, "the operator sends a module");
        break;
    case OTA_SENDER_CLOUD:
        if (teller->device->product) {
            line.platform = "spark/status";
            line.data = "auto-update";
        }
        describe(&line, "the cloud will send the update");
        break;
    }
    put_own(teller, &line);
}

static void begin(struct teller *teller)
{
    struct ota_trace_line line = line_of(teller, "begin");

    line.platform = "spark/flash/status";
    line.data = "started";
    ota_trace_module_text(teller->device, teller->event->seen.detail.begin.step,
                          line.detail, sizeof(line.detail));
    put_own(teller, &line);
}

static void describe_end(const struct teller *teller,
                         struct ota_trace_line *line)
{
    const struct ota_observation *seen = &teller->event->seen;
    const struct ota_transfer_result *result = seen->detail.transfer.result;
    char module[96], time[OTA_NUMBER_SIZE], chunks[OTA_NUMBER_SIZE];
    char down[OTA_NUMBER_SIZE], up[OTA_NUMBER_SIZE], kept[OTA_NUMBER_SIZE];

    ota_trace_module_text(teller->device, seen->detail.transfer.step, module,
                          sizeof(module));
    took(seen->time_us - seen->detail.transfer.begun_us, time);
    grouped(result->chunks_sent, chunks);
    grouped(result->down_bytes, down);
    grouped(result->up_bytes, up);
    describe(line, "%s %s after %s: %s; %s chunk%s sent", module,
             ota_transfer_end_names[result->end], time, end_help[result->end],
             chunks, result->chunks_sent == 1 ? "" : "s");
    if (result->rounds > 0)
        ota_text_append(line->detail, sizeof(line->detail), " in %lld round%s",
                        (long long)result->rounds,
                        result->rounds == 1 ? "" : "s");
    ota_text_append(line->detail, sizeof(line->detail), ", %s B down, %s B up",
                    down, up);
    if (result->end != OTA_TRANSFER_DONE && result->kept_bytes > 0) {
        grouped(result->kept_bytes, kept);
        ota_text_append(line->detail, sizeof(line->detail), ", %s B kept",
                        kept);
    }
    if (result->resets)
        ota_text_append(line->detail, sizeof(line->detail),
                        ", the device restarts");
}

/* How much of a module is on the device behind a transfer. */
static int64_t held_after(const struct teller *teller)
{
    const struct ota_observation *seen = &teller->event->seen;
    const struct ota_transfer_result *result = seen->detail.transfer.result;

    if (result->end != OTA_TRANSFER_DONE)
        return result->kept_bytes;
    if (seen->detail.transfer.step < teller->device->module_count)
        return teller->device->modules[seen->detail.transfer.step].size_bytes;
    return teller->held_bytes + result->payload_bytes;
}

static void ended(struct teller *teller)
{
    const struct ota_transfer_result *result =
        teller->event->seen.detail.transfer.result;
    const bool done = result->end == OTA_TRANSFER_DONE;
    struct ota_trace_line line = line_of(teller, "end");

    line.platform = "spark/flash/status";
    line.data = done ? "success" : "failed";
    describe_end(teller, &line);
    teller->held_bytes = held_after(teller);
    if (result->resets)
        teller->reset = result->end == OTA_TRANSFER_STALLED ? "update_timeout"
                                                            : "update_error";
    put_own(teller, &line);
}

static void boot(struct teller *teller)
{
    const struct ota_observation *seen = &teller->event->seen;
    struct ota_trace_line line = line_of(teller, "boot");

    ota_trace_module_text(teller->device, seen->detail.boot.step, line.detail,
                          sizeof(line.detail));
    ota_text_append(line.detail, sizeof(line.detail), "%s",
                    seen->detail.boot.applied ? " took effect"
                    : seen->detail.boot.refused
                        ? " was refused: something that it needs is missing"
                        : " did not take effect: what was there before runs");
    if (seen->detail.boot.safe_mode)
        ota_text_append(line.detail, sizeof(line.detail), "; safe mode");
    teller->held_bytes = 0;
    teller->reset = seen->detail.boot.refused ? "update_error" : "update";
    put_own(teller, &line);
}

static void command(struct teller *teller)
{
    struct ota_trace_line line = line_of(teller, "command");

    describe(&line, "the operator sends it into safe mode");
    teller->reset = "safe_mode";
    put_own(teller, &line);
}

static void report(struct teller *teller)
{
    struct ota_trace_line line = line_of(teller, "report");

    if (teller->trace->app_version > 0)
        line.platform = "spark/device/app-hash";
    ota_trace_release_text(teller->trace, line.detail, sizeof(line.detail));
    if (teller->event->seen.detail.report.lost)
        ota_text_append(line.detail, sizeof(line.detail),
                        "; lost on the way to the backend");
    put_own(teller, &line);
}

static void belief(struct teller *teller)
{
    const struct ota_observation *seen = &teller->event->seen;
    struct ota_trace_line line = line_of(teller, "belief");

    describe(&line, "the backend counts it as %s%s",
             seen->detail.belief.updated ? "updated" : "not updated",
             seen->detail.belief.asked ? ", having asked" : "");
    put_own(teller, &line);
}

static void presence(struct teller *teller)
{
    struct ota_trace_line line = line_of(teller, "presence");

    describe(&line, "switched %s",
             teller->event->seen.detail.presence.on ? "on" : "off");
    put_own(teller, &line);
}

static void idle(struct teller *teller)
{
    const struct ota_observation *seen = &teller->event->seen;
    struct ota_trace_line line = line_of(teller, "idle");
    char time[OTA_NUMBER_SIZE], bytes[OTA_NUMBER_SIZE];

    took(seen->time_us - seen->detail.idle.since_us, time);
    grouped(seen->detail.idle.bytes, bytes);
    describe(&line,
             "nothing pending for %s: %d wakes, %d connects, %d full "
             "handshakes, %s B, %.3f mAh",
             time, (int)seen->detail.idle.wakes,
             (int)seen->detail.idle.connects, (int)seen->detail.idle.handshakes,
             bytes, ota_trace_mah(seen->detail.idle.charge_pc));
    put_own(teller, &line);
}

static void phase(struct teller *teller)
{
    const struct ota_observation *seen = &teller->event->seen;
    struct ota_trace_line line = line_of(teller, "phase");
    char time[OTA_NUMBER_SIZE];

    took(seen->time_us - seen->detail.phase.since_us, time);
    describe(&line, "%s for %s", ota_phase_names[seen->detail.phase.phase],
             time);
    put_own(teller, &line);
}

static void state(struct teller *teller)
{
    const struct ota_observation *seen = &teller->event->seen;
    struct ota_trace_line line = line_of(teller, "state");

    if (seen->detail.state.from < OTA_STATES)
        describe(&line, "%s -> %s", ota_state_names[seen->detail.state.from],
                 ota_state_names[seen->detail.state.to]);
    else
        describe(&line, "%s", ota_state_names[seen->detail.state.to]);
    if (seen->detail.state.to == OTA_STATE_REVERTED)
        teller->reset = "watchdog";
    put_own(teller, &line);
}

static void final(struct teller *teller)
{
    struct ota_trace_line line = line_of(teller, "final");

    describe(&line, "%s",
             ota_outcome_names[teller->device->log->record.outcome]);
    teller->held_bytes = 0;
    put_own(teller, &line);
}

static void (*const tellers[OTA_SEEN_KINDS])(struct teller *teller) = {
    [OTA_SEEN_WAKE] = wake,         [OTA_SEEN_ATTACH] = attach,
    [OTA_SEEN_CONNECT] = connected, [OTA_SEEN_FLAGS] = flags,
    [OTA_SEEN_PENDING] = pending,   [OTA_SEEN_SLEEP] = sleeps,
    [OTA_SEEN_OFFER] = offer,       [OTA_SEEN_BEGIN] = begin,
    [OTA_SEEN_END] = ended,         [OTA_SEEN_BOOT] = boot,
    [OTA_SEEN_COMMAND] = command,   [OTA_SEEN_REPORT] = report,
    [OTA_SEEN_BELIEF] = belief,     [OTA_SEEN_PRESENCE] = presence,
    [OTA_SEEN_IDLE] = idle,         [OTA_SEEN_PHASE] = phase,
    [OTA_SEEN_STATE] = state,       [OTA_SEEN_FINAL] = final,
};

/* Charge up to event i. A phase is in the books when it has been settled,
 * which may be told behind other events of its last instant. */
static int64_t charge_at(const struct ota_trace_log *log, size_t i,
                         int64_t before_pc)
{
    const int64_t time_us = log->events[i].seen.time_us;
    int64_t charge_pc = before_pc;

    for (; i < log->count && log->events[i].seen.time_us == time_us; i++)
        if (log->events[i].charge_pc > charge_pc)
            charge_pc = log->events[i].charge_pc;
    return charge_pc;
}

void ota_trace_tell(const struct ota_trace *trace,
                    const struct ota_trace_device *device,
                    void (*tell)(void *context,
                                 const struct ota_trace_line *line),
                    void *context)
{
    struct teller teller = {
        .trace = trace,
        .device = device,
        .tell = tell,
        .context = context,
    };
    const struct ota_trace_log *log = device->log;

    for (size_t i = 0; i < log->count; i++) {
        const struct ota_trace_event *event = &log->events[i];
        teller.event = event;
        begin_phases(&teller, event->seen.time_us);
        teller.charge_pc = charge_at(log, i, teller.charge_pc);
        tellers[event->seen.kind](&teller);
    }
}
