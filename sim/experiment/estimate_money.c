/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * estimate_money.c - the update in the plan: its share of what is included,
 * and what a period costs that has the update in it.
 *
 * A period without an update: each wake connects, by a handshake now and then,
 * else by a resume; says what its Device OS says; and publishes. A device that
 * is always on sends keep-alives. Losses are left out there, as are what an app
 * asks of a server, and keep-alives of devices that sleep unless they wait for
 * so long. The bill is that of the mean bytes; sessions that are rounded up
 * count half a step more each.
 */
#include "sim/experiment/estimate.h"

#include <math.h>

#include "sim/base/clock.h"

/* One connect: what is said on each, and besides on a full handshake. */
struct connect {
    double each_bytes;
    double full_bytes;
};

static struct connect connect_of(const struct ota_group *group,
                                 const struct ota_device_os *os)
{
    const struct ota_session_config *session = group->session.config;
    const struct ota_app_common *app = group->facts.app;
    const bool resumes = group->session.model == &ota_session_dtls;
    const double resume = resumes ? (double)session->resume_bytes : 0;
    struct connect connect = {
        .each_bytes =
            resume + (double)app->publishes * (ota_dist_mean(&app->publish) +
                                               (double)app->publish_ack_bytes),
        .full_bytes = (double)session->full_bytes - resume,
    };

    if (ota_os_tells_flags(os))
        connect.each_bytes += (double)session->flags_bytes;
    if (group->facts.depth == OTA_SLEEP_HIBERNATE)
        connect.full_bytes += (double)session->boot_bytes;
    return connect;
}

/* NaN: not known. */
static double routine_bytes(const struct ota_forecast *forecast,
                            double period_us)
{
    const struct ota_group *group = forecast->group;
    const struct connect connect =
        connect_of(group, &forecast->variant->path.os);
    const double wake_us = ota_forecast_wake_us(group);
    const double full_us = ota_forecast_handshake_us(group, wake_us);
    const double keep_alive_us = (double)group->facts.keep_alive_us;
    const double own_us = forecast->waits.own_us;

    if (isnan(wake_us) ||
        (!isinf(wake_us) && group->facts.depth == OTA_SLEEP_STANDBY))
        return NAN;
    if (isinf(wake_us))
        return period_us / keep_alive_us *
                   (double)group->facts.keep_alive_bytes +
               (isinf(full_us) ? 0
                               : period_us / full_us *
                                     (connect.each_bytes + connect.full_bytes));
    const double beats = isnan(own_us) ? 0 : floor(own_us / keep_alive_us);
    return period_us / wake_us *
               (connect.each_bytes +
                beats * (double)group->facts.keep_alive_bytes) +
           period_us / full_us * connect.full_bytes;
}

/* How many data sessions a period with the update has. */
static double sessions(const struct ota_forecast *forecast, double period_us)
{
    const double wake_us = ota_forecast_wake_us(forecast->group);
    const double wakes =
        isnan(wake_us) || isinf(wake_us) ? 0 : period_us / wake_us;

    return wakes + (double)forecast->reboots;
}

/* Of all bytes of a period: as near to a step of the price, some devices pay
 * another than the mean does. About what estimates are off. */
static const double near = 0.02;

static bool is_near_step(double over_bytes, double all_bytes, double step_bytes)
{
    const double least = near * all_bytes;
    const double off =
        over_bytes > 0 ? fabs(remainder(over_bytes, step_bytes)) : -over_bytes;

    return step_bytes > 2 * least && off < least;
}

void ota_forecast_find_money(struct ota_forecast *forecast)
{
    const struct ota_group *group = forecast->group;
    const struct ota_plan_capped_config *plan = group->plan.config;
    struct ota_forecast_money *money = &forecast->money;
    const struct ota_forecast_cost *cost =
        forecast->expected_known ? &forecast->expected : &forecast->best;

    money->capped = group->plan.model == &ota_plan_capped;
    if (!money->capped)
        return;
    const double period_us = (double)plan->period_us;
    const double update_bytes = ota_forecast_bytes(cost);
    money->included_bytes = (double)plan->included_bytes;
    money->share = update_bytes / money->included_bytes;
    money->routine_bytes = routine_bytes(forecast, period_us);
    money->pauses = plan->at_cap == OTA_PLAN_PAUSE;
    const double rounded =
        plan->round_bytes > 1
            ? sessions(forecast, period_us) * (double)plan->round_bytes / 2
            : 0;
    const double over =
        update_bytes + rounded +
        (isnan(money->routine_bytes) ? 0 : money->routine_bytes) -
        money->included_bytes;
    const bool billed = !money->pauses || plan->raise_after_us != OTA_NEVER;
    if (over > 0 && billed)
        money->overage_uusd = ceil(over / (double)plan->overage_step_bytes) *
                              (double)plan->overage_price_uusd;
    if (billed && is_near_step(over, over + money->included_bytes,
                               (double)plan->overage_step_bytes))
        ota_forecast_note(forecast,
                          "the bill is that of the mean bytes, which are so "
                          "near to a step of the price that many SIMs may pay "
                          "a step more or less");
    money->fleet_uusd = money->overage_uusd * (double)group->count *
                        forecast->variant->share * (1 - group->absent);
    if (isnan(money->routine_bytes))
        ota_forecast_note(forecast, "routine traffic is not estimated for this "
                                    "way of sleeping; the bill is the update's "
                                    "alone");
}
