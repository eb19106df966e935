/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_hearing.c - do reports come out by time, device and number, however
 * they went in?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "sim/base/random.h"
#include "sim/fleet/hearing.h"

static struct ota_hearing *hearing_new(void)
{
    struct ota_error error = {0};
    struct ota_hearing *hearing = ota_hearing_new(&error);

    assert_non_null(hearing);
    return hearing;
}

static struct ota_campaign_report report(int64_t time_us, uint32_t device,
                                         uint16_t serial)
{
    return (struct ota_campaign_report){
        .time_us = time_us,
        .device = device,
        .kind = OTA_REPORT_PROGRESS,
        .serial = serial,
    };
}

static void add(struct ota_hearing *hearing, int64_t time_us, uint32_t device,
                uint16_t serial)
{
    const struct ota_campaign_report added = report(time_us, device, serial);
    assert_true(ota_hearing_add(hearing, &added));
}

static void note(struct ota_report_log *log, int64_t time_us, uint32_t device,
                 uint16_t serial)
{
    const struct ota_campaign_report noted = report(time_us, device, serial);
    ota_report_log_add(log, &noted);
}

static void assert_next(struct ota_hearing *hearing, int64_t time_us,
                        uint32_t device, uint16_t serial)
{
    assert_int_equal(ota_hearing_next_us(hearing), time_us);
    const struct ota_campaign_report heard = ota_hearing_pop(hearing);
    assert_int_equal(heard.time_us, time_us);
    assert_int_equal(heard.device, device);
    assert_int_equal(heard.serial, serial);
}

static void nothing_is_heard_of_nobody(void **state)
{
    struct ota_hearing *hearing = hearing_new();
    struct ota_report_log logs[3] = {{.items = NULL}};

    (void)state;
    assert_int_equal(ota_hearing_next_us(hearing), OTA_NEVER);
    assert_true(ota_hearing_take(hearing, logs, 3));
    assert_true(ota_hearing_take(hearing, NULL, 0));
    assert_int_equal(ota_hearing_next_us(hearing), OTA_NEVER);
    ota_hearing_free(hearing);
    ota_hearing_free(NULL);
}

static void by_time_then_device_then_number(void **state)
{
    struct ota_hearing *hearing = hearing_new();

    (void)state;
    add(hearing, 7, 2, 1);
    add(hearing, 7, 1, 2);
    add(hearing, 3, 9, 3);
    add(hearing, 7, 1, 4);
    add(hearing, -2, 5, 5);
    add(hearing, 7, 2, 6);
    assert_next(hearing, -2, 5, 5);
    assert_next(hearing, 3, 9, 3);
    assert_next(hearing, 7, 1, 2);
    add(hearing, 7, 0, 7); /* of an instant that is being heard */
    assert_next(hearing, 7, 0, 7);
    assert_next(hearing, 7, 1, 4);
    assert_next(hearing, 7, 2, 1);
    assert_next(hearing, 7, 2, 6);
    assert_int_equal(ota_hearing_next_us(hearing), OTA_NEVER);
    ota_hearing_free(hearing);
}

static void what_was_heard_before_is_dropped(void **state)
{
    struct ota_hearing *hearing = hearing_new();
    struct ota_report_log log = {.after_us = 10};

    (void)state;
    note(&log, 9, 1, 1);
    note(&log, 10, 1, 2);
    note(&log, 11, 1, 3);
    log.after_us = INT64_MIN;
    note(&log, 4, 1, 4);
    assert_int_equal(log.count, 2);
    assert_true(ota_hearing_take(hearing, &log, 1));
    assert_int_equal(log.count, 0);
    assert_next(hearing, 4, 1, 4);
    assert_next(hearing, 11, 1, 3);
    assert_int_equal(ota_hearing_next_us(hearing), OTA_NEVER);
    ota_report_log_release(&log);
    ota_hearing_free(hearing);
}

/* Long runs are kept, short ones are not: they come in one order. */
static void runs_of_others_come_in_between(void **state)
{
    enum { LONG = 300, SHORT = 3 };
    struct ota_hearing *hearing = hearing_new();
    struct ota_campaign_report items[LONG];

    (void)state;
    for (int i = 0; i < LONG; i++)
        items[i] = report(10 * i, 7, 1);
    assert_true(ota_hearing_take_run(hearing, items, LONG));
    for (int i = 0; i < SHORT; i++)
        items[i] = report(10 * i, i == 1 ? 7 : 6, 2);
    assert_true(ota_hearing_take_run(hearing, items, SHORT));
    assert_true(ota_hearing_take_run(hearing, NULL, 0));

    assert_next(hearing, 0, 6, 2);
    assert_next(hearing, 0, 7, 1);
    assert_next(hearing, 10, 7, 1); /* the same device's, as they were taken */
    assert_next(hearing, 10, 7, 2);
    assert_next(hearing, 20, 6, 2);
    for (int i = 2; i < LONG; i++)
        assert_next(hearing, 10 * i, 7, 1);
    assert_int_equal(ota_hearing_next_us(hearing), OTA_NEVER);
    ota_hearing_free(hearing);
}

static void what_is_missing_is_not_passed_over(void **state)
{
    struct ota_hearing *hearing = hearing_new();
    struct ota_report_log logs[2] = {{.items = NULL}};

    (void)state;
    note(&logs[0], 1, 1, 1);
    logs[1].failed = true;
    note(&logs[1], 2, 2, 2);
    assert_int_equal(logs[1].count, 0);
    assert_false(ota_hearing_take(hearing, logs, 2));
    ota_report_log_release(&logs[0]);
    ota_hearing_free(hearing);
}

/* --- against a list that is searched --- */

enum { LOGS = 4, ROUNDS = 60, NOTED_MAX = 40000, TIMES = 500, DEVICES = 30 };

/* All that is on its way, in the order in which it was noted. */
struct model {
    struct ota_campaign_report items[NOTED_MAX];
    size_t count;
    uint16_t serial;
};

static size_t draw(struct ota_stream *stream, size_t count)
{
    return (size_t)((double)count * gsl_rng_uniform(&stream->rng));
}

static struct ota_campaign_report made(struct model *model, size_t device,
                                       int64_t time_us)
{
    const struct ota_campaign_report one =
        report(time_us, (uint32_t)device, model->serial++);

    assert_true(model->count < NOTED_MAX);
    model->items[model->count++] = one;
    return one;
}

static void pop_both(struct model *model, struct ota_hearing *hearing)
{
    size_t first = 0;

    for (size_t i = 1; i < model->count; i++) {
        const struct ota_campaign_report *a = &model->items[i];
        const struct ota_campaign_report *b = &model->items[first];
        if (a->time_us < b->time_us ||
            (a->time_us == b->time_us && a->device < b->device))
            first = i;
    }
    const struct ota_campaign_report *expected = &model->items[first];
    assert_next(hearing, expected->time_us, expected->device, expected->serial);
    memmove(&model->items[first], &model->items[first + 1],
            (--model->count - first) * sizeof(*model->items));
}

/* One round: devices of each log note some, perhaps in bulk; a few come one by
 * one; some are heard, and those may lead to others at once. */
static void play(struct model *model, struct ota_hearing *hearing,
                 struct ota_report_log *logs, struct ota_stream *stream,
                 int64_t now_us)
{
    const size_t bulk = draw(stream, 3) == 0 ? 300 : 20;

    for (size_t l = 0; l < LOGS; l++) {
        const size_t count = draw(stream, bulk);
        for (size_t i = 0; i < count; i++) {
            const struct ota_campaign_report one =
                made(model, l * DEVICES + draw(stream, DEVICES),
                     now_us + (int64_t)draw(stream, TIMES));
            ota_report_log_add(&logs[l], &one);
        }
    }
    assert_true(ota_hearing_take(hearing, logs, LOGS));
    const size_t heard =
        draw(stream, 2) ? model->count : draw(stream, model->count + 1);
    for (size_t i = 0; i < heard; i++) {
        const int64_t at_us = ota_hearing_next_us(hearing);
        if (draw(stream, 8) == 0) {
            const struct ota_campaign_report one =
                made(model, draw(stream, LOGS * DEVICES),
                     at_us + (int64_t)draw(stream, 3));
            assert_true(ota_hearing_add(hearing, &one));
        }
        pop_both(model, hearing);
    }
}

/* Reports of one device always come by the same log. */
static void bulk_and_single_ones_come_in_one_order(void **state)
{
    static struct model model;
    const struct ota_random_key key = {.seed = 5};
    struct ota_hearing *hearing = hearing_new();
    struct ota_report_log logs[LOGS];
    struct ota_stream stream;

    (void)state;
    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_FREE, 0);
    for (size_t l = 0; l < LOGS; l++)
        logs[l] = (struct ota_report_log){.after_us = INT64_MIN};
    for (int round = 0; round < ROUNDS; round++)
        play(&model, hearing, logs, &stream, 100 * round);
    while (model.count > 0)
        pop_both(&model, hearing);
    assert_int_equal(ota_hearing_next_us(hearing), OTA_NEVER);
    for (size_t l = 0; l < LOGS; l++)
        ota_report_log_release(&logs[l]);
    ota_hearing_free(hearing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_heard_of_nobody),
        cmocka_unit_test(by_time_then_device_then_number),
        cmocka_unit_test(what_was_heard_before_is_dropped),
        cmocka_unit_test(runs_of_others_come_in_between),
        cmocka_unit_test(what_is_missing_is_not_passed_over),
        cmocka_unit_test(bulk_and_single_ones_come_in_one_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
