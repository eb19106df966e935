/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tune_proof.c - see tune_proof.h.
 */
#include "tests/support/tune_proof.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/experiment/tune.h"

enum { SETTINGS_MAX = 16 };

struct prover {
    const struct tune_proof *proof;
    struct ota_arena arena;
    struct ota_axis axis;
    struct ota_goal goal;
    struct ota_tune_setup setup;
    struct ota_setting settings[SETTINGS_MAX]; /* with the seed */
};

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "tune_proof: %s\n", what);
    exit(1);
}

/* Settings are borrowed by studies. */
static void put_seed(struct prover *prover, uint64_t seed)
{
    char text[32];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)seed);
    prover->settings[prover->proof->setting_count] = (struct ota_setting){
        .path = "run.seed",
        .value = ota_arena_text(&prover->arena, text, strlen(text))};
}

static struct ota_study *open_study(const struct prover *prover)
{
    const char *names[2 + OTA_TUNE_RESPECTS];
    const size_t count = ota_tune_measures(&prover->setup, names);
    const struct ota_study_options options = {.threads =
                                                  prover->proof->threads};
    struct ota_error error = {0};
    struct ota_study *study = ota_study_open(names, count, &options, &error);

    if (!study)
        give_up(error.message);
    return study;
}

/* What the reference knows of a number. */
struct known {
    struct ota_estimate objective, goal; /* 95 % intervals */
};

static size_t add_number(struct prover *prover, struct ota_study *study,
                         double number)
{
    const size_t count = prover->proof->setting_count + 1;
    struct ota_setting *settings =
        ota_arena_alloc(&prover->arena, count + 1, sizeof(*settings));
    struct ota_complaints complaints = {0};
    struct ota_error error = {0};
    char text[64];
    size_t point;

    if (!settings)
        give_up("no memory");
    memcpy(settings, prover->settings, count * sizeof(*settings));
    ota_axis_write(&prover->axis, number, text, sizeof(text));
    settings[count] = (struct ota_setting){
        .path = prover->axis.path,
        .value = ota_arena_text(&prover->arena, text, strlen(text))};
    const struct ota_point added = {.file = prover->proof->file,
                                    .settings = settings,
                                    .setting_count = count + 1};
    if (!ota_study_add(study, &added, &point, &complaints, &error)) {
        ota_complaints_print(&complaints, stderr);
        give_up(error.message);
    }
    return point;
}

static struct known look_up(const struct prover *prover,
                            const struct ota_study *study, size_t point)
{
    const int64_t count = prover->proof->replications;
    size_t objective, goal;

    if (!ota_study_place(study, prover->setup.objective, &objective) ||
        !ota_study_place(study, prover->goal.measure, &goal))
        give_up("a measure is not kept");
    return (struct known){
        ota_study_estimate(study, point, objective, count, 0.95),
        ota_study_estimate(study, point, goal, count, 0.95),
    };
}

/* Replicates a number under the reference's seed. */
static struct known ask(struct prover *prover, struct ota_study *study,
                        double number)
{
    struct ota_error error = {0};
    const struct ota_study_want want = {add_number(prover, study, number),
                                        prover->proof->replications};

    if (ota_study_do(study, &want, 1, &error) != OTA_EXPERIMENT_DONE)
        give_up(error.message);
    return look_up(prover, study, want.point);
}

static double margin(const struct prover *prover, const struct known *known)
{
    return prover->goal.at_least ? known->goal.mean - prover->goal.value
                                 : prover->goal.value - known->goal.mean;
}

static void find_best(struct prover *prover, struct ota_study *study,
                      struct tune_score *score)
{
    const struct ota_axis *axis = &prover->axis;
    const size_t count =
        1 + (size_t)((axis->most - axis->least) / prover->proof->step + 1e-9);
    struct ota_study_want *wants = calloc(count, sizeof(*wants));
    struct ota_error error = {0};

    if (!wants)
        give_up("no memory");
    for (size_t i = 0; i < count; i++)
        wants[i] = (struct ota_study_want){
            add_number(prover, study,
                       axis->least + (double)i * prover->proof->step),
            prover->proof->replications};
    if (ota_study_do(study, wants, count, &error) != OTA_EXPERIMENT_DONE)
        give_up(error.message);
    score->least = INFINITY;
    score->reference_replications =
        (int64_t)count * prover->proof->replications;
    for (size_t i = 0; i < count; i++) {
        const struct known known = look_up(prover, study, wants[i].point);
        if (margin(prover, &known) >= 0.0 &&
            known.objective.mean < score->least) {
            score->least = known.objective.mean;
            score->best = axis->least + (double)i * prover->proof->step;
        }
    }
    free(wants);
}

/* Tunes under a seed; returns the number chosen, NaN if none was shown to meet
 * the goal. */
static double tune(struct prover *prover, uint64_t seed, int64_t *replications)
{
    struct ota_tune result;
    struct ota_setting refused;
    struct ota_complaints complaints = {0};
    struct ota_error error = {0};

    put_seed(prover, seed);
    prover->setup.seed = seed;
    struct ota_study *study = open_study(prover);
    if (ota_tune_run(study, &prover->setup, &result, &refused, &complaints,
                     &error) != OTA_EXPERIMENT_DONE)
        give_up(error.message);
    const double number =
        result.met ? result.tried[result.chosen].numbers[0] : NAN;
    *replications = result.replications;
    ota_tune_release(&result);
    ota_study_close(study);
    return number;
}

static void prepare(struct prover *prover, const struct tune_proof *proof)
{
    char problem[OTA_MESSAGE_SIZE];
    struct ota_measure objective;

    prover->proof = proof;
    if (proof->setting_count + 2 > SETTINGS_MAX)
        give_up("too many settings");
    memcpy(prover->settings, proof->settings,
           proof->setting_count * sizeof(*prover->settings));
    if (!ota_axis_read(&prover->axis, proof->vary, &prover->arena, problem,
                       sizeof(problem)) ||
        !ota_goal_read(&prover->goal, proof->goal, NULL, 0, problem,
                       sizeof(problem)) ||
        !ota_measure_read(&objective, proof->objective, NULL, 0, problem,
                          sizeof(problem)))
        give_up(problem);
    prover->setup = (struct ota_tune_setup){
        .file = proof->file,
        .settings = prover->settings,
        .setting_count = proof->setting_count + 1,
        .axes = &prover->axis,
        .axis_count = 1,
        .goals = &prover->goal,
        .goal_count = 1,
        .objective = ota_arena_text(&prover->arena, objective.name,
                                    strlen(objective.name)),
        .confidence = 0.95,
    };
    if (!prover->setup.objective)
        give_up("no memory");
}

struct tune_score tune_prove(const struct tune_proof *proof)
{
    struct prover prover = {0};
    struct tune_score score = {0};

    prepare(&prover, proof);
    put_seed(&prover, proof->reference_seed);
    struct ota_study *reference = open_study(&prover);
    find_best(&prover, reference, &score);
    printf("reference: %g%s, objective %.4g, %lld replications\n", score.best,
           prover.axis.unit, score.least,
           (long long)score.reference_replications);

    for (int s = 1; s <= proof->seeds; s++) {
        int64_t replications;
        const double number = tune(&prover, (uint64_t)s, &replications);
        score.mean += (double)replications / proof->seeds;
        score.cheap += 10 * replications <= score.reference_replications;
        if (isnan(number)) {
            printf("seed %d: nothing found, %lld replications\n", s,
                   (long long)replications);
            continue;
        }
        put_seed(&prover, proof->reference_seed);
        const struct known known = ask(&prover, reference, number);
        const double off = known.objective.mean / score.least - 1.0;
        const double noise = 2.0 * (known.goal.hi - known.goal.lo) / 1.96;
        const bool near = fabs(off) <= 0.05;
        const bool holds = margin(&prover, &known) >= -noise;
        score.near += near;
        score.good += near && holds;
        printf("seed %d: %g%s, objective %+.2f %%, goal %.4g [%.4g, %.4g], "
               "%lld replications\n",
               s, number, prover.axis.unit, 100.0 * off, known.goal.mean,
               known.goal.lo, known.goal.hi, (long long)replications);
        fflush(stdout);
    }
    ota_study_close(reference);
    ota_arena_release(&prover.arena);
    return score;
}
