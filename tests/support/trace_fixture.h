/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_fixture.h - for tests of traces: a device's story, told by hand with
 * every kind of observation, in the order in which a fleet tells it.
 */
#ifndef OTA_TEST_TRACE_FIXTURE_H
#define OTA_TEST_TRACE_FIXTURE_H

#include "output/trace.h"

enum { STORY_DEVICE = 17, STORY_MODULES = 2 };

/* The horizon of the story. */
extern const int64_t story_horizon_us;

struct story {
    struct ota_device_record books; /* as told so far */
    struct ota_trace_log log;
    struct ota_trace_module modules[STORY_MODULES];
    struct ota_trace_device device;
    struct ota_trace trace;
};

/* Tells the whole story into the log, which is then sorted. */
void story_tell(struct story *story);

/* The trace in that format, which the caller frees. */
char *story_write(const struct story *story, enum ota_trace_format format);

void story_release(struct story *story);

/* Lets the log hear of something at that time; the rest is filled in. */
void story_hear(struct story *story, int64_t time_us,
                struct ota_observation seen);

#endif
