/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * estimate.c - the cost of each module of an update, and of all.
 *
 * A module costs: a wait for the cloud or the healer, a transfer, applying it,
 * attaching, and a full handshake, for other firmware says hello anew. Links
 * are gone through condition by condition (a group's signals, the strength of
 * Wi-Fi); what is expected is the mean over those in which transfers get
 * through more often than not.
 *
 * A transfer that is broken off by itself costs half of one more and a
 * handshake: an approximation; how often that happens is told. A module that
 * silently does not take effect is sent again, whole.
 */
#include "sim/experiment/estimate.h"

#include <math.h>

#include "models/link/exchange_expect.h"
#include "sim/base/clock.h"

const double ota_forecast_chances[OTA_FORECAST_CHANCES] = {0.5, 0.9, 0.99};

/* Transfers that are broken off more often than this are out of reach, and so
 * is a link that loses more: the formulas are tried up to there. */
static const double fails_most = 0.5;
static const double loss_most = 0.1;

/* Until an awake device tries to attach again, at least (connect.c). */
static const double back_off_us = (double)OTA_US_PER_S;

double ota_forecast_bytes(const struct ota_forecast_cost *cost)
{
    return cost->useful_bytes + cost->overhead_bytes + cost->again_bytes +
           cost->connect_bytes;
}

double ota_forecast_connected_us(const struct ota_forecast_cost *cost)
{
    return cost->wait_us + cost->transfer_us + cost->connect_us;
}

double ota_forecast_us(const struct ota_forecast_cost *cost)
{
    return ota_forecast_connected_us(cost) + cost->apply_us + cost->attach_us +
           cost->off_us;
}

static void add(struct ota_forecast_cost *sum, double weight,
                const struct ota_forecast_cost *part)
{
    sum->useful_bytes += weight * part->useful_bytes;
    sum->overhead_bytes += weight * part->overhead_bytes;
    sum->again_bytes += weight * part->again_bytes;
    sum->connect_bytes += weight * part->connect_bytes;
    sum->wait_us += weight * part->wait_us;
    sum->publish_us += weight * part->publish_us;
    sum->transfer_us += weight * part->transfer_us;
    sum->connect_us += weight * part->connect_us;
    sum->apply_us += weight * part->apply_us;
    sum->attach_us += weight * part->attach_us;
    sum->off_us += weight * part->off_us;
    sum->charge_pc += weight * part->charge_pc;
}

const struct ota_dist *ota_forecast_delay(const struct ota_fleet_config *fleet,
                                          const struct ota_group *group,
                                          enum ota_forecast_by by)
{
    const struct ota_delivery_config *delivery = group->facts.delivery.config;

    return by == OTA_FORECAST_BY_HEALER ? &fleet->healer.delay
                                        : &delivery->begin_delay;
}

/* --- the surroundings of one device --- */

/* A link's condition, and whether all goes as well as it can. */
struct scene {
    const struct ota_fleet_config *fleet;
    const struct ota_group *group;
    struct ota_link_condition link;
    bool best;
    struct ota_dist rtt, rtt_first; /* best: fixed */
};

/* The best of a delay: its least value, or the 1 % quantile if that is 0. */
static double best_of(const struct ota_dist *dist)
{
    const double least = ota_dist_least(dist);

    if (dist->kind == OTA_DIST_FIXED || least > 0)
        return least;
    return ota_dist_quantile(dist, 0.01);
}

static double time_of(const struct scene *scene, const struct ota_dist *dist)
{
    return scene->best ? best_of(dist) : ota_dist_mean(dist);
}

/* scene->link is set. */
static void make_best(struct scene *scene)
{
    struct ota_air *air = &scene->link.air;

    scene->best = true;
    scene->rtt = ota_dist_fixed(OTA_TIME, fmax(best_of(air->rtt), 1));
    scene->rtt_first = ota_dist_fixed(OTA_TIME, best_of(air->rtt_first));
    air->rtt = &scene->rtt;
    air->rtt_first = &scene->rtt_first;
    air->loss[0] = air->loss[1] = air->loss_first = 0;
    air->leave_per_s[0] = air->leave_per_s[1] = 0;
    scene->link.attach_failure = 0;
}

static double charge(const struct scene *scene, enum ota_power power,
                     double time_us)
{
    const struct ota_battery_config *battery = scene->group->battery.config;

    return (double)battery->current_na[power] * time_us / 1000;
}

/* --- parts of a module's cost --- */

/* Attaching with the modem off before, until it worked. A device that would
 * sleep does so in between, on the network's terms or its own; that is neither
 * counted as time nor as charge. */
static void attach(const struct scene *scene, bool safe_mode,
                   struct ota_forecast_cost *cost)
{
    const struct ota_dist *dist = scene->link.attach;
    const double give_up_us = (double)scene->link.attach_give_up_us;
    const struct ota_device_os *os = &scene->group->variants[0].path.os;

    if (scene->best) {
        cost->attach_us = best_of(dist);
        return;
    }
    const double works =
        (1 - scene->link.attach_failure) * ota_dist_cdf(dist, give_up_us);
    const double failures = 1 / works - 1;
    const double cycle_us =
        ota_os_is_wifi(os) ? 0 : (double)scene->group->cycle_min_us;
    const bool sleeps =
        scene->group->sleep.model != &ota_sleep_always_on && !safe_mode;
    cost->attach_us =
        ota_dist_mean_upto(dist, give_up_us) + failures * give_up_us;
    if (!sleeps)
        cost->off_us = failures * fmax(back_off_us, cycle_us - give_up_us);
}

static void handshake(const struct scene *scene, struct ota_device_os os,
                      bool safe_mode, struct ota_forecast_cost *cost)
{
    struct ota_air air = scene->link.air;
    const struct ota_session_call call = {
        .air = &air, .os = os, .safe_mode = safe_mode, .boot = true};
    struct ota_session_mean mean;

    ota_session_expect(&scene->group->session, &call, &mean);
    cost->connect_bytes = mean.bytes;
    cost->connect_us = mean.took_us;
}

/* The app's events of a connect. */
static void publish(const struct scene *scene, double *took_us, double *bytes)
{
    const struct ota_app_common *app = scene->group->facts.app;
    const struct ota_exchange_law law =
        ota_exchange_law_of(&scene->link.air, &ota_retry_coap, 0);
    struct ota_talk talk = ota_talk_open(&scene->link.air);

    *bytes = 0;
    for (int64_t i = 0; i < app->publishes; i++) {
        const struct ota_exchange_mean sent = ota_talk_exchange(&talk, &law);
        *bytes += sent.requests * ota_dist_mean(&app->publish) +
                  sent.answers * (double)app->publish_ack_bytes;
    }
    *took_us = talk.took_us;
}

/* The chance that the radio has been silent when the transfer begins. One that
 * is always on has said nothing since its last keep-alive when it hears of the
 * update. */
static double silent(const struct scene *scene,
                     const struct ota_forecast_module *module, bool first,
                     double wait_us)
{
    const struct ota_group *group = scene->group;
    const double tail_us = (double)scene->link.air.tail_us;

    if (scene->best)
        return wait_us > tail_us;
    if (first && group->sleep.model == &ota_sleep_always_on)
        return fmax(1 - tail_us / (double)group->facts.keep_alive_us, 0);
    return 1 - ota_dist_cdf(ota_forecast_delay(scene->fleet, group, module->by),
                            tail_us);
}

static bool transfer(const struct scene *scene,
                     const struct ota_forecast_module *module,
                     struct ota_device_os os, double first,
                     struct ota_transfer_mean *mean)
{
    const struct ota_app_common *app = scene->group->facts.app;
    const struct ota_transfer *transfer = &scene->group->transfer;
    const bool app_runs = module->by != OTA_FORECAST_BY_HEALER;
    struct ota_air air = scene->link.air;
    const struct ota_transfer_job job = {
        .size_bytes = module->step->image_bytes,
        .cut_us = OTA_NEVER,
        .pump_us = app_runs && !app->threaded ? app->pump_us : 0,
        .data_left_bytes = INT64_MAX,
        .os = os,
        .air = &air,
    };

    return transfer->model->expect &&
           transfer->model->expect(transfer->config, &job, first, mean);
}

/* By how much a first message takes longer that comes after a silence. */
static double silence_us(const struct scene *scene)
{
    double took_us[2];

    for (int first = 0; first < 2; first++) {
        const struct ota_exchange_law law =
            ota_exchange_law_of(&scene->link.air, &ota_retry_coap, first);
        struct ota_talk talk = ota_talk_open(&scene->link.air);
        ota_talk_exchange(&talk, &law);
        took_us[first] = talk.took_us;
    }
    return took_us[1] - took_us[0];
}

static double apply_us(const struct scene *scene,
                       const struct ota_path_step *step)
{
    const struct ota_firmware_modular_config *config =
        scene->group->firmware.config;
    const int64_t size_bytes = step->module.size_bytes + step->with.size_bytes;

    return time_of(scene, &config->apply) +
           (double)config->apply_us_per_kib * (double)size_bytes / 1024;
}

static void draw_charge(const struct scene *scene,
                        struct ota_forecast_cost *cost)
{
    cost->charge_pc =
        charge(scene, OTA_POWER_ONLINE, cost->wait_us - cost->publish_us) +
        charge(scene, OTA_POWER_CONNECT, cost->publish_us + cost->connect_us) +
        charge(scene, OTA_POWER_TRANSFER, cost->transfer_us) +
        charge(scene, OTA_POWER_BOOT, cost->apply_us + cost->off_us) +
        charge(scene, OTA_POWER_ATTACH, cost->attach_us);
}

/* --- one module --- */

/* What it costs in the scene; app_before: the app ran before, and published.
 * Returns false if that is not known; *fails is how often a transfer breaks. */
static bool cost_of(const struct scene *scene, struct ota_forecast *forecast,
                    size_t k, struct ota_forecast_cost *cost, double *fails,
                    double *variance_us2)
{
    const struct ota_forecast_module *module = &forecast->modules[k];
    const struct ota_path_step *step = module->step;
    const struct ota_path *path = &forecast->variant->path;
    const struct ota_firmware_modular_config *firmware =
        scene->group->firmware.config;
    const bool first = k == 0;
    const ota_path_taken before = (ota_path_taken)((UINT64_C(1) << k) - 1);
    struct ota_device_os os = path->os;
    struct ota_transfer_mean mean;
    double publish_us, publish_bytes;

    *cost = (struct ota_forecast_cost){0};
    os.system = ota_path_system(path, before);
    cost->wait_us = time_of(
        scene, ota_forecast_delay(scene->fleet, scene->group, module->by));
    publish(scene, &publish_us, &publish_bytes);
    if (module->by == OTA_FORECAST_BY_CLOUD && !first) {
        cost->publish_us = publish_us;
        cost->wait_us = fmax(cost->wait_us, publish_us);
    }
    if (!transfer(scene, module, os,
                  silent(scene, module, first, cost->wait_us), &mean))
        return false;
    *fails = mean.fails;
    *variance_us2 = mean.variance_us2;
    cost->useful_bytes = (double)step->image_bytes;
    cost->again_bytes = mean.spent_bytes;
    cost->overhead_bytes =
        mean.down_bytes + mean.up_bytes - mean.spent_bytes - cost->useful_bytes;
    cost->transfer_us = mean.took_us;
    cost->apply_us = apply_us(scene, step);
    attach(scene, step->safe_mode_after, cost);
    os.system = ota_path_system(path, before | (ota_path_taken)1 << k);
    handshake(scene, os, step->safe_mode_after, cost);
    if (!step->safe_mode_after)
        cost->overhead_bytes += publish_bytes;
    if (scene->best) {
        draw_charge(scene, cost);
        return true;
    }
    const double breaks = *fails < 1 ? *fails / (1 - *fails) : 0;
    cost->again_bytes += breaks * (mean.down_bytes + mean.up_bytes) / 2;
    cost->transfer_us += breaks * mean.took_us / 2;
    cost->wait_us += breaks * cost->wait_us;
    const double connect_bytes = cost->connect_bytes;
    const double connect_us = cost->connect_us;
    cost->connect_bytes += breaks * connect_bytes;
    cost->connect_us += breaks * connect_us;
    draw_charge(scene, cost);
    if (firmware->silent_failure > 0 && firmware->silent_failure < 1) {
        struct ota_forecast_cost once = *cost;
        once.again_bytes += once.useful_bytes;
        once.useful_bytes = 0;
        add(cost, firmware->silent_failure / (1 - firmware->silent_failure),
            &once);
    }
    return true;
}

/* --- over all conditions --- */

/* Sets scene->link to the k-th condition of all signals. */
static bool condition(struct scene *scene, int k)
{
    for (size_t s = 0; s < scene->group->signal_count; s++) {
        const struct ota_signal *signal = &scene->group->signals[s];
        for (int i = 0; signal->link.model->condition(signal->link.config, i,
                                                      &scene->link);
             i++)
            if (k-- == 0) {
                scene->link.share *= signal->share;
                return true;
            }
    }
    return false;
}

/* Whether attaching and transfers work well enough. */
static bool reaches(const struct scene *scene)
{
    const struct ota_air *air = &scene->link.air;
    const double bad = ota_air_bad_share(air);

    return (1 - bad) * air->loss[0] + bad * air->loss[1] <= loss_most &&
           scene->link.attach_failure < 1 &&
           ota_dist_cdf(scene->link.attach,
                        (double)scene->link.attach_give_up_us) > 0;
}

/* The costs of all modules in the scene's condition; false: not known, or
 * with *out_of_reach nearly no transfer gets through. */
static bool cost_all(const struct scene *scene, struct ota_forecast *forecast,
                     struct ota_forecast_cost costs[OTA_PATH_STEPS_MAX],
                     double variances[OTA_PATH_STEPS_MAX], double *breaks,
                     bool *out_of_reach)
{
    *breaks = 0;
    *out_of_reach = !reaches(scene);
    for (size_t k = 0; k < forecast->count && !*out_of_reach; k++) {
        double fails = 0;
        if (!cost_of(scene, forecast, k, &costs[k], &fails, &variances[k]))
            return false;
        *out_of_reach = fails > fails_most;
        *breaks += fails / (1 - fails);
    }
    return !*out_of_reach;
}

static void expect(struct scene *scene, struct ota_forecast *forecast)
{
    struct ota_forecast_cost costs[OTA_PATH_STEPS_MAX];
    double variances[OTA_PATH_STEPS_MAX];
    double reached = 0, breaks;
    double squares[OTA_PATH_STEPS_MAX] = {0};
    bool out;

    forecast->expected_known = true;
    for (int i = 0; condition(scene, i); i++) {
        const double share = scene->link.share;
        if (!cost_all(scene, forecast, costs, variances, &breaks, &out)) {
            if (out)
                forecast->out_of_reach += share;
            else
                forecast->expected_known = false;
            continue;
        }
        reached += share;
        forecast->breaks += share * breaks;
        for (size_t k = 0; k < forecast->count; k++) {
            add(&forecast->modules[k].expected, share, &costs[k]);
            forecast->modules[k].silence_us += share * silence_us(scene);
            forecast->modules[k].tail_us +=
                share * (double)scene->link.air.tail_us;
            squares[k] += share * (variances[k] +
                                   costs[k].transfer_us * costs[k].transfer_us);
        }
    }
    if (!(reached > 0))
        forecast->expected_known = false;
    for (size_t k = 0; k < forecast->count && reached > 0; k++) {
        struct ota_forecast_module *module = &forecast->modules[k];
        const struct ota_forecast_cost sum = module->expected;
        module->expected = (struct ota_forecast_cost){0};
        add(&module->expected, 1 / reached, &sum);
        module->silence_us /= reached;
        module->tail_us /= reached;
        module->transfer_variance_us2 =
            fmax(squares[k] / reached - module->expected.transfer_us *
                                            module->expected.transfer_us,
                 0);
        add(&forecast->expected, 1, &module->expected);
    }
    if (reached > 0)
        forecast->breaks /= reached;
}

/* Of the first condition, the strongest signal. */
static void find_best(struct scene *scene, struct ota_forecast *forecast)
{
    double fails, variance_us2;

    forecast->best_known = condition(scene, 0);
    make_best(scene);
    for (size_t k = 0; k < forecast->count; k++) {
        struct ota_forecast_module *module = &forecast->modules[k];
        if (!cost_of(scene, forecast, k, &module->best, &fails, &variance_us2))
            forecast->best_known = false;
        add(&forecast->best, 1, &module->best);
    }
}

/* --- the whole --- */

static void list_modules(const struct ota_fleet_config *fleet,
                         const struct ota_group *group,
                         const struct ota_variant *variant,
                         struct ota_forecast *forecast)
{
    const struct ota_path *path = &variant->path;
    bool safe_mode = false;

    for (size_t k = 0; k < path->count; k++) {
        forecast->modules[k].step = &path->steps[k];
        forecast->modules[k].by =
            safe_mode ? OTA_FORECAST_BY_HEALER : OTA_FORECAST_BY_CLOUD;
        forecast->safe_modes += safe_mode;
        safe_mode = path->steps[k].safe_mode_after;
    }
    forecast->count = forecast->reboots = path->count;
    forecast->stuck =
        forecast->safe_modes > 0 &&
        !(group->product ? fleet->healer.product : fleet->healer.developer);
}

void ota_forecast(const struct ota_fleet_config *fleet,
                  const struct ota_group *group,
                  const struct ota_variant *variant,
                  struct ota_forecast *forecast)
{
    struct scene scene = {.fleet = fleet, .group = group};

    *forecast = (struct ota_forecast){.group = group, .variant = variant};
    list_modules(fleet, group, variant, forecast);
    expect(&scene, forecast);
    find_best(&scene, forecast);
    ota_forecast_note_all(fleet, forecast);
    ota_forecast_find_waits(fleet, forecast);
    ota_forecast_find_money(forecast);
}
