/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_store.c - what is put is found, whatever the process dies of, and a file
 * that is something else is left alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/experiment/store.h"

static const char *const measures[] = {"charge", "bytes", "meters.charge"};
enum { MEASURES = 3 };

/* A path in a folder of its own. */
static int make_place(void **state)
{
    char *path = malloc(64);

    assert_non_null(path);
    snprintf(path, 64, "/tmp/test_store.XXXXXX");
    assert_non_null(mkdtemp(path));
    strcat(path, "/sweep.units");
    *state = path;
    return 0;
}

static int remove_place(void **state)
{
    char *path = *state;

    ota_store_remove(path);
    *strrchr(path, '/') = '\0';
    assert_int_equal(rmdir(path), 0); /* nothing is left beside it */
    free(path);
    return 0;
}

static struct ota_store *open_store(const char *path)
{
    struct ota_error error = {.failed = false};
    struct ota_store *store = ota_store_open(path, "1.0", &error);

    assert_string_equal(error.message, "");
    assert_non_null(store);
    return store;
}

static void put(struct ota_store *store, const struct ota_store_unit *unit,
                double charge, double bytes, double meters)
{
    const double values[MEASURES] = {charge, bytes, meters};
    struct ota_error error = {.failed = false};

    assert_true(ota_store_put(store, unit, measures, MEASURES, values, &error));
}

static bool find(struct ota_store *store, const struct ota_store_unit *unit,
                 double values[MEASURES])
{
    struct ota_error error = {.failed = false};
    bool found;

    assert_true(ota_store_find(store, unit, measures, MEASURES, values, &found,
                               &error));
    return found;
}

static int64_t count(struct ota_store *store)
{
    struct ota_error error = {.failed = false};
    int64_t units;

    assert_true(ota_store_count(store, &units, &error));
    return units;
}

/* --- putting and finding --- */

static void what_is_put_is_found(void **state)
{
    const struct ota_store_unit unit = {"{\"a\": 1}", UINT64_MAX, 7};
    const struct ota_store_unit others[] = {
        {"{\"a\": 2}", UINT64_MAX, 7},
        {"{\"a\": 1}", UINT64_MAX - 1, 7},
        {"{\"a\": 1}", UINT64_MAX, 8},
    };
    double values[MEASURES];

    struct ota_store *store = open_store(*state);
    assert_false(find(store, &unit, values));
    put(store, &unit, 0.1, NAN, -INFINITY);
    for (int again = 0; again < 2; again++) {
        assert_true(find(store, &unit, values));
        assert_true(values[0] == 0.1 && isnan(values[1]) &&
                    values[2] == -INFINITY);
        for (size_t o = 0; o < 3; o++)
            assert_false(find(store, &others[o], values));
        assert_int_equal(count(store), 1);
        ota_store_close(store);
        store = open_store(*state);
    }
    ota_store_close(store);
}

static void one_measure_more_is_not_found(void **state)
{
    static const char *const more[] = {"meters.charge", "charge", "cost"};
    const struct ota_store_unit unit = {"{}", 1, 0};
    struct ota_error error = {.failed = false};
    double values[3];
    bool found;

    struct ota_store *store = open_store(*state);
    put(store, &unit, 1.0, 2.0, 3.0);
    assert_true(ota_store_find(store, &unit, more, 2, values, &found, &error));
    assert_true(found && values[0] == 3.0 && values[1] == 1.0);
    assert_true(ota_store_find(store, &unit, more, 3, values, &found, &error));
    assert_false(found);
    const double cost = 4.0;
    assert_true(ota_store_put(store, &unit, &more[2], 1, &cost, &error));
    assert_true(ota_store_find(store, &unit, more, 3, values, &found, &error));
    assert_true(found && values[2] == 4.0);
    ota_store_close(store);
}

static void packed_results_are_kept(void **state)
{
    const struct ota_store_unit unit = {"{}", 1, 0}, other = {"{}", 1, 1};
    const char bytes[] = "a\0b";
    struct ota_error error = {.failed = false};
    void *found;
    size_t size;

    struct ota_store *store = open_store(*state);
    assert_true(ota_store_put_blob(store, &unit, bytes, sizeof(bytes), &error));
    assert_true(ota_store_find_blob(store, &unit, &found, &size, &error));
    assert_int_equal(size, sizeof(bytes));
    assert_memory_equal(found, bytes, size);
    free(found);
    assert_true(ota_store_find_blob(store, &other, &found, &size, &error));
    assert_null(found);
    assert_int_equal(count(store), 1);
    ota_store_close(store);
}

static void notes_are_kept(void **state)
{
    struct ota_error error = {.failed = false};
    char *value;

    struct ota_store *store = open_store(*state);
    assert_true(ota_store_noted(store, "part", &value, &error));
    assert_null(value);
    assert_true(ota_store_note(store, "part", "2/3", &error));
    ota_store_close(store);
    store = open_store(*state);
    assert_true(ota_store_noted(store, "part", &value, &error));
    assert_string_equal(value, "2/3");
    free(value);
    ota_store_close(store);
}

static void note_lost(void *context, int rank, int64_t units)
{
    int64_t *lost = context;

    lost[rank] += units;
}

static void units_that_never_came_back_are_told(void **state)
{
    struct ota_error error = {.failed = false};
    int64_t lost[3] = {0};

    struct ota_store *store = open_store(*state);
    for (int64_t r = 0; r < 6; r++) {
        const struct ota_store_unit unit = {"{}", 1, r};
        assert_true(ota_store_deal(store, &unit, r % 2 == 0 ? 2 : 0, &error));
        if (r < 3)
            put(store, &unit, 1.0, 2.0, 3.0);
    }
    ota_store_close(store);
    store = open_store(*state);
    assert_true(ota_store_lost(store, note_lost, lost, &error));
    assert_true(lost[0] == 2 && lost[1] == 0 && lost[2] == 1);
    assert_true(ota_store_lost(store, note_lost, lost, &error));
    assert_int_equal(lost[0], 2);
    ota_store_close(store);
}

/* --- one into another --- */

static void a_store_takes_in_another(void **state)
{
    const char *const path = *state;
    struct ota_error error = {.failed = false};
    double values[MEASURES];
    char other[128];

    snprintf(other, sizeof(other), "%s.other", path);
    struct ota_store *store = open_store(other);
    for (int64_t r = 0; r < 5; r++)
        put(store, &(struct ota_store_unit){"{\"b\":1}", 3, r}, (double)r, NAN,
            -1.0);
    ota_store_close(store);

    store = open_store(path);
    put(store, &(struct ota_store_unit){"{\"a\":1}", 3, 0}, 7.0, 8.0, 9.0);
    assert_true(ota_store_absorb(store, other, &error));
    assert_true(ota_store_absorb(store, other, &error)); /* again is nothing */
    assert_int_equal(count(store), 6);
    assert_true(
        find(store, &(struct ota_store_unit){"{\"b\":1}", 3, 4}, values));
    assert_true(values[0] == 4.0 && isnan(values[1]) && values[2] == -1.0);
    bool knows;
    assert_true(ota_store_knows(store, "{\"b\":1}", &knows, &error));
    assert_true(knows);
    assert_true(ota_store_knows(store, "{\"c\":1}", &knows, &error));
    assert_false(knows);
    ota_store_close(store);
    ota_store_remove(other);
}

static void a_temporary_store_is_nowhere(void **state)
{
    double values[MEASURES];
    const struct ota_store_unit unit = {"{}", 1, 0};

    (void)state;
    struct ota_store *store = open_store(NULL);
    put(store, &unit, 1.0, 2.0, 3.0);
    assert_true(find(store, &unit, values));
    ota_store_close(store);
    store = open_store(NULL);
    assert_false(find(store, &unit, values));
    ota_store_close(store);
}

/* --- trouble --- */

static void refuse(const char *path, const char *version, const char *words)
{
    struct ota_error error = {.failed = false};

    assert_null(ota_store_open(path, version, &error));
    assert_true(error.failed);
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, words));
}

static void one_in_use_is_refused(void **state)
{
    struct ota_store *store = open_store(*state);

    refuse(*state, "1.0", "in use");
    ota_store_close(store);
}

static void another_versions_is_refused(void **state)
{
    struct ota_error error = {.failed = false};

    ota_store_close(open_store(*state));
    refuse(*state, "1.1", "otasim 1.0");
    struct ota_store *store = ota_store_open(NULL, "1.1", &error);
    assert_false(ota_store_absorb(store, *state, &error));
    assert_non_null(strstr(error.message, "otasim 1.0"));
    ota_store_close(store);
}

static char *read_all(const char *path, long *size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *size = ftell(file);
    rewind(file);
    char *bytes = malloc((size_t)*size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)*size, file), *size);
    fclose(file);
    return bytes;
}

static void write_all(const char *path, const char *bytes, long size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, (size_t)size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Refused, and as it was. */
static void left_alone(const char *path, const char *bytes, long size,
                       const char *words)
{
    long after_size;

    write_all(path, bytes, size);
    refuse(path, "1.0", words);
    char *after = read_all(path, &after_size);
    assert_int_equal(after_size, size);
    assert_memory_equal(after, bytes, (size_t)size);
    free(after);
}

static void what_is_no_store_is_left_alone(void **state)
{
    static const char text[] =
        "this is a letter to a friend, and somewhat longer than the header of "
        "a database, which has one hundred bytes";
    long size;

    left_alone(*state, text, sizeof(text), "no store");
    left_alone(*state, "short", 5, "no store");

    struct ota_store *store = open_store(NULL);
    struct ota_error error = {.failed = false};
    assert_false(ota_store_absorb(store, *state, &error));
    assert_non_null(strstr(error.message, "no store"));
    ota_store_close(store);
    ota_store_remove(*state);

    /* A store that has lost its end, and one that was written over. */
    store = open_store(*state);
    for (int64_t r = 0; r < 1000; r++)
        put(store, &(struct ota_store_unit){"{}", 1, r}, 1.0, 2.0, 3.0);
    ota_store_close(store);
    char *bytes = read_all(*state, &size);
    left_alone(*state, bytes, size - 5000, "damaged");
    memset(bytes + size / 2, 0x5a, 8192);
    left_alone(*state, bytes, size, "damaged");
    free(bytes);
}

/* A store that takes in a damaged one has what it had. */
static void nothing_is_taken_in_of_a_damaged_one(void **state)
{
    struct ota_error error = {.failed = false};
    double values[MEASURES];
    long size;

    struct ota_store *store = open_store(*state);
    for (int64_t r = 0; r < 1000; r++)
        put(store, &(struct ota_store_unit){"{}", 1, r}, 1.0, 2.0, 3.0);
    ota_store_close(store);
    char *bytes = read_all(*state, &size);
    memset(bytes + size - 8192, 0x5a, 8192);
    write_all(*state, bytes, size);
    free(bytes);

    store = open_store(NULL);
    put(store, &(struct ota_store_unit){"{\"own\":1}", 1, 0}, 4.0, 5.0, 6.0);
    assert_false(ota_store_absorb(store, *state, &error));
    assert_int_equal(count(store), 1);
    assert_true(
        find(store, &(struct ota_store_unit){"{\"own\":1}", 1, 0}, values));
    put(store, &(struct ota_store_unit){"{}", 1, 0}, 4.0, 5.0, 6.0);
    assert_true(find(store, &(struct ota_store_unit){"{}", 1, 0}, values));
    ota_store_close(store);
}

/* Puts until it is killed; a byte down the pipe for each that is there. */
static void put_for_ever(const char *path, int told)
{
    struct ota_error error = {.failed = false};
    struct ota_store *store = ota_store_open(path, "1.0", &error);

    for (int64_t r = 0; store; r++) {
        const struct ota_store_unit unit = {"{}", 1, r};
        const double values[MEASURES] = {(double)r, NAN, -(double)r};
        if (!ota_store_deal(store, &unit, 0, &error) ||
            !ota_store_put(store, &unit, measures, MEASURES, values, &error) ||
            write(told, "", 1) != 1)
            break;
    }
    _exit(1);
}

static void a_killed_process_leaves_what_it_put(void **state)
{
    double values[MEASURES];

    for (int trial = 0; trial < 5; trial++) {
        int pipes[2], status;
        char byte;
        int64_t told = 0;
        assert_int_equal(pipe(pipes), 0);
        const pid_t child = fork();
        if (child == 0)
            put_for_ever(*state, pipes[1]);
        close(pipes[1]);
        while (told < 100 + 50 * trial && read(pipes[0], &byte, 1) == 1)
            told++;
        assert_int_equal(kill(child, SIGKILL), 0);
        while (read(pipes[0], &byte, 1) == 1)
            told++;
        close(pipes[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));

        struct ota_store *store = open_store(*state);
        assert_true(told >= 100);
        assert_true(count(store) >= told);
        for (int64_t r = 0; r < told; r++) {
            const struct ota_store_unit unit = {"{}", 1, r};
            assert_true(find(store, &unit, values));
            assert_true(values[0] == (double)r && isnan(values[1]));
        }
        ota_store_close(store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_put_is_found, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(one_measure_more_is_not_found,
                                        make_place, remove_place),
        cmocka_unit_test_setup_teardown(packed_results_are_kept, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(notes_are_kept, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(units_that_never_came_back_are_told,
                                        make_place, remove_place),
        cmocka_unit_test_setup_teardown(a_store_takes_in_another, make_place,
                                        remove_place),
        cmocka_unit_test(a_temporary_store_is_nowhere),
        cmocka_unit_test_setup_teardown(one_in_use_is_refused, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(another_versions_is_refused, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(what_is_no_store_is_left_alone,
                                        make_place, remove_place),
        cmocka_unit_test_setup_teardown(nothing_is_taken_in_of_a_damaged_one,
                                        make_place, remove_place),
        cmocka_unit_test_setup_teardown(a_killed_process_leaves_what_it_put,
                                        make_place, remove_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
