/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * app.c - the app models.
 */
#include "models/app/app.h"

#include <stddef.h>

const struct ota_app_model *const ota_app_models[] = {
    &ota_app_fixed,
    &ota_app_long_every,
    NULL,
};
