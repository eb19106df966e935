/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_import_refusals.c - what importers say of fields without a place, and
 * what they refuse.
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

/* --- what found no place --- */

static void test_leftovers(void **state)
{
    (void)state;
    struct ota_import import =
        import_text("aws",
                    "{\"jobId\": \"x\",\n"
                    " \"abortConfg\": {\"criteriaList\": []},\n"
                    " \"timeoutConfig\": {\"inProgressTimeoutInMinutes\": 5,\n"
                    "   \"stepTimeout\": {\"a\": 1}}, \"none\": null}",
                    &import_plainly);
    assert_int_equal(import.ignored_count, 1);
    assert_string_equal(import.ignored[0].path, "jobId");
    assert_int_equal(import.unknown_count, 3);
    assert_string_equal(import.unknown[0].path, "abortConfg");
    assert_int_equal(import.unknown[0].line, 2);
    assert_int_equal(import.unknown[0].column, 2);
    assert_string_equal(import.unknown[0].why, "abortConfig");
    assert_string_equal(import.unknown[1].path, "timeoutConfig.stepTimeout");
    assert_string_equal(import.unknown[2].path, "none");
    ota_import_release(&import);
}

/* --- refusals --- */

struct refusal {
    const char *platform, *text;
    int line, column;
    const char *path, *part; /* of the message */
};

static const struct refusal refusals[] = {
    {"aws", "[]", 1, 1, "", "where an object"},
    {"aws", "{\"a\": }", 1, 7, "a", "value is missing"},
    {"aws", "{\"jobExecutionsRolloutConfig\":\n {\"maximumPerMinute\": 1001}}",
     2, 23, "jobExecutionsRolloutConfig.maximumPerMinute", "from 1 to 1000"},
    {"aws",
     "{\"jobExecutionsRolloutConfig\": {\"exponentialRate\":\n"
     "{\"baseRatePerMinute\": 1, \"incrementFactor\": 1.25, "
     "\"rateIncreaseCriteria\": {\"numberOfNotifiedThings\": 1}}}}",
     2, 45, "jobExecutionsRolloutConfig.exponentialRate.incrementFactor",
     "decimal digit"},
    {"aws",
     "{\"jobExecutionsRolloutConfig\": {\"maximumPerMinute\": 9, "
     "\"exponentialRate\":\n"
     "{\"maximumPerMinute\": 8, \"baseRatePerMinute\": 1, "
     "\"incrementFactor\": 2, \"rateIncreaseCriteria\": "
     "{\"numberOfNotifiedThings\": 1}}}}",
     2, 22, "jobExecutionsRolloutConfig.exponentialRate.maximumPerMinute",
     "give it once"},
    {"aws", "{\"timeoutConfig\": {\"inProgressTimeoutInMinutes\": 10081}}", 1,
     50, "timeoutConfig.inProgressTimeoutInMinutes", "from 1 to 10080"},
    {"aws",
     "{\"schedulingConfig\": {\"startTime\": \"2026-11-01T02:00\",\n"
     "\"endTime\": \"2026-11-01T02:29\"}}",
     2, 12, "schedulingConfig.endTime", "30 minutes"},
    {"aws",
     "{\"schedulingConfig\": {\"maintenanceWindows\": [{\"startTime\": "
     "\"cron(0 2 * *)\", \"durationInMinutes\": 5}]}}",
     1, 60, "schedulingConfig.maintenanceWindows[0].startTime", ""},
    {"hawkbit", "{\"amountGroups\": 2,\n \"groups\": [{}]}", 2, 12, "groups",
     "exclude"},
    {"hawkbit", "{\"dynamic\": true,\n \"groups\": [{}]}", 2, 12, "groups",
     "dynamic"},
    {"hawkbit", "{\"groups\": [{\"targetPercentage\": 50}]}", 1, 12, "groups",
     "cover 50 %"},
    {"hawkbit", "{\"type\": \"forcd\"}", 1, 10, "type", "did you mean forced"},
    {"hawkbit", "{\"targetFilterQuery\": \"name==a*\"}", 1, 23,
     "targetFilterQuery", "attribute.LABEL"},
    {"mender",
     "{\"phases\": [{\"batch_size\": 70, \"start_ts\": \"2026-10-01\"},\n "
     "{\"batch_size\": 40, \"start_ts\": \"2026-11-01\"}]}",
     2, 2, "phases[1]", "110 %"},
    {"mender", "{\"mender.conf\": {\"RetryPollIntervalSeconds\": 59}}", 1, 46,
     "mender.conf.RetryPollIntervalSeconds", "at least 60"},
    {"nerveshub", "{\"penalty_timeout_minutes\": 59}", 1, 29,
     "penalty_timeout_minutes", "at least 60"},
    {"nerveshub", "{\"release_tags\": [\"a\", \"b\"]}", 1, 18, "release_tags",
     "one tag"},
    {"nerveshub", "{\"steps\": []}", 1, 11, "steps", "1 to 6"},
    {"nerveshub",
     "{\"steps\": [{\"failure_tolerance\": {\"devices\": 1, \"percent\": 2}}]}",
     1, 34, "steps[0].failure_tolerance", "exclude"},
    {"flightctl", "{}", 1, 1, "", "rolloutPolicy"},
    {"flightctl",
     "{\"updatePolicy\": {\"updateSchedule\": {\"at\": \"0 3 * * *\",\n"
     "\"timeZone\": \"Europe/Berlin\"}}}",
     2, 13, "updatePolicy.updateSchedule.timeZone", "utc_offset"},
    {"flightctl",
     "{\"rolloutPolicy\": {\"disruptionBudget\": {\"minAvailable\": 1}}}", 1,
     40, "rolloutPolicy.disruptionBudget", "groupBy"},
    {"adu", "{\"rollbackPolicy\": {}}", 1, 20, "rollbackPolicy", "\"failure\""},
    {"adu", "{\"startDateTime\": \"tomorrow\"}", 1, 19, "startDateTime",
     "no date"},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        const struct refusal *r = &refusals[i];
        struct ota_complaints heard = {0};
        struct ota_import import;
        assert_false(ota_import_read_text(&import, import_platform(r->platform),
                                          "t.json", r->text, strlen(r->text),
                                          &import_plainly, &heard));
        assert_null(import.policy);
        const struct ota_complaint *c = &heard.items[0];
        if (heard.total != 1 || c->place.line != r->line ||
            c->place.column != r->column ||
            strcmp(c->place.path, r->path) != 0 ||
            !strstr(c->message, r->part)) {
            ota_complaints_print(&heard, stderr);
            fail_msg("refusal %zu: %s", i, r->text);
        }
    }
}

/* A file that is cut off anywhere is refused or read, and nothing else. */
static void test_cut_files(void **state)
{
    (void)state;
    static const char whole[] =
        "{\"steps\": [{\"name\": \"a\", \"matching_conditions\": {\"tags\": "
        "[\"x\"]}, \"failure_tolerance\": {\"percent\": 5}}]}";

    for (size_t length = 0; length < sizeof(whole); length++) {
        struct ota_complaints heard = {0};
        struct ota_import import;
        const bool ok = ota_import_read_text(
            &import, import_platform("nerveshub"), "t.json", whole, length,
            &import_plainly, &heard);
        assert_int_equal(ok, length + 1 == sizeof(whole));
        assert_int_equal(ok, heard.total == 0);
        ota_import_release(&import);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leftovers),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_cut_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
