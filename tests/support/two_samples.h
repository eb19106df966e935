/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * two_samples.h - for tests: whether two samples come from one distribution.
 *
 * With n samples a side the largest distance D between the two distribution
 * functions exceeds c sqrt(2/n) with probability 2 exp(-2 c^2) as n grows, if
 * the samples come from one continuous law, and less often if that is
 * discrete. Over K comparisons c = sqrt(ln(2 K / a) / 2) keeps the chance that
 * any exceeds it below a. Source: Smirnov (1948); Hodges, Arkiv foer Matematik
 * 3 (1958) 469-486.
 */
#ifndef OTA_TEST_TWO_SAMPLES_H
#define OTA_TEST_TWO_SAMPLES_H

#include <stddef.h>

/* Returns D; sorts both samples. */
double two_samples_distance(double *a, double *b, size_t n);

/* Returns what D exceeds with a chance of `level` in any of the comparisons. */
double two_samples_critical(size_t n, int comparisons, double level);

#endif
