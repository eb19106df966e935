/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_link.c - attaching, losing and working on bytes.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "models/link/link.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"

enum { DRAWS = 100000 };

static void a_slow_attach_ends_at_the_give_up_time(void **state)
{
    (void)state;
    struct ota_link_lognormal_config config;
    const struct ota_link link = model_fixture_link(&config, 1, 0);
    struct ota_stream stream;
    bool ok = false;

    model_fixture_stream(&stream, 0);
    config.attach = ota_dist_fixed(OTA_TIME, 120e6);
    assert_int_equal(link.model->attach_us(&config, &stream.rng, &ok),
                     120 * OTA_US_PER_S);
    assert_true(ok); /* just in time */
    config.attach = ota_dist_fixed(OTA_TIME, 120e6 + 1);
    assert_int_equal(link.model->attach_us(&config, &stream.rng, &ok),
                     120 * OTA_US_PER_S);
    assert_false(ok);
}

static void attaching_fails_at_its_rate(void **state)
{
    (void)state;
    struct ota_link_lognormal_config config;
    const struct ota_link link = model_fixture_link(&config, 1, 0);
    struct ota_stream stream;
    double failed = 0;

    config.attach_failure = 0.3;
    model_fixture_stream(&stream, 1);
    for (int i = 0; i < DRAWS; i++) {
        bool ok;
        const int64_t took_us =
            link.model->attach_us(&config, &stream.rng, &ok);
        assert_int_equal(took_us, ok ? 1000000 : 120000000);
        failed += !ok;
    }
    model_fixture_assert_share(DRAWS, failed, 0.3);
}

static void datagrams_are_lost_at_their_rate(void **state)
{
    (void)state;
    struct ota_link_lognormal_config config;
    const struct ota_link link = model_fixture_link(&config, 1, 0.05);
    struct ota_stream stream;
    double lost = 0;

    model_fixture_stream(&stream, 2);
    for (int i = 0; i < DRAWS; i++)
        lost += link.model->lost(&config, &stream.rng);
    model_fixture_assert_share(DRAWS, lost, 0.05);

    config.loss = 0;
    for (int i = 0; i < DRAWS; i++)
        assert_false(link.model->lost(&config, &stream.rng));
    config.loss = 1;
    for (int i = 0; i < DRAWS; i++)
        assert_true(link.model->lost(&config, &stream.rng));
}

static void no_time_becomes_one_tick(void **state)
{
    (void)state;
    struct ota_link_lognormal_config config;
    const struct ota_link link = model_fixture_link(&config, 0, 0);
    struct ota_stream stream;
    bool ok;

    config.attach = ota_dist_fixed(OTA_TIME, 0);
    model_fixture_stream(&stream, 3);
    assert_int_equal(link.model->rtt_us(&config, &stream.rng), 1);
    assert_int_equal(link.model->attach_us(&config, &stream.rng, &ok), 1);
    assert_true(ok);
}

static void device_time_is_proportional_to_bytes(void **state)
{
    (void)state;
    struct ota_link_lognormal_config config;
    const struct ota_link link = model_fixture_link(&config, 1, 0);

    config.device_us_per_kib = 150000;
    assert_int_equal(link.model->device_us(&config, 1024), 150000);
    assert_int_equal(link.model->device_us(&config, 512), 75000);
    assert_int_equal(link.model->device_us(&config, 1536), 225000);
    /* A product of bytes and time that does not fit 64 bits. */
    config.device_us_per_kib = OTA_US_PER_H;
    assert_int_equal(link.model->device_us(&config, INT64_C(1) << 40),
                     (INT64_C(1) << 30) * OTA_US_PER_H);
}

/* The default round trip is named by its 95th percentile, and is to have
 * sigma 0.7 about a median of 250 ms. */
static void default_rtt_is_the_3g_class(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    const struct ota_link_lognormal_config *config =
        model_fixture_config(&ota_link_lognormal.model, &arena);

    assert_true(fabs(config->rtt.b - 0.7) < 0.001);
    assert_true(fabs(config->attach.b - 0.6) < 0.005);
    ota_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_attach_ends_at_the_give_up_time),
        cmocka_unit_test(attaching_fails_at_its_rate),
        cmocka_unit_test(datagrams_are_lost_at_their_rate),
        cmocka_unit_test(no_time_becomes_one_tick),
        cmocka_unit_test(device_time_is_proportional_to_bytes),
        cmocka_unit_test(default_rtt_is_the_3g_class),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
