/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * multicast_expect.c - a broadcast in the mean.
 *
 * As many fragments leave as it takes until enough have come: a negative
 * binomial number, of independent losses. That a broadcast may end before is
 * told, but left out of the means.
 */
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "models/transfer/multicast.h"
#include "sim/base/clock.h"

enum { EXTRA_MOST = 53 }; /* fragments beyond those are never needed */

/* How many fragments beyond the pieces decode: mean and mean square. */
static void extra_of(const struct ota_transfer_multicast_config *config,
                     int64_t pieces, double *mean, double *square)
{
    *mean = (double)config->extra;
    *square = *mean * *mean;
    if (config->coding == OTA_TRANSFER_FIXED_EXTRA)
        return;
    *mean = *square = 0;
    for (int64_t k = 0; k <= EXTRA_MOST; k++) {
        const double more = 1 - ota_multicast_decodable(pieces, k);
        *mean += more;
        *square += (double)(2 * k + 1) * more;
    }
}

bool ota_multicast_expect(const void *opaque,
                          const struct ota_transfer_job *job, double first,
                          struct ota_transfer_mean *mean)
{
    const struct ota_transfer_multicast_config *config = opaque;
    const struct ota_air *air = job->air;
    const double loss = air->loss[0];
    const int64_t pieces = ota_multicast_fragments(config, job->size_bytes);
    const int64_t air_us = ota_multicast_air_us(config);
    /* Two bytes of a fragment are its number. */
    const int64_t work_us = ota_air_device_us(air, config->chunk_bytes - 2);
    const double period_us =
        (double)ota_us_max(air_us + ota_multicast_gap_us(config),
                           ota_us_max(work_us, job->pump_us));
    const double wire_bytes = (double)(config->chunk_bytes + config->mac_bytes);
    const double pass = 1 - loss;
    double extra, square;

    (void)first; /* silences would make every fragment a first one */
    if (loss >= 1 || air->leave_per_s[0] > 0 || air->loss_first > loss)
        return false;
    extra_of(config, pieces, &extra, &square);
    const double needed = (double)pieces + extra;
    const double sent = needed / pass;
    *mean = (struct ota_transfer_mean){
        .took_us = (sent - 1) * period_us + (double)(air_us + work_us),
        .variance_us2 = (needed * loss + square - extra * extra) /
                        (pass * pass) * period_us * period_us,
        .down_bytes = sent * wire_bytes,
        .spent_bytes = (sent - (double)pieces) * wire_bytes,
        .chunks_sent = sent,
        /* That fewer than needed come of all that are sent. */
        .fails = gsl_cdf_binomial_P((unsigned)(needed - 0.5), pass,
                                    (unsigned)(pieces + config->redundancy)),
    };
    return mean->fails < 1;
}
