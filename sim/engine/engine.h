/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.h - shards of things that run alone, in windows that end together.
 *
 * The things (the fleet's devices, but the engine does not know) are numbered
 * from 0 and cut into shards, fixed blocks of consecutive numbers. A window is
 * a stretch of time in which things cannot influence each other: in it every
 * thing that is due runs alone, from its own next instant to the window's
 * end, in order of number within its shard. At the window's end, the barrier,
 * one thread decides what the things learned from each other and how long the
 * next window may be.
 *
 * Things not due in a window cost nothing: they wait in buckets of time, and
 * buckets whose time has not come are not looked at.
 *
 * No result depends on the number of threads: a shard's work uses only its
 * own memory, and the barrier sees all shards.
 */
#ifndef OTA_ENGINE_H
#define OTA_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/error.h"

/* Things in a shard: a property of the simulator, never of the machine. */
enum { OTA_SHARD_SIZE = 1024 };

/* What the engine drives. */
struct ota_engine_client {
    void *self;

    /*
     * Runs thing, due before until_us, alone until its next instant is at or
     * after until_us, and returns that instant; OTA_NEVER: no more. Called by
     * any thread, but by one at a time for a shard.
     */
    int64_t (*advance)(void *self, size_t thing, int64_t until_us);

    /*
     * Called at now_us with all things before it: at the begin first,
     * then at every window's end. Returns the end of the next window (>
     * now_us), or OTA_NEVER: nothing couples the things any more. May call
     * ota_engine_set_due().
     */
    int64_t (*barrier)(void *self, int64_t now_us);

    /* May be NULL. Asked before each shard's part of a window, by any
     * thread; false stops the run. */
    bool (*keep_going)(void *self);
};

struct ota_engine;

/*
 * Returns an engine for things numbered 0 .. count - 1, none of them due, that
 * runs from begin_us (which may be negative) to end_us, or NULL with *error
 * set. Things due at or after end_us do not run. client is copied.
 */
struct ota_engine *ota_engine_new(size_t count, int64_t begin_us,
                                  int64_t end_us,
                                  const struct ota_engine_client *client,
                                  struct ota_error *error);

void ota_engine_free(struct ota_engine *engine);

/* Returns the number of shards that count things make. */
size_t ota_engine_shards(size_t count);

/* Makes thing due at due_us (not before the current barrier), whatever it was
 * before. Only before the run and from within a barrier. */
void ota_engine_set_due(struct ota_engine *engine, size_t thing,
                        int64_t due_us);

/* Runs from begin to end on that many threads, on one if built without OpenMP.
 * Returns false if keep_going said to stop. Call it once. */
bool ota_engine_run(struct ota_engine *engine, int threads);

#endif
