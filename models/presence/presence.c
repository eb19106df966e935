/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * presence.c - the presence models.
 */
#include "models/presence/presence.h"

const struct ota_presence_model *const ota_presence_models[] = {
    &ota_presence_always,
    &ota_presence_on_off,
    NULL,
};
