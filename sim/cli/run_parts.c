/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run_parts.c - see run_parts.h.
 */
#include "sim/cli/run_parts.h"

#include <stdlib.h>

#include "sim/cli/parts.h"
#include "sim/experiment/study.h"

static bool open_store(struct ota_run_parts *parts, struct ota_error *error)
{
    const struct ota_options *options = parts->options;

    if (options->parts > 0) {
        parts->path = ota_part_path(options, parts->folder, error);
        parts->there.store =
            parts->path ? ota_part_open(options, parts->path, error) : NULL;
    } else {
        parts->there.store = ota_parts_together(&options->merged, error);
    }
    return parts->there.store != NULL;
}

enum ota_exit ota_run_parts_open(struct ota_run_parts *parts,
                                 const struct ota_options *options,
                                 struct ota_scenario *scenario,
                                 const char *folder)
{
    const char *problem = ota_part_problem(options);
    struct ota_error error = {.failed = false};

    *parts = (struct ota_run_parts){.options = options, .folder = folder};
    if (problem)
        return ota_misuse(options->command, "--part", problem);
    if (options->parts == 0 && options->merged.count == 0)
        return OTA_EXIT_OK;
    bool good = true;
    if (ota_ranks_self(options->ranks) == 0) {
        parts->identity = ota_study_identity(scenario);
        good = (parts->identity || ota_fail(&error, OTA_NO_MEMORY)) &&
               open_store(parts, &error);
    }
    parts->there.scenario = parts->identity;
    parts->there.seed = scenario->run.seed;
    parts->there.config = &scenario->fleet;
    parts->there.found_only = options->merged.count > 0;
    parts->there.file = options->operands[0];
    parts->keeper = ota_results_store_keeper(&parts->there);
    return ota_ranks_agree(options->ranks, good, &error)
               ? OTA_EXIT_OK
               : ota_failed(error.message);
}

int64_t ota_run_parts_share(const struct ota_options *options,
                            int64_t replications)
{
    return options->parts == 0
               ? replications
               : (replications - options->part) / options->parts +
                     (replications >= options->part);
}

void ota_run_parts_use(const struct ota_run_parts *parts,
                       struct ota_experiment_options *experiment)
{
    if (parts->options->parts > 0) {
        experiment->part = parts->options->part - 1;
        experiment->parts = parts->options->parts;
    }
    if (parts->there.store)
        experiment->keeper = &parts->keeper;
}

bool ota_run_parts_kept(const struct ota_run_parts *parts, int64_t share)
{
    if (!parts->path)
        return false;
    fprintf(stderr,
            "otasim: %lld of %lld replications are kept in %s; the same "
            "command goes on from there\n",
            (long long)(parts->there.found + parts->there.kept),
            (long long)share, parts->path);
    return true;
}

enum ota_exit ota_run_parts_end(const struct ota_run_parts *parts)
{
    return parts->path ? ota_part_end(parts->options, parts->path,
                                      parts->folder, parts->there.store)
                       : OTA_EXIT_OK;
}

void ota_run_parts_close(struct ota_run_parts *parts)
{
    ota_store_close(parts->there.store);
    free(parts->identity);
    free(parts->path);
    *parts = (struct ota_run_parts){.options = parts->options};
}
