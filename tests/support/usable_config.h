/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * usable_config.h - a config of any model, ready to compute with.
 */
#ifndef OTA_TEST_USABLE_CONFIG_H
#define OTA_TEST_USABLE_CONFIG_H

#include "sim/base/arena.h"
#include "sim/base/model.h"

/* Returns a config with every default, something likely where there is none,
 * prepared and without a problem; the test fails otherwise. */
void *usable_config(const struct ota_model *model, struct ota_arena *arena);

#endif
