/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_fleet_transfers.c - transfers in whole runs against closed forms and
 * published figures: chunks with capped retries, CoAP timers, rounds of
 * requests, what an Electron's Device OS weighs, and the one transfer whose
 * counts Particle's staff published (community.particle.io/t/66646).
 *
 * Means are accepted within 4 standard errors, measured figures within 15 %.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/near.h"
#include "tests/support/one_run.h"

/* Devices online all the time that take a release at once. */
static const char at_once[] =
    "{ \"run\": {\"horizon\": \"3h\", \"seed\": 9},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"42752B\"},"
    "  \"delivery\": {\"model\": \"immediate\", \"begin_delay\": \"1s\","
    "                 \"attempts_max\": 1},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 2000,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"sleep\": {\"model\": \"always_on\"},"
    "    \"link\": {\"attach\": \"1us\", \"rtt\": \"250ms\", \"loss\": 0,"
    "               \"goodput\": \"1000Mbit/s\","
    "               \"device_time_per_kib\": \"0s\"},"
    "    \"session\": {\"model\": \"dtls\", \"max_age\": \"366d\"},"
    "    \"app\": {\"model\": \"fixed\", \"publishes\": 0},"
    "    \"battery\": {\"model\": \"mains\"},"
    "    \"plan\": {\"model\": \"unlimited\"},"
    "    \"transfer\": {\"model\": \"block\"} }] }";

/* What the first transfer of each device came to. */
struct seen {
    int64_t count, done;
    int64_t chunks, rounds, payload_bytes, down_bytes, up_bytes;
    double took_s, took_squares, rounds_squares;
};

static void observe(void *self, const struct ota_observation *observation)
{
    struct seen *seen = self;
    const struct ota_transfer_result *result =
        observation->detail.transfer.result;
    const double took_s = ota_s_from_us(observation->time_us -
                                        observation->detail.transfer.begun_us);

    if (observation->record->attempts != 1)
        return;
    seen->count++;
    if (result->end != OTA_TRANSFER_DONE)
        return;
    seen->done++;
    seen->chunks += result->chunks_sent;
    seen->rounds += result->rounds;
    seen->rounds_squares += (double)result->rounds * (double)result->rounds;
    seen->payload_bytes += result->payload_bytes;
    seen->down_bytes += result->down_bytes;
    seen->up_bytes += result->up_bytes;
    seen->took_s += took_s;
    seen->took_squares += took_s * took_s;
}

static struct seen run(const char *const *settings)
{
    struct seen seen = {.count = 0};
    const struct ota_observer observer = {
        .wants = 1u << OTA_SEEN_END,
        .observe = observe,
        .self = &seen,
    };
    struct one_run one;

    one_run(&one, at_once, settings, 1, &observer);
    assert_int_equal(seen.count, one.count);
    one_run_release(&one);
    return seen;
}

/* The standard error of a mean, of sums over n. */
static double error_of(double sum, double squares, double n)
{
    return sqrt((squares / n - sum / n * (sum / n)) / n);
}

/* O1: 342 blocks, each lost with .2 each way or so; an exchange fails with p =
 * 1 - (1 - u)^2, and a block after m of them: the image arrives with
 * (1 - p^m)^N. */
static void images_by_capped_retries(void **state)
{
    (void)state;
    static const struct {
        const char *loss, *sends, *size;
        double p, chunks;
        int most;
    } cases[] = {
        /* 1 - sqrt(1 - p), so that an exchange fails with p */
        {"fleet.0.link.loss=0.10557280900008414",
         "fleet.0.transfer={\"model\": \"block\", \"chunk_size\": \"512B\", "
         "\"sends\": 5, \"erase\": \"0s\"}",
         "release.app_size=128000B", 0.2, 250, 5},
        {"fleet.0.link.loss=0.16333997346592444",
         "fleet.0.transfer={\"model\": \"block\", \"chunk_size\": \"512B\", "
         "\"sends\": 3, \"erase\": \"0s\"}",
         "release.app_size=51200B", 0.3, 100, 3},
    };

    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        const char *settings[] = {cases[c].loss, cases[c].sends, cases[c].size,
                                  NULL};
        const struct seen seen = run(settings);
        const double n = (double)seen.count;
        const double ok =
            pow(1 - pow(cases[c].p, cases[c].most), cases[c].chunks);
        assert_near((double)seen.done / n, ok, 4 * sqrt(ok * (1 - ok) / n));
    }
}

/* O2: N blocks, one after another: N (RTT + the mean time in CoAP's timers),
 * T0 ~ U(2 s, 3 s), doubling, 5 sends: .13886 s at p = .05. */
static void stop_and_wait_by_coap_timers(void **state)
{
    (void)state;
    const char *settings[] = {
        "fleet.0.link.loss=0.025320565519103666",
        "fleet.0.transfer={\"model\": \"block\", \"chunk_size\": \"128B\", "
        "\"sends\": 5, \"timeout\": \"2s\", \"timeout_spread\": 0.5, "
        "\"erase\": \"0s\"}",
        "release.app_size=43776B", /* 342 of 128 */ NULL};
    const struct seen seen = run(settings);
    const double n = (double)seen.done;
    const double error = error_of(seen.took_s, seen.took_squares, n);

    assert_near(seen.took_s / n, 132.99, 4 * error);
}

/* O5: N chunks in one flight, all that is missing in each round: the rounds are
 * the most of N geometrics, E = sum of 1 - (1 - p^r)^N. */
static void rounds_of_requests(void **state)
{
    (void)state;
    static const struct {
        const char *loss;
        double p;
    } cases[] = {{"fleet.0.link.loss=0.05", 0.05},
                 {"fleet.0.link.loss=0.2", 0.2}};

    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        const char *settings[] = {
            cases[c].loss, "release.app_size=87552B",
            "fleet.0.transfer={\"model\": \"fast\", \"chunk_size\": \"256B\", "
            "\"flight\": 342, \"request\": 342, \"request_rule\": \"all\", "
            "\"stall\": \"1h\"}",
            NULL};
        const struct seen seen = run(settings);
        const double n = (double)seen.done;
        double rounds = 0, p = 1;

        for (int r = 0; r < 200; r++, p *= cases[c].p)
            rounds += 1 - pow(1 - p, 342);
        assert_near((double)seen.rounds / n, rounds,
                    4 * error_of((double)seen.rounds, seen.rounds_squares, n));
        /* Each chunk is sent until it arrives. */
        const double sends = 342 / (1 - cases[c].p);
        const double sd = sqrt(342 * cases[c].p) / (1 - cases[c].p);
        assert_near((double)seen.chunks / n, sends, 4 * sd / sqrt(n));
    }
}

/* Device OS 0.6.1 -> 0.6.2 on an Electron: "about 285 KB" as users of
 * community.particle.io count it; the three parts are 294,144 B. */
static void an_electron_takes_285_kb_of_device_os(void **state)
{
    (void)state;
    const char *settings[] = {"fleet.0.installed=[{\"os\": \"0.6.1\"}]",
                              "release.needs_os=0.6.2",
                              "fleet.0.count=20",
                              "fleet.0.link.loss=0.005",
                              "run.horizon=2d",
                              "release.app_size=1KB",
                              "delivery.attempts_max=0",
                              "fleet.0.transfer={\"model\": \"device_os\"}",
                              NULL};
    struct one_run one;

    one_run(&one, at_once, settings, 1, NULL);
    for (size_t i = 0; i < one.count; i++) {
        const struct ota_device_record *r = &one.records[i];
        assert_int_equal(r->outcome, OTA_OUTCOME_UPDATED_CONFIRMED);
        assert_int_equal(r->modules, 4);
        assert_int_equal(r->useful_bytes, 294144 + 1000);
        assert_near((double)(r->useful_bytes - 1000), 285 * 1024,
                    0.15 * 285 * 1024);
    }
    one_run_release(&one);
}

/*
 * A Boron, Device OS 4.0.1 to 4.0.2 with its app, combined and compressed:
 * 373,462 B in 730 chunks; 1,105 of them received, 885 acknowledgements, 72.9
 * s; on the wire 0.71 to 0.74 MB. Half of the chunks came twice, so the cloud
 * repeats far more than is lost. The link that fits is LTE-M, good, with 130 ms
 * of the device's time a KiB; the preset's 490 ms are of another device behind
 * a slower interface, and make 4.5 min of it.
 */
static void a_boron_takes_what_its_log_says(void **state)
{
    (void)state;
    const char *settings[] = {
        "fleet.0.platform=boron",
        "fleet.0.installed=[{\"os\": \"4.0.1\"}]",
        "fleet.0.link={\"preset\": \"lte_m_good\", "
        "\"device_time_per_kib\": \"130ms\"}",
        "fleet.0.transfer={\"model\": \"v3\"}",
        "release.needs_os=4.0.2",
        "release.app_size=16890B", /* 9,965 B compressed */
        "fleet.0.count=200",
        NULL};
    const struct seen seen = run(settings);
    const double n = (double)seen.done;

    assert_int_equal(seen.done, seen.count);
    assert_near((double)seen.payload_bytes / n, 373462, 100);
    if (getenv("SHOW"))
        print_message("%.0f chunks, %.1f s, %.0f B down, %.0f B up\n",
                      (double)seen.chunks / n, seen.took_s / n,
                      (double)seen.down_bytes / n, (double)seen.up_bytes / n);
    assert_near((double)seen.chunks / n, 1105, 0.15 * 1105);
    assert_near((double)(seen.down_bytes + seen.up_bytes) / n, 0.725e6,
                0.15 * 0.725e6);
    assert_near(seen.took_s / n, 72.9, 0.15 * 72.9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_by_capped_retries),
        cmocka_unit_test(stop_and_wait_by_coap_timers),
        cmocka_unit_test(rounds_of_requests),
        cmocka_unit_test(an_electron_takes_285_kb_of_device_os),
        cmocka_unit_test(a_boron_takes_what_its_log_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
