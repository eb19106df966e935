/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_tune.c - tuning beside a dense sweep: the wait of the starter fleet for
 * the least charge with 99 % of the devices updated within a week.
 *
 *     bench_tune [SEEDS]
 *
 * The sweep tries 116 waits, 5 s to 120 s, 20 replications each. At the
 * starter's own 10 s not even 60 % are updated in a month; a week takes some
 * 24 s, so the goal can be met, and costs something. Of 20 seeds, 19 must be
 * within 5 % of the sweep's best charge and meet the goal there, with a tenth
 * of its replications at most; else this fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <omp.h>

#include "tests/support/tune_proof.h"

int main(int argc, char **argv)
{
    const struct tune_proof proof = {
        .file = "scenarios/starter/electron-hourly.json",
        .vary = "app.wait=5s..120s",
        .goal = "updated_within(7d) >= 99%",
        .objective = "charge",
        .step = 1.0,
        .replications = 20,
        .reference_seed = 1000,
        .seeds = argc > 1 ? atoi(argv[1]) : 20,
        .threads = omp_get_num_procs(),
    };
    const time_t begin = time(NULL);
    const struct tune_score score = tune_prove(&proof);

    printf("%d of %d seeds within 5 %% of the best, %d of them meet the goal, "
           "%d took at most a tenth of the replications (%.0f of %lld in the "
           "mean); %lld s\n",
           score.near, proof.seeds, score.good, score.cheap, score.mean,
           (long long)score.reference_replications,
           (long long)(time(NULL) - begin));
    return score.good * 20 >= proof.seeds * 19 &&
                   score.cheap * 20 >= proof.seeds * 19
               ? 0
               : 1;
}
