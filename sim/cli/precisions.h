/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * precisions.h - what --precision and --max-reps ask for.
 */
#ifndef OTA_PRECISIONS_H
#define OTA_PRECISIONS_H

#include "sim/cli/options.h"
#include "sim/experiment/experiment.h"

/* Replications of a point at most, if nobody says. */
enum { OTA_PRECISIONS_MOST = 1000 };

struct ota_precisions {
    struct ota_precision *list;
    struct ota_precision_look *looks; /* room for one of each */
    size_t count;
    int64_t most;      /* replications */
    int64_t *times_us; /* that results are to be asked for */
    size_t time_count;
};

/*
 * Reads the options; groups are those of the scenario. Having said on stderr
 * what is wrong, returns what is not OTA_EXIT_OK; in any case
 * ota_precisions_release() frees what there is.
 */
enum ota_exit ota_precisions_read(struct ota_precisions *precisions,
                                  const struct ota_options *options,
                                  const struct ota_fleet_config *fleet);

/* Lets an experiment go on until they are met. */
void ota_precisions_use(const struct ota_precisions *precisions,
                        struct ota_experiment_options *options);

void ota_precisions_release(struct ota_precisions *precisions);

#endif
