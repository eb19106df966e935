/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_pairs.c - what common random numbers are worth: how many times as many
 * replications independent runs need for a difference with an interval as
 * narrow as that of pairs, for what users try first on the starters.
 *
 *     bench_pairs [REPLICATIONS]
 *
 * Nothing is asserted. With 40 replications a factor is known to some 40 %.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/experiment/study.h"

#define HOURLY "scenarios/starter/electron-hourly.json"
#define STAYS "scenarios/starter/electron-hourly-stay-awake.json"

static const struct ota_setting wait_12s = {"fleet.0.app.wait", "12s"};
static const struct ota_setting long_15s = {"fleet.0.app.long_wait", "15s"};

static const struct ota_point points[] = {
    {.file = HOURLY},
    {.file = HOURLY, .settings = &wait_12s, .setting_count = 1},
    {.file = STAYS},
    {.file = STAYS, .settings = &long_15s, .setting_count = 1},
};

static const struct {
    size_t base, variant;
    const char *what;
} questions[] = {
    {0, 1, "hourly: wait 10 s, 12 s"},
    {2, 3, "stay awake: long wait 60 s, 15 s"},
    {0, 2, "hourly, stay awake"},
};

static const char *const measures[] = {"confirmed_share", "charge", "bytes"};

enum {
    POINTS = sizeof(points) / sizeof(points[0]),
    QUESTIONS = sizeof(questions) / sizeof(questions[0]),
    MEASURES = sizeof(measures) / sizeof(measures[0]),
};

static bool add_points(struct ota_study *study, size_t *numbers,
                       struct ota_error *error)
{
    for (size_t p = 0; p < POINTS; p++) {
        struct ota_complaints complaints = {0};
        if (!ota_study_add(study, &points[p], &numbers[p], &complaints,
                           error)) {
            ota_complaints_print(&complaints, stderr);
            return false;
        }
    }
    return true;
}

static void print(const struct ota_study *study, const size_t *numbers,
                  int64_t replications)
{
    printf("%-36s", "independent runs need, times as many");
    for (size_t m = 0; m < MEASURES; m++)
        printf(" %16s", measures[m]);
    putchar('\n');
    for (size_t q = 0; q < QUESTIONS; q++) {
        printf("%-36s", questions[q].what);
        for (size_t m = 0; m < MEASURES; m++)
            printf(" %15.2fx",
                   ota_study_paired(study, numbers[questions[q].variant],
                                    numbers[questions[q].base], m, replications,
                                    0.95)
                       .ratio);
        putchar('\n');
    }
}

int main(int argc, char **argv)
{
    const int64_t replications = argc > 1 ? strtoll(argv[1], NULL, 10) : 40;
    const struct ota_study_options options = {.threads = 2};
    struct ota_error error = {0};
    size_t numbers[POINTS];
    struct ota_study_want wants[POINTS];

    struct ota_study *study =
        ota_study_open(measures, MEASURES, &options, &error);
    bool good = replications > 1 && study && add_points(study, numbers, &error);
    for (size_t p = 0; good && p < POINTS; p++)
        wants[p] = (struct ota_study_want){numbers[p], replications};
    good = good &&
           ota_study_do(study, wants, POINTS, &error) == OTA_EXPERIMENT_DONE;
    if (good)
        print(study, numbers, replications);
    else
        fprintf(stderr, "bench_pairs: %s\n", error.message);
    ota_study_close(study);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
