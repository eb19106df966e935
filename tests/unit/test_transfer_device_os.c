/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_transfer_device_os.c - which protocol and constants a release has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"
#include "tests/support/plain_air.h"
#include "tests/support/transfer_fixture.h"

enum { RTT_US = 200000, CHUNKS = 200 };

/* Runs CHUNKS chunks to a platform with that system part, by one setting. */
static struct ota_transfer_result run_on(const char *platform, int32_t system,
                                         int64_t pump_us, const char *field,
                                         const char *text)
{
    const struct ota_model *model = &ota_transfer_device_os.model;
    struct ota_transfer_job job = transfer_fixture_job(CHUNKS * 512);
    struct ota_arena arena = {0};
    void *config = model_fixture_config(model, &arena);
    struct ota_dist rtt;
    const struct ota_air air = plain_air(&rtt, RTT_US, 0);

    model_fixture_set(model, config, &arena, "duplicates", "0");
    if (field)
        model_fixture_set(model, config, &arena, field, text);
    job.os = ota_device_os(platform, system);
    job.pump_us = pump_us;
    const struct ota_transfer_result r =
        transfer_fixture_run(&ota_transfer_device_os, config, &air, job, 0);
    ota_arena_release(&arena);
    return r;
}

static void flights_shrank_with_1_0_0(void **state)
{
    (void)state;
    assert_int_equal(run_on("electron", 207, 0, NULL, NULL).rounds, 4);
    assert_int_equal(run_on("electron", 1002, 0, NULL, NULL).rounds, 5);
    assert_int_equal(run_on("electron", 2302, 0, NULL, NULL).rounds, 5);
    assert_int_equal(run_on("electron", 207, 0, "flight", "200").rounds, 1);
    /* 10, 12, 14, 16, 19, 22, 26, 31, 37 and 13. */
    assert_int_equal(run_on("electron", 1002, 0, "flight", "10").rounds, 10);
}

static void v3_came_with_3_0_0(void **state)
{
    (void)state;
    assert_int_equal(run_on("boron", 2302, 0, NULL, NULL).rounds, 5);
    assert_int_equal(run_on("boron", 3005, 0, NULL, NULL).rounds, 0);
    assert_int_equal(run_on("p2", 5901, 0, NULL, NULL).rounds, 0);
    assert_int_equal(run_on("electron", 3302, 0, NULL, NULL).rounds, 5);
    assert_int_equal(run_on("boron", 3005, 0, "protocol", "fast").rounds, 5);
    assert_int_equal(run_on("electron", 1002, 0, "protocol", "slow").end_us -
                         OTA_US_PER_MS,
                     (CHUNKS + 3) * RTT_US + CHUNKS);
}

/* An app that takes one chunk every so often shows whose patience that is. */
static void patience_follows_release(void **state)
{
    (void)state;
    static const struct {
        const char *platform;
        int32_t system;
        int64_t patience_s;
    } cases[] = {
        {"photon", 108, 30},     {"photon", 2302, 30}, {"electron", 207, 90},
        {"electron", 1002, 300}, {"argon", 1512, 300}, {"boron", 1104, 300},
        {"boron", 4100, 300},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const int64_t patience_us = cases[i].patience_s * OTA_US_PER_S;
        const struct ota_transfer_result stalls =
            run_on(cases[i].platform, cases[i].system,
                   patience_us + OTA_US_PER_S, NULL, NULL);
        const struct ota_transfer_result lasts =
            run_on(cases[i].platform, cases[i].system,
                   patience_us - OTA_US_PER_S, NULL, NULL);
        assert_int_equal(stalls.end, OTA_TRANSFER_STALLED);
        assert_int_equal(lasts.end, OTA_TRANSFER_DONE);
        /* v3 cancels, older protocols reset. */
        assert_int_equal(stalls.resets, cases[i].system < 3000);
    }
    assert_int_equal(
        run_on("photon", 108, 40 * OTA_US_PER_S, "stall", "60s").end,
        OTA_TRANSFER_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flights_shrank_with_1_0_0),
        cmocka_unit_test(v3_came_with_3_0_0),
        cmocka_unit_test(patience_follows_release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
