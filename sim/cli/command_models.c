/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command_models.c - `otasim models`: the reference of scenarios and results,
 * printed from the same tables that read and write them.
 */
#include <string.h>

#include "sim/base/text.h"
#include "sim/cli/options.h"
#include "sim/fleet/observation.h"
#include "sim/otasim.h"
#include "sim/scenario/sections.h"
#include "sim/stats/kpi.h"

static const char kpi_word[] = "kpi";

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
    ota_unknown("model", name, ota_text_nearest(name, names, count),
                ota_command_find("models"));
    return OTA_EXIT_MISUSE;
}

static void print_kpis(void)
{
    puts("kpi: the numbers a run is judged by, as summary.json names them");
    for (int i = 0; i < OTA_KPIS; i++)
        printf("  %s [%s]: %s\n", ota_kpis[i].name, ota_kpis[i].unit,
               ota_kpis[i].help);
    puts("\noutcomes: how a device stood at the end; exactly one each");
    for (int i = 0; i < OTA_OUTCOMES; i++)
        printf("  %s\n", ota_outcome_names[i]);
    puts("\nstates: where a device is on its way; exactly one at a time");
    for (int i = 0; i < OTA_STATES; i++)
        printf("  %s\n", ota_state_names[i]);
}

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
    printf("\nresults:\n  %-12s %s\n", kpi_word,
           "the numbers a run is judged by, and outcomes");
    puts("\nMore: otasim models KIND [NAME]");
}

static enum ota_exit unknown_kind(const char *word)
{
    const char *names[64];
    size_t count = 0;

    names[count++] = kpi_word;
    for (const struct ota_kind *k = ota_kinds; k->name && count < 32; k++)
        names[count++] = k->name;
    for (const struct ota_section *s = ota_sections; s->name && count < 64; s++)
        names[count++] = s->name;
    ota_unknown("kind", word, ota_text_nearest(word, names, count),
                ota_command_find("models"));
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
    if (name) {
        fprintf(stderr, "otasim: %s is not a kind of model, so it has no %s\n",
                word, name);
        return OTA_EXIT_MISUSE;
    }
    if (strcmp(word, kpi_word) == 0) {
        print_kpis();
        return OTA_EXIT_OK;
    }
    for (const struct ota_section *s = ota_sections; s->name; s++) {
        if (strcmp(word, s->name) == 0) {
            printf("%s: %s\n", s->name, s->summary);
            print_fields(s->fields);
            return OTA_EXIT_OK;
        }
    }
    return unknown_kind(word);
}
