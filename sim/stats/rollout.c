/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rollout.c - counting records against the instants of the campaign.
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

static int64_t offered_us(const struct ota_device_record *record)
{
    return record->reached_us;
}

static int64_t installed_us(const struct ota_device_record *record)
{
    return record->installed_us;
}

static int64_t confirmed_us(const struct ota_device_record *record)
{
    return record->confirmed_us;
}

static bool is_target(const struct ota_device_record *record)
{
    (void)record;
    return true;
}

/* Whether it was online at any time of the run. */
static bool is_reachable(const struct ota_device_record *record)
{
    return record->connects > 0 || record->power_us[OTA_POWER_ONLINE] > 0 ||
           record->power_us[OTA_POWER_TRANSFER] > 0;
}

static const struct spread {
    int64_t (*at_us)(const struct ota_device_record *record);
    bool (*counts)(const struct ota_device_record *record);
    enum ota_kpi to_50, to_90, to_99;
} spreads[] = {
    {confirmed_us, is_target, OTA_KPI_TIME_TO_50, OTA_KPI_TIME_TO_90,
     OTA_KPI_TIME_TO_99},
    {offered_us, is_target, OTA_KPI_OFFERED_50, OTA_KPI_OFFERED_90,
     OTA_KPI_OFFERED_99},
    {installed_us, is_target, OTA_KPI_INSTALLED_50, OTA_KPI_INSTALLED_90,
     OTA_KPI_INSTALLED_99},
    {confirmed_us, is_reachable, OTA_KPI_REACHABLE_50, OTA_KPI_REACHABLE_90,
     OTA_KPI_REACHABLE_99},
};

/* When a percentage of all, rounded up, had come to it [s]. */
static double time_to(double *times_us, size_t count, size_t of, size_t percent)
{
    const size_t needed = (of * percent + 99) / 100;
    if (needed == 0 || count < needed)
        return NAN;
    return ota_smallest_select(times_us, count, needed) / (double)OTA_US_PER_S;
}

static void spread(const struct ota_rollout_view *view,
                   const struct spread *what, double *scratch,
                   double kpi[OTA_KPIS])
{
    size_t count = 0;
    size_t of = 0;

    for (size_t i = 0; i < view->count; i++) {
        if (!what->counts(&view->records[i]))
            continue;
        const int64_t at_us = what->at_us(&view->records[i]);
        if (at_us != OTA_NEVER)
            scratch[count++] = (double)(at_us - view->release_us);
        of++;
    }
    kpi[what->to_50] = time_to(scratch, count, of, 50);
    kpi[what->to_90] = time_to(scratch, count, of, 90);
    kpi[what->to_99] = time_to(scratch, count, of, 99);
}

/* --- how far --- */

/* When the release ran no more; of a device that took it twice, the second
 * time. */
static int64_t left_us(const struct ota_device_record *record)
{
    return record->left_us < record->installed_us ? OTA_NEVER : record->left_us;
}

static bool runs_at(const struct ota_device_record *record, int64_t time_us)
{
    return record->installed_us <= time_us && time_us < left_us(record);
}

/* The release failed there, and nothing on the air mends it. */
static bool needs_visit(const struct ota_device_record *record)
{
    return record->outcome == OTA_OUTCOME_BRICKED ||
           record->outcome == OTA_OUTCOME_FAILED_CRASHING ||
           (record->dead && record->defect_us != OTA_NEVER &&
            record->left_us == OTA_NEVER);
}

static void count_exposed(const struct ota_rollout_view *view,
                          double kpi[OTA_KPIS])
{
    struct ota_sum bad_us = {0, 0};
    struct ota_sum back_bytes = {0, 0};
    int64_t exposed = 0;
    int64_t bad = 0;
    int64_t visits = 0;

    for (size_t i = 0; i < view->count; i++) {
        const struct ota_device_record *record = &view->records[i];
        ota_sum_add(&back_bytes, record->back_bytes);
        visits += needs_visit(record);
        if (record->installed_us == OTA_NEVER)
            continue;
        exposed++;
        if (!record->bad)
            continue;
        bad++;
        ota_sum_add(&bad_us, record->ran_us);
        ota_sum_add(&bad_us, ota_us_min(left_us(record), view->horizon_us) -
                                 record->installed_us);
    }
    kpi[OTA_KPI_EXPOSED] = (double)exposed;
    kpi[OTA_KPI_EXPOSED_BAD] = (double)bad;
    kpi[OTA_KPI_BAD_TIME] = ota_sum_value(&bad_us) / (double)OTA_US_PER_H;
    kpi[OTA_KPI_BACK_BYTES] = ota_sum_value(&back_bytes);
    kpi[OTA_KPI_SITE_VISITS] = (double)visits;
}

/* What was out at the stop, if there was one. */
static void count_at_stop(const struct ota_rollout_view *view, double *scratch,
                          double kpi[OTA_KPIS])
{
    const struct ota_campaign_record *campaign = view->campaign;
    const int64_t stop_us = ota_rollout_stop_us(campaign, view->release_us);

    kpi[OTA_KPI_STOP_OFFERED] = kpi[OTA_KPI_STOP_DOWNLOADS] =
        kpi[OTA_KPI_STOP_RUNNING] = kpi[OTA_KPI_EFFECT_RUNNING] =
            kpi[OTA_KPI_BACK_TIME] = NAN;
    if (stop_us == OTA_NEVER)
        return;

    const int64_t effect_us =
        campaign->effective_us == OTA_NEVER
            ? OTA_NEVER
            : ota_us_add(view->release_us, campaign->effective_us);
    int64_t offered = 0;
    int64_t running = 0;
    int64_t running_then = 0;
    size_t back = 0;
    for (size_t i = 0; i < view->count; i++) {
        const struct ota_device_record *record = &view->records[i];
        offered += record->reached_us <= stop_us;
        running += runs_at(record, stop_us);
        running_then += runs_at(record, effect_us);
        if (record->back_us != OTA_NEVER)
            scratch[back++] = (double)(record->back_us - stop_us);
    }
    kpi[OTA_KPI_STOP_OFFERED] = (double)offered;
    kpi[OTA_KPI_STOP_DOWNLOADS] = (double)view->downloading;
    kpi[OTA_KPI_STOP_RUNNING] = (double)running;
    if (effect_us != OTA_NEVER)
        kpi[OTA_KPI_EFFECT_RUNNING] = (double)running_then;
    kpi[OTA_KPI_BACK_TIME] = time_to(scratch, back, back, 99);
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

void ota_rollout_kpis(const struct ota_rollout_view *view, double *scratch,
                      double kpi[OTA_KPIS])
{
    for (size_t i = 0; i < sizeof(spreads) / sizeof(spreads[0]); i++)
        spread(view, &spreads[i], scratch, kpi);
    count_exposed(view, kpi);
    count_at_stop(view, scratch, kpi);
    tell_campaign(view, kpi);
}
