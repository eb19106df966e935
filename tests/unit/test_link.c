/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_link.c - attaching, sensing the air, and how Wi-Fi follows its signal.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "models/link/link.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"
#include "tests/support/near.h"

enum { DRAWS = 100000 };

/* A model, its config with every default, and a stream. */
struct bench {
    struct ota_arena arena;
    const struct ota_link_model *model;
    struct ota_link_radio_config *radio; /* the front of every config */
    struct ota_link_wifi_config *wifi;   /* the same, if it is one */
    struct ota_stream stream;
    struct ota_link_state state;
};

static void set_up(struct bench *b, const struct ota_link_model *model,
                   uint64_t index)
{
    *b = (struct bench){.model = model};
    b->radio = model_fixture_config(&model->model, &b->arena);
    b->wifi = (struct ota_link_wifi_config *)(void *)b->radio;
    model_fixture_stream(&b->stream, index);
}

static void set(struct bench *b, const char *name, const char *text)
{
    model_fixture_set(&b->model->model, b->radio, &b->arena, name, text);
}

static void start(struct bench *b, int64_t now_us)
{
    b->model->start(b->radio, &b->state, now_us, &b->stream.rng);
}

static struct ota_air sense(struct bench *b, int64_t now_us)
{
    struct ota_air air;

    b->model->sense(b->radio, &b->state, now_us, &b->stream.rng, &air);
    return air;
}

static int64_t attach(struct bench *b, bool warm, bool *ok)
{
    return b->model->attach_us(b->radio, &b->state, warm, &b->stream.rng, ok);
}

/* --- every model ---------------------------------------------------------- */

static void check_attach(const struct ota_link_model *model)
{
    struct bench b;
    bool ok = false;

    set_up(&b, model, 0);
    start(&b, 0);
    b.state.rssi_dbm = 0; /* Wi-Fi: fails with less than 1 in 1e17 */
    set(&b, "attach", "120s");
    set(&b, "attach_warm", "2s");
    assert_int_equal(attach(&b, false, &ok), 120 * OTA_US_PER_S);
    assert_true(ok); /* just in time */
    assert_int_equal(attach(&b, true, &ok), 2 * OTA_US_PER_S);
    assert_true(ok);
    set(&b, "attach", "120.000001s");
    assert_int_equal(attach(&b, false, &ok), 120 * OTA_US_PER_S);
    assert_false(ok);
    set(&b, "attach", "0s");
    assert_int_equal(attach(&b, false, &ok), 1);
    assert_true(ok);
    set(&b, "attach_failure", "100%");
    assert_int_equal(attach(&b, true, &ok), 120 * OTA_US_PER_S);
    assert_false(ok);

    double failed = 0;
    set(&b, "attach_failure", "0.3");
    for (int i = 0; i < DRAWS; i++) {
        const int64_t took_us = attach(&b, i % 2, &ok);
        assert_int_equal(took_us, !ok ? 120000000 : i % 2 ? 2000000 : 1);
        failed += !ok;
    }
    model_fixture_assert_share(DRAWS, failed, 0.3);
    ota_arena_release(&b.arena);
}

static void attaching_takes_its_time_or_fails(void **state)
{
    (void)state;
    check_attach(&ota_link_radio);
    check_attach(&ota_link_wifi);
}

static void check_sense(const struct ota_link_model *model)
{
    struct bench b;

    set_up(&b, model, 1);
    set(&b, "rtt", "100ms");
    set(&b, "rtt_first", "2s");
    set(&b, "loss", "1%");
    set(&b, "loss_first", "4%");
    set(&b, "loss_bad", "60%");
    set(&b, "good_lasts", "50s");
    set(&b, "bad_lasts", "4s");
    set(&b, "goodput", "20kbit/s");
    set(&b, "device_time_per_kib", "450ms");
    set(&b, "tail", "12s");
    start(&b, 7);
    b.state.rssi_dbm = -20;
    const struct ota_air air = sense(&b, 7);

    assert_ptr_equal(air.rtt, &b.radio->rtt);
    assert_ptr_equal(air.rtt_first, &b.radio->rtt_first);
    assert_near(air.loss[false], 0.01, 0);
    assert_near(air.loss[true], 0.6, 0);
    assert_near(air.loss_first, 0.04, 0);
    assert_near(air.leave_per_s[false], 0.02, 1e-12);
    assert_near(air.leave_per_s[true], 0.25, 1e-12);
    assert_int_equal(air.goodput_bit_s, 20000);
    assert_int_equal(air.device_us_per_kib, 450000);
    assert_int_equal(air.tail_us, 12 * OTA_US_PER_S);
    assert_int_equal(model->tail_us(b.radio), 12 * OTA_US_PER_S);
    assert_int_equal(air.outage_begin_us, OTA_NEVER);
    assert_int_equal(air.outage_end_us, OTA_NEVER);
    assert_int_equal(air.bad, b.state.bad);
    assert_true(air.until_us == b.state.until_us && air.until_us > 7);
    assert_int_equal(b.state.at_us, 7);
    ota_arena_release(&b.arena);
}

static void the_air_is_as_the_config_says(void **state)
{
    (void)state;
    check_sense(&ota_link_radio);
    check_sense(&ota_link_wifi);
}

/* A fleet starts with the share of bad links that it keeps, and a link's
 * regime goes on where it was when it is sensed again. */
static void check_regime(const struct ota_link_model *model)
{
    struct bench b;
    double bad = 0, still = 0;

    set_up(&b, model, 2);
    set(&b, "good_lasts", "30s");
    set(&b, "bad_lasts", "10s");
    for (int i = 0; i < DRAWS; i++) {
        int64_t until_us;
        start(&b, 0);
        struct ota_air air = sense(&b, 0);
        bad += air.bad;
        const bool was_bad = air.bad;
        ota_air_loss(&air, 3 * OTA_US_PER_S, &until_us, &b.stream.rng);
        ota_link_keep(&b.state, &air);
        air = sense(&b, 5 * OTA_US_PER_S);
        ota_air_loss(&air, 5 * OTA_US_PER_S, &until_us, &b.stream.rng);
        still += was_bad && air.bad;
    }
    const double memory = exp(-5 * (1 / 30.0 + 1 / 10.0));
    model_fixture_assert_share(DRAWS, bad, 0.25);
    model_fixture_assert_share(DRAWS, still, 0.25 * (0.25 + 0.75 * memory));
    ota_arena_release(&b.arena);
}

static void regimes_go_on_between_looks(void **state)
{
    (void)state;
    check_regime(&ota_link_radio);
    check_regime(&ota_link_wifi);
}

static void nothing_is_drawn_where_nothing_is_random(void **state)
{
    (void)state;
    for (int i = 0; ota_link_models[i]; i++) {
        struct bench b;
        set_up(&b, ota_link_models[i], 3);
        if (ota_link_models[i] == &ota_link_wifi)
            set(&b, "rssi_spread", "0");
        const struct ota_stream_state before = b.stream.state;
        start(&b, 0);
        const struct ota_air air = sense(&b, OTA_US_PER_DAY);
        assert_int_equal(air.until_us, OTA_NEVER);
        assert_true(air.leave_per_s[0] <= 0 && air.leave_per_s[1] <= 0);
        assert_memory_equal(&before, &b.stream.state, sizeof(before));
        ota_arena_release(&b.arena);
    }
}

/* --- radio -----------------------------------------------------------------
 */

/* The default round trip is named by its 95th percentile, and is to have
 * sigma 0.7 about a median of 250 ms. */
static void radio_is_3g_by_default(void **state)
{
    (void)state;
    struct bench b;

    set_up(&b, &ota_link_radio, 4);
    assert_near(b.radio->rtt.b, 0.7, 0.001);
    assert_near(b.radio->attach.b, 0.6, 0.005);
    assert_int_equal(b.radio->good_us, OTA_NEVER);
    assert_near(ota_dist_mean(&b.radio->rtt_first), 0, 0);
    /* A first datagram is lost no more often than any other. */
    assert_true(b.radio->loss_first <= b.radio->loss);
    ota_arena_release(&b.arena);
}

/* --- Wi-Fi -----------------------------------------------------------------
 */

static struct ota_air sense_at(struct bench *b, double rssi_dbm)
{
    b->state.rssi_dbm = rssi_dbm;
    return sense(b, 0);
}

static void wifi_loses_more_the_weaker_it_is(void **state)
{
    (void)state;
    struct bench b;

    set_up(&b, &ota_link_wifi, 5);
    start(&b, 0);
    assert_near(sense_at(&b, -30).loss[false], 0.001, 0); /* the floor */
    assert_near(sense_at(&b, -65).loss[false], 0.001, 0);
    assert_near(sense_at(&b, -80).loss[false], 0.0105, 0.00005);
    assert_near(sense_at(&b, -85).loss[false], 0.0934, 0.00005);
    assert_near(sense_at(&b, -90).loss[false], 0.5, 1e-12);
    assert_near(sense_at(&b, -91).loss[false], 0.6117, 0.00005);
    assert_near(sense_at(&b, -200).loss[false], 1, 1e-12);
    /* The bad state's own loss counts while it is more. */
    assert_near(sense_at(&b, -80).loss[true], 0.5, 0);
    assert_near(sense_at(&b, -91).loss[true], 0.6117, 0.00005);
    ota_arena_release(&b.arena);
}

static void wifi_is_slow_where_it_is_weak(void **state)
{
    (void)state;
    struct bench b;
    bool ok;

    set_up(&b, &ota_link_wifi, 6);
    set(&b, "attach", "1s");
    set(&b, "attach_weak", "9s");
    set(&b, "attach_warm", "100ms");
    start(&b, 0);

    struct ota_air air = sense_at(&b, -73.9);
    assert_ptr_equal(air.rtt, &b.wifi->radio.rtt);
    assert_int_equal(air.goodput_bit_s, 4000000);
    assert_int_equal(attach(&b, false, &ok), OTA_US_PER_S);

    air = sense_at(&b, -74);
    assert_ptr_equal(air.rtt, &b.wifi->rtt_weak);
    assert_int_equal(air.goodput_bit_s, 640000);
    assert_int_equal(attach(&b, false, &ok), 9 * OTA_US_PER_S);
    assert_int_equal(attach(&b, true, &ok), OTA_US_PER_S / 10);
    ota_arena_release(&b.arena);
}

static void wifi_attaches_less_often_the_weaker_it_is(void **state)
{
    (void)state;
    struct bench b;
    double failed = 0;

    set_up(&b, &ota_link_wifi, 7);
    set(&b, "attach_failure", "0.2");
    set(&b, "attach_weak", "1s");
    start(&b, 0);
    b.state.rssi_dbm = -90; /* half of the rest */
    for (int i = 0; i < DRAWS; i++) {
        bool ok;
        attach(&b, false, &ok);
        failed += !ok;
    }
    model_fixture_assert_share(DRAWS, failed, 1 - 0.8 * 0.5);
    ota_arena_release(&b.arena);
}

/* Adds one link's deviations from the mean, at the start and at two later
 * looks, to sums of what their moments are to be. */
static void wander(struct bench *b, const int64_t at_us[2], double sum[5],
                   double sum2[5])
{
    start(b, 0);
    double x[3] = {b->state.rssi_dbm};
    for (int k = 0; k < 2; k++) {
        sense(b, at_us[k]);
        x[k + 1] = b->state.rssi_dbm;
    }
    const double mean = b->wifi->rssi_dbm;
    const double terms[5] = {
        x[0] - mean,
        (x[0] - mean) * (x[0] - mean),
        (x[2] - mean) * (x[2] - mean), /* as wide as at the start */
        (x[0] - mean) * (x[1] - mean),
        (x[0] - mean) * (x[2] - mean),
    };
    for (int k = 0; k < 5; k++) {
        sum[k] += terms[k];
        sum2[k] += terms[k] * terms[k];
    }
}

/* The fleet keeps its spread for ever, and a device's RSSI is correlated by
 * exp(-d / holds), seen in between or not: 0.95 after an hour. */
static void wifi_signals_wander(void **state)
{
    (void)state;
    const int64_t at_us[2] = {OTA_US_PER_H, 24 * OTA_US_PER_H};
    const double variance = 11 * 11;
    struct bench b;
    double sum[5] = {0}, sum2[5] = {0};

    set_up(&b, &ota_link_wifi, 8);
    for (int i = 0; i < DRAWS; i++)
        wander(&b, at_us, sum, sum2);
    assert_near(exp(-1 / 19.5), 0.95, 5e-4);
    model_fixture_assert_mean(DRAWS, sum[0], sum2[0], 0);
    model_fixture_assert_mean(DRAWS, sum[1], sum2[1], variance);
    model_fixture_assert_mean(DRAWS, sum[2], sum2[2], variance);
    model_fixture_assert_mean(DRAWS, sum[3], sum2[3],
                              variance * exp(-1 / 19.5));
    model_fixture_assert_mean(DRAWS, sum[4], sum2[4],
                              variance * exp(-24 / 19.5));

    set(&b, "rssi_holds", "never");
    for (int i = 0; i < 100; i++) {
        start(&b, 0);
        const double rssi_dbm = b.state.rssi_dbm;
        sense(&b, 365 * OTA_US_PER_DAY);
        assert_near(b.state.rssi_dbm, rssi_dbm, 0);
    }
    ota_arena_release(&b.arena);
}

/* Looked at twice in the same instant, the signal is the same. */
static void wifi_signals_take_time_to_wander(void **state)
{
    (void)state;
    struct bench b;

    set_up(&b, &ota_link_wifi, 9);
    start(&b, 5);
    sense(&b, OTA_US_PER_H);
    const double rssi_dbm = b.state.rssi_dbm;
    const struct ota_stream_state before = b.stream.state;
    sense(&b, OTA_US_PER_H);
    assert_near(b.state.rssi_dbm, rssi_dbm, 0);
    assert_memory_equal(&before, &b.stream.state, sizeof(before));
    ota_arena_release(&b.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attaching_takes_its_time_or_fails),
        cmocka_unit_test(the_air_is_as_the_config_says),
        cmocka_unit_test(regimes_go_on_between_looks),
        cmocka_unit_test(nothing_is_drawn_where_nothing_is_random),
        cmocka_unit_test(radio_is_3g_by_default),
        cmocka_unit_test(wifi_loses_more_the_weaker_it_is),
        cmocka_unit_test(wifi_is_slow_where_it_is_weak),
        cmocka_unit_test(wifi_attaches_less_often_the_weaker_it_is),
        cmocka_unit_test(wifi_signals_wander),
        cmocka_unit_test(wifi_signals_take_time_to_wander),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
