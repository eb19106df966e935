/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * idle_lives.c - long lives, put together from those of pilots.
 *
 * A pilot lives for a few sessions only. A life goes on where its pilot falls
 * asleep last: with another one, from a point like that, and so on to the
 * horizon. With what was spent by the begin of each of these legs at hand,
 * following a life for a year takes no more than for a day: one looks up where
 * one is at the end. Each pilot begins some lives, which differ in how they go
 * on.
 */
#include <stdlib.h>

#include "sim/fleet/idle_pilots.h"

/* --- points like a device --- */

/*
 * Where wakes are regular a session keeps step with the wake that it began in,
 * but not one of unknown begin, from before time 0; a pilot's first one is of
 * that kind, its second one is not. A device goes on from one like its own, if
 * there is one.
 *
 * It goes on from one of the few points with a session most nearly as old. A
 * second may decide which wake renews a session: from a point that is only the
 * next best of its pilot, devices whose sessions all began at one time would
 * keep other pace than they do.
 */
enum { NEAREST = 16 };

static int by_key(const void *a, const void *b)
{
    const struct ota_idle_origin *x = a, *y = b;

    if (x->key_us != y->key_us)
        return x->key_us < y->key_us ? -1 : 1;
    return x->pilot != y->pilot ? (x->pilot > y->pilot) - (x->pilot < y->pilot)
                                : (x->point > y->point) - (x->point < y->point);
}

/* The points of one kind: no point is of both. A pilot's last one leads
 * nowhere. */
static void collect(const struct ota_idle_class *class, bool is_drawn,
                    struct ota_idle_origins *origins)
{
    origins->count = 0;
    for (size_t p = 0; p < OTA_IDLE_PILOTS; p++) {
        const struct ota_idle_pilot *pilot = &class->pilots[p];
        const size_t from = is_drawn ? 0 : pilot->renewed[0];
        const size_t to = pilot->renewed[is_drawn ? 0 : 1];
        for (size_t i = from; i < to && i + 1 < pilot->count; i++)
            origins->list[origins->count++] = (struct ota_idle_origin){
                .key_us = ota_idle_key(class, pilot->points[i].age_us),
                .pilot = (uint16_t)p,
                .point = (uint16_t)i,
            };
    }
    qsort(origins->list, origins->count, sizeof(*origins->list), by_key);
}

/* The first of count origins, at least one, with a session at least that old;
 * or count. */
static size_t find_age(const struct ota_idle_origin *list, size_t count,
                       int64_t wanted_us)
{
    const struct ota_idle_origin *base = list;

    while (count > 1) {
        const size_t half = count / 2;
        base = base[half - 1].key_us < wanted_us ? base + half : base;
        count -= half;
    }
    return (size_t)(base - list) + (base->key_us < wanted_us);
}

/* One of those that are as old as wanted, or else of those nearest to it, by a
 * draw from [0, 1). */
static const struct ota_idle_origin *
find_origin(const struct ota_idle_origins *origins, int64_t wanted_us,
            double draw)
{
    const struct ota_idle_origin *list = origins->list;
    const size_t count = origins->count;

    if (list[0].key_us == list[count - 1].key_us)
        return &list[(size_t)(draw * (double)count)];
    const size_t first = find_age(list, count, wanted_us);
    const size_t few = count < NEAREST ? count : NEAREST;
    if (first + few <= count && list[first + few - 1].key_us == wanted_us) {
        const size_t same =
            find_age(list + first, count - first,
                     wanted_us == OTA_NEVER ? OTA_NEVER : wanted_us + 1);
        return &list[first + (size_t)(draw * (double)same)];
    }
    size_t from = first > few ? first - few : 0;
    size_t to = first < count - few ? first : count - few;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (wanted_us - list[middle].key_us >
            list[middle + few].key_us - wanted_us)
            from = middle + 1;
        else
            to = middle;
    }
    return &list[from + (size_t)(draw * (double)few)];
}

/* How far ahead of the pilot one is that wakes at wakes_us behind its point. */
static int64_t shift_us(const struct ota_idle_class *class,
                        const struct ota_idle_point *point, int64_t wakes_us)
{
    return class->clocked ? (ota_idle_lead(class, wakes_us) -
                             ota_idle_lead(class, point->wakes_us)) *
                                class->lead_us
                          : wakes_us - point->wakes_us;
}

bool ota_idle_join(const struct ota_idle_class *class, gsl_rng *rng,
                   int64_t wakes_us, int64_t age_us, struct ota_idle_place *at)
{
    enum { EACH = OTA_IDLE_LIVES / OTA_IDLE_PILOTS };
    /* One draw: the whole part says which life, the rest is as random. */
    const double draw = ota_uniform(rng) * EACH;
    const size_t life = (size_t)draw;
    const bool is_drawn = age_us != OTA_NEVER && age_us > wakes_us;
    const struct ota_idle_origins *origins = &class->origins[is_drawn];

    if (origins->count == 0)
        origins = &class->origins[!is_drawn];
    if (origins->count == 0)
        return false;
    const struct ota_idle_origin *origin =
        find_origin(origins, ota_idle_key(class, age_us), draw - (double)life);
    at->life = life * OTA_IDLE_PILOTS + origin->pilot;
    at->leg = 0;
    at->pilot = &class->pilots[origin->pilot];
    at->point = origin->point;
    at->shift_us = shift_us(class, &at->pilot->points[at->point], wakes_us);
    return true;
}

/* --- finding one's way --- */

/* The last of the ascending instants [from, to] that is no later than at_us, or
 * from: looked for around where it would be if all were equally far apart. */
static size_t find_last(const int64_t *instants_us, size_t from, size_t to,
                        int64_t at_us)
{
    if (at_us >= instants_us[to])
        return to;
    if (at_us <= instants_us[from])
        return from;
    const double part = (double)(at_us - instants_us[from]) /
                        (double)(instants_us[to] - instants_us[from]);
    size_t i = from + (size_t)(part * (double)(to - from));

    while (instants_us[i] > at_us)
        i--;
    while (instants_us[i + 1] <= at_us)
        i++;
    return i;
}

void ota_idle_follow(const struct ota_idle_class *class,
                     struct ota_idle_place *at, int64_t until_us)
{
    const struct ota_idle_life *life = &class->lives[at->life];
    const struct ota_idle_leg *old = &life->legs[at->leg];
    const int64_t at_us = until_us - at->shift_us + old->shift_us;
    const size_t leg =
        find_last(life->begin_us, at->leg, life->count - 1, at_us - 1);
    size_t from = at->point;

    if (leg != at->leg) {
        const struct ota_idle_leg *new = &life->legs[leg];
        at->leg = leg;
        at->shift_us += new->shift_us - old->shift_us;
        at->pilot = &class->pilots[new->pilot];
        from = new->from;
    }
    at->point = find_last(at->pilot->at_us, from, at->pilot->count - 1,
                          until_us - at->shift_us);
}

/* --- putting them together --- */

/* What a life has spent at a point of a leg. */
static struct ota_idle_spent spent_at(const struct ota_idle_class *class,
                                      const struct ota_idle_leg *leg,
                                      size_t point)
{
    struct ota_idle_spent sum = leg->before;

    ota_idle_count(&sum, &class->pilots[leg->pilot].points[point].spent, 1);
    return sum;
}

/* Where a leg goes on that ends with its pilot's last point. */
static bool next_leg(const struct ota_idle_class *class, gsl_rng *rng,
                     const struct ota_idle_leg *leg, int64_t *begin_us,
                     struct ota_idle_leg *next)
{
    const struct ota_idle_pilot *pilot = &class->pilots[leg->pilot];
    const struct ota_idle_point *last = &pilot->points[pilot->count - 1];
    struct ota_idle_place at;

    *begin_us = last->wakes_us + leg->shift_us;
    if (!ota_idle_join(class, rng, *begin_us, last->age_us, &at))
        return false;
    *next = (struct ota_idle_leg){
        .shift_us = at.shift_us,
        .pilot = (uint32_t)(at.pilot - class->pilots),
        .from = (uint32_t)at.point,
        .before = spent_at(class, leg, pilot->count - 1),
    };
    ota_idle_count(&next->before, &at.pilot->points[at.point].spent, -1);
    return true;
}

/* A device may begin somewhat behind a life's begin. */
static void put_together(const struct ota_idle_class *class,
                         struct ota_idle_life *life, gsl_rng *rng,
                         int64_t until_us)
{
    const struct ota_idle_leg *leg = &life->legs[0];

    life->count = 1;
    if (class->pilots[leg->pilot].count < 2)
        return;
    while (life->count < OTA_IDLE_LEGS &&
           next_leg(class, rng, leg, &life->begin_us[life->count],
                    &life->legs[life->count])) {
        leg = &life->legs[life->count];
        if (life->begin_us[life->count++] >= until_us)
            return;
    }
}

/* The bytes billed in a life by the end of a leg. */
static int64_t bytes_by_end(const struct ota_idle_class *class,
                            const struct ota_idle_leg *leg)
{
    const struct ota_idle_pilot *pilot = &class->pilots[leg->pilot];

    return leg->before.billed_bytes +
           pilot->points[pilot->count - 1].spent.billed_bytes;
}

/* No less than is billed in any time that is as long as a period: from the
 * begin of the leg that such a time begins in to the end of the one that it
 * ends in. */
static int64_t most_bytes(const struct ota_idle_class *class,
                          const struct ota_idle_life *life)
{
    int64_t most = 0;
    size_t end = 0;

    for (size_t k = 0; k < life->count; k++) {
        const struct ota_idle_leg *leg = &life->legs[k];
        const int64_t last_us =
            k + 1 < life->count
                ? ota_us_add(life->begin_us[k + 1], class->period_us)
                : OTA_NEVER;
        while (end + 1 < life->count && life->begin_us[end + 1] <= last_us)
            end++;
        const int64_t bytes =
            bytes_by_end(class, &life->legs[end]) - leg->before.billed_bytes -
            class->pilots[leg->pilot].points[leg->from].spent.billed_bytes;
        most = bytes > most ? bytes : most;
    }
    return most;
}

void ota_idle_put_together(const struct ota_idle *idle,
                           struct ota_idle_class *class)
{
    const struct ota_idle_pilot *first = &class->pilots[0];
    const int64_t life_us =
        first->count > 0 ? first->points[first->count - 1].at_us : 0;
    size_t legs =
        (size_t)(class - idle->classes) * OTA_IDLE_LIVES * OTA_IDLE_LEGS;
    const size_t number = (size_t)(first - idle->pilots);
    struct ota_stream stream;

    class->origins[0].list = &idle->origins[number * OTA_IDLE_POINTS];
    collect(class, false, &class->origins[0]);
    class->origins[1].list = class->origins[0].list + class->origins[0].count;
    collect(class, true, &class->origins[1]);
    class->most_bytes = 0;
    ota_stream_init(&stream, idle->key, OTA_DEVICES_MAX - 1 - number,
                    OTA_PURPOSE_IDLE, 0);
    for (size_t i = 0; i < OTA_IDLE_LIVES; i++) {
        struct ota_idle_life *life = &class->lives[i];
        life->begin_us = &idle->begin_us[legs];
        life->legs = &idle->legs[legs];
        life->begin_us[0] = 0;
        life->legs[0] =
            (struct ota_idle_leg){.pilot = (uint32_t)(i % OTA_IDLE_PILOTS)};
        put_together(class, life, &stream.rng,
                     ota_us_add(idle->config->horizon_us, life_us));
        legs += life->count;
        if (class->pilots[life->legs[0].pilot].count < 2)
            continue;
        const int64_t bytes = most_bytes(class, life);
        class->most_bytes =
            bytes > class->most_bytes ? bytes : class->most_bytes;
    }
}
