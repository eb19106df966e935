/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * summary.h - what all replications say together: every number with its
 * interval.
 *
 * Means of replications have Student t intervals. A count that is the same in
 * all replications has none that way; there the devices of all replications
 * are pooled and the exact interval of their share is taken, as devices of an
 * uncoupled fleet are independent. The same is done for one replication, and
 * for the states over time. One replication alone also has its devices to go
 * by: Student's t for means over them (the groups of a fleet are strata), and
 * order statistics for quantiles, times to x % among them: an end that is after
 * the end of the run is not known. What is the same on all devices has no
 * interval that way, nor has what they spend in idle time that is skipped: it
 * is that of a few pilots.
 *
 * Devices of a staged rollout are not independent: what became of the first
 * decides what the others are offered. Nor are those that share capacity. There
 * the replications are all that counts, and nothing is pooled.
 *
 * A KPI that some replications did not give (a time that was never reached)
 * has no estimate, as the others alone are the lucky ones; values and of say
 * how many gave it. Those of a stop are the mean of the replications that
 * stopped, and say so. Intervals are clipped to what the number can be at all.
 */
#ifndef OTA_SUMMARY_H
#define OTA_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/error.h"
#include "sim/stats/interval.h"
#include "sim/stats/results.h"

struct ota_group_summary {
    const char *name; /* "fleet" for the whole; borrowed */
    int64_t devices;  /* in a replication */
    struct ota_estimate outcomes[OTA_OUTCOMES]; /* devices a replication */
    struct ota_estimate kpi[OTA_KPIS];
};

enum { OTA_WAVE_NAME_SIZE = 48 };

/* A wave over the replications that planned it. Times are since the release,
 * of those replications in which they came. */
struct ota_wave_summary {
    char name[OTA_WAVE_NAME_SIZE]; /* cut, if it is longer */
    struct ota_estimate size, offered, succeeded, bad; /* devices */
    struct ota_estimate opened, complete;              /* s */
};

/* What the campaigns did. */
struct ota_rollout_summary {
    bool staged;       /* the policy is not: all at once; or capacity is
                        * shared */
    size_t wave_count; /* the most that a replication had */
    struct ota_wave_summary *waves;
    int64_t stops;     /* replications that a rule stopped or halted, */
    size_t rule_count; /* and how many of them each rule of the rollout */
    int64_t *by_rule;  /* stopped; the others a wave's own rule did */
};

struct ota_summary {
    int64_t replications;
    double confidence;
    size_t group_count;               /* without the fleet */
    struct ota_group_summary *groups; /* [0] the fleet, [1 + g] group g */

    /* Share of the fleet by state over time. */
    int64_t step_us;
    size_t instants;
    struct ota_estimate *timeline; /* [instants][OTA_STATES] */

    struct ota_rollout_summary rollout;

    struct ota_histogram bytes; /* of all devices of all replications */
};

/*
 * Summarises results[0 .. count), in that order. names are the groups' and
 * outlive the summary.
 */
bool ota_summary_make(struct ota_summary *summary,
                      const struct ota_results *results, size_t count,
                      const char *const *names, double confidence,
                      struct ota_error *error);

void ota_summary_release(struct ota_summary *summary);

#endif
