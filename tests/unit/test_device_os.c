/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_device_os.c - what the platforms are, and from which release on a
 * Device OS can do what. Version numbers are those of system/
 * system-versions.md in particle-iot/device-os.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "models/firmware/device_os.h"
#include "sim/scenario/catalog_data.h"

static void platforms_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int generation;
        bool tcp, cellular;
    } wanted[] = {
        {"photon", 2, true, false},   {"p1", 2, true, false},
        {"electron", 2, false, true}, {"argon", 3, false, false},
        {"boron", 3, false, true},    {"bsom", 3, false, true},
        {"b5som", 3, false, true},    {"esomx", 3, false, true},
        {"tracker", 3, false, true},  {"p2", 4, false, false},
        {"msom", 4, false, true},     {"esp32", 0, false, false},
        {"", 0, false, false},        {"Photon", 0, false, false},
    };

    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
        const struct ota_device_os os = ota_device_os(wanted[i].name, 4711);
        assert_int_equal(os.generation, wanted[i].generation);
        assert_int_equal(os.tcp, wanted[i].tcp);
        assert_int_equal(os.cellular, wanted[i].cellular);
        assert_int_equal(os.system, 4711);
    }
}

static void every_platform_of_the_catalogue_is_known(void **state)
{
    (void)state;
    int seen = 0;

    for (size_t i = 0; ota_catalog_data[i]; i++) {
        const char *key = strstr(ota_catalog_data[i], "\"p\":\"");
        char name[32];
        if (!key || sscanf(key, "\"p\":\"%31[^\"]", name) != 1)
            continue;
        if (ota_device_os(name, 0).generation == 0)
            fail_msg("%s is not known", name);
        seen++;
    }
    assert_true(seen > 100);
}

typedef bool question(const struct ota_device_os *os);

/* The last version that cannot, on a platform, and the first that can. */
static void check_since(question *can, const char *platform, int32_t last,
                        int32_t first)
{
    const struct ota_device_os old = ota_device_os(platform, last);
    const struct ota_device_os recent = ota_device_os(platform, first);
    const struct ota_device_os latest = ota_device_os(platform, INT32_MAX);
    const struct ota_device_os none = ota_device_os(platform, 0);

    assert_false(can(&none));
    assert_false(can(&old));
    assert_true(can(&recent));
    assert_true(can(&latest));
}

static void features_come_with_their_release(void **state)
{
    (void)state;
    static const char *const all[] = {"photon", "electron", "boron", "p2"};

    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        check_since(ota_os_refuses_disabled, all[i], 7, 8);
        check_since(ota_os_tells_flags, all[i], 1104, 1213);
        check_since(ota_os_obeys_forced, all[i], 1104, 1213);
        check_since(ota_os_drops_fruitless, all[i], 1104, 1213);
        check_since(ota_os_resumes_safe_mode, all[i], 1401, 1403);
        check_since(ota_os_tells_status, all[i], 3302, 4006);
    }
}

static void photons_have_no_connection_id(void **state)
{
    (void)state;
    const struct ota_device_os photon = ota_device_os("photon", INT32_MAX);

    check_since(ota_os_has_connection_id, "electron", 3005, 3103);
    check_since(ota_os_has_connection_id, "boron", 3005, 3103);
    assert_false(ota_os_has_connection_id(&photon));
}

static void protocol_v3_is_not_for_generation_2(void **state)
{
    (void)state;
    const struct ota_device_os electron = ota_device_os("electron", INT32_MAX);
    const struct ota_device_os p2 = ota_device_os("p2", 1);

    check_since(ota_os_has_v3, "argon", 2302, 3005);
    check_since(ota_os_has_v3, "tracker", 2302, 3005);
    assert_false(ota_os_has_v3(&electron));
    assert_true(ota_os_has_v3(&p2));
}

static void compression_needs_a_bootloader_too(void **state)
{
    (void)state;
    const struct ota_device_os old = ota_device_os("boron", 1512);
    const struct ota_device_os first = ota_device_os("boron", 2008);
    const struct ota_device_os before = ota_device_os("boron", 3005);
    const struct ota_device_os combines = ota_device_os("boron", 3103);
    const struct ota_device_os electron = ota_device_os("electron", 3302);

    assert_false(ota_os_takes_compressed(&old, 1003));
    assert_false(ota_os_takes_compressed(&first, 999));
    assert_true(ota_os_takes_compressed(&first, 1000));
    assert_false(ota_os_takes_compressed(&electron, 1006));
    assert_false(ota_os_takes_combined(&before, 1005));
    assert_false(ota_os_takes_combined(&combines, 999));
    assert_true(ota_os_takes_combined(&combines, 1100));
}

static void of_others_only_limits_hold(void **state)
{
    (void)state;
    const struct ota_device_os other = ota_device_os("nrf9160", INT32_MAX);

    assert_true(ota_os_refuses_disabled(&other));
    assert_true(ota_os_drops_fruitless(&other));
    assert_true(ota_os_resumes_safe_mode(&other));
    assert_false(ota_os_tells_flags(&other));
    assert_false(ota_os_obeys_forced(&other));
    assert_false(ota_os_tells_status(&other));
    assert_false(ota_os_has_connection_id(&other));
    assert_false(ota_os_has_v3(&other));
    assert_false(ota_os_takes_compressed(&other, INT32_MAX));
    assert_false(ota_os_takes_combined(&other, INT32_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(platforms_are_known),
        cmocka_unit_test(every_platform_of_the_catalogue_is_known),
        cmocka_unit_test(features_come_with_their_release),
        cmocka_unit_test(photons_have_no_connection_id),
        cmocka_unit_test(protocol_v3_is_not_for_generation_2),
        cmocka_unit_test(compression_needs_a_bootloader_too),
        cmocka_unit_test(of_others_only_limits_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
