/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command_estimate.c - `otasim estimate`: what an update costs a device,
 * without a simulation.
 */
#include <stdlib.h>
#include <string.h>

#include "output/estimate.h"
#include "sim/cli/estimate_flags.h"
#include "sim/cli/options.h"
#include "sim/experiment/estimate.h"

static size_t count_variants(const struct ota_fleet_config *fleet)
{
    size_t count = 0;

    for (size_t g = 0; g < fleet->group_count; g++)
        count += fleet->groups[g].variant_count;
    return count;
}

static void forecast_all(const struct ota_fleet_config *fleet,
                         struct ota_forecast *forecasts)
{
    size_t at = 0;

    for (size_t g = 0; g < fleet->group_count; g++)
        for (size_t v = 0; v < fleet->groups[g].variant_count; v++)
            ota_forecast(fleet, &fleet->groups[g],
                         &fleet->groups[g].variants[v], &forecasts[at++]);
}

static enum ota_exit answer(const struct ota_options *options,
                            const struct ota_scenario *scenario,
                            const struct ota_estimate_flags *flags)
{
    const size_t count = count_variants(&scenario->fleet);
    struct ota_forecast *forecasts = calloc(count, sizeof(*forecasts));
    const char *sources[OTA_ESTIMATE_SOURCES];
    const struct ota_estimate_report report = {
        .title = scenario->title,
        .sources = sources,
        .source_count = flags ? flags->source_count : 0,
        .app_version = scenario->release.app_version,
        .app_bytes = scenario->release.app_bytes,
        .needs_os = scenario->release.needs_os,
        .forecasts = forecasts,
        .count = count,
    };

    if (!forecasts)
        return ota_failed(OTA_NO_MEMORY);
    for (size_t i = 0; i < report.source_count; i++)
        sources[i] = flags->sources[i];
    forecast_all(&scenario->fleet, forecasts);
    if (options->json)
        ota_estimate_print_json(&report, stdout); /* main() looks at stdout */
    else if (!options->quiet)
        ota_estimate_print(&report, stdout, ota_terminal_width(),
                           ota_wants_colour(options));
    free(forecasts);
    return OTA_EXIT_OK;
}

static bool has_flags(const struct ota_options *options)
{
    return options->platform || options->from || options->to || options->app ||
           options->link;
}

static enum ota_exit from_flags(const struct ota_options *options)
{
    struct ota_estimate_flags flags;
    struct ota_complaints complaints = {0};
    struct ota_scenario scenario;
    enum ota_exit status = ota_estimate_flags_read(&flags, options);

    if (status != OTA_EXIT_OK)
        return status;
    if (!ota_scenario_read_text(&scenario, "flags", flags.text,
                                strlen(flags.text), options->settings,
                                options->setting_count, &complaints))
        return ota_refuse(&complaints);
    status = answer(options, &scenario, &flags);
    ota_scenario_release(&scenario);
    return status;
}

enum ota_exit ota_command_estimate(const struct ota_options *options)
{
    struct ota_complaints complaints = {0};
    struct ota_scenario scenario;

    if (has_flags(options))
        return options->operand_count > 0
                   ? ota_misuse(options->command, options->operands[0],
                                "a scenario says what the flags do; give one "
                                "or the other")
                   : from_flags(options);
    if (options->operand_count == 0)
        return ota_misuse(options->command, "nothing to estimate",
                          "name a SCENARIO, or a device by --platform and "
                          "--from with --to or --app");
    if (!ota_scenario_read(&scenario, options->operands[0], options->settings,
                           options->setting_count, &complaints))
        return ota_refuse(&complaints);
    const enum ota_exit status = answer(options, &scenario, NULL);
    ota_scenario_release(&scenario);
    return status;
}
