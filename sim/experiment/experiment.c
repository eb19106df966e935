/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiment.c - runs replications and hands their results to the summary.
 *
 * Replications need nothing of each other, so they run beside each other
 * when there are at least as many as threads; fewer run one after another,
 * each on all threads. Where there are ranks, each runs a part of every
 * replication (sim/fleet/conduct_ranks.c). Of a replication only its results
 * stay, on the first rank.
 */
#include "sim/experiment/experiment.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <gsl/gsl_errno.h>

#include "sim/fleet/fleet.h"
#include "sim/stats/results.h"

struct ota_rates ota_experiment_rates(const struct ota_scenario *scenario)
{
    const struct ota_costs *costs = &scenario->costs;

    return (struct ota_rates){
        .site_visit_usd = ota_dist_mean(&costs->site_visit) / 1e6,
        .operator_hour_usd = (double)costs->operator_hour_uusd / 1e6,
    };
}

/* One replication, and whom it asks and tells. */
struct replication {
    const struct ota_fleet_config *config;
    const struct ota_experiment_options *options; /* seed, ranks, rates, ... */
    int64_t number;
    int threads;                       /* of the fleet */
    bool (*keep_going)(void *context); /* or NULL */
    void (*lived)(void *context, size_t more, size_t of);
    void *context;
};

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
static bool conclude(const struct replication *self,
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
static struct ota_collector *collect(const struct replication *self,
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
        .staged = !ota_policy_is_at_once(&config->policy),
        .may_stop = may_stop(&config->policy),
        .within_us = options->within_us,
        .within_count = options->within_count,
        .rates = options->rates,
    };
    struct ota_collector *collector = ota_collector_new(&shape, error);
    free(devices);
    return collector;
}

/* Runs the fleet and leaves its results. */
static enum ota_experiment_status listen(const struct replication *self,
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

static enum ota_experiment_status replicate(const struct replication *self,
                                            struct ota_results *results,
                                            struct ota_error *error)
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
    const struct replication self = {
        .config = config,
        .options = options,
        .number = replication,
        .threads = options->threads,
        .keep_going = options->keep_going,
        .context = options->context,
    };

    assert(options->threads >= 1 && replication >= 0 && !error->failed);
    gsl_set_error_handler_off();
    return replicate(&self, results, error);
}

/* --- all of them --- */

/* What the threads share. */
struct experiment {
    const struct ota_fleet_config *config;
    const struct ota_experiment_options *options;
    int fleet_threads;
    struct ota_results *results; /* by replication */
    atomic_bool halted;          /* asked to stop, or one has failed */
    atomic_llong lived;          /* devices of all replications */

    /* Changed by one thread at a time. */
    int64_t done;
    struct ota_error *error;
};

/* Passes the user's wish on, and one replication's failure to all others. */
static bool keep_going(void *self)
{
    struct experiment *experiment = self;
    const struct ota_experiment_options *options = experiment->options;

    if (atomic_load(&experiment->halted))
        return false;
    if (options->keep_going && !options->keep_going(options->context)) {
        atomic_store(&experiment->halted, true);
        return false;
    }
    return true;
}

static void lived(void *self, size_t more, size_t of)
{
    struct experiment *experiment = self;
    const struct ota_experiment_options *options = experiment->options;
    const long long added = (long long)more;

    if (options->lived)
        options->lived(options->context,
                       atomic_fetch_add(&experiment->lived, added) + added,
                       (int64_t)of * options->replications);
}

/* Counts a replication that went well, or notes why it failed. */
static void report(struct experiment *experiment, bool good,
                   const struct ota_error *error)
{
    const struct ota_experiment_options *options = experiment->options;

    if (!good) {
        atomic_store(&experiment->halted, true);
        if (!experiment->error->failed)
            *experiment->error = *error;
    } else if (!atomic_load(&experiment->halted)) {
        experiment->done++;
        if (options->progress)
            options->progress(options->context, experiment->done,
                              options->replications);
    }
}

/* Replicates, if all ranks are well; if one is not afterwards, none is. Being
 * stopped is no failure. */
static bool attempt(struct experiment *experiment, int64_t number,
                    struct ota_error *error)
{
    const struct replication replication = {
        .config = experiment->config,
        .options = experiment->options,
        .number = number,
        .threads = experiment->fleet_threads,
        .keep_going = keep_going,
        .lived = lived,
        .context = experiment,
    };
    struct ota_ranks *ranks = experiment->options->ranks;
    const bool well =
        ota_ranks_agree(ranks, keep_going(experiment), error) &&
        ota_ranks_agree(ranks,
                        replicate(&replication, &experiment->results[number],
                                  error) == OTA_EXPERIMENT_DONE,
                        error);

    if (!well)
        atomic_store(&experiment->halted, true);
    return well || !error->failed;
}

static void replicate_all(struct experiment *experiment)
{
    const int64_t replications = experiment->options->replications;
    const int threads = experiment->options->threads;
    const bool beside = replications >= threads &&
                        ota_ranks_count(experiment->options->ranks) == 1;
    experiment->fleet_threads = beside ? 1 : threads;

#pragma omp parallel for schedule(dynamic) num_threads(beside ? threads : 1)
    for (int64_t r = 0; r < replications; r++) {
        struct ota_error error = {.failed = false};
        const bool good = attempt(experiment, r, &error);
#pragma omp critical(ota_experiment_report)
        report(experiment, good, &error);
    }
}

static enum ota_experiment_status summarise(struct experiment *experiment,
                                            const char *const *names,
                                            struct ota_summary *summary)
{
    if (experiment->error->failed)
        return OTA_EXPERIMENT_FAILED;
    if (experiment->done < experiment->options->replications)
        return OTA_EXPERIMENT_STOPPED;
    if (ota_ranks_self(experiment->options->ranks) > 0)
        return OTA_EXPERIMENT_DONE;
    if (!ota_summary_make(summary, experiment->results,
                          (size_t)experiment->done, names,
                          experiment->options->confidence, experiment->error))
        return OTA_EXPERIMENT_FAILED;
    return OTA_EXPERIMENT_DONE;
}

enum ota_experiment_status
ota_experiment_run(const struct ota_fleet_config *config,
                   const struct ota_experiment_options *options,
                   struct ota_summary *summary, struct ota_error *error)
{
    assert(config->group_count >= 1);
    assert(options->replications >= 1 && options->threads >= 1);
    assert(!error->failed);
    gsl_set_error_handler_off();

    const size_t replications = (size_t)options->replications;
    const char **names = calloc(config->group_count, sizeof(*names));
    struct ota_results *results = calloc(replications, sizeof(*results));
    enum ota_experiment_status status = OTA_EXPERIMENT_FAILED;

    if (!names || !results) {
        ota_fail(error, OTA_NO_MEMORY " for %zu replications", replications);
    } else {
        for (size_t g = 0; g < config->group_count; g++)
            names[g] = config->groups[g].name;
        struct experiment experiment = {
            .config = config,
            .options = options,
            .results = results,
            .error = error,
        };
        replicate_all(&experiment);
        status = summarise(&experiment, names, summary);
        for (size_t r = 0; r < replications; r++)
            ota_results_release(&results[r]);
    }
    free(results);
    free(names);
    return status;
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
