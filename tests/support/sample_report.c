/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sample_report.c - the sample: numbers that are easy to find again in what is
 * written.
 */
#include "tests/support/sample_report.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "output/files.h"
#include "sim/base/clock.h"

const char *const sample_group_names[SAMPLE_GROUPS] = {"plain",
                                                       "odd, \"name\""};
static const int64_t group_devices[SAMPLE_GROUPS] = {3, 1};

const struct ota_output_options sample_no_pictures = {.draw = false};

static struct ota_estimate sure(double value)
{
    return (struct ota_estimate){value, value, value, 20, 20};
}

struct ota_estimate sample_about(double mean, double half)
{
    return (struct ota_estimate){mean, mean - half, mean + half, 20, 20};
}

static void fill_group(struct ota_group_summary *group, const char *name,
                       int64_t devices)
{
    group->name = name;
    group->devices = devices;
    for (int i = 0; i < OTA_OUTCOMES; i++)
        group->outcomes[i] = sure(0.0);
    for (int i = 0; i < OTA_KPIS; i++)
        group->kpi[i] = sample_about(1.5, 0.1);
    const double rest = 0.3 * (double)devices;
    group->outcomes[OTA_OUTCOME_UPDATED_CONFIRMED] =
        sample_about((double)devices - rest, 0.1);
    group->outcomes[OTA_OUTCOME_WAITING_NEVER_BEGUN] = sample_about(rest, 0.1);
    group->kpi[OTA_KPI_CONFIRMED_SHARE] = sample_about(0.7, 0.025);
    group->kpi[OTA_KPI_TIME_TO_50] = sample_about(4.123 * 86400, 0.2 * 86400);
    group->kpi[OTA_KPI_TIME_TO_90] =
        (struct ota_estimate){NAN, NAN, NAN, 3, 20};
    group->kpi[OTA_KPI_TIME_TO_99] =
        (struct ota_estimate){NAN, NAN, NAN, 0, 20};
    group->kpi[OTA_KPI_BYTES] = sample_about(1.0712e6, 1.2e4);
    group->kpi[OTA_KPI_BYTES_P95] = sample_about(1.42e6, 2e4);
}

static void fill_timeline(struct sample *sample)
{
    for (size_t i = 0; i < SAMPLE_INSTANTS; i++) {
        struct ota_estimate *at = &sample->timeline[i * OTA_STATES];
        const double confirmed = 0.7 * (double)i / (SAMPLE_INSTANTS - 1);

        for (int s = 0; s < OTA_STATES; s++)
            at[s] = sure(0.0);
        at[OTA_STATE_CONFIRMED] = sample_about(confirmed, 0.02);
        at[OTA_STATE_WAITING] = sample_about(1.0 - confirmed, 0.02);
    }
}

static void fill_devices(struct sample *sample)
{
    for (size_t d = 0; d < SAMPLE_DEVICES; d++)
        sample->devices[d] = (struct ota_device_record){
            .outcome = OTA_OUTCOME_WAITING_NEVER_OFFERED,
            .offered_us = OTA_NEVER,
            .begun_us = OTA_NEVER,
            .installed_us = OTA_NEVER,
            .confirmed_us = OTA_NEVER,
            .defect_us = OTA_NEVER,
            .reached_us = OTA_NEVER,
            .revoked_us = OTA_NEVER,
            .left_us = OTA_NEVER,
            .back_us = OTA_NEVER,
        };
    sample->devices[1] = (struct ota_device_record){
        .outcome = OTA_OUTCOME_UPDATED_CONFIRMED,
        .offered_us = 1500000,
        .begun_us = 2000000,
        .installed_us = 3000001,
        .confirmed_us = 100 * OTA_US_PER_DAY,
        .routine_bytes = 1,
        .useful_bytes = 20,
        .overhead_bytes = 300,
        .wasted_bytes = 4000,
        .power_us = {[OTA_POWER_HIBERNATE] = 9, [OTA_POWER_ONLINE] = 250000},
        .charge_pc = INT64_C(3600000000000) * 12 + 3600000,
        .overage_uusd = 990000,
        .periods_over = 2,
        .wakes = 30,
        .connects = 29,
        .handshakes = 5,
        .offers = 4,
        .attempts = 3,
        .aborted = 1,
        .modules = 2,
        .skipped = 7,
        .dead = true,
        .believed = true,
        .defect_us = 9500000,
        .bad = true,
        .reached_us = 1000000,
        .revoked_us = OTA_NEVER,
        .left_us = 4000000,
        .back_us = 5000000,
        .back_bytes = 77,
        .back_attempts = 6,
    };
}

void sample_stage(struct sample *sample)
{
    struct ota_estimate *kpi = sample->groups[0].kpi;
    const struct ota_estimate never = {NAN, NAN, NAN, 0, 20};

    for (int i = OTA_KPI_STOP_TIME; i <= OTA_KPI_EFFECT_RUNNING; i++)
        kpi[i] = (struct ota_estimate){1100.0, 1000.0, 1200.0, 12, 20};
    kpi[OTA_KPI_STOPPED] = (struct ota_estimate){0.6, 0.36, 0.81, 20, 20};
    kpi[OTA_KPI_STOP_TIME] =
        (struct ota_estimate){7200.0, 7000.0, 7400.0, 12, 20};
    kpi[OTA_KPI_BACK_TIME] = never;
    kpi[OTA_KPI_REOFFERS] = sure(0.0);
    sample->waves[0] = (struct ota_wave_summary){
        .name = "canary\033",
        .size = sure(1.0),
        .opened = sure(0.0),
        .complete = sample_about(600.0, 20.0),
    };
    sample->waves[1] = (struct ota_wave_summary){
        .name = "rest",
        .size = sure(3.0),
        .opened = {86400.0, 80000.0, 90000.0, 8, 20},
        .complete = {90000.0, NAN, NAN, 1, 20},
    };
    sample->by_rule[1] = 11;
    sample->summary.rollout = (struct ota_rollout_summary){
        .staged = true,
        .wave_count = SAMPLE_WAVES,
        .waves = sample->waves,
        .stops = 12,
        .rule_count = SAMPLE_RULES,
        .by_rule = sample->by_rule,
    };
}

static struct ota_spill *spill_devices(const struct sample *sample)
{
    struct ota_error error = {0};
    struct ota_spill *spill =
        ota_spill_new(sample->folder, SAMPLE_DEVICES, 1, &error);
    assert_non_null(spill);
    const struct ota_device_sink *sink = ota_spill_sink(spill);

    for (size_t d = 0; d < SAMPLE_DEVICES; d++)
        sink->put(sink->self, 0, d, &sample->devices[d]);
    assert_true(ota_spill_finish(spill, &error));
    return spill;
}

int sample_setup(void **state)
{
    struct sample *sample = calloc(1, sizeof(*sample));
    if (!sample)
        return -1;

    fill_group(&sample->groups[0], "fleet", SAMPLE_DEVICES);
    for (size_t g = 0; g < SAMPLE_GROUPS; g++)
        fill_group(&sample->groups[1 + g], sample_group_names[g],
                   group_devices[g]);
    fill_timeline(sample);
    fill_devices(sample);
    sample->summary = (struct ota_summary){
        .replications = 20,
        .confidence = 0.95,
        .group_count = SAMPLE_GROUPS,
        .groups = sample->groups,
        .step_us = OTA_US_PER_DAY,
        .instants = SAMPLE_INSTANTS,
        .timeline = sample->timeline,
    };
    for (int64_t i = 1; i < 40; i++) {
        const int64_t bytes = 500000 + 10000 * i;
        ota_histogram_add_all(&sample->summary.bytes, &bytes, 1);
    }
    sample->report = (struct ota_report){
        .summary = &sample->summary,
        .scenario_name = "by-hand",
        .scenario_title = "A \"title\"\nof two lines",
        .scenario_json = "{\n  \"run\": {\n    \"seed\": 7\n  }\n}\n",
        .version = "1.2.3",
        .seed = 7,
        .horizon_us = 30 * OTA_US_PER_DAY,
        .release_us = 0,
        .plan_cap_bytes = 1000000,
    };
    strcpy(sample->folder, "/tmp/otasim-test-XXXXXX");
    if (!mkdtemp(sample->folder)) {
        free(sample);
        return -1;
    }
    sample->report.devices = sample->spill = spill_devices(sample);
    *state = sample;
    return 0;
}

int sample_teardown(void **state)
{
    struct sample *sample = *state;
    struct ota_error error = {0};
    const bool ok = ota_files_remove(sample->folder, &error);

    ota_spill_free(sample->spill);
    free(sample);
    return ok ? 0 : -1;
}

char *sample_below(const struct sample *sample, const char *name)
{
    struct ota_error error = {0};
    char *path = ota_files_join(sample->folder, "/", name, &error);

    assert_non_null(path);
    return path;
}

char *sample_contents(const char *folder, const char *name)
{
    struct ota_error error = {0};
    char *path = ota_files_join(folder, "/", name, &error);
    assert_non_null(path);
    FILE *file = fopen(path, "r");
    free(path);
    if (!file)
        return NULL;

    char *text = calloc(1, SAMPLE_TEXT_SIZE);
    assert_non_null(text);
    const size_t length = fread(text, 1, SAMPLE_TEXT_SIZE - 1, file);
    assert_true(length < SAMPLE_TEXT_SIZE - 1);
    fclose(file);
    return text;
}

char *sample_write(const struct sample *sample)
{
    struct ota_error error = {0};
    char *folder = sample_below(sample, "some/where/results");

    if (!ota_output_write(&sample->report, folder, &sample_no_pictures, &error))
        fail_msg("%s", error.message);
    return folder;
}
