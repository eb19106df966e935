/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_sharing.c - when do downloads beside each other end, and what of those
 * that are cut off is there?
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "sim/fleet/sharing.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const struct ota_random_key key = {.seed = 1};

/* --- a fleet to share --- */

enum { DEVICES = 40, PER_SITE = 8 };

static const struct ota_label site = {.key = "site", .each = PER_SITE};
static const struct ota_group group = {
    .count = DEVICES,
    .labels = &site,
    .label_count = 1,
};

static struct ota_fleet_config config_with(int64_t egress_bit_s,
                                           int64_t uplink_bit_s)
{
    return (struct ota_fleet_config){
        .groups = &group,
        .group_count = 1,
        .cloud = {.egress_bit_s = egress_bit_s,
                  .uplink_of = uplink_bit_s > 0 ? "site" : "",
                  .uplink_bit_s = uplink_bit_s},
    };
}

static struct ota_sharing *sharing_new(const struct ota_fleet_config *config)
{
    struct ota_error error = {0};
    struct ota_sharing *sharing;

    assert_true(ota_sharing_new(config, &key, DEVICES, &sharing, &error));
    return sharing;
}

static void begin(struct ota_sharing *sharing, size_t device, int64_t now_us,
                  int64_t bytes, int64_t took_us, int64_t cut_us)
{
    const struct ota_demand demand = {
        .bytes = bytes,
        .took_us = took_us,
        .cut_us = cut_us,
    };
    assert_true(ota_sharing_begin(sharing, device, now_us, &demand));
}

/* Downloads that are over and were not looked at yet, in order. */
static struct ota_shared over[DEVICES];
static size_t over_count;

/* Lives to the next instant at which any are over. */
static void live_on(struct ota_sharing *sharing)
{
    while (over_count == 0) {
        const int64_t now_us = ota_sharing_next_us(sharing);
        assert_true(now_us < OTA_NEVER);
        while (ota_sharing_take(sharing, now_us, &over[over_count]))
            over_count++;
        assert_true(ota_sharing_next_us(sharing) > now_us);
    }
}

static void assert_over(struct ota_sharing *sharing, size_t device,
                        int64_t begun_us, int64_t end_us, int64_t cut_us)
{
    live_on(sharing);
    const struct ota_shared shared = over[0];
    memmove(over, over + 1, --over_count * sizeof(*over));
    assert_int_equal(shared.device, device);
    assert_int_equal(shared.begun_us, begun_us);
    assert_int_equal(shared.end_us, end_us);
    assert_int_equal(shared.cut_us, cut_us);
}

/* --- by hand --- */

static const int64_t second_us = OTA_US_PER_S;

static void nothing_to_share(void **state)
{
    const struct ota_fleet_config config = config_with(0, 0);

    (void)state;
    assert_null(sharing_new(&config));
    ota_sharing_free(NULL);
}

/* However its rate comes out in whole bytes a second. */
static void alone_it_ends_when_it_would(void **state)
{
    (void)state;
    static const struct {
        int64_t bytes, took_us;
    } cases[] = {{1, 1},           {1, 999999937},   {7, 3000001},
                 {21000, 4711},    {21000, 1234567}, {500000, 86400000000},
                 {1000000, 999999}};
    const struct ota_fleet_config config =
        config_with(INT64_C(8000000000000), 0);

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ota_sharing *sharing = sharing_new(&config);
        begin(sharing, 3, 1000, cases[i].bytes, cases[i].took_us, OTA_NEVER);
        assert_over(sharing, 3, 1000, 1000 + cases[i].took_us, OTA_NEVER);
        assert_int_equal(ota_sharing_next_us(sharing), OTA_NEVER);
        ota_sharing_free(sharing);
    }
}

/* 80 kbit/s are 10,000 bytes/s. */
static void alone_it_gets_no_more_than_there_is(void **state)
{
    const struct ota_fleet_config config = config_with(80000, 0);
    struct ota_sharing *sharing = sharing_new(&config);

    (void)state;
    begin(sharing, 3, 0, 20000, second_us, OTA_NEVER);
    assert_over(sharing, 3, 0, 2 * second_us, OTA_NEVER);
    assert_int_equal(ota_sharing_peak_bytes_per_s(sharing), 10000);
    assert_false(ota_sharing_has_failed(sharing));
    ota_sharing_free(sharing);
}

static void two_alike_take_twice_as_long(void **state)
{
    const struct ota_fleet_config config = config_with(80000, 0);
    struct ota_sharing *sharing = sharing_new(&config);

    (void)state;
    begin(sharing, 5, 0, 20000, second_us, OTA_NEVER);
    begin(sharing, 3, 0, 20000, second_us, OTA_NEVER);
    assert_over(sharing, 3, 0, 4 * second_us, OTA_NEVER);
    assert_over(sharing, 5, 0, 4 * second_us, OTA_NEVER);
    assert_int_equal(ota_sharing_next_us(sharing), OTA_NEVER);
    ota_sharing_free(sharing);
}

/* One is alone for a second, then there are two, then the other is alone. */
static void who_comes_later_ends_later(void **state)
{
    const struct ota_fleet_config config = config_with(80000, 0);
    struct ota_sharing *sharing = sharing_new(&config);

    (void)state;
    begin(sharing, 1, 0, 20000, second_us, OTA_NEVER);
    begin(sharing, 2, second_us, 20000, second_us, OTA_NEVER);
    assert_over(sharing, 1, 0, 3 * second_us, OTA_NEVER);
    assert_over(sharing, 2, second_us, 4 * second_us, OTA_NEVER);
    begin(sharing, 1, 9 * second_us, 10000, second_us, OTA_NEVER);
    assert_over(sharing, 1, 9 * second_us, 10 * second_us, OTA_NEVER);
    ota_sharing_free(sharing);
}

/* Two get 5,000 bytes/s each; at 2 s one has half of what would have taken it
 * 1 s alone, and is gone. The other goes on alone. */
static void one_that_is_gone_keeps_what_it_has(void **state)
{
    const struct ota_fleet_config config = config_with(80000, 0);
    struct ota_sharing *sharing = sharing_new(&config);

    (void)state;
    begin(sharing, 4, 0, 20000, second_us, 2 * second_us);
    begin(sharing, 6, 0, 20000, second_us, 30 * second_us);
    assert_over(sharing, 4, 0, 2 * second_us, second_us / 2);
    assert_over(sharing, 6, 0, 3 * second_us, OTA_NEVER);
    /* Its end at 30 s is that of a download that is over. */
    struct ota_shared shared;
    while (ota_sharing_next_us(sharing) < OTA_NEVER)
        assert_false(
            ota_sharing_take(sharing, ota_sharing_next_us(sharing), &shared));
    ota_sharing_free(sharing);
}

/* The end at which one would be gone must not hit its next download. */
static void gone_is_meant_for_one_download(void **state)
{
    const struct ota_fleet_config config = config_with(80000, 0);
    struct ota_sharing *sharing = sharing_new(&config);

    (void)state;
    begin(sharing, 4, 0, 10000, second_us, 3 * second_us);
    assert_over(sharing, 4, 0, second_us, OTA_NEVER);
    begin(sharing, 4, 2 * second_us, 20000, second_us, 9 * second_us);
    assert_over(sharing, 4, 2 * second_us, 4 * second_us, OTA_NEVER);
    ota_sharing_free(sharing);
}

/* One that ends at the instant at which it would be gone has ended. */
static void whole_at_the_last_instant(void **state)
{
    const struct ota_fleet_config config = config_with(80000, 0);
    struct ota_sharing *sharing = sharing_new(&config);

    (void)state;
    begin(sharing, 4, 0, 20000, second_us, 2 * second_us);
    assert_over(sharing, 4, 0, 2 * second_us, OTA_NEVER);
    ota_sharing_free(sharing);
}

static void each_site_has_its_own(void **state)
{
    const struct ota_fleet_config config = config_with(0, 80000);
    struct ota_sharing *sharing = sharing_new(&config);

    (void)state;
    begin(sharing, 0, 0, 20000, second_us, OTA_NEVER);
    begin(sharing, PER_SITE - 1, 0, 20000, second_us, OTA_NEVER);
    begin(sharing, PER_SITE, 0, 20000, second_us, OTA_NEVER);
    assert_over(sharing, PER_SITE, 0, 2 * second_us, OTA_NEVER);
    assert_over(sharing, 0, 0, 4 * second_us, OTA_NEVER);
    assert_over(sharing, PER_SITE - 1, 0, 4 * second_us, OTA_NEVER);
    assert_int_equal(ota_sharing_peak_bytes_per_s(sharing), 20000);
    ota_sharing_free(sharing);
}

/* --- against a slow integrator --- */

enum { JOBS = 400 };

struct job {
    size_t device;
    int64_t begin_us, bytes, took_us, cut_us;
    double rate, left; /* bytes/us, bytes */
    int64_t end_us;    /* as the integrator says */
    bool begun, over, cut;
};

/* What each job gets now, by filling the share from the least greedy on. */
static void fill(struct job *jobs, size_t count, size_t unit, double capacity,
                 double *got)
{
    double level = INFINITY;

    for (;;) { /* lower the level until all fit */
        double capped = 0;
        size_t greedy = 0;
        for (size_t i = 0; i < count; i++) {
            if (!jobs[i].begun || jobs[i].over ||
                jobs[i].device / PER_SITE != unit)
                continue;
            if (jobs[i].rate < level)
                capped += jobs[i].rate;
            else
                greedy++;
        }
        double sum = capped + (greedy > 0 ? level * (double)greedy : 0);
        if (sum <= capacity * (1 + 1e-12))
            break;
        /* Those below the last level may be above the next one. */
        double next = 0;
        for (size_t i = 0; i < count; i++)
            if (jobs[i].begun && !jobs[i].over && jobs[i].rate < level &&
                jobs[i].device / PER_SITE == unit && jobs[i].rate > next)
                next = jobs[i].rate;
        const double fair =
            greedy > 0 ? (capacity - capped) / (double)greedy : -1;
        level = fair >= next && greedy > 0 ? fair : next;
        if (fair >= next && greedy > 0)
            break;
    }
    for (size_t i = 0; i < count; i++)
        if (jobs[i].begun && !jobs[i].over && jobs[i].device / PER_SITE == unit)
            got[i] = jobs[i].rate < level ? jobs[i].rate : level;
}

/* Lives through all jobs, event by event, from scratch at each. */
static void integrate(struct job *jobs, size_t count, double capacity)
{
    static double got[JOBS];
    double now = 0;

    for (;;) {
        double next = INFINITY;
        memset(got, 0, sizeof(got));
        for (size_t unit = 0; unit < DEVICES / PER_SITE; unit++)
            fill(jobs, count, unit, capacity, got);
        for (size_t i = 0; i < count; i++) {
            if (!jobs[i].begun)
                next = fmin(next, (double)jobs[i].begin_us);
            else if (!jobs[i].over)
                next = fmin(next, fmin((double)jobs[i].cut_us,
                                       now + jobs[i].left / got[i]));
        }
        if (next == INFINITY)
            return;
        for (size_t i = 0; i < count; i++) {
            struct job *job = &jobs[i];
            if (job->begun && !job->over) {
                job->left -= got[i] * (next - now);
                job->cut = job->left > 1e-6 && (double)job->cut_us <= next;
                job->over = job->cut || job->left <= 1e-6;
                job->end_us = (int64_t)ceil(next - 1e-4);
            } else if (!job->begun && (double)job->begin_us <= next) {
                job->begun = true;
            }
        }
        now = next;
    }
}

/* Jobs of devices that have one at a time. */
static void draw_jobs(struct job *jobs, uint64_t round)
{
    struct ota_stream stream;
    int64_t at_us = 0;

    ota_stream_init(&stream, &key, round, OTA_PURPOSE_FREE, 0);
    for (size_t i = 0; i < JOBS; i++) {
        const double u = gsl_rng_uniform(&stream.rng);
        struct job *job = &jobs[i];
        *job = (struct job){
            .device = i % DEVICES,
            .begin_us = at_us,
            .bytes = 1 + (int64_t)(30000 * u * u),
            .took_us =
                second_us / 10 + (int64_t)(5e6 * gsl_rng_uniform(&stream.rng)),
        };
        job->cut_us =
            at_us + second_us + (int64_t)(9e6 * gsl_rng_uniform(&stream.rng));
        /* The rate that a share is told, in whole bytes/s. */
        job->rate = (double)((int64_t)((double)job->bytes * 1e6 /
                                       (double)job->took_us) +
                             1) /
                    1e6;
        job->left = (double)job->bytes;
        at_us += 1 + (int64_t)(6e5 * gsl_rng_uniform(&stream.rng));
    }
}

static struct job *running(struct job *jobs, size_t device, int64_t begun_us)
{
    for (size_t i = 0; i < JOBS; i++)
        if (jobs[i].device == device && jobs[i].begin_us == begun_us)
            return &jobs[i];
    fail();
    return NULL;
}

static void check(struct job *jobs, const struct ota_shared *shared)
{
    const struct job *job = running(jobs, shared->device, shared->begun_us);

    assert_int_equal(shared->cut_us != OTA_NEVER, job->cut);
    if (!job->cut) {
        const int64_t expected_us =
            ota_us_max(job->end_us, job->begin_us + job->took_us);
        assert_true(llabs(shared->end_us - expected_us) <= 1);
        return;
    }
    assert_int_equal(shared->end_us, job->cut_us);
    /* What it has, to a byte, in the time that takes it alone. */
    const double alone_us = (double)job->took_us / (double)job->bytes;
    const double done = (double)job->bytes - job->left;
    assert_true(fabs((double)(shared->cut_us - job->begin_us) -
                     done * alone_us) <= alone_us + 1);
}

/* A device's last download must be over when its next one begins. */
static void like_a_slow_integrator(void **state)
{
    static struct job jobs[JOBS];
    const int64_t uplink_bit_s = 80000;
    const struct ota_fleet_config config = config_with(0, uplink_bit_s);
    size_t cuts = 0;

    (void)state;
    for (uint64_t round = 0; round < 5; round++) {
        struct ota_sharing *sharing = sharing_new(&config);
        struct ota_shared shared;
        size_t told = 0;
        draw_jobs(jobs, round);
        integrate(jobs, JOBS, (double)uplink_bit_s / 8e6);
        for (size_t i = 0; i <= JOBS; i++) {
            const int64_t until_us = i < JOBS ? jobs[i].begin_us : OTA_NEVER;
            while (ota_sharing_next_us(sharing) < until_us) {
                const int64_t now_us = ota_sharing_next_us(sharing);
                while (ota_sharing_take(sharing, now_us, &shared)) {
                    check(jobs, &shared);
                    cuts += shared.cut_us != OTA_NEVER;
                    told++;
                }
            }
            if (i < JOBS)
                begin(sharing, jobs[i].device, jobs[i].begin_us, jobs[i].bytes,
                      jobs[i].took_us, jobs[i].cut_us);
        }
        assert_int_equal(told, JOBS);
        assert_true(ota_sharing_peak_bytes_per_s(sharing) <=
                    uplink_bit_s / 8 * (DEVICES / PER_SITE));
        assert_false(ota_sharing_has_failed(sharing));
        ota_sharing_free(sharing);
    }
    assert_true(cuts > 50 && cuts < 5 * JOBS - 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_to_share),
        cmocka_unit_test(alone_it_ends_when_it_would),
        cmocka_unit_test(alone_it_gets_no_more_than_there_is),
        cmocka_unit_test(two_alike_take_twice_as_long),
        cmocka_unit_test(who_comes_later_ends_later),
        cmocka_unit_test(one_that_is_gone_keeps_what_it_has),
        cmocka_unit_test(gone_is_meant_for_one_download),
        cmocka_unit_test(whole_at_the_last_instant),
        cmocka_unit_test(each_site_has_its_own),
        cmocka_unit_test(like_a_slow_integrator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
