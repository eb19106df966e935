/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_engine.c - the engine against the simplest simulator there is: every
 * thing is visited alone, and what it did when must be what the engine made it
 * do, whatever the windows, threads and number of things.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "sim/base/error.h"
#include "sim/base/random.h"
#include "sim/engine/engine.h"

enum { THINGS = 5000, END_US = 1000000 };

/* A thing fires, then again after a while of its own. */
struct world {
    struct ota_engine *engine;
    size_t count;
    int64_t window_us; /* 0: unbounded */
    int64_t now_us;    /* of the last barrier */
    int64_t barriers;
    int64_t fired[THINGS];
    int64_t due_us[THINGS];
    uint64_t hash[THINGS]; /* of the instants at which it fired */
    size_t last_in_shard[THINGS / OTA_SHARD_SIZE + 1];
    int64_t window_of_shard[THINGS / OTA_SHARD_SIZE + 1];
    bool out_of_order;
    int64_t stop_after; /* shards' turns; 0: never */
    int64_t turns;
};

static int64_t gap_us(size_t thing, int64_t nth)
{
    const struct ota_random_key key = {.seed = 7, .replication = 0};
    struct ota_stream stream;

    ota_stream_init(&stream, &key, thing, OTA_PURPOSE_FREE, (uint64_t)nth);
    return 1 + (int64_t)(gsl_rng_uniform(&stream.rng) * 60000.0);
}

static uint64_t mix(uint64_t hash, int64_t value)
{
    hash ^= (uint64_t)value;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static void fire(struct world *world, size_t thing)
{
    world->hash[thing] = mix(world->hash[thing], world->due_us[thing]);
    world->due_us[thing] += gap_us(thing, ++world->fired[thing]);
}

static int64_t advance(void *self, size_t thing, int64_t until_us)
{
    struct world *world = self;
    const size_t shard = thing / OTA_SHARD_SIZE;

    assert_true(world->due_us[thing] < until_us);
    assert_true(world->due_us[thing] >= world->now_us);
    if (world->window_of_shard[shard] == world->barriers &&
        world->last_in_shard[shard] >= thing)
        world->out_of_order = true;
    world->window_of_shard[shard] = world->barriers;
    world->last_in_shard[shard] = thing;
    while (world->due_us[thing] < until_us)
        fire(world, thing);
    return world->due_us[thing];
}

static int64_t barrier(void *self, int64_t now_us)
{
    struct world *world = self;

    world->now_us = now_us;
    world->barriers++;
    return world->window_us ? now_us + world->window_us : OTA_NEVER;
}

static bool keep_going(void *self)
{
    struct world *world = self;
    return !world->stop_after || ++world->turns <= world->stop_after;
}

static struct world *new_world(size_t count, int64_t window_us)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    world->count = count;
    world->window_us = window_us;
    for (size_t i = 0; i < count; i++)
        world->due_us[i] = gap_us(i, 0);
    return world;
}

static bool run(struct world *world, int threads)
{
    const struct ota_engine_client client = {
        .self = world,
        .advance = advance,
        .barrier = barrier,
        .keep_going = keep_going,
    };
    struct ota_error error = {0};

    world->engine = ota_engine_new(world->count, 0, END_US, &client, &error);
    assert_non_null(world->engine);
    for (size_t i = 0; i < world->count; i++)
        ota_engine_set_due(world->engine, i, world->due_us[i]);
    bool finished = ota_engine_run(world->engine, threads);
    ota_engine_free(world->engine);
    return finished;
}

static void assert_as_alone(const struct world *world)
{
    struct world *alone = new_world(world->count, 0);

    for (size_t i = 0; i < alone->count; i++) {
        while (alone->due_us[i] < END_US)
            fire(alone, i);
        assert_int_equal(world->fired[i], alone->fired[i]);
        assert_int_equal(world->hash[i], alone->hash[i]);
        assert_int_equal(world->due_us[i], alone->due_us[i]);
    }
    assert_false(world->out_of_order);
    free(alone);
}

static void windows_and_threads_do_not_matter(void **state)
{
    const int64_t windows_us[] = {0,    1,     999,    1953,
                                  1954, 40000, 700000, 2 * END_US};
    (void)state;

    for (size_t w = 0; w < sizeof(windows_us) / sizeof(*windows_us); w++) {
        /* A window of a tick means a million barriers: few things do. */
        struct world *world =
            new_world(windows_us[w] == 1 ? 20 : THINGS, windows_us[w]);
        assert_true(run(world, w % 2 == 0 ? 1 : 3));
        assert_as_alone(world);
        if (windows_us[w] > 0)
            assert_int_equal(world->barriers,
                             (END_US + windows_us[w] - 1) / windows_us[w]);
        else
            assert_int_equal(world->barriers, 1);
        free(world);
    }
}

static void edges_of_shards_do_not_matter(void **state)
{
    const size_t counts[] = {1, OTA_SHARD_SIZE - 1, OTA_SHARD_SIZE,
                             OTA_SHARD_SIZE + 1, THINGS};
    (void)state;

    for (size_t c = 0; c < sizeof(counts) / sizeof(*counts); c++) {
        struct world *world = new_world(counts[c], 30000);
        assert_true(run(world, 1));
        assert_as_alone(world);
        free(world);
    }
}

/* Things that wait for good are never run, things that a barrier wakes are. */
static int64_t waking_barrier(void *self, int64_t now_us)
{
    struct world *world = self;

    world->now_us = now_us;
    world->barriers++;
    if (now_us == 100000) {
        for (size_t i = 0; i < world->count; i += 2) {
            world->due_us[i] = now_us + (int64_t)i;
            ota_engine_set_due(world->engine, i, world->due_us[i]);
        }
        /* ... and one is put off again before it runs */
        world->due_us[4] = OTA_NEVER;
        ota_engine_set_due(world->engine, 4, OTA_NEVER);
    }
    return now_us + 100000;
}

static int64_t once(void *self, size_t thing, int64_t until_us)
{
    struct world *world = self;

    assert_true(world->due_us[thing] < until_us);
    world->fired[thing]++;
    return OTA_NEVER;
}

static void barriers_wake_sleepers(void **state)
{
    (void)state;
    struct world *world = new_world(THINGS, 0);
    const struct ota_engine_client client = {
        .self = world, .advance = once, .barrier = waking_barrier};
    struct ota_error error = {0};

    world->engine = ota_engine_new(THINGS, 0, END_US, &client, &error);
    assert_non_null(world->engine);
    assert_true(ota_engine_run(world->engine, 1));
    for (size_t i = 0; i < THINGS; i++)
        assert_int_equal(world->fired[i], i % 2 == 0 && i != 4);
    ota_engine_free(world->engine);
    free(world);
}

static void it_stops_when_told(void **state)
{
    (void)state;
    struct world *world = new_world(THINGS, 1000);
    world->stop_after = 12;
    assert_false(run(world, 1));
    /* Five shards: it stopped in the third of a thousand windows. */
    assert_int_equal(world->barriers, 3);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_and_threads_do_not_matter),
        cmocka_unit_test(edges_of_shards_do_not_matter),
        cmocka_unit_test(barriers_wake_sleepers),
        cmocka_unit_test(it_stops_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
