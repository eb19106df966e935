/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_manifest.c - what made a study, complete enough to make it again to the
 * bit: scenario.json, and in manifest.json the words that go with it.
 *
 * Nothing here depends on when, where or on how many threads it was made, nor
 * on what had been done before.
 */
#include "output/files.h"
#include "output/study_report.h"

static bool write_scenario(const void *of, const char *folder,
                           const struct ota_output_options *options,
                           struct ota_error *error)
{
    const struct ota_study_report *report = of;
    (void)options;
    struct ota_out_file file;
    if (!ota_out_file_open(&file, folder, ota_study_file_scenario.name, error))
        return false;

    struct ota_json_out json = ota_json_out_to(file.stream, true);
    ota_json_out_raw(&json, report->scenario_json);
    ota_json_out_end(&json);
    return ota_out_file_close(&file, error);
}

static int64_t replications(const struct ota_study_report *report)
{
    int64_t sum = 0;

    for (size_t r = 0; r < report->row_count; r++)
        sum += report->rows[r].replications;
    return sum;
}

static void words(struct ota_json_out *json,
                  const struct ota_study_report *report)
{
    ota_json_out_open(json, '[');
    ota_json_out_string(json, report->command);
    ota_json_out_string(json, ota_study_file_scenario.name);
    for (size_t w = 0; w < report->word_count; w++)
        ota_json_out_string(json, report->words[w]);
    ota_json_out_close(json, ']');
}

static bool write_manifest(const void *of, const char *folder,
                           const struct ota_output_options *options,
                           struct ota_error *error)
{
    const struct ota_study_report *report = of;
    (void)options;
    struct ota_out_file file;
    if (!ota_out_file_open(&file, folder, ota_study_file_manifest.name, error))
        return false;

    struct ota_json_out json = ota_json_out_to(file.stream, true);
    ota_folder_begin_manifest(&json, report->version);
    ota_json_out_key(&json, "scenario");
    ota_json_out_string(&json, report->scenario_name);
    ota_json_out_key(&json, "command");
    words(&json, report);
    ota_json_out_key(&json, "seed");
    ota_json_out_unsigned(&json, report->seed);
    ota_json_out_key(&json, "confidence");
    ota_json_out_number(&json, report->confidence);
    ota_json_out_key(&json, "points");
    ota_json_out_integer(&json, (int64_t)report->row_count);
    ota_json_out_key(&json, "replications");
    ota_json_out_integer(&json, replications(report));
    ota_json_out_key(&json, "shown");
    ota_json_out_open_flat(&json, '[');
    for (size_t m = 0; m < report->shown_count; m++)
        ota_json_out_string(&json, report->measures[m].name);
    ota_json_out_close(&json, ']');
    const bool ok =
        ota_folder_end_manifest(&json, folder, report->scenario_json, error);
    return ota_out_file_close(&file, error) && ok;
}

const struct ota_folder_file ota_study_file_scenario = {
    .name = "scenario.json",
    .summary = "the base scenario with every default, ready to run again",
    .write = write_scenario,
};

const struct ota_folder_file ota_study_file_manifest = {
    .name = "manifest.json",
    .summary = "version, command, seed, files and scenario: what made this",
    .write = write_manifest,
};
