/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * device_list.c - see device_list.h.
 */
#include "tests/support/device_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Called by several threads: no assertions. */
static void put(void *self, size_t lane, uint64_t device,
                const struct ota_device_record *record)
{
    struct device_list *list = self;

    (void)lane;
    list->records[device] = *record;
    list->puts[device]++;
}

void device_list_init(struct device_list *list, size_t count)
{
    *list = (struct device_list){
        .sink = {.self = list, .put = put},
        .count = count,
        .records = calloc(count, sizeof(*list->records)),
        .puts = calloc(count, sizeof(*list->puts)),
    };
    assert_true(list->records && list->puts);
}

void device_list_release(struct device_list *list)
{
    free(list->records);
    free(list->puts);
}
