/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * digest.h - what of devices' records cannot be added up as it comes: amounts
 * of which percentiles are wanted, and the instants of the rollout.
 *
 * A column of integers each, by device, 88 B a device in all: the numbers of
 * one column lie side by side when they are gone through.
 */
#ifndef OTA_DIGEST_H
#define OTA_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/fleet/observation.h"

enum ota_column {
    OTA_COLUMN_ROUTINE, /* bytes */
    OTA_COLUMN_USEFUL,
    OTA_COLUMN_OVERHEAD,
    OTA_COLUMN_WASTED,
    OTA_COLUMN_AWAKE,   /* us */
    OTA_COLUMN_CHARGE,  /* pC */
    OTA_COLUMN_REACHED, /* instants, or OTA_NEVER */
    OTA_COLUMN_INSTALLED,
    OTA_COLUMN_CONFIRMED,
    /* These only of a rollout that may be stopped. For most devices they are
     * OTA_NEVER, and take no memory until ota_digest_unfold(). */
    OTA_COLUMN_LEFT,
    OTA_COLUMN_BACK,
    OTA_COLUMNS
};

/* Of devices in a row. */
struct ota_digest {
    int64_t *columns[OTA_COLUMNS]; /* by device; NULL: not kept */
    size_t count;                  /* of devices */
    bool folded;                   /* LEFT and BACK count from OTA_NEVER down */
};

/* Returns false without memory. */
bool ota_digest_init(struct ota_digest *digest, size_t count, bool may_stop);
void ota_digest_release(struct ota_digest *digest);

/* Replaces what was put of that device before. */
void ota_digest_put(struct ota_digest *digest, size_t device,
                    const struct ota_device_record *record);

/* Makes LEFT and BACK instants; once, when all devices have been put. */
void ota_digest_unfold(struct ota_digest *digest);

/* The digest of devices [first, first + count) alone; borrowed. */
struct ota_digest ota_digest_part(const struct ota_digest *digest, size_t first,
                                  size_t count);

#endif
