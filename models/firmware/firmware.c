/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * firmware.c - the firmware models.
 */
#include "models/firmware/firmware.h"

#include <stddef.h>

const struct ota_firmware_model *const ota_firmware_models[] = {
    &ota_firmware_modular,
    NULL,
};
