/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_transfer_qblock.c - "qblock" transfers: what is asked for when, exact
 * costs, and how they end. Whatever needs no chance is run in both fidelities.
 *
 * Times in ms: requests leave at 1, a round trip takes 200, a block 10. The
 * server's pause is 2 s sharp. What leaves in an outage is lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/link/air.h"
#include "sim/base/clock.h"
#include "tests/support/plain_air.h"
#include "tests/support/transfer_fixture.h"

enum { WIRE = 1100, UP = 87, MS = 1000 };

static const struct ota_transfer_qblock_config config = {
    .chunk_bytes = 1024,
    .overhead_down_bytes = WIRE - 1024,
    .overhead_up_bytes = UP,
    .set_chunks = 10,
    .feedback = true,
    .timeout_us = 2 * OTA_US_PER_S,
    .receive_timeout_us = 4 * OTA_US_PER_S,
    .requests_max = 4,
    .resumes = true,
};

static struct ota_transfer_result
once(const struct ota_transfer_qblock_config *with, struct ota_transfer_job job,
     int64_t lose_at_ms, int64_t lose_until_us)
{
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 200 * MS, 0);

    air.goodput_bit_s = WIRE * 8 * 100;
    if (lose_until_us) {
        air.outage_begin_us = lose_at_ms * MS;
        air.outage_end_us = lose_until_us;
    }
    return transfer_fixture_run(&ota_transfer_qblock, with, &air, job, 0);
}

static struct ota_transfer_result
run_with(const struct ota_transfer_qblock_config *with,
         struct ota_transfer_job job, int64_t lose_at_ms, int64_t lose_until_us)
{
    struct ota_transfer_qblock_config packet = *with;
    const struct ota_transfer_result r =
        once(with, job, lose_at_ms, lose_until_us);

    packet.fidelity = OTA_TRANSFER_PACKET;
    const struct ota_transfer_result p =
        once(&packet, job, lose_at_ms, lose_until_us);
    assert_int_equal(p.end, r.end);
    assert_int_equal(p.end_us, r.end_us);
    assert_int_equal(p.down_bytes, r.down_bytes);
    assert_int_equal(p.up_bytes, r.up_bytes);
    assert_int_equal(p.spent_bytes, r.spent_bytes);
    assert_int_equal(p.kept_bytes, r.kept_bytes);
    assert_int_equal(p.chunks_sent, r.chunks_sent);
    return r;
}

/* Moves so many blocks; what leaves at that time is lost (0: nothing). */
static struct ota_transfer_result run(int64_t blocks, int64_t lose_at_ms)
{
    return run_with(&config, transfer_fixture_job(blocks * 1024), lose_at_ms,
                    lose_at_ms ? lose_at_ms * MS + 1 : 0);
}

static void check(struct ota_transfer_result r, int64_t end_ms, int64_t sent,
                  int64_t requests)
{
    assert_int_equal(r.end, OTA_TRANSFER_DONE);
    assert_int_equal(r.end_us, end_ms * MS);
    assert_int_equal(r.chunks_sent, sent);
    assert_int_equal(r.up_bytes, requests * UP);
}

static void the_last_block_is_shorter(void **state)
{
    (void)state;
    const int64_t size = 24 * 1024 + 1;
    const struct ota_transfer_result r =
        run_with(&config, transfer_fixture_job(size), 0, 0);

    check(r, 1 + 3 * 200 + 25 * 10, 25, 3);
    assert_int_equal(r.down_bytes, 24 * WIRE + WIRE - 1023);
    assert_int_equal(r.payload_bytes, size);
    assert_int_equal(r.kept_bytes, size);
    assert_int_equal(r.spent_bytes, 0);
    assert_int_equal(r.rounds, 3);
}

/* The fourth block, at 131. Set 1 is over at 201, set 2 leaves at 2201; its
 * first block comes at 2311, so the request is there at 2411, and its block at
 * 2521. Continue: set 3 leaves at 2621 and is there at 2771. */
static void a_lost_block_is_asked_for_with_the_next_set(void **state)
{
    (void)state;
    const struct ota_transfer_result r = run(25, 131);

    check(r, 2771, 26, 3);
    assert_int_equal(r.spent_bytes, WIRE);
    assert_int_equal(r.rounds, 4);
}

/* Of the last set, the fifth and last at 141: block 4 comes at 241, the request
 * goes 4 s later. */
static void the_last_set_is_repaired_by_the_timer(void **state)
{
    (void)state;
    check(run(5, 141), 4241 + 200 + 10, 6, 2);
}

static void a_lost_continue_costs_a_pause(void **state)
{
    (void)state;
    check(run(15, 301), 201 + 2000 + 100 + 50, 15, 2);
}

static void a_lost_first_request_is_repeated(void **state)
{
    (void)state;
    check(run(5, 1), 4001 + 200 + 50, 5, 2);
}

/* A set at most is asked for at once, and the rest as that comes. */
static void missing_blocks_come_by_sets(void **state)
{
    (void)state;
    /* Sets 1 to 3 leave at 101, 401 and 701; all but the first of the second
     * is lost. Without it the third leaves at 501 + 2000 and is lost too. */
    const struct ota_transfer_result r =
        run_with(&config, transfer_fixture_job(30 * 1024), 411, 2700 * MS);
    /* Heard at 511, 19 missing. Asked at 4511; 10 there at 4811; asked at
     * once; 9 there at 5101. */
    check(r, 5101, 49, 4);
}

static void silence_makes_it_give_up(void **state)
{
    (void)state;
    const struct ota_transfer_job job = transfer_fixture_job(5 * 1024);
    const struct ota_transfer_result never =
        run_with(&config, job, 1, OTA_NEVER);
    const struct ota_transfer_result later =
        run_with(&config, job, 141, OTA_NEVER);
    const struct ota_transfer_result amid =
        run_with(&config, transfer_fixture_job(1000 * 1024), 141, OTA_NEVER);

    assert_int_equal(never.end, OTA_TRANSFER_GAVE_UP);
    assert_int_equal(never.end_us, 124001 * MS);
    assert_int_equal(never.up_bytes, 5 * UP);
    assert_int_equal(never.down_bytes, 0);
    assert_int_equal(later.end, OTA_TRANSFER_GAVE_UP);
    assert_int_equal(later.end_us, (241 + 124000) * MS);
    assert_int_equal(later.up_bytes, 5 * UP);
    assert_int_equal(later.kept_bytes, 4 * 1024);
    assert_int_equal(later.spent_bytes, WIRE);
    assert_int_equal(amid.end, OTA_TRANSFER_GAVE_UP);
    assert_int_equal(amid.end_us, (241 + 124000) * MS);
    assert_int_equal(amid.up_bytes, UP);
}

/* Blocks leave from 101 on and come from 211 on. */
static void cuts_caps_and_breaks_end_it(void **state)
{
    (void)state;
    struct ota_transfer_job job = transfer_fixture_job(25 * 1024);

    job.cut_us = 245 * MS;
    const struct ota_transfer_result cut = run_with(&config, job, 0, 0);
    assert_int_equal(cut.end, OTA_TRANSFER_CUT);
    assert_int_equal(cut.end_us, 245 * MS);
    assert_int_equal(cut.chunks_sent, 10);
    assert_int_equal(cut.kept_bytes, 4 * 1024);
    assert_int_equal(cut.spent_bytes, 6 * WIRE);

    job.cut_us = OTA_NEVER;
    job.data_left_bytes = UP + 4 * WIRE - 1;
    const struct ota_transfer_result capped = run_with(&config, job, 0, 0);
    assert_int_equal(capped.end, OTA_TRANSFER_CAPPED);
    assert_int_equal(capped.end_us, 131 * MS);
    assert_int_equal(capped.down_bytes, 3 * WIRE);

    job.data_left_bytes = INT64_MAX;
    job.break_per_chunk = 1;
    const struct ota_transfer_result broken = run_with(&config, job, 0, 0);
    assert_int_equal(broken.end, OTA_TRANSFER_BROKEN);
    assert_int_equal(broken.end_us, 211 * MS);
    assert_int_equal(broken.kept_bytes, 0);
}

static void a_refusal_costs_an_exchange(void **state)
{
    (void)state;
    struct ota_transfer_job job = transfer_fixture_job(25 * 1024);

    job.refused = true;
    const struct ota_transfer_result r = run_with(&config, job, 0, 0);
    assert_int_equal(r.end, OTA_TRANSFER_REFUSED);
    assert_int_equal(r.end_us, 201 * MS);
    assert_int_equal(r.down_bytes, WIRE - 1024);
    assert_int_equal(r.up_bytes, UP);
}

/* What was kept is not moved again; without resumes nothing is kept. */
static void it_resumes_if_asked(void **state)
{
    (void)state;
    struct ota_transfer_qblock_config forgets = config;
    struct ota_transfer_job job = transfer_fixture_job(24 * 1024 + 1);

    job.kept_bytes = 20 * 1024;
    const struct ota_transfer_result rest = run_with(&config, job, 0, 0);
    check(rest, 1 + 200 + 50, 5, 1);
    assert_int_equal(rest.kept_bytes, job.size_bytes);
    assert_int_equal(rest.payload_bytes, 4 * 1024 + 1);

    forgets.resumes = false;
    job.kept_bytes = 0;
    job.cut_us = 245 * MS;
    const struct ota_transfer_result lost = run_with(&forgets, job, 0, 0);
    assert_int_equal(lost.kept_bytes, 0);
    assert_int_equal(lost.payload_bytes, 0);
    assert_int_equal(lost.spent_bytes, 10 * WIRE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_block_is_shorter),
        cmocka_unit_test(a_lost_block_is_asked_for_with_the_next_set),
        cmocka_unit_test(the_last_set_is_repaired_by_the_timer),
        cmocka_unit_test(a_lost_continue_costs_a_pause),
        cmocka_unit_test(a_lost_first_request_is_repeated),
        cmocka_unit_test(missing_blocks_come_by_sets),
        cmocka_unit_test(silence_makes_it_give_up),
        cmocka_unit_test(cuts_caps_and_breaks_end_it),
        cmocka_unit_test(a_refusal_costs_an_exchange),
        cmocka_unit_test(it_resumes_if_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
