/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_arena.c - memory from an arena is zeroed, aligned, apart from all else
 * and gone in one call.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdalign.h>
#include <string.h>

#include "sim/base/arena.h"

enum { PIECES = 2000 };

static size_t piece_size(size_t i)
{
    return i % 100 == 99 ? 40000 : i % 61;
}

/* Fills each piece with a byte of its own; an overlap would show at the end,
 * a piece out of bounds under the sanitizer. */
static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    static unsigned char *pieces[PIECES];
    struct ota_arena arena = {0};

    (void)state;
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = ota_arena_alloc(&arena, piece_size(i), 1);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        for (size_t b = 0; b < piece_size(i); b++)
            assert_int_equal(pieces[i][b], 0);
        memset(pieces[i], (int)(i % 251), piece_size(i));
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t b = 0; b < piece_size(i); b++)
            assert_int_equal(pieces[i][b], i % 251);
    ota_arena_release(&arena);
}

static void empty_pieces_have_places_of_their_own(void **state)
{
    struct ota_arena arena = {0};

    (void)state;
    const void *a = ota_arena_alloc(&arena, 0, 8);
    const void *b = ota_arena_alloc(&arena, 8, 0);
    assert_non_null(a);
    assert_non_null(b);
    assert_ptr_not_equal(a, b);
    ota_arena_release(&arena);
}

static void impossible_sizes_give_null(void **state)
{
    struct ota_arena arena = {0};

    (void)state;
    assert_null(ota_arena_alloc(&arena, SIZE_MAX, 2));
    assert_null(ota_arena_alloc(&arena, SIZE_MAX, 1));
    assert_null(ota_arena_alloc(&arena, SIZE_MAX / 2 + 2, 2));
    assert_null(ota_arena_text(&arena, "x", SIZE_MAX));
    assert_non_null(ota_arena_alloc(&arena, 1, 1));
    ota_arena_release(&arena);
}

static void text_is_copied_and_ended(void **state)
{
    struct ota_arena arena = {0};
    char source[] = "lognormal(1s, 2s)";

    (void)state;
    const char *copy = ota_arena_text(&arena, source, 9);
    source[0] = 'L';
    assert_string_equal(copy, "lognormal");
    assert_string_equal(ota_arena_text(&arena, NULL, 0), "");
    ota_arena_release(&arena);
}

static void a_released_arena_starts_again(void **state)
{
    struct ota_arena arena = {0};

    (void)state;
    ota_arena_release(&arena);
    assert_non_null(ota_arena_alloc(&arena, 10, 10));
    ota_arena_release(&arena);
    assert_null(arena.blocks);
    assert_non_null(ota_arena_alloc(&arena, 10, 10));
    ota_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(empty_pieces_have_places_of_their_own),
        cmocka_unit_test(impossible_sizes_give_null),
        cmocka_unit_test(text_is_copied_and_ended),
        cmocka_unit_test(a_released_arena_starts_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
