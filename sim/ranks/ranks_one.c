/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ranks_one.c - ranks.h without MPI: whoever asks is alone.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/lane.h"
#include "sim/ranks/ranks.h"

struct ota_ranks *ota_ranks_begin(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return NULL;
}

int ota_ranks_end(struct ota_ranks *ranks, int status)
{
    (void)ranks;
    return status;
}

int ota_ranks_self(const struct ota_ranks *ranks)
{
    (void)ranks;
    return 0;
}

int ota_ranks_count(const struct ota_ranks *ranks)
{
    (void)ranks;
    return 1;
}

int ota_ranks_here(const struct ota_ranks *ranks)
{
    (void)ranks;
    return 1;
}

bool ota_ranks_agree(struct ota_ranks *ranks, bool good,
                     struct ota_error *error)
{
    (void)ranks;
    (void)error;
    return good;
}

bool ota_ranks_share(struct ota_ranks *ranks, bool good, const void *bytes,
                     size_t size, void **all, size_t *all_size,
                     struct ota_error *error)
{
    (void)ranks;
    *all = NULL;
    *all_size = 0;
    if (!good || size == 0)
        return good;
    *all = malloc(size);
    if (!*all)
        return ota_fail(error, OTA_NO_MEMORY);
    memcpy(*all, bytes, size);
    *all_size = size;
    return true;
}

void ota_ranks_sum(struct ota_ranks *ranks, int64_t *values, size_t count)
{
    (void)ranks;
    (void)values;
    (void)count;
}

void ota_ranks_pass(struct ota_ranks *ranks, int from, void *bytes, size_t size)
{
    (void)ranks;
    (void)from;
    (void)bytes;
    (void)size;
}

/* --- dealing --- */

/* What the threads share; changed by one at a time. */
struct deal {
    const struct ota_ranks_work *work;
    size_t next;  /* unit */
    bool halted;  /* no more is dealt */
    bool spoiled; /* dealt or taken failed: no more is taken either */
    struct ota_error *error;
};

static void halt(struct deal *deal, const struct ota_error *error)
{
    deal->halted = true;
    if (error->failed && !deal->error->failed)
        *deal->error = *error;
}

/* Puts the next unit into *unit; false: there is none. */
static bool next_unit(struct deal *deal, size_t *unit)
{
    const struct ota_ranks_work *work = deal->work;
    struct ota_error error = {.failed = false};
    bool any = false;

#pragma omp critical(ota_ranks_deal)
    {
        if (!deal->halted && deal->next < work->units) {
            *unit = deal->next++;
            any = !work->keep_going || work->keep_going(work->context);
            if (any && work->dealt &&
                !work->dealt(work->context, *unit, 0, &error)) {
                deal->spoiled = true;
                any = false;
            }
            if (!any)
                halt(deal, &error);
        }
    }
    return any;
}

static void do_unit(struct deal *deal, size_t unit)
{
    const struct ota_ranks_work *work = deal->work;
    struct ota_error error = {.failed = false};
    struct ota_ranks_parcel result = {0};

    const bool done = work->work(work->context, unit, ota_lane(work->threads),
                                 &result, &error);
#pragma omp critical(ota_ranks_deal)
    {
        bool good = done;
        if (done && !deal->spoiled &&
            !work->taken(work->context, unit, &result, &error)) {
            deal->spoiled = true;
            good = false;
        }
        if (!good)
            halt(deal, &error);
    }
    free(result.bytes);
}

bool ota_ranks_deal(struct ota_ranks *ranks, const struct ota_ranks_work *work,
                    struct ota_error *error)
{
    struct deal deal = {.work = work, .error = error};

    (void)ranks;
    assert(work->threads >= 1 && !error->failed);
#pragma omp parallel num_threads(work->threads)
    {
        size_t unit = 0;
        while (next_unit(&deal, &unit))
            do_unit(&deal, unit);
    }
    return !deal.halted;
}
