/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Connecting against the closed form of N exchanges of which each is tried m
 * times: with a loss of u each way, one try fails with p = 1 - (1 - u)^2, one
 * exchange with p^m, and all N work with (1 - p^m)^N. Whole runs: each wake is
 * one connect, and the formulas stand here only.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/one_run.h"

/* A hundred round trips to connect, tried once a wake; nothing to send once
 * connected. The data plan counts bytes. */
static const char a_hundred_trips[] =
    "{ \"run\": {\"horizon\": \"20d\", \"seed\": 5},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"512B\","
    "                \"at\": \"19d\"},"
    "  \"delivery\": {\"model\": \"immediate\", \"begin_delay\": \"1d\"},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 100,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"sleep\": {\"model\": \"interval\", \"period\": \"2h\"},"
    "    \"link\": {\"attach\": \"1us\", \"rtt\": \"1us\", \"loss\": 0.2},"
    "    \"session\": {\"model\": \"full\", \"full_round_trips\": 100,"
    "                  \"full_handshake\": \"20000B\","
    "                  \"boot\": \"0B\"},"
    "    \"app\": {\"model\": \"fixed\", \"wait\": \"0s\","
    "              \"publishes\": 0, \"connect_max\": \"1s\"},"
    "    \"battery\": {\"model\": \"mains\"},"
    "    \"plan\": {\"model\": \"unlimited\"},"
    "    \"transfer\": {\"model\": \"fast\"} }] }";

enum { TRIPS = 100, SENDS = 6, BYTES_EACH_WAY = 100 };

static void assert_close(const char *what, double value, double expected,
                         double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        print_error("%s: %.9g, expected %.9g within %.3g\n", what, value,
                    expected, tolerance);
        fail();
    }
}

static void a_chain_of_exchanges_is_as_strong_as_all(void **state)
{
    (void)state;
    const double loss = 0.2;
    const double p = 1 - (1 - loss) * (1 - loss);
    const double one_ok = 1 - pow(p, SENDS);
    const double all_ok = pow(one_ok, TRIPS);
    /* trips begun: a geometric stop, at TRIPS at most */
    const double trips = (1 - all_ok) / (1 - one_ok);
    const double tries = trips * one_ok / (1 - p);
    const double bytes = BYTES_EACH_WAY * tries * (1 + (1 - loss));
    struct one_run run;
    double wakes = 0, connects = 0, sum = 0, squares = 0;

    one_run(&run, a_hundred_trips, NULL, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        double mean = (double)r->routine_bytes / r->wakes;
        wakes += r->wakes;
        connects += r->connects;
        sum += mean;
        squares += mean * mean;
        assert_int_equal(r->handshakes, r->connects);
    }
    const double n = (double)run.count;
    assert_close("connects", connects / wakes, all_ok,
                 4 * sqrt(all_ok * (1 - all_ok) / wakes));
    assert_close("bytes", sum / n, bytes,
                 4 * sqrt((squares / n - sum / n * (sum / n)) / n));
    one_run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_of_exchanges_is_as_strong_as_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
