/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * firmware_modular.c - modules take effect one at a time, each with a reset.
 *
 * The time to apply does not depend on the module's size: only totals are
 * published, with the reconnect in them.
 */
#include "models/firmware/firmware.h"

#include <assert.h>
#include <stddef.h>

#include "sim/base/clock.h"

static int64_t modular_apply_us(const void *opaque, int64_t size_bytes,
                                gsl_rng *rng, bool *applied)
{
    const struct ota_firmware_modular_config *config = opaque;

    assert(size_bytes > 0);
    (void)size_bytes;
    *applied = gsl_rng_uniform(rng) >= config->silent_failure;
    return ota_dist_draw_us(&config->apply, rng);
}

static const struct ota_field modular_fields[] = {
    {
        .name = "apply",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_firmware_modular_config, apply),
        .fallback = "uniform(5s, 10s)",
        .min = 0,
        .max = (double)OTA_US_PER_DAY,
        .help = "from the end of a transfer until the device runs again",
        .source = "community reports: a Photon's LED flashes for 5 to 10 s "
                  "when an update is good",
    },
    {
        .name = "silent_failure",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_firmware_modular_config, silent_failure),
        .fallback = "0",
        .min = 0,
        .max = 1,
        .help = "share of modules that do not take effect though the transfer "
                "went well",
        .source = "none published; one community thread reports about 10 %",
    },
    {.name = NULL},
};

const struct ota_firmware_model ota_firmware_modular = {
    .model =
        {
            .name = "modular",
            .summary = "each module is applied with a reset of its own",
            .source = "particle-iot/device-os, system/src/system_update.cpp",
            .config_size = sizeof(struct ota_firmware_modular_config),
            .fields = modular_fields,
        },
    .apply_us = modular_apply_us,
};
