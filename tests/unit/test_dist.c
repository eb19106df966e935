/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_dist.c - samples against means, deviations and distribution functions
 * known in closed form, and the messages of texts that do not read.
 *
 * Statistical checks allow 4 standard errors, so one of them fails by chance
 * once in 16,000; seeds are fixed, so it fails always or never.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gsl/gsl_cdf.h>

#include "sim/base/clock.h"
#include "sim/base/dist.h"
#include "sim/base/random.h"

enum { DRAWS = 200000 };

static struct ota_arena arena;

static struct ota_dist read_dist(enum ota_dimension dimension, const char *text)
{
    struct ota_dist dist;
    size_t column;
    char problem[512] = "";

    if (!ota_dist_parse(dimension, text, NULL, &arena, &dist, &column, problem,
                        sizeof(problem)))
        fail_msg("%s: %s", text, problem);
    return dist;
}

static double *sample(const struct ota_dist *dist, uint64_t seed)
{
    const struct ota_random_key key = {.seed = seed};
    struct ota_stream stream;
    double *values = malloc(DRAWS * sizeof(*values));

    assert_non_null(values);
    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_FREE, 0);
    for (size_t i = 0; i < DRAWS; i++)
        values[i] = ota_dist_draw(dist, &stream.rng);
    return values;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* --- distribution functions, by definition and not by code under test --- */

static double uniform_cdf(double x)
{
    return (x - 3e6) / 17e6;
}

/* Of least 1 s, likeliest 2 s, most 5 s: areas of the two triangles. */
static double triangular_cdf(double x)
{
    return x < 2e6 ? (x - 1e6) * (x - 1e6) / (4e6 * 1e6)
                   : 1.0 - (5e6 - x) * (5e6 - x) / (4e6 * 3e6);
}

static double exponential_cdf(double x)
{
    return gsl_cdf_exponential_P(x, 3600e6);
}

/* 1.6448536269514722 is the normal 95th percentile. */
static double lognormal_cdf(double x)
{
    return gsl_cdf_lognormal_P(x, log(15e6),
                               log(40.0 / 15.0) / 1.6448536269514722);
}

static double gamma_cdf(double x)
{
    return gsl_cdf_gamma_P(x, 2.0, 5e6);
}

static double gamma_small_cdf(double x)
{
    return gsl_cdf_gamma_P(x, 0.5, 20e6);
}

static double weibull_cdf(double x)
{
    return gsl_cdf_weibull_P(x, 10e6, 1.5);
}

static double empirical_cdf(double x)
{
    return x < 2e6 ? 0.5 * (x - 1e6) / 1e6 : 0.5 + 0.5 * (x - 2e6) / 7e6;
}

static double mixture_cdf(double x)
{
    return 0.75 * fmin(x / 4e6, 1.0) + 0.25 * (1.0 - exp(-x / 10e6));
}

/* Mean and deviation by textbook formulas, worked out by hand or by libm. */
static const struct law_case {
    const char *text;
    double (*cdf)(double x);
    double mean, deviation;
} law_cases[] = {
    {"uniform(3s, 20s)", uniform_cdf, 11.5e6, 4907477.288111819},
    {"triangular(1s, 2s, 5s)", triangular_cdf, 8e6 / 3.0, 849836.5855987974},
    {"exponential(1h)", exponential_cdf, 3600e6, 3600e6},
    /* sigma 0.5963: mean 15 s * exp(sigma^2 / 2), deviation mean *
     * sqrt(exp(sigma^2) - 1). */
    {"lognormal(15s, 40s)", lognormal_cdf, 17918579.697625697,
     11708968.74186312},
    {"gamma(2, 10s)", gamma_cdf, 10e6, 7071067.811865475},
    {"gamma(0.5, 10s)", gamma_small_cdf, 10e6, 14142135.62373095},
    {"weibull(1.5, 10s)", weibull_cdf, 9027452.929509336, 6129357.917546763},
    /* Halves uniform in 1..2 s and 2..9 s. */
    {"empirical(0: 1s, 0.5: 2s, 1: 9s)", empirical_cdf, 3.5e6,
     2466441.431158124},
    /* E X^2 is .75 * 16/3 + .25 * 200 s^2. */
    {"mixture(0.75: uniform(0s, 4s), 25%: exponential(10s))", mixture_cdf, 4e6,
     6164414.002968976},
};

enum { LAW_CASES = sizeof(law_cases) / sizeof(law_cases[0]) };

static void means_are_the_textbooks(void **state)
{
    (void)state;
    for (size_t i = 0; i < LAW_CASES; i++) {
        const struct ota_dist dist = read_dist(OTA_TIME, law_cases[i].text);
        assert_true(fabs(ota_dist_mean(&dist) / law_cases[i].mean - 1.0) <
                    1e-12);
    }
}

static void samples_have_the_mean(void **state)
{
    (void)state;
    for (size_t i = 0; i < LAW_CASES; i++) {
        const struct ota_dist dist = read_dist(OTA_TIME, law_cases[i].text);
        const double error = law_cases[i].deviation / sqrt(DRAWS);
        double *values = sample(&dist, 1 + i);
        double sum = 0.0;
        for (size_t d = 0; d < DRAWS; d++)
            sum += values[d];
        free(values);
        assert_true(fabs(sum / DRAWS - law_cases[i].mean) < 4.0 * error);
    }
}

/* Kolmogorov and Smirnov: P(D sqrt(n) > x) is about 2 exp(-2 x^2), which for
 * x = 2.28 is the probability of 4 standard errors, 6e-5. */
static void samples_follow_the_law(void **state)
{
    (void)state;
    for (size_t i = 0; i < LAW_CASES; i++) {
        const struct ota_dist dist = read_dist(OTA_TIME, law_cases[i].text);
        double *values = sample(&dist, 100 + i);
        double distance = 0.0;
        qsort(values, DRAWS, sizeof(*values), compare);
        for (size_t d = 0; d < DRAWS; d++) {
            const double p = law_cases[i].cdf(values[d]);
            distance = fmax(distance, p - (double)d / DRAWS);
            distance = fmax(distance, (double)(d + 1) / DRAWS - p);
        }
        free(values);
        assert_true(distance * sqrt(DRAWS) < 2.28);
    }
}

static void lognormal_has_the_percentiles_it_was_given(void **state)
{
    const struct ota_dist dist = read_dist(OTA_TIME, "lognormal(15s, 40s)");
    double *values = sample(&dist, 11);
    int below_median = 0;
    int below_p95 = 0;

    (void)state;
    for (size_t i = 0; i < DRAWS; i++) {
        below_median += values[i] < 15e6;
        below_p95 += values[i] < 40e6;
    }
    free(values);
    assert_true(fabs(below_median - 0.5 * DRAWS) <
                4.0 * sqrt(DRAWS * 0.5 * 0.5));
    assert_true(fabs(below_p95 - 0.95 * DRAWS) <
                4.0 * sqrt(DRAWS * 0.95 * 0.05));
}

static void samples_stay_within_their_support(void **state)
{
    (void)state;
    for (size_t i = 0; i < LAW_CASES; i++) {
        const struct ota_dist dist = read_dist(OTA_TIME, law_cases[i].text);
        double *values = sample(&dist, 200 + i);
        for (size_t d = 0; d < DRAWS; d++) {
            assert_true(isfinite(values[d]));
            assert_true(values[d] >= ota_dist_least(&dist));
            assert_true(values[d] <= ota_dist_most(&dist));
        }
        free(values);
    }
}

static void supports_are_known(void **state)
{
    static const struct {
        const char *text;
        double least, most;
    } cases[] = {
        {"30s", 30e6, 30e6},
        {"uniform(3s, 20s)", 3e6, 20e6},
        {"triangular(1s, 2s, 5s)", 1e6, 5e6},
        {"exponential(1s)", 0.0, INFINITY},
        {"lognormal(1s, 2s)", 0.0, INFINITY},
        {"gamma(2, 1s)", 0.0, INFINITY},
        {"weibull(2, 1s)", 0.0, INFINITY},
        {"empirical(0: 1s, 1: 2s)", 1e6, 2e6},
        {"mixture(0.5: 7s, 0.5: uniform(3s, 5s))", 3e6, 7e6},
        {"mixture(0.5: 7s, 0.5: exponential(5s))", 0.0, INFINITY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct ota_dist dist = read_dist(OTA_TIME, cases[i].text);
        assert_true(ota_dist_least(&dist) == cases[i].least);
        assert_true(ota_dist_most(&dist) == cases[i].most);
    }
}

/* Laws of no width, and steps of probability. */
static void degenerate_laws_draw_their_value(void **state)
{
    static const char *const texts[] = {
        "30s",
        "fixed(30s)",
        "uniform(30s, 30s)",
        "triangular(30s, 30s, 30s)",
        "empirical(0: 30s, 1: 30s)",
        "mixture(1: 30s)",
        "mixture(0.5: 30s, 0.5: mixture(1: fixed(30s)))",
    };
    const struct ota_random_key key = {.seed = 5};
    struct ota_stream stream;

    (void)state;
    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_FREE, 0);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct ota_dist dist = read_dist(OTA_TIME, texts[i]);
        for (int d = 0; d < 100; d++)
            assert_true(ota_dist_draw_us(&dist, &stream.rng) == 30000000);
        assert_true(ota_dist_mean(&dist) == 30e6);
    }
}

static void triangles_may_be_right_angled(void **state)
{
    const struct ota_dist falling =
        read_dist(OTA_TIME, "triangular(0s, 0s, 3s)");
    const struct ota_dist rising =
        read_dist(OTA_TIME, "triangular(0s, 3s, 3s)");
    /* Deviation of both: 3 s / sqrt(18). */
    const double error = 3e6 / sqrt(18.0) / sqrt(DRAWS);
    double *low = sample(&falling, 21);
    double *high = sample(&rising, 22);
    double low_sum = 0.0;
    double high_sum = 0.0;

    (void)state;
    for (size_t i = 0; i < DRAWS; i++) {
        low_sum += low[i];
        high_sum += high[i];
    }
    free(low);
    free(high);
    assert_true(fabs(low_sum / DRAWS - 1e6) < 4.0 * error);
    assert_true(fabs(high_sum / DRAWS - 2e6) < 4.0 * error);
}

static void draws_are_rounded_to_ticks(void **state)
{
    const struct ota_dist dist = read_dist(OTA_TIME, "uniform(0us, 3us)");
    const struct ota_dist ages = read_dist(OTA_TIME, "1e300s");
    const struct ota_random_key key = {.seed = 6};
    struct ota_stream stream;
    int counts[4] = {0};

    (void)state;
    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_FREE, 0);
    for (int i = 0; i < DRAWS; i++) {
        const int64_t ticks = ota_dist_draw_us(&dist, &stream.rng);
        assert_true(ticks >= 0 && ticks <= 3);
        counts[ticks]++;
    }
    /* 0 and 3 have half the width of 1 and 2. */
    for (int i = 0; i < 4; i++) {
        const double p = i == 0 || i == 3 ? 1.0 / 6.0 : 1.0 / 3.0;
        assert_true(fabs(counts[i] - p * DRAWS) <
                    4.0 * sqrt(DRAWS * p * (1.0 - p)));
    }
    assert_true(ota_dist_draw_us(&ages, &stream.rng) == OTA_NEVER);
}

static void equal_names_draw_equal_values(void **state)
{
    const struct ota_random_key key = {.seed = 9};
    struct ota_stream a, b, other;
    int equal = 0;

    (void)state;
    for (size_t i = 0; i < LAW_CASES; i++) {
        const struct ota_dist dist = read_dist(OTA_TIME, law_cases[i].text);
        const struct ota_dist copy = dist;
        ota_stream_init(&a, &key, i, OTA_PURPOSE_ATTACH, 4);
        ota_stream_init(&b, &key, i, OTA_PURPOSE_ATTACH, 4);
        ota_stream_init(&other, &key, i, OTA_PURPOSE_ATTACH, 5);
        for (int d = 0; d < 100; d++) {
            const double value = ota_dist_draw(&dist, &a.rng);
            assert_true(value == ota_dist_draw(&copy, &b.rng));
            equal += value == ota_dist_draw(&dist, &other.rng);
        }
    }
    assert_int_equal(equal, 0);
}

/* A law's text, trimmed, reads back to the same law. */
static void text_is_kept(void **state)
{
    const struct ota_dist spaced =
        read_dist(OTA_TIME, "  lognormal( 15s ,40s ) ");

    (void)state;
    assert_string_equal(spaced.text, "lognormal( 15s ,40s )");
    for (size_t i = 0; i < LAW_CASES; i++) {
        const struct ota_dist dist = read_dist(OTA_TIME, law_cases[i].text);
        const struct ota_dist again = read_dist(OTA_TIME, dist.text);
        assert_true(dist.kind == again.kind);
        assert_true(dist.a == again.a && dist.b == again.b &&
                    dist.c == again.c && dist.count == again.count);
        assert_true(ota_dist_mean(&dist) == ota_dist_mean(&again));
    }
    assert_null(ota_dist_fixed(OTA_TIME, 5.0).text);
}

/* Each of the values in a file is drawn as often as the others. */
static void files_give_equally_likely_values(void **state)
{
    char folder[] = "/tmp/otasim-dist-XXXXXX";
    char path[64];
    struct ota_dist dist;
    size_t column;
    char problem[512] = "";
    int counts[10] = {0};

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/delays.txt", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("7s\n1s # fast\n\n7s\n2s\n", file);
    fclose(file);
    const bool ok =
        ota_dist_parse(OTA_TIME, "empirical( delays.txt )", folder, &arena,
                       &dist, &column, problem, sizeof(problem));
    unlink(path);
    rmdir(folder);
    assert_true(ok);
    assert_string_equal(dist.text, "empirical( delays.txt )");
    assert_true(fabs(ota_dist_mean(&dist) - 4.25e6) < 1e-6);

    double *values = sample(&dist, 31);
    for (size_t i = 0; i < DRAWS; i++) {
        assert_true(values[i] == 1e6 || values[i] == 2e6 || values[i] == 7e6);
        counts[(int)(values[i] / 1e6)]++;
    }
    free(values);
    assert_true(fabs(counts[1] - 0.25 * DRAWS) < 4.0 * sqrt(DRAWS * 0.1875));
    assert_true(fabs(counts[2] - 0.25 * DRAWS) < 4.0 * sqrt(DRAWS * 0.1875));
    assert_true(fabs(counts[7] - 0.5 * DRAWS) < 4.0 * sqrt(DRAWS * 0.25));
}

/* The column is where "^" stands below. */
static void wrong_texts_are_refused_where_they_are_wrong(void **state)
{
    static const struct {
        const char *text;
        size_t column;
        const char *message;
    } cases[] = {
        {"30", 0,
         "\"30\" has no unit; write a duration such as \"30s\" (us "
         "ms s min h d)"},
        {"-5s", 0, "\"-5s\" is negative; it must be 0 or more"},
        {"uniform(3s, 20)", 12,
         "\"20\" has no unit; write a duration such "
         "as \"20s\" (us ms s min h d)"},
        {"uniform(3s, -2s)", 12, "\"-2s\" is negative; it must be 0 or more"},
        {"uniform(nan, 1s)", 8,
         "\"nan\" is not a duration; write a duration "
         "such as \"30s\" (us ms s min h d)"},
        {"uniform(9s, 3s)", 0,
         "uniform(LEAST, MOST): LEAST must not exceed MOST"},
        {"uniform(9s)", 0, "uniform has 1 value; write uniform(LEAST, MOST)"},
        {"fixed(1s, 2s)", 0, "fixed has 2 values; write fixed(VALUE)"},
        {"triangular(1s, 5s, 2s)", 0,
         "triangular(LEAST, LIKELIEST, MOST): "
         "the three values must ascend"},
        {" exponential(0s)", 1, "exponential(MEAN): MEAN must be more than 0"},
        {"lognormal(0s, 2s)", 0,
         "lognormal(MEDIAN, P95): MEDIAN must be more than 0"},
        {"lognormal(2s, 2s)", 0,
         "lognormal(MEDIAN, P95): P95 must exceed MEDIAN"},
        {"lognormal(1us, 1e250s)", 0,
         "lognormal(MEDIAN, P95): the values are too large"},
        {"gamma(2s, 1s)", 6,
         "\"2s\" has a unit, but takes none; write a "
         "number such as \"2\""},
        {"gamma(0, 1s)", 0, "gamma(SHAPE, MEAN): SHAPE must be 0.05 or more"},
        {"weibull(1, 0s)", 0,
         "weibull(SHAPE, SCALE): SCALE must be more than 0"},
        {"uniform(3s, 20s", 7, "a \")\" is missing"},
        {"uniform(3s, 20s) s", 17, "nothing may follow the closing \")\""},
        {"lognormla(1s, 2s)", 0,
         "no distribution is called \"lognormla\"; did you mean "
         "\"lognormal\"? (fixed uniform triangular exponential lognormal "
         "gamma weibull empirical mixture)"},
        {"zipf(1s)", 0,
         "no distribution is called \"zipf\"; there are fixed uniform "
         "triangular exponential lognormal gamma weibull empirical mixture"},
        {"empirical()", 10,
         "empirical has no values; write empirical(0: "
         "LEAST, ..., 1: MOST) or empirical(FILE)"},
        {"empirical(0: 1s, 2s)", 17,
         "a quantile has no \":\"; write P: VALUE with P from 0 to 1, such "
         "as 0.5: 30s"},
        {"empirical(0.1: 1s, 1: 2s)", 10,
         "the first quantile must be that of 0"},
        {"empirical(0: 1s, 0.9: 2s)", 17,
         "the last quantile must be that of 1"},
        {"empirical(0: 1s, 0.5: 2s, 0.5: 3s, 1: 4s)", 26,
         "quantiles must stand in ascending order"},
        {"empirical(0: 2s, 1: 1s)", 17,
         "a quantile must not be less than the one before"},
        {"empirical(0: 2s)", 10,
         "one quantile is not enough; write at least "
         "those of 0 and 1"},
        {"empirical(nowhere.txt)", 10,
         "cannot open nowhere.txt: No such file or directory"},
        {"mixture(0.5: 1s, 0.4: 2s)", 8,
         "the shares sum to 0.9; they must sum to 1"},
        {"mixture(1s)", 8,
         "a part has no share; write mixture(SHARE: VALUE, "
         "SHARE: VALUE, ...)"},
        {"mixture(0: 1s, 1: 2s)", 8,
         "a share of 0 has no effect; leave the part out"},
        {"mixture(0.5: 1s, 0.5: uniform(1s, 2))", 34,
         "\"2\" has no unit; write a duration such as \"2s\" (us ms s min h "
         "d)"},
        {"mixture(1: mixture(1: mixture(1: mixture(1: mixture(1: 1s)))))", 52,
         "mixtures are nested too deep; 4 levels are the most"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ota_dist dist;
        size_t column = 999;
        char problem[512] = "";
        assert_false(ota_dist_parse(OTA_TIME, cases[i].text, NULL, &arena,
                                    &dist, &column, problem, sizeof(problem)));
        assert_string_equal(problem, cases[i].message);
        assert_int_equal(column, cases[i].column);
    }
}

/* Whatever is cut off or changed, the reader says no or yes and stays within
 * the text (which the sanitizers check). */
static void damaged_texts_do_no_harm(void **state)
{
    static const char marks[] = "(),: 0.9se-%";
    const struct ota_random_key key = {.seed = 10};
    struct ota_stream stream;

    (void)state;
    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_FREE, 0);
    for (int i = 0; i < 50000; i++) {
        const char *whole = law_cases[i % LAW_CASES].text;
        const size_t length =
            gsl_rng_uniform_int(&stream.rng, strlen(whole) + 1);
        char *text = malloc(length + 1);
        struct ota_arena scratch = {0};
        struct ota_dist dist;
        size_t column = 0;
        char problem[512] = "";
        assert_non_null(text);
        memcpy(text, whole, length);
        text[length] = '\0';
        for (size_t k = 0; k < length; k++)
            if (gsl_rng_uniform(&stream.rng) < 0.05)
                text[k] =
                    marks[gsl_rng_uniform_int(&stream.rng, sizeof(marks) - 1)];
        if (ota_dist_parse(OTA_TIME, text, NULL, &scratch, &dist, &column,
                           problem, sizeof(problem)))
            assert_true(ota_dist_draw(&dist, &stream.rng) >= 0.0);
        else
            assert_true(column <= length && problem[0] != '\0');
        ota_arena_release(&scratch);
        free(text);
    }
}

static int release(void **state)
{
    (void)state;
    ota_arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_are_the_textbooks),
        cmocka_unit_test(samples_have_the_mean),
        cmocka_unit_test(samples_follow_the_law),
        cmocka_unit_test(lognormal_has_the_percentiles_it_was_given),
        cmocka_unit_test(samples_stay_within_their_support),
        cmocka_unit_test(supports_are_known),
        cmocka_unit_test(degenerate_laws_draw_their_value),
        cmocka_unit_test(triangles_may_be_right_angled),
        cmocka_unit_test(draws_are_rounded_to_ticks),
        cmocka_unit_test(equal_names_draw_equal_values),
        cmocka_unit_test(text_is_kept),
        cmocka_unit_test(files_give_equally_likely_values),
        cmocka_unit_test(wrong_texts_are_refused_where_they_are_wrong),
        cmocka_unit_test(damaged_texts_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
