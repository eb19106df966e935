/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_import.c - the examples of the platforms' documents as policies, and
 * that what is made of any file reads back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/scenario/scenario.h"
#include "tests/support/import_fixture.h"

/* --- the documents' own examples --- */

static void test_aws_example(void **state)
{
    (void)state;
    import_policy_is(
        "aws", "aws-job.json",
        "{\"policy\": 1, \"name\": \"aws\","
        " \"target\": {\"late\": \"ignore\", \"leave\": \"remove\"},"
        " \"pace\": {\"rate\": {\"base\": 50, \"per\": \"1m\", \"max\": 1000,"
        "  \"grow\": {\"factor\": 2, \"every\": 1000, \"of\": \"offered\"}}},"
        " \"rules\": {\"eval\": {\"on\": \"outcome\"}, \"list\": ["
        "  {\"scope\": \"rollout\", \"if\": {\"share\": \"failed\","
        "    \"of\": \"executed\", \"op\": \">=\", \"pct\": 20},"
        "   \"min\": {\"executed\": 100},"
        "   \"do\": {\"stop\": {\"cancel\": \"queued\","
        "    \"per_minute\": 1000}}}]},"
        " \"attempt\": {\"timeout\": {\"from\": \"started\","
        "   \"after\": \"60m\"},"
        "  \"retry\": {\"on\": {\"failed\": 3}, \"total\": 10, \"wait\": 0}},"
        " \"windows\": {\"rollout\": {\"start\": 0, \"end\": \"7d\","
        "   \"at_end\": \"stop\"},"
        "  \"offer\": [{\"cron\": \"cron(0 2 * * ? *)\", \"for\": \"3h\","
        "   \"tz\": \"UTC\"}]},"
        " \"device\": {\"learn\": {\"by\": \"push\"}},"
        " \"transfer\": {\"url_ttl\": \"60m\", \"resume\": true}}",
        "");
}

static void test_hawkbit_example(void **state)
{
    (void)state;
    import_policy_is(
        "hawkbit", "hawkbit-rollout.json",
        "{\"policy\": 1, \"name\": \"hawkbit\","
        " \"target\": {\"created\": \"before_rollout\","
        "  \"if_current\": \"succeed\"},"
        " \"waves\": {\"equal\": 5, \"assign\": \"create\","
        "  \"order\": \"created\", \"overlap\": \"open\"},"
        " \"rules\": {\"eval\": {\"every\": \"2s\"}, \"math\": \"float32\","
        "  \"list\": [{\"scope\": \"wave\", \"if\": {\"share\": \"failed\","
        "     \"of\": \"total\", \"op\": \">\", \"pct\": 10},"
        "    \"do\": {\"pause\": {\"evaluate\": false}}},"
        "   {\"scope\": \"wave\", \"if\": {\"any\": ["
        "     {\"state\": \"complete\"},"
        "     {\"share\": \"succeeded\", \"of\": \"total\", \"op\": \">=\","
        "      \"pct\": 50}]}, \"do\": \"next_wave\"}]},"
        " \"device\": {\"learn\": {\"by\": \"poll\", \"every\": \"5m\","
        "  \"phase\": \"random\"}},"
        " \"operator\": {\"resume\": {\"after\": \"8h\", \"max\": 1}}}",
        "+target.where +waves.fill");
}

static void test_mender_example(void **state)
{
    (void)state;
    import_policy_is(
        "mender", "mender-phases.json",
        "{\"policy\": 1, \"name\": \"mender\","
        " \"target\": {\"late\": \"last_wave\"},"
        " \"waves\": {\"assign\": \"poll\", \"list\": ["
        "  {\"size\": {\"pct\": 10, \"of\": \"initial\"},"
        "   \"start\": {\"at\": 0}},"
        "  {\"size\": {\"pct\": 20, \"of\": \"initial\"},"
        "   \"start\": {\"at\": \"2h\"}},"
        "  {\"size\": \"rest\", \"start\": {\"at\": \"26h\"}}]},"
        " \"attempt\": {\"retry\": {\"on\": {\"failed\": 2},"
        "  \"wait\": \"next_poll\"}},"
        " \"device\": {\"learn\": {\"by\": \"poll\", \"every\": \"30m\","
        "   \"phase\": \"boot\"},"
        "  \"poll_retry\": {\"first\": \"60s\", \"repeat\": 3, \"factor\": 2,"
        "   \"max\": \"5m\", \"give_up\": \"auto\"},"
        "  \"confirm\": {\"by\": \"self\", \"revert\": \"next_boot\","
        "   \"report\": \"confirm\"}},"
        " \"transfer\": {\"image\": \"delta_else_full\","
        "  \"delta_ready\": \"15m\", \"while_not_ready\": \"wait\","
        "  \"resume\": true, \"retry\": {\"count\": 10, \"wait\": \"60s\"}}}",
        "-transfer.retry");
}

static void test_nerveshub_example(void **state)
{
    (void)state;
    import_policy_is(
        "nerveshub", "nerveshub-group.json",
        "{\"policy\": 1, \"name\": \"nerveshub\","
        " \"target\": {\"late\": \"immediately\"},"
        " \"waves\": {\"order\": \"connected_longest\","
        "  \"reachable\": true},"
        " \"pace\": {\"in_flight\": {\"max\": 10, \"unit\": \"rollout\","
        "   \"counts\": \"offered\", \"stale\": \"30m\", \"sweep\": \"5m\"},"
        "  \"run\": {\"on\": \"event\", \"min_gap\": \"3s\","
        "   \"also_every\": \"2m\"}, \"late_paced\": true},"
        " \"attempt\": {\"penalty\": {\"on_failed\": \"1440m\","
        "  \"on_refused\": \"1440m\", \"after_attempts\": 3,"
        "  \"rate\": {\"n\": 5, \"within\": \"180s\"},"
        "  \"block\": \"1440m\"}},"
        " \"device\": {\"learn\": {\"by\": \"push\"},"
        "  \"confirm\": {\"by\": \"self\", \"revert\": \"next_boot\"}}}",
        "");
}

/* The step rules besides: an empty step passes, slots go stale, and blocked
 * devices take the group's penalties. */
static void test_nerveshub_workflow_example(void **state)
{
    (void)state;
    import_policy_is(
        "nerveshub", "nerveshub-workflow.json",
        "{\"policy\": 1, \"name\": \"nerveshub-workflow\","
        " \"waves\": {\"assign\": \"start\", \"order\": \"id\","
        "  \"overlap\": \"close\", \"list\": ["
        "  {\"name\": \"Canary\", \"where\": \"tag=canary & link=wifi\","
        "   \"size\": {\"count\": 20},"
        "   \"pace\": {\"in_flight\": {\"max\": 10, \"unit\": \"wave\"}},"
        "   \"rules\": {\"math\": \"ceil_count\", \"list\": ["
        "    {\"scope\": \"wave\", \"if\": {\"count\": \"blocked\","
        "      \"op\": \">=\", \"n\": 2}, \"do\": \"approve\"},"
        "    {\"scope\": \"wave\", \"if\": {\"any\": ["
        "      {\"count\": \"total\", \"op\": \"==\", \"n\": 0},"
        "      {\"share\": \"on_target\", \"of\": \"total\","
        "       \"op\": \">=\", \"pct\": 100}]}, \"do\": \"next_wave\"}]}},"
        "  {\"name\": \"Sign-off\", \"type\": \"approval\"},"
        "  {\"name\": \"Ten percent\", \"size\": {\"count\": 500},"
        "   \"pace\": {\"in_flight\": {\"max\": 50, \"unit\": \"wave\"}},"
        "   \"rules\": {\"math\": \"ceil_count\", \"list\": ["
        "    {\"scope\": \"wave\", \"if\": {\"share\": \"blocked\","
        "      \"of\": \"total\", \"op\": \">=\", \"pct\": 5},"
        "     \"do\": \"approve\"},"
        "    {\"scope\": \"wave\", \"if\": {\"any\": ["
        "      {\"count\": \"total\", \"op\": \"==\", \"n\": 0},"
        "      {\"share\": \"on_target\", \"of\": \"total\","
        "       \"op\": \">=\", \"pct\": 100}]}, \"do\": \"next_wave\"}]}},"
        "  {\"name\": \"Rest\", \"size\": \"rest\","
        "   \"pace\": {\"in_flight\": {\"max\": 100, \"unit\": \"wave\"}}}]},"
        " \"operator\": {\"approve\": \"4h\","
        "  \"skip_wave\": {\"age\": \"7d\"}}}",
        "+target "
        "+waves.list[0].pace.in_flight.counts "
        "+waves.list[0].pace.in_flight.stale "
        "+waves.list[0].pace.in_flight.sweep "
        "+waves.list[0].pace.run +waves.list[0].rules.list[0].once "
        "+waves.list[2].pace.in_flight.counts "
        "+waves.list[2].pace.in_flight.stale "
        "+waves.list[2].pace.in_flight.sweep "
        "+waves.list[2].pace.run +waves.list[2].rules.list[0].once "
        "+waves.list[3].pace.in_flight.counts "
        "+waves.list[3].pace.in_flight.stale "
        "+waves.list[3].pace.in_flight.sweep "
        "+waves.list[3].pace.run "
        "+attempt +device");
}

/* Batch 2 is judged at 97 %, what batch 3 asks; all others at 95 %. */
#define FC_LIST(pct)                                                           \
    "[{\"scope\": \"wave\", \"if\": {\"all\": [{\"state\": \"complete\"},"     \
    " {\"any\": [{\"count\": \"total\", \"op\": \"==\", \"n\": 0},"            \
    "  {\"share\": \"succeeded\", \"of\": \"total\", \"op\": \">=\","          \
    "   \"pct\": " pct "}]}]}, \"do\": \"next_wave\"},"                        \
    " {\"scope\": \"wave\", \"if\": {\"state\": \"complete\"},"                \
    "  \"do\": \"approve\"}]"

static void test_flightctl_example(void **state)
{
    (void)state;
    import_policy_is(
        "flightctl", "flightctl-policy.json",
        "{\"policy\": 1, \"name\": \"flightctl\","
        " \"waves\": {\"assign\": \"start\", \"reachable\": true,"
        "  \"order\": \"random\", \"round\": \"half_up\", \"list\": ["
        "  {\"where\": \"stage=canary\", \"size\": {\"count\": 1}},"
        "  {\"where\": \"region=emea\", \"cumulative\": true,"
        "   \"size\": {\"pct\": 10, \"of\": \"matched\"},"
        "   \"rules\": {\"eval\": {\"every\": \"30s\"},"
        "    \"math\": \"floor_pct\", \"list\": " FC_LIST(
            "97") "}},"
                  "  {\"size\": {\"pct\": 50, \"of\": \"fleet\"},"
                  "   \"cumulative\": true},"
                  "  {\"size\": \"rest\", \"reachable\": false}]},"
                  " \"pace\": {\"run\": {\"every\": \"30s\"}, \"in_flight\": {"
                  "  \"max\": 10, \"min_available\": 2, \"unit\": "
                  "\"label:store\","
                  "  \"counts\": \"started\"}},"
                  " \"rules\": {\"eval\": {\"every\": \"30s\"},"
                  "  \"math\": \"floor_pct\", \"list\": " FC_LIST(
                      "95") "},"
                            " \"attempt\": {\"timeout\": {\"from\": "
                            "\"offered\","
                            "  \"after\": \"24h\"}},"
                            " \"windows\": {\"download\": [{\"cron\": \"0 1 * "
                            "* *\","
                            "   \"for\": \"2h\", \"tz\": \"local\"}],"
                            "  \"install\": [{\"cron\": \"0 3 * * *\", "
                            "\"for\": \"1h\","
                            "   \"tz\": \"local\"}]}}",
        "+operator");
}

static void test_adu_example(void **state)
{
    (void)state;
    import_policy_is(
        "adu", "adu-deployment.json",
        "{\"policy\": 1, \"name\": \"adu\","
        " \"target\": {\"where\": \"ADUGroup=prod\","
        "  \"late\": \"immediately\"},"
        " \"rules\": {\"eval\": {\"on\": \"outcome\"}, \"list\": ["
        "  {\"scope\": \"rollout\", \"if\": {\"all\": ["
        "    {\"count\": \"failed\", \"op\": \">=\", \"n\": 10},"
        "    {\"share\": \"failed\", \"of\": \"total\", \"op\": \">=\","
        "     \"pct\": 5}]},"
        "   \"do\": {\"rollback\": {\"to\": \"previous\","
        "    \"who\": \"all\"}}}]},"
        " \"device\": {\"learn\": {\"by\": \"push\"}}}",
        "");
}

/* --- the policy reads back --- */

static const char *const files[][2] = {
    {"aws", "aws-job.json"},
    {"aws", "aws-ota.json"},
    {"aws", "aws-template.json"},
    {"aws", "aws-empty.json"},
    {"hawkbit", "hawkbit-rollout.json"},
    {"hawkbit", "hawkbit-groups.json"},
    {"hawkbit", "hawkbit-dynamic.json"},
    {"hawkbit", "hawkbit-plain.json"},
    {"mender", "mender-phases.json"},
    {"mender", "mender-conf.json"},
    {"nerveshub", "nerveshub-group.json"},
    {"nerveshub", "nerveshub-priority.json"},
    {"nerveshub", "nerveshub-workflow.json"},
    {"nerveshub", "nerveshub-steps.json"},
    {"flightctl", "flightctl-policy.json"},
    {"flightctl", "flightctl-fleet.json"},
    {"adu", "adu-deployment.json"},
    {"adu", "adu-plain.json"},
};

static void test_reads_back(void **state)
{
    (void)state;
    static const char frame[] =
        "{\"run\": {\"horizon\": \"20d\"}, \"release\": {\"app_version\": 2, "
        "\"app_size\": \"21KB\", \"needs_os\": \"0.7.0\"}, \"fleet\": "
        "[{\"name\": \"a\", \"count\": 100, \"platform\": \"electron\", "
        "\"labels\": {\"region\": {\"eu\": 0.4, \"emea\": 0.3, \"us\": 0.2, "
        "\"far east\": 0.1}, \"stage\": {\"canary\": 0.5, \"a\": 0.3, "
        "\"b c\": 0.2}, \"tag\": {\"beta\": 0.4, \"a\": 0.2, \"b\": 0.2, "
        "\"canary\": 0.2}, \"store\": {\"each\": 5}, \"ADUGroup\": \"prod\", "
        "\"site\": \"z\", \"fleet\": \"shops\"}, \"installed\": [{\"os\": "
        "\"0.6.0\"}], \"sleep\": {\"model\": \"always_on\"}, \"plan\": "
        "{\"model\": \"unlimited\"}}], \"policy\": %s}";

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct ota_import import =
            import_file(files[i][0], files[i][1], &import_plainly);
        struct ota_complaints complaints = {0};
        struct ota_scenario scenario;
        const size_t size = sizeof(frame) + strlen(import.policy);
        char *text = malloc(size);
        assert_non_null(text);
        snprintf(text, size, frame, import.policy);
        const bool ok = ota_scenario_read_text(
            &scenario, "s.json", text, strlen(text), NULL, 0, &complaints);
        ota_complaints_print(&complaints, stderr);
        if (!ok)
            fail_msg("%s", files[i][1]);
        ota_scenario_release(&scenario);
        free(text);
        ota_import_release(&import);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aws_example),
        cmocka_unit_test(test_hawkbit_example),
        cmocka_unit_test(test_mender_example),
        cmocka_unit_test(test_nerveshub_example),
        cmocka_unit_test(test_nerveshub_workflow_example),
        cmocka_unit_test(test_flightctl_example),
        cmocka_unit_test(test_adu_example),
        cmocka_unit_test(test_reads_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
