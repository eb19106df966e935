/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * output.c - the results folder of a run.
 */
#include "output/output.h"

#include "output/writers.h"

/* Those that take long go first, so that others are written beside them. */
static const struct ota_folder_file *const writers[] = {
    &ota_writer_sqlite,   &ota_writer_devices,
    &ota_writer_summary,  &ota_writer_timeline,
    &ota_writer_scenario, &ota_writer_plots,
    &ota_writer_manifest, NULL,
};

bool ota_output_check(const char *folder, struct ota_error *error)
{
    return ota_folder_check(folder, writers, error);
}

bool ota_output_write(const struct ota_report *report, const char *folder,
                      const struct ota_output_options *options,
                      struct ota_error *error)
{
    return ota_folder_write(report, writers, folder, options, error);
}

size_t ota_report_instants(const struct ota_report *report)
{
    const struct ota_summary *summary = report->summary;
    const int64_t to_horizon =
        (report->horizon_us + summary->step_us - 1) / summary->step_us + 1;

    return (size_t)to_horizon < summary->instants ? (size_t)to_horizon
                                                  : summary->instants;
}
