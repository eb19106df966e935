/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * search_around.c - what is lost by a step to either side of the chosen point:
 * about a tenth of its number down and up each axis (more where numbers are
 * whole), the next value of a list, the other words. What was tried about there
 * already serves.
 */
#include <math.h>

#include "sim/experiment/search_parts.h"

/* Where a tenth of the number lies to a side; false: at the end. */
static bool a_tenth_off(const struct search *search, size_t axis, int side,
                        double *u)
{
    const struct ota_spot *chosen =
        &search->result->spots[search->result->chosen];
    const struct search_axis *a = &search->axes[axis];
    const double at = chosen->u[axis];
    double to;

    if (side < 0 ? at <= 0.0 : at >= 1.0)
        return false;
    if (a->kind == SEARCH_LADDER) {
        to = at + side / (double)(a->axis->count - 1);
    } else {
        const double number = chosen->numbers[axis];
        double off = number > 0.0 || number < 0.0
                         ? fabs(number) / 10.0
                         : (a->axis->most - a->axis->least) / 20.0;
        double there;
        /* Further, until it is another number when it is rounded. */
        do {
            there =
                fmin(fmax(number + side * off, a->axis->least), a->axis->most);
            to = search_place(a, there);
            off *= 2.0;
        } while (there > a->axis->least && there < a->axis->most &&
                 fabs(ota_axis_number(a->axis, to) - number) <= 0.0);
    }
    *u = fmin(fmax(to, 0.0), 1.0);
    return true;
}

/* A point that was tried about there, differing in that axis only, or a new
 * one. */
static bool find_neighbour(struct search *search, size_t axis, double u,
                           size_t *spot)
{
    const struct ota_search *result = search->result;
    const struct ota_spot *chosen = &result->spots[result->chosen];
    double nearest = fabs(u - chosen->u[axis]) / 2.0;
    double all[OTA_SEARCH_AXES_MAX];
    bool found = false;

    for (size_t s = 0; s < result->spot_count; s++) {
        bool same = search_same_words(search, s, result->chosen) &&
                    result->spots[s].replications >= SEARCH_FIRST;
        for (size_t a = 0; a < search->setup->axis_count; a++) {
            all[a] = chosen->u[a];
            same = same &&
                   (a == axis || fabs(result->spots[s].u[a] - all[a]) < 1e-9);
        }
        const double off = fabs(result->spots[s].u[axis] - u);
        if (same && s != result->chosen && off < nearest) {
            nearest = off;
            *spot = s;
            found = true;
        }
    }
    all[axis] = u;
    return found || search_spot(search, all, chosen->indexes, spot);
}

static bool keep_neighbour(struct search *search, size_t spot)
{
    struct ota_search *result = search->result;
    const size_t most = sizeof(result->neighbours) / sizeof(size_t);

    if (result->neighbour_count == most || spot == result->chosen)
        return true;
    const int64_t enough =
        search->steps > SEARCH_LOOK ? search->steps : SEARCH_LOOK;
    if (!search_affords(search, &spot, 1, enough))
        return true;
    if (!search_replicate(search, &spot, 1, enough))
        return false;
    result->neighbours[result->neighbour_count++] = spot;
    return true;
}

static bool other_words(struct search *search, size_t axis)
{
    const struct ota_search *result = search->result;
    const struct ota_spot *chosen = &result->spots[result->chosen];
    size_t words[OTA_SEARCH_AXES_MAX];

    for (size_t i = 0; i < search->axes[axis].axis->count; i++) {
        size_t spot;
        for (size_t a = 0; a < search->setup->axis_count; a++)
            words[a] = chosen->indexes[a];
        words[axis] = i;
        if (i != chosen->indexes[axis] &&
            (!search_spot(search, chosen->u, words, &spot) ||
             !keep_neighbour(search, spot)))
            return false;
    }
    return true;
}

bool search_look_around(struct search *search)
{
    double u;
    size_t spot;

    search_stage(search, "looking at the neighbours");
    for (size_t a = 0; a < search->setup->axis_count; a++) {
        if (search->axes[a].kind == SEARCH_WORDS && !other_words(search, a))
            return false;
        for (int side = -1; side <= 1; side += 2)
            if (search->axes[a].kind != SEARCH_WORDS &&
                a_tenth_off(search, a, side, &u) &&
                (!find_neighbour(search, a, u, &spot) ||
                 !keep_neighbour(search, spot)))
                return false;
    }
    return true;
}
