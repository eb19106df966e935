/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_results_pack.c - results come back from bytes as they were, and damaged
 * bytes are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "sim/base/random.h"
#include "sim/stats/results_pack.h"

static struct ota_stream *draws(struct ota_stream *stream, uint64_t seed)
{
    const struct ota_random_key key = {.seed = seed};

    ota_stream_init(stream, &key, 0, OTA_PURPOSE_FREE, 0);
    return stream;
}

static int64_t any(struct ota_stream *stream)
{
    const uint64_t high = (uint64_t)gsl_rng_get(&stream->rng);

    return (int64_t)(high << 32 ^ (uint64_t)gsl_rng_get(&stream->rng));
}

static void fill(struct ota_stream *stream, int64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = any(stream);
}

static int64_t *many(struct ota_stream *stream, size_t count)
{
    int64_t *values = calloc(count, sizeof(*values));

    assert_non_null(values);
    fill(stream, values, count);
    return values;
}

static void fill_counts(struct ota_stream *stream, struct ota_counts *counts)
{
    fill(stream, counts->kept, OTA_COUNTERS_KEPT);
    counts->unoffered = any(stream);
    counts->repeats = any(stream);
}

static void fill_waves(struct ota_stream *stream,
                       struct ota_campaign_record *campaign, size_t count)
{
    enum { NAME_SIZE = 40 };
    struct ota_wave_record *waves =
        calloc(1, count * (sizeof(*waves) + NAME_SIZE));

    assert_non_null(waves);
    char *name = (char *)(waves + count);
    for (size_t w = 0; w < count; w++, name += NAME_SIZE) {
        if (w % 3 != 1)
            snprintf(name, NAME_SIZE, "wave \"%zu\", \xc3\xa4", w);
        waves[w] = (struct ota_wave_record){
            .name = name,
            .size = any(stream),
            .opened_us = any(stream),
            .closed_us = any(stream),
            .complete_us = any(stream),
        };
        fill_counts(stream, &waves[w].counts);
    }
    campaign->wave_count = count;
    campaign->waves = waves;
}

static void fill_campaign(struct ota_stream *stream,
                          struct ota_campaign_record *campaign, size_t waves)
{
    fill_counts(stream, &campaign->counts);
    campaign->stopped = any(stream) & 1;
    campaign->halted = any(stream) & 1;
    campaign->stop_us = any(stream);
    campaign->effective_us = any(stream);
    campaign->rule = any(stream);
    campaign->finished_us = any(stream);
    campaign->paused_us = any(stream);
    campaign->approvals = any(stream);
    campaign->in_flight_peak = any(stream);
    campaign->egress_peak_bytes_per_s = any(stream);
    campaign->offers = any(stream);
    campaign->reoffers = any(stream);
    if (waves > 0)
        fill_waves(stream, campaign, waves);
}

/* Values that no run would give, in every place. */
static struct ota_results strange(uint64_t seed, size_t groups, size_t instants,
                                  size_t times, size_t waves)
{
    struct ota_stream stream;
    struct ota_results results = {.group_count = groups};

    draws(&stream, seed);
    results.groups = calloc(1 + groups, sizeof(*results.groups));
    assert_non_null(results.groups);
    for (size_t g = 0; g <= groups; g++) {
        results.groups[g].devices = any(&stream) & INT64_MAX;
        fill(&stream, results.groups[g].outcomes, OTA_OUTCOMES);
        for (size_t k = 0; k < OTA_KPIS; k++)
            results.groups[g].kpi[k] = k % 7 == 3 ? (double)NAN
                                       : k % 7 == 5
                                           ? -0.0
                                           : 1.0 / (double)any(&stream);
    }
    if (groups % 2 == 1) { /* else none were asked for */
        results.ends = calloc((1 + groups) * OTA_KPIS, sizeof(*results.ends));
        assert_non_null(results.ends);
        for (size_t i = 0; i < (1 + groups) * OTA_KPIS; i++)
            results.ends[i] = (struct ota_ends){
                i % 5 == 0 ? (double)NAN : 1.0 / (double)any(&stream),
                (double)any(&stream)};
    }
    results.timeline.step_us = any(&stream);
    results.timeline.instants = instants;
    results.timeline.changes = many(&stream, instants * OTA_STATES);
    results.bytes.count = any(&stream);
    results.bytes.zeros = any(&stream);
    fill(&stream, results.bytes.bins, OTA_HISTOGRAM_BINS);
    results.staged = any(&stream) & 1;
    results.within_count = times;
    if (times > 0) {
        results.within_us = many(&stream, times);
        results.within = many(&stream, (1 + groups) * times * OTA_WITHINS);
    }
    fill_campaign(&stream, &results.campaign, waves);
    return results;
}

static void *packed(const struct ota_results *results, size_t *size)
{
    struct ota_error error = {.failed = false};
    void *bytes;

    assert_true(ota_results_pack(results, &bytes, size, &error));
    return bytes;
}

static void same_waves(const struct ota_campaign_record *a,
                       const struct ota_campaign_record *b)
{
    assert_int_equal(a->wave_count, b->wave_count);
    for (size_t w = 0; w < a->wave_count; w++) {
        struct ota_wave_record one = a->waves[w], other = b->waves[w];
        assert_string_equal(one.name, other.name);
        one.name = other.name = NULL;
        assert_memory_equal(&one, &other, sizeof(one));
    }
}

/* Field by field where there is padding or a pointer, else at once. */
static void same(const struct ota_results *a, const struct ota_results *b)
{
    const size_t groups = 1 + a->group_count;

    assert_int_equal(a->group_count, b->group_count);
    assert_memory_equal(a->groups, b->groups, groups * sizeof(*a->groups));
    assert_int_equal(!a->ends, !b->ends);
    if (a->ends)
        assert_memory_equal(a->ends, b->ends,
                            groups * OTA_KPIS * sizeof(*a->ends));
    assert_int_equal(a->timeline.step_us, b->timeline.step_us);
    assert_int_equal(a->timeline.instants, b->timeline.instants);
    if (a->timeline.instants > 0)
        assert_memory_equal(a->timeline.changes, b->timeline.changes,
                            a->timeline.instants * OTA_STATES *
                                sizeof(*a->timeline.changes));
    assert_memory_equal(&a->bytes, &b->bytes, sizeof(a->bytes));
    assert_int_equal(a->staged, b->staged);
    assert_int_equal(a->within_count, b->within_count);
    if (a->within_count > 0) {
        assert_memory_equal(a->within_us, b->within_us,
                            a->within_count * sizeof(*a->within_us));
        assert_memory_equal(a->within, b->within,
                            groups * a->within_count * OTA_WITHINS *
                                sizeof(*a->within));
    }
    struct ota_campaign_record one = a->campaign, other = b->campaign;
    same_waves(&one, &other);
    one.waves = other.waves = NULL;
    assert_int_equal(one.stopped, other.stopped);
    assert_int_equal(one.halted, other.halted);
    assert_memory_equal(&one.counts, &other.counts, sizeof(one.counts));
    assert_memory_equal(&one.stop_us, &other.stop_us,
                        sizeof(one) -
                            offsetof(struct ota_campaign_record, stop_us));
}

static void results_come_back(void **state)
{
    static const size_t shapes[][4] = {
        {1, 721, 3, 5}, {4, 10, 0, 0}, {0, 0, 0, 1}, {9, 1, 7, 40}};

    (void)state;
    for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
        struct ota_error error = {.failed = false};
        struct ota_results results =
            strange(s, shapes[s][0], shapes[s][1], shapes[s][2], shapes[s][3]);
        struct ota_results back;
        size_t size, again_size;
        void *bytes = packed(&results, &size);
        assert_true(ota_results_unpack(&back, bytes, size, &error));
        same(&results, &back);
        void *again = packed(&back, &again_size);
        assert_int_equal(size, again_size);
        assert_memory_equal(bytes, again, size);
        free(again);
        free(bytes);
        ota_results_release(&back);
        ota_results_release(&results);
    }
}

/* A field more in one of these is one more in results_pack.c, and here. */
static void all_fields_are_known(void **state)
{
    (void)state;
    if (sizeof(void *) != 8)
        skip();
    assert_int_equal(sizeof(struct ota_group_results),
                     8 * (1 + OTA_OUTCOMES + OTA_KPIS));
    assert_int_equal(sizeof(struct ota_timeline), 8 * 3);
    assert_int_equal(sizeof(struct ota_histogram),
                     8 * (2 + OTA_HISTOGRAM_BINS));
    assert_int_equal(sizeof(struct ota_counts), 8 * (OTA_COUNTERS_KEPT + 2));
    assert_int_equal(sizeof(struct ota_wave_record),
                     8 * 5 + sizeof(struct ota_counts));
    assert_int_equal(sizeof(struct ota_campaign_record),
                     8 * (1 + 10 + 2) + sizeof(struct ota_counts));
    assert_int_equal(sizeof(struct ota_results),
                     8 * (3 + 1 + 3) + sizeof(struct ota_timeline) +
                         sizeof(struct ota_histogram) +
                         sizeof(struct ota_campaign_record));
}

static bool reads(const unsigned char *bytes, size_t size)
{
    struct ota_error error = {.failed = false};
    struct ota_results results;

    /* Of its own, so that a look beyond its end is one beyond the heap's. */
    unsigned char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    const bool good = ota_results_unpack(&results, copy, size, &error);
    assert_int_equal(good, !error.failed);
    assert_true(good || !results.groups);
    ota_results_release(&results);
    free(copy);
    return good;
}

static void damaged_bytes_are_refused(void **state)
{
    struct ota_results results = strange(7, 1, 2, 1, 2);
    size_t size;
    unsigned char *bytes = packed(&results, &size);

    (void)state;
    assert_true(reads(bytes, size));
    for (size_t i = 0; i < size; i++) {
        const unsigned char was = bytes[i];
        bytes[i] = (unsigned char)(was ^ (1u << i % 8));
        assert_false(reads(bytes, size));
        bytes[i] = was;
        if (i < 2000 || i % 7 == 0)
            assert_false(reads(bytes, i));
    }
    unsigned char *longer = calloc(size + 8, 1);
    assert_non_null(longer);
    memcpy(longer, bytes, size);
    assert_false(reads(longer, size + 8));
    assert_false(reads(longer, 0));
    free(longer);
    free(bytes);
    ota_results_release(&results);
}

static uint64_t hash_of(const unsigned char *bytes, size_t size)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    return hash;
}

/* With a hash that is right for what is wrong: nothing is relied upon. */
static void forged_bytes_do_no_harm(void **state)
{
    struct ota_results results = strange(8, 2, 3, 2, 3);
    struct ota_stream stream;
    size_t size;
    unsigned char *bytes = packed(&results, &size);
    unsigned char *forged = malloc(size);
    int refused = 0;

    (void)state;
    assert_non_null(forged);
    draws(&stream, 9);
    for (int i = 0; i < 4000; i++) {
        memcpy(forged, bytes, size);
        const size_t at = (size_t)(any(&stream) & INT64_MAX) % (size / 8);
        const int64_t values[] = {-1, 0, 1, any(&stream), INT64_MAX, 5};
        for (int b = 0; b < 8; b++)
            forged[8 * at + (size_t)b] =
                (unsigned char)((uint64_t)values[i % 6] >> 8 * b);
        const uint64_t hash = hash_of(forged, size - 8);
        for (int b = 0; b < 8; b++)
            forged[size - 8 + (size_t)b] = (unsigned char)(hash >> 8 * b);
        refused += !reads(forged, size);
    }
    assert_true(refused > 10);
    free(forged);
    free(bytes);
    ota_results_release(&results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_come_back),
        cmocka_unit_test(all_fields_are_known),
        cmocka_unit_test(damaged_bytes_are_refused),
        cmocka_unit_test(forged_bytes_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
