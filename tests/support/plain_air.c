/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plain_air.c - see plain_air.h.
 */
#include "tests/support/plain_air.h"

#include "sim/base/clock.h"

static const struct ota_dist nothing = {
    .kind = OTA_DIST_FIXED,
    .dimension = OTA_TIME,
};

struct ota_air plain_air(struct ota_dist *rtt, double rtt_us, double loss)
{
    *rtt = ota_dist_fixed(OTA_TIME, rtt_us);
    return (struct ota_air){
        .rtt = rtt,
        .rtt_first = &nothing,
        .loss = {loss, loss},
        .loss_first = loss,
        .goodput_bit_s = INT64_C(1000000000000),
        .tail_us = OTA_NEVER,
        .outage_begin_us = OTA_NEVER,
        .outage_end_us = OTA_NEVER,
        .until_us = OTA_NEVER,
    };
}
