/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_random.c - what a random number costs, beside GSL's mt19937 and the
 * sampler of GSL for the same law.
 *
 * A line: what is drawn, nanoseconds a number, nanoseconds of its counterpart,
 * their ratio. The two are timed in turns and the medians taken, so that what
 * else the machine does disturbs both alike. Nothing is asserted: times are
 * read by people.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <gsl/gsl_randist.h>

#include "sim/base/dist.h"
#include "sim/base/sample.h"

enum { ROUNDS = 7, DRAWS = 2000000 };

/* Of 8 s and 0.6. */
#define MU 15.894952099644110 /* ln 8e6 */
#define SIGMA 0.6

/* Each gives the sum of so many numbers, which keeps them from being optimised
 * away. */
typedef double draws(gsl_rng *rng);

#define SUM_OF(name, expression)                                               \
    static double name(gsl_rng *rng)                                           \
    {                                                                          \
        double sum = 0;                                                        \
        for (uint64_t i = 0; i < DRAWS; i++)                                   \
            sum += (double)(expression);                                       \
        return sum;                                                            \
    }

static const struct ota_random_key key = {1, 0};

static inline gsl_rng *fresh(struct ota_stream *stream, uint64_t device)
{
    ota_stream_init(stream, &key, device, OTA_PURPOSE_WAKE, 0);
    return &stream->rng;
}

static struct ota_dist dist_of(enum ota_dist_kind kind)
{
    return (struct ota_dist){kind, OTA_TIME, .a = MU, .b = SIGMA};
}

SUM_OF(uniform, ota_uniform(rng))
SUM_OF(gsl_uniform, gsl_rng_uniform(rng))
SUM_OF(exponential, ota_exponential(rng))
SUM_OF(gsl_exponential, gsl_ran_exponential(rng, 1))
SUM_OF(normal, ota_normal(rng))
SUM_OF(gsl_normal, gsl_ran_gaussian_ziggurat(rng, 1))
SUM_OF(lognormal, ota_exp(MU + SIGMA * ota_normal(rng)))
SUM_OF(gsl_lognormal, gsl_ran_lognormal(rng, MU, SIGMA))
SUM_OF(gsl_rounded, llround(gsl_ran_lognormal(rng, MU, SIGMA)))

static double fresh_uniform(gsl_rng *rng)
{
    double sum = 0;

    (void)rng;
    for (uint64_t i = 0; i < DRAWS; i++) {
        struct ota_stream stream;
        sum += ota_uniform(fresh(&stream, i));
    }
    return sum;
}

static double dist_lognormal(gsl_rng *rng)
{
    const struct ota_dist dist = dist_of(OTA_DIST_LOGNORMAL);
    double sum = 0;

    for (uint64_t i = 0; i < DRAWS; i++)
        sum += (double)ota_dist_draw_us(&dist, rng);
    return sum;
}

static double fresh_dist_lognormal(gsl_rng *rng)
{
    const struct ota_dist dist = dist_of(OTA_DIST_LOGNORMAL);
    double sum = 0;

    (void)rng;
    for (uint64_t i = 0; i < DRAWS; i++) {
        struct ota_stream stream;
        sum += (double)ota_dist_draw_us(&dist, fresh(&stream, i));
    }
    return sum;
}

static const struct {
    const char *what;
    draws *ours;
    draws *theirs; /* from mt19937 */
} lines[] = {
    {"uniform", uniform, gsl_uniform},
    {"uniform, through GSL", gsl_uniform, gsl_uniform},
    {"uniform, first of a stream", fresh_uniform, gsl_uniform},
    {"exponential", exponential, gsl_exponential},
    {"normal", normal, gsl_normal},
    {"lognormal", lognormal, gsl_lognormal},
    {"lognormal in us", dist_lognormal, gsl_rounded},
    {"lognormal in us, first of a stream", fresh_dist_lognormal, gsl_rounded},
};

/* Processor time, so that other programs disturb little. */
static double ns_a_draw(draws *sum_of, gsl_rng *rng)
{
    struct timespec begin, end;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    volatile double kept = sum_of(rng);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    (void)kept;
    return (1e9 * (double)(end.tv_sec - begin.tv_sec) +
            (double)(end.tv_nsec - begin.tv_nsec)) /
           DRAWS;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof(*values), by_value);
    return values[ROUNDS / 2];
}

int main(void)
{
    gsl_rng *twister = gsl_rng_alloc(gsl_rng_mt19937);
    struct ota_stream stream;

    if (!twister)
        return EXIT_FAILURE;
    fresh(&stream, 0);
    printf("%-36s %9s %9s %9s\n", "draw", "ns", "mt19937", "ratio");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        double ours[ROUNDS], theirs[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            fresh(&stream, (uint64_t)round);
            ours[round] = ns_a_draw(lines[i].ours, &stream.rng);
            theirs[round] = ns_a_draw(lines[i].theirs, twister);
        }
        const double ns = median(ours);
        const double other_ns = median(theirs);
        printf("%-36s %9.2f %9.2f %9.2f\n", lines[i].what, ns, other_ns,
               ns / other_ns);
    }
    gsl_rng_free(twister);
    return EXIT_SUCCESS;
}
