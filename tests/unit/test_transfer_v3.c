/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_transfer_v3.c - "v3" transfers: exact costs without loss, bounds, and
 * what is kept when one is broken off.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "sim/base/random.h"
#include "tests/support/plain_air.h"
#include "tests/support/transfer_fixture.h"

enum {
    RTT_US = 200000,
    PACE_US = 10000,
    CHUNK_WIRE = 581,
    START_DOWN = 107 + 61, /* UpdateStart, and the answer to its reply */
    START_UP = 61 + 68,
    FINISH_DOWN = 64 + 61,
    FINISH_UP = 61 + 62,
    UPDATE_ACK = 68,
};

static const struct ota_transfer_v3_config config = {
    .chunk_bytes = 512,
    .window_bytes = 131072,
    .ack_every_chunks = 2,
    .ack_delay_us = 200000,
    .stall_us = 300 * OTA_US_PER_S,
    .flush_us = 30 * OTA_US_PER_S,
};

/* What the air is made of; 10 ms a chunk. */
struct plain {
    int64_t rtt_us;
    double loss;
    int64_t lose_at_us; /* what is sent then is lost; 0: nothing */
    struct ota_device_os os;
};

static const struct plain clean = {.rtt_us = RTT_US};

static struct ota_transfer_result
run_once(const struct ota_transfer_v3_config *with, const struct plain *plain,
         struct ota_transfer_job job, uint64_t index)
{
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, (double)plain->rtt_us, plain->loss);

    air.goodput_bit_s = INT64_C(581) * 8 * 100;
    if (plain->lose_at_us) {
        air.outage_begin_us = plain->lose_at_us;
        air.outage_end_us = plain->lose_at_us + 1;
    }
    job.os = plain->os;
    return transfer_fixture_run(&ota_transfer_v3, with, &air, job, index);
}

/* Runs it as a flow and, where chance plays no part, as packets too: they must
 * agree to the bit. */
static struct ota_transfer_result
run_with(const struct ota_transfer_v3_config *with, const struct plain *plain,
         struct ota_transfer_job job, uint64_t index)
{
    struct ota_transfer_v3_config packet = *with;
    const struct ota_transfer_result r = run_once(with, plain, job, index);

    packet.fidelity = OTA_TRANSFER_PACKET;
    if (plain->loss <= 0 && with->duplicates <= 0) {
        const struct ota_transfer_result p =
            run_once(&packet, plain, job, index);
        assert_int_equal(p.end, r.end);
        assert_int_equal(p.end_us, r.end_us);
        assert_int_equal(p.down_bytes, r.down_bytes);
        assert_int_equal(p.up_bytes, r.up_bytes);
        assert_int_equal(p.spent_bytes, r.spent_bytes);
        assert_int_equal(p.kept_bytes, r.kept_bytes);
        assert_int_equal(p.chunks_sent, r.chunks_sent);
    }
    return r;
}

/* 101 chunks, the last of 1 byte: 50 acknowledgements by pairs and one by
 * the timer, which the cloud waits for (here as long as a chunk lasts). */
static void lossless_costs_are_exact(void **state)
{
    (void)state;
    const int64_t size = 100 * 512 + 1;
    const struct ota_transfer_result r =
        run_with(&config, &clean, transfer_fixture_job(size), 0);

    assert_int_equal(r.end, OTA_TRANSFER_DONE);
    assert_int_equal(r.chunks_sent, 101);
    assert_int_equal(r.down_bytes, size + 101 * 69 + START_DOWN + FINISH_DOWN);
    assert_int_equal(r.up_bytes, START_UP + FINISH_UP + 51 * UPDATE_ACK);
    assert_int_equal(r.spent_bytes, 0);
    assert_int_equal(r.payload_bytes, size);
    assert_int_equal(r.kept_bytes, size);
    assert_int_equal(r.end_us - 1000,
                     4 * RTT_US + 101 * PACE_US + RTT_US + PACE_US);
}

/* Goodput cannot pass the link's rate, nor one window a round trip. */
static void the_window_bounds_goodput(void **state)
{
    (void)state;
    enum { CHUNKS = 2560, WINDOW = 256 };
    struct plain far = clean;
    far.rtt_us = 10 * OTA_US_PER_S;
    const struct ota_transfer_job job = transfer_fixture_job(CHUNKS * 512);
    const struct ota_transfer_result r = run_with(&config, &far, job, 0);
    const int64_t opening_us = 4 * far.rtt_us;
    const int64_t bound_us = CHUNKS / WINDOW * far.rtt_us;

    assert_int_equal(r.end, OTA_TRANSFER_DONE);
    assert_true(r.end_us - job.begin_us - opening_us >= bound_us);
    /* And reaches it but for a chunk and its acknowledgement a turn. */
    assert_true(r.end_us - job.begin_us - opening_us <=
                bound_us + (CHUNKS / WINDOW + WINDOW) * 2 * PACE_US);
    assert_int_equal(r.chunks_sent, CHUNKS);
}

/*
 * Cut after every 25 chunks, with time to save: 100 chunks take 4 sittings,
 * and each is sent once. The round trip is so short that none is under way at
 * a cut.
 */
static void graceful_cuts_cost_nothing(void **state)
{
    (void)state;
    struct plain near = clean;
    near.rtt_us = 1;
    int64_t kept = 0;
    int64_t sent = 0;
    int sittings = 0;
    enum ota_transfer_end end;

    do {
        struct ota_transfer_job job = transfer_fixture_job(100 * 512);
        job.kept_bytes = kept;
        job.cut_us = job.begin_us + 2 * near.rtt_us + 25 * PACE_US +
                     (kept == 75 * 512 ? OTA_US_PER_S : 0); /* UpdateFinish */
        job.cut_is_graceful = true;
        const struct ota_transfer_result r =
            run_with(&config, &near, job, (uint64_t)sittings);
        assert_int_equal(r.kept_bytes, kept + r.payload_bytes);
        assert_int_equal(r.spent_bytes, 0);
        kept = r.kept_bytes;
        sent += r.chunks_sent;
        end = r.end;
        sittings++;
    } while (end == OTA_TRANSFER_CUT && sittings < 10);
    assert_int_equal(end, OTA_TRANSFER_DONE);
    assert_int_equal(sittings, 4);
    assert_int_equal(sent, 100);
}

/* State is saved every 30 s from the start of chunks; power goes at 70 s. */
static void power_loss_goes_back_to_the_last_flush(void **state)
{
    (void)state;
    struct ota_transfer_job job = transfer_fixture_job(10000 * 512);
    const int64_t start_us = job.begin_us + 2 * RTT_US;
    job.cut_us = start_us + 70 * OTA_US_PER_S;
    struct ota_transfer_result r = run_with(&config, &clean, job, 0);

    /* Chunk k (from 1) arrives k paces and half a round trip after start. */
    const int64_t flushed = (60 * OTA_US_PER_S - RTT_US / 2) / PACE_US;
    assert_int_equal(r.end, OTA_TRANSFER_CUT);
    assert_int_equal(r.kept_bytes, flushed * 512);
    assert_int_equal(r.spent_bytes, (r.chunks_sent - flushed) * CHUNK_WIRE);

    job.cut_is_graceful = true;
    r = run_with(&config, &clean, job, 0);
    assert_int_equal(r.kept_bytes,
                     (70 * OTA_US_PER_S - RTT_US / 2) / PACE_US * 512);

    /* Before the first flush all is lost, but for what there was. */
    job.cut_is_graceful = false;
    job.kept_bytes = 512;
    job.cut_us = start_us + 20 * OTA_US_PER_S;
    r = run_with(&config, &clean, job, 0);
    assert_int_equal(r.kept_bytes, 512);
    assert_int_equal(r.payload_bytes, 0);
}

/* Nothing left to send: only UpdateStart and UpdateFinish. */
static void a_complete_image_only_finishes(void **state)
{
    (void)state;
    struct ota_transfer_job job = transfer_fixture_job(1000);
    job.kept_bytes = 1000;
    const struct ota_transfer_result r = run_with(&config, &clean, job, 0);

    assert_int_equal(r.end, OTA_TRANSFER_DONE);
    assert_int_equal(r.chunks_sent, 0);
    assert_int_equal(r.payload_bytes, 0);
    assert_int_equal(r.kept_bytes, 1000);
    assert_int_equal(r.down_bytes, START_DOWN + FINISH_DOWN);
}

/* Particle's log: 375 of 730 chunks came twice. */
static void duplicates_are_counted(void **state)
{
    (void)state;
    enum { CHUNKS = 20000 };
    struct ota_transfer_v3_config with = config;
    with.duplicates = 0.51;
    const struct ota_transfer_result r =
        run_with(&with, &clean, transfer_fixture_job(CHUNKS * 512), 0);
    const double error = sqrt(0.51 * 0.49 / CHUNKS);

    assert_int_equal(r.end, OTA_TRANSFER_DONE);
    assert_true(fabs((double)r.chunks_sent / CHUNKS - 1.51) < 4 * error);
    assert_int_equal(r.spent_bytes, (r.chunks_sent - CHUNKS) * CHUNK_WIRE);
}

/* A chunk is sent until it arrives: 1/(1-p) times in the mean. */
static void loss_repeats_what_was_lost(void **state)
{
    (void)state;
    enum { CHUNKS = 20000 };
    const double p = 0.1;
    struct plain lossy = clean;
    lossy.loss = p;
    const struct ota_transfer_result r =
        run_with(&config, &lossy, transfer_fixture_job(CHUNKS * 512), 1);
    const double error = sqrt(p) / (1 - p) / sqrt(CHUNKS);

    assert_int_equal(r.end, OTA_TRANSFER_DONE);
    assert_true(fabs((double)r.chunks_sent / CHUNKS - 1 / (1 - p)) < 4 * error);
}

/* Returns how long 10 chunks take of which the k-th is lost once, without the
 * exchanges before and after. */
static int64_t time_with_lost_us(int k)
{
    const struct ota_transfer_job job = transfer_fixture_job(10 * 512);
    struct plain link = clean;
    link.lose_at_us = job.begin_us + 2 * RTT_US + (k - 1) * PACE_US;
    const struct ota_transfer_result r = run_with(&config, &link, job, 0);

    assert_int_equal(r.end, OTA_TRANSFER_DONE);
    assert_int_equal(r.chunks_sent, 11);
    assert_int_equal(r.spent_bytes, CHUNK_WIRE);
    return r.end_us - job.begin_us - 4 * RTT_US;
}

/*
 * A gap is known once the chunk behind it is acknowledged, the loss of the
 * last one only by its silence. From its last sending a chunk takes a pace
 * and a round trip, and the acknowledgement waits for one pace at most.
 */
static void repeats_come_a_round_trip_later(void **state)
{
    (void)state;
    const int64_t known_us = PACE_US + RTT_US + PACE_US;

    assert_int_equal(time_with_lost_us(3),
                     2 * PACE_US + 2 * PACE_US + RTT_US + known_us);
    assert_int_equal(time_with_lost_us(10), 9 * PACE_US + PACE_US + RTT_US +
                                                config.ack_delay_us + known_us);
}

static void a_starved_device_cancels(void **state)
{
    (void)state;
    struct ota_transfer_job job = transfer_fixture_job(50 * 512);
    job.pump_us = 400 * OTA_US_PER_S;
    const struct ota_transfer_result r = run_with(&config, &clean, job, 0);

    assert_int_equal(r.end, OTA_TRANSFER_STALLED);
    assert_false(r.resets);
    assert_int_equal(r.end_us, job.begin_us + 2 * RTT_US + config.stall_us);
}

/* Round trips of hours: the opening exchange is given up first. */
static void an_endless_round_trip_ends(void **state)
{
    (void)state;
    struct plain endless = clean;
    endless.rtt_us = OTA_US_PER_DAY;
    const struct ota_transfer_result r =
        run_with(&config, &endless, transfer_fixture_job(5000), 0);

    assert_int_equal(r.end, OTA_TRANSFER_GAVE_UP);
    assert_int_equal(r.kept_bytes, 0);
}

/* A window of 2 chunks, a round trip of 3 s: two at a time. */
static void a_closed_window_waits(void **state)
{
    (void)state;
    struct ota_transfer_v3_config narrow = config;
    narrow.window_bytes = 2 * 512;
    struct plain far = clean;
    far.rtt_us = 3 * OTA_US_PER_S;
    const struct ota_transfer_result r =
        run_with(&narrow, &far, transfer_fixture_job(20 * 512), 0);

    assert_int_equal(r.end, OTA_TRANSFER_DONE);
    assert_int_equal(r.chunks_sent, 20);
    assert_true(r.end_us > 10 * far.rtt_us);
}

static void a_refusal_costs_one_exchange(void **state)
{
    (void)state;
    struct ota_transfer_job job = transfer_fixture_job(5000);
    job.refused = true;
    const struct ota_transfer_result r = run_with(&config, &clean, job, 0);

    assert_int_equal(r.end, OTA_TRANSFER_REFUSED);
    assert_int_equal(r.end_us, job.begin_us + RTT_US);
    assert_int_equal(r.down_bytes, 107);
    assert_int_equal(r.up_bytes, 61);
}

/* Broken at its first chunk, which the device keeps. */
static void a_break_keeps_what_arrived(void **state)
{
    (void)state;
    struct ota_transfer_job job = transfer_fixture_job(100 * 512);
    job.break_per_chunk = 1;
    const struct ota_transfer_result r = run_with(&config, &clean, job, 0);

    assert_int_equal(r.end, OTA_TRANSFER_BROKEN);
    assert_int_equal(r.end_us,
                     job.begin_us + 2 * RTT_US + PACE_US + RTT_US / 2);
    assert_int_equal(r.kept_bytes, 512);
}

/* From 3.1.0 what the device sends carries 8 bytes of connection ID and is
 * padded: 81 bytes for an acknowledgement of 11 as of 4 bytes. */
static void a_connection_id_costs(void **state)
{
    (void)state;
    struct plain boron = clean;
    boron.os = ota_device_os("boron", 4100);
    const struct ota_transfer_result r =
        run_with(&config, &boron, transfer_fixture_job(100 * 512), 0);

    assert_int_equal(r.up_bytes, (50 + 4) * 81);
    assert_int_equal(r.down_bytes, 100 * CHUNK_WIRE + START_DOWN + FINISH_DOWN);
}

static void invariants_hold(void **state)
{
    (void)state;
    int ends[OTA_TRANSFER_ENDS] = {0};

    for (uint64_t i = 0; i < 4000; i++) {
        struct ota_transfer_v3_config with = config;
        struct plain link = clean;
        link.loss = 0.1 * (double)(i % 8);
        link.rtt_us = 1 + (int64_t)(i * 7919 % 3000000);
        with.duplicates = 0.25 * (double)(i % 5);
        with.window_bytes = 512 << (i % 9);
        with.flush_us = OTA_US_PER_S * (int64_t)(1 + i % 30);
        with.fidelity = i % 2 ? OTA_TRANSFER_PACKET : OTA_TRANSFER_FLOW;
        struct ota_transfer_job job =
            transfer_fixture_job(1 + (int64_t)(i * 6007 % 90000));
        job.kept_bytes = i % 4 ? 0 : job.size_bytes / 1024 * 512;
        job.cut_is_graceful = i % 2;
        if (i % 3 == 0)
            job.cut_us = job.begin_us + 1 + (int64_t)(i * 104729 % 60000000);
        if (i % 5 == 0)
            job.data_left_bytes = (int64_t)(i * 15485863 % 150000);
        if (i % 11 == 0)
            job.pump_us = 301 * OTA_US_PER_S;
        if (i % 17 == 0)
            job.break_per_chunk = 0.02;
        job.refused = i % 13 == 0;
        const struct ota_transfer_result r = run_with(&with, &link, job, i);
        const bool done = r.end == OTA_TRANSFER_DONE;
        const int64_t new_chunks = ota_transfer_chunks(r.payload_bytes, 512);

        ends[r.end]++;
        assert_true(r.end_us > job.begin_us && r.end_us <= job.cut_us);
        assert_true(r.down_bytes + r.up_bytes <= job.data_left_bytes);
        assert_int_equal(r.kept_bytes, job.kept_bytes + r.payload_bytes);
        assert_true(done ? r.kept_bytes == job.size_bytes
                         : r.kept_bytes <= job.size_bytes);
        assert_true(r.payload_bytes >= 0 && r.spent_bytes >= 0);
        assert_true(r.chunks_sent >= new_chunks);
        /* Useful, spent and the protocol's own messages make the whole. */
        const int64_t own =
            r.down_bytes - r.spent_bytes - r.payload_bytes - new_chunks * 69;
        assert_true(own >= 0 && own <= 4 * (107 + 61 + 64 + 61));
        if (done)
            assert_true(own >= START_DOWN + FINISH_DOWN);
    }
    for (int end = 0; end < OTA_TRANSFER_ENDS; end++)
        assert_true(ends[end] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lossless_costs_are_exact),
        cmocka_unit_test(the_window_bounds_goodput),
        cmocka_unit_test(graceful_cuts_cost_nothing),
        cmocka_unit_test(power_loss_goes_back_to_the_last_flush),
        cmocka_unit_test(a_complete_image_only_finishes),
        cmocka_unit_test(duplicates_are_counted),
        cmocka_unit_test(loss_repeats_what_was_lost),
        cmocka_unit_test(repeats_come_a_round_trip_later),
        cmocka_unit_test(a_starved_device_cancels),
        cmocka_unit_test(an_endless_round_trip_ends),
        cmocka_unit_test(a_closed_window_waits),
        cmocka_unit_test(a_refusal_costs_one_exchange),
        cmocka_unit_test(a_break_keeps_what_arrived),
        cmocka_unit_test(a_connection_id_costs),
        cmocka_unit_test(invariants_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
