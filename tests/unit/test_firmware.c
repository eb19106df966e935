/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_firmware.c - applying a module.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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
    }
    ota_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(some_modules_fail_in_silence),
        cmocka_unit_test(none_fail_by_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
