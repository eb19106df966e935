/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_lines.h - a log told in words. Private to the writers of traces.
 */
#ifndef OTA_TRACE_LINES_H
#define OTA_TRACE_LINES_H

#include "output/json_out.h"
#include "output/trace.h"

enum { OTA_TRACE_DETAIL_SIZE = 256 };

/* One thing that happened. An observation makes one, or several if the
 * platform's stream has several events for it. */
struct ota_trace_line {
    const struct ota_trace_event *event; /* that it comes of */
    int64_t time_us;
    bool own;             /* the observation's own line, with its detail */
    const char *what;     /* "connect": a stable word */
    const char *platform; /* its event in the platform's stream; NULL: none */
    const char *data;     /* and that event's payload; NULL: not told */
    int64_t bytes;        /* on the air so far */
    int64_t charge_pc;    /* so far */
    char detail[OTA_TRACE_DETAIL_SIZE]; /* for people; may be "" */
};

/* Tells the device's lines in order of time. */
void ota_trace_tell(const struct ota_trace *trace,
                    const struct ota_trace_device *device,
                    void (*tell)(void *context,
                                 const struct ota_trace_line *line),
                    void *context);

/* "u1 2 (21,000 B)", of a step of the device's path. */
void ota_trace_module_text(const struct ota_trace_device *device, uint32_t step,
                           char *text, size_t size);

/* "app version 2 on 0.7.0": what the release wants. */
void ota_trace_release_text(const struct ota_trace *trace, char *text,
                            size_t size);

/* Charge in the unit of every trace. */
double ota_trace_mah(int64_t charge_pc);

void ota_trace_write_text(const struct ota_trace *trace, FILE *out);
void ota_trace_write_ndjson(const struct ota_trace *trace, FILE *out);
void ota_trace_write_chrome(const struct ota_trace *trace, FILE *out);

#endif
