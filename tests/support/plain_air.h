/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plain_air.h - air of constants, for tests whose answers are worked out by
 * hand. To lose what is sent in a stretch of time, and nothing else, set the
 * air's outage.
 */
#ifndef OTA_TEST_PLAIN_AIR_H
#define OTA_TEST_PLAIN_AIR_H

#include "models/link/air.h"

/*
 * Returns air in which each round trip takes rtt_us and each datagram is lost
 * with that probability, independently. Bytes come down at 1 Tbit/s and cost
 * the device no time; no silence is long; the link never gets bad and has no
 * outage. *rtt is where the air keeps its round trip: it must live as long.
 */
struct ota_air plain_air(struct ota_dist *rtt, double rtt_us, double loss);

#endif
