/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiment_look.h - whether replications are enough. Private to
 * experiment.c.
 */
#ifndef OTA_EXPERIMENT_LOOK_H
#define OTA_EXPERIMENT_LOOK_H

#include "sim/experiment/experiment.h"

/* Looks at results[0 .. count) for each precision of the options; *met: all
 * are. Returns false without memory. */
bool ota_experiment_look(const struct ota_experiment_options *options,
                         const struct ota_results *results, size_t count,
                         bool *met, struct ota_error *error);

/* Gives numbers whose precision was asked for the interval of the look. */
void ota_experiment_settle(const struct ota_experiment_options *options,
                           struct ota_summary *summary);

#endif
