/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * window.c - two rings.
 *
 * Of the last so many outcomes each is kept, in a byte. Of the last so long
 * there is no telling how many come, and nothing may be allocated while time
 * runs: a place takes all outcomes within 1/256 of the window from its first,
 * so that 258 places always do. It goes when its last outcome is too old: an
 * outcome may stay in by 1/256 of the window too long, and those that are
 * further apart are kept exactly.
 */
#include "models/policy/window.h"

#include <assert.h>

#include "sim/base/clock.h"

enum { PARTS = 256, PLACES = PARTS + 2 };

bool ota_window_init(struct ota_window *window, int64_t last, int64_t us,
                     struct ota_arena *arena)
{
    assert(last >= 0 && us >= 0);
    *window = (struct ota_window){.last = last, .us = last ? 0 : us};
    if (window->last > 0) {
        window->size = last;
        window->outcomes = ota_arena_alloc(arena, (size_t)last, 1);
        return window->outcomes != NULL;
    }
    if (window->us > 0) {
        window->size = PLACES;
        window->places = ota_arena_alloc(arena, PLACES, sizeof *window->places);
        return window->places != NULL;
    }
    return true;
}

bool ota_window_is_on(const struct ota_window *window)
{
    return window->size > 0;
}

void ota_window_clear(struct ota_window *window)
{
    window->first = window->used = 0;
    for (int i = 0; i < OTA_WINDOW_KINDS; i++)
        window->counts[i] = 0;
}

/* Place of the i-th oldest. */
static int64_t place_of(const struct ota_window *window, int64_t i)
{
    return (window->first + i) % window->size;
}

static void drop_oldest(struct ota_window *window)
{
    if (window->last > 0)
        window->counts[window->outcomes[window->first]]--;
    else
        for (int i = 0; i < OTA_WINDOW_KINDS; i++)
            window->counts[i] -= window->places[window->first].counts[i];
    window->first = place_of(window, 1);
    window->used--;
}

static bool is_gone(const struct ota_window *window, int64_t now_us)
{
    return window->used > 0 &&
           now_us - window->places[window->first].last_us >= window->us;
}

void ota_window_move(struct ota_window *window, int64_t now_us)
{
    if (window->us > 0)
        while (is_gone(window, now_us))
            drop_oldest(window);
}

/* The place that takes an outcome at now_us. */
static struct ota_window_place *place_at(struct ota_window *window,
                                         int64_t now_us)
{
    if (window->used > 0) {
        struct ota_window_place *last =
            &window->places[place_of(window, window->used - 1)];
        assert(now_us >= last->last_us);
        if (now_us - last->first_us < (window->us + PARTS - 1) / PARTS)
            return last;
    }
    assert(window->used < window->size);

    struct ota_window_place *next =
        &window->places[place_of(window, window->used++)];
    *next = (struct ota_window_place){.first_us = now_us};
    return next;
}

void ota_window_add(struct ota_window *window, int64_t now_us,
                    enum ota_counter outcome)
{
    const int kind = (int)outcome - (int)OTA_COUNT_SUCCEEDED;

    if (!ota_window_is_on(window))
        return;
    if (window->last > 0) {
        if (window->used == window->size)
            drop_oldest(window);
        window->outcomes[place_of(window, window->used++)] = (uint8_t)kind;
    } else {
        ota_window_move(window, now_us);
        struct ota_window_place *place = place_at(window, now_us);
        place->last_us = now_us;
        place->counts[kind]++;
    }
    window->counts[kind]++;
}

int64_t ota_window_count(const struct ota_window *window,
                         enum ota_counter outcome)
{
    return window->counts[(int)outcome - (int)OTA_COUNT_SUCCEEDED];
}

int64_t ota_window_moves_us(const struct ota_window *window, int64_t now_us)
{
    if (window->us == 0 || window->used == 0)
        return OTA_NEVER;

    const int64_t at_us =
        ota_us_add(window->places[window->first].last_us, window->us);
    return at_us > now_us ? at_us : ota_us_add(now_us, 1);
}
