/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_sleep_trace.c - wakes from a file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "models/sleep/sleep.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"

enum { DEVICES = 200, TURNS = 50 };

static const struct ota_sleep_model *const trace = &ota_sleep_trace;

/* A week's record, in seconds. */
static const int64_t record_s[] = {3600, 60, 86400, 1, 7200, 507539};

enum { RECORD = sizeof(record_s) / sizeof(*record_s) };

static const char record_text[] =
    "# wakes of one device\n1h\n60s\n\n1d\n1s # pressed twice\n2h\n507539s\n";

struct fixture {
    struct ota_arena arena;
    char folder[64];
};

static void write_file(const struct fixture *fixture, const char *text)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/wakes.txt", fixture->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){.folder = "/tmp/otasim-trace-XXXXXX"};
    *state = &fixture;
    return mkdtemp(fixture.folder) ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    char path[128];

    snprintf(path, sizeof(path), "%s/wakes.txt", fixture->folder);
    unlink(path);
    ota_arena_release(&fixture->arena);
    return rmdir(fixture->folder);
}

static bool prepare(struct fixture *fixture, void *config, char *problem,
                    size_t problem_size)
{
    const struct ota_field_context context = {.arena = &fixture->arena,
                                              .folder = fixture->folder};

    return trace->model.prepare(config, &context, problem, problem_size);
}

static void *unprepared(struct fixture *fixture, const char *phase)
{
    void *config = model_fixture_config(&trace->model, &fixture->arena);

    model_fixture_set(&trace->model, config, &fixture->arena, "file",
                      "wakes.txt");
    model_fixture_set(&trace->model, config, &fixture->arena, "phase", phase);
    return config;
}

static void *prepared(struct fixture *fixture, const char *phase)
{
    void *config = unprepared(fixture, phase);
    char problem[256] = "";

    if (!prepare(fixture, config, problem, sizeof(problem)))
        fail_msg("%s", problem);
    return config;
}

static void aligned_wakes_are_those_of_the_record(void **state)
{
    struct fixture *fixture = *state;
    struct ota_stream stream;

    write_file(fixture, record_text);
    const void *config = prepared(fixture, "aligned");
    model_fixture_stream(&stream, 0);
    assert_int_equal(trace->lead_us(config), 7 * OTA_US_PER_DAY);
    int64_t wake_us = trace->first_us(config, &stream.rng);
    int64_t wanted_us = 0;
    for (int i = 0; i < TURNS * RECORD; i++) {
        assert_int_equal(wake_us, wanted_us);
        wanted_us += record_s[i % RECORD] * OTA_US_PER_S;
        /* Between two wakes, the same one comes next. */
        if (i % 2 == 1)
            wake_us += 1;
        wake_us = trace->next_us(config, wake_us, &stream.rng);
    }
}

/* Which interval of the record took that long, give or take the few
 * microseconds by which wakes are moved; fails if none did. */
static size_t interval_of(int64_t took_us)
{
    for (size_t i = 0; i < RECORD; i++)
        if (llabs(took_us - record_s[i] * OTA_US_PER_S) < 2 * RECORD)
            return i;
    fail_msg("no interval took %lld us", (long long)took_us);
    return RECORD;
}

static void each_device_keeps_the_order_of_the_record(void **state)
{
    struct fixture *fixture = *state;
    bool begun[RECORD] = {false};

    write_file(fixture, record_text);
    const void *config = prepared(fixture, "random");
    for (uint64_t d = 0; d < DEVICES; d++) {
        struct ota_stream stream;

        model_fixture_stream(&stream, d);
        const int64_t lead_us = trace->lead_us(config);
        const int64_t waited_us = trace->first_us(config, &stream.rng);
        assert_in_range(waited_us, 0, lead_us);
        /* Set down after some leads. */
        const int64_t first_us = (int64_t)(d % 7) * lead_us + waited_us;
        int64_t wake_us = first_us;
        size_t last = RECORD;
        for (int i = 0; i < TURNS * RECORD; i++) {
            const int64_t next_us =
                trace->next_us(config, wake_us, &stream.rng);
            const size_t interval = interval_of(next_us - wake_us);
            if (last == RECORD) {
                /* It was set down within the interval before. */
                const size_t before = (interval + RECORD - 1) % RECORD;
                assert_true(waited_us <=
                            record_s[before] * OTA_US_PER_S + RECORD);
                begun[interval] = true;
            } else {
                assert_int_equal(interval, (last + 1) % RECORD);
            }
            last = interval;
            wake_us = next_us;
        }
        /* It does not drift: a turn is the sum, to within 6 us. */
        assert_in_range(TURNS * 7 * OTA_US_PER_DAY - (wake_us - first_us), 0,
                        TURNS * RECORD);
    }
    assert_true(begun[0] && begun[3]); /* behind the two longest */
}

static void one_interval_is_a_clock(void **state)
{
    struct fixture *fixture = *state;
    struct ota_stream stream;

    write_file(fixture, "1h");
    const void *config = prepared(fixture, "random");
    model_fixture_stream(&stream, 0);
    const int64_t first_us = trace->first_us(config, &stream.rng);
    assert_in_range(first_us, 0, OTA_US_PER_H);
    assert_int_equal(trace->next_us(config, first_us, &stream.rng),
                     first_us + OTA_US_PER_H);
    assert_int_equal(trace->lead_us(config), OTA_US_PER_H);
}

/* Intervals of 1 s a thousand times: the wakes move by 1 ms at most. */
static void short_intervals_stay_apart(void **state)
{
    enum { COUNT = 1000 };
    struct fixture *fixture = *state;
    static char text[COUNT * 3 + 1];
    struct ota_stream stream;

    for (size_t i = 0; i < COUNT; i++)
        memcpy(text + 3 * i, "1s\n", 4);
    write_file(fixture, text);
    const void *config = prepared(fixture, "random");
    model_fixture_stream(&stream, 0);
    int64_t wake_us = trace->first_us(config, &stream.rng);
    for (int i = 0; i < 3 * COUNT; i++) {
        const int64_t next_us = trace->next_us(config, wake_us, &stream.rng);
        assert_in_range(next_us - wake_us, OTA_US_PER_S - COUNT,
                        OTA_US_PER_S + COUNT);
        wake_us = next_us;
    }
}

static void check_problem(struct fixture *fixture, const char *text,
                          const char *wanted)
{
    void *config = unprepared(fixture, "random");
    char problem[256] = "";

    write_file(fixture, text);
    assert_false(prepare(fixture, config, problem, sizeof(problem)));
    if (!strstr(problem, wanted) || !strstr(problem, "wakes.txt"))
        fail_msg("\"%s\" instead of \"%s\"", problem, wanted);
}

static void wrong_files_are_explained(void **state)
{
    struct fixture *fixture = *state;
    char problem[256] = "";

    check_problem(fixture, "", "has no amounts; write one a line");
    check_problem(fixture, "1h\n60\n", "line 2: ");
    check_problem(fixture, "1h\n999ms\n",
                  "an interval is too short; it must be 1s or more");
    check_problem(fixture, "3000d\n3000d\n",
                  "the intervals are too long; they must sum to 3660d at most");
    check_problem(fixture, "1e200d\n", "the intervals are too long");

    void *config = unprepared(fixture, "random");
    model_fixture_set(&trace->model, config, &fixture->arena, "file",
                      "missing.txt");
    assert_false(prepare(fixture, config, problem, sizeof(problem)));
    assert_non_null(strstr(problem, "cannot open "));

    static char name[5000];
    memset(name, 'n', sizeof(name) - 1);
    model_fixture_set(&trace->model, config, &fixture->arena, "file", name);
    assert_false(prepare(fixture, config, problem, sizeof(problem)));
    assert_string_equal(problem, "the file's name is too long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(aligned_wakes_are_those_of_the_record,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            each_device_keeps_the_order_of_the_record, setup, teardown),
        cmocka_unit_test_setup_teardown(one_interval_is_a_clock, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(short_intervals_stay_apart, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(wrong_files_are_explained, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
