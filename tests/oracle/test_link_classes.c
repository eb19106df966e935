/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_link_classes.c - the shipped classes of links against what was measured
 * on such links.
 *
 * A block of 1 KiB fetched by stop and wait takes the mean round trip, its
 * serialisation, the device's time, and the mean time lost in CoAP timers.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "models/link/link.h"
#include "sim/base/clock.h"
#include "sim/scenario/catalog_data.h"
#include "tests/support/model_fixture.h"
#include "tests/support/near.h"

/* One class, read from its line. */
struct class
{
    struct ota_arena arena;
    const struct ota_link_model *model;
    struct ota_link_radio_config *radio;
};

static const char *text_at(const cJSON *line, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(line, key);

    if (!cJSON_IsString(item))
        fail_msg("a line has no %s", key);
    return item->valuestring;
}

static const struct ota_link_model *model_named(const char *name)
{
    for (int i = 0; ota_link_models[i]; i++)
        if (strcmp(ota_link_models[i]->model.name, name) == 0)
            return ota_link_models[i];
    fail_msg("no link model %s", name);
    return NULL;
}

static void class_read(struct class *class, const cJSON *line)
{
    const cJSON *item;

    *class = (struct class){.model = model_named(text_at(line, "model"))};
    class->radio = model_fixture_config(&class->model->model, &class->arena);
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(line, "set"))
    {
        assert_true(cJSON_IsString(item));
        model_fixture_set(&class->model->model, class->radio, &class->arena,
                          item->string, item->valuestring);
    }
}

/* The line, parsed, if it is a link's; else NULL. */
static cJSON *link_line(const char *const *text)
{
    cJSON *line = cJSON_Parse(*text);

    assert_non_null(line);
    if (strcmp(text_at(line, "kind"), "link") == 0)
        return line;
    cJSON_Delete(line);
    return NULL;
}

static void class_find(struct class *class, const char *name)
{
    for (const char *const *text = ota_preset_data; *text; text++) {
        cJSON *line = link_line(text);
        const bool found = line && strcmp(text_at(line, "preset"), name) == 0;
        if (found)
            class_read(class, line);
        cJSON_Delete(line);
        if (found)
            return;
    }
    fail_msg("no preset %s", name);
}

static double ms(const struct ota_dist *dist)
{
    return ota_dist_mean(dist) / 1e3;
}

static double in_ms(int64_t time_us)
{
    return (double)time_us / 1e3;
}

/* Every class reads, says where it comes from, and has a name of its own. */
static void every_class_reads(void **state)
{
    (void)state;
    const char *const wanted[] = {
        "wifi_good",  "wifi_weak",   "wifi_fleet",  "lte_m_good",
        "lte_m_poor", "nb_iot_ecl0", "nb_iot_ecl1", "nb_iot_ecl2",
        "cat1",       "cat1_moving", "3g",          "3g_moving",
        "2g_gprs",    "no_service",
    };
    const size_t count = sizeof(wanted) / sizeof(wanted[0]);
    size_t seen = 0;

    for (const char *const *text = ota_preset_data; *text; text++) {
        cJSON *line = link_line(text);
        struct class class;
        if (!line)
            continue;
        assert_true(seen < count);
        assert_string_equal(text_at(line, "preset"), wanted[seen++]);
        assert_true(strlen(text_at(line, "basis")) > 0);
        class_read(&class, line);
        ota_arena_release(&class.arena);
        cJSON_Delete(line);
    }
    assert_int_equal(seen, count);
}

/* Round trip, serialisation and device's time of a block [ms]. */
static double block_ms(const struct ota_link_radio_config *radio)
{
    return ms(&radio->rtt) + in_ms(ota_us_at_rate(1024, radio->goodput_bit_s)) +
           in_ms(radio->device_us_per_kib);
}

/* Mean time in timers of an exchange (RFC 7252, 4.2: 2 to 3 s, doubling, 5
 * sends): E[T0] sum_{j=1..m} p^j 2^(j-1), p the loss of either datagram. */
static double timers_ms(double loss)
{
    const double p = 1 - (1 - loss) * (1 - loss);
    double sum = 0;

    for (int j = 1; j <= 5; j++)
        sum += pow(p, j) * pow(2, j - 1);
    return 2500 * sum;
}

/*
 * LTE-M: 71 blocks in 49,149 ms on an nRF9160 in good coverage (log in
 * goliothlabs/multi-mcu-fw-update), 692 ms each; the class is within 1 %.
 */
static void lte_m_good_fetches_a_block_in_692_ms(void **state)
{
    (void)state;
    struct class class;

    class_find(&class, "lte_m_good");
    const struct ota_link_radio_config *radio = class.radio;
    assert_near(ms(&radio->rtt), 170, 0.5);
    assert_near(block_ms(radio), 687, 0.5);
    assert_near(timers_ms(radio->loss), 10, 0.1);
    assert_near(block_ms(radio) + timers_ms(radio->loss), 49149.0 / 71, 6.92);
    ota_arena_release(&class.arena);
}

/*
 * Wi-Fi: 185 ms a block in one log of an ESP32, (179.47 - 7.3) s for 929
 * blocks, and 225 ms in another, (212.39 - 5) s for 922
 * (golioth/golioth-firmware-sdk, README of fw_update).
 */
static void wifi_good_fetches_a_block_in_188_ms(void **state)
{
    (void)state;
    struct class class;

    class_find(&class, "wifi_good");
    const double mean_ms = block_ms(class.radio);
    const double all_ms = mean_ms + timers_ms(class.radio->loss);
    assert_near(mean_ms, 185, 0.5);
    assert_true(all_ms > 172170.0 / 929 && all_ms < 207390.0 / 922);
    assert_near(all_ms, 188, 2);
    ota_arena_release(&class.arena);
}

/*
 * NB-IoT: the round trip from idle has the mean of the log-normal law fitted
 * to github.com/theomarzaki/NB-IoT-Performance, whose parameters of ln s are
 * mu and sigma. extra_ms: longer by the answers that get stuck, which the fit
 * leaves out.
 */
static void check_from_idle(const char *name, double mu, double sigma,
                            double extra_ms)
{
    struct class class;

    class_find(&class, name);
    const double fit_ms = 1e3 * exp(mu + sigma * sigma / 2);
    const double first_ms = ms(&class.radio->rtt) + ms(&class.radio->rtt_first);
    assert_near(first_ms, fit_ms + extra_ms, 0.005 * fit_ms);
    ota_arena_release(&class.arena);
}

static void nb_iot_answers_from_idle_as_measured(void **state)
{
    (void)state;
    check_from_idle("nb_iot_ecl0", 0.762, 0.438, 0);
    check_from_idle("nb_iot_ecl1", 1.001, 0.491, 0);
    /* 1 % of answers uniform in 10 to 90 s instead of 5.96 s in the mean. */
    check_from_idle("nb_iot_ecl2", 1.904, 0.305, 0.01 * (50e3 - 5958));
}

/* Bad spells: the shares of time of the traces of ravinet/mahimahi. */
static void moving_links_are_bad_as_long_as_the_traces(void **state)
{
    (void)state;
    struct class class;

    class_find(&class, "3g_moving"); /* 11.3 % of seconds */
    assert_near((double)class.radio->bad_us /
                    (double)(class.radio->bad_us + class.radio->good_us),
                0.113, 0.005);
    ota_arena_release(&class.arena);
    class_find(&class, "cat1_moving"); /* 4.6 % */
    assert_near((double)class.radio->bad_us /
                    (double)(class.radio->bad_us + class.radio->good_us),
                0.046, 0.0005);
    ota_arena_release(&class.arena);
}

/* Nothing gets through where there is no service. */
static void no_service_never_attaches(void **state)
{
    (void)state;
    struct class class;
    struct ota_link_state link;
    struct ota_stream stream;

    class_find(&class, "no_service");
    model_fixture_stream(&stream, 0);
    class.model->start(class.radio, &link, 0, &stream.rng);
    for (int i = 0; i < 1000; i++) {
        bool ok = true;
        assert_int_equal(
            class.model->attach_us(class.radio, &link, i % 2, &stream.rng, &ok),
            120 * OTA_US_PER_S);
        assert_false(ok);
    }
    ota_arena_release(&class.arena);
}

/* wifi_weak: 5 % of attaches fail, by the signal and otherwise. */
static void wifi_weak_fails_one_attach_in_twenty(void **state)
{
    (void)state;
    enum { DRAWS = 100000 };
    struct class class;
    struct ota_stream stream;
    double failed = 0;

    class_find(&class, "wifi_weak");
    class.radio->attach_give_up_us = OTA_US_PER_DAY;
    model_fixture_stream(&stream, 1);
    for (int i = 0; i < DRAWS; i++) {
        struct ota_link_state link;
        bool ok;
        class.model->start(class.radio, &link, 0, &stream.rng);
        class.model->attach_us(class.radio, &link, false, &stream.rng, &ok);
        failed += !ok;
    }
    assert_near(failed / DRAWS, 0.05, 0.005); /* to the digit it is given */
    ota_arena_release(&class.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_class_reads),
        cmocka_unit_test(lte_m_good_fetches_a_block_in_692_ms),
        cmocka_unit_test(wifi_good_fetches_a_block_in_188_ms),
        cmocka_unit_test(nb_iot_answers_from_idle_as_measured),
        cmocka_unit_test(moving_links_are_bad_as_long_as_the_traces),
        cmocka_unit_test(no_service_never_attaches),
        cmocka_unit_test(wifi_weak_fails_one_attach_in_twenty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
