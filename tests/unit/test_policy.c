/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_policy.c - the words, the counters, the empty policy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "models/policy/policy.h"
#include "sim/base/clock.h"

static size_t count(const char *const *words)
{
    size_t n = 0;

    while (words[n])
        n++;
    return n;
}

/* A table that is short of a word would name the wrong one. */
static void every_word_is_there(void **state)
{
    (void)state;
    assert_int_equal(count(ota_counter_names), OTA_COUNTERS);
    assert_int_equal(count(ota_compare_words), OTA_EQUAL + 1);
    assert_int_equal(count(ota_math_words), OTA_MATH_FLOAT32 + 1);
    assert_int_equal(count(ota_scope_words), OTA_SCOPE_WAVE + 1);
    assert_int_equal(count(ota_action_words), OTA_DO_IN_FLIGHT + 1);
    assert_int_equal(count(ota_cancel_words), OTA_CANCEL_ALL + 1);
    assert_int_equal(count(ota_back_words), OTA_BACK_WAVE + 1);
    assert_int_equal(count(ota_late_words), OTA_LATE_APPEND_WAVE + 1);
    assert_int_equal(count(ota_if_current_words), OTA_CURRENT_FORCE + 1);
    assert_int_equal(count(ota_size_of_words), OTA_OF_REMAINING + 1);
    assert_int_equal(count(ota_round_words), OTA_ROUND_CEIL + 1);
    assert_int_equal(count(ota_assign_words), OTA_ASSIGN_POLL + 1);
    assert_int_equal(count(ota_sequence_words), OTA_SEQUENCE_LABEL + 1);
    assert_int_equal(count(ota_grow_words), OTA_GROW_EITHER + 1);
    assert_int_equal(count(ota_slot_words), OTA_SLOT_DOWNLOADING + 1);
    assert_int_equal(count(ota_cause_words), OTA_CAUSES);
    assert_int_equal(count(ota_at_end_words), OTA_END_CANCEL_ALL + 1);
    assert_int_equal(count(ota_learn_words), OTA_LEARN_HANDSHAKE + 1);
    assert_int_equal(count(ota_poll_phase_words), OTA_POLL_PHASE_EVEN + 1);
    assert_int_equal(count(ota_accept_words), OTA_ACCEPT_LOCK + 1);
    assert_int_equal(count(ota_accept_what_words), OTA_ACCEPT_INSTALL + 1);
    assert_int_equal(count(ota_confirm_words), OTA_CONFIRM_TIME + 1);
    assert_int_equal(count(ota_revert_words), OTA_REVERT_NEVER + 1);
    assert_int_equal(count(ota_image_form_words),
                     OTA_IMAGE_DELTA_ELSE_FULL + 1);
}

static void words_are_in_the_order_of_their_enums(void **state)
{
    (void)state;
    assert_string_equal(ota_counter_names[OTA_COUNT_TIMED_OUT], "timed_out");
    assert_string_equal(ota_counter_names[OTA_COUNT_IN_FLIGHT], "in_flight");
    assert_string_equal(ota_compare_words[OTA_AT_LEAST], ">=");
    assert_string_equal(ota_compare_words[OTA_LESS], "<");
    assert_string_equal(ota_math_words[OTA_MATH_FLOOR_PCT], "floor_pct");
    assert_string_equal(ota_action_words[OTA_DO_NEXT_WAVE], "next_wave");
    assert_string_equal(ota_action_words[OTA_DO_APPROVE], "approve");
    assert_string_equal(ota_action_words[OTA_DO_RATE], "rate");
    assert_string_equal(ota_round_words[OTA_ROUND_HALF_UP], "half_up");
    assert_string_equal(ota_sequence_words[OTA_SEQUENCE_FIRST_SEEN_NEWEST],
                        "first_seen_newest");
    assert_string_equal(ota_sequence_words[OTA_SEQUENCE_LABEL], "label");
    assert_string_equal(ota_back_words[OTA_BACK_UPDATED], "updated");
}

static void sums_are_of_their_parts(void **state)
{
    (void)state;
    struct ota_counts counts = {.kept = {[OTA_COUNT_TOTAL] = 1000,
                                         [OTA_COUNT_OFFERED] = 500,
                                         [OTA_COUNT_STARTED] = 400,
                                         [OTA_COUNT_SUCCEEDED] = 1,
                                         [OTA_COUNT_FAILED] = 2,
                                         [OTA_COUNT_REJECTED] = 4,
                                         [OTA_COUNT_TIMED_OUT] = 8,
                                         [OTA_COUNT_CANCELED] = 16,
                                         [OTA_COUNT_REMOVED] = 32,
                                         [OTA_COUNT_SKIPPED] = 64,
                                         [OTA_COUNT_BLOCKED] = 128}};

    assert_int_equal(ota_count(&counts, OTA_COUNT_BAD), 14);
    assert_int_equal(ota_count(&counts, OTA_COUNT_EXECUTED), 15);
    assert_int_equal(ota_count(&counts, OTA_COUNT_TERMINAL), 127);
    assert_int_equal(ota_count(&counts, OTA_COUNT_IN_FLIGHT), 373);
    assert_int_equal(ota_count(&counts, OTA_COUNT_BLOCKED), 128);
    assert_int_equal(ota_count(&counts, OTA_COUNT_TOTAL), 1000);

    /* Of those removed and skipped, 70 had no offer. */
    counts.unoffered = 70;
    assert_int_equal(ota_count(&counts, OTA_COUNT_IN_FLIGHT), 443);

    /* Of those failed, 2 were tried again. */
    counts.repeats = 2;
    assert_int_equal(ota_count(&counts, OTA_COUNT_IN_FLIGHT), 445);
    assert_int_equal(ota_count(&counts, OTA_COUNT_TERMINAL), 127);
}

static void the_empty_policy_is_at_once(void **state)
{
    (void)state;
    struct ota_policy policy;

    ota_policy_init(&policy);
    assert_true(ota_policy_is_at_once(&policy));
    assert_int_equal(policy.waves.count, 1);
    assert_string_equal(policy.waves.list[0].name, "rest");
    assert_true(policy.pace.late_paced);
    assert_true(policy.target.leave_removes);
    assert_int_equal(policy.attempt.retry.causes, 15);
    assert_true(ota_dist_draw_us(&policy.operator.approve, NULL) == 0);
}

/* Each of these takes something away from "at once". */
static void anything_else_is_not_at_once(void **state)
{
    (void)state;
    static const struct ota_policy_pace pace = {.late_paced = true};
    static const struct ota_rule rule = {.once = true};
    static const struct ota_wave waves[2] = {
        {.start = {.kind = OTA_START_AT}},
        {.start = {.kind = OTA_START_AT}},
    };
    struct ota_wave wave = waves[0];
    struct ota_policy policy;

#define NOT_WITH(change)                                                       \
    do {                                                                       \
        wave = waves[0];                                                       \
        ota_policy_init(&policy);                                              \
        policy.waves.list = &wave;                                             \
        assert_true(ota_policy_is_at_once(&policy));                           \
        change;                                                                \
        assert_false(ota_policy_is_at_once(&policy));                          \
    } while (0)

    NOT_WITH((policy.waves.list = waves, policy.waves.count = 2));
    NOT_WITH(wave.size.kind = OTA_SIZE_COUNT);
    NOT_WITH(wave.start.time_us = 1);
    NOT_WITH(wave.start.kind = OTA_START_APPROVAL);
    NOT_WITH(wave.reachable = true);
    NOT_WITH(wave.approval = true);
    NOT_WITH(wave.pace = &pace);
    NOT_WITH(policy.waves.assign = OTA_ASSIGN_POLL);
    NOT_WITH(policy.waves.repeat.size.kind = OTA_SIZE_COUNT);
    NOT_WITH(policy.pace.rate.limited = true);
    NOT_WITH(policy.pace.in_flight.max = 10);
    NOT_WITH(policy.pace.every_us = 1);
    NOT_WITH((policy.rules.list = &rule, policy.rules.count = 1));
    NOT_WITH(policy.attempt.timeout.after_us = OTA_US_PER_H);
    NOT_WITH(policy.attempt.timeout.step_us = OTA_US_PER_H);
    NOT_WITH(policy.attempt.retry.failed = 1);
    NOT_WITH(policy.attempt.retry.timed_out = 1);
    NOT_WITH(policy.attempt.penalty.on_failed_us = 1);
    NOT_WITH(policy.attempt.penalty.rate_n = 5);
    NOT_WITH(policy.windows.start_us = 1);
    NOT_WITH(policy.windows.end_us = OTA_US_PER_DAY);
    NOT_WITH(policy.windows.offer.count = 1);
    NOT_WITH(policy.target.late = OTA_LATE_IMMEDIATELY);
    NOT_WITH(policy.target.if_current = OTA_CURRENT_FORCE);
    NOT_WITH(policy.operator.retry_failed_us = 0);
#undef NOT_WITH
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_is_there),
        cmocka_unit_test(words_are_in_the_order_of_their_enums),
        cmocka_unit_test(sums_are_of_their_parts),
        cmocka_unit_test(the_empty_policy_is_at_once),
        cmocka_unit_test(anything_else_is_not_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
