/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ranks_deal.c - dealing units to ranks.
 *
 * The first rank answers each wish for a unit with a unit, or that there is
 * none. A rank that has none in hand and will get none says that it is free.
 * When all are, the first dismisses them; what it wrote to them before, they
 * have read by then, and with their last word what they wrote has been read.
 * So no note is left over for the next deal.
 *
 * On each rank the thread that began talks, and mostly naps, as in ranks_mpi.c;
 * others do the units (deal.c).
 */
#include <stdlib.h>
#include <time.h>

#include "sim/ranks/deal.h"
#include "sim/ranks/notes.h"

enum {
    NAP_NS = 50000,
    NAP_MOST_NS = 1000000,
    NAP_SHARE = 32, /* of the time in which nothing came */
};

enum word {
    WISH,      /* to the first: one more unit */
    RESULT,    /* a unit's */
    TROUBLE,   /* this rank has been stopped or has failed */
    FREE,      /* nothing is in hand here, nor will be */
    FAREWELL,  /* the last */
    UNIT,      /* from the first */
    NONE,      /* there is no unit for a wish */
    HALT,      /* it ends early */
    DISMISSED, /* the last */
};

/* What a rank knows of where the deal stands. */
struct table {
    struct ota_ranks *ranks;
    struct ota_deal *deal;
    int64_t heard_ns; /* when something came last */
    int wishes;       /* that were not answered */
    int free;         /* ranks that said so; or this one has */
    int gone;         /* that said farewell */
    bool halt_told;   /* or trouble */
    bool dismissed;
};

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void say(const struct table *table, int rank, enum word word)
{
    const struct ota_note note = {.word = word};

    ota_notes_write(table->ranks, rank, &note, NULL);
}

static void say_to_all(const struct table *table, enum word word)
{
    for (int r = 1; r < ota_ranks_count(table->ranks); r++)
        say(table, r, word);
}

static void answer_wish(struct table *table, int rank)
{
    size_t unit;

    if (!ota_deal_next(table->deal, rank, &unit)) {
        say(table, rank, NONE);
        return;
    }
    const struct ota_note note = {.word = UNIT, .unit = (int64_t)unit};
    ota_notes_write(table->ranks, rank, &note, NULL);
}

static void heed(struct table *table, int from, const struct ota_note *note,
                 struct ota_ranks_parcel *result)
{
    struct ota_deal *deal = table->deal;

    switch ((enum word)note->word) {
    case WISH:
        answer_wish(table, from);
        break;
    case RESULT:
        ota_deal_take(deal, (size_t)note->unit, result);
        break;
    case TROUBLE:
    case HALT:
        ota_deal_halt(deal);
        break;
    case FREE:
        table->free++;
        break;
    case FAREWELL:
        table->gone++;
        break;
    case UNIT:
        table->wishes--;
        ota_deal_give(deal, (size_t)note->unit);
        break;
    case NONE:
        table->wishes--;
        ota_deal_over(deal);
        break;
    case DISMISSED:
        table->dismissed = true;
        break;
    }
}

/* Reads a note; if none has come, naps: for long if it has been quiet for long,
 * though not when something happens here. */
static void hear(struct table *table)
{
    struct ota_note note;
    void *bytes;
    int from;

    const bool come = ota_notes_read(table->ranks, &from, &note, &bytes);
    const int64_t at_ns = now_ns();
    if (come) {
        struct ota_ranks_parcel result = {
            .bytes = bytes,
            .size = (size_t)note.size,
        };
        heed(table, from, &note, &result);
        table->heard_ns = at_ns;
        return;
    }
    int64_t nap_ns = (at_ns - table->heard_ns) / NAP_SHARE;
    if (nap_ns < NAP_NS)
        nap_ns = NAP_NS;
    ota_deal_wait(table->deal, nap_ns < NAP_MOST_NS ? nap_ns : NAP_MOST_NS);
}

/* What the first rank does until all others have gone. */
static void serve(struct table *table)
{
    const int others = ota_ranks_count(table->ranks) - 1;

    while (table->gone < others) {
        ota_deal_look(table->deal);
        if (ota_deal_halted(table->deal) && !table->halt_told &&
            !table->dismissed) {
            say_to_all(table, HALT);
            table->halt_told = true;
        }
        if (table->free == others && !table->dismissed &&
            ota_deal_ended(table->deal)) {
            say_to_all(table, DISMISSED);
            table->dismissed = true;
        }
        hear(table);
    }
}

static void send_post(struct table *table)
{
    struct ota_deal_post post = ota_deal_post(table->deal);

    for (size_t i = 0; i < post.done; i++) {
        const struct ota_ranks_parcel *result = &post.results[i];
        const struct ota_note note = {
            .word = RESULT,
            .unit = (int64_t)post.units[i],
            .size = result->bytes ? (int64_t)result->size : 0,
        };
        ota_notes_write(table->ranks, 0, &note, result->bytes);
        free(result->bytes);
    }
    for (; post.asked > 0; post.asked--) {
        say(table, 0, WISH);
        table->wishes++;
    }
}

/* What another rank does until it is dismissed. */
static void fetch_and_carry(struct table *table)
{
    while (!table->dismissed) {
        ota_deal_look(table->deal);
        const bool ended = ota_deal_ended(table->deal);
        send_post(table);
        if (ota_deal_trouble(table->deal) && !table->halt_told) {
            say(table, 0, TROUBLE);
            table->halt_told = true;
        }
        if (ended && table->wishes == 0 && table->free == 0) {
            say(table, 0, FREE);
            table->free = 1;
        }
        hear(table);
    }
    say(table, 0, FAREWELL);
}

bool ota_ranks_deal(struct ota_ranks *ranks, const struct ota_ranks_work *work,
                    struct ota_error *error)
{
    const bool alone = ota_ranks_count(ranks) == 1;
    struct ota_deal *deal =
        ota_deal_open(work, ota_ranks_self(ranks) == 0, error);
    bool good = ota_ranks_agree(ranks, deal != NULL, error);

    if (good && alone) {
        ota_deal_labour(deal);
    } else if (good) {
        struct table table = {
            .ranks = ranks,
            .deal = deal,
            .heard_ns = now_ns(),
        };
        ota_deal_start(deal);
        if (ota_ranks_self(ranks) == 0)
            serve(&table);
        else
            fetch_and_carry(&table);
    }
    if (deal)
        good = ota_deal_close(deal, error) && good;
    return ota_ranks_agree(ranks, good, error);
}
