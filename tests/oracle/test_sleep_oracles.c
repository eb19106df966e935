/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_sleep_oracles.c - wakes against renewal theory.
 *
 * Intervals of mean T and coefficient of variation c, seen from an instant
 * that has nothing to do with them: the time to the next wake has the mean
 * T/2 (1 + c^2), so has the time since the last one, the interval hit has the
 * mean T (1 + c^2), and in any stretch H the mean number of wakes is H/T.
 * Uniform intervals in T (1 -+ j) have c^2 = j^2 / 3.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "models/sleep/sleep.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"

enum { DEVICES = 100000, PERIOD_S = 3600 };

static const double jitters[] = {0, 0.02, 0.2, 0.7, 1};

static struct ota_sleep_interval_config hourly(double jitter)
{
    return (struct ota_sleep_interval_config){
        .period_us = PERIOD_S * OTA_US_PER_S,
        .jitter = jitter,
    };
}

static void first_wake_is_a_stationary_residual(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(jitters) / sizeof(*jitters); i++) {
        const struct ota_sleep_interval_config config = hourly(jitters[i]);
        struct ota_stream stream;
        double sum = 0, sum2 = 0;

        model_fixture_stream(&stream, i);
        for (int d = 0; d < DEVICES; d++) {
            const double first_s = ota_s_from_us(
                ota_sleep_interval.first_us(&config, &stream.rng));
            sum += first_s;
            sum2 += first_s * first_s;
        }
        model_fixture_assert_mean(DEVICES, sum, sum2,
                                  PERIOD_S / 2.0 *
                                      (1 + jitters[i] * jitters[i] / 3));
    }
}

/*
 * P(first wake within W): W/T for W <= a; [a + (b-a)/2 - (b-W)^2/(2(b-a))]/T
 * from there to b.
 */
static void check_within(double jitter, double within_s, double p)
{
    const struct ota_sleep_interval_config config = hourly(jitter);
    struct ota_stream stream;
    double hits = 0;

    model_fixture_stream(&stream, 10);
    for (int d = 0; d < DEVICES; d++)
        hits +=
            ota_s_from_us(ota_sleep_interval.first_us(&config, &stream.rng)) <=
            within_s;
    model_fixture_assert_share(DEVICES, hits, p);
}

static void first_wake_has_the_residual_law(void **state)
{
    (void)state;
    check_within(0, 1800, 0.5);
    check_within(0, 3600, 1);
    check_within(0.2, 1800, 0.5);
    check_within(0.2, 3600, 0.95);
    check_within(0.2, 4320, 1);
}

/* Follows each device over an instant well after its start. */
static void an_instant_hits_long_intervals(void **state)
{
    (void)state;
    const int64_t at_us = 7 * PERIOD_S * OTA_US_PER_S + 12345;

    for (size_t i = 1; i < sizeof(jitters) / sizeof(*jitters); i++) {
        const struct ota_sleep_interval_config config = hourly(jitters[i]);
        const double excess = 1 + jitters[i] * jitters[i] / 3;
        double age = 0, age2 = 0, hit = 0, hit2 = 0;
        struct ota_stream stream;

        model_fixture_stream(&stream, 20 + i);
        for (int d = 0; d < DEVICES; d++) {
            int64_t last_us = 0;
            int64_t next_us = ota_sleep_interval.first_us(&config, &stream.rng);
            while (next_us <= at_us) {
                last_us = next_us;
                next_us =
                    ota_sleep_interval.next_us(&config, last_us, &stream.rng);
            }
            const double age_s = ota_s_from_us(at_us - last_us);
            const double hit_s = ota_s_from_us(next_us - last_us);
            age += age_s;
            age2 += age_s * age_s;
            hit += hit_s;
            hit2 += hit_s * hit_s;
        }
        model_fixture_assert_mean(DEVICES, age, age2, PERIOD_S / 2.0 * excess);
        model_fixture_assert_mean(DEVICES, hit, hit2, PERIOD_S * excess);
    }
}

static void wakes_come_at_their_rate_from_the_start(void **state)
{
    (void)state;
    const double stretch = 2.5; /* periods */

    for (size_t i = 1; i < sizeof(jitters) / sizeof(*jitters); i++) {
        const struct ota_sleep_interval_config config = hourly(jitters[i]);
        const int64_t end_us = (int64_t)(stretch * PERIOD_S * 1e6);
        double sum = 0, sum2 = 0;
        struct ota_stream stream;

        model_fixture_stream(&stream, 30 + i);
        for (int d = 0; d < DEVICES; d++) {
            int wakes = 0;
            for (int64_t wake_us =
                     ota_sleep_interval.first_us(&config, &stream.rng);
                 wake_us < end_us; wake_us = ota_sleep_interval.next_us(
                                       &config, wake_us, &stream.rng))
                wakes++;
            sum += wakes;
            sum2 += (double)wakes * wakes;
        }
        model_fixture_assert_mean(DEVICES, sum, sum2, stretch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_wake_is_a_stationary_residual),
        cmocka_unit_test(first_wake_has_the_residual_law),
        cmocka_unit_test(an_instant_hits_long_intervals),
        cmocka_unit_test(wakes_come_at_their_rate_from_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
