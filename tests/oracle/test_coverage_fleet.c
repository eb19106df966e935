/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_coverage_fleet.c - how often the intervals of whole runs hold what is
 * true of a fleet whose law is known.
 *
 * Of devices that wake each hour, a fifth is switched off for good and the
 * release bricks a tenth of the others: 72 % are confirmed, 8 % bricked. Those
 * that are confirmed are at a time since the release that is uniform over an
 * hour, but for what an update takes. A device knows of no other, so counts are
 * binomial, and how often an interval of them holds is a sum over that law.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "sim/base/clock.h"
#include "sim/experiment/experiment.h"
#include "tests/support/coverage.h"
#include "tests/support/one_run.h"

enum { DEVICES = 40 };

static const char scenario[] =
    "{ \"run\": {\"horizon\": \"12h\"},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"512B\","
    "                \"at\": \"10h\"},"
    "  \"image\": {\"fate\": \"bricks\", \"bad\": 0.1},"
    "  \"delivery\": {\"model\": \"immediate\", \"begin_delay\": \"0s\"},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 40, \"absent\": 0.2,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"cycle_min\": \"0s\","
    "    \"sleep\": {\"model\": \"interval\", \"period\": \"1h\","
    "                \"jitter\": 0},"
    "    \"link\": {\"attach\": \"1us\", \"rtt\": \"1us\", \"loss\": 0,"
    "               \"goodput\": \"1000Mbit/s\","
    "               \"device_time_per_kib\": \"0s\"},"
    "    \"session\": {\"model\": \"dtls\"},"
    "    \"app\": {\"model\": \"fixed\", \"wait\": \"10ms\","
    "              \"publishes\": 0},"
    "    \"battery\": {\"model\": \"mains\"},"
    "    \"plan\": {\"model\": \"unlimited\"},"
    "    \"firmware\": {\"apply\": \"5s\"},"
    "    \"transfer\": {\"model\": \"fast\"} }] }";

static const double confirmed = 0.8 * 0.9;
static const double bricked = 0.8 * 0.1;

/* What an update takes, the same on each device [s]. */
static double update_s(void)
{
    const char *settings[] = {"fleet.0.count=2000", NULL};
    struct one_run run;
    int64_t least_us = INT64_MAX;
    int64_t most_us = 0;

    one_run(&run, scenario, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *record = &run.records[i];
        if (record->confirmed_us == OTA_NEVER)
            continue;
        const int64_t took_us = record->confirmed_us - record->begun_us;
        least_us = took_us < least_us ? took_us : least_us;
        most_us = took_us > most_us ? took_us : most_us;
    }
    one_run_release(&run);
    assert_true(least_us == most_us);
    return ota_s_from_us(least_us);
}

static struct ota_group_summary experiment(const struct one_run *run,
                                           uint64_t seed, int64_t replications)
{
    const struct ota_experiment_options options = {
        .seed = seed,
        .replications = replications,
        .threads = 1,
        .confidence = 0.95,
    };
    struct ota_error error = {.failed = false};
    struct ota_summary summary;

    assert_int_equal(
        ota_experiment_run(&run->scenario.fleet, &options, &summary, &error),
        OTA_EXPERIMENT_DONE);
    const struct ota_group_summary fleet = summary.groups[0];
    ota_summary_release(&summary);
    return fleet;
}

/* An end that is not known does not miss it. */
static bool holds(const struct ota_estimate *estimate, double truth)
{
    return !(estimate->lo > truth) && !(estimate->hi < truth);
}

/* --- one replication --- */

static double exact_coverage(double share)
{
    double sum = 0.0;

    for (unsigned h = 0; h <= DEVICES; h++) {
        const struct ota_estimate e = ota_interval_exact(h, DEVICES, 0.95);
        if (holds(&e, share))
            sum += gsl_ran_binomial_pdf(h, share, DEVICES);
    }
    return sum;
}

/* Of so many devices each of which begins a transfer or not. */
static double student_coverage(double share)
{
    const double n = DEVICES;
    const double t = gsl_cdf_tdist_Pinv(0.975, n - 1.0);
    double sum = 0.0;

    for (unsigned h = 0; h <= DEVICES; h++) {
        const double mean = h / n;
        const double half = t * sqrt(mean * (1.0 - mean) / (n - 1.0));
        /* All alike: no interval, which does not miss it. */
        if (h == 0 || h == DEVICES || fabs(mean - share) <= half)
            sum += gsl_ran_binomial_pdf(h, share, DEVICES);
    }
    return sum;
}

/* Whoever is never confirmed stands behind all others. */
static double ranks_coverage(double p)
{
    int64_t lo, hi;

    ota_interval_ranks(DEVICES, p, 0.95, &lo, &hi);
    return gsl_cdf_binomial_P((unsigned)hi - 1, p, DEVICES) -
           (lo > 0 ? gsl_cdf_binomial_P((unsigned)lo - 1, p, DEVICES) : 0.0);
}

static void a_lone_replication_goes_by_its_devices(void **state)
{
    (void)state;
    const double half_s = 3600.0 * 0.5 / confirmed + update_s();
    struct one_run run;
    int shares = 0, counts = 0, transfers = 0, times = 0, never = 0, ninety = 0;

    one_run(&run, scenario, NULL, 1, NULL);
    for (uint64_t s = 0; s < COVERAGE_REPEATS; s++) {
        const struct ota_group_summary fleet = experiment(&run, 1000 + s, 1);
        const struct ota_estimate *kpi = fleet.kpi;
        shares += holds(&kpi[OTA_KPI_CONFIRMED_SHARE], confirmed);
        counts +=
            holds(&fleet.outcomes[OTA_OUTCOME_BRICKED], bricked * DEVICES);
        transfers += holds(&kpi[OTA_KPI_ATTEMPTS], 0.8);
        times += holds(&kpi[OTA_KPI_TIME_TO_50], half_s);
        never += holds(&kpi[OTA_KPI_TIME_TO_90], INFINITY);
        ninety += !isnan(kpi[OTA_KPI_TIME_TO_90].hi);
    }
    one_run_release(&run);

    coverage_is("confirmed_share", shares, exact_coverage(confirmed));
    coverage_is("bricked", counts, exact_coverage(bricked));
    coverage_is("attempts", transfers, student_coverage(0.8));
    coverage_is("time_to_50", times, ranks_coverage(0.5));
    assert_true(exact_coverage(confirmed) >= 0.95);
    assert_true(exact_coverage(bricked) >= 0.95);
    assert_true(ranks_coverage(0.5) >= 0.95);

    /* 90 % never are: an end of the time until then would be wrong. */
    coverage_is("time_to_90", never, 1.0);
    assert_int_equal(never + ninety, COVERAGE_REPEATS);
}

/* What 5,000 devices spend in idle time that is skipped is what 64 pilots did:
 * an interval over devices would be a third as wide as it has to be. */
static void what_is_borrowed_has_no_interval(void **state)
{
    (void)state;
    static const enum ota_kpi spent[] = {
        OTA_KPI_BYTES,      OTA_KPI_ROUTINE,   OTA_KPI_CHARGE,
        OTA_KPI_AWAKE,      OTA_KPI_BYTES_P95, OTA_KPI_ROUTINE_P95,
        OTA_KPI_CHARGE_P95, OTA_KPI_AWAKE_P95,
    };
    const char *text =
        "{\"run\": {\"horizon\": \"3d\", \"idle\": \"%s\"},"
        " \"release\": {\"app_version\": 2, \"app_size\": \"1KB\"},"
        " \"fleet\": [{\"name\": \"f\", \"count\": 5000,"
        " \"platform\": \"electron\","
        " \"installed\": [{\"os\": \"0.6.0\"}],"
        " \"sleep\": {\"model\": \"interval\", \"period\": \"1h\","
        " \"jitter\": 0.02},"
        " \"link\": {\"preset\": \"3g\"}}]}";

    for (int step = 0; step < 2; step++) {
        struct one_run run;
        char filled[1024];
        snprintf(filled, sizeof(filled), text, step ? "step" : "skip");
        one_run(&run, filled, NULL, 1, NULL);
        const struct ota_group_summary fleet = experiment(&run, 1, 1);
        one_run_release(&run);
        for (size_t k = 0; k < sizeof(spent) / sizeof(spent[0]); k++) {
            assert_true(isfinite(fleet.kpi[spent[k]].lo) == (step == 1));
            assert_true(isfinite(fleet.kpi[spent[k]].hi) == (step == 1));
        }
        assert_true(isfinite(fleet.kpi[OTA_KPI_ATTEMPTS].lo));
    }
}

/* --- a few --- */

/*
 * Of three replications: Student's t of their counts, or the exact interval of
 * all their devices where they agree. Counts of no chance to speak of are left
 * out, which costs less than 1e-9.
 */
static double three_coverage(double share)
{
    const double t = gsl_cdf_tdist_Pinv(0.975, 2.0);
    double pdf[DEVICES + 1];
    double sum = 0.0;

    for (unsigned h = 0; h <= DEVICES; h++)
        pdf[h] = gsl_ran_binomial_pdf(h, share, DEVICES);
    for (unsigned a = 0; a <= DEVICES; a++)
        for (unsigned b = 0; b <= DEVICES; b++)
            for (unsigned c = 0; c <= DEVICES; c++) {
                const double chance = pdf[a] * pdf[b] * pdf[c];
                if (chance < 1e-15)
                    continue;
                const double mean = (a + b + c) / 3.0;
                const double squares = (a - mean) * (a - mean) +
                                       (b - mean) * (b - mean) +
                                       (c - mean) * (c - mean);
                bool held = fabs(mean - share * DEVICES) <=
                            t * sqrt(squares / 2.0 / 3.0);
                if (a == b && b == c) {
                    const struct ota_estimate e =
                        ota_interval_exact(3 * a, 3 * DEVICES, 0.95);
                    held = holds(&e, share);
                }
                sum += held ? chance : 0.0;
            }
    return sum;
}

static void a_few_replications_hold_what_is_true(void **state)
{
    (void)state;
    struct one_run run;
    int shares = 0, counts = 0;

    one_run(&run, scenario, NULL, 1, NULL);
    for (uint64_t s = 0; s < COVERAGE_REPEATS; s++) {
        const struct ota_group_summary fleet = experiment(&run, 5000 + s, 3);
        shares += holds(&fleet.kpi[OTA_KPI_CONFIRMED_SHARE], confirmed);
        counts +=
            holds(&fleet.outcomes[OTA_OUTCOME_BRICKED], bricked * DEVICES);
    }
    one_run_release(&run);
    const double wanted[] = {three_coverage(confirmed),
                             three_coverage(bricked)};
    coverage_is("confirmed_share of three", shares, wanted[0]);
    coverage_is("bricked of three", counts, wanted[1]);
    assert_true(wanted[0] >= 0.95 && wanted[1] >= 0.95);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lone_replication_goes_by_its_devices),
        cmocka_unit_test(what_is_borrowed_has_no_interval),
        cmocka_unit_test(a_few_replications_hold_what_is_true),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
