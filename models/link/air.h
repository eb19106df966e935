/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * air.h - the radio link as one device has it at the moment: plain numbers
 * that a link model has worked out, and the state that time changes.
 *
 * Loss goes by regimes: stretches of time in which each datagram is lost with
 * one probability. A Gilbert-Elliott link alternates between a good and a bad
 * one, each lasting exponentially long (in time, not in packets); an outage is
 * one in which nothing passes. Whoever follows single datagrams asks
 * ota_air_lost(); whoever jumps from loss to loss asks ota_air_loss() for the
 * regime and how long it lasts.
 *
 * Source: Gilbert (1960), Elliott (1963), in continuous time: the share of
 * time in the bad state is rate(leave good) / (sum of rates), and the state
 * after d is correlated by exp(-d * sum of rates).
 */
#ifndef OTA_AIR_H
#define OTA_AIR_H

#include <stdbool.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

#include "sim/base/clock.h"
#include "sim/base/dist.h"
#include "sim/base/random.h"

struct ota_air {
    /* Numbers. The distributions belong to the link's config. */
    const struct ota_dist *rtt;       /* of a datagram and its answer */
    const struct ota_dist *rtt_first; /* added for the first after a silence */
    double loss[2];    /* of a datagram, each way: in the good state, in the
                        * bad one */
    double loss_first; /* of the first datagram after a silence, where that is
                        * more than the regime's */
    double leave_per_s[2];     /* rate at which each state is left; [0] = 0: the
                                * link never gets bad */
    int64_t goodput_bit_s;     /* down, > 0 */
    int64_t device_us_per_kib; /* the device works on what it received */
    int64_t tail_us; /* the radio stays up so long after the last datagram; a
                      * longer silence makes the next one a first */
    int64_t
        outage_begin_us;   /* the outage under way or coming: nothing passes */
    int64_t outage_end_us; /* in [begin, end); OTA_NEVER, OTA_NEVER: none */

    /* State. */
    bool bad;
    int64_t until_us; /* the state holds until then; OTA_NEVER: for good */
    int64_t spoke_us; /* the last datagram, up or down */
};

/* Puts the air into the regime that an arbitrary instant, now_us, finds. Draws
 * only if the link ever gets bad. */
void ota_air_start(struct ota_air *air, int64_t now_us, gsl_rng *rng);

/* Brings the regime, which ran out at air->until_us <= now_us, up to now_us.
 * For ota_air_loss(). */
void ota_air_renew(struct ota_air *air, int64_t now_us, gsl_rng *rng);

/*
 * Returns the probability that a datagram sent at now_us is lost, and in
 * *until_us until when (> now_us) that holds. now_us never goes back. Draws
 * only when the state has run out.
 */
static inline double ota_air_loss(struct ota_air *air, int64_t now_us,
                                  int64_t *until_us, gsl_rng *rng)
{
    if (now_us >= air->outage_begin_us && now_us < air->outage_end_us) {
        *until_us = air->outage_end_us;
        return 1;
    }
    if (now_us >= air->until_us)
        ota_air_renew(air, now_us, rng);
    *until_us = now_us < air->outage_begin_us
                    ? ota_us_min(air->until_us, air->outage_begin_us)
                    : air->until_us;
    return air->loss[air->bad];
}

/* Whether a datagram sent at now_us is the first after a silence. now_us must
 * not be negative; air->spoke_us may be anything, INT64_MIN for never. */
static inline bool ota_air_is_first(const struct ota_air *air, int64_t now_us)
{
    return air->spoke_us < now_us - air->tail_us;
}

/* Returns the loss of one sent at now_us, given the regime's. */
static inline double ota_air_request_loss(const struct ota_air *air,
                                          double loss, int64_t now_us)
{
    return loss < air->loss_first && ota_air_is_first(air, now_us)
               ? air->loss_first
               : loss;
}

/* Returns whether a datagram sent at now_us is lost, first ones after a
 * silence included; notes that the link was used. One uniform a datagram, none
 * if its fate is sure. */
static inline bool ota_air_lost(struct ota_air *air, int64_t now_us,
                                gsl_rng *rng)
{
    int64_t until_us;
    const double loss = ota_air_request_loss(
        air, ota_air_loss(air, now_us, &until_us, rng), now_us);

    air->spoke_us = now_us;
    if (loss <= 0)
        return false;
    return loss >= 1 || ota_uniform(rng) < loss;
}

/* Returns one round trip of a small datagram sent at now_us and its answer
 * [us], > 0; of a first one if the silence was long. Does not note the use:
 * ota_air_lost() does, so ask for the round trip before. */
static inline int64_t ota_air_rtt_us(const struct ota_air *air, int64_t now_us,
                                     gsl_rng *rng)
{
    int64_t rtt_us = ota_dist_draw_us(air->rtt, rng);

    if (ota_air_is_first(air, now_us))
        rtt_us = ota_us_add(rtt_us, ota_dist_draw_us(air->rtt_first, rng));
    return ota_us_max(rtt_us, 1);
}

/* Returns how long size_bytes take to come down, and how long the device
 * works on as many [us]. */
int64_t ota_air_serial_us(const struct ota_air *air, int64_t size_bytes);
int64_t ota_air_device_us(const struct ota_air *air, int64_t size_bytes);

/* The probability that the link is in the bad state at an arbitrary time. */
double ota_air_bad_share(const struct ota_air *air);

#endif
