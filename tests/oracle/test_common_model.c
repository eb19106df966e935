/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_common_model.c - the simulator against a small event loop of its own
 * that carries out the common model (tests/support/common_model.h), and that
 * against itself, an event a try and an event a phase.
 *
 * Seeds are fixed. Outcomes, times until updated, chunks sent and time awake
 * agree within four standard errors of their difference.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/common_fleet.h"
#include "tests/support/near.h"

enum { DEVICES = 100000, FEW = DEVICES / 5 /* an event a try is slow */ };

static const char scenario[] = "scenarios/scale/common.json";

/* So lossy that a transfer in three fails, and over before all are updated. */
static const struct common_config harsh = {
    .horizon_us = INT64_C(3) * 3600 * 1000000,
    .loss = 0.16,
};

static struct common_device *new_devices(void)
{
    struct common_device *devices = calloc(DEVICES, sizeof(*devices));
    assert_non_null(devices);
    return devices;
}

static void run_model(const struct common_config *config, enum common_how how,
                      uint64_t seed, struct common_estimate *out)
{
    const size_t count = how == COMMON_EACH_TRY ? FEW : DEVICES;
    struct common_device *devices = new_devices();

    assert_true(common_model_run(config, how, seed, devices, count) > 0);
    assert_true(common_summarize(devices, count, out));
    free(devices);
}

static void run_fleet(const struct common_config *config,
                      struct common_estimate *out)
{
    struct common_device *devices = new_devices();
    char count[16], loss[32], horizon[32];
    const struct ota_setting settings[] = {
        {"fleet.0.count", count},
        {"fleet.0.transfer.block_loss", loss},
        {"run.horizon", horizon},
    };

    snprintf(count, sizeof(count), "%d", (int)DEVICES);
    snprintf(loss, sizeof(loss), "%.9g", config->loss);
    snprintf(horizon, sizeof(horizon), "%llds",
             (long long)(config->horizon_us / 1000000));
    assert_true(common_fleet_run(scenario, settings, 3, 2, devices, DEVICES));
    assert_true(common_summarize(devices, DEVICES, out));
    free(devices);
}

static void compare(const struct common_estimate *a,
                    const struct common_estimate *b)
{
    for (size_t i = 0; i < COMMON_STATISTICS; i++) {
        const double z = common_z(a[i], b[i]);
        if (!(fabs(z) <= 4))
            print_error("%s: %.9g and %.9g\n", common_statistic_names[i],
                        a[i].value, b[i].value);
        assert_near(z, 0, 4);
    }
}

static void check(const struct common_config *config)
{
    struct common_estimate of_fleet[COMMON_STATISTICS];
    struct common_estimate of_model[COMMON_STATISTICS];

    run_fleet(config, of_fleet);
    for (int how = 0; how < COMMON_HOWS; how++) {
        run_model(config, (enum common_how)how, 1 + (uint64_t)how, of_model);
        compare(of_fleet, of_model);
    }
}

static void test_usual(void **state)
{
    (void)state;
    check(&common_usual);
}

static void test_harsh(void **state)
{
    (void)state;
    check(&harsh);
}

/* A chunk is sent 1/(1 - loss) times on average; a transfer that fails, with
 * the chance 1 - (1 - loss^4)^600, adds at most as much again. */
static void test_sends(void **state)
{
    struct common_estimate found[COMMON_STATISTICS];
    const double q = common_usual.loss;
    const double fails = 1 - pow(1 - pow(q, COMMON_TRIES), COMMON_CHUNKS);
    const double least = COMMON_CHUNKS / (1 - q);

    (void)state;
    for (int how = 0; how < COMMON_HOWS; how++) {
        run_model(&common_usual, (enum common_how)how, 7, found);
        const double within = 4 * found[COMMON_SENDS].error + least * fails;
        assert_near(found[COMMON_SENDS].value, least, within);
    }
}

/*
 * A wake updates the device with p = 7/17 (1 - f), f being the chance that a
 * transfer fails; so the mean time until updated is that to the first wake,
 * T/2 (1 + j^2/3) with j = 0.1, then 1/p - 1 intervals, two attaches of
 * 8 s exp(0.6^2/2), 6.5 s until the transfer begins, the transfer, 15 s.
 * One that is awake at time 0 has a chance more, ahead of the first wake: that
 * takes off less than its share of the fleet, (attach + 10 s)/T, times T.
 */
static void test_mean_time(void **state)
{
    struct common_estimate found[COMMON_STATISTICS];
    const double q = common_usual.loss, interval_s = 3600;
    const double f = 1 - pow(1 - pow(q, COMMON_TRIES), COMMON_CHUNKS);
    const double attach_s = 8 * exp(0.18);
    const double transfer_s = COMMON_CHUNKS * (0.06 + 2 * q / (1 - q));
    const double mean_s = interval_s / 2 * (1 + 0.01 / 3) +
                          interval_s * (17.0 / 7 / (1 - f) - 1) + 2 * attach_s +
                          6.5 + transfer_s + 15;

    (void)state;
    for (int how = -1; how < COMMON_HOWS; how++) {
        if (how < 0)
            run_fleet(&common_usual, found);
        else
            run_model(&common_usual, (enum common_how)how, 11, found);
        assert_near(found[COMMON_TIME_MEAN_S].value,
                    mean_s - (attach_s + 10) / 2,
                    4 * found[COMMON_TIME_MEAN_S].error + (attach_s + 10) / 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual),
        cmocka_unit_test(test_harsh),
        cmocka_unit_test(test_sends),
        cmocka_unit_test(test_mean_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
