/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hearing.h - reports on their way to the campaign. Private to sim/fleet.
 *
 * Devices run ahead of the campaign and note what they report, each shard in a
 * log of its own; the hearing takes the logs and gives the reports out by time
 * and device. Times are since time 0.
 */
#ifndef OTA_HEARING_H
#define OTA_HEARING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/error.h"
#include "sim/fleet/campaign.h"

/* Grows by doubling; failed: there was no memory, and reports are missing. */
struct ota_report_log {
    struct ota_campaign_report *items;
    size_t count, room;
    bool failed;
    int64_t after_us; /* what arrives no later was heard before, and is
                       * dropped; a device that is given a new life says it
                       * again */
};

void ota_report_log_add(struct ota_report_log *log,
                        const struct ota_campaign_report *report);

struct ota_hearing;

/* Returns a hearing with nothing in it, or NULL with *error set. */
struct ota_hearing *ota_hearing_new(struct ota_error *error);
void ota_hearing_free(struct ota_hearing *hearing);

/* Takes what the logs hold, and empties them. Returns false without memory. */
bool ota_hearing_take(struct ota_hearing *hearing, struct ota_report_log *logs,
                      size_t count);

/* Adds one report. Returns false without memory. */
bool ota_hearing_add(struct ota_hearing *hearing,
                     const struct ota_campaign_report *report);

/* The time of the next report, or OTA_NEVER. */
int64_t ota_hearing_next_us(const struct ota_hearing *hearing);

/* Takes the next report out; there must be one. Reports of the same time come
 * by device, those of one device in the order in which they were noted. */
struct ota_campaign_report ota_hearing_pop(struct ota_hearing *hearing);

#endif
