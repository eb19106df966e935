/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_import_fields.c - what single fields of platforms' files become:
 * defaults, readings, dates, filters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/import_fixture.h"

#define FC_LIST(pct)                                                           \
    "[{\"scope\": \"wave\", \"if\": {\"all\": [{\"state\": \"complete\"},"     \
    " {\"any\": [{\"count\": \"total\", \"op\": \"==\", \"n\": 0},"            \
    "  {\"share\": \"succeeded\", \"of\": \"total\", \"op\": \">=\","          \
    "   \"pct\": " pct "}]}]}, \"do\": \"next_wave\"},"                        \
    " {\"scope\": \"wave\", \"if\": {\"state\": \"complete\"},"                \
    "  \"do\": \"approve\"}]"

/* --- defaults --- */

static void test_defaults(void **state)
{
    (void)state;
    import_part_is("aws", "{}", &import_plainly, "pace.rate",
                   "{\"base\": 1000, \"per\": \"1m\", \"max\": 1000}");
    import_part_is("aws", "{}", &import_plainly, "attempt", NULL);
    import_part_is("aws", "{\"presignedUrlConfig\": {}}", &import_plainly,
                   "transfer", "{\"url_ttl\": \"60m\", \"resume\": true}");
    import_part_is("aws", "{\"awsJobPresignedUrlConfig\": {}}", &import_plainly,
                   "transfer.url_ttl", "\"30m\"");
    import_part_is(
        "aws",
        "{\"schedulingConfig\": {\"startTime\": \"2026-11-01T02:00\", "
        "\"endTime\": \"2026-11-01T02:30\"}}",
        &import_plainly, "windows.rollout",
        "{\"start\": 0, \"end\": \"30m\", \"at_end\": \"stop\"}");
    import_part_is("hawkbit", "{}", &import_plainly, "waves.equal", "1");
    import_part_is("hawkbit", "{}", &import_plainly, "rules.list.0.if.pct",
                   "50");
    import_part_is("hawkbit", "{}", &import_plainly,
                   "rules.list.1.if.any.1.pct", "50");
    import_part_is("hawkbit", "{\"successCondition\": {}}", &import_plainly,
                   "rules.list.1.if.any.1.pct", "100");
    import_part_is("mender", "{}", &import_plainly, "waves", NULL);
    import_part_is("mender", "{}", &import_plainly, "rules", NULL);
    import_part_is("mender", "{}", &import_plainly, "attempt", NULL);
    import_part_is("mender", "{}", &import_plainly, "transfer.image",
                   "\"full\"");
    import_part_is("nerveshub", "{}", &import_plainly, "pace.in_flight.max",
                   "10");
    import_part_is("nerveshub", "{\"priority_queue_enabled\": true}",
                   &import_plainly, "pace.lanes", NULL);
    import_part_is("nerveshub",
                   "{\"version\": 1, \"steps\": [{\"name\": \"a\"}]}",
                   &import_plainly, "waves.list.0.rules.list.0.if",
                   "{\"count\": \"blocked\", \"op\": \">=\", \"n\": 1}");
    import_part_is("flightctl",
                   "{\"rolloutPolicy\": {\"deviceSelection\": {\"sequence\": "
                   "[{\"limit\": 3}]}}}",
                   &import_plainly, "rules.list", FC_LIST("90"));
    import_part_is("flightctl", "{\"rolloutPolicy\": {}}", &import_plainly,
                   "attempt.timeout.after", "\"24h\"");
    import_part_is("adu", "{}", &import_plainly, "rules", NULL);
}

/* What would make a policy contradict itself is left out or put otherwise. */
static void test_corners(void **state)
{
    (void)state;
    static const char batches[] =
        "{\"rolloutPolicy\": {\"deviceSelection\": {\"sequence\": [{\"limit\": "
        "\"50%\"}, {\"limit\": \"30%\"}, {\"limit\": 0}, {\"limit\": "
        "\"100%\"}]}}}";

    import_part_is("flightctl", batches, &import_plainly, "waves.list.0.size",
                   "{\"pct\": 50, \"of\": \"fleet\"}");
    import_part_is("flightctl", batches, &import_plainly, "waves.list.1",
                   "{\"size\": {\"pct\": 0, \"of\": \"fleet\"}}");
    import_part_is("flightctl", batches, &import_plainly, "waves.list.2",
                   "{\"size\": {\"pct\": 0, \"of\": \"fleet\"}}");
    import_part_is("flightctl", batches, &import_plainly, "waves.list.3.size",
                   "\"rest\"");
    /* No more than all targets fail; so nothing pauses or is resumed. */
    import_part_is("hawkbit", "{\"errorCondition\": {}}", &import_plainly,
                   "operator", NULL);
    import_part_is("hawkbit", "{\"errorCondition\": {}}", &import_plainly,
                   "rules.list.0.do", "\"next_wave\"");
    /* A pause on success needs a group to follow; six shares stay within
     * 100 %. */
    static const char pausing[] =
        "{\"amountGroups\": 6, \"successAction\": {\"action\": \"PAUSE\"}}";
    import_part_is("hawkbit", pausing, &import_plainly, "waves.equal", NULL);
    import_part_is("hawkbit", pausing, &import_plainly, "waves.list.4.size.pct",
                   "16.666666");
    import_part_is("hawkbit", pausing, &import_plainly,
                   "waves.list.5.rules.list.1", NULL);
    /* Without a time-out nothing is there to be retried after one. */
    import_part_is("aws",
                   "{\"jobExecutionsRetryConfig\": {\"criteriaList\": "
                   "[{\"failureType\": \"ALL\", \"numberOfRetries\": 3}]}}",
                   &import_plainly, "attempt.retry",
                   "{\"on\": {\"failed\": 3}, \"total\": 3, \"wait\": 0}");
}

/* --- choices --- */

static void test_readings(void **state)
{
    (void)state;
    const struct ota_setting settings[] = {
        {"aws-abort-denominator", "executed"},
        {"aws-abort-denominator", "offered"}, /* the last one holds */
        {"aws-abort-instant", "minute"},
        {"aws-abort-tie", "more"},
        {"aws-minute-grain", "period"},
        {"aws-either-criterion", "succeeded"},
        {"aws-retry-now", "next_poll"},
        {"hb-unordered", "random"},
        {"hb-human", "nobody"},
        {"mender-quota-carry", "yes"},
        {"mender-retry-next-poll", "now"},
        {"nh-match-limit", "none"},
        {"fc-unordered", "id"},
        {"adu-and", "or"},
        {"adu-denominator", "completed"},
    };
    const struct ota_import_options other = {
        .readings = settings,
        .reading_count = sizeof(settings) / sizeof(settings[0])};
    static const char aws[] =
        "{\"jobExecutionsRolloutConfig\": {\"exponentialRate\": {"
        "\"baseRatePerMinute\": 5, \"incrementFactor\": 1.1, "
        "\"rateIncreaseCriteria\": {\"numberOfNotifiedThings\": 10, "
        "\"numberOfSucceededThings\": 20}}}, \"abortConfig\": "
        "{\"criteriaList\": [{\"failureType\": \"FAILED\", \"action\": "
        "\"CANCEL\", \"thresholdPercentage\": 0.05, "
        "\"minNumberOfExecutedThings\": 7}]}, \"jobExecutionsRetryConfig\": "
        "{\"criteriaList\": [{\"failureType\": \"TIMED_OUT\", "
        "\"numberOfRetries\": 2}]}, \"timeoutConfig\": "
        "{\"inProgressTimeoutInMinutes\": 5}}";

    import_part_is("aws", aws, &other, "pace.rate",
                   "{\"base\": 5, \"per\": \"1m\", \"max\": 1000, \"grow\": "
                   "{\"factor\": 1.1, \"every\": 20, \"of\": \"succeeded\"}, "
                   "\"grain\": \"period\"}");
    import_part_is("aws", aws, &other, "rules.eval", "{\"every\": \"1m\"}");
    import_part_is(
        "aws", aws, &other, "rules.list.0.if",
        "{\"share\": \"failed\", \"of\": \"executed\", \"op\": \">\", "
        "\"pct\": 0.05}");
    import_part_is("aws", aws, &other, "rules.list.0.min", "{\"offered\": 7}");
    import_part_is("aws", aws, &other, "attempt.retry",
                   "{\"on\": {\"timed_out\": 2}, \"total\": 10, \"wait\": "
                   "\"next_poll\"}");
    import_part_is("hawkbit", "{}", &other, "waves.order", "\"random\"");
    import_part_is("hawkbit", "{}", &other, "operator", NULL);
    import_part_is("mender", "{\"phases\": [{}], \"retries\": 1}", &other,
                   "waves.quota_carry", "true");
    import_part_is("mender", "{\"phases\": [{}], \"retries\": 1}", &other,
                   "attempt.retry.wait", "0");
    import_part_is("nerveshub",
                   "{\"steps\": [{\"matching_conditions\": {\"tags\": "
                   "[\"x\"]}}]}",
                   &other, "waves.list.0.size", "\"rest\"");
    import_part_is("flightctl",
                   "{\"rolloutPolicy\": {\"deviceSelection\": {\"sequence\": "
                   "[{}]}}}",
                   &other, "waves.order", "\"id\"");
    import_part_is(
        "adu",
        "{\"rollbackPolicy\": {\"failure\": {"
        "\"devicesFailedPercentage\": 1, \"devicesFailedCount\": 2}}}",
        &other, "rules.list.0.if.any.1.of", "\"terminal\"");
}

/* Every name of a reading is known to somebody, and the first one of each is
 * what holds by itself. */
static void test_approximations(void **state)
{
    (void)state;
    for (const struct ota_approximation *a = ota_approximations; a->name; a++) {
        assert_non_null(a->meanings[0]);
        for (int r = 0; r < OTA_READINGS_MAX; r++)
            if (a->readings[r])
                assert_non_null(a->meanings[r]);
    }
    struct ota_import import =
        import_file("aws", "aws-job.json", &import_plainly);
    assert_true(import_has_note(&import, "aws-minute-grain"));
    assert_true(import_has_note(&import, "aws-abort-denominator"));
    assert_true(import_has_note(&import, "aws-window-tail"));
    assert_false(import_has_note(&import, "aws-either-criterion"));
    ota_import_release(&import);
}

/* --- dates --- */

static void test_dates(void **state)
{
    (void)state;
    int64_t s;

    /* `date -u -d @N`, GNU coreutils. */
    assert_true(ota_import_date("1970-01-01T00:00:00Z", &s));
    assert_int_equal(s, 0);
    assert_true(ota_import_date("2026-11-01T02:00", &s));
    assert_int_equal(s, 1793498400);
    assert_true(ota_import_date("2024-02-29 23:59:59.5+05:30", &s));
    assert_int_equal(s, 1709231399);
    assert_true(ota_import_date("2000-03-01", &s));
    assert_int_equal(s, 951868800);
    assert_false(ota_import_date("2026-02-29", &s));
    assert_false(ota_import_date("2026-11-01T24:00", &s));
    assert_false(ota_import_date("2026-11-01T02:00 Berlin", &s));
    assert_false(ota_import_date("1793498400", &s));
    assert_false(ota_import_date("", &s));
}

static void test_start(void **state)
{
    (void)state;
    struct ota_import_options options = {.start_given = true};

    assert_true(ota_import_date("2026-11-01T06:00:00Z", &options.start_s));
    struct ota_import import =
        import_file("mender", "mender-phases.json", &options);
    assert_non_null(strstr(import.policy, "\"at\": \"4h\""));
    assert_false(import_has_note(&import, "start-is-release"));
    ota_import_release(&import);
    /* A first phase without a date is at the release. */
    import_part_is("mender",
                   "{\"phases\": [{\"batch_size\": 1}, "
                   "{\"start_ts\": \"2026-11-01T06:00:30Z\"}]}",
                   &options, "waves.list.1.start.at", "\"30s\"");
    /* What should have begun already begins at once. */
    import_part_is("mender",
                   "{\"phases\": [{\"start_ts\": \"2020-01-01T00:00:00Z\"}]}",
                   &options, "waves.list.0.start.at", "0");
    import_part_is("hawkbit", "{\"startAt\": 1793520000000}", &options,
                   "windows.rollout.start", "\"2h\"");
    import_part_is("adu", "{\"startDateTime\": \"2026-11-03T06:00:00Z\"}",
                   &options, "windows.rollout.start", "\"48h\"");
}

/* --- filters --- */

static void assert_where(const char *query, const char *where)
{
    char text[512];

    snprintf(text, sizeof(text), "{\"targetFilterQuery\": \"%s\"}", query);
    struct ota_import import = import_text("hawkbit", text, &import_plainly);
    if (!where) {
        assert_null(strstr(import.policy, "\"where\""));
    } else {
        snprintf(text, sizeof(text), "\"where\": \"%s\"", where);
        if (!strstr(import.policy, text))
            fail_msg("no %s in %s", text, import.policy);
    }
    ota_import_release(&import);
}

static void test_filters(void **state)
{
    (void)state;
    assert_where("name==*", NULL);
    assert_where("attribute.a==b", "a=b");
    assert_where("attribute.a==b;name==*", "a=b");
    assert_where("name==*;attribute.a==b;metadata.c!=d", "a=b & c!=d");
    assert_where("attribute.a==b;name==*;tag==c", "a=b & tag=c");
    assert_where("(attribute.a==b,tag=='c d') and tag!=e",
                 "(a=b | tag='c d') & tag!=e");
    assert_where("attribute.a=out=(x,y)", "(a!=x & a!=y)");
    import_part_is("nerveshub",
                   "{\"conditions\": {\"version\": \"~> 1.4.2\", \"tags\": "
                   "[\"a\"]}}",
                   &import_plainly, "target.where",
                   "\"tag=a & os>=1.4.2 & os<1.5.0\"");
    import_part_is("nerveshub", "{\"conditions\": {\"version\": \"< 2.0.0\"}}",
                   &import_plainly, "target.where", "\"os<2.0.0\"");
    import_part_is(
        "flightctl",
        "{\"rolloutPolicy\": {}, \"selector\": {\"matchExpressions\": "
        "[{\"key\": \"a\", \"operator\": \"NotIn\", \"values\": "
        "[\"x\", \"y\"]}, {\"key\": \"b\", \"operator\": "
        "\"DoesNotExist\"}]}}",
        &import_plainly, "target.where", "\"(a!=x & a!=y) & b=''\"");
}

static void test_labels(void **state)
{
    (void)state;
    struct ota_import import =
        import_file("flightctl", "flightctl-policy.json", &import_plainly);

    assert_int_equal(import.label_count, 3);
    assert_string_equal(import.labels[0], "stage");
    assert_string_equal(import.labels[1], "region");
    assert_string_equal(import.labels[2], "store");
    ota_import_release(&import);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_corners),
        cmocka_unit_test(test_readings), cmocka_unit_test(test_approximations),
        cmocka_unit_test(test_dates),    cmocka_unit_test(test_start),
        cmocka_unit_test(test_filters),  cmocka_unit_test(test_labels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
