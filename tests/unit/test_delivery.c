/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_delivery.c - what makes the cloud offer an update.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "models/delivery/delivery.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"

static void a_standard_release_needs_a_handshake(void **state)
{
    (void)state;
    assert_true(ota_delivery_at_handshake.offers(NULL, true));
    assert_false(ota_delivery_at_handshake.offers(NULL, false));
    assert_false(ota_delivery_at_handshake.offers_online(NULL));
}

static void an_immediate_release_needs_nothing(void **state)
{
    (void)state;
    assert_true(ota_delivery_immediate.offers(NULL, true));
    assert_true(ota_delivery_immediate.offers(NULL, false));
    assert_true(ota_delivery_immediate.offers_online(NULL));
}

static void the_default_delay_is_3_to_20_s(void **state)
{
    (void)state;
    enum { DRAWS = 20000 };
    struct ota_arena arena = {0};
    const void *config =
        model_fixture_config(&ota_delivery_at_handshake.model, &arena);
    struct ota_stream stream;
    double sum = 0, sum2 = 0;

    model_fixture_stream(&stream, 0);
    for (int i = 0; i < DRAWS; i++) {
        const int64_t delay_us =
            ota_delivery_at_handshake.delay_us(config, &stream.rng);
        assert_in_range(delay_us, 3 * OTA_US_PER_S, 20 * OTA_US_PER_S);
        const double delay_s = ota_s_from_us(delay_us);
        sum += delay_s;
        sum2 += delay_s * delay_s;
    }
    model_fixture_assert_mean(DRAWS, sum, sum2, 11.5);
    assert_int_equal(ota_delivery_at_handshake.attempts_max(config), 0);
    ota_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_standard_release_needs_a_handshake),
        cmocka_unit_test(an_immediate_release_needs_nothing),
        cmocka_unit_test(the_default_delay_is_3_to_20_s),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
