/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_exposure.c - what a rule's stop leaves exposed, and how often rules are
 * wrong, through whole runs against closed forms.
 *
 * Exposure. Devices offered until a stop are those that it takes to decide and
 * those that the pace lets out until the last of them has reported:
 *     n_decide + rate * (offer to report).
 *
 * Gates. Of a share among n independent outcomes the stops are binomial. Of a
 * sequential test the chances and the mean number of outcomes follow exactly
 * from adding up its lattice of (outcomes, failures), stopped at its limits;
 * source of the test: A. Wald: Sequential Tests of Statistical Hypotheses.
 * Ann. Math. Stat. 16 (1945).
 *
 * What is drawn is accepted within 4 standard errors.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "sim/experiment/gates.h"
#include "sim/scenario/scenario.h"
#include "tests/support/near.h"

/* Devices that are always online, on links that lose nothing: all take equally
 * long from the offer to the report. */
static const char always_on[] =
    "{ \"run\": {\"horizon\": \"%s\", \"seed\": 4, \"replications\": %d},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"4KB\"},"
    "  \"delivery\": {\"model\": \"immediate\", \"begin_delay\": \"1s\","
    "                 \"attempts_max\": 1},"
    "  \"image\": {%s, \"bad\": %.17g},"
    "  \"backend\": {\"report_delay\": \"%.6fs\"},"
    "  \"policy\": %s,"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": %d,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"sleep\": {\"model\": \"always_on\"},"
    "    \"link\": {\"attach\": \"1us\", \"rtt\": \"250ms\", \"loss\": 0,"
    "               \"goodput\": \"1000Mbit/s\","
    "               \"device_time_per_kib\": \"0s\"},"
    "    \"session\": {\"model\": \"dtls\", \"max_age\": \"366d\"},"
    "    \"firmware\": {\"apply\": \"6s\"},"
    "    \"app\": {\"model\": \"fixed\", \"publishes\": 0},"
    "    \"battery\": {\"model\": \"mains\"},"
    "    \"plan\": {\"model\": \"unlimited\"},"
    "    \"transfer\": {\"model\": \"block\"} }] }";

struct setup {
    const char *horizon;
    const char *policy;
    int devices;
    int replications;
    const char *fate; /* NULL: found bad before it runs */
    double bad;
    double report_delay_s;
};

static void read_setup(const struct setup *setup, struct ota_scenario *scenario)
{
    struct ota_complaints complaints = {0};
    char text[8192];
    const int length = snprintf(
        text, sizeof(text), always_on, setup->horizon, setup->replications,
        setup->fate ? setup->fate : "\"fate\": \"fails\"", setup->bad,
        setup->report_delay_s, setup->policy, setup->devices);

    assert_true(length > 0 && length < (int)sizeof(text));
    if (!ota_scenario_read_text(scenario, "test", text, (size_t)length, NULL, 0,
                                &complaints)) {
        ota_complaints_print(&complaints, stderr);
        fail();
    }
}

static struct ota_experiment_options
options_of(const struct ota_scenario *scenario)
{
    return (struct ota_experiment_options){
        .seed = scenario->run.seed,
        .replications = scenario->run.replications,
        .threads = 2,
        .confidence = 0.95,
    };
}

static struct ota_summary run(const struct setup *setup)
{
    struct ota_scenario scenario;
    struct ota_summary summary;
    struct ota_error error = {.failed = false};

    read_setup(setup, &scenario);
    const struct ota_experiment_options options = options_of(&scenario);
    if (ota_experiment_run(&scenario.fleet, &options, &summary, &error) !=
        OTA_EXPERIMENT_DONE)
        fail_msg("%s", error.message);
    ota_scenario_release(&scenario);
    return summary;
}

static double mean_of(const struct ota_summary *summary, enum ota_kpi kpi)
{
    return summary->groups[0].kpi[kpi].mean;
}

/* --- exposure --- */

#define STOP_AT_FIRST                                                          \
    "{\"rules\": {\"list\": [{\"if\": {\"count\": \"failed\", \"op\": \">=\"," \
    " \"n\": 1}, \"do\": {\"stop\": {\"cancel\": \"all\"}}}]}}"

/* From the offer to the report of a failure, without the backend's delay. */
static double fails_after_s(void)
{
    const struct setup setup = {
        .horizon = "2h",
        .policy = STOP_AT_FIRST,
        .devices = 1,
        .replications = 1,
        .bad = 1.0,
    };
    struct ota_summary summary = run(&setup);
    const double after_s = mean_of(&summary, OTA_KPI_STOP_TIME);

    assert_true(after_s > 1.0 && after_s < 19 * 60.0);
    assert_int_equal(summary.rollout.stops, 1);
    ota_summary_release(&summary);
    return after_s;
}

#define ABORT_20_PCT                                                           \
    "\"rules\": {\"list\": [{\"if\": {\"share\": \"failed\","                  \
    " \"of\": \"executed\", \"op\": \">=\", \"pct\": 20},"                     \
    " \"min\": {\"executed\": 100},"                                           \
    " \"do\": {\"stop\": {\"cancel\": \"all\"}}}]}"

/* What the campaign undid is out of the timeline: each device is in one state
 * at each instant. */
static void assert_states_add_up(const struct ota_summary *summary)
{
    for (size_t i = 0; i < summary->instants; i++) {
        double sum = 0.0;
        for (size_t s = 0; s < OTA_STATES; s++) {
            const double share = summary->timeline[i * OTA_STATES + s].mean;
            assert_true(share >= 0.0);
            sum += share;
        }
        assert_near(sum, 1.0, 1e-9);
    }
}

/*
 * Each device fails, 20 min after its offer; stop at 20 % of at least 100. At
 * a constant 1,000/min the 100th report comes at 20.1 min. At 50/min that grow
 * with successes it comes at 22 min, and the rate has not grown; with offers
 * it has doubled at the 1,000th, at 20 min.
 */
static void offered_until_the_stop(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        double offered, stop_min, last_per_min;
    } cases[] = {
        {"{\"pace\": {\"rate\": {\"base\": 1000, \"per\": \"1m\"}},"
         " " ABORT_20_PCT "}",
         100.0 + 1000.0 * 20.0, 20.1, 1000.0},
        {"{\"pace\": {\"rate\": {\"base\": 50, \"per\": \"1m\", \"max\": 1000,"
         " \"grow\": {\"factor\": 2, \"every\": 1000,"
         " \"of\": \"succeeded\"}}}, " ABORT_20_PCT "}",
         100.0 + 50.0 * 20.0, 22.0, 50.0},
        {"{\"pace\": {\"rate\": {\"base\": 50, \"per\": \"1m\", \"max\": 1000,"
         " \"grow\": {\"factor\": 2, \"every\": 1000,"
         " \"of\": \"offered\"}}}, " ABORT_20_PCT "}",
         1000.0 + 100.0 * 2.0, 22.0, 100.0},
    };
    const double after_s = fails_after_s();

    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        const struct setup setup = {
            .horizon = "2h",
            .policy = cases[c].policy,
            .devices = 25000,
            .replications = 1,
            .bad = 1.0,
            .report_delay_s = 20 * 60.0 - after_s,
        };
        struct ota_summary summary = run(&setup);
        assert_int_equal(summary.rollout.stops, 1);
        assert_true(mean_of(&summary, OTA_KPI_STOP_OFFERED) ==
                    cases[c].offered);
        /* To one step of the pace, 1.2 s at most. */
        assert_near(mean_of(&summary, OTA_KPI_STOP_TIME),
                    60.0 * cases[c].stop_min, 1.2);
        /* Four blocks, a round trip of 250 ms each: rate times 1 s. */
        assert_near(mean_of(&summary, OTA_KPI_STOP_DOWNLOADS),
                    cases[c].last_per_min / 60.0, 1.0);
        /* An image that is found bad before it runs exposes nobody. */
        assert_true(mean_of(&summary, OTA_KPI_EXPOSED) == 0.0);
        assert_int_equal(summary.rollout.by_rule[0], 1);
        assert_states_add_up(&summary);
        ota_summary_release(&summary);
    }
}

/* What a bad image ran, until a watchdog brought the old one back after exactly
 * 10 min: so long on each of the devices on which it is bad. */
static void hours_on_a_bad_image(void **state)
{
    (void)state;
    const struct setup setup = {
        .horizon = "2h",
        .policy = "{}",
        .devices = 2000,
        .replications = 5,
        .fate = "\"fate\": \"reverts\", \"after\": \"10min\"",
        .bad = 0.3,
    };
    struct ota_summary summary = run(&setup);
    const double bad = mean_of(&summary, OTA_KPI_EXPOSED_BAD);
    const double error = sqrt(0.3 * 0.7 * 2000.0 / 5.0);

    assert_true(mean_of(&summary, OTA_KPI_EXPOSED) == 2000.0);
    assert_near(bad, 600.0, 4.0 * error);
    assert_near(mean_of(&summary, OTA_KPI_BAD_TIME), bad / 6.0, 1e-6);
    assert_true(mean_of(&summary, OTA_KPI_OFFERED_99) == 0.0);
    assert_int_equal(summary.rollout.stops, 0);
    ota_summary_release(&summary);
}

/* --- gates --- */

static void assert_share(const struct ota_estimate *share, double wanted)
{
    const double error = sqrt(wanted * (1.0 - wanted) / (double)share->of);

    assert_int_equal(share->values, share->of);
    assert_near(share->mean, wanted, 4.0 * error);
}

/* Abort at 5 % of the first 100. */
#define ABORT_5_PCT                                                            \
    "{\"rules\": {\"list\": [{\"if\": {\"share\": \"failed\","                 \
    " \"of\": \"executed\", \"op\": \">=\", \"pct\": 5},"                      \
    " \"min\": {\"executed\": 100},"                                           \
    " \"do\": {\"stop\": {\"cancel\": \"all\"}}}]}}"

/* 5 or more of 100: 5.1 % of releases that fail on 2 % of the devices are
 * stopped, 56 % of those that fail on 5 %, 97.6 % of those on 10 %. */
static void a_share_of_the_first_hundred(void **state)
{
    (void)state;
    static const struct {
        double bad, published;
    } cases[] = {{0.02, 0.051}, {0.05, 0.56}, {0.10, 0.976}};

    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        const struct setup setup = {
            .horizon = "1h",
            .policy = ABORT_5_PCT,
            .devices = 100,
            .replications = 2000,
            .bad = cases[c].bad,
        };
        const double wanted = gsl_cdf_binomial_Q(4, cases[c].bad, 100);
        struct ota_summary summary = run(&setup);
        assert_near(wanted, cases[c].published, 5e-3);
        assert_share(&summary.groups[0].kpi[OTA_KPI_STOPPED], wanted);
        ota_summary_release(&summary);
    }
}

/* The gate's two errors in one go. Nothing but the image fails here, so a good
 * release is never stopped. */
static void both_errors_of_a_gate(void **state)
{
    (void)state;
    const struct setup setup = {
        .horizon = "1h",
        .policy = ABORT_5_PCT,
        .devices = 100,
        .replications = 1000,
        .bad = 0.05,
    };
    struct ota_scenario scenario;
    struct ota_gates gates;
    struct ota_error error = {.failed = false};

    read_setup(&setup, &scenario);
    const struct ota_experiment_options options = options_of(&scenario);
    assert_false(ota_gates_nothing_bad(&scenario.fleet));
    assert_int_equal(ota_gates_run(&scenario.fleet, &options, &gates, &error),
                     OTA_EXPERIMENT_DONE);
    assert_int_equal(gates.good.rollout.stops, 0);
    const struct ota_estimate missed = ota_gates_missed(&gates.bad);
    assert_share(&missed, gsl_cdf_binomial_P(4, 0.05, 100));
    assert_near(missed.mean + gates.bad.groups[0].kpi[OTA_KPI_STOPPED].mean,
                1.0, 1e-12);
    ota_gates_release(&gates);
    ota_scenario_release(&scenario);
}

/* --- Wald's test --- */

enum { OUTCOMES = 300 };

/* What follows from p0 = 2 %, p1 = 5 %, alpha 5 %, beta 10 % if outcomes fail
 * with share p. */
struct wald {
    double bad, good;         /* chances of either verdict within OUTCOMES */
    double number, deviation; /* of outcomes until it says bad */
};

static struct wald wald(double p)
{
    const double per_bad = log(0.05 / 0.02);
    const double per_good = log(0.95 / 0.98);
    const double bad_at = log(0.9 / 0.05);
    const double good_at = log(0.1 / 0.95);
    double chance[OUTCOMES + 2] = {1.0}; /* by failures so far, undecided */
    struct wald wald = {0.0, 0.0, 0.0, 0.0};
    double squares = 0.0;

    for (int n = 1; n <= OUTCOMES; n++) {
        for (int k = n; k >= 0; k--) {
            chance[k] =
                chance[k] * (1.0 - p) + (k > 0 ? chance[k - 1] * p : 0.0);
            const double ratio = k * per_bad + (n - k) * per_good;
            if (ratio >= bad_at) {
                wald.bad += chance[k];
                wald.number += chance[k] * n;
                squares += chance[k] * n * n;
                chance[k] = 0.0;
            } else if (ratio <= good_at) {
                wald.good += chance[k];
                chance[k] = 0.0;
            }
        }
    }
    wald.number /= wald.bad;
    wald.deviation = sqrt(squares / wald.bad - wald.number * wald.number);
    return wald;
}

/* One device a minute, so that outcomes come in the order of the offers. */
#define WALD                                                                   \
    "{\"pace\": {\"rate\": {\"base\": 1, \"per\": \"1m\"}},"                   \
    " \"rules\": {\"list\": [{\"if\": {\"test\": \"sprt\","                    \
    " \"of\": \"executed\", \"bad\": \"failed\", \"p0\": 0.02, \"p1\": 0.05,"  \
    " \"alpha\": 0.05, \"beta\": 0.1, \"verdict\": \"bad\"},"                  \
    " \"do\": {\"stop\": {\"cancel\": \"all\"}}}]}}"

/* Stops, and when they come; a failure of the k-th device is heard k - 1 min
 * behind the first one's. */
static void a_sequential_test(void **state)
{
    (void)state;
    static const double shares[] = {0.02, 0.05, 0.10};
    const double after_s = fails_after_s();

    for (size_t s = 0; s < sizeof(shares) / sizeof(shares[0]); s++) {
        const struct setup setup = {
            .horizon = "6h",
            .policy = WALD,
            .devices = OUTCOMES,
            .replications = 400,
            .bad = shares[s],
        };
        const struct wald wanted = wald(shares[s]);
        struct ota_summary summary = run(&setup);
        const struct ota_estimate *time =
            &summary.groups[0].kpi[OTA_KPI_STOP_TIME];
        assert_share(&summary.groups[0].kpi[OTA_KPI_STOPPED], wanted.bad);
        assert_true(time->values > 0);
        const double number = 1.0 + (time->mean - after_s) / 60.0;
        assert_near(number, wanted.number,
                    4.0 * wanted.deviation / sqrt((double)time->values) +
                        1.0 / 60.0);
        ota_summary_release(&summary);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offered_until_the_stop),
        cmocka_unit_test(hours_on_a_bad_image),
        cmocka_unit_test(a_share_of_the_first_hundred),
        cmocka_unit_test(both_errors_of_a_gate),
        cmocka_unit_test(a_sequential_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
