/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rollout.h - how fast a release spread, how far it had come when a rule
 * stopped it, and what stays to be mended and paid.
 *
 * The campaign knows what devices reported; who ran the release, and where it
 * is bad, is the truth of the devices' records.
 */
#ifndef OTA_ROLLOUT_H
#define OTA_ROLLOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/fleet/campaign.h"
#include "sim/stats/digest.h"
#include "sim/stats/kpi.h"
#include "sim/stats/totals.h"

/* What trouble costs beside the data. */
struct ota_rates {
    double site_visit_usd;
    double operator_hour_usd;
};

/* Time of a person that one step (approval, resume, skip, retry) takes.
 * Assumption, ours: a quarter of an hour. */
#define OTA_STEP_HOURS 0.25

/* The fleet or one of its groups, after a run. */
struct ota_rollout_view {
    const struct ota_digest *digest;
    const struct ota_totals *totals;
    bool fleet;                                 /* or a group */
    int64_t release_us;                         /* since time 0 */
    const struct ota_campaign_record *campaign; /* NULL: there was none */
    int64_t downloading;                        /* at its stop */
    struct ota_rates rates;
    double confidence;     /* of the ends of times to x % */
    struct ota_ends *ends; /* by KPI; NULL: none are wanted */
};

/* When the campaign was stopped or halted, since time 0; OTA_NEVER. */
int64_t ota_rollout_stop_us(const struct ota_campaign_record *campaign,
                            int64_t release_us);

/* Devices to which it had come by then, of a column of instants. */
int64_t ota_rollout_count_by(const struct ota_digest *digest,
                             enum ota_column column, int64_t time_us);

/* Fills in the KPIs of times to x %, OTA_KPI_TIME_TO_50 to 99 and those from
 * OTA_KPI_OFFERED_50 to OTA_KPI_REACHABLE_99, of one spread: of offers,
 * installations or confirmations; and their ends, if these are wanted: an end
 * that is after the end of the run is not known. */
enum { OTA_SPREADS = 3 };
void ota_rollout_spread(const struct ota_rollout_view *view, size_t spread,
                        double kpi[OTA_KPIS]);

/* Fills in the KPIs from OTA_KPI_STOPPED on; kpi[OTA_KPI_OVERAGE] is there
 * already. */
void ota_rollout_kpis(const struct ota_rollout_view *view,
                      double kpi[OTA_KPIS]);

#endif
