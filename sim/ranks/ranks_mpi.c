/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ranks_mpi.c - ranks.h by MPI, of which this file alone knows.
 *
 * Every call begins by telling all others how one is. So whatever call a rank
 * is in, it hears of one that has failed elsewhere, or is at its end already,
 * and nobody waits for a message that will not come. What is sent after that is
 * sent by all, or by none.
 *
 * Waiting is the most that a rank does while another lives through its devices
 * or writes files. MPI would spin; here the core is left to who needs it, after
 * a moment in which mostly everything is there.
 */
#include <assert.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mpi.h>

#include "sim/ranks/notes.h"

enum {
    PIECE = 1 << 26, /* bytes sent at a time: counts are ints */
    SPIN_NS = 100000,
    NAP_NS = 50000,
};

enum { PASSED, NOTED }; /* tags */

enum state { WELL, STOPPED, FAILED, ENDED };

struct head {
    int64_t state;
    int64_t size; /* of what comes after; ENDED: the exit status */
};

struct ota_ranks {
    MPI_Comm comm;
    int self, count, here;
    bool parted;        /* one has failed or was stopped, and all know */
    struct head *heads; /* by rank, of this call */
};

/* Memory that there is no going on without. */
static void *must(void *memory)
{
    if (!memory)
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    return memory;
}

struct ota_ranks *ota_ranks_begin(int *argc, char ***argv)
{
    sigset_t all, before;
    MPI_Comm near;
    int level;

    /* MPI's own threads are not the ones to be interrupted. */
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &level);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (level < MPI_THREAD_FUNNELED)
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    struct ota_ranks *ranks = must(calloc(1, sizeof(*ranks)));
    MPI_Comm_dup(MPI_COMM_WORLD, &ranks->comm);
    MPI_Comm_rank(ranks->comm, &ranks->self);
    MPI_Comm_size(ranks->comm, &ranks->count);
    MPI_Comm_split_type(ranks->comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL,
                        &near);
    MPI_Comm_size(near, &ranks->here);
    MPI_Comm_free(&near);
    ranks->heads = must(calloc((size_t)ranks->count, sizeof(*ranks->heads)));
    return ranks;
}

int ota_ranks_self(const struct ota_ranks *ranks)
{
    return ranks ? ranks->self : 0;
}

int ota_ranks_count(const struct ota_ranks *ranks)
{
    return ranks ? ranks->count : 1;
}

int ota_ranks_here(const struct ota_ranks *ranks)
{
    return ranks ? ranks->here : 1;
}

/* --- meeting --- */

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void wait_for(MPI_Request *request)
{
    const struct timespec nap = {.tv_nsec = NAP_NS};
    const int64_t begin_ns = now_ns();
    int done = 0;

    for (;;) {
        MPI_Test(request, &done, MPI_STATUS_IGNORE);
        if (done)
            return;
        if (now_ns() - begin_ns > SPIN_NS)
            nanosleep(&nap, NULL);
    }
}

/* Tells all others how this one is, and hears it of them. */
static void meet(struct ota_ranks *ranks, enum state state, int64_t size)
{
    const struct head own = {.state = state, .size = size};
    MPI_Request request;

    MPI_Iallgather(&own, 2, MPI_INT64_T, ranks->heads, 2, MPI_INT64_T,
                   ranks->comm, &request);
    wait_for(&request);
}

/* The first rank in that state, or -1. */
static int first_in(const struct ota_ranks *ranks, enum state state)
{
    for (int r = 0; r < ranks->count; r++)
        if (ranks->heads[r].state == (int64_t)state)
            return r;
    return -1;
}

/* Meets the others; false if any is not well. */
static bool all_well(struct ota_ranks *ranks, bool good, size_t size,
                     struct ota_error *error)
{
    if (ranks->parted)
        return false;
    meet(ranks, good ? WELL : error->failed ? FAILED : STOPPED, (int64_t)size);
    const int ended = first_in(ranks, ENDED);
    const int failed = first_in(ranks, FAILED);
    if (ended >= 0) {
        if (!error->failed)
            ota_fail(error, "rank %d has ended before the others", ended);
    } else if (failed >= 0) {
        struct ota_error told = *error;
        MPI_Bcast(&told, (int)sizeof(told), MPI_BYTE, failed, ranks->comm);
        *error = told;
    }
    ranks->parted = ended >= 0 || failed >= 0 || first_in(ranks, STOPPED) >= 0;
    return !ranks->parted;
}

bool ota_ranks_agree(struct ota_ranks *ranks, bool good,
                     struct ota_error *error)
{
    return ranks ? all_well(ranks, good, 0, error) : good;
}

int ota_ranks_end(struct ota_ranks *ranks, int status)
{
    bool all = false;

    if (!ranks)
        return status;
    while (!all) {
        meet(ranks, ENDED, status);
        all = true;
        for (int r = 0; r < ranks->count; r++)
            all = all && ranks->heads[r].state == ENDED;
    }
    for (int r = 0; r < ranks->count; r++)
        if (ranks->heads[r].size > status)
            status = (int)ranks->heads[r].size;
    MPI_Comm_free(&ranks->comm);
    MPI_Finalize();
    free(ranks->heads);
    free(ranks);
    return status;
}

/* --- sending --- */

static int piece_of(size_t left)
{
    return left < PIECE ? (int)left : PIECE;
}

/* Everybody's bytes, whose sizes are known, one after another. */
static void spread(struct ota_ranks *ranks, const void *bytes, char *all)
{
    for (int r = 0; r < ranks->count; r++) {
        size_t left = (size_t)ranks->heads[r].size;
        if (r == ranks->self && left > 0)
            memcpy(all, bytes, left);
        while (left > 0) {
            const int piece = piece_of(left);
            MPI_Bcast(all, piece, MPI_BYTE, r, ranks->comm);
            all += piece;
            left -= (size_t)piece;
        }
    }
}

static void send(struct ota_ranks *ranks, const void *bytes, size_t size,
                 int to, int tag)
{
    const char *at = bytes;

    while (size > 0) {
        const int piece = piece_of(size);
        MPI_Send(at, piece, MPI_BYTE, to, tag, ranks->comm);
        at += piece;
        size -= (size_t)piece;
    }
}

static void receive(struct ota_ranks *ranks, void *bytes, size_t size, int from,
                    int tag)
{
    char *at = bytes;

    while (size > 0) {
        const int piece = piece_of(size);
        MPI_Recv(at, piece, MPI_BYTE, from, tag, ranks->comm,
                 MPI_STATUS_IGNORE);
        at += piece;
        size -= (size_t)piece;
    }
}

bool ota_ranks_share(struct ota_ranks *ranks, bool good, const void *bytes,
                     size_t size, void **all, size_t *all_size,
                     struct ota_error *error)
{
    *all = NULL;
    *all_size = 0;
    if (ranks ? !all_well(ranks, good, size, error) : !good)
        return false;
    *all_size = ranks ? 0 : size;
    for (int r = 0; ranks && r < ranks->count; r++)
        *all_size += (size_t)ranks->heads[r].size;
    if (*all_size == 0)
        return true;
    *all = must(malloc(*all_size));
    if (ranks)
        spread(ranks, bytes, *all);
    else
        memcpy(*all, bytes, size);
    return true;
}

void ota_ranks_sum(struct ota_ranks *ranks, int64_t *values, size_t count)
{
    if (!ranks)
        return;
    assert(!ranks->parted && count <= INT_MAX);
    MPI_Reduce(ranks->self == 0 ? MPI_IN_PLACE : values, values, (int)count,
               MPI_INT64_T, MPI_SUM, 0, ranks->comm);
}

void ota_ranks_pass(struct ota_ranks *ranks, int from, void *bytes, size_t size)
{
    if (!ranks || from == 0 || (ranks->self != 0 && ranks->self != from))
        return;
    assert(!ranks->parted);
    if (ranks->self == from)
        send(ranks, bytes, size, 0, PASSED);
    else
        receive(ranks, bytes, size, from, PASSED);
}

void ota_notes_write(struct ota_ranks *ranks, int to,
                     const struct ota_note *note, const void *bytes)
{
    MPI_Send(note, 3, MPI_INT64_T, to, NOTED, ranks->comm);
    send(ranks, bytes, (size_t)note->size, to, NOTED);
}

bool ota_notes_read(struct ota_ranks *ranks, int *from, struct ota_note *note,
                    void **bytes)
{
    MPI_Status status;
    int come;

    MPI_Iprobe(MPI_ANY_SOURCE, NOTED, ranks->comm, &come, &status);
    if (!come)
        return false;
    *from = status.MPI_SOURCE;
    MPI_Recv(note, 3, MPI_INT64_T, *from, NOTED, ranks->comm,
             MPI_STATUS_IGNORE);
    *bytes = note->size > 0 ? must(malloc((size_t)note->size)) : NULL;
    receive(ranks, *bytes, (size_t)note->size, *from, NOTED);
    return true;
}
