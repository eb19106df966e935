/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * one_run.h - for tests: a scenario given as text, run once, and what became
 * of every device.
 */
#ifndef OTA_TEST_ONE_RUN_H
#define OTA_TEST_ONE_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "sim/fleet/observation.h"
#include "sim/scenario/scenario.h"

struct one_run {
    struct ota_scenario scenario;
    struct ota_device_record *records; /* by device */
    size_t count;
};

/*
 * Reads text with the settings ("path=value", ended by NULL; may be NULL)
 * applied and runs its first replication. Any complaint fails the test.
 * `also` hears all it wants, from one thread; may be NULL.
 */
void one_run(struct one_run *run, const char *text, const char *const *settings,
             int threads, const struct ota_observer *also);

/* The same for a scenario file. */
void one_run_file(struct one_run *run, const char *file,
                  const char *const *settings, int threads,
                  const struct ota_observer *also);

void one_run_release(struct one_run *run);

#endif
