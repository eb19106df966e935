/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link.c - the link models.
 */
#include "models/link/link.h"

const struct ota_link_model *const ota_link_models[] = {
    &ota_link_radio,
    &ota_link_wifi,
    NULL,
};
