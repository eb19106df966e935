/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * summary_json.c - the answer as one JSON object, for programs.
 *
 * Outcomes count devices a replication and add up to the devices. A time that
 * some replications never reached has no mean: it is null.
 *
 * --json has the keys that scripts may rely on, and no others; "rollout" is
 * there if the policy is not: all at once. summary.json also says what it is
 * called, how sure its intervals are, and of what need not happen how many
 * replications "reached" it; of a stop, the mean is of those.
 */
#include "output/files.h"
#include "output/writers.h"

static void outcomes(struct ota_json_out *json,
                     const struct ota_group_summary *group)
{
    ota_json_out_key(json, "outcomes");
    ota_json_out_open(json, '{');
    for (int i = 0; i < OTA_OUTCOMES; i++) {
        ota_json_out_key(json, ota_outcome_names[i]);
        ota_json_out_open_flat(json, '{');
        ota_json_out_estimate(json, &group->outcomes[i]);
        ota_json_out_close(json, '}');
    }
    ota_json_out_close(json, '}');
}

static void kpis(struct ota_json_out *json,
                 const struct ota_group_summary *group, bool more)
{
    ota_json_out_key(json, "kpi");
    ota_json_out_open(json, '{');
    for (int i = 0; i < OTA_KPIS; i++) {
        const struct ota_estimate *estimate = &group->kpi[i];
        const enum ota_kpi_of of = ota_kpis[i].of;

        ota_json_out_key(json, ota_kpis[i].name);
        ota_json_out_open_flat(json, '{');
        ota_json_out_key(json, "unit");
        ota_json_out_string(json, ota_kpis[i].unit);
        ota_json_out_estimate(json, estimate);
        if (more && of != OTA_KPI_OF_ALL) {
            ota_json_out_key(json, "reached");
            ota_json_out_integer(json, estimate->values);
        }
        ota_json_out_close(json, '}');
    }
    ota_json_out_close(json, '}');
}

/* How many replications each rule stopped; of a wave's own rule the number is
 * null. */
static void stops(struct ota_json_out *json,
                  const struct ota_rollout_summary *rollout)
{
    int64_t others = rollout->stops;

    ota_json_out_key(json, "stopped_by");
    ota_json_out_open(json, '[');
    for (size_t r = 0; r <= rollout->rule_count; r++) {
        const bool own = r == rollout->rule_count;
        const int64_t count = own ? others : rollout->by_rule[r];
        others -= count;
        if (count == 0)
            continue;
        ota_json_out_open_flat(json, '{');
        ota_json_out_key(json, "rule");
        if (own)
            ota_json_out_raw(json, "null");
        else
            ota_json_out_integer(json, (int64_t)r);
        ota_json_out_key(json, "replications");
        ota_json_out_integer(json, count);
        ota_json_out_close(json, '}');
    }
    ota_json_out_close(json, ']');
}

static void wave(struct ota_json_out *json, const struct ota_wave_summary *wave)
{
    const struct {
        const char *name;
        const struct ota_estimate *estimate;
    } numbers[] = {
        {"devices", &wave->size},        {"offered", &wave->offered},
        {"succeeded", &wave->succeeded}, {"bad", &wave->bad},
        {"opened_s", &wave->opened},     {"complete_s", &wave->complete},
    };

    ota_json_out_open(json, '{');
    ota_json_out_key(json, "name");
    ota_json_out_string(json, wave->name);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        ota_json_out_key(json, numbers[i].name);
        ota_json_out_open_flat(json, '{');
        ota_json_out_estimate(json, numbers[i].estimate);
        ota_json_out_key(json, "reached");
        ota_json_out_integer(json, numbers[i].estimate->values);
        ota_json_out_close(json, '}');
    }
    ota_json_out_close(json, '}');
}

/* Only of a rollout that is staged or was stopped. */
static void rollout(struct ota_json_out *json,
                    const struct ota_rollout_summary *of)
{
    if (!of->staged && of->stops == 0)
        return;
    ota_json_out_key(json, "rollout");
    ota_json_out_open(json, '{');
    stops(json, of);
    ota_json_out_key(json, "waves");
    ota_json_out_open(json, '[');
    for (size_t w = 0; w < of->wave_count; w++)
        wave(json, &of->waves[w]);
    ota_json_out_close(json, ']');
    ota_json_out_close(json, '}');
}

void ota_summary_fleet_json(struct ota_json_out *json,
                            const struct ota_summary *summary)
{
    ota_json_out_open(json, '{');
    outcomes(json, &summary->groups[0]);
    kpis(json, &summary->groups[0], true);
    rollout(json, &summary->rollout);
    ota_json_out_close(json, '}');
}

/* One object; more: with what only summary.json has. */
static void summary_object(const struct ota_report *report,
                           struct ota_json_out *json, bool more)
{
    const struct ota_summary *summary = report->summary;

    ota_json_out_open(json, '{');
    ota_json_out_key(json, "scenario");
    ota_json_out_string(json, report->scenario_name);
    if (more) {
        ota_json_out_key(json, "title");
        ota_json_out_string(json, report->scenario_title);
    }
    ota_json_out_key(json, "seed");
    ota_json_out_unsigned(json, report->seed);
    ota_json_out_key(json, "replications");
    ota_json_out_integer(json, summary->replications);
    ota_precisions_json(json, report);
    if (more) {
        ota_json_out_key(json, "confidence");
        ota_json_out_number(json, summary->confidence);
    }
    ota_json_out_key(json, "devices");
    ota_json_out_integer(json, summary->groups[0].devices);
    outcomes(json, &summary->groups[0]);
    kpis(json, &summary->groups[0], more);
    rollout(json, &summary->rollout);

    ota_json_out_key(json, "groups");
    ota_json_out_open(json, '[');
    for (size_t g = 1; g <= summary->group_count; g++) {
        ota_json_out_open(json, '{');
        ota_json_out_key(json, "name");
        ota_json_out_string(json, summary->groups[g].name);
        ota_json_out_key(json, "devices");
        ota_json_out_integer(json, summary->groups[g].devices);
        outcomes(json, &summary->groups[g]);
        kpis(json, &summary->groups[g], more);
        ota_json_out_close(json, '}');
    }
    ota_json_out_close(json, ']');
    ota_json_out_close(json, '}');
    ota_json_out_end(json);
}

bool ota_output_print_json(const struct ota_report *report, FILE *out)
{
    struct ota_json_out json = ota_json_out_to(out, false);

    summary_object(report, &json, false);
    return fflush(out) == 0 && !ferror(out);
}

static bool write_summary(const void *of, const char *folder,
                          const struct ota_output_options *options,
                          struct ota_error *error)
{
    const struct ota_report *report = of;
    (void)options;
    struct ota_out_file file;
    if (!ota_out_file_open(&file, folder, ota_writer_summary.name, error))
        return false;

    struct ota_json_out json = ota_json_out_to(file.stream, true);
    summary_object(report, &json, true);
    return ota_out_file_close(&file, error);
}

const struct ota_folder_file ota_writer_summary = {
    .name = "summary.json",
    .summary = "outcomes and KPIs of the fleet and its groups",
    .write = write_summary,
};
