/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * random.c - Threefry2x64-20 behind GSL's interface.
 *
 * A stream's name is laid out over key and counter:
 *
 *     key[0]      seed
 *     key[1]      replication
 *     counter[0]  device << 32 | number of the block << 8 | purpose
 *     counter[1]  index
 *
 * so that no two names share a block. A stream has 2^24 - 1 blocks of two
 * words.
 */
#include "sim/base/random.h"

#include <assert.h>
#include <limits.h>

enum { PURPOSE_BITS = 8, BLOCK_BITS = 24 };

#define ONE_BLOCK (UINT64_C(1) << PURPOSE_BITS)
#define BLOCK_MASK (((UINT64_C(1) << BLOCK_BITS) - 1) << PURPOSE_BITS)

/* GSL hands words out as unsigned long. */
_Static_assert(ULONG_MAX == UINT64_MAX, "unsigned long must have 64 bits");
_Static_assert(OTA_PURPOSE_COUNT <= 1 << PURPOSE_BITS, "too many purposes");

static inline uint64_t rotate_left(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void mix(uint64_t x[2], unsigned bits)
{
    x[0] += x[1];
    x[1] = rotate_left(x[1], bits) ^ x[0];
}

/* Rotations and the parity constant are those of Random123's threefry.h, which
 * took them from the Skein hash function. */
static inline void four_rounds_even(uint64_t x[2])
{
    mix(x, 16);
    mix(x, 42);
    mix(x, 12);
    mix(x, 31);
}

static inline void four_rounds_odd(uint64_t x[2])
{
    mix(x, 16);
    mix(x, 32);
    mix(x, 24);
    mix(x, 21);
}

static inline void inject(uint64_t x[2], uint64_t a, uint64_t b, uint64_t i)
{
    x[0] += a;
    x[1] += b + i;
}

void ota_threefry2x64(const uint64_t key[2], const uint64_t counter[2],
                      uint64_t block[2])
{
    const uint64_t k0 = key[0];
    const uint64_t k1 = key[1];
    const uint64_t k2 = UINT64_C(0x1BD11BDAA9FC1A22) ^ k0 ^ k1;
    uint64_t x[2] = {counter[0] + k0, counter[1] + k1};

    four_rounds_even(x);
    inject(x, k1, k2, 1);
    four_rounds_odd(x);
    inject(x, k2, k0, 2);
    four_rounds_even(x);
    inject(x, k0, k1, 3);
    four_rounds_odd(x);
    inject(x, k1, k2, 4);
    four_rounds_even(x);
    inject(x, k2, k0, 5);
    block[0] = x[0];
    block[1] = x[1];
}

static uint64_t next_word(struct ota_stream_state *state)
{
    if (state->words_left == 0) {
        ota_threefry2x64(state->key, state->counter, state->block);
        assert((state->counter[0] & BLOCK_MASK) != BLOCK_MASK);
        state->counter[0] += ONE_BLOCK;
        state->words_left = 2;
    }
    return state->block[2 - state->words_left--];
}

static unsigned long threefry_get(void *state)
{
    return next_word(state);
}

static double threefry_get_double(void *state)
{
    return (double)(next_word(state) >> 11) * 0x1p-53;
}

static void start(struct ota_stream_state *state, uint64_t seed,
                  uint64_t replication, uint64_t device,
                  enum ota_purpose purpose, uint64_t index)
{
    state->key[0] = seed;
    state->key[1] = replication;
    state->counter[0] =
        device << (PURPOSE_BITS + BLOCK_BITS) | (uint64_t)purpose;
    state->counter[1] = index;
    state->words_left = 0;
}

static void threefry_set(void *state, unsigned long seed)
{
    start(state, seed, 0, 0, OTA_PURPOSE_FREE, 0);
}

static const gsl_rng_type threefry_type = {
    .name = "threefry2x64-20",
    .max = ULONG_MAX,
    .min = 0,
    .size = sizeof(struct ota_stream_state),
    .set = threefry_set,
    .get = threefry_get,
    .get_double = threefry_get_double,
};

const gsl_rng_type *const ota_rng_threefry = &threefry_type;

void ota_stream_init(struct ota_stream *stream,
                     const struct ota_random_key *key, uint64_t device,
                     enum ota_purpose purpose, uint64_t index)
{
    assert(device < OTA_DEVICES_MAX);
    assert(purpose >= 0 && purpose < OTA_PURPOSE_COUNT);

    stream->rng.type = &threefry_type;
    stream->rng.state = &stream->state;
    start(&stream->state, key->seed, key->replication, device, purpose, index);
}
