/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * search_screen.c - a spread of points, thinned by rounds.
 *
 * One range is covered evenly from end to end, several by a Latin hypercube and
 * (up to three) the corners, since what is cheap often lies at one; words all
 * with each other. In each round a point drops out that is shown to be worse
 * than the best:
 *
 *   - a goal does not hold there, and the best seems to meet all
 *   - neither seems to meet all, and it misses a goal by more than the best
 *   - it costs more than one that does meet all
 *
 * by intervals of the goals and of paired differences. The point that belongs
 * on top drops out with a probability of at most 1 - confidence, over all
 * rounds. Those left get twice as many replications; where the budget does not
 * carry all, the better half does: successive halving, as Z. Karnin, T. Koren,
 * O. Somekh: Almost optimal exploration in multi-armed bandits. ICML 2013.
 */
#include <math.h>
#include <stdio.h>

#include "sim/experiment/search_parts.h"
#include "sim/stats/tally.h"

enum { SPREAD_ONE = 9, SPREAD_EACH = 8 };

/* How many points to put into each mix of words. */
static size_t spread_of(struct search *search, size_t mixes)
{
    const size_t afforded = (size_t)search->allowance / (SEARCH_FIRST * mixes);
    size_t points = 1;

    if (search->ordered_count == 1) {
        const struct search_axis *axis = &search->axes[search->ordered[0]];
        points = SPREAD_ONE;
        if (axis->kind == SEARCH_LADDER && axis->axis->count < points)
            points = axis->axis->count;
    } else if (search->ordered_count > 1) {
        points = SPREAD_EACH * search->ordered_count;
    }
    if (points <= afforded)
        return points;
    search->result->exhausted = true;
    return afforded > 0 ? afforded : 1;
}

static size_t corners_of(const struct search *search, size_t points)
{
    const size_t axes = search->ordered_count;

    if (axes < 2 || axes > 3 || points <= (size_t)2 << axes)
        return 0;
    return (size_t)1 << axes;
}

/* Fills places[point][ordered axis]. */
static bool spread(struct search *search, double *places, size_t points)
{
    struct ota_axis axes[OTA_SEARCH_AXES_MAX];
    struct ota_design design;
    const size_t count = search->ordered_count;
    const size_t corners = corners_of(search, points);
    char problem[OTA_MESSAGE_SIZE];

    for (size_t p = 0; p < points && count == 1; p++)
        places[p] = points > 1 ? (double)p / (double)(points - 1) : 0.5;
    if (count < 2)
        return true;
    for (size_t a = 0; a < count; a++)
        axes[a] = *search->axes[search->ordered[a]].axis;
    if (!ota_design_lhs(&design, axes, count, points - corners,
                        search->setup->seed, &search->result->arena, problem,
                        sizeof(problem))) {
        search->status = OTA_EXPERIMENT_FAILED;
        return ota_fail(search->error, "%s", problem);
    }
    for (size_t p = 0; p < points - corners; p++)
        for (size_t a = 0; a < count; a++)
            places[p * count + a] =
                search_place(&search->axes[search->ordered[a]],
                             design.numbers[p * count + a]);
    for (size_t p = 0; p < corners; p++)
        for (size_t a = 0; a < count; a++)
            places[(points - corners + p) * count + a] =
                (p >> a & 1) != 0 ? 1.0 : 0.0;
    return true;
}

/* The next mix of words; false behind the last. */
static bool next_mix(const struct search *search, size_t *words)
{
    for (size_t a = search->setup->axis_count; a-- > 0;) {
        if (search->axes[a].kind != SEARCH_WORDS)
            continue;
        if (++words[a] < search->axes[a].axis->count)
            return true;
        words[a] = 0;
    }
    return false;
}

static bool add_mix(struct search *search, const double *places, size_t points,
                    const size_t *words)
{
    double u[OTA_SEARCH_AXES_MAX] = {0};
    size_t spot;

    for (size_t p = 0; p < points; p++) {
        for (size_t a = 0; a < search->ordered_count; a++)
            u[search->ordered[a]] = places[p * search->ordered_count + a];
        if (!search_spot(search, u, words, &spot))
            return false;
    }
    return true;
}

static bool add_first(struct search *search)
{
    size_t words[OTA_SEARCH_AXES_MAX] = {0};
    size_t mixes = 1;

    for (size_t a = 0; a < search->setup->axis_count; a++)
        if (search->axes[a].kind == SEARCH_WORDS)
            mixes *= search->axes[a].axis->count;
    const size_t points = spread_of(search, mixes);
    double *places =
        ota_arena_alloc(&search->result->arena,
                        points * (search->ordered_count + 1), sizeof(*places));
    if (!places) {
        search->status = OTA_EXPERIMENT_FAILED;
        return ota_fail(search->error, OTA_NO_MEMORY);
    }
    if (!spread(search, places, points))
        return false;
    do {
        if (!add_mix(search, places, points, words))
            return false;
    } while (next_mix(search, words));
    return true;
}

/* The interval of the mean of differences of a measure, spot less best. */
static struct ota_estimate difference(const struct search *search, size_t spot,
                                      size_t best, size_t measure,
                                      int64_t replications, double confidence)
{
    const struct ota_search_oracle *oracle = &search->setup->oracle;
    const struct ota_spot *spots = search->result->spots;
    struct ota_tally tally = {0};

    for (int64_t r = 0; r < replications; r++)
        ota_tally_add(
            &tally,
            oracle->value(oracle->context, spots[spot].point, measure, r) -
                oracle->value(oracle->context, spots[best].point, measure, r));
    return ota_interval_t(&tally, confidence);
}

static bool misses_more(const struct search *search, size_t spot, size_t best,
                        int64_t replications, double confidence)
{
    for (size_t g = 0; g < search->setup->goal_count; g++) {
        if (search_margin(search, spot, g, replications) >= 0.0)
            continue;
        const struct ota_estimate apart =
            difference(search, spot, best, 1 + g, replications, confidence);
        if (search->setup->goals[g].at_least ? apart.hi < 0.0 : apart.lo > 0.0)
            return true;
    }
    return false;
}

/* Whether all goals are shown to be met. */
static bool is_sure(const struct search *search, size_t spot,
                    int64_t replications, double confidence)
{
    for (size_t g = 0; g < search->setup->goal_count; g++)
        if (search_verdict(search, spot, g, 0, replications, confidence) <= 0)
            return false;
    return true;
}

/* sure: the cheapest that is, or SEARCH_NONE. */
static bool is_worse(const struct search *search, size_t spot, size_t best,
                     size_t sure, int64_t replications, double confidence)
{
    if (search_shortfall(search, best, replications) > 0.0)
        return misses_more(search, spot, best, replications, confidence);
    for (size_t g = 0; g < search->setup->goal_count; g++)
        if (search_verdict(search, spot, g, 0, replications, confidence) < 0)
            return true;
    if (sure == SEARCH_NONE || sure == spot)
        return false;
    const struct ota_estimate apart =
        difference(search, spot, sure, 0, replications, confidence);
    return search->setup->maximise ? apart.hi < 0.0 : apart.lo > 0.0;
}

/* Leaves those that are not shown to be worse, the best first. */
static size_t thin(const struct search *search, size_t *playing, size_t count,
                   int64_t replications)
{
    const double each = ota_interval_each(
        search->setup->confidence,
        SEARCH_ROUNDS * ((int64_t)search->setup->goal_count + 1));
    size_t sure = SEARCH_NONE, keep = 1;

    search_sort(search, playing, count, replications);
    for (size_t i = 0; i < count && sure == SEARCH_NONE; i++)
        if (is_sure(search, playing[i], replications, each))
            sure = playing[i];
    for (size_t i = 1; i < count; i++)
        if (!is_worse(search, playing[i], playing[0], sure, replications, each))
            playing[keep++] = playing[i];
    return keep;
}

/* The best of all, and of each other mix of words its best: on the edge of a
 * goal a spread says little about which mix is the cheapest. */
static void lead(const struct search *search, size_t best, size_t *leaders,
                 size_t *count)
{
    size_t all[OTA_SEARCH_POINTS_MAX], found = 1;
    const size_t spots = search->result->spot_count;

    for (size_t s = 0; s < spots; s++)
        all[s] = s;
    search_sort(search, all, spots, SEARCH_FIRST);
    leaders[0] = best;
    for (size_t i = 0; i < spots && found < *count; i++) {
        bool another = true;
        for (size_t l = 0; l < found; l++)
            another = another && !search_same_words(search, all[i], leaders[l]);
        if (another)
            leaders[found++] = all[i];
    }
    *count = found;
}

bool search_screen(struct search *search, size_t *leaders, size_t *count)
{
    size_t playing[OTA_SEARCH_POINTS_MAX];

    if (!add_first(search))
        return false;
    size_t left = search->result->spot_count;
    search_stage(search, "screening %zu settings", left);
    for (size_t i = 0; i < left; i++)
        playing[i] = i;
    if (!search_replicate(search, playing, left, SEARCH_FIRST))
        return false;

    int64_t replications = SEARCH_FIRST;
    for (int round = 1;; round++) {
        const size_t half = (left + 1) / 2;
        left = thin(search, playing, left, replications);
        if (left > half &&
            !search_affords(search, playing, left, 2 * replications))
            left = half;
        if (left == 1 || round == SEARCH_ROUNDS ||
            !search_affords(search, playing, left, 2 * replications))
            break;
        replications *= 2;
        search_stage(search, "screening: %zu settings are in play", left);
        if (!search_replicate(search, playing, left, replications))
            return false;
    }
    search->steps = replications;
    lead(search, playing[0], leaders, count);
    return true;
}
