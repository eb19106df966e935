/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * firmware.h - kind of model: what happens to a module once it is on the
 * device.
 */
#ifndef OTA_FIRMWARE_H
#define OTA_FIRMWARE_H

#include <stdbool.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

#include "sim/base/dist.h"
#include "sim/base/model.h"

struct ota_firmware_model {
    struct ota_model model;

    /* Returns the time from the end of the transfer until the device runs
     * again [us], and in *applied whether the module took effect; if not, the
     * old one runs on and nobody is told. */
    int64_t (*apply_us)(const void *config, int64_t size_bytes, gsl_rng *rng,
                        bool *applied);

    /* Returns whether the device fails to install a module, whatever it is,
     * and says so. Draws nothing where that never happens. */
    bool (*fails)(const void *config, gsl_rng *rng);

    /* Returns whether a device whose power fails while it applies a module is
     * bricked; otherwise it goes on when power is back. */
    bool (*power_loss_bricks)(const void *config, gsl_rng *rng);
};

struct ota_firmware {
    const struct ota_firmware_model *model;
    const void *config;
};

struct ota_firmware_modular_config {
    struct ota_dist apply;    /* reset, copy and boot, whatever the size */
    int64_t apply_us_per_kib; /* and for each KiB of the module */
    double silent_failure;    /* share of modules that do not take effect */
    double failure;           /* that fail to install, which is reported */
    double power_loss_bricks; /* share of power losses in it that brick */
};

extern const struct ota_firmware_model ota_firmware_modular;

/* Every firmware model, ended by NULL. */
extern const struct ota_firmware_model *const ota_firmware_models[];

#endif
