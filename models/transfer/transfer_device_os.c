/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transfer_device_os.c - the protocol and constants of the Device OS that runs
 * on the device when the transfer begins.
 *
 *     release                      protocol  flights  request rule   patience
 *     Gen 2, and Gen 3 before      fast      50       up to 50       Wi-Fi 30
 * s, 1.0.0                                                        cellular 90 s
 *     Gen 2, and Gen 3 from 1.0.0  fast      40       growing to 40  Wi-Fi 30
 * s, cellular 300 s Gen 3 from 3.0.0, Gen 4      v3 300 s
 *
 * Wi-Fi devices of Gen 3 have a network coprocessor and wait 300 s, too. Argon
 * asks for 20 chunks at most from 2.0.0; which platform it is is not known
 * here, so that is left out (set `request`). A device that is not Particle's
 * is taken for one of Gen 2 on UDP; such fleets are better served by "block".
 *
 * Source: particle-iot/device-os, communication/inc/protocol_defs.h,
 * communication/src/{chunked_transfer,firmware_update}.cpp, system/inc/
 * system_cloud.h and system/src/main.cpp at v0.4.9, v0.6.2, v1.0.0, v2.0.0,
 * v3.0.0 and v6.2.0; pull request 1558.
 */
#include <stddef.h>

#include "models/transfer/account.h"
#include "models/transfer/old.h"
#include "sim/base/clock.h"

enum { OS_1_0_0 = 1000 };

static const char *const protocols[] = {
    [OTA_TRANSFER_BY_RELEASE] = "by_release",
    [OTA_TRANSFER_SLOW] = "slow",
    [OTA_TRANSFER_FAST] = "fast",
    [OTA_TRANSFER_V3] = "v3",
    NULL,
};

static int64_t given_or(int64_t given, int64_t by_release)
{
    return given ? given : by_release;
}

/* How long the device waits for a chunk. */
static int64_t patience_us(const struct ota_device_os *os)
{
    if (os->generation >= 3 || (os->cellular && os->system >= OS_1_0_0))
        return 300 * OTA_US_PER_S;
    return (os->cellular || !os->generation ? 90 : 30) * OTA_US_PER_S;
}

/* The protocol's model, with its config. */
struct spoken {
    const struct ota_transfer_model *model;
    union {
        struct ota_transfer_slow_config slow;
        struct ota_transfer_fast_config fast;
        struct ota_transfer_v3_config v3;
    } config;
};

static void speak_slow(const struct ota_transfer_device_os_config *config,
                       const struct ota_device_os *os, struct spoken *spoken)
{
    spoken->model = &ota_transfer_slow;
    spoken->config.slow = (struct ota_transfer_slow_config){
        .fidelity = config->fidelity,
        .chunk_bytes = config->chunk_bytes,
        .stall_us = given_or(config->stall_us, patience_us(os)),
    };
}

static void speak_fast(const struct ota_transfer_device_os_config *config,
                       const struct ota_device_os *os, struct spoken *spoken)
{
    const bool grows = os->system >= OS_1_0_0;

    spoken->model = &ota_transfer_fast;
    spoken->config.fast = (struct ota_transfer_fast_config){
        .fidelity = config->fidelity,
        .chunk_bytes = config->chunk_bytes,
        .flight_chunks = given_or(config->flight_chunks, grows ? 40 : 50),
        .request_chunks = given_or(config->request_chunks, grows ? 40 : 50),
        .request_rule =
            grows ? OTA_TRANSFER_REQUEST_GROWING : OTA_TRANSFER_REQUEST_ALL,
        .stall_us = given_or(config->stall_us, patience_us(os)),
    };
}

static void speak_v3(const struct ota_transfer_device_os_config *config,
                     struct spoken *spoken)
{
    spoken->model = &ota_transfer_v3;
    spoken->config.v3 = (struct ota_transfer_v3_config){
        .fidelity = config->fidelity,
        .chunk_bytes = config->chunk_bytes / 4 * 4,
        .window_bytes = 131072,
        .ack_every_chunks = 2,
        .ack_delay_us = 200 * OTA_US_PER_MS,
        .stall_us = given_or(config->stall_us, 300 * OTA_US_PER_S),
        .flush_us = 30 * OTA_US_PER_S,
        .duplicates = config->duplicates,
    };
}

static void speak(const struct ota_transfer_device_os_config *config,
                  const struct ota_device_os *os, struct spoken *spoken)
{
    int protocol = config->protocol;

    if (protocol == OTA_TRANSFER_BY_RELEASE)
        protocol = ota_os_has_v3(os) ? OTA_TRANSFER_V3 : OTA_TRANSFER_FAST;
    switch (protocol) {
    case OTA_TRANSFER_SLOW:
        speak_slow(config, os, spoken);
        break;
    case OTA_TRANSFER_FAST:
        speak_fast(config, os, spoken);
        break;
    default:
        speak_v3(config, spoken);
        break;
    }
}

static struct ota_transfer_result
device_os_run(const void *config, const struct ota_transfer_job *job,
              gsl_rng *rng)
{
    struct spoken spoken;

    speak(config, &job->os, &spoken);
    return spoken.model->run(&spoken.config, job, rng);
}

static bool device_os_expect(const void *config,
                             const struct ota_transfer_job *job, double first,
                             struct ota_transfer_mean *mean)
{
    struct spoken spoken;

    speak(config, &job->os, &spoken);
    return spoken.model->expect(&spoken.config, job, first, mean);
}

static const char *device_os_problem(const void *opaque)
{
    const struct ota_transfer_device_os_config *config = opaque;

    if (config->chunk_bytes % 4 != 0)
        return "chunk_size is not a multiple of 4; take 512B";
    if (config->stall_us && config->stall_us < OTA_US_PER_S)
        return "stall is less than 1s; take 0s to have that of the release";
    return NULL;
}

static const struct ota_field device_os_fields[] = {
    OTA_TRANSFER_FIDELITY_FIELD(struct ota_transfer_device_os_config),
    {
        .name = "protocol",
        .kind = OTA_FIELD_CHOICE,
        .offset = offsetof(struct ota_transfer_device_os_config, protocol),
        .fallback = "by_release",
        .choices = protocols,
        .help = "by_release: v3 on Gen 3 from Device OS 3.0.0 and on Gen 4, "
                "else fast",
        .source = "particle-iot/device-os, hal/inc/hal_platform.h, v3.0.0",
    },
    OTA_OLD_CHUNK_FIELD(struct ota_transfer_device_os_config),
    {
        .name = "flight",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset = offsetof(struct ota_transfer_device_os_config, flight_chunks),
        .fallback = "0",
        .min = 0,
        .max = (double)OTA_TRANSFER_CHUNKS_MAX,
        .help = "fast: chunks in the cloud's first flight; 0: by release, 50 "
                "or 40 from Device OS 1.0.0",
        .source = "particle-iot/device-os, pull request 1558",
    },
    {
        .name = "request",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset =
            offsetof(struct ota_transfer_device_os_config, request_chunks),
        .fallback = "0",
        .min = 0,
        .max = (double)OTA_TRANSFER_CHUNKS_MAX,
        .help = "fast: most missed chunks asked for at once; 0: by release, 50 "
                "or 40 from Device OS 1.0.0 (Argon 20 from 2.0.0)",
        .source = "particle-iot/device-os, communication/inc/protocol_defs.h",
    },
    {
        .name = "stall",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_transfer_device_os_config, stall_us),
        .fallback = "0s",
        .min = 0,
        .max = (double)OTA_US_PER_DAY,
        .help = "without a chunk for so long, the device gives up; 0s: by "
                "release, Gen 2 Wi-Fi 30s, cellular 90s or 300s from Device "
                "OS 1.0.0, else 300s",
        .source = "particle-iot/device-os, system/inc/system_cloud.h and "
                  "system/src/main.cpp",
    },
    {
        .name = "duplicates",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_transfer_device_os_config, duplicates),
        .fallback = "0.51",
        .min = 0,
        .max = 1,
        .help = "v3: share of chunks that the cloud sends once more than "
                "needed",
        .source =
            "375 duplicates of 730 chunks in a log that Particle published in "
            "2024",
    },
    {.name = NULL},
};

const struct ota_transfer_model ota_transfer_device_os = {
    .model =
        {
            .name = "device_os",
            .summary = "what the Device OS on the device speaks: fast, or v3 "
                       "on Gen 3 from 3.0.0 and on Gen 4",
            .source = "particle-iot/device-os, communication/src/"
                      "{chunked_transfer,firmware_update}.cpp",
            .config_size = sizeof(struct ota_transfer_device_os_config),
            .fields = device_os_fields,
            .problem = device_os_problem,
        },
    .run = device_os_run,
    .expect = device_os_expect,
};
