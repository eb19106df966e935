/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_measure.c - names of measures, good and bad, and what is known of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/clock.h"
#include "sim/stats/measure.h"
#include "tests/support/near.h"

static const char *const groups[] = {"meters", "meters.old", "gate ways"};
enum { GROUPS = sizeof(groups) / sizeof(groups[0]) };

static struct ota_measure good(const char *text)
{
    struct ota_measure measure;
    char problem[256] = "";

    if (!ota_measure_read(&measure, text, groups, GROUPS, problem,
                          sizeof(problem)))
        fail_msg("%s: %s", text, problem);
    return measure;
}

static void is_bad(const char *text, const char *because)
{
    struct ota_measure measure;
    char problem[320] = "";

    assert_false(ota_measure_read(&measure, text, groups, GROUPS, problem,
                                  sizeof(problem)));
    if (!strstr(problem, because))
        fail_msg("%s: \"%s\" does not say \"%s\"", text, problem, because);
}

static void is_called(const char *text, const char *name)
{
    assert_string_equal(good(text).name, name);
}

/* Every name that files have is one, and is its own. */
static void files_names_are_read(void **state)
{
    (void)state;
    for (int k = 0; k < OTA_KPIS; k++) {
        const struct ota_measure measure = good(ota_kpis[k].name);
        assert_int_equal(measure.kind, OTA_MEASURE_KPI);
        assert_int_equal(measure.which, k);
        assert_int_equal(measure.group, 0);
        assert_string_equal(measure.name, ota_kpis[k].name);
        assert_string_equal(ota_measure_unit(&measure), ota_kpis[k].unit);
        assert_int_equal(ota_measure_better(&measure), ota_kpis[k].better);
    }
    for (int o = 0; o < OTA_OUTCOMES; o++) {
        const struct ota_measure measure = good(ota_outcome_names[o]);
        assert_int_equal(measure.kind, OTA_MEASURE_OUTCOME);
        assert_int_equal(measure.which, o);
        assert_string_equal(measure.name, ota_outcome_names[o]);
        assert_string_equal(ota_measure_unit(&measure), "devices");
    }
}

/* No second name hides a first one or another, and each means something. */
static void second_names_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; ota_measure_seconds[i].name; i++) {
        const struct ota_measure_second *second = &ota_measure_seconds[i];
        char text[96], means[96];
        const bool within = strstr(second->name, "_within") != NULL;

        snprintf(text, sizeof(text), "%s%s", second->name,
                 within ? "(1d)" : "");
        snprintf(means, sizeof(means), "%s%s", second->means,
                 within ? "(1d)" : "");
        is_called(text, means);
        is_called(means, means);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(second->name, ota_measure_seconds[j].name);
    }
    is_called("success_rate", "confirmed_share");
    is_called("charge_per_device", "charge");
    is_called("data_per_device", "bytes");
    is_called("awake_per_device", "awake_time");
    is_called("wasted_per_device", "wasted");
}

static void within_takes_any_duration(void **state)
{
    (void)state;
    const struct ota_measure week = good("updated_within(7d)");
    assert_int_equal(week.kind, OTA_MEASURE_WITHIN);
    assert_int_equal(week.which, OTA_WITHIN_UPDATED);
    assert_true(week.within_us == 168 * OTA_US_PER_H);
    assert_string_equal(week.name, "updated_within(7d)");
    assert_string_equal(ota_measure_unit(&week), "1");
    assert_int_equal(ota_measure_better(&week), 1);

    is_called("updated_within(168h)", "updated_within(7d)");
    is_called("updated_within( 7 d )", "updated_within(7d)");
    is_called("Offered-Within (90s)", "offered_within(90s)");
    is_called("confirmed_within(1.5d)", "confirmed_within(36h)");
    is_called("meters.updated_within(1.5d)", "meters.updated_within(36h)");
    assert_true(good("confirmed_within(1us)").within_us == 1);
}

static void groups_have_measures(void **state)
{
    (void)state;
    assert_int_equal(good("charge").group, 0);
    assert_int_equal(good("fleet.charge").group, 0);
    is_called("fleet.charge", "charge");
    assert_int_equal(good("meters.charge").group, 1);
    assert_int_equal(good("meters.old.charge").group, 2);
    assert_int_equal(good("gate ways.bricked").group, 3);
    is_called("gate ways.success-rate", "gate ways.confirmed_share");
}

static void letters_do_not_matter(void **state)
{
    (void)state;
    is_called("Time-to-90", "time_to_90");
    is_called(" CHARGE ", "charge");
    is_called("bytes p95", "bytes_p95");
}

static void bad_names_are_refused(void **state)
{
    (void)state;
    is_bad("chrage", "did you mean charge?");
    is_bad("meters.chrage", "did you mean charge?");
    is_bad("", "updated_within(7d) and more");
    is_bad("happiness", "otasim models kpi");
    is_bad("metres.charge", "no group is called \"metres\"");
    is_bad("metres.charge", "groups: meters, meters.old, gate ways");
    is_bad("updated_within", "needs a time since the release");
    is_bad("updated_within(", "updated_within(7d)");
    is_bad("updated_within(7d", "updated_within(7d)");
    is_bad("updated_within(7d)s", "updated_within(7d)");
    is_bad("updated_within()", "");
    is_bad("updated_within(7)", "");
    is_bad("updated_within(7KB)", "");
    is_bad("updated_within(0s)", "more than 0");
    is_bad("updated_within(-1d)", "");
    is_bad("updated_within(1e300d)", "");
    is_bad("updated_withn(7d)", "did you mean updated_within?");
    is_bad("charge(7d)", "takes nothing in brackets");
    is_bad("meters.stopped", "whole fleet");

    struct ota_measure measure;
    char tiny[1];
    assert_false(ota_measure_read(&measure, "x", NULL, 0, tiny, sizeof(tiny)));
    char name[200];
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    is_bad(name, "no measure");
}

static void long_names_are_refused(void **state)
{
    (void)state;
    char group[120], text[160];
    char problem[320] = "";
    const char *const names[] = {group};
    struct ota_measure measure;

    memset(group, 'g', sizeof(group) - 1);
    group[sizeof(group) - 1] = '\0';
    snprintf(text, sizeof(text), "%s.charge", group);
    assert_false(
        ota_measure_read(&measure, text, names, 1, problem, sizeof(problem)));
    assert_non_null(strstr(problem, "too long"));
}

static void is_labelled(const char *text, const char *label)
{
    const struct ota_measure measure = good(text);
    char buffer[96];

    ota_measure_label(&measure, buffer, sizeof(buffer));
    assert_string_equal(buffer, label);
}

static void labels_are_for_people(void **state)
{
    (void)state;
    is_labelled("charge", "charge per device");
    is_labelled("meters.old.charge", "charge per device, meters.old");
    is_labelled("failed_given_up", "failed given up");
    is_labelled("meters.updated_within(1.5d)", "updated within 36h, meters");
}

static void ranges_are_what_can_be(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double most;
    } cases[] = {
        {"confirmed_share", 1.0}, {"stopped", 1.0},
        {"bricked", 500.0},       {"offered_within(1h)", 1.0},
        {"exposed", 500.0},       {"charge", INFINITY},
        {"cost", INFINITY},       {"attempts", INFINITY},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct ota_measure measure = good(cases[i].name);
        double least, most;
        ota_measure_range(&measure, 500, &least, &most);
        assert_true(least == 0.0 && most == cases[i].most);
    }
}

static void times_are_asked_for_once(void **state)
{
    (void)state;
    const struct ota_measure measures[] = {
        good("updated_within(7d)"),        good("charge"),
        good("confirmed_within(1h)"),      good("offered_within(168h)"),
        good("meters.updated_within(2h)"),
    };
    int64_t times[5];

    assert_int_equal(ota_measure_times(measures, 5, times), 3);
    assert_true(times[0] == OTA_US_PER_H);
    assert_true(times[1] == 2 * OTA_US_PER_H);
    assert_true(times[2] == 168 * OTA_US_PER_H);
    assert_int_equal(ota_measure_times(measures + 1, 1, times), 0);
}

/* --- estimates --- */

static struct ota_estimate estimate(const char *name, bool staged,
                                    const double *values, size_t count)
{
    const struct ota_measure measure = good(name);
    const struct ota_measure_facts facts = {.devices = 100, .staged = staged};

    return ota_measure_estimate(&measure, &facts, values, count, 0.95);
}

static void is_same(struct ota_estimate a, struct ota_estimate b, double times)
{
    assert_near(a.mean, b.mean * times, 1e-12);
    assert_near(a.lo, b.lo * times, 1e-12);
    assert_near(a.hi, b.hi * times, 1e-12);
    assert_int_equal(a.values, b.values);
    assert_int_equal(a.of, b.of);
}

/* A share of devices has the interval of the count. */
static void shares_of_devices_are_counts(void **state)
{
    (void)state;
    static const double shares[] = {0.29, 0.29, 0.29};
    static const double counts[] = {29, 29, 29};
    static const double others[] = {0.29, 0.31, 0.3};
    const struct ota_estimate pooled = ota_interval_exact(87, 300, 0.95);
    struct ota_tally tally = {0};
    for (int i = 0; i < 3; i++)
        ota_tally_add(&tally, others[i]);

    struct ota_estimate e = estimate("confirmed_share", false, shares, 3);
    assert_near(e.lo, pooled.lo, 1e-15);
    assert_near(e.hi, pooled.hi, 1e-15);
    assert_int_equal(e.values, 3);
    is_same(estimate("updated_within(1d)", false, shares, 3), e, 1.0);
    is_same(estimate("bricked", false, counts, 3), e, 100.0);

    e = estimate("confirmed_within(1d)", false, others, 3);
    assert_near(e.lo, ota_interval_t(&tally, 0.95).lo, 1e-14);
    e = estimate("confirmed_within(1d)", true, shares, 3);
    assert_near(e.lo, 0.29, 1e-15); /* the replications agree, that is all */
    e = estimate("confirmed_within(1d)", true, shares, 1);
    assert_true(isnan(e.lo) && isnan(e.hi));
}

static void what_is_missing_is_told(void **state)
{
    (void)state;
    static const double values[] = {1.0, NAN, 3.0};
    static const double stops[] = {1.0, 0.0, 0.0};

    struct ota_estimate e = estimate("time_to_90", false, values, 3);
    assert_true(isnan(e.mean) && isnan(e.lo));
    assert_int_equal(e.values, 2);
    assert_int_equal(e.of, 3);
    e = estimate("updated_within(9d)", false, values, 3);
    assert_true(isnan(e.mean));
    assert_int_equal(e.values, 2);
    e = estimate("stop_time", true, values, 3);
    assert_near(e.mean, 2.0, 1e-15);
    assert_int_equal(e.values, 2);
    assert_int_equal(e.of, 3);
    is_same(estimate("stopped", true, stops, 3), ota_interval_exact(1, 3, 0.95),
            1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_names_are_read),
        cmocka_unit_test(second_names_are_read),
        cmocka_unit_test(within_takes_any_duration),
        cmocka_unit_test(groups_have_measures),
        cmocka_unit_test(letters_do_not_matter),
        cmocka_unit_test(bad_names_are_refused),
        cmocka_unit_test(long_names_are_refused),
        cmocka_unit_test(labels_are_for_people),
        cmocka_unit_test(ranges_are_what_can_be),
        cmocka_unit_test(times_are_asked_for_once),
        cmocka_unit_test(shares_of_devices_are_counts),
        cmocka_unit_test(what_is_missing_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
