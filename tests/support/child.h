/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * child.h - for benchmarks: another program, run and measured.
 */
#ifndef OTA_TEST_CHILD_H
#define OTA_TEST_CHILD_H

#include <stdbool.h>
#include <stddef.h>

struct child_run {
    double wall_s;
    double cpu_s;   /* user and system, of all its threads */
    double peak_mb; /* the most memory it held, 1e6 bytes */
};

/* Runs argv (ended by NULL; the first found by PATH) to its end, its standard
 * output in `output`, cut to size. Returns false if it failed. */
bool child_run(char *const argv[], char *output, size_t size,
               struct child_run *run);

/* The middle one; sorts them. */
double child_median(double *values, size_t count);

#endif
