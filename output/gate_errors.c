/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gate_errors.c - the error rates first, then what each release did to the
 * fleet, side by side.
 */
#include "output/gate_errors.h"

#include <math.h>

#include "output/json_out.h"
#include "output/page.h"
#include "output/writers.h"

/* What is told of either release. */
static const struct ota_page_line lines[] = {
    {"ran the release", OTA_SCALE_COUNT, OTA_KPI_EXPOSED, OTA_KPIS},
    {"  and it is bad", OTA_SCALE_COUNT, OTA_KPI_EXPOSED_BAD, OTA_KPIS},
    {"  device-hours of that", OTA_SCALE_COUNT, OTA_KPI_BAD_TIME, OTA_KPIS},
    {"when it stops, after", OTA_SCALE_TIME, OTA_KPI_STOP_TIME, OTA_KPIS},
    {"  offered by then", OTA_SCALE_COUNT, OTA_KPI_STOP_OFFERED, OTA_KPIS},
    {"  downloading then", OTA_SCALE_COUNT, OTA_KPI_STOP_DOWNLOADS, OTA_KPIS},
    {"  running it then", OTA_SCALE_COUNT, OTA_KPI_STOP_RUNNING, OTA_KPIS},
    {"  running it in effect", OTA_SCALE_COUNT, OTA_KPI_EFFECT_RUNNING,
     OTA_KPIS},
};

static void print_error(const struct ota_page *page, const char *label,
                        const struct ota_estimate *share, int64_t count,
                        int64_t of)
{
    char mean[OTA_NUMBER_SIZE], interval[2 * OTA_NUMBER_SIZE];

    ota_page_cells(OTA_SCALE_SHARE, share, mean, sizeof(mean), interval,
                   sizeof(interval));
    ota_page_row(page, "  %-30s%9s  %-16s  %lld of %lld", label, mean, interval,
                 (long long)count, (long long)of);
}

static void cell(const struct ota_page_line *line,
                 const struct ota_summary *summary, char *text, size_t size)
{
    char mean[OTA_NUMBER_SIZE], interval[2 * OTA_NUMBER_SIZE];

    ota_page_cells(line->scale, &summary->groups[0].kpi[line->mean], mean,
                   sizeof(mean), interval, sizeof(interval));
    snprintf(text, size, "%s %s", mean, interval);
}

static void print_rules(const struct ota_page *page,
                        const struct ota_rollout_summary *good,
                        const struct ota_rollout_summary *bad)
{
    const size_t count =
        good->rule_count > bad->rule_count ? good->rule_count : bad->rule_count;
    int64_t good_others = good->stops;
    int64_t bad_others = bad->stops;

    for (size_t r = 0; r < count; r++) {
        const int64_t of_good = r < good->rule_count ? good->by_rule[r] : 0;
        const int64_t of_bad = r < bad->rule_count ? bad->by_rule[r] : 0;
        char name[48];
        good_others -= of_good;
        bad_others -= of_bad;
        if (of_good + of_bad == 0)
            continue;
        snprintf(name, sizeof(name), "by policy.rules.list.%zu", r);
        ota_page_row(page, "  %-26s%-26lld%lld", name, (long long)of_good,
                     (long long)of_bad);
    }
    if (good_others + bad_others > 0)
        ota_page_row(page, "  %-26s%-26lld%lld", "by a wave's own rule",
                     (long long)good_others, (long long)bad_others);
}

void ota_gates_print(const struct ota_gates_report *report, FILE *out,
                     int width, bool colour)
{
    const struct ota_page page = ota_page_on(out, width, colour);
    const struct ota_summary *good = report->good.summary;
    const struct ota_summary *bad = report->bad.summary;
    char head[128], interval_head[OTA_NUMBER_SIZE];

    ota_page_title(&page, &report->good);
    ota_page_name_interval(&report->good, interval_head, sizeof(interval_head));
    snprintf(head, sizeof(head), "%-32s%9s  %-16s  replications", "The rules",
             "share", interval_head);
    ota_page_heading(&page, head);
    print_error(&page, "stop or halt a good release",
                &good->groups[0].kpi[OTA_KPI_STOPPED], good->rollout.stops,
                good->replications);
    print_error(&page, "miss the bad one", report->missed,
                bad->replications - bad->rollout.stops, bad->replications);

    snprintf(head, sizeof(head), "%-28s%-26s%s", "A replication",
             "good release", "bad release");
    ota_page_heading(&page, head);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char left[3 * OTA_NUMBER_SIZE], right[3 * OTA_NUMBER_SIZE];
        cell(&lines[i], good, left, sizeof(left));
        cell(&lines[i], bad, right, sizeof(right));
        ota_page_row(&page, "  %-26s%-26s%s", lines[i].label, left, right);
    }
    snprintf(head, sizeof(head), "%-28s%-26s%s", "Replications stopped",
             "good release", "bad release");
    if (good->rollout.stops + bad->rollout.stops > 0) {
        ota_page_heading(&page, head);
        print_rules(&page, &good->rollout, &bad->rollout);
    }
}

static void error_rate(struct ota_json_out *json, const char *key,
                       const struct ota_estimate *share, int64_t count)
{
    ota_json_out_key(json, key);
    ota_json_out_open(json, '{');
    ota_json_out_estimate(json, share);
    ota_json_out_key(json, "count");
    ota_json_out_integer(json, count);
    ota_json_out_close(json, '}');
}

bool ota_gates_print_json(const struct ota_gates_report *report, FILE *out)
{
    const struct ota_summary *good = report->good.summary;
    const struct ota_summary *bad = report->bad.summary;
    struct ota_json_out json = ota_json_out_to(out, false);

    ota_json_out_open(&json, '{');
    ota_json_out_key(&json, "scenario");
    ota_json_out_string(&json, report->good.scenario_name);
    ota_json_out_key(&json, "policy");
    ota_json_out_string(&json, report->policy_name);
    ota_json_out_key(&json, "seed");
    ota_json_out_unsigned(&json, report->good.seed);
    ota_json_out_key(&json, "replications");
    ota_json_out_integer(&json, good->replications);
    ota_json_out_key(&json, "confidence");
    ota_json_out_number(&json, good->confidence);
    error_rate(&json, "stops_good", &good->groups[0].kpi[OTA_KPI_STOPPED],
               good->rollout.stops);
    error_rate(&json, "misses_bad", report->missed,
               bad->replications - bad->rollout.stops);
    ota_json_out_key(&json, "good");
    ota_summary_fleet_json(&json, good);
    ota_json_out_key(&json, "bad");
    ota_summary_fleet_json(&json, bad);
    ota_json_out_close(&json, '}');
    ota_json_out_end(&json);
    return fflush(out) == 0 && !ferror(out);
}
