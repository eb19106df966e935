/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transfer_fixture.c - see transfer_fixture.h.
 */
#include "tests/support/transfer_fixture.h"

#include "sim/base/clock.h"
#include "sim/base/random.h"

struct ota_transfer_job transfer_fixture_job(int64_t size_bytes)
{
    return (struct ota_transfer_job){
        .size_bytes = size_bytes,
        .begin_us = OTA_US_PER_MS,
        .cut_us = OTA_NEVER,
        .data_left_bytes = INT64_MAX,
    };
}

struct ota_transfer_result
transfer_fixture_run(const struct ota_transfer_model *model, const void *config,
                     const struct ota_air *air, struct ota_transfer_job job,
                     uint64_t index)
{
    const struct ota_random_key key = {.seed = 7};
    struct ota_air copy = *air;
    struct ota_stream stream;

    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_TRANSFER, index);
    ota_air_start(&copy, job.begin_us, &stream.rng);
    job.air = &copy;
    /* The result is plain numbers and points to nothing. */
    /* cppcheck-suppress returnDanglingLifetime */
    return model->run(config, &job, &stream.rng);
}
