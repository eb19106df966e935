/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quantile.c - selection by counting.
 *
 * The range of the values is cut into BINS equal parts and the values of each
 * are counted: that says which part a rank is in. A part with few values is
 * copied and sorted; one with many is cut again, at most 64 / 11 times, and not
 * at all once it is one number wide, as where many devices have the same value.
 *
 * INT64_MAX, an instant that never came, would make the parts of the others
 * very wide; it stands behind all others and is left out of the range.
 */
#include "sim/stats/quantile.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

enum {
    BINS = 2048,
    FEW = 2048, /* values worth sorting */
};

/* What is looked for, and where. */
struct search {
    const int64_t *values;
    size_t count;
    const size_t *ranks;
    int64_t *smallest; /* by rank */
};

/* Part of the numbers, [low, low + span]; the values before it. */
struct part {
    int64_t low;
    uint64_t span;
    size_t before;
    size_t first, end; /* the ranks that are in it */
};

static int compare(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left;
    const int64_t b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

/* Where a value is in the part; more than its span if it is not. */
static uint64_t place(const struct part *part, int64_t value)
{
    return (uint64_t)value - (uint64_t)part->low;
}

static void sort_few(const struct search *search, const struct part *part)
{
    int64_t few[FEW];
    size_t count = 0;

    for (size_t i = 0; i < search->count; i++)
        if (place(part, search->values[i]) <= part->span)
            few[count++] = search->values[i];
    assert(count > 0);
    qsort(few, count, sizeof(*few), compare);
    for (size_t r = part->first; r < part->end; r++)
        search->smallest[r] = few[search->ranks[r] - part->before];
}

static void count_bins(const struct search *search, const struct part *part,
                       int shift, size_t bins[BINS])
{
    for (size_t b = 0; b < BINS; b++)
        bins[b] = 0;
    for (size_t i = 0; i < search->count; i++) {
        const uint64_t at = place(part, search->values[i]);
        if (at <= part->span)
            bins[at >> shift]++;
    }
}

static void look(const struct search *search, const struct part *part)
{
    if (part->span == 0) {
        for (size_t r = part->first; r < part->end; r++)
            search->smallest[r] = part->low;
        return;
    }
    int shift = 0;
    while (part->span >> shift >= BINS)
        shift++;
    size_t bins[BINS];
    count_bins(search, part, shift, bins);

    struct part in = {.before = part->before, .end = part->first};
    for (size_t b = 0; in.end < part->end; in.before += bins[b++]) {
        in.first = in.end;
        while (in.end < part->end &&
               search->ranks[in.end] - in.before < bins[b])
            in.end++;
        if (in.first == in.end)
            continue;
        const uint64_t from = (uint64_t)b << shift;
        const uint64_t widest = (UINT64_C(1) << shift) - 1;
        in.low = (int64_t)((uint64_t)part->low + from);
        in.span = part->span - from < widest ? part->span - from : widest;
        if (in.span > 0 && bins[b] <= FEW)
            sort_few(search, &in);
        else
            look(search, &in);
    }
}

/* The ranks in ascending order, by their places. */
static void order_ranks(const size_t *ranks, size_t count, size_t *places)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at > 0 && ranks[places[at - 1]] > ranks[i]; at--)
            places[at] = places[at - 1];
        places[at] = i;
    }
}

void ota_smallest(const int64_t *values, size_t count, const size_t *ranks,
                  size_t rank_count, int64_t *smallest)
{
    int64_t low = INT64_MAX;
    int64_t high = INT64_MIN;
    size_t last = 0;
    size_t places[OTA_RANKS_MOST], ascending[OTA_RANKS_MOST];
    int64_t found[OTA_RANKS_MOST];
    assert(rank_count <= OTA_RANKS_MOST);

    for (size_t i = 0; i < count; i++) {
        const int64_t value = values[i];
        low = value < low ? value : low;
        high = value > high && value != INT64_MAX ? value : high;
        last += value == INT64_MAX;
    }
    order_ranks(ranks, rank_count, places);
    size_t end = 0;
    for (size_t r = 0; r < rank_count; r++) {
        ascending[r] = ranks[places[r]];
        found[r] = INT64_MAX;
        end += ascending[r] < count - last;
    }
    if (end > 0) {
        const struct search search = {values, count, ascending, found};
        const struct part all = {
            .low = low, .span = (uint64_t)high - (uint64_t)low, .end = end};
        look(&search, &all);
    }
    for (size_t r = 0; r < rank_count; r++)
        smallest[places[r]] = found[r];
}

/* Where the quantile lies: so far behind the value of a rank. */
static double place_of(size_t count, double p, size_t *rank)
{
    assert(p >= 0.0 && p <= 1.0);
    const double place = p * (double)(count - 1);

    *rank = (size_t)place;
    return place - (double)*rank;
}

static double between(double part, const int64_t values[2])
{
    if (!(part > 0.0))
        return (double)values[0];
    return (1.0 - part) * (double)values[0] + part * (double)values[1];
}

double ota_quantile(const int64_t *values, size_t count, double p)
{
    size_t ranks[2];
    int64_t found[2];
    if (count == 0)
        return NAN;

    const double part = place_of(count, p, &ranks[0]);
    ranks[1] = ranks[0] + (part > 0.0);
    ota_smallest(values, count, ranks, 2, found);
    return between(part, found);
}

void ota_quantile_ranks(int64_t count, double p, double confidence,
                        size_t ranks[2])
{
    int64_t lo, hi;

    ota_interval_ranks(count, p, confidence, &lo, &hi);
    ranks[0] = lo > 0 ? (size_t)lo - 1 : SIZE_MAX;
    ranks[1] = (size_t)hi - 1;
}

struct ota_ends ota_quantile_bound(const size_t ranks[2],
                                   const int64_t found[2])
{
    struct ota_ends ends = {NAN, NAN};

    if (found[1] != INT64_MAX)
        ends.hi = (double)found[1];
    if (found[0] != INT64_MAX)
        ends.lo = (double)found[0];
    else if (ranks[0] == SIZE_MAX && found[1] != INT64_MAX)
        ends.lo = 0.0;
    return ends;
}

double ota_quantile_ends(const int64_t *values, size_t count, double p,
                         double confidence, struct ota_ends *ends)
{
    size_t ranks[4];
    int64_t found[4];

    *ends = (struct ota_ends){NAN, NAN};
    if (count == 0)
        return NAN;
    const double part = place_of(count, p, &ranks[0]);
    ranks[1] = ranks[0] + (part > 0.0);
    ota_quantile_ranks((int64_t)count, p, confidence, &ranks[2]);
    ota_smallest(values, count, ranks, 4, found);
    *ends = ota_quantile_bound(&ranks[2], &found[2]);
    return between(part, found);
}
