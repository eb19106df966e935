/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_transfer_expect.c - exchanges, handshakes and transfers in the mean:
 * closed forms against the models themselves, run thousands of times.
 *
 * Each mean must lie within 4 standard errors of the sample's and `slack` of
 * it: 0.5 % where the form is exact but for roundings, more where the form is
 * an approximation, as said at each case.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <math.h>

#include "models/link/exchange_expect.h"
#include "models/session/session.h"
#include "models/transfer/transfer.h"
#include "sim/base/random.h"
#include "sim/stats/tally.h"

enum { RUNS = 3000 };

static struct ota_dist rtt, none;

/* A link: round trips, losses, bad spells. */
struct link_case {
    const char *name;
    double median_ms, sigma, loss, loss_bad, good_s, bad_s;
    int64_t bit_s, us_per_kib;
};

static const struct link_case links[] = {
    {"clean", 250, 0.7, 0, 0, 0, 0, 500000, 150000},
    {"0.5 %", 250, 0.7, 0.005, 0, 0, 0, 500000, 150000},
    {"2 %", 250, 0.7, 0.02, 0, 0, 0, 500000, 150000},
    {"10 %", 250, 0.7, 0.1, 0, 0, 0, 500000, 150000},
    {"bursts", 250, 0.7, 0.005, 0.5, 26.6, 3.5, 500000, 150000},
    {"slow answers", 2000, 0.6, 0.0065, 0, 0, 0, 5000, 200000},
};

enum { LINKS = sizeof(links) / sizeof(links[0]) };

static struct ota_air air_of(const struct link_case *link)
{
    rtt = (struct ota_dist){.kind = OTA_DIST_LOGNORMAL,
                            .dimension = OTA_TIME,
                            .a = log(link->median_ms * 1e3),
                            .b = link->sigma};
    none = ota_dist_fixed(OTA_TIME, 0);
    return (struct ota_air){
        .rtt = &rtt,
        .rtt_first = &none,
        .loss = {link->loss, link->loss_bad},
        .leave_per_s = {link->good_s > 0 ? 1 / link->good_s : 0,
                        link->good_s > 0 ? 1 / link->bad_s : 0},
        .goodput_bit_s = link->bit_s,
        .device_us_per_kib = link->us_per_kib,
        .tail_us = 12 * OTA_US_PER_S,
        .outage_begin_us = OTA_NEVER,
        .outage_end_us = OTA_NEVER,
        .until_us = OTA_NEVER,
    };
}

/* unit: of rare things, what each costs: their number is Poisson's, which a
 * sample that saw none cannot tell. */
static void check_rare(const char *what, const char *link,
                       const struct ota_tally *sample, double expected,
                       double slack, double unit)
{
    const double se =
        sqrt(fmax(ota_tally_variance(sample), expected * unit) /
             (double)sample->count);
    const double off = expected - sample->mean;

    if (fabs(off) > 4 * se + slack * fabs(sample->mean) + 1e-9) {
        fprintf(stderr, "%s, %s: expected %g, seen %g +- %g (%.2f %%)\n", what,
                link, expected, sample->mean, se, 100 * off / sample->mean);
        fail();
    }
}

static void check(const char *what, const char *link,
                  const struct ota_tally *sample, double expected, double slack)
{
    check_rare(what, link, sample, expected, slack, 0);
}

static void stream_of(struct ota_stream *stream, int run, size_t link)
{
    static const struct ota_random_key key = {.seed = 7};

    ota_stream_init(stream, &key, (uint64_t)run, OTA_PURPOSE_TRANSFER, link);
}

/* --- exchanges --- */

static void exchanges_take_what_they_take(void **state)
{
    (void)state;
    const struct ota_retry *const retries[] = {&ota_retry_coap,
                                               &ota_retry_dtls};

    for (size_t l = 0; l < LINKS; l++)
        for (int r = 0; r < 2; r++) {
            struct ota_tally took = {0}, requests = {0}, answers = {0};
            struct ota_air air = air_of(&links[l]);
            const struct ota_exchange_law law =
                ota_exchange_law_of(&air, retries[r], 0);
            for (int run = 0; run < 20 * RUNS; run++) {
                struct ota_stream stream;
                stream_of(&stream, run, l);
                struct ota_air one = air_of(&links[l]);
                ota_air_start(&one, 0, &stream.rng);
                const struct ota_exchange seen =
                    ota_exchange_run(&one, retries[r], 0, &stream.rng);
                if (seen.ok)
                    ota_tally_add(&took, (double)seen.took_us);
                ota_tally_add(&requests, seen.requests_sent);
                ota_tally_add(&answers, seen.answers_sent);
            }
            struct ota_talk talk = ota_talk_open(&air);
            const struct ota_exchange_mean mean =
                ota_talk_exchange(&talk, &law);
            check("exchange, time", links[l].name, &took, mean.took_us, 0.005);
            check("exchange, requests", links[l].name, &requests, mean.requests,
                  0.002);
            check("exchange, answers", links[l].name, &answers, mean.answers,
                  0.002);
        }
}

/* --- transfers --- */

struct transfer_case {
    const char *name;
    const struct ota_transfer_model *model;
    const void *config;
    struct ota_device_os os;
    int64_t pump_us;
};

static void check_transfer(const struct transfer_case *with, size_t l,
                           int64_t size_bytes, double slack)
{
    struct ota_tally took = {0}, down = {0}, up = {0}, chunks = {0},
                     spent = {0};
    struct ota_transfer_mean mean;
    char what[96];
    struct ota_air air = air_of(&links[l]);
    struct ota_transfer_job job = {
        .size_bytes = size_bytes,
        .cut_us = OTA_NEVER,
        .pump_us = with->pump_us,
        .data_left_bytes = INT64_MAX,
        .os = with->os,
        .air = &air,
    };

    assert_true(with->model->expect(with->config, &job, 0, &mean));
    for (int run = 0; run < RUNS; run++) {
        struct ota_stream stream;
        stream_of(&stream, run, l);
        air = air_of(&links[l]);
        ota_air_start(&air, 0, &stream.rng);
        const struct ota_transfer_result seen =
            with->model->run(with->config, &job, &stream.rng);
        if (seen.end != OTA_TRANSFER_DONE)
            continue;
        ota_tally_add(&took, (double)seen.end_us);
        ota_tally_add(&down, (double)seen.down_bytes);
        ota_tally_add(&up, (double)seen.up_bytes);
        ota_tally_add(&chunks, (double)seen.chunks_sent);
        ota_tally_add(&spent, (double)seen.spent_bytes);
    }
    snprintf(what, sizeof(what), "%s, %lld B", with->name,
             (long long)size_bytes);
    check(what, links[l].name, &took, mean.took_us, slack);
    check(what, links[l].name, &down, mean.down_bytes, slack);
    check(what, links[l].name, &up, mean.up_bytes, 2 * slack);
    check(what, links[l].name, &chunks, mean.chunks_sent, slack);
    check_rare(what, links[l].name, &spent, mean.spent_bytes, 2 * slack, 1100);
    /* Variances are for the tails of waits only. */
    if (ota_tally_variance(&took) > 1e6)
        assert_in_range(100 * mean.variance_us2 / ota_tally_variance(&took), 40,
                        250);
}

static const int64_t sizes[] = {5000, 21000, 125000};

static void check_all(const struct transfer_case *with, double slack,
                      double slack_in_bursts)
{
    for (size_t l = 0; l < LINKS; l++)
        for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
            check_transfer(with, l, sizes[s],
                           links[l].good_s > 0 ? slack_in_bursts : slack);
}

static void fast_takes_what_it_takes(void **state)
{
    (void)state;
    const struct ota_transfer_fast_config old = {
        .chunk_bytes = 512,
        .flight_chunks = 50,
        .request_chunks = 50,
        .stall_us = 300 * OTA_US_PER_S,
    };
    const struct ota_transfer_fast_config new = {
        .chunk_bytes = 512,
        .flight_chunks = 40,
        .request_chunks = 40,
        .request_rule = OTA_TRANSFER_REQUEST_GROWING,
        .stall_us = 300 * OTA_US_PER_S,
    };

    check_all(&(struct transfer_case){"fast", &ota_transfer_fast, &old,
                                      ota_device_os("electron", 102), 0},
              0.005, 0.02);
    check_all(&(struct transfer_case){"fast, pumped", &ota_transfer_fast, &old,
                                      ota_device_os("electron", 102),
                                      100 * OTA_US_PER_MS},
              0.005, 0.02);
    check_all(&(struct transfer_case){"fast, growing", &ota_transfer_fast, &new,
                                      ota_device_os("electron", 1213), 0},
              0.005, 0.02);
}

static void fast_over_tcp_takes_what_it_takes(void **state)
{
    (void)state;
    const struct ota_transfer_fast_config config = {
        .chunk_bytes = 512,
        .flight_chunks = 50,
        .request_chunks = 50,
        .stall_us = 300 * OTA_US_PER_S,
    };

    check_all(&(struct transfer_case){"fast, TCP", &ota_transfer_fast, &config,
                                      ota_device_os("photon", 110), 0},
              0.01, 0.03);
}

static void slow_takes_what_it_takes(void **state)
{
    (void)state;
    const struct ota_transfer_slow_config config = {
        .chunk_bytes = 512, .stall_us = 300 * OTA_US_PER_S};

    check_all(&(struct transfer_case){"slow", &ota_transfer_slow, &config,
                                      ota_device_os("electron", 102), 0},
              0.01, 0.03);
    check_all(&(struct transfer_case){"slow, pumped", &ota_transfer_slow,
                                      &config, ota_device_os("electron", 102),
                                      400 * OTA_US_PER_MS},
              0.01, 0.03);
}

static void v3_takes_what_it_takes(void **state)
{
    (void)state;
    const struct ota_transfer_v3_config config = {
        .chunk_bytes = 512,
        .window_bytes = 131072,
        .ack_every_chunks = 2,
        .ack_delay_us = 200 * OTA_US_PER_MS,
        .stall_us = 300 * OTA_US_PER_S,
        .flush_us = 30 * OTA_US_PER_S,
        .duplicates = 0.51,
    };

    check_all(&(struct transfer_case){"v3", &ota_transfer_v3, &config,
                                      ota_device_os("boron", 4000), 0},
              0.01, 0.03);
}

static void block_takes_what_it_takes(void **state)
{
    (void)state;
    struct ota_transfer_block_config config = {
        .chunk_bytes = 1024,
        .overhead_down_bytes = 71,
        .overhead_up_bytes = 87,
        .block_time = ota_dist_fixed(OTA_TIME, 0),
        .erase = ota_dist_fixed(OTA_TIME, 5e6),
        .timeout_us = 2 * OTA_US_PER_S,
        .backoff = 2,
        .timeout_spread = 0.5,
        .sends_max = 8,
    };

    check_all(&(struct transfer_case){"block", &ota_transfer_block, &config,
                                      ota_device_os("esp32", 0), 0},
              0.01, 0.03);
    config.block_loss = 0.05;
    check_all(&(struct transfer_case){"block, dropped", &ota_transfer_block,
                                      &config, ota_device_os("esp32", 0), 0},
              0.01, 0.03);
}

/* Without loss; with loss nobody claims to know. */
static void qblock_takes_what_it_takes(void **state)
{
    (void)state;
    const struct ota_transfer_qblock_config config = {
        .chunk_bytes = 1024,
        .overhead_down_bytes = 83,
        .overhead_up_bytes = 87,
        .set_chunks = 10,
        .feedback = true,
        .timeout_us = 20 * OTA_US_PER_S,
        .receive_timeout_us = 40 * OTA_US_PER_S,
        .requests_max = 4,
    };
    const struct transfer_case with = {"qblock", &ota_transfer_qblock, &config,
                                       ota_device_os("esp32", 0), 0};
    struct ota_transfer_mean mean;
    struct ota_air air = air_of(&links[1]);
    const struct ota_transfer_job job = {.size_bytes = 1000, .air = &air};

    check_transfer(&with, 0, 21000, 0.005);
    assert_false(ota_transfer_qblock.expect(&config, &job, 0, &mean));
}

static void multicast_takes_what_it_takes(void **state)
{
    (void)state;
    struct ota_transfer_multicast_config config = {
        .chunk_bytes = 200,
        .mac_bytes = 13,
        .spreading_factor = 9,
        .duty_cycle = 0.1,
        .redundancy = 200,
        .coding = OTA_TRANSFER_RANDOM_LINEAR,
    };
    const struct transfer_case with = {
        "multicast", &ota_transfer_multicast, &config,
        ota_device_os("lorawan", 0), 0};

    for (size_t l = 0; l < 4; l++)
        check_transfer(&with, l, 21000, 0.01);
    config.coding = OTA_TRANSFER_FIXED_EXTRA;
    config.extra = 3;
    for (size_t l = 0; l < 4; l++)
        check_transfer(&with, l, 21000, 0.01);
}

/* --- handshakes --- */

static void handshakes_take_what_they_take(void **state)
{
    (void)state;
    const struct ota_session_config config = {
        .full_bytes = 5500,
        .full_round_trips = 5,
        .max_age_us = 3 * OTA_US_PER_DAY,
        .flags_bytes = 324,
        .safe_mode_bytes = 1000,
        .boot_bytes = 156,
    };
    const struct ota_session_model *const models[] = {&ota_session_dtls,
                                                      &ota_session_tcp};

    for (size_t l = 0; l < LINKS; l++)
        for (int m = 0; m < 2; m++) {
            const struct ota_session session = {models[m], &config};
            struct ota_tally took = {0}, bytes = {0};
            struct ota_air air = air_of(&links[l]);
            struct ota_session_call call = {
                .air = &air,
                .os = ota_device_os("boron", 4000),
                .safe_mode = true,
                .boot = true,
            };
            struct ota_session_mean mean;
            ota_session_expect(&session, &call, &mean);
            for (int run = 0; run < 5 * RUNS; run++) {
                struct ota_session_state none_yet = {.handshake_us = OTA_NEVER};
                struct ota_session_setup setup;
                struct ota_stream stream;
                stream_of(&stream, run, l);
                air = air_of(&links[l]);
                ota_air_start(&air, 0, &stream.rng);
                models[m]->connect(&config, &none_yet, &call, &stream.rng,
                                   &setup);
                if (!setup.ok)
                    continue;
                ota_tally_add(&took, (double)setup.took_us);
                ota_tally_add(&bytes,
                              (double)(setup.up_bytes + setup.down_bytes));
            }
            check("handshake, time", links[l].name, &took, mean.took_us, 0.01);
            check("handshake, bytes", links[l].name, &bytes, mean.bytes, 0.01);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exchanges_take_what_they_take),
        cmocka_unit_test(fast_takes_what_it_takes),
        cmocka_unit_test(fast_over_tcp_takes_what_it_takes),
        cmocka_unit_test(slow_takes_what_it_takes),
        cmocka_unit_test(v3_takes_what_it_takes),
        cmocka_unit_test(block_takes_what_it_takes),
        cmocka_unit_test(qblock_takes_what_it_takes),
        cmocka_unit_test(multicast_takes_what_it_takes),
        cmocka_unit_test(handshakes_take_what_they_take),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
