/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_transfer_fast.c - "fast" transfers against counts and times worked out
 * by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/plain_air.h"
#include "tests/support/transfer_fixture.h"

enum { RTT_US = 200000, CHUNK_WIRE = 585 };

static const struct ota_transfer_fast_config config = {
    .chunk_bytes = 512,
    .flight_chunks = 50,
    .request_chunks = 50,
    .stall_us = 90 * OTA_US_PER_S,
};

/* What the air is made of. */
struct plain {
    int64_t goodput_bit_s;
    int64_t device_us_per_kib;
    double loss;
    struct ota_device_os os;
};

static const struct plain clean = {
    .goodput_bit_s = 585 * 8 * 100, /* 10 ms a chunk */
    .device_us_per_kib = 2000,
};

static struct ota_transfer_result
run_once(const struct ota_transfer_fast_config *with, const struct plain *plain,
         struct ota_transfer_job job, uint64_t index)
{
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, RTT_US, plain->loss);

    air.goodput_bit_s = plain->goodput_bit_s;
    air.device_us_per_kib = plain->device_us_per_kib;
    job.os = plain->os;
    return transfer_fixture_run(&ota_transfer_fast, with, &air, job, index);
}

/* Runs it as a flow and, where chance plays no part, as packets too: they must
 * agree to the bit. */
static struct ota_transfer_result
run_with(const struct ota_transfer_fast_config *with, const struct plain *plain,
         struct ota_transfer_job job, uint64_t index)
{
    struct ota_transfer_fast_config packet = *with;
    const struct ota_transfer_result r = run_once(with, plain, job, index);

    packet.fidelity = OTA_TRANSFER_PACKET;
    if (plain->loss <= 0 &&
        !(job.break_per_chunk > 0 && job.break_per_chunk < 1)) {
        const struct ota_transfer_result p =
            run_once(&packet, plain, job, index);
        assert_int_equal(p.end, r.end);
        assert_int_equal(p.end_us, r.end_us);
        assert_int_equal(p.down_bytes, r.down_bytes);
        assert_int_equal(p.up_bytes, r.up_bytes);
        assert_int_equal(p.spent_bytes, r.spent_bytes);
        assert_int_equal(p.kept_bytes, r.kept_bytes);
        assert_int_equal(p.rounds, r.rounds);
    }
    return r;
}

/*
 * 120 chunks without loss: flights of 50, 50 and 20. UpdateBegin, UpdateReady,
 * three UpdateDone and two requests are a round trip each, and each flight
 * starts half a one before its first chunk is through.
 */
static void lossless_costs_are_exact(void **state)
{
    (void)state;
    const int64_t size = 119 * 512 + 1;
    const struct ota_transfer_result r =
        run_with(&config, &clean, transfer_fixture_job(size), 0);

    assert_int_equal(r.end, OTA_TRANSFER_DONE);
    assert_int_equal(r.rounds, 3);
    assert_int_equal(r.chunks_sent, 120);
    assert_int_equal(r.end_us - 1000,
                     7 * RTT_US + 3 * RTT_US / 2 + 120 * 10000);
    assert_int_equal(r.down_bytes,
                     120 * CHUNK_WIRE + 77 + 61 + 3 * 64 + 2 * 61);
    assert_int_equal(r.up_bytes,
                     61 + 64 + 3 * 62 + (64 + 2 * 50) + (64 + 2 * 20));
    assert_int_equal(r.payload_bytes, size);
    assert_int_equal(r.spent_bytes, 0);
    assert_false(r.resets);
}

/* Flights of 10, then what came and two or 20 % more: 12, 14, 16, and the
 * last 8 of 60. */
static void growing_requests_grow(void **state)
{
    (void)state;
    struct ota_transfer_fast_config growing = config;
    growing.flight_chunks = 10;
    growing.request_chunks = 40;
    growing.request_rule = OTA_TRANSFER_REQUEST_GROWING;
    const struct ota_transfer_result r =
        run_with(&growing, &clean, transfer_fixture_job(60 * 512), 0);

    assert_int_equal(r.end, OTA_TRANSFER_DONE);
    assert_int_equal(r.rounds, 5);
    assert_int_equal(r.chunks_sent, 60);
}

/* Whichever is slowest sets the pace. */
static void pace_follows_the_slowest(void **state)
{
    (void)state;
    struct plain slow = clean;
    slow.device_us_per_kib = 100000;
    struct ota_transfer_job job = transfer_fixture_job(50 * 512);
    const int64_t rest_us = 3 * RTT_US + RTT_US / 2;

    assert_int_equal(run_with(&config, &slow, job, 0).end_us - job.begin_us,
                     rest_us + 50 * 50000);
    job.pump_us = OTA_US_PER_S;
    assert_int_equal(run_with(&config, &slow, job, 0).end_us - job.begin_us,
                     rest_us + 50 * OTA_US_PER_S);
}

static void a_cut_loses_everything(void **state)
{
    (void)state;
    struct ota_transfer_job job = transfer_fixture_job(50 * 512);
    /* After both opening exchanges, and 7 chunks begun. */
    job.cut_us = job.begin_us + 2 * RTT_US + 65000;
    const struct ota_transfer_result r = run_with(&config, &clean, job, 0);

    assert_int_equal(r.end, OTA_TRANSFER_CUT);
    assert_int_equal(r.end_us, job.cut_us);
    assert_int_equal(r.chunks_sent, 7);
    assert_int_equal(r.spent_bytes, 7 * CHUNK_WIRE);
    assert_int_equal(r.down_bytes, 7 * CHUNK_WIRE + 77 + 61);
    assert_int_equal(r.payload_bytes, 0);
    assert_int_equal(r.kept_bytes, 0);
}

/* The k-th chunk that would pass the plan's limit is not sent. */
static void a_cap_stops_the_datagram(void **state)
{
    (void)state;
    struct ota_transfer_job job = transfer_fixture_job(50 * 512);
    const int64_t opening = 77 + 61 + 64 + 61;
    job.data_left_bytes = opening + 10 * CHUNK_WIRE + CHUNK_WIRE - 1;
    const struct ota_transfer_result r = run_with(&config, &clean, job, 0);

    assert_int_equal(r.end, OTA_TRANSFER_CAPPED);
    assert_int_equal(r.down_bytes + r.up_bytes, opening + 10 * CHUNK_WIRE);
    assert_int_equal(r.end_us, job.begin_us + 2 * RTT_US + 10 * 10000);

    job.data_left_bytes = 0;
    const struct ota_transfer_result none = run_with(&config, &clean, job, 0);
    assert_int_equal(none.end, OTA_TRANSFER_CAPPED);
    assert_int_equal(none.down_bytes + none.up_bytes, 0);
    assert_true(none.end_us > job.begin_us);
}

/* An app that takes a message every 100 s starves the update. */
static void a_starved_device_resets(void **state)
{
    (void)state;
    struct ota_transfer_job job = transfer_fixture_job(50 * 512);
    job.pump_us = 100 * OTA_US_PER_S;
    const struct ota_transfer_result r = run_with(&config, &clean, job, 0);

    assert_int_equal(r.end, OTA_TRANSFER_STALLED);
    assert_true(r.resets);
    assert_int_equal(r.end_us, job.begin_us + RTT_US + config.stall_us);
    assert_int_equal(r.payload_bytes, 0);
}

static void nobody_there_gives_up(void **state)
{
    (void)state;
    struct plain dead = clean;
    dead.loss = 1;
    const struct ota_transfer_result r =
        run_with(&config, &dead, transfer_fixture_job(512), 0);

    assert_int_equal(r.end, OTA_TRANSFER_GAVE_UP);
    assert_int_equal(r.down_bytes, 4 * 77);
    assert_int_equal(r.up_bytes, 0);
    /* 4 s doubling, 4 sends, each up to half longer. */
    assert_true(r.end_us > 60 * OTA_US_PER_S && r.end_us < 91 * OTA_US_PER_S);
}

/* Updates are disabled: UpdateBegin and its answer is all there is. */
static void a_refusal_costs_one_exchange(void **state)
{
    (void)state;
    struct ota_transfer_job job = transfer_fixture_job(5000);
    job.refused = true;
    const struct ota_transfer_result r = run_with(&config, &clean, job, 0);

    assert_int_equal(r.end, OTA_TRANSFER_REFUSED);
    assert_int_equal(r.end_us, job.begin_us + RTT_US);
    assert_int_equal(r.down_bytes, 77);
    assert_int_equal(r.up_bytes, 61);
    assert_false(r.resets);
}

/* An app that breaks every transfer at its first chunk: it arrives, and what
 * is sent until then is billed. */
static void a_break_ends_at_an_arrival(void **state)
{
    (void)state;
    struct ota_transfer_job job = transfer_fixture_job(50 * 512);
    job.break_per_chunk = 1;
    const struct ota_transfer_result r = run_with(&config, &clean, job, 0);

    assert_int_equal(r.end, OTA_TRANSFER_BROKEN);
    assert_int_equal(r.end_us, job.begin_us + 2 * RTT_US + 10000 + RTT_US / 2);
    assert_int_equal(r.chunks_sent, (10000 + RTT_US / 2) / 10000);
    assert_int_equal(r.payload_bytes, 0);
    assert_int_equal(r.spent_bytes, r.chunks_sent * CHUNK_WIRE);
}

/* Over TCP a chunk of 512 B has 586 B and is acknowledged with 40; 20 B of
 * UpdateBegin have 74 and 40; and so on. */
static void tcp_has_sizes_of_its_own(void **state)
{
    (void)state;
    struct plain photon = clean;
    photon.os = ota_device_os("photon", 207);
    const struct ota_transfer_result r =
        run_with(&config, &photon, transfer_fixture_job(50 * 512), 0);

    assert_int_equal(r.end, OTA_TRANSFER_DONE);
    assert_int_equal(r.chunks_sent, 50);
    assert_int_equal(r.down_bytes, 50 * 586 + (74 + 40) + 58 + (58 + 40));
    assert_int_equal(r.up_bytes, 50 * 40 + 58 + (58 + 40) + 58);
}

/* TCP repeats what is lost: one flight brings all of it. */
static void tcp_loses_no_chunk(void **state)
{
    (void)state;
    struct plain photon = clean;
    photon.os = ota_device_os("photon", 207);
    photon.loss = 0.2;
    const struct ota_transfer_result r =
        run_with(&config, &photon, transfer_fixture_job(50 * 512), 3);

    assert_int_equal(r.end, OTA_TRANSFER_DONE);
    assert_int_equal(r.rounds, 1);
    assert_true(r.chunks_sent > 50);
    assert_int_equal(r.spent_bytes, (r.chunks_sent - 50) * 586);
}

/* Bytes are conserved and ends are in order, whatever happens. */
static void invariants_hold(void **state)
{
    (void)state;
    int ends[OTA_TRANSFER_ENDS] = {0};

    for (uint64_t i = 0; i < 4000; i++) {
        struct plain link = clean;
        link.loss = 0.1 * (double)(i % 8);
        struct ota_transfer_job job =
            transfer_fixture_job(1 + (int64_t)(i * 7919 % 90000));
        if (i % 3 == 0)
            job.cut_us = job.begin_us + 1 + (int64_t)(i * 104729 % 60000000);
        if (i % 5 == 0)
            job.data_left_bytes = (int64_t)(i * 15485863 % 150000);
        if (i % 7 == 0)
            job.pump_us = 10 * OTA_US_PER_S;
        if (i % 11 == 0)
            job.break_per_chunk = 0.05;
        job.refused = i % 13 == 0;
        struct ota_transfer_fast_config with = config;
        with.fidelity = i % 2 ? OTA_TRANSFER_PACKET : OTA_TRANSFER_FLOW;
        const struct ota_transfer_result r = run_with(&with, &link, job, i);
        const int64_t chunks = ota_transfer_chunks(job.size_bytes, 512);
        const bool done = r.end == OTA_TRANSFER_DONE;

        ends[r.end]++;
        assert_true(r.end_us > job.begin_us && r.end_us <= job.cut_us);
        assert_true(r.down_bytes + r.up_bytes <= job.data_left_bytes);
        assert_int_equal(r.payload_bytes, done ? job.size_bytes : 0);
        assert_int_equal(r.spent_bytes,
                         (r.chunks_sent - (done ? chunks : 0)) * CHUNK_WIRE);
        assert_true(r.down_bytes >= r.chunks_sent * CHUNK_WIRE);
        assert_true(!done || r.chunks_sent >= chunks);
        assert_true(r.resets == (r.end == OTA_TRANSFER_STALLED));
    }
    for (int end = 0; end < OTA_TRANSFER_ENDS; end++)
        assert_true(ends[end] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lossless_costs_are_exact),
        cmocka_unit_test(growing_requests_grow),
        cmocka_unit_test(pace_follows_the_slowest),
        cmocka_unit_test(a_cut_loses_everything),
        cmocka_unit_test(a_cap_stops_the_datagram),
        cmocka_unit_test(a_starved_device_resets),
        cmocka_unit_test(nobody_there_gives_up),
        cmocka_unit_test(a_refusal_costs_one_exchange),
        cmocka_unit_test(a_break_ends_at_an_arrival),
        cmocka_unit_test(tcp_has_sizes_of_its_own),
        cmocka_unit_test(tcp_loses_no_chunk),
        cmocka_unit_test(invariants_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
