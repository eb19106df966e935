/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign_run.h - for tests: a scenario run in so many windows, on so many
 * threads; what became of it, and what was told of it and not taken back.
 */
#ifndef OTA_TEST_CAMPAIGN_RUN_H
#define OTA_TEST_CAMPAIGN_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/fleet/campaign.h"
#include "sim/fleet/observation.h"
#include "sim/scenario/scenario.h"

struct campaign_transfer {
    int64_t begun_us, end_us, down_bytes;
    uint32_t device;
    bool safe_mode, back, whole, undone;
};

struct campaign_run {
    struct ota_scenario scenario;
    size_t count;
    struct ota_device_record *records; /* by device */
    struct campaign_device {
        uint64_t told;     /* sum of all that was told, less taken back */
        int64_t phases_us; /* phases and idle stretches so far end here, */
        int64_t phase_sum; /* and last so long in all */
        int32_t net[OTA_SEEN_KINDS]; /* how often; taken back: less */
        int32_t taken_back;
    } * devices;
    struct campaign_lane {
        struct campaign_run *run;
        struct campaign_transfer *transfers;
        size_t count, room;
    } * lanes; /* one a thread */
    size_t lane_count;
    struct campaign_transfer *transfers; /* all, by end */
    size_t transfer_count;
    struct ota_campaign_record campaign; /* waves: the run's */
    struct ota_wave_record *waves;
    int64_t taken_back; /* observations */
};

/* The scenario must read. */
void campaign_run(struct campaign_run *run, const char *text, int windows,
                  int threads);

/* Fails unless both say the same. */
void campaign_run_compare(const struct campaign_run *a,
                          const struct campaign_run *b);

void campaign_run_release(struct campaign_run *run);

#endif
