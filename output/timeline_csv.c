/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * timeline_csv.c - share of the fleet in each state over time, with its
 * interval. A cell is empty where there is no number.
 */
#include "output/csv.h"
#include "output/files.h"
#include "output/number.h"
#include "output/writers.h"
#include "sim/base/clock.h"

static void rows(const struct ota_report *report, FILE *out)
{
    const struct ota_summary *summary = report->summary;
    const size_t instants = ota_report_instants(report);

    for (size_t i = 0; i < instants; i++) {
        char time[OTA_NUMBER_SIZE];
        ota_number_exact(ota_s_from_us((int64_t)i * summary->step_us), time,
                         sizeof(time));
        fputs(time, out);
        for (int s = 0; s < OTA_STATES; s++) {
            const struct ota_estimate *share =
                &summary->timeline[i * OTA_STATES + (size_t)s];
            ota_csv_estimate(out, share);
        }
        fputc('\n', out);
    }
}

static bool write_timeline(const void *of, const char *folder,
                           const struct ota_output_options *options,
                           struct ota_error *error)
{
    const struct ota_report *report = of;
    (void)options;
    struct ota_out_file file;
    if (!ota_out_file_open(&file, folder, ota_writer_timeline.name, error))
        return false;

    fputs("time_s", file.stream);
    for (int s = 0; s < OTA_STATES; s++)
        fprintf(file.stream, ",%s_share,%s_share_lo,%s_share_hi",
                ota_state_names[s], ota_state_names[s], ota_state_names[s]);
    fputc('\n', file.stream);
    rows(report, file.stream);
    return ota_out_file_close(&file, error);
}

const struct ota_folder_file ota_writer_timeline = {
    .name = "timeline.csv",
    .summary = "share of the fleet in each state over time",
    .write = write_timeline,
};
