/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * deal.c - see deal.h.
 *
 * One lock guards all; it is held while a result is taken, so that results are
 * taken one at a time, and left while a unit is done. Threads are POSIX's, not
 * OpenMP's: to OpenMP each is a beginning of its own, so that a unit may use
 * several threads of OpenMP whatever is said about nested ones, and the thread
 * that speaks with other ranks is none of the team.
 */
#include "sim/ranks/deal.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct hand {
    struct ota_deal *deal;
    int lane;
    pthread_t thread;
    bool started;
};

struct ota_deal {
    const struct ota_ranks_work *work;
    bool first;
    pthread_mutex_t lock;
    pthread_cond_t dealt;    /* a unit is there, or none will be */
    pthread_cond_t happened; /* something for who opened the deal */
    bool news;               /* since that was looked for last */
    struct hand *hands;      /* by lane */
    int working;             /* threads that have not come to their end */
    bool over;               /* no unit more */
    bool halted;             /* and those in hand need not be done */
    bool stopped;            /* here */
    struct ota_error error;  /* what failed here */

    /* On the first rank. */
    size_t next;
    bool kept; /* unit 0 waits for a thread of this rank */
    bool deaf; /* a result could not be taken: no other is */

    /* On another; each has room for a unit a thread, and no more are there. */
    size_t *given, given_count;
    size_t *done, done_count;
    struct ota_ranks_parcel *results;
    int asked;
    size_t *post_units; /* what was fetched last */
    struct ota_ranks_parcel *post_results;
};

/* --- under the lock --- */

static void tell(struct ota_deal *deal)
{
    deal->news = true;
    pthread_cond_signal(&deal->happened);
}

static void halt(struct ota_deal *deal)
{
    if (deal->halted)
        return;
    deal->halted = true;
    deal->over = true;
    if (deal->work->halted)
        atomic_store(deal->work->halted, true);
    pthread_cond_broadcast(&deal->dealt);
    tell(deal);
}

/* The first failure stands; being stopped is none. */
static void fail(struct ota_deal *deal, const struct ota_error *error)
{
    if (error->failed && !deal->error.failed)
        deal->error = *error;
    else if (!error->failed)
        deal->stopped = deal->stopped || !deal->halted;
    halt(deal);
}

/* The next unit of the pile for a rank. */
static bool next(struct ota_deal *deal, int rank, size_t *unit)
{
    const struct ota_ranks_work *work = deal->work;
    struct ota_error error = {.failed = false};

    if (deal->halted)
        return false;
    if (rank == 0 && deal->kept) {
        deal->kept = false;
        *unit = 0;
    } else if (deal->next < work->units) {
        *unit = deal->next++;
    } else {
        return false;
    }
    if (!work->dealt || work->dealt(work->context, *unit, rank, &error))
        return true;
    fail(deal, &error);
    return false;
}

static void take(struct ota_deal *deal, size_t unit,
                 const struct ota_ranks_parcel *result)
{
    const struct ota_ranks_work *work = deal->work;
    struct ota_error error = {.failed = false};

    if (deal->deaf || work->taken(work->context, unit, result, &error))
        return;
    deal->deaf = true;
    fail(deal, &error);
}

/* --- threads --- */

static bool wait_for_unit(struct ota_deal *deal, size_t *unit)
{
    deal->asked++;
    tell(deal);
    while (!deal->over && deal->given_count == 0)
        pthread_cond_wait(&deal->dealt, &deal->lock);
    if (deal->halted || deal->given_count == 0)
        return false;
    *unit = deal->given[--deal->given_count];
    return true;
}

static bool fetch(struct ota_deal *deal, size_t *unit)
{
    ota_deal_look(deal);
    pthread_mutex_lock(&deal->lock);
    const bool found =
        !deal->halted &&
        (deal->first ? next(deal, 0, unit) : wait_for_unit(deal, unit));
    pthread_mutex_unlock(&deal->lock);
    return found;
}

static void hand_in(struct ota_deal *deal, size_t unit, bool good,
                    struct ota_ranks_parcel *result,
                    const struct ota_error *error)
{
    pthread_mutex_lock(&deal->lock);
    if (!good) {
        fail(deal, error);
    } else if (deal->first) {
        take(deal, unit, result);
    } else {
        assert(deal->done_count < (size_t)deal->work->threads);
        deal->done[deal->done_count] = unit;
        deal->results[deal->done_count++] = *result;
        result->bytes = NULL;
        tell(deal);
    }
    pthread_mutex_unlock(&deal->lock);
    free(result->bytes);
}

static void *labour(void *self)
{
    const struct hand *hand = self;
    struct ota_deal *deal = hand->deal;
    const struct ota_ranks_work *work = deal->work;
    size_t unit;

    while (fetch(deal, &unit)) {
        struct ota_ranks_parcel result = {.bytes = NULL};
        struct ota_error error = {.failed = false};
        const bool good =
            work->work(work->context, unit, hand->lane, &result, &error);
        hand_in(deal, unit, good, &result, &error);
    }
    pthread_mutex_lock(&deal->lock);
    deal->working--;
    tell(deal);
    pthread_mutex_unlock(&deal->lock);
    return NULL;
}

static void start(struct ota_deal *deal, int from)
{
    for (int t = from; t < deal->work->threads; t++) {
        struct hand *hand = &deal->hands[t];
        pthread_mutex_lock(&deal->lock);
        deal->working++;
        pthread_mutex_unlock(&deal->lock);
        hand->started = pthread_create(&hand->thread, NULL, labour, hand) == 0;
        if (hand->started)
            continue;
        struct ota_error error = {.failed = false};
        ota_fail(&error, "cannot start %d threads", deal->work->threads);
        pthread_mutex_lock(&deal->lock);
        deal->working--;
        fail(deal, &error);
        pthread_mutex_unlock(&deal->lock);
        return;
    }
}

/* --- who opened it --- */

static void release(struct ota_deal *deal)
{
    free(deal->hands);
    free(deal->given);
    free(deal->results);
    free(deal);
}

struct ota_deal *ota_deal_open(const struct ota_ranks_work *work, bool first,
                               struct ota_error *error)
{
    assert(work->threads >= 1);

    const size_t threads = (size_t)work->threads;
    struct ota_deal *deal = calloc(1, sizeof(*deal));
    if (deal) {
        deal->hands = calloc(threads, sizeof(*deal->hands));
        deal->given = calloc(3 * threads, sizeof(*deal->given));
        deal->results = calloc(2 * threads, sizeof(*deal->results));
    }
    if (!deal || !deal->hands || !deal->given || !deal->results) {
        if (deal)
            release(deal);
        ota_fail(error, OTA_NO_MEMORY " for %zu threads", threads);
        return NULL;
    }
    deal->work = work;
    deal->first = first;
    deal->done = deal->given + threads;
    deal->post_units = deal->given + 2 * threads;
    deal->post_results = deal->results + threads;
    deal->kept = work->first_stays && work->units > 0;
    deal->next = deal->kept ? 1 : 0;
    for (size_t t = 0; t < threads; t++)
        deal->hands[t] = (struct hand){.deal = deal, .lane = (int)t};

    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_mutex_init(&deal->lock, NULL);
    pthread_cond_init(&deal->dealt, NULL);
    pthread_cond_init(&deal->happened, &steady);
    pthread_condattr_destroy(&steady);
    return deal;
}

void ota_deal_start(struct ota_deal *deal)
{
    start(deal, 0);
}

void ota_deal_labour(struct ota_deal *deal)
{
    deal->working++; /* this thread is the first of them */
    start(deal, 1);
    labour(&deal->hands[0]);
}

void ota_deal_wait(struct ota_deal *deal, int64_t ns)
{
    const int64_t second_ns = INT64_C(1000000000);
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    const int64_t at_ns = until.tv_nsec + ns;
    until.tv_sec += (time_t)(at_ns / second_ns);
    until.tv_nsec = (long)(at_ns % second_ns);
    pthread_mutex_lock(&deal->lock);
    while (!deal->news &&
           pthread_cond_timedwait(&deal->happened, &deal->lock, &until) == 0)
        continue;
    deal->news = false;
    pthread_mutex_unlock(&deal->lock);
}

void ota_deal_look(struct ota_deal *deal)
{
    const struct ota_ranks_work *work = deal->work;
    const struct ota_error none = {.failed = false};

    if (!work->keep_going || work->keep_going(work->context))
        return;
    pthread_mutex_lock(&deal->lock);
    fail(deal, &none);
    pthread_mutex_unlock(&deal->lock);
}

void ota_deal_halt(struct ota_deal *deal)
{
    pthread_mutex_lock(&deal->lock);
    halt(deal);
    pthread_mutex_unlock(&deal->lock);
}

bool ota_deal_halted(struct ota_deal *deal)
{
    pthread_mutex_lock(&deal->lock);
    const bool halted = deal->halted;
    pthread_mutex_unlock(&deal->lock);
    return halted;
}

bool ota_deal_trouble(struct ota_deal *deal)
{
    pthread_mutex_lock(&deal->lock);
    const bool trouble = deal->stopped || deal->error.failed;
    pthread_mutex_unlock(&deal->lock);
    return trouble;
}

bool ota_deal_ended(struct ota_deal *deal)
{
    pthread_mutex_lock(&deal->lock);
    const bool ended = deal->working == 0;
    pthread_mutex_unlock(&deal->lock);
    return ended;
}

bool ota_deal_next(struct ota_deal *deal, int rank, size_t *unit)
{
    assert(deal->first && rank > 0);
    pthread_mutex_lock(&deal->lock);
    const bool found = next(deal, rank, unit);
    pthread_mutex_unlock(&deal->lock);
    return found;
}

void ota_deal_take(struct ota_deal *deal, size_t unit,
                   struct ota_ranks_parcel *result)
{
    assert(deal->first && unit < deal->work->units);
    pthread_mutex_lock(&deal->lock);
    take(deal, unit, result);
    pthread_mutex_unlock(&deal->lock);
    free(result->bytes);
    result->bytes = NULL;
}

struct ota_deal_post ota_deal_post(struct ota_deal *deal)
{
    assert(!deal->first);
    pthread_mutex_lock(&deal->lock);
    const struct ota_deal_post post = {
        .done = deal->done_count,
        .units = deal->post_units,
        .results = deal->post_results,
        .asked = deal->asked,
    };
    memcpy(deal->post_units, deal->done, post.done * sizeof(*deal->done));
    memcpy(deal->post_results, deal->results,
           post.done * sizeof(*deal->results));
    deal->done_count = 0;
    deal->asked = 0;
    pthread_mutex_unlock(&deal->lock);
    return post;
}

void ota_deal_give(struct ota_deal *deal, size_t unit)
{
    pthread_mutex_lock(&deal->lock);
    assert(deal->given_count < (size_t)deal->work->threads);
    deal->given[deal->given_count++] = unit;
    pthread_cond_signal(&deal->dealt);
    pthread_mutex_unlock(&deal->lock);
}

void ota_deal_over(struct ota_deal *deal)
{
    pthread_mutex_lock(&deal->lock);
    deal->over = true;
    pthread_cond_broadcast(&deal->dealt);
    pthread_mutex_unlock(&deal->lock);
}

bool ota_deal_close(struct ota_deal *deal, struct ota_error *error)
{
    for (int t = 0; t < deal->work->threads; t++)
        if (deal->hands[t].started)
            pthread_join(deal->hands[t].thread, NULL);
    const bool good = !deal->halted && !deal->stopped && !deal->error.failed;
    if (deal->error.failed && !error->failed)
        *error = deal->error;
    for (size_t i = 0; i < deal->done_count; i++)
        free(deal->results[i].bytes);
    pthread_cond_destroy(&deal->dealt);
    pthread_cond_destroy(&deal->happened);
    pthread_mutex_destroy(&deal->lock);
    release(deal);
    return good;
}
