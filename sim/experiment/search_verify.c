/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * search_verify.c - shows that the goals hold, by replications that no choice
 * was made by.
 *
 * A point that was found cheapest because it seemed to meet a goal owes that to
 * luck, in part. Its claim is therefore put to replications with numbers that
 * no point had before. Candidates come in order of the objective; each is
 * looked at after 8, 16, 32, ... of these until every goal's interval
 * (search_evidence.c) lies on one side. Look l of candidate k has the part
 *
 *     (1 - confidence) (6 / pi^2)^2 / (k^2 l^2)
 *
 * of the error, which sums up to all of it, on the one side that can mislead:
 * the first that is shown to hold does so with the confidence that was asked
 * for, whichever it is. Several
 * goals need no more: who claims falsely claims at least one goal falsely, and
 * that one alone has to be that lucky.
 *
 * Exactly on the edge of a goal nothing can be shown. A candidate too near to
 * it is moved inside, towards the cheapest point that seems safe, as far as the
 * slope between the two says that the interval needs; if that costs more than
 * it is worth, it gets more replications instead.
 */
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "sim/experiment/search_parts.h"

enum {
    LOOKS_MOST = 12,
    CANDIDATES_MOST = 30,
    OUTWARDS_MOST = 4,
    RIVALS = 3, /* without goals: points that are told apart */
};

/* How much more than the interval needs a point is moved, and what that may
 * cost of the objective before more replications are the better way. */
static const double reserve = 1.3, worth = 0.01;

/* Of an interval whose ends each err with the part of that look. */
static double confidence_of(const struct search *search, size_t candidate,
                            int look)
{
    const double k = (double)candidate, l = (double)look;
    const double all = 1.6449340668482264; /* sum of 1 / k^2: pi^2 / 6 */

    return 1.0 - 2.0 * (1.0 - search->setup->confidence) /
                     (all * all * k * k * l * l);
}

/* The margin that is expected of fresh replications: luck that the point that
 * was tested last had in its first ones, others had with it. */
static double expected(const struct search *search, size_t spot, size_t goal)
{
    const struct ota_spot *spots = search->result->spots;
    const int64_t there = spots[spot].replications;
    const double margin = search_margin(search, spot, goal, there);
    const size_t tested = search->tested;

    if (tested == SEARCH_NONE || spots[tested].replications <= there)
        return margin;
    return margin +
           search_margin(search, tested, goal, spots[tested].replications) -
           search_margin(search, tested, goal, there);
}

/* The margin that so many fresh replications would need. */
static double needed(const struct search *search, size_t spot, size_t goal,
                     int64_t count, double confidence)
{
    const struct ota_search_oracle *oracle = &search->setup->oracle;
    const struct ota_spot *at = &search->result->spots[spot];
    const double there = (double)at->replications;
    const struct ota_estimate known = oracle->estimate(
        oracle->context, at->point, 1 + goal, 0, at->replications, confidence);
    const double half = search->setup->goals[goal].at_least
                            ? known.mean - known.lo
                            : known.hi - known.mean;
    const double tail = (1.0 - confidence) / 2.0;

    if (isnan(half))
        return INFINITY;
    return half * sqrt(there / (double)count) *
           gsl_cdf_tdist_Qinv(tail, (double)(count - 1)) /
           gsl_cdf_tdist_Qinv(tail, there - 1.0);
}

/* Whether all goals are expected to be shown by so many. */
static bool is_safe(const struct search *search, size_t spot, int64_t count,
                    double confidence)
{
    for (size_t g = 0; g < search->setup->goal_count; g++)
        if (expected(search, spot, g) <
            needed(search, spot, g, count, confidence))
            return false;
    return true;
}

static double lack(const struct search *search, size_t spot)
{
    double sum = 0.0;

    for (size_t g = 0; g < search->setup->goal_count; g++) {
        const double margin = expected(search, spot, g);
        const double value = fabs(search->setup->goals[g].value);
        if (margin < 0.0)
            sum -= margin / (value > 0.0 ? value : 1.0);
    }
    return sum;
}

/* As search_better(), by what is expected, on the replications of both. */
static bool is_preferred(const struct search *search, size_t a, size_t b)
{
    const struct ota_spot *spots = search->result->spots;
    const int64_t both = spots[a].replications < spots[b].replications
                             ? spots[a].replications
                             : spots[b].replications;
    const double far_a = lack(search, a), far_b = lack(search, b);

    if (far_a < far_b || far_b < far_a)
        return far_a < far_b;
    return search_objective(search, a, both) <
           search_objective(search, b, both);
}

static bool is_hopeless(const struct search *search, size_t spot)
{
    const struct ota_spot *at = &search->result->spots[spot];

    for (size_t g = 0; g < search->setup->goal_count; g++)
        if (expected(search, spot, g) < 0.0 &&
            search_verdict(search, spot, g, 0, at->replications,
                           search->setup->confidence) < 0)
            return true;
    return false;
}

/* The next candidate, or spot_count: there is none. With a count, of those
 * that are safe by it and have the same words as `like`. */
static size_t pick(const struct search *search, size_t like, int64_t count,
                   double confidence)
{
    const struct ota_search *result = search->result;
    size_t best = result->spot_count;

    for (size_t s = 0; s < result->spot_count; s++) {
        const struct ota_spot *spot = &result->spots[s];
        if (spot->replications < SEARCH_FIRST || spot->refused || s == like)
            continue;
        if (count > 0 ? !search_same_words(search, s, like) ||
                            !is_safe(search, s, count, confidence)
                      : is_hopeless(search, s))
            continue;
        if (best == result->spot_count || is_preferred(search, s, best))
            best = s;
    }
    return best;
}

/* How far to go from the spot to the safe one, as a part of the way. */
static double way_inside(const struct search *search, size_t spot, size_t safe,
                         int64_t count, double confidence)
{
    double way = 0.0;

    for (size_t g = 0; g < search->setup->goal_count; g++) {
        const double here = expected(search, spot, g);
        const double rise = expected(search, safe, g) - here;
        const double lacks =
            reserve * needed(search, spot, g, count, confidence) - here;
        if (lacks > 0.0)
            way = fmax(way, rise > 0.0 ? lacks / rise : 1.0);
    }
    return fmin(way, 1.0);
}

/* A test of a candidate: where, and how many replications its first look has.
 */
struct plan {
    size_t safe; /* spot_count: nowhere to go */
    double way;  /* towards it */
    int64_t count;
};

/* What it costs of the objective to be shown by so many. */
static double price_of(const struct search *search, size_t spot, int64_t count,
                       double confidence, struct plan *plan)
{
    const struct ota_search *result = search->result;

    *plan = (struct plan){.safe = result->spot_count, .count = count};
    if (is_safe(search, spot, count, confidence))
        return 0.0;
    plan->safe = pick(search, spot, count, confidence);
    if (plan->safe == result->spot_count)
        return INFINITY;
    plan->way = way_inside(search, spot, plan->safe, count, confidence);
    const double gap = search_objective(search, plan->safe, SEARCH_FIRST) -
                       search_objective(search, spot, SEARCH_FIRST);
    const double price =
        plan->way * gap / search_scale(search, spot, SEARCH_FIRST);
    return isnan(price) ? INFINITY : price;
}

/* As few replications as show it at a good price; or else as many as leave
 * room for another candidate. */
static struct plan plan_test(const struct search *search, size_t spot,
                             double confidence)
{
    const struct ota_search *result = search->result;
    const int64_t room = (search->allowance - result->replications) / 2;
    struct plan best, plan;
    const int64_t first = search_first_look(search, spot);
    double least = price_of(search, spot, first, confidence, &best);

    for (int64_t count = 2 * first;
         least > worth && result->fresh + count <= room; count *= 2) {
        const double price = price_of(search, spot, count, confidence, &plan);
        if (price < least) {
            least = price;
            best = plan;
        }
    }
    return best;
}

/* The spot that the plan moves a candidate to. */
static bool move_inside(struct search *search, const struct plan *plan,
                        size_t *spot)
{
    const struct ota_search *result = search->result;
    double u[OTA_SEARCH_AXES_MAX];
    size_t moved;

    if (plan->safe == result->spot_count)
        return true;
    for (size_t a = 0; a < search->setup->axis_count; a++)
        u[a] = result->spots[*spot].u[a] +
               plan->way *
                   (result->spots[plan->safe].u[a] - result->spots[*spot].u[a]);
    if (!search_spot(search, u, result->spots[*spot].indexes, &moved))
        return false;
    *spot = result->spots[moved].refused ? plan->safe : moved;
    return true;
}

/* 1: all goals hold, -1: one does not, 0: neither is shown. */
static int look(const struct search *search, size_t spot, int64_t count,
                double confidence)
{
    int all = 1;

    for (size_t g = 0; g < search->setup->goal_count; g++) {
        const struct ota_estimate evidence =
            search_evidence(search, spot, g, count, confidence);
        const int one = search_judge(&search->setup->goals[g], &evidence);
        if (one < all)
            all = one;
    }
    return all;
}

static void keep_evidence(struct search *search, size_t spot, int64_t count,
                          double confidence)
{
    struct ota_search *result = search->result;

    for (size_t g = 0; g < search->setup->goal_count; g++)
        result->evidence[g] =
            search_evidence(search, spot, g, count, confidence);
    result->each = (1.0 + confidence) / 2.0;
    result->fresh_count = count;
    result->chosen = spot;
    result->met = true;
}

/* Looks at a candidate until something is shown, or somebody else promises to
 * be quicker. Returns whether it was shown to hold. */
static bool test(struct search *search, size_t spot, size_t candidate,
                 int64_t count)
{
    struct ota_search *result = search->result;

    for (int l = 1; l <= LOOKS_MOST; l++, count *= 2) {
        const double confidence = confidence_of(search, candidate, l);
        if (!search_replicate(search, &spot, 1, result->fresh + count))
            break;
        const int verdict = look(search, spot, count, confidence);
        if (verdict > 0) {
            keep_evidence(search, spot, count, confidence);
            return true;
        }
        search->tested = spot;
        if (verdict < 0)
            break;
        if (!is_safe(search, spot, 2 * count, confidence) &&
            pick(search, spot, 2 * count, confidence) < result->spot_count)
            break;
    }
    result->spots[spot].refused = true;
    return false;
}

/* --- further out -----------------------------------------------------------*/

/* How far to go from the chosen spot to a cheaper one that its margins still
 * suffice, as a part of the way; 0: not at all. */
static double way_outside(const struct search *search, size_t out)
{
    const struct ota_search *result = search->result;
    const size_t from = result->chosen;
    const double confidence = 2.0 * result->each - 1.0;
    double way = 1.0;

    for (size_t g = 0; g < search->setup->goal_count; g++) {
        const double here = expected(search, from, g);
        const double fall = here - expected(search, out, g);
        const double spare =
            here -
            reserve * needed(search, from, g, result->fresh_count, confidence);
        if (fall > 0.0)
            way = fmin(way, spare / fall);
    }
    return fmax(way, 0.0);
}

/* A place further out that is worth a test, towards one that was tried. */
static bool find_outside(const struct search *search, double *u)
{
    const struct ota_search *result = search->result;
    const size_t from = result->chosen;
    double best = worth;
    bool found = false;

    for (size_t s = 0; s < result->spot_count; s++) {
        if (s == from || result->spots[s].replications < SEARCH_FIRST ||
            !search_same_words(search, s, from))
            continue;
        const double way = way_outside(search, s);
        const double gap = search_objective(search, from, SEARCH_FIRST) -
                           search_objective(search, s, SEARCH_FIRST);
        const double gain =
            way * gap / search_scale(search, from, SEARCH_FIRST);
        if (!(gain > best) || (way >= 1.0 && result->spots[s].refused))
            continue;
        best = gain;
        found = true;
        for (size_t a = 0; a < search->setup->axis_count; a++)
            u[a] = result->spots[from].u[a] +
                   way * (result->spots[s].u[a] - result->spots[from].u[a]);
    }
    return found;
}

/* The chosen point may lie further inside than it has to: bad luck of the first
 * replications. Looks for a cheaper one, as a candidate like others. */
static bool move_outside(struct search *search)
{
    struct ota_search *result = search->result;
    double u[OTA_SEARCH_AXES_MAX];
    size_t spot;

    for (int i = 0; i < OUTWARDS_MOST; i++) {
        search->tested = result->chosen;
        if (!find_outside(search, u))
            return true;
        if (!search_spot(search, u, result->spots[result->chosen].indexes,
                         &spot))
            return false;
        if (spot == result->chosen || result->spots[spot].refused ||
            !search_affords(search, &spot, 1,
                            result->fresh + result->fresh_count))
            return true;
        result->candidates++;
        search_stage(search, "verifying candidate %zu", result->candidates);
        if (!test(search, spot, result->candidates, result->fresh_count))
            return search->status == OTA_EXPERIMENT_DONE;
    }
    return true;
}

/* Without goals there is nothing to show; the best few are told apart. */
static bool settle(struct search *search)
{
    struct ota_search *result = search->result;
    size_t rivals[RIVALS], count = 0;

    for (; count < RIVALS; count++) {
        const size_t next = pick(search, result->spot_count, 0, 0.0);
        if (next == result->spot_count)
            break;
        rivals[count] = next;
        result->spots[next].refused = true; /* is not picked again */
    }
    for (size_t i = 0; i < count; i++)
        result->spots[rivals[i]].refused = false;
    const bool on =
        search_affords(search, rivals, count, result->fresh + SEARCH_LOOK) &&
        search_replicate(search, rivals, count, result->fresh + SEARCH_LOOK);
    result->chosen = rivals[0];
    for (size_t i = 1; i < count; i++)
        if (is_preferred(search, rivals[i], result->chosen))
            result->chosen = rivals[i];
    result->met = true;
    return on || search->status == OTA_EXPERIMENT_DONE;
}

bool search_verify(struct search *search)
{
    struct ota_search *result = search->result;

    result->fresh = SEARCH_FIRST;
    for (size_t s = 0; s < result->spot_count; s++)
        if (result->spots[s].replications > result->fresh)
            result->fresh = result->spots[s].replications;
    if (search->setup->goal_count == 0)
        return settle(search);

    for (size_t k = 1; k <= CANDIDATES_MOST; k++) {
        size_t spot = pick(search, result->spot_count, 0, 0.0);
        if (spot == result->spot_count)
            break;
        const struct plan plan =
            plan_test(search, spot, confidence_of(search, k, 1));
        if (!move_inside(search, &plan, &spot))
            return false;
        result->candidates = k;
        search_stage(search, "verifying candidate %zu", k);
        if (test(search, spot, k, plan.count))
            return move_outside(search);
        if (search->status != OTA_EXPERIMENT_DONE)
            return false;
    }
    return search->status == OTA_EXPERIMENT_DONE;
}
