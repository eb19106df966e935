/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command_sweep.c - `otasim sweep`: a scenario at many settings.
 *
 * All points are read and checked before anything runs.
 */
#include <stdlib.h>
#include <string.h>

#include "output/sweep.h"
#include "sim/base/clock.h"
#include "sim/cli/options.h"
#include "sim/cli/precisions.h"
#include "sim/cli/shown.h"
#include "sim/cli/study_files.h"
#include "sim/experiment/design.h"
#include "sim/experiment/replicate.h"
#include "sim/experiment/study.h"
#include "sim/otasim.h"

/* Shown if nobody names any. */
static const char *const usual[] = {"confirmed_share", "time_to_90", "bytes",
                                    "charge", "cost"};

enum { USUAL = sizeof(usual) / sizeof(usual[0]) };

struct sweep {
    const struct ota_options *options;
    struct ota_arena arena;
    struct ota_scenario base;
    char *json; /* of the base */
    struct ota_axis *axes;
    size_t axis_count;
    struct ota_design design;
    struct ota_shown shown;
    struct ota_precisions precisions;
    struct ota_replicate replicate;
    struct ota_study *study;
    struct ota_study_row *rows; /* by point of the design */
    struct ota_study_files files;
};

static enum ota_exit no_memory(void)
{
    return ota_failed(OTA_NO_MEMORY);
}

/* --- what is asked for --- */

/* Fields that are the study's, the same for all points. */
static const char *refused_path(const char *path)
{
    static const struct {
        const char *path, *problem;
    } own[] = {
        {"run.seed", "all points have the same seed, so that they differ in "
                     "nothing but their settings; give another with --seed"},
        {"run.replications", "all points have the same; give it with --reps"},
        {"run.confidence", "all points have the same; give it with --set"},
    };

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (strcmp(path, own[i].path) == 0)
            return own[i].problem;
    return NULL;
}

static enum ota_exit read_axes(struct sweep *sweep)
{
    const struct ota_options *options = sweep->options;
    char problem[OTA_MESSAGE_SIZE];

    if (options->vary.count == 0)
        return ota_misuse(options->command, "--vary",
                          "name a field and its values, such as "
                          "--vary app.wait=5s..120s:12");
    sweep->axis_count = options->vary.count;
    sweep->axes =
        ota_arena_alloc(&sweep->arena, sweep->axis_count, sizeof(*sweep->axes));
    if (!sweep->axes)
        return no_memory();
    for (size_t a = 0; a < sweep->axis_count; a++) {
        const char *text = options->vary.list[a];
        if (!ota_axis_read(&sweep->axes[a], text, &sweep->arena, problem,
                           sizeof(problem)))
            return ota_misuse(options->command, text, problem);
        const char *refused = refused_path(sweep->axes[a].path);
        if (refused)
            return ota_misuse(options->command, text, refused);
    }
    return OTA_EXIT_OK;
}

static enum ota_exit make_design(struct sweep *sweep)
{
    const struct ota_options *options = sweep->options;
    char problem[OTA_MESSAGE_SIZE];
    const bool made =
        options->lhs > 0
            ? ota_design_lhs(&sweep->design, sweep->axes, sweep->axis_count,
                             (size_t)options->lhs, sweep->base.run.seed,
                             &sweep->arena, problem, sizeof(problem))
            : ota_design_grid(&sweep->design, sweep->axes, sweep->axis_count,
                              &sweep->arena, problem, sizeof(problem));

    return made ? OTA_EXIT_OK
                : ota_misuse(options->command,
                             options->lhs > 0 ? "--lhs" : "--vary", problem);
}

/* The settings of the command line, then the point's. */
static bool make_point(struct sweep *sweep, size_t number,
                       struct ota_point *point)
{
    const struct ota_options *options = sweep->options;
    const size_t axes = sweep->axis_count;
    struct ota_setting *settings = ota_arena_alloc(
        &sweep->arena, options->setting_count + axes, sizeof(*settings));

    if (!settings)
        return false;
    for (size_t s = 0; s < options->setting_count; s++)
        settings[s] = options->settings[s];
    for (size_t a = 0; a < axes; a++)
        settings[options->setting_count + a] =
            sweep->design.settings[number * axes + a];
    *point = (struct ota_point){
        .file = options->operands[0],
        .settings = settings,
        .setting_count = options->setting_count + axes,
    };
    return true;
}

/* Complaints of the first point that has any, and how many have. */
static enum ota_exit refuse_points(struct sweep *sweep, size_t first,
                                   const struct ota_complaints *complaints,
                                   size_t refused)
{
    char text[512];

    ota_progress_clear(&sweep->files.progress);
    ota_study_row_text(&sweep->rows[first], text, sizeof(text));
    fprintf(stderr, "otasim: with %s:\n", text);
    const enum ota_exit status = ota_refuse(complaints);
    if (refused > 1)
        fprintf(stderr,
                "otasim: %zu of %zu points are refused; this is the "
                "first\n",
                refused, sweep->design.point_count);
    return status;
}

static enum ota_exit add_points(struct sweep *sweep)
{
    const size_t count = sweep->design.point_count;
    const size_t axes = sweep->axis_count;
    struct ota_complaints first = {0};
    size_t refused = 0, first_refused = 0;
    struct ota_error error = {0};

    sweep->rows = ota_arena_alloc(&sweep->arena, count, sizeof(*sweep->rows));
    if (!sweep->rows)
        return no_memory();
    for (size_t p = 0; p < count; p++) {
        struct ota_study_row *row = &sweep->rows[p];
        struct ota_complaints complaints = {0};
        struct ota_point point;
        *row = (struct ota_study_row){
            .settings = &sweep->design.settings[p * axes],
            .numbers = &sweep->design.numbers[p * axes],
            .setting_count = axes,
            .replications = sweep->base.run.replications,
        };
        if (!make_point(sweep, p, &point))
            return no_memory();
        if (!ota_progress_keep_going(&sweep->files.progress))
            return ota_study_files_done(&sweep->files, sweep->study,
                                        OTA_EXPERIMENT_STOPPED, &error);
        ota_progress_reading(&sweep->files.progress, p, count);
        if (ota_study_add(sweep->study, &point, &row->point, &complaints,
                          &error))
            continue;
        if (error.failed)
            return ota_failed(error.message);
        if (refused++ == 0) {
            first = complaints;
            first_refused = p;
        }
    }
    return refused > 0 ? refuse_points(sweep, first_refused, &first, refused)
                       : OTA_EXIT_OK;
}

/* --- what came of it --- */

/* What the manifest is to know: the rest is in the scenario. */
static const char **words_of(struct sweep *sweep, size_t *count)
{
    const struct ota_options *options = sweep->options;
    const struct {
        const char *name;
        const struct ota_words *words;
    } lists[] = {
        {"--vary", &options->vary},
        {"--kpi", &options->kpis},
        {"--precision", &options->precisions},
    };
    const struct {
        const char *name;
        int64_t number;
    } numbers[] = {{"--lhs", options->lhs}, {"--max-reps", options->max_reps}};
    const size_t most = 2 * (options->vary.count + options->kpis.count +
                             options->precisions.count + 2);
    const char **words = ota_arena_alloc(&sweep->arena, most, sizeof(*words));

    *count = 0;
    if (!words)
        return NULL;
    for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++)
        for (size_t w = 0; w < lists[l].words->count; w++) {
            words[(*count)++] = lists[l].name;
            words[(*count)++] = lists[l].words->list[w];
        }
    for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++) {
        char text[24];
        if (numbers[n].number == 0)
            continue;
        snprintf(text, sizeof(text), "%lld", (long long)numbers[n].number);
        words[(*count)++] = numbers[n].name;
        words[*count] = ota_arena_text(&sweep->arena, text, strlen(text));
        if (!words[(*count)++])
            return NULL;
    }
    return words;
}

static bool make_report(struct sweep *sweep, struct ota_sweep_report *report)
{
    const struct ota_scenario *base = &sweep->base;
    size_t word_count;
    const char **words = words_of(sweep, &word_count);

    *report = (struct ota_sweep_report){
        .study =
            {
                .command = "sweep",
                .scenario_name = base->name,
                .scenario_title = base->title,
                .scenario_json = sweep->json,
                .version = OTASIM_VERSION,
                .words = words,
                .word_count = word_count,
                .seed = base->run.seed,
                .confidence = base->run.confidence,
                .study = sweep->study,
                .rows = sweep->rows,
                .row_count = sweep->design.point_count,
                .shown_count = sweep->shown.count,
                .replicate = &sweep->replicate,
            },
        .axes = sweep->design.axes,
        .axis_count = sweep->axis_count,
        .grid = sweep->design.grid,
        .horizon_us = base->run.horizon_us,
    };
    return words && ota_study_report_fill(&report->study, &sweep->arena);
}

static enum ota_exit answer(struct sweep *sweep)
{
    const struct ota_options *options = sweep->options;
    struct ota_sweep_report report;
    char said[128];

    if (!make_report(sweep, &report))
        return no_memory();
    const enum ota_exit status =
        ota_study_files_write(&sweep->files, &report, ota_sweep_files);
    if (status != OTA_EXIT_OK)
        return status;
    if (options->json) {
        int64_t simulated, found;
        ota_study_work(sweep->study, &simulated, &found);
        ota_sweep_print_json(&report, stdout, simulated, found);
        return OTA_EXIT_OK; /* main() looks at stdout */
    }
    if (options->quiet)
        return OTA_EXIT_OK;
    if (!ota_sweep_print(&report, stdout, ota_terminal_width(),
                         ota_wants_colour(options), sweep->files.folder))
        return no_memory();
    ota_study_files_work(sweep->study, said, sizeof(said));
    printf("\n%s\n", said);
    if (sweep->files.folder)
        printf("Results: %s\n", sweep->files.folder);
    return OTA_EXIT_OK;
}

/* --- the work --- */

static enum ota_experiment_status do_points(struct sweep *sweep,
                                            struct ota_error *error)
{
    const size_t count = sweep->design.point_count;
    struct ota_replicate *replicate = &sweep->replicate;
    size_t *points = ota_arena_alloc(&sweep->arena, count, sizeof(*points));

    *replicate = (struct ota_replicate){
        .points = points,
        .point_count = count,
        .least = sweep->base.run.replications,
        .most = sweep->precisions.most,
        .precisions = sweep->precisions.list,
        .precision_count = sweep->precisions.count,
        .replications = ota_arena_alloc(&sweep->arena, count,
                                        sizeof(*replicate->replications)),
        .looks = ota_arena_alloc(&sweep->arena,
                                 count * (sweep->precisions.count + 1),
                                 sizeof(*replicate->looks)),
    };
    if (!points || !replicate->replications || !replicate->looks) {
        ota_fail(error, OTA_NO_MEMORY);
        return OTA_EXPERIMENT_FAILED;
    }
    for (size_t p = 0; p < count; p++)
        points[p] = sweep->rows[p].point;
    const enum ota_experiment_status status =
        ota_study_replicate(sweep->study, replicate, error);
    for (size_t p = 0; status == OTA_EXPERIMENT_DONE && p < count; p++)
        sweep->rows[p].replications = replicate->replications[p];
    return status;
}

static double device_days(const struct ota_scenario *base)
{
    return (double)ota_fleet_config_devices(&base->fleet) *
           (double)base->run.horizon_us / (double)OTA_US_PER_DAY;
}

static enum ota_exit work(struct sweep *sweep)
{
    struct ota_error error = {0};
    const enum ota_experiment_status done = do_points(sweep, &error);
    const enum ota_exit status =
        ota_study_files_done(&sweep->files, sweep->study, done, &error);
    return status == OTA_EXIT_OK && sweep->files.answers ? answer(sweep)
                                                         : status;
}

static enum ota_exit open_study(struct sweep *sweep)
{
    const struct ota_study_options how = ota_study_files_options(&sweep->files);
    const size_t shown = sweep->shown.count, more = sweep->precisions.count;
    const char **names =
        ota_arena_alloc(&sweep->arena, shown + more, sizeof(*names));
    struct ota_error error = {0};

    if (!names)
        return no_memory();
    for (size_t m = 0; m < shown + more; m++)
        names[m] = m < shown ? sweep->shown.names[m]
                             : sweep->precisions.list[m - shown].measure.name;
    sweep->study = ota_study_open(names, shown + more, &how, &error);
    if (!sweep->study)
        return ota_failed(error.message);
    ota_study_files_start(&sweep->files, device_days(&sweep->base),
                          (int64_t)sweep->design.point_count *
                              sweep->base.run.replications);
    enum ota_exit status = add_points(sweep);
    if (status == OTA_EXIT_OK)
        status = work(sweep);
    ota_study_close(sweep->study);
    return status;
}

static enum ota_exit sweep_base(struct sweep *sweep)
{
    enum ota_exit status = make_design(sweep);

    if (status == OTA_EXIT_OK)
        status = ota_shown_read(&sweep->shown, sweep->options, &sweep->base,
                                usual, USUAL, &sweep->arena);
    if (status == OTA_EXIT_OK)
        status = ota_precisions_read(&sweep->precisions, sweep->options,
                                     &sweep->base.fleet);
    if (status != OTA_EXIT_OK)
        return status;
    sweep->json = ota_scenario_to_json(&sweep->base, 0);
    if (!sweep->json)
        return no_memory();
    status = ota_study_files_open(&sweep->files, sweep->options,
                                  sweep->base.name, ota_sweep_files);
    if (status == OTA_EXIT_OK)
        status = open_study(sweep);
    ota_study_files_close(&sweep->files);
    free(sweep->json);
    return status;
}

enum ota_exit ota_command_sweep(const struct ota_options *options)
{
    struct sweep sweep = {.options = options};
    struct ota_complaints complaints = {0};
    enum ota_exit status = read_axes(&sweep);

    if (status == OTA_EXIT_OK &&
        !ota_scenario_read(&sweep.base, options->operands[0], options->settings,
                           options->setting_count, &complaints)) {
        status = ota_refuse(&complaints);
    } else if (status == OTA_EXIT_OK) {
        status = sweep_base(&sweep);
        ota_precisions_release(&sweep.precisions);
        ota_scenario_release(&sweep.base);
    }
    ota_arena_release(&sweep.arena);
    return status;
}
