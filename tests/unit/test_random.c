/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_random.c - the published answers of Threefry2x64-20, and what the names
 * of streams promise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <math.h>
#include <stdbool.h>

#include "sim/base/random.h"

static const struct ota_random_key key = {.seed = 20240501, .replication = 3};

/* Source: kat_vectors of Random123, lines "threefry2x64 20". */
static void threefry_gives_the_published_answers(void **state)
{
    static const struct {
        uint64_t counter[2], key[2], block[2];
    } cases[] = {
        {{0, 0}, {0, 0}, {0xc2b6e3a8c2c69865, 0x6f81ed42f350084d}},
        {{UINT64_MAX, UINT64_MAX},
         {UINT64_MAX, UINT64_MAX},
         {0xe02cb7c4d95d277a, 0xd06633d0893b8b68}},
        {{0x243f6a8885a308d3, 0x13198a2e03707344},
         {0xa4093822299f31d0, 0x082efa98ec4e6c89},
         {0x263c7d30bb0f0af1, 0x56be8361d3311526}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t block[2];
        ota_threefry2x64(cases[i].key, cases[i].counter, block);
        assert_true(block[0] == cases[i].block[0]);
        assert_true(block[1] == cases[i].block[1]);
    }
}

/* The layout of names is part of every result. */
static void a_stream_reads_the_blocks_of_its_name(void **state)
{
    const uint64_t words[2] = {key.seed, key.replication};
    struct ota_stream stream;

    (void)state;
    ota_stream_init(&stream, &key, 77, OTA_PURPOSE_TRANSFER, 5);
    for (uint64_t b = 0; b < 4; b++) {
        const uint64_t counter[2] = {
            UINT64_C(77) << 32 | b << 8 | OTA_PURPOSE_TRANSFER, 5};
        uint64_t block[2];
        ota_threefry2x64(words, counter, block);
        assert_true(gsl_rng_get(&stream.rng) == block[0]);
        assert_true(gsl_rng_get(&stream.rng) == block[1]);
    }
}

/* In line, by GSL, or in turns: the same words in the same order. */
static void every_way_to_draw_gives_the_same_words(void **state)
{
    struct ota_stream words, doubles, turns, gsl;
    gsl_rng *seeded = gsl_rng_alloc(ota_rng_threefry);
    const struct ota_random_key seed_only = {.seed = 42};

    (void)state;
    assert_non_null(seeded);
    gsl_rng_set(seeded, 42);
    ota_stream_init(&words, &seed_only, 0, OTA_PURPOSE_FREE, 0);
    ota_stream_init(&doubles, &seed_only, 0, OTA_PURPOSE_FREE, 0);
    ota_stream_init(&turns, &seed_only, 0, OTA_PURPOSE_FREE, 0);
    ota_stream_init(&gsl, &seed_only, 0, OTA_PURPOSE_FREE, 0);
    for (int i = 0; i < 1000; i++) {
        const uint64_t word = gsl_rng_get(&gsl.rng);
        const double u = ldexp((double)(word >> 11), -53);
        assert_true(ota_word(&words.rng) == word);
        if (i % 2)
            assert_true(ota_uniform(&doubles.rng) == u);
        else
            assert_true(gsl_rng_uniform(&doubles.rng) == u);
        assert_true((i % 3 ? ota_word(&turns.rng) : gsl_rng_get(&turns.rng)) ==
                    word);
        assert_true(ota_word(seeded) == word);
    }
    gsl_rng_free(seeded);
}

static uint64_t first_word(const struct ota_random_key *k, uint64_t device,
                           enum ota_purpose purpose, uint64_t index)
{
    struct ota_stream stream;

    ota_stream_init(&stream, k, device, purpose, index);
    return gsl_rng_get(&stream.rng);
}

static void every_part_of_a_name_matters(void **state)
{
    const struct ota_random_key other_seed = {.seed = 1, .replication = 3};
    const struct ota_random_key other_replication = {.seed = key.seed};
    const uint64_t most = OTA_DEVICES_MAX - 1;
    const uint64_t words[] = {
        first_word(&key, 1, OTA_PURPOSE_WAKE, 9),
        first_word(&other_seed, 1, OTA_PURPOSE_WAKE, 9),
        first_word(&other_replication, 1, OTA_PURPOSE_WAKE, 9),
        first_word(&key, 2, OTA_PURPOSE_WAKE, 9),
        first_word(&key, most, OTA_PURPOSE_WAKE, 9),
        first_word(&key, 1, OTA_PURPOSE_ATTACH, 9),
        first_word(&key, 1, OTA_PURPOSE_WAKE, 10),
        first_word(&key, 1, OTA_PURPOSE_WAKE, UINT64_C(1) << 40 | 9),
        first_word(&key, 1, OTA_PURPOSE_WAKE, UINT64_C(1) << 63 | 9),
        first_word(&key, 1, OTA_PURPOSE_WAKE, UINT64_MAX),
    };
    const size_t count = sizeof(words) / sizeof(words[0]);

    (void)state;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            assert_true(words[i] != words[j]);
}

/* Two streams read in turns give what each gives alone. */
static void order_of_visits_does_not_matter(void **state)
{
    enum { DRAWS = 101 };
    struct ota_stream a, b;
    unsigned long alone[2][DRAWS];

    (void)state;
    ota_stream_init(&a, &key, 1, OTA_PURPOSE_APP, 0);
    ota_stream_init(&b, &key, 2, OTA_PURPOSE_APP, 0);
    for (size_t i = 0; i < DRAWS; i++)
        alone[0][i] = gsl_rng_get(&a.rng);
    for (size_t i = 0; i < DRAWS; i++)
        alone[1][i] = gsl_rng_get(&b.rng);

    ota_stream_init(&b, &key, 2, OTA_PURPOSE_APP, 0);
    ota_stream_init(&a, &key, 1, OTA_PURPOSE_APP, 0);
    for (size_t i = 0; i < DRAWS; i++) {
        assert_true(gsl_rng_get(&b.rng) == alone[1][i]);
        assert_true(gsl_rng_get(&a.rng) == alone[0][i]);
    }
}

static void gsl_seeds_the_free_stream(void **state)
{
    const struct ota_random_key seed_only = {.seed = 42};
    gsl_rng *rng = gsl_rng_alloc(ota_rng_threefry);

    (void)state;
    assert_non_null(rng);
    gsl_rng_set(rng, 42);
    assert_true(gsl_rng_get(rng) ==
                first_word(&seed_only, 0, OTA_PURPOSE_FREE, 0));
    assert_true(gsl_rng_max(rng) == UINT64_MAX);
    assert_true(gsl_rng_min(rng) == 0);
    gsl_rng_set(rng, ULONG_MAX);
    gsl_rng *clone = gsl_rng_clone(rng);
    assert_non_null(clone);
    for (int i = 0; i < 9; i++)
        assert_true(gsl_rng_get(rng) == gsl_rng_get(clone));
    gsl_rng_free(clone);
    gsl_rng_free(rng);
}

/*
 * First draws of neighbouring names must look independent, as they are what
 * the simulator mostly uses. Pearson's chi-squared over 256 bins of the first
 * draw of each of many devices; 4 standard errors of a chi-squared are 4
 * sqrt(2 * 255).
 */
static void first_draws_of_neighbours_are_uniform(void **state)
{
    enum { BINS = 256, DEVICES = 1 << 18 };
    int counts[BINS] = {0};
    double chi_squared = 0.0;
    const double expected = (double)DEVICES / BINS;

    (void)state;
    for (uint64_t d = 0; d < DEVICES; d++) {
        struct ota_stream stream;
        ota_stream_init(&stream, &key, d, OTA_PURPOSE_WAKE, 0);
        const double u = gsl_rng_uniform(&stream.rng);
        assert_true(u >= 0.0 && u < 1.0);
        counts[(int)(u * BINS)]++;
    }
    for (int b = 0; b < BINS; b++)
        chi_squared += pow(counts[b] - expected, 2) / expected;
    assert_true(fabs(chi_squared - (BINS - 1)) < 4.0 * sqrt(2.0 * (BINS - 1)));
}

/* Correlation of the first draws of device d and d + 1, and of index k and
 * k + 1: its standard error is 1 / sqrt(n). */
static void neighbours_are_not_correlated(void **state)
{
    enum { PAIRS = 200000 };
    double by_device = 0.0;
    double by_index = 0.0;

    (void)state;
    for (uint64_t i = 0; i < PAIRS; i++) {
        struct ota_stream a, b;
        ota_stream_init(&a, &key, i, OTA_PURPOSE_WAKE, 0);
        ota_stream_init(&b, &key, i + 1, OTA_PURPOSE_WAKE, 0);
        by_device +=
            (gsl_rng_uniform(&a.rng) - 0.5) * (gsl_rng_uniform(&b.rng) - 0.5);
        ota_stream_init(&a, &key, 0, OTA_PURPOSE_WAKE, i);
        ota_stream_init(&b, &key, 0, OTA_PURPOSE_WAKE, i + 1);
        by_index +=
            (gsl_rng_uniform(&a.rng) - 0.5) * (gsl_rng_uniform(&b.rng) - 0.5);
    }
    assert_true(fabs(12.0 * by_device / PAIRS) < 4.0 / sqrt(PAIRS));
    assert_true(fabs(12.0 * by_index / PAIRS) < 4.0 / sqrt(PAIRS));
}

/* Doubles come in steps of 2^-53, so all bits of GSL's uniform are random. */
static void doubles_have_53_bits(void **state)
{
    struct ota_stream stream;
    bool odd = false;

    (void)state;
    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_FREE, 1);
    for (int i = 0; i < 64; i++) {
        const double steps = ldexp(gsl_rng_uniform(&stream.rng), 53);
        assert_true(steps == floor(steps));
        odd = odd || fmod(steps, 2.0) == 1.0;
    }
    assert_true(odd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threefry_gives_the_published_answers),
        cmocka_unit_test(a_stream_reads_the_blocks_of_its_name),
        cmocka_unit_test(every_way_to_draw_gives_the_same_words),
        cmocka_unit_test(every_part_of_a_name_matters),
        cmocka_unit_test(order_of_visits_does_not_matter),
        cmocka_unit_test(gsl_seeds_the_free_stream),
        cmocka_unit_test(first_draws_of_neighbours_are_uniform),
        cmocka_unit_test(neighbours_are_not_correlated),
        cmocka_unit_test(doubles_have_53_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
