/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sample_sweep.h - for tests of the writers of sweeps: a report made by hand.
 */
#ifndef OTA_TEST_SAMPLE_SWEEP_H
#define OTA_TEST_SAMPLE_SWEEP_H

#include "output/sweep.h"

enum { SWEEP_WAITS = 3, SWEEP_HOWS = 2, SWEEP_ROWS = 6, SWEEP_MEASURES = 4 };

/* A sweep over a number and words, and all that its report points to. */
struct sample_sweep {
    struct ota_axis axes[2];
    struct ota_setting settings[SWEEP_ROWS][2];
    double numbers[SWEEP_ROWS][2];
    struct ota_study_row rows[SWEEP_ROWS];
    struct ota_estimate estimates[SWEEP_ROWS][SWEEP_MEASURES];
    int64_t devices[SWEEP_ROWS];
    struct ota_sweep_report report;
};

/* Fills it in. All points have 20 replications; the fourth measure is not
 * shown. */
void sample_sweep_make(struct sample_sweep *sweep);

#endif
