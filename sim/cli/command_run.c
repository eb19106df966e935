/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command_run.c - `otasim run`: scenario, replications, results, answer.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "models/plan/plan.h"
#include "sim/cli/options.h"
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

static enum ota_exit report_on(const struct ota_options *options,
                               const struct ota_scenario *scenario,
                               const struct ota_summary *summary,
                               const struct ota_spill *devices,
                               struct ota_progress *progress,
                               const char *folder)
{
    char *json = ota_scenario_to_json(scenario, 0);
    if (!json)
        return ota_failed(OTA_NO_MEMORY);

    const struct ota_report report = {
        .summary = summary,
        .devices = devices,
        .scenario_name = scenario->name,
        .scenario_title = scenario->title,
        .policy_name = scenario->fleet.policy.name,
        .scenario_json = json,
        .version = OTASIM_VERSION,
        .seed = scenario->run.seed,
        .horizon_us = scenario->run.horizon_us,
        .release_us = scenario->release.at_us,
        .plan_cap_bytes = least_cap_bytes(&scenario->fleet),
    };
    const enum ota_exit status =
        write_answer(options, &report, progress, folder);
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

static enum ota_exit simulate(const struct ota_options *options,
                              const struct ota_scenario *scenario,
                              const struct ota_run_parts *parts,
                              struct ota_spill *devices, const char *folder)
{
    struct ota_progress progress;
    struct ota_experiment_options experiment = ota_simulate_options(
        options, scenario,
        ota_run_parts_share(options, scenario->run.replications), &progress);
    experiment.sink = devices ? ota_spill_sink(devices) : NULL;
    ota_run_parts_use(parts, &experiment);
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
        return cut_short(parts, &progress, status, &error);
    if (options->parts > 0)
        return ota_run_parts_end(parts);
    if (ota_ranks_self(options->ranks) > 0)
        return OTA_EXIT_OK; /* the first goes on */
    enum ota_exit result;
    if (devices && !ota_spill_finish(devices, &error)) {
        ota_progress_end(&progress);
        result = ota_failed(error.message);
    } else {
        result =
            report_on(options, scenario, &summary, devices, &progress, folder);
    }
    ota_summary_release(&summary);
    return result;
}

/* Simulates with the devices' records kept for the folder. */
static enum ota_exit simulate_into(const struct ota_options *options,
                                   const struct ota_scenario *scenario,
                                   const struct ota_run_parts *parts,
                                   const char *folder)
{
    struct ota_error error = {0};
    struct ota_spill *devices = NULL;
    if (ota_ranks_self(options->ranks) > 0 || ota_output_check(folder, &error))
        devices = ota_spill_new(
            folder, (size_t)ota_fleet_config_devices(&scenario->fleet),
            ota_threads(options), &error);
    const enum ota_exit status =
        ota_ranks_agree(options->ranks, devices != NULL, &error)
            ? simulate(options, scenario, parts, devices, folder)
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

enum ota_exit ota_command_run(const struct ota_options *options)
{
    struct ota_complaints complaints = {0};
    struct ota_scenario scenario;

    if (!ota_scenario_read(&scenario, options->operands[0], options->settings,
                           options->setting_count, &complaints))
        return ota_refuse(&complaints);
    const bool none = options->out && strcmp(options->out, "none") == 0;
    char *folder = none ? NULL : results_folder(options, &scenario);
    struct ota_run_parts parts;
    enum ota_exit status =
        none || folder ? ota_run_parts_open(&parts, options, &scenario, folder)
                       : ota_failed(OTA_NO_MEMORY);
    if (status == OTA_EXIT_OK)
        status = none || options->parts > 0
                     ? simulate(options, &scenario, &parts, NULL, NULL)
                     : simulate_into(options, &scenario, &parts, folder);
    if (none || folder)
        ota_run_parts_close(&parts);
    free(folder);
    ota_scenario_release(&scenario);
    return status;
}
