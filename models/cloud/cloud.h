/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cloud.h - what the network between the server and the devices can carry at
 * most, beside what each device's link can.
 */
#ifndef OTA_CLOUD_H
#define OTA_CLOUD_H

#include <stdint.h>

#include "sim/base/field.h"

struct ota_cloud_config {
    int64_t egress_bit_s;  /* what all downloads share; 0: no limit */
    const char *uplink_of; /* a label: devices of one value of it share an
                            * uplink; "": none do */
    int64_t uplink_bit_s;  /* of each uplink; 0: no limit */
};

/* Ended by a NULL name. */
extern const struct ota_field ota_cloud_fields[];

/* Returns what is wrong with a config as a whole, or NULL. */
const char *ota_cloud_problem(const struct ota_cloud_config *config);

/* Returns a rate in bytes/s, rounded down but not to 0; OTA_SHARE_ANY where
 * bit_s is 0. */
int64_t ota_cloud_capacity_bytes_per_s(int64_t bit_s);

#endif
