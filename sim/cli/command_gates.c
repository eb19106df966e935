/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command_gates.c - `otasim gates`: how often the rollout's rules are wrong.
 */
#include <stdlib.h>

#include "output/gate_errors.h"
#include "sim/cli/options.h"
#include "sim/cli/progress.h"
#include "sim/cli/simulate.h"
#include "sim/experiment/gates.h"
#include "sim/otasim.h"

static enum ota_exit report_on(const struct ota_options *options,
                               const struct ota_scenario *scenario,
                               const struct ota_gates *gates)
{
    const struct ota_estimate missed = ota_gates_missed(&gates->bad);
    struct ota_gates_report report = {
        .good =
            {
                .summary = &gates->good,
                .scenario_name = scenario->name,
                .scenario_title = scenario->title,
                .policy_name = scenario->fleet.policy.name,
                .scenario_json = "",
                .version = OTASIM_VERSION,
                .seed = scenario->run.seed,
                .horizon_us = scenario->run.horizon_us,
                .release_us = scenario->release.at_us,
                .plan_cap_bytes = INT64_MAX,
            },
        .policy_name = scenario->fleet.policy.name,
        .missed = &missed,
    };
    report.bad = report.good;
    report.bad.summary = &gates->bad;

    if (options->json)
        ota_gates_print_json(&report, stdout); /* main() looks at stdout */
    else if (!options->quiet)
        ota_gates_print(&report, stdout, ota_terminal_width(),
                        ota_wants_colour(options));
    return OTA_EXIT_OK;
}

static enum ota_exit simulate(const struct ota_options *options,
                              const struct ota_scenario *scenario)
{
    struct ota_progress progress;
    const int64_t runs = 2 * scenario->run.replications;
    const struct ota_experiment_options experiment =
        ota_simulate_options(options, scenario, runs, &progress);
    struct ota_gates gates;
    struct ota_error error = {0};
    const enum ota_experiment_status status =
        ota_gates_run(&scenario->fleet, &experiment, &gates, &error);
    ota_progress_clear(&progress);
    if (status == OTA_EXPERIMENT_STOPPED)
        ota_progress_stopped(&progress);
    ota_progress_end(&progress);

    if (status == OTA_EXPERIMENT_FAILED)
        return ota_failed(error.message);
    if (status == OTA_EXPERIMENT_STOPPED) {
        fprintf(stderr, "otasim: interrupted after %lld of %lld replications\n",
                (long long)atomic_load(&progress.done), (long long)runs);
        return OTA_EXIT_FAILED;
    }
    const enum ota_exit result = ota_ranks_self(options->ranks) > 0
                                     ? OTA_EXIT_OK
                                     : report_on(options, scenario, &gates);
    ota_gates_release(&gates);
    return result;
}

/* Why the scenario cannot answer the question, or NULL. */
static const char *unanswerable(const struct ota_scenario *scenario)
{
    if (ota_gates_nothing_bad(&scenario->fleet))
        return "the release is good on every device, so there is no bad one to "
               "miss: give it a fate and a share, as by\n"
               "    --set image.fate=reverts --set image.bad=0.05 --set "
               "image.after=10min\n"
               "`otasim models image` tells of both";
    if (ota_gates_no_rule(&scenario->fleet.policy))
        return "no rule of the policy stops or halts a release, so none can be "
               "wrong: name a policy with one, as by\n"
               "    --policy FILE\n"
               "`otasim models policy` tells of rules";
    return NULL;
}

enum ota_exit ota_command_gates(const struct ota_options *options)
{
    struct ota_complaints complaints = {0};
    struct ota_scenario scenario;

    if (!ota_scenario_read(&scenario, options->operands[0], options->settings,
                           options->setting_count, &complaints))
        return ota_refuse(&complaints);
    enum ota_exit status = OTA_EXIT_SCENARIO;
    const char *why = unanswerable(&scenario);
    if (why)
        fprintf(stderr, "otasim: %s: %s\n", options->operands[0], why);
    else
        status = simulate(options, &scenario);
    ota_scenario_release(&scenario);
    return status;
}
