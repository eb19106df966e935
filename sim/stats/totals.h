/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * totals.h - what of devices' records is only ever added up.
 *
 * Integers: a record can be taken out again, and no total depends on who
 * added first.
 */
#ifndef OTA_TOTALS_H
#define OTA_TOTALS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/fleet/observation.h"
#include "sim/stats/sum.h"

/* All zero is of no device. */
struct ota_totals {
    int64_t outcomes[OTA_OUTCOMES]; /* devices */
    int64_t offers, offers_begun;
    int64_t attempts, aborted;
    int64_t over_cap; /* devices from here on: over it in any period, */
    int64_t dead;     /* battery empty, */
    int64_t believed; /* taken for updated, */
    int64_t believed_wrongly;
    int64_t unbelieved;  /* updated, and not taken for it, */
    int64_t defective;   /* where the image failed, */
    int64_t reachable;   /* online at any time of the run, */
    int64_t exposed;     /* where the release ever ran, */
    int64_t exposed_bad; /* and is bad, */
    int64_t site_visits; /* that only somebody on site can mend */
    struct ota_sum attempts_squared, aborted_squared; /* each device's */
    struct ota_sum overage_uusd;
    struct ota_sum bad_us; /* the release ran where it is bad */
    struct ota_sum back_bytes;
};

/* by: 1, or -1 to take the same record out again. */
void ota_totals_add(struct ota_totals *totals,
                    const struct ota_device_record *record, int64_t horizon_us,
                    int by);

void ota_totals_merge(struct ota_totals *totals,
                      const struct ota_totals *other);

/* When the release ran no more; of a device that took it twice, the second
 * time. OTA_NEVER: it runs, or never did. */
int64_t ota_record_left_us(const struct ota_device_record *record);

#endif
