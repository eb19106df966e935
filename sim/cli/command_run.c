/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command_run.c - `otasim run`: scenario, replications, results, answer.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "models/plan/plan.h"
#include "sim/cli/options.h"
#include "sim/cli/precisions.h"
#include "sim/cli/progress.h"
#include "sim/cli/run_parts.h"
#include "sim/cli/simulate.h"
#include "sim/otasim.h"

int ota_terminal_width(void)
{
    const char *columns = getenv("COLUMNS");
    const int width = columns ? atoi(columns) : 0;

    return width > 0 ? width : 80;
}

/* https://no-color.org: any value that is not empty. What starts ranks shows
 * them a terminal, wherever their output goes. */
bool ota_wants_colour(const struct ota_options *options)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return !options->ranks && isatty(STDOUT_FILENO) &&
           !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
}

/* The least data that any plan of the fleet includes. */
static int64_t least_cap_bytes(const struct ota_fleet_config *fleet)
{
    int64_t least = INT64_MAX;

    for (size_t g = 0; g < fleet->group_count; g++) {
        const struct ota_plan *plan = &fleet->groups[g].plan;
        if (plan->model != &ota_plan_capped)
            continue;
        const struct ota_plan_capped_config *config = plan->config;
        if (config->included_bytes < least)
            least = config->included_bytes;
    }
    return least;
}

static enum ota_exit write_answer(const struct ota_options *options,
                                  const struct ota_report *report,
                                  struct ota_progress *progress,
                                  const char *folder)
{
    struct ota_error error = {0};
    const struct ota_output_options output = {
        .threads = ota_threads(options),
        .draw = !options->no_plots,
        .warn = stderr,
        .keep_going = ota_progress_keep_going,
        .context = progress,
    };
    if (folder)
        ota_progress_writing(progress);
    const bool written =
        !folder || ota_output_write(report, folder, &output, &error);
    ota_progress_clear(progress);
    if (!written)
        ota_failed(error.message);
    ota_progress_end(progress);
    if (!written)
        return OTA_EXIT_FAILED;

    if (options->json) {
        ota_output_print_json(report, stdout); /* main() looks at stdout */
    } else if (!options->quiet) {
        ota_output_print(report, stdout, ota_terminal_width(),
                         ota_wants_colour(options));
        if (folder)
            printf("\nResults: %s\n", folder);
    }
    return OTA_EXIT_OK;
}

/* A run, as it was asked for. */
struct run {
    const struct ota_options *options;
    struct ota_scenario scenario;
    struct ota_run_parts parts;
    struct ota_precisions precisions;
    char *folder; /* of the results; NULL: nothing is written */
};

static enum ota_exit report_on(const struct run *run,
                               const struct ota_summary *summary,
                               const struct ota_spill *devices,
                               struct ota_progress *progress)
{
    struct ota_scenario scenario = run->scenario;
    scenario.run.replications = summary->replications; /* that there were */
    char *json = ota_scenario_to_json(&scenario, 0);
    if (!json)
        return ota_failed(OTA_NO_MEMORY);

    const struct ota_report report = {
        .summary = summary,
        .devices = devices,
        .scenario_name = scenario.name,
        .scenario_title = scenario.title,
        .policy_name = scenario.fleet.policy.name,
        .scenario_json = json,
        .version = OTASIM_VERSION,
        .seed = scenario.run.seed,
        .horizon_us = scenario.run.horizon_us,
        .release_us = scenario.release.at_us,
        .plan_cap_bytes = least_cap_bytes(&scenario.fleet),
        .precisions = run->precisions.list,
        .looks = run->precisions.looks,
        .precision_count = run->precisions.count,
    };
    const enum ota_exit status =
        write_answer(run->options, &report, progress, run->folder);
    free(json);
    return status;
}

/* Says what became of a run that did not come to its end. */
static enum ota_exit cut_short(const struct ota_run_parts *parts,
                               const struct ota_progress *progress,
                               enum ota_experiment_status status,
                               const struct ota_error *error)
{
    const long long of = (long long)progress->replications;

    if (status == OTA_EXPERIMENT_FAILED)
        ota_failed(error->message);
    else if (parts->path)
        fputs("otasim: interrupted\n", stderr);
    else
        fprintf(stderr,
                "otasim: interrupted after %lld of %lld replications; nothing "
                "was written\n",
                (long long)atomic_load(&progress->done), of);
    ota_run_parts_kept(parts, of);
    return OTA_EXIT_FAILED;
}

static enum ota_exit simulate(const struct run *run, struct ota_spill *devices)
{
    const struct ota_options *options = run->options;
    const struct ota_scenario *scenario = &run->scenario;
    struct ota_progress progress;
    struct ota_experiment_options experiment = ota_simulate_options(
        options, scenario,
        ota_run_parts_share(options, scenario->run.replications), &progress);
    experiment.sink = devices ? ota_spill_sink(devices) : NULL;
    ota_run_parts_use(&run->parts, &experiment);
    ota_precisions_use(&run->precisions, &experiment);
    struct ota_summary summary;
    struct ota_error error = {0};
    const enum ota_experiment_status status =
        ota_experiment_run(&scenario->fleet, &experiment, &summary, &error);
    ota_progress_clear(&progress);

    if (status == OTA_EXPERIMENT_STOPPED)
        ota_progress_stopped(&progress);
    if (status != OTA_EXPERIMENT_DONE || options->parts > 0 ||
        ota_ranks_self(options->ranks) > 0)
        ota_progress_end(&progress);
    if (status != OTA_EXPERIMENT_DONE)
        return cut_short(&run->parts, &progress, status, &error);
    if (options->parts > 0)
        return ota_run_parts_end(&run->parts);
    if (ota_ranks_self(options->ranks) > 0)
        return OTA_EXIT_OK; /* the first goes on */
    enum ota_exit result;
    if (devices && !ota_spill_finish(devices, &error)) {
        ota_progress_end(&progress);
        result = ota_failed(error.message);
    } else {
        result = report_on(run, &summary, devices, &progress);
    }
    ota_summary_release(&summary);
    return result;
}

/* Simulates with the devices' records kept for the folder. */
static enum ota_exit simulate_into(const struct run *run)
{
    const struct ota_options *options = run->options;
    struct ota_error error = {0};
    struct ota_spill *devices = NULL;
    if (ota_ranks_self(options->ranks) > 0 ||
        ota_output_check(run->folder, &error))
        devices = ota_spill_new(
            run->folder, (size_t)ota_fleet_config_devices(&run->scenario.fleet),
            ota_threads(options), &error);
    const enum ota_exit status =
        ota_ranks_agree(options->ranks, devices != NULL, &error)
            ? simulate(run, devices)
            : ota_failed(error.message);
    ota_spill_free(devices);
    return status;
}

/* Returns where the results go, which the caller frees, or NULL. */
static char *results_folder(const struct ota_options *options,
                            const struct ota_scenario *scenario)
{
    const char *parent = options->out ? "" : "results/";
    const char *name = options->out ? options->out : scenario->name;
    const size_t size = strlen(parent) + strlen(name) + 1;
    char *folder = malloc(size);

    if (folder)
        snprintf(folder, size, "%s%s", parent, name);
    return folder;
}

/* Opens the part, if it is one, and runs. */
static enum ota_exit run_scenario(struct run *run)
{
    enum ota_exit status = ota_run_parts_open(&run->parts, run->options,
                                              &run->scenario, run->folder);
    if (status == OTA_EXIT_OK)
        status = run->folder && run->options->parts == 0 ? simulate_into(run)
                                                         : simulate(run, NULL);
    ota_run_parts_close(&run->parts);
    return status;
}

enum ota_exit ota_command_run(const struct ota_options *options)
{
    const bool none = options->out && strcmp(options->out, "none") == 0;
    struct ota_complaints complaints = {0};
    struct run run = {.options = options};

    if (!ota_scenario_read(&run.scenario, options->operands[0],
                           options->settings, options->setting_count,
                           &complaints))
        return ota_refuse(&complaints);
    enum ota_exit status =
        ota_precisions_read(&run.precisions, options, &run.scenario.fleet);
    if (status == OTA_EXIT_OK && !none) {
        run.folder = results_folder(options, &run.scenario);
        status = run.folder ? OTA_EXIT_OK : ota_failed(OTA_NO_MEMORY);
    }
    if (status == OTA_EXIT_OK)
        status = run_scenario(&run);
    free(run.folder);
    ota_precisions_release(&run.precisions);
    ota_scenario_release(&run.scenario);
    return status;
}
