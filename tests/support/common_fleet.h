/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * common_fleet.h - for tests and benchmarks: the simulator's answer to the
 * common model, device by device.
 */
#ifndef OTA_TEST_COMMON_FLEET_H
#define OTA_TEST_COMMON_FLEET_H

#include "sim/scenario/scenario.h"
#include "tests/support/common_model.h"

/*
 * Runs the scenario file with the settings and fills devices[count], count
 * being how many the scenario must come to. Returns false with the reason on
 * stderr.
 */
bool common_fleet_run(const char *file, const struct ota_setting *settings,
                      size_t setting_count, int threads,
                      struct common_device *devices, size_t count);

#endif
