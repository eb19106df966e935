/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_share_ps.c - shared capacity against arithmetic, queueing theory and a
 * slow integrator.
 *
 * Downloads that begin as a Poisson process of rate l, with sizes of mean b,
 * over capacity C, are the customers of a queue with processor sharing. Without
 * rates of their own, with load rho = l b / C, the mean stay of those of size
 * x is x / C / (1 - rho), whatever the distribution of sizes (L. Kleinrock:
 * Queueing Systems 2, 1976, chapter 4). With a greatest rate of C / m each it
 * is generalised processor sharing, and the mean stay is that of M/M/m,
 * insensitive too (J. W. Cohen: The multiple phase service network with
 * generalized processor sharing. Acta Informatica 12 (1979) 245-284): in units
 * of the mean time alone, 1 + Erlang's C / (m - m rho).
 *
 * Means come from regenerative simulation: busy periods are independent, and
 * the ratio of sums over n of them has variance sum (y - R x)^2 / (sum x)^2
 * (P. W. Glynn, D. L. Iglehart; A. M. Law: Simulation Modeling and Analysis,
 * section 9.5.3).
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include <gsl/gsl_randist.h>

#include "models/cloud/share.h"
#include "sim/base/clock.h"
#include "sim/base/random.h"
#include "tests/support/model_fixture.h"

/* --- by hand -------------------------------------------------------------- */

static void assert_ended(struct ota_share *share, uint64_t id, int64_t at_us)
{
    uint64_t told;
    int64_t told_us;

    assert_true(ota_share_finished(share, &told, &told_us));
    assert_int_equal(told, id);
    assert_int_equal(told_us, at_us);
}

/* n at once of b bytes each: all end when n b bytes have gone out. */
static void alike_at_once(void **state)
{
    static const int64_t counts[] = {1, 2, 3, 7, 100, 1000};
    static const int64_t sizes[] = {1, 999, 286720, 1000003};
    static const int64_t capacities[] = {1, 3, 1000, 1250001};

    (void)state;
    for (size_t n = 0; n < 6; n++)
        for (size_t b = 0; b < 4; b++)
            for (size_t c = 0; c < 4; c++) {
                struct ota_share *share = ota_share_new(capacities[c], 0);
                const int64_t work = counts[n] * sizes[b] * OTA_US_PER_S;
                const int64_t end_us =
                    5 + work / capacities[c] + (work % capacities[c] != 0);
                assert_non_null(share);
                for (int64_t i = 0; i < counts[n]; i++)
                    assert_true(ota_share_begin(share, 5, (uint64_t)i,
                                                OTA_SHARE_ANY, sizes[b]));
                assert_int_equal(ota_share_next_us(share), end_us);
                ota_share_advance(share, end_us);
                for (int64_t i = 0; i < counts[n]; i++)
                    assert_ended(share, (uint64_t)i, end_us);
                assert_int_equal(ota_share_active(share), 0);
                ota_share_free(share);
            }
}

/* Sizes 1, 2, ..., n at once over 1 byte/s: the k-th ends when it has k and so
 * have the n - k larger ones, after k (k + 1) / 2 + k (n - k) seconds. Each end
 * is a whole second although levels 1/n, 1/(n-1), ... are not. */
static void one_after_another(void **state)
{
    enum { MANY = 1000 };
    struct ota_share *share = ota_share_new(1, MANY);

    (void)state;
    assert_non_null(share);
    for (int64_t k = MANY; k > 0; k--)
        assert_true(ota_share_begin(share, 0, (uint64_t)k, OTA_SHARE_ANY, k));
    ota_share_advance(share, OTA_US_PER_DAY * 30);
    for (int64_t k = 1; k <= MANY; k++)
        assert_ended(share, (uint64_t)k,
                     (k * (k + 1) / 2 + k * (MANY - k)) * OTA_US_PER_S);
    ota_share_free(share);
}

/* Seven of 1,000 bytes over 1 byte/s end after 7,000 s to the microsecond,
 * though each of 5,000 that come and go at once makes the level, a seventh, be
 * reckoned anew. */
static void rounding_does_not_pile_up(void **state)
{
    struct ota_share *share = ota_share_new(1, 0);
    int64_t done;

    (void)state;
    assert_non_null(share);
    for (uint64_t i = 0; i < 7; i++)
        assert_true(ota_share_begin(share, 0, i, OTA_SHARE_ANY, 1000));
    for (int64_t i = 1; i <= 5000; i++) {
        assert_true(ota_share_begin(share, i * 1000003, 7, i, 10));
        assert_true(ota_share_abort(share, i * 1000003, 7, &done));
        assert_int_equal(done, 0);
    }
    assert_int_equal(ota_share_next_us(share), 7000 * OTA_US_PER_S);
    ota_share_advance(share, 7000 * OTA_US_PER_S);
    for (uint64_t i = 0; i < 7; i++)
        assert_ended(share, i, 7000 * OTA_US_PER_S);
    ota_share_free(share);
}

/*
 * 1,000 bytes/s, two of 100 bytes/s and 1,000 bytes, two of 600 bytes/s and
 * 3,000 bytes: the level is (1,000 - 200) / 2 = 400. At 7.5 s the fast two are
 * through; the slow two at 10 s as if they were alone. A third fast one, of
 * 500 bytes at 3 s, makes the level 800 / 3 for 1.875 s; then the fast two
 * have 3,000 - 1,200 - 500 = 1,300 left, at 400 again: 3.25 s, at 8.125 s.
 */
static void two_classes(void **state)
{
    (void)state;
    for (int third = 0; third < 2; third++) {
        struct ota_share *share = ota_share_new(1000, 8);
        assert_non_null(share);
        assert_true(ota_share_begin(share, 0, 1, 100, 1000));
        assert_true(ota_share_begin(share, 0, 2, 100, 1000));
        assert_true(ota_share_begin(share, 0, 3, 600, 3000));
        assert_int_equal(ota_share_load_bytes_per_s(share), 800);
        assert_true(ota_share_begin(share, 0, 4, 600, 3000));
        assert_int_equal(ota_share_load_bytes_per_s(share), 1000);
        if (third)
            assert_true(ota_share_begin(share, 3 * OTA_US_PER_S, 5, 600, 500));
        ota_share_advance(share, 8200000);
        assert_int_equal(ota_share_load_bytes_per_s(share), 200);
        ota_share_advance(share, 20 * OTA_US_PER_S);
        if (third)
            assert_ended(share, 5, 4875000);
        assert_ended(share, 3, third ? 8125000 : 7500000);
        assert_ended(share, 4, third ? 8125000 : 7500000);
        assert_ended(share, 1, 10 * OTA_US_PER_S);
        assert_ended(share, 2, 10 * OTA_US_PER_S);
        ota_share_free(share);
    }
}

/* While their rates do not reach the capacity, each ends at its own time, to
 * the microsecond. */
static void capped_by_themselves(void **state)
{
    struct ota_share *share = ota_share_new(1000000, 8);
    static int64_t ends_us[1000];
    struct ota_stream stream;
    uint64_t id;
    int64_t at_us, told = 0;

    (void)state;
    assert_non_null(share);
    model_fixture_stream(&stream, 1);
    for (int64_t i = 0; i < 1000; i++) {
        const int64_t begin_us = 12345 * i;
        const int64_t rate = 1 + (int64_t)gsl_rng_uniform_int(&stream.rng, 999);
        const int64_t bytes = (int64_t)gsl_rng_uniform_int(&stream.rng, 99999);
        ends_us[i] = begin_us + (bytes * OTA_US_PER_S + rate - 1) / rate;
        assert_true(ota_share_begin(share, begin_us, (uint64_t)i, rate, bytes));
    }
    ota_share_advance(share, OTA_US_PER_DAY * 30);
    while (ota_share_finished(share, &id, &at_us)) {
        assert_int_equal(at_us, ends_us[id]);
        told++;
    }
    assert_int_equal(told, 1000);
    ota_share_free(share);
}

/* --- queues --------------------------------------------------------------- */

enum { CUSTOMERS = 500000, BINS = 3, SIZE_MEAN = 1000000 };

/* Draws a size in bytes of mean SIZE_MEAN. */
typedef double (*size_draw)(const gsl_rng *rng);

static double deterministic(const gsl_rng *rng)
{
    (void)rng;
    return SIZE_MEAN;
}

static double exponential(const gsl_rng *rng)
{
    return gsl_ran_exponential(rng, SIZE_MEAN);
}

/* 0.9 * 0.5 + 0.1 * 5.5 = 1; squared coefficient of variation 5.5. */
static double hyperexponential(const gsl_rng *rng)
{
    const double mean = gsl_rng_uniform(rng) < 0.9 ? 0.5 : 5.5;

    return gsl_ran_exponential(rng, mean * SIZE_MEAN);
}

/* Sums over busy periods, for the ratio of y to x. */
struct ratio {
    double x, y; /* of this busy period */
    double sum_x, sum_y, xx, xy, yy;
};

static void ratio_close(struct ratio *ratio)
{
    ratio->sum_x += ratio->x;
    ratio->sum_y += ratio->y;
    ratio->xx += ratio->x * ratio->x;
    ratio->xy += ratio->x * ratio->y;
    ratio->yy += ratio->y * ratio->y;
    ratio->x = 0;
    ratio->y = 0;
}

static void assert_ratio(const struct ratio *ratio, double wanted)
{
    const double r = ratio->sum_y / ratio->sum_x;
    const double squares = ratio->yy - 2 * r * ratio->xy + r * r * ratio->xx;
    const double within = 4 * sqrt(squares) / ratio->sum_x;

    /* An estimate that says nothing would pass anything. */
    assert_true(within < 0.1 * wanted);
    if (!(fabs(r - wanted) <= within))
        fail_msg("%.6g, expected %.6g +- %.2g", r, wanted, within);
}

struct queue {
    struct ota_share *share;
    struct ota_stream stream;
    int64_t begins_us[CUSTOMERS], sizes[CUSTOMERS];
    struct ratio stay;       /* s a customer */
    struct ratio bins[BINS]; /* s a byte: small, middling, large */
};

static void queue_hear(struct queue *queue)
{
    uint64_t id;
    int64_t at_us;

    while (ota_share_finished(queue->share, &id, &at_us)) {
        const double stay_s = ota_s_from_us(at_us - queue->begins_us[id]);
        const int64_t size = queue->sizes[id];
        struct ratio *bin = &queue->bins[size < SIZE_MEAN / 2   ? 0
                                         : size < SIZE_MEAN * 2 ? 1
                                                                : 2];
        queue->stay.x++;
        queue->stay.y += stay_s;
        bin->x += (double)size;
        bin->y += stay_s;
    }
}

static void queue_close(struct queue *queue)
{
    ratio_close(&queue->stay);
    for (int b = 0; b < BINS; b++)
        ratio_close(&queue->bins[b]);
}

/* Fills *queue with what comes of it; capacity in sizes of SIZE_MEAN a second,
 * greatest rates 0 for none. */
static void queue_run(struct queue *queue, size_draw draw, double load,
                      int64_t capacity, int64_t rate, uint64_t index)
{
    int64_t now_us = 0;

    *queue = (struct queue){.share = ota_share_new(capacity * SIZE_MEAN, 64)};
    assert_non_null(queue->share);
    model_fixture_stream(&queue->stream, index);
    for (uint64_t i = 0; i < CUSTOMERS; i++) {
        now_us += llround(gsl_ran_exponential(&queue->stream.rng,
                                              1e6 / (load * (double)capacity)));
        ota_share_advance(queue->share, now_us);
        queue_hear(queue);
        if (ota_share_active(queue->share) == 0)
            queue_close(queue);
        queue->begins_us[i] = now_us;
        queue->sizes[i] = llround(draw(&queue->stream.rng));
        assert_true(ota_share_begin(queue->share, now_us, i,
                                    rate > 0 ? rate * SIZE_MEAN : OTA_SHARE_ANY,
                                    queue->sizes[i]));
    }
    while (ota_share_active(queue->share) > 0)
        ota_share_advance(queue->share, ota_share_next_us(queue->share));
    queue_hear(queue);
    queue_close(queue);
    ota_share_free(queue->share);
}

/* M/G/1-PS: 1 / (1 - rho), for all and in proportion for any size. */
static void processor_sharing(void **state)
{
    static const size_draw draws[] = {deterministic, exponential,
                                      hyperexponential};
    static const double loads[] = {0.3, 0.7};
    struct queue *queue = malloc(sizeof(*queue));

    (void)state;
    assert_non_null(queue);
    for (size_t d = 0; d < 3; d++)
        for (size_t l = 0; l < 2; l++) {
            const double wanted = 1 / (1 - loads[l]);
            queue_run(queue, draws[d], loads[l], 1, 0, 10 + 2 * d + l);
            assert_ratio(&queue->stay, wanted);
            for (int b = 0; b < BINS; b++)
                if (d > 0 || b == 1)
                    assert_ratio(&queue->bins[b], wanted / SIZE_MEAN);
        }
    free(queue);
}

/* The chance to wait in M/M/m with that many erlangs. */
static double erlang_c(int m, double erlangs)
{
    double term = 1, sum = 0;

    for (int k = 0; k < m; k++) {
        sum += term;
        term *= erlangs / (k + 1);
    }
    const double waits = term * m / (m - erlangs);
    return waits / (sum + waits);
}

/* M/G/m-PS: all have the same greatest rate, and cross the level together
 * again and again. */
static void with_greatest_rates(void **state)
{
    static const size_draw draws[] = {deterministic, exponential,
                                      hyperexponential};
    struct queue *queue = malloc(sizeof(*queue));

    (void)state;
    assert_non_null(queue);
    for (size_t d = 0; d < 3; d++)
        for (int m = 2; m <= 4; m += 2) {
            const double load = 0.8;
            queue_run(queue, draws[d], load, m, 1,
                      20 + 3 * d + (m > 2 ? 1 : 0));
            assert_ratio(&queue->stay,
                         1 + erlang_c(m, m * load) / (m - m * load));
        }
    free(queue);
}

/* --- a slow integrator ---------------------------------------------------- */

enum { SWARMS = 500, OPS = 120, SWARM_MAX = OPS };

struct slow_one {
    uint64_t id;
    long double rate, left, get; /* bytes/us, bytes, bytes/us now */
};

struct slow {
    struct slow_one ones[SWARM_MAX];
    size_t count;
    long double capacity, now_us;
    long double ends_us[OPS]; /* by id; < 0: has not ended */
};

static int slower(const void *a, const void *b)
{
    const struct slow_one *one = a, *other = b;

    return (one->rate > other->rate) - (one->rate < other->rate);
}

/* Fills from the slowest up: each takes what it can of an equal part of what
 * is left. */
static void slow_rates(struct slow *slow)
{
    long double left = slow->capacity;

    qsort(slow->ones, slow->count, sizeof(*slow->ones), slower);
    for (size_t i = 0; i < slow->count; i++) {
        struct slow_one *one = &slow->ones[i];
        const long double part = left / (long double)(slow->count - i);
        one->get = one->rate < part ? one->rate : part;
        left -= one->get;
    }
}

/* From end to end until then. What is left of a download is known to less than
 * 1e-9 bytes: 2^-64 of a megabyte, for each of 240 events. */
static void slow_advance(struct slow *slow, long double until_us)
{
    for (;;) {
        size_t kept = 0;
        long double step_us = until_us - slow->now_us;

        for (size_t i = 0; i < slow->count; i++) {
            if (slow->ones[i].left <= 1e-9L)
                slow->ends_us[slow->ones[i].id] = slow->now_us;
            else
                slow->ones[kept++] = slow->ones[i];
        }
        slow->count = kept;
        slow_rates(slow);
        for (size_t i = 0; i < kept; i++)
            if (slow->ones[i].get > 0 &&
                slow->ones[i].left / slow->ones[i].get < step_us)
                step_us = slow->ones[i].left / slow->ones[i].get;
        for (size_t i = 0; i < kept; i++)
            slow->ones[i].left -= slow->ones[i].get * step_us;
        slow->now_us += step_us;
        if (slow->now_us >= until_us)
            return;
    }
}

struct swarm {
    struct ota_share *share;
    struct ota_stream stream;
    struct slow slow;
    int64_t now_us;
    int64_t sizes[OPS];
    int64_t rates; /* distinct rates: few, or one a download */
    size_t compared;
};

static int64_t below(struct swarm *swarm, int64_t end)
{
    return (int64_t)gsl_rng_uniform_int(&swarm->stream.rng, (unsigned long)end);
}

/* What is known to 1e-9 bytes is known to 2e-5 us at the least rate there is
 * in a swarm, 10,000 bytes/s over 120 downloads. */
static const long double slow_within_us = 2e-5L;

static void swarm_hear(struct swarm *swarm)
{
    uint64_t id;
    int64_t at_us;

    while (ota_share_finished(swarm->share, &id, &at_us)) {
        const long double end_us = swarm->slow.ends_us[id];
        if (!(end_us >= 0 && (long double)at_us > end_us - slow_within_us &&
              (long double)at_us < end_us + 1 + slow_within_us))
            fail_msg("%d ended at %.9Lf, told %lld", (int)id, end_us,
                     (long long)at_us);
        swarm->compared++;
    }
}

/* Compares the bytes got and the load. */
static void swarm_compare(struct swarm *swarm)
{
    long double load = 0;

    for (size_t i = 0; i < swarm->slow.count; i++) {
        const struct slow_one *one = &swarm->slow.ones[i];
        const int64_t done = ota_share_done_bytes(swarm->share, one->id);
        const long double got = (long double)swarm->sizes[one->id] - one->left;
        load += one->get * 1e6L;
        /* What ends within the same microsecond has not, or has. */
        if (one->left < one->get)
            continue;
        if (!((long double)done > got - 1 - 1e-6L &&
              (long double)done < got + 1e-6L))
            fail_msg("%d has %.6Lf bytes, told %lld", (int)one->id, got,
                     (long long)done);
    }
    if (swarm->slow.count == ota_share_active(swarm->share))
        assert_true(fabsl(load - (long double)ota_share_load_bytes_per_s(
                                     swarm->share)) < 1e-3L);
}

static void swarm_begin(struct swarm *swarm, uint64_t id)
{
    const int64_t rate = below(swarm, 4) == 0 ? OTA_SHARE_ANY
                         : swarm->rates > 0
                             ? (1 + below(swarm, swarm->rates)) * 10000
                             : 10000 + below(swarm, 200000);
    const int64_t size =
        below(swarm, 2) ? below(swarm, 1000000) : below(swarm, 10) * 100000;

    swarm->sizes[id] = size;
    assert_true(ota_share_begin(swarm->share, swarm->now_us, id, rate, size));
    swarm->slow.ones[swarm->slow.count++] = (struct slow_one){
        .id = id, .rate = (long double)rate / 1e6L, .left = (long double)size};
}

static void swarm_abort(struct swarm *swarm, uint64_t id)
{
    struct slow *slow = &swarm->slow;
    int64_t done;

    if (!ota_share_abort(swarm->share, swarm->now_us, id, &done))
        return;
    for (size_t i = 0; i < slow->count; i++)
        if (slow->ones[i].id == id) {
            slow->ones[i] = slow->ones[--slow->count];
            return;
        }
    fail_msg("%d was aborted after its end", (int)id);
}

static void swarm_capacity(struct swarm *swarm)
{
    const int64_t capacity =
        below(swarm, 5) == 0 ? 0 : 10000 + below(swarm, 1000000);

    ota_share_set_capacity(swarm->share, swarm->now_us, capacity);
    swarm->slow.capacity = (long double)capacity / 1e6L;
}

static void swarm_run(struct swarm *swarm, uint64_t index)
{
    *swarm = (struct swarm){.share = ota_share_new(500000, 1)};
    assert_non_null(swarm->share);
    model_fixture_stream(&swarm->stream, 1000 + index);
    swarm->slow.capacity = 0.5L;
    swarm->rates = index % 2 ? 3 : 0;
    for (size_t id = 0; id < OPS; id++)
        swarm->slow.ends_us[id] = -1;
    for (uint64_t id = 0; id < OPS; id++) {
        const int64_t what = below(swarm, 12);
        swarm->now_us += below(swarm, 3) ? below(swarm, 1500000) : 0;
        ota_share_advance(swarm->share, swarm->now_us);
        slow_advance(&swarm->slow, (long double)swarm->now_us);
        swarm_hear(swarm);
        swarm_compare(swarm);
        if (what == 0)
            swarm_capacity(swarm);
        else if (what == 1 && id > 0)
            swarm_abort(swarm, (uint64_t)below(swarm, (int64_t)id));
        else
            swarm_begin(swarm, id);
    }
    swarm->now_us += OTA_US_PER_S;
    ota_share_set_capacity(swarm->share, swarm->now_us, 700000);
    slow_advance(&swarm->slow, (long double)swarm->now_us);
    swarm->slow.capacity = 0.7L;
    swarm->now_us += OTA_US_PER_DAY;
    ota_share_advance(swarm->share, swarm->now_us);
    slow_advance(&swarm->slow, (long double)swarm->now_us);
    swarm_hear(swarm);
    assert_int_equal(ota_share_active(swarm->share), 0);
    assert_int_equal(swarm->slow.count, 0);
    ota_share_free(swarm->share);
}

static void swarms(void **state)
{
    struct swarm *swarm = malloc(sizeof(*swarm));
    size_t compared = 0;

    (void)state;
    assert_non_null(swarm);
    for (uint64_t s = 0; s < SWARMS; s++) {
        swarm_run(swarm, s);
        compared += swarm->compared;
    }
    assert_true(compared > SWARMS * OPS / 2);
    free(swarm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alike_at_once),
        cmocka_unit_test(one_after_another),
        cmocka_unit_test(rounding_does_not_pile_up),
        cmocka_unit_test(two_classes),
        cmocka_unit_test(capped_by_themselves),
        cmocka_unit_test(processor_sharing),
        cmocka_unit_test(with_greatest_rates),
        cmocka_unit_test(swarms),
    };

    return cmocka_run_group_tests_name("share_ps", tests, NULL, NULL);
}
