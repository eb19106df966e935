/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_scenario_catalog.c - the catalogue lives as long as the scenario that
 * was read with it: a device asks it, while time runs, whether it accepts a
 * module.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "models/firmware/path.h"
#include "sim/scenario/scenario.h"

static const char text[] =
    "{ \"release\": {\"app_version\": 1, \"app_size\": \"0B\","
    "                \"needs_os\": \"0.6.4\"},"
    "  \"delivery\": {\"model\": \"script\"},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 1,"
    "    \"platform\": \"electron\","
    "    \"installed\": [{\"os\": \"0.4.8-rc.6\"}],"
    "    \"sleep\": {\"model\": \"always_on\"} }] }";

/* Overwrites what a reader that has returned left on the stack. */
static void scribble(void)
{
    volatile unsigned char left[65536];

    for (size_t i = 0; i < sizeof(left); i++)
        left[i] = 0xff;
}

/* Firmware before 0.5.3 does not know a third system part. */
static void paths_ask_it_after_reading(void **state)
{
    (void)state;
    struct ota_complaints complaints = {0};
    struct ota_scenario scenario;

    const bool ok = ota_scenario_read_text(&scenario, "test", text,
                                           strlen(text), NULL, 0, &complaints);
    if (!ok)
        ota_complaints_print(&complaints, stderr);
    assert_true(ok);
    scribble();
    const struct ota_path *path = &scenario.fleet.groups[0].variants[0].path;
    const int third = ota_slot_from_text("s3");
    size_t step = 0;
    while (path->steps[step].module.slot != third)
        step++;
    assert_true(step < path->count);
    assert_int_equal(ota_path_acceptance(path, 0, step),
                     OTA_REFUSED_UNKNOWN_SLOT);
    assert_int_equal(ota_path_acceptance(path, 0, 0), OTA_ACCEPTED);
    ota_scenario_release(&scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_ask_it_after_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
