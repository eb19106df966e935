/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_delivery.c - what makes the cloud offer an update, and its rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "models/delivery/delivery.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"

/* The four answers of a model to what the cloud may know of a connect. */
static void check_offers(const struct ota_delivery_model *model,
                         const bool wanted[2][2])
{
    for (int full = 0; full < 2; full++) {
        for (int asked = 0; asked < 2; asked++) {
            const struct ota_delivery_view view = {.full = full,
                                                   .asked = asked};
            assert_int_equal(model->offers(NULL, &view), wanted[full][asked]);
        }
    }
}

static void a_standard_release_needs_a_handshake(void **state)
{
    (void)state;
    static const bool wanted[2][2] = {{false, false}, {true, true}};

    check_offers(&ota_delivery_at_handshake, wanted);
    assert_false(ota_delivery_at_handshake.offers_online(NULL));
}

static void an_immediate_release_needs_nothing(void **state)
{
    (void)state;
    static const bool wanted[2][2] = {{true, true}, {true, true}};

    check_offers(&ota_delivery_immediate, wanted);
    assert_true(ota_delivery_immediate.offers_online(NULL));
}

static void on_request_needs_an_app_that_asked(void **state)
{
    (void)state;
    static const bool wanted[2][2] = {{false, true}, {false, true}};

    check_offers(&ota_delivery_on_request, wanted);
    assert_false(ota_delivery_on_request.offers_online(NULL));
}

static void a_poll_is_what_its_device_does(void **state)
{
    (void)state;
    const struct ota_delivery_model *model = &ota_delivery_poll;
    static const bool wanted[2][2] = {{false, false}, {false, false}};
    const struct ota_delivery_view polls = {.polls = true};
    struct ota_arena arena = {0};
    void *config = model_fixture_config(&model->model, &arena);
    const struct ota_delivery_polling *polling = model->polling(config);

    check_offers(model, wanted);
    assert_true(model->offers(config, &polls));
    assert_false(model->offers_online(config));
    assert_int_equal(ota_dist_mean(&polling->every), 30 * OTA_US_PER_MIN);
    assert_int_equal(ota_dist_mean(&polling->jitter), 0);
    assert_int_equal(polling->phase, OTA_DELIVERY_PHASE_RANDOM);
    assert_false(polling->by_clock);
    model_fixture_set(&model->model, config, &arena, "every", "900s");
    model_fixture_set(&model->model, config, &arena, "jitter",
                      "uniform(0s, 60s)");
    model_fixture_set(&model->model, config, &arena, "phase", "even");
    assert_int_equal(ota_dist_mean(&polling->every), 900 * OTA_US_PER_S);
    assert_int_equal(ota_dist_mean(&polling->jitter), 30 * OTA_US_PER_S);
    assert_int_equal(polling->phase, OTA_DELIVERY_PHASE_EVEN);
    ota_arena_release(&arena);
}

static void only_polls_poll(void **state)
{
    (void)state;
    for (size_t i = 0; ota_delivery_models[i]; i++) {
        const struct ota_delivery_model *model = ota_delivery_models[i];
        struct ota_arena arena = {0};
        const void *config = model_fixture_config(&model->model, &arena);

        assert_int_equal(model->polling(config) != NULL,
                         model == &ota_delivery_poll);
        ota_arena_release(&arena);
    }
}

static void a_script_leaves_nothing_to_the_cloud(void **state)
{
    (void)state;
    static const bool wanted[2][2] = {{false, false}, {false, false}};

    check_offers(&ota_delivery_script, wanted);
    assert_false(ota_delivery_script.offers_online(NULL));
}

/* The mean of a time over many draws, each of which is in [least_s, most_s]. */
static void check_uniform(int64_t (*draw_us)(const void *config, gsl_rng *rng),
                          const void *config, double least_s, double most_s)
{
    enum { DRAWS = 20000 };
    struct ota_stream stream;
    double sum = 0, sum2 = 0;

    model_fixture_stream(&stream, 0);
    for (int i = 0; i < DRAWS; i++) {
        const double time_s = ota_s_from_us(draw_us(config, &stream.rng));
        assert_true(time_s >= least_s && time_s <= most_s);
        sum += time_s;
        sum2 += time_s * time_s;
    }
    model_fixture_assert_mean(DRAWS, sum, sum2, (least_s + most_s) / 2);
}

static void all_have_the_same_times_and_rules(void **state)
{
    (void)state;
    for (size_t i = 0; ota_delivery_models[i]; i++) {
        const struct ota_delivery_model *model = ota_delivery_models[i];
        struct ota_arena arena = {0};
        void *config = model_fixture_config(&model->model, &arena);
        const struct ota_delivery_retry *retry = model->retry(config);

        check_uniform(model->delay_us, config, 3, 20);
        check_uniform(model->decision_us, config, 1.64, 1.86);
        assert_int_equal(retry->attempts_max, 0);
        assert_int_equal(retry->session_max, 0);
        assert_int_equal(retry->after_us, 0);

        model_fixture_set(&model->model, config, &arena, "attempts_max", "3");
        model_fixture_set(&model->model, config, &arena, "session_max", "2");
        model_fixture_set(&model->model, config, &arena, "retry_after", "1h");
        assert_int_equal(retry->attempts_max, 3);
        assert_int_equal(retry->session_max, 2);
        assert_int_equal(retry->after_us, OTA_US_PER_H);
        ota_arena_release(&arena);
    }
}

static void only_an_operator_has_a_script(void **state)
{
    (void)state;
    for (size_t i = 0; ota_delivery_models[i]; i++) {
        const struct ota_delivery_model *model = ota_delivery_models[i];
        struct ota_arena arena = {0};
        const void *config = model_fixture_config(&model->model, &arena);

        assert_int_equal(model->script(config) != NULL,
                         model == &ota_delivery_script);
        ota_arena_release(&arena);
    }
}

static void a_script_is_what_its_fields_say(void **state)
{
    (void)state;
    static const char *const modes[] = {"never", "once", "each"};
    static const char *const orders[] = {"needs", "reversed"};
    const struct ota_model *model = &ota_delivery_script.model;
    struct ota_arena arena = {0};
    void *config = model_fixture_config(model, &arena);
    const struct ota_delivery_script *script =
        ota_delivery_script.script(config);

    assert_false(script->verifies);
    assert_int_equal(script->every_us, 5 * OTA_US_PER_MIN);
    assert_int_equal(script->tries_max, 0);
    assert_int_equal(script->safe_mode, OTA_SCRIPT_SAFE_MODE_NEVER);
    assert_int_equal(script->order, OTA_SCRIPT_ORDER_NEEDS);

    model_fixture_set(model, config, &arena, "verifies", "true");
    model_fixture_set(model, config, &arena, "every", "90s");
    model_fixture_set(model, config, &arena, "tries_max", "4");
    assert_true(script->verifies);
    assert_int_equal(script->every_us, 90 * OTA_US_PER_S);
    assert_int_equal(script->tries_max, 4);
    for (int i = 0; i < 3; i++) {
        model_fixture_set(model, config, &arena, "safe_mode", modes[i]);
        assert_int_equal(script->safe_mode, i);
    }
    for (int i = 0; i < 2; i++) {
        model_fixture_set(model, config, &arena, "order", orders[i]);
        assert_int_equal(script->order, i);
    }
    ota_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_standard_release_needs_a_handshake),
        cmocka_unit_test(an_immediate_release_needs_nothing),
        cmocka_unit_test(on_request_needs_an_app_that_asked),
        cmocka_unit_test(a_poll_is_what_its_device_does),
        cmocka_unit_test(only_polls_poll),
        cmocka_unit_test(a_script_leaves_nothing_to_the_cloud),
        cmocka_unit_test(all_have_the_same_times_and_rules),
        cmocka_unit_test(only_an_operator_has_a_script),
        cmocka_unit_test(a_script_is_what_its_fields_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
