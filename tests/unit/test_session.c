/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_session.c - when a session is resumed, dropped and made anew, and what
 * that costs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "models/session/session.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"
#include "tests/support/plain_air.h"

enum { OLD_OS = 207, OS_1_1_1 = 1104, OS_2_3_1 = 2302 };

static const struct ota_session_config config = {
    .full_bytes = 5501,
    .full_round_trips = 5,
    .resume_bytes = 200,
    .resume_round_trips = 1,
    .max_age_us = 3 * OTA_US_PER_DAY,
    .fruitless_max = 1,
    .keep_alive_us = 23 * OTA_US_PER_MIN,
    .keep_alive_bytes = 122,
    .mapping_us = OTA_NEVER,
};

/* A call of an Electron of that version. Its air is the test's. */
static struct ota_session_call electron(int32_t system, int64_t now_us)
{
    return (struct ota_session_call){
        .os = ota_device_os("electron", system),
        .now_us = now_us,
    };
}

static struct ota_session_setup call_once(const struct ota_session_model *model,
                                          const struct ota_session_config *with,
                                          struct ota_session_state *session,
                                          struct ota_session_call call,
                                          double loss)
{
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 250e3, loss);
    struct ota_stream stream;

    call.air = &air;
    model_fixture_stream(&stream, 0);
    struct ota_session_setup setup;
    model->connect(with, session, &call, &stream.rng, &setup);
    return setup;
}

static struct ota_session_setup
connect_once(const struct ota_session_model *model,
             const struct ota_session_config *with,
             struct ota_session_state *session, int64_t now_us, double loss)
{
    return call_once(model, with, session, electron(OLD_OS, now_us), loss);
}

static void a_session_is_resumed_until_it_is_too_old(void **state)
{
    (void)state;
    struct ota_session_state session;
    struct ota_session_setup setup;

    ota_session_drop(&session);
    setup = connect_once(&ota_session_dtls, &config, &session, 1000, 0);
    assert_true(setup.ok && setup.full);
    assert_int_equal(setup.took_us, 5 * 250000);
    assert_int_equal(setup.up_bytes, 2751);
    assert_int_equal(setup.down_bytes, 2750);

    const int64_t made_us = session.handshake_us;
    assert_int_equal(made_us, 1000 + 5 * 250000);
    assert_int_equal(ota_session_dtls.renew_us(&config, &session),
                     made_us + 3 * OTA_US_PER_DAY);

    setup = connect_once(&ota_session_dtls, &config, &session,
                         made_us + 3 * OTA_US_PER_DAY - 1, 0);
    assert_true(setup.ok && !setup.full);
    assert_int_equal(setup.took_us, 250000);
    assert_int_equal(setup.up_bytes + setup.down_bytes, 200);
    assert_int_equal(session.handshake_us, made_us);

    setup = connect_once(&ota_session_dtls, &config, &session,
                         made_us + 3 * OTA_US_PER_DAY, 0);
    assert_true(setup.full);
}

static void others_never_resume(void **state)
{
    (void)state;
    static const struct ota_session_model *const models[] = {&ota_session_full,
                                                             &ota_session_tcp};

    for (size_t m = 0; m < 2; m++) {
        struct ota_session_state session;
        struct ota_stream stream;

        model_fixture_stream(&stream, 0);
        models[m]->start(&config, &session, &stream.rng);
        for (int64_t k = 0; k < 3; k++) {
            assert_false(models[m]->resumes(&config, &session, k));
            assert_true(connect_once(models[m], &config, &session,
                                     k * OTA_US_PER_MIN, 0)
                            .full);
        }
        assert_true(models[m]->renew_us(&config, &session) == OTA_NEVER);
    }
}

static void a_failed_handshake_bills_what_was_sent(void **state)
{
    (void)state;
    struct ota_session_state session;
    struct ota_session_setup setup;

    ota_session_drop(&session);
    setup = connect_once(&ota_session_dtls, &config, &session, 0, 1);
    assert_false(setup.ok);
    assert_int_equal(setup.took_us, 93 * OTA_US_PER_S);
    /* Six sends of the first of five shares of 2,751 B, none answered. */
    assert_int_equal(setup.up_bytes, 6 * (2751 / 5));
    assert_int_equal(setup.down_bytes, 0);
    assert_false(ota_session_dtls.resumes(&config, &session, 1));

    /* TCP: after 1, 2, 4, 8 and 8 s. */
    setup = connect_once(&ota_session_tcp, &config, &session, 0, 1);
    assert_false(setup.ok);
    assert_int_equal(setup.took_us, 23 * OTA_US_PER_S);
    assert_int_equal(setup.up_bytes, 5 * (2751 / 5));
}

/* Whether a session outlives so many failed resumes. */
static bool survives(int64_t fruitless_max, int32_t system, int fails)
{
    struct ota_session_config with = config;
    struct ota_session_state session = {.handshake_us = 0};

    with.fruitless_max = fruitless_max;
    for (int k = 0; k < fails; k++) {
        const struct ota_session_setup setup = call_once(
            &ota_session_dtls, &with, &session, electron(system, 1), 1);
        assert_false(setup.ok);
    }
    return ota_session_dtls.resumes(&with, &session, 2);
}

static void failed_resumes_drop_the_session(void **state)
{
    (void)state;
    /* CoAP gives up: whatever the release. */
    assert_false(survives(1, OS_1_1_1, 1));
    assert_false(survives(1, OS_2_3_1, 1));
    /* The rule of 3 is of 1.2.0. */
    assert_true(survives(3, OS_2_3_1, 2));
    assert_false(survives(3, OS_2_3_1, 3));
    assert_true(survives(3, OS_1_1_1, 30));
}

static void a_resume_that_works_starts_the_count_anew(void **state)
{
    (void)state;
    struct ota_session_config patient = config;
    struct ota_session_state session = {.handshake_us = 0};
    const struct ota_session_call call = electron(OS_2_3_1, 1);

    patient.fruitless_max = 3;
    for (int round = 0; round < 3; round++) {
        for (int k = 0; k < 2; k++)
            (void)call_once(&ota_session_dtls, &patient, &session, call, 1);
        assert_true(ota_session_dtls.resumes(&patient, &session, 4));
        assert_true(
            call_once(&ota_session_dtls, &patient, &session, call, 0).ok);
    }
}

static void a_session_starts_at_a_uniform_age(void **state)
{
    (void)state;
    enum { DEVICES = 50000 };
    struct ota_stream stream;
    double sum = 0, sum2 = 0;

    model_fixture_stream(&stream, 0);
    for (int d = 0; d < DEVICES; d++) {
        struct ota_session_state session;
        ota_session_dtls.start(&config, &session, &stream.rng);
        assert_true(session.handshake_us <= 0 &&
                    session.handshake_us > -config.max_age_us);
        const double age_s = -ota_s_from_us(session.handshake_us);
        sum += age_s;
        sum2 += age_s * age_s;
    }
    model_fixture_assert_mean(DEVICES, sum, sum2, 1.5 * 86400);
}

/* Each share of bytes is sent 1/(1-p) times where p is the chance that the
 * exchange's try fails, as long as giving up is out of reach. */
static void loss_costs_its_share_of_bytes(void **state)
{
    (void)state;
    enum { CONNECTS = 50000 };
    const double loss = 0.1, p = 1 - (1 - loss) * (1 - loss);
    struct ota_dist rtt;
    struct ota_session_config even = config;
    struct ota_stream stream;
    double up = 0, up2 = 0;

    even.full_bytes = 10000; /* five shares of 1,000 B each way */
    model_fixture_stream(&stream, 0);
    for (int i = 0; i < CONNECTS; i++) {
        struct ota_air air = plain_air(&rtt, 1e3, loss);
        struct ota_session_call call = electron(OLD_OS, 0);
        struct ota_session_state session;
        ota_session_drop(&session);
        call.air = &air;
        struct ota_session_setup setup;
        ota_session_dtls.connect(&even, &session, &call, &stream.rng, &setup);
        up += (double)setup.up_bytes;
        up2 += (double)setup.up_bytes * (double)setup.up_bytes;
    }
    /* Giving up has a chance of p^6 = 5e-5 a round trip, which takes less off
     * the mean than a standard error. */
    model_fixture_assert_mean(CONNECTS, up, up2, 5000 / (1 - p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_is_resumed_until_it_is_too_old),
        cmocka_unit_test(others_never_resume),
        cmocka_unit_test(a_failed_handshake_bills_what_was_sent),
        cmocka_unit_test(failed_resumes_drop_the_session),
        cmocka_unit_test(a_resume_that_works_starts_the_count_anew),
        cmocka_unit_test(a_session_starts_at_a_uniform_age),
        cmocka_unit_test(loss_costs_its_share_of_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
