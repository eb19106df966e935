/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.c - windows, shards and the buckets in which things wait.
 *
 * A global queue in order of time is slow once it leaves the cache, and an
 * order of time is not needed: things that cannot meet within a window may run
 * one after another, each alone, with its state in the cache throughout. What
 * is needed is to find the things that are due in a window without looking at
 * the others. So the run is cut into BUCKETS equal stretches, and each shard
 * keeps, for each stretch, a list of its things that are due in it. A window
 * visits the stretches it overlaps, marks what is due in a bit set of the
 * shard, and runs the marked things; a bit set is in order of number for free.
 *
 * The lists are linked through two arrays of indexes, so that setting and
 * clearing is constant time and nothing is allocated while time runs.
 */
#include "sim/engine/engine.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "sim/base/clock.h"

enum {
    BUCKETS = 512, /* a shard; stretches of time the run is cut into */
    NOWHERE = -1,  /* no thing; or a thing in no bucket */
    WORD_BITS = 64,
    WORDS = OTA_SHARD_SIZE / WORD_BITS,
};

struct ota_engine {
    struct ota_engine_client client;
    size_t count;
    size_t shards;
    int64_t begin_us;  /* of the run, and of the first bucket */
    int64_t end_us;    /* of the run; things due later are in no bucket */
    int64_t bucket_us; /* width of a bucket */
    int64_t now_us;    /* of the current or last barrier */
    bool in_window;    /* not at a barrier: only shards run */
    int64_t *due_us;   /* by thing */
    int32_t *bucket;   /* by thing, or NOWHERE */
    int32_t *next;     /* by thing: neighbours in its bucket's list */
    int32_t *previous;
    int32_t *head; /* [shards][BUCKETS] */
};

size_t ota_engine_shards(size_t count)
{
    return (count + OTA_SHARD_SIZE - 1) / OTA_SHARD_SIZE;
}

static int32_t *head_of(struct ota_engine *engine, size_t thing, int32_t bucket)
{
    return &engine->head[thing / OTA_SHARD_SIZE * BUCKETS + (size_t)bucket];
}

static int32_t bucket_at(const struct ota_engine *engine, int64_t time_us)
{
    return (int32_t)((time_us - engine->begin_us) / engine->bucket_us);
}

static void take_out(struct ota_engine *engine, size_t thing)
{
    int32_t bucket = engine->bucket[thing];
    if (bucket == NOWHERE)
        return;

    int32_t next = engine->next[thing];
    int32_t previous = engine->previous[thing];
    if (next != NOWHERE)
        engine->previous[next] = previous;
    if (previous != NOWHERE)
        engine->next[previous] = next;
    else
        *head_of(engine, thing, bucket) = next;
    engine->bucket[thing] = NOWHERE;
}

static void put_in(struct ota_engine *engine, size_t thing)
{
    int64_t due_us = engine->due_us[thing];
    assert(engine->bucket[thing] == NOWHERE);
    if (due_us >= engine->end_us)
        return;

    int32_t bucket = bucket_at(engine, due_us);
    int32_t *head = head_of(engine, thing, bucket);
    engine->bucket[thing] = bucket;
    engine->previous[thing] = NOWHERE;
    engine->next[thing] = *head;
    if (*head != NOWHERE)
        engine->previous[*head] = (int32_t)thing;
    *head = (int32_t)thing;
}

struct ota_engine *ota_engine_new(size_t count, int64_t begin_us,
                                  int64_t end_us,
                                  const struct ota_engine_client *client,
                                  struct ota_error *error)
{
    assert(client->advance && client->barrier);
    assert(count > 0 && count <= INT32_MAX);
    assert(begin_us < end_us && end_us < OTA_NEVER);

    struct ota_engine *engine = calloc(1, sizeof(*engine));
    if (!engine) {
        ota_fail(error, OTA_NO_MEMORY " for the engine");
        return NULL;
    }
    engine->client = *client;
    engine->count = count;
    engine->shards = ota_engine_shards(count);
    engine->begin_us = engine->now_us = begin_us;
    engine->end_us = end_us;
    engine->bucket_us = (end_us - begin_us - 1) / BUCKETS + 1;
    engine->due_us = malloc(count * sizeof(*engine->due_us));
    engine->bucket = malloc(count * sizeof(*engine->bucket));
    engine->next = malloc(count * sizeof(*engine->next));
    engine->previous = malloc(count * sizeof(*engine->previous));
    engine->head = malloc(engine->shards * BUCKETS * sizeof(*engine->head));
    if (!engine->due_us || !engine->bucket || !engine->next ||
        !engine->previous || !engine->head) {
        ota_engine_free(engine);
        ota_fail(error, OTA_NO_MEMORY " for an engine of %zu devices", count);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        engine->due_us[i] = OTA_NEVER;
        engine->bucket[i] = NOWHERE;
    }
    for (size_t i = 0; i < engine->shards * BUCKETS; i++)
        engine->head[i] = NOWHERE;
    return engine;
}

void ota_engine_free(struct ota_engine *engine)
{
    if (!engine)
        return;
    free(engine->due_us);
    free(engine->bucket);
    free(engine->next);
    free(engine->previous);
    free(engine->head);
    free(engine);
}

void ota_engine_set_due(struct ota_engine *engine, size_t thing, int64_t due_us)
{
    assert(thing < engine->count);
    assert(due_us >= engine->now_us);
    assert(!engine->in_window);

    engine->due_us[thing] = due_us;
    take_out(engine, thing);
    put_in(engine, thing);
}

/* Takes what is due before until_us out of its buckets and marks it. */
static void collect_due(struct ota_engine *engine, size_t shard,
                        int64_t from_us, int64_t until_us,
                        uint64_t marks[WORDS])
{
    const int32_t first = bucket_at(engine, from_us);
    const int32_t last = bucket_at(engine, until_us - 1);
    const size_t base = shard * OTA_SHARD_SIZE;

    for (int32_t bucket = first; bucket <= last; bucket++) {
        int32_t thing = *head_of(engine, base, bucket);
        while (thing != NOWHERE) {
            int32_t next = engine->next[thing];
            if (engine->due_us[thing] < until_us) {
                size_t bit = (size_t)thing - base;
                marks[bit / WORD_BITS] |= UINT64_C(1) << bit % WORD_BITS;
                take_out(engine, (size_t)thing);
            }
            thing = next;
        }
    }
}

static void run_shard(struct ota_engine *engine, size_t shard, int64_t from_us,
                      int64_t until_us)
{
    uint64_t marks[WORDS] = {0};

    collect_due(engine, shard, from_us, until_us, marks);
    for (size_t w = 0; w < WORDS; w++) {
        while (marks[w]) {
            size_t bit = w * WORD_BITS + (size_t)__builtin_ctzll(marks[w]);
            size_t thing = shard * OTA_SHARD_SIZE + bit;
            marks[w] &= marks[w] - 1;

            int64_t due_us =
                engine->client.advance(engine->client.self, thing, until_us);
            assert(due_us >= until_us);
            engine->due_us[thing] = due_us;
            put_in(engine, thing);
        }
    }
}

/* Runs every shard through a window. Returns false if it was told to stop. */
static bool run_window(struct ota_engine *engine, int64_t from_us,
                       int64_t until_us, int threads)
{
    const struct ota_engine_client *client = &engine->client;
    const ptrdiff_t shards = (ptrdiff_t)engine->shards;
    atomic_bool stopped = false;

    (void)threads; /* without OpenMP there is one */
#pragma omp parallel for schedule(dynamic, 1)                                  \
    num_threads(threads) if (threads > 1)
    for (ptrdiff_t shard = 0; shard < shards; shard++) {
        if (atomic_load_explicit(&stopped, memory_order_relaxed))
            continue;
        if (client->keep_going && !client->keep_going(client->self)) {
            atomic_store_explicit(&stopped, true, memory_order_relaxed);
            continue;
        }
        run_shard(engine, (size_t)shard, from_us, until_us);
    }
    return !stopped;
}

bool ota_engine_run(struct ota_engine *engine, int threads)
{
    assert(threads >= 1);
    assert(engine->now_us == engine->begin_us);

    while (engine->now_us < engine->end_us) {
        int64_t next_us =
            engine->client.barrier(engine->client.self, engine->now_us);
        assert(next_us > engine->now_us);
        int64_t until_us = ota_us_min(next_us, engine->end_us);
        engine->in_window = true;
        if (!run_window(engine, engine->now_us, until_us, threads))
            return false;
        engine->in_window = false;
        engine->now_us = until_us;
    }
    return true;
}
