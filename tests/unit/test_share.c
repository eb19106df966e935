/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_share.c - does shared capacity do what share.h says, and are the
 * cloud's settings read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "models/cloud/cloud.h"
#include "models/cloud/share.h"
#include "sim/base/arena.h"
#include "sim/base/clock.h"
#include "sim/base/random.h"
#include "tests/support/model_fixture.h"

static struct ota_share *share_new(int64_t capacity)
{
    struct ota_share *share = ota_share_new(capacity, 4);

    assert_non_null(share);
    return share;
}

static void begin(struct ota_share *share, int64_t now_us, uint64_t id,
                  int64_t rate, int64_t bytes)
{
    assert_true(ota_share_begin(share, now_us, id, rate, bytes));
}

/* The next that is told must be this one. */
static void assert_ended(struct ota_share *share, uint64_t id, int64_t at_us)
{
    uint64_t told;
    int64_t told_us;

    assert_true(ota_share_finished(share, &told, &told_us));
    assert_int_equal(told, id);
    assert_int_equal(told_us, at_us);
}

static void assert_none_ended(struct ota_share *share)
{
    uint64_t told;
    int64_t told_us;

    assert_false(ota_share_finished(share, &told, &told_us));
}

static void nobody(void **state)
{
    struct ota_share *share = share_new(1000);

    (void)state;
    ota_share_advance(share, 5);
    assert_int_equal(ota_share_next_us(share), OTA_NEVER);
    assert_int_equal(ota_share_active(share), 0);
    assert_int_equal(ota_share_load_bytes_per_s(share), 0);
    assert_int_equal(ota_share_done_bytes(share, 1), -1);
    assert_none_ended(share);
    ota_share_free(share);
    ota_share_free(NULL);
}

/* 1,000 bytes at 3 bytes/s take 333.333... s. */
static void one_is_rounded_up(void **state)
{
    struct ota_share *share = share_new(1000);

    (void)state;
    begin(share, 7, 1, 3, 1000);
    assert_int_equal(ota_share_load_bytes_per_s(share), 3);
    assert_int_equal(ota_share_next_us(share), 333333341);
    ota_share_advance(share, 333333340);
    assert_none_ended(share);
    assert_int_equal(ota_share_done_bytes(share, 1), 999);
    ota_share_advance(share, 333333341);
    assert_int_equal(ota_share_active(share), 0);
    assert_int_equal(ota_share_done_bytes(share, 1), -1);
    assert_ended(share, 1, 333333341);
    assert_none_ended(share);
    ota_share_free(share);
}

static void none_to_send_ends_at_once(void **state)
{
    struct ota_share *share = share_new(0);

    (void)state;
    begin(share, 9, 1, 5, 0);
    assert_int_equal(ota_share_active(share), 1);
    assert_int_equal(ota_share_next_us(share), 9);
    ota_share_advance(share, 9);
    assert_ended(share, 1, 9);
    ota_share_free(share);
}

/* In order of (time, id), however late they are asked for; and ids come back
 * even before that. */
static void told_in_order(void **state)
{
    struct ota_share *share = share_new(OTA_SHARE_ANY);

    (void)state;
    begin(share, 0, 8, 10, 10);
    begin(share, 0, 3, 20, 20);
    begin(share, 0, 5, 30, 15);
    begin(share, 0, 6, 10, 10);
    begin(share, 600000, 5, 1, 1);
    assert_int_equal(ota_share_load_bytes_per_s(share), 41);
    ota_share_advance(share, 9000000);
    assert_ended(share, 5, 500000);
    assert_ended(share, 3, 1000000);
    assert_ended(share, 6, 1000000);
    assert_ended(share, 8, 1000000);
    assert_ended(share, 5, 1600000);
    assert_none_ended(share);
    ota_share_free(share);
}

/* Two share 100 bytes/s. After 10 s one is taken out with 500 bytes, and the
 * other has its remaining 500 in 5 s. */
static void abort_makes_room(void **state)
{
    struct ota_share *share = share_new(100);
    int64_t done;

    (void)state;
    begin(share, 0, 1, OTA_SHARE_ANY, 1000);
    begin(share, 0, 2, OTA_SHARE_ANY, 1000);
    assert_int_equal(ota_share_load_bytes_per_s(share), 100);
    assert_true(ota_share_abort(share, 10 * OTA_US_PER_S, 1, &done));
    assert_int_equal(done, 500);
    assert_int_equal(ota_share_active(share), 1);
    assert_int_equal(ota_share_next_us(share), 15 * OTA_US_PER_S);
    assert_false(ota_share_abort(share, 11 * OTA_US_PER_S, 1, &done));
    /* What ends at that instant has ended. */
    assert_false(ota_share_abort(share, 15 * OTA_US_PER_S, 2, &done));
    assert_ended(share, 2, 15 * OTA_US_PER_S);
    assert_none_ended(share);
    ota_share_free(share);
}

static void outage(void **state)
{
    struct ota_share *share = share_new(100);
    int64_t done;

    (void)state;
    begin(share, 0, 1, 40, 400);
    begin(share, 0, 2, OTA_SHARE_ANY, 600);
    ota_share_set_capacity(share, 5 * OTA_US_PER_S, 0);
    assert_int_equal(ota_share_next_us(share), OTA_NEVER);
    assert_int_equal(ota_share_load_bytes_per_s(share), 0);
    ota_share_advance(share, 50 * OTA_US_PER_S);
    assert_int_equal(ota_share_done_bytes(share, 1), 200);
    assert_int_equal(ota_share_done_bytes(share, 2), 300);
    begin(share, 60 * OTA_US_PER_S, 3, 10, 10);
    assert_true(ota_share_abort(share, 70 * OTA_US_PER_S, 3, &done));
    assert_int_equal(done, 0);
    ota_share_set_capacity(share, 100 * OTA_US_PER_S, 100);
    ota_share_advance(share, 200 * OTA_US_PER_S);
    assert_ended(share, 1, 105 * OTA_US_PER_S);
    assert_ended(share, 2, 105 * OTA_US_PER_S);
    assert_none_ended(share);
    ota_share_free(share);
}

/* Room doubles from 16 to 32,768; all of 20,000 at 1 byte/s end in turn. */
static void grows(void **state)
{
    struct ota_share *share = share_new(OTA_SHARE_ANY);
    const int64_t many = 20000;

    (void)state;
    for (int64_t i = 0; i < many; i++)
        begin(share, 0, (uint64_t)i << 32, 1 + i % 3, (1 + i % 3) * (i + 1));
    assert_int_equal(ota_share_active(share), many);
    ota_share_advance(share, many * OTA_US_PER_S);
    for (int64_t i = 0; i < many; i++)
        assert_ended(share, (uint64_t)i << 32, (i + 1) * OTA_US_PER_S);
    assert_none_ended(share);
    ota_share_free(share);
}

/* The largest of everything at once does not overflow: 2^43 bytes each by
 * themselves at 2^43 bytes/s take 1 s, and 1,000 of them 1,000 s. */
static void largest(void **state)
{
    struct ota_share *share = share_new(OTA_SHARE_BYTES_MAX);

    (void)state;
    for (uint64_t i = 0; i < 1000; i++)
        begin(share, 0, i, i % 2 ? OTA_SHARE_ANY : OTA_SHARE_BYTES_MAX,
              OTA_SHARE_BYTES_MAX);
    begin(share, 0, 1000, OTA_SHARE_ANY, 0);
    ota_share_advance(share, 2000 * OTA_US_PER_S);
    assert_ended(share, 1000, 0);
    for (uint64_t i = 0; i < 1000; i++)
        assert_ended(share, i, 1000 * OTA_US_PER_S);
    /* The slowest: 2^43 s, which is in time; half of 1 byte/s is not. */
    ota_share_set_capacity(share, 2000 * OTA_US_PER_S, 1);
    begin(share, 2000 * OTA_US_PER_S, 1, 1, OTA_SHARE_BYTES_MAX);
    assert_int_equal(ota_share_next_us(share),
                     (OTA_SHARE_BYTES_MAX + 2000) * OTA_US_PER_S);
    begin(share, 2000 * OTA_US_PER_S, 2, OTA_SHARE_ANY, OTA_SHARE_BYTES_MAX);
    assert_int_equal(ota_share_next_us(share), OTA_NEVER);
    ota_share_free(share);
}

/* --- a story of begins, aborts and capacities ----------------------------- */

enum { STEPS = 400, STORIES = 50 };

struct told {
    uint64_t id;
    int64_t at_us, done;
};

struct story {
    struct ota_share *share;
    struct ota_stream stream;
    struct told told[2 * STEPS];
    size_t count;
    int64_t capacity, now_us;
    int64_t flowed; /* of downloads that are over: bytes */
    int64_t sizes[STEPS];
};

static int64_t below(struct story *story, int64_t end)
{
    return (int64_t)gsl_rng_uniform_int(&story->stream.rng, (unsigned long)end);
}

static void hear(struct story *story)
{
    uint64_t id;
    int64_t at_us;

    while (ota_share_finished(story->share, &id, &at_us)) {
        story->told[story->count++] = (struct told){id, at_us, -1};
        story->flowed += story->sizes[id];
    }
}

/* One thing happens, at story->now_us. */
static void step(struct story *story, uint64_t i)
{
    const int64_t what = below(story, 10);
    const uint64_t other = (uint64_t)below(story, (int64_t)i + 1);
    const int64_t size = below(story, 3000);
    const int64_t rate = 1 + below(story, 4) * 97;
    int64_t done;

    story->sizes[i] = size;
    if (what == 0) {
        story->capacity = below(story, 5) * 300;
        ota_share_set_capacity(story->share, story->now_us, story->capacity);
    } else if (what == 1) {
        if (ota_share_abort(story->share, story->now_us, other, &done)) {
            hear(story);
            story->told[story->count++] =
                (struct told){other, story->now_us, done};
            story->flowed += done;
        }
    } else {
        begin(story->share, story->now_us, i, what < 5 ? OTA_SHARE_ANY : rate,
              size);
    }
}

static void story_open(struct story *story, uint64_t index)
{
    *story = (struct story){.capacity = 700};
    story->share = share_new(story->capacity);
    model_fixture_stream(&story->stream, index);
}

/* Looked at in many small steps, the story ends as if it was not. */
static void looking_changes_nothing(void **state)
{
    struct story *calm = malloc(sizeof(*calm));
    struct story *nervous = malloc(sizeof(*nervous));

    (void)state;
    assert_true(calm && nervous);
    for (uint64_t s = 0; s < STORIES; s++) {
        story_open(calm, s);
        story_open(nervous, s);
        for (uint64_t i = 0; i < STEPS; i++) {
            const int64_t wait_us = below(calm, 4000000);
            assert_int_equal(below(nervous, 4000000), wait_us);
            calm->now_us += wait_us;
            while (nervous->now_us < calm->now_us) {
                nervous->now_us =
                    ota_us_min(nervous->now_us + 37003, calm->now_us);
                ota_share_advance(nervous->share, nervous->now_us);
                (void)ota_share_next_us(nervous->share);
                (void)ota_share_done_bytes(nervous->share, i / 2);
                hear(nervous);
            }
            step(calm, i);
            step(nervous, i);
        }
        hear(calm);
        hear(nervous);
        assert_int_equal(calm->count, nervous->count);
        assert_true(calm->count > STEPS / 4);
        for (size_t i = 0; i < calm->count; i++) {
            assert_int_equal(calm->told[i].id, nervous->told[i].id);
            assert_int_equal(calm->told[i].at_us, nervous->told[i].at_us);
            assert_int_equal(calm->told[i].done, nervous->told[i].done);
        }
        assert_int_equal(ota_share_next_us(calm->share),
                         ota_share_next_us(nervous->share));
        ota_share_free(calm->share);
        ota_share_free(nervous->share);
    }
    free(calm);
    free(nervous);
}

static int64_t flowed(struct story *story, uint64_t ids)
{
    int64_t bytes;

    hear(story);
    bytes = story->flowed;
    for (uint64_t id = 0; id < ids; id++) {
        const int64_t done = ota_share_done_bytes(story->share, id);
        bytes += done > 0 ? done : 0;
    }
    return bytes;
}

/* Between any two things that happen no more flows than the capacity and a
 * byte for each download; and no less, while all of it is in use. */
static void capacity_is_kept(void **state)
{
    struct story *story = malloc(sizeof(*story));
    int64_t in_use = 0;

    (void)state;
    assert_non_null(story);
    for (uint64_t s = 0; s < STORIES; s++) {
        story_open(story, s);
        for (uint64_t i = 0; i < STEPS; i++) {
            const int64_t wait_us = below(story, 4000000);
            const int64_t before = flowed(story, i);
            const int64_t active = (int64_t)ota_share_active(story->share);
            story->now_us += wait_us;
            ota_share_advance(story->share, story->now_us);
            const int64_t most = story->capacity * wait_us;
            const int64_t got = (flowed(story, i) - before) * OTA_US_PER_S;
            const bool full =
                ota_share_load_bytes_per_s(story->share) == story->capacity;
            assert_true(got <= most + active * OTA_US_PER_S);
            /* As downloads end the load only falls. */
            if (full && story->capacity > 0) {
                assert_true(got >= most - active * OTA_US_PER_S);
                in_use++;
            }
            step(story, i);
            assert_true(ota_share_load_bytes_per_s(story->share) <=
                        story->capacity);
        }
        ota_share_free(story->share);
    }
    assert_true(in_use > 1000);
    free(story);
}

/* --- the cloud's settings ------------------------------------------------- */

static struct ota_cloud_config cloud(struct ota_arena *arena,
                                     const char *egress, const char *of,
                                     const char *uplink)
{
    const struct ota_field_context context = {.arena = arena};
    const char *const values[] = {egress, of, uplink};
    struct ota_cloud_config config;
    char problem[256];

    assert_true(ota_fields_set_defaults(ota_cloud_fields, &config, &context));
    for (size_t i = 0; i < 3; i++)
        if (values[i])
            assert_true(ota_field_set(&ota_cloud_fields[i], &config, values[i],
                                      &context, NULL, problem,
                                      sizeof(problem)));
    return config;
}

static void settings(void **state)
{
    struct ota_arena arena = {0};
    struct ota_cloud_config config = cloud(&arena, NULL, NULL, NULL);

    (void)state;
    assert_int_equal(config.egress_bit_s, 0);
    assert_string_equal(config.uplink_of, "");
    assert_int_equal(config.uplink_bit_s, 0);
    assert_null(ota_cloud_problem(&config));
    config = cloud(&arena, NULL, "site", "2Mbit/s");
    assert_string_equal(config.uplink_of, "site");
    assert_int_equal(config.uplink_bit_s, 2000000);
    assert_null(ota_cloud_problem(&config));
    config = cloud(&arena, "80Mbit/s", "site", "2Mbit/s");
    assert_int_equal(config.egress_bit_s, 80000000);
    assert_non_null(ota_cloud_problem(&config)); /* one at a time */
    config = cloud(&arena, NULL, "site", NULL);
    assert_non_null(ota_cloud_problem(&config));
    config = cloud(&arena, NULL, NULL, "2Mbit/s");
    assert_non_null(ota_cloud_problem(&config));
    ota_arena_release(&arena);

    assert_true(ota_cloud_capacity_bytes_per_s(0) == OTA_SHARE_ANY);
    assert_int_equal(ota_cloud_capacity_bytes_per_s(7), 1);
    assert_int_equal(ota_cloud_capacity_bytes_per_s(80000000), 10000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody),
        cmocka_unit_test(one_is_rounded_up),
        cmocka_unit_test(none_to_send_ends_at_once),
        cmocka_unit_test(told_in_order),
        cmocka_unit_test(abort_makes_room),
        cmocka_unit_test(outage),
        cmocka_unit_test(grows),
        cmocka_unit_test(largest),
        cmocka_unit_test(looking_changes_nothing),
        cmocka_unit_test(capacity_is_kept),
        cmocka_unit_test(settings),
    };

    return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
