/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_transfer_multicast.c - "multicast" transfers: times on air, exact costs,
 * and how they end. Whatever needs no chance is run in both fidelities.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/transfer/multicast.h"
#include "sim/base/clock.h"
#include "tests/support/plain_air.h"
#include "tests/support/transfer_fixture.h"

/* 10 pieces of 10 B; 20 B on the air for 55.25 symbols of 1024 us. */
enum { PIECES = 10, WIRE = 20, AIR_US = 56576, PERIOD_US = 10 * AIR_US };

static const struct ota_transfer_multicast_config config = {
    .chunk_bytes = 12,
    .mac_bytes = 8,
    .spreading_factor = 7,
    .duty_cycle = 0.1,
    .redundancy = 5,
    .extra = 3,
};

static struct ota_transfer_job job(void)
{
    return transfer_fixture_job(PIECES * 10);
}

static struct ota_transfer_result once(struct ota_transfer_job with,
                                       int fidelity, int64_t lose_at_us,
                                       int64_t lose_until_us)
{
    struct ota_transfer_multicast_config how = config;
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 1000, 0);

    how.fidelity = fidelity;
    if (lose_until_us) {
        air.outage_begin_us = lose_at_us;
        air.outage_end_us = lose_until_us;
    }
    return transfer_fixture_run(&ota_transfer_multicast, &how, &air, with, 0);
}

/* In both fidelities, which must agree. What is sent in the outage is lost. */
static struct ota_transfer_result run(struct ota_transfer_job with,
                                      int64_t lose_at_us, int64_t lose_until_us)
{
    const struct ota_transfer_result r =
        once(with, OTA_TRANSFER_FLOW, lose_at_us, lose_until_us);
    const struct ota_transfer_result p =
        once(with, OTA_TRANSFER_PACKET, lose_at_us, lose_until_us);

    assert_int_equal(p.end, r.end);
    assert_int_equal(p.end_us, r.end_us);
    assert_int_equal(p.down_bytes, r.down_bytes);
    assert_int_equal(p.up_bytes, r.up_bytes);
    assert_int_equal(p.spent_bytes, r.spent_bytes);
    assert_int_equal(p.chunks_sent, r.chunks_sent);
    return r;
}

/* When the k-th fragment, from 1, is over. */
static int64_t over_us(int64_t k)
{
    return OTA_US_PER_MS + (k - 1) * PERIOD_US + AIR_US;
}

static void times_on_air(void **state)
{
    (void)state;
    struct ota_transfer_multicast_config how = config;

    assert_int_equal(ota_multicast_air_us(&how), AIR_US);
    assert_int_equal(ota_multicast_gap_us(&how), 9 * AIR_US);
    how.bandwidth = OTA_TRANSFER_250_KHZ;
    assert_int_equal(ota_multicast_air_us(&how), AIR_US / 2);
    how.bandwidth = OTA_TRANSFER_500_KHZ;
    assert_int_equal(ota_multicast_air_us(&how), AIR_US / 4);
    how.duty_cycle = 1;
    assert_int_equal(ota_multicast_gap_us(&how), 0);
    /* Low data rate: at SF 12 by 125 kHz only. ceil(156 / 40) = 4 rows, and
     * ceil(156 / 48) = 4 of symbols half as long. */
    how.spreading_factor = 12;
    how.bandwidth = OTA_TRANSFER_125_KHZ;
    assert_int_equal(ota_multicast_air_us(&how), 40 * 32768 + 8192);
    how.bandwidth = OTA_TRANSFER_250_KHZ;
    assert_int_equal(ota_multicast_air_us(&how), 40 * 16384 + 4096);
}

static void lossless_costs_are_exact(void **state)
{
    (void)state;
    const struct ota_transfer_result r = run(job(), 0, 0);

    assert_int_equal(r.end, OTA_TRANSFER_DONE);
    assert_int_equal(r.end_us, over_us(13));
    assert_int_equal(r.chunks_sent, 13);
    assert_int_equal(r.down_bytes, 13 * WIRE);
    assert_int_equal(r.up_bytes, 0);
    assert_int_equal(r.spent_bytes, 3 * WIRE);
    assert_int_equal(r.payload_bytes, PIECES * 10);
    assert_int_equal(r.kept_bytes, PIECES * 10);
}

static void redundancy_bears_losses(void **state)
{
    (void)state;
    /* Fragments 3 and 4; then 3, 4 and 5. */
    const int64_t from_us = OTA_US_PER_MS + 2 * PERIOD_US;
    const struct ota_transfer_result two =
        run(job(), from_us, from_us + PERIOD_US + 1);
    const struct ota_transfer_result three =
        run(job(), from_us, from_us + 2 * PERIOD_US + 1);

    assert_int_equal(two.end, OTA_TRANSFER_DONE);
    assert_int_equal(two.end_us, over_us(15));
    assert_int_equal(three.end, OTA_TRANSFER_GAVE_UP);
    assert_int_equal(three.end_us, over_us(15));
    assert_int_equal(three.chunks_sent, 15);
    assert_int_equal(three.payload_bytes, 0);
    assert_int_equal(three.kept_bytes, 0);
    assert_int_equal(three.spent_bytes, 15 * WIRE);
}

static void a_cut_ends_it(void **state)
{
    (void)state;
    struct ota_transfer_job with = job();

    with.cut_us = over_us(13); /* just in time */
    assert_int_equal(run(with, 0, 0).end, OTA_TRANSFER_DONE);
    with.cut_us--;
    const struct ota_transfer_result late = run(with, 0, 0);
    assert_int_equal(late.end, OTA_TRANSFER_CUT);
    assert_int_equal(late.end_us, with.cut_us);
    assert_int_equal(late.chunks_sent, 13);
    assert_int_equal(late.kept_bytes, 0);
    with.cut_us = OTA_US_PER_MS + 3 * PERIOD_US; /* before the fourth */
    const struct ota_transfer_result early = run(with, 0, 0);
    assert_int_equal(early.end, OTA_TRANSFER_CUT);
    assert_int_equal(early.chunks_sent, 3);
}

static void the_plan_caps_it(void **state)
{
    (void)state;
    struct ota_transfer_job with = job();

    with.data_left_bytes = 5 * WIRE - 1;
    const struct ota_transfer_result r = run(with, 0, 0);
    assert_int_equal(r.end, OTA_TRANSFER_CAPPED);
    assert_int_equal(r.end_us, OTA_US_PER_MS + 4 * PERIOD_US);
    assert_int_equal(r.down_bytes, 4 * WIRE);
}

static void an_app_breaks_it(void **state)
{
    (void)state;
    struct ota_transfer_job with = job();

    with.break_per_chunk = 1;
    /* The first is lost. */
    const struct ota_transfer_result r =
        run(with, OTA_US_PER_MS, OTA_US_PER_MS + 1);
    assert_int_equal(r.end, OTA_TRANSFER_BROKEN);
    assert_int_equal(r.end_us, over_us(2));
    assert_int_equal(r.spent_bytes, 2 * WIRE);
}

static void a_device_refuses_it(void **state)
{
    (void)state;
    struct ota_transfer_job with = job();

    with.refused = true;
    const struct ota_transfer_result r = run(with, 0, 0);
    assert_int_equal(r.end, OTA_TRANSFER_REFUSED);
    assert_int_equal(r.end_us, 2 * OTA_US_PER_MS);
    assert_int_equal(r.down_bytes, 8 + 11);
    assert_int_equal(r.up_bytes, 8 + 2);
    assert_int_equal(r.chunks_sent, 0);
}

static void the_slowest_sets_the_pace(void **state)
{
    (void)state;
    struct ota_transfer_job with = job();

    with.pump_us = PERIOD_US - 1;
    assert_int_equal(run(with, 0, 0).end_us, over_us(13));
    with.pump_us = 2 * PERIOD_US;
    assert_int_equal(run(with, 0, 0).end_us, over_us(13) + 12 * PERIOD_US);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_on_air),
        cmocka_unit_test(lossless_costs_are_exact),
        cmocka_unit_test(redundancy_bears_losses),
        cmocka_unit_test(a_cut_ends_it),
        cmocka_unit_test(the_plan_caps_it),
        cmocka_unit_test(an_app_breaks_it),
        cmocka_unit_test(a_device_refuses_it),
        cmocka_unit_test(the_slowest_sets_the_pace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
