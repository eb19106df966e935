/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiment.c - runs replications and hands their results to the summary.
 *
 * Replications need nothing of each other, so they run beside each other
 * when there are at least as many as threads; fewer run one after another,
 * each on all threads. So with ranks: replications are dealt to them and their
 * results come back packed; of fewer than ranks each rank runs a part
 * (sim/fleet/conduct_ranks.c). Of a replication only its results stay, on the
 * first rank.
 */
#include "sim/experiment/experiment.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_errno.h>

#include "sim/experiment/experiment_look.h"
#include "sim/experiment/experiment_one.h"
#include "sim/stats/results_pack.h"

struct ota_rates ota_experiment_rates(const struct ota_scenario *scenario)
{
    const struct ota_costs *costs = &scenario->costs;

    return (struct ota_rates){
        .site_visit_usd = ota_dist_mean(&costs->site_visit) / 1e6,
        .operator_hour_usd = (double)costs->operator_hour_uusd / 1e6,
    };
}

/* What the threads share. */
struct experiment {
    const struct ota_fleet_config *config;
    const struct ota_experiment_options *options;
    struct ota_experiment_options one; /* of each replication */
    struct ota_results *results;       /* by replication */
    int64_t *numbers;                  /* of replications that are to be run */
    size_t count;
    int64_t first, end; /* replications of the step */
    int64_t wanted;     /* replications, with those that are known */
    atomic_bool halted; /* asked to stop, or one has failed */
    atomic_llong lived; /* devices of all replications */

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
                       (int64_t)of * experiment->wanted);
}

/* The same of a replication that was lived elsewhere. */
static void lived_elsewhere(struct experiment *experiment)
{
    const size_t devices = (size_t)ota_fleet_config_devices(experiment->config);

    lived(experiment, devices, devices);
}

static enum ota_experiment_status run_one(struct experiment *experiment,
                                          int64_t number,
                                          struct ota_results *results,
                                          struct ota_error *error)
{
    const struct ota_replication replication = {
        .config = experiment->config,
        .options = &experiment->one,
        .number = number,
        .threads = experiment->one.threads,
        .confidence = experiment->options->replications == 1
                          ? experiment->options->confidence
                          : 0.0,
        .keep_going = keep_going,
        .lived = lived,
        .context = experiment,
    };

    return ota_replication_run(&replication, results, error);
}

/* One more is done. Its results stay for the summary, if there will be one. */
static bool count_done(struct experiment *experiment, int64_t number,
                       struct ota_error *error)
{
    const struct ota_experiment_options *options = experiment->options;
    struct ota_results *results = &experiment->results[number];

    const struct ota_results_keeper *keeper = options->keeper;

    if (keeper && keeper->keep &&
        !keeper->keep(keeper->self, number, results, error))
        return false;
    if (options->parts > 0)
        ota_results_release(results);
    experiment->done++;
    if (options->progress)
        options->progress(options->context, experiment->done,
                          experiment->wanted);
    return true;
}

/* --- each on all ranks --- */

/* Runs a replication if all ranks are well; returns whether all are
 * afterwards. */
static bool run_together(struct experiment *experiment, int64_t number,
                         struct ota_error *error)
{
    struct ota_ranks *ranks = experiment->options->ranks;
    struct ota_results *results = &experiment->results[number];

    if (!ota_ranks_agree(ranks, keep_going(experiment), error))
        return false;
    const bool ran =
        run_one(experiment, number, results, error) == OTA_EXPERIMENT_DONE;
    return ota_ranks_agree(ranks,
                           ran && (ota_ranks_self(ranks) > 0 ||
                                   count_done(experiment, number, error)),
                           error);
}

static bool run_all_together(struct experiment *experiment)
{
    bool well = true;

    experiment->one.threads = experiment->options->threads;
    for (size_t i = 0; i < experiment->count && well; i++)
        well =
            run_together(experiment, experiment->numbers[i], experiment->error);
    return well;
}

/* --- each on one rank --- */

static bool run_dealt(void *context, size_t unit, int lane,
                      struct ota_ranks_parcel *packed, struct ota_error *error)
{
    struct experiment *experiment = context;
    const int64_t number = experiment->numbers[unit];
    struct ota_results results;

    (void)lane;
    if (run_one(experiment, number, &results, error) != OTA_EXPERIMENT_DONE)
        return false;
    if (ota_ranks_self(experiment->options->ranks) == 0) {
        experiment->results[number] = results;
        return true;
    }
    const bool good =
        ota_results_pack(&results, &packed->bytes, &packed->size, error);
    ota_results_release(&results);
    return good;
}

static bool take_dealt(void *context, size_t unit,
                       const struct ota_ranks_parcel *packed,
                       struct ota_error *error)
{
    struct experiment *experiment = context;
    const int64_t number = experiment->numbers[unit];

    if (packed->bytes) {
        if (!ota_results_unpack(&experiment->results[number], packed->bytes,
                                packed->size, error))
            return false;
        lived_elsewhere(experiment);
    }
    return count_done(experiment, number, error);
}

/* Replication 0 is one of the first rank's if the devices are to be had
 * there. */
static bool deal_all(struct experiment *experiment, bool beside)
{
    const struct ota_experiment_options *options = experiment->options;
    const struct ota_ranks_work work = {
        .context = experiment,
        .units = experiment->count,
        .threads = beside ? options->threads : 1,
        .first_stays = options->sink && experiment->numbers[0] == 0,
        .work = run_dealt,
        .taken = take_dealt,
        .keep_going = keep_going,
        .halted = &experiment->halted,
    };

    experiment->one.ranks = NULL;
    experiment->one.threads = beside ? 1 : options->threads;
    return ota_ranks_deal(options->ranks, &work, experiment->error);
}

/* --- which --- */

/* Looks for those of the step that are known, and lists the others. */
static bool find_work(struct experiment *experiment, struct ota_error *error)
{
    const struct ota_experiment_options *options = experiment->options;
    const struct ota_results_keeper *keeper = options->keeper;
    const int64_t apart = options->parts > 0 ? options->parts : 1;
    const int64_t before = experiment->done;
    bool found = false;

    for (int64_t r = experiment->first + options->part; r < experiment->end;
         r += apart) {
        if (keeper && keeper->known && !(options->sink && r == 0) &&
            !keeper->known(keeper->self, r, &experiment->results[r], &found,
                           error))
            return false;
        experiment->wanted++;
        if (!found)
            experiment->numbers[experiment->count++] = r;
        else
            experiment->done++;
        found = false;
    }
    for (int64_t r = before; r < experiment->done; r++)
        lived_elsewhere(experiment);
    return true;
}

/* The first rank's list of work becomes everybody's. */
static bool share_work(struct experiment *experiment)
{
    struct ota_ranks *ranks = experiment->options->ranks;
    const bool first = ota_ranks_self(ranks) == 0;
    const bool good = !first || find_work(experiment, experiment->error);
    void *all;
    size_t size;

    if (!ota_ranks_share(ranks, good, experiment->numbers,
                         first ? experiment->count * sizeof(int64_t) : 0, &all,
                         &size, experiment->error))
        return false;
    experiment->count = size / sizeof(int64_t);
    if (size > 0)
        memcpy(experiment->numbers, all, size);
    free(all);
    return true;
}

static enum ota_experiment_status replicate_step(struct experiment *experiment)
{
    const struct ota_experiment_options *options = experiment->options;
    const size_t ranks = (size_t)ota_ranks_count(options->ranks);
    const size_t threads = (size_t)options->threads;

    experiment->one = *options;
    experiment->count = 0;
    bool well = share_work(experiment);
    if (well && experiment->count > 0) {
        const bool beside = experiment->count >= ranks * threads;
        well = beside || (ranks > 1 && experiment->count >= ranks)
                   ? deal_all(experiment, beside)
                   : run_all_together(experiment);
    }
    return well                        ? OTA_EXPERIMENT_DONE
           : experiment->error->failed ? OTA_EXPERIMENT_FAILED
                                       : OTA_EXPERIMENT_STOPPED;
}

/* --- how many --- */

/* The first rank looks, and all know what it found. */
static bool look(struct experiment *experiment, bool *met)
{
    const struct ota_experiment_options *options = experiment->options;
    const bool first = ota_ranks_self(options->ranks) == 0;
    const bool good =
        !first ||
        ota_experiment_look(options, experiment->results,
                            (size_t)experiment->end, met, experiment->error);
    void *all;
    size_t size;

    if (!ota_ranks_share(options->ranks, good, met, first ? sizeof(*met) : 0,
                         &all, &size, experiment->error))
        return false;
    memcpy(met, all, sizeof(*met));
    free(all);
    return true;
}

static enum ota_experiment_status replicate_all(struct experiment *experiment)
{
    const struct ota_experiment_options *options = experiment->options;
    int64_t end = options->replications;
    bool met = options->precision_count == 0;

    if (!met && end < ota_precision_first())
        end = ota_precision_first();
    if (!met && end > options->most)
        end = options->most;
    for (;; end = ota_precision_next(end)) {
        experiment->first = experiment->end;
        experiment->end = !met && end > options->most ? options->most : end;
        const enum ota_experiment_status status = replicate_step(experiment);
        if (status != OTA_EXPERIMENT_DONE)
            return status;
        if (!met && !look(experiment, &met))
            return OTA_EXPERIMENT_FAILED;
        if (met || experiment->end == options->most)
            return OTA_EXPERIMENT_DONE;
    }
}

static enum ota_experiment_status summarise(const struct experiment *experiment,
                                            const char *const *names,
                                            struct ota_summary *summary)
{
    const struct ota_experiment_options *options = experiment->options;

    if (ota_ranks_self(options->ranks) > 0 || options->parts > 0)
        return OTA_EXPERIMENT_DONE;
    if (!ota_summary_make(summary, experiment->results, (size_t)experiment->end,
                          names, options->confidence, experiment->error))
        return OTA_EXPERIMENT_FAILED;
    ota_experiment_settle(options, summary);
    return OTA_EXPERIMENT_DONE;
}

enum ota_experiment_status
ota_experiment_run(const struct ota_fleet_config *config,
                   const struct ota_experiment_options *options,
                   struct ota_summary *summary, struct ota_error *error)
{
    assert(config->group_count >= 1);
    assert(options->replications >= 1 && options->threads >= 1);
    assert(options->parts == 0 ? options->part == 0
                               : options->part < options->parts);
    assert(options->precision_count == 0 ||
           (options->parts == 0 && options->most >= 1));
    assert(!error->failed);
    gsl_set_error_handler_off();

    const size_t replications =
        (size_t)(options->precision_count > 0 &&
                         options->most > options->replications
                     ? options->most
                     : options->replications);
    const char **names = calloc(config->group_count, sizeof(*names));
    struct ota_results *results = calloc(replications, sizeof(*results));
    int64_t *numbers = calloc(replications, sizeof(*numbers));
    enum ota_experiment_status status = OTA_EXPERIMENT_FAILED;

    if (!names || !results || !numbers) {
        ota_fail(error, OTA_NO_MEMORY " for %zu replications", replications);
    } else {
        for (size_t g = 0; g < config->group_count; g++)
            names[g] = config->groups[g].name;
        struct experiment experiment = {
            .config = config,
            .options = options,
            .results = results,
            .numbers = numbers,
            .error = error,
        };
        status = replicate_all(&experiment);
        if (status == OTA_EXPERIMENT_DONE)
            status = summarise(&experiment, names, summary);
        for (size_t r = 0; r < replications; r++)
            ota_results_release(&results[r]);
    }
    free(numbers);
    free(results);
    free(names);
    return status;
}
