/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sharing.h - downloads beside each other on an egress or an uplink. Private
 * to sim/fleet.
 *
 * What a download would do alone is known when it begins: so many bytes in so
 * long, at a steady rate. Beside others it gets what is fair (models/cloud/
 * share.h) and takes longer; what it has done by some time is what it would
 * have done alone in the time that so many bytes take. If the device is gone
 * before, that much of it is cut off.
 */
#ifndef OTA_SHARING_H
#define OTA_SHARING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/error.h"
#include "sim/base/random.h"
#include "sim/fleet/config.h"
#include "sim/fleet/device.h"

struct ota_sharing;

/* *made is NULL where nothing is shared. Returns false with *error set if
 * there is no memory. */
bool ota_sharing_new(const struct ota_fleet_config *config,
                     const struct ota_random_key *key, size_t devices,
                     struct ota_sharing **made, struct ota_error *error);
void ota_sharing_free(struct ota_sharing *sharing);

/* A device begins a download at now_us. Returns false without memory. */
bool ota_sharing_begin(struct ota_sharing *sharing, size_t device,
                       int64_t now_us, const struct ota_demand *demand);

/* The next instant at which a download ends; OTA_NEVER: none. */
int64_t ota_sharing_next_us(const struct ota_sharing *sharing);

/* How one ended: see struct ota_device. */
struct ota_shared {
    uint32_t device;
    int64_t begun_us, end_us, cut_us;
};

/* Takes one that has ended at now_us out; false: there is none. By device. */
bool ota_sharing_take(struct ota_sharing *sharing, int64_t now_us,
                      struct ota_shared *shared);

/* Whether something was lost for lack of memory. */
bool ota_sharing_has_failed(const struct ota_sharing *sharing);

/* The most that was on the way at a time [bytes/s], all shares together. */
int64_t ota_sharing_peak_bytes_per_s(const struct ota_sharing *sharing);

#endif
