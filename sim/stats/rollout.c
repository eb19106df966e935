/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rollout.c - counting devices against the instants of the campaign.
 *
 * An instant belongs to what happens at it: a device that is offered the
 * release at the instant of the stop was offered it by then, as in campaign.h.
 */
#include "sim/stats/rollout.h"

#include <math.h>

#include "sim/base/clock.h"
#include "sim/stats/quantile.h"
#include "sim/stats/sum.h"

int64_t ota_rollout_stop_us(const struct ota_campaign_record *campaign,
                            int64_t release_us)
{
    if (!campaign || campaign->stop_us == OTA_NEVER)
        return OTA_NEVER;
    return ota_us_add(release_us, campaign->stop_us);
}

/* --- how fast --- */

static const struct spread {
    enum ota_column column;
    enum ota_kpi to_50;     /* then to 90 and 99; of all targets */
    enum ota_kpi online_50; /* the same of those that were online at all, as
                             * each that came so far was; or none */
} spreads[OTA_SPREADS] = {
    {OTA_COLUMN_CONFIRMED, OTA_KPI_TIME_TO_50, OTA_KPI_REACHABLE_50},
    {OTA_COLUMN_REACHED, OTA_KPI_OFFERED_50, OTA_KPIS},
    {OTA_COLUMN_INSTALLED, OTA_KPI_INSTALLED_50, OTA_KPIS},
};

/* How long an instant is after another [s]; OTA_NEVER: NaN. */
static double s_since(int64_t time_us, int64_t since_us)
{
    return time_us == OTA_NEVER
               ? NAN
               : (double)(time_us - since_us) / (double)OTA_US_PER_S;
}

/* When 50, 90 and 99 % of so many, rounded up, had come to it [s]; and the ends
 * of each with so much confidence, unless NULL: from 0 on. */
static void times_to(const struct ota_digest *digest, enum ota_column column,
                     int64_t of, int64_t since_us, double s[3],
                     double confidence, struct ota_ends *ends)
{
    static const int64_t percents[] = {50, 90, 99};
    size_t ranks[3][3];
    int64_t at_us[3][3];

    s[0] = s[1] = s[2] = NAN;
    if (of == 0)
        return;
    for (int i = 0; i < 3; i++) {
        ranks[i][0] = (size_t)((of * percents[i] + 99) / 100 - 1);
        ranks[i][1] = ranks[i][2] = ranks[i][0];
        if (ends)
            ota_quantile_ranks(of, (double)percents[i] / 100.0, confidence,
                               &ranks[i][1]);
    }
    ota_smallest(digest->columns[column], digest->count, ranks[0], 9, at_us[0]);
    for (int i = 0; i < 3; i++) {
        s[i] = s_since(at_us[i][0], since_us);
        for (int e = 1; e < 3; e++)
            at_us[i][e] =
                at_us[i][e] == OTA_NEVER ? OTA_NEVER : at_us[i][e] - since_us;
        if (ends) {
            ends[i] = ota_quantile_bound(&ranks[i][1], &at_us[i][1]);
            ends[i].lo /= (double)OTA_US_PER_S;
            ends[i].hi /= (double)OTA_US_PER_S;
        }
    }
}

void ota_rollout_spread(const struct ota_rollout_view *view, size_t spread,
                        double kpi[OTA_KPIS])
{
    const struct spread *what = &spreads[spread];
    struct ota_ends *ends = view->ends;

    times_to(view->digest, what->column, (int64_t)view->digest->count,
             view->release_us, &kpi[what->to_50], view->confidence,
             ends ? &ends[what->to_50] : NULL);
    if (what->online_50 != OTA_KPIS)
        times_to(view->digest, what->column, view->totals->reachable,
                 view->release_us, &kpi[what->online_50], view->confidence,
                 ends ? &ends[what->online_50] : NULL);
}

/* --- how far --- */

static void count_exposed(const struct ota_totals *totals, double kpi[OTA_KPIS])
{
    kpi[OTA_KPI_EXPOSED] = (double)totals->exposed;
    kpi[OTA_KPI_EXPOSED_BAD] = (double)totals->exposed_bad;
    kpi[OTA_KPI_BAD_TIME] =
        ota_sum_value(&totals->bad_us) / (double)OTA_US_PER_H;
    kpi[OTA_KPI_BACK_BYTES] = ota_sum_value(&totals->back_bytes);
    kpi[OTA_KPI_SITE_VISITS] = (double)totals->site_visits;
}

int64_t ota_rollout_count_by(const struct ota_digest *digest,
                             enum ota_column column, int64_t time_us)
{
    int64_t count = 0;

    for (size_t i = 0; i < digest->count; i++)
        count += digest->columns[column][i] <= time_us;
    return count;
}

/* Devices that ran the release then. */
static int64_t count_running(const struct ota_digest *digest, int64_t time_us)
{
    const int64_t *installed_us = digest->columns[OTA_COLUMN_INSTALLED];
    const int64_t *left_us = digest->columns[OTA_COLUMN_LEFT];
    int64_t count = 0;

    for (size_t i = 0; i < digest->count; i++)
        count += installed_us[i] <= time_us && time_us < left_us[i];
    return count;
}

/* From the stop until 99 % of those that went back were back [s]. */
static double back_time(const struct ota_digest *digest, int64_t stop_us)
{
    const int64_t back =
        ota_rollout_count_by(digest, OTA_COLUMN_BACK, OTA_NEVER - 1);
    double s[3];

    times_to(digest, OTA_COLUMN_BACK, back, stop_us, s, 0.0, NULL);
    return s[2];
}

/* What was out at the stop, if there was one. */
static void count_at_stop(const struct ota_rollout_view *view,
                          double kpi[OTA_KPIS])
{
    const struct ota_campaign_record *campaign = view->campaign;
    const int64_t stop_us = ota_rollout_stop_us(campaign, view->release_us);

    kpi[OTA_KPI_STOP_OFFERED] = kpi[OTA_KPI_STOP_DOWNLOADS] =
        kpi[OTA_KPI_STOP_RUNNING] = kpi[OTA_KPI_EFFECT_RUNNING] =
            kpi[OTA_KPI_BACK_TIME] = NAN;
    if (stop_us == OTA_NEVER)
        return;

    const struct ota_digest *digest = view->digest;
    kpi[OTA_KPI_STOP_OFFERED] =
        (double)ota_rollout_count_by(digest, OTA_COLUMN_REACHED, stop_us);
    kpi[OTA_KPI_STOP_DOWNLOADS] = (double)view->downloading;
    kpi[OTA_KPI_STOP_RUNNING] = (double)count_running(digest, stop_us);
    if (campaign->effective_us != OTA_NEVER)
        kpi[OTA_KPI_EFFECT_RUNNING] = (double)count_running(
            digest, ota_us_add(view->release_us, campaign->effective_us));
    kpi[OTA_KPI_BACK_TIME] = back_time(digest, stop_us);
}

/* --- what the platform and its people did --- */

static double seconds(int64_t time_us)
{
    return time_us == OTA_NEVER ? NAN : ota_s_from_us(time_us);
}

static void tell_campaign(const struct ota_rollout_view *view,
                          double kpi[OTA_KPIS])
{
    static const enum ota_kpi fleets_only[] = {
        OTA_KPI_STOPPED,        OTA_KPI_STOP_TIME,   OTA_KPI_STOP_EFFECT,
        OTA_KPI_REOFFERS,       OTA_KPI_APPROVALS,   OTA_KPI_PAUSED_TIME,
        OTA_KPI_IN_FLIGHT_PEAK, OTA_KPI_EGRESS_PEAK,
    };
    const struct ota_campaign_record none = {
        .stop_us = OTA_NEVER,
        .effective_us = OTA_NEVER,
        .egress_peak_bytes_per_s = -1,
    };
    const struct ota_campaign_record *campaign =
        view->campaign ? view->campaign : &none;

    kpi[OTA_KPI_COST] = kpi[OTA_KPI_OVERAGE] +
                        kpi[OTA_KPI_SITE_VISITS] * view->rates.site_visit_usd;
    if (!view->fleet) {
        for (size_t i = 0; i < sizeof(fleets_only) / sizeof(fleets_only[0]);
             i++)
            kpi[fleets_only[i]] = NAN;
        return;
    }
    kpi[OTA_KPI_STOPPED] = campaign->stop_us == OTA_NEVER ? 0.0 : 1.0;
    kpi[OTA_KPI_STOP_TIME] = seconds(campaign->stop_us);
    kpi[OTA_KPI_STOP_EFFECT] = seconds(campaign->effective_us);
    kpi[OTA_KPI_REOFFERS] = (double)campaign->reoffers;
    kpi[OTA_KPI_IN_FLIGHT_PEAK] = (double)campaign->in_flight_peak;
    kpi[OTA_KPI_EGRESS_PEAK] = campaign->egress_peak_bytes_per_s < 0
                                   ? NAN
                                   : (double)campaign->egress_peak_bytes_per_s;
    kpi[OTA_KPI_APPROVALS] = (double)campaign->approvals;
    kpi[OTA_KPI_PAUSED_TIME] = ota_s_from_us(campaign->paused_us);
    kpi[OTA_KPI_COST] += (double)campaign->approvals * OTA_STEP_HOURS *
                         view->rates.operator_hour_usd;
}

void ota_rollout_kpis(const struct ota_rollout_view *view, double kpi[OTA_KPIS])
{
    count_exposed(view->totals, kpi);
    count_at_stop(view, kpi);
    tell_campaign(view, kpi);
}
