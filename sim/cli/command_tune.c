/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command_tune.c - `otasim tune`: the cheapest setting that meets the goals.
 *
 * What is asked for is read and checked before anything runs; the ends of the
 * axes are among the first settings that the search reads.
 */
#include <stdlib.h>
#include <string.h>

#include "output/tune.h"
#include "sim/base/clock.h"
#include "sim/cli/study_files.h"
#include "sim/experiment/tune.h"
#include "sim/otasim.h"

struct tune {
    const struct ota_options *options;
    struct ota_arena arena;
    struct ota_scenario base;
    char *json; /* of the base */
    const char **groups;
    struct ota_axis *axes;
    struct ota_goal *goals;
    struct ota_measure objective;
    struct ota_tune_setup setup;
    struct ota_study *study;
    struct ota_tune result;
    struct ota_study_files place;
};

static enum ota_exit no_memory(void)
{
    return ota_failed(OTA_NO_MEMORY);
}

/* --- what is asked for --- */

static enum ota_exit read_axes(struct tune *tune)
{
    const struct ota_options *options = tune->options;
    const size_t count = options->vary.count;
    char problem[OTA_MESSAGE_SIZE];

    if (count == 0)
        return ota_misuse(options->command, "--vary",
                          "name a field and its range, such as "
                          "--vary app.wait=5s..120s");
    tune->axes = ota_arena_alloc(&tune->arena, count, sizeof(*tune->axes));
    if (!tune->axes)
        return no_memory();
    for (size_t a = 0; a < count; a++) {
        const char *text = options->vary.list[a];
        if (!ota_axis_read(&tune->axes[a], text, &tune->arena, problem,
                           sizeof(problem)))
            return ota_misuse(options->command, text, problem);
        if (strncmp(tune->axes[a].path, "run.", 4) == 0)
            return ota_misuse(options->command, text,
                              "what is varied is the fleet or the release, not "
                              "how the run is made");
        for (size_t b = 0; b < a; b++)
            if (strcmp(tune->axes[a].path, tune->axes[b].path) == 0)
                return ota_misuse(options->command, text, "it is varied twice");
    }
    return OTA_EXIT_OK;
}

static enum ota_exit goal_misuse(const struct ota_options *options,
                                 const char *goal, const char *problem)
{
    char subject[OTA_MESSAGE_SIZE];

    snprintf(subject, sizeof(subject), "--goal '%s'", goal);
    return ota_misuse(options->command, subject, problem);
}

static enum ota_exit read_goals(struct tune *tune)
{
    const struct ota_options *options = tune->options;
    const size_t groups = tune->base.fleet.group_count;
    char problem[OTA_MESSAGE_SIZE];

    tune->groups = ota_arena_alloc(&tune->arena, groups, sizeof(*tune->groups));
    tune->goals = ota_arena_alloc(&tune->arena, options->goals.count + 1,
                                  sizeof(*tune->goals));
    if (!tune->groups || !tune->goals)
        return no_memory();
    for (size_t g = 0; g < groups; g++)
        tune->groups[g] = tune->base.fleet.groups[g].name;
    for (size_t g = 0; g < options->goals.count; g++)
        if (!ota_goal_read(&tune->goals[g], options->goals.list[g],
                           tune->groups, groups, problem, sizeof(problem)))
            return goal_misuse(options, options->goals.list[g], problem);
    if (!options->objective)
        return ota_misuse(options->command, "--minimise",
                          "name what is to be least, such as --minimise "
                          "charge_per_device; or most, with --maximise");
    if (!ota_measure_read(&tune->objective, options->objective, tune->groups,
                          groups, problem, sizeof(problem)))
        return ota_misuse(options->command,
                          options->maximise ? "--maximise" : "--minimise",
                          problem);
    return OTA_EXIT_OK;
}

static void say_stage(void *context, const char *words)
{
    const struct tune *tune = context;

    if (!tune->place.progress.shown || !tune->place.answers)
        return;
    ota_progress_clear(&tune->place.progress);
    fprintf(stderr, "%s\n", words);
}

static enum ota_exit set_up(struct tune *tune)
{
    const struct ota_options *options = tune->options;

    tune->setup = (struct ota_tune_setup){
        .file = options->operands[0],
        .settings = options->settings,
        .setting_count = options->setting_count,
        .axes = tune->axes,
        .axis_count = options->vary.count,
        .goals = tune->goals,
        .goal_count = options->goals.count,
        .objective = tune->objective.name,
        .maximise = options->maximise,
        .budget = options->budget,
        .confidence = tune->base.run.confidence,
        .seed = tune->base.run.seed,
        .stage = say_stage,
        .context = tune,
    };
    const char *problem = ota_tune_problem(&tune->setup);
    return problem ? ota_misuse(options->command,
                                options->budget > 0 ? "--budget" : "--vary",
                                problem)
                   : OTA_EXIT_OK;
}

/* --- what came of it --- */

static void add_words(const char **words, size_t *count, const char *name,
                      const struct ota_words *values)
{
    for (size_t w = 0; w < values->count; w++) {
        words[(*count)++] = name;
        words[(*count)++] = values->list[w];
    }
}

/* What the manifest is to know: the rest is in the scenario. */
static const char **words_of(struct tune *tune, size_t *count)
{
    const struct ota_options *options = tune->options;
    const size_t most = 2 * (options->vary.count + options->goals.count + 2);
    const char **words = ota_arena_alloc(&tune->arena, most, sizeof(*words));
    char text[24];

    *count = 0;
    if (!words)
        return NULL;
    add_words(words, count, "--vary", &options->vary);
    add_words(words, count, "--goal", &options->goals);
    words[(*count)++] = options->maximise ? "--maximise" : "--minimise";
    words[(*count)++] = tune->objective.name;
    if (options->budget > 0) {
        snprintf(text, sizeof(text), "%lld", (long long)options->budget);
        words[(*count)++] = "--budget";
        words[*count] = ota_arena_text(&tune->arena, text, strlen(text));
        if (!words[(*count)++])
            return NULL;
    }
    return words;
}

static bool make_report(struct tune *tune, struct ota_tune_report *report)
{
    const struct ota_scenario *base = &tune->base;
    const struct ota_tune *result = &tune->result;
    size_t word_count;
    const char **words = words_of(tune, &word_count);
    struct ota_study_row *rows =
        ota_arena_alloc(&tune->arena, result->tried_count, sizeof(*rows));

    if (!words || !rows)
        return false;
    for (size_t t = 0; t < result->tried_count; t++)
        rows[t] = (struct ota_study_row){
            .point = result->tried[t].point,
            .settings = result->tried[t].settings,
            .numbers = result->tried[t].numbers,
            .setting_count = tune->setup.axis_count,
            .replications = result->tried[t].replications,
        };
    *report = (struct ota_tune_report){
        .study =
            {
                .command = "tune",
                .scenario_name = base->name,
                .scenario_title = base->title,
                .scenario_json = tune->json,
                .version = OTASIM_VERSION,
                .words = words,
                .word_count = word_count,
                .seed = base->run.seed,
                .confidence = base->run.confidence,
                .study = tune->study,
                .rows = rows,
                .row_count = result->tried_count,
                .shown_count = 1,
            },
        .setup = &tune->setup,
        .tune = result,
        .horizon_us = base->run.horizon_us,
    };
    return ota_study_report_fill(&report->study, &tune->arena);
}

static enum ota_exit answer(struct tune *tune)
{
    const struct ota_options *options = tune->options;
    struct ota_tune_report report;
    int64_t simulated, found;
    char work[128];

    if (!make_report(tune, &report))
        return no_memory();
    const enum ota_exit status =
        ota_study_files_write(&tune->place, &report, ota_tune_files);
    if (status != OTA_EXIT_OK)
        return status;
    if (options->json) {
        ota_study_work(tune->study, &simulated, &found);
        ota_tune_print_json(&report, stdout, simulated, found);
    } else if (!options->quiet) {
        ota_tune_print(&report, stdout, ota_terminal_width(),
                       ota_wants_colour(options));
        ota_study_files_work(tune->study, work, sizeof(work));
        printf("%s\n", work);
        if (tune->place.folder)
            printf("Results: %s\n", tune->place.folder);
    }
    return OTA_EXIT_OK; /* main() looks at stdout */
}

/* --- the work --- */

static enum ota_exit refuse(const struct tune *tune,
                            const struct ota_setting *refused,
                            const struct ota_complaints *complaints)
{
    char text[512];
    const struct ota_study_row row = {.settings = refused,
                                      .setting_count = tune->setup.axis_count};

    ota_study_row_text(&row, text, sizeof(text));
    fprintf(stderr, "otasim: with %s:\n", text);
    return ota_refuse(complaints);
}

static enum ota_exit search(struct tune *tune)
{
    const struct ota_scenario *base = &tune->base;
    const double device_days = (double)ota_fleet_config_devices(&base->fleet) *
                               (double)base->run.horizon_us /
                               (double)OTA_US_PER_DAY;
    struct ota_complaints complaints = {0};
    struct ota_error error = {0};
    struct ota_setting *refused =
        ota_arena_alloc(&tune->arena, tune->setup.axis_count, sizeof(*refused));
    if (!refused)
        return no_memory();

    ota_study_files_start(&tune->place, device_days,
                          ota_tune_budget(&tune->setup));
    const enum ota_experiment_status done = ota_tune_run(
        tune->study, &tune->setup, &tune->result, refused, &complaints, &error);
    enum ota_exit status;
    if (complaints.total > 0) {
        ota_progress_clear(&tune->place.progress);
        status = refuse(tune, refused, &complaints);
    } else {
        status = ota_study_files_done(&tune->place, tune->study, done, &error);
    }
    if (status == OTA_EXIT_OK && tune->place.answers)
        status = answer(tune);
    if (done == OTA_EXPERIMENT_DONE || complaints.total > 0)
        ota_tune_release(&tune->result);
    return status;
}

static enum ota_exit study(struct tune *tune)
{
    struct ota_error error = {0};
    const char **names = ota_arena_alloc(
        &tune->arena, tune->setup.goal_count + 1 + OTA_TUNE_RESPECTS,
        sizeof(*names));
    if (!names)
        return no_memory();
    const size_t count = ota_tune_measures(&tune->setup, names);
    enum ota_exit status = ota_study_files_open(
        &tune->place, tune->options, tune->base.name, ota_tune_files);
    if (status == OTA_EXIT_OK) {
        const struct ota_study_options how =
            ota_study_files_options(&tune->place);
        tune->study = ota_study_open(names, count, &how, &error);
        status = tune->study ? search(tune) : ota_failed(error.message);
    }
    ota_study_files_close(&tune->place);
    ota_study_close(tune->study);
    return status;
}

static enum ota_exit prepare(struct tune *tune)
{
    enum ota_exit status = read_goals(tune);

    if (status == OTA_EXIT_OK)
        status = set_up(tune);
    if (status != OTA_EXIT_OK)
        return status;
    tune->json = ota_scenario_to_json(&tune->base, 0);
    return tune->json ? OTA_EXIT_OK : no_memory();
}

enum ota_exit ota_command_tune(const struct ota_options *options)
{
    struct tune tune = {.options = options};
    struct ota_complaints complaints = {0};
    enum ota_exit status = read_axes(&tune);

    if (status == OTA_EXIT_OK &&
        !ota_scenario_read(&tune.base, options->operands[0], options->settings,
                           options->setting_count, &complaints)) {
        status = ota_refuse(&complaints);
    } else if (status == OTA_EXIT_OK) {
        status = prepare(&tune);
        if (status == OTA_EXIT_OK)
            status = study(&tune);
        free(tune.json);
        ota_scenario_release(&tune.base);
    }
    ota_arena_release(&tune.arena);
    return status;
}
