/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * terminal.c - the answer for a person short of time: what came of it first,
 * then how long, how much data, money and charge.
 */
#include <math.h>
#include <string.h>

#include "output/number.h"
#include "output/output.h"
#include "output/page.h"
#include "sim/base/clock.h"

static const char *const outcome_labels[OTA_OUTCOMES] = {
    [OTA_OUTCOME_UPDATED_CONFIRMED] = "updated and confirmed",
    [OTA_OUTCOME_UPDATED_UNREPORTED] = "updated, not yet reported",
    [OTA_OUTCOME_IN_PROGRESS] = "in progress",
    [OTA_OUTCOME_WAITING_NOT_REACHED] = "waiting: rollout not there yet",
    [OTA_OUTCOME_WAITING_CANCELED] = "waiting: offer taken back",
    [OTA_OUTCOME_WAITING_NEVER_REACHABLE] = "waiting: never online",
    [OTA_OUTCOME_WAITING_NEVER_OFFERED] = "waiting: never offered",
    [OTA_OUTCOME_WAITING_NEVER_BEGUN] = "waiting: offered, never begun",
    [OTA_OUTCOME_WAITING_ALWAYS_ABORTED] = "waiting: begun, never finished",
    [OTA_OUTCOME_FAILED_NOT_APPLIED] = "failed: complete, no effect",
    [OTA_OUTCOME_FAILED_GIVEN_UP] = "failed: the cloud gave up",
    [OTA_OUTCOME_FAILED_CRASHING] = "failed: crashes again and again",
    [OTA_OUTCOME_FAILED_REFUSED] = "failed: the device refused",
    [OTA_OUTCOME_SAFE_MODE] = "in safe mode",
    [OTA_OUTCOME_REVERTED] = "back to the old version",
    [OTA_OUTCOME_ROLLED_BACK] = "rolled back to the old version",
    [OTA_OUTCOME_BRICKED] = "bricked",
    [OTA_OUTCOME_OUT_OF_BATTERY] = "battery empty",
    [OTA_OUTCOME_OUT_OF_DATA] = "out of data",
};

/* All of them are a whole number, and not all of them never read as all. */
static void write_devices(const struct ota_estimate *count, int64_t devices,
                          struct ota_reading *reading, char *text, size_t size)
{
    const double all = (double)devices;

    *reading = ota_reading_of(OTA_SCALE_COUNT, count);
    ota_reading_apart(reading, count->mean, all);
    const bool whole = count->mean == all || count->mean == 0.0;
    ota_number_grouped(count->mean, whole ? 0 : reading->decimals, text, size);
}

static void print_headline(const struct ota_page *page,
                           const struct ota_report *report)
{
    const struct ota_group_summary *fleet = &report->summary->groups[0];
    const struct ota_estimate *count =
        &fleet->outcomes[OTA_OUTCOME_UPDATED_CONFIRMED];
    const struct ota_estimate *share = &fleet->kpi[OTA_KPI_CONFIRMED_SHARE];
    struct ota_reading counts;
    const struct ota_reading shares = ota_reading_of(OTA_SCALE_SHARE, share);

    char mean[OTA_NUMBER_SIZE], devices[OTA_NUMBER_SIZE];
    char percent[OTA_NUMBER_SIZE], time[OTA_NUMBER_SIZE];
    write_devices(count, fleet->devices, &counts, mean, sizeof(mean));
    ota_number_grouped((double)fleet->devices, 0, devices, sizeof(devices));
    ota_reading_format(&shares, share->mean, percent, sizeof(percent));
    ota_number_human(OTA_SCALE_TIME,
                     ota_s_from_us(report->horizon_us - report->release_us),
                     time, sizeof(time));

    char interval[3 * OTA_NUMBER_SIZE] = "";
    if (share->lo >= share->hi) {
        snprintf(interval, sizeof(interval), " in each replication");
    } else if (isfinite(share->lo) && isfinite(share->hi)) {
        char lo[OTA_NUMBER_SIZE], hi[OTA_NUMBER_SIZE];
        ota_number_grouped(share->lo / shares.worth, shares.decimals, lo,
                           sizeof(lo));
        ota_reading_format(&shares, share->hi, hi, sizeof(hi));
        snprintf(interval, sizeof(interval), ", %g %% interval %s to %s",
                 100.0 * report->summary->confidence, lo, hi);
    }

    char line[512];
    snprintf(line, sizeof(line),
             "%s of %s device%s updated and confirmed (%s%s) %s after the "
             "release.",
             mean, devices, fleet->devices == 1 ? "" : "s", percent, interval,
             time);
    fputc('\n', page->out);
    ota_page_style(page, "1;32");
    ota_page_paragraph(page, line);
    ota_page_style(page, "0");
}

static void print_outcomes(const struct ota_page *page,
                           const struct ota_report *report)
{
    const struct ota_group_summary *fleet = &report->summary->groups[0];
    char total[OTA_NUMBER_SIZE];

    char head[128], interval_head[OTA_NUMBER_SIZE];
    ota_page_name_interval(report, interval_head, sizeof(interval_head));
    snprintf(head, sizeof(head), "%-34s%10s  %-20s%8s", "Devices at the end",
             "mean", interval_head, "share");
    ota_page_heading(page, head);
    for (int i = 0; i < OTA_OUTCOMES; i++) {
        const struct ota_estimate *count = &fleet->outcomes[i];
        /* Left out only if no replication had any. */
        if (!(count->mean > 0.0))
            continue;
        struct ota_reading reading;
        const double percent = 100.0 * count->mean / (double)fleet->devices;
        struct ota_reading shares = {
            .worth = 1.0, .unit = " %", .decimals = percent < 0.095 ? 3 : 1};
        char mean[OTA_NUMBER_SIZE], interval[2 * OTA_NUMBER_SIZE];
        char share[OTA_NUMBER_SIZE];
        write_devices(count, fleet->devices, &reading, mean, sizeof(mean));
        ota_reading_apart(&shares, percent, 100.0);
        if (percent == 100.0)
            shares.decimals = 0;
        ota_reading_interval(&reading, count, interval, sizeof(interval));
        ota_reading_format(&shares, percent, share, sizeof(share));
        ota_page_row(page, "  %-32s%10s  %-18s%10s", outcome_labels[i], mean,
                     interval, share);
    }
    ota_number_grouped((double)fleet->devices, 0, total, sizeof(total));
    ota_page_row(page, "  %-32s%10s", "all devices", total);
}

static void print_times(const struct ota_page *page,
                        const struct ota_report *report)
{
    static const struct {
        enum ota_kpi kpi;
        const char *label;
    } times[] = {
        {OTA_KPI_TIME_TO_50, "50 % of the devices"},
        {OTA_KPI_TIME_TO_90, "90 %"},
        {OTA_KPI_TIME_TO_99, "99 %"},
    };

    ota_page_heading(page, "From the release until confirmed");
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        const struct ota_estimate *time =
            &report->summary->groups[0].kpi[times[i].kpi];
        if (time->values < time->of || !isfinite(time->mean)) {
            char within[OTA_NUMBER_SIZE];
            ota_number_human(
                OTA_SCALE_TIME,
                ota_s_from_us(report->horizon_us - report->release_us), within,
                sizeof(within));
            if (time->values == 0 && isfinite(time->lo)) {
                char least[OTA_NUMBER_SIZE];
                ota_number_human(OTA_SCALE_TIME, time->lo, least,
                                 sizeof(least));
                ota_page_row(page, "  %-26snot reached within %s  at least %s",
                             times[i].label, within, least);
            } else if (time->values == 0)
                ota_page_row(page, "  %-26snot reached within %s",
                             times[i].label, within);
            else
                ota_page_row(
                    page,
                    "  %-26sreached within %s in %lld of %lld replications",
                    times[i].label, within, (long long)time->values,
                    (long long)time->of);
            continue;
        }
        const struct ota_reading reading = ota_reading_of(OTA_SCALE_TIME, time);
        char mean[OTA_NUMBER_SIZE], interval[2 * OTA_NUMBER_SIZE];
        ota_reading_format(&reading, time->mean, mean, sizeof(mean));
        ota_reading_interval(&reading, time, interval, sizeof(interval));
        ota_page_row(page, "  %-24s%11s  %s", times[i].label, mean, interval);
    }
}

static const struct ota_page_line device_lines[] = {
    {"data", OTA_SCALE_SIZE, OTA_KPI_BYTES, OTA_KPI_BYTES_P95},
    {"  useful", OTA_SCALE_SIZE, OTA_KPI_USEFUL, OTA_KPI_USEFUL_P95},
    {"  overhead", OTA_SCALE_SIZE, OTA_KPI_OVERHEAD, OTA_KPI_OVERHEAD_P95},
    {"  wasted", OTA_SCALE_SIZE, OTA_KPI_WASTED, OTA_KPI_WASTED_P95},
    {"  routine", OTA_SCALE_SIZE, OTA_KPI_ROUTINE, OTA_KPI_ROUTINE_P95},
    {"time awake", OTA_SCALE_TIME, OTA_KPI_AWAKE, OTA_KPI_AWAKE_P95},
    {"charge", OTA_SCALE_CHARGE, OTA_KPI_CHARGE, OTA_KPI_CHARGE_P95},
    {"transfers begun", OTA_SCALE_COUNT, OTA_KPI_ATTEMPTS, OTA_KPIS},
    {"  of them aborted", OTA_SCALE_COUNT, OTA_KPI_ABORTED, OTA_KPIS},
    {"offers taken up in time", OTA_SCALE_SHARE, OTA_KPI_BEGUN_PER_OFFER,
     OTA_KPIS},
};

static const struct ota_page_line fleet_lines[] = {
    {"SIMs over their cap", OTA_SCALE_COUNT, OTA_KPI_SIMS_OVER_CAP, OTA_KPIS},
    {"overage", OTA_SCALE_MONEY, OTA_KPI_OVERAGE, OTA_KPIS},
    {"batteries empty", OTA_SCALE_COUNT, OTA_KPI_BATTERIES_EMPTY, OTA_KPIS},
};

/* Said only if there is any. */
static const struct ota_page_line trouble_lines[] = {
    {"images that failed", OTA_SCALE_COUNT, OTA_KPI_DEFECTIVE, OTA_KPIS},
    {"believed updated, wrongly", OTA_SCALE_COUNT, OTA_KPI_BELIEVED_WRONGLY,
     OTA_KPIS},
    {"updated, not known to be", OTA_SCALE_COUNT, OTA_KPI_UNBELIEVED, OTA_KPIS},
};

/* What the backend does not know and the cloud neither is no trouble: it is
 * said above, as updated and not yet reported. */
static bool is_trouble(const struct ota_group_summary *fleet,
                       const struct ota_page_line *line)
{
    const double expected =
        line->mean == OTA_KPI_UNBELIEVED
            ? fleet->outcomes[OTA_OUTCOME_UPDATED_UNREPORTED].mean
            : 0;
    return fleet->kpi[line->mean].mean > expected;
}

static void print_trouble(const struct ota_page *page,
                          const struct ota_group_summary *fleet)
{
    const size_t count = sizeof(trouble_lines) / sizeof(trouble_lines[0]);

    for (size_t i = 0; i < count; i++)
        if (is_trouble(fleet, &trouble_lines[i]))
            ota_page_lines(page, fleet, &trouble_lines[i], 1);
}

static void print_groups(const struct ota_page *page,
                         const struct ota_report *report)
{
    const struct ota_summary *summary = report->summary;
    char head[128];

    snprintf(head, sizeof(head), "%-26s%11s  %9s  %-16s%11s", "Groups",
             "devices", "confirmed", "", "data");
    ota_page_heading(page, head);
    for (size_t g = 1; g <= summary->group_count; g++) {
        const struct ota_group_summary *group = &summary->groups[g];
        char devices[OTA_NUMBER_SIZE], share[OTA_NUMBER_SIZE];
        char interval[2 * OTA_NUMBER_SIZE], data[OTA_NUMBER_SIZE];
        char unused[2 * OTA_NUMBER_SIZE];

        ota_number_grouped((double)group->devices, 0, devices, sizeof(devices));
        ota_page_cells(OTA_SCALE_SHARE, &group->kpi[OTA_KPI_CONFIRMED_SHARE],
                       share, sizeof(share), interval, sizeof(interval));
        ota_page_cells(OTA_SCALE_SIZE, &group->kpi[OTA_KPI_BYTES], data,
                       sizeof(data), unused, sizeof(unused));
        const char *name = group->name;
        if (ota_page_columns(name) > OTA_PAGE_LABEL) {
            ota_page_row(page, "  %s", name);
            name = "";
        }
        /* printf() counts bytes. */
        ota_page_row(
            page, "  %-*s%11s  %9s  %-16s%11s",
            (int)(OTA_PAGE_LABEL + strlen(name) - ota_page_columns(name)), name,
            devices, share, interval, data);
    }
}

void ota_output_print(const struct ota_report *report, FILE *out, int width,
                      bool colour)
{
    const struct ota_group_summary *fleet = &report->summary->groups[0];
    const struct ota_page page = ota_page_on(out, width, colour);
    char head[128], interval_head[OTA_NUMBER_SIZE];

    ota_page_title(&page, report);
    print_headline(&page, report);
    print_outcomes(&page, report);
    print_times(&page, report);

    ota_page_name_interval(report, interval_head, sizeof(interval_head));
    snprintf(head, sizeof(head), "%-26s%11s  %-16s%10s", "A device, whole run",
             "mean", interval_head, "95 % below");
    ota_page_heading(&page, head);
    ota_page_lines(&page, fleet, device_lines,
                   sizeof(device_lines) / sizeof(device_lines[0]));
    ota_page_heading(&page, "The fleet, whole run");
    ota_page_lines(&page, fleet, fleet_lines,
                   sizeof(fleet_lines) / sizeof(fleet_lines[0]));
    print_trouble(&page, fleet);
    ota_page_rollout(&page, report);
    if (report->summary->group_count > 1)
        print_groups(&page, report);
    ota_page_precisions(&page, report);
}
