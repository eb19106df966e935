/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_firmware.c - applying a module.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "models/firmware/firmware.h"
#include "sim/base/clock.h"
#include "sim/base/random.h"

static void some_modules_fail_in_silence(void **state)
{
    (void)state;
    enum { DRAWS = 10000 };
    const double share = 0.1;
    const struct ota_firmware_modular_config config = {
        .apply = ota_dist_fixed(OTA_TIME, 7e6),
        .silent_failure = share,
    };
    const struct ota_random_key key = {.seed = 1};
    struct ota_stream stream;
    int failed = 0;

    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_APPLY, 0);
    for (int i = 0; i < DRAWS; i++) {
        bool applied;
        assert_int_equal(
            ota_firmware_modular.apply_us(&config, 1000, &stream.rng, &applied),
            7 * OTA_US_PER_S);
        failed += !applied;
    }
    const double error = sqrt(share * (1 - share) / DRAWS);
    assert_true(fabs((double)failed / DRAWS - share) < 4 * error);
}

static void none_fail_by_default(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    const struct ota_field_context context = {.arena = &arena};
    struct ota_firmware_modular_config config;
    const struct ota_random_key key = {.seed = 2};
    struct ota_stream stream;

    assert_true(ota_fields_set_defaults(ota_firmware_modular.model.fields,
                                        &config, &context));
    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_APPLY, 0);
    for (int i = 0; i < 1000; i++) {
        bool applied = false;
        const int64_t us =
            ota_firmware_modular.apply_us(&config, 1000, &stream.rng, &applied);
        assert_true(applied);
        assert_true(us >= 5 * OTA_US_PER_S && us <= 10 * OTA_US_PER_S);
        assert_false(
            ota_firmware_modular.power_loss_bricks(&config, &stream.rng));
    }
    ota_arena_release(&arena);
}

/*
 * MCUboot on an nRF5340-DK (mcu-tools/mcuboot PR 2162): 165 KiB in 18 s by
 * swap-move, 182 KiB in 13 s by swap-offset; 9.2 and 14.0 KiB/s.
 */
static void copying_takes_time_by_size(void **state)
{
    (void)state;
    static const struct {
        int64_t kib, s;
        const char *per_kib;
        double kib_s;
    } swaps[] = {
        {165, 18, "109.0909ms", 9.2},
        {182, 13, "71.4286ms", 14.0},
    };
    struct ota_arena arena = {0};
    const struct ota_field_context context = {.arena = &arena};
    const struct ota_random_key key = {.seed = 3};
    struct ota_stream stream;
    char problem[256] = "";

    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_APPLY, 0);
    for (size_t i = 0; i < sizeof(swaps) / sizeof(*swaps); i++) {
        struct ota_firmware_modular_config config = {
            .apply = ota_dist_fixed(OTA_TIME, 0),
        };
        bool applied;
        const struct ota_field *field =
            ota_field_find(ota_firmware_modular.model.fields, "apply_per_kib");
        assert_non_null(field);
        if (!ota_field_set(field, &config, swaps[i].per_kib, &context, NULL,
                           problem, sizeof(problem)))
            fail_msg("%s", problem);
        const int64_t size_bytes = swaps[i].kib * 1024;
        const int64_t us = ota_firmware_modular.apply_us(&config, size_bytes,
                                                         &stream.rng, &applied);
        /* A field holds whole microseconds: half of one lost a KiB at most. */
        assert_true(llabs(us - swaps[i].s * OTA_US_PER_S) <= swaps[i].kib);
        assert_true(fabs((double)swaps[i].kib * 1e6 / (double)us -
                         swaps[i].kib_s) < 0.05);
        /* Half as much takes half as long; a byte next to nothing. */
        const int64_t half_us = ota_firmware_modular.apply_us(
            &config, size_bytes / 2, &stream.rng, &applied);
        assert_true(llabs(2 * half_us - us) <= 2);
        const int64_t byte_us =
            ota_firmware_modular.apply_us(&config, 1, &stream.rng, &applied);
        assert_int_equal(byte_us, config.apply_us_per_kib / 1024);
    }
    ota_arena_release(&arena);
}

/* What is drawn and what follows from the size add up. */
static void apply_has_two_parts(void **state)
{
    (void)state;
    const struct ota_firmware_modular_config config = {
        .apply = ota_dist_fixed(OTA_TIME, 7e6),
        .apply_us_per_kib = 10000,
        .silent_failure = 1,
    };
    const struct ota_random_key key = {.seed = 4};
    struct ota_stream stream;
    bool applied = true;

    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_APPLY, 0);
    assert_int_equal(ota_firmware_modular.apply_us(&config, 100 * 1024 + 512,
                                                   &stream.rng, &applied),
                     7 * OTA_US_PER_S + 1005000);
    assert_false(applied);
}

static void power_losses_may_brick(void **state)
{
    (void)state;
    enum { DRAWS = 10000 };
    static const double shares[] = {0, 0.25, 1};
    const struct ota_random_key key = {.seed = 5};
    struct ota_stream stream;

    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_APPLY, 0);
    for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++) {
        const double share = shares[i];
        const struct ota_firmware_modular_config config = {
            .power_loss_bricks = share,
        };
        int bricked = 0;
        for (int n = 0; n < DRAWS; n++)
            bricked +=
                ota_firmware_modular.power_loss_bricks(&config, &stream.rng);
        const double error = sqrt(share * (1 - share) / DRAWS);
        assert_true(fabs((double)bricked / DRAWS - share) <= 4 * error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(some_modules_fail_in_silence),
        cmocka_unit_test(none_fail_by_default),
        cmocka_unit_test(copying_takes_time_by_size),
        cmocka_unit_test(apply_has_two_parts),
        cmocka_unit_test(power_losses_may_brick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
