/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * random.c - Threefry2x64-20, and a stream behind GSL's interface: the same
 * words in the same order as ota_word() gives, since both change the same
 * state.
 */
#include "sim/base/random.h"

#include <assert.h>
#include <limits.h>

#define ONE_BLOCK (UINT64_C(1) << OTA_PURPOSE_BITS)
#define BLOCK_MASK (((UINT64_C(1) << OTA_BLOCK_BITS) - 1) << OTA_PURPOSE_BITS)

/* GSL hands words out as unsigned long. */
_Static_assert(ULONG_MAX == UINT64_MAX, "unsigned long must have 64 bits");
_Static_assert(OTA_PURPOSE_COUNT <= 1 << OTA_PURPOSE_BITS, "too many purposes");

/* Always in line, so that words stay in registers. */
#define INLINE static inline __attribute__((always_inline))

INLINE void mix(uint64_t x[2], unsigned bits)
{
    x[0] += x[1];
    x[1] = (x[1] << bits | x[1] >> (64 - bits)) ^ x[0];
}

/* Rotations and the parity constant are those of Random123's threefry.h, which
 * took them from the Skein hash function. */
INLINE void four_rounds_even(uint64_t x[2])
{
    mix(x, 16);
    mix(x, 42);
    mix(x, 12);
    mix(x, 31);
}

INLINE void four_rounds_odd(uint64_t x[2])
{
    mix(x, 16);
    mix(x, 32);
    mix(x, 24);
    mix(x, 21);
}

INLINE void inject(uint64_t x[2], uint64_t a, uint64_t b, uint64_t i)
{
    x[0] += a;
    x[1] += b + i;
}

INLINE void threefry(const uint64_t key[2], const uint64_t counter[2],
                     uint64_t x[2])
{
    const uint64_t k0 = key[0];
    const uint64_t k1 = key[1];
    const uint64_t k2 = UINT64_C(0x1BD11BDAA9FC1A22) ^ k0 ^ k1;

    x[0] = counter[0] + k0;
    x[1] = counter[1] + k1;
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
}

void ota_threefry2x64(const uint64_t key[2], const uint64_t counter[2],
                      uint64_t block[2])
{
    uint64_t x[2];

    threefry(key, counter, x);
    block[0] = x[0];
    block[1] = x[1];
}

uint64_t ota_stream_block(struct ota_stream_state *state)
{
    uint64_t x[2];

    assert((state->counter[0] & BLOCK_MASK) != BLOCK_MASK);
    threefry(state->key, state->counter, x);
    state->counter[0] += ONE_BLOCK;
    state->second = x[1];
    state->is_second_due = true;
    return x[0];
}

static unsigned long threefry_get(void *state)
{
    return ota_stream_word(state);
}

static double threefry_get_double(void *state)
{
    return ota_double_of_word(ota_stream_word(state));
}

static void threefry_set(void *state, unsigned long seed)
{
    struct ota_stream_state *free_stream = state;

    *free_stream = (struct ota_stream_state){.key = {seed, 0},
                                             .counter = {OTA_PURPOSE_FREE, 0}};
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
