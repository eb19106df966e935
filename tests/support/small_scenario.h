/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * small_scenario.h - a scenario of two groups, "a" and "b", for tests that
 * change it by settings.
 */
#ifndef OTA_TEST_SMALL_SCENARIO_H
#define OTA_TEST_SMALL_SCENARIO_H

#include "sim/scenario/scenario.h"

extern const char small_scenario[];

/* Reads it as dir/small.json with these settings. */
bool small_read_sets(struct ota_scenario *scenario,
                     const struct ota_setting *settings, size_t count,
                     struct ota_complaints *complaints);

/* The same with one setting, or (path NULL) none. */
bool small_read_set(struct ota_scenario *scenario, const char *path,
                    const char *value, struct ota_complaints *complaints);

/* Reads a scenario's text and returns its dump, which the caller frees; the
 * test fails if it does not read. */
char *small_dump(const char *text);

#endif
