/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * arena.h - memory that lives and dies together.
 *
 * A scenario holds a few hundred small things of one lifetime (configs,
 * distributions, paths). They come from an arena and go with it in one call,
 * so no reader has to take a half-built scenario apart.
 */
#ifndef OTA_ARENA_H
#define OTA_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct ota_arena_block;

/* All zero is a valid empty arena. */
struct ota_arena {
    struct ota_arena_block *blocks; /* private */
    uint64_t files; /* a hash of what came out of files, 0: nothing did */
};

/*
 * Returns count * size bytes, zeroed and aligned for any type, or NULL when
 * there is no memory or the product overflows. Owned by the arena.
 */
void *ota_arena_alloc(struct ota_arena *arena, size_t count, size_t size);

/* Returns a copy of text[0 .. length) with a NUL behind it, or NULL. */
char *ota_arena_text(struct ota_arena *arena, const char *text, size_t length);

/* Notes what a file gave that the arena's owner was made of, so that it can be
 * told whether the file is still the same. */
void ota_arena_note(struct ota_arena *arena, const void *bytes, size_t size);

/* Frees everything; the arena is empty again. */
void ota_arena_release(struct ota_arena *arena);

#endif
