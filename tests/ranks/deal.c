/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * deal.c - deals units on the ranks that it is started on: `deal CASE`. Each
 * rank prints a line about what it saw, which deal.sh judges:
 *
 *     rank 1 of 4: good 1, did 250, begun 250, ms 123, said ""
 *     first: taken 1000, wrong 0, zero by 0
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/ranks/ranks.h"

enum { UNITS = 1000, THREADS = 2, LARGE = 3000000 };

struct seen {
    struct ota_ranks *ranks;
    const char *which;
    int taken[UNITS];
    int dealt_to[UNITS];
    size_t dealt, taken_count, wrong;
    atomic_int done, begun, taking;
    atomic_bool halted;
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is(const struct seen *seen, const char *which)
{
    return strcmp(seen->which, which) == 0;
}

static void pass_ms(long ms)
{
    const struct timespec nap = {.tv_sec = ms / 1000,
                                 .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&nap, NULL);
}

/* Any length that does not follow the number. */
static uint64_t mixed(size_t unit)
{
    return (unit + 1) * UINT64_C(0x9e3779b97f4a7c15) >> 40;
}

static size_t size_of(size_t unit)
{
    return unit % 100 == 7 ? LARGE : unit % 3 == 0 ? 0 : mixed(unit) % 500;
}

static bool work(void *context, size_t unit, int lane,
                 struct ota_ranks_parcel *result, struct ota_error *error)
{
    struct seen *seen = context;

    (void)lane;
    atomic_fetch_add(&seen->begun, 1);
    if (is(seen, "long")) { /* all but one would take long */
        for (int i = 0; unit != 2 && i < 20000; i++) {
            if (atomic_load(&seen->halted))
                return false;
            pass_ms(1);
        }
        pass_ms(300);
        return ota_fail(error, "unit %zu fails", unit);
    }
    pass_ms((long)(mixed(unit) % 4));
    if (is(seen, "fails") && unit == 500)
        return ota_fail(error, "unit %zu fails", unit);
    result->size = size_of(unit);
    if (result->size > 0) {
        result->bytes = malloc(result->size);
        if (!result->bytes)
            return ota_fail(error, OTA_NO_MEMORY);
        memset(result->bytes, (int)(unit % 251), result->size);
    }
    atomic_fetch_add(&seen->done, 1);
    return true;
}

static bool dealt(void *context, size_t unit, int rank, struct ota_error *error)
{
    struct seen *seen = context;

    if (is(seen, "deals_no_more") && unit == 400)
        return ota_fail(error, "cannot note unit %zu", unit);
    seen->wrong += unit != seen->dealt++ && !is(seen, "stays");
    seen->dealt_to[unit] = rank;
    return true;
}

static bool taken(void *context, size_t unit,
                  const struct ota_ranks_parcel *result,
                  struct ota_error *error)
{
    struct seen *seen = context;
    const unsigned char *bytes = result->bytes;

    seen->wrong += atomic_fetch_add(&seen->taking, 1) != 0;
    if (is(seen, "takes_no_more") && seen->taken_count == 400)
        return ota_fail(error, "cannot keep the 401st");
    seen->wrong += seen->taken[unit]++ != 0 || result->size != size_of(unit) ||
                   (result->bytes == NULL) != (result->size == 0);
    for (size_t i = 0; bytes && i < result->size; i++)
        seen->wrong += bytes[i] != unit % 251;
    seen->taken_count++;
    atomic_fetch_sub(&seen->taking, 1);
    return true;
}

static bool keep_going(void *context)
{
    struct seen *seen = context;
    const int last = ota_ranks_count(seen->ranks) - 1;

    return !(is(seen, "stops") && ota_ranks_self(seen->ranks) == last &&
             atomic_load(&seen->begun) >= 20);
}

/* Deals once, and prints what came of it, one rank after the other. */
static bool deal(struct ota_ranks *ranks, const char *which)
{
    struct seen *seen = calloc(1, sizeof(*seen));
    struct ota_error error = {.failed = false};
    const int self = ota_ranks_self(ranks);

    if (!seen)
        abort();
    seen->ranks = ranks;
    seen->which = which;
    const struct ota_ranks_work job = {
        .context = seen,
        .units = is(seen, "none") ? 0 : UNITS,
        .threads = THREADS,
        .first_stays = is(seen, "stays"),
        .work = work,
        .dealt = dealt,
        .taken = taken,
        .keep_going = keep_going,
        .halted = &seen->halted,
    };
    const int64_t begin_ms = now_ms();
    const bool good = is(seen, "absent") && self == ota_ranks_count(ranks) - 1
                          ? ota_ranks_agree(ranks, false, &error)
                          : ota_ranks_deal(ranks, &job, &error);
    printf("rank %d of %d: good %d, did %d, begun %d, ms %lld, said \"%s\"\n",
           self, ota_ranks_count(ranks), good, atomic_load(&seen->done),
           atomic_load(&seen->begun), (long long)(now_ms() - begin_ms),
           error.failed ? error.message : "");
    if (self == 0)
        printf("first: taken %zu, wrong %zu, zero by %d\n", seen->taken_count,
               seen->wrong, seen->dealt_to[0]);
    fflush(stdout);
    free(seen);
    return good;
}

int main(int argc, char **argv)
{
    struct ota_ranks *ranks = ota_ranks_begin(&argc, &argv);
    const char *which = argc > 1 ? argv[1] : "plain";
    bool good = deal(ranks, which);

    if (strcmp(which, "again") == 0) {
        good = deal(ranks, "plain") && good;
        good = deal(ranks, "none") && good;
        good = deal(ranks, "fails") && good;
        good = deal(ranks, "plain") && good;
    }
    return ota_ranks_end(ranks, good ? 0 : 1);
}
