/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * results_store.h - results of replications in a store (store.h), for
 * ota_experiment_run(): what a part of a run leaves, and what is found when all
 * come together.
 */
#ifndef OTA_RESULTS_STORE_H
#define OTA_RESULTS_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/experiment/experiment.h"
#include "sim/experiment/store.h"
#include "sim/fleet/config.h"

struct ota_results_store {
    struct ota_store *store;
    const char *scenario; /* as of struct ota_store_unit */
    uint64_t seed;
    const struct ota_fleet_config *config;
    bool found_only;     /* what is missing is an error */
    const char *file;    /* of the scenario, to name it then */
    int64_t found, kept; /* replications, so far */
};

/* Of the first rank; there outlives it. */
struct ota_results_keeper
ota_results_store_keeper(struct ota_results_store *there);

#endif
