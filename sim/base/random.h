/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * random.h - random numbers that belong to the event that draws them.
 *
 * Every number is a function of (seed, replication, device, purpose, index)
 * and of how many were drawn under that name before it. There is no generator
 * to seed or carry along, so nothing depends on the order in which devices
 * are visited, and the k-th wake of a device has the same luck under every
 * policy (common random numbers).
 *
 * Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw: Parallel random
 * numbers: as easy as 1, 2, 3. SC'11. Threefry2x64 with 20 rounds, tested
 * against the known-answer vectors that its authors publish with Random123.
 */
#ifndef OTA_RANDOM_H
#define OTA_RANDOM_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

/* Threefry2x64-20: the block of 128 bits that belongs to key and counter. */
void ota_threefry2x64(const uint64_t key[2], const uint64_t counter[2],
                      uint64_t block[2]);

/* What a stream is for. Values are part of every result: append, never
 * renumber. */
enum ota_purpose {
    OTA_PURPOSE_FREE = 0, /* GSL's own seeding, tests */
    OTA_PURPOSE_START,    /* a device's state at time 0 */
    OTA_PURPOSE_WAKE,     /* the interval to the next wake */
    OTA_PURPOSE_ATTACH,
    OTA_PURPOSE_SESSION,
    OTA_PURPOSE_APP,      /* the app's work and publishes in a wake */
    OTA_PURPOSE_DELIVERY, /* when the cloud begins an update */
    OTA_PURPOSE_TRANSFER,
    OTA_PURPOSE_APPLY,
    OTA_PURPOSE_SIGNAL,    /* how the link is, and how it changes */
    OTA_PURPOSE_PRESENCE,  /* when a device is switched off and on */
    OTA_PURPOSE_INTERFERE, /* when an app breaks an update */
    OTA_PURPOSE_IMAGE,     /* whether a device's image is bad, and how */
    OTA_PURPOSE_CLOUD,     /* when it tells, what a server answers */
    OTA_PURPOSE_REPORT,    /* what gets lost between cloud and backend */
    OTA_PURPOSE_OPERATOR,  /* what people do, and when */
    OTA_PURPOSE_IDLE,      /* what idle time cost */
    OTA_PURPOSE_LABEL,     /* which value of a label a device has */
    OTA_PURPOSE_CAMPAIGN,  /* orders, samples and people of a rollout */
    OTA_PURPOSE_POLL,      /* when a device asks for updates */
    OTA_PURPOSE_ACCEPT,    /* whether somebody lets an update in */
    OTA_PURPOSE_DESIGN,    /* which settings a study tries */
    OTA_PURPOSE_COUNT
};

/* What all draws of one run share. */
struct ota_random_key {
    uint64_t seed;
    uint64_t replication;
};

/*
 * One stream: state and a gsl_rng that reads it, so that GSL's distributions
 * apply. It is a value of 64 bytes that lives on the stack; do not copy it
 * once initialised (rng.state points into it). It has 2^25 - 2 words.
 */
struct ota_stream {
    gsl_rng rng; /* give &stream.rng to a sampler */
    struct ota_stream_state {
        uint64_t key[2];
        uint64_t counter[2]; /* of the next block */
        uint64_t second;     /* word of the last block, if it is due */
        bool is_second_due;
    } state;
};

/*
 * How a stream's name is laid out over key and counter:
 *
 *     key[0]      seed
 *     key[1]      replication
 *     counter[0]  device << 32 | number of the block << 8 | purpose
 *     counter[1]  index
 *
 * so that no two names share a block. A stream has 2^24 - 1 blocks of two
 * words.
 */
enum { OTA_PURPOSE_BITS = 8, OTA_BLOCK_BITS = 24 };

/* Limits of a stream's name; checked by assert. */
#define OTA_DEVICES_MAX (UINT64_C(1) << 32)

/*
 * The generator as GSL sees it: 64-bit words, doubles of 53 bits in [0, 1).
 * gsl_rng_alloc(ota_rng_threefry) gives one that gsl_rng_set() seeds.
 */
extern const gsl_rng_type *const ota_rng_threefry;

/* Starts the stream named (key, device, purpose, index) at its first draw. */
static inline void ota_stream_init(struct ota_stream *stream,
                                   const struct ota_random_key *key,
                                   uint64_t device, enum ota_purpose purpose,
                                   uint64_t index)
{
    assert(device < OTA_DEVICES_MAX);
    assert(purpose >= 0 && purpose < OTA_PURPOSE_COUNT);

    stream->rng.type = ota_rng_threefry;
    stream->rng.state = &stream->state;
    stream->state.key[0] = key->seed;
    stream->state.key[1] = key->replication;
    stream->state.counter[0] =
        device << (OTA_PURPOSE_BITS + OTA_BLOCK_BITS) | (uint64_t)purpose;
    stream->state.counter[1] = index;
    stream->state.is_second_due = false;
}

/* Makes the next block, gives its first word and keeps its second. */
uint64_t ota_stream_block(struct ota_stream_state *state);

/* The next word. */
static inline uint64_t ota_stream_word(struct ota_stream_state *state)
{
    if (!state->is_second_due)
        return ota_stream_block(state);
    state->is_second_due = false;
    return state->second;
}

/* The same through the gsl_rng, which must be of type ota_rng_threefry: what
 * gsl_rng_get() gives, without a call. */
static inline uint64_t ota_word(gsl_rng *rng)
{
    assert(rng->type == ota_rng_threefry);
    return ota_stream_word(rng->state);
}

/* The double in [0, 1) that the upper 53 bits of a word make. */
static inline double ota_double_of_word(uint64_t word)
{
    return (double)(int64_t)(word >> 11) * 0x1p-53;
}

/* The next double: what gsl_rng_uniform() gives. */
static inline double ota_uniform(gsl_rng *rng)
{
    return ota_double_of_word(ota_word(rng));
}

#endif
