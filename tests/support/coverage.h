/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * coverage.h - for tests: how often an interval held, against how often it
 * must.
 */
#ifndef OTA_TEST_COVERAGE_H
#define OTA_TEST_COVERAGE_H

enum { COVERAGE_REPEATS = 2000 };

/* Fails the test if hits in COVERAGE_REPEATS are more than four binomial
 * standard errors from `wanted`; or below it. */
void coverage_is(const char *what, int hits, double wanted);
void coverage_is_at_least(const char *what, int hits, double wanted);

#endif
