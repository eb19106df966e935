/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * device_list.h - the records of a run's devices in memory, for tests that look
 * at them.
 */
#ifndef TESTS_DEVICE_LIST_H
#define TESTS_DEVICE_LIST_H

#include "sim/stats/results.h"

struct device_list {
    struct ota_device_sink sink; /* puts them here */
    size_t count;
    struct ota_device_record *records; /* by device */
    int *puts;                         /* by device: how often it came */
};

void device_list_init(struct device_list *list, size_t count);
void device_list_release(struct device_list *list);

#endif
