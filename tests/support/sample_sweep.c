/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sample_sweep.c - the sample: a wait and a way to sleep, each with each.
 */
#include "tests/support/sample_sweep.h"

#include <math.h>

#include "sim/base/clock.h"
#include "tests/support/sample_report.h"

static const char *const waits[SWEEP_WAITS] = {"5s", "30s", "2min"};
static const double wait_numbers[SWEEP_WAITS] = {5.0, 30.0, 120.0};
static const char *const hows[SWEEP_HOWS] = {"fixed", "odd, \"how\""};

static const struct ota_study_measure measures[SWEEP_MEASURES] = {
    {"confirmed_share", "confirmed", "1", OTA_SCALE_SHARE, 1},
    {"charge", "charge per device", "mAh", OTA_SCALE_CHARGE, -1},
    {"time_to_90", "time to 90 %", "s", OTA_SCALE_TIME, -1},
    {"bytes", "data per device", "B", OTA_SCALE_SIZE, -1},
};

static const char *const words[] = {"--vary", "app.wait=5s,30s,2min"};

static void fill_row(struct sample_sweep *sweep, size_t r)
{
    const size_t w = r / SWEEP_HOWS, h = r % SWEEP_HOWS;
    struct ota_estimate *estimates = sweep->estimates[r];

    sweep->settings[r][0] = (struct ota_setting){"app.wait", waits[w]};
    sweep->settings[r][1] = (struct ota_setting){"sleep.model", hows[h]};
    sweep->numbers[r][0] = wait_numbers[w];
    sweep->numbers[r][1] = NAN;
    sweep->rows[r] = (struct ota_study_row){
        .point = r,
        .settings = sweep->settings[r],
        .numbers = sweep->numbers[r],
        .setting_count = 2,
        .replications = 20,
    };
    sweep->devices[r] = 2000;
    estimates[0] = sample_about(0.5 + 0.05 * (double)r, 0.01);
    estimates[1] = sample_about(700.0 + 100.0 * (double)r, 60.0);
    estimates[2] =
        r < 2 ? (struct ota_estimate){NAN, NAN, NAN, r == 0 ? 0 : 3, 20}
              : sample_about(86400.0 * (double)r, 3600.0);
    estimates[3] = sample_about(1e6, 0.0);
}

void sample_sweep_make(struct sample_sweep *sweep)
{
    sweep->axes[0] = (struct ota_axis){
        .path = "app.wait",
        .unit = "s",
        .numbers = wait_numbers,
        .values = waits,
        .count = SWEEP_WAITS,
    };
    sweep->axes[1] = (struct ota_axis){
        .path = "sleep.model", .values = hows, .count = SWEEP_HOWS};
    for (size_t r = 0; r < SWEEP_ROWS; r++)
        fill_row(sweep, r);
    sweep->report = (struct ota_sweep_report){
        .study =
            {
                .command = "sweep",
                .scenario_name = "meters",
                .scenario_title = "Meters that sleep",
                .scenario_json = "{\"title\": \"Meters that sleep\"}",
                .version = "9.9.9",
                .words = words,
                .word_count = 2,
                .seed = 7,
                .confidence = 0.95,
                .rows = sweep->rows,
                .row_count = SWEEP_ROWS,
                .shown_count = 3,
                .measures = measures,
                .measure_count = SWEEP_MEASURES,
                .estimates = &sweep->estimates[0][0],
                .devices = sweep->devices,
            },
        .axes = sweep->axes,
        .axis_count = 2,
        .grid = true,
        .horizon_us = 30 * OTA_US_PER_DAY,
    };
}
