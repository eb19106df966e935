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
#include "sim/fleet/idle_pilots.h"

/* --- points like a device --- */

/* The first point in [from, to) with a session at least that old, or to. */
static size_t find_age(const struct ota_idle_pilot *pilot, size_t from,
                       size_t to, int64_t wanted_us)
{
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (pilot->key_us[middle] < wanted_us)
            from = middle + 1;
        else
            to = middle;
    }
    return to;
}

/* A point in [from, to) with a session about that old, or to: of the two
 * between which the age lies one or the other by a draw from [0, 1), so that it
 * is right on average. */
static size_t find_about(const struct ota_idle_pilot *pilot, size_t from,
                         size_t to, int64_t wanted_us, double draw)
{
    const size_t i = find_age(pilot, from, to, wanted_us);

    if (i == from || i == to || wanted_us == OTA_NEVER)
        return i;
    const int64_t above_us = pilot->key_us[i];
    const int64_t below_us = pilot->key_us[i - 1];
    return draw * (double)(above_us - below_us) < (double)(above_us - wanted_us)
               ? i - 1
               : i;
}

/* A point in [from, to), a cycle between two handshakes, with a session of that
 * age, or count. */
static size_t find_in_cycle(const struct ota_idle_pilot *pilot, size_t from,
                            size_t to, int64_t wanted_us, double draw)
{
    const size_t i = find_about(pilot, from, to, wanted_us, draw);

    if (i < to)
        return i;
    /* The session is about to end. */
    return wanted_us == OTA_NEVER && to > from && to < pilot->count
               ? to - 1
               : pilot->count;
}

/*
 * A point of the pilot with a session of that age, or count. Where wakes are
 * regular a session keeps step with the wake that it began in, but not one of
 * unknown begin, from before time 0; a pilot's first one is of that kind, its
 * second one is not. A device goes on from one like its own, if there is one.
 */
static size_t find_origin(const struct ota_idle_pilot *pilot, int64_t wanted_us,
                          bool is_drawn, double draw)
{
    const size_t first = pilot->renewed[0];
    const size_t second = pilot->renewed[1];
    size_t i = pilot->count;

    if (pilot->count < 2)
        return i;
    if (!is_drawn)
        i = find_in_cycle(pilot, first, second, wanted_us, draw);
    if (i + 1 >= pilot->count && wanted_us >= pilot->key_us[0])
        i = find_in_cycle(pilot, 0, first, wanted_us, draw);
    if (i + 1 >= pilot->count)
        i = find_in_cycle(pilot, first, second, wanted_us, draw);
    return i;
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
    /* One draw: the whole part says which life, the rest is as random. */
    const double draw = gsl_rng_uniform(rng) * OTA_IDLE_LIVES;
    const size_t chosen = (size_t)draw;
    const int64_t wanted_us = ota_idle_key(class, age_us);
    const bool is_drawn = age_us != OTA_NEVER && age_us > wakes_us;

    for (size_t i = 0; i < OTA_IDLE_PILOTS; i++) {
        at->life = (chosen + i) % OTA_IDLE_LIVES;
        at->leg = 0;
        at->pilot = &class->pilots[at->life % OTA_IDLE_PILOTS];
        at->point =
            find_origin(at->pilot, wanted_us, is_drawn, draw - (double)chosen);
        if (at->point + 1 >= at->pilot->count)
            continue;
        at->shift_us = shift_us(class, &at->pilot->points[at->point], wakes_us);
        return true;
    }
    return false;
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

void ota_idle_put_together(struct ota_idle_class *class,
                           const struct ota_random_key *key, uint64_t id,
                           int64_t horizon_us)
{
    const struct ota_idle_pilot *first = &class->pilots[0];
    const int64_t life_us =
        first->count > 0 ? first->points[first->count - 1].at_us : 0;
    struct ota_stream stream;

    class->most_bytes = 0;
    ota_stream_init(&stream, key, id, OTA_PURPOSE_IDLE, 0);
    for (size_t i = 0; i < OTA_IDLE_LIVES; i++) {
        struct ota_idle_life *life = &class->lives[i];
        life->begin_us[0] = 0;
        life->legs[0] =
            (struct ota_idle_leg){.pilot = (uint32_t)(i % OTA_IDLE_PILOTS)};
        put_together(class, life, &stream.rng, ota_us_add(horizon_us, life_us));
        if (class->pilots[life->legs[0].pilot].count < 2)
            continue;
        const int64_t bytes = most_bytes(class, life);
        class->most_bytes =
            bytes > class->most_bytes ? bytes : class->most_bytes;
    }
}
