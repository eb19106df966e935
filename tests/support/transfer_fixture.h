/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transfer_fixture.h - for tests: one transfer over a given air.
 */
#ifndef OTA_TEST_TRANSFER_FIXTURE_H
#define OTA_TEST_TRANSFER_FIXTURE_H

#include <stdint.h>

#include "models/transfer/transfer.h"

/* Returns a job that begins at 1 ms and that nothing cuts off or caps, for a
 * device of no known Device OS. Its air is left to transfer_fixture_run(). */
struct ota_transfer_job transfer_fixture_job(int64_t size_bytes);

/* Runs the job over a copy of the air, put into the state that an arbitrary
 * instant finds, on a stream of a fixed seed; index tells streams apart. */
struct ota_transfer_result
transfer_fixture_run(const struct ota_transfer_model *model, const void *config,
                     const struct ota_air *air, struct ota_transfer_job job,
                     uint64_t index);

#endif
