/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiment_one.c - runs one replication: a fleet, and who listens to it.
 */
#include "sim/experiment/experiment_one.h"

#include <assert.h>
#include <stdlib.h>

#include <gsl/gsl_errno.h>

#include "sim/fleet/fleet.h"

/* Whether a rule may stop or halt the rollout, for all that is easily told. */
static bool may_stop(const struct ota_policy *policy)
{
    bool rules = policy->rules.count > 0;

    for (size_t w = 0; w < policy->waves.count; w++) {
        const struct ota_rules *own = policy->waves.list[w].rules;
        rules = rules || (own && own->count > 0);
    }
    return rules;
}

/* Puts together what was heard, as the replication's results; only the first
 * rank has any. */
static bool conclude(const struct ota_replication *self,
                     const struct ota_fleet *fleet,
                     struct ota_collector *collector,
                     struct ota_results *results, struct ota_error *error)
{
    struct ota_ranks *ranks = self->options->ranks;
    struct ota_campaign_record campaign;
    size_t first, count;

    ota_fleet_campaign(fleet, &campaign);
    ota_fleet_own(fleet, &first, &count);
    return ota_collector_gather(collector, &campaign, ranks, first, count,
                                error) &&
           (ota_ranks_self(ranks) > 0 ||
            ota_collector_finish(collector, &campaign, results, error));
}

/* Returns a collector for the replication, or NULL. */
static struct ota_collector *collect(const struct ota_replication *self,
                                     struct ota_error *error)
{
    const struct ota_fleet_config *config = self->config;
    const struct ota_experiment_options *options = self->options;
    int64_t *devices = calloc(config->group_count, sizeof(*devices));

    if (!devices) {
        ota_fail(error, OTA_NO_MEMORY " for %zu groups", config->group_count);
        return NULL;
    }
    for (size_t g = 0; g < config->group_count; g++)
        devices[g] = config->groups[g].count;
    const struct ota_results_shape shape = {
        .group_devices = devices,
        .group_count = config->group_count,
        .threads = self->threads,
        .horizon_us = config->horizon_us,
        .release_us = config->release_us,
        .sink = self->number == 0 ? options->sink : NULL,
        .staged = ota_fleet_config_couples(config),
        .borrows = ota_fleet_config_borrows(config),
        .may_stop = may_stop(&config->policy),
        .within_us = options->within_us,
        .within_count = options->within_count,
        .rates = options->rates,
        .confidence = self->confidence,
    };
    struct ota_collector *collector = ota_collector_new(&shape, error);
    free(devices);
    return collector;
}

/* Runs the fleet and leaves its results. */
static enum ota_experiment_status listen(const struct ota_replication *self,
                                         struct ota_fleet *fleet,
                                         struct ota_results *results,
                                         struct ota_error *error)
{
    struct ota_collector *collector = collect(self, error);
    if (!collector)
        return OTA_EXPERIMENT_FAILED;

    const struct ota_fleet_run_options run = {
        .observers = ota_collector_observers(collector),
        .threads = self->threads,
        .ranks = self->options->ranks,
        .keep_going = self->keep_going,
        .lived = self->lived,
        .context = self->context,
    };
    enum ota_experiment_status status = OTA_EXPERIMENT_DONE;
    if (ota_fleet_run(fleet, &run)) {
        if (!conclude(self, fleet, collector, results, error))
            status = OTA_EXPERIMENT_FAILED;
    } else if (ota_fleet_error(fleet)) {
        *error = *ota_fleet_error(fleet);
        status = OTA_EXPERIMENT_FAILED;
    } else {
        status = OTA_EXPERIMENT_STOPPED; /* on whatever rank */
    }
    ota_collector_free(collector);
    return status;
}

enum ota_experiment_status
ota_replication_run(const struct ota_replication *self,
                    struct ota_results *results, struct ota_error *error)
{
    const struct ota_experiment_options *options = self->options;
    const struct ota_random_key key = {
        .seed = options->seed,
        .replication = (uint64_t)self->number,
    };
    struct ota_fleet *fleet = ota_fleet_new(self->config, &key, error);
    if (!fleet)
        return OTA_EXPERIMENT_FAILED;

    if (self->number == 0 && ota_ranks_count(options->ranks) > 1 &&
        ota_ranks_self(options->ranks) == 0 && !ota_fleet_splits(fleet) &&
        options->alone)
        options->alone(options->context);
    const enum ota_experiment_status status =
        listen(self, fleet, results, error);
    ota_fleet_free(fleet);
    return status;
}

enum ota_experiment_status
ota_experiment_replicate(const struct ota_fleet_config *config,
                         const struct ota_experiment_options *options,
                         int64_t replication, struct ota_results *results,
                         struct ota_error *error)
{
    const struct ota_replication self = {
        .config = config,
        .options = options,
        .number = replication,
        .threads = options->threads,
        .keep_going = options->keep_going,
        .context = options->context,
    };

    assert(options->threads >= 1 && replication >= 0 && !error->failed);
    gsl_set_error_handler_off();
    return ota_replication_run(&self, results, error);
}

/* Runs the fleet with the same observer for each of its threads. */
static enum ota_experiment_status
run_heard(struct ota_fleet *fleet, const struct ota_experiment_options *options,
          const struct ota_observer *observer, struct ota_error *error)
{
    const size_t threads = (size_t)options->threads;
    struct ota_observer *observers = calloc(threads, sizeof(*observers));

    if (!observers) {
        ota_fail(error, OTA_NO_MEMORY " for the observers of %zu threads",
                 threads);
        return OTA_EXPERIMENT_FAILED;
    }
    for (size_t t = 0; t < threads; t++)
        observers[t] = *observer;
    const struct ota_fleet_run_options run = {
        .observers = observers,
        .threads = options->threads,
        .keep_going = options->keep_going,
        .context = options->context,
    };
    const bool ended = ota_fleet_run(fleet, &run);
    free(observers);
    return ended ? OTA_EXPERIMENT_DONE : OTA_EXPERIMENT_STOPPED;
}

enum ota_experiment_status
ota_experiment_listen(const struct ota_fleet_config *config,
                      const struct ota_experiment_options *options,
                      int64_t replication, const struct ota_observer *observer,
                      struct ota_error *error)
{
    const struct ota_random_key key = {
        .seed = options->seed,
        .replication = (uint64_t)replication,
    };

    assert(options->threads >= 1 && replication >= 0 && !error->failed);
    gsl_set_error_handler_off();

    struct ota_fleet *fleet = ota_fleet_new(config, &key, error);
    if (!fleet)
        return OTA_EXPERIMENT_FAILED;
    enum ota_experiment_status status =
        run_heard(fleet, options, observer, error);
    if (status == OTA_EXPERIMENT_STOPPED && ota_fleet_error(fleet)) {
        *error = *ota_fleet_error(fleet);
        status = OTA_EXPERIMENT_FAILED;
    }
    ota_fleet_free(fleet);
    return status;
}
