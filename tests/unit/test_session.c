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

static struct ota_session_setup
connect_once(const struct ota_session_model *model,
             const struct ota_session_config *with,
             struct ota_session_state *session, int64_t now_us, double loss)
{
    struct ota_link_lognormal_config link_config;
    const struct ota_link link = model_fixture_link(&link_config, 250e3, loss);
    struct ota_stream stream;

    model_fixture_stream(&stream, 0);
    /* cppcheck-suppress returnDanglingLifetime ; the result holds no link */
    return model->connect(with, session, &link, now_us, &stream.rng);
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

static void full_never_resumes(void **state)
{
    (void)state;
    struct ota_session_state session;
    struct ota_stream stream;

    model_fixture_stream(&stream, 0);
    ota_session_full.start(&config, &session, &stream.rng);
    for (int64_t k = 0; k < 3; k++)
        assert_true(connect_once(&ota_session_full, &config, &session,
                                 k * OTA_US_PER_MIN, 0)
                        .full);
    assert_true(ota_session_full.renew_us(&config, &session) == OTA_NEVER);
}

static void a_failed_handshake_bills_what_was_sent(void **state)
{
    (void)state;
    struct ota_session_state session;

    ota_session_drop(&session);
    const struct ota_session_setup setup =
        connect_once(&ota_session_dtls, &config, &session, 0, 1);
    assert_false(setup.ok);
    assert_int_equal(setup.took_us, 93 * OTA_US_PER_S);
    /* Six sends of the first of five shares of 2,751 B, none answered. */
    assert_int_equal(setup.up_bytes, 6 * (2751 / 5));
    assert_int_equal(setup.down_bytes, 0);
    assert_false(ota_session_dtls.resumes(&config, &session, 1));
}

static void failed_resumes_drop_the_session(void **state)
{
    (void)state;
    struct ota_session_config patient = config;
    struct ota_session_state session = {.handshake_us = 0};

    assert_false(connect_once(&ota_session_dtls, &config, &session, 1, 1).ok);
    assert_false(ota_session_dtls.resumes(&config, &session, 2));

    patient.fruitless_max = 3;
    session = (struct ota_session_state){.handshake_us = 0};
    for (int k = 0; k < 2; k++)
        (void)connect_once(&ota_session_dtls, &patient, &session, 1, 1);
    assert_true(ota_session_dtls.resumes(&patient, &session, 2));
    /* One that works starts the count anew. */
    assert_true(connect_once(&ota_session_dtls, &patient, &session, 2, 0).ok);
    for (int k = 0; k < 2; k++)
        (void)connect_once(&ota_session_dtls, &patient, &session, 3, 1);
    assert_true(ota_session_dtls.resumes(&patient, &session, 4));
    (void)connect_once(&ota_session_dtls, &patient, &session, 4, 1);
    assert_false(ota_session_dtls.resumes(&patient, &session, 5));
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
    struct ota_link_lognormal_config link_config;
    const struct ota_link link = model_fixture_link(&link_config, 1e3, loss);
    struct ota_session_config even = config;
    struct ota_stream stream;
    double up = 0, up2 = 0;

    even.full_bytes = 10000; /* five shares of 1,000 B each way */
    model_fixture_stream(&stream, 0);
    for (int i = 0; i < CONNECTS; i++) {
        struct ota_session_state session;
        ota_session_drop(&session);
        const struct ota_session_setup setup =
            ota_session_dtls.connect(&even, &session, &link, 0, &stream.rng);
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
        cmocka_unit_test(full_never_resumes),
        cmocka_unit_test(a_failed_handshake_bills_what_was_sent),
        cmocka_unit_test(failed_resumes_drop_the_session),
        cmocka_unit_test(a_session_starts_at_a_uniform_age),
        cmocka_unit_test(loss_costs_its_share_of_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
