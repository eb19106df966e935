/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * simulate.h - what commands that simulate have in common.
 */
#ifndef OTA_CLI_SIMULATE_H
#define OTA_CLI_SIMULATE_H

#include <stdint.h>

#include "sim/cli/options.h"
#include "sim/cli/progress.h"
#include "sim/otasim.h"

/* Starts the progress of so many runs of the scenario, and returns what an
 * experiment of it is to know; progress outlives that. */
struct ota_experiment_options
ota_simulate_options(const struct ota_options *options,
                     const struct ota_scenario *scenario, int64_t runs,
                     struct ota_progress *progress);

#endif
