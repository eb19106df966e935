/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * common_model.c - see common_model.h.
 *
 * A device is a small state machine; a binary heap holds when each is due, the
 * top being replaced in place. Nothing is taken from the simulator: the
 * generator is xoshiro256++ (Blackman, Vigna: Scrambled linear pseudorandom
 * number generators, ACM TOMS 47, 2021), normals are Marsaglia's polar method.
 *
 * An event a phase knows a transfer's end when it begins: between two losses
 * lies a geometric number of chunks that come through, and four losses with
 * none between them are one chunk's end.
 */
#include "tests/support/common_model.h"

#include <math.h>
#include <stdlib.h>

static const int64_t second_us = 1000000;
static const int64_t never_us = INT64_MAX;
static const int64_t interval_min_us = INT64_C(3240000000);
static const int64_t interval_max_us = INT64_C(3960000000);
static const int64_t wait_us = 10000000;
static const int64_t chunk_us = 60000;
static const int64_t timeout_us = 2000000;
static const int64_t restart_us = 15000000;

const struct common_config common_usual = {
    .horizon_us = INT64_C(30) * 86400 * 1000000,
    .loss = 0.02,
};

const char *const common_how_names[COMMON_HOWS] = {
    [COMMON_EACH_TRY] = "heap, an event a try",
    [COMMON_EACH_PHASE] = "heap, an event a phase",
    [COMMON_ALONE] = "no queue, device by device",
};

/* --- random numbers --- */

struct generator {
    uint64_t state[4];
    double spare; /* a normal drawn too many */
    bool has_spare;
};

static uint64_t turn(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static uint64_t next_word(struct generator *rng)
{
    uint64_t *s = rng->state;
    const uint64_t word = turn(s[0] + s[3], 23) + s[0];
    const uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = turn(s[3], 45);
    return word;
}

/* Fills the state by splitmix64, as its authors advise. */
static void seed_generator(struct generator *rng, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        seed += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t z = seed;
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        rng->state[i] = z ^ z >> 31;
    }
    rng->has_spare = false;
}

/* In [0, 1). */
static double uniform(struct generator *rng)
{
    return (double)(next_word(rng) >> 11) * 0x1p-53;
}

static double normal(struct generator *rng)
{
    double x, y, r;

    if (rng->has_spare) {
        rng->has_spare = false;
        return rng->spare;
    }
    do {
        x = 2 * uniform(rng) - 1;
        y = 2 * uniform(rng) - 1;
        r = x * x + y * y;
    } while (r >= 1 || r == 0);
    const double stretch = sqrt(-2 * log(r) / r);
    rng->spare = y * stretch;
    rng->has_spare = true;
    return x * stretch;
}

static int64_t between_us(struct generator *rng, int64_t least, int64_t most)
{
    return least + (int64_t)((double)(most - least) * uniform(rng));
}

/* Median 8 s. */
static int64_t attach_us(struct generator *rng)
{
    return (int64_t)(8e6 * exp(0.6 * normal(rng)));
}

/* Time 0 falls into an interval the more often the longer that is; the model
 * begins the longest one before it. */
static int64_t first_wake_us(struct generator *rng)
{
    const double least = (double)interval_min_us;
    const double most = (double)interval_max_us;
    const double u = uniform(rng);
    const double hit = sqrt(least * least + u * (most * most - least * least));

    return (int64_t)(hit * uniform(rng)) - interval_max_us;
}

/* --- a device --- */

enum phase {
    PHASE_ASLEEP,
    PHASE_ATTACHING,
    PHASE_WAITING, /* and will sleep */
    PHASE_OFFERED, /* and will begin */
    PHASE_CHUNK,   /* comes through */
    PHASE_LOST,    /* does not */
    PHASE_DONE,
    PHASE_FAILED,
    PHASE_RESTARTING,
};

struct life {
    int64_t next_wake_us;
    int64_t awake_since_us;
    uint32_t chunks; /* received */
    uint32_t sends;  /* in this transfer */
    uint8_t phase;
    uint8_t tries;
    bool begun, installed;
};

struct world {
    const struct common_config *config;
    struct common_device *devices;
    struct life *lives;
    struct generator rng;
    double log_good; /* of a try's chance to come through */
    enum common_how how;
    uint64_t events;
};

static int64_t fall_asleep(struct world *world, struct life *life,
                           struct common_device *device, int64_t now_us)
{
    const int64_t since_us =
        life->awake_since_us > 0 ? life->awake_since_us : 0;

    if (now_us > since_us)
        device->awake_us += now_us - since_us;
    while (life->next_wake_us <= now_us)
        life->next_wake_us +=
            between_us(&world->rng, interval_min_us, interval_max_us);
    life->phase = PHASE_ASLEEP;
    return life->next_wake_us;
}

static int64_t wake(struct world *world, struct life *life, int64_t now_us)
{
    life->next_wake_us +=
        between_us(&world->rng, interval_min_us, interval_max_us);
    life->awake_since_us = now_us;
    life->phase = PHASE_ATTACHING;
    return now_us + attach_us(&world->rng);
}

/* The device is connected. */
static int64_t attached(struct world *world, struct life *life,
                        struct common_device *device, int64_t now_us)
{
    const int64_t offer_us = now_us > 0 ? now_us : 0;
    const int64_t sleep_us = now_us + wait_us;

    if (life->installed) {
        device->end = COMMON_UPDATED;
        device->updated_us = now_us;
        device->awake_us +=
            now_us - (life->awake_since_us > 0 ? life->awake_since_us : 0);
        return never_us;
    }
    life->phase = PHASE_WAITING;
    if (offer_us >= sleep_us) /* gone again before time 0 */
        return sleep_us;
    const int64_t begin_us =
        offer_us + between_us(&world->rng, 3 * second_us, 20 * second_us);
    if (begin_us >= sleep_us)
        return sleep_us;
    life->phase = PHASE_OFFERED;
    return begin_us;
}

static int64_t send_chunk(struct world *world, struct life *life,
                          int64_t now_us)
{
    life->sends++;
    life->phase =
        uniform(&world->rng) < world->config->loss ? PHASE_LOST : PHASE_CHUNK;
    return now_us + (life->phase == PHASE_LOST ? timeout_us : chunk_us);
}

/* The whole transfer at once. */
static int64_t send_all(struct world *world, struct life *life, int64_t now_us)
{
    double left = COMMON_CHUNKS;
    uint32_t losses = 0, in_a_row = 0;

    while (in_a_row < COMMON_TRIES) {
        const double good =
            floor(log(1 - uniform(&world->rng)) / world->log_good);
        if (!(good < left)) { /* no loss at all: not a number */
            left = 0;
            break;
        }
        left -= good;
        losses++;
        in_a_row = good > 0 ? 1 : in_a_row + 1;
    }
    life->chunks = COMMON_CHUNKS - (uint32_t)left;
    life->sends = life->chunks + losses;
    life->phase = left > 0 ? PHASE_FAILED : PHASE_DONE;
    return now_us + losses * timeout_us + life->chunks * chunk_us;
}

static int64_t begin(struct world *world, struct life *life, int64_t now_us)
{
    life->begun = true;
    life->chunks = life->sends = life->tries = 0;
    return world->how == COMMON_EACH_TRY ? send_chunk(world, life, now_us)
                                         : send_all(world, life, now_us);
}

static int64_t restart(struct life *life, struct common_device *device,
                       int64_t now_us)
{
    device->sends += life->sends;
    life->phase = PHASE_RESTARTING;
    return now_us + restart_us;
}

static int64_t fail(struct world *world, struct life *life,
                    struct common_device *device, int64_t now_us)
{
    device->sends += life->sends;
    return fall_asleep(world, life, device, now_us);
}

/* What is due at now_us. Returns when the device is due next. */
static int64_t step(struct world *world, size_t i, int64_t now_us)
{
    struct life *life = &world->lives[i];
    struct common_device *device = &world->devices[i];

    world->events++;
    switch ((enum phase)life->phase) {
    case PHASE_ASLEEP:
        return wake(world, life, now_us);
    case PHASE_ATTACHING:
        return attached(world, life, device, now_us);
    case PHASE_WAITING:
        return fall_asleep(world, life, device, now_us);
    case PHASE_OFFERED:
        return begin(world, life, now_us);
    case PHASE_CHUNK:
        life->tries = 0;
        return ++life->chunks < COMMON_CHUNKS ? send_chunk(world, life, now_us)
                                              : restart(life, device, now_us);
    case PHASE_LOST:
        return ++life->tries < COMMON_TRIES ? send_chunk(world, life, now_us)
                                            : fail(world, life, device, now_us);
    case PHASE_DONE:
        return restart(life, device, now_us);
    case PHASE_FAILED:
        return fail(world, life, device, now_us);
    case PHASE_RESTARTING:
        life->installed = true;
        life->phase = PHASE_ATTACHING;
        return now_us + attach_us(&world->rng);
    }
    return never_us;
}

/* The horizon found the device before it was updated. */
static void finish(const struct world *world, size_t i)
{
    const struct life *life = &world->lives[i];
    struct common_device *device = &world->devices[i];
    const int64_t end_us = world->config->horizon_us;

    if (life->phase != PHASE_ASLEEP)
        device->awake_us +=
            end_us - (life->awake_since_us > 0 ? life->awake_since_us : 0);
    if (life->installed)
        device->end = COMMON_UNREPORTED;
    else if (life->phase >= PHASE_CHUNK)
        device->end = COMMON_BUSY;
    else
        device->end = life->begun ? COMMON_ABORTED : COMMON_NEVER_BEGUN;
}

/* --- the heap --- */

struct entry {
    int64_t due_us;
    size_t device;
};

/* Moves the root down to its place. */
static void sift_down(struct entry *heap, size_t count, size_t at)
{
    const struct entry entry = heap[at];

    for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && heap[child + 1].due_us < heap[child].due_us)
            child++;
        if (entry.due_us <= heap[child].due_us)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = entry;
}

static void run_heap(struct world *world, struct entry *heap, size_t count)
{
    for (size_t i = 0; i < count; i++)
        heap[i] = (struct entry){world->lives[i].next_wake_us, i};
    for (size_t i = count / 2; i-- > 0;)
        sift_down(heap, count, i);
    while (count > 0 && heap[0].due_us < world->config->horizon_us) {
        heap[0].due_us = step(world, heap[0].device, heap[0].due_us);
        if (heap[0].due_us == never_us)
            heap[0] = heap[--count];
        sift_down(heap, count, 0);
    }
    for (size_t i = 0; i < count; i++)
        finish(world, heap[i].device);
}

static void run_alone(struct world *world, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t due_us = world->lives[i].next_wake_us;
        while (due_us < world->config->horizon_us)
            due_us = step(world, i, due_us);
        if (due_us != never_us)
            finish(world, i);
    }
}

uint64_t common_model_run(const struct common_config *config,
                          enum common_how how, uint64_t seed,
                          struct common_device *devices, size_t count)
{
    struct life *lives = calloc(count, sizeof(*lives));
    struct entry *heap = malloc(count * sizeof(*heap));
    struct world world = {
        .config = config,
        .devices = devices,
        .lives = lives,
        .log_good = log1p(-config->loss),
        .how = how,
    };

    if (lives && heap) {
        seed_generator(&world.rng, seed);
        for (size_t i = 0; i < count; i++) {
            devices[i] = (struct common_device){.end = COMMON_BUSY};
            lives[i].next_wake_us = first_wake_us(&world.rng);
        }
        if (how == COMMON_ALONE)
            run_alone(&world, count);
        else
            run_heap(&world, heap, count);
    }
    free(heap);
    free(lives);
    return world.events;
}
