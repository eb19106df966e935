/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_presence_oracles.c - presence at an arbitrary instant against renewal
 * theory.
 *
 * Of stretches X the instant hits one of mean E[X^2] / E[X], of which
 * E[X^2] / (2 E[X]) are left in the mean, with P(left <= x) = 1/E[X] times the
 * integral of P(X > y) from 0 to x. Second moments are in closed form; the
 * integrals are by Simpson's rule over GSL's distribution functions.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <gsl/gsl_cdf.h>

#include "models/presence/presence.h"
#include "models/presence/residual.h"
#include "sim/base/clock.h"
#include "tests/support/model_fixture.h"

enum { DEVICES = 100000 };

static const double h_us = (double)OTA_US_PER_H;

static struct ota_presence_on_off_config *config_of(struct ota_arena *arena,
                                                    const char *share,
                                                    const char *on,
                                                    const char *off)
{
    const struct ota_model *model = &ota_presence_on_off.model;
    void *config = model_fixture_config(model, arena);

    model_fixture_set(model, config, arena, "share", share);
    model_fixture_set(model, config, arena, "on", on);
    model_fixture_set(model, config, arena, "off", off);
    return config;
}

/* --- the law of what is left ---------------------------------------------- */

/* A law and its moments [h, h^2]. */
struct law {
    const char *text;
    double mean, square;
};

/* Of a lognormal of median m and 95th percentile q. */
static double sigma_of(double m, double q)
{
    return log(q / m) / 1.6448536269514722;
}

static const struct law *laws(size_t *count)
{
    static struct law all[] = {
        {"5h", 5, 25},
        {"uniform(2h, 8h)", 5, 28},              /* (a^2 + ab + b^2) / 3 */
        {"uniform(0h, 6h)", 3, 12},              /* the same */
        {"triangular(1h, 2h, 6h)", 3, 61.0 / 6}, /* (a^2 + b^2 + c^2 +
                                                    ab + ac + bc) / 6 */
        {"exponential(4h)", 4, 32},              /* 2 m^2 */
        {"gamma(0.5, 3h)", 3, 27},               /* m^2 (1 + 1/k) */
        {"gamma(4, 3h)", 3, 11.25},              /* the same */
        {"weibull(2, 3h)", 0, 9},                /* s^2 G(1 + 2/k) */
        {"weibull(0.8, 3h)", 0, 0},              /* the same */
        {"lognormal(3h, 9h)", 0, 0},             /* exp(2 mu + 2 s^2) */
        {"empirical(0: 1h, 0.5: 2h, 1: 12h)", 0, 0},
        {"mixture(0.9: exponential(1h), 0.1: uniform(20h, 40h))", 3.9, 0},
        {"mixture(0.5: 0s, 0.5: 4h)", 2, 8},
    };
    const double s = sigma_of(3, 9);

    all[7].mean = 3 * tgamma(1.5);
    all[8].mean = 3 * tgamma(1 + 1 / 0.8);
    all[8].square = 9 * tgamma(1 + 2 / 0.8);
    all[9].mean = 3 * exp(s * s / 2);
    all[9].square = 9 * exp(2 * s * s);
    all[10].mean = 0.5 * 1.5 + 0.5 * 7;
    all[10].square = 0.5 * 7 / 3 + 0.5 * 172 / 3;
    all[11].square = 0.9 * 2 + 0.1 * 2800 / 3;
    *count = sizeof(all) / sizeof(*all);
    return all;
}

static void what_is_left_has_the_equilibrium_mean(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    size_t count;
    const struct law *all = laws(&count);

    for (size_t i = 0; i < count; i++) {
        const struct ota_presence_on_off_config *config =
            config_of(&arena, "1", all[i].text, "1h");
        struct ota_stream stream;
        double hit = 0, hit2 = 0, left = 0, left2 = 0;

        model_fixture_stream(&stream, i);
        for (int d = 0; d < DEVICES; d++) {
            const double h = ota_residual_hit(&config->on, &stream.rng) / h_us;
            const double l = ota_residual_draw(&config->on, &stream.rng) / h_us;
            hit += h;
            hit2 += h * h;
            left += l;
            left2 += l * l;
        }
        if (i > 0) /* that of a fixed one does not vary */
            model_fixture_assert_mean(DEVICES, hit, hit2,
                                      all[i].square / all[i].mean);
        else
            assert_true(fabs(hit / DEVICES - 5) < 1e-9);
        model_fixture_assert_mean(DEVICES, left, left2,
                                  all[i].square / (2 * all[i].mean));
    }
    ota_arena_release(&arena);
}

static double weibull_beyond(double x)
{
    return gsl_cdf_weibull_Q(x, 3, 0.8);
}

static double gamma_beyond(double x)
{
    return gsl_cdf_gamma_Q(x, 4, 0.75);
}

static double lognormal_beyond(double x)
{
    return x > 0 ? gsl_cdf_lognormal_Q(x, log(3), sigma_of(3, 9)) : 1;
}

static double exponential_beyond(double x)
{
    return exp(-x / 4);
}

/* The points 0, 1h, 2h, 6h and 12h with straight lines between. */
static double empirical_beyond(double x)
{
    if (x < 1)
        return 1;
    return x < 2 ? 1 - (x - 1) / 2 : fmax(0.5 - (x - 2) / 20, 0);
}

/* The integral from 0 to x. Its error is far below the sample's. */
static double simpson(double (*f)(double), double x)
{
    enum { STEPS = 20000 };
    const double step = x / STEPS;
    double sum = f(0) + f(x);

    for (int i = 1; i < STEPS; i++)
        sum += f(i * step) * (i % 2 ? 4 : 2);
    return sum * step / 3;
}

static void what_is_left_has_the_equilibrium_law(void **state)
{
    (void)state;
    const struct {
        const char *text;
        double (*beyond)(double);
        double mean;
    } cases[] = {
        {"exponential(4h)", exponential_beyond, 4},
        {"weibull(0.8, 3h)", weibull_beyond, 3 * tgamma(1 + 1 / 0.8)},
        {"gamma(4, 3h)", gamma_beyond, 3},
        {"lognormal(3h, 9h)", lognormal_beyond,
         3 * exp(sigma_of(3, 9) * sigma_of(3, 9) / 2)},
        {"empirical(0: 1h, 0.5: 2h, 1: 12h)", empirical_beyond, 4.25},
    };
    static const double points_h[] = {0.5, 1.5, 3, 6, 11};
    enum { POINTS = sizeof(points_h) / sizeof(*points_h) };
    struct ota_arena arena = {0};

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct ota_presence_on_off_config *config =
            config_of(&arena, "1", cases[i].text, "1h");
        struct ota_stream stream;
        double hits[POINTS] = {0};

        model_fixture_stream(&stream, 100 + i);
        for (int d = 0; d < DEVICES; d++) {
            const double l = ota_residual_draw(&config->on, &stream.rng) / h_us;
            for (size_t p = 0; p < POINTS; p++)
                hits[p] += l <= points_h[p];
        }
        for (size_t p = 0; p < POINTS; p++)
            model_fixture_assert_share(DEVICES, hits[p],
                                       simpson(cases[i].beyond, points_h[p]) /
                                           cases[i].mean);
    }
    ota_arena_release(&arena);
}

/* --- the whole process --------------------------------------------------- */

/* Whether a device is on at at_us, and in *left_us how long that stays so. */
static bool is_on(const void *config, int64_t at_us, gsl_rng *rng,
                  int64_t *left_us)
{
    bool on;
    int64_t until_us = ota_presence_on_off.first_us(config, rng, &on);

    while (until_us <= at_us) {
        on = !on;
        until_us =
            ota_us_add(until_us, ota_presence_on_off.next_us(config, on, rng));
    }
    *left_us = until_us - at_us;
    return on;
}

/* It is as much on, and for as long, at time 0 as ever after. */
static void presence_is_stationary_from_the_start(void **state)
{
    (void)state;
    static const int64_t at_h[] = {0, 1, 4, 30};
    struct ota_arena arena = {0};
    /* E[on] = 4.25 h with E[on^2] = 179/6 h^2; E[off] = 8 h. */
    const void *config = config_of(
        &arena, "1", "empirical(0: 1h, 0.5: 2h, 1: 12h)", "exponential(8h)");

    for (size_t i = 0; i < sizeof(at_h) / sizeof(*at_h); i++) {
        struct ota_stream stream;
        double on = 0, left = 0, left2 = 0;

        model_fixture_stream(&stream, 200 + i);
        for (int d = 0; d < DEVICES; d++) {
            int64_t left_us;
            if (!is_on(config, at_h[i] * OTA_US_PER_H, &stream.rng, &left_us))
                continue;
            const double l = (double)left_us / h_us;
            on++;
            left += l;
            left2 += l * l;
        }
        model_fixture_assert_share(DEVICES, on, 4.25 / 12.25);
        model_fixture_assert_mean(on, left, left2, 179.0 / 6 / (2 * 4.25));
    }
    ota_arena_release(&arena);
}

static void the_share_says_how_many_come_and_go(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    const void *config =
        config_of(&arena, "30%", "exponential(1h)", "exponential(3h)");
    struct ota_stream stream;
    double stay = 0, off = 0;

    model_fixture_stream(&stream, 300);
    for (int d = 0; d < DEVICES; d++) {
        bool on;
        stay +=
            ota_presence_on_off.first_us(config, &stream.rng, &on) == OTA_NEVER;
        off += !on;
    }
    model_fixture_assert_share(DEVICES, stay, 0.7);
    model_fixture_assert_share(DEVICES, off, 0.3 * 0.75);
    ota_arena_release(&arena);
}

/*
 * A release that goes out at full handshakes takes "about one week" to reach a
 * fleet (docs.particle.io, OTA updates). Sessions of at most 3 days explain
 * 3 days, and a tenth of the fleet that is off for 5 days in the mean most of
 * the rest (assumption). Who is always on hears within U(0, 3 d); the others
 * when they are switched on the next time. With P(off) = 120/121 and a = 1 h /
 * 5 d, by t >= 3 d have heard
 *
 *     0.9 + 0.1 (1 - exp(-t / 5 d) (120 + (exp(a) - 1) / a) / 121)
 *
 * of all: 94.5 % after 3 days and 97.5 % after a week.
 */
static double heard_by(double t_d)
{
    const double a = 1 / 120.0;

    return 0.9 + 0.1 * (1 - exp(-t_d / 5) * (120 + (exp(a) - 1) / a) / 121);
}

static void an_absent_tenth_makes_a_rollout_take_a_week(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    const void *config = config_of(&arena, "10%", "1h", "exponential(5d)");
    struct ota_stream stream;
    double by_3d = 0, by_7d = 0;

    model_fixture_stream(&stream, 310);
    for (int d = 0; d < DEVICES; d++) {
        bool on;
        int64_t heard_us =
            ota_presence_on_off.first_us(config, &stream.rng, &on);
        if (heard_us == OTA_NEVER)
            heard_us = (int64_t)(gsl_rng_uniform(&stream.rng) * 3 *
                                 (double)OTA_US_PER_DAY);
        else if (on)
            heard_us += ota_presence_on_off.next_us(config, false, &stream.rng);
        by_3d += heard_us <= 3 * OTA_US_PER_DAY;
        by_7d += heard_us <= 7 * OTA_US_PER_DAY;
    }
    assert_true(fabs(heard_by(7) - 0.975) < 0.0005);
    model_fixture_assert_share(DEVICES, by_3d, heard_by(3));
    model_fixture_assert_share(DEVICES, by_7d, heard_by(7));
    ota_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_has_the_equilibrium_mean),
        cmocka_unit_test(what_is_left_has_the_equilibrium_law),
        cmocka_unit_test(presence_is_stationary_from_the_start),
        cmocka_unit_test(the_share_says_how_many_come_and_go),
        cmocka_unit_test(an_absent_tenth_makes_a_rollout_take_a_week),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
