/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * manifest_json.c - what made a result, complete enough to make it again to
 * the bit, and the scenario as a file of its own to do so.
 *
 * Nothing here depends on when, where or on how many threads it was made.
 */
#include <string.h>

#include <stdlib.h>

#include "output/files.h"
#include "output/writers.h"

static bool write_scenario(const struct ota_report *report, const char *folder,
                           const struct ota_output_options *options,
                           struct ota_error *error)
{
    (void)options;
    struct ota_out_file file;
    if (!ota_out_file_open(&file, folder, ota_writer_scenario.name, error))
        return false;

    struct ota_json_out json = ota_json_out_to(file.stream, true);
    ota_json_out_raw(&json, report->scenario_json);
    ota_json_out_end(&json);
    return ota_out_file_close(&file, error);
}

struct listing {
    struct ota_json_out *json;
    const char *folder;
    struct ota_error *error;
    bool ok;
};

static bool list_plot(void *context, const char *name)
{
    struct listing *listing = context;
    char *path =
        ota_files_join(ota_writer_plots.name, "/", name, listing->error);

    listing->ok = path != NULL;
    if (path)
        ota_json_out_string(listing->json, path);
    free(path);
    return listing->ok;
}

static bool list_file(void *context, const char *name)
{
    struct listing *listing = context;

    if (strcmp(name, ota_writer_manifest.name) == 0)
        return true;
    if (strcmp(name, ota_writer_plots.name) != 0) {
        ota_json_out_string(listing->json, name);
        return true;
    }
    char *plots = ota_files_join(listing->folder, "/", name, listing->error);
    listing->ok = plots &&
                  ota_files_list(plots, list_plot, listing, listing->error) &&
                  listing->ok;
    free(plots);
    return listing->ok;
}

static bool write_manifest(const struct ota_report *report, const char *folder,
                           const struct ota_output_options *options,
                           struct ota_error *error)
{
    (void)options;
    struct ota_out_file file;
    if (!ota_out_file_open(&file, folder, ota_writer_manifest.name, error))
        return false;

    struct ota_json_out json = ota_json_out_to(file.stream, true);
    ota_json_out_open(&json, '{');
    ota_json_out_key(&json, "otasim"); /* first: marks a folder as ours */
    ota_json_out_string(&json, report->version);
    ota_json_out_key(&json, "scenario");
    ota_json_out_string(&json, report->scenario_name);
    ota_json_out_key(&json, "seed");
    ota_json_out_unsigned(&json, report->seed);
    ota_json_out_key(&json, "replications");
    ota_json_out_integer(&json, report->summary->replications);

    ota_json_out_key(&json, "files");
    ota_json_out_open(&json, '[');
    struct listing listing = {&json, folder, error, true};
    bool ok = ota_files_list(folder, list_file, &listing, error) && listing.ok;
    ota_json_out_close(&json, ']');

    ota_json_out_key(&json, "input");
    ota_json_out_raw(&json, report->scenario_json);
    ota_json_out_close(&json, '}');
    ota_json_out_end(&json);
    return ota_out_file_close(&file, error) && ok;
}

const struct ota_writer ota_writer_scenario = {
    .name = "scenario.json",
    .summary = "the scenario with every default, ready to run again",
    .write = write_scenario,
};

const struct ota_writer ota_writer_manifest = {
    .name = "manifest.json",
    .summary = "version, seed, files and scenario: what made this result",
    .write = write_manifest,
};
