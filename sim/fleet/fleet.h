/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet.h - devices taking an update: one replication.
 *
 * Two fleets of the same config and key do the same to the bit, whatever the
 * number of threads. A run takes memory for what the campaign listens to and
 * orders; where devices have to be there together, for all of them; where they
 * live apart, for a few bytes a device.
 */
#ifndef OTA_FLEET_H
#define OTA_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/error.h"
#include "sim/base/random.h"
#include "sim/fleet/campaign.h"
#include "sim/fleet/config.h"
#include "sim/fleet/observation.h"
#include "sim/ranks/ranks.h"

struct ota_fleet;

/* Returns a fleet at time 0, or NULL with *error set. config is borrowed and
 * outlives it. */
struct ota_fleet *ota_fleet_new(const struct ota_fleet_config *config,
                                const struct ota_random_key *key,
                                struct ota_error *error);

void ota_fleet_free(struct ota_fleet *fleet);

struct ota_fleet_run_options {
    const struct ota_observer *observers; /* one a thread: whichever runs a
                                           * device tells its own; NULL: nobody
                                           * listens */
    int threads;                          /* at least 1 */
    int windows; /* in which the time behind the release is cut, where the
                  * campaign listens: all devices are then kept to the end.
                  * Results do not depend on it. 0: what is best */
    struct ota_ranks *ranks; /* that make the same fleet, and run parts of it;
                              * NULL: all of it runs here */
    /* Asked now and then, by any thread; false stops the run. May be NULL. */
    bool (*keep_going)(void *context);
    /* So many more of the `of` devices that run here have lived, or that share
     * of all lives is over. Told now and then, by several threads at a time.
     * May be NULL. */
    void (*lived)(void *context, size_t more, size_t of);
    void *context;
};

/* Runs to the horizon. Returns false if keep_going stopped it, or if it failed
 * (ota_fleet_error()), on any rank; the fleet is then good for nothing but
 * ota_fleet_free(). Call it once. */
bool ota_fleet_run(struct ota_fleet *fleet,
                   const struct ota_fleet_run_options *options);

/* Whether ranks would each run a part; else the first runs all. */
bool ota_fleet_splits(const struct ota_fleet *fleet);

/* The devices that ran here: observers heard of these. */
void ota_fleet_own(const struct ota_fleet *fleet, size_t *first, size_t *count);

/* What went wrong in a run, or NULL. */
const struct ota_error *ota_fleet_error(const struct ota_fleet *fleet);

/* What the campaign did, after a run; the record's waves are the fleet's. */
void ota_fleet_campaign(const struct ota_fleet *fleet,
                        struct ota_campaign_record *record);

#endif
