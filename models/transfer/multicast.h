/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * multicast.h - the arithmetic of a broadcast in fragments. Private to
 * models/transfer.
 */
#ifndef OTA_TRANSFER_MULTICAST_H
#define OTA_TRANSFER_MULTICAST_H

#include <stdint.h>

#include "models/transfer/transfer.h"

/* Returns how many fragments hold size_bytes of an image. */
int64_t
ota_multicast_fragments(const struct ota_transfer_multicast_config *config,
                        int64_t size_bytes);

/* Returns how long a fragment is on the air, and how long the sender is then
 * silent for its duty cycle [us]. */
int64_t
ota_multicast_air_us(const struct ota_transfer_multicast_config *config);
int64_t
ota_multicast_gap_us(const struct ota_transfer_multicast_config *config);

/*
 * Returns the probability that random sums over GF(2) of `fragments` pieces
 * give these back once fragments + extra sums have come.
 */
double ota_multicast_decodable(int64_t fragments, int64_t extra);

/* The transfer in the mean, as ota_transfer_model.expect. */
bool ota_multicast_expect(const void *config,
                          const struct ota_transfer_job *job, double first,
                          struct ota_transfer_mean *mean);

#endif
