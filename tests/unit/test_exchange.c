/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_exchange.c - the timers of an exchange, to the microsecond.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>

#include "models/link/exchange.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"

/* Sends at 0, 2, 6, 14 s and gives up at 30 s. */
static const struct ota_retry exact = {
    .timeout_us = 2 * OTA_US_PER_S,
    .timeout_max_us = 16 * OTA_US_PER_S,
    .spread = 0,
    .sends_max = 4,
};

static struct ota_exchange run(const struct ota_retry *retry, double rtt_s,
                               double loss)
{
    struct ota_link_lognormal_config config;
    const struct ota_link link = model_fixture_link(&config, rtt_s * 1e6, loss);
    struct ota_stream stream;

    model_fixture_stream(&stream, 0);
    return ota_exchange_run(&link, retry, &stream.rng);
}

static void check(double rtt_s, bool ok, double took_s, int sent)
{
    const struct ota_exchange x = run(&exact, rtt_s, 0);

    assert_int_equal(x.ok, ok);
    assert_int_equal(x.took_us, llround(took_s * 1e6));
    assert_int_equal(x.requests_sent, sent);
    assert_int_equal(x.requests_received, sent);
    assert_int_equal(x.answers_sent, sent);
}

static void an_answer_counts_until_the_last_timer_runs_out(void **state)
{
    (void)state;
    check(0.25, true, 0.25, 1);
    check(2, true, 2, 1); /* with the timer: no repeat */
    check(2.000001, true, 2.000001, 2);
    check(5, true, 5, 2);
    check(6.5, true, 6.5, 3);
    check(30, true, 30, 4);
    check(30.000001, false, 30, 4);
}

static void nothing_heard_is_given_up(void **state)
{
    (void)state;
    const struct ota_exchange x = run(&exact, 1, 1);

    assert_false(x.ok);
    assert_int_equal(x.took_us, 30 * OTA_US_PER_S);
    assert_int_equal(x.requests_sent, 4);
    assert_int_equal(x.requests_received, 0);
    assert_int_equal(x.answers_sent, 0);
}

static void doubling_stops(void **state)
{
    (void)state;
    struct ota_retry retry = exact;

    retry.timeout_max_us = 5 * OTA_US_PER_S; /* 2, 4, 5, 5 */
    assert_int_equal(run(&retry, 1, 1).took_us, 16 * OTA_US_PER_S);
    retry.sends_max = 1;
    assert_int_equal(run(&retry, 1, 1).took_us, 2 * OTA_US_PER_S);
}

static void particle_gives_up_when_it_says(void **state)
{
    (void)state;
    const struct ota_exchange coap = run(&ota_retry_coap, 1, 1);
    const struct ota_exchange dtls = run(&ota_retry_dtls, 1, 1);

    /* 4 + 8 + 16 + 32 s and up to half as much again. */
    assert_int_equal(coap.requests_sent, 4);
    assert_in_range(coap.took_us, 60 * OTA_US_PER_S, 90 * OTA_US_PER_S);
    /* 3 + 6 + 12 + 24 + 24 + 24 s. */
    assert_int_equal(dtls.requests_sent, 6);
    assert_int_equal(dtls.took_us, 93 * OTA_US_PER_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_counts_until_the_last_timer_runs_out),
        cmocka_unit_test(nothing_heard_is_given_up),
        cmocka_unit_test(doubling_stops),
        cmocka_unit_test(particle_gives_up_when_it_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
