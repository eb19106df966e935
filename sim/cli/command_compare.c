/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command_compare.c - `otasim compare`: variants against a scenario, under the
 * same luck.
 *
 * All variants are read and checked before anything runs. They have the base's
 * seed, whatever their own.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "output/compare_report.h"
#include "sim/base/clock.h"
#include "sim/cli/options.h"
#include "sim/cli/precisions.h"
#include "sim/cli/shown.h"
#include "sim/cli/study_files.h"
#include "sim/experiment/compare.h"
#include "sim/experiment/variant.h"
#include "sim/otasim.h"

/* Shown if nobody names any. Each costs all others some of their confidence,
 * so they are few. */
static const char *const usual[] = {"confirmed_share", "time_to_90", "bytes",
                                    "wasted",          "charge",     "cost"};

struct compare {
    const struct ota_options *options;
    struct ota_arena arena;
    struct ota_scenario base;
    char *json; /* of the base */
    struct ota_shown shown;
    const char **files; /* of the variants */
    size_t variant_count;
    struct ota_study_row *rows; /* the base, then the variants */
    struct ota_precisions asked;
    struct ota_compare_precision *precisions;
    struct ota_comparison comparison;
    struct ota_study_files place;
    struct ota_study *study;
};

static enum ota_exit no_memory(void)
{
    return ota_failed(OTA_NO_MEMORY);
}

/* --- what is asked for --- */

/* Variants stand behind --with, and behind the scenario. */
static enum ota_exit list_variants(struct compare *compare)
{
    const struct ota_options *options = compare->options;
    const size_t most = options->with.count + options->operand_count;
    size_t count = 0;

    compare->files =
        ota_arena_alloc(&compare->arena, most, sizeof(*compare->files));
    compare->rows =
        ota_arena_alloc(&compare->arena, most, sizeof(*compare->rows));
    if (!compare->files || !compare->rows)
        return no_memory();
    for (size_t w = 0; w < options->with.count; w++)
        compare->files[count++] = options->with.list[w];
    for (size_t o = 1; o < options->operand_count; o++)
        compare->files[count++] = options->operands[o];
    compare->variant_count = count;
    return count > 0 ? OTA_EXIT_OK
                     : ota_misuse(options->command, options->operands[0],
                                  "name what to compare it with, such as "
                                  "--with patch.json");
}

/* What is to be precise is compared as well. */
static enum ota_exit read_precisions(struct compare *compare)
{
    const enum ota_exit status = ota_precisions_read(
        &compare->asked, compare->options, &compare->base.fleet);

    compare->precisions = ota_arena_alloc(&compare->arena, compare->asked.count,
                                          sizeof(*compare->precisions));
    if (status != OTA_EXIT_OK)
        return status;
    for (size_t p = 0; compare->precisions && p < compare->asked.count; p++)
        if (!ota_shown_add(&compare->shown, compare->asked.list[p].measure.name,
                           &compare->precisions[p].measure, &compare->arena))
            return no_memory();
    return compare->precisions ? OTA_EXIT_OK : no_memory();
}

static bool is_taken(const struct compare *compare, size_t rows,
                     const char *name)
{
    for (size_t r = 0; r < rows; r++)
        if (strcmp(compare->rows[r].name, name) == 0)
            return true;
    return false;
}

/* Two that go by one name get numbers. */
static const char *own_name(struct compare *compare, size_t row,
                            const char *name)
{
    char text[512];

    snprintf(text, sizeof(text), "%s", name);
    for (int number = 2; is_taken(compare, row, text); number++)
        snprintf(text, sizeof(text), "%.480s-%d", name, number);
    return ota_arena_text(&compare->arena, text, strlen(text));
}

static enum ota_exit add_point(struct compare *compare, size_t row,
                               const char *name, const struct ota_point *point)
{
    struct ota_complaints complaints = {0};
    struct ota_error error = {0};
    struct ota_study_row *own = &compare->rows[row];

    *own = (struct ota_study_row){
        .name = own_name(compare, row, name),
        .replications = compare->base.run.replications,
    };
    if (!own->name)
        return no_memory();
    if (ota_study_add(compare->study, point, &own->point, &complaints, &error))
        return OTA_EXIT_OK;
    return error.failed ? ota_failed(error.message) : ota_refuse(&complaints);
}

/* The variant, with the seed of the base. */
static enum ota_exit add_variant(struct compare *compare, size_t variant)
{
    const struct ota_options *options = compare->options;
    const struct ota_point base = {options->operands[0], options->settings,
                                   options->setting_count};
    struct ota_point point;
    const char *name;
    char seed[24];

    if (!ota_variant_point(&point, &name, compare->files[variant], &base,
                           &compare->arena))
        return no_memory();
    const size_t count = point.setting_count;
    struct ota_setting *settings =
        ota_arena_alloc(&compare->arena, count + 1, sizeof(*settings));
    snprintf(seed, sizeof(seed), "%llu",
             (unsigned long long)compare->base.run.seed);
    const char *value = ota_arena_text(&compare->arena, seed, strlen(seed));
    if (!settings || !value)
        return no_memory();
    for (size_t s = 0; s < count; s++)
        settings[s] = point.settings[s];
    settings[count] = (struct ota_setting){"run.seed", value};
    point.settings = settings;
    point.setting_count = count + 1;
    return add_point(compare, 1 + variant, name, &point);
}

static enum ota_exit add_points(struct compare *compare)
{
    const struct ota_options *options = compare->options;
    const struct ota_point base = {options->operands[0], options->settings,
                                   options->setting_count};
    enum ota_exit status = add_point(compare, 0, compare->base.name, &base);

    for (size_t v = 0; status == OTA_EXIT_OK && v < compare->variant_count; v++)
        status = add_variant(compare, v);
    return status;
}

/* --- what came of it --- */

/* What the manifest is to know: the variants are in the folder. */
static const char **words_of(struct compare *compare, size_t *count)
{
    const struct ota_options *options = compare->options;
    const size_t pairs = compare->variant_count + options->kpis.count +
                         options->precisions.count + 1;
    const char **words =
        ota_arena_alloc(&compare->arena, 2 * pairs, sizeof(*words));

    *count = 0;
    for (size_t v = 0; words && v < compare->variant_count; v++) {
        char text[640];
        ota_compare_variant_file(&compare->rows[1 + v], text, sizeof(text));
        words[(*count)++] = "--with";
        words[*count] = ota_arena_text(&compare->arena, text, strlen(text));
        if (!words[(*count)++])
            return NULL;
    }
    for (size_t k = 0; words && k < options->kpis.count; k++) {
        words[(*count)++] = "--kpi";
        words[(*count)++] = options->kpis.list[k];
    }
    for (size_t p = 0; words && p < options->precisions.count; p++) {
        words[(*count)++] = "--precision";
        words[(*count)++] = options->precisions.list[p];
    }
    if (words && options->max_reps > 0) {
        char text[24];
        snprintf(text, sizeof(text), "%lld", (long long)options->max_reps);
        words[(*count)++] = "--max-reps";
        words[*count] = ota_arena_text(&compare->arena, text, strlen(text));
        if (!words[(*count)++])
            return NULL;
    }
    assert(*count <= 2 * pairs);
    return words;
}

static enum ota_exit tell(struct compare *compare,
                          const struct ota_compare_report *report)
{
    const struct ota_options *options = compare->options;
    char work[160];

    const enum ota_exit status =
        ota_study_files_write(&compare->place, report, ota_compare_files);
    if (status != OTA_EXIT_OK)
        return status;
    if (options->json) {
        ota_compare_print_json(report, stdout); /* main() looks at stdout */
    } else if (!options->quiet) {
        ota_compare_print(report, stdout, ota_terminal_width(),
                          ota_wants_colour(options));
        ota_study_files_work(compare->study, work, sizeof(work));
        printf("\n%s\n", work);
        if (compare->place.folder)
            printf("Results: %s\n", compare->place.folder);
    }
    return OTA_EXIT_OK;
}

static enum ota_exit answer(struct compare *compare)
{
    const struct ota_scenario *base = &compare->base;
    struct ota_compare_report report = {
        .study =
            {
                .command = "compare",
                .scenario_name = base->name,
                .scenario_title = base->title,
                .scenario_json = compare->json,
                .version = OTASIM_VERSION,
                .seed = base->run.seed,
                .confidence = base->run.confidence,
                .study = compare->study,
                .rows = compare->rows,
                .row_count = 1 + compare->variant_count,
                .shown_count = compare->shown.count,
            },
        .comparison = &compare->comparison,
        .precisions = compare->precisions,
        .precision_count = compare->asked.count,
    };

    report.study.words = words_of(compare, &report.study.word_count);
    for (size_t r = 0; r < report.study.row_count; r++)
        compare->rows[r].replications = compare->comparison.replications;
    if (!report.study.words ||
        !ota_study_report_fill(&report.study, &compare->arena))
        return no_memory();
    return tell(compare, &report);
}

/* --- the work --- */

/* What is compared, but for how often it was replicated. */
static bool begin_comparison(struct compare *compare)
{
    const size_t variants = compare->variant_count;
    const size_t measures = compare->shown.count;
    struct ota_arena *arena = &compare->arena;
    size_t *points = ota_arena_alloc(arena, variants, sizeof(*points));
    size_t *places = ota_arena_alloc(arena, measures, sizeof(*places));
    bool *precise = ota_arena_alloc(arena, measures, sizeof(*precise));

    if (!points || !places || !precise)
        return false;
    for (size_t v = 0; v < variants; v++)
        points[v] = compare->rows[1 + v].point;
    for (size_t m = 0; m < measures; m++)
        places[m] = m; /* those asked for are the study's first */
    for (size_t p = 0; p < compare->asked.count; p++)
        precise[compare->precisions[p].measure] = true;
    compare->comparison = (struct ota_comparison){
        .base = compare->rows[0].point,
        .variants = points,
        .variant_count = variants,
        .measures = places,
        .measure_count = measures,
        .confidence = compare->base.run.confidence,
        .precise = precise,
    };
    return true;
}

/* Compares so many replications, and says whether they are enough. */
static bool look(struct compare *compare, int64_t replications, bool *enough)
{
    struct ota_comparison *comparison = &compare->comparison;

    comparison->replications = replications;
    ota_compare_release(comparison);
    if (!ota_compare_make(comparison, compare->study))
        return false;
    *enough = true;
    for (size_t p = 0; p < compare->asked.count; p++) {
        const struct ota_precision *asked = &compare->asked.list[p];
        struct ota_compare_precision *own = &compare->precisions[p];
        const double base =
            ota_study_estimate(compare->study, comparison->base, own->measure,
                               replications, comparison->confidence)
                .mean;
        own->width = asked->half_width * (asked->relative ? fabs(base) : 1.0);
        own->reached = ota_compare_reached(comparison, own->measure);
        *enough = *enough && own->reached <= own->width;
    }
    return true;
}

/* Replicates all points as often, until the differences are as precise as was
 * asked for. */
static enum ota_experiment_status replicate(struct compare *compare,
                                            struct ota_error *error)
{
    const struct ota_options *options = compare->options;
    const size_t count = 1 + compare->variant_count;
    const bool precise = compare->asked.count > 0;
    const int64_t most = compare->asked.most;
    int64_t replications = compare->base.run.replications;
    bool enough = !precise;
    struct ota_study_want *wants =
        ota_arena_alloc(&compare->arena, count, sizeof(*wants));

    if (!wants || !begin_comparison(compare)) {
        ota_fail(error, OTA_NO_MEMORY);
        return OTA_EXPERIMENT_FAILED;
    }
    if (precise && replications < ota_precision_first())
        replications = ota_precision_first();
    for (;;) {
        if (precise && replications > most)
            replications = most;
        for (size_t r = 0; r < count; r++)
            wants[r] =
                (struct ota_study_want){compare->rows[r].point, replications};
        const enum ota_experiment_status status =
            ota_study_do(compare->study, wants, count, error);
        if (status != OTA_EXPERIMENT_DONE || options->parts > 0)
            return status;
        if (!look(compare, replications, &enough)) {
            ota_fail(error, OTA_NO_MEMORY);
            return OTA_EXPERIMENT_FAILED;
        }
        if (enough || replications == most)
            return status;
        replications = ota_precision_next(replications);
    }
}

static enum ota_exit work(struct compare *compare)
{
    const struct ota_scenario *base = &compare->base;
    const double device_days = (double)ota_fleet_config_devices(&base->fleet) *
                               (double)base->run.horizon_us /
                               (double)OTA_US_PER_DAY;
    struct ota_error error = {0};

    ota_study_files_start(&compare->place, device_days,
                          (int64_t)(1 + compare->variant_count) *
                              base->run.replications);
    const enum ota_experiment_status done = replicate(compare, &error);
    const enum ota_exit status =
        ota_study_files_done(&compare->place, compare->study, done, &error);
    return status == OTA_EXIT_OK && compare->place.answers ? answer(compare)
                                                           : status;
}

static enum ota_exit study(struct compare *compare)
{
    struct ota_error error = {0};
    enum ota_exit status =
        ota_study_files_open(&compare->place, compare->options,
                             compare->base.name, ota_compare_files);

    if (status == OTA_EXIT_OK) {
        const struct ota_study_options how =
            ota_study_files_options(&compare->place);
        compare->study = ota_study_open(compare->shown.names,
                                        compare->shown.count, &how, &error);
        status =
            compare->study ? add_points(compare) : ota_failed(error.message);
    }
    if (status == OTA_EXIT_OK)
        status = work(compare);
    ota_study_files_close(&compare->place);
    ota_study_close(compare->study);
    return status;
}

enum ota_exit ota_command_compare(const struct ota_options *options)
{
    struct compare compare = {.options = options};
    struct ota_complaints complaints = {0};

    if (!ota_scenario_read(&compare.base, options->operands[0],
                           options->settings, options->setting_count,
                           &complaints))
        return ota_refuse(&complaints);
    compare.json = ota_scenario_to_json(&compare.base, 0);
    enum ota_exit status = compare.json ? list_variants(&compare) : no_memory();
    if (status == OTA_EXIT_OK)
        status =
            ota_shown_read(&compare.shown, options, &compare.base, usual,
                           sizeof(usual) / sizeof(usual[0]), &compare.arena);
    if (status == OTA_EXIT_OK)
        status = read_precisions(&compare);
    if (status == OTA_EXIT_OK)
        status = study(&compare);
    ota_compare_release(&compare.comparison);
    ota_precisions_release(&compare.asked);
    free(compare.json);
    ota_scenario_release(&compare.base);
    ota_arena_release(&compare.arena);
    return status;
}
