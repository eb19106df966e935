/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * firmware_modular.c - modules take effect one at a time, each with a reset.
 *
 * The time to apply is a draw and a share by size. Of Device OS only totals are
 * published, with the reconnect in them, so by default the size does not count;
 * of other bootloaders the copying is what takes time.
 */
#include "models/firmware/firmware.h"

#include <assert.h>
#include <stddef.h>

#include "sim/base/clock.h"
#include "sim/base/random.h"

enum { KIB = 1024 };

/* per_kib of size_bytes, to the microsecond below. */
static int64_t copy_us(int64_t per_kib_us, int64_t size_bytes)
{
    return size_bytes / KIB * per_kib_us + size_bytes % KIB * per_kib_us / KIB;
}

static int64_t modular_apply_us(const void *opaque, int64_t size_bytes,
                                gsl_rng *rng, bool *applied)
{
    const struct ota_firmware_modular_config *config = opaque;

    assert(size_bytes > 0);
    *applied = ota_uniform(rng) >= config->silent_failure;
    return ota_us_add(ota_dist_draw_us(&config->apply, rng),
                      copy_us(config->apply_us_per_kib, size_bytes));
}

static bool modular_fails(const void *opaque, gsl_rng *rng)
{
    const struct ota_firmware_modular_config *config = opaque;

    return config->failure > 0 && ota_uniform(rng) < config->failure;
}

static bool modular_power_loss_bricks(const void *opaque, gsl_rng *rng)
{
    const struct ota_firmware_modular_config *config = opaque;

    return ota_uniform(rng) < config->power_loss_bricks;
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
        .name = "apply_per_kib",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset =
            offsetof(struct ota_firmware_modular_config, apply_us_per_kib),
        .fallback = "0s",
        .min = 0,
        .max = (double)OTA_US_PER_H,
        .help = "and for each KiB of the module; MCUboot on nRF5340: 109.1ms "
                "(swap-move, 165 KiB in 18 s), 71.4ms (swap-offset, 182 KiB in "
                "13 s)",
        .source = "assumption: Device OS copies fast enough for `apply` to "
                  "hold it; MCUboot: mcu-tools/mcuboot PR 2162",
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
    {
        .name = "failure",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_firmware_modular_config, failure),
        .fallback = "0",
        .min = 0,
        .max = 1,
        .help = "share of modules that fail to install whatever the release, "
                "which the device reports; it is then not offered the release "
                "again unless the policy tries again",
        .source = "ours: no field data is published",
    },
    {
        .name = "power_loss_bricks",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset =
            offsetof(struct ota_firmware_modular_config, power_loss_bricks),
        .fallback = "0",
        .min = 0,
        .max = 1,
        .help = "share of power losses while a module is applied that brick "
                "the device",
        .source = "assumption: the bootloaders of Gen 2 and 3 copy from an "
                  "intact image and start over when power is back "
                  "(particle-iot/device-os, bootloader/); no rate is published",
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
    .fails = modular_fails,
    .power_loss_bricks = modular_power_loss_bricks,
};
