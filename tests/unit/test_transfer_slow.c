/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_transfer_slow.c - "slow" and "block" transfers, one chunk after
 * another, against counts and times worked out by hand; in both fidelities.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/plain_air.h"
#include "tests/support/transfer_fixture.h"

enum {
    RTT_US = 200000,
    WORK_US = 10000,  /* of a chunk on a link of that rate */
    SLOW_CHUNK = 582, /* on the wire */
    SLOW_EXCHANGE = 766,
    BLOCK_DOWN = 1095,
    BLOCK_UP = 87,
};

static const struct ota_transfer_slow_config slow_config = {
    .chunk_bytes = 512, .stall_us = 90 * OTA_US_PER_S};

static const struct ota_transfer_block_config block_config = {
    .chunk_bytes = 1024,
    .overhead_down_bytes = 71,
    .overhead_up_bytes = 87,
    .block_time = {.kind = OTA_DIST_FIXED, .dimension = OTA_TIME, .a = 50000},
    .erase = {.kind = OTA_DIST_FIXED, .dimension = OTA_TIME, .a = 3e6},
    .timeout_us = 2 * OTA_US_PER_S,
    .backoff = 2,
    .timeout_spread = 0.5,
    .sends_max = 5,
};

static struct ota_transfer_result
run_slow(struct ota_transfer_job job, double loss, int fidelity, uint64_t index)
{
    struct ota_transfer_slow_config config = slow_config;
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, RTT_US, loss);

    config.fidelity = fidelity;
    air.goodput_bit_s = SLOW_CHUNK * 8 * 100;
    return transfer_fixture_run(&ota_transfer_slow, &config, &air, job, index);
}

static struct ota_transfer_result
run_block(const struct ota_transfer_block_config *with,
          struct ota_transfer_job job, double loss, int fidelity,
          uint64_t index)
{
    struct ota_transfer_block_config config = *with;
    struct ota_dist rtt;
    const struct ota_air air = plain_air(&rtt, RTT_US, loss);

    config.fidelity = fidelity;
    return transfer_fixture_run(&ota_transfer_block, &config, &air, job, index);
}

/* A chunk costs 582 + 61 + 62 + 61 bytes and a round trip. */
static void slow_chunks_cost_766_bytes(void **state)
{
    (void)state;
    const struct ota_transfer_job job = transfer_fixture_job(99 * 512 + 1);

    for (int fidelity = 0; fidelity < 2; fidelity++) {
        const struct ota_transfer_result r = run_slow(job, 0, fidelity, 0);
        assert_int_equal(r.end, OTA_TRANSFER_DONE);
        assert_int_equal(r.chunks_sent, 100);
        assert_int_equal(r.down_bytes + r.up_bytes,
                         100 * SLOW_EXCHANGE + 77 + 61 + 64 + 61 + 64 + 62);
        assert_int_equal(r.end_us - job.begin_us,
                         3 * RTT_US + 100 * (RTT_US + WORK_US));
        assert_int_equal(r.spent_bytes, 0);
        assert_int_equal(r.payload_bytes, job.size_bytes);
    }
}

/* The app's pace, where it is slower than a round trip. */
static void slow_waits_for_the_app(void **state)
{
    (void)state;
    struct ota_transfer_job job = transfer_fixture_job(100 * 512);
    job.pump_us = OTA_US_PER_S;

    for (int fidelity = 0; fidelity < 2; fidelity++)
        assert_int_equal(run_slow(job, 0, fidelity, 0).end_us - job.begin_us,
                         3 * RTT_US + 100 * OTA_US_PER_S);
    job.pump_us = 91 * OTA_US_PER_S;
    for (int fidelity = 0; fidelity < 2; fidelity++) {
        const struct ota_transfer_result r = run_slow(job, 0, fidelity, 0);
        assert_int_equal(r.end, OTA_TRANSFER_STALLED);
        assert_true(r.resets);
        assert_int_equal(r.end_us,
                         job.begin_us + 3 * RTT_US + slow_config.stall_us);
    }
}

static void slow_cuts_lose_everything(void **state)
{
    (void)state;
    struct ota_transfer_job job = transfer_fixture_job(100 * 512);
    job.cut_us = job.begin_us + 2 * RTT_US + 30 * (RTT_US + WORK_US) + 1;

    for (int fidelity = 0; fidelity < 2; fidelity++) {
        const struct ota_transfer_result r = run_slow(job, 0, fidelity, 0);
        assert_int_equal(r.end, OTA_TRANSFER_CUT);
        assert_int_equal(r.end_us, job.cut_us);
        assert_int_equal(r.chunks_sent, 31);
        assert_int_equal(r.kept_bytes, 0);
        assert_int_equal(r.spent_bytes, 31 * SLOW_CHUNK);
    }
}

/* 10 blocks, the last of 1 byte, and 3 s behind the first. */
static void blocks_cost_request_and_answer(void **state)
{
    (void)state;
    const struct ota_transfer_job job = transfer_fixture_job(9 * 1024 + 1);

    for (int fidelity = 0; fidelity < 2; fidelity++) {
        const struct ota_transfer_result r =
            run_block(&block_config, job, 0, fidelity, 0);
        assert_int_equal(r.end, OTA_TRANSFER_DONE);
        assert_int_equal(r.chunks_sent, 10);
        assert_int_equal(r.up_bytes, 10 * BLOCK_UP);
        assert_int_equal(r.down_bytes, 9 * BLOCK_DOWN + 72);
        assert_int_equal(r.end_us - job.begin_us,
                         10 * (RTT_US + 50000) + 3000000 + 9 + 1);
        assert_false(r.resets);
    }
}

/* Cut after every 2 s: those that resume get on, those that do not never do. */
static void blocks_resume_if_they_may(void **state)
{
    (void)state;
    struct ota_transfer_block_config config = block_config;
    config.resumes = true;

    for (int fidelity = 0; fidelity < 2; fidelity++) {
        struct ota_transfer_job job = transfer_fixture_job(40 * 1024);
        int sittings = 0;
        struct ota_transfer_result r;
        do {
            job.cut_us = job.begin_us + 5 * OTA_US_PER_S;
            r = run_block(&config, job, 0, fidelity, (uint64_t)sittings);
            assert_int_equal(r.kept_bytes, job.kept_bytes + r.payload_bytes);
            job.kept_bytes = r.kept_bytes;
            sittings++;
        } while (r.end == OTA_TRANSFER_CUT && sittings < 20);
        assert_int_equal(r.end, OTA_TRANSFER_DONE);
        assert_int_equal(r.kept_bytes, job.size_bytes);
        /* 5 s hold 7 blocks and the erasing, then 19 and 14. */
        assert_int_equal(sittings, 3);

        job.kept_bytes = 0;
        r = run_block(&block_config, job, 0, fidelity, 0);
        assert_int_equal(r.end, OTA_TRANSFER_CUT);
        assert_int_equal(r.kept_bytes, 0);
        assert_int_equal(r.payload_bytes, 0);
        assert_int_equal(r.spent_bytes, r.chunks_sent * BLOCK_DOWN);
    }
}

static void a_dead_server_is_given_up(void **state)
{
    (void)state;
    for (int fidelity = 0; fidelity < 2; fidelity++) {
        const struct ota_transfer_result r = run_block(
            &block_config, transfer_fixture_job(5000), 1, fidelity, 0);
        assert_int_equal(r.end, OTA_TRANSFER_GAVE_UP);
        assert_int_equal(r.up_bytes, 5 * BLOCK_UP);
        assert_int_equal(r.down_bytes, 0);
        assert_true(r.end_us >= 62 * OTA_US_PER_S &&
                    r.end_us <= 93 * OTA_US_PER_S + OTA_US_PER_MS);
    }
}

static void refusals_cost_one_exchange(void **state)
{
    (void)state;
    struct ota_transfer_job job = transfer_fixture_job(5000);
    job.refused = true;

    for (int fidelity = 0; fidelity < 2; fidelity++) {
        struct ota_transfer_result r = run_slow(job, 0, fidelity, 0);
        assert_int_equal(r.end, OTA_TRANSFER_REFUSED);
        assert_int_equal(r.down_bytes + r.up_bytes, 77 + 61);
        r = run_block(&block_config, job, 0, fidelity, 0);
        assert_int_equal(r.end, OTA_TRANSFER_REFUSED);
        assert_int_equal(r.down_bytes + r.up_bytes, 71 + 87);
    }
}

/* Bytes are conserved and ends are in order, whatever happens. */
static void invariants_hold(void **state)
{
    (void)state;
    int ends[2][OTA_TRANSFER_ENDS] = {{0}};

    for (uint64_t i = 0; i < 6000; i++) {
        const double loss = 0.1 * (double)(i % 8);
        const int fidelity = i % 2;
        const bool slow = i / 2 % 2;
        struct ota_transfer_block_config config = block_config;
        config.resumes = i % 3;
        struct ota_transfer_job job =
            transfer_fixture_job(1 + (int64_t)(i * 7919 % 90000));
        if (i % 3 == 0)
            job.cut_us = job.begin_us + 1 + (int64_t)(i * 104729 % 60000000);
        if (i % 5 == 0)
            job.data_left_bytes = (int64_t)(i * 15485863 % 150000);
        if (i % 7 == 0)
            job.pump_us = OTA_US_PER_S * (int64_t)(i % 100);
        if (i % 11 == 0)
            job.break_per_chunk = 0.05;
        job.refused = i % 13 == 0;
        const struct ota_transfer_result r =
            slow ? run_slow(job, loss, fidelity, i)
                 : run_block(&config, job, loss, fidelity, i);

        ends[slow][r.end]++;
        assert_true(r.end_us > job.begin_us && r.end_us <= job.cut_us);
        assert_true(r.down_bytes + r.up_bytes <= job.data_left_bytes);
        assert_true(r.payload_bytes >= 0 && r.spent_bytes >= 0);
        assert_true(r.payload_bytes + r.spent_bytes <= r.down_bytes);
        assert_int_equal(r.kept_bytes, r.payload_bytes);
        assert_true((r.end == OTA_TRANSFER_DONE) ==
                    (r.payload_bytes == job.size_bytes));
        assert_true(r.resets == (r.end == OTA_TRANSFER_STALLED));
    }
    for (int end = 0; end < OTA_TRANSFER_ENDS; end++) {
        assert_true(ends[true][end] > 0);
        /* Who pulls blocks has no patience to lose. */
        assert_true((ends[false][end] > 0) == (end != OTA_TRANSFER_STALLED));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_chunks_cost_766_bytes),
        cmocka_unit_test(slow_waits_for_the_app),
        cmocka_unit_test(slow_cuts_lose_everything),
        cmocka_unit_test(blocks_cost_request_and_answer),
        cmocka_unit_test(blocks_resume_if_they_may),
        cmocka_unit_test(a_dead_server_is_given_up),
        cmocka_unit_test(refusals_cost_one_exchange),
        cmocka_unit_test(invariants_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
