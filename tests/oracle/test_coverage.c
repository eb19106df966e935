/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_coverage.c - how often intervals hold, against how often they must.
 *
 * Student's t on normal values holds as often as it says. For the others the
 * true coverage is a sum over the binomial law, which is worked out here: what
 * is seen agrees with it, and where an interval is called exact or at least so
 * sure it is never less than nominal. All within four binomial standard errors
 * of so many repetitions.
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
#include "sim/stats/quantile.h"
#include "tests/support/coverage.h"
#include "tests/support/near.h"

enum { MOST = 2000 /* values of a sample */ };

static const double confidences[] = {0.8, 0.95, 0.99};
enum { CONFIDENCES = sizeof(confidences) / sizeof(confidences[0]) };

static void open_stream(struct ota_stream *stream, uint64_t number)
{
    const struct ota_random_key key = {.seed = 20240};

    ota_stream_init(stream, &key, number, OTA_PURPOSE_FREE, 0);
}

/* --- Student --- */

static bool holds(struct ota_estimate estimate, double truth)
{
    return estimate.lo <= truth && truth <= estimate.hi;
}

static void student_on_normal_values(void **state)
{
    (void)state;
    static const int sizes[] = {2, 5, 30};

    for (size_t n = 0; n < 3; n++)
        for (size_t c = 0; c < CONFIDENCES; c++) {
            int hits = 0;
            for (uint64_t r = 0; r < COVERAGE_REPEATS; r++) {
                struct ota_stream stream;
                open_stream(&stream, r);
                struct ota_tally tally = {0};
                for (int i = 0; i < sizes[n]; i++)
                    ota_tally_add(&tally,
                                  1e6 + gsl_ran_gaussian(&stream.rng, 3.0));
                hits += holds(ota_interval_t(&tally, confidences[c]), 1e6);
            }
            coverage_is("Student", hits, confidences[c]);
        }
}

/* Of so many that a mean of them is as good as normal. */
static void student_on_exponential_values(void **state)
{
    (void)state;
    int hits = 0;

    for (uint64_t r = 0; r < COVERAGE_REPEATS; r++) {
        struct ota_stream stream;
        open_stream(&stream, r);
        struct ota_tally tally = {0};
        for (int i = 0; i < MOST; i++)
            ota_tally_add(&tally, gsl_ran_exponential(&stream.rng, 7.0));
        hits += holds(ota_interval_t(&tally, 0.95), 7.0);
    }
    coverage_is("Student, exponential", hits, 0.95);
}

/* Pairs that have most of their luck in common. */
static void pairs_of_normal_values(void **state)
{
    (void)state;
    enum { PAIRS = 8 };
    struct ota_tally ratios = {0};

    for (size_t c = 0; c < CONFIDENCES; c++) {
        int hits = 0;
        for (uint64_t r = 0; r < COVERAGE_REPEATS; r++) {
            struct ota_stream stream;
            open_stream(&stream, r);
            double a[PAIRS], b[PAIRS];
            for (int i = 0; i < PAIRS; i++) {
                const double common = gsl_ran_gaussian(&stream.rng, 10.0);
                a[i] = common + 2.0 + gsl_ran_gaussian(&stream.rng, 1.0);
                b[i] = common + gsl_ran_gaussian(&stream.rng, 1.0);
            }
            const struct ota_paired paired =
                ota_interval_paired(a, b, PAIRS, confidences[c]);
            hits += holds(paired.difference, 2.0);
            ota_tally_add(&ratios, log(paired.ratio));
        }
        coverage_is("pairs", hits, confidences[c]);
    }
    /* Two variances of 101 over one of 2; the median of what is seen is that
     * but for its own noise. */
    const double error =
        sqrt(ota_tally_variance(&ratios) / (double)ratios.count);
    assert_true(fabs(ratios.mean - log(202.0 / 2.0)) < 0.2 + 4.0 * error);
}

/*
 * Two groups of normal values. The mean and both variances are independent, so
 * the coverage is that of a normal value, on average over the variances, which
 * are chi-squared: the average is taken at the midpoints of equal shares.
 */
static double strata_coverage(const int sizes[2], const double deviations[2],
                              double confidence)
{
    enum { CUTS = 150 };
    double truth = 0.0;
    double sum = 0.0;

    for (int g = 0; g < 2; g++)
        truth += sizes[g] * deviations[g] * deviations[g];
    for (int i = 0; i < CUTS * CUTS; i++) {
        const int cut[] = {i / CUTS, i % CUTS};
        double variance = 0.0;
        double doubt = 0.0;
        for (int g = 0; g < 2; g++) {
            const double freedom = sizes[g] - 1.0;
            const double seen =
                sizes[g] * deviations[g] * deviations[g] *
                gsl_cdf_chisq_Pinv((cut[g] + 0.5) / CUTS, freedom) / freedom;
            variance += seen;
            doubt += seen * seen / freedom;
        }
        const double t = gsl_cdf_tdist_Pinv((1.0 + confidence) / 2.0,
                                            variance * variance / doubt);
        sum += 2.0 * gsl_cdf_ugaussian_P(t * sqrt(variance / truth)) - 1.0;
    }
    return sum / (CUTS * CUTS);
}

static void strata_of_normal_values(void **state)
{
    (void)state;
    static const struct {
        int sizes[2];
        double deviations[2];
    } cases[] = {
        {{5, 5}, {1.0, 1.0}}, {{4, 30}, {5.0, 1.0}}, {{40, 400}, {1.0, 0.1}}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const int *sizes = cases[i].sizes;
        const double wanted = strata_coverage(sizes, cases[i].deviations, 0.95);
        const double truth =
            (sizes[0] * 1.0 + sizes[1] * 50.0) / (sizes[0] + sizes[1]);
        int hits = 0;
        for (uint64_t r = 0; r < COVERAGE_REPEATS; r++) {
            struct ota_stream stream;
            open_stream(&stream, r);
            struct ota_strata strata = {0};
            for (int g = 0; g < 2; g++) {
                struct ota_tally tally = {0};
                for (int v = 0; v < sizes[g]; v++)
                    ota_tally_add(&tally,
                                  (g == 0 ? 1.0 : 50.0) +
                                      gsl_ran_gaussian(&stream.rng,
                                                       cases[i].deviations[g]));
                ota_strata_add(&strata, &tally);
            }
            hits += holds(ota_interval_strata(&strata, 0.95), truth);
        }
        coverage_is("strata", hits, wanted);
        assert_near(wanted, 0.95, 0.015); /* even of groups as small */
    }
}

/* --- shares --- */

typedef struct ota_estimate (*share_fn)(int64_t hits, int64_t trials,
                                        double confidence);

/* Coverage of the interval for a share, and how often it was seen to hold. */
static double share_coverage(share_fn interval, int trials, double share,
                             double confidence, int *seen)
{
    double wanted = 0.0;
    bool good[MOST + 1] = {false};

    for (int h = 0; h <= trials; h++) {
        good[h] = holds(interval(h, trials, confidence), share);
        if (good[h])
            wanted +=
                gsl_ran_binomial_pdf((unsigned)h, share, (unsigned)trials);
    }
    *seen = 0;
    for (uint64_t r = 0; r < COVERAGE_REPEATS; r++) {
        struct ota_stream stream;
        open_stream(&stream, r);
        *seen += good[gsl_ran_binomial(&stream.rng, share, (unsigned)trials)];
    }
    return wanted;
}

static const double shares[] = {0.003, 0.1, 0.5, 0.72, 0.99};
static const int trials[] = {10, 60, MOST};

static void exact_is_never_less_than_nominal(void **state)
{
    (void)state;
    for (size_t n = 0; n < 3; n++)
        for (size_t p = 0; p < 5; p++)
            for (size_t c = 0; c < CONFIDENCES; c++) {
                int seen;
                const double wanted =
                    share_coverage(ota_interval_exact, trials[n], shares[p],
                                   confidences[c], &seen);
                assert_true(wanted >= confidences[c]);
                coverage_is("Clopper-Pearson", seen, wanted);
            }
}

/* It is nominal on average over shares, within a percent; not for each. */
static void wilson_is_nominal_on_average(void **state)
{
    (void)state;
    for (size_t n = 0; n < 3; n++)
        for (size_t p = 0; p < 5; p++) {
            int seen;
            const double wanted = share_coverage(ota_interval_wilson, trials[n],
                                                 shares[p], 0.95, &seen);
            coverage_is("Wilson", seen, wanted);
        }

    enum { TRIALS = 60, CUTS = 1000 };
    double sum = 0.0;
    for (int i = 0; i < CUTS; i++) {
        const double share = (i + 0.5) / CUTS;
        for (unsigned h = 0; h <= TRIALS; h++)
            if (holds(ota_interval_wilson(h, TRIALS, 0.95), share))
                sum += gsl_ran_binomial_pdf(h, share, TRIALS);
    }
    assert_near(sum / CUTS, 0.95, 0.01);
}

/* --- order statistics --- */

/*
 * Ranks lo and hi hold the quantile if at least lo and fewer than hi of the
 * values are below it. They are the nearest that do: one rank further in, an
 * end would be missed too often.
 */
static void ranks_solve_their_equations(void **state)
{
    (void)state;
    static const unsigned counts[] = {1, 2, 10, 59, 60, 1000, 100000};
    static const double places[] = {0.5, 0.9, 0.95, 0.99};

    for (size_t n = 0; n < 7; n++)
        for (size_t p = 0; p < 4; p++)
            for (size_t c = 0; c < CONFIDENCES; c++) {
                const double tail = (1.0 - confidences[c]) / 2.0;
                const double more = tail * (1.0 + 1e-9); /* rounding */
                const double less = tail * (1.0 - 1e-9);
                const unsigned count = counts[n];
                int64_t lo, hi;
                ota_interval_ranks(count, places[p], confidences[c], &lo, &hi);
                assert_true(lo >= 0 && lo < hi && hi <= (int64_t)count + 1);
                if (lo > 0)
                    assert_true(gsl_cdf_binomial_P((unsigned)lo - 1, places[p],
                                                   count) <= more);
                assert_true(gsl_cdf_binomial_P((unsigned)lo, places[p], count) >
                            less);
                if (hi <= count)
                    assert_true(gsl_cdf_binomial_Q((unsigned)hi - 1, places[p],
                                                   count) <= more);
                if (hi >= 2)
                    assert_true(gsl_cdf_binomial_Q((unsigned)hi - 2, places[p],
                                                   count) > less);
            }
}

/* Of medians as tables of the sign test have them; of the 95th percentile, 59
 * values are the fewest whose largest is above it with 95 % (S. S. Wilks,
 * Annals of Mathematical Statistics 12, 1941). */
static void ranks_as_published(void **state)
{
    (void)state;
    static const int64_t medians[][3] = {
        {5, 0, 6}, {6, 1, 6}, {10, 2, 9}, {20, 6, 15}, {50, 18, 33}};
    int64_t lo, hi;

    for (size_t i = 0; i < sizeof(medians) / sizeof(medians[0]); i++) {
        ota_interval_ranks(medians[i][0], 0.5, 0.95, &lo, &hi);
        assert_int_equal(lo, medians[i][1]);
        assert_int_equal(hi, medians[i][2]);
    }
    ota_interval_ranks(58, 0.95, 0.90, &lo, &hi);
    assert_int_equal(hi, 59); /* no value */
    ota_interval_ranks(59, 0.95, 0.90, &lo, &hi);
    assert_int_equal(hi, 59); /* the largest */
}

static double ranks_coverage(int count, double p, double confidence)
{
    int64_t lo, hi;

    ota_interval_ranks(count, p, confidence, &lo, &hi);
    return gsl_cdf_binomial_P((unsigned)hi - 1, p, (unsigned)count) -
           (lo > 0 ? gsl_cdf_binomial_P((unsigned)lo - 1, p, (unsigned)count)
                   : 0.0);
}

/* Quantiles of exponential values, in a unit small enough for integers. */
static void quantiles_are_held_as_often_as_they_must(void **state)
{
    (void)state;
    static const int counts[] = {5, 60, 500};
    static const double places[] = {0.5, 0.9, 0.95, 0.99};
    int64_t values[MOST];

    for (size_t n = 0; n < 3; n++)
        for (size_t p = 0; p < 4; p++) {
            const double truth = -log1p(-places[p]) * 1e12;
            int hits = 0;
            for (uint64_t r = 0; r < COVERAGE_REPEATS; r++) {
                struct ota_stream stream;
                open_stream(&stream, r);
                struct ota_ends ends;
                for (int i = 0; i < counts[n]; i++)
                    values[i] = (int64_t)gsl_ran_exponential(&stream.rng, 1e12);
                const double value = ota_quantile_ends(
                    values, (size_t)counts[n], places[p], 0.95, &ends);
                assert_true(value ==
                            ota_quantile(values, (size_t)counts[n], places[p]));
                /* Without an end, on that side, it holds. */
                hits += !(ends.lo > truth) && !(ends.hi < truth);
            }
            const double wanted = ranks_coverage(counts[n], places[p], 0.95);
            assert_true(wanted >= 0.95);
            coverage_is("order statistics", hits, wanted);
        }
}

/* Values that are counted in few steps hold it more often, if anything. */
static void ties_do_no_harm(void **state)
{
    (void)state;
    enum { COUNT = 200 };
    int64_t values[COUNT];
    int hits = 0;

    for (uint64_t r = 0; r < COVERAGE_REPEATS; r++) {
        struct ota_stream stream;
        open_stream(&stream, r);
        struct ota_ends ends;
        for (int i = 0; i < COUNT; i++)
            values[i] = gsl_ran_poisson(&stream.rng, 1.3);
        ota_quantile_ends(values, COUNT, 0.9, 0.95, &ends);
        hits += ends.lo <= 3.0 && 3.0 <= ends.hi; /* P(X <= 2) < 0.9 <= P(3) */
    }
    assert_true(gsl_cdf_poisson_P(2, 1.3) < 0.9);
    assert_true(gsl_cdf_poisson_P(3, 1.3) >= 0.9);
    coverage_is_at_least("ties", hits, 0.95);
}

/* Each at Bonferroni's confidence, ten intervals hold together. */
static void several_hold_together(void **state)
{
    (void)state;
    enum { INTERVALS = 10, VALUES = 6 };
    int hits = 0;

    assert_near(ota_interval_each(0.95, 1), 0.95, 1e-15);
    assert_near(ota_interval_each(0.95, 10), 0.995, 1e-15);
    for (uint64_t r = 0; r < COVERAGE_REPEATS; r++) {
        struct ota_stream stream;
        open_stream(&stream, r);
        bool all = true;
        for (int i = 0; i < INTERVALS; i++) {
            struct ota_tally tally = {0};
            for (int v = 0; v < VALUES; v++)
                ota_tally_add(&tally, gsl_ran_gaussian(&stream.rng, 1.0));
            all = all && holds(ota_interval_t(
                                   &tally, ota_interval_each(0.95, INTERVALS)),
                               0.0);
        }
        hits += all;
    }
    /* They are independent here. */
    coverage_is("together", hits, pow(0.995, INTERVALS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(student_on_normal_values),
        cmocka_unit_test(student_on_exponential_values),
        cmocka_unit_test(pairs_of_normal_values),
        cmocka_unit_test(strata_of_normal_values),
        cmocka_unit_test(exact_is_never_less_than_nominal),
        cmocka_unit_test(wilson_is_nominal_on_average),
        cmocka_unit_test(ranks_solve_their_equations),
        cmocka_unit_test(ranks_as_published),
        cmocka_unit_test(quantiles_are_held_as_often_as_they_must),
        cmocka_unit_test(ties_do_no_harm),
        cmocka_unit_test(several_hold_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
