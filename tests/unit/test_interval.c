/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_interval.c - intervals against published values, against the equations
 * that define them, and against how often they hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "sim/base/random.h"
#include "sim/stats/interval.h"
#include "tests/support/near.h"

static void ends_are(struct ota_estimate estimate, double lo, double hi,
                     double within)
{
    assert_near(estimate.lo, lo, within);
    assert_near(estimate.hi, hi, within);
}

/* 1 to 5: mean 3, deviation sqrt(2.5), and the t table's 2.776445 for four
 * degrees of freedom. */
static void student_by_hand(void **state)
{
    (void)state;
    struct ota_tally tally = {0};
    for (int i = 1; i <= 5; i++)
        ota_tally_add(&tally, i);

    const struct ota_estimate estimate = ota_interval_t(&tally, 0.95);
    const double half = 2.776445 * sqrt(2.5) / sqrt(5.0);
    assert_near(estimate.mean, 3.0, 1e-12);
    ends_are(estimate, 3.0 - half, 3.0 + half, 1e-6);
    assert_int_equal(estimate.values, 5);
    assert_int_equal(estimate.of, 5);
}

static void student_of_too_few(void **state)
{
    (void)state;
    struct ota_tally tally = {0};
    struct ota_estimate estimate = ota_interval_t(&tally, 0.95);
    assert_true(isnan(estimate.mean) && isnan(estimate.lo));
    assert_true(isnan(estimate.hi));

    ota_tally_add(&tally, 7.0);
    estimate = ota_interval_t(&tally, 0.95);
    assert_true(estimate.mean == 7.0);
    assert_true(isnan(estimate.lo) && isnan(estimate.hi));
}

/* Of 2,000 samples of ten normal values each, 95 % of the intervals hold the
 * true mean, give or take four standard errors of that share. */
static void student_covers_as_often_as_it_says(void **state)
{
    (void)state;
    enum { SAMPLES = 2000, SIZE = 10 };
    const double mean = 5.0;
    const double confidence = 0.95;
    const struct ota_random_key key = {.seed = 2024};
    int hits = 0;

    for (int s = 0; s < SAMPLES; s++) {
        struct ota_stream stream;
        ota_stream_init(&stream, &key, (uint64_t)s, OTA_PURPOSE_FREE, 0);
        struct ota_tally tally = {0};
        for (int i = 0; i < SIZE; i++)
            ota_tally_add(&tally, mean + gsl_ran_gaussian(&stream.rng, 2.0));
        const struct ota_estimate e = ota_interval_t(&tally, confidence);
        hits += e.lo <= mean && mean <= e.hi;
    }
    const double error = sqrt(confidence * (1.0 - confidence) / SAMPLES);
    assert_near((double)hits / SAMPLES, confidence, 4.0 * error);
}

/* The first two from tables of exact limits; none of 20 by hand, too: 1 -
 * 0.025^(1/20). */
static void exact_as_published(void **state)
{
    (void)state;
    ends_are(ota_interval_exact(0, 20, 0.95), 0.0, 0.16843, 5e-6);
    ends_are(ota_interval_exact(10, 100, 0.95), 0.0490, 0.1762, 5e-5);
    ends_are(ota_interval_exact(20, 20, 0.95), 1.0 - 0.16843, 1.0, 5e-6);
    ends_are(ota_interval_exact(0, 20, 0.95), 0.0, 1.0 - pow(0.025, 1.0 / 20.0),
             1e-12);
}

/*
 * By definition a true share at the lower end gives so many hits or more with
 * probability 2.5 %, one at the upper end so many or fewer. The sums are
 * Poisson's where GSL's binomial ones do not come to an end: for shares of
 * 1e-4 and less the two differ by less than 1e-4.
 */
static void exact_solves_its_equations(void **state)
{
    (void)state;
    static const int64_t counts[][2] = {
        {1, 2},      {1, 10},     {9, 10},         {50, 100},       {3, 1000},
        {997, 1000}, {1, 100000}, {40000, 100000}, {99990, 100000},
    };
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        const unsigned hits = (unsigned)counts[i][0];
        const unsigned trials = (unsigned)counts[i][1];
        const struct ota_estimate e = ota_interval_exact(hits, trials, 0.95);
        assert_near(gsl_cdf_binomial_Q(hits - 1, e.lo, trials), 0.025, 1e-8);
        assert_near(gsl_cdf_binomial_P(hits, e.hi, trials), 0.025, 1e-8);
    }

    static const unsigned rare[] = {1, 5, 40, 272};
    for (size_t i = 0; i < sizeof(rare) / sizeof(rare[0]); i++) {
        const int64_t trials = 10000000;
        const struct ota_estimate e = ota_interval_exact(rare[i], trials, 0.95);
        assert_near(gsl_cdf_poisson_Q(rare[i] - 1, e.lo * 1e7), 0.025, 1e-4);
        assert_near(gsl_cdf_poisson_P(rare[i], e.hi * 1e7), 0.025, 1e-4);
    }
}

/* Hits and misses are mirror images, and more confidence is wider. */
static void exact_is_symmetric_and_nested(void **state)
{
    (void)state;
    for (int64_t hits = 0; hits <= 37; hits++) {
        const struct ota_estimate e = ota_interval_exact(hits, 37, 0.95);
        const struct ota_estimate m = ota_interval_exact(37 - hits, 37, 0.95);
        const struct ota_estimate wide = ota_interval_exact(hits, 37, 0.99);
        ends_are(e, 1.0 - m.hi, 1.0 - m.lo, 1e-10);
        assert_true(e.lo <= e.mean && e.mean <= e.hi);
        assert_true(wide.lo <= e.lo && e.hi <= wide.hi);
    }
}

static void wilson_as_published(void **state)
{
    (void)state;
    ends_are(ota_interval_wilson(10, 100, 0.95), 0.0552, 0.1744, 5e-5);

    /* No hits: z^2 / (n + z^2) at the upper end. */
    const double z2 = 1.959964 * 1.959964;
    ends_are(ota_interval_wilson(0, 20, 0.95), 0.0, z2 / (20.0 + z2), 1e-6);
    ends_are(ota_interval_wilson(20, 20, 0.95), 20.0 / (20.0 + z2), 1.0, 1e-6);
}

static void no_trials_no_interval(void **state)
{
    (void)state;
    assert_true(isnan(ota_interval_exact(0, 0, 0.95).mean));
    assert_true(isnan(ota_interval_exact(0, 0, 0.95).hi));
    assert_true(isnan(ota_interval_wilson(0, 0, 0.95).lo));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(student_by_hand),
        cmocka_unit_test(student_of_too_few),
        cmocka_unit_test(student_covers_as_often_as_it_says),
        cmocka_unit_test(exact_as_published),
        cmocka_unit_test(exact_solves_its_equations),
        cmocka_unit_test(exact_is_symmetric_and_nested),
        cmocka_unit_test(wilson_as_published),
        cmocka_unit_test(no_trials_no_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
