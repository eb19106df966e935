/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * window.h - the outcomes of late: the last so many, or of the last so long.
 */
#ifndef OTA_WINDOW_H
#define OTA_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "models/policy/policy.h"
#include "sim/base/arena.h"

enum { OTA_WINDOW_KINDS = OTA_COUNT_SKIPPED - OTA_COUNT_SUCCEEDED + 1 };

/* All zero is one that is off. */
struct ota_window {
    int64_t last;  /* outcomes; 0: not so */
    int64_t us;    /* time; 0: not so */
    int64_t first; /* place of the oldest */
    int64_t used;  /* places from there on, in a ring */
    int64_t size;  /* of the ring */
    int64_t counts[OTA_WINDOW_KINDS];
    uint8_t *outcomes;               /* LAST: the ring, from SUCCEEDED on */
    struct ota_window_place *places; /* TIME: the ring */
};

/* Outcomes that are kept together. */
struct ota_window_place {
    int64_t first_us, last_us;
    int64_t counts[OTA_WINDOW_KINDS];
};

/* One of them is > 0, or neither: off. If both are, `us` does not count.
 * Returns false if there is no memory. */
bool ota_window_init(struct ota_window *window, int64_t last, int64_t us,
                     struct ota_arena *arena);

bool ota_window_is_on(const struct ota_window *window);

/* Adds an outcome, OTA_COUNT_SUCCEEDED .. SKIPPED; times never decrease. */
void ota_window_add(struct ota_window *window, int64_t now_us,
                    enum ota_counter outcome);

/* Drops what is too old at now_us. */
void ota_window_move(struct ota_window *window, int64_t now_us);

int64_t ota_window_count(const struct ota_window *window,
                         enum ota_counter outcome);

/* When the next ones are too old, after now_us; OTA_NEVER: none. */
int64_t ota_window_moves_us(const struct ota_window *window, int64_t now_us);

void ota_window_clear(struct ota_window *window);

#endif
