/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_sleep_random_oracles.c - Poisson and recorded wakes against renewal
 * theory, and what follows for a fleet that waits for them.
 *
 * Seen from an arbitrary instant, the time X to the next wake has
 *
 *     fixed interval T    uniform in [0, T]
 *     Poisson, mean T     exponential of mean T; so P(X <= W) = 1 - exp(-W/T)
 *     recorded intervals  density by their lengths: P(X <= W) = sum of
 *                         min(g, W) / sum of g, mean sum g^2 / (2 sum g)
 *
 * The last of n devices to wake has the mean T n / (n + 1), or T H_n with H_n
 * the n-th harmonic number.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "models/sleep/sleep.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"

enum { DEVICES = 100000, MEAN_S = 3600 };

static const struct ota_sleep_poisson_config poisson = {
    .mean_us = MEAN_S * OTA_US_PER_S};

static double poisson_first_s(struct ota_stream *stream)
{
    return ota_s_from_us(ota_sleep_poisson.first_us(&poisson, &stream->rng));
}

/* --- Poisson ------------------------------------------------------------- */

static void first_random_wake_remembers_nothing(void **state)
{
    (void)state;
    struct ota_stream stream;
    double sum = 0, sum2 = 0;

    model_fixture_stream(&stream, 0);
    for (int d = 0; d < DEVICES; d++) {
        const double first_s = poisson_first_s(&stream);
        sum += first_s;
        sum2 += first_s * first_s;
    }
    model_fixture_assert_mean(DEVICES, sum, sum2, MEAN_S);
}

static void random_wakes_within_a_window(void **state)
{
    (void)state;
    /* The last: 99 % have woken after T ln 100 = 16579 s. */
    static const struct {
        double within_s, p;
    } cases[] = {{360, 0.0951626},
                 {1800, 0.3934693},
                 {3600, 0.6321206},
                 {16578.613, 0.99}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct ota_stream stream;
        double hits = 0;

        model_fixture_stream(&stream, 10 + i);
        for (int d = 0; d < DEVICES; d++)
            hits += poisson_first_s(&stream) <= cases[i].within_s;
        model_fixture_assert_share(DEVICES, hits, cases[i].p);
    }
}

/* Counts in a stretch have mean and variance H / T; their fourth central
 * moment m + 3 m^2 gives the sample variance's error. */
static void random_wakes_are_counted_by_poisson(void **state)
{
    (void)state;
    const double m = 2.5;
    const int64_t end_us = (int64_t)(m * MEAN_S * 1e6);
    struct ota_stream stream;
    double sum = 0, sum2 = 0, squares = 0, squares2 = 0;

    model_fixture_stream(&stream, 20);
    for (int d = 0; d < DEVICES; d++) {
        int wakes = 0;
        for (int64_t wake_us =
                 ota_sleep_poisson.first_us(&poisson, &stream.rng);
             wake_us < end_us; wake_us = ota_sleep_poisson.next_us(
                                   &poisson, wake_us, &stream.rng))
            wakes++;
        const double off2 = (wakes - m) * (wakes - m);
        sum += wakes;
        sum2 += (double)wakes * wakes;
        squares += off2;
        squares2 += off2 * off2;
    }
    model_fixture_assert_mean(DEVICES, sum, sum2, m);
    model_fixture_assert_mean(DEVICES, squares, squares2, m);
}

/* The interval that an instant hits is twice as long as the others. */
static void an_instant_hits_intervals_twice_as_long(void **state)
{
    (void)state;
    const int64_t at_us = 40 * MEAN_S * OTA_US_PER_S + 12345;
    double age = 0, age2 = 0, hit = 0, hit2 = 0;
    struct ota_stream stream;

    model_fixture_stream(&stream, 30);
    for (int d = 0; d < DEVICES; d++) {
        int64_t last_us = 0; /* e^-40 of the devices have none */
        int64_t next_us = ota_sleep_poisson.first_us(&poisson, &stream.rng);
        while (next_us <= at_us) {
            last_us = next_us;
            next_us = ota_sleep_poisson.next_us(&poisson, last_us, &stream.rng);
        }
        const double age_s = ota_s_from_us(at_us - last_us);
        const double hit_s = ota_s_from_us(next_us - last_us);
        age += age_s;
        age2 += age_s * age_s;
        hit += hit_s;
        hit2 += hit_s * hit_s;
    }
    model_fixture_assert_mean(DEVICES, age, age2, MEAN_S);
    model_fixture_assert_mean(DEVICES, hit, hit2, 2.0 * MEAN_S);
}

/* --- the last of a fleet -------------------------------------------------- */

enum { FLEET = 1000, FLEETS = 1000 };

static void check_last(const struct ota_sleep_model *model, const void *config,
                       uint64_t index, double wanted_s)
{
    struct ota_stream stream;
    double sum = 0, sum2 = 0;

    model_fixture_stream(&stream, index);
    for (int fleet = 0; fleet < FLEETS; fleet++) {
        double last_s = 0;
        for (int d = 0; d < FLEET; d++)
            last_s = fmax(last_s,
                          ota_s_from_us(model->first_us(config, &stream.rng)));
        sum += last_s;
        sum2 += last_s * last_s;
    }
    model_fixture_assert_mean(FLEETS, sum, sum2, wanted_s);
}

static void the_last_of_a_fleet_wakes_late(void **state)
{
    (void)state;
    const struct ota_sleep_interval_config clock = {.period_us =
                                                        MEAN_S * OTA_US_PER_S};
    double harmonic = 0;

    for (int k = 1; k <= FLEET; k++)
        harmonic += 1.0 / k;
    /* 3596.4 s and 26948 s. */
    check_last(&ota_sleep_interval, &clock, 40,
               MEAN_S * (double)FLEET / (FLEET + 1));
    check_last(&ota_sleep_poisson, &poisson, 41, MEAN_S * harmonic);
}

/* --- wakes that fail ------------------------------------------------------ */

/* The first of a device's wakes that succeeds, each with chance 1 - q. */
static double success_s(const struct ota_sleep_model *model, const void *config,
                        double q, struct ota_stream *stream)
{
    int64_t wake_us = model->first_us(config, &stream->rng);

    while (gsl_rng_uniform(&stream->rng) < q)
        wake_us = model->next_us(config, wake_us, &stream->rng);
    return ota_s_from_us(wake_us);
}

/* Fixed: T/2 + T q / (1 - q), 2200 s; Poisson: thinned, T / (1 - q). */
static void wakes_that_fail_cost_whole_intervals(void **state)
{
    (void)state;
    const double q = 0.1;
    const struct ota_sleep_interval_config clock = {.period_us =
                                                        MEAN_S * OTA_US_PER_S};
    const struct {
        const struct ota_sleep_model *model;
        const void *config;
        double mean_s, within_2t;
    } cases[] = {
        {&ota_sleep_interval, &clock, 2200, 0.99},
        {&ota_sleep_poisson, &poisson, 4000, 1 - exp(-2 * (1 - q))},
    };

    for (size_t i = 0; i < 2; i++) {
        struct ota_stream stream;
        double sum = 0, sum2 = 0, hits = 0;

        model_fixture_stream(&stream, 50 + i);
        for (int d = 0; d < DEVICES; d++) {
            const double s =
                success_s(cases[i].model, cases[i].config, q, &stream);
            sum += s;
            sum2 += s * s;
            hits += s <= 2 * MEAN_S;
        }
        model_fixture_assert_mean(DEVICES, sum, sum2, cases[i].mean_s);
        model_fixture_assert_share(DEVICES, hits, cases[i].within_2t);
    }
}

/* --- recorded ------------------------------------------------------------- */

static const double gaps_s[] = {3600, 60, 43200, 1, 7200, 600, 600};

enum { GAPS = sizeof(gaps_s) / sizeof(*gaps_s) };

static void *recorded(struct ota_arena *arena)
{
    char path[] = "/tmp/otasim-trace-XXXXXX";
    const struct ota_field_context context = {.arena = arena};
    void *config = model_fixture_config(&ota_sleep_trace.model, arena);
    char problem[256] = "";

    const int handle = mkstemp(path);
    FILE *file = handle < 0 ? NULL : fdopen(handle, "w");
    assert_non_null(file);
    for (size_t i = 0; i < GAPS; i++)
        fprintf(file, "%gs\n", gaps_s[i]);
    assert_int_equal(fclose(file), 0);
    model_fixture_set(&ota_sleep_trace.model, config, arena, "file", path);
    const bool ok = ota_sleep_trace.model.prepare(config, &context, problem,
                                                  sizeof(problem));
    unlink(path);
    if (!ok)
        fail_msg("%s", problem);
    return config;
}

/* Wakes are moved by at most 7 us, which is nothing beside the error. */
static void recorded_wakes_follow_their_lengths(void **state)
{
    (void)state;
    const double within_s = 900;
    struct ota_arena arena = {0};
    const void *config = recorded(&arena);
    struct ota_stream stream;
    double sum_g = 0, sum_g2 = 0, covered = 0;
    double first = 0, first2 = 0, hit = 0, hit2 = 0, hits = 0;

    for (size_t i = 0; i < GAPS; i++) {
        sum_g += gaps_s[i];
        sum_g2 += gaps_s[i] * gaps_s[i];
        covered += fmin(gaps_s[i], within_s);
    }
    model_fixture_stream(&stream, 60);
    for (int d = 0; d < DEVICES; d++) {
        const int64_t first_us = ota_sleep_trace.first_us(config, &stream.rng);
        const double s = ota_s_from_us(first_us);
        /* The interval that time 0 hit: the one that ends the turn. */
        int64_t wake_us = first_us;
        for (size_t i = 0; i + 1 < GAPS; i++)
            wake_us = ota_sleep_trace.next_us(config, wake_us, &stream.rng);
        const double hit_s = ota_s_from_us(
            ota_sleep_trace.next_us(config, wake_us, &stream.rng) - wake_us);
        first += s;
        first2 += s * s;
        hits += s <= within_s;
        hit += hit_s;
        hit2 += hit_s * hit_s;
    }
    model_fixture_assert_mean(DEVICES, first, first2, sum_g2 / (2 * sum_g));
    model_fixture_assert_mean(DEVICES, hit, hit2, sum_g2 / sum_g);
    model_fixture_assert_share(DEVICES, hits, covered / sum_g);
    ota_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_random_wake_remembers_nothing),
        cmocka_unit_test(random_wakes_within_a_window),
        cmocka_unit_test(random_wakes_are_counted_by_poisson),
        cmocka_unit_test(an_instant_hits_intervals_twice_as_long),
        cmocka_unit_test(the_last_of_a_fleet_wakes_late),
        cmocka_unit_test(wakes_that_fail_cost_whole_intervals),
        cmocka_unit_test(recorded_wakes_follow_their_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
