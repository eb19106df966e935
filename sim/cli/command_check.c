/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command_check.c - `otasim check`: what is wrong with a scenario, or what it
 * holds.
 */
#include <ctype.h>
#include <stdlib.h>

#include "output/number.h"
#include "sim/cli/options.h"
#include "sim/otasim.h"

static void count(double value, const char *one, const char *many)
{
    char number[OTA_NUMBER_SIZE];

    ota_number_grouped(value, 0, number, sizeof(number));
    printf("%s %s", number, value == 1.0 ? one : many);
}

static void print_variant(const struct ota_scenario *scenario,
                          const struct ota_group *group,
                          const struct ota_variant *variant)
{
    const struct ota_release_config *release = &scenario->release;

    printf("  %s: %s, %s ->", group->name, group->platform, variant->os);
    if (release->app_bytes > 0)
        printf(" app %lld", (long long)release->app_version);
    if (release->needs_os[0])
        printf("%s%s", release->app_bytes > 0 ? " on " : " ",
               release->needs_os);
    fputs(": ", stdout);
    count((double)variant->path.count, "module", "modules");
    fputs(", ", stdout);
    count((double)variant->path.payload_bytes, "B", "B");
    if (group->variant_count > 1)
        printf(", %g %% of the group", 100.0 * variant->share);
    putchar('\n');
}

static size_t rules_of(const struct ota_rules *rules)
{
    return rules ? rules->count : 0;
}

/* Nothing of one that has no name and reaches all at once. */
static void print_policy(const struct ota_policy *policy)
{
    size_t rules = policy->rules.count;

    if (!policy->name[0] && ota_policy_is_at_once(policy))
        return;
    for (size_t w = 0; w < policy->waves.count; w++)
        rules += rules_of(policy->waves.list[w].rules);
    printf("  policy%s", policy->name[0] ? " " : "");
    for (const char *c = policy->name; *c; c++)
        putchar(iscntrl((unsigned char)*c) ? ' ' : *c);
    fputs(": ", stdout);
    count((double)policy->waves.count, "wave", "waves");
    fputs(", ", stdout);
    count((double)rules, "rule", "rules");
    putchar('\n');
}

static void print_contents(const struct ota_scenario *scenario,
                           const char *file)
{
    printf("%s: ok: ", file);
    count((double)scenario->fleet.group_count, "group", "groups");
    fputs(", ", stdout);
    count((double)ota_fleet_config_devices(&scenario->fleet), "device",
          "devices");
    putchar('\n');
    for (size_t g = 0; g < scenario->fleet.group_count; g++) {
        const struct ota_group *group = &scenario->fleet.groups[g];
        for (size_t v = 0; v < group->variant_count; v++)
            print_variant(scenario, group, &group->variants[v]);
    }
    print_policy(&scenario->fleet.policy);
}

static enum ota_exit print_json(const struct ota_scenario *scenario)
{
    char *json = ota_scenario_to_json(scenario, 0);

    if (!json) {
        fputs("otasim: " OTA_NO_MEMORY "\n", stderr);
        return OTA_EXIT_FAILED;
    }
    puts(json);
    free(json);
    return OTA_EXIT_OK;
}

enum ota_exit ota_command_check(const struct ota_options *options)
{
    struct ota_complaints complaints = {0};
    struct ota_scenario scenario;

    if (!ota_scenario_read(&scenario, options->operands[0], options->settings,
                           options->setting_count, &complaints))
        return ota_refuse(&complaints);
    enum ota_exit status = OTA_EXIT_OK;
    if (options->json)
        status = print_json(&scenario);
    else if (!options->quiet)
        print_contents(&scenario, options->operands[0]);
    ota_scenario_release(&scenario);
    return status;
}
