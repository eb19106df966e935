/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_sample.c - the ziggurats' edges worked out again, and exponential and
 * normal samples against moments, distribution functions and tails known in
 * closed form.
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
#include <stdlib.h>
#include <string.h>

#include "sim/base/sample.h"

enum { DRAWS = 2000000, MOMENTS = 4 };

/* --- the laws, by definition and not by code under test --- */

static long double exponential_above(long double x)
{
    return expl(-fmaxl(x, 0));
}

static long double exponential_density(long double x)
{
    return expl(-x);
}

static long double exponential_inverse(long double density)
{
    return -logl(density);
}

static long double normal_above(long double x)
{
    return 0.5L * erfcl(x * sqrtl(0.5L));
}

static long double normal_density(long double x)
{
    return expl(-0.5L * x * x);
}

static long double normal_inverse(long double density)
{
    return sqrtl(-2 * logl(density));
}

static const struct law {
    double (*draw)(gsl_rng *rng);
    const double *edges;
    int sides;                       /* 2 if negative as often as positive */
    double moments[2 * MOMENTS + 1]; /* expected x^k, k from 0 */
    long double (*above)(long double x);         /* chance of more */
    long double (*density)(long double x);       /* of x >= 0; 1 at 0 */
    long double (*inverse)(long double density); /* of the density */
    long double whole;                           /* area under the density */
} laws[] = {
    {ota_exponential,
     ota_exponential_edges,
     1,
     {1, 1, 2, 6, 24, 120, 720, 5040, 40320}, /* k! */
     exponential_above,
     exponential_density,
     exponential_inverse,
     1},
    {ota_normal,
     ota_normal_edges,
     2,
     {1, 0, 1, 0, 3, 0, 15, 0, 105}, /* (k - 1)(k - 3)... for even k */
     normal_above,
     normal_density,
     normal_inverse,
     2.50662827463100050241576528481L}, /* sqrt(2 pi) */
};

enum { LAWS = sizeof(laws) / sizeof(laws[0]) };

/* Builds the layers upon a lowest one that ends at r. Gives the density where
 * the last ends, or more than 1 if there were no room for it. */
static long double build(const struct law *law, long double r,
                         long double edges[OTA_LAYERS + 1])
{
    const long double area = r * law->density(r) + law->whole * law->above(r);
    long double top = law->density(r);

    edges[0] = area / top;
    edges[1] = r;
    for (int i = 2; i <= OTA_LAYERS; i++) {
        top += area / edges[i - 1];
        if (i == OTA_LAYERS || top >= 1)
            break;
        edges[i] = law->inverse(top);
    }
    edges[OTA_LAYERS] = 0;
    return top;
}

static void edges_close_the_ziggurat(void **state)
{
    (void)state;
    for (size_t l = 0; l < LAWS; l++) {
        long double edges[OTA_LAYERS + 1];
        long double low = 2, high = 20;
        for (int i = 0; i < 80; i++) {
            const long double r = 0.5L * (low + high);
            if (build(&laws[l], r, edges) > 1)
                low = r;
            else
                high = r;
        }
        build(&laws[l], high, edges);
        for (int i = 0; i <= OTA_LAYERS; i++)
            assert_true(fabsl((long double)laws[l].edges[i] - edges[i]) <=
                        0x1p-53L * edges[i] * (1 + 0x1p-6L));
    }
}

static struct ota_stream *begin(struct ota_stream *stream, uint64_t seed)
{
    const struct ota_random_key key = {.seed = seed};

    ota_stream_init(stream, &key, 0, OTA_PURPOSE_FREE, 0);
    return stream;
}

static void samples_have_the_moments(void **state)
{
    struct ota_stream stream;

    (void)state;
    for (size_t l = 0; l < LAWS; l++) {
        const double *expected = laws[l].moments;
        double sums[MOMENTS + 1] = {0};
        begin(&stream, 31 + l);
        for (int i = 0; i < DRAWS; i++) {
            const double x = laws[l].draw(&stream.rng);
            double power = 1;
            for (int k = 1; k <= MOMENTS; k++)
                sums[k] += power *= x;
        }
        for (int k = 1; k <= MOMENTS; k++) {
            const double variance = expected[2 * k] - expected[k] * expected[k];
            assert_true(fabs(sums[k] / DRAWS - expected[k]) <
                        4 * sqrt(variance / DRAWS));
        }
    }
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

/*
 * Kolmogorov and Smirnov, for values that are all above least: P(D sqrt(n) > x)
 * is about 2 exp(-2 x^2), which for x = 2.28 is the probability of 4 standard
 * errors, 6e-5.
 */
static void follow_the_law(const struct law *law, double *values, size_t count,
                           double least)
{
    double distance = 0;

    qsort(values, count, sizeof(*values), compare);
    for (size_t i = 0; i < count; i++) {
        const double p =
            (double)(1 - law->above(values[i]) / law->above(least));
        distance = fmax(distance, p - (double)i / (double)count);
        distance = fmax(distance, (double)(i + 1) / (double)count - p);
    }
    assert_true(distance * sqrt((double)count) < 2.28);
}

static void samples_follow_the_law(void **state)
{
    enum { VALUES = 500000 };
    double *values = malloc(VALUES * sizeof(*values));
    struct ota_stream stream;

    (void)state;
    assert_non_null(values);
    for (size_t l = 0; l < LAWS; l++) {
        begin(&stream, 41 + l);
        for (int i = 0; i < VALUES; i++)
            values[i] = laws[l].draw(&stream.rng);
        follow_the_law(&laws[l], values, VALUES, -INFINITY);
    }
    free(values);
}

/* The layer whose end and its neighbour's size lies between; 0 beyond all. */
static int layer_of(const double edges[OTA_LAYERS + 1], double size)
{
    int low = 0;
    int high = OTA_LAYERS;

    while (high - low > 1) {
        const int middle = (low + high) / 2;
        if (edges[middle] > size)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Pearson's chi-squared; 4 standard errors of it are 4 sqrt(2 (bins - 1)). */
static void every_layer_has_its_share(void **state)
{
    struct ota_stream stream;

    (void)state;
    for (size_t l = 0; l < LAWS; l++) {
        const struct law *law = &laws[l];
        int counts[2][OTA_LAYERS] = {{0}};
        double chi_squared = 0;
        begin(&stream, 51 + l);
        for (int i = 0; i < DRAWS; i++) {
            const double x = law->draw(&stream.rng);
            counts[x < 0][layer_of(law->edges, fabs(x))]++;
        }
        for (int i = 0; i < OTA_LAYERS; i++) {
            const long double beyond = i ? law->above(law->edges[i]) : 0;
            const double expected =
                DRAWS * (double)(law->above(law->edges[i + 1]) - beyond);
            for (int side = 0; side < law->sides; side++)
                chi_squared += pow(counts[side][i] - expected, 2) / expected;
            assert_true(law->sides == 2 || counts[1][i] == 0);
        }
        const double freedom = law->sides * OTA_LAYERS - 1;
        assert_true(fabs(chi_squared - freedom) < 4 * sqrt(2 * freedom));
    }
}

static void is_share(double count, double of, double p)
{
    assert_true(fabs(count - p * of) < 4 * sqrt(of * p * (1 - p)));
}

/* How many there are, how they are spread, how many are farther out by 1. */
static void tails_go_on_beyond_the_layers(void **state)
{
    enum { MANY = 10000000, ROOM = 10000 };
    double *values = malloc(ROOM * sizeof(*values));
    struct ota_stream stream;

    (void)state;
    assert_non_null(values);
    for (size_t l = 0; l < LAWS; l++) {
        const struct law *law = &laws[l];
        const double r = law->edges[1];
        const double p = (double)law->above(r);
        size_t count = 0;
        int negative = 0;
        int farther = 0;
        begin(&stream, 61 + l);
        for (int i = 0; i < MANY; i++) {
            const double x = law->draw(&stream.rng);
            if (fabs(x) < r)
                continue;
            assert_true(count < ROOM);
            values[count++] = fabs(x);
            negative += x < 0;
            farther += fabs(x) > r + 1;
        }
        is_share((double)count, MANY, law->sides * p);
        is_share(farther, (double)count, (double)law->above(r + 1) / p);
        if (law->sides == 2)
            is_share(negative, (double)count, 0.5);
        follow_the_law(law, values, count, r);
    }
    free(values);
}

/* Neighbours in a stream have nothing in common: the correlation of a number
 * and the next one, and of their squares, has a standard error of 1/sqrt(n). */
static void neighbours_are_not_correlated(void **state)
{
    struct ota_stream stream;

    (void)state;
    for (size_t l = 0; l < LAWS; l++) {
        const double *m = laws[l].moments;
        double sums[2] = {0};
        begin(&stream, 71 + l);
        double before = laws[l].draw(&stream.rng);
        for (int i = 0; i < DRAWS; i++) {
            const double x = laws[l].draw(&stream.rng);
            sums[0] += (x - m[1]) * (before - m[1]);
            sums[1] += (x * x - m[2]) * (before * before - m[2]);
            before = x;
        }
        assert_true(fabs(sums[0] / (m[2] - m[1] * m[1])) < 4 * sqrt(DRAWS));
        assert_true(fabs(sums[1] / (m[4] - m[2] * m[2])) < 4 * sqrt(DRAWS));
    }
}

/* Numbers are the same on every machine, to the last bit: the sum of words that
 * the bits of many make, as computed once. */
static void bits_are_the_same_everywhere(void **state)
{
    uint64_t sum = 0;
    struct ota_stream stream;

    (void)state;
    begin(&stream, 81);
    for (int i = 0; i < 100000; i++) {
        const double normal = ota_normal(&stream.rng);
        const double x = ota_exp(normal) * ota_exponential(&stream.rng);
        uint64_t bits;
        memcpy(&bits, &x, sizeof(bits));
        sum = sum * 31 + bits;
    }
    assert_true(sum == UINT64_C(0x3dce5d39f2997f00));
}

static void exp_is_within_two_places(void **state)
{
    struct ota_stream stream;

    (void)state;
    begin(&stream, 91);
    for (int i = 0; i < 1000000; i++) {
        const double most = i % 2 ? 700 : 1;
        const double x = most * (2 * ota_uniform(&stream.rng) - 1);
        const long double wanted = expl(x);
        const double place =
            nextafter((double)wanted, INFINITY) - (double)wanted;
        assert_true(fabsl(ota_exp(x) - wanted) <= 2 * place);
    }
    assert_true(ota_exp(0) == 1);
    assert_true(ota_exp(-0.0) == 1);
    assert_true(ota_exp(1000) == INFINITY);
    assert_true(ota_exp(-1000) == 0);
    assert_true(isnan(ota_exp(NAN)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges_close_the_ziggurat),
        cmocka_unit_test(samples_have_the_moments),
        cmocka_unit_test(samples_follow_the_law),
        cmocka_unit_test(every_layer_has_its_share),
        cmocka_unit_test(tails_go_on_beyond_the_layers),
        cmocka_unit_test(neighbours_are_not_correlated),
        cmocka_unit_test(bits_are_the_same_everywhere),
        cmocka_unit_test(exp_is_within_two_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
