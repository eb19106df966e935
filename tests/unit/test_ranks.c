/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_ranks.c - a process that is alone agrees with itself. Several are in
 * tests/ranks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/ranks/ranks.h"

static void one_is_the_first_of_one(void **state)
{
    (void)state;
    assert_int_equal(ota_ranks_self(NULL), 0);
    assert_int_equal(ota_ranks_count(NULL), 1);
    assert_int_equal(ota_ranks_here(NULL), 1);
    assert_int_equal(ota_ranks_end(NULL, 3), 3);
}

static void one_agrees_with_itself(void **state)
{
    struct ota_error error = {.failed = false};

    (void)state;
    assert_true(ota_ranks_agree(NULL, true, &error));
    assert_false(ota_ranks_agree(NULL, false, &error));
    assert_true(ota_ranks_agree(NULL, true, &error));
    assert_false(error.failed);
}

static void one_hears_itself(void **state)
{
    struct ota_error error = {.failed = false};
    int64_t values[2] = {5, -7};
    void *all;
    size_t size;

    (void)state;
    assert_true(ota_ranks_share(NULL, true, values, sizeof(values), &all, &size,
                                &error));
    assert_int_equal(size, sizeof(values));
    assert_memory_equal(all, values, size);
    free(all);
    assert_true(ota_ranks_share(NULL, true, NULL, 0, &all, &size, &error));
    assert_null(all);
    assert_false(ota_ranks_share(NULL, false, values, sizeof(values), &all,
                                 &size, &error));
    assert_null(all);
    assert_int_equal(size, 0);

    ota_ranks_sum(NULL, values, 2);
    ota_ranks_pass(NULL, 0, values, sizeof(values));
    assert_int_equal(values[0], 5);
    assert_int_equal(values[1], -7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_the_first_of_one),
        cmocka_unit_test(one_agrees_with_itself),
        cmocka_unit_test(one_hears_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
