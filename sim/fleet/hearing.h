/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hearing.h - reports on their way to the campaign. Private to sim/fleet.
 *
 * Devices run ahead of the campaign and note what they report, each thread in
 * a log of its own; the hearing takes the logs and gives the reports out by
 * time and device. It does not matter which log a device's reports are in, if
 * between two takes they are in one. Times are since time 0.
 */
#ifndef OTA_HEARING_H
#define OTA_HEARING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/error.h"
#include "sim/base/lane.h"
#include "sim/fleet/campaign.h"

/* A sorted stretch of reports. */
struct ota_report_run {
    struct ota_campaign_report *items;
    size_t count;
};

/* What one thread notes. Reports are put in order a stretch at a time, by the
 * thread that notes them; failed: there was no memory, and some are missing. */
struct ota_report_log {
    /* A line of cache, or more, of its own. */
    _Alignas(OTA_CACHE_LINE) struct ota_campaign_report
        *items; /* not in order yet */
    size_t count, room;
    struct ota_report_run *runs;
    size_t run_count, run_room;
    struct ota_campaign_report *scratch; /* to sort with */
    bool failed;
    uint32_t ignores; /* bit 1 << kind of those it drops, too */
    int64_t after_us; /* what arrives no later was heard before, and is
                       * dropped; a device that is given a new life says it
                       * again */
};

void ota_report_log_add(struct ota_report_log *log,
                        const struct ota_campaign_report *report);

/* Puts what was noted in order, as one more run. Returns false without
 * memory. */
bool ota_report_log_close(struct ota_report_log *log);

void ota_report_log_release(struct ota_report_log *log);

struct ota_hearing;

/* Returns a hearing with nothing in it, or NULL with *error set. */
struct ota_hearing *ota_hearing_new(struct ota_error *error);
void ota_hearing_free(struct ota_hearing *hearing);

/* Takes what the logs hold, and empties them. Returns false without memory. */
bool ota_hearing_take(struct ota_hearing *hearing, struct ota_report_log *logs,
                      size_t count);

/* Takes reports that are in order of time and device, as a log's run has them,
 * and behind those of before. Returns false without memory. */
bool ota_hearing_take_run(struct ota_hearing *hearing,
                          const struct ota_campaign_report *items,
                          size_t count);

/* Adds one report. Returns false without memory. */
bool ota_hearing_add(struct ota_hearing *hearing,
                     const struct ota_campaign_report *report);

/* The time of the next report, or OTA_NEVER. */
int64_t ota_hearing_next_us(const struct ota_hearing *hearing);

/* Takes the next report out; there must be one. Reports of the same time come
 * by device, those of one device in the order in which they were noted. */
struct ota_campaign_report ota_hearing_pop(struct ota_hearing *hearing);

/* A device of which a report comes soon, so that what is known of it can be
 * fetched from memory meanwhile; false: none is known. */
bool ota_hearing_ahead(const struct ota_hearing *hearing, uint32_t *device);

#endif
