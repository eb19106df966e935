/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * manifest_json.c - what made a result, complete enough to make it again to
 * the bit, and the scenario as a file of its own to do so.
 *
 * Nothing here depends on when, where or on how many threads it was made.
 */
#include "output/files.h"
#include "output/writers.h"

static bool write_scenario(const void *of, const char *folder,
                           const struct ota_output_options *options,
                           struct ota_error *error)
{
    const struct ota_report *report = of;
    (void)options;
    struct ota_out_file file;
    if (!ota_out_file_open(&file, folder, ota_writer_scenario.name, error))
        return false;

    struct ota_json_out json = ota_json_out_to(file.stream, true);
    ota_json_out_raw(&json, report->scenario_json);
    ota_json_out_end(&json);
    return ota_out_file_close(&file, error);
}

static bool write_manifest(const void *of, const char *folder,
                           const struct ota_output_options *options,
                           struct ota_error *error)
{
    const struct ota_report *report = of;
    (void)options;
    struct ota_out_file file;
    if (!ota_out_file_open(&file, folder, ota_writer_manifest.name, error))
        return false;

    struct ota_json_out json = ota_json_out_to(file.stream, true);
    ota_folder_begin_manifest(&json, report->version);
    ota_json_out_key(&json, "scenario");
    ota_json_out_string(&json, report->scenario_name);
    ota_json_out_key(&json, "seed");
    ota_json_out_unsigned(&json, report->seed);
    ota_json_out_key(&json, "replications");
    ota_json_out_integer(&json, report->summary->replications);
    ota_precisions_json(&json, report);

    const bool ok =
        ota_folder_end_manifest(&json, folder, report->scenario_json, error);
    return ota_out_file_close(&file, error) && ok;
}

const struct ota_folder_file ota_writer_scenario = {
    .name = "scenario.json",
    .summary = "the scenario with every default, ready to run again",
    .write = write_scenario,
};

const struct ota_folder_file ota_writer_manifest = {
    .name = "manifest.json",
    .summary = "version, seed, files and scenario: what made this result",
    .write = write_manifest,
};
