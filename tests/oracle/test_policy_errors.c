/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_policy_errors.c - how often a judge errs about releases of known
 * quality, and how long it takes: plain gates against the binomial law,
 * sequential tests against their exact law.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>

#include <gsl/gsl_cdf.h>

#include "models/policy/rules.h"
#include "sim/base/random.h"
#include "tests/support/near.h"

static const double p0 = 0.02, p1 = 0.05, alpha = 0.05, beta = 0.10;

enum { GATE_BAD, GATE_GOOD };

/* A judge with two rules, the second for a test's "good". */
struct gate {
    struct ota_arena arena;
    struct ota_minimum minimum;
    struct ota_rule list[2];
    struct ota_rules rules;
    struct ota_judge *judge;
    struct ota_counts counts;
    struct ota_judge_view view;
};

static void gate_open(struct gate *gate)
{
    gate->rules.list = gate->list;
    gate->view.counts = &gate->counts;
    gate->judge = ota_judge_new(&gate->rules, OTA_SCOPE_ROLLOUT, &gate->arena);
    assert_non_null(gate->judge);
}

static void gate_restart(struct gate *gate)
{
    ota_judge_reset(gate->judge);
    gate->counts = (struct ota_counts){0};
}

/* One more outcome; returns which rule acts, or -1. */
static int gate_hears(struct gate *gate, bool failed)
{
    const enum ota_counter outcome =
        failed ? OTA_COUNT_FAILED : OTA_COUNT_SUCCEEDED;

    gate->view.now_us++;
    gate->counts.kept[outcome]++;
    ota_judge_outcome(gate->judge, gate->view.now_us, outcome);
    const struct ota_rule *rule = ota_judge_look(gate->judge, &gate->view);
    return rule ? (int)(rule - gate->list) : -1;
}

static struct gate sprt_gate(void)
{
    struct gate gate = {.rules = {.count = 2}};

    for (int i = 0; i < 2; i++)
        gate.list[i] = (struct ota_rule){.when = {.kind = OTA_IF_SPRT,
                                                  .counter = OTA_COUNT_FAILED,
                                                  .of = OTA_COUNT_EXECUTED,
                                                  .p0 = p0,
                                                  .p1 = p1,
                                                  .alpha = alpha,
                                                  .beta = beta,
                                                  .verdict_bad = i == GATE_BAD},
                                         .once = true};
    return gate;
}

/* A share that is within 4 standard errors of a chance. */
static void assert_chance(int64_t hits, int64_t tries, double chance)
{
    const double error = sqrt(chance * (1 - chance) / (double)tries);

    assert_near((double)hits / (double)tries, chance, 4 * error);
}

/* "Stop at 5 % of the first 100": how often that stops a release of which a
 * share p fails. Binomial; 5.1 %, 56 %, 97.6 % for 2 %, 5 %, 10 %. */
static void a_plain_gate_misfires(void **state)
{
    (void)state;
    enum { RUNS = 20000 };
    static const struct {
        double p, percent;
    } cases[] = {{0.02, 5.1}, {0.05, 56.4}, {0.10, 97.6}};
    const struct ota_random_key key = {.seed = 51};
    struct gate gate = {.minimum = {OTA_COUNT_EXECUTED, 100},
                        .rules = {.count = 1}};

    gate.list[0] = (struct ota_rule){.when = {.kind = OTA_IF_SHARE,
                                              .counter = OTA_COUNT_FAILED,
                                              .of = OTA_COUNT_EXECUTED,
                                              .op = OTA_AT_LEAST,
                                              .pct = 5 * (OTA_PCT_ALL / 100)},
                                     .minimums = &gate.minimum,
                                     .minimum_count = 1,
                                     .once = true};
    gate_open(&gate);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const double chance = gsl_cdf_binomial_Q(4, cases[i].p, 100);
        int64_t stops = 0;
        struct ota_stream stream;
        ota_stream_init(&stream, &key, i, OTA_PURPOSE_FREE, 0);
        for (int run = 0; run < RUNS; run++) {
            gate_restart(&gate);
            for (int n = 0; n < 100; n++)
                stops += gate_hears(&gate, gsl_rng_uniform(&stream.rng) <
                                               cases[i].p) == 0;
        }
        assert_near(100 * chance, cases[i].percent, 0.05);
        assert_chance(stops, RUNS, chance);
    }
    ota_arena_release(&gate.arena);
}

/* --- sequential tests -------------------------------------------------------
 */

/* Wald's numbers for 2 % against 5 %, 0.05, 0.10. */
static void limits_of_the_test(void **state)
{
    (void)state;
    const struct ota_sprt sprt = ota_sprt_of(p0, p1, alpha, beta);

    assert_near(sprt.per_bad, 0.91629, 5e-6);
    assert_near(sprt.per_good, -0.03109, 5e-6);
    assert_near(sprt.bad_at, 2.8904, 5e-5);
    assert_near(sprt.good_at, -2.2513, 5e-5);
}

/* After how many outcomes, `failures` of them failed, the last one too, the
 * test still says bad: the most of them. */
static int64_t latest(int64_t failures)
{
    struct gate gate = sprt_gate();
    int64_t most = 0;

    gate_open(&gate);
    for (int64_t good = 0; good < 200; good++) {
        int verdict = -1;
        gate_restart(&gate);
        /* As late as may be without "good" before: failures first. */
        for (int64_t i = 0; i < failures - 1 && verdict < 0; i++)
            verdict = gate_hears(&gate, true);
        for (int64_t i = 0; i < good && verdict < 0; i++)
            verdict = gate_hears(&gate, false);
        if (verdict < 0 && gate_hears(&gate, true) == GATE_BAD)
            most = failures + good;
    }
    ota_arena_release(&gate.arena);
    return most;
}

static void where_the_test_stops(void **state)
{
    (void)state;
    struct gate gate = sprt_gate();

    assert_int_equal(latest(3), 0);
    assert_int_equal(latest(4), 28);

    /* 5, 6, 7: those before came just too late for one fewer. */
    static const int64_t last[] = {28, 59, 89, 120};
    gate_open(&gate);
    for (int64_t failures = 5; failures <= 7; failures++)
        for (int64_t late = 0; late < 2; late++) {
            const int64_t end = last[failures - 4] + late;
            int verdict = -1;
            gate_restart(&gate);
            for (int64_t n = 1; n <= end; n++) {
                bool fails = n == end || n <= 3;
                for (int64_t i = 4; i < failures; i++)
                    fails = fails || n == last[i - 4] + 1;
                assert_int_equal(verdict, -1);
                verdict = gate_hears(&gate, fails);
            }
            assert_int_equal(verdict, late ? -1 : GATE_BAD);
        }

    /* None: good at the 73rd. */
    gate_restart(&gate);
    for (int n = 1; n < 73; n++)
        assert_int_equal(gate_hears(&gate, false), -1);
    assert_int_equal(gate_hears(&gate, false), GATE_GOOD);
    ota_arena_release(&gate.arena);
}

/* Failures at 1, 10, 20 and 28 or 29: 2.9190 and 2.8879 against 2.8904. */
static void one_report_makes_the_difference(void **state)
{
    (void)state;
    struct gate gate = sprt_gate();
    const struct ota_sprt sprt = ota_sprt_of(p0, p1, alpha, beta);

    assert_near(4 * sprt.per_bad + 24 * sprt.per_good, 2.9190, 5e-5);
    assert_near(4 * sprt.per_bad + 25 * sprt.per_good, 2.8879, 5e-5);
    gate_open(&gate);
    for (int last = 28; last <= 29; last++) {
        int verdict = -1;
        gate_restart(&gate);
        for (int n = 1; n <= last; n++) {
            assert_int_equal(verdict, -1);
            verdict =
                gate_hears(&gate, n == 1 || n == 10 || n == 20 || n == last);
        }
        assert_int_equal(verdict, last == 28 ? GATE_BAD : -1);
    }
    ota_arena_release(&gate.arena);
}

struct sprt_law {
    double bad;          /* chance that it says bad */
    double mean, spread; /* of how many outcomes it takes: mean, deviation */
};

/*
 * The exact law of the test on a release of which a share p fails: the chances
 * of each count of failures among n outcomes without a verdict, n by n. Both
 * limits are on counts: bad if failures >= a line that rises with n, good if <=
 * another.
 */
static struct sprt_law exact_law(double p)
{
    enum { FAILURES = 400, OUTCOMES = 6000 };
    const double up = log(p1 / p0), down = log((1 - p0) / (1 - p1));
    const double slope = down / (up + down);
    const double bad_line = log((1 - beta) / alpha) / (up + down);
    const double good_line = log(beta / (1 - alpha)) / (up + down);
    double open[FAILURES + 1] = {1}, left = 1, squares = 0;
    struct sprt_law law = {0};

    for (int n = 1; n <= OUTCOMES; n++) {
        law.mean += left;
        squares += (2 * n - 1) * left;
        for (int k = FAILURES; k >= 0; k--) {
            open[k] = open[k] * (1 - p) + (k > 0 ? open[k - 1] * p : 0);
            if (k >= bad_line + slope * n)
                law.bad += open[k];
            if (k >= bad_line + slope * n || k <= good_line + slope * n) {
                left -= open[k];
                open[k] = 0;
            }
        }
    }
    assert_near(left, 0, 1e-9);
    law.spread = sqrt(squares - law.mean * law.mean);
    return law;
}

/* Wald's approximation of the mean, as if the test ended on a limit. */
static double approximate_mean(double p, double bad)
{
    const struct ota_sprt sprt = ota_sprt_of(p0, p1, alpha, beta);

    return (bad * sprt.bad_at + (1 - bad) * sprt.good_at) /
           (p * sprt.per_bad + (1 - p) * sprt.per_good);
}

/* Wald's identity: the sum at the end is on a limit, or beyond it by no more
 * than the last step. */
static void assert_identity(double p, const struct sprt_law *law)
{
    const struct ota_sprt sprt = ota_sprt_of(p0, p1, alpha, beta);
    const double end = law->mean * (p * sprt.per_bad + (1 - p) * sprt.per_good);
    const double on_limits =
        law->bad * sprt.bad_at + (1 - law->bad) * sprt.good_at;

    assert_true(end > on_limits + (1 - law->bad) * sprt.per_good);
    assert_true(end < on_limits + law->bad * sprt.per_bad);
}

/*
 * Wald's approximations, 164 outcomes for a good release and 146 for a bad one,
 * take it that the test ends on a limit, while a failure carries it beyond the
 * upper one by up to 0.92. By the exact law it takes 170 and 164, and says bad
 * of a good release in 3.7 % and good of a bad one in 10.0 % of all cases (Wald
 * 1945, section 3.2: a <= alpha / (1 - beta), b <= beta / (1 - alpha), and a +
 * b
 * <= alpha + beta).
 */
static void errors_and_lengths_of_the_test(void **state)
{
    (void)state;
    enum { RUNS = 20000 };
    const struct ota_random_key key = {.seed = 52};
    const double shares[] = {p0, p1};
    struct sprt_law laws[2];
    struct gate gate = sprt_gate();

    gate_open(&gate);
    for (size_t i = 0; i < 2; i++) {
        int64_t bad = 0, outcomes = 0;
        struct ota_stream stream;
        laws[i] = exact_law(shares[i]);
        ota_stream_init(&stream, &key, i, OTA_PURPOSE_FREE, 0);
        for (int run = 0; run < RUNS; run++) {
            int verdict = -1;
            gate_restart(&gate);
            while (verdict < 0) {
                verdict =
                    gate_hears(&gate, gsl_rng_uniform(&stream.rng) < shares[i]);
                outcomes++;
            }
            bad += verdict == GATE_BAD;
        }
        assert_chance(bad, RUNS, laws[i].bad);
        assert_near((double)outcomes / RUNS, laws[i].mean,
                    4 * laws[i].spread / sqrt(RUNS));
    }
    ota_arena_release(&gate.arena);

    const double a = laws[0].bad, b = 1 - laws[1].bad;
    assert_true(a <= alpha / (1 - beta) && b <= beta / (1 - alpha));
    assert_true(a + b <= alpha + beta);

    assert_near(100 * a, 3.7, 0.05);
    assert_near(100 * b, 10.0, 0.05);
    assert_near(laws[0].mean, 170, 0.5);
    assert_near(laws[1].mean, 164, 0.5);
    assert_near(approximate_mean(p0, alpha), 164, 0.5);
    assert_near(approximate_mean(p1, 1 - beta), 146, 0.5);
    for (int i = 0; i < 2; i++)
        assert_identity(shares[i], &laws[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_gate_misfires),
        cmocka_unit_test(limits_of_the_test),
        cmocka_unit_test(where_the_test_stops),
        cmocka_unit_test(one_report_makes_the_difference),
        cmocka_unit_test(errors_and_lengths_of_the_test),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
