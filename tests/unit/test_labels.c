/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_labels.c - which devices are one unit of a label?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/fleet/attributes.h"
#include "sim/fleet/labels.h"

/* site: 0 and 1 in a, by number; b has none; 1 and 2 in c, by number and from
 * 1 on; 2 in d, as a text. */
static const struct ota_label_value two = {.text = "2", .share = 1};
static const struct ota_label sites[] = {
    {.key = "site", .each = 2},
    {.key = "site", .each = 1, .from = 1},
    {.key = "site", .values = &two, .value_count = 1},
};
static const struct ota_group groups[] = {
    {.count = 3, .labels = &sites[0], .label_count = 1},
    {.count = 2},
    {.count = 2, .labels = &sites[1], .label_count = 1},
    {.count = 1, .labels = &sites[2], .label_count = 1},
};
enum { DEVICES = 3 + 2 + 2 + 1 };
static const struct ota_fleet_config config = {.groups = groups,
                                               .group_count = 4};
static const struct ota_random_key key = {.seed = 1};

static void the_same_text_is_one_unit_in_any_group(void **state)
{
    struct ota_attribute_source source = {&config, &key};
    struct ota_labels labels;
    /* "0" "0" "1" "" "" "1" "2" "2", which as text are "" < "0" < "1" < "2" */
    static const uint32_t units[DEVICES] = {0, 0, 1, 2, 2, 1, 3, 3};
    static const uint32_t ranks[] = {1, 2, 0, 3};

    (void)state;
    assert_true(ota_labels_init(&labels, "site", DEVICES,
                                ota_fleet_attribute_of, &source));
    assert_string_equal(labels.key, "site");
    assert_int_equal(labels.count, 4);
    for (size_t i = 0; i < DEVICES; i++)
        assert_int_equal(labels.unit_of[i], units[i]);
    for (size_t i = 0; i < labels.count; i++)
        assert_int_equal(labels.rank[i], ranks[i]);
    ota_labels_release(&labels);

    /* Nobody has a colour. */
    assert_true(ota_labels_init(&labels, "colour", DEVICES,
                                ota_fleet_attribute_of, &source));
    assert_int_equal(labels.count, 1);
    for (size_t i = 0; i < DEVICES; i++)
        assert_int_equal(labels.unit_of[i], 0);
    ota_labels_release(&labels);
}

static void nobody_is_no_unit(void **state)
{
    struct ota_attribute_source source = {&config, &key};
    struct ota_labels labels;

    (void)state;
    assert_true(
        ota_labels_init(&labels, "site", 0, ota_fleet_attribute_of, &source));
    assert_int_equal(labels.count, 0);
    ota_labels_release(&labels);
    ota_labels_release(&labels);
}

/* As many values as make the table grow a few times. */
static const char *odd(void *self, uint64_t device, const char *name,
                       char *buffer, size_t size)
{
    (void)name;
    snprintf(buffer, size, "%05u",
             (unsigned)(device * *(const uint64_t *)self % 10007));
    return buffer;
}

static void many_values(void **state)
{
    enum { MANY = 20000, VALUES = 10007 };
    uint64_t factor = 5003;
    struct ota_labels labels;

    (void)state;
    assert_true(ota_labels_init(&labels, "odd", MANY, odd, &factor));
    assert_int_equal(labels.count, VALUES);
    for (uint64_t i = 0; i < MANY; i++) {
        assert_int_equal(labels.unit_of[i], i % VALUES);
        assert_int_equal(labels.rank[labels.unit_of[i]], i * factor % VALUES);
    }
    ota_labels_release(&labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_text_is_one_unit_in_any_group),
        cmocka_unit_test(nobody_is_no_unit),
        cmocka_unit_test(many_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
