/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gates.h - how often a rollout's rules are wrong: that they stop a release
 * that is good, and that they miss one that is bad.
 *
 * The same fleets take the release twice, once with image.fate good and once
 * as it is. Both runs have the same seeds, so what differs is the image's
 * doing. Failures of other kinds (transfers, silent failures) come from the
 * scenario itself and stop a good release too.
 */
#ifndef OTA_GATES_H
#define OTA_GATES_H

#include "sim/experiment/experiment.h"

struct ota_gates {
    struct ota_summary good, bad; /* release */
};

/* Whether the release is bad on no device: there is nothing to miss. */
bool ota_gates_nothing_bad(const struct ota_fleet_config *config);

/* Whether no rule, of the rollout or of a wave, stops or halts a release: there
 * is nothing to be wrong. */
bool ota_gates_no_rule(const struct ota_policy *policy);

/*
 * Runs both and summarises them into *gates, which the caller releases after
 * OTA_EXPERIMENT_DONE. Progress is told over both: 2 * replications in all.
 * Otherwise as ota_experiment_run().
 */
enum ota_experiment_status
ota_gates_run(const struct ota_fleet_config *config,
              const struct ota_experiment_options *options,
              struct ota_gates *gates, struct ota_error *error);

void ota_gates_release(struct ota_gates *gates);

/* The share of replications in which the rules did neither stop nor halt a
 * release, with its exact interval. */
struct ota_estimate ota_gates_missed(const struct ota_summary *summary);

#endif
