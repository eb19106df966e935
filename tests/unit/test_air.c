/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_air.c - regimes of loss, silences, and what bytes cost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "models/link/air.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"
#include "tests/support/plain_air.h"

enum { DRAWS = 100000 };

/* Whether nothing was drawn since the stream was as in before. */
static bool untouched(const struct ota_stream *stream,
                      const struct ota_stream_state *before)
{
    return memcmp(&stream->state, before, sizeof(*before)) == 0;
}

static void constant_air_draws_nothing_it_need_not(void **state)
{
    (void)state;
    struct ota_dist rtt;
    struct ota_stream stream;
    int64_t until_us;

    model_fixture_stream(&stream, 0);
    const struct ota_stream_state before = stream.state;
    for (int loss = 0; loss <= 1; loss++) {
        struct ota_air air = plain_air(&rtt, 1000, loss);
        ota_air_start(&air, 0, &stream.rng);
        assert_false(air.bad);
        assert_int_equal(air.until_us, OTA_NEVER);
        assert_true(ota_air_loss(&air, 5, &until_us, &stream.rng) == loss);
        assert_int_equal(until_us, OTA_NEVER);
        assert_int_equal(ota_air_rtt_us(&air, 5, &stream.rng), 1000);
        assert_int_equal(ota_air_lost(&air, 5, &stream.rng), loss);
        assert_true(ota_air_bad_share(&air) == 0);
    }
    assert_true(untouched(&stream, &before));
}

static void datagrams_are_lost_at_their_rate(void **state)
{
    (void)state;
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 1, 0.05);
    struct ota_stream stream;
    double lost = 0;

    model_fixture_stream(&stream, 1);
    for (int i = 0; i < DRAWS; i++)
        lost += ota_air_lost(&air, i, &stream.rng);
    model_fixture_assert_share(DRAWS, lost, 0.05);
}

static void check_regime(struct ota_air *air, int64_t now_us, double loss,
                         int64_t until_us)
{
    struct ota_stream stream;
    int64_t until;

    model_fixture_stream(&stream, 2);
    assert_true(ota_air_loss(air, now_us, &until, &stream.rng) == loss);
    assert_int_equal(until, until_us);
    assert_int_equal(ota_air_lost(air, now_us, &stream.rng), loss == 1);
}

static void nothing_passes_in_an_outage(void **state)
{
    (void)state;
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 1, 0);

    air.outage_begin_us = 100;
    air.outage_end_us = 200;
    check_regime(&air, 0, 0, 100);
    check_regime(&air, 99, 0, 100);
    check_regime(&air, 100, 1, 200);
    check_regime(&air, 199, 1, 200);
    check_regime(&air, 200, 0, OTA_NEVER);

    air.outage_end_us = OTA_NEVER; /* and it does not end */
    check_regime(&air, 300, 1, OTA_NEVER);
    air.outage_end_us = air.outage_begin_us; /* or is none */
    check_regime(&air, 100, 0, OTA_NEVER);
}

static void an_outage_and_a_state_end_whichever_is_first(void **state)
{
    (void)state;
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 1, 0);

    air.loss[true] = 1;
    air.leave_per_s[false] = air.leave_per_s[true] = 1;
    air.until_us = 150;
    air.outage_begin_us = 100;
    air.outage_end_us = 120;
    check_regime(&air, 99, 0, 100);
    check_regime(&air, 110, 1, 120);
    check_regime(&air, 120, 0, 150);
    air.outage_begin_us = air.outage_end_us = 160;
    check_regime(&air, 149, 0, 150);
    check_regime(&air, 149, 0, 150);
}

/* Whoever asks at the very instant a state ends finds the other one. */
static void states_alternate(void **state)
{
    (void)state;
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 1, 0.25);
    struct ota_stream stream;
    int64_t now_us = 0;

    air.loss[true] = 0.75;
    air.leave_per_s[false] = 0.02;
    air.leave_per_s[true] = 1e6; /* stays of about 1 us: hard on rounding */
    model_fixture_stream(&stream, 3);
    ota_air_start(&air, 0, &stream.rng);
    for (int i = 0; i < DRAWS; i++) {
        const bool bad = air.bad;
        int64_t until_us;
        const double loss = ota_air_loss(&air, now_us, &until_us, &stream.rng);
        assert_int_equal(air.bad, i == 0 ? bad : !bad);
        assert_true(loss == (air.bad ? 0.75 : 0.25));
        assert_true(until_us > now_us);
        now_us = until_us;
    }
}

static void a_state_that_is_never_left_stays(void **state)
{
    (void)state;
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 1, 0);
    struct ota_stream stream;
    int64_t until_us;

    model_fixture_stream(&stream, 4);
    air.loss[true] = 1;
    air.leave_per_s[false] = 1;
    air.until_us = 10;
    assert_true(ota_air_bad_share(&air) == 1);
    assert_true(ota_air_loss(&air, 10, &until_us, &stream.rng) == 1);
    assert_int_equal(until_us, OTA_NEVER);
    ota_air_start(&air, 10, &stream.rng);
    assert_true(air.bad);

    air.leave_per_s[false] = 1e-300; /* longer than time is counted */
    air.leave_per_s[true] = 1;
    air.until_us = 20;
    assert_true(ota_air_loss(&air, 20, &until_us, &stream.rng) == 0);
    assert_int_equal(until_us, OTA_NEVER);
}

static void a_silence_is_long_beyond_the_tail(void **state)
{
    (void)state;
    struct ota_dist rtt, more = ota_dist_fixed(OTA_TIME, 50);
    struct ota_air air = plain_air(&rtt, 7, 0);
    struct ota_stream stream;

    model_fixture_stream(&stream, 5);
    air.rtt_first = &more;
    air.loss_first = 1;
    air.tail_us = 1000;
    air.spoke_us = 100;
    assert_int_equal(ota_air_rtt_us(&air, 1100, &stream.rng), 7);
    assert_int_equal(ota_air_rtt_us(&air, 1101, &stream.rng), 57);
    assert_int_equal(air.spoke_us, 100); /* asking is not speaking */
    assert_true(ota_air_lost(&air, 1101, &stream.rng));
    assert_int_equal(air.spoke_us, 1101);
    assert_false(ota_air_lost(&air, 1101, &stream.rng));
    assert_false(ota_air_lost(&air, 2101, &stream.rng));
    assert_false(ota_air_lost(&air, 3101, &stream.rng));
    assert_true(ota_air_lost(&air, 4102, &stream.rng));

    air.spoke_us = INT64_MIN; /* never */
    assert_int_equal(ota_air_rtt_us(&air, 0, &stream.rng), 57);
    air.tail_us = OTA_NEVER;
    air.spoke_us = 0;
    assert_int_equal(ota_air_rtt_us(&air, OTA_NEVER - 1, &stream.rng), 7);
}

/* The first one's loss counts where it is more, not where it is less. */
static void a_first_datagram_is_no_safer(void **state)
{
    (void)state;
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 1, 1);
    struct ota_stream stream;

    model_fixture_stream(&stream, 6);
    air.tail_us = 0;
    air.loss_first = 0;
    assert_true(ota_air_lost(&air, 10, &stream.rng));
}

static void no_round_trip_takes_no_time(void **state)
{
    (void)state;
    struct ota_dist rtt;
    const struct ota_air none = plain_air(&rtt, 0, 0);
    struct ota_stream stream;

    model_fixture_stream(&stream, 7);
    assert_int_equal(ota_air_rtt_us(&none, 0, &stream.rng), 1);

    const struct ota_air endless = plain_air(&rtt, 1e30, 0);
    assert_int_equal(ota_air_rtt_us(&endless, 0, &stream.rng), OTA_NEVER);
}

static void bytes_cost_time_in_proportion(void **state)
{
    (void)state;
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 1, 0);

    assert_int_equal(ota_air_device_us(&air, 1024), 0);
    air.device_us_per_kib = 150000;
    assert_int_equal(ota_air_device_us(&air, 0), 0);
    assert_int_equal(ota_air_device_us(&air, 1024), 150000);
    assert_int_equal(ota_air_device_us(&air, 512), 75000);
    assert_int_equal(ota_air_device_us(&air, 1536), 225000);
    /* A product of bytes and time that does not fit 64 bits. */
    air.device_us_per_kib = OTA_US_PER_H;
    assert_int_equal(ota_air_device_us(&air, INT64_C(1) << 40),
                     (INT64_C(1) << 30) * OTA_US_PER_H);

    air.goodput_bit_s = 8000;
    assert_int_equal(ota_air_serial_us(&air, 0), 0);
    assert_int_equal(ota_air_serial_us(&air, 1000), OTA_US_PER_S);
    air.goodput_bit_s = 3;
    assert_int_equal(ota_air_serial_us(&air, 1), 2666667); /* rounded up */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_air_draws_nothing_it_need_not),
        cmocka_unit_test(datagrams_are_lost_at_their_rate),
        cmocka_unit_test(nothing_passes_in_an_outage),
        cmocka_unit_test(an_outage_and_a_state_end_whichever_is_first),
        cmocka_unit_test(states_alternate),
        cmocka_unit_test(a_state_that_is_never_left_stays),
        cmocka_unit_test(a_silence_is_long_beyond_the_tail),
        cmocka_unit_test(a_first_datagram_is_no_safer),
        cmocka_unit_test(no_round_trip_takes_no_time),
        cmocka_unit_test(bytes_cost_time_in_proportion),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
