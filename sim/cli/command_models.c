/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command_models.c - `otasim models`: the reference of scenarios and results,
 * printed from the same tables that read and write them.
 */
#include <string.h>

#include "sim/base/units.h"
#include "sim/cli/options.h"
#include "sim/fleet/observation.h"
#include "sim/otasim.h"
#include "sim/scenario/catalog_read.h"
#include "sim/scenario/policy_read.h"
#include "sim/scenario/preset_read.h"
#include "sim/scenario/sections.h"
#include "sim/scenario/setting_path.h"
#include "sim/stats/measure.h"

static void print_field(const struct ota_field *field)
{
    char range[256];

    ota_field_describe(field, range, sizeof(range));
    printf("  %s: %s\n      %s\n", field->name, field->help, range);
    if (!field->fallback)
        puts("      must be given");
    else
        printf("      default: %s\n",
               *field->fallback ? field->fallback : "\"\"");
    if (field->source)
        printf("      source: %s\n", field->source);
    else if (field->fallback)
        puts("      source: ours");
}

static void print_fields(const struct ota_field *fields)
{
    if (!fields->name)
        puts("  (nothing to set)");
    for (; fields->name; fields++)
        print_field(fields);
}

static void print_model(const struct ota_kind *kind,
                        const struct ota_model *model)
{
    const bool usual = kind->usual && strcmp(kind->usual, model->name) == 0;

    printf("%s.%s: %s%s\n", kind->name, model->name, model->summary,
           usual ? " (taken if none is named)" : "");
    if (model->source)
        printf("  source: %s\n", model->source);
    print_fields(model->fields);
}

static enum ota_exit print_kind(const struct ota_kind *kind, const char *name)
{
    if (!name) {
        printf("%s: %s\n", kind->name, kind->summary);
        const struct ota_model *model;
        for (size_t i = 0; (model = kind->at(i)); i++) {
            putchar('\n');
            print_model(kind, model);
        }
        return OTA_EXIT_OK;
    }

    const int index = ota_kind_model_index(kind, name);
    if (index >= 0) {
        print_model(kind, kind->at((size_t)index));
        return OTA_EXIT_OK;
    }
    const char *names[64];
    size_t count = 0;
    const struct ota_model *model;
    while (count < sizeof(names) / sizeof(names[0]) &&
           (model = kind->at(count)))
        names[count++] = model->name;
    ota_unknown("model", name, names, count, ota_command_find("models"));
    return OTA_EXIT_MISUSE;
}

static const char *const outcome_help[OTA_OUTCOMES] = {
    [OTA_OUTCOME_UPDATED_CONFIRMED] =
        "runs the new version and has reported it",
    [OTA_OUTCOME_UPDATED_UNREPORTED] =
        "runs the new version, which the cloud has not heard of yet",
    [OTA_OUTCOME_IN_PROGRESS] =
        "a transfer, a restart or a crash that a watchdog ends was under way",
    [OTA_OUTCOME_WAITING_NOT_REACHED] = "the rollout did not get to it",
    [OTA_OUTCOME_WAITING_CANCELED] = "the rollout took its offer back",
    [OTA_OUTCOME_WAITING_NEVER_REACHABLE] = "never came online",
    [OTA_OUTCOME_WAITING_NEVER_OFFERED] =
        "online, but never when the cloud offers",
    [OTA_OUTCOME_WAITING_NEVER_BEGUN] =
        "offered, always gone before the transfer began",
    [OTA_OUTCOME_WAITING_ALWAYS_ABORTED] = "begun, never finished",
    [OTA_OUTCOME_FAILED_NOT_APPLIED] =
        "transfers were complete, but no module took effect",
    [OTA_OUTCOME_FAILED_GIVEN_UP] = "the cloud ran out of attempts",
    [OTA_OUTCOME_FAILED_CRASHING] =
        "a bad image boots again and again, and never connects",
    [OTA_OUTCOME_FAILED_REFUSED] =
        "every attempt was refused: updates disabled, or the wrong order",
    [OTA_OUTCOME_SAFE_MODE] = "in safe mode: its app does not run",
    [OTA_OUTCOME_REVERTED] =
        "a bad image crashed until a watchdog brought the old one back",
    [OTA_OUTCOME_ROLLED_BACK] = "runs the old version again, as it was told to",
    [OTA_OUTCOME_BRICKED] =
        "dead of a bad image, or of a power loss while a module was applied",
    [OTA_OUTCOME_OUT_OF_BATTERY] =
        "the battery ran out before the new version ran",
    [OTA_OUTCOME_OUT_OF_DATA] =
        "its SIM is paused until the next billing period",
};

static const char *const state_help[OTA_STATES] = {
    [OTA_STATE_WAITING] = "the old version runs, nothing is under way",
    [OTA_STATE_DOWNLOADING] = "a module of the release is being transferred",
    [OTA_STATE_APPLYING] = "restarting with a new module",
    [OTA_STATE_SAFE_MODE] = "the app does not run; being healed, or not",
    [OTA_STATE_INSTALLED] = "the new version runs, the cloud does not know",
    [OTA_STATE_CONFIRMED] = "the new version runs and has reported itself",
    [OTA_STATE_GIVEN_UP] = "the cloud tries no more",
    [OTA_STATE_OUT_OF_DATA] = "not updated, and its SIM is paused",
    [OTA_STATE_DEAD] = "the battery is empty, with the old version",
    [OTA_STATE_ABSENT] = "switched off for good",
    [OTA_STATE_CRASHING] = "a bad image boots again and again",
    [OTA_STATE_REVERTED] = "a watchdog brought the old version back",
    [OTA_STATE_ROLLED_BACK] = "runs the old version again, as it was told to",
    [OTA_STATE_BRICKED] = "dead of an image, or of a power loss in applying",
};

static enum ota_exit print_policy(void)
{
    ota_policy_print(stdout);
    return OTA_EXIT_OK;
}

/* What measures there are beside KPIs and outcomes, and how they are asked
 * for. */
static void print_measures(void)
{
    puts("\nmeasures: what compare, sweep, tune and --precision take");
    puts("  NAME: a KPI or an outcome\n"
         "  updated_within(7d): share of all targets that ran the release so "
         "long\n      after it at the latest; offered_within() and "
         "confirmed_within() likewise\n"
         "  GROUP.NAME: the same of a group alone\n"
         "second names:");
    for (size_t i = 0; ota_measure_seconds[i].name; i++)
        printf("  %s: %s\n", ota_measure_seconds[i].name,
               ota_measure_seconds[i].means);
}

static enum ota_exit print_kpis(void)
{
    puts("kpi: the numbers a run is judged by, as summary.json names them");
    for (int i = 0; i < OTA_KPIS; i++)
        printf("  %s [%s]: %s\n", ota_kpis[i].name, ota_kpis[i].unit,
               ota_kpis[i].help);
    puts("\noutcomes: how a device stood at the end; exactly one each");
    for (int i = 0; i < OTA_OUTCOMES; i++)
        printf("  %s: %s\n", ota_outcome_names[i], outcome_help[i]);
    print_measures();
    puts("\nstates: where a device is on its way; exactly one at a time");
    for (int i = 0; i < OTA_STATES; i++)
        printf("  %s: %s\n", ota_state_names[i], state_help[i]);
    return OTA_EXIT_OK;
}

/* Fields by path, as --set and --vary take them. */
static void print_paths(void)
{
    puts("\npaths, for --set and --vary:\n"
         "  release.at              of the scenario\n"
         "  fleet.NAME.app.wait     of a group; also by index, "
         "fleet.0.app.wait\n"
         "  app.wait                of all groups, the same as "
         "fleet.*.app.wait\n"
         "  @policy                 the value is a file that holds it\n"
         "  @                       the value is a file of changes to the "
         "scenario\n"
         "second names:");
    for (const struct ota_second_name *s = ota_second_names; s->written; s++)
        printf("  %s%s%s means %s%s%s\n", s->section ? s->section : "",
               s->section ? "." : "", s->written, s->section ? s->section : "",
               s->section ? "." : "", s->meant);
}

static enum ota_exit print_values(void)
{
    /* Each is tried by tests/cli/models.sh. */
    static const char *const distributions[] = {
        "fixed(30s)                        always this; the same as 30s",
        "uniform(3s, 20s)                  least, most",
        "triangular(1s, 5s, 30s)           least, likeliest, most",
        "exponential(1h)                   mean",
        "lognormal(15s, 40s)               median, 95th percentile",
        "gamma(2, 10s)                     shape, mean",
        "weibull(1.5, 10s)                 shape, scale",
        "empirical(0: 1s, 0.5: 2s, 1: 9s)  quantiles, straight lines between",
        "empirical(delays.txt)             a file with an amount a line",
        "mixture(0.9: 1s, 0.1: uniform(10s, 90s))  shares that sum to 1",
    };

    puts("values: how amounts are written, and their units");
    for (int d = OTA_TIME; d < OTA_DIMENSIONS; d++) {
        char units[128];
        ota_units_list((enum ota_dimension)d, units, sizeof(units));
        printf("  %-17s \"%s\"  (%s)\n",
               ota_dimension_name((enum ota_dimension)d),
               ota_dimension_example((enum ota_dimension)d), units);
    }
    puts("  share             0.02 or \"2%\"\n"
         "  number, flag      20, true\n"
         "  \"15m\" is 15 minutes too; KB and MB are 1,000 and 1,000,000 "
         "bytes, KiB and\n  MiB 1,024 and 1,048,576\n"
         "\ndistributions, where a field takes one:");
    for (size_t i = 0; i < sizeof(distributions) / sizeof(distributions[0]);
         i++)
        printf("  %s\n", distributions[i]);
    print_paths();
    return OTA_EXIT_OK;
}

/* The releases of one platform stand together. */
static void print_releases(const struct ota_catalog *catalog)
{
    const char *platform = "";

    for (size_t i = 0; i < catalog->release_count; i++) {
        const struct ota_release *release = &catalog->releases[i];
        if (strcmp(platform, release->platform) != 0)
            printf("%s  %s:", *platform ? "\n" : "", release->platform);
        printf(" %s", release->os);
        platform = release->platform;
    }
    putchar('\n');
}

static enum ota_exit print_catalog(void)
{
    struct ota_arena arena = {0};
    struct ota_complaints complaints = {0};
    struct ota_catalog catalog;
    const bool ok = ota_catalog_read(&catalog, NULL, &arena, &complaints);

    if (ok) {
        puts("catalog: platforms and releases of Device OS; a scenario adds "
             "its own with \"catalog\"");
        print_releases(&catalog);
    } else {
        ota_complaints_print(&complaints, stderr);
    }
    ota_arena_release(&arena);
    return ok ? OTA_EXIT_OK : OTA_EXIT_FAILED;
}

static void print_preset(const struct ota_preset *preset, bool values)
{
    printf("  %s: %s\n      %s\n", preset->name, preset->model->name,
           preset->basis);
    if (!values)
        return;
    for (const struct ota_json *v = preset->set->child; v; v = v->next)
        printf("      %s: %s\n", v->key, v->text);
}

/* Of one kind, as the lines stand; those of the name, with their values, or all
 * if it is NULL. Returns how many. */
static size_t print_presets_of(const struct ota_presets *presets,
                               const struct ota_kind *kind, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < presets->count; i++) {
        const struct ota_preset *preset = &presets->items[i];
        if (preset->kind != kind || (name && strcmp(preset->name, name) != 0))
            continue;
        if (count++ == 0)
            printf("%s%s:\n", name ? "" : "\n", kind->name);
        print_preset(preset, name);
    }
    return count;
}

static void unknown_preset(const struct ota_presets *presets, const char *name)
{
    const char *names[256];
    size_t count = 0;

    while (count < presets->count && count < sizeof(names) / sizeof(names[0])) {
        names[count] = presets->items[count].name;
        count++;
    }
    ota_unknown("preset", name, names, count, ota_command_find("models"));
}

/* Kind after kind. */
static enum ota_exit print_presets_named(const char *name)
{
    struct ota_arena arena = {0};
    struct ota_complaints complaints = {0};
    struct ota_presets presets;
    const struct ota_presets_source shipped = {0};
    enum ota_exit result = OTA_EXIT_FAILED;

    if (ota_presets_read(&presets, &shipped, &arena, &complaints)) {
        size_t count = 0;
        if (!name)
            puts("presets: settings of models that go by a name; \"preset\": "
                 "NAME in a model's\nsection takes them, and what else the "
                 "section sets goes before them.\n`otasim models presets NAME` "
                 "shows the values of one.");
        for (const struct ota_kind *k = ota_kinds; k->name; k++)
            count += print_presets_of(&presets, k, name);
        result = count ? OTA_EXIT_OK : OTA_EXIT_MISUSE;
        if (!count)
            unknown_preset(&presets, name);
    } else {
        ota_complaints_print(&complaints, stderr);
    }
    ota_arena_release(&arena);
    return result;
}

static enum ota_exit print_presets(void)
{
    return print_presets_named(NULL);
}

/* What is neither a kind of model nor a section. */
static const struct {
    const char *name, *summary;
    enum ota_exit (*print)(void);
} pages[] = {
    {"values", "how amounts, shares and distributions are written",
     print_values},
    {"policy", "whom a rollout reaches when, and what stops it", print_policy},
    {"catalog", "the platforms and releases that the program knows",
     print_catalog},
    {"presets", "settings of models that go by a name", print_presets},
    {"kpi", "the numbers a run is judged by, outcomes, measures", print_kpis},
};

enum { PAGES = sizeof(pages) / sizeof(pages[0]) };

static void print_overview(void)
{
    puts("kinds of model:");
    for (const struct ota_kind *kind = ota_kinds; kind->name; kind++) {
        printf("  %-12s %s\n", kind->name, kind->summary);
        const struct ota_model *model;
        for (size_t i = 0; (model = kind->at(i)); i++)
            printf("    %-14s %s\n", model->name, model->summary);
    }
    puts("\nsections of a scenario:");
    for (const struct ota_section *s = ota_sections; s->name; s++)
        printf("  %-12s %s\n", s->name, s->summary);
    puts("\nmore pages:");
    for (size_t i = 0; i < PAGES; i++)
        printf("  %-12s %s\n", pages[i].name, pages[i].summary);
    puts("\nMore: otasim models KIND [NAME]");
}

static enum ota_exit unknown_kind(const char *word)
{
    const char *names[64];
    size_t count = 0;

    for (size_t i = 0; i < PAGES; i++)
        names[count++] = pages[i].name;
    for (const struct ota_kind *k = ota_kinds; k->name && count < 32; k++)
        names[count++] = k->name;
    for (const struct ota_section *s = ota_sections; s->name && count < 64; s++)
        names[count++] = s->name;
    ota_unknown("kind", word, names, count, ota_command_find("models"));
    return OTA_EXIT_MISUSE;
}

enum ota_exit ota_command_models(const struct ota_options *options)
{
    const char *word = options->operands[0];
    const char *name = options->operands[1];

    if (options->schema)
        return ota_scenario_write_schema(stdout) ? OTA_EXIT_OK
                                                 : OTA_EXIT_FAILED;
    if (options->operand_count == 0) {
        print_overview();
        return OTA_EXIT_OK;
    }
    if (options->operand_count == 1)
        name = NULL;

    const struct ota_kind *kind = ota_kind_find(word);
    if (kind)
        return print_kind(kind, name);
    if (name && strcmp(word, "presets") == 0)
        return print_presets_named(name);
    if (name) {
        fprintf(stderr, "otasim: %s is not a kind of model, so it has no %s\n",
                word, name);
        return OTA_EXIT_MISUSE;
    }
    for (size_t i = 0; i < PAGES; i++)
        if (strcmp(word, pages[i].name) == 0)
            return pages[i].print();
    for (const struct ota_section *s = ota_sections; s->name; s++) {
        if (strcmp(word, s->name) == 0) {
            printf("%s: %s\n", s->name, s->summary);
            if (s->fields->name || !s->about)
                print_fields(s->fields);
            if (s->about)
                fputs(s->about, stdout);
            return OTA_EXIT_OK;
        }
    }
    return unknown_kind(word);
}
