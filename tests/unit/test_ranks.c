/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_ranks.c - a process that is alone agrees with itself. Several are in
 * tests/ranks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <time.h>

#ifdef _OPENMP
#include <omp.h>
#endif

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

/* --- dealing --- */

enum { UNITS = 200 };

struct dealing {
    int worked[UNITS], taken[UNITS]; /* how often */
    size_t dealt;
    size_t fail_at, stop_at, spoil_at; /* units */
    bool stopped;
    int busy; /* in dealt or taken */
};

static bool work_on(void *context, size_t unit, int lane,
                    struct ota_ranks_parcel *result, struct ota_error *error)
{
    struct dealing *self = context;

    assert(lane >= 0 && lane < 3);
    if (unit == self->fail_at)
        return ota_fail(error, "unit %zu is bad", unit);
    if (unit == self->stop_at)
        return false;
    if (unit > self->fail_at || unit > self->stop_at) /* let it be heard of */
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    self->worked[unit]++;
    result->size = sizeof(unit);
    result->bytes = malloc(result->size);
    assert(result->bytes);
    memcpy(result->bytes, &unit, result->size);
    return true;
}

static bool dealt(void *context, size_t unit, int rank, struct ota_error *error)
{
    struct dealing *self = context;

    (void)error;
    self->busy++;
    assert(self->busy == 1 && rank == 0);
    assert(unit == self->dealt); /* in order */
    self->dealt++;
    self->busy--;
    return true;
}

static bool taken(void *context, size_t unit,
                  const struct ota_ranks_parcel *result,
                  struct ota_error *error)
{
    struct dealing *self = context;

    self->busy++;
    assert(self->busy == 1);
    self->busy--;
    if (unit == self->spoil_at)
        return ota_fail(error, "no room for unit %zu", unit);
    assert(result->size == sizeof(unit) &&
           memcmp(result->bytes, &unit, sizeof(unit)) == 0);
    self->taken[unit]++;
    return true;
}

static bool keep_going(void *context)
{
    const struct dealing *self = context;

    return !self->stopped;
}

static bool deal(struct dealing *self, int threads, struct ota_error *error)
{
    const struct ota_ranks_work work = {
        .context = self,
        .units = UNITS,
        .threads = threads,
        .work = work_on,
        .dealt = dealt,
        .taken = taken,
        .keep_going = keep_going,
    };
    return ota_ranks_deal(NULL, &work, error);
}

static struct dealing no_trouble(void)
{
    return (struct dealing){
        .fail_at = UNITS, .stop_at = UNITS, .spoil_at = UNITS};
}

static void units_are_dealt_in_order_and_taken_once(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        struct dealing dealing = no_trouble();
        struct ota_error error = {.failed = false};
        assert_true(deal(&dealing, threads, &error));
        assert_false(error.failed);
        assert_int_equal(dealing.dealt, UNITS);
        for (int u = 0; u < UNITS; u++)
            assert_int_equal(dealing.taken[u], 1);
    }
}

static void what_is_done_when_one_fails_is_taken(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        struct dealing dealing = no_trouble();
        struct ota_error error = {.failed = false};
        dealing.fail_at = 50;
        assert_false(deal(&dealing, threads, &error));
        assert_true(error.failed);
        assert_string_equal(error.message, "unit 50 is bad");
        assert_true(dealing.dealt < UNITS);
        for (int u = 0; u < UNITS; u++)
            assert_int_equal(dealing.taken[u], dealing.worked[u]);
        for (int u = 0; u < 50; u++)
            assert_int_equal(dealing.taken[u], 1);
    }
}

static void a_unit_that_is_stopped_is_no_failure(void **state)
{
    struct dealing dealing = no_trouble();
    struct ota_error error = {.failed = false};

    (void)state;
    dealing.stop_at = 20;
    assert_false(deal(&dealing, 2, &error));
    assert_false(error.failed);
    assert_true(dealing.dealt < UNITS);
    dealing = no_trouble();
    dealing.stopped = true;
    assert_false(deal(&dealing, 2, &error));
    assert_false(error.failed);
    assert_int_equal(dealing.dealt, 0);
}

static void nothing_is_taken_behind_one_that_could_not_be(void **state)
{
    struct dealing dealing = no_trouble();
    struct ota_error error = {.failed = false};

    (void)state;
    dealing.spoil_at = 20;
    assert_false(deal(&dealing, 1, &error));
    assert_string_equal(error.message, "no room for unit 20");
    assert_int_equal(dealing.dealt, 21);
    for (int u = 0; u < UNITS; u++)
        assert_int_equal(dealing.taken[u], u < 20 ? 1 : 0);
}

#ifdef _OPENMP
static bool ask_for_two(void *context, size_t unit, int lane,
                        struct ota_ranks_parcel *result,
                        struct ota_error *error)
{
    atomic_int *seconds = context;

    (void)unit;
    (void)lane;
    (void)result;
    (void)error;
#pragma omp parallel num_threads(2)
    if (omp_get_thread_num() == 1)
        atomic_fetch_add(seconds, 1);
    return true;
}

static bool take_nothing(void *context, size_t unit,
                         const struct ota_ranks_parcel *result,
                         struct ota_error *error)
{
    (void)context;
    (void)unit;
    (void)result;
    (void)error;
    return true;
}

/* A unit may have a team of threads, also beside others. */
static void units_have_teams(void **state)
{
    struct ota_error error = {.failed = false};
    atomic_int seconds = 0;
    const struct ota_ranks_work work = {
        .context = &seconds,
        .units = 20,
        .threads = 2,
        .work = ask_for_two,
        .taken = take_nothing,
    };

    (void)state;
    assert_true(ota_ranks_deal(NULL, &work, &error));
    assert_int_equal(atomic_load(&seconds), 20);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_the_first_of_one),
        cmocka_unit_test(one_agrees_with_itself),
        cmocka_unit_test(one_hears_itself),
        cmocka_unit_test(units_are_dealt_in_order_and_taken_once),
        cmocka_unit_test(what_is_done_when_one_fails_is_taken),
        cmocka_unit_test(a_unit_that_is_stopped_is_no_failure),
        cmocka_unit_test(nothing_is_taken_behind_one_that_could_not_be),
#ifdef _OPENMP
        cmocka_unit_test(units_have_teams),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
