/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * estimate_waits.c - how long an app that sleeps must wait for an update.
 *
 * A transfer begins a delay D after a connect with an offer, and so within a
 * wait w with probability F(w) = P(D <= w). It is through within w with
 * P(D + T <= w), T being the transfer's time: taken to be lognormal with its
 * mean and variance, at equal shares of its law. Where D is longer than the
 * radio's tail T is longer, too, by what the first message then takes.
 *
 * Offers. Where any connect brings one, there are as many as wakes. Where only
 * full handshakes do, they come every A: a session's age, rounded up to a wake,
 * or sooner if the app clears it. In a stretch H there are then floor(H / A)
 * of them, or one more with the chance of the rest of H / A, for the release
 * comes at any time of a session; of wakes that are random the number is
 * Poisson's. With n offers the update starts with probability
 * 1 - (1 - F(w))^n, as the delays are independent.
 */
#include "sim/experiment/estimate.h"

#include <math.h>

#include "sim/base/clock.h"

enum {
    SLICES = 64,   /* of the transfer's time */
    HALVINGS = 60, /* of an interval in which a wait is sought */
};

/* --- how often --- */

double ota_forecast_wake_us(const struct ota_group *group)
{
    const struct ota_sleep *sleep = &group->sleep;

    if (sleep->model == &ota_sleep_always_on)
        return INFINITY;
    if (sleep->model == &ota_sleep_interval)
        return (double)((const struct ota_sleep_interval_config *)sleep->config)
            ->period_us;
    if (sleep->model == &ota_sleep_poisson)
        return (double)((const struct ota_sleep_poisson_config *)sleep->config)
            ->mean_us;
    return NAN;
}

/* The app's own handshakes; INFINITY: it forces none. */
static double clearing_us(const struct ota_group *group, double wake_us)
{
    const struct ota_app_session_clear_config *app = group->app.config;

    if (group->app.model != &ota_app_session_clear)
        return INFINITY;
    return app->every_wakes > 0 ? (double)app->every_wakes * wake_us
                                : (double)app->every_us + wake_us / 2;
}

double ota_forecast_handshake_us(const struct ota_group *group, double wake_us)
{
    const struct ota_session_config *session = group->session.config;

    if (group->session.model != &ota_session_dtls)
        return wake_us;
    const double aged_us =
        (double)session->max_age_us + (isinf(wake_us) ? 0 : wake_us / 2);
    return fmax(fmin(aged_us, clearing_us(group, wake_us)),
                isinf(wake_us) ? 0 : wake_us);
}

/* Whether a connect that resumes is offered the update. */
static bool offers_at_resume(const struct ota_group *group)
{
    const struct ota_delivery *delivery = &group->facts.delivery;
    const struct ota_delivery_view view = {
        .asked = group->app.model == &ota_app_ask, .polls = true};

    return delivery->model->offers(delivery->config, &view);
}

static bool offers_ever(const struct ota_group *group)
{
    const struct ota_delivery *delivery = &group->facts.delivery;
    const struct ota_delivery_view view = {
        .full = true, .asked = group->app.model == &ota_app_ask, .polls = true};

    return delivery->model->offers(delivery->config, &view);
}

/* --- chances --- */

/* What begins with F(w), and then maybe takes a transfer. */
struct race {
    const struct ota_dist *delay;
    int slices;             /* 0: no transfer */
    double took_us[SLICES]; /* of one that begins before tail_us */
    double tail_us, silence_us;
};

static double in_time(const struct race *race, double wait_us)
{
    double sum = 0;

    if (race->slices == 0)
        return ota_dist_cdf(race->delay, wait_us);
    const double soon = ota_dist_cdf(race->delay, race->tail_us);
    for (int i = 0; i < race->slices; i++) {
        const double by_us = wait_us - race->took_us[i];
        sum += ota_dist_cdf(race->delay, fmin(by_us, race->tail_us));
        sum +=
            fmax(ota_dist_cdf(race->delay, by_us - race->silence_us) - soon, 0);
    }
    return sum / race->slices;
}

/* Offers in a stretch of time. */
struct offers {
    double mean;
    bool random; /* Poisson's number, else the mean rounded down or up */
};

/* The chance that one of them is in time, each with chance p. */
static double any(const struct offers *offers, double p)
{
    const double least = floor(offers->mean);

    if (offers->random)
        return -expm1(-offers->mean * p);
    const double none = pow(1 - p, least);
    return 1 - none * (1 - (offers->mean - least) * p);
}

/* The shortest wait with that chance; offers NULL: of one offer. */
static double shortest_us(const struct race *race, const struct offers *offers,
                          double chance)
{
    double low = 0, high = (double)OTA_US_PER_S;

    if (offers && any(offers, 1) < chance)
        return INFINITY;
    for (;; high *= 2) {
        const double p = in_time(race, high);
        if ((offers ? any(offers, p) : p) >= chance)
            break;
        if (high > 1e15)
            return INFINITY;
    }
    for (int i = 0; i < HALVINGS; i++) {
        const double middle = low + (high - low) / 2;
        const double p = in_time(race, middle);
        if ((offers ? any(offers, p) : p) >= chance)
            high = middle;
        else
            low = middle;
    }
    return high;
}

/* --- filling in --- */

/* The longest transfer that the app may cut off. */
static const struct ota_forecast_module *
longest(const struct ota_forecast *forecast)
{
    const struct ota_forecast_module *found = NULL;

    for (size_t k = 0; k < forecast->count; k++) {
        const struct ota_forecast_module *module = &forecast->modules[k];
        if (module->by == OTA_FORECAST_BY_CLOUD &&
            (!found ||
             module->expected.transfer_us > found->expected.transfer_us))
            found = module;
    }
    return found;
}

static void slice(struct race *race, const struct ota_forecast_module *module)
{
    const double late = 1 - ota_dist_cdf(race->delay, module->tail_us);
    const double more_us = module->silence_us;
    const double mean = module->expected.transfer_us - late * more_us;
    const double variance = fmax(module->transfer_variance_us2 -
                                     late * (1 - late) * more_us * more_us,
                                 0);
    const double spread = log1p(variance / (mean * mean));
    const struct ota_dist took = {.kind = OTA_DIST_LOGNORMAL,
                                  .dimension = OTA_TIME,
                                  .a = log(mean) - spread / 2,
                                  .b = sqrt(spread)};

    race->tail_us = module->tail_us;
    race->silence_us = more_us;
    race->slices = variance > 0 ? SLICES : 1;
    race->took_us[0] = mean;
    for (int i = 0; i < race->slices && variance > 0; i++)
        race->took_us[i] = ota_dist_quantile(&took, (i + 0.5) / race->slices);
}

/* How long the app waits; NaN: that is not always the same. */
static double own_wait_us(const struct ota_app *app)
{
    if (app->model == &ota_app_fixed)
        return (double)((const struct ota_app_fixed_config *)app->config)
            ->wait_us;
    if (app->model == &ota_app_until_told)
        return (double)((const struct ota_app_until_told_config *)app->config)
            ->wait_us;
    return NAN;
}

static void find_stretches(const struct ota_group *group,
                           const struct race *start,
                           struct ota_forecast_waits *waits)
{
    const double wake_us = ota_forecast_wake_us(group);
    const bool resumes = offers_at_resume(group);
    const double every_us =
        resumes ? wake_us : ota_forecast_handshake_us(group, wake_us);
    struct offers offers = {.random =
                                group->sleep.model == &ota_sleep_poisson &&
                                every_us <= wake_us};

    waits->wakes_known = !isnan(wake_us);
    if (!waits->wakes_known)
        return;
    waits->offers_per_day =
        offers_ever(group) ? (double)OTA_US_PER_DAY / every_us : 0;
    for (int c = 0; c < OTA_FORECAST_CHANCES; c++) {
        offers.mean = waits->offers_per_day;
        waits->day_us[c] = shortest_us(start, &offers, ota_forecast_chances[c]);
        offers.mean = 7 * waits->offers_per_day;
        waits->week_us[c] =
            shortest_us(start, &offers, ota_forecast_chances[c]);
    }
}

void ota_forecast_find_waits(const struct ota_fleet_config *fleet,
                             struct ota_forecast *forecast)
{
    const struct ota_group *group = forecast->group;
    const struct ota_forecast_module *module = longest(forecast);
    struct ota_forecast_waits *waits = &forecast->waits;
    struct race start = {
        .delay = ota_forecast_delay(fleet, group, OTA_FORECAST_BY_CLOUD)};
    struct race finish = start;

    waits->sleeps = group->sleep.model != &ota_sleep_always_on;
    if (!waits->sleeps || !module)
        return;
    waits->stays = group->facts.app->stay_once_begun;
    const bool known = forecast->expected_known;
    if (known)
        slice(&finish, module);
    for (int c = 0; c < OTA_FORECAST_CHANCES; c++) {
        waits->start_us[c] = shortest_us(&start, NULL, ota_forecast_chances[c]);
        waits->finish_us[c] =
            known ? shortest_us(&finish, NULL, ota_forecast_chances[c]) : NAN;
    }
    find_stretches(group, &start, waits);
    waits->own_us = own_wait_us(&group->app);
    if (!isnan(waits->own_us)) {
        waits->own_start = in_time(&start, waits->own_us);
        waits->own_finish = known ? in_time(&finish, waits->own_us) : NAN;
    }
}
