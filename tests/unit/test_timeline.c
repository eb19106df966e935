/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_timeline.c - counts on the grid against a device by device look.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/base/random.h"
#include "sim/stats/timeline.h"

static void grid_reaches_the_horizon(void **state)
{
    (void)state;
    static const int64_t horizons_us[] = {
        1, 719, 720, 721, 1000, INT64_C(604800000000), INT64_MAX / 2,
    };
    for (size_t i = 0; i < sizeof(horizons_us) / sizeof(*horizons_us); i++) {
        struct ota_timeline timeline;
        assert_true(ota_timeline_init(&timeline, horizons_us[i]));
        const int64_t last_us =
            (int64_t)(timeline.instants - 1) * timeline.step_us;
        assert_true(last_us >= horizons_us[i]);
        assert_true(last_us - horizons_us[i] < timeline.step_us);
        assert_true(timeline.instants <= OTA_TIMELINE_STEPS + 1);
        ota_timeline_release(&timeline);
    }
}

static void a_change_counts_from_the_next_instant_on(void **state)
{
    (void)state;
    struct ota_timeline timeline;
    assert_true(ota_timeline_init(&timeline, 7200)); /* steps of 10 */
    assert_int_equal(timeline.step_us, 10);

    ota_timeline_change(&timeline, 0, OTA_STATES, OTA_STATE_WAITING);
    ota_timeline_change(&timeline, 20, OTA_STATE_WAITING,
                        OTA_STATE_DOWNLOADING);
    ota_timeline_change(&timeline, 21, OTA_STATE_DOWNLOADING,
                        OTA_STATE_APPLYING);
    ota_timeline_change(&timeline, 7201, OTA_STATE_APPLYING,
                        OTA_STATE_CONFIRMED);
    ota_timeline_change(&timeline, INT64_MAX, OTA_STATE_CONFIRMED,
                        OTA_STATE_DEAD);
    ota_timeline_sum(&timeline);

    assert_int_equal(ota_timeline_at(&timeline, 1, OTA_STATE_WAITING), 1);
    assert_int_equal(ota_timeline_at(&timeline, 2, OTA_STATE_WAITING), 0);
    assert_int_equal(ota_timeline_at(&timeline, 2, OTA_STATE_DOWNLOADING), 1);
    assert_int_equal(ota_timeline_at(&timeline, 3, OTA_STATE_DOWNLOADING), 0);
    assert_int_equal(ota_timeline_at(&timeline, 3, OTA_STATE_APPLYING), 1);
    assert_int_equal(ota_timeline_at(&timeline, 720, OTA_STATE_APPLYING), 1);
    ota_timeline_release(&timeline);
}

/* 200 devices wander between states; two timelines hear of half of them each.
 * The merged counts are those of looking at every device at every instant. */
static void merged_counts_equal_a_look_at_each_device(void **state)
{
    (void)state;
    enum { DEVICES = 200, CHANGES = 20 };
    const int64_t horizon_us = 10000;
    const struct ota_random_key key = {.seed = 3};
    struct ota_timeline halves[2];
    assert_true(ota_timeline_init(&halves[0], horizon_us));
    assert_true(ota_timeline_init(&halves[1], horizon_us));
    const size_t instants = halves[0].instants;
    const int64_t step_us = halves[0].step_us;
    int64_t counts[OTA_TIMELINE_STEPS + 1][OTA_STATES] = {0};

    for (uint64_t d = 0; d < DEVICES; d++) {
        struct ota_stream stream;
        ota_stream_init(&stream, &key, d, OTA_PURPOSE_FREE, 0);
        enum ota_state now = OTA_STATES;
        int64_t time_us = 0;
        size_t instant = 0;
        for (int c = 0; c < CHANGES; c++) {
            const enum ota_state next =
                (enum ota_state)gsl_rng_uniform_int(&stream.rng, OTA_STATES);
            ota_timeline_change(&halves[d % 2], time_us, now, next);
            now = next;
            time_us += (int64_t)gsl_rng_uniform_int(&stream.rng, 1000);
            for (; instant < instants && (int64_t)instant * step_us < time_us;
                 instant++)
                counts[instant][now]++;
        }
        for (; instant < instants; instant++)
            counts[instant][now]++;
    }

    ota_timeline_merge(&halves[0], &halves[1]);
    ota_timeline_sum(&halves[0]);
    for (size_t i = 0; i < instants; i++) {
        for (int s = 0; s < OTA_STATES; s++)
            assert_int_equal(ota_timeline_at(&halves[0], i, (enum ota_state)s),
                             counts[i][s]);
    }
    ota_timeline_release(&halves[0]);
    ota_timeline_release(&halves[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grid_reaches_the_horizon),
        cmocka_unit_test(a_change_counts_from_the_next_instant_on),
        cmocka_unit_test(merged_counts_equal_a_look_at_each_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
