/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_precision.c - widths as they are asked for; and that intervals cover
 * what they say although replicating stops when they are narrow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <gsl/gsl_randist.h>

#include "sim/base/error.h"
#include "sim/base/random.h"
#include "sim/stats/precision.h"

static const char *const groups[] = {"meters"};

static struct ota_precision precision_read(const char *text)
{
    struct ota_precision precision;
    char problem[OTA_MESSAGE_SIZE] = "";

    if (!ota_precision_read(&precision, text, groups, 1, problem,
                            sizeof(problem)))
        fail_msg("%s: %s", text, problem);
    return precision;
}

/* --- reading ---------------------------------------------------------------*/

static void test_widths(void **state)
{
    static const struct {
        const char *text, *name;
        double width;
        bool relative;
        const char *written;
    } cases[] = {
        {"success_rate=0.5%", "confirmed_share", 0.005, false,
         "0.5 percentage points"},
        {"confirmed_share=0.005", "confirmed_share", 0.005, false,
         "0.5 percentage points"},
        {"success_rate=0.5%rel", "confirmed_share", 0.005, true,
         "0.5 % of the mean"},
        {"updated_within(7d)=1%", "updated_within(7d)", 0.01, false,
         "1 percentage points"},
        {"charge=2%", "charge", 0.02, true, "2 % of the mean"},
        {"charge=2 % rel", "charge", 0.02, true, "2 % of the mean"},
        {"charge=5mAh", "charge", 5, false, "5 mAh"},
        {"charge=500uAh", "charge", 0.5, false, "0.5 mAh"},
        {"bytes=1KB", "bytes", 1000, false, "1000 B"},
        {"time_to_90=2h", "time_to_90", 7200, false, "2h"},
        {"bricked=3", "bricked", 3, false, "3 devices"},
        {"bricked=3%", "bricked", 0.03, true, "3 % of the mean"},
        {"cost=10USD", "cost", 10, false, "10 USD"},
        {"meters.charge=2%", "meters.charge", 0.02, true, "2 % of the mean"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct ota_precision p = precision_read(cases[i].text);
        char text[64];
        assert_string_equal(p.measure.name, cases[i].name);
        assert_true(fabs(p.half_width - cases[i].width) <
                    1e-12 * cases[i].width);
        assert_int_equal(p.relative, cases[i].relative);
        ota_precision_write(&p, text, sizeof(text));
        assert_string_equal(text, cases[i].written);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"charge", "it takes MEASURE=WIDTH"},
        {"=5", "it takes MEASURE=WIDTH"},
        {"charge=", "it takes MEASURE=WIDTH"},
        {"chrge=5mAh", "did you mean charge?"},
        {"charge=5", "has no unit"},
        {"charge=5s", "or a percentage of the mean, such as 2%"},
        {"success_rate=5s", "0.5%rel is of the mean"},
        {"charge=0mAh", "\"0mAh\" is no width; it must be more than 0"},
        {"charge=-2%", "\"-2%\" is no width; it must be more than 0"},
        {"charge=rel", "or a percentage of the mean, such as 2%"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct ota_precision precision;
        char problem[OTA_MESSAGE_SIZE] = "";
        assert_false(ota_precision_read(&precision, cases[i].text, groups, 1,
                                        problem, sizeof(problem)));
        if (!strstr(problem, cases[i].part))
            fail_msg("%s: %s", cases[i].text, problem);
    }
}

static void test_schedule(void **state)
{
    int64_t looks[] = {10, 11, 13, 15, 17, 19, 21, 24, 27, 30, 33, 37, 41};
    int64_t done = ota_precision_first();

    (void)state;
    for (size_t i = 0; i < sizeof(looks) / sizeof(*looks); i++) {
        assert_int_equal(done, looks[i]);
        done = ota_precision_next(done);
    }
    assert_int_equal(ota_precision_next(1000), 1100);
}

/* --- values that are all the same ------------------------------------------*/

static struct ota_precision_look look_at(const char *text, double value,
                                         size_t count, bool staged)
{
    const struct ota_precision precision = precision_read(text);
    const struct ota_measure_facts facts = {.devices = 200, .staged = staged};
    struct ota_precision_look look;
    double values[128];

    for (size_t i = 0; i < count; i++)
        values[i] = value;
    ota_precision_look(&precision, &facts, values, count, 0.95, &look);
    return look;
}

static void test_all_the_same(void **state)
{
    (void)state;
    /* Devices that are independent have an exact interval: 1 - 0.025^(1/n) of
     * n = 200 each. */
    struct ota_precision_look look =
        look_at("confirmed_share=0.1%", 1, 10, false);
    assert_false(look.met);
    assert_true(fabs(look.reached / (1 - pow(0.025, 1 / 2000.0)) - 1.2) < 1e-6);
    assert_true(look.needed > 10);
    look = look_at("confirmed_share=0.3%", 1, 10, false);
    assert_true(look.met && look.needed == 0);
    assert_true(look.estimate.lo == 1 - look.reached);
    assert_true(look.estimate.hi == 1);

    /* A mean, and devices of a staged rollout, only agree. */
    look = look_at("charge=5mAh", 7, 58, false);
    assert_false(look.met);
    assert_int_equal(look.needed, 59);
    look = look_at("confirmed_share=1%", 1, 58, true);
    assert_false(look.met);
    look = look_at("charge=5mAh", 7, 59, false);
    assert_true(look.met);
    assert_true(look.estimate.lo == 7 && look.estimate.hi == 7);
    assert_true(look_at("confirmed_share=1%", 1, 59, true).met);
    assert_true(look_at("charge=1%", 0, 59, false).met);
}

/* What some replications did not give has no interval, and never will. */
static void test_missing(void **state)
{
    const struct ota_precision precision = precision_read("time_to_99=1h");
    const struct ota_measure_facts facts = {.devices = 200};
    struct ota_precision_look look;
    double values[20];

    (void)state;
    for (int i = 0; i < 20; i++)
        values[i] = i == 3 ? NAN : 5e4 + i;
    ota_precision_look(&precision, &facts, values, 20, 0.95, &look);
    assert_false(look.met);
    assert_true(isnan(look.reached));
    assert_int_equal(look.needed, 0);
}

/* The forecast of a look is about what it takes. */
static void test_forecast(void **state)
{
    const struct ota_precision precision = precision_read("charge=1mAh");
    const struct ota_measure_facts facts = {.devices = 200};
    struct ota_precision_look look;
    double values[40];

    (void)state;
    for (int i = 0; i < 40; i++)
        values[i] = 100 + (i % 2 ? 10 : -10);
    ota_precision_look(&precision, &facts, values, 40, 0.95, &look);
    assert_false(look.met);
    assert_in_range(look.needed, 385, 500); /* (1.96 * 10)^2 and a little */
}

/* --- coverage --------------------------------------------------------------*/

enum { REPEATS = 1000, MOST = 4000 };

struct law {
    const char *name;
    double p; /* of a device, or 0 */
    double mean, deviation;
    double (*draw)(gsl_rng *rng, double p);
};

static double draw_normal(gsl_rng *rng, double p)
{
    (void)p;
    return 10 + gsl_ran_gaussian(rng, 1);
}

static double draw_exponential(gsl_rng *rng, double p)
{
    (void)p;
    return gsl_ran_exponential(rng, 1);
}

static double draw_lognormal(gsl_rng *rng, double p)
{
    (void)p;
    return gsl_ran_lognormal(rng, 0, 0.5);
}

static double draw_devices(gsl_rng *rng, double p)
{
    return gsl_ran_binomial(rng, p, 200) / 200.0;
}

/* Replicates until the precision is met; returns whether the interval has the
 * mean in it, and adds to *used. */
static bool covers(const struct law *law, const struct ota_precision *precision,
                   gsl_rng *rng, double *used)
{
    const struct ota_measure_facts facts = {.devices = 200};
    struct ota_precision_look look;
    double values[MOST];
    int64_t done = 0;

    for (int64_t next = ota_precision_first();;
         next = ota_precision_next(done)) {
        assert_true(next <= MOST);
        for (; done < next; done++)
            values[done] = law->draw(rng, law->p);
        ota_precision_look(precision, &facts, values, (size_t)done, 0.95,
                           &look);
        if (look.met)
            break;
    }
    *used += (double)done;
    return look.estimate.lo <= law->mean && law->mean <= look.estimate.hi;
}

static void test_coverage(void **state)
{
    static const struct law laws[] = {
        {"normal", 0, 10, 1, draw_normal},
        {"exponential", 0, 1, 1, draw_exponential},
        {"lognormal", 0, 1.1331484530668263, 0.6039005332108811,
         draw_lognormal},
        {"share 0.01", 0.01, 0.01, 0.007035623639735145, draw_devices},
        {"share 0.1", 0.1, 0.1, 0.021213203435596427, draw_devices},
        {"share 0.5", 0.5, 0.5, 0.035355339059327376, draw_devices},
        {"share 0.99", 0.99, 0.99, 0.007035623639735145, draw_devices},
    };
    /* Replications that would do if the deviation were known. */
    static const double enough[] = {5, 15, 30, 50, 100, 300};
    const struct ota_random_key key = {.seed = 20};

    (void)state;
    for (size_t l = 0; l < sizeof(laws) / sizeof(*laws); l++) {
        const struct law *law = &laws[l];
        struct ota_precision precision =
            precision_read(law->p > 0 ? "confirmed_share=1%" : "charge=1mAh");
        print_message("%-12s", law->name);
        for (size_t t = 0; t < sizeof(enough) / sizeof(*enough); t++) {
            struct ota_stream stream;
            int hits = 0;
            double used = 0;
            precision.half_width = 1.959964 * law->deviation / sqrt(enough[t]);
            ota_stream_init(&stream, &key, l, OTA_PURPOSE_FREE, t);
            for (int i = 0; i < REPEATS; i++)
                hits += covers(law, &precision, &stream.rng, &used);
            print_message("  %.3f/%3.0f", (double)hits / REPEATS,
                          used / REPEATS);
            assert_true(hits >= 0.93 * REPEATS);
        }
        print_message("\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_widths),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_schedule), cmocka_unit_test(test_all_the_same),
        cmocka_unit_test(test_missing),  cmocka_unit_test(test_forecast),
        cmocka_unit_test(test_coverage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
