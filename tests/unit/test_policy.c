/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_policy.c - whom a rollout reaches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "models/policy/policy.h"
#include "sim/base/clock.h"

static void at_once_reaches_all_and_rests(void **state)
{
    (void)state;
    struct ota_policy_view view = {.targets = 2000};
    struct ota_policy_decision decision;

    decision = ota_policy_at_once.decide(NULL, &view);
    assert_int_equal(decision.reach, 2000);
    assert_true(decision.next_us == OTA_NEVER);

    view.reached = 2000;
    decision = ota_policy_at_once.decide(NULL, &view);
    assert_int_equal(decision.reach, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_once_reaches_all_and_rests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
