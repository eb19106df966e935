/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_spells.c - how many were at it when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/stats/spells.h"

static void an_end_belongs_to_its_instant(void **state)
{
    (void)state;
    struct ota_spells spells = {0};

    ota_spells_add(&spells, 10, 0, 1);
    ota_spells_add(&spells, 20, 0, -1);
    assert_int_equal(ota_spells_at(&spells, 0, 9), 0);
    assert_int_equal(ota_spells_at(&spells, 0, 10), 1);
    assert_int_equal(ota_spells_at(&spells, 0, 19), 1);
    assert_int_equal(ota_spells_at(&spells, 0, 20), 0);
    assert_int_equal(ota_spells_at(&spells, 1, 15), 0);
    ota_spells_release(&spells);
}

/* Device d of group d % 3 is at it from d to d + 10, told in a scattered
 * order, for lists of any length. */
static void many_spells_add_up(void **state)
{
    (void)state;
    enum { DEVICES = 997 };
    struct ota_spells spells = {0};

    for (int64_t i = 0; i < DEVICES; i++) {
        const int64_t d = i * 389 % DEVICES;
        ota_spells_add(&spells, d, (uint32_t)(d % 3), 1);
        ota_spells_add(&spells, d + 10, (uint32_t)(d % 3), -1);
    }
    for (int64_t t = 0; t < DEVICES + 20; t++) {
        for (uint32_t g = 0; g < 3; g++) {
            int64_t wanted = 0;
            for (int64_t d = 0; d < DEVICES; d++)
                wanted += d % 3 == g && d <= t && t < d + 10;
            assert_int_equal(ota_spells_at(&spells, g, t), wanted);
        }
    }
    assert_false(spells.no_memory);
    ota_spells_release(&spells);
}

/* A million spells told and taken back need the room of the few that
 * stand. */
static void what_is_taken_back_takes_no_room(void **state)
{
    (void)state;
    struct ota_spells spells = {0};

    for (int64_t i = 0; i < 1000000; i++) {
        ota_spells_add(&spells, i, 0, 1);
        ota_spells_add(&spells, i, 0, -1);
    }
    ota_spells_add(&spells, 5, 0, 1);
    assert_int_equal(ota_spells_at(&spells, 0, 5), 1);
    assert_true(spells.room <= 64);
    ota_spells_release(&spells);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_end_belongs_to_its_instant),
        cmocka_unit_test(many_spells_add_up),
        cmocka_unit_test(what_is_taken_back_takes_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
