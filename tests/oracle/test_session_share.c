/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sessions of devices that wake again and again, against closed forms and
 * published figures: how many connects are handshakes, what loss makes of
 * that, and what staying online costs.
 *
 * Wakes are an hour apart and a handshake takes a moment. The session is 3 d
 * old at the 73rd wake behind it, so that 72 resumes lie between two
 * handshakes: 1 connect of 73. With exponential times between wakes a session
 * sees a Poisson number of them, of mean 72.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "models/session/session.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"
#include "tests/support/near.h"
#include "tests/support/plain_air.h"

/* A device that connects, one connect after another. */
struct device {
    const void *config;
    struct ota_session_state session;
    struct ota_dist rtt;
    struct ota_air air;
    struct ota_stream stream;
};

static void start(struct device *device, const void *config, double loss)
{
    device->config = config;
    device->air = plain_air(&device->rtt, 250e3, loss);
    model_fixture_stream(&device->stream, 0);
    ota_session_drop(&device->session);
}

static struct ota_session_setup connect_at(struct device *device, int32_t os,
                                           int64_t now_us)
{
    const struct ota_session_call call = {
        .air = &device->air,
        .os = ota_device_os("boron", os),
        .now_us = now_us,
    };

    struct ota_session_setup setup;

    ota_session_dtls.connect(device->config, &device->session, &call,
                             &device->stream.rng, &setup);
    return setup;
}

static void one_connect_of_73_is_a_handshake(void **state)
{
    (void)state;
    enum { WAKES = 73 * 40 };
    struct ota_arena arena = {0};
    struct device device;
    int handshakes = 0;

    start(&device, model_fixture_config(&ota_session_dtls.model, &arena), 0);
    for (int64_t wake = 0; wake < WAKES; wake++) {
        const bool full = connect_at(&device, 0, wake * OTA_US_PER_H).full;
        assert_int_equal(full, wake % 73 == 0);
        handshakes += full;
    }
    assert_int_equal(handshakes, WAKES / 73);
    ota_arena_release(&arena);
}

static void random_wakes_leave_72_resumes_on_average(void **state)
{
    (void)state;
    enum { SESSIONS = 4000 };
    struct ota_arena arena = {0};
    struct ota_stream wakes;
    struct device device;
    double sum = 0, sum2 = 0;
    int64_t now_us = 0;

    /* A session begins when its handshake ends, and wakes are counted from
     * there. */
    start(&device, model_fixture_config(&ota_session_dtls.model, &arena), 0);
    model_fixture_stream(&wakes, 1);
    for (int session = 0; session < SESSIONS; session++) {
        const struct ota_session_setup made = connect_at(&device, 0, now_us);
        double resumes = 0;
        assert_true(made.full);
        now_us += made.took_us;
        for (;;) {
            now_us += 1 + (int64_t)(-log1p(-gsl_rng_uniform(&wakes.rng)) *
                                    (double)OTA_US_PER_H);
            if (!ota_session_dtls.resumes(device.config, &device.session,
                                          now_us))
                break;
            assert_false(connect_at(&device, 0, now_us).full);
            resumes++;
        }
        sum += resumes;
        sum2 += resumes * resumes;
    }
    model_fixture_assert_mean(SESSIONS, sum, sum2, 72);
    /* The variance of a Poisson law is its mean m; that of the estimate is
     * (m + 2 m^2) / n. */
    const double mean = sum / SESSIONS;
    assert_near(sum2 / SESSIONS - mean * mean, 72,
                4 * sqrt((72 + 2 * 72.0 * 72.0) / SESSIONS));
    ota_arena_release(&arena);
}

/*
 * With a chance q that a resume hears nothing and loses the session, a session
 * sees min(G, 72) resumes, G geometric: (1 - (1 - q)^72) / q on average. Of
 * handshakes there are 1 / (1 - f) a session, if one fails with f. A try fails
 * with p = 1 - (1 - u)^2, q = p^4 and f = 1 - (1 - p^6)^5.
 */
static void loss_makes_more_handshakes(void **state)
{
    (void)state;
    enum { SESSIONS = 20000 };
    const double u = 0.2, p = 1 - (1 - u) * (1 - u);
    const double q = pow(p, 4), f = 1 - pow(1 - pow(p, 6), 5);
    struct ota_arena arena = {0};
    struct device device;
    double resumes = 0, resumes2 = 0, tries = 0, tries2 = 0;
    int64_t wake = 0;

    start(&device, model_fixture_config(&ota_session_dtls.model, &arena), u);
    for (int session = 0; session < SESSIONS; session++) {
        double tried = 0, resumed = 0;
        while (device.session.handshake_us == OTA_NEVER ||
               !ota_session_dtls.resumes(device.config, &device.session,
                                         wake * OTA_US_PER_H)) {
            assert_true(connect_at(&device, 0, wake++ * OTA_US_PER_H).full);
            tried++;
        }
        while (ota_session_dtls.resumes(device.config, &device.session,
                                        wake * OTA_US_PER_H)) {
            assert_false(connect_at(&device, 0, wake++ * OTA_US_PER_H).full);
            resumed++;
        }
        tries += tried;
        tries2 += tried * tried;
        resumes += resumed;
        resumes2 += resumed * resumed;
    }
    model_fixture_assert_mean(SESSIONS, tries, tries2, 1 / (1 - f));
    model_fixture_assert_mean(SESSIONS, resumes, resumes2,
                              (1 - pow(1 - q, 72)) / q);
    ota_arena_release(&arena);
}

/* A message is sent (1 - p^4) / (1 - p) times, p being the chance that it or
 * its acknowledgement is lost, and 1 - u of that arrives. The round trip of
 * the resume is billed likewise. */
static void lossy_flags_cost_their_repetitions(void **state)
{
    (void)state;
    enum { CONNECTS = 100000, FLAG_UP = 101, FLAG_DOWN = 61, PING = 100 };
    const double u = 0.15, p = 1 - (1 - u) * (1 - u);
    const double sends = (1 - pow(p, 4)) / (1 - p);
    const double connected = 1 - pow(p, 4);
    struct ota_arena arena = {0};
    struct device device;
    double up = 0, up2 = 0, down = 0, down2 = 0;

    start(&device, model_fixture_config(&ota_session_dtls.model, &arena), u);
    for (int i = 0; i < CONNECTS; i++) {
        device.session.handshake_us = 0;
        const struct ota_session_setup setup = connect_at(&device, 1213, 1);
        up += (double)setup.up_bytes;
        up2 += (double)setup.up_bytes * (double)setup.up_bytes;
        down += (double)setup.down_bytes;
        down2 += (double)setup.down_bytes * (double)setup.down_bytes;
    }
    model_fixture_assert_mean(CONNECTS, up, up2,
                              sends * (PING + connected * 2 * FLAG_UP));
    model_fixture_assert_mean(CONNECTS, down, down2,
                              sends * (1 - u) *
                                  (PING + connected * 2 * FLAG_DOWN));
    ota_arena_release(&arena);
}

/* --- published figures --- */

static double idle_bytes_per_h(const struct ota_session_model *model)
{
    struct ota_arena arena = {0};
    const void *config = model_fixture_config(&model->model, &arena);
    int64_t bytes = 0;
    const int64_t every_us = model->keep_alive_us(config, &bytes);

    ota_arena_release(&arena);
    return (double)bytes * (double)OTA_US_PER_H / (double)every_us;
}

/* docs.particle.io, cellular data: an idle Electron uses 318 B an hour, a
 * Photon "almost 46 kilobytes" (of 1,024 B). */
static void idling_costs_what_is_published(void **state)
{
    (void)state;
    assert_near(idle_bytes_per_h(&ota_session_dtls), 318.3, 0.05);
    assert_near(idle_bytes_per_h(&ota_session_full), 318.3, 0.05);
    assert_near(idle_bytes_per_h(&ota_session_tcp), 47040, 1e-6);
    assert_near(idle_bytes_per_h(&ota_session_tcp) / 1024, 46, 0.1);
}

/* A message on TCP: length, payload padded with 1 to 16 B, headers, and TCP's
 * acknowledgement. */
static int64_t tcp_bytes(int64_t payload)
{
    return 2 + (payload / 16 + 1) * 16 + 40 + 40;
}

static void tcp_messages_are_padded(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    const struct ota_session_config *config =
        model_fixture_config(&ota_session_tcp.model, &arena);

    assert_int_equal(tcp_bytes(10), 98); /* published: a small event */
    assert_int_equal(config->keep_alive_bytes, 2 * tcp_bytes(4));
    assert_int_equal(config->flags_bytes, 2 * tcp_bytes(44));
    assert_int_equal(config->boot_bytes, tcp_bytes(38));
    /* TCP's opening, the keys, hello both ways, describe, five events. */
    assert_int_equal(config->full_bytes,
                     3 * 40 + (40 + 256 + 384 + 3 * (40 + 40)) +
                         2 * tcp_bytes(15) + 1000 + 5 * tcp_bytes(10));
    ota_arena_release(&arena);
}

/* A handshake is of 5 to 6 kB (docs.particle.io), and every 3 days it makes
 * less than 2 kB a day. A ping of 135 B, with the flags, is 459 B. */
static void connects_cost_what_is_published(void **state)
{
    (void)state;
    static const int32_t systems[] = {207, 1104, 1213, 2302, 3103, 6200};
    struct ota_arena arena = {0};
    void *config = model_fixture_config(&ota_session_dtls.model, &arena);
    struct device device;

    model_fixture_set(&ota_session_dtls.model, config, &arena, "resume",
                      "135B");
    for (size_t i = 0; i < sizeof(systems) / sizeof(*systems); i++) {
        start(&device, config, 0);
        const struct ota_session_setup full =
            connect_at(&device, systems[i], 0);
        const struct ota_session_setup resumed =
            connect_at(&device, systems[i], OTA_US_PER_H);
        const int64_t bytes = full.up_bytes + full.down_bytes;

        assert_true(full.full && !resumed.full);
        assert_in_range(bytes, 5000, 6000);
        assert_true((double)bytes / 3 <= 2000);
        if (systems[i] >= 1200 && systems[i] < 3100)
            assert_in_range(resumed.up_bytes + resumed.down_bytes, 450, 470);
        /* A connection ID adds 12 B to either flag. */
        if (systems[i] >= 3100)
            assert_in_range(resumed.up_bytes + resumed.down_bytes - 2 * 12, 450,
                            470);
    }
    ota_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_connect_of_73_is_a_handshake),
        cmocka_unit_test(random_wakes_leave_72_resumes_on_average),
        cmocka_unit_test(loss_makes_more_handshakes),
        cmocka_unit_test(lossy_flags_cost_their_repetitions),
        cmocka_unit_test(idling_costs_what_is_published),
        cmocka_unit_test(tcp_messages_are_padded),
        cmocka_unit_test(connects_cost_what_is_published),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
