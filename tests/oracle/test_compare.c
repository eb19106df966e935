/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_compare.c - contrasts of values whose law is known: how often all
 * intervals hold together, how often a verdict is wrong where nothing differs,
 * how often so many more replications as forecast do tell.
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
#include "sim/experiment/compare.h"
#include "sim/stats/precision.h"
#include "tests/support/near.h"

enum { REPLICATIONS_MOST = 400 };

static const struct ota_measure charge = {.kind = OTA_MEASURE_KPI,
                                          .which = OTA_KPI_CHARGE};
static const struct ota_measure confirmed = {.kind = OTA_MEASURE_KPI,
                                             .which = OTA_KPI_CONFIRMED_SHARE};
static const struct ota_measure stopped = {.kind = OTA_MEASURE_KPI,
                                           .which = OTA_KPI_STOPPED};
static const struct ota_measure time_to_90 = {.kind = OTA_MEASURE_KPI,
                                              .which = OTA_KPI_TIME_TO_90};
static const struct ota_measure stop_time = {.kind = OTA_MEASURE_KPI,
                                             .which = OTA_KPI_STOP_TIME};
static const struct ota_measure attempts = {.kind = OTA_MEASURE_KPI,
                                            .which = OTA_KPI_ATTEMPTS};
static const struct ota_measure bricked = {.kind = OTA_MEASURE_OUTCOME,
                                           .which = OTA_OUTCOME_BRICKED};

static void begin(struct ota_stream *stream, uint64_t repetition)
{
    const struct ota_random_key key = {.seed = 11, .replication = repetition};
    ota_stream_init(stream, &key, 0, OTA_PURPOSE_FREE, 0);
}

static struct ota_contrast contrast_of(const struct ota_measure *measure,
                                       const double *base,
                                       const double *variant, int64_t count,
                                       double each)
{
    double room[REPLICATIONS_MOST];

    assert_true(count <= REPLICATIONS_MOST);
    return ota_contrast_of(measure, base, variant, count, each, false, room);
}

/* Four standard errors of a share seen in so many repetitions. */
static double four_se(double share, int repetitions)
{
    return 4.0 * sqrt(share * (1.0 - share) / repetitions);
}

/* --- all together --- */

enum { VARIANTS = 3, MEASURES = 4, PAIRS = 10, REPETITIONS = 2000 };

/* Whether the intervals of all differences hold; base and variants share their
 * luck, and the measures do. */
static int all_hold(gsl_rng *rng, int *first_holds)
{
    double values[1 + VARIANTS][MEASURES][PAIRS];
    const double each = ota_interval_each(0.95, VARIANTS * MEASURES);
    int holds = 1;

    for (int r = 0; r < PAIRS; r++) {
        const double luck = gsl_ran_gaussian(rng, 1.0);
        for (int v = 0; v <= VARIANTS; v++) {
            const double own = gsl_ran_gaussian(rng, 0.7);
            for (int m = 0; m < MEASURES; m++)
                values[v][m][r] =
                    v * m + luck + own + gsl_ran_gaussian(rng, 0.4);
        }
    }
    for (int v = 1; v <= VARIANTS; v++) {
        for (int m = 0; m < MEASURES; m++) {
            const struct ota_estimate difference =
                contrast_of(&charge, values[0][m], values[v][m], PAIRS, each)
                    .paired.difference;
            const int one =
                difference.lo <= v * m && v * m <= difference.hi ? 1 : 0;
            holds &= one;
            if (v == 1 && m == 0)
                *first_holds += one;
        }
    }
    return holds;
}

static void intervals_hold_together(void **state)
{
    (void)state;
    const double each = ota_interval_each(0.95, VARIANTS * MEASURES);
    int together = 0, first = 0;

    for (int i = 0; i < REPETITIONS; i++) {
        struct ota_stream stream;
        begin(&stream, (uint64_t)i);
        together += all_hold(&stream.rng, &first);
    }
    assert_true((double)together / REPETITIONS >=
                0.95 - four_se(0.95, REPETITIONS));
    assert_near((double)first / REPETITIONS, each, four_se(each, REPETITIONS));
}

/* --- until it is precise --- */

enum { PRECISE_VARIANTS = 2, PRECISE_REPETITIONS = 1000 };

typedef double (*draw_value)(gsl_rng *rng);

static double normal_value(gsl_rng *rng)
{
    return gsl_ran_gaussian(rng, 1.0);
}

/* Of mean 0. */
static double skewed_value(gsl_rng *rng)
{
    return gsl_ran_exponential(rng, 1.0) - 1.0;
}

/* Replicates until all differences are +-0.5, and returns whether all of their
 * intervals hold 0. */
static bool precise_ones_hold(gsl_rng *rng, draw_value draw)
{
    const double each = ota_interval_each(0.95, PRECISE_VARIANTS);
    double values[1 + PRECISE_VARIANTS][REPLICATIONS_MOST];
    double room[REPLICATIONS_MOST];
    int64_t done = 0;

    for (int64_t n = ota_precision_first();; n = ota_precision_next(n)) {
        bool met = true, hold = true;
        assert_true(n <= REPLICATIONS_MOST);
        for (; done < n; done++)
            for (int v = 0; v <= PRECISE_VARIANTS; v++)
                values[v][done] = draw(rng);
        for (int v = 1; v <= PRECISE_VARIANTS; v++) {
            const struct ota_contrast contrast = ota_contrast_of(
                &charge, values[0], values[v], n, each, true, room);
            const struct ota_estimate *difference = &contrast.paired.difference;
            met = met && contrast.reached <= 0.5;
            hold = hold && difference->lo <= 0.0 && 0.0 <= difference->hi;
        }
        if (met)
            return hold;
    }
}

static void intervals_hold_when_precise(void **state)
{
    (void)state;
    static const draw_value laws[] = {normal_value, skewed_value};

    for (size_t l = 0; l < sizeof(laws) / sizeof(laws[0]); l++) {
        int held = 0;
        for (int i = 0; i < PRECISE_REPETITIONS; i++) {
            struct ota_stream stream;
            begin(&stream, (uint64_t)i);
            held += precise_ones_hold(&stream.rng, laws[l]);
        }
        assert_true((double)held / PRECISE_REPETITIONS >=
                    0.95 - four_se(0.95, PRECISE_REPETITIONS));
    }
}

/* --- nothing differs --- */

/* A pair of values alike in law, that share their luck. */
typedef void (*draw_pair)(gsl_rng *rng, double *base, double *variant);

static void normal(gsl_rng *rng, double *base, double *variant)
{
    const double luck = gsl_ran_gaussian(rng, 1.0);
    *base = luck + gsl_ran_gaussian(rng, 0.5);
    *variant = luck + gsl_ran_gaussian(rng, 0.5);
}

static void skewed(gsl_rng *rng, double *base, double *variant)
{
    const double luck = gsl_ran_exponential(rng, 1.0);
    *base = luck + gsl_ran_lognormal(rng, 0.0, 1.0);
    *variant = luck + gsl_ran_lognormal(rng, 0.0, 1.0);
}

/* Alike in their means only, so that differences are not symmetric: what t
 * bears worst, here of means of some devices. */
static void only_means(gsl_rng *rng, double *base, double *variant)
{
    *base = gsl_ran_gamma(rng, 50.0, 1.0 / 50.0);
    *variant = gsl_ran_poisson(rng, 20.0) / 20.0;
}

/* Few devices, most of them the same. */
static void counts(gsl_rng *rng, double *base, double *variant)
{
    const double luck = gsl_ran_poisson(rng, 1.0);
    *base = luck + gsl_ran_poisson(rng, 0.2);
    *variant = luck + gsl_ran_poisson(rng, 0.2);
}

static void zero_or_one(gsl_rng *rng, double *base, double *variant)
{
    const double luck = gsl_rng_uniform(rng);
    *base = luck + 0.3 * gsl_rng_uniform(rng) < 0.5;
    *variant = luck + 0.3 * gsl_rng_uniform(rng) < 0.5;
}

static void may_not_come(gsl_rng *rng, double *base, double *variant)
{
    const double luck = gsl_ran_exponential(rng, 10.0);
    const double a = luck + gsl_ran_exponential(rng, 5.0);
    const double b = luck + gsl_ran_exponential(rng, 5.0);
    *base = a < 20.0 ? a : NAN;
    *variant = b < 20.0 ? b : NAN;
}

static void verdicts_are_seldom_wrong(void **state)
{
    (void)state;
    static const struct {
        draw_pair draw;
        const struct ota_measure *measure;
    } cases[] = {{normal, &charge},       {only_means, &charge},
                 {skewed, &charge},       {counts, &bricked},
                 {zero_or_one, &stopped}, {may_not_come, &time_to_90}};
    static const int64_t sizes[] = {3, 5, 20, 100};

    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
            int wrong = 0;
            for (int i = 0; i < REPETITIONS; i++) {
                struct ota_stream stream;
                begin(&stream, (uint64_t)i);
                double base[REPLICATIONS_MOST], variant[REPLICATIONS_MOST];
                for (int64_t r = 0; r < sizes[s]; r++)
                    cases[c].draw(&stream.rng, &base[r], &variant[r]);
                const enum ota_verdict verdict =
                    contrast_of(cases[c].measure, base, variant, sizes[s], 0.95)
                        .verdict;
                wrong +=
                    verdict != OTA_VERDICT_OPEN && verdict != OTA_VERDICT_SAME;
            }
            assert_true((double)wrong / REPETITIONS <=
                        0.05 + four_se(0.05, REPETITIONS));
        }
    }
}

/* --- 0 or 1 --- */

/* Values of n replications of which `above` have a 1 in the variant alone, and
 * `below` in the base alone. */
static struct ota_contrast of_counts(int n, int above, int below, double each)
{
    double base[REPLICATIONS_MOST], variant[REPLICATIONS_MOST];

    for (int r = 0; r < n; r++) {
        const bool differ = r < above + below;
        base[r] = differ ? r >= above : r % 2;
        variant[r] = differ ? r < above : r % 2;
    }
    return contrast_of(&stopped, base, variant, n, each);
}

/* The coverage is a sum over the trinomial law. */
static void zero_or_one_covers(void **state)
{
    (void)state;
    static const double shares[][2] = {{0.0, 0.0},  {0.02, 0.0}, {0.3, 0.0},
                                       {0.9, 0.05}, {0.1, 0.1},  {0.25, 0.15},
                                       {0.5, 0.5},  {0.01, 0.4}};
    static const int sizes[] = {3, 12, 30};

    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        for (size_t p = 0; p < sizeof(shares) / sizeof(shares[0]); p++) {
            const double above = shares[p][0], below = shares[p][1];
            const int n = sizes[s];
            double covered = 0.0;
            for (int a = 0; a <= n; a++) {
                for (int b = 0; a + b <= n; b++) {
                    const double law[] = {above, below, 1.0 - above - below};
                    const unsigned seen[] = {(unsigned)a, (unsigned)b,
                                             (unsigned)(n - a - b)};
                    const struct ota_estimate difference =
                        of_counts(n, a, b, 0.9).paired.difference;
                    if (difference.lo <= above - below &&
                        above - below <= difference.hi)
                        covered += gsl_ran_multinomial_pdf(3, law, seen);
                }
            }
            assert_true(covered >= 0.9 - 1e-9);
        }
    }
}

/* McNemar's test at half the error, by the binomial law. */
static void zero_or_one_tells_with_mcnemar(void **state)
{
    (void)state;
    const int n = 14;

    for (int a = 0; a <= n; a++) {
        for (int b = 0; a + b <= n; b++) {
            const struct ota_contrast contrast = of_counts(n, a, b, 0.9);
            const unsigned most = (unsigned)(a > b ? a : b);
            double tail = 0.0;
            for (unsigned k = most; k <= (unsigned)(a + b); k++)
                tail += gsl_ran_binomial_pdf(k, 0.5, (unsigned)(a + b));
            const bool tells = a + b > 0 && 2.0 * tail <= 0.05;
            assert_int_equal(contrast.evidence, OTA_EVIDENCE_EXACT);
            assert_int_equal(contrast.verdict, a + b == 0 ? OTA_VERDICT_SAME
                                               : !tells   ? OTA_VERDICT_OPEN
                                               : a > b    ? OTA_VERDICT_MORE
                                                          : OTA_VERDICT_LESS);
        }
    }
}

/* --- how many more --- */

/* Normal values with just that mean and deviation. */
static void exactly(gsl_rng *rng, double mean, double deviation, int64_t count,
                    double *values)
{
    struct ota_tally tally = {0};

    for (int64_t i = 0; i < count; i++) {
        values[i] = gsl_ran_gaussian(rng, 1.0);
        ota_tally_add(&tally, values[i]);
    }
    const double scale = deviation / sqrt(ota_tally_variance(&tally));
    for (int64_t i = 0; i < count; i++)
        values[i] = mean + scale * (values[i] - tally.mean);
}

/* The power of Student's test of n normal values: the integral over the law of
 * the deviation, chi with n - 1 degrees of freedom, by Simpson's rule. */
static double power_of(double n, double deviations, double error)
{
    const double t = gsl_cdf_tdist_Qinv(error / 2.0, n - 1.0);
    const int steps = 2000;
    const double end = (n - 1.0) + 12.0 * sqrt(2.0 * (n - 1.0));
    double sum = 0.0;

    for (int i = 0; i <= steps; i++) {
        const double squares = end * i / steps;
        const double shift = deviations * sqrt(n);
        const double bar = t * sqrt(squares / (n - 1.0));
        const double weight = i == 0 || i == steps ? 1.0 : 2.0 + 2.0 * (i % 2);
        sum += weight * gsl_ran_chisq_pdf(squares, n - 1.0) *
               (gsl_cdf_ugaussian_P(shift - bar) +
                gsl_cdf_ugaussian_Q(shift + bar));
    }
    return sum * end / steps / 3.0;
}

/* If the difference is what it looks like, four in five tell with so many
 * more, and a tenth less of the replications would be too few for that. */
static void forecast_is_about_right(void **state)
{
    (void)state;
    static const double differences[] = {0.5, 0.3, 0.2};
    const double each = 0.99;
    double base[REPLICATIONS_MOST] = {0}, variant[REPLICATIONS_MOST];

    for (size_t d = 0; d < sizeof(differences) / sizeof(differences[0]); d++) {
        struct ota_stream stream;
        begin(&stream, d);
        exactly(&stream.rng, differences[d], 1.0, 20, variant);
        const struct ota_contrast contrast =
            contrast_of(&charge, base, variant, 20, each);
        assert_int_equal(contrast.verdict, OTA_VERDICT_OPEN);
        const int64_t all = 20 + contrast.more;
        const double n = (double)all;
        const double power = power_of(n, differences[d], 1.0 - each);
        assert_near(power, 0.8, 0.02);
        assert_true(power_of(0.9 * n, differences[d], 1.0 - each) < 0.78);

        int told = 0;
        for (int i = 0; i < REPETITIONS; i++) {
            struct ota_stream luck;
            begin(&luck, 1000 + (uint64_t)i);
            for (int64_t r = 0; r < all; r++)
                variant[r] = differences[d] + gsl_ran_gaussian(&luck.rng, 1.0);
            told += contrast_of(&charge, base, variant, all, each).verdict ==
                    OTA_VERDICT_WORSE;
        }
        assert_near((double)told / REPETITIONS, power,
                    four_se(power, REPETITIONS));
    }
}

static void a_difference_may_be_beyond_reach(void **state)
{
    (void)state;
    struct ota_stream stream;
    begin(&stream, 5);
    double base[REPLICATIONS_MOST] = {0}, variant[REPLICATIONS_MOST];

    exactly(&stream.rng, 0.01, 1.0, 20, variant);
    const struct ota_contrast contrast =
        contrast_of(&charge, base, variant, 20, 0.95);
    assert_int_equal(contrast.verdict, OTA_VERDICT_OPEN);
    assert_int_equal(contrast.more, -1);
}

/* --- by hand --- */

/* 2^(1 - k) <= 0.05 from k = 6 on. */
static void few_that_are_all_the_same_tell_nothing(void **state)
{
    (void)state;
    const double base[] = {4.0, 6.0, 5.0, 9.0, 7.0, 1.0};
    const double variant[] = {5.0, 7.0, 6.0, 10.0, 8.0, 2.0};

    for (int64_t n = 2; n < 6; n++) {
        const struct ota_contrast contrast =
            contrast_of(&charge, base, variant, n, 0.95);
        assert_int_equal(contrast.verdict, OTA_VERDICT_OPEN);
        assert_int_equal(contrast.more, 6 - n);
        assert_true(isnan(contrast.paired.difference.lo));
        assert_true(contrast.paired.difference.mean == 1.0);
    }
    const struct ota_contrast contrast =
        contrast_of(&charge, base, variant, 6, 0.95);
    assert_int_equal(contrast.verdict, OTA_VERDICT_WORSE);
    assert_true(contrast.paired.deviation == 0.0);
}

/* Of 21 differences 10 are 1, the others 0: t would tell at 99.9 %, but ten of
 * one sign do not, as 2^-9 is more than 0.001. Eleven of 21 do. */
static void steps_need_enough_that_differ(void **state)
{
    (void)state;
    double base[21] = {0}, variant[21];

    for (int r = 0; r < 21; r++)
        variant[r] = r % 2;
    struct ota_contrast contrast =
        contrast_of(&bricked, base, variant, 21, 0.999);
    assert_int_equal(contrast.differ, 10);
    assert_int_equal(contrast.verdict, OTA_VERDICT_OPEN);
    assert_true(contrast.more >= 3); /* 11 / (10 / 21) is 23.1 */
    variant[0] = 1.0;
    contrast = contrast_of(&bricked, base, variant, 21, 0.999);
    assert_int_equal(contrast.verdict, OTA_VERDICT_WORSE);
}

static void one_replication_tells_nothing(void **state)
{
    (void)state;
    const double base[] = {4.0}, variant[] = {7.0};
    const struct ota_contrast contrast =
        contrast_of(&charge, base, variant, 1, 0.95);

    assert_int_equal(contrast.verdict, OTA_VERDICT_OPEN);
    assert_int_equal(contrast.more, 5);
    assert_true(contrast.paired.difference.mean == 3.0);
}

static void verdicts_follow_what_is_better(void **state)
{
    (void)state;
    const double low[] = {0.1, 0.2, 0.15, 0.12};
    const double high[] = {0.81, 0.92, 0.85, 0.84};
    static const struct {
        const struct ota_measure *measure;
        enum ota_verdict up, down;
    } cases[] = {
        {&confirmed, OTA_VERDICT_BETTER, OTA_VERDICT_WORSE},
        {&charge, OTA_VERDICT_WORSE, OTA_VERDICT_BETTER},
        {&attempts, OTA_VERDICT_MORE, OTA_VERDICT_LESS},
    };

    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        const struct ota_measure *measure = cases[c].measure;
        assert_int_equal(contrast_of(measure, low, high, 4, 0.95).verdict,
                         cases[c].up);
        assert_int_equal(contrast_of(measure, high, low, 4, 0.95).verdict,
                         cases[c].down);
        assert_int_equal(contrast_of(measure, low, low, 4, 0.95).verdict,
                         OTA_VERDICT_SAME);
    }
}

/* That all of n pairs have one sign has a probability of 2^(1 - n). */
static void times_that_never_come_are_late(void **state)
{
    (void)state;
    const double never[] = {NAN, NAN, NAN, NAN, NAN, NAN, 9.0, NAN};
    const double comes[] = {7.0, 3.0, 4.0, 4.0, 6.0, 2.0, 8.0, 5.0};
    struct ota_contrast contrast =
        contrast_of(&time_to_90, never, comes, 8, 0.99);

    assert_int_equal(contrast.evidence, OTA_EVIDENCE_SIGNS);
    assert_int_equal(contrast.verdict, OTA_VERDICT_BETTER);
    assert_true(isnan(contrast.paired.difference.lo));
    assert_int_equal(contrast_of(&time_to_90, comes, never, 8, 0.99).verdict,
                     OTA_VERDICT_WORSE);
    contrast = contrast_of(&time_to_90, never, comes, 5, 0.95);
    assert_int_equal(contrast.verdict, OTA_VERDICT_OPEN);
    assert_int_equal(contrast.more, 1);
    assert_int_equal(contrast_of(&time_to_90, never, never, 8, 0.99).verdict,
                     OTA_VERDICT_SAME);
}

/* Six of twelve differ, all of one sign; at 99.5 % nine must. How many of so
 * many more do is luck: four times in five enough. */
static void forecast_of_signs_allows_for_luck(void **state)
{
    (void)state;
    double never[12], comes[12];

    for (int r = 0; r < 12; r++) {
        never[r] = NAN;
        comes[r] = r % 2 ? 5.0 : NAN;
    }
    const struct ota_contrast contrast =
        contrast_of(&time_to_90, never, comes, 12, 0.995);
    assert_int_equal(contrast.verdict, OTA_VERDICT_OPEN);
    const unsigned all = (unsigned)(12 + contrast.more);
    assert_true(gsl_cdf_binomial_Q(8, 0.5, all) >= 0.8);
    assert_true(gsl_cdf_binomial_Q(8, 0.5, all - 2) < 0.8);
}

/* A mean of those in which it happened has no pairs. */
static void what_is_missing_is_not_compared(void **state)
{
    (void)state;
    const double some[] = {NAN, 5.0, 6.0}, all[] = {7.0, 8.0, 9.0};

    assert_int_equal(contrast_of(&stop_time, some, all, 3, 0.95).verdict,
                     OTA_VERDICT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_hold_together),
        cmocka_unit_test(intervals_hold_when_precise),
        cmocka_unit_test(verdicts_are_seldom_wrong),
        cmocka_unit_test(zero_or_one_covers),
        cmocka_unit_test(zero_or_one_tells_with_mcnemar),
        cmocka_unit_test(forecast_is_about_right),
        cmocka_unit_test(a_difference_may_be_beyond_reach),
        cmocka_unit_test(few_that_are_all_the_same_tell_nothing),
        cmocka_unit_test(steps_need_enough_that_differ),
        cmocka_unit_test(one_replication_tells_nothing),
        cmocka_unit_test(verdicts_follow_what_is_better),
        cmocka_unit_test(times_that_never_come_are_late),
        cmocka_unit_test(forecast_of_signs_allows_for_luck),
        cmocka_unit_test(what_is_missing_is_not_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
