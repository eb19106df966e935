/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_app_asking.c - how long an app waits that asks: the Device OS, a server,
 * or the cloud by a handshake. And what all apps have in common.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "models/app/app.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"

enum { SHORT_US = 10, LONG_US = 600 };

/* --- until_told --- */

static int64_t told_wait_us(int64_t wait_us, int64_t told_us)
{
    const struct ota_app_until_told_config config = {.wait_us = wait_us};
    const struct ota_app_view view = {.told_us = told_us};
    int64_t memory = 0;
    const struct ota_app_wait wait =
        ota_app_until_told.wait(&config, &view, &memory, NULL);

    assert_true(!wait.asked && wait.bytes == 0);
    return wait.wait_us;
}

static void until_told_leaves_when_told(void **state)
{
    (void)state;
    assert_int_equal(told_wait_us(1000, 0), 0);
    assert_int_equal(told_wait_us(1000, 999), 999);
    assert_int_equal(told_wait_us(1000, 1000), 1000);
    assert_int_equal(told_wait_us(1000, 1001), 1000);
    assert_int_equal(told_wait_us(1000, OTA_NEVER), 1000);
    assert_int_equal(told_wait_us(0, OTA_NEVER), 0);
}

/* --- ask --- */

static struct ota_app_wait ask(int64_t wait_us, double answer_us, bool flagged)
{
    const struct ota_app_ask_config config = {
        .wait_us = wait_us,
        .long_wait_us = LONG_US,
        .answer = ota_dist_fixed(OTA_TIME, answer_us),
        .ask_bytes = 328,
    };
    const struct ota_app_view view = {.flagged = flagged};
    struct ota_stream stream;
    int64_t memory = 0;

    model_fixture_stream(&stream, 0);
    return ota_app_ask.wait(&config, &view, &memory, &stream.rng);
}

static void ask_stays_only_if_flagged(void **state)
{
    (void)state;
    /* Not before the answer, and not shorter than the wait. */
    assert_int_equal(ask(0, 100, false).wait_us, 100);
    assert_int_equal(ask(SHORT_US, 100, false).wait_us, 100);
    assert_int_equal(ask(150, 100, false).wait_us, 150);
    assert_int_equal(ask(0, 0, false).wait_us, 0);
    assert_int_equal(ask(150, 100, true).wait_us, 100 + LONG_US);
    for (int flagged = 0; flagged < 2; flagged++) {
        assert_true(ask(0, 100, flagged).asked);
        assert_int_equal(ask(0, 100, flagged).bytes, 328);
    }
}

/* --- session_clear --- */

static const struct ota_app_session_clear_config daily = {
    .wait_us = SHORT_US,
    .long_wait_us = LONG_US,
    .every_us = OTA_US_PER_DAY,
};

static bool clears(const struct ota_app_session_clear_config *config,
                   int64_t wake, int64_t *memory)
{
    return ota_app_session_clear.clears(config, wake * OTA_US_PER_H, wake,
                                        memory);
}

static bool stays(const struct ota_app_session_clear_config *config,
                  int64_t wake, bool full, int64_t *memory)
{
    const struct ota_app_view view = {
        .now_us = wake * OTA_US_PER_H + OTA_US_PER_S,
        .wake_count = wake,
        .full = full,
        .told_us = OTA_NEVER,
    };
    const struct ota_app_wait wait =
        ota_app_session_clear.wait(config, &view, memory, NULL);

    assert_true(wait.wait_us == SHORT_US || wait.wait_us == LONG_US);
    return wait.wait_us == LONG_US;
}

static void a_session_is_cleared_now_and_then(void **state)
{
    (void)state;
    struct ota_app_session_clear_config each_fifth = daily;
    int64_t memory = 0;

    each_fifth.every_wakes = 5;
    for (int64_t wake = 1; wake <= 100; wake++) {
        const bool clear = clears(&each_fifth, wake, &memory);
        assert_int_equal(clear, wake % 5 == 0);
        assert_int_equal(stays(&each_fifth, wake, clear, &memory), clear);
    }
    /* By time: the connect takes 1 s, so that the next is 25 h later. */
    memory = 0;
    for (int64_t wake = 1; wake <= 100; wake++) {
        const bool clear = clears(&daily, wake, &memory);
        assert_int_equal(clear, wake >= 24 && (wake - 24) % 25 == 0);
        assert_int_equal(stays(&daily, wake, clear, &memory), clear);
    }
}

static void it_is_due_until_a_handshake_worked(void **state)
{
    (void)state;
    int64_t memory = 0;

    assert_false(clears(&daily, 23, &memory));
    /* Not due: even a handshake does not make it stay. */
    assert_false(stays(&daily, 23, true, &memory));
    assert_true(clears(&daily, 24, &memory));
    /* Wake 24 did not connect. */
    assert_true(clears(&daily, 25, &memory));
    assert_true(stays(&daily, 25, true, &memory));
    assert_false(clears(&daily, 48, &memory));
    /* It becomes due between a resume's begin and its end. */
    memory = OTA_US_PER_S;
    assert_false(clears(&daily, 24, &memory));
    assert_false(stays(&daily, 24, false, &memory));
    assert_true(clears(&daily, 25, &memory));
}

static void clearings_are_evenly_spread(void **state)
{
    (void)state;
    enum { DEVICES = 20000, SPACING = 24 };
    double of[SPACING + 1] = {0};

    for (uint64_t d = 0; d < DEVICES; d++) {
        struct ota_stream stream;
        int64_t memory, wake = 1;
        model_fixture_stream(&stream, d);
        ota_app_session_clear.start(&daily, &memory, &stream.rng);
        while (!clears(&daily, wake, &memory))
            wake++;
        assert_in_range(wake, 1, SPACING);
        of[wake]++;
    }
    for (int wake = 1; wake <= SPACING; wake++)
        model_fixture_assert_share(DEVICES, of[wake], 1.0 / SPACING);
}

static void a_long_wait_is_not_the_shorter_one(void **state)
{
    (void)state;
    struct ota_app_session_clear_config config = daily;

    assert_null(ota_app_session_clear.model.problem(&config));
    config.long_wait_us = SHORT_US - 1;
    assert_non_null(ota_app_session_clear.model.problem(&config));
}

/* --- all of them --- */

static void apps_agree_on_defaults(void **state)
{
    (void)state;
    for (size_t i = 0; ota_app_models[i]; i++) {
        const struct ota_model *model = &ota_app_models[i]->model;
        struct ota_arena arena = {0};
        const struct ota_app_common *app = model_fixture_config(model, &arena);

        assert_int_equal(app->publishes, 1);
        assert_int_equal(app->connect_max_us, 120 * OTA_US_PER_S);
        assert_true(app->threaded);
        assert_false(app->stay_once_begun || app->on_pending);
        assert_int_equal(app->updates, OTA_APP_UPDATES_ENABLED);
        assert_true(app->interferes_us == OTA_NEVER);
        assert_true(app->interferes_per_chunk == 0);
        assert_ptr_equal(ota_app_common(&(struct ota_app){NULL, app}), app);
        ota_arena_release(&arena);
    }
}

static void apps_read_their_words(void **state)
{
    (void)state;
    static const char *const words[] = {"enabled", "disabled", "when_idle"};

    for (size_t i = 0; ota_app_models[i]; i++) {
        const struct ota_model *model = &ota_app_models[i]->model;
        struct ota_arena arena = {0};
        void *config = model_fixture_config(model, &arena);
        const struct ota_app_common *app = config;

        for (int word = 0; word < 3; word++) {
            model_fixture_set(model, config, &arena, "updates", words[word]);
            assert_int_equal(app->updates, word);
        }
        model_fixture_set(model, config, &arena, "interferes", "2min");
        assert_int_equal(app->interferes_us, 2 * OTA_US_PER_MIN);
        model_fixture_set(model, config, &arena, "connect_max", "never");
        assert_true(app->connect_max_us == OTA_NEVER);
        ota_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(until_told_leaves_when_told),
        cmocka_unit_test(ask_stays_only_if_flagged),
        cmocka_unit_test(a_session_is_cleared_now_and_then),
        cmocka_unit_test(it_is_due_until_a_handshake_worked),
        cmocka_unit_test(clearings_are_evenly_spread),
        cmocka_unit_test(a_long_wait_is_not_the_shorter_one),
        cmocka_unit_test(apps_agree_on_defaults),
        cmocka_unit_test(apps_read_their_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
