/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * terminal_rollout.c - what the rollout did, for a person: whether and when it
 * was stopped, what was out by then, and its waves. Lines about what never
 * happened are left out.
 */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "output/page.h"

enum { WAVES_SHOWN = 12 };

static const struct ota_page_line spread_lines[] = {
    {"offered to half", OTA_SCALE_TIME, OTA_KPI_OFFERED_50, OTA_KPIS},
    {"offered to 99 %", OTA_SCALE_TIME, OTA_KPI_OFFERED_99, OTA_KPIS},
};

static const struct ota_page_line stop_lines[] = {
    {"when it stops, after", OTA_SCALE_TIME, OTA_KPI_STOP_TIME, OTA_KPIS},
    {"  offered by then", OTA_SCALE_COUNT, OTA_KPI_STOP_OFFERED, OTA_KPIS},
    {"  downloading then", OTA_SCALE_COUNT, OTA_KPI_STOP_DOWNLOADS, OTA_KPIS},
    {"  running it then", OTA_SCALE_COUNT, OTA_KPI_STOP_RUNNING, OTA_KPIS},
    {"  99 % back, in further", OTA_SCALE_TIME, OTA_KPI_BACK_TIME, OTA_KPIS},
};

/* If it takes effect later than it is decided. */
static const struct ota_page_line effect_lines[] = {
    {"  in effect after", OTA_SCALE_TIME, OTA_KPI_STOP_EFFECT, OTA_KPIS},
    {"  running it by then", OTA_SCALE_COUNT, OTA_KPI_EFFECT_RUNNING, OTA_KPIS},
};

static const struct ota_page_line lines[] = {
    {"ran the release", OTA_SCALE_COUNT, OTA_KPI_EXPOSED, OTA_KPIS},
    {"  and it is bad", OTA_SCALE_COUNT, OTA_KPI_EXPOSED_BAD, OTA_KPIS},
    {"  device-hours of that", OTA_SCALE_COUNT, OTA_KPI_BAD_TIME, OTA_KPIS},
    {"most in flight", OTA_SCALE_COUNT, OTA_KPI_IN_FLIGHT_PEAK, OTA_KPIS},
    {"most on the way a second", OTA_SCALE_SIZE, OTA_KPI_EGRESS_PEAK, OTA_KPIS},
    {"offers made again", OTA_SCALE_COUNT, OTA_KPI_REOFFERS, OTA_KPIS},
    {"data for rolling back", OTA_SCALE_SIZE, OTA_KPI_BACK_BYTES, OTA_KPIS},
    {"steps by a person", OTA_SCALE_COUNT, OTA_KPI_APPROVALS, OTA_KPIS},
    {"waited for a person", OTA_SCALE_TIME, OTA_KPI_PAUSED_TIME, OTA_KPIS},
    {"devices to visit", OTA_SCALE_COUNT, OTA_KPI_SITE_VISITS, OTA_KPIS},
};

/* If there is more to pay than data. */
static const struct ota_page_line cost_line = {
    "cost, with overage", OTA_SCALE_MONEY, OTA_KPI_COST, OTA_KPIS};

static void print_happened(const struct ota_page *page,
                           const struct ota_group_summary *fleet,
                           const struct ota_page_line *of, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fleet->kpi[of[i].mean].mean > 0.0)
            ota_page_lines(page, fleet, &of[i], 1);
}

static void print_finite(const struct ota_page *page,
                         const struct ota_group_summary *fleet,
                         const struct ota_page_line *of, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (isfinite(fleet->kpi[of[i].mean].mean))
            ota_page_lines(page, fleet, &of[i], 1);
}

/* Which rules did it; counted from 0, as in the policy's list. */
static void print_rules(const struct ota_page *page,
                        const struct ota_rollout_summary *rollout)
{
    int64_t others = rollout->stops;

    for (size_t r = 0; r < rollout->rule_count; r++) {
        others -= rollout->by_rule[r];
        if (rollout->by_rule[r] > 0)
            ota_page_row(page, "    policy.rules.list.%zu did in %lld", r,
                         (long long)rollout->by_rule[r]);
    }
    if (others > 0)
        ota_page_row(page, "    a wave's own rule did in %lld",
                     (long long)others);
}

static void print_stops(const struct ota_page *page,
                        const struct ota_report *report)
{
    const struct ota_summary *summary = report->summary;
    const struct ota_group_summary *fleet = &summary->groups[0];
    const struct ota_estimate *stopped = &fleet->kpi[OTA_KPI_STOPPED];
    char share[OTA_NUMBER_SIZE], interval[2 * OTA_NUMBER_SIZE];

    ota_page_cells(OTA_SCALE_SHARE, stopped, share, sizeof(share), interval,
                   sizeof(interval));
    ota_page_row(page, "  %-24s%11s  %-16s  in %lld of %lld",
                 "stopped or halted", share, interval,
                 (long long)summary->rollout.stops,
                 (long long)summary->replications);
    if (summary->rollout.stops == 0)
        return;
    print_rules(page, &summary->rollout);
    print_finite(page, fleet, stop_lines,
                 sizeof(stop_lines) / sizeof(stop_lines[0]));
    if (fleet->kpi[OTA_KPI_STOP_EFFECT].mean !=
        fleet->kpi[OTA_KPI_STOP_TIME].mean)
        print_finite(page, fleet, effect_lines,
                     sizeof(effect_lines) / sizeof(effect_lines[0]));
}

/* --- waves --- */

static void cell(enum ota_scale scale, const struct ota_estimate *estimate,
                 char *text, size_t size)
{
    char unused[2 * OTA_NUMBER_SIZE];

    ota_page_cells(scale, estimate, text, size, unused, sizeof(unused));
}

static void print_wave(const struct ota_page *page,
                       const struct ota_wave_summary *wave, size_t place)
{
    char name[OTA_WAVE_NAME_SIZE + 24], size[OTA_NUMBER_SIZE];
    char opened[OTA_NUMBER_SIZE], complete[OTA_NUMBER_SIZE];
    char bad[OTA_NUMBER_SIZE], seen[64] = "";

    if (wave->name[0])
        snprintf(name, sizeof(name), "%s", wave->name);
    else
        snprintf(name, sizeof(name), "wave %zu", place + 1);
    for (char *at = name; *at; at++)
        if (iscntrl((unsigned char)*at))
            *at = ' ';
    cell(OTA_SCALE_COUNT, &wave->size, size, sizeof(size));
    cell(OTA_SCALE_TIME, &wave->opened, opened, sizeof(opened));
    /* The mean of those that got through would be that of the lucky ones. */
    if (wave->complete.values > 0 &&
        wave->complete.values == wave->opened.values)
        cell(OTA_SCALE_TIME, &wave->complete, complete, sizeof(complete));
    else
        snprintf(complete, sizeof(complete), "-");
    cell(OTA_SCALE_COUNT, &wave->bad, bad, sizeof(bad));
    if (wave->opened.values < wave->opened.of)
        snprintf(seen, sizeof(seen), "in %lld of %lld",
                 (long long)wave->opened.values, (long long)wave->opened.of);
    const size_t columns = ota_page_columns(name);
    if (columns > OTA_PAGE_LABEL) {
        ota_page_row(page, "  %s", name);
        name[0] = '\0';
    }
    /* printf() counts bytes. */
    const size_t extra = name[0] ? strlen(name) - columns : 0;
    ota_page_row(page, "  %-*s%11s%11s%11s%9s  %s",
                 (int)(OTA_PAGE_LABEL + extra), name, size, opened, complete,
                 bad, seen);
}

static void print_waves(const struct ota_page *page,
                        const struct ota_rollout_summary *rollout)
{
    const size_t count = rollout->wave_count;
    char head[128];

    if (count == 0)
        return;
    snprintf(head, sizeof(head), "%-26s%11s%11s%11s%9s  %s",
             "Waves, since the release", "devices", "opened", "complete", "bad",
             "opened");
    ota_page_heading(page, head);
    for (size_t w = 0; w < count; w++) {
        if (count > WAVES_SHOWN && w == WAVES_SHOWN - 2) {
            ota_page_row(page, "  ... %zu more", count - WAVES_SHOWN + 1);
            w = count - 1;
        }
        print_wave(page, &rollout->waves[w], w);
    }
}

void ota_page_rollout(const struct ota_page *page,
                      const struct ota_report *report)
{
    const struct ota_rollout_summary *rollout = &report->summary->rollout;
    const struct ota_group_summary *fleet = &report->summary->groups[0];

    if (!rollout->staged && rollout->stops == 0)
        return;
    ota_page_heading(page, "The rollout");
    print_stops(page, report);
    print_happened(page, fleet, spread_lines,
                   sizeof(spread_lines) / sizeof(spread_lines[0]));
    print_happened(page, fleet, lines, sizeof(lines) / sizeof(lines[0]));
    if (fleet->kpi[OTA_KPI_COST].mean > fleet->kpi[OTA_KPI_OVERAGE].mean)
        ota_page_lines(page, fleet, &cost_line, 1);
    print_waves(page, rollout);
}
