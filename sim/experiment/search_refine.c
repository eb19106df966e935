/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * search_refine.c - around the best points of the screening, on the means of a
 * fixed set of replications.
 *
 * On one ordered axis a bracket of three points is narrowed: where one side
 * misses a goal and would be cheaper, the edge of the goal is sought between it
 * and the best, by interpolation kept from the ends; else by golden section
 * (R. P. Brent: Algorithms for Minimization without Derivatives, 1973, ch. 5).
 * Both only compare, so a cliff does no harm. When the bracket is narrow, the
 * error that the replications' noise leaves in the place of the optimum is put
 * into the objective; if that is more than two percent, the replications are
 * doubled and the bracket opened as far as the noise reaches.
 *
 * On several axes it is GSL's simplex (nmsimplex2: J. A. Nelder, R. Mead,
 * Computer J. 7 (1965)) on the objective with a penalty for the shortfall,
 * begun again from where it ended.
 */
#include <assert.h>
#include <math.h>

#include <gsl/gsl_multimin.h>

#include "sim/experiment/search_parts.h"
#include "sim/stats/tally.h"

enum {
    NARROW_MOST = 16,  /* points a bracket takes */
    STEPS_MOST = 64,   /* replications of a point */
    SIMPLEX_EACH = 20, /* steps of the simplex for each axis */
};

static const double golden = 0.381966; /* (3 - sqrt(5)) / 2 */

/* Apart so far, points tell of a slope rather than of noise. */
static const double apart_enough = 0.02;

/* Of the objective's size, what one shortfall costs. */
static const double penalty = 100.0;

/* Spots by u on one axis; an end of the axis is a side itself. */
struct bracket {
    size_t axis;
    size_t left, best, right;
};

static double place(const struct search *search, size_t spot, size_t axis)
{
    return search->result->spots[spot].u[axis];
}

/* The nearest spots to either side that are at least so far from the best. */
static struct bracket bracket_at(const struct search *search, size_t best,
                                 size_t axis, double apart)
{
    struct bracket b = {
        .axis = axis, .left = best, .best = best, .right = best};
    const double at = place(search, best, axis);

    for (size_t s = 0; s < search->result->spot_count; s++) {
        const double u = place(search, s, axis);
        if (search->result->spots[s].replications == 0 ||
            !search_same_words(search, s, best))
            continue;
        if (u < at && u <= at - apart &&
            (b.left == best || u > place(search, b.left, axis)))
            b.left = s;
        if (u > at && u >= at + apart &&
            (b.right == best || u < place(search, b.right, axis)))
            b.right = s;
    }
    return b;
}

/* How steep the objective is to that side, by points that are far enough apart
 * to tell. */
static double slope_at(const struct search *search, const struct bracket *b,
                       size_t side)
{
    const struct bracket wide =
        bracket_at(search, b->best, b->axis, apart_enough);
    const bool below =
        place(search, side, b->axis) < place(search, b->best, b->axis);
    const size_t end = below ? wide.left : wide.right;
    const size_t to = end == b->best ? side : end;

    return fabs(search_objective(search, to, SEARCH_FIRST) -
                search_objective(search, b->best, SEARCH_FIRST)) /
           fabs(place(search, to, b->axis) - place(search, b->best, b->axis));
}

/* Whether what lies between the best and a side is not worth a look. */
static bool is_close(const struct search *search, const struct bracket *b,
                     size_t side)
{
    const double width =
        fabs(place(search, side, b->axis) - place(search, b->best, b->axis));
    const double far = search_shortfall(search, b->best, search->steps);
    if (width <= 0.0)
        return true;
    if (width > 0.1)
        return false;
    if (far > 0.0)
        return fabs(search_shortfall(search, side, search->steps) - far) <
               SEARCH_CLOSE;
    return slope_at(search, b, side) * width <
           search->close * search_scale(search, b->best, SEARCH_FIRST);
}

/* Whether the side misses a goal, the best none, and the side is cheaper: the
 * optimum may be where the goal is just met. */
static bool is_edge(const struct search *search, const struct bracket *b,
                    size_t side)
{
    return side != b->best &&
           search_shortfall(search, side, search->steps) > 0.0 &&
           search_shortfall(search, b->best, search->steps) <= 0.0 &&
           search_objective(search, side, search->steps) <
               search_objective(search, b->best, search->steps);
}

/* How far it is to the side until a goal is missed, as a part of the way. */
static double part_to_edge(const struct search *search, const struct bracket *b,
                           size_t side)
{
    double part = 1.0;

    for (size_t g = 0; g < search->setup->goal_count; g++) {
        const double here = search_margin(search, b->best, g, search->steps);
        const double there = search_margin(search, side, g, search->steps);
        if (there < 0.0 && here / (here - there) < part)
            part = here / (here - there);
    }
    return part < 0.2 ? 0.2 : part > 0.8 ? 0.8 : part;
}

/* Where to look next; false: nowhere. */
static bool next_place(const struct search *search, const struct bracket *b,
                       int step, double *u)
{
    const size_t sides[2] = {b->left, b->right};
    const double at = place(search, b->best, b->axis);
    size_t wider = b->best;

    for (int i = 0; i < 2; i++) {
        if (is_close(search, b, sides[i]))
            continue;
        const double way = place(search, sides[i], b->axis) - at;
        if (is_edge(search, b, sides[i])) {
            const double part =
                step % 3 == 2 ? 0.5 : part_to_edge(search, b, sides[i]);
            *u = at + part * way;
            return true;
        }
        if (fabs(way) > fabs(place(search, wider, b->axis) - at))
            wider = sides[i];
    }
    *u = at + golden * (place(search, wider, b->axis) - at);
    return wider != b->best;
}

static bool try_at(struct search *search, const struct bracket *b, double u,
                   size_t *spot)
{
    double all[OTA_SEARCH_AXES_MAX];
    const struct ota_spot *best = &search->result->spots[b->best];

    for (size_t a = 0; a < search->setup->axis_count; a++)
        all[a] = best->u[a];
    all[b->axis] = u;
    return search_spot(search, all, best->indexes, spot);
}

static bool narrow(struct search *search, struct bracket *b)
{
    const size_t three[3] = {b->best, b->left, b->right};
    double u;
    size_t spot;

    for (int i = 0; i < 3; i++)
        if (!search_replicate(search, &three[i], 1, search->steps))
            return false;
    for (int i = 1; i < 3; i++)
        if (search_better(search, three[i], b->best, search->steps))
            *b = bracket_at(search, three[i], b->axis, 0.0);
    if (!search_replicate(search, &b->left, 1, search->steps) ||
        !search_replicate(search, &b->right, 1, search->steps))
        return false;

    for (int step = 0; step < NARROW_MOST; step++) {
        if (!next_place(search, b, step, &u))
            return true;
        if (!try_at(search, b, u, &spot))
            return false;
        if (spot == b->left || spot == b->best || spot == b->right)
            return true; /* there is no number between them */
        if (!search_replicate(search, &spot, 1, search->steps))
            return false;
        const bool below =
            place(search, spot, b->axis) < place(search, b->best, b->axis);
        if (search_better(search, spot, b->best, search->steps)) {
            *(below ? &b->right : &b->left) = b->best;
            b->best = spot;
        } else {
            *(below ? &b->left : &b->right) = spot;
        }
    }
    return true;
}

static double half_width(const struct ota_estimate *estimate)
{
    const double half = (estimate->hi - estimate->lo) / 2;

    return isnan(half) ? INFINITY : half;
}

/*
 * What the noise of the replications may cost: of the place where a goal is
 * just met, by the slopes to the side that misses it, which the verification
 * may still put right; or else of the difference to the side, which it will
 * not: twice. As a part of the objective; *reach is how far it may shift the
 * optimum.
 */
static double price_of_noise(const struct search *search,
                             const struct bracket *b, size_t side,
                             double *reach)
{
    const struct ota_search_oracle *oracle = &search->setup->oracle;
    const struct ota_spot *spots = search->result->spots;
    const double scale = search_scale(search, b->best, SEARCH_FIRST);
    const double gap = fabs(search_objective(search, side, SEARCH_FIRST) -
                            search_objective(search, b->best, SEARCH_FIRST));
    const double width =
        fabs(place(search, side, b->axis) - place(search, b->best, b->axis));
    double worst = 0.0;

    for (size_t g = 0; g < search->setup->goal_count; g++) {
        const double fall = search_margin(search, b->best, g, SEARCH_FIRST) -
                            search_margin(search, side, g, SEARCH_FIRST);
        const struct ota_estimate goal =
            oracle->estimate(oracle->context, spots[b->best].point, 1 + g, 0,
                             search->steps, search->setup->confidence);
        if (search_margin(search, side, g, search->steps) >= 0.0 || fall <= 0.0)
            continue;
        worst = fmax(worst, half_width(&goal) / fall);
    }
    *reach = worst * width;
    if (worst > 0.0)
        return worst * gap / scale;

    struct ota_tally apart = {0};
    for (int64_t r = 0; r < search->steps; r++)
        ota_tally_add(
            &apart,
            oracle->value(oracle->context, spots[side].point, 0, r) -
                oracle->value(oracle->context, spots[b->best].point, 0, r));
    const struct ota_estimate paired =
        ota_interval_t(&apart, search->setup->confidence);
    *reach = width;
    return 2.0 * half_width(&paired) / scale;
}

/* What the noise may cost at most, and how far it may shift the optimum. */
static bool weigh_noise(struct search *search, size_t best, double *price,
                        double *reach)
{
    const struct bracket wide =
        bracket_at(search, best, search->ordered[0], apart_enough);
    const size_t sides[2] = {wide.left, wide.right};

    *price = 0.0;
    *reach = apart_enough;
    for (int i = 0; i < 2; i++) {
        double far;
        if (!search_replicate(search, &sides[i], 1, search->steps))
            return false;
        if (sides[i] == best)
            continue;
        *price = fmax(*price, price_of_noise(search, &wide, sides[i], &far));
        *reach = fmax(*reach, far);
    }
    return true;
}

/* Narrows a bracket as far as the noise justifies, with more and more
 * replications until it is not worth more. */
static bool sharpen(struct search *search, size_t best)
{
    struct bracket b = bracket_at(search, best, search->ordered[0], 0.0);
    double price, reach;

    for (;;) {
        if (!weigh_noise(search, b.best, &price, &reach))
            return false;
        search->close = fmax(SEARCH_CLOSE / 2, price / 16);
        if (!narrow(search, &b))
            return false;
        if (price <= 4 * SEARCH_CLOSE || 2 * search->steps > STEPS_MOST)
            return true;
        search->steps *= 2;
        search_stage(search, "refining with %lld replications a setting",
                     (long long)search->steps);
        b = bracket_at(search, b.best, b.axis, reach);
        if (!search_replicate(search, &b.best, 1, search->steps))
            return false;
    }
}

static bool refine_one(struct search *search, size_t leader)
{
    struct bracket b = bracket_at(search, leader, search->ordered[0], 0.0);

    return narrow(search, &b);
}

/* --- several axes ----------------------------------------------------------*/

struct simplex {
    struct search *search;
    const size_t *words;
    bool on; /* the search goes on */
};

static double merit(const gsl_vector *x, void *params)
{
    struct simplex *simplex = params;
    struct search *search = simplex->search;
    double u[OTA_SEARCH_AXES_MAX] = {0};
    double outside = 0.0;
    size_t spot;

    for (size_t i = 0; i < search->ordered_count; i++) {
        const double at = gsl_vector_get(x, i);
        const double in = fmin(fmax(at, 0.0), 1.0);
        u[search->ordered[i]] = in;
        outside += fabs(at - in);
    }
    simplex->on = simplex->on &&
                  search_spot(search, u, simplex->words, &spot) &&
                  search_replicate(search, &spot, 1, search->steps);
    if (!simplex->on)
        return 1e30;
    const double objective = search_objective(search, spot, search->steps);
    const double far = search_shortfall(search, spot, search->steps);
    const double scale = search_scale(search, 0, SEARCH_FIRST);
    return fmin(objective / scale, 1e20) + penalty * fmin(far, 1e20) + outside;
}

/* One descent from the spot, of simplexes of that size. */
static bool descend(struct search *search, size_t spot, double size)
{
    const size_t axes = search->ordered_count;
    struct simplex simplex = {.search = search,
                              .words = search->result->spots[spot].indexes,
                              .on = true};
    gsl_multimin_function function = {merit, axes, &simplex};
    gsl_vector *x = gsl_vector_alloc(axes);
    gsl_vector *step = gsl_vector_alloc(axes);
    gsl_multimin_fminimizer *walk =
        gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, axes);

    if (x && step && walk) {
        for (size_t i = 0; i < axes; i++) {
            const double u = place(search, spot, search->ordered[i]);
            gsl_vector_set(x, i, u);
            gsl_vector_set(step, i, u > 0.5 ? -size : size); /* inwards */
        }
        gsl_multimin_fminimizer_set(walk, &function, x, step);
        for (size_t n = 0; simplex.on && n < SIMPLEX_EACH * axes; n++)
            if (gsl_multimin_fminimizer_iterate(walk) != 0 ||
                gsl_multimin_fminimizer_size(walk) < size / 30)
                break;
    } else {
        search->status = OTA_EXPERIMENT_FAILED;
        simplex.on = ota_fail(search->error, OTA_NO_MEMORY);
    }
    if (walk)
        gsl_multimin_fminimizer_free(walk);
    gsl_vector_free(step);
    gsl_vector_free(x);
    return simplex.on;
}

/* The best of those with so many replications and these words. */
static size_t best_of(const struct search *search, size_t like)
{
    size_t best = like;

    for (size_t s = 0; s < search->result->spot_count; s++)
        if (search->result->spots[s].replications >= search->steps &&
            search_same_words(search, s, like) &&
            search_better(search, s, best, search->steps))
            best = s;
    return best;
}

static bool refine_several(struct search *search, size_t leader)
{
    if (!search_replicate(search, &leader, 1, search->steps))
        return false;
    for (double size = 0.16; size > 0.03; size /= 2)
        if (!descend(search, best_of(search, leader), size))
            return false;
    return true;
}

/* Whether a mix of words costs more than what was found, even where it misses
 * the goals that its best point meets. */
static bool is_beaten(const struct search *search, size_t leader, size_t best)
{
    const struct bracket b =
        bracket_at(search, leader, search->ordered[0], 0.0);
    const size_t three[3] = {b.best, b.left, b.right};
    const double least = search_objective(search, best, SEARCH_FIRST);

    for (int i = 0; i < 3; i++)
        if (search_objective(search, three[i], SEARCH_FIRST) < least)
            return false;
    return search_shortfall(search, best, SEARCH_FIRST) <= 0.0;
}

/* The best of all, by what they have in common. */
static size_t best_so_far(const struct search *search)
{
    size_t best = SEARCH_NONE;

    for (size_t s = 0; s < search->result->spot_count; s++) {
        const int64_t there = search->result->spots[s].replications;
        if (there < search->steps)
            continue;
        if (best == SEARCH_NONE ||
            search_better(search, s, best, search->steps))
            best = s;
    }
    return best;
}

bool search_refine(struct search *search, const size_t *leaders, size_t count)
{
    const int64_t from = search->result->replications;
    const int64_t to = search->allowance;

    if (search->ordered_count == 0)
        return true;
    if (search->ordered_count > 1) {
        /* No more each than lets the simplex get somewhere. */
        const int64_t afforded =
            (to - from) / (int64_t)(40 * search->ordered_count * count);
        if (search->steps > afforded)
            search->steps = afforded;
        if (search->steps < SEARCH_FIRST)
            search->steps = SEARCH_FIRST;
    }
    bool on = true;
    for (size_t l = 0; l < count; l++) {
        if (l > 0 && is_beaten(search, leaders[l], best_so_far(search)))
            continue;
        search_stage(search, "refining with %lld replications a setting",
                     (long long)search->steps);
        search->allowance =
            from + (to - from) * (int64_t)(l + 1) / (int64_t)count;
        on = search->ordered_count == 1 ? refine_one(search, leaders[l])
                                        : refine_several(search, leaders[l]);
        if (!on && search->status != OTA_EXPERIMENT_DONE)
            return false;
    }
    search->allowance = to;
    if (search->ordered_count == 1)
        on = sharpen(search, best_so_far(search));
    return on || search->status == OTA_EXPERIMENT_DONE;
}
