/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run_parts.h - `run` done in parts (parts.h): a part keeps the results of its
 * replications, packed; merging finds them.
 *
 * All functions do nothing where neither is asked for. Every rank makes the
 * same calls; the first alone has a store.
 */
#ifndef OTA_RUN_PARTS_H
#define OTA_RUN_PARTS_H

#include "sim/cli/options.h"
#include "sim/experiment/results_store.h"
#include "sim/scenario/scenario.h"

struct ota_run_parts {
    const struct ota_options *options;
    const char *folder; /* of the results that all parts make */
    char *path;         /* of the part */
    char *identity;     /* of the scenario */
    struct ota_results_store there;
    struct ota_results_keeper keeper;
};

/* Opens the part, or what is merged. folder: where results go, NULL: nowhere;
 * it outlives the parts, as the scenario does. Returns an exit status, having
 * said what is wrong. Afterwards, whatever it returned, ota_run_parts_close().
 */
enum ota_exit ota_run_parts_open(struct ota_run_parts *parts,
                                 const struct ota_options *options,
                                 struct ota_scenario *scenario,
                                 const char *folder);

/* Of all replications, how many are this part's. */
int64_t ota_run_parts_share(const struct ota_options *options,
                            int64_t replications);

/* Has the experiment use it. */
void ota_run_parts_use(const struct ota_run_parts *parts,
                       struct ota_experiment_options *experiment);

/* Of a part, says what was kept of what was interrupted or failed, on the first
 * rank. Returns false if it is no part. */
bool ota_run_parts_kept(const struct ota_run_parts *parts, int64_t share);

/* Says that the part is complete, on the first rank. */
enum ota_exit ota_run_parts_end(const struct ota_run_parts *parts);

void ota_run_parts_close(struct ota_run_parts *parts);

#endif
