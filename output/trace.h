/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace.h - what happened to one device, event after event: for people, for
 * programs, and for the timeline viewers that read Chrome's trace format.
 *
 * A log listens while the fleet runs and keeps what it hears of its device; a
 * writer then puts any number of logs into words. What the platform's own
 * event stream would show is written in that stream's words: spark/status,
 * spark/flash/status and so on. No hash is made up: where the stream has an
 * app's hash, a trace has the app's version.
 */
#ifndef OTA_TRACE_H
#define OTA_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/base/error.h"
#include "sim/fleet/observation.h"

/* An observation as it was heard, with the books of that instant. */
struct ota_trace_event {
    struct ota_observation seen; /* its record is not kept: NULL; a transfer's
                                  * result is the log's copy */
    int64_t routine_bytes, useful_bytes, overhead_bytes, wasted_bytes;
    int64_t charge_pc;
};

/* All that was heard of one device. */
struct ota_trace_log {
    uint64_t device;                /* the one to listen for */
    struct ota_trace_event *events; /* as told */
    size_t count;
    size_t capacity;                 /* private */
    bool no_memory;                  /* some of it is missing */
    bool final;                      /* it was heard to the end */
    int64_t final_us;                /* the horizon, if so */
    struct ota_device_record record; /* complete, if so */
};

/* Logs that one observer fills, in order of their devices' numbers. */
struct ota_trace_logs {
    struct ota_trace_log *logs;
    size_t count;
};

/*
 * Returns the observer of all shards. Shards may run beside each other: a
 * device belongs to one shard, and its log is touched for that device only.
 */
struct ota_observer ota_trace_observer(struct ota_trace_logs *logs);

/* Keeps one observation of the log's device; a phase that was over by time 0
 * is not kept. */
void ota_trace_hear(struct ota_trace_log *log,
                    const struct ota_observation *seen);

/* Puts the events in order of time, those of one instant as they were told. */
void ota_trace_sort(struct ota_trace_log *log);

void ota_trace_release(struct ota_trace_log *log);

/* One transfer of the device's path. */
struct ota_trace_module {
    char name[48]; /* "s1 108"; of a combined image "s1 4100 + u1 2" */
    int64_t size_bytes;
    bool compressed;
};

/* What a writer needs to know of a device that no observation tells. All is
 * borrowed. */
struct ota_trace_device {
    const struct ota_trace_log *log; /* sorted */
    const char *group;
    const char *platform;
    const char *os;                         /* that it had at time 0 */
    bool product;                           /* as against a developer's */
    const struct ota_trace_module *modules; /* by step of its path */
    size_t module_count;
};

/* One replication, and the devices to be shown of it. */
struct ota_trace {
    const char *scenario; /* "electron-hourly" */
    const char *version;  /* of otasim */
    uint64_t seed;
    uint64_t replication; /* from 0 */
    int64_t release_us;
    int64_t app_version;  /* of the release; 0: it has no app */
    const char *needs_os; /* that the app, or the release, wants; may be "" */
    const struct ota_trace_device *devices;
    size_t device_count;
};

enum ota_trace_format {
    OTA_TRACE_TEXT,   /* a line an event, for people; phases are left out */
    OTA_TRACE_NDJSON, /* a JSON object an event, a line each */
    OTA_TRACE_CHROME, /* one JSON object that Perfetto and chrome://tracing
                       * open */
    OTA_TRACE_FORMATS
};

/* "text", "ndjson", "chrome". */
extern const char *const ota_trace_format_names[OTA_TRACE_FORMATS];

/* Writes the trace. Failures of the stream are left in ferror(). */
void ota_trace_write(const struct ota_trace *trace,
                     enum ota_trace_format format, FILE *out);

#endif
