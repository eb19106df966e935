/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tune_proof.h - does tuning find on one axis what a dense sweep finds, and how
 * much sooner?
 *
 * The reference tries a number at every step of the axis, each with so many
 * replications of a seed of its own. Its best is the cheapest that meets the
 * goal in the mean. What tuning chooses under other seeds is replicated as
 * often under the seed of the reference, and judged by that.
 */
#ifndef OTA_TEST_TUNE_PROOF_H
#define OTA_TEST_TUNE_PROOF_H

#include <stdint.h>

#include "sim/scenario/scenario.h"

struct tune_proof {
    const char *file;
    const struct ota_setting *settings; /* of the scenario, no seed */
    size_t setting_count;
    const char *vary; /* "app.wait=5s..120s" */
    const char *goal;
    const char *objective;
    double step; /* of the reference, in the axis's unit */
    int64_t replications;
    uint64_t reference_seed;
    int seeds; /* of tuning, from 1 on */
    int threads;
};

struct tune_score {
    double best;                    /* number, */
    double least;                   /* and objective of the reference there */
    int64_t reference_replications; /* of all its numbers */
    int near;    /* seeds whose choice costs at most 5 % more or less */
    int good;    /* that meet the goal, too, or miss it by less than the
                  * reference's own noise: four standard errors */
    int cheap;   /* that took at most a tenth of its replications */
    double mean; /* replications a seed */
};

/* Prints a line a seed. Ends the program if anything cannot be done. */
struct tune_score tune_prove(const struct tune_proof *proof);

#endif
