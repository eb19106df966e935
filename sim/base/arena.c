/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * arena.c - a chain of blocks, each filled from its beginning. A request too
 * large for a block of the usual size gets a block of its own.
 */
#include "sim/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 16384 };

struct ota_arena_block {
    struct ota_arena_block *next;
    size_t size; /* of bytes */
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

/* Rounds up to the alignment of any type; the caller has checked that the
 * result fits. */
static size_t aligned(size_t size)
{
    const size_t unit = alignof(max_align_t);

    return (size + unit - 1) / unit * unit;
}

static struct ota_arena_block *block_new(size_t size)
{
    struct ota_arena_block *block = calloc(1, sizeof(*block) + size);

    if (block)
        block->size = size;
    return block;
}

/* Returns a block with room for size bytes, or NULL. The block that has most
 * room left stays first. */
static struct ota_arena_block *block_for(struct ota_arena *arena, size_t size)
{
    struct ota_arena_block *first = arena->blocks;

    if (first && first->size - first->used >= size)
        return first;

    struct ota_arena_block *block =
        block_new(size > BLOCK_BYTES ? size : BLOCK_BYTES);
    if (!block)
        return NULL;
    if (first && first->size - first->used > block->size - size) {
        block->next = first->next;
        first->next = block;
    } else {
        block->next = first;
        arena->blocks = block;
    }
    return block;
}

void *ota_arena_alloc(struct ota_arena *arena, size_t count, size_t size)
{
    const size_t most = SIZE_MAX / 2;

    if (size > 0 && count > most / size)
        return NULL;

    /* Nothing asked for is still a place of its own. */
    const size_t bytes = count * size > 0 ? aligned(count * size) : aligned(1);
    struct ota_arena_block *block = block_for(arena, bytes);
    if (!block)
        return NULL;

    void *memory = block->bytes + block->used;
    block->used += bytes;
    return memory;
}

char *ota_arena_text(struct ota_arena *arena, const char *text, size_t length)
{
    char *copy =
        length < SIZE_MAX ? ota_arena_alloc(arena, length + 1, 1) : NULL;

    if (copy && length > 0)
        memcpy(copy, text, length);
    return copy;
}

/* FNV-1a. */
void ota_arena_note(struct ota_arena *arena, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uint64_t hash = arena->files ^ UINT64_C(14695981039346656037);

    for (size_t b = 0; b < size; b++)
        hash = (hash ^ at[b]) * UINT64_C(1099511628211);
    arena->files = hash;
}

void ota_arena_release(struct ota_arena *arena)
{
    struct ota_arena_block *block = arena->blocks;

    while (block) {
        struct ota_arena_block *next = block->next;
        free(block);
        block = next;
    }
    *arena = (struct ota_arena){0};
}
