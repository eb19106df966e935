/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_transfer_published.c - transfers that others have measured or worked
 * out, and closed forms.
 *
 * Each case names its source. Where only a mean pace is published it is put in
 * as a fixed one; where a spread is, as a lognormal time of that median.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"
#include "tests/support/near.h"
#include "tests/support/plain_air.h"
#include "tests/support/transfer_fixture.h"

enum { RUNS = 4000, PULLS = 400 };

/* A pull of blocks without loss, in settings of the model. */
struct pull {
    int64_t size_bytes;
    double rtt_us;
    const char *chunk_size, *block_time, *erase;
};

static double pull_s(const struct pull *pull, const char *fidelity,
                     uint64_t index)
{
    const struct ota_model *model = &ota_transfer_block.model;
    struct ota_arena arena = {0};
    void *config = model_fixture_config(model, &arena);
    struct ota_dist rtt;
    const struct ota_air air = plain_air(&rtt, pull->rtt_us, 0);
    const struct ota_transfer_job job = transfer_fixture_job(pull->size_bytes);

    model_fixture_set(model, config, &arena, "chunk_size", pull->chunk_size);
    model_fixture_set(model, config, &arena, "block_time", pull->block_time);
    model_fixture_set(model, config, &arena, "erase", pull->erase);
    model_fixture_set(model, config, &arena, "fidelity", fidelity);
    const struct ota_transfer_result r =
        transfer_fixture_run(&ota_transfer_block, config, &air, job, index);
    assert_int_equal(r.end, OTA_TRANSFER_DONE);
    ota_arena_release(&arena);
    return ota_s_from_us(r.end_us - job.begin_us);
}

/* Bytes come down at 1 Tbit/s: some ticks a transfer. */
static void assert_takes(const struct pull *pull, double seconds, double within)
{
    assert_near(pull_s(pull, "flow", 0), seconds, within);
    assert_near(pull_s(pull, "packet", 0), seconds, within);
}

/*
 * Many pulls with a random block time, in both fidelities: their mean is that
 * of so many blocks and the pause, within 4 standard errors; that is within
 * `within` (3 deviations of one pull) of the published time, and so are nearly
 * all of the pulls.
 */
static void assert_spread(const struct pull *pull, double blocks,
                          double block_s, double pause_s, double published_s,
                          double within)
{
    static const char *const fidelities[] = {"flow", "packet"};
    const double mean_s = blocks * block_s + pause_s;

    assert_near(mean_s, published_s, within);
    for (int f = 0; f < 2; f++) {
        double sum = 0, squares = 0;
        int near = 0;
        for (uint64_t i = 0; i < PULLS; i++) {
            const double s = pull_s(pull, fidelities[f], i);
            sum += s;
            squares += s * s;
            near += fabs(s - published_s) <= within;
        }
        model_fixture_assert_mean(PULLS, sum, squares, mean_s);
        assert_true(near >= 0.98 * PULLS);
    }
}

/* Zephyr issue 30486: UpdateHub over OpenThread, 380,000 B in blocks of 64 B,
 * 138 ms a round trip: 828 s were estimated of about 6,000 blocks, and 990 s
 * measured, which leaves 28.8 ms for the device. */
static void updatehub_on_zephyr(void **state)
{
    (void)state;
    struct pull pull = {380000, 138000, "64B", "0s", "0s"};

    assert_takes(&pull, 819.4, 0.001 * 819.4);
    pull.block_time = "28.8ms";
    assert_takes(&pull, 990, 0.01 * 990);
}

/* golioth/golioth-firmware-sdk, ESP32 on Wi-Fi, log of commit 1996a1d3:
 * 943,248 B, 922 blocks in 212.39 s, 5 s of it behind the first. The lognormal
 * time's spread is ours. */
static void golioth_on_wifi(void **state)
{
    (void)state;
    struct pull pull = {943248, 1, "1024B", "224.93ms", "5s"};

    assert_takes(&pull, 212.39, 0.01);
    pull.block_time = "lognormal(150ms, 659.2ms)"; /* sigma 0.9 */
    assert_spread(&pull, 922, 0.15 * exp(0.5 * 0.9 * 0.9), 5, 212.39, 25);
}

/* The same, commit 2045d63c: 950,464 B, 929 blocks in 179.47 s, 7.3 s of it
 * behind the first. */
static void golioth_before(void **state)
{
    (void)state;
    const struct pull pull = {950464, 1, "1024B", "lognormal(150ms, 437ms)",
                              "7.3s"}; /* sigma 0.65 */

    assert_spread(&pull, 929, 0.15 * exp(0.5 * 0.65 * 0.65), 7.3, 179.47, 13);
}

/* The same, nRF52840 and ESP-AT, commit 1996a1d3: 297,884 B, 291 blocks in
 * 71.455 s. */
static void golioth_on_at(void **state)
{
    (void)state;
    const struct pull pull = {297884, 1, "1024B", "245.5ms", "0s"};

    assert_takes(&pull, 71.455, 0.01 * 71.455);
}

/* project-chip/connectedhomeip issue 37554: 40 MB in blocks of 1 KB take an
 * hour, which makes 90 to 92 ms a block; providers that pace 50 ms would take
 * 1,953 s at least. */
static void matter_takes_an_hour(void **state)
{
    (void)state;
    struct pull pull = {INT64_C(39063) * 1024, 92200, "1024B", "0s", "0s"};

    assert_takes(&pull, 3600, 36);
    pull.rtt_us = 50000;
    assert_takes(&pull, 1953, 2);
}

/* vermillard.com, CoAP versus TCP: 1 MB in payloads of 1,024 B at 100 ms a
 * round trip takes 100 s. */
static void a_megabyte_takes_100_s(void **state)
{
    (void)state;
    const struct pull pull = {1024000, 100000, "1024B", "0s", "0s"};

    assert_takes(&pull, 100, 0.0105); /* a thousand blocks of 9 ticks */
}

/*
 * goliothlabs/multi-mcu-fw-update, nRF9160 on LTE-M: 71,943 B, 71 blocks in
 * 49.149 s. With what a good LTE-M link has: 300 kbit/s, 0.49 s a KiB for the
 * modem's interface and flash, lognormal round trips about 150 ms, 0.2 % loss.
 */
static void golioth_on_lte_m(void **state)
{
    (void)state;
    const struct ota_model *model = &ota_transfer_block.model;
    struct ota_arena arena = {0};
    const void *config = model_fixture_config(model, &arena);
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 0, 0.002);
    const struct ota_transfer_job job = transfer_fixture_job(71943);
    double sum = 0;

    rtt = (struct ota_dist){.kind = OTA_DIST_LOGNORMAL,
                            .dimension = OTA_TIME,
                            .a = log(150e3),
                            .b = 0.5};
    air.goodput_bit_s = 300000;
    air.device_us_per_kib = 490000;
    for (uint64_t i = 0; i < 200; i++)
        sum += ota_s_from_us(
            transfer_fixture_run(&ota_transfer_block, config, &air, job, i)
                .end_us -
            job.begin_us);
    assert_near(sum / 200, 49.149, 0.1 * 49.149);
    ota_arena_release(&arena);
}

/*
 * Particle's log of a Boron (LTE-M, Device OS 4.0.1 to 4.0.2 and app, 2024):
 * 373,462 B, 730 chunks, 1,105 received, 375 duplicates, 885 acknowledgements;
 * at 580 to 581 and 81 to 110 B that is 0.71 to 0.74 MB on the wire.
 */
static void a_boron_takes_its_chunks_twice(void **state)
{
    (void)state;
    const struct ota_model *model = &ota_transfer_device_os.model;
    struct ota_arena arena = {0};
    const void *config = model_fixture_config(model, &arena);
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 150000, 0.002);
    struct ota_transfer_job job = transfer_fixture_job(373462);
    double chunks = 0, up = 0, bytes = 0;

    job.os = ota_device_os("boron", 4004);
    air.goodput_bit_s = 300000;
    for (uint64_t i = 0; i < 200; i++) {
        const struct ota_transfer_result r =
            transfer_fixture_run(&ota_transfer_device_os, config, &air, job, i);
        assert_int_equal(r.end, OTA_TRANSFER_DONE);
        chunks += (double)r.chunks_sent / 200;
        up += (double)r.up_bytes / 200;
        bytes += (double)(r.down_bytes + r.up_bytes) / 200;
    }
    assert_int_equal(ota_transfer_chunks(job.size_bytes, 512), 730);
    assert_near(chunks, 1105, 0.02 * 1105);
    assert_near(up / 81, 885, 0.2 * 885); /* bitmaps are not counted */
    assert_near(bytes, 725000, 0.15 * 725000);
    ota_arena_release(&arena);
}

/* particle-iot/device-os, encoders in communication/src: a chunk of 512 B is
 * 585 B by fast OTA, an exchange of slow OTA 766 B, a chunk of v3 581 B. */
static void chunks_weigh_what_they_should(void **state)
{
    (void)state;
    static const struct {
        const struct ota_transfer_model *model;
        int64_t each; /* what a chunk more costs, both ways */
    } cases[] = {
        {&ota_transfer_fast, 585},
        {&ota_transfer_slow, 766},
        {&ota_transfer_v3, 581 + 34}, /* and half of 68 */
    };
    struct ota_dist rtt;
    const struct ota_air air = plain_air(&rtt, 1000, 0);

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct ota_model *model = &cases[i].model->model;
        struct ota_arena arena = {0};
        void *config = model_fixture_config(model, &arena);
        int64_t bytes[2];
        if (cases[i].model == &ota_transfer_v3)
            model_fixture_set(model, config, &arena, "duplicates", "0");
        for (int k = 0; k < 2; k++) {
            const struct ota_transfer_result r = transfer_fixture_run(
                cases[i].model, config, &air,
                transfer_fixture_job((20 + 10 * k) * 512), 0);
            bytes[k] = r.down_bytes + r.up_bytes;
        }
        assert_int_equal(bytes[1] - bytes[0], 10 * cases[i].each);
        ota_arena_release(&arena);
    }
}

/* --- closed forms --- */

/* What RUNS pulls by CoAP's timers did. */
struct pulls {
    double done, seconds, seconds_squared;
    double requests, requests_squared; /* of those done */
    double answers;
};

static struct pulls pull_over(double loss_each_way, int64_t blocks,
                              int64_t sends, int fidelity, int runs)
{
    const struct ota_transfer_block_config config = {
        .fidelity = fidelity,
        .chunk_bytes = 1024,
        .overhead_up_bytes = 1,
        .overhead_down_bytes = 1,
        .block_time = ota_dist_fixed(OTA_TIME, 0),
        .erase = ota_dist_fixed(OTA_TIME, 0),
        .timeout_us = 2 * OTA_US_PER_S,
        .backoff = 2,
        .timeout_spread = 0.5,
        .sends_max = sends,
    };
    struct ota_dist rtt;
    const struct ota_air air = plain_air(&rtt, 250000, loss_each_way);
    const struct ota_transfer_job job = transfer_fixture_job(blocks * 1024);
    struct pulls pulls = {0};

    for (uint64_t i = 0; i < (uint64_t)runs; i++) {
        const struct ota_transfer_result r =
            transfer_fixture_run(&ota_transfer_block, &config, &air, job, i);
        const double took_s = ota_s_from_us(r.end_us - job.begin_us);
        if (r.end != OTA_TRANSFER_DONE)
            continue;
        pulls.done++;
        pulls.seconds += took_s;
        pulls.seconds_squared += took_s * took_s;
        pulls.requests += (double)r.up_bytes;
        pulls.requests_squared += (double)r.up_bytes * (double)r.up_bytes;
        pulls.answers += (double)r.chunks_sent;
    }
    return pulls;
}

/*
 * Loss p of an attempt, at most m attempts: P(image of N ok) = (1 - p^m)^N,
 * and attempts of a chunk that comes: 1/(1-p) - m p^m / (1 - p^m). Standard,
 * from the geometric distribution cut off at m.
 */
static void capped_retries_succeed_so_often(void **state)
{
    (void)state;
    const double p = 0.3;
    const int m = 3, n = 100;
    const double each_way = 1 - sqrt(1 - p);
    const double chunk_ok = 1 - pow(p, m);
    const double ok = pow(chunk_ok, n);
    const double attempts = 1 / (1 - p) - m * pow(p, m) / chunk_ok;

    assert_near(ok, 0.0647566, 1e-7);
    for (int fidelity = 0; fidelity < 2; fidelity++) {
        const struct pulls pulls = pull_over(each_way, n, m, fidelity, RUNS);
        model_fixture_assert_share(RUNS, pulls.done, ok);
        model_fixture_assert_mean(pulls.done, pulls.requests,
                                  pulls.requests_squared, n * attempts);
    }
}

/*
 * Stop and wait by CoAP's timers (RFC 7252: 2 s, up to half longer, doubling,
 * 5 sends): N (RTT + wait), the mean wait of a success being E[T0] times the
 * sum over k < 5 of p^k (1-p) (2^k - 1) / (1 - p^5); 132.99 s for 342 blocks,
 * 0.25 s and p = 0.05.
 */
static void stop_and_wait_takes_so_long(void **state)
{
    (void)state;
    const double p = 0.05;
    const int m = 5, n = 342;
    double wait_s = 0;

    for (int k = 0; k < m; k++)
        wait_s += 2.5 * pow(p, k) * (1 - p) * (pow(2, k) - 1) / (1 - pow(p, m));
    assert_near(n * (0.25 + wait_s), 132.99, 0.005);
    for (int fidelity = 0; fidelity < 2; fidelity++) {
        const struct pulls pulls =
            pull_over(1 - sqrt(1 - p), n, m, fidelity, RUNS);
        assert_true(pulls.done > RUNS - 10);
        /* A block comes down in 1 tick at 1 Tbit/s. */
        model_fixture_assert_mean(pulls.done, pulls.seconds,
                                  pulls.seconds_squared,
                                  n * (0.25 + 1e-6 + wait_s));
    }
}

/*
 * Selective repeat with the pipe full: a share (1 - p) of the slots brings
 * something new. Source: Bertsekas and Gallager: Data Networks (1992), 2.4.3.
 * Over many chunks beginning and end hardly count.
 */
static void selective_repeat_wastes_only_losses(void **state)
{
    (void)state;
    enum { CHUNKS = 20000 };
    const double p = 0.1;
    const struct ota_model *model = &ota_transfer_v3.model;
    struct ota_arena arena = {0};
    void *config = model_fixture_config(model, &arena);
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 100000, p);

    air.goodput_bit_s = INT64_C(581) * 8 * 100; /* 10 ms a chunk */
    model_fixture_set(model, config, &arena, "duplicates", "0");
    for (int fidelity = 0; fidelity < 2; fidelity++) {
        model_fixture_set(model, config, &arena, "fidelity",
                          fidelity ? "packet" : "flow");
        const struct ota_transfer_result r =
            transfer_fixture_run(&ota_transfer_v3, config, &air,
                                 transfer_fixture_job(CHUNKS * 512), 0);
        const double slots = CHUNKS / (1 - p);
        const double deviation = sqrt(CHUNKS * p) / (1 - p);
        /* And 60 s for the exchanges and the last repeats. */
        assert_int_equal(r.end, OTA_TRANSFER_DONE);
        assert_near((double)r.chunks_sent, slots, 4 * deviation);
        assert_true(ota_s_from_us(r.end_us) >= 0.01 * (slots - 4 * deviation));
        assert_true(ota_s_from_us(r.end_us) <=
                    0.01 * (slots + 4 * deviation) + 60);
    }
    ota_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updatehub_on_zephyr),
        cmocka_unit_test(golioth_on_wifi),
        cmocka_unit_test(golioth_before),
        cmocka_unit_test(golioth_on_at),
        cmocka_unit_test(matter_takes_an_hour),
        cmocka_unit_test(a_megabyte_takes_100_s),
        cmocka_unit_test(golioth_on_lte_m),
        cmocka_unit_test(a_boron_takes_its_chunks_twice),
        cmocka_unit_test(chunks_weigh_what_they_should),
        cmocka_unit_test(capped_retries_succeed_so_often),
        cmocka_unit_test(stop_and_wait_takes_so_long),
        cmocka_unit_test(selective_repeat_wastes_only_losses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
