/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_grow.c - an array that grows keeps what is in it, and stays as it is if
 * it cannot.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/base/grow.h"

static void room_doubles_and_items_stay(void **state)
{
    size_t *items = NULL;
    size_t room = 0;

    (void)state;
    for (size_t count = 0; count < 1000; count++) {
        const size_t before = room;
        size_t *grown = ota_grow(items, count, &room, 3, sizeof(*items));
        assert_non_null(grown);
        if (count < before) {
            assert_ptr_equal(grown, items);
            assert_int_equal(room, before);
        } else {
            assert_int_equal(room, before > 0 ? 2 * before : 3);
        }
        items = grown;
        items[count] = count;
    }
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    free(items);
}

static void more_than_can_be_changes_nothing(void **state)
{
    char item = 1;
    size_t room = SIZE_MAX / 16 + 1; /* twice that is more than SIZE_MAX B */

    (void)state;
    assert_null(ota_grow(&item, room, &room, 1, 16));
    assert_int_equal(room, SIZE_MAX / 16 + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_doubles_and_items_stay),
        cmocka_unit_test(more_than_can_be_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
