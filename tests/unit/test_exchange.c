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
#include "tests/support/plain_air.h"

/* Sends at 0, 2, 6, 14 s and gives up at 30 s. */
static const struct ota_retry exact = {
    .timeout_us = 2 * OTA_US_PER_S,
    .timeout_max_us = 16 * OTA_US_PER_S,
    .backoff = 2,
    .spread = 0,
    .sends_max = 4,
};

enum { BEGIN_US = 1000000 }; /* when exchanges begin */

static struct ota_exchange run_on(struct ota_air *air,
                                  const struct ota_retry *retry)
{
    struct ota_stream stream;

    model_fixture_stream(&stream, 0);
    return ota_exchange_run(air, retry, BEGIN_US, &stream.rng);
}

static struct ota_exchange run(const struct ota_retry *retry, double rtt_s,
                               double loss)
{
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, rtt_s * 1e6, loss);

    return run_on(&air, retry);
}

/* Nothing leaves in the stretch from begin_s to end_s after the beginning. */
static struct ota_exchange run_with_outage(double rtt_s, double begin_s,
                                           double end_s)
{
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, rtt_s * 1e6, 0);

    air.outage_begin_us = BEGIN_US + llround(begin_s * 1e6);
    air.outage_end_us = BEGIN_US + llround(end_s * 1e6);
    return run_on(&air, &exact);
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

/* A request is lost by the air when it leaves, its answer by that half a round
 * trip later; with 3 s, answers leave at 1.5, 3.5, 7.5 and 15.5 s. */
static void each_way_is_lost_at_its_own_instant(void **state)
{
    (void)state;
    struct ota_exchange x = run_with_outage(3, 0, 1);
    assert_true(x.ok); /* only the first request is lost */
    assert_int_equal(x.took_us, 5 * OTA_US_PER_S);
    assert_int_equal(x.requests_sent, 2);
    assert_int_equal(x.requests_received, 1);

    x = run_with_outage(3, 1, 2); /* the first answer; the request at 2 not */
    assert_true(x.ok);
    assert_int_equal(x.took_us, 5 * OTA_US_PER_S);
    assert_int_equal(x.requests_sent, 2);
    assert_int_equal(x.requests_received, 2);
    assert_int_equal(x.answers_sent, 2);

    x = run_with_outage(3, 1, 7.5); /* the first answer, two requests */
    assert_true(x.ok);
    assert_int_equal(x.took_us, 17 * OTA_US_PER_S);
    assert_int_equal(x.requests_sent, 4);
    assert_int_equal(x.requests_received, 2);

    x = run_with_outage(3, 1, 15.6); /* the first answer, all else */
    assert_false(x.ok);
    assert_int_equal(x.took_us, 30 * OTA_US_PER_S);
    assert_int_equal(x.requests_received, 1);
}

/* Only the first datagram is one after a silence: not its answer, however
 * late that leaves, nor a repeat while the radio is still up. */
static void the_first_request_alone_wakes_the_radio(void **state)
{
    (void)state;
    struct ota_dist rtt, more = ota_dist_fixed(OTA_TIME, 1e6);
    struct ota_air air = plain_air(&rtt, 0.5e6, 0);
    struct ota_exchange x;

    air.rtt_first = &more;
    air.tail_us = OTA_US_PER_S / 10;
    air.spoke_us = INT64_MIN;
    x = run_on(&air, &exact);
    assert_true(x.ok);
    assert_int_equal(x.took_us, 1500000);
    assert_int_equal(air.spoke_us, BEGIN_US + 1500000); /* the answer */

    air.loss_first = 1;
    air.spoke_us = BEGIN_US; /* the radio is up; the answer leaves late */
    x = run_on(&air, &exact);
    assert_true(x.ok);
    assert_int_equal(x.took_us, 500000);

    /* The timer outlasts the tail: all requests are first. */
    air.spoke_us = INT64_MIN;
    x = run_on(&air, &exact);
    assert_false(x.ok);
    assert_int_equal(x.requests_received, 0);

    air.tail_us = 3 * OTA_US_PER_S; /* longer than the first timer */
    air.spoke_us = INT64_MIN;
    x = run_on(&air, &exact);
    assert_true(x.ok);
    assert_int_equal(x.took_us, 2500000);
    assert_int_equal(x.requests_sent, 2);
    assert_int_equal(x.requests_received, 1);
}

/* The link gets bad for good after 3 s, before the answer to the first of two
 * requests leaves: but the second left before. */
static void time_does_not_go_back(void **state)
{
    (void)state;
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 8e6, 0);

    air.loss[true] = 1;
    air.leave_per_s[false] = 1;
    air.until_us = BEGIN_US + 3 * OTA_US_PER_S;
    const struct ota_exchange x = run_on(&air, &exact);
    assert_false(x.ok);
    assert_int_equal(x.requests_sent, 4);
    assert_int_equal(x.requests_received, 2);
}

/* As many answers on their way as there may be. */
static void many_answers_may_be_on_their_way(void **state)
{
    (void)state;
    const struct ota_retry patient = {
        .timeout_us = OTA_US_PER_S,
        .timeout_max_us = OTA_US_PER_S,
        .backoff = 2,
        .sends_max = OTA_RETRY_SENDS_MAX,
    };
    struct ota_exchange x = run(&patient, 63.5, 0);

    assert_true(x.ok);
    assert_int_equal(x.took_us, 63500000);
    assert_int_equal(x.requests_sent, OTA_RETRY_SENDS_MAX);
    x = run(&patient, 1000, 0);
    assert_false(x.ok);
    assert_int_equal(x.took_us, OTA_RETRY_SENDS_MAX * OTA_US_PER_S);
    assert_int_equal(x.answers_sent, OTA_RETRY_SENDS_MAX);
    x = run(&patient, 1e30, 0);
    assert_false(x.ok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_counts_until_the_last_timer_runs_out),
        cmocka_unit_test(nothing_heard_is_given_up),
        cmocka_unit_test(doubling_stops),
        cmocka_unit_test(particle_gives_up_when_it_says),
        cmocka_unit_test(each_way_is_lost_at_its_own_instant),
        cmocka_unit_test(the_first_request_alone_wakes_the_radio),
        cmocka_unit_test(time_does_not_go_back),
        cmocka_unit_test(many_answers_may_be_on_their_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
