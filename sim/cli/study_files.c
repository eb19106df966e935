/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_files.c - see study_files.h.
 *
 * The first rank alone has a store and writes. What it may fail at is agreed
 * on with the others, so that all go on, or none.
 */
#include "sim/cli/study_files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/files.h"
#include "sim/cli/parts.h"
#include "sim/otasim.h"

static bool is_first(const struct ota_study_files *files)
{
    return ota_ranks_self(files->options->ranks) == 0;
}

/* Returns where the results go; NULL: no memory. */
static char *results_folder(const struct ota_options *options,
                            const char *scenario_name, struct ota_error *error)
{
    if (options->out)
        return ota_files_join(options->out, "", "", error);
    char *name = ota_files_join("results/", "", scenario_name, error);
    char *folder =
        name ? ota_files_join(name, "-", options->command->name, error) : NULL;
    free(name);
    return folder;
}

/* --- what was done before --- */

static void tell_lost(void *context, int rank, int64_t units)
{
    const struct ota_study_files *files = context;
    char where[32] = "";

    if (files->options->quiet)
        return;
    if (rank > 0)
        snprintf(where, sizeof(where), " on rank %d", rank);
    fprintf(stderr,
            "otasim: %s: %lld replication%s begun%s never came back; what is "
            "wanted of that is done again\n",
            files->units, (long long)units, units == 1 ? "" : "s", where);
}

/* Reads what the results have that are to be replaced. What cannot be
 * understood is as good as not there. */
static bool take_results(struct ota_study_files *files, struct ota_error *error)
{
    struct ota_error heard = {.failed = false};
    char *path = ota_files_join(files->folder, "/", "results.sqlite", error);

    if (!path || access(path, F_OK) != 0) {
        free(path);
        return path != NULL;
    }
    files->results = ota_store_open(NULL, OTASIM_VERSION, error);
    if (files->results && !ota_store_absorb(files->results, path, &heard) &&
        !files->options->quiet)
        fprintf(stderr, "otasim: nothing that is there is used: %s\n",
                heard.message);
    free(path);
    return files->results != NULL;
}

static bool open_units(struct ota_study_files *files, struct ota_error *error)
{
    const struct ota_options *options = files->options;

    files->units = ota_files_join(files->folder, ".", "units", error);
    if (!files->units || !ota_files_make_parents(files->units, error) ||
        (options->fresh && !ota_store_discard(files->units, error)))
        return false;
    files->before = access(files->units, F_OK) == 0;
    files->store = ota_store_open(files->units, OTASIM_VERSION, error);
    return files->store &&
           ota_store_lost(files->store, tell_lost, files, error) &&
           (options->fresh || take_results(files, error));
}

static bool open_part(struct ota_study_files *files, struct ota_error *error)
{
    files->units = ota_part_path(files->options, files->folder, error);
    if (!files->units)
        return false;
    files->store = ota_part_open(files->options, files->units, error);
    return files->store &&
           ota_store_lost(files->store, tell_lost, files, error);
}

/* On the first rank. */
static bool open_store(struct ota_study_files *files,
                       const struct ota_folder_file *const *list,
                       struct ota_error *error)
{
    const struct ota_options *options = files->options;

    if (options->parts > 0)
        return open_part(files, error);
    if (files->folder && !ota_folder_check(files->folder, list, error))
        return false;
    if (options->merged.count > 0)
        files->store = ota_parts_together(&options->merged, error);
    else if (files->folder)
        return open_units(files, error);
    return files->store || options->merged.count == 0;
}

enum ota_exit ota_study_files_open(struct ota_study_files *files,
                                   const struct ota_options *options,
                                   const char *scenario_name,
                                   const struct ota_folder_file *const *list)
{
    struct ota_error error = {.failed = false};
    const char *problem = ota_part_problem(options);

    *files = (struct ota_study_files){.options = options};
    if (problem)
        return ota_misuse(options->command, "--part", problem);
    ota_progress_listen(&files->progress);
    files->started = true;
    files->answers = is_first(files) && options->parts == 0;
    bool good = true;
    if (!options->out || strcmp(options->out, "none") != 0) {
        files->folder = results_folder(options, scenario_name, &error);
        good = files->folder != NULL;
    }
    if (good && is_first(files))
        good = open_store(files, list, &error);
    return ota_ranks_agree(options->ranks, good, &error)
               ? OTA_EXIT_OK
               : ota_failed(error.message);
}

/* --- doing it --- */

struct ota_study_options ota_study_files_options(struct ota_study_files *files)
{
    const struct ota_options *options = files->options;

    return (struct ota_study_options){
        .threads = ota_threads(options),
        .ranks = options->ranks,
        .store = files->store,
        .more = files->results,
        .found_only = options->merged.count > 0,
        .part = options->parts > 0 ? options->part - 1 : 0,
        .parts = options->parts,
        .progress = ota_progress_done,
        .keep_going = ota_progress_keep_going,
        .context = &files->progress,
    };
}

void ota_study_files_start(struct ota_study_files *files, double device_days,
                           int64_t replications)
{
    const struct ota_options *options = files->options;

    ota_progress_show(&files->progress,
                      !options->quiet && isatty(STDERR_FILENO), device_days,
                      replications);
}

/* The terminal is as before, and interrupts end the program. */
static void end_progress(struct ota_study_files *files)
{
    if (!files->started)
        return;
    ota_progress_clear(&files->progress);
    ota_progress_end(&files->progress);
    files->started = false;
}

/* Says what there is to go on from. */
static void tell_kept(const struct ota_study_files *files,
                      const struct ota_study *study)
{
    int64_t simulated, found;

    ota_study_work(study, &simulated, &found);
    if (!files->units || simulated + found == 0)
        return;
    fprintf(stderr,
            "otasim: %lld of %lld replications are kept in %s; the same "
            "command goes on from there\n",
            (long long)(simulated + found),
            (long long)atomic_load(&files->progress.replications),
            files->units);
}

static enum ota_exit stopped(struct ota_study_files *files,
                             const struct ota_study *study)
{
    int64_t simulated, found;

    ota_study_work(study, &simulated, &found);
    if (simulated + found == 0)
        fputs("otasim: interrupted before any replication was done\n", stderr);
    else if (files->units)
        fputs("otasim: interrupted\n", stderr);
    else
        fprintf(stderr,
                "otasim: interrupted after %lld of %lld replications; nothing "
                "was kept\n",
                (long long)(simulated + found),
                (long long)atomic_load(&files->progress.replications));
    tell_kept(files, study);
    return OTA_EXIT_FAILED;
}

enum ota_exit ota_study_files_done(struct ota_study_files *files,
                                   const struct ota_study *study,
                                   enum ota_experiment_status status,
                                   const struct ota_error *error)
{
    const struct ota_options *options = files->options;
    int64_t simulated, found;

    ota_study_work(study, &simulated, &found);
    files->worked = simulated > 0;
    files->study = study;
    if (status == OTA_EXPERIMENT_STOPPED && files->started)
        ota_progress_stopped(&files->progress);
    if (status != OTA_EXPERIMENT_DONE || options->parts > 0)
        end_progress(files);
    if (status == OTA_EXPERIMENT_STOPPED)
        return stopped(files, study);
    if (status == OTA_EXPERIMENT_FAILED) {
        ota_failed(error->message);
        tell_kept(files, study);
        return OTA_EXIT_FAILED;
    }
    if (options->parts > 0 && is_first(files))
        return ota_part_end(options, files->units, files->folder, files->store);
    return OTA_EXIT_OK;
}

void ota_study_files_work(const struct ota_study *study, char *text,
                          size_t size)
{
    int64_t simulated, found;

    ota_study_work(study, &simulated, &found);
    if (found > 0 && simulated > 0)
        snprintf(text, size,
                 "%lld replications simulated, %lld were there already",
                 (long long)simulated, (long long)found);
    else if (found > 0)
        snprintf(text, size, "all %lld replications were there already",
                 (long long)found);
    else
        snprintf(text, size, "%lld replications simulated",
                 (long long)simulated);
}

/* --- the end --- */

/* Takes what the results have out of the store; *left: so many replications are
 * of a study that was interrupted, and another. */
static bool find_left(const struct ota_study_files *files, int64_t *left,
                      struct ota_error *error)
{
    const struct ota_study *study = files->study;

    for (size_t p = 0; p < ota_study_points(study); p++) {
        const struct ota_study_point point = ota_study_point(study, p);
        const struct ota_store_unit unit = {
            .scenario = point.scenario_json,
            .seed = point.seed,
            .replication = point.replications,
        };
        if (!ota_store_drop(files->store, &unit, error))
            return false;
    }
    return ota_store_count(files->store, left, error);
}

/* What the results do not have is somebody's work, and stays. */
static void keep_what_is_left(struct ota_study_files *files)
{
    struct ota_error error = {.failed = false};
    int64_t left;

    if (!files->units || !files->before)
        return;
    files->left = !find_left(files, &left, &error) || left > 0;
    if (files->left && !files->options->quiet)
        fprintf(stderr,
                "otasim: %s stays: it has replications that these results do "
                "not have, and the command that was interrupted goes on from "
                "it\n",
                files->units);
}

enum ota_exit ota_study_files_write(struct ota_study_files *files,
                                    const void *report,
                                    const struct ota_folder_file *const *list)
{
    struct ota_error error = {.failed = false};
    const struct ota_output_options output = {
        .threads = ota_threads(files->options),
        .draw = !files->options->no_plots,
        .warn = stderr,
        .keep_going = ota_progress_keep_going,
        .context = &files->progress,
    };

    if (!files->folder || !files->answers) {
        end_progress(files);
        return OTA_EXIT_OK;
    }
    ota_progress_writing(&files->progress);
    files->written =
        ota_folder_write(report, list, files->folder, &output, &error);
    end_progress(files);
    if (files->written) {
        keep_what_is_left(files);
        return OTA_EXIT_OK;
    }
    ota_failed(error.message);
    if (files->units)
        fprintf(stderr,
                "otasim: all replications are kept in %s; the same command "
                "goes on from there\n",
                files->units);
    return OTA_EXIT_FAILED;
}

/* A store that has nothing new, or nothing that the results have not, goes. */
void ota_study_files_close(struct ota_study_files *files)
{
    const struct ota_options *options = files->options;
    const bool opened = files->store != NULL;

    end_progress(files);
    ota_store_close(files->store);
    ota_store_close(files->results);
    if (opened && files->units && options->parts == 0 &&
        (files->written ? !files->left : !files->before && !files->worked))
        ota_store_remove(files->units);
    free(files->units);
    free(files->folder);
    *files = (struct ota_study_files){.options = options};
}
