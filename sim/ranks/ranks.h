/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ranks.h - one run on several processes, which may be on several machines.
 *
 * All ranks go through the same program and meet in the calls below, each of
 * which every rank makes at the same point. Rank 0 is the first: it has the
 * results. Built without MPI, or in a process of its own, there is one rank,
 * and nothing is sent.
 *
 * Failures are told along: a rank that is stopped or fails, wherever that is,
 * says so with its next call, and by that all others hear of it in theirs.
 * From then on no call asks again, all return false: the run is over. Calls are
 * made by the thread that began.
 */
#ifndef OTA_RANKS_H
#define OTA_RANKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/error.h"

/* NULL: this process is alone, with all functions. */
struct ota_ranks;

/* Finds the others; once, at the very begin of the program. It may take
 * arguments out that were not meant for us. */
struct ota_ranks *ota_ranks_begin(int *argc, char ***argv);

/* Waits for all others to end, and returns the greatest status of all. Before
 * it whatever is to be seen has been written. */
int ota_ranks_end(struct ota_ranks *ranks, int status);

int ota_ranks_self(const struct ota_ranks *ranks);  /* from 0 */
int ota_ranks_count(const struct ota_ranks *ranks); /* 1: alone */
int ota_ranks_here(const struct ota_ranks *ranks);  /* on this machine */

/*
 * Whether all are well. One that is not has failed, if *error says so, or was
 * stopped. If any has failed, *error has, with what the first of these says.
 */
bool ota_ranks_agree(struct ota_ranks *ranks, bool good,
                     struct ota_error *error);

/*
 * The same, and everybody's bytes, rank after rank, in *all, all_size of them,
 * which the caller frees; NULL: there are none. Alone, they are a copy.
 */
bool ota_ranks_share(struct ota_ranks *ranks, bool good, const void *bytes,
                     size_t size, void **all, size_t *all_size,
                     struct ota_error *error);

/* Adds everybody's values up in those of rank 0; only if all are well. */
void ota_ranks_sum(struct ota_ranks *ranks, int64_t *values, size_t count);

/* Rank `from` sends bytes to rank 0, which has room for them; the others do
 * nothing. Only if all are well. */
void ota_ranks_pass(struct ota_ranks *ranks, int from, void *bytes,
                    size_t size);

/* A result of work: bytes on the heap. */
struct ota_ranks_parcel {
    void *bytes; /* malloc()'s, or NULL */
    size_t size;
};

/* Work that is dealt to whoever is free. context is first in all calls. */
struct ota_ranks_work {
    void *context;
    size_t units;
    int threads;      /* that do units beside each other, on each rank; each may
                       * have a team of OpenMP's for its unit */
    bool first_stays; /* unit 0 is done on the first rank */
    /* Does a unit, on any rank, by any thread; lanes, from 0 to threads - 1,
     * tell those of a rank apart. Returns false with *error set, or without if
     * it was stopped. */
    bool (*work)(void *context, size_t unit, int lane,
                 struct ota_ranks_parcel *result, struct ota_error *error);
    /* On the first rank, one at a time, by any thread: that the unit goes to a
     * rank (may be NULL); and its result, in the order in which they come,
     * which is nobody's to rely on. False with *error set: it ends there. */
    bool (*dealt)(void *context, size_t unit, int rank,
                  struct ota_error *error);
    bool (*taken)(void *context, size_t unit,
                  const struct ota_ranks_parcel *result,
                  struct ota_error *error);
    /* May be NULL; asked on each rank, by any thread. False stops all. */
    bool (*keep_going)(void *context);
    /* May be NULL; set on each rank when it ends early, wherever that came
     * from: units in hand may look at it and give up. */
    atomic_bool *halted;
};

/*
 * Does all units, each once, on all ranks; dealt one by one in order, so that
 * ranks of different speed end together. Units that are done when one fails or
 * is stopped are still taken. Returns whether all went well, on all ranks the
 * same; *error as of ota_ranks_agree().
 */
bool ota_ranks_deal(struct ota_ranks *ranks, const struct ota_ranks_work *work,
                    struct ota_error *error);

#endif
