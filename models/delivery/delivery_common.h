/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delivery_common.h - what the delivery models share: all but the trigger.
 * Private to this folder.
 */
#ifndef OTA_DELIVERY_COMMON_H
#define OTA_DELIVERY_COMMON_H

#include "models/delivery/delivery.h"

extern const struct ota_field ota_delivery_fields[];

int64_t ota_delivery_delay_us(const void *config, gsl_rng *rng);
int64_t ota_delivery_attempts_max(const void *config);

#endif
