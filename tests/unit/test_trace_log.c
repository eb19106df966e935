/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_trace_log.c - what a log keeps, and of whom.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "output/trace.h"

static void hears_its_devices_only(void **state)
{
    (void)state;
    struct ota_trace_log logs[3] = {
        {.device = 2}, {.device = 5}, {.device = 4000000000}};
    struct ota_trace_logs all = {logs, 3};
    const struct ota_observer observer = ota_trace_observer(&all);

    for (int kind = 0; kind < OTA_SEEN_KINDS; kind++)
        assert_true(observer.wants & UINT32_C(1) << kind);
    static const uint64_t heard[] = {0, 2, 3, 4, 5, 5, 6, 4000000000};
    for (size_t i = 0; i < sizeof(heard) / sizeof(heard[0]); i++) {
        const struct ota_observation seen = {
            .kind = OTA_SEEN_WAKE, .time_us = (int64_t)i, .device = heard[i]};
        observer.observe(observer.self, &seen);
    }
    assert_int_equal(logs[0].count, 1);
    assert_int_equal(logs[0].events[0].seen.time_us, 1);
    assert_int_equal(logs[1].count, 2);
    assert_int_equal(logs[2].count, 1);
    for (size_t i = 0; i < 3; i++) {
        assert_false(logs[i].final);
        ota_trace_release(&logs[i]);
        assert_int_equal(logs[i].count, 0);
    }
}

/* Books and results are kept as they were when they were told. */
static void keeps_what_was_told(void **state)
{
    (void)state;
    struct ota_device_record books = {.routine_bytes = 1, .charge_pc = 2};
    struct ota_transfer_result result = {.down_bytes = 3};
    struct ota_trace_log log = {.device = 0};
    struct ota_observation seen = {.kind = OTA_SEEN_END, .record = &books};
    seen.detail.transfer.result = &result;
    ota_trace_hear(&log, &seen);
    result.down_bytes = 33;
    books.routine_bytes = 11;
    books.outcome = OTA_OUTCOME_BRICKED;
    seen = (struct ota_observation){
        .kind = OTA_SEEN_FINAL, .time_us = 9, .record = &books};
    ota_trace_hear(&log, &seen);
    books.outcome = OTA_OUTCOME_SAFE_MODE;

    assert_int_equal(log.events[0].routine_bytes, 1);
    assert_int_equal(log.events[0].charge_pc, 2);
    assert_int_equal(log.events[0].seen.detail.transfer.result->down_bytes, 3);
    assert_int_equal(log.events[1].routine_bytes, 11);
    assert_true(log.final);
    assert_int_equal(log.final_us, 9);
    assert_int_equal(log.record.outcome, OTA_OUTCOME_BRICKED);
    ota_trace_release(&log);
}

static void begins_at_time_0(void **state)
{
    (void)state;
    struct ota_trace_log log = {.device = 0};
    struct ota_observation seen = {.kind = OTA_SEEN_PHASE, .time_us = 0};
    seen.detail.phase.since_us = -5;
    ota_trace_hear(&log, &seen);
    assert_int_equal(log.count, 0);
    seen.kind = OTA_SEEN_STATE;
    ota_trace_hear(&log, &seen);
    assert_int_equal(log.count, 1);
    ota_trace_release(&log);
}

/* A life that did not happen is told again and taken back, then comes the one
 * that did. */
static void forgets_what_was_undone(void **state)
{
    (void)state;
    struct ota_transfer_result result = {.down_bytes = 3};
    struct ota_trace_log log = {.device = 0};
    struct ota_observation begin = {.kind = OTA_SEEN_BEGIN, .time_us = 5};
    struct ota_observation end = {.kind = OTA_SEEN_END, .time_us = 9};
    end.detail.transfer.result = &result;

    ota_trace_hear(&log, &begin);
    ota_trace_hear(&log, &end);
    begin.undone = end.undone = true;
    ota_trace_hear(&log, &begin);
    ota_trace_hear(&log, &end);
    assert_int_equal(log.count, 0);
    end.undone = false;
    end.time_us = 12;
    ota_trace_hear(&log, &end);
    assert_int_equal(log.count, 1);
    assert_int_equal(log.events[0].seen.time_us, 12);
    ota_trace_release(&log);
}

/* Order of time; what happens at one instant stays as it was told. */
static void sorts_by_time_and_telling(void **state)
{
    enum { EVENTS = 1000 };
    struct ota_trace_log log = {.device = 0};

    (void)state;
    for (int i = 0; i < EVENTS; i++) {
        const struct ota_observation seen = {
            .kind = OTA_SEEN_WAKE,
            .time_us = i * 7919 % 100, /* every time ten times */
            .group = (uint32_t)i,
        };
        ota_trace_hear(&log, &seen);
    }
    ota_trace_sort(&log);
    assert_int_equal(log.count, EVENTS);
    for (size_t i = 0; i < EVENTS; i++)
        assert_int_equal(log.events[i].seen.time_us, i / 10);
    for (size_t i = 1; i < EVENTS; i++)
        if (log.events[i].seen.time_us == log.events[i - 1].seen.time_us)
            assert_true(log.events[i].seen.group >
                        log.events[i - 1].seen.group);
    ota_trace_release(&log);
}

static void formats_have_names(void **state)
{
    (void)state;
    assert_string_equal(ota_trace_format_names[OTA_TRACE_TEXT], "text");
    assert_string_equal(ota_trace_format_names[OTA_TRACE_NDJSON], "ndjson");
    assert_string_equal(ota_trace_format_names[OTA_TRACE_CHROME], "chrome");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hears_its_devices_only),
        cmocka_unit_test(keeps_what_was_told),
        cmocka_unit_test(begins_at_time_0),
        cmocka_unit_test(forgets_what_was_undone),
        cmocka_unit_test(sorts_by_time_and_telling),
        cmocka_unit_test(formats_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
