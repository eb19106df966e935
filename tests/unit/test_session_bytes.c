/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_session_bytes.c - what a connect says besides itself, by release: flags,
 * describe, safe mode, boot, connection IDs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "models/session/session.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"
#include "tests/support/plain_air.h"

enum {
    OS_1_1_1 = 1104,
    OS_1_2_1 = 1213,
    OS_1_4_0 = 1401,
    OS_1_4_1 = 1403,
    OS_3_0_0 = 3005,
    OS_3_1_0 = 3103,
};

/* Sizes far apart, so that a sum tells what is in it. */
static const struct ota_session_config config = {
    .full_bytes = 10000,
    .full_round_trips = 5,
    .resume_bytes = 135,
    .resume_round_trips = 1,
    .max_age_us = 3 * OTA_US_PER_DAY,
    .fruitless_max = 1,
    .flags_bytes = 324,
    .describe_bytes = 1000000,
    .safe_mode_bytes = 100000,
    .boot_bytes = 1000,
    .keep_alive_us = OTA_NEVER,
    .mapping_us = OTA_NEVER,
};

/* How a connect differs from an ordinary resume. */
struct with {
    bool full, changed, safe_mode, boot;
};

static struct ota_session_setup setup_of(const struct ota_session_model *model,
                                         const char *platform, int32_t system,
                                         struct with with)
{
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 250e3, 0);
    struct ota_session_state session = {.handshake_us = 0};
    struct ota_stream stream;
    const struct ota_session_call call = {
        .air = &air,
        .os = ota_device_os(platform, system),
        .now_us = 1,
        .changed = with.changed,
        .safe_mode = with.safe_mode,
        .boot = with.boot,
    };

    if (with.full)
        ota_session_drop(&session);
    model_fixture_stream(&stream, 0);
    struct ota_session_setup setup;
    model->connect(&config, &session, &call, &stream.rng, &setup);
    assert_true(setup.ok);
    return setup;
}

static int64_t bytes_of(const char *platform, int32_t system, struct with with)
{
    const struct ota_session_setup setup =
        setup_of(&ota_session_dtls, platform, system, with);

    return setup.up_bytes + setup.down_bytes;
}

static void flags_are_told_from_1_2_0(void **state)
{
    (void)state;
    const struct with resume = {0}, full = {.full = true};

    assert_int_equal(bytes_of("boron", OS_1_1_1, resume), 135);
    assert_int_equal(bytes_of("boron", OS_1_2_1, resume), 135 + 324);
    assert_int_equal(bytes_of("boron", OS_1_1_1, full), 10000);
    assert_int_equal(bytes_of("boron", OS_1_2_1, full), 10324);
    assert_int_equal(bytes_of("esp32", OS_1_2_1, full), 10000);

    /* They take no time, and two events of 101 B go up. */
    const struct ota_session_setup setup =
        setup_of(&ota_session_dtls, "boron", OS_1_2_1, resume);
    assert_int_equal(setup.took_us, 250000);
    assert_int_equal(setup.up_bytes, 68 + 2 * 101);
    assert_int_equal(setup.down_bytes, 67 + 2 * 61);
}

/* A ping of 61 B grows by 20 B, which takes the place of 13 B; an event of
 * 101 B by 12 B. */
static void connection_ids_lengthen_what_goes_up(void **state)
{
    (void)state;
    const struct with resume = {0}, full = {.full = true};

    assert_int_equal(bytes_of("boron", OS_3_0_0, resume), 459);
    assert_int_equal(bytes_of("boron", OS_3_1_0, resume), 142 + 324 + 2 * 12);
    assert_int_equal(bytes_of("boron", OS_3_1_0, full), 10324 + 2 * 12);
    const struct ota_session_setup setup =
        setup_of(&ota_session_dtls, "boron", OS_3_1_0, resume);
    assert_int_equal(setup.up_bytes, 142 / 2 + 2 * 113);
    /* Photons have none. */
    assert_int_equal(bytes_of("photon", OS_3_1_0, resume), 459);
}

static void other_firmware_describes_itself_again(void **state)
{
    (void)state;
    const struct with resumed = {.changed = true};
    const struct with full = {.changed = true, .full = true};

    assert_int_equal(bytes_of("boron", OS_1_1_1, resumed), 1000135);
    assert_int_equal(
        setup_of(&ota_session_dtls, "boron", OS_1_1_1, resumed).took_us,
        3 * 250000);
    /* A handshake describes anyway. */
    assert_int_equal(bytes_of("boron", OS_1_1_1, full), 10000);
    assert_int_equal(
        setup_of(&ota_session_dtls, "boron", OS_1_1_1, full).took_us,
        5 * 250000);
}

static void a_resume_tells_of_safe_mode_from_1_4_1(void **state)
{
    (void)state;
    const struct with resumed = {.safe_mode = true};
    const struct with full = {.safe_mode = true, .full = true};

    assert_int_equal(bytes_of("boron", OS_1_4_0, resumed), 459);
    assert_int_equal(bytes_of("boron", OS_1_4_1, resumed), 100459);
    assert_int_equal(bytes_of("boron", OS_1_4_0, full), 110324);
    assert_int_equal(bytes_of("boron", OS_1_4_1, full), 110324);
    assert_int_equal(bytes_of("boron", OS_1_1_1, full), 110000);
}

static void a_boot_is_told_on_a_handshake(void **state)
{
    (void)state;
    const struct with resumed = {.boot = true};
    const struct with full = {.boot = true, .full = true};

    assert_int_equal(bytes_of("boron", OS_1_1_1, resumed), 135);
    assert_int_equal(bytes_of("boron", OS_1_1_1, full), 11000);
}

static void tcp_and_full_say_the_same(void **state)
{
    (void)state;
    static const struct ota_session_model *const models[] = {&ota_session_full,
                                                             &ota_session_tcp};
    const struct with all = {.changed = true, .safe_mode = true, .boot = true};

    for (size_t m = 0; m < 2; m++) {
        const struct ota_session_setup setup =
            setup_of(models[m], "photon", OS_3_1_0, all);
        assert_int_equal(setup.up_bytes + setup.down_bytes,
                         10000 + 324 + 100000 + 1000);
        assert_int_equal(setup.took_us, 5 * 250000);
    }
}

/* Nothing said is not longer by an ID. */
static void no_bytes_stay_none(void **state)
{
    (void)state;
    const struct ota_session_config nothing = {
        .full_round_trips = 1,
        .resume_round_trips = 1,
        .max_age_us = OTA_US_PER_DAY,
        .fruitless_max = 1,
    };
    struct ota_dist rtt;

    for (int full = 0; full < 2; full++) {
        struct ota_air air = plain_air(&rtt, 250e3, 0);
        struct ota_session_state session = {.handshake_us =
                                                full ? OTA_NEVER : 0};
        struct ota_stream stream;
        const struct ota_session_call call = {
            .air = &air,
            .os = ota_device_os("boron", OS_3_1_0),
            .now_us = 1,
            .changed = true,
            .safe_mode = true,
            .boot = true,
        };

        model_fixture_stream(&stream, 0);
        struct ota_session_setup setup;
        ota_session_dtls.connect(&nothing, &session, &call, &stream.rng,
                                 &setup);
        assert_true(setup.ok);
        assert_int_equal(setup.up_bytes + setup.down_bytes, 0);
    }
}

/* A failed connect bills its ping and nothing else. */
static void only_a_connected_device_says_anything(void **state)
{
    (void)state;
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 250e3, 1);
    struct ota_session_state session = {.handshake_us = 0};
    struct ota_stream stream;
    const struct ota_session_call call = {
        .air = &air,
        .os = ota_device_os("boron", OS_1_4_1),
        .now_us = 1,
        .safe_mode = true,
        .changed = true,
    };

    model_fixture_stream(&stream, 0);
    struct ota_session_setup setup;
    ota_session_dtls.connect(&config, &session, &call, &stream.rng, &setup);
    assert_false(setup.ok || setup.full);
    assert_int_equal(setup.up_bytes, 4 * 68); /* the ping, and no more */
    assert_int_equal(setup.down_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_are_told_from_1_2_0),
        cmocka_unit_test(connection_ids_lengthen_what_goes_up),
        cmocka_unit_test(other_firmware_describes_itself_again),
        cmocka_unit_test(a_resume_tells_of_safe_mode_from_1_4_1),
        cmocka_unit_test(a_boot_is_told_on_a_handshake),
        cmocka_unit_test(tcp_and_full_say_the_same),
        cmocka_unit_test(no_bytes_stay_none),
        cmocka_unit_test(only_a_connected_device_says_anything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
