/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * simulate.c - from a scenario and the command line to an experiment.
 */
#include "sim/cli/simulate.h"

#include <unistd.h>

#include "sim/base/clock.h"

/* It is no failure, but no use either. */
static void runs_alone(void *context)
{
    ota_progress_clear(context);
    fputs("otasim: the devices of this scenario have to do with each other: "
          "one rank runs all of them\n",
          stderr);
}

struct ota_experiment_options
ota_simulate_options(const struct ota_options *options,
                     const struct ota_scenario *scenario, int64_t runs,
                     struct ota_progress *progress)
{
    const double device_days =
        (double)ota_fleet_config_devices(&scenario->fleet) *
        (double)scenario->run.horizon_us / (double)OTA_US_PER_DAY;

    ota_progress_start(progress, !options->quiet && isatty(STDERR_FILENO),
                       device_days, runs);
    return (struct ota_experiment_options){
        .seed = scenario->run.seed,
        .replications = scenario->run.replications,
        .threads = ota_threads(options),
        .ranks = options->ranks,
        .confidence = scenario->run.confidence,
        .rates = ota_experiment_rates(scenario),
        .alone = options->quiet ? NULL : runs_alone,
        .progress = ota_progress_done,
        .lived = ota_progress_lived,
        .keep_going = ota_progress_keep_going,
        .context = progress,
    };
}
