/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_attributes.c - what is known of devices beforehand: the same that they
 * then are.
 */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/fleet/attributes.h"
#include "tests/support/near.h"
#include "tests/support/one_run.h"

enum { A = 10000, B = 17, C = 5000 };

/* Three groups: drawn labels, labels by number, none. */
static const char fleet[] =
    "{ \"run\": {\"horizon\": \"1d\", \"seed\": 3},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"512B\"},"
    "  \"fleet\": [{ \"name\": \"a\", \"count\": 10000,"
    "    \"platform\": \"electron\", \"product\": true,"
    "    \"installed\": [{\"os\": \"0.6.0\", \"share\": 0.75},"
    "                    {\"os\": \"0.7.0\", \"share\": 0.25}],"
    "    \"labels\": {\"stage\": \"canary\","
    "                 \"board\": {\"x\": 0.2, \"y\": 0.8},"
    "                 \"site\": {\"p\": 0.5, \"q\": 0.5}},"
    "    \"sleep\": {\"model\": \"always_on\"} },"
    "  { \"name\": \"b\", \"count\": 17, \"platform\": \"photon\","
    "    \"product\": false, \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"labels\": {\"site\": {\"each\": 5}},"
    "    \"sleep\": {\"model\": \"always_on\"} },"
    "  { \"name\": \"c\", \"count\": 5000, \"platform\": \"electron\","
    "    \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"labels\": {\"board\": {\"y\": 0.5, \"z\": 0.5}},"
    "    \"signal\": [{\"share\": 0.3, \"link\": {\"model\": \"wifi\"}},"
    "                  {\"share\": 0.7, \"link\": {\"model\": \"radio\"}}],"
    "    \"sleep\": {\"model\": \"always_on\"} }] }";

static struct ota_scenario scenario;
static const struct ota_random_key key = {.seed = 3};

static int set_up(void **state)
{
    struct ota_complaints complaints = {0};

    (void)state;
    if (ota_scenario_read_text(&scenario, "test", fleet, strlen(fleet), NULL, 0,
                               &complaints))
        return 0;
    ota_complaints_print(&complaints, stderr);
    return -1;
}

static int tear_down(void **state)
{
    (void)state;
    ota_scenario_release(&scenario);
    return 0;
}

static void check(uint64_t device, const char *attribute, const char *wanted)
{
    char buffer[32];

    assert_string_equal(ota_fleet_attribute(&scenario.fleet, &key, device,
                                            attribute, buffer, sizeof(buffer)),
                        wanted);
}

static void devices_are_numbered_over_groups(void **state)
{
    (void)state;
    static const struct {
        uint64_t device;
        size_t group;
        int64_t index;
    } cases[] = {{0, 0, 0},       {A - 1, 0, A - 1}, {A, 1, 0},
                 {A + 16, 1, 16}, {A + B, 2, 0},     {A + B + C - 1, 2, C - 1}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct ota_seat place =
            ota_fleet_seat(&scenario.fleet, cases[i].device);
        assert_int_equal(place.group, cases[i].group);
        assert_int_equal(place.index, cases[i].index);
        assert_int_equal(ota_fleet_group_of(&scenario.fleet, cases[i].device),
                         cases[i].group);
    }
}

static void groups_give_attributes(void **state)
{
    (void)state;
    check(0, "group", "a");
    check(A, "group", "b");
    check(A + B, "group", "c");
    check(0, "platform", "electron");
    check(A, "platform", "photon");
    check(0, "product", "true");
    check(A, "product", "false");
    check(0, "id", "0");
    check(A + B + 7, "id", "10024");
    check(A, "os", "0.7.0");
    check(0, "link", "radio");
    check(0, "stage", "canary");
    check(A, "stage", "");
    check(0, "colour", "");
    check(A, "site", "0");
    check(A + 4, "site", "0");
    check(A + 5, "site", "1");
    check(A + 16, "site", "3");
}

static double share_of(uint64_t from, uint64_t count, const char *attribute,
                       const char *value)
{
    uint64_t found = 0;
    char buffer[32];

    for (uint64_t i = from; i < from + count; i++)
        found += strcmp(ota_fleet_attribute(&scenario.fleet, &key, i, attribute,
                                            buffer, sizeof(buffer)),
                        value) == 0;
    return (double)found / (double)count;
}

static void check_share(uint64_t from, uint64_t count, const char *attribute,
                        const char *value, double share)
{
    assert_near(share_of(from, count, attribute, value), share,
                4 * sqrt(share * (1 - share) / (double)count));
}

static void shares_are_drawn(void **state)
{
    (void)state;
    check_share(0, A, "os", "0.6.0", 0.75);
    check_share(0, A, "os", "0.7.0", 0.25);
    check_share(0, A, "board", "x", 0.2);
    check_share(0, A, "board", "y", 0.8);
    check_share(0, A, "site", "p", 0.5);
    check_share(A + B, C, "link", "wifi", 0.3);
    check_share(A + B, C, "link", "radio", 0.7);
    check_share(A + B, C, "board", "z", 0.5);
}

/* Two labels of a device have nothing to do with each other. */
static void labels_are_independent(void **state)
{
    (void)state;
    int both = 0;
    char buffer[32];

    for (uint64_t i = 0; i < A; i++)
        both += *ota_fleet_attribute(&scenario.fleet, &key, i, "board", buffer,
                                     sizeof(buffer)) == 'x' &&
                *ota_fleet_attribute(&scenario.fleet, &key, i, "site", buffer,
                                     sizeof(buffer)) == 'p';
    assert_near(both / (double)A, 0.1, 4 * sqrt(0.1 * 0.9 / A));
}

/* What a run then makes of the same device. */
static void observe(void *self, const struct ota_observation *o)
{
    uint16_t *variants = self;
    variants[o->device] = o->variant;
}

static void a_run_agrees(void **state)
{
    (void)state;
    static uint16_t variants[A + B + C];
    const struct ota_observer observer = {
        .wants = 1u << OTA_SEEN_FINAL, .observe = observe, .self = variants};
    struct one_run run;

    one_run(&run, fleet, NULL, 2, &observer);
    for (uint64_t i = 0; i < run.count; i++) {
        const struct ota_seat place = ota_fleet_seat(&scenario.fleet, i);
        check(i, "os",
              scenario.fleet.groups[place.group].variants[variants[i]].os);
    }
    one_run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_are_numbered_over_groups),
        cmocka_unit_test(groups_give_attributes),
        cmocka_unit_test(shares_are_drawn),
        cmocka_unit_test(labels_are_independent),
        cmocka_unit_test(a_run_agrees),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
