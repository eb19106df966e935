/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiment_one.h - one replication of an experiment.
 */
#ifndef OTA_EXPERIMENT_ONE_H
#define OTA_EXPERIMENT_ONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/experiment/experiment.h"
#include "sim/stats/results.h"

/* One replication, and whom it asks and tells. */
struct ota_replication {
    const struct ota_fleet_config *config;
    const struct ota_experiment_options *options; /* seed, ranks, rates, ... */
    int64_t number;
    int threads;                       /* of the fleet */
    double confidence;                 /* as of struct ota_results_shape */
    bool (*keep_going)(void *context); /* or NULL */
    void (*lived)(void *context, size_t more, size_t of);
    void *context;
};

/* Runs it and leaves its results; only the first rank has any. */
enum ota_experiment_status
ota_replication_run(const struct ota_replication *self,
                    struct ota_results *results, struct ota_error *error);

#endif
