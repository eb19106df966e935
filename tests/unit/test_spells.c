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

    ota_spells_add(&spells, 10, true);
    ota_spells_add(&spells, 20, false);
    assert_int_equal(ota_spells_at(&spells, 9), 0);
    assert_int_equal(ota_spells_at(&spells, 10), 1);
    assert_int_equal(ota_spells_at(&spells, 19), 1);
    assert_int_equal(ota_spells_at(&spells, 20), 0);
    ota_spells_release(&spells);
}

/* Device d is at it from d to d + 10, told in a scattered order, some of it
 * twice and taken back. */
static void many_spells_add_up(void **state)
{
    (void)state;
    enum { DEVICES = 997 };
    struct ota_spells spells = {0};

    for (int64_t i = 0; i < DEVICES; i++) {
        const int64_t d = i * 389 % DEVICES;
        ota_spells_add(&spells, d, true);
        ota_spells_add(&spells, d + 10, false);
        if (d % 3 > 0)
            continue;
        ota_spells_add(&spells, d + 5, true);
        ota_spells_take_back(&spells, d + 5, true);
    }
    for (int64_t t = 0; t < DEVICES + 20; t++) {
        int64_t wanted = 0;
        for (int64_t d = 0; d < DEVICES; d++)
            wanted += d <= t && t < d + 10;
        assert_int_equal(ota_spells_at(&spells, t), wanted);
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
        ota_spells_add(&spells, i, true);
        ota_spells_take_back(&spells, i, true);
    }
    ota_spells_add(&spells, 5, true);
    assert_int_equal(ota_spells_at(&spells, 5), 1);
    assert_true(spells.room <= 64);
    ota_spells_release(&spells);
}

/* On a thread that did not tell it: the first thing is taken back. */
static void nothing_but_taken_back(void **state)
{
    (void)state;
    struct ota_spells spells = {0};

    ota_spells_take_back(&spells, 7, true);
    assert_int_equal(ota_spells_at(&spells, 7), -1);
    ota_spells_release(&spells);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_end_belongs_to_its_instant),
        cmocka_unit_test(many_spells_add_up),
        cmocka_unit_test(what_is_taken_back_takes_no_room),
        cmocka_unit_test(nothing_but_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
