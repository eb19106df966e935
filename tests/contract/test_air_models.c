/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_air_models.c - what every link, session and transfer promises, over air
 * that loses, gets worse, breaks off and comes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/firmware/device_os.h"
#include "models/link/link.h"
#include "models/session/session.h"
#include "models/transfer/transfer.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"
#include "tests/support/plain_air.h"
#include "tests/support/usable_config.h"

enum { DRAWS = 1000, HOURS = 300 };

/* --- links --- */

/* What a link model says of the air, which the caller completes. */
static void check_air(const struct ota_air *air)
{
    assert_non_null(air->rtt);
    assert_non_null(air->rtt_first);
    assert_true(air->goodput_bit_s > 0 && air->device_us_per_kib >= 0);
    assert_true(air->tail_us >= 0);
    assert_true(air->loss_first >= 0 && air->loss_first <= 1);
    for (int bad = 0; bad < 2; bad++) {
        assert_true(air->loss[bad] >= 0 && air->loss[bad] <= 1);
        assert_true(air->leave_per_s[bad] >= 0);
    }
}

/* The same draws give the same link, an hour after the other. */
static void links_sense_and_attach(void **state)
{
    (void)state;
    for (size_t i = 0; ota_link_models[i]; i++) {
        const struct ota_link_model *model = ota_link_models[i];
        struct ota_arena arena = {0};
        const void *config = usable_config(&model->model, &arena);
        struct ota_link_state link[2] = {{0}};
        struct ota_stream stream[2];

        for (int s = 0; s < 2; s++) {
            model_fixture_stream(&stream[s], i);
            model->start(config, &link[s], 0, &stream[s].rng);
        }
        assert_true(model->tail_us(config) >= 0);
        for (int64_t hour = 0; hour < HOURS; hour++) {
            const int64_t now_us = hour * OTA_US_PER_H;
            int64_t attach_us[2], rtt_us[2], until_us[2];
            bool ok[2], lost[2];
            for (int s = 0; s < 2; s++) {
                gsl_rng *rng = &stream[s].rng;
                struct ota_air air = {.outage_begin_us = OTA_NEVER,
                                      .outage_end_us = OTA_NEVER,
                                      .spoke_us = now_us};
                model->sense(config, &link[s], now_us, rng, &air);
                air.outage_begin_us = air.outage_end_us = OTA_NEVER;
                air.spoke_us = now_us;
                check_air(&air);
                attach_us[s] = model->attach_us(config, &link[s], hour % 2 == 0,
                                                rng, &ok[s]);
                assert_true(attach_us[s] > 0 && attach_us[s] < OTA_NEVER);
                rtt_us[s] = ota_air_rtt_us(&air, now_us, rng);
                assert_true(rtt_us[s] > 0);
                const double loss =
                    ota_air_loss(&air, now_us, &until_us[s], rng);
                assert_true(loss >= 0 && loss <= 1 && until_us[s] > now_us);
                lost[s] = ota_air_lost(&air, now_us, rng);
                ota_link_keep(&link[s], &air);
            }
            assert_int_equal(attach_us[0], attach_us[1]);
            assert_int_equal(rtt_us[0], rtt_us[1]);
            assert_int_equal(until_us[0], until_us[1]);
            assert_int_equal(ok[0], ok[1]);
            assert_int_equal(lost[0], lost[1]);
            assert_memory_equal(&link[0].until_us, &link[1].until_us,
                                sizeof(link[0].until_us));
        }
        ota_arena_release(&arena);
    }
}

/* --- sessions --- */

/* Old and late firmware, with sessions by UDP and by TCP. */
static struct ota_device_os os_number(int64_t k)
{
    static const struct {
        const char *platform;
        int32_t system;
    } all[] = {{"electron", 102}, {"electron", 1213}, {"photon", 207},
               {"boron", 4100},   {"argon", 3001},    {"no_such_board", 0}};
    const size_t i = (size_t)k % (sizeof(all) / sizeof(*all));
    return ota_device_os(all[i].platform, all[i].system);
}

static void sessions_connect(void **state)
{
    (void)state;
    for (size_t i = 0; ota_session_models[i]; i++) {
        const struct ota_session_model *model = ota_session_models[i];
        struct ota_arena arena = {0};
        const void *config = usable_config(&model->model, &arena);
        struct ota_dist rtt;
        struct ota_air air = plain_air(&rtt, 250e3, 0);
        struct ota_session_state session;
        struct ota_stream stream;
        int64_t bytes = -1;

        assert_true(model->keep_alive_us(config, &bytes) > 0 && bytes >= 0);
        assert_true(model->mapping_us(config) > 0);
        model_fixture_stream(&stream, i);
        model->start(config, &session, &stream.rng);
        for (int64_t k = 0; k < HOURS; k++) {
            const struct ota_session_call call = {
                .air = &air,
                .os = os_number(k),
                .now_us = k * OTA_US_PER_H,
                .changed = k % 7 == 0,
                .safe_mode = k % 5 == 0,
                .boot = k % 3 == 0,
            };
            const bool resumes = model->resumes(config, &session, call.now_us);
            struct ota_session_setup setup;
            model->connect(config, &session, &call, &stream.rng, &setup);
            assert_true(setup.ok && setup.full == !resumes);
            assert_true(setup.took_us > 0);
            assert_true(setup.up_bytes > 0 && setup.down_bytes > 0);
            assert_true(model->renew_us(config, &session) > call.now_us);
        }
        ota_session_drop(&session);
        assert_false(model->resumes(config, &session, HOURS * OTA_US_PER_H));
        assert_true(model->renew_us(config, &session) == OTA_NEVER);
        ota_arena_release(&arena);
    }
}

/* A link that is gone fails every connect, in bounded time. */
static void sessions_fail_without_air(void **state)
{
    (void)state;
    for (size_t i = 0; ota_session_models[i]; i++) {
        const struct ota_session_model *model = ota_session_models[i];
        struct ota_arena arena = {0};
        const void *config = usable_config(&model->model, &arena);
        struct ota_session_state session;
        struct ota_stream stream;

        model_fixture_stream(&stream, i);
        model->start(config, &session, &stream.rng);
        for (int64_t k = 0; k < HOURS; k++) {
            struct ota_dist rtt;
            struct ota_air air = plain_air(&rtt, 250e3, 1);
            const struct ota_session_call call = {
                .air = &air, .os = os_number(k), .now_us = k * OTA_US_PER_H};
            struct ota_session_setup setup;
            model->connect(config, &session, &call, &stream.rng, &setup);
            assert_false(setup.ok);
            assert_true(setup.took_us > 0 && setup.took_us < OTA_US_PER_H);
            assert_true(setup.up_bytes > 0);
            assert_int_equal(setup.down_bytes, 0);
        }
        ota_arena_release(&arena);
    }
}

/* --- transfers --- */

/* Lossy links, bad spells, outages, cuts, caps, slow and harmful apps and
 * refusals in turn. */
static struct ota_air air_number(int64_t k, struct ota_dist *rtt)
{
    struct ota_air air =
        plain_air(rtt, (double)(1 + k * 7919 % 2000000), 0.1 * (double)(k % 6));

    air.goodput_bit_s = 500000;
    air.device_us_per_kib = k % 4 * 50 * OTA_US_PER_MS;
    if (k % 4 == 1) {
        air.loss[true] = 0.8;
        air.leave_per_s[false] = 0.1;
        air.leave_per_s[true] = 1;
        air.until_us = 1;
    }
    if (k % 7 == 3) {
        air.outage_begin_us = k * 31337 % 20000000;
        air.outage_end_us = air.outage_begin_us + k % 11 * OTA_US_PER_MIN + 1;
    }
    if (k % 5 == 2)
        air.tail_us = OTA_US_PER_S;
    return air;
}

static struct ota_transfer_job job_number(int64_t k, struct ota_air *air)
{
    struct ota_transfer_job job = {
        .size_bytes = 1 + k * 617 % 50000,
        .begin_us = OTA_US_PER_MS,
        .cut_us = OTA_NEVER,
        .cut_is_graceful = k % 2 == 0,
        .pump_us = k % 4 * 100 * OTA_US_PER_MS,
        .data_left_bytes = INT64_MAX,
        .break_per_chunk = k % 13 == 0 ? 0.02 : 0,
        .refused = k % 17 == 0,
        .os = os_number(k),
        .air = air,
    };

    if (k % 3 == 0)
        job.cut_us = job.begin_us + 1 + k * 104729 % 60000000;
    if (k % 5 == 0)
        job.data_left_bytes = k * 15485863 % 80000;
    return job;
}

static struct ota_transfer_result run(const struct ota_transfer_model *model,
                                      const void *config, int64_t k,
                                      int64_t kept_bytes)
{
    struct ota_dist rtt;
    struct ota_air air = air_number(k, &rtt);
    struct ota_transfer_job job = job_number(k, &air);
    struct ota_stream stream;

    job.kept_bytes = kept_bytes < job.size_bytes ? kept_bytes : 0;
    model_fixture_stream(&stream, (uint64_t)k);
    /* The result is plain numbers and points to nothing. */
    /* cppcheck-suppress returnDanglingLifetime */
    return model->run(config, &job, &stream.rng);
}

/* The result is possible for the job. */
static void check_result(const struct ota_transfer_result *r, int64_t k)
{
    struct ota_dist rtt;
    struct ota_air air = air_number(k, &rtt);
    const struct ota_transfer_job job = job_number(k, &air);
    const int64_t all_bytes = r->down_bytes + r->up_bytes;

    assert_true(r->end < OTA_TRANSFER_ENDS);
    assert_true(r->end_us > job.begin_us && r->end_us <= job.cut_us);
    assert_true(r->down_bytes >= 0 && r->up_bytes >= 0);
    assert_true(all_bytes <= job.data_left_bytes);
    assert_true(r->payload_bytes >= 0 && r->spent_bytes >= 0);
    assert_true(r->payload_bytes + r->spent_bytes <= r->down_bytes);
    assert_true(r->kept_bytes >= 0 && r->kept_bytes <= job.size_bytes);
    assert_true(r->chunks_sent >= 0 && r->rounds >= 0);
    if (r->end == OTA_TRANSFER_DONE)
        assert_false(job.refused);
    if (r->end == OTA_TRANSFER_REFUSED)
        assert_true(job.refused && r->payload_bytes == 0);
    if (r->end == OTA_TRANSFER_BROKEN)
        assert_true(job.break_per_chunk > 0);
    if (r->end == OTA_TRANSFER_CAPPED)
        assert_true(job.data_left_bytes < INT64_MAX);
    if (r->end == OTA_TRANSFER_CUT)
        assert_true(job.cut_us < OTA_NEVER && r->end_us == job.cut_us);
}

/* Runs the model on every job, from nothing and then from what was kept.
 * Returns how many were done. */
static int run_all(const struct ota_transfer_model *model, const void *config)
{
    int done = 0;

    for (int64_t k = 0; k < DRAWS; k++) {
        const struct ota_transfer_result r = run(model, config, k, 0);
        const struct ota_transfer_result again = run(model, config, k, 0);

        check_result(&r, k);
        assert_int_equal(again.end, r.end);
        assert_int_equal(again.end_us, r.end_us);
        assert_int_equal(again.down_bytes, r.down_bytes);
        assert_int_equal(again.up_bytes, r.up_bytes);
        if (r.end == OTA_TRANSFER_DONE) {
            struct ota_air air;
            assert_int_equal(r.payload_bytes, job_number(k, &air).size_bytes);
            done++;
        } else if (r.kept_bytes > 0) {
            const struct ota_transfer_result rest =
                run(model, config, k, r.kept_bytes);
            check_result(&rest, k);
        }
    }
    return done;
}

static void transfers_end_within_bounds(void **state)
{
    (void)state;
    static const char *const fidelities[] = {"flow", "packet"};

    for (size_t i = 0; ota_transfer_models[i]; i++) {
        const struct ota_transfer_model *model = ota_transfer_models[i];
        struct ota_arena arena = {0};
        void *config = usable_config(&model->model, &arena);

        assert_non_null(ota_field_find(model->model.fields, "fidelity"));
        for (size_t f = 0; f < 2; f++) {
            model_fixture_set(&model->model, config, &arena, "fidelity",
                              fidelities[f]);
            const int done = run_all(model, config);
            print_message("%s, %s: %d of %d done\n", model->model.name,
                          fidelities[f], done, DRAWS);
            assert_true(done > 0 && done < DRAWS);
        }
        ota_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_sense_and_attach),
        cmocka_unit_test(sessions_connect),
        cmocka_unit_test(sessions_fail_without_air),
        cmocka_unit_test(transfers_end_within_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
